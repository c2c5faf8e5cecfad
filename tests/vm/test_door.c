// SPDX-License-Identifier: Apache-2.0
/*
 * A day at two doors, seen from outside: edges go in at the readers, the contact and the buttons,
 * and the locks move; what happened is read back over the API.
 */
#include "site.h"
#include "wiring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANN 305419896 /* W34: fits no 26-bit card */
#define BOB 8106606 /* H10301 123/45678 */
#define STRANGER 4711
#define UNLOCK_MS 1000
#define HALL_UNLOCK_MS 3000
#define DEBOUNCE_MS 50
#define HELD_MS 4000
#define LATE_MS 20 /* of anything that has a time, beyond it */

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	site_clear();
	site_start(SITE_CONFIG);
	site_enrol("ann", "305419896", NULL, 2);
	site_enrol("bob", "8106606", NULL, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_clear();
	wiring_end();
	return 0;
}

static int doors_rest(void **state)
{
	(void)state;
	site_forget();
	wiring_forget();
	return 0;
}

static void doors_are_locked_at_the_start(void **state)
{
	(void)state;
	assert_false(wiring_get(FRONT_LOCK));
	assert_true(wiring_get(HALL_LOCK)); /* the magnet holds */
}

/* The lock opens after the frame's silence and its record, and shuts in its time. */
static void assert_pulse(enum line line, bool active, int64_t last_edge_ns, int64_t unlock_ms)
{
	int64_t opened_ns = wiring_wait(line, active, 1000);
	int64_t shut_ns = wiring_wait(line, !active, (int)unlock_ms + 1000);

	assert_in_range(opened_ns - last_edge_ns, GAP_NS, GAP_NS + LATE_MS * NS_PER_MS);
	assert_in_range(shut_ns - opened_ns, unlock_ms * NS_PER_MS - NS_PER_MS,
		(unlock_ms + LATE_MS) * NS_PER_MS);
}

static void a_card_opens_its_door_and_leaves_a_record(void **state)
{
	struct site_event record;

	(void)state;
	uint64_t before = site_records(NULL, NULL);

	assert_pulse(FRONT_LOCK, true, reader_show(ENTRY_DATA0, "W34", ANN), UNLOCK_MS);
	const struct site_events *news = site_await("door_locked", 1);
	const struct site_event *access = site_only(news, "access");

	assert_int_equal(site_count(news, "door_unlocked"), 1);
	assert_int_equal(access->reader, 1);
	assert_int_equal(site_records(NULL, &record), before + 1);
	assert_int_equal(record.rec_no, access->rec_no);
	assert_int_equal(record.door, 0);
	assert_int_equal(record.reader, 1);
	assert_int_equal(record.method, 1);
	assert_int_equal(record.status, 1);
	assert_string_equal(record.user_id, "ann");
	assert_string_equal(record.card_no, "305419896");
	assert_string_equal(record.type, "Entry");
	assert_string_equal(record.reason, "granted");
}

static void the_inner_reader_leads_out(void **state)
{
	struct site_event record;

	(void)state;
	assert_pulse(FRONT_LOCK, true, reader_show(EXIT_DATA0, "W26", BOB), UNLOCK_MS);
	assert_int_equal(site_records("8106606", &record), 1);
	assert_string_equal(record.user_id, "bob");
	assert_string_equal(record.type, "Exit");
	assert_int_equal(record.reader, 2);
	assert_int_equal(record.status, 1);
}

static void a_magnet_lets_go_at_its_own_door_only(void **state)
{
	(void)state;
	int64_t last_ns = reader_show(HALL_DATA0, "W34", ANN);
	struct seen seen[8];
	unsigned count = wiring_seen(seen, 8, HALL_LOCK, 2, 5000);

	assert_int_equal(count, 2);
	assert_int_equal(seen[0].line, HALL_LOCK);
	assert_int_equal(seen[1].line, HALL_LOCK);
	assert_false(seen[0].high);
	assert_in_range(seen[0].at_ns - last_ns, GAP_NS, GAP_NS + LATE_MS * NS_PER_MS);
	assert_in_range(seen[1].at_ns - seen[0].at_ns, HALL_UNLOCK_MS * NS_PER_MS - NS_PER_MS,
		(HALL_UNLOCK_MS + LATE_MS) * NS_PER_MS);
}

static void a_stranger_is_refused_with_a_reason(void **state)
{
	struct site_event record;

	(void)state;
	(void)reader_show(ENTRY_DATA0, "W34", STRANGER);
	wiring_quiet(FRONT_LOCK, 500);
	assert_int_equal(site_records("4711", &record), 1);
	assert_int_equal(record.status, 0);
	assert_string_equal(record.reason, "unknown_card");
	assert_string_equal(record.user_id, "");
}

static void a_right_ends_at_its_own_door(void **state)
{
	struct site_event record;
	struct card_bits bits = card_of("W34", BOB); /* the same number, as reader 3 reads it */

	(void)state;
	(void)reader_send(HALL_DATA0, &bits);
	wiring_quiet(HALL_LOCK, 500);
	(void)site_records("8106606", &record);
	assert_int_equal(record.door, 1);
	assert_string_equal(record.reason, "no_right");
}

