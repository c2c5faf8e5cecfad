// SPDX-License-Identifier: Apache-2.0
/* The supervisor's decisions, with times as arguments. */
#include "watch.h"

#include "base/compiler.h"

#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS NS_PER_MS
#define START (1000 * NS_PER_S)

static struct settings settings;
static struct heartbeat_page page;
static struct board board;
static struct locks locks;
static struct watch watch;

static int set_up(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	memset(&page, 0, sizeof(page));
	memset(&board, 0, sizeof(board));
	locks_over_board(&locks, &board);
	watch = (struct watch){.started_ns = START};
	settings.door[0].config.configured = true;
	settings.door[63].config.configured = true;
	return 0;
}

static enum verdict judge(int64_t now_ns, int64_t *ret_next_ns, uint8_t *ret_door)
{
	return watch_judge(&watch, &settings, &page, &locks, now_ns, ret_next_ns, ret_door);
}

static void the_first_beat_may_take_5_s(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START - 1; /* of the core before */
	assert_int_equal(judge(START + 1, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 5 * NS_PER_S);
	assert_int_equal(judge(START + 5 * NS_PER_S - 1, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(judge(START + 5 * NS_PER_S, &next_ns, &door), VERDICT_SILENT);
}

/* A database of another schema, or a million people, may take longer, as long as it goes on. */
static void a_start_that_goes_on_has_5_s_more(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = 0;
	page.starting_ns = START - 1; /* of the core before: no sign */
	assert_int_equal(judge(START + 5 * NS_PER_S, &next_ns, &door), VERDICT_SILENT);
	page.starting_ns = START + 3 * NS_PER_S;
	assert_int_equal(judge(START + 5 * NS_PER_S, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 8 * NS_PER_S);
	assert_int_equal(judge(START + 8 * NS_PER_S, &next_ns, &door), VERDICT_SILENT);
	page.starting_ns = START + 100 * NS_PER_S; /* from the future: no sign either */
	assert_int_equal(judge(START + 5 * NS_PER_S, &next_ns, &door), VERDICT_SILENT);
	page.starting_ns = START + 3 * NS_PER_S;
	page.beat_ns = START + 4 * NS_PER_S; /* from the first beat on, beats are all that counts */
	assert_int_equal(judge(START + 5 * NS_PER_S, &next_ns, &door), VERDICT_SILENT);
	page.starting_ns = 0;
}

static void a_second_without_a_beat_is_silence(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START + 300 * MS;
	assert_int_equal(judge(START + 400 * MS, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 1300 * MS);
	assert_int_equal(judge(START + 1300 * MS - 1, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(judge(START + 1300 * MS, &next_ns, &door), VERDICT_SILENT);
	watch.pardon_ns = START + 1500 * MS;
	assert_int_equal(judge(START + 1300 * MS, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 1500 * MS);
	assert_int_equal(judge(START + 1500 * MS, &next_ns, &door), VERDICT_SILENT);
}

static void the_end_of_the_thread_that_moves_locks_is_the_end(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START + 300 * MS;
	page.life = 4711u | FUTEX_WAITERS; /* it lives: its number */
	assert_int_equal(judge(START + 400 * MS, &next_ns, &door), VERDICT_FINE);
	page.life = FUTEX_WAITERS | FUTEX_OWNER_DIED;
	assert_int_equal(judge(START + 400 * MS, &next_ns, &door), VERDICT_ENDED);
	page.life = 0;
	assert_int_equal(judge(START + 400 * MS, &next_ns, &door), VERDICT_FINE);
}

static void a_beat_from_the_future_buys_one_second(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = INT64_MAX;
	assert_int_equal(judge(START + 1, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 1 + 1000 * MS);
}

static void an_open_door_is_overdue_after_its_time_and_the_grace(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 9;

	page.beat_ns = START + 1;
	page.unlocked_until_ns[63] = START + 300 * MS;
	/* The deadline is written before the line moves: it counts already. */
	assert_int_equal(judge(START + 2, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 350 * MS);
	assert_true(board_set_lock(&board, 63, true, START + 3));
	assert_int_equal(judge(START + 350 * MS - 1, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 350 * MS);
	assert_int_equal(judge(START + 350 * MS, &next_ns, &door), VERDICT_OVERDUE);
	assert_int_equal(door, 63);
	assert_true(board_set_lock(&board, 63, false, START + 4));
	assert_int_equal(judge(START + 350 * MS, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 1 + 1000 * MS);
}

static void the_earliest_deadline_wakes(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START + 1;
	page.unlocked_until_ns[0] = START + 200 * MS;
	page.unlocked_until_ns[63] = START + 100 * MS;
	assert_int_equal(judge(START + 2, &next_ns, &door), VERDICT_FINE);
	assert_int_equal(next_ns, START + 150 * MS);
}

static void a_door_held_open_is_never_overdue(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START + 1;
	page.unlocked_until_ns[0] = INT64_MAX;
	assert_true(board_set_lock(&board, 0, true, START));
	assert_int_equal(judge(START + 900 * MS, &next_ns, &door), VERDICT_FINE);
	page.unlocked_until_ns[0] = 0; /* not yet taken over after a fail-safe state */
	assert_int_equal(judge(START + 900 * MS, &next_ns, &door), VERDICT_FINE);
}

static void a_door_that_is_not_configured_does_not_count(void **state)
{
	(void)state;
	int64_t next_ns = 0;
	uint8_t door = 0;

	page.beat_ns = START + 1;
	page.unlocked_until_ns[5] = START + 1;
	assert_true(board_set_lock(&board, 5, true, START));
	assert_int_equal(judge(START + 500 * MS, &next_ns, &door), VERDICT_FINE);
}

static void restarts_wait_longer_each_time_up_to_2_s(void **state)
{
	(void)state;
	static const int64_t want_ms[] = {0, 100, 200, 400, 800, 1600, 2000, 2000, 2000};
	struct restart restart = {0};
	int64_t now_ns = START;

	for (size_t i = 0; i < ARRAY_COUNT(want_ms); i++) {
		bool alarm;
		int64_t at_ns = restart_plan(&restart, now_ns - MS, now_ns, &alarm);

		assert_int_equal(at_ns - now_ns, want_ms[i] * MS);
		now_ns = at_ns + MS;
	}
}

static void health_of_10_s_forgives(void **state)
{
	(void)state;
	struct restart restart = {0};
	int64_t now_ns = START;
	bool alarm;

	for (int i = 0; i < 20; i++)
		(void)restart_plan(&restart, now_ns, now_ns, &alarm);
	assert_int_equal(restart_plan(&restart, now_ns, now_ns + NS_PER_S - 1, &alarm) - now_ns,
		NS_PER_S - 1 + 2000 * MS);
	now_ns += 100 * NS_PER_S;
	assert_int_equal(restart_plan(&restart, now_ns - NS_PER_S, now_ns, &alarm), now_ns);
	assert_int_equal(restart_plan(&restart, now_ns, now_ns, &alarm), now_ns + 100 * MS);
}

static void the_third_end_within_10_s_is_one_alarm(void **state)
{
	(void)state;
	static const struct {
		int64_t at_s;
		int64_t lived_s;
		bool alarm;
	} ends[] = {{0, 0, false}, {6, 0, false}, {11, 0, false}, {16, 0, true}, {17, 0, false},
		{40, 0, false}, {60, 10, false}, {61, 0, false}, {62, 0, true}, {63, 9, false}};
	struct restart restart = {0};

	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		int64_t now_ns = START + ends[i].at_s * NS_PER_S;
		bool alarm;

		(void)restart_plan(&restart, now_ns - ends[i].lived_s * NS_PER_S, now_ns, &alarm);
		assert_int_equal(alarm, ends[i].alarm);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

static const struct gate_watch gate_well = {.running = true,
	.ready = true,
	.core_ready = true,
	.started_ns = START,
	.heard_ns = START + 100 * NS_PER_S};

static void a_gate_without_a_word_for_5_s_is_silent(void **state)
{
	(void)state;
	struct gate_watch gate = gate_well;
	const int64_t limit_ns = gate.heard_ns + 5 * NS_PER_S;
	int64_t next_ns = 0;

	assert_true(gate_is_heard(&gate, limit_ns - 1, &next_ns));
	assert_int_equal(next_ns, limit_ns);
	assert_true(gate_answers(&gate, limit_ns - 1));
	assert_false(gate_is_heard(&gate, limit_ns, &next_ns));
	assert_false(gate_answers(&gate, limit_ns));
	gate.pardon_ns = limit_ns + 7;
	assert_true(gate_is_heard(&gate, limit_ns, &next_ns));
	assert_int_equal(next_ns, limit_ns + 7);
	assert_false(gate_is_heard(&gate, limit_ns + 7, &next_ns));
	gate.pardon_ns = INT64_MAX; /* a stop */
	assert_true(gate_is_heard(&gate, limit_ns + 7, &next_ns));
	assert_int_equal(next_ns, INT64_MAX);
	gate = gate_well;
	gate.running = false;
	assert_true(gate_is_heard(&gate, limit_ns, &next_ns)); /* nothing to kill */
	assert_false(gate_answers(&gate, gate.heard_ns));
}

static void a_gate_has_10_s_to_start_once_core_is_there(void **state)
{
	(void)state;
	struct gate_watch gate = gate_well;
	int64_t next_ns = 0;

	gate.ready = false;
	gate.heard_ns = START + 3 * NS_PER_S; /* core's READY */
	assert_true(gate_is_heard(&gate, START + 1000 * NS_PER_S, &next_ns));
	assert_true(gate_answers(&gate, START + 13 * NS_PER_S - 1));
	assert_false(gate_answers(&gate, START + 13 * NS_PER_S));
	gate.started_ns = START + 4 * NS_PER_S; /* again, behind it */
	assert_true(gate_answers(&gate, START + 14 * NS_PER_S - 1));
	assert_false(gate_answers(&gate, START + 14 * NS_PER_S));
	gate.core_ready = false; /* a large database comes up */
	assert_true(gate_answers(&gate, START + 1000 * NS_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_beat_may_take_5_s),
		TEST(a_start_that_goes_on_has_5_s_more),
		TEST(a_second_without_a_beat_is_silence),
		TEST(the_end_of_the_thread_that_moves_locks_is_the_end),
		TEST(a_beat_from_the_future_buys_one_second),
		TEST(an_open_door_is_overdue_after_its_time_and_the_grace),
		TEST(the_earliest_deadline_wakes),
		TEST(a_door_held_open_is_never_overdue),
		TEST(a_door_that_is_not_configured_does_not_count),
		TEST(restarts_wait_longer_each_time_up_to_2_s),
		TEST(health_of_10_s_forgives),
		TEST(the_third_end_within_10_s_is_one_alarm),
		cmocka_unit_test_setup(a_gate_without_a_word_for_5_s_is_silent, set_up),
		cmocka_unit_test_setup(a_gate_has_10_s_to_start_once_core_is_there, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
