/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way of this room to SQLite: a connection with its prepared statements, and a call, which
 * binds values in order, steps, and reads columns in order. Values are bound, never written into
 * SQL text. All statements stand in sql_text.c; reader.c joins pieces of them.
 */
#pragma once

#include "base/compiler.h"
#include "base/text.h"

#include <sqlite3.h>

#define STORE_APPLICATION_ID 0x5053544e /* "PSTN" in the file's header */
#define STORE_SCHEMA_VERSION 4
#define STORE_BUSY_TIMEOUT_MS 2000

enum sql_id {
	SQL_BEGIN_READ,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_COUNTER_GET,
	SQL_COUNTER_PUT,
	SQL_COUNTER_RAISE,
	SQL_DEVICE_GET,
	SQL_DEVICE_PUT,
	SQL_DOORS,
	SQL_DOOR_PUT,
	SQL_JOURNAL_MAXIMA,
	SQL_JOURNAL_NEWEST,
	SQL_JOURNAL_INSERT,
	SQL_JOURNAL_OF_RECORD,
	SQL_JOURNAL_DELETE,
	SQL_JOURNAL_DELETE_OLD,
	SQL_JOURNAL_AFTER,
	SQL_SEQ_OF_RECORD,
	SQL_BLOCK_ANY,
	SQL_BLOCK_AT,
	SQL_BLOCK_NEXT,
	SQL_BLOCKS_OF_LEVEL,
	SQL_BLOCK_ADD,
	SQL_BLOCK_FOLD,
	SQL_BLOCK_SIZE,
	SQL_BLOCK_DELETE,
	SQL_BLOCK_NTH_ALL,
	SQL_BLOCK_NTH_CARD,
	SQL_BLOCK_NTH_USER,
	SQL_BLOCK_INSERT_ALL,
	SQL_BLOCK_INSERT_CARD,
	SQL_BLOCK_INSERT_USER,
	SQL_BLOCK_DELETE_BELOW,
	SQL_BLOCK_DELETE_ALL_BELOW,
	SQL_BLOCK_NEXT_CARD,
	SQL_BLOCK_NEXT_USER,
	SQL_WHO_INSERT,
	SQL_WHO_DELETE,
	SQL_PENDING_PUT,
	SQL_PENDING_GET,
	SQL_PENDING_DELETE,
	SQL_PENDING_DELETE_RECORD,
	SQL_PENDING_FIRST,
	SQL_PERSON_GET,
	SQL_LOAD_PERSONS,
	SQL_LOAD_CARDS,
	SQL_LOAD_PINS,
	SQL_LOAD_RULES,
	SQL_PERSONS_NEWEST,
	SQL_PERSON_WHO,
	SQL_PERSON_OF_USER,
	SQL_PERSON_OF_CARD,
	SQL_PERSON_INSERT,
	SQL_PERSON_UPDATE,
	SQL_PERSON_DELETE,
	SQL_PERSONS_CLEARED,
	SQL_PERSON_BLOCK_ADD,
	SQL_PERSON_BLOCK_DELETE_ALL,
	SQL_PERSONS_BETWEEN,
	SQL_PERSON_BLOCKS,
	SQL_CARD_PUT,
	SQL_CARD_TAKE_USE,
	SQL_CARD_DELETE,
	SQL_PIN_PUT,
	SQL_PIN_OF_HASH,
	SQL_PIN_OF_DURESS,
	SQL_PIN_COUNT_ALONE,
	SQL_PIN_DELETE,
	SQL_FAILURES_PUT,
	SQL_FAILURES_ALL,
	SQL_FAILURES_DELETE,
	SQL_FAILURES_DELETE_PERSON,
	SQL_RULES_GET,
	SQL_RULE_PUT,
	SQL_RULES_DELETE,
	SQL_SCHEDULE_GET,
	SQL_SCHEDULES_ALL,
	SQL_SCHEDULE_PUT,
	SQL_SCHEDULE_DELETE,
	SQL_INTERVALS_GET,
	SQL_INTERVAL_PUT,
	SQL_INTERVALS_DELETE,
	SQL_SPECIAL_GROUP_GET,
	SQL_SPECIAL_GROUPS_ALL,
	SQL_SPECIAL_GROUP_PUT,
	SQL_SPECIAL_GROUP_DELETE,
	SQL_SPECIAL_DAYS_GET,
	SQL_SPECIAL_DAY_PUT,
	SQL_SPECIAL_DAYS_DELETE,
	SQL_SPECIAL_SCHEDULE_GET,
	SQL_SPECIAL_SCHEDULES_ALL,
	SQL_SPECIAL_SCHEDULE_PUT,
	SQL_SPECIAL_SCHEDULE_DELETE,
	SQL_SPECIAL_INTERVALS_GET,
	SQL_SPECIAL_INTERVAL_PUT,
	SQL_SPECIAL_INTERVALS_DELETE,
	SQL_SPECIAL_COVERS_GET,
	SQL_SPECIAL_COVER_PUT,
	SQL_SPECIAL_COVERS_DELETE,
	SQL_ACCOUNT_PUT,
	SQL_ACCOUNT_UPDATE,
	SQL_ACCOUNT_OF_NAME,
	SQL_ACCOUNT_DELETE,
	SQL_ACCOUNTS_ALL,
	SQL_DOOR_USE,
	SQL_DOORS_DELETE,
	SQL_DOOR_MOVE_PUT,
	SQL_DOOR_MOVE_STRAY,
	SQL_DOOR_MOVE_RULES,
	SQL_DOOR_MOVE_JOURNAL,
	SQL_DOOR_MOVE_BLOCKS,
	SQL_DOOR_MOVE_BLOCKS_END,
	SQL_AUDIT_PUT,
	SQL_AUDIT_DELETE_BELOW,
	SQL_AUDIT_AFTER,
	SQL_AUDIT_COUNT,
	SQL_RECORD_SINCE,
	SQL_ACCOUNT_ROLE,
	SQL_READER_KEY_PUT,
	SQL_READER_KEY_GET,
	SQL_READER_KEYS_DELETE,
	SQL_READER_KEYS_ALL,
	SQL_COUNT
};

