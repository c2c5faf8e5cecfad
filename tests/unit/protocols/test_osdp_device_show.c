// SPDX-License-Identifier: Apache-2.0
/*
 * What a panel makes an OSDP reader show, over time, and what people do at it: lights with both
 * records, outputs, buzzer, text, events, states, identity in parts, files.
 */
#include "osdp_device_rig.h"

/* A reader that works in clear, with a display, and is at sequence 1. */
static void clear_init(struct rig *rig)
{
	struct osdp_device_config config = rig_config();

	config.secure_required = false;
	config.text = true;
	config.leds = 2;
	config.outputs = 2;
	config.biometrics = true;
	rig_init(rig, &config);
	assert_int_equal(rig_clear(rig, OSDP_POLL, ""), OSDP_ACK);
}

static void accepted(struct rig *rig, uint8_t code, const char *data)
{
	assert_int_equal(rig_clear(rig, code, data), OSDP_ACK);
}

static void refused(struct rig *rig, uint8_t code, const char *data)
{
	(void)rig_clear(rig, code, data);
	rig_is_nak(rig, OSDP_NAK_RECORD);
}

/* When the latest command came. */
static int64_t came_ns(const struct rig *rig)
{
	return rig->now_ns - 3 * MS;
}

static uint8_t colour(const struct rig *rig, uint8_t led, int64_t after_ns)
{
	return osdp_device_led(&rig->device, led, came_ns(rig) + after_ns);
}

static void test_led_permanent(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_OFF);
	accepted(&rig, OSDP_LED, "00 00 00 00 00 00 00 00 00 01 01 00 01 00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_RED);
	assert_int_equal(colour(&rig, 0, 3600 * S), OSDP_COLOUR_RED);
	assert_int_equal(colour(&rig, 1, 0), OSDP_COLOUR_OFF);
	/* The second one blinks: 0.3 s blue, 0.2 s white. */
	accepted(&rig, OSDP_LED, "00 01 00 00 00 00 00 00 00 01 03 02 04 07");
	assert_int_equal(colour(&rig, 1, 299 * MS), OSDP_COLOUR_BLUE);
	assert_int_equal(colour(&rig, 1, 300 * MS), OSDP_COLOUR_WHITE);
	assert_int_equal(colour(&rig, 1, 499 * MS), OSDP_COLOUR_WHITE);
	assert_int_equal(colour(&rig, 1, 500 * MS), OSDP_COLOUR_BLUE);
	/* Never on: the other colour, steady. */
	accepted(&rig, OSDP_LED, "00 01 00 00 00 00 00 00 00 01 00 02 04 03");
	assert_int_equal(colour(&rig, 1, 100 * MS), OSDP_COLOUR_AMBER);
}

