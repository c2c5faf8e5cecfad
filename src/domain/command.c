// SPDX-License-Identifier: Apache-2.0
/*
 * Operator commands. The lock moves at once, its record follows in the same step; the answer waits
 * until that record is on disk. Commands that unlock want an outcome, as a grant does. Held locked
 * refuses what would unlock (open, hold open) until NORMAL ends the hold; the refusal is recorded.
 */
#include "base/assert.h"
#include "controller_state.h"

static bool command_unlocks(uint8_t command)
{
	return command == DOOR_COMMAND_OPEN || command == DOOR_COMMAND_HOLD_OPEN;
}

int64_t command_due_ns(const struct controller *controller)
{
	/* Tickets ascend and marks are set from the front: the first is ready when any is. */
	return controller->command_count > 0 && controller->commands[0].ready ? AT_ONCE : NEVER;
}

void command_run(struct step *step)
{
	struct controller *controller = step->controller;
	struct waiting_command command = controller->commands[0];

	controller->command_count--;
	memmove(&controller->commands[0], &controller->commands[1],
		controller->command_count * sizeof(controller->commands[0]));
	step_command_result(step, command.id, command.result, command.reason);
}

void command_note_durable(struct controller *controller, uint64_t ticket)
{
	for (unsigned i = 0; i < controller->command_count; i++) {
		if (controller->commands[i].ticket <= ticket)
			controller->commands[i].ready = true;
	}
}

void command_note_failed(struct controller *controller)
{
	for (unsigned i = 0; i < controller->command_count; i++) {
		struct waiting_command *command = &controller->commands[i];

		if (!command->ready && command->result == COMMAND_DONE)
			command->result = COMMAND_NOT_DURABLE;
		command->ready = true;
	}
}

static void door_hold(struct step *step, struct door *door, uint8_t hold)
{
	if (hold == DOOR_COMMAND_HOLD_OPEN)
		door_held_end(step, door);
	else if (door->hold == DOOR_COMMAND_HOLD_OPEN)
		door->held_from_ns = step->at.boot_ns;
	door->hold = hold;
}

/* Moves the lock: one output first, then what the move means for the alarms. */
static void command_move(struct step *step, struct door *door, enum door_command command)
{
	switch (command) {
	case DOOR_COMMAND_OPEN:
		door_pulse(step, door);
		return;
	case DOOR_COMMAND_HOLD_OPEN:
		door->hold = DOOR_COMMAND_HOLD_OPEN;
		door_drive(step, door);
		door_hold(step, door, DOOR_COMMAND_HOLD_OPEN);
		return;
	case DOOR_COMMAND_CLOSE:
		waiting_cancel_all(door, REASON_COMMAND);
		door->pulsing = false;
		if (door->hold == DOOR_COMMAND_HOLD_OPEN)
			door_hold(step, door, DOOR_COMMAND_NORMAL);
		door_drive(step, door);
		return;
	case DOOR_COMMAND_HOLD_LOCKED:
		waiting_cancel_all(door, REASON_HELD_LOCKED);
		door->pulsing = false;
		door_hold(step, door, DOOR_COMMAND_HOLD_LOCKED);
		door_drive(step, door);
		return;
	case DOOR_COMMAND_NORMAL:
		door_hold(step, door, DOOR_COMMAND_NORMAL);
		door_drive(step, door);
		return;
	case DOOR_COMMAND_COUNT:
		break;
	}
}

static void command_record(struct step *step, const struct door *door,
	const struct controller_input *input, enum reason reason)
{
	struct commit_entry *entry = step_commit_door(step, JOURNAL_COMMAND, door);

	entry->ticket = step->controller->ticket;
	entry->method = METHOD_REMOTE;
	entry->reason = (uint8_t)reason;
	entry->command = input->command.command;
	entry->wants_outcome = reason == REASON_COMMAND && command_unlocks(entry->command);
	entry->user_id = input->command.user_id;
	entry->command_type = input->command.type;
	entry->account = input->command.account;
}

static void command_answer(
	struct step *step, uint64_t id, enum command_result result, enum reason reason)
{
	struct controller *controller = step->controller;

	if (controller->store_failed) {
		if (result == COMMAND_DONE)
			result = COMMAND_NOT_DURABLE;
		step_command_result(step, id, (uint8_t)result, (uint8_t)reason);
		return;
	}
	controller->commands[controller->command_count++] = (struct waiting_command){
		.id = id,
		.ticket = controller->ticket,
		.result = (uint8_t)result,
		.reason = (uint8_t)reason,
	};
}

static void command_do(struct step *step, struct door *door, const struct controller_input *input)
{
	uint8_t command = input->command.command;
	bool was_unlocked = door->unlocked;
	bool refused = door->hold == DOOR_COMMAND_HOLD_LOCKED && command_unlocks(command);
	enum reason reason = refused ? REASON_HELD_LOCKED : REASON_COMMAND;
	uint64_t ticket = ++step->controller->ticket;

	if (!refused)
		command_move(step, door, (enum door_command)command);
	command_record(step, door, input, reason);
	if (!refused && command_unlocks(command))
		step_commit_door(step, JOURNAL_DOOR_UNLOCKED, door)->outcome_of = ticket;
	else if (was_unlocked && !door->unlocked)
		step_commit_door(step, JOURNAL_DOOR_LOCKED, door)->outcome_of = ticket;
	command_answer(step, input->command.id, refused ? COMMAND_REFUSED : COMMAND_DONE, reason);
}

void command_apply(struct step *step, const struct controller_input *input)
{
	struct controller *controller = step->controller;
	struct door *door = input_door(controller, input);

	ASSERT(input->command.command < DOOR_COMMAND_COUNT);
	if (door == NULL) {
		step_command_result(step, input->command.id, COMMAND_NO_DOOR, REASON_NONE);
		return;
	}
	if (controller->command_count == COMMANDS_WAITING_MAX) {
		step_command_result(step, input->command.id, COMMAND_BUSY, REASON_BUSY);
		return;
	}
	command_do(step, door, input);
}
