// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP secure channel 1.
 *
 * The session keys come from the key and six bytes of RND.A alone; the device's RND.B enters with
 * the cryptograms, and through the server's cryptogram the beginning of the MAC chain. Each message
 * is chained to the latest one of the other direction: an old or lost one makes the next MAC wrong.
 *
 * Order rules. Written: pad, encrypt, MAC over everything before it with the final length, CRC.
 * Read: form, MAC, decrypt, padding; the chain moves last, and only if all was right. IV is the
 * complement of the MAC that is chained to. The session holds secrets and is wiped when it ends and
 * when a new one begins; what lay on the stack is wiped here.
 */
#include "protocols/osdp_secure.h"

#include "base/assert.h"
#include "protocols/osdp_code.h"

#define STATUS_GOOD 0x01
#define STATUS_REFUSED 0xFF
#define CRYPTOGRAM_AT (OSDP_CUID_SIZE + OSDP_RANDOM_SIZE) /* in CCRYPT */

static const uint8_t *bytes_of(struct span data)
{
	return (const uint8_t *)data.data;
}

static void encrypt(const struct osdp_secure *secure, const uint8_t key[OSDP_KEY_SIZE],
	const uint8_t in[OSDP_BLOCK_SIZE], uint8_t out[OSDP_BLOCK_SIZE])
{
	secure->aes.encrypt(secure->aes.user, key, in, out);
}

void osdp_secure_init(struct osdp_secure *secure, const struct osdp_aes *aes, bool device)
{
	*secure = (struct osdp_secure){.aes = *aes, .device = device};
}

void osdp_secure_wipe(struct osdp_secure *secure)
{
	struct osdp_aes aes = secure->aes;
	bool device = secure->device;

	osdp_wipe(secure, sizeof(*secure));
	osdp_secure_init(secure, &aes, device);
}

/* --- handshake --- */

static void keys_derive(struct osdp_secure *secure, const uint8_t key[OSDP_KEY_SIZE])
{
	uint8_t block[OSDP_BLOCK_SIZE] = {0x01};

	memcpy(block + 2, secure->nonce[0], 6);
	block[1] = 0x82;
	encrypt(secure, key, block, secure->s_enc);
	block[1] = 0x01;
	encrypt(secure, key, block, secure->s_mac1);
	block[1] = 0x02;
	encrypt(secure, key, block, secure->s_mac2);
}

/* The client's is of RND.A, RND.B; the server's of RND.B, RND.A. ret may be neither of them. */
static void cryptogram(const struct osdp_secure *secure, const uint8_t first[OSDP_RANDOM_SIZE],
	const uint8_t second[OSDP_RANDOM_SIZE], uint8_t ret[OSDP_BLOCK_SIZE])
{
	memcpy(ret, first, OSDP_RANDOM_SIZE);
	memcpy(ret + OSDP_RANDOM_SIZE, second, OSDP_RANDOM_SIZE);
	encrypt(secure, secure->s_enc, ret, ret);
}

static void cryptogram_client(const struct osdp_secure *secure,
	const uint8_t random_b[OSDP_RANDOM_SIZE], uint8_t ret[OSDP_BLOCK_SIZE])
{
	cryptogram(secure, secure->nonce[0], random_b, ret);
}

static void cryptogram_server(const struct osdp_secure *secure, uint8_t ret[OSDP_BLOCK_SIZE])
{
	cryptogram(secure, secure->nonce[1], secure->nonce[0], ret);
}

/* Where both chains begin. */
static void rmac_initial(const struct osdp_secure *secure, uint8_t ret[OSDP_BLOCK_SIZE])
{
	cryptogram_server(secure, ret);
	encrypt(secure, secure->s_mac1, ret, ret);
	encrypt(secure, secure->s_mac2, ret, ret);
}

static void session_begin(struct osdp_secure *secure, const uint8_t key[OSDP_KEY_SIZE],
	uint8_t selector, const uint8_t random_a[OSDP_RANDOM_SIZE])
{
	osdp_secure_wipe(secure);
	secure->selector = selector;
	memcpy(secure->nonce[0], random_a, OSDP_RANDOM_SIZE);
	keys_derive(secure, key);
	secure->phase = OSDP_SECURE_CHALLENGED;
}

