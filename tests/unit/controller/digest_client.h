/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of HTTP Digest, written plainly from RFC 2617, to ask core with. */
#pragma once

#include "hashes.h"
#include "messages/messages.h"
#include "messages/requests.h"

#include <stdio.h>

struct digest_client {
	const char *user;
	const char *name; /* user as the header has it; NULL: the same */
	const char *password;
	const char *realm;
	enum digest_algorithm algorithm;
	char nonce[2 * DIGEST_NONCE_BYTES + 1];
	unsigned nc;
};

static inline void client_hash(
	enum digest_algorithm algorithm, const char *text, char ret_hex[2 * DIGEST_HASH_MAX + 1])
{
	struct span part = span_from_string(text);
	uint8_t hash[DIGEST_HASH_MAX];
	struct buf out = buf_over(ret_hex, 2 * DIGEST_HASH_MAX);

	hashes_digest(algorithm, &part, 1, hash);
	buf_add_hex(&out, hash, digest_hash_size(algorithm));
	ret_hex[out.len] = 0;
}

/* Takes the nonce out of a WWW-Authenticate value. */
static inline void client_challenged(struct digest_client *client, const struct text512 *challenge)
{
	static const char mark[] = "nonce=\"";
	char text[513] = {0};

	memcpy(text, challenge->bytes, challenge->len);
	const char *at = strstr(text, mark);

	client->nc = 0;
	if (at != NULL)
		snprintf(client->nonce, sizeof(client->nonce), "%.64s", at + strlen(mark));
}

static inline void client_header(
	struct digest_client *client, const char *method, const char *uri, char *ret, size_t size)
{
	char text[9000], ha1[65], ha2[65], response[65];

	client->nc++;
	snprintf(text, sizeof(text), "%s:%s:%s", client->user, client->realm, client->password);
	client_hash(client->algorithm, text, ha1);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	client_hash(client->algorithm, text, ha2);
	snprintf(text, sizeof(text), "%s:%s:%08x:c0ffee:auth:%s", ha1, client->nonce, client->nc,
		ha2);
	client_hash(client->algorithm, text, response);
	snprintf(ret, size,
		"Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", algorithm=%s, "
		"qop=auth, nc=%08x, cnonce=\"c0ffee\", response=\"%s\"",
		client->name != NULL ? client->name : client->user, client->realm, client->nonce,
		uri, client->algorithm == DIGEST_MD5 ? "MD5" : "SHA-256", client->nc, response);
}

static inline void client_request(struct message_authenticate *request, const char *method,
	const char *target, const char *authorization)
{
	static const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 7};
	size_t target_len = strlen(target);
	size_t authorization_len = authorization != NULL ? strlen(authorization) : 0;

	memset(request, 0, sizeof(*request));
	request->header.type = MESSAGE_AUTHENTICATE;
	memcpy(request->peer_address, address, sizeof(address));
	(void)text_set(&request->method, span_from_string(method));
	request->target_len = (uint16_t)target_len;
	request->authorization_len = (uint16_t)authorization_len;
	request->operation = CGI_OPERATION_COUNT;
	memcpy(request->text, target, target_len);
	if (authorization_len > 0)
		memcpy(request->text + target_len, authorization, authorization_len);
}
