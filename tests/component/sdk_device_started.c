// SPDX-License-Identifier: Apache-2.0
/* sdk_device: the forms that return at once. What they do is in the tests of those that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk_device.h"
#include "sdk_scene.h"

/* What the callbacks of one call after the other said. */
struct ended {
	int count;
	int error;
	uint64_t number;
};

static void done(void *user, struct postern_call *call, int error)
{
	struct ended *e = user;

	assert_ptr_equal(postern_call_device(call), device);
	e->count++;
	e->error = error;
}

static void number_done(void *user, struct postern_call *call, int error, uint64_t number)
{
	((struct ended *)user)->number = number;
	done(user, call, error);
}

static void info_done(
	void *user, struct postern_call *call, int error, struct postern_device_info *info)
{
	assert_string_equal(info->vendor, "Postern");
	postern_device_info_free(info);
	done(user, call, error);
}

static void status_done(
	void *user, struct postern_call *call, int error, enum postern_door_status status)
{
	number_done(user, call, error, (uint64_t)status);
}

static void records_done(
	void *user, struct postern_call *call, int error, struct postern_records *records)
{
	number_done(user, call, error, records->count);
	postern_records_free(records);
}

static void pull_done(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report)
{
	assert_int_equal(report->complete, 1);
	number_done(user, call, error, report->kept);
}

static int count_frame(void *user, const struct postern_reader_frame *frame)
{
	struct ended *e = user;

	e->number++;
	return frame->reader != 2;
}

static void frames_done(
	void *user, struct postern_call *call, int error, const struct postern_reader_state *state)
{
	assert_int_equal(state == NULL, error != POSTERN_OK);
	assert_true(state == NULL || (state->oldest == 1 && state->last == 2));
	done(user, call, error);
}

static int count_record(void *user, const struct postern_record *record)
{
	(void)user;
	return record->rec_no == 0;
}

/* Waits for the call that was started; its error. */
static int end_of(struct ended *e, int started)
{
	int before = e->count;

	assert_int_equal(started, POSTERN_OK);
	for (int turns = 0; e->count == before && turns < 1000; turns++)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(e->count, before + 1);
	return e->error;
}

void people_change_without_waiting(void **state)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	struct ended e = {0};

	(void)state;
	person.user_id = "201";
	person.card_no = "201";
	assert_ok(end_of(&e, postern_person_add_start(device, &person, number_done, &e, NULL)));
	person.rec_no = e.number;
	person.name = "Li Si";
	assert_ok(end_of(&e, postern_person_update_start(device, &person, done, &e, NULL)));
	postern_people_free(find_one("201", "201"));
	assert_int_equal(
		end_of(&e, postern_person_add_start(device, &person, number_done, &e, NULL)),
		POSTERN_E_USER_EXISTS);
	assert_int_equal(e.number, 0);
	assert_ok(end_of(&e, postern_person_remove_start(device, person.rec_no, done, &e, NULL)));
	assert_ok(end_of(&e, postern_person_add_start(device, &person, number_done, &e, NULL)));
	assert_ok(end_of(&e, postern_person_clear_start(device, done, &e, NULL)));
	assert_ok(end_of(&e, postern_people_count_start(device, number_done, &e, NULL)));
	assert_int_equal(e.number, 0);
}

static void controller_status_done(
	void *user, struct postern_call *call, int error, struct postern_controller_status *status)
{
	struct ended *e = user;

	done(user, call, error);
	e->number = status == NULL ? 0 : status->door_count;
	(void)postern_controller_status_free(status);
}

void the_rest_answers_without_waiting_too(void **state)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_reader_query frames = POSTERN_READER_QUERY_INIT;
	struct ended e = {0};

	(void)state;
	assert_ok(end_of(&e, postern_device_info_start(device, info_done, &e, NULL)));
	assert_ok(end_of(&e, postern_door_status_start(device, 1, status_done, &e, NULL)));
	assert_int_equal(e.number, POSTERN_DOOR_CLOSED);
	assert_int_equal(
		end_of(&e, postern_door_close_start(device, 3, NULL, NULL, done, &e, NULL)),
		POSTERN_E_REFUSED);
	assert_detail("channel");
	assert_ok(end_of(&e, postern_schedule_set_day_start(device, 5, 2, "", done, &e, NULL)));
	assert_ok(end_of(
		&e, postern_controller_status_start(device, controller_status_done, &e, NULL)));
	assert_int_equal(e.number, 2);
	frames.reader = 2;
	e.number = 0;
	assert_ok(end_of(&e,
		postern_reader_frames_start(device, &frames, count_frame, frames_done, &e, NULL)));
	assert_int_equal(e.number, 2);
	frames.reader = 9;
	assert_int_equal(end_of(&e, postern_reader_frames_start(
					    device, &frames, count_frame, frames_done, &e, NULL)),
		POSTERN_E_REFUSED);
	query.count = 5;
	assert_ok(end_of(&e, postern_records_find_start(device, &query, records_done, &e, NULL)));
	assert_int_equal(e.number, 5);
	assert_ok(end_of(
		&e, postern_records_pull_start(device, &query, count_record, pull_done, &e, NULL)));
	struct postern_records *all;

	assert_ok(postern_records_find(device, &query, &all));
	assert_int_equal(e.number, all->total);
	postern_records_free(all);
}
