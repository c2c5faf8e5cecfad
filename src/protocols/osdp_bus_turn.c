// SPDX-License-Identifier: Apache-2.0
/*
 * Whose turn it is on an OSDP line.
 *
 * Readers that are online are asked one after the other; what has to be shown or switched now goes
 * before, at most every second turn. A turn is one exchange. It goes on with a repeat of the same
 * frame while that costs the others little: TURN_MAX for a reader that is heard, TURN_SILENT for
 * one that may be away.
 *
 * The others (silent, connecting, pairing) are guests. Together they get GUESTS_NS of the line,
 * then nothing until every reader that is online had a turn: so no reader waits longer than one
 * round and GUESTS_NS. Of those that are silent one is probed in such a round. With nobody online
 * guests have the line for themselves.
 */
#include "osdp_panel.h"

#define TURN_MAX_NS (250 * NS_PER_MS)
#define TURN_SILENT_NS (100 * NS_PER_MS)
#define GUESTS_NS (200 * NS_PER_MS)
#define GUEST_CHARS 75 /* of a step of a handshake, with its reply */

static bool panel_is_online(const struct osdp_panel *panel)
{
	return panel->state == OSDP_STATE_ONLINE;
}

static bool panel_is_probed(const struct osdp_panel *panel)
{
	return panel->state == OSDP_STATE_PROBING || panel->state == OSDP_STATE_NOT_PAIRED;
}

static unsigned online_count(const struct osdp_bus *bus)
{
	unsigned count = 0;

	for (unsigned i = 0; i < bus->config.reader_count; i++)
		count += panel_is_online(&bus->panels[i]);
	return count;
}

static bool guests_may_begin(const struct osdp_bus *bus)
{
	return bus->since_guest >= online_count(bus);
}

static bool guest_may_go(const struct osdp_bus *bus)
{
	return bus->guests_ns + GUEST_CHARS * bus->char_ns <= GUESTS_NS || guests_may_begin(bus);
}

void turn_failed(struct osdp_bus *bus, const struct osdp_panel *panel, bool heard, int64_t now_ns)
{
	if (panel_is_online(panel) && !heard)
		bus->guests_ns += now_ns - bus->begun_ns;
	if (panel_is_probed(panel))
		bus->since_guest = 0; /* its silence has cost the others enough for this round */
}

static bool turn_goes_on(const struct osdp_bus *bus, const struct osdp_panel *panel, int64_t now_ns)
{
	int64_t lasted_ns = now_ns - bus->turn_ns;

	if (panel_is_probed(panel) || panel->not_before_ns > now_ns || lasted_ns >= TURN_MAX_NS)
		return false;
	if (!panel_is_online(panel))
		return guest_may_go(bus) && panel->silent == 0;
	if (!panel->has_frame)
		return false;
	return panel->silent == 0 ||
	       (panel->silent <= 2 && lasted_ns + timing_timeout_ns(panel) < TURN_SILENT_NS);
}

void turn_exchanged(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (!bus->exchanged)
		return;
	bus->exchanged = false;
	if (bus->guest) {
		bus->guests_ns += now_ns - bus->begun_ns;
		bus->since_guest = 0;
	}
	bus->again = turn_goes_on(bus, panel, now_ns);
}

static struct osdp_panel *pick_urgent(struct osdp_bus *bus, int64_t now_ns)
{
	unsigned count = bus->config.reader_count;

	for (unsigned i = 1; i <= count; i++) {
		struct osdp_panel *panel = &bus->panels[(bus->current + i) % count];

		if (panel_is_online(panel) && panel_is_urgent(panel) && panel->silent == 0 &&
			panel->not_before_ns <= now_ns)
			return panel;
	}
	return NULL;
}

/* The one that has waited longest. */
static struct osdp_panel *pick_probe(struct osdp_bus *bus, int64_t now_ns)
{
	struct osdp_panel *best = NULL;

	for (unsigned i = 0; i < bus->config.reader_count; i++) {
		struct osdp_panel *panel = &bus->panels[i];

		if (panel_is_probed(panel) && panel->not_before_ns <= now_ns &&
			(!best || panel->not_before_ns < best->not_before_ns))
			best = panel;
	}
	return best;
}

/* The next one in the round. */
static struct osdp_panel *pick_round(struct osdp_bus *bus, bool guests, int64_t now_ns)
{
	unsigned count = bus->config.reader_count;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = (bus->round + i) % count;
		struct osdp_panel *panel = &bus->panels[at];

		if (panel_is_probed(panel) || panel->not_before_ns > now_ns ||
			(!panel_is_online(panel) && !guests))
			continue;
		bus->round = (at + 1) % count;
		return panel;
	}
	return NULL;
}

struct osdp_panel *turn_next(struct osdp_bus *bus, int64_t now_ns)
{
	struct osdp_panel *panel = NULL;

	if (bus->again && bus->panels[bus->current].not_before_ns <= now_ns) {
		panel = &bus->panels[bus->current];
	} else {
		bus->turn_ns = now_ns;
		if (!bus->urgent)
			panel = pick_urgent(bus, now_ns);
		bus->urgent = panel != NULL;
		if (!panel && guests_may_begin(bus))
			panel = pick_probe(bus, now_ns);
		if (!panel)
			panel = pick_round(bus, guest_may_go(bus), now_ns);
		if (!panel)
			panel = pick_probe(bus, now_ns); /* nobody else wants the line */
		if (!panel)
			panel = pick_round(bus, true, now_ns);
		if (panel && panel_is_online(panel))
			bus->since_guest++;
	}
	bus->guest = panel && !panel_is_online(panel);
	if (bus->guest && guests_may_begin(bus))
		bus->guests_ns = 0;
	return panel;
}
