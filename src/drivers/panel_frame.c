// SPDX-License-Identifier: Apache-2.0
/*
 * The schedule of a frame. Begins of pulses are absolute times, so that small delays do not add up.
 * A pulse's end counts from its own begin. A delay that would bring two pulses nearer to each other
 * than a panel expects moves the rest of the frame.
 *
 * When a line moved is known to be between two readings of the clock only. What a call takes at
 * least (set_ns) is the machine's and the same for both edges; what it takes beyond is taken for a
 * delay before the line moved. Whatever the truth, a pulse is not shorter than the 20 us that every
 * panel takes: a bit that is missed gives another card.
 *
 * What was late is counted, never hidden. A frame that a stall tore apart (a pulse that no decoder
 * takes, a silence that may have ended the frame) is not completed: its rest could be a card of its
 * own. It is sent once more from its beginning, after the silence that every frame is followed by.
 */
#include "panel_frame.h"

#include "base/assert.h"

#define JITTER_NS 5000 /* of the clock's readings: not told apart from a pulse of 100 us */

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void panel_frame_init(struct panel_frame *frame, uint32_t pulse_us, uint32_t interval_us)
{
	memset(frame, 0, sizeof(*frame));
	frame->pulse_ns = (int64_t)pulse_us * 1000;
	frame->interval_ns = (int64_t)interval_us * 1000;
	frame->set_ns = INT64_MAX;
	frame->due_ns = INT64_MAX;
	ASSERT(frame->pulse_ns >= PANEL_PULSE_LEAST_NS && frame->pulse_ns <= PANEL_PULSE_LIMIT_NS);
	ASSERT(frame->interval_ns >= PANEL_INTERVAL_LEAST_NS);
}

static void frame_start(struct panel_frame *frame, int64_t now_ns)
{
	frame->phase = PANEL_FALL;
	frame->at = 0;
	frame->torn = false;
	frame->cut = false;
	frame->start_ns = now_ns;
	frame->due_ns = now_ns;
}

void panel_frame_begin(struct panel_frame *frame, const struct card_bits *bits, int64_t now_ns)
{
	ASSERT(frame->phase == PANEL_IDLE && bits->count > 0 && bits->count <= CARD_BITS_MAX);
	frame->bits = *bits;
	frame->again = false;
	frame_start(frame, now_ns);
}

uint8_t panel_frame_line(const struct panel_frame *frame)
{
	ASSERT(frame->phase == PANEL_FALL || frame->phase == PANEL_RISE);
	return card_bits_get(&frame->bits, frame->at) ? 1 : 0;
}

static void frame_end(struct panel_frame *frame, bool cut, int64_t now_ns)
{
	count(cut ? &frame->counts.cut_frames : &frame->counts.frames);
	frame->cut = cut;
	frame->phase = PANEL_QUIET;
	frame->due_ns = now_ns + PANEL_GAP_NS;
}

static bool silence_tears(const struct panel_frame *frame, int64_t now_ns)
{
	return frame->at > 0 && now_ns - frame->fall_ns > PANEL_SILENCE_NS;
}

bool panel_frame_torn(struct panel_frame *frame, int64_t now_ns)
{
	ASSERT(frame->phase == PANEL_FALL);
	if (!silence_tears(frame, now_ns))
		return false;
	frame_end(frame, true, now_ns);
	return true;
}

/* When the line moved, if the call took as long as ever and the rest was a delay before it. */
static int64_t moved_ns(struct panel_frame *frame, int64_t before_ns, int64_t after_ns)
{
	if (after_ns - before_ns < frame->set_ns)
		frame->set_ns = after_ns - before_ns;
	return after_ns - frame->set_ns;
}

void panel_frame_fell(struct panel_frame *frame, int64_t before_ns, int64_t after_ns)
{
	int64_t fall_ns = moved_ns(frame, before_ns, after_ns);
	int64_t late_ns = fall_ns - frame->due_ns;
	int64_t spare_ns = frame->interval_ns - PANEL_INTERVAL_LEAST_NS;
	int64_t quarter_ns = frame->interval_ns / 4;

	ASSERT(frame->phase == PANEL_FALL);
	if (frame->at > 0 && late_ns > quarter_ns)
		count(&frame->counts.late_intervals);
	if (frame->at == 0 || late_ns > (spare_ns < quarter_ns ? spare_ns : quarter_ns))
		frame->start_ns += late_ns;
	frame->torn = silence_tears(frame, fall_ns);
	frame->fall_first_ns = before_ns;
	frame->fall_ns = fall_ns;
	frame->phase = PANEL_RISE;
	frame->due_ns = fall_ns + frame->pulse_ns;
	if (frame->due_ns < after_ns + PANEL_PULSE_LEAST_NS)
		frame->due_ns = after_ns + PANEL_PULSE_LEAST_NS;
}

void panel_frame_rose(struct panel_frame *frame, int64_t before_ns, int64_t after_ns)
{
	int64_t width_ns =
		moved_ns(frame, before_ns, after_ns) - frame->fall_first_ns; /* at most */
	int64_t rest_ns = frame->interval_ns - frame->pulse_ns; /* high between two pulses */

	ASSERT(frame->phase == PANEL_RISE);
	count(&frame->counts.pulses);
	if (width_ns > PANEL_PULSE_LIMIT_NS + JITTER_NS)
		count(&frame->counts.long_pulses);
	frame->at++;
	if (frame->torn || width_ns > PANEL_PULSE_TORN_NS) {
		frame_end(frame, true, after_ns);
		return;
	}
	if (frame->at == frame->bits.count) {
		frame_end(frame, false, after_ns);
		return;
	}
	frame->phase = PANEL_FALL;
	frame->due_ns = frame->start_ns + frame->at * frame->interval_ns;
	if (frame->due_ns < after_ns + rest_ns / 2) {
		frame->start_ns += after_ns + rest_ns - frame->due_ns;
		frame->due_ns = after_ns + rest_ns;
	}
}

void panel_frame_quiet(struct panel_frame *frame, int64_t now_ns)
{
	ASSERT(frame->phase == PANEL_QUIET);
	if (frame->cut && !frame->again) {
		frame->again = true;
		frame_start(frame, now_ns);
		return;
	}
	frame->phase = PANEL_IDLE;
	frame->due_ns = INT64_MAX;
}
