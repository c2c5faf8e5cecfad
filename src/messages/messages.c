// SPDX-License-Identifier: Apache-2.0
/*
 * The message table, read by one judge. A message is judged in this order: type and direction,
 * size, header, then its own fields. Checks look at every field that a receiver could use as a
 * number, a length, an enum or a bool; texts must be within their capacity, their content is the
 * receiver's matter. Messages with rows or text at their end may be sent cut behind the last used
 * one.
 */
#include "messages/messages.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/utf8.h"

#define ROWS_LIMIT_MAX 1024

typedef bool check_fn(const void *message);

/* Length of a message whose rows or text are cut; NULL in the table: the whole struct. */
typedef size_t size_fn(const void *message);

/* A bool that came as a byte may hold anything: reading it as bool would be undefined. */
static bool bool_valid(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, 1);
	return byte <= 1;
}

static bool role_valid(uint32_t role)
{
	return role < ROLE_COUNT;
}

static bool check_link(const void *message)
{
	const struct message_link *m = message;

	return role_valid(m->peer);
}

static bool check_port(const void *message)
{
	const struct message_port *m = message;

	return m->line < MESSAGE_PORT_LINES_MAX;
}

static bool check_hello(const void *message)
{
	const struct message_hello *m = message;

	return role_valid(m->role);
}

static bool check_anything(const void *message UNUSED)
{
	return true;
}

static bool check_authenticate(const void *message)
{
	const struct message_authenticate *m = message;

	return text_valid(&m->method) && m->target_len <= MESSAGE_TARGET_MAX &&
	       m->authorization_len <= MESSAGE_AUTHORIZATION_MAX &&
	       m->operation <= CGI_OPERATION_COUNT;
}

static size_t size_authenticate(const void *message)
{
	const struct message_authenticate *m = message;

	return offsetof(struct message_authenticate, text) + m->target_len + m->authorization_len;
}

static bool check_authenticated(const void *message)
{
	const struct message_authenticated *m = message;

	return m->operation < CGI_OPERATION_COUNT && m->role < ACCOUNT_ROLE_COUNT &&
	       text_valid(&m->account) && text_valid(&m->serial);
}

static bool check_unauthenticated(const void *message)
{
	const struct message_unauthenticated *m = message;

	return m->refusal < REFUSAL_COUNT && m->lookup <= CGI_UNKNOWN_TABLE &&
	       m->challenge_count <= ARRAY_COUNT(m->challenge) && text_valid(&m->challenge[0]) &&
	       text_valid(&m->challenge[1]);
}

static bool check_person_write(const void *message)
{
	const struct message_person_write *m = message;
	bool insert = m->header.type == MESSAGE_PERSON_INSERT;

	if ((m->fields & ~(uint32_t)PERSON_FIELDS_ALL) != 0 || !person_check(&m->person))
		return false;
	return insert ? m->fields == PERSON_FIELDS_ALL && m->person.no == 0
		      : m->fields != 0 && m->person.no != 0;
}

static bool check_person_remove(const void *message)
{
	const struct message_person_remove *m = message;

	return m->no != 0;
}

static bool person_filter_check(const struct person_filter *filter)
{
	return bool_valid(&filter->has_no) && bool_valid(&filter->has_user_id) &&
	       bool_valid(&filter->has_card_no) && text_valid(&filter->user_id) &&
	       text_valid(&filter->card_no);
}

static bool check_person_query(const void *message)
{
	const struct message_person_query *m = message;

	return person_filter_check(&m->filter) && m->limit <= ROWS_LIMIT_MAX;
}

static bool record_filter_check(const struct record_filter *filter)
{
	const bool *flags[] = {&filter->has_from, &filter->has_to, &filter->has_card_no,
		&filter->has_user_id, &filter->has_door, &filter->has_status, &filter->has_method};

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (!bool_valid(flags[i]))
			return false;
	}
	return filter->status <= 1 && text_valid(&filter->card_no) && text_valid(&filter->user_id);
}

