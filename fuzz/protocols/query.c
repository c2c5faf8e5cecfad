// SPDX-License-Identifier: Apache-2.0
/*
 * Request targets and form bodies. What parses is encoded again and parsed again: the same path,
 * the same pairs, and from then on the same bytes. The number of pairs is counted the slow way too.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "protocols/query.h"

#define ROOM (256 * 1024)

static struct query first;
static struct query second;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void encode(const struct query *query, struct buf *out)
{
	for (size_t i = 0; i < query->path.len; i++) { /* '/' stays: the path begins with it */
		if (query->path.data[i] == '/')
			buf_add_byte(out, '/');
		else
			query_encode(out, span_slice(query->path, i, 1));
	}
	for (uint32_t i = 0; i < query->count; i++) {
		buf_add_byte(out, i == 0 ? '?' : '&');
		query_encode(out, query->parameter[i].name);
		buf_add_byte(out, '=');
		query_encode(out, query->parameter[i].value);
	}
}

static void check_same(void)
{
	require(span_equal(first.path, second.path) && first.count == second.count);
	for (uint32_t i = 0; i < first.count; i++) {
		require(span_equal(first.parameter[i].name, second.parameter[i].name));
		require(span_equal(first.parameter[i].value, second.parameter[i].value));
		require(utf8_printable(first.parameter[i].name, NULL));
		require(utf8_printable(first.parameter[i].value, NULL));
	}
}

static uint32_t count_pairs(struct span text)
{
	uint32_t pairs = 0;

	for (size_t i = 0; i < text.len; i++)
		pairs += text.data[i] != '&' && (i == 0 || text.data[i - 1] == '&');
	return pairs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[4][ROOM];
	struct span target = span_of(data, size < ROOM / 4 ? size : ROOM / 4);
	struct buf storage = buf_over(memory[0], target.len);
	struct buf again = buf_over(memory[1], ROOM);
	struct buf encoded = buf_over(memory[2], ROOM);
	struct buf encoded_again = buf_over(memory[3], ROOM);

	if (query_parse_target(target, &storage, &first) == QUERY_OK) {
		size_t mark = span_find(target, '?');

		require(first.count == count_pairs(span_slice(target, mark + 1, target.len)));
		encode(&first, &encoded);
		require(!encoded.overflow);
		require(query_parse_target(buf_span(&encoded), &again, &second) == QUERY_OK);
		check_same();
		encode(&second, &encoded_again);
		require(span_equal(buf_span(&encoded), buf_span(&encoded_again)));
	}
	storage = buf_over(memory[0], ROOM);
	(void)query_parse_target(SPAN_LIT("/?a=b"), &storage, &first);
	if (query_parse_form(target, &storage, &first) != QUERY_OK)
		require(first.count == 1);
	return 0;
}
