// SPDX-License-Identifier: Apache-2.0
/*
 * Which input does what. An input that names a door or reader that is not configured does nothing,
 * but for a command, which is answered. A change of people or schedules is whole when the step
 * ends: no later card is decided by the old state, and no waiting grant that the new one would
 * refuse unlocks.
 *
 * Uses. A row from the store may not know yet of uses that were taken here and whose records are on
 * their way: those are taken off it again. So the caller steps RECORD_DURABLE of everything that a
 * row already counts before the row. Only the last USES_PENDING_MAX uses are remembered.
 */
#include "base/assert.h"
#include "controller_state.h"

static struct door *door_at(struct controller *controller, uint8_t index)
{
	if (index >= DOORS_MAX || !controller->doors[index].config.configured)
		return NULL;
	return &controller->doors[index];
}

static struct door *door_of_reader(struct controller *controller, uint8_t number)
{
	if (number == READER_NONE || number > READERS_MAX)
		return NULL;
	const struct reader *reader = &controller->readers[number - 1];

	return reader->config.configured ? &controller->doors[reader->config.door] : NULL;
}

/* The one door that the input is about; NULL when it concerns none, several, or one that is not. */
struct door *input_door(struct controller *controller, const struct controller_input *input)
{
	switch (input->kind) {
	case INPUT_CREDENTIAL:
	case INPUT_UNREADABLE:
		return door_of_reader(controller, input->credential.reader);
	case INPUT_KEY:
		return door_of_reader(controller, input->key.reader);
	case INPUT_NOISE:
		return door_of_reader(controller, input->noise.reader);
	case INPUT_TAMPER:
		return door_of_reader(controller, input->tamper.reader);
	case INPUT_REX:
		return door_at(controller, input->rex.door);
	case INPUT_CONTACT:
		return door_at(controller, input->contact.door);
	case INPUT_COMMAND:
		return door_at(controller, input->command.door);
	case INPUT_TIMER:
	case INPUT_RECORD_DURABLE:
	case INPUT_STORE_FAILED:
	case INPUT_STORE_RECOVERED:
	case INPUT_PERSON_PUT:
	case INPUT_PERSON_REMOVED:
	case INPUT_PERSONS_REPLACED:
	case INPUT_SCHEDULE_PUT:
	case INPUT_SPECIAL_GROUP_PUT:
	case INPUT_SPECIAL_SCHEDULE_PUT:
	case INPUT_CLOCK_CHANGED:
	case INPUT_ZONE_CHANGED:
	case INPUT_KIND_COUNT:
		break;
	}
	return NULL;
}

static void store_failed(struct step *step)
{
	struct controller *controller = step->controller;

	if (controller->store_failed)
		return;
	controller->store_failed = true;
	(void)step_commit(step, JOURNAL_STORE_FAILED);
	waiting_note_failed(controller);
	command_note_failed(controller);
}

static void store_recovered(struct step *step)
{
	struct controller *controller = step->controller;

	if (!controller->store_failed)
		return;
	controller->store_failed = false;
	(void)step_commit(step, JOURNAL_STORE_RECOVERED);
}

static void uses_put(struct controller *controller, struct credential *credential)
{
	for (unsigned i = 0; i < USES_PENDING_MAX; i++) {
		const struct pending_use *use = &controller->uses[i];

		if (use->ticket > controller->durable_ticket &&
			use->person_no == credential->person_no && credential->uses_left > 0 &&
			credential->uses_left != USES_UNLIMITED)
			credential->uses_left--;
	}
}

static void person_put(struct step *step, const struct credential *person)
{
	struct controller *controller = step->controller;
	struct credential credential = *person;

	uses_put(controller, &credential);
	if (credential_index_put(controller->index, &credential) != CREDENTIAL_INDEX_OK) {
		credential_index_remove(controller->index, credential.person_no);
		controller->persons_refused++;
	}
	waiting_judge_again(step, credential.person_no);
}

static void persons_replaced(struct step *step)
{
	struct controller *controller = step->controller;

	for (unsigned i = 0; i < USES_PENDING_MAX; i++) {
		if (controller->uses[i].ticket > controller->durable_ticket)
			credential_take_use(controller->index, controller->uses[i].person_no);
	}
	waiting_judge_again(step, 0);
}

