// SPDX-License-Identifier: Apache-2.0
/*
 * What a door asks for: a card, a PIN, either, or both in an order (enum open_by, by schedule).
 *
 * A card that is to be followed by a PIN is judged at once by everything else, and again when the
 * PIN comes. A PIN that is to be followed by a card waits unevaluated. What came first waits in its
 * reader until the other comes, its time is over, something else is presented there, or, for a
 * card, the right goes; each end but the first has its denial.
 *
 * A PIN is evaluated (compared, and counted by pin_tries.c when it opens nothing) only when nothing
 * else refuses first and neither its reader nor its person is locked. From there on right and wrong
 * look alike: both have a record of their own, and show nothing until it is durable (waiting.c). A
 * PIN alone that is somebody's who may not open now counts as a failure as well, or guessing would
 * find PINs by what does not lock.
 *
 * Methods. Records name what was presented, in its order: one factor alone is 0 or 1, and 2 or 3
 * from the moment on that the first of two was taken. A finger that a reader compared is 6 where a
 * card alone is 1, and counts as the card where both are asked for.
 */
#include "base/assert.h"
#include "controller_state.h"

static enum open_by open_by_now(const struct step *step, const struct door *door)
{
	const struct door_config *config = &door->config;
	struct decision_place place = step_place(step, door);

	if (config->open_by_schedule != SCHEDULE_ALWAYS &&
		decision_schedule_on(&place, config->open_by_schedule))
		return (enum open_by)config->open_by_scheduled;
	return (enum open_by)config->open_by;
}

static bool has_pin(const struct credential *credential)
{
	return credential->pin != 0 || credential->pin_duress != 0;
}

/* Refuses without looking any further, but for who it was: the blocklist alarms at any door. */
static void card_refuse(
	struct step *step, struct door *door, struct presented *card, enum reason reason)
{
	struct credential credential;

	if (card_judge(step, door, card, &credential) != REASON_BLOCKLIST)
		card->reason = (uint8_t)reason;
	reader_deny(step, card);
}

static void pin_refuse(struct step *step, uint8_t reader, enum reason reason)
{
	struct presented pin = {
		.reader = reader, .method = METHOD_PASSWORD, .reason = (uint8_t)reason};

	reader_deny(step, &pin);
}

/* --- the first of two --- */

static void first_forget(struct keypad *keypad)
{
	keypad->first = FIRST_NONE;
	keypad->refused = REASON_NONE;
	keypad->pin = 0;
}

static struct presented first_missing(const struct keypad *keypad, uint8_t reader)
{
	struct presented missing = keypad->card;

	if (keypad->first == FIRST_PIN)
		return (struct presented){.reader = reader,
			.method = METHOD_PASSWORD_THEN_CARD,
			.reason = REASON_CARD_MISSING};
	missing.reason =
		keypad->refused != REASON_NONE ? keypad->refused : (uint8_t)REASON_PIN_MISSING;
	return missing;
}

/* Given up for what comes now: recorded, and nothing shown. */
static void first_end(struct step *step, uint8_t reader)
{
	struct keypad *keypad = &step_reader(step, reader)->keypad;
	struct presented missing = first_missing(keypad, reader);

	if (keypad->first == FIRST_NONE)
		return;
	first_forget(keypad);
	reader_denial_record(step, &missing);
}

static void first_wait(struct step *step, uint8_t reader, enum first_factor first)
{
	struct keypad *keypad = &step_reader(step, reader)->keypad;

	keypad->first = (uint8_t)first;
	keypad->second_until_ns = step_after_ms(step, step->controller->pin_second_ms);
	step_feedback(step, reader, FEEDBACK_WAITING);
}

static int64_t first_due_ns(const struct keypad *keypad)
{
	if (keypad->first == FIRST_NONE)
		return NEVER;
	return keypad->refused != REASON_NONE ? AT_ONCE : keypad->second_until_ns;
}

int64_t factor_due_ns(const struct reader *reader)
{
	int64_t typed_ns = keypad_due_ns(&reader->keypad);
	int64_t first_ns = first_due_ns(&reader->keypad);

	return first_ns < typed_ns ? first_ns : typed_ns;
}

/* What is typed for a first that is over goes with it. */
void factor_run(struct step *step, uint8_t reader)
{
	struct keypad *keypad = &step_reader(step, reader)->keypad;
	struct presented missing = first_missing(keypad, reader);
	bool first = first_due_ns(keypad) <= keypad_due_ns(keypad);

	keypad_clear(keypad);
	if (!first)
		return;
	first_forget(keypad);
	reader_deny(step, &missing);
}

