// SPDX-License-Identifier: Apache-2.0
/*
 * Traffic of an established OSDP session: MAC chain and encryption (osdp_secure.c tells the order
 * rules). Nothing of the session moves before all of a frame is right, or is written.
 */
#include "base/assert.h"
#include "protocols/osdp_secure.h"

#define PADDING 0x80 /* then zeros */
#define CRC_SIZE 2

void osdp_secure_mac(const struct osdp_secure *secure, const uint8_t icv[OSDP_BLOCK_SIZE],
	struct span message, uint8_t ret_mac[OSDP_BLOCK_SIZE])
{
	uint8_t chain[OSDP_BLOCK_SIZE];
	size_t at = 0;

	memcpy(chain, icv, sizeof(chain));
	while (at < message.len) {
		struct span block = span_slice(message, at, OSDP_BLOCK_SIZE);

		for (size_t i = 0; i < block.len; i++)
			chain[i] ^= (uint8_t)block.data[i];
		if (block.len < OSDP_BLOCK_SIZE)
			chain[block.len] ^= PADDING;
		at += block.len;
		secure->aes.encrypt(secure->aes.user,
			at < message.len ? secure->s_mac1 : secure->s_mac2, chain, chain);
	}
	memcpy(ret_mac, chain, sizeof(chain));
	osdp_wipe(chain, sizeof(chain));
}

/* The latest MAC of a direction: what the other direction is chained to. */
static uint8_t *chain_of(struct osdp_secure *secure, bool reply)
{
	return reply ? secure->r_mac : secure->c_mac;
}

static void complement(const uint8_t icv[OSDP_BLOCK_SIZE], uint8_t ret_iv[OSDP_BLOCK_SIZE])
{
	for (size_t i = 0; i < OSDP_BLOCK_SIZE; i++)
		ret_iv[i] = (uint8_t)~icv[i];
}

/* AES-CBC in place; len is a multiple of 16. */
static void data_encrypt(const struct osdp_secure *secure, const uint8_t icv[OSDP_BLOCK_SIZE],
	uint8_t *data, size_t len)
{
	uint8_t chain[OSDP_BLOCK_SIZE];

	complement(icv, chain);
	for (size_t at = 0; at < len; at += OSDP_BLOCK_SIZE) {
		for (size_t i = 0; i < OSDP_BLOCK_SIZE; i++)
			data[at + i] ^= chain[i];
		secure->aes.encrypt(secure->aes.user, secure->s_enc, data + at, data + at);
		memcpy(chain, data + at, sizeof(chain));
	}
	osdp_wipe(chain, sizeof(chain));
}

static void data_decrypt(const struct osdp_secure *secure, const uint8_t icv[OSDP_BLOCK_SIZE],
	struct span data, uint8_t *plain)
{
	uint8_t chain[OSDP_BLOCK_SIZE];

	complement(icv, chain);
	for (size_t at = 0; at < data.len; at += OSDP_BLOCK_SIZE) {
		const uint8_t *block = (const uint8_t *)data.data + at;

		secure->aes.decrypt(secure->aes.user, secure->s_enc, block, plain + at);
		for (size_t i = 0; i < OSDP_BLOCK_SIZE; i++)
			plain[at + i] ^= chain[i];
		memcpy(chain, block, sizeof(chain));
	}
	osdp_wipe(chain, sizeof(chain));
}

/* Builds the frame, with room for its MAC, and fills that in. */
static size_t frame_seal(struct osdp_secure *secure, const struct osdp_frame *frame,
	const uint8_t icv[OSDP_BLOCK_SIZE], uint8_t *out, size_t capacity)
{
	uint8_t mac[OSDP_BLOCK_SIZE];
	size_t len = osdp_frame_build(frame, out, capacity);

	if (len == 0)
		return 0;
	size_t mac_at = len - CRC_SIZE - OSDP_MAC_WIRE_SIZE;

	osdp_secure_mac(secure, icv, span_of(out, mac_at), mac);
	memcpy(out + mac_at, mac, OSDP_MAC_WIRE_SIZE);
	uint16_t crc = osdp_crc(span_of(out, len - CRC_SIZE));

	out[len - 2] = (uint8_t)crc;
	out[len - 1] = (uint8_t)(crc >> 8);
	memcpy(chain_of(secure, frame->reply), mac, sizeof(mac));
	return len;
}

