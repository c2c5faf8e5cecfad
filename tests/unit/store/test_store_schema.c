// SPDX-License-Identifier: Apache-2.0
/* Databases of older schemas: migrations, and what every schema left is there afterwards. */
#include "fixture.h"

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)
#define COPY_NAME "postern.db.schema-" TEXT_OF(STORE_SCHEMA_VERSION)

static const struct progress_call no_progress;

static void migration_runs_all_steps_after_a_copy(void **state)
{
	struct fixture *f = *state;
	static const struct migration steps[] = {
		{.from = STORE_SCHEMA_VERSION + 1, .sql = "INSERT INTO added(x) VALUES(2)"},
		{.from = STORE_SCHEMA_VERSION,
			.sql = "CREATE TABLE added(x INTEGER); INSERT INTO added(x) VALUES(1)"}};
	struct connection connection;
	struct stat info;
	int64_t value = 0;

	fixture_close(f);
	assert_int_equal(
		connection_open(&connection, f->dir_fd, STORE_FILE, SQLITE_OPEN_READWRITE), 0);
	assert_int_equal(schema_migrate(&connection, STORE_FILE, steps, ARRAY_COUNT(steps),
				 STORE_SCHEMA_VERSION, STORE_SCHEMA_VERSION + 2, &no_progress),
		0);
	assert_int_equal(sql_number(connection.db, "SELECT sum(x) FROM added", &value), 0);
	assert_int_equal(value, 3);
	connection_close(&connection);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), STORE_SCHEMA_VERSION + 2);
	assert_int_equal(fstatat(f->dir_fd, COPY_NAME, &info, 0), 0);
	/* The copy is a whole database of the old schema. */
	assert_int_equal(renameat(f->dir_fd, COPY_NAME, f->dir_fd, "postern.db"), 0);
	assert_int_equal(fixture_open(f), 0);
}

static void failed_migration_changes_nothing(void **state)
{
	struct fixture *f = *state;
	static const struct migration steps[] = {
		{.from = STORE_SCHEMA_VERSION, .sql = "CREATE TABLE added(x INTEGER)"},
		{.from = STORE_SCHEMA_VERSION + 1, .sql = "INSERT INTO no_such_table VALUES(1)"}};
	struct connection connection;

	fixture_close(f);
	assert_int_equal(
		connection_open(&connection, f->dir_fd, STORE_FILE, SQLITE_OPEN_READWRITE), 0);
	assert_int_equal(schema_migrate(&connection, STORE_FILE, steps, ARRAY_COUNT(steps),
				 STORE_SCHEMA_VERSION, STORE_SCHEMA_VERSION + 2, &no_progress),
		STORE_CORRUPT);
	connection_close(&connection);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
	assert_int_equal(fixture_open(f), 0);
}

static int check_account(void *user, const struct account *account)
{
	assert_text(&account->name, "admin");
	assert_text(&account->password, "fixture password 1");
	*(int *)user += 1;
	return 0;
}

static void copy_fixture(struct fixture *f, const char *database, const char *key)
{
	char path[128];

	fixture_close(f);
	(void)snprintf(path, sizeof(path), "%s/postern.db", f->path);
	fixture_copy_file(database, path);
	(void)unlinkat(f->dir_fd, "device.key", 0);
	(void)snprintf(path, sizeof(path), "%s/device.key", f->path);
	fixture_copy_file(key, path);
}

static int take_credential(void *user, const struct credential *credential)
{
	struct credential *of = user;

	assert_true(credential->person_no >= 1 && credential->person_no <= 3);
	of[credential->person_no] = *credential;
	return 0;
}

static uint64_t pin_hash(struct fixture *f, struct span digits)
{
	struct pin_key key;

	store_pin_key(f->store, &key);
	return pin_key_hash(&key, digits);
}

