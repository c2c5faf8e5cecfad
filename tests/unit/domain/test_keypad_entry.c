// SPDX-License-Identifier: Apache-2.0
/* Keys up to a PIN, what is seen of them at the reader, and PINs while their records wait. */
#include "pin_asserts.h"

#include "base/compiler.h"

/* --- keys --- */

static void star_a_pause_and_a_card_clear_what_was_typed(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_OR_PIN);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "99*4711#");
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "47");
	after(f, KEY_GAP_MS); /* as long as the gap, but no longer */
	keys(f, 1, "11#");
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "99");
	after(f, KEY_GAP_MS);
	f->now.boot_ns++;
	keys(f, 1, "4711#");
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "47");
	card(f, 1, 999);
	refused(f, REASON_UNKNOWN_CARD, METHOD_CARD);
	keys(f, 1, "11#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
}

static void hash_alone_is_no_pin(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	for (unsigned i = 0; i < 10; i++) {
		keys(f, 1, "4*");
		assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_NONE);
		keys(f, 1, "#");
		assert_int_equal(f->effects.count, 1);
		assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_NONE);
	}
}

static void too_many_digits_are_wrong_and_never_cut_to_a_match(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(123456789012));
	keys(f, 1, "123456789012#");
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "1234567890123#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	for (unsigned i = 0; i < 300; i++)
		keys(f, 1, "1");
	keys(f, 1, "123456789012#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	keys(f, 1, "1234567890123*123456789012#");
	opens(f, METHOD_PASSWORD);
}

static void a_fixed_length_ends_a_pin_by_itself(void **state)
{
	struct fixture *f = *state;

	f->config.pin_digits = 6;
	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(471147));
	keys(f, 1, "471147");
	opens(f, METHOD_PASSWORD);
	keys(f, 1, "#"); /* habit */
	assert_int_equal(f->effects.count, 1);
	keys(f, 1, "4711#");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	keys(f, 1, "471148");
	fails(f, REASON_WRONG_PIN, METHOD_PASSWORD);
	keys(f, 1, "471147");
	opens(f, METHOD_PASSWORD);
}

static void keys_without_a_hash_or_a_reader_do_nothing(void **state)
{
	struct fixture *f = *state;

	keys(f, 9, "1#");
	assert_quiet(f);
	key(f, READER_NONE, 1);
	assert_quiet(f);
	key(f, READERS_MAX + 1, 1);
	assert_quiet(f);
	f->config.pin_hash = NULL;
	open_by(f, OPEN_BY_PIN);
	keys(f, 1, "4711#");
	assert_quiet(f);
}

/* --- what is seen at the reader --- */

struct seen {
	unsigned count;
	struct {
		int64_t ms;
		unsigned feedback;
	} at[64];
};

static void see(const struct fixture *f, struct seen *seen)
{
	for (uint32_t i = 0; i < f->effects.count; i++) {
		const struct effect *effect = &f->effects.items[i];

		if (effect->kind != EFFECT_FEEDBACK)
			continue;
		assert_in_range(seen->count, 0, ARRAY_COUNT(seen->at) - 1);
		seen->at[seen->count].ms = f->now.boot_ns / NS_PER_MS;
		seen->at[seen->count++].feedback = effect->feedback.feedback;
	}
}

/* One try from the start of time, a key every 300 ms, a record durable after 7 ms. */
static struct seen try_seen(struct fixture *f, enum open_by by, const char *pin, bool card_first)
{
	struct seen seen = {0};

	f->now = (struct moment){.utc_ms = T0_MS, .trusted = true};
	open_by(f, by);
	if (card_first) {
		card(f, 1, 5);
		see(f, &seen);
	}
	for (; *pin != 0; pin++) {
		after(f, 300);
		keys(f, 1, (char[]){*pin, 0});
		see(f, &seen);
	}
	if (by == OPEN_BY_PIN_THEN_CARD) {
		after(f, 300);
		card(f, 1, 5);
		see(f, &seen);
	}
	after(f, 7);
	durable(f, 101);
	see(f, &seen);
	return seen;
}

