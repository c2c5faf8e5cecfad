// SPDX-License-Identifier: Apache-2.0
/*
 * Learning a card format from frames and the numbers printed on their cards.
 *
 * Two sources of proposals: the built-in formats that read every sample as printed, and formats
 * made from the bits (card_format_learn_draft.c). One yardstick measures both, and chance has the
 * score 0 (card_format_learn_score.c). Each sample is left out in turn too: a number that was typed
 * wrong must not hide what the others say.
 *
 * Work is bounded by a budget of steps, which built-in formats need none of; memory is the caller's
 * struct and about 8 KiB of stack.
 */
#include "card_format_learn_parts.h"

#include "base/assert.h"
#include "base/number.h"

#define BUDGET_STEPS UINT32_C(2000000)
#define COST_BUILT_IN 1
#define COST_OUTLIER 8
#define SCORE_MARGIN 7 /* what is that far behind the best is not worth a person's time */

/* --- printed numbers --- */

bool printed_number_parse(struct span text, struct printed_number *ret, struct buf *why)
{
	struct printed_number printed = {0};
	size_t at = 0;

	text = span_trim(text);
	while (at < text.len && text.data[at] != '/' && text.data[at] != '-' &&
		text.data[at] != ',')
		at++;
	printed.has_facility = at < text.len;
	struct span first = span_trim(span_slice(text, 0, at));
	struct span last = span_trim(span_slice(text, at + 1, text.len));

	if (!number_parse_u64(printed.has_facility ? last : first, UINT64_MAX, &printed.number) ||
		(printed.has_facility && !number_parse_u64(first, UINT32_MAX, &printed.facility))) {
		buf_add_string(why, "a printed number is decimal, 12345678, or facility code and "
				    "card number, 123/45678");
		return false;
	}
	*ret = printed;
	return true;
}

bool learn_reads_as_printed(const struct card_format *format, enum learn_reading reading,
	const struct card_fields *fields, const struct printed_number *printed)
{
	bool has_facility = format->facility.range_count > 0;
	struct printed_number split = digits_split(printed->number);

	switch (reading) {
	case LEARN_FACILITY_AND_CARD:
		return has_facility && printed->has_facility &&
		       fields->facility == printed->facility && fields->card == printed->number;
	case LEARN_CARD:
		return fields->card == printed->number;
	case LEARN_ENROLLED:
		return has_facility && !printed->has_facility &&
		       card_format_number(format, fields) == printed->number;
	case LEARN_DIGITS:
		return has_facility && !printed->has_facility &&
		       fields->facility == split.facility && fields->card == split.number;
	case LEARN_READING_COUNT:
		break;
	}
	return false;
}

/* Three digits up to 255 and five up to 65535, as they are printed on cards of 26 bits. */
static bool digits_possible(const struct learning *learning)
{
	bool any_facility = false;

	for (unsigned i = 0; i < learning->sample_count; i++) {
		struct printed_number split = digits_split(learning->sample[i].printed.number);

		if (split.facility > 255 || split.number > 65535)
			return false;
		any_facility = any_facility || split.facility > 0;
	}
	return any_facility;
}

static bool reading_possible(const struct run *run, enum learn_reading reading)
{
	switch (reading) {
	case LEARN_FACILITY_AND_CARD:
		return run->has_facility;
	case LEARN_CARD:
		return true;
	case LEARN_ENROLLED:
		return !run->has_facility;
	case LEARN_DIGITS:
		return !run->has_facility && digits_possible(run->learning);
	case LEARN_READING_COUNT:
		break;
	}
	return false;
}

static unsigned bit_length(uint64_t value)
{
	return value == 0 ? 1 : 64 - (unsigned)__builtin_clzll(value);
}

static struct numbers numbers_make(const struct run *run, enum learn_reading reading)
{
	struct numbers numbers = {.reading = reading};
	uint64_t cards = 0;
	uint64_t facilities = 0;

	for (unsigned s = 0; s < run->columns.samples; s++) {
		const struct learn_sample *sample = &run->learning->sample[run->sample[s]];
		struct printed_number printed = sample->printed;

		if (reading == LEARN_DIGITS)
			printed = digits_split(printed.number);
		numbers.card[s] = printed.number;
		numbers.facility[s] = printed.facility;
		cards |= printed.number;
		facilities |= printed.facility;
	}
	numbers.card_bits = bit_length(cards);
	if (reading == LEARN_FACILITY_AND_CARD || reading == LEARN_DIGITS)
		numbers.facility_bits = bit_length(facilities);
	return numbers;
}

/* --- built-in formats --- */

static void learn_built_in(struct run *run, const struct numbers *numbers)
{
	const struct card_format *format;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		if (format->bits != run->columns.bits)
			continue;
		struct learn_proposal proposal = {.format = *format,
			.built_in = true,
			.reading = numbers->reading,
			.score = learn_score(run, format, numbers) - COST_BUILT_IN};

		learn_offer(run, &proposal);
	}
}

/* --- a run --- */

/* Samples with the same frame say the same thing once. */
static void columns_make(struct run *run)
{
	const struct learn_sample *samples = run->learning->sample;
	struct columns *columns = &run->columns;

	columns->bits = (uint8_t)samples[0].bits.count;
	for (unsigned i = 0; i < run->learning->sample_count; i++) {
		bool seen = (run->chosen >> i & 1) == 0;

		for (unsigned s = 0; s < columns->samples; s++)
			seen = seen || memcmp(&samples[i].bits, &samples[run->sample[s]].bits,
					       sizeof(samples[i].bits)) == 0;
		if (seen)
			continue;
		for (unsigned bit = 0; bit < columns->bits; bit++) {
			if (card_bits_get(&samples[i].bits, bit))
				columns->at[bit] =
					(uint16_t)(columns->at[bit] | 1U << columns->samples);
		}
		columns->all = (uint16_t)(columns->all | 1U << columns->samples);
		run->sample[columns->samples++] = (uint8_t)i;
	}
}

