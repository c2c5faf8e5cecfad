// SPDX-License-Identifier: Apache-2.0
/*
 * Every SQL text of the store. Schema 4:
 *
 *   counter       newest numbers ever given, and the oldest still kept, so that a hole is either
 *                 pruning (below the oldest) or loss (above it)
 *   device        one row: the serial, and a check of the device key
 *   door          index -> id as first configured
 *   account       who may use the API; the password is sealed under the device key
 *   person        who; with credential_card (every person has one row, the card number may be
 *                 empty), credential_pin (keyed hashes, how many digits they were made of, and
 *                 whether they open alone; pin.c) and access_rule (subscripts of Doors[] and
 *                 TimeSections[]; either may be missing, and is NULL then)
 *   pin_failures  wrong PINs that are counted still: of a reader (person_no 0) or of a person
 *                 (reader 0)
 *   schedule      weekly schedules with their intervals
 *   special_day_group, special_schedule
 *                 groups of days, and what holds on them in place of weekly schedules
 *   journal       what happened, one row an entry; those with rec_no > 0 are the access records.
 *                 kind, reason, method and command are the numbers of the domain's enums: those
 *                 lists only grow at their ends
 *   record_person who it was, for entries that know; a row of its own, with a salt, so that it can
 *                 be erased while what happened stays. rec_no and utc_ms are copies for the index
 *   pending_outcome
 *                 grants that have no outcome yet
 *   record_block, person_block
 *                 how many there are in a stretch of records or persons, so that a total need not
 *                 count rows (block.c)
 *   audit         what was done to the device by whom; act and result are enums of domain/audit.h
 *   reader_key    secure channel keys of OSDP readers, sealed under the device key: slot 0 is the
 *                 one in use, with whom it was agreed with; slot 1 the one that is being set
 *
 * Pages of records are ordered by (utc_ms, rec_no); each condition has an index that ends in these
 * two, so that a page is a range of one index. Succeeded records and cards are nearly all records:
 * only the others are indexed by status and method.
 *
 * A change here needs a new STORE_SCHEMA_VERSION and a migration (schema.c). Texts that a migration
 * uses are kept as they are for ever: later schemas get texts of their own.
 */
#include "sql.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

const char sql_pragmas[] = "PRAGMA cell_size_check = ON;"
			   "PRAGMA temp_store = MEMORY;"
			   "PRAGMA mmap_size = 0;"
			   "PRAGMA foreign_keys = OFF;"
			   "PRAGMA synchronous = FULL;"
			   "PRAGMA secure_delete = FAST;";

const char sql_pragmas_reader[] = "PRAGMA query_only = ON;";

/* The log is moved into the database by store_commit, where errors are seen. */
const char sql_journal_mode[] = "PRAGMA journal_mode = WAL;"
				"PRAGMA wal_autocheckpoint = 0;"
				"PRAGMA journal_size_limit = 8388608;";

const char sql_copy_mode[] = "PRAGMA journal_mode = MEMORY;"
			     "PRAGMA synchronous = OFF;";

const char sql_copy_end[] = "PRAGMA journal_mode = DELETE;";

/* What schema 2 has for PINs. */
#define SCHEMA_2_PINS                                                                              \
	"CREATE TABLE credential_pin(person_no INTEGER PRIMARY KEY, hash BLOB NOT NULL,"           \
	" digits INTEGER NOT NULL, alone INTEGER NOT NULL, duress_hash BLOB,"                      \
	" duress_digits INTEGER NOT NULL) STRICT;"                                                 \
	"CREATE INDEX credential_pin_hash ON credential_pin(hash);"                                \
	"CREATE INDEX credential_pin_duress ON credential_pin(duress_hash)"                        \
	" WHERE duress_hash IS NOT NULL;"                                                          \
	"CREATE INDEX credential_pin_alone ON credential_pin(digits) WHERE alone = 1;"             \
	"CREATE INDEX credential_pin_alone_duress ON credential_pin(duress_digits)"                \
	" WHERE alone = 1;"                                                                        \
	"CREATE TABLE pin_failures(reader INTEGER NOT NULL, person_no INTEGER NOT NULL,"           \
	" failures INTEGER NOT NULL, PRIMARY KEY(reader, person_no)) STRICT, WITHOUT ROWID;"

/* Hashes stay good. Of how many digits they were made is not known: those open with a card only. */
const char sql_schema_1_to_2[] =
	"ALTER TABLE credential_pin RENAME TO credential_pin_1;" SCHEMA_2_PINS
	"INSERT INTO credential_pin(person_no, hash, digits, alone, duress_hash, duress_digits)"
	" SELECT person_no, hash, 0, 0, NULL, 0 FROM credential_pin_1;"
	"DROP TABLE credential_pin_1;";

/* What schema 3 has for totals. */
#define SCHEMA_3_BLOCKS                                                                            \
	"CREATE TABLE person_block(block INTEGER PRIMARY KEY, persons INTEGER NOT NULL) STRICT;"   \
	"CREATE TABLE record_block(kind INTEGER NOT NULL, key TEXT NOT NULL,"                      \
	" level INTEGER NOT NULL, from_ms INTEGER NOT NULL, from_no INTEGER NOT NULL,"             \
	" door INTEGER NOT NULL, method INTEGER NOT NULL, status INTEGER NOT NULL,"                \
	" to_ms INTEGER NOT NULL, to_no INTEGER NOT NULL, records INTEGER NOT NULL,"               \
	" utc_min INTEGER NOT NULL, utc_max INTEGER NOT NULL, no_min INTEGER NOT NULL,"            \
	" no_max INTEGER NOT NULL, other TEXT,"                                                    \
	" PRIMARY KEY(kind, key, level, from_ms, from_no, door, method, status))"                  \
	" STRICT, WITHOUT ROWID;"                                                                  \
	"CREATE INDEX record_block_no_max ON record_block(kind, no_max);"

/*
 * Quick whatever there is: totals is 0, so that the blocks of old records are made afterwards, in
 * idle time. Persons up to number cleared_no are cleared, though their rows may still be there.
 */
