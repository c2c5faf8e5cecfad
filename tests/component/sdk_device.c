// SPDX-License-Identifier: Apache-2.0
/*
 * Every function of libpostern against a real device: the shared library as programs get it, one
 * test after the other on one device. test_sdk.py starts the device and names it in the
 * environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdk_device.h"
#include "sdk_scene.h"

#include "sdk_device.h"
#include "sdk_scene.h"

static void the_device_says_what_it_is(void **state)
{
	struct postern_device_info *info;

	(void)state;
	assert_string_equal(postern_version(), "0.1.0");
	assert_ok(postern_device_info(device, &info));
	assert_int_equal(info->size, sizeof(*info));
	assert_string_equal(info->type, "Postern");
	assert_string_equal(info->vendor, "Postern");
	assert_true(strlen(info->serial) >= 8);
	assert_int_equal(strncmp(info->software, postern_version(), strlen(postern_version())), 0);
	assert_true(strlen(info->name) > 0);
	assert_int_equal(strlen(info->time), strlen("2026-08-11 11:48:28"));
	assert_null(postern_device_info_free(info));
	assert_string_equal(postern_device_detail(device), "");
}

static const int doors[] = {1, POSTERN_NOT_GIVEN, 0};
static const int schedules[] = {255, POSTERN_NOT_GIVEN, 3};

static struct postern_person zhang_san(void)
{
	struct postern_person person = POSTERN_PERSON_INIT;

	person.user_id = "102";
	person.card_no = "0012345";
	person.name = "Zhang San \xe7\x95\x8c";
	person.card_status = 32;
	person.card_type = 1;
	person.user_type = 4;
	person.is_valid = 1;
	person.uses_left = 7;
	person.password = "86420951";
	person.duress_password = "15902468";
	person.vto_position = "01018001";
	person.valid_from = "20151022 093811";
	person.valid_to = "2099-12-22 09:38:11";
	person.citizen_id_no = "342000000000000000";
	person.doors = doors;
	person.door_count = 3;
	person.schedules = schedules;
	person.schedule_count = 3;
	return person;
}

struct postern_people *find_one(const char *user_id, const char *card_no)
{
	struct postern_people *people;

	assert_ok(postern_people_find(device, user_id, card_no, &people));
	assert_int_equal(people->count, 1);
	return people;
}

static void a_person_has_every_parameter_and_gives_it_back(void **state)
{
	struct postern_person person = zhang_san();
	uint64_t rec_no = 0;

	(void)state;
	assert_ok(postern_person_add(device, &person, &rec_no));
	assert_true(rec_no > 0);
	struct postern_people *people = find_one("102", NULL);
	const struct postern_person *found = &people->person[0];

	assert_true(found->rec_no == rec_no);
	assert_string_equal(found->user_id, person.user_id);
	assert_string_equal(found->card_no, person.card_no);
	assert_string_equal(found->name, person.name);
	assert_int_equal(found->card_status, 32);
	assert_int_equal(found->card_type, 1);
	assert_int_equal(found->user_type, 4);
	assert_int_equal(found->is_valid, 1);
	assert_int_equal(found->uses_left, 7);
	assert_null(found->password);
	assert_string_equal(found->vto_position, "01018001");
	assert_string_equal(found->valid_from, "2015-10-22 09:38:11");
	assert_string_equal(found->valid_to, person.valid_to);
	assert_string_equal(found->citizen_id_no, person.citizen_id_no);
	assert_int_equal(found->door_count, 3);
	assert_memory_equal(found->doors, doors, sizeof(doors));
	assert_int_equal(found->schedule_count, 3);
	assert_memory_equal(found->schedules, schedules, sizeof(schedules));
	assert_true(found->field_count >= 20);
	assert_null(postern_people_free(people));
	assert_null(postern_people_free(find_one(NULL, "12345")));
}

static void doubles_and_wrong_values_are_told_apart(void **state)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	uint64_t count;

	(void)state;
	person.user_id = "102";
	person.card_no = "9";
	assert_int_equal(postern_person_add(device, &person, NULL), POSTERN_E_USER_EXISTS);
	person.user_id = "103";
	person.card_no = "12345";
	assert_int_equal(postern_person_add(device, &person, NULL), POSTERN_E_CARD_EXISTS);
	person.card_no = "9";
	person.card_type = 77;
	assert_int_equal(postern_person_add(device, &person, NULL), POSTERN_E_REFUSED);
	assert_detail("CardType");
	person.card_type = 0;
	person.name = "123456789012345678901234567890123";
	assert_int_equal(postern_person_add(device, &person, NULL), POSTERN_E_ARGUMENT);
	assert_detail("CardName");
	assert_ok(postern_people_count(device, &count));
	assert_int_equal(count, 1);
}

static void an_update_changes_what_is_given(void **state)
{
	struct postern_people *people = find_one("102", NULL);
	struct postern_person change = POSTERN_PERSON_INIT;

	(void)state;
	change.rec_no = people->person[0].rec_no;
	postern_people_free(people);
	change.card_status = 4;
	change.valid_to = "";
	assert_ok(postern_person_update(device, &change));
	people = find_one("102", NULL);
	assert_int_equal(people->person[0].card_status, 4);
	assert_string_equal(people->person[0].valid_to, "");
	assert_int_equal(people->person[0].door_count, 3);
	assert_string_equal(people->person[0].vto_position, "01018001");
	postern_people_free(people);

	change = (struct postern_person)POSTERN_PERSON_INIT;
	change.rec_no = 1;
	change.doors = doors; /* given, and none */
	assert_ok(postern_person_update(device, &change));
	people = find_one("102", NULL);
	assert_int_equal(people->person[0].door_count, 0);
	assert_int_equal(people->person[0].schedule_count, 3);
	postern_people_free(people);
	change.rec_no = 4711;
	assert_int_not_equal(postern_person_update(device, &change), POSTERN_OK);
}

