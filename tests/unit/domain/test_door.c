// SPDX-License-Identifier: Apache-2.0
/* A door's lock, exit button and contact: pulses, bounce, forced and held open, late steps. */
#include "fixture.h"

/* The door's contact, settled, without what the change itself says. */
static void contact_settled(struct fixture *f, uint8_t door, bool open)
{
	contact(f, door, open);
	after(f, DEBOUNCE_MS);
	tick(f);
}

static void doors_start_locked_and_quiet(void **state)
{
	struct fixture *f = *state;
	struct door_state s = door_now(f, 0);

	assert_true(s.configured);
	assert_true(s.has_contact);
	assert_false(s.unlocked || s.open || s.forced || s.held || s.tamper);
	assert_int_equal(s.hold, DOOR_COMMAND_NORMAL);
	assert_int_equal(s.waiting, 0);
	assert_false(door_now(f, 2).configured);
	assert_int_equal(deadline_ms(f), -1);
	tick(f);
	assert_quiet(f);
}

static void the_exit_button_moves_the_lock_first_and_records_after(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *e;

	rex(f, 0, true);
	assert_int_equal(f->effects.count, 3);
	assert_int_equal(f->effects.items[0].kind, EFFECT_OUTPUT);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_int_equal(f->effects.items[1].entry.kind, JOURNAL_EXIT_BUTTON);
	e = entry_must(f, JOURNAL_EXIT_BUTTON);
	assert_int_equal(e->method, METHOD_EXIT_BUTTON);
	assert_int_equal(e->side, SIDE_EXIT);
	assert_int_equal(e->reason, REASON_EXIT_BUTTON);
	assert_int_equal(e->ticket, 101);
	assert_true(e->wants_outcome);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	at(f, 500);
	rex(f, 0, false);
	assert_quiet(f);
	at(f, UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
}

static void the_exit_button_works_while_held_locked(void **state)
{
	struct fixture *f = *state;

	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	rex(f, 0, true);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	rex(f, 0, false);
	at(f, UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
	assert_int_equal(door_now(f, 0).hold, DOOR_COMMAND_HOLD_LOCKED);
}

static void presses_extend_and_a_held_button_keeps_the_door_open(void **state)
{
	struct fixture *f = *state;

	rex(f, 0, true);
	at(f, 500);
	rex(f, 0, false);
	at(f, 1000);
	rex(f, 0, true);
	assert_output(f, 0, true, MS(1000 + UNLOCK_MS));
	assert_non_null(entry_of(f, JOURNAL_EXIT_BUTTON)); /* a press of its own */
	for (int64_t ms = 1000 + UNLOCK_MS / 2; ms < 60000; ms += UNLOCK_MS / 2) {
		assert_int_equal(deadline_ms(f), ms); /* well before the end given out */
		at(f, ms);
		tick(f);
		assert_int_equal(f->effects.count, 1);
		assert_output(f, 0, true, MS(ms + UNLOCK_MS));
	}
	rex(f, 0, false);
	assert_quiet(f);
	after(f, UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
}

static void a_bouncing_button_is_one_record(void **state)
{
	struct fixture *f = *state;
	unsigned records = 0;

	for (unsigned i = 0; i < 20; i++) {
		rex(f, 0, i % 2 == 0);
		records += entries(f, JOURNAL_EXIT_BUTTON);
		after(f, 3);
	}
	assert_int_equal(records, 1);
	rex(f, 0, true);
	assert_output(f, 0, true, MS(60 + UNLOCK_MS)); /* the lock moves all the same */
	rex(f, 0, false);
	after(f, DEBOUNCE_MS);
	rex(f, 0, true);
	assert_int_equal(entries(f, JOURNAL_EXIT_BUTTON), 1);
}

static void a_shunting_button_moves_no_lock_and_allows_the_opening(void **state)
{
	struct fixture *f = *state;

	contact(f, 1, false);
	rex(f, 1, true);
	assert_no_output(f);
	assert_false(entry_must(f, JOURNAL_EXIT_BUTTON)->wants_outcome);
	after(f, 500);
	rex(f, 1, false);
	after(f, UNLOCK_MS - 1);
	contact_settled(f, 1, true);
	assert_non_null(entry_of(f, JOURNAL_DOOR_OPENED));
	assert_null(entry_of(f, JOURNAL_DOOR_FORCED));
	contact_settled(f, 1, false);
	after(f, UNLOCK_MS);
	contact_settled(f, 1, true);
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED));
}

static void the_first_contact_only_tells_the_state(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, true);
	assert_quiet(f);
	assert_true(door_now(f, 0).open);
	assert_false(door_now(f, 0).forced);
	at(f, 1000);
	contact_settled(f, 0, false);
	assert_non_null(entry_of(f, JOURNAL_DOOR_CLOSED));
	assert_null(entry_of(f, JOURNAL_DOOR_FORCED_END));
}

