// SPDX-License-Identifier: Apache-2.0
/*
 * The sending thread. All panels send at the same time: of all edges that are due the earliest is
 * made next, whoever's it is, so that a long frame at one panel holds up no other. Far from an edge
 * the thread waits in ppoll, which a new frame ends early; the last SPIN_NS it looks at the clock
 * until the edge is due. A pulse is nothing but such a look of 20 to 100 us.
 *
 * One thread pushes (a ring a panel), one thread sends. The two lines of a panel are never low
 * together. A real-time thread must sleep now and then, or the kernel takes it for a runaway: after
 * SPIN_MAX_NS without a wait it takes a short one, between two pulses, where being late is allowed.
 *
 * However the process dies, somebody else lets the lines rise: panel_sender_new does at the next
 * start, and the supervisor when it drives the fail states.
 */
#include "panel_sender_private.h"

#include "base/assert.h"
#include "base/spsc.h"
#include "panel_frame.h"
#include "platform/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SPIN_NS (150 * NS_PER_MS / 1000) /* how late ppoll may come back */
#define SPIN_MAX_NS (50 * NS_PER_MS)
#define BREATH_NS (100 * NS_PER_MS / 1000)
#define STOP_NS (500 * NS_PER_MS)
#define LINE_NONE 2 /* neither line is low */

struct panel {
	bool configured;
	uint8_t low; /* line that is low, or LINE_NONE */
	struct panel_frame frame;
	struct spsc queue;
	struct card_bits slots[PANEL_QUEUE_MAX];
};

struct panel_sender {
	struct panel_output output;
	struct panel_clock clock;
	int wake; /* eventfd: a frame was pushed, or stopping */
	_Atomic bool stopping;
	int64_t slept_ns; /* when the last wait ended */
	struct panel panel[PANELS_MAX];
};

static int64_t clock_read(void *user UNUSED)
{
	return clock_monotonic_ns();
}

static void clock_wait(void *user, int64_t at_ns)
{
	const struct panel_sender *sender = user;
	struct pollfd fd = {.fd = sender->wake, .events = POLLIN};
	int64_t left_ns = at_ns == INT64_MAX ? 0 : at_ns - clock_monotonic_ns();
	struct timespec left = {left_ns / NS_PER_S, left_ns % NS_PER_S};
	uint64_t count;

	if (left_ns < 0)
		return;
	if (ppoll(&fd, 1, at_ns == INT64_MAX ? NULL : &left, NULL) > 0 &&
		read(sender->wake, &count, sizeof(count)) < 0)
		return; /* somebody woke us, and that is all there is to know */
}

static int64_t time_of(const struct panel_sender *sender)
{
	return sender->clock.now_ns(sender->clock.user);
}

static void line_set(
	struct panel_sender *sender, uint8_t at, uint8_t line, bool low, int64_t now_ns)
{
	struct panel *panel = &sender->panel[at];

	ASSERT(panel->low == (low ? LINE_NONE : line));
	panel->low = low ? line : LINE_NONE;
	if (!sender->output.set(sender->output.user, at, line, low, now_ns))
		atomic_fetch_add_explicit(&panel->frame.counts.faults, 1, memory_order_relaxed);
}

static void panel_init(struct panel_sender *sender, uint8_t at, const struct panel_settings *from)
{
	struct panel *panel = &sender->panel[at];

	panel->low = LINE_NONE;
	panel->configured = from->configured && !from->osdp.configured;
	panel->frame.due_ns = INT64_MAX;
	spsc_init(&panel->queue, panel->slots, PANEL_QUEUE_MAX, sizeof(panel->slots[0]));
	if (!panel->configured)
		return;
	panel_frame_init(&panel->frame, from->pulse_us, from->interval_us);
	for (uint8_t line = 0; line < LINE_NONE; line++) {
		panel->low = line; /* nobody knows what was left behind */
		line_set(sender, at, line, false, clock_monotonic_ns());
	}
}

struct panel_sender *panel_sender_new(
	const struct settings *settings, const struct panel_output *output)
{
	struct panel_sender *sender = aligned_alloc(64, sizeof(*sender));

	if (sender == NULL)
		return NULL;
	memset(sender, 0, sizeof(*sender));
	sender->output = *output;
	sender->clock =
		(struct panel_clock){.now_ns = clock_read, .wait = clock_wait, .user = sender};
	sender->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sender->wake < 0) {
		free(sender);
		return NULL;
	}
	for (uint8_t i = 0; i < PANELS_MAX; i++)
		panel_init(sender, i, &settings->panel[i]);
	return sender;
}

struct panel_sender *panel_sender_free(struct panel_sender *sender)
{
	if (sender == NULL)
		return NULL;
	(void)close(sender->wake);
	free(sender);
	return NULL;
}

void panel_sender_set_clock(struct panel_sender *sender, const struct panel_clock *clock)
{
	sender->clock = *clock;
}

static void sender_wake(struct panel_sender *sender)
{
	uint64_t one = 1;

	/* EAGAIN means that it is awake already. */
	if (write(sender->wake, &one, sizeof(one)) < 0)
		return;
}

