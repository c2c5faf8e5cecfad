/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state behind struct controller, shared by the files that make it up:
 *
 *   controller.c  init, clock, order of work in a step, questions about the state
 *   inputs.c      which input does what; people and schedules
 *   door.c        one door's lock, exit button and contact
 *   waiting.c     grants that wait for their record
 *   command.c     operator commands and their answers
 *   reader.c      grants and denials at a reader, denials and noise that repeat
 *   keypad_entry.c  keys, until they are a PIN
 *   factors.c     what a door asks for: card, PIN, or both
 *   pin_tries.c   PINs that opened nothing, and the locks they lead to
 *
 * Work is what falls due by time or by an input that concerns many doors. Each kind of work has a
 * `_due_ns` question and a `_run` that does exactly one piece, with at most WORK_EFFECTS_MAX
 * effects.
 */
#pragma once

#include "decision.h"
#include "domain/controller.h"

#define NEVER INT64_MAX
#define AT_ONCE INT64_MIN

#define USES_PENDING_MAX 256

/* One piece of work: a closing contact is told, ends two alarms and clears the readers. */
#define WORK_EFFECTS_MAX (3 + DOOR_READERS_MAX)
/*
 * All work of one door that can be due at once: DOOR_WAITING_MAX grants of 3 effects and one
 * storage alarm, a lock's end 2, a contact, the pre-alarm and the readers it is shown at, the
 * alarm 1. None of it makes new work that is due in the same step.
 */
#define DOOR_EFFECTS_MAX                                                                           \
	(DOOR_WAITING_MAX * 3 + 1 + 2 + WORK_EFFECTS_MAX + 1 + DOOR_READERS_MAX + 1)
/*
 * One input by itself: the last key of a duress PIN while the store is failed. What waited there is
 * over (record, blocklist alarm, feedback, and the count of denials that this or the grant ends),
 * then come the key's feedback, record, duress alarm, output, feedback and outcome.
 */
#define INPUT_EFFECTS_MAX 10

_Static_assert(1 + WORK_EFFECTS_MAX + DOOR_EFFECTS_MAX + INPUT_EFFECTS_MAX <= EFFECTS_MAX,
	"an input at a door with all its work due must fit into one step");

enum waiting_state {
	WAITING_FOR_RECORD = 0,
	WAITING_IS_DURABLE, /* unlocks now */
	WAITING_IS_UNRECORDED, /* the store failed: unlocks now, as an exception */
	WAITING_IS_CANCELLED,
};

/* What was given at a reader, as it was judged: a card, a PIN, both, or a frame that is none. */
struct presented {
	uint8_t reader; /* number */
	uint8_t reason; /* enum reason */
	uint8_t method; /* enum access_method */
	uint8_t card_type;
	bool has_card;
	uint16_t card_bits;
	uint64_t card_number;
	uint64_t person_no;
};

/* A grant, or a denial that must look like one until it is recorded: of a PIN that failed. */
struct waiting_grant {
	uint64_t ticket;
	int64_t deadline_ns;
	struct presented given;
	uint64_t pin; /* hash of the PIN that opens; 0: none */
	uint8_t pin_match; /* enum pin_match: which of the two it was */
	uint8_t feedback; /* enum feedback to show at its end */
	bool is_denial; /* nothing opens or is cancelled; only the feedback waits */
	uint8_t state; /* enum waiting_state */
	uint8_t cancel_reason; /* in WAITING_IS_CANCELLED */
};

enum first_factor { FIRST_NONE = 0, FIRST_CARD, FIRST_PIN };

/* Keys and the first of card and PIN, at one reader. */
struct keypad {
	uint8_t typed; /* digits; PIN_DIGITS_MAX + 1: too many for a PIN */
	char digit[PIN_DIGITS_MAX];
	int64_t clear_ns; /* typed > 0: when the pause was too long */

	uint8_t first; /* enum first_factor: what waits for the other */
	uint8_t refused; /* enum reason by which a card that waits lost its right since, or NONE */
	int64_t second_until_ns;
	struct presented card; /* FIRST_CARD */
	uint64_t pin; /* FIRST_PIN: hash; 0 matches nobody */
};

