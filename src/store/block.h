/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of records: what block.c writes and block_read.c reads. */
#pragma once

#include "internal.h"
#include "messages/records.h"

#define BLOCK_LEVELS 3
#define STORE_BLOCK_RECORDS 1024 /* of a block of level 0 when it is made */
#define STORE_BLOCK_FOLD 32 /* blocks that make one of the next level */
#define STORE_SPLIT 4 /* times its first size, and a block is made anew */
#define STORE_GAP_BLOCKS 2 /* made in one go */
#define STORE_FILL_KEYS 200 /* cards or users looked at in one go */

enum block_kind { BLOCK_ALL = 0, BLOCK_CARD = 1, BLOCK_USER = 2, BLOCK_KIND_COUNT };

struct block_key {
	enum block_kind kind;
	struct span text; /* a card's key, a user id, or empty */
};

/* A record in the order of pages. */
struct place {
	int64_t utc_ms;
	uint64_t rec_no;
};

static inline bool place_before(const struct place *a, const struct place *b)
{
	return a->utc_ms != b->utc_ms ? a->utc_ms < b->utc_ms : a->rec_no < b->rec_no;
}

/* Makes blocks of the stretch around place that no block covers, as far as it is long enough. */
MUST_CHECK int block_fill(struct store *store, const struct block_key *key,
	const struct place *place, uint32_t *ret_made);

/* --- block_read.c --- */

/* What is to be counted, or the place that so many of it lie before. */
struct block_query {
	const struct record_filter *filter;
	struct block_key key;
	struct span other; /* with a card: the user id that is wanted too */
	bool has_other;
	int64_t from_ms; /* inclusive, both */
	int64_t to_ms;
	uint64_t below; /* RecNos up to this one do not count */
};

struct block_total {
	uint64_t skip; /* stop where so many lie before; UINT64_MAX: count all */
	uint64_t count; /* that lie before the place, or all */
	bool stopped; /* at place: the record number skip is at most some rows behind it */
	struct place place;
};

/* In the caller's read transaction. rows: counts the rows of a stretch one by one. */
MUST_CHECK int block_count(struct connection *connection, const struct block_query *query,
	int (*rows)(struct connection *connection, const struct block_query *query,
		const struct place *from, const struct place *to, uint64_t *ret_count),
	struct block_total *total);