static bool check_record_query(const void *message)
{
	const struct message_record_query *m = message;

	return record_filter_check(&m->filter) && m->limit <= ROWS_LIMIT_MAX;
}

static bool check_door_command(const void *message)
{
	const struct message_door_command *m = message;

	return m->door < DOORS_MAX && m->command < DOOR_COMMAND_COUNT && text_valid(&m->user_id) &&
	       text_valid(&m->type);
}

static bool check_door_query(const void *message)
{
	const struct message_door_query *m = message;

	return m->door < DOORS_MAX;
}

static bool check_schedule_get(const void *message)
{
	const struct message_schedule_get *m = message;

	return m->no < SCHEDULES_MAX;
}

static bool schedule_check(const struct schedule *schedule)
{
	return bool_valid(&schedule->defined) && bool_valid(&schedule->enabled) &&
	       text_valid(&schedule->name) && schedule_valid(schedule);
}

static bool check_schedule_put(const void *message)
{
	const struct message_schedule_put *m = message;

	return schedule_check(&m->schedule);
}

static bool check_schedule(const void *message)
{
	const struct message_schedule *m = message;

	return schedule_check(&m->schedule);
}

_Static_assert(SPECIAL_DAY_GROUPS_MAX == SCHEDULES_MAX && SPECIAL_SCHEDULES_MAX == SCHEDULES_MAX,
	"message_schedule_get is for all three");

static bool check_special_group_put(const void *message)
{
	const struct message_special_group_put *m = message;

	return special_day_group_valid(&m->group);
}

static bool check_special_group(const void *message)
{
	const struct message_special_group *m = message;

	return special_day_group_valid(&m->group);
}

static bool check_special_schedule_put(const void *message)
{
	const struct message_special_schedule_put *m = message;

	return special_schedule_valid(&m->special);
}

static bool check_special_schedule(const void *message)
{
	const struct message_special_schedule *m = message;

	return special_schedule_valid(&m->special);
}

static bool check_stream_close(const void *message)
{
	const struct message_stream_close *m = message;

	return m->stream_id != 0;
}

static bool check_journal_fetch(const void *message)
{
	const struct message_journal_fetch *m = message;

	return m->stream_id != 0 && m->limit >= 1 && m->limit <= ROWS_LIMIT_MAX;
}

static bool check_result(const void *message)
{
	const struct message_result *m = message;

	/* Of RESULT_THROTTLED it is seconds. */
	return m->result < RESULT_COUNT &&
	       (m->reason < REASON_COUNT || m->result == RESULT_THROTTLED) && text_valid(&m->text);
}

