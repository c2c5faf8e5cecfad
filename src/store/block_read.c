// SPDX-License-Identifier: Apache-2.0
/*
 * Counting records by their blocks (block.c), exactly: what a block cannot say, because a bound of
 * the query lies within it, is asked of the level below, and in the end of the rows themselves.
 *
 * With a clock that never went back a query has one such block at each of its bounds on each level.
 * More of them, side by side, are asked below as one stretch. The same walk finds the place of the
 * n-th record: it stops in the stretch of rows that holds it.
 *
 * Bounds: one nested statement a level; no memory.
 */
#include "block.h"

#include "base/assert.h"

struct walk {
	struct connection *connection;
	const struct block_query *query;
	int (*rows)(struct connection *connection, const struct block_query *query,
		const struct place *from, const struct place *to, uint64_t *ret_count);
	struct block_total *total;
};

struct stretch {
	struct place from;
	struct place to;
};

struct block_row {
	struct stretch stretch;
	uint64_t count; /* wanted ones */
	bool unknown; /* there may be others */
};

static int count_stretch(struct walk *walk, int level, const struct stretch *stretch);

static int count_rows(struct walk *walk, const struct stretch *stretch)
{
	uint64_t count = 0;
	int error = walk->rows(walk->connection, walk->query, &stretch->from, &stretch->to, &count);

	if (error != 0)
		return error;
	if (count > walk->total->skip - walk->total->count) {
		walk->total->stopped = true;
		walk->total->place = stretch->from;
	} else {
		walk->total->count += count;
	}
	return 0;
}

static void put_condition(struct sql_call *call, bool has, uint8_t value)
{
	call_put_i64(call, has ? value : -1);
}

static struct sql_call blocks_begin(
	const struct walk *walk, int level, const struct stretch *stretch)
{
	const struct block_query *query = walk->query;
	const struct record_filter *filter = query->filter;
	struct sql_call call = call_begin_text(walk->connection, span_from_string(sql_blocks));

	call_put_u64(&call, query->key.kind);
	call_put_text(&call, query->key.text);
	call_put_i64(&call, level);
	call_put_i64(&call, stretch->from.utc_ms);
	call_put_u64(&call, stretch->from.rec_no);
	call_put_i64(&call, stretch->to.utc_ms);
	call_put_u64(&call, stretch->to.rec_no);
	put_condition(&call, filter->has_door, filter->door);
	put_condition(&call, filter->has_method, filter->method);
	put_condition(&call, filter->has_status, filter->status);
	call_put_i64(&call, query->from_ms);
	call_put_i64(&call, query->to_ms);
	call_put_u64(&call, query->below);
	if (query->has_other)
		call_put_text(&call, query->other);
	else
		call_put_null(&call);
	return call;
}

static bool blocks_next(struct sql_call *call, struct block_row *ret)
{
	if (!call_next(call))
		return false;
	ret->stretch.from.utc_ms = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->stretch.from.rec_no = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	ret->stretch.to.utc_ms = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->stretch.to.rec_no = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	ret->count = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	ret->unknown = call_get_i64(call, 0, INT64_MAX) > 0;
	return call->error == 0;
}

/* Moves *from back to where the block begins that it lies in. */
static int begin_of_block(struct walk *walk, int level, struct place *from)
{
	struct sql_call call = call_begin(walk->connection, SQL_BLOCK_AT);
	struct stretch block;

	call_put_u64(&call, walk->query->key.kind);
	call_put_text(&call, walk->query->key.text);
	call_put_i64(&call, level);
	call_put_i64(&call, from->utc_ms);
	call_put_u64(&call, from->rec_no);
	if (call_next(&call)) {
		block.from.utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX);
		block.from.rec_no = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
		block.to.utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX);
		block.to.rec_no = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
		if (call.error == 0 && place_before(from, &block.to))
			*from = block.from;
	}
	return call_end(&call);
}

/* The stretch that lies behind the last block that could say, up to `to`. */
static int count_pending(
	struct walk *walk, int level, const struct place *from, const struct place *to)
{
	const struct stretch pending = {*from, *to};

	return place_before(from, to) ? count_stretch(walk, level - 1, &pending) : 0;
}

/* from: up to where all is counted. */
static int count_block(
	struct walk *walk, int level, const struct block_row *row, struct place *from)
{
	struct block_total *total = walk->total;
	int error = count_pending(walk, level, from, &row->stretch.from);

	if (error != 0 || total->stopped)
		return error;
	if (place_before(from, &row->stretch.to))
		*from = row->stretch.to;
	if (row->count > total->skip - total->count)
		return count_pending(walk, level, &row->stretch.from, &row->stretch.to);
	total->count += row->count;
	return 0;
}

/* A block may reach over the end of a block of a higher level, made when that was there before. */
static bool is_within(const struct stretch *block, const struct stretch *stretch)
{
	return !place_before(&block->from, &stretch->from) &&
	       !place_before(&stretch->to, &block->to);
}

static int count_blocks(struct walk *walk, int level, const struct stretch *stretch)
{
	struct block_row row;
	struct stretch wide = *stretch;
	struct place from = stretch->from;
	int error = begin_of_block(walk, level, &wide.from);

	if (error != 0)
		return error;
	struct sql_call call = blocks_begin(walk, level, &wide);

	while (error == 0 && !walk->total->stopped && blocks_next(&call, &row)) {
		if (!row.unknown && (row.count == 0 || is_within(&row.stretch, stretch)))
			error = count_block(walk, level, &row, &from);
	}
	int end = call_end(&call);

	if (error == 0)
		error = end;
	if (error != 0 || walk->total->stopped)
		return error;
	return count_pending(walk, level, &from, &stretch->to);
}

static int count_stretch(struct walk *walk, int level, const struct stretch *stretch)
{
	ASSERT(level >= -1 && level < BLOCK_LEVELS);
	return level < 0 ? count_rows(walk, stretch) : count_blocks(walk, level, stretch);
}

int block_count(struct connection *connection, const struct block_query *query,
	int (*rows)(struct connection *connection, const struct block_query *query,
		const struct place *from, const struct place *to, uint64_t *ret_count),
	struct block_total *total)
{
	struct walk walk = {connection, query, rows, total};
	struct stretch all = {{query->from_ms, 0}, {INT64_MAX, STORE_NUMBER_MAX}};

	total->count = 0;
	total->stopped = false;
	if (query->to_ms < INT64_MAX)
		all.to = (struct place){query->to_ms + 1, 0};
	return place_before(&all.from, &all.to) ? count_stretch(&walk, BLOCK_LEVELS - 1, &all) : 0;
}
