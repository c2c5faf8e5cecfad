// SPDX-License-Identifier: Apache-2.0
/*
 * Totals, and places far behind, against COUNT(*) and a plain loop: with small blocks, so that all
 * levels are used, with clocks that jump in both directions, with rings that drop records, and with
 * blocks that are missing. Persons likewise, with a clear in slices.
 */
#include "fixture.h"

#include "block.h"
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS 2500

struct rows {
	uint32_t count;
	struct journal_entry row[ROWS];
	const struct journal_entry *wanted[ROWS];
};

/* A clock that runs, stands, and is set back and forth now and then. */
static int64_t next_ms(uint64_t *seed, int64_t ms)
{
	uint64_t chance = fixture_random(seed);

	if (chance % 400 == 0)
		return ms - (int64_t)(chance / 400 % 200000);
	if (chance % 400 == 1)
		return ms + (int64_t)(chance / 400 % 200000);
	return ms + (int64_t)(chance % 3) * 400;
}

static struct commit_entry random_record(uint64_t *seed, int64_t ms)
{
	static const uint8_t methods[] = {METHOD_CARD, METHOD_CARD, METHOD_REMOTE, METHOD_FACE};
	static const uint8_t reasons[] = {REASON_GRANTED, REASON_COMMAND, REASON_NO_RIGHT};
	struct commit_entry entry = fixture_card(0, 0);
	uint64_t who = fixture_random(seed) % 8;

	entry.at.utc_ms = ms;
	entry.card_number = who < 5 ? 100 : 100 + fixture_random(seed) % 40;
	entry.has_card = who != 7;
	entry.door = (uint8_t)(fixture_random(seed) % 3);
	entry.method = methods[fixture_random(seed) % ARRAY_COUNT(methods)];
	entry.reason = reasons[fixture_random(seed) % ARRAY_COUNT(reasons)];
	if (who % 2 == 0)
		assert_true(text_set(&entry.user_id, SPAN_LIT("a")));
	else if (who == 3)
		assert_true(text_set(&entry.user_id, SPAN_LIT("b")));
	return entry;
}

static void fill(struct fixture *f, struct rows *rows, uint64_t *seed, uint32_t count)
{
	int64_t ms = FIXTURE_T0_MS;

	assert_int_equal(store_begin(f->store), 0);
	for (uint32_t i = 0; i < count; i++) {
		struct commit_entry entry = random_record(seed, ms);

		assert_int_equal(store_append(f->store, &entry, &rows->row[rows->count++]), 0);
		ms = next_ms(seed, ms);
		if (i % 50 != 0)
			continue;
		assert_int_equal(store_commit(f->store), 0);
		assert_int_equal(store_begin(f->store), 0);
	}
	assert_int_equal(store_commit(f->store), 0);
}

static struct record_filter random_filter(uint64_t *seed, uint32_t rows)
{
	static const char *const cards[] = {"100", "0100", "105", "nobody"};
	static const char *const users[] = {"a", "b", "nobody"};
	uint64_t bits = fixture_random(seed) & fixture_random(seed);
	struct record_filter filter = {
		.has_from = fixture_random(seed) % 2,
		.has_to = fixture_random(seed) % 2,
		.has_card_no = bits & 1,
		.has_user_id = bits & 2,
		.has_door = bits & 4,
		.has_status = bits & 8,
		.has_method = bits & 16,
		.door = (uint8_t)(fixture_random(seed) % 4),
		.status = (uint8_t)(fixture_random(seed) % 2),
		.method = bits & 32 ? METHOD_CARD : METHOD_FACE,
		.from_s = FIXTURE_T0_MS / 1000 + (int64_t)(fixture_random(seed) % 1000) - 200,
		.to_s = FIXTURE_T0_MS / 1000 + (int64_t)(fixture_random(seed) % 1200) - 200,
		.after_rec_no = bits & 64 ? fixture_random(seed) % rows : 0,
	};

	assert_true(text_set(&filter.card_no,
		span_from_string(cards[fixture_random(seed) % ARRAY_COUNT(cards)])));
	assert_true(text_set(&filter.user_id,
		span_from_string(users[fixture_random(seed) % ARRAY_COUNT(users)])));
	return filter;
}

