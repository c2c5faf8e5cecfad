// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/latest.h"

#include <pthread.h>
#include <sched.h>

static void the_newest_values_are_there_and_the_older_are_gone(void **state UNUSED)
{
	_Alignas(8) char memory[256] = {0};
	struct latest latest;
	char value[11] = "..........";
	char got[13] = "------------";

	assert_int_equal(latest_size(4, 11), 4 * 24);
	latest_init(&latest, memory, 4, 11);
	assert_int_equal(latest_last(&latest), 0);
	assert_false(latest_get(&latest, 0, got));
	assert_false(latest_get(&latest, 1, got));
	for (unsigned i = 1; i <= 6; i++) {
		value[10] = (char)('0' + i);
		assert_int_equal(latest_put(&latest, value), i);
	}
	assert_int_equal(latest_last(&latest), 6);
	for (unsigned i = 1; i <= 8; i++) {
		assert_int_equal(latest_get(&latest, i, got), i >= 3 && i <= 6);
		if (i < 3 || i > 6)
			continue;
		assert_int_equal(got[10], '0' + (int)i);
		assert_int_equal(got[11], '-'); /* nothing behind the value */
	}
}

#define VALUES 100000
#define WORDS 24

static _Alignas(8) char ring_memory[16 * 1024];

/* Every word of a value is its number. */
static void *produce(void *argument)
{
	uint64_t value[WORDS];

	for (uint64_t number = 1; number <= VALUES; number++) {
		for (unsigned i = 0; i < WORDS; i++)
			value[i] = number;
		latest_put(argument, value);
	}
	return NULL;
}

static void who_reads_beside_the_writer_sees_whole_values_or_none(void **state UNUSED)
{
	struct latest latest;
	pthread_t thread;
	uint64_t whole = 0;
	uint64_t next = 1;

	assert_true(latest_size(8, WORDS * sizeof(uint64_t)) <= sizeof(ring_memory));
	latest_init(&latest, ring_memory, 8, WORDS * sizeof(uint64_t));
	assert_int_equal(pthread_create(&thread, NULL, produce, &latest), 0);
	while (next <= VALUES) {
		uint64_t value[WORDS];
		uint64_t last = latest_last(&latest);

		if (last < next) {
			sched_yield();
			continue;
		}
		if (latest_get(&latest, next, value)) {
			for (unsigned i = 0; i < WORDS; i++)
				assert_true(value[i] == next);
			whole++;
			next++;
		} else {
			next = last; /* what was missed is gone */
			if (last == VALUES)
				break;
		}
	}
	pthread_join(thread, NULL);
	uint64_t value[WORDS];

	assert_true(latest_get(&latest, VALUES, value));
	assert_true(value[WORDS - 1] == VALUES);
	assert_true(whole > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_values_are_there_and_the_older_are_gone),
		cmocka_unit_test(who_reads_beside_the_writer_sees_whole_values_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
