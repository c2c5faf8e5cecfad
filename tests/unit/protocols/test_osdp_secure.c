// SPDX-License-Identifier: Apache-2.0
/* OSDP secure channel: whole sessions of the vectors by both sides, and everything that is refused.
 */
#include "base/compiler.h"
#include "crypto/osdp_aes.h"
#include "osdp_vectors.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_secure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct wire {
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len;
	struct osdp_frame frame;
};

static void wire_parse(struct wire *wire)
{
	assert_int_equal(
		osdp_frame_parse(span_of(wire->bytes, wire->len), &wire->frame), OSDP_FRAME_OK);
}

static void wire_read(struct wire *wire, const char *hex)
{
	wire->len = osdp_hex(hex, wire->bytes);
	wire_parse(wire);
}

static void wire_is(const struct wire *wire, const char *hex)
{
	uint8_t want[OSDP_FRAME_MAX];

	assert_int_equal(wire->len, osdp_hex(hex, want));
	assert_memory_equal(wire->bytes, want, wire->len);
}

static void bytes_are(const void *got, const char *hex)
{
	uint8_t want[OSDP_FRAME_MAX];

	assert_memory_equal(got, want, osdp_hex(hex, want));
}

static void span_is(struct span got, const char *hex)
{
	uint8_t want[OSDP_FRAME_MAX];

	assert_int_equal(got.len, osdp_hex(hex, want));
	if (got.len > 0)
		assert_memory_equal(got.data, want, got.len);
}

static void wire_build(struct wire *wire, const struct osdp_frame *frame)
{
	wire->len = osdp_frame_build(frame, wire->bytes, sizeof(wire->bytes));
	wire_parse(wire);
}

static struct osdp_frame head(bool reply, uint8_t sequence)
{
	return (struct osdp_frame){.address = 5, .reply = reply, .sequence = sequence};
}

struct pair {
	struct osdp_secure panel;
	struct osdp_secure device;
};

static void keys_are(const struct osdp_secure *secure, const struct osdp_session *session)
{
	bytes_are(secure->s_enc, session->s_enc);
	bytes_are(secure->s_mac1, session->s_mac1);
	bytes_are(secure->s_mac2, session->s_mac2);
}

/* The handshake, each side building its frames and reading the other's. */
static void pair_up(struct pair *pair, const struct osdp_session *session)
{
	uint8_t key[16], random_a[8], random_b[8], cuid[8], got_cuid[8];
	enum osdp_selector selector;
	struct osdp_frame frame;
	struct wire wire;

	osdp_hex(session->key, key);
	osdp_hex(session->random_a, random_a);
	osdp_hex(session->random_b, random_b);
	osdp_hex(session->cuid, cuid);
	osdp_secure_init(&pair->panel, &osdp_aes_nettle, false);
	osdp_secure_init(&pair->device, &osdp_aes_nettle, true);

	frame = head(false, 0);
	osdp_secure_chlng_write(
		&pair->panel, key, (enum osdp_selector)session->selector, random_a, &frame);
	wire_build(&wire, &frame);
	if (session->chlng != NULL)
		wire_is(&wire, session->chlng);
	keys_are(&pair->panel, session);
	assert_int_equal(osdp_secure_chlng_selector(&wire.frame, &selector), OSDP_SECURE_OK);
	assert_int_equal(selector, session->selector);
	assert_int_equal(
		osdp_secure_chlng_read(&pair->device, &wire.frame, key, random_b), OSDP_SECURE_OK);
	keys_are(&pair->device, session);

	frame = head(true, 0);
	osdp_secure_ccrypt_write(&pair->device, cuid, &frame);
	wire_build(&wire, &frame);
	if (session->ccrypt != NULL)
		wire_is(&wire, session->ccrypt);
	bytes_are(wire.frame.data.data + 16, session->client);
	assert_int_equal(
		osdp_secure_ccrypt_read(&pair->panel, &wire.frame, got_cuid), OSDP_SECURE_OK);
	assert_memory_equal(got_cuid, cuid, sizeof(cuid));

	frame = head(false, 1);
	osdp_secure_scrypt_write(&pair->panel, &frame);
	wire_build(&wire, &frame);
	if (session->scrypt != NULL)
		wire_is(&wire, session->scrypt);
	bytes_are(wire.frame.data.data, session->server);
	assert_int_equal(osdp_secure_scrypt_read(&pair->device, &wire.frame), OSDP_SECURE_OK);
	assert_false(osdp_secure_established(&pair->device));

	frame = head(true, 1);
	osdp_secure_rmac_write(&pair->device, &frame);
	assert_true(osdp_secure_established(&pair->device));
	wire_build(&wire, &frame);
	if (session->rmac_i != NULL)
		wire_is(&wire, session->rmac_i);
	assert_false(osdp_secure_established(&pair->panel));
	assert_int_equal(osdp_secure_rmac_read(&pair->panel, &wire.frame), OSDP_SECURE_OK);
	assert_true(osdp_secure_established(&pair->panel));
	bytes_are(pair->panel.r_mac, session->rmac_initial);
	bytes_are(pair->device.c_mac, session->rmac_initial);
}

