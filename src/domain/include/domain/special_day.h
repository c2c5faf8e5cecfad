/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days on which other times hold than those of the weekday: groups of days, and special schedules,
 * which say what holds on the days of a group in place of which weekly schedules (ONVIF Schedule
 * Service: SpecialDayGroup and SpecialDaysSchedule).
 */
#pragma once

#include "domain/schedule.h"

struct special_date {
	uint16_t year; /* 1970 to 2099; 0: no date, and all else is 0 */
	uint8_t month; /* 1 to 12 */
	uint8_t day; /* 1 to 31 */
};

struct special_day {
	struct special_date from; /* year 0: this place of the group is free */
	struct special_date to; /* included; not before from */
	bool yearly; /* each year, whatever the years of from and to; shorter than a year */
	struct text64 name;
};

struct special_day_group {
	uint8_t no; /* 0 to SPECIAL_DAY_GROUPS_MAX - 1 */
	bool defined; /* one that is not defined holds no day */
	bool enabled; /* nor does one that is not enabled */
	struct text128 name; /* 32 characters */
	struct special_day day[SPECIAL_DAYS_MAX]; /* in any order; they may overlap */
};

struct special_schedule {
	uint8_t no; /* 0 to SPECIAL_SCHEDULES_MAX - 1 */
	bool defined;
	bool enabled; /* one that is not enabled changes nothing */
	uint8_t group; /* on its days ... */
	uint8_t schedules[SCHEDULES_MAX / 8]; /* ... in place of these, a bit each */
	struct schedule_day day; /* ... these times hold; none: all of the day is off */
	struct text128 name; /* 32 characters */
};

bool special_day_group_valid(const struct special_day_group *group);
bool special_schedule_valid(const struct special_schedule *special);

/* True when the civil date of local (its time does not count) is one of the group's. */
bool special_day_group_holds(const struct special_day_group *group, const struct civil *local);

bool special_schedule_covers(const struct special_schedule *special, uint8_t schedule);
void special_schedule_cover(struct special_schedule *special, uint8_t schedule, bool covered);

/* Nothing is set in it: as good as none. no and defined do not count. */
bool special_day_group_is_empty(const struct special_day_group *group);
bool special_schedule_is_empty(const struct special_schedule *special);

/* All that says when a schedule is on; each table is indexed by number. */
struct calendar {
	const struct schedule *schedules; /* SCHEDULES_MAX */
	const struct special_day_group *groups; /* SPECIAL_DAY_GROUPS_MAX */
	const struct special_schedule *special; /* SPECIAL_SCHEDULES_MAX */
};

struct schedule_state {
	bool on;
	bool special_day; /* special schedules decided, not the weekday */
};

/* The rules: special_day.c. schedule: 0 to SCHEDULES_MAX - 1. */
struct schedule_state calendar_schedule_state(
	const struct calendar *calendar, uint8_t schedule, const struct zone *zone, int64_t utc_s);
