// SPDX-License-Identifier: Apache-2.0
/* key=value bodies: replies as the paper prints them and as devices send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/keyvalue.h"

static char memory[4096];

static void assert_span(struct span s, const char *wanted)
{
	if (!span_equal(s, span_from_string(wanted)))
		fail_msg("\"%.*s\" is not \"%s\"", (int)s.len, s.data, wanted);
}

static struct buf fresh(void)
{
	return buf_over(memory, sizeof(memory));
}

static void assert_next(struct span *rest, const char *key, const char *value)
{
	struct keyvalue_line line;

	assert_true(keyvalue_next(rest, &line));
	assert_span(line.key, key);
	assert_span(line.value, value);
}

static void assert_end(struct span *rest)
{
	struct keyvalue_line line;

	assert_false(keyvalue_next(rest, &line));
}

static void test_writer_prints_crlf_lines(void **state)
{
	struct buf out = fresh();

	(void)state;
	keyvalue_u64(&out, "RecNo", 12345);
	keyvalue_i64(&out, "Offset", -7);
	keyvalue_bool(&out, "IsValid", true);
	keyvalue_bool(&out, "FirstEnter", false);
	keyvalue_text(&out, "CardName", SPAN_LIT("a=b c"));
	keyvalue_text(&out, "CardNo", (struct span){NULL, 0});
	keyvalue_row_text(&out, SPAN_LIT("records[12]."), "CardNo", SPAN_LIT("0012"));
	keyvalue_row_text(&out, SPAN_LIT(""), "Type", SPAN_LIT("Entry"));
	assert_span(buf_span(&out),
		"RecNo=12345\r\nOffset=-7\r\nIsValid=true\r\nFirstEnter=false\r\n"
		"CardName=a=b c\r\nCardNo=\r\nrecords[12].CardNo=0012\r\n"
		"Type=Entry\r\n");
}

static void test_a_value_cannot_begin_a_line_of_its_own(void **state)
{
	struct buf out = fresh();

	(void)state;
	keyvalue_text(&out, "CardName", SPAN_LIT("a\r\n--b\nStatus=1\x7f\t\xc3\xa9"));
	assert_span(buf_span(&out), "CardName=a?"
				    "?--b?Status=1?"
				    "?\xc3\xa9\r\n");
}

static void test_crlf_lf_and_no_last_line_end_read_the_same(void **state)
{
	static const char *const bodies[] = {
		"found=1\r\nrecords[0].CardNo=\r\nrecords[0].UserID=7\r\n",
		"found=1\nrecords[0].CardNo=\nrecords[0].UserID=7\n",
		"found=1\r\nrecords[0].CardNo=\r\nrecords[0].UserID=7",
		"\r\nfound= 1\n\n\r\nrecords[0].CardNo=  \r\nrecords[0].UserID=\t7\r\n\r\n",
		" found = 1\r\r\nrecords[0].CardNo =\nrecords[0].UserID=7\n\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct span rest = span_from_string(bodies[i]);

		assert_next(&rest, "found", "1");
		assert_next(&rest, "records[0].CardNo", "");
		assert_next(&rest, "records[0].UserID", "7");
		assert_end(&rest);
	}
}

static void test_lines_without_a_key_are_all_value(void **state)
{
	struct span rest = SPAN_LIT("Error\r\nBad Request!\r\n=x\nOK");

	(void)state;
	assert_next(&rest, "", "Error");
	assert_next(&rest, "", "Bad Request!");
	assert_next(&rest, "", "=x");
	assert_next(&rest, "", "OK");
	assert_end(&rest);
	rest = SPAN_LIT("");
	assert_end(&rest);
	rest = SPAN_LIT("\r\n\r\n");
	assert_end(&rest);
}

static void test_everything_behind_the_first_equals_is_the_value(void **state)
{
	struct span rest = SPAN_LIT("version=1.0,build:2021-08-23\nx==a=b ;c\n");

	(void)state;
	assert_next(&rest, "version", "1.0,build:2021-08-23");
	assert_next(&rest, "x", "=a=b ;c");
	assert_end(&rest);
}

static void test_one_user_of_a_device(void **state)
{
	static const char body[] =
		"found=1\r\nrecords[0].CardName=WRITETEST\r\nrecords[0].CardNo=TEST0001\r\n"
		"records[0].CardStatus=0\r\nrecords[0].CardType=0\r\nrecords[0].CitizenIDNo=\r\n"
		"records[0].Doors[0]=0\r\nrecords[0].DynamicCheckCode=\r\n"
		"records[0].FirstEnter=false\r\nrecords[0].Handicap=false\r\n"
		"records[0].IsValid=true\r\nrecords[0].Password=\r\nrecords[0].RecNo=13012\r\n"
		"records[0].RepeatEnterRouteTimeout=4294967295\r\nrecords[0].TimeSections[0]=0\r\n"
		"records[0].UseTime=200\r\nrecords[0].UserID=TEST0001\r\nrecords[0].UserType=0\r\n"
		"records[0].VTOPosition=\r\nrecords[0].ValidDateEnd=2027-08-11 23:59:59\r\n"
		"records[0].ValidDateStart=2026-08-11 00:00:00\r\n";
	const struct span wanted[] = {SPAN_LIT("Doors[0]"), SPAN_LIT("ValidDateEnd")};
	struct span rest = span_from_string(body);
	struct keyvalue_line line;
	unsigned lines = 0;
	unsigned seen = 0;

	(void)state;
	assert_int_equal(sizeof(body) - 1, 590); /* as the device announces it */
	assert_next(&rest, "found", "1");
	while (keyvalue_next(&rest, &line)) {
		struct span table;
		struct span field;
		uint32_t row = 9;

		assert_true(keyvalue_row_key(line.key, &table, &row, &field));
		assert_span(table, "records");
		assert_int_equal(row, 0);
		lines++;
		seen += span_equal(field, wanted[0]) && span_equal(line.value, SPAN_LIT("0"));
		seen += span_equal(field, wanted[1]) &&
			span_equal(line.value, SPAN_LIT("2027-08-11 23:59:59"));
	}
	assert_int_equal(lines, 20);
	assert_int_equal(seen, 2);
}

