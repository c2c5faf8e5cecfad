// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a card format may be used. The struct may come from anywhere: counts are judged before
 * what they count, ranges before they are followed. Then every bit has at most one meaning (a
 * field, a check bit, a constant, ignored), and a check covers only what is written before it when
 * encoding. The first fault ends the judging with a sentence that names the key and the bit.
 */
#include "card_format_text.h"

#include "base/compiler.h"

/* What each bit is; NULL: nothing yet. */
struct owners {
	const char *key[CARD_BITS_MAX];
};

static bool refuse(struct buf *why, const char *sentence)
{
	buf_add_string(why, sentence);
	return false;
}

bool card_format_name_is_good(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';

		if (!letter && (i == 0 || !other))
			return false;
	}
	/* YAML reads a plain null as no value */
	return name.len > 0 && name.len <= sizeof(((struct card_format *)0)->name.bytes) &&
	       !span_equal_nocase(name, SPAN_LIT("null"));
}

/* --- counts and ranges --- */

static bool check_counts(const struct card_format *format, struct buf *why)
{
	if (!text_valid(&format->name) || !card_format_name_is_good(text_span(&format->name)))
		return refuse(why, "`name` is missing or none; allowed: 1 to 32 of A-Z, a-z, 0-9, "
				   "-, _ and ., a letter first");
	if (format->bits == 0)
		return refuse(why, "`bits` is missing; allowed: a whole number from 24 to 128");
	if (format->bits < CARD_FORMAT_BITS_MIN || format->bits > CARD_FORMAT_BITS_MAX) {
		buf_add_string(why, "`bits` is ");
		buf_add_u64(why, format->bits);
		return refuse(why, "; allowed: a whole number from 24 to 128");
	}
	if (format->parity_count > CARD_FORMAT_PARITY_MAX)
		return refuse(why, "more than 4 parity bits");
	if (format->xor_count > CARD_FORMAT_XOR_MAX)
		return refuse(why, "more than 2 XOR checks");
	if (format->facility_count > CARD_FORMAT_FACILITIES_MAX)
		return refuse(why, "more than 8 facility codes");
	return true;
}

/* "`card` 9-80 leaves the frame: `bits` is 26, the last bit 25" */
static bool check_range(const struct card_format *format, const char *key, unsigned start,
	unsigned len, struct buf *why)
{
	if (len > 0 && start + len <= format->bits)
		return true;
	buf_add_byte(why, '`');
	buf_add_string(why, key);
	if (len == 0)
		return refuse(why, "` has a range without bits");
	buf_add_string(why, "` ");
	card_format_add_range(why, start, start + len - 1);
	buf_add_string(why, " leaves the frame: `bits` is ");
	buf_add_u64(why, format->bits);
	buf_add_string(why, ", so that the last bit is ");
	buf_add_u64(why, format->bits - 1u);
	return false;
}

static bool check_set(const struct card_format *format, const char *key, const struct bit_set *set,
	struct buf *why)
{
	unsigned at = 0;
	unsigned first, last;

	while (card_format_next_run(set, &at, &first, &last)) {
		if (!check_range(format, key, first, last - first + 1, why))
			return false;
	}
	return true;
}

/* --- one meaning a bit --- */

static bool claim(
	struct owners *owners, const char *key, unsigned start, unsigned len, struct buf *why)
{
	for (unsigned bit = start; bit < start + len; bit++) {
		const char *owner = owners->key[bit];

		if (owner == NULL) {
			owners->key[bit] = key;
			continue;
		}
		buf_add_string(why, "bit ");
		buf_add_u64(why, bit);
		buf_add_string(why, " is in `");
		buf_add_string(why, owner);
		buf_add_byte(why, '`');
		if (owner == key)
			return refuse(why, " twice; a bit has one meaning");
		buf_add_string(why, " and in `");
		buf_add_string(why, key);
		return refuse(why, "`; a bit has one meaning");
	}
	return true;
}

static bool claim_set(struct owners *owners, const char *key, const struct card_format *format,
	const struct bit_set *set, struct buf *why)
{
	unsigned at = 0;
	unsigned first, last;

	if (!check_set(format, key, set, why))
		return false;
	while (card_format_next_run(set, &at, &first, &last)) {
		if (!claim(owners, key, first, last - first + 1, why))
			return false;
	}
	return true;
}

static bool claim_field(struct owners *owners, const char *key, const struct card_format *format,
	const struct card_field *field, struct buf *why)
{
	if (field->range_count > CARD_FORMAT_RANGES_MAX) {
		buf_add_byte(why, '`');
		buf_add_string(why, key);
		return refuse(why, "` has more than 4 ranges of bits");
	}
	for (unsigned i = 0; i < field->range_count; i++) {
		const struct bit_range *range = &field->range[i];

		if (!check_range(format, key, range->start, range->len, why) ||
			!claim(owners, key, range->start, range->len, why))
			return false;
	}
	if (card_field_width(field) <= 64)
		return true;
	buf_add_byte(why, '`');
	buf_add_string(why, key);
	return refuse(why, "` has more than 64 bits");
}

