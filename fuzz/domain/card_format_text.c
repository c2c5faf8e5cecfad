// SPDX-License-Identifier: Apache-2.0
/*
 * A description in one line, and behind a NUL bytes for its fields. Oracle: what is read is good,
 * is printed and read back as the same format, and every card it can write it reads; what is
 * refused has a printable sentence.
 */
#include "base/assert.h"
#include "domain/card_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t value_of(const struct card_field *field, struct span *bytes)
{
	unsigned width = card_field_width(field);
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof(value); i++, *bytes = span_slice(*bytes, 1, bytes->len))
		value = value << 8 | (bytes->len > 0 ? (uint8_t)bytes->data[0] : 0);
	return width == 0 ? 0 : value >> (64 - width);
}

static void check_card(const struct card_format *format, struct span bytes)
{
	struct card_fields fields = {.card = value_of(&format->card, &bytes)};
	struct card_fields back = {0};
	struct card_bits bits;
	enum card_format_result result;

	fields.facility = value_of(&format->facility, &bytes);
	fields.issue = value_of(&format->issue, &bytes);
	fields.oem = value_of(&format->oem, &bytes);
	ASSERT(card_format_encode(format, &fields, &bits) == CARD_FORMAT_OK);
	result = card_format_decode(format, &bits, &back);
	ASSERT(result == CARD_FORMAT_OK ||
		(result == CARD_FORMAT_WRONG_FACILITY && format->facility_count > 0));
	ASSERT(memcmp(&back, &fields, sizeof(back)) == 0);
	(void)card_format_number(format, &fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	size_t end = span_find(text, '\0');
	char memory[4096];
	struct buf out = buf_over(memory, sizeof(memory));
	struct card_format format, again;

	if (!card_format_parse(&format, span_slice(text, 0, end), &out)) {
		ASSERT(out.len > 0 && out.len < 512);
		for (size_t i = 0; i < out.len; i++)
			ASSERT(memory[i] >= ' ' && memory[i] <= '~');
		return 0;
	}
	ASSERT(out.len == 0 && card_format_check(&format, &out));
	card_format_print_line(&format, &out);
	ASSERT(!out.overflow && card_format_parse(&again, buf_span(&out), &out));
	ASSERT(memcmp(&again, &format, sizeof(again)) == 0);
	check_card(&format, span_slice(text, end + 1, size));
	card_format_remarks(&format, &out);
	card_format_print_yaml(&format, &out);
	ASSERT(!out.overflow);
	return 0;
}
