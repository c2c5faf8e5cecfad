// SPDX-License-Identifier: Apache-2.0
/*
 * Queries against a slow reference: every filter is judged by a plain loop over the rows as they
 * were appended, pages included, with many equal times and a clock that jumps back.
 */
#include "fixture.h"

#include "internal.h"
#include "reference.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS 600

struct rows {
	uint32_t count;
	struct journal_entry row[ROWS];
};

static struct commit_entry random_record(uint64_t *seed)
{
	static const uint8_t methods[] = {METHOD_CARD, METHOD_CARD, METHOD_REMOTE, METHOD_FACE};
	static const uint8_t reasons[] = {REASON_GRANTED, REASON_COMMAND, REASON_NO_RIGHT};
	struct commit_entry entry = fixture_card(fixture_random(seed) % 4, 0);

	entry.card_number =
		entry.person_no != 0 ? 100 + entry.person_no : 100 + fixture_random(seed) % 6;
	entry.has_card = fixture_random(seed) % 8 != 0;
	entry.door = (uint8_t)(fixture_random(seed) % 3);
	entry.method = methods[fixture_random(seed) % ARRAY_COUNT(methods)];
	entry.reason = reasons[fixture_random(seed) % ARRAY_COUNT(reasons)];
	/* Few different times around 1970, so that many are equal and some are before it. */
	entry.at.utc_ms = (int64_t)(fixture_random(seed) % 20) * 250 - 2000;
	return entry;
}

static void fill(struct fixture *f, struct rows *rows, uint64_t *seed)
{
	static const char *const cards[] = {"0101", "102", "103"};

	for (int i = 0; i < 3; i++) {
		struct person person = fixture_person((char[]){(char)('a' + i), 0}, cards[i], "x");

		(void)fixture_insert(f, &person);
	}
	assert_int_equal(store_begin(f->store), 0);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct commit_entry entry = random_record(seed);
		struct commit_entry opened = {.kind = JOURNAL_DOOR_OPENED, .at = entry.at};

		assert_int_equal(store_append(f->store, &entry, &rows->row[i]), 0);
		if (i % 5 == 0)
			assert_int_equal(store_append(f->store, &opened, NULL), 0);
	}
	assert_int_equal(store_commit(f->store), 0);
	rows->count = ROWS;
}

static struct record_filter random_filter(uint64_t *seed)
{
	static const char *const cards[] = {"101", "0000102", "105", "", "nobody"};
	static const char *const users[] = {"a", "b", "", "A"};
	uint64_t bits = fixture_random(seed) & fixture_random(seed);
	struct record_filter filter = {
		.has_from = bits & 1,
		.has_to = bits & 2,
		.has_card_no = bits & 4,
		.has_user_id = bits & 8,
		.has_door = bits & 16,
		.has_status = bits & 32,
		.has_method = bits & 64,
		.door = (uint8_t)(fixture_random(seed) % 4),
		.status = (uint8_t)(fixture_random(seed) % 2),
		.method = bits & 256 ? METHOD_CARD : METHOD_FACE,
		.from_s = (int64_t)(fixture_random(seed) % 8) - 3,
		.to_s = (int64_t)(fixture_random(seed) % 8) - 3,
		.after_rec_no = bits & 128 ? fixture_random(seed) % ROWS : 0,
	};

	assert_true(text_set(&filter.card_no,
		span_from_string(cards[fixture_random(seed) % ARRAY_COUNT(cards)])));
	assert_true(text_set(&filter.user_id,
		span_from_string(users[fixture_random(seed) % ARRAY_COUNT(users)])));
	return filter;
}

