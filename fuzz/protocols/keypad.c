// SPDX-License-Identifier: Apache-2.0
/*
 * A keypad's frames, two bytes each (length, bits). Oracle: a key that comes out is what the
 * encoder makes of it by the table the keypad is taken to use, bit for bit; lengths that no keypad
 * sends and values above 11 give none; a refusal changes nothing; 4 and 8 bits settle no table.
 */
#include "protocols/keypad.h"

#include "base/assert.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum keypad_six six = KEYPAD_SIX_PARITY;

	for (size_t at = 0; at + 2 <= size; at += 2) {
		struct card_bits bits = {.count = data[at] % 16};
		struct card_bits again;
		enum keypad_six before = six;
		uint8_t key = 0xff;

		for (unsigned i = 0; i < bits.count && i < 8; i++)
			card_bits_put(&bits, i, data[at + 1] >> (7 - i) & 1);
		if (!keypad_decode(&bits, &six, &key)) {
			ASSERT(key == 0xff && six == before);
			ASSERT(bits.count != 4 || (data[at + 1] >> 4) >= KEYPAD_KEYS);
			continue;
		}
		ASSERT(keypad_is_frame(bits.count) && key < KEYPAD_KEYS);
		ASSERT(bits.count == 6 || six == before);
		keypad_encode(key, bits.count, six, &again);
		ASSERT(memcmp(&bits, &again, sizeof(bits)) == 0);
	}
	return 0;
}
