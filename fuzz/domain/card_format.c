// SPDX-License-Identifier: Apache-2.0
/*
 * One byte chooses the format, the rest are bits. Oracle: what decodes encodes to the same bits but
 * for ignored ones, its number gives its card and facility back, and a flipped bit is refused
 * exactly where the format says that it is noticed.
 */
#include "domain/card_format.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_flips(const struct card_format *format, const struct card_bits *bits)
{
	struct bit_set noticed;

	card_format_noticed(format, &noticed);
	for (unsigned at = 0; at < bits->count; at++) {
		struct card_bits flipped = *bits;
		struct card_fields fields;

		card_bits_put(&flipped, at, !card_bits_get(bits, at));
		ASSERT((card_format_decode(format, &flipped, &fields) == CARD_FORMAT_OK) ==
			!bit_set_has(&noticed, at));
	}
}

static void check_again(const struct card_format *format, const struct card_fields *fields,
	const struct card_bits *bits)
{
	struct card_fields numbered;
	struct card_bits again;

	ASSERT(card_format_encode(format, fields, &again) == CARD_FORMAT_OK);
	ASSERT(again.count == bits->count);
	for (size_t i = 0; i < sizeof(bits->bytes); i++)
		ASSERT(((again.bytes[i] ^ bits->bytes[i]) & ~format->ignored.bytes[i]) == 0);
	ASSERT(card_format_fields_of_number(format, card_format_number(format, fields), &numbered));
	ASSERT(numbered.card == fields->card && numbered.facility == fields->facility);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct card_format *format;
	struct card_bits bits = {.count = 0};
	struct card_fields fields;
	unsigned formats = 0;

	if (size < 2)
		return 0;
	while (card_format_at(formats) != NULL)
		formats++;
	format = card_format_at(data[0] % formats);
	for (size_t i = 8; i < 8 * size && bits.count < format->bits; i++)
		card_bits_put(&bits, bits.count++, (data[i / 8] >> (7 - i % 8) & 1) != 0);
	enum card_format_result result = card_format_decode(format, &bits, &fields);

	ASSERT((result == CARD_FORMAT_WRONG_LENGTH) == (bits.count != format->bits));
	ASSERT(result != CARD_FORMAT_OUT_OF_RANGE && result != CARD_FORMAT_WRONG_FACILITY);
	if (result != CARD_FORMAT_OK)
		return 0;
	check_again(format, &fields, &bits);
	check_flips(format, &bits);
	return 0;
}
