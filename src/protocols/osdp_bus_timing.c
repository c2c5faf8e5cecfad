// SPDX-License-Identifier: Apache-2.0
/*
 * How long a reply is waited for. The standard gives a reader 200 ms to begin; most take 3. What a
 * wait for nothing costs is the other readers' time, so each reader is waited for as long as it was
 * seen to take, half as much again and some room; it is twice and then 200 ms when it stays silent,
 * for it may have become slow. Polls have figures of their own: a handshake takes longer.
 */
#include "osdp_panel.h"

#define TIMEOUT_MIN_NS (12 * NS_PER_MS) /* of a reader that always answers at once */
#define TIMEOUT_ROOM_NS (8 * NS_PER_MS)
#define SAMPLES_MIN 8u
#define PROBE_TIMEOUT_NS (60 * NS_PER_MS) /* all but every fourth one */
#define BEGIN_MIN_CHARS 4 /* how much of a reply comes at once */
#define BEGIN_MAX_CHARS 32
#define DECAY 64 /* of a peak, with each sample */

static bool command_is_quick(uint8_t command)
{
	return command == OSDP_POLL || (command >= OSDP_LSTAT && command <= OSDP_RSTAT);
}

static struct panel_timing *timing_of(struct osdp_panel *panel, uint8_t command)
{
	return command_is_quick(command) ? &panel->quick : &panel->slow;
}

static int64_t timeout_ns_of(const struct panel_timing *timing, int64_t room_ns)
{
	int64_t timeout_ns = timing->peak_ns + timing->peak_ns / 2 + room_ns;

	if (timing->samples < SAMPLES_MIN || timeout_ns > REPLY_DELAY_MAX_NS)
		return REPLY_DELAY_MAX_NS;
	return timeout_ns < TIMEOUT_MIN_NS ? TIMEOUT_MIN_NS : timeout_ns;
}

int64_t timing_poll_ns(const struct osdp_panel *panel)
{
	return timeout_ns_of(&panel->quick, TIMEOUT_ROOM_NS);
}

/* The first probe of a reader that was never heard is as long as the standard allows. */
int64_t timing_timeout_ns(const struct osdp_panel *panel)
{
	int64_t timeout_ns = command_is_quick(panel->command)
				     ? timing_poll_ns(panel)
				     : timeout_ns_of(&panel->slow, 4 * TIMEOUT_ROOM_NS);

	if (panel->state == OSDP_STATE_PROBING) {
		if (panel->probes % 4 == (panel->heard ? 3 : 0))
			return REPLY_DELAY_MAX_NS;
		return timeout_ns < PROBE_TIMEOUT_NS ? timeout_ns : PROBE_TIMEOUT_NS;
	}
	if (panel->silent % 4 == 3)
		return REPLY_DELAY_MAX_NS;
	if (panel->silent >= 2)
		timeout_ns *= 2;
	return timeout_ns > REPLY_DELAY_MAX_NS ? REPLY_DELAY_MAX_NS : timeout_ns;
}

int64_t timing_begin_ns(const struct osdp_bus *bus)
{
	int64_t begin_ns = bus->pieces_ns + bus->pieces_ns / 4;

	if (begin_ns < BEGIN_MIN_CHARS * bus->char_ns)
		return BEGIN_MIN_CHARS * bus->char_ns;
	if (begin_ns > BEGIN_MAX_CHARS * bus->char_ns)
		return BEGIN_MAX_CHARS * bus->char_ns;
	return begin_ns;
}

static void peak_take(int64_t *peak_ns, int64_t sample_ns)
{
	*peak_ns -= *peak_ns / DECAY;
	if (sample_ns > *peak_ns)
		*peak_ns = sample_ns;
}

void timing_take(struct osdp_bus *bus, struct osdp_panel *panel, size_t len, int64_t now_ns)
{
	struct panel_timing *timing = timing_of(panel, panel->command);
	int64_t delay_ns = now_ns - panel->last_sent_ns - (int64_t)len * bus->char_ns;

	if (delay_ns < 0)
		delay_ns = 0;
	/*
	 * Of a command that was repeated it is not clear which sending this answers: what was
	 * measured from the latest is the least it can be.
	 */
	if (panel->sends > 1 && delay_ns <= timing->peak_ns)
		return;
	if (delay_ns > REPLY_DELAY_MAX_NS)
		delay_ns = REPLY_DELAY_MAX_NS;
	peak_take(&timing->peak_ns, delay_ns);
	if (timing->samples < UINT32_MAX)
		timing->samples++;
	if (panel->sends > 1 || panel->command != OSDP_POLL)
		return;
	if (bus->begin_ns <= now_ns)
		peak_take(&bus->pieces_ns, bus->begin_ns - bus->sent_ns - delay_ns);
	if (panel->reply_count == 0 || delay_ns < panel->reply_min_ns)
		panel->reply_min_ns = delay_ns;
	if (delay_ns > panel->reply_max_ns)
		panel->reply_max_ns = delay_ns;
	panel->reply_count++;
	panel->reply_sum_ns += (uint64_t)delay_ns;
}

void timing_late(struct osdp_panel *panel, int64_t now_ns)
{
	struct panel_timing *timing = timing_of(panel, panel->command);
	int64_t delay_ns = now_ns - panel->first_sent_ns;

	panel->counters.late++;
	if (panel->gave_up && delay_ns <= REPLY_DELAY_MAX_NS && delay_ns > timing->peak_ns)
		timing->peak_ns = delay_ns;
}
