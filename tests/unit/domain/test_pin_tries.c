// SPDX-License-Identifier: Apache-2.0
/* Locks of readers and people: their arithmetic, what takes failures off, restarts and clocks. */
#include "fixture.h"

#include "base/compiler.h"

#define S(s) ((int64_t)(s)*1000) /* after() and at() take ms */
#define HOUR S(3600)

/* Settles what waits, so that any number of tries can follow each other. */
static void settle(struct fixture *f)
{
	durable(f, UINT64_MAX / 2);
}

/* One PIN alone at a reader; the reason of its record, or REASON_NONE when it was only counted. */
static enum reason pin_typed(struct fixture *f, uint8_t reader, const char *pin)
{
	const struct commit_entry *entry;
	enum reason reason = REASON_NONE;

	keys(f, reader, pin);
	keys(f, reader, "#");
	entry = entry_of(f, JOURNAL_ACCESS);
	if (entry != NULL)
		reason = (enum reason)entry->reason;
	return reason;
}

/* A wrong one that is evaluated; how long it locks its reader, in seconds. */
static uint32_t wrong(struct fixture *f, uint8_t reader)
{
	uint32_t seconds = 0;

	assert_int_equal(pin_typed(f, reader, "9999"), REASON_WRONG_PIN);
	const struct commit_entry *alarm = entry_of(f, JOURNAL_PIN_LOCKOUT);

	if (alarm != NULL) {
		seconds = alarm->count;
		assert_int_equal(alarm->reader, reader);
		assert_int_equal(alarm->door, f->config.reader[reader - 1].door);
		assert_int_equal(alarm->reason, REASON_PIN_LOCKED);
		assert_int_equal(alarm->person_no, 0);
		assert_false(alarm->has_card);
		assert_int_equal(alarm->outcome_of, entry_of(f, JOURNAL_ACCESS)->ticket);
		assert_false(alarm->counts_pin);
	}
	settle(f);
	return seconds;
}

/* Failures of the reader as the last evaluated PIN's record gave them to the store. */
static uint8_t reader_failures(const struct fixture *f)
{
	assert_true(entry_must(f, JOURNAL_ACCESS)->counts_pin);
	return entry_of(f, JOURNAL_ACCESS)->reader_failures;
}

static uint8_t granted_failures(struct fixture *f, uint8_t reader)
{
	assert_int_equal(pin_typed(f, reader, "4711"), REASON_GRANTED);
	uint8_t failures = reader_failures(f);

	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 0);
	settle(f);
	return failures;
}

static void wrong_times(struct fixture *f, uint8_t reader, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(pin_typed(f, reader, "9999"), REASON_WRONG_PIN);
		settle(f);
		if (i + 1 < times)
			after(f, S(900));
	}
}

static void the_fifth_wrong_pin_locks_and_each_further_one_doubles_up_to_900_s(void **state)
{
	struct fixture *f = *state;
	static const uint32_t seconds[] = {0, 0, 0, 0, 60, 120, 240, 480, 900, 900, 900, 900};

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	for (unsigned i = 0; i < ARRAY_COUNT(seconds); i++) {
		assert_int_equal(wrong(f, 1), seconds[i]);
		if (seconds[i] == 0)
			continue;
		assert_int_equal(pin_typed(f, 1, "4711"), REASON_PIN_LOCKED); /* the right one */
		assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
		assert_false(entry_of(f, JOURNAL_ACCESS)->counts_pin);
		assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_no, 0);
		after(f, S(seconds[i]) - 1);
		assert_int_equal(pin_typed(f, 1, "9999"), REASON_PIN_LOCKED);
		after(f, 1);
	}
	assert_int_equal(pin_typed(f, 1, "4711"), REASON_GRANTED);
}

