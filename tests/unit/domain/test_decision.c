// SPDX-License-Identifier: Apache-2.0
/* The decision about a card: every status and type, dates, uses, rules, and all of them together.
 */
#include "fixture.h"

#include "base/compiler.h"

/* The reason of the access record that the last step committed. */
static enum reason reason_of(const struct fixture *f)
{
	return (enum reason)entry_must(f, JOURNAL_ACCESS)->reason;
}

/* Lets a waiting grant go, so that a test can present on and on. */
static void settle(struct fixture *f)
{
	durable(f, UINT64_MAX / 2);
	after(f, 10000);
	tick(f);
}

static enum reason present(struct fixture *f, const struct credential *person)
{
	put(f, person);
	card(f, 1, person->card_number);
	enum reason reason = reason_of(f);
	bool grants = reason_grants(reason);
	const struct commit_entry *entry = entry_must(f, JOURNAL_ACCESS);

	assert_int_equal(entry->wants_outcome, grants);
	assert_int_equal(entry->ticket != 0, grants);
	assert_no_output(f); /* never before the record is durable */
	assert_int_equal(feedback_at(f, 1), grants ? FEEDBACK_NONE : FEEDBACK_DENIED);
	settle(f);
	return reason;
}

static void every_combination_of_status_bits_gives_the_sternest_reason(void **state)
{
	struct fixture *f = *state;

	for (unsigned status = 0; status <= CARD_STATUS_ALL; status++) {
		struct credential p = person_make(5);
		enum reason expected = REASON_GRANTED;

		p.card_status = (uint8_t)status;
		if (status & 1)
			expected = REASON_CARD_LOST;
		else if (status & 2)
			expected = REASON_CARD_CANCELLED;
		else if (status & 4)
			expected = REASON_CARD_FROZEN;
		else if (status & 8)
			expected = REASON_CARD_ARREARS;
		else if (status & 16)
			expected = REASON_CARD_OVERDUE;
		else if (status & 32)
			expected = REASON_GRANTED_PRE_ARREARS;
		assert_int_equal(present(f, &p), expected);
	}
}

static void pre_arrears_opens_and_says_so_at_the_reader(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.card_status = CARD_STATUS_PRE_ARREARS;
	put(f, &p);
	card(f, 1, 5);
	durable(f, 101);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_GRANTED_PRE_ARREARS);
	assert_int_equal(entry_must(f, JOURNAL_DOOR_UNLOCKED)->reason, REASON_GRANTED_PRE_ARREARS);
}

static void every_card_type_does_what_it_should(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t type;
		uint32_t uses;
		enum reason reason;
	} rows[] = {
		{CARD_TYPE_ORDINARY, USES_UNLIMITED, REASON_GRANTED},
		{CARD_TYPE_ORDINARY, 0, REASON_GRANTED},
		{CARD_TYPE_VIP, USES_UNLIMITED, REASON_GRANTED},
		{CARD_TYPE_VIP, 0, REASON_GRANTED},
		{CARD_TYPE_GUEST, USES_UNLIMITED, REASON_GRANTED},
		{CARD_TYPE_GUEST, 1, REASON_GRANTED},
		{CARD_TYPE_GUEST, 0, REASON_USES_SPENT},
		{CARD_TYPE_PATROL, USES_UNLIMITED, REASON_PATROL},
		{CARD_TYPE_BLOCKLIST, USES_UNLIMITED, REASON_BLOCKLIST},
		{CARD_TYPE_DURESS, USES_UNLIMITED, REASON_GRANTED_DURESS},
		{CARD_TYPE_MOTHER, USES_UNLIMITED, REASON_MOTHER_CARD},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct credential p = person_make(5);

		p.card_type = rows[i].type;
		p.uses_left = rows[i].uses;
		assert_int_equal(present(f, &p), rows[i].reason);
	}
}

static void a_record_names_card_reader_side_and_person(void **state)
{
	struct fixture *f = *state;
	const struct commit_entry *e;

	put_always(f, 5);
	at(f, 1234);
	card(f, 2, 5);
	e = entry_must(f, JOURNAL_ACCESS);
	assert_int_equal(e->at.boot_ns, MS(1234));
	assert_int_equal(e->at.utc_ms, T0_MS + 1234);
	assert_true(e->at.trusted);
	assert_int_equal(e->door, 0);
	assert_int_equal(e->reader, 2);
	assert_int_equal(e->side, SIDE_EXIT);
	assert_int_equal(e->method, METHOD_CARD);
	assert_int_equal(e->person_no, 5);
	assert_true(e->has_card);
	assert_int_equal(e->card_number, 5);
	assert_int_equal(e->card_bits, 34);
	assert_false(e->takes_use);
	assert_false(e->undurable);
	assert_int_equal(e->outcome_of, 0);
}

