// SPDX-License-Identifier: Apache-2.0
/*
 * An OSDP reader on its line: it answers the vectors byte for byte, and its rules of sequence,
 * secure channel and settings.
 */
#include "osdp_device_rig.h"

static struct card_bits card(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

/* Facility 123, card 45678; and 37 bits, facility 1000, card 123456. */
#define CARD_26 "10111101110110010011011101"
#define CARD_37 "0000000111110100000111100010010000001"

static void people_act(struct rig *rig)
{
	struct card_bits bits = card(CARD_26);
	struct card_bits long_bits = card(CARD_37);

	assert_true(osdp_device_card(&rig->device, &bits, rig->now_ns));
	assert_true(osdp_device_card(&rig->device, &long_bits, rig->now_ns));
	assert_true(osdp_device_keys(&rig->device, SPAN_LIT("12*#"), rig->now_ns));
}

/* In clear, one exchange after the other: 0, 1, 2, 3, 1, 2 ... */
static void test_vectors_clear(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	config.secure_required = false;
	rig_init(&rig, &config);
	rig_exchange(&rig, "53 05 09 00 04 61 00 C1 25",
		"53 85 14 00 04 45 3C 2B 1A 01 02 78 56 34 12 01 02 03 54 BB");
	rig_exchange(&rig, "53 05 09 00 05 62 00 A2 47",
		"53 85 26 00 05 46 01 01 02 02 01 01 03 01 00 04 04 01 05 02 01 08 01 00 09 01 00 "
		"0A 00 01 0D 00 01 10 02 00 37 00");
	rig_exchange(&rig, "53 05 08 00 06 60 DE EF", "53 85 08 00 06 40 6C E9");
	rig_exchange(&rig, "53 05 08 00 07 60 EF DC", "53 85 08 00 07 40 5D DA");
	rig_exchange(&rig, "53 05 08 00 05 60 8D BA", "53 85 08 00 05 40 3F BC");
	rig_exchange(&rig, "53 05 08 00 07 60 EF DC", "53 85 09 00 06 41 04 E3 D9");
	rig_exchange(&rig, "53 05 0D 00 06 80 0A 00 17 01 02 76 3B", "53 85 09 00 06 41 03 04 A9");
	rig_exchange(&rig, "53 05 0D 00 07 6A 00 02 02 02 03 0A C8", "53 85 08 00 07 40 5D DA");
	rig_exchange(&rig, "53 05 0C 00 05 68 00 05 1E 00 BD 26", "53 85 08 00 05 40 3F BC");
	rig_exchange(&rig, "53 05 16 00 06 69 00 00 02 02 02 02 00 1E 00 01 01 00 01 00 C8 D9",
		"53 85 08 00 06 40 6C E9");
	osdp_device_set_tamper(&rig.device, true);
	rig_exchange(&rig, "53 05 08 00 07 64 6B 9C", "53 85 0A 00 07 48 01 00 64 60");
	osdp_device_set_input(&rig.device, 1, OSDP_INPUT_ACTIVE);
	rig_exchange(&rig, "53 05 08 00 05 65 28 EA", "53 85 0A 00 05 49 00 01 2C 99");
	rig_exchange(&rig, "53 05 08 00 06 66 18 8F", "53 85 09 00 06 4A 01 BC 55");
	rig_exchange(&rig, "53 05 08 00 07 67 08 AC", "53 85 09 00 07 4B 02 DE 61");
	rig_exchange(&rig, "53 05 0D 00 05 6E 05 00 C2 01 00 B0 23",
		"53 85 0D 00 05 54 05 00 C2 01 00 0A 6E");
	people_act(&rig);
	rig_exchange(
		&rig, "53 05 08 00 06 60 DE EF", "53 85 10 00 06 50 00 01 1A 00 BD D9 37 40 34 74");
	rig_exchange(&rig, "53 05 08 00 07 60 EF DC",
		"53 85 11 00 07 50 00 01 25 00 01 F4 1E 24 08 31 B1");
	rig_exchange(&rig, "53 05 08 00 05 60 8D BA", "53 85 0E 00 05 53 00 04 31 32 7F 0D 4A B4");
	rig_exchange(&rig, "53 05 0A 00 06 7B A0 05 36 5F", "53 85 08 00 06 40 6C E9");
	rig_exchange(&rig, "53 05 0A 00 07 A7 88 13 CF C4", "53 85 08 00 07 40 5D DA");
	rig_exchange(&rig, "53 05 08 00 05 A2 83 43", "53 85 08 00 05 40 3F BC");
	/* PIVDATA: there is no smart card. */
	rig_exchange(
		&rig, "53 05 0E 00 06 A3 5F C1 02 00 00 00 4F AA", "53 85 09 00 06 41 03 04 A9");
	/* A checksum is answered with a checksum. */
	rig_exchange(&rig, "53 05 07 00 03 60 3E", "53 85 07 00 03 40 DE");
}

/* Section 3 of the vectors: the whole handshake and eight exchanges, RND.B given. */
static void test_vectors_secure(void **state UNUSED)
{
	static const uint8_t cuid[OSDP_CUID_SIZE] = {
		0x3C, 0x2B, 0x01, 0x00, 0x78, 0x56, 0x34, 0x12};
	struct osdp_device_config config = rig_config();
	struct card_bits bits = card(CARD_26);
	struct rig rig;

	memcpy(config.cuid, cuid, sizeof(cuid));
	config.baud = 115200;
	rig_init(&rig, &config);
	rig_exchange(&rig, "53 05 13 00 0C 03 11 01 76 A1 A2 A3 A4 A5 A6 A7 A8 69 78",
		"53 85 2B 00 0C 03 12 01 76 3C 2B 01 00 78 56 34 12 B1 B2 B3 B4 B5 B6 B7 B8 8F A6 "
		"AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A AA C8");
	rig_exchange(&rig,
		"53 05 1B 00 0D 03 13 01 77 47 3B 40 3F 31 A5 C1 9A 30 25 5F 1D 24 A9 9F 2B E7 BD",
		"53 85 1B 00 0D 03 14 01 78 9E 14 C2 CB 9A 5D E9 EB C3 A6 19 45 C1 83 8A 55 31 "
		"99");
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_SECURE);
	rig_exchange(&rig, "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DE",
		"53 85 0E 00 0E 02 16 40 22 FD 64 E2 ED 66");
	rig_exchange(&rig,
		"53 05 1E 00 0F 02 17 69 FB 0E 21 18 E5 B6 49 16 61 37 4A 4A 8F B3 69 FC DF 17 4C "
		"6D 71 3A",
		"53 85 0E 00 0F 02 16 40 5E 40 D4 CE 34 6B");
	assert_int_equal(osdp_device_led(&rig.device, 0, rig.now_ns), OSDP_COLOUR_GREEN);
	assert_true(osdp_device_card(&rig.device, &bits, rig.now_ns));
	rig_exchange(&rig, "53 05 0E 00 0D 02 15 60 A2 B7 0C 8E 9B C9",
		"53 85 1E 00 0D 02 18 50 6F 05 BB F9 9C 18 15 7F 61 77 69 D7 7D 22 CE 88 BD CE BA "
		"77 69 DF");
	rig_exchange(&rig,
		"53 05 1E 00 0E 02 17 6A B8 64 DF D6 94 20 F2 A3 CF 83 9D 3C DD 77 E3 CB DB BB 06 "
		"8C 99 68",
		"53 85 0E 00 0E 02 16 40 34 7F 26 BA BA BF");
	assert_int_equal(rig.device.shown.buzzer.count, 3);
	assert_true(osdp_device_keys(&rig.device, SPAN_LIT("12*#"), rig.now_ns));
	rig_exchange(&rig, "53 05 0E 00 0F 02 15 60 4B 60 C6 8B 9E 78",
		"53 85 1E 00 0F 02 18 53 E4 06 BF D9 59 3E 30 A0 12 96 43 2F 29 3B BF 0D 6C 41 D3 "
		"60 AF 41");
	rig_exchange(&rig,
		"53 05 1E 00 0D 02 17 68 07 57 DF BA 90 1D 9B 3D C6 E1 34 FC DE 54 A6 C7 C3 97 04 "
		"13 CF 61",
		"53 85 0E 00 0D 02 16 40 2C F8 17 0D F9 B6");
	assert_true(osdp_device_output(&rig.device, 0, rig.now_ns));
	rig_exchange(&rig,
		"53 05 1E 00 0E 02 17 6E 62 91 19 B7 0C 9B 8C CA EE 58 5E 13 4E 7F 57 14 FE 6A 73 "
		"1C 11 C6",
		"53 85 1E 00 0E 02 18 54 14 7E B9 D2 4C 5A ED 51 6B 37 A1 F1 09 73 3F FF 77 05 F9 "
		"40 CC 86");
	rig_exchange(&rig,
		"53 05 2E 00 0F 02 17 75 7A 5F A0 DC 2D 61 FC B6 4D E7 53 3D A9 CE C1 15 6A 5B DF "
		"29 52 A4 47 A9 B1 33 3B F3 5E 07 35 A9 29 FE 65 E5 50 CB",
		"53 85 0E 00 0F 02 16 40 14 9B 71 95 73 F1");
	for (unsigned i = 0; i < OSDP_KEY_SIZE; i++)
		assert_int_equal(rig.device.config.key[i], i);
}

