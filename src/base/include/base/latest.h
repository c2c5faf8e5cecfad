/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest values of a thread that must not wait, for any thread that wants to look: a ring of
 * fixed slots that the one writer goes round. Nobody locks; who reads too slowly is told that a
 * value is gone. Values are copied in and out.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latest {
	_Atomic uint64_t *words;
	size_t value_size; /* bytes */
	size_t slot_words;
	uint32_t mask; /* slot count - 1 */
	_Atomic uint64_t last; /* number of the newest value, from 1; 0: none yet */
};

/* Bytes of memory for slot_count (a power of two) values. */
size_t latest_size(uint32_t slot_count, size_t value_size);

/* memory: latest_size bytes, zero, aligned to 8, owned by the caller for the ring's life. */
void latest_init(struct latest *latest, void *memory, uint32_t slot_count, size_t value_size);

/* By the one writer: takes the place of the oldest. Returns its number. */
uint64_t latest_put(struct latest *latest, const void *value);

/* Number of the newest value; values from last - slot_count + 1 on may be read. */
uint64_t latest_last(const struct latest *latest);

/* By any thread. False, with *ret_value of no use, when the value is gone or not there yet. */
bool latest_get(const struct latest *latest, uint64_t number, void *ret_value);
