/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Special days as configManager reads and writes them: SpecialDayGroup[no].Days[place].StartTime=
 * and so on, and SpecialDaysSchedule[no].TimeSection[segment]= and so on. Pure.
 */
#pragma once

#include "base/buf.h"
#include "domain/special_day.h"

/*
 * Changes of a group or special schedule: parameters one after the other, in any order, then the
 * end, which judges the whole. Each function that fails writes one sentence to error.
 */
struct special_group_draft {
	struct special_day_group group;
	bool removed[SPECIAL_DAYS_MAX];
};

/* Reads a parameter name of setConfig. False when it is none of a group. */
bool special_group_key(struct span name, uint32_t *ret_no);
void special_group_load(struct special_group_draft *draft, const struct special_day_group *group);
/* name: one that special_group_key reads. */
bool special_group_set(
	struct special_group_draft *draft, struct span name, struct span value, struct buf *error);
/* draft->group is the new group; one that says nothing is not defined. */
bool special_group_end(struct special_group_draft *draft, struct buf *error);

struct special_schedule_draft {
	struct special_schedule special;
	bool used[SCHEDULE_INTERVALS_MAX];
	struct schedule_interval segment[SCHEDULE_INTERVALS_MAX];
};

/* The same for a special schedule. */
bool special_schedule_key(struct span name, uint32_t *ret_no);
void special_schedule_load(
	struct special_schedule_draft *draft, const struct special_schedule *special);
bool special_schedule_set(struct special_schedule_draft *draft, struct span name, struct span value,
	struct buf *error);
void special_schedule_end(struct special_schedule_draft *draft);

/* All lines: "table.SpecialDayGroup[3].Days[0].EndTime=2026-12-26 23:59:59" and so on. */
#define SPECIAL_LINES_MAX 20480 /* bytes of one group or special schedule */
void special_group_lines(struct buf *out, const struct special_day_group *group);
void special_schedule_lines(struct buf *out, const struct special_schedule *special);
