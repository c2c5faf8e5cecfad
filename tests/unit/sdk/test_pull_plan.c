// SPDX-License-Identifier: Apache-2.0
/*
 * The procedure for pulling records against the traps of devices: which page is asked for next,
 * which rows are handed out, and what the report claims.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pull_plan.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 4000
#define PAGES_MAX 400

enum trap {
	NO_TOTAL = 1,
	NEWEST_FIRST = 2,
	COUNT_IGNORED = 4, /* pages of 70, whatever is asked for */
	TIME_IGNORED = 8,
	TOTAL_CONSTANT = 16, /* of the whole table */
	TOTAL_OF_PAGE = 32, /* totalCount says what found says */
	EVERYTHING = 64, /* count is ignored: all that matches comes */
	CUT = 128, /* the second page lacks its second half, as only found tells */
};

struct device {
	struct pull_row row[ROWS_MAX];
	size_t count;
	size_t oldest;
	int traps;
	size_t hidden; /* a row that counts and never comes; 0: none */
	size_t overwrites; /* rows that the ring takes behind the second page */
	size_t appends; /* and brings */
};

struct pulled {
	uint64_t rec_no[ROWS_MAX];
	size_t count;
	struct pull_ask ask[PAGES_MAX];
	size_t pages;
	struct postern_pull_report report;
};

static struct device device;
static struct pulled pulled;

static void add_rows(int64_t time, uint64_t rec_no, size_t count, int64_t step)
{
	for (size_t i = 0; i < count; i++)
		device.row[device.count++] =
			(struct pull_row){time + (int64_t)i * step, rec_no + i, NULL};
}

static int begin(void **state UNUSED)
{
	memset(&device, 0, sizeof(device));
	memset(&pulled, 0, sizeof(pulled));
	return 0;
}

static size_t answer(const struct pull_ask *ask, struct pull_row *page, int64_t *total)
{
	size_t limit = (device.traps & EVERYTHING) != 0	     ? ROWS_MAX
		       : (device.traps & COUNT_IGNORED) != 0 ? 70
							     : ask->count;
	size_t found = 0;
	size_t matches = 0;

	for (size_t i = device.oldest; i < device.count; i++) {
		size_t at = (device.traps & NEWEST_FIRST) != 0
				    ? device.count - 1 - (i - device.oldest)
				    : i;
		int64_t time = device.row[at].create_time;

		if ((device.traps & TIME_IGNORED) == 0 &&
			(time < ask->from || (ask->to >= 0 && time > ask->to)))
			continue;
		matches++;
		if (found < limit && (device.hidden == 0 || at != device.hidden))
			page[found++] = device.row[at];
	}
	*total = (device.traps & NO_TOTAL) != 0		? POSTERN_NOT_GIVEN
		 : (device.traps & TOTAL_CONSTANT) != 0 ? (int64_t)(device.count - device.oldest)
		 : (device.traps & TOTAL_OF_PAGE) != 0	? (int64_t)found
							: (int64_t)matches;
	return found;
}

static void go_on(void)
{
	if (pulled.pages != 2)
		return;
	device.oldest += device.overwrites;
	for (size_t i = 0; i < device.appends; i++) {
		struct pull_row last = device.row[device.count - 1];

		add_rows(last.create_time + 1, last.rec_no + 1, 1, 0);
	}
}

static void run(const struct postern_record_query *query, int64_t seen_time, const uint64_t *seen,
	size_t seen_count)
{
	static struct pull_row page[ROWS_MAX];
	struct pull_plan plan;
	enum pull_next next;
	int64_t total;

	pull_plan_init(&plan, query);
	if (seen_count > 0)
		assert_true(pull_plan_resume(&plan, seen_time, seen, seen_count));
	do {
		assert_true(pulled.pages < PAGES_MAX);
		pulled.ask[pulled.pages++] = plan.ask;
		size_t count = answer(&plan.ask, page, &total);
		int64_t found = (int64_t)count;

		if ((device.traps & CUT) != 0 && pulled.pages == 2)
			count /= 2;
		next = pull_plan_take(&plan, page, count, total, found);
		assert_int_not_equal(next, PULL_NO_MEMORY);
		for (size_t i = 0; i < plan.out.count; i++)
			pulled.rec_no[pulled.count++] = plan.out.row[i].rec_no;
		go_on();
	} while (next == PULL_ASK);
	pull_plan_judge(&plan, true);
	pulled.report = plan.report;
	pull_plan_drop(&plan);
}

