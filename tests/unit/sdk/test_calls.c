// SPDX-License-Identifier: Apache-2.0
/*
 * Calls that do not wait: who is asked when, how each ends, and that it ends once. The device is a
 * peer that the test steps by hand, and the time stands still but for what the test adds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t time_ms;

static int64_t fake_clock(void)
{
	return time_ms;
}

struct fixture {
	struct postern *context;
	struct postern_device *device;
	struct peer peer;
};

static struct fixture fixture;

static struct postern_device *another_device(struct fixture *f)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
	struct postern_device *device;

	options.url = f->peer.url;
	options.user = "admin";
	options.password = "secret123";
	options.timeout_ms = 4000;
	assert_int_equal(postern_device_new(f->context, &options, &device), POSTERN_OK);
	return device;
}

static int set_up_with(struct fixture *f, unsigned transfers_max)
{
	struct postern_options options = POSTERN_OPTIONS_INIT;

	options.transfers_max = transfers_max;
	time_ms = 1000000;
	peer_init(&f->peer);
	f->context = postern_new_with(&options);
	assert_non_null(f->context);
	f->context->clock_ms = fake_clock;
	f->device = another_device(f);
	return 0;
}

static int set_up(void **state)
{
	*state = &fixture;
	return set_up_with(&fixture, 0);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->context = postern_free(f->context);
	peer_drop(&f->peer);
	return 0;
}

/* What callbacks said, in their order. */
struct told {
	unsigned count;
	const char *name[32];
	int error[32];
	char detail[32][128];
};

static struct told told;

struct waiter {
	const char *name;
	struct postern_call *call;
	unsigned ends;
	void (*then)(struct waiter *waiter); /* inside the callback; NULL: nothing */
};

static void ended(void *user, struct postern_call *call, int error)
{
	struct waiter *waiter = user;

	assert_ptr_equal(call, waiter->call);
	assert_int_equal(waiter->ends++, 0);
	told.name[told.count] = waiter->name;
	told.error[told.count] = error;
	(void)snprintf(
		told.detail[told.count], sizeof(told.detail[0]), "%s", postern_call_detail(call));
	told.count++;
	if (waiter->then != NULL)
		waiter->then(waiter);
}

static void open_door(struct postern_device *device, struct waiter *waiter, const char *name)
{
	*waiter = (struct waiter){.name = name, .then = waiter->then};
	assert_int_equal(
		postern_door_open_start(device, 1, name, NULL, ended, waiter, &waiter->call),
		POSTERN_OK);
	assert_int_equal(waiter->ends, 0);
	assert_ptr_equal(postern_call_device(waiter->call), device);
}

static void expect_told(size_t at, const char *name, int error)
{
	assert_true(at < told.count);
	assert_string_equal(told.name[at], name);
	assert_int_equal(told.error[at], error);
}

static void one_device_is_asked_one_thing_at_a_time_in_order(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter[3] = {0};
	static const char *const names[] = {"one", "two", "three"};

	told.count = 0;
	for (size_t i = 0; i < 3; i++)
		open_door(f->device, &waiter[i], names[i]);
	assert_int_equal(postern_timeout_ms(f->context), 0);
	for (size_t i = 0; i < 3; i++) {
		peer_settle(&f->peer, f->context);
		assert_int_equal(f->peer.requests, i + 1);
		assert_int_equal(told.count, i);
		peer_answer(peer_asked(&f->peer, names[i]), i == 1 ? "Error\r\n" : "OK\r\n");
	}
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 3);
	expect_told(0, "one", POSTERN_OK);
	expect_told(1, "two", POSTERN_E_REFUSED);
	expect_told(2, "three", POSTERN_OK);
	assert_string_equal(told.detail[1], "HTTP 200");
	assert_string_equal(postern_device_detail(f->device), "");
	assert_int_equal(f->peer.accepted, 1); /* one connection, used again */
	assert_int_equal(postern_timeout_ms(f->context) == 0, 0);
}

static void the_line_is_bounded_and_each_device_has_its_turn(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter[6] = {0};

	postern_free(f->context);
	peer_drop(&f->peer);
	(void)set_up_with(f, 2);
	struct postern_device *b = another_device(f);
	struct postern_device *c = another_device(f);

	told.count = 0;
	open_door(f->device, &waiter[0], "a-1");
	open_door(f->device, &waiter[1], "a-2");
	open_door(f->device, &waiter[2], "a-3");
	open_door(b, &waiter[3], "b-1");
	open_door(b, &waiter[4], "b-2");
	open_door(c, &waiter[5], "c-1");
	static const char *const pairs[][2] = {{"a-1", "b-1"}, {"c-1", "a-2"}, {"b-2", "a-3"}};

	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		peer_settle(&f->peer, f->context);
		assert_int_equal(peer_asked_count(&f->peer), 2);
		peer_answer(peer_asked(&f->peer, pairs[i][0]), "OK\r\n");
		peer_answer(peer_asked(&f->peer, pairs[i][1]), "OK\r\n");
	}
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 6);
	assert_int_equal(f->peer.requests, 6);
}

