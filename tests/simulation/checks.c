// SPDX-License-Identifier: Apache-2.0
/*
 * What must hold after every step, judged from the effects and the world alone:
 *
 *   a lock opens on a card only when the record is on disk or the record of the exception comes in
 *   the same step, at once on exit buttons and commands with their record in the same step; never
 *   for longer than promised, never past its end, never while held locked (but by the button);
 *   nobody is granted, or let in by a waiting grant, whose right was withdrawn and acknowledged;
 *   no grant waits longer than commit_wait; each ticket has one outcome; tickets go up; a use is
 *   spent once; an answer of done means that the record is on disk; alarms begin before they end.
 *   What concerns PINs is in keypads.c.
 */
#include "simulation.h"

static void hash_add(struct sim *sim, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		sim->hash = (sim->hash ^ (value & 0xff)) * UINT64_C(0x100000001b3);
		value >>= 8;
	}
}

static void hash_effect(struct sim *sim, const struct effect *effect)
{
	const struct commit_entry *e = &effect->entry;

	hash_add(sim, (uint64_t)effect->kind);
	switch (effect->kind) {
	case EFFECT_COMMIT:
		hash_add(sim, (uint64_t)e->kind << 32 | (uint64_t)e->door << 24 |
				      (uint64_t)e->reader << 16 | (uint64_t)e->reason << 8 |
				      (uint64_t)e->method << 4 | (uint64_t)e->undurable << 2 |
				      (uint64_t)e->wants_outcome << 1 | e->takes_use);
		hash_add(sim, (uint64_t)e->at.utc_ms);
		hash_add(sim, (uint64_t)e->at.boot_ns);
		hash_add(sim, e->ticket);
		hash_add(sim, e->outcome_of);
		hash_add(sim, e->person_no);
		hash_add(sim, e->count);
		return;
	case EFFECT_OUTPUT:
		hash_add(sim, (uint64_t)effect->output.door << 1 | effect->output.unlocked);
		hash_add(sim, (uint64_t)effect->output.until_ns);
		return;
	case EFFECT_FEEDBACK:
		hash_add(sim, (uint64_t)effect->feedback.reader << 8 | effect->feedback.feedback);
		return;
	case EFFECT_COMMAND_RESULT:
		hash_add(sim, effect->command.id);
		hash_add(sim, (uint64_t)effect->command.result << 8 | effect->command.reason);
		return;
	}
}

/* The right at a door by the plainest reading; schedules here are always on or never. */
bool checks_may_open(
	const struct sim *sim, const struct credential *row, uint8_t door, int64_t utc_s)
{
	bool rule = false;

	(void)sim;
	for (unsigned i = 0; i < row->rule_count; i++)
		rule |= row->rule[i].door == door &&
			(row->rule[i].schedule == SCHEDULE_ALWAYS || row->rule[i].schedule == 0);
	return rule && row->is_valid && (row->card_status & CARD_STATUS_REFUSING) == 0 &&
	       row->card_type != CARD_TYPE_PATROL && row->card_type != CARD_TYPE_BLOCKLIST &&
	       row->card_type != CARD_TYPE_MOTHER && utc_s >= row->valid_from_s &&
	       utc_s <= row->valid_to_s;
}

static void grant_check(struct sim *sim, const struct commit_entry *e)
{
	struct person_model *person = &sim->person[e->person_no];
	struct credential *row = &person->row;
	bool counted = row->uses_left != USES_UNLIMITED && row->uses_left > 0;

	sim->stats.grants++;
	if (e->person_no == 0 || !person->there ||
		(e->has_card && (!row->has_card || row->card_number != e->card_number)))
		violation(sim, "granted to person %llu, who is not enrolled",
			(unsigned long long)e->person_no);
	if (!checks_may_open(sim, row, e->door, e->at.utc_ms / MS_PER_S))
		violation(sim, "granted to person %llu without a right",
			(unsigned long long)e->person_no);
	if (sim->door[e->door].hold == DOOR_COMMAND_HOLD_LOCKED)
		violation(sim, "granted at door %u, which is held locked", e->door);
	if (row->card_type == CARD_TYPE_GUEST && row->uses_left == 0)
		violation(sim, "granted to guest %llu, who has no use left",
			(unsigned long long)e->person_no);
	if (e->takes_use != counted)
		violation(sim, "a grant of person %llu takes a wrong number of uses",
			(unsigned long long)e->person_no);
	if (counted)
		row->uses_left--;
}

