// SPDX-License-Identifier: Apache-2.0
/* OSDP messages in parts, and file transfer by both sides. */
#include "base/compiler.h"
#include "osdp_vectors.h"
#include "protocols/osdp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

static struct osdp_part part(uint16_t total, uint16_t offset, const char *fragment)
{
	return (struct osdp_part){
		.total = total, .offset = offset, .fragment = span_from_string(fragment)};
}

static void parts_are_cut_and_put_together(void **state)
{
	(void)state;
	static char message[3000], memory[3000];

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (char)(i * 7);
	for (size_t max = 1; max <= 3001; max = max * 3 + 1) {
		struct span whole = span_of(message, sizeof(message));
		struct osdp_assembly assembly;
		struct osdp_part cut, read;
		size_t at = 0;

		osdp_assembly_init(&assembly, memory, sizeof(memory));
		while (osdp_part_cut(whole, at, max, &cut)) {
			static char data[3200];
			struct buf out = buf_over(data, sizeof(data));

			osdp_part_encode(&out, &cut);
			assert_int_equal(out.len, OSDP_PART_HEAD + cut.fragment.len);
			assert_true(osdp_part_decode(buf_span(&out), &read));
			assert_int_equal(read.total, 3000);
			assert_int_equal(read.offset, at);
			assert_int_equal(read.lead.len, 0);
			at += cut.fragment.len;
			assert_int_equal(osdp_assembly_take(&assembly, &read),
				at < 3000 ? OSDP_ASSEMBLY_MORE : OSDP_ASSEMBLY_DONE);
		}
		assert_int_equal(at, 3000);
		assert_true(span_equal(buf_span(&assembly.message), whole));
	}
	struct osdp_part none;

	assert_false(osdp_part_cut(span_of("", 0), 0, 1, &none));
}

static void heads_of_parts_are_judged(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		bool good;
		size_t lead;
		size_t fragment;
	} rows[] = {
		{"0A 00 00 00 02 00 41 42", true, 0, 2},
		{"0A 00 00 00 02 00 07 9E 41 42", true, 2, 2}, /* algorithm and key uncounted */
		{"0A 00 02 00 02 00 07 9E 41 42", false}, /* only the first part may have it */
		{"0A 00 00 00 02 00 41", false},
		{"0A 00 00 00 02 00 41 42 43", false},
		{"0A 00 0A 00 00 00", true, 0, 0},
		{"0A 00 00 00 02", false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct osdp_part got;
		uint8_t bytes[16], memory[16];
		size_t len = osdp_hex(rows[i].data, bytes);
		struct buf out = buf_over(memory, sizeof(memory));

		assert_int_equal(osdp_part_decode(span_of(bytes, len), &got), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(got.total, 10);
		assert_int_equal(got.lead.len, rows[i].lead);
		assert_int_equal(got.fragment.len, rows[i].fragment);
		osdp_part_encode(&out, &got);
		assert_int_equal(out.len, len);
		assert_memory_equal(memory, bytes, len);
	}
}

static void only_parts_in_order_become_a_message(void **state)
{
	(void)state;
	static const struct {
		struct osdp_part part;
		enum osdp_assembly_result want;
	} rows[] = {
		{{5, 2, {0}, {"cd", 2}}, OSDP_ASSEMBLY_BAD}, /* nothing has begun */
		{{5, 0, {0}, {"ab", 2}}, OSDP_ASSEMBLY_MORE},
		{{5, 3, {0}, {"de", 2}}, OSDP_ASSEMBLY_BAD}, /* a gap */
		{{5, 2, {0}, {"cde", 3}}, OSDP_ASSEMBLY_BAD}, /* and all is forgotten */
		{{5, 0, {0}, {"ab", 2}}, OSDP_ASSEMBLY_MORE},
		{{6, 2, {0}, {"cd", 2}}, OSDP_ASSEMBLY_BAD}, /* another total */
		{{5, 0, {0}, {"ab", 2}}, OSDP_ASSEMBLY_MORE},
		{{5, 2, {0}, {"cdef", 4}}, OSDP_ASSEMBLY_BAD}, /* more than the total */
		{{5, 0, {0}, {"ab", 2}}, OSDP_ASSEMBLY_MORE},
		{{5, 5, {0}, {"", 0}}, OSDP_ASSEMBLY_STOPPED},
		{{5, 0, {0}, {"ab", 2}}, OSDP_ASSEMBLY_MORE},
		{{4, 0, {0}, {"xy", 2}}, OSDP_ASSEMBLY_MORE}, /* begins anew */
		{{4, 2, {0}, {"z!", 2}}, OSDP_ASSEMBLY_DONE},
		{{4, 4, {0}, {"z!", 2}}, OSDP_ASSEMBLY_BAD},
		{{0, 0, {0}, {"a", 1}}, OSDP_ASSEMBLY_BAD},
		{{9, 0, {0}, {"abcdefghi", 9}}, OSDP_ASSEMBLY_BAD}, /* no room */
		{{8, 0, {0}, {"abcdefgh", 8}}, OSDP_ASSEMBLY_DONE},
		{{2, 0, {"k!", 2}, {"ab", 2}}, OSDP_ASSEMBLY_DONE},
	};
	struct osdp_assembly assembly;
	char memory[8];

	osdp_assembly_init(&assembly, memory, sizeof(memory));
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(osdp_assembly_take(&assembly, &rows[i].part), rows[i].want);
		if (rows[i].want != OSDP_ASSEMBLY_MORE && rows[i].want != OSDP_ASSEMBLY_DONE)
			assert_int_equal(assembly.message.len, 0);
		if (i == 12)
			assert_true(span_equal(buf_span(&assembly.message), SPAN_LIT("xyz!")));
	}
	assert_true(span_equal(buf_span(&assembly.message), SPAN_LIT("k!ab")));

	/* Too late: what comes then belongs to nothing. */
	struct osdp_part first = part(5, 0, "ab"), next = part(5, 2, "cde");

	assert_int_equal(osdp_assembly_take(&assembly, &first), OSDP_ASSEMBLY_MORE);
	osdp_assembly_reset(&assembly);
	assert_int_equal(osdp_assembly_take(&assembly, &next), OSDP_ASSEMBLY_BAD);
}

