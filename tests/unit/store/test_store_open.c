// SPDX-License-Identifier: Apache-2.0
/* Opening: first time, again, with the wrong key, a newer schema, other doors, damaged files. */
#include "fixture.h"

#include "internal.h"
#include "platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

static void first_opening_makes_serial_key_and_private_files(void **state)
{
	struct fixture *f = *state;
	struct store_state now;
	struct stat info;

	store_state(f->store, &now);
	assert_int_equal(now.serial.len, 15);
	assert_memory_equal(now.serial.bytes, "PST", 3);
	for (size_t i = 3; i < 15; i++)
		assert_non_null(memchr("0123456789ABCDEF", now.serial.bytes[i], 16));
	assert_int_equal(now.last_seq + now.last_rec_no + now.last_ticket + now.persons, 0);
	assert_int_equal(fstatat(f->dir_fd, "device.key", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0400);
	assert_int_equal(info.st_size, 32);
	assert_int_equal(fstatat(f->dir_fd, "device.key.new", &info, 0), -1);
	assert_int_equal(fstatat(f->dir_fd, "postern.db", &info, 0), 0);
	assert_int_equal(info.st_mode & 077, 0);
	assert_int_equal(fstatat(f->dir_fd, "postern.db-wal", &info, 0), 0);
	assert_int_equal(info.st_mode & 077, 0);
	struct text32 serial = now.serial;

	fixture_reopen(f);
	store_state(f->store, &now);
	assert_memory_equal(&serial, &now.serial, sizeof(serial));
}

static void settings_of_the_file_are_the_safe_ones(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = f->store->connection.db;
	int64_t value = 0;
	static const struct {
		const char *pragma;
		int64_t wanted;
	} rows[] = {{"PRAGMA synchronous", 2}, {"PRAGMA temp_store", 2},
		{"PRAGMA trusted_schema", 0}, {"PRAGMA cell_size_check", 1},
		{"PRAGMA secure_delete", 2}, {"PRAGMA application_id", STORE_APPLICATION_ID},
		{"PRAGMA user_version", STORE_SCHEMA_VERSION},
		{"PRAGMA journal_size_limit", 8388608},
		{"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1}};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(sql_number(db, rows[i].pragma, &value), 0);
		if (value != rows[i].wanted)
			fail_msg("%s: %lld", rows[i].pragma, (long long)value);
	}
}

/* For processes of their own: opens, writes and reads. 0, or where it went wrong. */
static int use_all(struct fixture *f, int step)
{
	struct commit_entry card = fixture_card(0, 77);
	struct store_reader *reader = NULL;
	struct record_filter all = {0};
	uint64_t count = 0;

	if (fixture_open(f) != 0)
		return step;
	if (store_begin(f->store) != 0 || store_append(f->store, &card, NULL) != 0 ||
		store_commit(f->store) != 0)
		return step + 1;
	if (store_reader_open(f->store, &reader) != 0 ||
		store_record_count(reader, &all, &count) != 0 || count != 1)
		return step + 2;
	(void)store_reader_close(reader);
	fixture_close(f);
	return 0;
}

/* A service's folder may stand below one that only root may enter. */
static void folder_is_reached_by_its_descriptor_alone(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	if (geteuid() != 0)
		skip();
	fixture_close(f);
	assert_int_equal(mkdirat(f->dir_fd, "inner", 0700), 0);
	assert_int_equal(fchownat(f->dir_fd, "inner", 65534, 65534, 0), 0);
	int inner_fd = openat(f->dir_fd, "inner", O_PATH | O_DIRECTORY);

	assert_true(inner_fd >= 0);
	pid_t pid = fork();

	if (pid == 0) {
		struct fixture inner = {.dir_fd = inner_fd, .options = f->options};

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		_exit(use_all(&inner, 2));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(
		unlinkat(inner_fd, "postern.db", 0) | unlinkat(inner_fd, "device.key", 0), 0);
	(void)close(inner_fd);
	assert_int_equal(unlinkat(f->dir_fd, "inner", AT_REMOVEDIR), 0);
}

static void folder_has_one_store_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct store *second = NULL;

	assert_int_equal(store_open(f->dir_fd, &f->options, &second, f->detail), -EBUSY);
	assert_non_null(strstr(f->detail, "in use by another posternd"));
	assert_int_equal(fixture_append(f, &(struct commit_entry){.kind = JOURNAL_STARTED}).seq, 1);
	fixture_close(f);
	assert_int_equal(store_open(f->dir_fd, &f->options, &second, f->detail), 0);
	(void)store_close(second);
}

static void idle_moves_a_grown_log_into_the_database(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	(void)fixture_append(f, &card);
	int pages = f->store->log_pages;

	store_idle(f->store); /* short: left alone */
	(void)fixture_append(f, &card);
	assert_true(f->store->log_pages > pages);
	while (f->store->log_pages < STORE_LOG_PAGES_IDLE)
		(void)fixture_append(f, &card);
	store_idle(f->store);
	(void)fixture_append(f, &card);
	assert_true(f->store->log_pages < 50); /* written from the start again */
}

static int run_fenced(struct fixture *f)
{
	if (sandbox_enter(ROLE_CORE, f->dir_fd) < 0)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0)
		return 2;
	int wrong = use_all(f, 3); /* with files that are there */

	if (wrong == 0 && (unlinkat(f->dir_fd, "postern.db", 0) != 0 ||
				  unlinkat(f->dir_fd, "device.key", 0) != 0))
		return 6;
	return wrong != 0 ? wrong : use_all(f, 7); /* and with new ones */
}

static void works_behind_the_fences_of_core(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	fixture_close(f);
	pid_t pid = fork();

	if (pid == 0)
		_exit(run_fenced(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void missing_key_is_never_made_anew(void **state)
{
	struct fixture *f = *state;
	struct stat info;

	fixture_close(f);
	assert_int_equal(unlinkat(f->dir_fd, "device.key", 0), 0);
	assert_int_equal(fixture_open(f), -ENOKEY);
	assert_non_null(strstr(f->detail, "device.key is missing"));
	assert_int_equal(fstatat(f->dir_fd, "device.key", &info, 0), -1);
}

static void write_key(struct fixture *f, size_t len)
{
	char bytes[64] = "another key of thirty-two bytes.";

	(void)unlinkat(f->dir_fd, "device.key", 0);
	int fd = openat(f->dir_fd, "device.key", O_WRONLY | O_CREAT, 0400);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	(void)close(fd);
}

static void wrong_key_is_told(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	write_key(f, 32);
	assert_int_equal(fixture_open(f), -EKEYREJECTED);
	assert_non_null(strstr(f->detail, "is not the key of this database"));
	write_key(f, 31);
	assert_int_equal(fixture_open(f), -EKEYREJECTED);
	write_key(f, 33);
	assert_int_equal(fixture_open(f), -EKEYREJECTED);
}

static void key_without_database_is_used(void **state)
{
	struct fixture *f = *state;
	struct secret wanted;
	struct secret made;

	fixture_close(f);
	assert_int_equal(secret_load(&wanted, f->dir_fd), 0);
	assert_int_equal(unlinkat(f->dir_fd, "postern.db", 0), 0);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(secret_load(&made, f->dir_fd), 0);
	assert_memory_equal(&made, &wanted, sizeof(made));
	assert_int_equal(secret_make(&made, f->dir_fd), -EEXIST);
}

static void newer_schema_is_refused_by_name(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_sql(f, "PRAGMA user_version = 7");
	assert_int_equal(fixture_open(f), STORE_NEWER_SCHEMA);
	assert_non_null(strstr(f->detail, "schema 7"));
	assert_non_null(strstr(f->detail, "up to " TEXT_OF(STORE_SCHEMA_VERSION)));
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 7);
}

static void version_that_never_was_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_sql(f, "PRAGMA user_version = 0");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 0);
}

static void doors_are_remembered(void **state)
{
	struct fixture *f = *state;

	f->options.door[0].configured = false; /* left out: stays known */
	f->options.door[40].configured = true;
	assert_true(text_set(&f->options.door[40].id, SPAN_LIT("cellar")));
	fixture_reopen(f);
	f->options.door[40].configured = false;
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM door"), 3);
	f->options.door[0].configured = true;
	assert_true(text_set(&f->options.door[0].id, SPAN_LIT("garage")));
	assert_int_equal(fixture_open(f), STORE_DOOR_MISMATCH);
	assert_non_null(strstr(f->detail, "index 0"));
	assert_non_null(strstr(f->detail, "`garage`"));
	assert_non_null(strstr(f->detail, "`front`"));
}

static void door_that_moved_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	f->options.door[1].configured = false;
	f->options.door[2].configured = true;
	assert_true(text_set(&f->options.door[2].id, SPAN_LIT("back")));
	assert_int_equal(fixture_open(f), STORE_DOOR_MISMATCH);
	assert_non_null(strstr(f->detail, "index 2"));
	assert_non_null(strstr(f->detail, "index 1 is `back`"));
}