void factor_judge_again(struct step *step, uint64_t person_no)
{
	struct controller *controller = step->controller;

	for (unsigned i = 0; i < controller->reader_count; i++) {
		struct reader *reader = &controller->readers[controller->reader_list[i]];
		struct keypad *keypad = &reader->keypad;
		struct presented card = keypad->card;
		struct credential credential;

		if (keypad->first != FIRST_CARD || keypad->refused != REASON_NONE ||
			(person_no != 0 && card.person_no != person_no))
			continue;
		enum reason reason = card_judge(
			step, &controller->doors[reader->config.door], &card, &credential);

		if (!reason_grants(reason))
			keypad->refused = (uint8_t)reason;
		else if (card.person_no != keypad->card.person_no)
			keypad->refused = REASON_UNKNOWN_CARD;
		else if (!has_pin(&credential))
			keypad->refused = REASON_NO_PIN;
	}
}

/* --- a PIN is evaluated --- */

static void lockout_alarm(
	struct step *step, const struct presented *given, uint64_t ticket, uint32_t seconds)
{
	struct commit_entry *entry = card_commit(step, JOURNAL_PIN_LOCKOUT, given);

	entry->reason = REASON_PIN_LOCKED;
	entry->outcome_of = ticket;
	entry->count = seconds;
}

/* given->reason says why. at_person: its card names whose PIN was missed. */
static void pin_fails(
	struct step *step, struct door *door, const struct presented *given, bool at_person)
{
	struct controller *controller = step->controller;
	struct presented nobody = {.reader = given->reader, .method = given->method};
	struct waiting_grant waiting = {
		.ticket = ++controller->ticket,
		.deadline_ns = step_after_ms(step, controller->commit_wait_ms),
		.given = *given,
		.feedback = FEEDBACK_DENIED,
		.is_denial = true,
	};

	reader_repeats_end(step, given->reader);
	struct commit_entry *entry = card_commit(step, JOURNAL_ACCESS, given);
	struct pin_locks locks = pin_count_failure(step, entry, at_person);

	entry->ticket = waiting.ticket;
	if (given->reason == REASON_BLOCKLIST)
		(void)card_commit(step, JOURNAL_BLOCKLIST, given);
	if (locks.reader_s > 0)
		lockout_alarm(step, &nobody, waiting.ticket, locks.reader_s);
	if (locks.person_s > 0)
		lockout_alarm(step, given, waiting.ticket, locks.person_s);
	waiting_add(step, door, &waiting);
}

/* A PIN whose card is known; nothing but the PIN may be left to decide. */
static void card_and_pin(struct step *step, struct door *door, struct presented *card, uint64_t pin)
{
	struct credential credential;
	enum reason reason = card_judge(step, door, card, &credential);

	if (reason_grants(reason)) {
		if (!has_pin(&credential))
			reason = REASON_NO_PIN;
		else if (waiting_is_full(step, door))
			reason = REASON_BUSY;
		else if (pin_is_locked(step, card->reader, credential.person_no))
			reason = REASON_PIN_LOCKED;
	}
	card->reason = (uint8_t)reason;
	if (!reason_grants(reason)) {
		reader_deny(step, card);
	} else if (credential_pin_match(&credential, pin) == PIN_MATCH_NONE) {
		card->reason = REASON_WRONG_PIN;
		pin_fails(step, door, card, true);
	} else {
		reader_grant(step, door, &credential, card, pin);
	}
}

static void pin_alone(struct step *step, struct door *door, uint8_t reader, uint64_t pin)
{
	struct presented given = {.reader = reader, .method = METHOD_PASSWORD};
	struct decision_place place = step_place(step, door);
	struct credential credential;

	if (pin_is_locked(step, reader, 0)) {
		pin_refuse(step, reader, REASON_PIN_LOCKED);
		return;
	}
	if (place.held_locked || waiting_is_full(step, door)) {
		pin_refuse(step, reader, place.held_locked ? REASON_HELD_LOCKED : REASON_BUSY);
		return;
	}
	given.reason = REASON_WRONG_PIN;
	if (credential_find_pin(step->controller->index, pin, &credential)) {
		given.reason = (uint8_t)decision_make(&credential, &place);
		given.person_no = credential.person_no;
		given.card_type = credential.card_type;
	}
	if (reason_grants((enum reason)given.reason))
		reader_grant(step, door, &credential, &given, pin);
	else
		pin_fails(step, door, &given, false);
}

/* --- a card is presented --- */

