/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil time without the C library: the domain is pure, so zones come in as a table of transitions
 * (platform/clock.h fills it from the system's zone) and every conversion is arithmetic.
 * Days count from 1970-01-01 in the proleptic Gregorian calendar.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define MS_PER_S INT64_C(1000)
#define S_PER_DAY INT64_C(86400)

/* One reading of the clocks. Durations use boot_ns only; utc_ms may jump. */
struct moment {
	int64_t boot_ns; /* CLOCK_BOOTTIME, nanoseconds */
	int64_t utc_ms; /* milliseconds since 1970-01-01T00:00:00Z */
	bool trusted; /* the wall clock is believed (design: NTP, RTC, admin, clock: trust) */
};

struct civil {
	int32_t year; /* 1970 to 2099 where parsed */
	uint8_t month; /* 1 to 12 */
	uint8_t day; /* 1 to 31 */
	uint8_t hour; /* 0 to 23 */
	uint8_t minute; /* 0 to 59 */
	uint8_t second; /* 0 to 59 */
};

struct zone_transition {
	int64_t utc_s; /* from this second on ... */
	int32_t offset_s; /* ... local = UTC + offset_s */
};

#define ZONE_TRANSITIONS_MAX 400

struct zone {
	int32_t first_offset_s; /* before the first transition */
	uint32_t count;
	struct zone_transition transition[ZONE_TRANSITIONS_MAX]; /* ascending */
};

/* True for a date that exists, years 1970 to 2099, and a time of day without leap second. */
bool civil_valid(const struct civil *c);

/* Seconds since 1970-01-01T00:00:00 of the same civil clock (no zone). */
int64_t civil_to_seconds(const struct civil *c);
struct civil civil_from_seconds(int64_t seconds);

/* 0 = Sunday ... 6 = Saturday, of seconds on a civil clock. */
unsigned civil_weekday(int64_t seconds);

int32_t zone_offset_s(const struct zone *zone, int64_t utc_s);
struct civil zone_local(const struct zone *zone, int64_t utc_s);

/* Local to UTC: the first of two ambiguous times; a missing time moves forward by the gap. */
int64_t zone_utc_s(const struct zone *zone, const struct civil *local);
