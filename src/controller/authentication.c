// SPDX-License-Identifier: Apache-2.0
/*
 * One request is judged in this order: the header's form, the source's brake, its uri= against the
 * request's target, the response against HA1, the nonce, the target's method, the role. Only a
 * wrong response counts as a wrong log-in; no header, Basic, a broken header or another's nonce get
 * a challenge and nothing more. An unknown name is hashed against HA1 values of nobody, made from
 * random bytes, so that it costs the same time as a known one.
 *
 * stale=true is said only after the response was found right for the nonce it names: to a client
 * that kept a nonce over our restart it means "again, and do not ask your user".
 *
 * One mapping holds everything, locked, wiped at the end, without a copy in core dumps or children.
 */
#include "authentication.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "hashes.h"
#include "protocols/digest.h"
#include "protocols/query.h"

#include <errno.h>
#include <sys/mman.h>

#define REALM_BEGIN "Login to " /* the serial follows, as on the devices clients know */
#define HA1_HEX_MAX (2 * DIGEST_HASH_MAX)

struct account_secret {
	struct text32 name;
	uint8_t role;
	char ha1[DIGEST_ALGORITHM_COUNT][HA1_HEX_MAX];
};

struct authentication {
	const struct settings *settings;
	char realm[64];
	size_t realm_len;
	char opaque[32];
	uint32_t account_count;
	struct account_secret account[ACCOUNTS_MAX];
	struct account_secret nobody;
	struct account_secret prepared;
	struct digest_nonces nonces;
	struct throttle throttle;
	struct claim claim;
	struct handles handles;
	struct query query;
	char query_text[MESSAGE_TARGET_MAX];
};

enum proof { PROOF_RIGHT, PROOF_STALE, PROOF_NONE, PROOF_WRONG };

static struct span realm_of(const struct authentication *a)
{
	return span_of(a->realm, a->realm_len);
}

static void random_hex(char *ret, size_t len)
{
	uint8_t bytes[32];
	struct buf out = buf_over(ret, len);

	ASSERT(len <= 2 * sizeof(bytes));
	random_bytes(bytes, sizeof(bytes));
	buf_add_hex(&out, bytes, len / 2);
}

struct authentication *authentication_new(const struct settings *settings, struct span serial)
{
	struct authentication *a =
		mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t key[32];

	if (a == MAP_FAILED)
		return NULL;
	(void)mlock(a, sizeof(*a));
	(void)madvise(a, sizeof(*a), MADV_DONTDUMP);
	a->settings = settings;
	struct buf realm = buf_over(a->realm, sizeof(a->realm));

	buf_add_string(&realm, REALM_BEGIN);
	buf_add(&realm, serial);
	ASSERT(!realm.overflow);
	a->realm_len = realm.len;
	random_hex(a->opaque, sizeof(a->opaque));
	for (int i = 0; i < DIGEST_ALGORITHM_COUNT; i++)
		random_hex(a->nobody.ha1[i], HA1_HEX_MAX);
	random_bytes(key, sizeof(key));
	digest_nonces_init(&a->nonces, key);
	explicit_bzero(key, sizeof(key));
	return a;
}

struct authentication *authentication_free(struct authentication *a)
{
	if (a != NULL) {
		explicit_bzero(a, sizeof(*a));
		(void)munmap(a, sizeof(*a));
	}
	return NULL;
}

static void secret_make(
	const struct authentication *a, const struct account *account, struct account_secret *ret)
{
	ret->name = account->name;
	ret->role = account->role;
	for (int i = 0; i < DIGEST_ALGORITHM_COUNT; i++)
		digest_ha1((enum digest_algorithm)i, hashes_digest, text_span(&account->name),
			realm_of(a), text_span(&account->password), ret->ha1[i]);
}

int authentication_add(struct authentication *a, const struct account *account)
{
	if (a->account_count == ACCOUNTS_MAX)
		return -ENOSPC;
	secret_make(a, account, &a->account[a->account_count++]);
	return 0;
}

static struct account_secret *secret_of(const struct authentication *a, struct span name)
{
	for (uint32_t i = 0; i < a->account_count; i++) {
		if (text_is(&a->account[i].name, name))
			return (struct account_secret *)(uintptr_t)&a->account[i];
	}
	return NULL;
}

void authentication_prepare(struct authentication *a, const struct account *account)
{
	secret_make(a, account, &a->prepared);
}

void authentication_put(struct authentication *a)
{
	struct account_secret *secret = secret_of(a, text_span(&a->prepared.name));

	ASSERT(secret != NULL || a->account_count < ACCOUNTS_MAX);
	if (secret == NULL)
		secret = &a->account[a->account_count++];
	*secret = a->prepared;
	explicit_bzero(a->prepared.ha1, sizeof(a->prepared.ha1));
}

void authentication_set_role(struct authentication *a, struct span name, enum account_role role)
{
	struct account_secret *secret = secret_of(a, name);

	if (secret != NULL)
		secret->role = (uint8_t)role;
}

