// SPDX-License-Identifier: Apache-2.0
/* What doors ask for: each way to open against each order of card and PIN, and every refusal. */
#include "pin_asserts.h"

/* --- one factor --- */

static void a_door_that_opens_by_card_refuses_pins_unread(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *entry;
	unsigned records = 0;

	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->method, METHOD_CARD);
	assert_false(entry_of(f, JOURNAL_ACCESS)->counts_pin);
	keys(f, 1, "4711#");
	entry = refused(f, REASON_PIN_REFUSED, METHOD_PASSWORD);
	assert_false(entry->has_card);
	assert_int_equal(entry->person_no, 0);
	for (unsigned i = 0; i < 20; i++) {
		keys(f, 1, "4711#");
		records += entries(f, JOURNAL_ACCESS);
	}
	assert_int_equal(records, DENIALS_PER_MINUTE_MAX - 1); /* merged like any denial */
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 11);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->method, METHOD_PASSWORD);
}

static void a_pin_alone_opens_and_names_its_person(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "4711#");
	assert_int_equal(access_must(f, REASON_GRANTED, METHOD_PASSWORD)->person_no, 5);
	assert_false(entry_of(f, JOURNAL_ACCESS)->has_card);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->card_number, 0);
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "4712#");
	assert_int_equal(access_must(f, REASON_WRONG_PIN, METHOD_PASSWORD)->person_no, 0);
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	keys(f, 1, "471#"); /* fewer digits, more, none in front: all another PIN */
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	keys(f, 1, "04711#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
}

static void a_person_without_a_card_opens_by_pin(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_CARD_OR_PIN);
	p.has_card = false;
	p.pin = PIN(4711);
	p.pin_alone = true;
	put(f, &p);
	card(f, 1, 5);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD);
	keys(f, 1, "4711#");
	opens(f, METHOD_PASSWORD);
}

static void a_pin_that_needs_its_card_does_not_open_alone(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_CARD_OR_PIN);
	p.pin = PIN(4711);
	put(f, &p);
	keys(f, 1, "4711#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
}

static void a_door_that_opens_by_pin_refuses_cards_but_the_blocklist_alarms(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(6);

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	assert_int_equal(refused(f, REASON_CARD_REFUSED, METHOD_CARD)->person_no, 5);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->card_number, 5);
	card(f, 1, 999);
	assert_int_equal(refused(f, REASON_CARD_REFUSED, METHOD_CARD)->person_no, 0);
	p.card_type = CARD_TYPE_BLOCKLIST;
	put(f, &p);
	card(f, 1, 6);
	refused(f, REASON_BLOCKLIST, METHOD_CARD);
	assert_int_equal(entries(f, JOURNAL_BLOCKLIST), 1);
}

static void card_or_pin_takes_either(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_OR_PIN);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "4711#");
	opens(f, METHOD_PASSWORD);
	card(f, 1, 5);
	access_must(f, REASON_GRANTED, METHOD_CARD);
	durable(f, 102);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->method, METHOD_CARD);
}

/* The right is judged with the PIN; what is refused counts, or it would tell PINs that exist. */
static void a_pin_of_somebody_without_a_right_looks_like_a_wrong_one(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_PIN);
	p.pin = PIN(4711);
	p.pin_alone = true;
	p.valid_to_s = T0_S - 1;
	put(f, &p);
	keys(f, 1, "4711#");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_no, 5);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 1);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 0);
	fails(f, REASON_EXPIRED, METHOD_PASSWORD);
	p.card_type = CARD_TYPE_BLOCKLIST;
	put(f, &p);
	keys(f, 1, "4711#");
	assert_int_equal(entries(f, JOURNAL_BLOCKLIST), 1);
	fails(f, REASON_BLOCKLIST, METHOD_PASSWORD);
}