/* --- file transfer --- */

static char file[100000];
static char stored[sizeof(file)];

/* The fragment that is next, as the device sees it behind the line. */
static struct osdp_filetransfer next_of(struct osdp_file_send *send, int64_t now_ns)
{
	struct osdp_filetransfer got;
	static uint8_t data[2048];
	struct buf out = buf_over(data, sizeof(data));
	uint32_t offset;
	uint16_t len;

	assert_true(osdp_file_send_next(send, now_ns, &offset, &len));
	osdp_filetransfer_encode(&out, &(struct osdp_filetransfer){send->type, send->total, offset,
					       span_of(file + offset, len)});
	assert_true(osdp_filetransfer_decode(buf_span(&out), &got));
	return got;
}

static void files_arrive_whole(void **state)
{
	(void)state;
	struct osdp_file_send send;
	struct osdp_file_receive receive;
	struct osdp_ftstat answer;
	enum osdp_file_result result = OSDP_FILE_MORE;
	unsigned fragments = 0;

	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (char)(i ^ i >> 8);
	osdp_file_send_init(&send, OSDP_FILE_OPAQUE, sizeof(file), 100);
	osdp_file_receive_init(&receive, sizeof(file));
	while (result == OSDP_FILE_MORE) {
		struct osdp_filetransfer got = next_of(&send, 0);
		enum osdp_file_step step = osdp_file_receive_take(&receive, &got, &answer);

		memcpy(stored + got.offset, got.fragment.data, got.fragment.len);
		assert_int_equal(osdp_file_send_is_last(&send), step == OSDP_FILE_LAST);
		assert_int_equal(step, got.offset + got.fragment.len < sizeof(file)
					       ? OSDP_FILE_TAKEN
					       : OSDP_FILE_LAST);
		result = osdp_file_send_answer(&send, &answer, true, 0);
		fragments++;
	}
	assert_int_equal(result, OSDP_FILE_DONE);
	assert_int_equal(send.offset, sizeof(file));
	assert_int_equal(fragments, 1000);
	assert_memory_equal(stored, file, sizeof(file));
	assert_false(send.exclusive);
}