static void two_readers_at_once_do_not_mix(void **state)
{
	struct card_bits ann = card_of("W34", ANN);
	struct card_bits bob = card_of("W26", BOB);
	struct site_event record;
	uint64_t before = site_records(NULL, NULL);

	(void)state;
	readers_send(ENTRY_DATA0, &ann, EXIT_DATA0, &bob);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	(void)wiring_wait(FRONT_LOCK, false, 2000);
	assert_int_equal(site_records(NULL, NULL), before + 2);
	(void)site_records("305419896", &record);
	assert_string_equal(record.type, "Entry");
	assert_int_equal(record.rec_no, before + 2); /* its frame is longer */
	(void)site_records("8106606", &record);
	assert_string_equal(record.type, "Exit");
	assert_int_equal(record.rec_no, before + 1);
}

/* Shows Ann's card without the edges from `first` on, `count` of them; edge 2n begins bit n. */
static void show_without(size_t first, size_t count)
{
	struct card_bits bits = card_of("W34", ANN);
	struct wiegand_edge edges[2 * WIEGAND_FRAME_BITS_MAX];
	size_t all = wiegand_edges(&bits, world_now_ns() + NS_PER_MS, (uint32_t)PULSE_NS,
		(uint32_t)INTERVAL_NS, edges, 2 * WIEGAND_FRAME_BITS_MAX);

	memmove(edges + first, edges + first + count, (all - first - count) * sizeof(edges[0]));
	reader_play(ENTRY_DATA0, edges, all - count);
	wiring_quiet(FRONT_LOCK, 200);
}

static void a_frame_that_lacks_a_pulse_is_no_card(void **state)
{
	struct site_event record;
	uint64_t before = site_records("305419896", NULL);

	(void)state;
	show_without(20, 2);
	assert_int_equal(site_records("305419896", NULL), before);
	(void)site_records(NULL, &record);
	assert_int_equal(record.status, 0);
	assert_string_equal(record.reason, "unreadable");
}

static void a_pulse_that_does_not_end_spoils_its_frame(void **state)
{
	uint64_t before = site_records(NULL, NULL);

	(void)state;
	show_without(21, 1);
	assert_int_equal(site_records(NULL, NULL), before);
	assert_int_equal(site_only(site_news_after(0), "reader_noise")->reader, 1);
}

static void the_exit_button_opens_at_once(void **state)
{
	struct site_event record;

	(void)state;
	int64_t pressed_ns = world_now_ns();

	wiring_set(FRONT_REX, false);
	int64_t opened_ns = wiring_wait(FRONT_LOCK, true, 1000);

	world_sleep_ms(200);
	wiring_set(FRONT_REX, true);
	int64_t shut_ns = wiring_wait(FRONT_LOCK, false, 3000);

	assert_in_range(opened_ns - pressed_ns, 0, 100 * NS_PER_MS); /* threats.md T55 */
	assert_in_range(shut_ns - opened_ns, UNLOCK_MS * NS_PER_MS - NS_PER_MS,
		(UNLOCK_MS + 200 + LATE_MS) * NS_PER_MS);
	(void)site_records(NULL, &record);
	assert_int_equal(record.method, 5);
	assert_string_equal(record.reason, "exit_button");
	assert_int_equal(record.door, 0);
	wiring_set(HALL_REX, true);
	world_sleep_ms(20);
	wiring_set(HALL_REX, false);
	(void)wiring_wait(HALL_LOCK, false, 1000);
	(void)wiring_wait(HALL_LOCK, true, 4000);
	(void)site_records(NULL, &record);
	assert_int_equal(record.door, 1);
	assert_string_equal(record.reason, "exit_button");
}

static void a_door_that_opens_while_locked_is_forced(void **state)
{
	(void)state;
	wiring_set(FRONT_CONTACT, true);
	const struct site_events *news = site_await("door_forced", 1);

	assert_int_equal(site_count(news, "door_opened"), 1);
	assert_int_equal(site_only(news, "door_forced")->door, 0);
	wiring_set(FRONT_CONTACT, false);
	(void)site_await("door_forced_end", 1);
}

static void a_door_that_a_card_opened_is_not_forced_but_may_be_held(void **state)
{
	(void)state;
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	wiring_set(FRONT_CONTACT, true);
	const struct site_events *news = site_news_after(HELD_MS - 1000 + DEBOUNCE_MS + 100);

	assert_int_equal(site_count(news, "door_opened"), 1);
	assert_int_equal(site_count(news, "door_held_warning"), 1);
	news = site_await("door_held", 1);
	wiring_set(FRONT_CONTACT, false);
	news = site_await("door_held_end", 1);
	assert_int_equal(site_count(news, "door_closed"), 1);
	assert_int_equal(site_count(news, "door_held"), 1);
	assert_int_equal(site_count(news, "door_forced"), 0);
}

