// SPDX-License-Identifier: Apache-2.0
/* Operator commands: what moves, what is recorded, when and how they are answered. */
#include "fixture.h"

static void open_moves_the_lock_at_once_and_is_answered_when_recorded(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *e;

	command(f, 0, DOOR_COMMAND_OPEN, 77);
	assert_int_equal(f->effects.items[0].kind, EFFECT_OUTPUT);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	e = entry_must(f, JOURNAL_COMMAND);
	assert_int_equal(e->ticket, 101);
	assert_true(e->wants_outcome);
	assert_int_equal(e->method, METHOD_REMOTE);
	assert_int_equal(e->reason, REASON_COMMAND);
	assert_int_equal(e->command, DOOR_COMMAND_OPEN);
	assert_int_equal(e->door, 0);
	assert_int_equal(e->reader, READER_NONE);
	assert_true(text_is(&e->user_id, SPAN_LIT("guard")));
	assert_true(text_is(&e->command_type, SPAN_LIT("Remote")));
	assert_true(text_is(&e->account, SPAN_LIT("admin")));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	assert_null(effect_nth(f, EFFECT_COMMAND_RESULT, 0));
	durable(f, 100);
	assert_quiet(f);
	durable(f, 101);
	assert_result(f, 77, COMMAND_DONE, REASON_COMMAND);
	assert_int_equal(f->effects.count, 1);
	durable(f, 101);
	assert_quiet(f);
}

static void close_ends_a_pulse_and_a_hold_open(void **state)
{
	struct fixture *f = *state;

	command(f, 0, DOOR_COMMAND_OPEN, 1);
	at(f, 1000);
	command(f, 0, DOOR_COMMAND_CLOSE, 2);
	assert_int_equal(f->effects.items[0].kind, EFFECT_OUTPUT);
	assert_output(f, 0, false, 0);
	assert_false(entry_must(f, JOURNAL_COMMAND)->wants_outcome);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_LOCKED)->outcome_of, 102);
	assert_int_equal(deadline_ms(f), -1);
	command(f, 0, DOOR_COMMAND_HOLD_OPEN, 3);
	assert_output(f, 0, true, OUTPUT_FOREVER);
	command(f, 0, DOOR_COMMAND_CLOSE, 4);
	assert_output(f, 0, false, 0);
	assert_int_equal(door_now(f, 0).hold, DOOR_COMMAND_NORMAL);
	command(f, 0, DOOR_COMMAND_CLOSE, 5); /* locked already: recorded, no new locking */
	assert_output(f, 0, false, 0);
	assert_non_null(entry_of(f, JOURNAL_COMMAND));
	assert_null(entry_of(f, JOURNAL_DOOR_LOCKED));
}

static void hold_open_lasts_until_normal_and_longer_than_pulses(void **state)
{
	struct fixture *f = *state;

	command(f, 0, DOOR_COMMAND_HOLD_OPEN, 1);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	assert_int_equal(door_now(f, 0).hold, DOOR_COMMAND_HOLD_OPEN);
	rex(f, 0, true);
	assert_output(f, 0, true, OUTPUT_FOREVER);
	rex(f, 0, false);
	at(f, UNLOCK_MS);
	tick(f);
	assert_no_output(f); /* the pulse's end locks nothing */
	assert_null(entry_of(f, JOURNAL_DOOR_LOCKED));
	command(f, 0, DOOR_COMMAND_NORMAL, 2);
	assert_output(f, 0, false, 0);
	assert_non_null(entry_of(f, JOURNAL_DOOR_LOCKED));
}

static void normal_lets_a_running_pulse_end(void **state)
{
	struct fixture *f = *state;

	command(f, 0, DOOR_COMMAND_HOLD_OPEN, 1);
	command(f, 0, DOOR_COMMAND_OPEN, 2);
	at(f, 1000);
	command(f, 0, DOOR_COMMAND_NORMAL, 3);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_null(entry_of(f, JOURNAL_DOOR_LOCKED));
	at(f, UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
}

static void held_locked_refuses_what_unlocks_and_records_it(void **state)
{
	struct fixture *f = *state;
	static const enum door_command unlocking[] = {DOOR_COMMAND_OPEN, DOOR_COMMAND_HOLD_OPEN};

	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	durable(f, 101);
	assert_result(f, 1, COMMAND_DONE, REASON_COMMAND);
	for (uint64_t i = 0; i < 2; i++) {
		command(f, 0, unlocking[i], 10 + i);
		assert_no_output(f);
		assert_int_equal(entry_must(f, JOURNAL_COMMAND)->reason, REASON_HELD_LOCKED);
		assert_false(entry_of(f, JOURNAL_COMMAND)->wants_outcome);
		assert_null(entry_of(f, JOURNAL_DOOR_UNLOCKED));
		durable(f, 102 + i);
		assert_result(f, 10 + i, COMMAND_REFUSED, REASON_HELD_LOCKED);
	}
	put_always(f, 5);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_HELD_LOCKED);
	command(f, 0, DOOR_COMMAND_CLOSE, 20); /* keeps the hold */
	assert_int_equal(door_now(f, 0).hold, DOOR_COMMAND_HOLD_LOCKED);
	command(f, 0, DOOR_COMMAND_NORMAL, 21);
	assert_int_equal(door_now(f, 0).hold, DOOR_COMMAND_NORMAL);
	command(f, 0, DOOR_COMMAND_OPEN, 22);
	assert_output(f, 0, true, MS(UNLOCK_MS));
}

