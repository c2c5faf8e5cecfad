// SPDX-License-Identifier: Apache-2.0
/*
 * Parts of an event stream into events. Two forms exist: lines `Events[i].Key=value` (snapManager)
 * and `Code=X;action=Y;index=N;data={JSON}` (eventManager). Keys nobody knows are handed on as
 * text.
 */
#include "base/number.h"
#include "sdk.h"

#include <json-c/json.h>
#include <stdlib.h>

#define EVENT_FIELDS_MAX 256

const char *postern_event_field(const struct postern_event *event, const char *name)
{
	return fields_find(event->fields, event->field_count, name);
}

static const char *first_of(const struct postern_field *fields, size_t count, const char *one,
	const char *other, const char *otherwise)
{
	const char *value = fields_find(fields, count, one);

	if (value == NULL)
		value = fields_find(fields, count, other);
	return value == NULL ? otherwise : value;
}

static int deliver(
	const struct postern_field *fields, size_t count, postern_event_fn *each, void *user)
{
	int64_t seq = fields_number(fields, count, "Seq");
	int64_t rec_no = fields_number(fields, count, "RecNo");
	int64_t utc = fields_number(fields, count, "CreateTime");
	struct postern_event event = {
		.size = sizeof(event),
		.code = first_of(fields, count, "Code", "EventBaseInfo.Code", ""),
		.action = first_of(fields, count, "Action", "EventBaseInfo.Action", ""),
		.seq = seq < 0 ? 0 : (uint64_t)seq,
		.rec_no = rec_no < 0 ? 0 : (uint64_t)rec_no,
		.utc = utc == POSTERN_NOT_GIVEN ? fields_number(fields, count, "UTC") : utc,
		.field_count = count,
		.fields = fields,
	};

	return each(user, &event) == 0 ? POSTERN_OK : POSTERN_E_STOPPED;
}

static int deliver_lines(struct answer *answer, postern_event_fn *each, void *user)
{
	struct table table;
	int error = table_parse(answer, "Events", &table);

	if (error != POSTERN_OK)
		return error;
	for (size_t i = 0; error == POSTERN_OK && i < table.row_count; i++) {
		if (table.rows[i].field_count > 0)
			error = deliver(
				table.rows[i].fields, table.rows[i].field_count, each, user);
	}
	table_drop(&table);
	return error;
}

struct event_fields {
	struct postern_field field[EVENT_FIELDS_MAX];
	char *copy[2 * EVENT_FIELDS_MAX]; /* owned: what the fields point to */
	size_t count;
};

/* A copy in which no byte ends a line or commands a terminal, whatever JSON's escapes brought. */
static char *text_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy != NULL)
		text_tame_line(copy);
	return copy;
}

/* Without memory for it the field is left out. */
static void add_field(struct event_fields *fields, const char *name, const char *value)
{
	if (fields->count == EVENT_FIELDS_MAX)
		return;
	char *copy[2] = {text_copy(name), text_copy(value)};

	if (copy[0] == NULL || copy[1] == NULL) {
		free(copy[0]);
		free(copy[1]);
		return;
	}
	memcpy(&fields->copy[2 * fields->count], copy, sizeof(copy));
	fields->field[fields->count++] = (struct postern_field){copy[0], copy[1]};
}

static void fields_drop(struct event_fields *fields)
{
	for (size_t i = 0; i < 2 * fields->count; i++)
		free(fields->copy[i]);
}

/* "Code=X;action=Y;index=N;data=" in front of the JSON; cuts the text in place. */
static char *split_head(char *text, struct event_fields *fields)
{
	char *data = strstr(text, ";data=");

	if (data != NULL) {
		*data = 0;
		data += sizeof(";data=") - 1;
	}
	for (char *rest = text; rest != NULL;) {
		char *part = strsep(&rest, ";");
		char *value = strchr(part, '=');

		if (value == NULL)
			continue;
		*value++ = 0;
		add_field(fields, part, value);
	}
	return data;
}

static int deliver_code(struct answer *answer, postern_event_fn *each, void *user)
{
	struct event_fields fields = {.count = 0};
	char *data = split_head(answer->text, &fields);
	json_object *object = data == NULL ? NULL : json_tokener_parse(data);

	if (object != NULL && json_object_is_type(object, json_type_object)) {
		json_object_object_foreach(object, key, value)
		{
			add_field(&fields, key,
				json_object_is_type(value, json_type_string)
					? json_object_get_string(value)
					: json_object_to_json_string_ext(
						  value, JSON_C_TO_STRING_PLAIN));
		}
	}
	int error = deliver(fields.field, fields.count, each, user);

	json_object_put(object);
	fields_drop(&fields);
	return error;
}

int events_deliver(struct span part, postern_event_fn *each, void *user)
{
	struct answer answer = {.len = part.len};
	int error = POSTERN_OK;

	while (answer.len > 0 &&
		(part.data[answer.len - 1] == '\n' || part.data[answer.len - 1] == '\r'))
		answer.len--;
	answer.text = malloc(answer.len + 1);
	if (answer.text == NULL)
		return POSTERN_E_MEMORY;
	if (answer.len > 0)
		memcpy(answer.text, part.data, answer.len);
	answer.text[answer.len] = 0;
	text_tame(answer.text, answer.len);
	if (span_starts_with_nocase(part, SPAN_LIT("Events[")))
		error = deliver_lines(&answer, each, user);
	else if (span_starts_with(part, SPAN_LIT("Code=")))
		error = deliver_code(&answer, each, user);
	answer_drop(&answer);
	return error;
}
