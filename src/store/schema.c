// SPDX-License-Identifier: Apache-2.0
/*
 * From a file to a database that may be used: made when it is empty, refused when a newer posternd
 * wrote it, brought up when an older one did, checked before anything of it is believed.
 *
 * Order at the first opening: device key, then all tables with the serial and the key's check in
 * one transaction. So a database always has its key, and a database without its key is never
 * silently given a new one: what was sealed would be lost.
 *
 * Migrations run forward only, all in one transaction, after a copy of the database has been made
 * beside it. The tables of the result must be, text for text, those that a new database would have.
 */
#include "internal.h"

#include "base/assert.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define DETAIL_SIZE 256
#define PAGE_BYTES 4096 /* of a database made by us */
#define COPY_PAGES 1024 /* between two signs of life */
#define STEP_OPERATIONS 1000000 /* of SQLite's machine, likewise */
#define CHECK_ALL_MAX (INT64_C(16) << 20) /* bytes; larger ones: the tables that decisions need */

static const struct migration migrations[] = {
	{.from = 1, .sql = sql_schema_1_to_2},
	{.from = 2, .sql = sql_schema_2_to_3},
	{.from = 3, .sql = sql_schema_3_to_4},
};

void detail_set(char *detail, const char *format, ...)
{
	va_list args;

	if (detail == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(detail, DETAIL_SIZE, format, args);
	va_end(args);
}

int folder_sync(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = fsync(fd) != 0 ? -errno : 0;

	(void)close(fd);
	return error;
}

static void went_on(const struct progress_call *progress, const char *what, int done, int of)
{
	if (progress->fn != NULL)
		progress->fn(progress->user, what, (uint64_t)done * PAGE_BYTES,
			(uint64_t)of * PAGE_BYTES);
}

/* A part at a time, so that whoever waits hears of it. */
static int copy_pages(sqlite3_backup *backup, const struct progress_call *progress)
{
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK) {
		rc = sqlite3_backup_step(backup, COPY_PAGES);
		int of = sqlite3_backup_pagecount(backup);

		went_on(progress, "copying the database before its tables change",
			of - sqlite3_backup_remaining(backup), of);
	}
	return rc;
}

static int copy_database(
	sqlite3 *from, int dir_fd, const char *name, const struct progress_call *progress)
{
	struct connection copy;

	if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
		return -errno;
	int error =
		connection_open(&copy, dir_fd, name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	if (error != 0)
		return error;
	sqlite3_backup *backup = sqlite3_backup_init(copy.db, "main", from, "main");

	if (backup == NULL) {
		error = sql_error(copy.db, sqlite3_errcode(copy.db));
	} else {
		int rc = copy_pages(backup, progress);

		error = rc == SQLITE_DONE ? 0 : sql_error(copy.db, rc);
		(void)sqlite3_backup_finish(backup);
	}
	connection_close(&copy);
	return error != 0 ? error : folder_sync(dir_fd);
}

static int run_steps(sqlite3 *db, const struct migration *steps, size_t count, int from, int to)
{
	for (int version = from; version < to; version++) {
		const struct migration *step = NULL;

		for (size_t i = 0; i < count; i++) {
			if (steps[i].from == version)
				step = &steps[i];
		}
		if (step == NULL)
			return STORE_CORRUPT; /* a version that never was */
		int error = sql_run(db, step->sql);

		if (error != 0)
			return error;
	}
	char text[64]; /* a pragma takes no bound value; the number is ours */

	(void)snprintf(text, sizeof(text), "PRAGMA user_version = %d", to);
	return sql_run(db, text);
}

static int step_went_on(void *user)
{
	went_on(user, "changing the tables of the database", 0, 0);
	return 0;
}

int schema_bring_up_copy(sqlite3 *db, int from)
{
	int error = from == STORE_SCHEMA_VERSION ? 0 : sql_run(db, "BEGIN IMMEDIATE");

	if (error != 0 || from == STORE_SCHEMA_VERSION)
		return error;
	error = run_steps(db, migrations, ARRAY_COUNT(migrations), from, STORE_SCHEMA_VERSION);
	if (error == 0)
		error = sql_run(db, "COMMIT");
	return error != 0 ? error : schema_check(db);
}

int schema_migrate(struct connection *connection, const char *name, const struct migration *steps,
	size_t count, int from, int to, const struct progress_call *progress)
{
	char copy[64];

	(void)snprintf(copy, sizeof(copy), "%s.schema-%d", name, from);
	int error = copy_database(connection->db, connection->dir_fd, copy, progress);

	if (error != 0)
		return error;
	sqlite3_progress_handler(
		connection->db, STEP_OPERATIONS, step_went_on, (void *)(uintptr_t)progress);
	error = sql_run(connection->db, "BEGIN IMMEDIATE");
	if (error == 0)
		error = run_steps(connection->db, steps, count, from, to);
	if (error == 0)
		error = sql_run(connection->db, "COMMIT");
	sqlite3_progress_handler(connection->db, 0, NULL, NULL);
	if (error != 0 && sqlite3_get_autocommit(connection->db) == 0)
		(void)sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

static void serial_make(struct text32 *ret)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[] = "PST000000000000";
	uint8_t bytes[6];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[3 + 2 * i] = digits[bytes[i] >> 4];
		text[4 + 2 * i] = digits[bytes[i] & 15];
	}
	bool fits = text_set(ret, span_from_string(text));

	ASSERT(fits);
}

