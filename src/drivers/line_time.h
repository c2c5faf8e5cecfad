/* SPDX-License-Identifier: Apache-2.0 */
/* Edges are stamped by CLOCK_MONOTONIC, everything else runs on CLOCK_BOOTTIME: the way between. */
#pragma once

#include <stdint.h>

struct line_time {
	int64_t boot_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	int64_t received_ns; /* CLOCK_MONOTONIC when the latest events came */
};

void line_time_init(struct line_time *time);

/* To be called when events were received, before line_time_boot of them. */
void line_time_received(struct line_time *time);

/* CLOCK_BOOTTIME of a stamp, never after the events were received. */
int64_t line_time_boot(const struct line_time *time, int64_t at_ns);
