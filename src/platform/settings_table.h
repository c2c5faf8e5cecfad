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
	SECTION_LIMITS,
	SECTION_PIN,
	SECTION_DOORS,
	SECTION_READERS,
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
	SETTING_FORMATS, /* list of text32: card formats */
	SETTING_DIGESTS, /* list of enum digest_algorithm */
};

#define SETTING_FLAG_REQUIRED 1
#define SETTING_FLAG_CONTACT 2 /* of a door: means nothing without contact */
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
	const char *choices; /* "unlock|deny" */
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
	struct reader_settings reader;
};

#define SETTINGS_ROWS_MAX 128

/* Rows in the order of the documentation. *ret_count is at most SETTINGS_ROWS_MAX. */
const struct setting *settings_table(size_t *ret_count);

/* "doors", or "" for the top. */
const char *setting_section_name(enum setting_section section);
bool setting_section_is_list(enum setting_section section);
const char *setting_section_text(enum setting_section section);

bool setting_is_list(const struct setting *setting);

/* Stores value into base. False, with a sentence added to why, when it may not stand there. */
bool setting_store(
	const struct setting *setting, void *base, struct span value, bool quoted, struct buf *why);

/* Adds one item to a list; the first call after setting_list_clear puts the first. */
bool setting_list_add(const struct setting *setting, void *base, struct span item, struct buf *why);
void setting_list_clear(const struct setting *setting, void *base);

/* A door's standards. */
void door_draft_init(struct door_draft *draft);

/* Puts the standards of a whole section into base. */
void setting_section_standards(enum setting_section section, void *base);

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