/* The n-th row is where it must be. */
static void check_offset(struct store_reader *reader, const struct record_filter *filter,
	const struct rows *rows, uint32_t count, uint32_t offset)
{
	static struct journal_entry got[3];
	struct record_cursor cursor = {0};
	uint32_t found = 0;
	uint32_t left = offset < count ? count - offset : 0;

	assert_int_equal(store_records(reader, filter, &cursor, offset, got, 3, &found), 0);
	assert_int_equal(found, left < 3 ? left : 3);
	for (uint32_t i = 0; i < found; i++)
		assert_int_equal(got[i].rec_no, rows->wanted[offset + i]->rec_no);
}

static uint32_t check_filters(struct fixture *f, struct rows *rows, uint64_t *seed, int times)
{
	struct store_reader *reader = NULL;
	struct store_state now;
	uint32_t seen = 0;

	store_state(f->store, &now);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	for (int i = 0; i < times; i++) {
		struct record_filter filter = random_filter(seed, rows->count);
		uint32_t count = reference_records(
			rows->row, rows->count, &filter, now.oldest_rec_no, rows->wanted);
		uint64_t total = 0;

		assert_int_equal(store_record_count(reader, &filter, &total), 0);
		assert_int_equal(total, count);
		check_offset(reader, &filter, rows, count,
			(uint32_t)(fixture_random(seed) % (count + 10)));
		seen += count > 20;
	}
	(void)store_reader_close(reader);
	return seen;
}

static struct rows *rows_new(struct fixture *f)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	assert_non_null(rows);
	f->store->block_records = 8;
	f->store->block_fold = 3;
	return rows;
}

/* How many blocks of a kind and level there are. */
static int64_t blocks(struct fixture *f, int kind, int level)
{
	char text[128];
	int64_t count = 0;

	(void)snprintf(text, sizeof(text),
		"SELECT count(*) FROM (SELECT DISTINCT key, from_ms, from_no FROM record_block"
		" WHERE kind = %d AND level = %d)",
		kind, level);
	assert_int_equal(sql_number(f->store->connection.db, text, &count), 0);
	return count;
}

static void totals_agree_with_a_plain_loop(void **state)
{
	struct fixture *f = *state;
	struct rows *rows = rows_new(f);
	uint64_t seed = 11;

	fill(f, rows, &seed, ROWS);
	for (int level = 0; level < BLOCK_LEVELS; level++) {
		assert_true(blocks(f, BLOCK_ALL, level) > 0);
		assert_true(blocks(f, BLOCK_CARD, level) > 0);
		assert_true(blocks(f, BLOCK_USER, level) > 0);
	}
	assert_true(blocks(f, BLOCK_ALL, 0) > ROWS / 8 / STORE_SPLIT / 3); /* none grows for ever */
	assert_true(check_filters(f, rows, &seed, 400) > 100);
	free(rows);
}

static void totals_leave_out_what_the_ring_dropped(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 12;

	/* The journal's ring is longer at first: dropped records are in its index still. */
	f->options.records_max = 400;
	f->options.journal_max = 1500;
	fixture_reopen(f);
	struct rows *rows = rows_new(f);

	for (int i = 0; i < 25; i++) {
		fill(f, rows, &seed, 100);
		(void)check_filters(f, rows, &seed, 20);
	}
	assert_true(check_filters(f, rows, &seed, 100) > 10);
	/* Nothing of what is gone stays for ever. */
	int64_t dead = 0;

	assert_int_equal(sql_number(f->store->connection.db,
				 "SELECT count(*) FROM record_block WHERE no_max < 900", &dead),
		0);
	assert_int_equal(dead, 0);
	free(rows);
}

/* The clock is set back by the whole time: all blocks get as many records again. */
static void records_of_a_clock_set_back_count_where_they_come(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 13;

	f->options.records_max = 900;
	fixture_reopen(f);
	struct rows *rows = rows_new(f);

	for (int i = 0; i < 4; i++) {
		fill(f, rows, &seed, 600); /* begins at the same time each time */
		assert_true(check_filters(f, rows, &seed, 60) > 5);
	}
	free(rows);
}

