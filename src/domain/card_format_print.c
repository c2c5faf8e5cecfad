// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptions of card formats, printed: what card_format_text.c reads back to the same format.
 * Keys that would say what is so anyway are left out; parity is always written out in full. A
 * printed line is as long as the format asks: at most 2 KiB for formats that card_format_check lets
 * pass.
 */
#include "card_format_text.h"

#define SHOWN_MAX 48

const char *const card_format_keys[CARD_FORMAT_KEY_COUNT] = {
	[CARD_FORMAT_KEY_NAME] = "name",
	[CARD_FORMAT_KEY_BITS] = "bits",
	[CARD_FORMAT_KEY_CARD] = "card",
	[CARD_FORMAT_KEY_FACILITY] = "facility",
	[CARD_FORMAT_KEY_ISSUE] = "issue",
	[CARD_FORMAT_KEY_OEM] = "oem",
	[CARD_FORMAT_KEY_BIT_ORDER] = "bit_order",
	[CARD_FORMAT_KEY_BYTE_ORDER] = "byte_order",
	[CARD_FORMAT_KEY_STANDARD_PARITY] = "standard_parity",
	[CARD_FORMAT_KEY_PARITY] = "parity",
	[CARD_FORMAT_KEY_XOR] = "xor",
	[CARD_FORMAT_KEY_CONSTANT] = "constant",
	[CARD_FORMAT_KEY_IGNORE] = "ignore",
	[CARD_FORMAT_KEY_FACILITIES] = "facilities",
	[CARD_FORMAT_KEY_PRIORITY] = "priority",
};

/* --- parts --- */

void card_format_add_quoted(struct buf *out, struct span text)
{
	struct span shown = span_slice(text, 0, SHOWN_MAX);

	buf_add_byte(out, '`');
	for (size_t i = 0; i < shown.len; i++) {
		char c = shown.data[i];

		buf_add_byte(out, c < ' ' || c > '~' || c == '`' ? '?' : c);
	}
	buf_add_string(out, shown.len < text.len ? "...`" : "`");
}

void card_format_add_range(struct buf *out, unsigned first, unsigned last)
{
	buf_add_u64(out, first);
	if (last == first)
		return;
	buf_add_byte(out, '-');
	buf_add_u64(out, last);
}

bool card_format_next_run(
	const struct bit_set *set, unsigned *at, unsigned *ret_first, unsigned *ret_last)
{
	unsigned bit = *at;

	while (bit < CARD_BITS_MAX && !bit_set_has(set, bit))
		bit++;
	if (bit == CARD_BITS_MAX)
		return false;
	*ret_first = bit;
	while (bit < CARD_BITS_MAX && bit_set_has(set, bit))
		bit++;
	*ret_last = bit - 1;
	*at = bit;
	return true;
}

void card_format_add_set(struct buf *out, const struct bit_set *set)
{
	const char *separator = "";
	unsigned at = 0;
	unsigned first, last;

	while (card_format_next_run(set, &at, &first, &last)) {
		buf_add_string(out, separator);
		card_format_add_range(out, first, last);
		separator = ",";
	}
}

static void add_field(struct buf *out, const struct card_field *field)
{
	for (unsigned i = 0; i < field->range_count; i++) {
		const struct bit_range *range = &field->range[i];

		buf_add_string(out, i > 0 ? "," : "");
		card_format_add_range(out, range->start, range->start + range->len - 1u);
	}
}

static void add_parity(struct buf *out, const struct card_parity *parity)
{
	buf_add_u64(out, parity->bit);
	buf_add_string(out, parity->odd ? " odd " : " even ");
	card_format_add_set(out, &parity->cover);
}

static void add_xor(struct buf *out, const struct card_xor *check)
{
	card_format_add_range(out, check->at, check->at + check->width - 1u);
	buf_add_string(out, " over ");
	card_format_add_range(out, check->over.start, check->over.start + check->over.len - 1u);
}

static void add_constant(
	struct buf *out, const struct card_format *format, unsigned first, unsigned last)
{
	card_format_add_range(out, first, last);
	buf_add_byte(out, '=');
	for (unsigned bit = first; bit <= last; bit++)
		buf_add_byte(out, bit_set_has(&format->constant_value, bit) ? '1' : '0');
}

/* --- keys with several items --- */

static bool is_list(enum card_format_key key)
{
	return key == CARD_FORMAT_KEY_PARITY || key == CARD_FORMAT_KEY_XOR ||
	       key == CARD_FORMAT_KEY_CONSTANT || key == CARD_FORMAT_KEY_FACILITIES;
}

/* The index-th run of constant bits. False behind the last. */
static bool constant_run(
	const struct card_format *format, unsigned index, unsigned *ret_first, unsigned *ret_last)
{
	unsigned at = 0;

	do {
		if (!card_format_next_run(&format->constant, &at, ret_first, ret_last))
			return false;
	} while (index-- > 0);
	return true;
}

