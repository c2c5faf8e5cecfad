// SPDX-License-Identifier: Apache-2.0
/*
 * libyaml's events one by one, as a configuration file may have them, and what is said of one that
 * it may not: the place, then the words. Refused are anchors, aliases, tags, and values over
 * several lines: means by which two people may read one file differently.
 */
#include "settings_events.h"

#include "base/assert.h"
#include "settings_table.h"

#define FILE_NAME_SHOWN_MAX 96

/* --- errors --- */

static struct place place_of(const yaml_mark_t *mark)
{
	return (struct place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

struct place events_here(const struct settings_events *e)
{
	return place_of(&e->event.start_mark);
}

/* Joins place and e->why in *e->error. Always false, to be returned. */
bool events_fail(struct settings_events *e, struct place place)
{
	struct buf out = buf_over(e->error->text, sizeof(e->error->text) - 4);
	struct span name = span_from_string(e->file_name);

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
	buf_add(&out, buf_span(&e->why));
	ASSERT(!out.overflow);
	if (e->why.overflow) {
		memcpy(out.data + out.len, "...", 3);
		out.len += 3;
	}
	out.data[out.len] = '\0';
	return false;
}

bool events_fail_with(struct settings_events *e, struct place place, const char *text)
{
	buf_add_string(&e->why, text);
	return events_fail(e, place);
}

/* "`key` text" */
bool events_fail_key(
	struct settings_events *e, struct place place, struct span key, const char *text)
{
	setting_add_quoted(&e->why, key);
	buf_add_string(&e->why, text);
	return events_fail(e, place);
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

static bool fail_yaml(struct settings_events *e)
{
	const yaml_parser_t *parser = &e->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "unknown problem";

	if (parser->error == YAML_MEMORY_ERROR)
		return events_fail_with(
			e, (struct place){1, 1}, "not enough memory to read the file");
	buf_add_string(&e->why, "this is no YAML: ");
	buf_add_string(&e->why, problem);
	if (parser->error == YAML_READER_ERROR)
		return events_fail(e, place_of_offset(e->yaml, parser->problem_offset));
	if (parser->problem_mark.index < e->yaml.len &&
		e->yaml.data[parser->problem_mark.index] == '\t')
		buf_add_string(&e->why, "; indent with blanks, not with tabs");
	return events_fail(e, place_of(&parser->problem_mark));
}

/* --- events --- */

static bool event_is_strict(struct settings_events *e)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	switch (e->event.type) {
	case YAML_SCALAR_EVENT:
		anchor = e->event.data.scalar.anchor;
		tag = e->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->event.data.sequence_start.anchor;
		tag = e->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->event.data.mapping_start.anchor;
		tag = e->event.data.mapping_start.tag;
		break;
	case YAML_ALIAS_EVENT:
		return events_fail_with(
			e, events_here(e), "aliases (*name) are not allowed; write the value out");
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
		return events_fail_with(
			e, events_here(e), "anchors (&name) are not allowed; write the value out");
	if (tag != NULL)
		return events_fail_with(
			e, events_here(e), "tags (!name) are not allowed; write the plain value");
	return true;
}

bool events_next(struct settings_events *e)
{
	yaml_event_delete(&e->event);
	if (yaml_parser_parse(&e->parser, &e->event) == 0)
		return fail_yaml(e);
	return event_is_strict(e);
}

struct span events_scalar(const struct settings_events *e)
{
	return span_of(e->event.data.scalar.value, e->event.data.scalar.length);
}

bool events_scalar_quoted(const struct settings_events *e)
{
	return e->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

bool events_scalar_is_nothing(const struct settings_events *e)
{
	struct span text = events_scalar(e);

	return !events_scalar_quoted(e) && (text.len == 0 || span_equal(text, SPAN_LIT("~")) ||
						   span_equal_nocase(text, SPAN_LIT("null")));
}

bool events_scalar_one_line(struct settings_events *e)
{
	if (e->event.start_mark.line == e->event.end_mark.line)
		return true;
	return events_fail_with(
		e, events_here(e), "a value over several lines; write it on one line");
}
