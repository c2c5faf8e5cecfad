// SPDX-License-Identifier: Apache-2.0
/*
 * Card formats: the engine. A format is data alone; the engine reads fields, checks and constants
 * by bit ranges and masks and knows no format by name. It takes formats that card_format_check lets
 * pass: bits inside the frame, fields of at most 64 bits.
 *
 * Where every bit is in exactly one field, check or constant, decoding and encoding again gives the
 * same bits. Encoding writes constants and fields, then XORs, then parity bits, each kind in table
 * order, because a later check may cover an earlier one (C1000-35). Several formats read the same
 * bits differently (W34, H10306, W34-BQT): length and checks cannot tell them apart, a reader's
 * configuration does.
 */
#include "domain/card_format.h"

#include "base/assert.h"
#include "base/compiler.h"

const char *card_format_result_sentence(enum card_format_result result)
{
	static const char *const sentences[CARD_FORMAT_RESULT_COUNT] = {
		[CARD_FORMAT_OK] = "the frame fits the format",
		[CARD_FORMAT_WRONG_LENGTH] = "the format has another number of bits",
		[CARD_FORMAT_WRONG_PARITY] = "a parity bit is wrong",
		[CARD_FORMAT_WRONG_XOR] = "the XOR of the data is wrong",
		[CARD_FORMAT_WRONG_CONSTANT] = "a constant bit has the other value",
		[CARD_FORMAT_WRONG_FACILITY] = "the facility code is none that is taken",
		[CARD_FORMAT_OUT_OF_RANGE] = "a value has more bits than its field",
	};

	ASSERT(result < CARD_FORMAT_RESULT_COUNT);
	return sentences[result];
}

/* --- fields --- */

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

static void field_put(const struct card_field *field, uint64_t value, struct card_bits *bits)
{
	unsigned left = card_field_width(field);

	for (unsigned i = 0; i < field->range_count; i++) {
		const struct bit_range *range = &field->range[i];

		for (unsigned at = range->start; at < (unsigned)range->start + range->len; at++)
			card_bits_put(bits, at, (value >> --left & 1) != 0);
	}
}

static bool field_holds(const struct card_field *field, uint64_t value)
{
	unsigned width = card_field_width(field);

	return width >= 64 || value >> width == 0;
}

/* The width lowest bits of value in groups of group bits, the groups in reverse. */
static uint64_t groups_reverse(uint64_t value, unsigned width, unsigned group)
{
	uint64_t mask = (UINT64_C(1) << group) - 1;
	uint64_t reversed = 0;

	for (unsigned at = 0; at < width; at += group)
		reversed = reversed << group | (value >> at & mask);
	return reversed;
}

static uint64_t card_get(const struct card_format *format, const struct card_bits *bits)
{
	unsigned width = card_field_width(&format->card);
	uint64_t value = field_get(&format->card, bits);

	if (format->bits_reversed)
		value = groups_reverse(value, width, 1);
	if (format->bytes_reversed)
		value = groups_reverse(value, width, 8);
	return value;
}

/* card_get backward. */
static void card_put(const struct card_format *format, uint64_t value, struct card_bits *bits)
{
	unsigned width = card_field_width(&format->card);

	if (format->bytes_reversed)
		value = groups_reverse(value, width, 8);
	if (format->bits_reversed)
		value = groups_reverse(value, width, 1);
	field_put(&format->card, value, bits);
}

/* --- checks --- */

/* The value the parity bit must have. */
static bool parity_value(const struct card_parity *parity, const struct card_bits *bits)
{
	int ones = parity->odd ? 1 : 0;

	for (size_t i = 0; i < sizeof(bits->bytes); i++)
		ones += __builtin_popcount((unsigned)(bits->bytes[i] & parity->cover.bytes[i]));
	return ones % 2 != 0;
}

static struct card_field xor_field(const struct card_xor *check)
{
	return (struct card_field){.range_count = 1, .range = {{check->at, check->width}}};
}

/* The value the check bits must have. */
static uint64_t xor_value(const struct card_xor *check, const struct card_bits *bits)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < check->over.len; i += check->width) {
		const struct card_field group = {.range_count = 1,
			.range = {{(uint8_t)(check->over.start + i), check->width}}};

		value ^= field_get(&group, bits);
	}
	return value;
}

