/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened. The journal holds every entry under a dense Seq; an entry that is an access record
 * has a RecNo as well. `struct journal_entry` is the full form that the store keeps and streams
 * show; `struct commit_entry` is the short form that the real-time thread hands to the store, which
 * fills in the names.
 */
#pragma once

#include "base/civil.h"
#include "base/text.h"
#include "domain/limits.h"
#include "domain/reason.h"

/*      identifier                     name                 record  alarm */
#define JOURNAL_KINDS(X)                                                                           \
	X(JOURNAL_ACCESS, "access", true, false) /* a card or a PIN was given */                   \
	X(JOURNAL_COMMAND, "command", true, false) /* an operator opened or locked a door */       \
	X(JOURNAL_EXIT_BUTTON, "exit_button", true, false)                                         \
	X(JOURNAL_DENIALS_REPEATED, "denials_repeated", true, false) /* count: how many */         \
	X(JOURNAL_DOOR_UNLOCKED, "door_unlocked", false, false) /* outcome of a grant */           \
	X(JOURNAL_DOOR_LOCKED, "door_locked", false, false)                                        \
	X(JOURNAL_DOOR_OPENED, "door_opened", false, false)                                        \
	X(JOURNAL_DOOR_CLOSED, "door_closed", false, false)                                        \
	X(JOURNAL_DOOR_FORCED, "door_forced", false, true)                                         \
	X(JOURNAL_DOOR_FORCED_END, "door_forced_end", false, false)                                \
	X(JOURNAL_DOOR_HELD_WARNING, "door_held_warning", false, false)                            \
	X(JOURNAL_DOOR_HELD, "door_held", false, true)                                             \
	X(JOURNAL_DOOR_HELD_END, "door_held_end", false, false)                                    \
	X(JOURNAL_TAMPER, "tamper", false, true)                                                   \
	X(JOURNAL_TAMPER_END, "tamper_end", false, false)                                          \
	X(JOURNAL_DURESS, "duress", false, true)                                                   \
	X(JOURNAL_BLOCKLIST, "blocklist", false, true)                                             \
	X(JOURNAL_GRANT_CANCELLED, "grant_cancelled", false, false) /* outcome of a grant */       \
	X(JOURNAL_UNLOCKED_BEFORE_RECORD, "unlocked_before_record", false, true) /* outcome */     \
	X(JOURNAL_OUTCOME_UNKNOWN, "outcome_unknown", false, false) /* outcome, after a restart */ \
	X(JOURNAL_STORAGE_SLOW, "storage_slow", false, true)                                       \
	X(JOURNAL_STORE_FAILED, "store_failed", false, true)                                       \
	X(JOURNAL_STORE_RECOVERED, "store_recovered", false, false)                                \
	X(JOURNAL_RECORDS_LOST, "records_lost", false, true) /* count: ring of undurable full */   \
	X(JOURNAL_CLOCK_UNTRUSTED, "clock_untrusted", false, true)                                 \
	X(JOURNAL_CLOCK_TRUSTED, "clock_trusted", false, false)                                    \
	X(JOURNAL_READER_NOISE, "reader_noise", false, true) /* count: edges or bits dropped */    \
	X(JOURNAL_STARTED, "started", false, false)                                                \
	X(JOURNAL_CORE_RESTARTED, "core_restarted", false, true)                                   \
	X(JOURNAL_PIN_LOCKOUT, "pin_lockout", false, true) /* count: seconds */                    \
	X(JOURNAL_PANEL_SKIPPED, "panel_skipped", false, true) /* a panel's format cannot hold it  \
								*/                                 \
	X(JOURNAL_RETENTION, "retention", false, true) /* count: days until the oldest record goes \
							*/                                         \
	X(JOURNAL_READER_OFFLINE, "reader_offline", false, true) /* an OSDP reader; reason */      \
	X(JOURNAL_READER_ONLINE, "reader_online", false, false)                                    \
	X(JOURNAL_READER_INSECURE, "reader_insecure", false, true) /* reason: what was tried */    \
	X(JOURNAL_READER_PAIRED, "reader_paired", false, false) /* it has a new key */

#define JOURNAL_ENUM(id, name, record, alarm) id,
enum journal_kind { JOURNAL_KINDS(JOURNAL_ENUM) JOURNAL_KIND_COUNT };
#undef JOURNAL_ENUM

const char *journal_kind_name(enum journal_kind kind);
bool journal_kind_is_record(enum journal_kind kind);
bool journal_kind_is_alarm(enum journal_kind kind);
/* True for the kinds that settle an entry with wants_outcome: one of them names its ticket. */
bool journal_kind_is_outcome(enum journal_kind kind);

/* Method of a record: how the door was asked for (the integration paper). */
enum access_method {
	METHOD_PASSWORD = 0,
	METHOD_CARD = 1,
	METHOD_CARD_THEN_PASSWORD = 2,
	METHOD_PASSWORD_THEN_CARD = 3,
	METHOD_REMOTE = 4,
	METHOD_EXIT_BUTTON = 5,
	METHOD_FINGERPRINT = 6,
	METHOD_FACE = 15,
};

