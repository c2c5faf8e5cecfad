// SPDX-License-Identifier: Apache-2.0
/*
 * What a row of a file of people says. The table of columns knows each by the word that `user add`
 * has for it and by the device's own name of the field, so that what `user list --json` printed can
 * be enrolled elsewhere; fields that nobody enrols are known and passed over.
 */
#include "user.h"

#include "base/assert.h"
#include "base/number.h"
#include "base/utf8.h"
#include "protocols/keyvalue.h"
#include "protocols/query.h"

#include <stddef.h>

#define SHOWN_MAX 40 /* bytes of a value in a message */

const struct user_word user_status_words[] = {{"normal", 0}, {"lost", 1}, {"cancelled", 2},
	{"frozen", 4}, {"arrears", 8}, {"overdue", 16}, {"pre-arrears", 32}, {NULL, 0}};

const struct user_word user_type_words[] = {{"ordinary", 0}, {"vip", 1}, {"guest", 2},
	{"patrol", 3}, {"blocklist", 4}, {"duress", 5}, {"mother", 255}, {NULL, 0}};

enum column_kind {
	COLUMN_TEXT,
	COLUMN_CARD,
	COLUMN_SECRET,
	COLUMN_TIME,
	COLUMN_STATUS,
	COLUMN_TYPE,
	COLUMN_YES_NO,
	COLUMN_USES,
	COLUMN_USER_TYPE,
	COLUMN_CHANNELS, /* doors by channel, from 1 */
	COLUMN_DOOR, /* Doors[n]: a door's index */
	COLUMN_SCHEDULES,
	COLUMN_SCHEDULE, /* TimeSections[n] */
	COLUMN_PASSED_OVER,
};

struct column_row {
	const char *word; /* of `user add`; NULL: only the field's name */
	const char *field;
	enum column_kind kind;
	size_t at; /* of the const char * in struct postern_person */
	size_t max; /* of a text: bytes, of a name characters */
};

#define TEXT_AT(member) offsetof(struct postern_person, member)

static const struct column_row columns[] = {
	{"user", "UserID", COLUMN_TEXT, TEXT_AT(user_id), 64},
	{"card", "CardNo", COLUMN_CARD, TEXT_AT(card_no), 32},
	{"name", "CardName", COLUMN_TEXT, TEXT_AT(name), 32},
	{"doors", NULL, COLUMN_CHANNELS, 0, 0},
	{NULL, "Doors", COLUMN_DOOR, 0, 0},
	{"schedules", NULL, COLUMN_SCHEDULES, 0, 0},
	{NULL, "TimeSections", COLUMN_SCHEDULE, 0, 0},
	{"status", "CardStatus", COLUMN_STATUS, 0, 0},
	{"type", "CardType", COLUMN_TYPE, 0, 0},
	{"valid-from", "ValidDateStart", COLUMN_TIME, TEXT_AT(valid_from), 19},
	{"valid-to", "ValidDateEnd", COLUMN_TIME, TEXT_AT(valid_to), 19},
	{"valid", "IsValid", COLUMN_YES_NO, 0, 0},
	{"uses", "UseTime", COLUMN_USES, 0, 0},
	{"user-type", "UserType", COLUMN_USER_TYPE, 0, 0},
	{"citizen-id", "CitizenIDNo", COLUMN_TEXT, TEXT_AT(citizen_id_no), 32},
	{"vto-position", "VTOPosition", COLUMN_TEXT, TEXT_AT(vto_position), 32},
	{"pin", "Password", COLUMN_SECRET, TEXT_AT(password), 64},
	{"duress-pin", "DuressPassword", COLUMN_SECRET, TEXT_AT(duress_password), 12},
	{NULL, "RecNo", COLUMN_PASSED_OVER, 0, 0},
	{NULL, "DynamicCheckCode", COLUMN_PASSED_OVER, 0, 0},
	{NULL, "FirstEnter", COLUMN_PASSED_OVER, 0, 0},
	{NULL, "Handicap", COLUMN_PASSED_OVER, 0, 0},
	{NULL, "RepeatEnterRouteTimeout", COLUMN_PASSED_OVER, 0, 0},
};

_Static_assert(ARRAY_COUNT(columns) <= 32, "user_row.given has a bit for each");

bool user_word_parse(struct span text, const struct user_word *words, int max, int *ret)
{
	uint64_t number;

	for (const struct user_word *w = words; w->word != NULL; w++) {
		if (span_equal_nocase(text, span_from_string(w->word))) {
			*ret = w->value;
			return true;
		}
	}
	if (!number_parse_u64(text, (uint64_t)max, &number))
		return false;
	*ret = (int)number;
	return true;
}

