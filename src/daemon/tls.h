/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate and the key of https. */
#pragma once

#include "platform/settings.h"
#include "platform/tls.h"

#define TLS_KEY_FILE "tls.key" /* in STATE: the self-made ones */
#define TLS_CERTIFICATE_FILE "tls.crt"

enum tls_wish {
	TLS_WISH_READY = 0, /* read them, or make the self-made ones when there are none */
	TLS_WISH_RENEW, /* make new self-made ones in any case */
};

/*
 * Reads the files that the settings name, or the self-made ones of STATE, in a process of its own:
 * no key ever is in the memory of the caller. Sealed memory (struct tls_keys), or -1 after
 * complaining.
 */
MUST_CHECK int tls_prepare(int state_fd, const struct settings *settings, enum tls_wish wish,
	struct tls_fingerprints *ret);

/* Of a certificate's file alone. False after complaining. */
MUST_CHECK bool tls_certificate_show(const char *path, struct tls_fingerprints *ret);

/* --- tls_make.c --- */

/*
 * The self-made certificate for a key of PEM, or (key->len 0) for a new one, which is put into
 * *key. Both texts end in NUL. 0 or a negative error of GnuTLS.
 */
MUST_CHECK int tls_make(const struct settings *settings, struct span serial, struct tls_keys *keys);