static int put_first_rows(struct store *store)
{
	struct schedule always;

	serial_make(&store->serial);
	struct sql_call call = call_begin(&store->connection, SQL_DEVICE_PUT);

	call_put_text(&call, text_span(&store->serial));
	call_put_blob(&call, store->secret.check, sizeof(store->secret.check));
	int error = call_do(&call);

	if (error != 0)
		return error;
	schedule_set_always(&always, 0);
	return store_schedule_put(store, &always);
}

static int load_or_make_key(struct store *store)
{
	int error = secret_load(&store->secret, store->connection.dir_fd);

	/* A key without database: a power cut came between the two. */
	return error == -ENOENT ? secret_make(&store->secret, store->connection.dir_fd) : error;
}

static int make(struct store *store)
{
	sqlite3 *db = store->connection.db;
	int error = load_or_make_key(store);

	if (error == 0)
		error = sql_run(db, sql_journal_mode);
	if (error == 0)
		error = sql_run(db, sql_schema); /* leaves its transaction open */
	if (error == 0) {
		store->in_transaction = true;
		error = put_first_rows(store);
		store->in_transaction = false;
	}
	if (error == 0)
		error = sql_run(db, "COMMIT");
	return error;
}

static int load_key(struct store *store, char *ret_detail)
{
	int error = secret_load(&store->secret, store->connection.dir_fd);

	if (error == -ENOENT) {
		detail_set(ret_detail,
			"STATE/" SECRET_KEY_NAME " is missing, and this database was made with one:"
			" bring the file back from a backup");
		return -ENOKEY;
	}
	if (error != 0)
		detail_set(ret_detail, "STATE/" SECRET_KEY_NAME ": %s", store_error_text(error));
	return error;
}

static int check_device(struct store *store, char *ret_detail)
{
	struct sql_call call = call_begin(&store->connection, SQL_DEVICE_GET);
	bool fits = false;
	bool found = call_next(&call);

	if (found) {
		call_get_text(&call, &store->serial);
		struct span check = call_get_blob(&call);

		fits = check.len == SECRET_CHECK_SIZE &&
		       bytes_equal_secret(check.data, store->secret.check, SECRET_CHECK_SIZE);
	}
	int error = call_end(&call);

	if (error == 0 && !found) {
		detail_set(ret_detail, "STATE/" STORE_FILE ": the row with the serial is missing");
		return STORE_CORRUPT;
	}
	if (error == 0 && !fits) {
		detail_set(ret_detail,
			"STATE/" SECRET_KEY_NAME " is not the key of this database: bring back the"
			" key and the database of the same backup");
		return -EKEYREJECTED;
	}
	return error;
}

