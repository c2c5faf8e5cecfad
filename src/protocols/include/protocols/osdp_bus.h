/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control panel's side of one OSDP line: up to 126 readers on one pair of wires, each with its
 * own state, key and policy. No I/O: bytes and the time go in, bytes to send, events and the time
 * of the next call come out. One thread at a time; every call returns at once.
 *
 * Use, after every wake-up of the owner:
 *   1. osdp_bus_receive() with what the port gave, or osdp_bus_time() when only time has passed;
 *   2. osdp_bus_event() until it returns false;
 *   3. osdp_bus_transmit(): when true, all of the bytes go to the port in one write;
 *   4. sleep until osdp_bus_deadline_ns() or bytes.
 * Bytes are counted as on the wire at the baud rate from the call of osdp_bus_transmit on, also
 * where the port takes them at once: the next frame never comes too early.
 *
 * Times are CLOCK_BOOTTIME in ns and never go back. A reader is named by its index in the
 * configuration, not by its address.
 *
 * Policy: what is required is said by the configuration alone, never by what a reader claims. Where
 * secure channel is required only ID, CAP, CHLNG and SCRYPT go out in clear, and nothing that comes
 * in clear makes a card, keys, a match or a state. SCBK-D is used only within OSDP_ORDER_PAIR.
 */
#pragma once

#include "base/bits.h"
#include "base/compiler.h"
#include "base/span.h"
#include "protocols/osdp_reply.h"
#include "protocols/osdp_secure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OSDP_BUS_READERS_MAX 126 /* addresses 0x00 to 0x7e without 0x7f, one kept for COMSET */
#define OSDP_BUS_ORDERS_MAX 8 /* that wait at one reader */
#define OSDP_BUS_KEYS_MAX 24 /* keys of one KEYPAD reply that are given out */
#define OSDP_BUS_STATES_MAX 32 /* inputs, outputs or heads of one reader that are given out */
#define OSDP_BUS_TEXT_MAX 32 /* bytes of one text on a display */
#define OSDP_BUS_RAW_MAX 128 /* data bytes of OSDP_ORDER_MFG, with the OUI */
#define OSDP_BUS_PAIR_WINDOW_NS (600 * INT64_C(1000000000)) /* the longest one: 10 minutes */
/* A card or keys that may have waited in the reader for longer are dropped. */
#define OSDP_BUS_CARD_AGE_NS (4 * INT64_C(1000000000))

enum osdp_policy {
	OSDP_SECURE_REQUIRED = 0,
	OSDP_SECURE_OFF, /* plain OSDP by the operator's word; nothing is secured, no key is used */
};

/* What PDCAP says, as far as the panel makes use of it; 0 where it says nothing. */
struct osdp_capabilities {
	uint8_t inputs; /* number */
	uint8_t outputs; /* number */
	uint8_t leds; /* number per head */
	uint8_t led_level; /* compliance of function 4: 1 on/off, 2 timed, 3 and 4 colours */
	uint8_t audible; /* compliance of function 5 */
	uint8_t texts; /* displays */
	uint8_t heads; /* readers at this address (function 13) */
	uint8_t biometrics; /* compliance of function 14 */
	uint8_t version; /* compliance of function 16 */
	bool aes; /* function 9: AES-128 */
	bool default_key; /* function 9: says that SCBK-D is in use */
	bool crc; /* function 8 */
	uint16_t receive_size; /* bytes of the largest frame it takes; 0: not said, 128 is used */
};

struct osdp_bus_reader {
	uint8_t address; /* 0x00 to 0x7e; each once on a line */
	uint8_t policy; /* enum osdp_policy */
	bool has_key; /* key is the reader's SCBK; a weak one (osdp_key_is_weak) counts as none */
	bool has_pending; /* pending may be: it is tried when key fails, or when there is none */
	bool has_identity; /* vendor and serial must be these */
	uint8_t key[OSDP_KEY_SIZE];
	uint8_t pending[OSDP_KEY_SIZE];
	struct osdp_pdid identity;
};

