// SPDX-License-Identifier: Apache-2.0
/* CSV: what RFC 4180 shows, what spreadsheets write, and what is refused where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/csv.h"

static struct csv csv;

static void begin(const char *text)
{
	csv_begin(&csv, span_from_string(text));
}

/* fields: "a|b"; no field of the tests holds a bar. */
static void assert_row(const char *fields)
{
	struct span rest = span_from_string(fields);

	assert_int_equal(csv_next(&csv), CSV_ROW);
	for (uint32_t i = 0; i < csv.field_count; i++) {
		struct span field = span_slice(rest, 0, span_find(rest, '|'));

		if (!span_equal(csv.field[i].text, field))
			fail_msg("field %u: \"%.*s\" is not \"%.*s\"", i,
				(int)csv.field[i].text.len, csv.field[i].text.data, (int)field.len,
				field.data);
		assert_int_equal(i + 1 == csv.field_count, field.len == rest.len);
		rest = span_slice(rest, field.len + 1, rest.len);
	}
}

static void assert_fault(enum csv_result result, uint32_t line, uint32_t column)
{
	assert_int_equal(csv_next(&csv), result);
	assert_int_equal(csv.fault.line, line);
	assert_int_equal(csv.fault.column, column);
	assert_non_null(csv_fault_text(result));
	assert_int_equal(csv_next(&csv), CSV_END);
}

static void test_rows_of_the_rfc(void **state)
{
	(void)state;
	begin("field_name,b\r\naaa,bbb\r\n\"zzz\",\"y\"\"y\"\r\n\"b\r\nbb\",\"c,c\"\n,\nlast, x ");
	assert_row("field_name|b");
	assert_row("aaa|bbb");
	assert_row("zzz|y\"y");
	assert_row("b\r\nbb|c,c");
	assert_row("|");
	assert_row("last| x ");
	assert_int_equal(csv_next(&csv), CSV_END);
	assert_int_equal(csv_next(&csv), CSV_END);
}

static void test_what_spreadsheets_write(void **state)
{
	(void)state;
	begin("\xef\xbb\xbf"
	      "user;card\n1;5,5\n\n\r\n2;\"6;6\"\n");
	assert_row("user|card");
	assert_row("1|5,5");
	assert_row("2|6;6");
	assert_int_equal(csv_next(&csv), CSV_END);
	begin("\"a;b\"\tc\nd;e\tf");
	assert_row("a;b|c");
	assert_row("d;e|f");
	begin("one column\nanother; line");
	assert_row("one column");
	assert_row("another; line");
	begin("");
	assert_int_equal(csv_next(&csv), CSV_END);
	begin("\n\n");
	assert_int_equal(csv_next(&csv), CSV_END);
	begin("\"\"");
	assert_row("");
	assert_int_equal(csv_next(&csv), CSV_END);
}

static void test_places_count_lines_and_characters(void **state)
{
	(void)state;
	begin("a,b\n\"x\ny\",\xc3\xa4\xe6\xbc\xa2,z\nw");
	assert_row("a|b");
	assert_int_equal(csv.field[1].at.line, 1);
	assert_int_equal(csv.field[1].at.column, 3);
	assert_row("x\ny|\xc3\xa4\xe6\xbc\xa2|z");
	assert_int_equal(csv.field[0].at.line, 2);
	assert_int_equal(csv.field[1].at.line, 3);
	assert_int_equal(csv.field[1].at.column, 4);
	assert_int_equal(csv.field[2].at.column, 7);
	assert_row("w");
	assert_int_equal(csv.field[0].at.line, 4);
}

static void test_faults_are_named_where_they_stand(void **state)
{
	(void)state;
	begin("a\nb\"c\nd");
	assert_row("a");
	assert_fault(CSV_STRAY_QUOTE, 2, 2);
	begin("a,\"b\"c\n");
	assert_fault(CSV_BEHIND_QUOTE, 1, 6);
	begin("a\nx,\"b\n\n\nc");
	assert_row("a");
	assert_fault(CSV_OPEN_QUOTE, 2, 3);
	begin("a\"");
	assert_fault(CSV_STRAY_QUOTE, 1, 2);
	begin("\"");
	assert_fault(CSV_OPEN_QUOTE, 1, 1);
	begin("ab\rc");
	assert_fault(CSV_CONTROL, 1, 3);
	begin("ab\r");
	assert_fault(CSV_CONTROL, 1, 3);
	csv_begin(&csv, SPAN_LIT("a,b\0c"));
	assert_fault(CSV_CONTROL, 1, 4);
	csv_begin(&csv, SPAN_LIT("a,\"b\0c\""));
	assert_fault(CSV_CONTROL, 1, 5);
}

static void test_a_row_is_bounded(void **state)
{
	static char text[CSV_ROW_MAX + 2];

	(void)state;
	memset(text, ',', sizeof(text));
	csv_begin(&csv, span_of(text, CSV_FIELDS_MAX - 1));
	assert_int_equal(csv_next(&csv), CSV_ROW);
	assert_int_equal(csv.field_count, CSV_FIELDS_MAX);
	csv_begin(&csv, span_of(text, CSV_FIELDS_MAX));
	assert_fault(CSV_TOO_MANY, 1, CSV_FIELDS_MAX + 1);
	memset(text, 'x', sizeof(text));
	csv_begin(&csv, span_of(text, CSV_ROW_MAX));
	assert_int_equal(csv_next(&csv), CSV_ROW);
	assert_int_equal(csv.field[0].text.len, CSV_ROW_MAX);
	csv_begin(&csv, span_of(text, CSV_ROW_MAX + 1));
	assert_fault(CSV_TOO_LONG, 1, CSV_ROW_MAX + 1);
	text[0] = '"';
	csv_begin(&csv, span_of(text, CSV_ROW_MAX + 2));
	assert_fault(CSV_TOO_LONG, 1, CSV_ROW_MAX + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_the_rfc),
		cmocka_unit_test(test_what_spreadsheets_write),
		cmocka_unit_test(test_places_count_lines_and_characters),
		cmocka_unit_test(test_faults_are_named_where_they_stand),
		cmocka_unit_test(test_a_row_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
