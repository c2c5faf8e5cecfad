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
#include <postern/postern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct postern *context;
static struct postern_device *device;

static int device_at(const char *url, const char *password, struct postern_device **ret)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	options.url = url;
	options.user = "admin";
	options.password = password;
	options.connect_timeout_ms = 5000;
	options.timeout_ms = 20000;
	return postern_device_new(context, &options, ret);
}

static int set_up(void **state)
{
	(void)state;
	context = postern_new();
	return context == NULL || device_at(getenv("SDK_TEST_URL"), getenv("SDK_TEST_PASSWORD"),
					  &device) != POSTERN_OK;
}

static int tear_down(void **state)
{
	(void)state;
	context = postern_free(context);
	return context != NULL;
}

#define assert_ok(call) assert_int_equal((call), POSTERN_OK)

static void assert_detail(const char *words)
{
	const char *detail = postern_device_detail(device);

	if (strstr(detail, words) == NULL)
		fail_msg("the detail \"%s\" does not say \"%s\"", detail, words);
}

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

static struct postern_people *find_one(const char *user_id, const char *card_no)
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

static void records_are_found_by_every_condition(void **state)
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

static void every_record_is_pulled_once(void **state)
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

static void records_are_followed_and_resumed(void **state)
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

static void events_come_from_either_stream_behind_a_place(void **state)
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

static void a_schedule_takes_its_day(void **state)
{
	(void)state;
	assert_ok(postern_schedule_set_day(device, 5, 1, "08:00-12:00,13:00-17:30"));
	assert_ok(postern_schedule_set_day(device, 5, 2, ""));
	assert_int_equal(postern_schedule_set_day(device, 5, 7, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(device, 128, 1, ""), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_schedule_set_day(device, 5, 1, "12:00-08:00"), POSTERN_E_ARGUMENT);
}

/* Something happens at the device's virtual doors (docs/sim-protocol.md). */
static void sim(const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[16] = "";

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("SDK_TEST_SIM"));
	assert_int_equal(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(sock, request, strlen(request)), (ssize_t)strlen(request));
	assert_true(read(sock, reply, sizeof(reply)) >= 3);
	assert_int_equal(strncmp(reply, "ok\n", 3), 0);
	(void)close(sock);
}

struct frames {
	unsigned count;
	struct postern_reader_frame frame[3]; /* without their texts and edges */
	char bits[3][130];
	char number[3][24];
	struct postern_edge edge; /* the last of the latest */
};

static int take_frame(void *user, const struct postern_reader_frame *frame)
{
	struct frames *frames = user;

	assert_true(frames->count < 3);
	(void)snprintf(frames->bits[frames->count], 130, "%s", frame->bits);
	(void)snprintf(frames->number[frames->count], 24, "%s", frame->number);
	if (frame->edge_count > 0)
		frames->edge = frame->edges[frame->edge_count - 1];
	assert_null(postern_reader_frame_field(frame, "Password"));
	frames->frame[frames->count++] = *frame;
	return 0;
}

static int stop_frame(void *user, const struct postern_reader_frame *frame)
{
	(void)frame;
	++*(unsigned *)user;
	return 1;
}

/* Asks until so many frames have come: a frame ends by silence. */
static void frames_wait(struct frames *frames, const struct postern_reader_query *query,
	struct postern_reader_state *state, unsigned count)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (int i = 0; i < 500; i++) {
		*frames = (struct frames){.count = 0};
		assert_ok(postern_reader_frames(device, query, take_frame, frames, state));
		if (frames->count >= count)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("%u frames came, not %u", frames->count, count);
}

#define W26 "10111101110110010011011101" /* 123/45678 */