/* A database as schema 1 first wrote it must stay readable for ever. */
static void fixture_database_of_schema_1_opens(void **state)
{
	struct fixture *f = *state;
	int accounts = 0;
	struct store_state now;
	struct credential of[4] = {0};

	copy_fixture(f, STORE_TEST_DATA "/schema-1.db", STORE_TEST_DATA "/schema-1.key");
	if (fixture_open(f) != 0)
		fail_msg("%s", f->detail);
	store_state(f->store, &now);
	assert_text(&now.serial, "PST0123456789AB");
	assert_int_equal(now.persons, 2);
	assert_int_equal(now.last_rec_no, 3);
	assert_int_equal(now.last_seq, 5);
	assert_int_equal(store_accounts(f->store, check_account, &accounts), 0);
	assert_int_equal(accounts, 1);
	struct person row = fixture_get_person(f, 1);

	assert_text(&row.card_no, "0012001");
	assert_true(row.has_password);
	assert_int_equal(row.doors[3].schedule, 4);
	struct journal_entry entry = fixture_get_entry(f, 2);

	assert_int_equal(entry.kind, JOURNAL_DOOR_UNLOCKED);
	assert_int_equal(entry.ref_rec_no, 1);
	/* The PIN is good with its card; whether it may open alone nobody can say. */
	assert_false(row.pin_alone || row.has_duress_password);
	assert_int_equal(store_credentials(f->store, take_credential, of), 0);
	assert_true(of[1].pin == pin_hash(f, SPAN_LIT("123456")));
	assert_true(of[1].has_card && !of[1].pin_alone && of[1].pin_duress == 0);
	assert_true(of[2].has_card && of[2].pin == 0);
	assert_true(text_set(&row.password, SPAN_LIT("123456")));
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_update(f->store, &row, PERSON_PASSWORD, &row), 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_true(row.pin_alone);
}

static void migration_leaves_a_copy_of_schema_1(void **state)
{
	struct fixture *f = *state;

	copy_fixture(f, STORE_TEST_DATA "/schema-1.db", STORE_TEST_DATA "/schema-1.key");
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_open(f), 0);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
	assert_int_equal(renameat(f->dir_fd, "postern.db.schema-1", f->dir_fd, "postern.db"), 0);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_open(f), 0); /* and it can be brought up again */
}

struct heard {
	uint64_t copied;
	uint64_t of;
};

static void hear(void *user, const char *what, uint64_t done, uint64_t of)
{
	struct heard *heard = user;

	if (strstr(what, "copying") == NULL)
		return;
	assert_true(done >= heard->copied && done <= of);
	*heard = (struct heard){done, of};
}

static void migration_says_how_far_it_is(void **state)
{
	struct fixture *f = *state;
	struct heard heard = {0};
	struct stat info;

	copy_fixture(f, STORE_TEST_DATA "/schema-2.db", STORE_TEST_DATA "/schema-2.key");
	f->options.progress = hear;
	f->options.progress_user = &heard;
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(fstatat(f->dir_fd, "postern.db.schema-2", &info, 0), 0);
	assert_int_equal(heard.copied, heard.of);
	assert_int_equal(heard.of, info.st_size);
	heard = (struct heard){0};
	fixture_reopen(f);
	assert_int_equal(heard.of, 0); /* nothing to copy any more */
}

static int check_failures(void *user, const struct pin_failures *row)
{
	assert_int_equal(row->reader, *(int *)user == 0 ? READER_NONE : 2);
	assert_int_equal(row->person_no, *(int *)user == 0 ? 1 : 0);
	assert_int_equal(row->failures, *(int *)user == 0 ? 6 : 4);
	*(int *)user += 1;
	return 0;
}

static void fixture_database_of_schema_2_opens(void **state)
{
	struct fixture *f = *state;
	int accounts = 0;
	int failures = 0;
	struct store_state now;
	struct credential of[4] = {0};

	copy_fixture(f, STORE_TEST_DATA "/schema-2.db", STORE_TEST_DATA "/schema-2.key");
	if (fixture_open(f) != 0)
		fail_msg("%s", f->detail);
	store_state(f->store, &now);
	assert_text(&now.serial, "PST0123456789CD");
	assert_int_equal(now.persons, 3);
	assert_int_equal(now.last_rec_no, 3);
	assert_int_equal(store_accounts(f->store, check_account, &accounts), 0);
	assert_int_equal(accounts, 1);
	assert_int_equal(store_credentials(f->store, take_credential, of), 0);
	assert_true(of[1].has_card && of[1].pin_alone);
	assert_true(of[1].pin == pin_hash(f, SPAN_LIT("123456")));
	assert_true(of[1].pin_duress == pin_hash(f, SPAN_LIT("654321")));
	assert_true(of[2].has_card && !of[2].pin_alone && of[2].pin == of[1].pin);
	assert_true(!of[3].has_card && of[3].pin_alone && of[3].pin_duress == 0);
	assert_true(of[3].pin == pin_hash(f, SPAN_LIT("13579024")));
	assert_int_equal(store_pin_failures(f->store, check_failures, &failures), 0);
	assert_int_equal(failures, 2);
	struct journal_entry entry = fixture_get_entry(f, 3);

	assert_int_equal(entry.kind, JOURNAL_PIN_LOCKOUT);
	assert_int_equal(entry.count, 60);
}

