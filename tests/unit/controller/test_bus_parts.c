// SPDX-License-Identifier: Apache-2.0
/* What the bus thread computes without a line: how long a reply is, and what a reader shows. */
#include "bus_look.h"
#include "bus_wait.h"

#include "base/civil.h"
#include "base/compiler.h"
#include "protocols/osdp_command.h"
#include "protocols/osdp_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* --- bus_wait --- */

#define BYTE_NS 100

static void take(struct bus_wait *wait, const char *bytes, size_t len)
{
	(void)bus_wait_bytes(wait, span_of(bytes, len), 0);
}

static struct bus_wait sent(void)
{
	struct bus_wait wait;

	bus_wait_init(&wait, BYTE_NS);
	bus_wait_begin(&wait);
	return wait;
}

static void the_head_tells_how_long_a_reply_is(void **state UNUSED)
{
	struct bus_wait wait = sent();

	assert_int_equal(bus_wait_missing(&wait), 0); /* any byte is news */
	take(&wait, "\xff", 1);
	assert_int_equal(bus_wait_missing(&wait), 0); /* a mark is no frame */
	take(&wait, "\x53", 1);
	assert_int_equal(bus_wait_missing(&wait), 6); /* the shortest has 7 bytes */
	take(&wait, "\x83\x0e", 2);
	assert_int_equal(bus_wait_missing(&wait), 4);
	take(&wait, "\x00", 1);
	assert_int_equal(bus_wait_missing(&wait), 10); /* 14 in all */
	take(&wait, "0123456789", 9);
	assert_int_equal(bus_wait_missing(&wait), 1);
	assert_false(wait.whole);
	take(&wait, "x", 1);
	assert_int_equal(bus_wait_missing(&wait), 0);
	assert_true(wait.whole);
	/* The next one is expected to be as long, but not as long as an exception. */
	bus_wait_begin(&wait);
	assert_false(wait.whole);
	take(&wait, "\x53", 1);
	assert_int_equal(bus_wait_missing(&wait), 13);
	take(&wait, "\x83\x30\x00", 3);
	assert_int_equal(bus_wait_missing(&wait), 44);
	for (unsigned i = 0; i < 44; i++)
		take(&wait, "x", 1);
	assert_true(wait.whole);
	bus_wait_begin(&wait);
	take(&wait, "\x53", 1);
	assert_int_equal(bus_wait_missing(&wait), 13);
}

static void a_look_comes_when_all_bytes_and_the_idle_time_are_over(void **state UNUSED)
{
	struct bus_wait wait = sent();

	assert_true(bus_wait_look_ns(&wait, 5000) == INT64_MAX);
	/* The mark, read 50 after it came: 7 bytes are usual at first, 2 characters are idle. */
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("\xff"), 1000), 1000);
	assert_int_equal(bus_wait_look_ns(&wait, 1000), 1000 + 9 * BYTE_NS);
	/* The look finds 9 of 14: the rest and the idle time from when these came, not from now. */
	assert_int_equal(
		bus_wait_bytes(&wait, SPAN_LIT("S\x80\x0e\x00\x0f\x02\x16@1"), 1920), 1900);
	bus_wait_looked(&wait);
	assert_int_equal(bus_wait_look_ns(&wait, 1920), 1900 + 7 * BYTE_NS);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("234ab"), 2650), 2400);
	assert_true(bus_wait_look_ns(&wait, 2650) == INT64_MAX);
}

static void pauses_between_bytes_end_the_guessing(void **state UNUSED)
{
	struct bus_wait wait = sent();

	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("S\x80\x08\x00"), 1000), 1000);
	assert_int_equal(bus_wait_look_ns(&wait, 1000), 1600);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("x"), 1600), 1100);
	bus_wait_looked(&wait);
	assert_int_equal(bus_wait_look_ns(&wait, 1600), 1600 + 5 * BYTE_NS);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("xyz"), 2100), 2100);
	assert_true(wait.whole);
	/* A byte that was no mark: after a look in vain the next byte is waited for. */
	bus_wait_begin(&wait);
	take(&wait, "\x7f", 1);
	assert_int_equal(bus_wait_look_ns(&wait, 0), 10 * BYTE_NS);
	bus_wait_looked(&wait);
	assert_true(bus_wait_look_ns(&wait, 1000) == INT64_MAX);
}

