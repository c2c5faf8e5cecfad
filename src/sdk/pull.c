// SPDX-License-Identifier: Apache-2.0
/*
 * Every record of a period: asks for the pages that pull_plan.c wants, and hands its rows out.
 *
 * A page stays alive while rows of it are held back for the next. A device that is away for a
 * moment is asked for the same page again, as often as the caller allows. One that refuses the
 * log-in after it took it once has restarted and knows its nonce no more: it is asked once again
 * with a fresh one.
 */
#include "pull.h"

#include <stdlib.h>

#define RETRY_FIRST_MS 500u
#define RETRY_MAX_MS 30000u

struct pull_page {
	struct pull_page *next;
	struct postern_records *records;
};

struct pull_call {
	struct postern_call call;
	struct postern_record_query query;
	char *card_no; /* the query's, owned */
	char *user_id;
	struct pull_plan plan;
	struct pull_page *pages; /* that held rows of the plan point into */
	unsigned failures; /* of this page */
	bool answered; /* this device took the log-in once */
	bool renewed; /* and refused it since */
	size_t handed; /* of plan.out */
	postern_record_fn *each;
	postern_pull_fn *done;
	void *user;
};

static int pull_answered(struct postern_call *call, int error, struct answer *answer);

static int ask(struct postern_call *call)
{
	struct pull_call *pull = (struct pull_call *)call;
	struct postern_record_query page = pull->query;
	struct target target;

	page.from = pull->plan.ask.from;
	page.to = pull->plan.ask.to;
	page.count = pull->plan.ask.count;
	return http_start(call, records_target(call->device, &page, &target), pull_answered);
}

unsigned retry_delay_ms(unsigned failures)
{
	return failures > 6 ? RETRY_MAX_MS : RETRY_FIRST_MS << (failures - 1);
}

bool error_may_pass(int error)
{
	return error == POSTERN_E_CONNECT || error == POSTERN_E_TIMEOUT ||
	       error == POSTERN_E_DEVICE || error == POSTERN_E_PROTOCOL;
}

static int ask_again_or_fail(struct pull_call *pull, int error)
{
	if (error == POSTERN_E_AUTH && pull->answered && !pull->renewed) {
		pull->renewed = true;
		return ask(&pull->call);
	}
	if (!error_may_pass(error) || pull->failures >= pull->query.retries)
		return error;
	return call_sleep(&pull->call, retry_delay_ms(++pull->failures), ask);
}

static void page_free(struct pull_page *page)
{
	postern_records_free(page->records);
	free(page);
}

static bool page_is_held(const struct pull_page *page, const struct pull_rows *held)
{
	const struct postern_record *first = page->records->record;

	for (size_t i = 0; i < held->count; i++) {
		if (held->row[i].record >= first &&
			held->row[i].record < first + page->records->count)
			return true;
	}
	return false;
}

static void free_old_pages(struct pull_call *pull)
{
	for (struct pull_page **at = &pull->pages; *at != NULL;) {
		struct pull_page *page = *at;

		if (page_is_held(page, &pull->plan.held)) {
			at = &page->next;
			continue;
		}
		*at = page->next;
		page_free(page);
	}
}

static int hand_out(struct pull_call *pull)
{
	const struct pull_rows *out = &pull->plan.out;

	for (size_t i = 0; i < out->count; i++) {
		pull->handed = i + 1;
		if (pull->each(pull->user, out->row[i].record) != 0 || pull->call.stopped) {
			pull->plan.report.kept -= out->count - i - 1;
			return POSTERN_E_STOPPED;
		}
	}
	return POSTERN_OK;
}

/* Without RecNo a row cannot be told from the next one; an answer that was cut off has such too. */
static int check_rec_nos(struct postern_call *call, const struct postern_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct postern_record *record = &records->record[i];

		if (fields_number(record->fields, record->field_count, "RecNo") < 0)
			return call_fail(call, POSTERN_E_PROTOCOL,
				"records[%zu] of %zu has no RecNo", i, records->count);
	}
	return POSTERN_OK;
}

/* Owns records from here on. */
static enum pull_next plan_page(
	struct pull_call *pull, struct postern_records *records, int64_t found)
{
	struct pull_page *page = malloc(sizeof(*page));
	struct pull_row *rows = calloc(records->count + 1, sizeof(*rows));
	enum pull_next next = PULL_NO_MEMORY;

