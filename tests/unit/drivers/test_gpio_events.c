// SPDX-License-Identifier: Apache-2.0
/* The kernel's events as edges: their order, what is missing, what no kernel says. */
#include "gpio_events.h"

#include "base/compiler.h"

#include <linux/gpio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define UP GPIO_V2_LINE_EVENT_RISING_EDGE
#define DOWN GPIO_V2_LINE_EVENT_FALLING_EDGE

static struct gpio_sequence sequence;
static struct gpio_edge edges[GPIO_EDGES_MAX];
static const struct gpio_plan_request request = {
	.use = GPIO_USE_READER,
	.count = 2,
	.line = {{.offset = 17}, {.offset = 4}},
};

static int set_up(void **state)
{
	(void)state;
	memset(&sequence, 0, sizeof(sequence));
	memset(edges, 0xa5, sizeof(edges));
	return 0;
}

static struct gpio_v2_line_event event(uint32_t seqno, uint32_t id, uint32_t offset)
{
	return (struct gpio_v2_line_event){
		.timestamp_ns = 1000 + 100 * (uint64_t)seqno,
		.id = id,
		.offset = offset,
		.seqno = seqno,
	};
}

static uint32_t take(const struct gpio_v2_line_event *events, size_t count)
{
	return gpio_events_take(&sequence, &request, events, count * sizeof(*events), edges);
}

static void assert_edge(uint32_t at, int64_t at_ns, uint8_t position, bool active, uint32_t lost)
{
	assert_int_equal(edges[at].at_ns, at_ns);
	assert_int_equal(edges[at].position, position);
	assert_int_equal(edges[at].active, active);
	assert_int_equal(edges[at].lost, lost);
}

static void edges_have_time_line_and_level(void **state)
{
	(void)state;
	const struct gpio_v2_line_event events[] = {
		event(1, DOWN, 4), event(2, UP, 4), event(3, DOWN, 17)};

	assert_int_equal(take(events, 3), 3);
	assert_edge(0, 1100, 1, false, 0);
	assert_edge(1, 1200, 1, true, 0);
	assert_edge(2, 1300, 0, false, 0);
}

static void the_first_number_may_be_any(void **state)
{
	(void)state;
	const struct gpio_v2_line_event first = event(4000000000u, DOWN, 4);

	assert_int_equal(take(&first, 1), 1);
	assert_int_equal(edges[0].lost, 0);
}

static void a_full_first_read_may_be_what_an_overflow_left(void **state)
{
	struct gpio_v2_line_event events[GPIO_EDGES_MAX];

	(void)state;
	for (uint32_t first = 1; first <= 33; first += 32) {
		memset(&sequence, 0, sizeof(sequence));
		for (uint32_t i = 0; i < GPIO_EDGES_MAX; i++)
			events[i] = event(first + i, i % 2 == 0 ? DOWN : UP, 4);
		assert_int_equal(take(events, GPIO_EDGES_MAX), GPIO_EDGES_MAX);
		assert_int_equal(edges[0].lost, first == 1 ? 0 : 1);
		assert_int_equal(edges[1].lost, 0);
	}
	memset(&sequence, 0, sizeof(sequence));
	assert_int_equal(take(events, GPIO_EDGES_MAX - 1), GPIO_EDGES_MAX - 1);
	assert_int_equal(edges[0].lost, 0);
}

static void a_gap_is_told_with_the_edge_behind_it(void **state)
{
	(void)state;
	const struct gpio_v2_line_event events[] = {
		event(1, DOWN, 4), event(4, DOWN, 17), event(5, UP, 17)};

	assert_int_equal(take(events, 3), 3);
	assert_edge(0, 1100, 1, false, 0);
	assert_edge(1, 1400, 0, false, 2);
	assert_edge(2, 1500, 0, true, 0);
}

static void a_gap_between_two_reads_is_told(void **state)
{
	(void)state;
	const struct gpio_v2_line_event first = event(1, DOWN, 4);
	const struct gpio_v2_line_event second = event(1026, DOWN, 4);

	assert_int_equal(take(&first, 1), 1);
	assert_int_equal(take(&second, 1), 1);
	assert_int_equal(edges[0].lost, 1024);
}