static void missing_blocks_are_made_when_idle(void **state)
{
	struct fixture *f = *state;
	struct rows *rows = rows_new(f);
	uint64_t seed = 14;
	bool more = true;
	uint32_t steps = 0;

	fill(f, rows, &seed, 1200);
	fixture_close(f);
	fixture_sql(f, "DELETE FROM record_block");
	fixture_sql(f, "UPDATE counter SET value = 0 WHERE name = 'totals'");
	assert_int_equal(fixture_open(f), 0);
	f->store->block_records = 8;
	f->store->block_fold = 3;
	while (more) {
		if (steps % 7 == 0)
			(void)check_filters(f, rows, &seed, 5);
		if (steps % 11 == 0)
			fill(f, rows, &seed, 3);
		assert_int_equal(store_tidy(f->store, &more), 0);
		steps++;
	}
	assert_true(steps > 20); /* not all in one go */
	for (int kind = 0; kind < BLOCK_KIND_COUNT; kind++)
		assert_true(blocks(f, kind, 1) > 0);
	assert_true(check_filters(f, rows, &seed, 100) > 20);
	/* Done once: the next start does not look again. */
	fixture_reopen(f);
	assert_int_equal(store_tidy(f->store, &more), 0);
	assert_false(more);
	free(rows);
}

static void rolled_back_records_count_nowhere(void **state)
{
	struct fixture *f = *state;
	struct rows *rows = rows_new(f);
	uint64_t seed = 15;

	fill(f, rows, &seed, 500);
	assert_int_equal(store_begin(f->store), 0);
	for (int i = 0; i < 200; i++) {
		struct commit_entry entry = random_record(&seed, FIXTURE_T0_MS + i * 1000);

		assert_int_equal(store_append(f->store, &entry, NULL), 0);
	}
	store_rollback(f->store);
	assert_true(check_filters(f, rows, &seed, 60) > 10);
	free(rows);
}

