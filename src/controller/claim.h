/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first account of a device that has none: whoever knows the one-time code, which only the
 * device's own log shows, chooses its password. The code is new at each start, counts wrong
 * guesses, and ends with the claim. The serving thread's.
 */
#pragma once

#include "base/compiler.h"
#include "base/text.h"
#include "throttle.h"

#define CLAIM_CODE_LETTERS 10 /* of 32: 50 bits */
#define CLAIM_GUESSES_MAX 100 /* wrong ones altogether; then the code is none any more */
#define CLAIM_CODE_TEXT (CLAIM_CODE_LETTERS + 2) /* "ABCDE-FGHIJ" and NUL */

struct claim {
	bool open; /* there is no account */
	bool pending; /* the right code came; the store is at it */
	uint32_t slot; /* of the pending request */
	uint32_t wrong;
	char code[CLAIM_CODE_LETTERS];
	struct text128 password; /* while pending */
};

enum claim_verdict {
	CLAIM_RIGHT, /* the caller writes the account now, then calls claim_end */
	CLAIM_WRONG,
	CLAIM_CLOSED, /* claimed, or pending */
	CLAIM_WORN, /* CLAIM_GUESSES_MAX wrong codes came */
	CLAIM_WAIT, /* this source has guessed too often: *ret_wait_s */
};

/* Makes a code. memory gets it as people read it. */
void claim_open(struct claim *claim, char memory[CLAIM_CODE_TEXT]);

/* Judges a code as it was typed: blanks, dashes and case do not count. CLAIM_RIGHT: now pending. */
MUST_CHECK enum claim_verdict claim_judge(struct claim *claim, struct throttle *throttle,
	struct span code, const uint8_t address[16], int64_t now_ms, uint32_t *ret_wait_s);

/* The pending claim ended: made, or the device is as unclaimed as before, with the same code. */
void claim_end(struct claim *claim, bool made);
