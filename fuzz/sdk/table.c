// SPDX-License-Identifier: Apache-2.0
/*
 * A device's answer of rows. What is sorted into rows must be as many fields as an independent
 * count of the lines says, every string inside the text, and every row's fields in the order of the
 * lines.
 */
#include "base/assert.h"
#include "protocols/keyvalue.h"
#include "sdk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_fields(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct keyvalue_line line;
	size_t fields = 0;

	while (keyvalue_next(&rest, &line)) {
		struct span table;
		struct span field;
		uint32_t row;

		fields += keyvalue_row_key(line.key, &table, &row, &field) &&
			  span_equal_nocase(table, SPAN_LIT("records"));
	}
	return fields;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer = {.text = malloc(size + 1), .len = size};
	size_t expected = count_fields(data, size);
	const char *text = answer.text;
	struct table table;
	size_t fields = 0;

	memcpy(answer.text, data, size);
	answer.text[size] = 0;
	if (table_parse(&answer, "records", &table) != POSTERN_OK)
		return 0;
	for (size_t row = 0; row < table.row_count; row++) {
		for (size_t i = 0; i < table.rows[row].field_count; i++, fields++) {
			const struct postern_field *field = &table.rows[row].fields[i];

			ASSERT(field->name >= text && field->name < field->value);
			ASSERT(field->value <= text + size);
			ASSERT(i == 0 || field->name > table.rows[row].fields[i - 1].name);
		}
	}
	ASSERT(fields == expected);
	table_drop(&table);
	return 0;
}