const char sql_schema_2_to_3[] =
	SCHEMA_3_BLOCKS "INSERT INTO person_block(block, persons)"
			" SELECT no / 1024, count(*) FROM person GROUP BY no / 1024;"
			"INSERT INTO counter(name, value) SELECT 'persons', count(*) FROM person;"
			"INSERT INTO counter(name, value) VALUES('cleared_no', 0), ('totals', 0);";

/* What schema 4 has for special days, for the audit, and for the keys of OSDP readers. */
#define SCHEMA_4_SPECIAL_DAYS                                                                      \
	"CREATE TABLE special_day_group(no INTEGER PRIMARY KEY, enabled INTEGER NOT NULL,"         \
	" name TEXT NOT NULL) STRICT;"                                                             \
	"CREATE TABLE special_day(no INTEGER NOT NULL, place INTEGER NOT NULL,"                    \
	" name TEXT NOT NULL, from_date INTEGER NOT NULL, to_date INTEGER NOT NULL,"               \
	" yearly INTEGER NOT NULL, PRIMARY KEY(no, place)) STRICT, WITHOUT ROWID;"                 \
	"CREATE TABLE special_schedule(no INTEGER PRIMARY KEY, enabled INTEGER NOT NULL,"          \
	" name TEXT NOT NULL, group_no INTEGER NOT NULL) STRICT;"                                  \
	"CREATE TABLE special_interval(no INTEGER NOT NULL, from_minute INTEGER NOT NULL,"         \
	" to_minute INTEGER NOT NULL, PRIMARY KEY(no, from_minute)) STRICT, WITHOUT ROWID;"        \
	"CREATE TABLE special_cover(no INTEGER NOT NULL, schedule INTEGER NOT NULL,"               \
	" PRIMARY KEY(no, schedule)) STRICT, WITHOUT ROWID;"
/*
 * The audit, and how far the alarm of the ring of records has gone: retention_level 0 nothing said,
 * 1 nearly full, 2 overwriting; retention_s when, in UTC seconds. What the audit has told of acts
 * that leave it to the next start: backup_s the latest backup, configuration the file's hash.
 */
#define SCHEMA_4_AUDIT                                                                             \
	"CREATE TABLE audit(no INTEGER PRIMARY KEY, act INTEGER NOT NULL,"                         \
	" result INTEGER NOT NULL, utc_ms INTEGER NOT NULL, trusted INTEGER NOT NULL,"             \
	" count INTEGER NOT NULL, account TEXT NOT NULL, address BLOB NOT NULL,"                   \
	" target TEXT NOT NULL) STRICT;"                                                           \
	"INSERT INTO counter(name, value) VALUES('audit_no', 0), ('oldest_audit_no', 1),"          \
	" ('retention_level', 0), ('retention_s', 0), ('backup_s', 0), ('configuration', 0);"
#define SCHEMA_4_READER_KEYS                                                                       \
	"CREATE TABLE reader_key(reader INTEGER NOT NULL, slot INTEGER NOT NULL,"                  \
	" nonce BLOB NOT NULL, sealed BLOB NOT NULL, identity BLOB NOT NULL,"                      \
	" PRIMARY KEY(reader, slot)) STRICT, WITHOUT ROWID;"

const char sql_schema_3_to_4[] = SCHEMA_4_SPECIAL_DAYS SCHEMA_4_AUDIT SCHEMA_4_READER_KEYS;

