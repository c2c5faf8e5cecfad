/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heart: controller_step(state, input, now) -> effects. Pure, deterministic, no allocation
 * after init, replayable from a seed. Operator commands enter at the same place as cards.
 *
 * No door opens on a card before its record is on disk, or the record of the exception follows: a
 * grant puts its door in grant_waiting, RECORD_DURABLE with its ticket unlocks. A use that a grant
 * took stays spent when the grant is cancelled.
 *
 * PINs come as keys and go on as keyed hashes; their digits are in no effect. A PIN that fails has
 * a ticket as a grant has, and its feedback waits for the record likewise.
 */
#pragma once

#include "base/bits.h"
#include "domain/credential_index.h"
#include "domain/record.h"
#include "domain/schedule.h"
#include "domain/special_day.h"

enum slow_disk_policy { SLOW_DISK_UNLOCK = 0, SLOW_DISK_DENY = 1 };
enum rex_policy { REX_UNLOCK = 0, REX_SHUNT = 1 };
enum untrusted_clock_policy { UNTRUSTED_CLOCK_ALLOW = 0, UNTRUSTED_CLOCK_DENY_DATED = 1 };
enum fail_state { FAIL_SECURE = 0, FAIL_SAFE = 1 }; /* lock output when nobody controls it */

/* What a door asks for. Methods of its records: the first of the two is what came first. */
enum open_by {
	OPEN_BY_CARD = 0,
	OPEN_BY_PIN,
	OPEN_BY_CARD_OR_PIN,
	OPEN_BY_CARD_THEN_PIN,
	OPEN_BY_PIN_THEN_CARD,
	OPEN_BY_CARD_AND_PIN, /* in either order */
	OPEN_BY_COUNT
};

struct door_config {
	bool configured;
	uint8_t open_by; /* enum open_by */
	uint8_t open_by_scheduled; /* enum open_by while open_by_schedule is on */
	uint8_t open_by_schedule; /* 0 to SCHEDULES_MAX - 1, or SCHEDULE_ALWAYS: never looked at */
	uint32_t unlock_ms; /* how long a grant unlocks: 100 to 600000 */
	uint32_t held_open_ms; /* open longer than this is an alarm; 0: never */
	uint32_t held_open_warning_ms; /* pre-alarm this long before; 0: none */
	uint32_t contact_debounce_ms; /* 0 to 399 (IEC 60839-11-1 Table 2 line 24) */
	uint32_t forced_grace_ms; /* after locking, an opening within this is not forced */
	bool has_contact;
	uint8_t slow_disk; /* enum slow_disk_policy */
	uint8_t rex; /* enum rex_policy */
	uint8_t fail; /* enum fail_state */
};

struct reader_config {
	bool configured;
	uint8_t door; /* index of the door it stands at */
	uint8_t side; /* enum door_side */
};

/*
 * Keyed hash of a PIN's digits ("1234", 1 to PIN_DIGITS_MAX); never 0. The key never leaves its
 * owner, so the domain holds nothing that a PIN could be tried against elsewhere.
 */
typedef uint64_t pin_hash_fn(void *user, struct span digits);

/*
 * PINs that failed and are not forgiven yet, from before the restart: PIN_WRONG_FREE and more begin
 * their whole lock anew at the first step, without a second alarm.
 */
struct pin_failures {
	uint64_t person_no; /* 0: of the reader */
	uint8_t reader; /* number, or READER_NONE */
	uint8_t failures; /* 1 to 254 */
};

struct controller_config {
	pin_hash_fn *pin_hash; /* NULL: keys are ignored */
	void *pin_hash_user;
	uint8_t pin_digits; /* a PIN is complete with so many digits; 0: it ends with `#` */
	uint32_t pin_key_gap_ms; /* a longer pause between keys clears what was typed */
	uint32_t pin_second_ms; /* card and PIN: how long the first waits for the second */
	const struct pin_failures *pin_failures; /* read by controller_init only */
	uint32_t pin_failures_count;
	struct door_config door[DOORS_MAX]; /* by index */
	struct reader_config reader[READERS_MAX]; /* by number - 1 */
	uint32_t commit_wait_ms; /* commit_deadline of a waiting grant: 10 to 2000 */
	uint8_t untrusted_clock; /* enum untrusted_clock_policy */
	int64_t utc_floor_ms; /* of the newest journal entry: an untrusted clock shows no less */
	struct zone zone;
};

enum input_kind {
	INPUT_CREDENTIAL, /* a card was read */
	INPUT_UNREADABLE, /* a frame that fits no format of its reader */
	INPUT_NOISE, /* edges or bits that were no frame at all */
	INPUT_REX, /* exit button pressed or released */
	INPUT_CONTACT, /* door contact, raw: the step debounces it */
	INPUT_TAMPER, /* reader tamper */
	INPUT_COMMAND, /* from the API */
	INPUT_TIMER, /* controller_deadline_ns has come; any other input does as well */
	INPUT_RECORD_DURABLE, /* everything up to and including ticket is on disk */
	INPUT_STORE_FAILED, /* commit error, or 2 s without a commit */
	INPUT_STORE_RECOVERED,
	/*
	 * A row was committed: apply it, as it stands after its transaction. RECORD_DURABLE of all
	 * that this row already counts as used must be stepped before; uses that were granted since
	 * are taken off again here. The same holds for a new index (INPUT_PERSONS_REPLACED).
	 */
	INPUT_PERSON_PUT,
	INPUT_PERSON_REMOVED,
	INPUT_PERSONS_REPLACED, /* the index pointer was swapped by the caller before this step */
	INPUT_SCHEDULE_PUT,
	INPUT_CLOCK_CHANGED, /* trust changed or the wall clock jumped: now says */
	INPUT_ZONE_CHANGED,
	INPUT_KEY, /* a key of a keypad was pressed */
	INPUT_SPECIAL_GROUP_PUT,
	INPUT_SPECIAL_SCHEDULE_PUT,
	INPUT_KIND_COUNT
};

