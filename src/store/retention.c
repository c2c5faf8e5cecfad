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

/* The ring as one transaction sees it. */
struct ring {
	uint64_t oldest_rec_no;
	uint64_t last_rec_no;
	uint64_t max;
};

static struct ring ring_of(const struct store *store)
{
	return (struct ring){store->now.counter[COUNTER_OLDEST_REC_NO],
		store->now.counter[COUNTER_REC_NO], store->options.records_max};
}

static uint64_t kept_of(const struct ring *ring)
{
	return ring->last_rec_no + 1 - ring->oldest_rec_no;
}

/* The first record of that time or later; *ret_rec_no is 0 when there is none. */
static int record_since(struct connection *connection, int64_t since_ms, uint64_t oldest_rec_no,
	uint64_t *ret_rec_no, int64_t *ret_utc_ms)
{
	struct sql_call call = call_begin(connection, SQL_RECORD_SINCE);

	*ret_rec_no = 0;
	call_put_i64(&call, since_ms);
	call_put_u64(&call, oldest_rec_no);
	if (call_next(&call)) {
		*ret_rec_no = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
		*ret_utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX);
	}
	return call_end(&call);
}

static enum retention_level level_of(const struct ring *ring)
{
	uint64_t kept = kept_of(ring);

	if (kept >= ring->max)
		return RETENTION_OVERWRITING;
	/* Nine tenths, rounded down, without overflow. */
	return kept >= ring->max - ring->max / 10 - (ring->max % 10 != 0) ? RETENTION_NEAR
									  : RETENTION_FINE;
}

/* From a record of some days ago to now, so many came: how long do `room` more take? */
static uint32_t days_for(uint64_t room, uint64_t came, int64_t span_ms)
{
	uint64_t days = room * (uint64_t)span_ms / came / (uint64_t)DAY_MS; /* below 2^64: a week */

	return days < RETENTION_DAYS_MAX ? (uint32_t)days : RETENTION_DAYS_MAX;
}

static int retention_look(struct connection *connection, const struct ring *ring,
	int64_t now_utc_ms, struct retention *ret)
{
	uint64_t first = 0;
	int64_t first_ms = 0;

	*ret = (struct retention){
		.level = level_of(ring),
		.kept = kept_of(ring),
		.max = ring->max,
		.days_left = RETENTION_DAYS_MAX,
	};
	if (ret->level == RETENTION_OVERWRITING) {
		ret->days_left = 0;
		return 0;
	}
	int error = record_since(
		connection, now_utc_ms - WEEK_MS, ring->oldest_rec_no, &first, &first_ms);

	if (error != 0 || first == 0)
		return error;
	/* An hour is no rate, and a clock may have been set back. */
	int64_t span_ms = now_utc_ms - first_ms > DAY_MS ? now_utc_ms - first_ms : DAY_MS;

	ret->days_left = days_for(ret->max - ret->kept, ring->last_rec_no + 1 - first, span_ms);
	return 0;
}

int retention_read(struct connection *connection, uint64_t records_max, int64_t now_utc_ms,
	struct retention *ret)
{
	struct ring ring = {.max = records_max};
	int error = counter_read(connection, "oldest_rec_no", &ring.oldest_rec_no);

	if (error == 0)
		error = counter_read(connection, "rec_no", &ring.last_rec_no);
	return error != 0 ? error : retention_look(connection, &ring, now_utc_ms, ret);
}

int store_retention(struct store *store, int64_t now_utc_ms, struct retention *ret)
{
	struct ring ring = ring_of(store);

	return retention_look(&store->connection, &ring, now_utc_ms, ret);
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
	struct ring ring = ring_of(store);
	enum retention_level level = level_of(&ring);
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