static size_t size_person_rows(const void *message)
{
	const struct message_person_rows *m = message;

	return offsetof(struct message_person_rows, row) +
	       (m->count > MESSAGE_PERSON_ROWS_MAX ? MESSAGE_PERSON_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool check_person_rows(const void *message)
{
	const struct message_person_rows *m = message;

	if (m->count > MESSAGE_PERSON_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!person_check(&m->row[i]))
			return false;
	}
	return true;
}

static size_t size_record_rows(const void *message)
{
	const struct message_record_rows *m = message;

	return offsetof(struct message_record_rows, row) +
	       (m->count > MESSAGE_RECORD_ROWS_MAX ? MESSAGE_RECORD_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool check_record_rows(const void *message)
{
	const struct message_record_rows *m = message;

	if (m->count > MESSAGE_RECORD_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!journal_entry_check(&m->row[i]))
			return false;
	}
	return true;
}

static bool door_state_check(const struct door_state *s)
{
	const bool *flags[] = {&s->configured, &s->unlocked, &s->open, &s->has_contact, &s->forced,
		&s->held, &s->tamper};

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (!bool_valid(flags[i]))
			return false;
	}
	return s->hold < DOOR_COMMAND_COUNT && s->waiting <= DOOR_WAITING_MAX;
}

static bool check_door_state(const void *message)
{
	return door_state_check(&((const struct message_door_state *)message)->state);
}

static bool check_reader_query(const void *message)
{
	const struct message_reader_query *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->limit >= 1 &&
	       m->limit <= READER_FRAMES_MAX;
}

static size_t size_reader_frames(const void *message)
{
	const struct message_reader_frames *m = message;

	return offsetof(struct message_reader_frames, row) +
	       (m->count > MESSAGE_READER_FRAMES_MAX ? MESSAGE_READER_FRAMES_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool verdict_check(const struct frame_verdict *verdict)
{
	if (verdict->count > FRAME_FORMATS_MAX || verdict->reads > verdict->count ||
		!bool_valid(&verdict->turned))
		return false;
	for (uint32_t i = 0; i < verdict->count; i++) {
		if (verdict->format[i].result >= CARD_FORMAT_RESULT_COUNT)
			return false;
	}
	return true;
}

static bool trace_check(const struct wiegand_trace *trace)
{
	if (trace->result > WIEGAND_NOISE || trace->bits.count > CARD_BITS_MAX ||
		!bool_valid(&trace->secret) || !bool_valid(&trace->held[0]) ||
		!bool_valid(&trace->held[1]) || trace->edges_kept > WIEGAND_TRACE_EDGES_MAX)
		return false;
	for (uint32_t i = 0; i < trace->edges_kept; i++) {
		if (trace->edge[i].line > 1 || trace->edge[i].level > 1)
			return false;
	}
	return true;
}

static bool check_reader_frames(const void *message)
{
	const struct message_reader_frames *m = message;

	if (m->count > MESSAGE_READER_FRAMES_MAX || !bool_valid(&m->held[0]) ||
		!bool_valid(&m->held[1]) || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct reader_frame *row = &m->row[i];

		if (row->reader < 1 || row->reader > READERS_MAX || !verdict_check(&row->verdict) ||
			!trace_check(&row->trace))
			return false;
	}
	return true;
}

static bool check_reader_order(const void *message)
{
	const struct message_reader_order *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->window_s <= READER_WINDOW_MAX_S;
}

static size_t size_reader_file(const void *message)
{
	const struct message_reader_file *m = message;

	return offsetof(struct message_reader_file, bytes) +
	       (m->len > READER_FILE_PART_MAX ? READER_FILE_PART_MAX : m->len);
}

static bool check_reader_file(const void *message)
{
	const struct message_reader_file *m = message;

	return m->reader >= 1 && m->reader <= READERS_MAX && m->size <= READER_FILE_MAX &&
	       m->offset < READER_FILE_MAX && m->len <= READER_FILE_PART_MAX;
}

static bool check_reader_file_state(const void *message)
{
	const struct message_reader_file_state *m = message;

	return m->state < READER_FILE_STATE_COUNT && m->size <= READER_FILE_MAX &&
	       m->received <= m->size && m->sent <= m->size;
}

const char *reader_refusal_sentence(enum reader_refusal refusal)
{
	static const char *const sentences[READER_REFUSAL_COUNT] = {
		[READER_NOT_OSDP] = "this reader is no OSDP reader: only those have a key",
		[READER_IN_CLEAR] = "this reader has no key: secure_channel: off in posternd.yaml; "
				    "set it to required first",
		[READER_PAIRING] = "this reader is just getting a key: wait for it, or cancel it",
		[READER_LINE_PAIRING] = "another reader of the same line is just getting a key: "
					"wait for it, or cancel it",
		[READER_NOT_SECURE] = "the reader is not online in its secure channel, in which "
				      "alone its key is changed",
		[READER_KEY_WEAK] = "this key is a well-known or simple one: make one from random "
				    "bytes",
		[READER_NO_PAIRING] = "this reader is not being paired",
		[READER_HAS_KEY] = "this reader is online with its key: rotate it for another one, "
				   "or unpair it first",
		[READER_CANCELLED] = "the pairing was cancelled before it began",
		[READER_OFFLINE] = "the reader is not online: see postern osdp status",
		[READER_NO_FILES] = "this reader is no OSDP reader: only those take files",
		[READER_FILE_BUSY] = "another file is under way to a reader: wait for its end, or "
				     "cancel it (postern osdp firmware READER --cancel)",
		[READER_FILE_NONE] = "no file of yours is under way to this reader: begin it; one "
				     "whose parts stay away for 60 s is dropped",
		[READER_FILE_ORDER] = "this part is not the next one: offset is the number of "
				      "bytes that came before it",
		[READER_FILE_LONG] = "this part goes beyond the size that was said at the begin",
		[READER_FILE_MEMORY] = "the controller has no memory for the file",
	};

	return (unsigned)refusal < READER_REFUSAL_COUNT ? sentences[refusal] : "";
}

static size_t size_status(const void *message)
{
	const struct message_status *m = message;

	return offsetof(struct message_status, reader) +
	       (m->reader_count > READERS_MAX ? READERS_MAX : m->reader_count) *
		       sizeof(m->reader[0]);
}

_Static_assert(sizeof(struct message_status) <= MESSAGE_MAX, "all readers fit one message");

static bool status_osdp_check(const struct status_osdp *row)
{
	const struct osdp_reader_status *reader = &row->reader;

	return row->pairing < PAIRING_STATE_COUNT && row->pair_failed < OSDP_WHY_COUNT &&
	       bool_valid(&row->port) && bool_valid(&row->has_key) &&
	       reader->state < OSDP_STATE_COUNT && reader->why < OSDP_WHY_COUNT &&
	       bool_valid(&reader->secure) && bool_valid(&reader->has_identity) &&
	       bool_valid(&reader->capabilities.aes) &&
	       bool_valid(&reader->capabilities.default_key) &&
	       bool_valid(&reader->capabilities.crc);
}

static bool check_status(const void *message)
{
	const struct message_status *m = message;

	if (m->door_count > DOORS_MAX || m->reader_count > READERS_MAX ||
		!bool_valid(&m->clock_trusted) || !bool_valid(&m->store_failed) ||
		!bool_valid(&m->has_backup) || !bool_valid(&m->has_records_days_left))
		return false;
	for (uint32_t i = 0; i < m->door_count; i++) {
		if (m->door[i].index >= DOORS_MAX || !door_state_check(&m->door[i].state))
			return false;
	}
	for (uint32_t i = 0; i < m->reader_count; i++) {
		const struct status_reader *row = &m->reader[i];

		if (row->number < 1 || row->number > READERS_MAX || !bool_valid(&row->held[0]) ||
			!bool_valid(&row->held[1]) || !bool_valid(&row->is_osdp) ||
			(row->is_osdp && !status_osdp_check(&row->osdp)))
			return false;
	}
	return true;
}

static bool check_stream(const void *message)
{
	const struct message_stream *m = message;

	return m->stream_id != 0;
}

static size_t size_line_events(const void *message)
{
	const struct message_line_events *m = message;

	return offsetof(struct message_line_events, event) +
	       (m->count > MESSAGE_LINE_EVENTS_MAX ? MESSAGE_LINE_EVENTS_MAX : m->count) *
		       sizeof(m->event[0]);
}

static bool line_event_check(const struct line_event *event)
{
	if (event->level > 1 || event->at_ns < 0)
		return false;
	switch (event->kind) {
	case LINE_DATA0:
	case LINE_DATA1:
	case LINE_TAMPER:
		return event->at >= 1 && event->at <= READERS_MAX;
	case LINE_CONTACT:
	case LINE_REX:
		return event->at < DOORS_MAX;
	default:
		return false;
	}
}

static bool check_line_events(const void *message)
{
	const struct message_line_events *m = message;

	if (m->count > MESSAGE_LINE_EVENTS_MAX)
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!line_event_check(&m->event[i]))
			return false;
	}
	return true;
}

static bool check_claim(const void *message)
{
	const struct message_claim *m = message;

	return text_valid(&m->code) && text_valid(&m->password) &&
	       m->password.len >= CLAIM_PASSWORD_MIN &&
	       utf8_printable(text_span(&m->password), NULL);
}

bool account_name_valid(struct span name)
{
	static const struct span others = {"._-@", 4};

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && span_find(others, c) == others.len)
			return false;
	}
	return name.len >= 1 && name.len <= ACCOUNT_NAME_MAX;
}

