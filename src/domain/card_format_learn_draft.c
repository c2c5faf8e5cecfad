// SPDX-License-Identifier: Apache-2.0
/*
 * Learning: formats made from the bits.
 *
 * The card number's columns are placed in the frame in four orders (card_format_learn_place.c),
 * then the facility code's in what is left, then checks are looked for in the rest
 * (card_format_learn_check.c). Zeros in front of a number may be part of it: how far a field
 * reaches over them is tried too. What is still left is constant where that is certain enough, else
 * ignored: a wrong constant refuses cards, an ignored bit does not.
 */
#include "card_format_learn_parts.h"

#include "base/assert.h"
#include "base/compiler.h"

#define COST_RANGE_FIRST 5
#define COST_RANGE_MORE 10
#define COST_TO_THE_EDGE 4
#define COST_NARROW 2 /* zeros in front of a field are more often part of it than not */
#define CONSTANT_PROOF 10 /* bits by which a gap is constant beyond its first sample */

/* The column of one bit of the numbers, by its weight: 0 is the least significant. */
static uint16_t number_column(const struct run *run, const uint64_t *values, unsigned weight)
{
	unsigned column = 0;

	for (unsigned s = 0; s < run->columns.samples; s++)
		column |= (unsigned)(values[s] >> weight & 1) << s;
	return (uint16_t)column;
}

/* A format that is being made. */
struct draft {
	const struct run *run;
	const struct numbers *numbers;
	struct card_format format;
	struct bit_set taken; /* by fields and checks */
	unsigned card_guessed;
	unsigned facility_guessed;
	int32_t cost;
};

static void field_take(
	struct card_field *field, const struct placement *placement, struct bit_set *taken)
{
	field->range_count = placement->range_count;
	for (unsigned i = 0; i < placement->range_count; i++) {
		field->range[i] = placement->range[i];
		for (unsigned j = 0; j < placement->range[i].len; j++)
			bit_set_add(taken, placement->range[i].start + j);
	}
}

static unsigned range_end(const struct bit_range *range)
{
	return (unsigned)range->start + range->len;
}

/* A facility code stands most often in front of the number, sometimes behind it. */
static int32_t facility_cost(const struct card_format *format)
{
	const struct card_field *facility = &format->facility;
	const struct card_field *card = &format->card;
	const struct bit_range *last = &facility->range[facility->range_count - 1];
	int32_t cost = COST_RANGE_FIRST;

	if (facility->range_count == 0)
		return 0;
	if (range_end(last) == card->range[0].start)
		cost = 1;
	else if (range_end(&card->range[card->range_count - 1]) == facility->range[0].start)
		cost = 2;
	return cost + COST_RANGE_MORE * (facility->range_count - 1);
}

static int32_t shape_cost(const struct card_format *format)
{
	int32_t cost = COST_RANGE_FIRST + COST_RANGE_MORE * (format->card.range_count - 1);

	if (format->bits_reversed)
		cost += format->bytes_reversed ? 3 : 4;
	if (format->bytes_reversed)
		cost += 3;
	return cost + facility_cost(format);
}

static void checks_take(struct draft *draft, const struct check_set *set)
{
	draft->format.parity_count = set->parity_count;
	draft->format.xor_count = set->xor_count;
	draft->cost += set->cost;
	for (unsigned i = 0; i < set->parity_count; i++) {
		draft->format.parity[i] = set->parity[i];
		bit_set_add(&draft->taken, set->parity[i].bit);
	}
	for (unsigned i = 0; i < set->xor_count; i++) {
		draft->format.xor_check[i] = set->xor_check[i];
		for (unsigned j = 0; j < set->xor_check[i].width; j++)
			bit_set_add(&draft->taken, set->xor_check[i].at + j);
	}
}

static bool is_zero_and_free(const struct draft *draft, unsigned bit)
{
	return draft->run->columns.at[bit] == 0 && !bit_set_has(&draft->taken, bit);
}

/*
 * Takes zeros in front of a number as part of it: to the left, or to the right for a number that
 * comes least significant bit first. The first and the last bit of a frame are taken with to_edge
 * only: they are parity bits more often than not.
 */
