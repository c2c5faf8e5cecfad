// SPDX-License-Identifier: Apache-2.0
/*
 * Doors get other indexes, in one transaction: a sudden end leaves all as it was or all as it is
 * meant. Which doors move is written into a table of the connection's own, so that two that change
 * places are moved by one statement and never meet.
 */
#include "store/renumber.h"

#include "base/assert.h"
#include "internal.h"

static int door_use(struct store *store, uint32_t index, struct store_door *ret)
{
	struct sql_call call = call_begin(&store->connection, SQL_DOOR_USE);

	call_put_u64(&call, index);
	if (call_next(&call)) {
		ret->rights = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
		ret->records = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	}
	return call_end(&call);
}

int store_doors(struct store *store, struct store_door ret[DOORS_MAX])
{
	struct sql_call call = call_begin(&store->connection, SQL_DOORS);

	memset(ret, 0, DOORS_MAX * sizeof(*ret));
	while (call_next(&call)) {
		uint32_t index = call_get_u32(&call, DOORS_MAX - 1);

		ret[index].known = true;
		call_get_text(&call, &ret[index].id);
	}
	int error = call_end(&call);

	for (uint32_t i = 0; i < DOORS_MAX && error == 0; i++)
		error = door_use(store, i, &ret[i]);
	return error;
}

static int run(struct store *store, enum sql_id id)
{
	struct sql_call call = call_begin(&store->connection, id);

	return call_do(&call);
}

static int door_put(struct store *store, const struct store_door_move *move)
{
	struct sql_call call = call_begin(&store->connection, SQL_DOOR_PUT);

	call_put_u64(&call, move->to);
	call_put_text(&call, text_span(&move->id));
	return call_do(&call);
}

static int move_put(struct store *store, uint32_t from, uint32_t to)
{
	struct sql_call call = call_begin(&store->connection, SQL_DOOR_MOVE_PUT);

	call_put_u64(&call, from);
	call_put_u64(&call, to);
	return call_do(&call);
}

static int stray_rights_delete(struct store *store, uint32_t index)
{
	return call_do_number(&store->connection, SQL_DOOR_MOVE_STRAY, index);
}

static int moves_write(struct store *store, const struct store_door known[DOORS_MAX],
	const struct store_door_move move[DOORS_MAX])
{
	int error = sql_run(store->connection.db, sql_door_moves);

	if (error == 0)
		error = run(store, SQL_DOORS_DELETE);
	for (uint32_t i = 0; i < DOORS_MAX && error == 0; i++) {
		if (!known[i].known)
			continue;
		ASSERT(move[i].to < DOORS_MAX);
		error = door_put(store, &move[i]);
		if (error == 0 && move[i].to != i && !known[move[i].to].known)
			error = stray_rights_delete(store, move[i].to);
		if (error == 0 && move[i].to != i)
			error = move_put(store, i, move[i].to);
	}
	return error;
}

static int renumber(struct store *store, const struct store_door_move move[DOORS_MAX])
{
	static const enum sql_id steps[] = {SQL_DOOR_MOVE_RULES, SQL_DOOR_MOVE_JOURNAL,
		SQL_DOOR_MOVE_BLOCKS, SQL_DOOR_MOVE_BLOCKS_END};
	struct store_door known[DOORS_MAX];
	int error = store_doors(store, known);

	if (error == 0)
		error = moves_write(store, known, move);
	for (size_t i = 0; i < ARRAY_COUNT(steps) && error == 0; i++)
		error = run(store, steps[i]);
	return error;
}

/* count: the doors that moved */
static int audit_put(
	struct store *store, const struct store_door_move move[DOORS_MAX], const struct moment *now)
{
	struct audit_entry entry = {
		.act = AUDIT_RENUMBER, .utc_ms = now->utc_ms, .trusted = now->trusted};
	bool fits = text_set(&entry.target, SPAN_LIT("doors"));

	ASSERT(fits);
	for (uint32_t i = 0; i < DOORS_MAX; i++)
		entry.count += move[i].to != i;
	return store_audit_append(store, &entry, NULL);
}

int store_renumber(
	struct store *store, const struct store_door_move move[DOORS_MAX], const struct moment *now)
{
	int error = store_begin(store);

	if (error != 0)
		return error;
	error = renumber(store, move);
	if (error == 0)
		error = audit_put(store, move, now);
	if (error == 0)
		return store_commit(store);
	store_rollback(store);
	return error;
}