/* PINs that failed and are not forgiven yet, of a reader or of a person. */
struct pin_tries {
	uint8_t failures;
	int64_t locked_until_ns; /* counts from PIN_WRONG_FREE failures on */
	int64_t quiet_ns; /* since when no PIN was evaluated, but for the hours forgiven */
	int64_t eased_ns; /* when a failure was taken off last */
};

struct pin_person {
	uint64_t person_no; /* 0: free */
	struct pin_tries tries;
};

/* Locks that one failure begins, in seconds; 0: none. */
struct pin_locks {
	uint32_t reader_s;
	uint32_t person_s;
};

struct door {
	struct door_config config;
	uint8_t index;
	uint8_t reader_count;
	uint8_t reader[DOOR_READERS_MAX]; /* numbers */

	uint8_t hold; /* DOOR_COMMAND_NORMAL, _HOLD_OPEN or _HOLD_LOCKED */
	bool unlocked; /* as last commanded */
	bool pulsing; /* unlocked for a time, until ... */
	int64_t pulse_until_ns;
	int64_t locked_ns; /* when it was last locked; AT_ONCE: never unlocked yet */

	bool exit_active;
	int64_t exit_edge_ns; /* last edge of the button */
	int64_t shunt_until_ns;

	bool contact_known;
	bool contact_raw; /* true: open */
	bool settling; /* raw differs from open, until ... */
	int64_t settle_ns;
	bool passage; /* the opening that settles is no break-in */
	int64_t passage_until_ns;
	bool is_open;
	int64_t held_from_ns; /* since when it stands open without leave */
	bool warned;
	bool held;
	bool forced;

	uint32_t waiting_count;
	struct waiting_grant waiting[DOOR_WAITING_MAX]; /* tickets ascend */
};

struct reader {
	struct reader_config config;
	bool tamper;
	struct keypad keypad;
	struct pin_tries tries;

	bool repeating; /* the last thing here was a denial, of ... */
	struct presented repeated;
	int64_t repeat_until_ns;
	uint32_t denials; /* recorded in this minute */
	uint32_t unrecorded;

	int64_t noise_until_ns;
	uint32_t noise; /* not told yet */
};

struct waiting_command {
	uint64_t id;
	uint64_t ticket;
	uint8_t result; /* enum command_result */
	uint8_t reason;
	bool ready;
};

/* A use that the index counted down while its record is not known to be on disk. */
struct pending_use {
	uint64_t ticket;
	uint64_t person_no;
};

struct controller {
	struct credential_index *index;
	uint32_t commit_wait_ms;
	uint8_t untrusted_clock;
	pin_hash_fn *pin_hash;
	void *pin_hash_user;
	uint8_t pin_digits;
	uint32_t pin_key_gap_ms;
	uint32_t pin_second_ms;
	struct zone zone;
	struct schedule schedules[SCHEDULES_MAX];
	struct special_day_group special_groups[SPECIAL_DAY_GROUPS_MAX];
	struct special_schedule special_schedules[SPECIAL_SCHEDULES_MAX];

	uint64_t ticket; /* the last one given */
	uint64_t durable_ticket;
	bool store_failed;
	uint64_t persons_refused;

	int64_t last_ns; /* boot time of the last step */
	bool clock_seen;
	bool clock_trusted;
	int64_t clock_utc_ms; /* the wall clock that the last step used ... */

	uint32_t slow_hits; /* commit deadlines missed in the minute that ends ... */
	int64_t slow_until_ns;
	int64_t slow_quiet_until_ns; /* no second storage alarm before */

	uint32_t command_count;
	struct waiting_command commands[COMMANDS_WAITING_MAX]; /* tickets ascend */
	uint32_t use_next;
	struct pending_use uses[USES_PENDING_MAX]; /* a ring: the oldest is overwritten */
	struct pin_person pin_persons[PIN_PERSONS_MAX];

	uint32_t door_count; /* configured ones, below */
	uint8_t door_list[DOORS_MAX];
	uint32_t reader_count;
	uint8_t reader_list[READERS_MAX];
	struct door doors[DOORS_MAX];
	struct reader readers[READERS_MAX]; /* by number - 1 */
};

/* One step under way. */
struct step {
	struct controller *controller;
	struct moment at; /* boot_ns, and the wall clock after the floor */
	struct effect_list *effects;
};