static void answers_are_obeyed(void **state)
{
	(void)state;
	struct osdp_file_send send;
	struct osdp_ftstat answer = {.delay_ms = 300, .frame_max = 128};
	uint32_t offset;
	uint16_t len;

	osdp_file_send_init(&send, OSDP_FILE_OPAQUE, 1000, 500);
	assert_true(osdp_file_send_next(&send, INT64_MIN, &offset, &len));
	assert_int_equal(len, 500);
	assert_int_equal(osdp_file_send_answer(&send, &answer, true, 7 * MS), OSDP_FILE_MORE);
	assert_true(send.exclusive);
	assert_int_equal(send.offset, 500);
	assert_int_equal(send.fragment_max, 111 - 11);
	assert_false(osdp_file_send_next(&send, 307 * MS - 1, &offset, &len));
	assert_true(osdp_file_send_next(&send, 307 * MS, &offset, &len));
	assert_int_equal(offset, 500);
	assert_int_equal(len, 100);
	answer = (struct osdp_ftstat){.flags = OSDP_FTSTAT_INTERLEAVE, .frame_max = 19};
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_MORE);
	assert_int_equal(send.fragment_max, 100); /* nothing would fit: as it was */
	assert_false(send.exclusive);
	answer.frame_max = 20;
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_MORE);
	assert_int_equal(send.fragment_max, 1);
	assert_int_equal(send.offset, 600); /* no fragment was on its way */
	answer.frame_max = 65535;
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_MORE);
	assert_int_equal(send.fragment_max, 1432 - 11);
	assert_true(osdp_file_send_next(&send, 0, &offset, &len));
	assert_int_equal(len, 400);
	assert_true(osdp_file_send_is_last(&send));

	/* It works on the file: empty fragments at its end until it says what came of it. */
	answer.status = OSDP_FTSTAT_FINISHING;
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_MORE);
	assert_true(send.finishing);
	assert_true(osdp_file_send_next(&send, 0, &offset, &len));
	assert_int_equal(offset, 1000);
	assert_int_equal(len, 0);
	answer.status = OSDP_FTSTAT_REBOOTING;
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_REBOOTING);
	answer.status = OSDP_FTSTAT_PROCESSED;
	assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_DONE);
	for (int16_t status = -4; status < 0; status++) {
		answer.status = status;
		assert_int_equal(osdp_file_send_answer(&send, &answer, false, 0), OSDP_FILE_FAILED);
	}
}

static void device_takes_fragments_in_order_only(void **state)
{
	(void)state;
	static const struct {
		struct osdp_filetransfer sent;
		enum osdp_file_step want;
		enum osdp_ftstat_status status;
	} rows[] = {
		{{1, 4, 4, {"", 0}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT}, /* of no file */
		{{1, 4, 0, {"", 0}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT},
		{{1, 4, 2, {"ab", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT},
		{{1, 0, 0, {"ab", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT}, /* of no length */
		{{1, 11, 0, {"ab", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT}, /* too large */
		{{1, 4, 0, {"ab", 2}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED},
		{{1, 4, 2, {"", 0}}, OSDP_FILE_ASKED, OSDP_FTSTAT_PROCEED},
		{{1, 4, 3, {"d", 1}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_MALFORMED}, /* a gap */
		{{1, 4, 2, {"cd", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_ABORT}, /* forgotten */
		{{1, 4, 0, {"ab", 2}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED},
		{{2, 4, 2, {"cd", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_MALFORMED}, /* type */
		{{1, 4, 0, {"ab", 2}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED},
		{{1, 5, 2, {"cd", 2}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_MALFORMED}, /* total */
		{{1, 4, 0, {"ab", 2}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED},
		{{1, 4, 2, {"cde", 3}}, OSDP_FILE_REFUSED, OSDP_FTSTAT_MALFORMED}, /* too much */
		{{1, 4, 0, {"ab", 2}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED},
		{{1, 10, 0, {"abcde", 5}}, OSDP_FILE_TAKEN, OSDP_FTSTAT_PROCEED}, /* anew */
		{{1, 10, 5, {"fghij", 5}}, OSDP_FILE_LAST, OSDP_FTSTAT_PROCESSED},
		{{1, 10, 10, {"", 0}}, OSDP_FILE_ASKED, OSDP_FTSTAT_PROCESSED},
	};
	struct osdp_file_receive receive;

	osdp_file_receive_init(&receive, 10);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct osdp_ftstat answer;

		assert_int_equal(
			osdp_file_receive_take(&receive, &rows[i].sent, &answer), rows[i].want);
		assert_int_equal(answer.status, rows[i].status);
		assert_int_equal(answer.flags, OSDP_FTSTAT_INTERLEAVE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_cut_and_put_together),
		cmocka_unit_test(heads_of_parts_are_judged),
		cmocka_unit_test(only_parts_in_order_become_a_message),
		cmocka_unit_test(files_arrive_whole),
		cmocka_unit_test(answers_are_obeyed),
		cmocka_unit_test(device_takes_fragments_in_order_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
