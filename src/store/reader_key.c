// SPDX-License-Identifier: Apache-2.0
/*
 * Secure channel keys of OSDP readers. A reader has at most two: the one in use and the one that is
 * being set, because for a moment nobody can tell which of them it holds. The seal covers reader,
 * slot and identity: a row that was moved to another reader, or whose pinned identity was changed
 * in the file, does not open. Clear keys live in the caller's memory and, for one callback, in
 * ours.
 */
#include "internal.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "protocols/osdp_secure.h"

#include <errno.h>

#define IDENTITY_SIZE 8 /* vendor, model, serial with the least byte first */
#define ABOUT_MAX (1 + IDENTITY_SIZE)

_Static_assert(READER_KEY_SIZE == OSDP_KEY_SIZE, "the same keys");

enum slot { SLOT_USED = 0, SLOT_PENDING = 1 };

static void identity_write(const struct reader_identity *identity, uint8_t ret[IDENTITY_SIZE])
{
	memcpy(ret, identity->vendor, 3);
	ret[3] = identity->model;
	for (unsigned i = 0; i < 4; i++)
		ret[4 + i] = (uint8_t)(identity->serial >> (8 * i));
}

static void identity_read(const uint8_t *bytes, struct reader_identity *ret)
{
	memcpy(ret->vendor, bytes, 3);
	ret->model = bytes[3];
	ret->serial = 0;
	for (unsigned i = 0; i < 4; i++)
		ret->serial |= (uint32_t)bytes[4 + i] << (8 * i);
}

static struct span about(uint8_t memory[ABOUT_MAX], enum slot slot, struct span identity)
{
	memory[0] = (uint8_t)slot;
	if (identity.len > 0)
		memcpy(memory + 1, identity.data, identity.len);
	return span_of(memory, 1 + identity.len);
}

static int put(struct store *store, uint8_t reader, enum slot slot, const uint8_t *key,
	struct span identity)
{
	uint8_t memory[ABOUT_MAX];
	uint8_t nonce[SECRET_NONCE_SIZE];
	uint8_t sealed[READER_KEY_SIZE + SECRET_TAG_SIZE];

	random_bytes(nonce, sizeof(nonce));
	secret_seal_reader(&store->secret, reader, about(memory, slot, identity), nonce,
		span_of(key, READER_KEY_SIZE), sealed);
	struct sql_call call = call_begin(&store->connection, SQL_READER_KEY_PUT);

	call_put_u64(&call, reader);
	call_put_u64(&call, slot);
	call_put_blob(&call, nonce, sizeof(nonce));
	call_put_blob(&call, sealed, sizeof(sealed));
	call_put_blob(&call, identity.len > 0 ? identity.data : "", identity.len);
	return call_do(&call);
}

/* The columns nonce, sealed and identity of a row. */
static void load(struct store *store, struct sql_call *call, uint8_t reader, enum slot slot,
	struct span nonce, struct span sealed, struct span identity, struct reader_key *ret)
{
	uint8_t memory[ABOUT_MAX];

	if (call->error != 0)
		return;
	*ret = (struct reader_key){.reader = reader,
		.pending = slot == SLOT_PENDING,
		.has_identity = identity.len > 0};
	if ((identity.len != 0 && identity.len != IDENTITY_SIZE) ||
		sealed.len != READER_KEY_SIZE + SECRET_TAG_SIZE ||
		!secret_open_reader(&store->secret, reader, about(memory, slot, identity), nonce,
			sealed, ret->key)) {
		call->error = STORE_CORRUPT;
		return;
	}
	if (ret->has_identity)
		identity_read((const uint8_t *)identity.data, &ret->identity);
}

static int drop(struct store *store, uint8_t reader, enum slot from)
{
	struct sql_call call = call_begin(&store->connection, SQL_READER_KEYS_DELETE);

	call_put_u64(&call, reader);
	call_put_u64(&call, from);
	return call_do(&call);
}

int store_reader_key_pend(struct store *store, uint8_t reader, const uint8_t key[READER_KEY_SIZE])
{
	ASSERT(store->in_transaction && reader >= 1 && reader <= READER_KEYS_MAX);
	if (osdp_key_is_weak(key))
		return -EINVAL;
	return put(store, reader, SLOT_PENDING, key, (struct span){0});
}

int store_reader_key_promote(
	struct store *store, uint8_t reader, const struct reader_identity *identity)
{
	struct reader_key pending = {0};
	uint8_t bytes[IDENTITY_SIZE];

	ASSERT(store->in_transaction);
	struct sql_call call = call_begin(&store->connection, SQL_READER_KEY_GET);

	call_put_u64(&call, reader);
	call_put_u64(&call, SLOT_PENDING);
	bool found = call_next(&call);

	if (found) {
		struct span nonce = call_get_blob(&call);
		struct span sealed = call_get_blob(&call);
		struct span no_identity = call_get_blob(&call);

		load(store, &call, reader, SLOT_PENDING, nonce, sealed, no_identity, &pending);
	}
	int error = call_end(&call);

	if (error == 0 && !found)
		error = STORE_NOT_FOUND;
	identity_write(identity, bytes);
	if (error == 0)
		error = put(store, reader, SLOT_USED, pending.key, span_of(bytes, sizeof(bytes)));
	explicit_bzero(&pending, sizeof(pending));
	return error == 0 ? drop(store, reader, SLOT_PENDING) : error;
}

int store_reader_key_drop(struct store *store, uint8_t reader, bool all)
{
	ASSERT(store->in_transaction);
	return drop(store, reader, all ? SLOT_USED : SLOT_PENDING);
}

int store_reader_keys(
	struct store *store, int (*each)(void *user, const struct reader_key *), void *user)
{
	struct sql_call call = call_begin(&store->connection, SQL_READER_KEYS_ALL);
	int error = 0;
	int bad = 0;

	while (error == 0 && call_next(&call)) {
		struct reader_key key = {0};
		struct span nonce = call_get_blob(&call);
		struct span sealed = call_get_blob(&call);
		struct span identity = call_get_blob(&call);
		uint8_t reader = (uint8_t)call_get_u32(&call, READER_KEYS_MAX);
		enum slot slot = call_get_u32(&call, SLOT_PENDING) == SLOT_PENDING ? SLOT_PENDING
										   : SLOT_USED;

		load(store, &call, reader, slot, nonce, sealed, identity, &key);
		if (call.error == 0)
			error = each(user, &key);
		else
			bad = call.error; /* a row that does not open takes no other with it */
		call.error = 0;
		explicit_bzero(&key, sizeof(key));
	}
	int end = call_end(&call);

	if (error == 0)
		error = end;
	return error != 0 ? error : bad;
}
