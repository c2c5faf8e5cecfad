/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is kept: people, schedules, special days, accounts, the journal with its records,
 * in one SQLite database (STATE/postern.db, WAL, synchronous=FULL, schema 4). A store has one
 * writing thread; other threads read through store_reader handles of their own. Errors: 0, a
 * negative errno for the environment (-EIO, -ENOSPC, ...), or a positive enum store_error that the
 * caller handles.
 *
 * Numbers (Seq, RecNo, person no) come from counters updated in the same transaction: dense, never
 * reused.
 */
#pragma once

#include "base/compiler.h"
#include "domain/audit.h"
#include "domain/controller.h"
#include "domain/credential_index.h"
#include "domain/record.h"
#include "domain/schedule.h"
#include "domain/special_day.h"
#include "messages/persons.h"
#include "messages/records.h"

enum store_error {
	STORE_OK = 0,
	STORE_NOT_FOUND,
	STORE_USER_EXISTS,
	STORE_CARD_EXISTS,
	STORE_FULL, /* limits.persons */
	STORE_NEWER_SCHEMA, /* the database was written by a newer posternd: refused by name */
	STORE_DOOR_MISMATCH, /* a door index has another id than the database remembers */
	STORE_CORRUPT,
	/* Nothing was changed by the write that answers one of these. */
	STORE_PIN_TAKEN, /* somebody else's PIN where PINs open alone, or anybody's duress PIN */
	STORE_PIN_SHORT, /* fewer digits than a PIN that opens alone needs */
	STORE_PIN_RATIO, /* fewer than 1000 possible PINs for each that is given out */
	STORE_BAD_DURESS, /* a duress PIN is 4 to 12 digits, and goes with a PIN */
	STORE_BAD_PERIOD, /* a person's validity would end before it begins */
};

const char *store_error_text(int error); /* positive ones and negative errnos */

/*
 * Opening went on: a migration may take minutes. what: nothing to say, or what is done, for people;
 * of: its size in bytes (0: not known), done: so much of it.
 */
typedef void store_progress_fn(void *user, const char *what, uint64_t done, uint64_t of);

struct store_options {
	store_progress_fn *progress; /* by store_open; NULL: nobody asks */
	void *progress_user;
	uint64_t records_max; /* ring of access records */
	uint64_t journal_max; /* ring of the journal; records kept are never pruned with it */
	uint32_t persons_max;
	uint64_t audit_max; /* ring of the audit; 0: AUDIT_MAX_DEFAULT */
	bool pin_opens_alone; /* some door takes a PIN alone: the three rules below are kept */
	uint8_t pin_rule; /* enum pin_rule */
	uint8_t pin_alone_digits;
	struct { /* configured doors, for the index -> id check */
		bool configured;
		struct text32 id;
	} door[DOORS_MAX];
};

#define AUDIT_MAX_DEFAULT 100000 /* limits.audit */

struct store;

/*
 * Opens or makes the database below directory state_fd (which may be closed afterwards). Makes the
 * serial and the device key at the first opening. *ret_detail (256 bytes, may be NULL) names what
 * is wrong: both ids for STORE_DOOR_MISMATCH, both versions for STORE_NEWER_SCHEMA. -EBUSY: another
 * store has this folder. -ENOKEY: device.key is missing; -EKEYREJECTED: it belongs to another
 * database.
 */
MUST_CHECK int store_open(
	int state_fd, const struct store_options *options, struct store **ret, char *ret_detail);
struct store *store_close(struct store *store);

/*
 * --- one transaction: begin, any of the writes, commit. Nothing is seen by readers before ---
 *
 * After a negative error or STORE_CORRUPT from a write, roll back (a commit would do so). After a
 * failed commit everything answers -EIO until the store is closed and opened again: the transaction
 * is then on disk as a whole or not at all, and store_state's last_seq tells which. Readers may
 * stay open over that.
 */

MUST_CHECK int store_begin(struct store *store);
MUST_CHECK int store_commit(struct store *store); /* synced when it returns 0 */
void store_rollback(struct store *store);

/*
 * To be called outside a transaction when nothing waits to be committed: moves the log into the
 * database when it has grown, so that a commit need not (it does at eight times the length).
 */
void store_idle(struct store *store);

/*
 * To be called outside a transaction when nothing waits to be committed, for as long as *ret_more
 * says so: one transaction of a few milliseconds that takes out rows of persons who are cleared.
 * Nothing that anybody reads changes.
 */
MUST_CHECK int store_tidy(struct store *store, bool *ret_more);

/*
 * Appends an entry: assigns seq and, for records, rec_no; fills in who; spends a use; remembers or
 * closes the wanted outcome; prunes the rings. *ret, when not NULL, gets the full entry.
 */
MUST_CHECK int store_append(
	struct store *store, const struct commit_entry *entry, struct journal_entry *ret);

/*
 * Inserts a person; *ret_no is the number it was given. Passwords, when not empty, are kept as
 * keyed hashes only. Which PINs open alone, and which are refused: pin.c.
 */
