/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which page of records to ask for next, and which rows of a page are new: the integration paper's
 * procedure ("Get offline access records") as a state machine over pages, without a network.
 *
 *	pull_plan_init(&plan, &query);
 *	do {
 *		ask the device for plan.ask;
 *		next = pull_plan_take(&plan, rows, count, total);
 *		hand plan.out out, and keep alive what plan.held points at;
 *	} while (next == PULL_ASK);
 */
#pragma once

#include "postern/postern.h"

#include <stdbool.h>

#define PULL_ROWS_MAX 1024u /* the count a page is asked with at most */

struct pull_row {
	int64_t create_time; /* -1: the row has none */
	uint64_t rec_no;
	const struct postern_record *record; /* the driver's; never looked at here */
};

struct pull_rows {
	struct pull_row *row;
	size_t count;
	size_t capacity;
};

/* RecNos that came, as ranges in rising order. */
struct pull_ranges {
	struct postern_rec_nos *range;
	size_t count;
	size_t capacity;
};

struct pull_ask {
	int64_t from; /* POSTERN_NOT_GIVEN: open, as to */
	int64_t to;
	unsigned count;
};

enum pull_next {
	PULL_ASK, /* plan.ask */
	PULL_DONE,
	PULL_NO_MEMORY,
};

struct pull_plan {
	struct pull_ask ask; /* the next page */
	struct pull_rows out; /* to be handed out now, by (CreateTime, RecNo) */
	struct pull_rows held; /* of a second that the next page may bring more of */
	struct pull_rows seen; /* handed out by an earlier pull: rows of one second */
	bool *seen_again;
	struct postern_pull_report report;

	int64_t last; /* EndTime of the last period, fixed at the start */
	int64_t period_end;
	unsigned period_s; /* 0: one period */
	unsigned count; /* rows a page as the caller wants them */
	bool begun; /* the period's first page came */
	bool totals; /* every period so far had a totalCount */
	bool narrow; /* the device does not send the oldest first: ask for ever shorter spans */
	bool constant; /* its totalCount does not depend on what is asked for */
	bool varies; /* it does */
	bool capped; /* it sends fewer rows a page than it was asked for */
	bool short_page; /* the last page was shorter than asked for, and went on behind it */
	bool was_narrow; /* of any period */
	bool grew; /* records were added meanwhile */
	int64_t skipped; /* a second that was left because no page brought more of it */
	int64_t behind_skipped; /* what totalCount promised behind its rows */
	int64_t newest; /* CreateTime of any row */
	size_t page_max; /* rows of the largest page */
	int64_t period_total;
	uint64_t period_rows; /* different rows of this period that came and are not held */

	bool whole; /* no condition: RecNos without a gap can be expected */
	struct pull_ranges came; /* since the device last counted anew */
	uint64_t came_rows;
	bool dense; /* up to now */
};

/* The query's texts are not kept. */
void pull_plan_init(struct pull_plan *plan, const struct postern_record_query *query);
void pull_plan_drop(struct pull_plan *plan);

/* What an earlier pull has handed out of the second that this one begins with. False: no memory. */
bool pull_plan_resume(
	struct pull_plan *plan, int64_t create_time, const uint64_t *rec_nos, size_t count);

/*
 * One page as it came. total: its totalCount, found: how many rows it says to have; or
 * POSTERN_NOT_GIVEN. Rows of earlier pages stay in
 * held until they are in out: then nothing refers to them any more.
 */
enum pull_next pull_plan_take(struct pull_plan *plan, const struct pull_row *rows, size_t count,
	int64_t total, int64_t found);

/* Fills the report's verdict when all is done. Once. finished: the pull came to its end. */
void pull_plan_judge(struct pull_plan *plan, bool finished);
