// SPDX-License-Identifier: Apache-2.0
/* The request target and form bodies: what decodes to what, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/query.h"

static char storage_memory[64 * 1024];
static struct buf storage;
static struct query query;

static enum query_result parse(const char *target)
{
	storage = buf_over(storage_memory, sizeof(storage_memory));
	return query_parse_target(span_from_string(target), &storage, &query);
}

static enum query_result parse_form(const char *body)
{
	return query_parse_form(span_from_string(body), &storage, &query);
}

static void assert_span(struct span s, const char *wanted)
{
	assert_int_equal(s.len, strlen(wanted));
	assert_memory_equal(s.data, wanted, s.len);
}

static void assert_pair(uint32_t at, const char *name, const char *value)
{
	assert_true(at < query.count);
	assert_span(query.parameter[at].name, name);
	assert_span(query.parameter[at].value, value);
}

static void test_target_is_cut_and_decoded(void **state)
{
	(void)state;
	assert_int_equal(parse("/cgi-bin/recordUpdater.cgi?action=insert&Doors[0]=1&Doors%5B1%5D=3"
			       "&ValidDateStart=20151022%20093811&CardName=%E5%BC%A0&x=%26%3d%3F"),
		QUERY_OK);
	assert_span(query.path, "/cgi-bin/recordUpdater.cgi");
	assert_int_equal(query.count, 6);
	assert_pair(0, "action", "insert");
	assert_pair(1, "Doors[0]", "1");
	assert_pair(2, "Doors[1]", "3");
	assert_pair(3, "ValidDateStart", "20151022 093811");
	assert_pair(4, "CardName", "\xe5\xbc\xa0");
	assert_pair(5, "x", "&=?");
}

static void test_a_bad_value_tells_whose_it_is(void **state)
{
	static const struct {
		const char *target;
		const char *name;
	} cases[] = {
		{"/a?b=1&CardName=a%0ab", "CardName"},
		{"/a?Doors%5B0%5D=%ff", "Doors[0]"},
		{"/a?b=%zz&c=%0a", "b"},
		{"/a?b=1&%00=2", ""},
		{"/a%00?b=1", ""},
		{"/a?=%00", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(parse(cases[i].target), QUERY_OK);
		assert_span(query.wrong, cases[i].name);
	}
	assert_int_equal(parse("/a?b=1"), QUERY_OK);
	assert_int_equal(query.wrong.len, 0);
	assert_int_equal(parse_form("UserID=7&VTOPosition=%07"), QUERY_BAD_BYTE);
	assert_span(query.wrong, "VTOPosition");
	assert_int_equal(query.count, 1);
}

static void test_pieces_may_be_empty(void **state)
{
	(void)state;
	assert_int_equal(parse("/a"), QUERY_OK);
	assert_int_equal(query.count, 0);
	assert_int_equal(parse("/a?"), QUERY_OK);
	assert_int_equal(query.count, 0);
	assert_int_equal(parse("/a?&&CardNo=&flag&=v&&"), QUERY_OK);
	assert_int_equal(query.count, 3);
	assert_pair(0, "CardNo", "");
	assert_pair(1, "flag", "");
	assert_pair(2, "", "v");
	assert_int_equal(parse("/a?k=a=b?c"), QUERY_OK);
	assert_pair(0, "k", "a=b?c");
}

static void test_plus_is_plus_in_a_target_and_a_blank_in_a_form(void **state)
{
	(void)state;
	assert_int_equal(parse("/a+b?k=a+b"), QUERY_OK);
	assert_span(query.path, "/a+b");
	assert_pair(0, "k", "a+b");
	assert_int_equal(parse_form("m=c+d%2Be&n+o=1"), QUERY_OK);
	assert_int_equal(query.count, 3);
	assert_pair(1, "m", "c d+e");
	assert_pair(2, "n o", "1");
}

static void test_form_leaves_out_a_last_line_end_and_takes_blanks(void **state)
{
	(void)state;
	assert_int_equal(parse("/a"), QUERY_OK);
	assert_int_equal(parse_form("ValidDateStart=20151022 093811&b=2\r\n"), QUERY_OK);
	assert_pair(0, "ValidDateStart", "20151022 093811");
	assert_pair(1, "b", "2");
	assert_int_equal(parse_form("\n"), QUERY_OK);
	assert_int_equal(parse_form(""), QUERY_OK);
	assert_int_equal(query.count, 2);
}

static void test_failed_form_leaves_the_query_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(parse("/a?k=1"), QUERY_OK);
	assert_int_equal(parse_form("good=1&bad=%0A"), QUERY_BAD_BYTE);
	assert_int_equal(query.count, 1);
	assert_pair(0, "k", "1");
}

static void test_bad_targets_are_refused(void **state)
{
	static const struct {
		const char *target;
		enum query_result wanted;
	} cases[] = {
		{"/a?k=%", QUERY_BAD_ESCAPE},
		{"/a?k=%2", QUERY_BAD_ESCAPE},
		{"/a?k=%2g", QUERY_BAD_ESCAPE},
		{"/a?k=%%41", QUERY_BAD_ESCAPE},
		{"/a%?k", QUERY_BAD_ESCAPE},
		{"/a?%x=1", QUERY_BAD_ESCAPE},
		{"/a?k=%00", QUERY_BAD_BYTE},
		{"/a%00b", QUERY_BAD_BYTE},
		{"/a?%00=1", QUERY_BAD_BYTE},
		{"/a?k=a%0d%0aX-Forged:1", QUERY_BAD_BYTE},
		{"/a?k=\x01", QUERY_BAD_BYTE},
		{"/a?k=%7f", QUERY_BAD_BYTE},
		{"/a?k=%c2%85", QUERY_BAD_BYTE},
		{"/a?k=%e2%80%a8", QUERY_BAD_BYTE},
		{"/a?k=%ff", QUERY_BAD_BYTE},
		{"/a?k=%c0%af", QUERY_BAD_BYTE},
		{"/a?k=%ed%a0%80", QUERY_BAD_BYTE},
		{"/a?k=a b", QUERY_BAD_BYTE},
		{"/a b", QUERY_BAD_BYTE},
		{"", QUERY_NOT_ORIGIN},
		{"*", QUERY_NOT_ORIGIN},
		{"a?k=1", QUERY_NOT_ORIGIN},
		{"192.168.1.108:80", QUERY_NOT_ORIGIN},
		{"http://192.168.1.108/cgi-bin/magicBox.cgi?action=getSerialNo", QUERY_NOT_ORIGIN},
		{"rtsp://192.168.1.108:554/cam/realmonitor?channel=1&subtype=1", QUERY_NOT_ORIGIN},
		{"/a?k=1#part", QUERY_NOT_ORIGIN},
		{"/a#?k=1", QUERY_NOT_ORIGIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(cases[i].target) != cases[i].wanted)
			fail_msg("%s gives %d, not %d", cases[i].target, parse(cases[i].target),
				cases[i].wanted);
	}
	/* A fragment's sign that is encoded is text. */
	assert_int_equal(parse("/a?k=%23"), QUERY_OK);
	assert_pair(0, "k", "#");
}

