/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about descriptions share: the words of the keys, and sentences about bits. */
#pragma once

#include "domain/card_format.h"

/* In the order in which they are printed. */
enum card_format_key {
	CARD_FORMAT_KEY_NAME,
	CARD_FORMAT_KEY_BITS,
	CARD_FORMAT_KEY_CARD,
	CARD_FORMAT_KEY_FACILITY,
	CARD_FORMAT_KEY_ISSUE,
	CARD_FORMAT_KEY_OEM,
	CARD_FORMAT_KEY_BIT_ORDER,
	CARD_FORMAT_KEY_BYTE_ORDER,
	CARD_FORMAT_KEY_STANDARD_PARITY,
	CARD_FORMAT_KEY_PARITY,
	CARD_FORMAT_KEY_XOR,
	CARD_FORMAT_KEY_CONSTANT,
	CARD_FORMAT_KEY_IGNORE,
	CARD_FORMAT_KEY_FACILITIES,
	CARD_FORMAT_KEY_PRIORITY,
	CARD_FORMAT_KEY_COUNT
};

extern const char *const card_format_keys[CARD_FORMAT_KEY_COUNT];

/* CARD_FORMAT_KEY_COUNT when there is none such. */
enum card_format_key card_format_key_find(struct span key);

/* "unknown key `key`; allowed: ..." Always false. */
bool card_format_refuse_key(struct span key, struct buf *why);

/* 1 to 32 of A-Z, a-z, 0-9, -, _ and ., the first a letter. */
bool card_format_name_is_good(struct span name);

/* A text from outside in backquotes: at most 48 bytes, what is not printable ASCII as '?'. */
void card_format_add_quoted(struct buf *out, struct span text);

/* "5", "5-9": range.len is at least 1. */
void card_format_add_range(struct buf *out, unsigned first, unsigned last);

/* "1-12,14"; nothing for an empty set. */
void card_format_add_set(struct buf *out, const struct bit_set *set);

/* The first run of bits of set from *at on; *at moves behind it. False when there is none. */
bool card_format_next_run(
	const struct bit_set *set, unsigned *at, unsigned *ret_first, unsigned *ret_last);