/* Builds the frame of the hex from its clear data, as from wraps it; the other side reads it. */
static void message_goes(struct osdp_secure *from, struct osdp_secure *to, const char *hex,
	const char *data_hex, const char *mac)
{
	uint8_t data[OSDP_FRAME_MAX], plain[OSDP_FRAME_MAX];
	struct wire want, got;
	struct span read;

	wire_read(&want, hex);
	struct osdp_frame clear = head(want.frame.reply, want.frame.sequence);

	clear.code = want.frame.code;
	clear.data = span_of(data, osdp_hex(data_hex, data));
	got.len = osdp_secure_wrap(from, &clear, got.bytes, sizeof(got.bytes));
	wire_is(&got, hex);
	bytes_are(want.frame.reply ? from->r_mac : from->c_mac, mac);
	assert_int_equal(osdp_secure_unwrap(to, &want.frame, plain, &read), OSDP_SECURE_OK);
	span_is(read, data_hex);
	assert_memory_equal(from->c_mac, to->c_mac, sizeof(to->c_mac));
	assert_memory_equal(from->r_mac, to->r_mac, sizeof(to->r_mac));
}

static void every_session_goes_byte_for_byte(void **state)
{
	(void)state;
	unsigned exchanges = 0;

	for (size_t i = 0; i < ARRAY_COUNT(osdp_sessions); i++) {
		const struct osdp_exchange *at = osdp_sessions[i].exchange;
		struct pair pair;

		pair_up(&pair, &osdp_sessions[i]);
		for (; at < osdp_sessions[i].exchange + 8 && at->name != NULL; at++, exchanges++) {
			message_goes(&pair.panel, &pair.device, at->command, at->command_data,
				at->c_mac);
			message_goes(
				&pair.device, &pair.panel, at->reply, at->reply_data, at->r_mac);
		}
	}
	assert_int_equal(exchanges, 8 + 4 + 1);
}

static void macs_and_padding_have_their_edges(void **state)
{
	(void)state;
	static const uint8_t zeros[64];
	uint8_t counting[64];

	for (unsigned i = 0; i < sizeof(counting); i++)
		counting[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_COUNT(osdp_macs); i++) {
		struct pair pair;
		uint8_t mac[OSDP_BLOCK_SIZE];

		pair_up(&pair, &osdp_sessions[0]);
		osdp_secure_mac(
			&pair.panel, pair.panel.r_mac, span_of(counting, osdp_macs[i].len), mac);
		bytes_are(mac, osdp_macs[i].mac);
	}
	for (size_t i = 0; i < ARRAY_COUNT(osdp_paddings); i++) {
		struct osdp_frame clear = head(false, 2);
		uint8_t plain[OSDP_FRAME_MAX];
		struct span read;
		struct wire wire;
		struct pair pair;

		pair_up(&pair, &osdp_sessions[0]);
		clear.code = OSDP_MFG;
		clear.data = span_of(zeros, osdp_paddings[i].len);
		wire.len = osdp_secure_wrap(&pair.panel, &clear, wire.bytes, sizeof(wire.bytes));
		wire_parse(&wire);
		span_is(wire.frame.data, osdp_paddings[i].encrypted);
		assert_int_equal(osdp_secure_unwrap(&pair.device, &wire.frame, plain, &read),
			OSDP_SECURE_OK);
		assert_int_equal(read.len, osdp_paddings[i].len);
		assert_memory_equal(read.data, zeros, read.len);
	}
}

