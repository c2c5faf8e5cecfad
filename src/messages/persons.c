// SPDX-License-Identifier: Apache-2.0
/* People. */
#include "messages/persons.h"

#include "judge.h"

bool judge_person_write(const void *message)
{
	const struct message_person_write *m = message;
	bool insert = m->header.type == MESSAGE_PERSON_INSERT;

	if ((m->fields & ~(uint32_t)PERSON_FIELDS_ALL) != 0 || !person_check(&m->person))
		return false;
	return insert ? m->fields == PERSON_FIELDS_ALL && m->person.no == 0
		      : m->fields != 0 && m->person.no != 0;
}

bool judge_person_remove(const void *message)
{
	const struct message_person_remove *m = message;

	return m->no != 0;
}

static bool person_filter_check(const struct person_filter *filter)
{
	return bool_valid(&filter->has_no) && bool_valid(&filter->has_user_id) &&
	       bool_valid(&filter->has_card_no) && text_valid(&filter->user_id) &&
	       text_valid(&filter->card_no);
}

bool judge_person_query(const void *message)
{
	const struct message_person_query *m = message;

	return person_filter_check(&m->filter) && m->limit <= ROWS_LIMIT_MAX;
}

size_t cut_person_rows(const void *message)
{
	const struct message_person_rows *m = message;

	return offsetof(struct message_person_rows, row) +
	       (m->count > MESSAGE_PERSON_ROWS_MAX ? MESSAGE_PERSON_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

bool judge_person_rows(const void *message)
{
	const struct message_person_rows *m = message;

	if (m->count > MESSAGE_PERSON_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!person_check(&m->row[i]))
			return false;
	}
	return true;
}