static void tries_while_locked_neither_count_nor_prolong(void **state)
{
	struct fixture *f = *state;
	unsigned records = 0, repeated = 0;

	open_by(f, OPEN_BY_PIN);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(wrong(f, 1), 0);
	assert_int_equal(wrong(f, 1), 60);
	for (unsigned i = 0; i < 59; i++) {
		after(f, 1000);
		records += pin_typed(f, 1, "9999") == REASON_PIN_LOCKED;
	}
	assert_int_equal(records, DENIALS_PER_MINUTE_MAX); /* merged, as any repeated denial */
	after(f, 1000);
	assert_int_equal(pin_typed(f, 1, "9999"), REASON_WRONG_PIN);
	repeated = entry_must(f, JOURNAL_DENIALS_REPEATED)->count;
	assert_int_equal(repeated, 59 - DENIALS_PER_MINUTE_MAX);
	assert_int_equal(entry_must(f, JOURNAL_PIN_LOCKOUT)->count, 120);
}

static void a_lock_is_of_one_reader_and_of_pins_only(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_OR_PIN);
	put_pin(f, 5, PIN(4711));
	for (unsigned i = 0; i < 5; i++)
		(void)wrong(f, 1);
	assert_int_equal(pin_typed(f, 1, "4711"), REASON_PIN_LOCKED);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->method, METHOD_CARD);
	assert_int_equal(pin_typed(f, 2, "4711"), REASON_GRANTED); /* the inner side */
}

static void a_locked_reader_takes_no_pin_that_would_wait_for_its_card(void **state)
{
	struct fixture *f = *state;
	const struct pin_failures failures[] = {{0, 1, 5}, {5, 0, 6}};

	f->config.pin_failures = failures;
	f->config.pin_failures_count = 2;
	open_by(f, OPEN_BY_PIN_THEN_CARD);
	put_pin(f, 5, PIN(4711));
	assert_int_equal(pin_typed(f, 1, "4711"), REASON_PIN_LOCKED);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->method, METHOD_PASSWORD);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_WRONG_ORDER);
	assert_int_equal(pin_typed(f, 3, "4711"), REASON_NONE); /* whose lock is not known yet */
	card(f, 3, 5);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_PIN_LOCKED);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->method, METHOD_PASSWORD_THEN_CARD);
}

/* Card and PIN at a reader whose door takes them in this order; the reason of the last record. */
static enum reason card_and_pin(struct fixture *f, uint8_t reader, uint64_t no, const char *pin)
{
	card(f, reader, no);
	assert_int_equal(feedback_at(f, reader), FEEDBACK_WAITING);
	return pin_typed(f, reader, pin);
}

static void a_wrong_pin_with_a_card_counts_at_the_person_too_wherever_it_is(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *alarm;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	put_pin(f, 6, PIN(1234));
	for (unsigned i = 0; i < 5; i++) {
		uint8_t reader = (uint8_t)(1 + i % 3);

		assert_int_equal(card_and_pin(f, reader, 5, "9999"), REASON_WRONG_PIN);
		assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, i + 1);
		assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 1 + i / 3);
		alarm = entry_of(f, JOURNAL_PIN_LOCKOUT);
		assert_int_equal(alarm != NULL, i == 4);
		if (alarm != NULL) {
			assert_int_equal(alarm->count, 60);
			assert_int_equal(alarm->person_no, 5);
			assert_int_equal(alarm->card_number, 5);
			assert_int_equal(alarm->outcome_of, entry_of(f, JOURNAL_ACCESS)->ticket);
		}
		settle(f);
	}
	assert_int_equal(card_and_pin(f, 3, 5, "4711"), REASON_PIN_LOCKED);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_no, 5);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->card_number, 5);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->method, METHOD_CARD_THEN_PASSWORD);
	assert_int_equal(card_and_pin(f, 3, 6, "1234"), REASON_GRANTED);
	settle(f);
	after(f, S(60));
	assert_int_equal(card_and_pin(f, 3, 5, "4711"), REASON_GRANTED);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 0);
	settle(f);
	for (unsigned i = 0; i < 4; i++) { /* all is forgiven: four more are free */
		assert_int_equal(card_and_pin(f, 3, 5, "9999"), REASON_WRONG_PIN);
		assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, i + 1);
		settle(f);
		after(f, S(900));
	}
}

