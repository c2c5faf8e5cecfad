// SPDX-License-Identifier: Apache-2.0
/* Requests as the kernel gets them, and what a person reads when it refuses. */
#include "drivers/gpio_chip.h"
#include "fake_gpio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char folder[64];
	struct fake_gpio *gpio;
	struct settings settings;
	struct gpio_plan plan;
	int fds[GPIO_REQUESTS_MAX];
	char memory[512];
	struct buf why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/postern-gpio-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->gpio = fake_gpio_new(f->folder);
	settings_default(&f->settings);
	f->why = buf_over(f->memory, sizeof(f->memory) - 1);
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

static struct gpio_line line(const char *chip, uint32_t offset, uint8_t flags)
{
	struct gpio_line made = {.offset = offset, .flags = flags};

	assert_true(text_set(&made.chip, span_from_string(chip)));
	return made;
}

/* Door `front` with its lock, and reader 1. */
static void front(struct fixture *f, const char *chip)
{
	assert_true(text_set(&f->settings.door[0].id, SPAN_LIT("front")));
	f->settings.door[0].lines.lock = line(chip, 4, 0);
	f->settings.reader[0].lines.data0 = line(chip, 0, 0);
	f->settings.reader[0].lines.data1 = line(chip, 1, GPIO_ACTIVE_LOW | GPIO_PULL_UP);
}

static int plan_open(struct fixture *f)
{
	assert_int_equal(gpio_plan_make(&f->settings, &f->plan), 0);
	return gpio_plan_open(&f->settings, &f->plan, f->fds, &f->why);
}

