// SPDX-License-Identifier: Apache-2.0
/*
 * What the real-time thread lets others see of its readers: the latest READER_FRAMES_MAX frames of
 * all readers together, and how each reader's lines do. It never waits for who looks: frames lie in
 * a ring that is written round and round, states are single atomic words.
 *
 * A frame is put there after its decision was made and its record is on its way. What may be a key
 * of a PIN comes here without its bits (protocols/wiegand_trace).
 *
 * A line that was low before we came gives no edge: so levels are read too, of a few readers a
 * beat. Two looks in silence have to agree, because one may meet a pulse that is not read yet.
 */
#include "platform/clock.h"
#include "rt_private.h"

#include "base/compiler.h"

#define LEVELS_A_BEAT 4 /* readers: 128 take 8 s, four take a beat */

_Static_assert(sizeof(struct wiegand_counters) == (WIEGAND_FAULTS + 1) * sizeof(uint64_t),
	"counters are words");

void rt_frame_put(void *user, uint8_t reader, const struct wiegand_trace *trace,
	const struct frame_verdict *verdict)
{
	struct rt *rt = user;
	struct moment now = clock_now(true); /* whether the clock is trusted is not told */
	struct reader_frame frame = {
		.no = latest_last(&rt->core->frames) + 1,
		.utc_ms = now.utc_ms - (now.boot_ns - trace->begin_ns) / NS_PER_MS,
		.reader = reader,
		.verdict = *verdict,
		.trace = *trace,
	};

	(void)latest_put(&rt->core->frames, &frame);
}

static bool line_is_low(struct rt *rt, uint8_t at, unsigned line)
{
	struct lines *lines = rt->core->lines;

	return !lines->driver->input(lines, line == 0 ? LINE_DATA0 : LINE_DATA1, (uint8_t)(at + 1));
}

static void state_publish(struct rt *rt, uint8_t at)
{
	const struct wiegand_decoder *decoder = &rt->readers.reader[at].decoder;
	struct reader_state *state = &rt->core->reader_state[at];
	uint64_t counter[WIEGAND_FAULTS + 1];

	memcpy(counter, &decoder->counters, sizeof(counter));
	for (size_t i = 0; i < ARRAY_COUNT(counter); i++)
		atomic_store_explicit(&state->counter[i], counter[i], memory_order_relaxed);
}

/* Within a frame a low line is a pulse; the state of before stays. */
static void levels_look(struct rt *rt, uint8_t at)
{
	const struct rt_reader *reader = &rt->readers.reader[at];

	if (reader->decoder.active)
		return;
	for (unsigned line = 0; line < 2; line++) {
		bool low = reader->tracer.stands_low[line] || line_is_low(rt, at, line);

		atomic_store_explicit(&rt->core->reader_state[at].held[line],
			low && rt->level_low[at][line], memory_order_relaxed);
		rt->level_low[at][line] = low;
	}
}

void rt_reader_states(struct rt *rt)
{
	unsigned looked = 0;

	for (uint8_t at = 0; at < READERS_MAX; at++) {
		if (rt->readers.reader[at].configured)
			state_publish(rt, at);
	}
	for (unsigned i = 0; i < READERS_MAX && looked < LEVELS_A_BEAT; i++) {
		uint8_t at = rt->level_next;

		rt->level_next = (uint8_t)((at + 1) % READERS_MAX);
		if (!rt->readers.reader[at].configured)
			continue;
		levels_look(rt, at);
		looked++;
	}
}
