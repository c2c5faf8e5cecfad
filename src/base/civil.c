// SPDX-License-Identifier: Apache-2.0
/*
 * Calendar arithmetic on days since 1970-01-01. Years are counted from March so that the leap day
 * is a year's last; 400 years are 146097 days.
 */
#include "base/civil.h"

#define DAYS_PER_ERA INT64_C(146097)
#define DAYS_TO_EPOCH INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */

static bool is_leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool civil_valid(const struct civil *c)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (c->year < 1970 || c->year > 2099 || c->month < 1 || c->month > 12 || c->day < 1)
		return false;
	unsigned last = days[c->month - 1] + (c->month == 2 && is_leap(c->year) ? 1u : 0u);

	return c->day <= last && c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

int64_t civil_to_seconds(const struct civil *c)
{
	int64_t year = (int64_t)c->year - (c->month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month_from_march = (c->month + 9) % 12;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + c->day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	int64_t days = era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;

	return days * S_PER_DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil civil_from_seconds(int64_t seconds)
{
	int64_t days = floor_div(seconds, S_PER_DAY);
	int64_t of_day = seconds - days * S_PER_DAY;
	int64_t shifted = days + DAYS_TO_EPOCH;
	int64_t era = floor_div(shifted, DAYS_PER_ERA);
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

	return (struct civil){
		.year = (int32_t)(year_of_era + era * 400 + (month <= 2)),
		.month = (uint8_t)month,
		.day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
		.hour = (uint8_t)(of_day / 3600),
		.minute = (uint8_t)(of_day / 60 % 60),
		.second = (uint8_t)(of_day % 60),
	};
}

unsigned civil_weekday(int64_t seconds)
{
	int64_t days = floor_div(seconds, S_PER_DAY);

	return (unsigned)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

int32_t zone_offset_s(const struct zone *zone, int64_t utc_s)
{
	uint32_t low = 0;
	uint32_t high = zone->count; /* the answer is the transition before high */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (zone->transition[middle].utc_s <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? zone->first_offset_s : zone->transition[low - 1].offset_s;
}

struct civil zone_local(const struct zone *zone, int64_t utc_s)
{
	return civil_from_seconds(utc_s + zone_offset_s(zone, utc_s));
}

int64_t zone_utc_s(const struct zone *zone, const struct civil *local)
{
	int64_t wanted = civil_to_seconds(local);
	/* No zone moves by more than a day: both candidate offsets hold around the wanted time. */
	int32_t before = zone_offset_s(zone, wanted - S_PER_DAY);
	int32_t after = zone_offset_s(zone, wanted + S_PER_DAY);
	int64_t early = wanted - before;
	int64_t late = wanted - after;

	if (zone_offset_s(zone, early) == before)
		return early;
	if (zone_offset_s(zone, late) == after)
		return late;
	return early; /* in a gap: the old offset puts it the gap's length behind the change */
}
