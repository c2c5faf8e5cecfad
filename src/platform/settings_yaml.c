// SPDX-License-Identifier: Apache-2.0
/*
 * posternd.yaml, read by libyaml's events into the settings table. The file is a mapping of
 * settings, sections and lists of entries; an entry may hold one mapping more, of rows that hold
 * none, so the depth is that of the table: the first event that does not belong ends the reading.
 * Refused are all means by which two people may read one file differently: anchors, aliases, tags,
 * merge keys, directives, several documents, keys given twice, values over several lines.
 *
 * The reader (struct reader) owns libyaml's parser and the current event; a scalar's text is valid
 * until the next event. The first error ends the reading and names line and column, from 1. What
 * concerns several entries (a reader's door, limits that bound each other) is judged at the end.
 */
#include "settings_table.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "domain/record.h"

#include <nettle/sha2.h>
#include <yaml.h>

#define FILE_BYTES_MAX (256 * 1024)
#define FILE_NAME_SHOWN_MAX 96
#define WHY_MAX 384

/* What was met in one mapping: which rows, and where their values stand. */
struct mapping {
	struct place begin;
	bool seen[SETTINGS_ROWS_MAX]; /* by the row's place in the table */
	struct place value[SETTINGS_ROWS_MAX];
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct span yaml;
	const char *file_name;
	struct settings *settings;
	struct settings_error *error;
	struct buf why; /* what fail() will say */
	char why_memory[WHY_MAX];
	struct mapping top;
	struct mapping single[SECTION_COUNT]; /* the sections that are no lists */
	struct mapping entry; /* of the door or reader that is being read */
	uint32_t section_line[SECTION_COUNT]; /* 0: not met */
	struct place item_place[READER_FORMATS_MAX]; /* of the names in a reader's `formats` */
	struct place format_place[READERS_MAX][READER_FORMATS_MAX];
	struct place reader_place[READERS_MAX]; /* of the value of `door` */
	struct text32 reader_door[READERS_MAX];
	struct setting_lines lines;
	struct setting_panels panels;
	struct setting_osdp osdp;
	struct mapping nested; /* in the entry */
};

/* --- errors --- */

static struct place place_of(const yaml_mark_t *mark)
{
	return (struct place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

static struct place here(const struct reader *r)
{
	return place_of(&r->event.start_mark);
}

/* Joins place and r->why in *r->error. Always false, to be returned. */
static bool fail(struct reader *r, struct place place)
{
	struct buf out = buf_over(r->error->text, sizeof(r->error->text) - 4);
	struct span name = span_from_string(r->file_name);

	if (name.len > FILE_NAME_SHOWN_MAX) {
		buf_add_string(&out, "...");
		name = span_slice(name, name.len - FILE_NAME_SHOWN_MAX, name.len);
	}
	buf_add(&out, name);
	buf_add_byte(&out, ':');
	buf_add_u64(&out, place.line);
	buf_add_byte(&out, ':');
	buf_add_u64(&out, place.column);
	buf_add_string(&out, ": ");
	buf_add(&out, buf_span(&r->why));
	ASSERT(!out.overflow);
	if (r->why.overflow) {
		memcpy(out.data + out.len, "...", 3);
		out.len += 3;
	}
	out.data[out.len] = '\0';
	return false;
}

static bool fail_with(struct reader *r, struct place place, const char *text)
{
	buf_add_string(&r->why, text);
	return fail(r, place);
}

/* "`key` text" */
static bool fail_key(struct reader *r, struct place place, struct span key, const char *text)
{
	setting_add_quoted(&r->why, key);
	buf_add_string(&r->why, text);
	return fail(r, place);
}

/* libyaml gives no mark for bytes it could not even read. */
static struct place place_of_offset(struct span yaml, size_t offset)
{
	struct place place = {1, 1};

	for (size_t i = 0; i < offset && i < yaml.len; i++) {
		place.column++;
		if (yaml.data[i] == '\n')
			place = (struct place){place.line + 1, 1};
	}
	return place;
}

static bool fail_yaml(struct reader *r)
{
	const yaml_parser_t *parser = &r->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "unknown problem";

	if (parser->error == YAML_MEMORY_ERROR)
		return fail_with(r, (struct place){1, 1}, "not enough memory to read the file");
	buf_add_string(&r->why, "this is no YAML: ");
	buf_add_string(&r->why, problem);
	if (parser->error == YAML_READER_ERROR)
		return fail(r, place_of_offset(r->yaml, parser->problem_offset));
	if (parser->problem_mark.index < r->yaml.len &&
		r->yaml.data[parser->problem_mark.index] == '\t')
		buf_add_string(&r->why, "; indent with blanks, not with tabs");
	return fail(r, place_of(&parser->problem_mark));
}

/* --- events --- */

static bool event_is_strict(struct reader *r)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		anchor = r->event.data.scalar.anchor;
		tag = r->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = r->event.data.sequence_start.anchor;
		tag = r->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = r->event.data.mapping_start.anchor;
		tag = r->event.data.mapping_start.tag;
		break;
	case YAML_ALIAS_EVENT:
		return fail_with(
			r, here(r), "aliases (*name) are not allowed; write the value out");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		break;
	}
	if (anchor != NULL)
		return fail_with(
			r, here(r), "anchors (&name) are not allowed; write the value out");
	if (tag != NULL)
		return fail_with(r, here(r), "tags (!name) are not allowed; write the plain value");
	return true;
}

