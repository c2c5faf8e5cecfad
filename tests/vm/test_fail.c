// SPDX-License-Identifier: Apache-2.0
/*
 * Processes die and hang while locks are open. What counts is what the kernel saw on the lock's
 * line, by its own stamps: how soon the fail state was there, and that nothing clicked twice.
 */
#include "site.h"
#include "wiring.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ANN 305419896
#define LONG_CONFIG "/tests/fail.yaml"
#define PULSE_MS 1000 /* of the front door in site.yaml */
#define FAIL_STATE_MS 10 /* from kill -9 of core, or from the supervisor's deadline */
/*
 * When the supervisor goes, the kernel takes its memory apart before core sees its sockets close,
 * and core's before the chip sees its lines let go.
 */
#define DEATH_MS 50
#define SILENCE_MS 1000 /* without a beat of core's heart; it beats every 250 ms */
#define GRACE_MS 50 /* of the supervisor, beyond the end of a pulse */
#define KILLS 12
#define BUSY_KILLS 4

static int start(const char *config)
{
	wiring_begin();
	site_clear();
	site_start(config);
	site_enrol("ann", "305419896", NULL, 2);
	wiring_forget();
	return 0;
}

static int start_short(void **state)
{
	(void)state;
	return start(SITE_CONFIG);
}

static int start_long(void **state)
{
	(void)state;
	return start(LONG_CONFIG);
}

/* Also after a failure: the doors at rest, and a site that answers. */
static int rest(void **state)
{
	(void)state;
	if (site_supervisor() == 0)
		site_start(LONG_CONFIG);
	world_sleep_ms(5000); /* no pulse is longer; also the supervisor's patience is back */
	wiring_forget();
	assert_false(wiring_get(FRONT_LOCK));
	assert_true(wiring_get(HALL_LOCK));
	return 0;
}

static int end(void **state)
{
	(void)state;
	site_clear();
	wiring_end();
	return 0;
}

static void front_open(void)
{
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
}

/* The time of a signal, by the clock of the kernel's stamps. */
static int64_t strike(pid_t pid, int number)
{
	int64_t now_ns = world_now_ns();

	assert_return_code(kill(pid, number), errno);
	return now_ns;
}

/* kill -9 at other instants of the pulse each time. */
static void a_killed_core_leaves_a_locked_door(void **state)
{
	int64_t late_ns[KILLS];

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		pid_t core = site_role("core");

		front_open();
		world_sleep_ms(i * PULSE_MS / (KILLS + 1));
		int64_t killed_ns = strike(core, SIGKILL);

		late_ns[i] = wiring_wait(FRONT_LOCK, false, 1000) - killed_ns;
		assert_in_range(late_ns[i], 0, FAIL_STATE_MS * NS_PER_MS);
		(void)site_wait_role("core", core);
		wiring_quiet(FRONT_LOCK, 200); /* the start of the next core moves nothing */
	}
	world_print_spread("fail: secure, kill -9 of core to a locked door", late_ns, KILLS);
	front_open();
	(void)wiring_wait(FRONT_LOCK, false, PULSE_MS + 500);
}

/* Somebody else wants the processor as well, all of it. */
static pid_t hog_start(void)
{
	struct sched_param ordinary = {0};
	pid_t hog = fork();

	assert_return_code(hog, errno);
	if (hog > 0)
		return hog;
	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
	for (;;)
		;
}

static void a_killed_core_leaves_a_locked_door_while_the_processor_is_busy(void **state)
{
	int64_t late_ns[BUSY_KILLS];

	(void)state;
	for (int i = 0; i < BUSY_KILLS; i++) {
		pid_t core = site_role("core");

		front_open();
		pid_t hog = hog_start();

		world_sleep_ms(50);
		late_ns[i] = strike(core, SIGKILL);
		late_ns[i] = wiring_wait(FRONT_LOCK, false, 3000) - late_ns[i];
		assert_return_code(kill(hog, SIGKILL), errno);
		assert_int_equal(waitpid(hog, NULL, 0), hog);
		(void)site_wait_role("core", core);
	}
	world_print_spread("the same, the processor busy", late_ns, BUSY_KILLS);
	for (int i = 0; i < BUSY_KILLS; i++)
		assert_in_range(late_ns[i], 0, FAIL_STATE_MS * NS_PER_MS);
}