static void a_door_held_locked_or_busy_looks_at_no_pin(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	keys(f, 1, "4711#");
	assert_int_equal(refused(f, REASON_HELD_LOCKED, METHOD_PASSWORD)->person_no, 0);
	keys(f, 1, "9999#");
	refused(f, REASON_HELD_LOCKED, METHOD_PASSWORD);
	command(f, 0, DOOR_COMMAND_NORMAL, 2);
	for (unsigned i = 0; i < DOOR_WAITING_MAX; i++)
		keys(f, 1, "4711#");
	judged(f, REASON_GRANTED, METHOD_PASSWORD);
	keys(f, 1, "4711#");
	refused(f, REASON_BUSY, METHOD_PASSWORD);
	keys(f, 1, "9999#");
	refused(f, REASON_BUSY, METHOD_PASSWORD);
}

/* --- card, then PIN --- */

static void card_then_pin_opens_in_that_order(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	waits(f);
	assert_int_equal(deadline_ms(f), SECOND_MS);
	after(f, SECOND_MS - 1);
	keys(f, 1, "4711#");
	assert_int_equal(access_must(f, REASON_GRANTED, METHOD_CARD_THEN_PASSWORD)->card_number, 5);
	assert_true(entry_of(f, JOURNAL_ACCESS)->has_card);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->card_bits, 34);
	opens(f, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4711#"); /* the card is used up */
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
	keys(f, 1, "4711#");
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
	card(f, 1, 5);
	waits(f);
}

static void card_then_pin_refuses_a_card_at_once_for_anything_but_the_pin(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	card(f, 1, 999);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD);
	put(f, &p);
	card(f, 1, 5);
	refused(f, REASON_NO_PIN, METHOD_CARD);
	p.pin = PIN(4711);
	p.card_status = CARD_STATUS_LOST;
	put(f, &p);
	card(f, 1, 5);
	refused(f, REASON_CARD_LOST, METHOD_CARD);
	p.card_status = 0;
	p.rule_count = 0;
	put(f, &p);
	card(f, 1, 5);
	refused(f, REASON_NO_RIGHT, METHOD_CARD);
	keys(f, 1, "4711#"); /* no refused card waits for it */
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
}

static void a_missing_pin_is_recorded_with_its_card(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *entry;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	at(f, SECOND_MS - 1);
	keys(f, 1, "47");
	at(f, SECOND_MS);
	tick(f);
	entry = refused(f, REASON_PIN_MISSING, METHOD_CARD_THEN_PASSWORD);
	assert_int_equal(entry->person_no, 5);
	assert_int_equal(entry->card_number, 5);
	keys(f, 1, "11#"); /* the digits went with the card */
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
	assert_int_equal(deadline_ms(f), -1);
}

/* The step that ends the wait is the key's own: the card is over before the key counts. */
static void a_late_last_key_does_not_meet_the_card(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	at(f, SECOND_MS - 1);
	keys(f, 1, "4711");
	at(f, SECOND_MS);
	keys(f, 1, "#");
	access_must(f, REASON_PIN_MISSING, METHOD_CARD_THEN_PASSWORD);
	assert_feedback(f, 1, FEEDBACK_DENIED, FEEDBACK_KEY);
}

static void a_wrong_pin_is_recorded_with_its_card_and_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *entry;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	put_pin(f, 6, PIN(9999));
	card(f, 1, 5);
	keys(f, 1, "9999#"); /* somebody's, but not this card's */
	entry = access_must(f, REASON_WRONG_PIN, METHOD_CARD_THEN_PASSWORD);
	assert_int_equal(entry->person_no, 5);
	assert_int_equal(entry->card_number, 5);
	assert_int_equal(entry->reader_failures, 1);
	assert_int_equal(entry->person_failures, 1);
	fails(f, REASON_WRONG_PIN, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4711#");
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
	for (unsigned i = 0; i < 3; i++) { /* each has its record, however alike */
		card(f, 1, 5);
		keys(f, 1, "9999#");
		fails(f, REASON_WRONG_PIN, METHOD_CARD_THEN_PASSWORD);
	}
}

