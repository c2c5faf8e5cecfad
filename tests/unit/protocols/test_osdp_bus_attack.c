// SPDX-License-Identifier: Apache-2.0
/*
 * Somebody who wants in, or wants nobody to know: on the wires without the key, and a reader that
 * has the key but was made to lie. What is not a card of the moment makes none, and what is tried
 * again and again is told.
 */
#include "osdp_bus_rig.h"

static struct rig rig;

static void connect(void)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
}

static void check_nothing(void)
{
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 0);
	assert_int_equal(rig.count[OSDP_EVENT_KEYS], 0);
	assert_int_equal(rig.count[OSDP_EVENT_BIOMETRIC_MATCH], 0);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 0);
	assert_int_equal(rig.commands[OSDP_KEYSET], 0);
	assert_int_equal(rig.default_key, 0);
}

static void put_clear(
	uint8_t code, struct span data, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame clear = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.use_crc = true,
		.code = code,
		.data = data};

	rig_put(&clear, bytes, len);
}

/* The reader itself says something else: the chain moves on from the latest command all the same.
 */
static void put_secured(struct rig *self, uint8_t code, struct span data,
	const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame other = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.code = code,
		.data = data};

	*len = osdp_secure_wrap(&self->device.secure, &other, bytes, OSDP_FRAME_MAX);
	assert_true(*len > 0);
}

/* --- without the key --- */

/* Two guesses at a MAC, then the session is ended in clear before a third one would count. */
static void guess(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame guessed = *frame;
	uint8_t mac[OSDP_MAC_WIRE_SIZE] = {0};

	if (frame->block_type < OSDP_SCS_16)
		return;
	if (self->step++ % 3 == 2) {
		put_clear(OSDP_NAK, SPAN_LIT("\x06"), frame, bytes, len);
		return;
	}
	guessed.mac = span_of(mac, sizeof(mac));
	rig_put(&guessed, bytes, len);
}

static void test_macs_guessed(void **state UNUSED)
{
	connect();
	rig.on_reply = guess;
	rig_run(&rig, 60 * S);
	check_nothing();
	assert_int_equal(rig.alarms[OSDP_ALARM_MAC], 1);
	assert_int_equal(rig.alarms[OSDP_ALARM_DOWNGRADE], 1); /* of the sessions that it ends */
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 2);
	assert_in_range(rig_status(&rig).counters.mac_errors, 10, 200);
}

static void refuse_sequence(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	if (frame->code == OSDP_CCRYPT)
		put_clear(OSDP_NAK, SPAN_LIT("\x04"), frame, bytes, len);
}

/* NAK 04 says "begin anew"; said of every beginning it is a refusal like any other. */
static void test_sequence_refused(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig.on_reply = refuse_sequence;
	rig_run(&rig, 60 * S);
	check_nothing();
	assert_int_equal(rig.alarms[OSDP_ALARM_NO_SECURE_CHANNEL], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 1);
	assert_in_range(rig.commands[OSDP_CHLNG], 10, 30);
	assert_int_equal(rig_status(&rig).why, OSDP_WHY_NO_SECURE_CHANNEL);
}

#define RECORDED 64

static struct {
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len;
} recorded[RECORDED];
static unsigned recorded_count;

static void record(
	struct rig *self UNUSED, const struct osdp_frame *frame UNUSED, uint8_t *bytes, size_t *len)
{
	if (*len == 0 || recorded_count == RECORDED)
		return;
	memcpy(recorded[recorded_count].bytes, bytes, *len);
	recorded[recorded_count++].len = *len;
}

/* In their order, one for each command, from the beginning when they are over. */
static void play(
	struct rig *self, const struct osdp_frame *frame UNUSED, uint8_t *bytes, size_t *len)
{
	unsigned at = self->step++ % recorded_count;

	memcpy(bytes, recorded[at].bytes, recorded[at].len);
	*len = recorded[at].len;
}

