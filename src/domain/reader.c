// SPDX-License-Identifier: Apache-2.0
/*
 * What comes from a reader: cards, frames that are none, noise, tamper. A card is decided at once;
 * its record is the step's first effect of it.
 *
 * Floods. A run of the same denial (same reader, card and reason) is recorded
 * DENIALS_PER_MINUTE_MAX times a minute, the rest becomes one counted record when the minute ends
 * or something else comes. The first noise of a minute is told at once, the rest of that minute
 * together at its end.
 */
#include "base/assert.h"
#include "controller_state.h"

#define REPEAT_WINDOW_MS 60000

static struct reader *reader_of(struct step *step, uint8_t number)
{
	return &step->controller->readers[number - 1];
}

static struct commit_entry *reader_commit(struct step *step, enum journal_kind kind, uint8_t number)
{
	const struct reader *reader = reader_of(step, number);
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

/* A record or an alarm about a card. */
struct commit_entry *card_commit(
	struct step *step, enum journal_kind kind, const struct presented *card)
{
	struct commit_entry *entry = reader_commit(step, kind, card->reader);

	entry->method = METHOD_CARD;
	entry->reason = card->reason;
	entry->person_no = card->person_no;
	entry->card_type = card->card_type;
	entry->card_number = card->card_number;
	entry->card_bits = card->card_bits;
	entry->has_card = card->has_card;
	return entry;
}

/* --- denials --- */

static void repeats_end(struct step *step, uint8_t number)
{
	struct reader *reader = reader_of(step, number);

	reader->repeating = false;
	if (reader->unrecorded == 0)
		return;
	struct commit_entry *entry = card_commit(step, JOURNAL_DENIALS_REPEATED, &reader->repeated);

	entry->reason = REASON_REPEATED;
	entry->count = reader->unrecorded;
	reader->unrecorded = 0;
}

static bool denial_is_same(const struct reader *reader, const struct presented *card)
{
	return reader->repeating && reader->repeated.reason == card->reason &&
	       reader->repeated.has_card == card->has_card &&
	       reader->repeated.card_number == card->card_number &&
	       reader->repeated.card_bits == card->card_bits;
}

/* Counts a denial; true when it gets a record of its own. */
static bool denial_is_recorded(struct step *step, const struct presented *card)
{
	struct reader *reader = reader_of(step, card->reader);

	if (!denial_is_same(reader, card) || step->at.boot_ns >= reader->repeat_until_ns) {
		repeats_end(step, card->reader);
		reader->repeating = true;
		reader->repeated = *card;
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

static void deny(struct step *step, const struct presented *card)
{
	if (denial_is_recorded(step, card)) {
		(void)card_commit(step, JOURNAL_ACCESS, card);
		if (card->reason == REASON_BLOCKLIST)
			(void)card_commit(step, JOURNAL_BLOCKLIST, card);
	}
	step_feedback(step, card->reader, FEEDBACK_DENIED);
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

static void grant(struct step *step, struct door *door, const struct credential *credential,
	const struct presented *card)
{
	struct controller *controller = step->controller;
	uint64_t ticket = ++controller->ticket;
	struct waiting_grant waiting = {
		.ticket = ticket,
		.deadline_ns = step_after_ms(step, controller->commit_wait_ms),
		.card = *card,
	};

	repeats_end(step, card->reader);
	struct commit_entry *entry = card_commit(step, JOURNAL_ACCESS, card);

	entry->ticket = ticket;
	entry->wants_outcome = true;
	entry->takes_use = use_take(step, credential, ticket);
	if (card->reason == REASON_GRANTED_DURESS)
		card_commit(step, JOURNAL_DURESS, card)->outcome_of = ticket;
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
		.schedules = controller->schedules,
	};
}

void reader_credential(struct step *step, const struct controller_input *input)
{
	struct controller *controller = step->controller;
	struct door *door = input_door(controller, input);
	struct decision_place place = step_place(step, door);
	struct presented card = {
		.reader = input->credential.reader,
		.has_card = true,
		.card_bits = input->credential.card_bits,
		.card_number = input->credential.card_number,
	};
	struct credential credential;
	bool found = credential_find(controller->index, card.card_number, &credential);
	enum reason reason = decision_make(found ? &credential : NULL, &place);

	if (reason_grants(reason) && door->waiting_count == DOOR_WAITING_MAX &&
		!controller->store_failed)
		reason = REASON_BUSY;
	card.reason = (uint8_t)reason;
	card.person_no = found ? credential.person_no : 0;
	card.card_type = found ? credential.card_type : 0;
	if (reason_grants(reason))
		grant(step, door, &credential, &card);
	else
		deny(step, &card);
}

void reader_unreadable(struct step *step, const struct controller_input *input)
{
	struct presented frame = {
		.reader = input->credential.reader,
		.reason = REASON_UNREADABLE,
		.card_bits = input->credential.card_bits,
	};

	deny(step, &frame);
}

/* --- noise and tamper --- */

void reader_noise(struct step *step, uint8_t number, uint32_t count)
{
	struct reader *reader = reader_of(step, number);

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
	struct reader *reader = reader_of(step, number);

	if (reader->tamper == active)
		return;
	reader->tamper = active;
	(void)reader_commit(step, active ? JOURNAL_TAMPER : JOURNAL_TAMPER_END, number);
}

int64_t reader_due_ns(const struct reader *reader)
{
	int64_t repeat_ns = reader->unrecorded > 0 ? reader->repeat_until_ns : NEVER;
	int64_t noise_ns = reader->noise > 0 ? reader->noise_until_ns : NEVER;

	return repeat_ns < noise_ns ? repeat_ns : noise_ns;
}

void reader_run(struct step *step, uint8_t number)
{
	struct reader *reader = reader_of(step, number);

	if (reader->unrecorded > 0 && reader->repeat_until_ns <= step->at.boot_ns) {
		repeats_end(step, number);
		return;
	}
	reader_noise(step, number, 0);
}
