// SPDX-License-Identifier: Apache-2.0
/* See reference.h. Slow and plain on purpose; it shares no code with the queries. */
#include "reference.h"

#include "domain/person.h"

#include <stdlib.h>

static int64_t floor_s(int64_t ms)
{
	int64_t s = ms / 1000;

	return ms % 1000 < 0 ? s - 1 : s;
}

static bool who_matches(const struct record_filter *filter, const struct record_person *who)
{
	if (filter->has_card_no && filter->card_no.len > 0 &&
		!span_equal(card_no_key(text_span(&filter->card_no)),
			card_no_key(text_span(&who->card_no))))
		return false;
	return !filter->has_user_id || filter->user_id.len == 0 ||
	       text_is(&filter->user_id, text_span(&who->user_id));
}

static bool matches(const struct record_filter *filter, const struct journal_entry *row)
{
	if (row->rec_no <= filter->after_rec_no)
		return false;
	if (filter->has_from && floor_s(row->utc_ms) < filter->from_s)
		return false;
	if (filter->has_to && floor_s(row->utc_ms) > filter->to_s)
		return false;
	if (filter->has_door && filter->door != row->door)
		return false;
	if (filter->has_status && filter->status != journal_entry_status(row))
		return false;
	if (filter->has_method && filter->method != row->method)
		return false;
	return who_matches(filter, &row->who);
}

static int by_time(const void *a, const void *b)
{
	const struct journal_entry *x = *(const struct journal_entry *const *)a;
	const struct journal_entry *y = *(const struct journal_entry *const *)b;

	if (x->utc_ms != y->utc_ms)
		return x->utc_ms < y->utc_ms ? -1 : 1;
	return x->rec_no < y->rec_no ? -1 : x->rec_no > y->rec_no;
}

uint32_t reference_records(const struct journal_entry *rows, uint32_t count,
	const struct record_filter *filter, uint64_t oldest_rec_no,
	const struct journal_entry **ret)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (rows[i].rec_no >= oldest_rec_no && matches(filter, &rows[i]))
			ret[found++] = &rows[i];
	}
	if (found > 1)
		qsort(ret, found, sizeof(*ret), by_time);
	return found;
}