/* controller.c */
struct commit_entry *step_commit(struct step *step, enum journal_kind kind);
struct commit_entry *step_commit_door(
	struct step *step, enum journal_kind kind, const struct door *door);
void step_output(struct step *step, const struct door *door, int64_t until_ns);
void step_feedback(struct step *step, uint8_t reader, enum feedback feedback);
void step_command_result(struct step *step, uint64_t id, uint8_t result, uint8_t reason);
static inline struct reader *step_reader(const struct step *step, uint8_t number)
{
	return &step->controller->readers[number - 1];
}
static inline int64_t step_after_ms(const struct step *step, uint32_t ms)
{
	return step->at.boot_ns + (int64_t)ms * NS_PER_MS;
}

/* inputs.c */
struct door *input_door(struct controller *controller, const struct controller_input *input);
void input_apply(struct step *step, const struct controller_input *input);

/* door.c */
int64_t door_due_ns(const struct door *door);
void door_run(struct step *step, struct door *door);
void door_drive(struct step *step, struct door *door);
void door_pulse(struct step *step, struct door *door);
void door_held_end(struct step *step, struct door *door);
void door_exit_button(struct step *step, struct door *door, bool active);
void door_contact(struct step *step, struct door *door, bool is_open);

/* waiting.c */
int64_t waiting_due_ns(const struct door *door);
void waiting_run(struct step *step, struct door *door);
bool waiting_is_full(const struct step *step, const struct door *door);
void waiting_add(struct step *step, struct door *door, const struct waiting_grant *grant);
void waiting_cancel_all(struct door *door, enum reason reason);
void waiting_note_durable(struct controller *controller, uint64_t ticket);
void waiting_note_failed(struct controller *controller);
void waiting_judge_again(struct step *step, uint64_t person_no);

/* command.c */
int64_t command_due_ns(const struct controller *controller);
void command_run(struct step *step);
void command_apply(struct step *step, const struct controller_input *input);
void command_note_durable(struct controller *controller, uint64_t ticket);
void command_note_failed(struct controller *controller);

/* reader.c */
struct commit_entry *card_commit(
	struct step *step, enum journal_kind kind, const struct presented *given);
int64_t reader_due_ns(const struct reader *reader);
void reader_run(struct step *step, uint8_t number);
void reader_unreadable(struct step *step, const struct controller_input *input);
void reader_noise(struct step *step, uint8_t number, uint32_t count);
void reader_tamper(struct step *step, uint8_t number, bool active);
void reader_repeats_end(struct step *step, uint8_t number);
void reader_denial_record(struct step *step, const struct presented *given);
void reader_deny(struct step *step, const struct presented *given);
void reader_grant(struct step *step, struct door *door, const struct credential *credential,
	struct presented *given, uint64_t pin);
enum reason card_judge(const struct step *step, const struct door *door, struct presented *card,
	struct credential *ret);
void reader_card_alone(struct step *step, struct door *door, struct presented *card);
struct decision_place step_place(const struct step *step, const struct door *door);

/* keypad_entry.c */
void keypad_key(struct step *step, struct door *door, const struct controller_input *input);
void keypad_clear(struct keypad *keypad);
uint64_t keypad_take(struct step *step, struct keypad *keypad);
int64_t keypad_due_ns(const struct keypad *keypad);

/* factors.c */
int64_t factor_due_ns(const struct reader *reader);
void factor_run(struct step *step, uint8_t reader);
void factor_card(struct step *step, struct door *door, struct presented *card);
void factor_refused(
	struct step *step, struct door *door, struct presented *card, enum reason reason);
void factor_pin(struct step *step, struct door *door, uint8_t reader);
void factor_judge_again(struct step *step, uint64_t person_no);

/* pin_tries.c */
void pin_tries_init(struct controller *controller, const struct controller_config *config);
void pin_tries_begin(struct controller *controller, int64_t now_ns);
bool pin_is_locked(const struct step *step, uint8_t reader, uint64_t person_no);
struct pin_locks pin_count_failure(struct step *step, struct commit_entry *entry, bool at_person);
void pin_count_grant(struct step *step, struct commit_entry *entry);