/* "/?" and count times "a&" */
static struct span many(uint32_t count)
{
	static char text[4 * QUERY_PARAMETERS_MAX];
	struct buf out = buf_over(text, sizeof(text));

	buf_add_string(&out, "/?");
	for (uint32_t i = 0; i < count; i++)
		buf_add_string(&out, "a&");
	assert_false(out.overflow);
	return buf_span(&out);
}

static void test_at_most_512_parameters(void **state)
{
	(void)state;
	storage = buf_over(storage_memory, sizeof(storage_memory));
	assert_int_equal(
		query_parse_target(many(QUERY_PARAMETERS_MAX), &storage, &query), QUERY_OK);
	assert_int_equal(query.count, QUERY_PARAMETERS_MAX);
	assert_int_equal(parse_form("one=more"), QUERY_TOO_MANY);
	assert_int_equal(query.count, QUERY_PARAMETERS_MAX);
	assert_int_equal(query_parse_target(many(QUERY_PARAMETERS_MAX + 1), &storage, &query),
		QUERY_TOO_MANY);
}

static void test_storage_as_long_as_the_target_is_enough_and_less_is_refused(void **state)
{
	struct span target = SPAN_LIT("/cgi?key=value");

	(void)state;
	storage = buf_over(storage_memory, target.len);
	assert_int_equal(query_parse_target(target, &storage, &query), QUERY_OK);
	storage = buf_over(storage_memory, 11);
	assert_int_equal(query_parse_target(target, &storage, &query), QUERY_NO_ROOM);
	storage = buf_over(storage_memory, 3);
	assert_int_equal(query_parse_target(target, &storage, &query), QUERY_NO_ROOM);
}

static void test_names_are_found_without_case_and_doubles_are_told(void **state)
{
	bool twice = true;

	(void)state;
	assert_int_equal(parse("/a?Channel=1&condition.CardNo=2&CHANNEL=3"), QUERY_OK);
	assert_ptr_equal(query_find(&query, "channel", &twice), &query.parameter[0]);
	assert_true(twice);
	assert_ptr_equal(query_find(&query, "Condition.cardno", &twice), &query.parameter[1]);
	assert_false(twice);
	assert_null(query_find(&query, "chann", &twice));
	assert_false(twice);
	assert_ptr_equal(query_find(&query, "channel", NULL), &query.parameter[0]);
}

