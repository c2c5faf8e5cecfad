// SPDX-License-Identifier: Apache-2.0
/*
 * Following a device's records: what is asked when, what is told, and that it ends once. The device
 * is a peer that the test steps by hand, and the time stands still but for what the test adds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n"
#define HEARTBEAT "--x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nHeartbeat\r\n"
#define EVENT "--x\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nEvents[0].Code=A\n\r\n"
#define OLD_EVENT                                                                                  \
	"--x\r\nContent-Type: text/plain\r\nContent-Length: 45\r\n\r\n"                            \
	"Events[0].Code=A\r\nEvents[0].CreateTime=1400\r\n"
#define ROW(i, time, rec_no)                                                                       \
	"records[" i "].CreateTime=" time "\r\nrecords[" i "].RecNo=" rec_no "\r\n"

static int64_t time_ms;

static int64_t fake_clock(void)
{
	return time_ms;
}

struct fixture {
	struct postern *context;
	struct postern_device *device;
	struct peer peer;
	struct postern_call *call;
	char told[2048]; /* what callbacks said, a word each */
	unsigned wait_ms; /* of the last link */
	void (*at_record)(struct fixture *f);
	unsigned ends;
	int error;
};

static struct fixture fixture;

PRINTF_LIKE(2, 3)
static void say(struct fixture *f, const char *format, ...)
{
	size_t len = strlen(f->told);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(f->told + len, sizeof(f->told) - len, format, arguments);
	va_end(arguments);
}

static void expect(struct fixture *f, const char *words)
{
	assert_string_equal(f->told, words);
	f->told[0] = 0;
}

static int take_record(void *user, struct postern_call *call, const struct postern_record *record)
{
	struct fixture *f = user;

	assert_ptr_equal(call, f->call);
	say(f, "%llu ", (unsigned long long)record->rec_no);
	if (f->at_record != NULL)
		f->at_record(f);
	return 0;
}

static int take_loss(void *user, struct postern_call *call UNUSED, const struct postern_loss *loss)
{
	say(user, "lost%d:%llu-%llu ", (int)loss->kind, (unsigned long long)loss->rec_nos.first,
		(unsigned long long)loss->rec_nos.last);
	return 0;
}

static void take_link(void *user, struct postern_call *call UNUSED, int error, unsigned retry_ms)
{
	struct fixture *f = user;

	say(f, error == POSTERN_OK ? "live " : "down%d ", error);
	f->wait_ms = retry_ms;
}

static unsigned jitter(void *user UNUSED, unsigned below_ms)
{
	return below_ms;
}

static void ended(void *user, struct postern_call *call, int error)
{
	struct fixture *f = user;

	assert_ptr_equal(call, f->call);
	f->ends++;
	f->error = error;
}

static int set_up(void **state)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	fixture = (struct fixture){0};
	time_ms = 1000000;
	peer_init(&fixture.peer);
	fixture.context = postern_new();
	assert_non_null(fixture.context);
	fixture.context->clock_ms = fake_clock;
	options.url = fixture.peer.url;
	options.user = "admin";
	options.password = "secret123";
	assert_int_equal(
		postern_device_new(fixture.context, &options, &fixture.device), POSTERN_OK);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->context = postern_free(f->context);
	peer_drop(&f->peer);
	assert_int_equal(f->ends, 1);
	return 0;
}

static void settle(struct fixture *f)
{
	peer_settle(&f->peer, f->context);
}

static void pass(struct fixture *f, int64_t ms)
{
	time_ms += ms;
	settle(f);
}

static void begin(struct fixture *f, const char *state)
{
	struct postern_follow_options options = POSTERN_FOLLOW_OPTIONS_INIT;

	options.from = 900;
	options.state = state;
	options.record = take_record;
	options.lost = take_loss;
	options.link = take_link;
	options.jitter_ms = jitter;
	assert_int_equal(postern_follow_start(f->device, &options, ended, f, &f->call), POSTERN_OK);
	settle(f);
}

static struct peer_connection *stream_opened(struct fixture *f)
{
	struct peer_connection *stream = peer_asked(&f->peer, "attachFileProc");

