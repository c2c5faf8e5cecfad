/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of the wires: what a test in the emulator does with the lines of a GPIO chip,
 * through the kernel's character device alone. A call that fails fails the test it is made in.
 * Times are CLOCK_MONOTONIC, the clock of the kernel's edge stamps.
 */
#pragma once

#include "protocols/wiegand.h"

#include <linux/gpio.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRES_MAX 32 /* of one request: bits of levels and masks are by place in offset[] */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Lines of one chip that were requested together. Free with wires_release. */
struct wires {
	int fd;
	unsigned count;
	uint32_t offset[WIRES_MAX];
};

/* What wires_take asks for; left out means 0. */
struct wires_ask {
	const char *chip; /* label: "controller" or "world" */
	uint64_t flags; /* GPIO_V2_LINE_FLAG_... */
	uint64_t levels; /* of outputs, at the start */
	uint32_t buffer; /* events the kernel keeps; 0: its default, 16 a line */
	uint32_t debounce_us;
};

/* Offsets are `count` ints. Refused: the negative errno instead of 0. */
int wires_ask(
	struct wires *wires, const struct wires_ask *ask, const uint32_t *offset, unsigned count);
/* The same, where refusal is a failure. */
void wires_take(
	struct wires *wires, const struct wires_ask *ask, const uint32_t *offset, unsigned count);
void wires_take_one(struct wires *wires, const struct wires_ask *ask, uint32_t offset);
void wires_release(struct wires *wires);

void wires_write(const struct wires *wires, uint64_t mask, uint64_t levels);
uint64_t wires_read(const struct wires *wires);

/* Waits until an edge is there, then takes what is; 0 after timeout_ms without one. */
unsigned wires_edges(
	const struct wires *wires, struct gpio_v2_line_event *edges, unsigned max, int timeout_ms);
/* Takes and forgets what waits. Returns how many. */
unsigned wires_drain(const struct wires *wires);

int64_t world_now_ns(void);
void world_sleep_ms(int64_t ms);
void world_sleep_until_ns(int64_t at_ns);

/* The kernel's interrupt threads have 50, core's real-time threads 45 and 48. */
#define PRIORITY_BELOW_INTERRUPTS 40
#define PRIORITY_ABOVE_INTERRUPTS 55
void world_priority(int priority);

/* Below interrupts, above all else, and sleeps end on time: what is driven comes at its time. */
void world_precise(void);

/* Plays edges at their at_ns on lines[edge->line]: by place, 0 is DATA0. Returns the worst delay.
 */
int64_t wires_play(const struct wires *wires, const struct wiegand_edge *edges, size_t count);

/* Sorted times: prints "# NAME p50 ... p99 ... p99.9 ... max ... us (of COUNT)". */
void world_print_spread(const char *name, int64_t *values_ns, size_t count);
int64_t world_percentile(const int64_t *sorted_ns, size_t count, double percent);
