// SPDX-License-Identifier: Apache-2.0
/*
 * The message table, read by one judge. A message is judged in this order: type and direction,
 * size, header, then its own fields (judge.h). Messages with rows or text at their end may be sent
 * cut behind the last used one.
 */
#include "messages/messages.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "judge.h"
#include "messages/accounts.h"
#include "messages/audit.h"
#include "messages/doors.h"
#include "messages/lines.h"
#include "messages/persons.h"
#include "messages/readers.h"
#include "messages/records.h"
#include "messages/requests.h"
#include "messages/roles.h"
#include "messages/status.h"

typedef bool judge_fn(const void *message);

/* Length of a message whose rows or text are cut; NULL in the table: the whole struct. */
typedef size_t cut_fn(const void *message);

static bool judge_nothing(const void *message UNUSED)
{
	return true;
}

struct message_row {
	const char *name;
	size_t size; /* of the whole struct */
	enum role from; /* ROLE_COUNT: any */
	enum role to;
};

#define MESSAGE_ROW(id, type, from, to) [id] = {#id, sizeof(type), from, to},
static const struct message_row table[MESSAGE_TYPE_COUNT] = {MESSAGES(MESSAGE_ROW)};

#define MESSAGE_FITS(id, type, from, to)                                                           \
	_Static_assert(sizeof(type) <= MESSAGE_MAX, #type " is above MESSAGE_MAX");
MESSAGES(MESSAGE_FITS)

struct message_judge {
	judge_fn *fields;
	cut_fn *cut; /* NULL: always sent whole */
	size_t cut_min; /* bytes that cut looks at */
};

static const struct message_judge judges[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_LINK] = {judge_link},
	[MESSAGE_READY] = {judge_nothing},
	[MESSAGE_HELLO] = {judge_hello},
	[MESSAGE_AUTHENTICATE] = {judge_authenticate, cut_authenticate,
		offsetof(struct message_authenticate, text)},
	[MESSAGE_PERSON_INSERT] = {judge_person_write},
	[MESSAGE_PERSON_UPDATE] = {judge_person_write},
	[MESSAGE_PERSON_REMOVE] = {judge_person_remove},
	[MESSAGE_PERSON_CLEAR] = {judge_nothing},
	[MESSAGE_PERSON_QUERY] = {judge_person_query},
	[MESSAGE_RECORD_QUERY] = {judge_record_query},
	[MESSAGE_DOOR_COMMAND] = {judge_door_command},
	[MESSAGE_DOOR_STATUS] = {judge_door_query},
	[MESSAGE_SCHEDULE_GET] = {judge_schedule_get},
	[MESSAGE_SCHEDULE_PUT] = {judge_schedule_put},
	[MESSAGE_STREAM_OPEN] = {judge_nothing},
	[MESSAGE_STREAM_CLOSE] = {judge_stream_close},
	[MESSAGE_JOURNAL_FETCH] = {judge_journal_fetch},
	[MESSAGE_AUTHENTICATED] = {judge_authenticated},
	[MESSAGE_UNAUTHENTICATED] = {judge_unauthenticated},
	[MESSAGE_RESULT] = {judge_result},
	[MESSAGE_PERSON_ROWS] = {judge_person_rows, cut_person_rows,
		offsetof(struct message_person_rows, row)},
	[MESSAGE_RECORD_ROWS] = {judge_record_rows, cut_record_rows,
		offsetof(struct message_record_rows, row)},
	[MESSAGE_DOOR_STATE] = {judge_door_state},
	[MESSAGE_SCHEDULE] = {judge_schedule},
	[MESSAGE_STREAM] = {judge_stream},
	[MESSAGE_READER_QUERY] = {judge_reader_query},
	[MESSAGE_READER_FRAMES] = {judge_reader_frames, cut_reader_frames,
		offsetof(struct message_reader_frames, row)},
	[MESSAGE_CLAIM] = {judge_claim},
	[MESSAGE_ALIVE] = {judge_nothing},
	[MESSAGE_STATUS_QUERY] = {judge_nothing},
	[MESSAGE_STATUS] = {judge_status, cut_status, offsetof(struct message_status, reader)},
	[MESSAGE_SPECIAL_GROUP_GET] = {judge_schedule_get},
	[MESSAGE_SPECIAL_GROUP_PUT] = {judge_special_group_put},
	[MESSAGE_SPECIAL_GROUP] = {judge_special_group},
	[MESSAGE_SPECIAL_SCHEDULE_GET] = {judge_schedule_get},
	[MESSAGE_SPECIAL_SCHEDULE_PUT] = {judge_special_schedule_put},
	[MESSAGE_SPECIAL_SCHEDULE] = {judge_special_schedule},
	[MESSAGE_ACCOUNT_PUT] = {judge_account_put},
	[MESSAGE_ACCOUNT_REMOVE] = {judge_account_name},
	[MESSAGE_ACCOUNT_QUERY] = {judge_account_name},
	[MESSAGE_ACCOUNT_ROWS] = {judge_account_rows, cut_account_rows,
		offsetof(struct message_account_rows, row)},
	[MESSAGE_STREAM_END] = {judge_stream_close},
	[MESSAGE_AUDIT_QUERY] = {judge_audit_query},
	[MESSAGE_AUDIT_ROWS] = {judge_audit_rows, cut_audit_rows,
		offsetof(struct message_audit_rows, row)},
	[MESSAGE_PORT_GONE] = {judge_port},
	[MESSAGE_PORT] = {judge_port},
	[MESSAGE_OSDP_TRACE] = {judge_osdp_trace},
	[MESSAGE_OSDP_FRAMES] = {judge_osdp_frames, cut_osdp_frames,
		offsetof(struct message_osdp_frames, row)},
	[MESSAGE_READER_ORDER] = {judge_reader_order},
	[MESSAGE_READER_FILE] = {judge_reader_file, cut_reader_file,
		offsetof(struct message_reader_file, bytes)},
	[MESSAGE_READER_FILE_STATE] = {judge_reader_file_state},
	[MESSAGE_COMMITTED] = {judge_nothing},
	[MESSAGE_LINE_EVENTS] = {judge_line_events, cut_line_events,
		offsetof(struct message_line_events, event)},
};

