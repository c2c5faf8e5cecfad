// SPDX-License-Identifier: Apache-2.0
/*
 * Wiegand edges to frames.
 *
 * A frame is everything between two silences. The rule above all others: a frame with a bit missing
 * or a bit too many must never come out, because without parity it would be another person's card.
 * So whatever is doubtful spoils the whole frame; the card is read again.
 *
 * A bit is taken when its pulse ends, for only then is the pulse's length known. A pulse that is
 * too short makes no bit, but it may be a bit whose pulse was torn. It is harmless only where the
 * frame's own rhythm leaves no room for a bit: nearer than half an interval to the first or last
 * pulse, or between pulses while no interval is longer than one and a half times the shortest.
 *
 * The level of a line outlives the frame: a line that stays low spoils every frame until it is seen
 * to rise, since it hides its own bits. Times are compared, never added up, so any values are safe.
 */
#include "protocols/wiegand.h"

#include "base/assert.h"

#define FRAME_BITS_MIN 4

static uint64_t elapsed_ns(int64_t from_ns, int64_t to_ns)
{
	return to_ns < from_ns ? 0 : (uint64_t)to_ns - (uint64_t)from_ns;
}

void wiegand_limits_default(struct wiegand_limits *limits)
{
	*limits = (struct wiegand_limits){
		.pulse_min_ns = 10000,
		.pulse_max_ns = 1000000,
		.interval_min_ns = 150000,
		.gap_ns = 25000000,
	};
}

void wiegand_decoder_init(struct wiegand_decoder *decoder, const struct wiegand_limits *limits)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->limits = *limits;
	decoder->last_edge_ns = INT64_MIN;
}

static void decoder_fault(struct wiegand_decoder *decoder, uint64_t *counter)
{
	(*counter)++;
	decoder->spoiled = true;
}

/* Whether a too short pulse of this frame stands where a bit may have been. */
static bool glitch_hides_bit(const struct wiegand_decoder *decoder)
{
	uint64_t near_ns = decoder->interval_shortest_ns / 2;

	return decoder->interval_longest_ns > decoder->interval_shortest_ns + near_ns ||
	       elapsed_ns(decoder->first_glitch_ns, decoder->first_pulse_ns) > near_ns ||
	       elapsed_ns(decoder->last_pulse_ns, decoder->last_glitch_ns) > near_ns;
}

static enum wiegand_result frame_judge(struct wiegand_decoder *decoder)
{
	/* A line that is still low: INT64_MIN marks that this pulse has been counted. */
	for (unsigned line = 0; line < 2; line++) {
		if (decoder->low[line] && decoder->low_since_ns[line] != INT64_MIN) {
			decoder_fault(decoder, &decoder->counters.long_pulses);
			decoder->low_since_ns[line] = INT64_MIN;
		}
	}
	if (decoder->spoiled)
		return WIEGAND_NOISE;
	if (decoder->bits.count == 0)
		return WIEGAND_NOTHING;
	if (decoder->bits.count < FRAME_BITS_MIN) {
		decoder->counters.short_frames++;
		return WIEGAND_NOISE;
	}
	if (decoder->glitched && glitch_hides_bit(decoder))
		return WIEGAND_NOISE;
	decoder->counters.frames++;
	return WIEGAND_FRAME;
}

static enum wiegand_result frame_end(struct wiegand_decoder *decoder, struct card_bits *ret_bits)
{
	enum wiegand_result result = frame_judge(decoder);

	if (result == WIEGAND_FRAME)
		*ret_bits = decoder->bits;
	memset(&decoder->bits, 0, sizeof(decoder->bits));
	decoder->interval_shortest_ns = 0;
	decoder->interval_longest_ns = 0;
	decoder->active = false;
	decoder->spoiled = false;
	decoder->glitched = false;
	decoder->at_end = decoder->counters;
	decoder->ended++;
	return result;
}

static void line_fall(struct wiegand_decoder *decoder, const struct wiegand_edge *edge)
{
	if (decoder->low[edge->line])
		decoder_fault(decoder, &decoder->counters.lost_edges);
	if (decoder->low[1 - edge->line])
		decoder_fault(decoder, &decoder->counters.overlaps);
	decoder->low[edge->line] = true;
	decoder->low_since_ns[edge->line] = edge->at_ns;
}

static void glitch_take(struct wiegand_decoder *decoder, int64_t begin_ns)
{
	decoder->counters.glitches++;
	if (!decoder->glitched)
		decoder->first_glitch_ns = begin_ns;
	decoder->last_glitch_ns = begin_ns;
	decoder->glitched = true;
}

/* Keeps the frame's rhythm; the pulses of a spoiled frame count too, so that faults are counted. */
static void interval_take(struct wiegand_decoder *decoder, int64_t begin_ns)
{
	uint64_t interval_ns = elapsed_ns(decoder->last_pulse_ns, begin_ns);

	if (interval_ns < decoder->limits.interval_min_ns)
		decoder_fault(decoder, &decoder->counters.close_pulses);
	if (decoder->bits.count == 1 || interval_ns < decoder->interval_shortest_ns)
		decoder->interval_shortest_ns = interval_ns;
	if (interval_ns > decoder->interval_longest_ns)
		decoder->interval_longest_ns = interval_ns;
}

