// SPDX-License-Identifier: Apache-2.0
/*
 * What a reader says, made into events. Everything here has passed the session, or the operator's
 * word that there is none.
 *
 * Cards and keys are for a door, so they must be of now. How long one has waited in the reader
 * nobody tells; but it was not there yet when the poll before found nothing. So when polls were
 * answered without a long gap it is fresh; after such a gap (the reader was away, or has just come)
 * all are dropped until a poll finds nothing.
 */
#include "osdp_panel.h"

#include "base/assert.h"

void panel_take_identity(struct osdp_panel *panel, struct span data)
{
	struct osdp_pdid pdid;

	panel->has_identity = osdp_pdid_decode(data, &pdid);
	if (panel->has_identity)
		panel->identity = pdid;
	else
		panel->counters.unreadable++;
}

void panel_take_capabilities(struct osdp_panel *panel, struct span data)
{
	struct osdp_capabilities *has = &panel->capabilities;
	struct osdp_pdcap cap;

	*has = (struct osdp_capabilities){.receive_size = 0};
	while (osdp_pdcap_next(&data, &cap)) {
		switch (cap.function) {
		case OSDP_FUNCTION_INPUTS:
			has->inputs = cap.number;
			break;
		case OSDP_FUNCTION_OUTPUTS:
			has->outputs = cap.number;
			break;
		case OSDP_FUNCTION_LED:
			has->led_level = cap.compliance;
			has->leds = cap.number;
			break;
		case OSDP_FUNCTION_AUDIBLE:
			has->audible = cap.compliance;
			break;
		case OSDP_FUNCTION_TEXT:
			has->texts = cap.compliance > 0 && cap.number == 0 ? 1 : cap.number;
			break;
		case OSDP_FUNCTION_CHECK:
			has->crc = cap.compliance & 1;
			break;
		case OSDP_FUNCTION_SECURITY:
			has->aes = cap.compliance & 1;
			has->default_key = cap.number & 1;
			break;
		case OSDP_FUNCTION_RECEIVE_SIZE:
			has->receive_size = osdp_pdcap_size(&cap);
			break;
		case OSDP_FUNCTION_READERS:
			has->heads = cap.number;
			break;
		case OSDP_FUNCTION_BIOMETRICS:
			has->biometrics = cap.compliance;
			break;
		case OSDP_FUNCTION_VERSION:
			has->version = cap.compliance;
			break;
		default:
			break;
		}
	}
}

/* Whether a card or keys of this reply may be given on. */
static bool is_fresh(struct osdp_panel *panel)
{
	if (panel->flush)
		panel->counters.stale++;
	return !panel->flush;
}

static void age_judge(
	const struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, int64_t now_ns)
{
	/* What a round of the line takes comes on top: a full and slow line is no gap. */
	int64_t age_ns = OSDP_BUS_CARD_AGE_NS +
			 (int64_t)bus->config.reader_count * ROUND_CHARS * bus->char_ns;

	if (now_ns - panel->polled_ns > age_ns)
		panel->flush = true;
	if (panel->command != OSDP_POLL)
		return;
	if (code == OSDP_ACK)
		panel->flush = false;
	panel->polled_ns = panel->first_sent_ns;
}

static void take_raw(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_raw raw;
	struct card_bits bits;

	if (!osdp_raw_decode(data, &raw) || !osdp_raw_bits(&raw, &bits)) {
		panel->counters.unreadable++;
		return;
	}
	if (!is_fresh(panel))
		return;

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_CARD, now_ns);

	event->card.bits = bits;
	event->card.head = raw.reader;
	event->card.format = raw.format;
}

/* Four bits for each digit. */
static void take_fmt(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_fmt fmt;
	struct card_bits bits = {.count = 0};
	bool good = osdp_fmt_decode(data, &fmt) && fmt.characters.len > 0 &&
		    fmt.characters.len <= CARD_BITS_MAX / 4;

	for (size_t i = 0; good && i < fmt.characters.len; i++) {
		unsigned digit = (unsigned)(uint8_t)fmt.characters.data[i] - '0';

		good = digit <= 9;
		for (unsigned bit = 0; good && bit < 4; bit++)
			card_bits_put(&bits, bits.count++, digit >> (3 - bit) & 1);
	}
	if (!good) {
		panel->counters.unreadable++;
		return;
	}
	if (!is_fresh(panel))
		return;

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_CARD, now_ns);

	event->card.bits = bits;
	event->card.head = fmt.reader;
	event->card.format = 0xff;
}

/* 0: no key that is known. */
static char key_of(uint8_t byte)
{
	if (byte == OSDP_KEY_ENTER || byte == '#')
		return '#';
	if (byte == OSDP_KEY_CLEAR || byte == '*')
		return '*';
	if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'D'))
		return (char)byte;
	return 0;
}

static void take_keypad(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_keypad keypad;
	struct osdp_event *event = NULL;

	if (!osdp_keypad_decode(data, &keypad)) {
		panel->counters.unreadable++;
		return;
	}
	if (!is_fresh(panel))
		return;
	for (size_t i = 0; i < keypad.keys.len; i++) {
		char key = key_of((uint8_t)keypad.keys.data[i]);

		if (key == 0) {
			panel->counters.unreadable++;
			continue;
		}
		if (!event || event->keys.count == OSDP_BUS_KEYS_MAX) {
			event = bus_event(bus, panel, OSDP_EVENT_KEYS, now_ns);
			event->keys.head = keypad.reader;
		}
		event->keys.key[event->keys.count++] = key;
	}
}

