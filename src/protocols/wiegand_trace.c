// SPDX-License-Identifier: Apache-2.0
/*
 * A tracer beside a decoder. The decoder says when a frame is over and what it thinks of it; the
 * tracer keeps what the decoder forgets: the pulses behind a fault, lengths, the edges themselves.
 *
 * Secrets. A key of a keypad is a frame of 4, 6 or 8 bits, and its digits are a PIN. A frame of so
 * few pulses is handed out without anything that tells zeros from ones: bits, edges, and figures of
 * one line. A dropped frame may be a key that was disturbed, so that some more pulses count as few.
 * A card has 24 bits or more: even with one line dead it is seldom hidden.
 *
 * Bounds: the first WIEGAND_TRACE_EDGES_MAX edges and CARD_BITS_MAX bits; what comes behind is
 * counted and measured. Times are compared and subtracted only where they do not go back.
 */
#include "protocols/wiegand_trace.h"

#include "base/assert.h"
#include "base/number.h"

static uint32_t elapsed_ns(int64_t from_ns, int64_t to_ns)
{
	uint64_t ns = to_ns < from_ns ? 0 : (uint64_t)to_ns - (uint64_t)from_ns;

	return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

void wiegand_figures_take(struct wiegand_figures *figures, uint32_t ns)
{
	if (figures->count == UINT32_MAX)
		return;
	if (figures->count == 0 || ns < figures->min_ns)
		figures->min_ns = ns;
	if (ns > figures->max_ns)
		figures->max_ns = ns;
	figures->sum_ns += ns;
	figures->count++;
}

uint32_t wiegand_figures_mean_ns(const struct wiegand_figures *figures)
{
	return figures->count == 0 ? 0 : (uint32_t)(figures->sum_ns / figures->count);
}

void wiegand_tracer_init(struct wiegand_tracer *tracer, const struct wiegand_decoder *decoder)
{
	memset(tracer, 0, sizeof(*tracer));
	tracer->counted = decoder->at_end;
	tracer->ended = decoder->ended;
	tracer->pulse_min_ns = decoder->limits.pulse_min_ns;
}

/* --- the decoder's counters, as a table --- */

static const struct {
	size_t at;
	const char *name;
	const char *sentence;
} faults[WIEGAND_FAULTS] = {
	{offsetof(struct wiegand_counters, short_frames), "ShortFrames", "a frame had 1 to 3 bits"},
	{offsetof(struct wiegand_counters, long_frames), "LongFrames",
		"a frame had more than 66 bits"},
	{offsetof(struct wiegand_counters, glitches), "Glitches", "a pulse was too short"},
	{offsetof(struct wiegand_counters, long_pulses), "LongPulses", "a pulse was too long"},
	{offsetof(struct wiegand_counters, close_pulses), "ClosePulses",
		"a pulse followed too soon"},
	{offsetof(struct wiegand_counters, overlaps), "Overlaps", "both lines were low at once"},
	{offsetof(struct wiegand_counters, lost_edges), "LostEdges", "an edge was lost"},
	{offsetof(struct wiegand_counters, backward_edges), "BackwardEdges",
		"an edge came too late or out of order"},
};

const char *wiegand_fault_name(unsigned fault)
{
	ASSERT(fault < WIEGAND_FAULTS);
	return faults[fault].name;
}

const char *wiegand_fault_sentence(unsigned fault)
{
	ASSERT(fault < WIEGAND_FAULTS);
	return faults[fault].sentence;
}

uint64_t *wiegand_fault_counter(struct wiegand_counters *counters, unsigned fault)
{
	ASSERT(fault < WIEGAND_FAULTS);
	return (uint64_t *)(void *)((char *)counters + faults[fault].at);
}

uint64_t wiegand_fault_count(const struct wiegand_counters *counters, unsigned fault)
{
	struct wiegand_counters copy = *counters;

	return *wiegand_fault_counter(&copy, fault);
}

/* --- the end of a frame --- */

static void trace_counters(struct wiegand_counters *moved, const struct wiegand_counters *before,
	const struct wiegand_counters *after)
{
	moved->frames = after->frames - before->frames;
	for (unsigned i = 0; i < WIEGAND_FAULTS; i++)
		*wiegand_fault_counter(moved, i) =
			wiegand_fault_count(after, i) - wiegand_fault_count(before, i);
}

static bool trace_may_be_key(const struct wiegand_trace *trace)
{
	unsigned most =
		trace->result == WIEGAND_FRAME ? WIEGAND_KEY_BITS_MAX : WIEGAND_KEY_PULSES_MAX;

	return trace->bits.count <= most;
}

static void trace_hide(struct wiegand_trace *trace)
{
	trace->secret = true;
	memset(trace->bits.bytes, 0, sizeof(trace->bits.bytes));
	memset(trace->pulse, 0, sizeof(trace->pulse));
	memset(trace->edge, 0, sizeof(trace->edge));
	trace->edges_kept = 0;
}

const struct wiegand_trace *wiegand_tracer_end(struct wiegand_tracer *tracer,
	const struct wiegand_decoder *decoder, enum wiegand_result result)
{
	struct wiegand_trace *trace = &tracer->trace;

	if (decoder->ended == tracer->ended)
		return NULL;
	tracer->ended = decoder->ended;
	tracer->over = true;
	trace->result = (uint8_t)result;
	for (unsigned line = 0; line < 2; line++)
		trace->held[line] = tracer->stands_low[line];
	trace_counters(&trace->moved, &tracer->counted, &decoder->at_end);
	tracer->counted = decoder->at_end;
	if (trace_may_be_key(trace))
		trace_hide(trace);
	return trace;
}

/* --- edges --- */

static void frame_begin(struct wiegand_tracer *tracer, int64_t at_ns)
{
	memset(&tracer->trace, 0, sizeof(tracer->trace));
	memset(tracer->low, 0, sizeof(tracer->low));
	tracer->over = false;
	tracer->trace.begin_ns = at_ns;
	tracer->last_edge_ns = at_ns;
}

static void pulse_take(struct wiegand_tracer *tracer, unsigned line, uint32_t pulse_ns)
{
	struct wiegand_trace *trace = &tracer->trace;
	int64_t begin_ns = tracer->low_since_ns[line];

	if (trace->pulse[0].count + trace->pulse[1].count > 0)
		wiegand_figures_take(&trace->interval, elapsed_ns(tracer->last_pulse_ns, begin_ns));
	tracer->last_pulse_ns = begin_ns;
	wiegand_figures_take(&trace->pulse[line], pulse_ns);
	if (trace->bits.count < CARD_BITS_MAX)
		card_bits_put(&trace->bits, trace->bits.count++, line == 1);
}

static void line_rise(struct wiegand_tracer *tracer, const struct wiegand_edge *edge)
{
	if (!tracer->low[edge->line])
		return;
	tracer->low[edge->line] = false;
	if (edge->at_ns < tracer->low_since_ns[edge->line])
		return;
	uint32_t pulse_ns = elapsed_ns(tracer->low_since_ns[edge->line], edge->at_ns);

	if (pulse_ns >= tracer->pulse_min_ns)
		pulse_take(tracer, edge->line, pulse_ns);
}

void wiegand_tracer_edge(struct wiegand_tracer *tracer, const struct wiegand_edge *edge)
{
	struct wiegand_trace *trace = &tracer->trace;

	ASSERT(edge->line <= 1 && edge->level <= 1);
	if (tracer->over || trace->edge_count == 0)
		frame_begin(tracer, edge->at_ns);
	if (trace->edges_kept < WIEGAND_TRACE_EDGES_MAX)
		trace->edge[trace->edges_kept++] = (struct wiegand_trace_edge){
			elapsed_ns(tracer->last_edge_ns, edge->at_ns), edge->line, edge->level};
	if (trace->edge_count < UINT32_MAX)
		trace->edge_count++;
	tracer->last_edge_ns = edge->at_ns;
	tracer->stands_low[edge->line] = edge->level == 0;
	if (edge->level == 0) {
		tracer->low[edge->line] = true;
		tracer->low_since_ns[edge->line] = edge->at_ns;
	} else {
		line_rise(tracer, edge);
	}
}

/* --- edges as text --- */

void wiegand_trace_print_edges(const struct wiegand_trace *trace, struct buf *out)
{
	for (uint32_t i = 0; i < trace->edges_kept; i++) {
		const struct wiegand_trace_edge *edge = &trace->edge[i];

		if (i > 0)
			buf_add_byte(out, ',');
		buf_add_byte(out, edge->line == 0 ? '0' : '1');
		buf_add_byte(out, edge->level == 0 ? 'L' : 'H');
		buf_add_u64(out, edge->after_ns);
	}
}

static bool edge_parse(struct span word, struct wiegand_trace_edge *ret)
{
	uint64_t after_ns;

	if (word.len < 3 || (word.data[0] != '0' && word.data[0] != '1') ||
		(word.data[1] != 'L' && word.data[1] != 'H') ||
		!number_parse_u64(span_slice(word, 2, word.len), UINT32_MAX, &after_ns))
		return false;
	*ret = (struct wiegand_trace_edge){.after_ns = (uint32_t)after_ns,
		.line = word.data[0] == '1',
		.level = word.data[1] == 'H'};
	return true;
}

bool wiegand_trace_parse_edges(struct span text, struct wiegand_trace_edge *ret_edges,
	uint32_t edges_max, uint32_t *ret_count)
{
	struct span word;
	bool any = text.len > 0;
	uint32_t count = 0;

	while (any && span_next(&text, ',', &word)) {
		if (count == edges_max || !edge_parse(word, &ret_edges[count]))
			return false;
		count++;
	}
	*ret_count = count;
	return true;
}
