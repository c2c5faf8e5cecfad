// SPDX-License-Identifier: Apache-2.0
/* The worked examples of the reference, bit by bit, and what parity catches. */
#include "base/compiler.h"
#include "domain/card_format.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct example {
	const char *format;
	uint64_t facility;
	uint64_t card;
	const char *bits;
	const char *left_hex; /* left-justified, as OSDP carries it */
	unsigned flips_caught;
} examples[] = {
	{"H10301", 123, 45678, "10111101110110010011011101", "BDD93740", 26},
	{"H10301", 1, 1, "10000000100000000000000010", "80800080", 26},
	{"H10301", 255, 65535, "01111111111111111111111111", "7FFFFFC0", 26},
	{"W24", 123, 45678, "011110111011001001101110", "7BB26E", 0},
	{"W26-24", 0, 13900673, "11101010000011011100000010", "EA0DC080", 26},
	{"W32-raw", 0, 439041101, "00011010001010110011110001001101", "1A2B3C4D", 0},
	{"H10306", 4660, 22136, "1000100100011010001010110011110001", "891A2B3C40", 34},
	{"W34-32", 0, 2312379265, "1100010011101010000011011100000011", "C4EA0DC0C0", 34},
	{"W34-32", 0, 305419896, "1000100100011010001010110011110001", "891A2B3C40", 34},
	{"W34-32", 0, 2018915346, "0011110000101011000110100000100100", "3C2B1A0900", 34},
	{"W34-BQT", 18, 3430008, "1000100100011010001010110011110001", "891A2B3C40", 34},
	{"C1000-35", 1234, 567890, "11010011010010100010101010010100100", "D34A2A9480", 35},
	{"H10302", 0, 12345678901, "1010110111111101110000011100001101010", "ADFDC1C350", 37},
	{"H10304", 1000, 123456, "0000000111110100000111100010010000001", "01F41E2408", 37},
	{"W66", 0, 81985529216486895,
		"000000001001000110100010101100111100010011010101111001101111011111",
		"0091A2B3C4D5E6F7C0", 66},
};

static struct card_bits bits_from_text(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static const struct card_format *format_named(const char *name)
{
	const struct card_format *format = card_format_find(span_from_string(name));

	assert_non_null(format);
	return format;
}

static void worked_examples_decode_to_their_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
		const struct example *e = &examples[i];
		struct card_bits bits = bits_from_text(e->bits);
		struct card_fields fields;

		assert_int_equal(card_format_decode(format_named(e->format), &bits, &fields),
			CARD_FORMAT_OK);
		assert_int_equal(fields.card, e->card);
		assert_int_equal(fields.facility, e->facility);
	}
}

static void worked_examples_encode_bit_exactly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
		const struct example *e = &examples[i];
		struct card_fields fields = {.card = e->card, .facility = e->facility};
		struct card_bits want = bits_from_text(e->bits);
		struct card_bits got;

		assert_int_equal(
			card_format_encode(format_named(e->format), &fields, &got), CARD_FORMAT_OK);
		assert_int_equal(got.count, strlen(e->bits));
		assert_memory_equal(got.bytes, want.bytes, sizeof(got.bytes));
		for (unsigned digit = 0; e->left_hex[digit] != '\0'; digit++) {
			unsigned nibble = got.bytes[digit / 2] >> (digit % 2 == 0 ? 4 : 0) & 15;

			assert_int_equal("0123456789ABCDEF"[nibble], e -> left_hex[digit]);
		}
	}
}

static void every_single_bit_error_is_caught_where_parity_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
		const struct example *e = &examples[i];
		unsigned caught = 0;

		for (unsigned at = 0; at < strlen(e->bits); at++) {
			struct card_bits bits = bits_from_text(e->bits);
			struct card_fields fields = {.card = 77, .facility = 88};

			card_bits_put(&bits, at, !card_bits_get(&bits, at));
			if (card_format_decode(format_named(e->format), &bits, &fields) ==
				CARD_FORMAT_WRONG_PARITY) {
				caught++;
				assert_int_equal(fields.card, 77); /* a refusal writes nothing */
				assert_int_equal(fields.facility, 88);
			}
		}
		assert_int_equal(caught, e->flips_caught);
	}
}

static void other_lengths_are_refused(void **state)
{
	(void)state;
	struct card_bits bits = bits_from_text("10111101110110010011011101");
	struct card_fields fields;

	for (unsigned count = 0; count <= CARD_BITS_MAX; count++) {
		bits.count = (uint16_t)count;
		assert_int_equal(card_format_decode(format_named("W26"), &bits, &fields),
			count == 26 ? CARD_FORMAT_OK : CARD_FORMAT_WRONG_LENGTH);
	}
}

static void values_wider_than_their_field_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *format;
		uint64_t facility;
		uint64_t card;
		enum card_format_result want;
	} cases[] = {
		{"W26", 255, 65535, CARD_FORMAT_OK},
		{"W26", 256, 65535, CARD_FORMAT_OUT_OF_RANGE},
		{"W26", 255, 65536, CARD_FORMAT_OUT_OF_RANGE},
		{"W34", 0, UINT32_MAX, CARD_FORMAT_OK},
		{"W34", 0, UINT64_C(1) << 32, CARD_FORMAT_OUT_OF_RANGE},
		{"W34", 1, 5, CARD_FORMAT_OUT_OF_RANGE}, /* no facility code in this format */
		{"W66", 0, UINT64_MAX, CARD_FORMAT_OK},
		{"W66", UINT64_MAX, 0, CARD_FORMAT_OUT_OF_RANGE},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct card_fields fields = {cases[i].card, cases[i].facility};
		struct card_bits bits = {.count = 99};

		assert_int_equal(card_format_encode(format_named(cases[i].format), &fields, &bits),
			cases[i].want);
		if (cases[i].want != CARD_FORMAT_OK)
			assert_int_equal(bits.count, 99);
	}
}

