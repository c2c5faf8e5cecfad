// SPDX-License-Identifier: Apache-2.0
/*
 * Wrong log-ins stand in a table of fixed size, by source and name; the one quiet for longest makes
 * room. An IPv6 source is its /64, because one subscriber owns all of it. The first
 * THROTTLE_FREE_TRIES wrong ones in a row are free, the wait after them doubles from one second to
 * a minute. Names are those that were tried, so that the wait tells nobody which exist; a source
 * that tries many has one place for all behind the first THROTTLE_NAMES_MAX.
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

/* The place where wrong tries of this name count, NULL when there is none yet. */
static const struct throttle_source *source_find(const struct throttle *throttle,
	const uint8_t key[16], struct span name, int64_t now_ms, bool *ret_shared)
{
	const struct throttle_source *shared = NULL;
	unsigned names = 0;

	*ret_shared = name.len == 0 || name.len > sizeof(throttle->source[0].name.bytes);
	for (uint32_t i = 0; i < THROTTLE_SOURCES_MAX; i++) {
		const struct throttle_source *source = &throttle->source[i];

		if (source->wrong == 0 || memcmp(source->address, key, 16) != 0)
			continue;
		if (source->name.len == 0)
			shared = source;
		else if (text_is(&source->name, name))
			return source;
		else if (now_ms - source->last_ms <= THROTTLE_FORGET_MS)
			names++;
	}
	*ret_shared |= names >= THROTTLE_NAMES_MAX;
	return *ret_shared ? shared : NULL;
}

static struct throttle_source *source_take(
	struct throttle *throttle, const uint8_t address[16], struct span name, int64_t now_ms)
{
	uint8_t key[16];
	bool shared;

	source_key(address, key);
	const struct throttle_source *known = source_find(throttle, key, name, now_ms, &shared);
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
	memcpy(oldest->address, key, sizeof(key));
	if (!shared)
		(void)text_set(&oldest->name, name);
	return oldest;
}

int64_t throttle_wait_ms(const struct throttle *throttle, const uint8_t address[16],
	struct span name, int64_t now_ms)
{
	uint8_t key[16];
	bool shared;

	source_key(address, key);
	const struct throttle_source *source = source_find(throttle, key, name, now_ms, &shared);

	return source != NULL && source->until_ms > now_ms ? source->until_ms - now_ms : 0;
}

void throttle_wrong(
	struct throttle *throttle, const uint8_t address[16], struct span name, int64_t now_ms)
{
	struct throttle_source *source = source_take(throttle, address, name, now_ms);
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

void throttle_right(struct throttle *throttle, const uint8_t address[16], struct span name)
{
	uint8_t key[16];

	source_key(address, key);
	for (uint32_t i = 0; i < THROTTLE_SOURCES_MAX; i++) {
		struct throttle_source *source = &throttle->source[i];

		if (source->wrong > 0 && memcmp(source->address, key, sizeof(key)) == 0 &&
			text_is(&source->name, name))
			*source = (struct throttle_source){0};
	}
}

static struct command_bucket *bucket_take(struct command_limit *limit, const struct text32 *account,
	uint8_t door, int64_t tokens_milli, int64_t now_ms)
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
		.tokens_milli = tokens_milli,
		.last_ms = now_ms,
	};
	return oldest;
}

/* Takes one token of 1000, of which one comes every so often; or says how many ms it is away. */
static int64_t bucket_wait_ms(
	struct command_bucket *bucket, int64_t burst, int64_t every_ms, int64_t now_ms)
{
	int64_t more = (now_ms - bucket->last_ms) * 1000 / every_ms;

	/* What is less than a thousandth stays to come. */
	bucket->last_ms += more * every_ms / 1000;
	bucket->tokens_milli += more;
	if (bucket->tokens_milli > burst * 1000)
		bucket->tokens_milli = burst * 1000;
	if (bucket->tokens_milli < 1000)
		return (1000 - bucket->tokens_milli) * every_ms / 1000;
	bucket->tokens_milli -= 1000;
	return 0;
}

bool command_limit_take(
	struct command_limit *limit, const struct text32 *account, uint8_t door, int64_t now_ms)
{
	struct command_bucket *bucket =
		bucket_take(limit, account, door, COMMAND_BURST * 1000, now_ms);

	return bucket_wait_ms(bucket, COMMAND_BURST, MS_PER_S, now_ms) == 0;
}

int64_t password_limit_wait_ms(
	struct command_limit *limit, const struct text32 *account, int64_t now_ms)
{
	struct command_bucket *bucket =
		bucket_take(limit, account, 0, PASSWORD_BURST * 1000, now_ms);

	return bucket_wait_ms(bucket, PASSWORD_BURST, PASSWORD_EVERY_MS, now_ms);
}
