// SPDX-License-Identifier: Apache-2.0
/*
 * One line with one reader: what it says becomes events, orders become what it shows; sequence
 * numbers, repeats, BUSY and the habits of readers in the field.
 */
#include "osdp_bus_rig.h"

static struct rig rig;

static void connect_as(bool secure)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	if (!secure) {
		reader.policy = OSDP_SECURE_OFF;
		reader.has_key = false;
		device.secure_required = false;
		device.has_key = false;
	}
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_ONLINE].secure, secure);
}

/* --- a reply in the place of the next ACK to a poll (clear readers) --- */

static uint8_t put_code;
static struct span put_data;
static unsigned put_count; /* so many times */

static void put_reply(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame changed = *frame;

	if (put_count == 0 || frame->code != OSDP_ACK)
		return;
	put_count--;
	changed.code = put_code;
	changed.data = put_data;
	rig_put(&changed, bytes, len);
}

static void reply_once(uint8_t code, struct span data)
{
	rig.on_reply = put_reply;
	put_code = code;
	put_data = data;
	put_count = 1;
	rig_run(&rig, 100 * MS);
	assert_int_equal(put_count, 0);
	assert_true(rig_is_online(&rig));
}

static void test_cards_in_clear(void **state UNUSED)
{
	struct osdp_event *card = &rig.last[OSDP_EVENT_CARD];
	uint8_t raw[4 + 17] = {0, 0, 128};

	connect_as(false);
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
	rig_present(&rig, 0x3abcdef);
	rig_run(&rig, 100 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_false(card->secure);
	assert_int_equal(card->card.bits.count, 26);

	for (unsigned i = 0; i < 16; i++)
		raw[4 + i] = (uint8_t)(0xf0 + i);
	reply_once(OSDP_RAW, span_of(raw, 20));
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 2);
	assert_int_equal(card->card.bits.count, 128);
	assert_int_equal(card->card.bits.bytes[15], 0xff);
	raw[2] = 129;
	reply_once(OSDP_RAW, span_of(raw, 21)); /* too long for any format */
	raw[2] = 0;
	reply_once(OSDP_RAW, span_of(raw, 4)); /* no bit */
	reply_once(OSDP_RAW, SPAN_LIT("\x00\x01\x1a\x00\xbd")); /* cut off */
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 2);
	assert_int_equal(rig_status(&rig).counters.unreadable, 3);

	reply_once(OSDP_FMT, SPAN_LIT("\x01\x01\x03"
				      "907"));
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 3);
	assert_int_equal(card->card.format, 0xff);
	assert_int_equal(card->card.head, 1);
	assert_int_equal(card->card.bits.count, 12);
	assert_int_equal(card->card.bits.bytes[0], 0x90);
	assert_int_equal(card->card.bits.bytes[1], 0x70);
	reply_once(OSDP_FMT, SPAN_LIT("\x01\x01\x03"
				      "9a7"));
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 3);
}

static void test_keys(void **state UNUSED)
{
	struct osdp_event *keys = &rig.last[OSDP_EVENT_KEYS];

	connect_as(true);
	assert_true(osdp_device_keys(&rig.device, SPAN_LIT("12*#"), rig.now_ns));
	rig_run(&rig, 100 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_KEYS], 1);
	assert_int_equal(keys->keys.count, 4);
	assert_memory_equal(keys->keys.key, "12*#", 4);

	connect_as(false);
	reply_once(OSDP_KEYPAD, SPAN_LIT("\x00\x03"
					 "A\x01"
					 "5"));
	assert_int_equal(keys->keys.count, 2);
	assert_memory_equal(keys->keys.key, "A5", 2);
	assert_int_equal(rig_status(&rig).counters.unreadable, 1);
	reply_once(OSDP_KEYPAD, SPAN_LIT("\x00\x1a"
					 "01234567890123456789012345"));
	assert_int_equal(rig.count[OSDP_EVENT_KEYS], 3);
	assert_int_equal(keys->keys.count, 2); /* behind the first 24 */
	assert_memory_equal(keys->keys.key, "45", 2);
	reply_once(OSDP_KEYPAD, SPAN_LIT("\x00\x00"));
	assert_int_equal(rig.count[OSDP_EVENT_KEYS], 3);
}

