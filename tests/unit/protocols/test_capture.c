// SPDX-License-Identifier: Apache-2.0
/* Captures: each line's meaning, whole captures to frames with their remarks, and written back. */
#include "base/compiler.h"
#include "protocols/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define W26_123_45678 "10111101110110010011011101"
#define W34_VECTOR "1000100100011010001010110011110001"
#define MS INT64_C(1000000)

static const char form[] = "an edge is `NS LINE LEVEL`, LINE and LEVEL 0 or 1";

static void edges_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		struct wiegand_edge want;
	} rows[] = {
		{"0 0 0", {0, 0, 0}},
		{"1000 1 0", {1000, 1, 0}},
		{"  51000,\t0 , 1 \r", {51000, 0, 1}},
		{"51000,1,0", {51000, 1, 0}},
		{"0051000 1 1", {51000, 1, 1}},
		{"9223372036854775807 0 1", {INT64_MAX, 0, 1}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct capture_line got;
		char text[128];
		struct buf why = buf_over(text, sizeof(text));

		assert_int_equal(capture_line_parse(span_from_string(rows[i].line), &got, &why),
			CAPTURE_EDGE);
		assert_int_equal(got.kind, CAPTURE_EDGE);
		assert_int_equal(got.edge.at_ns, rows[i].want.at_ns);
		assert_int_equal(got.edge.line, rows[i].want.line);
		assert_int_equal(got.edge.level, rows[i].want.level);
		assert_int_equal(why.len, 0);
	}
}

static void remarks_have_meaning_by_their_key(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum capture_line_kind want;
		const char *value;
	} rows[] = {
		{"", CAPTURE_BLANK, ""},
		{" \t\r", CAPTURE_BLANK, ""},
		{"#", CAPTURE_BLANK, ""},
		{"# the reader at the gate", CAPTURE_BLANK, ""},
		{"# numbers below are guesses", CAPTURE_BLANK, ""},
		{"## number 1", CAPTURE_BLANK, ""},
		{"# Number 1", CAPTURE_BLANK, ""},
		{"# number 123/45678", CAPTURE_NUMBER, "123/45678"},
		{"#number\t0012345678 \r", CAPTURE_NUMBER, "0012345678"},
		{"# number: 7", CAPTURE_NUMBER, "7"},
		{"# number 0013900673 212,07041", CAPTURE_NUMBER, "0013900673 212,07041"},
		{"# number", CAPTURE_NUMBER, ""},
		{"  # reader 1", CAPTURE_READER, "1"},
		{"# format W34-BQT", CAPTURE_FORMAT, "W34-BQT"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct capture_line got;
		char text[128];
		struct buf why = buf_over(text, sizeof(text));

		assert_int_equal(capture_line_parse(span_from_string(rows[i].line), &got, &why),
			rows[i].want);
		assert_int_equal(got.kind, rows[i].want);
		assert_true(span_equal(got.value, span_from_string(rows[i].value)));
		assert_int_equal(why.len, 0);
	}
}

static void wrong_lines_are_refused_with_the_form(void **state)
{
	(void)state;
	static const char *const rows[] = {"end", "2000 1", "2000 1 0 0", "2000,,1,0", "2000,1,0,",
		",2000,1,0", "2000 2 0", "2000 1 2", "-2000 1 1", "9223372036854775808 1 1",
		"0x10 1 1", "2e3 1 1", "2000 1 0 # falls"};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct capture_line got;
		char text[128];
		struct buf why = buf_over(text, sizeof(text));

		assert_int_equal(
			capture_line_parse(span_from_string(rows[i]), &got, &why), CAPTURE_WRONG);
		assert_true(span_equal(buf_span(&why), span_from_string(form)));
	}
}

/* --- whole captures --- */

static char capture_text[65536];
static struct buf capture;

static void capture_begin(void)
{
	capture = buf_over(capture_text, sizeof(capture_text));
}

static void add_frame(const char *text, int64_t at_ns)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};
	struct wiegand_edge edges[2 * CARD_BITS_MAX];

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	size_t count = wiegand_edges(&bits, at_ns, 50000, 2000000, edges, ARRAY_COUNT(edges));

	for (size_t i = 0; i < count; i++)
		capture_write_edge(&capture, &edges[i]);
	assert_false(capture.overflow);
}

