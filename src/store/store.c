// SPDX-License-Identifier: Apache-2.0
/*
 * The store's life and its transactions.
 *
 * One thread writes. Between store_begin and store_commit the numbers given out (Seq, RecNo, person
 * no, the oldest kept ones) live in memory and are written into table counter by the commit itself,
 * in the same transaction as the rows that carry them; a rollback puts them back. So they are dense
 * and never reused. The folder is locked for as long as the store is open.
 *
 * After a failed commit nothing is known but that the transaction is on disk as a whole or not at
 * all, and a second sync of the same file could report success for pages the kernel has dropped.
 * The store therefore refuses everything until it is closed and opened again. Closing does not
 * touch the log then; opening reads what the disk has, and moves all of it into the database with a
 * sync of its own before the first new write.
 */
#include "block.h"
#include "internal.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const counter_name[COUNTER_COUNT] = {
	[COUNTER_SEQ] = "seq",
	[COUNTER_OLDEST_SEQ] = "oldest_seq",
	[COUNTER_REC_NO] = "rec_no",
	[COUNTER_OLDEST_REC_NO] = "oldest_rec_no",
	[COUNTER_PERSON_NO] = "person_no",
	[COUNTER_ACCOUNT_NO] = "account_no",
	[COUNTER_TICKET] = "ticket",
	[COUNTER_PERSONS] = "persons",
	[COUNTER_CLEARED_NO] = "cleared_no",
	[COUNTER_TOTALS] = "totals",
	[COUNTER_AUDIT_NO] = "audit_no",
	[COUNTER_OLDEST_AUDIT_NO] = "oldest_audit_no",
	[COUNTER_RETENTION_LEVEL] = "retention_level",
	[COUNTER_RETENTION_S] = "retention_s",
	[COUNTER_BACKUP_S] = "backup_s",
	[COUNTER_CONFIGURATION] = "configuration",
};

const char *store_error_text(int error)
{
	if (error < 0) {
		const char *text = strerrordesc_np(-error);

		return text != NULL ? text : "unknown system error";
	}
	switch ((enum store_error)error) {
	case STORE_OK:
		return "success";
	case STORE_NOT_FOUND:
		return "there is no such row";
	case STORE_USER_EXISTS:
		return "another person has this user id";
	case STORE_CARD_EXISTS:
		return "another person has this card number";
	case STORE_FULL:
		return "limits.persons is reached";
	case STORE_NEWER_SCHEMA:
		return "the database was written by a newer posternd";
	case STORE_DOOR_MISMATCH:
		return "a door index has another id than the database remembers";
	case STORE_CORRUPT:
		return "the database is damaged";
	case STORE_PIN_TAKEN:
		return "somebody else has this PIN";
	case STORE_PIN_SHORT:
		return "the PIN is too short to open a door alone";
	case STORE_PIN_RATIO:
		return "too many PINs of this length open doors alone";
	case STORE_BAD_DURESS:
		return "a duress PIN is 4 to 12 digits and goes with a PIN";
	case STORE_BAD_PERIOD:
		return "the validity would end before it begins";
	}
	return "unknown error";
}

int counter_read(struct connection *connection, const char *name, uint64_t *ret)
{
	struct sql_call call = call_begin(connection, SQL_COUNTER_GET);

	*ret = 0;
	call_put_text(&call, span_from_string(name));
	bool found = call_next(&call);

	if (found)
		*ret = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	int error = call_end(&call);

	return error != 0 ? error : found ? 0 : STORE_CORRUPT;
}

static int load_counters(struct store *store)
{
	int error = 0;

	for (size_t i = 0; i < COUNTER_COUNT && error == 0; i++)
		error = counter_read(&store->connection, counter_name[i], &store->now.counter[i]);
	return error;
}

/* A counter below a number in use would give that number out again. */
static int check_counters(struct store *store)
{
	const uint64_t *counter = store->now.counter;
	uint64_t seq = 0;
	uint64_t rec_no = 0;
	struct sql_call call = call_begin(&store->connection, SQL_JOURNAL_MAXIMA);

	if (call_next(&call)) {
		seq = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
		rec_no = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	}
	int error = call_end(&call);

	if (error != 0)
		return error;
	bool good = counter[COUNTER_SEQ] >= seq && counter[COUNTER_REC_NO] >= rec_no &&
		    counter[COUNTER_OLDEST_SEQ] <= counter[COUNTER_SEQ] + 1 &&
		    counter[COUNTER_OLDEST_REC_NO] <= counter[COUNTER_REC_NO] + 1 &&
		    counter[COUNTER_CLEARED_NO] <= counter[COUNTER_PERSON_NO] &&
		    counter[COUNTER_PERSONS] < UINT32_MAX;

	return good ? 0 : STORE_CORRUPT;
}

