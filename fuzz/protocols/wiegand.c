// SPDX-License-Identifier: Apache-2.0
/*
 * Four bytes an edge: what it is, and how long after the one before. Oracle: frames have 4 to 66
 * bits and clean unused bits, none comes out after a fault of its own, and the counters agree.
 */
#include "protocols/wiegand.h"
#include "base/assert.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t faults(const struct wiegand_decoder *decoder)
{
	const struct wiegand_counters *c = &decoder->counters;

	return c->long_frames + c->long_pulses + c->close_pulses + c->overlaps + c->lost_edges +
	       c->backward_edges;
}

/* Checks a result; before: faults known when the frame could still be given out. */
static void check(enum wiegand_result result, const struct wiegand_decoder *decoder,
	const struct card_bits *bits, uint64_t before, uint64_t *faults_seen, uint64_t *frames)
{
	if (result == WIEGAND_NOTHING)
		return;
	if (result == WIEGAND_FRAME) {
		ASSERT(before == *faults_seen);
		ASSERT(bits->count >= 4 && bits->count <= WIEGAND_FRAME_BITS_MAX);
		for (unsigned i = bits->count; i < CARD_BITS_MAX; i++)
			ASSERT(!card_bits_get(bits, i));
		(*frames)++;
	}
	*faults_seen = before;
	ASSERT(decoder->counters.frames == *frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wiegand_limits limits;
	struct wiegand_decoder decoder;
	struct wiegand_edge edge = {.at_ns = 0};
	struct card_bits bits;
	uint64_t faults_seen = 0;
	uint64_t frames = 0;

	wiegand_limits_default(&limits);
	wiegand_decoder_init(&decoder, &limits);
	for (size_t at = 0; at + 4 <= size; at += 4) {
		const uint8_t *b = data + at;
		uint64_t before = faults(&decoder);
		int64_t step_ns = (int64_t)(b[1] | b[2] << 8 | b[3] << 16) * 1000;

		edge.at_ns += (b[0] & 0x70) == 0x70 ? -step_ns : step_ns;
		edge.line = b[0] & 1;
		edge.level = b[0] >> 1 & 1;
		if ((b[0] & 0x8c) == 0x8c) {
			wiegand_decoder_lost(&decoder);
		} else if ((b[0] & 0x8c) == 0x88) {
			check(wiegand_decoder_time(&decoder, edge.at_ns, &bits), &decoder, &bits,
				before, &faults_seen, &frames);
		} else {
			check(wiegand_decoder_edge(&decoder, &edge, &bits), &decoder, &bits, before,
				&faults_seen, &frames);
		}
	}
	return 0;
}