static void right_and_wrong_keys_look_the_same_up_to_the_end(void **state)
{
	struct fixture *f = *state;
	static const char *const wrong[] = {"9999#", "4710#", "0711#", "9*711#", "*4711"};
	static const enum open_by ways[] = {
		OPEN_BY_PIN, OPEN_BY_CARD_THEN_PIN, OPEN_BY_PIN_THEN_CARD};

	put_pin(f, 5, PIN(4711));
	for (unsigned w = 0; w < ARRAY_COUNT(ways); w++) {
		bool card_first = ways[w] == OPEN_BY_CARD_THEN_PIN;
		struct seen right = try_seen(f, ways[w], "4711#", card_first);
		unsigned last = right.count - 1;

		assert_int_equal(right.at[last].feedback, FEEDBACK_GRANTED);
		for (unsigned i = 0; i < 3; i++) {
			struct seen other = try_seen(f, ways[w], wrong[i], card_first);

			assert_int_equal(other.count, right.count);
			assert_memory_equal(other.at, right.at, last * sizeof(other.at[0]));
			assert_int_equal(other.at[last].ms, right.at[last].ms);
			assert_int_equal(other.at[last].feedback, FEEDBACK_DENIED);
		}
		for (unsigned i = 3; i < 5; i++) { /* key by key, whatever it is */
			struct seen other = try_seen(f, ways[w], wrong[i], card_first);

			for (unsigned k = card_first; k < 4u + card_first; k++)
				assert_int_equal(other.at[k].feedback, FEEDBACK_KEY);
		}
	}
}

static void a_duress_pin_opens_alike_and_alarms_silently(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.pin = PIN(4711);
	p.pin_duress = PIN(4712);
	p.pin_alone = true;
	for (unsigned arrears = 0; arrears < 2; arrears++) {
		p.card_status = arrears ? CARD_STATUS_PRE_ARREARS : 0;
		put(f, &p);
		struct seen plain = try_seen(f, OPEN_BY_PIN, "4711#", false);
		struct seen duress = try_seen(f, OPEN_BY_PIN, "4712#", false);

		assert_memory_equal(&plain, &duress, sizeof(plain));
		assert_int_equal(plain.at[plain.count - 1].feedback,
			arrears ? FEEDBACK_GRANTED_PRE_ARREARS : FEEDBACK_GRANTED);
		assert_output(f, 0, true, f->now.boot_ns + MS(UNLOCK_MS));
	}
	open_by(f, OPEN_BY_CARD_AND_PIN);
	card(f, 1, 5);
	keys(f, 1, "4712#");
	access_must(f, REASON_GRANTED_DURESS, METHOD_CARD_THEN_PASSWORD);
	assert_int_equal(entry_must(f, JOURNAL_DURESS)->outcome_of, 101);
	assert_int_equal(entry_of(f, JOURNAL_DURESS)->person_no, 5);
	assert_int_equal(entry_of(f, JOURNAL_DURESS)->method, METHOD_CARD_THEN_PASSWORD);
	durable(f, 101);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->reason, REASON_GRANTED_DURESS);
}

static void a_pin_that_is_both_alarms(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.pin = p.pin_duress = PIN(4711);
	p.pin_alone = true;
	open_by(f, OPEN_BY_PIN);
	put(f, &p);
	keys(f, 1, "4711#");
	access_must(f, REASON_GRANTED_DURESS, METHOD_PASSWORD);
	assert_int_equal(entries(f, JOURNAL_DURESS), 1);
}

/* --- records that wait --- */