static void one_failure_may_lock_reader_and_person_together(void **state)
{
	struct fixture *f = *state;
	const struct effect *effect;
	unsigned alarms = 0;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	put_pin(f, 6, PIN(1234));
	for (unsigned i = 0; i < 4; i++) {
		(void)card_and_pin(f, 1, 5, "9999");
		settle(f);
	}
	card(f, 1, 5);
	keys(f, 1, "9999#");
	for (unsigned i = 0; (effect = effect_nth(f, EFFECT_COMMIT, i)) != NULL; i++)
		alarms += effect->entry.kind == JOURNAL_PIN_LOCKOUT && effect->entry.count == 60;
	assert_int_equal(alarms, 2);
	assert_int_equal(card_and_pin(f, 1, 6, "1234"), REASON_PIN_LOCKED); /* the reader's */
	assert_int_equal(card_and_pin(f, 3, 5, "4711"), REASON_PIN_LOCKED); /* the person's */
}

/* Guesses with a PIN of one's own between them: one step down in 15 minutes, whoever is granted. */
static void a_grant_takes_one_failure_off_its_reader_in_15_minutes(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	at(f, S(899));
	for (unsigned i = 0; i < 3; i++)
		(void)wrong(f, 1);
	assert_int_equal(
		granted_failures(f, 1), 3); /* 15 minutes from the start on, at the soonest */
	at(f, S(900));
	assert_int_equal(granted_failures(f, 1), 2);
	assert_int_equal(granted_failures(f, 1), 2);
	after(f, S(900) - 1);
	assert_int_equal(granted_failures(f, 1), 2);
	after(f, 1);
	assert_int_equal(granted_failures(f, 1), 1);
	after(f, S(900));
	assert_int_equal(granted_failures(f, 1), 0);
	after(f, S(900));
	assert_int_equal(granted_failures(f, 1), 0);
	(void)wrong(f, 1); /* what was not needed is not saved up: one step down is due, no more */
	(void)wrong(f, 1);
	assert_int_equal(granted_failures(f, 1), 1);
	assert_int_equal(granted_failures(f, 1), 1);
}

static void an_hour_without_an_evaluated_pin_takes_one_off(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_CARD_THEN_PIN);
	put_pin(f, 5, PIN(4711));
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(card_and_pin(f, 1, 5, "9999"), REASON_WRONG_PIN);
		settle(f);
	}
	after(f, HOUR - 1);
	assert_int_equal(card_and_pin(f, 1, 5, "9999"), REASON_WRONG_PIN);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 5); /* not quite an hour */
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 5);
	settle(f);
	after(f, 3 * HOUR);
	assert_int_equal(card_and_pin(f, 1, 5, "9999"), REASON_WRONG_PIN);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 3);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 3);
	settle(f);
	after(f, 100 * HOUR);
	assert_int_equal(card_and_pin(f, 1, 5, "9999"), REASON_WRONG_PIN);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 1);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 1);
}

/* What is typed while a reader is locked disturbs no quiet, and grants do. */
static void only_evaluated_pins_disturb_the_quiet(void **state)
{
	struct fixture *f = *state;

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	wrong_times(f, 1, 9);
	for (unsigned i = 0; i < 899; i++) {
		after(f, 1000);
		(void)pin_typed(f, 1, "9999");
	}
	after(f, HOUR - S(899));
	assert_int_equal(granted_failures(f, 1), 8); /* the hour's; the grant comes too soon */
	after(f, HOUR - 1);
	assert_int_equal(granted_failures(f, 1), 7); /* the grant's, no hour */
	after(f, HOUR);
	assert_int_equal(granted_failures(f, 1), 6);
}

/* --- restarts --- */

