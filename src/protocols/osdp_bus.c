// SPDX-License-Identifier: Apache-2.0
/*
 * Whose turn it is on an OSDP line.
 *
 * One exchange at a time: a frame goes out, then its reply is waited for, and nobody else speaks.
 * Readers that are online, or on their way to it, are asked one after the other; each round also
 * has room for one probe of a reader that is silent. What waiting costs is bounded, for it is the
 * others' time: a turn goes on (a repeat, the next step of a handshake) only while it has lasted
 * less than TURN_MAX, and a silent reader is waited for as long as it was ever seen to take, half
 * as much again, and up to four times that while it is silent; never for longer than the standard's
 * 200 ms.
 *
 * The line counts as busy while our own bytes are on the wire, by the baud rate and not by when the
 * port took them, and for two characters after every byte that comes. A reply that is under way is
 * never talked into: the end of a wait is put off while bytes come, until one is missing for the
 * inter-character time (a frame has begun) or for a few characters (noise).
 *
 * Replies are found by address and sequence number; what fits nothing that was asked is counted at
 * the reader it names and changes nothing but its patience.
 */
#include "osdp_panel.h"

#include "base/assert.h"

#define TURN_MAX_NS (100 * NS_PER_MS)
#define CHARACTER_GAP_NS (20 * NS_PER_MS) /* within a frame */
#define NOISE_GAP_NS NS_PER_MS /* and four characters: a damaged reply is over */
#define TIMEOUT_MIN_NS (12 * NS_PER_MS) /* of a reader that always answers at once */
#define TIMEOUT_ROOM_NS (8 * NS_PER_MS)
#define SAMPLES_MIN 8u
#define PROBE_TIMEOUT_NS (60 * NS_PER_MS) /* all but every fourth one */
#define FRAME_BEGIN_CHARS 16 /* how much of a reply comes at once where a port collects bytes */
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
	bus->foreign_ns = LONG_AGO_NS;
	bus->foreign_alarm_ns = LONG_AGO_NS;
	bus->cycle = 1;
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

/* --- how long a reply is waited for --- */

static bool command_is_quick(uint8_t command)
{
	return command == OSDP_POLL || (command >= OSDP_LSTAT && command <= OSDP_RSTAT);
}

static struct panel_timing *timing_of(struct osdp_panel *panel, uint8_t command)
{
	return command_is_quick(command) ? &panel->quick : &panel->slow;
}

static int64_t timing_timeout_ns(const struct panel_timing *timing, bool quick)
{
	int64_t room_ns = quick ? TIMEOUT_ROOM_NS : 4 * TIMEOUT_ROOM_NS;
	int64_t timeout_ns = timing->peak_ns + timing->peak_ns / 2 + room_ns;

	if (timing->samples < SAMPLES_MIN || timeout_ns > REPLY_DELAY_MAX_NS)
		return REPLY_DELAY_MAX_NS;
	return timeout_ns < TIMEOUT_MIN_NS ? TIMEOUT_MIN_NS : timeout_ns;
}

static int64_t reply_timeout_ns(const struct osdp_panel *panel)
{
	bool quick = command_is_quick(panel->command);
	int64_t timeout_ns = timing_timeout_ns(quick ? &panel->quick : &panel->slow, quick);

	if (panel->state == OSDP_STATE_PROBING)
		return panel->probes % 4 == 0 || timeout_ns > PROBE_TIMEOUT_NS
			       ? (panel->probes % 4 == 0 ? REPLY_DELAY_MAX_NS : PROBE_TIMEOUT_NS)
			       : timeout_ns;
	timeout_ns *= panel->silent < 2 ? 1 << panel->silent : 4;
	return timeout_ns > REPLY_DELAY_MAX_NS ? REPLY_DELAY_MAX_NS : timeout_ns;
}

static void timing_take(struct panel_timing *timing, int64_t delay_ns)
{
	timing->peak_ns -= timing->peak_ns / 64;
	if (delay_ns > timing->peak_ns)
		timing->peak_ns = delay_ns;
	if (timing->samples == 0 || delay_ns < timing->least_ns)
		timing->least_ns = delay_ns;
	if (timing->samples < UINT32_MAX)
		timing->samples++;
}

/*
 * Of a command that was sent once it is clear which sending the reply answers. Of a repeated one
 * the reply may be late: it is, when it comes faster than the reader can.
 */
static void reply_time_take(
	struct osdp_bus *bus, struct osdp_panel *panel, size_t len, int64_t now_ns)
{
	struct panel_timing *timing = timing_of(panel, panel->command);
	int64_t delay_ns = now_ns - panel->last_sent_ns - (int64_t)len * bus->char_ns;

	if (delay_ns < 0)
		delay_ns = 0;
	if (panel->sends > 1) {
		if (timing->samples == 0 || delay_ns >= timing->least_ns / 2)
			return;
		delay_ns = now_ns - panel->first_sent_ns - (int64_t)len * bus->char_ns;
		if (delay_ns > REPLY_DELAY_MAX_NS)
			delay_ns = REPLY_DELAY_MAX_NS;
	}
	timing_take(timing, delay_ns);
	if (panel->command != OSDP_POLL)
		return;
	if (panel->reply_count == 0 || delay_ns < panel->reply_min_ns)
		panel->reply_min_ns = delay_ns;
	if (delay_ns > panel->reply_max_ns)
		panel->reply_max_ns = delay_ns;
	panel->reply_count++;
	panel->reply_sum_ns += (uint64_t)delay_ns;
}

