// SPDX-License-Identifier: Apache-2.0
/*
 * The policy of an OSDP line: somebody between panel and reader changes what they say, and neither
 * a card nor a key comes of it, but one alarm. Pairing, rotation, pending keys.
 */
#include "osdp_bus_rig.h"

static struct rig rig;

static void begin(void)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
}

static void connect(void)
{
	rig_run(&rig, 2 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 1);
}

/* Nothing but what may go in clear went so, and nothing was believed. */
static void check_nothing(void)
{
	for (unsigned code = 0; code < 256; code++)
		if (code != OSDP_ID && code != OSDP_CAP && code != OSDP_CHLNG &&
			code != OSDP_SCRYPT)
			assert_int_equal(rig.in_clear[code], 0);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 0);
	assert_int_equal(rig.count[OSDP_EVENT_KEYS], 0);
	assert_int_equal(rig.count[OSDP_EVENT_BIOMETRIC_MATCH], 0);
	assert_int_equal(rig.commands[OSDP_KEYSET], 0);
	assert_int_equal(rig.default_key, 0);
	assert_false(rig.secret_seen);
}

static void check_alarm(enum osdp_alarm alarm)
{
	for (unsigned i = 0; i < OSDP_ALARM_COUNT; i++)
		assert_int_equal(rig.alarms[i], i == alarm);
}

static void test_connect(void **state UNUSED)
{
	const uint8_t order[] = {OSDP_ID, OSDP_CAP, OSDP_CHLNG, OSDP_SCRYPT, OSDP_ID, OSDP_POLL};

	begin();
	connect();
	assert_memory_equal(rig.first, order, sizeof(order));
	assert_true(rig.last[OSDP_EVENT_ONLINE].secure);
	assert_int_equal(rig.last[OSDP_EVENT_ONLINE].online.identity.serial, 0x12345678);
	assert_true(rig.last[OSDP_EVENT_ONLINE].online.capabilities.aes);
	assert_int_equal(rig.in_clear[OSDP_ID], 1);
	check_nothing();
	rig_present(&rig, 0x2f00f1);
	rig_run(&rig, 100 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_true(rig.last[OSDP_EVENT_CARD].secure);
	struct card_bits bits = rig_card(0x2f00f1);
	assert_memory_equal(&rig.last[OSDP_EVENT_CARD].card.bits, &bits, sizeof(bits));
	assert_int_equal(rig_status(&rig).counters.handshakes, 1);
	for (unsigned i = 0; i < OSDP_ALARM_COUNT; i++)
		assert_int_equal(rig.alarms[i], 0);
}

/* --- in between --- */

/* PDCAP in clear: function 9 says so. */
static uint8_t claimed_compliance, claimed_number;

static void claim(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;
	uint8_t data[OSDP_FRAME_MAX];

	if (frame->code != OSDP_PDCAP || frame->has_security_block)
		return;
	memcpy(data, frame->data.data, frame->data.len);
	for (size_t i = 0; i + 3 <= frame->data.len; i += 3)
		if (data[i] == OSDP_FUNCTION_SECURITY) {
			data[i + 1] = claimed_compliance;
			data[i + 2] = claimed_number;
		}
	changed.data = span_of(data, frame->data.len);
	rig_put(&changed, bytes, len);
}

static void test_capability_cleared(void **state UNUSED)
{
	begin();
	claimed_compliance = 0;
	claimed_number = 0;
	rig.on_reply = claim;
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_DOWNGRADE);
	check_nothing();
	assert_true(rig_is_online(&rig)); /* and in secure channel all the same */
	assert_true(rig_status(&rig).secure);
}

static void test_default_key_claimed(void **state UNUSED)
{
	begin();
	claimed_compliance = 1;
	claimed_number = 1;
	rig.on_reply = claim;
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_KEYSET);
	check_nothing();
	assert_true(rig_status(&rig).secure);
}

