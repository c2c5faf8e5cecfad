/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the panel's side share: one reader's state (struct osdp_panel) and the line's
 * (struct osdp_bus). osdp_bus*.c own the line: who speaks when, and for how long a reply is waited
 * for. osdp_panel.c owns a reader's steps, osdp_panel_reply.c what a reply means for its link,
 * osdp_panel_secure.c keys, handshakes and pairing; osdp_panel_take.c makes events of replies,
 * osdp_panel_order.c makes commands of orders.
 */
#pragma once

#include "protocols/osdp_bus.h"
#include "protocols/osdp_message.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NEVER_NS INT64_MAX
#define LONG_AGO_NS (INT64_MIN / 2) /* differences with it do not overflow */

#define REPLY_DELAY_MAX_NS (200 * NS_PER_MS) /* every reader begins its reply within this */
#define EVENTS_MAX 256u /* when the port goes, each reader has one */
#define MAC_HISTORY 32u
#define STATES 4u
#define ROUND_CHARS 50 /* about, of one exchange in a round of the line */
#define FRAME_UNKNOWN 128u /* bytes every reader takes, where it does not say more */

/* What a reader is asked next. Up to STEP_SCRYPT the command goes in clear. */
enum panel_step {
	STEP_ID = 0, /* the probe */
	STEP_CAP,
	STEP_CHLNG,
	STEP_SCRYPT,
	STEP_OWN_ID, /* within the session: this one is proved */
	STEP_KEYSET, /* of a pairing: the session stands under SCBK-D, of a rotation: its own */
	STEP_FIRST, /* in clear: the first poll */
	STEP_ONLINE,
};

enum panel_key { KEY_OWN = 0, KEY_PENDING, KEY_DEFAULT };

/* What became of a reply that came while it was waited for. */
enum panel_outcome {
	OUTCOME_IGNORED = 0, /* not the reply: go on waiting */
	OUTCOME_BAD, /* the reply, but damaged: the line will be quiet soon, then repeat */
	OUTCOME_LATER, /* BUSY: the same again, in a while */
	OUTCOME_REPEAT, /* NAK 01: the same again */
	OUTCOME_TAKEN, /* the exchange is over */
	OUTCOME_ENDED, /* so it is, but this was no answer: begun anew */
};

/* How long a reader takes to begin its replies, for one kind of commands. */
struct panel_timing {
	int64_t peak_ns; /* decays slowly */
	uint32_t samples;
};

struct panel_pairing {
	bool active;
	bool begin; /* not looked at yet */
	bool rotation;
	bool keyset_sent; /* the pending key may be in force */
	bool later; /* its key is not given yet */
	bool wanted; /* and was asked for */
	uint8_t why; /* enum osdp_why: what failed last */
	int64_t until_ns;
};

struct panel_file {
	bool active;
	bool polled; /* the fragment before this poll is answered */
	struct osdp_file_send send;
	struct span data;
};

struct osdp_panel {
	/* What every turn of the line looks at, of each of its readers: side by side in memory. */
	int64_t not_before_ns; /* of the next command */
	int64_t offline_ns; /* when OFFLINE is told, unless it is back before */
	struct panel_pairing pairing;
	uint32_t silent; /* waits in a row that ended without a byte of a good reply */
	uint8_t state; /* enum osdp_state */
	uint8_t look_todo; /* bits LOOK_LED .. */
	uint8_t orders_first, orders_count;

	struct osdp_bus_reader config;
	uint8_t index;
	uint8_t step; /* enum panel_step */
	uint8_t why; /* enum osdp_why */
	uint8_t told; /* of the latest OFFLINE; NONE while it is announced */
	uint8_t sequence; /* of the next command */
	uint8_t key_used; /* enum panel_key: of this handshake or session */
	bool announced; /* ONLINE was given, and no OFFLINE since */
	bool renew; /* other keys were given: the session is made anew */
	bool heard; /* it answered at some time since the start */
	bool bare_ask; /* wants ID and CAP without data */
	bool checksum; /* policy off: it knows no CRC */
	bool crc_seen; /* it answered with a CRC: no checksum is believed any more */
	bool has_identity;
	bool has_capabilities;
	bool flush; /* cards and keys may be old until a poll finds nothing */
	bool tamper_known, tamper, power;
	bool keyset_open; /* KEYSET went out, and nothing has shown since which key it holds */
	bool default_claimed; /* said within a session that SCBK-D is in use: a habit of it */
	uint8_t identity_strikes, plain_strikes, mac_strikes, key_failures, replay_hits, strays;
	uint8_t denials; /* sessions ended by a NAK in clear, without much traffic between */
	uint8_t sequence_naks; /* of handshakes, since it was online */
	uint32_t doubled; /* copies of the latest reply */
	uint32_t mac_good; /* replies since the latest strike */
	int64_t since_ns;
	int64_t heard_ns;
	int64_t session_ns; /* when the session was made */
	int64_t polled_ns; /* when the latest poll that was answered was sent */
	int64_t backoff_ns;
	uint32_t probes; /* since it was last heard */
	uint32_t refused[8]; /* commands that got NAK 03: a bit for each code */
	int64_t refused_until_ns; /* one came in clear in a session: then all are tried again */
	struct osdp_pdid identity;
	struct osdp_capabilities capabilities;
	struct osdp_secure secure;