static bool next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event) == 0)
		return fail_yaml(r);
	return event_is_strict(r);
}

static struct span scalar(const struct reader *r)
{
	return span_of(r->event.data.scalar.value, r->event.data.scalar.length);
}

static bool scalar_quoted(const struct reader *r)
{
	return r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

static bool scalar_is_nothing(const struct reader *r)
{
	struct span text = scalar(r);

	return !scalar_quoted(r) && (text.len == 0 || span_equal(text, SPAN_LIT("~")) ||
					    span_equal_nocase(text, SPAN_LIT("null")));
}

static bool scalar_one_line(struct reader *r)
{
	if (r->event.start_mark.line == r->event.end_mark.line)
		return true;
	return fail_with(r, here(r), "a value over several lines; write it on one line");
}

/* --- keys --- */

/* A slip of one letter explains itself best, then a key of another place, then a likeness. */
static bool fail_unknown_key(struct reader *r, enum setting_section section)
{
	struct span key = scalar(r);
	unsigned distance;
	const char *nearest = setting_nearest_key(section, key, &distance);
	const struct setting *home = setting_other_home(section, key);

	buf_add_string(&r->why, "unknown key ");
	setting_add_quoted(&r->why, key);
	if (section != SECTION_TOP) {
		buf_add_string(&r->why, " in `");
		buf_add_string(&r->why, setting_section_name(section));
		buf_add_byte(&r->why, '`');
	}
	if (nearest != NULL && (distance <= 1 || home == NULL)) {
		buf_add_string(&r->why, "; did you mean `");
		buf_add_string(&r->why, nearest);
		buf_add_string(&r->why, "`?");
	} else if (home != NULL && home->section == SECTION_TOP) {
		buf_add_string(&r->why, "; it belongs at the top of the file");
	} else if (home != NULL) {
		buf_add_string(&r->why, "; it belongs under `");
		buf_add_string(&r->why, setting_section_name(home->section));
		buf_add_byte(&r->why, '`');
	} else {
		setting_add_keys(&r->why, section);
	}
	return fail(r, here(r));
}

static bool fail_twice(struct reader *r, uint32_t first_line)
{
	setting_add_quoted(&r->why, scalar(r));
	buf_add_string(&r->why, " is given twice; the first is on line ");
	buf_add_u64(&r->why, first_line);
	return fail(r, here(r));
}

/* The current event must be a key. */
static bool check_key(struct reader *r)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail_with(r, here(r), "a key must be one word, followed by a colon");
	if (!scalar_quoted(r) && span_equal(scalar(r), SPAN_LIT("<<")))
		return fail_with(
			r, here(r), "merge keys (<<) are not allowed; write the values out");
	return scalar_one_line(r);
}