static void test_session_replayed(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	recorded_count = 0;
	rig_init(&rig, &reader, &device);
	rig.on_reply = record;
	rig_run(&rig, 500 * MS);
	rig_present(&rig, 77);
	rig_run(&rig, 100 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_int_equal(recorded_count, RECORDED);
	rig_init(&rig, &reader, &device);
	rig.random = 0x91; /* our next RND.A is another one */
	rig.on_reply = play;
	rig_run(&rig, 60 * S);
	check_nothing();
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
	assert_int_equal(rig.alarms[OSDP_ALARM_CRYPTOGRAM], 1);
	assert_int_equal(rig_status(&rig).counters.handshakes, 0);
}

/* An old reply of this very session, with the number that is waited for and its check made right.
 */
static void play_old(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame old;

	if (frame->block_type < OSDP_SCS_16)
		return;
	if (self->step++ == 0) {
		memcpy(self->kept, bytes, *len);
		self->kept_len = *len;
	}
	if (self->step < 5)
		return;
	assert_int_equal(
		osdp_frame_parse(span_of(self->kept, self->kept_len), &old), OSDP_FRAME_OK);
	old.sequence = frame->sequence;
	rig_put(&old, bytes, len);
}

static void test_reply_replayed(void **state UNUSED)
{
	connect();
	rig.on_reply = play_old;
	rig_run(&rig, 20 * S);
	check_nothing();
	assert_int_equal(rig.alarms[OSDP_ALARM_REPLAY], 1);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_MAC);
}

/* Our own frame comes back as if the reader had said it, with its check made right. */
static void reflect_keep(
	struct rig *self, const struct osdp_frame *frame UNUSED, uint8_t *bytes, size_t *len)
{
	memcpy(self->kept, bytes, *len);
	self->kept_len = *len;
}

static void reflect(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame back;

	if (frame->code == 0)
		return;
	assert_int_equal(
		osdp_frame_parse(span_of(self->kept, self->kept_len), &back), OSDP_FRAME_OK);
	back.reply = true;
	if (self->step == 1 && back.block_type >= OSDP_SCS_11)
		back.block_type++; /* SCS_15 is SCS_16 there */
	rig_put(&back, bytes, len);
}

static void test_reflected(void **state UNUSED)
{
	for (unsigned step = 0; step < 2; step++) {
		connect();
		rig.step = step;
		rig.on_command = reflect_keep;
		rig.on_reply = reflect;
		rig_present(&rig, 1);
		rig_run(&rig, 20 * S);
		check_nothing();
		assert_false(rig_is_online(&rig));
		assert_int_equal(rig.alarms[step == 0 ? OSDP_ALARM_DOWNGRADE : OSDP_ALARM_MAC], 1);
	}
}

/* One NAK 03 in clear must not end the questions about tamper for good. */
static void refuse_state(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	if (self->step > 0 && frame->block_type == OSDP_SCS_18 && frame->code == OSDP_LSTATR) {
		self->step--;
		put_clear(OSDP_NAK, SPAN_LIT("\x03"), frame, bytes, len);
	}
}

static void test_refused_in_clear(void **state UNUSED)
{
	unsigned asked;

	connect();
	rig.on_reply = refuse_state;
	rig.step = 1;
	rig_run(&rig, 60 * S);
	assert_int_equal(rig.step, 0);
	assert_true(rig_is_online(&rig));
	asked = rig.commands[OSDP_LSTAT];
	rig_run(&rig, 500 * S);
	assert_int_equal(rig.commands[OSDP_LSTAT], asked); /* it may mean it */
	rig_run(&rig, 200 * S);
	assert_in_range(rig.commands[OSDP_LSTAT] - asked, 5, 30);
}

/* --- the line --- */

static void test_jammed(void **state UNUSED)
{
	static const char noise[] = {0x53, 0x00, (char)0xA0, 0x05, 0x11};
	int64_t char_ns = 10 * S / 115200;

	connect();
	for (int64_t until_ns = rig.now_ns + 10 * S; rig.now_ns < until_ns;) {
		struct span bytes;

		rig.now_ns += char_ns;
		osdp_bus_receive(rig.bus, span_of(noise + rig.step++ % 5, 1), rig.now_ns);
		assert_false(osdp_bus_transmit(rig.bus, rig.now_ns, &bytes));
		rig_events(&rig);
	}
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_SILENT);
	assert_in_range(rig.last[OSDP_EVENT_OFFLINE].at_ns - (rig.now_ns - 10 * S), S, 4 * S);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 2);
}