static enum card_format_result checks_verify(
	const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		const struct card_parity *parity = &format->parity[i];

		if (card_bits_get(bits, parity->bit) != parity_value(parity, bits))
			return CARD_FORMAT_WRONG_PARITY;
	}
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_field at = xor_field(&format->xor_check[i]);

		if (field_get(&at, bits) != xor_value(&format->xor_check[i], bits))
			return CARD_FORMAT_WRONG_XOR;
	}
	for (size_t i = 0; i < sizeof(bits->bytes); i++) {
		if ((bits->bytes[i] & format->constant.bytes[i]) != format->constant_value.bytes[i])
			return CARD_FORMAT_WRONG_CONSTANT;
	}
	return CARD_FORMAT_OK;
}

void card_format_noticed(const struct card_format *format, struct bit_set *ret_bits)
{
	*ret_bits = format->constant;
	for (unsigned i = 0; i < format->parity_count; i++) {
		for (size_t byte = 0; byte < sizeof(ret_bits->bytes); byte++)
			ret_bits->bytes[byte] |= format->parity[i].cover.bytes[byte];
		bit_set_add(ret_bits, format->parity[i].bit);
	}
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_xor *check = &format->xor_check[i];

		for (unsigned bit = 0; bit < check->over.len; bit++)
			bit_set_add(ret_bits, check->over.start + bit);
		for (unsigned bit = 0; bit < check->width; bit++)
			bit_set_add(ret_bits, check->at + bit);
	}
}

/* --- frames --- */

static bool facility_taken(const struct card_format *format, uint64_t facility)
{
	for (unsigned i = 0; i < format->facility_count; i++) {
		if (format->facility_only[i] == facility)
			return true;
	}
	return format->facility_count == 0;
}

enum card_format_result card_format_decode(const struct card_format *format,
	const struct card_bits *bits, struct card_fields *ret_fields)
{
	if (bits->count != format->bits)
		return CARD_FORMAT_WRONG_LENGTH;
	enum card_format_result result = checks_verify(format, bits);

	if (result != CARD_FORMAT_OK)
		return result;
	ret_fields->card = card_get(format, bits);
	ret_fields->facility = field_get(&format->facility, bits);
	ret_fields->issue = field_get(&format->issue, bits);
	ret_fields->oem = field_get(&format->oem, bits);
	return facility_taken(format, ret_fields->facility) ? CARD_FORMAT_OK
							    : CARD_FORMAT_WRONG_FACILITY;
}

enum card_format_result card_format_encode(const struct card_format *format,
	const struct card_fields *fields, struct card_bits *ret_bits)
{
	struct card_bits bits = {.count = format->bits};

	if (!field_holds(&format->card, fields->card) ||
		!field_holds(&format->facility, fields->facility) ||
		!field_holds(&format->issue, fields->issue) ||
		!field_holds(&format->oem, fields->oem))
		return CARD_FORMAT_OUT_OF_RANGE;
	memcpy(bits.bytes, format->constant_value.bytes, sizeof(bits.bytes));
	card_put(format, fields->card, &bits);
	field_put(&format->facility, fields->facility, &bits);
	field_put(&format->issue, fields->issue, &bits);
	field_put(&format->oem, fields->oem, &bits);
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_field at = xor_field(&format->xor_check[i]);

		field_put(&at, xor_value(&format->xor_check[i], &bits), &bits);
	}
	for (unsigned i = 0; i < format->parity_count; i++)
		card_bits_put(
			&bits, format->parity[i].bit, parity_value(&format->parity[i], &bits));
	*ret_bits = bits;
	return CARD_FORMAT_OK;
}

/* --- numbers --- */

uint64_t card_format_number(const struct card_format *format, const struct card_fields *fields)
{
	if (format->facility.range_count == 0)
		return fields->card;

	unsigned width = card_field_width(&format->card);

	ASSERT(width + card_field_width(&format->facility) <= 64 && width < 64);
	return fields->facility << width | fields->card;
}

bool card_format_fields_of_number(
	const struct card_format *format, uint64_t number, struct card_fields *ret_fields)
{
	unsigned width = card_field_width(&format->card);
	struct card_fields fields = {.card = number};

	if (format->facility.range_count > 0) {
		ASSERT(width + card_field_width(&format->facility) <= 64 && width < 64);
		fields.card = number & ((UINT64_C(1) << width) - 1);
		fields.facility = number >> width;
	}
	if (!field_holds(&format->card, fields.card) ||
		!field_holds(&format->facility, fields.facility))
		return false;
	*ret_fields = fields;
	return true;
}
