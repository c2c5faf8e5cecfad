/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual board: STATE/sim.board, mapped by supervisor, core and sim. It keeps its levels
 * whoever dies, as the worst real chip does, and counts how often each relay moved.
 */
#pragma once

#include "domain/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAGIC 0x706f7374u
#define BOARD_VERSION 1

struct board {
	_Atomic uint32_t magic; /* stored last, when the page is whole */
	uint32_t version;
	struct board_door {
		/* Bit 0: the lock is open. Above: how often it was opened, in units of 2. */
		_Atomic uint64_t lock;
		_Atomic int64_t changed_ns; /* CLOCK_BOOTTIME of the latest move */
		_Atomic uint8_t contact; /* 1: open */
		_Atomic uint8_t rex; /* 1: pressed */
	} door[DOORS_MAX];
	struct board_reader {
		_Atomic uint8_t tamper;
		_Atomic uint8_t feedback; /* enum feedback, latest */
		_Atomic uint32_t feedback_count; /* how many so far */
	} reader[READERS_MAX];
};

/* Maps the file behind fd (made and sized when empty). NULL with errno when it is no board. */
struct board *board_map(int fd);

/* Atomic; counts only real moves. True when the level changed. */
bool board_set_lock(struct board *board, uint8_t door, bool unlocked, int64_t now_ns);
bool board_lock_is_open(const struct board *board, uint8_t door);
uint64_t board_lock_count(const struct board *board, uint8_t door); /* openings so far */
