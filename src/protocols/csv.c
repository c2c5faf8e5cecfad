// SPDX-License-Identifier: Apache-2.0
/*
 * A reader of CSV without memory of its own: one row at a time, copied without quotes into the
 * caller's struct, so that a hostile file costs no more than that. Every step takes at least one
 * byte; a fault leaves nothing to read, so that who goes on by mistake is at the end.
 */
#include "protocols/csv.h"

/* The first byte, or -1 at the end. */
static int peek(const struct csv *csv)
{
	return csv->rest.len == 0 ? -1 : (unsigned char)csv->rest.data[0];
}

static void pass(struct csv *csv)
{
	unsigned char c = (unsigned char)csv->rest.data[0];

	csv->rest = span_slice(csv->rest, 1, csv->rest.len);
	if (c == '\n') {
		csv->at.line++;
		csv->at.column = 1;
	} else if ((c & 0xc0) != 0x80) { /* else within a character */
		csv->at.column++;
	}
}

/* CRLF or LF; 0: neither stands here. */
static size_t line_end(const struct csv *csv)
{
	if (peek(csv) == '\n')
		return 1;
	return csv->rest.len >= 2 && csv->rest.data[0] == '\r' && csv->rest.data[1] == '\n' ? 2 : 0;
}

static void pass_line_end(struct csv *csv)
{
	for (size_t left = line_end(csv); left > 0; left--)
		pass(csv);
}

static enum csv_result fail(struct csv *csv, enum csv_result result, struct csv_place at)
{
	csv->fault = at;
	csv->rest = span_slice(csv->rest, csv->rest.len, 0);
	csv->field_count = 0;
	return result;
}

/* CSV_ROW: it was kept. */
static enum csv_result keep(struct csv *csv)
{
	if (csv->text_len == CSV_ROW_MAX)
		return fail(csv, CSV_TOO_LONG, csv->at);
	csv->text[csv->text_len++] = csv->rest.data[0];
	pass(csv);
	return CSV_ROW;
}

static bool at_field_end(const struct csv *csv)
{
	return peek(csv) < 0 || csv->rest.data[0] == csv->separator || line_end(csv) > 0;
}

static enum csv_result read_quoted(struct csv *csv)
{
	struct csv_place opened = csv->at;

	pass(csv);
	while (peek(csv) >= 0) {
		if (peek(csv) == '"') {
			pass(csv);
			if (peek(csv) != '"')
				return at_field_end(csv) ? CSV_ROW
							 : fail(csv, CSV_BEHIND_QUOTE, csv->at);
		}
		if (peek(csv) == 0)
			return fail(csv, CSV_CONTROL, csv->at);
		enum csv_result result = keep(csv);

		if (result != CSV_ROW)
			return result;
	}
	return fail(csv, CSV_OPEN_QUOTE, opened);
}

static enum csv_result read_bare(struct csv *csv)
{
	while (!at_field_end(csv)) {
		if (peek(csv) == '"')
			return fail(csv, CSV_STRAY_QUOTE, csv->at);
		if (peek(csv) == 0 || peek(csv) == '\r')
			return fail(csv, CSV_CONTROL, csv->at);
		enum csv_result result = keep(csv);

		if (result != CSV_ROW)
			return result;
	}
	return CSV_ROW;
}

static enum csv_result read_field(struct csv *csv)
{
	if (csv->field_count == CSV_FIELDS_MAX)
		return fail(csv, CSV_TOO_MANY, csv->at);
	struct csv_field *field = &csv->field[csv->field_count++];
	uint32_t begin = csv->text_len;

	field->at = csv->at;
	enum csv_result result = peek(csv) == '"' ? read_quoted(csv) : read_bare(csv);

	if (result == CSV_ROW)
		field->text = span_of(csv->text + begin, csv->text_len - begin);
	return result;
}

/* Of the first line: the first that stands there outside quotes; a comma when none does. */
static char find_separator(struct span text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len && (quoted || text.data[i] != '\n'); i++) {
		char c = text.data[i];

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == ';' || c == '\t'))
			return c;
	}
	return ',';
}

void csv_begin(struct csv *csv, struct span text)
{
	if (span_starts_with(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_slice(text, 3, text.len);
	csv->rest = text;
	csv->at = (struct csv_place){1, 1};
	csv->fault = csv->at;
	csv->separator = find_separator(text);
	csv->field_count = 0;
	csv->text_len = 0;
}

enum csv_result csv_next(struct csv *csv)
{
	while (line_end(csv) > 0)
		pass_line_end(csv);
	csv->field_count = 0;
	csv->text_len = 0;
	if (peek(csv) < 0)
		return CSV_END;
	for (;;) {
		enum csv_result result = read_field(csv);

		if (result != CSV_ROW)
			return result;
		if (peek(csv) < 0 || line_end(csv) > 0)
			break;
		pass(csv); /* the separator */
	}
	pass_line_end(csv);
	return CSV_ROW;
}

const char *csv_fault_text(enum csv_result result)
{
	switch (result) {
	case CSV_ROW:
	case CSV_END:
		break;
	case CSV_STRAY_QUOTE:
		return "a quote inside a field: put the field between quotes and double this one";
	case CSV_BEHIND_QUOTE:
		return "text behind the closing quote: a separator or the line's end must follow, "
		       "and "
		       "a quote inside is doubled";
	case CSV_OPEN_QUOTE:
		return "this quote is never closed";
	case CSV_CONTROL:
		return "a NUL or a carriage return without line feed: save the file as UTF-8 with "
		       "LF "
		       "or CRLF line ends";
	case CSV_TOO_MANY:
		return "more fields than a row may have: is a quote missing, or is this no CSV?";
	case CSV_TOO_LONG:
		return "more text than a row may hold: is a quote missing?";
	}
	return NULL;
}
