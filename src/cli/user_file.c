// SPDX-License-Identifier: Apache-2.0
/*
 * A file of people: CSV with a header row, or one JSON object a line when it begins with `{`. It is
 * read whole, so that it can be checked to its end before anything is sent, also from standard
 * input; it may hold PINs and is wiped. A row that is wrong is named by its place and the reading
 * goes on behind it, but for what makes the rows behind it doubtful.
 */
#include "user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (1u << 30) /* bytes */
#define JSON_LINE_MAX 16384
#define JSON_DEPTH 3

static bool read_all(struct user_file *file, FILE *from)
{
	size_t capacity = 0;

	for (;;) {
		if (file->len == capacity) {
			size_t more = capacity == 0 ? 1 << 16 : 2 * capacity;
			char *grown = more > FILE_MAX ? NULL : malloc(more);

			if (grown == NULL) {
				errno = EFBIG;
				return false;
			}
			if (file->len > 0)
				memcpy(grown, file->memory, file->len);
			user_file_close(file); /* wipes: no realloc */
			file->memory = grown;
			file->len = capacity;
			capacity = more;
		}
		size_t len = fread(file->memory + file->len, 1, capacity - file->len, from);

		file->len += len;
		if (len == 0)
			return ferror(from) == 0;
	}
}

int user_file_open(struct user_file *file, const char *name)
{
	bool input = strcmp(name, "-") == 0;

	file->memory = NULL;
	file->len = 0;
	file->name = input ? "standard input" : name;
	FILE *from = input ? stdin : fopen(name, "re");
	bool read = from != NULL && read_all(file, from);
	int error = errno;

	if (from != NULL && !input)
		fclose(from);
	if (read)
		return EXIT_DONE;
	user_file_close(file);
	return usage_error("--from: cannot read %s: %s", file->name, strerror(error));
}

void user_file_close(struct user_file *file)
{
	if (file->memory != NULL)
		explicit_bzero(file->memory, file->len);
	free(file->memory);
	file->memory = NULL;
	file->len = 0;
}

static struct buf why_begin(struct user_file *file)
{
	return buf_over(file->why, sizeof(file->why) - 1);
}

static enum user_file_result why_end(
	struct user_file *file, struct buf *why, struct csv_place at, enum user_file_result result)
{
	why->data[why->len] = 0;
	file->fault = at;
	return result;
}

static enum user_file_result bad(
	struct user_file *file, struct csv_place at, enum user_file_result result, const char *text)
{
	struct buf why = why_begin(file);

	buf_add_string(&why, text);
	return why_end(file, &why, at, result);
}

static enum user_file_result unknown_column(
	struct user_file *file, struct csv_place at, struct span name, enum user_file_result result)
{
	struct buf why = why_begin(file);

	user_value_show(&why, name);
	buf_add_string(&why, " is no column; there are: ");
	user_columns_print(&why);
	return why_end(file, &why, at, result);
}

static bool is_doubled(const struct user_file *file, uint32_t column)
{
	for (uint32_t i = 0; i < column; i++) {
		if (file->column[i].at == file->column[column].at &&
			file->column[i].subscript == file->column[column].subscript)
			return true;
	}
	return false;
}

static enum user_file_result read_header(struct user_file *file)
{
	struct csv *csv = &file->csv;
	enum csv_result result = csv_next(csv);

	if (result != CSV_ROW)
		return bad(file, csv->fault, USER_FILE_BROKEN,
			result == CSV_END ? "the file is empty: its first line names the columns"
					  : csv_fault_text(result));
	for (uint32_t i = 0; i < csv->field_count; i++) {
		struct csv_field *field = &csv->field[i];

		if (!user_column_find(span_trim(field->text), &file->column[i]))
			return unknown_column(file, field->at, field->text, USER_FILE_BROKEN);
		if (is_doubled(file, i))
			return bad(file, field->at, USER_FILE_BROKEN, "this column stands twice");
	}
	file->column_count = csv->field_count;
	return USER_FILE_ROW;
}

static bool begins_as_json(struct span text)
{
	size_t at = 0;

	if (span_starts_with(text, SPAN_LIT("\xef\xbb\xbf")))
		at = 3;
	while (at < text.len && memchr(" \t\r\n", text.data[at], 4) != NULL)
		at++;
	return at < text.len && text.data[at] == '{';
}

enum user_file_result user_file_rewind(struct user_file *file)
{
	struct span text = span_of(file->memory, file->len);

	file->rows = 0;
	file->line = 0;
	file->json = begins_as_json(text);
	if (!file->json) {
		csv_begin(&file->csv, text);
		return read_header(file);
	}
	file->rest = span_starts_with(text, SPAN_LIT("\xef\xbb\xbf"))
			     ? span_slice(text, 3, text.len)
			     : text;
	return USER_FILE_ROW;
}

static enum user_file_result end_row(
	struct user_file *file, struct user_row *row, struct csv_place at)
{
	struct buf why = why_begin(file);

	if (!user_row_end(row, &why))
		return why_end(file, &why, at, USER_FILE_BAD);
	return USER_FILE_ROW;
}

