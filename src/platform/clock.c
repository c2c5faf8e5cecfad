// SPDX-License-Identifier: Apache-2.0
/*
 * Readings of the system's clocks, and whether the wall clock is believed. Believed is a clock that
 * shows 2025 or later and that either the kernel calls synchronized (adjtimex: no TIME_ERROR, no
 * STA_UNSYNC: an NTP daemon keeps it), or that the kernel set at boot from a real-time clock
 * (/sys/class/rtc/rtcN/hctosys holds 1). The real-time clock is looked for once, at the first call:
 * sandbox_enter makes that call, because files are out of reach behind it.
 */
#include "platform/clock.h"

#include "base/assert.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define RTC_DEVICES_MAX 8
#define BELIEVED_FROM_S                                                                            \
	INT64_C(1735689600) /* 2025-01-01: earlier is an empty battery, not a date */

static pthread_once_t rtc_once = PTHREAD_ONCE_INIT;
static bool rtc_set_clock;

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	ASSERT(clock_gettime(id, &now) == 0);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool rtc_device_set_clock(unsigned number)
{
	char path[64];
	char text = 0;

	snprintf(path, sizeof(path), "/sys/class/rtc/rtc%u/hctosys", number);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t len = read(fd, &text, 1);

	close(fd);
	return len == 1 && text == '1';
}

static void rtc_look(void)
{
	for (unsigned i = 0; i < RTC_DEVICES_MAX && !rtc_set_clock; i++)
		rtc_set_clock = rtc_device_set_clock(i);
}

static bool ntp_keeps_clock(void)
{
	struct timex state = {0};
	int result = adjtimex(&state);

	return result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

bool clock_is_trusted(void)
{
	pthread_once(&rtc_once, rtc_look);
	if (clock_ns(CLOCK_REALTIME) < BELIEVED_FROM_S * NS_PER_S)
		return false;
	return rtc_set_clock || ntp_keeps_clock();
}

struct moment clock_now(bool trust)
{
	return (struct moment){
		.boot_ns = clock_ns(CLOCK_BOOTTIME),
		.utc_ms = clock_ns(CLOCK_REALTIME) / NS_PER_MS,
		.trusted = trust || clock_is_trusted(),
	};
}

int64_t clock_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
