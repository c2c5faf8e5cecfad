/* SPDX-License-Identifier: Apache-2.0 */
/* Doors, and the schedules and special days that they follow. */
#pragma once

#include "domain/controller.h"
#include "domain/schedule.h"
#include "domain/special_day.h"
#include "messages/requests.h"

struct message_door_command {
	struct message_header header;
	struct message_handle handle;
	uint8_t door; /* index */
	uint8_t command; /* enum door_command */
	struct text64 user_id;
	struct text32 type;
};

struct message_door_query {
	struct message_header header;
	struct message_handle handle;
	uint8_t door;
};

struct message_door_state {
	struct message_header header;
	struct door_state state;
};

/* Also of a group of special days and of a special schedule. */
struct message_schedule_get {
	struct message_header header;
	struct message_handle handle;
	uint32_t no; /* 0 to SCHEDULES_MAX - 1 */
};

struct message_schedule_put {
	struct message_header header;
	struct message_handle handle;
	struct schedule schedule;
};

struct message_schedule {
	struct message_header header;
	struct schedule schedule; /* defined is false where nobody set it */
};

struct message_special_group_put {
	struct message_header header;
	struct message_handle handle;
	struct special_day_group group;
};

struct message_special_group {
	struct message_header header;
	struct special_day_group group; /* defined is false where nobody set it */
};

struct message_special_schedule_put {
	struct message_header header;
	struct message_handle handle;
	struct special_schedule special;
};

struct message_special_schedule {
	struct message_header header;
	struct special_schedule special; /* defined is false where nobody set it */
};