static void bounce_is_not_a_change_and_a_change_is_told_when_it_has_settled(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, false);
	for (unsigned i = 0; i < 10; i++) {
		contact(f, 0, i % 2 == 0);
		after(f, 7);
	}
	after(f, 1000);
	tick(f);
	assert_quiet(f); /* it ended as it began */
	rex(f, 0, true);
	rex(f, 0, false);
	contact(f, 0, true);
	assert_quiet(f);
	after(f, 20);
	contact(f, 0, false);
	after(f, 1);
	contact(f, 0, true);
	after(f, DEBOUNCE_MS - 1);
	tick(f);
	assert_quiet(f);
	assert_false(door_now(f, 0).open);
	after(f, 1);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_OPENED)->door, 0);
	assert_true(door_now(f, 0).open);
	contact(f, 0, true); /* the same level again */
	after(f, DEBOUNCE_MS);
	tick(f);
	assert_quiet(f);
}

static void no_debounce_tells_a_change_in_the_same_step(void **state)
{
	struct fixture *f = *state;

	f->config.door[0].contact_debounce_ms = 0;
	fixture_start(f);
	contact(f, 0, false);
	contact(f, 0, true);
	assert_non_null(entry_of(f, JOURNAL_DOOR_OPENED));
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED));
}

static void opening_a_locked_door_is_forced_until_it_closes(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, false);
	contact_settled(f, 0, true);
	assert_non_null(entry_of(f, JOURNAL_DOOR_OPENED));
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED));
	assert_true(door_now(f, 0).forced);
	contact_settled(f, 0, false);
	assert_non_null(entry_of(f, JOURNAL_DOOR_CLOSED));
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED_END));
	assert_false(door_now(f, 0).forced);
}

/* Unlocks at 0, locks at UNLOCK_MS, opens at open_ms: is it forced? */
static bool forced_when_opened_at(struct fixture *f, int64_t open_ms)
{
	f->now = (struct moment){.utc_ms = T0_MS, .trusted = true};
	fixture_start(f);
	contact(f, 0, false);
	rex(f, 0, true);
	rex(f, 0, false);
	if (open_ms >= UNLOCK_MS) {
		at(f, UNLOCK_MS);
		tick(f);
	}
	at(f, open_ms);
	contact_settled(f, 0, true);
	assert_true(door_now(f, 0).open);
	return door_now(f, 0).forced;
}

static void an_opening_shortly_after_locking_is_not_forced(void **state)
{
	struct fixture *f = *state;

	assert_false(forced_when_opened_at(f, 10));
	assert_false(forced_when_opened_at(f, UNLOCK_MS - 1)); /* settles after locking */
	assert_false(forced_when_opened_at(f, UNLOCK_MS));
	assert_false(forced_when_opened_at(f, UNLOCK_MS + GRACE_MS - 1));
	assert_true(forced_when_opened_at(f, UNLOCK_MS + GRACE_MS));
	f->config.door[0].forced_grace_ms = 0;
	assert_false(forced_when_opened_at(f, UNLOCK_MS - 1));
	assert_true(forced_when_opened_at(f, UNLOCK_MS));
}

static void bounce_across_the_locking_keeps_its_leave(void **state)
{
	struct fixture *f = *state;

	f->config.door[0].forced_grace_ms = 0;
	fixture_start(f);
	contact(f, 0, false);
	rex(f, 0, true);
	rex(f, 0, false);
	at(f, UNLOCK_MS - 2);
	contact(f, 0, true);
	at(f, UNLOCK_MS + 1);
	contact(f, 0, false);
	at(f, UNLOCK_MS + 3);
	contact_settled(f, 0, true);
	assert_true(door_now(f, 0).open);
	assert_false(door_now(f, 0).forced);
}

