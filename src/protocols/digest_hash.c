// SPDX-License-Identifier: Apache-2.0
/*
 * The arithmetic of HTTP Digest: HA1, the response, the challenge. Hash functions are arguments, so
 * nothing here knows a library. Hashes travel as lower-case hexadecimal, as the RFCs feed them on.
 */
#include "base/number.h"
#include "digest_text.h"

#define HEX_MAX (2 * (size_t)DIGEST_HASH_MAX)

/* Writes the hash of parts in hexadecimal and returns it as a span over ret_hex. */
static struct span hash_hex(enum digest_algorithm algorithm, digest_hash_fn *hash,
	const struct span *parts, size_t count, char *ret_hex)
{
	size_t size = digest_hash_size(algorithm);
	struct buf out = buf_over(ret_hex, 2 * size);
	uint8_t bytes[DIGEST_HASH_MAX];

	hash(algorithm, parts, count, bytes);
	buf_add_hex(&out, bytes, size);
	return buf_span(&out);
}

void digest_ha1(enum digest_algorithm algorithm, digest_hash_fn *hash, struct span user,
	struct span realm, struct span password, char *ret_hex)
{
	const struct span parts[] = {user, SPAN_LIT(":"), realm, SPAN_LIT(":"), password};

	(void)hash_hex(algorithm, hash, parts, sizeof(parts) / sizeof(parts[0]), ret_hex);
}

bool digest_response_matches(const struct digest_response *response, digest_hash_fn *hash,
	const char *ha1_hex, struct span method)
{
	static const struct span colon = {":", 1};
	enum digest_algorithm algorithm = response->algorithm;
	size_t size = digest_hash_size(algorithm);
	char ha2_hex[HEX_MAX];
	uint8_t want[DIGEST_HASH_MAX];
	uint8_t got[DIGEST_HASH_MAX];
	const struct span request[] = {method, colon, response->uri};
	struct span ha1 = {ha1_hex, 2 * size};
	struct span ha2 = hash_hex(algorithm, hash, request, 3, ha2_hex);

	if (!hex_decode(response->response, got, size))
		return false;
	if (response->has_qop) {
		const struct span parts[] = {ha1, colon, response->nonce, colon, response->nc,
			colon, response->cnonce, colon, SPAN_LIT("auth"), colon, ha2};

		hash(algorithm, parts, sizeof(parts) / sizeof(parts[0]), want);
	} else {
		const struct span parts[] = {ha1, colon, response->nonce, colon, ha2};

		hash(algorithm, parts, sizeof(parts) / sizeof(parts[0]), want);
	}
	return bytes_equal_secret(want, got, size);
}

static void write_quoted(struct buf *out, const char *name, struct span value)
{
	buf_add_string(out, name);
	buf_add_string(out, "=\"");
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, value.data[i]);
	}
	buf_add_byte(out, '"');
}

void digest_challenge_write(struct buf *out, enum digest_algorithm algorithm, struct span realm,
	struct span nonce_hex, struct span opaque, bool stale)
{
	write_quoted(out, "Digest realm", realm);
	buf_add_string(out, ", qop=\"auth\"");
	write_quoted(out, ", nonce", nonce_hex);
	write_quoted(out, ", opaque", opaque);
	buf_add_string(out, ", algorithm=");
	buf_add(out, digest_algorithm_name(algorithm));
	if (stale)
		buf_add_string(out, ", stale=true");
}
