// SPDX-License-Identifier: Apache-2.0
/* sdk_device: records found, pulled and followed, and events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk_device.h"
#include "sdk_scene.h"

void records_are_found_by_every_condition(void **state)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_records *records;

	(void)state;
	assert_ok(postern_records_find(device, &query, &records));
	assert_int_equal(records->count, 12);
	assert_int_equal(records->total, 12);
	const struct postern_record *record = &records->record[4];

	assert_int_equal(record->rec_no, 5);
	assert_string_equal(record->user_id, "Guard 7");
	assert_string_equal(record->type, "Entry");
	assert_string_equal(record->reason, "command");
	assert_int_equal(record->status, 1);
	assert_int_equal(record->method, 4);
	assert_int_equal(record->door, 0);
	assert_int_equal(record->error_code, 0);
	assert_true(record->create_time > 1600000000);
	assert_string_equal(postern_record_field(record, "commandtype"), "Phone");
	assert_null(postern_record_field(record, "Password"));
	postern_records_free(records);

	query.user_id = "Guard 7";
	query.door = 1;
	query.status = 1;
	query.method = 4;
	query.from = 0;
	query.to = INT64_C(4102444800);
	query.after_rec_no = 4;
	query.count = 2;
	assert_ok(postern_records_find(device, &query, &records));
	assert_int_equal(records->count, 2);
	assert_int_equal(records->total, 4);
	assert_int_equal(records->record[0].rec_no, 7);
	assert_null(postern_records_free(records));
	query.status = 0;
	assert_ok(postern_records_find(device, &query, &records));
	assert_int_equal(records->count, 0);
	postern_records_free(records);
	query.card_no = "77";
	query.status = 7;
	assert_int_equal(postern_records_find(device, &query, &records), POSTERN_E_REFUSED);
	assert_detail("condition.Status");
}

static int take_number(void *user, const struct postern_record *record)
{
	uint64_t *expected = user;

	assert_true(record->rec_no == ++*expected);
	return record->rec_no == 100;
}

static int stop(void *user, const struct postern_record *record)
{
	(void)user;
	(void)record;
	return 1;
}

void every_record_is_pulled_once(void **state)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report report = POSTERN_PULL_REPORT_INIT;
	uint64_t last = 0;

	(void)state;
	query.count = 5;
	assert_ok(postern_records_pull(device, &query, take_number, &last, &report));
	assert_int_equal(last, 12);
	assert_int_equal(report.kept, 12);
	assert_int_equal(report.total, 12);
	assert_int_equal(report.complete, 1);
	assert_true(report.pages >= 2);
	assert_int_equal(
		postern_records_pull(device, &query, stop, NULL, &report), POSTERN_E_STOPPED);
	assert_int_equal(report.kept, 1);
}

struct followed {
	uint64_t last;
	uint64_t stop_at; /* 0: never */
	char state[128]; /* behind the last record */
};

static int follow_record(void *user, struct postern_call *call, const struct postern_record *record)
{
	struct followed *f = user;

	assert_true(record->rec_no == ++f->last);
	assert_true(postern_call_device(call) == device);
	(void)snprintf(f->state, sizeof(f->state), "%s", postern_follow_state(call));
	return f->last == f->stop_at;
}

static int follow_loss(void *user, struct postern_call *call, const struct postern_loss *loss)
{
	(void)user;
	(void)call;
	(void)loss;
	return 1; /* the count of records shows it */
}

static void follow_ended(void *user, struct postern_call *call, int error)
{
	(void)call;
	*(int *)user = error;
}

