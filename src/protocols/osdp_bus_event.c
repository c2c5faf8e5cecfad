// SPDX-License-Identifier: Apache-2.0
/*
 * Events of an OSDP line: a ring that its owner empties after every call, alarms that are told once
 * an incident, and the names of what is told.
 */
#include "osdp_panel.h"

#define INCIDENT_NS (60 * NS_PER_S) /* of quiet, and the same alarm is another one */

struct osdp_event *bus_event(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_event_kind kind, int64_t now_ns)
{
	unsigned at = (bus->event_first + bus->event_count) % EVENTS_MAX;

	if (bus->event_count == EVENTS_MAX) {
		/* Its owner does not look: the oldest goes. */
		bus->event_first = (bus->event_first + 1) % EVENTS_MAX;
	} else {
		bus->event_count++;
	}
	bus->events[at] = (struct osdp_event){
		.kind = (uint8_t)kind,
		.reader = panel ? panel->index : (uint8_t)bus->config.reader_count,
		.secure = panel && panel_secured(panel),
		.at_ns = now_ns,
	};
	return &bus->events[at];
}

bool osdp_bus_event(struct osdp_bus *bus, struct osdp_event *ret_event)
{
	struct osdp_event *event = &bus->events[bus->event_first];

	if (bus->event_count == 0)
		return false;
	*ret_event = *event;
	osdp_wipe(event, sizeof(*event)); /* it may be keys of a PIN */
	bus->event_first = (bus->event_first + 1) % EVENTS_MAX;
	bus->event_count--;
	return true;
}

/* Frames that are altered and frames of before are told apart by chance: they are one incident. */
static int64_t *incident_of(struct osdp_panel *panel, enum osdp_alarm alarm)
{
	return &panel->alarm_ns[alarm == OSDP_ALARM_REPLAY ? OSDP_ALARM_MAC : alarm];
}

void panel_alarm(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_alarm alarm, int64_t now_ns)
{
	int64_t *latest_ns = incident_of(panel, alarm);
	int64_t before_ns = *latest_ns;

	*latest_ns = now_ns;
	if (now_ns - before_ns > INCIDENT_NS)
		bus_event(bus, panel, OSDP_EVENT_ALARM, now_ns)->alarm = (uint8_t)alarm;
}

static const char *name_of(const char *const *names, size_t count, unsigned at)
{
	return at < count && names[at] ? names[at] : "unknown";
}

const char *osdp_alarm_name(unsigned alarm)
{
	static const char *const names[OSDP_ALARM_COUNT] = {
		[OSDP_ALARM_NO_SECURE_CHANNEL] = "no secure channel",
		[OSDP_ALARM_DOWNGRADE] = "downgrade",
		[OSDP_ALARM_DEFAULT_KEY] = "default key offered",
		[OSDP_ALARM_CRYPTOGRAM] = "wrong cryptogram",
		[OSDP_ALARM_MAC] = "wrong MACs",
		[OSDP_ALARM_REPLAY] = "replay",
		[OSDP_ALARM_KEYSET] = "asks for a key",
		[OSDP_ALARM_IDENTITY] = "another reader",
		[OSDP_ALARM_FOREIGN_PANEL] = "foreign panel",
	};

	return name_of(names, OSDP_ALARM_COUNT, alarm);
}

const char *osdp_why_name(unsigned why)
{
	static const char *const names[OSDP_WHY_COUNT] = {
		[OSDP_WHY_NONE] = "none",
		[OSDP_WHY_SILENT] = "silent",
		[OSDP_WHY_PORT] = "port is gone",
		[OSDP_WHY_RESTARTED] = "restarted",
		[OSDP_WHY_NOT_PAIRED] = "not paired",
		[OSDP_WHY_NO_SECURE_CHANNEL] = "refuses secure channel",
		[OSDP_WHY_KEY] = "has another key",
		[OSDP_WHY_MAC] = "wrong MACs",
		[OSDP_WHY_IDENTITY] = "another reader",
		[OSDP_WHY_PROTOCOL] = "refuses commands",
		[OSDP_WHY_ORDER] = "settings change",
		[OSDP_WHY_WINDOW] = "pairing window is over",
		[OSDP_WHY_REFUSED] = "refuses the key",
	};

	return name_of(names, OSDP_WHY_COUNT, why);
}

const char *osdp_state_name(unsigned state)
{
	static const char *const names[OSDP_STATE_COUNT] = {
		[OSDP_STATE_PROBING] = "probing",
		[OSDP_STATE_NOT_PAIRED] = "not paired",
		[OSDP_STATE_CONNECTING] = "connecting",
		[OSDP_STATE_PAIRING] = "pairing",
		[OSDP_STATE_ONLINE] = "online",
	};

	return name_of(names, OSDP_STATE_COUNT, state);
}
