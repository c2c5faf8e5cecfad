// SPDX-License-Identifier: Apache-2.0
/*
 * Patterns of light and sound. A grant is one long beep and light, a denial three short ones, every
 * key the same blip, whatever it is. Two states last and show through when a short pattern is over:
 * the warning of a door that stands open (until the door is closed), and the wait for the second of
 * card and PIN (until the decision, or WAITING_MAX_NS).
 */
#include "signals.h"

#include "base/assert.h"
#include "base/civil.h"
#include "base/compiler.h"

#define STEPS_MAX 6
#define WAITING_MAX_NS (30 * NS_PER_S)

struct signal_pattern {
	bool repeats;
	uint8_t count;
	struct {
		uint16_t ms;
		bool led;
		bool beeper;
	} step[STEPS_MAX];
};

static const struct signal_pattern patterns[FEEDBACK_COUNT] = {
	[FEEDBACK_GRANTED] = {false, 2, {{300, true, true}, {1700, true, false}}},
	[FEEDBACK_GRANTED_PRE_ARREARS] = {false, 4,
		{{150, true, true}, {150, true, false}, {150, true, true}, {1550, true, false}}},
	[FEEDBACK_DENIED] = {false, 5,
		{{120, true, true}, {120, false, false}, {120, true, true}, {120, false, false},
			{120, true, true}}},
	[FEEDBACK_HELD_WARNING] = {true, 2, {{250, false, true}, {750, false, false}}},
	[FEEDBACK_KEY] = {false, 1, {{60, true, true}}},
	[FEEDBACK_WAITING] = {true, 2, {{250, true, false}, {250, false, false}}},
};

static void step_begin(struct signals *signals, uint8_t step, int64_t at_ns)
{
	const struct signal_pattern *pattern = signals->pattern;

	signals->step = step;
	signals->led = pattern->step[step].led;
	signals->beeper = pattern->step[step].beeper;
	signals->next_ns = at_ns + pattern->step[step].ms * NS_PER_MS;
}

/* What shows when nothing short is shown. */
static void background_begin(struct signals *signals, int64_t at_ns)
{
	signals->pattern = NULL;
	signals->led = false;
	signals->beeper = false;
	if (signals->waiting_until_ns > at_ns)
		signals->pattern = &patterns[FEEDBACK_WAITING];
	else if (signals->held)
		signals->pattern = &patterns[FEEDBACK_HELD_WARNING];
	if (signals->pattern != NULL)
		step_begin(signals, 0, at_ns);
}

void signals_set(struct signals *signals, uint8_t feedback, int64_t now_ns)
{
	ASSERT(feedback < FEEDBACK_COUNT);
	if (feedback == FEEDBACK_HELD_WARNING)
		signals->held = true;
	if (feedback == FEEDBACK_IDLE)
		signals->held = false;
	if (feedback == FEEDBACK_WAITING)
		signals->waiting_until_ns = now_ns + WAITING_MAX_NS;
	else if (feedback != FEEDBACK_KEY && feedback != FEEDBACK_HELD_WARNING)
		signals->waiting_until_ns = 0;
	bool short_runs = signals->pattern != NULL && !signals->pattern->repeats;

	if (patterns[feedback].repeats && short_runs)
		return; /* it shows when that is over */
	if (patterns[feedback].count == 0 || patterns[feedback].repeats) {
		background_begin(signals, now_ns);
		return;
	}
	signals->pattern = &patterns[feedback];
	step_begin(signals, 0, now_ns);
}

/* Steps that were slept through are left out: what is shown is never older than one pattern. */
void signals_time(struct signals *signals, int64_t now_ns)
{
	while (signals->pattern != NULL && signals->next_ns <= now_ns) {
		const struct signal_pattern *pattern = signals->pattern;
		int64_t at_ns = signals->next_ns;

		if (signals->step + 1 < pattern->count)
			step_begin(signals, signals->step + 1, at_ns);
		else if (!pattern->repeats || pattern == &patterns[FEEDBACK_WAITING])
			background_begin(signals, pattern->repeats ? now_ns : at_ns);
		else
			step_begin(signals, 0, now_ns);
	}
}

int64_t signals_deadline_ns(const struct signals *signals)
{
	return signals->pattern == NULL ? INT64_MAX : signals->next_ns;
}