static void everything_is_judged_again_at_the_pin(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	p.pin = PIN(4711);
	p.valid_to_s = T0_S + 4;
	put(f, &p);
	card(f, 1, 5);
	at(f, 4999);
	keys(f, 1, "4711#");
	opens(f, METHOD_CARD_THEN_PASSWORD);
	f->now.utc_ms = T0_MS;
	card(f, 1, 5);
	after(f, 5000);
	keys(f, 1, "4711#");
	refused(f, REASON_EXPIRED, METHOD_CARD_THEN_PASSWORD);
	f->now.utc_ms = T0_MS;
	card(f, 1, 5);
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	keys(f, 1, "4711#");
	refused(f, REASON_HELD_LOCKED, METHOD_CARD_THEN_PASSWORD);
	card(f, 1, 5);
	refused(f, REASON_HELD_LOCKED, METHOD_CARD);
}

static void a_new_pin_counts_from_its_change_on(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	put_pin(f, 5, PIN(4712));
	assert_quiet(f);
	keys(f, 1, "4711#");
	fails(f, REASON_WRONG_PIN, METHOD_CARD_THEN_PASSWORD);
	card(f, 1, 5);
	keys(f, 1, "4712#");
	opens(f, METHOD_CARD_THEN_PASSWORD);
}

static void a_card_that_waits_is_dropped_when_its_right_goes(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	put_pin(f, 6, PIN(9999)); /* another's change */
	take_out(f, 6);
	assert_quiet(f);
	take_out(f, 5);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD_THEN_PASSWORD);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "4711#");
	refused(f, REASON_WRONG_ORDER, METHOD_PASSWORD);
	card(f, 1, 5);
	put(f, &p);
	refused(f, REASON_NO_PIN, METHOD_CARD_THEN_PASSWORD);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	p.pin = PIN(4711);
	p.card_status = CARD_STATUS_FROZEN;
	put(f, &p);
	refused(f, REASON_CARD_FROZEN, METHOD_CARD_THEN_PASSWORD);
	p = person_make(5);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	p.card_number = 55; /* the card in the hand is nobody's now ... */
	put(f, &p);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD_THEN_PASSWORD);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	p.pin = PIN(9999);
	put(f, &p);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD_THEN_PASSWORD);
	p = person_make(7); /* ... or somebody else's */
	p.card_number = 5;
	p.pin = PIN(9999);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	f->index = credential_index_init(f->index_memory, credential_index_size(1000), 1000, 8);
	(void)controller_swap_index(f->controller, f->index);
	assert_int_equal(credential_index_put(f->index, &p), CREDENTIAL_INDEX_OK);
	simple(f, INPUT_PERSONS_REPLACED);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD_THEN_PASSWORD);
}

/* DOORS_MAX doors, each with the reader of its number; person 5 may open them all. */
static struct credential many_doors(struct fixture *f, enum open_by by)
{
	struct credential p = person_make(5);

	p.pin = PIN(4711);
	p.rule_count = DOORS_MAX;
	f->config.door[0].open_by = (uint8_t)by;
	for (unsigned d = 0; d < DOORS_MAX; d++) {
		p.rule[d] = (struct credential_rule){(uint8_t)d, SCHEDULE_ALWAYS};
		f->config.door[d] = f->config.door[0];
		f->config.reader[d] =
			(struct reader_config){.configured = true, .door = (uint8_t)d};
	}
	fixture_start(f);
	put(f, &p);
	return p;
}