extern const char *const sql_text[SQL_COUNT];
extern const char sql_pragmas[]; /* of every connection */
extern const char sql_pragmas_reader[];
extern const char sql_journal_mode[]; /* of the writer, once the file is known to be ours */
extern const char sql_copy_mode[]; /* of a copy on its way: it is synced as a whole */
extern const char sql_copy_end[]; /* makes one file of a database and its log */
extern const char sql_schema[]; /* all of STORE_SCHEMA_VERSION, for a new database */
extern const char sql_schema_1_to_2[];
extern const char sql_schema_2_to_3[];
extern const char sql_schema_3_to_4[];
extern const char sql_schema_list[]; /* what sqlite_schema holds, in a fixed order */
extern const char sql_check_small[]; /* quick_check of the tables that decisions need */
extern const char sql_check_all[];
extern const char sql_door_moves[]; /* what the statements SQL_DOOR_MOVE_... go by */

/* restore_rights.c; `old` is the database that was there */
extern const char sql_rights_attach[]; /* ?: its path */
extern const char sql_rights_detach[];
extern const char sql_rights_doors[]; /* doors that have another index or id in the two */
extern const char sql_rights_audit[];
extern const char sql_rights_choose[]; /* into temp.kept: persons who stay */
extern const char sql_rights_kept_out[];
extern const char sql_rights_take[];

/* Fixed pieces that reader.c puts together; the values are bound. */
extern const char sql_persons_rows[];
extern const char sql_persons_total[];
extern const char sql_records_columns[];
extern const char sql_records_total[];
extern const char sql_records_bounds[];
extern const char sql_blocks[];