static bool has_item(const struct card_format *format, enum card_format_key key, unsigned index)
{
	unsigned first, last;

	switch ((unsigned)key) {
	case CARD_FORMAT_KEY_PARITY:
		return index < format->parity_count;
	case CARD_FORMAT_KEY_XOR:
		return index < format->xor_count;
	case CARD_FORMAT_KEY_CONSTANT:
		return constant_run(format, index, &first, &last);
	case CARD_FORMAT_KEY_FACILITIES:
		return index < format->facility_count;
	}
	return false;
}

static void add_item(
	struct buf *out, const struct card_format *format, enum card_format_key key, unsigned index)
{
	unsigned first, last;

	switch ((unsigned)key) {
	case CARD_FORMAT_KEY_PARITY:
		add_parity(out, &format->parity[index]);
		return;
	case CARD_FORMAT_KEY_XOR:
		add_xor(out, &format->xor_check[index]);
		return;
	case CARD_FORMAT_KEY_CONSTANT:
		if (constant_run(format, index, &first, &last))
			add_constant(out, format, first, last);
		return;
	case CARD_FORMAT_KEY_FACILITIES:
		buf_add_u64(out, format->facility_only[index]);
		return;
	}
}

/* --- keys with one value --- */

/* Nothing when the key has nothing to say about this format. */
static void add_value(struct buf *out, const struct card_format *format, enum card_format_key key)
{
	switch ((unsigned)key) {
	case CARD_FORMAT_KEY_NAME:
		buf_add(out, text_span(&format->name));
		return;
	case CARD_FORMAT_KEY_BITS:
		buf_add_u64(out, format->bits);
		return;
	case CARD_FORMAT_KEY_CARD:
		add_field(out, &format->card);
		return;
	case CARD_FORMAT_KEY_FACILITY:
		add_field(out, &format->facility);
		return;
	case CARD_FORMAT_KEY_ISSUE:
		add_field(out, &format->issue);
		return;
	case CARD_FORMAT_KEY_OEM:
		add_field(out, &format->oem);
		return;
	case CARD_FORMAT_KEY_BIT_ORDER:
		buf_add_string(out, format->bits_reversed ? "lsb" : "");
		return;
	case CARD_FORMAT_KEY_BYTE_ORDER:
		buf_add_string(out, format->bytes_reversed ? "lsb" : "");
		return;
	case CARD_FORMAT_KEY_IGNORE:
		card_format_add_set(out, &format->ignored);
		return;
	case CARD_FORMAT_KEY_PRIORITY:
		if (format->priority > 0)
			buf_add_u64(out, format->priority);
		return;
	}
}

/* --- the two forms --- */

static void add_line_value(
	struct buf *out, const struct card_format *format, enum card_format_key key)
{
	bool quoted = key != CARD_FORMAT_KEY_FACILITIES;

	if (!is_list(key)) {
		add_value(out, format, key);
		return;
	}
	for (unsigned i = 0; has_item(format, key, i); i++) {
		buf_add_string(out, !quoted ? (i > 0 ? "," : "") : i > 0 ? "; " : "\"");
		add_item(out, format, key, i);
	}
	buf_add_string(out, quoted && has_item(format, key, 0) ? "\"" : "");
}

static void add_yaml_value(
	struct buf *out, const struct card_format *format, enum card_format_key key)
{
	size_t before = out->len;

	if (!is_list(key)) {
		buf_add_byte(out, ' ');
		add_value(out, format, key);
		if (out->len == before + 1)
			out->len = before;
	}
	for (unsigned i = 0; has_item(format, key, i); i++) {
		buf_add_string(out, "\n      - ");
		add_item(out, format, key, i);
	}
}

void card_format_print_line(const struct card_format *format, struct buf *out)
{
	for (unsigned key = 0; key < CARD_FORMAT_KEY_COUNT; key++) {
		size_t before = out->len;
		size_t value;

		buf_add_string(out, key > 0 ? " " : "");
		buf_add_string(out, card_format_keys[key]);
		buf_add_byte(out, '=');
		value = out->len;
		add_line_value(out, format, key);
		if (out->len == value)
			out->len = before; /* a key with nothing to say */
	}
}

void card_format_print_yaml(const struct card_format *format, struct buf *out)
{
	for (unsigned key = 0; key < CARD_FORMAT_KEY_COUNT; key++) {
		size_t before = out->len;
		size_t value;

		buf_add_string(out, key == 0 ? "  - " : "    ");
		buf_add_string(out, card_format_keys[key]);
		buf_add_byte(out, ':');
		value = out->len;
		add_yaml_value(out, format, key);
		if (out->len == value)
			out->len = before;
		else
			buf_add_byte(out, '\n');
	}
}
