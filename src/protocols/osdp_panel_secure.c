// SPDX-License-Identifier: Apache-2.0
/*
 * Keys, handshakes and pairing of one reader.
 *
 * A reader has at most two keys of its own: the one in force and a pending one, given to it or
 * about to be. When one fails the other is tried; only when all have failed is it an alarm. The
 * pending key becomes the key when a handshake with it worked and the reader has named itself
 * within that session, never before.
 *
 * Pairing: SCBK-D -> ID -> KEYSET(pending) -> handshake with the pending key -> PAIRED. Rotation:
 * the same from KEYSET on, in the session that stands. Between two tries under SCBK-D the pending
 * key is tried, for the answer to a KEYSET may have been lost. SCBK-D is in no other path.
 *
 * No pending key gives way to another while the reader may hold it. A pairing whose key comes later
 * tries the pending key of before first, and asks for the new one when the reader has made a
 * session under SCBK-D instead; a rotation begins only when a handshake since the last KEYSET, or
 * an answer within the session, has shown that the reader kept its own key.
 *
 * A wrong MAC moves nothing: the frame is repeated. Three of them, with less than GOOD_MIN right
 * ones between, end the session: so a guess at 32 bits costs a handshake for each three tries. They
 * are counted over sessions, for whoever guesses can end one in clear before the third.
 */
#include "osdp_panel.h"

#include "base/assert.h"

#define MAC_STRIKES 3u
#define REPLAY_HITS 3u
#define PLAIN_STRIKES 3u
#define STRAYS_MAX 8u
#define GOOD_MIN 100u
#define SEQUENCE_NAKS 3u /* of a handshake: it is no accident any more, but a refusal */
#define ROTATION_NS (60 * NS_PER_S)

static bool pairing_from_default(const struct osdp_panel *panel)
{
	return panel->pairing.active && !panel->pairing.rotation;
}

/* A handshake failed for what the reader knows or says. */
static void key_failed(struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why,
	enum osdp_alarm alarm, int64_t now_ns)
{
	bool both =
		panel->config.has_pending && (pairing_from_default(panel) || panel->config.has_key);
	unsigned keys = both ? 2 : 1;
	unsigned most = why == OSDP_WHY_NO_SECURE_CHANNEL ? 2 * keys : keys;

	if (panel->key_failures < UINT8_MAX)
		panel->key_failures++;
	panel->pairing.why = (uint8_t)why;
	if (pairing_from_default(panel))
		panel->key_used =
			both && panel->key_used == KEY_DEFAULT ? KEY_PENDING : KEY_DEFAULT;
	else if (both)
		panel->key_used = panel->key_used == KEY_OWN ? KEY_PENDING : KEY_OWN;
	if (!panel->pairing.active && panel->key_failures >= most)
		panel_alarm(bus, panel, alarm, now_ns);
	if (panel->key_failures % keys == 0)
		panel_hold(bus, panel, why, now_ns);
	else
		panel_link_reset(panel, STEP_CHLNG);
}

void panel_challenge_refused(
	struct osdp_bus *bus, struct osdp_panel *panel, uint8_t nak, int64_t now_ns)
{
	if (nak == OSDP_NAK_SEQUENCE && panel->sequence_naks < SEQUENCE_NAKS) {
		panel->sequence_naks++;
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
		return;
	}
	/* SCRYPT: it proved that it knows the key, and does not believe that we do. */
	if (panel->command == OSDP_SCRYPT)
		key_failed(bus, panel, OSDP_WHY_KEY, OSDP_ALARM_CRYPTOGRAM, now_ns);
	else
		key_failed(bus, panel, OSDP_WHY_NO_SECURE_CHANNEL, OSDP_ALARM_NO_SECURE_CHANNEL,
			now_ns);
}

enum panel_outcome panel_ccrypt(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	if (frame->code != OSDP_CCRYPT) {
		panel_challenge_refused(bus, panel, 0, now_ns);
		return OUTCOME_ENDED;
	}
	switch (osdp_secure_ccrypt_read(&panel->secure, frame, NULL)) {
	case OSDP_SECURE_OK:
		panel->step = STEP_SCRYPT;
		panel->sequence = 1;
		return OUTCOME_TAKEN;
	case OSDP_SECURE_SELECTOR:
		if (panel->key_used != KEY_DEFAULT)
			panel_alarm(bus, panel, OSDP_ALARM_DEFAULT_KEY, now_ns);
		panel_hold(bus, panel, OSDP_WHY_KEY, now_ns);
		return OUTCOME_ENDED;
	default:
		key_failed(bus, panel, OSDP_WHY_KEY, OSDP_ALARM_CRYPTOGRAM, now_ns);
		return OUTCOME_ENDED;
	}
}

enum panel_outcome panel_rmac(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	if (frame->code != OSDP_RMAC_I ||
		osdp_secure_rmac_read(&panel->secure, frame) != OSDP_SECURE_OK) {
		key_failed(bus, panel, OSDP_WHY_KEY, OSDP_ALARM_CRYPTOGRAM, now_ns);
		return OUTCOME_ENDED;
	}
	panel->counters.handshakes++;
	panel->step = STEP_OWN_ID;
	panel->sequence = 2;
	panel->session_ns = now_ns;
	return OUTCOME_TAKEN;
}