static void test_states(void **state UNUSED)
{
	connect_as(true);
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.count[OSDP_EVENT_TAMPER], 1);
	assert_false(rig.last[OSDP_EVENT_TAMPER].on);
	assert_int_equal(rig.count[OSDP_EVENT_INPUTS], 1);
	assert_int_equal(rig.last[OSDP_EVENT_INPUTS].states.count, 2);
	assert_int_equal(rig.count[OSDP_EVENT_OUTPUTS], 1);
	osdp_device_set_tamper(&rig.device, true);
	osdp_device_set_input(&rig.device, 1, OSDP_INPUT_OPEN);
	rig_run(&rig, 300 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_TAMPER], 2);
	assert_true(rig.last[OSDP_EVENT_TAMPER].on);
	assert_int_equal(rig.count[OSDP_EVENT_INPUTS], 2);
	assert_int_equal(rig.last[OSDP_EVENT_INPUTS].states.state[1], OSDP_INPUT_OPEN);
	rig_run(&rig, 60 * S); /* asked again, told once */
	assert_int_equal(rig.count[OSDP_EVENT_TAMPER], 2);
	assert_int_equal(rig.count[OSDP_EVENT_INPUTS], 2);
	assert_in_range(rig.commands[OSDP_LSTAT], 5, 10);

	connect_as(false);
	reply_once(OSDP_RSTATR, SPAN_LIT("\x02"));
	assert_int_equal(rig.last[OSDP_EVENT_HEADS].states.state[0], 2);
	reply_once(OSDP_BIOMATCHR, SPAN_LIT("\x00\x00\xc8"));
	assert_int_equal(rig.last[OSDP_EVENT_BIOMETRIC_MATCH].biometric.score, 200);
	reply_once(OSDP_BIOREADR, SPAN_LIT("\x00\x00\x01\x02\x03\x00"
					   "xyz"));
	assert_int_equal(rig.last[OSDP_EVENT_BIOMETRIC_READ].biometric.quality, 2);
	assert_int_equal(rig.last[OSDP_EVENT_BIOMETRIC_READ].biometric.data.len, 3);
	reply_once(OSDP_MFGREP, SPAN_LIT("\x0a\x00\x17U"));
	assert_int_equal(rig.last[OSDP_EVENT_MFG].data.len, 4);
	rig.count[OSDP_EVENT_POWER] = 0;
	reply_once(OSDP_LSTATR, SPAN_LIT("\x00\x01"));
	assert_int_equal(rig.count[OSDP_EVENT_POWER], 2); /* and then it says that all is well */
	assert_false(rig.last[OSDP_EVENT_POWER].on);
	reply_once(OSDP_XRD, SPAN_LIT("\x00\x01"));
	reply_once(0x5f, SPAN_LIT("??"));
	assert_int_equal(rig_status(&rig).counters.unreadable, 2);
}

/* --- what it is to show --- */

static void test_look(void **state UNUSED)
{
	struct osdp_order order = {.kind = OSDP_ORDER_LOOK,
		.look = {.has_permanent = true,
			.permanent = {.on_colour = OSDP_COLOUR_RED},
			.temporary_100ms = 10,
			.temporary = {.on_colour = OSDP_COLOUR_GREEN},
			.beeps = 2,
			.beep_on_100ms = 1,
			.beep_off_100ms = 1,
			.text_len = 7,
			.text_s = 1,
			.text = "Welcome"}};

	connect_as(true);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	rig_run(&rig, 50 * MS);
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_GREEN);
	assert_true(osdp_device_buzzer_sounds(&rig.device, rig.now_ns));
	assert_true(span_equal(osdp_device_text(&rig.device, rig.now_ns), SPAN_LIT("Welcome")));
	rig_run(&rig, 1200 * MS);
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_RED);
	assert_int_equal(osdp_device_text(&rig.device, rig.now_ns).len, 0);

	/* The newest of two wins; a temporary light alone leaves what stands. */
	order.look.has_permanent = false;
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	order.look.temporary.on_colour = OSDP_COLOUR_BLUE;
	order.look.beeps = 0;
	order.look.text_len = 0;
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	rig_run(&rig, 50 * MS);
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_BLUE);
	rig_run(&rig, 2 * S);
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_RED);
	/* It forgets with its power, and is told again. */
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 5 * S);
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_RED);
	order.look.temporary.on_colour = 8;
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_INVALID);
}

