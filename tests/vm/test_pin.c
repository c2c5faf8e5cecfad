// SPDX-License-Identifier: Apache-2.0
/*
 * Keypads on the readers' lines: each key is a burst of 4, 6 or 8 bits. The hall takes a card or a
 * PIN, the front door wants both.
 */
#include "protocols/keypad.h"
#include "site.h"
#include "wiring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANN 305419896
#define PIN "580317"
#define WRONG "580318"
#define PIN_CONFIG "/tests/pin.yaml"
#define HALL_UNLOCK_MS 3000
#define KEY_PAUSE_MS 150
#define WRONG_MAX 5
#define LOCKOUT_S 60

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	site_clear();
	site_start(PIN_CONFIG);
	site_enrol("ann", "305419896", PIN, 2);
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

static void key_press(enum line data0, uint8_t key, unsigned bits)
{
	struct card_bits burst;

	keypad_encode(key, bits, KEYPAD_SIX_PARITY, &burst);
	(void)reader_send(data0, &burst);
	world_sleep_ms(KEY_PAUSE_MS);
}

/* "1234#" */
static void type(enum line data0, const char *keys, unsigned bits)
{
	for (; *keys != '\0'; keys++) {
		uint8_t key = (uint8_t)(*keys - '0');

		if (*keys == '#')
			key = KEYPAD_HASH;
		else if (*keys == '*')
			key = KEYPAD_STAR;
		key_press(data0, key, bits);
	}
}

static void assert_record(int64_t method, const char *type, int64_t status, const char *reason)
{
	struct site_event record;

	(void)site_records(NULL, &record);
	assert_int_equal(record.method, method);
	assert_string_equal(record.type, type);
	assert_int_equal(record.status, status);
	assert_string_equal(record.reason, reason);
}

static void hall_opens(void)
{
	(void)wiring_wait(HALL_LOCK, false, 500);
	(void)wiring_wait(HALL_LOCK, true, HALL_UNLOCK_MS + 500);
}

static void a_pin_alone_opens_with_keys_of_every_width(void **state)
{
	struct site_event record;

	(void)state;
	for (unsigned bits = 4; bits <= 8; bits += 2) {
		type(HALL_DATA0, PIN "#", bits);
		hall_opens();
		assert_record(0, "Entry", 1, "granted");
	}
	(void)site_records(NULL, &record);
	assert_string_equal(record.user_id, "ann");
	assert_string_equal(record.card_no, "");
}

static void a_card_alone_opens_there_as_well(void **state)
{
	(void)state;
	(void)reader_show(HALL_DATA0, "W34", ANN);
	hall_opens();
	assert_record(1, "Entry", 1, "granted");
}

static void a_card_waits_for_its_pin(void **state)
{
	(void)state;
	(void)reader_show(ENTRY_DATA0, "W34", ANN);
	wiring_quiet(FRONT_LOCK, 300);
	type(ENTRY_DATA0, PIN "#", 4);
	(void)wiring_wait(FRONT_LOCK, true, 500);
	(void)wiring_wait(FRONT_LOCK, false, 1500);
	assert_record(2, "Entry", 1, "granted");
}

static void a_pin_waits_for_its_card(void **state)
{
	(void)state;
	type(EXIT_DATA0, PIN "#", 8);
	wiring_quiet(FRONT_LOCK, 300);
	(void)reader_show(EXIT_DATA0, "W34", ANN);
	(void)wiring_wait(FRONT_LOCK, true, 500);
	(void)wiring_wait(FRONT_LOCK, false, 1500);
	assert_record(3, "Exit", 1, "granted");
}

/* What a key does at light and beeper: edges of both, by time from the end of its burst. */
static unsigned key_seen(uint8_t key, struct seen *seen, unsigned max)
{
	struct card_bits burst;

	wiring_forget();
	keypad_encode(key, 4, KEYPAD_SIX_PARITY, &burst);
	int64_t end_ns = reader_send(ENTRY_DATA0, &burst);
	unsigned count = wiring_seen(seen, max, FRONT_LOCK, 1, 400);

	for (unsigned i = 0; i < count; i++)
		seen[i].at_ns -= end_ns;
	return count;
}

/* Nobody can tell keys apart by what the reader shows (IEC 60839-11-1, Table 2). */
static void every_key_looks_and_sounds_the_same(void **state)
{
	static const uint8_t keys[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, KEYPAD_STAR};
	struct seen first[8];
	struct seen seen[8];
	unsigned wanted = key_seen(0, first, 8);

	(void)state;
	assert_true(wanted >= 2);
	for (unsigned i = 0; i < sizeof(keys); i++) {
		assert_int_equal(key_seen(keys[i], seen, 8), wanted);
		for (unsigned at = 0; at < wanted; at++) {
			assert_int_equal(seen[at].line, first[at].line);
			assert_int_equal(seen[at].high, first[at].high);
			assert_true(llabs(seen[at].at_ns - first[at].at_ns) < NS_PER_MS);
		}
	}
}

/* Five wrong ones close the reader to PINs for a minute, over a restart too; cards still open. */
static void wrong_pins_lock_the_keypad_for_a_while(void **state)
{
	(void)state;
	for (int i = 0; i < WRONG_MAX; i++) {
		type(HALL_DATA0, WRONG "#", 4);
		assert_record(0, "Entry", 0, "wrong_pin");
	}
	(void)site_await("pin_lockout", 1);
	type(HALL_DATA0, PIN "#", 4);
	assert_record(0, "Entry", 0, "pin_locked");
	assert_int_equal(site_stop(), 0);
	site_start(PIN_CONFIG);
	wiring_forget();
	type(HALL_DATA0, PIN "#", 4);
	wiring_quiet(HALL_LOCK, 200);
	assert_record(0, "Entry", 0, "pin_locked");
	(void)reader_show(HALL_DATA0, "W34", ANN);
	hall_opens();
	world_sleep_ms(LOCKOUT_S * 1000);
	type(HALL_DATA0, PIN "#", 4);
	hall_opens();
	assert_record(0, "Entry", 1, "granted");
}

static void no_digits_are_logged(void **state)
{
	(void)state;
	assert_false(site_log_has(PIN));
	assert_false(site_log_has(WRONG));
}

#define PIN_TEST(name) cmocka_unit_test_setup(name, doors_rest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIN_TEST(a_pin_alone_opens_with_keys_of_every_width),
		PIN_TEST(a_card_alone_opens_there_as_well),
		PIN_TEST(a_card_waits_for_its_pin),
		PIN_TEST(a_pin_waits_for_its_card),
		PIN_TEST(every_key_looks_and_sounds_the_same),
		PIN_TEST(wrong_pins_lock_the_keypad_for_a_while),
		PIN_TEST(no_digits_are_logged),
	};

	world_precise();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