static void strangers_database_is_left_alone(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	(void)unlinkat(f->dir_fd, "postern.db", 0);
	fixture_sql(f, "CREATE TABLE theirs(x)");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
	assert_non_null(strstr(f->detail, "not a database of posternd"));
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM theirs"), 0);
}

static void foreign_triggers_and_tables_are_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_sql(f, "CREATE TRIGGER t AFTER INSERT ON journal BEGIN"
		       " UPDATE credential_card SET card_status = 0; END");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
	fixture_sql(f, "DROP TRIGGER t; DROP INDEX journal_time");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
}

static void counters_behind_their_rows_are_refused(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 77);

	(void)fixture_append(f, &card);
	(void)fixture_append(f, &card);
	fixture_close(f);
	fixture_sql(f, "UPDATE counter SET value = 1 WHERE name = 'rec_no'");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
	fixture_sql(f, "UPDATE counter SET value = 9 WHERE name = 'rec_no'");
	assert_int_equal(fixture_open(f), 0); /* restored from a backup: numbers go on */
	assert_int_equal(fixture_append(f, &card).rec_no, 10);
	fixture_close(f);
	fixture_sql(f, "DELETE FROM counter WHERE name = 'seq'");
	assert_int_equal(fixture_open(f), STORE_CORRUPT);
}

