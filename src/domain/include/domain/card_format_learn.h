/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning a card format: from a few frames and the numbers printed on their cards to the formats
 * that read them so, best first, and what would tell the best ones apart.
 */
#pragma once

#include "domain/card_format.h"

#define LEARN_SAMPLES_MAX 16
#define LEARN_BITS_MAX 66 /* the longest frame of two data lines */
#define LEARN_PROPOSALS_MAX 8

/* What is printed on a card. */
struct printed_number {
	uint64_t facility;
	uint64_t number;
	bool has_facility; /* printed apart from the number */
};

/*
 * "123/45678", "123-45678", "123,45678" or one number. False, with a sentence that repeats nothing
 * of the text, for anything else.
 */
bool printed_number_parse(struct span text, struct printed_number *ret, struct buf *why);

struct learn_sample {
	struct card_bits bits;
	struct printed_number printed;
};

/* How a printed number and the fields of a frame belong together. */
enum learn_reading {
	LEARN_FACILITY_AND_CARD = 0, /* both are printed, both are in the frame */
	LEARN_CARD, /* the number is the card field; no facility code is looked at */
	LEARN_ENROLLED, /* one number, facility << bits of card | card */
	LEARN_DIGITS, /* one number: its last five digits are the card, those before the facility */
	LEARN_READING_COUNT
};

struct learn_proposal {
	struct card_format format; /* a built-in one, or "learned-47" */
	bool built_in;
	enum learn_reading reading;
	uint16_t fits; /* bit i: sample i is read as printed. All of them, or all but one */
	uint8_t percent; /* of what is believed, among the proposals and chance; 0 to 99 */
	uint8_t check_bits; /* parity and XOR bits; each is right in every sample that fits */
	/*
	 * Bits in front of the number that were 0 in every sample: taken as part of the field,
	 * because printed numbers do not show how wide it is.
	 */
	uint8_t card_guessed;
	uint8_t facility_guessed;
	/* A check that holds in every sample and is not in the format: too few samples to tell. */
	bool has_maybe;
	struct card_parity maybe;
	int32_t score;
};

enum learn_result {
	LEARN_OK = 0, /* at least one proposal */
	LEARN_NOTHING, /* no format fits all samples, or all but one */
	LEARN_NO_SAMPLE, /* sample_count is 0 */
	LEARN_LENGTHS, /* frames of different lengths: learn each length by itself */
	LEARN_BITS, /* a frame has fewer than 24 or more than 66 bits */
	LEARN_PRINTS, /* some numbers with a facility code, some without */
	LEARN_CONTRADICTION, /* one frame with two numbers */
	LEARN_RESULT_COUNT
};

/* What stands between two proposals. */
enum learn_difference_kind {
	LEARN_ALIKE = 0, /* they read every card alike and refuse the same frames */
	LEARN_REFUSALS, /* they read the same numbers; the frame below is refused by one */
	LEARN_CARD_TELLS, /* the frame below is read as two different numbers */
};

struct learn_difference {
	enum learn_difference_kind kind;
	uint8_t from; /* index of the proposal that takes the frame */
	struct card_bits bits; /* a sample's, but for one bit and the checks */
	struct card_fields example; /* as `from` reads it */
	struct card_fields other; /* what the other one reads, with LEARN_CARD_TELLS */
	bool by_facility; /* the bit is of the facility code */
	uint64_t above; /* 0, or: every card number (facility code) from this on tells */
};

/*
 * The state of a learning: samples in, proposals out. About 3 KiB, owned by the caller.
 */
struct learning {
	uint8_t sample_count; /* in: 1 to LEARN_SAMPLES_MAX; the same card twice is no fault */
	struct learn_sample sample[LEARN_SAMPLES_MAX]; /* in */
	uint8_t proposal_count; /* out */
	struct learn_proposal proposal[LEARN_PROPOSALS_MAX]; /* out, best first */
	bool cut_short; /* out: so little is known that not every possibility was tried */
};

/* Bounded work: some 10 ms, whatever the samples are. */
enum learn_result learning_run(struct learning *learning);

const char *learn_result_sentence(enum learn_result result);
const char *learn_reading_sentence(enum learn_reading reading);

/* Whether a frame's fields, read by format, are what is printed. */
bool learn_reads_as_printed(const struct card_format *format, enum learn_reading reading,
	const struct card_fields *fields, const struct printed_number *printed);

/* a, b: below proposal_count. */
void learning_difference(
	const struct learning *learning, unsigned a, unsigned b, struct learn_difference *ret);

/*
 * In words: what a proposal rests on and leaves open, a sentence a line; and what would tell two of
 * them apart, one sentence. Proposals are counted from 1 in them.
 */
void learning_explain(const struct learning *learning, unsigned at, struct buf *out);
void learning_tell(const struct learning *learning, unsigned a, unsigned b, struct buf *out);
