// SPDX-License-Identifier: Apache-2.0
/* OSDP frames in words, their secrets overwritten, and as pcap files. */
#include "base/compiler.h"
#include "osdp_vectors.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_pcap.h"
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
	static const struct row keypad = {true, OSDP_KEYPAD, "00 05 31 32 7F 0D 44", NULL};
	static const struct row keyset = {false, OSDP_KEYSET, "01 02 AA BB", NULL};
	uint8_t bytes[OSDP_FRAME_MAX];
	size_t len = build(&keypad, bytes);

	(void)state;
	assert_string_equal(text_of(bytes, len, true), "head 0, 12*#D");
	len = build(&keyset, bytes);
	assert_string_equal(text_of(bytes, len, true), "key of type 1: aabb");
}

/* Under the default key everybody can decrypt a KEYSET. */
static void encrypted_keys_are_overwritten_too(void **state)
{
	uint8_t data[32], bytes[OSDP_FRAME_MAX];
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
	uint8_t bytes[OSDP_FRAME_MAX], data[1400];

	(void)state;
	for (unsigned code = OSDP_OUT; code <= OSDP_LED; code++) {
		struct osdp_frame frame = {.use_crc = true, .code = (uint8_t)code};

		memset(data, 2, sizeof(data));
		frame.data = span_of(data, sizeof(data)); /* of 4 and of 14 */
		size_t len = osdp_frame_build(&frame, bytes, sizeof(bytes));
		const char *text = text_of(bytes, len, false);

		assert_string_equal(text + strlen(text) - 4, ", ..");
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_told_in_words),
		cmocka_unit_test(only_secrets_are_overwritten),
		cmocka_unit_test(secrets_are_shown_on_demand),
		cmocka_unit_test(encrypted_keys_are_overwritten_too),
		cmocka_unit_test(a_damaged_frame_keeps_its_head_alone),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(a_capture_is_as_wireshark_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
