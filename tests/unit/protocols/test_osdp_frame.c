// SPDX-License-Identifier: Apache-2.0
/* OSDP frames and the table of codes: every frame of the vectors both ways, edges, noise. */
#include "base/compiler.h"
#include "osdp_vectors.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define POLL_5 "53 05 08 00 05 60 8D BA"

static void assert_span(struct span got, const void *want, size_t len)
{
	assert_int_equal(got.len, len);
	if (len > 0)
		assert_memory_equal(got.data, want, len);
}

static void checks_have_their_known_values(void **state)
{
	(void)state;
	static const struct {
		struct span bytes;
		uint16_t crc;
	} rows[] = {
		{{"", 0}, 0x1D0F},
		{{"123456789", 9}, 0xE5CC},
		{{"\x00", 1}, 0xCC9C},
		{{"\x53", 1}, 0xA60A},
		{{"\x53\x7F\x0D\x00\x04\x6E\x00\x80\x25\x00\x00", 11}, 0x386E},
		{{"\x53\x00\x09\x00\x04\x61\x00", 7}, 0x66C0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_int_equal(osdp_crc(rows[i].bytes), rows[i].crc);
	assert_int_equal(
		osdp_checksum(span_of("\x53\x7F\x0C\x00\x00\x6E\x00\x80\x25\x00\x00", 11)), 0x0F);
	assert_int_equal(osdp_checksum(span_of("\x53\x00\x08\x00\x00\x61\x00", 7)), 0x44);
}

static void vector_goes_both_ways(const struct osdp_vector *vector)
{
	uint8_t bytes[OSDP_FRAME_MAX], data[OSDP_FRAME_MAX], built[OSDP_FRAME_MAX];
	size_t len = osdp_hex(vector->frame, bytes);
	size_t data_len = osdp_hex(vector->data, data);
	const struct osdp_code *code = osdp_code_find(vector->reply, vector->code);
	struct osdp_frame got;
	struct osdp_frame frame = {.address = vector->address,
		.reply = vector->reply,
		.sequence = vector->sequence,
		.use_crc = vector->use_crc,
		.code = vector->code,
		.data = span_of(data, data_len)};

	assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
	assert_int_equal(got.address, vector->address);
	assert_int_equal(got.reply, vector->reply);
	assert_int_equal(got.sequence, vector->sequence);
	assert_int_equal(got.use_crc, vector->use_crc);
	assert_int_equal(got.code, vector->code);
	assert_false(got.has_security_block);
	assert_int_equal(got.mac.len, 0);
	assert_span(got.data, data, data_len);
	assert_span(got.bytes, bytes, len);

	assert_int_equal(osdp_frame_build(&frame, built, len), len);
	assert_memory_equal(built, bytes, len);
	memset(built, 0xA5, sizeof(built));
	assert_int_equal(osdp_frame_build(&frame, built, len - 1), 0);
	assert_int_equal(built[0], 0xA5);

	assert_non_null(code);
	assert_true(osdp_code_length_fits(code, data_len));
}

static void every_clear_vector_goes_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(osdp_plain); i++)
		vector_goes_both_ways(&osdp_plain[i]);
	for (size_t i = 0; i < ARRAY_COUNT(osdp_field); i++)
		vector_goes_both_ways(&osdp_field[i]);
}

/* Frame text, block type, length of its data, code, length of data and of the MAC. */
static void block_is(
	const char *text, uint8_t type, size_t block, uint8_t code, size_t data, size_t mac)
{
	uint8_t bytes[OSDP_FRAME_MAX], built[OSDP_FRAME_MAX];
	size_t len = osdp_hex(text, bytes);
	struct osdp_frame got;

	assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
	assert_true(got.has_security_block);
	assert_int_equal(got.block_type, type);
	assert_int_equal(got.block.len, block);
	assert_int_equal(got.code, code);
	assert_int_equal(got.data.len, data);
	assert_int_equal(got.mac.len, mac);
	assert_int_equal(osdp_frame_build(&got, built, sizeof(built)), len);
	assert_memory_equal(built, bytes, len);
}

