/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of one start: read from posternd.yaml (or made for --demo) by the supervisor, handed
 * to every role as a sealed memory file. One table (settings_table in settings.c) gives name, type,
 * unit, range, default and text to the parser, posternd.yaml(5), --help and errors. Read once; a
 * change is a restart.
 */
#pragma once

#include "base/text.h"
#include "domain/card_format.h"
#include "domain/controller.h"
#include "domain/person.h"
#include "platform/cidr.h"
#include "protocols/wiegand.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define READER_FORMATS_MAX 8
#define FORMATS_MAX 16 /* of the file's own */
#define PANELS_MAX 16
#define OSDP_LINES_MAX 16 /* MESSAGE_PORT_LINES_MAX */
#define HTTP_NAMES_MAX 8
#define HTTP_NETWORKS_MAX 16

/* A line of a GPIO chip, as written: `gpiochip0:17`, with `active-low`, `pull-up`, ... behind. */
struct gpio_line {
	struct text32 chip; /* name below /dev, or the chip's label; empty: not wired */
	uint32_t offset;
	uint8_t flags; /* enum gpio_flag bits */
};

enum gpio_flag {
	GPIO_ACTIVE_LOW = 1 << 0,
	GPIO_PULL_UP = 1 << 1,
	GPIO_PULL_DOWN = 1 << 2,
	GPIO_OPEN_DRAIN = 1 << 3,
};

struct door_lines {
	struct gpio_line lock; /* output; active: unlocked */
	struct gpio_line contact; /* active: open */
	struct gpio_line rex; /* active: pressed */
};

struct reader_lines {
	struct gpio_line data0; /* rest high, pulse low; both on one chip */
	struct gpio_line data1;
	struct gpio_line tamper; /* active: tampered */
	struct gpio_line led; /* output */
	struct gpio_line beeper; /* output */
};

enum secure_channel { SECURE_CHANNEL_REQUIRED = 0, SECURE_CHANNEL_OFF = 1 };

/* What a number that an OSDP reader gives stands for. */
enum reader_reads {
	READS_CARD = 0,
	READS_FINGERPRINT, /* it compares fingers itself and gives the number of whom it knew */
	READS_CARD_THEN_FINGERPRINT, /* then it compares a finger with the card's template */
};

/* Where an OSDP reader is, or where we are one. */
struct reader_osdp {
	bool configured; /* else there are Wiegand lines */
	uint8_t line; /* place in settings.osdp_line */
	uint8_t address; /* 0 to 126 */
	uint8_t secure_channel; /* enum secure_channel */
	uint8_t reads; /* enum reader_reads; of a reader */
	bool install_open; /* of a panel: it may set our key anew */
};

enum panel_when { PANEL_GRANTED = 0, PANEL_READ = 1 };

/* We are the reader of another maker's panel: what reader `reader` gave is sent on. */
struct panel_settings {
	bool configured;
	uint8_t reader; /* number: whose cards */
	uint8_t when; /* enum panel_when: only granted cards, or every card read */
	struct text32 format; /* empty: the bits as they were received */
	uint32_t pulse_us; /* 20 to 100 */
	uint32_t interval_us; /* 200 to 20000, begin to begin */
	struct gpio_line data0; /* outputs; active: the line is pulled low */
	struct gpio_line data1;
	struct reader_osdp osdp; /* instead of pulses: our address on a line of the panel's */
};

/* A serial port with OSDP readers on it, or the one of a panel whose reader we are. */
struct osdp_line_settings {
	struct text32 id; /* unique */
	struct text256 port; /* path; empty: a pseudo terminal with virtual readers */
	uint8_t baud; /* see settings_osdp_baud */
};

struct door_settings {
	struct text32 id; /* required, unique; ONVIF token */
	struct text64 name;
	struct door_config config;
	struct door_lines lines; /* with `lines: gpio` */
};

struct reader_settings {
	struct reader_config config;
	uint8_t format_count;
	/* Names that settings_format_find knows, highest priority first; default W34. */
	struct text32 format[READER_FORMATS_MAX];
	struct wiegand_limits limits;
	struct reader_lines lines; /* with `lines: gpio` */
	struct reader_osdp osdp;
};

