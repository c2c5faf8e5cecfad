// SPDX-License-Identifier: Apache-2.0
/* Numbers, names, outcomes and rings of the journal. */
#include "fixture.h"

#include "internal.h"

static struct store_state state_of(struct fixture *f)
{
	struct store_state state;

	store_state(f->store, &state);
	return state;
}

static void numbers_are_dense_from_one(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry opened = {.kind = JOURNAL_DOOR_OPENED, .at = card.at};

	for (uint64_t i = 1; i <= 5; i++) {
		struct journal_entry row = fixture_append(f, &card);

		assert_int_equal(row.seq, 2 * i - 1);
		assert_int_equal(row.rec_no, i);
		row = fixture_append(f, &opened);
		assert_int_equal(row.seq, 2 * i);
		assert_int_equal(row.rec_no, 0);
	}
	struct store_state now = state_of(f);

	assert_int_equal(now.last_seq, 10);
	assert_int_equal(now.oldest_seq, 1);
	assert_int_equal(now.last_rec_no, 5);
	assert_int_equal(now.oldest_rec_no, 1);
	assert_true(now.newest_utc_ms == FIXTURE_T0_MS);
}

static void rollback_gives_numbers_back(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct person person = fixture_person("1", "1", "A");
	uint64_t no = 0;

	card.ticket = 9;
	(void)fixture_append(f, &card);
	card.ticket = 10;
	card.at.utc_ms += 5000;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	assert_int_equal(store_person_insert(f->store, &person, &no), 0);
	assert_int_equal(no, 1);
	assert_int_equal(state_of(f).last_seq, 3);
	store_rollback(f->store);
	struct store_state now = state_of(f);

	assert_int_equal(now.last_seq, 1);
	assert_int_equal(now.last_rec_no, 1);
	assert_int_equal(now.last_ticket, 9);
	assert_int_equal(now.persons, 0);
	assert_true(now.newest_utc_ms == FIXTURE_T0_MS);
	assert_int_equal(fixture_append(f, &card).seq, 2);
	assert_int_equal(fixture_insert(f, &person), 1);
}

static void numbers_go_on_after_reopen(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct store_state before;

	card.ticket = 41;
	(void)fixture_append(f, &card);
	(void)fixture_append(f, &card);
	before = state_of(f);
	fixture_reopen(f);
	struct store_state after = state_of(f);

	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(after.last_ticket, 41);
	assert_int_equal(fixture_append(f, &card).rec_no, 3);
}

static void person_numbers_are_never_reused(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "1", "A");

	assert_int_equal(fixture_insert(f, &person), 1);
	fixture_remove(f, 1);
	assert_int_equal(fixture_insert(f, &person), 2);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	fixture_reopen(f);
	assert_int_equal(fixture_insert(f, &person), 3);
}

static void record_numbers_are_never_reused_after_pruning_all(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	f->options.records_max = 0;
	f->options.journal_max = 0;
	fixture_reopen(f);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(fixture_append(f, &card).rec_no, i);
	fixture_reopen(f);
	struct journal_entry row = fixture_append(f, &card);

	assert_int_equal(row.seq, 4);
	assert_int_equal(row.rec_no, 4);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM journal"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM record_person"), 0);
}

static void record_names_the_person(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("u-7", "0012001", "Zhang San");
	uint64_t no = fixture_insert(f, &person);
	struct commit_entry card = fixture_card(no, 12001);

	card.card_type = CARD_TYPE_VIP;
	card.side = SIDE_EXIT;
	card.door = 1;
	struct journal_entry told = fixture_append(f, &card);
	struct journal_entry row = fixture_get_entry(f, told.seq);

	assert_memory_equal(&told, &row, sizeof(row));
	assert_text(&row.who.user_id, "u-7");
	assert_text(&row.who.name, "Zhang San");
	assert_text(&row.who.card_no, "0012001"); /* as enrolled */
	assert_true(row.who.has_card_type);
	assert_int_equal(row.who.card_type, CARD_TYPE_VIP);
	assert_true(row.has_card);
	assert_int_equal(row.card_number, 12001);
	assert_int_equal(row.card_bits, 34);
	assert_int_equal(row.side, SIDE_EXIT);
	assert_int_equal(row.door, 1);
	assert_int_equal(row.boot_ns, 5 * NS_PER_S);
	assert_true(row.trusted);
	assert_int_equal(journal_entry_status(&row), 1);
}