/* --- values --- */

static bool fail_empty(struct reader *r, const struct setting *row)
{
	buf_add_byte(&r->why, '`');
	buf_add_string(&r->why, row->key);
	buf_add_string(&r->why, "` has no value; allowed: ");
	setting_add_allowed(row, &r->why);
	return fail(r, here(r));
}

static bool fail_shape(struct reader *r, const struct setting *row)
{
	buf_add_byte(&r->why, '`');
	buf_add_string(&r->why, row->key);
	buf_add_string(&r->why, setting_is_list(row)	       ? "` takes a list"
				: row->kind == SETTING_SECTION ? "` takes keys and values"
							       : "` takes one value");
	buf_add_string(&r->why, "; allowed: ");
	setting_add_allowed(row, &r->why);
	return fail(r, here(r));
}

static bool read_list_items(struct reader *r, const struct setting *row, void *base)
{
	struct place begin = here(r);
	unsigned count = 0;

	setting_list_clear(row, base);
	for (;; count++) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (r->event.type != YAML_SCALAR_EVENT || scalar_is_nothing(r))
			return fail_shape(r, row);
		if (!scalar_one_line(r))
			return false;
		if (!setting_list_add(row, base, scalar(r), &r->why))
			return fail(r, here(r));
		if (row->kind == SETTING_FORMATS)
			r->item_place[count] = here(r);
	}
	if (count > 0 || row->kind == SETTING_HOSTS)
		return true;
	buf_add_string(&r->why, "an empty list for `");
	buf_add_string(&r->why, row->key);
	buf_add_string(&r->why, "`; allowed: ");
	setting_add_allowed(row, &r->why);
	return fail(r, begin);
}

static bool read_mapping(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping);

static bool read_value(struct reader *r, const struct setting *row, void *base)
{
	if (row->kind == SETTING_SECTION)
		return r->event.type == YAML_MAPPING_START_EVENT
			       ? read_mapping(r, (enum setting_section)row->min, base, &r->nested)
			       : fail_shape(r, row);
	if (r->event.type == YAML_SEQUENCE_START_EVENT && setting_may_be_list(row))
		return read_list_items(r, row, base);
	if (r->event.type == YAML_SCALAR_EVENT && scalar_is_nothing(r))
		return fail_empty(r, row);
	if (r->event.type != YAML_SCALAR_EVENT || setting_is_list(row))
		return fail_shape(r, row);
	if (!scalar_one_line(r))
		return false;
	return setting_store(row, base, scalar(r), scalar_quoted(r), &r->why) || fail(r, here(r));
}

/* The current event is a key that may be a row of the section: reads it and its value. */
static bool read_row(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	size_t at = setting_row(section, scalar(r));

	if (at == count)
		return fail_unknown_key(r, section);
	if (mapping->seen[at])
		return fail_twice(r, mapping->value[at].line);
	if (!next(r))
		return false;
	mapping->seen[at] = true;
	mapping->value[at] = here(r);
	return read_value(r, &table[at], base);
}

static bool check_required(
	struct reader *r, enum setting_section section, const struct mapping *mapping)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].section != section || (table[i].flags & SETTING_FLAG_REQUIRED) == 0 ||
			mapping->seen[i])
			continue;
		buf_add_byte(&r->why, '`');
		buf_add_string(&r->why, table[i].key);
		buf_add_string(&r->why, "` is missing");
		if (section != SECTION_TOP) {
			buf_add_string(&r->why, " in this entry of `");
			buf_add_string(&r->why, setting_section_name(section));
			buf_add_byte(&r->why, '`');
		}
		buf_add_string(&r->why, "; allowed: ");
		setting_add_allowed(&table[i], &r->why);
		return fail(r, mapping->begin);
	}
	return true;
}