static void security_blocks_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(osdp_sessions); i++) {
		const struct osdp_session *session = &osdp_sessions[i];

		if (session->chlng == NULL)
			continue;
		block_is(session->chlng, 0x11, 1, OSDP_CHLNG, 8, 0);
		block_is(session->ccrypt, 0x12, 1, OSDP_CCRYPT, 32, 0);
		block_is(session->scrypt, 0x13, 1, OSDP_SCRYPT, 16, 0);
		block_is(session->rmac_i, 0x14, 1, OSDP_RMAC_I, 16, 0);
	}
	block_is(osdp_sessions[0].exchange[0].command, 0x15, 0, OSDP_POLL, 0, 4);
	block_is(osdp_sessions[0].exchange[0].reply, 0x16, 0, OSDP_ACK, 0, 4);
	block_is(osdp_sessions[0].exchange[1].command, 0x17, 0, OSDP_LED, 16, 4);
	block_is(osdp_sessions[0].exchange[2].reply, 0x18, 0, OSDP_RAW, 16, 4);
	block_is(osdp_sessions[0].exchange[7].command, 0x17, 0, OSDP_KEYSET, 32, 4);
	block_is(osdp_bad_no_session, 0x15, 0, OSDP_POLL, 0, 4);
}

/* Body bytes behind CTRL; the head and the CRC are made. */
static enum osdp_frame_result body_parse(
	const uint8_t *body, size_t body_len, struct osdp_frame *ret)
{
	static uint8_t bytes[OSDP_FRAME_MAX];
	size_t len = 5 + body_len + 2;

	bytes[0] = OSDP_SOM;
	bytes[1] = 0x05;
	bytes[2] = (uint8_t)len;
	bytes[3] = (uint8_t)(len >> 8);
	bytes[4] = 0x0D;
	memcpy(bytes + 5, body, body_len);
	uint16_t crc = osdp_crc(span_of(bytes, len - 2));

	bytes[len - 2] = (uint8_t)crc;
	bytes[len - 1] = (uint8_t)(crc >> 8);
	return osdp_frame_parse(span_of(bytes, len), ret);
}

static void security_block_lies_within_its_frame(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		uint8_t body[24];
		enum osdp_frame_result want;
		size_t data_len;
		size_t mac_len;
	} rows[] = {
		{1, {2}, OSDP_FRAME_BLOCK},
		{1, {0}, OSDP_FRAME_BLOCK},
		{2, {1, 0x60}, OSDP_FRAME_BLOCK}, /* shorter than its head */
		{2, {2, 0x11}, OSDP_FRAME_BLOCK}, /* no code */
		{3, {2, 0x11, 0x60}, OSDP_FRAME_OK, 0, 0},
		{3, {3, 0x11, 0x60}, OSDP_FRAME_BLOCK},
		{3, {255, 0x11, 0x60}, OSDP_FRAME_BLOCK},
		{6, {2, 0x14, 0x60, 1, 2, 3}, OSDP_FRAME_OK, 3, 0},
		{6, {2, 0x15, 0x60, 1, 2, 3}, OSDP_FRAME_BLOCK}, /* MAC without code */
		{7, {2, 0x15, 0x60, 1, 2, 3, 4}, OSDP_FRAME_OK, 0, 4},
		{7, {2, 0x18, 0x60, 1, 2, 3, 4}, OSDP_FRAME_OK, 0, 4},
		{7, {2, 0x19, 0x60, 1, 2, 3, 4}, OSDP_FRAME_OK, 4, 0},
		{8, {2, 0x24, 0x60, 1, 2, 3, 4, 5}, OSDP_FRAME_OK, 5, 0},
		{18, {2, 0x25, 0x60}, OSDP_FRAME_BLOCK},
		{19, {2, 0x25, 0x60}, OSDP_FRAME_OK, 0, 16},
		{20, {2, 0x28, 0x60}, OSDP_FRAME_OK, 1, 16},
		{20, {2, 0x29, 0x60}, OSDP_FRAME_OK, 17, 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct osdp_frame got;

		assert_int_equal(body_parse(rows[i].body, rows[i].len, &got), rows[i].want);
		assert_int_equal(got.address, 5);
		assert_int_equal(got.sequence, 1);
		assert_int_equal(got.bytes.len, rows[i].len + 7);
		assert_int_equal(got.has_security_block, rows[i].want == OSDP_FRAME_OK);
		assert_int_equal(got.data.len, rows[i].data_len);
		assert_int_equal(got.mac.len, rows[i].mac_len);
	}
}

