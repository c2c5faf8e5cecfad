/* SPDX-License-Identifier: Apache-2.0 */
/* Bits as a card reader sends them: bit 0 is the first received (Wiegand and OSDP RAW alike). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CARD_BITS_MAX 128

struct card_bits {
	uint16_t count; /* 0 to CARD_BITS_MAX */
	uint8_t bytes[CARD_BITS_MAX /
		      8]; /* bit i is bytes[i / 8] >> (7 - i % 8) & 1; unused bits 0 */
};

static inline bool card_bits_get(const struct card_bits *bits, unsigned at)
{
	return (bits->bytes[at / 8] >> (7 - at % 8)) & 1;
}

static inline void card_bits_put(struct card_bits *bits, unsigned at, bool one)
{
	uint8_t mask = (uint8_t)(0x80 >> (at % 8));

	bits->bytes[at / 8] =
		(uint8_t)(one ? bits->bytes[at / 8] | mask : bits->bytes[at / 8] & ~mask);
}