const char sql_schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"INSERT INTO counter(name, value) VALUES('seq', 0), ('oldest_seq', 1), ('rec_no', 0),"
	" ('oldest_rec_no', 1), ('person_no', 0), ('account_no', 0), ('ticket', 0), ('persons', 0),"
	" ('cleared_no', 0), ('totals', 1);"
	"CREATE TABLE device(one INTEGER PRIMARY KEY CHECK(one = 1), serial TEXT NOT NULL,"
	" key_check BLOB NOT NULL) STRICT;"
	"CREATE TABLE door(idx INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;"
	"CREATE TABLE account(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" role INTEGER NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;"
	"CREATE TABLE person(no INTEGER PRIMARY KEY, user_id TEXT NOT NULL, name TEXT NOT NULL,"
	" user_type INTEGER NOT NULL, is_valid INTEGER NOT NULL, first_enter INTEGER NOT NULL,"
	" handicap INTEGER NOT NULL, repeat_enter_timeout INTEGER NOT NULL,"
	" valid_from_s INTEGER NOT NULL, valid_to_s INTEGER NOT NULL, vto_position TEXT NOT NULL,"
	" dynamic_check_code TEXT NOT NULL, citizen_id_no TEXT NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX person_user ON person(user_id) WHERE user_id != '';"
	"CREATE TABLE credential_card(person_no INTEGER PRIMARY KEY, card_no TEXT NOT NULL,"
	" card_key TEXT NOT NULL, card_status INTEGER NOT NULL, card_type INTEGER NOT NULL,"
	" uses_left INTEGER NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX credential_card_key ON credential_card(card_key)"
	" WHERE card_key != '';" SCHEMA_2_PINS
	"CREATE TABLE access_rule(person_no INTEGER NOT NULL, position INTEGER NOT NULL,"
	" door INTEGER, schedule INTEGER, PRIMARY KEY(person_no, position))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE schedule(no INTEGER PRIMARY KEY, enabled INTEGER NOT NULL,"
	" name TEXT NOT NULL) STRICT;"
	"CREATE TABLE schedule_interval(no INTEGER NOT NULL, weekday INTEGER NOT NULL,"
	" from_minute INTEGER NOT NULL, to_minute INTEGER NOT NULL,"
	" PRIMARY KEY(no, weekday, from_minute)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE journal(seq INTEGER PRIMARY KEY, rec_no INTEGER NOT NULL,"
	" ref_rec_no INTEGER NOT NULL, kind INTEGER NOT NULL, utc_ms INTEGER NOT NULL,"
	" boot_ns INTEGER NOT NULL, trusted INTEGER NOT NULL, undurable INTEGER NOT NULL,"
	" count INTEGER NOT NULL, door INTEGER NOT NULL, reader INTEGER NOT NULL,"
	" side INTEGER NOT NULL, method INTEGER NOT NULL, reason INTEGER NOT NULL,"
	" status INTEGER NOT NULL, command INTEGER NOT NULL, command_type TEXT NOT NULL,"
	" account TEXT NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX journal_rec_no ON journal(rec_no) WHERE rec_no > 0;"
	"CREATE INDEX journal_time ON journal(utc_ms, rec_no) WHERE rec_no > 0;"
	"CREATE INDEX journal_door ON journal(door, utc_ms, rec_no) WHERE rec_no > 0;"
	"CREATE INDEX journal_failed ON journal(utc_ms, rec_no) WHERE rec_no > 0 AND status = 0;"
	"CREATE INDEX journal_method ON journal(method, utc_ms, rec_no)"
	" WHERE rec_no > 0 AND method != 1;"
	"CREATE TABLE record_person(seq INTEGER PRIMARY KEY, rec_no INTEGER NOT NULL,"
	" utc_ms INTEGER NOT NULL, salt BLOB NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,"
	" card_no TEXT NOT NULL, card_key TEXT NOT NULL, card_type INTEGER,"
	" card_number INTEGER, card_bits INTEGER, url TEXT NOT NULL, record_url TEXT NOT NULL,"
	" over_temperature INTEGER, temperature_unit INTEGER, temperature_milli INTEGER,"
	" citizen_id_result INTEGER, citizen_id_sex INTEGER, citizen_id_ethnicity INTEGER,"
	" citizen_id_name TEXT NOT NULL, citizen_id_no TEXT NOT NULL,"
	" citizen_id_birth TEXT NOT NULL, citizen_id_address TEXT NOT NULL,"
	" citizen_id_authority TEXT NOT NULL, citizen_id_start TEXT NOT NULL,"
	" citizen_id_end TEXT NOT NULL) STRICT;"
	"CREATE INDEX record_person_card ON record_person(card_key, utc_ms, rec_no)"
	" WHERE rec_no > 0 AND card_key != '';"
	"CREATE INDEX record_person_user ON record_person(user_id, utc_ms, rec_no)"
	" WHERE rec_no > 0 AND user_id != '';"
	"CREATE TABLE pending_outcome(ticket INTEGER PRIMARY KEY, rec_no INTEGER NOT NULL) STRICT;"
	"CREATE INDEX pending_outcome_rec_no ON pending_outcome(rec_no);" SCHEMA_3_BLOCKS
		SCHEMA_4_SPECIAL_DAYS SCHEMA_4_AUDIT SCHEMA_4_READER_KEYS
	"PRAGMA application_id = " STRINGIFY(
		STORE_APPLICATION_ID) ";"
				      "PRAGMA user_version = " STRINGIFY(STORE_SCHEMA_VERSION) ";";
/* No COMMIT: the first rows go into the same transaction (schema.c). */

const char sql_schema_list[] =
	"SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '')"
	" FROM sqlite_schema ORDER BY type, name";

const char sql_rights_attach[] = "ATTACH ? AS old";
const char sql_rights_detach[] = "DETACH old";

const char sql_rights_doors[] = "SELECT count(*) FROM main.door AS b JOIN old.door AS o"
				" ON (b.idx = o.idx) != (b.id = o.id)";

const char sql_rights_audit[] =
	"INSERT OR IGNORE INTO main.audit SELECT * FROM old.audit;"
	"UPDATE main.counter SET value = max(value, (SELECT value FROM old.counter"
	" WHERE name = main.counter.name)) WHERE name IN ('audit_no', 'oldest_audit_no');"
	"UPDATE main.counter SET value = (SELECT value FROM old.counter"
	" WHERE name = main.counter.name) WHERE name IN ('backup_s', 'configuration');"
	"DELETE FROM main.audit WHERE no <"
	" (SELECT value FROM main.counter WHERE name = 'oldest_audit_no');";

#define CLEARED(schema) "(SELECT value FROM " schema ".counter WHERE name = 'cleared_no')"

const char sql_rights_choose[] =
	"CREATE TEMP TABLE kept(no INTEGER PRIMARY KEY);"
	"INSERT INTO temp.kept SELECT b.no FROM main.person AS b JOIN old.person AS o ON o.no = "
	"b.no"
	" WHERE b.no > " CLEARED("main") " AND b.no > " CLEARED("old") " ORDER BY b.no;";

const char sql_rights_kept_out[] = "SELECT (SELECT count(*) FROM main.person WHERE no > " CLEARED(
	"main") ")"
		" - (SELECT count(*) FROM temp.kept)";

#define TAKE(table, no)                                                                            \
	"DELETE FROM main." table ";"                                                              \
	"INSERT INTO main." table " SELECT * FROM old." table " WHERE " no                         \
	" IN (SELECT no FROM temp.kept);"

const char sql_rights_take[] = TAKE("person", "no") TAKE("credential_card", "person_no")
	TAKE("credential_pin", "person_no") TAKE("access_rule", "person_no") TAKE("pin_failures",
		"person_no = 0 OR person_no") "DELETE FROM main.person_block;"
					      "INSERT INTO main.person_block(block, persons)"
					      " SELECT no / 1024, count(*) FROM main.person GROUP "
					      "BY no / 1024;"
					      "UPDATE main.counter SET value = (SELECT count(*) "
					      "FROM main.person) WHERE name = 'persons';"
					      "UPDATE main.counter SET value = max(value, " CLEARED(
						      "old") ") WHERE name = 'cleared_no';"
							     "DELETE FROM main.account;"
							     "INSERT INTO main.account SELECT * "
							     "FROM old.account;"
							     "DROP TABLE temp.kept;";

/* Not of what is read whole, and judged, for the index of people (credential_load.c). */
const char sql_check_small[] =
	"SELECT (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('counter'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('device'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('door'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('account'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('pin_failures'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('schedule'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM"
	"  pragma_quick_check('schedule_interval'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM"
	"  pragma_quick_check('special_day_group'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('special_day'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('special_schedule'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('special_interval'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('special_cover'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('pending_outcome'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('person_block'))"
	" AND (SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check('reader_key'))";

