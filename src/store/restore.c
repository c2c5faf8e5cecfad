// SPDX-License-Identifier: Apache-2.0
/*
 * A backup takes the place of the database.
 *
 * Order: the folder is locked; the backup is copied beside the database and checked; the highest
 * numbers of the database there now are read, and its log is moved into it and taken away, because
 * SQLite would play it into whatever has the database's name; the copy is brought to this schema,
 * gets those numbers and what was taken from people since (restore_rights.c); then one rename.
 * Until that rename the old database is whole, from it on the new one is.
 */
#include "store/backup.h"

#include "internal.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE STORE_FILE ".restore"
#define COPY_BYTES 65536

/* Numbers that were told to somebody. */
static const char *const given_names[] = {"rec_no", "seq", "person_no", "account_no", "ticket"};
#define GIVEN_REC_NO 0

struct given {
	uint64_t number[ARRAY_COUNT(given_names)];
};

/* A database: the backup's copy, or the one that is there now. */
struct side {
	bool exists;
	int version;
	struct given given;
	struct text32 serial;
	uint8_t key_check[SECRET_CHECK_SIZE];
};

static int given_read(struct connection *connection, struct given *ret)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_COUNT(given_names) && error == 0; i++)
		error = counter_read(connection, given_names[i], &ret->number[i]);
	return error;
}

static int given_raise(struct connection *connection, const struct given *given)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_COUNT(given_names) && error == 0; i++) {
		struct sql_call call = call_begin(connection, SQL_COUNTER_RAISE);

		call_put_u64(&call, given->number[i]);
		call_put_text(&call, span_from_string(given_names[i]));
		error = call_do(&call);
	}
	return error;
}

static int side_read(struct connection *connection, struct side *ret)
{
	int64_t version = 0;
	int error = sql_number(connection->db, "PRAGMA user_version", &version);

	if (error != 0)
		return error;
	ret->exists = true;
	ret->version = (int)version;
	struct sql_call call = call_begin(connection, SQL_DEVICE_GET);
	bool found = call_next(&call);

	if (found) {
		call_get_text(&call, &ret->serial);
		struct span check = call_get_blob(&call);

		found = check.len == sizeof(ret->key_check);
		if (found)
			memcpy(ret->key_check, check.data, check.len);
	}
	error = call_end(&call);
	if (error == 0 && !found)
		error = STORE_CORRUPT;
	return error != 0 ? error : given_read(connection, &ret->given);
}

/* Without a log afterwards: the file is all there is of it. */
static int old_settle(int state_fd, struct side *ret)
{
	struct connection old;
	struct stat info;
	int64_t application = 0;
	int error = connection_open(&old, state_fd, STORE_FILE, SQLITE_OPEN_READWRITE);

	if (error != 0)
		return error;
	error = sql_number(old.db, "PRAGMA application_id", &application);
	if (error == 0 && application != STORE_APPLICATION_ID)
		error = STORE_CORRUPT;
	if (error == 0)
		error = side_read(&old, ret);
	if (error == 0 && ret->version == STORE_SCHEMA_VERSION)
		error = schema_check(old.db);
	if (error == 0)
		error = sql_run(old.db, sql_copy_end);
	connection_close(&old);
	if (error == 0 && fstatat(state_fd, STORE_FILE "-wal", &info, AT_SYMLINK_NOFOLLOW) == 0)
		error = -EBUSY;
	return error;
}

