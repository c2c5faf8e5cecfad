/* SPDX-License-Identifier: Apache-2.0 */
/* Weekly schedules in local civil time. */
#pragma once

#include "base/civil.h"
#include "base/text.h"
#include "domain/limits.h"

struct schedule_interval {
	uint16_t from_minute; /* 0 to 1439 */
	uint16_t to_minute; /* from_minute + 1 to 1440: the end is not inside */
};

struct schedule_day {
	uint8_t count; /* 0 to SCHEDULE_INTERVALS_MAX; sorted, apart from each other */
	struct schedule_interval interval[SCHEDULE_INTERVALS_MAX];
};

struct schedule {
	uint8_t no; /* 0 to SCHEDULES_MAX - 1 */
	bool defined; /* an undefined schedule is never on */
	bool enabled; /* a disabled schedule is never on */
	struct text128 name; /* 32 characters */
	struct schedule_day day[7]; /* 0 = Sunday */
};

/* Schedule 0 of a new device: on at all times, changeable. */
void schedule_set_always(struct schedule *schedule, uint8_t no);

/* True when numbers are in range and each day's intervals are sorted and apart. */
bool schedule_valid(const struct schedule *schedule);

/* Sorts a day's intervals and joins those that touch or overlap. False when one is not in range. */
bool schedule_day_normalise(struct schedule_day *day);

bool schedule_day_valid(const struct schedule_day *day);
bool schedule_day_is_on(const struct schedule_day *day, unsigned minute); /* of the day */

/* By the weekday alone: special days (special_day.h) are not looked at. */
bool schedule_is_on(const struct schedule *schedule, const struct zone *zone, int64_t utc_s);