/* --- traffic --- */

/* The MAC of a reply that was taken before in this session; the newest one is a doubled reply. */
static bool mac_known(const struct osdp_panel *panel, struct span mac, bool *ret_newest)
{
	bool known = false;

	*ret_newest = false;
	for (unsigned i = 0; i < MAC_HISTORY; i++) {
		const uint8_t *kept =
			panel->macs[(panel->mac_at + MAC_HISTORY - 1 - i) % MAC_HISTORY];

		if (mac.len == OSDP_MAC_WIRE_SIZE && memcmp(kept, mac.data, mac.len) == 0) {
			known = true;
			*ret_newest |= i == 0;
		}
	}
	return known;
}

/*
 * Copies of the latest reply are a converter's or the answers to our own repeats. Any other reply
 * of a session with a wrong number is an old one: a few of them are an accident at most.
 */
void panel_stray(struct osdp_bus *bus, struct osdp_panel *panel, const struct osdp_frame *frame,
	int64_t now_ns)
{
	bool newest;

	if (frame->block_type != OSDP_SCS_16 && frame->block_type != OSDP_SCS_18)
		return;
	(void)mac_known(panel, frame->mac, &newest);
	if (newest && ++panel->doubled <= STRAYS_MAX)
		return;
	if (panel->strays < STRAYS_MAX)
		panel->strays++;
	else
		panel_alarm(bus, panel, OSDP_ALARM_REPLAY, now_ns);
}

static enum panel_outcome macs_end(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_alarm alarm, int64_t now_ns)
{
	panel->mac_strikes = 0;
	panel->replay_hits = 0;
	panel_alarm(bus, panel, alarm, now_ns);
	panel_hold(bus, panel, OSDP_WHY_MAC, now_ns);
	return OUTCOME_ENDED;
}

static enum panel_outcome mac_wrong(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns)
{
	bool newest;
	bool known = mac_known(panel, frame->mac, &newest);

	if (newest)
		return OUTCOME_IGNORED;
	panel->counters.mac_errors++;
	panel->mac_good = 0;
	if (known && ++panel->replay_hits >= REPLAY_HITS)
		return macs_end(bus, panel, OSDP_ALARM_REPLAY, now_ns);
	if (++panel->mac_strikes >= MAC_STRIKES)
		return macs_end(bus, panel, OSDP_ALARM_MAC, now_ns);
	return OUTCOME_BAD;
}

enum panel_outcome panel_unwrap(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns, struct span *ret_data)
{
	switch (osdp_secure_unwrap(&panel->secure, frame, bus->plain, ret_data)) {
	case OSDP_SECURE_OK:
		memcpy(panel->macs[panel->mac_at], frame->mac.data, OSDP_MAC_WIRE_SIZE);
		panel->mac_at = (uint8_t)((panel->mac_at + 1) % MAC_HISTORY);
		panel->doubled = 0;
		if (++panel->mac_good >= GOOD_MIN) {
			panel->mac_good = GOOD_MIN;
			panel->strays = 0;
			panel->mac_strikes = 0;
			panel->replay_hits = 0;
			panel->plain_strikes = 0;
			panel->denials = 0;
			panel->backoff_ns = 0;
		}
		return OUTCOME_TAKEN;
	case OSDP_SECURE_MAC:
		return mac_wrong(bus, panel, frame, now_ns);
	case OSDP_SECURE_PADDING:
		panel->counters.unreadable++;
		panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
		return OUTCOME_ENDED;
	default:
		/* Data that is not encrypted, or a piece of a handshake: not an answer. */
		return panel_plain(bus, panel, now_ns);
	}
}

enum panel_outcome panel_plain(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	panel->counters.refused++;
	if (++panel->plain_strikes < PLAIN_STRIKES)
		return OUTCOME_BAD;
	panel_alarm(bus, panel, OSDP_ALARM_DOWNGRADE, now_ns);
	panel_restart(bus, panel, OSDP_WHY_RESTARTED, now_ns);
	return OUTCOME_ENDED;
}

/* --- pairing --- */

enum osdp_taken panel_pair(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_order *order, int64_t now_ns)
{
	bool rotation = order->kind == OSDP_ORDER_ROTATE;
	bool later = !rotation && order->pair.later;
	int64_t until_ns = rotation ? now_ns + ROTATION_NS : order->pair.until_ns;