static void add_number(const char *number)
{
	capture_write_remark(&capture, CAPTURE_NUMBER, span_from_string(number));
}

struct outcome {
	enum capture_result result;
	struct capture_frame frame;
};

/* Reads what was written; the last line may be refused. */
static size_t capture_read(struct outcome *outcomes, size_t max, struct buf *why)
{
	struct capture_reader reader;
	struct span rest = buf_span(&capture);
	struct span line;
	size_t count = 0;

	capture_reader_init(&reader, NULL);
	memset(outcomes, 0, max * sizeof(*outcomes));
	while (span_next(&rest, '\n', &line)) {
		assert_true(count < max);
		outcomes[count].result =
			capture_reader_line(&reader, line, &outcomes[count].frame, why);
		if (outcomes[count].result == CAPTURE_REFUSED)
			return count + 1;
		count += outcomes[count].result != CAPTURE_NOTHING;
	}
	do {
		assert_true(count < max);
		outcomes[count].result = capture_reader_end(&reader, &outcomes[count].frame);
	} while (outcomes[count++].result != CAPTURE_NOTHING);
	return count - 1;
}

static void expect(const struct outcome *got, enum capture_result result, const char *bits,
	const char *number, uint32_t line_no)
{
	assert_int_equal(got->result, result);
	assert_int_equal(got->frame.bits.count, strlen(bits));
	for (unsigned i = 0; i < got->frame.bits.count; i++)
		assert_int_equal(card_bits_get(&got->frame.bits, i), bits[i] == '1');
	assert_true(text_is(&got->frame.number, span_from_string(number)));
	assert_int_equal(got->frame.line_no, line_no);
}

static void a_number_belongs_to_the_frame_behind_it(void **state)
{
	(void)state;
	struct outcome got[8];

	capture_begin();
	capture_write_remark(&capture, CAPTURE_READER, SPAN_LIT("1"));
	add_number("123/45678");
	add_frame(W26_123_45678, 5 * MS);
	add_frame(W34_VECTOR, 500 * MS); /* without a number */
	add_number("305419896");
	capture_write_remark(&capture, CAPTURE_FORMAT, SPAN_LIT("W34"));
	add_frame(W34_VECTOR, 1000 * MS);
	assert_int_equal(capture_read(got, 8, NULL), 3);
	expect(&got[0], CAPTURE_FRAME, W26_123_45678, "123/45678", 3);
	expect(&got[1], CAPTURE_FRAME, W34_VECTOR, "", 3 + 52);
	expect(&got[2], CAPTURE_FRAME, W34_VECTOR, "305419896", 3 + 52 + 68 + 2);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(text_is(&got[i].frame.reader, SPAN_LIT("1")));
		assert_true(text_is(&got[i].frame.format, i < 2 ? SPAN_LIT("") : SPAN_LIT("W34")));
	}
}

static void a_number_amid_a_frame_is_of_the_next(void **state)
{
	(void)state;
	struct outcome got[8];

	capture_begin();
	add_number("1");
	add_frame("0101", 0);
	add_number("2");
	add_frame("0011", 8 * MS); /* no silence before it: one frame of 8 bits */
	add_frame("1111", 100 * MS);
	assert_int_equal(capture_read(got, 8, NULL), 2);
	expect(&got[0], CAPTURE_FRAME, "01010011", "1", 2);
	expect(&got[1], CAPTURE_FRAME, "1111", "2", 2 + 8 + 1 + 8);
}

static void no_number_is_lost_in_silence(void **state)
{
	(void)state;
	struct outcome got[8];

	capture_begin();
	add_number("1"); /* its card was not presented */
	add_number("2");
	add_frame("011", 0); /* noise */
	add_number("3");
	capture_write_edge(&capture, &(struct wiegand_edge){100 * MS, 0, 0}); /* a glitch: 1 us */
	capture_write_edge(&capture, &(struct wiegand_edge){100 * MS + 1000, 0, 1});
	add_frame("0110", 200 * MS);
	add_number("4");
	assert_int_equal(capture_read(got, 8, NULL), 4);
	expect(&got[0], CAPTURE_NO_FRAME, "", "1", 1);
	expect(&got[1], CAPTURE_SPOILED, "", "2", 3);
	expect(&got[2], CAPTURE_FRAME, "0110", "3", 12);
	expect(&got[3], CAPTURE_NO_FRAME, "", "4", 20);
}

