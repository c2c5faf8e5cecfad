// SPDX-License-Identifier: Apache-2.0
/*
 * The system's zone as a table: localtime_r is asked twice a day from 1970 to 2100, and where the
 * offset differs from the one before, the second of the change is found by halving. Two changes
 * that cancel each other within 12 hours would be missed; no zone has had such. A zone with more
 * than ZONE_TRANSITIONS_MAX changes keeps the last offset from there on. Takes about 0.1 s.
 */
#include "platform/clock.h"

#include "base/assert.h"

#include <time.h>

#define ZONE_END_S INT64_C(4133980800) /* 2101-01-01 */
#define ZONE_STEP_S (12 * 3600)

static int32_t offset_at(int64_t utc_s)
{
	time_t at = (time_t)utc_s;
	struct tm local;

	ASSERT(localtime_r(&at, &local) != NULL);
	return (int32_t)local.tm_gmtoff;
}

/* The first second with another offset than before has; one is known to lie in (from, to]. */
static int64_t change_between(int64_t from, int64_t to, int32_t before)
{
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (offset_at(middle) == before)
			from = middle;
		else
			to = middle;
	}
	return to;
}

void zone_load(struct zone *ret)
{
	tzset();
	*ret = (struct zone){.first_offset_s = offset_at(0)};
	int32_t offset = ret->first_offset_s;

	for (int64_t at = 0; at < ZONE_END_S && ret->count < ZONE_TRANSITIONS_MAX;) {
		int64_t next = at + ZONE_STEP_S;

		if (offset_at(next) != offset) {
			next = change_between(at, next, offset);
			offset = offset_at(next);
			ret->transition[ret->count++] =
				(struct zone_transition){.utc_s = next, .offset_s = offset};
		}
		at = next;
	}
}
