/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which frames go to which third-party panel: what a reader gave, or whom a door opened for, in the
 * panel's format. Whatever wire a reader has ends here as bits and a number. No I/O, no clock.
 */
#pragma once

#include "domain/card_format.h"
#include "domain/record.h"
#include "platform/settings.h"

/* A card a panel did not get. */
struct panel_skip {
	uint8_t reader;
	uint8_t reason; /* enum reason */
	uint32_t count; /* how many, since the last one told */
	bool has_card; /* the first of them */
	uint64_t card_number;
	uint16_t card_bits;
};

/* False when too many frames of this panel (number - 1) wait. */
typedef bool rt_panel_send(void *user, uint8_t panel, const struct card_bits *bits);
typedef void rt_panel_skipped(void *user, uint8_t panel, const struct panel_skip *skip);

#define PANEL_GRANTS_MAX (PANELS_MAX * DOOR_WAITING_MAX)

struct rt_panels {
	rt_panel_send *send;
	rt_panel_skipped *skipped;
	void *user;
	struct rt_panel {
		bool configured;
		uint8_t reader;
		uint8_t when; /* enum panel_when */
		const struct card_format *format; /* NULL: bits as received */
		struct panel_skip skip; /* not told yet */
		int64_t quiet_until_ns; /* nothing is told before */
	} panel[PANELS_MAX];
	/* The latest card of each reader: the bits of a grant. */
	struct rt_panel_card {
		struct card_bits bits; /* as received */
		bool has_number;
		uint64_t number;
	} latest[READERS_MAX];
	/* Grants that have no outcome yet, of readers whose panel is told of grants. */
	struct rt_panel_grant {
		uint64_t ticket; /* 0: free */
		uint8_t reader;
		struct rt_panel_card card;
	} grant[PANEL_GRANTS_MAX];
	uint32_t grant_next;
};

void rt_panels_init(struct rt_panels *panels, const struct settings *settings, rt_panel_send *send,
	rt_panel_skipped *skipped, void *user);

/* A reader gave a frame. number: of the card it is; NULL for keys and what no format fits. */
void rt_panels_frame(struct rt_panels *panels, uint8_t reader, const struct card_bits *bits,
	const uint64_t *number, int64_t now_ns);

/* An entry of the journal was made: grants and what becomes of them. */
void rt_panels_entry(struct rt_panels *panels, const struct commit_entry *entry, int64_t now_ns);

/* Tells of what was skipped and not told, once a minute a panel. Called every now and then. */
void rt_panels_time(struct rt_panels *panels, int64_t now_ns);
