// SPDX-License-Identifier: Apache-2.0
/*
 * How many records there are in a stretch of an index, so that a total need not count rows
 * (docs/adr/0011-totals-from-blocks.md).
 *
 * A block is a stretch [from, to) of records in the order of pages, (utc_ms, rec_no), either of all
 * records or of one card's or one user's. Its rows say how many of each door, method and status
 * there are, and between which times and RecNos they lie. A block of level 0 has about
 * block_records records; block_fold neighbours make one of the next level. What lies in no block is
 * counted by its rows (block_read.c), so blocks may be missing, and never are when it matters:
 * while records come, the stretch that a record falls into is looked at every now and then, and
 * becomes blocks once it is long enough. Cards with few records never have any.
 *
 * Order rules: all of it happens in the transaction of the record. A record that comes into a
 * closed block, because the clock went back, is added there at every level. A record that leaves
 * the ring changes nothing: readers see from no_min that the block is not whole any more. Rows of
 * which nothing is left are taken out. Whoever takes a kept record_person row away otherwise has to
 * take the blocks of that card and that user away too.
 *
 * Bounds: a record costs a few look-ups; at most STORE_GAP_BLOCKS blocks are made with one.
 */
#include "block.h"

#include "base/assert.h"

/* One of these is begun for each kind; the numbers are stored. */
static const struct {
	enum sql_id nth; /* place of the n-th record of a stretch */
	enum sql_id insert; /* a block of level 0 */
} kind_sql[BLOCK_KIND_COUNT] = {
	[BLOCK_ALL] = {SQL_BLOCK_NTH_ALL, SQL_BLOCK_INSERT_ALL},
	[BLOCK_CARD] = {SQL_BLOCK_NTH_CARD, SQL_BLOCK_INSERT_CARD},
	[BLOCK_USER] = {SQL_BLOCK_NTH_USER, SQL_BLOCK_INSERT_USER},
};

static const struct place first_place = {INT64_MIN, 0};
static const struct place last_place = {INT64_MAX, STORE_NUMBER_MAX};

static void put_key(struct sql_call *call, const struct block_key *key)
{
	call_put_u64(call, key->kind);
	call_put_text(call, key->text);
}

static void put_place(struct sql_call *call, const struct place *place)
{
	call_put_i64(call, place->utc_ms);
	call_put_u64(call, place->rec_no);
}

static struct place get_place(struct sql_call *call)
{
	struct place place = {.utc_ms = call_get_i64(call, INT64_MIN, INT64_MAX)};

	place.rec_no = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	return place;
}

struct stretch {
	struct place from;
	struct place to; /* the first behind it */
};

/* The block of this level that begins last at or before place, or (next) first behind it. */
static int stretch_get(struct store *store, enum sql_id id, const struct block_key *key,
	unsigned level, const struct place *place, bool *ret_found, struct stretch *ret)
{
	struct sql_call call = call_begin(&store->connection, id);

	put_key(&call, key);
	call_put_u64(&call, level);
	put_place(&call, place);
	*ret_found = call_next(&call);
	if (*ret_found) {
		ret->from = get_place(&call);
		ret->to = get_place(&call);
	}
	return call_end(&call);
}

/* What lies around a place between the blocks of a level; *ret_inside: no, it is in this block. */
static int gap_get(struct store *store, const struct block_key *key, unsigned level,
	const struct place *place, bool *ret_inside, struct stretch *ret)
{
	struct stretch before;
	struct stretch next;
	bool found = false;

	*ret_inside = false;
	*ret = (struct stretch){first_place, last_place};
	int error = stretch_get(store, SQL_BLOCK_AT, key, level, place, &found, &before);

	if (error == 0 && found && place_before(place, &before.to)) {
		*ret_inside = true;
		*ret = before;
		return 0;
	}
	if (error == 0 && found)
		ret->from = before.to;
	if (error == 0)
		error = stretch_get(store, SQL_BLOCK_NEXT, key, level, place, &found, &next);
	if (error == 0 && found)
		ret->to = next.from;
	return error;
}

/* --- new blocks --- */

static int block_insert(
	struct store *store, const struct block_key *key, const struct stretch *stretch)
{
	struct sql_call call = call_begin(&store->connection, kind_sql[key->kind].insert);

	put_place(&call, &stretch->from);
	put_place(&call, &stretch->to);
	if (key->kind != BLOCK_ALL)
		call_put_text(&call, key->text);
	return call_do(&call);
}

static int block_insert_folded(struct store *store, const struct block_key *key, unsigned level,
	const struct stretch *stretch)
{
	struct sql_call call = call_begin(&store->connection, SQL_BLOCK_FOLD);

	put_key(&call, key);
	call_put_u64(&call, level);
	put_place(&call, &stretch->from);
	put_place(&call, &stretch->to);
	return call_do(&call);
}

