// SPDX-License-Identifier: Apache-2.0
/*
 * Grants that wait for their record. Each ends in exactly one outcome: unlocked, unlocked before
 * its record, or cancelled. What may settle grants of many doors at once (a durable ticket, a
 * failed store, a person taken out) only marks them here, at once and completely; carrying a mark
 * out is the door's work, one grant at a time. A cancelled mark is final, and it beats a durable
 * one that was not carried out yet: the later word of the two is the stricter.
 *
 * A PIN that failed waits here as well, so that its feedback comes when and only when that of a
 * right one would: nothing opens, is cancelled or has an outcome, but a power cut before the record
 * tells nobody anything.
 *
 * A use that a grant took stays spent when the grant is cancelled: its record says so on disk, and
 * the record is never changed.
 */
#include "base/assert.h"
#include "controller_state.h"

/* So many missed deadlines within a minute are an alarm, at most one a minute. */
#define SLOW_HITS_ALARM 3
#define SLOW_WINDOW_MS 60000

int64_t waiting_due_ns(const struct door *door)
{
	int64_t due_ns = NEVER;

	for (unsigned i = 0; i < door->waiting_count; i++) {
		const struct waiting_grant *grant = &door->waiting[i];

		if (grant->state != WAITING_FOR_RECORD)
			return AT_ONCE;
		due_ns = grant->deadline_ns < due_ns ? grant->deadline_ns : due_ns;
	}
	return due_ns;
}

static void grant_unlock(struct step *step, struct door *door, const struct waiting_grant *grant,
	enum journal_kind outcome)
{
	door_pulse(step, door);
	step_feedback(step, grant->given.reader, (enum feedback)grant->feedback);
	card_commit(step, outcome, &grant->given)->outcome_of = grant->ticket;
}

static void grant_cancel(struct step *step, const struct waiting_grant *grant, enum reason reason)
{
	struct presented given = grant->given;

	given.reason = (uint8_t)reason;
	step_feedback(step, given.reader, FEEDBACK_DENIED);
	card_commit(step, JOURNAL_GRANT_CANCELLED, &given)->outcome_of = grant->ticket;
}

static void slow_note(struct step *step)
{
	struct controller *controller = step->controller;
	int64_t now_ns = step->at.boot_ns;

	if (controller->slow_hits == 0 || now_ns >= controller->slow_until_ns) {
		controller->slow_hits = 0;
		controller->slow_until_ns = step_after_ms(step, SLOW_WINDOW_MS);
	}
	controller->slow_hits++;
	if (controller->slow_hits < SLOW_HITS_ALARM || now_ns < controller->slow_quiet_until_ns)
		return;
	step_commit(step, JOURNAL_STORAGE_SLOW)->count = controller->slow_hits;
	controller->slow_hits = 0;
	controller->slow_quiet_until_ns = step_after_ms(step, SLOW_WINDOW_MS);
}

static void denial_settle(struct step *step, const struct waiting_grant *denial)
{
	step_feedback(step, denial->given.reader, (enum feedback)denial->feedback);
	if (denial->state == WAITING_FOR_RECORD)
		slow_note(step);
}

static void grant_settle(struct step *step, struct door *door, const struct waiting_grant *grant)
{
	switch ((enum waiting_state)grant->state) {
	case WAITING_IS_DURABLE:
		grant_unlock(step, door, grant, JOURNAL_DOOR_UNLOCKED);
		return;
	case WAITING_IS_UNRECORDED:
		grant_unlock(step, door, grant, JOURNAL_UNLOCKED_BEFORE_RECORD);
		return;
	case WAITING_IS_CANCELLED:
		grant_cancel(step, grant, (enum reason)grant->cancel_reason);
		return;
	case WAITING_FOR_RECORD:
		break;
	}
	if (door->config.slow_disk == SLOW_DISK_DENY)
		grant_cancel(step, grant, REASON_STORAGE_SLOW);
	else
		grant_unlock(step, door, grant, JOURNAL_UNLOCKED_BEFORE_RECORD);
	slow_note(step);
}

static bool grant_is_due(const struct waiting_grant *grant, int64_t now_ns)
{
	return grant->state != WAITING_FOR_RECORD || grant->deadline_ns <= now_ns;
}

