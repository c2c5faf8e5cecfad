/* SPDX-License-Identifier: Apache-2.0 */
/* The first account, and the others. */
#pragma once

#include "base/text.h"
#include "messages/requests.h"

/* --- the first account --- */

#define CLAIM_PASSWORD_MIN 8 /* bytes */

struct message_claim {
	struct message_header header;
	uint8_t peer_address[16]; /* IPv6, or IPv4 mapped into it: the source for throttling */
	struct text32 code; /* as it was typed */
	struct text128 password; /* of `admin`: CLAIM_PASSWORD_MIN bytes or more */
};

/* --- accounts --- */

#define ACCOUNTS_MAX 128
#define ACCOUNT_NAME_MAX 32

/*
 * Letters, digits, '.', '_', '-' and '@', 1 to ACCOUNT_NAME_MAX: what needs no quoting in a log-in
 * and looks like what it is.
 */
bool account_name_valid(struct span name);

enum account_change {
	ACCOUNT_CHANGE_ADD = 0, /* name, role, password */
	ACCOUNT_CHANGE_PASSWORD, /* name, password; old_password for one's own */
	ACCOUNT_CHANGE_ROLE, /* name, role */
	ACCOUNT_CHANGE_COUNT
};

struct message_account_put {
	struct message_header header;
	struct message_handle handle;
	uint8_t change; /* enum account_change */
	uint8_t role; /* enum account_role */
	bool has_old_password;
	struct text32 name;
	struct text128 password; /* CLAIM_PASSWORD_MIN bytes or more; empty for _ROLE */
	struct text128 old_password;
};

struct message_account_name {
	struct message_header header;
	struct message_handle handle;
	struct text32 name; /* ACCOUNT_QUERY: empty for all */
};

struct account_row {
	struct text32 name;
	uint8_t role; /* enum account_role */
};

struct message_account_rows {
	struct message_header header;
	uint32_t count;
	struct account_row row[ACCOUNTS_MAX];
};