static unsigned field_widen(
	struct draft *draft, struct card_field *field, bool right, bool to_edge, unsigned max)
{
	struct bit_range *range = right ? &field->range[field->range_count - 1] : &field->range[0];
	unsigned last = draft->format.bits - 1u;
	unsigned guessed = 0;

	while (guessed < max) {
		unsigned end = range_end(range);
		bool room = right ? end <= last : range->start > 0;
		unsigned bit = right ? end : range->start - 1u;

		if (!room || !is_zero_and_free(draft, bit) ||
			(!to_edge && (bit == 0 || bit == last)))
			break;
		range->start = (uint8_t)(right ? range->start : bit);
		range->len++;
		bit_set_add(&draft->taken, bit);
		guessed++;
	}
	return guessed;
}

/* How far fields reach over zeros. */
enum widths {
	WIDTHS_AS_SEEN = 0,
	WIDTHS_CARD_FIRST, /* where card number and facility code might both take them */
	WIDTHS_FACILITY_FIRST,
	WIDTHS_TO_THE_EDGE,
	WIDTHS_COUNT
};

static void card_widen(struct draft *draft, bool to_edge)
{
	struct card_format *format = &draft->format;
	unsigned used = card_field_width(&format->card) + card_field_width(&format->facility);

	if (!format->bytes_reversed && used < 64)
		draft->card_guessed = field_widen(
			draft, &format->card, format->bits_reversed, to_edge, 64 - used);
}

static void facility_widen(struct draft *draft, bool to_edge)
{
	struct card_format *format = &draft->format;
	unsigned facility = card_field_width(&format->facility);
	unsigned used = card_field_width(&format->card) + facility;
	unsigned room = used < 64 ? 64 - used : 0;

	if (facility > 0 && facility < 32)
		draft->facility_guessed = field_widen(draft, &format->facility, false, to_edge,
			room < 32 - facility ? room : 32 - facility);
}

static void fields_widen(struct draft *draft, enum widths widths)
{
	bool to_edge = widths == WIDTHS_TO_THE_EDGE;

	if (widths == WIDTHS_FACILITY_FIRST)
		facility_widen(draft, to_edge);
	card_widen(draft, to_edge);
	if (widths != WIDTHS_FACILITY_FIRST)
		facility_widen(draft, to_edge);
}

/* Gaps between what is accounted for: constant when that is proven, else ignored. */
static void gaps_take(struct draft *draft)
{
	const struct columns *columns = &draft->run->columns;
	struct card_format *format = &draft->format;

	for (unsigned first = 0; first < format->bits; first++) {
		unsigned end = first;
		bool constant = true;

		while (end < format->bits && !bit_set_has(&draft->taken, end)) {
			constant = constant && column_is_constant(columns, end);
			end++;
		}
		constant = constant && (columns->samples - 1u) * (end - first) >= CONSTANT_PROOF;
		for (unsigned bit = first; bit < end; bit++) {
			bit_set_add(constant ? &format->constant : &format->ignored, bit);
			if (constant && columns->at[bit] != 0)
				bit_set_add(&format->constant_value, bit);
		}
		first = end;
	}
}

static void name_set(struct card_format *format)
{
	char name[16];
	struct buf out = buf_over(name, sizeof(name));

	buf_add_string(&out, "learned-");
	buf_add_u64(&out, format->bits);
	ASSERT(!out.overflow && text_set(&format->name, buf_span(&out)));
}

static void draft_offer(struct run *run, const struct draft *draft, const struct check_sets *sets)
{
	struct learn_proposal proposal = {.format = draft->format,
		.reading = draft->numbers->reading,
		.card_guessed = (uint8_t)draft->card_guessed,
		.facility_guessed = (uint8_t)draft->facility_guessed};
	struct buf none = {0};

	name_set(&proposal.format);
	proposal.score = learn_score(run, &draft->format, draft->numbers) -
			 shape_cost(&draft->format) - draft->cost;
	proposal.has_maybe =
		sets->has_maybe && bit_set_has(&draft->format.ignored, sets->maybe.bit);
	proposal.maybe = sets->maybe;
	if (card_format_check(&proposal.format, &none))
		learn_offer(run, &proposal);
}

