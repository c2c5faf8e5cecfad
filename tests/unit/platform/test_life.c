// SPDX-License-Identifier: Apache-2.0
/* A thread's end is told through shared memory: by itself, with its process, or not at all. */
#include "platform/life.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void *memory; /* shared with children */
static _Atomic uint32_t *word; /* in it */

static int set_up(void **state)
{
	(void)state;
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	word = memory;
	return memory == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(memory, 4096);
}

/* The next word that is not `seen`. */
static uint32_t next(uint32_t seen)
{
	uint32_t now = seen;

	while (now == seen)
		now = life_wait(word, seen);
	return now;
}

static void *hold_for_ever(void *user)
{
	(void)user;
	life_hold(word);
	for (;;)
		(void)pause();
	return NULL;
}

static void *hold_and_return(void *user)
{
	(void)user;
	life_hold(word);
	return NULL;
}

static void *hold_and_release(void *user)
{
	(void)user;
	life_hold(word);
	life_release(word);
	return NULL;
}

static void run(void *(*function)(void *user))
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, function, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_killed_process_tells_the_end_of_its_thread(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) { /* the second holder comes to an ended word */
		pid_t child = fork();
		pthread_t thread;

		assert_return_code(child, errno);
		if (child == 0) {
			(void)pthread_create(&thread, NULL, hold_for_ever, NULL);
			for (;;)
				(void)pause();
		}
		uint32_t held = next(atomic_load(word));

		assert_false(life_has_ended(held));
		assert_return_code(kill(child, SIGKILL), errno);
		assert_true(life_has_ended(next(held)));
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
}

static void a_thread_that_ends_alone_is_told_as_well(void **state)
{
	(void)state;
	run(hold_and_return);
	assert_true(life_has_ended(atomic_load(word)));
}

static void an_end_in_order_is_not_told(void **state)
{
	(void)state;
	run(hold_and_release);
	assert_int_equal(atomic_load(word), 0);
	assert_false(life_has_ended(0));
}

static void another_word_does_not_wait(void **state)
{
	(void)state;
	atomic_store(word, 5);
	assert_int_equal(life_wait(word, 4), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_killed_process_tells_the_end_of_its_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_thread_that_ends_alone_is_told_as_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_end_in_order_is_not_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_word_does_not_wait, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
