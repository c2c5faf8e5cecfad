/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of a context: a binary heap by time, so that thousands cost little. The time is always an
 * argument. A timer is a member of what it wakes, and is stopped before that is freed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t at_ms;
	size_t place; /* in the heap, from 1; 0: not armed */
	void (*fired)(struct timer *timer);
};

struct timers {
	struct timer **heap; /* [0] is unused */
	size_t count;
	size_t capacity;
};

/* Arms or moves a timer. False when memory is out; a timer that is armed already always moves. */
bool timer_arm(struct timers *timers, struct timer *timer, int64_t at_ms);
void timer_stop(struct timers *timers, struct timer *timer);

/* When the first is due, or INT64_MAX. */
int64_t timers_next(const struct timers *timers);
/* Takes one that is due out and returns it, or NULL. */
struct timer *timers_take(struct timers *timers, int64_t now_ms);
void timers_drop(struct timers *timers);
