// SPDX-License-Identifier: Apache-2.0
/*
 * Server nonces: time, counter, and a keyed hash that proves them ours. A challenge costs no
 * memory; a nonce takes a slot when a right answer first uses it.
 *
 * Order of the checks: ours, young, not used in this way. A slot may be given up in two ways only.
 * When the nonce is idle or old, the nonce's own time already makes it stale for ever: used_ms is
 * never before made_ms, so a nonce without a slot may live no longer than one that was idle since
 * it was made. When it is live and the table is full, floor_id rises to its number, and every nonce
 * up to there that has no slot is stale. So no nonce is taken as new twice. A client that is hit
 * gets stale=true and goes on with a new nonce; only right answers fill the table.
 */
#include "base/number.h"
#include "digest_text.h"

#define MAC_AT 16 /* time and counter come before */
#define MAC_LEN (DIGEST_NONCE_BYTES - MAC_AT)

struct nonce {
	uint64_t id;
	int64_t made_ms;
};

static void put_u64(uint8_t *bytes, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void nonce_hash(const struct digest_nonces *nonces, digest_hmac_fn *hmac,
	const uint8_t *bytes, uint8_t ret_hash[32])
{
	struct span part = span_of(bytes, MAC_AT);

	hmac(nonces->key, &part, 1, ret_hash);
}

void digest_nonces_init(struct digest_nonces *nonces, const uint8_t key[32])
{
	memset(nonces, 0, sizeof(*nonces));
	memcpy(nonces->key, key, sizeof(nonces->key));
}

void digest_nonce_make(struct digest_nonces *nonces, digest_hmac_fn *hmac, int64_t now_ms,
	char ret_hex[2 * DIGEST_NONCE_BYTES])
{
	struct buf out = buf_over(ret_hex, 2 * (size_t)DIGEST_NONCE_BYTES);
	uint8_t bytes[DIGEST_NONCE_BYTES];
	uint8_t hash[32];

	put_u64(bytes, (uint64_t)now_ms);
	put_u64(bytes + 8, ++nonces->counter);
	nonce_hash(nonces, hmac, bytes, hash);
	memcpy(bytes + MAC_AT, hash, MAC_LEN);
	buf_add_hex(&out, bytes, sizeof(bytes));
}

static bool nonce_read(const struct digest_nonces *nonces, digest_hmac_fn *hmac, struct span text,
	struct nonce *ret_nonce)
{
	uint8_t bytes[DIGEST_NONCE_BYTES];
	uint8_t hash[32];

	if (!hex_decode(text, bytes, sizeof(bytes)))
		return false;
	nonce_hash(nonces, hmac, bytes, hash);
	if (!bytes_equal_secret(hash, bytes + MAC_AT, MAC_LEN))
		return false;
	ret_nonce->made_ms = (int64_t)get_u64(bytes);
	ret_nonce->id = get_u64(bytes + 8);
	return true;
}

/* Both times are from the same clock, which does not go back. */
static bool nonce_alive(int64_t made_ms, int64_t used_ms, int64_t now_ms)
{
	return made_ms <= now_ms && now_ms - made_ms < DIGEST_NONCE_LIFE_MS &&
	       now_ms - used_ms < DIGEST_NONCE_IDLE_MS;
}

/* The index of the slot of id, or DIGEST_NONCES_MAX. */
static size_t slot_find(const struct digest_nonces *nonces, uint64_t id)
{
	size_t at = 0;

	while (at < DIGEST_NONCES_MAX && nonces->slots[at].id != id)
		at++;
	return at;
}

static struct digest_nonce_slot *slot_take(struct digest_nonces *nonces, int64_t now_ms)
{
	struct digest_nonce_slot *oldest = &nonces->slots[0];

	for (size_t i = 0; i < DIGEST_NONCES_MAX; i++) {
		struct digest_nonce_slot *slot = &nonces->slots[i];

		if (slot->id == 0 || !nonce_alive(slot->made_ms, slot->used_ms, now_ms))
			return slot;
		if (slot->used_ms < oldest->used_ms ||
			(slot->used_ms == oldest->used_ms && slot->id < oldest->id))
			oldest = slot;
	}
	if (oldest->id > nonces->floor_id)
		nonces->floor_id = oldest->id;
	return oldest;
}

static uint32_t response_nc(const struct digest_response *response)
{
	uint8_t bytes[4] = {0};

	(void)hex_decode(response->nc, bytes, sizeof(bytes));
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static enum digest_nonce_result slot_check(const struct digest_nonce_slot *slot,
	const struct digest_response *response, int64_t now_ms)
{
	uint32_t nc = response_nc(response);

	if (!nonce_alive(slot->made_ms, slot->used_ms, now_ms))
		return DIGEST_NONCE_STALE;
	if (slot->without_qop || !response->has_qop)
		return DIGEST_NONCE_REPEATED;
	if (nc > slot->nc_top)
		return DIGEST_NONCE_FRESH;
	if (slot->nc_top - nc >= DIGEST_NC_WINDOW)
		return DIGEST_NONCE_STALE;
	return (slot->nc_seen >> (slot->nc_top - nc) & 1) != 0 ? DIGEST_NONCE_REPEATED
							       : DIGEST_NONCE_FRESH;
}

/* *ret_nonce and *ret_slot are for digest_nonce_use; the slot may be none. */
static enum digest_nonce_result nonce_judge(const struct digest_nonces *nonces,
	digest_hmac_fn *hmac, const struct digest_response *response, int64_t now_ms,
	struct nonce *ret_nonce, size_t *ret_slot)
{
	if (!nonce_read(nonces, hmac, response->nonce, ret_nonce))
		return DIGEST_NONCE_FOREIGN;
	*ret_slot = slot_find(nonces, ret_nonce->id);
	if (*ret_slot < DIGEST_NONCES_MAX)
		return slot_check(&nonces->slots[*ret_slot], response, now_ms);
	if (ret_nonce->id <= nonces->floor_id ||
		!nonce_alive(ret_nonce->made_ms, ret_nonce->made_ms, now_ms))
		return DIGEST_NONCE_STALE;
	return DIGEST_NONCE_FRESH;
}

enum digest_nonce_result digest_nonce_check(const struct digest_nonces *nonces,
	digest_hmac_fn *hmac, const struct digest_response *response, int64_t now_ms)
{
	struct nonce nonce;
	size_t at;

	return nonce_judge(nonces, hmac, response, now_ms, &nonce, &at);
}

static void slot_mark(struct digest_nonce_slot *slot, uint32_t nc)
{
	if (nc <= slot->nc_top) {
		slot->nc_seen |= UINT64_C(1) << (slot->nc_top - nc);
		return;
	}
	uint32_t step = nc - slot->nc_top;

	slot->nc_seen = step < DIGEST_NC_WINDOW ? slot->nc_seen << step : 0;
	slot->nc_seen |= 1;
	slot->nc_top = nc;
}

enum digest_nonce_result digest_nonce_use(struct digest_nonces *nonces, digest_hmac_fn *hmac,
	const struct digest_response *response, int64_t now_ms)
{
	struct digest_nonce_slot *slot;
	struct nonce nonce;
	size_t at;
	enum digest_nonce_result result = nonce_judge(nonces, hmac, response, now_ms, &nonce, &at);

	if (result != DIGEST_NONCE_FRESH)
		return result;
	if (at < DIGEST_NONCES_MAX) {
		slot = &nonces->slots[at];
	} else {
		slot = slot_take(nonces, now_ms);
		*slot = (struct digest_nonce_slot){.id = nonce.id,
			.made_ms = nonce.made_ms,
			.nc_top = response_nc(response),
			.without_qop = !response->has_qop};
	}
	slot->used_ms = now_ms;
	slot_mark(slot, response_nc(response));
	return DIGEST_NONCE_FRESH;
}
