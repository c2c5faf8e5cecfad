// SPDX-License-Identifier: Apache-2.0
/*
 * An OSDP line: bytes in, replies to whom they are for, one frame out at a time.
 *
 * One exchange at a time: a frame goes out, then its reply is waited for, and nobody else speaks.
 * Whose turn it is says osdp_bus_turn.c, how long a reply is waited for osdp_bus_timing.c.
 *
 * The line counts as busy while our own bytes are on the wire, by the baud rate and not by when the
 * port took them, and for two characters after every byte that comes. A reply that is under way is
 * never talked into: the end of a wait is put off while bytes come, until one is missing for the
 * inter-character time (a frame has begun) or for a few characters (noise). When somebody holds the
 * line without a break for JAM_NS nobody on it can be heard: all are offline.
 *
 * Replies are found by address and sequence number; what fits nothing that was asked is counted at
 * the reader it names and changes nothing but how long that one is waited for.
 */
#include "osdp_panel.h"

#include "base/assert.h"

#define CHARACTER_GAP_NS (20 * NS_PER_MS) /* within a frame */
#define NOISE_GAP_NS NS_PER_MS /* and four characters: a damaged reply is over */
#define JAM_NS (2 * NS_PER_S)
#define FOREIGN_NS (10 * NS_PER_S) /* two foreign commands within this are no accident */

/* --- life --- */

size_t osdp_bus_size(unsigned reader_count)
{
	ASSERT(reader_count >= 1 && reader_count <= OSDP_BUS_READERS_MAX);
	return sizeof(struct osdp_bus) + reader_count * sizeof(struct osdp_panel);
}

struct osdp_bus *osdp_bus_init(void *memory, const struct osdp_bus_config *config, int64_t now_ns)
{
	struct osdp_bus *bus = memory;

	memset(bus, 0, osdp_bus_size(config->reader_count));
	bus->config = *config;
	bus->there = true;
	osdp_receiver_init(&bus->receiver);
	osdp_bus_set_baud(bus, config->baud);
	bus->quiet_ns = now_ns;
	bus->byte_ns = LONG_AGO_NS;
	bus->free_ns = now_ns;
	bus->asked_ns = LONG_AGO_NS;
	bus->foreign_ns = LONG_AGO_NS;
	bus->foreign_alarm_ns = LONG_AGO_NS;
	for (unsigned i = 0; i < config->reader_count; i++) {
		ASSERT(config->readers[i].address <= OSDP_ADDRESS_MAX);
		bus->panels[i].config = config->readers[i];
		panel_init(&bus->panels[i], bus, (uint8_t)i, now_ns);
	}
	bus->config.readers = NULL;
	return bus;
}

void osdp_bus_wipe(struct osdp_bus *bus)
{
	osdp_wipe(bus, osdp_bus_size(bus->config.reader_count));
}

void osdp_bus_set_baud(struct osdp_bus *bus, uint32_t baud)
{
	ASSERT(baud >= 300 && baud <= 10000000);
	bus->config.baud = baud;
	bus->char_ns = 10 * NS_PER_S / baud;
}

void osdp_bus_port(struct osdp_bus *bus, bool there, int64_t now_ns)
{
	if (bus->there == there)
		return;
	bus->there = there;
	bus->waiting = false;
	bus->again = false;
	bus->quiet_ns = now_ns;
	osdp_receiver_reset(&bus->receiver);
	for (unsigned i = 0; i < bus->config.reader_count; i++) {
		struct osdp_panel *panel = &bus->panels[i];

		panel_offline(bus, panel, OSDP_WHY_PORT, now_ns);
		panel->offline_ns = now_ns;
		panel_time(bus, panel, now_ns);
		panel->not_before_ns = now_ns;
		panel->backoff_ns = 0;
		panel->probes = 0;
	}
}

/* --- what comes --- */

static struct osdp_panel *panel_find(struct osdp_bus *bus, uint8_t address)
{
	for (unsigned i = 0; i < bus->config.reader_count; i++)
		if (bus->panels[i].config.address == address)
			return &bus->panels[i];
	return NULL;
}

static void exchange_end(struct osdp_bus *bus, struct osdp_panel *panel)
{
	panel->has_frame = false;
	panel->gave_up = false;
	panel->sends = 0;
	panel->silent = 0;
	panel->failures = 0;
	panel->busy = 0;
	bus->waiting = false;
}

/* BUSY: not asked again at once, more seldom from time to time; and not for ever. */
static void exchange_busy(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (panel->busy++ == 0)
		panel->busy_since_ns = now_ns;
	panel->counters.busy++;
	panel->silent = 0;
	panel->failures = 0;
	bus->waiting = false;
	bus->again = false;
	panel->not_before_ns = now_ns + (panel->busy < 8 ? panel->busy : 8) * 10 * NS_PER_MS;
	if (now_ns - panel->busy_since_ns > 8 * NS_PER_S) {
		panel->busy = 0;
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
	}
}