static void test_orders(void **state UNUSED)
{
	struct osdp_order output = {.kind = OSDP_ORDER_OUTPUT,
		.output = {.number = 0, .code = OSDP_OUT_ON_FOR_TIMER, .time_100ms = 20}};
	struct osdp_order mfg = {
		.kind = OSDP_ORDER_MFG, .mfg = {.len = 5, .bytes = {1, 2, 3, 4, 5}}};

	connect_as(true);
	assert_int_equal(rig_order(&rig, output), OSDP_TAKEN);
	rig_run(&rig, 50 * MS);
	assert_true(osdp_device_output(&rig.device, 0, rig.now_ns));
	output.output.code = 7;
	assert_int_equal(rig_order(&rig, output), OSDP_TAKEN_NOT_INVALID);
	output.output.code = OSDP_OUT_ON_FOR_TIMER;
	output.output.time_100ms = 0;
	assert_int_equal(rig_order(&rig, output), OSDP_TAKEN_NOT_INVALID);
	assert_int_equal(rig_order(&rig, mfg), OSDP_TAKEN);
	rig_run(&rig, 50 * MS);
	assert_int_equal(rig.count[OSDP_EVENT_NAK], 1); /* it knows no MFG */
	assert_int_equal(rig.last[OSDP_EVENT_NAK].nak.command, OSDP_MFG);
	assert_int_equal(rig.last[OSDP_EVENT_NAK].nak.code, OSDP_NAK_COMMAND);
	for (unsigned i = 0; i < OSDP_BUS_ORDERS_MAX; i++)
		assert_int_equal(rig_order(&rig, mfg), OSDP_TAKEN);
	assert_int_equal(rig_order(&rig, mfg), OSDP_TAKEN_NOT_FULL);
	rig_run(&rig, S);
	assert_int_equal(rig_order(&rig, mfg), OSDP_TAKEN);
	mfg.mfg.len = 2;
	assert_int_equal(rig_order(&rig, mfg), OSDP_TAKEN_NOT_INVALID);
}

static void test_comset(void **state UNUSED)
{
	struct osdp_order order = {
		.kind = OSDP_ORDER_COMSET, .com = {.address = 9, .baud = 115200}};

	connect_as(true);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	rig_run(&rig, 3 * S);
	assert_int_equal(rig.count[OSDP_EVENT_COM], 1);
	assert_int_equal(rig.last[OSDP_EVENT_COM].com.address, 9);
	assert_int_equal(rig.last[OSDP_EVENT_COM].com.baud, 115200);
	assert_int_equal(osdp_device_address(&rig.device), 9);
	assert_true(rig_is_online(&rig));
	assert_int_equal(rig.in_clear[OSDP_COMSET], 0);
	order.com.address = 0x7f;
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_INVALID);
}

static uint8_t file_taken[5000];
static uint32_t file_len;

static int16_t file_part(void *user UNUSED, const struct osdp_filetransfer *part)
{
	assert_int_equal(part->type, OSDP_FILE_OPAQUE);
	assert_int_equal(part->total, sizeof(file_taken));
	assert_int_equal(part->offset, file_len);
	memcpy(file_taken + part->offset, part->fragment.data, part->fragment.len);
	file_len += (uint32_t)part->fragment.len;
	return file_len == part->total ? OSDP_FTSTAT_PROCESSED : OSDP_FTSTAT_PROCEED;
}

