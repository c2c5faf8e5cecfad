// SPDX-License-Identifier: Apache-2.0
/*
 * A sequence lock a slot. Its first word is twice the number of the value in it, and one less while
 * that value is being written. A reader that finds the same word before and after its copy has a
 * whole value; else that value is gone, for the writer has gone round.
 *
 * Every word is atomic, so that a copy that is overtaken is a wrong copy and not a data race. The
 * order needs no fences: what the reader loads with acquire and the writer stored with release
 * brings the odd number that was stored before it (H.-J. Boehm, "Can seqlocks get along with
 * programming language memory models?", MSPC 2012).
 */
#include "base/latest.h"

#include "base/assert.h"

#include <string.h>

#define WORD sizeof(uint64_t)

static size_t slot_words(size_t value_size)
{
	return 1 + (value_size + WORD - 1) / WORD;
}

size_t latest_size(uint32_t slot_count, size_t value_size)
{
	return slot_count * slot_words(value_size) * WORD;
}

void latest_init(struct latest *latest, void *memory, uint32_t slot_count, size_t value_size)
{
	ASSERT(slot_count > 0 && (slot_count & (slot_count - 1)) == 0 && value_size > 0);
	latest->words = memory;
	latest->value_size = value_size;
	latest->slot_words = slot_words(value_size);
	latest->mask = slot_count - 1;
	atomic_init(&latest->last, 0);
}

static _Atomic uint64_t *slot_at(const struct latest *latest, uint64_t number)
{
	return latest->words + (size_t)((number - 1) & latest->mask) * latest->slot_words;
}

/* Bytes of the value in word at, from 0. */
static size_t word_bytes(const struct latest *latest, size_t at)
{
	size_t left = latest->value_size - at * WORD;

	return left < WORD ? left : WORD;
}

uint64_t latest_put(struct latest *latest, const void *value)
{
	uint64_t number = atomic_load_explicit(&latest->last, memory_order_relaxed) + 1;
	_Atomic uint64_t *slot = slot_at(latest, number);

	atomic_store_explicit(&slot[0], 2 * number - 1, memory_order_relaxed);
	for (size_t at = 0; at + 1 < latest->slot_words; at++) {
		uint64_t word = 0;

		memcpy(&word, (const char *)value + at * WORD, word_bytes(latest, at));
		atomic_store_explicit(&slot[1 + at], word, memory_order_release);
	}
	atomic_store_explicit(&slot[0], 2 * number, memory_order_release);
	atomic_store_explicit(&latest->last, number, memory_order_release);
	return number;
}

uint64_t latest_last(const struct latest *latest)
{
	return atomic_load_explicit(&latest->last, memory_order_acquire);
}

bool latest_get(const struct latest *latest, uint64_t number, void *ret_value)
{
	if (number == 0)
		return false;
	const _Atomic uint64_t *slot = slot_at(latest, number);

	if (atomic_load_explicit(&slot[0], memory_order_acquire) != 2 * number)
		return false;
	for (size_t at = 0; at + 1 < latest->slot_words; at++) {
		uint64_t word = atomic_load_explicit(&slot[1 + at], memory_order_acquire);

		memcpy((char *)ret_value + at * WORD, &word, word_bytes(latest, at));
	}
	return atomic_load_explicit(&slot[0], memory_order_relaxed) == 2 * number;
}