static void a_reader_shows_what_it_sends(void **state)
{
	struct postern_reader_query query = POSTERN_READER_QUERY_INIT;
	struct postern_reader_state reader = POSTERN_READER_STATE_INIT;
	static struct frames frames;
	unsigned stopped = 0;

	(void)state;
	query.reader = 2;
	query.edges = 1;
	assert_ok(postern_reader_frames(device, &query, take_frame, &frames, &reader));
	assert_int_equal(frames.count, 0);
	assert_int_equal(reader.frames, 0);
	assert_int_equal(reader.held[0] + reader.held[1], 0);
	assert_true(reader.since_ms > INT64_C(1600000000000));
	sim("bits 2 " W26 "\n");
	sim("bits 2 0111\n");
	frames_wait(&frames, &query, &reader, 2);
	assert_int_equal(frames.count, 2);
	assert_int_equal(frames.frame[0].kind, POSTERN_FRAME_CARD);
	assert_int_equal(frames.frame[0].fit, POSTERN_FIT_YES);
	assert_string_equal(frames.bits[0], W26);
	assert_string_equal(frames.number[0], "8106606");
	assert_int_equal(frames.frame[0].edge_count, 52);
	assert_int_equal(frames.frame[0].pulse[1].count, 17);
	assert_true(frames.frame[0].interval.mean_ns == 2000000);
	assert_true(frames.edge.at_ns == 50050000);
	assert_true(frames.frame[0].no < frames.frame[1].no);
	assert_int_equal(frames.frame[1].kind, POSTERN_FRAME_KEY);
	assert_int_equal(frames.frame[1].bit_count, 4);
	assert_string_equal(frames.bits[1], "");
	assert_int_equal(frames.frame[1].edge_count, 0);
	assert_true(reader.last == frames.frame[1].no && reader.oldest == 1);

	assert_int_equal(postern_reader_frames(device, &query, stop_frame, &stopped, NULL),
		POSTERN_E_STOPPED);
	assert_int_equal(stopped, 1);
	query.after = frames.frame[0].no;
	query.count = 1;
	query.edges = 0;
	frames_wait(&frames, &query, NULL, 1);
	assert_int_equal(frames.frame[0].kind, POSTERN_FRAME_KEY);
	query.reader = 9;
	assert_int_equal(postern_reader_frames(device, &query, take_frame, &frames, NULL),
		POSTERN_E_REFUSED);
	assert_detail("reader");
	query.reader = 129;
	assert_int_equal(postern_reader_frames(device, &query, take_frame, &frames, NULL),
		POSTERN_E_ARGUMENT);
}

static int no_frame(void *user, const struct postern_osdp_frame *frame)
{
	(void)user;
	fail_msg("frame %llu of a line that is not there", (unsigned long long)frame->no);
	return 1;
}

struct osdp_end {
	int error;
	int has_state;
};

static void osdp_done(
	void *user, struct postern_call *call, int error, const struct postern_osdp_state *seen)
{
	(void)call;
	*(struct osdp_end *)user = (struct osdp_end){error, seen != NULL};
}

/* What comes of a line that is there: test_osdp_tools.py. */
static void a_line_that_is_not_there_has_no_frames(void **state)
{
	struct postern_osdp_query query = POSTERN_OSDP_QUERY_INIT;
	struct postern_osdp_state seen = POSTERN_OSDP_STATE_INIT;
	struct osdp_end end = {.error = 1};

	(void)state;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_ARGUMENT);
	query.line = "east";
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_REFUSED);
	assert_detail("names no OSDP line");
	query.count = 257;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, NULL), POSTERN_E_ARGUMENT);
	query.count = 0;
	seen.size = 1;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_ARGUMENT);
	assert_ok(postern_osdp_frames_start(device, &query, no_frame, osdp_done, &end, NULL));
	for (int turns = 0; end.error == 1 && turns < 1000; turns++)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(end.error, POSTERN_E_REFUSED);
	assert_int_equal(end.has_state, 0);
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

/* For test_pin.py: "RECNO:METHOD:TYPE:ERRORCODE ..." is what the device has, from RECNO on. */
static void records_are_those_of_the_environment(void **state)
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

static void people_change_without_waiting(void **state)
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

static void the_rest_answers_without_waiting_too(void **state)
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
