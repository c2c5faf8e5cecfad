// SPDX-License-Identifier: Apache-2.0
/*
 * Card formats: one engine and a table. A format is data alone; the engine reads fields and parity
 * by bit ranges and masks and knows no format by name.
 *
 * In every built-in format each bit belongs to exactly one field or is a parity bit, so decoding
 * and encoding again gives the same bits. Parity bits are written in table order, because a later
 * one may cover an earlier one (C1000-35). Several formats read the same bits differently (W34,
 * H10306, W34-BQT): length and parity cannot tell them apart, a reader's configuration does.
 */
#include "domain/card_format.h"

#include "base/assert.h"

/* Covered bits as masks, named by first and last bit. */
#define COVER_1_12 0x7f, 0xf8
#define COVER_13_24 0x00, 0x07, 0xff, 0x80
#define COVER_1_16 0x7f, 0xff, 0x80
#define COVER_17_32 0x00, 0x00, 0x7f, 0xff, 0x80
#define COVER_1_18 0x7f, 0xff, 0xe0
#define COVER_18_35 0x00, 0x00, 0x3f, 0xff, 0xf0
#define COVER_1_32 0x7f, 0xff, 0xff, 0xff, 0x80
#define COVER_33_64 0x00, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0x80
#define COVER_1_34 0x7f, 0xff, 0xff, 0xff, 0xe0
#define COVER_C1000_EVEN 0x36, 0xdb, 0x6d, 0xb6, 0xc0 /* 2, 3, 5, 6, ... 32, 33 */
#define COVER_C1000_ODD 0x6d, 0xb6, 0xdb, 0x6d, 0x80 /* 1, 2, 4, 5, ... 31, 32 */

#define NAME(text)                                                                                 \
	{                                                                                          \
		.len = sizeof(text) - 1, .bytes = text                                             \
	}

#define PARITY_26                                                                                  \
	.parity_count = 2, .parity = {{0, false, {{COVER_1_12}}}, {25, true, {{COVER_13_24}}}}
#define PARITY_34                                                                                  \
	.parity_count = 2, .parity = {{0, false, {{COVER_1_16}}}, {33, true, {{COVER_17_32}}}}
#define PARITY_37                                                                                  \
	.parity_count = 2, .parity = {{0, false, {{COVER_1_18}}}, {36, true, {{COVER_18_35}}}}
#define PARITY_66                                                                                  \
	.parity_count = 2, .parity = {{0, false, {{COVER_1_32}}}, {65, true, {{COVER_33_64}}}}
#define PARITY_C1000                                                                               \
	.parity_count = 3, .parity = {{1, false, {{COVER_C1000_EVEN}}},                            \
				   {34, true, {{COVER_C1000_ODD}}}, {0, true, {{COVER_1_34}}}}

/* A field is the number of its ranges and each one's first bit and length. */
static const struct card_format formats[] = {
	{.name = NAME("W34"), .bits = 34, .card = {1, {{1, 32}}}, PARITY_34},
	{.name = NAME("W26"),
		.bits = 26,
		.facility = {1, {{1, 8}}},
		.card = {1, {{9, 16}}},
		PARITY_26},
	{.name = NAME("W66"), .bits = 66, .card = {1, {{1, 64}}}, PARITY_66},
	{.name = NAME("W24"), .bits = 24, .facility = {1, {{0, 8}}}, .card = {1, {{8, 16}}}},
	{.name = NAME("W26-24"), .bits = 26, .card = {1, {{1, 24}}}, PARITY_26},
	{.name = NAME("W32-raw"), .bits = 32, .card = {1, {{0, 32}}}},
	{.name = NAME("H10306"),
		.bits = 34,
		.facility = {1, {{1, 16}}},
		.card = {1, {{17, 16}}},
		PARITY_34},
	{.name = NAME("W34-BQT"),
		.bits = 34,
		.facility = {1, {{1, 8}}},
		.card = {1, {{9, 24}}},
		PARITY_34},
	{.name = NAME("C1000-35"),
		.bits = 35,
		.facility = {1, {{2, 12}}},
		.card = {1, {{14, 20}}},
		PARITY_C1000},
	{.name = NAME("H10302"), .bits = 37, .card = {1, {{1, 35}}}, PARITY_37},
	{.name = NAME("H10304"),
		.bits = 37,
		.facility = {1, {{1, 16}}},
		.card = {1, {{17, 19}}},
		PARITY_37},
};