/* By its reader, which compared a finger. What came before it waits on: another try may come. */
void factor_refused(
	struct step *step, struct door *door, struct presented *card, enum reason reason)
{
	if (card->has_card) {
		card_refuse(step, door, card, reason);
		return;
	}
	card->reason = (uint8_t)reason;
	reader_deny(step, card);
}

static void card_first(struct step *step, struct door *door, struct presented *card)
{
	struct keypad *keypad = &step_reader(step, card->reader)->keypad;
	struct credential credential;
	enum reason reason;

	if (keypad->first == FIRST_CARD && keypad->card.card_number == card->card_number)
		first_forget(keypad); /* the same card again: its time begins anew */
	first_end(step, card->reader);
	reason = card_judge(step, door, card, &credential);
	if (reason_grants(reason) && !has_pin(&credential))
		card->reason = REASON_NO_PIN;
	if (!reason_grants((enum reason)card->reason)) {
		reader_deny(step, card);
		return;
	}
	keypad->card = *card;
	keypad->card.method = METHOD_CARD_THEN_PASSWORD;
	first_wait(step, card->reader, FIRST_CARD);
}

static void card_second(struct step *step, struct door *door, struct presented *card)
{
	struct keypad *keypad = &step_reader(step, card->reader)->keypad;
	uint64_t pin = keypad->pin;

	first_forget(keypad);
	card->method = METHOD_PASSWORD_THEN_CARD;
	card_and_pin(step, door, card, pin);
}

void factor_card(struct step *step, struct door *door, struct presented *card)
{
	struct keypad *keypad = &step_reader(step, card->reader)->keypad;
	enum open_by by = open_by_now(step, door);
	bool second = keypad->first == FIRST_PIN &&
		      (by == OPEN_BY_PIN_THEN_CARD || by == OPEN_BY_CARD_AND_PIN);

	keypad_clear(keypad);
	if (second) {
		card_second(step, door, card);
		return;
	}
	switch (by) {
	case OPEN_BY_CARD:
	case OPEN_BY_CARD_OR_PIN:
		first_end(step, card->reader);
		reader_card_alone(step, door, card);
		return;
	case OPEN_BY_CARD_THEN_PIN:
	case OPEN_BY_CARD_AND_PIN:
		card_first(step, door, card);
		return;
	case OPEN_BY_PIN:
		first_end(step, card->reader);
		card_refuse(step, door, card, REASON_CARD_REFUSED);
		return;
	case OPEN_BY_PIN_THEN_CARD:
		first_end(step, card->reader);
		card_refuse(step, door, card, REASON_WRONG_ORDER);
		return;
	case OPEN_BY_COUNT:
		break;
	}
}

/* --- a PIN is typed --- */

static void pin_first(struct step *step, uint8_t reader, uint64_t pin)
{
	first_end(step, reader);
	if (pin_is_locked(step, reader, 0)) {
		pin_refuse(step, reader, REASON_PIN_LOCKED);
		return;
	}
	step_reader(step, reader)->keypad.pin = pin;
	first_wait(step, reader, FIRST_PIN);
}

static void pin_second(struct step *step, struct door *door, uint8_t reader, uint64_t pin)
{
	struct keypad *keypad = &step_reader(step, reader)->keypad;
	struct presented card = keypad->card;

	first_forget(keypad);
	card_and_pin(step, door, &card, pin);
}

void factor_pin(struct step *step, struct door *door, uint8_t reader)
{
	struct keypad *keypad = &step_reader(step, reader)->keypad;
	enum open_by by = open_by_now(step, door);
	bool second = keypad->first == FIRST_CARD &&
		      (by == OPEN_BY_CARD_THEN_PIN || by == OPEN_BY_CARD_AND_PIN);
	uint64_t pin = keypad_take(step, keypad);

	if (second) {
		pin_second(step, door, reader, pin);
		return;
	}
	switch (by) {
	case OPEN_BY_CARD:
		first_end(step, reader);
		pin_refuse(step, reader, REASON_PIN_REFUSED);
		return;
	case OPEN_BY_PIN:
	case OPEN_BY_CARD_OR_PIN:
		first_end(step, reader);
		pin_alone(step, door, reader, pin);
		return;
	case OPEN_BY_CARD_THEN_PIN:
		first_end(step, reader);
		pin_refuse(step, reader, REASON_WRONG_ORDER);
		return;
	case OPEN_BY_PIN_THEN_CARD:
	case OPEN_BY_CARD_AND_PIN:
		pin_first(step, reader, pin);
		return;
	case OPEN_BY_COUNT:
		break;
	}
}