static void every_length_goes_and_no_longer_one(void **state)
{
	(void)state;
	static uint8_t data[OSDP_FRAME_MAX];
	struct pair pair;

	pair_up(&pair, &osdp_sessions[0]);
	memset(data, 0x80, sizeof(data)); /* looks like padding all over */
	for (size_t len = 0; len <= 1424; len++) {
		struct osdp_frame clear = head(false, len % 4);
		struct osdp_secure before = pair.panel;
		uint8_t plain[OSDP_FRAME_MAX];
		struct span read;
		struct wire wire;

		clear.code = OSDP_MFG;
		clear.data = span_of(data, len);
		wire.len = osdp_secure_wrap(&pair.panel, &clear, wire.bytes, sizeof(wire.bytes));
		if (len == 1424) {
			assert_int_equal(wire.len, 0);
			assert_memory_equal(&before, &pair.panel, sizeof(before));
			break;
		}
		wire_parse(&wire);
		assert_int_equal(osdp_secure_unwrap(&pair.device, &wire.frame, plain, &read),
			OSDP_SECURE_OK);
		assert_int_equal(read.len, len);
		assert_memory_equal(read.data, data, len);
		/* The device's answer, so that both chains move. */
		clear = head(true, len % 4);
		clear.code = OSDP_ACK;
		assert_int_equal(osdp_secure_wrap(&pair.device, &clear, wire.bytes, 13), 0);
		wire.len = osdp_secure_wrap(&pair.device, &clear, wire.bytes, 14);
		wire_parse(&wire);
		assert_int_equal(
			osdp_secure_unwrap(&pair.panel, &wire.frame, plain, &read), OSDP_SECURE_OK);
	}
}

/* The frame's check is made right again after bytes were changed. */
static void wire_check(struct wire *wire)
{
	uint16_t crc = osdp_crc(span_of(wire->bytes, wire->len - 2));

	wire->bytes[wire->len - 2] = (uint8_t)crc;
	wire->bytes[wire->len - 1] = (uint8_t)(crc >> 8);
}

static void refused(struct osdp_secure *secure, struct wire *wire, enum osdp_secure_result want)
{
	struct osdp_secure before = *secure;
	uint8_t plain[OSDP_FRAME_MAX];
	struct span read;

	assert_int_equal(osdp_secure_unwrap(secure, &wire->frame, plain, &read), want);
	assert_int_equal(read.len, 0);
	assert_memory_equal(&before, secure, sizeof(before));
}

static void no_changed_bit_passes_and_nothing_moves(void **state)
{
	(void)state;
	const struct osdp_exchange *exchange = &osdp_sessions[0].exchange[1]; /* LED */
	struct pair pair;
	struct wire wire;
	size_t judged = 0;

	pair_up(&pair, &osdp_sessions[0]);
	message_goes(&pair.panel, &pair.device, osdp_sessions[0].exchange[0].command, "",
		osdp_sessions[0].exchange[0].c_mac);
	message_goes(&pair.device, &pair.panel, osdp_sessions[0].exchange[0].reply, "",
		osdp_sessions[0].exchange[0].r_mac);
	wire_read(&wire, exchange->command);
	for (size_t bit = 8; bit < (wire.len - 2) * 8; bit++) {
		struct wire changed = wire;

		changed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		wire_check(&changed);
		if (osdp_frame_parse(span_of(changed.bytes, changed.len), &changed.frame) !=
			OSDP_FRAME_OK)
			continue; /* LEN, CTRL, the block */
		judged++;
		uint8_t plain[OSDP_FRAME_MAX];
		struct osdp_secure before = pair.device;
		struct span read;

		assert_int_not_equal(osdp_secure_unwrap(&pair.device, &changed.frame, plain, &read),
			OSDP_SECURE_OK);
		assert_memory_equal(&before, &pair.device, sizeof(before));
	}
	assert_true(judged > 8 * (16 + 4)); /* data, MAC, code, address, sequence */
	/* After all that, the true one is taken; once. */
	message_goes(&pair.panel, &pair.device, exchange->command, exchange->command_data,
		exchange->c_mac);
	message_goes(
		&pair.device, &pair.panel, exchange->reply, exchange->reply_data, exchange->r_mac);
	refused(&pair.device, &wire, OSDP_SECURE_MAC);
}

