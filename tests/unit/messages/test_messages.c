// SPDX-License-Identifier: Apache-2.0
/* Every message type: a filled one passes between its own roles, and each damage is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "messages/accounts.h"
#include "messages/audit.h"
#include "messages/doors.h"
#include "messages/lines.h"
#include "messages/messages.h"
#include "messages/persons.h"
#include "messages/readers.h"
#include "messages/records.h"
#include "messages/requests.h"
#include "messages/roles.h"
#include "messages/status.h"

#include <stdlib.h>

static _Alignas(8) unsigned char memory[MESSAGE_MAX];
#define AS(type) ((struct type *)(void *)memory)

struct direction {
	enum role from;
	enum role to;
};

#define DIRECTION(id, type, from, to) [id] = {from, to},
static const struct direction directions[] = {MESSAGES(DIRECTION)};
#define SIZE(id, type, from, to) [id] = sizeof(type),
static const size_t sizes[] = {MESSAGES(SIZE)};

static enum role some_role(enum role role, enum role otherwise)
{
	return role == ROLE_COUNT ? otherwise : role;
}

/* A valid message of the type, in memory; returns its length. */
static size_t fill(enum message_type type)
{
	memset(memory, 0, sizeof(memory));
	AS(message_header)->type = (uint16_t)type;
	if (type == MESSAGE_PERSON_INSERT || type == MESSAGE_PERSON_UPDATE) {
		struct message_person_write *m = (void *)memory;

		m->fields = type == MESSAGE_PERSON_INSERT ? PERSON_FIELDS_ALL : PERSON_NAME;
		m->person.no = type == MESSAGE_PERSON_INSERT ? 0 : 7;
		assert_true(text_set(&m->person.user_id, SPAN_LIT("102")));
		m->person.uses_left = USES_UNLIMITED;
		m->person.repeat_enter_timeout = UINT32_MAX;
		m->person.valid_from_s = VALID_FROM_ALWAYS;
		m->person.valid_to_s = VALID_TO_ALWAYS;
	} else if (type == MESSAGE_PERSON_REMOVE) {
		AS(message_person_remove)->no = 1;
	} else if (type == MESSAGE_ACCOUNT_PUT) {
		struct message_account_put *m = (void *)memory;

		m->role = ACCOUNT_VIEWER;
		assert_true(text_set(&m->name, SPAN_LIT("anna")));
		assert_true(text_set(&m->password, SPAN_LIT("12345678")));
	} else if (type == MESSAGE_ACCOUNT_REMOVE) {
		assert_true(text_set(&AS(message_account_name)->name, SPAN_LIT("anna")));
	} else if (type == MESSAGE_ACCOUNT_ROWS) {
		AS(message_account_rows)->count = 2;
	} else if (type == MESSAGE_OSDP_TRACE) {
		AS(message_osdp_trace)->limit = OSDP_TRACED_MAX;
		AS(message_osdp_trace)->line = MESSAGE_PORT_LINES_MAX - 1;
	} else if (type == MESSAGE_OSDP_FRAMES) {
		AS(message_osdp_frames)->count = 2;
		AS(message_osdp_frames)->row[0].len = 1;
		AS(message_osdp_frames)->row[1].len = OSDP_TRACED_BYTES;
	} else if (type == MESSAGE_AUDIT_QUERY) {
		AS(message_audit_query)->limit = 1024;
	} else if (type == MESSAGE_READER_ORDER) {
		AS(message_reader_order)->reader = READERS_MAX;
		AS(message_reader_order)->window_s = READER_WINDOW_MAX_S;
	} else if (type == MESSAGE_READER_FILE) {
		AS(message_reader_file)->reader = READERS_MAX;
		AS(message_reader_file)->type = 255;
		AS(message_reader_file)->size = READER_FILE_MAX;
		AS(message_reader_file)->offset = READER_FILE_MAX - 1;
		AS(message_reader_file)->len = READER_FILE_PART_MAX;
	} else if (type == MESSAGE_READER_FILE_STATE) {
		AS(message_reader_file_state)->state = READER_FILE_BROKEN;
		AS(message_reader_file_state)->size = READER_FILE_MAX;
		AS(message_reader_file_state)->received = READER_FILE_MAX;
		AS(message_reader_file_state)->sent = READER_FILE_MAX;
	} else if (type == MESSAGE_AUDIT_ROWS) {
		AS(message_audit_rows)->count = MESSAGE_AUDIT_ROWS_MAX;
	} else if (type == MESSAGE_STREAM_CLOSE || type == MESSAGE_STREAM_END) {
		AS(message_stream_close)->stream_id = 1;
	} else if (type == MESSAGE_CLAIM) {
		assert_true(text_set(&AS(message_claim)->password, SPAN_LIT("12345678")));
	} else if (type == MESSAGE_STREAM) {
		AS(message_stream)->stream_id = 1;
	} else if (type == MESSAGE_READER_QUERY) {
		AS(message_reader_query)->reader = READERS_MAX;
		AS(message_reader_query)->limit = READER_FRAMES_MAX;
	} else if (type == MESSAGE_JOURNAL_FETCH) {
		AS(message_journal_fetch)->stream_id = 1;
		AS(message_journal_fetch)->limit = 5;
	}
	return message_size(memory);
}