static void pull_all(unsigned count)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;

	query.count = count;
	run(&query, 0, NULL, 0);
}

static void assert_rec_nos(uint64_t first, size_t count)
{
	assert_int_equal(pulled.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pulled.rec_no[i], first + i);
	assert_int_equal(pulled.report.kept, count);
}

static void test_next_start_is_the_last_rows_time(void **state UNUSED)
{
	add_rows(1000, 1, 50, 3);
	pull_all(20);
	assert_rec_nos(1, 50);
	assert_int_equal(pulled.pages, 3);
	assert_int_equal(pulled.ask[0].from, POSTERN_NOT_GIVEN);
	assert_int_equal(pulled.ask[1].from, 1000 + 19 * 3);
	assert_int_equal(pulled.ask[2].from, 1000 + 38 * 3);
	assert_int_equal(pulled.report.overlaps, 2);
	assert_int_equal(pulled.report.total, 50);
	assert_true(pulled.report.complete);
	assert_true(pulled.report.dense);
	assert_int_equal(pulled.report.gaps, 0);
}

static void test_traps(void **state UNUSED)
{
	static const struct {
		int traps;
		unsigned count;
		bool complete;
		size_t pages_max;
	} cases[] = {
		{0, 20, true, 16},
		{NO_TOTAL, 20, true, 16},
		{NO_TOTAL | COUNT_IGNORED, 200, true, 12},
		{COUNT_IGNORED, 200, true, 12},
		{COUNT_IGNORED, 10, true, 30},
		{EVERYTHING, 10, true, 1},
		{EVERYTHING | NO_TOTAL, 10, true, 3},
		{NEWEST_FIRST, 20, true, 400},
		{NEWEST_FIRST | NO_TOTAL, 1024, true, 12},
		{NEWEST_FIRST | NO_TOTAL, 100, true, 20},
		{TOTAL_CONSTANT, 20, true, 16},
		{TOTAL_OF_PAGE, 20, true, 16},
		{NEWEST_FIRST | TOTAL_CONSTANT, 100, true, 30},
		{NEWEST_FIRST | COUNT_IGNORED, 1024, true, 60},
		{CUT, 20, true, 16},
		{CUT | NO_TOTAL, 20, true, 16},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		begin(NULL);
		add_rows(1000, 1, 90, 3);
		add_rows(2000, 91, 60, 0); /* more in a second than a small page */
		add_rows(2001, 151, 90, 7);
		device.traps = cases[i].traps;
		pull_all(cases[i].count);
		assert_rec_nos(1, 240);
		assert_int_equal(pulled.report.complete, cases[i].complete);
		assert_in_range(pulled.pages, 1, cases[i].pages_max);
		assert_int_equal(pulled.report.crowded_seconds, 0);
	}
}

/* Only a request without StartTime shows such a row, wherever it stands in it. */
static void test_a_row_without_time_is_handed_out(void **state UNUSED)
{
	for (int traps = 0; traps <= NEWEST_FIRST; traps += NEWEST_FIRST) {
		begin(NULL);
		add_rows(1000, 1, 30, 1);
		add_rows(-1, 31, 1, 0);
		add_rows(1031, 32, 30, 1);
		device.traps = traps;
		pull_all(traps == 0 ? 1024 : 40);
		assert_int_equal(pulled.count, 61);
		assert_int_equal(pulled.rec_no[0], 31);
		assert_int_equal(pulled.rec_no[1], 1);
		assert_int_equal(pulled.rec_no[60], 61);
		assert_true(traps == 0 || !pulled.report.complete || pulled.report.missing == 0);
	}
}

