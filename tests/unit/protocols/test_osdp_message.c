// SPDX-License-Identifier: Apache-2.0
/* Data of OSDP commands and replies: values to bytes and back, edges, what is too short or too
 * long. */
#include "base/compiler.h"
#include "osdp_vectors.h"
#include "protocols/osdp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Data of the vector with this code, the nth of them (from 0). */
static const char *vector(bool reply, uint8_t code, unsigned nth)
{
	for (size_t i = 0; i < ARRAY_COUNT(osdp_plain); i++)
		if (osdp_plain[i].reply == reply && osdp_plain[i].code == code && nth-- == 0)
			return osdp_plain[i].data;
	fail_msg("no vector with code %02X", code);
	return NULL;
}

static void assert_bytes(const struct buf *got, const uint8_t *want, size_t len)
{
	assert_false(got->overflow);
	assert_int_equal(got->len, len);
	if (len > 0)
		assert_memory_equal(got->data, want, len);
}

#define osdp_nak_reply_encode osdp_nak_encode
#define osdp_nak_reply_decode osdp_nak_decode

enum tail { STRICT, TOLERANT };

/*
 * The value gives the bytes; the bytes give a value that gives them again, so the same one. One
 * byte too few is refused, where the last field is of a fixed length; one too many by what is
 * strict.
 */
