// SPDX-License-Identifier: Apache-2.0
/*
 * Learning: what a proposal rests on, and what would tell two of them apart.
 *
 * The difference of two formats is found by trying: a sample's card with one bit of its number, of
 * its facility code or of what is ignored changed, as the one format would send it, given to the
 * other. What is compared is the number that should be printed on such a card, because that is what
 * a person can look at.
 */
#include "card_format_learn_parts.h"
#include "card_format_text.h"

#include "base/assert.h"

const char *learn_result_sentence(enum learn_result result)
{
	static const char *const sentences[LEARN_RESULT_COUNT] = {
		[LEARN_OK] = "a format fits",
		[LEARN_NOTHING] = "no format reads these frames as their printed numbers; look at "
				  "the numbers again, and give more cards",
		[LEARN_NO_SAMPLE] = "there is nothing to learn from: no frame has a printed number",
		[LEARN_LENGTHS] = "the frames have different lengths; learn the cards of each "
				  "length by themselves",
		[LEARN_BITS] = "a frame has fewer than 24 or more than 66 bits",
		[LEARN_PRINTS] = "some numbers are given with a facility code and some without; "
				 "give all of them alike",
		[LEARN_CONTRADICTION] = "one frame is given with two different numbers",
	};

	ASSERT(result < LEARN_RESULT_COUNT);
	return sentences[result];
}

const char *learn_reading_sentence(enum learn_reading reading)
{
	static const char *const sentences[LEARN_READING_COUNT] = {
		[LEARN_FACILITY_AND_CARD] =
			"facility code and card number are printed as they are sent",
		[LEARN_CARD] = "the printed number is the card number",
		[LEARN_ENROLLED] =
			"the printed number is facility code and card number as one number",
		[LEARN_DIGITS] = "facility code and five digits of card number are printed as one",
	};

	ASSERT(reading < LEARN_READING_COUNT);
	return sentences[reading];
}

/* --- differences --- */

/* What should be printed on a card that is read so. */
static struct printed_number predict(
	const struct learn_proposal *proposal, const struct card_fields *fields)
{
	switch (proposal->reading) {
	case LEARN_FACILITY_AND_CARD:
		return (struct printed_number){fields->facility, fields->card, true};
	case LEARN_ENROLLED:
		return (struct printed_number){
			0, card_format_number(&proposal->format, fields), false};
	case LEARN_DIGITS:
		return (struct printed_number){0, fields->facility * 100000 + fields->card, false};
	case LEARN_CARD:
	case LEARN_READING_COUNT:
		break;
	}
	return (struct printed_number){0, fields->card, false};
}

static bool print_same(const struct printed_number *a, const struct printed_number *b)
{
	return a->number == b->number &&
	       (!a->has_facility || !b->has_facility || a->facility == b->facility);
}

/*
 * A frame that `from` takes is given to `to`; *ret becomes what is found when that says more than
 * what *ret holds. True when it is read as another number.
 */
static bool frame_tells(const struct learn_proposal *from, const struct learn_proposal *to,
	const struct card_bits *bits, struct learn_difference *ret)
{
	struct learn_difference found = {.bits = *bits};
	struct printed_number one, other;

	ASSERT(card_format_decode(&from->format, bits, &found.example) == CARD_FORMAT_OK);
	if (card_format_decode(&to->format, bits, &found.other) != CARD_FORMAT_OK) {
		found.kind = LEARN_REFUSALS;
	} else {
		one = predict(from, &found.example);
		other = predict(to, &found.other);
		found.kind = print_same(&one, &other) ? LEARN_ALIKE : LEARN_CARD_TELLS;
	}
	if (found.kind > ret->kind)
		*ret = found;
	return found.kind == LEARN_CARD_TELLS;
}

static const struct learn_sample *sample_of(
	const struct learning *learning, const struct learn_proposal *proposal)
{
	ASSERT(proposal->fits != 0);
	return &learning->sample[__builtin_ctz(proposal->fits)];
}

