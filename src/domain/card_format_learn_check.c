// SPDX-License-Identifier: Apache-2.0
/*
 * Learning: which of the bits that are in no field are checks.
 *
 * A random bit agrees with any parity rule in one of 2^n samples, and there are very many rules; so
 * only rules that real formats have are tried, the usual ones first. Each has a cost in bits, and
 * is believed when its check bits say more than that: three samples are enough for the two halves
 * of a frame, not for one lone parity bit that might be anything. Rules are tested on columns: the
 * XOR of the covered columns is the check bit's column.
 */
#include "card_format_learn_parts.h"

struct checks {
	const struct columns *columns;
	const struct bit_set *taken;
	uint16_t before[LEARN_BITS_MAX + 1]; /* XOR of the columns in front of a bit */
	struct check_sets *found;
};

/* --- covers --- */

/* Bits first to last, but those that leave rest when divided by 3 (rest 3: all of them). */
static struct bit_set cover_make(unsigned first, unsigned last, unsigned rest)
{
	struct bit_set cover = {0};

	for (unsigned bit = first; bit <= last; bit++) {
		if (bit % 3 != rest)
			bit_set_add(&cover, bit);
	}
	return cover;
}

static struct card_parity parity_make(
	unsigned bit, bool odd, unsigned first, unsigned last, unsigned rest)
{
	return (struct card_parity){(uint8_t)bit, odd, cover_make(first, last, rest)};
}

/* Whether a parity over bits first to last is right in all samples. */
static bool range_holds(
	const struct checks *checks, unsigned bit, bool odd, unsigned first, unsigned last)
{
	uint16_t covered = checks->before[last + 1] ^ checks->before[first];

	return checks->columns->at[bit] == (odd ? covered ^ checks->columns->all : covered);
}

static bool parity_holds(const struct checks *checks, const struct card_parity *parity)
{
	uint16_t covered = parity->odd ? checks->columns->all : 0;

	for (unsigned bit = 0; bit < checks->columns->bits; bit++) {
		if (bit_set_has(&parity->cover, bit))
			covered ^= checks->columns->at[bit];
	}
	return checks->columns->at[parity->bit] == covered;
}

/* --- what is found --- */

static bool is_free(const struct checks *checks, unsigned bit, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		if (bit_set_has(checks->taken, bit + i))
			return false;
	}
	return true;
}

/* A set that holds: kept in order of what it says when that is more than what it costs. */
static void set_offer(struct checks *checks, struct check_set *set)
{
	struct check_sets *found = checks->found;
	unsigned at = found->count;

	for (unsigned i = 0; i < set->parity_count; i++)
		set->gain += column_weight(checks->columns, set->parity[i].bit);
	for (unsigned i = 0; i < set->xor_count * set->xor_check[0].width; i++)
		set->gain += column_weight(checks->columns, set->xor_check[0].at + i);
	if (set->gain <= set->cost) {
		if (!found->has_maybe && set->parity_count == 1)
			found->maybe = set->parity[0];
		found->has_maybe = found->has_maybe || set->parity_count == 1;
		return;
	}
	while (at > 0 &&
		found->item[at - 1].gain - found->item[at - 1].cost < set->gain - set->cost)
		at--;
	if (at == CHECK_SETS_MAX)
		return;
	if (found->count < CHECK_SETS_MAX)
		found->count++;
	for (unsigned i = found->count - 1u; i > at; i--)
		found->item[i] = found->item[i - 1];
	found->item[at] = *set;
}

/* --- parity at both ends --- */

/* Bit 0 over 1 to first_last, the last bit over last_first to the one before it. */
static void try_halves(
	struct checks *checks, unsigned first_last, unsigned last_first, int32_t cost)
{
	unsigned end = checks->columns->bits - 1u;

	if (first_last < 1 || last_first > end - 1 || !is_free(checks, 0, 1) ||
		!is_free(checks, end, 1))
		return;
	for (unsigned kinds = 0; kinds < 4; kinds++) {
		bool front_odd = (kinds & 1) != 0;
		bool back_odd = (kinds & 2) == 0; /* even in front, odd behind: the usual kinds */

		if (!range_holds(checks, 0, front_odd, 1, first_last) ||
			!range_holds(checks, end, back_odd, last_first, end - 1))
			continue;
		set_offer(
			checks, &(struct check_set){.parity_count = 2,
					.parity = {parity_make(0, front_odd, 1, first_last, 3),
						parity_make(end, back_odd, last_first, end - 1, 3)},
					.cost = kinds == 0 ? cost : cost + 3});
	}
}

