/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a keypad on Wiegand lines: each key press is a frame of 4, 6 or 8 bits. Tables: Rosslare
 * W6500 and T6350, HID PINpad 7393760, EverFocus (8 bits), leosac.
 */
#pragma once

#include "base/bits.h"

#define KEYPAD_STAR 10
#define KEYPAD_HASH 11
#define KEYPAD_KEYS 12 /* 0 to 9, KEYPAD_STAR, KEYPAD_HASH */

/*
 * Two tables of 6 bits differ in three keys, and share two codes: 110100 is `*` or 0, 110111 is `#`
 * or `*`. Codes that only one table has tell which one a keypad uses.
 */
enum keypad_six {
	KEYPAD_SIX_PARITY = 0, /* the key's value between its two parity bits */
	KEYPAD_SIX_ROSSLARE, /* as that, but 0 is 1010, `*` is 1011 and `#` is 1100 */
};

/* Frames that long come from a keypad. */
static inline bool keypad_is_frame(unsigned bits)
{
	return bits == 4 || bits == 6 || bits == 8;
}

/*
 * The key of a frame. *six is the keypad's table as far as it is known, KEYPAD_SIX_PARITY at first;
 * a frame that settles it changes it. False, with nothing changed, when no key has such a frame: of
 * another length, a value above 11, or check bits that are wrong.
 */
bool keypad_decode(const struct card_bits *bits, enum keypad_six *six, uint8_t *ret_key);

/* The frame of a key (0 to 11) as 4, 6 or 8 bits; six matters for 6 bits only. */
void keypad_encode(uint8_t key, unsigned bits, enum keypad_six six, struct card_bits *ret_bits);