static void the_longest_frame_is_waited_for_and_no_longer(void **state UNUSED)
{
	static const struct {
		uint16_t len;
		unsigned missing;
	} cases[] = {
		{0, 0}, {6, 0}, {7, 3}, {8, 4}, {256, 252}, {1440, 1436}, {1441, 0}, {0xffff, 0}};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char head[4] = {0x53, 0, (char)(cases[i].len & 0xff), (char)(cases[i].len >> 8)};
		struct bus_wait wait = sent();

		take(&wait, head, sizeof(head));
		assert_int_equal(bus_wait_missing(&wait), cases[i].missing);
	}
}

/* However the bytes are cut, the same is waited for; never more than a frame. */
static void the_cutting_of_bytes_does_not_matter(void **state UNUSED)
{
	char bytes[600];
	uint32_t random = 1;

	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (random >> 24) % 8 == 0 ? 0x53 : (char)(random >> 24);
		}
		struct bus_wait whole = sent();
		struct bus_wait cut = sent();

		take(&whole, bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++) {
			take(&cut, bytes + i, 1);
			assert_true(bus_wait_missing(&cut) < OSDP_FRAME_MAX);
		}
		assert_int_equal(bus_wait_missing(&whole), bus_wait_missing(&cut));
	}
}

/* --- bus_look --- */

static struct osdp_look show(struct bus_look *look, enum feedback feedback, int64_t now_ns)
{
	struct osdp_look shown;

	bus_look_feedback(look, (uint8_t)feedback, 10000, now_ns, &shown);
	return shown;
}

static void a_grant_is_green_and_a_denial_red(void **state UNUSED)
{
	struct bus_look look = {0};
	struct osdp_look shown = show(&look, FEEDBACK_GRANTED, 0);

	assert_int_equal(shown.temporary.on_colour, OSDP_COLOUR_GREEN);
	assert_int_equal(shown.temporary.off_100ms, 0); /* steady */
	assert_int_equal(shown.temporary_100ms, 20);
	assert_int_equal(shown.beeps, 1);
	assert_true(shown.has_permanent);
	assert_int_equal(shown.permanent.on_colour, OSDP_COLOUR_RED);
	shown = show(&look, FEEDBACK_DENIED, 0);
	assert_int_equal(shown.temporary.on_colour, OSDP_COLOUR_RED);
	assert_true(shown.temporary.off_100ms > 0); /* blinks: at rest it is red as well */
	assert_int_equal(shown.beeps, 3);
}

static void every_key_is_shown_alike(void **state UNUSED)
{
	struct bus_look look = {0};
	struct osdp_look key = show(&look, FEEDBACK_KEY, 0);

	assert_int_equal(key.beeps, 1);
	assert_int_equal(key.temporary_100ms, 0);
	struct osdp_look again = show(&look, FEEDBACK_KEY, 5 * NS_PER_S);

	assert_memory_equal(&key, &again, sizeof(key));
}

