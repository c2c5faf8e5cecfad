/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader really sent: of each frame that a decoder ended, good or dropped, the bits, why it
 * was dropped, how long pulses and intervals were, and its edges. It looks on beside the decoder
 * and changes nothing about it. Digits of a PIN are left out before anybody sees them.
 */
#pragma once

#include "base/buf.h"
#include "protocols/wiegand.h"

#define WIEGAND_TRACE_EDGES_MAX 160 /* two for each of 66 bits, and room for what is too much */
#define WIEGAND_KEY_BITS_MAX 8 /* a key of a keypad is 4, 6 or 8 bits */
#define WIEGAND_KEY_PULSES_MAX 12 /* a key that was disturbed */
#define WIEGAND_EDGES_TEXT_MAX                                                                     \
	(WIEGAND_TRACE_EDGES_MAX * 13) /* bytes of wiegand_trace_print_edges */

struct wiegand_trace_edge {
	uint32_t after_ns; /* since the edge before; 0 for the first, and where time went back */
	uint8_t line; /* 0: DATA0, 1: DATA1 */
	uint8_t level; /* 0: went low, 1: went high */
};

/* Lengths that were measured, each at most UINT32_MAX ns (4 s). All 0 when count is 0. */
struct wiegand_figures {
	uint32_t count;
	uint32_t min_ns;
	uint32_t max_ns;
	uint64_t sum_ns;
};

struct wiegand_trace {
	int64_t begin_ns; /* the first edge */
	struct wiegand_counters moved; /* what the decoder counted since the frame before */
	/*
	 * What the pulses say, of every whole pulse that is long enough, also behind the fault that
	 * spoiled the frame; the first CARD_BITS_MAX. Of a good frame: its bits.
	 */
	struct card_bits bits;
	uint8_t result; /* enum wiegand_result; WIEGAND_NOTHING: glitches alone */
	bool secret; /* may be a key: bits are counted but all 0; no edges, no figures of a line */
	bool held[2]; /* the line was low when the frame was over */
	uint32_t edge_count; /* also of those that are not kept */
	uint32_t edges_kept; /* at most WIEGAND_TRACE_EDGES_MAX: the first ones */
	struct wiegand_figures pulse[2]; /* how long each line's pulses were; glitches left out */
	struct wiegand_figures interval; /* from begin to begin, over both lines */
	struct wiegand_trace_edge edge[WIEGAND_TRACE_EDGES_MAX];
};

struct wiegand_tracer {
	struct wiegand_trace trace; /* in progress */
	struct wiegand_counters counted; /* the decoder's when this frame began */
	uint64_t ended; /* of the decoder: frames that were handed out */
	uint32_t pulse_min_ns;
	bool over; /* trace was handed out: the next edge begins another */
	bool stands_low[2]; /* since the latest edge */
	bool low[2]; /* went low within this frame */
	int64_t low_since_ns[2];
	int64_t last_edge_ns;
	int64_t last_pulse_ns; /* begin of the latest pulse */
};

/* Begins beside a decoder that may have run before. */
void wiegand_tracer_init(struct wiegand_tracer *tracer, const struct wiegand_decoder *decoder);

/*
 * To be asked after every wiegand_decoder_edge and _time, with what it returned: the trace of the
 * frame that it ended, good until the next edge, or NULL.
 */
const struct wiegand_trace *wiegand_tracer_end(struct wiegand_tracer *tracer,
	const struct wiegand_decoder *decoder, enum wiegand_result result);

/* Every edge that the decoder took, after wiegand_tracer_end. */
void wiegand_tracer_edge(struct wiegand_tracer *tracer, const struct wiegand_edge *edge);

/*
 * What a decoder counts against a frame, one by one: all counters but `frames`. Names are stable
 * ("LostEdges"); a sentence says what happened; the value is the counter's.
 */
#define WIEGAND_FAULTS 8
const char *wiegand_fault_name(unsigned fault);
const char *wiegand_fault_sentence(unsigned fault);
uint64_t *wiegand_fault_counter(struct wiegand_counters *counters, unsigned fault);
uint64_t wiegand_fault_count(const struct wiegand_counters *counters, unsigned fault);

void wiegand_figures_take(struct wiegand_figures *figures, uint32_t ns);

/* The mean, or 0 when nothing was measured. */
uint32_t wiegand_figures_mean_ns(const struct wiegand_figures *figures);

/*
 * Edges as one word: "0L0,0H50000,1L1950000": line, level (L low, H high), nanoseconds since the
 * edge before. The reader takes what the printer makes: at most edges_max; false for anything else.
 */
void wiegand_trace_print_edges(const struct wiegand_trace *trace, struct buf *out);
bool wiegand_trace_parse_edges(struct span text, struct wiegand_trace_edge *ret_edges,
	uint32_t edges_max, uint32_t *ret_count);
