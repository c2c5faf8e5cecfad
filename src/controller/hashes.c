// SPDX-License-Identifier: Apache-2.0
/*
 * MD5, SHA-256 and HMAC-SHA-256 of a list of parts, in the shape protocols/digest.h takes them.
 * Contexts live on the stack and are wiped: they hold pieces of passwords' hashes.
 */
#include "hashes.h"

#include "base/assert.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>

void hashes_digest(enum digest_algorithm algorithm, const struct span *parts, size_t count,
	uint8_t ret_hash[DIGEST_HASH_MAX])
{
	struct md5_ctx md5;
	struct sha256_ctx sha256;

	switch (algorithm) {
	case DIGEST_MD5:
		md5_init(&md5);
		for (size_t i = 0; i < count; i++)
			md5_update(&md5, parts[i].len, (const uint8_t *)parts[i].data);
		md5_digest(&md5, MD5_DIGEST_SIZE, ret_hash);
		explicit_bzero(&md5, sizeof(md5));
		return;
	case DIGEST_SHA256:
		sha256_init(&sha256);
		for (size_t i = 0; i < count; i++)
			sha256_update(&sha256, parts[i].len, (const uint8_t *)parts[i].data);
		sha256_digest(&sha256, SHA256_DIGEST_SIZE, ret_hash);
		explicit_bzero(&sha256, sizeof(sha256));
		return;
	case DIGEST_ALGORITHM_COUNT:
		break;
	}
	ASSERT(algorithm < DIGEST_ALGORITHM_COUNT);
}

void hashes_hmac(
	const uint8_t key[32], const struct span *parts, size_t count, uint8_t ret_hash[32])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, 32, key);
	for (size_t i = 0; i < count; i++)
		hmac_sha256_update(&context, parts[i].len, (const uint8_t *)parts[i].data);
	hmac_sha256_digest(&context, SHA256_DIGEST_SIZE, ret_hash);
	explicit_bzero(&context, sizeof(context));
}
