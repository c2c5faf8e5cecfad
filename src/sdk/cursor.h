/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up to where the records of a device were handed out: the newest CreateTime with the RecNos of
 * that second, and the RecNo handed out last. As text: "postern-follow-1 p 1789554842 550479
 * 550470-550479".
 */
#pragma once

#include "postern/postern.h"

#include <stdbool.h>

#define CURSOR_SKIPPED 16

struct cursor {
	int64_t time; /* the newest CreateTime; before the first record: where to begin */
	uint64_t rec_no; /* handed out last; 0: none */
	uint64_t *rec_nos; /* of that second, rising */
	size_t count;
	size_t capacity;
	uint64_t steps; /* from one RecNo to the next */
	uint64_t steps_of_one;
	bool ours; /* the device's events carry RecNo and Seq */
	struct postern_rec_nos skipped[CURSOR_SKIPPED]; /* the latest gaps: these may yet come */
	size_t skipped_count; /* of all */
	char *text;
};

void cursor_drop(struct cursor *cursor);

/* False when it is no such text, or memory is out. The cursor is zeroed memory. */
bool cursor_parse(struct cursor *cursor, const char *text);
/* Lives until the next call or cursor_drop; NULL when memory is out. */
const char *cursor_print(struct cursor *cursor);

enum cursor_move {
	CURSOR_NEXT, /* nothing lies between it and the last */
	CURSOR_GAP, /* *ret_lost did not come, from a device that numbers without gaps */
	CURSOR_RESTART, /* the device numbers anew; the last before was *ret_lost.first */
	CURSOR_NO_MEMORY,
};

/* A record is to be handed out. Only for records that pull_plan found to be new. */
enum cursor_move cursor_take(struct cursor *cursor, int64_t create_time, uint64_t rec_no,
	struct postern_rec_nos *ret_lost);
