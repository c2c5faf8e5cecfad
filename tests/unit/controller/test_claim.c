// SPDX-License-Identifier: Apache-2.0
/* The one-time code: what is taken for it, how guesses are counted, how a claim ends. */
#include "claim.h"

#include "base/compiler.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct claim claim;
static struct throttle throttle;
static char code[CLAIM_CODE_TEXT];
static uint32_t wait_s;

static int set_up(void **state UNUSED)
{
	throttle = (struct throttle){0};
	claim_open(&claim, code);
	return 0;
}

static enum claim_verdict judge_from(uint8_t source, struct span typed, int64_t now_ms)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = source};

	return claim_judge(&claim, &throttle, typed, address, now_ms, &wait_s);
}

static enum claim_verdict judge(const char *typed)
{
	return judge_from(1, span_from_string(typed), 1000);
}

static void test_the_code_is_ten_letters_and_new_each_time(void **state UNUSED)
{
	char again[CLAIM_CODE_TEXT];

	assert_int_equal(strlen(code), 11);
	for (size_t i = 0; i < 11; i++) {
		if (i == 5)
			assert_int_equal(code[i], '-');
		else
			assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", code[i]));
	}
	claim_open(&claim, again);
	assert_string_not_equal(code, again);
	assert_int_equal(judge(code), CLAIM_WRONG);
	assert_int_equal(judge(again), CLAIM_RIGHT);
}

static void test_it_may_be_typed_as_people_type(void **state UNUSED)
{
	char lower[32];
	size_t len = 0;

	for (size_t i = 0; i < 11; i++) {
		lower[len++] = (char)tolower((unsigned char)code[i]);
		if (i % 3 == 0)
			lower[len++] = ' ';
	}
	lower[len] = '\0';
	assert_int_equal(judge(lower), CLAIM_RIGHT);
}

static void test_what_is_near_the_code_is_not_it(void **state UNUSED)
{
	char other[32];

	for (size_t i = 0; i < 11; i++) {
		if (i == 5)
			continue;
		memcpy(other, code, sizeof(code));
		other[i] = other[i] == 'A' ? 'B' : 'A';
		assert_int_equal(
			judge_from((uint8_t)(i + 1), span_from_string(other), 1000), CLAIM_WRONG);
	}
	memcpy(other, code, sizeof(code));
	other[11] = 'A';
	other[12] = '\0';
	assert_int_equal(judge_from(20, span_from_string(other), 1000), CLAIM_WRONG);
	other[10] = '\0';
	assert_int_equal(judge_from(21, span_from_string(other), 1000), CLAIM_WRONG);
	assert_int_equal(judge_from(22, span_from_string(""), 1000), CLAIM_WRONG);
	assert_int_equal(judge_from(23, span_of("\0\0\0\0\0\0\0\0\0\0", 10), 1000), CLAIM_WRONG);
	assert_int_equal(claim.wrong, 14);
	assert_int_equal(judge_from(24, span_from_string(code), 1000), CLAIM_RIGHT);
}

static void test_a_source_that_guesses_waits(void **state UNUSED)
{
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++)
		assert_int_equal(judge("AAAAA-AAAAA"), CLAIM_WRONG);
	assert_int_equal(judge(code), CLAIM_WAIT);
	assert_int_equal(wait_s, 1);
	assert_int_equal(judge_from(1, span_from_string(code), 1999), CLAIM_WAIT);
	assert_int_equal(claim.wrong, THROTTLE_FREE_TRIES); /* nobody looked at those */
	assert_int_equal(judge_from(1, span_from_string("AAAAA-AAAAA"), 2000), CLAIM_WRONG);
	assert_int_equal(judge_from(1, span_from_string(code), 2001), CLAIM_WAIT);
	assert_int_equal(wait_s, 2);
	assert_int_equal(judge_from(2, span_from_string(code), 2001), CLAIM_RIGHT);
}

static void test_the_code_wears_out(void **state UNUSED)
{
	for (int i = 0; i < CLAIM_GUESSES_MAX; i++)
		assert_int_equal(
			judge_from((uint8_t)(i / 4), SPAN_LIT("AAAAA-AAAAA"), 1000), CLAIM_WRONG);
	assert_int_equal(judge_from(200, span_from_string(code), 1000), CLAIM_WORN);
	claim_open(&claim, code);
	assert_int_equal(judge_from(200, span_from_string(code), 1000), CLAIM_RIGHT);
}

static void test_one_claim_at_a_time_and_one_in_all(void **state UNUSED)
{
	assert_int_equal(judge(code), CLAIM_RIGHT);
	assert_int_equal(judge(code), CLAIM_CLOSED);
	assert_int_equal(judge("AAAAA-AAAAA"), CLAIM_CLOSED);
	claim_end(&claim, false); /* the store could not: as before */
	assert_int_equal(judge(code), CLAIM_RIGHT);
	claim_end(&claim, true);
	assert_int_equal(judge(code), CLAIM_CLOSED);
	for (size_t i = 0; i < sizeof(claim); i++)
		assert_int_equal(((const uint8_t *)&claim)[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_code_is_ten_letters_and_new_each_time, set_up),
		cmocka_unit_test_setup(test_it_may_be_typed_as_people_type, set_up),
		cmocka_unit_test_setup(test_what_is_near_the_code_is_not_it, set_up),
		cmocka_unit_test_setup(test_a_source_that_guesses_waits, set_up),
		cmocka_unit_test_setup(test_the_code_wears_out, set_up),
		cmocka_unit_test_setup(test_one_claim_at_a_time_and_one_in_all, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
