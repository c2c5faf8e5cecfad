// SPDX-License-Identifier: Apache-2.0
/* OSDP frames in words, their secrets overwritten, and as pcap files. */
#include "base/compiler.h"
#include "osdp_vectors.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_pcap.h"
#include "protocols/osdp_reply.h"
#include "protocols/osdp_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	bool reply;
	uint8_t code;
	const char *data; /* hex */
	const char *text;
};

static const struct row rows[] = {
	{false, OSDP_POLL, "", ""},
	{false, OSDP_ID, "00", ""},
	{false, OSDP_ID, "01", "form 1"},
	{false, OSDP_OUT, "00 05 1E 00 01 01 00 00", "output 0 on for 3.0 s, output 1 off"},
	{false, OSDP_OUT, "00 05 1E", "not what this code has: 00051e"},
	{false, OSDP_LED, "00 00 02 02 02 02 00 1E 00 01 01 00 01 00",
		"light 0: for 3.0 s green 0.2 s and dark 0.2 s, then red"},
	{false, OSDP_LED, "00 01 01 00 00 00 00 00 00 00 00 00 00 00",
		"light 1: end of the temporary one"},
	{false, OSDP_BUZ, "00 02 02 02 03", "on 0.2 s, off 0.2 s, 3 times"},
	{false, OSDP_BUZ, "00 02 0A 0B 00", "on 1.0 s, off 1.1 s, until it is told otherwise"},
	{false, OSDP_BUZ, "00 01 00 00 00", "off"},
	{false, OSDP_TEXT, "00 01 00 01 01 05 48 65 6C 6C 6F", "\"Hello\" row 1 column 1"},
	{false, OSDP_COMSET, "05 80 25 00 00", "address 5, 9600 baud"},
	{false, OSDP_KEYSET, "01 02 AA BB", "key of type 1: 2 bytes, hidden"},
	{false, OSDP_KEYSET, "01 10 AA BB", "not what this code has: 4 bytes, hidden"},
	{false, OSDP_ACURXSIZE, "00 04", "1024 bytes"},
	{false, OSDP_KEEPACTIVE, "E8 03", "1000 ms"},
	{false, OSDP_FILETRANSFER, "01 00 10 00 00 80 00 00 00 02 00 AA BB",
		"file of type 1: 2 bytes from 128 of 4096"},
	{false, OSDP_MFG, "CA 44 6C 01 02", "vendor ca446c: 0102"},
	{false, OSDP_BIOMATCH, "00 01 00 50 02 00 AA BB", "type 1: template of 2 bytes, hidden"},
	{true, OSDP_ACK, "", ""},
	{true, OSDP_NAK, "03", "3: unknown command"},
	{true, OSDP_PDID, "3C 2B 1A 01 02 78 56 34 12 01 02 03",
		"vendor 3c2b1a, model 1, version 2, serial 305419896, firmware 1.2.3"},
	{true, OSDP_PDCAP, "08 01 00 0A 00 01", "8:1/0, 10:0/1"},
	{true, OSDP_LSTATR, "01 00", "tampered with, power good"},
	{true, OSDP_ISTATR, "00 01 05 80", "0 inactive, 1 active, 2 unknown, 3 value 128"},
	{true, OSDP_RSTATR, "02", "0 tampered with"},
	{true, OSDP_RAW, "00 01 05 00 A8", "head 0, Wiegand, 5 bits 10101"},
	{true, OSDP_FMT, "01 00 02 31 0A", "head 1, characters \"1.\""},
	{true, OSDP_KEYPAD, "00 03 31 32 0D", "head 0, 3 keys, hidden"},
	{true, OSDP_BIOREADR, "00 00 01 02 02 00 AA BB",
		"status 0, type 1, quality 2, template of 2 bytes, hidden"},
	{true, OSDP_BIOMATCHR, "00 00 FF", "status 0, score 255"},
	{true, OSDP_FTSTAT, "01 64 00 00 00 00 00", "go on, next one in 100 ms"},
	{true, OSDP_FTSTAT, "02 00 00 FE FF 80 00",
		"refused: the reader does not know this kind of file, frames of at most 128 bytes, "
		"nothing else meanwhile, asks to leave the secure channel"},
	{true, OSDP_XRD, "00 01 00 00", "00010000"},
	{true, OSDP_ID, "01", "01"}, /* a command's code */
	{false, OSDP_OUT, "01 06 05 00 02 07 00 00", "output 1 off for 0.5 s, output 2 value 7"},
	{false, OSDP_LED, "00 00 00 00 00 00 00 00 00 01 01 01 02 09",
		"light 0: green 0.1 s and value 9 0.1 s"},
	{false, OSDP_LED, "00 03 00 00 00 00 00 00 00 00 00 00 00 00", "light 3:"},
	{false, OSDP_BUZ, "00 02 01 00 01", "on 0.1 s, off 0.0 s, 1 time"},
	{false, OSDP_TEXT, "00 03 05 02 01 02 7F 7E", "\".~\" row 2 column 1 for 5 s"},
	{false, OSDP_TEXT, "00 04 06 01 01 00", "\"\" row 1 column 1 for 6 s"},
	{true, OSDP_COM, "00 00 E1 00 00", "address 0, 57600 baud"},
	{true, OSDP_NAK, "09 BF", "9: cannot process the command, bf"},
	{true, OSDP_LSTATR, "00 01", "no tamper, power failed or was away"},
	{true, OSDP_OSTATR, "01", "0 active"},
	{true, OSDP_KEYPAD, "00 01 31", "head 0, 1 key, hidden"},
	{true, OSDP_RAW, "00 00 03 00 60", "head 0, 3 bits 011"},
	{true, OSDP_RAW, "00 00 00 00", "head 0, 0 bits "},
	{true, OSDP_MFGREP, "CA 44 6C", "vendor ca446c: "},
};

