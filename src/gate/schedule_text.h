/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules as configManager reads and writes them:
 * AccessTimeSchedule[no].TimeSchedule[day][segment] = `1 08:00:00-18:00:00`. Pure.
 */
#pragma once

#include "base/buf.h"
#include "domain/schedule.h"

#define SCHEDULE_SEGMENTS_SHOWN                                                                    \
	4 /* a device has four a day; more are shown where there are more                          \
	   */

enum schedule_text {
	SCHEDULE_TEXT_OFF = 0, /* an unused segment */
	SCHEDULE_TEXT_ON, /* *ret holds it */
	SCHEDULE_TEXT_BAD,
};

enum schedule_text schedule_text_parse(struct span text, struct schedule_interval *ret);

/* interval: NULL for an unused segment. */
void schedule_text_print(struct buf *out, const struct schedule_interval *interval);

enum schedule_field { SCHEDULE_NAME, SCHEDULE_ENABLE, SCHEDULE_SEGMENT };

struct schedule_key {
	uint32_t no; /* 0 to SCHEDULES_MAX - 1 */
	enum schedule_field field;
	uint32_t day; /* SCHEDULE_SEGMENT: 0 = Sunday */
	uint32_t segment; /* 0 to SCHEDULE_INTERVALS_MAX - 1 */
};

/* Reads a parameter name of setConfig. False when it is none of ours or out of range. */
bool schedule_key_parse(struct span name, struct schedule_key *ret);

/*
 * A schedule being changed: segments keep the places that getConfig showed until all changes are
 * in; then each day is sorted and joined.
 */
struct schedule_draft {
	struct schedule schedule;
	bool used[7][SCHEDULE_INTERVALS_MAX];
	struct schedule_interval segment[7][SCHEDULE_INTERVALS_MAX];
};

void schedule_draft_load(struct schedule_draft *draft, const struct schedule *schedule);

/* Applies one parameter. False when the value is not right for it; *ret_error says why. */
bool schedule_draft_set(struct schedule_draft *draft, const struct schedule_key *key,
	struct span value, const char **ret_error);

/* The changed schedule; it is defined from now on. */
void schedule_draft_store(const struct schedule_draft *draft, struct schedule *ret);

/* All lines of one schedule: "table.AccessTimeSchedule[3].Enable=true" and so on. */
void schedule_text_lines(struct buf *out, const struct schedule *schedule);
