// SPDX-License-Identifier: Apache-2.0
/*
 * head and tail run freely and wrap at 2^32; their difference is the fill. The producer publishes a
 * slot by storing head (release) after the copy, the consumer frees it by storing tail (release).
 */
#include "base/spsc.h"

#include "base/assert.h"

#include <string.h>

void spsc_init(struct spsc *ring, void *memory, uint32_t slot_count, size_t slot_size)
{
	ASSERT(slot_count > 0 && (slot_count & (slot_count - 1)) == 0);
	ring->slots = memory;
	ring->slot_size = slot_size;
	ring->mask = slot_count - 1;
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
}

static char *slot_at(const struct spsc *ring, uint32_t position)
{
	return ring->slots + (size_t)(position & ring->mask) * ring->slot_size;
}

bool spsc_push(struct spsc *ring, const void *value)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head - tail > ring->mask)
		return false;
	memcpy(slot_at(ring, head), value, ring->slot_size);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

const void *spsc_front(struct spsc *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	return head == tail ? NULL : slot_at(ring, tail);
}

void spsc_drop(struct spsc *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}

bool spsc_pop(struct spsc *ring, void *ret_value)
{
	const void *front = spsc_front(ring);

	if (front == NULL)
		return false;
	memcpy(ret_value, front, ring->slot_size);
	spsc_drop(ring);
	return true;
}

uint32_t spsc_count(const struct spsc *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	return atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
}