/* So much is over at once that a step cannot end all of it: its own reader's comes first. */
static void what_is_over_meets_nothing_however_much_is_due(void **state)
{
	struct fixture *f = *state;

	(void)many_doors(f, OPEN_BY_CARD_THEN_PIN);
	for (uint8_t i = 1; i <= DOORS_MAX; i++)
		card(f, i, 5);
	at(f, SECOND_MS - 1);
	keys(f, DOORS_MAX, "4711");
	at(f, SECOND_MS);
	keys(f, DOORS_MAX, "#");
	for (unsigned i = 0; effect_nth(f, EFFECT_COMMIT, i) != NULL; i++)
		assert_int_equal(effect_nth(f, EFFECT_COMMIT, i)->entry.reason, REASON_PIN_MISSING);
	assert_true(controller_deadline_ns(f->controller) <= f->now.boot_ns);
	(void)many_doors(f, OPEN_BY_PIN_THEN_CARD);
	for (uint8_t i = 1; i <= DOORS_MAX; i++)
		keys(f, i, "4711#");
	after(f, SECOND_MS);
	card(f, DOORS_MAX, 5);
	assert_int_equal(feedback_at(f, DOORS_MAX), FEEDBACK_DENIED);
	for (unsigned i = 0; effect_nth(f, EFFECT_COMMIT, i) != NULL; i++)
		assert_false(effect_nth(f, EFFECT_COMMIT, i)->entry.wants_outcome);
	assert_true(controller_deadline_ns(f->controller) <= f->now.boot_ns);
}

/* More cards than one step can refuse: each is refused, and none of them opens in between. */
static void cards_at_many_readers_are_dropped_together(void **state)
{
	struct fixture *f = *state;
	struct credential p = many_doors(f, OPEN_BY_CARD_THEN_PIN);
	unsigned dropped = 0;

	for (uint8_t i = 1; i <= DOORS_MAX; i++) {
		card(f, i, 5);
		keys(f, i, "4711");
	}
	take_out(f, 5);
	dropped += entries(f, JOURNAL_ACCESS);
	assert_in_range(dropped, 1, DOORS_MAX - 1);
	put(f, &p); /* the same right again, but the cards are over */
	dropped += entries(f, JOURNAL_ACCESS);
	keys(f, DOORS_MAX, "#");
	assert_int_equal(feedback_at(f, DOORS_MAX), FEEDBACK_KEY);
	dropped += entries(f, JOURNAL_ACCESS);
	while (controller_deadline_ns(f->controller) <= f->now.boot_ns) {
		tick(f);
		dropped += entries(f, JOURNAL_ACCESS);
	}
	assert_int_equal(dropped, DOORS_MAX);
}

static void another_card_replaces_the_first_and_the_same_one_renews_it(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	put_pin(f, 6, PIN(9999));
	card(f, 1, 5);
	at(f, 9000);
	card(f, 1, 5);
	waits(f);
	assert_int_equal(deadline_ms(f), 9000 + SECOND_MS);
	at(f, 10000);
	card(f, 1, 6);
	assert_int_equal(
		access_must(f, REASON_PIN_MISSING, METHOD_CARD_THEN_PASSWORD)->person_no, 5);
	assert_feedback(f, 1, FEEDBACK_WAITING, FEEDBACK_NONE);
	keys(f, 1, "9999#");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_no, 6);
	opens(f, METHOD_CARD_THEN_PASSWORD);
}

static void readers_of_one_door_do_not_add_up(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_AND_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	keys(f, 2, "4711");
	keys(f, 2, "#");
	assert_null(entry_of(f, JOURNAL_ACCESS));
	assert_int_equal(feedback_at(f, 2), FEEDBACK_WAITING); /* for a card at reader 2 */
	keys(f, 1, "4711#");
	opens(f, METHOD_CARD_THEN_PASSWORD);
}

/* --- fingers that a reader compared --- */

static void finger(struct fixture *f, uint64_t number, uint16_t bits, enum reason refused)
{
	step(f, &(struct controller_input){.kind = INPUT_CREDENTIAL,
			.credential = {.reader = 1,
				.card_number = number,
				.card_bits = bits,
				.fingerprint = true,
				.refused = (uint8_t)refused}});
}

