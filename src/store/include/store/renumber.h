/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors get other indexes. Rights and records name a door by its index, so they are rewritten with
 * it: they mean the same door before and after. Errors as in store/store.h.
 */
#pragma once

#include "store/store.h"

/* What the database knows of an index. */
struct store_door {
	bool known; /* the index was a door's once */
	struct text32 id; /* of that door */
	uint64_t rights; /* rows of Doors[] that name the index, of all persons */
	uint64_t records; /* access records that are kept */
};

MUST_CHECK int store_doors(struct store *store, struct store_door ret[DOORS_MAX]);

/* Where the door of an index goes, and how it is called there; what is not known goes nowhere. */
struct store_door_move {
	uint8_t to;
	struct text32 id;
};

/*
 * Moves all known doors in one transaction: their rows, rights, records and totals. Each goes to an
 * index of its own. Rights at an index that no door had and one goes to now named nothing: they are
 * taken away, so that nobody gets a right by the move. The audit gets a row; now: when that is.
 */
MUST_CHECK int store_renumber(struct store *store, const struct store_door_move move[DOORS_MAX],
	const struct moment *now);