static bool direction_allowed(const struct message_row *row, enum role from, enum role to)
{
	return (row->from == ROLE_COUNT || row->from == from) &&
	       (row->to == ROLE_COUNT || row->to == to);
}

static bool size_is_right(const void *bytes, size_t len, enum message_type type)
{
	const struct message_judge *judge = &judges[type];

	if (judge->cut == NULL)
		return len == table[type].size;
	return len >= judge->cut_min && len <= table[type].size && len == judge->cut(bytes);
}

enum message_error message_check(const void *bytes, size_t len, enum role from, enum role to)
{
	const struct message_header *header = bytes;

	if (len < sizeof(*header) || len > MESSAGE_MAX)
		return MESSAGE_BAD_SIZE;
	if (header->type == MESSAGE_NONE || header->type >= MESSAGE_TYPE_COUNT ||
		!direction_allowed(&table[header->type], from, to))
		return MESSAGE_BAD_TYPE;
	if (!size_is_right(bytes, len, (enum message_type)header->type))
		return MESSAGE_BAD_SIZE;
	if (header->reserved != 0 || !judges[header->type].fields(bytes))
		return MESSAGE_BAD_FIELD;
	return MESSAGE_OK;
}

size_t message_size(const void *message)
{
	const struct message_header *header = message;

	ASSERT(header->type != MESSAGE_NONE && header->type < MESSAGE_TYPE_COUNT);
	const struct message_judge *judge = &judges[header->type];

	return judge->cut == NULL ? table[header->type].size : judge->cut(message);
}

const char *message_name(enum message_type type)
{
	ASSERT(type != MESSAGE_NONE && type < MESSAGE_TYPE_COUNT);
	return table[type].name + sizeof("MESSAGE_") - 1;
}

const char *role_name(enum role role)
{
	static const char *const names[ROLE_COUNT] = {
		[ROLE_SUPERVISOR] = "supervisor",
		[ROLE_CORE] = "core",
		[ROLE_GATE] = "gate",
		[ROLE_SIM] = "sim",
	};

	ASSERT(role < ROLE_COUNT);
	return names[role];
}
