// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/spsc.h"

#include <pthread.h>
#include <sched.h>

static void a_full_ring_refuses_and_an_empty_one_gives_nothing(void **state UNUSED)
{
	uint32_t memory[4];
	struct spsc ring;
	uint32_t value = 9;

	spsc_init(&ring, memory, 4, sizeof(uint32_t));
	assert_false(spsc_pop(&ring, &value));
	for (uint32_t i = 0; i < 4; i++)
		assert_true(spsc_push(&ring, &i));
	assert_false(spsc_push(&ring, &value));
	assert_int_equal(spsc_count(&ring), 4);
	assert_int_equal(*(const uint32_t *)spsc_front(&ring), 0);
	spsc_drop(&ring);
	assert_true(spsc_push(&ring, &value));
	for (uint32_t i = 1; i < 4; i++) {
		assert_true(spsc_pop(&ring, &value));
		assert_int_equal(value, i);
	}
	assert_true(spsc_pop(&ring, &value));
	assert_int_equal(value, 9);
	assert_null(spsc_front(&ring));
}

#define VALUES 200000

static void *produce(void *argument)
{
	for (uint64_t i = 1; i <= VALUES; i++) {
		while (!spsc_push(argument, &i))
			sched_yield();
	}
	return NULL;
}

static void two_threads_see_every_value_once_and_in_order(void **state UNUSED)
{
	uint64_t memory[64];
	struct spsc ring;
	pthread_t thread;

	spsc_init(&ring, memory, 64, sizeof(uint64_t));
	assert_int_equal(pthread_create(&thread, NULL, produce, &ring), 0);
	for (uint64_t expected = 1; expected <= VALUES; expected++) {
		uint64_t value;

		while (!spsc_pop(&ring, &value))
			sched_yield();
		assert_true(value == expected);
	}
	pthread_join(thread, NULL);
	assert_int_equal(spsc_count(&ring), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_ring_refuses_and_an_empty_one_gives_nothing),
		cmocka_unit_test(two_threads_see_every_value_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
