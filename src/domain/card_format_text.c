// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptions of card formats, as a person writes them, a key and its value at a time. Strict:
 * decimal numbers without zeros in front, ranges from first to last. A refusal is one sentence:
 * what stands there, in which key, and what may. What concerns several keys is judged by
 * card_format_check; here only `standard_parity` looks at another key (`bits`).
 */
#include "card_format_text.h"

#include "base/compiler.h"
#include "base/number.h"

#define BIT_LAST (CARD_FORMAT_BITS_MAX - 1)

_Static_assert(BIT_LAST == 127, "the sentences below say 127");

/* What is read now: for the sentences. */
struct place {
	struct span key;
	struct buf *why;
};

/* --- refusals: each adds one sentence and returns false --- */

/* "`part` in `key` words" */
static bool refuse(const struct place *place, struct span part, const char *words)
{
	card_format_add_quoted(place->why, part);
	buf_add_string(place->why, " in ");
	card_format_add_quoted(place->why, place->key);
	buf_add_byte(place->why, ' ');
	buf_add_string(place->why, words);
	return false;
}

static bool refuse_many(const struct place *place, unsigned allowed, const char *what)
{
	buf_add_string(place->why, "too much in ");
	card_format_add_quoted(place->why, place->key);
	buf_add_string(place->why, "; allowed: at most ");
	buf_add_u64(place->why, allowed);
	buf_add_string(place->why, what);
	return false;
}

static bool refuse_all(const struct place *place, const char *words)
{
	card_format_add_quoted(place->why, place->key);
	buf_add_string(place->why, words);
	return false;
}

/* --- numbers and ranges --- */

static bool number_of(struct span text, uint64_t max, uint64_t *ret)
{
	return !(text.len > 1 && text.data[0] == '0') && number_parse_u64(text, max, ret);
}

/* "9-24" or "9". */
static bool range_of(const struct place *place, struct span text, struct bit_range *ret)
{
	size_t dash = span_find(text, '-');
	struct span ends[2] = {span_slice(text, 0, dash), text};
	uint64_t bit[2];

	if (dash < text.len)
		ends[1] = span_slice(text, dash + 1, text.len);
	for (unsigned i = 0; i < 2; i++) {
		if (!number_of(ends[i], UINT64_MAX, &bit[i]))
			return refuse(place, text,
				"is no range of bits; write the first and the last bit, as 9-24, "
				"or one bit, as 9");
		if (bit[i] > BIT_LAST)
			return refuse(place, text,
				"is outside of a frame; bits are numbered from 0, the first "
				"received, to at most 127");
	}
	if (bit[0] > bit[1])
		return refuse(place, text, "goes backward; write the lower bit first, as 9-24");
	*ret = (struct bit_range){(uint8_t)bit[0], (uint8_t)(bit[1] - bit[0] + 1)};
	return true;
}

static bool set_of(const struct place *place, struct span text, struct bit_set *ret)
{
	struct span part;

	*ret = (struct bit_set){0};
	if (text.len == 0)
		return refuse_all(place, " names no bits; write them as 1-12 or 2-3,5-6");
	while (span_next(&text, ',', &part)) {
		struct bit_range range;

		if (!range_of(place, span_trim(part), &range))
			return false;
		for (unsigned bit = range.start; bit < (unsigned)range.start + range.len; bit++) {
			if (bit_set_has(ret, bit))
				return refuse(
					place, span_trim(part), "names a bit for a second time");
			bit_set_add(ret, bit);
		}
	}
	return true;
}

static bool field_set(const struct place *place, struct span text, struct card_field *ret)
{
	struct card_field field = {0};
	struct span part;

	while (span_next(&text, ',', &part)) {
		if (field.range_count == CARD_FORMAT_RANGES_MAX)
			return refuse_many(place, CARD_FORMAT_RANGES_MAX, " ranges of bits");
		if (!range_of(place, span_trim(part), &field.range[field.range_count++]))
			return false;
	}
	*ret = field;
	return true;
}

/* --- checks, constants, lists --- */

/* Cuts the first word of *rest, blanks around it. */
static struct span word_cut(struct span *rest)
{
	size_t len = 0;
	struct span word;

	*rest = span_trim(*rest);
	while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t')
		len++;
	word = span_slice(*rest, 0, len);
	*rest = span_trim(span_slice(*rest, len, rest->len));
	return word;
}