/* Which index leads a query for records. */
enum sql_lead_id {
	SQL_LEAD_TIME,
	SQL_LEAD_CARD,
	SQL_LEAD_USER,
	SQL_LEAD_METHOD, /* other than by card */
	SQL_LEAD_FAILED,
	SQL_LEAD_DOOR,
	SQL_LEAD_COUNT
};

struct sql_lead {
	const char *rows; /* FROM, with the person of each record */
	const char *total; /* FROM, for counting */
	const char *key; /* WHERE: what makes the index usable; none or one value */
	const char *after; /* behind (utc_ms, rec_no): two values */
	const char *before; /* (utc_ms, rec_no): two values */
	const char *order;
};

extern const struct sql_lead sql_leads[SQL_LEAD_COUNT];

#define SQL_KEPT 8 /* shapes of a query that come again, and at once */

struct sql_kept {
	sqlite3_stmt *stmt;
	uint64_t used; /* grows with each use: the least is the first to go */
	bool busy; /* a call has it */
};

struct connection {
	sqlite3 *db;
	int dir_fd; /* its own copy of STATE's descriptor */
	int error; /* the first environment error since it was cleared: sticky */
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use */
	struct sql_kept kept[SQL_KEPT]; /* texts that were put together */
	uint64_t uses;
};

/*
 * Opens name (in directory dir_fd) in connection. flags: SQLITE_OPEN_*. On failure the connection
 * is closed again. The file is found through the descriptor, not through a path.
 */
MUST_CHECK int connection_open(
	struct connection *connection, int dir_fd, const char *name, int flags);
void connection_close(struct connection *connection);

/* Runs the statements of a fixed text; rows are dropped. */
MUST_CHECK int sql_run(sqlite3 *db, const char *text);

/* The first column of the first row as a number, for pragmas and the like. */
MUST_CHECK int sql_number(sqlite3 *db, const char *text, int64_t *ret);

/* What an SQLite result code is for our callers: a negative errno or STORE_CORRUPT; 0 for success.
 */
int sql_error(sqlite3 *db, int rc);

struct sql_call {
	struct connection *connection;
	sqlite3_stmt *stmt;
	int bound; /* parameters bound so far */
	int column; /* next column to read */
	int error; /* the first error; later steps do nothing */
	struct sql_kept *kept; /* where a text's statement lies */
};

struct sql_call call_begin(struct connection *connection, enum sql_id id);

/* At most SQL_KEPT of them at once. The text is looked at here only. */
struct sql_call call_begin_text(struct connection *connection, struct span sql);

void call_put_i64(struct sql_call *call, int64_t value);
void call_put_u64(struct sql_call *call, uint64_t value); /* the same 64 bits */
void call_put_null(struct sql_call *call);
void call_put_text(struct sql_call *call, struct span text); /* the bytes outlive the call */
void call_put_blob(struct sql_call *call, const void *bytes, size_t len);

/* True when there is a row; columns are read from the first on. */
bool call_next(struct sql_call *call);

/* Values outside the range make the call fail with STORE_CORRUPT and give the least value. */
int64_t call_get_i64(struct sql_call *call, int64_t min, int64_t max);
uint64_t call_get_u64(struct sql_call *call); /* the same 64 bits */
uint32_t call_get_u32(struct sql_call *call, uint32_t max);
bool call_get_bool(struct sql_call *call);
bool call_get_null(struct sql_call *call); /* true and moves on when the column is NULL */
void call_get_text_bytes(struct sql_call *call, uint16_t *len, char *bytes, size_t capacity);
#define call_get_text(call, text)                                                                  \
	call_get_text_bytes((call), &(text)->len, (text)->bytes, sizeof((text)->bytes))
struct span call_get_blob(struct sql_call *call); /* valid until the next step */

/* Ends the call. 0, or its first error, which the connection remembers as well. */
int call_end(struct sql_call *call);

/* For statements without rows to read: steps and ends. */
MUST_CHECK int call_do(struct sql_call *call);

/* The same from its beginning, for those that take one number. */
MUST_CHECK int call_do_number(struct connection *connection, enum sql_id id, uint64_t number);
