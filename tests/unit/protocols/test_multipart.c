// SPDX-License-Identifier: Apache-2.0
/* Event streams: the bytes we write, and what the reader makes of careful and careless devices. */
#include "base/compiler.h"
#include "protocols/multipart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a stream came to: every part as [type|body], and what the end was. */
struct outcome {
	char text[8192];
	struct buf parts;
	enum multipart_result end;
};

static void outcome_add(struct outcome *outcome, const struct multipart_reader *reader)
{
	buf_add_byte(&outcome->parts, '[');
	buf_add(&outcome->parts, span_of(reader->content_type, reader->content_type_len));
	buf_add_byte(&outcome->parts, '|');
	buf_add(&outcome->parts, buf_span(&reader->part));
	buf_add_byte(&outcome->parts, ']');
}

/* Reads stream in pieces of chunk bytes into a part memory of capacity. */
static void stream_read(struct outcome *outcome, struct span stream, size_t chunk, size_t capacity)
{
	static char memory[4096];
	struct multipart_reader reader;

	outcome->parts = buf_over(outcome->text, sizeof(outcome->text));
	outcome->end = MULTIPART_MORE;
	assert_true(capacity <= sizeof(memory));
	assert_true(multipart_reader_init(&reader, SPAN_LIT("myboundary"), memory, capacity));
	for (size_t at = 0; at < stream.len && outcome->end != MULTIPART_BAD; at += chunk) {
		struct span input = span_slice(stream, at, chunk);

		do {
			outcome->end = multipart_reader_take(&reader, &input);
			if (outcome->end == MULTIPART_PART)
				outcome_add(outcome, &reader);
		} while (outcome->end == MULTIPART_PART);
		if (outcome->end == MULTIPART_MORE)
			assert_int_equal(input.len, 0);
	}
	assert_false(outcome->parts.overflow);
}

static void assert_stream(
	struct span stream, size_t capacity, struct span want, enum multipart_result end)
{
	static struct outcome outcome;

	for (size_t chunk = 1; chunk <= stream.len; chunk++) {
		stream_read(&outcome, stream, chunk, capacity);
		if (!span_equal(buf_span(&outcome.parts), want) || outcome.end != end)
			fail_msg("chunks of %zu: end %d, parts %.*s", chunk, (int)outcome.end,
				(int)outcome.parts.len, outcome.text);
	}
}

#define ASSERT_PARTS(stream, want)                                                                 \
	assert_stream(SPAN_LIT(stream), 4096, SPAN_LIT(want), MULTIPART_MORE)
#define ASSERT_BAD(stream, want)                                                                   \
	assert_stream(SPAN_LIT(stream), 4096, SPAN_LIT(want), MULTIPART_BAD)

#define PLAIN "--myboundary\r\nContent-Type: text/plain\r\n"
#define HEARTBEAT PLAIN "Content-Length:9\r\n\r\nHeartbeat\r\n\r\n"

static void part_is_written_byte_for_byte(void **state)
{
	(void)state;
	char text[256];
	struct buf out = buf_over(text, sizeof(text));

	multipart_write_part(&out, SPAN_LIT("myboundary"), "text/plain", SPAN_LIT("Heartbeat"));
	assert_false(out.overflow);
	assert_true(span_equal(buf_span(&out),
		SPAN_LIT("--myboundary\r\nContent-Type: text/plain\r\nContent-Length:9\r\n\r\n"
			 "Heartbeat\r\n\r\n")));
	out = buf_over(text, out.len - 1);
	multipart_write_part(&out, SPAN_LIT("myboundary"), "text/plain", SPAN_LIT("Heartbeat"));
	assert_true(out.overflow);
}

