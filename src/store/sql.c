// SPDX-License-Identifier: Apache-2.0
/*
 * SQLite as the rest of the room sees it.
 *
 * The database is opened as /proc/self/fd/N/NAME through a VFS of our own that leaves such names as
 * they are. SQLite would otherwise resolve them to the directory's path, and then every later open
 * of the log would walk that path again: as another user, behind a fence or after a rename. A
 * connection keeps a copy of the descriptor for as long as it lives.
 *
 * A call stops at its first error and every later step of it does nothing, so that callers look at
 * the error once, in call_end. Numbers read from a file are judged before they are believed: a
 * damaged file gives STORE_CORRUPT, never a wild value. One thread a connection.
 */
#include "sql.h"

#include "base/assert.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static sqlite3_vfs vfs;
static int vfs_rc;
static pthread_once_t vfs_once = PTHREAD_ONCE_INIT;

static int vfs_full_path(sqlite3_vfs *self UNUSED, const char *name, int size, char *ret)
{
	size_t len = strlen(name);

	if (len >= (size_t)size)
		return SQLITE_CANTOPEN;
	memcpy(ret, name, len + 1);
	return SQLITE_OK;
}

static void vfs_register(void)
{
	/*
	 * Its counting of memory takes a lock of the whole process, where a commit would wait for a
	 * query of lower priority.
	 */
	int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

	/* What a column is may then be asked of its value, at half the price: see `column`. */
	if (rc == SQLITE_OK)
		rc = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	const sqlite3_vfs *base = sqlite3_vfs_find("unix");

	ASSERT(rc == SQLITE_OK || rc == SQLITE_MISUSE); /* misuse: a test was quicker */
	ASSERT(base != NULL);
	vfs = *base;
	vfs.zName = "postern";
	vfs.pNext = NULL;
	vfs.xFullPathname = vfs_full_path;
	vfs_rc = sqlite3_vfs_register(&vfs, 0);
}

static int errno_of_io(sqlite3 *db)
{
	int error = db != NULL ? sqlite3_system_errno(db) : 0;

	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -ENOSPC;
	case EACCES:
	case EPERM:
	case EROFS:
	case EMFILE:
	case ENFILE:
		return -error;
	default:
		return -EIO;
	}
}

int sql_error(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* our fixed statements do not fit the tables of this file */
	case SQLITE_SCHEMA:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_FORMAT:
		return STORE_CORRUPT;
	default:
		return errno_of_io(db);
	}
}

static int db_configure(sqlite3 *db)
{
	/* A file from a stranger must not bring code along. */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_busy_timeout(db, STORE_BUSY_TIMEOUT_MS);
	return sql_run(db, sql_pragmas);
}

int connection_open(struct connection *connection, int dir_fd, const char *name, int flags)
{
	char path[128];

	*connection = (struct connection){.dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3)};
	if (connection->dir_fd < 0)
		return -errno;
	pthread_once(&vfs_once, vfs_register);
	int len = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", connection->dir_fd, name);

	ASSERT(len > 0 && (size_t)len < sizeof(path));
	int rc = vfs_rc;

	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(path, &connection->db,
			flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs.zName);
	int error = sql_error(connection->db, rc);

	if (error == 0)
		error = db_configure(connection->db);
	if (error != 0)
		connection_close(connection);
	return error;
}

