// SPDX-License-Identifier: Apache-2.0
/* See fixture.h. Every step that must work is asserted here, so that tests stay short. */
#include "fixture.h"

#include "scratch.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int fixture_open(struct fixture *f)
{
	return store_open(f->dir_fd, &f->options, &f->store, f->detail);
}

void fixture_close(struct fixture *f)
{
	f->store = store_close(f->store);
}

void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	int error = fixture_open(f);

	if (error != 0)
		fail_msg("store_open: %d %s", error, f->detail);
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir_fd = scratch_make(f->path);
	assert_true(f->dir_fd >= 0);
	f->options = (struct store_options){
		.records_max = 1000000, .journal_max = 1000000, .persons_max = 1000};
	f->options.door[0].configured = true;
	assert_true(text_set(&f->options.door[0].id, SPAN_LIT("front")));
	f->options.door[1].configured = true;
	assert_true(text_set(&f->options.door[1].id, SPAN_LIT("back")));
	*state = f;
	assert_int_equal(fixture_open(f), 0);
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	scratch_empty(f->path, true);
	(void)close(f->dir_fd);
	free(f);
	return 0;
}

static sqlite3 *open_raw(struct fixture *f)
{
	char path[128];
	sqlite3 *db = NULL;

	assert_null(f->store);
	(void)snprintf(path, sizeof(path), "%s/postern.db", f->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

void fixture_copy_file(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t len = 0;

	assert_true(in >= 0 && out >= 0);
	while ((len = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)len), len);
	assert_int_equal(len, 0);
	(void)close(in);
	(void)close(out);
}

void fixture_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db = open_raw(f);
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t fixture_number(struct fixture *f, const char *sql)
{
	sqlite3 *db = open_raw(f);
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(stmt, 0);

	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return number;
}

struct person fixture_person(const char *user_id, const char *card_no, const char *name)
{
	struct person person = {.is_valid = true,
		.uses_left = USES_UNLIMITED,
		.repeat_enter_timeout = UINT32_MAX,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS};

	assert_true(text_set(&person.user_id, span_from_string(user_id)));
	assert_true(text_set(&person.card_no, span_from_string(card_no)));
	assert_true(text_set(&person.name, span_from_string(name)));
	person.doors[0] = (struct person_door){.has_door = true};
	return person;
}

uint64_t fixture_insert(struct fixture *f, const struct person *person)
{
	uint64_t no = 0;

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_insert(f->store, person, &no), 0);
	assert_int_equal(store_commit(f->store), 0);
	return no;
}

void fixture_remove(struct fixture *f, uint64_t no)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_remove(f->store, no), 0);
	assert_int_equal(store_commit(f->store), 0);
}

struct commit_entry fixture_card(uint64_t person_no, uint64_t card_number)
{
	return (struct commit_entry){.kind = JOURNAL_ACCESS,
		.at = {.boot_ns = 5 * NS_PER_S, .utc_ms = FIXTURE_T0_MS, .trusted = true},
		.person_no = person_no,
		.card_number = card_number,
		.card_bits = 34,
		.has_card = true,
		.reader = 1,
		.method = METHOD_CARD,
		.reason = person_no != 0 ? REASON_GRANTED : REASON_UNKNOWN_CARD};
}

struct journal_entry fixture_append(struct fixture *f, const struct commit_entry *entry)
{
	struct journal_entry row;

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, entry, &row), 0);
	assert_int_equal(store_commit(f->store), 0);
	return row;
}

struct person fixture_get_person(struct fixture *f, uint64_t no)
{
	struct store_reader *reader = NULL;
	struct person_filter filter = {.has_no = true, .no = no};
	struct person person;
	uint32_t count = 0;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_persons(reader, &filter, 0, 0, &person, 1, &count), 0);
	assert_int_equal(count, 1);
	(void)store_reader_close(reader);
	return person;
}

struct journal_entry fixture_get_entry(struct fixture *f, uint64_t seq)
{
	struct store_reader *reader = NULL;
	struct journal_entry entry;
	uint32_t count = 0;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_journal(reader, seq - 1, &entry, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(entry.seq, seq);
	(void)store_reader_close(reader);
	return entry;
}

void assert_text_is(struct span text, const char *string)
{
	if (!span_equal(text, span_from_string(string)))
		fail_msg("`%.*s` is not `%s`", (int)text.len, text.data, string);
}

uint64_t fixture_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