static void restart(struct fixture *f, const struct pin_failures *failures, uint32_t count)
{
	f->config.pin_failures = failures;
	f->config.pin_failures_count = count;
	fixture_start(f);
	f->config.pin_failures = NULL; /* read by init only */
	f->config.pin_failures_count = 0;
}

static void a_restart_begins_each_lock_anew_and_keeps_the_counts(void **state)
{
	struct fixture *f = *state;
	const struct pin_failures failures[] = {{0, 1, 4}, {0, 2, 6}, {0, 3, 254}, {5, 0, 5}};

	f->config.door[0].open_by = OPEN_BY_PIN;
	f->config.door[1].open_by = OPEN_BY_CARD_THEN_PIN;
	put_pin(f, 5, PIN(4711));
	at(f, S(100000));
	restart(f, failures, ARRAY_COUNT(failures));
	tick(f);
	assert_quiet(f); /* the alarms were raised before the restart */
	assert_int_equal(pin_typed(f, 2, "4711"), REASON_PIN_LOCKED);
	assert_int_equal(card_and_pin(f, 3, 5, "4711"), REASON_PIN_LOCKED);
	assert_int_equal(wrong(f, 1), 60); /* the fifth */
	at(f, S(100120) - 1);
	assert_int_equal(pin_typed(f, 2, "9999"), REASON_PIN_LOCKED);
	at(f, S(100120));
	assert_int_equal(wrong(f, 2), 240);
	at(f, S(100900) - 1);
	assert_int_equal(card_and_pin(f, 3, 5, "4711"), REASON_PIN_LOCKED);
	at(f, S(100900));
	assert_int_equal(card_and_pin(f, 3, 5, "9999"), REASON_WRONG_PIN);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_failures, 6);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->reader_failures, 9);
}

static void a_persons_lock_outlives_a_restart_alone(void **state)
{
	struct fixture *f = *state;
	const struct pin_failures failures[] = {{5, 0, 5}};

	f->config.door[0].open_by = OPEN_BY_CARD_THEN_PIN;
	put_pin(f, 5, PIN(4711));
	restart(f, failures, 1);
	assert_int_equal(card_and_pin(f, 1, 5, "4711"), REASON_PIN_LOCKED);
	at(f, S(60));
	assert_int_equal(card_and_pin(f, 1, 5, "4711"), REASON_GRANTED);
}

static void restarts_bring_no_step_down_nearer(void **state)
{
	struct fixture *f = *state;
	const struct pin_failures failures[] = {{0, 1, 4}};

	open_by(f, OPEN_BY_PIN);
	put_pin(f, 5, PIN(4711));
	for (unsigned i = 0; i < 10; i++) {
		restart(f, failures, 1);
		after(f, 1000);
		tick(f);
		after(f, S(899)); /* since the first step */
		assert_int_equal(granted_failures(f, 1), 4);
	}
	restart(f, failures, 1);
	tick(f);
	after(f, S(900));
	assert_int_equal(granted_failures(f, 1), 3);
}

static void of_too_many_people_those_with_the_most_failures_stay_locked(void **state)
{
	struct fixture *f = *state;
	static struct pin_failures failures[3 * PIN_PERSONS_MAX];

	for (uint32_t i = 0; i < ARRAY_COUNT(failures); i++)
		failures[i] =
			(struct pin_failures){.person_no = i + 1, .failures = i % 3 == 0 ? 5 : 1};
	f->config.door[0].open_by = OPEN_BY_CARD_THEN_PIN;
	restart(f, failures, ARRAY_COUNT(failures));
	for (uint64_t no = 1; no <= ARRAY_COUNT(failures); no++) {
		struct credential p = person_make(no);

		p.pin = PIN(4711);
		put(f, &p);
		assert_int_equal(card_and_pin(f, 1, no, "4711"),
			no % 3 == 1 ? REASON_PIN_LOCKED : REASON_GRANTED);
		settle(f);
	}
}

/* --- the table of people --- */