/* Section 4: the cUID that most readers send. */
static void test_vectors_cuid(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	rig_exchange(&rig, "53 05 13 00 0C 03 11 01 76 A1 A2 A3 A4 A5 A6 A7 A8 69 78",
		"53 85 2B 00 0C 03 12 01 76 3C 2B 1A 78 56 34 12 00 B1 B2 B3 B4 B5 B6 B7 B8 8F A6 "
		"AF A8 B7 B5 FC 13 08 D3 70 68 8C 26 D0 9A 10 36");
}

/* Section 5: a reader without a key is given one. */
static void test_vectors_install(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	config.has_key = false;
	memset(config.key, 0, sizeof(config.key));
	rig_init(&rig, &config);
	rig_exchange(&rig, "53 05 13 00 0C 03 11 00 76 A1 A2 A3 A4 A5 A6 A7 A8 2C 17",
		"53 85 2B 00 0C 03 12 00 76 3C 2B 1A 78 56 34 12 00 B1 B2 B3 B4 B5 B6 B7 B8 48 7C "
		"2F 27 E3 FF 1D 5D 90 DA C9 5B 48 80 5B 5D 67 CE");
	rig_exchange(&rig,
		"53 05 1B 00 0D 03 13 00 77 50 45 82 F4 39 E3 79 26 AE AD A1 A1 3F CB 60 F2 D9 87",
		"53 85 1B 00 0D 03 14 01 78 53 07 F0 5B 87 B4 33 E9 6D FD 2B B9 F3 54 06 EE EE "
		"28");
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_INSTALL);
	rig_exchange(&rig,
		"53 05 2E 00 0E 02 17 75 BA 36 17 8B A2 71 C7 42 E6 DE CA 7C 89 C3 96 88 A3 3B 1E "
		"45 B6 72 29 C7 B5 B6 48 F4 5E 89 CB B7 AB 51 83 A0 74 BF",
		"53 85 0E 00 0E 02 16 40 18 CA 2F D1 9C B5");
	assert_true(rig.device.config.has_key);
	assert_memory_equal(rig.device.config.key, rig_key, sizeof(rig_key));
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	assert_false(rig_handshake(&rig, osdp_key_default, OSDP_SELECTOR_DEFAULT));
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
}

