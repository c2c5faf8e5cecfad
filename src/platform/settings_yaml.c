// SPDX-License-Identifier: Apache-2.0
/*
 * posternd.yaml, read by libyaml's events into the settings table. The file is a mapping of
 * settings, sections and lists of entries; an entry may hold one mapping more, of rows that hold
 * none, so the depth is that of the table: the first event that does not belong ends the reading.
 * Refused are all means by which two people may read one file differently: merge keys,
 * directives, several documents, keys given twice, and what settings_events.c refuses.
 *
 * The first error ends the reading. What concerns several entries (a reader's door, limits that
 * bound each other) is judged at the end.
 */
#include "settings_events.h"
#include "settings_table.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "domain/record.h"

#include <nettle/sha2.h>
#include <yaml.h>

#define FILE_BYTES_MAX (256 * 1024)

/* What was met in one mapping: which rows, and where their values stand. */
struct mapping {
	struct place begin;
	bool seen[SETTINGS_ROWS_MAX]; /* by the row's place in the table */
	struct place value[SETTINGS_ROWS_MAX];
};

struct reader {
	struct settings_events events;
	struct settings *settings;
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

/* --- keys --- */

/* A slip of one letter explains itself best, then a key of another place, then a likeness. */
static bool fail_unknown_key(struct reader *r, enum setting_section section)
{
	struct span key = events_scalar(&r->events);
	unsigned distance;
	const char *nearest = setting_nearest_key(section, key, &distance);
	const struct setting *home = setting_other_home(section, key);

	buf_add_string(&r->events.why, "unknown key ");
	setting_add_quoted(&r->events.why, key);
	if (section != SECTION_TOP) {
		buf_add_string(&r->events.why, " in `");
		buf_add_string(&r->events.why, setting_section_name(section));
		buf_add_byte(&r->events.why, '`');
	}
	if (nearest != NULL && (distance <= 1 || home == NULL)) {
		buf_add_string(&r->events.why, "; did you mean `");
		buf_add_string(&r->events.why, nearest);
		buf_add_string(&r->events.why, "`?");
	} else if (home != NULL && home->section == SECTION_TOP) {
		buf_add_string(&r->events.why, "; it belongs at the top of the file");
	} else if (home != NULL) {
		buf_add_string(&r->events.why, "; it belongs under `");
		buf_add_string(&r->events.why, setting_section_name(home->section));
		buf_add_byte(&r->events.why, '`');
	} else {
		setting_add_keys(&r->events.why, section);
	}
	return events_fail(&r->events, events_here(&r->events));
}

static bool fail_twice(struct reader *r, uint32_t first_line)
{
	setting_add_quoted(&r->events.why, events_scalar(&r->events));
	buf_add_string(&r->events.why, " is given twice; the first is on line ");
	buf_add_u64(&r->events.why, first_line);
	return events_fail(&r->events, events_here(&r->events));
}

/* The current event must be a key. */
static bool check_key(struct reader *r)
{
	if (r->events.event.type != YAML_SCALAR_EVENT)
		return events_fail_with(&r->events, events_here(&r->events),
			"a key must be one word, followed by a colon");
	if (!events_scalar_quoted(&r->events) &&
		span_equal(events_scalar(&r->events), SPAN_LIT("<<")))
		return events_fail_with(&r->events, events_here(&r->events),
			"merge keys (<<) are not allowed; write the values out");
	return events_scalar_one_line(&r->events);
}

/* --- values --- */

static bool fail_empty(struct reader *r, const struct setting *row)
{
	buf_add_byte(&r->events.why, '`');
	buf_add_string(&r->events.why, row->key);
	buf_add_string(&r->events.why, "` has no value; allowed: ");
	setting_add_allowed(row, &r->events.why);
	return events_fail(&r->events, events_here(&r->events));
}

static bool fail_shape(struct reader *r, const struct setting *row)
{
	buf_add_byte(&r->events.why, '`');
	buf_add_string(&r->events.why, row->key);
	buf_add_string(&r->events.why, setting_is_list(row)	      ? "` takes a list"
				       : row->kind == SETTING_SECTION ? "` takes keys and values"
								      : "` takes one value");
	buf_add_string(&r->events.why, "; allowed: ");
	setting_add_allowed(row, &r->events.why);
	return events_fail(&r->events, events_here(&r->events));
}

static bool read_list_items(struct reader *r, const struct setting *row, void *base)
{
	struct place begin = events_here(&r->events);
	unsigned count = 0;

	setting_list_clear(row, base);
	for (;; count++) {
		if (!events_next(&r->events))
			return false;
		if (r->events.event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (r->events.event.type != YAML_SCALAR_EVENT ||
			events_scalar_is_nothing(&r->events))
			return fail_shape(r, row);
		if (!events_scalar_one_line(&r->events))
			return false;
		if (!setting_list_add(row, base, events_scalar(&r->events), &r->events.why))
			return events_fail(&r->events, events_here(&r->events));
		if (row->kind == SETTING_FORMATS)
			r->item_place[count] = events_here(&r->events);
	}
	if (count > 0 || row->kind == SETTING_HOSTS)
		return true;
	buf_add_string(&r->events.why, "an empty list for `");
	buf_add_string(&r->events.why, row->key);
	buf_add_string(&r->events.why, "`; allowed: ");
	setting_add_allowed(row, &r->events.why);
	return events_fail(&r->events, begin);
}

static bool read_mapping(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping);

static bool read_value(struct reader *r, const struct setting *row, void *base)
{
	if (row->kind == SETTING_SECTION)
		return r->events.event.type == YAML_MAPPING_START_EVENT
			       ? read_mapping(r, (enum setting_section)row->min, base, &r->nested)
			       : fail_shape(r, row);
	if (r->events.event.type == YAML_SEQUENCE_START_EVENT && setting_may_be_list(row))
		return read_list_items(r, row, base);
	if (r->events.event.type == YAML_SCALAR_EVENT && events_scalar_is_nothing(&r->events))
		return fail_empty(r, row);
	if (r->events.event.type != YAML_SCALAR_EVENT || setting_is_list(row))
		return fail_shape(r, row);
	if (!events_scalar_one_line(&r->events))
		return false;
	return setting_store(row, base, events_scalar(&r->events), events_scalar_quoted(&r->events),
		       &r->events.why) ||
	       events_fail(&r->events, events_here(&r->events));
}

/* The current event is a key that may be a row of the section: reads it and its value. */
static bool read_row(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping)
{
	size_t count;
	const struct setting *table = settings_table(&count);
	size_t at = setting_row(section, events_scalar(&r->events));

	if (at == count)
		return fail_unknown_key(r, section);
	if (mapping->seen[at])
		return fail_twice(r, mapping->value[at].line);
	if (!events_next(&r->events))
		return false;
	mapping->seen[at] = true;
	mapping->value[at] = events_here(&r->events);
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
		buf_add_byte(&r->events.why, '`');
		buf_add_string(&r->events.why, table[i].key);
		buf_add_string(&r->events.why, "` is missing");
		if (section != SECTION_TOP) {
			buf_add_string(&r->events.why, " in this entry of `");
			buf_add_string(&r->events.why, setting_section_name(section));
			buf_add_byte(&r->events.why, '`');
		}
		buf_add_string(&r->events.why, "; allowed: ");
		setting_add_allowed(&table[i], &r->events.why);
		return events_fail(&r->events, mapping->begin);
	}
	return true;
}

/* The current event begins the mapping. */
static bool read_mapping(
	struct reader *r, enum setting_section section, void *base, struct mapping *mapping)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->begin = events_here(&r->events);
	for (;;) {
		if (!events_next(&r->events))
			return false;
		if (r->events.event.type == YAML_MAPPING_END_EVENT)
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
			return events_fail_key(&r->events, r->entry.value[i],
				span_from_string(table[i].key),
				" needs a door contact, but this door has `contact: no`");
	}
	if (config->held_open_warning_ms == 0 ||
		config->held_open_warning_ms < config->held_open_ms)
		return true;
	if (!value_seen(&r->entry, SECTION_DOORS, "held_open_warning")) {
		config->held_open_warning_ms = 0; /* the standard does not fit before this alarm */
		return true;
	}
	return events_fail_with(&r->events,
		value_place(&r->entry, SECTION_DOORS, "held_open_warning"),
		"`held_open_warning` must be shorter than `held_open`");
}

