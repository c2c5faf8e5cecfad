// SPDX-License-Identifier: Apache-2.0
/* What every format of a reader says to a frame, and which bit is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/frame_verdict.h"

#include <string.h>

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static struct frame_verdict verdict_of(const char *names, const char *text)
{
	const struct card_format *formats[FRAME_FORMATS_MAX];
	struct span rest = span_from_string(names);
	struct span name;
	unsigned count = 0;
	struct card_bits bits = bits_of(text);
	struct frame_verdict verdict;

	while (span_next(&rest, ' ', &name)) {
		formats[count] = card_format_find(name);
		assert_non_null(formats[count++]);
	}
	memset(&verdict, 0xee, sizeof(verdict));
	frame_verdict_make(formats, count, &bits, &verdict);
	assert_int_equal(verdict.count, count);
	return verdict;
}

/* H10301, facility 123, card 45678. */
#define W26 "10111101110110010011011101"
/* H10306 4660/22136, W34 305419896. */
#define W34 "1000100100011010001010110011110001"
/* C1000-35, facility 1234, card 567890. */
#define C1000 "11010011010010100010101010010100100"

static void the_first_format_that_fits_reads_it(void **state UNUSED)
{
	struct frame_verdict verdict = verdict_of("W34 W26 W26-24", W26);

	assert_int_equal(verdict.reads, 2);
	assert_int_equal(verdict.number, 123 << 16 | 45678);
	assert_false(verdict.turned);
	assert_int_equal(verdict.format[0].result, CARD_FORMAT_WRONG_LENGTH);
	assert_int_equal(verdict.format[0].bit, FRAME_BIT_NONE);
	assert_int_equal(verdict.format[1].result, CARD_FORMAT_OK);
	assert_int_equal(verdict.format[2].result, CARD_FORMAT_OK);
	verdict = verdict_of("H10306 W34", W34);
	assert_int_equal(verdict.reads, 1);
	assert_true(verdict.number == 305419896);
}

static void the_wrong_check_bit_is_named(void **state UNUSED)
{
	static const struct {
		const char *name;
		const char *bits;
		unsigned flip;
		uint8_t bit;
	} cases[] = {
		{"W26", W26, 0, 0},
		{"W26", W26, 12, 0},
		{"W26", W26, 13, 25},
		{"W26", W26, 25, 25},
		{"W34", W34, 16, 0},
		{"W34", W34, 17, 33},
		{"C1000-35", C1000, 0, 0}, /* in no other check */
		{"C1000-35", C1000, 3, 1}, /* the first in order */
		{"C1000-35", C1000, 4, 34},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char text[64];

		memcpy(text, cases[i].bits, strlen(cases[i].bits) + 1);
		text[cases[i].flip] = text[cases[i].flip] == '0' ? '1' : '0';
		struct frame_verdict verdict = verdict_of(cases[i].name, text);

		assert_int_equal(verdict.reads, 0);
		assert_int_equal(verdict.number, 0);
		assert_int_equal(verdict.format[0].result, CARD_FORMAT_WRONG_PARITY);
		assert_int_equal(verdict.format[0].bit, cases[i].bit);
		assert_false(verdict.turned);
	}
}

static void turned_bits_are_told_by_formats_with_checks_only(void **state UNUSED)
{
	char turned[64] = W26;

	for (unsigned i = 0; i < strlen(W26); i++)
		turned[i] = W26[i] == '0' ? '1' : '0';
	assert_true(verdict_of("W26", turned).turned);
	assert_true(verdict_of("W34 W26", turned).turned);
	assert_false(verdict_of("W34", turned).turned);
	/* As it was sent it fits: whatever the turned bits say. */
	assert_false(verdict_of("W26", W26).turned);
	for (unsigned i = 0; i < strlen(W34); i++)
		turned[i] = W34[i] == '0' ? '1' : '0';
	turned[strlen(W34)] = '\0';
	assert_true(verdict_of("W34", turned).turned);
	/* 32 raw bits fit anything of their length. */
	turned[32] = '\0';
	struct frame_verdict raw = verdict_of("W32-raw", turned);

	assert_int_equal(raw.reads, 1);
	assert_false(raw.turned);
}

static void other_checks_name_their_bit(void **state UNUSED)
{
	static const struct card_format format = {
		.name = {.len = 4, .bytes = "made"},
		.bits = 28,
		.card = {1, {{4, 16}}},
		.xor_count = 1,
		.xor_check = {{.at = 20, .width = 4, .over = {0, 20}}},
		.constant = {{0xf0}},
		.constant_value = {{0x80, 0, 0, 0}},
		.ignored = {{0, 0, 0, 0xf0}},
	};
	const struct card_format *formats[] = {&format};
	struct card_fields fields = {.card = 0xbeef};
	struct card_bits bits;
	struct frame_verdict verdict;

	assert_int_equal(card_format_encode(&format, &fields, &bits), CARD_FORMAT_OK);
	frame_verdict_make(formats, 1, &bits, &verdict);
	assert_int_equal(verdict.reads, 1);
	assert_true(verdict.number == 0xbeef);
	card_bits_put(&bits, 6, !card_bits_get(&bits, 6));
	frame_verdict_make(formats, 1, &bits, &verdict);
	assert_int_equal(verdict.format[0].result, CARD_FORMAT_WRONG_XOR);
	assert_int_equal(verdict.format[0].bit, 22);
	card_bits_put(&bits, 6, !card_bits_get(&bits, 6));
	card_bits_put(&bits, 0, false);
	card_bits_put(&bits, 20, !card_bits_get(&bits, 20));
	frame_verdict_make(formats, 1, &bits, &verdict);
	assert_int_equal(verdict.format[0].result, CARD_FORMAT_WRONG_CONSTANT);
	assert_int_equal(verdict.format[0].bit, 0);
}

static void a_frame_without_formats_says_nothing(void **state UNUSED)
{
	struct card_bits bits = bits_of(W26);
	struct frame_verdict verdict;

	frame_verdict_make(NULL, 0, &bits, &verdict);
	assert_int_equal(verdict.count, 0);
	assert_int_equal(verdict.reads, 0);
	assert_false(verdict.turned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_format_that_fits_reads_it),
		cmocka_unit_test(the_wrong_check_bit_is_named),
		cmocka_unit_test(turned_bits_are_told_by_formats_with_checks_only),
		cmocka_unit_test(other_checks_name_their_bit),
		cmocka_unit_test(a_frame_without_formats_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
