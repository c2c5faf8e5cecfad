// SPDX-License-Identifier: Apache-2.0
/*
 * The paper's procedure, and what devices make of it.
 *
 * Within a period the next StartTime is the last row's CreateTime, so pages overlap; rows of that
 * last second are held back until the next page has shown the rest of it, and what comes twice is
 * dropped by (CreateTime, RecNo): RecNos may begin anew when a device is reset. Rows go out by
 * (CreateTime, RecNo).
 *
 * A period is done when as many came as its first totalCount said and the page was not full, or
 * without totalCount when a page is shorter than count. A device may send fewer rows than asked
 * for; so the first short page without totalCount is believed when the next brings nothing new.
 *
 * When one second fills a page of 1024, no request reaches behind it: that second is named, and
 * the pull goes on one second later. A device whose full pages are not oldest first is asked for
 * ever shorter spans until they fit a page. Every request but the second try with larger pages
 * begins later or spans less than the one before, so a pull over a bounded time ends whatever the
 * device sends.
 *
 * Held rows that the overlap does not bring again have been overwritten, and what lies between
 * them and the next row by RecNo has too, unseen. Other gaps of RecNo were there before.
 */
#include "pull_plan.h"

#include "base/assert.h"
#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

void pull_plan_init(struct pull_plan *plan, const struct postern_record_query *query)
{
	unsigned count =
		query->count > 1 && query->count < PULL_ROWS_MAX ? query->count : PULL_ROWS_MAX;

	*plan = (struct pull_plan){
		.ask = {query->from, query->to, count},
		.last = query->to,
		.period_end = query->to,
		.count = count,
		.totals = true,
		.skipped = POSTERN_NOT_GIVEN,
		.newest = POSTERN_NOT_GIVEN,
		.period_total = POSTERN_NOT_GIVEN,
		.whole = query->card_no == NULL && query->user_id == NULL &&
			 query->door == POSTERN_NOT_GIVEN && query->status == POSTERN_NOT_GIVEN &&
			 query->method == POSTERN_NOT_GIVEN,
		.dense = true,
		.report = POSTERN_PULL_REPORT_INIT,
	};
	if (query->period_s > 0 && query->from >= 0 && query->to > query->from) {
		plan->period_s = query->period_s;
		if (query->to - query->from >= query->period_s)
			plan->period_end = query->from + query->period_s - 1;
		plan->ask.to = plan->period_end;
	}
}

void pull_plan_drop(struct pull_plan *plan)
{
	free(plan->out.row);
	free(plan->held.row);
	free(plan->seen.row);
	free(plan->seen_again);
	free(plan->came.range);
}

static bool grow(void **memory, size_t *capacity, size_t wanted, size_t size)
{
	size_t grown = *capacity == 0 ? 64 : *capacity;

	while (grown < wanted)
		grown *= 2;
	if (grown == *capacity)
		return true;
	void *moved = realloc(*memory, grown * size);

	if (moved == NULL)
		return false;
	*memory = moved;
	*capacity = grown;
	return true;
}

static bool rows_reserve(struct pull_rows *rows, size_t count)
{
	return grow((void **)&rows->row, &rows->capacity, count, sizeof(*rows->row));
}

static int row_order(const void *left, const void *right)
{
	const struct pull_row *a = left;
	const struct pull_row *b = right;

	if (a->create_time != b->create_time)
		return a->create_time < b->create_time ? -1 : 1;
	return a->rec_no < b->rec_no ? -1 : a->rec_no > b->rec_no;
}