static void fixture_database_of_schema_3_opens(void **state)
{
	struct fixture *f = *state;
	struct store_reader *reader = NULL;
	struct record_filter refused = {.has_status = true, .status = 0};
	struct record_filter card = {.has_card_no = true};
	struct store_state now;
	uint64_t count = 0;

	copy_fixture(f, STORE_TEST_DATA "/schema-3.db", STORE_TEST_DATA "/schema-3.key");
	if (fixture_open(f) != 0)
		fail_msg("%s", f->detail);
	store_state(f->store, &now);
	assert_int_equal(now.persons, 3);
	assert_int_equal(now.last_rec_no, 5);
	assert_int_equal(now.last_seq, 11);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_record_count(reader, &refused, &count), 0);
	assert_int_equal(count, 2);
	assert_true(text_set(&card.card_no, SPAN_LIT("12001")));
	assert_int_equal(store_record_count(reader, &card, &count), 0);
	assert_int_equal(count, 3);
	(void)store_reader_close(reader);
}

static void schema_3_gets_room_for_special_days(void **state)
{
	struct fixture *f = *state;
	struct store_reader *reader = NULL;
	struct special_day_group group = {.no = 1, .defined = true, .enabled = true};
	struct special_day_group row;
	struct special_schedule special;

	copy_fixture(f, STORE_TEST_DATA "/schema-3.db", STORE_TEST_DATA "/schema-3.key");
	assert_int_equal(fixture_open(f), 0);
	group.day[0] = (struct special_day){{2026, 12, 24}, {2026, 12, 26}, true, {0}};
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_special_group_put(f->store, &group), 0);
	assert_int_equal(store_commit(f->store), 0);
	fixture_reopen(f);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_special_group(reader, 1, &row), 0);
	assert_memory_equal(&row, &group, sizeof(row));
	assert_int_equal(store_special_schedule(reader, 0, &special), 0);
	assert_false(special.defined);
	(void)store_reader_close(reader);
}

static int check_key(void *user, const struct reader_key *row)
{
	static const uint8_t first[] = {0x8f, 0x1f};
	int *count = user;

	assert_int_equal(row->reader, 5);
	assert_int_equal(row->pending, *count == 1);
	assert_int_equal(row->has_identity, *count == 0);
	assert_int_equal(row->key[0], first[*count]);
	assert_true(*count == 1 || row->identity.serial == 0x12345678);
	*count += 1;
	return 0;
}

static void fixture_database_of_schema_4_opens(void **state)
{
	struct fixture *f = *state;
	const struct audit_filter all = {.to_ms = INT64_MAX};
	struct store_reader *reader = NULL;
	struct special_day_group group;
	struct audit_entry audit[2];
	uint32_t audits = 0;
	int keys = 0;

	copy_fixture(f, STORE_TEST_DATA "/schema-4.db", STORE_TEST_DATA "/schema-4.key");
	if (fixture_open(f) != 0)
		fail_msg("%s", f->detail);
	assert_int_equal(store_reader_keys(f->store, check_key, &keys), 0);
	assert_int_equal(keys, 2);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_special_group(reader, 1, &group), 0);
	assert_text(&group.name, "Christmas");
	assert_int_equal(group.day[0].to.day, 26);
	assert_int_equal(store_audits(reader, &all, audit, 2, &audits), 0);
	assert_int_equal(audits, 1);
	assert_int_equal(audit[0].act, AUDIT_ACCOUNT_ADD);
	assert_text(&audit[0].account, "admin");
	assert_text(&audit[0].target, "account guard");
	(void)store_reader_close(reader);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(migration_runs_all_steps_after_a_copy),
		CASE(failed_migration_changes_nothing),
		CASE(fixture_database_of_schema_1_opens),
		CASE(migration_leaves_a_copy_of_schema_1),
		CASE(fixture_database_of_schema_2_opens),
		CASE(fixture_database_of_schema_3_opens),
		CASE(schema_3_gets_room_for_special_days),
		CASE(fixture_database_of_schema_4_opens),
		CASE(migration_says_how_far_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
