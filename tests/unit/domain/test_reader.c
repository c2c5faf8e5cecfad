// SPDX-License-Identifier: Apache-2.0
/* Floods of denials and noise, tamper, and the clock behind the records. */
#include "fixture.h"

static void noise(struct fixture *f, uint32_t count)
{
	step(f, &(struct controller_input){
			.kind = INPUT_NOISE, .noise = {.reader = 1, .count = count}});
}

static void tamper(struct fixture *f, uint8_t reader, bool active)
{
	step(f, &(struct controller_input){
			.kind = INPUT_TAMPER, .tamper = {.reader = reader, .active = active}});
}

static void the_eleventh_same_denial_in_a_minute_is_only_counted(void **state)
{
	struct fixture *f = *state;
	unsigned records = 0;

	for (unsigned i = 0; i < 25; i++) {
		at(f, 1000 + i * 1000);
		card(f, 1, 999);
		records += entries(f, JOURNAL_ACCESS);
		assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED); /* each time */
		assert_null(entry_of(f, JOURNAL_DENIALS_REPEATED));
	}
	assert_int_equal(records, 10);
	assert_int_equal(deadline_ms(f), 61000);
	at(f, 60999);
	tick(f);
	assert_quiet(f);
	at(f, 61000);
	tick(f);
	assert_int_equal(f->effects.count, 1);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 15);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->reason, REASON_REPEATED);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->card_number, 999);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->reader, 1);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->door, 0);
	card(f, 1, 999); /* a new minute */
	assert_non_null(entry_of(f, JOURNAL_ACCESS));
}

static void another_card_reason_or_a_grant_ends_the_count(void **state)
{
	struct fixture *f = *state;
	struct credential lost = person_make(999);

	for (unsigned i = 0; i < 12; i++)
		card(f, 1, 999);
	card(f, 2, 999); /* another reader counts for itself */
	assert_null(entry_of(f, JOURNAL_DENIALS_REPEATED));
	assert_non_null(entry_of(f, JOURNAL_ACCESS));
	card(f, 1, 998);
	assert_int_equal(f->effects.items[0].entry.kind, JOURNAL_DENIALS_REPEATED);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 2);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->card_number, 998);
	for (unsigned i = 0; i < 12; i++)
		card(f, 1, 999);
	lost.card_status = CARD_STATUS_LOST;
	put(f, &lost);
	card(f, 1, 999); /* the same card, for another reason */
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 2);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_CARD_LOST);
	for (unsigned i = 0; i < 12; i++)
		card(f, 1, 999);
	put_always(f, 5);
	card(f, 1, 5);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 3);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_GRANTED);
	assert_int_equal(deadline_ms(f), COMMIT_WAIT_MS);
}

static void frames_that_are_no_card_are_one_run_whatever_their_length(void **state)
{
	struct fixture *f = *state;
	unsigned records = 0;

	for (uint16_t bits = 9; bits < 59; bits++) {
		step(f, &(struct controller_input){.kind = INPUT_UNREADABLE,
				.credential = {.reader = 1, .card_bits = bits}});
		records += entries(f, JOURNAL_ACCESS);
	}
	assert_int_equal(records, 10);
	at(f, 60000);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 40);
}

static void a_flood_of_a_blocklist_card_alarms_with_its_records(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	unsigned alarms = 0;

	p.card_type = CARD_TYPE_BLOCKLIST;
	put(f, &p);
	for (unsigned i = 0; i < 1000; i++) {
		card(f, 1, 5);
		alarms += entries(f, JOURNAL_BLOCKLIST);
	}
	assert_int_equal(alarms, DENIALS_PER_MINUTE_MAX);
	at(f, 60000);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_DENIALS_REPEATED)->count, 990);
	assert_int_equal(entry_of(f, JOURNAL_DENIALS_REPEATED)->person_no, 5);
}

static void noise_is_told_once_and_then_summed_by_the_minute(void **state)
{
	struct fixture *f = *state;

	noise(f, 7);
	assert_int_equal(entry_must(f, JOURNAL_READER_NOISE)->count, 7);
	assert_int_equal(entry_of(f, JOURNAL_READER_NOISE)->reader, 1);
	for (unsigned i = 0; i < 1000; i++) {
		after(f, 10);
		noise(f, 1000);
		assert_quiet(f);
	}
	at(f, 60000);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_READER_NOISE)->count, 1000000);
	noise(f, UINT32_MAX);
	noise(f, UINT32_MAX); /* does not wrap */
	at(f, 120000);
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_READER_NOISE)->count, UINT32_MAX);
	at(f, 200000);
	tick(f);
	assert_quiet(f);
	noise(f, 3);
	assert_int_equal(entry_must(f, JOURNAL_READER_NOISE)->count, 3);
}

static void tamper_starts_and_ends_once(void **state)
{
	struct fixture *f = *state;

	tamper(f, 2, true);
	assert_int_equal(entry_must(f, JOURNAL_TAMPER)->reader, 2);
	assert_int_equal(entry_of(f, JOURNAL_TAMPER)->door, 0);
	assert_true(door_now(f, 0).tamper);
	assert_false(door_now(f, 1).tamper);
	tamper(f, 2, true);
	assert_quiet(f);
	tamper(f, 1, true);
	tamper(f, 2, false);
	assert_int_equal(entry_must(f, JOURNAL_TAMPER_END)->reader, 2);
	assert_true(door_now(f, 0).tamper); /* reader 1 still */
	tamper(f, 1, false);
	assert_false(door_now(f, 0).tamper);
}