#define GOES(name, text, tail, ...)                                                                \
	do {                                                                                       \
		struct osdp_##name value = {__VA_ARGS__}, got;                                     \
		uint8_t bytes[1024] = {0}, memory[1024];                                           \
		size_t len = osdp_hex(text, bytes);                                                \
		struct buf out = buf_over(memory, sizeof(memory));                                 \
                                                                                                   \
		osdp_##name##_encode(&out, &value);                                                \
		assert_bytes(&out, bytes, len);                                                    \
		assert_true(osdp_##name##_decode(span_of(bytes, len), &got));                      \
		out = buf_over(memory, sizeof(memory));                                            \
		osdp_##name##_encode(&out, &got);                                                  \
		assert_bytes(&out, bytes, len);                                                    \
		assert_false(osdp_##name##_decode(span_of(bytes, len - 1), &got));                 \
		assert_int_equal(                                                                  \
			osdp_##name##_decode(span_of(bytes, len + 1), &got), (tail) == TOLERANT);  \
	} while (0)

/* The same of what ends in bytes without a length: everything from min bytes on is taken. */
#define GOES_OPEN(name, text, min, ...)                                                            \
	do {                                                                                       \
		struct osdp_##name value = {__VA_ARGS__}, got;                                     \
		uint8_t bytes[64], memory[64];                                                     \
		size_t len = osdp_hex(text, bytes);                                                \
		struct buf out = buf_over(memory, sizeof(memory));                                 \
                                                                                                   \
		osdp_##name##_encode(&out, &value);                                                \
		assert_bytes(&out, bytes, len);                                                    \
		for (size_t cut = 0; cut <= len; cut++) {                                          \
			bool taken = osdp_##name##_decode(span_of(bytes, cut), &got);              \
                                                                                                   \
			assert_int_equal(taken, cut >= (min));                                     \
			out = buf_over(memory, sizeof(memory));                                    \
			if (taken) {                                                               \
				osdp_##name##_encode(&out, &got);                                  \
				assert_bytes(&out, bytes, cut);                                    \
			}                                                                          \
		}                                                                                  \
	} while (0)

/* One record of several: two of them behind each other, and a piece of a third. */
#define RECORDS_GO(name, text, ...)                                                                \
	do {                                                                                       \
		struct osdp_##name value = {__VA_ARGS__}, got;                                     \
		uint8_t bytes[128], memory[64];                                                    \
		size_t len = osdp_hex(text, bytes);                                                \
		struct buf out = buf_over(memory, sizeof(memory));                                 \
                                                                                                   \
		osdp_##name##_encode(&out, &value);                                                \
		assert_bytes(&out, bytes, len);                                                    \
		memcpy(bytes + len, bytes, len);                                                   \
		memcpy(bytes + 2 * len, bytes, len);                                               \
		struct span rest = span_of(bytes, 3 * len - 1);                                    \
                                                                                                   \
		for (unsigned i = 0; i < 2; i++) {                                                 \
			assert_true(osdp_##name##_next(&rest, &got));                              \
			out = buf_over(memory, sizeof(memory));                                    \
			osdp_##name##_encode(&out, &got);                                          \
			assert_bytes(&out, bytes, len);                                            \
		}                                                                                  \
		assert_false(osdp_##name##_next(&rest, &got));                                     \
		rest = span_of(bytes, 0);                                                          \
		assert_false(osdp_##name##_next(&rest, &got));                                     \
	} while (0)

static void commands_go_both_ways(void **state)
{
	(void)state;
	static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

	RECORDS_GO(
		out, vector(false, OSDP_OUT, 0), .code = OSDP_OUT_ON_FOR_TIMER, .timer_100ms = 30);
	RECORDS_GO(led, vector(false, OSDP_LED, 0),
		.temporary = {OSDP_LED_TEMPORARY_SET, 2, 2, OSDP_COLOUR_GREEN, OSDP_COLOUR_OFF},
		.timer_100ms = 30,
		.permanent = {OSDP_LED_PERMANENT_SET, 1, 0, OSDP_COLOUR_RED, OSDP_COLOUR_OFF});
	RECORDS_GO(led, "01 02 01 03 04 05 06 0B 0A 07 08 09 0C 0D", .reader = 1, .led = 2,
		.temporary = {1, 3, 4, 5, 6}, .timer_100ms = 0x0A0B,
		.permanent = {7, 8, 9, 12, 13});
	GOES(buz, vector(false, OSDP_BUZ, 0), STRICT, .tone = OSDP_TONE_DEFAULT, .on_100ms = 2,
		.off_100ms = 2, .count = 3);
	GOES(text, vector(false, OSDP_TEXT, 0), STRICT, .command = OSDP_TEXT_PERMANENT, .row = 1,
		.column = 1, .text = SPAN_LIT("Hello"));
	GOES(text, "01 04 05 02 03 00", STRICT, .reader = 1, .command = 4, .temporary_s = 5,
		.row = 2, .column = 3);
	GOES(tdset, "EA 07 0B 17 0A 1E 3B", STRICT, .year = 2026, .month = 11, .day = 23,
		.hour = 10, .minute = 30, .second = 59);
	GOES(com, vector(false, OSDP_COMSET, 0), STRICT, .address = 5, .baud = 115200);
	GOES(com, vector(false, OSDP_COMSET, 1), STRICT, .address = 0, .baud = 9600);
	GOES(keyset, "01 10 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F", STRICT, .type = 1,
		.key = span_of(key, sizeof(key)));
	GOES(filetransfer, vector(false, OSDP_FILETRANSFER, 0), STRICT, .type = OSDP_FILE_OPAQUE,
		.total = 300, .fragment = span_of(key, sizeof(key)));
	GOES(filetransfer, "80 04 03 02 01 08 07 06 05 00 00", STRICT, .type = 0x80,
		.total = 0x01020304, .offset = 0x05060708);
	GOES(bioread, vector(false, OSDP_BIOREAD, 0), STRICT, .quality = 0x80);
	GOES(bioread, "01 02 03 04", STRICT, .reader = 1, .type = 2, .format = 3, .quality = 4);
	GOES(biomatch, "01 02 03 04 02 00 AA BB", STRICT, .reader = 1, .type = 2, .format = 3,
		.threshold = 4, .pattern = SPAN_LIT("\xAA\xBB"));
	GOES_OPEN(mfg, vector(false, OSDP_MFG, 0), 3, .vendor = {0x0A, 0x00, 0x17},
		.data = SPAN_LIT("\x01\x02"));
	GOES_OPEN(x, vector(false, OSDP_XWR, 0), 2, .code = OSDP_XWR_MODE_GET);
	GOES_OPEN(x, vector(false, OSDP_XWR, 1), 2, .code = OSDP_XWR_MODE_SET,
		.data = SPAN_LIT("\x01\x00"));
	GOES_OPEN(x, osdp_field[2].data, 2, .code = OSDP_XWR_SCAN, .data = SPAN_LIT("\x00"));
	GOES_OPEN(auth, "07 9E 01 02 03", 2, .algorithm = 7, .key = 0x9E,
		.challenge = SPAN_LIT("\x01\x02\x03"));
}

static void odd_commands_are_understood(void **state)
{
	(void)state;
	struct osdp_ask ask = {9};
	uint8_t memory[16];
	struct buf out = buf_over(memory, sizeof(memory));
	uint16_t number;
	struct osdp_pivdata piv;

	/* ID and CAP with no data, as some panels send them. */
	assert_true(osdp_ask_decode(span_of("", 0), &ask));
	assert_int_equal(ask.form, 0);
	assert_true(osdp_ask_decode(span_of("\x01", 1), &ask));
	assert_int_equal(ask.form, 1);
	assert_false(osdp_ask_decode(span_of("\x00\x00", 2), &ask));
	osdp_ask_encode(&out, &(struct osdp_ask){1});
	assert_bytes(&out, (const uint8_t *)"\x01", 1);

	out = buf_over(memory, sizeof(memory));
	osdp_u16_encode(&out, 1440);
	assert_bytes(&out, (const uint8_t *)"\xA0\x05", 2);
	assert_true(osdp_u16_decode(span_of("\x88\x13", 2), &number));
	assert_int_equal(number, 5000);
	assert_false(osdp_u16_decode(span_of("\x88", 1), &number));
	assert_false(osdp_u16_decode(span_of("\x88\x13\x00", 3), &number));

	/* PIVDATA with an offset of one byte and of two. */
	assert_true(osdp_pivdata_decode(span_of("\x5F\xC1\x02\x00\x07", 5), &piv));
	assert_memory_equal(piv.object, "\x5F\xC1\x02", 3);
	assert_int_equal(piv.offset, 7);
	assert_false(piv.offset_wide);
	uint8_t bytes[16];
	size_t len = osdp_hex(vector(false, OSDP_PIVDATA, 0), bytes);
	struct osdp_pivdata wide;

	assert_true(osdp_pivdata_decode(span_of(bytes, len), &wide));
	assert_memory_equal(wide.object, "\x5F\xC1\x02", 3);
	assert_int_equal(wide.offset, 0);
	assert_true(wide.offset_wide);
	out = buf_over(memory, sizeof(memory));
	osdp_pivdata_encode(&out, &wide);
	assert_bytes(&out, bytes, len);
	out = buf_over(memory, sizeof(memory));
	osdp_pivdata_encode(&out, &piv);
	assert_bytes(&out, (const uint8_t *)"\x5F\xC1\x02\x00\x07", 5);
	piv.offset = 256;
	out = buf_over(memory, sizeof(memory));
	osdp_pivdata_encode(&out, &piv);
	assert_bytes(&out, (const uint8_t *)"\x5F\xC1\x02\x00\x00\x01", 6);
	assert_false(osdp_pivdata_decode(span_of("\x5F\xC1\x02\x00", 4), &piv));
	assert_false(osdp_pivdata_decode(span_of("\x5F\xC1\x02\x00\x00\x00\x00", 7), &piv));
}

static void replies_go_both_ways(void **state)
{
	(void)state;
	GOES(pdid, vector(true, OSDP_PDID, 0), TOLERANT, .vendor = {0x3C, 0x2B, 0x1A}, .model = 1,
		.version = 2, .serial = 0x12345678, .firmware = {1, 2, 3});
	GOES(pdid, osdp_field[5].data, TOLERANT, .vendor = {0x00, 0x06, 0x8E}, .model = 1,
		.version = 1, .serial = 0x7A00591D, .firmware = {5, 0x3E, 0});
	RECORDS_GO(pdcap, "0A 92 03", .function = OSDP_FUNCTION_RECEIVE_SIZE, .compliance = 0x92,
		.number = 3);
	GOES(lstatr, vector(true, OSDP_LSTATR, 0), TOLERANT, .tamper = true);
	GOES(lstatr, "00 01", TOLERANT, .power = true);
	GOES(fmt, "01 02 03 31 32 33", TOLERANT, .reader = 1, .direction = 2,
		.characters = SPAN_LIT("123"));
	GOES(keypad, vector(true, OSDP_KEYPAD, 0), TOLERANT, .keys = SPAN_LIT("12\x7F\x0D"));
	GOES(com, vector(true, OSDP_COM, 0), STRICT, .address = 5, .baud = 115200);
	GOES(biomatchr, "01 02 63", TOLERANT, .reader = 1, .status = 2, .score = 99);
	RECORDS_GO(identity, "02 03 00 41 42 43", .tag = OSDP_IDENTITY_SERIAL,
		.value = SPAN_LIT("ABC"));
	GOES(ftstat, vector(true, OSDP_FTSTAT, 0), TOLERANT, .flags = OSDP_FTSTAT_INTERLEAVE);
	GOES(ftstat, vector(true, OSDP_FTSTAT, 1), TOLERANT, .status = OSDP_FTSTAT_ABORT);
	GOES(ftstat, osdp_field[7].data, TOLERANT, .status = OSDP_FTSTAT_REBOOTING);
	GOES(ftstat, "07 2C 01 FD FF A0 05", TOLERANT, .flags = 7, .delay_ms = 300, .status = -3,
		.frame_max = 1440);
	GOES_OPEN(nak_reply, vector(true, OSDP_NAK, 0), 1, .code = OSDP_NAK_SEQUENCE);
	GOES_OPEN(
		nak_reply, "09 01 02", 1, .code = OSDP_NAK_RECORD, .detail = SPAN_LIT("\x01\x02"));
	GOES_OPEN(mfg, vector(true, OSDP_MFGREP, 0), 3, .vendor = {0x0A, 0x00, 0x17},
		.data = SPAN_LIT("\x55"));
	GOES(xrd_card, "00 02 02 03 01 02 03 04 05", TOLERANT, .protocol = 2,
		.csn = SPAN_LIT("\x01\x02"), .data = SPAN_LIT("\x03\x04\x05"));
}

static void capabilities_are_counted_and_sized(void **state)
{
	(void)state;
	uint8_t bytes[64];
	struct span rest = span_of(bytes, osdp_hex(osdp_field[6].data, bytes));
	struct osdp_pdcap cap;
	unsigned count = 0, receive = 0;

	while (osdp_pdcap_next(&rest, &cap)) {
		count++;
		if (cap.function == OSDP_FUNCTION_RECEIVE_SIZE)
			receive = osdp_pdcap_size(&cap);
	}
	assert_int_equal(count, 15);
	assert_int_equal(receive, 914);
	assert_int_equal(rest.len, 0);
}

static void card_bits_keep_their_order(void **state)
{
	(void)state;
	struct osdp_raw raw;
	struct card_bits bits;
	uint8_t bytes[64], memory[64];
	size_t len = osdp_hex(vector(true, OSDP_RAW, 0), bytes);
	struct buf out = buf_over(memory, sizeof(memory));
	char text[38] = {0};

	assert_true(osdp_raw_decode(span_of(bytes, len), &raw));
	assert_int_equal(raw.reader, 0);
	assert_int_equal(raw.format, 1);
	assert_true(osdp_raw_bits(&raw, &bits));
	assert_int_equal(bits.count, 26);
	for (unsigned i = 0; i < 26; i++)
		text[i] = card_bits_get(&bits, i) ? '1' : '0';
	assert_string_equal(text, "10111101110110010011011101");
	osdp_raw_encode(&out,
		&(struct osdp_raw){
			.format = 1, .bit_count = bits.count, .bytes = span_of(bits.bytes, 4)});
	assert_bytes(&out, bytes, len);
	assert_false(osdp_raw_decode(span_of(bytes, len - 1), &raw));
	assert_true(osdp_raw_decode(span_of(bytes, len + 1), &raw)); /* some send more */
	assert_int_equal(raw.bytes.len, 4);
	assert_false(osdp_raw_decode(span_of(bytes, 3), &raw));

	len = osdp_hex(vector(true, OSDP_RAW, 1), bytes);
	assert_true(osdp_raw_decode(span_of(bytes, len), &raw));
	assert_true(osdp_raw_bits(&raw, &bits));
	assert_int_equal(bits.count, 37);
	assert_memory_equal(bits.bytes, "\x01\xF4\x1E\x24\x08\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void card_bits_have_their_edges(void **state)
{
	(void)state;
	static const uint8_t ones[32] = {[0 ... 31] = 0xFF};

	for (uint16_t count = 0; count <= 130; count++) {
		struct osdp_raw raw = {
			.bit_count = count, .bytes = span_of(ones, (count + 7u) / 8)};
		struct card_bits bits;
		uint8_t memory[64];
		struct buf out = buf_over(memory, sizeof(memory));
		unsigned set = 0;

		assert_int_equal(osdp_raw_bits(&raw, &bits), count >= 1 && count <= 128);
		for (unsigned i = 0; i < sizeof(bits.bytes); i++)
			set += (unsigned)__builtin_popcount(bits.bytes[i]);
		assert_int_equal(set, count <= 128 ? count : 0);
		osdp_raw_encode(&out, &raw); /* what does not belong to it is sent as 0 */
		assert_false(out.overflow);
		assert_int_equal(out.len, 4 + (count + 7) / 8);
		set = 0;
		for (size_t i = 4; i < out.len; i++)
			set += (unsigned)__builtin_popcount(memory[i]);
		assert_int_equal(set, count);
		assert_true(osdp_raw_decode(buf_span(&out), &raw));
		assert_int_equal(raw.bit_count, count);
		raw.bytes.len++;
		osdp_raw_encode(&out, &raw);
		assert_true(out.overflow);
	}
}

static void templates_come_with_and_without_their_length(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		const char *want;
	} rows[] = {
		{"00 01 02 03 02 00 AA BB", "AA BB"},
		{"00 01 02 03 00 00", ""},
		{"00 01 02 03", ""},
		{"00 01 02 03 AA", "AA"},
		{"00 01 02 03 03 00 AA BB", "03 00 AA BB"}, /* no length that could be */
		{"00 01 02 03 01 00 AA BB", "01 00 AA BB"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct osdp_bioreadr got;
		uint8_t bytes[16], want[16], memory[32];
		size_t len = osdp_hex(rows[i].data, bytes), want_len = osdp_hex(rows[i].want, want);
		struct buf out = buf_over(memory, sizeof(memory));

		assert_true(osdp_bioreadr_decode(span_of(bytes, len), &got));
		assert_int_equal(got.quality, 3);
		assert_int_equal(got.data.len, want_len);
		if (want_len > 0)
			assert_memory_equal(got.data.data, want, want_len);
		osdp_bioreadr_encode(&out, &got); /* always with it */
		assert_int_equal(out.len, 6 + want_len);
		assert_int_equal(memory[4], want_len);
		assert_false(osdp_bioreadr_decode(span_of(bytes, 3), &got));
	}
}

static void what_a_length_cannot_say_is_not_written(void **state)
{
	(void)state;
	static const char much[65536 + 300];
	static char memory[sizeof(much) + 64];
	struct span short_max = {much, 255}, short_over = {much, 256};
	struct span long_max = {much, 65535}, long_over = {much, 65536};
	struct buf out;

#define WRITES(overflows, call)                                                                    \
	do {                                                                                       \
		out = buf_over(memory, sizeof(memory));                                            \
		call;                                                                              \
		assert_int_equal(out.overflow, overflows);                                         \
	} while (0)

	WRITES(false, osdp_text_encode(&out, &(struct osdp_text){.text = short_max}));
	WRITES(true, osdp_text_encode(&out, &(struct osdp_text){.text = short_over}));
	WRITES(false, osdp_identity_encode(&out, &(struct osdp_identity){.value = long_max}));
	WRITES(true, osdp_identity_encode(&out, &(struct osdp_identity){.value = long_over}));
	WRITES(false, osdp_part_encode(&out, &(struct osdp_part){.fragment = long_max}));
	WRITES(true, osdp_part_encode(&out, &(struct osdp_part){.fragment = long_over}));
	WRITES(false, osdp_xrd_card_encode(
			      &out, &(struct osdp_xrd_card){.csn = short_max, .data = short_max}));
	WRITES(true, osdp_xrd_card_encode(&out, &(struct osdp_xrd_card){.csn = short_over}));
	WRITES(true, osdp_xrd_card_encode(&out, &(struct osdp_xrd_card){.data = short_over}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_go_both_ways),
		cmocka_unit_test(odd_commands_are_understood),
		cmocka_unit_test(replies_go_both_ways),
		cmocka_unit_test(capabilities_are_counted_and_sized),
		cmocka_unit_test(card_bits_keep_their_order),
		cmocka_unit_test(card_bits_have_their_edges),
		cmocka_unit_test(templates_come_with_and_without_their_length),
		cmocka_unit_test(what_a_length_cannot_say_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
