// SPDX-License-Identifier: Apache-2.0
/*
 * The life of calls: begun, stepped, ended once. A call belongs to its device and is freed behind
 * its end. While one of its steps runs it is only marked, because the step's frame still uses it.
 */
#include "base/assert.h"
#include "core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

PRINTF_LIKE(2, 0)
static void set_detail(char **detail, const char *format, va_list arguments)
{
	free(*detail);
	if (vasprintf(detail, format, arguments) < 0)
		*detail = NULL;
	else /* it may hold words of a device */
		text_tame_line(*detail);
}

int device_fail(struct postern_device *device, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_detail(&device->detail, format, arguments);
	va_end(arguments);
	return error;
}

int call_fail(struct postern_call *call, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_detail(&call->detail, format, arguments);
	va_end(arguments);
	return error;
}

const char *postern_call_detail(const struct postern_call *call)
{
	return call->detail == NULL ? "" : call->detail;
}

struct postern_device *postern_call_device(const struct postern_call *call)
{
	return call->device;
}

static void timer_fired(struct timer *timer)
{
	struct postern_call *call = LINK_OWNER(timer, struct postern_call, timer);

	call_enter(call);
	call_left(call, call->woken(call));
}

void *call_new(struct postern_device *device, size_t size, const struct call_class *class,
	bool told, int *ret_error)
{
	if (!told) {
		*ret_error = device_fail(device, POSTERN_E_ARGUMENT, "no callback is given");
		return NULL;
	}
	if (device->dying || device->context->closing) {
		*ret_error = device_fail(device, POSTERN_E_STATE, "the device is being freed");
		return NULL;
	}
	struct postern_call *call = calloc(1, size);

	if (call == NULL) {
		*ret_error = device_fail(device, POSTERN_E_MEMORY, "out of memory");
		return NULL;
	}
	call->class = class;
	call->device = device;
	link_init(&call->link);
	link_init(&call->work);
	link_append(&device->calls, &call->link);
	*ret_error = POSTERN_OK;
	return call;
}

/* The latest call's detail is the device's; after a success there is none. */
static void hand_detail_on(struct postern_call *call, int error)
{
	free(call->device->detail);
	call->device->detail =
		error == POSTERN_OK || call->detail == NULL ? NULL : strdup(call->detail);
}

static void call_free(struct postern_call *call)
{
	link_remove(&call->link);
	if (call->class->drop != NULL)
		call->class->drop(call);
	free(call->detail);
	free(call);
}

int call_begin(struct postern_call *call, int result, struct postern_call **ret_call)
{
	if (result == CALL_RUNNING) {
		if (ret_call != NULL)
			*ret_call = call;
		return POSTERN_OK;
	}
	transfer_stop(call);
	hand_detail_on(call, result);
	call_free(call);
	return result;
}

int call_sleep(struct postern_call *call, unsigned delay_ms, call_woken_fn *woken)
{
	struct postern *context = call->device->context;

	call->woken = woken;
	call->timer.fired = timer_fired;
	if (!timer_arm(&context->timers, &call->timer, context->clock_ms() + delay_ms))
		return call_fail(call, POSTERN_E_MEMORY, "out of memory");
	return CALL_RUNNING;
}

void call_enter(struct postern_call *call)
{
	ASSERT(!call->in_step);
	call->in_step = true;
	call->device->busy++;
}

void call_left(struct postern_call *call, int result)
{
	struct postern_device *device = call->device;

	call->in_step = false;
	if (call->stopped)
		call_end(call, POSTERN_E_STOPPED);
	else if (result != CALL_RUNNING)
		call_end(call, result);
	else
		ASSERT(call->state != CALL_BETWEEN || call->timer.place != 0);
	device_release(device);
}

void call_end(struct postern_call *call, int error)
{
	struct postern_device *device = call->device;

	ASSERT(!call->in_step && call->state != CALL_ENDED);
	transfer_stop(call);
	call->state = CALL_ENDED;
	link_remove(&call->link);
	device->busy++;
	device->context->depth++;
	if (!call->untold) {
		hand_detail_on(call, error);
		call->class->end(call, error);
	}
	device->context->depth--;
	call_free(call);
	device_release(device);
}

void call_abandon(struct postern_call *call)
{
	call->untold = true;
	if (call->in_step)
		call->stopped = true;
	else
		call_end(call, POSTERN_E_STOPPED);
}

void call_end_later(struct postern_call *call, int error)
{
	transfer_stop(call);
	call->state = CALL_ENDING;
	call->verdict = error;
	link_append(&call->device->context->ending, &call->work);
}

void postern_call_cancel(struct postern_call *call)
{
	if (call->state == CALL_ENDED || call->state == CALL_ENDING)
		return;
	if (call->in_step) {
		call->stopped = true;
		return;
	}
	free(call->detail);
	call->detail = NULL;
	call_end_later(call, POSTERN_E_STOPPED);
}
