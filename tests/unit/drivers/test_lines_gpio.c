// SPDX-License-Identifier: Apache-2.0
/* Lines on GPIO chips as the real-time thread sees them. */
#include "drivers/gpio_chip.h"
#include "drivers/lines.h"
#include "fake_gpio.h"
#include "platform/clock.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NS_PER_MS

/* Lines of chip 0. */
enum { DATA0 = 0, DATA1, TAMPER, LED, BEEPER, LOCK, CONTACT, REX, OTHER0, OTHER1, OTHER_LOCK };

struct fixture {
	char folder[64];
	struct fake_gpio *gpio;
	struct settings settings;
	struct gpio_plan plan;
	int fds[GPIO_REQUESTS_MAX];
	struct lines *lines;
	struct line_event event[512]; /* of the latest take() */
	int count;
};

static struct gpio_line line(uint32_t offset, uint8_t flags)
{
	struct gpio_line made = {.offset = offset, .flags = flags};

	assert_true(text_set(&made.chip, SPAN_LIT("gpiochip0")));
	return made;
}

static void wire(struct settings *settings)
{
	settings_default(settings);
	settings->reader[0].lines.data0 = line(DATA0, 0);
	settings->reader[0].lines.data1 = line(DATA1, 0);
	settings->reader[0].lines.tamper = line(TAMPER, 0);
	settings->reader[0].lines.led = line(LED, 0);
	settings->reader[0].lines.beeper = line(BEEPER, GPIO_ACTIVE_LOW);
	settings->reader[4].lines.data0 = line(OTHER0, GPIO_ACTIVE_LOW);
	settings->reader[4].lines.data1 = line(OTHER1, GPIO_ACTIVE_LOW);
	settings->door[3].lines.lock = line(LOCK, 0);
	settings->door[3].lines.contact = line(CONTACT, 0);
	settings->door[3].lines.rex = line(REX, GPIO_ACTIVE_LOW);
	settings->door[9].lines.lock = line(OTHER_LOCK, GPIO_ACTIVE_LOW);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char memory[512];
	struct buf why = buf_over(memory, sizeof(memory));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/postern-lines-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->gpio = fake_gpio_new(f->folder);
	f->gpio->line[0][DATA0].physical = f->gpio->line[0][DATA1].physical = 1;
	f->gpio->line[0][REX].physical = 1;
	wire(&f->settings);
	assert_int_equal(gpio_plan_make(&f->settings, &f->plan), 0);
	assert_int_equal(gpio_plan_open(&f->settings, &f->plan, f->fds, &why), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_null(lines_gpio_free(f->lines));
	gpio_plan_close(&f->plan, f->fds);
	fake_gpio_free(f->gpio, f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static int take(struct fixture *f)
{
	uint32_t lost = 7;

	f->count = f->lines->driver->read(f->lines, f->event, 512, &lost);
	assert_int_equal(lost, 0);
	return f->count;
}

/* The driver, with the levels of the start taken. */
static void begin(struct fixture *f)
{
	f->lines = lines_gpio_new(&f->settings, f->fds);
	assert_non_null(f->lines);
	(void)take(f);
}

static void pulse(struct fixture *f, uint32_t offset, bool rest, int64_t at_ns)
{
	fake_edge(f->gpio, 0, offset, !rest, at_ns);
	fake_edge(f->gpio, 0, offset, rest, at_ns + 50000);
}

static bool readable(const struct fixture *f)
{
	struct pollfd polled = {.fd = f->lines->driver->fd(f->lines), .events = POLLIN};

	return poll(&polled, 1, 0) == 1;
}

static void assert_event(const struct fixture *f, int at, uint8_t kind, uint8_t who, uint8_t level)
{
	assert_true(at < f->count);
	assert_int_equal(f->event[at].kind, kind);
	assert_int_equal(f->event[at].at, who);
	assert_int_equal(f->event[at].level, level);
}

static void it_begins_with_the_levels_that_stand(void **state)
{
	struct fixture *f = *state;

	f->gpio->line[0][CONTACT].physical = 1;
	f->lines = lines_gpio_new(&f->settings, f->fds);
	assert_string_equal(f->lines->driver->name, "gpio");
	assert_int_equal(take(f), 3);
	assert_event(f, 0, LINE_CONTACT, 3, 1);
	assert_event(f, 1, LINE_REX, 3, 0);
	assert_event(f, 2, LINE_TAMPER, 1, 0);
	assert_int_equal(take(f), 0);
	assert_false(readable(f));
}

static void edges_come_with_their_time_on_the_boot_clock(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - 20 * MS;

	begin(f);
	pulse(f, DATA1, true, at_ns);
	assert_true(readable(f));
	int64_t offset_ns = clock_boot_ns() - clock_monotonic_ns();

	assert_int_equal(take(f), 2);
	assert_event(f, 0, LINE_DATA1, 1, 0);
	assert_event(f, 1, LINE_DATA1, 1, 1);
	assert_int_equal(f->event[1].at_ns - f->event[0].at_ns, 50000);
	assert_in_range(f->event[0].at_ns - at_ns - offset_ns + 10 * MS, 0, 20 * MS);
	assert_false(readable(f));
}

static void an_inverted_line_rests_active(void **state)
{
	struct fixture *f = *state;

	begin(f);
	pulse(f, OTHER0, false, clock_monotonic_ns() - MS);
	assert_int_equal(take(f), 2);
	assert_event(f, 0, LINE_DATA0, 5, 0);
	assert_event(f, 1, LINE_DATA0, 5, 1);
}

static void a_stamp_from_the_future_is_cut_to_now(void **state)
{
	struct fixture *f = *state;

	begin(f);
	fake_edge(f->gpio, 0, DATA0, false, INT64_MAX);
	assert_int_equal(take(f), 1);
	assert_true(f->event[0].at_ns <= clock_boot_ns());
	assert_true(f->event[0].at_ns > clock_boot_ns() - NS_PER_S);
}

static void contacts_buttons_and_tampers_are_told(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - MS;

	begin(f);
	fake_edge(f->gpio, 0, CONTACT, true, at_ns);
	fake_edge(f->gpio, 0, REX, false, at_ns + 1); /* active-low: pressed */
	fake_edge(f->gpio, 0, TAMPER, true, at_ns + 2);
	assert_int_equal(take(f), 3);
	assert_event(f, 0, LINE_CONTACT, 3, 1);
	assert_event(f, 1, LINE_REX, 3, 1);
	assert_event(f, 2, LINE_TAMPER, 1, 1);
}

static void readers_are_merged_by_time(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - 500 * MS;

	begin(f);
	for (int i = 0; i < 100; i++) /* more than one read takes */
		pulse(f, DATA0, true, at_ns + 4 * i * MS);
	for (int i = 0; i < 10; i++)
		pulse(f, OTHER0, false, at_ns + (40 * i + 2) * MS);
	fake_edge(f->gpio, 0, CONTACT, true, at_ns + 3 * MS);
	assert_int_equal(take(f), 221);
	for (int i = 1; i < f->count; i++)
		assert_true(f->event[i].at_ns >= f->event[i - 1].at_ns);
	assert_event(f, 2, LINE_DATA0, 5, 0);
	assert_event(f, 4, LINE_CONTACT, 3, 1);
}

static void a_small_reader_takes_the_earliest_and_loses_none(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - 500 * MS;
	struct line_event event;
	uint32_t lost;
	int64_t before_ns = INT64_MIN;
	int count = 0;

	begin(f);
	for (int i = 0; i < 80; i++) {
		pulse(f, DATA1, true, at_ns + 2 * i * MS);
		pulse(f, OTHER1, false, at_ns + (2 * i + 1) * MS);
	}
	while (f->lines->driver->read(f->lines, &event, 1, &lost) == 1) {
		assert_true(event.at_ns > before_ns);
		before_ns = event.at_ns;
		count++;
	}
	assert_int_equal(count, 320);
}

static void a_lost_edge_is_told_for_its_reader_alone(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - 50 * MS;

	begin(f);
	pulse(f, DATA0, true, at_ns);
	pulse(f, OTHER0, false, at_ns + MS);
	fake_edge(f->gpio, 0, DATA0, false, at_ns + 2 * MS);
	fake_edge_lost(f->gpio, 0, DATA0, true);
	fake_edge_lost(f->gpio, 0, DATA1, false);
	fake_edge(f->gpio, 0, DATA1, true, at_ns + 4 * MS);
	pulse(f, OTHER0, false, at_ns + 5 * MS);
	assert_int_equal(take(f), 9);
	assert_event(f, 4, LINE_DATA0, 1, 0);
	assert_event(f, 5, LINE_LOST, 1, 0);
	assert_event(f, 6, LINE_DATA1, 1, 1);
	for (int i = 0; i < f->count; i++)
		assert_true(f->event[i].kind != LINE_LOST || i == 5);
}

static void levels_are_read_again_after_a_loss(void **state)
{
	struct fixture *f = *state;
	int64_t at_ns = clock_monotonic_ns() - 50 * MS;

	begin(f);
	fake_edge(f->gpio, 0, TAMPER, true, at_ns);
	fake_edge_lost(f->gpio, 0, CONTACT, true);
	fake_edge(f->gpio, 0, REX, false, at_ns + 1);
	assert_int_equal(take(f), 5);
	assert_event(f, 0, LINE_TAMPER, 1, 1);
	assert_event(f, 1, LINE_REX, 3, 1);
	assert_event(f, 2, LINE_CONTACT, 3, 1);
	assert_event(f, 3, LINE_REX, 3, 1);
	assert_event(f, 4, LINE_TAMPER, 1, 1);
	assert_true(f->event[2].at_ns > clock_boot_ns() - 20 * NS_PER_S);
}

static void what_came_before_the_start_is_dropped(void **state)
{
	struct fixture *f = *state;
	int64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < 200; i++)
		pulse(f, DATA0, true, now_ns - NS_PER_S + i * MS);
	pulse(f, OTHER0, false, now_ns - 3 * MS); /* a frame may be under way */
	f->lines = lines_gpio_new(&f->settings, f->fds);
	assert_int_equal(take(f), 4);
	assert_event(f, 0, LINE_LOST, 5, 0);
	assert_event(f, 1, LINE_CONTACT, 3, 0);
	pulse(f, DATA0, true, clock_monotonic_ns());
	assert_int_equal(take(f), 2); /* its numbers go on: nothing is missing */
	assert_event(f, 0, LINE_DATA0, 1, 0);
}

static void a_chip_that_goes_away_is_a_tamper(void **state)
{
	struct fixture *f = *state;

	begin(f);
	pulse(f, DATA0, true, clock_monotonic_ns() - MS);
	f->gpio->gone = 1; /* the request of reader 1 */
	assert_int_equal(take(f), 2);
	assert_event(f, 0, LINE_LOST, 1, 0);
	assert_event(f, 1, LINE_TAMPER, 1, 1);
	assert_int_equal(take(f), 0);
	assert_false(readable(f)); /* it is not asked again */
	pulse(f, OTHER0, false, clock_monotonic_ns());
	assert_int_equal(take(f), 2); /* others go on */
	assert_event(f, 0, LINE_DATA0, 5, 0);
}

static void locks_are_driven_once(void **state)
{
	struct fixture *f = *state;
	const struct fake_line *lock = &f->gpio->line[0][LOCK];
	const struct fake_line *other = &f->gpio->line[0][OTHER_LOCK];

	begin(f);
	const struct lines_driver *driver = f->lines->driver;
	uint32_t writes = lock->writes;

	driver->set_lock(f->lines, 3, false);
	assert_int_equal(lock->writes, writes);
	driver->set_lock(f->lines, 3, true);
	driver->set_lock(f->lines, 3, true);
	assert_int_equal(lock->writes, writes + 1);
	assert_int_equal(lock->physical, 1);
	assert_true(driver->lock_is_open(f->lines, 3));
	assert_false(driver->lock_is_open(f->lines, 9));
	driver->set_lock(f->lines, 9, true);
	assert_int_equal(other->physical, 0);
	assert_int_equal(lock->physical, 1);
	driver->set_lock(f->lines, 3, false);
	assert_int_equal(lock->physical, 0);
	assert_int_equal(lock->moves, 2);
	driver->set_lock(f->lines, 0, true); /* not wired */
	assert_false(driver->lock_is_open(f->lines, 0));
}

static void a_lock_found_open_is_known_to_be(void **state)
{
	struct fixture *f = *state;

	f->gpio->line[0][LOCK].physical = 1;
	begin(f);
	assert_true(f->lines->driver->lock_is_open(f->lines, 3));
	assert_int_equal(f->gpio->line[0][LOCK].physical, 1);
}

static void a_fail_safe_lock_counts_as_open_until_it_is_driven(void **state)
{
	struct fixture *f = *state;
	const struct fake_line *lock = &f->gpio->line[0][LOCK];

	f->settings.door[3].config.fail = FAIL_SAFE;
	begin(f); /* it reads locked */
	assert_true(f->lines->driver->lock_is_open(f->lines, 3));
	uint32_t writes = lock->writes;

	f->lines->driver->set_lock(f->lines, 3, false);
	assert_int_equal(lock->writes, writes + 1);
	assert_int_equal(lock->moves, 0);
	assert_false(f->lines->driver->lock_is_open(f->lines, 3));
}

static void a_lock_that_does_not_fall_is_said_to_be_open(void **state)
{
	struct fixture *f = *state;

	begin(f);
	f->lines->driver->set_lock(f->lines, 3, true);
	f->gpio->value_error = EIO;
	f->lines->driver->set_lock(f->lines, 3, false);
	assert_true(f->lines->driver->lock_is_open(f->lines, 3));
	f->gpio->value_error = 0;
	f->lines->driver->set_lock(f->lines, 3, false);
	assert_false(f->lines->driver->lock_is_open(f->lines, 3));
	assert_int_equal(f->gpio->line[0][LOCK].physical, 0);
}

static void inputs_are_read(void **state)
{
	struct fixture *f = *state;

	begin(f);
	const struct lines_driver *driver = f->lines->driver;

	assert_false(driver->input(f->lines, LINE_CONTACT, 3));
	assert_false(driver->input(f->lines, LINE_REX, 3));
	assert_true(driver->input(f->lines, LINE_DATA0, 1));
	assert_true(driver->input(f->lines, LINE_DATA1, 5)); /* active-low at rest */
	f->gpio->line[0][CONTACT].physical = 1;
	f->gpio->line[0][REX].physical = 0;
	assert_true(driver->input(f->lines, LINE_CONTACT, 3));
	assert_true(driver->input(f->lines, LINE_REX, 3));
	assert_false(driver->input(f->lines, LINE_TAMPER, 5)); /* not wired */
	assert_false(driver->input(f->lines, LINE_CONTACT, 9));
	assert_true(driver->input(f->lines, LINE_DATA0, 9));
}

static void an_input_that_cannot_be_read_is_an_alarm_and_opens_nothing(void **state)
{
	struct fixture *f = *state;

	begin(f);
	f->gpio->value_error = ENODEV;
	assert_true(f->lines->driver->input(f->lines, LINE_CONTACT, 3));
	assert_true(f->lines->driver->input(f->lines, LINE_TAMPER, 1));
	assert_false(f->lines->driver->input(f->lines, LINE_REX, 3));
}

static void feedback_is_light_and_sound(void **state)
{
	struct fixture *f = *state;
	const struct fake_line *led = &f->gpio->line[0][LED];
	const struct fake_line *beeper = &f->gpio->line[0][BEEPER];

	begin(f);
	const struct lines_driver *driver = f->lines->driver;

	assert_true(driver->deadline_ns(f->lines) == INT64_MAX);
	driver->set_feedback(f->lines, 1, FEEDBACK_GRANTED);
	assert_int_equal(led->physical, 1);
	assert_int_equal(beeper->physical, 0); /* active-low: sounds */
	int64_t next_ns = driver->deadline_ns(f->lines);

	assert_in_range(next_ns - clock_boot_ns(), 1, 300 * MS);
	driver->time(f->lines, next_ns - 1);
	assert_int_equal(beeper->physical, 0);
	driver->time(f->lines, next_ns);
	assert_int_equal(led->physical, 1);
	assert_int_equal(beeper->physical, 1);
	driver->time(f->lines, driver->deadline_ns(f->lines));
	assert_int_equal(led->physical, 0);
	assert_true(driver->deadline_ns(f->lines) == INT64_MAX);
	driver->set_feedback(f->lines, 5, FEEDBACK_DENIED); /* no light is wired */
	assert_true(driver->deadline_ns(f->lines) == INT64_MAX);
}

static void a_light_that_was_left_on_goes_off(void **state)
{
	struct fixture *f = *state;

	f->gpio->line[0][LED].physical = 1;
	f->gpio->line[0][BEEPER].physical = 0;
	begin(f);
	assert_int_equal(f->gpio->line[0][LED].physical, 0);
	assert_int_equal(f->gpio->line[0][BEEPER].physical, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_begins_with_the_levels_that_stand),
		TEST(edges_come_with_their_time_on_the_boot_clock),
		TEST(an_inverted_line_rests_active),
		TEST(a_stamp_from_the_future_is_cut_to_now),
		TEST(contacts_buttons_and_tampers_are_told),
		TEST(readers_are_merged_by_time),
		TEST(a_small_reader_takes_the_earliest_and_loses_none),
		TEST(a_lost_edge_is_told_for_its_reader_alone),
		TEST(levels_are_read_again_after_a_loss),
		TEST(what_came_before_the_start_is_dropped),
		TEST(a_chip_that_goes_away_is_a_tamper),
		TEST(locks_are_driven_once),
		TEST(a_lock_found_open_is_known_to_be),
		TEST(a_fail_safe_lock_counts_as_open_until_it_is_driven),
		TEST(a_lock_that_does_not_fall_is_said_to_be_open),
		TEST(inputs_are_read),
		TEST(an_input_that_cannot_be_read_is_an_alarm_and_opens_nothing),
		TEST(feedback_is_light_and_sound),
		TEST(a_light_that_was_left_on_goes_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
