/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller with two doors for the tests. Door 0: readers 1 (entry) and 2 (exit), contact, exit
 * button that unlocks, slow disk unlocks. Door 1: reader 3, contact, exit button that shunts, slow
 * disk denies. Every reader has keys; both doors open by card, until open_by() says otherwise. A
 * PIN's hash is PIN(digits). Time stands still until at() or after() moves it; at 0 it is Monday
 * 2024-01-01 00:00:00 UTC. Every step's effects are in f->effects.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "domain/controller.h"

#define T0_MS INT64_C(1704067200000) /* 2024-01-01T00:00:00Z, a Monday */
#define T0_S (T0_MS / 1000)
#define UNLOCK_MS 3000
#define COMMIT_WAIT_MS 100
#define DEBOUNCE_MS 50
#define HELD_MS 20000
#define WARNING_MS 5000
#define GRACE_MS 1000
#define KEY_GAP_MS 3000
#define SECOND_MS 10000

#define PIN(digits) (UINT64_C(1##digits)) /* what fixture_hash makes of "digits" */

struct fixture {
	struct controller_config config;
	void *index_memory;
	struct credential_index *index;
	void *memory;
	struct controller *controller;
	struct moment now;
	struct effect_list effects;
};

/* As a number, a 1 in front: zeros count, and nothing gives 0. */
static inline uint64_t fixture_hash(void *user, struct span digits)
{
	uint64_t hash = 1;

	(void)user;
	assert_in_range(digits.len, 1, PIN_DIGITS_MAX);
	for (size_t i = 0; i < digits.len; i++) {
		assert_in_range(digits.data[i], '0', '9');
		hash = hash * 10 + (uint64_t)(digits.data[i] - '0');
	}
	return hash;
}

static inline void fixture_start(struct fixture *f)
{
	free(f->memory);
	f->memory = malloc(controller_size());
	assert_non_null(f->memory);
	memset(f->memory, 0xa5, controller_size()); /* init must not count on zeros */
	f->controller = controller_init(f->memory, &f->config, f->index, 100);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct door_config door = {.configured = true,
		.open_by_schedule = SCHEDULE_ALWAYS,
		.unlock_ms = UNLOCK_MS,
		.held_open_ms = HELD_MS,
		.held_open_warning_ms = WARNING_MS,
		.contact_debounce_ms = DEBOUNCE_MS,
		.forced_grace_ms = GRACE_MS,
		.has_contact = true,
		.slow_disk = SLOW_DISK_UNLOCK,
		.rex = REX_UNLOCK};

	assert_non_null(f);
	f->config.commit_wait_ms = COMMIT_WAIT_MS;
	f->config.pin_hash = fixture_hash;
	f->config.pin_key_gap_ms = KEY_GAP_MS;
	f->config.pin_second_ms = SECOND_MS;
	f->config.door[0] = door;
	door.slow_disk = SLOW_DISK_DENY;
	door.rex = REX_SHUNT;
	f->config.door[1] = door;
	f->config.reader[0] = (struct reader_config){.configured = true, .door = 0};
	f->config.reader[1] =
		(struct reader_config){.configured = true, .door = 0, .side = SIDE_EXIT};
	f->config.reader[2] = (struct reader_config){.configured = true, .door = 1};
	f->index_memory = malloc(credential_index_size(1000));
	assert_non_null(f->index_memory);
	f->index = credential_index_init(f->index_memory, credential_index_size(1000), 1000, 7);
	f->now = (struct moment){.boot_ns = 0, .utc_ms = T0_MS, .trusted = true};
	fixture_start(f);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	free(f->memory);
	free(f->index_memory);
	free(f);
	return 0;
}

