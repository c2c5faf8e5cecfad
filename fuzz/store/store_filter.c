// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes become a filter and a few records; pages and totals must be those of a plain loop. One
 * store serves all inputs: each looks only behind the last record of the one before. Bytes: 12 of
 * the filter, then 4 a record.
 */
#include "internal.h"
#include "reference.h"
#include "scratch.h"

#include "base/assert.h"

#include <stdlib.h>

#define ROWS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[SCRATCH_PATH_SIZE];
static struct store *store;
static struct store_reader *reader;
static const char *const texts[] = {"1", "001", "2", "' OR 1=1--", "\xff\x01", "", "a?b", "3"};

static void clean_up(void)
{
	scratch_empty(path, true);
}

static void start(void)
{
	struct store_options options = {
		.records_max = ROWS_MAX, .journal_max = ROWS_MAX, .persons_max = 1};

	ASSERT(store_open(scratch_make(path), &options, &store, NULL) == 0);
	ASSERT(store_reader_open(store, &reader) == 0);
	ASSERT(sql_run(store->connection.db, "PRAGMA synchronous = OFF") == 0);
	(void)atexit(clean_up);
}

static struct commit_entry entry_of(const uint8_t *row)
{
	struct commit_entry entry = {.kind = JOURNAL_ACCESS,
		.at.utc_ms = (int8_t)row[0] * INT64_C(250),
		.card_number = row[1] % 4,
		.has_card = row[1] >= 64,
		.door = row[2] % 4,
		.method = row[2] >= 128 ? METHOD_CARD : METHOD_REMOTE,
		.reason = row[3] % REASON_COUNT};

	(void)text_set(&entry.user_id, span_from_string(texts[row[3] % 8]));
	return entry;
}

static struct record_filter filter_of(const uint8_t *d, uint64_t after)
{
	struct record_filter filter = {.has_from = d[0] & 1,
		.has_to = d[0] & 2,
		.has_card_no = d[0] & 4,
		.has_user_id = d[0] & 8,
		.has_door = d[0] & 16,
		.has_status = d[0] & 32,
		.has_method = d[0] & 64,
		.from_s = d[1] == 255 ? INT64_MIN : (int8_t)d[1],
		.to_s = d[2] == 255 ? INT64_MAX : (int8_t)d[2],
		.door = d[3] % 4,
		.status = d[4] % 2,
		.method = d[5] % 2 ? METHOD_CARD : METHOD_REMOTE,
		.after_rec_no = after + d[6] % 8};

	(void)text_set(&filter.card_no, span_from_string(texts[d[7] % 8]));
	(void)text_set(&filter.user_id, span_from_string(texts[d[8] % 8]));
	return filter;
}

static void check(const struct record_filter *filter, const struct journal_entry **wanted,
	uint32_t count, uint32_t page)
{
	static struct journal_entry got[ROWS_MAX];
	struct record_cursor cursor = {0};
	uint64_t total = 0;
	uint32_t rows = 0;

	ASSERT(store_record_count(reader, filter, &total) == 0 && total == count);
	for (uint32_t at = 0; at <= count; at += page) {
		ASSERT(store_records(reader, filter, &cursor, 0, got, page, &rows) == 0);
		ASSERT(rows == (count - at < page ? count - at : page));
		for (uint32_t i = 0; i < rows; i++)
			ASSERT(memcmp(&got[i], wanted[at + i], sizeof(got[i])) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct journal_entry rows[ROWS_MAX];
	const struct journal_entry *wanted[ROWS_MAX];
	struct store_state before;
	uint32_t count = 0;

	if (size < 12)
		return 0;
	if (store == NULL)
		start();
	store_state(store, &before);
	ASSERT(store_begin(store) == 0);
	for (size_t at = 12; at + 4 <= size && count < ROWS_MAX; at += 4) {
		struct commit_entry entry = entry_of(data + at);

		ASSERT(store_append(store, &entry, &rows[count++]) == 0);
	}
	ASSERT(store_commit(store) == 0);
	struct record_filter filter = filter_of(data, before.last_rec_no);
	uint32_t found = reference_records(rows, count, &filter, 0, wanted);

	check(&filter, wanted, found, 1 + data[9] % 16);
	return 0;
}