/* Both lists are read side by side; they must be equal to their ends. */
static int compare_lists(sqlite3_stmt *ours, sqlite3_stmt *wanted, sqlite3 *db)
{
	for (;;) {
		int rc = sqlite3_step(ours);
		int rc_wanted = sqlite3_step(wanted);

		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			return sql_error(db, rc);
		if (rc_wanted != rc)
			return STORE_CORRUPT;
		if (rc == SQLITE_DONE)
			return 0;
		const unsigned char *a = sqlite3_column_text(ours, 0);
		const unsigned char *b = sqlite3_column_text(wanted, 0);

		if (a == NULL || b == NULL || strcmp((const char *)a, (const char *)b) != 0)
			return STORE_CORRUPT;
	}
}

int schema_check(sqlite3 *db)
{
	sqlite3 *model = NULL;
	sqlite3_stmt *ours = NULL;
	sqlite3_stmt *wanted = NULL;
	int rc = sqlite3_open_v2(
		":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	int error = sql_error(model, rc);

	if (error == 0)
		error = sql_run(model, sql_schema);
	if (error == 0)
		error = sql_error(
			model, sqlite3_prepare_v2(model, sql_schema_list, -1, &wanted, NULL));
	if (error == 0)
		error = sql_error(db, sqlite3_prepare_v2(db, sql_schema_list, -1, &ours, NULL));
	if (error == 0)
		error = compare_lists(ours, wanted, db);
	(void)sqlite3_finalize(ours);
	(void)sqlite3_finalize(wanted);
	(void)sqlite3_close(model);
	return error;
}

static int check_pages(sqlite3 *db)
{
	int64_t pages = 0;
	int64_t page_size = 0;
	int64_t good = 0;
	int error = sql_number(db, "PRAGMA page_count", &pages);

	if (error == 0)
		error = sql_number(db, "PRAGMA page_size", &page_size);
	if (error == 0)
		error = sql_number(db,
			pages * page_size <= CHECK_ALL_MAX ? sql_check_all : sql_check_small,
			&good);
	return error != 0 ? error : good == 1 ? 0 : STORE_CORRUPT;
}

static int bring_up(struct store *store, int version, char *ret_detail)
{
	if (version > STORE_SCHEMA_VERSION) {
		detail_set(ret_detail,
			"STATE/" STORE_FILE " has schema %d, this posternd knows schemas up to %d:"
			" install the newer posternd that wrote it",
			version, STORE_SCHEMA_VERSION);
		return STORE_NEWER_SCHEMA;
	}
	const struct progress_call progress = {
		store->options.progress, store->options.progress_user};
	int error = load_key(store, ret_detail);

	if (error != 0)
		return error;
	error = sql_run(store->connection.db, sql_journal_mode);
	if (error == 0 && version < STORE_SCHEMA_VERSION)
		error = schema_migrate(&store->connection, STORE_FILE, migrations,
			ARRAY_COUNT(migrations), version, STORE_SCHEMA_VERSION, &progress);
	return error;
}

int schema_open(struct store *store, char *ret_detail)
{
	sqlite3 *db = store->connection.db;
	int64_t application = 0;
	int64_t version = 0;
	int64_t tables = 0;
	int error = sql_number(db, "PRAGMA application_id", &application);

	if (error == 0)
		error = sql_number(db, "PRAGMA user_version", &version);
	if (error == 0)
		error = sql_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (error == 0 && application == 0 && version == 0 && tables == 0) {
		error = make(store);
	} else if (error == 0 && application != STORE_APPLICATION_ID) {
		detail_set(ret_detail, "STATE/" STORE_FILE " is not a database of posternd");
		return STORE_CORRUPT;
	} else if (error == 0) {
		error = bring_up(store, (int)version, ret_detail);
	}
	if (error == 0)
		error = check_pages(db);
	if (error == 0)
		error = schema_check(db);
	return error != 0 ? error : check_device(store, ret_detail);
}