static void filled_messages_pass_between_their_roles_only(void **state UNUSED)
{
	for (int type = MESSAGE_NONE + 1; type < MESSAGE_TYPE_COUNT; type++) {
		size_t len = fill((enum message_type)type);

		for (int from = 0; from < ROLE_COUNT; from++) {
			for (int to = 0; to < ROLE_COUNT; to++) {
				enum role wanted_from =
					some_role(directions[type].from, (enum role)from);
				enum role wanted_to = some_role(directions[type].to, (enum role)to);
				bool right = wanted_from == (enum role)from &&
					     wanted_to == (enum role)to;
				enum message_error error =
					message_check(memory, len, (enum role)from, (enum role)to);

				assert_int_equal(error, right ? MESSAGE_OK : MESSAGE_BAD_TYPE);
			}
		}
	}
}

static void a_wrong_length_is_seen(void **state UNUSED)
{
	for (int type = MESSAGE_NONE + 1; type < MESSAGE_TYPE_COUNT; type++) {
		size_t len = fill((enum message_type)type);
		enum role from = some_role(directions[type].from, ROLE_CORE);
		enum role to = some_role(directions[type].to, ROLE_GATE);

		assert_true(len <= sizes[type]);
		assert_int_equal(message_check(memory, len - 1, from, to), MESSAGE_BAD_SIZE);
		assert_int_equal(message_check(memory, len + 1, from, to), MESSAGE_BAD_SIZE);
		assert_int_equal(message_check(memory, 0, from, to), MESSAGE_BAD_SIZE);
	}
}

static void unknown_types_and_used_reserved_bits_are_refused(void **state UNUSED)
{
	size_t len = fill(MESSAGE_COMMITTED);
	struct message_header *header = (void *)memory;

	header->reserved = 1;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_FIELD);
	header->reserved = 0;
	header->type = MESSAGE_NONE;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_TYPE);
	header->type = MESSAGE_TYPE_COUNT;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_TYPE);
	header->type = UINT16_MAX;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_TYPE);
}

#define REFUSES(type, member, bad_value, from, to)                                                 \
	do {                                                                                       \
		size_t refuses_len = fill(type);                                                   \
		assert_int_equal(message_check(memory, refuses_len, from, to), MESSAGE_OK);        \
		member = (bad_value);                                                              \
		assert_int_equal(message_check(memory, refuses_len, from, to), MESSAGE_BAD_FIELD); \
	} while (0)

