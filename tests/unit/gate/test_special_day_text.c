// SPDX-License-Identifier: Apache-2.0
/* Special days as parameters of setConfig and as lines of getConfig. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "special_day_text.h"

#include <string.h>

static char lines[SPECIAL_LINES_MAX + 1];
static char sentence[256];
static struct special_group_draft draft;
static struct special_schedule_draft special_draft;

static struct buf error_new(void)
{
	memset(sentence, 0, sizeof(sentence));
	return buf_over(sentence, sizeof(sentence) - 1);
}

/* Sets SpecialDayGroup[3].KEY. False with the sentence that says why. */
static bool set(const char *key, const char *value)
{
	char name[80] = "SpecialDayGroup[3].";
	struct buf error = error_new();
	uint32_t no = 0;

	strcat(name, key);
	assert_true(special_group_key(span_from_string(name), &no));
	assert_int_equal(no, 3);
	bool good =
		special_group_set(&draft, span_from_string(name), span_from_string(value), &error);

	assert_false(error.overflow);
	assert_int_equal(good, error.len == 0);
	return good;
}

static bool end(void)
{
	struct buf error = error_new();
	bool good = special_group_end(&draft, &error);

	assert_int_equal(good, error.len == 0);
	assert_int_equal(good, special_day_group_valid(&draft.group));
	return good;
}

static void begin(void)
{
	struct special_day_group none = {.no = 3};

	special_group_load(&draft, &none);
}

static void names_are_read_in_any_case(void **state UNUSED)
{
	static const struct {
		const char *name;
		int group, special; /* number, or -1 */
	} rows[] = {
		{"SpecialDayGroup[0].Name", 0, -1},
		{"specialdaygroup[127].enable", 127, -1},
		{"SpecialDayGroup[127].Days[63].SpecialDayName", 127, -1},
		{"SpecialDayGroup[1].days[0].starttime", 1, -1},
		{"SpecialDayGroup[1].Days[0].EndTime", 1, -1},
		{"SpecialDayGroup[1].Days[0].Yearly", 1, -1},
		{"SpecialDaysSchedule[127].GroupNo", -1, 127},
		{"SpecialDaysSchedule[2].TimeSection[11]", -1, 2},
		{"SpecialDaysSchedule[2].AccessTimeSchedule[127]", -1, 2},
		{"SpecialDayGroup[128].Name", -1, -1},
		{"SpecialDayGroup[0].Days[64].StartTime", -1, -1},
		{"SpecialDayGroup[0].Days[0]", -1, -1},
		{"SpecialDayGroup[0].Days[0].Doors[0]", -1, -1},
		{"SpecialDaysSchedule[0].TimeSection[12]", -1, -1},
		{"SpecialDaysSchedule[0].AccessTimeSchedule[128]", -1, -1},
		{"SpecialDaysSchedule[0].Doors[0]", -1, -1},
		{"AccessTimeSchedule[0].Name", -1, -1},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint32_t no = 999;
		bool group = special_group_key(span_from_string(rows[i].name), &no);

		if (group != (rows[i].group >= 0) || (group && no != (uint32_t)rows[i].group))
			fail_msg("%s: %u", rows[i].name, no);
		bool special = special_schedule_key(span_from_string(rows[i].name), &no);

		if (special != (rows[i].special >= 0) ||
			(special && no != (uint32_t)rows[i].special))
			fail_msg("%s: %u", rows[i].name, no);
	}
}

