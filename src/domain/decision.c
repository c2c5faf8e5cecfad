// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which a card is judged. It goes from what a guard must hear first to what is merely
 * in the way today, and what may never open comes before any right is looked at:
 *
 *   unknown - blocklist (alarms whatever else holds) - card status, lost first - switched off -
 *   dates - a guest's uses - mother - patrol - no rule for the door - no schedule on now (because
 *   of a special day, or not) - door held locked - granted: duress before pre-arrears, because the
 *   alarm matters more.
 *
 * A use counts for every card that has counted uses, and running out of them stops guests only.
 */
#include "decision.h"

#include "base/assert.h"

/* The sternest first. */
static enum reason status_refuses(uint8_t card_status)
{
	if (card_status & CARD_STATUS_LOST)
		return REASON_CARD_LOST;
	if (card_status & CARD_STATUS_CANCELLED)
		return REASON_CARD_CANCELLED;
	if (card_status & CARD_STATUS_FROZEN)
		return REASON_CARD_FROZEN;
	if (card_status & CARD_STATUS_ARREARS)
		return REASON_CARD_ARREARS;
	if (card_status & CARD_STATUS_OVERDUE)
		return REASON_CARD_OVERDUE;
	return REASON_NONE;
}

static enum reason dates_refuse(
	const struct credential *credential, const struct decision_place *place)
{
	bool dated = credential->valid_from_s != VALID_FROM_ALWAYS ||
		     credential->valid_to_s != VALID_TO_ALWAYS;

	if (dated && place->refuse_dated)
		return REASON_CLOCK_UNTRUSTED;
	if (place->utc_s < credential->valid_from_s)
		return REASON_NOT_YET_VALID;
	if (place->utc_s > credential->valid_to_s)
		return REASON_EXPIRED;
	return REASON_NONE;
}

static struct schedule_state schedule_now(const struct decision_place *place, uint8_t schedule)
{
	if (schedule >= SCHEDULES_MAX)
		return (struct schedule_state){schedule == SCHEDULE_ALWAYS, false};
	return calendar_schedule_state(&place->calendar, schedule, place->zone, place->utc_s);
}

bool decision_schedule_on(const struct decision_place *place, uint8_t schedule)
{
	return schedule_now(place, schedule).on;
}

enum pin_match credential_pin_match(const struct credential *credential, uint64_t pin)
{
	if (pin == 0)
		return PIN_MATCH_NONE;
	if (credential->pin_duress == pin)
		return PIN_MATCH_DURESS;
	return credential->pin == pin ? PIN_MATCH_PIN : PIN_MATCH_NONE;
}

static enum reason rules_refuse(
	const struct credential *credential, const struct decision_place *place)
{
	enum reason reason = REASON_NO_RIGHT;

	for (unsigned i = 0; i < credential->rule_count; i++) {
		if (credential->rule[i].door != place->door)
			continue;
		struct schedule_state state = schedule_now(place, credential->rule[i].schedule);

		if (state.on)
			return REASON_NONE;
		if (reason != REASON_SPECIAL_DAY)
			reason = state.special_day ? REASON_SPECIAL_DAY : REASON_OUTSIDE_SCHEDULE;
	}
	return reason;
}

static enum reason decide(
	const struct credential *credential, const struct decision_place *place, bool uses_matter)
{
	enum reason reason;

	if (credential == NULL)
		return REASON_UNKNOWN_CARD;
	if (credential->card_type == CARD_TYPE_BLOCKLIST)
		return REASON_BLOCKLIST;
	reason = status_refuses(credential->card_status);
	if (reason != REASON_NONE)
		return reason;
	if (!credential->is_valid)
		return REASON_NOT_VALID;
	reason = dates_refuse(credential, place);
	if (reason != REASON_NONE)
		return reason;
	if (uses_matter && credential->card_type == CARD_TYPE_GUEST && credential->uses_left == 0)
		return REASON_USES_SPENT;
	if (credential->card_type == CARD_TYPE_MOTHER)
		return REASON_MOTHER_CARD;
	if (credential->card_type == CARD_TYPE_PATROL)
		return REASON_PATROL;
	reason = rules_refuse(credential, place);
	if (reason != REASON_NONE)
		return reason;
	if (place->held_locked)
		return REASON_HELD_LOCKED;
	if (credential->card_type == CARD_TYPE_DURESS)
		return REASON_GRANTED_DURESS;
	if (credential->card_status & CARD_STATUS_PRE_ARREARS)
		return REASON_GRANTED_PRE_ARREARS;
	return REASON_GRANTED;
}

enum reason decision_make(const struct credential *credential, const struct decision_place *place)
{
	return decide(credential, place, true);
}

enum reason decision_repeat(const struct credential *credential, const struct decision_place *place)
{
	return decide(credential, place, false);
}
