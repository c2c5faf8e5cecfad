/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual lines: what happens at them. */
#pragma once

#include "messages/messages.h"

enum line_kind {
	LINE_DATA0 = 0, /* of a reader; level 0 is the pulse */
	LINE_DATA1,
	LINE_TAMPER, /* of a reader; level 1 is tampered */
	LINE_CONTACT, /* of a door; level 1 is open */
	LINE_REX, /* of a door; level 1 is pressed */
	LINE_KIND_COUNT
};

struct line_event {
	int64_t at_ns; /* CLOCK_MONOTONIC, as the kernel's GPIO stamps edges */
	uint8_t kind; /* enum line_kind */
	uint8_t at; /* reader number, or door index */
	uint8_t level;
};

#define MESSAGE_LINE_EVENTS_MAX 512

struct message_line_events {
	struct message_header header;
	uint32_t count;
	uint32_t lost; /* events the sender had to drop before these */
	struct line_event event[MESSAGE_LINE_EVENTS_MAX];
};