static void what_never_began_is_not_called_back(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter = {0};

	told.count = 0;
	assert_int_equal(
		postern_door_open_start(f->device, 0, NULL, NULL, ended, &waiter, &waiter.call),
		POSTERN_E_ARGUMENT);
	assert_non_null(strstr(postern_device_detail(f->device), "channel 0"));
	assert_int_equal(postern_door_open_start(f->device, 1, NULL, NULL, NULL, NULL, NULL),
		POSTERN_E_ARGUMENT);
	assert_null(waiter.call);
	assert_int_equal(postern_timeout_ms(f->context), -1);
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 0);
	assert_int_equal(f->peer.accepted, 0);
}

static void cancelled_calls_end_in_the_next_dispatch(void **state)
{
	struct fixture *f = *state;
	struct waiter sent = {0};
	struct waiter waiting = {0};
	struct waiter other = {0};

	told.count = 0;
	open_door(f->device, &sent, "sent");
	open_door(f->device, &waiting, "waiting");
	open_door(f->device, &other, "other");
	peer_settle(&f->peer, f->context);
	postern_call_cancel(waiting.call);
	postern_call_cancel(sent.call);
	postern_call_cancel(sent.call);
	assert_int_equal(told.count, 0);
	assert_int_equal(postern_timeout_ms(f->context), 0);
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 2);
	expect_told(0, "waiting", POSTERN_E_STOPPED);
	expect_told(1, "sent", POSTERN_E_STOPPED);
	peer_answer(peer_asked(&f->peer, "other"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(2, "other", POSTERN_OK);
	assert_int_equal(f->peer.requests, 2);
	assert_null(peer_asked(&f->peer, "waiting"));
}

static struct waiter also;

static void cancel_also(struct waiter *waiter UNUSED)
{
	postern_call_cancel(also.call);
	postern_call_cancel(waiter->call); /* its last callback runs: harmless */
}

static void a_callback_may_cancel_another_call(void **state)
{
	struct fixture *f = *state;
	struct waiter first = {.then = cancel_also};

	told.count = 0;
	also = (struct waiter){0};
	open_door(f->device, &first, "first");
	open_door(another_device(f), &also, "also");
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "first"), "OK\r\n");
	peer_answer(peer_asked(&f->peer, "also"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 2);
	if (told.name[0][0] == 'f')
		expect_told(1, "also", POSTERN_E_STOPPED);
}

static void start_again(struct waiter *waiter)
{
	struct postern_call *call = NULL;

	assert_int_equal(postern_door_open_start(postern_call_device(waiter->call), 1, NULL, NULL,
				 ended, waiter, &call),
		POSTERN_E_STATE);
	assert_null(call);
}

static void freeing_a_device_ends_its_calls_once_each(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter[4] = {{.then = start_again}, {.then = start_again}};

	told.count = 0;
	open_door(f->device, &waiter[0], "sent");
	open_door(f->device, &waiter[1], "waiting");
	open_door(f->device, &waiter[2], "cancelled");
	open_door(another_device(f), &waiter[3], "stays");
	peer_settle(&f->peer, f->context);
	postern_call_cancel(waiter[2].call);
	assert_null(postern_device_free(f->device));
	assert_int_equal(told.count, 3);
	expect_told(0, "sent", POSTERN_E_STOPPED);
	expect_told(1, "waiting", POSTERN_E_STOPPED);
	expect_told(2, "cancelled", POSTERN_E_STOPPED);
	assert_string_equal(told.detail[0], "the device was freed");
	peer_answer(peer_asked(&f->peer, "stays"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 4);
	expect_told(3, "stays", POSTERN_OK);
}

static void freeing_the_context_ends_all_calls_once_each(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter[3] = {0};

	told.count = 0;
	open_door(f->device, &waiter[0], "sent");
	open_door(another_device(f), &waiter[1], "sent too");
	peer_settle(&f->peer, f->context);
	open_door(f->device, &waiter[2], "waiting");
	f->context = postern_free(f->context);
	assert_int_equal(told.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(told.error[i], POSTERN_E_STOPPED);
		assert_int_equal(waiter[i].ends, 1);
	}
}

static void free_device(struct waiter *waiter)
{
	postern_device_free(postern_call_device(waiter->call));
}

static void a_callback_may_free_its_own_device(void **state)
{
	struct fixture *f = *state;
	struct waiter first = {.then = free_device};
	struct waiter second = {.then = free_device};

	told.count = 0;
	open_door(f->device, &first, "first");
	open_door(f->device, &second, "second");
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "first"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 2);
	expect_told(0, "first", POSTERN_OK);
	expect_told(1, "second", POSTERN_E_STOPPED);
}

