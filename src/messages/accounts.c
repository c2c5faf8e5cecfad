// SPDX-License-Identifier: Apache-2.0
/* The first account, and the others. */
#include "messages/accounts.h"

#include "base/utf8.h"
#include "judge.h"

bool judge_claim(const void *message)
{
	const struct message_claim *m = message;

	return text_valid(&m->code) && text_valid(&m->password) &&
	       m->password.len >= CLAIM_PASSWORD_MIN &&
	       utf8_printable(text_span(&m->password), NULL);
}

bool account_name_valid(struct span name)
{
	static const struct span others = {"._-@", 4};

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && span_find(others, c) == others.len)
			return false;
	}
	return name.len >= 1 && name.len <= ACCOUNT_NAME_MAX;
}

bool judge_account_put(const void *message)
{
	const struct message_account_put *m = message;

	if (m->change >= ACCOUNT_CHANGE_COUNT || m->role >= ACCOUNT_ROLE_COUNT ||
		!bool_valid(&m->has_old_password) || !text_valid(&m->name) ||
		!account_name_valid(text_span(&m->name)) || !text_valid(&m->password) ||
		!text_valid(&m->old_password))
		return false;
	if (m->change != ACCOUNT_CHANGE_PASSWORD && m->role == ACCOUNT_NOBODY)
		return false;
	return m->change == ACCOUNT_CHANGE_ROLE ||
	       (m->password.len >= CLAIM_PASSWORD_MIN &&
		       utf8_printable(text_span(&m->password), NULL));
}

bool judge_account_name(const void *message)
{
	const struct message_account_name *m = message;

	return text_valid(&m->name) && (m->name.len > 0 || m->header.type == MESSAGE_ACCOUNT_QUERY);
}

size_t cut_account_rows(const void *message)
{
	const struct message_account_rows *m = message;

	return offsetof(struct message_account_rows, row) +
	       (m->count > ACCOUNTS_MAX ? ACCOUNTS_MAX : m->count) * sizeof(m->row[0]);
}

bool judge_account_rows(const void *message)
{
	const struct message_account_rows *m = message;

	if (m->count > ACCOUNTS_MAX)
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!text_valid(&m->row[i].name) || m->row[i].role >= ACCOUNT_ROLE_COUNT)
			return false;
	}
	return true;
}