static void transcript_streams_are_read(void **state)
{
	(void)state;
	ASSERT_PARTS("--myboundary\r\n"
		     "Content-Type: text/plain\r\n"
		     "Content-Length:67\r\n"
		     "\r\n"
		     "Code=AccessControl;action=Pulse;index=0;data={\n"
		     "   \"CardName\" : \"\"\n}"
		     "\r\n\r\n" HEARTBEAT,
		"[text/plain|Code=AccessControl;action=Pulse;index=0;data={\n"
		"   \"CardName\" : \"\"\n}][text/plain|Heartbeat]");
	ASSERT_PARTS("--myboundary\r\n"
		     "Content-Type: text/plain\r\n"
		     "Content-Length: 47\r\n"
		     "\r\n"
		     "Events[0].Alive=100\r\nEvents[0].CardName=Iva A\r\n"
		     "\r\n--myboundary\r\n"
		     "Content-Type: image/jpeg\r\n"
		     "Content-Length: 8\r\n"
		     "\r\n"
		     "\xff\xd8\r\n--\xff\xd9"
		     "\r\n" HEARTBEAT,
		"[text/plain|Events[0].Alive=100\r\nEvents[0].CardName=Iva A\r\n]"
		"[image/jpeg|\xff\xd8\r\n--\xff\xd9][text/plain|Heartbeat]");
}

static void counted_body_may_hold_anything(void **state)
{
	(void)state;
	ASSERT_PARTS(PLAIN "Content-Length:16\r\n\r\n\r\n--myboundary\r\n\r\n\r\n" HEARTBEAT,
		"[text/plain|\r\n--myboundary\r\n][text/plain|Heartbeat]");
	ASSERT_PARTS(PLAIN "Content-Length: 0\r\n\r\n\r\n\r\n" HEARTBEAT,
		"[text/plain|][text/plain|Heartbeat]");
	ASSERT_PARTS(PLAIN "Content-Length:3\r\n\r\na\0b--myboundary\r\n\r\nx\r\n--myboundary\r\n",
		"[text/plain|a\0b][|x]");
	/* A part is out as soon as its last byte is in: nothing of the next one is waited for. */
	ASSERT_PARTS(PLAIN "Content-Length:9\r\n\r\nHeartbeat", "[text/plain|Heartbeat]");
	ASSERT_PARTS(PLAIN "Content-Length:9\r\n\r\nHeartbea", "");
}

static void body_without_length_ends_at_the_boundary(void **state)
{
	(void)state;
	ASSERT_PARTS(PLAIN "\r\nHeartbeat\r\n\r\n" PLAIN "\r\nx\ny\n--myboundary\n",
		"[text/plain|Heartbeat][text/plain|x\ny]");
	ASSERT_PARTS("--myboundary\n\n\n--my\n--myboundary2\n-- myboundary\n--myboundary x\n"
		     "x--myboundary\n--myboundary-\n--myboundary \t\r\n",
		"[|\n--my\n--myboundary2\n-- myboundary\n--myboundary x\nx--myboundary\n"
		"--myboundary-]");
	ASSERT_PARTS("--myboundary\r\n\r\n\r\n\r\n\r\n\r\n--myboundary\r\n", "[|\r\n\r\n]");
	ASSERT_PARTS("--myboundary\r\n\r\n--myboundary\r\n\r\na\r--myboundary\r\n\r--myboundary\n"
		     "--myboundary--\n",
		"[|][|a\r--myboundary\r\n\r--myboundary]");
	ASSERT_PARTS(PLAIN "\r\nlast\r\n--myboundary--\r\n" HEARTBEAT, "[text/plain|last]");
}

static void careless_framing_is_understood(void **state)
{
	(void)state;
	/* Blank lines in front, LF, more dashes, blanks around values, other headers and order. */
	ASSERT_PARTS("\r\n\r\n" HEARTBEAT "\r\n\n" HEARTBEAT,
		"[text/plain|Heartbeat][text/plain|Heartbeat]");
	ASSERT_PARTS("----myboundary\nCONTENT-LENGTH:\t 2 \nX-Time: 1:2\ncontent-type:a/b \n\nhi\n"
		     "--myboundary\n",
		"[a/b|hi]");
	ASSERT_PARTS("HTTP/1.1 200 OK\r\n" HEARTBEAT, "[text/plain|Heartbeat]");
	/* A body longer than announced loses its end, and the stream goes on. */
	ASSERT_PARTS(PLAIN "Content-Length:5\r\n\r\nHeartbeat\r\n\r\n" HEARTBEAT,
		"[text/plain|Heart][text/plain|Heartbeat]");
	/* Headers and nothing more. */
	ASSERT_PARTS(PLAIN HEARTBEAT, "[text/plain|Heartbeat]");
	ASSERT_PARTS(HEARTBEAT "--myboundary--\r\n" HEARTBEAT, "[text/plain|Heartbeat]");
}