/* What a statement does, step by step, as one text of lines. */
static void plan_of(struct fixture *f, const char *sql, char *ret, size_t size)
{
	char text[8192];
	sqlite3_stmt *stmt = NULL;
	size_t len = 0;

	(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
	if (sqlite3_prepare_v2(f->store->connection.db, text, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s", sql);
	ret[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW && len < size)
		len += (size_t)snprintf(
			ret + len, size - len, "%s\n", (const char *)sqlite3_column_text(stmt, 3));
	(void)sqlite3_finalize(stmt);
}

/* Tables that grow. */
static bool scans_a_large_table(const char *plan)
{
	static const char *const large[] = {"SCAN j\n", "SCAN w\n", "SCAN journal\n", "SCAN p\n",
		"SCAN c\n", "SCAN h\n", "SCAN record_person", "SCAN record_block", "SCAN person\n",
		"SCAN credential_card", "SCAN credential_pin", "SCAN access_rule",
		"SCAN journal USING", "SCAN person USING"};

	for (size_t i = 0; i < ARRAY_COUNT(large); i++) {
		if (strstr(plan, large[i]) != NULL)
			return true;
	}
	return false;
}

static void no_statement_scans_what_grows(void **state)
{
	struct fixture *f = *state;
	char plan[4096];
	uint32_t seen = 0;

	for (int id = 0; id < SQL_COUNT; id++) {
		if (id == SQL_JOURNAL_MAXIMA || id == SQL_JOURNAL_NEWEST ||
			id == SQL_BLOCK_DELETE_ALL_BELOW)
			continue; /* one end of an index: below */
		if (id >= SQL_DOOR_USE && id <= SQL_DOOR_MOVE_BLOCKS_END)
			continue; /* of `posternd renumber`, while nobody waits */
		plan_of(f, sql_text[id], plan, sizeof(plan));
		if (scans_a_large_table(plan))
			fail_msg("%s\n%s", sql_text[id], plan);
		seen += plan[0] != '\0';
	}
	assert_true(seen > 50);
	plan_of(f, "SELECT count(*) FROM journal AS j WHERE j.boot_ns = 1", plan, sizeof(plan));
	assert_true(scans_a_large_table(plan)); /* the judge sees one */
}

/* Rows that no block can speak for are a stretch of one index, and blocks one of their key. */
static void totals_walk_one_index(void **state)
{
	struct fixture *f = *state;
	char plan[4096];
	char sql[4096];

	plan_of(f, sql_blocks, plan, sizeof(plan));
	assert_string_equal(plan, "SEARCH record_block USING PRIMARY KEY"
				  " (kind=? AND key=? AND level=? AND (from_ms,from_no)>(?,?)"
				  " AND (from_ms,from_no)<(?,?))\n");
	for (int i = 0; i < SQL_LEAD_COUNT; i++) {
		const struct sql_lead *lead = &sql_leads[i];

		(void)snprintf(sql, sizeof(sql), "%s%s%s%s%s%s", sql_records_total, lead->total,
			lead->key, lead->after, lead->before, sql_records_bounds);
		plan_of(f, sql, plan, sizeof(plan));
		assert_false(scans_a_large_table(plan));
		assert_null(strstr(plan, "TEMP B-TREE"));
		assert_non_null(strstr(plan, "(utc_ms,rec_no)>(?,?) AND (utc_ms,rec_no)<(?,?)"));
	}
}

/* --- persons --- */

#define PERSONS 2200

static uint32_t left_of(const bool *there, uint32_t *ret_no)
{
	uint32_t count = 0;

	for (uint32_t no = 1; no <= 2 * PERSONS; no++) {
		if (there[no])
			ret_no[count++] = no;
	}
	return count;
}

static void check_persons(struct fixture *f, const bool *there, uint64_t *seed)
{
	static uint32_t no[2 * PERSONS];
	uint32_t count = left_of(there, no);
	struct store_reader *reader = NULL;
	struct person_filter all = {0};
	struct store_state now;
	uint64_t total = 0;

	store_state(f->store, &now);
	assert_int_equal(now.persons, count);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_person_count(reader, &all, &total), 0);
	assert_int_equal(total, count);
	for (int i = 0; i < 40; i++) {
		uint64_t after =
			fixture_random(seed) % 3 == 0 ? 0 : fixture_random(seed) % (2 * PERSONS);
		uint32_t offset = (uint32_t)(fixture_random(seed) % PERSONS);
		struct person row;
		uint32_t found = 0;
		uint32_t at = 0;

		while (at < count && no[at] <= after)
			at++;
		assert_int_equal(store_persons(reader, &all, after, offset, &row, 1, &found), 0);
		assert_int_equal(found, at + offset < count);
		if (found > 0)
			assert_int_equal(row.no, no[at + offset]);
	}
	(void)store_reader_close(reader);
}

static struct person numbered(uint32_t i)
{
	char card[16];
	char user[16];

	(void)snprintf(card, sizeof(card), "%u", 1000 + i);
	(void)snprintf(user, sizeof(user), "u%u", i);
	return fixture_person(user, card, "x");
}

static void insert_many(struct fixture *f, bool *there)
{
	assert_int_equal(store_begin(f->store), 0);
	for (uint32_t i = 0; i < PERSONS; i++) {
		struct person person = numbered(i);
		uint64_t no = 0;

		assert_int_equal(store_person_insert(f->store, &person, &no), 0);
		there[no] = true;
	}
	assert_int_equal(store_commit(f->store), 0);
}

static void remove_some(struct fixture *f, bool *there, uint64_t *seed)
{
	assert_int_equal(store_begin(f->store), 0);
	for (uint32_t i = 0; i < PERSONS / 3; i++) {
		uint64_t no = 1 + fixture_random(seed) % (2 * PERSONS - 1);
		int error = store_person_remove(f->store, no);

		assert_int_equal(error, there[no] ? 0 : STORE_NOT_FOUND);
		there[no] = false;
	}
	assert_int_equal(store_commit(f->store), 0);
}

static void roll_back_a_removal(struct fixture *f)
{
	struct store_state before;
	struct store_state now;

	store_state(f->store, &before);
	assert_int_equal(store_begin(f->store), 0);
	for (uint64_t no = 1; no <= PERSONS; no++)
		assert_in_range(store_person_remove(f->store, no), 0, STORE_NOT_FOUND);
	store_state(f->store, &now);
	assert_true(now.persons < before.persons);
	store_rollback(f->store);
}

static void persons_are_counted_and_found_by_place(void **state)
{
	struct fixture *f = *state;
	static bool there[2 * PERSONS + 1];
	uint64_t seed = 21;

	memset(there, 0, sizeof(there));
	f->options.persons_max = PERSONS;
	fixture_reopen(f);
	insert_many(f, there);
	check_persons(f, there, &seed);
	remove_some(f, there, &seed);
	check_persons(f, there, &seed);
	roll_back_a_removal(f);
	check_persons(f, there, &seed);
	fixture_reopen(f);
	check_persons(f, there, &seed);
}

/* Cleared persons are gone at once, for everything, though their rows are there still. */
static void cleared_persons_are_in_nobodys_way(void **state)
{
	struct fixture *f = *state;
	static bool there[2 * PERSONS + 1];
	struct store_reader *reader = NULL;
	struct person_filter by_card = {.has_card_no = true};
	uint64_t seed = 22;
	uint64_t total = 0;
	bool more = true;
	uint32_t slices = 0;

	memset(there, 0, sizeof(there));
	f->options.persons_max = PERSONS;
	f->options.pin_opens_alone = true;
	f->options.pin_alone_digits = 4;
	fixture_reopen(f);
	insert_many(f, there);
	struct person pin = fixture_person("pin", "", "x");

	assert_true(text_set(&pin.password, SPAN_LIT("12345678")));
	fixture_remove(f, 1);
	uint64_t pin_no = fixture_insert(f, &pin);

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	memset(there, 0, sizeof(there));
	check_persons(f, there, &seed);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_true(text_set(&by_card.card_no, SPAN_LIT("1005")));
	assert_int_equal(store_person_count(reader, &by_card, &total), 0);
	assert_int_equal(total, 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_remove(f->store, pin_no), STORE_NOT_FOUND);
	assert_int_equal(store_commit(f->store), 0);
	/* Their card, user id and PIN can be given out again. */
	struct person again = numbered(5);

	there[fixture_insert(f, &again)] = true;
	there[fixture_insert(f, &pin)] = true;
	assert_int_equal(store_person_count(reader, &by_card, &total), 0);
	assert_int_equal(total, 1);
	(void)store_reader_close(reader);
	for (; more; slices++) {
		check_persons(f, there, &seed);
		if (slices == 3)
			fixture_reopen(f); /* a restart in the middle goes on */
		assert_int_equal(store_tidy(f->store, &more), 0);
	}
	assert_true(slices > 10);
	check_persons(f, there, &seed);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT (SELECT count(*) FROM person) * 1000000 +"
					   " (SELECT count(*) FROM credential_card) * 10000 +"
					   " (SELECT count(*) FROM credential_pin) * 100 +"
					   " (SELECT count(*) FROM access_rule)"),
		2020102);
}

