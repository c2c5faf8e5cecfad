// SPDX-License-Identifier: Apache-2.0
/*
 * One reader as the panel sees it: the steps from silence to being polled. Where secure channel is
 * required:
 *
 *   ID, CAP -> CHLNG -> SCRYPT -> ID (now proved) -> online: CAP, ACURXSIZE, states, POLL for ever
 *
 * and in clear ID, CAP, a first POLL, online. ID and CAP in clear are only a hint: nothing that a
 * reader claims there changes what it is asked to prove.
 *
 * A frame is repeated with its number and its very bytes until it is answered or the reader counts
 * as silent, which takes SILENT_MIN tries and SILENT_NS. A session that is lost is made anew at
 * once and told to nobody if that works within QUIET_NS; a reader that refuses or deceives is held
 * back, longer each time. Replies are osdp_panel_reply.c.
 */
#include "osdp_panel.h"

#include "base/assert.h"

#define SILENT_MIN 6u
#define SILENT_NS (2 * NS_PER_S)
#define SPACING_NS (30 * NS_PER_MS) /* between tries, times silences in a row */
#define SPACING_MAX_NS (250 * NS_PER_MS)
#define QUIET_NS (3 * NS_PER_S / 2)
#define BACKOFF_MIN_NS (200 * NS_PER_MS)
#define BACKOFF_MAX_NS (5 * NS_PER_S)
#define BACKOFF_KNOWN_NS (3 * NS_PER_S / 2) /* of one that answered before: soon back */
#define HOLD_MIN_NS NS_PER_S
#define UNPAIRED_NS (2 * NS_PER_S) /* between looks at a reader without a key */
#define KEY_WAIT_NS (100 * NS_PER_MS) /* between looks for the key that is to be set */
#define SESSION_MAX_NS (24 * 3600 * NS_PER_S)

void panel_init(struct osdp_panel *panel, const struct osdp_bus *bus, uint8_t index, int64_t now_ns)
{
	struct osdp_bus_reader *config = &panel->config;

	/* Whoever kept such a key was deceived: it is as good as none. */
	config->has_key = config->has_key && !osdp_key_is_weak(config->key);
	config->has_pending = config->has_pending && !osdp_key_is_weak(config->pending);
	panel->index = index;
	panel->why = OSDP_WHY_SILENT;
	panel->told = OSDP_WHY_SILENT;
	panel->since_ns = now_ns;
	panel->heard_ns = LONG_AGO_NS;
	panel->polled_ns = LONG_AGO_NS;
	panel->offline_ns = NEVER_NS;
	panel->session_ns = LONG_AGO_NS;
	panel->refused_until_ns = NEVER_NS;
	panel->not_before_ns = now_ns;
	panel->key_used = panel->config.has_key ? KEY_OWN : KEY_PENDING;
	osdp_secure_init(&panel->secure, bus->config.aes, false);
	for (unsigned i = 0; i < OSDP_ALARM_COUNT; i++)
		panel->alarm_ns[i] = LONG_AGO_NS;
}

void panel_state_set(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_state state, int64_t now_ns)
{
	(void)bus;
	if (panel->state == state)
		return;
	panel->state = (uint8_t)state;
	panel->since_ns = now_ns;
}

/* --- down and up --- */

/* The link begins anew at a step; nothing of before is answered any more. */
void panel_link_reset(struct osdp_panel *panel, enum panel_step step)
{
	if (osdp_secure_established(&panel->secure))
		panel->counters.sessions_lost++;
	if (panel->has_frame && panel->command == OSDP_LED)
		panel->look_todo |= LOOK_LED;
	if (panel->has_frame && panel->command == OSDP_TEXT)
		panel->look_todo |= LOOK_TEXT;
	osdp_secure_wipe(&panel->secure);
	osdp_wipe(panel->frame, panel->frame_len);
	panel->frame_len = 0;
	panel->has_frame = false;
	panel->sends = 0;
	panel->sequence = 0;
	panel->step = (uint8_t)step;
	panel->plain_strikes = 0;
	panel->mac_good = 0;
}

static void down(struct osdp_panel *panel, enum osdp_why why, int64_t tell_ns)
{
	panel->why = (uint8_t)why;
	if ((panel->announced || panel->told != why) && tell_ns < panel->offline_ns)
		panel->offline_ns = tell_ns;
}

static void back_off(struct osdp_panel *panel, int64_t least_ns, int64_t most_ns, int64_t now_ns)
{
	panel->backoff_ns = panel->backoff_ns < least_ns ? least_ns : 2 * panel->backoff_ns;
	if (panel->backoff_ns > most_ns)
		panel->backoff_ns = most_ns;
	panel->not_before_ns = now_ns + panel->backoff_ns;
}

