// SPDX-License-Identifier: Apache-2.0
/* The supervisor's hold on the locks, over the virtual board and over GPIO requests. */
#include "drivers/gpio_chip.h"
#include "drivers/locks.h"
#include "fake_gpio.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char folder[64];
	struct fake_gpio *gpio;
	struct settings settings;
	struct gpio_plan plan;
	int fds[GPIO_REQUESTS_MAX];
	struct locks locks;
};

static struct gpio_line line(uint32_t offset, uint8_t flags)
{
	struct gpio_line made = {.offset = offset, .flags = flags};

	assert_true(text_set(&made.chip, SPAN_LIT("gpiochip0")));
	return made;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char memory[512];
	struct buf why = buf_over(memory, sizeof(memory));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/postern-locks-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->gpio = fake_gpio_new(f->folder);
	settings_default(&f->settings);
	f->settings.door[0].lines.lock = line(4, 0);
	f->settings.door[2].lines.lock = line(5, GPIO_ACTIVE_LOW);
	f->settings.reader[0].lines.led = line(6, 0);
	f->settings.reader[0].lines.beeper = line(7, GPIO_ACTIVE_LOW);
	f->settings.panel[0].data0 = line(8, 0);
	f->settings.panel[0].data1 = line(9, 0);
	f->settings.door[0].lines.contact = line(10, 0);
	assert_int_equal(gpio_plan_make(&f->settings, &f->plan), 0);
	assert_int_equal(gpio_plan_open(&f->settings, &f->plan, f->fds, &why), 0);
	locks_over_gpio(&f->locks, &f->plan, f->fds);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gpio_plan_close(&f->plan, f->fds);
	fake_gpio_free(f->gpio, f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void the_board_is_moved_and_read(void **state)
{
	(void)state;
	static struct board board;
	struct locks locks;

	memset(&board, 0, sizeof(board));
	locks_over_board(&locks, &board);
	assert_false(locks_is_open(&locks, 3));
	assert_int_equal(locks_set(&locks, 3, true, 77), 1);
	assert_true(locks_is_open(&locks, 3));
	assert_true(board_lock_is_open(&board, 3));
	assert_int_equal(board.door[3].changed_ns, 77);
	assert_int_equal(locks_set(&locks, 3, true, 78), 0);
	assert_int_equal(board_lock_count(&board, 3), 1);
	assert_int_equal(locks_set(&locks, 3, false, 79), 1);
	locks_rest_others(&locks);
	assert_false(locks_is_open(&locks, 3));
}

static void a_gpio_lock_is_moved_and_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(locks_set(&f->locks, 0, true, 0), 1);
	assert_true(locks_is_open(&f->locks, 0));
	assert_false(locks_is_open(&f->locks, 2));
	assert_int_equal(f->gpio->line[0][4].physical, 1);
	assert_int_equal(locks_set(&f->locks, 2, true, 0), 1);
	assert_int_equal(f->gpio->line[0][5].physical, 0);
	assert_true(locks_is_open(&f->locks, 2));
	assert_int_equal(locks_set(&f->locks, 0, false, 0), 1);
	assert_int_equal(f->gpio->line[0][4].physical, 0);
	assert_int_equal(f->gpio->line[0][5].physical, 0);
}

static void a_lock_that_stands_so_does_not_move_but_is_written(void **state)
{
	struct fixture *f = *state;
	const struct fake_line *lock = &f->gpio->line[0][4];
	uint32_t moves = lock->moves;
	uint32_t writes = lock->writes;

	assert_int_equal(locks_set(&f->locks, 0, false, 0), 0);
	assert_int_equal(lock->moves, moves);
	assert_int_equal(lock->writes, writes + 1);
}

static void a_lock_that_cannot_be_driven_is_an_error_and_counts_as_open(void **state)
{
	struct fixture *f = *state;

	f->gpio->value_error = ENODEV;
	assert_int_equal(locks_set(&f->locks, 0, false, 0), -ENODEV);
	assert_true(locks_is_open(&f->locks, 0));
}

static void a_lock_that_cannot_be_read_is_driven_all_the_same(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(locks_set(&f->locks, 0, true, 0), 1);
	f->gpio->read_back_error = EOPNOTSUPP;
	assert_true(locks_is_open(&f->locks, 0));
	assert_int_equal(locks_set(&f->locks, 0, false, 0), 1);
	assert_int_equal(f->gpio->line[0][4].physical, 0);
	assert_int_equal(locks_set(&f->locks, 0, false, 0), 1); /* it may have moved */
}

static void a_door_without_a_lock_is_closed_and_cannot_be_driven(void **state)
{
	struct fixture *f = *state;

	assert_false(locks_is_open(&f->locks, 1));
	assert_int_equal(locks_set(&f->locks, 1, true, 0), -ENODEV);
}

static void others_rest_and_locks_stay(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(locks_set(&f->locks, 0, true, 0), 1);
	for (uint32_t i = 0; i < f->plan.count; i++) {
		if (gpio_use_is_output((enum gpio_use)f->plan.request[i].use) &&
			f->plan.request[i].use != GPIO_USE_LOCKS)
			assert_int_equal(gpio_values_set(f->fds[i], 3, 3), 0);
	}
	assert_int_equal(f->gpio->line[0][6].physical, 1);
	assert_int_equal(f->gpio->line[0][7].physical, 0);
	assert_int_equal(f->gpio->line[0][9].physical, 1);
	locks_rest_others(&f->locks);
	assert_int_equal(f->gpio->line[0][6].physical, 0);
	assert_int_equal(f->gpio->line[0][7].physical, 1);
	assert_int_equal(f->gpio->line[0][8].physical, 0);
	assert_int_equal(f->gpio->line[0][9].physical, 0);
	assert_true(locks_is_open(&f->locks, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_board_is_moved_and_read),
		TEST(a_gpio_lock_is_moved_and_read),
		TEST(a_lock_that_stands_so_does_not_move_but_is_written),
		TEST(a_lock_that_cannot_be_driven_is_an_error_and_counts_as_open),
		TEST(a_lock_that_cannot_be_read_is_driven_all_the_same),
		TEST(a_door_without_a_lock_is_closed_and_cannot_be_driven),
		TEST(others_rest_and_locks_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
