/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate and key as they are handed over: sealed memory, made by a short-lived process of the
 * supervisor, read by gate, which can open no file. The supervisor reads the fingerprints only.
 */
#pragma once

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

#define TLS_KEY_MAX 16384 /* bytes of PEM, with the NUL behind it */
#define TLS_CERTIFICATE_MAX 49152

struct tls_fingerprints {
	uint8_t public_key[32]; /* SHA-256 of the SubjectPublicKeyInfo: what clients pin */
	uint8_t certificate[32]; /* SHA-256 of the certificate (DER) */
	int64_t not_after_s; /* UTC, when the certificate ends; INT64_MAX: it does not */
};

struct tls_keys {
	struct tls_fingerprints fingerprints; /* first: readable without the key */
	uint32_t key_len; /* with the NUL */
	uint32_t certificate_len;
	char key[TLS_KEY_MAX];
	char certificate[TLS_CERTIFICATE_MAX]; /* the server's first, then its chain */
};

/* Memory for a struct tls_keys that one process fills. A descriptor, or -1 with errno. */
MUST_CHECK int tls_keys_new(void);
/* Writes and seals it: nobody can change it any more. 0 or -errno. */
MUST_CHECK int tls_keys_seal(int fd, const struct tls_keys *keys);

/* Of sealed memory; -EPROTO when it is none. */
MUST_CHECK int tls_fingerprints_read(int fd, struct tls_fingerprints *ret);
/* Maps sealed memory whose texts end in NUL; NULL when it is none. */
const struct tls_keys *tls_keys_map(int fd);
void tls_keys_unmap(const struct tls_keys *keys);

#define TLS_PIN_TEXT 53 /* "sha256//" and 44 characters, and NUL */
#define TLS_HEX_TEXT 96 /* "AB:CD:..." and NUL */

/* "sha256//BASE64", as curl's --pinnedpubkey takes it. */
const char *tls_pin_text(const uint8_t digest[32], char ret[TLS_PIN_TEXT]);
/* "AB:CD:...", as `openssl x509 -fingerprint -sha256` prints it. */
const char *tls_hex_text(const uint8_t digest[32], char ret[TLS_HEX_TEXT]);
