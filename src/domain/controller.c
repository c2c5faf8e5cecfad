// SPDX-License-Identifier: Apache-2.0
/*
 * One step: read the clock, do the work that is due, apply the input, do the work that the input
 * made due. The caller owns all memory; the step reads and writes that and nothing else, so the
 * same inputs give the same effects.
 *
 * Order. Work that is due is done in order of time before the input. An input at a door first gets
 * all due work of that door done, so that a late step judges a contact or a button by the state of
 * its instant. Only the exit button goes before the due work of other doors: its lock moves first.
 * A record that turns out durable counts before deadlines do: late news is still news.
 *
 * Bounds. A piece of work has WORK_EFFECTS_MAX effects; it is begun only when they fit beside what
 * the input still needs. What is left stays due, and controller_deadline_ns says so.
 */
#include "base/assert.h"
#include "controller_state.h"

/* 9999-12-31T23:59:59.999Z: no clock is believed beyond, so that sums of times cannot overflow. */
#define UTC_MS_MAX INT64_C(253402300799999)

size_t controller_size(void)
{
	return sizeof(struct controller);
}

static void door_init(struct door *door, uint8_t index, const struct door_config *config)
{
	door->config = *config;
	door->index = index;
	door->hold = DOOR_COMMAND_NORMAL;
	door->locked_ns = AT_ONCE;
	door->exit_edge_ns = AT_ONCE;
	door->shunt_until_ns = AT_ONCE;
	door->passage_until_ns = AT_ONCE;
	if (!config->configured)
		return;
	ASSERT(config->unlock_ms >= 1);
	ASSERT(config->slow_disk <= SLOW_DISK_DENY && config->rex <= REX_SHUNT);
	ASSERT(config->open_by < OPEN_BY_COUNT && config->open_by_scheduled < OPEN_BY_COUNT);
}

static void reader_init(
	struct controller *controller, unsigned at, const struct reader_config *config)
{
	struct reader *reader = &controller->readers[at];

	reader->config = *config;
	if (!config->configured)
		return;
	ASSERT(config->door < DOORS_MAX && config->side <= SIDE_EXIT);
	struct door *door = &controller->doors[config->door];

	if (!door->config.configured) {
		reader->config.configured = false;
		return;
	}
	controller->reader_list[controller->reader_count++] = (uint8_t)at;
	if (door->reader_count < DOOR_READERS_MAX)
		door->reader[door->reader_count++] = (uint8_t)(at + 1);
}

static void pins_init(struct controller *controller, const struct controller_config *config)
{
	controller->pin_hash = config->pin_hash;
	controller->pin_hash_user = config->pin_hash_user;
	controller->pin_digits = config->pin_digits;
	controller->pin_key_gap_ms = config->pin_key_gap_ms;
	controller->pin_second_ms = config->pin_second_ms;
	pin_tries_init(controller, config);
	if (config->pin_hash == NULL)
		return;
	ASSERT(config->pin_digits <= PIN_DIGITS_MAX);
	ASSERT(config->pin_key_gap_ms > 0 && config->pin_second_ms > 0);
}

struct controller *controller_init(void *memory, const struct controller_config *config,
	struct credential_index *index, uint64_t ticket_base)
{
	struct controller *controller = memory;

	memset(controller, 0, sizeof(*controller));
	controller->index = index;
	controller->commit_wait_ms = config->commit_wait_ms;
	controller->untrusted_clock = config->untrusted_clock;
	controller->zone = config->zone;
	controller->ticket = ticket_base;
	controller->durable_ticket = ticket_base;
	controller->clock_utc_ms = config->utc_floor_ms;
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		door_init(&controller->doors[i], (uint8_t)i, &config->door[i]);
		if (config->door[i].configured)
			controller->door_list[controller->door_count++] = (uint8_t)i;
	}
	for (unsigned i = 0; i < READERS_MAX; i++)
		reader_init(controller, i, &config->reader[i]);
	pins_init(controller, config);
	return controller;
}