void authentication_remove(struct authentication *a, struct span name)
{
	struct account_secret *secret = secret_of(a, name);

	if (secret == NULL || a->account_count == 0)
		return;
	struct account_secret *last = &a->account[a->account_count - 1];

	memmove(secret, secret + 1, (size_t)(last - secret) * sizeof(*secret));
	explicit_bzero(last, sizeof(*last));
	a->account_count--;
}

bool authentication_find(const struct authentication *a, struct span name, uint8_t *ret_role)
{
	const struct account_secret *secret = secret_of(a, name);

	if (secret != NULL && ret_role != NULL)
		*ret_role = secret->role;
	return secret != NULL;
}

bool authentication_password_is(
	const struct authentication *a, struct span name, struct span password)
{
	const struct account_secret *secret = secret_of(a, name);
	char ha1[HA1_HEX_MAX] = {0};

	if (secret == NULL)
		return false;
	digest_ha1(DIGEST_SHA256, hashes_digest, name, realm_of(a), password, ha1);
	bool same = bytes_equal_secret(ha1, secret->ha1[DIGEST_SHA256], sizeof(ha1));

	explicit_bzero(ha1, sizeof(ha1));
	return same;
}

uint32_t authentication_list(const struct authentication *a, struct account_row *ret_rows)
{
	for (uint32_t i = 0; i < a->account_count; i++)
		ret_rows[i] = (struct account_row){a->account[i].name, a->account[i].role};
	return a->account_count;
}

bool authentication_has_accounts(const struct authentication *a)
{
	return a->account_count > 0;
}

struct claim *authentication_claim(struct authentication *a)
{
	return &a->claim;
}

struct throttle *authentication_throttle(struct authentication *a)
{
	return &a->throttle;
}

struct handles *authentication_handles(struct authentication *a)
{
	return &a->handles;
}

/* A name too long for an account is nobody's. */
static const struct account_secret *account_of(const struct authentication *a, struct span quoted)
{
	const struct account_secret *found = &a->nobody;
	struct text32 longest;
	struct buf name = buf_over(longest.bytes, sizeof(longest.bytes));

	digest_unquote(&name, quoted);
	for (uint32_t i = 0; i < a->account_count; i++) {
		if (!name.overflow && text_is(&a->account[i].name, buf_span(&name)))
			found = &a->account[i];
	}
	return found;
}

static struct span target_of(const struct message_authenticate *request)
{
	return span_of(request->text, request->target_len);
}

static bool algorithm_offered(const struct settings *settings, enum digest_algorithm algorithm)
{
	for (uint32_t i = 0; i < settings->digest_count; i++) {
		if (settings->digest[i] == (uint8_t)algorithm)
			return true;
	}
	return false;
}

/* The proof that the request brings; false when it brings none that could be judged. */
static bool response_of(const struct authentication *a, const struct message_authenticate *request,
	struct digest_response *ret)
{
	struct span header =
		span_of(request->text + request->target_len, request->authorization_len);

	return digest_response_parse(header, ret) == DIGEST_PARSE_OK &&
	       algorithm_offered(a->settings, ret->algorithm) &&
	       digest_uri_matches(ret->uri, target_of(request));
}

static enum proof proof_of(struct authentication *a, const struct message_authenticate *request,
	const struct digest_response *response, int64_t now_ms,
	const struct account_secret **ret_account)
{
	const struct account_secret *account = account_of(a, response->username);

	if (!digest_response_matches(response, hashes_digest, account->ha1[response->algorithm],
		    text_span(&request->method)) ||
		account == &a->nobody)
		return PROOF_WRONG;
	*ret_account = account;
	switch (digest_nonce_use(&a->nonces, hashes_hmac, response, now_ms)) {
	case DIGEST_NONCE_FRESH:
		return PROOF_RIGHT;
	case DIGEST_NONCE_STALE:
	case DIGEST_NONCE_FOREIGN:
		return PROOF_STALE;
	case DIGEST_NONCE_REPEATED:
		break;
	}
	return PROOF_NONE;
}

/*
 * A nonce a challenge and one request: settings name the algorithms in the order clients are to see
 * them.
 */
static void challenge(
	struct authentication *a, bool stale, int64_t now_ms, struct message_unauthenticated *ret)
{
	char nonce[2 * DIGEST_NONCE_BYTES];

	digest_nonce_make(&a->nonces, hashes_hmac, now_ms, nonce);
	for (uint32_t i = 0; i < a->settings->digest_count && i < ARRAY_COUNT(ret->challenge);
		i++) {
		struct text512 *text = &ret->challenge[ret->challenge_count++];
		struct buf out = buf_over(text->bytes, sizeof(text->bytes));

		digest_challenge_write(&out, (enum digest_algorithm)a->settings->digest[i],
			realm_of(a), span_of(nonce, sizeof(nonce)),
			span_of(a->opaque, sizeof(a->opaque)), stale);
		ASSERT(!out.overflow);
		text->len = (uint16_t)out.len;
	}
	ret->refusal = REFUSAL_CHALLENGE;
}

