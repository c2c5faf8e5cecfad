// SPDX-License-Identifier: Apache-2.0
/*
 * The test's end of the wires. The tests run on one processor that counts instructions instead of
 * time (tests/vm/run.py), so a sleep costs nothing and a busy wait is exact; edges are played by
 * sleeping until shortly before their time and spinning the rest.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CHIPS_MAX 8
#define SPIN_NS (40 * NS_PER_US)

/* --- lines --- */

static int chip_open(const char *label)
{
	for (int i = 0; i < CHIPS_MAX; i++) {
		struct gpiochip_info info;
		char path[32];

		(void)snprintf(path, sizeof(path), "/dev/gpiochip%d", i);
		int fd = open(path, O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info) == 0 &&
			strcmp(info.label, label) == 0)
			return fd;
		(void)close(fd);
	}
	fail_msg("no GPIO chip has the label %s", label);
	return -1;
}

int wires_ask(
	struct wires *wires, const struct wires_ask *ask, const uint32_t *offset, unsigned count)
{
	struct gpio_v2_line_request request = {
		.num_lines = count, .consumer = "world", .event_buffer_size = ask->buffer};
	struct gpio_v2_line_config *config = &request.config;

	assert_in_range(count, 1, WIRES_MAX);
	memcpy(request.offsets, offset, count * sizeof(*offset));
	config->flags = ask->flags;
	if (ask->flags & GPIO_V2_LINE_FLAG_OUTPUT) {
		struct gpio_v2_line_config_attribute *attribute =
			&config->attrs[config->num_attrs++];

		attribute->attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
		attribute->attr.values = ask->levels;
		attribute->mask = (UINT64_C(1) << count) - 1;
	}
	if (ask->debounce_us > 0) {
		struct gpio_v2_line_config_attribute *attribute =
			&config->attrs[config->num_attrs++];

		attribute->attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
		attribute->attr.debounce_period_us = ask->debounce_us;
		attribute->mask = (UINT64_C(1) << count) - 1;
	}
	int chip = chip_open(ask->chip);
	int error = ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request) < 0 ? -errno : 0;

	(void)close(chip);
	*wires = (struct wires){.fd = error == 0 ? request.fd : -1, .count = count};
	memcpy(wires->offset, offset, count * sizeof(*offset));
	return error;
}

void wires_take(
	struct wires *wires, const struct wires_ask *ask, const uint32_t *offset, unsigned count)
{
	int error = wires_ask(wires, ask, offset, count);

	if (error != 0)
		fail_msg("lines of %s from %u on: %s", ask->chip, offset[0], strerror(-error));
}

void wires_take_one(struct wires *wires, const struct wires_ask *ask, uint32_t offset)
{
	wires_take(wires, ask, &offset, 1);
}

void wires_release(struct wires *wires)
{
	if (wires->fd >= 0)
		(void)close(wires->fd);
	wires->fd = -1;
}

void wires_write(const struct wires *wires, uint64_t mask, uint64_t levels)
{
	struct gpio_v2_line_values values = {.mask = mask, .bits = levels};

	assert_return_code(ioctl(wires->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values), errno);
}

uint64_t wires_read(const struct wires *wires)
{
	struct gpio_v2_line_values values = {.mask = (UINT64_C(1) << wires->count) - 1};

	assert_return_code(ioctl(wires->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values), errno);
	return values.bits;
}

unsigned wires_edges(
	const struct wires *wires, struct gpio_v2_line_event *edges, unsigned max, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = wires->fd, .events = POLLIN};

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return 0;
	ssize_t len = read(wires->fd, edges, max * sizeof(*edges));

	assert_return_code(len, errno);
	return (unsigned)((size_t)len / sizeof(*edges));
}

unsigned wires_drain(const struct wires *wires)
{
	struct gpio_v2_line_event edges[64];
	unsigned total = 0;

	for (unsigned got; (got = wires_edges(wires, edges, 64, 0)) > 0;)
		total += got;
	return total;
}

/* --- time --- */

int64_t world_now_ns(void)
{
	struct timespec now;

	assert_return_code(clock_gettime(CLOCK_MONOTONIC, &now), errno);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void world_sleep_until_ns(int64_t at_ns)
{
	struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

void world_sleep_ms(int64_t ms)
{
	world_sleep_until_ns(world_now_ns() + ms * NS_PER_MS);
}

void world_priority(int priority)
{
	struct sched_param param = {.sched_priority = priority};

	assert_return_code(sched_setscheduler(0, SCHED_FIFO, &param), errno);
}

void world_precise(void)
{
	world_priority(PRIORITY_BELOW_INTERRUPTS);
	assert_return_code(prctl(PR_SET_TIMERSLACK, 1), errno);
}

int64_t wires_play(const struct wires *wires, const struct wiegand_edge *edges, size_t count)
{
	int64_t worst_ns = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t at_ns = edges[i].at_ns;
		int64_t now_ns = world_now_ns();

		if (at_ns - now_ns > SPIN_NS)
			world_sleep_until_ns(at_ns - SPIN_NS);
		while ((now_ns = world_now_ns()) < at_ns)
			;
		if (now_ns - at_ns > worst_ns)
			worst_ns = now_ns - at_ns;
		wires_write(wires, UINT64_C(1) << edges[i].line,
			(uint64_t)edges[i].level << edges[i].line);
	}
	return worst_ns;
}

/* --- figures --- */

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

int64_t world_percentile(const int64_t *sorted_ns, size_t count, double percent)
{
	assert_true(count > 0);
	size_t at = (size_t)((double)count * percent / 100.0);

	return sorted_ns[at < count ? at : count - 1];
}

void world_print_spread(const char *name, int64_t *values_ns, size_t count)
{
	qsort(values_ns, count, sizeof(*values_ns), compare);
	(void)printf("# %s: p50 %.1f p99 %.1f p99.9 %.1f min %.1f max %.1f us (of %zu)\n", name,
		(double)world_percentile(values_ns, count, 50) / 1e3,
		(double)world_percentile(values_ns, count, 99) / 1e3,
		(double)world_percentile(values_ns, count, 99.9) / 1e3, (double)values_ns[0] / 1e3,
		(double)values_ns[count - 1] / 1e3, count);
}
