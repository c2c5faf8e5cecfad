// SPDX-License-Identifier: Apache-2.0
/*
 * The wires themselves: what later tests stand on. Levels both ways, bias, who wins, what a release
 * leaves, and the edges as the kernel tells them: stamps, numbers, losses.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define IN GPIO_V2_LINE_FLAG_INPUT
#define OUT GPIO_V2_LINE_FLAG_OUTPUT
#define UP GPIO_V2_LINE_FLAG_BIAS_PULL_UP
#define DOWN GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN
#define EDGES (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)
#define ODD UINT64_C(0xaaaaaaaa)
#define ALL UINT64_C(0xffffffff)

static const uint32_t two[] = {5, 6};

static void all_offsets(uint32_t offset[WIRES_MAX])
{
	for (uint32_t i = 0; i < WIRES_MAX; i++)
		offset[i] = i;
}

static void every_line_is_a_wire(const char *from, const char *to)
{
	struct wires out;
	struct wires in;
	uint32_t offset[WIRES_MAX];

	all_offsets(offset);
	wires_take(
		&out, &(struct wires_ask){.chip = from, .flags = OUT, .levels = ODD}, offset, 32);
	wires_take(&in, &(struct wires_ask){.chip = to, .flags = IN}, offset, 32);
	assert_int_equal(wires_read(&in), ODD);
	wires_write(&out, ALL, ~ODD & ALL);
	assert_int_equal(wires_read(&in), ~ODD & ALL);
	for (unsigned i = 0; i < 32; i++) {
		wires_write(&out, ALL, UINT64_C(1) << i);
		assert_int_equal(wires_read(&in), UINT64_C(1) << i);
	}
	wires_release(&in);
	wires_release(&out);
}

static void a_level_goes_from_the_world_to_the_controller(void **state)
{
	(void)state;
	every_line_is_a_wire("world", "controller");
}

static void a_level_goes_from_the_controller_to_the_world(void **state)
{
	(void)state;
	every_line_is_a_wire("controller", "world");
}

/* Level of line 5, as `to` sees it, while `from` asks for these flags. */
static uint64_t level_under(const char *from, uint64_t flags, const char *to, uint64_t flags_to)
{
	struct wires first;
	struct wires second;

	wires_take_one(&first, &(struct wires_ask){.chip = from, .flags = flags}, 5);
	wires_take_one(&second, &(struct wires_ask){.chip = to, .flags = flags_to}, 5);
	uint64_t level = wires_read(&second);

	wires_release(&first);
	wires_release(&second);
	return level;
}

static void a_line_that_nobody_drives_is_pulled(void **state)
{
	(void)state;
	struct wires reset;

	/* An earlier user may have left the controller's end driven. */
	wires_take_one(&reset, &(struct wires_ask){.chip = "controller", .flags = IN}, 5);
	wires_release(&reset);
	assert_int_equal(level_under("world", IN, "controller", IN), 0);
	assert_int_equal(level_under("world", IN | UP, "controller", IN), 1);
	assert_int_equal(level_under("controller", IN | UP, "world", IN), 1);
	assert_int_equal(level_under("world", IN | DOWN, "controller", IN | UP), 0);
	assert_int_equal(level_under("world", IN, "controller", IN), 0);
}

static void low_wins_where_both_drive(void **state)
{
	struct wires a;
	struct wires b;

	(void)state;
	wires_take_one(&a, &(struct wires_ask){.chip = "controller", .flags = OUT, .levels = 1}, 5);
	wires_take_one(&b, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 1}, 5);
	assert_int_equal(wires_read(&a), 1);
	wires_write(&b, 1, 0);
	assert_int_equal(wires_read(&a), 0);
	assert_int_equal(wires_read(&b), 0);
	wires_write(&a, 1, 0);
	wires_write(&b, 1, 1);
	assert_int_equal(wires_read(&b), 0);
	wires_release(&a);
	wires_release(&b);
}

static void an_open_drain_only_pulls_down(void **state)
{
	uint64_t flags = OUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN;
	struct wires a;
	struct wires b;

	(void)state;
	wires_take_one(
		&a, &(struct wires_ask){.chip = "controller", .flags = flags, .levels = 1}, 5);
	wires_take_one(&b, &(struct wires_ask){.chip = "world", .flags = IN}, 5);
	assert_int_equal(wires_read(&b), 0); /* nothing pulls it up */
	wires_release(&b);
	wires_take_one(&b, &(struct wires_ask){.chip = "world", .flags = IN | UP}, 5);
	assert_int_equal(wires_read(&b), 1);
	wires_write(&a, 1, 0);
	assert_int_equal(wires_read(&b), 0);
	wires_write(&a, 1, 1);
	assert_int_equal(wires_read(&b), 1);
	wires_release(&a);
	wires_release(&b);
}