/* Data that is not what its code has: never more is told of it than hex, and of secrets the length.
 */
static const struct row wrong[] = {
	{false, OSDP_ID, "00 01", "0001"}, {false, OSDP_LED, "00", "00"}, {false, OSDP_OUT, "", ""},
	{false, OSDP_OUT, "00 05", "0005"}, {true, OSDP_PDCAP, "08 01 00 0A", "0801000a"},
	{false, OSDP_BUZ, "00 02", "0002"}, {false, OSDP_TEXT, "00", "00"},
	{false, OSDP_COMSET, "05", "05"}, {false, OSDP_ACURXSIZE, "00", "00"},
	{false, OSDP_FILETRANSFER, "01 00", "0100"}, {false, OSDP_MFG, "CA 44", "ca44"},
	{false, OSDP_BIOMATCH, "00 AA BB", "3 bytes, hidden"}, {true, OSDP_NAK, "", ""},
	{true, OSDP_PDID, "3C", "3c"}, {true, OSDP_LSTATR, "00", "00"},
	{true, OSDP_RAW, "00 01", "0001"}, {true, OSDP_FMT, "01", "01"},
	{true, OSDP_KEYPAD, "00 09 31", "3 bytes, hidden"},
	{true, OSDP_BIOREADR, "00 AA", "2 bytes, hidden"}, {true, OSDP_BIOMATCHR, "00", "00"},
	{true, OSDP_FTSTAT, "01", "01"},
	{false, OSDP_CHLNG, "00", "00"}, /* without a security block */
};

static size_t build(const struct row *row, uint8_t out[OSDP_FRAME_MAX])
{
	uint8_t data[OSDP_FRAME_MAX];
	size_t len = row->data[0] == 0 ? 0 : osdp_hex(row->data, data);
	const struct osdp_frame frame = {.address = 5,
		.reply = row->reply,
		.sequence = 1,
		.use_crc = row->code != OSDP_KEYPAD, /* a check of either kind is renewed */
		.code = row->code,
		.data = span_of(data, len)};

	return osdp_frame_build(&frame, out, OSDP_FRAME_MAX);
}