/* Section 8: what must be refused. */
static void test_vectors_negative(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	config.secure_required = false;
	rig_init(&rig, &config);
	assert_int_equal(rig_clear(&rig, OSDP_ID, "00"), OSDP_PDID);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	/* The check is wrong: told so, and the right one is still awaited. */
	rig_exchange(&rig, "53 05 08 00 06 60 DE EE", "53 85 09 00 06 41 01 46 89");
	rig_exchange(&rig, "53 05 08 00 06 60 DE EF", "53 85 08 00 06 40 6C E9");
	rig_exchange(&rig, "53 7F 16 00 04 69 00 00 02 02 02 02 00 1E 00 01 01 00 01 00 13 34", "");
	rig_exchange(&rig, "53 05 05 00 04", "");
	rig.sequence = 3;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	rig.sequence = 0;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	/* SCS_15 without a session: NAK 06 in clear. */
	rig_exchange(
		&rig, "53 05 0E 00 0E 02 15 60 00 00 00 00 B4 48", "53 85 09 00 06 41 06 A1 F9");
}

static void test_wrong_mac_ends_session(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	rig_exchange(
		&rig, "53 05 0E 00 0E 02 15 60 56 5A 4F B9 19 A8", "53 85 09 00 06 41 06 A1 F9");
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_CLEAR);
	assert_int_equal(rig.device.counters.bad_macs, 1);
	/* The right MAC is of no use any more. */
	rig.sequence = 3;
	(void)rig_secure(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
}

