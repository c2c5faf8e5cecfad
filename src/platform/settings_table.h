/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings table and what may stand in one value: shared by the YAML reader, the description
 * and the defaults. A row's offset counts from its section's struct: struct settings for the single
 * sections, a draft for an element of the lists (drafts are placed by index or number when read).
 */
#pragma once

#include "base/buf.h"
#include "platform/settings.h"

enum setting_section {
	SECTION_TOP,
	SECTION_HTTP,
	SECTION_HTTPS,
	SECTION_LIMITS,
	SECTION_PIN,
	SECTION_DOORS,
	SECTION_READERS,
	SECTION_FORMATS,
	SECTION_PANELS,
	SECTION_OSDP, /* lines of OSDP readers */
	SECTION_READER_OSDP, /* a mapping in an entry of SECTION_READERS */
	SECTION_PANEL_OSDP, /* ... of SECTION_PANELS */
	SECTION_COUNT
};

enum setting_kind {
	SETTING_NUMBER,
	SETTING_TIME,
	SETTING_YES_NO,
	SETTING_CHOICE, /* stored: place in choices + min */
	SETTING_ID, /* text32: a-z 0-9 _ - */
	SETTING_NAME, /* text64: UTF-8 without control characters */
	SETTING_PATH, /* text256: absolute */
	SETTING_ADDRESS, /* text64: address and port */
	SETTING_HOSTS, /* list of text64 */
	SETTING_NETWORKS, /* list of struct cidr */
	SETTING_FORMATS, /* list of text32: card formats */
	SETTING_FORMAT, /* text32: a card format; whether there is one is judged at the end */
	SETTING_DIGESTS, /* list of enum digest_algorithm */
	/* text1024 of a format_draft; `choices` says what may stand there */
	SETTING_FORMAT_WORD,
	SETTING_FORMAT_RANGES, /* one text, or a list that becomes one with commas */
	SETTING_FORMAT_ITEMS, /* the same with semicolons */
	SETTING_LINE, /* struct gpio_line: "gpiochip0:17 active-low" */
	SETTING_PORT, /* text256: the path of a serial port, or `simulated` */
	SETTING_SECTION, /* a mapping of its own: rows of the section in min */
};

#define SETTING_FLAG_REQUIRED 1
#define SETTING_FLAG_CONTACT 2 /* of a door: means nothing without contact */
#define SETTING_FLAG_OUTPUT 4 /* a line that is driven; others are read */
#define SETTING_FLAG_WIEGAND 8 /* of a reader: means nothing for one on an OSDP line */
#define SETTING_FLAG_OR_0 16 /* of a number: 0 beside min to max */

struct setting {
	const char *key;
	uint8_t section; /* enum setting_section */
	uint8_t kind; /* enum setting_kind */
	uint8_t flags;
	uint16_t size; /* of the field in bytes: 1, 4 or 8 for a number, time or choice */
	uint32_t offset; /* of the value in its section's struct */
	uint32_t unit_ns; /* of a time: what one counts */
	uint64_t min; /* in that unit */
	uint64_t max;
	const char *choices; /* "unlock|deny"; in words for SETTING_FORMAT_... */
	const char *standard; /* what it is when left out; "": see text */
	const char *text; /* for posternd.yaml(5) */
};

struct door_draft {
	uint8_t index;
	struct door_settings door;
};

struct reader_draft {
	uint8_t number;
	struct text32 door_id;
	struct text32 osdp_line; /* empty: no OSDP reader */
	struct reader_settings reader;
};

TEXT_DECLARE(1024);

/* A card format's keys as they are written: card_format_set reads them in the table's order. */
struct format_draft {
	struct text1024 name, bits, card, facility, issue, oem, bit_order, byte_order;
	struct text1024 standard_parity, parity, xor_check, constant, ignore, facilities, priority;
};

struct panel_draft {
	uint8_t number;
	struct text32 osdp_line; /* empty: pulses */
	struct panel_settings panel;
};

#define SETTINGS_ROWS_MAX 160

/* Rows in the order of the documentation. *ret_count is at most SETTINGS_ROWS_MAX. */
const struct setting *settings_table(size_t *ret_count);

/* "doors", or "" for the top. */
const char *setting_section_name(enum setting_section section);
bool setting_section_is_list(enum setting_section section);
const char *setting_section_text(enum setting_section section);
/* A mapping within an entry of a list: no section of the file. */
bool setting_section_is_nested(enum setting_section section);

bool setting_is_list(const struct setting *setting);
/* A list, or one value that may be given as a list. */
bool setting_may_be_list(const struct setting *setting);

/* Stores value into base. False, with a sentence added to why, when it may not stand there. */
bool setting_store(
	const struct setting *setting, void *base, struct span value, bool quoted, struct buf *why);

/* Adds one item to a list; the first call after setting_list_clear puts the first. */
bool setting_list_add(const struct setting *setting, void *base, struct span item, struct buf *why);
void setting_list_clear(const struct setting *setting, void *base);

/*
 * "`value` is no value for `key`; allowed: ..." and which of the words, separated by |, is near.
 * Always false.
 */
bool setting_refuse_word(
	struct buf *why, const struct setting *setting, struct span value, struct span words);

/*
 * Makes a card format of the rows whose text is not empty. False, with a sentence added to why and
 * the row to blame in *ret_row (its table's count: the whole entry), when it is none.
 */
bool setting_format_make(const struct settings *settings, const struct format_draft *draft,
	struct card_format *ret, size_t *ret_row, struct buf *why);