static const char *text_of(const uint8_t *bytes, size_t len, bool secrets)
{
	static char memory[OSDP_TRACE_TEXT_MAX + 1];
	struct buf text = buf_over(memory, OSDP_TRACE_TEXT_MAX);
	struct osdp_frame frame;

	assert_int_equal(osdp_frame_parse(span_of(bytes, len), &frame), OSDP_FRAME_OK);
	osdp_trace_text(&text, &frame, secrets);
	assert_false(text.overflow);
	memory[text.len] = 0;
	return memory;
}

static void frames_are_told_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t bytes[OSDP_FRAME_MAX];
		size_t len = build(&rows[i], bytes);

		assert_string_equal(text_of(bytes, len, false), rows[i].text);
	}
}

static void what_is_wrong_is_said_to_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		uint8_t bytes[OSDP_FRAME_MAX];
		size_t len = build(&wrong[i], bytes);
		const char *text = text_of(bytes, len, false);

		assert_int_equal(strncmp(text, "not what this code has: ", 24), 0);
		assert_string_equal(text + 24, wrong[i].text);
		/* On demand all of it. */
		assert_null(strstr(text_of(bytes, len, true), "hidden"));
	}
}

static void only_secrets_are_overwritten(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t bytes[OSDP_FRAME_MAX], hidden[OSDP_FRAME_MAX];
		size_t len = build(&rows[i], bytes);
		bool secret = strstr(rows[i].text, "hidden") != NULL;

		memcpy(hidden, bytes, len);
		assert_int_equal(osdp_trace_hide(hidden, len), secret);
		assert_int_equal(memcmp(hidden, bytes, len) != 0, secret);
		for (size_t at = 0; secret && at + 1 < len; at++)
			assert_false(hidden[at] == 0xAA && hidden[at + 1] == 0xBB);
		/* Still a good frame; a template without its length is one of no bytes. */
		if (rows[i].code != OSDP_BIOREADR)
			assert_string_equal(text_of(hidden, len, false), rows[i].text);
	}
}

static void secrets_are_shown_on_demand(void **state)
{
	static const struct row keypad = {true, OSDP_KEYPAD, "00 07 31 32 7F 0D 44 21 45", NULL};
	static const struct row keyset = {false, OSDP_KEYSET, "01 02 AA BB", NULL};
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len = build(&keypad, bytes);

	(void)state;
	assert_string_equal(text_of(bytes, len, true), "head 0, 12*#D??");
	len = build(&keyset, bytes);
	assert_string_equal(text_of(bytes, len, true), "key of type 1: aabb");
}

/* Under the default key everybody can decrypt a KEYSET. */
static void encrypted_keys_are_overwritten_too(void **state)
{
	uint8_t data[32] = {0}, bytes[OSDP_FRAME_MAX];
	struct osdp_frame frame = {.address = 5,
		.use_crc = true,
		.has_security_block = true,
		.block_type = OSDP_SCS_17,
		.code = OSDP_KEYSET,
		.data = span_of(data, sizeof(data)),
		.mac = {"abcd", 4}};
	struct osdp_frame got;

	(void)state;
	memset(data, 0x5A, sizeof(data));
	size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));

	assert_true(osdp_trace_hide(bytes, len));
	assert_null(memchr(bytes, 0x5A, len));
	assert_string_equal(text_of(bytes, len, true), "32 bytes encrypted");
	assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
	assert_memory_equal(got.mac.data, "abcd", 4);
	assert_string_equal(osdp_block_name(&got), "SCS_17");
	frame.code = OSDP_LED;
	len = osdp_frame_build(&frame, bytes, sizeof(bytes));
	assert_false(osdp_trace_hide(bytes, len));
}

static void a_damaged_frame_keeps_its_head_alone(void **state)
{
	static const struct row keypad = {true, OSDP_KEYPAD, "00 03 31 32 33", NULL};
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len = build(&keypad, bytes);
	uint8_t head[5];

	(void)state;
	memcpy(head, bytes, sizeof(head));
	bytes[len - 1] ^= 1;
	assert_true(osdp_trace_hide(bytes, len));
	assert_memory_equal(bytes, head, sizeof(head));
	for (size_t i = sizeof(head); i < len; i++)
		assert_int_equal(bytes[i], 0);
	assert_false(osdp_trace_hide(bytes, sizeof(head)));
}

