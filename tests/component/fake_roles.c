// SPDX-License-Identifier: Apache-2.0
/*
 * Roles that do one thing wrong, for the test of the supervisor. FAKE_CORE says what core does:
 *   hold      opens door 1 until further notice in its first life, and beats
 *   overdue   opens door 1 for 300 ms in its first life, and beats, but never locks it
 *   silent    as hold, but stops beating after 500 ms
 *   crash     ends with status 3 at once
 *   beat      only beats
 * FAKE_GATE: rubbish (says what no role says); mute (ready, and not a word more); late (never ready
 * while there is a file FAKE_GATE_LATE); or nothing: it is well. Each says hello on its links and
 * logs what it hears.
 */
#include "drivers/board.h"
#include "drivers/lines.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/log.h"
#include "platform/role.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_NS (300 * NS_PER_MS)
#define BEATS_NS (500 * NS_PER_MS)

static const char *mode_of(const char *name)
{
	const char *mode = getenv(name);

	return mode == NULL ? "" : mode;
}

static void core_open(const struct role_context *context, struct board *board, int64_t until_ns)
{
	uint64_t one = 1;

	atomic_store(&context->heartbeat->unlocked_until_ns[0], until_ns);
	(void)!write(ROLE_FD_WAKE, &one, sizeof(one));
	(void)board_set_lock(board, 0, true, clock_boot_ns());
}

/* What the real core does: doors begin locked, pulses end with their core. */
static void core_locks(struct board *board)
{
	for (uint8_t door = 0; door < DOORS_MAX; door++)
		(void)board_set_lock(board, door, false, clock_boot_ns());
}

/* False when the supervisor is gone. */
static bool links_take(const struct role_context *context, enum role self, int links[ROLE_COUNT])
{
	enum role peer;
	int fd;
	int got = role_next_link(context, &peer, &fd);

	if (got == 1) {
		if (links[peer] >= 0)
			(void)close(links[peer]);
		links[peer] = fd;
		if (link_hello(fd, self) != 0)
			log_info("cannot greet %s", role_name(peer));
	}
	return got == 1 || got == -EAGAIN;
}

static void link_read(enum role peer, int links[ROLE_COUNT])
{
	static alignas(8) char memory[MESSAGE_MAX];
	ssize_t len = link_receive(links[peer], memory, NULL);

	if (len > 0 && link_hello_matches(memory, (size_t)len, peer))
		log_info("hello from %s", role_name(peer));
	if (len > 0 || len == -EAGAIN)
		return;
	(void)close(links[peer]);
	links[peer] = -1;
}

/* One turn of a role that listens; false when it is to end. */
static bool turn(const struct role_context *context, enum role self, int links[ROLE_COUNT])
{
	struct pollfd polled[1 + ROLE_COUNT] = {{.fd = context->control, .events = POLLIN}};

	for (int role = 0; role < ROLE_COUNT; role++)
		polled[1 + role] = (struct pollfd){.fd = links[role], .events = POLLIN};
	(void)poll(polled, 1 + ROLE_COUNT, 20);
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (polled[1 + role].revents != 0)
			link_read((enum role)role, links);
	}
	return polled[0].revents == 0 || links_take(context, self, links);
}

int core_main(const struct role_context *context)
{
	const char *mode = mode_of("FAKE_CORE");
	struct board *board = board_map(ROLE_FD_BOARD);
	int links[ROLE_COUNT] = {-1, -1, -1, -1};
	bool opened = board == NULL || board_lock_count(board, 0) > 0;
	int64_t begin_ns = clock_boot_ns();

	if (board == NULL || strcmp(mode, "crash") == 0)
		_exit(3); /* no leak check: it forks, which the supervisor's fence forbids */
	bool first = !opened;

	core_locks(board);
	if (role_ready(context, 0) != 0)
		_exit(4);
	while (turn(context, ROLE_CORE, links)) {
		int64_t now_ns = clock_boot_ns();

		if (strcmp(mode, "silent") != 0 || !first || now_ns - begin_ns < BEATS_NS)
			atomic_store(&context->heartbeat->beat_ns, now_ns);
		if (opened || now_ns - begin_ns < BEATS_NS / 2)
			continue;
		opened = true;
		if (strcmp(mode, "overdue") == 0)
			core_open(context, board, now_ns + OPEN_NS);
		else if (strcmp(mode, "beat") != 0)
			core_open(context, board, INT64_MAX);
	}
	core_locks(board);
	_exit(0);
}

static bool is_late(void)
{
	struct stat info;

	return strcmp(mode_of("FAKE_GATE"), "late") == 0 &&
	       stat(mode_of("FAKE_GATE_LATE"), &info) == 0;
}

int gate_main(const struct role_context *context)
{
	int links[ROLE_COUNT] = {-1, -1, -1, -1};

	if (strcmp(mode_of("FAKE_GATE"), "rubbish") == 0)
		(void)!write(context->control, "rubbish", 7);
	else if (!is_late() && role_ready(context, 0) != 0)
		_exit(4);
	while (turn(context, ROLE_GATE, links)) {
		if (strcmp(mode_of("FAKE_GATE"), "mute") != 0)
			role_alive(context);
	}
	_exit(0);
}
