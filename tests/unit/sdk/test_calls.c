// SPDX-License-Identifier: Apache-2.0
/* Calls that do not wait: who is asked when, how late, and with which log-in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls.h"

#include <malloc.h>

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
	(void)calls_set_up_with(f, 2);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_device_is_asked_one_thing_at_a_time_in_order),
		CASE(the_line_is_bounded_and_each_device_has_its_turn),
		CASE(what_never_began_is_not_called_back),
		CASE(a_late_answer_fails_its_own_call_only),
		CASE(one_wrong_password_is_one_try),
		CASE(a_login_is_used_again_until_its_connection_closes_or_is_old),
		CASE(an_idle_device_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
