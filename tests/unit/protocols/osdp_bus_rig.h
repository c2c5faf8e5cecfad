/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A panel's line with one reader and somebody between them: every frame of either side may be
 * changed or dropped, without a wire that takes time. Time is only what the two of them wait for.
 */
#pragma once

#include "base/compiler.h"
#include "crypto/osdp_aes.h"
#include "protocols/osdp_bus.h"
#include "protocols/osdp_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define RIG_ADDRESS 5
#define RIG_EVENTS 64

struct rig;

/* May change or drop (len 0) what goes to the other side. frame: bytes, as they are on the line. */
typedef void rig_between(
	struct rig *rig, const struct osdp_frame *frame, uint8_t *bytes, size_t *len);

struct rig {
	struct osdp_bus *bus;
	struct osdp_device device;
	int64_t now_ns;
	uint8_t random;
	rig_between *on_command;
	rig_between *on_reply;
	unsigned step; /* for their use */
	uint8_t kept[OSDP_FRAME_MAX];
	size_t kept_len;
	unsigned events; /* of each kind: */
	unsigned count[OSDP_EVENT_COUNT];
	unsigned alarms[OSDP_ALARM_COUNT];
	struct osdp_event last[OSDP_EVENT_COUNT];
	unsigned commands[256]; /* that were sent, by code */
	unsigned in_clear[256];
	unsigned default_key; /* CHLNG for SCBK-D */
	uint8_t first[8]; /* codes of the first commands */
	unsigned first_count;
	bool secret_seen; /* rig_secret went over the line in clear */
	_Alignas(16) uint8_t memory[65536];
};

static const uint8_t rig_key[OSDP_KEY_SIZE] = {0x2f, 0x91, 0xc4, 0x5a, 0x77, 0x08, 0xe3, 0xb6, 0x1d,
	0xaa, 0x64, 0xf0, 0x39, 0x8c, 0x52, 0xd7};
static const uint8_t rig_secret[OSDP_KEY_SIZE] = {0x81, 0x3c, 0xd9, 0x46, 0xe2, 0x0b, 0x95, 0x6f,
	0xfa, 0x27, 0x5d, 0xb8, 0x13, 0xce, 0x70, 0xa4};

static inline void rig_fill(void *user, void *out, size_t len)
{
	struct rig *rig = user;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = rig->random++;
}

static inline struct osdp_device_config rig_device(void)
{
	struct osdp_device_config config;

	osdp_device_config_default(&config);
	config.address = RIG_ADDRESS;
	config.baud = 115200;
	config.identity = (struct osdp_pdid){{0x3C, 0x2B, 0x1A}, 1, 2, 0x12345678, {1, 2, 3}};
	config.has_key = true;
	config.text = true;
	memcpy(config.key, rig_key, sizeof(config.key));
	config.aes = osdp_aes_nettle;
	return config;
}

static inline struct osdp_bus_reader rig_reader(void)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS, .has_key = true};

	memcpy(reader.key, rig_key, sizeof(reader.key));
	return reader;
}

static inline void rig_init(struct rig *rig, const struct osdp_bus_reader *reader,
	const struct osdp_device_config *device)
{
	struct osdp_device_config config = *device;

	memset(rig, 0, sizeof(*rig));
	rig->now_ns = 1000 * S;
	rig->random = 0x11;
	config.fill_random = rig_fill;
	config.random_user = rig;
	osdp_device_init(&rig->device, &config, rig->now_ns);
	assert_true(osdp_bus_size(1) <= sizeof(rig->memory));
	rig->bus = osdp_bus_init(rig->memory,
		&(struct osdp_bus_config){.baud = 115200,
			.reader_count = 1,
			.readers = reader,
			.aes = &osdp_aes_nettle,
			.fill_random = rig_fill,
			.user = rig},
		rig->now_ns);
}

static inline void rig_events(struct rig *rig)
{
	struct osdp_event event;

	while (osdp_bus_event(rig->bus, &event)) {
		assert_in_range(event.kind, 0, OSDP_EVENT_COUNT - 1);
		rig->count[event.kind]++;
		rig->last[event.kind] = event;
		if (event.kind == OSDP_EVENT_ALARM)
			rig->alarms[event.alarm]++;
	}
}

static inline bool rig_contains(struct span bytes, const uint8_t *secret)
{
	for (size_t i = 0; i + OSDP_KEY_SIZE <= bytes.len; i++)
		if (memcmp(bytes.data + i, secret, OSDP_KEY_SIZE) == 0)
			return true;
	return false;
}

