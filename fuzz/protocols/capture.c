// SPDX-License-Identifier: Apache-2.0
/*
 * Any text as a capture. Oracle: every line that means something, written and read again, means the
 * same; the whole capture written again gives the same frames with the same remarks.
 */
#include "protocols/capture.h"
#include "base/assert.h"

#define RESULTS_MAX 64

struct results {
	unsigned count;
	struct capture_frame frame[RESULTS_MAX];
	enum capture_result result[RESULTS_MAX];
};

static char text[1 << 20];

static void write_again(struct buf *out, const struct capture_line *line)
{
	size_t begin = out->len;
	struct capture_line again;

	if (line->kind == CAPTURE_EDGE)
		capture_write_edge(out, &line->edge);
	else
		capture_write_remark(out, line->kind, line->value);
	ASSERT(!out->overflow && out->data[out->len - 1] == '\n');
	capture_line_parse(span_of(out->data + begin, out->len - begin - 1), &again, NULL);
	ASSERT(again.kind == line->kind && span_equal(again.value, line->value));
	ASSERT(memcmp(&again.edge, &line->edge, sizeof(again.edge)) == 0);
}

/* Reads a capture up to its first wrong line; writes what it means to out, when given. */
static void read_all(struct span capture, struct results *results, struct buf *out)
{
	struct capture_reader reader;
	struct span line;
	bool more = true;

	capture_reader_init(&reader, NULL);
	memset(results, 0, sizeof(*results));
	while (more && results->count < RESULTS_MAX) {
		struct capture_frame *frame = &results->frame[results->count];
		char sentence[128];
		struct buf why = buf_over(sentence, sizeof(sentence));
		bool in_lines = span_next(&capture, '\n', &line);
		enum capture_result got = in_lines ? capture_reader_line(&reader, line, frame, &why)
						   : capture_reader_end(&reader, frame);

		ASSERT((got == CAPTURE_REFUSED) == (why.len > 0) && !why.overflow);
		ASSERT((got == CAPTURE_FRAME) == (frame->bits.count >= 4));
		if (got == CAPTURE_REFUSED) {
			capture.len = 0;
		} else if (in_lines && out != NULL) {
			struct capture_line parsed;

			if (capture_line_parse(line, &parsed, NULL) != CAPTURE_BLANK)
				write_again(out, &parsed);
		}
		more = in_lines || got != CAPTURE_NOTHING;
		frame->line_no = 0; /* blank lines are not written again */
		if (got == CAPTURE_NOTHING || got == CAPTURE_REFUSED)
			memset(frame, 0, sizeof(*frame));
		else
			results->result[results->count++] = got;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct results first, second;
	struct buf out = buf_over(text, sizeof(text));

	if (size > 1 << 17)
		return 0;
	read_all(span_of(data, size), &first, &out);
	read_all(buf_span(&out), &second, NULL);
	if (first.count < RESULTS_MAX)
		ASSERT(memcmp(&first, &second, sizeof(first)) == 0);
	return 0;
}