	if (page == NULL || rows == NULL) {
		postern_records_free(records);
		free(page);
		free(rows);
		return next;
	}
	*page = (struct pull_page){pull->pages, records};
	pull->pages = page;
	for (size_t i = 0; i < records->count; i++) {
		const struct postern_record *record = &records->record[i];

		rows[i] = (struct pull_row){record->create_time, record->rec_no, record};
	}
	next = pull_plan_take(&pull->plan, rows, records->count, records->total, found);
	free(rows);
	return next;
}

static int verdict(struct pull_call *pull)
{
	const struct postern_pull_report *report = &pull->plan.report;

	if (report->crowded_seconds == 0)
		return POSTERN_OK;
	return call_fail(&pull->call, POSTERN_E_INCOMPLETE,
		"second %lld holds more records than a page of %u",
		(long long)report->crowded_second, PULL_ROWS_MAX);
}

static int pull_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct pull_call *pull = (struct pull_call *)call;
	struct postern_records *records = NULL;
	bool empty = answer->len == 0;
	int64_t found;

	if (error == POSTERN_OK)
		error = records_from_answer(call, answer, &records, &found);
	if (error == POSTERN_OK)
		error = check_rec_nos(call, records);
	if (error != POSTERN_OK)
		records = postern_records_free(records);
	if (error != POSTERN_OK)
		return ask_again_or_fail(pull, error);
	pull->failures = 0;
	pull->answered = true;
	pull->renewed = false;
	if (empty)
		pull->plan.report.unproven = 1; /* none, or a device that said nothing */
	enum pull_next next = plan_page(pull, records, found);

	if (next == PULL_NO_MEMORY)
		return call_fail(call, POSTERN_E_MEMORY, "out of memory");
	error = hand_out(pull);
	free_old_pages(pull);
	if (error != POSTERN_OK)
		return error;
	return next == PULL_ASK ? ask(call) : verdict(pull);
}

static void pull_end(struct postern_call *call, int error)
{
	struct pull_call *pull = (struct pull_call *)call;

	pull_plan_judge(&pull->plan, error == POSTERN_OK);
	pull->done(pull->user, call, error, &pull->plan.report);
}

static void pull_drop(struct postern_call *call)
{
	struct pull_call *pull = (struct pull_call *)call;

	pull->plan.held.count = 0;
	free_old_pages(pull);
	pull_plan_drop(&pull->plan);
	free(pull->card_no);
	free(pull->user_id);
}

bool pull_brings(const struct postern_call *call, struct postern_rec_nos rec_nos)
{
	const struct pull_call *pull = (const struct pull_call *)call;
	uint64_t left = rec_nos.last - rec_nos.first + 1;

	for (size_t i = pull->handed; i < pull->plan.out.count && left > 0; i++) {
		uint64_t rec_no = pull->plan.out.row[i].rec_no;

		left -= rec_no >= rec_nos.first && rec_no <= rec_nos.last;
	}
	return left == 0;
}

size_t pull_page_max(const struct postern_call *call)
{
	return ((const struct pull_call *)call)->plan.page_max;
}

/* False when memory is out. */
static bool own(const char **text, char **copy)
{
	*copy = *text == NULL ? NULL : strdup(*text);
	bool copied = *text == NULL || *copy != NULL;

	*text = *copy;
	return copied;
}

int pull_start(struct postern_device *device, const struct postern_record_query *query,
	const struct pull_resume *resume, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = pull_end, .drop = pull_drop};
	struct postern_record_query known;
	int error;

	if (!record_query_copy(query, &known) || each == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	struct pull_call *pull = call_new(device, sizeof(*pull), &class, done != NULL, &error);

	if (pull == NULL)
		return error;
	pull->query = known;
	pull->each = each;
	pull->done = done;
	pull->user = user;
	pull_plan_init(&pull->plan, &known);
	if (resume != NULL)
		pull->plan.page_max = resume->page_max;
	if (!own(&pull->query.card_no, &pull->card_no) ||
		!own(&pull->query.user_id, &pull->user_id) ||
		(resume != NULL && !pull_plan_resume(&pull->plan, resume->create_time,
					   resume->rec_nos, resume->count)))
		return call_begin(&pull->call,
			call_fail(&pull->call, POSTERN_E_MEMORY, "out of memory"), NULL);
	return call_begin(&pull->call, ask(&pull->call), call);
}

int postern_records_pull_start(struct postern_device *device,
	const struct postern_record_query *query, postern_record_fn *each, postern_pull_fn *done,
	void *user, struct postern_call **call)
{
	return pull_start(device, query, NULL, each, done, user, call);
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
	if (report != NULL) {
		size_t size = report->size;

		/* A caller of an earlier version has a shorter one. */
		memcpy(report, &wait.report, size < sizeof(*report) ? size : sizeof(*report));
		report->size = size;
	}
	return error;
}