struct osdp_bus_config {
	uint32_t baud; /* 9600, 19200, 38400, 57600, 115200 or 230400 */
	unsigned reader_count; /* 1 to OSDP_BUS_READERS_MAX */
	const struct osdp_bus_reader *readers; /* copied; the caller wipes its own */
	const struct osdp_aes *aes; /* kept: outlives the bus */
	/* Bytes of a CSPRNG; it does not fail. */
	void (*fill_random)(void *user, void *out, size_t len);
	/* May be NULL: sees each frame, whole, as on the wire (no mark), also ones for others. */
	void (*trace)(void *user, int64_t now_ns, bool from_reader, struct span frame);
	void *user; /* of fill_random and trace */
};

enum osdp_alarm {
	OSDP_ALARM_NO_SECURE_CHANNEL = 0, /* refuses the secure channel (NAK of CHLNG) */
	OSDP_ALARM_DOWNGRADE, /* says that it has no AES, or speaks plainly in a session, or denies
				 one session after the other in clear */
	OSDP_ALARM_DEFAULT_KEY, /* offers SCBK-D */
	OSDP_ALARM_CRYPTOGRAM, /* does not know the key, or does not prove it */
	OSDP_ALARM_MAC, /* three replies with a wrong MAC */
	OSDP_ALARM_REPLAY, /* frames of before come again */
	OSDP_ALARM_KEYSET, /* asks to be given a key: says it has none, or KEYSET is on the line */
	OSDP_ALARM_IDENTITY, /* another vendor or serial than pinned */
	OSDP_ALARM_FOREIGN_PANEL, /* commands on the line that are not ours */
	OSDP_ALARM_COUNT
};

/* Why a reader is offline, and why pairing failed. */
enum osdp_why {
	OSDP_WHY_NONE = 0,
	OSDP_WHY_SILENT, /* no valid reply */
	OSDP_WHY_PORT, /* the port is gone */
	OSDP_WHY_RESTARTED, /* it lost the session or was powered up: back at once as a rule */
	OSDP_WHY_NOT_PAIRED, /* secure channel is required and there is no key */
	OSDP_WHY_NO_SECURE_CHANNEL, /* refuses CHLNG */
	OSDP_WHY_KEY, /* has another key */
	OSDP_WHY_MAC, /* wrong MACs */
	OSDP_WHY_IDENTITY, /* another reader than the one paired */
	OSDP_WHY_PROTOCOL, /* refuses what every reader must take (ID, POLL) */
	OSDP_WHY_ORDER, /* KEYSET, COMSET: the session is made anew */
	OSDP_WHY_WINDOW, /* the pairing window is over */
	OSDP_WHY_REFUSED, /* KEYSET was refused */
	OSDP_WHY_COUNT
};

enum osdp_event_kind {
	OSDP_EVENT_ONLINE = 0, /* online */
	OSDP_EVENT_OFFLINE, /* why; once for each ONLINE, and when the reason changes */
	OSDP_EVENT_CARD, /* card */
	OSDP_EVENT_KEYS, /* keys */
	OSDP_EVENT_TAMPER, /* on: tampered with; first state after ONLINE, then changes */
	OSDP_EVENT_POWER, /* on: says that power failed or it was powered up */
	OSDP_EVENT_INPUTS, /* states: 0 inactive, 1 active, 2 short, 3 open, 4 fault, 5 unknown */
	OSDP_EVENT_OUTPUTS, /* states: 0 inactive, 1 active */
	OSDP_EVENT_HEADS, /* states (RSTATR): 0 normal, 1 not connected, 2 tamper */
	OSDP_EVENT_BIOMETRIC_MATCH, /* biometric: status, score */
	OSDP_EVENT_BIOMETRIC_READ, /* biometric: status, type, quality, data */
	OSDP_EVENT_ALARM, /* alarm; once an incident: again after 60 s of quiet; wrong MACs and
			     replayed frames are one */
	OSDP_EVENT_PAIRED, /* paired: the new key works; the pending key becomes the key */
	OSDP_EVENT_PAIR_FAILED, /* why; the keys stay as they are, the pending one is still tried */
	OSDP_EVENT_PENDING_WORKS, /* the handshake worked with the pending key: keep that one */
	OSDP_EVENT_FILE, /* file */
	OSDP_EVENT_COM, /* com: what the reader will use from now on */
	OSDP_EVENT_NAK, /* nak: an order was refused; polls are only counted */
	OSDP_EVENT_MFG, /* data: OUI, then the vendor's bytes */
	OSDP_EVENT_KEY_WANTED, /* PAIR with `later`: the reader waits under SCBK-D, so it has no key
				  of before; the pending one is forgotten: OSDP_ORDER_PAIR_KEY */
	OSDP_EVENT_COUNT
};