	/* the command that is being exchanged, and how it goes */
	uint8_t command;
	bool has_frame; /* frame waits for its reply, or to be repeated */
	bool frame_secure;
	bool gave_up; /* the latest wait ended without a reply */
	uint8_t frame_sequence;
	uint16_t frame_len;
	uint32_t sends; /* of this frame */
	uint32_t failures; /* in a row, of any kind */
	uint32_t busy; /* in a row */
	int64_t first_sent_ns; /* end of its first transmission */
	int64_t last_sent_ns;
	int64_t busy_since_ns;

	struct panel_timing quick; /* POLL and states */
	struct panel_timing slow; /* all else */
	uint64_t reply_sum_ns, reply_count;
	int64_t reply_min_ns, reply_max_ns;

	/* what it is to show */
	bool has_permanent;
	uint8_t session_todo; /* bits SESSION_CAP .. */
	struct osdp_light permanent;
	struct osdp_look look;
	int64_t look_ns;
	int64_t sounds_until_ns;

	struct osdp_order orders[OSDP_BUS_ORDERS_MAX];
	int64_t asked_ns[STATES]; /* LSTAT, ISTAT, OSTAT, RSTAT */
	uint8_t state_count[STATES]; /* of the latest ISTATR, OSTATR, RSTATR; [0] is not used */
	uint8_t states[STATES][OSDP_BUS_STATES_MAX];
	struct panel_file file;

	int64_t alarm_ns[OSDP_ALARM_COUNT]; /* the latest cause */
	uint8_t mac_at;
	uint8_t macs[MAC_HISTORY][OSDP_MAC_WIRE_SIZE]; /* of replies that were taken */
	struct osdp_reader_counters counters;
	uint8_t frame[1 + OSDP_FRAME_MAX]; /* mark, frame */
};

#define SESSION_CAP 1u /* to be asked again where it is proved */
#define SESSION_SIZE 2u /* ACURXSIZE */
#define LOOK_LED 1u
#define LOOK_SOUND 2u
#define LOOK_TEXT 4u

struct osdp_bus {
	struct osdp_bus_config config;
	struct osdp_receiver receiver;
	int64_t char_ns; /* ten bits */
	bool there;
	bool waiting; /* for the reply of readers[current] */
	bool bad; /* the reply came and is damaged */
	bool again; /* current goes on with its turn */
	bool urgent; /* the latest turn went to an order before its time */
	uint8_t current;
	unsigned round; /* whose turn is next */
	bool guest; /* the latest turn was of a reader that is not online */
	bool exchanged; /* a frame went out since the latest look at whose turn it is */
	unsigned since_guest; /* turns of readers that are online since then */
	int64_t guests_ns; /* what guests have had since */
	int64_t begun_ns; /* when the latest frame went out */
	int64_t begin_ns; /* when its reply began to be seen */
	int64_t pieces_ns; /* how much of a reply comes at once */
	int64_t turn_ns; /* when the current turn began */
	int64_t sent_ns; /* end of the latest transmission */
	int64_t deadline_ns; /* of the reply's begin */
	int64_t byte_ns; /* the latest byte from the line */
	int64_t free_ns; /* others have had it without a break since then */
	int64_t quiet_ns; /* from when on the line may be taken */
	int64_t asked_ns; /* latest query of a state */
	int64_t foreign_ns; /* latest foreign command */
	int64_t foreign_alarm_ns;
	uint32_t event_first, event_count;
	struct osdp_event events[EVENTS_MAX];
	uint8_t plain[OSDP_FRAME_MAX]; /* decrypted data of the reply that is being taken */
	uint8_t kept[OSDP_FRAME_MAX]; /* data that an event points to */
	struct osdp_panel panels[];
};

static inline bool panel_required(const struct osdp_panel *panel)
{
	return panel->config.policy == OSDP_SECURE_REQUIRED;
}

/* A session under the reader's own key, old or new: what it says counts. */
static inline bool panel_secured(const struct osdp_panel *panel)
{
	return osdp_secure_established(&panel->secure) && panel->key_used != KEY_DEFAULT;
}

/* --- osdp_bus_event.c --- */

/* A slot of the queue; when it is full, one that nobody sees. */
struct osdp_event *bus_event(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_event_kind kind, int64_t now_ns);

/* Thinned: once for a run of causes that are less than a minute apart. */
void panel_alarm(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_alarm alarm, int64_t now_ns);

/* --- osdp_bus_timing.c --- */

/* How long the reply to the frame that is ready may take to begin. */
int64_t timing_timeout_ns(const struct osdp_panel *panel);
int64_t timing_poll_ns(const struct osdp_panel *panel);
int64_t timing_begin_ns(const struct osdp_bus *bus); /* and then, until something is seen of it */