static void an_unknown_card_and_an_unreadable_frame_are_recorded(void **state)
{
	struct fixture *f = *state;

	card(f, 1, 999);
	assert_int_equal(reason_of(f), REASON_UNKNOWN_CARD);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->person_no, 0);
	assert_true(entry_of(f, JOURNAL_ACCESS)->has_card);
	step(f, &(struct controller_input){
			.kind = INPUT_UNREADABLE, .credential = {.reader = 1, .card_bits = 25}});
	assert_int_equal(reason_of(f), REASON_UNREADABLE);
	assert_false(entry_of(f, JOURNAL_ACCESS)->has_card);
	assert_int_equal(entry_of(f, JOURNAL_ACCESS)->card_bits, 25);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
}

static void blocklist_alarms_whatever_else_holds(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.card_type = CARD_TYPE_BLOCKLIST;
	p.card_status = CARD_STATUS_LOST;
	p.is_valid = false;
	p.rule_count = 0;
	put(f, &p);
	card(f, 1, 5);
	assert_int_equal(reason_of(f), REASON_BLOCKLIST);
	assert_int_equal(entry_must(f, JOURNAL_BLOCKLIST)->person_no, 5);
	assert_int_equal(entry_must(f, JOURNAL_BLOCKLIST)->card_number, 5);
	assert_int_equal(entry_must(f, JOURNAL_BLOCKLIST)->door, 0);
	assert_int_equal(feedback_at(f, 1), FEEDBACK_DENIED);
}

static void duress_opens_like_any_card_and_alarms_silently(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);

	p.card_type = CARD_TYPE_DURESS;
	p.card_status = CARD_STATUS_PRE_ARREARS; /* the alarm matters more */
	put(f, &p);
	card(f, 1, 5);
	assert_int_equal(reason_of(f), REASON_GRANTED_DURESS);
	assert_int_equal(entry_must(f, JOURNAL_DURESS)->outcome_of, 101);
	assert_int_equal(entry_must(f, JOURNAL_DURESS)->person_no, 5);
	durable(f, 101);
	assert_output(f, 0, true, MS(UNLOCK_MS));
	assert_int_equal(feedback_at(f, 1), FEEDBACK_GRANTED);
}

static void validity_includes_both_its_ends_to_the_second(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int64_t from_s, to_s; /* from now on */
		int64_t now_ms;
		enum reason reason;
	} rows[] = {
		{1, 100, 999, REASON_NOT_YET_VALID},
		{1, 100, 1000, REASON_GRANTED},
		{1, 100, 100999, REASON_GRANTED},
		{1, 100, 101000, REASON_EXPIRED},
	};
	int64_t start_ms = 0;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct credential p = person_make(5);

		p.valid_from_s = T0_S + start_ms / 1000 + rows[i].from_s;
		p.valid_to_s = T0_S + start_ms / 1000 + rows[i].to_s;
		at(f, start_ms + rows[i].now_ms);
		assert_int_equal(present(f, &p), rows[i].reason);
		start_ms += 1000000;
	}
	struct credential open_end = person_make(6);

	open_end.valid_from_s = 0;
	assert_int_equal(present(f, &open_end), REASON_GRANTED);
	open_end.valid_to_s = 0;
	assert_int_equal(present(f, &open_end), REASON_EXPIRED);
}

static void rules_are_of_the_door_and_any_schedule_on_is_enough(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT};

	p.rule_count = 1;
	p.rule[0].door = 1;
	assert_int_equal(present(f, &p), REASON_NO_RIGHT);
	p.rule_count = 0;
	assert_int_equal(present(f, &p), REASON_NO_RIGHT);
	p.rule_count = 2;
	p.rule[0] = (struct credential_rule){0, 3};
	p.rule[1] = (struct credential_rule){0, 4};
	assert_int_equal(present(f, &p), REASON_OUTSIDE_SCHEDULE); /* neither is defined */
	schedule_set_always(&input.schedule, 4);
	step(f, &input);
	assert_int_equal(present(f, &p), REASON_GRANTED);
	input.schedule.enabled = false;
	step(f, &input);
	assert_int_equal(present(f, &p), REASON_OUTSIDE_SCHEDULE);
	p.rule[1].schedule = 200; /* no such number */
	assert_int_equal(present(f, &p), REASON_OUTSIDE_SCHEDULE);
	p.rule[1].schedule = SCHEDULE_ALWAYS;
	assert_int_equal(present(f, &p), REASON_GRANTED);
}