static void waiting_blinks_amber_through_keys_and_ends(void **state UNUSED)
{
	struct bus_look look = {0};
	struct osdp_look shown = show(&look, FEEDBACK_WAITING, NS_PER_S);

	assert_int_equal(shown.temporary.on_colour, OSDP_COLOUR_AMBER);
	assert_true(shown.temporary.off_100ms > 0);
	assert_int_equal(shown.temporary_100ms, 101);
	shown = show(&look, FEEDBACK_KEY, 5 * NS_PER_S); /* 6 s are left */
	assert_int_equal(shown.temporary.on_colour, OSDP_COLOUR_AMBER);
	assert_int_equal(shown.temporary_100ms, 61);
	assert_int_equal(shown.beeps, 1);
	shown = show(&look, FEEDBACK_KEY, 12 * NS_PER_S);
	assert_int_equal(shown.temporary_100ms, 0);
	(void)show(&look, FEEDBACK_WAITING, 0);
	(void)show(&look, FEEDBACK_DENIED, NS_PER_S); /* the decision ends it */
	shown = show(&look, FEEDBACK_KEY, 2 * NS_PER_S);
	assert_int_equal(shown.temporary_100ms, 0);
}

static void the_warning_goes_on_until_the_door_is_closed(void **state UNUSED)
{
	struct bus_look look = {0};
	struct osdp_look shown = show(&look, FEEDBACK_HELD_WARNING, 0);

	assert_int_equal(shown.beeps, 255);
	assert_true(shown.permanent.off_100ms > 0);
	shown = show(&look, FEEDBACK_GRANTED, 0);
	assert_int_equal(shown.beeps, 255);
	assert_int_equal(shown.temporary.on_colour, OSDP_COLOUR_GREEN);
	shown = show(&look, FEEDBACK_IDLE, 0);
	assert_int_equal(shown.beeps, 0);
	assert_int_equal(shown.permanent.on_colour, OSDP_COLOUR_RED);
	assert_int_equal(shown.permanent.off_100ms, 0);
}

static void a_held_door_is_seen_at_rest(void **state UNUSED)
{
	struct bus_look look = {0};
	struct osdp_look shown;

	bus_look_hold(&look, DOOR_COMMAND_HOLD_OPEN, 0, &shown);
	assert_int_equal(shown.permanent.on_colour, OSDP_COLOUR_GREEN);
	assert_int_equal(shown.permanent.off_100ms, 0);
	bus_look_hold(&look, DOOR_COMMAND_HOLD_LOCKED, 0, &shown);
	assert_int_equal(shown.permanent.on_colour, OSDP_COLOUR_RED);
	assert_true(shown.permanent.off_100ms > 0);
	shown = show(&look, FEEDBACK_DENIED, 0); /* and behind what happens */
	assert_true(shown.permanent.off_100ms > 0);
	bus_look_hold(&look, DOOR_COMMAND_NORMAL, 0, &shown);
	assert_int_equal(shown.permanent.off_100ms, 0);
}

/* An order with a time of 0 means other things to other readers (never sent). */
static void no_light_that_is_lit_has_no_time(void **state UNUSED)
{
	for (unsigned feedback = 0; feedback < FEEDBACK_COUNT; feedback++) {
		struct bus_look look = {0};
		struct osdp_look shown = show(&look, (enum feedback)feedback, 0);

		assert_true(shown.permanent.on_100ms > 0);
		assert_true(shown.temporary_100ms == 0 || shown.temporary.on_100ms > 0);
		assert_true(shown.beeps == 0 || shown.beep_on_100ms > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_tells_how_long_a_reply_is),
		cmocka_unit_test(a_look_comes_when_all_bytes_and_the_idle_time_are_over),
		cmocka_unit_test(pauses_between_bytes_end_the_guessing),
		cmocka_unit_test(the_longest_frame_is_waited_for_and_no_longer),
		cmocka_unit_test(the_cutting_of_bytes_does_not_matter),
		cmocka_unit_test(a_grant_is_green_and_a_denial_red),
		cmocka_unit_test(every_key_is_shown_alike),
		cmocka_unit_test(waiting_blinks_amber_through_keys_and_ends),
		cmocka_unit_test(the_warning_goes_on_until_the_door_is_closed),
		cmocka_unit_test(a_held_door_is_seen_at_rest),
		cmocka_unit_test(no_light_that_is_lit_has_no_time),
	};

	return cmocka_run_group_tests_name("bus_parts", tests, NULL, NULL);
}