/* The machine slept: a byte of noise after it is no jam of hours. */
static void test_slept(void **state UNUSED)
{
	connect();
	while (rig_exchange(&rig))
		;
	rig.now_ns += 3600 * S;
	osdp_bus_receive(rig.bus, span_of("\x11", 1), rig.now_ns);
	rig_run(&rig, 2 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0);
}

/* --- cards that are not of now --- */

enum { AS_CARD = 0, AS_KEYS, AS_MATCH, AS_FMT, AS_COUNT };

static const struct {
	uint8_t code;
	struct span data;
	uint8_t event;
} things[AS_COUNT] = {
	[AS_CARD] = {OSDP_RAW, SPAN_LIT("\x00\x01\x1a\x00\xbd\xd9\x37\x40"), OSDP_EVENT_CARD},
	[AS_KEYS] = {OSDP_KEYPAD, SPAN_LIT("\x00\x04\x31\x32\x33\x34"), OSDP_EVENT_KEYS},
	[AS_MATCH] = {OSDP_BIOMATCHR, SPAN_LIT("\x00\x00\xf0"), OSDP_EVENT_BIOMETRIC_MATCH},
	[AS_FMT] = {OSDP_FMT, SPAN_LIT("\x00\x00\x04\x31\x32\x33\x34"), OSDP_EVENT_CARD},
};
static unsigned thing;
static uint8_t instead_of; /* of the reply to this command */

static void note_command(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	self->kept[0] = frame->code;
}

static void slip_in(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	if (self->step == 0 || self->kept[0] != instead_of || frame->block_type < OSDP_SCS_16)
		return;
	self->step--;
	put_secured(self, things[thing].code, things[thing].data, frame, bytes, len);
}

static void slip_begin(uint8_t command, unsigned times)
{
	rig.on_command = note_command;
	rig.on_reply = slip_in;
	instead_of = command;
	rig.step = times;
}

/* What the reader held while nobody asked it: with the first poll, or with any other reply. */
static void test_held_back(void **state UNUSED)
{
	static const uint8_t commands[] = {OSDP_POLL, OSDP_LED};
	struct osdp_order look = {.kind = OSDP_ORDER_LOOK, .look = {.has_permanent = true}};

	for (unsigned i = 0; i < ARRAY_COUNT(commands); i++)
		for (thing = 0; thing < AS_COUNT; thing++) {
			connect();
			slip_begin(commands[i], 1);
			while (rig_exchange(&rig) && rig.step == 1)
				;
			rig.step = 1;
			memset(rig.count, 0, sizeof(rig.count));
			rig.now_ns += 3600 * S; /* the machine slept */
			assert_int_equal(rig_order(&rig, look), OSDP_TAKEN);
			rig_run(&rig, 20 * S);
			assert_int_equal(rig.step, 0);
			assert_int_equal(rig.count[things[thing].event], 0);
			assert_int_equal(rig_status(&rig).counters.stale, 1);
			rig.step = 1;
			assert_int_equal(rig_order(&rig, look), OSDP_TAKEN);
			rig_run(&rig, 20 * S); /* and of now they are taken */
			assert_int_equal(rig.step, 0);
			assert_int_equal(rig.count[things[thing].event], 1);
		}
}

/* What comes before the first poll that finds nothing was there before us. */
static void test_there_before_us(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	for (thing = 0; thing < AS_COUNT; thing++) {
		rig_init(&rig, &reader, &device);
		slip_begin(OSDP_POLL, 3);
		rig_run(&rig, 2 * S);
		assert_int_equal(rig.step, 0);
		assert_int_equal(rig.count[things[thing].event], 0);
		assert_int_equal(rig_status(&rig).counters.stale, 3);
	}
}

/* --- a reader that has the key --- */

static void no_identity(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	static const struct span parts[] = {SPAN_LIT(""), SPAN_LIT("\x03"), SPAN_LIT("\x3c\x2b")};
	static const uint8_t codes[] = {OSDP_ACK, OSDP_NAK, OSDP_PDID};

	if (frame->code == OSDP_PDID && frame->block_type == OSDP_SCS_18)
		put_secured(self, codes[self->step], parts[self->step], frame, bytes, len);
}