static bool check_fields(const struct card_format *format, struct owners *owners, struct buf *why)
{
	if (format->card.range_count == 0)
		return refuse(
			why, "`card` is missing; write which bits are the card's number, as 9-24");
	if (!claim_field(owners, "card", format, &format->card, why) ||
		!claim_field(owners, "facility", format, &format->facility, why) ||
		!claim_field(owners, "issue", format, &format->issue, why) ||
		!claim_field(owners, "oem", format, &format->oem, why))
		return false;

	unsigned width = card_field_width(&format->card);

	if (width + card_field_width(&format->facility) > 64)
		return refuse(why, "`card` and `facility` have more than 64 bits together; a card "
				   "is enrolled by both as one number");
	if (format->bytes_reversed && width % 8 != 0) {
		buf_add_string(why, "`byte_order` is lsb, but `card` has ");
		buf_add_u64(why, width);
		return refuse(why, " bits, which are no whole bytes");
	}
	return true;
}

/* --- checks --- */

static bool check_xor(const struct card_format *format, unsigned index, struct buf *why)
{
	const struct card_xor *check = &format->xor_check[index];
	unsigned over_end = (unsigned)check->over.start + check->over.len;

	if (!check_range(format, "xor", check->over.start, check->over.len, why))
		return false;
	if (check->width > 8)
		return refuse(why, "`xor` has more than 8 check bits");
	if (check->over.len % check->width != 0) {
		buf_add_string(why, "`xor` covers ");
		buf_add_u64(why, check->over.len);
		buf_add_string(why, " bits, which are no whole groups of its ");
		buf_add_u64(why, check->width);
		return refuse(why, " check bits");
	}
	for (unsigned i = index; i < format->xor_count; i++) {
		const struct card_xor *later = &format->xor_check[i];

		if (later->at >= over_end || later->at + later->width <= check->over.start)
			continue;
		return refuse(why, i == index ? "`xor` covers its own check bits"
					      : "`xor` covers the check bits of a XOR that is "
						"written later; give that one first");
	}
	for (unsigned i = 0; i < format->parity_count; i++) {
		unsigned bit = format->parity[i].bit;

		if (bit < check->over.start || bit >= over_end)
			continue;
		buf_add_string(why, "`xor` covers bit ");
		buf_add_u64(why, bit);
		return refuse(why, ", a parity bit: parity bits are written after XORs");
	}
	return true;
}

static bool check_parity(const struct card_format *format, unsigned index, struct buf *why)
{
	const struct card_parity *parity = &format->parity[index];
	unsigned at = 0;
	unsigned first, last;

	if (!check_set(format, "parity", &parity->cover, why))
		return false;
	if (!card_format_next_run(&parity->cover, &at, &first, &last)) {
		buf_add_string(why, "the parity bit ");
		buf_add_u64(why, parity->bit);
		return refuse(why, " covers no bits");
	}
	for (unsigned i = index; i < format->parity_count; i++) {
		if (!bit_set_has(&parity->cover, format->parity[i].bit))
			continue;
		buf_add_string(why, "the parity bit ");
		buf_add_u64(why, parity->bit);
		if (i == index)
			return refuse(why, " covers itself");
		buf_add_string(why, " covers the parity bit ");
		buf_add_u64(why, format->parity[i].bit);
		buf_add_string(why, ", which is written later; give ");
		buf_add_u64(why, format->parity[i].bit);
		return refuse(why, " first");
	}
	return true;
}

static bool check_checks(const struct card_format *format, struct owners *owners, struct buf *why)
{
	for (unsigned i = 0; i < format->parity_count; i++) {
		if (!check_range(format, "parity", format->parity[i].bit, 1, why) ||
			!claim(owners, "parity", format->parity[i].bit, 1, why))
			return false;
	}
	for (unsigned i = 0; i < format->xor_count; i++) {
		const struct card_xor *check = &format->xor_check[i];

		if (!check_range(format, "xor", check->at, check->width, why) ||
			!claim(owners, "xor", check->at, check->width, why))
			return false;
	}
	for (unsigned i = 0; i < format->xor_count; i++) {
		if (!check_xor(format, i, why))
			return false;
	}
	for (unsigned i = 0; i < format->parity_count; i++) {
		if (!check_parity(format, i, why))
			return false;
	}
	return true;
}

static bool check_constants(
	const struct card_format *format, struct owners *owners, struct buf *why)
{
	for (size_t i = 0; i < sizeof(format->constant.bytes); i++) {
		if (format->constant_value.bytes[i] & ~format->constant.bytes[i])
			return refuse(why, "a bit has a constant value and is not constant");
	}
	return claim_set(owners, "constant", format, &format->constant, why) &&
	       claim_set(owners, "ignore", format, &format->ignored, why);
}

static bool check_facilities(const struct card_format *format, struct buf *why)
{
	unsigned width = card_field_width(&format->facility);

	if (format->facility_count > 0 && width == 0)
		return refuse(why, "`facilities` needs `facility`: which bits are the code");
	for (unsigned i = 0; i < format->facility_count; i++) {
		if (width < 32 && format->facility_only[i] >> width != 0) {
			buf_add_u64(why, format->facility_only[i]);
			buf_add_string(why, " in `facilities` does not fit into the ");
			buf_add_u64(why, width);
			return refuse(why, " bits of `facility`");
		}
		for (unsigned other = 0; other < i; other++) {
			if (format->facility_only[other] != format->facility_only[i])
				continue;
			buf_add_u64(why, format->facility_only[i]);
			return refuse(why, " stands twice in `facilities`");
		}
	}
	return true;
}

bool card_format_check(const struct card_format *format, struct buf *why)
{
	struct owners owners = {0};

	return check_counts(format, why) && check_fields(format, &owners, why) &&
	       check_checks(format, &owners, why) && check_constants(format, &owners, why) &&
	       check_facilities(format, why);
}
