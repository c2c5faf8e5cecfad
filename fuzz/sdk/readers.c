// SPDX-License-Identifier: Apache-2.0
/*
 * A device's answer of getReaders. Oracle: flags are flags, no text is NULL, each reader has a
 * number, and numbers and texts are those of its own fields, which all stand in the answer's text.
 */
#include "base/assert.h"
#include "sdk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct postern_reader *reader, const char *name, const char *text)
{
	const char *value = fields_find(reader->fields, reader->field_count, name);

	ASSERT(value == NULL ? text[0] == 0 : text == value);
}

static void check_flag(const struct postern_reader *reader, const char *name, int flag)
{
	const char *value = fields_find(reader->fields, reader->field_count, name);
	struct span text = span_from_string(value == NULL ? "" : value);

	ASSERT((flag == 1) == span_equal_nocase(text, SPAN_LIT("true")));
	ASSERT((flag == 0) == span_equal_nocase(text, SPAN_LIT("false")));
}

static void check(const struct postern_reader *reader)
{
	const struct postern_field *fields = reader->fields;

	ASSERT(reader->size == sizeof(*reader) && reader->field_count > 0);
	ASSERT(reader->number >= 1);
	ASSERT(reader->number == fields_number(fields, reader->field_count, "Number"));
	ASSERT(reader->address >= 0 || reader->address == POSTERN_NOT_GIVEN);
	ASSERT(reader->serial == fields_number(fields, reader->field_count, "Serial"));
	check_flag(reader, "Online", reader->online);
	check_flag(reader, "HasKey", reader->has_key);
	check_text(reader, "Door", reader->door);
	check_text(reader, "PairFailed", reader->pair_failed);
	check_text(reader, "Firmware", reader->firmware);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer = {.text = malloc(size + 1), .len = size};
	struct postern_readers *readers = NULL;

	memcpy(answer.text, data, size);
	answer.text[size] = 0;
	int error = readers_from(&answer, &readers);

	ASSERT((error == POSTERN_OK) == (readers != NULL) && answer.text == NULL);
	ASSERT(error == POSTERN_OK || error == POSTERN_E_PROTOCOL);
	for (size_t i = 0; readers != NULL && i < readers->count; i++)
		check(&readers->reader[i]);
	ASSERT(postern_readers_free(readers) == NULL);
	return 0;
}
