// SPDX-License-Identifier: Apache-2.0
/* Special days: which dates a group holds, and what that makes of a schedule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/special_day.h"

/* Berlin in 2024: +1 h; +2 h from 2024-03-31T01:00Z to 2024-10-27T01:00Z. */
static const struct zone berlin = {
	.first_offset_s = 3600,
	.count = 2,
	.transition = {{1711846800, 7200}, {1729990800, 3600}},
};
static const struct zone utc = {.count = 0};

struct tables {
	struct schedule schedules[SCHEDULES_MAX];
	struct special_day_group groups[SPECIAL_DAY_GROUPS_MAX];
	struct special_schedule special[SPECIAL_SCHEDULES_MAX];
};

static struct tables tables;
static const struct calendar calendar = {tables.schedules, tables.groups, tables.special};

static struct special_day day_of(uint32_t from, uint32_t to, bool yearly)
{
	return (struct special_day){.from = {(uint16_t)(from / 10000), (uint8_t)(from / 100 % 100),
					    (uint8_t)(from % 100)},
		.to = {(uint16_t)(to / 10000), (uint8_t)(to / 100 % 100), (uint8_t)(to % 100)},
		.yearly = yearly};
}

static int64_t utc_of(uint32_t date, int hour, int minute)
{
	struct civil c = {(int32_t)(date / 10000), (uint8_t)(date / 100 % 100),
		(uint8_t)(date % 100), (uint8_t)hour, (uint8_t)minute, 0};

	return civil_to_seconds(&c);
}

/* Schedule 1: always; group 2: one day; special schedule 3: from-to on it (to 0: closed). */
static void set_up(struct special_day day, uint16_t from, uint16_t to)
{
	memset(&tables, 0, sizeof(tables));
	schedule_set_always(&tables.schedules[1], 1);
	tables.groups[2] = (struct special_day_group){.no = 2, .defined = true, .enabled = true};
	tables.groups[2].day[5] = day;
	tables.special[3] =
		(struct special_schedule){.no = 3, .defined = true, .enabled = true, .group = 2};
	special_schedule_cover(&tables.special[3], 1, true);
	if (to > 0)
		tables.special[3].day = (struct schedule_day){.count = 1, .interval = {{from, to}}};
}

static char state_at(const struct zone *zone, int64_t utc_s)
{
	struct schedule_state state = calendar_schedule_state(&calendar, 1, zone, utc_s);

	return state.special_day ? (state.on ? 'S' : 's') : (state.on ? 'W' : 'w');
}

static void a_group_holds_its_dates_and_no_other(void **state UNUSED)
{
	static const struct {
		uint32_t from, to;
		bool yearly;
		uint32_t date;
		bool holds;
	} rows[] = {
		{20260501, 20260501, false, 20260430, false},
		{20260501, 20260501, false, 20260501, true},
		{20260501, 20260501, false, 20260502, false},
		{20260501, 20260501, false, 20270501, false},
		{20260501, 20260501, true, 20270501, true},
		{20260501, 20260501, true, 19990501, true},
		{20260501, 20260501, true, 20270502, false},
		/* over a month's end and over the new year */
		{20260130, 20260202, false, 20260131, true},
		{20260130, 20260202, false, 20260203, false},
		{20261224, 20270106, false, 20261223, false},
		{20261224, 20270106, false, 20261231, true},
		{20261224, 20270106, false, 20270101, true},
		{20261224, 20270106, false, 20270106, true},
		{20261224, 20270106, false, 20270107, false},
		{20261224, 20270106, false, 20271224, false},
		{20261224, 20270106, true, 20300101, true},
		{20261224, 20270106, true, 20301224, true},
		{20261224, 20270106, true, 20300107, false},
		{20261224, 20270106, true, 20301223, false},
		{20261231, 20270101, true, 20401231, true},
		{20261231, 20270101, true, 20410101, true},
		{20261231, 20270101, true, 20410102, false},
		/* all of a year but a day */
		{20260502, 20270430, true, 20280501, false},
		{20260502, 20270430, true, 20280502, true},
		/* the leap day */
		{20240229, 20240229, true, 20280229, true},
		{20240229, 20240229, true, 20270228, false},
		{20240229, 20240229, true, 20270301, false},
		{20240227, 20240229, true, 20270228, true},
		{20240227, 20240229, true, 20270301, false},
		{20240228, 20240301, false, 20240229, true},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct civil noon = civil_from_seconds(utc_of(rows[i].date, 12, 0));

		set_up(day_of(rows[i].from, rows[i].to, rows[i].yearly), 0, 0);
		assert_true(special_day_group_valid(&tables.groups[2]));
		if (special_day_group_holds(&tables.groups[2], &noon) != rows[i].holds)
			fail_msg("row %zu: %u in %u to %u", i, rows[i].date, rows[i].from,
				rows[i].to);
		tables.groups[2].enabled = false;
		assert_false(special_day_group_holds(&tables.groups[2], &noon));
	}
}