/* The vendor's paper prints no blank line between the headers and the body. */
static void stream_as_printed_in_the_paper_is_read(void **state)
{
	(void)state;
#define EVENTS                                                                                     \
	"Events[0].Code=TrafficJunction\r\n"                                                       \
	"Events[0].CountInGroup=1\r\n"                                                             \
	"Events[0].IndexInGroup=1\r\n"                                                             \
	"Events[0].Lane=1\r\n"                                                                     \
	"Events[0].Data.PTS= 42949485818.0\r\n"                                                    \
	"Events[0].TrafficCar.PlateNumber=Z A12345\r\n"                                            \
	"Events[0].TrafficCar.DeviceAddress=Hangzhou\r\n"                                          \
	"Events[1].Code=TrafficJunction"
	ASSERT_PARTS("--myboundary\r\n"
		     "Content-Type: text/plain\r\n"
		     "Content-Length: 255\r\n" EVENTS "\r\n"
		     "--myboundary\r\n"
		     "Content-Type: image/jpeg\r\n"
		     "Content-Length:9\r\n"
		     "\xff\xd8\xff\xe0JFIF\xd9\r\n"
		     "--myboundary\r\n"
		     "Content-Type: text/plain\r\n"
		     "Content-Length:9\r\n"
		     "Heartbeat\r\n"
		     "--myboundary\r\n",
		"[text/plain|" EVENTS "][image/jpeg|\xff\xd8\xff\xe0JFIF\xd9]"
		"[text/plain|Heartbeat]");
	/* The same without lengths. */
	ASSERT_PARTS("--myboundary\r\nContent-Type: text/plain\r\n" EVENTS "\r\n"
		     "--myboundary\r\nContent-Type: text/plain\r\nHeartbeat\r\n--myboundary\r\n",
		"[text/plain|" EVENTS "][text/plain|Heartbeat]");
	ASSERT_PARTS(PLAIN "Content-Length:6\r\nHeart\rbeat" HEARTBEAT, "[text/plain|Heart\r]");
	/* The first line is more than the body: what is over is no part of anything. */
	ASSERT_PARTS(PLAIN "Content-Length:5\r\nHeartbeat\r\n" HEARTBEAT,
		"[text/plain|Heart][text/plain|Heartbeat]");
}

static void first_body_line_may_be_long(void **state)
{
	(void)state;
	static char stream[4096];
	static char want[4096];
	struct buf in = buf_over(stream, sizeof(stream));
	struct buf out = buf_over(want, sizeof(want));

	buf_add_string(&in, PLAIN);
	buf_add_string(&out, "[text/plain|");
	for (unsigned i = 0; i < 600; i++) {
		buf_add_byte(&in, 'x');
		buf_add_byte(&out, 'x');
	}
	buf_add_string(&in, "\r\n" HEARTBEAT);
	buf_add_string(&out, "][text/plain|Heartbeat]");
	assert_stream(buf_span(&in), 4096, buf_span(&out), MULTIPART_MORE);
	/* A long header is not kept, and does no harm. */
	in = buf_over(stream, sizeof(stream));
	buf_add_string(&in, PLAIN "X: ");
	for (unsigned i = 0; i < 600; i++)
		buf_add_byte(&in, 'x');
	buf_add_string(&in, "\r\nContent-Length:2\r\n\r\nhi");
	assert_stream(buf_span(&in), 4096, SPAN_LIT("[text/plain|hi]"), MULTIPART_MORE);
}

static void several_events_in_one_part_are_one_part(void **state)
{
	(void)state;
	ASSERT_PARTS(PLAIN "Content-Length:44\r\n\r\n"
			   "Code=A;action=Pulse\r\n\r\nCode=B;action=Pulse\r\n\r\n\r\n" HEARTBEAT,
		"[text/plain|Code=A;action=Pulse\r\n\r\nCode=B;action=Pulse\r\n][text/"
		"plain|Heartbeat]");
}

