// SPDX-License-Identifier: Apache-2.0
/*
 * What a reply means for the link. Sequence numbers: 0 begins, then 1, 2, 3, 1 ..; a reply has its
 * command's. Exceptions: BUSY always has 0; a NAK 04 may have any, for readers tell the one they
 * want; a NAK with 0, or a reply with 0 that no command with 0 came before, is a reader that was
 * reset. Within a session only BUSY and NAK may come in clear, and a NAK there tells of the link
 * alone; anything else in clear is not believed.
 */
#include "osdp_panel.h"

#define REFUSED_NS (600 * NS_PER_S) /* somebody else may have refused in its name */
#define REPEATS_MAX 8u /* NAK 01 in a row: it does not mean the line */
#define DENIALS_MAX 5u

/* A command was refused with a NAK that says nothing about the link. */
static void command_refused(
	struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, int64_t now_ns)
{
	if (code == OSDP_NAK_COMMAND)
		panel->refused[panel->command / 32] |= UINT32_C(1) << (panel->command % 32);
	if (panel->command == OSDP_FILETRANSFER) {
		panel_file_end(bus, panel, OSDP_BUS_FILE_REFUSED,
			(int16_t)(OSDP_BUS_FILE_NAK - code), now_ns);
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
	panel->has_identity = false; /* what was told in clear proves nothing */
	if (code == OSDP_PDID)
		panel_take_identity(panel, data);
	if (panel->state == OSDP_STATE_PROBING)
		panel_state_set(bus, panel, OSDP_STATE_CONNECTING, now_ns);
	if (!identity_check(bus, panel, proved, now_ns))
		return;
	if (!proved)
		panel->step = STEP_CAP;
	else if (panel->has_identity)
		panel_proved(bus, panel, now_ns);
	else
		panel_hold(bus, panel, OSDP_WHY_PROTOCOL, now_ns);
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
		if (code == OSDP_NAK_COMMAND) {
			command_refused(bus, panel, code, now_ns);
			panel->refused_until_ns = now_ns + REFUSED_NS;
		}
		/* A reader that was powered up says so once. */
		if (++panel->denials >= DENIALS_MAX) {
			panel->denials = DENIALS_MAX;
			panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
		}
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
	if (frame->code != OSDP_ACK)
		panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
	return panel_plain(bus, panel, now_ns);
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
