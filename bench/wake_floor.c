// SPDX-License-Identifier: Apache-2.0
/*
 * The floor of every decision: how late the kernel wakes a thread whose timer is due, with the
 * priority that core's real-time thread has or falls back to. Runs until told to stop (a byte or
 * the end of standard input), then prints p50, p99 and the longest, in microseconds.
 */
#include "platform/role.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 200000
#define SLEEP_MIN_NS 1000000
#define SLEEP_SPAN_NS 8000000

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t late_ns(void)
{
	int64_t due_ns = now_ns() + SLEEP_MIN_NS + random() % SLEEP_SPAN_NS;
	struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &due, NULL);
	return now_ns() - due_ns;
}

static int told_to_stop(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, 0) > 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

int main(void)
{
	static int64_t took_ns[ROUNDS_MAX];
	size_t count = 0;

	(void)role_realtime_prepare();
	(void)!role_realtime_try();
	(void)prctl(PR_SET_TIMERSLACK, 1UL); /* as exact as core's timer descriptor */
	do
		took_ns[count++] = late_ns();
	while (count < ROUNDS_MAX && !told_to_stop());
	qsort(took_ns, count, sizeof(took_ns[0]), by_value);
	printf("%.0f %.0f %.0f\n", (double)took_ns[count / 2] / 1e3,
		(double)took_ns[count * 99 / 100] / 1e3, (double)took_ns[count - 1] / 1e3);
	return 0;
}
