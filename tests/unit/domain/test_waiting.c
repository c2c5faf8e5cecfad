// SPDX-License-Identifier: Apache-2.0
/* Grants that wait for their record: the five rules (a) to (e), a slow disk, a failed store, uses.
 */
#include "fixture.h"

/* Door 1 denies on a slow disk; its reader is 3. */
static void grant_at(struct fixture *f, uint8_t reader, uint64_t no)
{
	put_always(f, no);
	card(f, reader, no);
	assert_true(entry_must(f, JOURNAL_ACCESS)->wants_outcome);
}

static void a_grant_unlocks_when_its_record_is_durable_and_locks_at_its_end(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	assert_int_equal(f->effects.count, 1); /* the record, and nothing else yet */
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->ticket, 101);
	assert_int_equal(door_now(f, 0).waiting, 1);
	assert_int_equal(deadline_ms(f), COMMIT_WAIT_MS);
	at(f, 20);
	durable(f, 100); /* an older ticket */
	assert_quiet(f);
	durable(f, 101);
	assert_int_equal(f->effects.count, 3);
	assert_int_equal(f->effects.items[0].kind, EFFECT_OUTPUT);
	assert_output(f, 0, true, MS(20 + UNLOCK_MS));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_GRANTED);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	assert_true(door_now(f, 0).unlocked);
	assert_int_equal(deadline_ms(f), 20 + UNLOCK_MS);
	at(f, 19 + UNLOCK_MS);
	tick(f);
	assert_quiet(f);
	at(f, 20 + UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
	assert_non_null(entry_of(f, JOURNAL_DOOR_LOCKED));
	assert_int_equal(deadline_ms(f), -1);
}

static void a_later_ticket_makes_all_earlier_grants_durable(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	grant_at(f, 3, 6);
	durable(f, 102);
	assert_int_equal(entries(f, JOURNAL_DOOR_UNLOCKED), 2);
	assert_true(door_now(f, 0).unlocked);
	assert_true(door_now(f, 1).unlocked);
}

static void a_slow_disk_unlocks_with_a_second_record_where_the_door_says_so(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	at(f, COMMIT_WAIT_MS - 1);
	tick(f);
	assert_quiet(f);
	at(f, COMMIT_WAIT_MS);
	tick(f);
	assert_output(f, 0, true, MS(COMMIT_WAIT_MS + UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_UNLOCKED_BEFORE_RECORD)->outcome_of, 101);
	assert_null(entry_of(f, JOURNAL_DOOR_UNLOCKED));
	durable(f, 101); /* it waits no longer */
	assert_quiet(f);
}

static void a_slow_disk_denies_where_the_door_says_so(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 3, 5);
	at(f, COMMIT_WAIT_MS);
	tick(f);
	assert_no_output(f);
	assert_int_equal(feedback_at(f, 3), FEEDBACK_DENIED);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->outcome_of, 101);
	assert_int_equal(entry_of(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_STORAGE_SLOW);
	durable(f, 101);
	assert_quiet(f);
	assert_false(door_now(f, 1).unlocked);
}

static void a_record_that_is_durable_at_a_late_step_counts_before_its_deadline(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 3, 5);
	at(f, 5000);
	durable(f, 101);
	assert_output(f, 1, true, MS(5000 + UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	assert_null(entry_of(f, JOURNAL_GRANT_CANCELLED));
}

static void missed_deadlines_raise_storage_slow_once_a_minute(void **state)
{
	struct fixture *f = *state;
	unsigned alarms = 0;

	for (uint64_t i = 0; i < 10; i++) {
		grant_at(f, 1, 50 + i);
		after(f, COMMIT_WAIT_MS);
		tick(f);
		assert_int_equal(entries(f, JOURNAL_STORAGE_SLOW), i == 2);
		alarms += entries(f, JOURNAL_STORAGE_SLOW);
	}
	assert_int_equal(alarms, 1);
	after(f, 60000);
	tick(f);
	for (uint64_t i = 0; i < 3; i++) {
		grant_at(f, 1, 80 + i);
		after(f, COMMIT_WAIT_MS);
		tick(f);
		alarms += entries(f, JOURNAL_STORAGE_SLOW);
	}
	assert_int_equal(alarms, 2);
}

static void holding_the_door_locked_cancels(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	assert_output(f, 0, false, 0);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->outcome_of, 101);
	assert_int_equal(entry_of(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_HELD_LOCKED);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
	durable(f, 101);
	assert_quiet(f);
}

static void closing_the_door_cancels(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	command(f, 0, DOOR_COMMAND_CLOSE, 1);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_COMMAND);
	durable(f, 101);
	assert_no_output(f);
}