static void test_sizes_of_old_and_new_devices(void **state)
{
	struct span rest = SPAN_LIT("Size=9801\r\n");

	(void)state;
	assert_next(&rest, "Size", "9801");
	assert_end(&rest);
	rest = SPAN_LIT("Size=3\ncount=3");
	assert_next(&rest, "Size", "3");
	assert_next(&rest, "count", "3");
	assert_end(&rest);
}

static void test_two_records_of_a_device_where_one_lacks_values(void **state)
{
	struct span rest = SPAN_LIT("found=2\r\nrecords[0].CardName=Ivanova A\r\n"
				    "records[0].CreateTime=1789554842\r\nrecords[0].UserID=108\r\n"
				    "records[1].CardName=\r\nrecords[1].CreateTime=1789554945\r\n"
				    "records[1].UserID=\r\n");

	(void)state;
	assert_next(&rest, "found", "2");
	assert_next(&rest, "records[0].CardName", "Ivanova A");
	assert_next(&rest, "records[0].CreateTime", "1789554842");
	assert_next(&rest, "records[0].UserID", "108");
	assert_next(&rest, "records[1].CardName", "");
	assert_next(&rest, "records[1].CreateTime", "1789554945");
	assert_next(&rest, "records[1].UserID", "");
	assert_end(&rest);
}

/* The paper's reply: blanks behind totalCount, other order of keys, no line end after the dots. */
static void test_printed_reply_with_total_count(void **state)
{
	struct span rest = SPAN_LIT(
		"totalCount=1000                                                                   "
		"\n"
		"found=100\nrecords[0].RecNo=12345\nrecords[0].CreateTime=123456789\n"
		"records[0].CardNo=12001\nrecords[0].CardName=ZhangSan\nrecords[0].UserID="
		"ZhangSan\n"
		"records[0].Type=Entry\nrecords[0].Method=1\nrecords[1].RecNo=13579\n\xe2\x80\xa6");

	(void)state;
	struct keyvalue_line line;

	assert_true(keyvalue_next(&rest, &line));
	assert_span(line.key, "totalCount");
	assert_span(span_trim(line.value), "1000");
	assert_next(&rest, "found", "100");
	assert_next(&rest, "records[0].RecNo", "12345");
	assert_next(&rest, "records[0].CreateTime", "123456789");
	assert_next(&rest, "records[0].CardNo", "12001");
	assert_next(&rest, "records[0].CardName", "ZhangSan");
	assert_next(&rest, "records[0].UserID", "ZhangSan");
	assert_next(&rest, "records[0].Type", "Entry");
	assert_next(&rest, "records[0].Method", "1");
	assert_next(&rest, "records[1].RecNo", "13579");
	assert_next(&rest, "", "\xe2\x80\xa6");
	assert_end(&rest);
}