/* The value of a parameter that may occur once; false when it occurs again. */
static bool parameter_once(const struct query *query, const char *name, struct span *ret)
{
	bool twice = false;
	const struct query_parameter *parameter = query_find(query, name, &twice);

	*ret = parameter != NULL ? parameter->value : (struct span){NULL, 0};
	return !twice;
}

/*
 * The row the request is for. A GET names it in its target. A POST may name it in the body, which
 * only gate sees: then gate's word counts as far as the target does not speak against it.
 */
static const struct cgi_method *method_of(struct authentication *a,
	const struct message_authenticate *request, struct message_unauthenticated *ret_no)
{
	struct buf storage = buf_over(a->query_text, sizeof(a->query_text));
	const struct cgi_method *claimed = NULL;
	const struct cgi_method *found = NULL;
	struct span action, table;

	if (query_parse_target(target_of(request), &storage, &a->query) != QUERY_OK ||
		!parameter_once(&a->query, "action", &action) ||
		!parameter_once(&a->query, "name", &table)) {
		ret_no->refusal = REFUSAL_BAD_REQUEST;
		return NULL;
	}
	if (text_is(&request->method, SPAN_LIT("POST")) && request->operation < CGI_OPERATION_COUNT)
		claimed = cgi_method_at((enum cgi_operation)request->operation);
	if (claimed != NULL && action.data == NULL)
		action = span_from_string(claimed->action);
	if (claimed != NULL && table.data == NULL && claimed->table != NULL)
		table = span_from_string(claimed->table);
	enum cgi_lookup lookup = cgi_method_find(a->query.path, action, table, &found);

	if (lookup != CGI_FOUND) {
		ret_no->refusal = REFUSAL_UNKNOWN;
		ret_no->lookup = lookup;
		return NULL;
	}
	if (claimed != NULL && found != claimed) {
		ret_no->refusal = REFUSAL_BAD_REQUEST;
		return NULL;
	}
	return found;
}

/*
 * The name as the client wrote it, known or not: what the brake counts by. One that is too long for
 * an account stays as it is and counts among the many.
 */
static struct span tried_name(const struct digest_response *response, struct buf *memory)
{
	digest_unquote(memory, response->username);
	return memory->overflow ? (struct span){NULL, 0} : buf_span(memory);
}

/* Judges a response behind the source's brake; *ret_wait_ms above 0: it was not looked at. */
static enum proof braked_proof(struct authentication *a, const struct message_authenticate *request,
	int64_t now_ms, const struct account_secret **ret_account, int64_t *ret_wait_ms)
{
	struct digest_response response;
	char memory[ACCOUNT_NAME_MAX];
	struct buf name = buf_over(memory, sizeof(memory));

	*ret_wait_ms = 0;
	if (!response_of(a, request, &response))
		return PROOF_NONE;
	struct span tried = tried_name(&response, &name);

	*ret_wait_ms = throttle_wait_ms(&a->throttle, request->peer_address, tried, now_ms);
	if (*ret_wait_ms > 0)
		return PROOF_NONE;
	enum proof proof = proof_of(a, request, &response, now_ms, ret_account);

	if (proof == PROOF_WRONG)
		throttle_wrong(&a->throttle, request->peer_address, tried, now_ms);
	else if (proof == PROOF_RIGHT)
		throttle_right(&a->throttle, request->peer_address, tried);
	return proof;
}

bool authentication_judge(struct authentication *a, const struct message_authenticate *request,
	int64_t now_ms, struct message_authenticated *ret_yes,
	struct message_unauthenticated *ret_no)
{
	const struct account_secret *account = NULL;

	*ret_no = (struct message_unauthenticated){
		.header = {MESSAGE_UNAUTHENTICATED, 0, request->header.request_id}};
	int64_t wait_ms;
	enum proof proof = braked_proof(a, request, now_ms, &account, &wait_ms);

	if (wait_ms > 0) {
		ret_no->refusal = REFUSAL_THROTTLED;
		ret_no->retry_after_s = (uint32_t)((wait_ms + MS_PER_S - 1) / MS_PER_S);
		return false;
	}
	if (proof != PROOF_RIGHT) {
		challenge(a, proof == PROOF_STALE, now_ms, ret_no);
		return false;
	}
	const struct cgi_method *method = method_of(a, request, ret_no);

	explicit_bzero(a->query_text, sizeof(a->query_text)); /* a person's PIN may be in it */
	if (method == NULL)
		return false;
	if (account->role < method->role) {
		ret_no->refusal = REFUSAL_RIGHT;
		return false;
	}
	*ret_yes = (struct message_authenticated){
		.header = {MESSAGE_AUTHENTICATED, 0, request->header.request_id},
		.operation = method->operation,
		.role = account->role,
		.account = account->name,
	};
	(void)text_set(
		&ret_yes->serial, span_slice(realm_of(a), sizeof(REALM_BEGIN) - 1, a->realm_len));
	random_bytes(&ret_yes->handle, sizeof(ret_yes->handle));
	handles_add(&a->handles, &ret_yes->handle, method, text_span(&account->name),
		request->peer_address, now_ms);
	return true;
}
