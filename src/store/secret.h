/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets at rest: the device key in STATE/device.key and what is sealed under it. */
#pragma once

#include "base/compiler.h"
#include "base/span.h"

#define SECRET_KEY_SIZE 32
#define SECRET_CHECK_SIZE 16
#define SECRET_NONCE_SIZE 12
#define SECRET_TAG_SIZE 16
#define SECRET_HASH_SIZE 32
#define SECRET_KEY_NAME "device.key"

/* Derived from the device key; the key itself is not kept in memory. Wiped by secret_wipe. */
struct secret {
	uint8_t seal_key[SECRET_KEY_SIZE];
	uint8_t pin_key[SECRET_KEY_SIZE];
	uint8_t reader_key[SECRET_KEY_SIZE]; /* seals the keys of OSDP readers */
	uint8_t check[SECRET_CHECK_SIZE]; /* tells keys apart, and tells nothing about them */
};

/* 0, -ENOENT when there is no key, -EKEYREJECTED when the file is no key, or another -errno. */
MUST_CHECK int secret_load(struct secret *secret, int dir_fd);

/* Makes a key, on disk when it returns 0, and never over an existing one (-EEXIST). */
MUST_CHECK int secret_make(struct secret *secret, int dir_fd);

void secret_wipe(struct secret *secret);

/*
 * AES-256-GCM over plain with the account's number and name as associated data. ret_sealed has
 * plain.len + SECRET_TAG_SIZE bytes; nonce is SECRET_NONCE_SIZE fresh random bytes.
 */
void secret_seal(const struct secret *secret, uint64_t account_no, struct span name,
	const uint8_t *nonce, struct span plain, uint8_t *ret_sealed);

/* False when the tag does not fit; ret_plain has sealed.len - SECRET_TAG_SIZE bytes. */
bool secret_open(const struct secret *secret, uint64_t account_no, struct span name,
	struct span nonce, struct span sealed, uint8_t *ret_plain);

/* The same for the key of an OSDP reader; about: what else belongs to it, at most 64 bytes. */
void secret_seal_reader(const struct secret *secret, uint8_t reader, struct span about,
	const uint8_t *nonce, struct span plain, uint8_t *ret_sealed);
bool secret_open_reader(const struct secret *secret, uint8_t reader, struct span about,
	struct span nonce, struct span sealed, uint8_t *ret_plain);

/* HMAC-SHA-256 of a PIN: 10,000 PINs are tried in no time, so all safety is in the key. */
void secret_hash_pin(const uint8_t *pin_key, struct span pin, uint8_t *ret_hash);