static void test_time_that_is_ignored_is_never_called_complete(void **state UNUSED)
{
	for (int total = 0; total < 2; total++) {
		begin(NULL);
		add_rows(1000, 1, 90, 3);
		device.traps = TIME_IGNORED | COUNT_IGNORED | (total != 0 ? 0 : NO_TOTAL);
		pull_all(40);
		assert_rec_nos(1, 70);
		assert_false(pulled.report.complete);
		assert_true(pulled.report.strays > 0);
		assert_true(pulled.report.unproven || pulled.report.missing == 20);
	}
}

static void test_a_crowded_second_is_named_and_left(void **state UNUSED)
{
	add_rows(1000, 1, 5, 1);
	add_rows(2000, 6, 1500, 0);
	add_rows(3000, 1506, 5, 1);
	for (int traps = 0; traps <= NO_TOTAL; traps += NO_TOTAL) {
		device.traps = traps;
		memset(&pulled, 0, sizeof(pulled));
		pull_all(100);
		assert_int_equal(pulled.report.crowded_second, 2000);
		assert_int_equal(pulled.report.crowded_seconds, 1);
		assert_int_equal(pulled.count, 5 + 1024 + 5);
		assert_int_equal(pulled.rec_no[pulled.count - 1], 1510);
		assert_false(pulled.report.complete);
		assert_int_equal(pulled.report.missing, traps == 0 ? 1500 - 1024 : 0);
		assert_in_range(pulled.pages, 3, 8);
	}
}

static void test_what_the_ring_overwrites_meanwhile_is_named(void **state UNUSED)
{
	for (int traps = 0; traps <= NO_TOTAL; traps += NO_TOTAL) {
		begin(NULL);
		add_rows(1000, 1, 500, 2);
		device.overwrites = 120;
		device.appends = 120;
		device.traps = traps;
		pull_all(20);
		/* Two pages brought 39; the 40th row is the overlap that is gone too. */
		assert_int_equal(pulled.rec_no[38], 39);
		assert_int_equal(pulled.rec_no[39], 121);
		assert_int_equal(pulled.count, 39 + 500);
		assert_int_equal(pulled.report.overwritten_first, 40);
		assert_int_equal(pulled.report.overwritten_last, 120);
		assert_int_equal(pulled.report.missing, 81);
		assert_int_equal(pulled.report.gaps, 1);
		assert_int_equal(pulled.report.gap[0].first, 40);
		assert_int_equal(pulled.report.gap[0].last, 120);
		assert_false(pulled.report.complete);
	}
}

static void test_a_ring_behind_us_costs_nothing(void **state UNUSED)
{
	add_rows(1000, 1, 500, 2);
	device.overwrites = 38;
	device.appends = 38;
	pull_all(20);
	assert_rec_nos(1, 538);
	assert_true(pulled.report.complete);
}

/* The first half of all time is empty: the other one's total is the whole one's. */
static void test_newest_first_in_small_pages_with_a_true_total(void **state UNUSED)
{
	add_rows(1789554000, 1, 240, 3);
	device.traps = NEWEST_FIRST | COUNT_IGNORED;
	pull_all(1024);
	assert_rec_nos(1, 240);
	assert_true(pulled.report.complete);
}

static void test_a_hidden_record_is_missed(void **state UNUSED)
{
	add_rows(1000, 1, 100, 1);
	device.hidden = 57;
	pull_all(20);
	assert_int_equal(pulled.count, 99);
	assert_int_equal(pulled.report.missing, 1);
	assert_int_equal(pulled.report.gap[0].first, 58);
	assert_int_equal(pulled.report.gap[0].last, 58);
	assert_false(pulled.report.complete);
}

static void test_a_device_that_was_reset_counts_anew(void **state UNUSED)
{
	add_rows(1000, 71, 30, 1);
	add_rows(2000, 1, 90, 1); /* among them the same RecNos */
	pull_all(20);
	assert_int_equal(pulled.count, 120);
	assert_int_equal(pulled.rec_no[29], 100);
	assert_int_equal(pulled.rec_no[30], 1);
	assert_int_equal(pulled.report.restarts, 1);
	assert_int_equal(pulled.report.gaps, 0);
	assert_true(pulled.report.complete);
}