static void test_led_temporary(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	/* Green for 3.0 s (30 = 1E), over red for good. */
	accepted(&rig, OSDP_LED, "00 00 02 01 00 02 00 1E 00 01 01 00 01 00");
	int64_t begin_ns = came_ns(&rig);

	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_GREEN);
	/* What is for good changes only what comes back. */
	accepted(&rig, OSDP_LED, "00 00 00 00 00 00 00 00 00 01 01 00 04 00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_GREEN);
	assert_int_equal(osdp_device_led(&rig.device, 0, begin_ns + 3 * S - 1), OSDP_COLOUR_GREEN);
	assert_int_equal(osdp_device_led(&rig.device, 0, begin_ns + 3 * S), OSDP_COLOUR_BLUE);
	/* Cancelled; and a timer of 256 x 100 ms; and one of 0, which does not run. */
	accepted(&rig, OSDP_LED, "00 00 02 01 00 02 00 00 01 00 00 00 00 00");
	assert_int_equal(colour(&rig, 0, 25600 * MS - 1), OSDP_COLOUR_GREEN);
	assert_int_equal(colour(&rig, 0, 25600 * MS), OSDP_COLOUR_BLUE);
	accepted(&rig, OSDP_LED, "00 00 01 00 00 00 00 00 00 00 00 00 00 00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_BLUE);
	accepted(&rig, OSDP_LED, "00 00 02 01 00 02 00 00 00 00 00 00 00 00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_BLUE);
}

static void test_led_refused(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	/* The first record is right, the second is for a light that is not there: neither is done.
	 */
	refused(&rig, OSDP_LED,
		"00 00 00 00 00 00 00 00 00 01 01 00 01 00 00 02 00 00 00 00 00 00 00 01 01 00 01 "
		"00");
	refused(&rig, OSDP_LED, "01 00 00 00 00 00 00 00 00 01 01 00 01 00");
	refused(&rig, OSDP_LED, "00 00 03 01 00 01 00 1E 00 00 00 00 00 00");
	refused(&rig, OSDP_LED, "00 00 02 00 00 01 00 1E 00 00 00 00 00 00");
	refused(&rig, OSDP_LED, "00 00 00 00 00 00 00 00 00 02 01 00 01 00");
	refused(&rig, OSDP_LED, "00 00 00 00 00 00 00 00 00 01 00 00 01 00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_OFF);
	accepted(&rig, OSDP_LED,
		"00 00 00 00 00 00 00 00 00 01 01 00 01 00 00 01 00 00 00 00 00 00 00 01 01 00 02 "
		"00");
	assert_int_equal(colour(&rig, 0, 0), OSDP_COLOUR_RED);
	assert_int_equal(colour(&rig, 1, 0), OSDP_COLOUR_GREEN);
}

static bool output(const struct rig *rig, int64_t after_ns)
{
	return osdp_device_output(&rig->device, 0, came_ns(rig) + after_ns);
}

static void test_outputs(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	accepted(&rig, OSDP_OUT, "00 02 00 00");
	assert_true(output(&rig, 0));
	/* Off for 1.0 s, then as for good; meanwhile made off for good. */
	accepted(&rig, OSDP_OUT, "00 06 0A 00");
	assert_false(output(&rig, S - 1));
	assert_true(output(&rig, S));
	accepted(&rig, OSDP_OUT, "00 05 0A 00");
	accepted(&rig, OSDP_OUT, "00 03 00 00");
	assert_true(output(&rig, 0));
	assert_false(output(&rig, S));
	accepted(&rig, OSDP_OUT, "00 00 FF FF");
	assert_true(output(&rig, 0));
	/* On for good ends the timer; off for good as well. */
	accepted(&rig, OSDP_OUT, "00 01 00 00");
	assert_false(output(&rig, 0));
	accepted(&rig, OSDP_OUT, "00 06 0A 00");
	accepted(&rig, OSDP_OUT, "00 04 00 00");
	assert_false(output(&rig, 0));
	assert_true(output(&rig, S));
	refused(&rig, OSDP_OUT, "00 01 00 00 02 02 00 00");
	refused(&rig, OSDP_OUT, "00 07 00 00");
	assert_int_equal(rig_clear(&rig, OSDP_OSTAT, ""), OSDP_OSTATR);
	assert_int_equal(rig.reply.data.len, 2);
}

static bool sounds(const struct rig *rig, int64_t after_ns)
{
	return osdp_device_buzzer_sounds(&rig->device, came_ns(rig) + after_ns);
}

static void test_buzzer(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	assert_false(sounds(&rig, 0));
	/* Twice 0.2 s, with 0.1 s between. */
	accepted(&rig, OSDP_BUZ, "00 02 02 01 02");
	assert_true(sounds(&rig, 199 * MS));
	assert_false(sounds(&rig, 200 * MS));
	assert_true(sounds(&rig, 300 * MS));
	assert_false(sounds(&rig, 500 * MS));
	assert_false(sounds(&rig, 600 * MS));
	accepted(&rig, OSDP_BUZ, "00 02 02 01 00");
	assert_true(sounds(&rig, 6000 * MS));
	accepted(&rig, OSDP_BUZ, "00 01 00 00 00");
	assert_false(sounds(&rig, 0));
	assert_int_equal(rig.device.shown.buzzer_count, 2);
	refused(&rig, OSDP_BUZ, "00 02 00 01 02");
	refused(&rig, OSDP_BUZ, "01 02 02 01 02");
	refused(&rig, OSDP_BUZ, "00 03 02 01 02");
}

static void shows_text(const struct rig *rig, int64_t after_ns, const char *wanted)
{
	struct span text = osdp_device_text(&rig->device, came_ns(rig) + after_ns);

	assert_int_equal(text.len, strlen(wanted));
	assert_memory_equal(text.data, wanted, text.len);
}

static void test_text(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	shows_text(&rig, 0, "");
	accepted(&rig, OSDP_TEXT, "00 01 00 01 01 05 48 65 6C 6C 6F");
	shows_text(&rig, 3600 * S, "Hello");
	accepted(&rig, OSDP_TEXT, "00 04 02 02 03 02 4E 6F");
	shows_text(&rig, 2 * S - 1, "No");
	assert_int_equal(rig.device.shown.text_temporary.row, 2);
	assert_int_equal(rig.device.shown.text_temporary.column, 3);
	assert_true(rig.device.shown.text_temporary.wrap);
	shows_text(&rig, 2 * S, "Hello");
	refused(&rig, OSDP_TEXT, "00 01 00 01 01 01 1F");
	refused(&rig, OSDP_TEXT, "00 01 00 01 01 01 7F");
	refused(&rig, OSDP_TEXT, "00 01 00 00 01 01 41");
	refused(&rig, OSDP_TEXT, "00 01 00 01 00 01 41");
	refused(&rig, OSDP_TEXT, "00 05 00 01 01 01 41");
	refused(&rig, OSDP_TEXT, "00 00 00 01 01 01 41");
	refused(&rig, OSDP_TEXT, "01 01 00 01 01 01 41");
	accepted(&rig, OSDP_TEXT, "00 02 00 01 01 01 7E");
	shows_text(&rig, 2 * S, "~");
	(void)rig_clear(&rig, OSDP_TEXT, "00 01 00 01 01 05 48");
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
	rig.device.config.text = false;
	(void)rig_clear(&rig, OSDP_TEXT, "00 01 00 01 01 01 41");
	rig_is_nak(&rig, OSDP_NAK_COMMAND);
}

/* --- people --- */

static void test_cards_of_all_lengths(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	for (uint16_t count = 1; count <= CARD_BITS_MAX; count++) {
		struct card_bits bits = {.count = count};
		struct card_bits got;
		struct osdp_raw raw;

		for (unsigned i = 0; i < count; i++)
			card_bits_put(&bits, i, i % 3 == 0);
		assert_true(osdp_device_card(&rig.device, &bits, rig.now_ns));
		assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_RAW);
		assert_true(osdp_raw_decode(rig.reply.data, &raw));
		assert_true(osdp_raw_bits(&raw, &got));
		assert_memory_equal(&got, &bits, sizeof(bits));
	}
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
}

/* Nobody polled for three seconds: the card is gone, a younger one is not. */
static void test_events_age(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	assert_true(osdp_device_keys(&rig.device, SPAN_LIT("1"), rig.now_ns));
	rig.now_ns += 1;
	assert_true(osdp_device_keys(&rig.device, SPAN_LIT("2"), rig.now_ns));
	assert_int_equal(osdp_device_deadline_ns(&rig.device), rig.now_ns + 3 * S);
	rig.now_ns += 3 * S;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_KEYPAD);
	assert_memory_equal(rig.reply.data.data,
		"\0\1"
		"2",
		3);
	assert_int_equal(rig.device.counters.events_lost, 1);
}

static void test_events_full(void **state UNUSED)
{
	struct rig rig;
	char keys[OSDP_DEVICE_KEYS_MAX];

	clear_init(&rig);
	memset(keys, '7', sizeof(keys));
	for (unsigned i = 0; i < OSDP_DEVICE_EVENTS_MAX; i++)
		assert_true(
			osdp_device_keys(&rig.device, span_of(keys, sizeof(keys) - i), rig.now_ns));
	assert_false(osdp_device_keys(&rig.device, SPAN_LIT("1"), rig.now_ns));
	for (unsigned i = 0; i < OSDP_DEVICE_EVENTS_MAX; i++) {
		assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_KEYPAD);
		assert_int_equal(rig.reply.data.len, 2 + sizeof(keys) - i);
	}
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
}

