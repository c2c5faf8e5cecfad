// SPDX-License-Identifier: Apache-2.0
/*
 * Learning: where in a frame a number may stand.
 *
 * A field that is one range puts bit j of its sequence at bit start + j of the frame: start names a
 * diagonal. For each diagonal the bits of the sequence that match are one 64-bit mask; a field of
 * several ranges is a way from the first bit to the last over pieces of different diagonals. Few
 * pieces explain more than many, so two are tried only where one is not enough, and three after
 * two. Where a piece may end one bit earlier or later, every cut is a placement of its own.
 */
#include "card_format_learn_parts.h"

#define DIAGONALS_MAX (LEARN_BITS_MAX + 64)

struct diagonal {
	int16_t start; /* bit of the frame where bit 0 of the sequence would be; may be outside */
	uint8_t front; /* bits that match from the first on */
	uint8_t back; /* bits that match up to the last */
	uint64_t match; /* bit j: bit j of the sequence matches */
};

struct search {
	unsigned len;
	unsigned count;
	struct diagonal diagonal[DIAGONALS_MAX];
	struct budget *budget;
	struct placements *found;
};

static struct diagonal diagonal_make(const struct columns *columns, const struct bit_set *taken,
	const struct sequence *sequence, int start)
{
	struct diagonal diagonal = {.start = (int16_t)start};
	unsigned len = sequence->len;

	for (unsigned j = 0; j < len; j++) {
		int at = start + (int)j;

		if (at >= 0 && at < columns->bits && !bit_set_has(taken, (unsigned)at) &&
			columns->at[at] == sequence->at[j])
			diagonal.match |= UINT64_C(1) << j;
	}
	while (diagonal.front < len && (diagonal.match >> diagonal.front & 1) != 0)
		diagonal.front++;
	while (diagonal.back < len && (diagonal.match >> (len - 1 - diagonal.back) & 1) != 0)
		diagonal.back++;
	return diagonal;
}

/* Piece [from, to) of the sequence, on a diagonal. */
static struct bit_range piece(const struct diagonal *diagonal, unsigned from, unsigned to)
{
	return (struct bit_range){(uint8_t)(diagonal->start + (int)from), (uint8_t)(to - from)};
}

static bool apart(const struct bit_range *a, const struct bit_range *b)
{
	return a->start + a->len <= b->start || b->start + b->len <= a->start;
}

static void placement_add(struct search *search, const struct placement *placement)
{
	for (unsigned i = 1; i < placement->range_count; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (!apart(&placement->range[i], &placement->range[j]))
				return;
		}
	}
	if (search->found->count == PLACEMENTS_MAX) {
		search->budget->cut_short = true;
		return;
	}
	search->found->item[search->found->count++] = *placement;
}

static void find_one(struct search *search)
{
	for (unsigned i = 0; i < search->count; i++) {
		const struct diagonal *only = &search->diagonal[i];

		if (only->front == search->len)
			placement_add(
				search, &(struct placement){1, {piece(only, 0, search->len)}});
	}
}

static void find_two(struct search *search)
{
	unsigned len = search->len;

	for (unsigned i = 0; i < search->count; i++) {
		const struct diagonal *first = &search->diagonal[i];

		if (first->front == 0 || !budget_take(search->budget, search->count))
			continue;
		for (unsigned j = 0; j < search->count; j++) {
			const struct diagonal *last = &search->diagonal[j];

			for (unsigned cut = len - last->back; cut <= first->front; cut++) {
				if (cut > 0 && cut < len && i != j)
					placement_add(
						search, &(struct placement){
								2, {piece(first, 0, cut),
									   piece(last, cut, len)}});
			}
		}
	}
}

/* The middle piece on one diagonal, between what first and last reach; every cut that it allows. */
static void find_middle(struct search *search, const struct diagonal *first,
	const struct diagonal *middle, const struct diagonal *last)
{
	unsigned len = search->len;
	unsigned low = first->front;
	unsigned high = len - last->back;
	uint64_t mask = (UINT64_C(1) << (high - low)) - 1; /* high - low is below 64 */

	if (middle == first || middle == last || (middle->match >> low & mask) != mask)
		return;
	for (unsigned from = low; from > 0; from--) {
		if (from < low && (middle->match >> from & 1) == 0)
			break;
		for (unsigned to = high; to < len; to++) {
			if (to > high && (middle->match >> (to - 1) & 1) == 0)
				break;
			placement_add(
				search, &(struct placement){
						3, {piece(first, 0, from), piece(middle, from, to),
							   piece(last, to, len)}});
		}
	}
}

static void find_three(struct search *search)
{
	for (unsigned i = 0; i < search->count; i++) {
		const struct diagonal *first = &search->diagonal[i];

		for (unsigned j = 0; j < search->count && first->front > 0; j++) {
			const struct diagonal *last = &search->diagonal[j];

			/* Where both reach as far as each other two pieces would do. */
			if (last->back == 0 || (unsigned)first->front + last->back >= search->len ||
				!budget_take(search->budget, search->count))
				continue;
			for (unsigned k = 0; k < search->count; k++)
				find_middle(search, first, &search->diagonal[k], last);
		}
	}
}

void placements_find(const struct columns *columns, const struct bit_set *taken,
	const struct sequence *sequence, struct budget *budget, struct placements *ret)
{
	struct search search = {.len = sequence->len, .budget = budget, .found = ret};

	ret->count = 0;
	if (sequence->len > columns->bits ||
		!budget_take(budget, (uint32_t)(columns->bits + sequence->len) * sequence->len))
		return;
	for (int start = 1 - (int)sequence->len; start < columns->bits; start++) {
		struct diagonal diagonal = diagonal_make(columns, taken, sequence, start);

		if (diagonal.match != 0)
			search.diagonal[search.count++] = diagonal;
	}
	find_one(&search);
	if (ret->count == 0)
		find_two(&search);
	if (ret->count == 0)
		find_three(&search);
}
