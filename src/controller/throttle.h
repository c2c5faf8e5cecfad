/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brakes, all bounded and none locking anybody else out: wrong log-ins slow their source down, for
 * the name that was tried; door commands are limited per account and door, old passwords per
 * account. now_ms: a clock that never goes back.
 */
#pragma once

#include "base/text.h"

#define THROTTLE_SOURCES_MAX 1024
#define THROTTLE_NAMES_MAX 4 /* of one source; further names share a place of their own */
#define THROTTLE_FREE_TRIES 5
#define THROTTLE_WAIT_MAX_MS 60000
#define THROTTLE_FORGET_MS 900000 /* a source that was quiet so long starts anew */

struct throttle {
	struct throttle_source {
		uint8_t address[16];
		struct text32 name; /* empty: no name, or one more than THROTTLE_NAMES_MAX */
		uint32_t wrong; /* in a row; 0: free */
		int64_t last_ms;
		int64_t until_ms;
	} source[THROTTLE_SOURCES_MAX];
	/* A source has to wait from now on, and nobody was told yet. */
	bool locked;
	uint8_t locked_address[16];
	int64_t told_milli; /* thousandths of a lock-out that may still be told */
	int64_t told_ms; /* since when that counts */
};

#define THROTTLE_TOLD_BURST 30
#define THROTTLE_TOLD_EVERY_MS 60000

/*
 * True once when a source began to have to wait, however often it tries on, and *ret_address is
 * it. Of many sources a burst of THROTTLE_TOLD_BURST, then one every THROTTLE_TOLD_EVERY_MS.
 */
bool throttle_lockout_take(struct throttle *throttle, int64_t now_ms, uint8_t ret_address[16]);

/*
 * How long the source has still to wait before a password of this name is looked at, 0 when it may
 * try. name: as the client wrote it, known or not; empty where there is none (a claim's code).
 */
int64_t throttle_wait_ms(const struct throttle *throttle, const uint8_t address[16],
	struct span name, int64_t now_ms);
void throttle_wrong(
	struct throttle *throttle, const uint8_t address[16], struct span name, int64_t now_ms);
/*
 * Forgives the source what it tried with this name, and no other: whoever has an account of his own
 * could guess another's between log-ins.
 */
void throttle_right(struct throttle *throttle, const uint8_t address[16], struct span name);

#define COMMAND_BURST 30
#define COMMAND_BUCKETS_MAX 256

struct command_limit {
	struct command_bucket {
		struct text32 account;
		uint8_t door;
		bool used;
		int64_t tokens_milli; /* thousandths of a command */
		int64_t last_ms;
	} bucket[COMMAND_BUCKETS_MAX];
};

#define PASSWORD_BURST 5
#define PASSWORD_EVERY_MS 60000

/* True when the account may command the door now; counts it. A burst of 30, then one a second. */
bool command_limit_take(
	struct command_limit *limit, const struct text32 *account, uint8_t door, int64_t now_ms);

/*
 * 0 when an old password may be judged for the account now, and counts it; else the ms to wait. A
 * burst of PASSWORD_BURST, then one every PASSWORD_EVERY_MS, right or wrong: each change that is
 * made is a row of the audit. A limit of its own, not that of commands.
 */
int64_t password_limit_wait_ms(
	struct command_limit *limit, const struct text32 *account, int64_t now_ms);
