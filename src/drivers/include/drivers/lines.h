/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a board as core's real-time thread sees them: inputs as time-stamped events, lock
 * outputs, reader feedback. One vtable, so that virtual lines and a kernel GPIO chip look the same.
 */
#pragma once

#include "base/compiler.h"
#include "messages/lines.h"
#include "platform/settings.h"

struct lines;
struct panel_sender;

/*
 * A kind of event that drivers give beside enum line_kind: edges of reader `at` are missing before
 * this, so that its frame in progress, or the next one when there is none, is not whole.
 */
#define LINE_LOST LINE_KIND_COUNT

struct lines_driver {
	const char *name; /* "simulated", "gpio" */

	/* Readable when events wait. -1 while there is no source (virtual lines without sim). */
	int (*fd)(struct lines *lines);

	/*
	 * Takes up to max events; those of one reader or door are in order of time, and a reader's
	 * frame comes whole after its last edge. at_ns is CLOCK_BOOTTIME here and never in the
	 * future. *ret_lost: events of any line that were dropped before these (levels are to be
	 * read again); a driver that knows whose edges are missing says LINE_LOST instead.
	 * Count, 0 when none wait, -EPIPE when the source is gone (then fd is -1).
	 */
	int (*read)(
		struct lines *lines, struct line_event *events, uint32_t max, uint32_t *ret_lost);

	/*
	 * Drives a door's lock output; no effect when it already stands so. Never blocks. When the
	 * output cannot be driven, lock_is_open goes on to say how it stands.
	 */
	void (*set_lock)(struct lines *lines, uint8_t door, bool unlocked);
	bool (*lock_is_open)(struct lines *lines, uint8_t door);

	void (*set_feedback)(struct lines *lines, uint8_t reader, uint8_t feedback);

	/*
	 * Lights and sounds that follow a pattern: when time is to be called next at the latest
	 * (CLOCK_BOOTTIME, INT64_MAX: not), and the call. NULL where outputs need no time.
	 */
	int64_t (*deadline_ns)(const struct lines *lines);
	void (*time)(struct lines *lines, int64_t now_ns);

	/*
	 * Sends bits from panel output `panel` (number - 1 of settings->panel). Never blocks: the
	 * frame is queued. False when too many wait.
	 */
	bool (*send)(struct lines *lines, uint8_t panel, const struct card_bits *bits);

	/* Level of an input now, for the state at start: enum line_kind, reader number or door
	 * index. */
	bool (*input)(struct lines *lines, uint8_t kind, uint8_t at);
};

struct lines {
	const struct lines_driver *driver;
	/* Who makes the pulses of `send`; NULL: every frame is refused. Set by its user, not owned.
	 */
	struct panel_sender *panels;
};

/* `send` of every driver: hands the frame to lines->panels. */
bool lines_panels_send(struct lines *lines, uint8_t panel, const struct card_bits *bits);

/*
 * Virtual lines: outputs and input levels live in *board (shared memory that outlives every role),
 * events come as LINE_EVENTS over a link to role sim, replaced by lines_simulated_link at each of
 * sim's starts. The driver says and judges the HELLOs of the link. At the beginning of a link sim
 * sends the levels of all contacts, buttons and tampers, changed or not. All calls from one thread.
 * Owned by the caller; free with lines_simulated_free. lines_simulated_new: NULL without memory.
 */
struct board;
struct lines *lines_simulated_new(struct board *board);
void lines_simulated_link(
	struct lines *lines, int socket); /* takes the socket; closes the old one */
struct lines *lines_simulated_free(struct lines *lines);

/*
 * Lines of GPIO chips, over the requests of gpio_plan_make(settings) in its order: fds are open,
 * non-blocking and stay the caller's. Edges that waited are dropped, lights and beepers go off,
 * locks stay as they are. fd() is one descriptor for all of them and never changes. All calls from
 * one thread. Owned by the caller; free with lines_gpio_free. NULL with errno.
 */
struct lines *lines_gpio_new(const struct settings *settings, const int *fds);
struct lines *lines_gpio_free(struct lines *lines);
