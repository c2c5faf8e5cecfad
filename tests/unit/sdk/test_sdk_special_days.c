// SPDX-License-Identifier: Apache-2.0
/* Special days as devices say them: any order, any case, parts left out, more than ours would say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "special_day.h"

#include <stdlib.h>

static struct postern_special_days *days_of(const char *groups, const char *schedules)
{
	struct answer answers[2] = {{.text = strdup(groups), .len = strlen(groups)},
		{.text = strdup(schedules), .len = strlen(schedules)}};
	struct postern_special_days *days = NULL;

	assert_int_equal(special_days_from(answers, &days), POSTERN_OK);
	assert_null(answers[0].text);
	assert_null(answers[1].text);
	return days;
}

static void lines_come_in_any_order(void **state UNUSED)
{
	struct postern_special_days *days =
		days_of("table.SpecialDayGroup[5].Days[100].StartTime=2026-05-01 08:00:00\r\n"
			"table.specialdaygroup[0].name= Zero\n"
			"table.SpecialDayGroup[5].Days[3].EndTime=2026-12-26 23:59:59\n"
			"table.SpecialDayGroup[5].Enable=1\n"
			"table.SpecialDayGroup[5].Days[3].SpecialDayName=Winter\n"
			"table.SpecialDayGroup[5].Days[3].StartTime=2026-12-24 00:00:00\n"
			"table.SpecialDayGroup[5].Days[4].SpecialDayName=no dates\n"
			"table.SpecialDayGroup[5].Days[4].StartTime=\n"
			"table.SpecialDayGroup[128].Name=too many\n"
			"table.Other[5].Name=x\n",
			"");
	const struct postern_special_day_group *group = &days->groups[1];

	assert_int_equal(days->group_count, 2);
	assert_int_equal(days->schedule_count, 0);
	assert_string_equal(days->groups[0].name, "Zero");
	assert_int_equal(days->groups[0].enabled, 0);
	assert_int_equal(days->groups[0].day_count, 0);
	assert_int_equal(group->no, 5);
	assert_int_equal(group->enabled, 1);
	assert_string_equal(group->name, "");
	assert_int_equal(group->day_count, 2);
	assert_int_equal(group->days[0].place, 3);
	assert_string_equal(group->days[0].from, "2026-12-24");
	assert_string_equal(group->days[0].to, "2026-12-26");
	assert_string_equal(group->days[0].name, "Winter");
	assert_int_equal(group->days[1].place, 100);
	assert_string_equal(group->days[1].from, "2026-05-01");
	assert_string_equal(group->days[1].to, "2026-05-01"); /* said nowhere */
	postern_special_days_free(days);
}

static void times_are_those_of_used_segments(void **state UNUSED)
{
	struct postern_special_days *days =
		days_of("", "table.SpecialDaysSchedule[127].TimeSection[5]=1 13:00:00-23:59:59\r\n"
			    "table.SpecialDaysSchedule[127].TimeSection[0]=1 08:00:00-12:00:00\r\n"
			    "table.SpecialDaysSchedule[127].TimeSection[1]=0 09:00:00-10:00:00\r\n"
			    "table.SpecialDaysSchedule[127].TimeSection[2]=1 00:00:00-00:00:00\r\n"
			    "table.SpecialDaysSchedule[127].TimeSection[3]=nonsense\r\n"
			    "table.SpecialDaysSchedule[127].GroupNo=255\r\n"
			    "table.SpecialDaysSchedule[127].Doors[0]=1\r\n"
			    "table.SpecialDaysSchedule[0].GroupNo=3\r\n"
			    "table.SpecialDaysSchedule[0].AccessTimeSchedule[7]=false\r\n"
			    "table.SpecialDaysSchedule[0].AccessTimeSchedule[9]=true\r\n");
	const struct postern_special_schedule *special = &days->schedules[1];

	assert_int_equal(days->group_count, 0);
	assert_int_equal(days->schedule_count, 2);
	assert_int_equal(days->schedules[0].group, 3);
	assert_string_equal(days->schedules[0].times, "");
	assert_int_equal(days->schedules[0].schedule_count, 1);
	assert_int_equal(days->schedules[0].schedules[0], 9);
	assert_int_equal(special->no, 127);
	assert_int_equal(special->group, POSTERN_NOT_GIVEN);
	assert_string_equal(special->times, "08:00-12:00,13:00-24:00");
	assert_int_equal(special->schedule_count, 0);
	postern_special_days_free(days);
}

static void nothing_is_nothing(void **state UNUSED)
{
	struct postern_special_days *days = days_of("", "");

	assert_int_equal(days->group_count, 0);
	assert_int_equal(days->schedule_count, 0);
	assert_null(postern_special_days_free(days));
	assert_null(postern_special_days_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_in_any_order),
		cmocka_unit_test(times_are_those_of_used_segments),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