static void frames_of_another_form_are_refused(void **state)
{
	(void)state;
	static const char *const forms[] = {
		"53 05 08 00 0E 60 00 00", /* in clear; CTRL is set below */
		"53 05 0E 00 0E 02 16 60 57 5A 4F B9 00 00", /* reply's block */
		"53 05 0F 00 0E 02 15 60 00 57 5A 4F B9 00 00", /* data that is not encrypted */
		"53 05 0F 00 0E 02 17 60 00 57 5A 4F B9 00 00", /* not whole blocks */
		"53 05 0F 00 0E 03 15 00 60 57 5A 4F B9 00 00", /* a longer block */
		"53 05 0B 00 0E 03 11 01 60 00 00", /* handshake */
		"53 85 0E 00 0E 02 16 40 22 FD 64 E2 00 00", /* from a device, to a device */
	};
	struct pair pair;
	struct wire wire;

	pair_up(&pair, &osdp_sessions[0]);
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		wire.len = osdp_hex(forms[i], wire.bytes);
		if (i == 0)
			wire.bytes[4] = 0x06;
		wire_check(&wire);
		wire_parse(&wire);
		refused(&pair.device, &wire, OSDP_SECURE_FORM);
	}
	wire_read(&wire, osdp_bad_mac_wrong);
	refused(&pair.device, &wire, OSDP_SECURE_MAC);
	osdp_secure_wipe(&pair.device);
	wire_read(&wire, osdp_bad_no_session);
	refused(&pair.device, &wire, OSDP_SECURE_PHASE);
}

/* A frame with these 16 bytes (or none) as plain text, padding and all, and a right MAC. */
static void wire_forge(struct pair *pair, struct wire *wire, const char *hex)
{
	uint8_t data[OSDP_BLOCK_SIZE];
	struct osdp_frame frame = head(false, 2);
	static const uint8_t mac_room[4];
	uint8_t mac[OSDP_BLOCK_SIZE];

	frame.use_crc = true;
	frame.has_security_block = true;
	frame.block_type = OSDP_SCS_17;
	frame.code = OSDP_MFG;
	frame.data = span_of(data, osdp_hex(hex, data));
	frame.mac = span_of(mac_room, sizeof(mac_room));
	for (size_t i = 0; i < frame.data.len; i++)
		data[i] ^= (uint8_t)~pair->panel.r_mac[i];
	if (frame.data.len > 0)
		osdp_aes_nettle.encrypt(NULL, pair->panel.s_enc, data, data);
	wire->len = osdp_frame_build(&frame, wire->bytes, sizeof(wire->bytes));
	osdp_secure_mac(&pair->panel, pair->panel.r_mac, span_of(wire->bytes, wire->len - 6), mac);
	memcpy(wire->bytes + wire->len - 6, mac, 4);
	wire_check(wire);
	wire_parse(wire);
}

static void padding_is_looked_at_behind_a_right_mac(void **state)
{
	(void)state;
	static const struct {
		const char *plain;
		size_t left; /* SIZE_MAX: refused */
	} rows[] = {
		{"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", SIZE_MAX},
		{"01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10", SIZE_MAX},
		{"80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01", SIZE_MAX},
		{"01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 80", 15},
		{"80 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 1},
		{"80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 0}, /* nothing, encrypted */
		{"", 0}, /* SCS_17 with nothing, as some send it */
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t plain[OSDP_FRAME_MAX];
		struct span read;
		struct wire wire;
		struct pair pair;

		pair_up(&pair, &osdp_sessions[0]);
		wire_forge(&pair, &wire, rows[i].plain);
		if (rows[i].left == SIZE_MAX) {
			refused(&pair.device, &wire, OSDP_SECURE_PADDING);
			continue;
		}
		assert_int_equal(osdp_secure_unwrap(&pair.device, &wire.frame, plain, &read),
			OSDP_SECURE_OK);
		assert_int_equal(read.len, rows[i].left);
	}
}

/* --- handshakes that fail --- */

static void panel_challenge(struct osdp_secure *panel)
{
	uint8_t key[16], random_a[8];
	struct osdp_frame frame = head(false, 0);

	osdp_hex(osdp_sessions[0].key, key);
	osdp_hex(osdp_sessions[0].random_a, random_a);
	osdp_secure_init(panel, &osdp_aes_nettle, false);
	osdp_secure_chlng_write(panel, key, OSDP_SELECTOR_OWN, random_a, &frame);
}

static void wire_change(struct wire *wire, size_t at, uint8_t mask)
{
	wire->bytes[at] ^= mask;
	wire_check(wire);
	wire_parse(wire);
}

static void panel_believes_the_right_ccrypt_only(void **state)
{
	(void)state;
	struct osdp_secure panel, before;
	struct wire wire;

	panel_challenge(&panel);
	before = panel;
	wire_read(&wire, osdp_sessions[0].rmac_i); /* too early */
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_PHASE);
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_FORM);
	wire_read(&wire, osdp_sessions[2].ccrypt); /* answers with the default key */
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_SELECTOR);
	wire_change(&wire, 7, 1); /* and says that it did not */
	assert_int_equal(
		osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_CRYPTOGRAM);
	for (size_t at = 17; at < 41; at++) { /* RND.B, cryptogram */
		wire_read(&wire, osdp_sessions[0].ccrypt);
		wire_change(&wire, at, 0x80);
		assert_int_equal(
			osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_CRYPTOGRAM);
	}
	static const struct {
		uint8_t at;
		uint8_t mask;
	} forms[] = {{1, 0x80}, {5, 0x01}, {6, 0x03}, {8, 0x01}};

	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) { /* direction, block, code */
		wire_read(&wire, osdp_sessions[0].ccrypt);
		wire_change(&wire, forms[i].at, forms[i].mask);
		assert_int_equal(
			osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_FORM);
	}
	wire_read(&wire, osdp_sessions[0].ccrypt); /* two bytes in the block */
	wire.frame.block = span_of("\x01", 2);
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_FORM);
	assert_memory_equal(&before, &panel, sizeof(before));
	wire_read(&wire, osdp_sessions[0].ccrypt);
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_OK);
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_PHASE);
}

