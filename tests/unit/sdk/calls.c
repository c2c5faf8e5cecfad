// SPDX-License-Identifier: Apache-2.0
/* What the tests of calls share: see calls.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calls.h"

#include <stdio.h>

int64_t time_ms;

static int64_t fake_clock(void)
{
	return time_ms;
}

static struct fixture fixture;

struct postern_device *another_device(struct fixture *f)
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

int calls_set_up_with(struct fixture *f, unsigned transfers_max)
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

int calls_set_up(void **state)
{
	*state = &fixture;
	return calls_set_up_with(&fixture, 0);
}

int calls_tear_down(void **state)
{
	struct fixture *f = *state;

	f->context = postern_free(f->context);
	peer_drop(&f->peer);
	return 0;
}

struct told told;

void ended(void *user, struct postern_call *call, int error)
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

void open_door(struct postern_device *device, struct waiter *waiter, const char *name)
{
	*waiter = (struct waiter){.name = name, .then = waiter->then};
	assert_int_equal(
		postern_door_open_start(device, 1, name, NULL, ended, waiter, &waiter->call),
		POSTERN_OK);
	assert_int_equal(waiter->ends, 0);
	assert_ptr_equal(postern_call_device(waiter->call), device);
}

void expect_told(size_t at, const char *name, int error)
{
	assert_true(at < told.count);
	assert_string_equal(told.name[at], name);
	assert_int_equal(told.error[at], error);
}