static void heads_are_judged_as_soon_as_they_are_there(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		enum osdp_frame_result want;
	} rows[] = {
		{"", OSDP_FRAME_SHORT}, {"53", OSDP_FRAME_SHORT}, {"FF", OSDP_FRAME_START},
		{"52 05 08 00 05 60 8D BA", OSDP_FRAME_START}, {osdp_bad_len_5, OSDP_FRAME_LENGTH},
		{"53 05 06 00", OSDP_FRAME_LENGTH}, {"53 05 07 00", OSDP_FRAME_SHORT},
		{"53 05 07 00 03", OSDP_FRAME_SHORT},
		{"53 05 07 00 07", OSDP_FRAME_LENGTH}, /* a CRC needs one more */
		{"53 05 A0 05", OSDP_FRAME_SHORT}, {"53 05 A1 05", OSDP_FRAME_LENGTH},
		{"53 05 FF FF", OSDP_FRAME_LENGTH}, {"53 05 08 00 15", OSDP_FRAME_CONTROL},
		{"53 05 08 00 85 60 8D BA", OSDP_FRAME_CONTROL},
		{osdp_bad_crc_wrong, OSDP_FRAME_CHECK}, {"53 05 07 00 03 60 3F", OSDP_FRAME_CHECK},
		{POLL_5 " 53", OSDP_FRAME_OK}, /* what follows is not looked at */
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t bytes[64];
		size_t len = osdp_hex(rows[i].hex, bytes);
		struct osdp_frame got;

		assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), rows[i].want);
		assert_int_equal(got.bytes.len > 0,
			rows[i].want == OSDP_FRAME_OK || rows[i].want == OSDP_FRAME_CHECK);
		if (got.bytes.len > 0)
			assert_int_equal(got.address, 5);
	}
}