static void check_filter(struct store_reader *reader, const struct record_filter *filter,
	const struct journal_entry **wanted, uint32_t count, uint32_t page)
{
	static struct journal_entry got[ROWS];
	struct record_cursor cursor = {0};
	uint64_t total = 0;
	uint32_t at = 0;
	uint32_t rows = 0;

	assert_int_equal(store_record_count(reader, filter, &total), 0);
	assert_int_equal(total, count);
	do {
		assert_int_equal(store_records(reader, filter, &cursor, 0, got, page, &rows), 0);
		assert_true(at + rows <= count);
		for (uint32_t i = 0; i < rows; i++)
			assert_memory_equal(&got[i], wanted[at + i], sizeof(got[i]));
		at += rows;
	} while (rows == page);
	assert_int_equal(at, count);
	cursor = (struct record_cursor){0};
	uint32_t offset = count / 2;

	assert_int_equal(store_records(reader, filter, &cursor, offset, got, page, &rows), 0);
	assert_int_equal(rows, count - offset < page ? count - offset : page);
	if (rows > 0)
		assert_memory_equal(&got[0], wanted[offset], sizeof(got[0]));
}

static void filters_agree_with_a_plain_loop(void **state)
{
	struct fixture *f = *state;
	struct rows *rows = calloc(1, sizeof(*rows));
	const struct journal_entry *wanted[ROWS];
	struct store_reader *reader = NULL;
	uint64_t seed = 7;
	uint32_t seen = 0;

	assert_non_null(rows);
	fill(f, rows, &seed);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	for (int i = 0; i < 300; i++) {
		struct record_filter filter = random_filter(&seed);
		uint32_t count = reference_records(rows->row, rows->count, &filter, 1, wanted);

		seen += count > 0;
		check_filter(reader, &filter, wanted, count, 1 + (uint32_t)i % 97);
	}
	assert_true(seen > 100); /* the filters are not mostly empty */
	(void)store_reader_close(reader);
	free(rows);
}

static void filters_leave_out_what_the_ring_dropped(void **state)
{
	struct fixture *f = *state;
	struct rows *rows = calloc(1, sizeof(*rows));
	const struct journal_entry *wanted[ROWS];
	struct store_reader *reader = NULL;
	struct store_state now;
	uint64_t seed = 8;

	assert_non_null(rows);
	f->options.records_max = 200;
	fixture_reopen(f);
	fill(f, rows, &seed);
	store_state(f->store, &now);
	assert_int_equal(now.oldest_rec_no, ROWS - 200 + 1);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	for (int i = 0; i < 100; i++) {
		struct record_filter filter = random_filter(&seed);
		uint32_t count = reference_records(
			rows->row, rows->count, &filter, now.oldest_rec_no, wanted);

		check_filter(reader, &filter, wanted, count, 50);
	}
	(void)store_reader_close(reader);
	free(rows);
}