static void numbers_out_of_range_are_refused(void **state UNUSED)
{
	REFUSES(MESSAGE_LINK, AS(message_link)->peer, ROLE_COUNT, ROLE_SUPERVISOR, ROLE_GATE);
	REFUSES(MESSAGE_HELLO, AS(message_hello)->role, 99, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_AUTHENTICATE, AS(message_authenticate)->operation, CGI_OPERATION_COUNT + 1,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_AUTHENTICATE, AS(message_authenticate)->method.len, 17, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_UPDATE, AS(message_person_write)->fields, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_PERSON_UPDATE, AS(message_person_write)->fields, 1u << 31, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_INSERT, AS(message_person_write)->fields, PERSON_NAME, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_INSERT, AS(message_person_write)->person.no, 1, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_INSERT, AS(message_person_write)->person.name.len, 129, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_INSERT, AS(message_person_write)->person.card_status, 64, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_PERSON_REMOVE, AS(message_person_remove)->no, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_PERSON_QUERY, AS(message_person_query)->limit, 1025, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_PERSON_QUERY, AS(message_person_query)->filter.user_id.len, 65, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_RECORD_QUERY, AS(message_record_query)->limit, 1025, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_RECORD_QUERY, AS(message_record_query)->filter.status, 2, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_DOOR_COMMAND, AS(message_door_command)->door, DOORS_MAX, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_DOOR_COMMAND, AS(message_door_command)->command, DOOR_COMMAND_COUNT,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_DOOR_STATUS, AS(message_door_query)->door, 64, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_SCHEDULE_GET, AS(message_schedule_get)->no, SCHEDULES_MAX, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_SCHEDULE_PUT, AS(message_schedule_put)->schedule.day[6].count, 13,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_GROUP_GET, AS(message_schedule_get)->no, 128, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_GROUP_PUT, AS(message_special_group_put)->group.no, 128, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_GROUP_PUT, AS(message_special_group_put)->group.day[63].to.day, 1,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_GROUP, AS(message_special_group)->group.day[0].name.len, 65,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_SPECIAL_SCHEDULE_GET, AS(message_schedule_get)->no, 128, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_SCHEDULE_PUT, AS(message_special_schedule_put)->special.group, 128,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_SPECIAL_SCHEDULE, AS(message_special_schedule)->special.day.count, 13,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_JOURNAL_FETCH, AS(message_journal_fetch)->limit, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_QUERY, AS(message_reader_query)->limit, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_QUERY, AS(message_reader_query)->limit, 65, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_QUERY, AS(message_reader_query)->reader, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_QUERY, AS(message_reader_query)->reader, 129, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_STREAM_CLOSE, AS(message_stream_close)->stream_id, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_RESULT, AS(message_result)->result, RESULT_COUNT, ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_RESULT, AS(message_result)->reason, REASON_COUNT, ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_UNAUTHENTICATED, AS(message_unauthenticated)->challenge_count, 3, ROLE_CORE,
		ROLE_GATE);
	REFUSES(MESSAGE_AUTHENTICATED, AS(message_authenticated)->role, ACCOUNT_ROLE_COUNT,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_DOOR_STATE, AS(message_door_state)->state.hold, DOOR_COMMAND_COUNT,
		ROLE_CORE, ROLE_GATE);
}

/* Judges a status of two doors and two readers of which the second has the damage. */
static void status_refuses(size_t at, uint8_t value)
{
	struct message_status *m = AS(message_status);

	fill(MESSAGE_STATUS);
	m->door_count = 2;
	m->reader_count = 2;
	m->door[1].index = DOORS_MAX - 1;
	m->reader[0].number = 1;
	m->reader[1].number = READERS_MAX;
	size_t len = message_size(m);

	assert_int_equal(len, offsetof(struct message_status, reader) + 2 * sizeof(m->reader[0]));
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_OK);
	memory[at] = value;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_FIELD);
}

static void a_damaged_status_is_refused(void **state UNUSED)
{
	static const struct {
		size_t at;
		uint8_t value;
	} damages[] = {
		{offsetof(struct message_status, clock_trusted), 2},
		{offsetof(struct message_status, store_failed), 3},
		{offsetof(struct message_status, has_backup), 2},
		{offsetof(struct message_status, has_records_days_left), 2},
		{offsetof(struct message_status, door_count), DOORS_MAX + 1},
		{offsetof(struct message_status, door[1].index), DOORS_MAX},
		{offsetof(struct message_status, door[1].state.forced), 2},
		{offsetof(struct message_status, door[1].state.hold), DOOR_COMMAND_COUNT},
		{offsetof(struct message_status, reader[1].number), 0},
		{offsetof(struct message_status, reader[1].number), READERS_MAX + 1},
		{offsetof(struct message_status, reader[1].held[1]), 2},
	};

	for (size_t i = 0; i < ARRAY_COUNT(damages); i++)
		status_refuses(damages[i].at, damages[i].value);
	fill(MESSAGE_STATUS);
	AS(message_status)->reader_count = READERS_MAX + 1;
	assert_int_equal(message_check(memory, sizeof(struct message_status), ROLE_CORE, ROLE_GATE),
		MESSAGE_BAD_FIELD);
}

static void a_bool_that_is_no_bool_is_refused(void **state UNUSED)
{
	size_t len = fill(MESSAGE_RECORD_QUERY);

	memory[offsetof(struct message_record_query, filter.has_door)] = 2;
	assert_int_equal(message_check(memory, len, ROLE_GATE, ROLE_CORE), MESSAGE_BAD_FIELD);
	len = fill(MESSAGE_DOOR_STATE);
	memory[offsetof(struct message_door_state, state.unlocked)] = 7;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_FIELD);
}

