/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comma-separated values as RFC 4180 has them: fields between separators, lines end in CRLF or LF,
 * a field between quotes may hold separators, line ends and, doubled, quotes. Blanks belong to
 * their field. What the RFC leaves open: a byte order mark in front is passed over, and so are
 * empty lines; the separator is what the first line uses, of comma, semicolon and tab. A quote
 * inside a field that does not begin with one, anything behind a closing quote, NUL and a CR
 * without LF are refused where they stand.
 */
#pragma once

#include "base/span.h"

#define CSV_FIELDS_MAX 64 /* of a row */
#define CSV_ROW_MAX 16384 /* bytes of a row's fields together */

/* Where something begins; both count from 1. A column is a character of UTF-8. */
struct csv_place {
	uint32_t line;
	uint32_t column;
};

struct csv_field {
	struct span text; /* without its quotes; in struct csv, until the next row */
	struct csv_place at;
};

enum csv_result {
	CSV_ROW,
	CSV_END,
	/* What is wrong at csv->fault; the reader does not go on behind it. */
	CSV_STRAY_QUOTE, /* a quote within a field that does not begin with one */
	CSV_BEHIND_QUOTE, /* something between a closing quote and the separator */
	CSV_OPEN_QUOTE, /* the quote at the fault is never closed */
	CSV_CONTROL, /* NUL, or CR without LF */
	CSV_TOO_MANY, /* more than CSV_FIELDS_MAX fields */
	CSV_TOO_LONG, /* more than CSV_ROW_MAX bytes */
};

struct csv {
	struct span rest;
	struct csv_place at; /* of the first byte of rest */
	struct csv_place fault;
	char separator;
	uint32_t field_count; /* of the latest row */
	uint32_t text_len;
	struct csv_field field[CSV_FIELDS_MAX];
	char text[CSV_ROW_MAX];
};

/* text must stay while rows are read. */
void csv_begin(struct csv *csv, struct span text);

/* The next row into csv->field; at least one field. */
enum csv_result csv_next(struct csv *csv);

/* What a fault means, for a person: "a quote inside a field: ...". NULL for a row and the end. */
const char *csv_fault_text(enum csv_result result);
