// SPDX-License-Identifier: Apache-2.0
/* Segments as text, parameter names of setConfig, and the change of a stored schedule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "schedule_text.h"

#include <string.h>

static char memory[16384];

static void segments_are_read_by_the_rules(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum schedule_text result;
		uint16_t from, to;
	} rows[] = {
		{"1 08:00:00-18:00:00", SCHEDULE_TEXT_ON, 480, 1080},
		{"1 08:00:00-17:59:59", SCHEDULE_TEXT_ON, 480, 1080},
		{"1 00:00:00-23:59:59", SCHEDULE_TEXT_ON, 0, 1440},
		{"1 00:00:00-24:00:00", SCHEDULE_TEXT_ON, 0, 1440},
		{"1 23:59:00-24:00:00", SCHEDULE_TEXT_ON, 1439, 1440},
		{"255 00:00:00-00:00:59", SCHEDULE_TEXT_ON, 0, 1},
		{" 1 08:00:00-18:00:00 ", SCHEDULE_TEXT_ON, 480, 1080},
		{"0 08:00:00-18:00:00", SCHEDULE_TEXT_OFF, 0, 0},
		{"0 00:00:00-00:00:00", SCHEDULE_TEXT_OFF, 0, 0},
		{"1 00:00:00-00:00:00", SCHEDULE_TEXT_OFF, 0, 0},
		{"1 08:00:01-18:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00:59-18:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00:00-18:00:30", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 18:00:00-08:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00:00-08:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00:00-24:00:01", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 24:00:00-24:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:60:00-18:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00-18:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"08:00:00-18:00:00", SCHEDULE_TEXT_BAD, 0, 0},
		{"1 08:00:00-18:00:00x", SCHEDULE_TEXT_BAD, 0, 0},
		{"", SCHEDULE_TEXT_BAD, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct schedule_interval interval = {0};
		enum schedule_text result =
			schedule_text_parse(span_from_string(rows[i].text), &interval);

		if (result != rows[i].result || interval.from_minute != rows[i].from ||
			interval.to_minute != rows[i].to)
			fail_msg("`%s`: %d %u-%u", rows[i].text, result, interval.from_minute,
				interval.to_minute);
	}
}

static void every_segment_that_is_printed_is_read_back(void **state UNUSED)
{
	for (unsigned from = 0; from < 1440; from += 7) {
		for (unsigned to = from + 1; to <= 1440; to += to % 1440 == 1439 ? 1 : 11) {
			struct schedule_interval in = {(uint16_t)from, (uint16_t)to};
			struct schedule_interval back = {0};
			struct buf out = buf_over(memory, sizeof(memory));

			schedule_text_print(&out, &in);
			assert_int_equal(
				schedule_text_parse(buf_span(&out), &back), SCHEDULE_TEXT_ON);
			assert_int_equal(back.from_minute, from);
			assert_int_equal(back.to_minute, to);
		}
	}
}

static void parameter_names_are_read_in_any_case(void **state UNUSED)
{
	static const struct {
		const char *name;
		bool good;
		struct schedule_key key;
	} rows[] = {
		{"AccessTimeSchedule[1].Name", true, {1, SCHEDULE_NAME, 0, 0}},
		{"accesstimeschedule[127].enable", true, {127, SCHEDULE_ENABLE, 0, 0}},
		{"AccessTimeSchedule[0].TimeSchedule[6][11]", true, {0, SCHEDULE_SEGMENT, 6, 11}},
		{"AccessTimeSchedule[128].Name", false, {0}},
		{"AccessTimeSchedule[0].TimeSchedule[7][0]", false, {0}},
		{"AccessTimeSchedule[0].TimeSchedule[0][12]", false, {0}},
		{"AccessTimeSchedule[0].TimeSchedule[0]", false, {0}},
		{"AccessTimeSchedule.Name", false, {0}},
		{"AccessTimeSchedule[0].Other", false, {0}},
		{"table.AccessTimeSchedule[0].Name", false, {0}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct schedule_key key = {0};

		if (schedule_key_parse(span_from_string(rows[i].name), &key) != rows[i].good)
			fail_msg("%s", rows[i].name);
		if (rows[i].good) {
			assert_int_equal(key.no, rows[i].key.no);
			assert_int_equal(key.field, rows[i].key.field);
			assert_int_equal(key.day, rows[i].key.day);
			assert_int_equal(key.segment, rows[i].key.segment);
		}
	}
}

static bool draft_set(struct schedule_draft *draft, const char *name, const char *value)
{
	struct schedule_key key;
	const char *error = NULL;

	assert_true(schedule_key_parse(span_from_string(name), &key));
	bool good = schedule_draft_set(draft, &key, span_from_string(value), &error);

	assert_true(good || error != NULL);
	return good;
}

static void a_draft_changes_places_then_puts_them_in_order(void **state UNUSED)
{
	struct schedule stored = {.no = 3, .defined = true, .enabled = true};
	struct schedule_draft draft;
	struct schedule out;

	stored.day[1].count = 2;
	stored.day[1].interval[0] = (struct schedule_interval){480, 600};
	stored.day[1].interval[1] = (struct schedule_interval){700, 800};
	schedule_draft_load(&draft, &stored);
	assert_true(draft_set(
		&draft, "AccessTimeSchedule[3].TimeSchedule[1][0]", "0 00:00:00-00:00:00"));
	assert_true(draft_set(
		&draft, "AccessTimeSchedule[3].TimeSchedule[1][5]", "1 01:00:00-02:00:00"));
	assert_true(draft_set(&draft, "AccessTimeSchedule[3].TimeSchedule[1][2]",
		"1 13:00:00-14:00:00")); /* overlaps 700-800 */
	schedule_draft_store(&draft, &out);
	assert_true(schedule_valid(&out));
	assert_int_equal(out.day[1].count, 2);
	assert_int_equal(out.day[1].interval[0].from_minute, 60);
	assert_int_equal(out.day[1].interval[1].from_minute, 700);
	assert_int_equal(out.day[1].interval[1].to_minute, 840);
}

