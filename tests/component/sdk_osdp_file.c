// SPDX-License-Identifier: Apache-2.0
/*
 * Files for OSDP readers through libpostern, against a real device whose reader 7 is in a secure
 * channel and takes files, and reader 1 is on Wiegand lines. test_osdp_file.py starts the device
 * and names it in the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sdk_scene.h"

static void a_file_goes_part_by_part(void **state)
{
	static char bytes[POSTERN_READER_FILE_PART_MAX + 5];
	struct postern_reader_file file = POSTERN_READER_FILE_INIT;
	size_t size = file.size;

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_ok(postern_reader_file_get(device, 7, &file));
	assert_int_equal(file.state, POSTERN_READER_FILE_NONE);
	assert_refused(postern_reader_file_begin(device, 1, 1, 10), "no OSDP reader");
	assert_refused(postern_reader_file_cancel(device, 7), "no file of yours");
	assert_ok(postern_reader_file_begin(device, 7, 129, sizeof(bytes)));
	assert_ok(postern_reader_file_add(device, 7, 0, bytes, POSTERN_READER_FILE_PART_MAX));
	assert_refused(postern_reader_file_add(device, 7, 5, bytes, 5), "not the next one");
	assert_ok(postern_reader_file_get(device, 7, &file));
	assert_int_equal(file.state, POSTERN_READER_FILE_RECEIVING);
	assert_int_equal(file.received, POSTERN_READER_FILE_PART_MAX);
	assert_ok(postern_reader_file_add(device, 7, POSTERN_READER_FILE_PART_MAX, bytes, 5));
	for (unsigned i = 0; i < 100 && file.state != POSTERN_READER_FILE_DONE; i++) {
		(void)postern_wait(context, 100);
		assert_ok(postern_reader_file_get(device, 7, &file));
	}
	assert_int_equal(file.state, POSTERN_READER_FILE_DONE);
	assert_int_equal(file.size, size);
	assert_int_equal(file.type, 129);
	assert_int_equal(file.sent, sizeof(bytes));
	assert_int_equal(file.bytes, sizeof(bytes));
	assert_int_equal(file.status, 1);
	assert_string_equal(file.text, "taken and processed");
}

static void arguments_out_of_range_ask_nobody(void **state)
{
	struct postern_reader_file unset = {0};
	char byte = 0;

	(void)state;
	assert_int_equal(postern_reader_file_begin(device, 0, 1, 1), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_begin(device, 129, 1, 1), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_begin(device, 7, 0, 1), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_begin(device, 7, 256, 1), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_begin(device, 7, 1, 0), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_begin(device, 7, 1, POSTERN_READER_FILE_MAX + 1),
		POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_add(device, 7, 0, &byte, 0), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_add(device, 7, 0, NULL, 1), POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_reader_file_add(device, 7, 0, &byte, POSTERN_READER_FILE_PART_MAX + 1),
		POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_add(device, 7, POSTERN_READER_FILE_MAX, &byte, 1),
		POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_get(device, 7, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_get(device, 7, &unset), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_reader_file_cancel(device, 0), POSTERN_E_ARGUMENT);
}

static void ended(void *user, struct postern_call *call, int error)
{
	(void)call;
	++((unsigned *)user)[error == POSTERN_OK ? 0 : 1];
}

static void got(
	void *user, struct postern_call *call, int error, const struct postern_reader_file *file)
{
	(void)call;
	assert_ok(error);
	*(int *)user = (int)file->state;
}

static void wait_for(const unsigned *count, unsigned sum)
{
	while (count[0] + count[1] < sum)
		assert_ok(postern_wait(context, 1000));
}

static void all_of_it_without_waiting(void **state)
{
	unsigned count[2] = {0, 0}; /* that were done, and refused */
	int file = -1;

	(void)state;
	assert_ok(postern_reader_file_begin_start(device, 7, 1, 100, ended, count, NULL));
	wait_for(count, 1);
	assert_ok(postern_reader_file_add_start(device, 7, 0, "abc", 3, ended, count, NULL));
	wait_for(count, 2);
	assert_ok(postern_reader_file_get_start(device, 7, got, &file, NULL));
	while (file < 0)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(file, POSTERN_READER_FILE_RECEIVING);
	assert_ok(postern_reader_file_cancel_start(device, 7, ended, count, NULL));
	wait_for(count, 3);
	assert_ok(postern_reader_file_add_start(device, 7, 3, "abc", 3, ended, count, NULL));
	wait_for(count, 4);
	assert_int_equal(count[0], 3);
	assert_int_equal(count[1], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_goes_part_by_part),
		cmocka_unit_test(arguments_out_of_range_ask_nobody),
		cmocka_unit_test(all_of_it_without_waiting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