const char sql_check_all[] = "SELECT group_concat(quick_check) = 'ok' FROM pragma_quick_check(1)";

/* In this connection's own memory; doors that stay where they are have no row. */
const char sql_door_moves[] =
	"CREATE TEMP TABLE IF NOT EXISTS door_move(was INTEGER PRIMARY KEY, becomes INTEGER);"
	"DELETE FROM temp.door_move;";

/* Order: pin_load (pin.c). */
#define PIN_COLUMNS "h.hash, h.digits, h.alone, h.duress_hash, h.duress_digits"

/* Order: person_load (person.c). */
#define PERSON_COLUMNS                                                                             \
	"p.no, p.user_id, p.name, p.user_type, p.is_valid, p.first_enter, p.handicap,"             \
	" p.repeat_enter_timeout, p.valid_from_s, p.valid_to_s, p.vto_position,"                   \
	" p.dynamic_check_code, p.citizen_id_no, c.card_no, c.card_status, c.card_type,"           \
	" c.uses_left, " PIN_COLUMNS
#define PERSON_TABLES                                                                              \
	" FROM person AS p JOIN credential_card AS c ON c.person_no = p.no"                        \
	" LEFT JOIN credential_pin AS h ON h.person_no = p.no"
#define WHO_TABLES " FROM person AS p JOIN credential_card AS c ON c.person_no = p.no"
#define WHO_COLUMNS "p.no, p.user_id, p.name, c.card_no" /* order: who_load (person.c) */

/* Order: entry_load (journal.c). */
#define ENTRY_COLUMNS                                                                              \
	"j.seq, j.rec_no, j.ref_rec_no, j.kind, j.utc_ms, j.boot_ns, j.trusted, j.undurable,"      \
	" j.count, j.door, j.reader, j.side, j.method, j.reason, j.command, j.command_type,"       \
	" j.account, w.seq, w.user_id, w.name, w.card_no, w.card_type, w.card_number,"             \
	" w.card_bits, w.url, w.record_url, w.over_temperature, w.temperature_unit,"               \
	" w.temperature_milli, w.citizen_id_result, w.citizen_id_sex, w.citizen_id_ethnicity,"     \
	" w.citizen_id_name, w.citizen_id_no, w.citizen_id_birth, w.citizen_id_address,"           \
	" w.citizen_id_authority, w.citizen_id_start, w.citizen_id_end"

/* Of the index's rows in [?1 ?2, ?3 ?4), the one behind ?5 others; a key is ?6. */
#define BLOCK_NTH(table, key)                                                                      \
	"SELECT utc_ms, rec_no FROM " table " WHERE rec_no > 0" key                                \
	" AND (utc_ms, rec_no) >= (?1, ?2) AND (utc_ms, rec_no) < (?3, ?4)"                        \
	" ORDER BY utc_ms, rec_no LIMIT 1 OFFSET ?5"

#define BLOCK_INSERT_WHO(kind_key, other, index, key)                                              \
	"INSERT INTO record_block SELECT " kind_key ", 0, ?1, ?2, j.door, j.method, j.status, ?3," \
	" ?4, count(*), min(w.utc_ms), max(w.utc_ms), min(w.rec_no), max(w.rec_no), " other        \
	" FROM record_person AS w INDEXED BY " index " CROSS JOIN journal AS j ON j.seq = w.seq"   \
	" WHERE w.rec_no > 0 AND " key " != '' AND " key " = ?5"                                   \
	" AND (w.utc_ms, w.rec_no) >= (?1, ?2) AND (w.utc_ms, w.rec_no) < (?3, ?4)"                \
	" GROUP BY j.door, j.method, j.status"