/* A frame that was damaged on its way moves nothing: the same bytes are taken afterwards. */
static void test_damage_keeps_session(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	rig_exchange(
		&rig, "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DF", "53 85 09 00 06 41 01 46 89");
	rig_exchange(&rig, "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DE",
		"53 85 0E 00 0E 02 16 40 22 FD 64 E2 ED 66");
	assert_int_equal(rig.device.counters.bad_frames, 1);
}

static void test_repeat(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct card_bits bits = card(CARD_26);
	struct rig rig;
	uint8_t first[OSDP_FRAME_MAX];

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	assert_true(osdp_device_card(&rig.device, &bits, rig.now_ns));
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_RAW);
	size_t len = rig.reply.bytes.len;

	memcpy(first, rig.bytes, len);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_bytes(&rig, span_of(rig.command, rig.command_len)), len);
		assert_memory_equal(rig.bytes, first, len);
	}
	assert_int_equal(rig.device.counters.repeats, 3);
	/* The chain did not move: the panel's next command is understood, the card is gone. */
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_int_equal(rig.device.counters.events, 1);
}

/* The same number with other bytes is no repeat. */
static void test_sequence(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	config.secure_required = false;
	rig_init(&rig, &config);
	rig.sequence = 2;
	(void)rig_clear(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SEQUENCE);
	assert_int_equal(rig.reply.sequence, 0); /* begin anew, it says */
	rig.sequence = 0;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	rig.sequence = 1;
	(void)rig_clear(&rig, OSDP_ID, "00");
	rig_is_nak(&rig, OSDP_NAK_SEQUENCE);
	assert_int_equal(rig.reply.sequence, 2);
	rig.sequence = 2;
	for (int i = 0; i < 7; i++)
		assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	/* 0 is always taken, and what was kept is forgotten. */
	rig.sequence = 0;
	assert_int_equal(rig_clear(&rig, OSDP_POLL, ""), OSDP_ACK);
	rig.sequence = 3;
	(void)rig_clear(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SEQUENCE);
}

static void test_sequence_0_ends_session(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	rig.sequence = 0;
	assert_int_equal(rig_clear(&rig, OSDP_ID, "00"), OSDP_PDID);
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_CLEAR);
	(void)rig_secure(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	assert_int_equal(rig.reply.block_type, OSDP_BLOCK_NONE);
}

/* ID, CAP and COMSET in clear are answered within a session, which goes on; others move nothing. */
static void test_clear_within_session(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;
	uint8_t sequence;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	assert_int_equal(rig_clear(&rig, OSDP_ID, ""), OSDP_PDID);
	assert_int_equal(rig_clear(&rig, OSDP_CAP, ""), OSDP_PDCAP);
	sequence = rig.sequence;
	(void)rig_clear(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	rig.sequence = sequence;
	(void)rig_clear(&rig, 0x5F, "");
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	rig.sequence = sequence;
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
}

static void test_secure_required(void **state UNUSED)
{
	static const uint8_t refused[] = {
		OSDP_POLL, OSDP_LSTAT, OSDP_ISTAT, OSDP_OSTAT, OSDP_RSTAT, OSDP_ABORT};
	struct osdp_device_config config = rig_config();
	struct card_bits bits = card(CARD_26);
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(osdp_device_card(&rig.device, &bits, rig.now_ns));
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		(void)rig_clear(&rig, refused[i], "");
		rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	}
	(void)rig_clear(&rig, OSDP_KEYSET, "01 10 A3 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F");
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	(void)rig_clear(&rig, OSDP_CHLNG, "A1 A2 A3 A4 A5 A6 A7 A8");
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
	assert_int_equal(rig_clear(&rig, OSDP_ID, "00"), OSDP_PDID);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_RAW);
}

