// SPDX-License-Identifier: Apache-2.0
/*
 * Another maker's panel for the Python tests: `osdp_cp LINK ADDRESS clear|none|KEY` makes a pseudo
 * terminal, a symbolic link LINK to its port, and asks the reader at its other end. Orders come as
 * lines on standard input, each is answered by one line:
 *
 *   state (offline, clear or secure)      cards (how many so far, and the bits of the latest)
 *   pair KEY (sets this key from SCBK-D)  paired (ok, failed or open)
 *
 * clear: without secure channel. none, or KEY (32 hexadecimal digits): with it; none has to pair.
 */
#include "base/number.h"
#include "crypto/osdp_aes.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "protocols/osdp_bus.h"
#include "serial/serial.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PAIR_NS (6 * NS_PER_S)

struct panel {
	struct osdp_bus *bus;
	int wire;
	const char *state;
	const char *paired;
	unsigned cards;
	struct card_bits latest;
};

static void fill_random(void *user, void *out, size_t len)
{
	(void)user;
	random_bytes(out, len);
}

static int plug(const char *link)
{
	char path[64];
	struct termios raw;
	int wire = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (wire < 0 || grantpt(wire) != 0 || unlockpt(wire) != 0 ||
		ptsname_r(wire, path, sizeof(path)) != 0 || tcgetattr(wire, &raw) != 0) {
		perror("osdp_cp");
		exit(1);
	}
	cfmakeraw(&raw);
	(void)tcsetattr(wire, TCSANOW, &raw);
	(void)unlink(link);
	if (symlink(path, link) != 0) {
		perror("osdp_cp");
		exit(1);
	}
	return wire;
}

static void events_take(struct panel *panel)
{
	struct osdp_event event;

	while (osdp_bus_event(panel->bus, &event)) {
		if (event.kind == OSDP_EVENT_ONLINE)
			panel->state = event.secure ? "secure" : "clear";
		else if (event.kind == OSDP_EVENT_OFFLINE)
			panel->state = "offline";
		else if (event.kind == OSDP_EVENT_PAIRED)
			panel->paired = "ok";
		else if (event.kind == OSDP_EVENT_PAIR_FAILED)
			panel->paired = "failed";
		if (event.kind == OSDP_EVENT_CARD) {
			panel->cards++;
			panel->latest = event.card.bits;
		}
	}
}

static void turn(struct panel *panel)
{
	char bytes[2048];
	struct span sent;
	ssize_t len = serial_read(panel->wire, bytes, sizeof(bytes));

	if (len > 0)
		osdp_bus_receive(panel->bus, span_of(bytes, (size_t)len), clock_boot_ns());
	osdp_bus_time(panel->bus, clock_boot_ns());
	events_take(panel);
	while (osdp_bus_transmit(panel->bus, clock_boot_ns(), &sent))
		(void)!serial_write(panel->wire, sent.data, sent.len);
}

static void order(struct panel *panel, const char *line)
{
	char word[32] = "";
	char rest[64] = "";
	struct osdp_order pair = {.kind = OSDP_ORDER_PAIR};

	(void)sscanf(line, "%31s %63s", word, rest);
	if (strcmp(word, "state") == 0) {
		(void)puts(panel->state);
	} else if (strcmp(word, "paired") == 0) {
		(void)puts(panel->paired);
	} else if (strcmp(word, "cards") == 0) {
		(void)printf("%u ", panel->cards);
		for (unsigned i = 0; i < panel->latest.count; i++)
			(void)putchar(card_bits_get(&panel->latest, i) ? '1' : '0');
		(void)putchar('\n');
	} else if (strcmp(word, "pair") == 0 &&
		   hex_decode(span_from_string(rest), pair.pair.key, sizeof(pair.pair.key))) {
		panel->paired = "open";
		pair.pair.until_ns = clock_boot_ns() + PAIR_NS;
		(void)puts(osdp_bus_order(panel->bus, 0, &pair, clock_boot_ns()) == OSDP_TAKEN
				   ? "ok"
				   : "no");
	} else {
		(void)puts("no");
	}
	(void)fflush(stdout);
}

static void panel_run(struct panel *panel)
{
	struct pollfd fds[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = panel->wire, .events = POLLIN}};
	char line[256];

	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		int64_t wait_ns = osdp_bus_deadline_ns(panel->bus) - clock_boot_ns();

		wait_ns = wait_ns < 0 ? 0 : wait_ns > NS_PER_S ? NS_PER_S : wait_ns;
		if (poll(fds, 2, (int)(wait_ns / NS_PER_MS) + 1) < 0)
			return;
		/* The port is not open yet: it would be ready all the time. */
		if ((fds[1].revents & POLLHUP) != 0)
			(void)poll(NULL, 0, 10);
		turn(panel);
		if (fds[0].revents == 0)
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return;
		order(panel, line);
	}
}

int main(int argc, char **argv)
{
	struct osdp_bus_reader reader = {0};
	struct osdp_bus_config config = {.baud = 115200,
		.reader_count = 1,
		.readers = &reader,
		.aes = &osdp_aes_nettle,
		.fill_random = fill_random};
	struct panel panel = {.state = "offline", .paired = "no"};
	uint64_t address;

	if (argc != 4 || !number_parse_u64(span_from_string(argv[2]), 126, &address)) {
		(void)fputs("usage: osdp_cp LINK ADDRESS clear|none|KEY\n", stderr);
		return 2;
	}
	reader.address = (uint8_t)address;
	reader.policy = strcmp(argv[3], "clear") == 0 ? OSDP_SECURE_OFF : OSDP_SECURE_REQUIRED;
	reader.has_key = hex_decode(span_from_string(argv[3]), reader.key, sizeof(reader.key));
	panel.wire = plug(argv[1]);
	panel.bus = osdp_bus_init(malloc(osdp_bus_size(1)), &config, clock_boot_ns());
	(void)puts("ready");
	(void)fflush(stdout);
	panel_run(&panel);
	osdp_bus_wipe(panel.bus);
	free(panel.bus);
	(void)unlink(argv[1]);
	return 0;
}