const char *const sql_text[SQL_COUNT] = {
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_COUNTER_GET] = "SELECT value FROM counter WHERE name = ?",
	[SQL_COUNTER_PUT] = "UPDATE counter SET value = ? WHERE name = ?",
	[SQL_COUNTER_RAISE] = "UPDATE counter SET value = max(value, ?) WHERE name = ?",
	[SQL_DEVICE_GET] = "SELECT serial, key_check FROM device WHERE one = 1",
	[SQL_DEVICE_PUT] = "INSERT INTO device(one, serial, key_check) VALUES(1, ?, ?)",
	[SQL_DOORS] = "SELECT idx, id FROM door ORDER BY idx",
	[SQL_DOOR_PUT] = "INSERT INTO door(idx, id) VALUES(?, ?)",
	[SQL_JOURNAL_MAXIMA] = "SELECT coalesce((SELECT max(seq) FROM journal), 0),"
			       " coalesce((SELECT max(rec_no) FROM journal WHERE rec_no > 0), 0)",
	[SQL_JOURNAL_NEWEST] = "SELECT utc_ms FROM journal ORDER BY seq DESC LIMIT 1",
	[SQL_JOURNAL_INSERT] =
		"INSERT INTO journal(seq, rec_no, ref_rec_no, kind, utc_ms, boot_ns, trusted,"
		" undurable, count, door, reader, side, method, reason, status, command,"
		" command_type, account) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?)",
	[SQL_JOURNAL_OF_RECORD] = "SELECT seq, door FROM journal WHERE rec_no = ? AND rec_no > 0",
	[SQL_JOURNAL_DELETE] = "DELETE FROM journal WHERE seq = ?",
	[SQL_JOURNAL_DELETE_OLD] = /* unless it is a record that is still kept */
	"DELETE FROM journal WHERE seq = ? AND rec_no < ?",
	[SQL_JOURNAL_AFTER] =
		"SELECT " ENTRY_COLUMNS " FROM journal AS j LEFT JOIN record_person AS w"
		" ON w.seq = j.seq WHERE j.seq > ? ORDER BY j.seq LIMIT ?",
	[SQL_SEQ_OF_RECORD] = "SELECT seq FROM journal WHERE rec_no > 0 AND rec_no <= ?"
			      " ORDER BY rec_no DESC LIMIT 1",
	[SQL_BLOCK_ANY] = "SELECT 1 FROM record_block WHERE kind = ? AND key = ? LIMIT 1",
	[SQL_BLOCK_AT] =
		"SELECT from_ms, from_no, to_ms, to_no FROM record_block"
		" WHERE kind = ? AND key = ? AND level = ? AND (from_ms, from_no) <= (?, ?)"
		" ORDER BY from_ms DESC, from_no DESC LIMIT 1",
	[SQL_BLOCK_NEXT] =
		"SELECT from_ms, from_no, to_ms, to_no FROM record_block"
		" WHERE kind = ? AND key = ? AND level = ? AND (from_ms, from_no) > (?, ?)"
		" ORDER BY from_ms, from_no LIMIT 1",
	[SQL_BLOCKS_OF_LEVEL] =
		"SELECT from_ms, from_no, to_ms, to_no FROM record_block"
		" WHERE kind = ? AND key = ? AND level = ? AND (from_ms, from_no) >= (?, ?)"
		" AND (from_ms, from_no) < (?, ?) GROUP BY from_ms, from_no"
		" ORDER BY from_ms, from_no",
	[SQL_BLOCK_ADD] =
		"INSERT INTO record_block(kind, key, level, from_ms, from_no, door, method, status,"
		" to_ms, to_no, records, utc_min, utc_max, no_min, no_max, other)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11, ?11, ?12, ?12, ?13)"
		" ON CONFLICT DO UPDATE SET records = records + 1,"
		" utc_min = min(utc_min, excluded.utc_min),"
		" utc_max = max(utc_max, excluded.utc_max),"
		" no_min = min(no_min, excluded.no_min), no_max = max(no_max, excluded.no_max),"
		" other = CASE WHEN other = excluded.other THEN other END",
	[SQL_BLOCK_FOLD] =
		"INSERT INTO record_block SELECT kind, key, level + 1, ?4, ?5, door, method, "
		"status,"
		" ?6, ?7, sum(records), min(utc_min), max(utc_max), min(no_min), max(no_max),"
		" CASE WHEN count(other) = count(*) AND min(other) = max(other) THEN min(other) END"
		" FROM record_block WHERE kind = ?1 AND key = ?2 AND level = ?3"
		" AND (from_ms, from_no) >= (?4, ?5) AND (from_ms, from_no) < (?6, ?7)"
		" GROUP BY door, method, status",
	[SQL_BLOCK_SIZE] = "SELECT sum(records) FROM record_block WHERE kind = ? AND key = ?"
			   " AND level = 0 AND from_ms = ? AND from_no = ?",
	[SQL_BLOCK_DELETE] = "DELETE FROM record_block WHERE kind = ? AND key = ?"
			     " AND level = 0 AND from_ms = ? AND from_no = ?",
	[SQL_BLOCK_NTH_ALL] = BLOCK_NTH("journal INDEXED BY journal_time", ""),
	[SQL_BLOCK_NTH_CARD] = BLOCK_NTH("record_person INDEXED BY record_person_card",
		" AND card_key != '' AND card_key = ?6"),
	[SQL_BLOCK_NTH_USER] = BLOCK_NTH("record_person INDEXED BY record_person_user",
		" AND user_id != '' AND user_id = ?6"),
	[SQL_BLOCK_INSERT_ALL] =
		"INSERT INTO record_block SELECT 0, '', 0, ?1, ?2, door, method, status, ?3, ?4,"
		" count(*), min(utc_ms), max(utc_ms), min(rec_no), max(rec_no), NULL"
		" FROM journal INDEXED BY journal_time WHERE rec_no > 0"
		" AND (utc_ms, rec_no) >= (?1, ?2) AND (utc_ms, rec_no) < (?3, ?4)"
		" GROUP BY door, method, status",
	[SQL_BLOCK_INSERT_CARD] = BLOCK_INSERT_WHO("1, ?5",
		"CASE WHEN min(w.user_id) = max(w.user_id) THEN min(w.user_id) END",
		"record_person_card", "w.card_key"),
	[SQL_BLOCK_INSERT_USER] =
		BLOCK_INSERT_WHO("2, ?5", "NULL", "record_person_user", "w.user_id"),
	[SQL_BLOCK_DELETE_BELOW] = "DELETE FROM record_block WHERE kind = ? AND no_max < ?",
	[SQL_BLOCK_DELETE_ALL_BELOW] = /* what the journal has not lost yet is still in its index */
	"DELETE FROM record_block WHERE kind = ?1 AND no_max < ?2 AND no_max <"
	" coalesce((SELECT min(rec_no) FROM journal WHERE rec_no > 0), ?2)",
	[SQL_BLOCK_NEXT_CARD] = "SELECT card_key FROM record_person INDEXED BY record_person_card"
				" WHERE rec_no > 0 AND card_key != '' AND card_key > ?"
				" ORDER BY card_key LIMIT 1",
	[SQL_BLOCK_NEXT_USER] = "SELECT user_id FROM record_person INDEXED BY record_person_user"
				" WHERE rec_no > 0 AND user_id != '' AND user_id > ?"
				" ORDER BY user_id LIMIT 1",
	[SQL_WHO_INSERT] =
		"INSERT INTO record_person(seq, rec_no, utc_ms, salt, user_id, name, card_no,"
		" card_key, card_type, card_number, card_bits, url, record_url,"
		" over_temperature, temperature_unit, temperature_milli, citizen_id_result,"
		" citizen_id_sex, citizen_id_ethnicity, citizen_id_name, citizen_id_no,"
		" citizen_id_birth, citizen_id_address, citizen_id_authority, citizen_id_start,"
		" citizen_id_end) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?)",
	[SQL_WHO_DELETE] = "DELETE FROM record_person WHERE seq = ?",
	[SQL_PENDING_PUT] = "INSERT OR REPLACE INTO pending_outcome(ticket, rec_no) VALUES(?, ?)",
	[SQL_PENDING_GET] = "SELECT rec_no FROM pending_outcome WHERE ticket = ?",
	[SQL_PENDING_DELETE] = "DELETE FROM pending_outcome WHERE ticket = ?",
	[SQL_PENDING_DELETE_RECORD] = "DELETE FROM pending_outcome WHERE rec_no = ?",
	[SQL_PENDING_FIRST] = "SELECT o.ticket, j.door FROM pending_outcome AS o"
			      " JOIN journal AS j ON j.rec_no = o.rec_no AND j.rec_no > 0"
			      " ORDER BY o.rec_no LIMIT 1",
	[SQL_PERSON_GET] = "SELECT " PERSON_COLUMNS PERSON_TABLES " WHERE p.no = ?",
	[SQL_LOAD_PERSONS] = "SELECT no, is_valid, valid_from_s, valid_to_s FROM person"
			     " WHERE no > ? ORDER BY no",
	[SQL_LOAD_CARDS] = "SELECT person_no, card_no, card_status, card_type, uses_left"
			   " FROM credential_card WHERE person_no > ? ORDER BY person_no",
	[SQL_LOAD_PINS] = "SELECT h.person_no, " PIN_COLUMNS " FROM credential_pin AS h"
			  " WHERE h.person_no > ? ORDER BY h.person_no",
	[SQL_LOAD_RULES] = "SELECT person_no, door, schedule FROM access_rule"
			   " WHERE person_no > ? ORDER BY person_no, position",
	[SQL_PERSONS_NEWEST] =
		"SELECT " WHO_COLUMNS WHO_TABLES " WHERE p.no > ? ORDER BY p.no DESC LIMIT ?",
	[SQL_PERSON_WHO] = "SELECT " WHO_COLUMNS WHO_TABLES " WHERE p.no = ?",
	[SQL_PERSON_OF_USER] = "SELECT no FROM person WHERE user_id = ? AND user_id != ''",
	[SQL_PERSON_OF_CARD] =
		"SELECT person_no FROM credential_card WHERE card_key = ? AND card_key != ''",
	[SQL_PERSON_INSERT] =
		"INSERT INTO person(user_id, name, user_type, is_valid, first_enter, handicap,"
		" repeat_enter_timeout, valid_from_s, valid_to_s, vto_position,"
		" dynamic_check_code, citizen_id_no, no)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_PERSON_UPDATE] =
		"UPDATE person SET user_id = ?, name = ?, user_type = ?, is_valid = ?,"
		" first_enter = ?, handicap = ?, repeat_enter_timeout = ?, valid_from_s = ?,"
		" valid_to_s = ?, vto_position = ?, dynamic_check_code = ?, citizen_id_no = ?"
		" WHERE no = ?",
	[SQL_PERSON_DELETE] = "DELETE FROM person WHERE no = ?",
	[SQL_PERSONS_CLEARED] = "SELECT no FROM person WHERE no <= ? ORDER BY no LIMIT ?",
	[SQL_PERSON_BLOCK_ADD] =
		"INSERT INTO person_block(block, persons) VALUES(?1, ?2)"
		" ON CONFLICT(block) DO UPDATE SET persons = persons + excluded.persons",
	[SQL_PERSON_BLOCK_DELETE_ALL] = "DELETE FROM person_block",
	[SQL_PERSONS_BETWEEN] = "SELECT count(*) FROM person WHERE no > ? AND no < ?",
	[SQL_PERSON_BLOCKS] = "SELECT block, persons FROM person_block WHERE block >= ?"
			      " ORDER BY block",
	[SQL_CARD_PUT] =
		"INSERT OR REPLACE INTO credential_card(person_no, card_no, card_key, card_status,"
		" card_type, uses_left) VALUES(?, ?, ?, ?, ?, ?)",
	[SQL_CARD_TAKE_USE] = /* 4294967295 is USES_UNLIMITED */
	"UPDATE credential_card SET uses_left = uses_left - 1 WHERE person_no = ?"
	" AND uses_left > 0 AND uses_left < 4294967295",
	[SQL_CARD_DELETE] = "DELETE FROM credential_card WHERE person_no = ?",
	[SQL_PIN_PUT] =
		"INSERT OR REPLACE INTO credential_pin(person_no, hash, digits, alone, duress_hash,"
		" duress_digits) VALUES(?, ?, ?, ?, ?, ?)",
	[SQL_PIN_OF_HASH] = "SELECT 1 FROM credential_pin WHERE hash = ? AND person_no != ?"
			    " AND person_no > ? LIMIT 1",
	[SQL_PIN_OF_DURESS] =
		"SELECT 1 FROM credential_pin WHERE duress_hash = ? AND person_no != ?"
		" AND person_no > ? LIMIT 1",
	[SQL_PIN_COUNT_ALONE] = /* of so many digits, but for one person's; counted up to a limit */
	"SELECT (SELECT count(*) FROM (SELECT 1 FROM credential_pin"
	" WHERE alone = 1 AND digits = ?1 AND person_no != ?2 AND person_no > ?4 LIMIT ?3)) +"
	" (SELECT count(*) FROM (SELECT 1 FROM credential_pin"
	" WHERE alone = 1 AND duress_digits = ?1 AND person_no != ?2 AND person_no > ?4"
	" LIMIT ?3))",
	[SQL_PIN_DELETE] = "DELETE FROM credential_pin WHERE person_no = ?",
	[SQL_FAILURES_PUT] = /* not for a person who was removed meanwhile */
	"INSERT OR REPLACE INTO pin_failures(reader, person_no, failures) SELECT ?1, ?2, ?3"
	" WHERE ?2 = 0 OR EXISTS(SELECT 1 FROM person WHERE no = ?2)",
	[SQL_FAILURES_ALL] = "SELECT reader, person_no, failures FROM pin_failures"
			     " WHERE NOT person_no BETWEEN 1 AND ?"
			     " ORDER BY failures DESC, reader, person_no",
	[SQL_FAILURES_DELETE] = "DELETE FROM pin_failures WHERE reader = ? AND person_no = ?",
	[SQL_FAILURES_DELETE_PERSON] =
		"DELETE FROM pin_failures WHERE reader = 0 AND person_no = ?",
	[SQL_RULES_GET] = "SELECT position, door, schedule FROM access_rule WHERE person_no = ?"
			  " ORDER BY position",
	[SQL_RULE_PUT] = "INSERT INTO access_rule(person_no, position, door, schedule)"
			 " VALUES(?, ?, ?, ?)",
	[SQL_RULES_DELETE] = "DELETE FROM access_rule WHERE person_no = ?",
	[SQL_SCHEDULE_GET] = "SELECT no, enabled, name FROM schedule WHERE no = ?",
	[SQL_SCHEDULES_ALL] = "SELECT no, enabled, name FROM schedule ORDER BY no",
	[SQL_SCHEDULE_PUT] = "INSERT OR REPLACE INTO schedule(no, enabled, name) VALUES(?, ?, ?)",
	[SQL_SCHEDULE_DELETE] = "DELETE FROM schedule WHERE no = ?",
	[SQL_INTERVALS_GET] = "SELECT weekday, from_minute, to_minute FROM schedule_interval"
			      " WHERE no = ? ORDER BY weekday, from_minute",
	[SQL_INTERVAL_PUT] = "INSERT INTO schedule_interval(no, weekday, from_minute, to_minute)"
			     " VALUES(?, ?, ?, ?)",
	[SQL_INTERVALS_DELETE] = "DELETE FROM schedule_interval WHERE no = ?",
	[SQL_SPECIAL_GROUP_GET] = "SELECT no, enabled, name FROM special_day_group WHERE no = ?",
	[SQL_SPECIAL_GROUPS_ALL] = "SELECT no, enabled, name FROM special_day_group ORDER BY no",
	[SQL_SPECIAL_GROUP_PUT] =
		"INSERT INTO special_day_group(no, enabled, name) VALUES(?, ?, ?)",
	[SQL_SPECIAL_GROUP_DELETE] = "DELETE FROM special_day_group WHERE no = ?",
	[SQL_SPECIAL_DAYS_GET] = "SELECT place, name, from_date, to_date, yearly FROM special_day"
				 " WHERE no = ? ORDER BY place",
	[SQL_SPECIAL_DAY_PUT] =
		"INSERT INTO special_day(no, place, name, from_date, to_date, yearly)"
		" VALUES(?, ?, ?, ?, ?, ?)",
	[SQL_SPECIAL_DAYS_DELETE] = "DELETE FROM special_day WHERE no = ?",
	[SQL_SPECIAL_SCHEDULE_GET] =
		"SELECT no, enabled, name, group_no FROM special_schedule WHERE no = ?",
	[SQL_SPECIAL_SCHEDULES_ALL] =
		"SELECT no, enabled, name, group_no FROM special_schedule ORDER BY no",
	[SQL_SPECIAL_SCHEDULE_PUT] =
		"INSERT INTO special_schedule(no, enabled, name, group_no) VALUES(?, ?, ?, ?)",
	[SQL_SPECIAL_SCHEDULE_DELETE] = "DELETE FROM special_schedule WHERE no = ?",
	[SQL_SPECIAL_INTERVALS_GET] = "SELECT from_minute, to_minute FROM special_interval"
				      " WHERE no = ? ORDER BY from_minute",
	[SQL_SPECIAL_INTERVAL_PUT] =
		"INSERT INTO special_interval(no, from_minute, to_minute) VALUES(?, ?, ?)",
	[SQL_SPECIAL_INTERVALS_DELETE] = "DELETE FROM special_interval WHERE no = ?",
	[SQL_SPECIAL_COVERS_GET] =
		"SELECT schedule FROM special_cover WHERE no = ? ORDER BY schedule",
	[SQL_SPECIAL_COVER_PUT] = "INSERT INTO special_cover(no, schedule) VALUES(?, ?)",
	[SQL_SPECIAL_COVERS_DELETE] = "DELETE FROM special_cover WHERE no = ?",
	[SQL_ACCOUNT_PUT] = "INSERT INTO account(name, role, nonce, sealed, no)"
			    " VALUES(?, ?, ?, ?, ?)",
	[SQL_ACCOUNT_UPDATE] =
		"UPDATE account SET name = ?, role = ?, nonce = ?, sealed = ? WHERE no = ?",
	[SQL_ACCOUNT_OF_NAME] = "SELECT no FROM account WHERE name = ?",
	[SQL_ACCOUNT_DELETE] = "DELETE FROM account WHERE no = ?",
	[SQL_READER_KEY_PUT] = "INSERT OR REPLACE INTO reader_key(reader, slot, nonce, sealed,"
			       " identity) VALUES(?, ?, ?, ?, ?)",
	[SQL_READER_KEY_GET] = "SELECT nonce, sealed, identity FROM reader_key"
			       " WHERE reader = ? AND slot = ?",
	[SQL_READER_KEYS_DELETE] = "DELETE FROM reader_key WHERE reader = ? AND slot >= ?",
	[SQL_READER_KEYS_ALL] = "SELECT nonce, sealed, identity, reader, slot FROM reader_key"
				" ORDER BY reader, slot",
	[SQL_ACCOUNTS_ALL] = "SELECT no, name, role, nonce, sealed FROM account ORDER BY no",
	[SQL_DOOR_USE] = "SELECT (SELECT count(*) FROM access_rule WHERE door = ?1),"
			 " (SELECT count(*) FROM journal WHERE rec_no > 0 AND door = ?1)",
	[SQL_DOORS_DELETE] = "DELETE FROM door",
	[SQL_DOOR_MOVE_PUT] = "INSERT INTO temp.door_move(was, becomes) VALUES(?, ?)",
	[SQL_DOOR_MOVE_STRAY] = "DELETE FROM access_rule WHERE door = ?",
	[SQL_DOOR_MOVE_RULES] = "UPDATE access_rule SET door = (SELECT becomes FROM temp.door_move "
				"WHERE was = door)"
				" WHERE door IN (SELECT was FROM temp.door_move)",
	[SQL_DOOR_MOVE_JOURNAL] =
		"UPDATE journal SET door = (SELECT becomes FROM temp.door_move WHERE was = door)"
		" WHERE door IN (SELECT was FROM temp.door_move)",
	/* A part of the key: two doors that change places must not meet on the way. */
	[SQL_DOOR_MOVE_BLOCKS] = "UPDATE record_block SET door = 1000 +"
				 " (SELECT becomes FROM temp.door_move WHERE was = door)"
				 " WHERE door IN (SELECT was FROM temp.door_move)",
	[SQL_DOOR_MOVE_BLOCKS_END] =
		"UPDATE record_block SET door = door - 1000 WHERE door >= 1000",
	[SQL_AUDIT_PUT] =
		"INSERT INTO audit(no, act, result, utc_ms, trusted, count, account, address,"
		" target) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_AUDIT_DELETE_BELOW] = "DELETE FROM audit WHERE no < ?",
	[SQL_AUDIT_AFTER] =
		"SELECT no, act, result, utc_ms, trusted, count, account, address, target"
		" FROM audit WHERE no > ? AND utc_ms BETWEEN ? AND ? ORDER BY no LIMIT ?",
	[SQL_AUDIT_COUNT] = "SELECT count(*) FROM audit WHERE no > ? AND utc_ms BETWEEN ? AND ?",
	[SQL_ACCOUNT_ROLE] = "UPDATE account SET role = ? WHERE no = ?",
	[SQL_RECORD_SINCE] = "SELECT rec_no, utc_ms FROM journal INDEXED BY journal_time"
			     " WHERE rec_no > 0 AND utc_ms >= ? AND rec_no >= ?"
			     " ORDER BY utc_ms, rec_no LIMIT 1",
};

