// SPDX-License-Identifier: Apache-2.0
/*
 * Persons with their cards, written. Parameters have passed the method table's check; what is left
 * to do is what a table cannot say: local times into UTC, and the order of the two dates. An update
 * that gives one date only is held against the stored one by core.
 */
#include "operations.h"

#include "base/assert.h"
#include "messages/persons.h"
#include "protocols/cgi_methods.h"

#include <stdlib.h>

/* UserTypes between these restrict; the others (normal, VIP, handicap) are kept and echoed. */
#define USER_TYPE_BLOCKLIST 1
#define USER_TYPE_PATROL 3

struct text_field {
	const char *name;
	enum person_field bit;
	size_t len_at; /* offsets in struct person */
	size_t bytes_at;
	size_t capacity;
};

#define TEXT_FIELD(NAME, BIT, MEMBER)                                                              \
	{                                                                                          \
		NAME, BIT, offsetof(struct person, MEMBER.len),                                    \
			offsetof(struct person, MEMBER.bytes),                                     \
			sizeof(((struct person *)NULL)->MEMBER.bytes)                              \
	}

static const struct text_field text_fields[] = {
	TEXT_FIELD("UserID", PERSON_USER_ID, user_id),
	TEXT_FIELD("CardNo", PERSON_CARD_NO, card_no),
	TEXT_FIELD("CardName", PERSON_NAME, name),
	TEXT_FIELD("Password", PERSON_PASSWORD, password),
	TEXT_FIELD("DuressPassword", PERSON_DURESS_PASSWORD, duress_password),
	TEXT_FIELD("VTOPosition", PERSON_VTO_POSITION, vto_position),
	TEXT_FIELD("DynamicCheckCode", PERSON_DYNAMIC_CHECK_CODE, dynamic_check_code),
	TEXT_FIELD("CitizenIDNo", PERSON_CITIZEN_ID_NO, citizen_id_no),
};

static bool texts_read(const struct query *query, struct message_person_write *message)
{
	char *person = (char *)&message->person;

	for (size_t i = 0; i < ARRAY_COUNT(text_fields); i++) {
		const struct text_field *field = &text_fields[i];
		struct span value;

		if (!cgi_text(query, field->name, &value))
			continue;
		if (!text_set_bytes((uint16_t *)(void *)(person + field->len_at),
			    person + field->bytes_at, field->capacity, value))
			return false;
		message->fields |= field->bit;
	}
	message->person.has_password = message->person.password.len > 0;
	message->person.has_duress_password = message->person.duress_password.len > 0;
	return true;
}

static void numbers_read(const struct query *query, struct message_person_write *message)
{
	struct person *person = &message->person;
	int64_t number;

	if (cgi_integer(query, "CardStatus", &number)) {
		person->card_status = (uint8_t)number;
		message->fields |= PERSON_CARD_STATUS;
	}
	if (cgi_integer(query, "CardType", &number)) {
		person->card_type = (uint8_t)number;
		message->fields |= PERSON_CARD_TYPE;
	}
	if (cgi_integer(query, "UserType", &number)) {
		person->user_type = (uint8_t)number;
		message->fields |= PERSON_USER_TYPE;
	}
	if (cgi_integer(query, "UseTime", &number)) {
		person->uses_left = (uint32_t)number; /* 4294967295 is USES_UNLIMITED */
		message->fields |= PERSON_USES;
	}
	if (cgi_bool(query, "IsValid", &person->is_valid))
		message->fields |= PERSON_IS_VALID;
	if (cgi_bool(query, "Handicap", &person->handicap))
		message->fields |= PERSON_HANDICAP;
}

static void doors_read(const struct query *query, struct message_person_write *message)
{
	struct person_door *doors = message->person.doors;
	struct cgi_indexed list;

	_Static_assert(CGI_SUBSCRIPTS == PERSON_DOORS_MAX, "a subscript is a place of doors[]");
	if (cgi_indexed(query, "Doors", &list)) {
		message->fields |= PERSON_DOORS;
		for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
			doors[i].has_door = list.present[i];
			doors[i].door = list.present[i] ? (uint16_t)list.value[i] : 0;
		}
	}
	if (cgi_indexed(query, "TimeSections", &list)) {
		message->fields |= PERSON_SCHEDULES;
		for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
			doors[i].has_schedule = list.present[i];
			doors[i].schedule = list.present[i] ? (uint16_t)list.value[i] : 0;
		}
	}
}

