// SPDX-License-Identifier: Apache-2.0
/* Which line requests the settings need. */
#include "drivers/gpio_plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct settings settings;
static struct gpio_plan plan;

static int set_up(void **state)
{
	(void)state;
	settings_default(&settings);
	return 0;
}

static struct gpio_line line(const char *chip, uint32_t offset, uint8_t flags)
{
	struct gpio_line made = {.offset = offset, .flags = flags};

	assert_true(text_set(&made.chip, span_from_string(chip)));
	return made;
}

static void assert_line(uint32_t request, uint32_t position, uint32_t offset, enum gpio_wire wire,
	uint8_t at, bool active)
{
	const struct gpio_plan_line *got = &plan.request[request].line[position];

	assert_true(request < plan.count && position < plan.request[request].count);
	assert_int_equal(got->offset, offset);
	assert_int_equal(got->wire, wire);
	assert_int_equal(got->at, at);
	assert_int_equal(got->active, active);
}

static void assert_request(uint32_t request, const char *chip, enum gpio_use use, uint8_t count)
{
	assert_true(request < plan.count);
	assert_true(text_is(&plan.request[request].chip, span_from_string(chip)));
	assert_int_equal(plan.request[request].use, use);
	assert_int_equal(plan.request[request].count, count);
}

static void virtual_lines_need_nothing(void **state)
{
	(void)state;
	settings_demo(&settings);
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_int_equal(plan.count, 0);
}

static void each_kind_of_line_has_its_request(void **state)
{
	(void)state;
	struct door_settings *door = settings.door;

	settings.reader[6].lines.data0 = line("b", 10, GPIO_ACTIVE_LOW);
	settings.reader[6].lines.data1 = line("b", 11, 0);
	settings.reader[0].lines.data0 = line("a", 1, 0);
	settings.reader[0].lines.data1 = line("a", 0, 0);
	settings.reader[0].lines.tamper = line("a", 2, GPIO_PULL_UP);
	settings.reader[0].lines.led = line("a", 3, GPIO_OPEN_DRAIN);
	settings.reader[0].lines.beeper = line("b", 4, 0);
	door[0].lines.lock = line("a", 5, 0);
	door[0].lines.contact = line("a", 6, 0);
	door[63].lines.lock = line("a", 7, GPIO_ACTIVE_LOW);
	door[63].lines.rex = line("b", 8, 0);
	door[63].config.fail = FAIL_SAFE;
	settings.panel[15].data0 = line("a", 20, 0);
	settings.panel[15].data1 = line("a", 21, 0);
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_int_equal(plan.count, 8);
	assert_request(0, "a", GPIO_USE_READER, 2);
	assert_line(0, 0, 1, GPIO_WIRE_DATA0, 1, false);
	assert_line(0, 1, 0, GPIO_WIRE_DATA1, 1, false);
	assert_request(1, "b", GPIO_USE_READER, 2);
	assert_line(1, 0, 10, GPIO_WIRE_DATA0, 7, false);
	assert_int_equal(plan.request[1].line[0].flags, GPIO_ACTIVE_LOW);
	assert_request(2, "a", GPIO_USE_INPUTS, 2);
	assert_line(2, 0, 6, GPIO_WIRE_CONTACT, 0, false);
	assert_line(2, 1, 2, GPIO_WIRE_TAMPER, 1, false);
	assert_request(3, "b", GPIO_USE_INPUTS, 1);
	assert_line(3, 0, 8, GPIO_WIRE_REX, 63, false);
	assert_request(4, "a", GPIO_USE_LOCKS, 2);
	assert_line(4, 0, 5, GPIO_WIRE_LOCK, 0, false);
	assert_line(4, 1, 7, GPIO_WIRE_LOCK, 63, true); /* its fail state */
	assert_request(5, "a", GPIO_USE_SIGNALS, 1);
	assert_line(5, 0, 3, GPIO_WIRE_LED, 1, false);
	assert_request(6, "b", GPIO_USE_SIGNALS, 1);
	assert_line(6, 0, 4, GPIO_WIRE_BEEPER, 1, false);
	assert_request(7, "a", GPIO_USE_PANEL, 2);
	assert_line(7, 0, 20, GPIO_WIRE_PANEL_DATA0, 15, false);
	assert_line(7, 1, 21, GPIO_WIRE_PANEL_DATA1, 15, false);
}