void panel_offline(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns)
{
	panel_link_reset(panel, STEP_ID);
	panel_orders_drop(bus, panel, now_ns);
	panel_state_set(bus, panel, OSDP_STATE_PROBING, now_ns);
	panel->has_capabilities = false;
	panel->silent = 0;
	panel->failures = 0;
	panel->probes = 0;
	panel->backoff_ns = 0;
	back_off(panel, BACKOFF_MIN_NS, BACKOFF_MAX_NS, now_ns);
	panel->pairing.why = (uint8_t)why;
	down(panel, why, now_ns);
}

void panel_hold(struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns)
{
	panel_link_reset(panel, STEP_ID);
	panel_orders_drop(bus, panel, now_ns);
	panel_state_set(bus, panel,
		panel->pairing.active ? OSDP_STATE_PAIRING : OSDP_STATE_CONNECTING, now_ns);
	back_off(panel, HOLD_MIN_NS, panel->pairing.active ? HOLD_MIN_NS : BACKOFF_MAX_NS, now_ns);
	panel->pairing.why = (uint8_t)why;
	down(panel, why, now_ns);
}

void panel_restart(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns)
{
	bool at_once = now_ns - panel->session_ns > NS_PER_S || why == OSDP_WHY_ORDER;

	if (!panel_required(panel) && panel->state == OSDP_STATE_ONLINE) {
		panel_link_reset(panel, STEP_ONLINE);
		panel_ask_states(panel);
		panel->session_ns = now_ns;
	} else {
		panel_link_reset(panel,
			panel->has_identity && panel->has_capabilities ? STEP_CHLNG : STEP_ID);
		panel_state_set(bus, panel, OSDP_STATE_CONNECTING, now_ns);
		down(panel, why, now_ns + QUIET_NS);
		if (panel->step == STEP_CHLNG)
			panel_connect(bus, panel, now_ns);
	}
	if (panel->file.active)
		panel_file_end(bus, panel, OSDP_BUS_FILE_BROKEN, 0, now_ns);
	panel->not_before_ns = now_ns;
	if (at_once)
		panel->backoff_ns = 0;
	else
		back_off(panel, BACKOFF_MIN_NS, BACKOFF_MAX_NS, now_ns);
}

void panel_online(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	panel->step = STEP_ONLINE;
	panel->session_todo = (panel_required(panel) ? SESSION_CAP : 0) | SESSION_SIZE;
	panel->session_ns = now_ns;
	panel->offline_ns = NEVER_NS;
	panel->why = OSDP_WHY_NONE;
	panel->told = OSDP_WHY_NONE;
	panel->probes = 0;
	panel->key_failures = 0;
	panel->sequence_naks = 0;
	panel_ask_states(panel);
	panel_state_set(bus, panel, OSDP_STATE_ONLINE, now_ns);
	if (panel->announced)
		return;
	panel->announced = true;
	panel->tamper_known = false;

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_ONLINE, now_ns);

	event->online.identity = panel->identity;
	event->online.capabilities = panel->capabilities;
}

int64_t panel_time_deadline_ns(const struct osdp_panel *panel)
{
	int64_t pairing_ns = panel->pairing.active ? panel->pairing.until_ns : NEVER_NS;

	return panel->offline_ns < pairing_ns ? panel->offline_ns : pairing_ns;
}

void panel_time(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (panel->pairing.active && now_ns >= panel->pairing.until_ns)
		panel_pair_end(bus, panel,
			panel->pairing.why ? (enum osdp_why)panel->pairing.why : OSDP_WHY_WINDOW,
			now_ns);
	if (now_ns < panel->offline_ns)
		return;
	panel->offline_ns = NEVER_NS;
	if (!panel->announced && panel->told == panel->why)
		return;
	panel->announced = false;
	panel->told = panel->why;
	bus_event(bus, panel, OSDP_EVENT_OFFLINE, now_ns)->why = panel->why;
}

static void not_paired(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	panel_link_reset(panel, STEP_ID);
	panel_state_set(bus, panel, OSDP_STATE_NOT_PAIRED, now_ns);
	down(panel, OSDP_WHY_NOT_PAIRED, now_ns);
	panel->not_before_ns = now_ns + UNPAIRED_NS;
}

void panel_connect(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	panel->sequence = panel_required(panel) ? 0 : panel->sequence;
	if (!panel_required(panel)) {
		panel->step = STEP_FIRST;
		return;
	}
	if (panel->pairing.active && !panel->pairing.rotation) {
		panel_state_set(bus, panel, OSDP_STATE_PAIRING, now_ns);
	} else if (!panel->config.has_key && !panel->config.has_pending) {
		not_paired(bus, panel, now_ns);
		return;
	} else if (panel->key_used == KEY_DEFAULT ||
		   (panel->key_used == KEY_OWN && !panel->config.has_key) ||
		   (panel->key_used == KEY_PENDING && !panel->config.has_pending)) {
		panel->key_used = panel->config.has_key ? KEY_OWN : KEY_PENDING;
	}
	panel->step = STEP_CHLNG;
}

/* --- a wait without a reply --- */

