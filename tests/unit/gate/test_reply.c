// SPDX-License-Identifier: Apache-2.0
/* The body while it is made: growth, its limits, room in front, and that errors replace it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "reply.h"

#include <string.h>

static char block[64 * 1024];

static bool body_is(const struct reply *reply, const char *text)
{
	return reply->len == strlen(text) &&
	       memcmp(reply->memory + reply->start, text, reply->len) == 0;
}

static void what_is_known_last_can_stand_first(void **state UNUSED)
{
	struct reply reply = {0};

	assert_true(reply_leave_front(&reply));
	assert_true(reply_add_string(&reply, "rows"));
	reply_add_front(&reply, SPAN_LIT("found=1\r\n"));
	assert_true(body_is(&reply, "found=1\r\nrows"));
	reply_free(&reply);
}

static void a_body_stops_at_its_limit_and_keeps_what_it_has(void **state UNUSED)
{
	struct reply reply = {0};
	size_t added = 0;

	memset(block, 'x', sizeof(block));
	while (reply_add(&reply, span_of(block, sizeof(block))))
		added += sizeof(block);
	assert_int_equal(added, REPLY_BODY_MAX);
	assert_int_equal(reply.len, REPLY_BODY_MAX);
	assert_false(reply_add_string(&reply, "y"));
	reply_error_string(&reply, 500, "");
	assert_true(body_is(&reply, "Error\r\nInternal Error\r\n"));
	reply_free(&reply);
}

static void all_bodies_together_stay_below_their_limit(void **state UNUSED)
{
	struct reply reply[16] = {0};
	struct reply small = {0};
	struct text32 account[2] = {{4, "anna"}, {4, "otto"}};
	size_t added = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(reply); i++) {
		reply_set_account(&reply[i], &account[i % 2]);
		while (reply_add(&reply[i], span_of(block, sizeof(block))))
			added += sizeof(block);
	}
	assert_in_range(added, REPLY_TOTAL_MAX - 2 * REPLY_BODY_MAX, REPLY_TOTAL_MAX);
	assert_true(reply_add(&small, span_of(block, REPLY_SMALL)));
	assert_false(small.lacking);
	assert_false(reply_add_string(&small, "y"));
	assert_true(small.lacking);
	reply_free(&small);
	for (unsigned i = 0; i < ARRAY_COUNT(reply); i++)
		reply_free(&reply[i]);
	/* All of it came back. */
	assert_true(reply_add(&reply[0], span_of(block, sizeof(block))));
	reply_free(&reply[0]);
}

static void one_account_leaves_half_to_the_others(void **state UNUSED)
{
	struct reply hoard[16] = {0};
	struct reply other = {0};
	struct text32 anna = {4, "anna"}, otto = {4, "otto"};
	size_t added = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(hoard); i++) {
		reply_set_account(&hoard[i], &anna);
		while (reply_add(&hoard[i], span_of(block, sizeof(block))))
			added += sizeof(block);
	}
	assert_in_range(added, REPLY_SHARE_MAX - 2 * REPLY_BODY_MAX, REPLY_SHARE_MAX);
	reply_set_account(&other, &otto);
	for (added = 0; reply_add(&other, span_of(block, sizeof(block)));)
		added += sizeof(block);
	assert_int_equal(added, REPLY_BODY_MAX);
	reply_free(&other);
	for (unsigned i = 0; i < ARRAY_COUNT(hoard); i++)
		reply_free(&hoard[i]);
	/* Its share is empty again, whoever has the place now. */
	reply_set_account(&other, &anna);
	for (added = 0; reply_add(&other, span_of(block, sizeof(block)));)
		added += sizeof(block);
	assert_int_equal(added, REPLY_BODY_MAX);
	reply_free(&other);
}

static void errors_have_three_lines_at_most(void **state UNUSED)
{
	struct reply reply = {0};

	assert_true(reply_add_string(&reply, "half an answer"));
	reply_error_string(&reply, 400, "channel is missing");
	assert_int_equal(reply.status, 400);
	assert_true(body_is(&reply, "Error\r\nBad Request!\r\nDetail=channel is missing\r\n"));
	reply_error_string(&reply, 401, "");
	assert_true(body_is(&reply, "Error\r\nInvalid Authority!\r\n"));
	reply_error_code(&reply, 286064929);
	assert_int_equal(reply.type, REPLY_JSON);
	assert_true(body_is(&reply, "{\"code\":286064929,\"message\":\"\"}"));
	reply_free(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_last_can_stand_first),
		cmocka_unit_test(a_body_stops_at_its_limit_and_keeps_what_it_has),
		cmocka_unit_test(all_bodies_together_stay_below_their_limit),
		cmocka_unit_test(one_account_leaves_half_to_the_others),
		cmocka_unit_test(errors_have_three_lines_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
