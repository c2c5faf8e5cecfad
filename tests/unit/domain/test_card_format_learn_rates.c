// SPDX-License-Identifier: Apache-2.0
/*
 * Learning card formats, measured: every built-in one from three cards, and made-up ones with split
 * fields. The seeds are fixed, so the rates never change by themselves; each has a bound, and the
 * figures are printed.
 */
#include "base/compiler.h"
#include "learn_cards.h"

static struct learning learning;

/* --- trials: some cards are learned from, then one more is read --- */

struct trial {
	const struct card_format *format;
	unsigned cards;
	bool one_site; /* the samples have one facility code */
	bool other_site; /* the card to be read has another one */
	bool in_range; /* its number has no more bits than those of the samples */
};

struct rate {
	unsigned trials;
	unsigned first; /* the first proposal reads the card as printed */
	unsigned any; /* one of the proposals does */
};

static bool reads(unsigned at, const struct card_bits *bits, const struct printed_number *printed)
{
	const struct learn_proposal *proposal = &learning.proposal[at];
	struct card_fields fields;

	return card_format_decode(&proposal->format, bits, &fields) == CARD_FORMAT_OK &&
	       learn_reads_as_printed(&proposal->format, proposal->reading, &fields, printed);
}

static void trial_run(const struct trial *trial, struct rate *rate)
{
	const struct card_format *format = trial->format;
	uint64_t site = random_value(&format->facility);
	uint64_t seen = 0;
	bool any = false;

	memset(&learning, 0, sizeof(learning));
	for (unsigned i = 0; i < trial->cards; i++) {
		struct card_fields fields = random_fields(format);

		if (trial->one_site)
			fields.facility = site;
		seen |= fields.card;
		learning.sample[i].bits = frame_make(format, &fields);
		learning.sample[i].printed = print_of(format, &fields);
		learning.sample_count++;
	}
	(void)learning_run(&learning);

	struct card_fields fields = random_fields(format);

	if (trial->one_site && !trial->other_site)
		fields.facility = site;
	while (trial->in_range && fields.card > seen)
		fields.card >>= 1;
	struct card_bits bits = frame_make(format, &fields);
	struct printed_number printed = print_of(format, &fields);

	for (unsigned i = 0; i < learning.proposal_count; i++)
		any = any || reads(i, &bits, &printed);
	rate->trials++;
	rate->any += any;
	rate->first += learning.proposal_count > 0 && reads(0, &bits, &printed);
}

/* Bounds in per mille of the trials. */
static void rate_judge(const char *what, const struct rate *rate, unsigned first, unsigned any)
{
	print_message("# %s: of %u fourth cards the first proposal reads %u, one of the proposals "
		      "%u\n",
		what, rate->trials, rate->first, rate->any);
	assert_true(rate->first * 1000 >= first * rate->trials);
	assert_true(rate->any * 1000 >= any * rate->trials);
}

static void built_in_formats_are_learned_from_three_cards(void **state)
{
	(void)state;
	struct rate all = {0};
	struct rate site = {0};
	const struct card_format *format;

	for (unsigned i = 0; (format = card_format_at(i)) != NULL; i++) {
		struct rate one = {0};

		for (unsigned seed = 0; seed < 200; seed++) {
			random_state = seed * 1000 + i;
			trial_run(&(struct trial){format, 3}, &one);
		}
		for (unsigned seed = 0; seed < 25; seed++)
			trial_run(&(struct trial){format, 3, .one_site = true, .other_site = true},
				&site);
		if (one.any < one.trials || one.first * 100 < one.trials * 98)
			fail_msg("%.*s: first %u, any %u of %u", format->name.len,
				format->name.bytes, one.first, one.any, one.trials);
		all.trials += one.trials;
		all.first += one.first;
		all.any += one.any;
	}
	rate_judge("built in, random cards", &all, 999, 1000);
	rate_judge("built in, three of one site and a fourth of another", &site, 998, 1000);
}

/* --- made-up formats of 47 bits --- */

struct layout {
	unsigned card_parts_max; /* 2 or 3; 2 at least */
	unsigned part_bits_min;
	unsigned facility_parts_max; /* 0: no facility code */
	unsigned ignored_max;
	bool parity; /* at both ends, one of three usual kinds of halves */
	bool lsb; /* the card number comes least significant bit first */
};

enum part_of { PART_CARD, PART_FACILITY, PART_IGNORED };

struct part {
	enum part_of of;
	unsigned order; /* among those of its field */
	unsigned len;
};

/* Cuts len bits into count parts of at least min bits. */
static unsigned parts_cut(
	struct part *parts, enum part_of of, unsigned len, unsigned count, unsigned min)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned rest = (count - i - 1) * min;

		parts[i].of = of;
		parts[i].order = i;
		parts[i].len = i + 1 == count ? len : random_between(min, len - rest);
		len -= parts[i].len;
	}
	return count;
}