/* A reply of so many bytes was taken. */
void timing_take(struct osdp_bus *bus, struct osdp_panel *panel, size_t len, int64_t now_ns);

/* A reply to what was given up, or a second one: the reader is to be waited for longer. */
void timing_late(struct osdp_panel *panel, int64_t now_ns);

/* --- osdp_bus_turn.c --- */

struct osdp_panel *turn_next(struct osdp_bus *bus, int64_t now_ns);
void turn_exchanged(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
void turn_failed(struct osdp_bus *bus, const struct osdp_panel *panel, bool heard, int64_t now_ns);

/* --- osdp_panel.c --- */

void panel_init(
	struct osdp_panel *panel, const struct osdp_bus *bus, uint8_t index, int64_t now_ns);

/* Makes the next frame in panel->frame, or leaves the one to be repeated. False: nothing to say. */
bool panel_frame_ready(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);

/* The wait ended without a reply; heard: something damaged came. */
void panel_failed(struct osdp_bus *bus, struct osdp_panel *panel, bool heard, int64_t now_ns);

/* What is due without the line: windows, OFFLINE that was held back. */
void panel_time(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
int64_t panel_time_deadline_ns(const struct osdp_panel *panel);

/* Not reachable: probed from now on, after its back-off. */
void panel_offline(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns);

/* It answers, but not as it must: everything anew, after its back-off. */
void panel_hold(struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns);

/* The link begins anew at a step; nothing of before is answered any more. */
void panel_link_reset(struct osdp_panel *panel, enum panel_step step);

/* The session, or the sequence, is made anew at once. */
void panel_restart(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns);

void panel_state_set(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_state state, int64_t now_ns);

/* The step after identity and capabilities are known in clear. */
void panel_connect(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);

/* All is known and proved: ONLINE, if that is news. */
void panel_online(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);

bool panel_command_refused(const struct osdp_panel *panel, uint8_t command);

/* --- osdp_panel_reply.c --- */

/* A reply from the reader's address while it is waited for. */
enum panel_outcome panel_reply(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns);

/* --- osdp_panel_frame.c --- */

/* Builds a command in the session, or in clear. False: it is too long for the reader. */
bool panel_frame_command(struct osdp_panel *panel, uint8_t command, struct span data);
void panel_frame_chlng(struct osdp_bus *bus, struct osdp_panel *panel);
void panel_frame_scrypt(struct osdp_panel *panel);
size_t panel_data_max(const struct osdp_panel *panel); /* bytes of a command's data */

/* --- osdp_panel_secure.c --- */

enum panel_outcome panel_ccrypt(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns);
enum panel_outcome panel_rmac(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns);
void panel_challenge_refused(
	struct osdp_bus *bus, struct osdp_panel *panel, uint8_t nak, int64_t now_ns);
/* A reply that fits nothing that was asked. */
void panel_stray(struct osdp_bus *bus, struct osdp_panel *panel, const struct osdp_frame *frame,
	int64_t now_ns);
/* A reply within the session: unwraps it into bus->plain. */
enum panel_outcome panel_unwrap(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_frame *frame, int64_t now_ns, struct span *ret_data);
/* What came is not of the session: the same again; the third time the session is made anew. */
enum panel_outcome panel_plain(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
/* The session is made and its reader proved: what pairing wants next, or online. */
void panel_proved(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
void panel_keyset_answered(
	struct osdp_bus *bus, struct osdp_panel *panel, bool taken, int64_t now_ns);
enum osdp_taken panel_pair(struct osdp_bus *bus, struct osdp_panel *panel,
	const struct osdp_order *order, int64_t now_ns);
enum osdp_taken panel_pair_key(
	struct osdp_panel *panel, const struct osdp_order *order, int64_t now_ns);
void panel_pair_end(
	struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_why why, int64_t now_ns);

/* --- osdp_panel_take.c --- */

/* A reply that may be believed. */
void panel_take(struct osdp_bus *bus, struct osdp_panel *panel, uint8_t code, struct span data,
	int64_t now_ns);
void panel_take_identity(struct osdp_panel *panel, struct span data);
void panel_take_capabilities(struct osdp_panel *panel, struct span data);

/* --- osdp_panel_order.c --- */

/* The command of an order, file or state query that is due; else false, and it is a poll. */
bool panel_order_next(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
/* An order that does not wait for its turn. */
bool panel_is_urgent(const struct osdp_panel *panel);
void panel_file_answer(
	struct osdp_bus *bus, struct osdp_panel *panel, struct span data, int64_t now_ns);
void panel_file_end(struct osdp_bus *bus, struct osdp_panel *panel, enum osdp_bus_file_state state,
	int16_t status, int64_t now_ns);
/* All states are to be asked, and the light that stands is to be shown again. */
void panel_ask_states(struct osdp_panel *panel);
void panel_orders_drop(struct osdp_bus *bus, struct osdp_panel *panel, int64_t now_ns);