const char sql_persons_rows[] = "SELECT " PERSON_COLUMNS PERSON_TABLES " WHERE p.no > ?";
const char sql_persons_total[] = "SELECT count(*)" WHO_TABLES " WHERE p.no > ?";
const char sql_records_columns[] = "SELECT " ENTRY_COLUMNS;
const char sql_records_total[] = "SELECT count(*)";

/*
 * One row for each block of a level that begins in a stretch: how many of its records are wanted,
 * and how many of its rows cannot say. Values: kind, key, level, the stretch, door, method and
 * status (each -1 for any), the times, the RecNo below which nothing counts, the other key or NULL.
 */
#define BLOCK_WANTED                                                                               \
	"(?8 < 0 OR door = ?8) AND (?9 < 0 OR method = ?9) AND (?10 < 0 OR status = ?10)"
#define BLOCK_OUTSIDE                                                                              \
	"(utc_max < ?11 OR utc_min > ?12 OR no_max <= ?13 OR (?14 IS NOT NULL AND other != ?14))"
#define BLOCK_INSIDE                                                                               \
	"(utc_min >= ?11 AND utc_max <= ?12 AND no_min > ?13 AND (?14 IS NULL OR other IS ?14))"
const char sql_blocks[] =
	"SELECT from_ms, from_no, to_ms, to_no,"
	" sum(CASE WHEN " BLOCK_WANTED " AND " BLOCK_INSIDE " THEN records ELSE 0 END),"
	" sum(CASE WHEN " BLOCK_WANTED " AND NOT " BLOCK_INSIDE " AND coalesce(NOT " BLOCK_OUTSIDE
	", 1) THEN 1 ELSE 0 END)"
	" FROM record_block WHERE kind = ?1 AND key = ?2 AND level = ?3"
	" AND (from_ms, from_no) >= (?4, ?5) AND (from_ms, from_no) < (?6, ?7)"
	" GROUP BY from_ms, from_no ORDER BY from_ms, from_no";

