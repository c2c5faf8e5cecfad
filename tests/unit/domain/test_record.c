// SPDX-License-Identifier: Apache-2.0
/* Reasons, journal kinds, and the check of entries from another process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "domain/record.h"

static void reasons_have_the_error_codes_of_the_reference(void **state)
{
	static const struct {
		enum reason reason;
		const char *name;
		uint8_t code;
		bool grants;
	} rows[] = {
		{REASON_GRANTED, "granted", 0, true},
		{REASON_GRANTED_PRE_ARREARS, "granted_pre_arrears", 0, true},
		{REASON_GRANTED_DURESS, "granted_duress", 0, true},
		{REASON_COMMAND, "command", 0, true},
		{REASON_EXIT_BUTTON, "exit_button", 0, true},
		{REASON_UNKNOWN_CARD, "unknown_card", 0x10, false},
		{REASON_CARD_LOST, "card_lost", 0x11, false},
		{REASON_CARD_CANCELLED, "card_cancelled", 0x11, false},
		{REASON_NO_RIGHT, "no_right", 0x12, false},
		{REASON_MOTHER_CARD, "mother_card", 0x13, false},
		{REASON_EXPIRED, "expired", 0x14, false},
		{REASON_HELD_LOCKED, "held_locked", 0x17, false},
		{REASON_PATROL, "patrol", 0x19, false},
		{REASON_OUTSIDE_SCHEDULE, "outside_schedule", 0x20, false},
		{REASON_SPECIAL_DAY, "special_day", 0x21, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_string_equal(reason_name(rows[i].reason), rows[i].name);
		assert_int_equal(reason_error_code(rows[i].reason), rows[i].code);
		assert_int_equal(reason_grants(rows[i].reason), rows[i].grants);
	}
}

static void every_refusal_but_none_has_a_code_and_every_reason_a_sentence_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;

		assert_int_equal(reason_error_code(reason) == 0,
			reason_grants(reason) || reason == REASON_NONE);
		assert_true(strlen(reason_sentence(reason)) > 10);
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(reason_name(reason), reason_name((enum reason)j));
			assert_string_not_equal(
				reason_sentence(reason), reason_sentence((enum reason)j));
		}
	}
}

static void journal_kinds_know_records_alarms_and_outcomes(void **state)
{
	static const struct {
		enum journal_kind kind;
		const char *name;
		bool record, alarm, outcome;
	} rows[] = {
		{JOURNAL_ACCESS, "access", true, false, false},
		{JOURNAL_COMMAND, "command", true, false, false},
		{JOURNAL_EXIT_BUTTON, "exit_button", true, false, false},
		{JOURNAL_DENIALS_REPEATED, "denials_repeated", true, false, false},
		{JOURNAL_DOOR_UNLOCKED, "door_unlocked", false, false, true},
		{JOURNAL_DOOR_LOCKED, "door_locked", false, false, false},
		{JOURNAL_DOOR_FORCED, "door_forced", false, true, false},
		{JOURNAL_DURESS, "duress", false, true, false},
		{JOURNAL_GRANT_CANCELLED, "grant_cancelled", false, false, true},
		{JOURNAL_UNLOCKED_BEFORE_RECORD, "unlocked_before_record", false, true, true},
		{JOURNAL_OUTCOME_UNKNOWN, "outcome_unknown", false, false, true},
	};
	unsigned outcomes = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_string_equal(journal_kind_name(rows[i].kind), rows[i].name);
		assert_int_equal(journal_kind_is_record(rows[i].kind), rows[i].record);
		assert_int_equal(journal_kind_is_alarm(rows[i].kind), rows[i].alarm);
		assert_int_equal(journal_kind_is_outcome(rows[i].kind), rows[i].outcome);
	}
	for (unsigned i = 0; i < JOURNAL_KIND_COUNT; i++)
		outcomes += journal_kind_is_outcome((enum journal_kind)i);
	assert_int_equal(outcomes, 4);
}

static void an_entry_in_range_passes_and_each_field_out_of_range_fails(void **state)
{
	struct journal_entry good = {.seq = 1, .door = DOOR_NONE};
	struct journal_entry e = good;

	(void)state;
	assert_true(journal_entry_check(&good));
	good.door = 63;
	good.reader = 128;
	good.side = SIDE_EXIT;
	good.method = METHOD_FACE;
	good.command = DOOR_COMMAND_NORMAL;
	good.kind = JOURNAL_CORE_RESTARTED;
	good.reason = REASON_COUNT - 1;
	good.who.citizen_id_sex = 9;
	good.who.temperature_unit = 2;
	assert_true(journal_entry_check(&good));
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		e = good;                                                                          \
		change;                                                                            \
		assert_false(journal_entry_check(&e));                                             \
	} while (0)
	REFUSED(e.kind = JOURNAL_KIND_COUNT);
	REFUSED(memset(&e.kind, 0xff, sizeof(e.kind)));
	REFUSED(e.reason = REASON_COUNT);
	REFUSED(e.door = 64);
	REFUSED(e.door = 254);
	REFUSED(e.reader = 129);
	REFUSED(e.side = 2);
	REFUSED(e.method = 7);
	REFUSED(e.method = 16);
	REFUSED(e.command = DOOR_COMMAND_COUNT);
	REFUSED(e.card_bits = 129);
	REFUSED(e.command_type.len = 33);
	REFUSED(e.account.len = 33);
	REFUSED(memset(&e.trusted, 2, 1));
	REFUSED(memset(&e.undurable, 2, 1));
	REFUSED(memset(&e.has_card, 2, 1));
	REFUSED(e.who.user_id.len = 65);
	REFUSED(e.who.name.len = 129);
	REFUSED(e.who.card_no.len = 33);
	REFUSED(e.who.url.len = 129);
	REFUSED(e.who.record_url.len = 129);
	REFUSED(e.who.temperature_unit = 3);
	REFUSED(e.who.citizen_id_sex = 3);
	REFUSED(e.who.citizen_id_name.len = 65);
	REFUSED(e.who.citizen_id_no.len = 33);
	REFUSED(e.who.citizen_id_birth.len = 17);
	REFUSED(e.who.citizen_id_address.len = 129);
	REFUSED(e.who.citizen_id_authority.len = 129);
	REFUSED(e.who.citizen_id_start.len = 17);
	REFUSED(e.who.citizen_id_end.len = 17);
	REFUSED(memset(&e.who.has_card_type, 2, 1));
	REFUSED(memset(&e.who.has_temperature, 2, 1));
	REFUSED(memset(&e.who.over_temperature, 2, 1));
	REFUSED(memset(&e.who.has_citizen_id, 2, 1));
	REFUSED(memset(&e.who.citizen_id_result, 2, 1));
#undef REFUSED
}

static void the_status_of_a_record_follows_its_reason(void **state)
{
	struct journal_entry e = {.reason = REASON_GRANTED};

	(void)state;
	assert_int_equal(journal_entry_status(&e), 1);
	e.reason = REASON_EXPIRED;
	assert_int_equal(journal_entry_status(&e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_have_the_error_codes_of_the_reference),
		cmocka_unit_test(
			every_refusal_but_none_has_a_code_and_every_reason_a_sentence_of_its_own),
		cmocka_unit_test(journal_kinds_know_records_alarms_and_outcomes),
		cmocka_unit_test(an_entry_in_range_passes_and_each_field_out_of_range_fails),
		cmocka_unit_test(the_status_of_a_record_follows_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
