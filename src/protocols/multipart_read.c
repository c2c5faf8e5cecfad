// SPDX-License-Identifier: Apache-2.0
/*
 * The reading side of an event stream: a state machine over bytes, so that any chunking gives the
 * same parts. It owns nothing; the body goes into the memory given at init, never beyond.
 *
 * Devices are careless, and what can be understood is taken: LF for CRLF, blank lines before a
 * boundary, more dashes than announced, no Content-Length, even no blank line behind the headers
 * (the vendor's paper prints it so): the first line that cannot be a header then begins the body.
 * Bounded: what is neither body nor blank may be SKIP_MAX bytes between two parts.
 */
#include "base/number.h"
#include "multipart_text.h"

#define SKIP_MAX (16 * 1024)

enum reader_state {
	STATE_BETWEEN, /* looks for a boundary line */
	STATE_NAME, /* header line, before its colon */
	STATE_VALUE, /* header line, behind its colon */
	STATE_COUNTED, /* body with Content-Length */
	STATE_LINE, /* body without: a line that may be the boundary, held back in line */
	STATE_REST, /* body without: within a line */
	STATE_END, /* behind the closing boundary */
	STATE_BAD,
};

enum line_kind { LINE_OTHER, LINE_BOUNDARY, LINE_CLOSING };

bool multipart_reader_init(
	struct multipart_reader *reader, struct span boundary, void *memory, size_t capacity)
{
	if (!multipart_boundary_valid(boundary))
		return false;
	memset(reader, 0, sizeof(*reader));
	reader->part = buf_over(memory, capacity);
	memcpy(reader->boundary, "--", 2);
	memcpy(reader->boundary + 2, boundary.data, boundary.len);
	reader->boundary_len = (uint8_t)(boundary.len + 2);
	reader->state = STATE_BETWEEN;
	return true;
}

static enum multipart_result reader_bad(struct multipart_reader *reader)
{
	reader->state = STATE_BAD;
	return MULTIPART_BAD;
}

static void reader_state_set(struct multipart_reader *reader, enum reader_state state)
{
	reader->state = (uint8_t)state;
	reader->line_len = 0;
}

/* A line that grows too long keeps its beginning. */
static void line_put(struct multipart_reader *reader, char c)
{
	if (reader->line_len < sizeof(reader->line))
		reader->line[reader->line_len++] = c;
}

static bool line_full(const struct multipart_reader *reader)
{
	return reader->line_len == sizeof(reader->line);
}

/* The line in progress without its end. */
static struct span line_text(const struct multipart_reader *reader)
{
	struct span line = {reader->line, reader->line_len};

