// SPDX-License-Identifier: Apache-2.0
/*
 * Virtual lines for the real-time thread. Outputs and levels are memory shared with role sim;
 * events come over a link whose other end is treated as hostile: every message is judged before it
 * is read, and the first bad one ends the link. Without a link (sim is dead or not up yet) there
 * are no events, and everything else works as before.
 *
 * A link begins with a HELLO each way: lines_simulated_link sends ours, read takes sim's. One
 * message is held at a time and handed out in as many reads as its user likes; nothing blocks, and
 * nothing is allocated after lines_simulated_new. All calls from one thread.
 */
#include "drivers/lines.h"

#include "base/assert.h"
#include "drivers/board.h"
#include "line_time.h"
#include "platform/clock.h"
#include "platform/link.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <unistd.h>

struct lines_simulated {
	struct lines lines;
	struct board *board;
	int socket; /* -1 without sim */
	bool greeted; /* sim's HELLO has come */
	uint32_t next; /* event to hand out next, of message */
	uint32_t count;
	struct line_time time;
	alignas(8) uint8_t message[MESSAGE_MAX];
};

static struct lines_simulated *self_of(struct lines *lines)
{
	return (struct lines_simulated *)(void *)lines;
}

static void link_drop(struct lines_simulated *self)
{
	if (self->socket >= 0)
		(void)close(self->socket);
	self->socket = -1;
	self->greeted = false;
	self->next = 0;
	self->count = 0;
}

static int simulated_fd(struct lines *lines)
{
	return self_of(lines)->socket;
}

/* 1: events were received; 0: nothing is there; -EPIPE: the link is over. */
static int receive(struct lines_simulated *self, uint32_t *ret_lost)
{
	ssize_t len = link_receive(self->socket, self->message, NULL);

	if (len > 0 && !self->greeted) {
		if (!link_hello_matches(self->message, (size_t)len, ROLE_SIM))
			return -EPIPE;
		self->greeted = true;
		len = link_receive(self->socket, self->message, NULL);
	}
	if (len == -EAGAIN || len == -EINTR)
		return 0;
	if (len <= 0)
		return -EPIPE;
	const struct message_line_events *events =
		(const struct message_line_events *)(const void *)self->message;

	if (message_check(self->message, (size_t)len, ROLE_SIM, ROLE_CORE) != MESSAGE_OK ||
		events->header.type != MESSAGE_LINE_EVENTS)
		return -EPIPE;
	self->next = 0;
	self->count = events->count;
	line_time_received(&self->time);
	*ret_lost = events->lost;
	return 1;
}

static int simulated_read(
	struct lines *lines, struct line_event *events, uint32_t max, uint32_t *ret_lost)
{
	struct lines_simulated *self = self_of(lines);
	const struct message_line_events *message =
		(const struct message_line_events *)(const void *)self->message;
	uint32_t taken = 0;

	*ret_lost = 0;
	if (self->next == self->count) {
		if (self->socket < 0)
			return 0;
		int got = receive(self, ret_lost);

		if (got < 0)
			link_drop(self);
		if (got <= 0)
			return got;
	}
	while (taken < max && self->next < self->count) {
		events[taken] = message->event[self->next++];
		events[taken].at_ns = line_time_boot(&self->time, events[taken].at_ns);
		taken++;
	}
	return (int)taken;
}

static void simulated_set_lock(struct lines *lines, uint8_t door, bool unlocked)
{
	(void)board_set_lock(self_of(lines)->board, door, unlocked, clock_boot_ns());
}

static bool simulated_lock_is_open(struct lines *lines, uint8_t door)
{
	return board_lock_is_open(self_of(lines)->board, door);
}

static void simulated_set_feedback(struct lines *lines, uint8_t reader, uint8_t feedback)
{
	ASSERT(reader >= 1 && reader <= READERS_MAX);
	struct board_reader *at = &self_of(lines)->board->reader[reader - 1];

	atomic_store(&at->feedback, feedback);
	atomic_fetch_add(&at->feedback_count, 1);
}

static bool simulated_input(struct lines *lines, uint8_t kind, uint8_t at)
{
	struct board *board = self_of(lines)->board;

	switch ((enum line_kind)kind) {
	case LINE_TAMPER:
		ASSERT(at >= 1 && at <= READERS_MAX);
		return atomic_load(&board->reader[at - 1].tamper) != 0;
	case LINE_CONTACT:
		ASSERT(at < DOORS_MAX);
		return atomic_load(&board->door[at].contact) != 0;
	case LINE_REX:
		ASSERT(at < DOORS_MAX);
		return atomic_load(&board->door[at].rex) != 0;
	case LINE_DATA0:
	case LINE_DATA1:
		return true; /* data lines rest high */
	case LINE_KIND_COUNT:
		break;
	}
	ASSERT(kind < LINE_KIND_COUNT);
	return false;
}

static const struct lines_driver simulated_driver = {
	.name = "simulated",
	.fd = simulated_fd,
	.read = simulated_read,
	.set_lock = simulated_set_lock,
	.lock_is_open = simulated_lock_is_open,
	.set_feedback = simulated_set_feedback,
	.send = lines_panels_send,
	.input = simulated_input,
};

struct lines *lines_simulated_new(struct board *board)
{
	struct lines_simulated *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->lines.driver = &simulated_driver;
	line_time_init(&self->time);
	self->board = board;
	self->socket = -1;
	return &self->lines;
}

void lines_simulated_link(struct lines *lines, int socket)
{
	struct lines_simulated *self = self_of(lines);

	link_drop(self);
	self->socket = socket;
	if (socket >= 0 && link_hello(socket, ROLE_CORE) != 0)
		link_drop(self); /* sim is dead already; its next start brings another link */
}

struct lines *lines_simulated_free(struct lines *lines)
{
	if (lines == NULL)
		return NULL;
	link_drop(self_of(lines));
	free(self_of(lines));
	return NULL;
}