/* SCBK-D is a key that everybody knows: what people do does not leave under it. */
static void test_default_key(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct card_bits bits = card(CARD_26);
	struct rig rig;

	rig_init(&rig, &config);
	assert_false(rig_handshake(&rig, osdp_key_default, OSDP_SELECTOR_DEFAULT));
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
	osdp_device_set_install(&rig.device, true);
	assert_true(rig_handshake(&rig, osdp_key_default, OSDP_SELECTOR_DEFAULT));
	assert_true(osdp_device_card(&rig.device, &bits, rig.now_ns));
	osdp_device_set_tamper(&rig.device, true);
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_int_equal(rig_secure(&rig, OSDP_KEYSET,
				 "01 10 5A 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E F1"),
		OSDP_ACK);
	assert_false(rig.device.config.install_mode);
	assert_int_equal(rig.device.config.key[0], 0x5A);
	/* Without a key, SCBK-D is taken and its own is not there. */
	osdp_device_set_key(&rig.device, NULL);
	assert_false(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
	/* A panel that goes on counting after the refusal is understood. */
	struct osdp_frame frame = {0};

	osdp_secure_chlng_write(
		&rig.panel, osdp_key_default, OSDP_SELECTOR_DEFAULT, rig_random_a, &frame);
	assert_int_equal(rig.sequence, 1);
	assert_int_equal(rig_handshake_send(&rig, &frame), OSDP_CCRYPT);
}

static void test_wrong_key(void **state UNUSED)
{
	static const uint8_t wrong[OSDP_KEY_SIZE] = {1, 2, 4};
	struct osdp_device_config config = rig_config();
	struct rig rig;
	struct osdp_frame frame = {0};

	rig_init(&rig, &config);
	assert_false(rig_handshake(&rig, wrong, OSDP_SELECTOR_OWN));
	assert_int_equal(rig.reply.code, OSDP_CCRYPT); /* which the panel did not believe */
	frame = (struct osdp_frame){.use_crc = true,
		.has_security_block = true,
		.block_type = OSDP_SCS_13,
		.block = SPAN_LIT("\1"),
		.code = OSDP_SCRYPT,
		.data = span_of(wrong, sizeof(wrong))};
	(void)rig_handshake_send(&rig, &frame);
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
	assert_int_equal(rig.device.secure.phase, OSDP_SECURE_IDLE);
	assert_int_equal(rig.device.counters.sessions, 0);
	/* An SCRYPT out of turn does not end the session that stands. */
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	uint8_t sequence = rig.sequence;

	(void)rig_handshake_send(&rig, &frame);
	rig_is_nak(&rig, OSDP_NAK_SECURITY_BLOCK);
	rig.sequence = sequence;
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
}

/* BUSY: the very same bytes, with the same MAC, are done when they come again. */
static void test_busy(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	osdp_device_be_busy(&rig.device, 2);
	for (int i = 0; i < 2; i++)
		rig_exchange(&rig, "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DE",
			"53 85 08 00 04 79 74 28");
	rig_exchange(&rig, "53 05 0E 00 0E 02 15 60 57 5A 4F B9 AD DE",
		"53 85 0E 00 0E 02 16 40 22 FD 64 E2 ED 66");
}

static void test_refuse(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	osdp_device_refuse(&rig.device, OSDP_NAK_SECURE_CHANNEL, 1);
	assert_false(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	rig_is_nak(&rig, OSDP_NAK_SECURE_CHANNEL);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	osdp_device_refuse(&rig.device, OSDP_NAK_GENERIC, 1);
	(void)rig_secure(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_GENERIC);
	assert_int_equal(rig.reply.block_type, OSDP_SCS_18);
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
}

struct keeper {
	enum osdp_device_keep answer;
	unsigned asked;
	uint8_t key[OSDP_KEY_SIZE];
};

static enum osdp_device_keep key_ask(void *user, const uint8_t key[OSDP_KEY_SIZE])
{
	struct keeper *keeper = user;

	keeper->asked++;
	memcpy(keeper->key, key, OSDP_KEY_SIZE);
	return keeper->answer;
}

#define NEW_KEY "9C 41 02 77 04 B5 06 E8 08 19 0A DB 0C 3D 0E F0"

static void test_keyset_owner(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct keeper keeper = {.answer = OSDP_DEVICE_KEY_REFUSED};
	struct rig rig;

	config.owner.key = key_ask;
	config.owner.user = &keeper;
	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	(void)rig_secure(&rig, OSDP_KEYSET, "01 10 " NEW_KEY);
	rig_is_nak(&rig, OSDP_NAK_RECORD);
	assert_memory_equal(rig.device.config.key, rig_key, sizeof(rig_key));
	/* Later: BUSY until it is kept, however often the panel asks. */
	keeper.answer = OSDP_DEVICE_KEY_LATER;
	assert_int_equal(rig_secure(&rig, OSDP_KEYSET, "01 10 " NEW_KEY), OSDP_BUSY);
	struct span again = span_of(rig.command, rig.command_len);

	assert_int_equal(rig_bytes(&rig, again), 8);
	assert_int_equal(rig.reply.code, OSDP_BUSY);
	assert_int_equal(keeper.asked, 2);
	assert_memory_equal(rig.device.config.key, rig_key, sizeof(rig_key));
	osdp_device_key_kept(&rig.device, true);
	assert_int_equal(rig_bytes(&rig, again), 14);
	assert_int_equal(rig.reply.code, OSDP_ACK);
	rig_unwrap(&rig);
	assert_int_equal(keeper.asked, 2);
	assert_int_equal(rig.device.config.key[0], 0x9C);
	/* The session goes on under its own keys; the next one has the new key. */
	assert_int_equal(rig_secure(&rig, OSDP_POLL, ""), OSDP_ACK);
	assert_true(rig_handshake(&rig, keeper.key, OSDP_SELECTOR_OWN));
	assert_int_equal(rig_secure(&rig, OSDP_KEYSET, "01 10 " NEW_KEY), OSDP_BUSY);
	osdp_device_key_kept(&rig.device, false);
	assert_int_equal(rig_bytes(&rig, again), 30);
	assert_int_equal(rig.reply.code, OSDP_NAK);
}

static void test_keyset_wrong(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	(void)rig_secure(
		&rig, OSDP_KEYSET, "01 10 30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F");
	rig_is_nak(&rig, OSDP_NAK_RECORD);
	(void)rig_secure(&rig, OSDP_KEYSET, "02 10 " NEW_KEY);
	rig_is_nak(&rig, OSDP_NAK_RECORD);
	(void)rig_secure(&rig, OSDP_KEYSET, "01 0F 41 02 77 04 B5 06 E8 08 19 0A DB 0C 3D 0E F0");
	rig_is_nak(&rig, OSDP_NAK_RECORD);
	(void)rig_secure(&rig, OSDP_KEYSET, "01 11 " NEW_KEY);
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
	assert_memory_equal(rig.device.config.key, rig_key, sizeof(rig_key));
}

/* COM goes out with the old settings; only then they change. */
static void test_comset(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct osdp_device_reply reply;
	uint8_t bytes[OSDP_FRAME_MAX];
	struct rig rig;

	rig_init(&rig, &config);
	/* Annex E: to whoever is alone on the line, with a checksum: address 0, 9600. */
	osdp_device_receive(
		&rig.device, rig_hex("53 7F 0C 00 00 6E 00 80 25 00 00 0F", bytes), rig.now_ns);
	assert_int_equal(osdp_device_address(&rig.device), 5);
	assert_false(osdp_device_transmit(&rig.device, rig.now_ns + 3 * MS - 1, &reply));
	assert_int_equal(osdp_device_deadline_ns(&rig.device), rig.now_ns + 3 * MS);
	assert_true(osdp_device_transmit(&rig.device, rig.now_ns + 3 * MS, &reply));
	assert_int_equal(reply.baud, 9600);
	assert_memory_equal(reply.bytes.data, "\x53\xFF\x0C\x00\x00\x54\x00\x80\x25\x00\x00", 11);
	assert_int_equal(osdp_device_address(&rig.device), 0);
	/* What cannot be is left as it is, and told so. */
	assert_int_equal(rig_clear(&rig, OSDP_COMSET, "7F 01 00 00 00"), OSDP_COM);
	assert_memory_equal(rig.reply.data.data, "\x00\x80\x25\x00\x00", 5);
	assert_int_equal(rig_clear(&rig, OSDP_COMSET, "09 00 C2 01 00"), OSDP_COM);
	assert_int_equal(osdp_device_address(&rig.device), 9);
	assert_int_equal(osdp_device_baud(&rig.device), 115200);
}

static void test_comset_fixed(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	config.com_fixed = true;
	rig_init(&rig, &config);
	assert_int_equal(rig_clear(&rig, OSDP_COMSET, "09 00 C2 01 00"), OSDP_COM);
	assert_memory_equal(rig.reply.data.data, "\x05\x80\x25\x00\x00", 5);
	assert_int_equal(osdp_device_address(&rig.device), 5);
	assert_int_equal(osdp_device_baud(&rig.device), 9600);
}

static void test_comset_overtaken(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct osdp_frame frame = {.address = 5, .use_crc = true, .code = OSDP_COMSET};
	uint8_t bytes[OSDP_FRAME_MAX];
	uint8_t data[8];
	struct rig rig;

	rig_init(&rig, &config);
	frame.data = rig_hex("09 00 C2 01 00", data);
	size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));

	osdp_device_receive(&rig.device, span_of(bytes, len), rig.now_ns);
	assert_int_equal(rig_clear(&rig, OSDP_ID, ""), OSDP_PDID);
	assert_int_equal(osdp_device_address(&rig.device), 5);
	/* Also by a handshake, whose replies are kept as well. */
	osdp_device_receive(&rig.device, span_of(bytes, len), rig.now_ns);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	assert_int_equal(osdp_device_address(&rig.device), 5);
}

