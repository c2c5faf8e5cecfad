// SPDX-License-Identifier: Apache-2.0
/*
 * CSV. What was read, written with every field between quotes and read again is the same; places
 * never go back, and a fault is one that has words and ends the reading.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "protocols/csv.h"

#define ROOM (256 * 1024)

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void print(const struct csv *csv, struct buf *out)
{
	for (uint32_t i = 0; i < csv->field_count; i++) {
		struct span text = csv->field[i].text;

		if (i > 0)
			buf_add_byte(out, csv->separator);
		buf_add_byte(out, '"');
		for (size_t at = 0; at < text.len; at++) {
			if (text.data[at] == '"')
				buf_add_byte(out, '"');
			buf_add_byte(out, text.data[at]);
		}
		buf_add_byte(out, '"');
	}
	buf_add_string(out, "\r\n");
}

static void read_all(struct span text, char separator, struct buf *out)
{
	static struct csv csv;
	struct csv_place last = {1, 0};
	enum csv_result result;

	csv_begin(&csv, text);
	if (separator != 0) /* of the first reading: one column leaves no trace of it */
		csv.separator = separator;
	buf_add_byte(out, csv.separator);
	while ((result = csv_next(&csv)) == CSV_ROW) {
		require(csv.field_count >= 1);
		for (uint32_t i = 0; i < csv.field_count; i++) {
			struct csv_place at = csv.field[i].at;

			require(at.line > last.line ||
				(at.line == last.line && at.column > last.column));
			last = at;
		}
		print(&csv, out);
	}
	require((csv_fault_text(result) == NULL) == (result == CSV_END));
	require(csv.rest.len == 0 && csv_next(&csv) == CSV_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[2][ROOM];
	struct buf once = buf_over(memory[0], ROOM);
	struct buf twice = buf_over(memory[1], ROOM);

	read_all(span_of(data, size < ROOM / 8 ? size : ROOM / 8), 0, &once);
	read_all(span_slice(buf_span(&once), 1, once.len), memory[0][0], &twice);
	require(!once.overflow && span_equal(buf_span(&once), buf_span(&twice)));
	return 0;
}