static void refuse_challenge(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame nak = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.use_crc = true,
		.code = OSDP_NAK,
		.data = SPAN_LIT("\x05")};

	if (frame->code == OSDP_CCRYPT)
		rig_put(&nak, bytes, len);
}

static void test_challenge_refused(void **state UNUSED)
{
	begin();
	rig.on_reply = refuse_challenge;
	rig_present(&rig, 1);
	rig_run(&rig, 60 * S);
	check_alarm(OSDP_ALARM_NO_SECURE_CHANNEL);
	check_nothing();
	assert_int_equal(rig_status(&rig).why, OSDP_WHY_NO_SECURE_CHANNEL);
	assert_in_range(rig.commands[OSDP_CHLNG], 10, 20); /* 5 s apart */
	rig.on_reply = NULL;
	rig_run(&rig, 6 * S);
	assert_true(rig_is_online(&rig));
}

/* What is put instead of CCRYPT or RMAC_I; block and data of the reader's own frame. */
static void spoil_handshake(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;
	uint8_t block = frame->block.len > 0 ? (uint8_t)frame->block.data[0] : 0;
	uint8_t data[64] = {0};

	if (frame->code != (self->step <= 1 ? OSDP_CCRYPT : OSDP_RMAC_I))
		return;
	memcpy(data, frame->data.data, frame->data.len);
	if (self->step == 0)
		block = 0; /* names SCBK-D */
	else if (self->step == 1)
		data[31] ^= 1; /* cryptogram */
	else if (self->step == 2)
		block = 0xff; /* refused */
	else
		memset(data, 0, sizeof(data)); /* R-MAC-I */
	changed.block = span_of(&block, 1);
	changed.data = span_of(data, frame->data.len);
	rig_put(&changed, bytes, len);
}

static void test_handshake_spoilt(void **state UNUSED)
{
	for (unsigned step = 0; step < 4; step++) {
		begin();
		rig.step = step;
		rig.on_reply = spoil_handshake;
		rig_present(&rig, 1);
		rig_run(&rig, 30 * S);
		check_alarm(step == 0 ? OSDP_ALARM_DEFAULT_KEY : OSDP_ALARM_CRYPTOGRAM);
		check_nothing();
		assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
		assert_int_equal(rig.commands[OSDP_POLL], 0);
		assert_int_equal(rig_status(&rig).why, OSDP_WHY_KEY);
	}
}

static void flip_mac(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;
	uint8_t mac[OSDP_MAC_WIRE_SIZE];

	if (frame->block_type != OSDP_SCS_16 && frame->block_type != OSDP_SCS_18)
		return;
	memcpy(mac, frame->mac.data, sizeof(mac));
	mac[3] ^= 0x10;
	changed.mac = span_of(mac, sizeof(mac));
	rig_put(&changed, bytes, len);
}

static void test_macs_flipped(void **state UNUSED)
{
	begin();
	connect();
	rig.on_reply = flip_mac;
	rig_present(&rig, 1);
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_MAC);
	check_nothing();
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_MAC);
	assert_in_range(rig_status(&rig).counters.mac_errors, 6, 60);
	rig.on_reply = NULL;
	rig_run(&rig, 6 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 2);
}

/* Keeps the first card's reply and puts it in the place of all that come behind. */
static void replay(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	if (self->kept_len == 0 && frame->code == OSDP_RAW) {
		memcpy(self->kept, bytes, *len);
		self->kept_len = *len;
	} else if (self->kept_len > 0 && frame->has_security_block &&
		   frame->block_type >= OSDP_SCS_16) {
		memcpy(bytes, self->kept, self->kept_len);
		*len = self->kept_len;
		self->step++;
	}
}

