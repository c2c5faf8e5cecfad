/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world around one controller, all of it made from a seed: doors with people, a disk that is slow
 * or broken at times, a wall clock that jumps, crashes. simulation.c moves the world, keypads.c the
 * people who type PINs and what is to be said of them, disk.c is the store, checks.c looks at every
 * effect. Nothing here knows how the controller works inside.
 */
#pragma once

#include "base/compiler.h"
#include "domain/controller.h"

#define DOORS 4u
#define READERS 6u
#define PERSONS 24u
#define OPEN_MAX 1024u /* tickets that wait for an outcome */
#define QUEUE_MAX 8192u /* entries not on disk yet */
#define COMMANDS_MAX 128u

#define TYPED_MAX 24u
#define PIN_VARIANTS 3u /* PINs a person may have */
#define PIN_LENGTH 6u
#define KEY_GAP_MS 3000
#define SECOND_MS 10000

struct door_model {
	bool unlocked;
	int64_t until_ns;
	uint8_t hold;
	bool rex;
	int64_t rex_release_ns;
	bool contact; /* as the wire says */
	bool opened, forced, held;
	unsigned edges_left; /* of a bouncing contact */
	int64_t edge_ns;
};

struct person_model {
	bool there;
	struct credential row; /* uses_left: what may still be granted */
};

/* Somebody at a reader who presses keys and shows a card, one after the other. */
struct visitor {
	char acts[TYPED_MAX]; /* 0 to 9, *, #, and c: the card; ends with 0 */
	unsigned at;
	uint64_t card_number;
	int64_t next_ns;
};

enum given_kind { GIVEN_NOTHING = 0, GIVEN_CARD, GIVEN_PIN };

struct given {
	enum given_kind kind;
	int64_t ns;
	uint64_t value; /* card number, or hash of a PIN */
};

/* What people did at a reader, from the inputs. */
struct reader_model {
	struct visitor visitor;
	unsigned typed;
	char digit[TYPED_MAX];
	int64_t typed_ns;
	unsigned last_typed; /* digits of the PIN that was complete last */
	struct given last; /* complete by the input of this step, or before it */
	struct given before; /* the one before that */
};

/* A ticket without an outcome. */
struct open_ticket {
	uint64_t ticket;
	uint64_t person_no; /* 0: an exit button or a command */
	uint64_t card_number;
	uint64_t pin; /* the hash that was typed, or 0 */
	bool has_card;
	uint8_t door;
	bool access;
	bool revoked; /* the right went away after the grant */
	uint64_t step; /* the step it was granted in */
	int64_t since_ns;
};

enum item_kind { ITEM_ENTRY, ITEM_PUT, ITEM_REMOVE };

struct item {
	enum item_kind kind;
	struct commit_entry entry;
	struct credential person;
	uint64_t person_no;
};

enum disk_mode { DISK_FAST, DISK_SLOW, DISK_VERY_SLOW, DISK_BROKEN, DISK_MODES };

struct disk {
	enum disk_mode mode;
	bool failed; /* as the controller was told */
	uint32_t batch; /* items being written, from the front */
	int64_t done_ns; /* when they are */
	int64_t fail_ns; /* when it is called failed */
	uint64_t seq; /* entries on disk: dense by construction */
	uint64_t ticket; /* the highest on disk */
	int64_t newest_utc_ms;
	struct person_model person[PERSONS + 1];
	uint8_t reader_failures[READERS + 1];
	uint8_t person_failures[PERSONS + 1];
	uint32_t open_count; /* durable grants without a durable outcome */
	uint64_t open[OPEN_MAX];
	uint32_t count;
	struct item queue[QUEUE_MAX];
};

struct stats {
	uint64_t steps, grants, denials, unlocks, exceptions, cancelled, unknown, exits, commands,
		crashes, failures, forced, held, repeated, spent, late, renewed, pins_alone,
		cards_then_pins, pins_then_cards, wrong_pins, lockouts, pins_locked, missing,
		wrong_orders, no_pins, pins_refused, cards_refused, duress;
};

struct sim {
	uint64_t seed;
	uint64_t random;
	uint64_t hash;
	struct moment now;
	int64_t end_ns;
	struct controller_config config;
	void *memory;
	void *index_memory;
	struct controller *controller;
	struct credential_index *index;
	struct effect_list effects;
	const struct controller_input *input; /* of the step being checked */

	struct pin_failures failures[READERS + PERSONS];
	struct door_model door[DOORS];
	struct reader_model reader[READERS + 1]; /* by number */
	int64_t reader_locked_ns[READERS + 1]; /* until when PINs must not be evaluated */
	int64_t person_locked_ns[PERSONS + 1];
	struct person_model person[PERSONS + 1]; /* as acknowledged */
	uint64_t last_ticket;
	int64_t wall_ms; /* what records must show: the last known time goes on when untrusted */
	int64_t wall_ns;
	uint32_t open_count;
	struct open_ticket open[OPEN_MAX];
	uint64_t next_command;
	uint32_t command_count;
	struct {
		uint64_t id;
		uint64_t ticket;
		bool refused;
	} command[COMMANDS_MAX];
	struct disk disk;
	struct stats stats;
};

/* Says what went wrong, when, and how to see it again; ends the program. */
_Noreturn PRINTF_LIKE(2, 3) void violation(const struct sim *sim, const char *format, ...);

uint64_t sim_random(struct sim *sim);
uint64_t sim_below(struct sim *sim, uint64_t limit); /* 0 to limit - 1 */
bool sim_chance(struct sim *sim, unsigned in); /* one in so many */
void sim_step(struct sim *sim, const struct controller_input *input);

/* keypads.c */
void keypads_config(struct sim *sim);
void keypads_start(struct sim *sim); /* of the controller */
void keypads_person(struct sim *sim, struct credential *row);
void keypads_visit(struct sim *sim);
void keypads_run(struct sim *sim);
int64_t keypads_due_ns(const struct sim *sim);
void keypads_note(struct sim *sim, const struct controller_input *input); /* before its step */
void keypads_check(struct sim *sim, const struct commit_entry *entry);
void keypads_checks_step(struct sim *sim);
uint64_t keypads_pin(const struct sim *sim, uint8_t reader);

/* disk.c */
void disk_push(struct sim *sim, const struct commit_entry *entry);
void disk_push_person(struct sim *sim, const struct credential *person);
void disk_push_removal(struct sim *sim, uint64_t person_no);
int64_t disk_due_ns(const struct sim *sim);
void disk_run(struct sim *sim);
void disk_crash(struct sim *sim);

/* checks.c */
void checks_step(struct sim *sim); /* the effects of one step */
void checks_quiet(struct sim *sim); /* when no work is due any more */
bool checks_may_open(
	const struct sim *sim, const struct credential *row, uint8_t door, int64_t utc_s);