	assert_non_null(stream);
	assert_null(peer_asked(&f->peer, "recordFinder")); /* stands in line behind it */
	peer_send(stream, STREAM_HEAD);
	settle(f);
	return stream;
}

/* The device answers the pull that was asked with these words. */
static void answer(struct fixture *f, const char *words, const char *rows)
{
	struct peer_connection *pull = peer_asked(&f->peer, "recordFinder");

	assert_non_null(pull);
	if (strstr(pull->request, words) == NULL)
		fail_msg("asked: %s", pull->request);
	peer_answer(pull, rows);
	settle(f);
}

static void each_record_comes_once_and_events_are_only_the_bell(void **state)
{
	struct fixture *f = *state;

	begin(f, NULL);
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=900&count",
		"totalCount=2\r\nfound=2\r\n" ROW("0", "1000", "5") ROW("1", "1001", "6"));
	expect(f, "5 6 live ");
	assert_string_equal(postern_follow_state(f->call), "postern-follow-1 - 1001 6 6");
	peer_send(stream, EVENT EVENT EVENT);
	settle(f);
	answer(f, "StartTime=1001&",
		"totalCount=3\r\nfound=3\r\n" ROW("0", "1001", "6") ROW("1", "1001", "7")
			ROW("2", "1002", "8"));
	expect(f, "7 8 ");
	assert_null(peer_asked(&f->peer, "recordFinder")); /* three events, one pull */
	pass(f, 14000);
	peer_send(stream, HEARTBEAT); /* its time counts from here */
	settle(f);
	pass(f, 14000);
	peer_send(stream, HEARTBEAT);
	settle(f);
	expect(f, "");
}

static void an_event_may_come_before_its_record(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 1000 5 5");
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=1000&", "totalCount=1\r\nfound=1\r\n" ROW("0", "1000", "5"));
	peer_send(stream, EVENT);
	settle(f);
	answer(f, "StartTime=1000&", "totalCount=1\r\nfound=1\r\n" ROW("0", "1000", "5"));
	expect(f, "live ");
	pass(f, 250);
	answer(f, "StartTime=1000&",
		"totalCount=2\r\nfound=2\r\n" ROW("0", "1000", "5") ROW("1", "1003", "6"));
	expect(f, "6 ");
	pass(f, 10000);
	assert_null(peer_asked(&f->peer, "recordFinder"));
}

static void losses_are_told_before_what_comes_behind_them(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 1000 5 5");
	(void)stream_opened(f);
	answer(f, "StartTime=1000&",
		"totalCount=3\r\nfound=3\r\n" ROW("0", "1010", "9") ROW("1", "1011", "10")
			ROW("2", "1012", "1"));
	expect(f, "lost0:6-8 9 10 lost1:10-10 1 live ");
}

/* The clock was set back behind 2, and again by itself right: the order is that of the times. */
static void records_out_of_order_are_neither_lost_nor_a_reset(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 100 1 1");
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=100&",
		"totalCount=5\r\nfound=5\r\n" ROW("0", "100", "1") ROW("1", "110", "2")
			ROW("2", "105", "3") ROW("3", "106", "4") ROW("4", "120", "5"));
	/* Not oldest first: asked for again in halves. */
	while (peer_asked(&f->peer, "recordFinder") != NULL)
		answer(f, "StartTime=",
			"totalCount=5\r\nfound=5\r\n" ROW("0", "100", "1") ROW("1", "110", "2")
				ROW("2", "105", "3") ROW("3", "106", "4") ROW("4", "120", "5"));
	expect(f, "3 4 2 5 live ");
	/* What does not come is lost; a low number behind it is a reset as before. */
	peer_send(stream, EVENT);
	settle(f);
	answer(f, "StartTime=120&",
		"totalCount=3\r\nfound=3\r\n" ROW("0", "120", "5") ROW("1", "130", "8")
			ROW("2", "140", "1"));
	expect(f, "lost0:6-7 8 lost1:8-8 1 ");
}