static void no_single_bit_is_missed_and_no_byte_too_few(void **state)
{
	(void)state;
	static const char *const texts[] = {POLL_5, "53 05 07 00 03 60 3E"};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		uint8_t bytes[16];
		size_t len = osdp_hex(texts[i], bytes);
		struct osdp_frame got;

		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(
				osdp_frame_parse(span_of(bytes, cut), &got), OSDP_FRAME_SHORT);
		for (size_t bit = 0; bit < len * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(
				osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void largest_frames_are_built_and_no_larger_ones(void **state)
{
	(void)state;
	static uint8_t data[OSDP_FRAME_MAX], out[OSDP_FRAME_MAX + 16];
	struct osdp_frame frame = {.code = OSDP_MFG, .use_crc = true, .data = {(char *)data, 1432}};
	struct osdp_frame got;

	assert_int_equal(osdp_frame_build(&frame, out, sizeof(out)), 1440);
	assert_int_equal(osdp_frame_parse(span_of(out, 1440), &got), OSDP_FRAME_OK);
	assert_int_equal(got.data.len, 1432);
	frame.data.len = 1433;
	assert_int_equal(osdp_frame_build(&frame, out, sizeof(out)), 0);
	frame.use_crc = false;
	assert_int_equal(osdp_frame_build(&frame, out, sizeof(out)), 1440);

	assert_int_equal(osdp_frame_data_max(128, false), 120);
	assert_int_equal(osdp_frame_data_max(128, true), 111);
	assert_int_equal(osdp_frame_data_max(1440, true), 1423);
	assert_int_equal(osdp_frame_data_max(30, true), 15);
	assert_int_equal(osdp_frame_data_max(29, true), 0);
	assert_int_equal(osdp_frame_data_max(8, false), 0);
	assert_int_equal(osdp_frame_data_max(7, false), 0);
	assert_int_equal(osdp_frame_data_max(0, true), 0);
}

/* --- receiver --- */

/* Feeds in pieces of so many bytes; returns how many frames came, the last one's code in *ret. */
static unsigned feed(struct osdp_receiver *receiver, const uint8_t *bytes, size_t len, size_t piece,
	uint8_t *ret_code, unsigned *ret_bad)
{
	unsigned frames = 0;

	for (size_t at = 0; at < len || at == 0; at += piece) {
		struct span input = span_slice(span_of(bytes, len), at, piece);
		struct osdp_frame frame;
		enum osdp_receiver_result result;

		while ((result = osdp_receiver_take(receiver, &input, &frame)) !=
			OSDP_RECEIVER_MORE) {
			if (result == OSDP_RECEIVER_FRAME) {
				frames++;
				*ret_code = frame.code;
			} else {
				*ret_bad += 1;
			}
		}
		assert_int_equal(input.len, 0);
	}
	return frames;
}

static void frames_come_out_of_a_stream_in_any_pieces(void **state)
{
	(void)state;
	static uint8_t stream[16384];

	for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) {
		struct osdp_receiver receiver;
		size_t len = 0;
		uint8_t code = 0;
		unsigned bad = 0;

		osdp_receiver_init(&receiver);
		for (size_t i = 0; i < ARRAY_COUNT(osdp_plain); i++) {
			stream[len++] = OSDP_MARK;
			len += osdp_hex(osdp_plain[i].frame, stream + len);
		}
		assert_int_equal(
			feed(&receiver, stream, len, piece, &code, &bad), ARRAY_COUNT(osdp_plain));
		assert_int_equal(bad, 0);
		assert_int_equal(code, OSDP_XWR);
		assert_int_equal(receiver.skipped, 0);
		assert_false(osdp_receiver_pending(&receiver));
	}
}

static void good_frames_behind_noise_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *noise;
		unsigned bad; /* without silence */
		bool needs_silence;
	} rows[] = {
		{"00 12 FF 34", 0, false},
		{"53", 0, false}, /* the frame's SOM is taken as an address: LEN 0805 */
		{"53 53 53", 0, true}, /* LEN 0553 with the third */
		{"53 05", 0, true}, /* LEN 0553 */
		{"53 05 08 00", 0, false}, /* cut inside: CTRL 53 */
		{"53 05 08 00 05 60 8D", 1, false}, /* the check is cut */
		{"53 05 08 00 06 60 DE EE", 1, false}, /* check wrong */
		{"53 05 08 00 F5 60 DE EE", 0, false},
		{"53 05 20 00 05", 0, true}, /* promises more than comes */
		{"53 05 A0 05 0D 53 05 A0 05 04", 0, true},
		{"53 05 A0 05 0D 53 05 08 00 05", 0, true},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (size_t piece = 1; piece <= 32; piece *= 2) {
			struct osdp_receiver receiver;
			uint8_t stream[64];
			size_t len = osdp_hex(rows[i].noise, stream);
			uint8_t code = 0;
			unsigned bad = 0;
			unsigned frames;

			len += osdp_hex(POLL_5, stream + len);
			osdp_receiver_init(&receiver);
			frames = feed(&receiver, stream, len, piece, &code, &bad);
			assert_int_equal(frames, !rows[i].needs_silence);
			assert_int_equal(bad, rows[i].bad);
			assert_int_equal(osdp_receiver_pending(&receiver), rows[i].needs_silence);
			if (rows[i].needs_silence) {
				osdp_receiver_silence(&receiver);
				frames += feed(&receiver, stream, 0, 1, &code, &bad);
			}
			assert_int_equal(frames, 1);
			assert_int_equal(code, OSDP_POLL);
			assert_false(osdp_receiver_pending(&receiver));
		}
	}
}

