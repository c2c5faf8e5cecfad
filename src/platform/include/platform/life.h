/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word in memory shared by two processes that tells the one at once when a thread of the other
 * ends, however it ends: a robust futex (get_robust_list(2)). The kernel marks it as the first
 * thing of a thread's end, long before a parent hears of a process's: that waits until the memory
 * of all threads was taken apart, by whichever of them came last, at that one's priority.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* In the thread that is watched: from here until life_release its end is told. One word a thread.
 */
void life_hold(_Atomic uint32_t *word);
/* It ends in order: nobody is to be told. */
void life_release(_Atomic uint32_t *word);

/* Whether the thread that held this word has ended. The word may hold anything. */
bool life_has_ended(uint32_t word);

/* Waits until the word is another than `seen`, or a signal comes. Returns what it is then. */
uint32_t life_wait(const _Atomic uint32_t *word, uint32_t seen);