static void long_lists_are_cut(void **state)
{
	uint8_t bytes[OSDP_FRAME_MAX], data[1400] = {0};

	(void)state;
	static const struct {
		bool reply;
		uint8_t code;
	} lists[] = {{false, OSDP_OUT}, {false, OSDP_LED}, {true, OSDP_PDCAP}, {true, OSDP_ISTATR}};

	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		struct osdp_frame frame = {
			.use_crc = true, .reply = lists[i].reply, .code = lists[i].code};

		memset(data, 2, sizeof(data));
		/* Records of 4, 14, 3 and 1. */
		frame.data = span_of(data, lists[i].code == OSDP_PDCAP ? 1398 : 1400);
		size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));
		const char *text = text_of(bytes, len, false);

		assert_string_equal(text + strlen(text) - 4, ", ..");
	}
	/* A reply of a vendor, and a card with more bits than any. */
	static const struct {
		uint8_t code;
		const char *start;
		const char *end;
	} longs[] = {{OSDP_MFGREP, "vendor 020202: 0202", "02.. of 1397 bytes"},
		{OSDP_RAW, "head 2, 11152 bits 0202", "02.. of 1394 bytes"}};

	for (size_t i = 0; i < ARRAY_COUNT(longs); i++) {
		struct osdp_frame frame = {.use_crc = true, .reply = true, .code = longs[i].code};

		data[2] = longs[i].code == OSDP_RAW ? 0x90 : 2;
		data[3] = longs[i].code == OSDP_RAW ? 0x2B : 2;
		frame.data = span_of(data, longs[i].code == OSDP_RAW ? 4 + 1394 : sizeof(data));
		size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));
		const char *text = text_of(bytes, len, false);

		assert_memory_equal(text, longs[i].start, strlen(longs[i].start));
		assert_string_equal(text + strlen(text) - strlen(longs[i].end), longs[i].end);
	}
}

/* A handshake says which key it is about, and who the reader is. */
static void handshakes_are_told(void **state)
{
	static const struct {
		bool reply;
		uint8_t code, type, said;
		const char *text;
		const char *name;
	} steps[] = {
		{false, OSDP_CHLNG, OSDP_SCS_11, 0, "default key", "SCS_11"},
		{false, OSDP_CHLNG, OSDP_SCS_11, 1, "own key", "SCS_11"},
		{true, OSDP_CCRYPT, OSDP_SCS_12, 1, "own key, reader 5a5a5a5a5a5a5a5a", "SCS_12"},
		{false, OSDP_SCRYPT, OSDP_SCS_13, 0, "default key", "SCS_13"},
		{true, OSDP_RMAC_I, OSDP_SCS_14, 1, "accepted", "SCS_14"},
		{true, OSDP_RMAC_I, OSDP_SCS_14, 0xff, "refused", "SCS_14"},
		{true, OSDP_ACK, 0x19, 1, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "?"},
		{true, OSDP_ACK, 0x10, 1, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "?"},
		{true, OSDP_ACK, OSDP_SCS_18, 1, "12 bytes encrypted", "SCS_18"},
		{true, OSDP_ACK, 0x21, 1, "16 bytes encrypted", "?"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		uint8_t bytes[OSDP_FRAME_MAX], data[16];
		struct osdp_frame got;
		const struct osdp_frame frame = {.reply = steps[i].reply,
			.use_crc = true,
			.has_security_block = true,
			.block_type = steps[i].type,
			.block = span_of(&steps[i].said, 1),
			.code = steps[i].code,
			.data = span_of(data, sizeof(data))};

		memset(data, 0x5A, sizeof(data));
		size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));

		assert_string_equal(text_of(bytes, len, false), steps[i].text);
		assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
		assert_string_equal(osdp_block_name(&got), steps[i].name);
	}
	/* Too short for the number of a reader. */
	const struct osdp_frame cut = {.reply = true,
		.has_security_block = true,
		.block_type = OSDP_SCS_12,
		.block = SPAN_LIT("\1"),
		.code = OSDP_CCRYPT,
		.data = SPAN_LIT("1234567")};
	char memory[OSDP_TRACE_TEXT_MAX];
	struct buf out = buf_over(memory, sizeof(memory));

	osdp_trace_text(&out, &cut, false);
	assert_true(span_equal(buf_span(&out), SPAN_LIT("own key")));
	assert_string_equal(osdp_block_name(&(struct osdp_frame){.code = OSDP_ACK}), "-");
}

