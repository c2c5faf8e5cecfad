// SPDX-License-Identifier: Apache-2.0
/*
 * What a good description of a card format leaves open, for the person who wrote it. A remark is no
 * fault: formats without parity exist, and many cards have bits that nobody could explain.
 */
#include "card_format_text.h"

#include "base/compiler.h"

static void field_bits(const struct card_field *field, struct bit_set *set)
{
	for (unsigned i = 0; i < field->range_count; i++) {
		for (unsigned bit = 0; bit < field->range[i].len; bit++)
			bit_set_add(set, field->range[i].start + bit);
	}
}

/* Adds to out "bits 3-5,9" or "bit 3". */
static void add_bits(struct buf *out, const struct bit_set *set)
{
	unsigned at = 0;
	unsigned first = 0;
	unsigned last = 0;
	unsigned none;

	(void)card_format_next_run(set, &at, &first, &last);
	buf_add_string(out,
		first == last && !card_format_next_run(set, &at, &none, &none) ? "bit " : "bits ");
	card_format_add_set(out, set);
}

static bool is_empty(const struct bit_set *set)
{
	for (size_t i = 0; i < sizeof(set->bytes); i++) {
		if (set->bytes[i] != 0)
			return false;
	}
	return true;
}

static bool has_checks(const struct card_format *format)
{
	return format->parity_count > 0 || format->xor_count > 0;
}

/* Bits that mean nothing and are not said to be ignored. */
static void remark_bits(
	const struct card_format *format, const struct bit_set *fields, struct buf *out)
{
	struct bit_set open = {0};

	for (unsigned bit = 0; bit < format->bits; bit++) {
		bool check = bit_set_has(&format->constant, bit) ||
			     bit_set_has(&format->ignored, bit) || bit_set_has(fields, bit);

		for (unsigned i = 0; i < format->parity_count; i++)
			check = check || format->parity[i].bit == bit;
		for (unsigned i = 0; i < format->xor_count; i++)
			check = check || (bit >= format->xor_check[i].at &&
						 bit < (unsigned)format->xor_check[i].at +
								 format->xor_check[i].width);
		if (!check)
			bit_set_add(&open, bit);
	}
	if (is_empty(&open))
		return;
	add_bits(out, &open);
	buf_add_string(out, ": in no field, check or constant; find out what they are, or name "
			    "them under `ignore`\n");
}

/* Wrong bits that change what is read and that nothing notices. */
static void remark_unnoticed(
	const struct card_format *format, const struct bit_set *fields, struct buf *out)
{
	struct bit_set noticed;
	struct bit_set open;

	card_format_noticed(format, &noticed);
	for (size_t i = 0; i < sizeof(open.bytes); i++)
		open.bytes[i] = (uint8_t)(fields->bytes[i] & ~noticed.bytes[i]);
	if (is_empty(&open))
		return;
	add_bits(out, &open);
	buf_add_string(out, ": one wrong bit is not noticed and gives another number\n");
}

static void remark_filter(const struct card_format *format, struct buf *out)
{
	if (has_checks(format) || format->facility_count > 0)
		return;
	buf_add_string(out, "no parity and no XOR: every frame of ");
	buf_add_u64(out, format->bits);
	buf_add_string(out, is_empty(&format->constant) ? " bits" : " bits with these constants");
	buf_add_string(out, " is taken for a card");
	buf_add_string(out, format->facility.range_count > 0
				    ? "; give the codes of your site under `facilities`\n"
				    : ", noise too\n");
}

static void remark_number(const struct card_format *format, struct buf *out)
{
	bool issue = format->issue.range_count > 0;
	bool oem = format->oem.range_count > 0;

	if (!issue && !oem)
		return;
	buf_add_string(out, issue && oem ? "`issue` and `oem` are"
			    : issue	 ? "`issue` is"
					 : "`oem` is");
	buf_add_string(out, " read but not part of the number a card is enrolled by\n");
}

void card_format_remarks(const struct card_format *format, struct buf *out)
{
	struct bit_set fields = {0};

	field_bits(&format->card, &fields);
	field_bits(&format->facility, &fields);
	field_bits(&format->issue, &fields);
	field_bits(&format->oem, &fields);
	remark_bits(format, &fields, out);
	remark_unnoticed(format, &fields, out);
	remark_filter(format, out);
	remark_number(format, out);
}
