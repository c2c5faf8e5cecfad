// SPDX-License-Identifier: Apache-2.0
/* Doors, schedules and special days. */
#include "messages/doors.h"

#include "base/compiler.h"
#include "judge.h"

bool judge_door_command(const void *message)
{
	const struct message_door_command *m = message;

	return m->door < DOORS_MAX && m->command < DOOR_COMMAND_COUNT && text_valid(&m->user_id) &&
	       text_valid(&m->type);
}

bool judge_door_query(const void *message)
{
	const struct message_door_query *m = message;

	return m->door < DOORS_MAX;
}

bool judge_schedule_get(const void *message)
{
	const struct message_schedule_get *m = message;

	return m->no < SCHEDULES_MAX;
}

static bool schedule_check(const struct schedule *schedule)
{
	return bool_valid(&schedule->defined) && bool_valid(&schedule->enabled) &&
	       text_valid(&schedule->name) && schedule_valid(schedule);
}

bool judge_schedule_put(const void *message)
{
	const struct message_schedule_put *m = message;

	return schedule_check(&m->schedule);
}

bool judge_schedule(const void *message)
{
	const struct message_schedule *m = message;

	return schedule_check(&m->schedule);
}

_Static_assert(SPECIAL_DAY_GROUPS_MAX == SCHEDULES_MAX && SPECIAL_SCHEDULES_MAX == SCHEDULES_MAX,
	"message_schedule_get is for all three");

bool judge_special_group_put(const void *message)
{
	const struct message_special_group_put *m = message;

	return special_day_group_valid(&m->group);
}

bool judge_special_group(const void *message)
{
	const struct message_special_group *m = message;

	return special_day_group_valid(&m->group);
}

bool judge_special_schedule_put(const void *message)
{
	const struct message_special_schedule_put *m = message;

	return special_schedule_valid(&m->special);
}

bool judge_special_schedule(const void *message)
{
	const struct message_special_schedule *m = message;

	return special_schedule_valid(&m->special);
}

bool door_state_check(const struct door_state *s)
{
	const bool *flags[] = {&s->configured, &s->unlocked, &s->open, &s->has_contact, &s->forced,
		&s->held, &s->tamper};

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (!bool_valid(flags[i]))
			return false;
	}
	return s->hold < DOOR_COMMAND_COUNT && s->waiting <= DOOR_WAITING_MAX;
}

bool judge_door_state(const void *message)
{
	return door_state_check(&((const struct message_door_state *)message)->state);
}
