// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "base/number.h"

static void unsigned_numbers_are_strict(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} rows[] = {
		{"0", true, 0},
		{"007", true, 7},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"99999999999999999999999", false, 0},
		{"", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"0x10", false, 0},
		{"1e3", false, 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t value = 77;
		bool good = number_parse_u64(span_from_string(rows[i].text), UINT64_MAX, &value);

		assert_int_equal(good, rows[i].good);
		assert_true(value == (rows[i].good ? rows[i].value : 77));
	}
	uint64_t value = 77;

	assert_false(number_parse_u64(SPAN_LIT("256"), 255, &value));
	assert_true(number_parse_u64(SPAN_LIT("255"), 255, &value));
}

static void signed_numbers_keep_their_range(void **state UNUSED)
{
	int64_t value = 0;

	assert_true(number_parse_i64(SPAN_LIT("-5"), -5, 5, &value));
	assert_int_equal(value, -5);
	assert_false(number_parse_i64(SPAN_LIT("-6"), -5, 5, &value));
	assert_false(number_parse_i64(SPAN_LIT("6"), -5, 5, &value));
	assert_false(number_parse_i64(SPAN_LIT("-"), -5, 5, &value));
	assert_false(number_parse_i64(SPAN_LIT("--1"), -5, 5, &value));
	assert_true(number_parse_i64(SPAN_LIT("9223372036854775807"), 0, INT64_MAX, &value));
	assert_true(value == INT64_MAX);
}

static void hexadecimal_is_whole_or_refused(void **state UNUSED)
{
	uint8_t bytes[3] = {9, 9, 9};

	assert_true(hex_decode(SPAN_LIT("00fFa1"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xff\xa1", 3);
	assert_false(hex_decode(SPAN_LIT("00ffa"), bytes, 3));
	assert_false(hex_decode(SPAN_LIT("00ffag"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xff\xa1", 3);
}

static void bit_zero_is_the_first_received(void **state UNUSED)
{
	struct card_bits bits = {.count = 10};

	card_bits_put(&bits, 0, true);
	card_bits_put(&bits, 9, true);
	assert_int_equal(bits.bytes[0], 0x80);
	assert_int_equal(bits.bytes[1], 0x40);
	card_bits_put(&bits, 0, false);
	assert_false(card_bits_get(&bits, 0));
	assert_true(card_bits_get(&bits, 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_numbers_are_strict),
		cmocka_unit_test(signed_numbers_keep_their_range),
		cmocka_unit_test(hexadecimal_is_whole_or_refused),
		cmocka_unit_test(bit_zero_is_the_first_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