static void panel_believes_the_right_rmac_only(void **state)
{
	(void)state;
	struct osdp_secure panel, before;
	struct wire wire;

	panel_challenge(&panel);
	wire_read(&wire, osdp_sessions[0].ccrypt);
	assert_int_equal(osdp_secure_ccrypt_read(&panel, &wire.frame, NULL), OSDP_SECURE_OK);
	before = panel;
	wire_read(&wire, osdp_bad_rmac_refused);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_STATUS);
	wire_read(&wire, osdp_bad_rmac_zeros);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_MAC);
	wire_read(&wire, osdp_sessions[0].rmac_i);
	wire_change(&wire, 7, 1); /* status 00 */
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_STATUS);
	wire_read(&wire, osdp_sessions[0].ccrypt);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_FORM);
	wire.len = osdp_hex("53 85 0A 00 0D 03 14 01 78 00 00", wire.bytes); /* no value */
	wire.bytes[2] = (uint8_t)wire.len;
	wire_check(&wire);
	wire_parse(&wire);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_FORM);
	wire_read(&wire, "53 85 08 00 05 40 3F BC"); /* ACK in clear */
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_FORM);
	assert_memory_equal(&before, &panel, sizeof(before));
	wire_read(&wire, osdp_sessions[0].rmac_i);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_OK);
	assert_int_equal(osdp_secure_rmac_read(&panel, &wire.frame), OSDP_SECURE_PHASE);
}

