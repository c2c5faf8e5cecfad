// SPDX-License-Identifier: Apache-2.0
/*
 * One pass over the raw bytes: cut at '?', '&' and the first '=', decode each piece into the
 * storage, judge the decoded bytes. The pieces of a query are spans into that storage, so that a
 * query costs no other memory; its user owns the storage and keeps it as long as the query.
 *
 * Cutting comes before decoding: an encoded '&' or '=' is text, never a separator. What decoding
 * yields is judged as UTF-8 without control characters, so that %00 and %0A end here and no handler
 * sees them. A '+' is a plus sign in a target (devices store it as one) and a blank in a form body.
 *
 * Bounds: QUERY_PARAMETERS_MAX pairs; decoded text is never longer than the raw text.
 */
#include "protocols/query.h"

#include "base/number.h"
#include "base/utf8.h"

const char *query_result_text(enum query_result result)
{
	switch (result) {
	case QUERY_OK:
		return "the query is good";
	case QUERY_BAD_ESCAPE:
		return "a % in the query is not followed by two hexadecimal digits; write % as %25";
	case QUERY_BAD_BYTE:
		return "the query holds a control character, a blank or bytes that are not UTF-8";
	case QUERY_TOO_MANY:
		return "the query has more than 512 parameters";
	case QUERY_NOT_ORIGIN:
		return "the request target must be a path that begins with / and has no #";
	case QUERY_NO_ROOM:
		return "the query is too long";
	}
	return "unknown result";
}

/* Decodes one piece into *storage and hands it out as *ret. */
static enum query_result decode(
	struct span raw, bool plus_is_blank, struct buf *storage, struct span *ret)
{
	size_t from = storage->len;

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];

		if (c == '%') {
			if (!hex_decode(span_slice(raw, i + 1, 2), &c, 1))
				return QUERY_BAD_ESCAPE;
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		buf_add_byte(storage, c);
	}
	if (storage->overflow)
		return QUERY_NO_ROOM;
	*ret = span_slice(buf_span(storage), from, storage->len - from);
	return utf8_printable(*ret, NULL) ? QUERY_OK : QUERY_BAD_BYTE;
}

static enum query_result add_pair(
	struct span pair, bool plus_is_blank, struct buf *storage, struct query *query)
{
	if (query->count == QUERY_PARAMETERS_MAX)
		return QUERY_TOO_MANY;
	struct query_parameter *to = &query->parameter[query->count];
	size_t equals = span_find(pair, '=');
	enum query_result result =
		decode(span_slice(pair, 0, equals), plus_is_blank, storage, &to->name);

	if (result != QUERY_OK)
		return result;
	result = decode(span_slice(pair, equals + 1, pair.len), plus_is_blank, storage, &to->value);
	if (result == QUERY_OK)
		query->count++;
	else
		query->wrong = to->name;
	return result;
}

static enum query_result add_pairs(
	struct span text, bool plus_is_blank, struct buf *storage, struct query *query)
{
	struct span pair;

	while (span_next(&text, '&', &pair)) {
		if (pair.len == 0)
			continue;
		enum query_result result = add_pair(pair, plus_is_blank, storage, query);

		if (result != QUERY_OK)
			return result;
	}
	return QUERY_OK;
}

enum query_result query_parse_target(struct span target, struct buf *storage, struct query *ret)
{
	ret->count = 0;
	ret->path = (struct span){NULL, 0};
	ret->wrong = (struct span){NULL, 0};
	if (target.len == 0 || target.data[0] != '/' || span_find(target, '#') < target.len)
		return QUERY_NOT_ORIGIN;
	/* A bare blank ends the target in a request line: two parsers might cut it differently. */
	if (span_find(target, ' ') < target.len)
		return QUERY_BAD_BYTE;
	size_t mark = span_find(target, '?');
	enum query_result result = decode(span_slice(target, 0, mark), false, storage, &ret->path);

	if (result != QUERY_OK)
		return result;
	return add_pairs(span_slice(target, mark + 1, target.len), false, storage, ret);
}

enum query_result query_parse_form(struct span body, struct buf *storage, struct query *query)
{
	uint32_t count = query->count;

	while (body.len > 0 && (body.data[body.len - 1] == '\n' || body.data[body.len - 1] == '\r'))
		body.len--;
	enum query_result result = add_pairs(body, true, storage, query);

	if (result != QUERY_OK)
		query->count = count;
	return result;
}

const struct query_parameter *query_find(
	const struct query *query, const char *name, bool *ret_twice)
{
	struct span wanted = span_from_string(name);
	const struct query_parameter *found = NULL;

	if (ret_twice != NULL)
		*ret_twice = false;
	for (uint32_t i = 0; i < query->count; i++) {
		if (!span_equal_nocase(query->parameter[i].name, wanted))
			continue;
		if (found != NULL && ret_twice != NULL)
			*ret_twice = true;
		if (found == NULL)
			found = &query->parameter[i];
	}
	return found;
}

static bool is_decimal(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	}
	return s.len > 0 && (s.len == 1 || s.data[0] != '0');
}

bool query_subscript(struct span name, uint32_t max, struct span *ret_base, uint32_t *ret_subscript,
	bool *ret_too_high)
{
	size_t open_at = name.len;

	*ret_too_high = false;
	while (open_at > 0 && name.data[open_at - 1] != '[')
		open_at--;
	/* open_at is behind the last '['; a base of one byte at least stands in front of it. */
	if (open_at < 2 || name.data[name.len - 1] != ']')
		return false;
	struct span digits = span_slice(name, open_at, name.len - 1 - open_at);
	uint64_t subscript;

	if (!is_decimal(digits))
		return false;
	if (!number_parse_u64(digits, max, &subscript)) {
		*ret_too_high = true;
		return false;
	}
	*ret_base = span_slice(name, 0, open_at - 1);
	*ret_subscript = (uint32_t)subscript;
	return true;
}

static bool stays_literal(char c)
{
	static const struct span marks = {"-._~[]", 6};

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       span_find(marks, c) < marks.len;
}

void query_encode(struct buf *out, struct span text)
{
	static const char digit[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = (uint8_t)text.data[i];

		if (stays_literal(text.data[i])) {
			buf_add_byte(out, text.data[i]);
		} else {
			buf_add_byte(out, '%');
			buf_add_byte(out, digit[byte >> 4]);
			buf_add_byte(out, digit[byte & 15]);
		}
	}
}
