// SPDX-License-Identifier: Apache-2.0
/* The audit. */
#include "messages/audit.h"

#include "judge.h"

bool judge_audit_query(const void *message)
{
	const struct message_audit_query *m = message;

	return m->limit >= 1 && m->limit <= ROWS_LIMIT_MAX;
}

size_t cut_audit_rows(const void *message)
{
	const struct message_audit_rows *m = message;

	return offsetof(struct message_audit_rows, row) +
	       (m->count > MESSAGE_AUDIT_ROWS_MAX ? MESSAGE_AUDIT_ROWS_MAX : m->count) *
		       sizeof(m->row[0]);
}

bool judge_audit_rows(const void *message)
{
	const struct message_audit_rows *m = message;

	if (m->count > MESSAGE_AUDIT_ROWS_MAX || !bool_valid(&m->last))
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!audit_entry_check(&m->row[i]))
			return false;
	}
	return true;
}