/* In clear it names itself, in the session it does not: what was said in clear proves nothing. */
static void test_identity_withheld(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	for (unsigned i = 0; i < 6; i++) {
		reader.has_identity = i < 3;
		reader.identity = device.identity;
		rig_init(&rig, &reader, &device);
		rig.step = i % 3;
		rig.on_reply = no_identity;
		rig_present(&rig, 1);
		rig_run(&rig, 30 * S);
		check_nothing();
		assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
		assert_int_equal(rig.commands[OSDP_POLL], 0);
		assert_int_equal(rig.alarms[OSDP_ALARM_IDENTITY], i < 3);
		assert_int_equal(
			rig_status(&rig).why, i < 3 ? OSDP_WHY_IDENTITY : OSDP_WHY_PROTOCOL);
	}
}

static struct span size_said;

static void say_size(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	if (frame->code == OSDP_PDCAP && frame->block_type == OSDP_SCS_18)
		put_secured(self, OSDP_PDCAP, size_said, frame, bytes, len);
}

static void check_size(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len)
{
	if (frame->code == OSDP_FILETRANSFER && *len > self->kept_len)
		self->kept_len = *len;
}

static void test_sizes_claimed(void **state UNUSED)
{
	static const struct {
		struct span cap;
		size_t most; /* bytes of a frame */
	} cases[] = {
		{SPAN_LIT("\x0a\x00\x00"), 128},
		{SPAN_LIT("\x0a\x01\x00"), 128},
		{SPAN_LIT("\x0a\x7f\x00"), 128},
		{SPAN_LIT("\x0a\x00\x02"), 512},
		{SPAN_LIT("\x0a\xff\xff"), OSDP_FRAME_MAX},
	};
	static uint8_t file[6000];

	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		struct osdp_bus_reader reader = rig_reader();
		struct osdp_device_config device = rig_device();
		struct osdp_order order = {.kind = OSDP_ORDER_FILE,
			.file = {.type = 1, .data = span_of(file, sizeof(file))}};

		rig_init(&rig, &reader, &device);
		size_said = cases[i].cap;
		rig.on_reply = say_size;
		rig.on_command = check_size;
		rig_run(&rig, 3 * S);
		assert_true(rig_is_online(&rig));
		assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
		rig_run(&rig, 20 * S);
		assert_in_range(rig.kept_len, cases[i].most < 1300 ? cases[i].most - 16 : 1000,
			cases[i].most);
		assert_true(rig_is_online(&rig));
	}
}

/* --- pairing --- */

static void hold_keyset(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len)
{
	if (frame->block_type == OSDP_SCS_17 && frame->code == OSDP_KEYSET)
		*len = 0;
}

static struct osdp_order pair_order(int64_t window_ns)
{
	struct osdp_order order = {.kind = OSDP_ORDER_PAIR};

	memcpy(order.pair.key, rig_secret, OSDP_KEY_SIZE);
	order.pair.until_ns = rig.now_ns + window_ns;
	return order;
}

/* Under SCBK-D everybody can speak for the reader: no card comes of it, however long it stands. */
static void test_card_under_default_key(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS};
	struct osdp_device_config device = rig_device();

	device.has_key = false;
	device.install_mode = true;
	rig_init(&rig, &reader, &device);
	rig.on_command = hold_keyset;
	assert_int_equal(rig_order(&rig, pair_order(60 * S)), OSDP_TAKEN);
	for (unsigned i = 0; i < 70; i++) {
		rig_present(&rig, i);
		rig_run(&rig, S);
	}
	assert_int_not_equal(rig.default_key, 0);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 0);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	assert_false(rig.secret_seen);
}

static void test_window_limited(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS};
	struct osdp_device_config device = rig_device();
	unsigned before;

	rig_init(&rig, &reader, &device); /* it has a key, and knows no SCBK-D */
	assert_int_equal(rig_order(&rig, pair_order(24 * 3600 * S)), OSDP_TAKEN);
	rig_run(&rig, 590 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 0);
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIR_FAILED], 1);
	before = rig.default_key;
	rig_run(&rig, 600 * S);
	assert_int_equal(rig.default_key, before);
}

