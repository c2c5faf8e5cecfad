// SPDX-License-Identifier: Apache-2.0
/*
 * Captures of a reader's lines, in the form of docs/captures.md.
 *
 * The line parser judges a line by itself and keeps nothing. The reader of whole captures adds what
 * needs the lines before: times never go back, edges become frames (wiegand.c), and a printed
 * number belongs to the first frame whose edges stand behind it. A number is never lost in silence:
 * it comes out with its frame, with the news that the frame was spoiled, or that there was none.
 * Pulses that are too short to be a frame use no number up.
 */
#include "protocols/capture.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "base/number.h"

#define TIME_NS_MAX (INT64_MAX / 2) /* so that the silence behind every edge can be told */

static const struct {
	enum capture_line_kind kind;
	struct span key;
} keys[] = {
	{CAPTURE_NUMBER, {"number", 6}},
	{CAPTURE_READER, {"reader", 6}},
	{CAPTURE_FORMAT, {"format", 6}},
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the next word: words are separated by blanks or one comma. */
static bool word_next(struct span *rest, struct span *ret)
{
	size_t at = 0;

	*rest = span_trim(*rest);
	while (at < rest->len && !blank(rest->data[at]) && rest->data[at] != ',')
		at++;
	*ret = span_slice(*rest, 0, at);
	*rest = span_trim(span_slice(*rest, at, rest->len));
	if (rest->len > 0 && rest->data[0] == ',') {
		*rest = span_slice(*rest, 1, rest->len);
		return ret->len > 0 && span_trim(*rest).len > 0;
	}
	return ret->len > 0;
}

static bool bit_parse(struct span word, uint8_t *ret)
{
	uint64_t value;

	if (!number_parse_u64(word, 1, &value))
		return false;
	*ret = (uint8_t)value;
	return true;
}

static bool edge_parse(struct span rest, struct wiegand_edge *ret)
{
	struct span at, line, level;

	return word_next(&rest, &at) && word_next(&rest, &line) && word_next(&rest, &level) &&
	       rest.len == 0 && number_parse_i64(at, 0, INT64_MAX, &ret->at_ns) &&
	       bit_parse(line, &ret->line) && bit_parse(level, &ret->level);
}

/* remark: behind the `#`. A colon behind the key is taken, because people write it. */
static enum capture_line_kind remark_parse(struct span remark, struct span *ret_value)
{
	remark = span_trim(remark);
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		struct span rest = span_slice(remark, keys[i].key.len, remark.len);

		if (!span_starts_with(remark, keys[i].key))
			continue;
		if (rest.len > 0 && rest.data[0] == ':')
			rest = span_slice(rest, 1, rest.len);
		else if (rest.len > 0 && !blank(rest.data[0]))
			continue;
		*ret_value = span_trim(rest);
		return keys[i].kind;
	}
	return CAPTURE_BLANK;
}

enum capture_line_kind capture_line_parse(
	struct span line, struct capture_line *ret, struct buf *why)
{
	while (line.len > 0 && (blank(line.data[line.len - 1]) || line.data[line.len - 1] == '\r'))
		line.len--;
	line = span_trim(line);
	*ret = (struct capture_line){.kind = CAPTURE_BLANK};
	if (line.len == 0)
		return CAPTURE_BLANK;
	if (line.data[0] == '#')
		return ret->kind = remark_parse(span_slice(line, 1, line.len), &ret->value);
	if (edge_parse(line, &ret->edge))
		return ret->kind = CAPTURE_EDGE;
	buf_add_string(why, "an edge is `NS LINE LEVEL`, LINE and LEVEL 0 or 1");
	return ret->kind = CAPTURE_WRONG;
}

void capture_write_edge(struct buf *out, const struct wiegand_edge *edge)
{
	ASSERT(edge->at_ns >= 0 && edge->line <= 1 && edge->level <= 1);
	buf_add_i64(out, edge->at_ns);
	buf_add_string(out, edge->line == 0 ? " 0 " : " 1 ");
	buf_add_string(out, edge->level == 0 ? "0\n" : "1\n");
}

void capture_write_remark(struct buf *out, enum capture_line_kind kind, struct span value)
{
	size_t key = 0;

	while (keys[key].kind != kind) {
		key++;
		ASSERT(key < ARRAY_COUNT(keys));
	}
	ASSERT(span_find(value, '\n') == value.len);
	buf_add_string(out, "# ");
	buf_add(out, keys[key].key);
	buf_add_byte(out, ' ');
	buf_add(out, value);
	buf_add_byte(out, '\n');
}

/* --- whole captures --- */