/* Finds block_fold blocks of a level that touch each other within the gap of the level above. */
static int neighbours_find(struct store *store, const struct block_key *key, unsigned level,
	const struct stretch *gap, bool *ret_found, struct stretch *ret)
{
	struct sql_call call = call_begin(&store->connection, SQL_BLOCKS_OF_LEVEL);
	uint32_t count = 0;

	put_key(&call, key);
	call_put_u64(&call, level);
	put_place(&call, &gap->from);
	put_place(&call, &gap->to);
	while (count < store->block_fold && call_next(&call)) {
		struct stretch one;

		one.from = get_place(&call);
		one.to = get_place(&call);
		if (count == 0 || place_before(&ret->to, &one.from)) {
			*ret = one;
			count = 0;
		}
		ret->to = one.to;
		count++;
	}
	*ret_found = count == store->block_fold;
	return call_end(&call);
}

/* A block of `level` was made at place: perhaps its neighbours make one of the next level now. */
static int levels_fold(struct store *store, const struct block_key *key, const struct place *place)
{
	for (unsigned level = 0; level + 1 < BLOCK_LEVELS; level++) {
		struct stretch gap;
		struct stretch run = {0};
		bool found = false;
		int error = gap_get(store, key, level + 1, place, &found, &gap);

		if (error != 0 || found)
			return error;
		error = neighbours_find(store, key, level, &gap, &found, &run);
		if (error == 0 && found)
			error = block_insert_folded(store, key, level, &run);
		if (error != 0 || !found)
			return error;
	}
	return 0;
}

/* The place of the record that is n behind `from`; not found when there is none before `to`. */
static int nth_place(struct store *store, const struct block_key *key,
	const struct stretch *stretch, uint32_t n, bool *ret_found, struct place *ret)
{
	struct sql_call call = call_begin(&store->connection, kind_sql[key->kind].nth);

	put_place(&call, &stretch->from);
	put_place(&call, &stretch->to);
	call_put_u64(&call, n);
	if (key->kind != BLOCK_ALL)
		call_put_text(&call, key->text);
	*ret_found = call_next(&call);
	if (*ret_found)
		*ret = get_place(&call);
	return call_end(&call);
}

/* A block that many records came into later is taken away, to become several. */
static int block_split(
	struct store *store, const struct block_key *key, const struct place *from, bool *ret_taken)
{
	struct sql_call call = call_begin(&store->connection, SQL_BLOCK_SIZE);

	*ret_taken = false;
	put_key(&call, key);
	put_place(&call, from);
	if (call_next(&call))
		*ret_taken = call_get_i64(&call, 0, STORE_NUMBER_MAX) >
			     STORE_SPLIT * (int64_t)store->block_records;
	int error = call_end(&call);

	if (error != 0 || !*ret_taken)
		return error;
	call = call_begin(&store->connection, SQL_BLOCK_DELETE);
	put_key(&call, key);
	put_place(&call, from);
	return call_do(&call);
}

int block_fill(struct store *store, const struct block_key *key, const struct place *place,
	uint32_t *ret_made)
{
	struct stretch gap;
	bool found = false;
	bool split = false;
	int error = gap_get(store, key, 0, place, &found, &gap);

	*ret_made = 0;
	if (error == 0 && found)
		error = block_split(store, key, &gap.from, &split);
	while (error == 0 && (!found || split) && *ret_made < STORE_GAP_BLOCKS) {
		struct stretch block = {.from = gap.from};
		bool enough = false;

		error = nth_place(store, key, &gap, store->block_records, &enough, &block.to);
		if (error != 0 || !enough)
			break;
		error = block_insert(store, key, &block);
		if (error == 0)
			error = levels_fold(store, key, &block.from);
		gap.from = block.to;
		(*ret_made)++;
	}
	return error;
}

/* --- records --- */

static int block_add(struct store *store, const struct block_key *key, unsigned level,
	const struct stretch *stretch, const struct journal_entry *entry)
{
	struct sql_call call = call_begin(&store->connection, SQL_BLOCK_ADD);

	put_key(&call, key);
	call_put_u64(&call, level);
	put_place(&call, &stretch->from);
	call_put_u64(&call, entry->door);
	call_put_u64(&call, entry->method);
	call_put_u64(&call, journal_entry_status(entry));
	put_place(&call, &stretch->to);
	call_put_i64(&call, entry->utc_ms);
	call_put_u64(&call, entry->rec_no);
	if (key->kind == BLOCK_CARD)
		call_put_text(&call, text_span(&entry->who.user_id));
	else
		call_put_null(&call);
	return call_do(&call);
}

static int has_blocks(struct store *store, const struct block_key *key, bool *ret)
{
	struct sql_call call = call_begin(&store->connection, SQL_BLOCK_ANY);

	put_key(&call, key);
	*ret = call_next(&call);
	return call_end(&call);
}

