// SPDX-License-Identifier: Apache-2.0
/*
 * An RS-485 line with OSDP readers for bench/osdp.py: `osdp_wire LINK BAUD READERS KEY` makes a
 * pseudo terminal, a symbolic link LINK to its port, and is the wire with READERS readers behind it
 * (addresses 0 and on; KEY is 32 hexadecimal digits, its last byte is xored with the address).
 *
 * A pseudo terminal carries bytes at once, so the wire keeps its own time: a command is through
 * when its last byte would be, a reader begins to answer 3 ms later, and every byte of its reply is
 * handed over when it would be there. The times are absolute: a process that is woken late hands
 * over late and does not slow the line for good. How late the ends of replies were is told, for
 * that is time which the panel did not waste. To be exact it looks at the clock without pause for
 * the last microseconds before a byte; no longer, for the kernel's own thread that carries the
 * bytes needs a processor too.
 *
 * Orders come as lines on standard input, each is answered by a line:
 *   stats      now_ns exchanges characters unanswered collisions late_ns turn_ns secure
 *   dead N     the reader at address N keeps silent      live N
 * and it ends with its input.
 */
#include "base/number.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/role.h"
#include "protocols/osdp_bus.h"
#include "protocols/osdp_device.h"
#include "serial/serial.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#define READERS 126
#define SPIN_NS (40 * NS_PER_MS / 1000)
#define BITS_PER_BYTE 10

static struct {
	int fd;
	int64_t char_ns;
	unsigned count;
	struct osdp_device device[READERS];
	bool dead[READERS];
	struct osdp_receiver receiver;
	int64_t command_end_ns; /* the last byte of what the panel sent is through */
	bool asked; /* and nothing has answered it */
	uint8_t out[1 + OSDP_FRAME_MAX]; /* with its mark */
	size_t out_len; /* 0: no reply is on the wire */
	size_t out_at; /* bytes handed over */
	int64_t out_ns; /* when the first of them began */
	int64_t reply_end_ns; /* the last byte of the latest reply was due, and 0 once a command
				 came */
	int64_t reply_given_ns; /* ... and was handed over */
	uint64_t late_ns; /* sum of how late replies were handed over */
	uint64_t turn_ns; /* sum of times from there to the next command */
	uint64_t exchanges;
	uint64_t chars; /* of commands that were answered, and of their replies */
	uint64_t command_chars;
	uint64_t unanswered;
	uint64_t collisions; /* the panel spoke while a reply was to come or coming */
} wire;

static void fill_random(void *user UNUSED, void *out, size_t len)
{
	random_bytes(out, len);
}

static void devices_make(const uint8_t key[OSDP_KEY_SIZE], uint32_t baud)
{
	struct osdp_device_config config;

	for (unsigned i = 0; i < wire.count; i++) {
		osdp_device_config_default(&config);
		config.address = (uint8_t)i;
		config.baud = baud;
		config.identity = (struct osdp_pdid){
			.vendor = {0xca, 0x44, 0x6c}, .model = 1, .serial = i + 1};
		config.has_key = true;
		memcpy(config.key, key, OSDP_KEY_SIZE);
		config.key[OSDP_KEY_SIZE - 1] ^= (uint8_t)i;
		config.aes = osdp_aes_nettle;
		config.fill_random = fill_random;
		osdp_device_init(&wire.device[i], &config, clock_boot_ns());
	}
}

static void commands_take(struct span bytes)
{
	struct osdp_frame frame;
	enum osdp_receiver_result result;

	while ((result = osdp_receiver_take(&wire.receiver, &bytes, &frame)) !=
		OSDP_RECEIVER_MORE) {
		for (unsigned i = 0; i < wire.count; i++)
			if (!wire.dead[i])
				osdp_device_frame(&wire.device[i],
					result == OSDP_RECEIVER_FRAME ? OSDP_FRAME_OK
								      : wire.receiver.error,
					&frame, wire.command_end_ns);
	}
}

static bool wire_read(void)
{
	char bytes[4096];
	ssize_t len = serial_read(wire.fd, bytes, sizeof(bytes));
	int64_t now_ns = clock_boot_ns();

	if (len <= 0)
		return false;
	wire.unanswered += wire.asked;
	wire.collisions += wire.out_len > 0;
	if (!wire.asked || wire.command_end_ns < now_ns)
		wire.command_end_ns = now_ns;
	wire.command_end_ns += len * wire.char_ns;
	wire.command_chars = (uint64_t)len;
	wire.asked = true;
	if (wire.reply_given_ns != 0)
		wire.turn_ns += (uint64_t)(now_ns - wire.reply_given_ns);
	wire.reply_given_ns = 0;
	commands_take(span_of(bytes, (size_t)len));
	return true;
}

static int64_t reply_due_ns(unsigned *ret_reader)
{
	int64_t due_ns = INT64_MAX;

	for (unsigned i = 0; i < wire.count; i++) {
		if (wire.device[i].reply_len > 0 && wire.device[i].reply_ns < due_ns) {
			due_ns = wire.device[i].reply_ns;
			*ret_reader = i;
		}
	}
	return due_ns;
}

static void reply_begin(int64_t now_ns)
{
	struct osdp_device_reply reply;
	unsigned reader = 0;
	int64_t due_ns = reply_due_ns(&reader);

	if (wire.out_len > 0 || due_ns > now_ns ||
		!osdp_device_transmit(&wire.device[reader], now_ns, &reply))
		return;
	wire.out[0] = OSDP_MARK;
	memcpy(wire.out + 1, reply.bytes.data, reply.bytes.len);
	wire.out_len = 1 + reply.bytes.len;
	wire.out_at = 0;
	wire.out_ns = due_ns;
}

