// SPDX-License-Identifier: Apache-2.0
/*
 * OSDP frames.
 *
 * A frame is judged in one pass from its head to its check; nothing is read past the length that
 * the head gives, and the head is not believed before that length is whole and the check is right.
 *
 * The receiver keeps the bytes of one possible frame. What turns out to be none gives up its first
 * byte only, and the next SOM among the kept bytes is tried: noise that looks like a beginning,
 * with a length of its own, can so delay a good frame inside it, never swallow it. The longest wait
 * is one OSDP_FRAME_MAX of bytes, or the silence that the caller tells of. A byte is moved at most
 * once for each time the buffer runs full.
 */
#include "protocols/osdp_frame.h"

#include "base/assert.h"

#define HEAD_SIZE 5 /* SOM, address, LEN, CTRL */
#define CTRL_CRC 0x04
#define CTRL_BLOCK 0x08
#define BLOCK_HEAD 2 /* length, type */
#define MAC_SC2_SIZE 16

uint16_t osdp_crc(struct span bytes)
{
	static const uint16_t nibbles[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6,
		0x70E7, 0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF};
	uint16_t crc = 0x1D0F;

	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t byte = (uint8_t)bytes.data[i];

		crc = (uint16_t)(crc << 4 ^ nibbles[crc >> 12 ^ byte >> 4]);
		crc = (uint16_t)(crc << 4 ^ nibbles[crc >> 12 ^ (byte & 0x0F)]);
	}
	return crc;
}

uint8_t osdp_checksum(struct span bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum = (uint8_t)(sum + (uint8_t)bytes.data[i]);
	return (uint8_t)-sum;
}

static size_t check_size(bool use_crc)
{
	return use_crc ? 2 : 1;
}

static bool check_right(struct span bytes, bool use_crc)
{
	struct span checked = span_slice(bytes, 0, bytes.len - check_size(use_crc));
	const uint8_t *check = (const uint8_t *)bytes.data + checked.len;

	if (use_crc)
		return osdp_crc(checked) == (check[0] | check[1] << 8);
	return osdp_checksum(checked) == check[0];
}

static size_t mac_size(uint8_t block_type)
{
	if (block_type >= OSDP_SCS_15 && block_type <= OSDP_SCS_18)
		return OSDP_MAC_WIRE_SIZE;
	return block_type >= 0x25 && block_type <= 0x28 ? MAC_SC2_SIZE : 0;
}

/* What the head says, with as many bytes of it as are there. */
static enum osdp_frame_result head_judge(struct span bytes, size_t *ret_len)
{
	const uint8_t *at = (const uint8_t *)bytes.data;

	if (bytes.len >= 1 && at[0] != OSDP_SOM)
		return OSDP_FRAME_START;
	if (bytes.len < 4)
		return OSDP_FRAME_SHORT;
	*ret_len = (size_t)(at[2] | at[3] << 8);
	if (*ret_len < OSDP_FRAME_MIN || *ret_len > OSDP_FRAME_MAX)
		return OSDP_FRAME_LENGTH;
	if (bytes.len < HEAD_SIZE)
		return OSDP_FRAME_SHORT;
	if (at[4] & 0xF0)
		return OSDP_FRAME_CONTROL;
	if ((at[4] & CTRL_CRC) && *ret_len < OSDP_FRAME_MIN + 1)
		return OSDP_FRAME_LENGTH;
	return bytes.len < *ret_len ? OSDP_FRAME_SHORT : OSDP_FRAME_OK;
}

/* body: between head and check; at least one byte. */
static bool body_parse(struct span body, struct osdp_frame *ret)
{
	const uint8_t *at = (const uint8_t *)body.data;
	size_t block_len = 0, mac_len = 0;

	if (ret->has_security_block) {
		block_len = at[0];
		if (block_len < BLOCK_HEAD || block_len > body.len)
			return false;
		mac_len = mac_size(at[1]);
		if (mac_len >= body.len - block_len) /* the code stands between them */
			return false;
		ret->block_type = at[1];
		ret->block = span_slice(body, BLOCK_HEAD, block_len - BLOCK_HEAD);
	}
	ret->code = at[block_len];
	ret->data = span_slice(body, block_len + 1, body.len - block_len - 1 - mac_len);
	ret->mac = span_slice(body, body.len - mac_len, mac_len);
	return true;
}

enum osdp_frame_result osdp_frame_parse(struct span bytes, struct osdp_frame *ret)
{
	const uint8_t *at = (const uint8_t *)bytes.data;
	size_t len = 0;
	enum osdp_frame_result result = head_judge(bytes, &len);

	*ret = (struct osdp_frame){0};
	if (result != OSDP_FRAME_OK)
		return result;
	ret->bytes = span_slice(bytes, 0, len);
	ret->address = at[1] & 0x7F;
	ret->reply = at[1] >> 7;
	ret->sequence = at[4] & 3;
	ret->use_crc = (at[4] & CTRL_CRC) != 0;
	if (!check_right(ret->bytes, ret->use_crc))
		return OSDP_FRAME_CHECK;
	ret->has_security_block = (at[4] & CTRL_BLOCK) != 0;

	struct span body =
		span_slice(ret->bytes, HEAD_SIZE, len - HEAD_SIZE - check_size(ret->use_crc));

	if (!body_parse(body, ret)) {
		ret->has_security_block = false;
		return OSDP_FRAME_BLOCK;
	}
	return OSDP_FRAME_OK;
}

static uint8_t *put(uint8_t *at, struct span bytes)
{
	if (bytes.len > 0)
		memcpy(at, bytes.data, bytes.len);
	return at + bytes.len;
}