static void what_a_device_counts_and_does_not_hand_out_is_told(void **state)
{
	struct fixture *f = *state;

	begin(f, NULL);
	(void)stream_opened(f);
	answer(f, "StartTime=900&", "totalCount=3\r\nfound=1\r\n" ROW("0", "1000", "5"));
	while (peer_asked(&f->peer, "recordFinder") != NULL)
		answer(f, "StartTime=", "totalCount=3\r\nfound=0\r\n");
	expect(f, "5 lost0:0-0 live ");
}

static void our_events_lead_to_the_record_by_number(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 1000 5 5");
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=1000&", "totalCount=1\r\nfound=1\r\n" ROW("0", "1000", "5"));
	peer_send(stream, "--x\r\nContent-Type: text/plain\r\nContent-Length: 95\r\n\r\n"
			  "Events[0].Code=AccessControl\r\nEvents[0].CreateTime=990\r\n"
			  "Events[0].RecNo=6\r\nEvents[0].Seq=71\r\n\r\n");
	settle(f);
	/* The clock was set back: the time alone would hide it. */
	answer(f, "AfterRecNo=5&", "totalCount=1\r\nfound=1\r\n" ROW("0", "990", "6"));
	expect(f, "live 6 ");
	assert_string_equal(postern_follow_state(f->call), "postern-follow-1 p 1000 6 5");
	assert_null(peer_asked(&f->peer, "recordFinder"));
}

/* Its events have no RecNo: only their time tells where to look. */
static void a_clock_that_was_set_back_hides_no_record(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 5000 50 50");
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=5000&", "totalCount=1\r\nfound=1\r\n" ROW("0", "5000", "50"));
	peer_send(stream, OLD_EVENT);
	settle(f);
	answer(f, "StartTime=5000&", "totalCount=1\r\nfound=1\r\n" ROW("0", "5000", "50"));
	expect(f, "live ");
	pass(f, 250);
	answer(f, "StartTime=1340&EndTime=1460&",
		"totalCount=3\r\nfound=3\r\n" ROW("0", "1390", "14") ROW("1", "1400", "51")
			ROW("2", "1401", "15"));
	expect(f, "51 ");
	assert_string_equal(postern_follow_state(f->call), "postern-follow-1 - 5000 51 50");
	pass(f, 10000);
	assert_null(peer_asked(&f->peer, "recordFinder"));
	/* One that came before its event is neither doubled nor looked for longer. */
	peer_send(stream, OLD_EVENT);
	settle(f);
	for (unsigned i = 0; i < 5; i++) {
		answer(f, i % 2 == 0 ? "StartTime=5000&" : "StartTime=1340&EndTime=1460&",
			i % 2 == 0 ? "totalCount=1\r\nfound=1\r\n" ROW("0", "5000", "50")
				   : "totalCount=1\r\nfound=1\r\n" ROW("0", "1400", "51"));
		pass(f, 250 << i);
	}
	assert_null(peer_asked(&f->peer, "recordFinder"));
	expect(f, "");
}

/* One record of the year 2096; then somebody set the clock right. */
static void a_clock_that_was_years_ahead_hides_no_record(void **state)
{
	struct fixture *f = *state;

	begin(f, "postern-follow-1 - 4000000000 50 50");
	(void)stream_opened(f);
	answer(f, "StartTime=0&",
		"totalCount=4\r\nfound=4\r\n" ROW("0", "1700000000", "49") ROW("1", "1790000000",
			"51") ROW("2", "1790000001", "52") ROW("3", "4000000000", "50"));
	expect(f, "51 52 live ");
	assert_string_equal(postern_follow_state(f->call), "postern-follow-1 - 4000000000 52 50");
	pass(f, 14000);
	assert_null(peer_asked(&f->peer, "StartTime=0&")); /* only behind a gap */
}

