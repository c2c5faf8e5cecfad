// SPDX-License-Identifier: Apache-2.0
/* How calls end: once each, cancelled, freed, or by the one that began them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cancelled_calls_end_in_the_next_dispatch),
		CASE(a_callback_may_cancel_another_call),
		CASE(freeing_a_device_ends_its_calls_once_each),
		CASE(freeing_the_context_ends_all_calls_once_each),
		CASE(a_callback_may_free_its_own_device),
		CASE(a_callback_may_start_but_not_wait),
		CASE(a_call_may_sleep_between_two_requests),
		CASE(a_call_ends_with_the_one_that_it_began_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