static void try_to_wait(struct waiter *waiter)
{
	struct postern_device *device = postern_call_device(waiter->call);
	uint64_t count = 7;

	assert_int_equal(postern_people_count(device, &count), POSTERN_E_STATE);
	assert_non_null(strstr(postern_device_detail(device), "inside a callback"));
	assert_int_equal(count, 7);
	assert_int_equal(postern_dispatch(device->context), POSTERN_E_STATE);
	assert_int_equal(postern_wait(device->context, 0), POSTERN_E_STATE);
	also = (struct waiter){0};
	open_door(device, &also, "from inside");
}

static void a_callback_may_start_but_not_wait(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter = {.then = try_to_wait};

	told.count = 0;
	open_door(f->device, &waiter, "outer");
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "outer"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 1);
	peer_answer(peer_asked(&f->peer, "from%20inside"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(1, "from inside", POSTERN_OK);
}

static void a_late_answer_fails_its_own_call_only(void **state)
{
	struct fixture *f = *state;
	struct waiter late = {0};
	struct waiter next = {0};

	told.count = 0;
	open_door(f->device, &late, "late");
	open_door(f->device, &next, "next");
	peer_settle(&f->peer, f->context);
	time_ms += 3999;
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 0);
	assert_int_equal(postern_timeout_ms(f->context), 1);
	time_ms += 1;
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 1);
	expect_told(0, "late", POSTERN_E_TIMEOUT);
	assert_non_null(strstr(told.detail[0], "Timeout was reached"));
	peer_answer(peer_asked(&f->peer, "next"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(1, "next", POSTERN_OK);
	assert_int_equal(f->peer.accepted, 2);
}

static void one_wrong_password_is_one_try(void **state)
{
	struct fixture *f = *state;
	struct waiter waiter[4] = {0};

	told.count = 0;
	for (size_t i = 0; i < 3; i++)
		open_door(f->device, &waiter[i], "wrong");
	open_door(another_device(f), &waiter[3], "other");
	peer_settle(&f->peer, f->context);
	assert_int_equal(f->peer.requests, 2);
	peer_send(peer_asked(&f->peer, "wrong"),
		"HTTP/1.1 401 Unauthorized\r\nContent-Length: 20\r\n\r\nInvalid Authority!\r\n");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 3);
	assert_int_equal(f->peer.requests, 2);
	for (size_t i = 0; i < 3; i++)
		expect_told(i, "wrong", POSTERN_E_AUTH);
	assert_string_equal(told.detail[0], "Invalid Authority!, HTTP 401");
	assert_string_equal(told.detail[1], "not sent: the device refused the log-in before it");
	peer_answer(peer_asked(&f->peer, "other"), "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(3, "other", POSTERN_OK);
}

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

/* A call as the SDK's own files make them: asks, sleeps, asks again, with a call of its own. */
struct patient {
	struct postern_call call;
	struct postern_call *child;
	unsigned asked;
};

static unsigned patients_dropped;

static int patient_answered(struct postern_call *call, int error, struct answer *answer UNUSED);

static int patient_woken(struct postern_call *call)
{
	return http_start(call, "/cgi-bin/again", patient_answered);
}

static int patient_answered(struct postern_call *call, int error, struct answer *answer UNUSED)
{
	struct patient *patient = (struct patient *)call;

	if (patient->asked++ == 0)
		return call_sleep(call, 2500, patient_woken);
	return error;
}

static void patient_end(struct postern_call *call UNUSED, int error)
{
	told.name[told.count] = "patient";
	told.error[told.count++] = error;
}

static void patient_drop(struct postern_call *call)
{
	struct patient *patient = (struct patient *)call;

	patients_dropped++;
	if (patient->child != NULL)
		call_abandon(patient->child);
}

static struct patient *begin_patient(struct fixture *f)
{
	static const struct call_class class = {.end = patient_end, .drop = patient_drop};
	int error;
	struct patient *patient = call_new(f->device, sizeof(*patient), &class, true, &error);

	told.count = 0;
	patients_dropped = 0;
	assert_int_equal(error, POSTERN_OK);
	assert_int_equal(
		call_begin(&patient->call,
			http_start(&patient->call, "/cgi-bin/first", patient_answered), NULL),
		POSTERN_OK);
	peer_settle(&f->peer, f->context);
	return patient;
}

static void a_call_may_sleep_between_two_requests(void **state)
{
	struct fixture *f = *state;

	(void)begin_patient(f);
	peer_close(peer_asked(&f->peer, "first"));
	peer_settle(&f->peer, f->context);
	assert_int_equal(postern_timeout_ms(f->context), 2500);
	time_ms += 2499;
	peer_settle(&f->peer, f->context);
	assert_null(peer_asked(&f->peer, "again"));
	time_ms += 1;
	peer_settle(&f->peer, f->context);
	peer_answer(peer_asked(&f->peer, "again"), "");
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 1);
	expect_told(0, "patient", POSTERN_OK);
	assert_int_equal(patients_dropped, 1);
}