/* Starts anew with another way to open both doors. */
static inline void open_by(struct fixture *f, enum open_by by)
{
	f->config.door[0].open_by = (uint8_t)by;
	f->config.door[1].open_by = (uint8_t)by;
	fixture_start(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* --- time --- */

static inline void after(struct fixture *f, int64_t ms)
{
	f->now.boot_ns += ms * NS_PER_MS;
	f->now.utc_ms += ms;
}

static inline void at(struct fixture *f, int64_t ms)
{
	after(f, ms - f->now.boot_ns / NS_PER_MS);
}

/* --- inputs --- */

static inline void step(struct fixture *f, const struct controller_input *input)
{
	controller_step(f->controller, input, &f->now, &f->effects);
}

static inline void tick(struct fixture *f)
{
	step(f, &(struct controller_input){.kind = INPUT_TIMER});
}

static inline void simple(struct fixture *f, enum input_kind kind)
{
	step(f, &(struct controller_input){.kind = kind});
}

static inline void card(struct fixture *f, uint8_t reader, uint64_t number)
{
	step(f, &(struct controller_input){.kind = INPUT_CREDENTIAL,
			.credential = {.reader = reader, .card_number = number, .card_bits = 34}});
}

static inline void key(struct fixture *f, uint8_t reader, uint8_t which)
{
	step(f, &(struct controller_input){
			.kind = INPUT_KEY, .key = {.reader = reader, .key = which}});
}

/* "1234#": each key by itself; the effects are those of the last one. */
static inline void keys(struct fixture *f, uint8_t reader, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '*')
			key(f, reader, KEY_STAR);
		else
			key(f, reader, *text == '#' ? KEY_HASH : (uint8_t)(*text - '0'));
	}
}

static inline void durable(struct fixture *f, uint64_t ticket)
{
	step(f, &(struct controller_input){.kind = INPUT_RECORD_DURABLE, .durable_ticket = ticket});
}

static inline void rex(struct fixture *f, uint8_t door, bool active)
{
	step(f, &(struct controller_input){
			.kind = INPUT_REX, .rex = {.door = door, .active = active}});
}

static inline void contact(struct fixture *f, uint8_t door, bool open)
{
	step(f, &(struct controller_input){
			.kind = INPUT_CONTACT, .contact = {.door = door, .open = open}});
}

static inline void command(struct fixture *f, uint8_t door, enum door_command what, uint64_t id)
{
	struct controller_input input = {.kind = INPUT_COMMAND,
		.command = {.id = id, .door = door, .command = (uint8_t)what}};

	(void)text_set(&input.command.user_id, SPAN_LIT("guard"));
	(void)text_set(&input.command.type, SPAN_LIT("Remote"));
	(void)text_set(&input.command.account, SPAN_LIT("admin"));
	step(f, &input);
}

/* A person whose card has the same number and who may open both doors always. */
static inline struct credential person_make(uint64_t no)
{
	return (struct credential){.person_no = no,
		.card_number = no,
		.valid_from_s = VALID_FROM_ALWAYS,
		.valid_to_s = VALID_TO_ALWAYS,
		.uses_left = USES_UNLIMITED,
		.is_valid = true,
		.has_card = true,
		.rule_count = 2,
		.rule = {{0, SCHEDULE_ALWAYS}, {1, SCHEDULE_ALWAYS}}};
}

static inline void put(struct fixture *f, const struct credential *person)
{
	step(f, &(struct controller_input){.kind = INPUT_PERSON_PUT, .person = *person});
}

static inline void put_always(struct fixture *f, uint64_t no)
{
	struct credential person = person_make(no);

	put(f, &person);
}

/* As put_always, with a PIN beside the card that opens alone too. */
static inline void put_pin(struct fixture *f, uint64_t no, uint64_t pin)
{
	struct credential person = person_make(no);

	person.pin = pin;
	person.pin_alone = true;
	put(f, &person);
}

static inline void take_out(struct fixture *f, uint64_t no)
{
	step(f, &(struct controller_input){.kind = INPUT_PERSON_REMOVED, .person_no = no});
}

/* --- effects of the last step --- */

static inline const struct effect *effect_nth(
	const struct fixture *f, enum effect_kind kind, unsigned nth)
{
	for (uint32_t i = 0; i < f->effects.count; i++) {
		if (f->effects.items[i].kind == kind && nth-- == 0)
			return &f->effects.items[i];
	}
	return NULL;
}

