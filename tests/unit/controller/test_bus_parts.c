// SPDX-License-Identifier: Apache-2.0
/*
 * What the bus thread computes without a line: when a reply comes, how long it is, and what a
 * reader shows.
 */
#include "bus_guess.h"
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
	assert_true(bus_wait_look_ns(&wait, 1600) == INT64_MAX);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("x"), 1900), 1900);
	assert_int_equal(bus_wait_look_ns(&wait, 1900), 1900 + 4 * BYTE_NS);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("yz"), 2300), 2300);
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

/* --- bus_wait and what is expected --- */

/* 8 bytes from 5000 on; the look comes behind them and the idle time. */
static struct bus_wait expecting(void)
{
	struct bus_wait wait = sent();

	assert_int_equal(bus_wait_expect(&wait, 5000, 8), 5000 + 10 * BYTE_NS);
	return wait;
}

#define REPLY "\xffS\x80\x07\x00xyz" /* 8 bytes on the wire */

static void a_reply_found_whole_came_when_it_was_expected(void **state UNUSED)
{
	struct bus_wait wait = expecting();

	/* The thread was late as well: that changes nothing. */
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT(REPLY), 9000), 5800);
	bus_wait_looked(&wait);
	assert_true(wait.whole);
	assert_false(wait.seen);
	assert_true(bus_wait_look_ns(&wait, 9000) == INT64_MAX);
	/* Not earlier than it can have been: read at once, it has just ended. */
	wait = expecting();
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT(REPLY), 5700), 5700);
	assert_true(wait.seen);
	assert_int_equal(wait.begin_ns, 4900);
}

static void what_is_not_whole_when_expected_has_just_come(void **state UNUSED)
{
	struct bus_wait wait = expecting();

	/* A little late, 6 of 8: the next byte tells that the rest follows. */
	assert_int_equal(bus_wait_bytes(&wait, span_of(REPLY, 6), 6000), 6000);
	bus_wait_looked(&wait);
	assert_true(wait.seen);
	assert_int_equal(wait.begin_ns, 5400);
	assert_false(wait.paused);
	assert_true(bus_wait_look_ns(&wait, 6000) == INT64_MAX);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("y"), 6110), 6100);
	assert_int_equal(bus_wait_look_ns(&wait, 6110), 6100 + 3 * BYTE_NS);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("z"), 6410), 6200);
	assert_true(wait.whole);
	/* Longer than expected: its head tells how long, and it is no pause. */
	wait = expecting();
	(void)bus_wait_bytes(&wait,
		SPAN_LIT("\xffS\x80\x0c\x00"
			 "12345"),
		6000);
	bus_wait_looked(&wait);
	assert_int_equal(bus_wait_look_ns(&wait, 6000), 6000 + 5 * BYTE_NS);
}

static void a_look_in_vain_ends_in_watching(void **state UNUSED)
{
	struct bus_wait wait = expecting();

	/* Nothing is there: the first byte is waited for, and is taken for what it is. */
	bus_wait_looked(&wait);
	assert_true(bus_wait_look_ns(&wait, 6000) == INT64_MAX);
	assert_int_equal(bus_wait_bytes(&wait, span_of(REPLY, 1), 7000), 7000);
	assert_int_equal(wait.begin_ns, 7000 - BYTE_NS);
	assert_int_equal(bus_wait_look_ns(&wait, 7000), 7000 + 9 * BYTE_NS);
	/* A part of it, and a pause in its midst. */
	wait = expecting();
	(void)bus_wait_bytes(&wait, span_of(REPLY, 3), 6000);
	bus_wait_looked(&wait);
	assert_true(bus_wait_look_ns(&wait, 6000) == INT64_MAX);
	(void)bus_wait_bytes(&wait, span_of(&REPLY[3], 2), 6300);
	assert_int_equal(bus_wait_look_ns(&wait, 6300), 6200 + 5 * BYTE_NS);
}

/* A converter that gives back what we send: the command, a pause, the reply. */
static void an_echo_is_no_part_of_the_reply(void **state UNUSED)
{
	struct bus_wait wait = sent();

	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT(REPLY), 1000), 1000);
	assert_true(wait.whole);
	assert_int_equal(bus_wait_bytes(&wait, span_of(REPLY, 1), 5100), 5100);
	assert_false(wait.whole);
	assert_int_equal(wait.begin_ns, 5000);
	assert_int_equal(bus_wait_look_ns(&wait, 5100), 5100 + 9 * BYTE_NS);
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT("S\x80\x07\x00xyz"), 6000), 5800);
	assert_true(wait.whole);
	assert_int_equal(wait.total, 8);
	/* Both are found in one look. */
	wait = expecting();
	assert_int_equal(bus_wait_bytes(&wait, SPAN_LIT(REPLY REPLY), 6000), 5800);
	assert_true(wait.whole);
	assert_false(wait.seen);
	assert_int_equal(wait.total, 8);
	/* The echo alone: the reply is still to come, and is seen to begin. */
	wait = expecting();
	(void)bus_wait_bytes(&wait, SPAN_LIT(REPLY), 6000);
	bus_wait_looked(&wait);
	assert_true(bus_wait_look_ns(&wait, 6000) == INT64_MAX);
	assert_int_equal(bus_wait_bytes(&wait, span_of(REPLY, 2), 7000), 7000);
	assert_true(wait.seen);
	assert_int_equal(wait.begin_ns, 6800);
}

