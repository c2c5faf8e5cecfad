// SPDX-License-Identifier: Apache-2.0
/* People: rows of AccessControlCard, written by recordUpdater and read by recordFinder. */
#include "base/number.h"
#include "protocols/query.h"
#include "sdk.h"

#include <limits.h>
#include <stdlib.h>

#define USER_ID_BYTES_MAX 64
#define CARD_NO_BYTES_MAX 32
#define NAME_CHARACTERS_MAX 32
#define PASSWORD_BYTES_MAX 64
#define DURESS_BYTES_MAX 12
#define TEXT_BYTES_MAX 32
#define DOORS_MAX 128
#define PAGE_ROWS 1000

struct text_rule {
	const char *name;
	size_t at; /* of the const char * in struct postern_person */
	size_t characters_max;
	size_t bytes_max;
};

static const struct text_rule text_rules[] = {
	{"CardName", offsetof(struct postern_person, name), NAME_CHARACTERS_MAX,
		4 * NAME_CHARACTERS_MAX},
	{"CardNo", offsetof(struct postern_person, card_no), CARD_NO_BYTES_MAX, CARD_NO_BYTES_MAX},
	{"UserID", offsetof(struct postern_person, user_id), USER_ID_BYTES_MAX, USER_ID_BYTES_MAX},
	{"Password", offsetof(struct postern_person, password), PASSWORD_BYTES_MAX,
		PASSWORD_BYTES_MAX},
	{"DuressPassword", offsetof(struct postern_person, duress_password), DURESS_BYTES_MAX,
		DURESS_BYTES_MAX},
	{"VTOPosition", offsetof(struct postern_person, vto_position), TEXT_BYTES_MAX,
		TEXT_BYTES_MAX},
	{"ValidDateStart", offsetof(struct postern_person, valid_from), 19, 19},
	{"ValidDateEnd", offsetof(struct postern_person, valid_to), 19, 19},
	{"CitizenIDNo", offsetof(struct postern_person, citizen_id_no), TEXT_BYTES_MAX,
		TEXT_BYTES_MAX},
};

static const char *text_of(const struct postern_person *person, const struct text_rule *rule)
{
	const char *text = NULL;

	if (rule->at + sizeof(text) <= person->size)
		memcpy(&text, (const char *)person + rule->at, sizeof(text));
	return text;
}

static int check_person(struct postern_device *device, const struct postern_person *person)
{
	/* What stands behind was added later: a program built before does not have it. */
	if (person == NULL || person->size < offsetof(struct postern_person, duress_password))
		return device_fail(device, POSTERN_E_ARGUMENT, "person: size is not set");
	for (size_t i = 0; i < ARRAY_COUNT(text_rules); i++) {
		const struct text_rule *rule = &text_rules[i];
		const char *text = text_of(person, rule);

		if (text != NULL && !text_acceptable(text, rule->characters_max, rule->bytes_max))
			return device_fail(device, POSTERN_E_ARGUMENT,
				"%s: at most %zu characters of UTF-8 without control characters",
				rule->name, rule->characters_max);
	}
	if (person->door_count > DOORS_MAX || person->schedule_count > DOORS_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"Doors and TimeSections: at most %d entries each", DOORS_MAX);
	return POSTERN_OK;
}

static void add_number(struct target *target, const char *name, int64_t value)
{
	if (value != POSTERN_NOT_GIVEN)
		target_number(target, name, value);
}

/* A list that is given and empty has a form of its own; a new row's are empty anyway. */
static void add_list(
	struct target *target, const char *name, const int *list, size_t count, bool update)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] != POSTERN_NOT_GIVEN)
			target_indexed(target, name, i, list[i]);
	}
	if (update && list != NULL && count == 0)
		target_text(target, name, "[]");
}

static void add_person(struct target *target, const struct postern_person *person, bool update)
{
	for (size_t i = 0; i < ARRAY_COUNT(text_rules); i++)
		target_text(target, text_rules[i].name, text_of(person, &text_rules[i]));
	add_number(target, "CardStatus", person->card_status);
	add_number(target, "CardType", person->card_type);
	add_number(target, "UserType", person->user_type);
	add_number(target, "UseTime", person->uses_left);
	if (person->is_valid != POSTERN_NOT_GIVEN)
		target_text(target, "IsValid", person->is_valid ? "true" : "false");
	add_list(target, "Doors", person->doors, person->door_count, update);
	add_list(target, "TimeSections", person->schedules, person->schedule_count, update);
}

static void begin_updater(struct target *target, const char *action)
{
	target_begin(target, "recordUpdater.cgi", action);
	target_text(target, "name", "AccessControlCard");
}

