/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OSDP reader (PD, IEC 60839-11-5): bytes of the line in, reply bytes out and when they are due.
 * It keeps what a panel makes it show and what people do at it. No I/O: time, randomness and AES
 * are given. One thread; nothing is allocated. Wipe it with osdp_device_wipe when it goes.
 */
#pragma once

#include "base/bits.h"
#include "base/compiler.h"
#include "base/span.h"
#include "base/text.h"
#include "protocols/osdp_message.h"
#include "protocols/osdp_secure.h"

#define OSDP_DEVICE_LEDS_MAX 4
#define OSDP_DEVICE_OUTPUTS_MAX 8
#define OSDP_DEVICE_INPUTS_MAX 8
#define OSDP_DEVICE_TEXT_MAX 32 /* bytes of one text */
#define OSDP_DEVICE_KEYS_MAX 64 /* keys of one reply */
#define OSDP_DEVICE_EVENTS_MAX 16 /* of people, that wait for a poll */
#define OSDP_DEVICE_OFFLINE_NS ((int64_t)8 * 1000 * 1000 * 1000) /* no valid frame for us */

/* What became of a key that the panel set. */
enum osdp_device_keep {
	OSDP_DEVICE_KEY_KEPT = 0, /* it is the reader's key from now on */
	OSDP_DEVICE_KEY_REFUSED, /* NAK 09; the old one stays */
	OSDP_DEVICE_KEY_LATER, /* osdp_device_key_kept says it; the panel is told BUSY meanwhile */
};

/* Both may be NULL. They may not call the device. */
struct osdp_device_owner {
	/* KEYSET inside a secure channel. NULL: kept in memory only. */
	enum osdp_device_keep (*key)(void *user, const uint8_t key[OSDP_KEY_SIZE]);
	/*
	 * A part of a file, in order and without gaps; type and total are the file's. The status of
	 * FTSTAT (enum osdp_ftstat_status); an empty part asks for it. NULL: parts are dropped.
	 */
	int16_t (*file)(void *user, const struct osdp_filetransfer *part);
	void *user;
};

struct osdp_device_config {
	uint8_t address; /* 0x00 to 0x7e */
	uint32_t baud;
	bool com_fixed; /* COMSET changes neither, and is told so */
	struct osdp_pdid identity;
	uint8_t cuid[OSDP_CUID_SIZE]; /* all 0: vendor, serial, 0, as most readers send it */
	/*
	 * In clear nothing but ID, CAP, COMSET and the handshake is answered, and what people did
	 * leaves in a session under the reader's own key only. False: it works in clear too.
	 */
	bool secure_required;
	bool has_key;
	bool install_mode; /* takes SCBK-D although it has a key; a KEYSET ends it */
	uint8_t key[OSDP_KEY_SIZE];
	uint8_t leds; /* 0 to OSDP_DEVICE_LEDS_MAX */
	uint8_t inputs; /* 0 to OSDP_DEVICE_INPUTS_MAX */
	uint8_t outputs; /* 0 to OSDP_DEVICE_OUTPUTS_MAX */
	bool text; /* has a display */
	bool biometrics;
	bool extended_identity; /* answers ID 01 with EXT_PDID: maker, product, serial, firmware */
	struct text64 maker;
	struct text64 product;
	uint16_t receive_max; /* bytes of a frame; OSDP_FRAME_SAFE to OSDP_FRAME_MAX */
	uint32_t file_max; /* bytes of a file; 0: takes none */
	int64_t character_gap_ns; /* silence within a frame that ends it; 20 ms, 150 ms over USB */
	int64_t reply_delay_ns; /* from the last byte of a command to the first of its reply */
	int64_t event_keep_ns; /* an event that was not polled until then is dropped */
	struct osdp_aes aes; /* copied; what it points to outlives the device */
	void (*fill_random)(void *user, void *out, size_t len); /* a CSPRNG */
	void *random_user; /* of fill_random */
	struct osdp_device_owner owner;
};

/* Half of a light: its permanent or its temporary record. */
struct osdp_device_light {
	struct osdp_blink blink; /* code: not NOP when it was set */
	int64_t since_ns;
	int64_t until_ns; /* of the temporary one */
};

struct osdp_device_led {
	struct osdp_device_light permanent;
	struct osdp_device_light temporary;
};

struct osdp_device_output {
	bool permanent;
	bool temporary; /* level until until_ns */
	int64_t until_ns; /* 0: no timer runs */
};