/* Settles the oldest grant that is due. */
void waiting_run(struct step *step, struct door *door)
{
	unsigned at = 0;

	while (at < door->waiting_count && !grant_is_due(&door->waiting[at], step->at.boot_ns))
		at++;
	ASSERT(at < door->waiting_count);
	struct waiting_grant grant = door->waiting[at];

	door->waiting_count--;
	memmove(&door->waiting[at], &door->waiting[at + 1],
		(door->waiting_count - at) * sizeof(door->waiting[0]));
	if (grant.is_denial)
		denial_settle(step, &grant);
	else
		grant_settle(step, door, &grant);
}

/* True when nothing more may be granted or evaluated here until a record is on disk. */
bool waiting_is_full(const struct step *step, const struct door *door)
{
	return door->waiting_count == DOOR_WAITING_MAX && !step->controller->store_failed;
}

/* While the store is failed nothing waits: the record is out, marked, and the lock moves. */
void waiting_add(struct step *step, struct door *door, const struct waiting_grant *grant)
{
	if (step->controller->store_failed && grant->is_denial) {
		step_feedback(step, grant->given.reader, (enum feedback)grant->feedback);
		return;
	}
	if (step->controller->store_failed) {
		grant_unlock(step, door, grant, JOURNAL_DOOR_UNLOCKED);
		return;
	}
	ASSERT(door->waiting_count < DOOR_WAITING_MAX);
	door->waiting[door->waiting_count++] = *grant;
}

static void grant_mark_cancelled(struct waiting_grant *grant, enum reason reason)
{
	if (grant->state == WAITING_IS_CANCELLED || grant->is_denial)
		return;
	grant->state = WAITING_IS_CANCELLED;
	grant->cancel_reason = (uint8_t)reason;
}

void waiting_cancel_all(struct door *door, enum reason reason)
{
	for (unsigned i = 0; i < door->waiting_count; i++)
		grant_mark_cancelled(&door->waiting[i], reason);
}

void waiting_note_durable(struct controller *controller, uint64_t ticket)
{
	if (ticket > controller->durable_ticket)
		controller->durable_ticket = ticket;
	for (unsigned d = 0; d < controller->door_count; d++) {
		struct door *door = &controller->doors[controller->door_list[d]];

		for (unsigned i = 0; i < door->waiting_count; i++) {
			struct waiting_grant *grant = &door->waiting[i];

			if (grant->ticket <= ticket && grant->state == WAITING_FOR_RECORD)
				grant->state = WAITING_IS_DURABLE;
		}
	}
}

void waiting_note_failed(struct controller *controller)
{
	for (unsigned d = 0; d < controller->door_count; d++) {
		struct door *door = &controller->doors[controller->door_list[d]];

		for (unsigned i = 0; i < door->waiting_count; i++) {
			if (door->waiting[i].state == WAITING_FOR_RECORD)
				door->waiting[i].state = WAITING_IS_UNRECORDED;
		}
	}
}

/* What they got in by must be theirs still, and a duress PIN must be one still. */
static enum reason grant_reason_now(
	struct step *step, const struct door *door, const struct waiting_grant *grant)
{
	const struct presented *given = &grant->given;
	struct decision_place place = step_place(step, door);
	struct credential now;
	bool found = credential_find_person(step->controller->index, given->person_no, &now);
	bool same_card = found && now.has_card && now.card_number == given->card_number;

	if (given->has_card && !same_card)
		return REASON_UNKNOWN_CARD;
	if (!given->has_card && !(found && now.pin_alone))
		return REASON_WRONG_PIN;
	if (credential_pin_match(&now, grant->pin) != (enum pin_match)grant->pin_match)
		return REASON_WRONG_PIN;
	return decision_repeat(&now, &place);
}

static void grant_judge_again(struct step *step, struct door *door, struct waiting_grant *grant)
{
	enum reason reason = grant_reason_now(step, door, grant);

	if (!reason_grants(reason))
		grant_mark_cancelled(grant, reason);
}

/* After a change of rights: cancels, or ends the wait of a card, that would be refused now.
 * person_no 0: everybody's grants. */
void waiting_judge_again(struct step *step, uint64_t person_no)
{
	struct controller *controller = step->controller;

	for (unsigned d = 0; d < controller->door_count; d++) {
		struct door *door = &controller->doors[controller->door_list[d]];

		for (unsigned i = 0; i < door->waiting_count; i++) {
			struct waiting_grant *grant = &door->waiting[i];

			if (person_no == 0 || grant->given.person_no == person_no)
				grant_judge_again(step, door, grant);
		}
	}
	factor_judge_again(step, person_no);
}