	(void)bus;
	if (!panel_required(panel) || until_ns <= now_ns)
		return OSDP_TAKEN_NOT_INVALID;
	if (!later && osdp_key_is_weak(order->pair.key))
		return OSDP_TAKEN_NOT_WEAK;
	if (panel->pairing.active || (rotation && panel->keyset_open))
		return OSDP_TAKEN_NOT_FULL;
	if (rotation && (panel->state != OSDP_STATE_ONLINE || !panel_secured(panel)))
		return OSDP_TAKEN_NOT_OFFLINE;
	if (until_ns - now_ns > OSDP_BUS_PAIR_WINDOW_NS)
		until_ns = now_ns + OSDP_BUS_PAIR_WINDOW_NS;
	if (panel->state != OSDP_STATE_ONLINE) {
		/* A handshake under the pending key of before must not speak for the new one. */
		panel_link_reset(panel, STEP_ID);
		panel->not_before_ns = now_ns;
	}
	if (!later) {
		memcpy(panel->config.pending, order->pair.key, OSDP_KEY_SIZE);
		panel->config.has_pending = true;
	}
	panel->key_failures = 0;
	panel->backoff_ns = 0;
	panel->pairing = (struct panel_pairing){.active = true,
		.begin = true,
		.rotation = rotation,
		.later = later,
		.until_ns = until_ns};
	return OSDP_TAKEN;
}

enum osdp_taken panel_pair_key(
	struct osdp_panel *panel, const struct osdp_order *order, int64_t now_ns)
{
	if (osdp_key_is_weak(order->pair.key))
		return OSDP_TAKEN_NOT_WEAK;
	if (!panel->pairing.active || !panel->pairing.wanted || !panel->pairing.later)
		return OSDP_TAKEN_NOT_FULL;
	memcpy(panel->config.pending, order->pair.key, OSDP_KEY_SIZE);
	panel->config.has_pending = true;
	panel->pairing.later = false;
	if (panel->step == STEP_KEYSET)
		panel->not_before_ns = now_ns;
	return OSDP_TAKEN;
}

/* The reader has made a session under SCBK-D: it has no other key. */
static void key_want(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (!panel->pairing.later || panel->pairing.wanted)
		return;
	panel->pairing.wanted = true;
	panel->config.has_pending = false;
	osdp_wipe(panel->config.pending, OSDP_KEY_SIZE);
	bus_event(bus, panel, OSDP_EVENT_KEY_WANTED, now_ns);
}

static void pairing_failed(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns)
{
	panel->pairing = (struct panel_pairing){.active = false};
	bus_event(bus, panel, OSDP_EVENT_PAIR_FAILED, now_ns)->why = (uint8_t)why;
}

void panel_pair_end(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns)
{
	bool from_default = pairing_from_default(panel);
	bool begun = !panel->pairing.begin;

	pairing_failed(bus, panel, why, now_ns);
	panel->key_failures = 0;
	if (!from_default || !begun) {
		if (panel->step == STEP_KEYSET && !panel->has_frame)
			panel->step = STEP_ONLINE;
		return;
	}
	panel->key_used = panel->config.has_key ? KEY_OWN : KEY_PENDING;
	if (panel->state != OSDP_STATE_PROBING)
		panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
}

/* The pending key is the key. */
static void pending_promote(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	struct panel_pairing pairing = panel->pairing;

	memcpy(panel->config.key, panel->config.pending, OSDP_KEY_SIZE);
	osdp_wipe(panel->config.pending, OSDP_KEY_SIZE);
	panel->config.has_key = true;
	panel->config.has_pending = false;
	panel->key_used = KEY_OWN;
	panel->pairing = (struct panel_pairing){.active = false};
	if (!pairing.active) {
		bus_event(bus, panel, OSDP_EVENT_PENDING_WORKS, now_ns);
		return;
	}
	panel->config.has_identity = panel->has_identity;
	panel->config.identity = panel->identity;

	struct osdp_event *event = bus_event(bus, panel, OSDP_EVENT_PAIRED, now_ns);

	event->paired.identity = panel->identity;
	event->paired.rotated = pairing.rotation;
}

void panel_proved(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns)
{
	if (panel->key_used == KEY_DEFAULT) {
		if (pairing_from_default(panel)) {
			panel->step = STEP_KEYSET;
			key_want(bus, panel, now_ns);
		} else {
			panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
		}
		return;
	}
	panel->keyset_open = false;
	if (panel->key_used == KEY_PENDING)
		pending_promote(bus, panel, now_ns);
	else if (panel->pairing.active && panel->pairing.keyset_sent)
		pairing_failed(bus, panel, OSDP_WHY_KEY, now_ns);
	else if (panel->pairing.active)
		panel->pairing.begin = true; /* the session was lost before KEYSET went out */
	panel_online(bus, panel, now_ns);
}

void panel_keyset_answered(
	struct osdp_bus *bus, struct osdp_panel *panel, bool taken, int64_t now_ns)
{
	if (taken) {
		panel->key_used = KEY_PENDING;
		panel_restart(bus, panel, OSDP_WHY_ORDER, now_ns);
		return;
	}
	panel->keyset_open = false;
	if (pairing_from_default(panel)) {
		panel_pair_end(bus, panel, OSDP_WHY_REFUSED, now_ns);
		return;
	}
	panel->step = STEP_ONLINE;
	if (panel->pairing.active)
		pairing_failed(bus, panel, OSDP_WHY_REFUSED, now_ns);
}