static void ticket_open(struct sim *sim, const struct commit_entry *e)
{
	if (e->ticket == 0)
		violation(
			sim, "a %s wants an outcome and has no ticket", journal_kind_name(e->kind));
	if (sim->open_count == OPEN_MAX)
		violation(sim, "more than %u tickets wait", OPEN_MAX);
	sim->open[sim->open_count++] = (struct open_ticket){
		.ticket = e->ticket,
		.person_no = e->person_no,
		.card_number = e->card_number,
		.has_card = e->has_card,
		.pin = e->counts_pin ? keypads_pin(sim, e->reader) : 0,
		.door = e->door,
		.access = e->kind == JOURNAL_ACCESS,
		.step = sim->stats.steps,
		.since_ns = sim->now.boot_ns,
	};
}

/* A grant that lets in: is its record on disk, or is this the exception that was agreed? */
static void unlock_check(
	struct sim *sim, const struct open_ticket *open, const struct commit_entry *e)
{
	const struct door_config *config = &sim->config.door[open->door];
	bool late = sim->now.boot_ns - open->since_ns >=
		    (int64_t)sim->config.commit_wait_ms * NS_PER_MS;

	if (!open->access)
		return;
	if (open->revoked)
		violation(sim, "ticket %llu lets in a person whose right was withdrawn",
			(unsigned long long)open->ticket);
	if (sim->door[open->door].hold == DOOR_COMMAND_HOLD_LOCKED)
		violation(sim, "door %u opens on a card while held locked", open->door);
	if (e->kind == JOURNAL_DOOR_UNLOCKED) {
		bool at_once = sim->disk.failed && open->step == sim->stats.steps;

		if (open->ticket > sim->disk.ticket && !at_once)
			violation(sim, "ticket %llu opens door %u and is not on disk",
				(unsigned long long)open->ticket, open->door);
		return;
	}
	sim->stats.exceptions++;
	if (!sim->disk.failed && (!late || config->slow_disk == SLOW_DISK_DENY))
		violation(sim, "ticket %llu opens door %u before its record without leave",
			(unsigned long long)open->ticket, open->door);
}

static void cancel_check(
	struct sim *sim, const struct open_ticket *open, const struct commit_entry *e)
{
	bool late = sim->now.boot_ns - open->since_ns >=
		    (int64_t)sim->config.commit_wait_ms * NS_PER_MS;

	sim->stats.cancelled++;
	if (e->reason == REASON_STORAGE_SLOW &&
		(!late || sim->config.door[open->door].slow_disk != SLOW_DISK_DENY))
		violation(sim, "ticket %llu is cancelled as slow and is not",
			(unsigned long long)open->ticket);
	if (reason_grants((enum reason)e->reason) && e->reason != REASON_COMMAND)
		violation(sim, "ticket %llu is cancelled without a reason",
			(unsigned long long)open->ticket);
}

static void ticket_settle(struct sim *sim, const struct commit_entry *e)
{
	for (uint32_t i = 0; i < sim->open_count; i++) {
		struct open_ticket open = sim->open[i];

		if (open.ticket != e->outcome_of)
			continue;
		if (open.door != e->door)
			violation(sim, "the outcome of ticket %llu is at another door",
				(unsigned long long)open.ticket);
		if (e->kind == JOURNAL_GRANT_CANCELLED)
			cancel_check(sim, &open, e);
		else
			unlock_check(sim, &open, e);
		sim->open[i] = sim->open[--sim->open_count];
		return;
	}
	violation(sim, "ticket %llu has an outcome and wants none, or has a second one",
		(unsigned long long)e->outcome_of);
}

static void alarm_check(struct sim *sim, const struct commit_entry *e, bool *flag, bool value)
{
	if (*flag == value)
		violation(sim, "%s at door %u comes twice", journal_kind_name(e->kind), e->door);
	*flag = value;
}

