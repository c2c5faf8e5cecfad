// SPDX-License-Identifier: Apache-2.0
/* Role core with third-party panels: from the card at the reader to the bits at the panel. */
#include "rig.h"

#include "base/compiler.h"
#include "domain/card_format.h"
#include "drivers/panel_sender.h"
#include "platform/clock.h"
#include "store/store.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CONVERTED = 1, RAW = 2, NARROW = 3, SLOW = 16 }; /* panel numbers */

static void panel_put(
	struct rig *rig, uint8_t number, uint8_t when, const char *format, uint32_t interval_us)
{
	struct panel_settings *panel = &rig->settings.panel[number - 1];

	*panel = (struct panel_settings){.configured = true,
		.reader = number == SLOW ? 2 : 1,
		.when = when,
		.pulse_us = 50,
		.interval_us = interval_us};
	assert_true(text_set(&panel->format, span_from_string(format)));
}

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig_new(rig);
	panel_put(rig, CONVERTED, PANEL_GRANTED, "W66", 1000);
	panel_put(rig, RAW, PANEL_READ, "", 1000);
	panel_put(rig, NARROW, PANEL_READ, "W26", 1000);
	panel_put(rig, SLOW, PANEL_READ, "", 20000);
	rig_start(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

static struct card_bits encoded(const char *format, uint64_t number)
{
	struct card_fields fields;
	struct card_bits bits;

	assert_true(card_format_fields_of_number(
		card_format_find(span_from_string(format)), number, &fields));
	assert_int_equal(
		card_format_encode(card_format_find(span_from_string(format)), &fields, &bits),
		CARD_FORMAT_OK);
	return bits;
}

/* Waits until the panel has seen so many frames, and holds the last one against bits. */
static void assert_panel(
	struct rig *rig, uint8_t number, uint64_t count, const struct card_bits *bits)
{
	int64_t until_ns = clock_boot_ns() + RIG_TIMEOUT_MS * NS_PER_MS;
	struct card_bits got;

	while (board_panel_last(rig->board, number - 1, &got) < count && clock_boot_ns() < until_ns)
		(void)poll(NULL, 0, 5);
	assert_int_equal(board_panel_last(rig->board, number - 1, &got), count);
	assert_int_equal(got.count, bits->count);
	assert_memory_equal(got.bytes, bits->bytes, sizeof(got.bytes));
}

static void a_granted_card_is_sent_in_the_panels_format(void **state)
{
	struct rig *rig = *state;
	struct card_bits w66 = encoded("W66", 123456), w34 = encoded("W34", 123456);
	struct card_bits w26 = encoded("W26", 123456), got;
	uint64_t no;

	rig_card(rig, 1, 123456); /* a stranger */
	assert_panel(rig, RAW, 1, &w34);
	assert_panel(rig, NARROW, 1, &w26);
	assert_int_equal(rig_insert(rig, "101", "123456", &no), RESULT_OK);
	rig_card(rig, 1, 123456);
	assert_true(rig_wait_lock(rig, 0, true));
	assert_panel(rig, CONVERTED, 1, &w66);
	assert_panel(rig, RAW, 2, &w34);
	assert_panel(rig, NARROW, 2, &w26);
	assert_int_equal(board_panel_last(rig->board, SLOW - 1, &got), 0);
	assert_int_equal(rig_open_door(rig, 0), RESULT_OK); /* no card: nothing is sent */
	rig_card(rig, 1, 99); /* denied; when it is through, so is all before it */
	struct card_bits last = encoded("W34", 99);

	assert_panel(rig, RAW, 3, &last);
	assert_panel(rig, CONVERTED, 1, &w66);
}

static void keys_pass_through_where_bits_do(void **state)
{
	struct rig *rig = *state;
	struct card_bits key = {.count = 8, .bytes = {0xb4}}, got;
	struct card_bits unreadable = {.count = 27, .bytes = {0xff, 0x0f}};

	rig_edges(rig, 1, &key);
	assert_panel(rig, RAW, 1, &key);
	rig_edges(rig, 1, &unreadable);
	assert_panel(rig, RAW, 2, &unreadable);
	assert_int_equal(board_panel_last(rig->board, NARROW - 1, &got), 0);
}

static void a_number_too_large_for_the_panel_is_in_the_journal(void **state)
{
	struct rig *rig = *state;
	struct card_bits got, w34 = encoded("W34", 16777216);

	rig_card(rig, 1, 16777216);
	struct journal_entry entry = rig_wait_entry(rig, 0, JOURNAL_PANEL_SKIPPED);

	assert_int_equal(entry.reader, 1);
	assert_int_equal(entry.door, 0);
	assert_int_equal(entry.count, 1);
	assert_int_equal(entry.reason, REASON_PANEL_FORMAT);
	assert_true(entry.has_card);
	assert_int_equal(entry.card_number, 16777216);
	assert_int_equal(entry.rec_no, 0);
	assert_panel(rig, RAW, 1, &w34);
	assert_int_equal(board_panel_last(rig->board, NARROW - 1, &got), 0);
}

/* A frame of 34 bits takes 0.7 s at 20 ms a bit; more come than there is room for. */
static void a_full_queue_is_in_the_journal_and_the_first_frames_arrive(void **state)
{
	struct rig *rig = *state;
	struct card_bits got, first = encoded("W34", 1);

	for (uint64_t i = 1; i <= 11; i++)
		rig_card(rig, 2, i);
	struct journal_entry entry = rig_wait_entry(rig, 0, JOURNAL_PANEL_SKIPPED);

	assert_int_equal(entry.reader, 2);
	assert_int_equal(entry.reason, REASON_PANEL_BUSY);
	assert_in_range(entry.card_number, PANEL_QUEUE_MAX, 11);
	while (board_panel_last(rig->board, SLOW - 1, &got) == 0)
		(void)poll(NULL, 0, 5);
	assert_memory_equal(got.bytes, first.bytes, sizeof(got.bytes));
}

static void a_line_that_a_killed_core_left_low_rises(void **state)
{
	struct rig *rig = *state;
	struct card_bits w34 = encoded("W34", 7);

	rig_kill(rig);
	rig->board->panel[RAW - 1].low = 1;
	rig->board->panel[7].low = 2; /* not even configured any more */
	rig_start(rig);
	assert_int_equal(rig->board->panel[RAW - 1].low, 0);
	assert_int_equal(rig->board->panel[7].low, 0);
	rig_card(rig, 1, 7);
	assert_panel(rig, RAW, 1, &w34);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_granted_card_is_sent_in_the_panels_format),
		CASE(keys_pass_through_where_bits_do),
		CASE(a_number_too_large_for_the_panel_is_in_the_journal),
		CASE(a_full_queue_is_in_the_journal_and_the_first_frames_arrive),
		CASE(a_line_that_a_killed_core_left_low_rises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
