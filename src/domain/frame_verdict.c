// SPDX-License-Identifier: Apache-2.0
/*
 * A frame is tried against every format, where a reader's decision stops at the first that fits.
 * Where a check is wrong the bit that stands for it is named. A frame whose bits are all turned
 * round is what swapped data lines send; only formats with checks can tell it.
 */
#include "domain/frame_verdict.h"

#include "base/assert.h"

static bool parity_holds(const struct card_parity *parity, const struct card_bits *bits)
{
	bool odd = card_bits_get(bits, parity->bit);

	for (unsigned i = 0; i < bits->count; i++)
		odd ^= card_bits_get(bits, i) && bit_set_has(&parity->cover, i);
	return odd == parity->odd;
}

static uint8_t wrong_parity(const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		if (!parity_holds(&format->parity[i], bits))
			return format->parity[i].bit;
	}
	return FRAME_BIT_NONE;
}

/* Each bit of the check is the XOR of the bits that stand at its place in the groups. */
static bool xor_bit_holds(
	const struct card_xor *check, unsigned place, const struct card_bits *bits)
{
	bool sum = card_bits_get(bits, check->at + place);

	for (unsigned i = place; i < check->over.len; i += check->width)
		sum ^= card_bits_get(bits, check->over.start + i);
	return !sum;
}

static uint8_t wrong_xor(const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_xor *check = &format->xor_check[i];

		for (unsigned place = 0; place < check->width; place++) {
			if (!xor_bit_holds(check, place, bits))
				return (uint8_t)(check->at + place);
		}
	}
	return FRAME_BIT_NONE;
}

static uint8_t wrong_constant(const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned i = 0; i < bits->count; i++) {
		if (bit_set_has(&format->constant, i) &&
			card_bits_get(bits, i) != bit_set_has(&format->constant_value, i))
			return (uint8_t)i;
	}
	return FRAME_BIT_NONE;
}

static uint8_t wrong_bit(const struct card_format *format, const struct card_bits *bits,
	enum card_format_result result)
{
	switch (result) {
	case CARD_FORMAT_WRONG_PARITY:
		return wrong_parity(format, bits);
	case CARD_FORMAT_WRONG_XOR:
		return wrong_xor(format, bits);
	case CARD_FORMAT_WRONG_CONSTANT:
		return wrong_constant(format, bits);
	case CARD_FORMAT_OK:
	case CARD_FORMAT_WRONG_LENGTH:
	case CARD_FORMAT_WRONG_FACILITY:
	case CARD_FORMAT_OUT_OF_RANGE:
	case CARD_FORMAT_RESULT_COUNT:
		break;
	}
	return FRAME_BIT_NONE;
}

static bool reads_turned(
	const struct card_format *const *formats, unsigned count, const struct card_bits *bits)
{
	struct card_bits turned = *bits;
	struct card_fields fields;

	for (unsigned i = 0; i < bits->count; i++)
		card_bits_put(&turned, i, !card_bits_get(bits, i));
	for (unsigned i = 0; i < count; i++) {
		if (formats[i]->parity_count + formats[i]->xor_count > 0 &&
			card_format_decode(formats[i], &turned, &fields) == CARD_FORMAT_OK)
			return true;
	}
	return false;
}

void frame_verdict_make(const struct card_format *const *formats, unsigned count,
	const struct card_bits *bits, struct frame_verdict *ret)
{
	ASSERT(count <= FRAME_FORMATS_MAX && bits->count <= CARD_BITS_MAX);
	memset(ret, 0, sizeof(*ret));
	ret->count = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		struct card_fields fields;
		enum card_format_result result = card_format_decode(formats[i], bits, &fields);

		ret->format[i] = (struct format_verdict){
			(uint8_t)result, wrong_bit(formats[i], bits, result)};
		if (result == CARD_FORMAT_OK && ret->reads == 0) {
			ret->reads = (uint8_t)(i + 1);
			ret->number = card_format_number(formats[i], &fields);
		}
	}
	ret->turned = ret->reads == 0 && reads_turned(formats, count, bits);
}