static void people_go_one_by_one_or_all_at_once(void **state)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	struct postern_people *people;
	uint64_t rec_no;
	uint64_t count;
	char user_id[24];

	(void)state;
	person.user_id = user_id;
	person.card_no = "";
	for (int i = 0; i < 20; i++) {
		(void)snprintf(user_id, sizeof(user_id), "many-%d", i);
		assert_ok(postern_person_add(device, &person, &rec_no));
	}
	assert_ok(postern_people_find(device, NULL, NULL, &people));
	assert_int_equal(people->count, 21);
	postern_people_free(people);
	for (int again = 0; again < 2; again++)
		assert_ok(postern_person_remove(device, rec_no));
	assert_ok(postern_people_count(device, &count));
	assert_int_equal(count, 20);
	assert_ok(postern_person_clear(device));
	assert_ok(postern_people_count(device, &count));
	assert_int_equal(count, 0);
	assert_ok(postern_people_find(device, "102", NULL, &people));
	assert_int_equal(people->count, 0);
	postern_people_free(people);
}

static void doors_obey_and_say_how_they_stand(void **state)
{
	enum postern_door_status status = POSTERN_DOOR_UNKNOWN;

	(void)state;
	for (int i = 0; i < 6; i++) {
		int channel = i % 2 + 1;
		const char *user = i == 0 ? NULL : "Guard 7";

		assert_ok(postern_door_open(device, channel, user, i == 2 ? "Phone" : NULL));
		assert_ok(postern_door_close(device, channel, user, NULL));
	}
	assert_ok(postern_door_status(device, 1, &status));
	assert_int_equal(status, POSTERN_DOOR_CLOSED);
	assert_int_equal(postern_door_status(device, 3, &status), POSTERN_E_REFUSED);
	assert_detail("channel");
	assert_int_equal(postern_door_open(device, 3, NULL, NULL), POSTERN_E_REFUSED);
	assert_int_not_equal(postern_door_close(device, 0, NULL, NULL), POSTERN_OK);
}

static void a_schedule_takes_its_day(void **state)
{
	(void)state;
	assert_ok(postern_schedule_set_day(device, 5, 1, "08:00-12:00,13:00-17:30"));
	assert_ok(postern_schedule_set_day(device, 5, 2, ""));
	assert_int_equal(postern_schedule_set_day(device, 5, 7, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(device, 128, 1, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(device, 5, 1, "12:00-08:00"), POSTERN_E_ARGUMENT);
}

static void the_controller_says_how_it_does(void **state)
{
	struct postern_controller_status *status = NULL;
	const struct timespec pause = {.tv_nsec = 20000000};

	(void)state;
	for (int i = 0; i < 500; i++) { /* a reader's figures come some moments later */
		assert_null(postern_controller_status_free(status));
		assert_ok(postern_controller_status(device, &status));
		if (status->reader_count > 1 && status->readers[1].frames >= 2)
			break;
		(void)nanosleep(&pause, NULL);
	}
	assert_int_equal(status->size, sizeof(*status));
	assert_int_equal(status->door_count, 2);
	assert_int_equal(status->reader_count, 4);
	assert_int_equal(status->readers[1].number, 2);
	assert_true(status->readers[1].frames >= 2); /* of the test before */
	assert_true(status->clock_offset_ms < 5000 && status->clock_offset_ms > -5000);
	assert_true(status->records_last >= status->records_first);
	assert_int_equal(status->good, status->alarm_count == 0);
	assert_null(postern_controller_status_free(status));
}

static void wrong_password_and_wrong_address_are_told_apart(void **state)
{
	struct postern_device *other;
	uint64_t count;

	(void)state;
	assert_ok(device_at(getenv("SDK_TEST_URL"), "wrong password", &other));
	assert_int_equal(postern_people_count(other, &count), POSTERN_E_AUTH);
	assert_true(strlen(postern_strerror(POSTERN_E_AUTH)) > 10);
	assert_null(postern_device_free(other));
	assert_ok(device_at("http://127.0.0.1:1", "x", &other));
	assert_int_equal(postern_people_count(other, &count), POSTERN_E_CONNECT);
	assert_null(postern_device_free(other));
	assert_int_equal(device_at("ftp://127.0.0.1", "x", &other), POSTERN_E_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest named[] = {cmocka_unit_test(records_are_those_of_the_environment)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_says_what_it_is),
		cmocka_unit_test(a_person_has_every_parameter_and_gives_it_back),
		cmocka_unit_test(doubles_and_wrong_values_are_told_apart),
		cmocka_unit_test(an_update_changes_what_is_given),
		cmocka_unit_test(people_go_one_by_one_or_all_at_once),
		cmocka_unit_test(doors_obey_and_say_how_they_stand),
		cmocka_unit_test(records_are_found_by_every_condition),
		cmocka_unit_test(every_record_is_pulled_once),
		cmocka_unit_test(records_are_followed_and_resumed),
		cmocka_unit_test(events_come_from_either_stream_behind_a_place),
		cmocka_unit_test(a_schedule_takes_its_day),
		cmocka_unit_test(a_reader_shows_what_it_sends),
		cmocka_unit_test(a_line_that_is_not_there_has_no_frames),
		cmocka_unit_test(the_controller_says_how_it_does),
		cmocka_unit_test(wrong_password_and_wrong_address_are_told_apart),
		cmocka_unit_test(people_change_without_waiting),
		cmocka_unit_test(the_rest_answers_without_waiting_too),
	};

	if (getenv("SDK_TEST_RECORDS") != NULL)
		return cmocka_run_group_tests(named, set_up, tear_down);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