static void days_are_whole_days_that_exist(void **state UNUSED)
{
	static const struct {
		const char *start, *end;
		const char *error; /* a part of it; NULL: none */
	} rows[] = {
		{"2026-12-24 00:00:00", "2026-12-26 23:59:59", NULL},
		{"20261224 000000", "20261224 235959", NULL},
		{"2024-2-29 0:00:00", "2024-02-29 23:59:59", NULL},
		{"2026-02-29 00:00:00", "2026-03-01 23:59:59", "Days[7].StartTime is a date"},
		{"2026-12-24", "2026-12-26 23:59:59", "Days[7].StartTime is a date"},
		{"2026-12-24 08:00:00", "2026-12-26 23:59:59", "Days[7].StartTime begins a whole"},
		{"2026-12-24 00:00:00", "2026-12-26 00:00:00", "Days[7].EndTime ends a whole"},
		{"2026-12-24 00:00:00", "2026-12-23 23:59:59", "Days[7]: EndTime lies before"},
		{"2026-12-24 00:00:00", "", "Days[7] needs StartTime and EndTime"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		begin();
		bool good = set("Days[7].EndTime", rows[i].end) &&
			    set("Days[7].StartTime", rows[i].start) && end();

		if (good != (rows[i].error == NULL) ||
			(!good && strstr(sentence, rows[i].error) == NULL))
			fail_msg("row %zu: %s", i, sentence);
	}
	begin();
	assert_true(set("Days[7].SpecialDayName", "no date"));
	assert_false(end());
	begin();
	assert_true(set("Days[7].EndTime", "2026-12-26 23:59:59"));
	assert_false(end());
	begin();
	assert_true(set("Days[7].StartTime", "2026-12-24 00:00:00"));
	assert_true(set("Days[7].EndTime", "2027-12-24 23:59:59"));
	assert_true(set("Days[7].Yearly", "true"));
	assert_false(end());
	assert_non_null(strstr(sentence, "less than a year"));
	assert_true(set("Days[7].EndTime", "2027-12-23 23:59:59"));
	assert_true(end());
	assert_true(draft.group.defined);
	assert_true(draft.group.day[7].yearly);
}

static void values_that_are_not_right_are_named(void **state UNUSED)
{
	begin();
	assert_false(set("Enable", "perhaps"));
	assert_non_null(strstr(sentence, "SpecialDayGroup[3].Enable is true or false"));
	assert_false(set("Days[0].Yearly", "2"));
	assert_false(set("Name", "123456789012345678901234567890123"));
	assert_false(set("Name", "a\rb"));
	assert_true(set("Name", "12345678901234567890123456789012"));
	assert_false(set("Days[0].SpecialDayName",
		"12345678901234567890123456789012345678901234567890123456789012345"));
	assert_true(set("Days[0].SpecialDayName",
		"1234567890123456789012345678901234567890123456789012345678901234"));
}

static void a_day_goes_alone_and_the_group_with_the_last_word(void **state UNUSED)
{
	begin();
	assert_true(end());
	assert_false(draft.group.defined);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const days[] = {"Days[0].", "Days[1].", "Days[63]."};
		char key[40];

		strcat(strcpy(key, days[i]), "StartTime");
		assert_true(set(key, "2026-05-01 00:00:00"));
		strcat(strcpy(key, days[i]), "EndTime");
		assert_true(set(key, "2026-05-01 23:59:59"));
	}
	assert_true(end());
	assert_true(draft.group.defined);
	struct special_day_group stored = draft.group;

	special_group_load(&draft, &stored);
	assert_true(set("Days[1].StartTime", ""));
	assert_true(set("Days[1].SpecialDayName", "gone whatever is said"));
	assert_true(end());
	assert_int_equal(draft.group.day[0].from.year, 2026);
	assert_int_equal(draft.group.day[1].from.year, 0);
	assert_int_equal(draft.group.day[1].name.len, 0);
	assert_int_equal(draft.group.day[63].from.year, 2026);
	/* Given again in the same request: it is not gone. */
	special_group_load(&draft, &stored);
	assert_true(set("Days[1].StartTime", ""));
	assert_true(set("Days[1].StartTime", "2026-05-01 00:00:00"));
	assert_true(end());
	assert_int_equal(draft.group.day[1].from.year, 2026);
	assert_true(set("Days[0].StartTime", ""));
	assert_true(set("Days[1].StartTime", ""));
	assert_true(set("Days[63].StartTime", ""));
	assert_true(end());
	assert_false(draft.group.defined);
}

static void a_group_prints_what_reads_the_same(void **state UNUSED)
{
	struct special_day_group group = {.no = 3, .defined = true, .enabled = true};
	struct buf out = buf_over(lines, sizeof(lines) - 1);

	assert_true(text_set(&group.name, SPAN_LIT("Holidays")));
	group.day[5] = (struct special_day){{2026, 12, 24}, {2027, 1, 6}, true, {0}};
	assert_true(text_set(&group.day[5].name, SPAN_LIT("Winter")));
	special_group_lines(&out, &group);
	lines[out.len] = '\0';
	assert_string_equal(lines,
		"table.SpecialDayGroup[3].Days[5].EndTime=2027-01-06 23:59:59\r\n"
		"table.SpecialDayGroup[3].Days[5].SpecialDayName=Winter\r\n"
		"table.SpecialDayGroup[3].Days[5].StartTime=2026-12-24 00:00:00\r\n"
		"table.SpecialDayGroup[3].Days[5].Yearly=true\r\n"
		"table.SpecialDayGroup[3].Enable=true\r\n"
		"table.SpecialDayGroup[3].Name=Holidays\r\n");
}