/* The current event begins the mapping. */
static bool read_mapping(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->begin = here(r);
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return check_required(r, section, mapping);
		if (!check_key(r) || !read_row(r, section, base, mapping))
			return false;
	}
}

static struct place value_place(
	const struct mapping *mapping, enum setting_section section, const char *key)
{
	size_t at = setting_row(section, span_from_string(key));

	return mapping->seen[at] ? mapping->value[at] : mapping->begin;
}

static bool value_seen(const struct mapping *mapping, enum setting_section section, const char *key)
{
	return mapping->seen[setting_row(section, span_from_string(key))];
}

/* The lines that the entry of a door or reader names. */
static void note_lines(struct reader *r, enum setting_section section, const void *base, uint8_t at)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].section == section && table[i].kind == SETTING_LINE &&
			r->entry.seen[i])
			setting_lines_note(&r->lines, &table[i], base, at, r->entry.value[i]);
	}
}

/* --- doors --- */

static bool check_door_contact(struct reader *r, struct door_config *config)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count && !config->has_contact; i++) {
		if (table[i].section == SECTION_DOORS && (table[i].flags & SETTING_FLAG_CONTACT) &&
			r->entry.seen[i])
			return fail_key(r, r->entry.value[i], span_from_string(table[i].key),
				" needs a door contact, but this door has `contact: no`");
	}
	if (config->held_open_warning_ms == 0 ||
		config->held_open_warning_ms < config->held_open_ms)
		return true;
	if (!value_seen(&r->entry, SECTION_DOORS, "held_open_warning")) {
		config->held_open_warning_ms = 0; /* the standard does not fit before this alarm */
		return true;
	}
	return fail_with(r, value_place(&r->entry, SECTION_DOORS, "held_open_warning"),
		"`held_open_warning` must be shorter than `held_open`");
}

static bool check_door_open_by(struct reader *r)
{
	bool schedule = value_seen(&r->entry, SECTION_DOORS, "open_by_schedule");
	bool scheduled = value_seen(&r->entry, SECTION_DOORS, "open_by_scheduled");

	if (schedule == scheduled)
		return true;
	return fail_with(r,
		value_place(&r->entry, SECTION_DOORS,
			schedule ? "open_by_schedule" : "open_by_scheduled"),
		schedule ? "`open_by_schedule` without `open_by_scheduled`: say what the door asks "
			   "for while that schedule is on"
			 : "`open_by_scheduled` without `open_by_schedule`: say which schedule "
			   "switches it on, by its number");
}

static bool check_door_unique(struct reader *r, const struct door_draft *draft)
{
	const struct settings *settings = r->settings;

	if (settings->door[draft->index].config.configured) {
		buf_add_string(&r->why, "two doors have index ");
		buf_add_u64(&r->why, draft->index);
		buf_add_string(&r->why, "; each door needs an index of its own, from 0 to 63");
		return fail(r, value_place(&r->entry, SECTION_DOORS, "index"));
	}
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		if (settings->door[i].config.configured &&
			text_is(&settings->door[i].id, text_span(&draft->door.id)))
			return fail_key(r, value_place(&r->entry, SECTION_DOORS, "id"),
				text_span(&draft->door.id),
				" is the id of two doors; each door needs an id of its own");
	}
	return true;
}

static bool read_door(struct reader *r)
{
	struct door_draft draft;

	door_draft_init(&draft);
	if (!read_mapping(r, SECTION_DOORS, &draft, &r->entry) ||
		!check_door_contact(r, &draft.door.config) || !check_door_open_by(r) ||
		!check_door_unique(r, &draft))
		return false;
	if (draft.door.name.len == 0)
		ASSERT(text_set(&draft.door.name, text_span(&draft.door.id)));
	draft.door.config.configured = true;
	r->settings->door[draft.index] = draft.door;
	r->lines.door[draft.index] = r->entry.begin;
	note_lines(r, SECTION_DOORS, &draft, draft.index);
	return true;
}