static void bad_streams_are_given_up(void **state)
{
	(void)state;
	ASSERT_BAD(PLAIN "Content-Length:x\r\n\r\nabc", "");
	ASSERT_BAD(PLAIN "Content-Length:\r\n\r\nabc", "");
	ASSERT_BAD(PLAIN "Content-Length:-1\r\n\r\nabc", "");
	ASSERT_BAD(PLAIN "Content-Length:1\r\nContent-Length:1\r\n\r\nabc", "");
	ASSERT_BAD(PLAIN "Content-Length:18446744073709551616\r\n\r\nabc", "");
	ASSERT_BAD(HEARTBEAT PLAIN "Content-Length:4097\r\n\r\nabc", "[text/plain|Heartbeat]");
	ASSERT_BAD(PLAIN "Content-Length:5\r\n--myboundary\r\n\r\nabc", "");
}

static void parts_above_the_capacity_are_bad(void **state)
{
	(void)state;
	assert_stream(SPAN_LIT(HEARTBEAT), 9, SPAN_LIT("[text/plain|Heartbeat]"), MULTIPART_MORE);
	assert_stream(SPAN_LIT(HEARTBEAT), 8, SPAN_LIT(""), MULTIPART_BAD);
	assert_stream(SPAN_LIT(PLAIN "\r\nHeartbeat\r\n\r\n--myboundary\r\n"), 13,
		SPAN_LIT("[text/plain|Heartbeat]"), MULTIPART_MORE);
	assert_stream(SPAN_LIT(PLAIN "\r\nHeartbeat\r\n\r\n--myboundary\r\n"), 8, SPAN_LIT(""),
		MULTIPART_BAD);
	assert_stream(SPAN_LIT("--myboundary\r\n\r\n1\n2\n3\n4\n5\n6\n7\n"), 8, SPAN_LIT(""),
		MULTIPART_BAD);
}

static void endless_other_text_is_given_up(void **state)
{
	(void)state;
	static char text[20000];
	static struct outcome outcome;

	memset(text, 'x', sizeof(text));
	stream_read(&outcome, span_of(text, sizeof(text)), 1000, 4096);
	assert_int_equal(outcome.end, MULTIPART_BAD);
	for (size_t i = 80; i < sizeof(text); i += 80)
		text[i] = '\n';
	stream_read(&outcome, span_of(text, sizeof(text)), 1000, 4096);
	assert_int_equal(outcome.end, MULTIPART_BAD);
	/* Headers without end. */
	memcpy(text, "--myboundary\n", 13);
	for (size_t i = 13; i + 5 <= sizeof(text); i += 5)
		memcpy(text + i, "A: b\n", 5);
	stream_read(&outcome, span_of(text, sizeof(text)), 1000, 4096);
	assert_int_equal(outcome.end, MULTIPART_BAD);
	for (size_t i = 0; i + 14 <= sizeof(text); i += 14)
		memcpy(text + i, "--myboundary\r\n", 14);
	stream_read(&outcome, span_of(text, sizeof(text)), 1000, 4096);
	assert_int_equal(outcome.end, MULTIPART_BAD);
	/* Blank lines are a way to keep a connection alive. */
	memset(text, '\n', sizeof(text));
	stream_read(&outcome, span_of(text, sizeof(text)), 1000, 4096);
	assert_int_equal(outcome.end, MULTIPART_MORE);
}

static void bad_stays_bad(void **state)
{
	(void)state;
	char memory[8];
	struct multipart_reader reader;
	struct span input = SPAN_LIT(PLAIN "Content-Length:9\r\n");

	assert_true(multipart_reader_init(&reader, SPAN_LIT("myboundary"), memory, sizeof(memory)));
	assert_int_equal(multipart_reader_take(&reader, &input), MULTIPART_BAD);
	input = SPAN_LIT(PLAIN "Content-Length:1\r\n\r\nx");
	assert_int_equal(multipart_reader_take(&reader, &input), MULTIPART_BAD);
	input = (struct span){NULL, 0};
	assert_int_equal(multipart_reader_take(&reader, &input), MULTIPART_BAD);
}