static void the_longest_rows_fit_their_lines(void **state UNUSED)
{
	struct special_day_group group = {.no = 127, .defined = true};
	struct special_schedule special = {.no = 127, .defined = true, .group = 127};
	struct buf out = buf_over(lines, SPECIAL_LINES_MAX);

	group.name.len = sizeof(group.name.bytes);
	memset(group.name.bytes, 'x', sizeof(group.name.bytes));
	special.name = group.name;
	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		group.day[i] = (struct special_day){{2026, 12, 24}, {2027, 1, 6}, false, {0}};
		group.day[i].name.len = sizeof(group.day[i].name.bytes);
		memset(group.day[i].name.bytes, 'x', sizeof(group.day[i].name.bytes));
	}
	special_group_lines(&out, &group);
	assert_false(out.overflow);
	memset(special.schedules, 0xff, sizeof(special.schedules));
	special.day.count = SCHEDULE_INTERVALS_MAX;
	out = buf_over(lines, SPECIAL_LINES_MAX);
	special_schedule_lines(&out, &special);
	assert_false(out.overflow);
}

/* Sets SpecialDaysSchedule[9].KEY. */
static bool special_set(const char *key, const char *value)
{
	char name[80] = "SpecialDaysSchedule[9].";
	struct buf error = error_new();
	uint32_t no = 0;

	strcat(name, key);
	assert_true(special_schedule_key(span_from_string(name), &no));
	assert_int_equal(no, 9);
	bool good = special_schedule_set(
		&special_draft, span_from_string(name), span_from_string(value), &error);

	assert_int_equal(good, error.len == 0);
	return good;
}

static void a_special_schedule_is_changed_in_parts(void **state UNUSED)
{
	struct special_schedule none = {.no = 9};
	struct buf out = buf_over(lines, sizeof(lines) - 1);

	special_schedule_load(&special_draft, &none);
	assert_true(special_set("Enable", "true"));
	assert_true(special_set("GroupNo", "3"));
	assert_true(special_set("AccessTimeSchedule[0]", "true"));
	assert_true(special_set("AccessTimeSchedule[127]", "1"));
	assert_true(special_set("TimeSection[4]", "1 08:00:00-12:00:00"));
	assert_true(special_set("TimeSection[0]", "1 11:00:00-13:59:59"));
	assert_false(special_set("GroupNo", "128"));
	assert_false(special_set("GroupNo", ""));
	assert_false(special_set("TimeSection[1]", "1 12:00:00-08:00:00"));
	assert_non_null(strstr(sentence, "SpecialDaysSchedule[9].TimeSection[1] is `1 HH"));
	assert_false(special_set("AccessTimeSchedule[1]", "yes"));
	special_schedule_end(&special_draft);
	assert_true(special_draft.special.defined);
	assert_true(special_schedule_valid(&special_draft.special));
	special_schedule_lines(&out, &special_draft.special);
	lines[out.len] = '\0';
	assert_string_equal(lines,
		"table.SpecialDaysSchedule[9].AccessTimeSchedule[0]=true\r\n"
		"table.SpecialDaysSchedule[9].AccessTimeSchedule[127]=true\r\n"
		"table.SpecialDaysSchedule[9].Enable=true\r\n"
		"table.SpecialDaysSchedule[9].GroupNo=3\r\n"
		"table.SpecialDaysSchedule[9].Name=\r\n"
		"table.SpecialDaysSchedule[9].TimeSection[0]=1 08:00:00-14:00:00\r\n"
		"table.SpecialDaysSchedule[9].TimeSection[1]=0 00:00:00-00:00:00\r\n"
		"table.SpecialDaysSchedule[9].TimeSection[2]=0 00:00:00-00:00:00\r\n"
		"table.SpecialDaysSchedule[9].TimeSection[3]=0 00:00:00-00:00:00\r\n");
	struct special_schedule stored = special_draft.special;

	special_schedule_load(&special_draft, &stored);
	assert_true(special_set("Enable", "false"));
	assert_true(special_set("GroupNo", "0"));
	assert_true(special_set("AccessTimeSchedule[0]", "false"));
	assert_true(special_set("TimeSection[0]", "0 00:00:00-00:00:00"));
	special_schedule_end(&special_draft);
	assert_true(special_draft.special.defined); /* schedule 127 */
	assert_true(special_set("AccessTimeSchedule[127]", "0"));
	special_schedule_end(&special_draft);
	assert_false(special_draft.special.defined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_in_any_case),
		cmocka_unit_test(days_are_whole_days_that_exist),
		cmocka_unit_test(values_that_are_not_right_are_named),
		cmocka_unit_test(a_day_goes_alone_and_the_group_with_the_last_word),
		cmocka_unit_test(a_group_prints_what_reads_the_same),
		cmocka_unit_test(the_longest_rows_fit_their_lines),
		cmocka_unit_test(a_special_schedule_is_changed_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