static void a_call_ends_with_the_one_that_it_began_for_itself(void **state)
{
	struct fixture *f = *state;
	struct patient *patient = begin_patient(f);
	struct waiter child = {0};

	open_door(f->device, &child, "child");
	patient->child = child.call;
	peer_settle(&f->peer, f->context);
	postern_call_cancel(&patient->call);
	peer_settle(&f->peer, f->context);
	assert_int_equal(told.count, 1);
	expect_told(0, "patient", POSTERN_E_STOPPED);
	assert_int_equal(patients_dropped, 1);
	assert_int_equal(child.ends, 0);
	assert_true(link_alone(&f->device->calls));
}

#define CHALLENGE                                                                                  \
	"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"                                       \
	"WWW-Authenticate: Digest realm=\"r\",qop=\"auth\",nonce=\"1\",algorithm=\"MD5\"\r\n\r\n"

/* Opens the door; the device asks for a proof first unless one comes by itself. */
static struct peer_connection *open_proven(struct fixture *f, const char *name, bool proven)
{
	static struct waiter waiter;

	told.count = 0;
	open_door(f->device, &waiter, name);
	peer_settle(&f->peer, f->context);
	struct peer_connection *connection = peer_asked(&f->peer, name);

	assert_int_equal(strstr(connection->request, "Authorization:") != NULL, proven);
	if (!proven) {
		peer_send(connection, CHALLENGE);
		peer_settle(&f->peer, f->context);
		assert_non_null(strstr(connection->request, "Authorization: Digest"));
	}
	peer_answer(connection, "OK\r\n");
	peer_settle(&f->peer, f->context);
	expect_told(0, name, POSTERN_OK);
	return connection;
}

static void a_login_is_used_again_until_its_connection_closes_or_is_old(void **state)
{
	struct fixture *f = *state;
	struct peer_connection *connection = open_proven(f, "first", false);

	assert_ptr_equal(open_proven(f, "second", true), connection);
	assert_int_equal(f->peer.accepted, 1);
	peer_close(connection);
	(void)open_proven(f, "third", false);
	assert_int_equal(f->peer.accepted, 2);
	time_ms += KEPT_AGE_MS - 1;
	(void)open_proven(f, "fourth", true);
	time_ms += KEPT_AGE_MS;
	peer_settle(&f->peer, f->context);
	assert_int_equal(f->context->kept_count, 0);
	(void)open_proven(f, "fifth", false);
}

#define MANY 5000
#define BYTES_MAX 768

/* Sanitizers have an allocator of their own, which does not say. */
static void an_idle_device_costs_little(void **state)
{
	struct fixture *f = *state;
	size_t before = mallinfo2().uordblks;

	for (int i = 0; i < MANY; i++)
		(void)another_device(f);
	size_t bytes = (mallinfo2().uordblks - before) / MANY;

	print_message("# bytes an idle device: %zu%s\n", bytes,
		bytes == 0 ? " (not measured under a sanitizer)" : "");
	assert_in_range(bytes, 0, BYTES_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_device_is_asked_one_thing_at_a_time_in_order),
		CASE(the_line_is_bounded_and_each_device_has_its_turn),
		CASE(what_never_began_is_not_called_back),
		CASE(cancelled_calls_end_in_the_next_dispatch),
		CASE(a_callback_may_cancel_another_call),
		CASE(freeing_a_device_ends_its_calls_once_each),
		CASE(freeing_the_context_ends_all_calls_once_each),
		CASE(a_callback_may_free_its_own_device),
		CASE(a_callback_may_start_but_not_wait),
		CASE(a_late_answer_fails_its_own_call_only),
		CASE(one_wrong_password_is_one_try),
		CASE(a_stream_leaves_the_turn_and_dies_of_silence),
		CASE(bytes_that_wait_count_when_the_program_looks_late),
		CASE(an_event_may_cancel_its_watch_or_free_its_device),
		CASE(a_record_may_cancel_its_pull),
		CASE(a_call_may_sleep_between_two_requests),
		CASE(a_call_ends_with_the_one_that_it_began_for_itself),
		CASE(a_login_is_used_again_until_its_connection_closes_or_is_old),
		CASE(an_idle_device_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
