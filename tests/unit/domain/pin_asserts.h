/* SPDX-License-Identifier: Apache-2.0 */
/* What the step that ends a PIN or brings a card must have done at reader 1 of the fixture. */
#pragma once

#include "fixture.h"

static inline const struct commit_entry *access_must(
	const struct fixture *f, enum reason reason, enum access_method method)
{
	const struct commit_entry *entry = entry_must(f, JOURNAL_ACCESS);

	assert_int_equal(entry->reason, reason);
	assert_int_equal(entry->method, method);
	return entry;
}

/* The last step refused at reader 1 at once, without a look at any PIN. */
static inline const struct commit_entry *refused(
	const struct fixture *f, enum reason reason, enum access_method method)
{
	const struct commit_entry *entry = access_must(f, reason, method);

	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
	assert_int_equal(entry->ticket, 0);
	assert_false(entry->counts_pin);
	assert_false(entry->wants_outcome);
	return entry;
}

/* The last step judged a PIN: its record is out, and nothing is shown but a key. */
static inline const struct commit_entry *judged(
	struct fixture *f, enum reason reason, enum access_method method)
{
	const struct commit_entry *entry = access_must(f, reason, method);

	assert_true(entry->ticket > 100);
	assert_true(entry->counts_pin);
	assert_int_equal(entry->wants_outcome, reason_grants(reason));
	assert_no_output(f);
	assert_in_range(f->effects.count, 1, 3);
	for (uint32_t i = 0; i < f->effects.count; i++)
		assert_true(f->effects.items[i].kind == EFFECT_COMMIT ||
			    f->effects.items[i].feedback.feedback == FEEDBACK_KEY);
	return entry;
}

/* ... and the door opens when that record is durable. */
static inline void opens(struct fixture *f, enum access_method method)
{
	uint64_t ticket = judged(f, REASON_GRANTED, method)->ticket;

	durable(f, ticket - 1);
	assert_quiet(f);
	durable(f, ticket);
	assert_output(f, 0, true, f->now.boot_ns + MS(UNLOCK_MS));
	assert_feedback(f, 1, FEEDBACK_GRANTED, FEEDBACK_NONE);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->outcome_of, ticket);
	assert_int_equal(entry_of(f, JOURNAL_DOOR_UNLOCKED)->method, method);
	after(f, UNLOCK_MS);
	tick(f);
	assert_output(f, 0, false, 0);
}

/* ... and the denial is shown when that record is durable. */
static inline void fails(struct fixture *f, enum reason reason, enum access_method method)
{
	uint64_t ticket = judged(f, reason, method)->ticket;

	durable(f, ticket - 1);
	assert_quiet(f);
	durable(f, ticket);
	assert_int_equal(f->effects.count, 1);
	assert_feedback(f, 1, FEEDBACK_DENIED, FEEDBACK_NONE);
}

/* Nothing is recorded; the first of two is taken. */
static inline void waits(const struct fixture *f)
{
	assert_null(effect_nth(f, EFFECT_COMMIT, 0));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_WAITING);
}
