// SPDX-License-Identifier: Apache-2.0
/*
 * Keys as frames. 4 bits are the key's value and have no check. 8 bits are its complement and the
 * value. 6 bits are the value between two parity bits: even over the value's first two bits, odd
 * over its last two.
 *
 * Rosslare's own table of 6 bits has the same checks and other values for 0, `*` and `#`. No code
 * says which table a keypad uses, but 000001 (0 of the one) and 011001 (`#` of the other) are in
 * one table only. So a keypad is taken to use the plain table until it sends the other's `#`, which
 * ends its first PIN; from then on its codes are read by that table, until 000001 says otherwise.
 */
#include "protocols/keypad.h"

#include "base/assert.h"

#define ROSSLARE_ZERO 10
#define ROSSLARE_STAR 11
#define ROSSLARE_HASH 12

static unsigned frame_value(const struct card_bits *bits)
{
	unsigned value = 0;

	for (unsigned i = 0; i < bits->count; i++)
		value = value << 1 | card_bits_get(bits, i);
	return value;
}

static unsigned six_of(unsigned value)
{
	unsigned even = (value >> 3 ^ value >> 2) & 1;
	unsigned odd = ~(value >> 1 ^ value) & 1;

	return even << 5 | value << 1 | odd;
}

static unsigned eight_of(unsigned value)
{
	return (~value & 0xf) << 4 | value;
}

/* The key that a value of 6 bits means; KEYPAD_KEYS: none. */
static unsigned six_key(unsigned value, enum keypad_six *six)
{
	if (value == 0)
		*six = KEYPAD_SIX_PARITY;
	if (value == ROSSLARE_HASH)
		*six = KEYPAD_SIX_ROSSLARE;
	if (*six == KEYPAD_SIX_PARITY || value < ROSSLARE_ZERO)
		return value;
	if (value == ROSSLARE_ZERO)
		return 0;
	return value - 1; /* `*` and `#` lie one above ours */
}

bool keypad_decode(const struct card_bits *bits, enum keypad_six *six, uint8_t *ret_key)
{
	unsigned frame, value, key;

	if (!keypad_is_frame(bits->count))
		return false;
	frame = frame_value(bits);
	value = bits->count == 6 ? frame >> 1 & 0xf : frame & 0xf;
	key = value;
	if (bits->count == 8 && frame != eight_of(value))
		return false;
	if (bits->count == 6) {
		if (frame != six_of(value) || value > ROSSLARE_HASH)
			return false;
		key = six_key(value, six);
	}
	if (key >= KEYPAD_KEYS)
		return false;
	*ret_key = (uint8_t)key;
	return true;
}

static unsigned rosslare_value(uint8_t key)
{
	if (key == 0)
		return ROSSLARE_ZERO;
	if (key == KEYPAD_STAR)
		return ROSSLARE_STAR;
	return key == KEYPAD_HASH ? ROSSLARE_HASH : key;
}

void keypad_encode(uint8_t key, unsigned bits, enum keypad_six six, struct card_bits *ret_bits)
{
	unsigned value = key;

	ASSERT(key < KEYPAD_KEYS && keypad_is_frame(bits));
	if (bits == 6)
		value = six_of(six == KEYPAD_SIX_ROSSLARE ? rosslare_value(key) : key);
	else if (bits == 8)
		value = eight_of(key);
	*ret_bits = (struct card_bits){.count = (uint16_t)bits};
	for (unsigned i = 0; i < bits; i++)
		card_bits_put(ret_bits, i, value >> (bits - 1 - i) & 1);
}