size_t osdp_frame_build(const struct osdp_frame *frame, uint8_t *out, size_t capacity)
{
	bool block = frame->has_security_block;
	size_t len = HEAD_SIZE + (block ? BLOCK_HEAD + frame->block.len : 0) + 1 + frame->data.len +
		     frame->mac.len + check_size(frame->use_crc);
	uint8_t *at = out + HEAD_SIZE;

	ASSERT(frame->address <= OSDP_ADDRESS_CONFIG && frame->sequence <= 3);
	ASSERT(!block || frame->block.len <= UINT8_MAX - BLOCK_HEAD);
	if (len > capacity || len > OSDP_FRAME_MAX)
		return 0;
	out[0] = OSDP_SOM;
	out[1] = (uint8_t)(frame->address | (frame->reply ? 0x80 : 0));
	out[2] = (uint8_t)len;
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)(frame->sequence | (frame->use_crc ? CTRL_CRC : 0) |
			   (block ? CTRL_BLOCK : 0));
	if (block) {
		*at++ = (uint8_t)(BLOCK_HEAD + frame->block.len);
		*at++ = frame->block_type;
		at = put(at, frame->block);
	}
	*at++ = frame->code;
	at = put(at, frame->data);
	at = put(at, frame->mac);
	if (frame->use_crc) {
		uint16_t crc = osdp_crc(span_of(out, len - 2));

		at[0] = (uint8_t)crc;
		at[1] = (uint8_t)(crc >> 8);
	} else {
		at[0] = osdp_checksum(span_of(out, len - 1));
	}
	return len;
}

size_t osdp_frame_data_max(size_t frame_max, bool secure)
{
	/* Head, code and CRC; a secure frame has a block of two bytes and the MAC too. */
	size_t around = HEAD_SIZE + 1 + 2 + (secure ? BLOCK_HEAD + OSDP_MAC_WIRE_SIZE : 0);
	size_t room = frame_max < around ? 0 : frame_max - around;

	if (!secure)
		return room;
	return room < 16 ? 0 : room / 16 * 16 - 1; /* one byte of padding is always there */
}

void osdp_receiver_init(struct osdp_receiver *receiver)
{
	memset(receiver, 0, sizeof(*receiver));
}

bool osdp_receiver_pending(const struct osdp_receiver *receiver)
{
	return receiver->end - receiver->begin > receiver->given;
}

void osdp_receiver_silence(struct osdp_receiver *receiver)
{
	receiver->silent = true;
}

/* What is left of a frame that was given out. */
static void given_drop(struct osdp_receiver *receiver)
{
	receiver->begin = (uint16_t)(receiver->begin + receiver->given);
	receiver->given = 0;
}

void osdp_receiver_reset(struct osdp_receiver *receiver)
{
	given_drop(receiver);
	receiver->skipped += (uint64_t)(receiver->end - receiver->begin);
	receiver->begin = 0;
	receiver->end = 0;
	receiver->silent = false;
}

/* Moves begin to the next SOM behind it. */
static void som_find(struct osdp_receiver *receiver)
{
	for (; receiver->begin < receiver->end; receiver->begin++) {
		if (receiver->bytes[receiver->begin] == OSDP_SOM)
			return;
		if (receiver->bytes[receiver->begin] != OSDP_MARK)
			receiver->skipped++;
	}
}

/* The byte at begin begins no frame. */
static void som_skip(struct osdp_receiver *receiver)
{
	receiver->begin++;
	receiver->skipped++;
	som_find(receiver);
}

/* Judges kept bytes until a frame, a bad one, or not enough of one. */
static enum osdp_receiver_result kept_judge(
	struct osdp_receiver *receiver, struct osdp_frame *ret_frame)
{
	som_find(receiver);
	while (receiver->begin < receiver->end) {
		struct span kept = span_of(receiver->bytes + receiver->begin,
			(size_t)(receiver->end - receiver->begin));
		enum osdp_frame_result result = osdp_frame_parse(kept, ret_frame);

		if (result == OSDP_FRAME_OK) {
			receiver->given = (uint16_t)ret_frame->bytes.len;
			return OSDP_RECEIVER_FRAME;
		}
		if (result == OSDP_FRAME_SHORT && !receiver->silent)
			return OSDP_RECEIVER_MORE;
		if (result == OSDP_FRAME_CHECK || result == OSDP_FRAME_BLOCK) {
			receiver->error = result;
			receiver->bad++;
			som_skip(receiver);
			return OSDP_RECEIVER_BAD;
		}
		som_skip(receiver);
	}
	return OSDP_RECEIVER_MORE;
}

/* Takes input as far as there is room. A frame fits, so there always is some. */
static void input_keep(struct osdp_receiver *receiver, struct span *input)
{
	size_t kept = (size_t)(receiver->end - receiver->begin);

	if (input->len > sizeof(receiver->bytes) - receiver->end) {
		memmove(receiver->bytes, receiver->bytes + receiver->begin, kept);
		receiver->begin = 0;
		receiver->end = (uint16_t)kept;
	}

	struct span part = span_slice(*input, 0, sizeof(receiver->bytes) - receiver->end);

	memcpy(receiver->bytes + receiver->end, part.data, part.len);
	receiver->end = (uint16_t)(receiver->end + part.len);
	*input = span_slice(*input, part.len, input->len);
}

enum osdp_receiver_result osdp_receiver_take(
	struct osdp_receiver *receiver, struct span *input, struct osdp_frame *ret_frame)
{
	enum osdp_receiver_result result;

	given_drop(receiver);
	for (;;) {
		result = kept_judge(receiver, ret_frame);
		if (result != OSDP_RECEIVER_MORE)
			return result;
		receiver->silent = false;
		if (input->len == 0)
			return OSDP_RECEIVER_MORE;
		input_keep(receiver, input);
	}
}
