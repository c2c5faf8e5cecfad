/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record, an event or a person as sorted key=value fields, and the forms in which they leave:
 * lines with a prefix, or the JSON of eventManager. Pure; one place names every key.
 */
#pragma once

#include "base/buf.h"
#include "domain/person.h"
#include "domain/record.h"

#define FIELDS_MAX 48

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_SIGNED, FIELD_BOOL, FIELD_MILLI };

struct field {
	const char *key;
	enum field_kind kind;
	struct span text; /* FIELD_TEXT; lives as long as what the list was made from */
	uint64_t number; /* FIELD_NUMBER, FIELD_BOOL */
	int64_t value; /* FIELD_SIGNED; FIELD_MILLI: thousandths, printed as a decimal fraction */
};

struct field_list {
	uint32_t count;
	struct field field[FIELDS_MAX];
	char digits[24]; /* texts made here: a card number nobody enrolled, a reader's number */
	char reader[8];
};

void field_text(struct field_list *list, const char *key, struct span text);
void field_number(struct field_list *list, const char *key, uint64_t number);
void field_signed(struct field_list *list, const char *key, int64_t value);
void field_bool(struct field_list *list, const char *key, bool value);

/* The row of AccessControlCardRec. list points into *entry and into itself: do not copy it. */
void record_fields(const struct journal_entry *entry, struct field_list *list);

/* What both streams tell of any entry: a record's fields, or those of a door or an alarm. */
void event_fields(const struct journal_entry *entry, struct field_list *list);

/* By key, bytewise, as devices print them. */
void field_sort(struct field_list *list);

void field_print_lines(struct buf *out, struct span prefix, const struct field_list *list);

/* `"key" : value,` LF, indented by three blanks, in braces; ';' becomes ',' (clients split there).
 */
void field_print_json(struct buf *out, const struct field_list *list);

/* The row of AccessControlCard, in order. A password is never printed. */
void card_print_lines(struct buf *out, struct span prefix, const struct person *person,
	const struct zone *zone, int64_t now_s);
