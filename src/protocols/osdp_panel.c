// SPDX-License-Identifier: Apache-2.0
/*
 * One reader as the panel sees it: the steps from silence to being polled, and what each reply
 * means for the link. Where secure channel is required:
 *
 *   ID, CAP -> CHLNG -> SCRYPT -> ID (now proved) -> online: CAP, ACURXSIZE, states, POLL for ever
 *
 * and in clear the same without the handshake. ID and CAP in clear are only a hint: nothing that a
 * reader claims there changes what it is asked to prove.
 *
 * Sequence numbers: 0 begins, then 1, 2, 3, 1 ..; a frame is repeated with its number and its very
 * bytes until it is answered or the reader counts as silent, which takes SILENT_MIN tries and
 * SILENT_NS. A session that is lost is made anew at once and told to nobody if that works within
 * QUIET_NS; a reader that refuses or deceives is held back, longer each time.
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
#define SESSION_MAX_NS (24 * 3600 * NS_PER_S)
#define REPEATS_MAX 8u /* NAK 01 in a row: it does not mean the line */

void panel_init(struct osdp_panel *panel, const struct osdp_bus *bus, uint8_t index, int64_t now_ns)
{
	panel->index = index;
	panel->why = OSDP_WHY_SILENT;
	panel->told = OSDP_WHY_SILENT;
	panel->flush = true;
	panel->since_ns = now_ns;
	panel->heard_ns = LONG_AGO_NS;
	panel->polled_ns = LONG_AGO_NS;
	panel->offline_ns = NEVER_NS;
	panel->session_ns = LONG_AGO_NS;
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
	panel->mac_strikes = 0;
	panel->plain_strikes = 0;
	panel->replay_hits = 0;
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
		return keyset_make(panel);
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
			panel->key_used = KEY_DEFAULT;
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

/* --- what comes --- */

/* A command was refused with a NAK that says nothing about the link. */
static void command_refused(
	struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, int64_t now_ns)
{
	if (code == OSDP_NAK_COMMAND)
		panel->refused[panel->command / 32] |= UINT32_C(1) << (panel->command % 32);
	if (panel->command == OSDP_FILETRANSFER) {
		panel_file_end(bus, panel, OSDP_BUS_FILE_REFUSED, (int16_t)-code, now_ns);
		return;
	}
	if (panel->step != STEP_ONLINE || panel->command == OSDP_POLL ||
		(panel->command >= OSDP_LSTAT && panel->command <= OSDP_RSTAT))
		return;

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_NAK, now_ns);

	event->nak.command = panel->command;
	event->nak.code = code;
}

/* Another vendor or serial than pinned. In clear it is asked twice: noise may have done it. */
static bool identity_check(
	struct osdp_bus *bus, struct osdp_panel *panel, bool proved, int64_t now_ns)
{
	const struct osdp_pdid *pinned = &panel->config.identity;

	if (!panel->config.has_identity || (panel->pairing.active && !panel->pairing.rotation))
		return true;
	if (panel->has_identity && panel->identity.serial == pinned->serial &&
		memcmp(panel->identity.vendor, pinned->vendor, sizeof(pinned->vendor)) == 0) {
		panel->identity_strikes = 0;
		return true;
	}
	panel->identity_strikes++;
	if (!proved && panel->identity_strikes < 2) {
		panel_link_reset(panel, STEP_ID);
		return false;
	}
	panel->identity_strikes = 2;
	panel_alarm(bus, panel, OSDP_ALARM_IDENTITY, now_ns);
	panel_hold(bus, panel, OSDP_WHY_IDENTITY, now_ns);
	return false;
}