static void a_killed_core_leaves_a_free_way_where_that_is_the_fail_state(void **state)
{
	int64_t late_ns[KILLS];
	int64_t back_ns[KILLS];

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		pid_t core = site_role("core");
		int64_t killed_ns = strike(core, SIGKILL);
		int64_t free_ns = wiring_wait(HALL_LOCK, false, 1000);

		late_ns[i] = free_ns - killed_ns;
		assert_in_range(late_ns[i], 0, FAIL_STATE_MS * NS_PER_MS);
		back_ns[i] = wiring_wait(HALL_LOCK, true, 10000) - free_ns;
		(void)site_wait_role("core", core);
		wiring_quiet(HALL_LOCK, 100);
	}
	world_print_spread("fail: safe, kill -9 of core to a free way", late_ns, KILLS);
	world_print_spread("fail: safe, until the next core locks again", back_ns, KILLS);
}

static void a_core_that_dies_at_rest_does_not_click(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pid_t core = site_role("core");

		(void)strike(core, SIGKILL);
		(void)site_wait_role("core", core);
		wiring_quiet(FRONT_LOCK, 200);
	}
}

static void what_moved_while_core_was_away_is_known_to_the_next(void **state)
{
	pid_t core = site_role("core");

	(void)state;
	site_forget();
	(void)strike(core, SIGKILL);
	wiring_set(FRONT_CONTACT, true);
	(void)site_wait_role("core", core);
	world_sleep_ms(500);
	wiring_set(FRONT_CONTACT, false);
	const struct site_events *news = site_await("door_closed", 1);

	assert_int_equal(site_count(news, "core_restarted"), 1);
	assert_int_equal(site_count(news, "door_forced"), 0); /* nobody saw how it came */
}

/* Pulse of 5 s: only the silence of core's heart ends it. */
static void a_stopped_core_leaves_a_locked_door(void **state)
{
	pid_t core = site_role("core");

	(void)state;
	front_open();
	world_sleep_ms(300);
	int64_t stopped_ns = strike(core, SIGSTOP);
	int64_t late_ns = wiring_wait(FRONT_LOCK, false, 4000) - stopped_ns;

	(void)printf("# fail: secure, SIGSTOP of core to a locked door: %lld ms\n",
		(long long)(late_ns / NS_PER_MS));
	assert_in_range(
		late_ns, (SILENCE_MS - 300) * NS_PER_MS, (SILENCE_MS + FAIL_STATE_MS) * NS_PER_MS);
	assert_true(site_wait_role("core", core) > 0);
	wiring_quiet(FRONT_LOCK, 200);
}

static void a_stopped_core_leaves_a_free_way_where_that_is_the_fail_state(void **state)
{
	pid_t core = site_role("core");

	(void)state;
	int64_t stopped_ns = strike(core, SIGSTOP);
	int64_t late_ns = wiring_wait(HALL_LOCK, false, 4000) - stopped_ns;

	(void)printf("# fail: safe, SIGSTOP of core to a free way: %lld ms\n",
		(long long)(late_ns / NS_PER_MS));
	assert_in_range(
		late_ns, (SILENCE_MS - 300) * NS_PER_MS, (SILENCE_MS + FAIL_STATE_MS) * NS_PER_MS);
	(void)wiring_wait(HALL_LOCK, true, 5000);
	(void)site_wait_role("core", core);
}

/* Pulse of 1 s, stopped late in it: its end comes before the silence is long enough. */
static void no_pulse_is_longer_than_promised(void **state)
{
	pid_t core = site_role("core");

	(void)state;
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	int64_t opened_ns = wiring_wait(FRONT_LOCK, true, 1000);

	world_sleep_ms(PULSE_MS - 400);
	(void)strike(core, SIGSTOP);
	int64_t open_ns = wiring_wait(FRONT_LOCK, false, 4000) - opened_ns;

	(void)printf("# SIGSTOP within a pulse of %d ms: open for %lld ms\n", PULSE_MS,
		(long long)(open_ns / NS_PER_MS));
	assert_in_range(open_ns, (PULSE_MS - 1) * NS_PER_MS,
		(PULSE_MS + GRACE_MS + FAIL_STATE_MS) * NS_PER_MS);
	(void)site_wait_role("core", core);
	wiring_quiet(FRONT_LOCK, 200);
}

static void a_killed_gate_moves_no_lock(void **state)
{
	pid_t gate = site_role("gate");

	(void)state;
	front_open();
	(void)strike(gate, SIGKILL);
	wiring_quiet(FRONT_LOCK, PULSE_MS - 200);
	(void)wiring_wait(FRONT_LOCK, false, 1000);
	(void)site_wait_role("gate", gate);
	front_open();
	(void)wiring_wait(FRONT_LOCK, false, PULSE_MS + 500);
}