struct settings {
	uint64_t file_hash; /* of the file's text, below 2^62 + 2; 1: no file; 0: not set */
	bool demo; /* virtual lines, clock: trust */
	bool clock_trust; /* clock: trust */
	bool simulated_lines; /* lines: simulated (always with --demo) */
	uint8_t digest_count; /* http.digest: order of the challenges */
	uint8_t digest[2]; /* enum digest_algorithm */
	uint8_t http_name_count;
	struct text64 http_name[HTTP_NAMES_MAX]; /* names we answer to beside our own addresses */
	struct text64 http_address; /* "127.0.0.1:8080" */
	uint8_t http_compat_count;
	struct cidr http_compat[HTTP_NETWORKS_MAX]; /* who gets answers over plain HTTP */
	bool http_open_door; /* ... and may move doors */
	uint8_t http_metrics_count;
	struct cidr http_metrics[HTTP_NETWORKS_MAX]; /* who reads metrics without an account */
	struct text64 https_address; /* empty: no TLS */
	struct text256 https_certificate; /* paths; both empty: the self-made ones in STATE */
	struct text256 https_key;
	struct text64 machine_name;
	struct text256 state_dir; /* absolute path */
	uint32_t commit_wait_ms;
	uint8_t pin_digits; /* pin: digits: 0, or PIN_DIGITS_MIN to PIN_DIGITS_MAX */
	uint32_t pin_key_gap_ms;
	uint32_t pin_second_ms;
	/* pin: rule: what becomes of a PIN that may not open alone (1000:1, unique, length). */
	uint8_t pin_rule; /* enum pin_rule */
	uint8_t pin_alone_digits; /* digits a PIN must have to open alone: 4 to 12, standard 6 */
	uint8_t untrusted_clock; /* enum untrusted_clock_policy */
	uint32_t persons_max; /* limits.persons */
	uint64_t records_max; /* limits.records: the ring of access records */
	uint64_t journal_max; /* limits.journal: everything that happened */
	uint32_t streams_max; /* limits.streams: event subscribers at once */
	uint32_t connections_max;
	uint32_t connections_per_source_max;
	uint64_t audit_max; /* limits.audit: administrative acts */
	uint8_t format_count;
	struct card_format format[FORMATS_MAX]; /* the file's own */
	struct panel_settings panel[PANELS_MAX]; /* by number - 1 */
	uint8_t osdp_line_count;
	struct osdp_line_settings osdp_line[OSDP_LINES_MAX]; /* in the file's order */
	struct door_settings door[DOORS_MAX]; /* by index */
	struct reader_settings reader[READERS_MAX]; /* by number - 1 */
};

/* The file's own formats first, then the built-in ones. NULL when there is none of that name. */
const struct card_format *settings_format_find(const struct settings *settings, struct span name);

/*
 * Prints what a good file leaves open, a line each: PINs that can open nothing, remarks on its own
 * formats, formats of a reader that read the same frames, OSDP readers in clear. Nothing when
 * nothing is to be said.
 */
void settings_remarks(const struct settings *settings, int fd);

/* True when some door takes a PIN alone at some time. */
bool settings_pin_opens_alone(const struct settings *settings);

/* Bits a second of a line. */
uint32_t settings_osdp_baud(const struct osdp_line_settings *line);

/* True for a line whose readers are virtual: its port is a pseudo terminal of our own. */
bool settings_osdp_simulated(const struct osdp_line_settings *line);

/*
 * True when what the reader sends can be read and forged on its wires: Wiegand, or OSDP without
 * secure channel. number: of a configured reader.
 */
bool settings_reader_low(const struct settings *settings, unsigned number);

/* True when one of the door's readers is such a one. */
bool settings_door_low(const struct settings *settings, unsigned door);

void settings_default(struct settings *settings);

/* The demo: doors 0 and 1; readers 1, 5 and 2, 6 (OSDP) enter them, 3 and 4 leave them. */
void settings_demo(struct settings *settings);

struct settings_error {
	char text[512]; /* "posternd.yaml:12:7: unknown key `unlok_ms`; did you mean `unlock_ms`?"
			 */
};

/*
 * Reads a configuration file's text (at most 256 KiB) on top of settings_default. False, with
 * *ret_error filled, for anything doubtful; *settings is then not to be used. Left out, a door's
 * name is its id.
 */
bool settings_parse(struct settings *settings, const char *file_name, struct span yaml,
	struct settings_error *ret_error);

/*
 * "127.0.0.1:8080" or "[::1]:8080", numbers only. Port 0 (any free port) is for --http, a
 * configuration file refuses it. False when it is neither.
 */
bool settings_address_parse(
	struct span text, struct sockaddr_storage *ret_address, socklen_t *ret_len);

/* What the real-time thread needs of them; the zone is the caller's. */
void settings_controller_config(const struct settings *settings, struct controller_config *ret);

/* Prints the settings table as roff rows (posternd.yaml(5)) or as plain text (--help). */
void settings_describe(bool roff, int fd);