static void test_weak_pending(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS, .has_pending = true};
	struct osdp_device_config device = rig_device();
	struct osdp_order order = {.kind = OSDP_ORDER_KEYS, .keys = {.has_pending = true}};

	memcpy(reader.pending, osdp_key_default, OSDP_KEY_SIZE);
	memcpy(device.key, osdp_key_default, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 20 * S);
	check_nothing();
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	memcpy(order.keys.pending, osdp_key_default, OSDP_KEY_SIZE);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_WEAK);
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
}

/* --- in clear, where the operator allows it --- */

static struct osdp_frame changed_by;

static void change(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame card = {.reply = true,
		.address = RIG_ADDRESS + changed_by.address,
		.sequence = (frame->sequence + changed_by.sequence) % 4,
		.use_crc = !changed_by.use_crc,
		.code = OSDP_RAW,
		.data = SPAN_LIT("\x00\x01\x1a\x00\xbd\xd9\x37\x40")};

	if (frame->code != OSDP_ACK || self->step == 0)
		return;
	self->step--;
	rig_put(&card, bytes, len);
}

static void test_replies_of_others(void **state UNUSED)
{
	static const struct osdp_frame changes[] = {
		{.address = 0}, /* as it must be: that one is taken */
		{.address = 1}, {.sequence = 1}, {.sequence = 2},
		{.use_crc = true}, /* a checksum, once it has shown that it knows a CRC */
	};

	for (unsigned i = 0; i < ARRAY_COUNT(changes); i++) {
		struct osdp_bus_reader reader = rig_reader();
		struct osdp_device_config device = rig_device();

		reader.policy = OSDP_SECURE_OFF;
		device.secure_required = false;
		rig_init(&rig, &reader, &device);
		rig_run(&rig, 3 * S);
		assert_true(rig_is_online(&rig));
		changed_by = changes[i];
		rig.on_reply = change;
		rig.step = 1;
		rig_run(&rig, S);
		assert_int_equal(rig.step, 0);
		assert_int_equal(rig.count[OSDP_EVENT_CARD], i == 0);
	}
}

static void checksums(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;

	if (frame->code == 0)
		return;
	changed.use_crc = false;
	rig_put(&changed, bytes, len);
}

/* Where secure channel is required no reply has a checksum: eight bits prove nothing. */
static void test_checksums(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig.on_reply = checksums;
	rig_run(&rig, 20 * S);
	check_nothing();
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	assert_int_equal(rig_status(&rig).state, OSDP_STATE_PROBING);
}

/* --- keys --- */

static unsigned copies_of(const uint8_t *secret, size_t len)
{
	unsigned copies = 0;

	for (size_t i = 0; i + len <= sizeof(rig.memory); i++)
		copies += memcmp(rig.memory + i, secret, len) == 0;
	return copies;
}

static void drop_reply(struct rig *self UNUSED, const struct osdp_frame *frame UNUSED,
	uint8_t *bytes UNUSED, size_t *len)
{
	*len = 0;
}

static void test_session_keys_wiped(void **state UNUSED)
{
	uint8_t keys[2][OSDP_KEY_SIZE];

	connect();
	memcpy(keys[0], rig.device.secure.s_enc, OSDP_KEY_SIZE);
	memcpy(keys[1], rig.device.secure.s_mac1, OSDP_KEY_SIZE);
	assert_int_equal(copies_of(keys[0], OSDP_KEY_SIZE), 1);
	assert_int_equal(copies_of(keys[1], OSDP_KEY_SIZE), 1);
	rig.on_reply = drop_reply;
	rig_run(&rig, 10 * S);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(copies_of(keys[0], OSDP_KEY_SIZE), 0);
	assert_int_equal(copies_of(keys[1], OSDP_KEY_SIZE), 0);
}

static void keep_keyset(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	if (frame->code == OSDP_KEYSET && frame->block_type == OSDP_SCS_17) {
		/* The end of it, which shorter frames do not write over. */
		self->kept_len = 8;
		memcpy(self->kept, frame->data.data + frame->data.len - 8, 8);
	}
}