static void rows_are_cut_behind_the_last_used_one(void **state UNUSED)
{
	struct message_line_events *m = AS(message_line_events);

	fill(MESSAGE_LINE_EVENTS);
	m->count = 2;
	m->event[0] = (struct line_event){5, LINE_DATA0, READERS_MAX, 1};
	m->event[1] = (struct line_event){6, LINE_CONTACT, 0, 0};
	size_t len = message_size(m);

	assert_int_equal(
		len, offsetof(struct message_line_events, event) + 2 * sizeof(m->event[0]));
	assert_int_equal(message_check(memory, len, ROLE_SIM, ROLE_CORE), MESSAGE_OK);
	m->event[1].at = DOORS_MAX;
	assert_int_equal(message_check(memory, len, ROLE_SIM, ROLE_CORE), MESSAGE_BAD_FIELD);
	m->event[1].at = 0;
	m->event[0].at = 0;
	assert_int_equal(message_check(memory, len, ROLE_SIM, ROLE_CORE), MESSAGE_BAD_FIELD);
	m->event[0].at = 1;
	m->count = MESSAGE_LINE_EVENTS_MAX + 1;
	assert_int_equal(message_check(memory, MESSAGE_MAX, ROLE_SIM, ROLE_CORE), MESSAGE_BAD_SIZE);
}

/* Judges two frames of which the second has the damage. */
static void frame_refuses(size_t at, uint8_t value)
{
	struct message_reader_frames *m = AS(message_reader_frames);

	fill(MESSAGE_READER_FRAMES);
	m->count = 2;
	for (unsigned i = 0; i < 2; i++) {
		m->row[i].reader = 1;
		m->row[i].verdict.count = FRAME_FORMATS_MAX;
		m->row[i].trace.edges_kept = WIEGAND_TRACE_EDGES_MAX;
		m->row[i].trace.bits.count = CARD_BITS_MAX;
	}
	size_t len = message_size(m);

	assert_int_equal(len, offsetof(struct message_reader_frames, row) + 2 * sizeof(m->row[0]));
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_OK);
	memory[offsetof(struct message_reader_frames, row) + sizeof(m->row[0]) + at] = value;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_FIELD);
}

static void damaged_frames_are_refused(void **state UNUSED)
{
	static const struct {
		size_t at;
		uint8_t value;
	} damages[] = {
		{offsetof(struct reader_frame, reader), 0},
		{offsetof(struct reader_frame, reader), READERS_MAX + 1},
		{offsetof(struct reader_frame, verdict.count), FRAME_FORMATS_MAX + 1},
		{offsetof(struct reader_frame, verdict.reads), FRAME_FORMATS_MAX + 1},
		{offsetof(struct reader_frame, verdict.turned), 2},
		{offsetof(struct reader_frame, verdict.format[7].result), CARD_FORMAT_RESULT_COUNT},
		{offsetof(struct reader_frame, trace.result), WIEGAND_NOISE + 1},
		{offsetof(struct reader_frame, trace.secret), 2},
		{offsetof(struct reader_frame, trace.held[1]), 3},
		{offsetof(struct reader_frame, trace.bits.count), CARD_BITS_MAX + 1},
		{offsetof(struct reader_frame, trace.edges_kept), WIEGAND_TRACE_EDGES_MAX + 1},
		{offsetof(struct reader_frame, trace.edge[159].line), 2},
		{offsetof(struct reader_frame, trace.edge[159].level), 2},
	};

	for (size_t i = 0; i < ARRAY_COUNT(damages); i++)
		frame_refuses(damages[i].at, damages[i].value);
	REFUSES(MESSAGE_READER_FRAMES, memory[offsetof(struct message_reader_frames, held[1])], 2,
		ROLE_CORE, ROLE_GATE);
	fill(MESSAGE_READER_FRAMES);
	AS(message_reader_frames)->count = MESSAGE_READER_FRAMES_MAX + 1;
	assert_int_equal(
		message_check(memory, sizeof(struct message_reader_frames), ROLE_CORE, ROLE_GATE),
		MESSAGE_BAD_FIELD);
}

