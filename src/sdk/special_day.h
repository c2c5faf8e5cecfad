/* SPDX-License-Identifier: Apache-2.0 */
/* Special days: what one line of an answer says. */
#pragma once

#include "sdk.h"

#define SPECIAL_ROWS 128 /* groups, and special schedules */
#define SPECIAL_PLACES 128 /* days of a group: 64 of ours; other devices may have more */
#define SPECIAL_SECTIONS 12

enum special_line {
	SPECIAL_LINE_OTHER = 0, /* not of these tables */
	SPECIAL_GROUP_NAME,
	SPECIAL_GROUP_ENABLE,
	SPECIAL_DAY_NAME, /* at: place */
	SPECIAL_DAY_START,
	SPECIAL_DAY_END,
	SPECIAL_DAY_YEARLY,
	SPECIAL_NAME,
	SPECIAL_ENABLE,
	SPECIAL_GROUP,
	SPECIAL_SECTION, /* at: segment */
	SPECIAL_COVER, /* at: weekly schedule */
	SPECIAL_LINE_COUNT
};

/* What both tables' answers say; takes their text over. 0 or POSTERN_E_MEMORY. */
MUST_CHECK int special_days_from(struct answer answers[2], struct postern_special_days **ret);

/* Reads a key of getConfig. */
enum special_line special_line_read(struct span key, uint32_t *ret_no, uint32_t *ret_at);

/* The name of the parameter of setConfig: "SpecialDayGroup[3].Days[1].StartTime". */
#define SPECIAL_NAME_MAX 80
void special_line_name(char name[SPECIAL_NAME_MAX], enum special_line line, int no, int at);
