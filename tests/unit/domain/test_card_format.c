// SPDX-License-Identifier: Apache-2.0
/* The engine: the worked examples bit by bit, what checks catch, orders, filters, numbers. */
#include "base/compiler.h"
#include "domain/card_format.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct example {
	const char *format;
	struct card_fields fields;
	const char *bits;
	const char *left_hex; /* left-justified, as OSDP carries it */
	const char *right_hex; /* right-justified, as panels print it */
	unsigned flips_caught;
} examples[] = {
	{"H10301", {.facility = 123, .card = 45678}, "10111101110110010011011101", "BDD93740",
		"2F764DD", 26},
	{"H10301", {.facility = 1, .card = 1}, "10000000100000000000000010", "80800080", "2020002",
		26},
	{"H10301", {.facility = 255, .card = 65535}, "01111111111111111111111111", "7FFFFFC0",
		"1FFFFFF", 26},
	{"W24", {.facility = 123, .card = 45678}, "011110111011001001101110", "7BB26E", "7BB26E",
		0},
	{"W26-24", {.card = 13900673}, "11101010000011011100000010", "EA0DC080", "3A83702", 26},
	{"Kastle32", {.facility = 77, .card = 12345, .issue = 3},
		"11000110100110100110000001110010", "C69A6072", "C69A6072", 32},
	{"W32-raw", {.card = 439041101}, "00011010001010110011110001001101", "1A2B3C4D", "1A2B3C4D",
		0},
	{"D10202", {.facility = 100, .card = 1234567}, "011001000001001011010110100001110",
		"6412D68700", "0C825AD0E", 33},
	{"H10306", {.facility = 4660, .card = 22136}, "1000100100011010001010110011110001",
		"891A2B3C40", "22468ACF1", 34},
	{"W34-32", {.card = 2312379265}, "1100010011101010000011011100000011", "C4EA0DC0C0",
		"313A83703", 34},
	{"W34-32", {.card = 305419896}, "1000100100011010001010110011110001", "891A2B3C40",
		"22468ACF1", 34},
	{"W34-32", {.card = 2018915346}, "0011110000101011000110100000100100", "3C2B1A0900",
		"0F0AC6824", 34},
	{"W34-BQT", {.facility = 18, .card = 3430008}, "1000100100011010001010110011110001",
		"891A2B3C40", "22468ACF1", 34},
	{"C1000-35", {.facility = 1234, .card = 567890}, "11010011010010100010101010010100100",
		"D34A2A9480", "69A5154A4", 35},
	{"C15001", {.facility = 12, .card = 3456, .oem = 900},
		"011100001000000110000001101100000001", "708181B010", "708181B01", 36},
	{"H10302", {.card = 12345678901}, "1010110111111101110000011100001101010", "ADFDC1C350",
		"15BFB8386A", 37},
	{"H10304", {.facility = 1000, .card = 123456}, "0000000111110100000111100010010000001",
		"01F41E2408", "003E83C481", 37},
	{"P10001", {.facility = 291, .card = 17767}, "1111000100100011010001010110011111110000",
		"F1234567F0", "F1234567F0", 40},
	{"W40-raw", {.card = 4296436279}, "0000000100000000000101100110101000110111", "0100166A37",
		"0100166A37", 0},
	{"W42", {.card = 4296436279}, "000000001000000000001011001101010001101110", "00800B351B80",
		"002002CD46E", 42},
	{"W44-xor", {.card = 1659075, .oem = 1}, "00000001000000000001100101010000110000110011",
		"01001950C330", "01001950C33", 44},
	{"C1000-48", {.facility = 1000000, .card = 4000000},
		"000011110100001001000000011110100001001000000001", "0F42407A1201", "0F42407A1201",
		48},
	{"W50", {.facility = 4660, .card = 2309737967},
		"00001001000110100100010011010101111001101111011110", "091A44D5E6F780",
		"0246913579BDE", 50},
	{"W58", {.card = 1303689068602870},
		"0000001001010000110110010110000111101010011100101111101100", "0250D961EA72FB00",
		"009436587A9CBEC", 58},
	{"W64-raw", {.card = 81985529216486895},
		"0000000100100011010001010110011110001001101010111100110111101111",
		"0123456789ABCDEF", "0123456789ABCDEF", 0},
	{"W66", {.card = 81985529216486895},
		"000000001001000110100010101100111100010011010101111001101111011111",
		"0091A2B3C4D5E6F7C0", "002468ACF13579BDF", 66},
};