/* "0 even 1-12" */
static bool parity_add(const struct place *place, struct span text, struct card_format *format)
{
	struct span rest = text;
	struct card_parity *parity = &format->parity[format->parity_count];
	struct span bit = word_cut(&rest);
	struct span kind = word_cut(&rest);
	uint64_t at;

	if (format->parity_count == CARD_FORMAT_PARITY_MAX)
		return refuse_many(place, CARD_FORMAT_PARITY_MAX, " parity bits");
	if (!number_of(bit, BIT_LAST, &at) ||
		(!span_equal(kind, SPAN_LIT("even")) && !span_equal(kind, SPAN_LIT("odd"))))
		return refuse(place, text,
			"is no parity; write its bit, even or odd, and the bits it covers: 0 even "
			"1-12");
	if (!set_of(place, rest, &parity->cover))
		return false;
	parity->bit = (uint8_t)at;
	parity->odd = span_equal(kind, SPAN_LIT("odd"));
	format->parity_count++;
	return true;
}

/* "40-43 over 0-39" */
static bool xor_add(const struct place *place, struct span text, struct card_format *format)
{
	struct span rest = text;
	struct span at = word_cut(&rest);
	struct span over = word_cut(&rest);
	struct bit_range range;

	if (format->xor_count == CARD_FORMAT_XOR_MAX)
		return refuse_many(place, CARD_FORMAT_XOR_MAX, " XOR checks");
	if (!span_equal(over, SPAN_LIT("over")))
		return refuse(place, text,
			"is no XOR check; write its bits and the bits they are the XOR of: 40-43 "
			"over 0-39");
	struct card_xor *check = &format->xor_check[format->xor_count];

	if (!range_of(place, at, &range) || !range_of(place, rest, &check->over))
		return false;
	check->at = range.start;
	check->width = range.len;
	format->xor_count++;
	return true;
}

/* "0-3=1111" */
static bool constant_add(const struct place *place, struct span text, struct card_format *format)
{
	size_t equals = span_find(text, '=');
	struct span digits = span_trim(span_slice(text, equals + 1, text.len));
	struct bit_range range;

	if (equals == text.len)
		return refuse(place, text,
			"has no value; write the bits and what they are: "
			"0-3=1111");
	if (!range_of(place, span_trim(span_slice(text, 0, equals)), &range))
		return false;
	if (digits.len != range.len)
		return refuse(place, text, "needs as many digits 0 and 1 as it has bits: 0-3=1111");
	for (unsigned i = 0; i < range.len; i++) {
		if (digits.data[i] != '0' && digits.data[i] != '1')
			return refuse(place, text, "has a digit other than 0 and 1");
		if (bit_set_has(&format->constant, range.start + i))
			return refuse(place, text, "names a bit for a second time");
		bit_set_add(&format->constant, range.start + i);
		if (digits.data[i] == '1')
			bit_set_add(&format->constant_value, range.start + i);
	}
	return true;
}

static bool facility_add(const struct place *place, struct span text, struct card_format *format)
{
	uint64_t number;

	if (format->facility_count == CARD_FORMAT_FACILITIES_MAX)
		return refuse_many(place, CARD_FORMAT_FACILITIES_MAX, " facility codes");
	if (!number_of(text, UINT32_MAX, &number))
		return refuse(place, text,
			"is no facility code; allowed: whole numbers up to 4294967295, as 12,34");
	format->facility_only[format->facility_count++] = (uint32_t)number;
	return true;
}

typedef bool item_add(const struct place *place, struct span text, struct card_format *format);

static bool items_add(const struct place *place, struct span text, char separator, item_add *add,
	struct card_format *format)
{
	struct span item;

	while (span_next(&text, separator, &item)) {
		if (!add(place, span_trim(item), format))
			return false;
	}
	return true;
}

/* --- keys --- */

static bool name_set(const struct place *place, struct span text, struct card_format *format)
{
	if (card_format_name_is_good(text) && text_set(&format->name, text))
		return true;
	return refuse(place, text,
		"is no name; allowed: 1 to 32 of A-Z, a-z, 0-9, -, _ and ., a letter first");
}

static bool bits_set(const struct place *place, struct span text, struct card_format *format)
{
	uint64_t bits;

	if (!number_of(text, CARD_FORMAT_BITS_MAX, &bits) || bits < CARD_FORMAT_BITS_MIN)
		return refuse(place, text,
			"is no length of a frame; allowed: a whole number from 24 to 128");
	format->bits = (uint8_t)bits;
	return true;
}

static bool order_set(const struct place *place, struct span text, bool *ret_reversed)
{
	*ret_reversed = span_equal(text, SPAN_LIT("lsb"));
	return *ret_reversed || span_equal(text, SPAN_LIT("msb")) ||
	       refuse(place, text,
		       "is no order; allowed: msb (most significant first), lsb (least "
		       "significant first)");
}