static void halves_add(struct card_format *format)
{
	unsigned kind = random_between(0, 2); /* 45 bits: the middle one in both, or in one */

	format->parity_count = 2;
	format->parity[0] = (struct card_parity){.bit = 0};
	format->parity[1] = (struct card_parity){.bit = 46, .odd = true};
	for (unsigned bit = 1; bit <= (kind == 1 ? 22u : 23u); bit++)
		bit_set_add(&format->parity[0].cover, bit);
	for (unsigned bit = kind == 2 ? 24 : 23; bit <= 45; bit++)
		bit_set_add(&format->parity[1].cover, bit);
}

static void parts_place(struct card_format *format, const struct part *parts, unsigned count)
{
	unsigned at = format->parity_count > 0 ? 1 : 0;

	for (unsigned i = 0; i < count; i++) {
		struct card_field *field =
			parts[i].of == PART_CARD ? &format->card : &format->facility;

		for (unsigned bit = at; parts[i].of == PART_IGNORED && bit < at + parts[i].len;
			bit++)
			bit_set_add(&format->ignored, bit);
		if (parts[i].of != PART_IGNORED) {
			field->range[parts[i].order] =
				(struct bit_range){(uint8_t)at, (uint8_t)parts[i].len};
			field->range_count++;
		}
		at += parts[i].len;
	}
}

static struct card_format made_up(const struct layout *layout)
{
	struct card_format format = {.bits = 47, .bits_reversed = layout->lsb};
	struct part parts[8];
	unsigned ignored = random_between(0, layout->ignored_max);
	unsigned facility = layout->facility_parts_max > 0 ? random_between(8, 16) : 0;
	unsigned data = 47 - (layout->parity ? 2u : 0u) - ignored;
	unsigned count = parts_cut(parts, PART_CARD, data - facility,
		random_between(2, layout->card_parts_max), layout->part_bits_min);
	char text[256];
	struct buf why = buf_over(text, sizeof(text));

	assert_true(text_set(&format.name, SPAN_LIT("made-up")));
	if (facility > 0)
		count += parts_cut(parts + count, PART_FACILITY, facility,
			random_between(1, layout->facility_parts_max), layout->part_bits_min);
	if (ignored > 0)
		count += parts_cut(parts + count, PART_IGNORED, ignored, 1, 1);
	for (unsigned i = count - 1; i > 0; i--) {
		unsigned other = random_between(0, i);
		struct part moved = parts[i];

		parts[i] = parts[other];
		parts[other] = moved;
	}
	if (layout->parity)
		halves_add(&format);
	parts_place(&format, parts, count);
	assert_true(card_format_check(&format, &why));
	return format;
}

static void made_up_formats_with_split_fields_are_learned_from_three_cards(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct layout layout;
		unsigned cards;
		bool in_range, one_site, other_site;
		unsigned first, any; /* bounds, per mille */
	} rows[] = {
		{"47 bits, every bit used, number no longer than those seen",
			{3, 4, 2, 0, true, false}, 3, .in_range = true, .first = 900, .any = 985},
		{"47 bits, every bit used, any number", {3, 4, 2, 0, true, false}, 3, .first = 900,
			.any = 990},
		{"47 bits, up to 8 bits unknown", {3, 4, 2, 8, true, false}, 3, .first = 890,
			.any = 980},
		{"47 bits, up to 8 bits unknown, no check", {3, 4, 2, 8, false, false}, 3,
			.first = 900, .any = 980},
		{"47 bits, no facility code", {3, 4, 0, 8, true, false}, 3, .first = 890,
			.any = 990},
		{"47 bits, least significant bit first", {3, 4, 2, 8, true, true}, 3, .first = 800,
			.any = 975},
		{"47 bits, parts from 2 bits on", {3, 2, 2, 8, true, false}, 3, .first = 870,
			.any = 960},
		{"47 bits, three of one site, a fourth of it too", {3, 4, 2, 8, true, false}, 3,
			.one_site = true, .first = 900, .any = 985},
		{"47 bits, three of one site, a fourth of another", {3, 4, 2, 8, true, false}, 3,
			.one_site = true, .other_site = true, .first = 800, .any = 950},
		{"47 bits, from six cards", {3, 4, 2, 8, true, false}, 6, .first = 950, .any = 995},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct rate rate = {0};

		for (unsigned seed = 0; seed < 300; seed++) {
			random_state = seed * 1000 + i + 500;
			struct card_format format = made_up(&rows[i].layout);

			trial_run(&(struct trial){&format, rows[i].cards, rows[i].one_site,
					  rows[i].other_site, rows[i].in_range},
				&rate);
		}
		rate_judge(rows[i].what, &rate, rows[i].first, rows[i].any);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_formats_are_learned_from_three_cards),
		cmocka_unit_test(made_up_formats_with_split_fields_are_learned_from_three_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
