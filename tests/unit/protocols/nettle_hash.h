/* SPDX-License-Identifier: Apache-2.0 */
/* The hash functions a digest is tested and fuzzed with. */
#pragma once

#include "protocols/digest.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>

static void hash(enum digest_algorithm algorithm, const struct span *parts, size_t count,
	uint8_t ret_hash[DIGEST_HASH_MAX])
{
	struct md5_ctx md5;
	struct sha256_ctx sha256;

	md5_init(&md5);
	sha256_init(&sha256);
	for (size_t i = 0; i < count; i++) {
		md5_update(&md5, parts[i].len, (const uint8_t *)parts[i].data);
		sha256_update(&sha256, parts[i].len, (const uint8_t *)parts[i].data);
	}
	if (algorithm == DIGEST_SHA256)
		sha256_digest(&sha256, SHA256_DIGEST_SIZE, ret_hash);
	else
		md5_digest(&md5, MD5_DIGEST_SIZE, ret_hash);
}

static void hmac(
	const uint8_t key[32], const struct span *parts, size_t count, uint8_t ret_hash[32])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, 32, key);
	for (size_t i = 0; i < count; i++)
		hmac_sha256_update(&context, parts[i].len, (const uint8_t *)parts[i].data);
	hmac_sha256_digest(&context, 32, ret_hash);
}