/* "Valid from" and "valid_from" are the column valid-from. */
static bool is_word(struct span name, const char *word)
{
	size_t len = word == NULL ? 0 : strlen(word);

	if (word == NULL || name.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c == '_' || c == ' ' ? '-' : c) != word[i])
			return false;
	}
	return true;
}

bool user_column_find(struct span name, struct user_column *ret)
{
	struct span base = name;
	bool too_high = false;
	uint32_t subscript = 0;
	bool element = query_subscript(name, USER_LIST_MAX - 1, &base, &subscript, &too_high);

	for (unsigned i = 0; i < ARRAY_COUNT(columns); i++) {
		const struct column_row *row = &columns[i];
		bool listed = row->kind == COLUMN_DOOR || row->kind == COLUMN_SCHEDULE;

		if (is_word(name, row->word) ||
			(row->field != NULL && listed == element && !too_high &&
				span_equal_nocase(base, span_from_string(row->field)))) {
			*ret = (struct user_column){i, subscript};
			return true;
		}
	}
	return false;
}

void user_columns_print(struct buf *out)
{
	for (unsigned i = 0; i < ARRAY_COUNT(columns); i++) {
		if (columns[i].word == NULL)
			continue;
		buf_add_string(out, i == 0 ? "" : " ");
		buf_add_string(out, columns[i].word);
	}
}

void user_row_begin(struct user_row *row)
{
	user_row_wipe(row);
	row->person = (struct postern_person)POSTERN_PERSON_INIT;
	row->given = 0;
}

void user_row_wipe(struct user_row *row)
{
	explicit_bzero(row->text, sizeof(row->text));
	row->text_len = 0;
}

/* Each column once, and none longer than its max: row->text holds them all. */
static void add_text(struct user_row *row, const struct column_row *column, struct span value)
{
	char *place = row->text + row->text_len;

	ASSERT(value.len < sizeof(row->text) - row->text_len);
	memcpy(place, value.data, value.len);
	place[value.len] = 0;
	row->text_len += value.len + 1;
	memcpy((char *)&row->person + column->at, &place, sizeof(place));
}

static bool set_text(
	struct user_row *row, const struct column_row *column, struct span value, struct buf *why)
{
	bool name = column->at == TEXT_AT(name); /* the rest is counted in bytes */
	size_t characters;
	struct civil local;

	if (!utf8_printable(value, &characters) || (name ? characters : value.len) > column->max) {
		buf_add_string(why, "at most ");
		buf_add_u64(why, column->max);
		buf_add_string(why, name ? " characters" : " bytes");
		buf_add_string(why, " of UTF-8 without control characters");
		return false;
	}
	if (column->kind == COLUMN_CARD &&
		(span_find(value, '.') < value.len || span_find(value, '+') < value.len)) {
		buf_add_string(why,
			"a card's number: if a spreadsheet wrote it, make the column text "
			"there, or digits are lost");
		return false;
	}
	if (column->kind == COLUMN_TIME && !keyvalue_parse_time(value, &local)) {
		buf_add_string(why, "a time of the device's own clock: 2026-03-01 08:00:00");
		return false;
	}
	add_text(row, column, value);
	return true;
}

/* The next part of "1,2", "1;2" or "1 2". */
static bool next_part(struct span *rest, struct span *ret)
{
	size_t len = 0;

	while (rest->len > 0 && memchr(",; ", rest->data[0], 3) != NULL)
		*rest = span_slice(*rest, 1, rest->len);
	while (len < rest->len && memchr(",; ", rest->data[len], 3) == NULL)
		len++;
	*ret = span_slice(*rest, 0, len);
	*rest = span_slice(*rest, len, rest->len);
	return len > 0;
}

/* min is taken off each number. */
static bool set_list(struct span value, int min, int max, int *list, size_t *count, struct buf *why)
{
	struct span part;

	if (*count > 0) {
		buf_add_string(why, "wanted: the list was given before");
		return false;
	}
	while (next_part(&value, &part)) {
		int64_t number;

		if (*count >= USER_LIST_MAX || !number_parse_i64(part, min, max, &number)) {
			buf_add_string(why, "a list like 1,2 of numbers from ");
			buf_add_i64(why, min);
			buf_add_string(why, " to ");
			buf_add_i64(why, max);
			return false;
		}
		list[(*count)++] = (int)number - min;
	}
	return true;
}

static bool set_element(
	struct span value, uint32_t at, int max, int *list, size_t *count, struct buf *why)
{
	int64_t number;

