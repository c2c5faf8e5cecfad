// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of the secure channel: the one everybody knows, the ones nobody may use, and how memory that
 * held one is overwritten.
 *
 * The weak-key check is made of rules that no random key meets by chance worth counting, so that it
 * needs no list that would have to grow. It has no early way out: a good key is a secret too.
 */
#include "protocols/osdp_secure.h"

#define DIFFERENT_MIN 9 /* bytes; by chance fewer in one of 10^9 keys */

const uint8_t osdp_key_default[OSDP_KEY_SIZE] = {0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
	0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F};

/* In print, and not met by a rule: up and down by nibbles; the example key of FIPS 197. */
static const uint8_t printed[][OSDP_KEY_SIZE] = {
	{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32,
		0x10},
	{0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F,
		0x3C},
};

static unsigned is_zero(unsigned byte)
{
	return (byte - 1) >> 31;
}

static unsigned different_count(const uint8_t key[OSDP_KEY_SIZE])
{
	unsigned count = 0;

	for (unsigned i = 0; i < OSDP_KEY_SIZE; i++) {
		unsigned seen = 0;

		for (unsigned j = 0; j < i; j++)
			seen |= is_zero((unsigned)(key[i] ^ key[j]));
		count += 1 - seen;
	}
	return count;
}

/* 1 when each byte is the one before plus the same step. */
static unsigned counts(const uint8_t key[OSDP_KEY_SIZE])
{
	unsigned step = (unsigned)(key[1] - key[0]), off = 0;

	for (unsigned i = 1; i < OSDP_KEY_SIZE; i++)
		off |= ((unsigned)(key[i] - key[i - 1]) ^ step) & 0xFF;
	return is_zero(off);
}

static unsigned is_text(const uint8_t key[OSDP_KEY_SIZE])
{
	unsigned other = 0;

	for (unsigned i = 0; i < OSDP_KEY_SIZE; i++)
		other |= ((unsigned)key[i] - 0x20) >> 31 | (0x7E - (unsigned)key[i]) >> 31;
	return 1 - other;
}

bool osdp_key_is_weak(const uint8_t key[OSDP_KEY_SIZE])
{
	unsigned weak = counts(key) | is_text(key);

	weak |= (different_count(key) - DIFFERENT_MIN) >> 31;
	for (size_t i = 0; i < ARRAY_COUNT(printed); i++)
		weak |= bytes_equal_secret(key, printed[i], OSDP_KEY_SIZE);
	return weak;
}

void osdp_wipe(void *memory, size_t len)
{
	memset(memory, 0, len);
	__asm__ volatile("" : : "r"(memory) : "memory"); /* the bytes are used: keep the memset */
}