#define KEY_STAR 10 /* clears what was typed */
#define KEY_HASH 11 /* ends a PIN */

struct controller_input {
	enum input_kind kind;
	union {
		struct {
			uint8_t reader; /* number, 1 to READERS_MAX */
			uint64_t card_number;
			uint16_t card_bits;
			bool fingerprint; /* a finger was compared; the number, if any, is whose */
			/* enum reason: the reader itself says no; REASON_NONE: to be judged */
			uint8_t refused;
		} credential; /* also for INPUT_UNREADABLE, where card_number is 0 */
		struct {
			uint8_t reader;
			uint8_t key; /* 0 to 9, KEY_STAR, KEY_HASH */
		} key;
		struct {
			uint8_t reader;
			uint32_t count;
		} noise;
		struct {
			uint8_t door;
			bool active;
		} rex;
		struct {
			uint8_t door;
			bool open;
		} contact;
		struct {
			uint8_t reader;
			bool active;
		} tamper;
		struct {
			uint64_t id; /* the caller's; comes back in EFFECT_COMMAND_RESULT */
			uint8_t door;
			uint8_t command; /* enum door_command */
			struct text64 user_id;
			struct text32 type;
			struct text32 account;
		} command;
		uint64_t durable_ticket;
		struct credential person; /* INPUT_PERSON_PUT */
		uint64_t person_no; /* INPUT_PERSON_REMOVED; also a PUT of a person without card */
		struct schedule schedule;
		struct special_day_group special_group;
		struct special_schedule special_schedule;
		struct zone zone;
	};
};

enum feedback {
	FEEDBACK_IDLE = 0,
	FEEDBACK_GRANTED, /* duress looks the same */
	FEEDBACK_GRANTED_PRE_ARREARS, /* granted, and the payment is nearly due */
	FEEDBACK_DENIED,
	FEEDBACK_HELD_WARNING, /* the door stands open for too long soon */
	FEEDBACK_KEY, /* a key was taken: the same for every key (IEC 60839-11-1 Table 2 line 23) */
	FEEDBACK_WAITING, /* the first of card and PIN was taken, the second is waited for */
	FEEDBACK_COUNT
};

enum command_result {
	COMMAND_DONE = 0, /* the line is commanded and the record durable */
	COMMAND_REFUSED, /* the door is held locked; recorded */
	COMMAND_NO_DOOR, /* no such door; nothing recorded */
	COMMAND_NOT_DURABLE, /* the line is commanded, the record is not on disk: store failed */
	COMMAND_BUSY, /* too many commands wait; nothing was done */
};

enum effect_kind {
	EFFECT_COMMIT, /* hand entry to the store, in this order */
	EFFECT_OUTPUT, /* drive a door's lock */
	EFFECT_FEEDBACK, /* light and sound at a reader */
	EFFECT_COMMAND_RESULT, /* answer an operator command */
};

#define OUTPUT_FOREVER INT64_MAX

struct effect {
	enum effect_kind kind;
	union {
		struct commit_entry entry;
		struct {
			uint8_t door;
			bool unlocked;
			int64_t until_ns; /* CLOCK_BOOTTIME by which it must be locked again, or
					     OUTPUT_FOREVER */
		} output;
		struct {
			uint8_t reader;
			uint8_t feedback; /* enum feedback */
		} feedback;
		struct {
			uint64_t id;
			uint8_t result; /* enum command_result */
			uint8_t reason; /* enum reason */
		} command;
	};
};

struct effect_list {
	uint32_t count;
	struct effect items[EFFECTS_MAX]; /* to be carried out in this order */
};

/* What an observer may ask of a door; a copy of the state after the last step. */
struct door_state {
	bool configured;
	bool unlocked; /* the lock output is commanded open */
	bool open; /* debounced contact; false without contact */
	bool has_contact;
	bool forced; /* alarms that stand */
	bool held;
	bool tamper;
	uint8_t hold; /* DOOR_COMMAND_NORMAL, _HOLD_OPEN or _HOLD_LOCKED */
	uint8_t waiting; /* grants that wait for their record */
};

struct controller;

size_t controller_size(void);

/*
 * memory: controller_size() bytes, aligned for any type, owned by the caller for the controller's
 * life. ticket_base: tickets count up from here + 1; it must be above every ticket ever committed.
 * Doors start locked (hold normal), contacts unknown until the first INPUT_CONTACT.
 */
struct controller *controller_init(void *memory, const struct controller_config *config,
	struct credential_index *index, uint64_t ticket_base);

/* Swaps the index between steps; returns the old one. INPUT_PERSONS_REPLACED must be stepped next.
 */
struct credential_index *controller_swap_index(
	struct controller *controller, struct credential_index *index);

/*
 * now->boot_ns never goes back between calls. *ret_effects is overwritten. When much is due at once
 * a step does a part of it, and controller_deadline_ns is not later than now: step again (TIMER).
 */
void controller_step(struct controller *controller, const struct controller_input *input,
	const struct moment *now, struct effect_list *ret_effects);

/* CLOCK_BOOTTIME by which the next step is due at the latest, or INT64_MAX. */
int64_t controller_deadline_ns(const struct controller *controller);

void controller_door_state(
	const struct controller *controller, uint8_t door, struct door_state *ret_state);

/*
 * How many INPUT_PERSON_PUT the index refused (no room, or another person's card). Such a person is
 * taken out: nobody opens by rights that a newer row may have withdrawn. 0 unless the caller put
 * what the store would not have taken.
 */
uint64_t controller_persons_refused(const struct controller *controller);
