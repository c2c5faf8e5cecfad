// SPDX-License-Identifier: Apache-2.0
/* Calendar and zone arithmetic, against the C library where it can be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/compiler.h"

#include <time.h>

static void every_day_from_1970_to_2099_agrees_with_the_c_library(void **state UNUSED)
{
	for (int64_t seconds = 3723; seconds < 4102444800; seconds += S_PER_DAY) {
		time_t moment = (time_t)seconds;
		struct tm tm;
		struct civil civil = civil_from_seconds(seconds);

		assert_non_null(gmtime_r(&moment, &tm));
		assert_int_equal(civil.year, tm.tm_year + 1900);
		assert_int_equal(civil.month, tm.tm_mon + 1);
		assert_int_equal(civil.day, tm.tm_mday);
		assert_int_equal(civil.hour, 1);
		assert_int_equal(civil.minute, 2);
		assert_int_equal(civil.second, 3);
		assert_int_equal(civil_weekday(seconds), (unsigned)tm.tm_wday);
		assert_true(civil_valid(&civil));
		assert_true(civil_to_seconds(&civil) == seconds);
	}
}

static void dates_that_do_not_exist_are_refused(void **state UNUSED)
{
	static const struct {
		struct civil civil;
		bool valid;
	} rows[] = {
		{{2024, 2, 29, 23, 59, 59}, true},
		{{2023, 2, 29, 0, 0, 0}, false},
		{{2000, 2, 29, 0, 0, 0}, true},
		{{1969, 12, 31, 23, 59, 59}, false},
		{{2100, 1, 1, 0, 0, 0}, false},
		{{2026, 0, 1, 0, 0, 0}, false},
		{{2026, 13, 1, 0, 0, 0}, false},
		{{2026, 4, 31, 0, 0, 0}, false},
		{{2026, 4, 0, 0, 0, 0}, false},
		{{2026, 4, 1, 24, 0, 0}, false},
		{{2026, 4, 1, 0, 60, 0}, false},
		{{2026, 4, 1, 0, 0, 60}, false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_int_equal(civil_valid(&rows[i].civil), rows[i].valid);
}

/* Central Europe in 2026: +1 h, +2 h from 29 March 01:00 UTC, +1 h from 25 October 01:00 UTC. */
static const struct zone europe = {
	.first_offset_s = 3600,
	.count = 2,
	.transition = {{1774746000, 7200}, {1792890000, 3600}},
};

static void a_missing_local_time_moves_forward(void **state UNUSED)
{
	struct civil missing = {2026, 3, 29, 2, 30, 0};
	struct civil shown = zone_local(&europe, zone_utc_s(&europe, &missing));

	assert_int_equal(shown.hour, 3);
	assert_int_equal(shown.minute, 30);
}

static void the_first_of_two_ambiguous_times_is_taken(void **state UNUSED)
{
	struct civil twice = {2026, 10, 25, 2, 30, 0};

	assert_true(zone_utc_s(&europe, &twice) == 1792890000 - 1800);
}

static void local_times_come_back_as_they_were(void **state UNUSED)
{
	for (int64_t utc = 1767225600; utc < 1798761600; utc += 1801) {
		struct civil local = zone_local(&europe, utc);
		int64_t back = zone_utc_s(&europe, &local);

		/* In the doubled hour the first pass is meant. */
		assert_true(back == utc ||
			    (utc >= 1792890000 && utc < 1792893600 && back == utc - 3600));
	}
}

static void an_empty_zone_has_one_offset(void **state UNUSED)
{
	struct zone india = {.first_offset_s = 19800};
	struct civil local = {1970, 1, 1, 5, 30, 0};

	assert_int_equal(zone_offset_s(&india, -1), 19800);
	assert_true(zone_utc_s(&india, &local) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_from_1970_to_2099_agrees_with_the_c_library),
		cmocka_unit_test(dates_that_do_not_exist_are_refused),
		cmocka_unit_test(a_missing_local_time_moves_forward),
		cmocka_unit_test(the_first_of_two_ambiguous_times_is_taken),
		cmocka_unit_test(local_times_come_back_as_they_were),
		cmocka_unit_test(an_empty_zone_has_one_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
