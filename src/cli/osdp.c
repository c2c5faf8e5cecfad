// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp ...: readers on RS-485. `scan` and `trace` use a serial port of this machine by
 * themselves, while no posternd has it; the others ask a controller.
 */
#include "osdp.h"

#include "serial/serial.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

int64_t osdp_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* --- ports --- */

int osdp_port_open(struct osdp_port *port, const char *path, uint32_t baud)
{
	int fd = serial_open(path, baud, true, NULL);

	if (fd == -EBUSY) {
		fprintf(stderr,
			"postern: %s: posternd or another program has this port; stop posternd "
			"(systemctl stop posternd) or take the line out of posternd.yaml while the "
			"port is looked at, or trace the line through posternd: --line NAME\n",
			path);
		return EXIT_REFUSED;
	}
	if (fd < 0) {
		fprintf(stderr, "postern: %s: %s\n", path, serial_error_text(fd));
		return EXIT_REFUSED;
	}
	*port = (struct osdp_port){.fd = fd, .path = path, .baud = baud};
	osdp_receiver_init(&port->receiver);
	return EXIT_DONE;
}

void osdp_port_close(struct osdp_port *port)
{
	(void)close(port->fd);
	port->fd = -1;
}

/* Words for a port that cannot be used any more. */
static ssize_t port_gone(const struct osdp_port *port, ssize_t error)
{
	fprintf(stderr, "postern: %s: %s\n", port->path, serial_error_text((int)error));
	return -1;
}

static void wait_for(const struct osdp_port *port, short events, int64_t until_ns)
{
	struct pollfd polled = {.fd = port->fd, .events = events};
	int64_t left_ns = until_ns == INT64_MAX ? NS_PER_S : until_ns - osdp_now_ns();
	struct timespec left = {
		left_ns < 0 ? 0 : left_ns / NS_PER_S, left_ns < 0 ? 0 : left_ns % NS_PER_S};

	(void)ppoll(&polled, 1, &left, NULL);
}

ssize_t osdp_port_read(struct osdp_port *port, int64_t until_ns, void *bytes, size_t size)
{
	do {
		wait_for(port, POLLIN, until_ns);
		ssize_t len = serial_read(port->fd, bytes, size);

		if (len < 0)
			return port_gone(port, len);
		if (len > 0)
			return len;
	} while (osdp_now_ns() < until_ns);
	return 0;
}

bool osdp_port_write(struct osdp_port *port, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t len = serial_write(port->fd, bytes.data, bytes.len);

		if (len < 0) {
			(void)port_gone(port, len);
			return false;
		}
		if (len == 0)
			wait_for(port, POLLOUT, INT64_MAX);
		bytes = span_slice(bytes, (size_t)len, bytes.len);
	}
	return true;
}

bool parse_baud(const char *text, uint32_t *ret)
{
	int64_t baud;

	if (!parse_number("--baud", text, 1, INT32_MAX, &baud))
		return false;
	if (!serial_baud_valid((uint32_t)baud)) {
		usage_error("--baud: %s", serial_error_text(-EINVAL));
		return false;
	}
	*ret = (uint32_t)baud;
	return true;
}

const struct command osdp_commands[] = {
	{"osdp", "status", 0, 1, "json", "[READER]",
		"Shows how the OSDP readers of a controller do: online or why not, secure or in "
		"clear, who they are, reply times and what went wrong on their line.",
		true, osdp_status},
	{"osdp", "pair", 1, 1, "window= cancel no-wait json",
		"READER [--window SECONDS] [--no-wait] | READER --cancel",
		"Opens a window, of 10 minutes at most, in which an OSDP reader in install mode "
		"gets "
		"its first key, and looks on until it has it.",
		true, osdp_pair},
	{"osdp", "rotate", 1, 1, "no-wait json", "READER [--no-wait]",
		"Gives an OSDP reader another key within its secure channel.", true, osdp_rotate},
	{"osdp", "unpair", 1, 1, "json", "READER",
		"Makes the controller forget the key of an OSDP reader, and who it is.", true,
		osdp_unpair},
	{"osdp", "key", 1, 1, "key-file= json", "READER --key-file FILE",
		"Tells the controller the key that another tool has loaded into an OSDP reader: 32 "
		"hexadecimal digits in the first line of FILE. Over https, or on the device "
		"itself.",
		true, osdp_key},
	{"osdp", "scan", 1, 1, "baud= addresses= wait= json",
		"PORT [--baud 9600,115200] [--addresses 0-126] [--wait MS]",
		"Looks for OSDP readers at a serial port of this machine: each baud rate, each "
		"address. "
		"Sends no key and changes nothing. Address 127 asks whoever is there; only one "
		"reader may "
		"be on the line then.",
		false, osdp_scan},
	{"osdp", "trace", 0, 1, "baud= line= read= pcap= count= show-secrets json",
		"PORT --baud N | --line LINE | --read FILE [--pcap FILE] [--count N] "
		"[--show-secrets]",
		"Prints each OSDP frame of a line: at a serial port, where it listens only, or "
		"(--line) of a "
		"running controller; --pcap writes them for "
		"Wireshark "
		"(- is standard output), --read prints such a file. Keys that were pressed, keys "
		"of "
		"secure channels and templates are hidden, unless --show-secrets is given.",
		false, osdp_trace, "line"},
	{"osdp", "firmware", 1, 2, "port= baud= address= key-file= type= cancel json",
		"READER FILE [--type 1] | READER --cancel | FILE --port PORT --baud N --address A "
		"[--key-file FILE] [--type 1]",
		"Sends a file to an OSDP reader of a controller, or (--port) at a serial port of "
		"this "
		"machine, with a bar of progress, and waits for a reader that restarts. At a port, "
		"with "
		"its key (32 hexadecimal digits) in a secure channel, without in clear.",
		true, osdp_firmware, .local_option = "port"},
	{"osdp", "dissector", 0, 0, "", "",
		"Prints a plugin that makes Wireshark read the frames of trace --pcap: put it into "
		"~/.local/lib/wireshark/plugins/osdp.lua.",
		false, osdp_dissector},
	{0},
};