static void test_file(void **state UNUSED)
{
	static uint8_t bytes[sizeof(file_taken)];
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();
	struct osdp_order order = {.kind = OSDP_ORDER_FILE,
		.file = {.type = OSDP_FILE_OPAQUE, .data = {(char *)bytes, sizeof(bytes)}}};

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	file_len = 0;
	device.file_max = 10000;
	device.owner.file = file_part;
	rig_init(&rig, &reader, &device);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_OFFLINE);
	rig_run(&rig, 3 * S);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN_NOT_FULL);
	rig_present(&rig, 1);
	unsigned polls = rig.commands[OSDP_POLL];
	rig_run(&rig, 3 * S);
	assert_int_equal(rig.last[OSDP_EVENT_FILE].file.state, OSDP_BUS_FILE_DONE);
	assert_int_equal(rig.last[OSDP_EVENT_FILE].file.sent, sizeof(bytes));
	assert_int_equal(file_len, sizeof(bytes));
	assert_memory_equal(file_taken, bytes, sizeof(bytes));
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1); /* between the fragments */
	assert_true(rig.commands[OSDP_POLL] - polls >= rig.commands[OSDP_FILETRANSFER] - 1);

	/* The reader goes away in the midst. */
	file_len = 0;
	assert_int_equal(rig_order(&rig, order), OSDP_TAKEN);
	rig_run(&rig, 100 * MS);
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	rig_run(&rig, 3 * S);
	assert_int_equal(rig.last[OSDP_EVENT_FILE].file.state, OSDP_BUS_FILE_BROKEN);
	assert_true(rig_is_online(&rig));
}

/* --- habits --- */

static void drop_raw(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len)
{
	if (frame->code == OSDP_RAW && self->step++ < 2)
		*len = 0;
}

static void test_reply_lost(void **state UNUSED)
{
	for (unsigned secure = 0; secure < 2; secure++) {
		connect_as(secure);
		rig.on_reply = drop_raw;
		rig_present(&rig, 77);
		rig_run(&rig, 2 * S);
		assert_int_equal(
			rig.count[OSDP_EVENT_CARD], 1); /* it came twice more, once taken */
		assert_int_equal(rig_status(&rig).counters.repeats, 2);
		assert_int_equal(rig_status(&rig).counters.timeouts, 2);
		assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0);
	}
}

static void drop_all(struct rig *self UNUSED, const struct osdp_frame *frame UNUSED,
	uint8_t *bytes UNUSED, size_t *len)
{
	*len = 0;
}

static void test_away(void **state UNUSED)
{
	connect_as(true);
	rig.on_reply = drop_all;
	rig_run(&rig, 4 * S);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_SILENT);
	rig.device.config.event_keep_ns = 3600 * S;
	rig_present(&rig, 1);
	rig_run(&rig, 60 * S);
	unsigned frames = rig.commands[OSDP_ID];
	rig_run(&rig, 60 * S);
	assert_in_range(rig.commands[OSDP_ID] - frames, 30, 45); /* 1.5 s apart */
	rig.on_reply = NULL;
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
	/* That card was shown a minute ago. */
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 0);
	rig_present(&rig, 2);
	rig_run(&rig, S);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
}

static void test_never_there(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig.on_reply = drop_all;
	rig_run(&rig, 60 * S);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0);
	unsigned probes = rig.commands[OSDP_ID];
	rig_run(&rig, 60 * S);
	assert_in_range(rig.commands[OSDP_ID] - probes, 11, 13); /* 5 s apart, never more */
	assert_int_equal(rig_status(&rig).heard_ns, INT64_MIN);
	rig.on_reply = NULL;
	rig_run(&rig, 6 * S);
	assert_true(rig_is_online(&rig));
}

static void test_busy(void **state UNUSED)
{
	connect_as(true);
	rig_present(&rig, 3);
	osdp_device_be_busy(&rig.device, 5);
	rig_run(&rig, S);
	assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	assert_int_equal(rig_status(&rig).counters.busy, 5);
	assert_int_equal(rig_status(&rig).counters.handshakes, 1);
	osdp_device_be_busy(&rig.device, 1000000);
	rig_run(&rig, 30 * S);
	osdp_device_be_busy(&rig.device, 0);
	rig_run(&rig, 3 * S);
	assert_true(rig_is_online(&rig));
}

/* NAKs in clear in the place of an ACK. */
static uint8_t nak_code, nak_sequence;

static void put_nak(struct rig *self, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame nak = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = nak_sequence == 9 ? frame->sequence : nak_sequence,
		.use_crc = true,
		.code = OSDP_NAK,
		.data = span_of(&nak_code, 1)};

	if (self->step > 0 && frame->code == OSDP_ACK) {
		self->step--;
		rig_put(&nak, bytes, len);
	}
}