static void a_finger_opens_by_a_method_of_its_own_and_counts_as_the_card(void **state)
{
	struct fixture *f = *state;

	put_pin(f, 5, PIN(4711));
	open_by(f, OPEN_BY_CARD);
	finger(f, 5, 34, REASON_NONE);
	assert_int_equal(access_must(f, REASON_GRANTED, METHOD_FINGERPRINT)->card_number, 5);
	assert_true(entry_of(f, JOURNAL_ACCESS)->wants_outcome);
	durable(f, entry_of(f, JOURNAL_ACCESS)->ticket);
	assert_output(f, 0, true, f->now.boot_ns + MS(UNLOCK_MS));
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->method, METHOD_FINGERPRINT);
	after(f, UNLOCK_MS);
	tick(f);
	finger(f, 99, 34, REASON_NONE);
	assert_int_equal(refused(f, REASON_UNKNOWN_CARD, METHOD_FINGERPRINT)->card_number, 99);
	open_by(f, OPEN_BY_CARD_AND_PIN);
	finger(f, 5, 34, REASON_NONE);
	waits(f);
	keys(f, 1, "4711#");
	opens(f, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4711#");
	waits(f);
	finger(f, 5, 34, REASON_NONE);
	opens(f, METHOD_PASSWORD_THEN_CARD);
	open_by(f, OPEN_BY_PIN);
	finger(f, 5, 34, REASON_NONE);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->method, METHOD_FINGERPRINT);
	assert_true(!reason_grants((enum reason)entry_of(f, JOURNAL_ACCESS)->reason));
}

static void a_finger_that_its_reader_refuses_opens_nothing(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *entry;

	put_pin(f, 5, PIN(4711));
	open_by(f, OPEN_BY_CARD);
	finger(f, 5, 34, REASON_FINGERPRINT);
	entry = refused(f, REASON_FINGERPRINT, METHOD_FINGERPRINT);
	assert_true(entry->has_card && entry->card_number == 5 && entry->person_no != 0);
	finger(f, 0, 0, REASON_FINGERPRINT);
	entry = refused(f, REASON_FINGERPRINT, METHOD_FINGERPRINT);
	assert_true(!entry->has_card && entry->person_no == 0);
	finger(f, 5, 34, REASON_FINGERPRINT_MISSING);
	refused(f, REASON_FINGERPRINT_MISSING, METHOD_FINGERPRINT);
	/* A PIN that came first waits for another try. */
	open_by(f, OPEN_BY_PIN_THEN_CARD);
	keys(f, 1, "4711#");
	finger(f, 5, 34, REASON_FINGERPRINT);
	refused(f, REASON_FINGERPRINT, METHOD_FINGERPRINT);
	finger(f, 5, 34, REASON_NONE);
	opens(f, METHOD_PASSWORD_THEN_CARD);
}

/* --- PIN, then card --- */

static void pin_then_card_opens_in_that_order(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN_THEN_CARD);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "4711#");
	waits(f);
	assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_WAITING);
	at(f, SECOND_MS - 1);
	card(f, 1, 5);
	assert_int_equal(access_must(f, REASON_GRANTED, METHOD_PASSWORD_THEN_CARD)->person_no, 5);
	opens(f, METHOD_PASSWORD_THEN_CARD);
	card(f, 1, 5);
	assert_int_equal(refused(f, REASON_WRONG_ORDER, METHOD_CARD)->card_number, 5);
	keys(f, 1, "4711");
	card(f, 1, 5); /* not typed to its end: no PIN */
	refused(f, REASON_WRONG_ORDER, METHOD_CARD);
}

static void a_pin_that_waits_is_not_evaluated_before_its_card(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(7);

	open_by(f, OPEN_BY_PIN_THEN_CARD);
	put_pin(f, 5, PIN(4711));
	put(f, &p);
	for (unsigned i = 0; i < 20; i++) { /* wrong ones do not count either */
		keys(f, 1, "9999#");
		assert_int_equal(feedback_at(f, 1), FEEDBACK_WAITING);
		card(f, 1, 999);
	}
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
	after(f, 60000);
	tick(f);
	keys(f, 1, "9999#");
	card(f, 1, 999);
	refused(f, REASON_UNKNOWN_CARD, METHOD_PASSWORD_THEN_CARD);
	keys(f, 1, "4711#");
	card(f, 1, 7);
	refused(f, REASON_NO_PIN, METHOD_PASSWORD_THEN_CARD);
	card(f, 1, 5); /* one PIN meets one card */
	refused(f, REASON_WRONG_ORDER, METHOD_CARD);
	keys(f, 1, "9999#");
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reader_failures, 1);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 1);
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD_THEN_CARD);
}