static void release_controller_set(bool on)
{
	int fd = open("/sys/module/gpio_wires/parameters/release_controller", O_WRONLY | O_CLOEXEC);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, on ? "1" : "0", 1), 1);
	(void)close(fd);
}

static uint64_t level_left_by(const char *chip, const char *other)
{
	struct wires out;
	struct wires in;

	wires_take_one(&out, &(struct wires_ask){.chip = chip, .flags = OUT, .levels = 1}, 5);
	wires_release(&out);
	wires_take_one(&in, &(struct wires_ask){.chip = other, .flags = IN}, 5);
	uint64_t level = wires_read(&in);

	wires_release(&in);
	return level;
}

static void a_released_output_stays_at_the_controller_only(void **state)
{
	struct wires reset;

	(void)state;
	assert_int_equal(level_left_by("controller", "world"), 1);
	wires_take_one(&reset, &(struct wires_ask){.chip = "controller", .flags = IN}, 5);
	wires_release(&reset);
	assert_int_equal(level_left_by("world", "controller"), 0);
	release_controller_set(true);
	assert_int_equal(level_left_by("controller", "world"), 0);
	release_controller_set(false);
}

static void a_line_has_one_user(void **state)
{
	struct wires first;
	struct wires second;
	struct wires_ask ask = {.chip = "controller", .flags = IN};

	(void)state;
	wires_take_one(&first, &ask, 5);
	assert_int_equal(wires_ask(&second, &ask, two, 2), -EBUSY);
	wires_release(&first);
	assert_int_equal(wires_ask(&second, &ask, two, 2), 0);
	wires_release(&second);
}

static void an_edge_has_its_time_its_line_and_its_numbers(void **state)
{
	struct gpio_v2_line_event edge[8];
	struct wires out;
	struct wires in;

	(void)state;
	wires_take(&out, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 3}, two, 2);
	wires_take(&in, &(struct wires_ask){.chip = "controller", .flags = IN | EDGES}, two, 2);
	for (uint32_t i = 0; i < 8; i++) {
		int64_t before_ns = world_now_ns();

		wires_write(&out, UINT64_C(1) << i % 2, i % 4 < 2 ? 0 : 3);
		int64_t after_ns = world_now_ns();

		assert_int_equal(wires_edges(&in, edge, 8, 1000), 1);
		assert_in_range(edge[0].timestamp_ns, before_ns, after_ns);
		assert_int_equal(edge[0].offset, two[i % 2]);
		assert_int_equal(edge[0].id, i % 4 < 2 ? GPIO_V2_LINE_EVENT_FALLING_EDGE
						       : GPIO_V2_LINE_EVENT_RISING_EDGE);
		assert_int_equal(edge[0].seqno, i + 1);
		assert_int_equal(edge[0].line_seqno, i / 2 + 1);
	}
	assert_int_equal(wires_edges(&in, edge, 8, 0), 0);
	wires_release(&in);
	wires_release(&out);
}

static void what_the_kernel_could_not_keep_shows_in_the_numbers(void **state)
{
	struct gpio_v2_line_event edge[64];
	struct wires out;
	struct wires in;

	(void)state;
	wires_take_one(&out, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 1}, 5);
	wires_take_one(&in,
		&(struct wires_ask){.chip = "controller", .flags = IN | EDGES, .buffer = 16}, 5);
	for (uint64_t i = 0; i < 100; i++)
		wires_write(&out, 1, i % 2);
	/* The oldest go: what is read begins late, and is whole from there on. */
	assert_int_equal(wires_edges(&in, edge, 64, 1000), 16);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(edge[i].seqno, 100 - 16 + i + 1);
	wires_release(&in);
	wires_release(&out);
}

static void lines_that_change_at_once_are_both_told(void **state)
{
	struct gpio_v2_line_event edge[4];
	struct wires out;
	struct wires in;

	(void)state;
	wires_take(&out, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 3}, two, 2);
	wires_take(&in, &(struct wires_ask){.chip = "controller", .flags = IN | EDGES}, two, 2);
	wires_write(&out, 3, 0);
	assert_int_equal(wires_edges(&in, edge, 4, 1000), 2);
	assert_int_equal(edge[0].seqno + edge[1].seqno, 3);
	assert_int_not_equal(edge[0].offset, edge[1].offset);
	assert_int_equal(edge[0].id, GPIO_V2_LINE_EVENT_FALLING_EDGE);
	assert_int_equal(edge[1].id, GPIO_V2_LINE_EVENT_FALLING_EDGE);
	wires_release(&in);
	wires_release(&out);
}

/*
 * Edges that come faster than the kernel's interrupt thread runs are told as one, with the level
 * and the number of the last. A request of several lines shows the gap; one of a single line counts
 * what it told, and shows none.
 */
