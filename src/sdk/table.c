// SPDX-License-Identifier: Apache-2.0
/*
 * Answers made of lines `table[row].field=value`, in any order and case. The text is cut in place:
 * names and values become NUL-terminated strings inside it. Lines are counted and then sorted by
 * row with one pass each, so that an answer costs time and memory in proportion to its length.
 */
#include "base/number.h"
#include "protocols/keyvalue.h"
#include "sdk.h"

#include <stdlib.h>

struct line {
	uint32_t row;
	struct postern_field field;
};

struct lines {
	struct line *line;
	size_t count;
	size_t capacity;
};

static bool lines_add(struct lines *lines, uint32_t row, struct span name, struct span value)
{
	if (lines->count == lines->capacity) {
		size_t capacity = lines->capacity == 0 ? 256 : lines->capacity * 2;
		struct line *grown = realloc(lines->line, capacity * sizeof(*grown));

		if (grown == NULL)
			return false;
		lines->line = grown;
		lines->capacity = capacity;
	}
	/* Both spans lie in the answer's own text; the byte behind each is a separator to be cut.
	 */
	char *name_text = (char *)(uintptr_t)name.data;
	char *value_text = (char *)(uintptr_t)value.data;

	name_text[name.len] = 0;
	value_text[value.len] = 0;
	lines->line[lines->count++] = (struct line){row, {name_text, value_text}};
	return true;
}

static void take_total(struct table *table, const struct keyvalue_line *line)
{
	uint64_t number;

	if (!number_parse_u64(span_trim(line->value), INT64_MAX, &number))
		return;
	if (span_equal_nocase(line->key, SPAN_LIT("totalCount")))
		table->total = (int64_t)number;
	else if (span_equal_nocase(line->key, SPAN_LIT("found")))
		table->found = (int64_t)number;
}

static int collect(
	struct answer *answer, struct span table_name, struct table *table, struct lines *lines)
{
	struct span rest = span_of(answer->text, answer->len);
	struct keyvalue_line line;

	while (keyvalue_next(&rest, &line)) {
		struct span name;
		struct span field;
		uint32_t row;

		if (!keyvalue_row_key(line.key, &name, &row, &field)) {
			take_total(table, &line);
			continue;
		}
		if (!span_equal_nocase(name, table_name))
			continue;
		if (row >= ROWS_MAX)
			return POSTERN_E_PROTOCOL;
		if (row >= table->row_count)
			table->row_count = row + 1;
		if (!lines_add(lines, row, field, line.value))
			return POSTERN_E_MEMORY;
	}
	return POSTERN_OK;
}

/* Places each line's field behind those of its row that came before. */
static int sort_into_rows(const struct lines *lines, struct table *table)
{
	if (table->row_count > lines->count)
		return POSTERN_E_PROTOCOL; /* a row without a field: a number that cannot be */
	table->rows = calloc(table->row_count + 1, sizeof(*table->rows));
	table->fields = calloc(lines->count + 1, sizeof(*table->fields));
	if (table->rows == NULL || table->fields == NULL)
		return POSTERN_E_MEMORY;
	for (size_t i = 0; i < lines->count; i++)
		table->rows[lines->line[i].row].field_count++;
	struct postern_field *next = table->fields;

	for (size_t row = 0; row < table->row_count; row++) {
		table->rows[row].fields = next;
		next += table->rows[row].field_count;
		table->rows[row].field_count = 0;
	}
	for (size_t i = 0; i < lines->count; i++) {
		struct row *row = &table->rows[lines->line[i].row];

		row->fields[row->field_count++] = lines->line[i].field;
	}
	return POSTERN_OK;
}

int table_parse(struct answer *answer, const char *table_name, struct table *ret)
{
	struct table table = {
		.text = answer->text, .total = POSTERN_NOT_GIVEN, .found = POSTERN_NOT_GIVEN};
	struct lines lines = {0};
	bool whole =
		!answer->open_end || (answer->len > 0 && answer->text[answer->len - 1] == '\n');
	int error = collect(answer, span_from_string(table_name), &table, &lines);

	/* Every line has an end; what only the connection's end ended was cut off without. */
	if (answer->open_end && table.found > (int64_t)table.row_count)
		whole = false;
	if (error == POSTERN_OK && !whole)
		error = POSTERN_E_PROTOCOL;
	answer->text = NULL;
	answer->len = 0;
	if (error == POSTERN_OK)
		error = sort_into_rows(&lines, &table);
	free(lines.line);
	if (error != POSTERN_OK)
		table_drop(&table);
	else
		*ret = table;
	return error;
}

void table_drop(struct table *table)
{
	free(table->text);
	free(table->fields);
	free(table->rows);
	*table = (struct table){0};
}

const char *fields_find(const struct postern_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal_nocase(span_from_string(fields[i].name), span_from_string(name)))
			return fields[i].value;
	}
	return NULL;
}

int64_t fields_number(const struct postern_field *fields, size_t count, const char *name)
{
	const char *value = fields_find(fields, count, name);
	int64_t number;

	if (value == NULL || !number_parse_i64(span_trim(span_from_string(value)), INT64_MIN + 1,
				     INT64_MAX, &number))
		return POSTERN_NOT_GIVEN;
	return number;
}

static bool find_value(const struct answer *answer, const char *key, struct span *ret)
{
	struct span rest = span_of(answer->text, answer->len);
	struct keyvalue_line line;

	while (keyvalue_next(&rest, &line)) {
		if (span_equal_nocase(line.key, span_from_string(key))) {
			*ret = line.value;
			return true;
		}
	}
	return false;
}

bool answer_number(const struct answer *answer, const char *key, int64_t *ret)
{
	struct span value;

	return find_value(answer, key, &value) &&
	       number_parse_i64(span_trim(value), 0, INT64_MAX, ret);
}

void answer_value(const struct answer *answer, const char *key, char *memory, size_t capacity)
{
	struct span value = {"", 0};

	(void)find_value(answer, key, &value);
	value = span_slice(value, 0, capacity - 1);
	if (value.len > 0)
		memcpy(memory, value.data, value.len);
	memory[value.len] = 0;
}
