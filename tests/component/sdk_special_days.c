// SPDX-License-Identifier: Apache-2.0
/* Special days of libpostern against a real device, which test_special_days.py starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sdk_scene.h"

static void assert_argument(int error, const char *words)
{
	assert_int_equal(error, POSTERN_E_ARGUMENT);
	assert_detail(words);
}

static struct postern_special_day day_of(int place, const char *from, const char *to)
{
	struct postern_special_day day = POSTERN_SPECIAL_DAY_INIT;

	day.group = 127;
	day.place = place;
	day.from = from;
	day.to = to;
	return day;
}

static struct postern_special_days *found(size_t groups, size_t schedules)
{
	struct postern_special_days *days = NULL;

	assert_ok(postern_special_days_find(device, &days));
	assert_int_equal(days->size, sizeof(*days));
	assert_int_equal(days->group_count, groups);
	assert_int_equal(days->schedule_count, schedules);
	return days;
}

static void a_group_holds_days_by_place(void **state)
{
	struct postern_special_day_group head = POSTERN_SPECIAL_DAY_GROUP_INIT;
	struct postern_special_day day = day_of(63, "2026-12-24", "2027-01-06");

	(void)state;
	postern_special_days_free(found(0, 0));
	day.name = "Winter & \xc3\xa4";
	day.yearly = 1;
	assert_ok(postern_special_day_set(device, &day));
	day = day_of(2, "2028-02-29", NULL);
	assert_ok(postern_special_day_set(device, &day));
	head.no = 127;
	head.name = "Holidays";
	head.enabled = 1;
	assert_ok(postern_special_day_group_set(device, &head));
	struct postern_special_days *days = found(1, 0);
	const struct postern_special_day_group *group = &days->groups[0];

	assert_int_equal(group->no, 127);
	assert_int_equal(group->enabled, 1);
	assert_string_equal(group->name, "Holidays");
	assert_int_equal(group->day_count, 2);
	assert_int_equal(group->days[0].place, 2);
	assert_string_equal(group->days[0].from, "2028-02-29");
	assert_string_equal(group->days[0].to, "2028-02-29");
	assert_string_equal(group->days[0].name, "");
	assert_int_equal(group->days[0].yearly, 0);
	assert_int_equal(group->days[1].group, 127);
	assert_int_equal(group->days[1].place, 63);
	assert_string_equal(group->days[1].to, "2027-01-06");
	assert_string_equal(group->days[1].name, "Winter & \xc3\xa4");
	assert_int_equal(group->days[1].yearly, 1);
	postern_special_days_free(days);
	day = day_of(63, NULL, NULL);
	assert_ok(postern_special_day_set(device, &day));
	days = found(1, 0);
	assert_int_equal(days->groups[0].day_count, 1);
	postern_special_days_free(days);
}

static void what_no_device_could_hold_is_refused(void **state)
{
	static const char *const dates[] = {
		"2026-02-29", "2026-2-28", "20260228", "1969-12-31", "2100-01-01", "", "tomorrow"};
	struct postern_special_day day;
	struct postern_special_day_group head = POSTERN_SPECIAL_DAY_GROUP_INIT;
	struct postern_special_schedule special = POSTERN_SPECIAL_SCHEDULE_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		day = day_of(0, dates[i], NULL);
		assert_argument(postern_special_day_set(device, &day), "date that exists");
	}
	day = day_of(64, "2026-05-01", NULL);
	assert_argument(postern_special_day_set(device, &day), "places 0 to 63");
	day = day_of(0, "2026-05-02", "2026-05-01");
	assert_int_equal(postern_special_day_set(device, &day), POSTERN_E_REFUSED);
	assert_non_null(strstr(postern_device_detail(device), "EndTime lies before StartTime"));
	head.no = 128;
	assert_argument(postern_special_day_group_set(device, &head), "0 to 127");
	head = (struct postern_special_day_group){.no = 1};
	assert_argument(postern_special_day_group_set(device, &head), "size");
	special.times = "12:00-08:00";
	assert_argument(postern_special_schedule_set(device, &special), "times of a day");
	special.times = "";
	special.schedules = (int[]){128};
	special.schedule_count = 1;
	assert_argument(postern_special_schedule_set(device, &special), "schedules are");
	assert_argument(postern_special_schedule_remove(device, -1), "0 to 127");
	assert_argument(postern_special_day_group_remove(device, 128), "0 to 127");
}

static void a_special_schedule_changes_as_a_whole(void **state)
{
	struct postern_special_schedule special = POSTERN_SPECIAL_SCHEDULE_INIT;

	(void)state;
	special.no = 9;
	special.name = "half";
	special.enabled = 1;
	special.group = 127;
	special.times = "00:00-01:00,02:00-03:00,04:00-05:00,06:00-07:00,20:00-24:00";
	special.schedules = (int[]){0, 5, 127};
	special.schedule_count = 3;
	assert_ok(postern_special_schedule_set(device, &special));
	struct postern_special_days *days = found(1, 1);
	const struct postern_special_schedule *got = &days->schedules[0];

	assert_int_equal(got->no, 9);
	assert_int_equal(got->enabled, 1);
	assert_int_equal(got->group, 127);
	assert_string_equal(got->name, "half");
	assert_string_equal(got->times, special.times);
	assert_int_equal(got->schedule_count, 3);
	assert_int_equal(got->schedules[1], 5);
	postern_special_days_free(days);
	/* Fewer of both: what is too much goes. */
	special = (struct postern_special_schedule)POSTERN_SPECIAL_SCHEDULE_INIT;
	special.no = 9;
	special.times = "08:00-12:00";
	special.schedules = (int[]){5, 6};
	special.schedule_count = 2;
	assert_ok(postern_special_schedule_set(device, &special));
	days = found(1, 1);
	got = &days->schedules[0];
	assert_string_equal(got->name, "half");
	assert_string_equal(got->times, "08:00-12:00");
	assert_int_equal(got->schedule_count, 2);
	assert_int_equal(got->schedules[0], 5);
	assert_int_equal(got->schedules[1], 6);
	postern_special_days_free(days);
}

