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

struct pull_call {
	struct postern_call call;
	struct postern_record_query query; /* of the next page */
	char *card_no; /* the query's, owned */
	char *user_id;
	struct seen seen;
	struct postern_pull_report report;
	postern_record_fn *each;
	postern_pull_fn *done;
	void *user;
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
static int take_page(struct pull_call *pull, const struct postern_records *page, size_t *ret_new)
{
	struct postern_pull_report *report = &pull->report;

	*ret_new = 0;
	for (size_t i = 0; i < page->count; i++) {
		const struct postern_record *record = &page->record[i];

		if (seen_has(&pull->seen, record)) {
			report->overlaps++;
			continue;
		}
		if (!seen_add(&pull->seen, record))
			return POSTERN_E_MEMORY;
		report->kept++;
		*ret_new += 1;
		if (pull->each(pull->user, record) != 0 || pull->call.stopped)
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

static int pull_answered(struct postern_call *call, int error, struct answer *answer);

static int ask(struct pull_call *pull)
{
	struct target target;

	return http_start(&pull->call, records_target(pull->call.device, &pull->query, &target),
		pull_answered);
}

static int take_answer(struct pull_call *pull, const struct postern_records *page)
{
	size_t new_rows;

	if (pull->report.pages++ == 0)
		pull->report.total = page->total;
	int error = take_page(pull, page, &new_rows);

	if (error != POSTERN_OK || is_done(&pull->report, page, new_rows, pull->query.count))
		return error;
	if (advance(&pull->query, page, new_rows, &pull->report))
		return ask(pull);
	return call_fail(&pull->call, POSTERN_E_INCOMPLETE,
		"second %lld holds more records than a page of %u",
		(long long)pull->report.crowded_second, pull->query.count);
}

static int pull_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct postern_records *page;

	if (error == POSTERN_OK)
		error = records_from_answer(call, answer, &page);
	if (error != POSTERN_OK)
		return error;
	error = take_answer((struct pull_call *)call, page);
	postern_records_free(page);
	return error;
}

static void pull_end(struct postern_call *call, int error)
{
	struct pull_call *pull = (struct pull_call *)call;
	struct postern_pull_report *report = &pull->report;

	report->complete = error == POSTERN_OK && (report->total == POSTERN_NOT_GIVEN ||
							  report->kept >= (uint64_t)report->total);
	pull->done(pull->user, call, error, report);
}

static void pull_drop(struct postern_call *call)
{
	struct pull_call *pull = (struct pull_call *)call;

	free(pull->seen.rec_no);
	free(pull->card_no);
	free(pull->user_id);
}

/* False when memory is out. */
static bool own(const char **text, char **copy)
{
	*copy = *text == NULL ? NULL : strdup(*text);
	bool copied = *text == NULL || *copy != NULL;

	*text = *copy;
	return copied;
}

int postern_records_pull_start(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = pull_end, .drop = pull_drop};
	int error;

	if (query == NULL || query->size < sizeof(*query) || query->after_rec_no > INT64_MAX ||
		each == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	struct pull_call *pull = call_new(device, sizeof(*pull), &class, done != NULL, &error);

	if (pull == NULL)
		return error;
	pull->query = *query;
	if (query->count == 0 || query->count > PAGE_ROWS_MAX)
		pull->query.count = PAGE_ROWS_MAX;
	pull->seen.second = POSTERN_NOT_GIVEN;
	pull->report = (struct postern_pull_report)POSTERN_PULL_REPORT_INIT;
	pull->each = each;
	pull->done = done;
	pull->user = user;
	if (!own(&pull->query.card_no, &pull->card_no) ||
		!own(&pull->query.user_id, &pull->user_id))
		return call_begin(&pull->call,
			call_fail(&pull->call, POSTERN_E_MEMORY, "out of memory"), NULL);
	return call_begin(&pull->call, ask(pull), call);
}

/* The form that waits hands the same callback the caller's own user. */
struct pull_wait {
	struct sync sync;
	postern_record_fn *each;
	void *user;
	struct postern_pull_report report;
};

static int wait_each(void *user, const struct postern_record *record)
{
	struct pull_wait *wait = user;

	return wait->each(wait->user, record);
}

static void wait_done(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report)
{
	struct pull_wait *wait = user;

	wait->report = *report;
	sync_done(&wait->sync, call, error);
}

int postern_records_pull(struct postern_device *device, const struct postern_record_query *query,
	postern_record_fn *each, void *user, struct postern_pull_report *report)
{
	struct pull_wait wait = {.each = each, .user = user, .report = POSTERN_PULL_REPORT_INIT};
	int error = sync_begin(&wait.sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&wait.sync,
			postern_records_pull_start(device, query, each == NULL ? NULL : wait_each,
				wait_done, &wait, NULL));
	if (report != NULL)
		*report = wait.report;
	return error;
}
