/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on the wires of site.yaml, and the hands of the test: they show cards, press buttons,
 * move the door, and look at the locks.
 */
#pragma once

#include "world.h"

enum line {
	FRONT_LOCK = 0, /* high: unlocked */
	FRONT_CONTACT = 1, /* high: open */
	FRONT_REX = 2, /* low: pressed */
	HALL_LOCK = 3, /* low: unlocked */
	HALL_REX = 5, /* high: pressed */
	ENTRY_DATA0 = 8, /* reader 1 */
	ENTRY_DATA1 = 9,
	ENTRY_TAMPER = 10, /* low: tampered */
	ENTRY_LED = 11,
	ENTRY_BEEPER = 12,
	EXIT_DATA0 = 13, /* reader 2 */
	EXIT_DATA1 = 14,
	HALL_DATA0 = 16, /* reader 3 */
	HALL_DATA1 = 17,
	PANEL1_DATA0 = 24, /* of panel.yaml; the panels take these themselves */
	PANEL2_DATA0 = 26,
};

#define PULSE_NS (50 * NS_PER_US)
#define INTERVAL_NS (2 * NS_PER_MS)
#define GAP_NS (25 * NS_PER_MS)

/* An edge that the world saw at an output of the controller. */
struct seen {
	int64_t at_ns;
	enum line line;
	bool high;
};

/* Takes all lines of the world in their state of rest: door shut, nothing pressed, data high. */
void wiring_begin(void);
void wiring_end(void);

/* An input of the controller. */
void wiring_set(enum line line, bool high);
/* The level of any of the controller's outputs now. */
bool wiring_get(enum line line);

/*
 * Outputs' edges since the last call, at most max, in order of time: waits until `wanted` of this
 * line are among them or timeout_ms is over. wiring_forget drops those that wait.
 */
unsigned wiring_seen(
	struct seen *seen, unsigned max, enum line line, unsigned wanted, int timeout_ms);
void wiring_forget(void);
/* Waits for one edge of a line and gives its time; fails when it does not come or is another. */
int64_t wiring_wait(enum line line, bool high, int timeout_ms);
/* Fails when an output's line moves within this time. */
void wiring_quiet(enum line line, int ms);

/* Bits of a card in a built-in format: "W34", number as it is enrolled. */
struct card_bits card_of(const char *format, uint64_t number);

/* Sends bits from a reader, by its DATA0 line; ends with the last edge. Time of the last pulse. */
int64_t reader_send(enum line data0, const struct card_bits *bits);
int64_t reader_show(enum line data0, const char *format, uint64_t number);
/* The same from two readers at once. */
void readers_send(enum line data0, const struct card_bits *bits, enum line other_data0,
	const struct card_bits *other_bits);
/* Plays edges made by hand. */
void reader_play(enum line data0, const struct wiegand_edge *edges, size_t count);
