// SPDX-License-Identifier: Apache-2.0
/*
 * Parts of an event stream into events. Two forms exist: lines `Events[i].Key=value` (snapManager)
 * and `Code=X;action=Y;index=N;data={JSON}` (eventManager). A part may hold several events of
 * either form, and other lines in front. Keys nobody knows are handed on as text.
 */
#include "base/number.h"
#include "sdk.h"

#include <json-c/json.h>
#include <stdlib.h>

#define EVENT_FIELDS_MAX 256
#define CODE_WORD "Code="
#define DATA_WORD ";data="

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

/* One row, or more events whose lines all say [0]: each begins with the same name. */
static int deliver_row(const struct row *row, postern_event_fn *each, void *user)
{
	const struct postern_field *fields = row->fields;
	size_t count = row->field_count;
	int error = POSTERN_OK;

	while (error == POSTERN_OK && count > 0) {
		size_t len = 1;

		while (len < count && strcmp(fields[len].name, fields[0].name) != 0)
			len++;
		error = deliver(fields, len, each, user);
		fields += len;
		count -= len;
	}
	return error;
}

static int deliver_lines(struct answer *answer, postern_event_fn *each, void *user)
{
	struct table table;
	int error = table_parse(answer, "Events", &table);

	if (error != POSTERN_OK)
		return error;
	for (size_t i = 0; error == POSTERN_OK && i < table.row_count; i++)
		error = deliver_row(&table.rows[i], each, user);
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
static void split_head(char *text, struct event_fields *fields)
{
	for (char *rest = text; rest != NULL;) {
		char *part = strsep(&rest, ";");
		char *value = strchr(part, '=');

		if (value == NULL)
			continue;
		*value++ = 0;
		add_field(fields, part, value);
	}
}

/* The JSON object at *text, which moves behind it; NULL: there is none, up to the line's end. */
static json_object *take_json(char **text)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object *object =
		tokener == NULL ? NULL : json_tokener_parse_ex(tokener, *text, (int)strlen(*text));

	if (object != NULL)
		*text += json_tokener_get_parse_end(tokener);
	else
		*text += strcspn(*text, "\n");
	if (tokener != NULL)
		json_tokener_free(tokener);
	return object;
}

/* The event at *text, which moves behind it. */
static int deliver_code(char **text, postern_event_fn *each, void *user)
{
	struct event_fields fields = {.count = 0};
	char *head = *text;
	char *end = head + strcspn(head, "\r\n");
	char *data = strstr(head, DATA_WORD);
	json_object *object = NULL;

	if (data != NULL && data < end) {
		*text = data + strlen(DATA_WORD);
		object = take_json(text);
		end = data;
	} else {
		*text = end + (*end != 0);
	}
	*end = 0;
	split_head(head, &fields);
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

/* The next line that begins as an event does, or the end. */
static char *next_code(char *text)
{
	for (;; text += strcspn(text, "\n")) {
		text += strspn(text, " \t\r\n");
		if (*text == 0 || strncasecmp(text, CODE_WORD, strlen(CODE_WORD)) == 0)
			return text;
	}
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
	char *code = next_code(answer.text);
	char *lines = strcasestr(answer.text, "Events[");

	if (lines != NULL && (*code == 0 || lines < code))
		error = deliver_lines(&answer, each, user);
	else
		for (; error == POSTERN_OK && *code != 0; code = next_code(code))
			error = deliver_code(&code, each, user);
	answer_drop(&answer);
	return error;
}
