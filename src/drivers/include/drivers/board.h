/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual board: STATE/sim.board, mapped by supervisor, core and sim. It keeps its levels
 * whoever dies, as the worst real chip does, and counts how often each relay moved.
 */
#pragma once

#include "base/bits.h"
#include "base/compiler.h"
#include "domain/limits.h"
#include "platform/settings.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAGIC 0x706f7374u
#define BOARD_VERSION 2

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
	/* Wiegand output. */
	struct board_panel {
		_Atomic uint8_t low; /* bit 0: DATA0 is low; bit 1: DATA1 */
		_Atomic uint64_t count; /* frames that came out whole */
		/* The latest at [count % 2]: the other is written while it is read. */
		struct board_frame {
			_Atomic uint64_t bits[CARD_BITS_MAX / 64];
			_Atomic uint16_t count;
		} frame[2];
	} panel[PANELS_MAX];
};

/* Maps the file behind fd (made and sized when empty). NULL with errno when it is no board. */
struct board *board_map(int fd);

/*
 * Before anybody maps it: empties a board that another version made. 1 when it did, 0 when there
 * was nothing to do (a file that is no board is left for board_map to refuse), or -errno.
 */
MUST_CHECK int board_renew(int fd);

/* Atomic; counts only real moves. True when the level changed. */
bool board_set_lock(struct board *board, uint8_t door, bool unlocked, int64_t now_ns);
bool board_lock_is_open(const struct board *board, uint8_t door);
uint64_t board_lock_count(const struct board *board, uint8_t door); /* openings so far */

/* Pulls line 0 or 1 of a panel (number - 1) low, or lets it rise. */
void board_set_panel(struct board *board, uint8_t panel, uint8_t line, bool low);

/* Lets all lines of all panels rise: what was left low by who died. */
void board_panels_rest(struct board *board);

/* Notes a frame that was seen on a panel's lines. One process at a time writes. */
void board_panel_frame(struct board *board, uint8_t panel, const struct card_bits *bits);

/* The latest frame and how many there were; with 0 the bits are empty. */
uint64_t board_panel_last(const struct board *board, uint8_t panel, struct card_bits *ret_bits);