/* --- readers --- */

/* An OSDP reader has no wires; everything about it comes over its line. */
static bool check_reader_wires(struct reader *r, struct reader_draft *draft)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	draft->reader.osdp.configured = draft->osdp_line.len > 0;
	if (!draft->reader.osdp.configured)
		return true;
	for (size_t i = 0; i < count; i++) {
		bool wires = table[i].kind == SETTING_LINE ||
			     (table[i].flags & SETTING_FLAG_WIEGAND) != 0;

		if (table[i].section == SECTION_READERS && wires && r->entry.seen[i])
			return fail_key(r, r->entry.value[i], span_from_string(table[i].key),
				" is of a reader with wires of its own, but this one has `osdp`; "
				"leave one of them out");
	}
	unsigned at = draft->number - 1u;

	r->osdp.line_id[at] = draft->osdp_line;
	r->osdp.line[at] = value_place(&r->nested, SECTION_READER_OSDP, "line");
	r->osdp.address[at] = value_place(&r->nested, SECTION_READER_OSDP, "address");
	return true;
}

static bool read_reader(struct reader *r)
{
	struct reader_draft draft = {0};

	setting_section_standards(SECTION_READERS, &draft);
	if (!read_mapping(r, SECTION_READERS, &draft, &r->entry))
		return false;

	unsigned at = draft.number - 1u;

	if (r->settings->reader[at].config.configured) {
		buf_add_string(&r->why, "two readers have number ");
		buf_add_u64(&r->why, draft.number);
		buf_add_string(&r->why, "; each reader needs a number of its own, from 1 to 128");
		return fail(r, value_place(&r->entry, SECTION_READERS, "number"));
	}
	if (draft.reader.limits.pulse_min_ns >= draft.reader.limits.pulse_max_ns)
		return fail_with(r, value_place(&r->entry, SECTION_READERS, "pulse_min"),
			"`pulse_min` must be shorter than `pulse_max`");
	if (!check_reader_wires(r, &draft))
		return false;
	draft.reader.config.configured = true;
	r->settings->reader[at] = draft.reader;
	r->reader_door[at] = draft.door_id;
	r->reader_place[at] = value_place(&r->entry, SECTION_READERS, "door");
	memcpy(r->format_place[at], r->item_place, sizeof(r->item_place));
	r->lines.reader[at] = r->entry.begin;
	note_lines(r, SECTION_READERS, &draft, (uint8_t)at);
	return true;
}

static bool place_reader(struct reader *r, unsigned at)
{
	return setting_reader_place(r->settings, text_span(&r->reader_door[at]), at, &r->why) ||
	       fail(r, r->reader_place[at]);
}

static bool place_formats(struct reader *r, unsigned at)
{
	unsigned blamed;

	return setting_formats_place(r->settings, &r->settings->reader[at], &blamed, &r->why) ||
	       fail(r, r->format_place[at][blamed]);
}

/* --- card formats --- */

static bool read_format(struct reader *r)
{
	struct settings *settings = r->settings;
	struct format_draft draft = {0};
	size_t count;
	size_t row;

	(void)settings_table(&count);
	if (!read_mapping(r, SECTION_FORMATS, &draft, &r->entry))
		return false;
	if (settings->format_count == FORMATS_MAX)
		return fail_with(r, r->entry.begin, "too many in `formats`; allowed: at most 16");
	if (!setting_format_make(
		    settings, &draft, &settings->format[settings->format_count], &row, &r->why))
		return fail(r, row < count ? r->entry.value[row] : r->entry.begin);
	settings->format_count++;
	return true;
}

