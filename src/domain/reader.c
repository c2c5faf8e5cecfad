// SPDX-License-Identifier: Apache-2.0
/*
 * What happens at a reader: grants, denials, frames that are no card, noise, tamper. What was given
 * is decided at once; its record is the step's first effect of the decision.
 *
 * Floods. A run of the same denial (same reader, card, method and reason) is recorded
 * DENIALS_PER_MINUTE_MAX times a minute, the rest becomes one counted record when the minute ends
 * or something else comes. Frames that are no card are the same whatever their length, or noise
 * would never be one run. The first noise of a minute is told at once, the rest of that minute
 * together at its end.
 */
#include "base/assert.h"
#include "controller_state.h"

#define REPEAT_WINDOW_MS 60000

static struct commit_entry *reader_commit(struct step *step, enum journal_kind kind, uint8_t number)
{
	const struct reader *reader = step_reader(step, number);
	struct commit_entry *entry = step_commit(step, kind);

	entry->reader = number;
	entry->door = reader->config.door;
	entry->side = reader->config.side;
	return entry;
}

static uint32_t add_clamped(uint32_t a, uint32_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

/* A record or an alarm about a card or a PIN. */
struct commit_entry *card_commit(
	struct step *step, enum journal_kind kind, const struct presented *given)
{
	struct commit_entry *entry = reader_commit(step, kind, given->reader);

	entry->method = given->method;
	entry->reason = given->reason;
	entry->person_no = given->person_no;
	entry->card_type = given->card_type;
	entry->card_number = given->card_number;
	entry->card_bits = given->card_bits;
	entry->has_card = given->has_card;
	return entry;
}

/* --- denials --- */

void reader_repeats_end(struct step *step, uint8_t number)
{
	struct reader *reader = step_reader(step, number);

	reader->repeating = false;
	if (reader->unrecorded == 0)
		return;
	struct commit_entry *entry = card_commit(step, JOURNAL_DENIALS_REPEATED, &reader->repeated);

	entry->reason = REASON_REPEATED;
	entry->count = reader->unrecorded;
	reader->unrecorded = 0;
}

static bool denial_is_same(const struct reader *reader, const struct presented *given)
{
	return reader->repeating && reader->repeated.reason == given->reason &&
	       reader->repeated.method == given->method &&
	       reader->repeated.has_card == given->has_card &&
	       reader->repeated.card_number == given->card_number &&
	       (reader->repeated.card_bits == given->card_bits || !given->has_card);
}

/* Counts a denial; true when it gets a record of its own. */
static bool denial_is_recorded(struct step *step, const struct presented *given)
{
	struct reader *reader = step_reader(step, given->reader);

	if (!denial_is_same(reader, given) || step->at.boot_ns >= reader->repeat_until_ns) {
		reader_repeats_end(step, given->reader);
		reader->repeating = true;
		reader->repeated = *given;
		reader->repeat_until_ns = step_after_ms(step, REPEAT_WINDOW_MS);
		reader->denials = 0;
	}
	if (reader->denials < DENIALS_PER_MINUTE_MAX) {
		reader->denials++;
		return true;
	}
	reader->unrecorded = add_clamped(reader->unrecorded, 1);
	return false;
}

/* A denial that nobody is to see at the reader. */
void reader_denial_record(struct step *step, const struct presented *given)
{
	if (!denial_is_recorded(step, given))
		return;
	(void)card_commit(step, JOURNAL_ACCESS, given);
	if (given->reason == REASON_BLOCKLIST)
		(void)card_commit(step, JOURNAL_BLOCKLIST, given);
}

void reader_deny(struct step *step, const struct presented *given)
{
	reader_denial_record(step, given);
	step_feedback(step, given->reader, FEEDBACK_DENIED);
}

/* --- grants --- */

/* The index counts at once: a second presentation cannot spend the same use. */
static bool use_take(struct step *step, const struct credential *credential, uint64_t ticket)
{
	struct controller *controller = step->controller;

	if (credential->uses_left == 0 || credential->uses_left == USES_UNLIMITED)
		return false;
	credential_take_use(controller->index, credential->person_no);
	controller->uses[controller->use_next] =
		(struct pending_use){.ticket = ticket, .person_no = credential->person_no};
	controller->use_next = (controller->use_next + 1) % USES_PENDING_MAX;
	return true;
}

static enum feedback grant_feedback(uint8_t reason)
{
	return reason == REASON_GRANTED_PRE_ARREARS ? FEEDBACK_GRANTED_PRE_ARREARS
						    : FEEDBACK_GRANTED;
}

/* pin: the hash by which they got in, or 0. What is shown is decided before duress is known. */
void reader_grant(struct step *step, struct door *door, const struct credential *credential,
	struct presented *given, uint64_t pin)
{
	struct controller *controller = step->controller;
	uint64_t ticket = ++controller->ticket;
	struct waiting_grant waiting = {
		.ticket = ticket,
		.deadline_ns = step_after_ms(step, controller->commit_wait_ms),
		.feedback = (uint8_t)grant_feedback(given->reason),
		.pin = pin,
		.pin_match = (uint8_t)credential_pin_match(credential, pin),
	};

	if (waiting.pin_match == PIN_MATCH_DURESS)
		given->reason = REASON_GRANTED_DURESS;
	waiting.given = *given;
	reader_repeats_end(step, given->reader);
	struct commit_entry *entry = card_commit(step, JOURNAL_ACCESS, given);

	entry->ticket = ticket;
	entry->wants_outcome = true;
	entry->takes_use = use_take(step, credential, ticket);
	if (pin != 0)
		pin_count_grant(step, entry);
	if (given->reason == REASON_GRANTED_DURESS)
		card_commit(step, JOURNAL_DURESS, given)->outcome_of = ticket;
	waiting_add(step, door, &waiting);
}

struct decision_place step_place(const struct step *step, const struct door *door)
{
	const struct controller *controller = step->controller;

	return (struct decision_place){
		.door = door->index,
		.held_locked = door->hold == DOOR_COMMAND_HOLD_LOCKED,
		.refuse_dated = !step->at.trusted &&
				controller->untrusted_clock == UNTRUSTED_CLOCK_DENY_DATED,
		.utc_s = step->at.utc_ms / MS_PER_S,
		.zone = &controller->zone,
		.calendar = {controller->schedules, controller->special_groups,
			controller->special_schedules},
	};
}

/* Judges by everything but PINs, and fills in what is known of the card. */
enum reason card_judge(const struct step *step, const struct door *door, struct presented *card,
	struct credential *ret)
{
	struct decision_place place = step_place(step, door);
	bool found = credential_find(step->controller->index, card->card_number, ret);
	enum reason reason = decision_make(found ? ret : NULL, &place);

	card->reason = (uint8_t)reason;
	card->person_no = found ? ret->person_no : 0;
	card->card_type = found ? ret->card_type : 0;
	return reason;
}

void reader_card_alone(struct step *step, struct door *door, struct presented *card)
{
	struct credential credential;
	enum reason reason = card_judge(step, door, card, &credential);

	if (reason_grants(reason) && waiting_is_full(step, door))
		card->reason = REASON_BUSY;
	if (reason_grants((enum reason)card->reason))
		reader_grant(step, door, &credential, card, 0);
	else
		reader_deny(step, card);
}

void reader_unreadable(struct step *step, const struct controller_input *input)
{
	struct presented frame = {
		.reader = input->credential.reader,
		.reason = REASON_UNREADABLE,
		.method = METHOD_CARD,
		.card_bits = input->credential.card_bits,
	};

	reader_deny(step, &frame);
}

/* --- noise and tamper --- */

void reader_noise(struct step *step, uint8_t number, uint32_t count)
{
	struct reader *reader = step_reader(step, number);

	if (step->at.boot_ns < reader->noise_until_ns) {
		reader->noise = add_clamped(reader->noise, count);
		return;
	}
	reader_commit(step, JOURNAL_READER_NOISE, number)->count =
		add_clamped(reader->noise, count);
	reader->noise = 0;
	reader->noise_until_ns = step_after_ms(step, REPEAT_WINDOW_MS);
}

void reader_tamper(struct step *step, uint8_t number, bool active)
{
	struct reader *reader = step_reader(step, number);

	if (reader->tamper == active)
		return;
	reader->tamper = active;
	(void)reader_commit(step, active ? JOURNAL_TAMPER : JOURNAL_TAMPER_END, number);
}

int64_t reader_due_ns(const struct reader *reader)
{
	int64_t repeat_ns = reader->unrecorded > 0 ? reader->repeat_until_ns : NEVER;
	int64_t noise_ns = reader->noise > 0 ? reader->noise_until_ns : NEVER;
	int64_t factor_ns = factor_due_ns(reader);

	repeat_ns = repeat_ns < noise_ns ? repeat_ns : noise_ns;
	return repeat_ns < factor_ns ? repeat_ns : factor_ns;
}

void reader_run(struct step *step, uint8_t number)
{
	const struct reader *reader = step_reader(step, number);

	if (factor_due_ns(reader) <= reader_due_ns(reader)) {
		factor_run(step, number);
		return;
	}
	if (reader->unrecorded > 0 && reader->repeat_until_ns <= step->at.boot_ns) {
		reader_repeats_end(step, number);
		return;
	}
	reader_noise(step, number, 0);
}