/* rec_no > 0 lets the partial indexes be used. */
const char sql_records_bounds[] = " AND j.rec_no > 0 AND j.rec_no > ?";

#define FROM_JOURNAL(index) " FROM journal AS j INDEXED BY " index
#define WITH_WHO " LEFT JOIN record_person AS w ON w.seq = j.seq"
#define FROM_WHO(index)                                                                            \
	" FROM record_person AS w INDEXED BY " index " CROSS JOIN journal AS j ON j.seq = w.seq"

#define LEAD_BY_JOURNAL(index, condition)                                                          \
	{                                                                                          \
		.rows = FROM_JOURNAL(index) WITH_WHO, .total = FROM_JOURNAL(index),                \
		.key = " WHERE j.rec_no > 0" condition,                                            \
		.after = " AND (j.utc_ms, j.rec_no) > (?, ?)",                                     \
		.before = " AND (j.utc_ms, j.rec_no) < (?, ?)",                                    \
		.order = " ORDER BY j.utc_ms, j.rec_no"                                            \
	}
#define LEAD_BY_WHO(index, condition)                                                              \
	{                                                                                          \
		.rows = FROM_WHO(index), .total = FROM_WHO(index),                                 \
		.key = " WHERE w.rec_no > 0" condition,                                            \
		.after = " AND (w.utc_ms, w.rec_no) > (?, ?)",                                     \
		.before = " AND (w.utc_ms, w.rec_no) < (?, ?)",                                    \
		.order = " ORDER BY w.utc_ms, w.rec_no"                                            \
	}

const struct sql_lead sql_leads[SQL_LEAD_COUNT] = {
	[SQL_LEAD_TIME] = LEAD_BY_JOURNAL("journal_time", ""),
	[SQL_LEAD_CARD] =
		LEAD_BY_WHO("record_person_card", " AND w.card_key != '' AND w.card_key = ?"),
	[SQL_LEAD_USER] =
		LEAD_BY_WHO("record_person_user", " AND w.user_id != '' AND w.user_id = ?"),
	[SQL_LEAD_METHOD] =
		LEAD_BY_JOURNAL("journal_method", " AND j.method != 1 AND j.method = ?"),
	[SQL_LEAD_FAILED] = LEAD_BY_JOURNAL("journal_failed", " AND j.status = 0"),
	[SQL_LEAD_DOOR] = LEAD_BY_JOURNAL("journal_door", " AND j.door = ?"),
};
