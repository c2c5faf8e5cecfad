// SPDX-License-Identifier: Apache-2.0
/*
 * One context against many devices of every temper, through the shared library as programs get it.
 * test_many_devices.py starts them and names them on standard input, one a line: kind and URL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <poll.h>
#include <postern/postern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLACES_MAX 400
#define CALLS_EACH 5
#define CALLS_DEAD 2 /* each takes the whole timeout */
#define TIMEOUT_MS 4000

struct place {
	char kind[16];
	char url[64];
	struct postern_device *device;
	unsigned begun;
	unsigned ended;
	unsigned events;
};

static struct postern *context;
static struct place places[PLACES_MAX];
static size_t place_count;
static unsigned open_calls;
static int dispatching;
static int64_t good_ended_ms; /* the last call of a healthy device */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is(const struct place *place, const char *kind)
{
	return strcmp(place->kind, kind) == 0;
}

static int set_up(void **state)
{
	struct postern_options limits = POSTERN_OPTIONS_INIT;
	char line[128];

	(void)state;
	limits.transfers_max = 100;
	limits.connections_kept = 256;
	context = postern_new_with(&limits);
	while (place_count < PLACES_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
		struct place *place = &places[place_count++];

		if (sscanf(line, "%15s %63s", place->kind, place->url) != 2)
			return 1;
		options.url = place->url;
		options.user = "admin";
		options.password = is(place, "password") ? "wrong" : "admin123";
		options.connect_timeout_ms = TIMEOUT_MS;
		options.timeout_ms = TIMEOUT_MS;
		if (postern_device_new(context, &options, &place->device) != POSTERN_OK)
			return 1;
	}
	return context == NULL || place_count < 100;
}

static int tear_down(void **state)
{
	(void)state;
	context = postern_free(context);
	return context != NULL;
}

static int expected(const struct place *place)
{
	return is(place, "good") || is(place, "slow") ? POSTERN_OK
	       : is(place, "dead")		      ? POSTERN_E_TIMEOUT
	       : is(place, "password")		      ? POSTERN_E_AUTH
						      : POSTERN_E_CONNECT;
}

static void judge_end(struct place *place, struct postern_call *call, int error)
{
	assert_true(dispatching);
	assert_ptr_equal(postern_call_device(call), place->device);
	if (error != expected(place))
		fail_msg("%s device %s: %d (%s) instead of %d", place->kind, place->url, error,
			postern_call_detail(call), expected(place));
	assert_int_equal(strlen(postern_call_detail(call)) > 0, error != POSTERN_OK);
	place->ended++;
	assert_true(place->ended <= place->begun);
	open_calls--;
	if (is(place, "good"))
		good_ended_ms = now_ms();
}

static void number_came(void *user, struct postern_call *call, int error, uint64_t number)
{
	struct place *place = user;

	judge_end(place, call, error);
	assert_int_equal(number, error == POSTERN_OK ? 7 : 0);
}

static void people_came(
	void *user, struct postern_call *call, int error, struct postern_people *people)
{
	struct place *place = user;

	judge_end(place, call, error);
	if (error == POSTERN_OK) {
		assert_int_equal(people->count, 1);
		assert_string_equal(people->person[0].user_id, "102");
	}
	postern_people_free(people);
}

static void door_done(void *user, struct postern_call *call, int error)
{
	judge_end(user, call, error);
}

static unsigned calls_of(const struct place *place)
{
	return is(place, "dead") ? CALLS_DEAD : CALLS_EACH;
}

static void begin_calls(struct place *place)
{
	for (unsigned i = 0; i < calls_of(place); i++) {
		int error = i % 3 == 0	 ? postern_door_open_start(place->device, 1, "102", NULL,
						   door_done, place, NULL)
			    : i % 3 == 1 ? postern_people_count_start(
						   place->device, number_came, place, NULL)
					 : postern_people_find_start(place->device, "102", NULL,
						   people_came, place, NULL);

		assert_int_equal(error, POSTERN_OK);
		place->begun++;
		open_calls++;
	}
}

/* The program's own loop; false when nothing is left to wait for. */
static int turn_once(void)
{
	struct pollfd fd = {.fd = postern_fd(context), .events = POLLIN};
	int timeout_ms = postern_timeout_ms(context);

	if (timeout_ms < 0 && open_calls == 0)
		return 0;
	(void)poll(&fd, 1, timeout_ms);
	dispatching = 1;
	assert_int_equal(postern_dispatch(context), POSTERN_OK);
	dispatching = 0;
	return open_calls > 0;
}

static void every_call_ends_once_and_the_dead_delay_nobody(void **state)
{
	int64_t begun_ms = now_ms();
	size_t memory = mallinfo2().uordblks;

	(void)state;
	for (size_t i = 0; i < place_count; i++)
		begin_calls(&places[i]);
	unsigned calls = open_calls;

	while (turn_once()) {
	}
	for (size_t i = 0; i < place_count; i++)
		assert_int_equal(places[i].ended, calls_of(&places[i]));
	print_message("# %zu devices, %u calls in %lld ms; the healthy in %lld ms; %zu bytes a "
		      "device that was asked\n",
		place_count, calls, (long long)(now_ms() - begun_ms),
		(long long)(good_ended_ms - begun_ms),
		(mallinfo2().uordblks - memory) / place_count);
	assert_true(good_ended_ms > 0 && good_ended_ms - begun_ms < TIMEOUT_MS);
}

static int take_event(void *user, const struct postern_event *event)
{
	assert_true(dispatching);
	assert_string_equal(event->code, "AccessControl");
	((struct place *)user)->events++;
	return 0;
}

static void watch_ended(void *user, struct postern_call *call, int error)
{
	(void)call;
	assert_int_equal(error, POSTERN_E_STOPPED);
	((struct place *)user)->ended++;
	open_calls--;
}

static void streams_run_beside_calls(void **state)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;
	struct postern_call *calls[PLACES_MAX] = {NULL};
	unsigned watched = 0;
	unsigned silent;

	(void)state;
	options.heartbeat_s = 30;
	for (size_t i = 0; i < place_count; i++) {
		places[i].begun = 0;
		places[i].ended = 0;
		if (!is(&places[i], "good"))
			continue;
		assert_int_equal(postern_events_watch_start(places[i].device, &options, take_event,
					 watch_ended, &places[i], &calls[i]),
			POSTERN_OK);
		watched++;
	}
	do {
		open_calls = watched;
		(void)turn_once();
		silent = 0;
		for (size_t i = 0; i < place_count; i++)
			silent += calls[i] != NULL && places[i].events == 0;
	} while (silent > 0);
	open_calls = 0;
	for (size_t i = 0; i < place_count; i++) {
		if (calls[i] != NULL)
			begin_calls(&places[i]);
	}
	assert_true(watched >= 100 && open_calls == watched * CALLS_EACH);
	while (turn_once()) {
	}
	open_calls = watched;
	for (size_t i = 0; i < place_count; i++) {
		if (calls[i] != NULL && i % 2 == 0)
			postern_call_cancel(calls[i]);
	}
	assert_int_equal(postern_wait(context, 1000), POSTERN_OK);
	for (size_t i = 0; i < place_count; i++) {
		if (calls[i] != NULL && i % 2 == 1)
			assert_null(postern_device_free(places[i].device));
	}
	assert_int_equal(open_calls, 0);
	for (size_t i = 0; i < place_count; i++)
		assert_int_equal(places[i].ended, calls[i] == NULL ? 0 : CALLS_EACH + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends_once_and_the_dead_delay_nobody),
		cmocka_unit_test(streams_run_beside_calls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
