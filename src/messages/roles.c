// SPDX-License-Identifier: Apache-2.0
/* The supervisor and its roles. */
#include "messages/roles.h"

#include "judge.h"

static bool role_valid(uint32_t role)
{
	return role < ROLE_COUNT;
}

bool judge_link(const void *message)
{
	const struct message_link *m = message;

	return role_valid(m->peer);
}

bool judge_port(const void *message)
{
	const struct message_port *m = message;

	return m->line < MESSAGE_PORT_LINES_MAX;
}

bool judge_hello(const void *message)
{
	const struct message_hello *m = message;

	return role_valid(m->role);
}