static void take_local(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_lstatr local;

	if (!osdp_lstatr_decode(data, &local)) {
		panel->counters.unreadable++;
		return;
	}
	if (!panel->tamper_known || panel->tamper != local.tamper)
		bus_event(bus, panel, OSDP_EVENT_TAMPER, now_ns)->on = local.tamper;
	if ((!panel->tamper_known && local.power) ||
		(panel->tamper_known && panel->power != local.power))
		bus_event(bus, panel, OSDP_EVENT_POWER, now_ns)->on = local.power;
	if (local.power && panel->tamper_known && !panel->power)
		panel_ask_states(panel); /* it forgot what it showed */
	panel->tamper_known = true;
	panel->tamper = local.tamper;
	panel->power = local.power;
}

static void take_states(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code,
	struct span data, int64_t now_ns)
{
	static const uint8_t kinds[STATES] = {
		OSDP_EVENT_TAMPER, OSDP_EVENT_INPUTS, OSDP_EVENT_OUTPUTS, OSDP_EVENT_HEADS};
	unsigned at = code - OSDP_LSTATR;
	uint8_t count = (uint8_t)(data.len < OSDP_BUS_STATES_MAX ? data.len : OSDP_BUS_STATES_MAX);

	panel->asked_ns[at] = now_ns;
	if (panel->state_count[at] == count && memcmp(panel->states[at], data.data, count) == 0)
		return;
	panel->state_count[at] = count;
	memcpy(panel->states[at], data.data, count);

	struct osdp_event *event = bus_event(bus, panel, (enum osdp_event_kind)kinds[at], now_ns);

	event->states.count = count;
	memcpy(event->states.state, data.data, count);
}

static struct span keep(struct osdp_bus *bus, struct span data)
{
	size_t len = data.len < sizeof(bus->kept) ? data.len : sizeof(bus->kept);

	if (len > 0)
		memcpy(bus->kept, data.data, len);
	return span_of(bus->kept, len);
}

static void take_biometric(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code,
	struct span data, int64_t now_ns)
{
	struct osdp_biomatchr match;
	struct osdp_bioreadr scan;
	struct osdp_event *event;

	if (code == OSDP_BIOMATCHR && osdp_biomatchr_decode(data, &match)) {
		if (!is_fresh(panel))
			return;
		event = bus_event(bus, panel, OSDP_EVENT_BIOMETRIC_MATCH, now_ns);
		event->biometric.head = match.reader;
		event->biometric.status = match.status;
		event->biometric.score = match.score;
	} else if (code == OSDP_BIOREADR && osdp_bioreadr_decode(data, &scan)) {
		event = bus_event(bus, panel, OSDP_EVENT_BIOMETRIC_READ, now_ns);
		event->biometric.head = scan.reader;
		event->biometric.status = scan.status;
		event->biometric.type = scan.type;
		event->biometric.quality = scan.quality;
		event->biometric.data = keep(bus, scan.data);
	} else {
		panel->counters.unreadable++;
	}
}

static void take_com(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns)
{
	struct osdp_com com;
	bool mine = true;

	if (panel->command != OSDP_COMSET || !osdp_com_decode(data, &com)) {
		panel->counters.unreadable++;
		return;
	}

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_COM, now_ns);

	event->com.address = com.address;
	event->com.baud = com.baud;
	for (unsigned i = 0; i < bus->config.reader_count; i++)
		mine &= &bus->panels[i] == panel || bus->panels[i].config.address != com.address;
	if (mine && com.address <= OSDP_ADDRESS_MAX)
		panel->config.address = com.address;
	panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
}

void panel_take(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, struct span data,
	int64_t now_ns)
{
	ASSERT(panel_secured(panel) || !panel_required(panel));
	if (!panel_required(panel))
		panel->backoff_ns = 0;
	age_judge(bus, panel, code, now_ns);
	switch (code) {
	case OSDP_ACK:
		break;
	case OSDP_PDCAP:
		panel_take_capabilities(panel, data);
		panel->default_claimed = panel->capabilities.default_key;
		break;
	case OSDP_RAW:
		take_raw(bus, panel, data, now_ns);
		break;
	case OSDP_FMT:
		take_fmt(bus, panel, data, now_ns);
		break;
	case OSDP_KEYPAD:
		take_keypad(bus, panel, data, now_ns);
		break;
	case OSDP_LSTATR:
		take_local(bus, panel, data, now_ns);
		break;
	case OSDP_ISTATR:
	case OSDP_OSTATR:
	case OSDP_RSTATR:
		take_states(bus, panel, code, data, now_ns);
		break;
	case OSDP_BIOREADR:
	case OSDP_BIOMATCHR:
		take_biometric(bus, panel, code, data, now_ns);
		break;
	case OSDP_COM:
		take_com(bus, panel, data, now_ns);
		break;
	case OSDP_FTSTAT:
		panel_file_answer(bus, panel, data, now_ns);
		break;
	case OSDP_MFGREP:
		bus_event(bus, panel, OSDP_EVENT_MFG, now_ns)->data = keep(bus, data);
		break;
	default:
		panel->counters.unreadable++;
		break;
	}
}