static void test_records_that_were_never_dense_have_no_gaps(void **state UNUSED)
{
	for (size_t i = 0; i < 50; i++)
		add_rows(1000 + (int64_t)i, 5 + i * 3, 1, 0);
	pull_all(20);
	assert_int_equal(pulled.count, 50);
	assert_false(pulled.report.dense);
	assert_int_equal(pulled.report.gaps, 0);
	assert_true(pulled.report.complete);
}

static void test_end_moves_on_in_periods_up_to_the_last(void **state UNUSED)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;

	add_rows(1000, 1, 200, 5); /* up to 1995 */
	query.from = 1000;
	query.to = 1799;
	query.period_s = 300;
	query.count = 50;
	run(&query, 0, NULL, 0);
	assert_rec_nos(1, 160);
	assert_true(pulled.report.complete);
	assert_int_equal(pulled.report.total, 160);
	for (size_t i = 0; i < pulled.pages; i++) {
		int64_t to = pulled.ask[i].to;

		assert_true(to == 1299 || to == 1599 || to == 1799);
		assert_true(i == 0 || to >= pulled.ask[i - 1].to);
		assert_true(i == 0 || pulled.ask[i].from > pulled.ask[i - 1].from ||
			    to > pulled.ask[i - 1].to);
	}
	assert_int_equal(pulled.ask[pulled.pages - 1].to, 1799);
}

static void test_the_ring_is_noticed_between_periods(void **state UNUSED)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;

	add_rows(1000, 1, 200, 5);
	query.from = 1000;
	query.to = 1999;
	query.period_s = 250;
	device.overwrites = 150;
	run(&query, 0, NULL, 0);
	assert_int_equal(pulled.report.overwritten_first, 101);
	assert_int_equal(pulled.report.overwritten_last, 150);
	assert_false(pulled.report.complete);
}

static void test_a_resumed_second_is_not_handed_out_again(void **state UNUSED)
{
	static const uint64_t seen[] = {10, 11, 13};
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;

	add_rows(2000, 10, 5, 0);
	add_rows(2001, 15, 5, 1);
	query.from = 2000;
	run(&query, 2000, seen, ARRAY_COUNT(seen));
	assert_int_equal(pulled.count, 7);
	assert_int_equal(pulled.rec_no[0], 12);
	assert_int_equal(pulled.rec_no[1], 14);
	assert_int_equal(pulled.rec_no[2], 15);
	assert_true(pulled.report.complete);
	assert_int_equal(pulled.report.overlaps, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_next_start_is_the_last_rows_time, begin),
		cmocka_unit_test_setup(test_traps, begin),
		cmocka_unit_test_setup(test_a_row_without_time_is_handed_out, begin),
		cmocka_unit_test_setup(test_time_that_is_ignored_is_never_called_complete, begin),
		cmocka_unit_test_setup(test_a_crowded_second_is_named_and_left, begin),
		cmocka_unit_test_setup(test_what_the_ring_overwrites_meanwhile_is_named, begin),
		cmocka_unit_test_setup(test_a_ring_behind_us_costs_nothing, begin),
		cmocka_unit_test_setup(test_newest_first_in_small_pages_with_a_true_total, begin),
		cmocka_unit_test_setup(test_a_hidden_record_is_missed, begin),
		cmocka_unit_test_setup(test_a_device_that_was_reset_counts_anew, begin),
		cmocka_unit_test_setup(test_records_that_were_never_dense_have_no_gaps, begin),
		cmocka_unit_test_setup(test_end_moves_on_in_periods_up_to_the_last, begin),
		cmocka_unit_test_setup(test_the_ring_is_noticed_between_periods, begin),
		cmocka_unit_test_setup(test_a_resumed_second_is_not_handed_out_again, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