static void bad_frames_are_told_with_their_head(void **state)
{
	(void)state;
	struct osdp_receiver receiver;
	uint8_t bytes[16];
	struct span input = span_of(bytes, osdp_hex(osdp_bad_crc_wrong, bytes));
	struct osdp_frame frame;

	osdp_receiver_init(&receiver);
	assert_int_equal(osdp_receiver_take(&receiver, &input, &frame), OSDP_RECEIVER_BAD);
	assert_int_equal(receiver.error, OSDP_FRAME_CHECK);
	assert_int_equal(frame.address, 5);
	assert_int_equal(frame.sequence, 2);
	assert_span(frame.bytes, bytes, 8);
	assert_int_equal(osdp_receiver_take(&receiver, &input, &frame), OSDP_RECEIVER_MORE);
	assert_int_equal(receiver.bad, 1);
	assert_int_equal(receiver.skipped, 8);

	input = span_of(bytes, osdp_hex("53 05 0A 00 0D 01 15 60 00 00", bytes));
	uint16_t crc = osdp_crc(span_of(bytes, 8));

	bytes[8] = (uint8_t)crc;
	bytes[9] = (uint8_t)(crc >> 8);
	assert_int_equal(osdp_receiver_take(&receiver, &input, &frame), OSDP_RECEIVER_BAD);
	assert_int_equal(receiver.error, OSDP_FRAME_BLOCK);
	assert_int_equal(receiver.bad, 2);
}

static void reset_forgets_what_came(void **state)
{
	(void)state;
	struct osdp_receiver receiver;
	uint8_t bytes[16], code = 0;
	size_t len = osdp_hex(POLL_5, bytes);
	unsigned bad = 0;

	osdp_receiver_init(&receiver);
	assert_int_equal(feed(&receiver, bytes, len - 1, 1, &code, &bad), 0);
	assert_true(osdp_receiver_pending(&receiver));
	osdp_receiver_silence(&receiver);
	osdp_receiver_reset(&receiver);
	assert_false(osdp_receiver_pending(&receiver));
	assert_int_equal(receiver.skipped, len - 1);
	assert_int_equal(feed(&receiver, bytes + len - 1, 1, 1, &code, &bad), 0);
	assert_int_equal(feed(&receiver, bytes, len, 1, &code, &bad), 1);

	/* Silence between frames leaves the next one alone; so does a reset behind a frame. */
	osdp_receiver_silence(&receiver);
	assert_int_equal(feed(&receiver, bytes, len, len, &code, &bad), 1);
	osdp_receiver_reset(&receiver);
	assert_int_equal(feed(&receiver, bytes, len, 3, &code, &bad), 1);
	assert_int_equal(receiver.skipped, len);
	assert_int_equal(bad, 0);
}

static void longest_frame_passes_behind_as_much_noise(void **state)
{
	(void)state;
	static uint8_t stream[2 * OSDP_FRAME_MAX], data[1432];
	struct osdp_frame frame = {
		.code = OSDP_MFG, .use_crc = true, .data = {(char *)data, sizeof(data)}};
	struct osdp_receiver receiver;
	uint8_t code = 0;
	unsigned bad = 0;

	/* SOMs without end, of which each is a head of its own. */
	memset(stream, OSDP_SOM, OSDP_FRAME_MAX);
	memset(data, OSDP_SOM, sizeof(data));
	assert_int_equal(osdp_frame_build(&frame, stream + OSDP_FRAME_MAX, OSDP_FRAME_MAX), 1440);
	for (size_t piece = 1; piece < sizeof(stream) + 1; piece += 97) {
		osdp_receiver_init(&receiver);
		assert_int_equal(feed(&receiver, stream, sizeof(stream), piece, &code, &bad), 1);
		assert_int_equal(code, OSDP_MFG);
		assert_int_equal(receiver.skipped, OSDP_FRAME_MAX);
	}
}

/* --- codes --- */

static void codes_are_in_order_and_found(void **state)
{
	(void)state;
	size_t count;
	const struct osdp_code *table = osdp_code_table(&count);

	assert_int_equal(count, 56);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(osdp_code_find(table[i].reply, table[i].code), &table[i]);
		assert_string_equal(osdp_code_name(table[i].reply, table[i].code), table[i].name);
		if (i > 0)
			assert_true(table[i - 1].reply < table[i].reply ||
				    table[i - 1].code < table[i].code);
		assert_true(osdp_code_length_fits(&table[i], table[i].data_min));
		assert_false(osdp_code_length_fits(&table[i], table[i].data_max + 1u));
		if (table[i].config)
			assert_int_equal(table[i].clear, OSDP_CLEAR_ALWAYS);
	}
	assert_null(osdp_code_find(false, OSDP_ACK));
	assert_null(osdp_code_find(true, OSDP_POLL));
	assert_null(osdp_code_find(true, 0x77));
	assert_string_equal(osdp_code_name(false, 0x76), "CHLNG");
	assert_string_equal(osdp_code_name(true, 0x76), "CCRYPT");
	assert_string_equal(osdp_code_name(true, 0x42), "?");
}