static void a_number_whose_glitch_is_followed_by_another_number_is_told(void **state)
{
	(void)state;
	struct outcome got[8];

	capture_begin();
	add_number("1");
	capture_write_edge(&capture, &(struct wiegand_edge){0, 0, 0});
	capture_write_edge(&capture, &(struct wiegand_edge){1000, 0, 1});
	add_number("2");
	add_frame("0110", 200 * MS);
	assert_int_equal(capture_read(got, 8, NULL), 2);
	expect(&got[0], CAPTURE_NO_FRAME, "", "1", 2);
	expect(&got[1], CAPTURE_FRAME, "0110", "2", 5);
}

static void wrong_captures_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{"100 0 0\n99 0 1\n", "the time goes back"},
		{"100 0 0\nend\n", form},
		{"4611686018427387904 0 0\n", "the time is later than any clock's"},
		{"# number\n", "`# number` is followed by the number printed on the card, at most "
			       "64 characters"},
		{"# number "
		 "12345678901234567890123456789012345678901234567890123456789012345\n",
			"`# number` is followed by the number printed on the card, at most 64 "
			"characters"},
		{"# reader 12345678901234567\n", "`# reader` is followed by at most 16 "
						 "characters"},
		{"# format 123456789012345678901234567890123\n",
			"`# format` is followed by at most 32 characters"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct outcome got[2];
		char text[128];
		struct buf why = buf_over(text, sizeof(text));

		capture_begin();
		buf_add_string(&capture, rows[i].text);
		size_t count = capture_read(got, 2, &why);

		assert_int_equal(count, 1);
		assert_int_equal(got[0].result, CAPTURE_REFUSED);
		assert_true(span_equal(buf_span(&why), span_from_string(rows[i].why)));
	}
}

static void the_limits_are_the_callers(void **state)
{
	(void)state;
	struct wiegand_limits limits;
	struct capture_reader reader;
	struct capture_frame frame;
	char line[64];

	wiegand_limits_default(&limits);
	limits.gap_ns = 10000000;
	capture_reader_init(&reader, &limits);
	for (unsigned i = 0; i < 10; i++) { /* 5 pulses, one every 12 ms: each is noise */
		struct buf out = buf_over(line, sizeof(line));
		struct wiegand_edge edge = {i / 2 * 12 * MS + (i & 1) * 50000, 1, i & 1};

		capture_write_edge(&out, &edge);
		assert_int_equal(
			capture_reader_line(&reader, span_of(line, out.len - 1), &frame, NULL),
			i > 1 && i % 2 == 0 ? CAPTURE_SPOILED : CAPTURE_NOTHING);
	}
	assert_int_equal(capture_reader_end(&reader, &frame), CAPTURE_SPOILED);
	assert_int_equal(capture_reader_end(&reader, &frame), CAPTURE_NOTHING);
}

static void what_is_written_is_in_the_form(void **state)
{
	(void)state;
	capture_begin();
	capture_write_remark(&capture, CAPTURE_NUMBER, SPAN_LIT("123/45678"));
	capture_write_remark(&capture, CAPTURE_READER, SPAN_LIT("1"));
	capture_write_remark(&capture, CAPTURE_FORMAT, SPAN_LIT("W26"));
	capture_write_edge(&capture, &(struct wiegand_edge){0, 1, 0});
	capture_write_edge(&capture, &(struct wiegand_edge){50000, 1, 1});
	assert_true(span_equal(buf_span(&capture),
		SPAN_LIT("# number 123/45678\n# reader 1\n# format W26\n0 1 0\n50000 1 1\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_read),
		cmocka_unit_test(remarks_have_meaning_by_their_key),
		cmocka_unit_test(wrong_lines_are_refused_with_the_form),
		cmocka_unit_test(a_number_belongs_to_the_frame_behind_it),
		cmocka_unit_test(a_number_amid_a_frame_is_of_the_next),
		cmocka_unit_test(no_number_is_lost_in_silence),
		cmocka_unit_test(a_number_whose_glitch_is_followed_by_another_number_is_told),
		cmocka_unit_test(wrong_captures_are_refused),
		cmocka_unit_test(the_limits_are_the_callers),
		cmocka_unit_test(what_is_written_is_in_the_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