static void requests_ask_for_what_the_plan_says(void **state)
{
	struct fixture *f = *state;
	uint64_t edges = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			 GPIO_V2_LINE_FLAG_EDGE_FALLING;

	front(f, "gpiochip0");
	f->settings.door[0].lines.contact = line("gpiochip0", 5, GPIO_PULL_UP);
	f->settings.door[0].lines.rex = line("gpiochip0", 6, GPIO_PULL_DOWN);
	f->settings.door[1].lines.rex = line("gpiochip0", 7, GPIO_PULL_UP);
	f->settings.reader[0].lines.led = line("fake-b", 7, GPIO_OPEN_DRAIN);
	assert_int_equal(plan_open(f), 0);
	const struct fake_line *a = f->gpio->line[0];

	assert_int_equal(f->gpio->request_count, 4);
	assert_int_equal(a[0].flags, edges);
	assert_int_equal(
		a[1].flags, edges | GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
	assert_int_equal(a[4].flags, GPIO_V2_LINE_FLAG_OUTPUT);
	assert_int_equal(a[5].flags, edges | GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
	assert_int_equal(a[6].flags, edges | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN);
	assert_int_equal(a[7].flags, edges | GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
	assert_int_equal(
		f->gpio->line[1][7].flags, GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN);
	assert_string_equal(a[4].consumer, "posternd");
	assert_int_equal(f->gpio->request[0].event_buffer_size, 1024);
	assert_int_equal(f->gpio->request[2].event_buffer_size, 0); /* locks have no events */
	for (uint32_t i = 0; i < f->plan.count; i++) {
		assert_int_equal(fcntl(f->fds[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		assert_int_equal(fcntl(f->fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
}

static void locks_begin_in_their_fail_states(void **state)
{
	struct fixture *f = *state;

	front(f, "gpiochip0");
	f->settings.door[1].lines.lock = line("gpiochip0", 8, 0);
	f->settings.door[1].config.fail = FAIL_SAFE;
	f->settings.door[2].lines.lock = line("gpiochip0", 9, GPIO_ACTIVE_LOW);
	f->settings.door[3].lines.lock = line("gpiochip0", 10, GPIO_ACTIVE_LOW);
	f->settings.door[3].config.fail = FAIL_SAFE;
	assert_int_equal(plan_open(f), 0);
	assert_int_equal(f->gpio->line[0][4].physical, 0);
	assert_int_equal(f->gpio->line[0][8].physical, 1);
	assert_int_equal(f->gpio->line[0][9].physical, 1); /* locked is high here */
	assert_int_equal(f->gpio->line[0][10].physical, 0);
}

static void many_flags_are_one_request(void **state)
{
	struct fixture *f = *state;
	static const uint8_t flags[] = {0, GPIO_PULL_UP, GPIO_PULL_DOWN, GPIO_ACTIVE_LOW,
		GPIO_ACTIVE_LOW | GPIO_PULL_UP, GPIO_ACTIVE_LOW | GPIO_PULL_DOWN};

	for (uint8_t i = 0; i < 24; i++)
		f->settings.door[i].lines.rex = line("gpiochip0", i, flags[i % 6]);
	assert_int_equal(plan_open(f), 0);
	assert_int_equal(f->gpio->request_count, 1);
	for (uint8_t i = 0; i < 24; i++) {
		uint64_t got = f->gpio->line[0][i].flags;
		uint8_t want = flags[i % 6];

		assert_int_equal(
			(got & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0, (want & GPIO_ACTIVE_LOW) != 0);
		assert_int_equal(
			(got & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) != 0, (want & GPIO_PULL_UP) != 0);
		assert_int_equal((got & GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN) != 0,
			(want & GPIO_PULL_DOWN) != 0);
	}
}

static void values_are_of_the_masked_lines(void **state)
{
	struct fixture *f = *state;
	uint64_t bits;

	f->settings.door[0].lines.lock = line("gpiochip0", 3, 0);
	f->settings.door[1].lines.lock = line("gpiochip0", 2, GPIO_ACTIVE_LOW);
	assert_int_equal(plan_open(f), 0);
	assert_int_equal(gpio_values_set(f->fds[0], 2, 3), 0);
	assert_int_equal(f->gpio->line[0][3].physical, 0);
	assert_int_equal(f->gpio->line[0][2].physical, 0); /* active, and low */
	assert_int_equal(gpio_values_get(f->fds[0], 3, &bits), 0);
	assert_int_equal(bits, 2);
	assert_int_equal(gpio_values_get(f->fds[0], 1, &bits), 0);
	assert_int_equal(bits, 0);
	f->gpio->value_error = EIO;
	assert_int_equal(gpio_values_get(f->fds[0], 1, &bits), -EIO);
	assert_int_equal(gpio_values_set(f->fds[0], 1, 1), -EIO);
}

static void assert_refused(struct fixture *f, int want, const char *words)
{
	int got = plan_open(f);

	f->memory[f->why.len] = '\0';
	if (got != want || strcmp(f->memory, words) != 0)
		fail_msg("said %d, %s\nwanted %d, %s", got, f->memory, want, words);
	assert_false(f->why.overflow);
	for (uint32_t i = 0; i < GPIO_REQUESTS_MAX; i++)
		assert_int_equal(f->fds[i], -1);
}

static void a_chip_that_is_not_there_is_named_with_those_that_are(void **state)
{
	struct fixture *f = *state;
	const char *words;

	front(f, "gpiochip7");
	assert_int_equal(plan_open(f), -ENOENT);
	f->memory[f->why.len] = '\0';
	words = "cannot open GPIO chip `gpiochip7`: there is none of that name or label; the "
		"chips of this machine:";
	assert_memory_equal(f->memory, words, strlen(words));
	assert_non_null(strstr(f->memory, " gpiochip0 [fake-a]"));
	assert_non_null(strstr(f->memory, " gpiochip1 [fake-b]"));
}

static void a_label_must_be_one_chips(void **state)
{
	struct fixture *f = *state;

	int probe = dup(STDOUT_FILENO);

	close(probe);
	f->gpio->same_labels = 1;
	front(f, "fake-a");
	assert_int_equal(plan_open(f), -EEXIST);
	int again = dup(STDOUT_FILENO);

	assert_int_equal(again, probe); /* both chips are closed again */
	close(again);
	f->memory[f->why.len] = '\0';
	assert_non_null(strstr(f->memory, "cannot open GPIO chip `fake-a`: several chips have this "
					  "label: name one as gpiochipN"));
	f->why.len = 0;
	front(f, "fake-c");
	assert_int_equal(plan_open(f), -ENOENT);
}

static void a_line_behind_the_last_is_told(void **state)
{
	struct fixture *f = *state;

	front(f, "gpiochip1");
	f->settings.door[0].lines.lock.offset = 8;
	assert_refused(f, -ERANGE,
		"there is no line for `lock` of door `front` (gpiochip1:8): the chip has 8 "
		"lines, counted from 0");
}

static void a_line_of_another_program_is_told_with_its_name(void **state)
{
	struct fixture *f = *state;

	front(f, "gpiochip0");
	strcpy(f->gpio->line[0][1].consumer, "w1");
	assert_refused(f, -EBUSY,
		"cannot use `data1` of reader 1 (gpiochip0:1): in use by `w1`: stop that "
		"program, free the line in the kernel's device tree, or wire another line");
}

static void a_line_that_posternd_holds_is_told_so(void **state)
{
	struct fixture *f = *state;
	struct gpio_plan first;
	int fds[GPIO_REQUESTS_MAX];

	front(f, "gpiochip0");
	assert_int_equal(plan_open(f), 0);
	first = f->plan;
	memcpy(fds, f->fds, sizeof(fds));
	assert_refused(f, -EBUSY,
		"cannot use `data0` of reader 1 (gpiochip0:0): posternd holds the lines: stop it "
		"first");
	gpio_plan_close(&first, fds);
	assert_int_equal(plan_open(f), 0); /* it was stopped */
}

static void a_chip_without_interrupts_is_told(void **state)
{
	struct fixture *f = *state;

	front(f, "gpiochip0");
	f->gpio->request_error = ENXIO;
	assert_refused(f, -ENXIO,
		"cannot use `data0` of reader 1 (gpiochip0:0), or a line requested with it: the "
		"chip gives no interrupts for it: wire inputs to a chip that does");
}

static void a_device_without_permission_names_the_group(void **state)
{
	struct fixture *f = *state;

	f->gpio->open_error = EACCES;
	front(f, "gpiochip0");
	assert_refused(f, -EACCES,
		"cannot open GPIO chip `gpiochip0`: no permission: start posternd as root, or as "
		"a member of the group gpio (and give it the device)");
	f->why.len = 0;
	front(f, "fake-a"); /* by its label */
	assert_int_equal(plan_open(f), -EACCES);
}

static void what_was_opened_is_closed_when_one_fails(void **state)
{
	struct fixture *f = *state;
	int probe = dup(STDOUT_FILENO);

	close(probe);
	front(f, "gpiochip0");
	f->settings.door[1].lines.lock = line("gpiochip1", 9, 0);
	assert_int_equal(plan_open(f), -ERANGE);
	assert_int_equal(f->gpio->request_count, 2);
	int again = dup(STDOUT_FILENO);

	assert_int_equal(again, probe); /* no descriptor is left */
	close(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_ask_for_what_the_plan_says),
		TEST(locks_begin_in_their_fail_states),
		TEST(many_flags_are_one_request),
		TEST(values_are_of_the_masked_lines),
		TEST(a_chip_that_is_not_there_is_named_with_those_that_are),
		TEST(a_label_must_be_one_chips),
		TEST(a_line_behind_the_last_is_told),
		TEST(a_line_of_another_program_is_told_with_its_name),
		TEST(a_line_that_posternd_holds_is_told_so),
		TEST(a_chip_without_interrupts_is_told),
		TEST(a_device_without_permission_names_the_group),
		TEST(what_was_opened_is_closed_when_one_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