static void door_entry_check(struct sim *sim, const struct commit_entry *e)
{
	if (e->door >= DOORS)
		return;
	struct door_model *door = &sim->door[e->door];

	if (e->kind == JOURNAL_DOOR_OPENED)
		alarm_check(sim, e, &door->opened, true);
	if (e->kind == JOURNAL_DOOR_CLOSED)
		alarm_check(sim, e, &door->opened, false);
	if (e->kind == JOURNAL_DOOR_FORCED) {
		alarm_check(sim, e, &door->forced, true);
		if (door->unlocked)
			violation(sim, "door %u is unlocked and called forced", e->door);
		sim->stats.forced++;
	}
	if (e->kind == JOURNAL_DOOR_FORCED_END)
		alarm_check(sim, e, &door->forced, false);
	if (e->kind == JOURNAL_DOOR_HELD) {
		alarm_check(sim, e, &door->held, true);
		if (door->hold == DOOR_COMMAND_HOLD_OPEN)
			violation(sim, "door %u is held open by command and alarms", e->door);
		sim->stats.held++;
	}
	if (e->kind == JOURNAL_DOOR_HELD_END)
		alarm_check(sim, e, &door->held, false);
	if (e->kind == JOURNAL_COMMAND && e->reason == REASON_COMMAND) {
		if (e->command == DOOR_COMMAND_CLOSE && door->hold == DOOR_COMMAND_HOLD_OPEN)
			door->hold = DOOR_COMMAND_NORMAL;
		if (e->command >= DOOR_COMMAND_HOLD_OPEN)
			door->hold = e->command;
	}
}

static void command_entry(struct sim *sim, const struct commit_entry *e)
{
	if (sim->command_count == COMMANDS_MAX)
		violation(sim, "more than %u commands wait", COMMANDS_MAX);
	sim->stats.commands++;
	sim->command[sim->command_count].id = sim->input->command.id;
	sim->command[sim->command_count].refused = e->reason == REASON_HELD_LOCKED;
	sim->command[sim->command_count++].ticket = e->ticket;
}

static void commit_check(struct sim *sim, const struct commit_entry *e)
{
	if (e->at.boot_ns != sim->now.boot_ns)
		violation(sim, "a %s is not of now", journal_kind_name(e->kind));
	if (e->at.trusted != sim->now.trusted || e->at.utc_ms != sim->wall_ms)
		violation(sim, "a %s has the time %lld, not %lld", journal_kind_name(e->kind),
			(long long)e->at.utc_ms, (long long)sim->wall_ms);
	/* Work that was due before the news in the same step is marked by the old state. */
	bool news =
		sim->input->kind == INPUT_STORE_FAILED || sim->input->kind == INPUT_STORE_RECOVERED;

	if (e->undurable != sim->disk.failed && !news)
		violation(sim, "a %s is marked wrongly as undurable", journal_kind_name(e->kind));
	if (e->ticket != 0 && e->ticket <= sim->last_ticket)
		violation(sim, "ticket %llu comes after %llu", (unsigned long long)e->ticket,
			(unsigned long long)sim->last_ticket);
	if (e->ticket != 0)
		sim->last_ticket = e->ticket;
	if (e->kind == JOURNAL_ACCESS && reason_grants((enum reason)e->reason))
		grant_check(sim, e);
	keypads_check(sim, e);
	sim->stats.denials += e->kind == JOURNAL_ACCESS && !reason_grants((enum reason)e->reason);
	sim->stats.spent += e->reason == REASON_USES_SPENT;
	sim->stats.repeated += e->kind == JOURNAL_DENIALS_REPEATED;
	sim->stats.exits += e->kind == JOURNAL_EXIT_BUTTON;
	if (e->kind == JOURNAL_COMMAND)
		command_entry(sim, e);
	if (e->wants_outcome)
		ticket_open(sim, e);
	if (journal_kind_is_outcome(e->kind))
		ticket_settle(sim, e);
	door_entry_check(sim, e);
	disk_push(sim, e);
}

/* Does an outcome for the door follow, before its lock moves again? */
static bool outcome_follows(const struct sim *sim, uint32_t at, uint8_t door)
{
	for (uint32_t i = at + 1; i < sim->effects.count; i++) {
		const struct effect *effect = &sim->effects.items[i];

		if (effect->kind == EFFECT_OUTPUT && effect->output.door == door)
			return false;
		if (effect->kind == EFFECT_COMMIT && effect->entry.door == door &&
			(effect->entry.kind == JOURNAL_DOOR_UNLOCKED ||
				effect->entry.kind == JOURNAL_UNLOCKED_BEFORE_RECORD))
			return true;
	}
	return false;
}

static bool commanded(const struct sim *sim, uint8_t door)
{
	return sim->input->kind == INPUT_COMMAND && sim->input->command.door == door;
}

