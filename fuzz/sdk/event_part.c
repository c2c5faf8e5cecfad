// SPDX-License-Identifier: Apache-2.0
/* One part of an event stream, either form: every event has a code, no field is NULL, stop is
 * obeyed. */
#include "base/assert.h"
#include "sdk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *user, const struct postern_event *event)
{
	int *left = user;

	ASSERT(*left > 0);
	ASSERT(event->code != NULL && event->action != NULL && event->field_count > 0);
	for (size_t i = 0; i < event->field_count; i++)
		ASSERT(strlen(event->fields[i].name) + strlen(event->fields[i].value) < 1u << 24);
	return --*left == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int left = size > 0 ? data[0] % 4 + 1 : 1;
	int error = events_deliver(span_of(data, size), take, &left);

	ASSERT((error == POSTERN_E_STOPPED) == (left == 0));
	return 0;
}
