// SPDX-License-Identifier: Apache-2.0
/* Access records, the journal and its streams. */
#include "messages/records.h"

#include "base/compiler.h"
#include "judge.h"

static bool record_filter_check(const struct record_filter *filter)
{
	const bool *flags[] = {&filter->has_from, &filter->has_to, &filter->has_card_no,
		&filter->has_user_id, &filter->has_door, &filter->has_status, &filter->has_method};

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (!bool_valid(flags[i]))
			return false;
	}
	return filter->status <= 1 && text_valid(&filter->card_no) && text_valid(&filter->user_id);
}

bool judge_record_query(const void *message)
{
	const struct message_record_query *m = message;

	return record_filter_check(&m->filter) && m->limit <= ROWS_LIMIT_MAX;
}

size_t cut_record_rows(const void *message)
{
	const struct message_record_rows *m = message;

	return offsetof(struct message_record_rows, row) +
	       (m->count > MESSAGE_RECORD_ROWS_MAX ? MESSAGE_RECORD_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

bool judge_record_rows(const void *message)
{
	const struct message_record_rows *m = message;

	if (m->count > MESSAGE_RECORD_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!journal_entry_check(&m->row[i]))
			return false;
	}
	return true;
}

bool judge_stream_close(const void *message)
{
	const struct message_stream_close *m = message;

	return m->stream_id != 0;
}

bool judge_journal_fetch(const void *message)
{
	const struct message_journal_fetch *m = message;

	return m->stream_id != 0 && m->limit >= 1 && m->limit <= ROWS_LIMIT_MAX;
}

bool judge_stream(const void *message)
{
	const struct message_stream *m = message;

	return m->stream_id != 0;
}
