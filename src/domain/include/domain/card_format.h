/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Card formats as data: which bits are the card number, the facility code and parity. A frame's
 * length and parity choose among a reader's formats.
 */
#pragma once

#include "base/bits.h"
#include "base/span.h"

#define CARD_FORMAT_BITS_MIN 24
#define CARD_FORMAT_BITS_MAX 66 /* for Wiegand; OSDP may carry up to CARD_BITS_MAX */
#define CARD_FORMAT_PARITY_MAX 4
#define CARD_FORMAT_RANGES_MAX 4

struct bit_range {
	uint8_t start; /* bit 0 is the first received */
	uint8_t len;
};

struct card_field {
	uint8_t range_count; /* 0: the format has no such field; split fields have several */
	struct bit_range range[CARD_FORMAT_RANGES_MAX];
};

struct card_parity {
	uint8_t bit; /* where the parity bit stands */
	bool odd;
	uint8_t cover[CARD_BITS_MAX / 8]; /* covered bits, numbered as in struct card_bits */
};

struct card_format {
	const char *name; /* stable: written in configuration files */
	uint8_t bits;
	struct card_field card; /* required; at most 64 bits */
	struct card_field facility;
	uint8_t parity_count; /* evaluated in this order when encoding */
	struct card_parity parity[CARD_FORMAT_PARITY_MAX];
};

struct card_fields {
	uint64_t card;
	uint64_t facility; /* 0 when the format has none */
};

enum card_format_result {
	CARD_FORMAT_OK = 0,
	CARD_FORMAT_WRONG_LENGTH,
	CARD_FORMAT_WRONG_PARITY,
	CARD_FORMAT_OUT_OF_RANGE, /* encoding: a value has more bits than its field */
};

/*
 * "W26" = H10301 (facility 8, card 16), "W34" = W34-32 (the default: one number), "W66", "H10306",
 * "W34-BQT", ... Upper and lower case are the same. NULL when there is none of that name.
 */
const struct card_format *card_format_find(struct span name);

/* Built-in formats in a fixed order; NULL behind the last. */
const struct card_format *card_format_at(unsigned index);

enum card_format_result card_format_decode(const struct card_format *format,
	const struct card_bits *bits, struct card_fields *ret_fields);
enum card_format_result card_format_encode(const struct card_format *format,
	const struct card_fields *fields, struct card_bits *ret_bits);

/*
 * The number by which a card is enrolled: facility << (bits of card) | card, or the card alone when
 * the format has no facility code. It is what the same bits give when read as one field, so that
 * H10301 123/45678 and W26-24 8106606 are the same card.
 */
uint64_t card_format_number(const struct card_format *format, const struct card_fields *fields);