static void the_same_settings_give_the_same_plan(void **state)
{
	(void)state;
	static struct gpio_plan again;

	for (uint8_t i = 0; i < 20; i++) {
		settings.door[i].lines.lock = line(i % 3 == 0 ? "x" : "y", i, 0);
		settings.reader[i].lines.data0 = line("x", 100u + i, 0);
		settings.reader[i].lines.data1 = line("x", 200u + i, 0);
	}
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	memset(&again, 0, sizeof(again));
	assert_int_equal(gpio_plan_make(&settings, &again), 0);
	assert_int_equal(plan.count, 22);
	assert_int_equal(again.count, plan.count);
	for (uint32_t i = 0; i < plan.count; i++)
		assert_memory_equal(&plan.request[i], &again.request[i], sizeof(plan.request[i]));
}

static void a_request_is_never_longer_than_the_kernel_takes(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		settings.door[i].lines.contact = line("a", i, 0);
		settings.door[i].lines.rex = line("a", 100u + i, 0);
	}
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_int_equal(plan.count, 2);
	assert_request(0, "a", GPIO_USE_INPUTS, 64);
	assert_request(1, "a", GPIO_USE_INPUTS, 64);
	assert_line(0, 63, 131, GPIO_WIRE_REX, 31, false);
	assert_line(1, 0, 32, GPIO_WIRE_CONTACT, 32, false);
}

static void more_requests_than_numbers_are_refused(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < GPIO_REQUESTS_MAX; i++) {
		settings.reader[i].lines.data0 = line("a", 2u * i, 0);
		settings.reader[i].lines.data1 = line("a", 2u * i + 1, 0);
	}
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_int_equal(plan.count, GPIO_REQUESTS_MAX);
	settings.door[0].lines.lock = line("a", 1000, 0);
	assert_int_equal(gpio_plan_make(&settings, &plan), -E2BIG);
	assert_int_equal(plan.count, GPIO_REQUESTS_MAX);
}

static void a_wire_is_found_where_it_is(void **state)
{
	(void)state;
	uint32_t request = 99;
	uint32_t position = 99;

	settings.door[2].lines.lock = line("a", 4, 0);
	settings.door[3].lines.lock = line("a", 5, 0);
	settings.reader[3].lines.data0 = line("a", 6, 0);
	settings.reader[3].lines.data1 = line("a", 7, 0);
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_true(gpio_plan_find(&plan, GPIO_WIRE_LOCK, 3, &request, &position));
	assert_int_equal(request, 1);
	assert_int_equal(position, 1);
	assert_true(gpio_plan_find(&plan, GPIO_WIRE_DATA1, 4, &request, &position));
	assert_int_equal(request, 0);
	assert_int_equal(position, 1);
	assert_false(gpio_plan_find(&plan, GPIO_WIRE_DATA1, 3, &request, &position));
	assert_false(gpio_plan_find(&plan, GPIO_WIRE_REX, 3, &request, &position));
}

static void assert_words(uint32_t request, uint32_t position, const char *want)
{
	char memory[128];
	struct buf out = buf_over(memory, sizeof(memory));

	gpio_plan_line_describe(
		&settings, &plan.request[request], &plan.request[request].line[position], &out);
	assert_int_equal(out.len, strlen(want));
	assert_memory_equal(memory, want, out.len);
}

static void a_line_has_words(void **state)
{
	(void)state;
	assert_true(text_set(&settings.door[1].id, SPAN_LIT("front")));
	settings.reader[4].lines.data0 = line("a", 6, 0);
	settings.reader[4].lines.data1 = line("a", 7, 0);
	settings.door[1].lines.rex = line("gpiochip3", 17, 0);
	settings.panel[0].data0 = line("a", 8, 0);
	settings.panel[0].data1 = line("a", 9, 0);
	assert_int_equal(gpio_plan_make(&settings, &plan), 0);
	assert_words(0, 1, "`data1` of reader 5 (a:7)");
	assert_words(1, 0, "`rex_line` of door `front` (gpiochip3:17)");
	assert_words(2, 1, "`data1` of panel 1 (a:9)");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(virtual_lines_need_nothing),
		TEST(each_kind_of_line_has_its_request),
		TEST(the_same_settings_give_the_same_plan),
		TEST(a_request_is_never_longer_than_the_kernel_takes),
		TEST(more_requests_than_numbers_are_refused),
		TEST(a_wire_is_found_where_it_is),
		TEST(a_line_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
