/* SPDX-License-Identifier: Apache-2.0 */
/* An OSDP reader as in the vectors, a panel's half of a session, and bytes written as hex. */
#pragma once

#include "base/compiler.h"
#include "crypto/osdp_aes.h"
#include "protocols/osdp_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

static const uint8_t rig_key[OSDP_KEY_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
static const uint8_t rig_random_a[OSDP_RANDOM_SIZE] = {
	0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8};

struct rig {
	struct osdp_device device;
	struct osdp_secure panel;
	int64_t now_ns;
	uint8_t sequence; /* of the panel's next command */
	struct osdp_frame reply; /* the latest, in spans of bytes and plain */
	uint8_t bytes[OSDP_FRAME_MAX];
	uint8_t plain[OSDP_FRAME_MAX];
	uint8_t command[OSDP_FRAME_MAX]; /* the latest */
	size_t command_len;
};

/* RND.B of the vectors: B1 B2 .. */
static inline void rig_random(void *user UNUSED, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(0xB1 + i);
}

static inline struct osdp_device_config rig_config(void)
{
	struct osdp_device_config config;

	osdp_device_config_default(&config);
	config.address = 5;
	config.identity = (struct osdp_pdid){{0x3C, 0x2B, 0x1A}, 1, 2, 0x12345678, {1, 2, 3}};
	config.has_key = true;
	memcpy(config.key, rig_key, sizeof(config.key));
	config.aes = osdp_aes_nettle;
	config.fill_random = rig_random;
	return config;
}

static inline void rig_init(struct rig *rig, const struct osdp_device_config *config)
{
	memset(rig, 0, sizeof(*rig));
	rig->now_ns = 1000 * S;
	osdp_device_init(&rig->device, config, rig->now_ns);
	osdp_secure_init(&rig->panel, &osdp_aes_nettle, false);
}

static inline uint8_t rig_nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static inline struct span rig_hex(const char *text, uint8_t *bytes)
{
	size_t len = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		bytes[len++] = (uint8_t)(rig_nibble(text[0]) << 4 | rig_nibble(text[1]));
		text++;
	}
	return span_of(bytes, len);
}

/* Sends bytes and takes the reply, 3 ms later. Its length, or 0: silence. */
static inline size_t rig_bytes(struct rig *rig, struct span bytes)
{
	struct osdp_device_reply reply;

	osdp_device_receive(&rig->device, bytes, rig->now_ns);
	rig->now_ns += 3 * MS;
	if (!osdp_device_transmit(&rig->device, rig->now_ns, &reply))
		return 0;
	memcpy(rig->bytes, reply.bytes.data, reply.bytes.len);
	assert_int_equal(
		osdp_frame_parse(span_of(rig->bytes, reply.bytes.len), &rig->reply), OSDP_FRAME_OK);
	return reply.bytes.len;
}

/* The reply to a command, both as hex; "": silence. */
static inline void rig_exchange(struct rig *rig, const char *command, const char *reply)
{
	uint8_t sent[OSDP_FRAME_MAX];
	uint8_t wanted[OSDP_FRAME_MAX];
	struct span want = rig_hex(reply, wanted);
	size_t len = rig_bytes(rig, rig_hex(command, sent));

	assert_int_equal(len, want.len);
	if (len > 0)
		assert_memory_equal(rig->bytes, want.data, len);
}

/* Opens the reply: what it says is then in rig->reply.data. */
static inline void rig_unwrap(struct rig *rig)
{
	struct span data;

	assert_int_equal(
		osdp_secure_unwrap(&rig->panel, &rig->reply, rig->plain, &data), OSDP_SECURE_OK);
	rig->reply.data = data;
}

/* Sends a command, within the session when there is one and secure; the reply is in rig->reply. */
static inline uint8_t rig_send(struct rig *rig, bool secure, uint8_t code, struct span data)
{
	struct osdp_frame frame = {.address = rig->device.config.address,
		.sequence = rig->sequence,
		.use_crc = true,
		.code = code,
		.data = data};

	rig->command_len =
		secure ? osdp_secure_wrap(&rig->panel, &frame, rig->command, sizeof(rig->command))
		       : osdp_frame_build(&frame, rig->command, sizeof(rig->command));
	assert_true(rig->command_len > 0);
	assert_true(rig_bytes(rig, span_of(rig->command, rig->command_len)) > 0);
	rig->sequence = (uint8_t)(rig->sequence % 3 + 1);
	if (rig->reply.block_type == OSDP_SCS_16 || rig->reply.block_type == OSDP_SCS_18)
		rig_unwrap(rig);
	return rig->reply.code;
}

static inline uint8_t rig_clear(struct rig *rig, uint8_t code, const char *data)
{
	uint8_t bytes[OSDP_FRAME_MAX];

	return rig_send(rig, false, code, rig_hex(data, bytes));
}

static inline uint8_t rig_secure(struct rig *rig, uint8_t code, const char *data)
{
	uint8_t bytes[OSDP_FRAME_MAX];

	return rig_send(rig, true, code, rig_hex(data, bytes));
}

/* The reply is a NAK with this code, in clear or within the session as it was asked. */
static inline void rig_is_nak(const struct rig *rig, uint8_t nak)
{
	assert_int_equal(rig->reply.code, OSDP_NAK);
	assert_int_equal(rig->reply.data.len, 1);
	assert_int_equal((uint8_t)rig->reply.data.data[0], nak);
}

static inline uint8_t rig_handshake_send(struct rig *rig, struct osdp_frame *frame)
{
	frame->address = rig->device.config.address;
	frame->sequence = rig->sequence;
	rig->command_len = osdp_frame_build(frame, rig->command, sizeof(rig->command));
	assert_true(rig_bytes(rig, span_of(rig->command, rig->command_len)) > 0);
	rig->sequence = (uint8_t)(rig->sequence % 3 + 1);
	return rig->reply.code;
}

/* From sequence 0. False: the reader said no, the reply tells. */
static inline bool rig_handshake(struct rig *rig, const uint8_t *key, enum osdp_selector selector)
{
	struct osdp_frame frame = {0};

	rig->sequence = 0;
	osdp_secure_chlng_write(&rig->panel, key, selector, rig_random_a, &frame);
	if (rig_handshake_send(rig, &frame) != OSDP_CCRYPT ||
		osdp_secure_ccrypt_read(&rig->panel, &rig->reply, NULL) != OSDP_SECURE_OK)
		return false;
	frame = (struct osdp_frame){0};
	osdp_secure_scrypt_write(&rig->panel, &frame);
	return rig_handshake_send(rig, &frame) == OSDP_RMAC_I &&
	       osdp_secure_rmac_read(&rig->panel, &rig->reply) == OSDP_SECURE_OK;
}