static void try_all_halves(struct checks *checks, const uint8_t *boundary, unsigned boundary_count)
{
	unsigned data = checks->columns->bits - 2u;
	unsigned half = (data + 1) / 2;

	if (data % 2 == 0) {
		try_halves(checks, half, half + 1, 1);
		try_halves(checks, half, half, 4); /* S12906 */
	} else {
		try_halves(checks, half, half, 2); /* H10302, D10202 */
		try_halves(checks, half - 1, half, 2);
		try_halves(checks, half, half + 1, 2);
	}
	try_halves(checks, data, 1, 4);
	for (unsigned i = 0; i < boundary_count; i++) {
		bool seen = boundary[i] == half + 1 || (data % 2 != 0 && boundary[i] == half);

		for (unsigned j = 0; j < i; j++)
			seen = seen || boundary[j] == boundary[i];
		/* A half of a few bits is no half. */
		if (!seen && boundary[i] > data / 4 && boundary[i] <= data - data / 4)
			try_halves(checks, boundary[i] - 1u, boundary[i], 3); /* W30-ATS */
	}
}

/* --- other rules --- */

/* Two of three bits, twice, and all of them: as HID's Corporate 1000 formats. */
static void try_two_of_three(struct checks *checks)
{
	unsigned end = checks->columns->bits - 1u;

	if (!is_free(checks, 0, 2) || !is_free(checks, end, 1) ||
		!range_holds(checks, 0, true, 1, end))
		return;
	for (unsigned rest = 0; rest < 3; rest++) {
		struct check_set set = {.parity_count = 3,
			.parity = {parity_make(1, false, 2, end - 1, rest),
				parity_make(end, true, 1, end - 1, (rest + 2) % 3),
				parity_make(0, true, 1, end, 3)},
			.cost = 3};

		if (parity_holds(checks, &set.parity[0]) && parity_holds(checks, &set.parity[1]))
			set_offer(checks, &set);
	}
}

static void try_xor(struct checks *checks, unsigned at, unsigned width, unsigned over, unsigned len)
{
	if (len < 2 * width || len % width != 0 || !is_free(checks, at, width))
		return;
	for (unsigned i = 0; i < width; i++) {
		uint16_t column = 0;

		for (unsigned bit = over + i; bit < over + len; bit += width)
			column ^= checks->columns->at[bit];
		if (column != checks->columns->at[at + i])
			return;
	}
	set_offer(checks,
		&(struct check_set){.xor_count = 1,
			.xor_check = {{(uint8_t)at, (uint8_t)width, {(uint8_t)over, (uint8_t)len}}},
			.cost = 5});
}

/* The XOR of all groups behind them, with up to width - 1 bits in front that are not covered. */
static void try_all_xors(struct checks *checks)
{
	unsigned bits = checks->columns->bits;

	for (unsigned width = 4; width <= 8; width += 4) {
		unsigned rest = bits % width;

		try_xor(checks, bits - width, width, rest, bits - width - rest);
		if (rest > 0)
			try_xor(checks, bits - width - rest, width, 0, bits - width - rest);
	}
}

/* One parity bit at an end: over a half, or over everything else. */
static void try_single(
	struct checks *checks, unsigned bit, bool odd, unsigned first, unsigned last, int32_t cost)
{
	if (!is_free(checks, bit, 1) || !range_holds(checks, bit, odd, first, last))
		return;
	set_offer(checks, &(struct check_set){.parity_count = 1,
				  .parity = {parity_make(bit, odd, first, last, 3)},
				  .cost = cost});
}

static void try_singles(struct checks *checks)
{
	unsigned end = checks->columns->bits - 1u;
	unsigned half = end / 2;

	for (unsigned odd = 0; odd < 2; odd++) {
		try_single(checks, 0, odd != 0, 1, end, 6);
		try_single(checks, end, odd != 0, 0, end - 1, 6);
		try_single(checks, 0, odd != 0, 1, half, 7);
		try_single(checks, end, odd != 0, half + 1, end - 1, 7);
	}
}

void check_sets_find(const struct columns *columns, const struct bit_set *taken,
	const uint8_t *boundary, unsigned boundary_count, struct check_sets *ret)
{
	struct checks checks = {.columns = columns, .taken = taken, .found = ret};

	memset(ret, 0, sizeof(*ret));
	for (unsigned bit = 0; bit < columns->bits; bit++)
		checks.before[bit + 1] = checks.before[bit] ^ columns->at[bit];
	try_all_halves(&checks, boundary, boundary_count);
	try_two_of_three(&checks);
	try_all_xors(&checks);
	try_singles(&checks);
}