/* A date that is given and empty lifts the limit. */
static void date_read(const struct request *request, const char *name, enum person_field bit,
	int64_t no_limit, int64_t *ret_s, uint32_t *ret_fields)
{
	struct span value;
	struct civil local;

	if (!cgi_text(request->query, name, &value))
		return;
	*ret_fields |= bit;
	*ret_s = cgi_time(request->query, name, &local) ? zone_utc_s(&request->gate->zone, &local)
							: no_limit;
}

/* False with the request answered. */
static bool person_read(struct request *request, struct message_person_write *message)
{
	struct person *person = &message->person;

	if (!texts_read(request->query, message)) {
		request_fail(request, 400, "a text is longer than its field holds");
		return false;
	}
	numbers_read(request->query, message);
	if (person->user_type >= USER_TYPE_BLOCKLIST && person->user_type <= USER_TYPE_PATROL) {
		request_fail(request, 400,
			"UserType 1 to 3 restrict and are not honoured yet: use CardType 4, 2 or "
			"3");
		return false;
	}
	doors_read(request->query, message);
	date_read(request, "ValidDateStart", PERSON_VALID_FROM, VALID_FROM_ALWAYS,
		&person->valid_from_s, &message->fields);
	date_read(request, "ValidDateEnd", PERSON_VALID_TO, VALID_TO_ALWAYS, &person->valid_to_s,
		&message->fields);
	if (person->valid_to_s < person->valid_from_s) {
		request_fail(request, 400, "ValidDateEnd lies before ValidDateStart");
		return false;
	}
	return true;
}

/* What a person is whose row says nothing else. */
static void message_init(
	struct message_person_write *message, enum message_type type, const struct request *request)
{
	*message = (struct message_person_write){
		.header = {.type = (uint16_t)type},
		.handle = request->handle,
		.person =
			{
				.is_valid = true,
				.uses_left = USES_UNLIMITED,
				.repeat_enter_timeout = UINT32_MAX,
				.valid_from_s = VALID_FROM_ALWAYS,
				.valid_to_s = VALID_TO_ALWAYS,
			},
	};
}

void card_insert_begin(struct request *request)
{
	struct message_person_write message;

	message_init(&message, MESSAGE_PERSON_INSERT, request);
	if (!person_read(request, &message))
		return;
	message.fields = PERSON_FIELDS_ALL;
	core_ask(request, &message);
	explicit_bzero(&message, sizeof(message));
}

void card_insert_answer(struct request *request, const void *message)
{
	const struct message_result *result = (const void *)message;
	char text[40];
	struct buf line = buf_over(text, sizeof(text));

	if (message_type_of(message) != MESSAGE_RESULT || result->result != RESULT_OK) {
		operation_unexpected(request, message);
		return;
	}
	buf_add_string(&line, "RecNo=");
	buf_add_u64(&line, result->no);
	buf_add_string(&line, "\r\n");
	request->reply.status = 200;
	(void)reply_add(&request->reply, buf_span(&line));
	request_finish(request);
}

static uint64_t row_number(const struct request *request)
{
	int64_t no = 0;

	(void)cgi_integer(request->query, "recno", &no);
	return (uint64_t)no;
}

void card_update_begin(struct request *request)
{
	struct message_person_write message;

	message_init(&message, MESSAGE_PERSON_UPDATE, request);
	if (!person_read(request, &message))
		return;
	if (message.fields == 0) {
		request_fail(request, 400, "no field to change is given");
		return;
	}
	message.person.no = row_number(request);
	core_ask(request, &message);
	explicit_bzero(&message, sizeof(message));
}

void card_remove_begin(struct request *request)
{
	struct message_person_remove message = {
		.header = {.type = MESSAGE_PERSON_REMOVE},
		.handle = request->handle,
		.no = row_number(request),
	};

	core_ask(request, &message);
}

/* A row that is not there is as removed as one could wish. */
void card_remove_answer(struct request *request, const void *message)
{
	if (message_type_of(message) == MESSAGE_RESULT &&
		((const struct message_result *)message)->result == RESULT_NOT_FOUND) {
		reply_ok(&request->reply);
		request_finish(request);
		return;
	}
	operation_command_answer(request, message);
}

void card_clear_begin(struct request *request)
{
	struct message_with_handle message = {
		.header = {.type = MESSAGE_PERSON_CLEAR},
		.handle = request->handle,
	};

	core_ask(request, &message);
}