static void records_appended_behind_the_cursor_are_reached(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct store_reader *reader = NULL;
	struct record_filter all = {0};
	struct record_cursor cursor = {0};
	struct journal_entry row;
	uint32_t count = 0;

	(void)fixture_append(f, &card);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_records(reader, &all, &cursor, 0, &row, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_records(reader, &all, &cursor, 0, &row, 1, &count), 0);
	assert_int_equal(count, 0);
	(void)fixture_append(f, &card); /* the same millisecond */
	assert_int_equal(store_records(reader, &all, &cursor, 0, &row, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(row.rec_no, 2);
	(void)store_reader_close(reader);
}

static void record_after_a_clock_jump_back_is_found_by_number(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct store_reader *reader = NULL;
	struct record_filter after = {.after_rec_no = 1};
	struct record_cursor cursor = {0};
	struct journal_entry row[3];
	uint32_t count = 0;

	(void)fixture_append(f, &card);
	card.at.utc_ms -= 86400000;
	(void)fixture_append(f, &card);
	card.at.utc_ms = INT64_MAX;
	(void)fixture_append(f, &card);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_records(reader, &after, &cursor, 0, row, 3, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(row[0].rec_no, 2);
	assert_int_equal(row[1].rec_no, 3);
	struct record_filter extremes = {
		.has_from = true, .has_to = true, .from_s = INT64_MIN, .to_s = INT64_MAX};
	uint64_t total = 0;

	assert_int_equal(store_record_count(reader, &extremes, &total), 0);
	assert_int_equal(total, 3);
	(void)store_reader_close(reader);
}

static void hostile_texts_are_values(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct store_reader *reader = NULL;
	struct record_filter filter = {.has_user_id = true, .has_card_no = true};
	struct person_filter people = {.has_user_id = true};
	static const char *const texts[] = {
		"' OR 1=1--", "\";", "x'; DROP TABLE person;--", "?", "%", "a\0b"};
	uint64_t total = 9;

	(void)fixture_append(f, &card);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		assert_true(text_set(&filter.user_id, span_from_string(texts[i])));
		assert_true(text_set(&filter.card_no, span_from_string(texts[i])));
		people.user_id = filter.user_id;
		assert_int_equal(store_record_count(reader, &filter, &total), 0);
		assert_int_equal(total, 0);
		assert_int_equal(store_person_count(reader, &people, &total), 0);
		assert_int_equal(total, 0);
	}
	filter = (struct record_filter){0};
	assert_int_equal(store_record_count(reader, &filter, &total), 0);
	assert_int_equal(total, 1);
	(void)store_reader_close(reader);
}

/* A page must be a walk along one index: no sorting, no scan of a whole table. */
static void pages_walk_one_index(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = f->store->connection.db;
	static const char *const wanted[SQL_LEAD_COUNT] = {
		[SQL_LEAD_TIME] = "SEARCH j USING INDEX journal_time ((utc_ms,rec_no)>(?,?) AND "
				  "(utc_ms,rec_no)<(?,?))",
		[SQL_LEAD_CARD] =
			"SEARCH w USING INDEX record_person_card"
			" (card_key=? AND (utc_ms,rec_no)>(?,?) AND (utc_ms,rec_no)<(?,?))",
		[SQL_LEAD_USER] =
			"SEARCH w USING INDEX record_person_user"
			" (user_id=? AND (utc_ms,rec_no)>(?,?) AND (utc_ms,rec_no)<(?,?))",
		[SQL_LEAD_METHOD] =
			"SEARCH j USING INDEX journal_method"
			" (method=? AND (utc_ms,rec_no)>(?,?) AND (utc_ms,rec_no)<(?,?))",
		[SQL_LEAD_FAILED] = "SEARCH j USING INDEX journal_failed ((utc_ms,rec_no)>(?,?) "
				    "AND (utc_ms,rec_no)<(?,?))",
		[SQL_LEAD_DOOR] = "SEARCH j USING INDEX journal_door"
				  " (door=? AND (utc_ms,rec_no)>(?,?) AND (utc_ms,rec_no)<(?,?))",
	};

	for (int i = 0; i < SQL_LEAD_COUNT; i++) {
		const struct sql_lead *lead = &sql_leads[i];
		char text[4096];
		sqlite3_stmt *stmt = NULL;

		(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s%s%s%s%s%s%s LIMIT 20",
			sql_records_columns, lead->rows, lead->key, lead->after, lead->before,
			sql_records_bounds, lead->order);
		assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(stmt, 3), wanted[i]);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(stmt, 3);

			assert_null(strstr(step, "TEMP B-TREE"));
			assert_null(strstr(step, "SCAN"));
		}
		(void)sqlite3_finalize(stmt);
	}
}