/* --- panels --- */

/* A panel on an OSDP line has no data lines, and no pulses. */
static bool check_panel_wires(struct reader *r, struct panel_draft *draft)
{
	static const char *const wires[] = {"pulse", "interval", "data0", "data1"};
	size_t count;
	const struct setting *table = settings_table(&count);
	unsigned at = draft->number - 1u;

	draft->panel.osdp.configured = draft->osdp_line.len > 0;
	if (!draft->panel.osdp.configured)
		return true;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < ARRAY_COUNT(wires); k++) {
			if (table[i].section == SECTION_PANELS && r->entry.seen[i] &&
				span_equal(
					span_from_string(table[i].key), span_from_string(wires[k])))
				return fail_key(r, r->entry.value[i], span_from_string(wires[k]),
					" is of a panel with data lines, but this one has `osdp`; "
					"leave one of them out");
		}
	}
	r->osdp.panel_line_id[at] = draft->osdp_line;
	r->osdp.panel_line[at] = value_place(&r->nested, SECTION_PANEL_OSDP, "line");
	return true;
}

static bool read_panel(struct reader *r)
{
	struct panel_draft draft = {0};

	setting_section_standards(SECTION_PANELS, &draft);
	if (!read_mapping(r, SECTION_PANELS, &draft, &r->entry) || !check_panel_wires(r, &draft))
		return false;

	unsigned at = draft.number - 1u;

	if (!setting_panel_put(r->settings, &draft, &r->why))
		return fail(r, value_place(&r->entry, SECTION_PANELS, "number"));
	r->panels.reader[at] = value_place(&r->entry, SECTION_PANELS, "reader");
	r->panels.format[at] = value_place(&r->entry, SECTION_PANELS, "format");
	r->lines.panel[at] = r->entry.begin;
	note_lines(r, SECTION_PANELS, &draft, (uint8_t)at);
	return true;
}

/* --- OSDP lines --- */

static bool read_osdp_line(struct reader *r)
{
	struct osdp_line_settings line = {0};
	const char *key;

	setting_section_standards(SECTION_OSDP, &line);
	if (!read_mapping(r, SECTION_OSDP, &line, &r->entry))
		return false;
	if (!setting_osdp_put(r->settings, &line, &key, &r->why))
		return fail(r,
			key != NULL ? value_place(&r->entry, SECTION_OSDP, key) : r->entry.begin);
	r->osdp.port[r->settings->osdp_line_count - 1] =
		value_place(&r->entry, SECTION_OSDP, "port");
	return true;
}

/* --- the file --- */

static bool read_entry(struct reader *r, enum setting_section section)
{
	if (section == SECTION_DOORS)
		return read_door(r);
	if (section == SECTION_READERS)
		return read_reader(r);
	if (section == SECTION_OSDP)
		return read_osdp_line(r);
	return section == SECTION_FORMATS ? read_format(r) : read_panel(r);
}

static bool read_entries(struct reader *r, enum setting_section section)
{
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (r->event.type != YAML_MAPPING_START_EVENT)
			return fail_key(r, here(r), span_from_string(setting_section_name(section)),
				section == SECTION_FORMATS
					? " takes entries of keys and values, such as `- {name: "
					  "site, bits: 26, card: 1-24}`"
					: " takes entries of keys and values, such as `- {index: "
					  "0, "
					  "id: front}`");
		if (!read_entry(r, section))
			return false;
	}
}

static bool read_section(struct reader *r, enum setting_section section)
{
	struct span name = span_from_string(setting_section_name(section));
	bool list = setting_section_is_list(section);

	if (r->section_line[section] != 0)
		return fail_twice(r, r->section_line[section]);
	r->section_line[section] = here(r).line;
	if (!next(r))
		return false;
	if (list && r->event.type == YAML_SEQUENCE_START_EVENT)
		return read_entries(r, section);
	if (list)
		return fail_key(r, here(r), name, " takes a list; begin each entry with `- `");
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return read_mapping(r, section, r->settings, &r->single[section]);
	return fail_key(r, here(r), name, " takes keys and values, indented on the lines below it");
}

