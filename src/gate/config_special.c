// SPDX-License-Identifier: Apache-2.0
/* configManager: the tables of special days. */
#include "config_table.h"
#include "messages/doors.h"
#include "special_day_text.h"

#define ERROR_BYTES_MAX 256

static void sentence_fail(struct request *request, const struct buf *error)
{
	reply_error(&request->reply, 400, buf_span(error));
	request_finish(request);
}

/* --- SpecialDayGroup --- */

static bool group_defined(const void *row)
{
	return ((const struct message_special_group *)row)->group.defined;
}

static void group_lines(struct buf *out, const void *row)
{
	special_group_lines(out, &((const struct message_special_group *)row)->group);
}

static void group_change(struct request *request, const void *row)
{
	const struct message_special_group *stored = row;
	const struct query *query = request->query;
	struct message_special_group_put message = {
		.header = {.type = MESSAGE_SPECIAL_GROUP_PUT},
		.handle = request->handle,
	};
	struct special_group_draft draft;
	char memory[ERROR_BYTES_MAX];
	struct buf error = buf_over(memory, sizeof(memory));
	uint32_t no;
	bool good = true;

	special_group_load(&draft, &stored->group);
	for (uint32_t i = 0; i < query->count && good; i++) {
		if (special_group_key(query->parameter[i].name, &no))
			good = special_group_set(&draft, query->parameter[i].name,
				query->parameter[i].value, &error);
	}
	if (!good || !special_group_end(&draft, &error)) {
		sentence_fail(request, &error);
		return;
	}
	message.group = draft.group;
	core_ask(request, &message);
}

const struct config_table config_special_groups = {
	.name = "SpecialDayGroup",
	.get = MESSAGE_SPECIAL_GROUP_GET,
	.row = MESSAGE_SPECIAL_GROUP,
	.key = special_group_key,
	.defined = group_defined,
	.lines = group_lines,
	.change = group_change,
};

/* --- SpecialDaysSchedule --- */

static bool special_defined(const void *row)
{
	return ((const struct message_special_schedule *)row)->special.defined;
}

static void special_lines(struct buf *out, const void *row)
{
	special_schedule_lines(out, &((const struct message_special_schedule *)row)->special);
}

static void special_change(struct request *request, const void *row)
{
	const struct message_special_schedule *stored = row;
	const struct query *query = request->query;
	struct message_special_schedule_put message = {
		.header = {.type = MESSAGE_SPECIAL_SCHEDULE_PUT},
		.handle = request->handle,
	};
	struct special_schedule_draft draft;
	char memory[ERROR_BYTES_MAX];
	struct buf error = buf_over(memory, sizeof(memory));
	uint32_t no;

	special_schedule_load(&draft, &stored->special);
	for (uint32_t i = 0; i < query->count; i++) {
		if (special_schedule_key(query->parameter[i].name, &no) &&
			!special_schedule_set(&draft, query->parameter[i].name,
				query->parameter[i].value, &error)) {
			sentence_fail(request, &error);
			return;
		}
	}
	special_schedule_end(&draft);
	message.special = draft.special;
	core_ask(request, &message);
}

const struct config_table config_special_schedules = {
	.name = "SpecialDaysSchedule",
	.get = MESSAGE_SPECIAL_SCHEDULE_GET,
	.row = MESSAGE_SPECIAL_SCHEDULE,
	.key = special_schedule_key,
	.defined = special_defined,
	.lines = special_lines,
	.change = special_change,
};