static void taking_the_person_out_cancels_at_every_door(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	grant_at(f, 3, 5);
	grant_at(f, 1, 6);
	take_out(f, 5);
	assert_int_equal(entries(f, JOURNAL_GRANT_CANCELLED), 2);
	assert_int_equal(effect_nth(f, EFFECT_COMMIT, 0)->entry.reason, REASON_UNKNOWN_CARD);
	assert_int_equal(door_now(f, 0).waiting, 1); /* person 6 */
	durable(f, 103);
	assert_int_equal(entries(f, JOURNAL_DOOR_UNLOCKED), 1);
	assert_int_equal(entry_of(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 103);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_UNKNOWN_CARD);
}

/* More grants than one step can cancel: none of those left over unlocks any more. */
static void a_cancelled_grant_stays_cancelled_when_its_record_becomes_durable(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	unsigned cancelled = 0;

	p.rule_count = DOORS_MAX;
	for (unsigned d = 0; d < DOORS_MAX; d++) {
		p.rule[d] = (struct credential_rule){(uint8_t)d, SCHEDULE_ALWAYS};
		f->config.door[d] = f->config.door[0];
		f->config.reader[d] =
			(struct reader_config){.configured = true, .door = (uint8_t)d};
	}
	fixture_start(f);
	put(f, &p);
	for (unsigned i = 0; i < DOORS_MAX * DOOR_WAITING_MAX; i++)
		card(f, (uint8_t)(i % DOORS_MAX + 1), 5);
	take_out(f, 5);
	cancelled += entries(f, JOURNAL_GRANT_CANCELLED);
	assert_in_range(cancelled, 1, EFFECTS_MAX);
	durable(f, 100 + DOORS_MAX * DOOR_WAITING_MAX);
	for (;;) {
		assert_no_output(f);
		cancelled += entries(f, JOURNAL_GRANT_CANCELLED);
		if (controller_deadline_ns(f->controller) > f->now.boot_ns)
			break;
		tick(f);
	}
	assert_int_equal(cancelled, DOORS_MAX * DOOR_WAITING_MAX);
}

static void taking_the_right_away_cancels_and_other_changes_do_not(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	grant_at(f, 1, 5);
	p.uses_left = 10;
	put(f, &p);
	assert_quiet(f);
	p.rule_count = 1;
	p.rule[0].door = 1;
	put(f, &p);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_NO_RIGHT);
	p = person_make(5);
	put(f, &p);
	card(f, 1, 5);
	p.card_status = CARD_STATUS_LOST;
	put(f, &p);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_CARD_LOST);
	p = person_make(5);
	put(f, &p);
	card(f, 1, 5);
	p.card_number = 555; /* the card in the hand is nobody's now */
	put(f, &p);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_UNKNOWN_CARD);
}

static void a_schedule_that_ends_by_change_cancels(void **state)
{
	struct fixture *f = *state;
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT};
	struct credential p = person_make(5);

	schedule_set_always(&input.schedule, 9);
	step(f, &input);
	p.rule[0].schedule = 9;
	put(f, &p);
	card(f, 1, 5);
	input.schedule.enabled = false;
	step(f, &input);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_OUTSIDE_SCHEDULE);
}

static void a_new_index_without_the_person_cancels(void **state)
{
	struct fixture *f = *state;
	void *memory = malloc(credential_index_size(10));
	struct credential_index *fresh =
		credential_index_init(memory, credential_index_size(10), 10, 1);

	assert_non_null(memory);
	grant_at(f, 1, 5);
	assert_ptr_equal(controller_swap_index(f->controller, fresh), f->index);
	simple(f, INPUT_PERSONS_REPLACED);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_UNKNOWN_CARD);
	free(memory);
}

