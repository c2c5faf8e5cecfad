// SPDX-License-Identifier: Apache-2.0
/*
 * Learning: how good a proposal is, and the list of the best.
 *
 * The yardstick is bits: what the samples say for a format (every bit of a frame that the printed
 * numbers and the checks foretell, by how surprising that is) less what it takes to describe it (a
 * built-in format nearly nothing, a range or an odd rule some bits). So the order of proposals and
 * the belief in them come from one sum. Every proposal is tried on the samples by the decoder
 * itself before it is taken.
 */
#include "card_format_learn_parts.h"

#include "base/assert.h"

#define COST_FACILITY_UNREAD 10 /* it is printed, and the format does not look at it */

static int32_t reading_cost(bool has_facility, enum learn_reading reading)
{
	static const int32_t costs[LEARN_READING_COUNT] = {
		[LEARN_ENROLLED] = 1, [LEARN_DIGITS] = 2};

	return has_facility && reading == LEARN_CARD ? COST_FACILITY_UNREAD : costs[reading];
}

/* --- scores --- */

unsigned learn_weight_sent(
	bool bits_reversed, bool bytes_reversed, unsigned width, unsigned position)
{
	unsigned weight = width - 1 - position;

	/* As decoding does, backward: bytes are turned last. */
	if (bits_reversed)
		weight = position;
	if (bytes_reversed)
		weight = width - 8 - weight / 8 * 8 + weight % 8;
	return weight;
}

/* What the printed number says of a field's bits: those in front of it are zeros, a guess. */
static int32_t field_score(const struct run *run, const struct card_format *format,
	const struct card_field *field, unsigned seen_bits)
{
	bool card = field == &format->card;
	unsigned width = card_field_width(field);
	unsigned position = 0;
	int32_t score = 0;

	for (unsigned i = 0; i < field->range_count; i++) {
		for (unsigned j = 0; j < field->range[i].len; j++, position++) {
			unsigned weight = learn_weight_sent(card && format->bits_reversed,
				card && format->bytes_reversed, width, position);

			score += weight < seen_bits
					 ? column_weight(&run->columns, field->range[i].start + j)
					 : 1;
		}
	}
	return score;
}

/* A field that is not printed: only that it is the same in all cards says something. */
static int32_t unprinted_score(const struct run *run, const struct card_field *field)
{
	int32_t score = 0;

	for (unsigned i = 0; i < field->range_count; i++) {
		for (unsigned j = 0; j < field->range[i].len; j++)
			score += column_is_constant(&run->columns, field->range[i].start + j);
	}
	return score;
}

int32_t learn_score(
	const struct run *run, const struct card_format *format, const struct numbers *numbers)
{
	const struct columns *columns = &run->columns;
	int32_t score = unprinted_score(run, &format->issue) + unprinted_score(run, &format->oem);
	unsigned card_bits = numbers->card_bits;
	unsigned facility_bits = numbers->facility_bits;

	if (numbers->reading == LEARN_ENROLLED) {
		unsigned width = card_field_width(&format->card);

		facility_bits = card_bits > width ? card_bits - width : 1;
	}
	score += field_score(run, format, &format->card, card_bits);
	score += facility_bits > 0 ? field_score(run, format, &format->facility, facility_bits)
				   : unprinted_score(run, &format->facility);
	for (unsigned i = 0; i < format->parity_count; i++)
		score += column_weight(columns, format->parity[i].bit);
	for (unsigned i = 0; i < format->xor_count; i++) {
		for (unsigned j = 0; j < format->xor_check[i].width; j++)
			score += column_weight(columns, format->xor_check[i].at + j);
	}
	for (unsigned bit = 0; bit < format->bits; bit++)
		score += bit_set_has(&format->constant, bit);
	return score - run->penalty - reading_cost(run->has_facility, numbers->reading);
}

/* --- the list of proposals --- */

