/* SPDX-License-Identifier: Apache-2.0 */
/* Random cards of any format, for the tests of learning. */
#pragma once

#include "domain/card_format_learn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t random_state;

static inline uint64_t random_next(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline unsigned random_between(unsigned least, unsigned most)
{
	return least + (unsigned)(random_next() % (most - least + 1));
}

static inline uint64_t random_value(const struct card_field *field)
{
	unsigned width = card_field_width(field);

	return width == 0 ? 0 : random_next() >> (64 - width);
}

static inline struct card_fields random_fields(const struct card_format *format)
{
	return (struct card_fields){random_value(&format->card), random_value(&format->facility),
		random_value(&format->issue), random_value(&format->oem)};
}

/* The frame of a card; bits that the format ignores are random, as on real cards. */
static inline struct card_bits frame_make(
	const struct card_format *format, const struct card_fields *fields)
{
	struct card_format filled = *format;
	struct card_bits bits;

	for (unsigned bit = 0; bit < format->bits; bit++) {
		if (!bit_set_has(&format->ignored, bit))
			continue;
		bit_set_add(&filled.constant, bit);
		if ((random_next() & 1) != 0)
			bit_set_add(&filled.constant_value, bit);
	}
	assert_int_equal(card_format_encode(&filled, fields, &bits), CARD_FORMAT_OK);
	return bits;
}

static inline struct printed_number print_of(
	const struct card_format *format, const struct card_fields *fields)
{
	return (struct printed_number){
		fields->facility, fields->card, format->facility.range_count > 0};
}