static void unknown_card_is_named_by_its_number(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, UINT64_MAX);
	struct journal_entry row = fixture_append(f, &card);

	assert_text(&row.who.card_no, "18446744073709551615");
	assert_int_equal(row.who.user_id.len, 0);
	assert_false(row.who.has_card_type);
	row = fixture_get_entry(f, row.seq);
	assert_true(row.card_number == UINT64_MAX);
	assert_int_equal(journal_entry_status(&row), 0);
}

static void person_removed_before_the_append_is_still_named(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("u-7", "12001", "Gone");
	uint64_t no = fixture_insert(f, &person);
	struct commit_entry card = fixture_card(no, 12001);

	fixture_remove(f, no);
	struct journal_entry row = fixture_append(f, &card);

	assert_text(&row.who.name, "Gone");
	assert_text(&row.who.user_id, "u-7");
	no = fixture_insert(f, &person);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	card.person_no = no;
	row = fixture_append(f, &card);
	assert_text(&row.who.name, "Gone");
	card.person_no = 999; /* never was */
	row = fixture_append(f, &card);
	assert_int_equal(row.who.name.len, 0);
	assert_text(&row.who.card_no, "12001");
}

static void number_read_counts_when_the_card_was_changed(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("u-7", "500", "New card");
	struct commit_entry card = fixture_card(fixture_insert(f, &person), 12001);
	struct journal_entry row = fixture_append(f, &card);
	assert_text(&row.who.card_no, "12001");
}

static void command_keeps_user_type_and_account_as_given(void **state)
{
	struct fixture *f = *state;
	struct commit_entry command = {.kind = JOURNAL_COMMAND,
		.at = {.utc_ms = FIXTURE_T0_MS},
		.ticket = 3,
		.method = METHOD_REMOTE,
		.reason = REASON_COMMAND,
		.command = DOOR_COMMAND_HOLD_LOCKED,
		.undurable = true};

	assert_true(text_set(&command.user_id, SPAN_LIT("nobody' OR 1=1--")));
	assert_true(text_set(&command.command_type, SPAN_LIT("Remote")));
	assert_true(text_set(&command.account, SPAN_LIT("admin")));
	struct journal_entry row = fixture_get_entry(f, fixture_append(f, &command).seq);

	assert_int_equal(row.rec_no, 1);
	assert_text(&row.who.user_id, "nobody' OR 1=1--");
	assert_int_equal(row.who.card_no.len, 0);
	assert_false(row.has_card);
	assert_text(&row.command_type, "Remote");
	assert_text(&row.account, "admin");
	assert_int_equal(row.command, DOOR_COMMAND_HOLD_LOCKED);
	assert_true(row.undurable);
	assert_false(row.trusted);
}

static void every_field_of_a_record_is_kept(void **state)
{
	struct fixture *f = *state;
	struct commit_entry other = fixture_card(0, 1);
	struct journal_entry wanted = fixture_append(f, &other);
	struct record_person *who = &wanted.who;

	who->has_temperature = true;
	who->over_temperature = true;
	who->temperature_unit = 2;
	who->temperature_milli = -273150;
	who->has_citizen_id = true;
	who->citizen_id_result = true;
	who->citizen_id_sex = 9;
	who->citizen_id_ethnicity = 56;
	who->has_card_type = true;
	who->card_type = 255;
	assert_true(text_set(&who->url, SPAN_LIT("/a.jpg")) &&
		    text_set(&who->record_url, SPAN_LIT("/b.dav")) &&
		    text_set(&who->user_id, SPAN_LIT("102")) &&
		    text_set(&who->name, SPAN_LIT("\xe5\xbc\xa0")) &&
		    text_set(&who->card_no, SPAN_LIT("AB12")) &&
		    text_set(&who->citizen_id_name, SPAN_LIT("n")) &&
		    text_set(&who->citizen_id_no, SPAN_LIT("342000000000000000")) &&
		    text_set(&who->citizen_id_birth, SPAN_LIT("1980-01-01")) &&
		    text_set(&who->citizen_id_address, SPAN_LIT("No.1199")) &&
		    text_set(&who->citizen_id_authority, SPAN_LIT("bureau")) &&
		    text_set(&who->citizen_id_start, SPAN_LIT("1996-01-01")) &&
		    text_set(&who->citizen_id_end, SPAN_LIT("Endless")));
	fixture_close(f);
	fixture_sql(f, "DELETE FROM record_person");
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(who_put(f->store, &wanted), 0);
	assert_int_equal(store_commit(f->store), 0);
	struct journal_entry row = fixture_get_entry(f, wanted.seq);

	assert_memory_equal(&row, &wanted, sizeof(row));
}

