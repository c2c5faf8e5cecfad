// SPDX-License-Identifier: Apache-2.0
/*
 * Sources of wrong log-ins stand in a table of fixed size; the one quiet for longest makes room. An
 * IPv6 source is its /64, because one subscriber owns all of it. The first THROTTLE_FREE_TRIES
 * wrong ones in a row are free, the wait after them doubles from one second to a minute.
 */
#include "throttle.h"

#include "base/civil.h"

#include <string.h>

static void source_key(const uint8_t address[16], uint8_t ret[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(ret, address, 16);
	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		memset(ret + 8, 0, 8);
}

static const struct throttle_source *source_find(
	const struct throttle *throttle, const uint8_t address[16])
{
	uint8_t key[16];

	source_key(address, key);
	for (uint32_t i = 0; i < THROTTLE_SOURCES_MAX; i++) {
		const struct throttle_source *source = &throttle->source[i];

		if (source->wrong > 0 && memcmp(source->address, key, sizeof(key)) == 0)
			return source;
	}
	return NULL;
}

static struct throttle_source *source_take(
	struct throttle *throttle, const uint8_t address[16], int64_t now_ms)
{
	const struct throttle_source *known = source_find(throttle, address);
	struct throttle_source *oldest = &throttle->source[0];

	if (known != NULL)
		return &throttle->source[known - throttle->source];
	for (uint32_t i = 0; i < THROTTLE_SOURCES_MAX; i++) {
		struct throttle_source *source = &throttle->source[i];

		if (source->wrong == 0) {
			oldest = source;
			break;
		}
		if (source->last_ms < oldest->last_ms)
			oldest = source;
	}
	*oldest = (struct throttle_source){.last_ms = now_ms};
	source_key(address, oldest->address);
	return oldest;
}

int64_t throttle_wait_ms(const struct throttle *throttle, const uint8_t address[16], int64_t now_ms)
{
	const struct throttle_source *source = source_find(throttle, address);

	return source != NULL && source->until_ms > now_ms ? source->until_ms - now_ms : 0;
}

void throttle_wrong(struct throttle *throttle, const uint8_t address[16], int64_t now_ms)
{
	struct throttle_source *source = source_take(throttle, address, now_ms);
	int64_t wait_ms = MS_PER_S;

	if (now_ms - source->last_ms > THROTTLE_FORGET_MS)
		source->wrong = 0;
	source->last_ms = now_ms;
	if (source->wrong < UINT32_MAX)
		source->wrong++;
	if (source->wrong < THROTTLE_FREE_TRIES)
		return;
	if (source->wrong == THROTTLE_FREE_TRIES) {
		throttle->locked = true;
		memcpy(throttle->locked_address, address, sizeof(throttle->locked_address));
	}
	for (uint32_t i = THROTTLE_FREE_TRIES; i < source->wrong && wait_ms < THROTTLE_WAIT_MAX_MS;
		i++)
		wait_ms *= 2;
	source->until_ms =
		now_ms + (wait_ms < THROTTLE_WAIT_MAX_MS ? wait_ms : THROTTLE_WAIT_MAX_MS);
}

bool throttle_lockout_take(struct throttle *throttle, int64_t now_ms, uint8_t ret_address[16])
{
	const int64_t full = THROTTLE_TOLD_BURST * 1000;

	if (!throttle->locked)
		return false;
	throttle->locked = false;
	int64_t more = throttle->told_ms == 0
			       ? full
			       : (now_ms - throttle->told_ms) * 1000 / THROTTLE_TOLD_EVERY_MS;

	throttle->told_milli =
		more >= full - throttle->told_milli ? full : throttle->told_milli + more;
	throttle->told_ms = now_ms;
	if (throttle->told_milli < 1000)
		return false;
	throttle->told_milli -= 1000;
	memcpy(ret_address, throttle->locked_address, sizeof(throttle->locked_address));
	return true;
}

void throttle_right(struct throttle *throttle, const uint8_t address[16])
{
	const struct throttle_source *source = source_find(throttle, address);

	if (source != NULL)
		throttle->source[source - throttle->source] = (struct throttle_source){0};
}

static struct command_bucket *bucket_take(
	struct command_limit *limit, const struct text32 *account, uint8_t door, int64_t now_ms)
{
	struct command_bucket *oldest = &limit->bucket[0];

	for (uint32_t i = 0; i < COMMAND_BUCKETS_MAX; i++) {
		struct command_bucket *bucket = &limit->bucket[i];

		if (bucket->used && bucket->door == door &&
			text_is(&bucket->account, text_span(account)))
			return bucket;
		if (oldest->used && (!bucket->used || bucket->last_ms < oldest->last_ms))
			oldest = bucket;
	}
	*oldest = (struct command_bucket){
		.account = *account,
		.door = door,
		.used = true,
		.tokens_milli = COMMAND_BURST * 1000,
		.last_ms = now_ms,
	};
	return oldest;
}

bool command_limit_take(
	struct command_limit *limit, const struct text32 *account, uint8_t door, int64_t now_ms)
{
	struct command_bucket *bucket = bucket_take(limit, account, door, now_ms);
	int64_t tokens = bucket->tokens_milli + (now_ms - bucket->last_ms);

	bucket->last_ms = now_ms;
	bucket->tokens_milli = tokens < COMMAND_BURST * 1000 ? tokens : COMMAND_BURST * 1000;
	if (bucket->tokens_milli < 1000)
		return false;
	bucket->tokens_milli -= 1000;
	return true;
}