int postern_person_add(
	struct postern_device *device, const struct postern_person *person, uint64_t *rec_no)
{
	struct target target;
	struct answer answer;
	int64_t number;
	int error = check_person(device, person);

	if (error != POSTERN_OK)
		return error;
	if (person->user_id == NULL || person->user_id[0] == 0 || person->card_no == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"enrolling needs a UserID and a CardNo (which may be empty)");
	begin_updater(&target, "insert");
	add_person(&target, person, false);
	const char *text = target_end(&target, device);

	if (text == NULL)
		return POSTERN_E_ARGUMENT;
	error = http_get(device, text, &answer);
	if (error != POSTERN_OK)
		return error;
	bool answered = answer_number(&answer, "RecNo", &number);

	answer_drop(&answer);
	if (!answered)
		return device_fail(device, POSTERN_E_PROTOCOL, "the answer has no RecNo=");
	if (rec_no != NULL)
		*rec_no = (uint64_t)number;
	return POSTERN_OK;
}

int postern_person_update(struct postern_device *device, const struct postern_person *person)
{
	struct target target;
	int error = check_person(device, person);

	if (error != POSTERN_OK)
		return error;
	if (person->rec_no == 0 || person->rec_no > INT64_MAX)
		return device_fail(
			device, POSTERN_E_ARGUMENT, "an update names the row by its RecNo");
	begin_updater(&target, "update");
	target_number(&target, "recno", (int64_t)person->rec_no);
	add_person(&target, person, true);
	const char *text = target_end(&target, device);

	return text == NULL ? POSTERN_E_ARGUMENT : http_command(device, text);
}

int postern_person_remove(struct postern_device *device, uint64_t rec_no)
{
	struct target target;

	if (rec_no == 0 || rec_no > INT64_MAX)
		return device_fail(
			device, POSTERN_E_ARGUMENT, "a row is named by its RecNo, from 1");
	begin_updater(&target, "remove");
	target_number(&target, "recno", (int64_t)rec_no);
	return http_command(device, target_end(&target, device));
}

int postern_person_clear(struct postern_device *device)
{
	struct target target;

	begin_updater(&target, "clear");
	return http_command(device, target_end(&target, device));
}

/* --- reading --- */

struct people_owner {
	struct postern_people people; /* first: what the user holds */
	struct table *pages; /* one a page; the rows' strings live in them */
	size_t page_count;
	int **lists; /* doors and schedules of each person */
	size_t list_count;
};

static int number_or(const struct row *row, const char *name)
{
	int64_t number = fields_number(row->fields, row->field_count, name);

	return number < INT_MIN || number > INT_MAX ? POSTERN_NOT_GIVEN : (int)number;
}

static int flag_or(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	if (value == NULL)
		return POSTERN_NOT_GIVEN;
	return span_equal_nocase(span_from_string(value), SPAN_LIT("true")) || value[0] == '1';
}

/*
 * Values of name[0], name[1], ... by subscript, POSTERN_NOT_GIVEN where one is left out; NULL and 0
 * when there is none or memory is out.
 */
static int *list_of(const struct row *row, const char *name, size_t *ret_count)
{
	int *list = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < row->field_count; i++) {
		const struct postern_field *field = &row->fields[i];
		struct span base;
		uint32_t at;
		bool too_high;
		int64_t number;

		if (!query_subscript(
			    span_from_string(field->name), DOORS_MAX - 1, &base, &at, &too_high) ||
			!span_equal_nocase(base, span_from_string(name)) ||
			!number_parse_i64(span_from_string(field->value), 0, INT_MAX, &number))
			continue;
		if (list == NULL)
			list = malloc(DOORS_MAX * sizeof(*list));
		if (list == NULL)
			return NULL;
		for (; *ret_count <= at; (*ret_count)++)
			list[*ret_count] = POSTERN_NOT_GIVEN;
		list[at] = (int)number;
	}
	return list;
}

static void fill_person(struct people_owner *owner, const struct row *row)
{
	struct postern_person *person = &owner->people.person[owner->people.count++];
	int64_t rec_no = fields_number(row->fields, row->field_count, "RecNo");

	*person = (struct postern_person)POSTERN_PERSON_INIT;
	person->rec_no = rec_no < 0 ? 0 : (uint64_t)rec_no;
	person->user_id = fields_find(row->fields, row->field_count, "UserID");
	person->card_no = fields_find(row->fields, row->field_count, "CardNo");
	person->name = fields_find(row->fields, row->field_count, "CardName");
	person->vto_position = fields_find(row->fields, row->field_count, "VTOPosition");
	person->valid_from = fields_find(row->fields, row->field_count, "ValidDateStart");
	person->valid_to = fields_find(row->fields, row->field_count, "ValidDateEnd");
	person->citizen_id_no = fields_find(row->fields, row->field_count, "CitizenIDNo");
	person->card_status = number_or(row, "CardStatus");
	person->card_type = number_or(row, "CardType");
	person->user_type = number_or(row, "UserType");
	person->uses_left = fields_number(row->fields, row->field_count, "UseTime");
	person->is_valid = flag_or(row, "IsValid");
	person->field_count = row->field_count;
	person->fields = row->fields;
	owner->lists[owner->list_count] = list_of(row, "Doors", &person->door_count);
	person->doors = owner->lists[owner->list_count++];
	owner->lists[owner->list_count] = list_of(row, "TimeSections", &person->schedule_count);
	person->schedules = owner->lists[owner->list_count++];
}

