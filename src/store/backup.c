// SPDX-License-Identifier: Apache-2.0
/*
 * A copy of the database while others write to it.
 *
 * The copy is read in one read transaction of a connection of its own: what is committed meanwhile
 * goes to the log, is not in the copy and does not start it anew. The copy is made under another
 * name, in a form that needs no log beside it, is checked as a whole, synced, and only then
 * renamed.
 */
#include "store/backup.h"

#include "base/number.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_PAGES 1024
#define MARK_FILE "backup.latest" /* in STATE: UTC seconds and the newest RecNo, as text */

int backup_look(struct connection *connection, struct store_backup_info *ret)
{
	struct sql_call call = call_begin(connection, SQL_DEVICE_GET);
	bool found = call_next(&call);

	if (found)
		call_get_text(&call, &ret->serial);
	int error = call_end(&call);

	if (error != 0 || !found)
		return error != 0 ? error : STORE_CORRUPT;
	error = counter_read(connection, "rec_no", &ret->last_rec_no);
	ret->next_rec_no = ret->last_rec_no + 1;
	return error;
}

int backup_check(struct connection *connection, const char *what, char *ret_detail)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t good = 0;
	int error = sql_number(connection->db, "PRAGMA application_id", &application);

	if (error == 0)
		error = sql_number(connection->db, "PRAGMA user_version", &version);
	if (error == 0 && (application != STORE_APPLICATION_ID || version < 1)) {
		detail_set(ret_detail, "%s is not a database of posternd", what);
		return STORE_CORRUPT;
	}
	if (error == 0 && version > STORE_SCHEMA_VERSION) {
		detail_set(ret_detail,
			"%s has schema %d, this posternd knows schemas up to %d: use the newer"
			" posternd that wrote it",
			what, (int)version, STORE_SCHEMA_VERSION);
		return STORE_NEWER_SCHEMA;
	}
	if (error == 0)
		error = sql_number(connection->db, sql_check_all, &good);
	if (error == 0 && good == 1 && version == STORE_SCHEMA_VERSION)
		error = schema_check(connection->db);
	if (error == 0 && good != 1)
		error = STORE_CORRUPT;
	if (error != 0)
		detail_set(ret_detail, "%s: %s", what, store_error_text(error));
	return error;
}

int file_make(int dir_fd, const char *name)
{
	/* Left over by a sudden end; a journal of it would be played into the new file. */
	static const char *const tails[] = {"", "-journal", "-wal", "-shm"};
	char path[STORE_BACKUP_NAME_MAX + 16];

	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", name, tails[i]);
		if (unlinkat(dir_fd, path, 0) != 0 && errno != ENOENT)
			return -errno;
	}
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : fd;
}

/* Through a descriptor of its own: after SQLite has closed the file. */
static int file_sync(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	int error = fsync(fd) != 0 ? -errno : 0;

	(void)close(fd);
	return error;
}

int file_install(int dir_fd, const char *from, const char *to)
{
	int error = file_sync(dir_fd, from);

	if (error == 0 && renameat(dir_fd, from, dir_fd, to) != 0)
		error = -errno;
	return error != 0 ? error : folder_sync(dir_fd);
}

static int copy_steps(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc = SQLITE_OK;

	if (backup == NULL)
		return sql_error(to, sqlite3_errcode(to));
	while (rc == SQLITE_OK)
		rc = sqlite3_backup_step(backup, STEP_PAGES);
	int error = rc == SQLITE_DONE ? 0 : sql_error(to, rc);

	(void)sqlite3_backup_finish(backup);
	return error;
}

/* The reading of a row begins the transaction: BEGIN alone would not. */
static int copy_instant(sqlite3 *from, sqlite3 *to)
{
	int error = sql_run(from, "BEGIN; SELECT count(*) FROM counter;");

	if (error == 0)
		error = sql_run(to, sql_copy_mode);
	if (error == 0)
		error = copy_steps(from, to);
	if (sqlite3_get_autocommit(from) == 0)
		(void)sqlite3_exec(from, "ROLLBACK", NULL, NULL, NULL);
	return error != 0 ? error : sql_run(to, sql_copy_end);
}

static int copy_whole(int state_fd, int target_fd, const char *name, struct store_backup_info *ret,
	char *ret_detail)
{
	struct connection from;
	struct connection to;
	int error = connection_open(&from, state_fd, STORE_FILE, SQLITE_OPEN_READONLY);

	if (error != 0) {
		detail_set(ret_detail, "cannot read STATE/" STORE_FILE ": %s",
			store_error_text(error));
		return error;
	}
	error = connection_open(&to, target_fd, name, SQLITE_OPEN_READWRITE);
	if (error == 0) {
		error = copy_instant(from.db, to.db);
		if (error == 0)
			error = backup_check(&to, "the copy of STATE/" STORE_FILE, ret_detail);
		if (error == 0)
			error = backup_look(&to, ret);
		connection_close(&to);
	}
	connection_close(&from);
	return error;
}

int store_backup(int state_fd, int target_fd, const char *name, struct store_backup_info *ret,
	char *ret_detail)
{
	char half[STORE_BACKUP_NAME_MAX + 8];
	struct stat info;

	if (ret_detail != NULL)
		ret_detail[0] = '\0';
	*ret = (struct store_backup_info){0};
	if (strlen(name) > STORE_BACKUP_NAME_MAX)
		return -ENAMETOOLONG;
	if (fstatat(state_fd, STORE_FILE, &info, 0) != 0) {
		int error = -errno;

		detail_set(ret_detail, "STATE/" STORE_FILE ": %s", store_error_text(error));
		return error;
	}
	(void)snprintf(half, sizeof(half), "%s.tmp", name);
	int fd = file_make(target_fd, half);

	if (fd < 0)
		return fd;
	(void)close(fd); /* before SQLite locks it */
	int error = copy_whole(state_fd, target_fd, half, ret, ret_detail);

	if (error == 0)
		error = file_install(target_fd, half, name);
	if (error != 0)
		(void)unlinkat(target_fd, half, 0);
	return error;
}

/* --- when the latest one was made --- */

int store_backup_mark(int state_fd, int64_t utc_s, uint64_t rec_no)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%" PRId64 " %" PRIu64 "\n", utc_s, rec_no);
	int fd = file_make(state_fd, MARK_FILE ".new");

	if (fd < 0)
		return fd;
	/* Core may run as another user than the one who makes backups. */
	bool good = write(fd, text, (size_t)len) == len && fchmod(fd, 0644) == 0;
	int error = good ? 0 : -errno;

	(void)close(fd);
	return error != 0 ? error : file_install(state_fd, MARK_FILE ".new", MARK_FILE);
}

int store_backup_latest(int state_fd, int64_t *ret_utc_s, uint64_t *ret_rec_no)
{
	char text[64];
	int fd = openat(state_fd, MARK_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t len = fd < 0 ? -errno : read(fd, text, sizeof(text));
	struct span rest = span_of(text, len < 0 ? 0 : (size_t)len);
	struct span word = {NULL, 0};

	if (fd >= 0)
		(void)close(fd);
	if (len < 0)
		return fd < 0 ? (int)len : -EIO;
	rest = span_slice(rest, 0, span_find(rest, '\n'));
	if (span_next(&rest, ' ', &word) && number_parse_i64(word, 0, INT64_MAX, ret_utc_s) &&
		number_parse_u64(rest, UINT64_MAX, ret_rec_no))
		return 0;
	return -EBADMSG;
}