static void a_special_day_decides_in_the_place_of_its_weekday(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT};
	struct controller_input group = {.kind = INPUT_SPECIAL_GROUP_PUT,
		.special_group = {.no = 127, .defined = true, .enabled = true}};
	struct controller_input special = {.kind = INPUT_SPECIAL_SCHEDULE_PUT,
		.special_schedule = {.no = 127, .defined = true, .enabled = true, .group = 127}};
	struct civil today = civil_from_seconds(T0_S);
	struct special_date date = {(uint16_t)today.year, today.month, today.day};

	p.rule_count = 1;
	p.rule[0] = (struct credential_rule){0, 4};
	schedule_set_always(&input.schedule, 4);
	step(f, &input);
	group.special_group.day[63] = (struct special_day){.from = date, .to = date};
	step(f, &group);
	assert_int_equal(present(f, &p), REASON_GRANTED); /* nothing says what holds that day */
	special_schedule_cover(&special.special_schedule, 4, true);
	step(f, &special);
	assert_int_equal(present(f, &p), REASON_SPECIAL_DAY);
	/* Another schedule, off without it, says less than the special day. */
	p.rule_count = 2;
	p.rule[1] = (struct credential_rule){0, 9};
	assert_int_equal(present(f, &p), REASON_SPECIAL_DAY);
	p.rule[0].schedule = 9;
	p.rule[1].schedule = 4;
	assert_int_equal(present(f, &p), REASON_SPECIAL_DAY);
	p.rule[0].schedule = SCHEDULE_ALWAYS; /* has no special days */
	assert_int_equal(present(f, &p), REASON_GRANTED);
	p.rule_count = 1;
	p.rule[0].schedule = 4;
	special.special_schedule.day = (struct schedule_day){.count = 1, .interval = {{0, 1440}}};
	step(f, &special);
	assert_int_equal(present(f, &p), REASON_GRANTED);
	special.special_schedule.day.count = 0;
	step(f, &special);
	assert_int_equal(present(f, &p), REASON_SPECIAL_DAY);
	at(f, 86400000); /* the day after */
	assert_int_equal(present(f, &p), REASON_GRANTED);
}

static void a_schedule_follows_the_zone_of_the_controller(void **state)
{
	struct fixture *f = *state;
	struct credential p = person_make(5);
	struct controller_input input = {.kind = INPUT_SCHEDULE_PUT,
		.schedule = {.no = 0, .defined = true, .enabled = true}};

	input.schedule.day[1].count = 1; /* Monday 8:00 to 9:00 */
	input.schedule.day[1].interval[0] = (struct schedule_interval){480, 540};
	step(f, &input);
	p.rule_count = 1;
	p.rule[0] = (struct credential_rule){0, 0};
	at(f, 7 * 3600000);
	assert_int_equal(present(f, &p), REASON_OUTSIDE_SCHEDULE);
	input = (struct controller_input){
		.kind = INPUT_ZONE_CHANGED, .zone = {.first_offset_s = 3600}};
	step(f, &input);
	assert_int_equal(present(f, &p), REASON_GRANTED);
}

static void an_untrusted_clock_may_refuse_rights_with_dates(void **state)
{
	struct fixture *f = *state;
	struct credential dated = person_make(5);
	struct credential open_end = person_make(6);

	dated.valid_to_s = T0_S + 86400;
	f->now.trusted = false;
	assert_int_equal(present(f, &dated), REASON_GRANTED); /* the default policy */
	f->config.untrusted_clock = UNTRUSTED_CLOCK_DENY_DATED;
	fixture_start(f);
	assert_int_equal(present(f, &dated), REASON_CLOCK_UNTRUSTED);
	assert_int_equal(present(f, &open_end), REASON_GRANTED);
	f->now.trusted = true;
	assert_int_equal(present(f, &dated), REASON_GRANTED);
}

/* --- all at once, against a list of refusals in order --- */

struct circumstances {
	unsigned dates; /* 0 none, 1 not begun, 2 within, 3 over */
	unsigned rule; /* 0 none, 1 another door, 2 on, 3 off, 4 off and on */
	bool held_locked;
	bool untrusted;
};