static void test_states(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	osdp_device_set_tamper(&rig.device, false);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	osdp_device_set_tamper(&rig.device, true);
	osdp_device_set_input(&rig.device, 0, OSDP_INPUT_SHORT);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_LSTATR);
	assert_memory_equal(rig.reply.data.data, "\1\0", 2);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ISTATR);
	assert_memory_equal(rig.reply.data.data, "\2\0", 2);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	osdp_device_set_power(&rig.device, true);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_LSTATR);
	assert_memory_equal(rig.reply.data.data, "\1\1", 2);
}

/* It is told once, and then that power is back; tamper is as it was. */
static void test_power_cycle(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	accepted(&rig, OSDP_OUT, "00 02 00 00");
	osdp_device_set_tamper(&rig.device, true);
	osdp_device_power_cycle(&rig.device, rig.now_ns);
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_OFFLINE);
	(void)rig_clear(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SEQUENCE);
	rig.sequence = 0;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_LSTATR);
	assert_memory_equal(rig.reply.data.data, "\1\1", 2);
	assert_false(output(&rig, 0));
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_LSTATR);
	assert_memory_equal(rig.reply.data.data, "\1\0", 2);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_memory_equal(rig.device.config.key, rig_key, sizeof(rig_key));
}

static void test_biometrics(void **state UNUSED)
{
	struct rig rig;

	clear_init(&rig);
	accepted(&rig, OSDP_BIOREAD, "00 00 00 80");
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_BIOREADR);
	assert_int_equal(rig.reply.data.data[1], OSDP_BIO_TIMEOUT);
	accepted(&rig, OSDP_BIOMATCH, "00 01 02 40 03 00 AA BB CC");
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_true(osdp_device_bio_match(&rig.device, OSDP_BIO_OK, 0xC8, rig.now_ns));
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_BIOMATCHR);
	assert_memory_equal(rig.reply.data.data, "\0\0\xC8", 3);
	refused(&rig, OSDP_BIOREAD, "01 00 00 80");
	refused(&rig, OSDP_BIOMATCH, "01 01 02 40 00 00");
	(void)rig_clear(&rig, OSDP_BIOMATCH, "00 01 02 40 04 00 AA BB CC");
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
	rig.device.config.biometrics = false;
	(void)rig_clear(&rig, OSDP_BIOREAD, "00 00 00 80");
	rig_is_nak(&rig, OSDP_NAK_COMMAND);
}