/* A block of a higher level may outlive the ones it was made of. */
static int add_to_blocks(
	struct store *store, const struct block_key *key, const struct journal_entry *entry)
{
	struct place place = {entry->utc_ms, entry->rec_no};
	bool any = false;
	int error = has_blocks(store, key, &any);

	for (unsigned level = 0; any && error == 0 && level < BLOCK_LEVELS; level++) {
		struct stretch block;
		bool found = false;

		error = stretch_get(store, SQL_BLOCK_AT, key, level, &place, &found, &block);
		if (error == 0 && found && place_before(&place, &block.to))
			error = block_add(store, key, level, &block, entry);
	}
	return error;
}

/* Chosen by their number, about twice in a block, and by no rhythm that visitors could have. */
static bool is_sample(const struct store *store, uint64_t rec_no)
{
	uint64_t z = rec_no + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % (store->block_records / 2) == 0;
}

static int append_to(
	struct store *store, const struct block_key *key, const struct journal_entry *entry)
{
	struct place place = {entry->utc_ms, entry->rec_no};
	uint32_t made = 0;
	int error = add_to_blocks(store, key, entry);

	if (error == 0 && is_sample(store, entry->rec_no))
		error = block_fill(store, key, &place, &made);
	return error;
}

int block_append(struct store *store, const struct journal_entry *entry, bool has_who)
{
	const struct block_key all = {.kind = BLOCK_ALL};
	const struct block_key card = {BLOCK_CARD, card_no_key(text_span(&entry->who.card_no))};
	const struct block_key user = {BLOCK_USER, text_span(&entry->who.user_id)};

	if (entry->rec_no == 0)
		return 0;
	int error = append_to(store, &all, entry);

	if (error == 0 && has_who && card.text.len > 0)
		error = append_to(store, &card, entry);
	if (error == 0 && has_who && user.text.len > 0)
		error = append_to(store, &user, entry);
	return error;
}

/* Entries stay in the index of all records until the journal's ring has passed them as well. */
int block_expire(struct store *store, uint64_t rec_no)
{
	int error = 0;

	if (!is_sample(store, rec_no))
		return 0;
	for (unsigned kind = 0; kind < BLOCK_KIND_COUNT && error == 0; kind++) {
		struct sql_call call = call_begin(&store->connection,
			kind == BLOCK_ALL ? SQL_BLOCK_DELETE_ALL_BELOW : SQL_BLOCK_DELETE_BELOW);

		call_put_u64(&call, kind);
		call_put_u64(&call, store->now.counter[COUNTER_OLDEST_REC_NO]);
		error = call_do(&call);
	}
	return error;
}

/* --- of records that were there before there were blocks --- */

static int next_key(struct store *store, bool *ret_found)
{
	struct sql_call call = call_begin(&store->connection,
		store->fill_kind == BLOCK_CARD ? SQL_BLOCK_NEXT_CARD : SQL_BLOCK_NEXT_USER);

	call_put_text(&call, text_span(&store->fill_key));
	*ret_found = call_next(&call);
	if (*ret_found)
		call_get_text(&call, &store->fill_key);
	return call_end(&call);
}

static int fill_next(struct store *store, uint32_t *ret_made)
{
	bool found = true;
	struct block_key key = {store->fill_kind, text_span(&store->fill_key)};
	int error = block_fill(store, &key, &last_place, ret_made);

	if (error != 0 || *ret_made == STORE_GAP_BLOCKS)
		return error; /* there may be more of the same */
	if (store->fill_kind == BLOCK_ALL) {
		store->fill_kind = BLOCK_CARD;
		return 0;
	}
	error = next_key(store, &found);
	if (error != 0 || found)
		return error;
	store->fill_key = (struct text64){0};
	if (store->fill_kind == BLOCK_CARD)
		store->fill_kind = BLOCK_USER;
	else
		store->now.counter[COUNTER_TOTALS] = 1;
	return 0;
}

static int fill_some(struct store *store)
{
	int error = 0;

	for (uint32_t i = 0, made = 0; error == 0 && i < STORE_FILL_KEYS; i++) {
		uint32_t more = 0;

		error = fill_next(store, &more);
		made += more;
		if (made >= STORE_GAP_BLOCKS || store->now.counter[COUNTER_TOTALS] != 0)
			break;
	}
	return error;
}

int block_tidy(struct store *store, bool *ret_more)
{
	*ret_more = store->now.counter[COUNTER_TOTALS] == 0;
	if (!*ret_more)
		return 0;
	int error = store_begin(store);

	if (error == 0)
		error = fill_some(store);
	else
		return error;
	if (error == 0) {
		*ret_more = store->now.counter[COUNTER_TOTALS] == 0;
		return store_commit(store);
	}
	store_rollback(store);
	return error;
}
