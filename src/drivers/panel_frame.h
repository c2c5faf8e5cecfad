/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One panel's two lines in time: which edge is due when, and what came of it. No I/O, no clock: the
 * sender says what time it was.
 */
#pragma once

#include "base/civil.h"
#include "drivers/panel_sender.h"

#include <stdatomic.h>

#define PANEL_PULSE_LEAST_NS (20 * NS_PER_MS / 1000)
#define PANEL_PULSE_LIMIT_NS (100 * NS_PER_MS / 1000) /* SIA 26-bit interface: 20 to 100 us */
#define PANEL_INTERVAL_LEAST_NS (200 * NS_PER_MS / 1000) /* ... and 200 us to 20 ms */
#define PANEL_PULSE_TORN_NS NS_PER_MS /* no decoder takes a longer one for a bit */
#define PANEL_SILENCE_NS (25 * NS_PER_MS) /* within a frame: the panel may have ended it there */
#define PANEL_GAP_NS (110 * NS_PER_MS) /* behind a frame: longer than any decoder waits */

enum panel_phase {
	PANEL_IDLE = 0,
	PANEL_FALL, /* a pulse is to begin */
	PANEL_RISE, /* a pulse runs */
	PANEL_QUIET, /* the silence behind a frame */
};

/* The counters as they are written by the sender and read by others. */
struct panel_counts {
	_Atomic uint64_t frames;
	_Atomic uint64_t pulses;
	_Atomic uint64_t long_pulses;
	_Atomic uint64_t late_intervals;
	_Atomic uint64_t cut_frames;
	_Atomic uint64_t faults;
};

struct panel_frame {
	int64_t pulse_ns;
	int64_t interval_ns; /* begin to begin */
	enum panel_phase phase;
	struct card_bits bits;
	unsigned at; /* the bit whose pulse is due or runs */
	bool torn; /* it is in two parts already, seen too late */
	bool cut; /* its rest was left out */
	bool again; /* it is sent for the second time */
	int64_t due_ns; /* of the next edge, or the end of the silence; INT64_MAX: idle */
	int64_t start_ns; /* the pulse of bit k is due at start_ns + k * interval_ns */
	int64_t set_ns; /* what setting a line takes when nothing holds it up */
	int64_t fall_ns; /* when the latest pulse began, as far as can be told */
	int64_t fall_first_ns; /* it did not begin before */
	struct panel_counts counts;
};

void panel_frame_init(struct panel_frame *frame, uint32_t pulse_us, uint32_t interval_us);

/* The panel is idle: its first pulse is due now. */
void panel_frame_begin(struct panel_frame *frame, const struct card_bits *bits, int64_t now_ns);

/* PANEL_FALL, PANEL_RISE: the line of the bit, 0 or 1. */
uint8_t panel_frame_line(const struct panel_frame *frame);

/*
 * PANEL_FALL, and it comes so late that the panel may have taken the silence for the frame's end:
 * the rest is left out (true), and the whole frame is sent once more after a silence. A rest would
 * be another card.
 */
bool panel_frame_torn(struct panel_frame *frame, int64_t now_ns);

/* The line was pulled low, or let rise, between two readings of the clock. */
void panel_frame_fell(struct panel_frame *frame, int64_t before_ns, int64_t after_ns);
void panel_frame_rose(struct panel_frame *frame, int64_t before_ns, int64_t after_ns);

/* The silence is over: idle, or a frame that was cut begins again. */
void panel_frame_quiet(struct panel_frame *frame, int64_t now_ns);
