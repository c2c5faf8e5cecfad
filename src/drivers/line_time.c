// SPDX-License-Identifier: Apache-2.0
/*
 * CLOCK_MONOTONIC to CLOCK_BOOTTIME. The difference changes only with a suspend. Two readings of
 * the clocks are never at one time, so a small change is no change: the edges of one frame keep
 * their distances over several reads.
 */
#include "line_time.h"

#include "platform/clock.h"

#include <stdlib.h>

#define OFFSET_TRIES 3
#define OFFSET_JITTER_NS (NS_PER_MS / 10)

void line_time_init(struct line_time *time)
{
	time->received_ns = clock_monotonic_ns();
	time->boot_offset_ns = clock_boot_ns() - clock_monotonic_ns();
}

void line_time_received(struct line_time *time)
{
	time->received_ns = clock_monotonic_ns();
	for (int i = 0; i < OFFSET_TRIES; i++) {
		int64_t before_ns = clock_monotonic_ns();
		int64_t offset_ns = clock_boot_ns() - before_ns;
		bool quick = clock_monotonic_ns() - before_ns < OFFSET_JITTER_NS;

		if (quick && llabs(offset_ns - time->boot_offset_ns) > OFFSET_JITTER_NS)
			time->boot_offset_ns = offset_ns;
		if (quick)
			return;
	}
}

/* A stamp from the future would hold up the decoder's silence for as long as it likes. */
int64_t line_time_boot(const struct line_time *time, int64_t at_ns)
{
	return (at_ns < time->received_ns ? at_ns : time->received_ns) + time->boot_offset_ns;
}