struct osdp_device_text {
	uint8_t row; /* from 1; 0: nothing was written */
	uint8_t column; /* from 1 */
	bool wrap;
	uint8_t len;
	char bytes[OSDP_DEVICE_TEXT_MAX];
	int64_t until_ns; /* temporary; INT64_MAX: permanent */
};

/* What it shows. Read it by the functions below, which know the time. */
struct osdp_device_shown {
	struct osdp_device_led led[OSDP_DEVICE_LEDS_MAX];
	struct osdp_device_output output[OSDP_DEVICE_OUTPUTS_MAX];
	struct osdp_device_text text_permanent;
	struct osdp_device_text text_temporary;
	struct osdp_buz buzzer; /* the latest order */
	int64_t buzzer_since_ns;
	uint32_t buzzer_count; /* orders to sound, since power-up */
};

/* Since the start; they only grow. */
struct osdp_device_counters {
	uint64_t commands; /* answered by doing them */
	uint64_t repeats; /* answered from the kept reply */
	uint64_t naks;
	uint64_t bad_frames; /* wrong check or length */
	uint64_t bad_macs;
	uint64_t sessions; /* begun */
	uint64_t events; /* sent */
	uint64_t events_lost; /* no room, or too old */
};

/* Something that waits for a poll. */
struct osdp_device_event {
	uint8_t code; /* of the reply */
	uint8_t len;
	int64_t at_ns;
	uint8_t data[2 + OSDP_DEVICE_KEYS_MAX];
};

enum osdp_device_link {
	OSDP_DEVICE_OFFLINE = 0, /* no panel talks to it */
	OSDP_DEVICE_CLEAR, /* a panel talks to it, without a session */
	OSDP_DEVICE_INSTALL, /* session under SCBK-D */
	OSDP_DEVICE_SECURE, /* session under the reader's own key */
};

/* A KEYSET that its owner has not decided about, or that was not repeated since. */
enum osdp_device_asked {
	OSDP_DEVICE_ASKED_NOTHING = 0,
	OSDP_DEVICE_ASKED,
	OSDP_DEVICE_ASKED_KEPT,
	OSDP_DEVICE_ASKED_REFUSED,
};

/* Private, but for config, shown and counters, which may be read. */
struct osdp_device {
	struct osdp_device_config config; /* address, baud, key and install_mode as they are now */
	struct osdp_device_shown shown;
	struct osdp_device_counters counters;
	struct osdp_receiver receiver;
	struct osdp_secure secure;
	struct osdp_file_receive file;
	int64_t heard_ns; /* the latest frame for it; INT64_MIN: no panel is there */
	int64_t bytes_ns; /* the latest bytes */
	/* What people did. */
	struct osdp_device_event event[OSDP_DEVICE_EVENTS_MAX];
	uint8_t event_first;
	uint8_t event_count;
	bool tamper;
	bool power;
	bool restarted; /* the panel was not told yet that power was away */
	bool local_due; /* LSTATR is to be sent */
	bool inputs_due; /* ISTATR is to be sent */
	uint8_t input[OSDP_DEVICE_INPUTS_MAX];
	/* The sequence: the latest command that was done, and its reply for a repeat. */
	uint8_t expected; /* sequence of the next command; 0 is right at any time */
	uint16_t command_len; /* 0: none */
	uint16_t kept_len;
	uint8_t command[OSDP_FRAME_MAX];
	uint8_t kept[OSDP_FRAME_MAX];
	/* What goes out: kept, or small, which is kept by nobody. */
	const uint8_t *reply;
	uint16_t reply_len; /* 0: nothing is due */
	int64_t reply_ns;
	uint8_t small[16];
	struct osdp_com com; /* from the next reply on */
	bool com_waits;
	bool rested; /* a poll found nothing since the session, or sequence 0 */
	uint16_t panel_max; /* bytes of a frame that the panel takes */
	uint16_t identity_at; /* next part of EXT_PDID; 0: none waits */
	uint8_t asked; /* enum osdp_device_asked */
	uint8_t asked_key[OSDP_KEY_SIZE];
	uint32_t busy; /* commands to be answered BUSY */
	uint32_t refusals; /* ... and NAK refusal */
	uint8_t refusal;
};

/* A reply that is due: written at this speed, from now on. */
struct osdp_device_reply {
	struct span
		bytes; /* a whole frame without its mark byte; until the next call of the device */
	uint32_t baud;
};

