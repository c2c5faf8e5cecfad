// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes of an OSDP line in pieces of any size. Oracle: what is read as a frame, built again, gives
 * its bytes; a good frame behind the noise is found, unless it stands, in part or whole, in another
 * one that began in the noise; behind a silence it always is.
 */
#include "protocols/osdp_frame.h"
#include "base/assert.h"

static const uint8_t good[] = {0x53, 0x05, 0x08, 0x00, 0x05, 0x60, 0x8D, 0xBA};

struct line {
	struct osdp_receiver receiver;
	size_t fed; /* bytes */
	size_t frame_begin; /* of the latest frame, counted from the beginning of the line */
	size_t frame_end;
	bool found; /* the latest was the good one */
};

static void feed(struct line *line, struct span bytes)
{
	struct osdp_frame frame;
	uint8_t built[OSDP_FRAME_MAX];
	enum osdp_receiver_result result;

	line->fed += bytes.len;
	while ((result = osdp_receiver_take(&line->receiver, &bytes, &frame)) !=
		OSDP_RECEIVER_MORE) {
		if (result == OSDP_RECEIVER_BAD)
			continue;
		line->frame_begin =
			line->fed - bytes.len - (size_t)(line->receiver.end - line->receiver.begin);
		line->frame_end = line->frame_begin + frame.bytes.len;
		line->found = span_equal(frame.bytes, span_of(good, sizeof(good)));
		ASSERT(osdp_frame_build(&frame, built, sizeof(built)) == frame.bytes.len);
		ASSERT(span_equal(span_of(built, frame.bytes.len), frame.bytes));
	}
	ASSERT(bytes.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? data[0] * 8u + 1 : 1;
	static struct line line;

	osdp_receiver_init(&line.receiver);
	line.fed = 0;
	line.frame_begin = 0;
	line.frame_end = 0;
	line.found = false;
	for (size_t at = 1; at < size; at += piece)
		feed(&line, span_slice(span_of(data, size), at, piece));
	size_t noise = line.fed;

	feed(&line, span_of(good, sizeof(good)));
	osdp_receiver_silence(&line.receiver);
	feed(&line, span_of(good, 0));
	ASSERT(line.frame_end > noise && !osdp_receiver_pending(&line.receiver));
	ASSERT(line.found || line.frame_begin < noise);
	line.found = false;
	feed(&line, span_of(good, sizeof(good)));
	ASSERT(line.found);
	return 0;
}