static void test_offline(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_int_equal(osdp_device_link(&rig.device, rig.now_ns), OSDP_DEVICE_OFFLINE);
	assert_int_equal(osdp_device_deadline_ns(&rig.device), INT64_MAX);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	int64_t heard_ns = rig.now_ns - 3 * MS;

	assert_int_equal(osdp_device_deadline_ns(&rig.device), heard_ns + 8 * S);
	osdp_device_time(&rig.device, heard_ns + 8 * S - 1);
	assert_int_equal(osdp_device_link(&rig.device, heard_ns + 8 * S - 1), OSDP_DEVICE_SECURE);
	assert_int_equal(osdp_device_link(&rig.device, heard_ns + 8 * S), OSDP_DEVICE_OFFLINE);
	osdp_device_time(&rig.device, heard_ns + 8 * S);
	assert_int_equal(rig.device.secure.phase, OSDP_SECURE_IDLE);
	rig.now_ns = heard_ns + 9 * S;
	(void)rig_secure(&rig, OSDP_POLL, "");
	rig_is_nak(&rig, OSDP_NAK_SEQUENCE);
	assert_int_equal(rig.reply.sequence, 0);
}

/* Bytes come as they like; half a frame is given up after 20 ms. */
static void test_pieces(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct osdp_device_reply reply;
	uint8_t bytes[OSDP_FRAME_MAX];
	struct span id = rig_hex("FF 53 05 09 00 04 61 00 C1 25", bytes);
	struct rig rig;

	rig_init(&rig, &config);
	for (size_t i = 0; i < id.len; i++) {
		assert_false(osdp_device_transmit(&rig.device, rig.now_ns, &reply));
		osdp_device_receive(&rig.device, span_slice(id, i, 1), rig.now_ns);
		rig.now_ns += MS;
	}
	rig.now_ns += 3 * MS;
	assert_true(osdp_device_transmit(&rig.device, rig.now_ns, &reply));
	assert_false(osdp_device_transmit(&rig.device, rig.now_ns, &reply)); /* once */
	osdp_device_receive(&rig.device, span_slice(id, 0, 6), rig.now_ns);
	assert_int_equal(osdp_device_deadline_ns(&rig.device), rig.now_ns + 20 * MS);
	rig.now_ns += 20 * MS;
	osdp_device_time(&rig.device, rig.now_ns);
	assert_true(osdp_device_deadline_ns(&rig.device) > rig.now_ns + S);
	assert_true(rig_bytes(&rig, id) > 0);
	/* What is for others, or a reply of others, is left alone. */
	rig_exchange(&rig, "53 00 08 00 04 60 EB AA", "");
	rig_exchange(&rig, "53 85 08 00 05 40 3F BC", "");
}