static void a_missing_card_is_recorded(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN_THEN_CARD);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "4711#");
	at(f, SECOND_MS);
	tick(f);
	assert_int_equal(refused(f, REASON_CARD_MISSING, METHOD_PASSWORD_THEN_CARD)->person_no, 0);
	card(f, 1, 5);
	refused(f, REASON_WRONG_ORDER, METHOD_CARD);
	keys(f, 1, "9999#");
	keys(f, 1, "4711#"); /* typed again: the first is given up */
	access_must(f, REASON_CARD_MISSING, METHOD_PASSWORD_THEN_CARD);
	assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_WAITING);
	card(f, 1, 5);
	opens(f, METHOD_PASSWORD_THEN_CARD);
}

static void card_and_pin_takes_either_order_and_says_which(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_AND_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	waits(f);
	keys(f, 1, "4711#");
	opens(f, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4711#");
	waits(f);
	card(f, 1, 5);
	opens(f, METHOD_PASSWORD_THEN_CARD);
	card(f, 1, 5);
	keys(f, 1, "9999#");
	fails(f, REASON_WRONG_PIN, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "9999#");
	card(f, 1, 5);
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD_THEN_CARD);
	card(f, 1, 5);
	after(f, SECOND_MS);
	tick(f);
	refused(f, REASON_PIN_MISSING, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4711#");
	after(f, SECOND_MS);
	tick(f);
	refused(f, REASON_CARD_MISSING, METHOD_PASSWORD_THEN_CARD);
}

static void a_busy_door_evaluates_no_pin_with_a_card(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_AND_PIN);
	put_pin(f, 5, PIN(4711));
	for (unsigned i = 0; i < DOOR_WAITING_MAX; i++) {
		card(f, 1, 5);
		keys(f, 1, "4711#");
		judged(f, REASON_GRANTED, METHOD_CARD_THEN_PASSWORD);
	}
	card(f, 1, 5);
	keys(f, 1, "9999#");
	refused(f, REASON_BUSY, METHOD_CARD_THEN_PASSWORD);
}

static void the_same_denial_by_another_method_is_another(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_AND_PIN);
	for (unsigned i = 0; i < DENIALS_PER_MINUTE_MAX + 1; i++)
		card(f, 1, 999);
	assert_null(entry_of(f, JOURNAL_ACCESS));
	keys(f, 1, "4711#");
	card(f, 1, 999);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->method, METHOD_CARD);
	refused(f, REASON_UNKNOWN_CARD, METHOD_PASSWORD_THEN_CARD);
}

/* --- by schedule --- */

static void what_a_door_asks_for_follows_its_schedule(void **state)
{
	struct fixture *f = *state;
	struct controller_input work = {.kind = INPUT_SCHEDULE_PUT,
		.schedule = {.no = 4, .defined = true, .enabled = true}};

	work.schedule.day[1] = (struct schedule_day){.count = 1, .interval = {{480, 540}}};
	f->config.door[0].open_by = OPEN_BY_CARD_THEN_PIN;
	f->config.door[0].open_by_scheduled = OPEN_BY_CARD;
	f->config.door[0].open_by_schedule = 4;
	fixture_start(f);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5); /* not defined: not on */
	waits(f);
	step(f, &work);
	at(f, 8 * 3600000 - 1);
	tick(f);
	refused(f, REASON_PIN_MISSING, METHOD_CARD_THEN_PASSWORD);
	card(f, 1, 5);
	waits(f);
	after(f, 1); /* Monday 8:00: the card that waits is given up for itself */
	card(f, 1, 5);
	assert_int_equal(entries(f, JOURNAL_ACCESS), 2);
	assert_int_equal(effect_nth(f, EFFECT_COMMIT, 0)->entry.reason, REASON_PIN_MISSING);
	assert_int_equal(effect_nth(f, EFFECT_COMMIT, 1)->entry.reason, REASON_GRANTED);
	assert_int_equal(effect_nth(f, EFFECT_COMMIT, 1)->entry.method, METHOD_CARD);
	keys(f, 1, "4711#");
	refused(f, REASON_PIN_REFUSED, METHOD_PASSWORD);
	at(f, 9 * 3600000);
	tick(f);
	card(f, 1, 5);
	waits(f);
}