static bool check_door_open_by(struct reader *r)
{
	bool schedule = value_seen(&r->entry, SECTION_DOORS, "open_by_schedule");
	bool scheduled = value_seen(&r->entry, SECTION_DOORS, "open_by_scheduled");

	if (schedule == scheduled)
		return true;
	return events_fail_with(&r->events,
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
		buf_add_string(&r->events.why, "two doors have index ");
		buf_add_u64(&r->events.why, draft->index);
		buf_add_string(
			&r->events.why, "; each door needs an index of its own, from 0 to 63");
		return events_fail(&r->events, value_place(&r->entry, SECTION_DOORS, "index"));
	}
	for (unsigned i = 0; i < DOORS_MAX; i++) {
		if (settings->door[i].config.configured &&
			text_is(&settings->door[i].id, text_span(&draft->door.id)))
			return events_fail_key(&r->events,
				value_place(&r->entry, SECTION_DOORS, "id"),
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
			return events_fail_key(&r->events, r->entry.value[i],
				span_from_string(table[i].key),
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
		buf_add_string(&r->events.why, "two readers have number ");
		buf_add_u64(&r->events.why, draft.number);
		buf_add_string(
			&r->events.why, "; each reader needs a number of its own, from 1 to 128");
		return events_fail(&r->events, value_place(&r->entry, SECTION_READERS, "number"));
	}
	if (draft.reader.limits.pulse_min_ns >= draft.reader.limits.pulse_max_ns)
		return events_fail_with(&r->events,
			value_place(&r->entry, SECTION_READERS, "pulse_min"),
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
	return setting_reader_place(
		       r->settings, text_span(&r->reader_door[at]), at, &r->events.why) ||
	       events_fail(&r->events, r->reader_place[at]);
}

static bool place_formats(struct reader *r, unsigned at)
{
	unsigned blamed;

	return setting_formats_place(
		       r->settings, &r->settings->reader[at], &blamed, &r->events.why) ||
	       events_fail(&r->events, r->format_place[at][blamed]);
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
		return events_fail_with(
			&r->events, r->entry.begin, "too many in `formats`; allowed: at most 16");
	if (!setting_format_make(settings, &draft, &settings->format[settings->format_count], &row,
		    &r->events.why))
		return events_fail(&r->events, row < count ? r->entry.value[row] : r->entry.begin);
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
				return events_fail_key(&r->events, r->entry.value[i],
					span_from_string(wires[k]),
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

	if (!setting_panel_put(r->settings, &draft, &r->events.why))
		return events_fail(&r->events, value_place(&r->entry, SECTION_PANELS, "number"));
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
	if (!setting_osdp_put(r->settings, &line, &key, &r->events.why))
		return events_fail(&r->events,
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
		if (!events_next(&r->events))
			return false;
		if (r->events.event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (r->events.event.type != YAML_MAPPING_START_EVENT)
			return events_fail_key(&r->events, events_here(&r->events),
				span_from_string(setting_section_name(section)),
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
	r->section_line[section] = events_here(&r->events).line;
	if (!events_next(&r->events))
		return false;
	if (list && r->events.event.type == YAML_SEQUENCE_START_EVENT)
		return read_entries(r, section);
	if (list)
		return events_fail_key(&r->events, events_here(&r->events), name,
			" takes a list; begin each entry with `- `");
	if (r->events.event.type == YAML_MAPPING_START_EVENT)
		return read_mapping(r, section, r->settings, &r->single[section]);
	return events_fail_key(&r->events, events_here(&r->events), name,
		" takes keys and values, indented on the lines below it");
}

static bool read_top(struct reader *r)
{
	r->top.begin = events_here(&r->events);
	for (;;) {
		if (!events_next(&r->events))
			return false;
		if (r->events.event.type == YAML_MAPPING_END_EVENT)
			return check_required(r, SECTION_TOP, &r->top);
		if (!check_key(r))
			return false;

		enum setting_section section = setting_section_find(events_scalar(&r->events));

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
	return events_fail_with(&r->events, value_place(mapping, section, key), text);
}

static bool check_whole(struct reader *r)
{
	bool any_door = false;

	for (unsigned i = 0; i < DOORS_MAX; i++)
		any_door = any_door || r->settings->door[i].config.configured;
	if (!any_door)
		return events_fail_with(&r->events, r->top.begin,
			"no door is given; `doors` needs at least one entry");
	for (unsigned i = 0; i < READERS_MAX; i++) {
		if (r->settings->reader[i].config.configured &&
			(!place_reader(r, i) || !place_formats(r, i)))
			return false;
	}
	struct place place;

	if (!setting_osdp_check(r->settings, &r->osdp, &place, &r->events.why) ||
		!setting_panels_check(r->settings, &r->panels, &place, &r->events.why) ||
		!setting_lines_check(r->settings, &r->lines, &place, &r->events.why))
		return events_fail(&r->events, place);
	return check_single(r, SECTION_HTTPS) && check_single(r, SECTION_LIMITS);
}

static bool read_document(struct reader *r)
{
	if (!events_next(&r->events) || !events_next(&r->events))
		return false;
	if (r->events.event.type == YAML_STREAM_END_EVENT)
		return events_fail_with(&r->events, (struct place){1, 1},
			"the file is empty; posternd.yaml(5) says what it needs");
	if (r->events.event.data.document_start.version_directive != NULL ||
		r->events.event.data.document_start.tag_directives.start !=
			r->events.event.data.document_start.tag_directives.end)
		return events_fail_with(&r->events, events_here(&r->events),
			"directives (%YAML, %TAG) are not allowed");
	if (!events_next(&r->events))
		return false;
	if (r->events.event.type != YAML_MAPPING_START_EVENT)
		return events_fail_with(&r->events, events_here(&r->events),
			"the file must hold keys and values, such as `lines: simulated`");
	if (!read_top(r) || !events_next(&r->events) || !events_next(&r->events))
		return false;
	if (r->events.event.type != YAML_STREAM_END_EVENT)
		return events_fail_with(
			&r->events, events_here(&r->events), "a second document; a file holds one");
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
	struct reader r = {.events = {.yaml = yaml, .file_name = file_name, .error = ret_error},
		.settings = settings};
	bool good = false;

	settings_default(settings);
	ret_error->text[0] = '\0';
	r.events.why = buf_over(r.events.why_memory, sizeof(r.events.why_memory));
	if (yaml.len > FILE_BYTES_MAX)
		return events_fail_with(
			&r.events, (struct place){1, 1}, "the file is larger than 262144 bytes");
	if (yaml_parser_initialize(&r.events.parser) == 0)
		return events_fail_with(
			&r.events, (struct place){1, 1}, "not enough memory to read the file");
	yaml_parser_set_encoding(&r.events.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.events.parser, (const unsigned char *)(yaml.len > 0 ? yaml.data : ""), yaml.len);
	good = read_document(&r) && check_whole(&r);
	settings->file_hash = file_hash_of(yaml);
	yaml_event_delete(&r.events.event);
	yaml_parser_delete(&r.events.parser);
	return good;
}
