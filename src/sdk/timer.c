// SPDX-License-Identifier: Apache-2.0
/* The heap of timers: parent of place n is n / 2, every timer knows its place. */
#include "timer.h"

#include <stdlib.h>

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void rise(struct timers *timers, size_t place)
{
	struct timer *timer = timers->heap[place];

	for (; place > 1 && timers->heap[place / 2]->at_ms > timer->at_ms; place /= 2)
		put(timers, place, timers->heap[place / 2]);
	put(timers, place, timer);
}

static void sink(struct timers *timers, size_t place)
{
	struct timer *timer = timers->heap[place];

	for (size_t child; (child = 2 * place) <= timers->count; place = child) {
		if (child < timers->count &&
			timers->heap[child + 1]->at_ms < timers->heap[child]->at_ms)
			child++;
		if (timers->heap[child]->at_ms >= timer->at_ms)
			break;
		put(timers, place, timers->heap[child]);
	}
	put(timers, place, timer);
}

static bool grow(struct timers *timers)
{
	if (timers->count + 1 < timers->capacity)
		return true;
	size_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
	struct timer **heap = realloc(timers->heap, capacity * sizeof(struct timer *));

	if (heap == NULL)
		return false;
	timers->heap = heap;
	timers->capacity = capacity;
	return true;
}

bool timer_arm(struct timers *timers, struct timer *timer, int64_t at_ms)
{
	if (timer->place == 0) {
		if (!grow(timers))
			return false;
		put(timers, ++timers->count, timer);
	}
	timer->at_ms = at_ms;
	rise(timers, timer->place);
	sink(timers, timer->place);
	return true;
}

void timer_stop(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	if (place == 0)
		return;
	timer->place = 0;
	struct timer *last = timers->heap[timers->count--];

	if (last == timer)
		return;
	put(timers, place, last);
	rise(timers, place);
	sink(timers, last->place);
}

int64_t timers_next(const struct timers *timers)
{
	return timers->count == 0 ? INT64_MAX : timers->heap[1]->at_ms;
}

struct timer *timers_take(struct timers *timers, int64_t now_ms)
{
	if (timers->count == 0 || timers->heap[1]->at_ms > now_ms)
		return NULL;
	struct timer *timer = timers->heap[1];

	timer_stop(timers, timer);
	return timer;
}

void timers_drop(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}
