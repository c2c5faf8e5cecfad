// SPDX-License-Identifier: Apache-2.0
/*
 * See change.h. A fold takes every row of every table, in any order, but accounts of a claim, whose
 * sealed passwords are never twice the same: those are opened and compared.
 */
#include "change.h"

#include "internal.h"
#include "script.h"
#include "store/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY "copy"
#define STEPS_BEFORE 9 /* of the script: what the backup holds */
#define STEPS 20

struct change changes[] = {
	{"claim", CHANGE_CLAIM, 0, 0, 0},
	{"backup", CHANGE_BACKUP, 0, 0, 0},
	{"restore", CHANGE_RESTORE, 0, 0, 0},
	{"migration-1", CHANGE_MIGRATE, 1, 0, 0},
	{"migration-2", CHANGE_MIGRATE, 2, 0, 0},
	{"migration-3", CHANGE_MIGRATE, 3, 0, 0},
	{NULL, CHANGE_CLAIM, 0, 0, 0},
};

struct change *change_find(const char *name)
{
	for (struct change *at = changes; at->name != NULL; at++) {
		if (strcmp(at->name, name) == 0)
			return at;
	}
	return NULL;
}

bool change_cuts_other(const struct change *change)
{
	return change->kind == CHANGE_BACKUP;
}

static struct store_options options_of(const struct change *change)
{
	struct store_options options = script_options();

	if (change->kind == CHANGE_MIGRATE) { /* as the fixtures were made */
		options.records_max = 1000000;
		options.journal_max = 1000000;
		options.persons_max = 1000;
		options.door[1].configured = true;
		(void)text_set(&options.door[1].id, SPAN_LIT("back"));
	}
	return options;
}

static struct store *open_store(const struct change *change, int dir_fd, char *why)
{
	struct store_options options = options_of(change);
	struct store *store = NULL;
	char detail[256] = "";
	int error = store_open(dir_fd, &options, &store, detail);

	if (error == 0)
		return store;
	(void)snprintf(why, 256, "cannot be opened: %.180s (%d)", detail, error);
	return NULL;
}

static bool do_steps(struct store *store, uint32_t from, uint32_t to)
{
	for (uint32_t step = from; step < to; step++) {
		if (script_step(store, step) != 0)
			return false;
	}
	return true;
}

static bool prepare_backup(const struct change *change, int state_fd, int other_fd)
{
	struct store_backup_info info;
	char why[256];
	struct store *store = open_store(change, state_fd, why);
	bool good = store != NULL && do_steps(store, 0, STEPS_BEFORE) &&
		    store_backup(state_fd, other_fd, COPY, &info, NULL) == 0 &&
		    do_steps(store, STEPS_BEFORE, STEPS);

	(void)store_close(store);
	return good;
}

static bool copy_file(const char *from, int dir_fd, const char *name)
{
	char bytes[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len = 0;

	while (in >= 0 && out >= 0 && (len = read(in, bytes, sizeof(bytes))) > 0) {
		if (write(out, bytes, (size_t)len) != len)
			len = -1;
	}
	if (in >= 0)
		(void)close(in);
	return out >= 0 && close(out) == 0 && in >= 0 && len == 0;
}

static bool prepare_fixture(const struct change *change, int state_fd)
{
	char database[256];
	char key[256];

	(void)snprintf(
		database, sizeof(database), "%s/schema-%d.db", STORE_TEST_DATA, change->version);
	(void)snprintf(key, sizeof(key), "%s/schema-%d.key", STORE_TEST_DATA, change->version);
	return copy_file(database, state_fd, STORE_FILE) && copy_file(key, state_fd, "device.key");
}

static bool with_folders(const struct change *change, const char *state, const char *other,
	bool (*act)(const struct change *change, int state_fd, int other_fd))
{
	int state_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int other_fd = open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = state_fd >= 0 && other_fd >= 0 && act(change, state_fd, other_fd);

	if (state_fd >= 0)
		(void)close(state_fd);
	if (other_fd >= 0)
		(void)close(other_fd);
	return good;
}

static bool prepare(const struct change *change, int state_fd, int other_fd)
{
	switch (change->kind) {
	case CHANGE_CLAIM:
		break;
	case CHANGE_BACKUP:
	case CHANGE_RESTORE:
		return prepare_backup(change, state_fd, other_fd);
	case CHANGE_MIGRATE:
		return prepare_fixture(change, state_fd);
	}
	return true;
}

bool change_prepare(const struct change *change, const char *state, const char *other)
{
	return with_folders(change, state, other, prepare);
}

/* --- the change --- */

static struct account first_account(void)
{
	struct account account = {.role = ACCOUNT_ADMIN};

	(void)text_set(&account.name, SPAN_LIT("admin"));
	(void)text_set(&account.password, SPAN_LIT("correct horse, staple"));
	return account;
}

static int claim(const struct change *change, int state_fd)
{
	char why[256];
	struct account account = first_account();
	struct store *store = open_store(change, state_fd, why);

	if (store == NULL)
		return -1;
	int error = store_begin(store);

	if (error == 0)
		error = store_account_put(store, &account);
	if (error == 0)
		error = store_commit(store);
	(void)store_close(store);
	return error;
}

static int restore(int state_fd, int other_fd)
{
	const struct moment now = {.utc_ms = 1800000000000, .boot_ns = 1, .trusted = true};
	struct store_backup_info info;
	int from_fd = openat(other_fd, COPY, O_RDONLY | O_CLOEXEC);

	if (from_fd < 0)
		return -1;
	int error = store_restore(state_fd, from_fd, STORE_KEEP_REVOKED, &now, &info, NULL);

	(void)close(from_fd);
	return error;
}

static bool run(const struct change *change, int state_fd, int other_fd)
{
	struct store_backup_info info;
	char why[256] = "";

	switch (change->kind) {
	case CHANGE_CLAIM:
		return claim(change, state_fd) == 0;
	case CHANGE_BACKUP:
		return store_backup(state_fd, other_fd, COPY, &info, NULL) == 0;
	case CHANGE_RESTORE:
		return restore(state_fd, other_fd) == 0;
	case CHANGE_MIGRATE:
		break;
	}
	struct store *store = open_store(change, state_fd, why);

	if (store == NULL)
		(void)fprintf(stderr, "power cut: %s\n", why);
	(void)store_close(store);
	return store != NULL;
}

bool change_run(const struct change *change, const char *state, const char *other)
{
	return with_folders(change, state, other, run);
}

/* --- folds --- */

static uint64_t hash(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (; len > 0; len--, at++)
		seed = (seed ^ *at) * UINT64_C(0x100000001b3);
	return seed;
}

static uint64_t row_hash(sqlite3_stmt *row, uint64_t seed)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		int type = sqlite3_column_type(row, i);
		const void *data = sqlite3_column_blob(row, i);
		size_t len = (size_t)sqlite3_column_bytes(row, i);

		seed = hash(seed, &type, sizeof(type));
		seed = hash(seed, data, data == NULL ? 0 : len);
	}
	return seed;
}

