// SPDX-License-Identifier: Apache-2.0
/*
 * Lights and tones of OSDP readers, the same sense as the patterns of wired ones (drivers/signals):
 * a grant is green and one long tone, a denial red blinking and three short ones, a key one blip
 * whatever it is, amber blinks while the second of card and PIN is waited for. A newer order takes
 * the place of one that still waits, so each says everything: the permanent light, and what goes on
 * behind it.
 */
#include "bus_look.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "protocols/osdp_command.h"

#define TENTH_NS (100 * NS_PER_MS)
#define TENTHS_MAX 65535
#define BEEPS_ON_AND_ON 255

struct pattern {
	uint8_t tenths; /* how long the light lasts; 0: none */
	struct osdp_light light;
	uint8_t beeps;
	uint8_t beep_on;
	uint8_t beep_off;
};

#define STEADY(colour)                                                                             \
	{                                                                                          \
		1, 0, (colour), (colour)                                                           \
	}
#define BLINK(on, off, colour)                                                                     \
	{                                                                                          \
		(on), (off), (colour), OSDP_COLOUR_OFF                                             \
	}

static const struct pattern patterns[FEEDBACK_COUNT] = {
	[FEEDBACK_GRANTED] = {20, STEADY(OSDP_COLOUR_GREEN), 1, 3, 1},
	[FEEDBACK_GRANTED_PRE_ARREARS] = {20, BLINK(2, 2, OSDP_COLOUR_GREEN), 2, 2, 2},
	[FEEDBACK_DENIED] = {10, BLINK(1, 1, OSDP_COLOUR_RED), 3, 1, 1},
	[FEEDBACK_KEY] = {0, {0}, 1, 1, 1},
};

static const struct osdp_light waiting_light = BLINK(3, 3, OSDP_COLOUR_AMBER);

static struct osdp_light permanent(const struct bus_look *look)
{
	if (look->held)
		return (struct osdp_light){3, 7, OSDP_COLOUR_AMBER, OSDP_COLOUR_RED};
	if (look->hold == DOOR_COMMAND_HOLD_OPEN)
		return (struct osdp_light)STEADY(OSDP_COLOUR_GREEN);
	if (look->hold == DOOR_COMMAND_HOLD_LOCKED)
		return (struct osdp_light)BLINK(5, 5, OSDP_COLOUR_RED);
	return (struct osdp_light)STEADY(OSDP_COLOUR_RED);
}

/* What stands behind everything short. */
static void background(const struct bus_look *look, int64_t now_ns, struct osdp_look *ret)
{
	*ret = (struct osdp_look){.has_permanent = true, .permanent = permanent(look)};
	if (look->waiting_until_ns > now_ns) {
		int64_t tenths = (look->waiting_until_ns - now_ns) / TENTH_NS + 1;

		ret->temporary_100ms = (uint16_t)(tenths > TENTHS_MAX ? TENTHS_MAX : tenths);
		ret->temporary = waiting_light;
	}
	if (look->held) {
		ret->beeps = BEEPS_ON_AND_ON;
		ret->beep_on_100ms = 2;
		ret->beep_off_100ms = 8;
	}
}

void bus_look_feedback(struct bus_look *look, uint8_t feedback, uint32_t second_ms, int64_t now_ns,
	struct osdp_look *ret)
{
	ASSERT(feedback < FEEDBACK_COUNT);
	const struct pattern *pattern = &patterns[feedback];

	if (feedback == FEEDBACK_HELD_WARNING)
		look->held = true;
	if (feedback == FEEDBACK_IDLE)
		look->held = false;
	if (feedback == FEEDBACK_WAITING)
		look->waiting_until_ns = now_ns + second_ms * NS_PER_MS;
	else if (feedback != FEEDBACK_KEY && feedback != FEEDBACK_HELD_WARNING)
		look->waiting_until_ns = 0;
	background(look, now_ns, ret);
	if (pattern->tenths > 0) {
		ret->temporary_100ms = pattern->tenths;
		ret->temporary = pattern->light;
	}
	if (pattern->beeps > 0 && !look->held) {
		ret->beeps = pattern->beeps;
		ret->beep_on_100ms = pattern->beep_on;
		ret->beep_off_100ms = pattern->beep_off;
	}
}

void bus_look_hold(struct bus_look *look, uint8_t hold, int64_t now_ns, struct osdp_look *ret)
{
	look->hold = hold;
	background(look, now_ns, ret);
}
