// SPDX-License-Identifier: Apache-2.0
/* Requests of gate, and the answers that are no rows. */
#include "messages/requests.h"

#include "base/compiler.h"
#include "domain/reason.h"
#include "judge.h"

bool judge_authenticate(const void *message)
{
	const struct message_authenticate *m = message;

	return text_valid(&m->method) && m->target_len <= MESSAGE_TARGET_MAX &&
	       m->authorization_len <= MESSAGE_AUTHORIZATION_MAX &&
	       m->operation <= CGI_OPERATION_COUNT;
}

size_t cut_authenticate(const void *message)
{
	const struct message_authenticate *m = message;

	return offsetof(struct message_authenticate, text) + m->target_len + m->authorization_len;
}

bool judge_authenticated(const void *message)
{
	const struct message_authenticated *m = message;

	return m->operation < CGI_OPERATION_COUNT && m->role < ACCOUNT_ROLE_COUNT &&
	       text_valid(&m->account) && text_valid(&m->serial);
}

bool judge_unauthenticated(const void *message)
{
	const struct message_unauthenticated *m = message;

	return m->refusal < REFUSAL_COUNT && m->lookup <= CGI_UNKNOWN_TABLE &&
	       m->challenge_count <= ARRAY_COUNT(m->challenge) && text_valid(&m->challenge[0]) &&
	       text_valid(&m->challenge[1]);
}

bool judge_result(const void *message)
{
	const struct message_result *m = message;

	/* Of RESULT_THROTTLED it is seconds. */
	return m->result < RESULT_COUNT &&
	       (m->reason < REASON_COUNT || m->result == RESULT_THROTTLED) && text_valid(&m->text);
}