/*
 * Fills *config: address 0, 9,600 baud, one reader with one LED, a buzzer, two inputs, one output,
 * frames of 256 bytes, replies after 3 ms, events for 3 s, secure channel required, no key. The
 * caller adds identity, AES, randomness and the key; all else is his choice.
 */
void osdp_device_config_default(struct osdp_device_config *config);

/* As at power-up. *config is copied; its owner wipes his own. */
void osdp_device_init(
	struct osdp_device *device, const struct osdp_device_config *config, int64_t now_ns);

/*
 * Power fails and is back: session, sequence, display and events are gone; settings and key stay.
 * The panel is told by LSTATR.
 */
void osdp_device_power_cycle(struct osdp_device *device, int64_t now_ns);

/* Removes keys from memory. */
void osdp_device_wipe(struct osdp_device *device);

/* Bytes of the line that came until now_ns; what does not fit into a frame is skipped. */
void osdp_device_receive(struct osdp_device *device, struct span bytes, int64_t now_ns);

/*
 * A frame, or a bad one, that somebody else's receiver found on the line (several readers behind
 * one receiver), with what osdp_frame_parse said of it: OK, CHECK or BLOCK. One that is not for
 * this reader is left alone.
 */
void osdp_device_frame(struct osdp_device *device, enum osdp_frame_result result,
	const struct osdp_frame *frame, int64_t now_ns);

/* True, with the reply, when one is due. It is given out once. */
bool osdp_device_transmit(
	struct osdp_device *device, int64_t now_ns, struct osdp_device_reply *ret_reply);

/* When osdp_device_transmit or osdp_device_time has something to do, or INT64_MAX. */
int64_t osdp_device_deadline_ns(const struct osdp_device *device);

/* Ends what has run out: half a frame, the panel's presence, events that nobody polled. */
void osdp_device_time(struct osdp_device *device, int64_t now_ns);

/* Its settings as they are now: COMSET changes them behind the reply that says so. */
uint8_t osdp_device_address(const struct osdp_device *device);
uint32_t osdp_device_baud(const struct osdp_device *device);

/* --- people at it; false: it would not be told (too long, or too many wait) --- */

/* A card of 1 to CARD_BITS_MAX bits, as RAW. */
MUST_CHECK bool osdp_device_card(
	struct osdp_device *device, const struct card_bits *bits, int64_t now_ns);

/* 1 to OSDP_DEVICE_KEYS_MAX of 0-9, * and #. */
MUST_CHECK bool osdp_device_keys(struct osdp_device *device, struct span keys, int64_t now_ns);

/* What came of a finger; status: enum osdp_bio_status, score: 0 to 255. */
MUST_CHECK bool osdp_device_bio_match(
	struct osdp_device *device, uint8_t status, uint8_t score, int64_t now_ns);

void osdp_device_set_tamper(struct osdp_device *device, bool tampered);
void osdp_device_set_power(struct osdp_device *device, bool failed);
/* state: enum osdp_input */
void osdp_device_set_input(struct osdp_device *device, uint8_t input, uint8_t state);

/* Opens install mode until a KEYSET or false. */
void osdp_device_set_install(struct osdp_device *device, bool open);

/* Key NULL: the reader has none. The session, if any, goes on until the next handshake. */
void osdp_device_set_key(struct osdp_device *device, const uint8_t *key);

/* What became of a key that was OSDP_DEVICE_KEY_LATER. */
void osdp_device_key_kept(struct osdp_device *device, bool kept);

/* --- what it shows --- */

/*
 * The panel is through with its beginning: a poll found nothing. What waited before may be old, and
 * panels drop it.
 */
bool osdp_device_at_rest(const struct osdp_device *device);
enum osdp_device_link osdp_device_link(const struct osdp_device *device, int64_t now_ns);
uint8_t osdp_device_led(const struct osdp_device *device, uint8_t led, int64_t now_ns); /* colour */
bool osdp_device_output(const struct osdp_device *device, uint8_t output, int64_t now_ns);
/* The text on the display; valid until the next call of the device. */
struct span osdp_device_text(const struct osdp_device *device, int64_t now_ns);
bool osdp_device_buzzer_sounds(const struct osdp_device *device, int64_t now_ns);

/* --- for tests: it behaves badly --- */

/* The next so many commands are answered BUSY, or NAK code, and not done. */
void osdp_device_be_busy(struct osdp_device *device, uint32_t commands);
void osdp_device_refuse(struct osdp_device *device, uint8_t nak, uint32_t commands);
