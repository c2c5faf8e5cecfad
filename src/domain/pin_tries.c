// SPDX-License-Identifier: Apache-2.0
/*
 * PINs that were evaluated and opened nothing: counted at their reader, and at the person when a
 * card named one. From PIN_WRONG_FREE on each of them locks, doubling up to PIN_LOCKOUT_LAST_S;
 * while a reader or a person is locked, PINs there are not evaluated. The count stops at
 * FAILURES_TOP, where the lock is at its longest.
 *
 * A failure is taken off in two ways: by an hour in which no PIN was evaluated, and, at a reader
 * only, by a grant with a PIN, which takes one off in PIN_LOCKOUT_LAST_S at most. A person's grant
 * clears that person's count. After a restart every count of PIN_WRONG_FREE and more begins its
 * whole lock anew, every hour and every PIN_LOCKOUT_LAST_S begins anew. Only boot_ns is looked at,
 * so that no clock step matters. Forgiving is done when a count is looked at: it is no work of its
 * own.
 *
 * Why a reader evaluates at most 106 failing PINs in any 24 hours, whatever else is typed there,
 * also by people with a PIN of their own. Call a failure A when it leaves the count at the top,
 * else B; call D each step down from below the top. B raises a count below the top, so B <= D + 8.
 * Two steps down of any kind are 900 s apart at least, and none falls into the 900 s that follow an
 * A. With k > 0 As between two Ds the time between these is 900 (k + 1) s at least: k locks, and a
 * step down from the top behind the last of them, 900 s before the second D. Before the first D lie
 * 900 s for each A, behind the last D 900 s for each A but the last. So 900 (A + D - 2) <= 86400,
 * and A + B <= 98 + 8. tests/simulation/guessing.c looks for a counterexample.
 */
#include "base/assert.h"
#include "controller_state.h"

#define FAILURES_TOP 9
#define QUIET_NS (3600 * NS_PER_S)
#define EASE_NS (PIN_LOCKOUT_LAST_S * NS_PER_S)

_Static_assert(
	PIN_LOCKOUT_FIRST_S << (FAILURES_TOP - PIN_WRONG_FREE) >= PIN_LOCKOUT_LAST_S &&
		PIN_LOCKOUT_FIRST_S << (FAILURES_TOP - PIN_WRONG_FREE - 1) < PIN_LOCKOUT_LAST_S,
	"the top is the first count whose lock is the longest");
_Static_assert(QUIET_NS >= EASE_NS, "an hour of quiet is no quicker way down than a grant");

static uint32_t lock_s(uint8_t failures)
{
	uint32_t seconds = PIN_LOCKOUT_FIRST_S;

	if (failures < PIN_WRONG_FREE)
		return 0;
	for (uint8_t i = PIN_WRONG_FREE; i < failures && seconds < PIN_LOCKOUT_LAST_S; i++)
		seconds *= 2;
	return seconds < PIN_LOCKOUT_LAST_S ? seconds : PIN_LOCKOUT_LAST_S;
}

static void tries_forgive(struct pin_tries *tries, int64_t now_ns)
{
	while (tries->failures > 0 && now_ns - tries->quiet_ns >= QUIET_NS) {
		tries->failures--;
		tries->quiet_ns += QUIET_NS;
		tries->eased_ns = tries->quiet_ns;
	}
}

static bool tries_locked(const struct pin_tries *tries, int64_t now_ns)
{
	return tries->failures >= PIN_WRONG_FREE && now_ns < tries->locked_until_ns;
}

static void tries_lock(struct pin_tries *tries, int64_t now_ns)
{
	tries->locked_until_ns = now_ns + lock_s(tries->failures) * NS_PER_S;
}

/* Counts a failure; returns the seconds of the lock that it begins, or 0. */
static uint32_t tries_fail(struct pin_tries *tries, int64_t now_ns)
{
	tries_forgive(tries, now_ns);
	if (tries->failures < FAILURES_TOP)
		tries->failures++;
	tries->quiet_ns = now_ns;
	tries_lock(tries, now_ns);
	return lock_s(tries->failures);
}

static void tries_ease(struct pin_tries *tries, int64_t now_ns)
{
	tries_forgive(tries, now_ns);
	tries->quiet_ns = now_ns;
	if (tries->failures == 0 || now_ns - tries->eased_ns < EASE_NS)
		return;
	tries->failures--;
	tries->eased_ns = now_ns;
}

/* --- people --- */