static void names_and_aliases_find_one_format(void **state)
{
	(void)state;
	assert_ptr_equal(format_named("W26"), format_named("H10301"));
	assert_ptr_equal(format_named("W34"), format_named("W34-32"));
	assert_ptr_equal(format_named("w34-bqt"), format_named("W34-BQT"));
	assert_ptr_not_equal(format_named("W34"), format_named("H10306"));
	assert_true(text_is(&format_named("h10301")->name, SPAN_LIT("W26")));
	assert_null(card_format_find(SPAN_LIT("W2")));
	assert_null(card_format_find(SPAN_LIT("W266")));
	assert_null(card_format_find((struct span){NULL, 0}));
}

static void the_list_ends_and_begins_with_the_default(void **state)
{
	(void)state;
	unsigned count = 0;

	assert_true(text_is(&card_format_at(0)->name, SPAN_LIT("W34")));
	while (card_format_at(count) != NULL) {
		const struct card_format *format = card_format_at(count++);

		assert_ptr_equal(card_format_find(text_span(&format->name)), format);
	}
	assert_in_range(count, 8, 64);
	assert_null(card_format_at(count + 1));
	assert_null(card_format_at(UINT32_MAX));
}

static void field_count_bits(const struct card_field *field, unsigned uses[CARD_BITS_MAX])
{
	for (unsigned i = 0; i < field->range_count; i++) {
		for (unsigned bit = 0; bit < field->range[i].len; bit++)
			uses[field->range[i].start + bit]++;
	}
}

static void every_bit_of_every_format_is_used_once(void **state)
{
	(void)state;
	for (unsigned index = 0; card_format_at(index) != NULL; index++) {
		const struct card_format *format = card_format_at(index);
		unsigned uses[CARD_BITS_MAX] = {0};

		assert_in_range(format->bits, CARD_FORMAT_BITS_MIN, CARD_FORMAT_BITS_MAX);
		field_count_bits(&format->card, uses);
		field_count_bits(&format->facility, uses);
		for (unsigned i = 0; i < format->parity_count; i++) {
			struct card_bits cover = {.count = CARD_BITS_MAX};

			uses[format->parity[i].bit]++;
			memcpy(cover.bytes, format->parity[i].cover.bytes, sizeof(cover.bytes));
			assert_false(card_bits_get(&cover, format->parity[i].bit));
			for (unsigned bit = format->bits; bit < CARD_BITS_MAX; bit++)
				assert_false(card_bits_get(&cover, bit));
		}
		for (unsigned bit = 0; bit < CARD_BITS_MAX; bit++)
			assert_int_equal(uses[bit], bit < format->bits ? 1 : 0);
	}
}

static void number_equals_the_frame_read_as_one_field(void **state)
{
	(void)state;
	struct card_bits bits = bits_from_text("10111101110110010011011101");
	struct card_fields two;
	struct card_fields one;

	assert_int_equal(card_format_decode(format_named("H10301"), &bits, &two), CARD_FORMAT_OK);
	assert_int_equal(card_format_decode(format_named("W26-24"), &bits, &one), CARD_FORMAT_OK);
	assert_int_equal(card_format_number(format_named("H10301"), &two), 8106606);
	assert_int_equal(card_format_number(format_named("W26-24"), &one), 8106606);

	bits = bits_from_text("1000100100011010001010110011110001");
	static const char *const same[] = {"W34", "H10306", "W34-BQT"};

	for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
		const struct card_format *format = format_named(same[i]);

		assert_int_equal(card_format_decode(format, &bits, &two), CARD_FORMAT_OK);
		assert_int_equal(card_format_number(format, &two), 0x12345678);
	}
	two = (struct card_fields){.card = UINT64_MAX};
	assert_true(card_format_number(format_named("W66"), &two) == UINT64_MAX);
}

static void split_fields_are_joined_in_order(void **state)
{
	(void)state;
	static const struct card_format split = {.name = {5, "split"},
		.bits = 24,
		.card = {.range_count = 2, .range = {{16, 8}, {0, 8}}},
		.facility = {.range_count = 2, .range = {{8, 2}, {10, 6}}}};
	struct card_fields fields = {.card = 0xa1b2, .facility = 0xc3};
	struct card_fields back;
	struct card_bits bits;

	assert_int_equal(card_format_encode(&split, &fields, &bits), CARD_FORMAT_OK);
	assert_memory_equal(bits.bytes, "\xb2\xc3\xa1", 3);
	assert_int_equal(card_format_decode(&split, &bits, &back), CARD_FORMAT_OK);
	assert_int_equal(back.card, 0xa1b2);
	assert_int_equal(back.facility, 0xc3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples_decode_to_their_fields),
		cmocka_unit_test(worked_examples_encode_bit_exactly),
		cmocka_unit_test(every_single_bit_error_is_caught_where_parity_can),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(values_wider_than_their_field_are_refused),
		cmocka_unit_test(names_and_aliases_find_one_format),
		cmocka_unit_test(the_list_ends_and_begins_with_the_default),
		cmocka_unit_test(every_bit_of_every_format_is_used_once),
		cmocka_unit_test(number_equals_the_frame_read_as_one_field),
		cmocka_unit_test(split_fields_are_joined_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
