// SPDX-License-Identifier: Apache-2.0
/*
 * Edges as in wiegand.c, four bytes each. Oracle: a good frame's trace has the decoder's bits; what
 * is counted of all frames is what the decoder counted; a secret one tells no edge and no bit;
 * findings can be asked of anything.
 */
#include "base/assert.h"
#include "protocols/wiegand_health.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wiegand_limits limits;
	struct wiegand_decoder decoder;
	struct wiegand_tracer tracer;
	struct wiegand_health health;
	struct card_bits bits;
	struct wiegand_edge edge = {.at_ns = 0};
	const uint8_t zeros[CARD_BITS_MAX / 8] = {0};
	uint64_t lost = 0;

	wiegand_limits_default(&limits);
	wiegand_decoder_init(&decoder, &limits);
	wiegand_tracer_init(&tracer, &decoder);
	wiegand_health_init(&health);
	for (size_t at = 0; at + 4 <= size; at += 4) {
		const uint8_t *b = data + at;
		int64_t step_ns = (int64_t)(b[1] | b[2] << 8 | b[3] << 16) * 1000;
		bool silence = (b[0] & 0x8c) == 0x88;

		edge.at_ns += (b[0] & 0x70) == 0x70 ? -step_ns : step_ns;
		edge.line = b[0] & 1;
		edge.level = b[0] >> 1 & 1;
		enum wiegand_result result =
			silence ? wiegand_decoder_time(&decoder, edge.at_ns, &bits)
				: wiegand_decoder_edge(&decoder, &edge, &bits);
		const struct wiegand_trace *trace = wiegand_tracer_end(&tracer, &decoder, result);

		if (trace != NULL) {
			ASSERT(trace->result != WIEGAND_FRAME || trace->secret ||
				memcmp(&trace->bits, &bits, sizeof(bits)) == 0);
			ASSERT(!trace->secret || trace->edges_kept + trace->pulse[0].count == 0);
			ASSERT(!trace->secret ||
				memcmp(trace->bits.bytes, zeros, sizeof(zeros)) == 0);
			lost += trace->moved.lost_edges;
			ASSERT(lost == decoder.at_end.lost_edges);
			wiegand_health_frame(&health, trace, (enum wiegand_fit)(b[0] >> 5 & 3));
		}
		if (!silence)
			wiegand_tracer_edge(&tracer, &edge);
	}
	for (unsigned i = 0; i < WIEGAND_FINDING_COUNT; i++)
		(void)wiegand_health_has(&health, (enum wiegand_finding)i);
	return 0;
}
