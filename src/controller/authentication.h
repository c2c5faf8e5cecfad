/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: HTTP Digest against the accounts, the nonces of this start, the brake on guessing, and
 * the right of the account's role to the method it asks for. Secrets live in locked memory that is
 * left out of core dumps.
 */
#pragma once

#include "base/compiler.h"
#include "claim.h"
#include "handles.h"
#include "messages/accounts.h"
#include "messages/requests.h"
#include "platform/settings.h"
#include "store/store.h"
#include "throttle.h"

struct authentication;

/* NULL with errno when memory cannot be had. serial: the realm is `Login to <serial>`. */
struct authentication *authentication_new(const struct settings *settings, struct span serial);
struct authentication *authentication_free(struct authentication *authentication);

/* 0, or -ENOSPC beyond ACCOUNTS_MAX. The password is not kept, only what digests are made of. */
MUST_CHECK int authentication_add(
	struct authentication *authentication, const struct account *account);

/*
 * Changes of accounts. What a new password makes is kept aside in locked memory by _prepare until
 * _put takes it over, so that the password itself is in no one's memory meanwhile. _put adds or
 * replaces the account of that name; there is room for it.
 */
void authentication_prepare(struct authentication *authentication, const struct account *account);
void authentication_put(struct authentication *authentication);
void authentication_set_role(
	struct authentication *authentication, struct span name, enum account_role role);
void authentication_remove(struct authentication *authentication, struct span name);

/* False: there is no account of this name. ret_role may be NULL. */
bool authentication_find(
	const struct authentication *authentication, struct span name, uint8_t *ret_role);
bool authentication_password_is(
	const struct authentication *authentication, struct span name, struct span password);

/* Fills ret_rows (ACCOUNTS_MAX) in the order in which they were made; how many there are. */
uint32_t authentication_list(
	const struct authentication *authentication, struct account_row *ret_rows);

/*
 * Judges one request; true with *ret_yes and a handle made for it, or false with *ret_no. Headers
 * of the answers are filled too. now_ms: a clock that never goes back.
 */
bool authentication_judge(struct authentication *authentication,
	const struct message_authenticate *request, int64_t now_ms,
	struct message_authenticated *ret_yes, struct message_unauthenticated *ret_no);

bool authentication_has_accounts(const struct authentication *authentication);

/* The claim of a device without accounts; wrong codes and wrong log-ins share the brake. */
struct claim *authentication_claim(struct authentication *authentication);
struct throttle *authentication_throttle(struct authentication *authentication);

/* The handles made so far; commands are checked against them. */
struct handles *authentication_handles(struct authentication *authentication);
