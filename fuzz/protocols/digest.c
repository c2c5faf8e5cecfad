// SPDX-License-Identifier: Apache-2.0
/*
 * An Authorization header. Oracle: spans lie inside the header, no header is right for a secret its
 * writer does not know or fresh for a key that made no nonce, and the same header with the response
 * computed here, from one flat text, is right.
 */
#include "protocols/digest.h"
#include "base/assert.h"
#include "nettle_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void flat_add(struct buf *flat, struct span s)
{
	buf_add_byte(flat, ':');
	buf_add(flat, s);
}

/* The right response by the RFC's words, written to ret_hex. */
static struct span respond(const struct digest_response *r, struct span ha1, char *ret_hex)
{
	static char text[2 * DIGEST_HEADER_MAX];
	size_t size = digest_hash_size(r->algorithm);
	uint8_t bytes[DIGEST_HASH_MAX];
	char ha2_hex[2 * DIGEST_HASH_MAX];
	struct buf ha2 = buf_over(ha2_hex, sizeof(ha2_hex));
	struct buf out = buf_over(ret_hex, 2 * size);
	struct buf flat = buf_over(text, sizeof(text));
	struct span whole;

	buf_add_string(&flat, "GET");
	flat_add(&flat, r->uri);
	whole = buf_span(&flat);
	hash(r->algorithm, &whole, 1, bytes);
	buf_add_hex(&ha2, bytes, size);
	flat.len = 0;
	buf_add(&flat, ha1);
	flat_add(&flat, r->nonce);
	if (r->has_qop) {
		flat_add(&flat, r->nc);
		flat_add(&flat, r->cnonce);
		flat_add(&flat, SPAN_LIT("auth"));
	}
	flat_add(&flat, buf_span(&ha2));
	ASSERT(!flat.overflow);
	whole = buf_span(&flat);
	hash(r->algorithm, &whole, 1, bytes);
	buf_add_hex(&out, bytes, size);
	return buf_span(&out);
}

static void check_inside(struct span part, const uint8_t *data, size_t size)
{
	const char *begin = (const char *)data;

	ASSERT(part.len == 0 || (part.data >= begin && part.data + part.len <= begin + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char ha1[] =
		"6f3a9c51d20b7e8844f1c3a5d9e0b7266f3a9c51d20b7e8844f1c3a5d9e0b726";
	static struct digest_nonces nonces;
	const uint8_t key[32] = {7};
	struct digest_response r;
	char hex[2 * DIGEST_HASH_MAX];

	if (digest_response_parse(span_of(data, size), &r) != DIGEST_PARSE_OK)
		return 0;
	const struct span parts[] = {
		r.username, r.realm, r.nonce, r.uri, r.response, r.cnonce, r.nc, r.opaque};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check_inside(parts[i], data, size);
	ASSERT(r.nc.len == 0 || r.nc.len == 8);
	ASSERT(!digest_response_matches(&r, hash, ha1, SPAN_LIT("GET")));
	digest_nonces_init(&nonces, key);
	ASSERT(digest_nonce_use(&nonces, hmac, &r, 0) == DIGEST_NONCE_FOREIGN);
	(void)digest_uri_matches(r.uri, r.opaque);
	ASSERT(digest_uri_matches(r.uri, r.uri) == (r.uri.len > 0 && r.uri.data[0] == '/'));

	struct span secret = {ha1, 2 * digest_hash_size(r.algorithm)};

	r.response = respond(&r, secret, hex);
	ASSERT(digest_response_matches(&r, hash, ha1, SPAN_LIT("GET")));
	ASSERT(!digest_response_matches(&r, hash, ha1, SPAN_LIT("POST")));
	return 0;
}