static bool field_same(const struct card_field *a, const struct card_field *b)
{
	return a->range_count == b->range_count &&
	       memcmp(a->range, b->range, a->range_count * sizeof(a->range[0])) == 0;
}

static bool parity_among(const struct card_format *format, const struct card_parity *parity)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		const struct card_parity *other = &format->parity[i];

		if (other->bit == parity->bit && other->odd == parity->odd &&
			memcmp(&other->cover, &parity->cover, sizeof(other->cover)) == 0)
			return true;
	}
	return false;
}

/* Whether two formats read every frame alike, for all that learning may propose. */
static bool format_same(const struct card_format *a, const struct card_format *b)
{
	bool same = a->bits == b->bits && a->parity_count == b->parity_count &&
		    a->xor_count == b->xor_count && field_same(&a->card, &b->card) &&
		    field_same(&a->facility, &b->facility) &&
		    a->bits_reversed == b->bits_reversed &&
		    a->bytes_reversed == b->bytes_reversed &&
		    memcmp(&a->constant, &b->constant, sizeof(a->constant)) == 0;

	for (unsigned i = 0; same && i < a->parity_count; i++)
		same = parity_among(b, &a->parity[i]);
	return same &&
	       memcmp(a->xor_check, b->xor_check, a->xor_count * sizeof(a->xor_check[0])) == 0;
}

static bool proposal_fits(const struct run *run, struct learn_proposal *proposal)
{
	const struct learning *learning = run->learning;

	proposal->fits = 0;
	for (unsigned i = 0; i < learning->sample_count; i++) {
		const struct learn_sample *sample = &learning->sample[i];
		struct card_fields fields;

		if (card_format_decode(&proposal->format, &sample->bits, &fields) ==
				CARD_FORMAT_OK &&
			learn_reads_as_printed(
				&proposal->format, proposal->reading, &fields, &sample->printed))
			proposal->fits = (uint16_t)(proposal->fits | 1U << i);
	}
	return (proposal->fits & run->chosen) == run->chosen;
}

static uint8_t check_bits(const struct card_format *format)
{
	unsigned bits = format->parity_count;

	for (unsigned i = 0; i < format->xor_count; i++)
		bits += format->xor_check[i].width;
	return (uint8_t)bits;
}

/* The one to give up for a better one: the last that is not built in. LEARN_PROPOSALS_MAX: none. */
static unsigned victim_of(const struct learning *learning)
{
	for (unsigned i = learning->proposal_count; i > 0; i--) {
		if (!learning->proposal[i - 1].built_in)
			return i - 1;
	}
	return LEARN_PROPOSALS_MAX;
}

static void proposal_remove(struct learning *learning, unsigned at)
{
	learning->proposal_count--;
	for (unsigned i = at; i < learning->proposal_count; i++)
		learning->proposal[i] = learning->proposal[i + 1];
}

void learn_offer(struct run *run, struct learn_proposal *proposal)
{
	struct learning *learning = run->learning;
	unsigned old = 0; /* the one whose place it takes */

	if (proposal->score < LEARN_SCORE_MIN)
		return;
	while (old < learning->proposal_count &&
		!format_same(&learning->proposal[old].format, &proposal->format))
		old++;
	if (old == learning->proposal_count && old == LEARN_PROPOSALS_MAX)
		old = victim_of(learning);
	if (old == LEARN_PROPOSALS_MAX)
		return;
	const struct learn_proposal *rival =
		old < learning->proposal_count ? &learning->proposal[old] : NULL;

	if (rival != NULL && (rival->built_in || rival->score >= proposal->score))
		return;
	if (!proposal_fits(run, proposal))
		return;
	if (rival != NULL)
		proposal_remove(learning, old);
	unsigned at = learning->proposal_count++;

	for (; at > 0 && learning->proposal[at - 1].score < proposal->score; at--)
		learning->proposal[at] = learning->proposal[at - 1];
	learning->proposal[at] = *proposal;
	learning->proposal[at].check_bits = check_bits(&proposal->format);
}