_Static_assert(ARRAY_COUNT(examples) == 26, "all of them");

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

static void assert_fields(const struct card_fields *got, const struct card_fields *want)
{
	assert_true(got->card == want->card);
	assert_true(got->facility == want->facility);
	assert_true(got->issue == want->issue);
	assert_true(got->oem == want->oem);
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
		assert_fields(&fields, &e->fields);
	}
}

/* Digit `digit` of the bits from bit `from` on, which may be before the first: zeros in front. */
static char hex_digit(const struct card_bits *bits, int from, unsigned digit)
{
	unsigned nibble = 0;

	for (int i = 0; i < 4; i++) {
		int at = from + 4 * (int)digit + i;

		nibble = nibble << 1 |
			 (at >= 0 && at < bits->count && card_bits_get(bits, (unsigned)at));
	}
	return "0123456789ABCDEF"[nibble];
}

static void worked_examples_encode_bit_exactly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
		const struct example *e = &examples[i];
		struct card_bits want = bits_from_text(e->bits);
		struct card_bits got;
		int right = (int)strlen(e->bits) - 4 * (int)strlen(e->right_hex);

		assert_int_equal(card_format_encode(format_named(e->format), &e->fields, &got),
			CARD_FORMAT_OK);
		assert_int_equal(got.count, strlen(e->bits));
		assert_memory_equal(got.bytes, want.bytes, sizeof(got.bytes));
		assert_in_range(4 * strlen(e->left_hex), got.count, got.count + 7);
		for (unsigned digit = 0; e->left_hex[digit] != '\0'; digit++)
			assert_int_equal(hex_digit(&got, 0, digit), e->left_hex[digit]);
		assert_in_range(-right, 0, 7);
		for (unsigned digit = 0; e->right_hex[digit] != '\0'; digit++)
			assert_int_equal(hex_digit(&got, right, digit), e->right_hex[digit]);
	}
}