/* A frame of another panel, unless it is our own, thrown back by the converter. */
static void command_seen(struct osdp_bus *bus, const struct osdp_frame *frame, int64_t now_ns)
{
	struct osdp_panel *panel = panel_find(bus, frame->address);

	if (panel && frame->bytes.len + 1 == panel->frame_len &&
		memcmp(panel->frame + 1, frame->bytes.data, frame->bytes.len) == 0)
		return;
	if (frame->code == OSDP_KEYSET && panel)
		panel_alarm(bus, panel, OSDP_ALARM_KEYSET, now_ns);

	bool again = now_ns - bus->foreign_ns <= FOREIGN_NS;

	bus->foreign_ns = now_ns;
	if (!again)
		return;
	if (panel) {
		panel_alarm(bus, panel, OSDP_ALARM_FOREIGN_PANEL, now_ns);
		return;
	}
	if (now_ns - bus->foreign_alarm_ns > 60 * NS_PER_S) {
		struct osdp_event *event = bus_event(bus, NULL, OSDP_EVENT_ALARM, now_ns);

		event->alarm = OSDP_ALARM_FOREIGN_PANEL;
	}
	bus->foreign_alarm_ns = now_ns;
}

static void frame_take(struct osdp_bus *bus, const struct osdp_frame *frame, int64_t now_ns)
{
	struct osdp_panel *panel = &bus->panels[bus->current];

	if (bus->config.trace)
		bus->config.trace(bus->config.user, now_ns, frame->reply, frame->bytes);
	if (!frame->reply) {
		command_seen(bus, frame, now_ns);
		return;
	}
	if (!bus->waiting || frame->address != panel->config.address) {
		panel = panel_find(bus, frame->address);
		if (panel) {
			timing_late(panel, now_ns);
			panel_stray(bus, panel, frame, now_ns);
		}
		return;
	}
	switch (panel_reply(bus, panel, frame, now_ns)) {
	case OUTCOME_IGNORED:
		timing_late(panel, now_ns);
		panel_stray(bus, panel, frame, now_ns);
		break;
	case OUTCOME_BAD:
		bus->bad = true;
		break;
	case OUTCOME_LATER:
		exchange_busy(bus, panel, now_ns);
		break;
	case OUTCOME_REPEAT:
		bus->waiting = false;
		panel_failed(bus, panel, true, now_ns);
		break;
	case OUTCOME_TAKEN:
		timing_take(bus, panel, frame->bytes.len, now_ns);
		panel->heard_ns = now_ns;
		panel->counters.exchanges++;
		exchange_end(bus, panel);
		break;
	case OUTCOME_ENDED:
		exchange_end(bus, panel);
		break;
	}
}

static void receiver_drain(struct osdp_bus *bus, struct span bytes, int64_t now_ns)
{
	struct osdp_frame frame;
	enum osdp_receiver_result result;

	while ((result = osdp_receiver_take(&bus->receiver, &bytes, &frame)) !=
		OSDP_RECEIVER_MORE) {
		if (result == OSDP_RECEIVER_FRAME) {
			frame_take(bus, &frame, now_ns);
		} else if (bus->waiting && now_ns > bus->sent_ns + 2 * bus->char_ns) {
			bus->panels[bus->current].counters.check_errors++;
			bus->bad = true;
		}
	}
}

void osdp_bus_receive(struct osdp_bus *bus, struct span bytes, int64_t now_ns)
{
	if (bytes.len > 0 && bus->there) {
		if (bus->waiting || now_ns >= bus->quiet_ns)
			bus->free_ns = now_ns;
		bus->byte_ns = now_ns;
		if (bus->begin_ns == NEVER_NS && now_ns > bus->sent_ns)
			bus->begin_ns = now_ns;
		if (bus->quiet_ns < now_ns + 2 * bus->char_ns)
			bus->quiet_ns = now_ns + 2 * bus->char_ns;
		receiver_drain(bus, bytes, now_ns);
	}
	osdp_bus_time(bus, now_ns);
}

/* --- time --- */

/* When the reply is given up, as it looks now. */
static int64_t wait_end_ns(const struct osdp_bus *bus)
{
	bool pending = osdp_receiver_pending(&bus->receiver);
	int64_t quiet_ns = pending ? CHARACTER_GAP_NS : NOISE_GAP_NS + 4 * bus->char_ns;
	int64_t end_ns = bus->byte_ns + quiet_ns;
	int64_t limit_ns = bus->deadline_ns + OSDP_FRAME_MAX * bus->char_ns;

	if (end_ns > limit_ns)
		end_ns = limit_ns;
	if (bus->bad)
		return end_ns;
	return end_ns > bus->deadline_ns ? end_ns : bus->deadline_ns;
}

static void wait_end(struct osdp_bus *bus, int64_t now_ns)
{
	struct osdp_panel *panel = &bus->panels[bus->current];

	/* A good reply may stand within what looked like a longer frame. */
	osdp_receiver_silence(&bus->receiver);
	receiver_drain(bus, (struct span){NULL, 0}, now_ns);
	if (!bus->waiting)
		return;
	bus->waiting = false;
	panel->gave_up = true;
	if (!bus->bad)
		panel->counters.timeouts++;
	panel_failed(bus, panel, bus->bad, now_ns);
	turn_failed(bus, panel, bus->bad, now_ns);
}