static void a_wrong_pin_is_shown_as_late_as_a_grant_on_a_slow_disk(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	for (uint8_t reader = 1; reader <= 3; reader += 2) {
		keys(f, reader, "9999#");
		assert_int_equal(feedback_at(f, reader), FEEDBACK_KEY);
		assert_int_equal(door_now(f, 0).waiting + door_now(f, 1).waiting, 0);
		assert_int_equal(deadline_ms(f), f->now.boot_ns / NS_PER_MS + COMMIT_WAIT_MS);
		after(f, COMMIT_WAIT_MS - 1);
		tick(f);
		assert_quiet(f);
		after(f, 1);
		tick(f);
		assert_int_equal(f->effects.count, 1);
		assert_feedback(f, reader, FEEDBACK_DENIED, FEEDBACK_NONE);
	}
	keys(f, 1, "9999#");
	after(f, COMMIT_WAIT_MS);
	tick(f);
	assert_non_null(entry_of(f, JOURNAL_STORAGE_SLOW)); /* the third in a minute */
}

static void a_wrong_pin_is_shown_at_once_while_the_store_is_failed(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	keys(f, 1, "9999#");
	simple(f, INPUT_STORE_FAILED);
	assert_feedback(f, 1, FEEDBACK_DENIED, FEEDBACK_NONE);
	keys(f, 1, "9999#");
	assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_DENIED);
	assert_true(entry_must(f, JOURNAL_ACCESS)->undurable);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 2);
	keys(f, 1, "4711#");
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_feedback(f, 1, FEEDBACK_KEY, FEEDBACK_GRANTED);
}

/* A lock, a command or a change of people settles grants early; a denial goes on waiting. */
static void nothing_but_its_record_ends_a_denial_early(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	card(f, 1, 5);
	keys(f, 1, "9999#");
	command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_NONE);
	command(f, 0, DOOR_COMMAND_CLOSE, 2);
	take_out(f, 5);
	assert_quiet(f);
	durable(f, 101);
	assert_int_equal(f->effects.count, 1);
	assert_feedback(f, 1, FEEDBACK_DENIED, FEEDBACK_NONE);
}

static void waiting_pin_grants_are_cancelled_when_the_pin_is_not_theirs_any_more(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	uint64_t ticket = 100;

	p.pin = PIN(4711);
	p.pin_duress = PIN(4712);
	p.pin_alone = true;
	open_by(f, OPEN_BY_PIN);
	for (unsigned change = 0; change < 6; change++) {
		struct credential changed = p;

		put(f, &p);
		keys(f, 1, change == 3 ? "4712#" : "4711#");
		ticket++;
		assert_int_equal(entry_must(f, JOURNAL_ACCESS)->ticket, ticket);
		put(f, &p);
		assert_quiet(f); /* saved again, as it was */
		if (change == 0)
			changed.pin = PIN(4713);
		else if (change == 1)
			changed.pin = 0;
		else if (change == 2)
			changed.pin_alone = false;
		else if (change <= 4) /* the other of the two now */
			changed = (struct credential){.person_no = 5,
				.pin = PIN(4712),
				.pin_duress = PIN(4711),
				.pin_alone = true};
		if (change == 5)
			take_out(f, 5);
		else
			put(f, &changed);
		assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->outcome_of, ticket);
		assert_int_equal(entry_of(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_WRONG_PIN);
		assert_int_equal(entry_of(f, JOURNAL_GRANT_CANCELLED)->method, METHOD_PASSWORD);
		durable(f, ticket);
		assert_quiet(f);
	}
}

