/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiegand output: sends frames on the data lines of third-party panels, as a reader would. A thread
 * of its own makes the pulses, because they need microseconds; who gives it frames never waits.
 */
#pragma once

#include "base/bits.h"
#include "base/compiler.h"
#include "platform/settings.h"

#define PANEL_QUEUE_MAX 8 /* frames of one panel that wait */

/* The lines. Called by the sending thread only, except in panel_sender_new. */
struct panel_output {
	/*
	 * Pulls line 0 or 1 of a panel (number - 1) low, or lets it rise. now_ns: CLOCK_MONOTONIC,
	 * read just before. False when it cannot be done.
	 */
	bool (*set)(void *user, uint8_t panel, uint8_t line, bool low, int64_t now_ns);
	/* The silence behind a frame is over. NULL: nobody wants to know. */
	void (*quiet)(void *user, uint8_t panel, int64_t now_ns);
	void *user;
};

/* What became of one panel's frames since the start; they only grow. */
struct panel_counters {
	uint64_t frames; /* sent whole */
	uint64_t pulses; /* made */
	uint64_t long_pulses; /* longer than 100 us */
	uint64_t late_intervals; /* more than a quarter longer than asked */
	uint64_t cut_frames; /* torn by a stall and not completed; sent once more */
	uint64_t faults; /* a line that could not be set */
};

struct panel_sender;

/*
 * A sender for the panels of settings, with every configured line let rise. NULL with errno.
 * output is copied; what it points to must live as long as the sender.
 */
struct panel_sender *panel_sender_new(
	const struct settings *settings, const struct panel_output *output);
struct panel_sender *panel_sender_free(struct panel_sender *sender);

/*
 * Queues a frame of 1 to CARD_BITS_MAX bits for a panel (number - 1); one thread calls this. False
 * when PANEL_QUEUE_MAX wait already, or the panel is not configured. Never blocks.
 */
bool panel_sender_push(struct panel_sender *sender, uint8_t panel, const struct card_bits *bits);

/* The thread: sends until panel_sender_stop; then every line is high. */
void panel_sender_run(struct panel_sender *sender);

/* From any thread: frames that have begun are ended (PANEL_STOP_MS at most), others are dropped. */
void panel_sender_stop(struct panel_sender *sender);

/* From any thread. */
void panel_sender_counters(
	const struct panel_sender *sender, uint8_t panel, struct panel_counters *ret);