static void test_replayed(void **state UNUSED)
{
	begin();
	connect();
	rig.on_reply = replay;
	rig_present(&rig, 1);
	rig_run(&rig, 100 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	while (rig.step < 2000)
		rig_run(&rig, S);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_int_equal(rig.alarms[OSDP_ALARM_REPLAY], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 1);
}

/* Old frames come between all others, 100,000 of them, with every sequence number. */
static void test_flooded(void **state UNUSED)
{
	begin();
	connect();
	rig.on_reply = replay;
	rig_present(&rig, 1);
	rig_run(&rig, 100 * MS);
	rig.on_reply = NULL;
	for (unsigned i = 0; i < 100000; i++) {
		struct osdp_frame frame;
		uint8_t copy[OSDP_FRAME_MAX];
		size_t len = rig.kept_len;

		assert_int_equal(osdp_frame_parse(span_of(rig.kept, len), &frame), OSDP_FRAME_OK);
		memcpy(copy, rig.kept, len);
		frame.sequence = (uint8_t)(i % 4);
		rig_put(&frame, copy, &len);
		rig.now_ns += (int64_t)len * 10 * S / 115200;
		osdp_bus_receive(rig.bus, span_of(copy, len), rig.now_ns);
		if (i % 8 == 0)
			rig_exchange(&rig);
	}
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_int_equal(rig.alarms[OSDP_ALARM_REPLAY], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 1);
	rig_run(&rig, 10 * S);
	assert_true(rig_is_online(&rig));
}

static void test_identity_changed(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.has_identity = true;
	reader.identity = device.identity;
	rig_init(&rig, &reader, &device);
	connect();

	device.identity.serial++;
	rig_init(&rig, &reader, &device);
	rig_present(&rig, 1);
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_IDENTITY);
	check_nothing();
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	assert_int_equal(rig_status(&rig).why, OSDP_WHY_IDENTITY);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_IDENTITY);
}

/* In clear it says that it is the right one; within the session it cannot. */
static void lie_identity(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;

	if (frame->code != OSDP_PDID || frame->has_security_block)
		return;
	changed.data = SPAN_LIT("\x3c\x2b\x1a\x01\x02\x78\x56\x34\x12\x01\x02\x03");
	rig_put(&changed, bytes, len);
}

static void test_identity_lied(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.has_identity = true;
	reader.identity = device.identity;
	device.identity.vendor[0]++;
	rig_init(&rig, &reader, &device);
	rig.on_reply = lie_identity;
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_IDENTITY);
	check_nothing();
	assert_int_not_equal(rig.commands[OSDP_SCRYPT], 0);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
	assert_int_equal(rig.commands[OSDP_POLL], 0);
}

/* A card in clear instead of every fifth reply of a session. */
static void plain_card(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame card = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.use_crc = true,
		.code = OSDP_RAW,
		.data = SPAN_LIT("\x00\x01\x1a\x00\xbd\xd9\x37\x40")};

	if (frame->block_type >= OSDP_SCS_16 && self->step++ % 5 == 4)
		rig_put(&card, bytes, len);
}

static void test_plain_card(void **state UNUSED)
{
	begin();
	connect();
	rig.on_reply = plain_card;
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_DOWNGRADE);
	check_nothing();
	assert_in_range(rig_status(&rig).counters.refused, 100, 10000);
}

/* The session is denied in clear, so many times, and then no more. */
static unsigned denials;

static void deny(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame nak = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.use_crc = true,
		.code = OSDP_NAK,
		.data = SPAN_LIT("\x06")};

	if (frame->block_type >= OSDP_SCS_16 && self->step < denials) {
		self->step++;
		rig_put(&nak, bytes, len);
	}
}

static void test_denied_by_power_up(void **state UNUSED)
{
	begin();
	connect();
	denials = 4;
	rig.on_reply = deny;
	rig_run(&rig, 30 * S);
	assert_int_equal(rig.step, 4);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 0);
	assert_true(rig_is_online(&rig));
}

