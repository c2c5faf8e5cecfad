// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP readers and their keys through libpostern, against a real device with reader 7 in a secure
 * channel under KEY, which the device does not know, 1 on Wiegand lines and 9 in clear.
 * test_osdp_keys.py starts the device and names it in the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sdk_scene.h"

static const unsigned char key[16] = {0x9e, 0x11, 0x6c, 0xf0, 0x23, 0x7a, 0xd5, 0x48, 0xb1, 0x02,
	0xee, 0x3d, 0x94, 0x5f, 0x80, 0xc7};

static struct postern_readers *reader_7(void)
{
	struct postern_readers *readers = NULL;

	assert_ok(postern_readers_list(device, 7, &readers));
	assert_int_equal(readers->count, 1);
	assert_int_equal(readers->reader[0].number, 7);
	return readers;
}

/* Until reader 7 is online with a key of its own and nothing of it is under way. */
static void wait_online(void)
{
	for (unsigned i = 0; i < 100; i++) {
		struct postern_readers *readers = reader_7();
		const struct postern_reader *reader = &readers->reader[0];
		int good = reader->online == 1 && reader->secure == 1 && reader->has_key == 1 &&
			   strcmp(reader->pairing, "none") == 0;

		assert_null(postern_readers_free(readers));
		if (good)
			return;
		(void)postern_wait(context, 200);
	}
	fail_msg("reader 7 does not come online");
}

static void keys_are_told_changed_and_forgotten(void **state)
{
	unsigned char known[16];
	struct postern_readers *readers;

	(void)state;
	memset(known, 0x11, sizeof(known));
	assert_refused(postern_reader_set_key(device, 7, known), "well-known");
	assert_refused(postern_reader_set_key(device, 1, key), "no OSDP reader");
	assert_int_equal(postern_reader_set_key(device, 7, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_set_key(device, 129, key), POSTERN_E_ARGUMENT);
	assert_refused(postern_reader_rotate(device, 7), "secure channel");
	assert_ok(postern_reader_set_key(device, 7, key));
	wait_online();
	assert_refused(postern_reader_pair(device, 7, 0), "rotate it");
	assert_ok(postern_reader_rotate(device, 7));
	wait_online();
	assert_ok(postern_reader_unpair(device, 7));
	readers = reader_7();
	assert_int_equal(readers->reader[0].has_key, 0);
	assert_string_equal(readers->reader[0].line, "east");
	assert_int_equal(readers->reader[0].address, 3);
	assert_int_equal(readers->reader[0].baud, 115200);
	assert_string_equal(readers->reader[0].assurance, "secure");
	assert_null(postern_readers_free(readers));
	assert_int_equal(postern_reader_pair(device, 7, 601), POSTERN_E_ARGUMENT);
	assert_ok(postern_reader_pair(device, 7, 30));
	readers = reader_7();
	assert_string_equal(readers->reader[0].pairing, "open");
	assert_in_range(readers->reader[0].window_left_s, 1, 30);
	assert_null(postern_readers_free(readers));
	assert_ok(postern_reader_pair_cancel(device, 7));
	assert_refused(postern_reader_pair_cancel(device, 7), "not being paired");
}

static void readers_and_doors_say_how_sure_they_are(void **state)
{
	struct postern_readers *readers = NULL;
	int low = POSTERN_NOT_GIVEN;

	(void)state;
	assert_ok(postern_readers_list(device, 0, &readers));
	assert_int_equal(readers->count, 4);
	assert_string_equal(readers->reader[0].kind, "Wiegand");
	assert_string_equal(readers->reader[0].assurance, "low");
	assert_int_equal(readers->reader[0].online, POSTERN_NOT_GIVEN);
	assert_string_equal(readers->reader[1].kind, "OSDP");
	assert_string_equal(readers->reader[3].assurance, "low");
	assert_null(postern_readers_free(readers));
	assert_refused(postern_readers_list(device, 2, &readers), "names no reader");
	assert_int_equal(postern_readers_list(device, -1, &readers), POSTERN_E_ARGUMENT);
	assert_ok(postern_door_low_assurance(device, 1, &low));
	assert_int_equal(low, 0);
	assert_ok(postern_door_low_assurance(device, 2, &low));
	assert_int_equal(low, 1);
	assert_int_equal(postern_door_low_assurance(device, 0, &low), POSTERN_E_ARGUMENT);
}

static void ended(void *user, struct postern_call *call, int error)
{
	(void)call;
	++((unsigned *)user)[error == POSTERN_OK ? 0 : 1];
}

static void readers_ended(
	void *user, struct postern_call *call, int error, struct postern_readers *readers)
{
	(void)call;
	assert_ok(error);
	*(size_t *)user = readers->count;
	postern_readers_free(readers);
}

static void assurance_ended(void *user, struct postern_call *call, int error, int low)
{
	(void)call;
	assert_ok(error);
	*(int *)user = low;
}

static void all_of_it_without_waiting(void **state)
{
	unsigned count[2] = {0, 0}; /* that were done, and refused */
	size_t readers = 0;
	int low = POSTERN_NOT_GIVEN;

	(void)state;
	assert_ok(postern_reader_set_key_start(device, 7, key, ended, count, NULL));
	assert_ok(postern_reader_pair_start(device, 9, 10, ended, count, NULL));
	assert_ok(postern_reader_pair_cancel_start(device, 9, ended, count, NULL));
	assert_ok(postern_reader_rotate_start(device, 1, ended, count, NULL));
	assert_ok(postern_reader_unpair_start(device, 8, ended, count, NULL));
	assert_ok(postern_readers_list_start(device, 7, readers_ended, &readers, NULL));
	assert_ok(postern_door_low_assurance_start(device, 1, assurance_ended, &low, NULL));
	while (count[0] + count[1] < 5 || readers == 0 || low == POSTERN_NOT_GIVEN)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(count[0], 2);
	assert_int_equal(count[1], 3);
	assert_int_equal(readers, 1);
	assert_int_equal(low, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_told_changed_and_forgotten),
		cmocka_unit_test(readers_and_doors_say_how_sure_they_are),
		cmocka_unit_test(all_of_it_without_waiting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