struct credential_index *controller_swap_index(
	struct controller *controller, struct credential_index *index)
{
	struct credential_index *old = controller->index;

	controller->index = index;
	return old;
}

static struct effect *step_effect(struct step *step, enum effect_kind kind)
{
	ASSERT(step->effects->count < EFFECTS_MAX);
	struct effect *effect = &step->effects->items[step->effects->count++];

	memset(effect, 0, sizeof(*effect));
	effect->kind = kind;
	return effect;
}

struct commit_entry *step_commit(struct step *step, enum journal_kind kind)
{
	struct commit_entry *entry = &step_effect(step, EFFECT_COMMIT)->entry;

	entry->kind = kind;
	entry->at = step->at;
	entry->door = DOOR_NONE;
	entry->reader = READER_NONE;
	entry->reason = REASON_NONE;
	entry->undurable = step->controller->store_failed;
	return entry;
}

struct commit_entry *step_commit_door(
	struct step *step, enum journal_kind kind, const struct door *door)
{
	struct commit_entry *entry = step_commit(step, kind);

	entry->door = door->index;
	return entry;
}

void step_output(struct step *step, const struct door *door, int64_t until_ns)
{
	struct effect *effect = step_effect(step, EFFECT_OUTPUT);

	effect->output.door = door->index;
	effect->output.unlocked = door->unlocked;
	effect->output.until_ns = until_ns;
}

void step_feedback(struct step *step, uint8_t reader, enum feedback feedback)
{
	struct effect *effect = step_effect(step, EFFECT_FEEDBACK);

	effect->feedback.reader = reader;
	effect->feedback.feedback = (uint8_t)feedback;
}

void step_command_result(struct step *step, uint64_t id, uint8_t result, uint8_t reason)
{
	struct effect *effect = step_effect(step, EFFECT_COMMAND_RESULT);

	effect->command.id = id;
	effect->command.result = result;
	effect->command.reason = reason;
}

/*
 * A trusted clock is taken as it is, also backwards. An untrusted one may only be ahead: otherwise
 * the last known time goes on at the pace of the boot clock, from the floor at the first step.
 */
static void step_clock(struct step *step, const struct moment *now)
{
	struct controller *controller = step->controller;
	bool changed =
		controller->clock_seen ? controller->clock_trusted != now->trusted : !now->trusted;
	int64_t utc_ms = now->utc_ms < 0 ? 0 : now->utc_ms;

	ASSERT(!controller->clock_seen || now->boot_ns >= controller->last_ns);
	if (!now->trusted) {
		/* Both readings are cut to milliseconds, so that many short steps lose nothing. */
		int64_t last_ns = controller->clock_seen ? controller->last_ns : now->boot_ns;
		int64_t passed_ms = now->boot_ns / NS_PER_MS - last_ns / NS_PER_MS;
		int64_t least_ms = controller->clock_utc_ms + passed_ms;

		utc_ms = utc_ms > least_ms ? utc_ms : least_ms;
	}
	controller->clock_utc_ms = utc_ms < UTC_MS_MAX ? utc_ms : UTC_MS_MAX;
	controller->clock_seen = true;
	controller->clock_trusted = now->trusted;
	controller->last_ns = now->boot_ns;
	step->at = (struct moment){
		.boot_ns = now->boot_ns,
		.utc_ms = controller->clock_utc_ms,
		.trusted = now->trusted,
	};
	if (changed)
		(void)step_commit(
			step, now->trusted ? JOURNAL_CLOCK_TRUSTED : JOURNAL_CLOCK_UNTRUSTED);
}

/* Who has the earliest work. Equal times: commands, then doors, then readers, each by number. */
struct work {
	int64_t due_ns;
	struct door *door; /* or NULL */
	uint8_t reader_number; /* or READER_NONE */
};

static struct work work_next(struct controller *controller)
{
	struct work next = {.due_ns = command_due_ns(controller)};

