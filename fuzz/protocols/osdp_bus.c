// SPDX-License-Identifier: Apache-2.0
/*
 * The panel's side of an OSDP line, secure channel required, and a reader with its key at which
 * nobody does anything; between them frames of any kind. Oracle: no card, keys, match or tamper
 * comes of it, nothing goes out in clear but what may, and in peace both find together again.
 */
#include "protocols/osdp_bus.h"
#include "base/assert.h"
#include "crypto/osdp_aes.h"
#include "protocols/osdp_device.h"

#define S INT64_C(1000000000)

static struct osdp_device device;
static struct osdp_bus *bus;
static _Alignas(16) uint8_t memory[65536];
static uint8_t counter, bytes[OSDP_FRAME_MAX];
static size_t len; /* of the reader's latest reply, in bytes */
static int64_t now_ns;
static bool online;

static void fill(void *user, void *out, size_t size)
{
	(void)user;
	memset(out, ++counter, size);
}

static void events(void)
{
	struct osdp_event event;

	while (osdp_bus_event(bus, &event)) {
		ASSERT(event.kind < OSDP_EVENT_COUNT && event.kind != OSDP_EVENT_CARD);
		ASSERT(event.kind != OSDP_EVENT_KEYS && event.kind != OSDP_EVENT_BIOMETRIC_MATCH);
		ASSERT(event.kind != OSDP_EVENT_TAMPER || !event.on);
		online = event.kind == OSDP_EVENT_ONLINE ||
			 (online && event.kind != OSDP_EVENT_OFFLINE);
	}
}

/* The panel speaks if it is its turn; the reader hears it. */
static void exchange(bool honest)
{
	struct osdp_device_reply reply;
	struct osdp_frame frame;
	struct span sent;

	osdp_bus_time(bus, now_ns);
	events();
	if (osdp_bus_transmit(bus, now_ns, &sent)) {
		ASSERT(osdp_frame_parse(span_slice(sent, 1, sent.len), &frame) == OSDP_FRAME_OK);
		ASSERT(frame.block_type >= OSDP_SCS_15 || frame.code == OSDP_CHLNG ||
			frame.code == OSDP_SCRYPT || frame.code == OSDP_ID ||
			frame.code == OSDP_CAP);
		ASSERT(frame.code != OSDP_CHLNG || frame.block.data[0] == OSDP_SELECTOR_OWN);
		now_ns += (int64_t)sent.len * S / 11520;
		osdp_device_receive(&device, sent, now_ns);
		now_ns += 3 * S / 1000;
		if (!osdp_device_transmit(&device, now_ns, &reply))
			return;
		len = reply.bytes.len;
		memcpy(bytes, reply.bytes.data, len);
		now_ns += (int64_t)len * S / 11520;
		if (honest)
			osdp_bus_receive(bus, span_of(bytes, len), now_ns);
	} else if (osdp_bus_deadline_ns(bus) < INT64_MAX) {
		now_ns =
			osdp_bus_deadline_ns(bus) > now_ns ? osdp_bus_deadline_ns(bus) : now_ns + 1;
	}
}

/* b[0]: what; the reply is changed, or another one made of b. */
static void between(struct span b)
{
	struct osdp_frame frame;
	uint8_t made[OSDP_FRAME_MAX];

	if ((b.data[0] & 3) == 0 ||
		osdp_frame_parse(span_of(bytes, len), &frame) != OSDP_FRAME_OK) {
		osdp_bus_receive(bus, b, now_ns);
		return;
	}
	if (b.data[0] & 4)
		frame.sequence = (uint8_t)b.data[1] & 3;
	if (b.data[0] & 8)
		frame.code = (uint8_t)b.data[2];
	if (b.data[0] & 16)
		frame.data = span_slice(b, 4, b.len);
	if (b.data[0] & 32)
		frame.block_type = (uint8_t)b.data[3];
	frame.has_security_block = !(b.data[0] & 64) && frame.has_security_block;
	frame.mac = frame.has_security_block ? frame.mac : (struct span){NULL, 0};
	frame.reply = (b.data[0] & 3) != 2;
	osdp_bus_receive(bus, span_of(made, osdp_frame_build(&frame, made, sizeof(made))), now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct osdp_bus_reader reader = {.has_key = true};
	struct osdp_device_config config;

	for (unsigned i = 0; i < sizeof(reader.key); i++)
		reader.key[i] = (uint8_t)(i * i * 37 + 0x91);
	now_ns = 1000 * S;
	counter = 0;
	len = 0;
	online = false;
	osdp_device_config_default(&config);
	config.has_key = true;
	memcpy(config.key, reader.key, sizeof(config.key));
	config.baud = 115200;
	config.aes = osdp_aes_nettle;
	config.fill_random = fill;
	osdp_device_init(&device, &config, now_ns);
	bus = osdp_bus_init(memory,
		&(struct osdp_bus_config){.baud = 115200,
			.reader_count = 1,
			.readers = &reader,
			.aes = &osdp_aes_nettle,
			.fill_random = fill},
		now_ns);
	for (size_t at = 0, most = 0; at + 6 <= size && most < 200; most++) {
		unsigned honest = data[at] & 15;
		size_t part = 5u + (data[at] >> 4);

		for (unsigned i = 0; i < honest; i++)
			exchange(true);
		exchange(false);
		between(span_slice(span_of(data, size), at + 1, part));
		events();
		at += 1 + part;
	}
	for (int64_t until_ns = now_ns + 30 * S; !online && now_ns < until_ns;)
		exchange(true);
	ASSERT(online);
	osdp_bus_wipe(bus);
	return 0;
}