bool panel_sender_push(struct panel_sender *sender, uint8_t panel, const struct card_bits *bits)
{
	ASSERT(panel < PANELS_MAX && bits->count > 0 && bits->count <= CARD_BITS_MAX);
	struct panel *to = &sender->panel[panel];

	if (!to->configured || !spsc_push(&to->queue, bits))
		return false;
	sender_wake(sender);
	return true;
}

static void frames_begin(struct panel_sender *sender, int64_t now_ns)
{
	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		struct panel *panel = &sender->panel[i];
		struct card_bits bits;

		if (panel->configured && panel->frame.phase == PANEL_IDLE &&
			spsc_pop(&panel->queue, &bits))
			panel_frame_begin(&panel->frame, &bits, now_ns);
	}
}

/* The panel with the earliest edge, or PANELS_MAX. */
static uint8_t panel_next(const struct panel_sender *sender)
{
	uint8_t next = PANELS_MAX;
	int64_t due_ns = INT64_MAX;

	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		if (sender->panel[i].frame.due_ns < due_ns) {
			due_ns = sender->panel[i].frame.due_ns;
			next = i;
		}
	}
	return next;
}

static void edge_make(struct panel_sender *sender, uint8_t at)
{
	struct panel_frame *frame = &sender->panel[at].frame;
	int64_t now_ns = time_of(sender);

	switch (frame->phase) {
	case PANEL_FALL:
		if (panel_frame_torn(frame, now_ns))
			return;
		line_set(sender, at, panel_frame_line(frame), true, now_ns);
		panel_frame_fell(frame, now_ns, time_of(sender));
		return;
	case PANEL_RISE:
		line_set(sender, at, panel_frame_line(frame), false, now_ns);
		panel_frame_rose(frame, now_ns, time_of(sender));
		return;
	case PANEL_QUIET:
		if (sender->output.quiet != NULL)
			sender->output.quiet(sender->output.user, at, now_ns);
		panel_frame_quiet(frame, now_ns);
		return;
	case PANEL_IDLE:
		break;
	}
	ASSERT(frame->phase != PANEL_IDLE);
}

static void sender_wait(struct panel_sender *sender, int64_t until_ns)
{
	sender->clock.wait(sender->clock.user, until_ns);
	sender->slept_ns = time_of(sender);
}

static bool any_line_low(const struct panel_sender *sender)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		if (sender->panel[i].low != LINE_NONE)
			return true;
	}
	return false;
}

void panel_sender_turn(struct panel_sender *sender)
{
	int64_t now_ns = time_of(sender);

	if (!atomic_load(&sender->stopping))
		frames_begin(sender, now_ns);
	uint8_t next = panel_next(sender);
	int64_t due_ns = next < PANELS_MAX ? sender->panel[next].frame.due_ns : INT64_MAX;

	if (due_ns == INT64_MAX) {
		sender_wait(sender, INT64_MAX);
		return;
	}
	if (due_ns - now_ns > SPIN_NS) {
		sender_wait(sender, due_ns - SPIN_NS);
		return;
	}
	if (now_ns - sender->slept_ns > SPIN_MAX_NS && !any_line_low(sender)) {
		sender_wait(sender, now_ns + BREATH_NS);
		return;
	}
	while (time_of(sender) < due_ns)
		;
	edge_make(sender, next);
}

bool panel_sender_is_quiet(const struct panel_sender *sender)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		enum panel_phase phase = sender->panel[i].frame.phase;

		if (phase == PANEL_FALL || phase == PANEL_RISE)
			return false;
	}
	return true;
}

void panel_sender_run(struct panel_sender *sender)
{
	while (!atomic_load(&sender->stopping))
		panel_sender_turn(sender);
	int64_t until_ns = time_of(sender) + STOP_NS;

	while (!panel_sender_is_quiet(sender) &&
		(any_line_low(sender) || time_of(sender) < until_ns))
		panel_sender_turn(sender);
}

void panel_sender_stop(struct panel_sender *sender)
{
	atomic_store(&sender->stopping, true);
	sender_wake(sender);
}

void panel_sender_counters(
	const struct panel_sender *sender, uint8_t panel, struct panel_counters *ret)
{
	ASSERT(panel < PANELS_MAX);
	const struct panel_counts *counts = &sender->panel[panel].frame.counts;

	*ret = (struct panel_counters){
		.frames = atomic_load_explicit(&counts->frames, memory_order_relaxed),
		.pulses = atomic_load_explicit(&counts->pulses, memory_order_relaxed),
		.long_pulses = atomic_load_explicit(&counts->long_pulses, memory_order_relaxed),
		.late_intervals =
			atomic_load_explicit(&counts->late_intervals, memory_order_relaxed),
		.cut_frames = atomic_load_explicit(&counts->cut_frames, memory_order_relaxed),
		.faults = atomic_load_explicit(&counts->faults, memory_order_relaxed),
	};
}