static bool priority_set(const struct place *place, struct span text, struct card_format *format)
{
	uint64_t priority;

	if (!number_of(text, UINT8_MAX, &priority))
		return refuse(place, text, "is no priority; allowed: a whole number from 0 to 255");
	format->priority = (uint8_t)priority;
	return true;
}

static void cover_add(struct bit_set *cover, unsigned first, unsigned last)
{
	for (unsigned bit = first; bit <= last; bit++)
		bit_set_add(cover, bit);
}

static bool refuse_both(const struct place *place)
{
	buf_add_string(place->why, "`parity` and `standard_parity` are both given; leave "
				   "`standard_parity` out and write every parity bit under "
				   "`parity`");
	return false;
}

/* Even over the first half of the data, odd over the second: 26, 34, 42, 50, 58, 66 bits. */
static bool standard_parity_set(
	const struct place *place, struct span text, struct card_format *format)
{
	unsigned half = (format->bits - 2u) / 2;

	if (span_equal(text, SPAN_LIT("no")))
		return true;
	if (!span_equal(text, SPAN_LIT("yes")))
		return refuse(place, text, "is neither of: yes, no");
	if (format->parity_count > 0)
		return refuse_both(place);
	if (format->bits < CARD_FORMAT_BITS_MIN)
		return refuse_all(place, " needs `bits`, which is not given");
	if (format->bits % 2 != 0) {
		buf_add_string(place->why,
			"`standard_parity` halves the data between the first and the last bit, but "
			"`bits` is odd; write every parity bit under `parity`");
		return false;
	}
	format->parity[0] = (struct card_parity){.bit = 0};
	format->parity[1] = (struct card_parity){.bit = (uint8_t)(format->bits - 1), .odd = true};
	cover_add(&format->parity[0].cover, 1, half);
	cover_add(&format->parity[1].cover, half + 1, 2 * half);
	format->parity_count = 2;
	return true;
}

enum card_format_key card_format_key_find(struct span key)
{
	unsigned at = 0;

	while (at < CARD_FORMAT_KEY_COUNT &&
		!span_equal(key, span_from_string(card_format_keys[at])))
		at++;
	return (enum card_format_key)at;
}

bool card_format_refuse_key(struct span key, struct buf *why)
{
	buf_add_string(why, "unknown key ");
	card_format_add_quoted(why, key);
	for (unsigned at = 0; at < CARD_FORMAT_KEY_COUNT; at++) {
		buf_add_string(why, at == 0 ? "; allowed: " : ", ");
		buf_add_string(why, card_format_keys[at]);
	}
	return false;
}

bool card_format_set(
	struct card_format *format, struct span key, struct span value, struct buf *why)
{
	const struct place place = {key, why};
	enum card_format_key known = card_format_key_find(key);

	value = span_trim(value);
	if (known == CARD_FORMAT_KEY_COUNT)
		return card_format_refuse_key(key, why);
	if (value.len == 0)
		return refuse_all(&place, " has no value");
	switch (known) {
	case CARD_FORMAT_KEY_NAME:
		return name_set(&place, value, format);
	case CARD_FORMAT_KEY_BITS:
		return bits_set(&place, value, format);
	case CARD_FORMAT_KEY_CARD:
		return field_set(&place, value, &format->card);
	case CARD_FORMAT_KEY_FACILITY:
		return field_set(&place, value, &format->facility);
	case CARD_FORMAT_KEY_ISSUE:
		return field_set(&place, value, &format->issue);
	case CARD_FORMAT_KEY_OEM:
		return field_set(&place, value, &format->oem);
	case CARD_FORMAT_KEY_BIT_ORDER:
		return order_set(&place, value, &format->bits_reversed);
	case CARD_FORMAT_KEY_BYTE_ORDER:
		return order_set(&place, value, &format->bytes_reversed);
	case CARD_FORMAT_KEY_STANDARD_PARITY:
		return standard_parity_set(&place, value, format);
	case CARD_FORMAT_KEY_PARITY:
		return format->parity_count > 0 ? refuse_both(&place)
						: items_add(&place, value, ';', parity_add, format);
	case CARD_FORMAT_KEY_XOR:
		return items_add(&place, value, ';', xor_add, format);
	case CARD_FORMAT_KEY_CONSTANT:
		return items_add(&place, value, ';', constant_add, format);
	case CARD_FORMAT_KEY_IGNORE:
		return set_of(&place, value, &format->ignored);
	case CARD_FORMAT_KEY_FACILITIES:
		return items_add(&place, value, ',', facility_add, format);
	case CARD_FORMAT_KEY_PRIORITY:
		return priority_set(&place, value, format);
	case CARD_FORMAT_KEY_COUNT:
		break;
	}
	return false;
}