/* --- bus_guess --- */

#define POLL_LEN 15
#define REPLY_LEN 15
#define CHAR_NS 86806 /* 115200 baud: an exchange is 5.6 ms, a thirty-second of it 175 us */
#define US INT64_C(1000)

enum { WATCHED = 2, GUESSED = 1, WRONG = 3 };

/* An exchange with a reply that begins after so long: the wake-ups it takes. */
static unsigned exchange(struct bus_guess *guess, int64_t begin_us, uint32_t len)
{
	int64_t begin_ns = begin_us * US;
	int64_t guessed_ns;
	uint32_t guessed_len;

	if (!bus_guess_plan(guess, POLL_LEN, CHAR_NS, &guessed_ns, &guessed_len)) {
		bus_guess_came(guess, true, begin_ns, len);
		return WATCHED;
	}
	bool whole = begin_ns + len * CHAR_NS <=
		     guessed_ns + (guessed_len + BUS_WAIT_IDLE) * (int64_t)CHAR_NS;

	bus_guess_came(guess, !whole, whole ? guessed_ns : begin_ns, len);
	return whole ? GUESSED : WRONG;
}

/* So many exchanges with a reader that begins after begin_us and at most jitter_us more. */
static unsigned exchanges(
	struct bus_guess *guess, unsigned count, int64_t begin_us, int64_t jitter_us)
{
	static uint32_t random = 1;
	unsigned wakes = 0;

	for (unsigned i = 0; i < count; i++) {
		random = random * 1664525 + 1013904223;
		wakes += exchange(guess, begin_us + (random >> 8) % (jitter_us + 1), REPLY_LEN);
	}
	return wakes;
}

static void a_steady_reader_is_watched_once_in_sixteen(void **state UNUSED)
{
	struct bus_guess guess = {0};

	assert_int_equal(exchanges(&guess, 4, 3000, 0), 4 * WATCHED);
	assert_int_equal(exchanges(&guess, 15, 3000, 0), 15 * GUESSED);
	assert_int_equal(exchanges(&guess, 1, 3000, 0), WATCHED);
	assert_int_equal(exchanges(&guess, 160, 3000, 0), 150 * GUESSED + 10 * WATCHED);
	/* A tenth of a millisecond is nothing where an exchange takes six. */
	assert_in_range(exchanges(&guess, 1600, 3000, 100), 1700, 1710);
}

static void a_reader_that_is_not_steady_is_watched(void **state UNUSED)
{
	struct bus_guess guess = {0};
	unsigned wakes = exchanges(&guess, 1000, 3000, 3000);

	assert_in_range(wakes, 1950, 2050);
	/* ... until it is. */
	(void)exchanges(&guess, 8, 3000, 0);
	assert_int_equal(exchanges(&guess, 16, 3000, 0), 15 * GUESSED + WATCHED);
}

static void one_late_reply_is_no_change(void **state UNUSED)
{
	struct bus_guess guess = {0};

	(void)exchanges(&guess, 8 + 15 + 1, 3000, 0);
	assert_int_equal(exchange(&guess, 9000, REPLY_LEN), WRONG);
	assert_int_equal(exchange(&guess, 3000, REPLY_LEN), WATCHED);
	assert_int_equal(exchanges(&guess, 15, 3000, 0), 15 * GUESSED);
	/* Nor is one while it is watched, but the next one is watched as well. */
	assert_int_equal(exchange(&guess, 9000, REPLY_LEN), WATCHED);
	assert_int_equal(exchange(&guess, 3000, REPLY_LEN), WATCHED);
	assert_int_equal(exchanges(&guess, 15, 3000, 0), 15 * GUESSED);
	assert_int_equal(guess.middle_us, 3000);
}

static void a_reader_that_becomes_slower_or_quicker_is_learnt_anew(void **state UNUSED)
{
	static const uint32_t begins_us[] = {3000, 8000, 2500, 199000, 0};
	struct bus_guess guess = {0};

	for (size_t i = 0; i < ARRAY_COUNT(begins_us); i++) {
		unsigned wakes = exchanges(&guess, 15 + 8, begins_us[i], 0);

		assert_true(wakes <= 15 + 8 * WATCHED + 1);
		(void)exchanges(&guess, 8, begins_us[i], 0);
		assert_int_equal(guess.middle_us, begins_us[i]);
		assert_true(exchanges(&guess, 16, begins_us[i], 0) == 15 * GUESSED + WATCHED);
	}
}