static void test_denied_over_and_over(void **state UNUSED)
{
	begin();
	connect();
	denials = 1000;
	rig.on_reply = deny;
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_DOWNGRADE);
	check_nothing();
	assert_false(rig_is_online(&rig));
	assert_in_range(rig.commands[OSDP_CHLNG], 5, 30); /* held back, longer each time */
	rig.on_reply = NULL;
	rig_run(&rig, 6 * S);
	assert_true(rig_is_online(&rig));
}

static void hear(const struct osdp_frame *frame)
{
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len = osdp_frame_build(frame, bytes, sizeof(bytes));

	osdp_bus_receive(rig.bus, span_of(bytes, len), rig.now_ns);
}

static void test_foreign_panel(void **state UNUSED)
{
	struct osdp_frame frame = {
		.address = RIG_ADDRESS, .use_crc = true, .sequence = 1, .code = OSDP_POLL};

	begin();
	connect();
	for (unsigned i = 0; i < 50; i++) {
		rig_run(&rig, S);
		hear(&frame);
	}
	rig_run(&rig, S);
	check_alarm(OSDP_ALARM_FOREIGN_PANEL);
	assert_int_equal(rig.last[OSDP_EVENT_ALARM].reader, 0);
	frame.code = OSDP_KEYSET;
	hear(&frame);
	rig_run(&rig, S);
	assert_int_equal(rig.alarms[OSDP_ALARM_KEYSET], 1);
	frame.address = 9; /* none of ours */
	frame.code = OSDP_POLL;
	for (unsigned i = 0; i < 50; i++)
		hear(&frame);
	rig_run(&rig, S);
	assert_int_equal(rig.alarms[OSDP_ALARM_FOREIGN_PANEL], 2);
	assert_int_equal(rig.last[OSDP_EVENT_ALARM].reader, 1);
	assert_true(rig_is_online(&rig));
}

/* --- keys --- */

static struct osdp_order pair_order(
	enum osdp_order_kind kind, const uint8_t *key, int64_t window_ns)
{
	struct osdp_order order = {.kind = (uint8_t)kind};

	memcpy(order.pair.key, key, OSDP_KEY_SIZE);
	order.pair.until_ns = rig.now_ns + window_ns;
	return order;
}

static void begin_unpaired(bool install)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS};
	struct osdp_device_config device = rig_device();

	device.has_key = !install;
	device.install_mode = install;
	rig_init(&rig, &reader, &device);
}

static void test_not_paired(void **state UNUSED)
{
	begin_unpaired(true);
	rig_present(&rig, 1);
	rig_run(&rig, 30 * S);
	check_nothing();
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	assert_int_equal(rig_status(&rig).state, OSDP_STATE_NOT_PAIRED);
	assert_true(rig_status(&rig).has_identity);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_NOT_PAIRED);
}

static void test_pair(void **state UNUSED)
{
	begin_unpaired(true);
	rig_run(&rig, 3 * S);
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_PAIR, osdp_key_default, 60 * S)),
		OSDP_TAKEN_NOT_WEAK);
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 0)),
		OSDP_TAKEN_NOT_INVALID);
	assert_int_equal(
		rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 60 * S)), OSDP_TAKEN);
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 60 * S)),
		OSDP_TAKEN_NOT_FULL);
	rig_run(&rig, 3 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_int_equal(rig.last[OSDP_EVENT_PAIRED].paired.identity.serial, 0x12345678);
	assert_false(rig.last[OSDP_EVENT_PAIRED].paired.rotated);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 0);
	assert_memory_equal(rig.device.config.key, rig_secret, OSDP_KEY_SIZE);
	assert_false(rig.secret_seen);
	assert_int_equal(rig.default_key, 1);
	assert_true(rig_is_online(&rig));
	assert_true(rig.last[OSDP_EVENT_ONLINE].secure);
	rig_present(&rig, 7);
	rig_run(&rig, 65 * S);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 0);
	assert_int_equal(rig.default_key, 1);
	/* From now on it is this reader and no other. */
	rig.device.config.identity.serial++;
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_IDENTITY);
}