static int64_t record_time(struct fixture *f)
{
	card(f, 1, f->now.boot_ns > 0 ? (uint64_t)f->now.boot_ns : 1);
	return entry_must(f, JOURNAL_ACCESS)->at.utc_ms - T0_MS;
}

static void an_untrusted_clock_never_goes_back_behind_what_was_seen(void **state)
{
	struct fixture *f = *state;

	at(f, 5000);
	assert_int_equal(record_time(f), 5000);
	f->now.trusted = false;
	f->now.utc_ms -= 86400000;
	simple(f, INPUT_CLOCK_CHANGED);
	assert_int_equal(entry_must(f, JOURNAL_CLOCK_UNTRUSTED)->at.utc_ms, T0_MS + 5000);
	assert_false(entry_of(f, JOURNAL_CLOCK_UNTRUSTED)->at.trusted);
	after(f, 1500); /* goes on at the pace of the boot clock */
	assert_int_equal(record_time(f), 6500);
	assert_null(entry_of(f, JOURNAL_CLOCK_UNTRUSTED)); /* said once */
	f->now.utc_ms = T0_MS + 100000; /* ahead is possible */
	assert_int_equal(record_time(f), 100000);
	f->now.utc_ms = 0;
	assert_int_equal(record_time(f), 100000);
	f->now.trusted = true;
	f->now.utc_ms = T0_MS + 8000; /* believed, also back */
	simple(f, INPUT_CLOCK_CHANGED);
	assert_int_equal(entry_must(f, JOURNAL_CLOCK_TRUSTED)->at.utc_ms, T0_MS + 8000);
	assert_int_equal(record_time(f), 8000);
}

static void many_short_steps_do_not_slow_an_untrusted_clock(void **state)
{
	struct fixture *f = *state;

	f->now.trusted = false;
	tick(f);
	for (unsigned i = 0; i < 10000; i++) {
		f->now.boot_ns += 333333;
		tick(f);
	}
	assert_int_equal(record_time(f), 3333);
}

static void an_untrusted_start_begins_at_the_newest_entry(void **state)
{
	struct fixture *f = *state;
	struct credential expired = person_make(5);

	f->config.utc_floor_ms = T0_MS;
	fixture_start(f);
	f->now = (struct moment){.boot_ns = MS(3000), .utc_ms = 0, .trusted = false};
	tick(f);
	assert_int_equal(entry_must(f, JOURNAL_CLOCK_UNTRUSTED)->at.utc_ms, T0_MS);
	expired.valid_to_s = T0_S - 1;
	put(f, &expired);
	card(f, 1, 5); /* a clock set back to 1970 revives nobody */
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->reason, REASON_EXPIRED);
}

static void a_trusted_start_says_nothing_about_the_clock(void **state)
{
	struct fixture *f = *state;

	tick(f);
	assert_quiet(f);
}

static void a_clock_beyond_all_years_is_cut_and_harms_nothing(void **state)
{
	struct fixture *f = *state;

	f->now.utc_ms = INT64_MAX;
	card(f, 1, 1);
	assert_true(entry_must(f, JOURNAL_ACCESS)->at.utc_ms == INT64_C(253402300799999));
	f->now.utc_ms = INT64_MIN;
	card(f, 1, 2);
	assert_int_equal(entry_must(f, JOURNAL_ACCESS)->at.utc_ms, 0);
}

static void pulses_are_exact_whatever_the_wall_clock_does(void **state)
{
	struct fixture *f = *state;
	static const int64_t jumps_ms[] = {-INT64_C(315360000000), INT64_C(315360000000), -3600000,
		3600000, -1000, 1000, -INT64_C(1704067200000)};

	for (size_t i = 0; i < sizeof(jumps_ms) / sizeof(jumps_ms[0]); i++) {
		int64_t start = f->now.boot_ns;

		rex(f, 0, true);
		rex(f, 0, false);
		after(f, 1500);
		f->now.utc_ms += jumps_ms[i];
		simple(f, INPUT_CLOCK_CHANGED);
		assert_no_output(f);
		assert_int_equal(controller_deadline_ns(f->controller), start + MS(UNLOCK_MS));
		after(f, 1500);
		tick(f);
		assert_output(f, 0, false, 0);
		f->now.utc_ms = T0_MS;
		after(f, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_eleventh_same_denial_in_a_minute_is_only_counted),
		TEST(another_card_reason_or_a_grant_ends_the_count),
		TEST(frames_that_are_no_card_are_one_run_whatever_their_length),
		TEST(a_flood_of_a_blocklist_card_alarms_with_its_records),
		TEST(noise_is_told_once_and_then_summed_by_the_minute),
		TEST(tamper_starts_and_ends_once),
		TEST(an_untrusted_clock_never_goes_back_behind_what_was_seen),
		TEST(many_short_steps_do_not_slow_an_untrusted_clock),
		TEST(an_untrusted_start_begins_at_the_newest_entry),
		TEST(a_trusted_start_says_nothing_about_the_clock),
		TEST(a_clock_beyond_all_years_is_cut_and_harms_nothing),
		TEST(pulses_are_exact_whatever_the_wall_clock_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
