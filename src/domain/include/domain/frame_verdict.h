/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each of a reader's card formats says to a frame: for who wants to know why a card is not
 * read. The decision itself is that of the first format that reads the frame.
 */
#pragma once

#include "domain/card_format.h"

#define FRAME_FORMATS_MAX 8
#define FRAME_BIT_NONE 255

struct format_verdict {
	uint8_t result; /* enum card_format_result */
	uint8_t bit; /* the first bit that is not as it must be, or FRAME_BIT_NONE */
};

struct frame_verdict {
	uint8_t count; /* formats that were tried; 0: the frame is no card */
	uint8_t reads; /* 1 + index of the format that reads it; 0: none */
	/* None reads it, and one with parity or XOR reads the frame with every bit turned round. */
	bool turned;
	struct format_verdict format[FRAME_FORMATS_MAX];
	uint64_t number; /* by which the card is enrolled; 0 when none reads it */
};

/* formats: count of them, at most FRAME_FORMATS_MAX, in the order in which they are tried. */
void frame_verdict_make(const struct card_format *const *formats, unsigned count,
	const struct card_bits *bits, struct frame_verdict *ret);