	if (!number_parse_i64(value, 0, max, &number)) {
		buf_add_string(why, "a number from 0 to ");
		buf_add_i64(why, max);
		return false;
	}
	while (*count <= at)
		list[(*count)++] = POSTERN_NOT_GIVEN;
	if (list[at] != POSTERN_NOT_GIVEN) {
		buf_add_string(why, "wanted: this place of the list was given before");
		return false;
	}
	list[at] = (int)number;
	return true;
}

static bool set_word(
	struct span value, const struct user_word *words, int max, int *ret, struct buf *why)
{
	if (user_word_parse(value, words, max, ret))
		return true;
	buf_add_string(why, "one of");
	for (const struct user_word *w = words; w->word != NULL; w++) {
		buf_add_string(why, " ");
		buf_add_string(why, w->word);
	}
	return false;
}

static bool set_status(struct user_row *row, struct span value, struct buf *why)
{
	struct span part;
	int bits;

	row->person.card_status = 0;
	while (next_part(&value, &part)) {
		if (!set_word(part, user_status_words, 63, &bits, why))
			return false;
		row->person.card_status |= bits;
	}
	return true;
}

static bool set_yes_no(struct user_row *row, struct span value, struct buf *why)
{
	bool yes = span_equal_nocase(value, SPAN_LIT("yes"));

	if (!yes && !span_equal_nocase(value, SPAN_LIT("no")) &&
		!keyvalue_parse_bool(value, &yes)) {
		buf_add_string(why, "yes or no");
		return false;
	}
	row->person.is_valid = yes;
	return true;
}

static bool set_number(struct span value, int64_t max, int64_t *ret, struct buf *why)
{
	if (number_parse_i64(value, 0, max, ret))
		return true;
	buf_add_string(why, "a number from 0 to ");
	buf_add_i64(why, max);
	return false;
}

static bool set_value(
	struct user_row *row, struct user_column column, struct span value, struct buf *why)
{
	const struct column_row *known = &columns[column.at];
	struct postern_person *person = &row->person;
	int64_t number = POSTERN_NOT_GIVEN;

	switch (known->kind) {
	case COLUMN_TEXT:
	case COLUMN_CARD:
	case COLUMN_SECRET:
	case COLUMN_TIME:
		return set_text(row, known, value, why);
	case COLUMN_STATUS:
		return set_status(row, value, why);
	case COLUMN_TYPE:
		return set_word(value, user_type_words, 255, &person->card_type, why);
	case COLUMN_YES_NO:
		return set_yes_no(row, value, why);
	case COLUMN_USES:
		return set_number(value, UINT32_MAX, &person->uses_left, why);
	case COLUMN_USER_TYPE:
		if (!set_number(value, 5, &number, why))
			return false;
		person->user_type = (int)number;
		return true;
	case COLUMN_CHANNELS:
		return set_list(value, 1, 64, row->doors, &person->door_count, why);
	case COLUMN_DOOR:
		return set_element(
			value, column.subscript, 63, row->doors, &person->door_count, why);
	case COLUMN_SCHEDULES:
		return set_list(value, 0, 255, row->schedules, &person->schedule_count, why);
	case COLUMN_SCHEDULE:
		return set_element(
			value, column.subscript, 255, row->schedules, &person->schedule_count, why);
	case COLUMN_PASSED_OVER:
		break;
	}
	return true;
}

void user_value_show(struct buf *out, struct span value)
{
	size_t len = value.len > SHOWN_MAX ? SHOWN_MAX : value.len;

	while (len < value.len && len > 0 && ((unsigned char)value.data[len] & 0xc0) == 0x80)
		len--; /* not within a character */
	if (!utf8_printable(span_slice(value, 0, len), NULL)) {
		buf_add_string(out, "what stands here");
		return;
	}
	buf_add_string(out, "`");
	buf_add(out, span_slice(value, 0, len));
	buf_add_string(out, len < value.len ? "...`" : "`");
}

bool user_row_set(
	struct user_row *row, struct user_column column, struct span value, struct buf *why)
{
	const struct column_row *known = &columns[column.at];
	const char *name = known->word == NULL ? known->field : known->word;

	/* A blank behind a separator is not the card's: with it no reader would find it. */
	value = span_trim(value);
	if (value.len == 0)
		return true;
	bool twice = (row->given & 1u << column.at) != 0 && known->kind != COLUMN_DOOR &&
		     known->kind != COLUMN_SCHEDULE && known->kind != COLUMN_PASSED_OVER;

