/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OSDP line in virtual time: the panel's side of it, readers (devices of our own), and a pair of
 * wires with a speed. Bytes arrive when they are over, in pieces; two that speak at once spoil each
 * other; a wire may be cut, noisy, slow, doubling, or throw the panel's own bytes back.
 */
#pragma once

#include "base/compiler.h"
#include "protocols/osdp_bus.h"
#include "protocols/osdp_device.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define WORLD_READERS 32u
#define WORLD_PIECES 4096u /* under way at one time */
#define WORLD_CARDS 8u /* presented at one reader and not read yet */

struct world_piece {
	int64_t at_ns; /* when its last byte is over */
	int8_t from; /* -1: the panel */
	bool spoiled;
	uint8_t len;
	uint8_t bytes[8];
};

struct world_card {
	uint32_t number;
	int64_t at_ns;
};

struct world_reader {
	struct osdp_device device;
	bool cut; /* neither hears nor is heard */
	bool online; /* as the panel says */
	int64_t polled_ns; /* the latest reply the panel took */
	int64_t online_ns;
	uint64_t exchanges_before; /* of the counters, when measuring began */
	unsigned waiting;
	struct world_card card[WORLD_CARDS];
	uint32_t read_number; /* newest card that was read */
	int64_t gap_ns; /* the longest time between two replies */
	uint64_t presented, read, lost, slow, wrong, doubled, stale, onlines, offlines;
};

struct world {
	struct osdp_bus *bus;
	unsigned readers;
	uint32_t baud;
	int64_t char_ns;
	int64_t now_ns;
	int64_t busy_ns; /* somebody speaks until then */
	uint64_t random;
	double errors; /* chance of each bit */
	bool echo;
	bool mute; /* readers say nothing to a damaged command, instead of NAK 01 */
	bool doubles; /* each reply comes twice */
	int64_t delay_ns; /* on top, of each reply */
	int64_t slow_ns; /* a read that takes longer is slow */
	int64_t stale_ns; /* older when it is read: stale */
	int64_t latency_max_ns;
	uint64_t collisions;
	uint64_t panel_bytes;
	uint64_t frames; /* of both sides */
	uint64_t alarms[OSDP_ALARM_COUNT];
	uint32_t next_card;
	uint32_t timeout_max_us;
	/* Counts bytes of the exchange with reader 0 and cuts it behind this one; 0: never. */
	unsigned cut_at, cut_seen;
	bool cut_cards; /* only an exchange that a card waits for */
	struct world_reader reader[WORLD_READERS];
	unsigned piece_count;
	struct world_piece piece[WORLD_PIECES]; /* by time */
	_Alignas(16) uint8_t memory[WORLD_READERS * 8192];
};

/* Readers at addresses 0, 1, .., each with a key of its own, secure unless clear. */
void world_init(struct world *world, unsigned readers, uint32_t baud, bool secure, uint64_t seed);

void world_run(struct world *world, int64_t until_ns);

/* Until all readers but the first `dead` are online; false: not within the time. */
bool world_connect(struct world *world, unsigned dead, int64_t within_ns);

bool world_present(struct world *world, unsigned reader);
uint64_t world_below(struct world *world, uint64_t limit);
void world_measure(struct world *world); /* figures begin anew */
uint64_t world_exchanges(const struct world *world, unsigned reader); /* since then */