static void pulse_take(struct wiegand_decoder *decoder, unsigned line, int64_t begin_ns)
{
	if (decoder->bits.count == 0)
		decoder->first_pulse_ns = begin_ns;
	else
		interval_take(decoder, begin_ns);
	decoder->last_pulse_ns = begin_ns;
	if (decoder->spoiled)
		return;
	if (decoder->bits.count == WIEGAND_FRAME_BITS_MAX) {
		decoder_fault(decoder, &decoder->counters.long_frames);
		return;
	}
	card_bits_put(&decoder->bits, decoder->bits.count++, line == 1);
}

static void line_rise(struct wiegand_decoder *decoder, const struct wiegand_edge *edge)
{
	int64_t begin_ns = decoder->low_since_ns[edge->line];

	if (!decoder->low[edge->line]) {
		decoder_fault(decoder, &decoder->counters.lost_edges);
		return;
	}
	decoder->low[edge->line] = false;
	if (begin_ns == INT64_MIN) {
		/* It was low through a silence, and counted there; what follows is not whole. */
		decoder->spoiled = true;
		return;
	}
	if (begin_ns > edge->at_ns)
		return; /* time went back within the pulse: counted and spoiled already */

	uint64_t pulse_ns = elapsed_ns(begin_ns, edge->at_ns);

	if (pulse_ns < decoder->limits.pulse_min_ns)
		glitch_take(decoder, begin_ns);
	else if (pulse_ns > decoder->limits.pulse_max_ns)
		decoder_fault(decoder, &decoder->counters.long_pulses);
	else
		pulse_take(decoder, edge->line, begin_ns);
}

enum wiegand_result wiegand_decoder_edge(struct wiegand_decoder *decoder,
	const struct wiegand_edge *edge, struct card_bits *ret_bits)
{
	enum wiegand_result result = WIEGAND_NOTHING;

	ASSERT(edge->line <= 1 && edge->level <= 1);
	if (edge->at_ns < decoder->last_edge_ns) {
		decoder_fault(decoder, &decoder->counters.backward_edges);
		decoder->stepped_back = true;
	} else if (decoder->stepped_back) {
		/* No silence is believed over a step back: it is measured from here on. */
		decoder->stepped_back = false;
	} else if (decoder->active &&
		   elapsed_ns(decoder->last_edge_ns, edge->at_ns) >= decoder->limits.gap_ns) {
		result = frame_end(decoder, ret_bits);
	}
	decoder->last_edge_ns = edge->at_ns;
	decoder->active = true;
	if (edge->level == 0)
		line_fall(decoder, edge);
	else
		line_rise(decoder, edge);
	return result;
}

void wiegand_decoder_lost(struct wiegand_decoder *decoder)
{
	decoder_fault(decoder, &decoder->counters.lost_edges);
}

int64_t wiegand_decoder_deadline_ns(const struct wiegand_decoder *decoder)
{
	int64_t deadline_ns;

	if (!decoder->active || __builtin_add_overflow(decoder->last_edge_ns,
					(int64_t)decoder->limits.gap_ns, &deadline_ns))
		return INT64_MAX;
	return deadline_ns;
}

enum wiegand_result wiegand_decoder_time(
	struct wiegand_decoder *decoder, int64_t now_ns, struct card_bits *ret_bits)
{
	if (!decoder->active)
		return WIEGAND_NOTHING;
	if (decoder->stepped_back) {
		decoder->stepped_back = false;
		if (now_ns > decoder->last_edge_ns)
			decoder->last_edge_ns = now_ns;
	}
	if (now_ns < decoder->last_edge_ns ||
		elapsed_ns(decoder->last_edge_ns, now_ns) < decoder->limits.gap_ns)
		return WIEGAND_NOTHING;
	/* The time known is the deadline: an edge from before it belongs to the frame now ended. */
	decoder->last_edge_ns += decoder->limits.gap_ns;
	return frame_end(decoder, ret_bits);
}

size_t wiegand_edges(const struct card_bits *bits, int64_t start_ns, uint32_t pulse_ns,
	uint32_t interval_ns, struct wiegand_edge *ret_edges, size_t edges_max)
{
	size_t count = 0;

	ASSERT(bits->count <= CARD_BITS_MAX);
	for (unsigned i = 0; i < bits->count && count + 2 <= edges_max; i++) {
		int64_t at_ns = start_ns + (int64_t)i * interval_ns;
		uint8_t line = card_bits_get(bits, i) ? 1 : 0;

		ret_edges[count++] =
			(struct wiegand_edge){.at_ns = at_ns, .line = line, .level = 0};
		ret_edges[count++] =
			(struct wiegand_edge){.at_ns = at_ns + pulse_ns, .line = line, .level = 1};
	}
	return count;
}