static int load_progress(struct store *store)
{
	int error = load_counters(store);

	if (error == 0)
		error = check_counters(store);
	if (error != 0)
		return error;
	struct sql_call call = call_begin(&store->connection, SQL_JOURNAL_NEWEST);

	if (call_next(&call))
		store->now.newest_utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX);
	return call_end(&call);
}

struct known_doors {
	bool known[DOORS_MAX];
	struct text32 id[DOORS_MAX];
};

static int load_doors(struct store *store, struct known_doors *doors)
{
	struct sql_call call = call_begin(&store->connection, SQL_DOORS);

	while (call_next(&call)) {
		uint32_t index = call_get_u32(&call, DOORS_MAX - 1);

		doors->known[index] = true;
		call_get_text(&call, &doors->id[index]);
	}
	return call_end(&call);
}

static int put_door(struct store *store, uint32_t index)
{
	struct sql_call call = call_begin(&store->connection, SQL_DOOR_PUT);

	call_put_u64(&call, index);
	call_put_text(&call, text_span(&store->options.door[index].id));
	return call_do(&call);
}

/* Records name doors by index: an index must never come to mean another door. */
static int check_doors(struct store *store, const struct known_doors *doors, char *ret_detail)
{
	for (uint32_t i = 0; i < DOORS_MAX; i++) {
		const struct text32 *id = &store->options.door[i].id;

		if (!store->options.door[i].configured)
			continue;
		for (uint32_t j = 0; j < DOORS_MAX; j++) {
			bool same = doors->known[j] && text_is(&doors->id[j], text_span(id));

			if (!doors->known[j] || same == (i == j))
				continue;
			detail_set(ret_detail,
				"door index %u is configured as `%.*s`, but in this database"
				" index %u is `%.*s`: give each door the index it had, or run"
				" `posternd renumber` when it is meant",
				i, (int)id->len, id->bytes, j, (int)doors->id[j].len,
				doors->id[j].bytes);
			return STORE_DOOR_MISMATCH;
		}
	}
	return 0;
}

static int remember_doors(struct store *store, char *ret_detail)
{
	struct known_doors doors = {0};
	int error = load_doors(store, &doors);

	if (error == 0)
		error = check_doors(store, &doors, ret_detail);
	if (error == 0)
		error = store_begin(store);
	if (error != 0)
		return error;
	for (uint32_t i = 0; i < DOORS_MAX && error == 0; i++) {
		if (store->options.door[i].configured && !doors.known[i])
			error = put_door(store, i);
	}
	if (error == 0)
		return store_commit(store);
	store_rollback(store);
	return error;
}

static int log_seen(void *user, sqlite3 *db UNUSED, const char *name UNUSED, int pages)
{
	struct store *store = user;

	store->log_pages = pages;
	return SQLITE_OK;
}

/* SQLite would make the file readable by all. */
static int make_file(int dir_fd)
{
	int fd = openat(dir_fd, STORE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	(void)close(fd); /* before SQLite locks it: closing drops a process's locks */
	return 0;
}

static int lock_folder(struct store *store, int state_fd, char *ret_detail)
{
	store->lock_fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock_fd < 0)
		return -errno;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	detail_set(ret_detail, "STATE is in use by another posternd: stop that one first");
	return -EBUSY;
}

static int open_all(struct store *store, int state_fd, char *ret_detail)
{
	int error = lock_folder(store, state_fd, ret_detail);

	if (error == 0)
		error = make_file(state_fd);
	if (error == 0)
		error = connection_open(
			&store->connection, state_fd, STORE_FILE, SQLITE_OPEN_READWRITE);
	if (error == 0)
		error = schema_open(store, ret_detail);
	if (error != 0)
		return error;
	int log = 0;
	int moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(
		store->connection.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);

	if ((rc & 0xff) == SQLITE_BUSY && log >= 0 && log == moved)
		rc = SQLITE_OK; /* all of it is moved: a backup reads, and the log stays long */
	(void)sqlite3_wal_hook(store->connection.db, log_seen, store);
	error = sql_error(store->connection.db, rc);
	if (error == 0)
		error = load_progress(store);
	if (error == 0)
		error = remember_doors(store, ret_detail);
	return error != 0 ? error : folder_sync(store->connection.dir_fd);
}