static bool check_account_put(const void *message)
{
	const struct message_account_put *m = message;

	if (m->change >= ACCOUNT_CHANGE_COUNT || m->role >= ACCOUNT_ROLE_COUNT ||
		!bool_valid(&m->has_old_password) || !text_valid(&m->name) ||
		!account_name_valid(text_span(&m->name)) || !text_valid(&m->password) ||
		!text_valid(&m->old_password))
		return false;
	if (m->change != ACCOUNT_CHANGE_PASSWORD && m->role == ACCOUNT_NOBODY)
		return false;
	return m->change == ACCOUNT_CHANGE_ROLE ||
	       (m->password.len >= CLAIM_PASSWORD_MIN &&
		       utf8_printable(text_span(&m->password), NULL));
}

static bool check_account_name(const void *message)
{
	const struct message_account_name *m = message;

	return text_valid(&m->name) && (m->name.len > 0 || m->header.type == MESSAGE_ACCOUNT_QUERY);
}

static size_t size_account_rows(const void *message)
{
	const struct message_account_rows *m = message;

	return offsetof(struct message_account_rows, row) +
	       (m->count > ACCOUNTS_MAX ? ACCOUNTS_MAX : m->count) * sizeof(m->row[0]);
}

static bool check_account_rows(const void *message)
{
	const struct message_account_rows *m = message;

	if (m->count > ACCOUNTS_MAX)
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!text_valid(&m->row[i].name) || m->row[i].role >= ACCOUNT_ROLE_COUNT)
			return false;
	}
	return true;
}