/* The fields are placed: tries the checks (set NULL: none) with and without wider fields. */
static void draft_finish(struct run *run, const struct draft *placed, const struct check_sets *sets,
	const struct check_set *set)
{
	for (unsigned widths = 0; widths < WIDTHS_COUNT; widths++) {
		struct draft draft = *placed;

		if (widths == WIDTHS_FACILITY_FIRST && !draft.format.bits_reversed)
			continue; /* both grow to the left: nothing lies between them */
		if (!budget_take(&run->budget, 1000))
			return;
		if (set != NULL)
			checks_take(&draft, set);
		if (widths != WIDTHS_AS_SEEN)
			fields_widen(&draft, (enum widths)widths);
		else
			draft.cost += COST_NARROW;
		/* Frames of whole bytes without a check are numbers from end to end. */
		if (widths == WIDTHS_TO_THE_EDGE && (set != NULL || draft.format.bits % 8 != 0))
			draft.cost += COST_TO_THE_EDGE;
		gaps_take(&draft);
		draft_offer(run, &draft, sets);
	}
}

static void learn_checks(struct run *run, const struct draft *placed)
{
	const struct card_field *fields[] = {&placed->format.card, &placed->format.facility};
	uint8_t boundary[2 * ARRAY_COUNT(fields)];
	unsigned boundary_count = 0;
	struct check_sets sets;

	for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
		if (fields[i]->range_count == 0)
			continue;
		boundary[boundary_count++] = fields[i]->range[0].start;
		boundary[boundary_count++] =
			(uint8_t)range_end(&fields[i]->range[fields[i]->range_count - 1]);
	}
	if (!budget_take(&run->budget, 2000))
		return;
	check_sets_find(&run->columns, &placed->taken, boundary, boundary_count, &sets);
	for (unsigned i = 0; i < sets.count; i++) {
		/* Other fields are worth a place in the list more than other checks. */
		sets.item[i].cost += (int32_t)i;
		draft_finish(run, placed, &sets, &sets.item[i]);
	}
	draft_finish(run, placed, &sets, NULL);
}

static void learn_facility(struct run *run, const struct draft *with_card)
{
	const struct numbers *numbers = with_card->numbers;
	struct sequence sequence = {.len = (uint8_t)numbers->facility_bits};
	struct placements found;

	for (unsigned j = 0; j < sequence.len; j++)
		sequence.at[j] = number_column(run, numbers->facility, sequence.len - 1u - j);
	placements_find(&run->columns, &with_card->taken, &sequence, &run->budget, &found);
	for (unsigned i = 0; i < found.count; i++) {
		struct draft draft = *with_card;

		field_take(&draft.format.facility, &found.item[i], &draft.taken);
		learn_checks(run, &draft);
	}
}

/* bits_reversed, bytes_reversed: how the number stands in the frame. */
static void learn_order(
	struct run *run, const struct numbers *numbers, bool bits_reversed, bool bytes_reversed)
{
	struct sequence sequence = {.len = (uint8_t)numbers->card_bits};
	struct placements found;

	if (bytes_reversed)
		sequence.len = (uint8_t)((sequence.len + 7) / 8 * 8);
	if (bytes_reversed && sequence.len < 16)
		return; /* one byte has one order */
	for (unsigned j = 0; j < sequence.len; j++)
		sequence.at[j] = number_column(run, numbers->card,
			learn_weight_sent(bits_reversed, bytes_reversed, sequence.len, j));
	placements_find(&run->columns, &(struct bit_set){0}, &sequence, &run->budget, &found);
	for (unsigned i = 0; i < found.count; i++) {
		struct draft draft = {.run = run, .numbers = numbers};

		draft.format.bits = run->columns.bits;
		draft.format.bits_reversed = bits_reversed;
		draft.format.bytes_reversed = bytes_reversed;
		field_take(&draft.format.card, &found.item[i], &draft.taken);
		if (numbers->facility_bits > 0)
			learn_facility(run, &draft);
		else
			learn_checks(run, &draft);
	}
}

void learn_described(struct run *run, const struct numbers *numbers)
{
	/* Out of the bits an enrolled number is a card number. */
	for (unsigned order = 0; order < 4 && numbers->reading != LEARN_ENROLLED; order++)
		learn_order(run, numbers, (order & 1) != 0, (order & 2) != 0);
}