static void person_filters_and_pages(void **state)
{
	struct fixture *f = *state;
	struct store_reader *reader = NULL;
	struct person_filter filter = {0};
	struct person row[4];
	uint32_t count = 0;
	uint64_t total = 0;

	for (int i = 0; i < 10; i++) {
		char card[] = {'0', (char)('0' + i), 0};
		struct person person = fixture_person((char[]){(char)('a' + i), 0}, card, "x");

		(void)fixture_insert(f, &person);
	}
	fixture_remove(f, 4);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_persons(reader, &filter, 2, 1, row, 4, &count), 0);
	assert_int_equal(count, 4); /* 3 is left out by the offset, 4 is gone */
	assert_int_equal(row[0].no, 5);
	assert_int_equal(row[3].no, 8);
	assert_true(row[3].doors[0].has_door);
	assert_int_equal(store_person_count(reader, &filter, &total), 0);
	assert_int_equal(total, 9);
	filter.has_card_no = true;
	assert_true(text_set(&filter.card_no, SPAN_LIT("0006")));
	assert_int_equal(store_persons(reader, &filter, 0, 0, row, 4, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(row[0].no, 7);
	filter.has_user_id = true;
	assert_true(text_set(&filter.user_id, SPAN_LIT("a")));
	assert_int_equal(store_person_count(reader, &filter, &total), 0);
	assert_int_equal(total, 0);
	filter = (struct person_filter){.has_no = true, .no = 4};
	assert_int_equal(store_person_count(reader, &filter, &total), 0);
	assert_int_equal(total, 0);
	(void)store_reader_close(reader);
}

static void journal_is_read_by_seq(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);
	struct commit_entry opened = {.kind = JOURNAL_DOOR_OPENED, .at = card.at};
	struct store_reader *reader = NULL;
	struct journal_entry row[10];
	uint32_t count = 0;
	uint64_t seq = 9;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_seq_of_record(reader, 5, &seq), 0);
	assert_int_equal(seq, 0);
	for (int i = 0; i < 3; i++) {
		(void)fixture_append(f, &opened);
		(void)fixture_append(f, &card);
	}
	assert_int_equal(store_journal(reader, 2, row, 10, &count), 0);
	assert_int_equal(count, 4);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(row[i].seq, 3 + i);
	assert_int_equal(store_journal(reader, 6, row, 10, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_seq_of_record(reader, 2, &seq), 0);
	assert_int_equal(seq, 4);
	assert_int_equal(store_seq_of_record(reader, UINT32_MAX, &seq), 0);
	assert_int_equal(seq, 6);
	assert_int_equal(store_seq_of_record(reader, 0, &seq), 0);
	assert_int_equal(seq, 0);
	(void)store_reader_close(reader);
}

struct reading {
	struct store *store;
	atomic_bool stop;
	uint64_t pages;
	int error;
};

/* A reader beside the writer sees whole commits: two records each, always an even number. */
static void *read_along(void *user)
{
	struct reading *reading = user;
	struct store_reader *reader = NULL;
	struct record_filter all = {0};
	uint64_t last = 0;

	reading->error = store_reader_open(reading->store, &reader);
	while (reading->error == 0 && (!atomic_load(&reading->stop) || reading->pages == 0)) {
		struct record_cursor cursor = {0};
		struct journal_entry row[8];
		uint64_t total = 0;
		uint32_t count = 0;

		reading->error = store_record_count(reader, &all, &total);
		if (reading->error == 0)
			reading->error = store_records(reader, &all, &cursor, 0, row, 8, &count);
		if (total % 2 != 0 || total < last)
			reading->error = -1;
		last = total;
		reading->pages++;
	}
	(void)store_reader_close(reader);
	return NULL;
}

static void readers_run_beside_the_writer(void **state)
{
	struct fixture *f = *state;
	struct reading reading[2] = {{.store = f->store}, {.store = f->store}};
	pthread_t thread[2];
	struct commit_entry card = fixture_card(0, 77);

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_along, &reading[i]), 0);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(store_begin(f->store), 0);
		assert_int_equal(store_append(f->store, &card, NULL), 0);
		assert_int_equal(store_append(f->store, &card, NULL), 0);
		assert_int_equal(store_commit(f->store), 0);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&reading[i].stop, true);
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(reading[i].error, 0);
		assert_true(reading[i].pages > 0);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(filters_agree_with_a_plain_loop),
		CASE(filters_leave_out_what_the_ring_dropped),
		CASE(records_appended_behind_the_cursor_are_reached),
		CASE(record_after_a_clock_jump_back_is_found_by_number),
		CASE(hostile_texts_are_values),
		CASE(pages_walk_one_index),
		CASE(person_filters_and_pages),
		CASE(journal_is_read_by_seq),
		CASE(readers_run_beside_the_writer),
	};

	return cmocka_run_group_tests_name("store_query", tests, NULL, NULL);
}