static void every_single_bit_error_is_caught_where_the_format_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
		const struct example *e = &examples[i];
		unsigned caught = 0;

		for (unsigned at = 0; at < strlen(e->bits); at++) {
			struct card_bits bits = bits_from_text(e->bits);
			const struct card_fields before = {77, 88, 99, 111};
			struct card_fields fields = before;

			card_bits_put(&bits, at, !card_bits_get(&bits, at));
			if (card_format_decode(format_named(e->format), &bits, &fields) ==
				CARD_FORMAT_OK)
				continue;
			caught++;
			assert_fields(&fields, &before); /* a refusal writes nothing */
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

static void frames_of_23_and_67_bits_fit_no_format(void **state)
{
	(void)state;
	static const unsigned counts[] = {0, 1, 23, 67, 68, CARD_BITS_MAX};

	for (unsigned index = 0; card_format_at(index) != NULL; index++) {
		for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
			struct card_bits bits = {.count = (uint16_t)counts[i]};
			struct card_fields fields;

			assert_int_equal(card_format_decode(card_format_at(index), &bits, &fields),
				CARD_FORMAT_WRONG_LENGTH);
		}
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
		uint64_t issue;
		uint64_t oem;
	} cases[] = {
		{"W26", 255, 65535, CARD_FORMAT_OK},
		{"W26", 256, 65535, CARD_FORMAT_OUT_OF_RANGE},
		{"W26", 255, 65536, CARD_FORMAT_OUT_OF_RANGE},
		{"W34", 0, UINT32_MAX, CARD_FORMAT_OK},
		{"W34", 0, UINT64_C(1) << 32, CARD_FORMAT_OUT_OF_RANGE},
		{"W34", 1, 5, CARD_FORMAT_OUT_OF_RANGE}, /* no facility code in this format */
		{"W66", 0, UINT64_MAX, CARD_FORMAT_OK},
		{"W66", UINT64_MAX, 0, CARD_FORMAT_OUT_OF_RANGE},
		{"Kastle32", 255, 65535, CARD_FORMAT_OK, .issue = 31},
		{"Kastle32", 255, 65535, CARD_FORMAT_OUT_OF_RANGE, .issue = 32},
		{"Kastle32", 255, 65535, CARD_FORMAT_OUT_OF_RANGE, .oem = 1},
		{"C15001", 0, 0, CARD_FORMAT_OK, .oem = 1023},
		{"C15001", 0, 0, CARD_FORMAT_OUT_OF_RANGE, .oem = 1024},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct card_fields fields = {
			cases[i].card, cases[i].facility, cases[i].issue, cases[i].oem};
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
	assert_ptr_equal(format_named("N10002"), format_named("H10306"));
	assert_ptr_equal(format_named("kastle"), format_named("Kastle32"));
	assert_ptr_equal(format_named("ZK37a"), format_named("ZK37-interleaved"));
	assert_null(card_format_find(SPAN_LIT("W2")));
	assert_null(card_format_find(SPAN_LIT("W266")));
	assert_null(card_format_find((struct span){NULL, 0}));
}

static void the_list_ends_and_begins_with_the_default(void **state)
{
	(void)state;
	unsigned count = 0;
	unsigned aliases = 0;

	assert_true(text_is(&card_format_at(0)->name, SPAN_LIT("W34")));
	while (card_format_at(count) != NULL) {
		const struct card_format *format = card_format_at(count++);
		const char *alias;

		assert_ptr_equal(card_format_find(text_span(&format->name)), format);
		for (unsigned i = 0; (alias = card_format_alias(format, i)) != NULL; i++) {
			assert_ptr_equal(card_format_find(span_from_string(alias)), format);
			aliases++;
		}
	}
	assert_int_equal(count, 32);
	assert_int_equal(aliases, 7);
	assert_string_equal(card_format_alias(format_named("W26"), 0), "H10301");
	assert_null(card_format_at(count + 1));
	assert_null(card_format_at(UINT32_MAX));
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

static void a_number_goes_back_into_its_fields(void **state)
{
	(void)state;
	struct card_fields fields = {1, 2, 3, 4};

	assert_true(card_format_fields_of_number(format_named("W26"), 8106606, &fields));
	assert_fields(&fields, &(struct card_fields){.facility = 123, .card = 45678});
	assert_true(card_format_fields_of_number(format_named("W26"), 0xffffff, &fields));
	assert_fields(&fields, &(struct card_fields){.facility = 255, .card = 65535});
	assert_false(card_format_fields_of_number(format_named("W26"), 0x1000000, &fields));
	assert_false(card_format_fields_of_number(format_named("W34"), UINT64_C(1) << 32, &fields));
	assert_fields(&fields, &(struct card_fields){.facility = 255, .card = 65535});
	assert_true(card_format_fields_of_number(format_named("W66"), UINT64_MAX, &fields));
	assert_true(fields.card == UINT64_MAX && fields.facility == 0);
	assert_false(card_format_fields_of_number(format_named("H10302"), UINT64_MAX, &fields));
}

/* 305419896 is 12 34 56 78, 2018915346 is 78 56 34 12: one card, two ways to number it. */
static void byte_order_reads_the_other_number_of_the_same_bits(void **state)
{
	(void)state;
	struct card_format lsb = *format_named("W34-32");
	struct card_bits bits = bits_from_text("1000100100011010001010110011110001");
	struct card_fields fields;
	struct card_bits again;

	lsb.bytes_reversed = true;
	assert_int_equal(card_format_decode(&lsb, &bits, &fields), CARD_FORMAT_OK);
	assert_int_equal(fields.card, 2018915346);
	assert_int_equal(card_format_encode(&lsb, &fields, &again), CARD_FORMAT_OK);
	assert_memory_equal(again.bytes, bits.bytes, sizeof(bits.bytes));
	fields.card = 305419896;
	assert_int_equal(card_format_encode(&lsb, &fields, &again), CARD_FORMAT_OK);
	bits = bits_from_text("0011110000101011000110100000100100"); /* W34-32 2018915346 */
	assert_memory_equal(again.bytes, bits.bytes, sizeof(bits.bytes));
}

static void bit_order_reads_the_last_bit_as_the_most_significant(void **state)
{
	(void)state;
	struct card_format format = {.name = {4, "bits"}, .bits = 24, .card = {1, {{4, 16}}}};
	struct card_bits bits = bits_from_text("000010000000001111010000");
	struct card_fields fields;
	struct card_bits again;

	static const struct {
		bool bits_reversed, bytes_reversed;
		uint64_t card;
	} cases[] = {
		{false, false, 0x803d}, /* 1000 0000 0011 1101 */
		{true, false, 0xbc01}, /* 1011 1100 0000 0001 */
		{false, true, 0x3d80},
		{true, true, 0x01bc},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		format.bits_reversed = cases[i].bits_reversed;
		format.bytes_reversed = cases[i].bytes_reversed;
		assert_int_equal(card_format_decode(&format, &bits, &fields), CARD_FORMAT_OK);
		assert_int_equal(fields.card, cases[i].card);
		assert_int_equal(card_format_encode(&format, &fields, &again), CARD_FORMAT_OK);
		assert_memory_equal(again.bytes, bits.bytes, sizeof(bits.bytes));
	}
	format.bytes_reversed = true;
	fields.card = 0x10000; /* one bit too many, whatever the order */
	assert_int_equal(card_format_encode(&format, &fields, &again), CARD_FORMAT_OUT_OF_RANGE);
}

static void a_facility_filter_takes_its_codes_only(void **state)
{
	(void)state;
	struct card_format format = *format_named("W26");
	struct card_fields fields = {0};
	struct card_bits bits;

	format.facility_count = 2;
	format.facility_only[0] = 123;
	format.facility_only[1] = 0;
	for (uint64_t facility = 0; facility < 256; facility++) {
		fields = (struct card_fields){.facility = facility, .card = 45678};
		assert_int_equal(card_format_encode(&format, &fields, &bits), CARD_FORMAT_OK);
		fields = (struct card_fields){0};
		assert_int_equal(card_format_decode(&format, &bits, &fields),
			facility == 123 || facility == 0 ? CARD_FORMAT_OK
							 : CARD_FORMAT_WRONG_FACILITY);
		assert_int_equal(fields.card, 45678); /* told either way */
		assert_int_equal(fields.facility, facility);
	}
	bits = bits_from_text("10111101110110010011011100"); /* a wrong check goes first */
	assert_int_equal(card_format_decode(&format, &bits, &fields), CARD_FORMAT_WRONG_PARITY);
}

/* Written in another order, bit 0 would be made from a bit 34 that is not there yet. */
static void corporate_1000_writes_its_parity_bits_in_order(void **state)
{
	(void)state;
	static const char *const names[] = {"C1000-35", "C1000-48"};
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct card_format format = *format_named(names[i]);
		struct card_parity last = format.parity[2];

		assert_int_equal(last.bit, 0);
		assert_true(bit_set_has(&last.cover, 1));
		assert_true(bit_set_has(&last.cover, format.bits - 1u));
		memmove(&format.parity[1], &format.parity[0], 2 * sizeof(format.parity[0]));
		format.parity[0] = last;
		for (uint64_t card = 0; card < 256; card++) {
			struct card_fields fields = {.card = card, .facility = 77};
			struct card_bits bits;

			assert_int_equal(
				card_format_encode(&format, &fields, &bits), CARD_FORMAT_OK);
			wrong += card_format_decode(format_named(names[i]), &bits, &fields) !=
				 CARD_FORMAT_OK;
		}
	}
	assert_in_range(wrong, 200, 312); /* about every second */
}

static void results_have_sentences(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CARD_FORMAT_RESULT_COUNT; i++) {
		assert_non_null(card_format_result_sentence(i));
		for (unsigned other = 0; other < i; other++)
			assert_string_not_equal(
				card_format_result_sentence(i), card_format_result_sentence(other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples_decode_to_their_fields),
		cmocka_unit_test(worked_examples_encode_bit_exactly),
		cmocka_unit_test(every_single_bit_error_is_caught_where_the_format_can),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(frames_of_23_and_67_bits_fit_no_format),
		cmocka_unit_test(values_wider_than_their_field_are_refused),
		cmocka_unit_test(names_and_aliases_find_one_format),
		cmocka_unit_test(the_list_ends_and_begins_with_the_default),
		cmocka_unit_test(number_equals_the_frame_read_as_one_field),
		cmocka_unit_test(split_fields_are_joined_in_order),
		cmocka_unit_test(a_number_goes_back_into_its_fields),
		cmocka_unit_test(byte_order_reads_the_other_number_of_the_same_bits),
		cmocka_unit_test(bit_order_reads_the_last_bit_as_the_most_significant),
		cmocka_unit_test(a_facility_filter_takes_its_codes_only),
		cmocka_unit_test(corporate_1000_writes_its_parity_bits_in_order),
		cmocka_unit_test(results_have_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