/* A reply to what was given up: the reader is to be waited for longer. */
static void late_take(struct osdp_panel *panel, int64_t now_ns)
{
	struct panel_timing *timing = timing_of(panel, panel->command);
	int64_t delay_ns = now_ns - panel->first_sent_ns;

	panel->counters.late++;
	if (!panel->gave_up || delay_ns > REPLY_DELAY_MAX_NS)
		return;
	if (delay_ns > timing->peak_ns)
		timing->peak_ns = delay_ns;
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
		if (panel)
			late_take(panel, now_ns);
		return;
	}
	switch (panel_reply(bus, panel, frame, now_ns)) {
	case OUTCOME_IGNORED:
		late_take(panel, now_ns);
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
		reply_time_take(bus, panel, frame->bytes.len, now_ns);
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
		bus->byte_ns = now_ns;
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
}

void osdp_bus_time(struct osdp_bus *bus, int64_t now_ns)
{
	if (bus->waiting && now_ns >= wait_end_ns(bus))
		wait_end(bus, now_ns);
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

/* --- whose turn it is --- */

static bool panel_is_probed(const struct osdp_panel *panel)
{
	return panel->state == OSDP_STATE_PROBING || panel->state == OSDP_STATE_NOT_PAIRED;
}

static struct osdp_panel *pick_urgent(struct osdp_bus *bus, int64_t now_ns)
{
	unsigned count = bus->config.reader_count;

	for (unsigned i = 1; i <= count; i++) {
		struct osdp_panel *panel = &bus->panels[(bus->current + i) % count];

		if (panel->state == OSDP_STATE_ONLINE && panel_is_urgent(panel) &&
			panel->silent == 0 && panel->not_before_ns <= now_ns)
			return panel;
	}
	return NULL;
}

/* The one that has waited longest; one in a round. */
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

/* The next one in the round from `turn` on that is not to be probed. */
static struct osdp_panel *pick_round(struct osdp_bus *bus, int64_t now_ns)
{
	unsigned count = bus->config.reader_count;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = bus->round + i;

		if (at == count)
			bus->cycle++;
		struct osdp_panel *panel = &bus->panels[at % count];

		if (!panel_is_probed(panel) && panel->not_before_ns <= now_ns) {
			bus->round = (at + 1) % count;
			if (at + 1 == count)
				bus->cycle++;
			return panel;
		}
	}
	return NULL;
}

static struct osdp_panel *pick(struct osdp_bus *bus, int64_t now_ns)
{
	struct osdp_panel *panel = NULL;

	if (bus->again && bus->panels[bus->current].not_before_ns <= now_ns)
		return &bus->panels[bus->current];
	bus->turn_ns = now_ns;
	if (!bus->urgent)
		panel = pick_urgent(bus, now_ns);
	bus->urgent = panel != NULL;
	if (!panel && bus->probe_cycle != bus->cycle) {
		panel = pick_probe(bus, now_ns);
		if (panel)
			bus->probe_cycle = bus->cycle;
	}
	if (!panel)
		panel = pick_round(bus, now_ns);
	if (!panel) {
		bus->urgent = false;
		panel = pick_probe(bus, now_ns); /* nobody else wants the line */
	}
	return panel;
}

/* Whether the reader's turn goes on behind this exchange. */
static bool turn_goes_on(const struct osdp_bus *bus, const struct osdp_panel *panel, int64_t now_ns)
{
	if (panel_is_probed(panel) || panel->not_before_ns > now_ns ||
		now_ns - bus->turn_ns >= TURN_MAX_NS)
		return false;
	if (panel->has_frame) /* to be repeated; in silence, what a wait costs must be little */
		return panel->silent == 0 ||
		       (panel->silent <= 2 &&
			       now_ns - bus->turn_ns + reply_timeout_ns(panel) < TURN_MAX_NS);
	return panel->state != OSDP_STATE_ONLINE;
}

static void frame_sent(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	bus->current = panel->index;
	bus->waiting = true;
	bus->bad = false;
	bus->sent_ns = now_ns + panel->frame_len * bus->char_ns;
	bus->quiet_ns = bus->sent_ns;
	bus->deadline_ns =
		bus->sent_ns + reply_timeout_ns(panel) + FRAME_BEGIN_CHARS * bus->char_ns;
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
	bus->again = turn_goes_on(bus, panel, now_ns);
	for (unsigned i = 0; i <= bus->config.reader_count; i++) {
		panel = pick(bus, now_ns);
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
		.has_identity = panel->has_identity,
		.identity = panel->identity,
		.capabilities = panel->capabilities,
		.since_ns = panel->since_ns,
		.heard_ns = panel->heard ? panel->heard_ns : INT64_MIN,
		.timeout_us = us(timing_timeout_ns(&panel->quick, true)),
		.reply_min_us = us(panel->reply_min_ns),
		.reply_mean_us = us(count ? (int64_t)(panel->reply_sum_ns / count) : 0),
		.reply_max_us = us(panel->reply_max_ns),
		.counters = panel->counters,
	};
}