	for (unsigned i = 0; i < controller->door_count; i++) {
		struct door *door = &controller->doors[controller->door_list[i]];
		int64_t due_ns = door_due_ns(door);

		if (due_ns < next.due_ns)
			next = (struct work){.due_ns = due_ns, .door = door};
	}
	for (unsigned i = 0; i < controller->reader_count; i++) {
		uint8_t at = controller->reader_list[i];
		int64_t due_ns = reader_due_ns(&controller->readers[at]);

		if (due_ns < next.due_ns)
			next = (struct work){.due_ns = due_ns, .reader_number = (uint8_t)(at + 1)};
	}
	return next;
}

/* Does due work in order of time while the effects of one more piece leave `reserve` free. */
static void step_run_due(struct step *step, uint32_t reserve)
{
	while (step->effects->count + WORK_EFFECTS_MAX + reserve <= EFFECTS_MAX) {
		struct work work = work_next(step->controller);

		if (work.due_ns > step->at.boot_ns)
			return;
		if (work.door != NULL)
			door_run(step, work.door);
		else if (work.reader_number != READER_NONE)
			reader_run(step, work.reader_number);
		else
			command_run(step);
	}
}

void controller_step(struct controller *controller, const struct controller_input *input,
	const struct moment *now, struct effect_list *ret_effects)
{
	struct step step = {.controller = controller, .effects = ret_effects};
	struct door *door = input_door(controller, input);

	ret_effects->count = 0;
	if (!controller->clock_seen)
		pin_tries_begin(controller, now->boot_ns);
	step_clock(&step, now);
	if (input->kind == INPUT_RECORD_DURABLE) {
		waiting_note_durable(controller, input->durable_ticket);
		command_note_durable(controller, input->durable_ticket);
	}
	if (input->kind != INPUT_REX)
		step_run_due(&step, INPUT_EFFECTS_MAX + (door != NULL ? DOOR_EFFECTS_MAX : 0));
	while (door != NULL && door_due_ns(door) <= now->boot_ns)
		door_run(&step, door);
	input_apply(&step, input);
	step_run_due(&step, 0);
}

int64_t controller_deadline_ns(const struct controller *controller)
{
	int64_t due_ns = command_due_ns(controller);

	for (unsigned i = 0; i < controller->door_count; i++) {
		int64_t door_ns = door_due_ns(&controller->doors[controller->door_list[i]]);

		due_ns = door_ns < due_ns ? door_ns : due_ns;
	}
	for (unsigned i = 0; i < controller->reader_count; i++) {
		int64_t reader_ns = reader_due_ns(&controller->readers[controller->reader_list[i]]);

		due_ns = reader_ns < due_ns ? reader_ns : due_ns;
	}
	return due_ns > controller->last_ns ? due_ns : controller->last_ns;
}

static bool door_tampered(const struct controller *controller, uint8_t door)
{
	for (unsigned i = 0; i < controller->reader_count; i++) {
		const struct reader *reader = &controller->readers[controller->reader_list[i]];

		if (reader->config.door == door && reader->tamper)
			return true;
	}
	return false;
}

void controller_door_state(
	const struct controller *controller, uint8_t door_index, struct door_state *ret_state)
{
	ASSERT(door_index < DOORS_MAX);
	const struct door *door = &controller->doors[door_index];

	memset(ret_state, 0, sizeof(*ret_state));
	ret_state->configured = door->config.configured;
	ret_state->unlocked = door->unlocked;
	ret_state->open = door->is_open;
	ret_state->has_contact = door->config.has_contact;
	ret_state->forced = door->forced;
	ret_state->held = door->held;
	ret_state->tamper = door_tampered(controller, door_index);
	ret_state->hold = door->hold;
	for (unsigned i = 0; i < door->waiting_count; i++)
		ret_state->waiting += !door->waiting[i].is_denial;
}

uint64_t controller_persons_refused(const struct controller *controller)
{
	return controller->persons_refused;
}
