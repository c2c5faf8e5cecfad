/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring between one producing and one consuming thread: fixed slots, values copied in and out, no
 * lock, no allocation after spsc_init. Waking the other side (an eventfd) is the user's matter.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spsc {
	char *slots;
	size_t slot_size; /* bytes */
	uint32_t mask; /* slot count - 1 */
	_Alignas(64) _Atomic uint32_t head; /* next to write; only the producer stores it */
	_Alignas(64) _Atomic uint32_t tail; /* next to read; only the consumer stores it */
};

/* memory: slot_count * slot_size bytes, owned by the caller; slot_count is a power of two. */
void spsc_init(struct spsc *ring, void *memory, uint32_t slot_count, size_t slot_size);

/* False, and nothing written, when the ring is full. */
bool spsc_push(struct spsc *ring, const void *value);

/* False, and *ret_value unchanged, when the ring is empty. */
bool spsc_pop(struct spsc *ring, void *ret_value);

/* The oldest value in place, or NULL; valid until the consumer's next spsc_drop or spsc_pop. */
const void *spsc_front(struct spsc *ring);
void spsc_drop(struct spsc *ring);

/* Values waiting; exact for either side when the other stands still. */
uint32_t spsc_count(const struct spsc *ring);