/* What is not watched any more must not be believed for ever: a look too late costs the line. */
static void a_quicker_reader_is_noticed_within_sixteen(void **state UNUSED)
{
	struct bus_guess guess = {0};
	int64_t begin_ns;
	uint32_t len;
	unsigned count = 0;

	(void)exchanges(&guess, 9, 8000, 0);
	while (bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len)) {
		bus_guess_came(&guess, false, begin_ns, REPLY_LEN);
		count++;
	}
	assert_in_range(count, 1, BUS_GUESS_BLIND);
	bus_guess_came(&guess, true, 3000 * US, REPLY_LEN);
	for (count = 0; count < 5; count++) /* and then in one go */
		assert_int_equal(exchange(&guess, 3000, REPLY_LEN), WATCHED);
}

static void a_longer_reply_is_no_habit_and_a_shorter_one_is(void **state UNUSED)
{
	struct bus_guess guess = {0};
	int64_t begin_ns;
	uint32_t len;

	(void)exchanges(&guess, 9, 3000, 0);
	assert_int_equal(exchange(&guess, 3000, 40), WRONG); /* a card */
	(void)exchange(&guess, 3000, REPLY_LEN);
	assert_true(bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len));
	assert_int_equal(len, REPLY_LEN);
	assert_int_equal(begin_ns, 3000 * US);
	bus_guess_came(&guess, false, begin_ns, REPLY_LEN - 4);
	assert_true(bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len));
	assert_int_equal(len, REPLY_LEN - 4);
	bus_guess_came(&guess, false, begin_ns, 40);
	bus_guess_came(&guess, false, begin_ns, 39);
	assert_true(bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len));
	assert_int_equal(len, 39);
}

static void a_reader_that_was_silent_begins_anew(void **state UNUSED)
{
	struct bus_guess guess = {0};

	(void)exchanges(&guess, 9, 3000, 0);
	assert_int_equal(exchange(&guess, 3000, REPLY_LEN), GUESSED);
	bus_guess_lost(&guess);
	assert_int_equal(exchanges(&guess, 4, 5000, 0), 4 * WATCHED);
	assert_int_equal(exchange(&guess, 5000, REPLY_LEN), GUESSED);
}

/* Whatever comes, the look stays within the standard's 200 ms and the longest frame. */
static void no_guess_goes_beyond_the_standard(void **state UNUSED)
{
	struct bus_guess guess = {0};
	int64_t begin_ns;
	uint32_t len;

	for (unsigned i = 0; i < 8; i++)
		bus_guess_came(&guess, true, INT64_MAX, UINT32_MAX);
	assert_true(bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len));
	assert_int_equal(begin_ns, 200000 * US);
	assert_in_range(len, 1, UINT16_MAX);
	bus_guess_lost(&guess);
	for (unsigned i = 0; i < 8; i++)
		bus_guess_came(&guess, true, INT64_MIN, REPLY_LEN);
	assert_true(bus_guess_plan(&guess, POLL_LEN, CHAR_NS, &begin_ns, &len));
	assert_int_equal(begin_ns, 0);
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
		cmocka_unit_test(a_reply_found_whole_came_when_it_was_expected),
		cmocka_unit_test(what_is_not_whole_when_expected_has_just_come),
		cmocka_unit_test(a_look_in_vain_ends_in_watching),
		cmocka_unit_test(an_echo_is_no_part_of_the_reply),
		cmocka_unit_test(a_steady_reader_is_watched_once_in_sixteen),
		cmocka_unit_test(a_reader_that_is_not_steady_is_watched),
		cmocka_unit_test(one_late_reply_is_no_change),
		cmocka_unit_test(a_reader_that_becomes_slower_or_quicker_is_learnt_anew),
		cmocka_unit_test(a_quicker_reader_is_noticed_within_sixteen),
		cmocka_unit_test(a_longer_reply_is_no_habit_and_a_shorter_one_is),
		cmocka_unit_test(a_reader_that_was_silent_begins_anew),
		cmocka_unit_test(no_guess_goes_beyond_the_standard),
		cmocka_unit_test(a_grant_is_green_and_a_denial_red),
		cmocka_unit_test(every_key_is_shown_alike),
		cmocka_unit_test(waiting_blinks_amber_through_keys_and_ends),
		cmocka_unit_test(the_warning_goes_on_until_the_door_is_closed),
		cmocka_unit_test(a_held_door_is_seen_at_rest),
		cmocka_unit_test(no_light_that_is_lit_has_no_time),
	};

	return cmocka_run_group_tests_name("bus_parts", tests, NULL, NULL);
}
