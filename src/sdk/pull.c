// SPDX-License-Identifier: Apache-2.0
/*
 * Every record of a period by the integration paper's procedure ("Get offline access
 * records"): the next StartTime is the last row's CreateTime, so pages overlap; what came before is
 * dropped by RecNo. Only rows of the second a page begins with can have come before, because rows
 * come oldest first: their RecNos are remembered, nothing else.
 *
 * Done when as many are kept as the first totalCount said, or without it when a page is shorter
 * than count. More rows in one second than a page holds cannot be asked for: that is said, not
 * looped on.
 */
#include "sdk.h"

#include <stdlib.h>

#define PAGE_ROWS_MAX 1024

struct seen {
	int64_t second;
	uint64_t *rec_no;
	size_t count;
	size_t capacity;
};

static bool seen_has(const struct seen *seen, const struct postern_record *record)
{
	if (record->create_time != seen->second)
		return false;
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->rec_no[i] == record->rec_no)
			return true;
	}
	return false;
}

static bool seen_add(struct seen *seen, const struct postern_record *record)
{
	if (record->create_time != seen->second) {
		seen->second = record->create_time;
		seen->count = 0;
	}
	if (seen->count == seen->capacity) {
		size_t capacity = seen->capacity == 0 ? 64 : seen->capacity * 2;
		uint64_t *grown = realloc(seen->rec_no, capacity * sizeof(*grown));

		if (grown == NULL)
			return false;
		seen->rec_no = grown;
		seen->capacity = capacity;
	}
	seen->rec_no[seen->count++] = record->rec_no;
	return true;
}

/* Hands out the rows of a page that did not come before; *ret_new: how many. */
static int take_page(const struct postern_records *page, struct seen *seen, postern_record_fn *each,
	void *user, struct postern_pull_report *report, size_t *ret_new)
{
	*ret_new = 0;
	for (size_t i = 0; i < page->count; i++) {
		const struct postern_record *record = &page->record[i];

		if (seen_has(seen, record)) {
			report->overlaps++;
			continue;
		}
		if (!seen_add(seen, record))
			return POSTERN_E_MEMORY;
		report->kept++;
		*ret_new += 1;
		if (each(user, record) != 0)
			return POSTERN_E_STOPPED;
	}
	return POSTERN_OK;
}

static bool is_done(const struct postern_pull_report *report, const struct postern_records *page,
	size_t new_rows, unsigned count)
{
	if (report->total != POSTERN_NOT_GIVEN && report->kept >= (uint64_t)report->total)
		return true;
	/* A totalCount that cannot be reached (rows were pruned meanwhile) must not loop. */
	return page->count < count || (page->count == 0 && new_rows == 0);
}

/* Where the next page begins. False when the device cannot be asked for more of this second. */
static bool advance(struct postern_record_query *query, const struct postern_records *page,
	size_t new_rows, struct postern_pull_report *report)
{
	int64_t last = page->record[page->count - 1].create_time;

	if (new_rows > 0 && last != query->from) {
		query->from = last;
		return true;
	}
	if (query->count < PAGE_ROWS_MAX) {
		query->from = last;
		query->count = PAGE_ROWS_MAX;
		return true;
	}
	report->crowded_second = last;
	return false;
}

static int pull(struct postern_device *device, struct postern_record_query *query,
	postern_record_fn *each, void *user, struct postern_pull_report *report, struct seen *seen)
{
	for (;;) {
		struct postern_records *page;
		size_t new_rows;
		int error = postern_records_find(device, query, &page);

		if (error != POSTERN_OK)
			return error;
		if (report->pages++ == 0)
			report->total = page->total;
		error = take_page(page, seen, each, user, report, &new_rows);
		bool done = error == POSTERN_OK && is_done(report, page, new_rows, query->count);
		bool stuck =
			error == POSTERN_OK && !done && !advance(query, page, new_rows, report);

		postern_records_free(page);
		if (error != POSTERN_OK)
			return error;
		if (done)
			return POSTERN_OK;
		if (stuck)
			return device_fail(device, POSTERN_E_INCOMPLETE,
				"second %lld holds more records than a page of %u",
				(long long)report->crowded_second, query->count);
	}
}

int postern_records_pull(struct postern_device *device, const struct postern_record_query *query,
	postern_record_fn *each, void *user, struct postern_pull_report *report)
{
	struct postern_pull_report local = POSTERN_PULL_REPORT_INIT;
	struct seen seen = {.second = POSTERN_NOT_GIVEN};

	if (query == NULL || query->size < sizeof(*query) || each == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	struct postern_record_query next = *query;

	if (next.count == 0 || next.count > PAGE_ROWS_MAX)
		next.count = PAGE_ROWS_MAX;
	int error = pull(device, &next, each, user, &local, &seen);

	free(seen.rec_no);
	local.complete = error == POSTERN_OK &&
			 (local.total == POSTERN_NOT_GIVEN || local.kept >= (uint64_t)local.total);
	if (report != NULL)
		*report = local;
	return error;
}