static void unlocking_check(struct sim *sim, uint32_t at)
{
	const struct effect *effect = &sim->effects.items[at];
	uint8_t index = effect->output.door;
	struct door_model *door = &sim->door[index];
	const struct door_config *config = &sim->config.door[index];
	int64_t until_ns = effect->output.until_ns;
	int64_t most_ns = sim->now.boot_ns + (int64_t)config->unlock_ms * NS_PER_MS;

	if (until_ns == OUTPUT_FOREVER) {
		bool starts = commanded(sim, index) &&
			      sim->input->command.command == DOOR_COMMAND_HOLD_OPEN;

		if (!starts && door->hold != DOOR_COMMAND_HOLD_OPEN)
			violation(sim, "door %u unlocks for ever and nobody holds it", index);
	} else if (until_ns > most_ns || until_ns <= sim->now.boot_ns) {
		violation(sim, "door %u unlocks for %lld ns", index,
			(long long)(until_ns - sim->now.boot_ns));
	}
	sim->stats.unlocks++;
	if (outcome_follows(sim, at, index))
		return;
	if (door->unlocked && door->rex && config->rex == REX_UNLOCK) {
		sim->stats.renewed++;
		return;
	}
	if (door->unlocked && commanded(sim, index) &&
		sim->input->command.command == DOOR_COMMAND_NORMAL)
		return;
	violation(sim, "door %u unlocks without a record", index);
}

static void output_check(struct sim *sim, uint32_t at)
{
	const struct effect *effect = &sim->effects.items[at];
	struct door_model *door = &sim->door[effect->output.door];

	if (effect->output.unlocked)
		unlocking_check(sim, at);
	else if (door->unlocked && door->until_ns > sim->now.boot_ns &&
		 !commanded(sim, effect->output.door))
		violation(sim, "door %u locks before its time", effect->output.door);
	door->unlocked = effect->output.unlocked;
	door->until_ns = effect->output.until_ns;
}

static void result_check(struct sim *sim, const struct effect *effect)
{
	for (uint32_t i = 0; i < sim->command_count; i++) {
		if (sim->command[i].id != effect->command.id)
			continue;
		uint64_t ticket = sim->command[i].ticket;
		bool refused = sim->command[i].refused;

		sim->command[i] = sim->command[--sim->command_count];
		if (refused != (effect->command.result == COMMAND_REFUSED))
			violation(sim, "a refusal is answered as something else");
		if (effect->command.result == COMMAND_DONE && ticket > sim->disk.ticket)
			violation(sim, "a command is done and its record is not on disk");
		if (effect->command.result == COMMAND_NOT_DURABLE && !sim->disk.failed)
			violation(sim, "a command is not durable and the store works");
		return;
	}
	violation(sim, "a command is answered twice, or was never given");
}

void checks_step(struct sim *sim)
{
	const struct controller_input *input = sim->input;

	if (sim->effects.count > EFFECTS_MAX)
		violation(sim, "a step has %u effects", sim->effects.count);
	for (uint32_t i = 0; i < sim->effects.count; i++) {
		const struct effect *effect = &sim->effects.items[i];

		hash_effect(sim, effect);
		if (effect->kind == EFFECT_COMMIT)
			commit_check(sim, &effect->entry);
		else if (effect->kind == EFFECT_OUTPUT)
			output_check(sim, i);
		else if (effect->kind == EFFECT_COMMAND_RESULT)
			result_check(sim, effect);
	}
	keypads_checks_step(sim);
	if (input->kind == INPUT_REX && input->rex.active &&
		sim->config.door[input->rex.door].rex == REX_UNLOCK &&
		!sim->door[input->rex.door].unlocked)
		violation(sim, "the exit button of door %u opens nothing", input->rex.door);
}

void checks_quiet(struct sim *sim)
{
	for (uint8_t d = 0; d < DOORS; d++) {
		const struct door_model *door = &sim->door[d];
		struct door_state state;

		controller_door_state(sim->controller, d, &state);
		if (state.unlocked != door->unlocked || state.hold != door->hold ||
			state.forced != door->forced || state.held != door->held)
			violation(sim, "door %u is not in the state its effects say", d);
		if (door->unlocked && door->until_ns <= sim->now.boot_ns)
			violation(sim, "door %u is open past its end", d);
	}
	for (uint32_t i = 0; i < sim->open_count; i++) {
		const struct open_ticket *open = &sim->open[i];

		if (sim->now.boot_ns - open->since_ns >=
			(int64_t)sim->config.commit_wait_ms * NS_PER_MS)
			violation(sim, "ticket %llu waits for too long",
				(unsigned long long)open->ticket);
		if (open->access && sim->disk.failed)
			violation(sim, "ticket %llu waits for a store that failed",
				(unsigned long long)open->ticket);
		if (open->revoked)
			violation(sim, "ticket %llu still waits after its right went",
				(unsigned long long)open->ticket);
	}
}