MUST_CHECK int store_person_insert(
	struct store *store, const struct person *person, uint64_t *ret_no);

/* Changes the fields named (enum person_field bits) of row person->no. *ret: the row afterwards. */
MUST_CHECK int store_person_update(
	struct store *store, const struct person *person, uint32_t fields, struct person *ret);

/* STORE_NOT_FOUND when the row is absent; callers treat it as done. */
MUST_CHECK int store_person_remove(struct store *store, uint64_t no);
/* However many there are: the rows themselves go with later calls of store_tidy. */
MUST_CHECK int store_person_clear(struct store *store);

MUST_CHECK int store_schedule_put(struct store *store, const struct schedule *schedule);
MUST_CHECK int store_special_group_put(struct store *store, const struct special_day_group *group);
MUST_CHECK int store_special_schedule_put(
	struct store *store, const struct special_schedule *special);

/*
 * Appends a row of the audit, in the transaction of the act: gives it its number, which is handed
 * out in *ret_no (may be NULL), and prunes the ring. entry->no is not looked at.
 */
MUST_CHECK int store_audit_append(
	struct store *store, const struct audit_entry *entry, uint64_t *ret_no);

/* A row, in a transaction, for a backup that another process made and no row tells of yet. */
MUST_CHECK int store_audit_backup(struct store *store, const struct moment *now);

/*
 * A row, in a transaction, when posternd was started with another file the time before. file_hash:
 * settings.file_hash. The first file of a database has no row.
 */
MUST_CHECK int store_audit_configuration(
	struct store *store, uint64_t file_hash, const struct moment *now);

/* --- how long the records last --- */

enum retention_level {
	RETENTION_FINE = 0,
	RETENTION_NEAR, /* at least 90 of 100 places are taken */
	RETENTION_OVERWRITING, /* a new record takes the place of the oldest */
};

struct retention {
	enum retention_level level;
	uint64_t kept; /* records */
	uint64_t max;
	/*
	 * Until the oldest record goes, in whole days, at the rate of the latest week (of what is
	 * kept, when that reaches less far back; of a day at least); 0: within a day, or it goes
	 * with the next record.
	 */
	uint32_t days_left;
};

#define RETENTION_DAYS_MAX 36500 /* more is not told apart */

MUST_CHECK int store_retention(struct store *store, int64_t now_utc_ms, struct retention *ret);

/*
 * To be called behind the appends of a transaction. Appends JOURNAL_RETENTION (count: days_left)
 * when a level is reached, and while records are being overwritten once a day. *ret_told: it did.
 */
MUST_CHECK int store_retention_mind(struct store *store, const struct moment *now, bool *ret_told);

/* --- reads of the writing thread --- */

/* Newest numbers and the newest record's time. The oldest kept is the last + 1 when none is kept.
 */
struct store_state {
	uint64_t last_seq, oldest_seq; /* entries below the oldest: kept records only */
	uint64_t last_rec_no, oldest_rec_no;
	uint64_t last_ticket; /* the highest ticket ever appended */
	uint64_t last_audit_no, oldest_audit_no;
	int64_t newest_utc_ms; /* of the newest journal entry; 0 when empty */
	uint32_t persons;
	struct text32 serial; /* of the device: made at init, travels in backups */
};
void store_state(struct store *store, struct store_state *ret);

/*
 * Calls put for every person that has a card that can match, or a PIN that opens alone. Stops at
 * put's first non-zero.
 */
MUST_CHECK int store_credentials(
	struct store *store, int (*put)(void *user, const struct credential *), void *user);

/* What store_credentials would hand out of one person; STORE_NOT_FOUND when nothing. */
MUST_CHECK int store_credential(struct store *store, uint64_t no, struct credential *ret);

MUST_CHECK int store_schedules(
	struct store *store, int (*put)(void *user, const struct schedule *), void *user);
MUST_CHECK int store_special_groups(
	struct store *store, int (*put)(void *user, const struct special_day_group *), void *user);
MUST_CHECK int store_special_schedules(
	struct store *store, int (*put)(void *user, const struct special_schedule *), void *user);

/* Wrong PINs that are counted still (commit_entry.counts_pin), most of them first. */
MUST_CHECK int store_pin_failures(
	struct store *store, int (*each)(void *user, const struct pin_failures *), void *user);

/*
 * What PINs are hashed with: a copy for whoever hears keys, good for this database's life. Keep it
 * in locked memory outside core dumps and wipe it.
 */
struct pin_key {
	uint8_t bytes[32];
};
void store_pin_key(const struct store *store, struct pin_key *ret);

/*
 * What a credential's pin is compared with: the first 8 bytes of the keyed hash (HMAC-SHA-256), big
 * endian, 0 taken as 1. Any thread; no allocation.
 */
uint64_t pin_key_hash(const struct pin_key *key, struct span digits);

/*
 * After a restart: appends JOURNAL_OUTCOME_UNKNOWN for every granted record without an outcome, in
 * the caller's transaction. *ret_count: how many.
 */
MUST_CHECK int store_close_outcomes(
	struct store *store, const struct moment *now, uint32_t *ret_count);