static void only_days_that_exist_are_valid(void **state UNUSED)
{
	static const struct {
		uint32_t from, to;
		bool yearly, valid;
	} rows[] = {
		{20260228, 20260228, false, true},
		{20260229, 20260229, false, false},
		{20280229, 20280229, false, true},
		{21000228, 21000228, false, false},
		{19691231, 19700101, false, false},
		{20260431, 20260501, false, false},
		{20261301, 20261301, false, false},
		{20260502, 20260501, false, false},
		{20260501, 20990501, false, true},
		{20260501, 20270430, true, true},
		{20260501, 20270501, true, false},
		{20260501, 20280301, true, false},
		{0, 0, false, true},
		{0, 0, true, false},
		{0, 20260501, false, false},
		{20260501, 0, false, false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		set_up(day_of(rows[i].from, rows[i].to, rows[i].yearly), 0, 0);
		if (special_day_group_valid(&tables.groups[2]) != rows[i].valid)
			fail_msg("row %zu", i);
	}
	set_up(day_of(20260501, 20260501, false), 0, 0);
	tables.groups[2].day[5].name.len = 65;
	assert_false(special_day_group_valid(&tables.groups[2]));
	tables.groups[2].day[5].name.len = 0;
	tables.groups[2].no = SPECIAL_DAY_GROUPS_MAX;
	assert_false(special_day_group_valid(&tables.groups[2]));
	tables.groups[2].no = 0;
	assert_true(
		text_set(&tables.groups[2].name, SPAN_LIT("123456789012345678901234567890123")));
	assert_false(special_day_group_valid(&tables.groups[2]));
}

static void a_special_schedule_is_judged(void **state UNUSED)
{
	struct special_schedule *special = &tables.special[3];

	set_up(day_of(20260501, 20260501, false), 480, 720);
	assert_true(special_schedule_valid(special));
	special->day.interval[0].to_minute = 480;
	assert_false(special_schedule_valid(special));
	special->day.interval[0].to_minute = 1440;
	assert_true(special_schedule_valid(special));
	special->group = SPECIAL_DAY_GROUPS_MAX;
	assert_false(special_schedule_valid(special));
	special->group = 0;
	special->no = SPECIAL_SCHEDULES_MAX;
	assert_false(special_schedule_valid(special));
	special->no = 0;
	assert_true(text_set(&special->name, SPAN_LIT("a\nb")));
	assert_false(special_schedule_valid(special));
}

static void a_special_day_takes_the_place_of_its_weekday(void **state UNUSED)
{
	set_up(day_of(20260501, 20260501, false), 480, 720);
	assert_int_equal(state_at(&utc, utc_of(20260430, 23, 59)), 'W');
	assert_int_equal(state_at(&utc, utc_of(20260501, 0, 0)), 's');
	assert_int_equal(state_at(&utc, utc_of(20260501, 7, 59)), 's');
	assert_int_equal(state_at(&utc, utc_of(20260501, 8, 0)), 'S');
	assert_int_equal(state_at(&utc, utc_of(20260501, 11, 59)), 'S');
	assert_int_equal(state_at(&utc, utc_of(20260501, 12, 0)), 's');
	assert_int_equal(state_at(&utc, utc_of(20260502, 0, 0)), 'W');
	/* On though the weekday is off: 2026-05-01 is a Friday. */
	tables.schedules[1].day[5] = (struct schedule_day){.count = 0};
	assert_int_equal(state_at(&utc, utc_of(20260501, 8, 0)), 'S');
	assert_int_equal(state_at(&utc, utc_of(20260508, 8, 0)), 'w');
	/* The schedule itself comes first. */
	tables.schedules[1].enabled = false;
	assert_int_equal(state_at(&utc, utc_of(20260501, 8, 0)), 'w');
	tables.schedules[1].enabled = true;
	tables.schedules[1].defined = false;
	assert_int_equal(state_at(&utc, utc_of(20260501, 8, 0)), 'w');
}

static void what_is_not_there_or_not_enabled_changes_nothing(void **state UNUSED)
{
	int64_t noon = utc_of(20260501, 12, 0);

	set_up(day_of(20260501, 20260501, false), 0, 0);
	assert_int_equal(state_at(&utc, noon), 's');
	tables.special[3].enabled = false;
	assert_int_equal(state_at(&utc, noon), 'W');
	tables.special[3].enabled = true;
	tables.special[3].defined = false;
	assert_int_equal(state_at(&utc, noon), 'W');
	tables.special[3].defined = true;
	tables.groups[2].defined = false;
	assert_int_equal(state_at(&utc, noon), 'W');
	tables.groups[2].defined = true;
	tables.special[3].group = 9;
	assert_int_equal(state_at(&utc, noon), 'W');
	tables.special[3].group = 2;
	special_schedule_cover(&tables.special[3], 1, false);
	special_schedule_cover(&tables.special[3], 0, true);
	special_schedule_cover(&tables.special[3], 127, true);
	assert_int_equal(state_at(&utc, noon), 'W');
	assert_true(special_schedule_covers(&tables.special[3], 127));
	assert_false(special_schedule_covers(&tables.special[3], 126));
}

static void times_of_several_on_one_day_add_up(void **state UNUSED)
{
	int64_t nine = utc_of(20260501, 9, 0);
	int64_t three = utc_of(20260501, 15, 0);

	set_up(day_of(20260501, 20260501, false), 480, 720);
	/* Another group holds the day as well, with other times ... */
	tables.groups[7] = tables.groups[2];
	tables.groups[7].no = 7;
	tables.groups[7].day[0] = day_of(20260401, 20260531, true);
	tables.special[100] = tables.special[3];
	tables.special[100].no = 100;
	tables.special[100].group = 7;
	tables.special[100].day.interval[0] = (struct schedule_interval){840, 1020};
	assert_int_equal(state_at(&utc, nine), 'S');
	assert_int_equal(state_at(&utc, three), 'S');
	assert_int_equal(state_at(&utc, utc_of(20260501, 13, 0)), 's');
	/* ... or with none: that adds nothing and takes nothing away. */
	tables.special[100].day.count = 0;
	assert_int_equal(state_at(&utc, nine), 'S');
	assert_int_equal(state_at(&utc, three), 's');
	tables.special[3].day.count = 0;
	assert_int_equal(state_at(&utc, nine), 's');
}

static void a_special_day_begins_and_ends_at_local_midnight(void **state UNUSED)
{
	set_up(day_of(20240101, 20240101, false), 0, 0);
	assert_int_equal(state_at(&berlin, utc_of(20231231, 22, 59)), 'W');
	assert_int_equal(state_at(&berlin, utc_of(20231231, 23, 0)), 's');
	assert_int_equal(state_at(&berlin, utc_of(20240101, 22, 59)), 's');
	assert_int_equal(state_at(&berlin, utc_of(20240101, 23, 0)), 'W');
}

static unsigned minutes_of_state(const struct zone *zone, int64_t from_s, int64_t to_s, char wanted)
{
	unsigned minutes = 0;

	for (int64_t s = from_s; s < to_s; s += 60)
		minutes += state_at(zone, s) == wanted ? 1 : 0;
	return minutes;
}

static void days_of_the_clock_changes_have_23_and_25_hours(void **state UNUSED)
{
	set_up(day_of(20240331, 20240331, false), 120, 240); /* 2:00 to 4:00; 2:00 is skipped */
	int64_t from = utc_of(20240330, 12, 0);
	int64_t to = utc_of(20240401, 12, 0);

	assert_int_equal(minutes_of_state(&berlin, from, to, 'S'), 60);
	assert_int_equal(minutes_of_state(&berlin, from, to, 's'), 22 * 60);
	set_up(day_of(20241027, 20241027, false), 120, 180); /* 2:00 to 3:00, twice */
	from = utc_of(20241026, 12, 0);
	to = utc_of(20241028, 12, 0);
	assert_int_equal(minutes_of_state(&berlin, from, to, 'S'), 120);
	assert_int_equal(minutes_of_state(&berlin, from, to, 's'), 23 * 60);
}

static void what_says_nothing_is_empty(void **state UNUSED)
{
	struct special_day_group group = {.no = 5, .defined = true};
	struct special_schedule special = {.no = 5, .defined = true};

	assert_true(special_day_group_is_empty(&group));
	group.day[63] = day_of(20260501, 20260501, false);
	assert_false(special_day_group_is_empty(&group));
	group.day[63] = day_of(0, 0, false);
	group.enabled = true;
	assert_false(special_day_group_is_empty(&group));
	group.enabled = false;
	assert_true(text_set(&group.name, SPAN_LIT("x")));
	assert_false(special_day_group_is_empty(&group));
	assert_true(special_schedule_is_empty(&special));
	special_schedule_cover(&special, 127, true);
	assert_false(special_schedule_is_empty(&special));
	special_schedule_cover(&special, 127, false);
	special.group = 1;
	assert_false(special_schedule_is_empty(&special));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_holds_its_dates_and_no_other),
		cmocka_unit_test(only_days_that_exist_are_valid),
		cmocka_unit_test(a_special_schedule_is_judged),
		cmocka_unit_test(a_special_day_takes_the_place_of_its_weekday),
		cmocka_unit_test(what_is_not_there_or_not_enabled_changes_nothing),
		cmocka_unit_test(times_of_several_on_one_day_add_up),
		cmocka_unit_test(a_special_day_begins_and_ends_at_local_midnight),
		cmocka_unit_test(days_of_the_clock_changes_have_23_and_25_hours),
		cmocka_unit_test(what_says_nothing_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