static void drop_ack_of_keyset(
	struct rig *self, const struct osdp_frame *frame UNUSED, uint8_t *bytes UNUSED, size_t *len)
{
	if (self->commands[OSDP_KEYSET] > 0 && self->commands[OSDP_CHLNG] == 1)
		*len = 0;
}

/* The answer to KEYSET never comes, the reader has the key: it is found out. */
static void test_pair_answer_lost(void **state UNUSED)
{
	begin_unpaired(true);
	rig.on_reply = drop_ack_of_keyset;
	assert_int_equal(
		rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 60 * S)), OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	rig.on_reply = NULL;
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_true(rig_is_online(&rig));
	assert_false(rig.secret_seen);
}

/* A reader that is not in install mode: the window ends, SCBK-D is never tried again. */
static void test_pair_window(void **state UNUSED)
{
	unsigned tries;

	begin_unpaired(false);
	rig_run(&rig, S);
	assert_int_equal(
		rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 20 * S)), OSDP_TAKEN);
	rig_run(&rig, 19 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 0);
	rig_run(&rig, 2 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_int_not_equal(rig.last[OSDP_EVENT_PAIR_FAILED].why, OSDP_WHY_NONE);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 0);
	assert_int_equal(rig.commands[OSDP_KEYSET], 0);
	tries = rig.default_key;
	assert_in_range(tries, 5, 25);
	rig_run(&rig, 60 * S);
	assert_int_equal(rig.default_key, tries);
}

static void test_pair_cancel(void **state UNUSED)
{
	begin_unpaired(false);
	rig_run(&rig, S);
	assert_int_equal(
		rig_order(&rig, pair_order(OSDP_ORDER_PAIR, rig_secret, 20 * S)), OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	assert_int_equal(
		rig_order(&rig, (struct osdp_order){.kind = OSDP_ORDER_PAIR_CANCEL}), OSDP_TAKEN);
	rig_events(&rig);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_int_equal(rig.last[OSDP_EVENT_PAIR_FAILED].why, OSDP_WHY_WINDOW);
	unsigned tries = rig.default_key;
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.default_key, tries);
}

static void test_rotate(void **state UNUSED)
{
	begin();
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_ROTATE, rig_secret, 0)),
		OSDP_TAKEN_NOT_OFFLINE);
	connect();
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_ROTATE, rig_secret, 0)), OSDP_TAKEN);
	rig_run(&rig, 2 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_true(rig.last[OSDP_EVENT_PAIRED].paired.rotated);
	assert_memory_equal(rig.device.config.key, rig_secret, OSDP_KEY_SIZE);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0); /* nobody has noticed */
	assert_int_equal(rig.default_key, 0);
	assert_false(rig.secret_seen);
	assert_int_equal(rig.in_clear[OSDP_KEYSET], 0);
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
}

/* A reader that takes the key and forgets it: the old one goes on, and that is told. */
static void test_rotate_forgotten(void **state UNUSED)
{
	begin();
	connect();
	assert_int_equal(rig_order(&rig, pair_order(OSDP_ORDER_ROTATE, rig_secret, 0)), OSDP_TAKEN);
	while (rig.commands[OSDP_KEYSET] == 0)
		rig_run(&rig, MS);
	osdp_device_set_key(&rig.device, rig_key);
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 0);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_int_equal(rig.last[OSDP_EVENT_PAIR_FAILED].why, OSDP_WHY_KEY);
	assert_true(rig_is_online(&rig));
}

/* After a cut of power in the midst of a rotation: only the pending key works. */
static void test_pending(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.has_pending = true;
	memcpy(reader.pending, rig_secret, OSDP_KEY_SIZE);
	memcpy(device.key, rig_secret, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_PENDING_WORKS], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 0);
}