/* What is there now, or nothing: then a log of a database that was moved away may be. */
static int old_read(int state_fd, struct side *ret, char *ret_detail)
{
	struct stat info;

	if (fstatat(state_fd, STORE_FILE, &info, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return -errno;
		int fd = file_make(state_fd, STORE_FILE); /* takes the log away */

		if (fd < 0)
			return fd;
		(void)close(fd);
		return unlinkat(state_fd, STORE_FILE, 0) != 0 ? -errno : folder_sync(state_fd);
	}
	if (info.st_size == 0)
		return 0; /* made, and never written */
	int error = old_settle(state_fd, ret);

	if (error == -EBUSY)
		detail_set(ret_detail, "another program has STATE/" STORE_FILE " open: end it");
	else if (error != 0)
		detail_set(ret_detail,
			"STATE/" STORE_FILE ", there now, cannot be read (%s), and so not its last"
			" numbers. Move it away to restore without it: RecNo given out since the"
			" backup will then be given out again, and who was removed since is back",
			store_error_text(error));
	return error;
}

static int copy_bytes(int from_fd, int to_fd)
{
	static char memory[COPY_BYTES];
	off_t at = 0;

	for (;;) {
		ssize_t len = pread(from_fd, memory, sizeof(memory), at);

		if (len < 0)
			return -errno;
		if (len == 0)
			return 0;
		for (ssize_t done = 0; done < len;) {
			ssize_t more = write(to_fd, memory + done, (size_t)(len - done));

			if (more < 0)
				return -errno;
			done += more;
		}
		at += len;
	}
}

/* As root for a posternd that runs as another user: the file is that user's. */
static int own_as(int fd, int state_fd)
{
	struct stat info;

	if (fstat(state_fd, &info) != 0)
		return -errno;
	if (geteuid() == 0 && fchown(fd, info.st_uid, info.st_gid) != 0)
		return -errno;
	return 0;
}

static int new_copy(int state_fd, int from_fd)
{
	int fd = file_make(state_fd, NEW_FILE);

	if (fd < 0)
		return fd;
	int error = own_as(fd, state_fd);

	if (error == 0)
		error = copy_bytes(from_fd, fd);
	if (close(fd) != 0 && error == 0)
		error = -errno;
	return error;
}

static int key_check(struct connection *connection, int state_fd, char *ret_detail)
{
	struct secret secret = {0};
	bool fits = false;
	int error = secret_load(&secret, state_fd);

	if (error != 0) {
		detail_set(ret_detail,
			"STATE/" SECRET_KEY_NAME ": %s; put there the key that was kept beside the"
			" backup",
			store_error_text(error));
		return error == -ENOENT ? -ENOKEY : error;
	}
	struct sql_call call = call_begin(connection, SQL_DEVICE_GET);

	if (call_next(&call)) {
		struct text32 serial;

		call_get_text(&call, &serial);
		struct span check = call_get_blob(&call);

		fits = check.len == SECRET_CHECK_SIZE &&
		       bytes_equal_secret(check.data, secret.check, SECRET_CHECK_SIZE);
	}
	error = call_end(&call);
	secret_wipe(&secret);
	if (error != 0 || fits)
		return error;
	detail_set(ret_detail,
		"STATE/" SECRET_KEY_NAME " is not the key of this backup: put there the key that"
		" was kept beside it");
	return -EKEYREJECTED;
}

static int new_check(int state_fd, struct store_backup_info *ret, char *ret_detail)
{
	struct connection copy;
	int error = connection_open(&copy, state_fd, NEW_FILE, SQLITE_OPEN_READWRITE);

	if (error != 0)
		return error;
	error = sql_run(copy.db, sql_copy_mode);
	if (error != 0)
		detail_set(ret_detail, "the backup: %s", store_error_text(error));
	if (error == 0)
		error = backup_check(&copy, "the backup", ret_detail);
	if (error == 0)
		error = key_check(&copy, state_fd, ret_detail);
	if (error == 0)
		error = backup_look(&copy, ret);
	connection_close(&copy);
	return error;
}

/* What is there now may speak about the rights of this backup's people. */
static int before_judge(const struct side *old, const struct side *new, enum store_rights rights,
	enum store_before *ret, char *ret_detail)
{
	bool same = old->exists && text_is(&old->serial, text_span(&new->serial)) &&
		    bytes_equal_secret(old->key_check, new->key_check, SECRET_CHECK_SIZE);

	*ret = !old->exists		    ? STORE_BEFORE_NONE
	       : !same			    ? STORE_BEFORE_OTHER
	       : rights == STORE_BRING_BACK ? STORE_BEFORE_IGNORED
					    : STORE_BEFORE_KEPT;
	if (*ret != STORE_BEFORE_KEPT || old->version == STORE_SCHEMA_VERSION)
		return 0;
	detail_set(ret_detail,
		"STATE/" STORE_FILE ", there now, has schema %d, and this posternd compares people"
		" in schema %d only: start posternd once, which brings it up, then restore; or say"
		" --bring-back",
		old->version, STORE_SCHEMA_VERSION);
	return -ESTALE;
}

static int counter_next(struct connection *connection, const char *name, uint64_t *ret)
{
	int error = counter_read(connection, name, ret);

	if (error != 0)
		return error;
	struct sql_call call = call_begin(connection, SQL_COUNTER_PUT);

	call_put_u64(&call, ++*ret);
	call_put_text(&call, span_from_string(name));
	return call_do(&call);
}

/* There is no store: the row is written by hand. */
static int audit_put(struct connection *connection, const struct store_backup_info *info,
	const struct moment *now)
{
	char target[64];
	uint64_t no = 0;
	int len = snprintf(target, sizeof(target), "backup up to RecNo %llu%s",
		(unsigned long long)info->last_rec_no,
		info->before == STORE_BEFORE_IGNORED ? ", --bring-back" : "");
	struct audit_entry entry = {
		.act = AUDIT_RESTORE,
		.utc_ms = now->utc_ms,
		.trusted = now->trusted,
		.count = info->kept_out < UINT32_MAX ? (uint32_t)info->kept_out : UINT32_MAX,
	};
	bool fits = text_set(&entry.target, span_of(target, (size_t)len));
	int error = counter_next(connection, "audit_no", &no);

	ASSERT(fits);
	return error != 0 ? error : audit_put_row(connection, &entry, no);
}

static int new_change(struct connection *copy, struct side *old, const struct moment *now,
	struct store_backup_info *ret, char *ret_detail)
{
	bool same = ret->before == STORE_BEFORE_KEPT || ret->before == STORE_BEFORE_IGNORED;
	bool merges = same && old->version == STORE_SCHEMA_VERSION;
	int error = merges ? rights_attach(copy, STORE_FILE) : 0;

	if (error == 0)
		error = sql_run(copy->db, "BEGIN IMMEDIATE");
	if (error == 0)
		error = given_raise(copy, &old->given);
	if (error == 0 && merges)
		error = rights_merge(copy, ret->before == STORE_BEFORE_KEPT, &ret->kept_out);
	if (error == STORE_DOOR_MISMATCH)
		detail_set(ret_detail,
			"doors have other indexes in the backup than in STATE/" STORE_FILE
			", there now, so what people may open cannot be compared: give them the"
			" indexes of the backup with `posternd renumber` first, or say"
			" --bring-back");
	if (error == 0)
		error = audit_put(copy, ret, now);
	if (error == 0)
		error = sql_run(copy->db, "COMMIT");
	if (error == 0)
		error = given_read(copy, &old->given);
	if (merges)
		rights_detach(copy);
	return error;
}

static int new_raise(int state_fd, struct side *old, enum store_rights rights,
	const struct moment *now, struct store_backup_info *ret, char *ret_detail)
{
	struct connection copy;
	struct side new = {0};
	int error = connection_open(&copy, state_fd, NEW_FILE, SQLITE_OPEN_READWRITE);

	if (error != 0)
		return error;
	error = sql_run(copy.db, sql_copy_mode);
	if (error == 0)
		error = side_read(&copy, &new);
	if (error == 0)
		error = before_judge(old, &new, rights, &ret->before, ret_detail);
	if (error == 0)
		error = schema_bring_up_copy(copy.db, new.version);
	if (error == 0)
		error = new_change(&copy, old, now, ret, ret_detail);
	if (error == 0)
		error = sql_run(copy.db, sql_copy_end);
	connection_close(&copy);
	return error;
}

static int restore_locked(int state_fd, int from_fd, enum store_rights rights,
	const struct moment *now, struct store_backup_info *ret, char *ret_detail)
{
	struct side old = {0};
	int error = new_copy(state_fd, from_fd);

	if (error == 0) /* before anything else is touched */
		error = new_check(state_fd, ret, ret_detail);
	if (error == 0)
		error = old_read(state_fd, &old, ret_detail);
	if (error == 0)
		error = new_raise(state_fd, &old, rights, now, ret, ret_detail);
	ret->next_rec_no = old.given.number[GIVEN_REC_NO] + 1;
	if (error == 0)
		error = file_install(state_fd, NEW_FILE, STORE_FILE);
	if (error != 0)
		(void)unlinkat(state_fd, NEW_FILE, 0);
	return error;
}

int store_restore(int state_fd, int from_fd, enum store_rights rights, const struct moment *now,
	struct store_backup_info *ret, char *ret_detail)
{
	if (ret_detail != NULL)
		ret_detail[0] = '\0';
	*ret = (struct store_backup_info){0};
	int lock_fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock_fd < 0)
		return -errno;
	int error = flock(lock_fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;

	if (error == -EWOULDBLOCK) {
		detail_set(ret_detail, "STATE is in use by a posternd: stop it first");
		error = -EBUSY;
	}
	if (error == 0)
		error = restore_locked(state_fd, from_fd, rights, now, ret, ret_detail);
	(void)close(lock_fd);
	return error;
}