static void test_subscripts(void **state)
{
	static const struct {
		const char *name;
		bool good;
		bool too_high;
		const char *base;
		uint32_t subscript;
	} cases[] = {
		{"Doors[0]", true, false, "Doors", 0},
		{"Doors[12]", true, false, "Doors", 12},
		{"Doors[127]", true, false, "Doors", 127},
		{"Doors[128]", false, true, NULL, 0},
		{"Doors[999999999]", false, true, NULL, 0},
		{"Doors[99999999999999999999999999]", false, true, NULL, 0},
		{"A[1][2]", true, false, "A[1]", 2},
		{"Doors", false, false, NULL, 0},
		{"Doors[]", false, false, NULL, 0},
		{"Doors[", false, false, NULL, 0},
		{"Doors]", false, false, NULL, 0},
		{"Doors[1", false, false, NULL, 0},
		{"Doors1]", false, false, NULL, 0},
		{"Doors[x]", false, false, NULL, 0},
		{"Doors[-1]", false, false, NULL, 0},
		{"Doors[+1]", false, false, NULL, 0},
		{"Doors[ 1]", false, false, NULL, 0},
		{"Doors[01]", false, false, NULL, 0},
		{"Doors[1]x", false, false, NULL, 0},
		{"[1]", false, false, NULL, 0},
		{"", false, false, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span base;
		uint32_t subscript = 7777;
		bool too_high = !cases[i].too_high;
		bool good = query_subscript(
			span_from_string(cases[i].name), 127, &base, &subscript, &too_high);

		if (good != cases[i].good || too_high != cases[i].too_high)
			fail_msg("%s: good %d, too high %d", cases[i].name, good, too_high);
		if (!good)
			continue;
		assert_span(base, cases[i].base);
		assert_int_equal(subscript, cases[i].subscript);
	}
}

static void test_encoding_leaves_brackets_and_unreserved_characters(void **state)
{
	char memory[256];
	struct buf out = buf_over(memory, sizeof(memory));

	(void)state;
	query_encode(&out, SPAN_LIT("Doors[0] aZ09-._~+&=%#/:,\n\xe5\xbc\xa0"));
	assert_span(buf_span(&out), "Doors[0]%20aZ09-._~%2B%26%3D%25%23%2F%3A%2C%0A%E5%BC%A0");
	out = buf_over(memory, sizeof(memory));
	query_encode(&out, (struct span){"\0", 1});
	assert_span(buf_span(&out), "%00");
}

static void test_every_byte_comes_back_from_its_encoding(void **state)
{
	char memory[8];

	(void)state;
	for (int byte = 0x20; byte < 0x7f; byte++) {
		char c = (char)byte;
		char target[16] = "/?k=";
		struct buf out = buf_over(memory, sizeof(memory));

		query_encode(&out, (struct span){&c, 1});
		memcpy(target + 4, out.data, out.len);
		target[4 + out.len] = '\0';
		assert_int_equal(parse(target), QUERY_OK);
		assert_int_equal(query.parameter[0].value.len, 1);
		assert_int_equal(query.parameter[0].value.data[0], c);
	}
}

static void test_every_result_has_its_own_words(void **state)
{
	(void)state;
	for (int i = QUERY_OK; i <= QUERY_NO_ROOM; i++) {
		const char *text = query_result_text((enum query_result)i);

		assert_true(strlen(text) > 10);
		for (int k = QUERY_OK; k < i; k++)
			assert_string_not_equal(text, query_result_text((enum query_result)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target_is_cut_and_decoded),
		cmocka_unit_test(test_a_bad_value_tells_whose_it_is),
		cmocka_unit_test(test_pieces_may_be_empty),
		cmocka_unit_test(test_plus_is_plus_in_a_target_and_a_blank_in_a_form),
		cmocka_unit_test(test_form_leaves_out_a_last_line_end_and_takes_blanks),
		cmocka_unit_test(test_failed_form_leaves_the_query_as_it_was),
		cmocka_unit_test(test_bad_targets_are_refused),
		cmocka_unit_test(test_at_most_512_parameters),
		cmocka_unit_test(test_storage_as_long_as_the_target_is_enough_and_less_is_refused),
		cmocka_unit_test(test_names_are_found_without_case_and_doubles_are_told),
		cmocka_unit_test(test_subscripts),
		cmocka_unit_test(test_encoding_leaves_brackets_and_unreserved_characters),
		cmocka_unit_test(test_every_byte_comes_back_from_its_encoding),
		cmocka_unit_test(test_every_result_has_its_own_words),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
