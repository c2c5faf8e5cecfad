/* SPDX-License-Identifier: Apache-2.0 */
/* The state of lines on GPIO chips, for the files that share it. */
#pragma once

#include "drivers/gpio_plan.h"
#include "drivers/lines.h"
#include "gpio_events.h"
#include "line_time.h"
#include "signals.h"

/* A batch of edges may be told with a loss before each, and end with a level of every line. */
#define SOURCE_EVENTS_MAX (2 * GPIO_EDGES_MAX + GPIO_REQUEST_LINES_MAX)

/* An input request: where events come from. */
struct source {
	int fd; /* -1: its chip is gone */
	const struct gpio_plan_request *request;
	struct gpio_sequence sequence;
	bool more; /* the latest read left something in the kernel's queue */
	uint32_t next; /* event to hand out next */
	uint32_t count;
	struct line_event ready[SOURCE_EVENTS_MAX];
};

/* Where an output or input is. */
struct wire {
	int fd; /* -1: not wired */
	uint64_t mask; /* its bit in the request */
};

struct lines_gpio {
	struct lines lines;
	struct gpio_plan plan;
	int fd[GPIO_REQUESTS_MAX]; /* by request of the plan; not ours to close */
	int epoll; /* over the sources */
	struct line_time time;
	uint32_t source_count;
	struct source source[GPIO_REQUESTS_MAX];
	struct wire lock[DOORS_MAX];
	bool open[DOORS_MAX]; /* how the lock was driven last */
	struct wire led[READERS_MAX]; /* by number - 1 */
	struct wire beeper[READERS_MAX];
	bool led_on[READERS_MAX];
	bool beeper_on[READERS_MAX];
	struct signals signals[READERS_MAX];
};