static bool grow(struct people_owner *owner, size_t rows)
{
	size_t people = owner->people.count + rows;
	struct postern_person *person =
		realloc(owner->people.person, (people + 1) * sizeof(*person));
	struct table *pages = realloc(owner->pages, (owner->page_count + 1) * sizeof(*pages));
	int **lists = realloc(owner->lists, (2 * people + 1) * sizeof(*lists));

	if (person != NULL)
		owner->people.person = person;
	if (pages != NULL)
		owner->pages = pages;
	if (lists != NULL)
		owner->lists = lists;
	return person != NULL && pages != NULL && lists != NULL;
}

/* Takes one page over. */
static int add_page(struct people_owner *owner, struct table *page)
{
	if (!grow(owner, page->row_count)) {
		table_drop(page);
		return POSTERN_E_MEMORY;
	}
	owner->pages[owner->page_count++] = *page;
	for (size_t i = 0; i < page->row_count; i++)
		fill_person(owner, &page->rows[i]);
	return POSTERN_OK;
}

static int fetch_page(struct postern_device *device, const char *user_id, const char *card_no,
	size_t offset, struct table *ret)
{
	struct target target;
	struct answer answer;

	/* `find` ignores offset on real devices: pages come by doSeekFind. */
	target_begin(&target, "recordFinder.cgi", offset == 0 ? "find" : "doSeekFind");
	target_text(&target, "name", "AccessControlCard");
	target_text(&target, "condition.UserID", user_id);
	target_text(&target, "condition.CardNo", card_no);
	target_number(&target, "count", PAGE_ROWS);
	if (offset > 0)
		target_number(&target, "offset", (int64_t)offset);
	const char *text = target_end(&target, device);

	if (text == NULL)
		return POSTERN_E_ARGUMENT;
	int error = http_get(device, text, &answer);

	if (error != POSTERN_OK)
		return error;
	error = table_parse(&answer, "records", ret);
	return error == POSTERN_OK ? error
				   : device_fail(device, error, "%s", postern_strerror(error));
}

int postern_people_find(struct postern_device *device, const char *user_id, const char *card_no,
	struct postern_people **people)
{
	struct people_owner *owner = calloc(1, sizeof(*owner));
	int error = owner == NULL ? POSTERN_E_MEMORY : POSTERN_OK;
	size_t rows = PAGE_ROWS;

	while (error == POSTERN_OK && rows == PAGE_ROWS) {
		struct table page;

		error = fetch_page(device, user_id, card_no, owner->people.count, &page);
		if (error != POSTERN_OK)
			break;
		rows = page.row_count;
		error = add_page(owner, &page);
	}
	if (error != POSTERN_OK) {
		postern_people_free(owner == NULL ? NULL : &owner->people);
		return error;
	}
	*people = &owner->people;
	return POSTERN_OK;
}

struct postern_people *postern_people_free(struct postern_people *people)
{
	struct people_owner *owner = (struct people_owner *)people;

	if (owner == NULL)
		return NULL;
	for (size_t i = 0; i < owner->page_count; i++)
		table_drop(&owner->pages[i]);
	for (size_t i = 0; i < owner->list_count; i++)
		free(owner->lists[i]);
	free(owner->pages);
	free(owner->lists);
	free(owner->people.person);
	free(owner);
	return NULL;
}

int postern_people_count(struct postern_device *device, uint64_t *count)
{
	struct target target;
	struct answer answer;
	int64_t number;

	target_begin(&target, "recordFinder.cgi", "getQuerySize");
	target_text(&target, "name", "AccessControlCard");
	int error = http_get(device, target_end(&target, device), &answer);

	if (error != POSTERN_OK)
		return error;
	bool answered =
		answer_number(&answer, "Size", &number) || answer_number(&answer, "count", &number);

	answer_drop(&answer);
	if (!answered)
		return device_fail(
			device, POSTERN_E_PROTOCOL, "the answer has neither Size= nor count=");
	*count = (uint64_t)number;
	return POSTERN_OK;
}
