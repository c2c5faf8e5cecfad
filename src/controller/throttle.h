/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two brakes, both bounded and neither locking anybody else out: wrong log-ins slow their source
 * down, and door commands are limited per account and door. now_ms: a clock that never goes back.
 */
#pragma once

#include "base/text.h"

#define THROTTLE_SOURCES_MAX 1024
#define THROTTLE_FREE_TRIES 5
#define THROTTLE_WAIT_MAX_MS 60000
#define THROTTLE_FORGET_MS 900000 /* a source that was quiet so long starts anew */

struct throttle {
	struct throttle_source {
		uint8_t address[16];
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

/* How long the source has still to wait, 0 when it may try. */
int64_t throttle_wait_ms(
	const struct throttle *throttle, const uint8_t address[16], int64_t now_ms);
void throttle_wrong(struct throttle *throttle, const uint8_t address[16], int64_t now_ms);
void throttle_right(struct throttle *throttle, const uint8_t address[16]);

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

/* True when the account may command the door now; counts it. A burst of 30, then one a second. */
bool command_limit_take(
	struct command_limit *limit, const struct text32 *account, uint8_t door, int64_t now_ms);