static void session_establish(struct osdp_secure *secure, const uint8_t rmac[OSDP_BLOCK_SIZE])
{
	memcpy(secure->c_mac, rmac, OSDP_BLOCK_SIZE);
	memcpy(secure->r_mac, rmac, OSDP_BLOCK_SIZE);
	secure->phase = OSDP_SECURE_ESTABLISHED;
}

static void step_fill(struct osdp_frame *frame, enum osdp_block_type type, const uint8_t *block,
	uint8_t code, struct span data)
{
	frame->use_crc = true;
	frame->has_security_block = true;
	frame->block_type = (uint8_t)type;
	frame->block = span_of(block, 1);
	frame->code = code;
	frame->data = data;
	frame->mac = span_of(NULL, 0);
}

static bool step_is(const struct osdp_frame *frame, enum osdp_block_type type, bool reply,
	uint8_t code, size_t data_len)
{
	return frame->has_security_block && frame->block_type == type && frame->block.len == 1 &&
	       frame->reply == reply && frame->code == code && frame->data.len == data_len;
}

void osdp_secure_chlng_write(struct osdp_secure *secure, const uint8_t key[OSDP_KEY_SIZE],
	enum osdp_selector selector, const uint8_t random_a[OSDP_RANDOM_SIZE],
	struct osdp_frame *frame)
{
	ASSERT(!secure->device);
	session_begin(secure, key, (uint8_t)selector, random_a);
	step_fill(frame, OSDP_SCS_11, &secure->selector, OSDP_CHLNG,
		span_of(secure->nonce[0], OSDP_RANDOM_SIZE));
}

enum osdp_secure_result osdp_secure_ccrypt_read(struct osdp_secure *secure,
	const struct osdp_frame *reply, uint8_t ret_cuid[OSDP_CUID_SIZE])
{
	const uint8_t *data = bytes_of(reply->data);
	uint8_t own[OSDP_BLOCK_SIZE];
	enum osdp_secure_result result = OSDP_SECURE_CRYPTOGRAM;

	ASSERT(!secure->device);
	if (secure->phase != OSDP_SECURE_CHALLENGED)
		return OSDP_SECURE_PHASE;
	if (!step_is(reply, OSDP_SCS_12, true, OSDP_CCRYPT, sizeof(secure->message)))
		return OSDP_SECURE_FORM;
	if (bytes_of(reply->block)[0] != secure->selector)
		return OSDP_SECURE_SELECTOR;
	cryptogram_client(secure, data + OSDP_CUID_SIZE, own);
	if (bytes_equal_secret(own, data + CRYPTOGRAM_AT, sizeof(own))) {
		memcpy(secure->nonce[1], data + OSDP_CUID_SIZE, OSDP_RANDOM_SIZE);
		secure->phase = OSDP_SECURE_ANSWERED;
		if (ret_cuid != NULL)
			memcpy(ret_cuid, data, OSDP_CUID_SIZE);
		result = OSDP_SECURE_OK;
	}
	osdp_wipe(own, sizeof(own));
	return result;
}

void osdp_secure_scrypt_write(struct osdp_secure *secure, struct osdp_frame *frame)
{
	ASSERT(!secure->device && secure->phase == OSDP_SECURE_ANSWERED);
	cryptogram_server(secure, secure->message);
	step_fill(frame, OSDP_SCS_13, &secure->selector, OSDP_SCRYPT,
		span_of(secure->message, OSDP_BLOCK_SIZE));
}

enum osdp_secure_result osdp_secure_rmac_read(
	struct osdp_secure *secure, const struct osdp_frame *reply)
{
	uint8_t own[OSDP_BLOCK_SIZE];
	enum osdp_secure_result result = OSDP_SECURE_OK;

