// SPDX-License-Identifier: Apache-2.0
/*
 * AES-128 of one block, in the shape protocols/osdp_secure.h takes it. The key schedule is made for
 * each block, which costs less than keeping it would: nothing of a key outlives the call.
 */
#include "crypto/osdp_aes.h"

#include <nettle/aes.h>

static void encrypt(void *user, const uint8_t key[OSDP_KEY_SIZE], const uint8_t in[OSDP_BLOCK_SIZE],
	uint8_t out[OSDP_BLOCK_SIZE])
{
	struct aes128_ctx context;

	(void)user;
	aes128_set_encrypt_key(&context, key);
	aes128_encrypt(&context, OSDP_BLOCK_SIZE, out, in);
	explicit_bzero(&context, sizeof(context));
}

static void decrypt(void *user, const uint8_t key[OSDP_KEY_SIZE], const uint8_t in[OSDP_BLOCK_SIZE],
	uint8_t out[OSDP_BLOCK_SIZE])
{
	struct aes128_ctx context;

	(void)user;
	aes128_set_decrypt_key(&context, key);
	aes128_decrypt(&context, OSDP_BLOCK_SIZE, out, in);
	explicit_bzero(&context, sizeof(context));
}

const struct osdp_aes osdp_aes_nettle = {.encrypt = encrypt, .decrypt = decrypt};
