// SPDX-License-Identifier: Apache-2.0
/*
 * configManager. AccessTimeSchedule, SpecialDayGroup and SpecialDaysSchedule live in core, one row
 * a message: reading all of a table asks for one after the other and prints those that somebody
 * defined. A set reads the row, changes what is given, and writes it back; as one proof is good for
 * one change, a set names one row of one table.
 *
 * AccessControl and General show what the configuration file says; they are changed there.
 */
#include "config_table.h"
#include "messages/doors.h"
#include "operations.h"

#include "base/assert.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"
#include "schedule_text.h"
#include "special_day_text.h"

#include <stdlib.h>

#define SCHEDULE_BYTES_MAX 8192 /* 7 days of 12 segments of 70 bytes, and two lines */
#define ROW_BYTES_MAX SPECIAL_LINES_MAX /* the longest row of any table */

_Static_assert(SCHEDULE_BYTES_MAX <= ROW_BYTES_MAX, "a schedule fits");
#define DOOR_BYTES_MAX 1024
#define METHOD_CARD_ONLY 1 /* how a door is opened here: by card */

/* What getConfig asks for: a name and perhaps one element of it. */
struct config_name {
	struct span base;
	bool has_element;
	uint32_t element;
};

static bool config_name_read(const struct query *query, struct config_name *ret)
{
	struct span name = {NULL, 0};
	bool too_high;

	(void)cgi_text(query, "name", &name);
	*ret = (struct config_name){.base = name};
	if (span_find(name, '[') == name.len)
		return true;
	ret->has_element = true;
	return query_subscript(name, SCHEDULES_MAX - 1, &ret->base, &ret->element, &too_high);
}

static void row_ask(struct request *request, const struct config_table *table, uint32_t no)
{
	struct message_schedule_get message = {
		.header = {.type = (uint16_t)table->get},
		.handle = request->handle,
		.no = no,
	};

	core_ask(request, &message);
}

static void door_prefix(struct buf *out, unsigned door)
{
	buf_add_string(out, "table.AccessControl[");
	buf_add_u64(out, door);
	buf_add_string(out, "].");
}

static void door_line(struct buf *out, unsigned door, const char *key, struct span value)
{
	door_prefix(out, door);
	keyvalue_text(out, key, value);
}

static void door_number(struct buf *out, unsigned door, const char *key, uint64_t value)
{
	door_prefix(out, door);
	keyvalue_u64(out, key, value);
}

static void door_flag(struct buf *out, unsigned door, const char *key, bool value)
{
	door_prefix(out, door);
	keyvalue_bool(out, key, value);
}

/* By key, as devices print it. CardStoreFormat 1: card numbers are decimal. */
static void door_lines(struct buf *out, unsigned at, const struct door_settings *door)
{
	const struct door_config *config = &door->config;

	door_flag(out, at, "BreakInAlarmEnable", config->has_contact);
	door_number(out, at, "CardStoreFormat", 1);
	door_number(out, at, "CloseTimeout", config->held_open_ms / 1000);
	door_flag(out, at, "DoorNotClosedAlarmEnable",
		config->has_contact && config->held_open_ms > 0);
	door_flag(out, at, "DuressAlarmEnable", true);
	door_flag(out, at, "Enable", true);
	door_number(out, at, "Method", METHOD_CARD_ONLY);
	door_line(out, at, "Name", text_span(&door->name));
	door_flag(out, at, "SensorEnable", config->has_contact);
	door_line(out, at, "State", SPAN_LIT("Normal"));
	door_number(out, at, "UnlockHoldInterval", config->unlock_ms);
}

static void doors_reply(struct request *request, const struct config_name *name)
{
	const struct settings *settings = request->gate->settings;
	char memory[DOOR_BYTES_MAX];

	for (unsigned i = 0; i < DOORS_MAX; i++) {
		struct buf lines = buf_over(memory, sizeof(memory));

		if (!settings->door[i].config.configured ||
			(name->has_element && i != name->element))
			continue;
		door_lines(&lines, i, &settings->door[i]);
		(void)reply_add(&request->reply, buf_span(&lines));
	}
	if (request->reply.len == 0) {
		request_fail(request, 400, "AccessControl has no such door");
		return;
	}
	request->reply.status = 200;
	request_finish(request);
}

static void general_reply(struct request *request)
{
	char memory[256];
	struct buf lines = buf_over(memory, sizeof(memory));

	keyvalue_text(&lines, "table.General.MachineName",
		text_span(&request->gate->settings->machine_name));
	request->reply.status = 200;
	(void)reply_add(&request->reply, buf_span(&lines));
	request_finish(request);
}

/* --- tables in core --- */

static bool schedule_key(struct span name, uint32_t *ret_no)
{
	struct schedule_key key;
	bool ours = schedule_key_parse(name, &key);

	if (ours)
		*ret_no = key.no;
	return ours;
}