static void the_oldest_of_those_with_the_fewest_failures_makes_room(void **state)
{
	struct fixture *f = *state;

	f->config.door[0].open_by = OPEN_BY_CARD_THEN_PIN;
	f->config.door[1].open_by = OPEN_BY_CARD_THEN_PIN;
	for (uint8_t r = 0; r < READERS_MAX; r++) /* readers enough, that none of them locks */
		f->config.reader[r] = (struct reader_config){.configured = true, .door = r % 2};
	fixture_start(f);
	for (uint64_t no = 1; no <= PIN_PERSONS_MAX + 1; no++) {
		struct credential p = person_make(no);

		p.pin = PIN(4711);
		put(f, &p);
		if (no == PIN_PERSONS_MAX + 1)
			break;
		for (unsigned i = 0; i < (no == 1 ? 2 : 1); i++) {
			assert_int_equal(card_and_pin(f, (uint8_t)(1 + no % READERS_MAX), no, "9"),
				REASON_WRONG_PIN);
			settle(f);
		}
		after(f, 10);
	}
	(void)card_and_pin(f, 3, PIN_PERSONS_MAX + 1, "9"); /* takes the place of 2 */
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_failures, 1);
	settle(f);
	(void)card_and_pin(f, 4, 3, "9");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_failures, 2);
	settle(f);
	(void)card_and_pin(f, 5, 1, "9");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_failures, 3);
	settle(f);
	(void)card_and_pin(f, 6, 2, "9"); /* forgotten; takes the place of 4 */
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_failures, 1);
	settle(f);
	(void)card_and_pin(f, 7, 4, "9");
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->person_failures, 1);
}

/* --- clocks --- */

static void no_clock_step_shortens_or_prolongs_a_lock(void **state)
{
	struct fixture *f = *state;
	static const int64_t jumps_ms[] = {-INT64_C(315360000000), INT64_C(315360000000), -3600000,
		3600000, -1000, 61000, -INT64_C(1704067200000)};

	open_by(f, OPEN_BY_PIN);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(wrong(f, 1), 0);
	for (size_t i = 0; i < ARRAY_COUNT(jumps_ms); i++) {
		uint32_t seconds = wrong(f, 1);

		assert_true(seconds >= 60);
		for (unsigned second = 0; second < seconds; second += 30) {
			f->now.utc_ms = T0_MS + (second % 60 == 0 ? jumps_ms[i] : 0);
			f->now.trusted = second % 90 != 0;
			simple(f, INPUT_CLOCK_CHANGED);
			(void)pin_typed(f, 1, "9999");
			assert_null(entry_of(f, JOURNAL_PIN_LOCKOUT));
			f->now.boot_ns += MS(S(30)); /* and the wall clock stands still */
		}
		f->now = (struct moment){
			.boot_ns = f->now.boot_ns, .utc_ms = T0_MS, .trusted = true};
	}
	assert_int_equal(wrong(f, 1), 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fifth_wrong_pin_locks_and_each_further_one_doubles_up_to_900_s),
		TEST(tries_while_locked_neither_count_nor_prolong),
		TEST(a_lock_is_of_one_reader_and_of_pins_only),
		TEST(a_locked_reader_takes_no_pin_that_would_wait_for_its_card),
		TEST(a_wrong_pin_with_a_card_counts_at_the_person_too_wherever_it_is),
		TEST(one_failure_may_lock_reader_and_person_together),
		TEST(a_grant_takes_one_failure_off_its_reader_in_15_minutes),
		TEST(an_hour_without_an_evaluated_pin_takes_one_off),
		TEST(only_evaluated_pins_disturb_the_quiet),
		TEST(a_restart_begins_each_lock_anew_and_keeps_the_counts),
		TEST(a_persons_lock_outlives_a_restart_alone),
		TEST(restarts_bring_no_step_down_nearer),
		TEST(of_too_many_people_those_with_the_most_failures_stay_locked),
		TEST(the_oldest_of_those_with_the_fewest_failures_makes_room),
		TEST(no_clock_step_shortens_or_prolongs_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
