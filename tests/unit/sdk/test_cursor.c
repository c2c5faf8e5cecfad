// SPDX-License-Identifier: Apache-2.0
/* The place of a follower: what moves it, what it calls a loss, and its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "cursor.h"

#include <string.h>

static void test_moves(void **state UNUSED)
{
	static const struct {
		int64_t time;
		uint64_t rec_no;
		enum cursor_move move;
		uint64_t first;
		uint64_t last;
	} steps[] = {
		{1000, 7, CURSOR_NEXT, 0, 0}, /* the first: nothing is known before it */
		{1000, 8, CURSOR_NEXT, 0, 0},
		{1001, 9, CURSOR_NEXT, 0, 0},
		{1005, 13, CURSOR_GAP, 10, 12},
		{1005, 15, CURSOR_GAP, 14, 14},
		{1005, 14, CURSOR_NEXT, 0, 0}, /* late, in the same second */
		{1005, 16, CURSOR_NEXT, 0, 0},
		{2000, 1, CURSOR_RESTART, 16, 16},
		{2000, 2, CURSOR_NEXT, 0, 0},
	};
	struct cursor cursor = {.time = 900};
	struct postern_rec_nos lost;

	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		assert_int_equal(
			cursor_take(&cursor, steps[i].time, steps[i].rec_no, &lost), steps[i].move);
		if (steps[i].move != CURSOR_NEXT) {
			assert_int_equal(lost.first, steps[i].first);
			assert_int_equal(lost.last, steps[i].last);
		}
	}
	assert_string_equal(cursor_print(&cursor), "postern-follow-1 - 2000 2 1-2");
	cursor_drop(&cursor);
}

static void test_a_device_that_skips_numbers_loses_nothing(void **state UNUSED)
{
	struct cursor cursor = {0};
	struct postern_rec_nos lost;

	assert_int_equal(cursor_take(&cursor, 1, 10, &lost), CURSOR_NEXT);
	assert_int_equal(cursor_take(&cursor, 2, 20, &lost), CURSOR_GAP); /* who could know */
	for (uint64_t i = 3; i < 9; i++)
		assert_int_equal(cursor_take(&cursor, (int64_t)i, i * 10, &lost), CURSOR_NEXT);
	cursor_drop(&cursor);
}

static void test_text_is_read_back(void **state UNUSED)
{
	static const char *const texts[] = {
		"postern-follow-1 - 0 0 -",
		"postern-follow-1 p 1789554842 550479 550470-550472,550475,550479",
		"postern-follow-1 - 1789554842 3 1-3",
	};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct cursor cursor = {0};

		assert_true(cursor_parse(&cursor, texts[i]));
		assert_string_equal(cursor_print(&cursor), texts[i]);
		cursor_drop(&cursor);
	}
	struct cursor cursor = {0};

	assert_true(cursor_parse(&cursor, "postern-follow-1 p 17 9 4-6,9\n"));
	assert_true(cursor.ours);
	assert_int_equal(cursor.time, 17);
	assert_int_equal(cursor.rec_no, 9);
	assert_int_equal(cursor.count, 4);
	assert_int_equal(cursor.rec_nos[3], 9);
	cursor_drop(&cursor);
}

static void test_other_texts_are_refused(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"postern-follow-1",
		"postern-follow-2 - 0 0 -",
		"postern-follow-1 x 0 0 -",
		"postern-follow-1 - -5 0 -",
		"postern-follow-1 - 5 0",
		"postern-follow-1 - 5 0 - more",
		"postern-follow-1 - 5 3 3-1",
		"postern-follow-1 - 5 3 1-3,2",
		"postern-follow-1 - 5 3 1,,3",
		"postern-follow-1 - 5 3 0-99999999999",
		"postern-follow-1 - 5 99999999999999999999 1",
	};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct cursor cursor = {0};

		assert_false(cursor_parse(&cursor, texts[i]));
		cursor_drop(&cursor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_a_device_that_skips_numbers_loses_nothing),
		cmocka_unit_test(test_text_is_read_back),
		cmocka_unit_test(test_other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