/* Two readers behind one receiver: each takes what is its own. */
static void test_frames(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct osdp_device_reply reply;
	uint8_t bytes[OSDP_FRAME_MAX];
	struct osdp_frame frame;
	struct rig rig;
	struct rig other;

	rig_init(&rig, &config);
	config.address = 6;
	rig_init(&other, &config);
	enum osdp_frame_result result =
		osdp_frame_parse(rig_hex("53 05 09 00 04 61 00 C1 25", bytes), &frame);

	osdp_device_frame(&rig.device, result, &frame, 0);
	osdp_device_frame(&other.device, result, &frame, 0);
	assert_false(osdp_device_transmit(&other.device, 3 * MS, &reply));
	assert_true(osdp_device_transmit(&rig.device, 3 * MS, &reply));
	/* A security block that does not fit in its frame. */
	result = osdp_frame_parse(rig_hex("53 05 0A 00 08 20 11 60 00 05", bytes), &frame);
	assert_int_equal(result, OSDP_FRAME_BLOCK);
	osdp_device_frame(&rig.device, result, &frame, 0);
	assert_true(osdp_device_transmit(&rig.device, 3 * MS, &reply));
	assert_memory_equal(reply.bytes.data, "\x53\x85\x08\x00\x00\x41\x05", 7);
}