bool pull_plan_resume(
	struct pull_plan *plan, int64_t create_time, const uint64_t *rec_nos, size_t count)
{
	if (!rows_reserve(&plan->seen, count))
		return false;
	plan->seen_again = calloc(count + 1, sizeof(*plan->seen_again));
	if (plan->seen_again == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		plan->seen.row[i] = (struct pull_row){create_time, rec_nos[i], NULL};
	plan->seen.count = count;
	qsort(plan->seen.row, count, sizeof(*plan->seen.row), row_order);
	return true;
}

/* --- which RecNos came --- */

/* The first range that ends at rec_no or behind it. */
static size_t range_at(const struct pull_ranges *came, uint64_t rec_no)
{
	size_t low = 0;
	size_t high = came->count;

	/* Nearly always the end. */
	if (high > 0 && came->range[high - 1].last < rec_no)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (came->range[middle].last < rec_no)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void note_gaps(struct pull_plan *plan)
{
	const struct pull_ranges *came = &plan->came;
	struct postern_pull_report *report = &plan->report;
	/* Half of all steps or more are steps of one: this device counts without gaps. */
	bool dense = plan->whole && came->count > 0 &&
		     (plan->came_rows - came->count) * 2 + 1 >= plan->came_rows;

	for (size_t i = 1; dense && i < came->count; i++) {
		struct postern_rec_nos gap = {
			came->range[i - 1].last + 1, came->range[i].first - 1};

		report->gap_rec_nos += gap.last - gap.first + 1;
		if (report->gaps < POSTERN_GAPS_MAX)
			report->gap[report->gaps] = gap;
		report->gaps++;
	}
	plan->dense = plan->dense && dense;
}

static bool came_insert(struct pull_ranges *came, size_t at, uint64_t rec_no)
{
	struct postern_rec_nos *range = came->range;

	if (at < came->count && range[at].first == rec_no + 1) {
		range[at].first = rec_no;
		if (at > 0 && range[at - 1].last + 1 == rec_no) {
			range[at - 1].last = range[at].last;
			memmove(range + at, range + at + 1, (--came->count - at) * sizeof(*range));
		}
		return true;
	}
	if (at > 0 && range[at - 1].last + 1 == rec_no) {
		range[at - 1].last = rec_no;
		return true;
	}
	if (!grow((void **)&came->range, &came->capacity, came->count + 1, sizeof(*range)))
		return false;
	range = came->range;
	memmove(range + at + 1, range + at, (came->count++ - at) * sizeof(*range));
	range[at] = (struct postern_rec_nos){rec_no, rec_no};
	return true;
}

static bool note_rec_no(struct pull_plan *plan, uint64_t rec_no)
{
	struct pull_ranges *came = &plan->came;
	size_t at = range_at(came, rec_no);

	if (came->count > 0 && (rec_no < came->range[0].first ||
				       (at < came->count && rec_no >= came->range[at].first))) {
		note_gaps(plan);
		plan->report.restarts++;
		came->count = 0;
		plan->came_rows = 0;
		at = 0;
	}
	plan->came_rows++;
	return came_insert(came, at, rec_no);
}

/* --- rows --- */

/*
 * The rows at which this page was to begin, up to RecNo last, are not there any more. What else
 * went, up to the next row that came? NULL: none came.
 */
static void note_overwritten(struct pull_plan *plan, uint64_t last, const struct pull_row *next)
{
	struct postern_pull_report *report = &plan->report;

	if (next == NULL || !plan->whole || next->rec_no <= last) {
		report->unproven = 1;
		return;
	}
	if (next->rec_no == last + 1)
		return;
	if (report->overwritten == 0)
		report->overwritten_first = last + 1;
	report->overwritten += next->rec_no - last - 1;
	report->overwritten_last = next->rec_no - 1;
}

/* Moves the first count held rows out. */
static bool hand_out(struct pull_plan *plan, size_t count)
{
	struct pull_rows *held = &plan->held;
	struct pull_rows *out = &plan->out;

	if (!rows_reserve(out, out->count + count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!note_rec_no(plan, held->row[i].rec_no))
			return false;
		out->row[out->count++] = held->row[i];
	}
	plan->report.kept += count;
	plan->period_rows += count;
	held->count -= count;
	memmove(held->row, held->row + count, held->count * sizeof(*held->row));
	return true;
}

static bool is_asked_for(const struct pull_plan *plan, const struct pull_row *row)
{
	if (row->create_time < 0) /* no page can begin there: only the first one may bring it */
		return plan->report.pages == 1;
	return row->create_time >= plan->ask.from &&
	       (plan->ask.to == POSTERN_NOT_GIVEN || row->create_time <= plan->ask.to);
}

static bool was_seen(struct pull_plan *plan, const struct pull_row *row)
{
	const struct pull_row *seen = plan->seen.count == 0
					      ? NULL
					      : bsearch(row, plan->seen.row, plan->seen.count,
							sizeof(*plan->seen.row), row_order);

	if (seen == NULL)
		return false;
	bool *again = &plan->seen_again[seen - plan->seen.row];

	plan->period_rows += *again ? 0 : 1; /* the period's totalCount has it */
	*again = true;
	return true;
}

/* What a page brought. */
struct yield {
	size_t rows;
	int64_t total;
	bool ascending;
	bool held_back; /* it says to have more rows than it has */
	size_t strays;
	size_t fresh; /* rows that were neither held nor seen */
	size_t asked_for; /* rows within what was asked for, whether new or not */
	size_t last_second; /* of these, rows of the latest second */
};

/* Adds the rows of a page to those held, in order and once. */
static bool merge(struct pull_plan *plan, const struct pull_row *rows, struct yield *yield)
{
	struct pull_rows *held = &plan->held;
	size_t held_before = held->count;
	uint64_t held_last = held_before == 0 ? 0 : held->row[held_before - 1].rec_no;
	struct pull_row next = {0}; /* the first that came */
	size_t kept = 0;
	size_t again = 0;

	if (!rows_reserve(held, held->count + yield->rows))
		return false;
	for (size_t i = 0; i < yield->rows; i++) {
		if (i > 0 && rows[i].create_time >= 0 && row_order(&rows[i], &rows[i - 1]) < 0)
			yield->ascending = false;
		if (rows[i].create_time > plan->newest)
			plan->newest = rows[i].create_time;
		if (!is_asked_for(plan, &rows[i])) {
			plan->report.strays++;
			yield->strays++;
			continue;
		}
		yield->asked_for++;
		if (was_seen(plan, &rows[i])) {
			plan->report.overlaps++;
			continue;
		}
		if (held->count == held_before || row_order(&rows[i], &next) < 0)
			next = rows[i];
		held->row[held->count++] = rows[i];
	}
	size_t received = held->count - held_before;

	qsort(held->row, held->count, sizeof(*held->row), row_order);
	for (size_t i = 0; i < held->count; i++) {
		if (kept > 0 && row_order(&held->row[kept - 1], &held->row[i]) == 0)
			again++;
		else
			held->row[kept++] = held->row[i];
	}
	plan->report.overlaps += again;
	held->count = kept;
	yield->fresh = kept - held_before;
	if (held_before > 0 && received == yield->fresh)
		note_overwritten(plan, held_last, received == 0 ? NULL : &next);
	return true;
}

/* Is there more of what was asked for than this page shows? */
static bool is_cut(const struct pull_plan *plan, const struct yield *yield)
{
	bool over = yield->rows > plan->ask.count; /* count is not obeyed */

	if (yield->rows >= plan->ask.count && !(over && yield->total == (int64_t)yield->rows))
		return true;
	if (yield->total != POSTERN_NOT_GIVEN && !plan->constant)
		return yield->total > (int64_t)yield->rows;
	if (yield->held_back && !plan->narrow)
		return true;
	/* Shorter than asked for: a device that caps its pages, until one was even shorter. */
	if (yield->total != POSTERN_NOT_GIVEN || plan->page_max >= plan->ask.count ||
		yield->rows < plan->page_max)
		return false;
	return yield->fresh > 0 || (plan->capped && yield->last_second >= plan->page_max);
}

/* --- periods --- */

static void begin_span(struct pull_plan *plan, int64_t from, int64_t to)
{
	plan->ask.from = from;
	plan->ask.to = to;
	plan->ask.count = plan->narrow ? PULL_ROWS_MAX : plan->count;
}

/*
 * The last record's second is where the next period begins too: whether its rows come again shows
 * whether the ring has passed us by meanwhile.
 */
static enum pull_next finish_period(struct pull_plan *plan)
{
	const struct pull_rows *held = &plan->held;
	uint64_t rows = plan->period_rows + held->count;
	bool final = plan->period_s == 0 || plan->period_end == plan->last;
	size_t count = held->count;
	int64_t from = plan->ask.from;

	if (plan->period_total != POSTERN_NOT_GIVEN && rows < (uint64_t)plan->period_total)
		plan->report.missing += (uint64_t)plan->period_total - rows;
	if (!final && count > 0 && held->row[count - 1].create_time >= 0) {
		from = held->row[count - 1].create_time;
		while (count > 0 && held->row[count - 1].create_time == from)
			count--;
	}
	if (!hand_out(plan, count))
		return PULL_NO_MEMORY;
	if (final)
		return PULL_DONE;
	plan->period_end = plan->last - plan->period_end <= plan->period_s
				   ? plan->last
				   : plan->period_end + (int64_t)plan->period_s;
	plan->begun = false;
	plan->period_rows = 0;
	plan->narrow = false;
	plan->skipped = POSTERN_NOT_GIVEN;
	begin_span(plan, from, plan->period_end);
	return PULL_ASK;
}

static void note_crowded(struct pull_plan *plan, int64_t second)
{
	if (plan->report.crowded_seconds++ == 0)
		plan->report.crowded_second = second;
}

/* No page brings more of this second than came: on with the next one. */
static enum pull_next skip_second(struct pull_plan *plan, int64_t second, const struct yield *yield)
{
	if (yield->last_second >= plan->ask.count ||
		(yield->total == POSTERN_NOT_GIVEN && plan->capped &&
			yield->last_second >= plan->page_max)) {
		note_crowded(plan, second);
	} else if (yield->total != POSTERN_NOT_GIVEN) {
		plan->skipped = second;
		plan->behind_skipped = yield->total - (int64_t)yield->rows;
	}
	if (yield->held_back)
		plan->report.unproven = 1;
	if (!hand_out(plan, plan->held.count))
		return PULL_NO_MEMORY;
	begin_span(plan, second + 1, plan->period_end);
	if (second == plan->period_end)
		return finish_period(plan);
	return PULL_ASK;
}

/* Oldest first: hold the last second back and begin the next page with it. */
static enum pull_next go_on(struct pull_plan *plan, const struct yield *yield)
{
	const struct pull_rows *held = &plan->held;
	int64_t last = held->count == 0 ? plan->ask.from : held->row[held->count - 1].create_time;

	if (yield->asked_for == 0 && (yield->rows >= plan->ask.count || yield->held_back))
		plan->report.unproven = 1; /* StartTime is not obeyed, or rows are held back */
	if (last < 0 || yield->asked_for == 0)
		return finish_period(plan);
	if (last > plan->ask.from) {
		size_t count = held->count;

		while (count > 0 && held->row[count - 1].create_time == last)
			count--;
		if (!hand_out(plan, count))
			return PULL_NO_MEMORY;
		begin_span(plan, last, plan->period_end);
		return PULL_ASK;
	}
	if (plan->ask.count < PULL_ROWS_MAX) {
		plan->ask.count = PULL_ROWS_MAX;
		return PULL_ASK;
	}
	return skip_second(plan, last, yield);
}

/* Not oldest first: what of the span is cut off can be anything, so ask for half of it. */
static enum pull_next go_narrow(struct pull_plan *plan, const struct yield *yield, bool cut)
{
	int64_t from = plan->ask.from < 0 ? 0 : plan->ask.from;
	int64_t to = plan->ask.to == POSTERN_NOT_GIVEN ? plan->newest : plan->ask.to;
	bool open = plan->ask.to == POSTERN_NOT_GIVEN;

	if (to < from)
		to = from;
	if (yield->held_back)
		plan->report.unproven = 1;
	if (cut && yield->asked_for == 0) {
		plan->report.unproven = 1; /* StartTime and EndTime are not obeyed */
		return finish_period(plan);
	}
	if (cut && (open || from < to)) {
		while (plan->held.count > 0 &&
			plan->held.row[plan->held.count - 1].create_time >= 0)
			plan->held.count--; /* the shorter spans bring it again */
		begin_span(plan, from, from + (to - from) / 2);
		return PULL_ASK;
	}
	if (cut)
		note_crowded(plan, from);
	if (open || to == plan->period_end)
		return finish_period(plan);
	if (!hand_out(plan, plan->held.count))
		return PULL_NO_MEMORY;
	int64_t span = (to - from + 1) * (yield->rows * 2 < plan->ask.count ? 2 : 1);
	int64_t end = plan->period_end;

	from = to + 1;
	if (end == POSTERN_NOT_GIVEN)
		to = plan->newest - from < span ? POSTERN_NOT_GIVEN : from + span - 1;
	else
		to = end - from < span ? end : from + span - 1;
	begin_span(plan, from, to);
	return PULL_ASK;
}

/* A second was left behind; did totalCount go down by more than its rows that came? */
static void look_back(struct pull_plan *plan, const struct yield *yield)
{
	if (plan->skipped != POSTERN_NOT_GIVEN && yield->total != POSTERN_NOT_GIVEN &&
		yield->total < plan->behind_skipped)
		note_crowded(plan, plan->skipped);
	plan->skipped = POSTERN_NOT_GIVEN;
}

static void begin_period(struct pull_plan *plan, int64_t total)
{
	struct postern_pull_report *report = &plan->report;

	plan->begun = true;
	plan->period_total = total < 0 ? POSTERN_NOT_GIVEN : total;
	plan->totals = plan->totals && total >= 0;
	if (!plan->totals)
		report->total = POSTERN_NOT_GIVEN;
	else
		report->total = (report->total < 0 ? 0 : report->total) +
				(total > (int64_t)plan->held.count
						? total - (int64_t)plan->held.count
						: 0); /* held rows were in the last one's */
}

enum pull_next pull_plan_take(struct pull_plan *plan, const struct pull_row *rows, size_t count,
	int64_t total, int64_t found)
{
	struct yield yield = {.rows = count,
		.total = total,
		.ascending = true,
		.held_back = found > (int64_t)count};
	bool first = !plan->begun;

	plan->out.count = 0;
	plan->report.pages++;
	if (first)
		begin_period(plan, total);
	look_back(plan, &yield);
	if (!merge(plan, rows, &yield))
		return PULL_NO_MEMORY;
	const struct pull_rows *held = &plan->held;

	for (size_t i = 0; i < count && held->count > 0; i++)
		yield.last_second += rows[i].create_time == held->row[held->count - 1].create_time;
	/* Spans that hold nothing or less show that it depends on them. */
	if (!first && total != POSTERN_NOT_GIVEN && total < plan->period_total)
		plan->varies = true;
	if (!first && !plan->varies && total != POSTERN_NOT_GIVEN && total == plan->period_total &&
		count < plan->ask.count && total > (int64_t)count && plan->narrow)
		plan->constant = true;
	if (plan->short_page && yield.fresh > 0)
		plan->capped = true;
	bool cut = is_cut(plan, &yield);

	/* A device that does not obey StartTime and EndTime may have more than it ever sends. */
	if (yield.strays > 0 && total == POSTERN_NOT_GIVEN)
		plan->report.unproven = 1;
	plan->short_page = cut && count < plan->ask.count;
	if (count > plan->page_max)
		plan->page_max = count;
	if (plan->narrow || (cut && !yield.ascending)) {
		plan->narrow = true;
		plan->was_narrow = true;
		return go_narrow(plan, &yield, cut);
	}
	bool reached = plan->period_total != POSTERN_NOT_GIVEN && count < plan->ask.count &&
		       plan->period_rows + held->count >= (uint64_t)plan->period_total;

	if (plan->period_total != POSTERN_NOT_GIVEN && !plan->constant &&
		(plan->period_rows + held->count > (uint64_t)plan->period_total ||
			(reached && cut)))
		plan->grew = true;
	return !cut || reached ? finish_period(plan) : go_on(plan, &yield);
}

void pull_plan_judge(struct pull_plan *plan, bool finished)
{
	struct postern_pull_report *report = &plan->report;

	note_gaps(plan);
	report->dense = plan->dense;
	/*
	 * Spans without overlap do not show whether the ring passed us by, and new records make up
	 * the number for old ones that did not come: a gap may be that.
	 */
	bool blind = plan->was_narrow || plan->grew;

	if (blind && plan->whole && (report->gaps > 0 || !plan->dense))
		report->unproven = 1;
	if (report->missing < report->overwritten)
		report->missing = report->overwritten;
	report->complete = finished && report->missing == 0 && report->crowded_seconds == 0 &&
			   !report->unproven;
}