static void test_naks(void **state UNUSED)
{
	static const struct {
		uint8_t code, sequence;
		bool secure;
		unsigned handshakes; /* more */
	} cases[] = {
		{OSDP_NAK_CHECK, 9, true, 0}, /* the same again */
		{OSDP_NAK_CHECK, 9, false, 0},
		{OSDP_NAK_SEQUENCE, 1, false, 0}, /* whatever number it has */
		{OSDP_NAK_SEQUENCE, 3, true, 1},
		{OSDP_NAK_SECURE_CHANNEL, 9, true, 1}, /* it lost the session */
		{OSDP_NAK_SECURITY_BLOCK, 0, true, 1},
		{OSDP_NAK_COMMAND, 9, false, 0},
	};

	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		connect_as(cases[i].secure);
		rig_run(&rig, 3 * S);
		uint64_t before = rig_status(&rig).counters.handshakes;

		nak_code = cases[i].code;
		nak_sequence = cases[i].sequence;
		rig.on_reply = put_nak;
		rig.step = 1;
		rig_run(&rig, S);
		assert_int_equal(rig.step, 0);
		assert_true(rig_is_online(&rig));
		assert_int_equal(
			rig_status(&rig).counters.handshakes - before, cases[i].handshakes);
		assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0);
		rig_present(&rig, i);
		rig_run(&rig, S);
		assert_int_equal(rig.count[OSDP_EVENT_CARD], 1);
	}
}

/* A poll that is NAKed 01 for ever is not repeated for ever. */
static void test_nak_for_ever(void **state UNUSED)
{
	connect_as(false);
	nak_code = OSDP_NAK_CHECK;
	nak_sequence = 9;
	rig.on_reply = put_nak;
	rig.step = 40;
	rig_run(&rig, 5 * S);
	assert_int_equal(rig.step, 0);
	assert_true(rig_is_online(&rig));
}

/* A reader that wants secure channel, which the operator has switched off: it never is online. */
static void test_wants_secure(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.policy = OSDP_SECURE_OFF;
	rig_init(&rig, &reader, &device);
	rig_run(&rig, 30 * S);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 0);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_PROTOCOL);
	assert_in_range(rig.commands[OSDP_POLL], 4, 12);
	assert_int_equal(rig.commands[OSDP_CHLNG], 0);
}

static void test_power_cycled(void **state UNUSED)
{
	int64_t began_ns;

	connect_as(true);
	for (unsigned i = 0; i < 5; i++) {
		rig_run(&rig, 5 * S);
		osdp_device_power_cycle(&rig.device, rig.now_ns);
		began_ns = rig.now_ns;
		do
			rig_run(&rig, MS);
		while (rig_status(&rig).counters.handshakes < i + 2);
		rig_run(&rig, 50 * MS);
		assert_true(rig_is_online(&rig));
		assert_in_range(rig.now_ns - began_ns, 1, 500 * MS);
	}
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 0);
	assert_int_equal(rig.count[OSDP_EVENT_ALARM], 0);
}

/* ID and CAP with no data, as some readers want it. */
static void want_bare(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes, size_t *len)
{
	struct osdp_frame nak = {.address = RIG_ADDRESS,
		.reply = true,
		.sequence = frame->sequence,
		.use_crc = true,
		.code = OSDP_NAK,
		.data = SPAN_LIT("\x02")};

	if (frame->code == OSDP_PDID && self->commands[OSDP_ID] == 1)
		rig_put(&nak, bytes, len);
}

static void check_bare(
	struct rig *self, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len UNUSED)
{
	if (frame->code == OSDP_ID && self->commands[OSDP_ID] > 1 && frame->block_type == 0)
		assert_int_equal(frame->data.len, 0);
}

static void test_bare(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	rig_init(&rig, &reader, &device);
	rig.on_reply = want_bare;
	rig.on_command = check_bare;
	rig_run(&rig, 5 * S);
	assert_true(rig_is_online(&rig));
	assert_in_range(rig.commands[OSDP_ID], 3, 4);
}