/* What a process does with a damaged file: 0 for an error told or data that are in range. */
static int use_damaged(struct fixture *f, struct person *row, struct journal_entry *entry)
{
	struct store_reader *reader = NULL;
	struct person_filter people = {0};
	struct record_filter records = {0};
	struct record_cursor cursor = {0};
	struct commit_entry card = fixture_card(1, 12001);
	uint32_t count = 0;

	if (fixture_open(f) != 0)
		return f->detail[0] != '\0' ? 0 : 1;
	if (store_reader_open(f->store, &reader) == 0) {
		if (store_persons(reader, &people, 0, 0, row, 1, &count) == 0 && count == 1 &&
			!person_check(row))
			return 2;
		if (store_records(reader, &records, &cursor, 0, entry, 1, &count) == 0 &&
			count == 1 && !journal_entry_check(entry))
			return 3;
	}
	if (store_begin(f->store) == 0) {
		if (store_append(f->store, &card, NULL) == 0)
			(void)!store_commit(f->store);
		else
			store_rollback(f->store);
	}
	(void)store_reader_close(reader);
	fixture_close(f);
	return 0;
}

static void fill(struct fixture *f)
{
	struct commit_entry card = fixture_card(1, 12001);
	struct person person = fixture_person("U1", "12001", "Somebody");

	assert_true(text_set(&person.password, SPAN_LIT("1234")));
	(void)fixture_insert(f, &person);
	for (char c = 'a'; c <= 'z'; c++) {
		struct person other = fixture_person((char[]){c, 0}, "", "Other");

		(void)fixture_insert(f, &other);
	}
	for (int i = 0; i < 60; i++)
		(void)fixture_append(f, &card);
}