/* False, with the refusal of a section's key added to why, when there is no format of that name. */
bool setting_format_known(const struct settings *settings, enum setting_section section,
	struct span key, struct span name, struct buf *why);

/* False, with a sentence added to why, for a format that two data lines cannot send. */
bool setting_format_short(const struct settings *settings, struct span name, struct buf *why);

/*
 * Judges the names of a reader's formats, when all of the file is read, and puts the highest
 * priority first. False, with a sentence added to why and the name to blame in *ret_at.
 */
bool setting_formats_place(const struct settings *settings, struct reader_settings *reader,
	unsigned *ret_at, struct buf *why);

/* A door's standards. */
void door_draft_init(struct door_draft *draft);

/* Puts the standards of a whole section into base. */
void setting_section_standards(enum setting_section section, void *base);

/* --- settings_checks.c --- */

/*
 * Whether the keys of a single section go together. False with the key to blame and a sentence.
 */
bool setting_section_check(const struct settings *settings, enum setting_section section,
	const char **ret_key, const char **ret_text);

/*
 * Puts reader number - 1 at the door with that id. False, with a sentence added to why, when there
 * is none, or too many readers stand there.
 */
bool setting_reader_place(
	struct settings *settings, struct span door_id, unsigned at, struct buf *why);

/* --- settings_lines.c: lines of GPIO chips --- */

/* In the file, from 1. */
struct place {
	uint32_t line;
	uint32_t column;
};

#define SETTING_LINES_MAX (3 * DOORS_MAX + 5 * READERS_MAX + 2 * PANELS_MAX)

/* Every line that the file names, and where entries begin, for what is judged at the end. */
struct setting_lines {
	uint32_t count;
	struct line_use {
		struct gpio_line line;
		const struct setting *row;
		struct place place;
		uint8_t at; /* door index, reader number - 1, panel number - 1 */
	} use[SETTING_LINES_MAX];
	struct place door[DOORS_MAX];
	struct place reader[READERS_MAX];
	struct place panel[PANELS_MAX];
};

/* As setting_store and setting_add_allowed, for the kind SETTING_LINE. */
bool setting_line_store(
	const struct setting *setting, void *base, struct span value, struct buf *why);
void setting_line_add_allowed(const struct setting *setting, struct buf *out);

/* Notes the value of a row of the kind SETTING_LINE that was read into base. */
void setting_lines_note(struct setting_lines *lines, const struct setting *row, const void *base,
	uint8_t at, struct place place);

/* Judges all lines of the file together. False, with a sentence added to why and its place. */
bool setting_lines_check(const struct settings *settings, const struct setting_lines *lines,
	struct place *ret_place, struct buf *why);

/* --- settings_panels.c --- */

/* Where the values stand that other sections have to bear out, by panel number - 1. */
struct setting_panels {
	struct place reader[PANELS_MAX];
	struct place format[PANELS_MAX];
};

/* Takes an entry. False, with a sentence in why, when its number is taken. */
bool setting_panel_put(struct settings *settings, const struct panel_draft *draft, struct buf *why);

/* Judges the panels when the whole file was read. False, with a sentence in why and its place. */
bool setting_panels_check(const struct settings *settings, const struct setting_panels *panels,
	struct place *ret_place, struct buf *why);

/* --- settings_osdp.c: lines of OSDP readers --- */

/* Where the values stand that other sections have to bear out. */
struct setting_osdp {
	struct place port[OSDP_LINES_MAX];
	struct place line[READERS_MAX]; /* by reader number - 1 */
	struct place address[READERS_MAX];
	struct text32 line_id[READERS_MAX];
	struct place panel_line[PANELS_MAX]; /* by panel number - 1 */
	struct text32 panel_line_id[PANELS_MAX];
};

/* As setting_store and setting_add_allowed, for the kind SETTING_PORT. */
bool setting_port_store(
	const struct setting *setting, void *base, struct span value, struct buf *why);
void setting_port_add_allowed(struct buf *out);

/* Takes a line. False, with a sentence in why, and the key to blame in *ret_key (NULL: all). */
bool setting_osdp_put(struct settings *settings, const struct osdp_line_settings *line,
	const char **ret_key, struct buf *why);

/* Finds the line of each reader and judges all of them. False, with a sentence and its place. */
bool setting_osdp_check(struct settings *settings, const struct setting_osdp *osdp,
	struct place *ret_place, struct buf *why);

/* Adds "a time from 100ms to 10min, such as 3s" and the like. */
void setting_add_allowed(const struct setting *setting, struct buf *out);

/* Adds a text from outside: cut to 48 bytes, control and broken bytes as '?', in backquotes. */
void setting_add_quoted(struct buf *out, struct span text);

/* How far two words are apart: letters added, left out, changed. 99 when either is too long. */
unsigned setting_distance(struct span a, struct span b);

/* True when a person who wrote `written` may have meant `known`. */
bool setting_resembles(struct span written, struct span known);

/* Place of a section's key in the table, or its count when there is none such. */
size_t setting_row(enum setting_section section, struct span key);

/* The section of that name, or SECTION_TOP. */
enum setting_section setting_section_find(struct span name);

/* The known key of a section that `written` may have meant, or NULL; *ret_distance with it. */
const char *setting_nearest_key(
	enum setting_section section, struct span written, unsigned *ret_distance);

/* The row of another section with exactly this key, or NULL. */
const struct setting *setting_other_home(enum setting_section section, struct span key);

/* Adds "; allowed: " and the keys of a section. */
void setting_add_keys(struct buf *out, enum setting_section section);
