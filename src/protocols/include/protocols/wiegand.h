/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiegand frames from time-stamped edges. The decoder looks at the edges' own times, never at when
 * they arrive, and a frame ends by silence only, never by count.
 */
#pragma once

#include "base/bits.h"

#include <stddef.h>

#define WIEGAND_FRAME_BITS_MAX 66 /* more in one frame: noise, dropped and counted */

struct wiegand_limits {
	uint32_t pulse_min_ns; /* shorter: a glitch. Default 10,000 */
	uint32_t pulse_max_ns; /* longer: a fault. Default 1,000,000 */
	uint32_t interval_min_ns; /* pulse starts closer than this: a fault. Default 150,000 */
	uint32_t gap_ns; /* silence that ends a frame. Default 25,000,000; 10 to 100 ms */
};

struct wiegand_edge {
	int64_t at_ns; /* one clock for all edges of a reader */
	uint8_t line; /* 0: DATA0, 1: DATA1 */
	uint8_t level; /* 0: went low (pulse begins), 1: went high (pulse ends) */
};

/* Counters since init; they only grow. */
struct wiegand_counters {
	uint64_t frames; /* ended with 4 or more good bits */
	uint64_t short_frames; /* 1 to 3 bits: noise */
	uint64_t long_frames; /* more than WIEGAND_FRAME_BITS_MAX */
	uint64_t glitches; /* pulses shorter than pulse_min_ns */
	uint64_t long_pulses; /* pulses longer than pulse_max_ns */
	uint64_t close_pulses; /* intervals below interval_min_ns */
	uint64_t overlaps; /* both lines low */
	uint64_t lost_edges; /* two edges of one direction in a row, or said by the driver */
	uint64_t backward_edges; /* time went back, or an edge of a frame that was ended already */
};

struct wiegand_decoder {
	struct wiegand_limits limits;
	struct wiegand_counters counters;
	struct wiegand_counters at_end; /* as they stood when the latest frame ended */
	uint64_t ended; /* frames since init, whatever came of them */
	struct card_bits bits;
	int64_t low_since_ns[2];
	int64_t first_pulse_ns; /* begin of the frame's first good pulse */
	int64_t last_pulse_ns; /* begin of the latest good pulse */
	int64_t last_edge_ns; /* the latest time known */
	int64_t first_glitch_ns;
	int64_t last_glitch_ns;
	uint64_t interval_shortest_ns; /* between begins of good pulses of this frame */
	uint64_t interval_longest_ns;
	bool low[2];
	bool active; /* a frame has begun */
	bool spoiled; /* something in this frame was wrong: it is dropped at its end */
	bool glitched; /* this frame has pulses that were too short */
	bool stepped_back; /* the latest edge went back in time */
};

enum wiegand_result {
	WIEGAND_NOTHING = 0, /* no frame has ended, or glitches alone */
	WIEGAND_FRAME, /* *ret_bits holds a frame of 4 to 66 bits */
	WIEGAND_NOISE, /* a frame ended and was dropped; the counters say why */
};

void wiegand_limits_default(struct wiegand_limits *limits);
void wiegand_decoder_init(struct wiegand_decoder *decoder, const struct wiegand_limits *limits);

/*
 * Takes one edge. When it comes later than the gap after the frame before, that frame is ended
 * first and returned, and the edge begins a new one.
 */
enum wiegand_result wiegand_decoder_edge(struct wiegand_decoder *decoder,
	const struct wiegand_edge *edge, struct card_bits *ret_bits);

/*
 * The driver lost edges (GPIO sequence numbers, full buffer): the frame in progress is spoiled, or
 * the next one when none is, because its beginning may be what was lost.
 */
void wiegand_decoder_lost(struct wiegand_decoder *decoder);

/* When the frame in progress ends if nothing more comes, or INT64_MAX. */
int64_t wiegand_decoder_deadline_ns(const struct wiegand_decoder *decoder);

/*
 * Ends the frame in progress when its deadline is not after now_ns. To be called only after every
 * edge before now_ns was given: one that comes later spoils the frame it seems to begin.
 */
enum wiegand_result wiegand_decoder_time(
	struct wiegand_decoder *decoder, int64_t now_ns, struct card_bits *ret_bits);

/*
 * Edges of a frame for a transmitter: two per bit, whole bits only when edges_max is too small.
 * Returns their count, at most 2 * bits->count.
 */
size_t wiegand_edges(const struct card_bits *bits, int64_t start_ns, uint32_t pulse_ns,
	uint32_t interval_ns, struct wiegand_edge *ret_edges, size_t edges_max);
