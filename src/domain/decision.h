/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about one credential at one door: a pure function of what is handed in. */
#pragma once

#include "domain/controller.h"

struct decision_place {
	uint8_t door;
	bool held_locked;
	bool refuse_dated; /* the clock is not trusted, and the policy is deny_dated */
	int64_t utc_s;
	const struct zone *zone;
	struct calendar calendar;
};

bool decision_schedule_on(const struct decision_place *place, uint8_t schedule);

enum pin_match { PIN_MATCH_NONE = 0, PIN_MATCH_PIN, PIN_MATCH_DURESS };

/* pin: a hash; 0 matches nobody. Where both PINs are the same it is the duress PIN. */
enum pin_match credential_pin_match(const struct credential *credential, uint64_t pin);

/*
 * credential: NULL when no person has the card. Exactly one reason, the first that holds in the
 * order written in decision.c; a granting reason only when every check passed.
 */
enum reason decision_make(const struct credential *credential, const struct decision_place *place);

/* As above, for a grant that took its use already: that the last use is gone does not count. */
enum reason decision_repeat(
	const struct credential *credential, const struct decision_place *place);
