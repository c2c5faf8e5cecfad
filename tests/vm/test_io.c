// SPDX-License-Identifier: Apache-2.0
/*
 * Commissioning: posternd io shows what comes in and pulses one lock, on the lines that a run of
 * posternd would have, and leaves a running one alone.
 */
#include "site.h"
#include "wiring.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ANN 305419896
#define START_MS 500 /* until it looks at its lines */

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	site_clear();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_clear();
	wiring_end();
	return 0;
}

static int log_clear(void **state)
{
	(void)state;
	site_log_clear();
	wiring_forget();
	return 0;
}

static void assert_said(const char *words)
{
	if (!site_log_has(words))
		fail_msg("it did not say: %s", words);
}

static void what_comes_in_is_shown(void **state)
{
	const char *arguments[] = {
		"posternd", "io", "--config", SITE_CONFIG, "--seconds", "3", NULL};
	pid_t io = site_spawn(arguments);

	(void)state;
	world_sleep_ms(START_MS);
	wiring_set(FRONT_CONTACT, true);
	wiring_set(FRONT_REX, false);
	wiring_set(ENTRY_TAMPER, false);
	world_sleep_ms(50);
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)reader_show(EXIT_DATA0, "W26", 8106606);
	wiring_set(FRONT_CONTACT, false);
	wiring_set(FRONT_REX, true);
	wiring_set(ENTRY_TAMPER, true);
	wiring_quiet(FRONT_LOCK, 1000);
	assert_int_equal(site_spawned_end(io), 0);
	assert_said("door `front`: contact open");
	assert_said("door `front`: contact closed");
	assert_said("door `front`: exit button pressed");
	assert_said("door `front`: exit button released");
	assert_said("reader 1: tamper opened");
	assert_said("reader 1: tamper closed");
	assert_said("reader 1: a frame of 34 bits");
	assert_said("reader 2: a frame of 26 bits");
	assert_false(site_log_has("305419896"));
	assert_false(site_log_has("noise"));
}

static void one_lock_is_pulsed(void **state)
{
	const char *arguments[] = {"posternd", "io", "--config", SITE_CONFIG, "--pulse", "front",
		"--ms", "300", "--seconds", "1", NULL};
	pid_t io = site_spawn(arguments);

	(void)state;
	int64_t opened_ns = wiring_wait(FRONT_LOCK, true, 2000);
	int64_t shut_ns = wiring_wait(FRONT_LOCK, false, 1000);

	assert_int_equal(site_spawned_end(io), 0);
	assert_in_range(shut_ns - opened_ns, 299 * NS_PER_MS, 320 * NS_PER_MS);
	assert_said("door `front`: unlocked");
	assert_said("door `front`: locked");
	wiring_quiet(FRONT_LOCK, 100);
	assert_false(wiring_get(HALL_LOCK)); /* fail: safe, as without posternd */
}

static void a_signal_ends_a_pulse(void **state)
{
	const char *arguments[] = {
		"posternd", "io", "--config", SITE_CONFIG, "--pulse", "1", "--ms", "10000", NULL};
	pid_t io = site_spawn(arguments);

	(void)state;
	(void)wiring_wait(FRONT_LOCK, true, 2000);
	assert_int_equal(kill(io, SIGTERM), 0);
	(void)wiring_wait(FRONT_LOCK, false, 50);
	assert_int_equal(site_spawned_end(io), 0);
}

static void a_running_posternd_keeps_its_lines(void **state)
{
	const char *arguments[] = {"posternd", "io", "--config", SITE_CONFIG, "--pulse", "front",
		"--seconds", "1", NULL};

	(void)state;
	site_start(SITE_CONFIG);
	site_enrol("ann", "305419896", NULL, 2);
	wiring_forget();
	assert_int_equal(site_spawned_end(site_spawn(arguments)), 1);
	wiring_quiet(FRONT_LOCK, 200);
	wiring_quiet(HALL_LOCK, 200);
	assert_true(wiring_get(HALL_LOCK));
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	assert_int_equal(site_stop(), 0);
}

#define IO_TEST(name) cmocka_unit_test_setup(name, log_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IO_TEST(what_comes_in_is_shown),
		IO_TEST(one_lock_is_pulsed),
		IO_TEST(a_signal_ends_a_pulse),
		IO_TEST(a_running_posternd_keeps_its_lines),
	};

	world_precise();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
