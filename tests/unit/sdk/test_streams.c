// SPDX-License-Identifier: Apache-2.0
/* Streams beside calls: whose turn it is, silence, and callbacks that end what calls them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls.h"

#include <poll.h>

#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n"
#define HEARTBEAT "--x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nHeartbeat\r\n"
#define EVENT "--x\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nEvents[0].Code=A\n\r\n"

#define TWO_EVENTS                                                                                 \
	"--x\r\nContent-Type: text/plain\r\nContent-Length: 34\r\n\r\n"                            \
	"Events[0].Code=A\nEvents[1].Code=A\n\r\n"

static unsigned events;

static int take_event(void *user, const struct postern_event *event)
{
	struct waiter *waiter = user;

	assert_string_equal(event->code, "A");
	events++;
	if (waiter->then != NULL)
		waiter->then(waiter);
	return 0;
}

static struct peer_connection *begin_watch(struct fixture *f, struct waiter *watch)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;

	told.count = 0;
	events = 0;
	options.heartbeat_s = 2;
	watch->name = "watch";
	assert_int_equal(postern_events_watch_start(
				 f->device, &options, take_event, ended, watch, &watch->call),
		POSTERN_OK);
	peer_settle(&f->peer, f->context);
	struct peer_connection *stream = peer_asked(&f->peer, "attachFileProc");

	assert_non_null(stream);
	return stream;
}

static void a_stream_leaves_the_turn_and_dies_of_silence(void **state)
{
	struct fixture *f = *state;
	struct waiter watch = {0};
	struct waiter door = {0};
	struct peer_connection *stream = begin_watch(f, &watch);

	open_door(f->device, &door, "door");
	peer_settle(&f->peer, f->context);
	assert_int_equal(f->peer.requests, 1); /* the stream has not begun */
	peer_send(stream, STREAM_HEAD);
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "door"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(0, "door", POSTERN_OK);
	time_ms += 5999;
	peer_send(stream, HEARTBEAT EVENT);
	peer_settle(&f->peer, f->context);
	assert_int_equal(events, 1);
	time_ms += 5999;
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 1);
	time_ms += 1;
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 2);
	expect_told(1, "watch", POSTERN_E_CLOSED);
	assert_string_equal(told.detail[1], "silent for three heartbeats");
}

static void bytes_that_wait_count_when_the_program_looks_late(void **state)
{
	struct fixture *f = *state;
	struct waiter watch = {0};
	struct peer_connection *stream = begin_watch(f, &watch);

	peer_send(stream, STREAM_HEAD);
	peer_settle(&f->peer, f->context);
	peer_send(stream, EVENT EVENT);
	struct pollfd fd = {.fd = postern_fd(f->context), .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 1000), 1);
	time_ms += 60000;
	peer_settle(&f->peer, f->context);
	assert_int_equal(events, 2);
	assert_int_equal(told.count, 0);
	f->context = postern_free(f->context);
	expect_told(0, "watch", POSTERN_E_STOPPED);
}

static void free_device(struct waiter *waiter)
{
	postern_device_free(postern_call_device(waiter->call));
}

static void cancel_own(struct waiter *waiter)
{
	postern_call_cancel(waiter->call);
}

/* The first of several events ends it: no other is handed out, from this part or the next. */
static void an_event_may_cancel_its_watch_or_free_its_device(void **state)
{
	struct fixture *f = *state;
	struct waiter watch = {.then = cancel_own};
	struct peer_connection *stream = begin_watch(f, &watch);

	watch.then = cancel_own;
	peer_send(stream, STREAM_HEAD TWO_EVENTS EVENT);
	peer_settle(&f->peer, f->context);
	assert_int_equal(events, 1);
	assert_int_equal(told.count, 1);
	expect_told(0, "watch", POSTERN_E_STOPPED);
	watch = (struct waiter){.then = free_device};
	stream = begin_watch(f, &watch);
	peer_send(stream, STREAM_HEAD TWO_EVENTS EVENT);
	peer_settle(&f->peer, f->context);
	assert_int_equal(events, 1);
	assert_int_equal(told.count, 1);
	expect_told(0, "watch", POSTERN_E_STOPPED);
}

static int cancel_at_first(void *user, const struct postern_record *record UNUSED)
{
	events++;
	postern_call_cancel(((struct waiter *)user)->call);
	return 0;
}

static void pull_ended(
	void *user, struct postern_call *call, int error, const struct postern_pull_report *report)
{
	assert_int_equal(report->kept, 1);
	ended(user, call, error);
}

static void a_record_may_cancel_its_pull(void **state)
{
	struct fixture *f = *state;
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct waiter waiter = {.name = "pull"};

	told.count = 0;
	events = 0;
	assert_int_equal(postern_records_pull_start(f->device, &query, cancel_at_first, pull_ended,
				 &waiter, &waiter.call),
		POSTERN_OK);
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "AccessControlCardRec"),
		"found=2\r\nrecords[0].RecNo=1\r\nrecords[1].RecNo=2\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(events, 1);
	expect_told(0, "pull", POSTERN_E_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_stream_leaves_the_turn_and_dies_of_silence),
		CASE(bytes_that_wait_count_when_the_program_looks_late),
		CASE(an_event_may_cancel_its_watch_or_free_its_device),
		CASE(a_record_may_cancel_its_pull),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