static bool read_top(struct reader *r)
{
	r->top.begin = here(r);
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return check_required(r, SECTION_TOP, &r->top);
		if (!check_key(r))
			return false;

		enum setting_section section = setting_section_find(scalar(r));

		if (!(section == SECTION_TOP ? read_row(r, SECTION_TOP, r->settings, &r->top)
					     : read_section(r, section)))
			return false;
	}
}

static bool check_single(struct reader *r, enum setting_section section)
{
	const struct mapping *mapping = &r->single[section];
	const char *key;
	const char *text;

	if (mapping->begin.line == 0 || setting_section_check(r->settings, section, &key, &text))
		return true;
	return fail_with(r, value_place(mapping, section, key), text);
}

static bool check_whole(struct reader *r)
{
	bool any_door = false;

	for (unsigned i = 0; i < DOORS_MAX; i++)
		any_door = any_door || r->settings->door[i].config.configured;
	if (!any_door)
		return fail_with(
			r, r->top.begin, "no door is given; `doors` needs at least one entry");
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (r->settings->reader[i].config.configured &&
			(!place_reader(r, i) || !place_formats(r, i)))
			return false;
	}
	struct place place;

	if (!setting_osdp_check(r->settings, &r->osdp, &place, &r->why) ||
		!setting_panels_check(r->settings, &r->panels, &place, &r->why) ||
		!setting_lines_check(r->settings, &r->lines, &place, &r->why))
		return fail(r, place);
	return check_single(r, SECTION_HTTPS) && check_single(r, SECTION_LIMITS);
}

static bool read_document(struct reader *r)
{
	if (!next(r) || !next(r))
		return false;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return fail_with(r, (struct place){1, 1},
			"the file is empty; posternd.yaml(5) says what it needs");
	if (r->event.data.document_start.version_directive != NULL ||
		r->event.data.document_start.tag_directives.start !=
			r->event.data.document_start.tag_directives.end)
		return fail_with(r, here(r), "directives (%YAML, %TAG) are not allowed");
	if (!next(r))
		return false;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fail_with(r, here(r),
			"the file must hold keys and values, such as `lines: simulated`");
	if (!read_top(r) || !next(r) || !next(r))
		return false;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_with(r, here(r), "a second document; a file holds one");
	return true;
}

/* Whoever changes the file cannot choose another text of the same hash. */
static uint64_t file_hash_of(struct span yaml)
{
	struct sha256_ctx context;
	uint8_t digest[SHA256_DIGEST_SIZE];
	uint64_t hash = 0;

	sha256_init(&context);
	sha256_update(&context, yaml.len, (const uint8_t *)yaml.data);
	sha256_digest(&context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(hash); i++)
		hash = hash << 8 | digest[i];
	return (hash >> 2) + 2; /* 0 and 1 say that there is none */
}

bool settings_parse(struct settings *settings, const char *file_name, struct span yaml,
	struct settings_error *ret_error)
{
	struct reader r = {
		.yaml = yaml, .file_name = file_name, .settings = settings, .error = ret_error};
	bool good = false;

	settings_default(settings);
	ret_error->text[0] = '\0';
	r.why = buf_over(r.why_memory, sizeof(r.why_memory));
	if (yaml.len > FILE_BYTES_MAX)
		return fail_with(&r, (struct place){1, 1}, "the file is larger than 262144 bytes");
	if (yaml_parser_initialize(&r.parser) == 0)
		return fail_with(&r, (struct place){1, 1}, "not enough memory to read the file");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)(yaml.len > 0 ? yaml.data : ""), yaml.len);
	good = read_document(&r) && check_whole(&r);
	settings->file_hash = file_hash_of(yaml);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return good;
}