/* The new key is there once, as the key; its way to the reader, which SCBK-D opens, is gone. */
static void test_pairing_wiped(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS};
	struct osdp_device_config device = rig_device();

	device.has_key = false;
	device.install_mode = true;
	rig_init(&rig, &reader, &device);
	rig.on_command = keep_keyset;
	assert_int_equal(rig_order(&rig, pair_order(60 * S)), OSDP_TAKEN);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_PAIRED], 1);
	assert_int_equal(rig.kept_len, 8);
	assert_int_equal(copies_of(rig_secret, OSDP_KEY_SIZE), 1);
	assert_int_equal(copies_of(rig.kept, rig.kept_len), 0);
}

static void test_pairing_in_clear(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS, .policy = OSDP_SECURE_OFF};
	struct osdp_device_config device = rig_device();

	device.secure_required = false;
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig_order(&rig, pair_order(60 * S)), OSDP_TAKEN_NOT_INVALID);
	rig_run(&rig, 3 * S);
	check_nothing();
}

/* Unpaired while it is online: it is asked for nothing more. */
static void test_unpaired(void **state UNUSED)
{
	struct osdp_order none = {.kind = OSDP_ORDER_KEYS};
	unsigned polls;

	connect();
	assert_int_equal(rig_order(&rig, none), OSDP_TAKEN);
	rig_run(&rig, 10 * MS);
	polls = rig.commands[OSDP_POLL];
	rig_present(&rig, 1);
	rig_run(&rig, 10 * S);
	check_nothing();
	assert_int_equal(rig.commands[OSDP_POLL], polls);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_NOT_PAIRED);
	assert_int_equal(rig_status(&rig).state, OSDP_STATE_NOT_PAIRED);
	assert_int_equal(copies_of(rig_key, OSDP_KEY_SIZE), 0);
}

/* Other keys are given while the reader proves a pending one: that proof is not of the new ones. */
static void give_keys(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	struct osdp_order order = {.kind = OSDP_ORDER_KEYS, .keys = {.has_pending = true}};

	if (self->step > 0 || frame->code != OSDP_PDID || frame->block_type != OSDP_SCS_18)
		return;
	self->step++;
	memcpy(order.keys.pending, rig_secret, OSDP_KEY_SIZE);
	assert_int_equal(rig_order(self, order), OSDP_TAKEN);
}

static void test_keys_given_meanwhile(void **state UNUSED)
{
	struct osdp_bus_reader reader = {.address = RIG_ADDRESS, .has_pending = true};
	struct osdp_device_config device = rig_device();

	memcpy(reader.pending, rig_key, OSDP_KEY_SIZE);
	rig_init(&rig, &reader, &device);
	rig.on_reply = give_keys;
	rig_run(&rig, 20 * S);
	assert_int_equal(rig.step, 1);
	check_nothing();
	assert_int_equal(rig.count[OSDP_EVENT_PENDING_WORKS], 0);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
}

/* Bytes that look like a reply are no sign of life. */
static void test_heard(void **state UNUSED)
{
	int64_t heard_ns;

	connect();
	heard_ns = rig_status(&rig).heard_ns;
	rig.on_command = reflect_keep;
	rig.on_reply = reflect;
	while (rig_status(&rig).counters.refused == 0)
		rig_run(&rig, MS);
	assert_true(rig_status(&rig).heard_ns <= heard_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macs_guessed),
		cmocka_unit_test(test_sequence_refused),
		cmocka_unit_test(test_session_replayed),
		cmocka_unit_test(test_reply_replayed),
		cmocka_unit_test(test_reflected),
		cmocka_unit_test(test_refused_in_clear),
		cmocka_unit_test(test_jammed),
		cmocka_unit_test(test_slept),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_there_before_us),
		cmocka_unit_test(test_identity_withheld),
		cmocka_unit_test(test_sizes_claimed),
		cmocka_unit_test(test_card_under_default_key),
		cmocka_unit_test(test_window_limited),
		cmocka_unit_test(test_weak_pending),
		cmocka_unit_test(test_replies_of_others),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_session_keys_wiped),
		cmocka_unit_test(test_pairing_wiped),
		cmocka_unit_test(test_pairing_in_clear),
		cmocka_unit_test(test_unpaired),
		cmocka_unit_test(test_keys_given_meanwhile),
		cmocka_unit_test(test_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