void connection_close(struct connection *connection)
{
	for (size_t i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(connection->stmt[i]);
	for (size_t i = 0; i < SQL_KEPT; i++)
		(void)sqlite3_finalize(connection->kept[i].stmt);
	if (connection->db != NULL) {
		int rc = sqlite3_close(connection->db);

		ASSERT(rc == SQLITE_OK); /* a statement was left open */
	}
	if (connection->dir_fd >= 0)
		(void)close(connection->dir_fd);
	*connection = (struct connection){.dir_fd = -1};
}

int sql_run(sqlite3 *db, const char *text)
{
	while (*text != '\0') {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(db, text, -1, &stmt, &text);

		while (rc == SQLITE_OK || rc == SQLITE_ROW) {
			if (stmt == NULL)
				break; /* white space at the end */
			rc = sqlite3_step(stmt);
		}
		int error = sql_error(db, rc);

		(void)sqlite3_finalize(stmt);
		if (error != 0)
			return error;
	}
	return 0;
}

int sql_number(sqlite3 *db, const char *text, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	int error = rc == SQLITE_DONE ? STORE_CORRUPT : sql_error(db, rc);

	if (error == 0)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return error;
}

struct sql_call call_begin(struct connection *connection, enum sql_id id)
{
	struct sql_call call = {.connection = connection};

	if (connection->stmt[id] == NULL) {
		int rc = sqlite3_prepare_v3(connection->db, sql_text[id], -1,
			SQLITE_PREPARE_PERSISTENT, &connection->stmt[id], NULL);

		call.error = sql_error(connection->db, rc);
	}
	call.stmt = connection->stmt[id];
	return call;
}

static bool kept_is(const struct sql_kept *kept, struct span sql)
{
	return kept->stmt != NULL && !kept->busy &&
	       span_equal(span_from_string(sqlite3_sql(kept->stmt)), sql);
}

/* The statement of this text, or the place of one that nobody needs. */
static struct sql_kept *kept_find(struct connection *connection, struct span sql)
{
	struct sql_kept *ret = NULL;

	for (size_t i = 0; i < SQL_KEPT; i++) {
		struct sql_kept *kept = &connection->kept[i];

		if (kept_is(kept, sql))
			return kept;
		if (!kept->busy && (ret == NULL || kept->used < ret->used))
			ret = kept;
	}
	ASSERT(ret != NULL);
	return ret;
}

struct sql_call call_begin_text(struct connection *connection, struct span sql)
{
	struct sql_call call = {.connection = connection, .kept = kept_find(connection, sql)};
	struct sql_kept *kept = call.kept;

	if (!kept_is(kept, sql)) {
		(void)sqlite3_finalize(kept->stmt);
		int rc = sqlite3_prepare_v3(connection->db, sql.data, (int)sql.len,
			SQLITE_PREPARE_PERSISTENT, &kept->stmt, NULL);

		call.error = sql_error(connection->db, rc);
	}
	kept->busy = true;
	kept->used = ++connection->uses;
	call.stmt = kept->stmt;
	return call;
}

static void bound(struct sql_call *call, int rc)
{
	ASSERT(rc != SQLITE_MISUSE && rc != SQLITE_RANGE);
	if (call->error == 0)
		call->error = sql_error(call->connection->db, rc);
}

void call_put_i64(struct sql_call *call, int64_t value)
{
	if (call->error == 0)
		bound(call, sqlite3_bind_int64(call->stmt, ++call->bound, value));
}

void call_put_u64(struct sql_call *call, uint64_t value)
{
	call_put_i64(call, (int64_t)value);
}

void call_put_null(struct sql_call *call)
{
	if (call->error == 0)
		bound(call, sqlite3_bind_null(call->stmt, ++call->bound));
}

void call_put_text(struct sql_call *call, struct span text)
{
	const char *data = text.len > 0 ? text.data : ""; /* NULL would bind NULL */

	if (call->error == 0)
		bound(call, sqlite3_bind_text(
				    call->stmt, ++call->bound, data, (int)text.len, SQLITE_STATIC));
}

void call_put_blob(struct sql_call *call, const void *bytes, size_t len)
{
	if (call->error == 0)
		bound(call, sqlite3_bind_blob(
				    call->stmt, ++call->bound, bytes, (int)len, SQLITE_STATIC));
}

bool call_next(struct sql_call *call)
{
	if (call->error != 0)
		return false;
	int rc = sqlite3_step(call->stmt);

	call->column = 0;
	call->error = sql_error(call->connection->db, rc);
	return rc == SQLITE_ROW;
}

/*
 * The column's value. SQLite's functions of a value are open to it because each connection has one
 * thread only (SQLITE_OPEN_NOMUTEX, SQLITE_CONFIG_MULTITHREAD); those of a column look up the row
 * and its error anew, two or three times for each of forty columns.
 */
static sqlite3_value *column(const struct sql_call *call)
{
	return sqlite3_column_value(call->stmt, call->column);
}

/* The next column, of this type; NULL when the call has failed or it is of another. */
static sqlite3_value *column_take(struct sql_call *call, int type)
{
	if (call->error != 0)
		return NULL;
	sqlite3_value *value = column(call);

	if (sqlite3_value_type(value) != type) {
		call->error = STORE_CORRUPT;
		return NULL;
	}
	call->column++;
	return value;
}

int64_t call_get_i64(struct sql_call *call, int64_t min, int64_t max)
{
	sqlite3_value *taken = column_take(call, SQLITE_INTEGER);

	if (taken == NULL)
		return min;
	int64_t value = sqlite3_value_int64(taken);

	if (value >= min && value <= max)
		return value;
	call->error = STORE_CORRUPT;
	return min;
}

uint64_t call_get_u64(struct sql_call *call)
{
	sqlite3_value *taken = column_take(call, SQLITE_INTEGER);

	return taken != NULL ? (uint64_t)sqlite3_value_int64(taken) : 0;
}

uint32_t call_get_u32(struct sql_call *call, uint32_t max)
{
	return (uint32_t)call_get_i64(call, 0, max);
}

bool call_get_bool(struct sql_call *call)
{
	return call_get_i64(call, 0, 1) == 1;
}

bool call_get_null(struct sql_call *call)
{
	if (call->error != 0 || sqlite3_value_type(column(call)) != SQLITE_NULL)
		return false;
	call->column++;
	return true;
}

void call_get_text_bytes(struct sql_call *call, uint16_t *len, char *bytes, size_t capacity)
{
	sqlite3_value *taken = column_take(call, SQLITE_TEXT);
	struct span text = {0};

	if (taken != NULL) {
		const unsigned char *data = sqlite3_value_text(taken);

		if (data == NULL)
			call->error = -ENOMEM;
		else
			text = span_of(data, (size_t)sqlite3_value_bytes(taken));
	}
	if (!text_set_bytes(len, bytes, capacity, text)) {
		(void)text_set_bytes(len, bytes, capacity, (struct span){0});
		call->error = STORE_CORRUPT;
	}
}

struct span call_get_blob(struct sql_call *call)
{
	sqlite3_value *taken = column_take(call, SQLITE_BLOB);

	if (taken == NULL)
		return (struct span){0};
	const void *data = sqlite3_value_blob(taken);
	int len = sqlite3_value_bytes(taken);

	return data != NULL ? span_of(data, (size_t)len) : (struct span){0};
}

int call_end(struct sql_call *call)
{
	if (call->stmt != NULL) {
		(void)sqlite3_reset(call->stmt);
		(void)sqlite3_clear_bindings(call->stmt);
	}
	if (call->kept != NULL)
		call->kept->busy = false;
	if (call->connection->error == 0)
		call->connection->error = call->error;
	return call->error;
}

int call_do(struct sql_call *call)
{
	(void)call_next(call);
	return call_end(call);
}

int call_do_number(struct connection *connection, enum sql_id id, uint64_t number)
{
	struct sql_call call = call_begin(connection, id);

	call_put_u64(&call, number);
	return call_do(&call);
}
