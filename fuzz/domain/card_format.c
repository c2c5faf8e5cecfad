// SPDX-License-Identifier: Apache-2.0
/*
 * One byte chooses the format, the rest are bits. Oracle: what decodes encodes to the same bits,
 * its number is the fields side by side, and any one flipped bit of a format with parity is
 * refused.
 */
#include "domain/card_format.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_flips(const struct card_format *format, const struct card_bits *bits)
{
	for (unsigned at = 0; format->parity_count > 0 && at < bits->count; at++) {
		struct card_bits flipped = *bits;
		struct card_fields fields;

		card_bits_put(&flipped, at, !card_bits_get(bits, at));
		ASSERT(card_format_decode(format, &flipped, &fields) == CARD_FORMAT_WRONG_PARITY);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct card_format *format;
	struct card_bits bits = {.count = 0};
	struct card_bits again;
	struct card_fields fields;
	unsigned formats = 0;

	if (size < 2)
		return 0;
	while (card_format_at(formats) != NULL)
		formats++;
	format = card_format_at(data[0] % formats);
	for (size_t i = 8; i < 8 * size && bits.count < format->bits; i++)
		card_bits_put(&bits, bits.count++, (data[i / 8] >> (7 - i % 8) & 1) != 0);
	switch (card_format_decode(format, &bits, &fields)) {
	case CARD_FORMAT_WRONG_LENGTH:
		ASSERT(bits.count != format->bits);
		return 0;
	case CARD_FORMAT_WRONG_PARITY:
		ASSERT(bits.count == format->bits && format->parity_count > 0);
		return 0;
	case CARD_FORMAT_OUT_OF_RANGE:
		ASSERT(false); /* only encoding knows this */
		return 0;
	case CARD_FORMAT_OK:
		break;
	}
	ASSERT(card_format_encode(format, &fields, &again) == CARD_FORMAT_OK);
	ASSERT(again.count == bits.count);
	ASSERT(memcmp(again.bytes, bits.bytes, sizeof(bits.bytes)) == 0);
	ASSERT(format->facility.range_count > 0 ||
		card_format_number(format, &fields) == fields.card);
	check_flips(format, &bits);
	return 0;
}