static enum reason expect(const struct credential *p, const struct circumstances *c)
{
	const struct {
		bool holds;
		enum reason reason;
	} refusals[] = {
		{p->card_type == 4, REASON_BLOCKLIST},
		{p->card_status % 2 == 1, REASON_CARD_LOST},
		{p->card_status / 2 % 2 == 1, REASON_CARD_CANCELLED},
		{p->card_status / 4 % 2 == 1, REASON_CARD_FROZEN},
		{p->card_status / 8 % 2 == 1, REASON_CARD_ARREARS},
		{p->card_status / 16 % 2 == 1, REASON_CARD_OVERDUE},
		{!p->is_valid, REASON_NOT_VALID},
		{c->untrusted && c->dates != 0, REASON_CLOCK_UNTRUSTED},
		{c->dates == 1, REASON_NOT_YET_VALID},
		{c->dates == 3, REASON_EXPIRED},
		{p->card_type == 2 && p->uses_left == 0, REASON_USES_SPENT},
		{p->card_type == 255, REASON_MOTHER_CARD},
		{p->card_type == 3, REASON_PATROL},
		{c->rule < 2, REASON_NO_RIGHT},
		{c->rule == 3, REASON_OUTSIDE_SCHEDULE},
		{c->held_locked, REASON_HELD_LOCKED},
		{p->card_type == 5, REASON_GRANTED_DURESS},
		{p->card_status / 32 % 2 == 1, REASON_GRANTED_PRE_ARREARS},
	};

	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		if (refusals[i].holds)
			return refusals[i].reason;
	}
	return REASON_GRANTED;
}

static struct credential person_in(
	const struct fixture *f, const struct circumstances *c, unsigned status, unsigned type)
{
	static const uint8_t types[] = {0, 1, 2, 3, 4, 5, 255};
	int64_t now_s = f->now.utc_ms / 1000;
	struct credential p = person_make(5);

	p.card_status = (uint8_t)status;
	p.card_type = types[type];
	if (c->dates == 1)
		p.valid_from_s = now_s + 1;
	if (c->dates == 2)
		p.valid_from_s = p.valid_to_s = now_s;
	if (c->dates == 3)
		p.valid_to_s = now_s - 1;
	p.rule_count = c->rule == 0 ? 0 : 1;
	p.rule[0].door = c->rule == 1;
	p.rule[0].schedule = c->rule == 3 || c->rule == 4 ? 77 : SCHEDULE_ALWAYS;
	if (c->rule == 4)
		p.rule[p.rule_count++] = (struct credential_rule){0, SCHEDULE_ALWAYS};
	return p;
}

static void all_cards_in(struct fixture *f, const struct circumstances *c)
{
	static const uint32_t uses[] = {0, 1, USES_UNLIMITED};

	for (unsigned i = 0; i < 64 * 7 * 2 * 3; i++) {
		struct credential p = person_in(f, c, i % 64, i / 64 % 7);

		p.is_valid = i / (64 * 7) % 2;
		p.uses_left = uses[i / (64 * 7 * 2)];
		assert_int_equal(present(f, &p), expect(&p, c));
	}
}

static void every_combination_agrees_with_the_list_of_refusals(void **state)
{
	struct fixture *f = *state;

	f->config.untrusted_clock = UNTRUSTED_CLOCK_DENY_DATED;
	for (unsigned i = 0; i < 4 * 5 * 2 * 2; i++) {
		struct circumstances c = {.dates = i % 4,
			.rule = i / 4 % 5,
			.held_locked = i / 20 % 2,
			.untrusted = i / 40};

		f->now.trusted = !c.untrusted;
		fixture_start(f);
		if (c.held_locked)
			command(f, 0, DOOR_COMMAND_HOLD_LOCKED, 1);
		all_cards_in(f, &c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_combination_of_status_bits_gives_the_sternest_reason),
		TEST(pre_arrears_opens_and_says_so_at_the_reader),
		TEST(every_card_type_does_what_it_should),
		TEST(a_record_names_card_reader_side_and_person),
		TEST(an_unknown_card_and_an_unreadable_frame_are_recorded),
		TEST(blocklist_alarms_whatever_else_holds),
		TEST(duress_opens_like_any_card_and_alarms_silently),
		TEST(validity_includes_both_its_ends_to_the_second),
		TEST(rules_are_of_the_door_and_any_schedule_on_is_enough),
		TEST(a_special_day_decides_in_the_place_of_its_weekday),
		TEST(a_schedule_follows_the_zone_of_the_controller),
		TEST(an_untrusted_clock_may_refuse_rights_with_dates),
		TEST(every_combination_agrees_with_the_list_of_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