static void a_stream_that_breaks_begins_again_later_and_later(void **state)
{
	static const unsigned waits[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct fixture *f = *state;

	begin(f, NULL);
	for (size_t i = 0; i < ARRAY_COUNT(waits); i++) {
		struct peer_connection *stream = peer_asked(&f->peer, "attachFileProc");

		assert_non_null(stream);
		peer_close(stream);
		settle(f);
		while (peer_asked(&f->peer, "recordFinder") != NULL) {
			peer_close(peer_asked(&f->peer, "recordFinder"));
			settle(f);
		}
		assert_int_equal(f->wait_ms, waits[i]);
		pass(f, waits[i] - 1);
		assert_null(peer_asked(&f->peer, "attachFileProc"));
		pass(f, 1);
	}
	f->told[0] = 0;
	struct peer_connection *stream = stream_opened(f);

	answer(f, "StartTime=900&", "totalCount=0\r\nfound=0\r\n");
	expect(f, "live ");
	pass(f, 15000); /* three heartbeats of silence */
	expect(f, "down17 ");
	assert_int_equal(f->wait_ms, 500);
	(void)stream;
}

static void a_log_in_that_is_refused_is_tried_once(void **state)
{
	struct fixture *f = *state;

	begin(f, NULL);
	peer_send(peer_asked(&f->peer, "attachFileProc"),
		"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	settle(f);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->error, POSTERN_E_AUTH);
	assert_int_equal(f->peer.requests, 1);
	expect(f, "");
}

static void free_device(struct fixture *f)
{
	f->device = postern_device_free(f->device);
	assert_int_equal(f->ends, 0); /* its step still runs */
}

static void cancel(struct fixture *f)
{
	postern_call_cancel(f->call);
}

static void a_record_callback_may_end_everything(void **state)
{
	struct fixture *f = *state;
	bool freed = f->at_record == free_device;

	begin(f, NULL);
	(void)stream_opened(f);
	answer(f, "StartTime=900&",
		"totalCount=2\r\nfound=2\r\n" ROW("0", "1000", "5") ROW("1", "1001", "6"));
	expect(f, "5 ");
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->error, POSTERN_E_STOPPED);
	assert_int_equal(f->device == NULL, freed);
	settle(f);
	assert_int_equal(peer_asked_count(&f->peer), 0);
}

static int set_up_free(void **state)
{
	int result = set_up(state);

	fixture.at_record = free_device;
	return result;
}

static int set_up_cancel(void **state)
{
	int result = set_up(state);

	fixture.at_record = cancel;
	return result;
}

static void wrong_options_are_refused(void **state)
{
	struct postern_follow_options options = POSTERN_FOLLOW_OPTIONS_INIT;
	struct fixture *f = *state;

	assert_int_equal(
		postern_follow_start(f->device, &options, ended, f, NULL), POSTERN_E_ARGUMENT);
	options.record = take_record;
	options.lost = take_loss;
	options.state = "postern-follow-1 - 1000";
	assert_int_equal(
		postern_follow_start(f->device, &options, ended, f, NULL), POSTERN_E_ARGUMENT);
	options.state = NULL;
	options.heartbeat_s = 61;
	assert_int_equal(
		postern_follow_start(f->device, &options, ended, f, NULL), POSTERN_E_ARGUMENT);
	assert_int_equal(f->ends, 0);
	f->ends = 1; /* none began */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_record_comes_once_and_events_are_only_the_bell),
		CASE(an_event_may_come_before_its_record),
		CASE(losses_are_told_before_what_comes_behind_them),
		CASE(records_out_of_order_are_neither_lost_nor_a_reset),
		CASE(what_a_device_counts_and_does_not_hand_out_is_told),
		CASE(our_events_lead_to_the_record_by_number),
		CASE(a_clock_that_was_set_back_hides_no_record),
		CASE(a_clock_that_was_years_ahead_hides_no_record),
		CASE(a_stream_that_breaks_begins_again_later_and_later),
		CASE(a_log_in_that_is_refused_is_tried_once),
		cmocka_unit_test_setup_teardown(
			a_record_callback_may_end_everything, set_up_free, tear_down),
		cmocka_unit_test_setup_teardown(
			a_record_callback_may_end_everything, set_up_cancel, tear_down),
		CASE(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