static void accounts_and_the_audit_are_judged(void **state UNUSED)
{
	static const char *const wrong_names[] = {"", "a b", "a:b", "a\"", "\xc3\xa4"};

	for (size_t i = 0; i < ARRAY_COUNT(wrong_names); i++)
		assert_false(account_name_valid(span_from_string(wrong_names[i])));
	assert_true(account_name_valid(SPAN_LIT("Anna.B_c-9@site")));
	assert_true(account_name_valid(SPAN_LIT("12345678901234567890123456789012")));
	assert_false(account_name_valid(SPAN_LIT("123456789012345678901234567890123")));
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->change, ACCOUNT_CHANGE_COUNT,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->role, ACCOUNT_NOBODY, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->role, ACCOUNT_ROLE_COUNT, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->password.len, 7, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->password.bytes[0], 7, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->name.bytes[0], ' ', ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, AS(message_account_put)->old_password.len, 129, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_PUT, memory[offsetof(struct message_account_put, has_old_password)],
		2, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_REMOVE, AS(message_account_name)->name.len, 0, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_ACCOUNT_ROWS, AS(message_account_rows)->row[1].role, ACCOUNT_ROLE_COUNT,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_STREAM_END, AS(message_stream_close)->stream_id, 0, ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_OSDP_TRACE, AS(message_osdp_trace)->limit, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_OSDP_TRACE, AS(message_osdp_trace)->limit, 257, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_OSDP_TRACE, AS(message_osdp_trace)->line, 16, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_OSDP_FRAMES, AS(message_osdp_frames)->row[0].len, 0, ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_OSDP_FRAMES, AS(message_osdp_frames)->row[1].len, 1441, ROLE_CORE,
		ROLE_GATE);
	REFUSES(MESSAGE_OSDP_FRAMES, memory[offsetof(struct message_osdp_frames, row[1].reply)], 2,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_AUDIT_QUERY, AS(message_audit_query)->limit, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_AUDIT_QUERY, AS(message_audit_query)->limit, 1025, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_ORDER, AS(message_reader_order)->reader, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_ORDER, AS(message_reader_order)->reader, READERS_MAX + 1, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_READER_ORDER, AS(message_reader_order)->window_s, READER_WINDOW_MAX_S + 1,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE, AS(message_reader_file)->reader, 0, ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE, AS(message_reader_file)->reader, READERS_MAX + 1, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE, AS(message_reader_file)->size, READER_FILE_MAX + 1, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE, AS(message_reader_file)->offset, READER_FILE_MAX, ROLE_GATE,
		ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE, AS(message_reader_file)->len, READER_FILE_PART_MAX + 1,
		ROLE_GATE, ROLE_CORE);
	REFUSES(MESSAGE_READER_FILE_STATE, AS(message_reader_file_state)->state,
		READER_FILE_STATE_COUNT, ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_READER_FILE_STATE, AS(message_reader_file_state)->sent, READER_FILE_MAX + 1,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_AUDIT_ROWS, AS(message_audit_rows)->row[119].act, AUDIT_ACT_COUNT,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_AUDIT_ROWS, AS(message_audit_rows)->row[0].result, AUDIT_RESULT_COUNT,
		ROLE_CORE, ROLE_GATE);
	REFUSES(MESSAGE_AUDIT_ROWS, AS(message_audit_rows)->row[0].target.len, 65, ROLE_CORE,
		ROLE_GATE);
	REFUSES(MESSAGE_AUDIT_ROWS, memory[offsetof(struct message_audit_rows, row[2].trusted)], 2,
		ROLE_CORE, ROLE_GATE);
}

static void a_wait_is_no_reason(void **state UNUSED)
{
	size_t len = fill(MESSAGE_RESULT);
	struct message_result *m = AS(message_result);

	m->result = RESULT_THROTTLED;
	m->reason = 60; /* seconds: as long as a wait may be */
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_OK);
	m->result = RESULT_REFUSED;
	assert_int_equal(message_check(memory, len, ROLE_CORE, ROLE_GATE), MESSAGE_BAD_FIELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filled_messages_pass_between_their_roles_only),
		cmocka_unit_test(a_wrong_length_is_seen),
		cmocka_unit_test(unknown_types_and_used_reserved_bits_are_refused),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(a_bool_that_is_no_bool_is_refused),
		cmocka_unit_test(a_damaged_status_is_refused),
		cmocka_unit_test(rows_are_cut_behind_the_last_used_one),
		cmocka_unit_test(damaged_frames_are_refused),
		cmocka_unit_test(accounts_and_the_audit_are_judged),
		cmocka_unit_test(a_wait_is_no_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