/* A reader of old, which knows checksums alone: it is deaf to a CRC. */
static void deaf_to_crc(
	struct rig *self UNUSED, const struct osdp_frame *frame, uint8_t *bytes UNUSED, size_t *len)
{
	if (frame->use_crc)
		*len = 0;
}

static void test_checksum(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();

	reader.policy = OSDP_SECURE_OFF;
	device.secure_required = false;
	rig_init(&rig, &reader, &device);
	rig.on_command = deaf_to_crc;
	rig_run(&rig, 5 * S);
	assert_true(rig_is_online(&rig));

	/* Where secure channel is required it has no chance. */
	reader = rig_reader();
	rig_init(&rig, &reader, &device);
	rig.on_command = deaf_to_crc;
	rig_run(&rig, 30 * S);
	assert_false(rig_is_online(&rig));
}

static void test_port(void **state UNUSED)
{
	struct span bytes;

	connect_as(true);
	osdp_bus_port(rig.bus, false, rig.now_ns);
	rig_events(&rig);
	assert_int_equal(rig.count[OSDP_EVENT_OFFLINE], 1);
	assert_int_equal(rig.last[OSDP_EVENT_OFFLINE].why, OSDP_WHY_PORT);
	assert_false(osdp_bus_transmit(rig.bus, rig.now_ns + 10 * S, &bytes));
	assert_int_equal(osdp_bus_deadline_ns(rig.bus), INT64_MAX);
	rig.now_ns += 60 * S;
	osdp_bus_port(rig.bus, true, rig.now_ns);
	rig_run(&rig, S);
	assert_int_equal(rig.count[OSDP_EVENT_ONLINE], 2);
	assert_true(rig_is_online(&rig));
}

/* A full line: everybody is probed, and told of when the port goes. */
static void test_many(void **state UNUSED)
{
	static struct osdp_bus_reader readers[OSDP_BUS_READERS_MAX];
	struct osdp_event event;
	struct span bytes;
	unsigned offline = 0, probed = 0;
	bool seen[128] = {false};
	void *memory = malloc(osdp_bus_size(OSDP_BUS_READERS_MAX));

	assert_non_null(memory);
	for (unsigned i = 0; i < OSDP_BUS_READERS_MAX; i++)
		readers[i].address = (uint8_t)i;
	rig.now_ns = 1000 * S;
	struct osdp_bus *bus = osdp_bus_init(memory,
		&(struct osdp_bus_config){.baud = 9600,
			.reader_count = OSDP_BUS_READERS_MAX,
			.readers = readers,
			.aes = &osdp_aes_nettle,
			.fill_random = rig_fill,
			.user = &rig},
		rig.now_ns);
	while (probed < OSDP_BUS_READERS_MAX && rig.now_ns < 1060 * S) {
		osdp_bus_time(bus, rig.now_ns);
		if (osdp_bus_transmit(bus, rig.now_ns, &bytes)) {
			probed += !seen[(uint8_t)bytes.data[2]];
			seen[(uint8_t)bytes.data[2]] = true;
		}
		assert_true(osdp_bus_deadline_ns(bus) > rig.now_ns);
		rig.now_ns = osdp_bus_deadline_ns(bus);
	}
	assert_int_equal(probed, OSDP_BUS_READERS_MAX);
	osdp_bus_port(bus, false, rig.now_ns);
	while (osdp_bus_event(bus, &event))
		offline += event.kind == OSDP_EVENT_OFFLINE && event.why == OSDP_WHY_PORT;
	assert_int_equal(offline, OSDP_BUS_READERS_MAX);
	osdp_bus_wipe(bus);
	free(memory);
}