static void hold_locked_locks_at_once(void **state)
{
	struct fixture *f = *state;

	rex(f, 0, true);
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	assert_output(f, 0, false, 0);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_LOCKED)->outcome_of, 102);
	after(f, 10 * UNLOCK_MS); /* a button that was pressed before opens at its next press */
	tick(f);
	assert_no_output(f);
	rex(f, 0, false);
	rex(f, 0, true);
	assert_int_equal(effect_nth(f, EFFECT_OUTPUT, 0)->output.unlocked, true);
}

static void a_door_that_is_none_is_answered_at_once_and_not_recorded(void **state)
{
	struct fixture *f = *state;

	command(f, 2, DOOR_COMMAND_OPEN, 5);
	assert_result(f, 5, COMMAND_NO_DOOR, REASON_NONE);
	assert_int_equal(f->effects.count, 1);
	command(f, 255, DOOR_COMMAND_OPEN, 6);
	assert_result(f, 6, COMMAND_NO_DOOR, REASON_NONE);
}

static void too_many_waiting_commands_are_refused_and_do_nothing(void **state)
{
	struct fixture *f = *state;
	unsigned results = 0;

	for (uint64_t i = 0; i < COMMANDS_WAITING_MAX; i++)
		command(f, 0, DOOR_COMMAND_NORMAL, i);
	command(f, 0, DOOR_COMMAND_OPEN, 99);
	assert_result(f, 99, COMMAND_BUSY, REASON_BUSY);
	assert_int_equal(f->effects.count, 1);
	assert_false(door_now(f, 0).unlocked);
	durable(f, 100 + COMMANDS_WAITING_MAX);
	for (;;) {
		for (uint32_t i = 0; i < f->effects.count; i++)
			assert_int_equal(f->effects.items[i].command.id, results++);
		if (controller_deadline_ns(f->controller) > f->now.boot_ns)
			break;
		tick(f);
	}
	assert_int_equal(results, COMMANDS_WAITING_MAX);
	command(f, 0, DOOR_COMMAND_OPEN, 100);
	assert_true(door_now(f, 0).unlocked);
}

static void a_failed_store_answers_not_durable_those_that_wait_as_well(void **state)
{
	struct fixture *f = *state;

	command(f, 0, DOOR_COMMAND_OPEN, 1);
	simple(f, INPUT_STORE_FAILED);
	assert_result(f, 1, COMMAND_NOT_DURABLE, REASON_COMMAND);
	command(f, 1, DOOR_COMMAND_OPEN, 2);
	assert_output(f, 1, true, MS(UNLOCK_MS));
	assert_true(entry_must(f, JOURNAL_COMMAND)->undurable);
	assert_result(f, 2, COMMAND_NOT_DURABLE, REASON_COMMAND);
	simple(f, INPUT_STORE_RECOVERED);
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 3);
	command(f, 0, DOOR_COMMAND_OPEN, 4);
	simple(f, INPUT_STORE_FAILED);
	assert_int_equal(
		effect_nth(f, EFFECT_COMMAND_RESULT, 0)->command.result, COMMAND_NOT_DURABLE);
	assert_int_equal(effect_nth(f, EFFECT_COMMAND_RESULT, 1)->command.result, COMMAND_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_moves_the_lock_at_once_and_is_answered_when_recorded),
		TEST(close_ends_a_pulse_and_a_hold_open),
		TEST(hold_open_lasts_until_normal_and_longer_than_pulses),
		TEST(normal_lets_a_running_pulse_end),
		TEST(held_locked_refuses_what_unlocks_and_records_it),
		TEST(hold_locked_locks_at_once),
		TEST(a_door_that_is_none_is_answered_at_once_and_not_recorded),
		TEST(too_many_waiting_commands_are_refused_and_do_nothing),
		TEST(a_failed_store_answers_not_durable_those_that_wait_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