int store_open(
	int state_fd, const struct store_options *options, struct store **ret, char *ret_detail)
{
	struct store *store = calloc(1, sizeof(*store));

	if (ret_detail != NULL)
		ret_detail[0] = '\0';
	if (store == NULL)
		return -ENOMEM;
	store->options = *options;
	if (options->audit_max == 0)
		store->options.audit_max = AUDIT_MAX_DEFAULT;
	store->connection.dir_fd = -1;
	store->lock_fd = -1;
	store->block_records = STORE_BLOCK_RECORDS;
	store->block_fold = STORE_BLOCK_FOLD;
	store->slice_persons = STORE_SLICE_PERSONS;
	int error = open_all(store, state_fd, ret_detail);

	if (error == 0) {
		*ret = store;
		return 0;
	}
	if (ret_detail != NULL && ret_detail[0] == '\0')
		detail_set(ret_detail, "STATE/" STORE_FILE ": %s", store_error_text(error));
	store->failed = true;
	(void)store_close(store);
	return error;
}

struct store *store_close(struct store *store)
{
	if (store == NULL)
		return NULL;
	if (store->in_transaction)
		store_rollback(store);
	if (store->failed && store->connection.db != NULL)
		(void)sqlite3_db_config(
			store->connection.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	connection_close(&store->connection);
	secret_wipe(&store->secret);
	if (store->lock_fd >= 0)
		(void)close(store->lock_fd);
	free(store);
	return NULL;
}

int store_begin(struct store *store)
{
	ASSERT(!store->in_transaction);
	if (store->failed)
		return -EIO;
	store->connection.error = 0;
	struct sql_call call = call_begin(&store->connection, SQL_BEGIN_WRITE);
	int error = call_do(&call);

	if (error != 0)
		return error;
	store->in_transaction = true;
	store->before = store->now;
	return 0;
}

static int put_counters(struct store *store)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		if (store->now.counter[i] == store->before.counter[i])
			continue;
		struct sql_call call = call_begin(&store->connection, SQL_COUNTER_PUT);

		call_put_u64(&call, store->now.counter[i]);
		call_put_text(&call, span_from_string(counter_name[i]));
		int error = call_do(&call);

		if (error != 0)
			return error;
	}
	return 0;
}

/* What was committed is durable already: a failure here takes nothing back, but ends this
 * connection. */
static void shorten_log(struct store *store, int pages)
{
	if (store->failed || store->log_pages < pages)
		return;
	int rc = sqlite3_wal_checkpoint_v2(
		store->connection.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	store->log_pages = 0; /* busy readers: the next commit tells the length again */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		store->failed = true;
}

void store_idle(struct store *store)
{
	ASSERT(!store->in_transaction);
	shorten_log(store, STORE_LOG_PAGES_IDLE);
}

int store_tidy(struct store *store, bool *ret_more)
{
	ASSERT(!store->in_transaction);
	int error = person_tidy(store, ret_more);

	return error != 0 || *ret_more ? error : block_tidy(store, ret_more);
}

int store_commit(struct store *store)
{
	ASSERT(store->in_transaction);
	int error = store->connection.error;

	if (error != 0) { /* a write failed and its caller went on: half a change is none */
		store_rollback(store);
		return error;
	}
	error = put_counters(store);
	if (error == 0) {
		struct sql_call call = call_begin(&store->connection, SQL_COMMIT);

		error = call_do(&call);
		store->failed = error != 0;
	}
	if (error != 0) {
		store_rollback(store);
		return error;
	}
	store->in_transaction = false;
	shorten_log(store, STORE_LOG_PAGES);
	return 0;
}

void store_rollback(struct store *store)
{
	ASSERT(store->in_transaction);
	if (sqlite3_get_autocommit(store->connection.db) == 0) {
		struct sql_call call = call_begin(&store->connection, SQL_ROLLBACK);

		if (call_do(&call) != 0)
			store->failed = true;
	}
	store->in_transaction = false;
	for (uint32_t i = store->before.tickets; i != store->now.tickets; i++)
		store->ticket[i % STORE_TICKETS_MAX].ticket = 0;
	store->now = store->before;
}

void store_state(struct store *store, struct store_state *ret)
{
	const uint64_t *counter = store->now.counter;

	*ret = (struct store_state){
		.last_seq = counter[COUNTER_SEQ],
		.oldest_seq = counter[COUNTER_OLDEST_SEQ],
		.last_rec_no = counter[COUNTER_REC_NO],
		.oldest_rec_no = counter[COUNTER_OLDEST_REC_NO],
		.last_ticket = counter[COUNTER_TICKET],
		.last_audit_no = counter[COUNTER_AUDIT_NO],
		.oldest_audit_no = counter[COUNTER_OLDEST_AUDIT_NO],
		.newest_utc_ms = store->now.newest_utc_ms,
		.persons = (uint32_t)counter[COUNTER_PERSONS],
		.serial = store->serial,
	};
}