static void erasing_who_leaves_what(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("u-7", "12001", "Erased");
	struct commit_entry card = fixture_card(fixture_insert(f, &person), 12001);

	(void)fixture_append(f, &card);
	(void)fixture_append(f, &card);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT salt) FROM record_person"), 2);
	assert_int_equal(fixture_number(f, "SELECT min(length(salt)) FROM record_person"), 16);
	fixture_sql(f, "DELETE FROM record_person WHERE seq = 1");
	assert_int_equal(fixture_open(f), 0);
	struct journal_entry row = fixture_get_entry(f, 1);
	struct journal_entry nobody = {0};

	assert_int_equal(row.rec_no, 1);
	assert_int_equal(row.reason, REASON_GRANTED);
	assert_false(row.has_card);
	assert_memory_equal(&row.who, &nobody.who, sizeof(row.who));
	row = fixture_get_entry(f, 2);
	assert_text(&row.who.name, "Erased");
}

static void outcome_is_tied_to_its_record(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry outcome = {.at = card.at, .outcome_of = 20};

	(void)fixture_append(f, &card);
	card.ticket = 20;
	card.wants_outcome = true;
	assert_int_equal(fixture_append(f, &card).rec_no, 2);
	outcome.kind = JOURNAL_DOOR_LOCKED;
	assert_int_equal(fixture_append(f, &outcome).ref_rec_no, 2);
	outcome.kind = JOURNAL_DURESS; /* a consequence, no outcome: the grant still waits */
	assert_int_equal(fixture_append(f, &outcome).ref_rec_no, 2);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM pending_outcome"), 1);
	assert_int_equal(fixture_open(f), 0); /* from now on the table tells, not the memory */
	outcome.kind = JOURNAL_DOOR_UNLOCKED;
	assert_int_equal(fixture_append(f, &outcome).ref_rec_no, 2);
	outcome.outcome_of = 21; /* never was */
	assert_int_equal(fixture_append(f, &outcome).ref_rec_no, 0);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM pending_outcome"), 0);
}

static void consequences_after_the_outcome_are_tied_as_well(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry after = {
		.kind = JOURNAL_DOOR_UNLOCKED, .at = card.at, .outcome_of = 20};

	card.ticket = 20;
	card.wants_outcome = true;
	(void)fixture_append(f, &card);
	(void)fixture_append(f, &after);
	after.kind = JOURNAL_DOOR_LOCKED;
	assert_int_equal(fixture_append(f, &after).ref_rec_no, 1);
}

static void ticket_of_a_rolled_back_record_is_unknown(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry outcome = {
		.kind = JOURNAL_DOOR_UNLOCKED, .at = card.at, .outcome_of = 20};

	card.ticket = 20;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	store_rollback(f->store);
	assert_int_equal(fixture_append(f, &outcome).ref_rec_no, 0);
}

static void grants_without_outcome_are_closed_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry outcome = {
		.kind = JOURNAL_DOOR_UNLOCKED, .at = card.at, .outcome_of = 6};
	struct moment now = {.utc_ms = FIXTURE_T0_MS + 60000, .trusted = true};
	uint32_t count = 9;

	card.wants_outcome = true;
	for (uint64_t ticket = 5; ticket <= 7; ticket++) {
		card.ticket = ticket;
		card.door = (uint8_t)ticket;
		(void)fixture_append(f, &card);
	}
	(void)fixture_append(f, &outcome);
	fixture_reopen(f);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_close_outcomes(f->store, &now, &count), 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(count, 2);
	struct journal_entry row = fixture_get_entry(f, 5);

	assert_int_equal(row.kind, JOURNAL_OUTCOME_UNKNOWN);
	assert_int_equal(row.ref_rec_no, 1);
	assert_int_equal(row.door, 5);
	assert_true(row.utc_ms == now.utc_ms);
	assert_int_equal(fixture_get_entry(f, 6).ref_rec_no, 3);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_close_outcomes(f->store, &now, &count), 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(count, 0);
}