struct ended {
	int count;
	int error;
	struct postern_special_days *days;
};

static void done(void *user, struct postern_call *call, int error)
{
	struct ended *e = user;

	(void)call;
	e->count++;
	e->error = error;
}

static void days_done(
	void *user, struct postern_call *call, int error, struct postern_special_days *days)
{
	((struct ended *)user)->days = days;
	done(user, call, error);
}

static int end_of(struct ended *e, int started)
{
	int before = e->count;

	assert_ok(started);
	while (e->count == before)
		assert_ok(postern_wait(context, 1000));
	return e->error;
}

static void all_of_it_works_without_waiting(void **state)
{
	struct postern_special_day day = day_of(0, "2026-05-01", NULL);
	struct postern_special_day_group head = POSTERN_SPECIAL_DAY_GROUP_INIT;
	struct postern_special_schedule special = POSTERN_SPECIAL_SCHEDULE_INIT;
	struct ended e = {0};

	(void)state;
	head.enabled = 0;
	special.no = 127;
	special.times = "";
	special.enabled = 1;
	day.group = 0;
	assert_ok(end_of(&e, postern_special_day_set_start(device, &day, done, &e, NULL)));
	assert_ok(end_of(&e, postern_special_day_group_set_start(device, &head, done, &e, NULL)));
	assert_ok(end_of(&e, postern_special_schedule_set_start(device, &special, done, &e, NULL)));
	assert_ok(end_of(&e, postern_special_days_find_start(device, days_done, &e, NULL)));
	assert_int_equal(e.days->group_count, 2);
	assert_int_equal(e.days->groups[0].enabled, 0);
	assert_int_equal(e.days->schedule_count, 2);
	assert_string_equal(e.days->schedules[1].times, "");
	assert_int_equal(e.days->schedules[1].schedule_count, 0);
	postern_special_days_free(e.days);
	assert_ok(end_of(&e, postern_special_day_group_remove_start(device, 0, done, &e, NULL)));
	assert_ok(end_of(&e, postern_special_schedule_remove_start(device, 127, done, &e, NULL)));
	postern_special_days_free(found(1, 1));
	/* What is not there is gone already. */
	assert_ok(postern_special_schedule_remove(device, 127));
	assert_ok(postern_special_schedule_remove(device, 9));
	assert_ok(postern_special_day_group_remove(device, 127));
	postern_special_days_free(found(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_holds_days_by_place),
		cmocka_unit_test(what_no_device_could_hold_is_refused),
		cmocka_unit_test(a_special_schedule_changes_as_a_whole),
		cmocka_unit_test(all_of_it_works_without_waiting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