static void damaged_files_never_crash(void **state)
{
	struct fixture *f = *state;
	char path[128];
	char good[160];
	uint64_t seed = 1;

	fill(f);
	fixture_close(f);
	(void)snprintf(path, sizeof(path), "%s/postern.db", f->path);
	(void)snprintf(good, sizeof(good), "%s/good", f->path);
	fixture_copy_file(path, good);
	for (int i = 0; i < 200; i++) {
		struct stat info;
		struct person row;
		struct journal_entry entry;

		fixture_copy_file(good, path);
		(void)unlinkat(f->dir_fd, "postern.db-wal", 0);
		(void)unlinkat(f->dir_fd, "postern.db-shm", 0);
		int fd = open(path, O_RDWR);

		assert_int_equal(fstat(fd, &info), 0);
		for (int flips = i % 3; flips >= 0; flips--) {
			off_t at = (off_t)(fixture_random(&seed) % (uint64_t)info.st_size);
			uint8_t byte = (uint8_t)fixture_random(&seed);

			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		(void)close(fd);
		int result = use_damaged(f, &row, &entry);

		if (result != 0)
			fail_msg("file %d: %d", i, result);
	}
}

static void truncated_files_never_crash(void **state)
{
	struct fixture *f = *state;
	char path[128];
	char good[160];
	struct stat info;
	struct person row;
	struct journal_entry entry;

	fill(f);
	fixture_close(f);
	(void)snprintf(path, sizeof(path), "%s/postern.db", f->path);
	(void)snprintf(good, sizeof(good), "%s/good", f->path);
	fixture_copy_file(path, good);
	assert_int_equal(stat(good, &info), 0);
	/* SQLite takes a file of one byte for an empty one. */
	for (off_t len = 2; len < info.st_size; len += 4096 - 7) {
		fixture_copy_file(good, path);
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(use_damaged(f, &row, &entry), 0);
		if (fixture_open(f) == 0)
			fail_msg("a file cut to %lld bytes was opened", (long long)len);
	}
}

static void every_error_has_a_text(void **state UNUSED)
{
	for (int error = STORE_OK; error <= STORE_BAD_PERIOD; error++)
		assert_string_not_equal(store_error_text(error), "unknown error");
	assert_string_equal(store_error_text(STORE_BAD_PERIOD + 1), "unknown error");
	assert_string_equal(store_error_text(-ENOSPC), "No space left on device");
	assert_string_equal(store_error_text(-99999), "unknown system error");
}

/* As a backup does while posternd starts again. */
static void reader_of_the_log_does_not_keep_it_closed(void **state)
{
	struct fixture *f = *state;
	struct connection reader;
	struct commit_entry card = fixture_card(0, 77);

	(void)fixture_append(f, &card);
	assert_int_equal(connection_open(&reader, f->dir_fd, STORE_FILE, SQLITE_OPEN_READONLY), 0);
	assert_int_equal(sql_run(reader.db, "BEGIN; SELECT count(*) FROM counter;"), 0);
	fixture_reopen(f);
	struct journal_entry next = fixture_append(f, &card);

	assert_int_equal(next.rec_no, 2);
	connection_close(&reader);
	fixture_reopen(f);
	assert_int_equal(fixture_append(f, &card).rec_no, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_opening_makes_serial_key_and_private_files),
		CASE(settings_of_the_file_are_the_safe_ones),
		CASE(folder_is_reached_by_its_descriptor_alone),
		CASE(folder_has_one_store_at_a_time),
		CASE(idle_moves_a_grown_log_into_the_database),
		CASE(works_behind_the_fences_of_core),
		CASE(missing_key_is_never_made_anew),
		CASE(wrong_key_is_told),
		CASE(key_without_database_is_used),
		CASE(newer_schema_is_refused_by_name),
		CASE(version_that_never_was_is_refused),
		CASE(doors_are_remembered),
		CASE(door_that_moved_is_refused),
		CASE(strangers_database_is_left_alone),
		CASE(foreign_triggers_and_tables_are_refused),
		CASE(counters_behind_their_rows_are_refused),
		CASE(damaged_files_never_crash),
		CASE(truncated_files_never_crash),
		CASE(reader_of_the_log_does_not_keep_it_closed),
		cmocka_unit_test(every_error_has_a_text),
	};

	return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
