// SPDX-License-Identifier: Apache-2.0
/*
 * Bodies of key=value lines. What was read, written and read again is the same; a time that was
 * read exists by the calendar's own arithmetic and comes back from its printed form.
 */
#include <stdlib.h>

#include "protocols/keyvalue.h"

#define ROOM (256 * 1024)

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Keys go out through the prefix, which takes any bytes. */
static void print(struct span body, struct buf *out)
{
	struct keyvalue_line line;

	while (keyvalue_next(&body, &line)) {
		require(span_find(line.key, '=') == line.key.len);
		if (line.key.len > 0)
			keyvalue_row_text(out, line.key, "", line.value);
	}
}

static void check_time(struct span text)
{
	char memory[64];
	struct buf printed = buf_over(memory, sizeof(memory));
	struct civil local;
	struct civil again;

	if (!keyvalue_parse_time(text, &local))
		return;
	keyvalue_add_time(&printed, &local);
	require(printed.len == 19 && keyvalue_parse_time(buf_span(&printed), &again));
	require(civil_to_seconds(&again) == civil_to_seconds(&local));
	again = civil_from_seconds(civil_to_seconds(&local));
	require(again.year == local.year && again.month == local.month && again.day == local.day);
	require(again.hour == local.hour && again.minute == local.minute &&
		again.second == local.second);
}

static void check_period(struct span text)
{
	char memory[64];
	struct buf printed = buf_over(memory, sizeof(memory));
	struct keyvalue_period period;
	struct keyvalue_period again;

	if (!keyvalue_parse_period(text, &period))
		return;
	keyvalue_add_period(&printed, &period);
	require(keyvalue_parse_period(buf_span(&printed), &again));
	require(period.mask == again.mask && period.from_s == again.from_s);
	require(period.to_s == again.to_s && period.from_s <= period.to_s && period.to_s <= 86400);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[2][ROOM];
	struct span body = span_of(data, size < ROOM / 4 ? size : ROOM / 4);
	struct buf once = buf_over(memory[0], ROOM);
	struct buf twice = buf_over(memory[1], ROOM);
	struct keyvalue_line line;
	struct span table, field;
	uint32_t row;

	print(body, &once);
	print(buf_span(&once), &twice);
	require(!once.overflow && span_equal(buf_span(&once), buf_span(&twice)));
	while (keyvalue_next(&body, &line)) {
		check_time(line.value);
		check_period(line.value);
		if (keyvalue_row_key(line.key, &table, &row, &field))
			require(table.len > 0 && field.len > 0 &&
				table.len + field.len + 4 <= line.key.len);
	}
	return 0;
}