void capture_reader_init(struct capture_reader *reader, const struct wiegand_limits *limits)
{
	struct wiegand_limits standard;

	wiegand_limits_default(&standard);
	memset(reader, 0, sizeof(*reader));
	wiegand_decoder_init(&reader->decoder, limits != NULL ? limits : &standard);
	reader->last_ns = INT64_MIN;
}

static void number_clear(struct capture_frame *frame)
{
	memset(&frame->number, 0, sizeof(frame->number));
}

static enum capture_result refuse(struct buf *why, const char *sentence)
{
	buf_add_string(why, sentence);
	return CAPTURE_REFUSED;
}

/* What the decoder said of the frame in progress, with what the remarks said of it. */
static enum capture_result frame_take(struct capture_reader *reader, enum wiegand_result result,
	const struct card_bits *bits, struct capture_frame *ret_frame)
{
	if (reader->decoder.active)
		return CAPTURE_NOTHING;
	*ret_frame = reader->now;
	number_clear(&reader->now);
	if (result == WIEGAND_NOISE)
		return CAPTURE_SPOILED;
	if (result == WIEGAND_FRAME) {
		ret_frame->bits = *bits;
		return CAPTURE_FRAME;
	}
	if (reader->next.number.len > 0 && ret_frame->number.len > 0)
		return CAPTURE_NO_FRAME;
	if (ret_frame->number.len > 0) {
		reader->next.number = ret_frame->number;
		reader->next.line_no = ret_frame->line_no;
	}
	return CAPTURE_NOTHING;
}

static enum capture_result edge_take(struct capture_reader *reader, const struct wiegand_edge *edge,
	struct capture_frame *ret_frame, struct buf *why)
{
	enum capture_result result = CAPTURE_NOTHING;
	struct card_bits bits;

	if (edge->at_ns < reader->last_ns)
		return refuse(why, "the time goes back");
	if (edge->at_ns > TIME_NS_MAX)
		return refuse(why, "the time is later than any clock's");
	reader->last_ns = edge->at_ns;
	if (reader->decoder.active)
		result = frame_take(reader,
			wiegand_decoder_time(&reader->decoder, edge->at_ns, &bits), &bits,
			ret_frame);
	if (!reader->decoder.active) {
		reader->now = reader->next;
		reader->now.line_no = reader->line_no;
		number_clear(&reader->next);
	}
	/* The frame before has been ended: this edge can only begin or go on with one. */
	(void)wiegand_decoder_edge(&reader->decoder, edge, &bits);
	return result;
}

/* A second number before any edge: the first one's card is missing. */
static enum capture_result number_take(struct capture_reader *reader, struct span value,
	struct capture_frame *ret_frame, struct buf *why)
{
	struct capture_frame before = reader->next;

	if (value.len == 0 || !text_set(&reader->next.number, value))
		return refuse(why, "`# number` is followed by the number printed on the card, at "
				   "most 64 characters");
	reader->next.line_no = reader->line_no;
	if (before.number.len == 0)
		return CAPTURE_NOTHING;
	*ret_frame = before;
	return CAPTURE_NO_FRAME;
}

enum capture_result capture_reader_line(struct capture_reader *reader, struct span line,
	struct capture_frame *ret_frame, struct buf *why)
{
	struct capture_line got;

	reader->line_no++;
	switch (capture_line_parse(line, &got, why)) {
	case CAPTURE_BLANK:
		return CAPTURE_NOTHING;
	case CAPTURE_EDGE:
		return edge_take(reader, &got.edge, ret_frame, why);
	case CAPTURE_NUMBER:
		return number_take(reader, got.value, ret_frame, why);
	case CAPTURE_READER:
		return text_set(&reader->next.reader, got.value)
			       ? CAPTURE_NOTHING
			       : refuse(why, "`# reader` is followed by at most 16 characters");
	case CAPTURE_FORMAT:
		return text_set(&reader->next.format, got.value)
			       ? CAPTURE_NOTHING
			       : refuse(why, "`# format` is followed by at most 32 characters");
	case CAPTURE_WRONG:
		break;
	}
	return CAPTURE_REFUSED;
}

enum capture_result capture_reader_end(
	struct capture_reader *reader, struct capture_frame *ret_frame)
{
	struct card_bits bits;

	if (reader->decoder.active) {
		/* Later than any deadline: nothing more comes. */
		enum wiegand_result ended =
			wiegand_decoder_time(&reader->decoder, INT64_MAX, &bits);
		enum capture_result result = frame_take(reader, ended, &bits, ret_frame);

		if (result != CAPTURE_NOTHING)
			return result;
	}
	if (reader->next.number.len == 0)
		return CAPTURE_NOTHING;
	*ret_frame = reader->next;
	number_clear(&reader->next);
	return CAPTURE_NO_FRAME;
}