static void jam_judge(struct osdp_bus *bus, int64_t now_ns)
{
	if (bus->waiting || now_ns >= bus->quiet_ns || now_ns - bus->free_ns <= JAM_NS)
		return;
	bus->free_ns = now_ns;
	for (unsigned i = 0; i < bus->config.reader_count; i++) {
		struct osdp_panel *panel = &bus->panels[i];

		if (panel->announced || panel->state == OSDP_STATE_ONLINE)
			panel_offline(bus, panel, OSDP_WHY_SILENT, now_ns);
	}
}

void osdp_bus_time(struct osdp_bus *bus, int64_t now_ns)
{
	if (bus->waiting && now_ns >= wait_end_ns(bus))
		wait_end(bus, now_ns);
	jam_judge(bus, now_ns);
	for (unsigned i = 0; i < bus->config.reader_count; i++)
		if (now_ns >= panel_time_deadline_ns(&bus->panels[i]))
			panel_time(bus, &bus->panels[i], now_ns);
}

int64_t osdp_bus_deadline_ns(const struct osdp_bus *bus)
{
	int64_t deadline_ns = NEVER_NS;
	int64_t ready_ns = NEVER_NS;

	for (unsigned i = 0; i < bus->config.reader_count; i++) {
		const struct osdp_panel *panel = &bus->panels[i];
		int64_t at_ns = panel_time_deadline_ns(panel);

		if (at_ns < deadline_ns)
			deadline_ns = at_ns;
		if (panel->not_before_ns < ready_ns)
			ready_ns = panel->not_before_ns;
	}
	if (!bus->there)
		return deadline_ns;
	if (bus->waiting)
		ready_ns = wait_end_ns(bus);
	else if (ready_ns < bus->quiet_ns)
		ready_ns = bus->quiet_ns;
	return ready_ns < deadline_ns ? ready_ns : deadline_ns;
}

static void frame_sent(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	bus->current = panel->index;
	bus->waiting = true;
	bus->bad = false;
	bus->sent_ns = now_ns + panel->frame_len * bus->char_ns;
	bus->quiet_ns = bus->sent_ns;
	bus->begun_ns = now_ns;
	bus->begin_ns = NEVER_NS;
	bus->exchanged = true;
	bus->deadline_ns = bus->sent_ns + timing_timeout_ns(panel) + timing_begin_ns(bus);
	panel->last_sent_ns = bus->sent_ns;
	if (panel->sends++ == 0)
		panel->first_sent_ns = bus->sent_ns;
	else
		panel->counters.repeats++;
	panel->counters.frames++;
	osdp_receiver_reset(&bus->receiver);
	if (bus->config.trace)
		bus->config.trace(bus->config.user, now_ns, false,
			span_of(panel->frame + 1, panel->frame_len - 1u));
}

bool osdp_bus_transmit(struct osdp_bus *bus, int64_t now_ns, struct span *ret_bytes)
{
	struct osdp_panel *panel = &bus->panels[bus->current];

	if (!bus->there || bus->waiting || now_ns < bus->quiet_ns)
		return false;
	turn_exchanged(bus, panel, now_ns);
	for (unsigned i = 0; i <= bus->config.reader_count; i++) {
		panel = turn_next(bus, now_ns);
		if (!panel)
			return false;
		if (panel_frame_ready(bus, panel, now_ns)) {
			frame_sent(bus, panel, now_ns);
			*ret_bytes = span_of(panel->frame, panel->frame_len);
			return true;
		}
		bus->again = false;
	}
	return false;
}

bool osdp_bus_polls(const struct osdp_bus *bus, unsigned *ret_reader)
{
	const struct osdp_panel *panel = &bus->panels[bus->current];

	*ret_reader = bus->current;
	return bus->waiting && panel->sends == 1 && panel->command == OSDP_POLL &&
	       panel->state == OSDP_STATE_ONLINE;
}

/* --- for people --- */

static uint32_t us(int64_t ns)
{
	return (uint32_t)(ns / 1000);
}

void osdp_bus_status(
	const struct osdp_bus *bus, unsigned reader, struct osdp_reader_status *ret_status)
{
	ASSERT(reader < bus->config.reader_count);

	const struct osdp_panel *panel = &bus->panels[reader];
	uint64_t count = panel->reply_count;

	*ret_status = (struct osdp_reader_status){
		.state = panel->state,
		.why = panel->why,
		.secure = panel->state == OSDP_STATE_ONLINE && panel_secured(panel),
		.keyset_open = panel->keyset_open,
		.has_identity = panel->has_identity,
		.identity = panel->identity,
		.capabilities = panel->capabilities,
		.since_ns = panel->since_ns,
		.heard_ns = panel->heard ? panel->heard_ns : INT64_MIN,
		.timeout_us = us(timing_poll_ns(panel)),
		.reply_min_us = us(panel->reply_min_ns),
		.reply_mean_us = us(count ? (int64_t)(panel->reply_sum_ns / count) : 0),
		.reply_max_us = us(panel->reply_max_ns),
		.counters = panel->counters,
	};
}