static void test_too_long(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	char data[200] = {0};
	struct rig rig;

	config.receive_max = 128;
	config.secure_required = false;
	rig_init(&rig, &config);
	(void)rig_send(&rig, false, OSDP_MFG, span_of(data, 121));
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
	(void)rig_send(&rig, false, OSDP_MFG, span_of(data, 120));
	rig_is_nak(&rig, OSDP_NAK_COMMAND);
	(void)rig_clear(&rig, OSDP_LED, "00 00 02");
	rig_is_nak(&rig, OSDP_NAK_LENGTH);
}

static void test_wipe(void **state UNUSED)
{
	struct osdp_device_config config = rig_config();
	struct rig rig;

	rig_init(&rig, &config);
	assert_true(rig_handshake(&rig, rig_key, OSDP_SELECTOR_OWN));
	osdp_device_wipe(&rig.device);
	for (size_t i = 0; i < sizeof(rig.device); i++)
		assert_int_equal(((const uint8_t *)&rig.device)[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_clear),
		cmocka_unit_test(test_vectors_secure),
		cmocka_unit_test(test_vectors_cuid),
		cmocka_unit_test(test_vectors_install),
		cmocka_unit_test(test_vectors_negative),
		cmocka_unit_test(test_wrong_mac_ends_session),
		cmocka_unit_test(test_damage_keeps_session),
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_sequence_0_ends_session),
		cmocka_unit_test(test_clear_within_session),
		cmocka_unit_test(test_secure_required),
		cmocka_unit_test(test_default_key),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_keyset_owner),
		cmocka_unit_test(test_keyset_wrong),
		cmocka_unit_test(test_comset),
		cmocka_unit_test(test_comset_fixed),
		cmocka_unit_test(test_comset_overtaken),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
