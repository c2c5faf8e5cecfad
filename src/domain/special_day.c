// SPDX-License-Identifier: Apache-2.0
/*
 * Special days. The rules, in the order in which they are applied:
 *  - a schedule that is not defined or not enabled is never on;
 *  - the instant is turned into local civil time, and the date of that says which days it is: so a
 *    special day begins and ends at local midnight, and has 23 or 25 hours where a clock change
 *    falls on it;
 *  - every enabled special schedule that covers the schedule, and whose group holds that date,
 * takes the weekday's place. Where there are several, the schedule is on when one of them is on:
 * their times add up (ONVIF Schedule Service: union). One without times adds nothing, so that a day
 * is closed where all of them are without;
 *  - else the weekday's times hold.
 *
 * A yearly day compares month and day alone. From 12-24 to 01-06 goes over the new year; 02-29 is a
 * day of leap years only, and a range that begins or ends there has a day less in other years.
 */
#include "domain/special_day.h"

#include "base/assert.h"
#include "base/utf8.h"
#include "check.h"

#define NAME_CHARACTERS 32

static struct civil civil_of(const struct special_date *date)
{
	return (struct civil){.year = date->year, .month = date->month, .day = date->day};
}

/* Grows with the date; modulo 10000, with the day of the year. */
static uint32_t date_key(uint32_t year, uint32_t month, uint32_t day)
{
	return year * 10000 + month * 100 + day;
}

static uint32_t special_key(const struct special_date *date)
{
	return date_key(date->year, date->month, date->day);
}

static bool name_valid(struct span name)
{
	size_t characters = 0;

	return utf8_printable(name, &characters) && characters <= NAME_CHARACTERS;
}

static bool day_valid(const struct special_day *day)
{
	struct civil from = civil_of(&day->from);
	struct civil to = civil_of(&day->to);

	if (!bool_check(&day->yearly) || !text_valid(&day->name) ||
		!utf8_printable(text_span(&day->name), NULL))
		return false;
	if (day->from.year == 0)
		return special_key(&day->from) == 0 && special_key(&day->to) == 0 && !day->yearly &&
		       day->name.len == 0;
	if (!civil_valid(&from) || !civil_valid(&to) ||
		special_key(&day->from) > special_key(&day->to))
		return false;
	return !day->yearly || special_key(&day->to) < special_key(&day->from) + 10000;
}

bool special_day_group_valid(const struct special_day_group *group)
{
	if (group->no >= SPECIAL_DAY_GROUPS_MAX || !bool_check(&group->defined) ||
		!bool_check(&group->enabled) || !text_valid(&group->name) ||
		!name_valid(text_span(&group->name)))
		return false;
	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		if (!day_valid(&group->day[i]))
			return false;
	}
	return true;
}

bool special_schedule_valid(const struct special_schedule *special)
{
	return special->no < SPECIAL_SCHEDULES_MAX && bool_check(&special->defined) &&
	       bool_check(&special->enabled) && special->group < SPECIAL_DAY_GROUPS_MAX &&
	       schedule_day_valid(&special->day) && text_valid(&special->name) &&
	       name_valid(text_span(&special->name));
}

static bool day_holds(const struct special_day *day, const struct civil *local)
{
	uint32_t date = date_key((uint32_t)local->year, local->month, local->day);
	uint32_t from = special_key(&day->from);
	uint32_t to = special_key(&day->to);

	if (day->from.year == 0)
		return false;
	if (!day->yearly)
		return from <= date && date <= to;
	date %= 10000;
	if (day->from.year == day->to.year)
		return from % 10000 <= date && date <= to % 10000;
	return from % 10000 <= date || date <= to % 10000;
}

bool special_day_group_holds(const struct special_day_group *group, const struct civil *local)
{
	if (!group->defined || !group->enabled || local->year < 0)
		return false;
	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		if (day_holds(&group->day[i], local))
			return true;
	}
	return false;
}

bool special_schedule_covers(const struct special_schedule *special, uint8_t schedule)
{
	ASSERT(schedule < SCHEDULES_MAX);
	return (special->schedules[schedule / 8] >> schedule % 8 & 1) != 0;
}

void special_schedule_cover(struct special_schedule *special, uint8_t schedule, bool covered)
{
	ASSERT(schedule < SCHEDULES_MAX);
	uint8_t bit = (uint8_t)(1u << schedule % 8);
	uint8_t others = (uint8_t)(special->schedules[schedule / 8] & ~bit);

	special->schedules[schedule / 8] = covered ? (uint8_t)(others | bit) : others;
}

bool special_day_group_is_empty(const struct special_day_group *group)
{
	for (unsigned i = 0; i < SPECIAL_DAYS_MAX; i++) {
		if (group->day[i].from.year != 0)
			return false;
	}
	return !group->enabled && group->name.len == 0;
}

bool special_schedule_is_empty(const struct special_schedule *special)
{
	for (unsigned i = 0; i < SCHEDULES_MAX / 8; i++) {
		if (special->schedules[i] != 0)
			return false;
	}
	return !special->enabled && special->group == 0 && special->day.count == 0 &&
	       special->name.len == 0;
}

struct schedule_state calendar_schedule_state(
	const struct calendar *calendar, uint8_t schedule, const struct zone *zone, int64_t utc_s)
{
	ASSERT(schedule < SCHEDULES_MAX);
	const struct schedule *weekly = &calendar->schedules[schedule];
	struct schedule_state state = {false, false};

	if (!weekly->defined || !weekly->enabled)
		return state;
	struct civil local = zone_local(zone, utc_s);
	unsigned minute = local.hour * 60u + local.minute;

	for (unsigned i = 0; i < SPECIAL_SCHEDULES_MAX; i++) {
		const struct special_schedule *special = &calendar->special[i];

		if (!special->defined || !special->enabled ||
			!special_schedule_covers(special, schedule) ||
			!special_day_group_holds(&calendar->groups[special->group], &local))
			continue;
		state.special_day = true;
		state.on = state.on || schedule_day_is_on(&special->day, minute);
	}
	if (!state.special_day)
		state.on = schedule_is_on(weekly, zone, utc_s);
	return state;
}