static void lengths_go_by_records(void **state)
{
	(void)state;
	const struct osdp_code *led = osdp_code_find(false, OSDP_LED);

	assert_false(osdp_code_length_fits(led, 0));
	assert_true(osdp_code_length_fits(led, 14));
	assert_false(osdp_code_length_fits(led, 15));
	assert_true(osdp_code_length_fits(led, 1428));
	assert_false(osdp_code_length_fits(led, 1442));
	assert_true(osdp_code_length_fits(osdp_code_find(true, OSDP_PDCAP), 30));
	assert_false(osdp_code_length_fits(osdp_code_find(true, OSDP_PDCAP), 31));
}

static void clear_is_for_what_opens_a_session(void **state)
{
	(void)state;
	static const uint8_t always[] = {OSDP_ID, OSDP_CAP, OSDP_COMSET, OSDP_CHLNG, OSDP_SCRYPT};
	static const uint8_t config[] = {OSDP_ID, OSDP_CAP, OSDP_COMSET};
	static const uint8_t answers[] = {OSDP_NAK, OSDP_PDID, OSDP_PDCAP, OSDP_COM, OSDP_EXT_PDID,
		OSDP_CCRYPT, OSDP_RMAC_I, OSDP_BUSY};

	for (unsigned code = 0; code < 256; code++) {
		const struct osdp_code *command = osdp_code_find(false, (uint8_t)code);
		const struct osdp_code *reply = osdp_code_find(true, (uint8_t)code);

		if (command != NULL) {
			assert_int_equal(command->clear == OSDP_CLEAR_ALWAYS,
				memchr(always, (int)code, sizeof(always)) != NULL);
			assert_int_equal(
				command->config, memchr(config, (int)code, sizeof(config)) != NULL);
			assert_int_equal(command->clear == OSDP_CLEAR_NEVER, code == OSDP_KEYSET);
		}
		if (reply != NULL)
			assert_int_equal(reply->clear == OSDP_CLEAR_ALWAYS,
				memchr(answers, (int)code, sizeof(answers)) != NULL);
	}
	/* The frame is well made; that it may not go there is the table's to say. */
	struct osdp_frame got;
	uint8_t bytes[32];
	size_t len = osdp_hex(osdp_bad_led_config, bytes);

	assert_int_equal(osdp_frame_parse(span_of(bytes, len), &got), OSDP_FRAME_OK);
	assert_int_equal(got.address, OSDP_ADDRESS_CONFIG);
	assert_false(osdp_code_find(got.reply, got.code)->config);
}

static void refusals_have_words(void **state)
{
	(void)state;
	assert_string_equal(osdp_nak_text(OSDP_NAK_COMMAND), "unknown command");
	assert_string_equal(osdp_nak_text(OSDP_NAK_GENERIC), "refused without a reason");
	assert_string_equal(osdp_nak_text(0), "unknown reason");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_have_their_known_values),
		cmocka_unit_test(every_clear_vector_goes_both_ways),
		cmocka_unit_test(security_blocks_are_cut),
		cmocka_unit_test(security_block_lies_within_its_frame),
		cmocka_unit_test(heads_are_judged_as_soon_as_they_are_there),
		cmocka_unit_test(no_single_bit_is_missed_and_no_byte_too_few),
		cmocka_unit_test(largest_frames_are_built_and_no_larger_ones),
		cmocka_unit_test(frames_come_out_of_a_stream_in_any_pieces),
		cmocka_unit_test(good_frames_behind_noise_are_found),
		cmocka_unit_test(bad_frames_are_told_with_their_head),
		cmocka_unit_test(reset_forgets_what_came),
		cmocka_unit_test(longest_frame_passes_behind_as_much_noise),
		cmocka_unit_test(codes_are_in_order_and_found),
		cmocka_unit_test(lengths_go_by_records),
		cmocka_unit_test(clear_is_for_what_opens_a_session),
		cmocka_unit_test(refusals_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