static void test_printed_event_and_printed_insert(void **state)
{
	struct span rest =
		SPAN_LIT("Events[0].Code=TrafficJunction\r\nEvents[0].Data.PTS= 42949485818.0\r\n"
			 "Events[0].TrafficCar.PlateNumber=Z A12345\r\n");

	(void)state;
	assert_next(&rest, "Events[0].Code", "TrafficJunction");
	assert_next(&rest, "Events[0].Data.PTS", "42949485818.0");
	assert_next(&rest, "Events[0].TrafficCar.PlateNumber", "Z A12345");
	assert_end(&rest);
	rest = SPAN_LIT("RecNo=12345");
	assert_next(&rest, "RecNo", "12345");
	assert_end(&rest);
}

static void test_row_keys(void **state)
{
	struct span table;
	struct span field;
	uint32_t row;

	(void)state;
	assert_true(keyvalue_row_key(SPAN_LIT("Records[12].CardNo"), &table, &row, &field));
	assert_span(table, "Records");
	assert_int_equal(row, 12);
	assert_span(field, "CardNo");
	assert_true(
		keyvalue_row_key(SPAN_LIT("records[4294967295].Doors[3]"), &table, &row, &field));
	assert_int_equal(row, UINT32_MAX);
	assert_span(field, "Doors[3]");
	assert_true(
		keyvalue_row_key(SPAN_LIT("table.AccessControl[0].Name"), &table, &row, &field));
	assert_span(table, "table.AccessControl");

	static const char *const bad[] = {"", "found", "records[].CardNo", "records[x].CardNo",
		"records[-1].CardNo", "records[4294967296].CardNo", "records[0]CardNo",
		"records[0].", "records[0]", "[0].CardNo", "records]0[.CardNo", "records0].CardNo",
		"records[0.CardNo"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (keyvalue_row_key(span_from_string(bad[i]), &table, &row, &field))
			fail_msg("%s is taken for a row's key", bad[i]);
	}
}

static void test_both_forms_of_a_time(void **state)
{
	static const char *const same[] = {
		"20150302 030405", "2015-03-02 03:04:05", "2015-3-2 3:4:5", "2015-03-2 3:04:5"};
	struct civil got;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		got = (struct civil){.year = 1};
		assert_true(keyvalue_parse_time(span_from_string(same[i]), &got));
		assert_int_equal(got.year, 2015);
		assert_int_equal(got.month, 3);
		assert_int_equal(got.day, 2);
		assert_int_equal(got.hour, 3);
		assert_int_equal(got.minute, 4);
		assert_int_equal(got.second, 5);
	}
	assert_true(keyvalue_parse_time(SPAN_LIT("20240229 235959"), &got));
	assert_true(keyvalue_parse_time(SPAN_LIT("19700101 000000"), &got));
	assert_true(keyvalue_parse_time(SPAN_LIT("2099-12-31 23:59:59"), &got));
}

static void test_times_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = {"", " ", "20151022", "20151022 ", "20151022 09381",
		"20151022 0938111", "20151022093811", "20151022  093811", " 20151022 093811",
		"20151022 093811 ", "20151022+093811", "20151022T093811", "2015102 093811",
		"20151322 093811", "20150022 093811", "20151000 093811", "20151032 093811",
		"20150229 093811", "20150431 093811", "20151022 240000", "20151022 236000",
		"20151022 235960", "19691231 235959", "21000101 000000", "2015-10-22",
		"15-10-22 9:38:11", "2015-10-22 09:38", "2015-10-22 09:38:", "2015-10-22 09:38:111",
		"2015-010-22 09:38:11", "2015-02-30 09:38:11", "2015-10-22 24:00:00",
		"2015/10/22 09:38:11", "2015-10-22  09:38:11", "2015--1-22 09:38:11",
		"2015-10-22 -9:38:11", "2015-10-22 09:38:11Z", "0000-00-00 00:00:00",
		"99999-1-1 1:1:1", "yesterday"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct civil got = {.year = 4711};

		if (keyvalue_parse_time(span_from_string(bad[i]), &got) || got.year != 4711)
			fail_msg("%s is taken for a time", bad[i]);
	}
}