	ASSERT(!secure->device);
	if (secure->phase != OSDP_SECURE_ANSWERED)
		return OSDP_SECURE_PHASE;
	if (!step_is(reply, OSDP_SCS_14, true, OSDP_RMAC_I, sizeof(own)))
		return OSDP_SECURE_FORM;
	if (bytes_of(reply->block)[0] != STATUS_GOOD)
		return OSDP_SECURE_STATUS;
	rmac_initial(secure, own);
	if (bytes_equal_secret(own, reply->data.data, sizeof(own)))
		session_establish(secure, own);
	else
		result = OSDP_SECURE_MAC;
	osdp_wipe(own, sizeof(own));
	return result;
}

enum osdp_secure_result osdp_secure_chlng_selector(
	const struct osdp_frame *command, enum osdp_selector *ret_selector)
{
	if (!step_is(command, OSDP_SCS_11, false, OSDP_CHLNG, OSDP_RANDOM_SIZE) ||
		bytes_of(command->block)[0] > OSDP_SELECTOR_OWN)
		return OSDP_SECURE_FORM;
	*ret_selector = (enum osdp_selector)bytes_of(command->block)[0];
	return OSDP_SECURE_OK;
}

enum osdp_secure_result osdp_secure_chlng_read(struct osdp_secure *secure,
	const struct osdp_frame *command, const uint8_t key[OSDP_KEY_SIZE],
	const uint8_t random_b[OSDP_RANDOM_SIZE])
{
	enum osdp_selector selector;

	ASSERT(secure->device);
	if (osdp_secure_chlng_selector(command, &selector) != OSDP_SECURE_OK)
		return OSDP_SECURE_FORM;
	session_begin(secure, key, (uint8_t)selector, bytes_of(command->data));
	memcpy(secure->nonce[1], random_b, OSDP_RANDOM_SIZE);
	return OSDP_SECURE_OK;
}

void osdp_secure_ccrypt_write(
	struct osdp_secure *secure, const uint8_t cuid[OSDP_CUID_SIZE], struct osdp_frame *frame)
{
	ASSERT(secure->device && secure->phase == OSDP_SECURE_CHALLENGED);
	memcpy(secure->message, cuid, OSDP_CUID_SIZE);
	memcpy(secure->message + OSDP_CUID_SIZE, secure->nonce[1], OSDP_RANDOM_SIZE);
	cryptogram_client(secure, secure->nonce[1], secure->message + CRYPTOGRAM_AT);
	step_fill(frame, OSDP_SCS_12, &secure->selector, OSDP_CCRYPT,
		span_of(secure->message, sizeof(secure->message)));
}

enum osdp_secure_result osdp_secure_scrypt_read(
	struct osdp_secure *secure, const struct osdp_frame *command)
{
	uint8_t own[OSDP_BLOCK_SIZE];
	enum osdp_secure_result result = OSDP_SECURE_OK;

	ASSERT(secure->device);
	if (secure->phase != OSDP_SECURE_CHALLENGED)
		return OSDP_SECURE_PHASE;
	if (!step_is(command, OSDP_SCS_13, false, OSDP_SCRYPT, sizeof(own)))
		return OSDP_SECURE_FORM;
	if (bytes_of(command->block)[0] != secure->selector)
		return OSDP_SECURE_SELECTOR;
	cryptogram_server(secure, own);
	if (bytes_equal_secret(own, command->data.data, sizeof(own)))
		secure->phase = OSDP_SECURE_ANSWERED;
	else
		result = OSDP_SECURE_CRYPTOGRAM;
	osdp_wipe(own, sizeof(own));
	return result;
}

void osdp_secure_rmac_write(struct osdp_secure *secure, struct osdp_frame *frame)
{
	bool good = secure->phase == OSDP_SECURE_ANSWERED;

	ASSERT(secure->device);
	secure->status = good ? STATUS_GOOD : STATUS_REFUSED;
	memset(secure->message, 0, OSDP_BLOCK_SIZE);
	if (good) {
		rmac_initial(secure, secure->message);
		session_establish(secure, secure->message);
	}
	step_fill(frame, OSDP_SCS_14, &secure->status, OSDP_RMAC_I,
		span_of(secure->message, OSDP_BLOCK_SIZE));
}