static bool fold_table(sqlite3 *db, const char *name, uint64_t *fold)
{
	char text[160];
	sqlite3_stmt *rows = NULL;
	uint64_t seed = hash(UINT64_C(0xcbf29ce484222325), name, strlen(name));
	int rc = SQLITE_ROW;

	(void)snprintf(text, sizeof(text), "SELECT * FROM \"%s\"", name);
	if (sqlite3_prepare_v2(db, text, -1, &rows, NULL) != SQLITE_OK)
		return false;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
		*fold += row_hash(rows, seed);
	(void)sqlite3_finalize(rows);
	return rc == SQLITE_DONE;
}

static bool fold_tables(sqlite3 *db, uint64_t *fold)
{
	sqlite3_stmt *tables = NULL;
	bool good = sqlite3_prepare_v2(db,
			    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT "
			    "LIKE 'sqlite_%'",
			    -1, &tables, NULL) == SQLITE_OK;

	while (good && sqlite3_step(tables) == SQLITE_ROW)
		good = fold_table(db, (const char *)sqlite3_column_text(tables, 0), fold);
	(void)sqlite3_finalize(tables);
	return good;
}

/* The whole of one database file, after the store's own check of it. */
static bool fold_file(int dir_fd, const char *name, int version, uint64_t *ret, char *why)
{
	struct connection connection;
	int64_t found = 0;
	int error = connection_open(&connection, dir_fd, name, SQLITE_OPEN_READONLY);

	if (error != 0) {
		(void)snprintf(why, 256, "%s: %s", name, store_error_text(error));
		return false;
	}
	*ret = 0;
	char detail[256] = "";
	bool good = backup_check(&connection, name, detail) == 0 &&
		    sql_number(connection.db, "PRAGMA user_version", &found) == 0 &&
		    (version == 0 || version == (int)found) && fold_tables(connection.db, ret);

	if (!good)
		(void)snprintf(
			why, 256, "%s of schema %d is not whole: %.180s", name, (int)found, detail);
	connection_close(&connection);
	return good;
}

static int count_admin(void *user, const struct account *account)
{
	struct account wanted = first_account();
	uint64_t *count = user;

	*count += text_is(&account->name, text_span(&wanted.name)) &&
				  text_is(&account->password, text_span(&wanted.password)) &&
				  account->role == wanted.role
			  ? 1
			  : 100;
	return 0;
}

/* A migration leaves a copy of what was there. */
static bool copy_is_there(const struct change *change, int dir_fd, char *why)
{
	char name[32];
	uint64_t fold;

	(void)snprintf(name, sizeof(name), STORE_FILE ".schema-%d", change->version);
	return fold_file(dir_fd, name, change->version, &fold, why);
}

bool change_fold(const struct change *change, int dir_fd, uint64_t *ret, char *why)
{
	int error = 0;

	*ret = 0;
	if (change->kind == CHANGE_BACKUP)
		return fold_file(dir_fd, COPY, 0, ret, why);
	struct store *store = open_store(change, dir_fd, why);

	if (store == NULL)
		return false;
	if (change->kind == CHANGE_CLAIM)
		error = store_accounts(store, count_admin, ret);
	(void)store_close(store);
	if (change->kind == CHANGE_CLAIM)
		return error == 0;
	if (change->kind == CHANGE_MIGRATE && !copy_is_there(change, dir_fd, why))
		return false;
	return fold_file(dir_fd, STORE_FILE, STORE_SCHEMA_VERSION, ret, why);
}