static void learn_chosen(struct run *run, uint16_t chosen, bool described)
{
	struct numbers numbers[LEARN_READING_COUNT];
	bool possible[LEARN_READING_COUNT];

	run->chosen = chosen;
	run->has_facility = run->learning->sample[0].printed.has_facility;
	columns_make(run);
	for (unsigned reading = 0; reading < LEARN_READING_COUNT; reading++) {
		possible[reading] = reading_possible(run, (enum learn_reading)reading);
		numbers[reading] = numbers_make(run, (enum learn_reading)reading);
		if (possible[reading])
			learn_built_in(run, &numbers[reading]);
	}
	for (unsigned reading = 0; reading < LEARN_READING_COUNT; reading++) {
		if (possible[reading] && described)
			learn_described(run, &numbers[reading]);
	}
	run->learning->cut_short = run->learning->cut_short || run->budget.cut_short;
}

/* --- all samples, or all but one --- */

static enum learn_result samples_judge(const struct learning *learning)
{
	const struct learn_sample *samples = learning->sample;

	if (learning->sample_count == 0)
		return LEARN_NO_SAMPLE;
	for (unsigned i = 0; i < learning->sample_count; i++) {
		const struct card_bits *bits = &samples[i].bits;

		if (bits->count < CARD_FORMAT_BITS_MIN || bits->count > LEARN_BITS_MAX)
			return LEARN_BITS;
	}
	for (unsigned i = 1; i < learning->sample_count; i++) {
		if (samples[i].bits.count != samples[0].bits.count)
			return LEARN_LENGTHS;
		if (samples[i].printed.has_facility != samples[0].printed.has_facility)
			return LEARN_PRINTS;
		for (unsigned j = 0; j < i; j++) {
			const struct printed_number *a = &samples[i].printed;
			const struct printed_number *b = &samples[j].printed;

			if (memcmp(&samples[i].bits, &samples[j].bits, sizeof(samples[i].bits)) ==
					0 &&
				(a->number != b->number || a->facility != b->facility))
				return LEARN_CONTRADICTION;
		}
	}
	return LEARN_OK;
}

static uint16_t all_samples(const struct learning *learning)
{
	return (uint16_t)((1U << learning->sample_count) - 1);
}

static void learn_from_all(struct learning *learning)
{
	struct run run = {.learning = learning, .budget = {.steps = BUDGET_STEPS}};

	learn_chosen(&run, all_samples(learning), true);
}

/*
 * A number that was typed wrong must not hide what the others say. Formats are made from the bits
 * only where nothing fits all samples.
 */
static void learn_without_one(struct learning *learning)
{
	bool described = learning->proposal_count == 0;

	for (unsigned i = 0; i < learning->sample_count && learning->sample_count >= 3; i++) {
		struct run run = {.learning = learning,
			.penalty = COST_OUTLIER,
			.budget = {.steps = BUDGET_STEPS / learning->sample_count}};

		learn_chosen(&run, (uint16_t)(all_samples(learning) & ~(1U << i)), described);
	}
}

/* Built-in formats that fit are told even when another one is far better. */
static void proposals_prune(struct learning *learning)
{
	int32_t least = learning->proposal[0].score - SCORE_MARGIN;
	unsigned kept = 0;

	for (unsigned i = 0; i < learning->proposal_count; i++) {
		const struct learn_proposal *proposal = &learning->proposal[i];

		if (proposal->score >= LEARN_SCORE_MIN &&
			(proposal->score >= least ||
				(proposal->built_in && proposal->fits == all_samples(learning))))
			learning->proposal[kept++] = *proposal;
	}
	learning->proposal_count = (uint8_t)kept;
}

static uint64_t belief(int32_t score, int32_t best)
{
	return best - score >= 40 ? 0 : UINT64_C(1) << (40 - (best - score));
}

/* Proposals that read every card alike share what is believed of each of them. */
static void proposals_weigh(struct learning *learning)
{
	int32_t best = learning->proposal[0].score;
	uint64_t total = belief(0, best);
	uint64_t sum[LEARN_PROPOSALS_MAX] = {0};

	for (unsigned i = 0; i < learning->proposal_count; i++) {
		uint64_t own = belief(learning->proposal[i].score, best);

		total += own;
		sum[i] += own;
		for (unsigned j = 0; j < i; j++) {
			struct learn_difference difference;

			learning_difference(learning, i, j, &difference);
			if (difference.kind != LEARN_ALIKE)
				continue;
			sum[i] += belief(learning->proposal[j].score, best);
			sum[j] += own;
		}
	}
	for (unsigned i = 0; i < learning->proposal_count; i++) {
		uint64_t percent = sum[i] * 100 / total;

		learning->proposal[i].percent = (uint8_t)(percent > 99 ? 99 : percent);
	}
}

enum learn_result learning_run(struct learning *learning)
{
	enum learn_result result;

	ASSERT(learning->sample_count <= LEARN_SAMPLES_MAX);
	learning->proposal_count = 0;
	learning->cut_short = false;
	result = samples_judge(learning);
	if (result != LEARN_OK)
		return result;
	learn_from_all(learning);
	learn_without_one(learning);
	if (learning->proposal_count > 0)
		proposals_prune(learning);
	if (learning->proposal_count == 0)
		return LEARN_NOTHING;
	proposals_weigh(learning);
	return LEARN_OK;
}
