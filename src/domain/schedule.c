// SPDX-License-Identifier: Apache-2.0
/*
 * Weekly schedules. An instant is turned into local civil time with the zone's own transitions, and
 * its minute is looked up in that weekday's intervals: so an hour that a clock change skips is
 * never on, and one that it repeats is on twice, as the clock on the wall says.
 */
#include "domain/schedule.h"

#include "base/utf8.h"
#include "check.h"

#define MINUTES_PER_DAY 1440
#define SCHEDULE_NAME_CHARACTERS_MAX 32

void schedule_set_always(struct schedule *schedule, uint8_t no)
{
	*schedule = (struct schedule){.no = no, .defined = true, .enabled = true};
	(void)text_set(&schedule->name, SPAN_LIT("always"));
	for (unsigned d = 0; d < 7; d++) {
		schedule->day[d].count = 1;
		schedule->day[d].interval[0].to_minute = MINUTES_PER_DAY;
	}
}

static bool interval_valid(const struct schedule_interval *interval)
{
	return interval->from_minute < interval->to_minute &&
	       interval->to_minute <= MINUTES_PER_DAY;
}

bool schedule_day_valid(const struct schedule_day *day)
{
	if (day->count > SCHEDULE_INTERVALS_MAX)
		return false;
	for (unsigned i = 0; i < day->count; i++) {
		if (!interval_valid(&day->interval[i]))
			return false;
		if (i > 0 && day->interval[i].from_minute <= day->interval[i - 1].to_minute)
			return false;
	}
	return true;
}

bool schedule_valid(const struct schedule *schedule)
{
	size_t characters = 0;

	if (schedule->no >= SCHEDULES_MAX || !bool_check(&schedule->defined) ||
		!bool_check(&schedule->enabled) || !text_valid(&schedule->name))
		return false;
	if (!utf8_printable(text_span(&schedule->name), &characters) ||
		characters > SCHEDULE_NAME_CHARACTERS_MAX)
		return false;
	for (unsigned d = 0; d < 7; d++) {
		if (!schedule_day_valid(&schedule->day[d]))
			return false;
	}
	return true;
}

/* Insertion sort: a day has a dozen intervals at most. */
static void day_sort(struct schedule_day *day)
{
	for (unsigned i = 1; i < day->count; i++) {
		struct schedule_interval moving = day->interval[i];
		unsigned at = i;

		while (at > 0 && day->interval[at - 1].from_minute > moving.from_minute) {
			day->interval[at] = day->interval[at - 1];
			at--;
		}
		day->interval[at] = moving;
	}
}

bool schedule_day_normalise(struct schedule_day *day)
{
	unsigned count = 0;

	if (day->count > SCHEDULE_INTERVALS_MAX)
		return false;
	for (unsigned i = 0; i < day->count; i++) {
		if (!interval_valid(&day->interval[i]))
			return false;
	}
	day_sort(day);
	for (unsigned i = 0; i < day->count; i++) {
		struct schedule_interval next = day->interval[i];
		struct schedule_interval *last = count > 0 ? &day->interval[count - 1] : NULL;

		if (last == NULL || next.from_minute > last->to_minute)
			day->interval[count++] = next;
		else if (next.to_minute > last->to_minute)
			last->to_minute = next.to_minute;
	}
	memset(&day->interval[count], 0, (day->count - count) * sizeof(day->interval[0]));
	day->count = (uint8_t)count;
	return true;
}

bool schedule_day_is_on(const struct schedule_day *day, unsigned minute)
{
	for (unsigned i = 0; i < day->count; i++) {
		if (minute >= day->interval[i].from_minute && minute < day->interval[i].to_minute)
			return true;
	}
	return false;
}

bool schedule_is_on(const struct schedule *schedule, const struct zone *zone, int64_t utc_s)
{
	if (!schedule->defined || !schedule->enabled)
		return false;
	int64_t local_s = utc_s + zone_offset_s(zone, utc_s);
	int64_t of_day = (local_s % S_PER_DAY + S_PER_DAY) % S_PER_DAY;
	unsigned minute = (unsigned)(of_day / 60);

	return schedule_day_is_on(&schedule->day[civil_weekday(local_s)], minute);
}