/* Two lines' threads may come in any order; the numbers are the interrupts'. */
static void edges_are_put_in_order(void **state)
{
	(void)state;
	const struct gpio_v2_line_event events[] = {event(2, UP, 4), event(1, DOWN, 4),
		event(5, DOWN, 4), event(3, DOWN, 17), event(4, UP, 17)};

	assert_int_equal(take(events, 5), 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(edges[i].at_ns, 1100 + 100 * i);
		assert_int_equal(edges[i].lost, 0);
	}
}

static void one_that_comes_after_it_was_missed_is_dropped(void **state)
{
	(void)state;
	const struct gpio_v2_line_event early[] = {event(1, DOWN, 4), event(3, DOWN, 17)};
	const struct gpio_v2_line_event late[] = {event(2, UP, 4), event(4, UP, 17)};

	assert_int_equal(take(early, 2), 2);
	assert_int_equal(edges[1].lost, 1);
	assert_int_equal(take(late, 2), 1);
	assert_edge(0, 1400, 0, true, 0);
}

static void numbers_run_over_their_end(void **state)
{
	(void)state;
	struct gpio_v2_line_event events[] = {
		event(0, DOWN, 4), event(0, UP, 4), event(0, DOWN, 17)};

	events[0].seqno = UINT32_MAX;
	events[1].seqno = 0;
	events[1].timestamp_ns++;
	events[2].seqno = 2;
	events[2].timestamp_ns += 2;
	assert_int_equal(take(events, 3), 3);
	assert_int_equal(edges[0].at_ns, 1000);
	assert_int_equal(edges[1].lost, 0);
	assert_int_equal(edges[2].lost, 1);
}

static void numbers_that_begin_anew_are_followed_with_a_loss(void **state)
{
	(void)state;
	struct gpio_v2_line_event high = event(1000, DOWN, 4);
	struct gpio_v2_line_event low[] = {event(1, DOWN, 4), event(2, UP, 4)};

	low[0].timestamp_ns = high.timestamp_ns + 1;
	low[1].timestamp_ns = high.timestamp_ns + 2;
	assert_int_equal(take(&high, 1), 1);
	assert_int_equal(take(low, 2), 2);
	assert_int_equal(edges[0].lost, 1);
	assert_int_equal(edges[1].lost, 0);
}

static void what_no_kernel_says_is_a_loss(void **state)
{
	(void)state;
	const struct gpio_v2_line_event events[] = {
		event(1, 0, 4), event(2, 3, 4), event(3, UP, 5), event(4, UP, 4)};

	assert_int_equal(take(events, 4), 1);
	assert_edge(0, 1400, 1, true, 3);
}

static void a_stamp_is_never_negative(void **state)
{
	(void)state;
	struct gpio_v2_line_event odd = event(1, UP, 4);

	odd.timestamp_ns = UINT64_MAX;
	assert_int_equal(take(&odd, 1), 1);
	assert_true(edges[0].at_ns == INT64_MAX);
}

static void a_part_of_an_event_is_left_out(void **state)
{
	(void)state;
	const struct gpio_v2_line_event events[] = {event(1, DOWN, 4), event(2, UP, 4)};

	assert_int_equal(
		gpio_events_take(&sequence, &request, events, 2 * GPIO_EVENT_SIZE - 1, edges), 1);
	assert_int_equal(gpio_events_take(&sequence, &request, events, 0, edges), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(edges_have_time_line_and_level),
		TEST(the_first_number_may_be_any),
		TEST(a_full_first_read_may_be_what_an_overflow_left),
		TEST(a_gap_is_told_with_the_edge_behind_it),
		TEST(a_gap_between_two_reads_is_told),
		TEST(edges_are_put_in_order),
		TEST(one_that_comes_after_it_was_missed_is_dropped),
		TEST(numbers_run_over_their_end),
		TEST(numbers_that_begin_anew_are_followed_with_a_loss),
		TEST(what_no_kernel_says_is_a_loss),
		TEST(a_stamp_is_never_negative),
		TEST(a_part_of_an_event_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