/* --- identity in parts --- */

static void test_extended_identity(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct osdp_assembly assembly;
	struct osdp_identity field;
	struct osdp_part part;
	char memory[256];
	unsigned parts = 1;
	struct rig rig;

	config.extended_identity = true;
	assert_true(text_set(&config.maker, SPAN_LIT("A maker with a name of some length, and then "
						     "a little more of it")));
	assert_true(
		text_set(&config.product, SPAN_LIT("A product of some length too, as they are")));
	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	osdp_assembly_init(&assembly, memory, sizeof(memory));
	assert_int_equal(rig_secure(&rig, OSDP_ID, "01"), OSDP_EXT_PDID);
	for (;; parts++) {
		assert_true(rig.reply.bytes.len <= OSDP_FRAME_SAFE);
		assert_true(osdp_part_decode(rig.reply.data, &part));
		if (osdp_assembly_take(&assembly, &part) == OSDP_ASSEMBLY_DONE)
			break;
		assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_EXT_PDID);
	}
	assert_int_equal(parts, 2);
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
	struct span rest = buf_span(&assembly.message);

	assert_true(osdp_identity_next(&rest, &field));
	assert_true(span_equal(field.value, text_span(&config.maker)));
	assert_true(osdp_identity_next(&rest, &field));
	assert_true(osdp_identity_next(&rest, &field));
	assert_int_equal(field.tag, OSDP_IDENTITY_SERIAL);
	assert_true(span_equal(field.value, SPAN_LIT("305419896")));
	assert_true(osdp_identity_next(&rest, &field));
	assert_true(span_equal(field.value, SPAN_LIT("1.2.3")));
	assert_int_equal(rest.len, 0);
	/* A panel that takes more gets it in one. */
	assert_int_equal(rig_secure(&rig, OSDP_ACURXSIZE, "A0 05"), OSDP_ACK);
	assert_int_equal(rig_secure(&rig, OSDP_ID, "01"), OSDP_EXT_PDID);
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
	/* ABORT ends it in the middle. */
	assert_int_equal(rig_secure(&rig, OSDP_ACURXSIZE, "01 00"), OSDP_ACK);
	assert_int_equal(rig_secure(&rig, OSDP_ID, "01"), OSDP_EXT_PDID);
	assert_int_equal(rig_secure(&rig, OSDP_ABORT, ""), OSDP_ACK);
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
}