static void written_parts_are_read_back(void **state)
{
	(void)state;
	static char stream[8192];
	static const char *const bodies[] = {
		"Heartbeat", "", "\r\n", "--myboundary\r\n", "Code=A\r\n\r\n", "a\nb"};
	struct buf in = buf_over(stream, sizeof(stream));
	char want[512];
	struct buf out = buf_over(want, sizeof(want));

	for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
		multipart_write_part(
			&in, SPAN_LIT("myboundary"), "text/plain", span_from_string(bodies[i]));
		buf_add_string(&out, "[text/plain|");
		buf_add_string(&out, bodies[i]);
		buf_add_byte(&out, ']');
	}
	assert_stream(buf_span(&in), 4096, buf_span(&out), MULTIPART_MORE);
}

static void boundary_is_found_in_the_content_type(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *want; /* NULL: none */
	} cases[] = {
		{"multipart/x-mixed-replace; boundary=myboundary", "myboundary"},
		{"multipart/x-mixed-replace;boundary=myboundary", "myboundary"},
		{"Multipart/X-Mixed-Replace ; charset=x; BOUNDARY = \"my;b=\" ; z=1", "my;b="},
		{"multipart/x-mixed-replace; a=\"; boundary=no\"; boundary=yes", "yes"},
		{"multipart/x-mixed-replace; boundary=--myboundary", "myboundary"},
		{"multipart/x-mixed-replace; boundary=\"--my-boundary--\"", "my-boundary--"},
		{"multipart/x-mixed-replace", NULL},
		{"multipart/x-mixed-replace; boundary=", NULL},
		{"multipart/x-mixed-replace; boundary=\"\"", NULL},
		{"multipart/x-mixed-replace; boundary=--", NULL},
		{"multipart/x-mixed-replace; boundary=\"a b\"", NULL},
		{"multipart/x-mixed-replace; boundary=\"abc", NULL},
		{"multipart/x-mixed-replace; boundary", NULL},
		{"multipart/form-data; boundary=myboundary", NULL},
		{"text/plain; boundary=myboundary", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct span boundary = {NULL, 0};
		bool found = multipart_boundary(span_from_string(cases[i].value), &boundary);

		if (found != (cases[i].want != NULL) ||
			(found && !span_equal(boundary, span_from_string(cases[i].want))))
			fail_msg("wrong answer to: %s", cases[i].value);
	}
}

static void boundary_of_a_reader_is_1_to_70_bytes(void **state)
{
	(void)state;
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789x";
	char memory[8];
	struct multipart_reader reader;
	struct span whole = SPAN_LIT("\r\n--"
				     "0123456789012345678901234567890123456789012345678901234567890"
				     "123456789\r\nContent-Length:2\r\n\r\nhi");

	assert_false(multipart_reader_init(&reader, span_of("", 0), memory, sizeof(memory)));
	assert_false(
		multipart_reader_init(&reader, span_of(long_name, 71), memory, sizeof(memory)));
	assert_false(multipart_reader_init(&reader, SPAN_LIT("--x"), memory, sizeof(memory)));
	assert_false(multipart_reader_init(&reader, SPAN_LIT("a\r\nb"), memory, sizeof(memory)));
	assert_true(multipart_reader_init(&reader, span_of(long_name, 70), memory, sizeof(memory)));
	assert_int_equal(multipart_reader_take(&reader, &whole), MULTIPART_PART);
	assert_true(span_equal(buf_span(&reader.part), SPAN_LIT("hi")));
	assert_true(multipart_reader_init(&reader, SPAN_LIT("x"), memory, sizeof(memory)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(part_is_written_byte_for_byte),
		cmocka_unit_test(transcript_streams_are_read),
		cmocka_unit_test(counted_body_may_hold_anything),
		cmocka_unit_test(body_without_length_ends_at_the_boundary),
		cmocka_unit_test(careless_framing_is_understood),
		cmocka_unit_test(stream_as_printed_in_the_paper_is_read),
		cmocka_unit_test(first_body_line_may_be_long),
		cmocka_unit_test(several_events_in_one_part_are_one_part),
		cmocka_unit_test(bad_streams_are_given_up),
		cmocka_unit_test(parts_above_the_capacity_are_bad),
		cmocka_unit_test(endless_other_text_is_given_up),
		cmocka_unit_test(bad_stays_bad),
		cmocka_unit_test(written_parts_are_read_back),
		cmocka_unit_test(boundary_is_found_in_the_content_type),
		cmocka_unit_test(boundary_of_a_reader_is_1_to_70_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