static void probe_failed(struct osdp_panel *panel, bool heard, int64_t now_ns)
{
	bool soon = panel->heard || panel->pairing.active;

	panel->has_frame = false;
	panel->sends = 0;
	panel->step = STEP_ID;
	panel->sequence = 0;
	panel->probes++;
	if (!panel_required(panel) && !panel->crc_seen && !panel->heard)
		panel->checksum = !panel->checksum;
	if (heard && panel->failures <= 4)
		panel->not_before_ns = now_ns + SPACING_NS;
	else
		back_off(panel, BACKOFF_MIN_NS, soon ? BACKOFF_KNOWN_NS : BACKOFF_MAX_NS, now_ns);
}

void panel_failed(struct osdp_bus *bus, struct osdp_panel *panel, bool heard, int64_t now_ns)
{
	panel->failures++;
	panel->silent = heard ? 0 : panel->silent + 1;
	if (panel->state == OSDP_STATE_PROBING) {
		probe_failed(panel, heard, now_ns);
		return;
	}
	if (panel->file.active && panel->command == OSDP_FILETRANSFER && !heard &&
		osdp_file_send_is_last(&panel->file.send)) {
		/* It may have begun with the new program already: the last part is sent once. */
		panel_file_end(bus, panel, OSDP_BUS_FILE_BROKEN, 0, now_ns);
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
		return;
	}
	if (panel->failures >= SILENT_MIN && now_ns - panel->heard_ns > SILENT_NS) {
		panel_offline(bus, panel, OSDP_WHY_SILENT, now_ns);
		return;
	}
	if (panel->silent > 2) {
		int64_t spacing_ns = panel->silent * SPACING_NS;

		panel->not_before_ns =
			now_ns + (spacing_ns > SPACING_MAX_NS ? SPACING_MAX_NS : spacing_ns);
	}
}

/* --- what goes out --- */

bool panel_command_refused(const struct osdp_panel *panel, uint8_t command)
{
	return panel->refused[command / 32] >> (command % 32) & 1;
}

static bool ask_make(struct osdp_panel *panel, uint8_t command)
{
	return panel_frame_command(
		panel, command, panel->bare_ask ? (struct span){NULL, 0} : SPAN_LIT("\0"));
}

static bool keyset_make(struct osdp_panel *panel)
{
	uint8_t data[2 + OSDP_KEY_SIZE] = {1, OSDP_KEY_SIZE};

	memcpy(data + 2, panel->config.pending, OSDP_KEY_SIZE);

	bool made = panel_frame_command(panel, OSDP_KEYSET, span_of(data, sizeof(data)));

	osdp_wipe(data, sizeof(data));
	panel->pairing.keyset_sent = true;
	panel->keyset_open = true;
	return made;
}

static bool frame_make(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	switch ((enum panel_step)panel->step) {
	case STEP_ID:
	case STEP_OWN_ID:
		return ask_make(panel, OSDP_ID);
	case STEP_CAP:
		return ask_make(panel, OSDP_CAP);
	case STEP_CHLNG:
		panel_frame_chlng(bus, panel);
		return true;
	case STEP_SCRYPT:
		panel_frame_scrypt(panel);
		return true;
	case STEP_KEYSET:
		if (!panel->pairing.later)
			return keyset_make(panel);
		panel->not_before_ns = now_ns + KEY_WAIT_NS;
		return false;
	case STEP_FIRST:
		return panel_frame_command(panel, OSDP_POLL, (struct span){NULL, 0});
	case STEP_ONLINE:
		break;
	}
	if (panel_order_next(bus, panel, now_ns))
		return true;
	if (panel->file.active && panel->file.send.exclusive) {
		int64_t next_ns = panel->file.send.not_before_ns;

		panel->not_before_ns = next_ns > now_ns ? next_ns : now_ns + NS_PER_MS;
		return false;
	}
	return panel_frame_command(panel, OSDP_POLL, (struct span){NULL, 0});
}

bool panel_frame_ready(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	bool begin = panel->pairing.begin &&
		     (!panel->pairing.rotation ||
			     (!panel->has_frame && panel->state == OSDP_STATE_ONLINE));

	if (begin) {
		panel->pairing.begin = false;
		if (panel->pairing.rotation)
			panel->step = STEP_KEYSET;
		else
			panel->key_used = panel->pairing.later && panel->config.has_pending
						  ? KEY_PENDING
						  : KEY_DEFAULT;
		if (!panel->pairing.rotation && panel->state != OSDP_STATE_PROBING)
			panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
	} else if (panel->renew) {
		panel->renew = false;
		if (panel->state != OSDP_STATE_PROBING)
			panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
	} else if (panel->state == OSDP_STATE_ONLINE && !panel->has_frame &&
		   panel_required(panel) && now_ns - panel->session_ns > SESSION_MAX_NS) {
		panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
	}
	if (panel->not_before_ns > now_ns)
		return false;
	if (panel->has_frame)
		return true;
	panel->frame_sequence = panel->sequence;
	panel->has_frame = frame_make(bus, panel, now_ns);
	return panel->has_frame;
}