static void a_door_open_too_long_warns_then_alarms_then_ends(void **state)
{
	struct fixture *f = *state;
	int64_t opened;

	contact(f, 0, false);
	rex(f, 0, true);
	rex(f, 0, false);
	contact_settled(f, 0, true);
	opened = f->now.boot_ns / NS_PER_MS;
	at(f, opened + HELD_MS - WARNING_MS - 1);
	tick(f);
	assert_null(entry_of(f, JOURNAL_DOOR_HELD_WARNING));
	at(f, opened + HELD_MS - WARNING_MS);
	tick(f);
	assert_non_null(entry_of(f, JOURNAL_DOOR_HELD_WARNING));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_HELD_WARNING);
	assert_int_equal(feedback_at(f, 2), FEEDBACK_HELD_WARNING);
	assert_int_equal(feedback_at(f, 3), FEEDBACK_NONE);
	assert_false(door_now(f, 0).held);
	at(f, opened + HELD_MS);
	tick(f);
	assert_non_null(entry_of(f, JOURNAL_DOOR_HELD));
	assert_true(door_now(f, 0).held);
	assert_int_equal(deadline_ms(f), -1);
	contact_settled(f, 0, false);
	assert_non_null(entry_of(f, JOURNAL_DOOR_CLOSED));
	assert_non_null(entry_of(f, JOURNAL_DOOR_HELD_END));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_IDLE);
	assert_int_equal(feedback_at(f, 2), FEEDBACK_IDLE);
	assert_false(door_now(f, 0).held);
}

static void a_door_held_open_by_command_may_stand_open(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, false);
	command(f, 0, DOOR_COMMAND_HOLD_OPEN, 1);
	contact_settled(f, 0, true);
	assert_null(entry_of(f, JOURNAL_DOOR_FORCED));
	after(f, 10 * HELD_MS);
	tick(f);
	assert_quiet(f);
	command(f, 0, DOOR_COMMAND_NORMAL, 2); /* from now on it may not */
	after(f, HELD_MS - 1);
	tick(f);
	assert_null(entry_of(f, JOURNAL_DOOR_HELD));
	after(f, 1);
	tick(f);
	assert_non_null(entry_of(f, JOURNAL_DOOR_HELD));
	command(f, 0, DOOR_COMMAND_HOLD_OPEN, 3); /* now it may again */
	assert_non_null(entry_of(f, JOURNAL_DOOR_HELD_END));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_IDLE);
	assert_false(door_now(f, 0).held);
}

static void no_held_time_means_no_alarm_and_no_warning_means_none(void **state)
{
	struct fixture *f = *state;

	f->config.door[0].held_open_ms = 0;
	f->config.door[1].held_open_warning_ms = 0;
	fixture_start(f);
	contact(f, 0, true);
	contact(f, 1, true);
	assert_int_equal(deadline_ms(f), HELD_MS);
	after(f, HELD_MS);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_HELD)->door, 1);
	assert_null(entry_of(f, JOURNAL_DOOR_HELD_WARNING));
	after(f, 10 * HELD_MS);
	tick(f);
	assert_quiet(f);
}

static void a_step_that_comes_late_does_everything_in_order(void **state)
{
	struct fixture *f = *state;
	static const enum journal_kind order[] = {
		JOURNAL_DOOR_OPENED, /* at 60, with leave: unlocked then */
		JOURNAL_DOOR_LOCKED, /* at 3000 */
		JOURNAL_DOOR_HELD_WARNING, /* at 15060 */
		JOURNAL_DOOR_HELD, /* at 20060 */
	};
	unsigned found = 0;

	contact(f, 0, false);
	rex(f, 0, true);
	rex(f, 0, false);
	at(f, 10);
	contact(f, 0, true);
	at(f, 60000);
	tick(f);
	for (uint32_t i = 0; i < f->effects.count; i++) {
		if (f->effects.items[i].kind != EFFECT_COMMIT)
			continue;
		assert_true(found < 4);
		assert_int_equal(f->effects.items[i].entry.kind, order[found++]);
	}
	assert_int_equal(found, 4);
	assert_output(f, 0, false, 0);
	assert_false(door_now(f, 0).forced);
}

static void a_late_contact_input_does_not_overtake_one_that_settled(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, false);
	contact(f, 0, true);
	at(f, 5000);
	contact(f, 0, false);
	assert_non_null(entry_of(f, JOURNAL_DOOR_OPENED));
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED));
	after(f, DEBOUNCE_MS);
	tick(f);
	assert_non_null(entry_of(f, JOURNAL_DOOR_CLOSED));
}