/* Nothing is sent before what was written is over, nor within two characters of a reply's end. */
static void test_pace(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();
	struct osdp_device_reply reply;
	struct span bytes;
	int64_t char_ns = 10 * S / 115200;

	rig_init(&rig, &reader, &device);
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns, &bytes));
	int64_t wire_ns = (int64_t)bytes.len * char_ns;
	osdp_device_receive(&rig.device, bytes, rig.now_ns);
	assert_true(osdp_device_transmit(&rig.device, rig.now_ns + 3 * MS, &reply));
	/* A pty gives the reply before our bytes would have been over. */
	osdp_bus_receive(rig.bus, reply.bytes, rig.now_ns + char_ns);
	assert_false(osdp_bus_transmit(rig.bus, rig.now_ns + wire_ns - 1, &bytes));
	assert_true(osdp_bus_deadline_ns(rig.bus) >= rig.now_ns + wire_ns);
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns + wire_ns, &bytes));

	connect_as(true);
	while (rig_exchange(&rig))
		;
	/* The latest byte came now. */
	assert_int_equal(osdp_bus_deadline_ns(rig.bus), rig.now_ns + 2 * char_ns);
	assert_false(osdp_bus_transmit(rig.bus, rig.now_ns + 2 * char_ns - 1, &bytes));
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns + 2 * char_ns, &bytes));
}

static void test_polls(void **state UNUSED)
{
	struct osdp_bus_reader reader = rig_reader();
	struct osdp_device_config device = rig_device();
	struct osdp_device_reply reply;
	struct span bytes;
	unsigned which = 99;

	rig_init(&rig, &reader, &device);
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns, &bytes));
	assert_false(osdp_bus_polls(rig.bus, &which)); /* ID, and it is not online */
	connect_as(true);
	rig_run(&rig, 2 * S);
	while (rig_exchange(&rig))
		;
	rig.now_ns = osdp_bus_deadline_ns(rig.bus);
	assert_false(osdp_bus_polls(rig.bus, &which)); /* nothing is asked */
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns, &bytes));
	assert_true(osdp_bus_polls(rig.bus, &which));
	assert_int_equal(which, 0);
	/* No answer: what is sent again is not what a reader's time can be told from. */
	osdp_bus_time(rig.bus, rig.now_ns = osdp_bus_deadline_ns(rig.bus));
	assert_false(osdp_bus_polls(rig.bus, &which));
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns, &bytes));
	assert_false(osdp_bus_polls(rig.bus, &which));
	osdp_device_receive(&rig.device, bytes, rig.now_ns);
	assert_true(osdp_device_transmit(&rig.device, rig.now_ns + 5 * MS, &reply));
	osdp_bus_receive(rig.bus, reply.bytes, rig.now_ns += 6 * MS);
	assert_true(osdp_bus_transmit(rig.bus, rig.now_ns += MS, &bytes));
	assert_true(osdp_bus_polls(rig.bus, &which));
}

static void test_figures(void **state UNUSED)
{
	connect_as(true);
	rig_run(&rig, 2 * S);
	struct osdp_reader_status status = rig_status(&rig);

	assert_in_range(status.reply_min_us, 2900, 3100);
	assert_in_range(status.reply_mean_us, 2900, 3100);
	assert_in_range(status.reply_max_us, 2900, 3100);
	assert_in_range(status.timeout_us, 12000, 13000);
	assert_int_equal(status.counters.repeats, 0);
	assert_int_equal(status.counters.frames, status.counters.exchanges);
	assert_int_equal(status.why, OSDP_WHY_NONE);
	assert_true(status.secure);
	assert_string_equal(osdp_state_name(status.state), "online");
	assert_string_equal(osdp_why_name(OSDP_WHY_NOT_PAIRED), "not paired");
	assert_string_equal(osdp_alarm_name(OSDP_ALARM_REPLAY), "replay");
	assert_string_equal(osdp_alarm_name(OSDP_ALARM_COUNT), "unknown");
	for (unsigned i = 0; i < OSDP_WHY_COUNT; i++)
		assert_string_not_equal(osdp_why_name(i), "unknown");
	for (unsigned i = 0; i < OSDP_ALARM_COUNT; i++)
		assert_string_not_equal(osdp_alarm_name(i), "unknown");
	for (unsigned i = 0; i < OSDP_STATE_COUNT; i++)
		assert_string_not_equal(osdp_state_name(i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cards_in_clear),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_comset),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_reply_lost),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_never_there),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_naks),
		cmocka_unit_test(test_nak_for_ever),
		cmocka_unit_test(test_wants_secure),
		cmocka_unit_test(test_power_cycled),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_polls),
		cmocka_unit_test(test_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