static void the_exit_button_and_open_do_not_wait_for_a_waiting_grant(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	at(f, 10);
	rex(f, 0, true);
	assert_output(f, 0, true, MS(10 + UNLOCK_MS));
	assert_int_equal(door_now(f, 0).waiting, 1);
	rex(f, 0, false);
	at(f, 20);
	command(f, 0, DOOR_COMMAND_OPEN, 1);
	assert_output(f, 0, true, MS(20 + UNLOCK_MS));
	at(f, 30);
	durable(f, 101);
	assert_output(f, 0, true, MS(30 + UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
}

static void a_second_grant_is_its_own_and_the_pulse_ends_at_the_later_end(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	at(f, 40);
	grant_at(f, 2, 6);
	at(f, 50);
	durable(f, 101);
	assert_output(f, 0, true, MS(50 + UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 101);
	at(f, 60);
	durable(f, 102);
	assert_output(f, 0, true, MS(60 + UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 102);
	at(f, 50 + UNLOCK_MS);
	tick(f);
	assert_quiet(f);
	at(f, 60 + UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
}

static void a_ninth_waiting_grant_is_refused_as_busy(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < DOOR_WAITING_MAX; i++)
		grant_at(f, 1, 50 + i);
	put_always(f, 60);
	card(f, 1, 60);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_BUSY);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
	durable(f, 100 + DOOR_WAITING_MAX);
	assert_int_equal(entries(f, JOURNAL_DOOR_UNLOCKED), DOOR_WAITING_MAX);
}

static void a_failed_store_makes_grants_go_at_once_and_marks_them(void **state)
{
	struct fixture *f = *state;

	grant_at(f, 1, 5);
	simple(f, INPUT_STORE_FAILED);
	assert_true(entry_must(f, JOURNAL_STORE_FAILED)->undurable);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_UNLOCKED_BEFORE_RECORD)->outcome_of, 101);
	simple(f, INPUT_STORE_FAILED); /* known already */
	assert_quiet(f);
	grant_at(f, 3, 6);
	assert_true(entry_must(f, JOURNAL_ACCESS)->undurable);
	assert_output(f, 1, true, MS(UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 102);
	assert_int_equal(feedback_at(f, 3), FEEDBACK_GRANTED);
	simple(f, INPUT_STORE_RECOVERED);
	assert_false(entry_must(f, JOURNAL_STORE_RECOVERED)->undurable);
	after(f, 10000);
	tick(f);
	grant_at(f, 3, 7);
	assert_no_output(f); /* waits again */
}

static struct credential guest_make(uint64_t no, uint32_t uses)
{
	struct credential p = person_make(no);

	p.card_type = CARD_TYPE_GUEST;
	p.uses_left = uses;
	return p;
}

static void a_use_is_taken_at_the_grant_and_stays_spent_when_it_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct credential p = guest_make(5, 2);

	put(f, &p);
	card(f, 1, 5);
	assert_true(entry_must(f, JOURNAL_ACCESS)->takes_use);
	card(f, 3, 5);
	assert_true(entry_must(f, JOURNAL_ACCESS)->takes_use);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_USES_SPENT);
	assert_false(entry_of(f, JOURNAL_ACCESS)->takes_use);
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	assert_non_null(entry_of(f, JOURNAL_GRANT_CANCELLED));
	card(f, 3, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_USES_SPENT);
}

static void a_row_does_not_give_back_a_use_whose_record_is_on_its_way(void **state)
{
	struct fixture *f = *state;
	struct credential p = guest_make(5, 1);

	put(f, &p);
	card(f, 1, 5);
	put(f, &p); /* another field changed; the store has not counted the use yet */
	assert_null(entry_of(f, JOURNAL_GRANT_CANCELLED)); /* the grant goes on */
	card(f, 3, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_USES_SPENT);
	durable(f, 101);
	put(f, &p); /* now the row counts it: one more use was given */
	card(f, 3, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
}

static void a_new_index_counts_uses_that_are_on_their_way(void **state)
{
	struct fixture *f = *state;
	struct credential p = guest_make(5, 1);

	put(f, &p);
	card(f, 1, 5);
	assert_int_equal(credential_index_put(f->index, &p), CREDENTIAL_INDEX_OK); /* rebuilt */
	simple(f, INPUT_PERSONS_REPLACED);
	card(f, 3, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_USES_SPENT);
}

static void a_person_the_index_refuses_loses_the_old_rights(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	put(f, &p);
	put_always(f, 6);
	p.card_number = 6; /* person 6 has it */
	put(f, &p);
	assert_int_equal(controller_persons_refused(f->controller), 1);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_UNKNOWN_CARD);
	card(f, 1, 6);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_no, 6);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_unlocks_when_its_record_is_durable_and_locks_at_its_end),
		TEST(a_later_ticket_makes_all_earlier_grants_durable),
		TEST(a_slow_disk_unlocks_with_a_second_record_where_the_door_says_so),
		TEST(a_slow_disk_denies_where_the_door_says_so),
		TEST(a_record_that_is_durable_at_a_late_step_counts_before_its_deadline),
		TEST(missed_deadlines_raise_storage_slow_once_a_minute),
		TEST(holding_the_door_locked_cancels),
		TEST(closing_the_door_cancels),
		TEST(taking_the_person_out_cancels_at_every_door),
		TEST(a_cancelled_grant_stays_cancelled_when_its_record_becomes_durable),
		TEST(taking_the_right_away_cancels_and_other_changes_do_not),
		TEST(a_schedule_that_ends_by_change_cancels),
		TEST(a_new_index_without_the_person_cancels),
		TEST(the_exit_button_and_open_do_not_wait_for_a_waiting_grant),
		TEST(a_second_grant_is_its_own_and_the_pulse_ends_at_the_later_end),
		TEST(a_ninth_waiting_grant_is_refused_as_busy),
		TEST(a_failed_store_makes_grants_go_at_once_and_marks_them),
		TEST(a_use_is_taken_at_the_grant_and_stays_spent_when_it_is_cancelled),
		TEST(a_row_does_not_give_back_a_use_whose_record_is_on_its_way),
		TEST(a_new_index_counts_uses_that_are_on_their_way),
		TEST(a_person_the_index_refuses_loses_the_old_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