static int count_credential(void *user, const struct credential *credential)
{
	assert_true(credential->person_no > PERSONS);
	*(uint32_t *)user += 1;
	return 0;
}

static void cleared_persons_come_back_with_no_restart(void **state)
{
	struct fixture *f = *state;
	static bool there[2 * PERSONS + 1];
	uint32_t count = 0;

	f->options.persons_max = PERSONS;
	fixture_reopen(f);
	insert_many(f, there);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	struct person again = numbered(7);

	(void)fixture_insert(f, &again);
	fixture_reopen(f);
	assert_int_equal(store_credentials(f->store, count_credential, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	store_rollback(f->store);
	count = 0;
	assert_int_equal(store_credentials(f->store, count_credential, &count), 0);
	assert_int_equal(count, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(totals_agree_with_a_plain_loop),
		CASE(totals_leave_out_what_the_ring_dropped),
		CASE(records_of_a_clock_set_back_count_where_they_come),
		CASE(missing_blocks_are_made_when_idle),
		CASE(rolled_back_records_count_nowhere),
		CASE(no_statement_scans_what_grows),
		CASE(totals_walk_one_index),
		CASE(persons_are_counted_and_found_by_place),
		CASE(cleared_persons_are_in_nobodys_way),
		CASE(cleared_persons_come_back_with_no_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