/* status of OSDP_BUS_FILE_REFUSED by a NAK: this less the code of the NAK; FTSTAT is above it. */
#define OSDP_BUS_FILE_NAK (-32000)

enum osdp_bus_file_state {
	OSDP_BUS_FILE_SENDING = 0,
	OSDP_BUS_FILE_FINISHING, /* all is sent, the reader works on it */
	OSDP_BUS_FILE_DONE,
	OSDP_BUS_FILE_REFUSED, /* by the reader: status tells */
	OSDP_BUS_FILE_BROKEN, /* the reader went offline, or was cancelled */
};

struct osdp_event {
	uint8_t kind; /* enum osdp_event_kind */
	uint8_t reader; /* index in the configuration; of OSDP_ALARM_FOREIGN_PANEL the one spoken
			   to, or reader_count when it is none of ours */
	bool secure; /* came in, or stands in, a secure channel with the reader's own key */
	int64_t at_ns; /* end of the reply that said so */
	union {
		struct {
			struct osdp_pdid identity;
			struct osdp_capabilities capabilities;
		} online;
		uint8_t why; /* enum osdp_why */
		struct {
			struct card_bits bits; /* 1 to CARD_BITS_MAX */
			uint8_t head; /* reader number within the address */
			uint8_t format; /* of RAW: 0 not said, 1 Wiegand; 0xff: decoded from FMT */
		} card;
		struct {
			uint8_t head;
			uint8_t count; /* 1 to OSDP_BUS_KEYS_MAX */
			char key[OSDP_BUS_KEYS_MAX]; /* '0' to '9', '*', '#', 'A' to 'D' for F1 to
							F4 */
		} keys;
		bool on; /* TAMPER, POWER */
		struct {
			uint8_t count; /* 0 to OSDP_BUS_STATES_MAX */
			uint8_t state[OSDP_BUS_STATES_MAX];
		} states;
		struct {
			uint8_t head;
			uint8_t status; /* 0 worked, 1 timeout, 0xff unknown */
			uint8_t type; /* BIOMETRIC_READ */
			uint8_t quality; /* BIOMETRIC_READ */
			uint8_t score; /* BIOMETRIC_MATCH: 0 no match, 0xff best */
			struct span data; /* BIOMETRIC_READ; good until the next call but
					     osdp_bus_event */
		} biometric;
		uint8_t alarm; /* enum osdp_alarm */
		struct {
			struct osdp_pdid
				identity; /* as told within the new session: to be pinned */
			bool rotated; /* false: paired from SCBK-D */
		} paired;
		struct {
			uint8_t state; /* enum osdp_bus_file_state */
			int16_t status; /* of FTSTAT; negative: the reader's reason */
			uint32_t sent; /* bytes the reader has taken */
			uint32_t total; /* bytes */
		} file;
		struct {
			uint8_t address;
			uint32_t baud;
		} com;
		struct {
			uint8_t command; /* its code */
			uint8_t code; /* of the NAK */
		} nak;
		struct span data; /* MFG; good until the next call but osdp_bus_event */
	};
};

/* Colours of OSDP: 0 off, 1 red, 2 green, 3 amber, 4 blue, 5 magenta, 6 cyan, 7 white. */
struct osdp_light {
	uint8_t on_100ms; /* with off_100ms 0: steady */
	uint8_t off_100ms;
	uint8_t on_colour;
	uint8_t off_colour;
};

/* How a reader looks and sounds: one order, the newest one wins over one that still waits. */
struct osdp_look {
	uint8_t head;
	bool has_permanent; /* else what stands is left */
	struct osdp_light permanent;
	uint16_t temporary_100ms; /* how long `temporary` is shown over it; 0: it is cancelled */
	struct osdp_light temporary;
	uint8_t beeps; /* 0: silent (and a tone that goes on is ended) */
	uint8_t beep_on_100ms;
	uint8_t beep_off_100ms;
	uint8_t text_len; /* 0: the display is left; only where the reader has one */
	uint8_t text_s; /* how long; 0: until the next text */
	char text[OSDP_BUS_TEXT_MAX]; /* 0x20 to 0x7e */
};