static void capabilities_check(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (!panel_required(panel) || !panel->config.has_key || panel->pairing.active)
		return;
	if (!panel->capabilities.aes)
		panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
	else if (panel->capabilities.default_key && !panel->default_claimed)
		panel_alarm(bus, panel, OSDP_ALARM_KEYSET, now_ns);
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

/* ID and CAP on the way to being online. A reader that refuses them is asked no more. */
static void asked(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, struct span data,
	int64_t now_ns)
{
	bool proved = panel->step == STEP_OWN_ID;

	if (panel->step == STEP_CAP) {
		if (code == OSDP_PDCAP)
			panel_take_capabilities(panel, data);
		panel->has_capabilities = true;
		capabilities_check(bus, panel, now_ns);
		panel_connect(bus, panel, now_ns);
		return;
	}
	if (code == OSDP_PDID)
		panel_take_identity(panel, data);
	else if (!proved)
		panel->has_identity = false;
	if (panel->state == OSDP_STATE_PROBING)
		panel_state_set(bus, panel, OSDP_STATE_CONNECTING, now_ns);
	if (!identity_check(bus, panel, proved, now_ns))
		return;
	if (proved)
		panel_proved(bus, panel, now_ns);
	else
		panel->step = STEP_CAP;
}

static void sequence_next(struct osdp_panel *panel)
{
	panel->sequence = (uint8_t)(panel->frame_sequence % 3 + 1);
}

/* A reply that is what it seems to be: the session or the policy stands for it. */
static void answered(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, struct span data,
	int64_t now_ns)
{
	bool taken = panel->step >= STEP_FIRST && code != OSDP_NAK;

	sequence_next(panel);
	if (code == OSDP_NAK && panel->step != STEP_ID && panel->step != STEP_CAP)
		command_refused(bus, panel, data.len > 0 ? (uint8_t)data.data[0] : 0, now_ns);
	switch ((enum panel_step)panel->step) {
	case STEP_ID:
	case STEP_CAP:
	case STEP_OWN_ID:
		asked(bus, panel, code, data, now_ns);
		break;
	case STEP_KEYSET:
		panel_keyset_answered(bus, panel, code == OSDP_ACK, now_ns);
		break;
	case STEP_FIRST:
		if (code == OSDP_NAK)
			panel_hold(bus, panel, OSDP_WHY_PROTOCOL, now_ns);
		else
			panel_online(bus, panel, now_ns);
		break;
	default:
		break;
	}
	if (taken)
		panel_take(bus, panel, code, data, now_ns);
}

/* A NAK in clear, whatever went out. */
static enum panel_outcome nak_take(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	uint8_t code = frame->data.len > 0 ? (uint8_t)frame->data.data[0] : 0;

	panel->counters.naks++;
	if (code == OSDP_NAK_CHECK && panel->failures < REPEATS_MAX)
		return OUTCOME_REPEAT;
	if (panel->command == OSDP_CHLNG || panel->command == OSDP_SCRYPT) {
		panel_challenge_refused(bus, panel, code, now_ns);
		return OUTCOME_ENDED;
	}
	if (panel->command == OSDP_ID && !panel->bare_ask && code == OSDP_NAK_LENGTH) {
		panel->bare_ask = true;
		panel_link_reset(panel, STEP_ID);
		return OUTCOME_ENDED;
	}
	if (panel->frame_secure) {
		if (code == OSDP_NAK_COMMAND)
			command_refused(bus, panel, code, now_ns);
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
		return OUTCOME_ENDED;
	}
	if (code == OSDP_NAK_SEQUENCE) {
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
		return OUTCOME_ENDED;
	}
	if (code == OSDP_NAK_SECURE_CHANNEL && !panel_required(panel)) {
		panel_hold(bus, panel, OSDP_WHY_PROTOCOL, now_ns);
		return OUTCOME_ENDED;
	}
	answered(bus, panel, OSDP_NAK, frame->data, now_ns);
	return OUTCOME_TAKEN;
}

/* A reply in clear to a command that went through the session: it is not believed. */
static enum panel_outcome plain_take(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	if (panel->command == OSDP_KEYSET && frame->code == OSDP_ACK) {
		/* Some leave the session with their answer; the handshake will show what is true.
		 */
		sequence_next(panel);
		panel_keyset_answered(bus, panel, true, now_ns);
		return OUTCOME_TAKEN;
	}
	panel->counters.refused++;
	if (frame->code != OSDP_ACK)
		panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
	if (++panel->plain_strikes < 3)
		return OUTCOME_BAD;
	panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
	panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
	return OUTCOME_ENDED;
}

/* The sequence number is another one. */
static enum panel_outcome sequence_wrong(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	/* Behind a command with 0 its reply may come twice; else 0 says: I begin anew. */
	if (frame->sequence != 0 || panel->frame_sequence <= 1 || frame->has_security_block)
		return OUTCOME_IGNORED;
	if (panel->command == OSDP_SCRYPT || panel->state != OSDP_STATE_ONLINE)
		return OUTCOME_IGNORED;
	panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
	return OUTCOME_ENDED;
}

static enum panel_outcome session_reply(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	struct span data;
	enum panel_outcome outcome;

	if (!frame->has_security_block)
		return plain_take(bus, panel, frame, now_ns);
	outcome = panel_unwrap(bus, panel, frame, now_ns, &data);
	if (outcome == OUTCOME_TAKEN) {
		if (frame->code == OSDP_NAK)
			panel->counters.naks++;
		answered(bus, panel, frame->code, data, now_ns);
		osdp_wipe(bus->plain, sizeof(bus->plain));
	}
	return outcome;
}

enum panel_outcome panel_reply(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	bool nak = frame->code == OSDP_NAK && !frame->has_security_block;
	uint8_t nak_code = nak && frame->data.len > 0 ? (uint8_t)frame->data.data[0] : 0;

	if (!panel->has_frame)
		return OUTCOME_IGNORED; /* it was begun anew meanwhile */
	if (!frame->use_crc && (panel_required(panel) || panel->crc_seen))
		return OUTCOME_IGNORED;
	if (frame->code == OSDP_BUSY && !frame->has_security_block) {
		panel->heard_ns = now_ns;
		return OUTCOME_LATER;
	}
	if (frame->sequence != panel->frame_sequence && nak_code != OSDP_NAK_SEQUENCE &&
		nak_code != OSDP_NAK_CHECK && !(nak && frame->sequence == 0))
		return sequence_wrong(bus, panel, frame, now_ns);
	panel->heard = true;
	panel->heard_ns = now_ns;
	panel->crc_seen |= frame->use_crc;
	panel->checksum &= !frame->use_crc;
	if (nak)
		return nak_take(bus, panel, frame, now_ns);
	if (panel->frame_secure)
		return session_reply(bus, panel, frame, now_ns);
	if (panel->command == OSDP_CHLNG)
		return panel_ccrypt(bus, panel, frame, now_ns);
	if (panel->command == OSDP_SCRYPT)
		return panel_rmac(bus, panel, frame, now_ns);
	if (frame->has_security_block)
		return OUTCOME_IGNORED;
	answered(bus, panel, frame->code, frame->data, now_ns);
	return OUTCOME_TAKEN;
}