static void what_a_door_asks_for_follows_special_days(void **state)
{
	struct fixture *f = *state;
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT};
	struct civil today = civil_from_seconds(T0_S);
	struct special_date date = {(uint16_t)today.year, today.month, today.day};

	f->config.door[0].open_by = OPEN_BY_CARD_THEN_PIN;
	f->config.door[0].open_by_scheduled = OPEN_BY_CARD;
	f->config.door[0].open_by_schedule = 4;
	fixture_start(f);
	put_pin(f, 5, PIN(4711));
	schedule_set_always(&input.schedule, 4);
	step(f, &input);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
	input = (struct controller_input){.kind = INPUT_SPECIAL_GROUP_PUT,
		.special_group = {.defined = true, .enabled = true}};
	input.special_group.day[0] = (struct special_day){.from = date, .to = date};
	step(f, &input);
	input = (struct controller_input){.kind = INPUT_SPECIAL_SCHEDULE_PUT,
		.special_schedule = {.defined = true, .enabled = true}};
	special_schedule_cover(&input.special_schedule, 4, true);
	step(f, &input);
	at(f, 3600000);
	tick(f);
	card(f, 1, 5);
	waits(f);
}

static void schedule_255_is_never_looked_at(void **state)
{
	struct fixture *f = *state;

	f->config.door[0].open_by_scheduled = OPEN_BY_PIN;
	fixture_start(f);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	access_must(f, REASON_GRANTED, METHOD_CARD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_door_that_opens_by_card_refuses_pins_unread),
		TEST(a_pin_alone_opens_and_names_its_person),
		TEST(a_person_without_a_card_opens_by_pin),
		TEST(a_pin_that_needs_its_card_does_not_open_alone),
		TEST(a_door_that_opens_by_pin_refuses_cards_but_the_blocklist_alarms),
		TEST(card_or_pin_takes_either),
		TEST(a_pin_of_somebody_without_a_right_looks_like_a_wrong_one),
		TEST(a_door_held_locked_or_busy_looks_at_no_pin),
		TEST(card_then_pin_opens_in_that_order),
		TEST(card_then_pin_refuses_a_card_at_once_for_anything_but_the_pin),
		TEST(a_missing_pin_is_recorded_with_its_card),
		TEST(a_late_last_key_does_not_meet_the_card),
		TEST(a_wrong_pin_is_recorded_with_its_card_and_ends_the_wait),
		TEST(everything_is_judged_again_at_the_pin),
		TEST(a_new_pin_counts_from_its_change_on),
		TEST(a_card_that_waits_is_dropped_when_its_right_goes),
		TEST(what_is_over_meets_nothing_however_much_is_due),
		TEST(cards_at_many_readers_are_dropped_together),
		TEST(another_card_replaces_the_first_and_the_same_one_renews_it),
		TEST(readers_of_one_door_do_not_add_up),
		TEST(a_finger_opens_by_a_method_of_its_own_and_counts_as_the_card),
		TEST(a_finger_that_its_reader_refuses_opens_nothing),
		TEST(pin_then_card_opens_in_that_order),
		TEST(a_pin_that_waits_is_not_evaluated_before_its_card),
		TEST(a_missing_card_is_recorded),
		TEST(card_and_pin_takes_either_order_and_says_which),
		TEST(a_busy_door_evaluates_no_pin_with_a_card),
		TEST(the_same_denial_by_another_method_is_another),
		TEST(what_a_door_asks_for_follows_its_schedule),
		TEST(what_a_door_asks_for_follows_special_days),
		TEST(schedule_255_is_never_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