/* --- files --- */

struct file {
	char bytes[64];
	size_t len;
	int16_t status;
};

static int16_t file_take(void *user, const struct osdp_filetransfer *part)
{
	struct file *file = user;

	if (part->fragment.len > 0)
		memcpy(file->bytes + part->offset, part->fragment.data, part->fragment.len);
	file->len = part->offset + part->fragment.len;
	return file->status;
}

static void file_sends(struct rig *rig, const char *data, int16_t status)
{
	struct osdp_ftstat ftstat;

	assert_int_equal(rig_clear(rig, OSDP_FILETRANSFER, data), OSDP_FTSTAT);
	assert_true(osdp_ftstat_decode(rig->reply.data, &ftstat));
	assert_int_equal(ftstat.status, status);
}

static void test_file(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct file file = {.status = OSDP_FTSTAT_PROCEED};
	struct rig rig;

	config.secure_required = false;
	rig_init(&rig, &config);
	(void)rig_clear(&rig, OSDP_FILETRANSFER, "01 05 00 00 00 00 00 00 00 01 00 41");
	rig_is_nak(&rig, OSDP_NAK_COMMAND);
	config.file_max = sizeof(file.bytes);
	config.owner.file = file_take;
	config.owner.user = &file;
	rig_init(&rig, &config);
	file_sends(&rig, "01 05 00 00 00 00 00 00 00 03 00 41 42 43", OSDP_FTSTAT_PROCEED);
	assert_memory_equal(rig.reply.data.data, "\1\0\0\0\0\0\0", 7);
	file_sends(&rig, "01 05 00 00 00 03 00 00 00 02 00 44 45", OSDP_FTSTAT_PROCESSED);
	assert_memory_equal(file.bytes, "ABCDE", 5);
	/* A gap, and what is too large; the owner does not see them. */
	file.len = 99;
	file_sends(&rig, "01 05 00 00 00 04 00 00 00 01 00 41", OSDP_FTSTAT_MALFORMED);
	file_sends(&rig, "01 41 00 00 00 00 00 00 00 01 00 41", OSDP_FTSTAT_ABORT);
	assert_int_equal(file.len, 99);
	/* The owner takes its time, then restarts; then it says no. */
	file.status = OSDP_FTSTAT_FINISHING;
	file_sends(&rig, "01 01 00 00 00 00 00 00 00 01 00 41", OSDP_FTSTAT_FINISHING);
	file.status = OSDP_FTSTAT_REBOOTING;
	file_sends(&rig, "01 01 00 00 00 01 00 00 00 00 00", OSDP_FTSTAT_REBOOTING);
	file.status = OSDP_FTSTAT_UNRECOGNISED;
	file_sends(&rig, "01 05 00 00 00 00 00 00 00 03 00 41 42 43", OSDP_FTSTAT_UNRECOGNISED);
	file_sends(&rig, "01 05 00 00 00 03 00 00 00 02 00 44 45", OSDP_FTSTAT_ABORT);
	(void)rig_clear(&rig, OSDP_FILETRANSFER, "01 05 00 00 00 00 00 00 00 04 00 41");
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_led_permanent),
		cmocka_unit_test(test_led_temporary),
		cmocka_unit_test(test_led_refused),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_buzzer),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_cards_of_all_lengths),
		cmocka_unit_test(test_events_age),
		cmocka_unit_test(test_events_full),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_power_cycle),
		cmocka_unit_test(test_biometrics),
		cmocka_unit_test(test_extended_identity),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
