/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of learning share. A column is one bit in every sample: bit s of it is the bit of
 * the s-th sample that is looked at. Where a frame's column equals the column of a number's bit,
 * the one may be the other.
 */
#pragma once

#include "domain/card_format_learn.h"

#define LEARN_RANGES_MAX 3 /* of a field */
#define PLACEMENTS_MAX 48
#define CHECK_SETS_MAX 4
#define LEARN_SCORE_MIN 10 /* below that chance explains the samples as well */

struct columns {
	uint8_t bits; /* of a frame */
	uint8_t samples; /* looked at */
	uint16_t all; /* the column that is 1 in all of them */
	uint16_t at[LEARN_BITS_MAX];
};

static inline bool column_is_constant(const struct columns *columns, unsigned bit)
{
	return columns->at[bit] == 0 || columns->at[bit] == columns->all;
}

/* What it says, in bits, that a column is as it should be: constant ones are common by themselves.
 */
static inline int32_t column_weight(const struct columns *columns, unsigned bit)
{
	if (column_is_constant(columns, bit))
		return columns->samples < 2 ? 1 : 2;
	return columns->samples;
}

/* A number's columns in the order in which a field would send them. */
struct sequence {
	uint8_t len; /* 1 to 64 */
	uint16_t at[64];
};

/* Where a sequence may stand: ranges in the order of the sequence. */
struct placement {
	uint8_t range_count;
	struct bit_range range[LEARN_RANGES_MAX];
};

struct placements {
	uint8_t count;
	struct placement item[PLACEMENTS_MAX];
};

/* How much may still be tried; at 0 the search ends with what it has. */
struct budget {
	uint32_t steps;
	bool cut_short;
};

/* Takes a number of steps; false when there are not so many. */
static inline bool budget_take(struct budget *budget, uint32_t steps)
{
	if (budget->steps < steps) {
		budget->steps = 0;
		budget->cut_short = true;
		return false;
	}
	budget->steps -= steps;
	return true;
}

/*
 * All places outside of taken for the whole sequence: as one range; when there is none as two; when
 * there is none as three.
 */
void placements_find(const struct columns *columns, const struct bit_set *taken,
	const struct sequence *sequence, struct budget *budget, struct placements *ret);

/* Checks that belong together and hold in all samples. */
struct check_set {
	uint8_t parity_count;
	uint8_t xor_count;
	struct card_parity parity[3];
	struct card_xor xor_check[1];
	int32_t cost; /* how unusual: the more, the more samples it takes to believe it */
	int32_t gain; /* what its bits say; it is believed when that is more than the cost */
};

struct check_sets {
	uint8_t count; /* of those that are believed, best first */
	bool has_maybe;
	struct check_set item[CHECK_SETS_MAX];
	struct card_parity maybe; /* holds too, and is not believed yet */
};

/*
 * Looks for checks in the bits outside of taken. boundary: bits at which fields begin, where one
 * half of a frame's parity may end.
 */
void check_sets_find(const struct columns *columns, const struct bit_set *taken,
	const uint8_t *boundary, unsigned boundary_count, struct check_sets *ret);

/* One run over some of the samples. */
struct run {
	struct learning *learning;
	uint16_t chosen; /* bit i: sample i is to fit */
	bool has_facility; /* printed apart */
	int32_t penalty; /* that a sample is left out */
	struct columns columns; /* of the chosen samples with different frames */
	uint8_t sample[LEARN_SAMPLES_MAX]; /* which they are */
	struct budget budget;
};

/* The numbers of a run's samples under one reading. */
struct numbers {
	enum learn_reading reading;
	uint64_t card[LEARN_SAMPLES_MAX];
	uint64_t facility[LEARN_SAMPLES_MAX];
	unsigned card_bits; /* that were seen set in any of them; at least 1 */
	unsigned facility_bits; /* 0: the facility code is not known */
};

/* Digits as they are printed on cards of 26 bits: the last five are the card number. */
static inline struct printed_number digits_split(uint64_t number)
{
	return (struct printed_number){.facility = number / 100000, .number = number % 100000};
}

/* The weight of the bit that a card field of width bits sends at a position: 0 is the lowest. */
unsigned learn_weight_sent(
	bool bits_reversed, bool bytes_reversed, unsigned width, unsigned position);

/* What the samples say for a format and its reading, less what reading and run take to believe. */
int32_t learn_score(
	const struct run *run, const struct card_format *format, const struct numbers *numbers);

/* Takes a proposal into the list, in its place, when it fits and is new. */
void learn_offer(struct run *run, struct learn_proposal *proposal);

/* Offers the formats that can be made from the bits. */
void learn_described(struct run *run, const struct numbers *numbers);
