// SPDX-License-Identifier: Apache-2.0
/* Events at virtual lines. */
#include "messages/lines.h"

#include "domain/limits.h"
#include "judge.h"

size_t cut_line_events(const void *message)
{
	const struct message_line_events *m = message;

	return offsetof(struct message_line_events, event) +
	       (m->count > MESSAGE_LINE_EVENTS_MAX ? MESSAGE_LINE_EVENTS_MAX : m->count) *
		       sizeof(m->event[0]);
}

static bool line_event_check(const struct line_event *event)
{
	if (event->level > 1 || event->at_ns < 0)
		return false;
	switch (event->kind) {
	case LINE_DATA0:
	case LINE_DATA1:
	case LINE_TAMPER:
		return event->at >= 1 && event->at <= READERS_MAX;
	case LINE_CONTACT:
	case LINE_REX:
		return event->at < DOORS_MAX;
	default:
		return false;
	}
}

bool judge_line_events(const void *message)
{
	const struct message_line_events *m = message;

	if (m->count > MESSAGE_LINE_EVENTS_MAX)
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!line_event_check(&m->event[i]))
			return false;
	}
	return true;
}