static void results_have_words(void **state)
{
	static const char *const frames[] = {[OSDP_FRAME_OK] = "good",
		[OSDP_FRAME_SHORT] = "cut short",
		[OSDP_FRAME_START] = "does not begin like a frame",
		[OSDP_FRAME_LENGTH] = "wrong length",
		[OSDP_FRAME_CONTROL] = "wrong control byte",
		[OSDP_FRAME_CHECK] = "wrong check",
		[OSDP_FRAME_BLOCK] = "wrong security block"};
	static const struct {
		int16_t status;
		const char *text;
	} files[] = {{OSDP_FTSTAT_PROCEED, "go on"}, {OSDP_FTSTAT_PROCESSED, "taken and processed"},
		{OSDP_FTSTAT_REBOOTING, "taken; the reader restarts"},
		{OSDP_FTSTAT_FINISHING, "the reader works on it"},
		{OSDP_FTSTAT_ABORT, "refused: the reader gives up the transfer"},
		{OSDP_FTSTAT_UNRECOGNISED, "refused: the reader does not know this kind of file"},
		{OSDP_FTSTAT_MALFORMED, "refused: the file is malformed or not for this reader"},
		{-100, "refused for a reason of the vendor's own"},
		{100, "a status that is not known"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(frames); i++)
		assert_string_equal(osdp_frame_result_text((enum osdp_frame_result)i), frames[i]);
	assert_string_equal(
		osdp_frame_result_text((enum osdp_frame_result)ARRAY_COUNT(frames)), "wrong");
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		assert_string_equal(osdp_ftstat_text(files[i].status), files[i].text);
}

static void a_capture_is_as_wireshark_reads_it(void **state)
{
	static const uint8_t want[] = {0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xFF, 0xFF, 0, 0, 250, 0, 0, 0, /* and a record */
		1, 0, 0, 0, 0xE8, 3, 0, 0, 15, 0, 0, 0, 15, 0, 0, 0, /* the head of a serial line */
		0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 'a', 'b', 'c'};
	char memory[sizeof(want)];
	struct buf out = buf_over(memory, sizeof(memory));

	(void)state;
	osdp_pcap_begin(&out);
	osdp_pcap_write(&out, INT64_C(1000001000), true, SPAN_LIT("abc"));
	assert_false(out.overflow);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(memory, want, sizeof(want));
	for (size_t len = 0; len < sizeof(want); len++) {
		struct span file = span_of(memory, len);
		struct osdp_pcap pcap;
		struct osdp_pcap_record record;
		enum osdp_pcap_result result = osdp_pcap_open(&file, &pcap);

		assert_int_equal(result, len < 4    ? OSDP_PCAP_NO_PCAP
					 : len < 24 ? OSDP_PCAP_CUT
						    : OSDP_PCAP_END);
		if (len >= 24)
			assert_int_equal(osdp_pcap_next(&pcap, &file, &record),
				len == 24 ? OSDP_PCAP_END : OSDP_PCAP_CUT);
	}
}

static size_t capture(uint8_t *out, bool big_endian, uint32_t magic, uint32_t link,
	const char *payload, size_t len)
{
	const uint32_t words[] = {magic, 0x00040002, 0, 0, 65535, link, /* and a record */
		2, 5, (uint32_t)len, (uint32_t)len};

	for (size_t i = 0; i < sizeof(words); i++)
		out[i] = (uint8_t)(words[i / 4] >> 8 * (big_endian ? 3 - i % 4 : i % 4));
	memcpy(out + sizeof(words), payload, len);
	return sizeof(words) + len;
}

/* Captures of other programs: either order of bytes, either unit of time, with a mark, bare. */
static void captures_of_others_are_read(void **state)
{
	static const struct {
		bool big_endian;
		uint32_t magic, link;
		const char *payload;
		size_t len;
		enum osdp_pcap_result open, next;
		bool reply;
		int64_t utc_ns;
		size_t bytes;
	} files[] = {
#define SERIAL_RX(event) "\0\0\0\1\0\0\0\1" event "\0\0\0"
		{false, 0xA1B2C3D4, 147, "\x53\x05z", 3, OSDP_PCAP_END, OSDP_PCAP_RECORD, false,
			INT64_C(2000005000), 3},
		{true, 0xA1B2C3D4, 162, "\xff\xff\x53\x85z", 5, OSDP_PCAP_END, OSDP_PCAP_RECORD,
			true, INT64_C(2000005000), 3},
		{true, 0xA1B23C4D, 0x14000000 | 250, SERIAL_RX("\2") "\xff\x53", 14, OSDP_PCAP_END,
			OSDP_PCAP_RECORD, true, INT64_C(2000000005), 1},
		{false, 0xA1B23C4D, 250, SERIAL_RX("\4") "\x53", 13, OSDP_PCAP_END,
			OSDP_PCAP_RECORD, true, INT64_C(2000000005), 1},
		{false, 0xA1B23C4D, 250, SERIAL_RX("\1") "\x53\x85", 14, OSDP_PCAP_END,
			OSDP_PCAP_RECORD, false, INT64_C(2000000005), 2},
		{false, 0xA1B23C4D, 250, SERIAL_RX("\1"), 12, OSDP_PCAP_END, OSDP_PCAP_END, false,
			0, 0},
		{false, 0xA1B2C3D4, 150, "\xff", 1, OSDP_PCAP_END, OSDP_PCAP_END, false, 0, 0},
		{false, 0xA1B2C3D4, 150, "\x53", 1, OSDP_PCAP_END, OSDP_PCAP_RECORD, false,
			INT64_C(2000005000), 1},
		{false, 0xA1B2C3D4, 146, "", 0, OSDP_PCAP_LINK, OSDP_PCAP_END, false, 0, 0},
		{false, 0xA1B2C3D4, 163, "", 0, OSDP_PCAP_LINK, OSDP_PCAP_END, false, 0, 0},
		{false, 0x0A0D0D0A, 250, "", 0, OSDP_PCAP_NO_PCAP, OSDP_PCAP_END, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		uint8_t memory[100];
		struct osdp_pcap_record record;
		struct osdp_pcap pcap;
		struct span file =
			span_of(memory, capture(memory, files[i].big_endian, files[i].magic,
						files[i].link, files[i].payload, files[i].len));

		assert_int_equal(osdp_pcap_open(&file, &pcap), files[i].open);
		if (files[i].open != OSDP_PCAP_END)
			continue;
		assert_int_equal(osdp_pcap_next(&pcap, &file, &record), files[i].next);
		assert_int_equal(file.len, 0);
		if (files[i].next != OSDP_PCAP_RECORD)
			continue;
		assert_int_equal(record.reply, files[i].reply);
		assert_int_equal(record.utc_ns, files[i].utc_ns);
		assert_int_equal(record.bytes.len, files[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_told_in_words),
		cmocka_unit_test(what_is_wrong_is_said_to_be),
		cmocka_unit_test(handshakes_are_told),
		cmocka_unit_test(results_have_words),
		cmocka_unit_test(captures_of_others_are_read),
		cmocka_unit_test(only_secrets_are_overwritten),
		cmocka_unit_test(secrets_are_shown_on_demand),
		cmocka_unit_test(encrypted_keys_are_overwritten_too),
		cmocka_unit_test(a_damaged_frame_keeps_its_head_alone),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(a_capture_is_as_wireshark_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
