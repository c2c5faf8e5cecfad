// SPDX-License-Identifier: Apache-2.0
/*
 * Calls begun, answered, refused, cut, late, cancelled and freed in any order, also inside each
 * other's callbacks: each ends once, and the address sanitizer finds nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls.h"

#define DEVICES 5
#define STEPS 6000
#define DEPTH_MAX 3

static struct fixture *house;
static struct postern_device *devices[DEVICES];
static struct {
	struct postern_call *call; /* NULL: ended */
	unsigned ends;
	int error;
	bool cancelled;
} calls[2 * STEPS];
static size_t call_count;
static unsigned depth;
static uint32_t seed;

static uint32_t pick(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void mischief(void);

static void call_ended(void *user, struct postern_call *call, int error)
{
	size_t at = (size_t)(uintptr_t)user;

	assert_ptr_equal(calls[at].call, call);
	calls[at].ends++;
	calls[at].error = error;
	mischief();
	calls[at].call = NULL;
}

static void free_device(struct postern_device *device)
{
	for (size_t i = 0; i < DEVICES; i++) {
		if (devices[i] == device)
			devices[i] = NULL;
	}
	assert_null(postern_device_free(device));
}

static int event_came(void *user, const struct postern_event *event UNUSED)
{
	size_t at = (size_t)(uintptr_t)user;
	struct postern_call *call = calls[at].call;

	assert_int_equal(calls[at].ends, 0);
	assert_false(calls[at].cancelled);
	calls[at].cancelled = pick(6) == 0;
	if (calls[at].cancelled)
		postern_call_cancel(call);
	else if (pick(12) == 0)
		free_device(postern_call_device(call));
	else
		mischief();
	return pick(8) == 0;
}

static void begin(void)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;
	struct postern_device *device = devices[pick(DEVICES)];
	void *user = (void *)(uintptr_t)call_count;
	int error;

	if (device == NULL || call_count == ARRAY_COUNT(calls))
		return;
	options.heartbeat_s = 1;
	if (pick(4) == 0)
		error = postern_events_watch_start(
			device, &options, event_came, call_ended, user, &calls[call_count].call);
	else
		error = postern_person_clear_start(
			device, call_ended, user, &calls[call_count].call);
	assert_int_equal(error, POSTERN_OK);
	call_count++;
}

/* What a program may do in a callback. */
static void mischief(void)
{
	if (depth == DEPTH_MAX)
		return;
	depth++;
	size_t at = call_count == 0 ? 0 : pick((uint32_t)call_count);
	uint32_t what = pick(40);

	if (what < 8) {
		begin();
	} else if (what < 14 && calls[at].call != NULL && calls[at].ends == 0) {
		calls[at].cancelled = true;
		postern_call_cancel(calls[at].call);
	} else if (what == 14) {
		free_device(devices[pick(DEVICES)]);
	}
	depth--;
}

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n"
#define EVENT "--x\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nEvents[0].Code=A\n\r\n"

static void answer_one(struct peer *peer)
{
	static const char *const texts[] = {HEAD EVENT, HEAD EVENT EVENT, EVENT, "nonsense\r\n\r\n",
		"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"};
	struct peer_connection *connection = &peer->connection[pick(PEER_CONNECTIONS)];

	if (connection->fd < 0)
		return;
	if (pick(8) == 0)
		peer_close(connection);
	else if (connection->asked && pick(2) == 0)
		peer_answer(connection, "OK\r\n");
	else if (connection->asked || pick(4) == 0)
		peer_send(connection, texts[pick(ARRAY_COUNT(texts))]);
}

static void step(void)
{
	size_t at = pick(DEVICES);

	if (devices[at] == NULL)
		devices[at] = another_device(house);
	if (pick(3) == 0)
		begin();
	mischief();
	for (int i = 0; i < 20; i++)
		answer_one(&house->peer);
	if (pick(20) == 0)
		time_ms += pick(5000);
	assert_int_equal(postern_dispatch(house->context), POSTERN_OK);
	if (pick(40) == 0)
		peer_settle(&house->peer, house->context);
}

static void every_call_ends_once_whatever_happens(void **state)
{
	static const int wanted[] = {POSTERN_OK, POSTERN_E_CONNECT, POSTERN_E_TIMEOUT,
		POSTERN_E_AUTH, POSTERN_E_DEVICE, POSTERN_E_STOPPED, POSTERN_E_CLOSED,
		POSTERN_E_PROTOCOL};
	unsigned count[POSTERN_E_STATE + 1] = {0};

	house = *state;
	seed = 11;
	for (int i = 0; i < STEPS; i++)
		step();
	depth = DEPTH_MAX; /* what is freed now is not begun again */
	house->context = postern_free(house->context);
	for (size_t i = 0; i < call_count; i++) {
		assert_int_equal(calls[i].ends, 1);
		assert_null(calls[i].call);
		count[calls[i].error]++;
	}
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		assert_true(count[wanted[i]] > 0);
	print_message("# %zu calls: %u answered, %u stopped, %u late, %u refused a log-in\n",
		call_count, count[POSTERN_OK], count[POSTERN_E_STOPPED], count[POSTERN_E_TIMEOUT],
		count[POSTERN_E_AUTH]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_call_ends_once_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