/* Core sees the end of its supervisor, locks, and ends. */
static void a_killed_supervisor_leaves_its_doors_to_core(void **state)
{
	pid_t core = site_role("core");

	(void)state;
	front_open();
	int64_t killed_ns = strike(site_supervisor(), SIGKILL);
	int64_t late_ns = wiring_wait(FRONT_LOCK, false, 4000) - killed_ns;

	site_lost();
	(void)printf("# kill -9 of the supervisor to a locked door: %lld us\n",
		(long long)(late_ns / NS_PER_US));
	assert_in_range(late_ns, 0, DEATH_MS * NS_PER_MS);
	world_sleep_ms(500);
	assert_int_equal(site_role("core"), 0);
	assert_int_equal(site_role("gate"), 0);
	site_start(LONG_CONFIG);
	assert_int_not_equal(site_role("core"), core);
	wiring_quiet(FRONT_LOCK, 200);
}

static void release_controller(bool on)
{
	int fd = open("/sys/module/gpio_wires/parameters/release_controller", O_WRONLY | O_CLOEXEC);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, on ? "1" : "0", 1), 1);
	(void)close(fd);
}

/* Both at once, so that no program of ours is left: the supervisor is stopped, then both killed. */
static int64_t all_die(void)
{
	pid_t supervisor = site_supervisor();

	(void)strike(supervisor, SIGSTOP);
	int64_t killed_ns = strike(site_role("core"), SIGKILL);

	(void)strike(supervisor, SIGKILL);
	site_lost();
	return killed_ns;
}

/*
 * Nobody is left to write a fail state: what the line does then is the chip's affair. Many keep
 * driving it, as this one does; the next start locks.
 */
static void what_a_chip_keeps_driving_the_next_start_locks(void **state)
{
	(void)state;
	front_open();
	(void)all_die();
	wiring_quiet(FRONT_LOCK, 1000);
	assert_true(wiring_get(FRONT_LOCK));
	int64_t start_ns = world_now_ns();

	site_start(LONG_CONFIG);
	int64_t locked_ns = wiring_wait(FRONT_LOCK, false, 1000);

	(void)printf("# all killed, lines kept by the chip: locked %lld ms after the next start\n",
		(long long)((locked_ns - start_ns) / NS_PER_MS));
	assert_in_range(locked_ns - start_ns, 0, 500 * NS_PER_MS);
	wiring_quiet(FRONT_LOCK, 200);
}

/* Where the chip lets go of a line, the resistor on the board decides. */
static void what_a_chip_lets_go_of_the_resistor_pulls(void **state)
{
	(void)state;
	release_controller(true);
	front_open();
	int64_t killed_ns = all_die();
	int64_t late_ns = wiring_wait(FRONT_LOCK, false, 1000) - killed_ns;

	release_controller(false);
	(void)printf("# all killed, lines let go by the chip: pulled down after %lld us\n",
		(long long)(late_ns / NS_PER_US));
	assert_in_range(late_ns, 0, 2 * DEATH_MS * NS_PER_MS);
	site_start(LONG_CONFIG);
	wiring_quiet(FRONT_LOCK, 200);
}

#define AT_REST(name) cmocka_unit_test_setup(name, rest)

int main(void)
{
	const struct CMUnitTest short_pulses[] = {
		AT_REST(a_killed_core_leaves_a_locked_door),
		AT_REST(a_killed_core_leaves_a_locked_door_while_the_processor_is_busy),
		AT_REST(a_killed_core_leaves_a_free_way_where_that_is_the_fail_state),
		AT_REST(a_core_that_dies_at_rest_does_not_click),
		AT_REST(what_moved_while_core_was_away_is_known_to_the_next),
		AT_REST(no_pulse_is_longer_than_promised),
		AT_REST(a_killed_gate_moves_no_lock),
	};
	const struct CMUnitTest long_pulses[] = {
		AT_REST(a_stopped_core_leaves_a_locked_door),
		AT_REST(a_stopped_core_leaves_a_free_way_where_that_is_the_fail_state),
		AT_REST(a_killed_supervisor_leaves_its_doors_to_core),
		AT_REST(what_a_chip_keeps_driving_the_next_start_locks),
		AT_REST(what_a_chip_lets_go_of_the_resistor_pulls),
	};

	world_precise();
	int failed = cmocka_run_group_tests(short_pulses, start_short, end);

	return failed + cmocka_run_group_tests(long_pulses, start_long, end);
}
