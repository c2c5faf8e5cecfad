// SPDX-License-Identifier: Apache-2.0
/*
 * Frames of OSDP lines for who looks for a fault in them. They are remembered while somebody asks,
 * and some seconds more. Keys, digits and templates are overwritten here, so that no other thread,
 * role or capture ever has them.
 */
#include "bus_private.h"

#include "base/assert.h"
#include "protocols/osdp_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(OSDP_TRACED_BYTES == OSDP_FRAME_MAX, "every frame fits");

int bus_trace_new(struct core *core)
{
	void *memory = calloc(1, latest_size(OSDP_TRACED_MAX, sizeof(struct osdp_traced)));

	if (memory == NULL)
		return -ENOMEM;
	latest_init(&core->osdp_frames, memory, OSDP_TRACED_MAX, sizeof(struct osdp_traced));
	return 0;
}

void bus_trace_frame(void *user, int64_t now_ns, bool from_reader, struct span frame)
{
	const struct bus_line *line = user;
	struct core *core = line->bus->core;
	struct timespec utc;

	if (now_ns >= atomic_load_explicit(&core->osdp_trace_until_ns, memory_order_relaxed))
		return;
	struct osdp_traced traced = {
		.no = latest_last(&core->osdp_frames) + 1,
		.len = (uint16_t)frame.len,
		.line = line->at,
		.reply = from_reader,
	};

	ASSERT(frame.len >= 1 && frame.len <= sizeof(traced.bytes));
	(void)clock_gettime(CLOCK_REALTIME, &utc);
	traced.utc_us = (int64_t)utc.tv_sec * 1000000 + utc.tv_nsec / 1000;
	memcpy(traced.bytes, frame.data, frame.len);
	(void)osdp_trace_hide(traced.bytes, frame.len);
	(void)latest_put(&core->osdp_frames, &traced);
}