static bool check_audit_query(const void *message)
{
	const struct message_audit_query *m = message;

	return m->limit >= 1 && m->limit <= ROWS_LIMIT_MAX;
}

static size_t size_audit_rows(const void *message)
{
	const struct message_audit_rows *m = message;

	return offsetof(struct message_audit_rows, row) +
	       (m->count > MESSAGE_AUDIT_ROWS_MAX ? MESSAGE_AUDIT_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool check_audit_rows(const void *message)
{
	const struct message_audit_rows *m = message;

	if (m->count > MESSAGE_AUDIT_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!audit_entry_check(&m->row[i]))
			return false;
	}
	return true;
}

static bool check_osdp_trace(const void *message)
{
	const struct message_osdp_trace *m = message;

	return m->limit >= 1 && m->limit <= OSDP_TRACED_MAX && m->line < MESSAGE_PORT_LINES_MAX;
}

static size_t size_osdp_frames(const void *message)
{
	const struct message_osdp_frames *m = message;

	return offsetof(struct message_osdp_frames, row) +
	       (m->count > MESSAGE_OSDP_FRAMES_MAX ? MESSAGE_OSDP_FRAMES_MAX : m->count) *
		       sizeof(m->row[0]);
}

static bool check_osdp_frames(const void *message)
{
	const struct message_osdp_frames *m = message;

	if (m->count > MESSAGE_OSDP_FRAMES_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (m->row[i].len == 0 || m->row[i].len > OSDP_TRACED_BYTES ||
			!bool_valid(&m->row[i].reply))
			return false;
	}
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
	check_fn *check;
	size_fn *cut; /* NULL: always sent whole */
	size_t cut_min; /* bytes that cut looks at */
};

static const struct message_judge judges[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_LINK] = {check_link},
	[MESSAGE_READY] = {check_anything},
	[MESSAGE_HELLO] = {check_hello},
	[MESSAGE_AUTHENTICATE] = {check_authenticate, size_authenticate,
		offsetof(struct message_authenticate, text)},
	[MESSAGE_PERSON_INSERT] = {check_person_write},
	[MESSAGE_PERSON_UPDATE] = {check_person_write},
	[MESSAGE_PERSON_REMOVE] = {check_person_remove},
	[MESSAGE_PERSON_CLEAR] = {check_anything},
	[MESSAGE_PERSON_QUERY] = {check_person_query},
	[MESSAGE_RECORD_QUERY] = {check_record_query},
	[MESSAGE_DOOR_COMMAND] = {check_door_command},
	[MESSAGE_DOOR_STATUS] = {check_door_query},
	[MESSAGE_SCHEDULE_GET] = {check_schedule_get},
	[MESSAGE_SCHEDULE_PUT] = {check_schedule_put},
	[MESSAGE_STREAM_OPEN] = {check_anything},
	[MESSAGE_STREAM_CLOSE] = {check_stream_close},
	[MESSAGE_JOURNAL_FETCH] = {check_journal_fetch},
	[MESSAGE_AUTHENTICATED] = {check_authenticated},
	[MESSAGE_UNAUTHENTICATED] = {check_unauthenticated},
	[MESSAGE_RESULT] = {check_result},
	[MESSAGE_PERSON_ROWS] = {check_person_rows, size_person_rows,
		offsetof(struct message_person_rows, row)},
	[MESSAGE_RECORD_ROWS] = {check_record_rows, size_record_rows,
		offsetof(struct message_record_rows, row)},
	[MESSAGE_DOOR_STATE] = {check_door_state},
	[MESSAGE_SCHEDULE] = {check_schedule},
	[MESSAGE_STREAM] = {check_stream},
	[MESSAGE_READER_QUERY] = {check_reader_query},
	[MESSAGE_READER_FRAMES] = {check_reader_frames, size_reader_frames,
		offsetof(struct message_reader_frames, row)},
	[MESSAGE_CLAIM] = {check_claim},
	[MESSAGE_ALIVE] = {check_anything},
	[MESSAGE_STATUS_QUERY] = {check_anything},
	[MESSAGE_STATUS] = {check_status, size_status, offsetof(struct message_status, reader)},
	[MESSAGE_SPECIAL_GROUP_GET] = {check_schedule_get},
	[MESSAGE_SPECIAL_GROUP_PUT] = {check_special_group_put},
	[MESSAGE_SPECIAL_GROUP] = {check_special_group},
	[MESSAGE_SPECIAL_SCHEDULE_GET] = {check_schedule_get},
	[MESSAGE_SPECIAL_SCHEDULE_PUT] = {check_special_schedule_put},
	[MESSAGE_SPECIAL_SCHEDULE] = {check_special_schedule},
	[MESSAGE_ACCOUNT_PUT] = {check_account_put},
	[MESSAGE_ACCOUNT_REMOVE] = {check_account_name},
	[MESSAGE_ACCOUNT_QUERY] = {check_account_name},
	[MESSAGE_ACCOUNT_ROWS] = {check_account_rows, size_account_rows,
		offsetof(struct message_account_rows, row)},
	[MESSAGE_STREAM_END] = {check_stream_close},
	[MESSAGE_AUDIT_QUERY] = {check_audit_query},
	[MESSAGE_AUDIT_ROWS] = {check_audit_rows, size_audit_rows,
		offsetof(struct message_audit_rows, row)},
	[MESSAGE_PORT_GONE] = {check_port},
	[MESSAGE_PORT] = {check_port},
	[MESSAGE_OSDP_TRACE] = {check_osdp_trace},
	[MESSAGE_OSDP_FRAMES] = {check_osdp_frames, size_osdp_frames,
		offsetof(struct message_osdp_frames, row)},
	[MESSAGE_READER_ORDER] = {check_reader_order},
	[MESSAGE_READER_FILE] = {check_reader_file, size_reader_file,
		offsetof(struct message_reader_file, bytes)},
	[MESSAGE_READER_FILE_STATE] = {check_reader_file_state},
	[MESSAGE_COMMITTED] = {check_anything},
	[MESSAGE_LINE_EVENTS] = {check_line_events, size_line_events,
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
	if (header->reserved != 0 || !judges[header->type].check(bytes))
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