static void bad_values_are_told_apart_from_good_ones(void **state UNUSED)
{
	struct schedule stored = {.no = 3};
	struct schedule_draft draft;
	struct schedule out;

	schedule_draft_load(&draft, &stored);
	assert_false(draft_set(&draft, "AccessTimeSchedule[3].Enable", "maybe"));
	assert_false(draft_set(&draft, "AccessTimeSchedule[3].Name", "a\nb"));
	assert_false(draft_set(
		&draft, "AccessTimeSchedule[3].Name", "123456789012345678901234567890123"));
	assert_true(draft_set(&draft, "AccessTimeSchedule[3].Name", "Office"));
	assert_false(draft_set(&draft, "AccessTimeSchedule[3].TimeSchedule[0][0]", "always"));
	schedule_draft_store(&draft, &out);
	assert_true(out.defined);
	assert_false(out.enabled); /* nobody switched it on */
	assert_true(text_is(&out.name, SPAN_LIT("Office")));
}

static void lines_show_four_segments_or_as_many_as_there_are(void **state UNUSED)
{
	struct schedule schedule = {.no = 5, .defined = true, .enabled = true};
	struct buf out = buf_over(memory, sizeof(memory) - 1);

	(void)text_set(&schedule.name, SPAN_LIT("Office"));
	schedule.day[6].count = 5;
	for (uint16_t i = 0; i < 5; i++)
		schedule.day[6].interval[i] =
			(struct schedule_interval){(uint16_t)(i * 100), (uint16_t)(i * 100 + 50)};
	schedule_text_lines(&out, &schedule);
	memory[out.len] = '\0';
	assert_memory_equal(memory,
		"table.AccessTimeSchedule[5].Enable=true\r\n"
		"table.AccessTimeSchedule[5].Name=Office\r\n"
		"table.AccessTimeSchedule[5].TimeSchedule[0][0]=0 00:00:00-00:00:00\r\n",
		150);
	assert_non_null(strstr(memory, "[5][3]=0 00:00:00-00:00:00\r\n"));
	assert_null(strstr(memory, "[5][4]="));
	assert_non_null(strstr(memory, "[6][4]=1 06:40:00-07:30:00\r\n"));
	assert_null(strstr(memory, "[6][5]="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_read_by_the_rules),
		cmocka_unit_test(every_segment_that_is_printed_is_read_back),
		cmocka_unit_test(parameter_names_are_read_in_any_case),
		cmocka_unit_test(a_draft_changes_places_then_puts_them_in_order),
		cmocka_unit_test(bad_values_are_told_apart_from_good_ones),
		cmocka_unit_test(lines_show_four_segments_or_as_many_as_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
