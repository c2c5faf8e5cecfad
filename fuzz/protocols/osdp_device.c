// SPDX-License-Identifier: Apache-2.0
/*
 * An OSDP reader that requires a secure channel, at which a card and keys wait: any bytes, frames
 * with a right check, commands within a session under SCBK-D, and time. Oracle: what it sends is a
 * whole frame of its own, and neither card nor keys leave, for nobody here knows its key.
 */
#include "protocols/osdp_device.h"
#include "base/assert.h"
#include "crypto/osdp_aes.h"

static struct osdp_device device;
static struct osdp_secure panel;
static struct osdp_frame reply;
static uint8_t bytes[OSDP_FRAME_MAX], plain[OSDP_FRAME_MAX];
static int64_t now_ns;

static void fill(void *user, void *out, size_t len)
{
	(void)user;
	memset(out, 0x5A, len);
}

static bool send(struct span sent)
{
	struct osdp_device_reply got;

	osdp_device_receive(&device, sent, now_ns);
	now_ns += 3000000;
	if (!osdp_device_transmit(&device, now_ns, &got))
		return false;
	ASSERT(osdp_frame_parse(got.bytes, &reply) == OSDP_FRAME_OK);
	ASSERT(reply.bytes.len == got.bytes.len && reply.reply);
	ASSERT(reply.code != OSDP_RAW && reply.code != OSDP_KEYPAD && reply.code != OSDP_BIOMATCHR);
	return true;
}

/* b[0]: sequence, and how; b[1]: code or security block; then data. */
static void command(struct span b)
{
	struct osdp_frame frame = {.address = osdp_device_address(&device), .use_crc = true};
	struct span data = span_slice(b, 2, b.len);

	frame.sequence = (uint8_t)b.data[0] & 3;
	frame.has_security_block = b.data[0] & 4;
	frame.block_type = (uint8_t)b.data[1];
	frame.code = (uint8_t)b.data[1];
	frame.data = data;
	if (b.data[0] & 8) {
		osdp_secure_chlng_write(
			&panel, osdp_key_default, OSDP_SELECTOR_DEFAULT, bytes, &frame);
		frame.sequence = 0;
	} else if ((b.data[0] & 16) && panel.phase == OSDP_SECURE_CHALLENGED &&
		   osdp_secure_ccrypt_read(&panel, &reply, NULL) == OSDP_SECURE_OK) {
		osdp_secure_scrypt_write(&panel, &frame);
	}
	bool secure = (b.data[0] & 32) && osdp_secure_established(&panel);
	size_t len = secure ? osdp_secure_wrap(&panel, &frame, bytes, sizeof(bytes))
			    : osdp_frame_build(&frame, bytes, sizeof(bytes));

	if (!send(span_of(bytes, len)))
		return;
	if (panel.phase == OSDP_SECURE_ANSWERED)
		(void)osdp_secure_rmac_read(&panel, &reply);
	else if (secure)
		(void)osdp_secure_unwrap(&panel, &reply, plain, &data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct osdp_device_config config;
	struct card_bits card = {26, {0xBD, 0xD9, 0x37, 0x40}};
	struct span rest = span_of(data, size);

	osdp_device_config_default(&config);
	config.has_key = size > 0 && (data[0] & 1);
	config.install_mode = size > 0 && (data[0] & 2);
	config.text = config.biometrics = config.extended_identity = true;
	config.file_max = 4096;
	memset(config.key, 0xC7, sizeof(config.key));
	config.aes = osdp_aes_nettle;
	config.fill_random = fill;
	osdp_device_init(&device, &config, now_ns = 0);
	osdp_secure_init(&panel, &osdp_aes_nettle, false);
	reply = (struct osdp_frame){0};
	for (rest = span_slice(rest, 1, rest.len); rest.len >= 4;) {
		size_t len = 2 + ((uint8_t)rest.data[1] & 0x3F);
		struct span part = span_slice(rest, 2, len);

		if (!osdp_device_card(&device, &card, now_ns) ||
			!osdp_device_keys(&device, SPAN_LIT("12#"), now_ns))
			now_ns += 1000000000;
		if (rest.data[0] & 0x40)
			(void)send(part);
		else if (rest.data[0] & 0x20)
			osdp_device_time(
				&device, now_ns += (uint8_t)rest.data[1] * INT64_C(50000000));
		else if (part.len >= 2)
			command(part);
		rest = span_slice(rest, 2 + len, rest.len);
	}
	ASSERT(device.counters.events == 0);
	return 0;
}
