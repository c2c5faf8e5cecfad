/* SPDX-License-Identifier: Apache-2.0 */
/* Journal entries as the events of both streams: which code, which part of bytes. Pure. */
#pragma once

#include "base/buf.h"
#include "domain/record.h"

#define EVENT_BOUNDARY "myboundary" /* what devices send; some clients look for it */
#define EVENT_PART_MAX 8192 /* bytes of one part; the longest entry stays below */
#define EVENT_BODY_MAX (EVENT_PART_MAX - 128)

enum event_code {
	EVENT_ACCESS_CONTROL = 0,
	EVENT_DOOR_STATUS,
	EVENT_BREAK_IN,
	EVENT_DOOR_NOT_CLOSED,
	EVENT_DURESS,
	EVENT_CHASSIS_INTRUDED,
	EVENT_ALARM_LOCAL,
	EVENT_PIN_LOCKOUT, /* ours: too many wrong PINs; Count: seconds */
	EVENT_SYSTEM, /* ours: everything that no device reports */
	EVENT_CODE_COUNT
};

const char *event_code_name(enum event_code code); /* "AccessControl" */

enum event_code event_code_of(enum journal_kind kind);
const char *event_action_of(enum journal_kind kind); /* "Pulse", "Start", "Stop" */

#define EVENT_CODES_ALL ((1u << EVENT_CODE_COUNT) - 1)

/* Bit of one name of codes= or Events=; 0 for a code that never occurs here; All for "All". */
uint32_t event_code_bits(struct span name);

enum event_style { EVENT_STYLE_CODE, EVENT_STYLE_SNAP }; /* eventManager, snapManager */

/* One part, from its boundary to its last CRLF. scratch: EVENT_BODY_MAX bytes. */
void event_part(
	struct buf *out, enum event_style style, const struct journal_entry *entry, char *scratch);
void event_heartbeat_part(struct buf *out);