	if (line.len > 0 && line.data[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct span boundary_name(const struct multipart_reader *reader)
{
	return (struct span){reader->boundary + 2, (size_t)reader->boundary_len - 2};
}

static size_t count_dashes(struct span line)
{
	size_t dashes = 0;

	while (dashes < line.len && line.data[dashes] == '-')
		dashes++;
	return dashes;
}

static enum line_kind line_judge(const struct multipart_reader *reader)
{
	struct span line = span_trim(line_text(reader));
	struct span name = boundary_name(reader);
	size_t dashes = count_dashes(line);

	if (dashes < 2 || line_full(reader))
		return LINE_OTHER;
	line = span_slice(line, dashes, line.len);
	if (!span_starts_with(line, name))
		return LINE_OTHER;
	line = span_slice(line, name.len, line.len);
	if (line.len == 0)
		return LINE_BOUNDARY;
	return span_equal(line, SPAN_LIT("--")) ? LINE_CLOSING : LINE_OTHER;
}

/* Whether the unfinished line can still become a boundary. */
static bool line_may_be_boundary(const struct multipart_reader *reader)
{
	struct span line = {reader->line, reader->line_len};
	struct span name = boundary_name(reader);
	size_t dashes = count_dashes(line);

	if (dashes == line.len)
		return true;
	if (dashes < 2)
		return false;
	line = span_slice(line, dashes, line.len);
	if (line.len <= name.len)
		return span_starts_with(name, line);
	if (!span_starts_with(line, name))
		return false;
	line = span_slice(line, name.len, line.len);
	for (size_t i = count_dashes(line); i < line.len; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
			return false;
	}
	return true;
}

static void part_clear(struct multipart_reader *reader)
{
	reader->part.len = 0;
	reader->content_type_len = 0;
	reader->has_length = false;
	reader->body_left = 0;
	reader->part_done = false;
}

static enum multipart_result part_finish(struct multipart_reader *reader, enum reader_state next)
{
	reader_state_set(reader, next);
	reader->part_done = true;
	reader->skipped = 0;
	return MULTIPART_PART;
}

static enum multipart_result between_byte(struct multipart_reader *reader, char c)
{
	line_put(reader, c);
	if (c != '\r' && c != '\n' && ++reader->skipped > SKIP_MAX)
		return reader_bad(reader);
	if (c != '\n')
		return MULTIPART_MORE;
	switch (line_judge(reader)) {
	case LINE_BOUNDARY:
		reader_state_set(reader, STATE_NAME);
		break;
	case LINE_CLOSING:
		reader_state_set(reader, STATE_END);
		break;
	case LINE_OTHER:
		reader_state_set(reader, STATE_BETWEEN);
		break;
	}
	return MULTIPART_MORE;
}

/* The headers ended in a proper way. */
static enum multipart_result body_begin(struct multipart_reader *reader)
{
	if (reader->has_length && reader->body_left == 0)
		return part_finish(reader, STATE_BETWEEN);
	reader_state_set(reader, reader->has_length ? STATE_COUNTED : STATE_LINE);
	return MULTIPART_MORE;
}

/* Body without Content-Length; it goes on within a line unless the bytes end one. */
static enum multipart_result body_add(struct multipart_reader *reader, struct span bytes)
{
	buf_add(&reader->part, bytes);
	if (reader->part.overflow)
		return reader_bad(reader);
	reader_state_set(reader, bytes.data[bytes.len - 1] == '\n' ? STATE_LINE : STATE_REST);
	return MULTIPART_MORE;
}

/* What was taken for a header line is the body's beginning, and may be more than the body. */
static enum multipart_result line_to_body(struct multipart_reader *reader)
{
	struct span line = {reader->line, reader->line_len};

	if (!reader->has_length)
		return body_add(reader, line);

	struct span body = span_slice(line, 0, reader->body_left);

	buf_add(&reader->part, body);
	reader->body_left -= body.len;
	if (reader->body_left > 0) {
		reader_state_set(reader, STATE_COUNTED);
		return MULTIPART_MORE;
	}
	enum multipart_result result = part_finish(reader, STATE_BETWEEN);

	/*
	 * What is too much is read again, moving to the front of the line it stands in. At most its
	 * last byte ends a line: no more than a boundary can be found.
	 */
	for (size_t i = body.len; i < line.len; i++)
		(void)between_byte(reader, line.data[i]);
	return result;
}

static enum multipart_result name_line_end(struct multipart_reader *reader)
{
	if (line_text(reader).len == 0)
		return body_begin(reader);
	switch (line_judge(reader)) {
	case LINE_OTHER:
		return line_to_body(reader);
	case LINE_BOUNDARY:
	case LINE_CLOSING:
		break;
	}
	/* A boundary where the body should be: nothing was sent, unless something was announced. */
	if (reader->body_left > 0)
		return reader_bad(reader);
	reader_state_set(reader, line_judge(reader) == LINE_CLOSING ? STATE_END : STATE_NAME);
	part_clear(reader);
	return MULTIPART_MORE;
}

static bool byte_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static enum multipart_result name_byte(struct multipart_reader *reader, char c)
{
	bool after_cr = reader->line_len > 0 && reader->line[reader->line_len - 1] == '\r';

	if (++reader->skipped > SKIP_MAX)
		return reader_bad(reader);
	line_put(reader, c);
	if (c == '\n')
		return name_line_end(reader);
	if (after_cr)
		return line_to_body(reader);
	if (c == ':' && reader->line_len > 1) {
		reader->state = STATE_VALUE;
		return MULTIPART_MORE;
	}
	if (line_full(reader))
		return line_to_body(reader);
	/* A boundary may stand here, and have in it what a header's name may not. */
	if (byte_is_name(c) || c == '\r' || line_may_be_boundary(reader))
		return MULTIPART_MORE;
	return line_to_body(reader);
}

static bool header_take(struct multipart_reader *reader)
{
	struct span line = line_text(reader);
	size_t colon = span_find(line, ':');
	struct span name = span_slice(line, 0, colon);
	struct span value = span_trim(span_slice(line, colon + 1, line.len));
	uint64_t length;

	if (span_equal_nocase(name, SPAN_LIT("Content-Type"))) {
		value = span_slice(value, 0, sizeof(reader->content_type));
		memcpy(reader->content_type, value.data, value.len);
		reader->content_type_len = (uint8_t)value.len;
	}
	if (!span_equal_nocase(name, SPAN_LIT("Content-Length")))
		return true;
	if (reader->has_length || line_full(reader) ||
		!number_parse_u64(value, reader->part.capacity, &length))
		return false;
	reader->body_left = (size_t)length;
	reader->has_length = true;
	return true;
}

static enum multipart_result value_byte(struct multipart_reader *reader, char c)
{
	if (++reader->skipped > SKIP_MAX)
		return reader_bad(reader);
	line_put(reader, c);
	if (c != '\n')
		return MULTIPART_MORE;
	if (!header_take(reader))
		return reader_bad(reader);
	reader_state_set(reader, STATE_NAME);
	return MULTIPART_MORE;
}

/* The line ends before a boundary: the boundary's own, and the blank line that devices add. */
static void body_strip(struct buf *body)
{
	for (unsigned i = 0; i < 2; i++) {
		if (body->len == 0 || body->data[body->len - 1] != '\n')
			return;
		body->len--;
		if (body->len > 0 && body->data[body->len - 1] == '\r')
			body->len--;
	}
}

static enum multipart_result body_line_byte(struct multipart_reader *reader, char c)
{
	enum line_kind kind = LINE_OTHER;

	line_put(reader, c);
	if (c == '\n')
		kind = line_judge(reader);
	else if (line_may_be_boundary(reader) && !line_full(reader))
		return MULTIPART_MORE;
	if (kind != LINE_OTHER) {
		body_strip(&reader->part);
		return part_finish(reader, kind == LINE_CLOSING ? STATE_END : STATE_NAME);
	}
	return body_add(reader, (struct span){reader->line, reader->line_len});
}

static enum multipart_result take_counted(struct multipart_reader *reader, struct span *input)
{
	struct span bytes = span_slice(*input, 0, reader->body_left);

	*input = span_slice(*input, bytes.len, input->len);
	buf_add(&reader->part, bytes);
	reader->body_left -= bytes.len;
	return reader->body_left > 0 ? MULTIPART_MORE : part_finish(reader, STATE_BETWEEN);
}

static enum multipart_result take_rest(struct multipart_reader *reader, struct span *input)
{
	struct span bytes = span_slice(*input, 0, span_find(*input, '\n') + 1);

	*input = span_slice(*input, bytes.len, input->len);
	return body_add(reader, bytes);
}

static char take_byte(struct span *input)
{
	char c = input->data[0];

	*input = span_slice(*input, 1, input->len);
	return c;
}

static enum multipart_result reader_step(struct multipart_reader *reader, struct span *input)
{
	switch ((enum reader_state)reader->state) {
	case STATE_BETWEEN:
		return between_byte(reader, take_byte(input));
	case STATE_NAME:
		return name_byte(reader, take_byte(input));
	case STATE_VALUE:
		return value_byte(reader, take_byte(input));
	case STATE_COUNTED:
		return take_counted(reader, input);
	case STATE_LINE:
		return body_line_byte(reader, take_byte(input));
	case STATE_REST:
		return take_rest(reader, input);
	case STATE_END:
		*input = span_slice(*input, input->len, 0);
		return MULTIPART_MORE;
	case STATE_BAD:
		break;
	}
	return MULTIPART_BAD;
}

enum multipart_result multipart_reader_take(struct multipart_reader *reader, struct span *input)
{
	enum multipart_result result = reader->state == STATE_BAD ? MULTIPART_BAD : MULTIPART_MORE;

	if (reader->part_done)
		part_clear(reader);
	while (result == MULTIPART_MORE && input->len > 0)
		result = reader_step(reader, input);
	return result;
}