static void waiting_grants_by_card_and_pin_need_both_still(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.pin = PIN(4711);
	open_by(f, OPEN_BY_CARD_AND_PIN);
	put(f, &p);
	card(f, 1, 5);
	keys(f, 1, "4711#");
	p.pin = PIN(4712);
	put(f, &p);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_WRONG_PIN);
	assert_int_equal(entry_of(f, JOURNAL_GRANT_CANCELLED)->method, METHOD_CARD_THEN_PASSWORD);
	keys(f, 1, "4712#");
	card(f, 1, 5);
	p.card_number = 55;
	put(f, &p);
	assert_int_equal(entry_must(f, JOURNAL_GRANT_CANCELLED)->reason, REASON_UNKNOWN_CARD);
	p.card_number = 5;
	put(f, &p);
	card(f, 1, 5);
	keys(f, 1, "4712#");
	p.pin_alone = true; /* means nothing here */
	put(f, &p);
	assert_quiet(f);
	durable(f, 103);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, 103);
}

static void a_use_is_taken_by_pin_as_by_card(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.pin = PIN(4711);
	p.pin_alone = true;
	p.card_type = CARD_TYPE_GUEST;
	p.uses_left = 1;
	open_by(f, OPEN_BY_CARD_OR_PIN);
	put(f, &p);
	keys(f, 1, "4711#");
	assert_true(entry_must(f, JOURNAL_ACCESS)->takes_use);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_USES_SPENT);
}

static bool memory_holds(const void *memory, size_t size, const void *text, size_t len)
{
	const uint8_t *bytes = memory;

	for (size_t i = 0; i + len <= size; i++) {
		if (memcmp(bytes + i, text, len) == 0)
			return true;
	}
	return false;
}

static void digits_are_wiped_and_in_no_effect(void **state)
{
	struct fixture *f = *state;
	static const uint8_t values[] = {8, 0, 2, 5, 9, 1, 4, 6};
	static const char *const ends[] = {"#", "*", "", NULL}; /* NULL: a card */

	open_by(f, OPEN_BY_CARD_AND_PIN);
	put_pin(f, 5, PIN(80259146));
	for (unsigned i = 0; i < ARRAY_COUNT(ends); i++) {
		keys(f, 1, "80259146");
		assert_true(memory_holds(f->controller, controller_size(), "80259146", 8));
		if (ends[i] == NULL)
			card(f, 1, 5);
		else if (ends[i][0] != 0)
			keys(f, 1, ends[i]);
		else
			after(f, KEY_GAP_MS + 1);
		tick(f);
		assert_false(memory_holds(f->controller, controller_size(), "8025", 4));
		assert_false(memory_holds(f->controller, controller_size(), "9146", 4));
		assert_false(memory_holds(f->controller, controller_size(), values, 4));
	}
	after(f, SECOND_MS);
	card(f, 1, 5);
	memset(&f->effects, 0, sizeof(f->effects));
	keys(f, 1, "80259146#");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
	assert_false(memory_holds(&f->effects, sizeof(f->effects), "8025", 4));
	assert_false(memory_holds(&f->effects, sizeof(f->effects), values, 4));
	uint64_t hash = PIN(80259146);

	assert_false(memory_holds(&f->effects, sizeof(f->effects), &hash, sizeof(hash)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(star_a_pause_and_a_card_clear_what_was_typed),
		TEST(hash_alone_is_no_pin),
		TEST(too_many_digits_are_wrong_and_never_cut_to_a_match),
		TEST(a_fixed_length_ends_a_pin_by_itself),
		TEST(keys_without_a_hash_or_a_reader_do_nothing),
		TEST(right_and_wrong_keys_look_the_same_up_to_the_end),
		TEST(a_duress_pin_opens_alike_and_alarms_silently),
		TEST(a_pin_that_is_both_alarms),
		TEST(a_wrong_pin_is_shown_as_late_as_a_grant_on_a_slow_disk),
		TEST(a_wrong_pin_is_shown_at_once_while_the_store_is_failed),
		TEST(nothing_but_its_record_ends_a_denial_early),
		TEST(waiting_pin_grants_are_cancelled_when_the_pin_is_not_theirs_any_more),
		TEST(waiting_grants_by_card_and_pin_need_both_still),
		TEST(a_use_is_taken_by_pin_as_by_card),
		TEST(digits_are_wiped_and_in_no_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