static void use_is_spent_with_the_record(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("u-7", "12001", "Guest");

	person.uses_left = 2;
	person.card_type = CARD_TYPE_GUEST;
	uint64_t no = fixture_insert(f, &person);
	struct commit_entry card = fixture_card(no, 12001);

	(void)fixture_append(f, &card);
	assert_int_equal(fixture_get_person(f, no).uses_left, 2);
	card.takes_use = true;
	(void)fixture_append(f, &card);
	assert_int_equal(fixture_get_person(f, no).uses_left, 1);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	store_rollback(f->store);
	assert_int_equal(fixture_get_person(f, no).uses_left, 1);
	(void)fixture_append(f, &card);
	(void)fixture_append(f, &card); /* none left: stays at none */
	person = fixture_get_person(f, no);
	assert_int_equal(person.uses_left, 0);
	assert_true(person.is_valid); /* as stored */
	assert_false(person_is_valid_at(&person, 0));
	struct person ever = fixture_person("u-8", "12002", "Member");

	card.person_no = no = fixture_insert(f, &ever);
	(void)fixture_append(f, &card);
	assert_true(fixture_get_person(f, no).uses_left == USES_UNLIMITED);
}

static uint64_t records_found(struct fixture *f)
{
	struct store_reader *reader = NULL;
	struct record_filter all = {0};
	uint64_t count = 0;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_record_count(reader, &all, &count), 0);
	(void)store_reader_close(reader);
	return count;
}

static void record_ring_drops_the_oldest(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	f->options.records_max = 3;
	fixture_reopen(f);
	card.wants_outcome = true;
	for (uint64_t i = 1; i <= 5; i++) {
		card.ticket = i;
		(void)fixture_append(f, &card);
	}
	assert_int_equal(state_of(f).oldest_rec_no, 3);
	assert_int_equal(state_of(f).oldest_seq, 1);
	assert_int_equal(records_found(f), 3);
	/* The journal has no hole; who it was is gone. */
	struct journal_entry row = fixture_get_entry(f, 1);

	assert_int_equal(row.rec_no, 1);
	row = fixture_get_entry(f, 2);
	assert_int_equal(row.rec_no, 2);
	assert_int_equal(row.who.card_no.len, 0);
	row = fixture_get_entry(f, 3);
	assert_text(&row.who.card_no, "77");
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM record_person"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM pending_outcome"), 3);
}

static void journal_ring_keeps_rows_of_kept_records(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry opened = {.kind = JOURNAL_DOOR_OPENED, .at = card.at};

	f->options.records_max = 2;
	f->options.journal_max = 3;
	fixture_reopen(f);
	for (int i = 0; i < 4; i++) {
		(void)fixture_append(f, &card);
		(void)fixture_append(f, &opened);
		(void)fixture_append(f, &opened);
	}
	/* 12 entries; records are 1, 4, 7, 10: 7 and 10 are kept as records, 10 to 12 as entries.
	 */
	assert_int_equal(state_of(f).oldest_seq, 10);
	assert_int_equal(state_of(f).oldest_rec_no, 3);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM journal"), 4);
	assert_int_equal(fixture_number(f, "SELECT min(seq) FROM journal"), 7);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM record_person"), 2);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(records_found(f), 2);
}

static void lowered_limit_catches_up_in_bounded_steps(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	for (int i = 0; i < 100; i++)
		(void)fixture_append(f, &card);
	f->options.records_max = 10;
	f->options.journal_max = 10;
	fixture_reopen(f);
	(void)fixture_append(f, &card);
	assert_int_equal(state_of(f).oldest_rec_no, 1 + STORE_PRUNE_MAX);
	assert_int_equal(state_of(f).oldest_seq, 1 + STORE_PRUNE_MAX);
	for (int i = 0; i < 20; i++)
		(void)fixture_append(f, &card);
	assert_int_equal(state_of(f).last_rec_no, 121);
	assert_int_equal(state_of(f).oldest_rec_no, 112);
	assert_int_equal(records_found(f), 10);
}

