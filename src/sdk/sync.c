// SPDX-License-Identifier: Apache-2.0
/*
 * The form that waits: start, then run the context's loop until that call has ended. Everything of
 * the context goes on meanwhile. The device may be gone afterwards: only the sync is looked at.
 */
#include "core.h"

int sync_begin(struct sync *sync, struct postern_device *device)
{
	*sync = (struct sync){.context = device->context};
	if (device->context->depth > 0)
		return device_fail(device, POSTERN_E_STATE,
			"inside a callback only calls that do not wait can be made");
	return POSTERN_OK;
}

int sync_wait(struct sync *sync, int started)
{
	if (started != POSTERN_OK)
		return started;
	while (!sync->done)
		(void)postern_wait(sync->context, -1);
	return sync->error;
}

void sync_done(void *user, struct postern_call *call UNUSED, int error)
{
	struct sync *sync = user;

	sync->done = true;
	sync->error = error;
}

void sync_result(
	struct sync *sync, struct postern_call *call, int error, const void *result, size_t size)
{
	if (result != NULL && sync->result != NULL)
		memcpy(sync->result, result, size);
	sync_done(sync, call, error);
}

void sync_number(void *user, struct postern_call *call, int error, uint64_t number)
{
	((struct sync *)user)->number = number;
	sync_done(user, call, error);
}
