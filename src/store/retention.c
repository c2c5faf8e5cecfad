// SPDX-License-Identifier: Apache-2.0
/*
 * The alarm before records are lost: once when nine tenths of the ring are taken, once when the
 * first record is overwritten, then once a day for as long as that goes on. What was told is kept
 * in counters, so that a restart tells nothing twice. A ring that is given more room starts anew.
 */
#include "internal.h"

#include "base/assert.h"

#define DAY_MS (S_PER_DAY * MS_PER_S)
#define WEEK_MS (7 * DAY_MS)

/* The first record of that time or later; *ret_rec_no is 0 when there is none. */
static int record_since(
	struct store *store, int64_t since_ms, uint64_t *ret_rec_no, int64_t *ret_utc_ms)
{
	struct sql_call call = call_begin(&store->connection, SQL_RECORD_SINCE);

	*ret_rec_no = 0;
	call_put_i64(&call, since_ms);
	call_put_u64(&call, store->now.counter[COUNTER_OLDEST_REC_NO]);
	if (call_next(&call)) {
		*ret_rec_no = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
		*ret_utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX);
	}
	return call_end(&call);
}

static enum retention_level level_of(uint64_t kept, uint64_t max)
{
	if (kept >= max)
		return RETENTION_OVERWRITING;
	/* Nine tenths, rounded down, without overflow. */
	return kept >= max - max / 10 - (max % 10 != 0) ? RETENTION_NEAR : RETENTION_FINE;
}

static uint64_t kept_of(const struct store *store)
{
	const uint64_t *counter = store->now.counter;

	return counter[COUNTER_REC_NO] + 1 - counter[COUNTER_OLDEST_REC_NO];
}

/* From a record of some days ago to now, so many came: how long do `room` more take? */
static uint32_t days_for(uint64_t room, uint64_t came, int64_t span_ms)
{
	uint64_t days = room * (uint64_t)span_ms / came / (uint64_t)DAY_MS; /* below 2^64: a week */

	return days < RETENTION_DAYS_MAX ? (uint32_t)days : RETENTION_DAYS_MAX;
}

int store_retention(struct store *store, int64_t now_utc_ms, struct retention *ret)
{
	const uint64_t *counter = store->now.counter;
	uint64_t first = 0;
	int64_t first_ms = 0;

	*ret = (struct retention){
		.level = level_of(kept_of(store), store->options.records_max),
		.kept = kept_of(store),
		.max = store->options.records_max,
		.days_left = RETENTION_DAYS_MAX,
	};
	if (ret->level == RETENTION_OVERWRITING) {
		ret->days_left = 0;
		return 0;
	}
	int error = record_since(store, now_utc_ms - WEEK_MS, &first, &first_ms);

	if (error != 0 || first == 0)
		return error;
	/* A clock that was set back, or all within one moment: as if within a day. */
	int64_t span_ms = now_utc_ms - first_ms;

	ret->days_left = days_for(ret->max - ret->kept, counter[COUNTER_REC_NO] + 1 - first,
		span_ms > 0 ? span_ms : 1);
	return 0;
}

static bool is_due(const uint64_t *counter, enum retention_level level, int64_t now_s)
{
	int64_t told_s = (int64_t)counter[COUNTER_RETENTION_S];

	if (level > counter[COUNTER_RETENTION_LEVEL])
		return true;
	return level == RETENTION_OVERWRITING && (now_s - told_s >= S_PER_DAY || now_s < told_s);
}

int store_retention_mind(struct store *store, const struct moment *now, bool *ret_told)
{
	uint64_t *counter = store->now.counter;
	enum retention_level level = level_of(kept_of(store), store->options.records_max);
	int64_t now_s = now->utc_ms > 0 ? now->utc_ms / MS_PER_S : 0;
	struct retention retention;

	ASSERT(store->in_transaction);
	*ret_told = false;
	if (!is_due(counter, level, now_s)) {
		if (level < counter[COUNTER_RETENTION_LEVEL])
			counter[COUNTER_RETENTION_LEVEL] = level;
		return 0;
	}
	int error = store_retention(store, now->utc_ms, &retention);

	if (error != 0)
		return error;
	struct commit_entry entry = {
		.kind = JOURNAL_RETENTION,
		.at = *now,
		.door = DOOR_NONE,
		.count = retention.days_left,
	};

	counter[COUNTER_RETENTION_LEVEL] = level;
	counter[COUNTER_RETENTION_S] = (uint64_t)now_s;
	*ret_told = true;
	return store_append(store, &entry, NULL);
}