static void edges_faster_than_the_kernel_leave_a_gap_with_two_lines_only(void **state)
{
	struct gpio_v2_line_event edge[8];
	struct wires out;
	struct wires in;

	(void)state;
	for (unsigned lines = 1; lines <= 2; lines++) {
		wires_take(&out, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 3},
			two, 2);
		wires_take(&in, &(struct wires_ask){.chip = "controller", .flags = IN | EDGES}, two,
			lines);
		world_priority(PRIORITY_ABOVE_INTERRUPTS);
		wires_write(&out, 1, 0);
		wires_write(&out, 1, 1);
		wires_write(&out, 1, 0);
		world_priority(PRIORITY_BELOW_INTERRUPTS);
		assert_int_equal(wires_edges(&in, edge, 8, 1000), 1);
		assert_int_equal(edge[0].id, GPIO_V2_LINE_EVENT_FALLING_EDGE);
		assert_int_equal(edge[0].line_seqno, 1);
		assert_int_equal(edge[0].seqno, lines == 1 ? 1 : 3);
		wires_release(&in);
		wires_release(&out);
	}
}

#define FRAME_BITS 66
#define PULSE_NS (50 * NS_PER_US)
#define INTERVAL_NS (2 * NS_PER_MS)

static void a_frame_arrives_with_every_edge_in_its_place(void **state)
{
	static struct wiegand_edge edge[2 * FRAME_BITS];
	static struct gpio_v2_line_event seen[2 * FRAME_BITS + 1];
	static int64_t width_ns[FRAME_BITS];
	static int64_t interval_ns[FRAME_BITS];
	struct card_bits bits = {.count = FRAME_BITS};
	struct wires out;
	struct wires in;

	(void)state;
	for (unsigned i = 0; i < FRAME_BITS; i++)
		card_bits_put(&bits, i, i * i % 7 < 3);
	wires_take(&out, &(struct wires_ask){.chip = "world", .flags = OUT, .levels = 3}, two, 2);
	wires_take(&in,
		&(struct wires_ask){.chip = "controller", .flags = IN | EDGES, .buffer = 256}, two,
		2);
	size_t count = wiegand_edges(&bits, world_now_ns() + NS_PER_MS, (uint32_t)PULSE_NS,
		(uint32_t)INTERVAL_NS, edge, 2 * FRAME_BITS);
	int64_t late_ns = wires_play(&out, edge, count);

	assert_int_equal(wires_edges(&in, seen, 2 * FRAME_BITS + 1, 1000), count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(seen[i].seqno, i + 1);
		assert_int_equal(seen[i].offset, two[edge[i].line]);
		assert_int_equal(seen[i].id, edge[i].level ? GPIO_V2_LINE_EVENT_RISING_EDGE
							   : GPIO_V2_LINE_EVENT_FALLING_EDGE);
	}
	for (unsigned i = 0; i < FRAME_BITS; i++) {
		width_ns[i] = (int64_t)(seen[2 * i + 1].timestamp_ns - seen[2 * i].timestamp_ns);
		interval_ns[i] =
			i == 0 ? INTERVAL_NS
			       : (int64_t)(seen[2 * i].timestamp_ns - seen[2 * i - 2].timestamp_ns);
	}
	(void)printf("# worst delay of an edge that the world drives: %lld us\n",
		(long long)(late_ns / NS_PER_US));
	world_print_spread("pulses that the world drives", width_ns, FRAME_BITS);
	world_print_spread("their intervals", interval_ns, FRAME_BITS);
	assert_in_range(width_ns[0], 20 * NS_PER_US, 100 * NS_PER_US);
	assert_in_range(width_ns[FRAME_BITS - 1], 20 * NS_PER_US, 100 * NS_PER_US);
	assert_in_range(interval_ns[0], INTERVAL_NS - PULSE_NS, INTERVAL_NS + PULSE_NS);
	assert_in_range(
		interval_ns[FRAME_BITS - 1], INTERVAL_NS - PULSE_NS, INTERVAL_NS + PULSE_NS);
	wires_release(&in);
	wires_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_goes_from_the_world_to_the_controller),
		cmocka_unit_test(a_level_goes_from_the_controller_to_the_world),
		cmocka_unit_test(a_line_that_nobody_drives_is_pulled),
		cmocka_unit_test(low_wins_where_both_drive),
		cmocka_unit_test(an_open_drain_only_pulls_down),
		cmocka_unit_test(a_released_output_stays_at_the_controller_only),
		cmocka_unit_test(a_line_has_one_user),
		cmocka_unit_test(an_edge_has_its_time_its_line_and_its_numbers),
		cmocka_unit_test(what_the_kernel_could_not_keep_shows_in_the_numbers),
		cmocka_unit_test(lines_that_change_at_once_are_both_told),
		cmocka_unit_test(edges_faster_than_the_kernel_leave_a_gap_with_two_lines_only),
		cmocka_unit_test(a_frame_arrives_with_every_edge_in_its_place),
	};

	world_precise();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