static void rollback_undoes_pruning(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	f->options.records_max = 2;
	f->options.journal_max = 2;
	fixture_reopen(f);
	(void)fixture_append(f, &card);
	(void)fixture_append(f, &card);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	assert_int_equal(state_of(f).oldest_rec_no, 2);
	store_rollback(f->store);
	assert_int_equal(state_of(f).oldest_rec_no, 1);
	assert_int_equal(state_of(f).oldest_seq, 1);
	assert_int_equal(records_found(f), 2);
	assert_int_equal(fixture_append(f, &card).rec_no, 3);
	assert_int_equal(records_found(f), 2);
}

/* Numbers of these lists stand in databases: they may grow at their ends only. */
static void numbers_in_the_database_keep_their_meaning(void **state UNUSED)
{
	static const char *const kinds[] = {"access", "command", "exit_button", "denials_repeated",
		"door_unlocked", "door_locked", "door_opened", "door_closed", "door_forced",
		"door_forced_end", "door_held_warning", "door_held", "door_held_end", "tamper",
		"tamper_end", "duress", "blocklist", "grant_cancelled", "unlocked_before_record",
		"outcome_unknown", "storage_slow", "store_failed", "store_recovered",
		"records_lost", "clock_untrusted", "clock_trusted", "reader_noise", "started",
		"core_restarted", "pin_lockout", "panel_skipped", "retention", "reader_offline",
		"reader_online", "reader_insecure", "reader_paired"};
	static const char *const reasons[] = {"none", "granted", "granted_pre_arrears",
		"granted_duress", "command", "exit_button", "unknown_card", "unreadable",
		"card_lost", "card_cancelled", "card_frozen", "card_arrears", "card_overdue",
		"no_right", "not_valid", "not_yet_valid", "expired", "uses_spent",
		"clock_untrusted", "held_locked", "patrol", "blocklist", "mother_card",
		"outside_schedule", "busy", "storage_slow", "repeated", "wrong_pin", "pin_missing",
		"card_missing", "wrong_order", "pin_refused", "card_refused", "no_pin",
		"pin_locked", "panel_format", "panel_busy", "special_day", "reader_silent",
		"reader_port", "reader_restarted", "reader_not_paired", "reader_no_secure_channel",
		"reader_key", "reader_mac", "reader_identity", "reader_protocol",
		"osdp_no_secure_channel", "osdp_downgrade", "osdp_default_key", "osdp_cryptogram",
		"osdp_mac", "osdp_replay", "osdp_keyset", "osdp_identity", "osdp_foreign_panel"};

	assert_true(JOURNAL_KIND_COUNT >= ARRAY_COUNT(kinds));
	for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++)
		assert_string_equal(journal_kind_name((enum journal_kind)i), kinds[i]);
	assert_true(REASON_COUNT >= ARRAY_COUNT(reasons));
	for (unsigned i = 0; i < ARRAY_COUNT(reasons); i++)
		assert_string_equal(reason_name((enum reason)i), reasons[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(numbers_are_dense_from_one),
		CASE(rollback_gives_numbers_back),
		CASE(numbers_go_on_after_reopen),
		CASE(person_numbers_are_never_reused),
		CASE(record_numbers_are_never_reused_after_pruning_all),
		CASE(record_names_the_person),
		CASE(unknown_card_is_named_by_its_number),
		CASE(person_removed_before_the_append_is_still_named),
		CASE(number_read_counts_when_the_card_was_changed),
		CASE(command_keeps_user_type_and_account_as_given),
		CASE(every_field_of_a_record_is_kept),
		CASE(erasing_who_leaves_what),
		CASE(outcome_is_tied_to_its_record),
		CASE(consequences_after_the_outcome_are_tied_as_well),
		CASE(ticket_of_a_rolled_back_record_is_unknown),
		CASE(grants_without_outcome_are_closed_after_a_restart),
		CASE(use_is_spent_with_the_record),
		CASE(record_ring_drops_the_oldest),
		CASE(journal_ring_keeps_rows_of_kept_records),
		CASE(lowered_limit_catches_up_in_bounded_steps),
		CASE(rollback_undoes_pruning),
		cmocka_unit_test(numbers_in_the_database_keep_their_meaning),
	};

	return cmocka_run_group_tests_name("store_journal", tests, NULL, NULL);
}
