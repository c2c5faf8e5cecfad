/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People from files: what a row of a file says (user_row.c), the file (user_file.c), and sending it
 * with many requests under way (user_import.c).
 */
#pragma once

#include "base/buf.h"
#include "cli.h"
#include "protocols/csv.h"

#define USER_LIST_MAX 128 /* doors or schedules of a person */
#define USER_WHY_MAX 256

struct user_word {
	const char *word;
	int value;
};

/* Each ends with a row whose word is NULL. */
extern const struct user_word user_status_words[];
extern const struct user_word user_type_words[];

/* One of the words, without case, or a number up to max. */
MUST_CHECK bool user_word_parse(struct span text, const struct user_word *words, int max, int *ret);

/* --- rows --- */

/* One person of a file. person's texts and lists point into the row: it must not be copied. */
struct user_row {
	struct postern_person person;
	uint32_t number; /* of the rows that hold people, from 1 */
	struct csv_place at;
	uint32_t given; /* columns, by their place in the table */
	char text[1024]; /* NUL-terminated, one behind the other */
	size_t text_len;
	int doors[USER_LIST_MAX];
	int schedules[USER_LIST_MAX];
};

/* What a column's name says: a place in the table of columns, and the subscript of Doors[3]. */
struct user_column {
	unsigned at;
	uint32_t subscript;
};

/* The begin of a value, quoted; for one that a terminal should not get, words instead. */
void user_value_show(struct buf *out, struct span value);
void user_row_begin(struct user_row *row);
/* False: no column has this name. */
MUST_CHECK bool user_column_find(struct span name, struct user_column *ret);
/* The words by which columns are known, a blank between two. */
void user_columns_print(struct buf *out);
/* Takes a value; an empty one counts as left out. False: *why says what is wrong with it. */
MUST_CHECK bool user_row_set(
	struct user_row *row, struct user_column column, struct span value, struct buf *why);
/* What a row must have. */
MUST_CHECK bool user_row_end(struct user_row *row, struct buf *why);
/*
 * NULL when the device's row says all that this one does; else the name of a field that differs.
 * PINs, which never come back, are passed over.
 */
const char *user_row_differs(const struct user_row *row, const struct postern_person *found);
/* Wipes PINs. */
void user_row_wipe(struct user_row *row);

/* --- files --- */

enum user_file_result {
	USER_FILE_ROW,
	USER_FILE_END,
	USER_FILE_BAD, /* this row: see why and fault; the next one can be read */
	USER_FILE_BROKEN, /* nothing behind the fault can be read */
};

/* A CSV file with a header row, or JSON lines. Wholly in memory: standard input has one pass. */
struct user_file {
	const char *name;
	char *memory;
	size_t len;
	bool json;
	struct csv_place fault;
	char why[USER_WHY_MAX];
	struct csv csv;
	struct user_column column[CSV_FIELDS_MAX];
	uint32_t column_count;
	struct span rest; /* of JSON lines */
	uint32_t line;
	uint32_t rows;
};

/* Reads name ("-": standard input). An exit status; not EXIT_DONE: it was said why. */
MUST_CHECK int user_file_open(struct user_file *file, const char *name);
/* To the first row. USER_FILE_ROW, or USER_FILE_BROKEN for a header that cannot be. */
MUST_CHECK enum user_file_result user_file_rewind(struct user_file *file);
MUST_CHECK enum user_file_result user_file_next(struct user_file *file, struct user_row *row);
void user_file_close(struct user_file *file); /* wipes it */

/* user add --from FILE */
int user_import(struct postern_device *device, const struct arguments *arguments);