	row->given |= 1u << column.at;
	buf_add_string(why, name);
	if (twice) {
		buf_add_string(why, ": is given twice, by this and by another name");
		return false;
	}
	buf_add_string(why, ": ");
	if (known->kind == COLUMN_SECRET)
		buf_add_string(why, "what stands here");
	else
		user_value_show(why, value);
	buf_add_string(why, " is not ");
	return set_value(row, column, value, why);
}

bool user_row_end(struct user_row *row, struct buf *why)
{
	struct postern_person *person = &row->person;

	if (person->door_count > 0)
		person->doors = row->doors;
	if (person->schedule_count > 0)
		person->schedules = row->schedules;
	if (person->card_no == NULL)
		person->card_no = "";
	if (person->user_id != NULL)
		return true;
	buf_add_string(why, "the row has no user: every person needs one (UserID)");
	return false;
}

/* --- against the device's row --- */

static struct span number_part(const char *text)
{
	struct span digits = span_from_string(text == NULL ? "" : text);

	if (strspn(digits.data, "0123456789") != digits.len)
		return digits;
	while (digits.len > 1 && digits.data[0] == '0')
		digits = span_slice(digits, 1, digits.len);
	return digits;
}

static bool same_time(const char *mine, const char *theirs)
{
	struct civil a, b;

	return theirs != NULL && keyvalue_parse_time(span_from_string(mine), &a) &&
	       keyvalue_parse_time(span_from_string(theirs), &b) &&
	       civil_to_seconds(&a) == civil_to_seconds(&b);
}

static bool same_text(const struct column_row *column, const struct postern_person *mine,
	const struct postern_person *theirs)
{
	const char *a, *b;

	memcpy(&a, (const char *)mine + column->at, sizeof(a));
	memcpy(&b, (const char *)theirs + column->at, sizeof(b));
	if (column->kind == COLUMN_TIME)
		return same_time(a, b);
	if (column->kind == COLUMN_CARD)
		return span_equal(number_part(a), number_part(b));
	return strcmp(a, b == NULL ? "" : b) == 0;
}

/* A device may leave out what stands for nothing at the end. */
static bool same_list(const int *a, size_t a_count, const int *b, size_t b_count)
{
	size_t longest = a_count > b_count ? a_count : b_count;

	for (size_t i = 0; i < longest; i++) {
		int mine = i < a_count ? a[i] : POSTERN_NOT_GIVEN;
		int theirs = i < b_count ? b[i] : POSTERN_NOT_GIVEN;

		if (mine != theirs)
			return false;
	}
	return true;
}

/* A person whose time is over or not yet there shows as not valid, whatever was enrolled. */
static bool same_validity(const struct postern_person *mine, const struct postern_person *theirs)
{
	bool dated = mine->valid_from != NULL || mine->valid_to != NULL || mine->uses_left >= 0;

	return mine->is_valid == theirs->is_valid || (mine->is_valid == 1 && dated);
}

static bool same_value(
	unsigned at, const struct postern_person *mine, const struct postern_person *theirs)
{
	switch (columns[at].kind) {
	case COLUMN_TEXT:
	case COLUMN_CARD:
	case COLUMN_TIME:
		return same_text(&columns[at], mine, theirs);
	case COLUMN_STATUS:
		return mine->card_status == theirs->card_status;
	case COLUMN_TYPE:
		return mine->card_type == theirs->card_type;
	case COLUMN_YES_NO:
		return same_validity(mine, theirs);
	case COLUMN_USES: /* some may have been used since; a device prints no unlimited ones */
		return theirs->uses_left == POSTERN_NOT_GIVEN
			       ? mine->uses_left == UINT32_MAX
			       : theirs->uses_left <= mine->uses_left;
	case COLUMN_USER_TYPE:
		return mine->user_type == theirs->user_type;
	case COLUMN_CHANNELS:
	case COLUMN_DOOR:
		return same_list(mine->doors, mine->door_count, theirs->doors, theirs->door_count);
	case COLUMN_SCHEDULES:
	case COLUMN_SCHEDULE:
		return same_list(mine->schedules, mine->schedule_count, theirs->schedules,
			theirs->schedule_count);
	case COLUMN_SECRET:
	case COLUMN_PASSED_OVER:
		break;
	}
	return true;
}

const char *user_row_differs(const struct user_row *row, const struct postern_person *found)
{
	for (unsigned i = 0; i < ARRAY_COUNT(columns); i++) {
		if ((row->given & 1u << i) != 0 && !same_value(i, &row->person, found))
			return columns[i].word == NULL ? columns[i].field : columns[i].word;
	}
	return NULL;
}