/* --- CSV --- */

static enum user_file_result next_csv(struct user_file *file, struct user_row *row)
{
	struct csv *csv = &file->csv;
	enum csv_result result = csv_next(csv);

	if (result == CSV_END)
		return USER_FILE_END;
	row->number = ++file->rows;
	if (result != CSV_ROW)
		return bad(file, csv->fault, USER_FILE_BROKEN, csv_fault_text(result));
	row->at = csv->field[0].at;
	if (csv->field_count != file->column_count) {
		struct buf why = why_begin(file);
		bool more = csv->field_count > file->column_count;

		buf_add_u64(&why, csv->field_count);
		buf_add_string(&why, " fields, but the first line names ");
		buf_add_u64(&why, file->column_count);
		buf_add_string(&why, more ? ": a field with separators needs quotes" : " columns");
		return why_end(file, &why, more ? csv->field[file->column_count].at : row->at,
			USER_FILE_BAD);
	}
	for (uint32_t i = 0; i < csv->field_count; i++) {
		struct buf why = why_begin(file);

		if (!user_row_set(row, file->column[i], csv->field[i].text, &why))
			return why_end(file, &why, csv->field[i].at, USER_FILE_BAD);
	}
	return end_row(file, row, row->at);
}

/* --- JSON lines --- */

static struct csv_place column_of(const struct user_file *file, struct span line, size_t bytes)
{
	struct csv_place at = {file->line, 1};

	for (size_t i = 0; i < bytes && i < line.len; i++)
		at.column += ((unsigned char)line.data[i] & 0xc0) != 0x80;
	return at;
}

/* Where "name" stands in the line; its begin when the name is written with escapes. */
static struct csv_place key_place(const struct user_file *file, struct span line, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i + len + 2 <= line.len; i++) {
		if (line.data[i] == '"' && line.data[i + len + 1] == '"' &&
			memcmp(line.data + i + 1, name, len) == 0)
			return column_of(file, line, i);
	}
	return column_of(file, line, 0);
}

/* A value as a CSV field would have it. */
static struct span json_text(struct json_object *value, struct buf *joined)
{
	if (json_object_is_type(value, json_type_string))
		return span_of(
			json_object_get_string(value), (size_t)json_object_get_string_len(value));
	if (!json_object_is_type(value, json_type_array))
		return span_from_string(value == NULL ? "" : json_object_get_string(value));
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		if (i > 0)
			buf_add_byte(joined, ',');
		buf_add_string(joined, json_object_get_string(json_object_array_get_idx(value, i)));
	}
	if (joined->overflow || joined->len == 0)
		return SPAN_LIT(""); /* an empty list is a list left out */
	return buf_span(joined);
}

static enum user_file_result take_object(
	struct user_file *file, struct user_row *row, struct span line, json_object *object)
{
	json_object_object_foreach(object, name, value)
	{
		struct user_column column;
		char list[1024];
		struct buf joined = buf_over(list, sizeof(list));
		struct buf why = why_begin(file);

		if (!user_column_find(span_from_string(name), &column))
			return unknown_column(file, key_place(file, line, name),
				span_from_string(name), USER_FILE_BAD);
		struct span text = json_text(value, &joined);

		if (joined.overflow)
			return bad(file, key_place(file, line, name), USER_FILE_BAD,
				"the list is too long");
		if (!user_row_set(row, column, text, &why))
			return why_end(file, &why, key_place(file, line, name), USER_FILE_BAD);
	}
	return end_row(file, row, row->at);
}

static enum user_file_result read_object(
	struct user_file *file, struct user_row *row, struct span line)
{
	json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);

	if (tokener == NULL)
		return bad(file, row->at, USER_FILE_BROKEN, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json_object *object = json_tokener_parse_ex(tokener, line.data, (int)line.len);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);
	enum user_file_result result;

	if (error != json_tokener_success)
		result = bad(file, column_of(file, line, end), USER_FILE_BAD,
			error == json_tokener_continue ? "the JSON object has no end in its line"
						       : json_tokener_error_desc(error));
	else if (span_trim(span_slice(line, end, line.len)).len > 0 ||
		 !json_object_is_type(object, json_type_object))
		result = bad(file, column_of(file, line, end), USER_FILE_BAD,
			"one JSON object a line, and nothing else");
	else
		result = take_object(file, row, line, object);
	json_object_put(object);
	json_tokener_free(tokener);
	return result;
}

static enum user_file_result next_json(struct user_file *file, struct user_row *row)
{
	struct span line;

	do {
		if (!span_next(&file->rest, '\n', &line))
			return USER_FILE_END;
		file->line++;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
	} while (span_trim(line).len == 0);
	row->number = ++file->rows;
	row->at = (struct csv_place){file->line, 1};
	if (line.len > JSON_LINE_MAX)
		return bad(file, row->at, USER_FILE_BAD, "the line is longer than a person can be");
	return read_object(file, row, line);
}

enum user_file_result user_file_next(struct user_file *file, struct user_row *row)
{
	user_row_begin(row);
	return file->json ? next_json(file, row) : next_csv(file, row);
}
