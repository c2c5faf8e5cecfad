/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP Digest access authentication, both sides (RFC 7616, RFC 2617). Hashes come in as functions,
 * so that this room needs no library.
 */
#pragma once

#include "base/buf.h"

enum digest_algorithm { DIGEST_MD5 = 0, DIGEST_SHA256 = 1, DIGEST_ALGORITHM_COUNT };

#define DIGEST_HASH_MAX 32 /* bytes */
#define DIGEST_HEADER_MAX (12 * 1024) /* bytes; the header repeats the URL. Longer is refused */
#define DIGEST_NONCE_BYTES 32 /* 8 time, 8 counter, 16 of the keyed hash; hex on the wire */

/* Hashes the concatenation of parts; writes 16 bytes for MD5, 32 for SHA-256. */
typedef void digest_hash_fn(enum digest_algorithm algorithm, const struct span *parts, size_t count,
	uint8_t ret_hash[DIGEST_HASH_MAX]);

/* Keyed hash (HMAC-SHA-256) for nonces. */
typedef void digest_hmac_fn(
	const uint8_t key[32], const struct span *parts, size_t count, uint8_t ret_hash[32]);

size_t digest_hash_size(enum digest_algorithm algorithm); /* bytes: 16 or 32 */

/* The parameters of one `Authorization: Digest` header; spans point into the header. */
struct digest_response {
	struct span username; /* quoted-pair escapes still in it: see digest_unquote */
	struct span realm; /* likewise; no other parameter may hold escapes */
	struct span nonce;
	struct span uri; /* as sent: it is what the response was computed over */
	struct span response;
	struct span cnonce;
	struct span nc; /* 8 hexadecimal digits, or empty */
	struct span opaque;
	enum digest_algorithm algorithm; /* MD5 when the header names none */
	bool has_qop; /* qop=auth; without it RFC 2069 */
};

enum digest_parse {
	DIGEST_PARSE_OK = 0,
	DIGEST_PARSE_OTHER_SCHEME, /* not Digest: Basic, Bearer, ... or empty */
	/* Not well-formed, a parameter twice, one missing, unknown algorithm or qop. */
	DIGEST_PARSE_BAD,
};

/* Takes the value of the Authorization header. Any bytes. */
enum digest_parse digest_response_parse(struct span header, struct digest_response *ret);

/* Adds the text of a quoted string to out, without the backslashes of its quoted pairs. */
void digest_unquote(struct buf *out, struct span quoted);

/* HA1 = H(user:realm:password) in lower-case hexadecimal; ret_hex takes 2 * size bytes, no NUL. */
void digest_ha1(enum digest_algorithm algorithm, digest_hash_fn *hash, struct span user,
	struct span realm, struct span password, char *ret_hex);

/* True when response->response is right for HA1 and the request's method; constant-time compare. */
bool digest_response_matches(const struct digest_response *response, digest_hash_fn *hash,
	const char *ha1_hex, struct span method);

/*
 * The header's uri= names the request when both are equal after percent-decoding, and both are in
 * origin form (some clients send %5BAll%5D and sign [All]). An absolute uri= is refused. What
 * divides the query must be written alike on both sides: a signed %26 is no permission for '&'.
 */
bool digest_uri_matches(struct span header_uri, struct span request_target);

/* --- server side: nonces --- */

#define DIGEST_NONCES_MAX 4096
#define DIGEST_NONCE_IDLE_MS 60000
#define DIGEST_NONCE_LIFE_MS 300000
#define DIGEST_NC_WINDOW 64

/*
 * Remembers what was used: per nonce a window of nc values, without qop single use. Nonces prove
 * themselves by their keyed hash, so that challenges cost no memory; only used ones take a slot.
 */
struct digest_nonces {
	uint8_t key[32]; /* from the CSPRNG at start */
	uint64_t counter;
	uint64_t floor_id; /* nonces up to here that have no slot may have been used: stale */
	struct digest_nonce_slot {
		uint64_t id; /* the nonce's counter; 0: free */
		int64_t made_ms;
		int64_t used_ms;
		uint32_t nc_top;
		uint64_t nc_seen; /* bit i: nc_top - i was seen */
		bool without_qop; /* used once without qop: spent */
	} slots[DIGEST_NONCES_MAX];
};

enum digest_nonce_result {
	DIGEST_NONCE_FRESH = 0, /* may be used now; remembered */
	/* Ours, too old, or forgotten, or nc is behind the window: challenge with stale=true. */
	DIGEST_NONCE_STALE,
	DIGEST_NONCE_REPEATED, /* ours, this nc was seen, or single use is spent */
	DIGEST_NONCE_FOREIGN, /* not made with this key */
};

void digest_nonces_init(struct digest_nonces *nonces, const uint8_t key[32]);

/* Writes 2 * DIGEST_NONCE_BYTES hexadecimal digits. now_ms: a clock that never goes back. */
void digest_nonce_make(struct digest_nonces *nonces, digest_hmac_fn *hmac, int64_t now_ms,
	char ret_hex[2 * DIGEST_NONCE_BYTES]);

/* To be called after the response was found right, so that guesses cost no slot. */
enum digest_nonce_result digest_nonce_use(struct digest_nonces *nonces, digest_hmac_fn *hmac,
	const struct digest_response *response, int64_t now_ms);

/* Looks without using: FOREIGN and STALE are seen before any password is tried. */
enum digest_nonce_result digest_nonce_check(const struct digest_nonces *nonces,
	digest_hmac_fn *hmac, const struct digest_response *response, int64_t now_ms);

/* Value of one WWW-Authenticate header: `Digest realm="...", qop="auth", nonce="...", opaque="...",
 * algorithm=MD5[, stale=true]`. */
void digest_challenge_write(struct buf *out, enum digest_algorithm algorithm, struct span realm,
	struct span nonce_hex, struct span opaque, bool stale);
