// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/span.h"
#include "base/text.h"
#include "base/utf8.h"

static void a_text_that_does_not_fit_changes_nothing(void **state UNUSED)
{
	struct text16 text = {0};

	assert_true(text_set(&text, SPAN_LIT("0123456789abcdef")));
	assert_false(text_set(&text, SPAN_LIT("0123456789abcdefg")));
	assert_true(text_is(&text, SPAN_LIT("0123456789abcdef")));
	assert_true(text_set(&text, SPAN_LIT("ab")));
	for (size_t i = 2; i < sizeof(text.bytes); i++)
		assert_int_equal(text.bytes[i], 0);
}

static void a_buf_stops_at_its_limit_and_says_so(void **state UNUSED)
{
	char memory[8];
	struct buf buf = buf_over(memory, sizeof(memory));

	buf_add_u64(&buf, 12345678);
	assert_false(buf.overflow);
	buf_add_byte(&buf, 'x');
	assert_true(buf.overflow);
	buf_add_string(&buf, "");
	assert_true(buf.overflow);
	assert_true(span_equal(buf_span(&buf), SPAN_LIT("12345678")));
}

static void numbers_are_written_in_full(void **state UNUSED)
{
	char memory[128];
	struct buf buf = buf_over(memory, sizeof(memory));

	buf_add_i64(&buf, INT64_MIN);
	buf_add_byte(&buf, ' ');
	buf_add_u64(&buf, UINT64_MAX);
	buf_add_byte(&buf, ' ');
	buf_add_padded(&buf, 7, 2);
	buf_add_padded(&buf, 2026, 2);
	buf_add_hex(&buf, "\x00\xff\x1a", 3);
	assert_true(span_equal(buf_span(&buf),
		SPAN_LIT("-9223372036854775808 18446744073709551615 07202600ff1a")));
}

static void parts_are_cut_like_fields(void **state UNUSED)
{
	struct span rest = SPAN_LIT("a,,b,");
	struct span part;
	const char *expected[] = {"a", "", "b", ""};
	size_t count = 0;

	while (span_next(&rest, ',', &part)) {
		assert_true(count < 4);
		assert_true(span_equal(part, span_from_string(expected[count++])));
	}
	assert_int_equal(count, 4);
}

static void letters_compare_without_case_other_bytes_exactly(void **state UNUSED)
{
	assert_true(span_equal_nocase(SPAN_LIT("CardNo[0]"), SPAN_LIT("cardno[0]")));
	assert_false(span_equal_nocase(SPAN_LIT("a@"), SPAN_LIT("a`")));
	assert_false(span_equal_nocase(SPAN_LIT("\xc3\x84"), SPAN_LIT("\xc3\xa4")));
	assert_true(span_starts_with_nocase(SPAN_LIT("DIGEST x"), SPAN_LIT("digest ")));
	assert_false(span_starts_with(SPAN_LIT("Dig"), SPAN_LIT("Digest")));
	assert_true(span_equal(span_trim(SPAN_LIT(" \t a b \t")), SPAN_LIT("a b")));
	assert_int_equal(span_slice(SPAN_LIT("abc"), 5, 2).len, 0);
}

static void secrets_compare_over_their_whole_length(void **state UNUSED)
{
	assert_true(bytes_equal_secret("abcd", "abcd", 4));
	assert_false(bytes_equal_secret("abcd", "abce", 4));
	assert_false(bytes_equal_secret("xbcd", "abcd", 4));
	assert_true(bytes_equal_secret("a", "b", 0));
}

static void utf8_is_judged_by_rfc_3629(void **state UNUSED)
{
	static const struct {
		struct span text;
		bool good;
		size_t characters;
	} rows[] = {
		{SPAN_LIT(""), true, 0}, {SPAN_LIT("Zhang San"), true, 9},
		{SPAN_LIT("\xc3\x85ngstr\xc3\xb6m"), true, 8},
		{SPAN_LIT("\xe5\xbc\xa0\xe4\xb8\x89"), true, 2},
		{SPAN_LIT("\xf0\x9f\x9a\xaa"), true, 1}, {SPAN_LIT("\xf4\x8f\xbf\xbf"), true, 1},
		{SPAN_LIT("\xf4\x90\x80\x80"), false, 0}, /* above U+10FFFF */
		{SPAN_LIT("\xc0\xaf"), false, 0}, /* overlong */
		{SPAN_LIT("\xe0\x80\xaf"), false, 0}, /* overlong */
		{SPAN_LIT("\xf0\x80\x80\xaf"), false, 0}, /* overlong */
		{SPAN_LIT("\xed\xa0\x80"), false, 0}, /* surrogate */
		{SPAN_LIT("\xe5\xbc"), false, 0}, /* cut */
		{SPAN_LIT("\x80"), false, 0}, /* continuation alone */
		{SPAN_LIT("\xff"), false, 0}, {SPAN_LIT("a\nb"), false, 0},
		{SPAN_LIT("a\0b"), false, 0}, {SPAN_LIT("\x7f"), false, 0},
		{SPAN_LIT("\xc2\x85"), false, 0}, /* U+0085 */
		{SPAN_LIT("\xe2\x80\xa8"), false, 0}, /* U+2028 */
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t characters = 99;

		assert_int_equal(utf8_printable(rows[i].text, &characters), rows[i].good);
		if (rows[i].good)
			assert_int_equal(characters, rows[i].characters);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_that_does_not_fit_changes_nothing),
		cmocka_unit_test(a_buf_stops_at_its_limit_and_says_so),
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(parts_are_cut_like_fields),
		cmocka_unit_test(letters_compare_without_case_other_bytes_exactly),
		cmocka_unit_test(secrets_compare_over_their_whole_length),
		cmocka_unit_test(utf8_is_judged_by_rfc_3629),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
