// SPDX-License-Identifier: Apache-2.0
/*
 * From what a line says to what rt is told: numbers of readers instead of places on a line, reasons
 * of the records instead of the protocol's words. What is about keys stays here (bus_keys.c).
 */
#include "bus_private.h"

#include "base/assert.h"
#include "platform/log.h"

static const uint8_t why_reasons[OSDP_WHY_COUNT] = {
	[OSDP_WHY_NONE] = REASON_READER_SILENT,
	[OSDP_WHY_SILENT] = REASON_READER_SILENT,
	[OSDP_WHY_PORT] = REASON_READER_PORT,
	[OSDP_WHY_RESTARTED] = REASON_READER_RESTARTED,
	[OSDP_WHY_NOT_PAIRED] = REASON_READER_NOT_PAIRED,
	[OSDP_WHY_NO_SECURE_CHANNEL] = REASON_READER_NO_SECURE_CHANNEL,
	[OSDP_WHY_KEY] = REASON_READER_KEY,
	[OSDP_WHY_MAC] = REASON_READER_MAC,
	[OSDP_WHY_IDENTITY] = REASON_READER_IDENTITY,
	[OSDP_WHY_PROTOCOL] = REASON_READER_PROTOCOL,
	[OSDP_WHY_ORDER] = REASON_READER_RESTARTED,
	[OSDP_WHY_WINDOW] = REASON_READER_NOT_PAIRED,
	[OSDP_WHY_REFUSED] = REASON_READER_NOT_PAIRED,
};

static const uint8_t alarm_reasons[OSDP_ALARM_COUNT] = {
	[OSDP_ALARM_NO_SECURE_CHANNEL] = REASON_OSDP_NO_SECURE_CHANNEL,
	[OSDP_ALARM_DOWNGRADE] = REASON_OSDP_DOWNGRADE,
	[OSDP_ALARM_DEFAULT_KEY] = REASON_OSDP_DEFAULT_KEY,
	[OSDP_ALARM_CRYPTOGRAM] = REASON_OSDP_CRYPTOGRAM,
	[OSDP_ALARM_MAC] = REASON_OSDP_MAC,
	[OSDP_ALARM_REPLAY] = REASON_OSDP_REPLAY,
	[OSDP_ALARM_KEYSET] = REASON_OSDP_KEYSET,
	[OSDP_ALARM_IDENTITY] = REASON_OSDP_IDENTITY,
	[OSDP_ALARM_FOREIGN_PANEL] = REASON_OSDP_FOREIGN_PANEL,
};

static void state_tell(
	struct bus *bus, uint8_t number, enum reason reason, const struct osdp_event *event)
{
	struct bus_event told = {.kind = BUS_EVENT_STATE,
		.reader = number,
		.reason = (uint8_t)reason,
		.at_ns = event->at_ns};

	bus_tell(bus, &told);
}

static bool key_value(char key, uint8_t *ret)
{
	if (key >= '0' && key <= '9')
		*ret = (uint8_t)(key - '0');
	else if (key == '*' || key == '#')
		*ret = key == '*' ? KEY_STAR : KEY_HASH;
	else
		return false; /* function keys mean nothing to a PIN */
	return true;
}

static void keys_tell(struct bus *bus, uint8_t number, const struct osdp_event *event)
{
	for (unsigned i = 0; i < event->keys.count; i++) {
		struct bus_event told = {
			.kind = BUS_EVENT_KEY, .reader = number, .at_ns = event->at_ns};

		if (key_value(event->keys.key[i], &told.key))
			bus_tell(bus, &told);
		explicit_bzero(&told, sizeof(told));
	}
}

static void alarm_tell(struct bus *bus, uint8_t number, const struct osdp_event *event)
{
	struct bus_event told = {.kind = BUS_EVENT_ALARM,
		.reader = number,
		.reason = alarm_reasons[event->alarm],
		.at_ns = event->at_ns};

	ASSERT(event->alarm < OSDP_ALARM_COUNT);
	log_error("ALARM: OSDP reader %u: %s", number, reason_sentence((enum reason)told.reason));
	bus_tell(bus, &told);
}

static void event_take(struct bus *bus, const struct bus_line *line, struct osdp_event *event)
{
	/* A foreign panel may have spoken to nobody of ours: the line's first reader stands for it.
	 */
	uint8_t number = line->number[event->reader < line->count ? event->reader : 0];
	struct bus_event told = {.reader = number, .at_ns = event->at_ns};

	switch ((enum osdp_event_kind)event->kind) {
	case OSDP_EVENT_ONLINE:
		state_tell(bus, number, REASON_NONE, event);
		return;
	case OSDP_EVENT_OFFLINE:
		ASSERT(event->why < OSDP_WHY_COUNT);
		state_tell(bus, number, (enum reason)why_reasons[event->why], event);
		return;
	case OSDP_EVENT_CARD:
		told.kind = BUS_EVENT_CARD;
		told.bits = event->card.bits;
		told.head = event->card.head;
		bus_tell(bus, &told);
		return;
	case OSDP_EVENT_KEYS:
		keys_tell(bus, number, event);
		return;
	case OSDP_EVENT_BIOMETRIC_MATCH:
		told.kind = BUS_EVENT_MATCH;
		told.head = event->biometric.head;
		told.on = event->biometric.status == OSDP_BIO_OK && event->biometric.score > 0;
		bus_tell(bus, &told);
		return;
	case OSDP_EVENT_TAMPER:
		told.kind = BUS_EVENT_TAMPER;
		told.on = event->on;
		bus_tell(bus, &told);
		return;
	case OSDP_EVENT_ALARM:
		alarm_tell(bus, number, event);
		return;
	case OSDP_EVENT_PAIRED:
	case OSDP_EVENT_PAIR_FAILED:
	case OSDP_EVENT_PENDING_WORKS:
	case OSDP_EVENT_KEY_WANTED:
		bus_keys_event(bus, number, event);
		return;
	case OSDP_EVENT_FILE:
		bus_file_event(bus, number, event);
		return;
	case OSDP_EVENT_NAK:
		log_info("OSDP reader %u refused command %02x: NAK %02x", number,
			event->nak.command, event->nak.code);
		return;
	case OSDP_EVENT_POWER:
	case OSDP_EVENT_INPUTS:
	case OSDP_EVENT_OUTPUTS:
	case OSDP_EVENT_HEADS:
	case OSDP_EVENT_BIOMETRIC_READ:
	case OSDP_EVENT_COM:
	case OSDP_EVENT_MFG:
	case OSDP_EVENT_COUNT:
		return;
	}
}

void bus_events_take(struct bus *bus, struct bus_line *line)
{
	struct osdp_event event;

	while (line->osdp != NULL && osdp_bus_event(line->osdp, &event)) {
		event_take(bus, line, &event);
		explicit_bzero(&event, sizeof(event)); /* it may have been keys of a PIN */
	}
}