static size_t frame_encrypt(struct osdp_secure *secure, const struct osdp_frame *clear,
	const uint8_t icv[OSDP_BLOCK_SIZE], uint8_t *out, size_t capacity)
{
	size_t padded = (clear->data.len / OSDP_BLOCK_SIZE + 1) * OSDP_BLOCK_SIZE;
	struct osdp_frame frame = *clear;
	uint8_t data[OSDP_FRAME_MAX];

	memcpy(data, clear->data.data, clear->data.len);
	memset(data + clear->data.len, 0, padded - clear->data.len);
	data[clear->data.len] = PADDING;
	data_encrypt(secure, icv, data, padded);
	frame.data = span_of(data, padded);
	return frame_seal(secure, &frame, icv, out, capacity);
}

size_t osdp_secure_wrap(
	struct osdp_secure *secure, const struct osdp_frame *clear, uint8_t *out, size_t capacity)
{
	static const uint8_t no_mac[OSDP_MAC_WIRE_SIZE];
	const uint8_t *icv = chain_of(secure, !clear->reply);
	struct osdp_frame frame = *clear;

	ASSERT(osdp_secure_established(secure) && clear->reply == secure->device);
	if (clear->data.len > osdp_frame_data_max(OSDP_FRAME_MAX, true))
		return 0;
	frame.use_crc = true;
	frame.has_security_block = true;
	frame.block_type = clear->reply ? OSDP_SCS_16 : OSDP_SCS_15;
	frame.block = span_of(NULL, 0);
	frame.mac = span_of(no_mac, sizeof(no_mac));
	if (clear->data.len == 0)
		return frame_seal(secure, &frame, icv, out, capacity);
	frame.block_type = clear->reply ? OSDP_SCS_18 : OSDP_SCS_17;
	return frame_encrypt(secure, &frame, icv, out, capacity);
}

static bool form_right(const struct osdp_secure *secure, const struct osdp_frame *frame)
{
	uint8_t empty = frame->reply ? OSDP_SCS_16 : OSDP_SCS_15;
	uint8_t full = frame->reply ? OSDP_SCS_18 : OSDP_SCS_17;

	if (frame->reply == secure->device || !frame->has_security_block || frame->block.len > 0)
		return false;
	return frame->block_type == empty
		       ? frame->data.len == 0
		       : frame->block_type == full && frame->data.len % OSDP_BLOCK_SIZE == 0;
}

/* Cuts the padding of the last block. */
static bool padding_cut(struct span *data)
{
	size_t end = data->len;
	size_t last = data->len - OSDP_BLOCK_SIZE + 1; /* padding begins within a block */

	while (end > last && data->data[end - 1] == 0)
		end--;
	if ((uint8_t)data->data[end - 1] != PADDING)
		return false;
	data->len = end - 1;
	return true;
}

enum osdp_secure_result osdp_secure_unwrap(struct osdp_secure *secure,
	const struct osdp_frame *frame, uint8_t plain[OSDP_FRAME_MAX], struct span *ret_data)
{
	const uint8_t *icv = chain_of(secure, !frame->reply);
	uint8_t mac[OSDP_BLOCK_SIZE];

	*ret_data = span_of(plain, 0);
	if (!osdp_secure_established(secure))
		return OSDP_SECURE_PHASE;
	if (!form_right(secure, frame))
		return OSDP_SECURE_FORM;
	struct span message =
		span_slice(frame->bytes, 0, (size_t)(frame->mac.data - frame->bytes.data));

	osdp_secure_mac(secure, icv, message, mac);
	if (!bytes_equal_secret(mac, frame->mac.data, OSDP_MAC_WIRE_SIZE))
		return OSDP_SECURE_MAC;
	data_decrypt(secure, icv, frame->data, plain);
	ret_data->len = frame->data.len;
	if (ret_data->len > 0 && !padding_cut(ret_data)) {
		osdp_wipe(plain, frame->data.len);
		ret_data->len = 0;
		return OSDP_SECURE_PADDING;
	}
	memcpy(chain_of(secure, frame->reply), mac, sizeof(mac));
	return OSDP_SECURE_OK;
}
