/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store's room share: the store itself, and how rows become structs. */
#pragma once

#include "secret.h"
#include "sql.h"
#include "store/store.h"

#define STORE_FILE "postern.db"
#define STORE_GONE_MAX 1024 /* removed persons still known by name: a power of two */
#define STORE_TICKETS_MAX 1024 /* newest tickets with their record: a power of two */
#define STORE_PRUNE_MAX 8 /* rows an append takes out of a ring: a lowered limit catches up */
#ifndef STORE_LOG_PAGES
#define STORE_LOG_PAGES 4000 /* of the WAL, before a commit moves it into the database */
#endif
#define STORE_LOG_PAGES_IDLE (STORE_LOG_PAGES / 8) /* the same, for store_idle */
#define STORE_PERSON_BLOCK 1024 /* person numbers counted together; stored */
#define STORE_SLICE_PERSONS 200 /* cleared rows that one store_tidy takes out: a few ms */
#define STORE_NUMBER_MAX (INT64_MAX - 1)

/* Numbers given out; kept in table counter, written with the transaction that used them. */
enum counter {
	COUNTER_SEQ,
	COUNTER_OLDEST_SEQ,
	COUNTER_REC_NO,
	COUNTER_OLDEST_REC_NO,
	COUNTER_PERSON_NO,
	COUNTER_ACCOUNT_NO,
	COUNTER_TICKET,
	COUNTER_PERSONS, /* not cleared */
	COUNTER_CLEARED_NO, /* persons up to this number are cleared */
	COUNTER_TOTALS, /* 0: record_block may lack blocks of old records */
	COUNTER_AUDIT_NO,
	COUNTER_OLDEST_AUDIT_NO,
	COUNTER_RETENTION_LEVEL, /* enum retention_level that was told last */
	COUNTER_RETENTION_S, /* when, UTC */
	COUNTER_BACKUP_S, /* the latest backup that the audit has a row of, UTC */
	COUNTER_CONFIGURATION, /* settings.file_hash of the latest start; 0: before the first */
	COUNTER_COUNT
};

/* All that a rollback must put back. */
struct progress {
	uint64_t counter[COUNTER_COUNT];
	int64_t newest_utc_ms;
	uint32_t tickets; /* written to store.ticket so far, modulo 2^32 */
};

/* Who a person is, as far as records tell. */
struct who {
	uint64_t person_no;
	struct text64 user_id;
	struct text128 name;
	struct text32 card_no;
};

struct store {
	struct connection connection;
	struct store_options options;
	int lock_fd; /* STATE, locked: two writers would give out the same numbers */
	struct secret secret;
	struct text32 serial;
	bool in_transaction;
	bool failed; /* a commit or a checkpoint went wrong: only closing is left */
	int log_pages; /* of the WAL after the last commit */
	uint32_t block_records; /* STORE_BLOCK_RECORDS; tests take fewer */
	uint32_t block_fold; /* STORE_BLOCK_FOLD */
	uint32_t slice_persons; /* STORE_SLICE_PERSONS */
	uint32_t fill_kind; /* enum block_kind: how far block_tidy is */
	struct text64 fill_key;
	struct progress now;
	struct progress before; /* at store_begin */
	uint32_t gone_count; /* written to gone so far, modulo 2^32 */
	struct who gone[STORE_GONE_MAX];
	struct {
		uint64_t ticket;
		uint64_t rec_no;
	} ticket[STORE_TICKETS_MAX];
};

/* schema.c */
struct progress_call {
	store_progress_fn *fn; /* may be NULL */
	void *user;
};

struct migration {
	int from; /* brings user_version from this to from + 1 */
	const char *sql; /* without BEGIN, COMMIT and user_version */
};

/* Copies the database to NAME.schema-VERSION, then runs the steps to version `to` as one
 * transaction. */
MUST_CHECK int schema_migrate(struct connection *connection, const char *name,
	const struct migration *steps, size_t count, int from, int to,
	const struct progress_call *progress);

/* Brings a file that nobody else uses to STORE_SCHEMA_VERSION, without a copy of it before. */
MUST_CHECK int schema_bring_up_copy(sqlite3 *db, int from);

/* Makes or brings up the tables and the key, and judges them. Fills serial and secret. */
MUST_CHECK int schema_open(struct store *store, char *ret_detail);

/* The tables are, text for text, those of a new database. */
MUST_CHECK int schema_check(sqlite3 *db);

/* restore_rights.c */

/*
 * In a transaction of copy: takes rights and audit over from the database old_name in the same
 * folder, attached as `old`, which must be of STORE_SCHEMA_VERSION and of the same device. rights:
 * persons and accounts too, not only the audit. *ret_kept_out: persons of the copy who are not
 * there any more. STORE_DOOR_MISMATCH: rights of the one would be for other doors in the other.
 */