static void bytes_give(int64_t now_ns)
{
	size_t through = (size_t)((now_ns - wire.out_ns) / wire.char_ns);

	if (wire.out_len == 0 || now_ns < wire.out_ns)
		return;
	through = through < wire.out_len ? through : wire.out_len;
	if (through > wire.out_at &&
		serial_write(wire.fd, wire.out + wire.out_at, through - wire.out_at) < 0)
		exit(1);
	wire.out_at = through;
	if (wire.out_at < wire.out_len)
		return;
	wire.exchanges++;
	wire.chars += wire.command_chars + wire.out_len;
	wire.asked = false;
	wire.reply_end_ns = wire.out_ns + (int64_t)wire.out_len * wire.char_ns;
	wire.reply_given_ns = clock_boot_ns();
	wire.late_ns += (uint64_t)(wire.reply_given_ns - wire.reply_end_ns);
	wire.out_len = 0;
}

static int64_t next_ns(void)
{
	unsigned reader;

	if (wire.out_len > 0)
		return wire.out_ns + (int64_t)(wire.out_at + 1) * wire.char_ns;
	return reply_due_ns(&reader);
}

static void devices_tick(int64_t now_ns)
{
	for (unsigned i = 0; i < wire.count; i++)
		osdp_device_time(&wire.device[i], now_ns);
}

/* False at the end of the input. */
static bool order_take(void)
{
	char line[64];
	uint64_t at;
	unsigned secure = 0;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (strncmp(line, "stats", 5) == 0) {
		int64_t now_ns = clock_boot_ns();

		for (unsigned i = 0; i < wire.count; i++)
			secure += osdp_device_at_rest(&wire.device[i]) &&
				  osdp_device_link(&wire.device[i], now_ns) == OSDP_DEVICE_SECURE;
		(void)printf("%lld %llu %llu %llu %llu %llu %llu %u\n", (long long)now_ns,
			(unsigned long long)wire.exchanges, (unsigned long long)wire.chars,
			(unsigned long long)wire.unanswered, (unsigned long long)wire.collisions,
			(unsigned long long)wire.late_ns, (unsigned long long)wire.turn_ns, secure);
	} else if (number_parse_u64(span_of(line + 5, strcspn(line + 5, "\n")), READERS - 1, &at)) {
		wire.dead[at] = line[0] == 'd';
		(void)puts("ok");
	} else {
		(void)puts("no");
	}
	(void)fflush(stdout);
	return true;
}

static bool turn(void)
{
	int64_t now_ns = clock_boot_ns();
	struct pollfd polled[] = {
		{.fd = wire.fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};

	reply_begin(now_ns);
	bytes_give(now_ns);
	int64_t due_ns = next_ns();

	if (wire_read())
		return true;
	if (due_ns - now_ns <= SPIN_NS)
		return true;
	int64_t wait_ns = due_ns == INT64_MAX ? 100 * NS_PER_MS : due_ns - now_ns - SPIN_NS;
	struct timespec wait = {wait_ns / NS_PER_S, wait_ns % NS_PER_S};

	devices_tick(now_ns);
	(void)ppoll(polled, 2, &wait, NULL);
	if ((polled[0].revents & (POLLIN | POLLHUP)) == POLLHUP)
		(void)poll(NULL, 0, 2); /* nobody has the port open */
	return polled[1].revents == 0 || order_take();
}

static void port_make(const char *link)
{
	char path[64];
	struct termios raw;

	wire.fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (wire.fd < 0 || grantpt(wire.fd) != 0 || unlockpt(wire.fd) != 0 ||
		ptsname_r(wire.fd, path, sizeof(path)) != 0 || tcgetattr(wire.fd, &raw) != 0 ||
		symlink(path, link) != 0) {
		perror("osdp_wire");
		exit(1);
	}
	cfmakeraw(&raw);
	(void)tcsetattr(wire.fd, TCSANOW, &raw);
}

int main(int argc, char **argv)
{
	uint8_t key[OSDP_KEY_SIZE];
	uint64_t baud;
	uint64_t count;

	if (argc != 5 || !number_parse_u64(span_from_string(argv[2]), UINT32_MAX, &baud) ||
		!number_parse_u64(span_from_string(argv[3]), READERS, &count) || count == 0 ||
		!serial_baud_valid((uint32_t)baud) ||
		!hex_decode(span_from_string(argv[4]), key, sizeof(key))) {
		(void)fputs("usage: osdp_wire LINK BAUD READERS KEY\n", stderr);
		return 2;
	}
	wire.char_ns = BITS_PER_BYTE * NS_PER_S / (int64_t)baud;
	wire.count = (unsigned)count;
	osdp_receiver_init(&wire.receiver);
	devices_make(key, (uint32_t)baud);
	port_make(argv[1]);
	(void)role_realtime_prepare();
	(void)!role_realtime_try();
	(void)prctl(PR_SET_TIMERSLACK, 1UL);
	(void)printf("%zu %zu\n", osdp_bus_size(1), osdp_bus_size(2) - osdp_bus_size(1));
	(void)fflush(stdout);
	while (turn())
		;
	(void)unlink(argv[1]);
	return 0;
}