void records_are_followed_and_resumed(void **state)
{
	struct postern_follow_options options = POSTERN_FOLLOW_OPTIONS_INIT;
	struct followed f = {.stop_at = 7};
	struct postern_call *call;
	int error = -1;

	(void)state;
	options.record = follow_record;
	options.lost = follow_loss;
	assert_int_equal(postern_follow(device, &options, &f), POSTERN_E_STOPPED);
	assert_int_equal(f.last, 7);
	f.stop_at = 12;
	options.state = f.state;
	assert_int_equal(postern_follow(device, &options, &f), POSTERN_E_STOPPED);
	assert_int_equal(f.last, 12);
	options.once = 1; /* nothing is left */
	assert_ok(postern_follow(device, &options, &f));
	assert_int_equal(f.last, 12);
	options.once = 0;
	assert_ok(postern_follow_start(device, &options, follow_ended, &error, &call));
	assert_ok(postern_wait(context, 100));
	postern_call_cancel(call);
	for (int turns = 0; error == -1 && turns < 1000; turns++)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(error, POSTERN_E_STOPPED);
}

struct watched {
	unsigned count;
	unsigned wanted;
	uint64_t rec_no;
	uint64_t seq;
	unsigned heartbeats;
};

static struct watched watched;

static int take_event(void *user, const struct postern_event *event)
{
	struct watched *w = user;

	assert_string_equal(event->code, "AccessControl");
	assert_string_equal(event->action, "Pulse");
	assert_true(event->rec_no > w->rec_no && event->seq > w->seq);
	assert_true(event->utc > 1600000000);
	assert_string_equal(postern_event_field(event, "method"), "4");
	assert_null(postern_event_field(event, "Nonsense"));
	w->rec_no = event->rec_no;
	w->seq = event->seq;
	return ++w->count == w->wanted;
}

static int take_heartbeat(void *user)
{
	struct watched *w = user;

	return ++w->heartbeats == 1;
}

void events_come_from_either_stream_behind_a_place(void **state)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;

	(void)state;
	options.codes = "AccessControl,VideoMotion";
	options.after_rec_no = 2;
	options.channel = 1;
	for (options.event_manager = 0; options.event_manager < 2; options.event_manager++) {
		watched = (struct watched){.wanted = 10};
		assert_int_equal(postern_events_watch(device, &options, take_event, &watched),
			POSTERN_E_STOPPED);
		assert_int_equal(watched.rec_no, 12);
	}
	options.event_manager = 0;
	options.after_rec_no = 0;
	options.after_seq = watched.seq - 1;
	watched = (struct watched){.wanted = 1};
	assert_int_equal(
		postern_events_watch(device, &options, take_event, &watched), POSTERN_E_STOPPED);
	assert_int_equal(watched.rec_no, 12);
	options.after_seq = 0;
	options.heartbeat_s = 1;
	options.heartbeat = take_heartbeat;
	watched = (struct watched){.wanted = 1};
	assert_int_equal(
		postern_events_watch(device, &options, take_event, &watched), POSTERN_E_STOPPED);
	assert_int_equal(watched.count, 0);
	assert_int_equal(watched.heartbeats, 1);
	options.channel = 2;
	assert_int_equal(
		postern_events_watch(device, &options, take_event, &watched), POSTERN_E_REFUSED);
	assert_detail("channel");
}

/* For test_pin.py: "RECNO:METHOD:TYPE:ERRORCODE ..." is what the device has, from RECNO on. */
void records_are_those_of_the_environment(void **state)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_records *records;
	const char *rest = getenv("SDK_TEST_RECORDS");

	(void)state;
	query.after_rec_no = strtoull(rest, NULL, 10) - 1;
	assert_ok(postern_records_find(device, &query, &records));
	for (size_t i = 0; i < records->count; i++) {
		const struct postern_record *record = &records->record[i];
		char line[64];

		(void)snprintf(line, sizeof(line), "%llu:%d:%s:%d",
			(unsigned long long)record->rec_no, record->method, record->type,
			record->error_code);
		assert_int_equal(strncmp(rest, line, strlen(line)), 0);
		rest += strlen(line);
		rest += *rest == ' ';
	}
	assert_string_equal(rest, "");
	postern_records_free(records);
}