static void a_late_exit_button_does_not_excuse_a_break_in(void **state)
{
	struct fixture *f = *state;

	contact(f, 0, false);
	contact(f, 0, true);
	at(f, 5000);
	rex(f, 0, true);
	assert_non_null(entry_of(f, JOURNAL_DOOR_FORCED));
	assert_output(f, 0, true, MS(5000 + UNLOCK_MS));
}

static void work_of_many_doors_is_bounded_and_all_gets_done(void **state)
{
	struct fixture *f = *state;
	unsigned unlocked = 0;
	unsigned steps = 0;

	for (unsigned d = 0; d < DOORS_MAX; d++) {
		f->config.door[d] = f->config.door[0];
		f->config.reader[d] =
			(struct reader_config){.configured = true, .door = (uint8_t)d};
	}
	fixture_start(f);
	for (uint64_t no = 1; no <= DOOR_WAITING_MAX; no++) {
		struct credential p = person_make(no);

		p.rule_count = DOORS_MAX;
		for (unsigned d = 0; d < DOORS_MAX; d++)
			p.rule[d] = (struct credential_rule){(uint8_t)d, SCHEDULE_ALWAYS};
		put(f, &p);
		for (unsigned d = 0; d < DOORS_MAX; d++)
			card(f, (uint8_t)(d + 1), no);
	}
	durable(f, 100 + DOORS_MAX * DOOR_WAITING_MAX);
	for (;;) {
		unlocked += entries(f, JOURNAL_DOOR_UNLOCKED);
		steps++;
		if (controller_deadline_ns(f->controller) > f->now.boot_ns)
			break;
		tick(f);
	}
	assert_int_equal(unlocked, DOORS_MAX * DOOR_WAITING_MAX);
	assert_in_range(steps, 24, 40);
	after(f, UNLOCK_MS);
	tick(f);
	assert_in_range(f->effects.count, EFFECTS_MAX - 8, EFFECTS_MAX);
	assert_int_equal(controller_deadline_ns(f->controller), f->now.boot_ns);
}

static void what_is_not_configured_is_ignored(void **state)
{
	struct fixture *f = *state;

	rex(f, 2, true);
	assert_quiet(f);
	rex(f, 255, true);
	assert_quiet(f);
	contact(f, 63, true);
	assert_quiet(f);
	contact(f, 64, true);
	assert_quiet(f);
	card(f, 0, 5);
	assert_quiet(f);
	card(f, 4, 5);
	assert_quiet(f);
	card(f, 255, 5);
	assert_quiet(f);
	f->config.door[0].has_contact = false;
	f->config.door[1].configured = false;
	fixture_start(f);
	contact(f, 0, false);
	contact(f, 0, true);
	after(f, 1000);
	tick(f);
	assert_quiet(f);
	assert_false(door_now(f, 0).open);
	card(f, 3, 5); /* stands at door 1 */
	assert_quiet(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(doors_start_locked_and_quiet),
		TEST(the_exit_button_moves_the_lock_first_and_records_after),
		TEST(the_exit_button_works_while_held_locked),
		TEST(presses_extend_and_a_held_button_keeps_the_door_open),
		TEST(a_bouncing_button_is_one_record),
		TEST(a_shunting_button_moves_no_lock_and_allows_the_opening),
		TEST(the_first_contact_only_tells_the_state),
		TEST(bounce_is_not_a_change_and_a_change_is_told_when_it_has_settled),
		TEST(no_debounce_tells_a_change_in_the_same_step),
		TEST(opening_a_locked_door_is_forced_until_it_closes),
		TEST(an_opening_shortly_after_locking_is_not_forced),
		TEST(bounce_across_the_locking_keeps_its_leave),
		TEST(a_door_open_too_long_warns_then_alarms_then_ends),
		TEST(a_door_held_open_by_command_may_stand_open),
		TEST(no_held_time_means_no_alarm_and_no_warning_means_none),
		TEST(a_step_that_comes_late_does_everything_in_order),
		TEST(a_late_contact_input_does_not_overtake_one_that_settled),
		TEST(a_late_exit_button_does_not_excuse_a_break_in),
		TEST(work_of_many_doors_is_bounded_and_all_gets_done),
		TEST(what_is_not_configured_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