/* A contact's bounce is nothing; what stands for 400 ms always counts (IEC 60839-11-1, Table 2). */
static void bounce_is_nothing_and_400_ms_count(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		wiring_set(FRONT_CONTACT, i % 2 == 0);
		world_sleep_ms(1 + i % (DEBOUNCE_MS - 5));
	}
	wiring_set(FRONT_CONTACT, false);
	const struct site_events *news = site_news_after(300);

	assert_int_equal(news->count, 0);
	wiring_set(FRONT_CONTACT, true);
	world_sleep_ms(400);
	wiring_set(FRONT_CONTACT, false);
	news = site_await("door_closed", 1);
	assert_int_equal(site_count(news, "door_opened"), 1);
	assert_int_equal(site_count(news, "door_forced"), 1);
	wiring_set(FRONT_CONTACT, true);
	world_sleep_ms(399);
	wiring_set(FRONT_CONTACT, false);
	(void)site_await("door_closed", 2);
}

static void a_reader_that_is_opened_raises_its_tamper(void **state)
{
	(void)state;
	wiring_set(ENTRY_TAMPER, false);
	const struct site_events *news = site_await("tamper", 1);

	assert_int_equal(site_only(news, "tamper")->reader, 1);
	wiring_set(ENTRY_TAMPER, true);
	(void)site_await("tamper_end", 1);
}

/* Edges of the reader's light and beeper that go high, while a card is shown and for 4 s. */
static void card_seen(
	uint64_t number, unsigned *ret_lights, unsigned *ret_beeps, int64_t *ret_on_ns)
{
	struct seen seen[32];
	int64_t lit_ns = 0;

	wiring_forget();
	*ret_lights = *ret_beeps = 0;
	*ret_on_ns = 0;
	(void)reader_show(ENTRY_DATA0, "W34", number);
	unsigned count = wiring_seen(seen, 32, FRONT_LOCK, 3, 4000);

	for (unsigned i = 0; i < count; i++) {
		if (seen[i].line == ENTRY_BEEPER)
			*ret_beeps += seen[i].high;
		if (seen[i].line != ENTRY_LED)
			continue;
		*ret_lights += seen[i].high;
		if (seen[i].high)
			lit_ns = seen[i].at_ns;
		else if (seen[i].at_ns - lit_ns > *ret_on_ns)
			*ret_on_ns = seen[i].at_ns - lit_ns;
	}
}

static void light_and_sound_tell_yes_from_no(void **state)
{
	unsigned lights;
	unsigned beeps;
	int64_t on_ns;

	(void)state;
	card_seen(STRANGER, &lights, &beeps, &on_ns);
	assert_int_equal(lights, 3);
	assert_int_equal(beeps, 3);
	assert_in_range(on_ns, 50 * NS_PER_MS, 200 * NS_PER_MS);
	card_seen(ANN, &lights, &beeps, &on_ns);
	assert_int_equal(lights, 1);
	assert_int_equal(beeps, 1);
	assert_in_range(on_ns, 1500 * NS_PER_MS, 2500 * NS_PER_MS);
	assert_false(wiring_get(ENTRY_LED));
	assert_false(wiring_get(ENTRY_BEEPER));
}

static void an_order_of_the_end_locks_what_was_open(void **state)
{
	(void)state;
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	assert_int_equal(site_stop(), 0);
	(void)wiring_wait(FRONT_LOCK, false, 1);
	assert_false(wiring_get(HALL_LOCK)); /* fail: safe */
	site_start(SITE_CONFIG);
	assert_false(wiring_get(FRONT_LOCK));
	assert_true(wiring_get(HALL_LOCK));
}

#define DOOR_TEST(name) cmocka_unit_test_setup(name, doors_rest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOOR_TEST(doors_are_locked_at_the_start),
		DOOR_TEST(a_card_opens_its_door_and_leaves_a_record),
		DOOR_TEST(the_inner_reader_leads_out),
		DOOR_TEST(a_magnet_lets_go_at_its_own_door_only),
		DOOR_TEST(a_stranger_is_refused_with_a_reason),
		DOOR_TEST(a_right_ends_at_its_own_door),
		DOOR_TEST(two_readers_at_once_do_not_mix),
		DOOR_TEST(a_frame_that_lacks_a_pulse_is_no_card),
		DOOR_TEST(a_pulse_that_does_not_end_spoils_its_frame),
		DOOR_TEST(the_exit_button_opens_at_once),
		DOOR_TEST(a_door_that_opens_while_locked_is_forced),
		DOOR_TEST(a_door_that_a_card_opened_is_not_forced_but_may_be_held),
		DOOR_TEST(bounce_is_nothing_and_400_ms_count),
		DOOR_TEST(a_reader_that_is_opened_raises_its_tamper),
		DOOR_TEST(light_and_sound_tell_yes_from_no),
		DOOR_TEST(an_order_of_the_end_locks_what_was_open),
	};

	world_precise();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