/* The frame of a card with these fields; what the format ignores is as in another frame. */
static struct card_bits frame_of(const struct learn_proposal *proposal,
	const struct card_fields *fields, const struct card_bits *like)
{
	struct card_format format = proposal->format;
	struct card_bits bits = {0};

	for (size_t i = 0; i < sizeof(bits.bytes); i++) {
		format.constant.bytes[i] |= format.ignored.bytes[i];
		format.constant_value.bytes[i] |= like->bytes[i] & format.ignored.bytes[i];
	}
	ASSERT(card_format_encode(&format, fields, &bits) == CARD_FORMAT_OK);
	return bits;
}

/* All numbers of the samples together: the bits that were seen set. */
static uint64_t seen_numbers(
	const struct learning *learning, const struct learn_proposal *proposal, bool facility)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < learning->sample_count; i++) {
		struct card_fields fields;

		if ((proposal->fits >> i & 1) == 0 ||
			card_format_decode(&proposal->format, &learning->sample[i].bits, &fields) !=
				CARD_FORMAT_OK)
			continue;
		seen |= facility ? fields.facility : fields.card;
	}
	return seen;
}

/* Changes each bit of the number, or of the facility code, of a sample. */
static void try_field(const struct learning *learning, unsigned from, unsigned to, bool facility,
	struct learn_difference *ret)
{
	const struct learn_proposal *sender = &learning->proposal[from];
	const struct card_field *field = facility ? &sender->format.facility : &sender->format.card;
	const struct card_bits *like = &sample_of(learning, sender)->bits;
	struct learn_difference found = {.kind = LEARN_ALIKE};
	unsigned width = card_field_width(field);
	struct card_fields base;
	uint64_t telling = 0;

	ASSERT(card_format_decode(&sender->format, like, &base) == CARD_FORMAT_OK);
	for (unsigned bit = 0; bit < width; bit++) {
		struct card_fields fields = base;
		uint64_t *value = facility ? &fields.facility : &fields.card;

		*value ^= UINT64_C(1) << bit;
		struct card_bits bits = frame_of(sender, &fields, like);

		if (frame_tells(sender, &learning->proposal[to], &bits, &found))
			telling |= UINT64_C(1) << bit;
	}
	if (found.kind <= ret->kind)
		return;
	*ret = found;
	ret->from = (uint8_t)from;
	ret->by_facility = facility;
	/* From the lowest bit that tells on every one does, and none of them was seen yet. */
	uint64_t lowest = telling & -telling;
	uint64_t top = width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;

	if (telling != 0 && telling == (top & ~(lowest - 1)) &&
		seen_numbers(learning, sender, facility) < lowest)
		ret->above = lowest;
}

/* Changes each bit that one format ignores. */
static void try_ignored(
	const struct learning *learning, unsigned from, unsigned to, struct learn_difference *ret)
{
	const struct learn_proposal *sender = &learning->proposal[from];
	const struct card_bits *sample = &sample_of(learning, sender)->bits;
	struct learn_difference found = {.kind = LEARN_ALIKE};
	struct card_fields fields;

	ASSERT(card_format_decode(&sender->format, sample, &fields) == CARD_FORMAT_OK);
	for (unsigned bit = 0; bit < sender->format.bits; bit++) {
		struct card_bits like = *sample;

		if (!bit_set_has(&sender->format.ignored, bit))
			continue;
		card_bits_put(&like, bit, !card_bits_get(&like, bit));
		struct card_bits bits = frame_of(sender, &fields, &like);

		(void)frame_tells(sender, &learning->proposal[to], &bits, &found);
	}
	if (found.kind <= ret->kind)
		return;
	*ret = found;
	ret->from = (uint8_t)from;
}

void learning_difference(
	const struct learning *learning, unsigned a, unsigned b, struct learn_difference *ret)
{
	const unsigned pairs[2][2] = {{a, b}, {b, a}};

	ASSERT(a < learning->proposal_count && b < learning->proposal_count);
	*ret = (struct learn_difference){.kind = LEARN_ALIKE};
	/* The first that is found is told: by the number of a card first, that is easiest. */
	for (unsigned facility = 0; facility < 2; facility++) {
		for (unsigned i = 0; i < 2; i++)
			try_field(learning, pairs[i][0], pairs[i][1], facility != 0, ret);
	}
	for (unsigned i = 0; i < 2; i++)
		try_ignored(learning, pairs[i][0], pairs[i][1], ret);
}

