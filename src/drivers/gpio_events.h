/* SPDX-License-Identifier: Apache-2.0 */
/* What a read of a line request gave, as edges in their order. No I/O, no clock. */
#pragma once

#include "drivers/gpio_plan.h"

#define GPIO_EVENT_SIZE 48u /* struct gpio_v2_line_event */
#define GPIO_EDGES_MAX 192 /* taken in one read: more than the longest frame has */

struct gpio_edge {
	int64_t at_ns; /* CLOCK_MONOTONIC, as the kernel stamped it; never negative */
	uint32_t lost; /* edges of the request that are missing before this one, at least */
	uint8_t position; /* of its line in the request */
	bool active; /* the level after the edge */
};

/* How far one request's edges are known. All zero before the first. */
struct gpio_sequence {
	bool begun;
	uint32_t seqno; /* of the latest */
	int64_t at_ns;
	uint32_t lost; /* to be told with the next edge */
};

/*
 * Takes the bytes of one read: whole events, in any order. Gives at most GPIO_EDGES_MAX edges (more
 * are counted as lost) in the order in which they happened, and tells where the kernel's numbers
 * say that some are missing. Count.
 */
uint32_t gpio_events_take(struct gpio_sequence *sequence, const struct gpio_plan_request *request,
	const void *bytes, size_t len, struct gpio_edge ret[GPIO_EDGES_MAX]);
