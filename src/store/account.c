// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts of the API: who may use it, with a password that digests need in clear and that is
 * therefore kept sealed (AES-256-GCM under the device key). The seal covers number and name, so
 * that swapping two rows' passwords in the file is seen. Clear passwords live in the caller's
 * struct and for one callback in ours, which is wiped.
 */
#include "internal.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "messages/accounts.h"

#include <errno.h>

#define SEALED_MAX (sizeof(((struct account *)0)->password.bytes) + SECRET_TAG_SIZE)

static int find(struct store *store, struct span name, uint64_t *ret_no)
{
	struct sql_call call = call_begin(&store->connection, SQL_ACCOUNT_OF_NAME);

	*ret_no = 0;
	call_put_text(&call, name);
	if (call_next(&call))
		*ret_no = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	return call_end(&call);
}

int store_account_put(struct store *store, const struct account *account)
{
	uint8_t nonce[SECRET_NONCE_SIZE];
	uint8_t sealed[SEALED_MAX];
	uint64_t no = 0;

	ASSERT(store->in_transaction);
	if (account->name.len == 0 || account->name.len > ACCOUNT_NAME_MAX ||
		!text_valid(&account->password) || account->role >= ACCOUNT_ROLE_COUNT)
		return -EINVAL;
	int error = find(store, text_span(&account->name), &no);

	if (error != 0)
		return error;
	enum sql_id id = no != 0 ? SQL_ACCOUNT_UPDATE : SQL_ACCOUNT_PUT;

	if (no == 0)
		no = ++store->now.counter[COUNTER_ACCOUNT_NO];
	random_bytes(nonce, sizeof(nonce));
	secret_seal(&store->secret, no, text_span(&account->name), nonce,
		text_span(&account->password), sealed);
	struct sql_call call = call_begin(&store->connection, id);

	call_put_text(&call, text_span(&account->name));
	call_put_u64(&call, account->role);
	call_put_blob(&call, nonce, sizeof(nonce));
	call_put_blob(&call, sealed, account->password.len + SECRET_TAG_SIZE);
	call_put_u64(&call, no);
	return call_do(&call);
}

int store_account_role(struct store *store, struct span name, enum account_role role)
{
	uint64_t no = 0;

	ASSERT(store->in_transaction);
	if (role == ACCOUNT_NOBODY || role >= ACCOUNT_ROLE_COUNT)
		return -EINVAL;
	int error = find(store, name, &no);

	if (error == 0 && no == 0)
		error = STORE_NOT_FOUND;
	if (error != 0)
		return error;
	struct sql_call call = call_begin(&store->connection, SQL_ACCOUNT_ROLE);

	call_put_u64(&call, role);
	call_put_u64(&call, no);
	return call_do(&call);
}

int store_account_remove(struct store *store, struct span name)
{
	uint64_t no = 0;

	ASSERT(store->in_transaction);
	int error = find(store, name, &no);

	if (error == 0 && no == 0)
		error = STORE_NOT_FOUND;
	if (error != 0)
		return error;
	return call_do_number(&store->connection, SQL_ACCOUNT_DELETE, no);
}

static void load(struct store *store, struct sql_call *call, struct account *ret)
{
	uint8_t plain[sizeof(ret->password.bytes)];

	ret->no = (uint64_t)call_get_i64(call, 1, STORE_NUMBER_MAX);
	call_get_text(call, &ret->name);
	ret->role = (uint8_t)call_get_u32(call, ACCOUNT_ROLE_COUNT - 1);
	struct span nonce = call_get_blob(call);
	struct span sealed = call_get_blob(call);

	if (call->error != 0)
		return;
	if (sealed.len > SEALED_MAX || !secret_open(&store->secret, ret->no, text_span(&ret->name),
					       nonce, sealed, plain)) {
		call->error = STORE_CORRUPT;
		return;
	}
	bool fits = text_set(&ret->password, span_of(plain, sealed.len - SECRET_TAG_SIZE));

	ASSERT(fits);
	explicit_bzero(plain, sizeof(plain));
}

int store_accounts(struct store *store, int (*each)(void *user, const struct account *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_ACCOUNTS_ALL);
	int error = 0;

	while (error == 0 && call_next(&call)) {
		struct account account = {0};

		load(store, &call, &account);
		error = call.error;
		if (error == 0)
			error = each(user, &account);
		explicit_bzero(&account, sizeof(account));
	}
	int end = call_end(&call);

	return error != 0 ? error : end;
}