/* --- sentences --- */

/* "bits 3-5" or "bit 3" */
static void add_bits(struct buf *out, unsigned first, unsigned last)
{
	buf_add_string(out, first == last ? "bit " : "bits ");
	card_format_add_range(out, first, last);
}

static void add_print(
	struct buf *out, const struct learn_proposal *proposal, const struct card_fields *fields)
{
	struct printed_number printed = predict(proposal, fields);

	if (printed.has_facility) {
		buf_add_u64(out, printed.facility);
		buf_add_byte(out, '/');
	}
	buf_add_u64(out, printed.number);
}

static void add_proposal(struct buf *out, unsigned at)
{
	buf_add_string(out, "proposal ");
	buf_add_u64(out, at + 1);
}

static void explain_samples(
	const struct learning *learning, const struct learn_proposal *proposal, struct buf *out)
{
	unsigned fits = (unsigned)__builtin_popcount(proposal->fits);

	for (unsigned i = 0; i < learning->sample_count; i++) {
		if ((proposal->fits >> i & 1) != 0)
			continue;
		buf_add_string(out, "sample ");
		buf_add_u64(out, i + 1);
		buf_add_string(out, " is not read as printed: look at its number again, or it is "
				    "another kind of card\n");
	}
	if (proposal->check_bits == 0)
		return;
	buf_add_u64(out, proposal->check_bits);
	buf_add_string(out, proposal->check_bits == 1 ? " check bit is right in "
						      : " check bits are right in ");
	buf_add_u64(out, fits);
	buf_add_string(out, fits == 1 ? " sample\n" : " samples\n");
}

/* "the 3 highest bits of `card` were 0 in every sample: ..." */
static void explain_guess(const char *key, unsigned guessed, unsigned width, struct buf *out)
{
	if (guessed == 0)
		return;
	buf_add_string(out, guessed == 1 ? "the highest bit of `" : "the ");
	if (guessed > 1) {
		buf_add_u64(out, guessed);
		buf_add_string(out, " highest bits of `");
	}
	buf_add_string(out, key);
	buf_add_string(out, guessed == 1 ? "` was" : "` were");
	buf_add_string(out, " 0 in every sample: that the field is so wide is a guess until a "
			    "number from ");
	buf_add_u64(out, UINT64_C(1) << (width - guessed));
	buf_add_string(out, " on is read\n");
}

static void explain_facility(
	const struct learning *learning, const struct learn_proposal *proposal, struct buf *out)
{
	const struct learn_sample *sample = sample_of(learning, proposal);
	struct card_fields fields;

	if (proposal->reading != LEARN_CARD)
		return;
	if (sample->printed.has_facility)
		buf_add_string(out, "the printed facility code is not looked at: it was not found "
				    "in the frames\n");
	if (proposal->format.facility.range_count == 0 ||
		card_format_decode(&proposal->format, &sample->bits, &fields) != CARD_FORMAT_OK)
		return;
	buf_add_string(out, "the frames hold a facility code that is not in the printed number: "
			    "card ");
	buf_add_u64(out, fields.card);
	buf_add_string(out, " is of facility ");
	buf_add_u64(out, fields.facility);
	buf_add_string(out, " and is enrolled as ");
	buf_add_u64(out, card_format_number(&proposal->format, &fields));
	buf_add_byte(out, '\n');
}

/* What was seen in a run of bits: the same in all samples that fit, or not. */
static void add_seen(const struct learning *learning, const struct learn_proposal *proposal,
	unsigned first, unsigned last, struct buf *out)
{
	const struct card_bits *model = &sample_of(learning, proposal)->bits;

	for (unsigned i = 0; i < learning->sample_count; i++) {
		for (unsigned bit = first; bit <= last && (proposal->fits >> i & 1) != 0; bit++) {
			if (card_bits_get(&learning->sample[i].bits, bit) !=
				card_bits_get(model, bit)) {
				buf_add_string(out, "different from card to card");
				return;
			}
		}
	}
	for (unsigned bit = first; bit <= last; bit++)
		buf_add_byte(out, card_bits_get(model, bit) ? '1' : '0');
	buf_add_string(out, " in every sample");
}

