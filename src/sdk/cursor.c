// SPDX-License-Identifier: Apache-2.0
/*
 * The place in a device's records that a follower keeps over gaps and restarts. RecNos alone do not
 * do: a device that is reset counts anew; CreateTime alone neither: a second holds many records.
 */
#include "cursor.h"

#include "base/number.h"
#include "base/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_WORD "postern-follow-1"
#define RANGE_TEXT_MAX 48 /* "18446744073709551615-18446744073709551615," */
#define REC_NOS_MAX 65536 /* of one second, in a text */

void cursor_drop(struct cursor *cursor)
{
	free(cursor->rec_nos);
	free(cursor->text);
	*cursor = (struct cursor){0};
}

/* Keeps the list rising. */
static bool add_rec_no(struct cursor *cursor, uint64_t rec_no)
{
	size_t at = cursor->count;

	if (cursor->count == cursor->capacity) {
		size_t capacity = cursor->capacity == 0 ? 16 : cursor->capacity * 2;
		uint64_t *grown = realloc(cursor->rec_nos, capacity * sizeof(*grown));

		if (grown == NULL)
			return false;
		cursor->rec_nos = grown;
		cursor->capacity = capacity;
	}
	for (; at > 0 && cursor->rec_nos[at - 1] > rec_no; at--)
		cursor->rec_nos[at] = cursor->rec_nos[at - 1];
	cursor->rec_nos[at] = rec_no;
	cursor->count++;
	return true;
}

static bool parse_range(struct cursor *cursor, struct span text)
{
	size_t dash = span_find(text, '-');
	uint64_t first;
	uint64_t last;

	if (!number_parse_u64(span_slice(text, 0, dash), INT64_MAX, &first))
		return false;
	last = first;
	if (dash < text.len &&
		!number_parse_u64(span_slice(text, dash + 1, text.len), INT64_MAX, &last))
		return false;
	if (last < first || last - first >= REC_NOS_MAX - cursor->count ||
		(cursor->count > 0 && first <= cursor->rec_nos[cursor->count - 1]))
		return false;
	for (uint64_t rec_no = first; rec_no <= last; rec_no++) {
		if (!add_rec_no(cursor, rec_no))
			return false;
	}
	return true;
}

bool cursor_parse(struct cursor *cursor, const char *text)
{
	struct span rest = span_from_string(text);
	struct span word;
	struct span ranges;
	struct span range;

	while (rest.len > 0 && strchr(" \r\n", rest.data[rest.len - 1]) != NULL)
		rest.len--;
	if (!span_next(&rest, ' ', &word) || !span_equal(word, SPAN_LIT(STATE_WORD)) ||
		!span_next(&rest, ' ', &word) ||
		(!span_equal(word, SPAN_LIT("p")) && !span_equal(word, SPAN_LIT("-"))))
		return false;
	cursor->ours = span_equal(word, SPAN_LIT("p"));
	if (!span_next(&rest, ' ', &word) || !number_parse_i64(word, 0, INT64_MAX, &cursor->time) ||
		!span_next(&rest, ' ', &word) ||
		!number_parse_u64(word, INT64_MAX, &cursor->rec_no) ||
		!span_next(&rest, ' ', &ranges) || rest.len > 0)
		return false;
	if (span_equal(ranges, SPAN_LIT("-")))
		return true;
	while (ranges.len > 0) {
		if (!span_next(&ranges, ',', &range) || !parse_range(cursor, range))
			return false;
	}
	return true;
}

const char *cursor_print(struct cursor *cursor)
{
	size_t size = 128 + cursor->count * RANGE_TEXT_MAX;
	char *text = realloc(cursor->text, size);

	if (text == NULL)
		return NULL;
	cursor->text = text;
	size_t len =
		(size_t)snprintf(text, size, STATE_WORD " %s %lld %llu ", cursor->ours ? "p" : "-",
			(long long)cursor->time, (unsigned long long)cursor->rec_no);

	for (size_t i = 0; i < cursor->count;) {
		uint64_t first = cursor->rec_nos[i];
		uint64_t last = first;

		for (i++; i < cursor->count && cursor->rec_nos[i] == last + 1; i++)
			last++;
		len += (size_t)snprintf(text + len, size - len,
			last > first ? "%llu-%llu," : "%llu,", (unsigned long long)first,
			(unsigned long long)last);
	}
	if (cursor->count == 0)
		text[len++] = '-';
	else
		len--; /* the last comma */
	text[len] = 0;
	return text;
}

static bool was_skipped(const struct cursor *cursor, uint64_t rec_no)
{
	for (size_t i = 0; i < cursor->skipped_count && i < CURSOR_SKIPPED; i++) {
		if (rec_no >= cursor->skipped[i].first && rec_no <= cursor->skipped[i].last)
			return true;
	}
	return false;
}

enum cursor_move cursor_take(struct cursor *cursor, int64_t create_time, uint64_t rec_no,
	struct postern_rec_nos *ret_lost)
{
	enum cursor_move move = CURSOR_NEXT;
	uint64_t last = cursor->rec_no;

	if (last > 0 && rec_no > last) {
		bool dense = cursor->steps_of_one * 2 >= cursor->steps;

		if (rec_no > last + 1 && dense)
			move = CURSOR_GAP;
		*ret_lost = (struct postern_rec_nos){last + 1, rec_no - 1};
		if (rec_no > last + 1)
			cursor->skipped[cursor->skipped_count++ % CURSOR_SKIPPED] = *ret_lost;
		cursor->steps++;
		cursor->steps_of_one += rec_no == last + 1;
	} else if (last > 0 && rec_no <= last && create_time > cursor->time &&
		   !was_skipped(cursor, rec_no)) {
		move = CURSOR_RESTART;
		cursor->skipped_count = 0;
		*ret_lost = (struct postern_rec_nos){last, last};
	}
	if (create_time > cursor->time) {
		cursor->time = create_time;
		cursor->count = 0;
	}
	if (create_time == cursor->time && !add_rec_no(cursor, rec_no))
		return CURSOR_NO_MEMORY;
	/* A late one does not turn the numbers back: of this second, or the clock was set back. */
	if (rec_no > last || move == CURSOR_RESTART)
		cursor->rec_no = rec_no;
	return move;
}