static inline void rig_command(struct rig *rig, const struct osdp_frame *frame)
{
	rig->commands[frame->code]++;
	rig->in_clear[frame->code] += frame->block_type < OSDP_SCS_15;
	rig->default_key += frame->code == OSDP_CHLNG && frame->block.data[0] == 0;
	rig->secret_seen |= rig_contains(frame->bytes, rig_secret);
	if (rig->first_count < sizeof(rig->first))
		rig->first[rig->first_count++] = frame->code;
}

/* One frame of the panel, and what comes of it. False: nothing was to be sent. */
static inline bool rig_exchange(struct rig *rig)
{
	struct span bytes;
	struct osdp_frame frame;
	struct osdp_device_reply reply;
	uint8_t copy[OSDP_FRAME_MAX];
	size_t len;

	osdp_bus_time(rig->bus, rig->now_ns);
	rig_events(rig);
	if (!osdp_bus_transmit(rig->bus, rig->now_ns, &bytes))
		return false;
	assert_int_equal((uint8_t)bytes.data[0], OSDP_MARK);
	len = bytes.len - 1;
	memcpy(copy, bytes.data + 1, len);
	assert_int_equal(osdp_frame_parse(span_of(copy, len), &frame), OSDP_FRAME_OK);
	rig_command(rig, &frame);
	rig->now_ns += (int64_t)bytes.len * 10 * S / 115200;
	if (rig->on_command)
		rig->on_command(rig, &frame, copy, &len);
	osdp_device_receive(&rig->device, span_of(copy, len), rig->now_ns);
	rig->now_ns += 3 * MS;
	osdp_device_time(&rig->device, rig->now_ns);
	len = 0;
	if (osdp_device_transmit(&rig->device, rig->now_ns, &reply)) {
		len = reply.bytes.len;
		memcpy(copy, reply.bytes.data, len);
	}
	memset(&frame, 0, sizeof(frame));
	if (len > 0)
		assert_int_equal(osdp_frame_parse(span_of(copy, len), &frame), OSDP_FRAME_OK);
	if (rig->on_reply)
		rig->on_reply(rig, &frame, copy, &len);
	rig->now_ns += (int64_t)len * 10 * S / 115200;
	if (len > 0)
		osdp_bus_receive(rig->bus, span_of(copy, len), rig->now_ns);
	rig_events(rig);
	return true;
}

static inline void rig_run(struct rig *rig, int64_t for_ns)
{
	int64_t until_ns = rig->now_ns + for_ns;

	while (rig->now_ns < until_ns) {
		int64_t next_ns;

		if (rig_exchange(rig))
			continue;
		next_ns = osdp_bus_deadline_ns(rig->bus);
		if (next_ns > until_ns)
			next_ns = until_ns;
		assert_true(next_ns > rig->now_ns || next_ns == until_ns);
		rig->now_ns = next_ns;
	}
	osdp_bus_time(rig->bus, rig->now_ns);
	rig_events(rig);
}

/* Puts another frame in the place of the reader's. */
static inline void rig_put(const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	uint8_t made[OSDP_FRAME_MAX];

	*len = osdp_frame_build(frame, made, sizeof(made));
	assert_true(*len > 0);
	memcpy(bytes, made, *len);
}

static inline bool rig_is_online(const struct rig *rig)
{
	struct osdp_reader_status status;

	osdp_bus_status(rig->bus, 0, &status);
	return status.state == OSDP_STATE_ONLINE;
}

static inline struct osdp_reader_status rig_status(const struct rig *rig)
{
	struct osdp_reader_status status;

	osdp_bus_status(rig->bus, 0, &status);
	return status;
}

static inline enum osdp_taken rig_order(struct rig *rig, struct osdp_order order)
{
	return osdp_bus_order(rig->bus, 0, &order, rig->now_ns);
}

static inline struct card_bits rig_card(uint32_t number)
{
	struct card_bits bits = {.count = 26};

	for (unsigned i = 0; i < 26; i++)
		card_bits_put(&bits, i, number >> (25 - i) & 1);
	return bits;
}

static inline void rig_present(struct rig *rig, uint32_t number)
{
	struct card_bits bits = rig_card(number);

	assert_true(osdp_device_card(&rig->device, &bits, rig->now_ns));
}