MUST_CHECK int rights_attach(struct connection *copy, const char *old_name);
MUST_CHECK int rights_merge(struct connection *copy, bool rights, uint64_t *ret_kept_out);
void rights_detach(struct connection *copy);

/* backup.c */
struct store_backup_info;

/* Fills *ret from a database of any schema. */
MUST_CHECK int backup_look(struct connection *connection, struct store_backup_info *ret);

/* Ours, of a known schema, every page whole. what: how ret_detail names it. */
MUST_CHECK int backup_check(struct connection *connection, const char *what, char *ret_detail);

/* A new empty file, for its owner only, and nothing left of one of that name; its descriptor. */
MUST_CHECK int file_make(int dir_fd, const char *name);

/* Syncs the file, gives it its last name and syncs the folder. */
MUST_CHECK int file_install(int dir_fd, const char *from, const char *to);

MUST_CHECK int folder_sync(int dir_fd);
PRINTF_LIKE(2, 3) void detail_set(char *detail, const char *format, ...);

/* A counter as this transaction sees it; STORE_CORRUPT when it is not there. */
MUST_CHECK int counter_read(struct connection *connection, const char *name, uint64_t *ret);

/* retention.c: as another connection's read transaction sees it */
MUST_CHECK int retention_read(struct connection *connection, uint64_t records_max,
	int64_t now_utc_ms, struct retention *ret);

/* pin.c */
struct pin_row { /* of credential_pin */
	bool exists; /* else all is 0 */
	bool alone; /* it broke no rule when it was written */
	bool has_duress;
	uint8_t digits; /* 0: no keypad can type it, or unknown */
	uint8_t duress_digits;
	uint8_t hash[SECRET_HASH_SIZE];
	uint8_t duress_hash[SECRET_HASH_SIZE];
};

void pin_load(struct sql_call *call, struct pin_row *ret);

/* alone_digits: of the options now; it may have been raised since. */
bool pin_opens_alone(uint8_t alone_digits, const struct pin_row *pin);

/*
 * Puts the passwords of person that fields name into *pin, which is the row of person no (0: a new
 * one), and judges what comes of it. Nothing is written.
 */
MUST_CHECK int pin_judge(struct store *store, const struct person *person, uint32_t fields,
	uint64_t no, struct pin_row *pin);
MUST_CHECK int pin_put(struct store *store, uint64_t no, const struct pin_row *pin);

/* Fills the PINs of a credential; false when nothing of it can be presented by itself. */
bool pin_credential(
	const struct store *store, const struct pin_row *pin, struct credential *credential);
MUST_CHECK int pin_failures_put(struct store *store, const struct commit_entry *entry);

/* person.c */

/* Without doors. ret_pin may be NULL. */
void person_load(
	struct sql_call *call, uint8_t alone_digits, struct person *ret, struct pin_row *ret_pin);
MUST_CHECK int person_load_doors(struct connection *connection, struct person *person);
MUST_CHECK int who_find(struct store *store, uint64_t person_no, struct who *ret);

/* Takes out all rows of a person; that there are none is no error. */
MUST_CHECK int person_delete_rows(struct store *store, uint64_t no);

/* person_total.c */
MUST_CHECK int person_count_in(struct store *store, uint64_t no); /* a new row */
MUST_CHECK int person_count_out(struct store *store, uint64_t no); /* a row less */
bool person_is_cleared(const struct store *store, uint64_t no);
MUST_CHECK int person_clear_all(struct store *store);

/* Outside a transaction: takes some rows of cleared persons out; *ret_more: there may be others. */
MUST_CHECK int person_tidy(struct store *store, bool *ret_more);

/* block.c; has_who: with a row in record_person */
MUST_CHECK int block_append(struct store *store, const struct journal_entry *entry, bool has_who);
MUST_CHECK int block_expire(struct store *store, uint64_t rec_no); /* it has left the ring */

/* Outside a transaction: makes some blocks of old records; *ret_more: there may be others. */
MUST_CHECK int block_tidy(struct store *store, bool *ret_more);

/* journal.c */
void entry_load(struct sql_call *call, struct journal_entry *ret);
MUST_CHECK int who_put(struct store *store, const struct journal_entry *entry);

/* audit.c */
void audit_load(struct sql_call *call, struct audit_entry *ret);
MUST_CHECK int audit_put_row(
	struct connection *connection, const struct audit_entry *entry, uint64_t no);

/* schedule.c */
/* The next two columns, behind the day's others; one too many: STORE_CORRUPT. */
void interval_load(struct sql_call *call, struct schedule_day *day);
MUST_CHECK int schedule_get(struct connection *connection, uint8_t no, struct schedule *ret);

/* special_day.c */
MUST_CHECK int special_group_get(
	struct connection *connection, uint8_t no, struct special_day_group *ret);
MUST_CHECK int special_schedule_get(
	struct connection *connection, uint8_t no, struct special_schedule *ret);
