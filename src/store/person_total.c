// SPDX-License-Identifier: Apache-2.0
/*
 * How many persons there are, and taking all of them away.
 *
 * The total is a counter; person_block has it by stretches of 1,024 numbers, so that a page far
 * behind is found without counting the rows before it. Both change in the transaction of the row.
 *
 * A clear writes one number, cleared_no: persons up to it are gone, for readers and for the index,
 * with the commit, however many they were. Their rows are taken out afterwards, a slice at a time
 * when nothing else waits (store_tidy). Until then no read shows them and none of their user ids,
 * cards and PINs is in anybody's way: whoever is given one of them takes its old row out first.
 */
#include "internal.h"

#include "base/assert.h"

static uint64_t block_of(uint64_t no)
{
	return no / STORE_PERSON_BLOCK;
}

static int block_add(struct store *store, uint64_t no, int64_t add)
{
	struct sql_call call = call_begin(&store->connection, SQL_PERSON_BLOCK_ADD);

	call_put_u64(&call, block_of(no));
	call_put_i64(&call, add);
	return call_do(&call);
}

int person_count_in(struct store *store, uint64_t no)
{
	store->now.counter[COUNTER_PERSONS]++;
	return block_add(store, no, 1);
}

int person_count_out(struct store *store, uint64_t no)
{
	store->now.counter[COUNTER_PERSONS]--;
	return block_add(store, no, -1);
}

bool person_is_cleared(const struct store *store, uint64_t no)
{
	return no <= store->now.counter[COUNTER_CLEARED_NO];
}

int person_clear_all(struct store *store)
{
	uint64_t *counter = store->now.counter;
	struct sql_call call = call_begin(&store->connection, SQL_PERSON_BLOCK_DELETE_ALL);

	counter[COUNTER_CLEARED_NO] = counter[COUNTER_PERSON_NO];
	counter[COUNTER_PERSONS] = 0;
	return call_do(&call);
}

static int numbers_read(struct store *store, uint64_t *ret_no, uint32_t max, uint32_t *ret_count)
{
	struct sql_call call = call_begin(&store->connection, SQL_PERSONS_CLEARED);

	*ret_count = 0;
	call_put_u64(&call, store->now.counter[COUNTER_CLEARED_NO]);
	call_put_u64(&call, max);
	while (*ret_count < max && call_next(&call))
		ret_no[(*ret_count)++] = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	return call_end(&call);
}

static int slice_delete(struct store *store, bool *ret_more)
{
	uint64_t no[STORE_SLICE_PERSONS];
	uint32_t max = store->slice_persons;
	uint32_t count = 0;

	ASSERT(max >= 1 && max <= STORE_SLICE_PERSONS);
	int error = numbers_read(store, no, max, &count);

	for (uint32_t i = 0; i < count && error == 0; i++)
		error = person_delete_rows(store, no[i]);
	*ret_more = count == max;
	return error;
}

int person_tidy(struct store *store, bool *ret_more)
{
	uint64_t no = 0;
	uint32_t count = 0;
	int error = numbers_read(store, &no, 1, &count);

	*ret_more = false;
	if (error != 0 || count == 0)
		return error;
	error = store_begin(store);
	if (error != 0)
		return error;
	error = slice_delete(store, ret_more);
	if (error == 0)
		return store_commit(store);
	store_rollback(store);
	return error;
}