static void test_a_time_is_printed_with_dashes(void **state)
{
	struct buf out = fresh();
	struct civil time = {2026, 8, 1, 0, 5, 9};

	(void)state;
	keyvalue_add_time(&out, &time);
	assert_span(buf_span(&out), "2026-08-01 00:05:09");
}

static void test_bools(void **state)
{
	static const char *const yes[] = {"true", "True", "TRUE", "1"};
	static const char *const no[] = {"false", "False", "0"};
	static const char *const bad[] = {"", "yes", "2", "truee", "tru", " true", "01", "00"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		bool value = false;

		assert_true(keyvalue_parse_bool(span_from_string(yes[i]), &value));
		assert_true(value);
	}
	for (size_t i = 0; i < 3; i++) {
		bool value = true;

		assert_true(keyvalue_parse_bool(span_from_string(no[i]), &value));
		assert_false(value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool value;

		assert_false(keyvalue_parse_bool(span_from_string(bad[i]), &value));
	}
}

static void test_periods(void **state)
{
	static const struct {
		const char *text;
		const char *printed; /* NULL: refused */
	} cases[] = {
		{"1 08:00:00-18:00:00", "1 08:00:00-18:00:00"},
		{"0 00:00:00-00:00:00", "0 00:00:00-00:00:00"},
		{"1 0:0:0-24:00:00", "1 00:00:00-24:00:00"},
		{"255 07:30:15-23:59:59", "255 07:30:15-23:59:59"},
		{"256 07:30:15-23:59:59", NULL},
		{"1 18:00:00-08:00:00", NULL},
		{"1 08:00:00-24:00:01", NULL},
		{"1 08:60:00-18:00:00", NULL},
		{"1 08:00:60-18:00:00", NULL},
		{"1 08:00-18:00", NULL},
		{"08:00:00-18:00:00", NULL},
		{"1  08:00:00-18:00:00", NULL},
		{"1 08:00:00 18:00:00", NULL},
		{"1 08:00:00-18:00:00 ", NULL},
		{"-1 08:00:00-18:00:00", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct keyvalue_period period;
		struct buf out = fresh();
		bool good = keyvalue_parse_period(span_from_string(cases[i].text), &period);

		if (good != (cases[i].printed != NULL))
			fail_msg("%s: good %d", cases[i].text, good);
		if (!good)
			continue;
		keyvalue_add_period(&out, &period);
		assert_span(buf_span(&out), cases[i].printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer_prints_crlf_lines),
		cmocka_unit_test(test_a_value_cannot_begin_a_line_of_its_own),
		cmocka_unit_test(test_crlf_lf_and_no_last_line_end_read_the_same),
		cmocka_unit_test(test_lines_without_a_key_are_all_value),
		cmocka_unit_test(test_everything_behind_the_first_equals_is_the_value),
		cmocka_unit_test(test_one_user_of_a_device),
		cmocka_unit_test(test_sizes_of_old_and_new_devices),
		cmocka_unit_test(test_two_records_of_a_device_where_one_lacks_values),
		cmocka_unit_test(test_printed_reply_with_total_count),
		cmocka_unit_test(test_printed_event_and_printed_insert),
		cmocka_unit_test(test_row_keys),
		cmocka_unit_test(test_both_forms_of_a_time),
		cmocka_unit_test(test_times_that_do_not_exist_are_refused),
		cmocka_unit_test(test_a_time_is_printed_with_dashes),
		cmocka_unit_test(test_bools),
		cmocka_unit_test(test_periods),
	};

	return cmocka_run_group_tests_name("keyvalue", tests, NULL, NULL);
}
