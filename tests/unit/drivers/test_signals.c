// SPDX-License-Identifier: Apache-2.0
/* Light and sound over time. */
#include "signals.h"

#include "base/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN (100 * NS_PER_S)

static struct signals signals;

static int set_up(void **state)
{
	(void)state;
	memset(&signals, 0, sizeof(signals));
	return 0;
}

static void assert_at(int64_t ms, bool led, bool beeper)
{
	signals_time(&signals, BEGIN + ms * NS_PER_MS);
	assert_int_equal(signals.led, led);
	assert_int_equal(signals.beeper, beeper);
}

static void set_at(int64_t ms, enum feedback feedback)
{
	signals_set(&signals, (uint8_t)feedback, BEGIN + ms * NS_PER_MS);
}

static void nothing_is_dark_and_has_no_deadline(void **state)
{
	(void)state;
	assert_true(signals_deadline_ns(&signals) == INT64_MAX);
	assert_at(0, false, false);
}

static void a_grant_is_one_beep_and_light(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_GRANTED);
	assert_true(signals.led && signals.beeper);
	assert_true(signals_deadline_ns(&signals) == BEGIN + 300 * NS_PER_MS);
	assert_at(299, true, true);
	assert_at(300, true, false);
	assert_at(1999, true, false);
	assert_at(2000, false, false);
	assert_true(signals_deadline_ns(&signals) == INT64_MAX);
}

/* The beeps that begin within a while. */
static unsigned beeps(enum feedback feedback, int64_t while_ms)
{
	unsigned count = 0;
	bool before = false;

	set_at(0, feedback);
	for (int64_t ms = 0; ms < while_ms; ms++) {
		signals_time(&signals, BEGIN + ms * NS_PER_MS);
		count += signals.beeper && !before;
		before = signals.beeper;
	}
	return count;
}

static void feedbacks_differ_by_their_beeps(void **state)
{
	(void)state;
	assert_int_equal(beeps(FEEDBACK_GRANTED, 3000), 1);
	assert_int_equal(beeps(FEEDBACK_GRANTED_PRE_ARREARS, 3000), 2);
	assert_int_equal(beeps(FEEDBACK_DENIED, 3000), 3);
	assert_int_equal(beeps(FEEDBACK_KEY, 3000), 1);
	assert_int_equal(beeps(FEEDBACK_WAITING, 3000), 0);
	assert_int_equal(beeps(FEEDBACK_IDLE, 3000), 0);
	assert_int_equal(beeps(FEEDBACK_HELD_WARNING, 3000), 3);
}

static void the_warning_lasts_until_the_door_is_closed(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_HELD_WARNING);
	assert_at(100, false, true);
	assert_at(600, false, false);
	assert_at(60000, false, true); /* however late: it begins again */
	assert_at(60250, false, false);
	set_at(60300, FEEDBACK_IDLE);
	assert_true(signals_deadline_ns(&signals) == INT64_MAX);
	assert_at(61000, false, false);
}

static void a_grant_shows_over_the_warning_which_comes_back(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_HELD_WARNING);
	set_at(500, FEEDBACK_GRANTED);
	assert_at(700, true, true);
	assert_at(2400, true, false);
	assert_at(2500, false, true);
	assert_at(2750, false, false);
}

static void a_warning_waits_for_a_short_pattern(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_GRANTED);
	set_at(100, FEEDBACK_HELD_WARNING);
	assert_at(299, true, true);
	assert_at(1999, true, false);
	assert_at(2000, false, true);
}

static void keys_blip_while_the_second_is_waited_for(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_WAITING);
	assert_at(100, true, false);
	assert_at(300, false, false);
	set_at(300, FEEDBACK_KEY);
	assert_at(310, true, true);
	assert_at(360, true, false); /* it waits again */
	assert_at(610, false, false);
	set_at(700, FEEDBACK_DENIED);
	assert_at(1300, false, false);
	assert_true(signals_deadline_ns(&signals) == INT64_MAX);
}

static void a_wait_that_nobody_ends_ends(void **state)
{
	(void)state;
	set_at(0, FEEDBACK_WAITING);
	for (int64_t ms = 0; ms < 29000; ms += 100)
		signals_time(&signals, BEGIN + ms * NS_PER_MS);
	assert_true(signals_deadline_ns(&signals) < INT64_MAX);
	for (int64_t ms = 29000; ms < 31000; ms += 100)
		signals_time(&signals, BEGIN + ms * NS_PER_MS);
	assert_at(31000, false, false);
	assert_true(signals_deadline_ns(&signals) == INT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_dark_and_has_no_deadline),
		TEST(a_grant_is_one_beep_and_light),
		TEST(feedbacks_differ_by_their_beeps),
		TEST(the_warning_lasts_until_the_door_is_closed),
		TEST(a_grant_shows_over_the_warning_which_comes_back),
		TEST(a_warning_waits_for_a_short_pattern),
		TEST(keys_blip_while_the_second_is_waited_for),
		TEST(a_wait_that_nobody_ends_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