static void schedule_put(struct step *step, const struct schedule *schedule)
{
	ASSERT(schedule->no < SCHEDULES_MAX);
	step->controller->schedules[schedule->no] = *schedule;
	waiting_judge_again(step, 0);
}

static void special_group_put(struct step *step, const struct special_day_group *group)
{
	ASSERT(group->no < SPECIAL_DAY_GROUPS_MAX);
	step->controller->special_groups[group->no] = *group;
	waiting_judge_again(step, 0);
}

static void special_schedule_put(struct step *step, const struct special_schedule *special)
{
	ASSERT(special->no < SPECIAL_SCHEDULES_MAX);
	step->controller->special_schedules[special->no] = *special;
	waiting_judge_again(step, 0);
}

/* What waited at this reader and is over does not meet what comes now. */
static void factor_catch_up(struct step *step, uint8_t reader)
{
	while (factor_due_ns(step_reader(step, reader)) <= step->at.boot_ns)
		factor_run(step, reader);
}

static void card_input(struct step *step, const struct controller_input *input)
{
	struct presented card = {
		.reader = input->credential.reader,
		.method = input->credential.fingerprint ? METHOD_FINGERPRINT : METHOD_CARD,
		.has_card =
			input->credential.refused == REASON_NONE || input->credential.card_bits > 0,
		.card_bits = input->credential.card_bits,
		.card_number = input->credential.card_number,
	};
	enum reason refused = (enum reason)input->credential.refused;

	factor_catch_up(step, card.reader);
	if (refused != REASON_NONE)
		factor_refused(step, input_door(step->controller, input), &card, refused);
	else
		factor_card(step, input_door(step->controller, input), &card);
}

static void key_input(struct step *step, const struct controller_input *input)
{
	factor_catch_up(step, input->key.reader);
	keypad_key(step, input_door(step->controller, input), input);
}

static void reader_input(struct step *step, const struct controller_input *input)
{
	if (input->kind == INPUT_CREDENTIAL)
		card_input(step, input);
	else if (input->kind == INPUT_KEY)
		key_input(step, input);
	else if (input->kind == INPUT_UNREADABLE)
		reader_unreadable(step, input);
	else if (input->kind == INPUT_NOISE)
		reader_noise(step, input->noise.reader, input->noise.count);
	else
		reader_tamper(step, input->tamper.reader, input->tamper.active);
}

void input_apply(struct step *step, const struct controller_input *input)
{
	struct door *door = input_door(step->controller, input);

	switch (input->kind) {
	case INPUT_CREDENTIAL:
	case INPUT_UNREADABLE:
	case INPUT_KEY:
	case INPUT_NOISE:
	case INPUT_TAMPER:
		if (door != NULL)
			reader_input(step, input);
		return;
	case INPUT_REX:
		if (door != NULL)
			door_exit_button(step, door, input->rex.active);
		return;
	case INPUT_CONTACT:
		if (door != NULL)
			door_contact(step, door, input->contact.open);
		return;
	case INPUT_COMMAND:
		command_apply(step, input);
		return;
	case INPUT_STORE_FAILED:
		store_failed(step);
		return;
	case INPUT_STORE_RECOVERED:
		store_recovered(step);
		return;
	case INPUT_PERSON_PUT:
		person_put(step, &input->person);
		return;
	case INPUT_PERSON_REMOVED:
		credential_index_remove(step->controller->index, input->person_no);
		waiting_judge_again(step, input->person_no);
		return;
	case INPUT_PERSONS_REPLACED:
		persons_replaced(step);
		return;
	case INPUT_SCHEDULE_PUT:
		schedule_put(step, &input->schedule);
		return;
	case INPUT_SPECIAL_GROUP_PUT:
		special_group_put(step, &input->special_group);
		return;
	case INPUT_SPECIAL_SCHEDULE_PUT:
		special_schedule_put(step, &input->special_schedule);
		return;
	case INPUT_ZONE_CHANGED:
		step->controller->zone = input->zone;
		waiting_judge_again(step, 0);
		return;
	case INPUT_TIMER:
	case INPUT_RECORD_DURABLE: /* noted before the work that was due */
	case INPUT_CLOCK_CHANGED: /* the clock is read in every step */
	case INPUT_KIND_COUNT:
		return;
	}
}
