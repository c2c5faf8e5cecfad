/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wiring test: from what a reader sent while cards were shown to what is wrong with its wires, in
 * words for who stands at the door with a screwdriver. Electrical limits: SIA 26-bit reader
 * interface, pulses of 20 to 100 us, 200 us to 20 ms from begin to begin.
 */
#pragma once

#include "protocols/wiegand_trace.h"

/* What the reader's card formats say to a good frame of 24 bits or more. */
enum wiegand_fit {
	WIEGAND_FIT_NO_LENGTH = 0, /* no format of this length; also for frames that are no card */
	WIEGAND_FIT_NO_CHECK, /* a format has this length, and a check is wrong */
	WIEGAND_FIT_INVERTED, /* as above; every bit turned round it fits, checks and all */
	WIEGAND_FIT_YES,
	WIEGAND_FIT_COUNT
};

/* What a test has seen so far; begin with wiegand_health_init. */
struct wiegand_health {
	uint32_t frames; /* of any kind */
	uint32_t cards; /* good, and no key */
	uint32_t keys; /* good, and 4, 6 or 8 bits */
	uint32_t noise; /* too short or too long for a card, or glitches alone */
	uint32_t dropped; /* as long as a card, and dropped */
	uint32_t fit[WIEGAND_FIT_COUNT]; /* of cards */
	uint32_t measured; /* frames that figures were taken of */
	uint32_t jittery; /* of these, how many had pulses or intervals that were not alike */
	uint32_t with_overlaps; /* frames that had some, and no lost edges */
	uint32_t with_lost_edges; /* frames that had some, as the next */
	uint32_t with_glitches;
	bool held[2]; /* a line stood low in silence, as last heard */
	struct wiegand_figures pulse[2]; /* of all frames */
	struct wiegand_figures pulse_mean; /* of frames' means, both lines */
	struct wiegand_figures interval_mean;
};

enum wiegand_finding {
	WIEGAND_SILENT = 0,
	WIEGAND_HELD_DATA0,
	WIEGAND_HELD_DATA1,
	WIEGAND_DEAD_DATA0,
	WIEGAND_DEAD_DATA1,
	WIEGAND_SWAPPED,
	WIEGAND_FLOATING,
	WIEGAND_CROSSTALK,
	WIEGAND_TORN,
	WIEGAND_SPIKES,
	WIEGAND_SHORT_PULSES,
	WIEGAND_LONG_PULSES,
	WIEGAND_FAST,
	WIEGAND_SLOW,
	WIEGAND_JITTER,
	WIEGAND_WRONG_BITS,
	WIEGAND_UNKNOWN_FORMAT,
	WIEGAND_DROPPED, /* what no other fault explains: last */
	WIEGAND_FINDING_COUNT
};

void wiegand_health_init(struct wiegand_health *health);

/* Takes an ended frame; its edges are not looked at. */
void wiegand_health_frame(
	struct wiegand_health *health, const struct wiegand_trace *trace, enum wiegand_fit fit);

/* How the lines stand in silence now; replaces what was heard before. */
void wiegand_health_lines(struct wiegand_health *health, const bool held[2]);

/* Whether there is that fault. A sound reader that was shown cards has none of them. */
bool wiegand_health_has(const struct wiegand_health *health, enum wiegand_finding finding);

const char *wiegand_finding_name(enum wiegand_finding finding); /* "swapped" */
const char *wiegand_finding_sentence(enum wiegand_finding finding); /* what is wrong */
const char *wiegand_finding_advice(enum wiegand_finding finding); /* what to do */