/* The only entry of its kind in the last step; NULL when there is none. */
static inline const struct commit_entry *entry_of(const struct fixture *f, enum journal_kind kind)
{
	const struct commit_entry *found = NULL;

	for (uint32_t i = 0; i < f->effects.count; i++) {
		const struct effect *effect = &f->effects.items[i];

		if (effect->kind != EFFECT_COMMIT || effect->entry.kind != kind)
			continue;
		assert_null(found);
		found = &effect->entry;
	}
	return found;
}

static inline unsigned entries(const struct fixture *f, enum journal_kind kind)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < f->effects.count; i++) {
		if (f->effects.items[i].kind == EFFECT_COMMIT &&
			f->effects.items[i].entry.kind == kind)
			count++;
	}
	return count;
}

static inline const struct commit_entry *entry_must(const struct fixture *f, enum journal_kind kind)
{
	const struct commit_entry *entry = entry_of(f, kind);

	assert_non_null(entry);
	return entry;
}

/* FEEDBACK of the last step at the reader; FEEDBACK_NONE when there is none. */
#define FEEDBACK_NONE 99
static inline unsigned feedback_at(const struct fixture *f, uint8_t reader)
{
	unsigned feedback = FEEDBACK_NONE;

	for (uint32_t i = 0; i < f->effects.count; i++) {
		const struct effect *effect = &f->effects.items[i];

		if (effect->kind == EFFECT_FEEDBACK && effect->feedback.reader == reader)
			feedback = effect->feedback.feedback;
	}
	return feedback;
}

/* The feedback of the last step, all of it at this reader; FEEDBACK_NONE: no more. */
static inline void assert_feedback(
	const struct fixture *f, uint8_t reader, unsigned first, unsigned second)
{
	unsigned expected[] = {first, second};
	unsigned count = 0;

	for (uint32_t i = 0; i < f->effects.count; i++) {
		const struct effect *effect = &f->effects.items[i];

		if (effect->kind != EFFECT_FEEDBACK)
			continue;
		assert_int_equal(effect->feedback.reader, reader);
		assert_in_range(count, 0, 1);
		assert_int_equal(effect->feedback.feedback, expected[count++]);
	}
	while (count < 2)
		assert_int_equal(expected[count++], FEEDBACK_NONE);
}

static inline void assert_no_output(const struct fixture *f)
{
	assert_null(effect_nth(f, EFFECT_OUTPUT, 0));
}

static inline void assert_quiet(const struct fixture *f)
{
	assert_int_equal(f->effects.count, 0);
}

/* The last step commanded the door's lock once, as said. */
static inline void assert_output(
	const struct fixture *f, uint8_t door, bool unlocked, int64_t until_ns)
{
	const struct effect *effect = effect_nth(f, EFFECT_OUTPUT, 0);

	assert_non_null(effect);
	assert_null(effect_nth(f, EFFECT_OUTPUT, 1));
	assert_int_equal(effect->output.door, door);
	assert_int_equal(effect->output.unlocked, unlocked);
	assert_int_equal(effect->output.until_ns, until_ns);
}

static inline void assert_result(
	const struct fixture *f, uint64_t id, enum command_result result, enum reason reason)
{
	const struct effect *effect = effect_nth(f, EFFECT_COMMAND_RESULT, 0);

	assert_non_null(effect);
	assert_null(effect_nth(f, EFFECT_COMMAND_RESULT, 1));
	assert_int_equal(effect->command.id, id);
	assert_int_equal(effect->command.result, result);
	assert_int_equal(effect->command.reason, reason);
}

static inline struct door_state door_now(const struct fixture *f, uint8_t door)
{
	struct door_state state;

	controller_door_state(f->controller, door, &state);
	return state;
}

static inline int64_t deadline_ms(const struct fixture *f)
{
	int64_t ns = controller_deadline_ns(f->controller);

	return ns == INT64_MAX ? -1 : ns / NS_PER_MS;
}

#define MS(ms) ((int64_t)(ms)*NS_PER_MS)