static bool schedule_defined(const void *row)
{
	return ((const struct message_schedule *)row)->schedule.defined;
}

static void schedule_lines(struct buf *out, const void *row)
{
	schedule_text_lines(out, &((const struct message_schedule *)row)->schedule);
}

static void schedule_change(struct request *request, const void *row)
{
	const struct message_schedule *stored = row;
	const struct query *query = request->query;
	struct message_schedule_put message = {
		.header = {.type = MESSAGE_SCHEDULE_PUT},
		.handle = request->handle,
	};
	struct schedule_draft draft;
	struct schedule_key key;
	const char *error = "";

	schedule_draft_load(&draft, &stored->schedule);
	for (uint32_t i = 0; i < query->count; i++) {
		if (schedule_key_parse(query->parameter[i].name, &key) &&
			!schedule_draft_set(&draft, &key, query->parameter[i].value, &error)) {
			request_fail(request, 400, error);
			return;
		}
	}
	schedule_draft_store(&draft, &message.schedule);
	core_ask(request, &message);
}

static const struct config_table config_schedules = {
	.name = "AccessTimeSchedule",
	.get = MESSAGE_SCHEDULE_GET,
	.row = MESSAGE_SCHEDULE,
	.key = schedule_key,
	.defined = schedule_defined,
	.lines = schedule_lines,
	.change = schedule_change,
};

static const struct config_table *const tables[] = {
	&config_schedules, &config_special_groups, &config_special_schedules};

/* NULL: none of this name. */
static const struct config_table *table_of_name(struct span name)
{
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		if (span_equal_nocase(name, span_from_string(tables[i]->name)))
			return tables[i];
	}
	return NULL;
}

void config_get_begin(struct request *request)
{
	struct config_name name;
	bool readable = config_name_read(request->query, &name);
	const struct config_table *table = readable ? table_of_name(name.base) : NULL;

	if (table != NULL) {
		request->step = name.element;
		row_ask(request, table, request->step);
	} else if (readable && span_equal_nocase(name.base, SPAN_LIT("AccessControl"))) {
		doors_reply(request, &name);
	} else if (readable && !name.has_element &&
		   span_equal_nocase(name.base, SPAN_LIT("General"))) {
		general_reply(request);
	} else {
		request_fail(request, 400,
			"name is AccessControl, AccessTimeSchedule, General, SpecialDayGroup or "
			"SpecialDaysSchedule, or one element such as AccessControl[0]");
	}
}

/* request->step: the row asked for. One that was named is shown, defined or not. */
void config_get_answer(struct request *request, const void *message)
{
	struct config_name name;
	char memory[ROW_BYTES_MAX];
	struct buf lines = buf_over(memory, sizeof(memory));

	(void)config_name_read(request->query, &name);
	const struct config_table *table = table_of_name(name.base);

	ASSERT(table != NULL); /* nothing else was asked for */
	if (message_type_of(message) != table->row) {
		operation_unexpected(request, message);
		return;
	}
	if (table->defined(message) || name.has_element)
		table->lines(&lines, message);
	(void)reply_add(&request->reply, buf_span(&lines));
	if (!name.has_element && ++request->step < SCHEDULES_MAX) {
		row_ask(request, table, request->step);
		return;
	}
	request->reply.status = 200;
	request_finish(request);
}

/* Which table's row a parameter is; ARRAY_COUNT(tables): none. */
static size_t table_of_key(struct span name, uint32_t *ret_no)
{
	size_t at = 0;

	while (at < ARRAY_COUNT(tables) && !tables[at]->key(name, ret_no))
		at++;
	return at;
}

/* The one row that all parameters are about. False with the request answered. */
static bool row_named(struct request *request, size_t *ret_table, uint32_t *ret_no)
{
	const struct query *query = request->query;
	bool found = false;

	for (uint32_t i = 0; i < query->count; i++) {
		uint32_t no;
		size_t table = table_of_key(query->parameter[i].name, &no);

		if (table == ARRAY_COUNT(tables))
			continue;
		if (found && (table != *ret_table || no != *ret_no)) {
			request_fail(request, 400,
				"several schedules or groups in one request; send one request for "
				"each");
			return false;
		}
		found = true;
		*ret_table = table;
		*ret_no = no;
	}
	if (!found)
		request_fail(request, 400,
			"nothing to set; AccessTimeSchedule[0..127] can be, with Name, Enable and "
			"TimeSchedule[0..6][0..11], and SpecialDayGroup[0..127] and "
			"SpecialDaysSchedule[0..127]");
	return found;
}

void config_set_begin(struct request *request)
{
	size_t table = 0;
	uint32_t no = 0;

	if (row_named(request, &table, &no))
		row_ask(request, tables[table], no);
}

void config_set_answer(struct request *request, const void *message)
{
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		if (message_type_of(message) == tables[i]->row) {
			tables[i]->change(request, message);
			return;
		}
	}
	operation_command_answer(request, message);
}
