// SPDX-License-Identifier: Apache-2.0
/* The heap of timers against the plainest thing that can be right: looking at all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "timer.h"

#define TIMERS 300
#define TURNS 20000

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static int64_t earliest(const struct timer *timer)
{
	int64_t at_ms = INT64_MAX;

	for (size_t i = 0; i < TIMERS; i++) {
		if (timer[i].place != 0 && timer[i].at_ms < at_ms)
			at_ms = timer[i].at_ms;
	}
	return at_ms;
}

static void the_first_is_the_earliest_whatever_was_moved_and_stopped(void **state UNUSED)
{
	static struct timer timer[TIMERS];
	struct timers timers = {0};
	uint32_t random = 7;

	for (int turn = 0; turn < TURNS; turn++) {
		struct timer *one = &timer[next_random(&random) % TIMERS];

		if (next_random(&random) % 4 == 0)
			timer_stop(&timers, one);
		else
			assert_true(timer_arm(&timers, one, next_random(&random) % 1000));
		assert_int_equal(timers_next(&timers), earliest(timer));
	}
	int64_t last_ms = 0;
	size_t left = timers.count;
	struct timer *one;

	assert_true(left > 100);
	assert_null(timers_take(&timers, timers_next(&timers) - 1));
	while ((one = timers_take(&timers, 1000)) != NULL) {
		assert_true(one->at_ms >= last_ms);
		assert_int_equal(one->place, 0);
		last_ms = one->at_ms;
		left--;
	}
	assert_int_equal(left, 0);
	assert_int_equal(timers_next(&timers), INT64_MAX);
	timers_drop(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_the_earliest_whatever_was_moved_and_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