enum osdp_order_kind {
	OSDP_ORDER_LOOK = 0, /* look; urgent: goes before polls */
	OSDP_ORDER_OUTPUT, /* output; urgent */
	OSDP_ORDER_PAIR, /* pair: SCBK-D, KEYSET with this key, handshake with it */
	OSDP_ORDER_PAIR_CANCEL, /* closes the window: PAIR_FAILED OSDP_WHY_WINDOW */
	OSDP_ORDER_ROTATE, /* pair.key: KEYSET within the session, then a handshake with it */
	OSDP_ORDER_KEYS, /* keys: what the caller keeps now; the session is made anew */
	OSDP_ORDER_COMSET, /* com */
	OSDP_ORDER_FILE, /* file */
	OSDP_ORDER_FILE_CANCEL,
	OSDP_ORDER_MFG, /* mfg: OUI and the vendor's bytes */
	OSDP_ORDER_BIOREAD, /* biometric */
	OSDP_ORDER_KEEPACTIVE, /* active_ms */
	OSDP_ORDER_PENDING, /* pair.key: the reader may have this one; tried when its own fails */
	OSDP_ORDER_PAIR_KEY, /* pair.key: the one that OSDP_EVENT_KEY_WANTED asked for */
	OSDP_ORDER_COUNT
};

struct osdp_order {
	uint8_t kind; /* enum osdp_order_kind */
	union {
		struct osdp_look look;
		struct {
			uint8_t number;
			uint8_t code; /* 1 off, 2 on, 5 on for a time, 6 off for a time */
			uint16_t time_100ms;
		} output;
		struct {
			uint8_t key[OSDP_KEY_SIZE]; /* kept as pending by the caller before the
							   order is given */
			bool later; /* PAIR: there is no key yet; the pending one, which the reader
				       may hold, is tried first, and between the tries of SCBK-D */
			int64_t until_ns; /* PAIR: the end of the window; at most
					     OSDP_BUS_PAIR_WINDOW_NS from now */
		} pair;
		struct {
			bool has_key;
			bool has_pending;
			bool has_identity;
			uint8_t key[OSDP_KEY_SIZE];
			uint8_t pending[OSDP_KEY_SIZE];
			struct osdp_pdid identity;
		} keys;
		struct {
			uint8_t address; /* 0x00 to 0x7e */
			uint32_t baud;
		} com;
		struct {
			uint8_t type; /* 1 opaque, 2 template, 3 display, 0x80 and above private */
			struct span
				data; /* stays until DONE, REFUSED or BROKEN; at most 4 GiB - 1 */
		} file;
		struct {
			uint8_t len; /* 3 to OSDP_BUS_RAW_MAX */
			uint8_t bytes[OSDP_BUS_RAW_MAX];
		} mfg;
		struct {
			uint8_t head;
			uint8_t type;
			uint8_t format;
			uint8_t quality;
		} biometric;
		uint16_t active_ms;
	};
};

enum osdp_state {
	OSDP_STATE_PROBING = 0, /* nothing heard */
	OSDP_STATE_NOT_PAIRED, /* it answers, but there is no key */
	OSDP_STATE_CONNECTING, /* it answers, the secure channel is being made */
	OSDP_STATE_PAIRING,
	OSDP_STATE_ONLINE,
	OSDP_STATE_COUNT
};

struct osdp_reader_counters {
	uint64_t exchanges; /* replies that were taken */
	uint64_t frames; /* sent, with repeats */
	uint64_t repeats; /* the same frame again */
	uint64_t timeouts; /* no reply in time */
	uint64_t check_errors; /* replies with a wrong CRC, checksum or length */
	uint64_t mac_errors;
	uint64_t busy;
	uint64_t naks;
	uint64_t late; /* replies too late, doubled, or with another sequence number */
	uint64_t handshakes; /* sessions made */
	uint64_t sessions_lost;
	uint64_t stale; /* cards and keys dropped for their age */
	uint64_t unreadable; /* replies whose data is not what their code says */
	uint64_t refused; /* cards, keys and states that came in clear where they must not */
};