static void device_judges_its_panel(void **state)
{
	(void)state;
	static const uint8_t cuid[8];
	uint8_t key[16], random_b[8];
	enum osdp_selector selector = OSDP_SELECTOR_OWN;
	struct osdp_secure device, before;
	struct osdp_frame frame;
	struct wire wire;

	osdp_hex(osdp_sessions[0].key, key);
	osdp_hex(osdp_sessions[0].random_b, random_b);
	osdp_secure_init(&device, &osdp_aes_nettle, true);
	wire_read(&wire, osdp_sessions[0].scrypt);
	assert_int_equal(osdp_secure_scrypt_read(&device, &wire.frame), OSDP_SECURE_PHASE);
	assert_int_equal(
		osdp_secure_chlng_read(&device, &wire.frame, key, random_b), OSDP_SECURE_FORM);
	wire_read(&wire, osdp_sessions[0].chlng);
	wire_change(&wire, 7, 0x03); /* key 2 */
	assert_int_equal(osdp_secure_chlng_selector(&wire.frame, &selector), OSDP_SECURE_FORM);
	wire_read(&wire, osdp_sessions[0].chlng);
	assert_int_equal(
		osdp_secure_chlng_read(&device, &wire.frame, key, random_b), OSDP_SECURE_OK);
	frame = head(true, 0);
	osdp_secure_ccrypt_write(&device, cuid, &frame);

	before = device;
	assert_int_equal(osdp_secure_scrypt_read(&device, &wire.frame), OSDP_SECURE_FORM);
	wire_read(&wire, osdp_sessions[0].scrypt);
	wire_change(&wire, 7, 1);
	assert_int_equal(osdp_secure_scrypt_read(&device, &wire.frame), OSDP_SECURE_SELECTOR);
	wire_read(&wire, osdp_sessions[0].scrypt);
	wire_change(&wire, 24, 1);
	assert_int_equal(osdp_secure_scrypt_read(&device, &wire.frame), OSDP_SECURE_CRYPTOGRAM);
	assert_memory_equal(&before, &device, sizeof(before));

	frame = head(true, 1);
	osdp_secure_rmac_write(&device, &frame);
	wire_build(&wire, &frame);
	assert_int_equal((uint8_t)wire.frame.block.data[0], 0xFF);
	bytes_are(wire.frame.data.data, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	assert_false(osdp_secure_established(&device));
}

/* --- keys --- */

static void wiped_sessions_hold_nothing(void **state)
{
	(void)state;
	struct osdp_secure empty;
	struct pair pair;

	pair_up(&pair, &osdp_sessions[0]);
	memset(&empty, 0, sizeof(empty));
	empty.aes = osdp_aes_nettle;
	empty.device = true;
	osdp_secure_wipe(&pair.device);
	assert_memory_equal(&pair.device, &empty, sizeof(empty));
	assert_int_equal(pair.device.phase, OSDP_SECURE_IDLE);
	assert_false(pair.panel.device);

	uint8_t memory[4] = {1, 2, 3, 4};

	osdp_wipe(memory, 3);
	assert_memory_equal(memory, "\0\0\0\4", 4);
}

static void weak_keys_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		bool weak;
	} rows[] = {
		{"30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F", true}, /* SCBK-D */
		{"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", true},
		{"FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", true},
		{"00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", true},
		{"FF EE DD CC BB AA 99 88 77 66 55 44 33 22 11 00", true},
		{"F8 F9 FA FB FC FD FE FF 00 01 02 03 04 05 06 07", true}, /* through 0 */
		{"01 23 45 67 89 AB CD EF 01 23 45 67 89 AB CD EF", true},
		{"01 23 45 67 89 AB CD EF FE DC BA 98 76 54 32 10", true},
		{"2B 7E 15 16 28 AE D2 A6 AB F7 15 88 09 CF 4F 3C", true},
		{"DE AD BE EF DE AD BE EF DE AD BE EF DE AD BE EF", true},
		{"A1 7C 05 E9 33 D8 4B 90 A1 7C 05 E9 33 D8 4B 90", true}, /* 8 different */
		{"A1 7C 05 E9 33 D8 4B 90 A1 7C 05 E9 33 D8 4B 91", false}, /* 9 */
		{"53 65 63 72 65 74 20 6B 65 79 20 31 32 33 34 7E", true}, /* text */
		{"53 65 63 72 65 74 20 6B 65 79 20 31 32 33 34 7F", false},
		{"53 65 63 72 65 74 1F 6B 65 79 20 31 32 33 34 7E", false},
		{"00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FE", false},
		{"8E 1F 42 C7 09 B3 5D 60 F4 2A 97 E8 1B 76 D1 3C", false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t key[16];

		assert_int_equal(osdp_hex(rows[i].hex, key), 16);
		assert_int_equal(osdp_key_is_weak(key), rows[i].weak);
	}
	assert_true(osdp_key_is_weak(osdp_key_default));
	bytes_are(osdp_key_default, rows[0].hex);
	for (unsigned start = 0; start < 256; start++) {
		for (unsigned step = 0; step < 256; step++) {
			uint8_t key[16];

			for (unsigned i = 0; i < 16; i++)
				key[i] = (uint8_t)(start + step * i);
			assert_true(osdp_key_is_weak(key));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_session_goes_byte_for_byte),
		cmocka_unit_test(macs_and_padding_have_their_edges),
		cmocka_unit_test(every_length_goes_and_no_longer_one),
		cmocka_unit_test(no_changed_bit_passes_and_nothing_moves),
		cmocka_unit_test(frames_of_another_form_are_refused),
		cmocka_unit_test(padding_is_looked_at_behind_a_right_mac),
		cmocka_unit_test(panel_believes_the_right_ccrypt_only),
		cmocka_unit_test(panel_believes_the_right_rmac_only),
		cmocka_unit_test(device_judges_its_panel),
		cmocka_unit_test(wiped_sessions_hold_nothing),
		cmocka_unit_test(weak_keys_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