static void explain_rest(
	const struct learning *learning, const struct learn_proposal *proposal, struct buf *out)
{
	unsigned first, last;

	for (unsigned at = 0;
		card_format_next_run(&proposal->format.constant, &at, &first, &last) &&
		!proposal->built_in;) {
		add_bits(out, first, last);
		buf_add_string(out, first == last ? " was " : " were ");
		add_seen(learning, proposal, first, last, out);
		buf_add_string(out, ": taken as constant; a card with something else there is "
				    "refused\n");
	}
	for (unsigned at = 0;
		card_format_next_run(&proposal->format.ignored, &at, &first, &last);) {
		add_bits(out, first, last);
		buf_add_string(
			out, first == last ? " is ignored: it was " : " are ignored: they were ");
		add_seen(learning, proposal, first, last, out);
		buf_add_byte(out, '\n');
	}
	if (!proposal->has_maybe)
		return;
	add_bits(out, proposal->maybe.bit, proposal->maybe.bit);
	buf_add_string(out, " may be ");
	buf_add_string(out, proposal->maybe.odd ? "odd" : "even");
	buf_add_string(out, " parity over ");
	card_format_add_set(out, &proposal->maybe.cover);
	buf_add_string(out, ", which is so in every sample; more cards would make it certain\n");
}

void learning_explain(const struct learning *learning, unsigned at, struct buf *out)
{
	ASSERT(at < learning->proposal_count);
	const struct learn_proposal *proposal = &learning->proposal[at];

	buf_add_string(out, learn_reading_sentence(proposal->reading));
	buf_add_byte(out, '\n');
	explain_samples(learning, proposal, out);
	explain_guess(
		"card", proposal->card_guessed, card_field_width(&proposal->format.card), out);
	explain_guess("facility", proposal->facility_guessed,
		card_field_width(&proposal->format.facility), out);
	explain_facility(learning, proposal, out);
	explain_rest(learning, proposal, out);
}

static void tell_card(const struct learning *learning, const struct learn_difference *difference,
	unsigned other, struct buf *out)
{
	const struct learn_proposal *from = &learning->proposal[difference->from];

	if (difference->above != 0) {
		buf_add_string(out, difference->by_facility ? "a card with a facility code from "
							    : "a card with a number from ");
		buf_add_u64(out, difference->above);
		buf_add_string(out, " on tells");
	} else {
		buf_add_string(out, difference->by_facility
					    ? "one more card with another facility code tells"
					    : "one more card may tell");
	}
	buf_add_string(out, ": the frame that ");
	add_proposal(out, difference->from);
	buf_add_string(out, " reads as ");
	add_print(out, from, &difference->example);
	buf_add_string(out, " is read as ");
	add_print(out, &learning->proposal[other], &difference->other);
	buf_add_string(out, " by ");
	add_proposal(out, other);
}

static void tell_pair(unsigned a, unsigned b, const char *what, struct buf *out)
{
	add_proposal(out, a);
	buf_add_string(out, " and ");
	add_proposal(out, b);
	buf_add_string(out, what);
}

void learning_tell(const struct learning *learning, unsigned a, unsigned b, struct buf *out)
{
	struct learn_difference difference;

	learning_difference(learning, a, b, &difference);
	switch (difference.kind) {
	case LEARN_ALIKE:
		tell_pair(a, b, " read every card alike", out);
		break;
	case LEARN_REFUSALS:
		tell_pair(a, b,
			" read the same numbers; a card that only one of them refuses tells", out);
		break;
	case LEARN_CARD_TELLS:
		tell_card(learning, &difference, difference.from == a ? b : a, out);
		break;
	}
	buf_add_byte(out, '\n');
}
