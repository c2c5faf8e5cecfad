// SPDX-License-Identifier: Apache-2.0
/* Schedules: edges of minutes, weekdays in local time, both clock changes, normal form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/schedule.h"

/* Berlin in 2024: +1 h; +2 h from 2024-03-31T01:00Z to 2024-10-27T01:00Z. */
static const struct zone berlin = {
	.first_offset_s = 3600,
	.count = 2,
	.transition = {{1711846800, 7200}, {1729990800, 3600}},
};
static const struct zone utc = {.count = 0};

static struct schedule on_at(unsigned weekday, uint16_t from, uint16_t to)
{
	struct schedule s = {.no = 1, .defined = true, .enabled = true};

	s.day[weekday].count = 1;
	s.day[weekday].interval[0] = (struct schedule_interval){from, to};
	return s;
}

static int64_t utc_of(int32_t year, int month, int day, int hour, int minute, int second)
{
	struct civil c = {year, (uint8_t)month, (uint8_t)day, (uint8_t)hour, (uint8_t)minute,
		(uint8_t)second};

	return civil_to_seconds(&c);
}

static void minutes_are_on_from_the_first_second_to_before_the_end(void **state)
{
	struct schedule s = on_at(1, 8 * 60, 17 * 60 + 30); /* Monday 8:00 to 17:30 */
	static const struct {
		int hour, minute, second;
		bool on;
	} rows[] = {
		{0, 0, 0, false},
		{7, 59, 59, false},
		{8, 0, 0, true},
		{8, 0, 59, true},
		{12, 0, 0, true},
		{17, 29, 59, true},
		{17, 30, 0, false},
		{23, 59, 59, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_int_equal(
			schedule_is_on(&s, &utc,
				utc_of(2024, 1, 1, rows[i].hour, rows[i].minute, rows[i].second)),
			rows[i].on);
}

static void each_weekday_has_its_own_hours(void **state)
{
	(void)state;
	for (unsigned weekday = 0; weekday < 7; weekday++) {
		struct schedule s = on_at(weekday, 0, 1440);

		/* 2024-01-07 is a Sunday. */
		for (int day = 7; day < 14; day++) {
			bool on = (unsigned)(day - 7) == weekday;

			assert_int_equal(
				schedule_is_on(&s, &utc, utc_of(2024, 1, day, 0, 0, 0)), on);
			assert_int_equal(
				schedule_is_on(&s, &utc, utc_of(2024, 1, day, 23, 59, 59)), on);
		}
	}
}

static void the_weekday_changes_at_local_midnight(void **state)
{
	struct schedule tuesday = on_at(2, 0, 60);

	(void)state;
	/* Monday 22:59:59Z is Monday in Berlin's winter, 23:00:00Z is Tuesday 00:00. */
	assert_false(schedule_is_on(&tuesday, &berlin, utc_of(2024, 1, 1, 22, 59, 59)));
	assert_true(schedule_is_on(&tuesday, &berlin, utc_of(2024, 1, 1, 23, 0, 0)));
	assert_true(schedule_is_on(&tuesday, &berlin, utc_of(2024, 1, 1, 23, 59, 59)));
	assert_false(schedule_is_on(&tuesday, &berlin, utc_of(2024, 1, 2, 0, 0, 0)));
}

static void an_hour_skipped_by_the_clock_change_is_never_on(void **state)
{
	struct schedule skipped = on_at(0, 2 * 60, 3 * 60); /* Sunday 2:00 to 3:00 */
	struct schedule next = on_at(0, 3 * 60, 4 * 60);

	(void)state;
	for (int64_t s = utc_of(2024, 3, 31, 0, 0, 0); s < utc_of(2024, 3, 31, 3, 0, 0); s += 60)
		assert_false(schedule_is_on(&skipped, &berlin, s));
	assert_false(schedule_is_on(&next, &berlin, utc_of(2024, 3, 31, 0, 59, 59)));
	assert_true(schedule_is_on(&next, &berlin, utc_of(2024, 3, 31, 1, 0, 0)));
}

static void an_hour_repeated_by_the_clock_change_is_on_twice(void **state)
{
	struct schedule s = on_at(0, 2 * 60, 3 * 60);
	unsigned minutes = 0;

	(void)state;
	for (int64_t at = utc_of(2024, 10, 26, 22, 0, 0); at < utc_of(2024, 10, 27, 6, 0, 0);
		at += 60)
		minutes += schedule_is_on(&s, &berlin, at);
	assert_int_equal(minutes, 120);
	assert_false(schedule_is_on(&s, &berlin, utc_of(2024, 10, 26, 23, 59, 59)));
	assert_true(schedule_is_on(&s, &berlin, utc_of(2024, 10, 27, 0, 0, 0)));
	assert_true(schedule_is_on(&s, &berlin, utc_of(2024, 10, 27, 1, 59, 59)));
	assert_false(schedule_is_on(&s, &berlin, utc_of(2024, 10, 27, 2, 0, 0)));
}

static void undefined_and_disabled_are_never_on_and_always_is_always_on(void **state)
{
	struct schedule s;

	(void)state;
	schedule_set_always(&s, 5);
	assert_int_equal(s.no, 5);
	assert_true(schedule_valid(&s));
	for (int64_t at = 0; at < 14 * S_PER_DAY; at += 599)
		assert_true(schedule_is_on(&s, &berlin, at));
	assert_true(schedule_is_on(&s, &utc, -1)); /* before 1970 */
	s.enabled = false;
	assert_false(schedule_is_on(&s, &utc, 0));
	s.enabled = true;
	s.defined = false;
	assert_false(schedule_is_on(&s, &utc, 0));
}

static void intervals_are_sorted_and_joined(void **state)
{
	struct schedule_day day = {.count = 6,
		.interval = {{600, 700}, {60, 120}, {100, 200}, {700, 720}, {900, 901}, {90, 95}}};

	(void)state;
	assert_true(schedule_day_normalise(&day));
	assert_int_equal(day.count, 3);
	assert_int_equal(day.interval[0].from_minute, 60);
	assert_int_equal(day.interval[0].to_minute, 200);
	assert_int_equal(day.interval[1].from_minute, 600);
	assert_int_equal(day.interval[1].to_minute, 720);
	assert_int_equal(day.interval[2].from_minute, 900);
	assert_int_equal(day.interval[2].to_minute, 901);
	for (unsigned i = 3; i < SCHEDULE_INTERVALS_MAX; i++)
		assert_int_equal(day.interval[i].to_minute, 0);
}

static void intervals_out_of_range_are_refused(void **state)
{
	static const struct schedule_interval bad[] = {
		{0, 1441}, {1440, 1440}, {100, 100}, {100, 99}, {65535, 65535}};
	struct schedule_day day = {.count = SCHEDULE_INTERVALS_MAX + 1};

	(void)state;
	assert_false(schedule_day_normalise(&day));
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct schedule s = on_at(3, bad[i].from_minute, bad[i].to_minute);

		assert_false(schedule_valid(&s));
		assert_false(schedule_day_normalise(&s.day[3]));
	}
	struct schedule edge = on_at(3, 1439, 1440);

	assert_true(schedule_valid(&edge));
	assert_true(schedule_day_normalise(&edge.day[3]));
}

static void a_valid_schedule_has_sorted_intervals_apart_from_each_other(void **state)
{
	struct schedule s = on_at(3, 60, 120);

	(void)state;
	s.day[3].count = 2;
	s.day[3].interval[1] = (struct schedule_interval){121, 122};
	assert_true(schedule_valid(&s));
	s.day[3].interval[1].from_minute = 120; /* touches */
	assert_false(schedule_valid(&s));
	s.day[3].interval[1] = (struct schedule_interval){10, 20}; /* unsorted */
	assert_false(schedule_valid(&s));
	s.day[3].count = SCHEDULE_INTERVALS_MAX + 1;
	assert_false(schedule_valid(&s));
}

static void a_schedule_with_a_bad_number_name_or_flag_is_refused(void **state)
{
	struct schedule good = on_at(3, 60, 120);
	struct schedule s = good;
	char name[33];

	(void)state;
	s.no = SCHEDULES_MAX;
	assert_false(schedule_valid(&s));
	s = good;
	memset(name, 'n', sizeof(name));
	assert_true(text_set(&s.name, span_of(name, 32)));
	assert_true(schedule_valid(&s));
	assert_true(text_set(&s.name, span_of(name, 33)));
	assert_false(schedule_valid(&s));
	s = good;
	s.name.len = 129;
	assert_false(schedule_valid(&s));
	s = good;
	memset(&s.enabled, 2, 1);
	assert_false(schedule_valid(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minutes_are_on_from_the_first_second_to_before_the_end),
		cmocka_unit_test(each_weekday_has_its_own_hours),
		cmocka_unit_test(the_weekday_changes_at_local_midnight),
		cmocka_unit_test(an_hour_skipped_by_the_clock_change_is_never_on),
		cmocka_unit_test(an_hour_repeated_by_the_clock_change_is_on_twice),
		cmocka_unit_test(undefined_and_disabled_are_never_on_and_always_is_always_on),
		cmocka_unit_test(intervals_are_sorted_and_joined),
		cmocka_unit_test(intervals_out_of_range_are_refused),
		cmocka_unit_test(a_valid_schedule_has_sorted_intervals_apart_from_each_other),
		cmocka_unit_test(a_schedule_with_a_bad_number_name_or_flag_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
