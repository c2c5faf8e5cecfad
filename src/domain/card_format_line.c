// SPDX-License-Identifier: Apache-2.0
/*
 * A card format in one line: keys with values, each at most once, in any order, blanks between them
 * and quotes around a value with blanks. `bits` is set first, because `standard_parity` needs it.
 */
#include "card_format_text.h"

#include "base/assert.h"

/* Cuts `key=value` or `key="value"`. False at the end or, with a sentence, for anything else. */
static bool pair_cut(
	struct span *rest, struct span *ret_key, struct span *ret_value, struct buf *why)
{
	*rest = span_trim(*rest);
	if (rest->len == 0)
		return false;
	size_t equals = span_find(*rest, '=');
	size_t blank = 0;

	while (blank < rest->len && rest->data[blank] != ' ' && rest->data[blank] != '\t')
		blank++;
	if (blank < equals || equals == rest->len || equals == 0) {
		card_format_add_quoted(why, span_slice(*rest, 0, blank));
		buf_add_string(why, " is no key with a value; write bits=26 card=1-24, and quotes "
				    "around a value with blanks: parity=\"0 even 1-12\"");
		return false;
	}
	*ret_key = span_slice(*rest, 0, equals);
	*rest = span_slice(*rest, equals + 1, rest->len);
	if (rest->len == 0 || rest->data[0] != '"') {
		blank -= equals + 1;
		*ret_value = span_slice(*rest, 0, blank);
		*rest = span_slice(*rest, blank, rest->len);
		return true;
	}
	*rest = span_slice(*rest, 1, rest->len);
	size_t quote = span_find(*rest, '"');

	if (quote == rest->len) {
		buf_add_string(why, "the quote of ");
		card_format_add_quoted(why, *ret_key);
		buf_add_string(why, " is not closed");
		return false;
	}
	*ret_value = span_slice(*rest, 0, quote);
	*rest = span_slice(*rest, quote + 1, rest->len);
	return true;
}

struct pairs {
	bool given[CARD_FORMAT_KEY_COUNT];
	struct span value[CARD_FORMAT_KEY_COUNT];
	enum card_format_key order[CARD_FORMAT_KEY_COUNT];
	unsigned count;
};

static bool pairs_of(struct span text, struct pairs *ret, struct buf *why)
{
	size_t said = why->len;
	struct span key, value;

	while (pair_cut(&text, &key, &value, why)) {
		enum card_format_key known = card_format_key_find(key);

		if (known == CARD_FORMAT_KEY_COUNT)
			return card_format_refuse_key(key, why);
		if (ret->given[known]) {
			card_format_add_quoted(why, key);
			buf_add_string(why, " is given twice");
			return false;
		}
		ret->given[known] = true;
		ret->value[known] = value;
		ret->order[ret->count++] = known;
	}
	return why->len == said && !why->overflow;
}

bool card_format_parse(struct card_format *format, struct span text, struct buf *why)
{
	struct pairs pairs = {0};

	memset(format, 0, sizeof(*format));
	ASSERT(text_set(&format->name, SPAN_LIT("described")));
	if (!pairs_of(text, &pairs, why))
		return false;
	if (pairs.given[CARD_FORMAT_KEY_BITS] &&
		!card_format_set(format, SPAN_LIT("bits"), pairs.value[CARD_FORMAT_KEY_BITS], why))
		return false;
	for (unsigned i = 0; i < pairs.count; i++) {
		enum card_format_key key = pairs.order[i];

		if (key != CARD_FORMAT_KEY_BITS &&
			!card_format_set(format, span_from_string(card_format_keys[key]),
				pairs.value[key], why))
			return false;
	}
	return card_format_check(format, why);
}