/* The operator pairs while a handshake under an older pending key is under way. */
static void pair_meanwhile(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	uint8_t key[OSDP_KEY_SIZE];

	if (frame->code != OSDP_PDID || !frame->has_security_block || self->step++ > 0)
		return;
	memcpy(key, rig_secret, sizeof(key));
	key[0] ^= 0x55;
	assert_int_equal(rig_order(self, pair_order(OSDP_ORDER_PAIR, key, 10 * S)), OSDP_TAKEN);
}

static void test_pending_replaced(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.has_pending = true;
	memcpy(reader.pending, rig_secret, OSDP_KEY_SIZE);
	memcpy(device.key, rig_secret, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig.on_reply = pair_meanwhile;
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.step, 1);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 0);
	assert_int_equal(rig.count[OSDP_EVENT_PENDING_WORKS], 0);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
}

static void test_other_key(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();
	struct osdp_order order = {.kind = OSDP_ORDER_KEYS};

	memcpy(device.key, rig_secret, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 30 * S);
	check_alarm(OSDP_ALARM_CRYPTOGRAM);
	check_nothing();
	order.keys.has_key = true;
	memset(order.keys.key, 0x41, OSDP_KEY_SIZE);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_WEAK);
	memcpy(order.keys.key, rig_secret, OSDP_KEY_SIZE);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	rig_run(&rig, 2 * S);
	assert_true(rig_is_online(&rig));
}

/* SCBK-D as the reader's own key: not with this panel, though both would have it. */
static void test_weak_key(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	memcpy(reader.key, osdp_key_default, OSDP_KEY_SIZE);
	memcpy(device.key, osdp_key_default, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 10 * S);
	assert_int_equal(rig_status(&rig).why, OSDP_WHY_NOT_PAIRED);
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	check_nothing();
}

static void test_wiped(void **state UNUSED)
{
	begin();
	connect();
	assert_true(rig_contains(span_of(rig.memory, sizeof(rig.memory)), rig_key));
	osdp_bus_wipe(rig.bus);
	for (size_t i = 0; i < osdp_bus_size(1); i++)
		assert_int_equal(rig.memory[i], 0);
}

/* Each session is of new random bytes. */
static uint8_t challenges[4][OSDP_RANDOM_SIZE];

static void keep_challenge(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	if (frame->code == OSDP_CHLNG && self->step < 4)
		memcpy(challenges[self->step++], frame->data.data, OSDP_RANDOM_SIZE);
}

static void test_sessions_age(void **state UNUSED)
{
	begin();
	rig.on_command = keep_challenge;
	connect();
	assert_int_equal(rig_status(&rig).counters.handshakes, 1);
	for (int64_t began_ns = rig.now_ns; rig.now_ns - began_ns < 24 * 3600 * S - 10 * S;) {
		rig.now_ns += 6 * S; /* the reader waits for 8 */
		rig_run(&rig, 20 * MS);
	}
	assert_int_equal(rig_status(&rig).counters.handshakes, 1);
	rig_run(&rig, 10 * S);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig_status(&rig).counters.handshakes, 2);
	assert_true(rig_is_online(&rig));
	assert_memory_not_equal(challenges[0], challenges[1], OSDP_RANDOM_SIZE);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_capability_cleared),
		cmocka_unit_test(test_default_key_claimed),
		cmocka_unit_test(test_challenge_refused),
		cmocka_unit_test(test_handshake_spoilt),
		cmocka_unit_test(test_macs_flipped),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_flooded),
		cmocka_unit_test(test_identity_changed),
		cmocka_unit_test(test_identity_lied),
		cmocka_unit_test(test_plain_card),
		cmocka_unit_test(test_denied_by_power_up),
		cmocka_unit_test(test_denied_over_and_over),
		cmocka_unit_test(test_foreign_panel),
		cmocka_unit_test(test_not_paired),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_pair_answer_lost),
		cmocka_unit_test(test_pair_window),
		cmocka_unit_test(test_pair_cancel),
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_rotate_forgotten),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_pending_replaced),
		cmocka_unit_test(test_other_key),
		cmocka_unit_test(test_weak_key),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_sessions_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