static struct pin_tries *person_find(struct controller *controller, uint64_t person_no)
{
	for (unsigned i = 0; i < PIN_PERSONS_MAX && person_no != 0; i++) {
		struct pin_person *person = &controller->pin_persons[i];

		if (person->person_no == person_no)
			return &person->tries;
	}
	return NULL;
}

/* A place for a person: a free one, or that of the oldest among those with the fewest failures. */
static struct pin_person *person_least(struct controller *controller, int64_t now_ns)
{
	struct pin_person *least = &controller->pin_persons[0];

	for (unsigned i = 0; i < PIN_PERSONS_MAX; i++) {
		struct pin_person *person = &controller->pin_persons[i];

		tries_forgive(&person->tries, now_ns);
		if (person->tries.failures < least->tries.failures ||
			(person->tries.failures == least->tries.failures &&
				person->tries.quiet_ns < least->tries.quiet_ns))
			least = person;
	}
	return least;
}

static struct pin_tries *person_must(
	struct controller *controller, uint64_t person_no, int64_t now_ns)
{
	struct pin_tries *tries = person_find(controller, person_no);

	if (tries != NULL)
		return tries;
	struct pin_person *person = person_least(controller, now_ns);

	*person = (struct pin_person){.person_no = person_no};
	return &person->tries;
}

static uint8_t person_failures(struct controller *controller, uint64_t person_no, int64_t now_ns)
{
	struct pin_tries *tries = person_find(controller, person_no);

	if (tries == NULL)
		return 0;
	tries_forgive(tries, now_ns);
	return tries->failures;
}

/* --- the start --- */

/* Of more people than there is room for, those with the most failures stay. */
void pin_tries_init(struct controller *controller, const struct controller_config *config)
{
	for (uint32_t i = 0; i < config->pin_failures_count; i++) {
		const struct pin_failures *from = &config->pin_failures[i];
		uint8_t failures = from->failures < FAILURES_TOP ? from->failures : FAILURES_TOP;

		if (from->person_no == 0) {
			ASSERT(from->reader != READER_NONE && from->reader <= READERS_MAX);
			controller->readers[from->reader - 1].tries.failures = failures;
		} else if (person_find(controller, from->person_no) != NULL ||
			   person_least(controller, 0)->tries.failures <= failures) {
			person_must(controller, from->person_no, 0)->failures = failures;
		}
	}
}

static void tries_begin(struct pin_tries *tries, int64_t now_ns)
{
	tries->quiet_ns = now_ns;
	tries->eased_ns = now_ns;
	tries_lock(tries, now_ns);
}

void pin_tries_begin(struct controller *controller, int64_t now_ns)
{
	for (unsigned i = 0; i < READERS_MAX; i++)
		tries_begin(&controller->readers[i].tries, now_ns);
	for (unsigned i = 0; i < PIN_PERSONS_MAX; i++)
		tries_begin(&controller->pin_persons[i].tries, now_ns);
}

/* --- what happens to a PIN --- */

bool pin_is_locked(const struct step *step, uint8_t reader, uint64_t person_no)
{
	struct controller *controller = step->controller;
	const struct pin_tries *person = person_find(controller, person_no);

	return tries_locked(&controller->readers[reader - 1].tries, step->at.boot_ns) ||
	       (person != NULL && tries_locked(person, step->at.boot_ns));
}

static void entry_count(struct step *step, struct commit_entry *entry)
{
	struct controller *controller = step->controller;

	entry->counts_pin = true;
	entry->reader_failures = controller->readers[entry->reader - 1].tries.failures;
	entry->person_failures = person_failures(controller, entry->person_no, step->at.boot_ns);
}

struct pin_locks pin_count_failure(struct step *step, struct commit_entry *entry, bool at_person)
{
	struct controller *controller = step->controller;
	int64_t now_ns = step->at.boot_ns;
	struct pin_locks locks = {
		.reader_s = tries_fail(&controller->readers[entry->reader - 1].tries, now_ns)};

	if (at_person)
		locks.person_s =
			tries_fail(person_must(controller, entry->person_no, now_ns), now_ns);
	entry_count(step, entry);
	return locks;
}

void pin_count_grant(struct step *step, struct commit_entry *entry)
{
	struct controller *controller = step->controller;
	struct pin_tries *person = person_find(controller, entry->person_no);

	tries_ease(&controller->readers[entry->reader - 1].tries, step->at.boot_ns);
	if (person != NULL)
		person->failures = 0;
	entry_count(step, entry);
}