/* --- accounts: a password is kept encrypted under the device key (AES-256-GCM, AAD account no) ---
 */

struct account {
	uint64_t no;
	struct text32 name; /* 1 to 32 characters */
	uint8_t role; /* enum account_role */
	struct text128 password; /* in memory only; wipe after use */
};

MUST_CHECK int store_account_put(struct store *store, const struct account *account); /* by name */
MUST_CHECK int store_account_role(struct store *store, struct span name, enum account_role role);
MUST_CHECK int store_account_remove(struct store *store, struct span name);
MUST_CHECK int store_accounts(
	struct store *store, int (*each)(void *user, const struct account *), void *user);

/* --- keys of OSDP readers, sealed under the device key --- */

#define READER_KEY_SIZE 16 /* bytes of an SCBK */
/* Whose keys: readers by number, and behind them the 16 panels whose reader we may be. */
#define READER_KEYS_MAX (READERS_MAX + 16)

/* Whom a key was agreed with: what the reader says of itself (PDID). */
struct reader_identity {
	uint8_t vendor[3];
	uint8_t model;
	uint32_t serial;
};

struct reader_key {
	uint8_t reader; /* number */
	bool pending; /* it is being set: not known to work */
	bool has_identity; /* never with pending */
	uint8_t key[READER_KEY_SIZE]; /* wipe after use */
	struct reader_identity identity;
};

/* In a transaction. -EINVAL: a key that everybody may know (osdp_key_is_weak). */
MUST_CHECK int store_reader_key_pend(
	struct store *store, uint8_t reader, const uint8_t key[READER_KEY_SIZE]);
/* The pending key takes the place of the one in use. STORE_NOT_FOUND: there is none. */
MUST_CHECK int store_reader_key_promote(
	struct store *store, uint8_t reader, const struct reader_identity *identity);
/* Takes the pending key away, or all. That there is none is no error. */
MUST_CHECK int store_reader_key_drop(struct store *store, uint8_t reader, bool all);
/*
 * Every key, by reader. Stops at each's first non-zero. A row that does not open is left out:
 * STORE_CORRUPT, when all the others were given.
 */
MUST_CHECK int store_reader_keys(
	struct store *store, int (*each)(void *user, const struct reader_key *), void *user);

/* --- readers: one a thread --- */

struct store_reader;

MUST_CHECK int store_reader_open(struct store *store, struct store_reader **ret);
struct store_reader *store_reader_close(struct store_reader *reader);

/* Oldest first by no. Fills up to max rows of those after *after_no; count in *ret_count. */
MUST_CHECK int store_persons(struct store_reader *reader, const struct person_filter *filter,
	uint64_t after_no, uint32_t offset, struct person *ret_rows, uint32_t max,
	uint32_t *ret_count);
MUST_CHECK int store_person_count(
	struct store_reader *reader, const struct person_filter *filter, uint64_t *ret_count);

/*
 * Access records by (CreateTime in ms, RecNo) ascending. The cursor is the key of the last row
 * handed out: all zero to begin; updated by the call, so that pages are keyset pages.
 */
struct record_cursor {
	int64_t utc_ms;
	uint64_t rec_no;
	bool started;
};
MUST_CHECK int store_records(struct store_reader *reader, const struct record_filter *filter,
	struct record_cursor *cursor, uint32_t offset, struct journal_entry *ret_rows, uint32_t max,
	uint32_t *ret_count);
MUST_CHECK int store_record_count(
	struct store_reader *reader, const struct record_filter *filter, uint64_t *ret_count);

/* Journal entries with seq > after_seq, ascending. */
MUST_CHECK int store_journal(struct store_reader *reader, uint64_t after_seq,
	struct journal_entry *ret_rows, uint32_t max, uint32_t *ret_count);

/* Seq of the newest entry whose rec_no is not above rec_no; 0 when there is none. */
MUST_CHECK int store_seq_of_record(struct store_reader *reader, uint64_t rec_no, uint64_t *ret_seq);

/* Of what nobody set, *ret has its number and defined false. */
MUST_CHECK int store_schedule(struct store_reader *reader, uint8_t no, struct schedule *ret);
MUST_CHECK int store_special_group(
	struct store_reader *reader, uint8_t no, struct special_day_group *ret);
MUST_CHECK int store_special_schedule(
	struct store_reader *reader, uint8_t no, struct special_schedule *ret);

/* Rows of the audit with a greater no, of that time, ascending; count of the same. */
struct audit_filter {
	uint64_t after_no;
	int64_t from_ms; /* inclusive */
	int64_t to_ms; /* inclusive */
};
MUST_CHECK int store_audits(struct store_reader *reader, const struct audit_filter *filter,
	struct audit_entry *ret_rows, uint32_t max, uint32_t *ret_count);
MUST_CHECK int store_audit_count(
	struct store_reader *reader, const struct audit_filter *filter, uint64_t *ret_count);
MUST_CHECK int store_reader_retention(
	struct store_reader *reader, int64_t now_utc_ms, struct retention *ret);