/* All of a reader that a person may want to see; no key. */
struct osdp_reader_status {
	uint8_t state; /* enum osdp_state */
	uint8_t why; /* enum osdp_why: of the latest OFFLINE; NONE while online */
	bool secure; /* a session with the reader's own key stands */
	bool keyset_open; /* KEYSET is on its way: which key the reader holds is not known */
	bool has_identity; /* identity and capabilities were told since it was last silent */
	struct osdp_pdid identity;
	struct osdp_capabilities capabilities;
	int64_t since_ns; /* of the state */
	int64_t heard_ns; /* end of the latest reply that was taken; INT64_MIN: never */
	uint32_t timeout_us; /* now waited for a reply to a poll, without its wire time */
	uint32_t reply_min_us; /* how long the reader took to begin its replies to polls */
	uint32_t reply_mean_us;
	uint32_t reply_max_us;
	struct osdp_reader_counters counters;
};

struct osdp_bus;

/* Bytes of memory for a bus with so many readers. */
size_t osdp_bus_size(unsigned reader_count);

/*
 * memory: osdp_bus_size() bytes, aligned for any type, the caller's until osdp_bus_wipe. All
 * readers are offline and probed at once.
 */
struct osdp_bus *osdp_bus_init(void *memory, const struct osdp_bus_config *config, int64_t now_ns);

/* Wipes all keys; the bus is not to be used any more. */
void osdp_bus_wipe(struct osdp_bus *bus);

/* Bytes from the port, as they came; now_ns: when they were read. Any cutting is right. */
void osdp_bus_receive(struct osdp_bus *bus, struct span bytes, int64_t now_ns);

/* Lets time pass. Calls that are too early or too many do no harm. */
void osdp_bus_time(struct osdp_bus *bus, int64_t now_ns);

/*
 * True: *ret_bytes (a mark and one frame) is to be written now, good until the next call. False:
 * the line is busy or nothing is due.
 */
bool osdp_bus_transmit(struct osdp_bus *bus, int64_t now_ns, struct span *ret_bytes);

/* When the bus must be called again if no bytes come; INT64_MAX: the port is away. */
int64_t osdp_bus_deadline_ns(const struct osdp_bus *bus);

/*
 * True: the answer to a poll is awaited that was sent once, from reader *ret_reader, which is
 * online. It changes with osdp_bus_transmit, and with what is received and the time.
 */
bool osdp_bus_polls(const struct osdp_bus *bus, unsigned *ret_reader);

/* The oldest event. Events are taken after every receive and time; at most 256 wait. */
bool osdp_bus_event(struct osdp_bus *bus, struct osdp_event *ret_event);

/*
 * The port is there or gone: gone, everybody is offline (OSDP_WHY_PORT), nothing is transmitted;
 * back, everybody is probed at once. A bus begins with the port there.
 */
void osdp_bus_port(struct osdp_bus *bus, bool there, int64_t now_ns);

/* Another baud rate from the next frame on (after COMSET of all, or for a scan). */
void osdp_bus_set_baud(struct osdp_bus *bus, uint32_t baud);

enum osdp_taken {
	OSDP_TAKEN = 0,
	OSDP_TAKEN_NOT_FULL, /* OSDP_BUS_ORDERS_MAX wait, or a pairing, a file or (ROTATE) a KEYSET
				is in progress */
	OSDP_TAKEN_NOT_OFFLINE, /* needs a reader that is online; ROTATE: in secure channel */
	OSDP_TAKEN_NOT_INVALID, /* a value is out of its range */
	OSDP_TAKEN_NOT_WEAK, /* the key is a known or a simple one */
};

/*
 * Copies an order. LOOK is taken at any time: the newest one is shown when the reader comes online,
 * and its permanent light again whenever it does.
 */
enum osdp_taken osdp_bus_order(
	struct osdp_bus *bus, unsigned reader, const struct osdp_order *order, int64_t now_ns);

void osdp_bus_status(
	const struct osdp_bus *bus, unsigned reader, struct osdp_reader_status *ret_status);

/* Names for people and records, stable: "mac", "not paired"; "unknown" for other numbers. */
const char *osdp_alarm_name(unsigned alarm);
const char *osdp_why_name(unsigned why);
const char *osdp_state_name(unsigned state);
