// SPDX-License-Identifier: Apache-2.0
/* Values no device could hold are refused in words, before a byte is sent: nobody listens here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk.h"

#include <stdlib.h>

struct fixture {
	struct postern *context;
	struct postern_device *device;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	options.url = "http://127.0.0.1:1";
	options.user = "admin";
	options.password = "secret123";
	options.connect_timeout_ms = 1000;
	fixture.context = postern_new();
	*state = &fixture;
	return postern_device_new(fixture.context, &options, &fixture.device);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	return postern_free(fixture->context) != NULL;
}

static void a_name_of_33_characters_is_refused_in_words(void **state)
{
	struct fixture *f = *state;
	struct postern_person person = POSTERN_PERSON_INIT;
	char name[200] = "";

	person.user_id = "7";
	person.card_no = "1";
	person.name = name;
	for (int i = 0; i < 33; i++)
		strcat(name, "\xc3\xa4");
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	assert_non_null(
		strstr(postern_device_detail(f->device), "CardName: at most 32 characters"));
	name[64] = 0; /* 32 characters: goes out, and nobody is there */
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_CONNECT);
}

static void persons_without_user_or_card_are_refused(void **state)
{
	struct fixture *f = *state;
	struct postern_person person = POSTERN_PERSON_INIT;

	person.card_no = "1";
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	person.user_id = "7";
	person.card_no = NULL;
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	person.card_no = "1\r\n";
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	person.size = 4;
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_person_update(f->device, &person), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_person_remove(f->device, 0), POSTERN_E_ARGUMENT);
}

/* A program of before has a shorter struct: what stands behind it is not looked at. */
static void a_shorter_struct_has_no_duress_password(void **state)
{
	struct fixture *f = *state;
	struct postern_person person = POSTERN_PERSON_INIT;

	person.user_id = "7";
	person.card_no = "";
	person.duress_password = "1234567890123";
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
	assert_non_null(strstr(postern_device_detail(f->device), "DuressPassword: at most 12"));
	person.size = offsetof(struct postern_person, duress_password);
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_CONNECT);
	person.size--;
	assert_int_equal(postern_person_add(f->device, &person, NULL), POSTERN_E_ARGUMENT);
}

static void door_words_are_judged(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(postern_door_open(f->device, 0, NULL, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_door_open(f->device, 65, NULL, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_door_open(f->device, 1, "a\nb", NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_door_close(f->device, 1, "a", "a type of more than thirty-two characters"),
		POSTERN_E_ARGUMENT);
	assert_int_equal(postern_door_open(f->device, 1, "Front desk", NULL), POSTERN_E_CONNECT);
}

static void times_of_a_schedule_are_judged(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"8:00-12:00", "08:00-08:00", "12:00-08:00", "08:00-24:01",
		"08:00-12:00,", "08:00", "a",
		"01:00-02:00,03:00-04:00,05:00-06:00,07:00-08:00,09:00-10:00"};

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_int_equal(
			postern_schedule_set_day(f->device, 1, 1, bad[i]), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(f->device, 128, 1, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(f->device, 1, 7, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_schedule_set_day(f->device, 1, 1, "00:00-24:00"), POSTERN_E_CONNECT);
}

static void addresses_that_are_none_are_refused(void **state)
{
	struct fixture *f = *state;
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
	struct postern_device *device;
	static const char *const bad[] = {"", "ftp://a", "http://", "http://a/b", "http://u:p@a",
		"127.0.0.1", "http://a?b", "http://a\nb"};

	options.user = "admin";
	options.password = "secret123";
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		options.url = bad[i];
		assert_int_equal(
			postern_device_new(f->context, &options, &device), POSTERN_E_ARGUMENT);
	}
	options.url = "http://[::1]:8080/";
	assert_int_equal(postern_device_new(f->context, &options, &device), POSTERN_OK);
	assert_null(postern_device_free(device));
}

static void brackets_stay_literal_and_blanks_do_not(void **state)
{
	struct fixture *f = *state;
	struct target target;

	target_begin(&target, "recordUpdater.cgi", "insert");
	target_text(&target, "CardName", "A [B] & C+D=\xc3\xa4");
	target_text(&target, "Left", NULL);
	target_indexed(&target, "Doors", 3, 5);
	target_number(&target, "n", -1);
	assert_string_equal(target_end(&target, f->device),
		"/cgi-bin/recordUpdater.cgi?action=insert&CardName=A%20[B]%20%26%20C%2BD%3D%C3%A4"
		"&Doors[3]=5&n=-1");
}

static void what_a_refusal_means_follows_status_and_body(void **state)
{
	struct fixture *f = *state;
	static const struct {
		long status;
		struct span body;
		int error;
		const char *words;
	} rows[] = {
		{400, SPAN_LIT("Error\r\nBad Request!\r\nDetail=CardName is too long\r\n"),
			POSTERN_E_REFUSED, "CardName is too long"},
		{400, SPAN_LIT("Error\nBad Request!"), POSTERN_E_REFUSED, "Bad Request!"},
		{400, SPAN_LIT("{\"code\":286064929,\"message\":\"\"}"), POSTERN_E_USER_EXISTS, ""},
		{400, SPAN_LIT("{\"code\":286064930,\"message\":\"\"}"), POSTERN_E_CARD_EXISTS, ""},
		{401, SPAN_LIT("Error\r\nInvalid Authority!\r\n"), POSTERN_E_AUTH, "Invalid"},
		{401, SPAN_LIT("Error\r\nAuthorization Failed!\r\n"), POSTERN_E_RIGHT, "Failed"},
		{401, {"", 0}, POSTERN_E_AUTH, "HTTP 401"},
		{403, SPAN_LIT("Error\r\nUser Locked! Please try again after 30 minutes.\r\n"),
			POSTERN_E_LOCKED, "Locked"},
		{403, {NULL, 0}, POSTERN_E_RIGHT, "HTTP 403"},
		{429, {"", 0}, POSTERN_E_LOCKED, ""},
		{404, SPAN_LIT("<html>"), POSTERN_E_UNSUPPORTED, ""},
		{501, SPAN_LIT("Error\r\nNot Implemented!\r\n"), POSTERN_E_UNSUPPORTED, "Not"},
		{500, SPAN_LIT("Error\r\nInternal Error"), POSTERN_E_DEVICE, "Internal"},
		{503, {"", 0}, POSTERN_E_DEVICE, ""},
		{200, SPAN_LIT("Error\r\n"), POSTERN_E_REFUSED, ""},
	};

	struct postern_call call = {.device = f->device};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(http_refusal(&call, rows[i].status, rows[i].body), rows[i].error);
		assert_non_null(strstr(postern_call_detail(&call), rows[i].words));
	}
	free(call.detail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_name_of_33_characters_is_refused_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			persons_without_user_or_card_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_shorter_struct_has_no_duress_password, set_up, tear_down),
		cmocka_unit_test_setup_teardown(door_words_are_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times_of_a_schedule_are_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			addresses_that_are_none_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			brackets_stay_literal_and_blanks_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_a_refusal_means_follows_status_and_body, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