static const struct {
	const char *alias;
	const char *name;
} aliases[] = {
	{"H10301", "W26"},
	{"W34-32", "W34"},
	{"N10002", "H10306"},
};

const struct card_format *card_format_at(unsigned index)
{
	return index < sizeof(formats) / sizeof(formats[0]) ? &formats[index] : NULL;
}

const struct card_format *card_format_find(struct span name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (span_equal_nocase(name, span_from_string(aliases[i].alias)))
			name = span_from_string(aliases[i].name);
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (span_equal_nocase(name, text_span(&formats[i].name)))
			return &formats[i];
	}
	return NULL;
}

unsigned card_field_width(const struct card_field *field)
{
	unsigned width = 0;

	for (unsigned i = 0; i < field->range_count; i++)
		width += field->range[i].len;
	return width;
}

static uint64_t field_get(const struct card_field *field, const struct card_bits *bits)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < field->range_count; i++) {
		const struct bit_range *range = &field->range[i];

		for (unsigned at = range->start; at < (unsigned)range->start + range->len; at++)
			value = value << 1 | (card_bits_get(bits, at) ? 1 : 0);
	}
	return value;
}

static bool field_put(const struct card_field *field, uint64_t value, struct card_bits *bits)
{
	unsigned left = card_field_width(field);

	if (left < 64 && value >> left != 0)
		return false;
	for (unsigned i = 0; i < field->range_count; i++) {
		const struct bit_range *range = &field->range[i];

		for (unsigned at = range->start; at < (unsigned)range->start + range->len; at++)
			card_bits_put(bits, at, (value >> --left & 1) != 0);
	}
	return true;
}

/* The value the parity bit must have. */
static bool parity_value(const struct card_parity *parity, const struct card_bits *bits)
{
	int ones = parity->odd ? 1 : 0;

	for (size_t i = 0; i < sizeof(bits->bytes); i++)
		ones += __builtin_popcount((unsigned)(bits->bytes[i] & parity->cover.bytes[i]));
	return ones % 2 != 0;
}

enum card_format_result card_format_decode(const struct card_format *format,
	const struct card_bits *bits, struct card_fields *ret_fields)
{
	if (bits->count != format->bits)
		return CARD_FORMAT_WRONG_LENGTH;
	for (unsigned i = 0; i < format->parity_count; i++) {
		const struct card_parity *parity = &format->parity[i];

		if (card_bits_get(bits, parity->bit) != parity_value(parity, bits))
			return CARD_FORMAT_WRONG_PARITY;
	}
	ret_fields->card = field_get(&format->card, bits);
	ret_fields->facility = field_get(&format->facility, bits);
	return CARD_FORMAT_OK;
}

enum card_format_result card_format_encode(const struct card_format *format,
	const struct card_fields *fields, struct card_bits *ret_bits)
{
	struct card_bits bits = {.count = format->bits};

	if (!field_put(&format->card, fields->card, &bits) ||
		!field_put(&format->facility, fields->facility, &bits))
		return CARD_FORMAT_OUT_OF_RANGE;
	for (unsigned i = 0; i < format->parity_count; i++)
		card_bits_put(
			&bits, format->parity[i].bit, parity_value(&format->parity[i], &bits));
	*ret_bits = bits;
	return CARD_FORMAT_OK;
}

uint64_t card_format_number(const struct card_format *format, const struct card_fields *fields)
{
	if (format->facility.range_count == 0)
		return fields->card;

	unsigned width = card_field_width(&format->card);

	ASSERT(width + card_field_width(&format->facility) <= 64 && width < 64);
	return fields->facility << width | fields->card;
}
