/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workload does, step by step, and what must be found after any number of steps. Each step
 * is one transaction that is a function of its number, so both sides know all of it.
 */
#pragma once

#include "store/store.h"

#define SCRIPT_STEPS 72
#define SCRIPT_REOPEN_EVERY 18 /* steps, then the store is closed and opened */

struct store_options script_options(void);

/* Carries out step `step` (from 0) and commits it. 0 or what failed. */
int script_step(struct store *store, uint32_t step);

enum script_verdict {
	SCRIPT_GOOD,
	SCRIPT_CORRUPT, /* cannot be opened or read */
	SCRIPT_LOST, /* something acknowledged is not there, or a removal is undone */
	SCRIPT_DOUBLED, /* something is there twice, or that nobody asked for */
	SCRIPT_REUSED, /* a number would be given out again */
	SCRIPT_VERDICT_COUNT
};

/*
 * Opens what a power cut left in the folder and compares. steps: how many were acknowledged; one
 * more may be there. serial: what the device was told to be, or NULL when nothing was.
 * why: 256 bytes for words about a bad verdict.
 */
enum script_verdict script_check(
	int dir_fd, uint32_t steps, const struct text32 *serial, char *why);