enum door_side { SIDE_ENTRY = 0, SIDE_EXIT = 1 };

enum door_command {
	DOOR_COMMAND_OPEN = 0, /* unlock for the door's unlock time */
	DOOR_COMMAND_CLOSE = 1, /* lock now; ends a pulse and a hold-open */
	DOOR_COMMAND_HOLD_OPEN = 2, /* unlocked until told otherwise */
	DOOR_COMMAND_HOLD_LOCKED = 3, /* no card and no command opens; REX still does */
	DOOR_COMMAND_NORMAL = 4, /* ends either hold */
	DOOR_COMMAND_COUNT
};

#define READER_NONE 0 /* reader numbers start at 1 */
#define DOOR_NONE 255

/* From the real-time thread to the store. Fixed size, no pointer, no name: those live in the store.
 */
struct commit_entry {
	enum journal_kind kind;
	struct moment at;
	uint64_t ticket; /* grants, commands, failed PINs: their id, unique in this boot; else 0 */
	uint64_t outcome_of; /* the ticket this entry is the outcome or consequence of; else 0 */
	uint64_t person_no; /* 0 when nobody known */
	uint64_t card_number;
	uint32_t count; /* DENIALS_REPEATED, READER_NOISE, RECORDS_LOST; PIN_LOCKOUT: seconds */
	uint16_t card_bits;
	uint8_t door; /* index, or DOOR_NONE */
	uint8_t reader; /* number, or READER_NONE */
	uint8_t side; /* enum door_side */
	uint8_t method; /* enum access_method, for records */
	uint8_t reason; /* enum reason */
	uint8_t card_type; /* of the card used, or 0 */
	uint8_t command; /* enum door_command, for JOURNAL_COMMAND */
	bool has_card; /* card_number and card_bits hold a read card */
	bool wants_outcome; /* a grant: the store remembers the ticket until its outcome comes */
	bool takes_use; /* one use of person_no's card is spent with this record */
	bool undurable; /* decided while the store was failed */
	/*
	 * counts_pin: PINs that failed and are not forgiven after this entry, of the reader and
	 * (when known) of person_no; the store keeps them over restarts, in the transaction of the
	 * entry.
	 */
	bool counts_pin;
	uint8_t reader_failures;
	uint8_t person_failures;
	struct text64 user_id; /* commands: UserID as given */
	struct text32 command_type; /* commands: Type as given, "Remote" when left out */
	struct text32 account; /* commands: who asked, through the API */
};

/* The who of a record, apart from the what so that it can be erased. */
struct record_person {
	struct text64 user_id;
	struct text128 name;
	struct text32 card_no;
	struct text128 url; /* picture of the moment; 127 bytes at most */
	struct text128 record_url; /* recording; 127 bytes at most */
	uint8_t card_type;
	bool has_card_type;
	bool has_temperature; /* the three below have values */
	bool over_temperature;
	uint8_t temperature_unit; /* 0 Celsius, 1 Fahrenheit, 2 Kelvin */
	int32_t temperature_milli; /* thousandths of the unit */
	bool has_citizen_id; /* the ten CitizenID* fields below have values */
	bool citizen_id_result;
	uint8_t citizen_id_sex; /* 0 unknown, 1 male, 2 female, 9 unspecified */
	uint16_t citizen_id_ethnicity;
	struct text64 citizen_id_name;
	struct text32 citizen_id_no;
	struct text16 citizen_id_birth; /* yyyy-mm-dd */
	struct text128 citizen_id_address;
	struct text128 citizen_id_authority;
	struct text16 citizen_id_start;
	struct text16 citizen_id_end;
};

struct journal_entry {
	uint64_t seq; /* dense, from 1, never reused */
	uint64_t rec_no; /* dense among records, from 1, never reused; 0: not a record */
	uint64_t ref_rec_no; /* the record this entry belongs to (outcome, alarm); else 0 */
	enum journal_kind kind;
	int64_t utc_ms;
	int64_t boot_ns;
	bool trusted; /* the clock was, when it happened */
	bool undurable; /* was decided before the store could take it */
	uint32_t count;
	uint64_t card_number;
	uint16_t card_bits;
	uint8_t door;
	uint8_t reader;
	uint8_t side;
	uint8_t method;
	uint8_t reason;
	uint8_t command;
	bool has_card;
	struct text32 command_type;
	struct text32 account;
	struct record_person who; /* empty when there is nobody, or erased */
};

/* Status of a record: 1 succeeded, 0 failed (the integration paper). */
static inline uint8_t journal_entry_status(const struct journal_entry *entry)
{
	return reason_grants((enum reason)entry->reason) ? 1 : 0;
}

/* True when kinds, reasons, numbers and text lengths are in range, for rows from another process.
 */
bool journal_entry_check(const struct journal_entry *entry);
