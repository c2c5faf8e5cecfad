// SPDX-License-Identifier: Apache-2.0
/*
 * People as recordFinder hands them out: rows of AccessControlCard, page after page, into one
 * result. The rows' strings live in the pages' own text.
 */
#include "base/number.h"
#include "protocols/query.h"
#include "sdk.h"

#include <limits.h>
#include <stdlib.h>

#define DOORS_MAX 128
#define PAGE_ROWS 1000
#define PEOPLE_MAX 2000000 /* more than a device holds: this one makes them up */

struct people_owner {
	struct postern_people people; /* first: what the user holds */
	struct table *pages; /* one a page */
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

struct people_call {
	struct postern_call call;
	struct people_owner *owner;
	char *user_id; /* conditions; NULL: none */
	char *card_no;
	bool beyond; /* asked for what may not be there: behind a short page, without totalCount */
	postern_people_fn *done;
	void *user;
};

static int people_answered(struct postern_call *call, int error, struct answer *answer);

static int ask(struct people_call *people)
{
	struct target target;
	size_t offset = people->owner->people.count;

	/* `find` ignores offset on real devices: pages come by doSeekFind. */
	target_begin(&target, "recordFinder.cgi", offset == 0 ? "find" : "doSeekFind");
	target_text(&target, "name", "AccessControlCard");
	target_text(&target, "condition.UserID", people->user_id);
	target_text(&target, "condition.CardNo", people->card_no);
	target_number(&target, "count", PAGE_ROWS);
	if (offset > 0)
		target_number(&target, "offset", (int64_t)offset);
	return http_start(&people->call, target_end(&target, people->call.device), people_answered);
}

static bool rows_equal(const struct row *a, const struct row *b)
{
	if (a->field_count != b->field_count)
		return false;
	for (size_t i = 0; i < a->field_count; i++) {
		if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
			strcmp(a->fields[i].value, b->fields[i].value) != 0)
			return false;
	}
	return true;
}

/* The page came before: offset is not obeyed. */
static bool is_again(const struct people_owner *owner, const struct table *page)
{
	if (owner->people.count == 0 || page->row_count == 0)
		return false;
	const struct row *first = owner->pages[0].rows;
	const struct row *now = page->rows;
	int64_t rec_no = fields_number(now->fields, now->field_count, "RecNo");

	return rec_no > 0 ? rec_no == fields_number(first->fields, first->field_count, "RecNo")
			  : rows_equal(first, now);
}

/* A device may send fewer rows than asked for; one person's are always few. */
static bool has_more(struct people_call *people, size_t rows, int64_t total)
{
	bool all = people->user_id == NULL && people->card_no == NULL;

	people->beyond = false;
	if (rows == 0)
		return false;
	if (total != POSTERN_NOT_GIVEN)
		return (int64_t)people->owner->people.count < total;
	people->beyond = rows < PAGE_ROWS;
	return all || rows == PAGE_ROWS;
}

static int people_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct people_call *people = (struct people_call *)call;
	struct table page;

	if (people->beyond && (error == POSTERN_E_REFUSED || error == POSTERN_E_UNSUPPORTED))
		return POSTERN_OK; /* it knows no pages: there was one */
	if (error != POSTERN_OK)
		return error;
	error = table_parse(answer, "records", &page);
	if (error != POSTERN_OK)
		return call_fail(call, error, "%s", postern_strerror(error));
	if (is_again(people->owner, &page)) {
		table_drop(&page);
		return people->beyond ? POSTERN_OK
				      : call_fail(call, POSTERN_E_PROTOCOL,
						"the same people come again, and not all");
	}
	size_t rows = page.row_count;
	int64_t total = page.total;

	if (rows > PEOPLE_MAX - people->owner->people.count) {
		table_drop(&page);
		return call_fail(
			call, POSTERN_E_PROTOCOL, "more people come than a device can hold");
	}
	error = add_page(people->owner, &page);
	if (error != POSTERN_OK)
		return call_fail(call, error, "%s", postern_strerror(error));
	return has_more(people, rows, total) ? ask(people) : POSTERN_OK;
}

static void people_end(struct postern_call *call, int error)
{
	struct people_call *people = (struct people_call *)call;
	struct postern_people *found = NULL;

	if (error == POSTERN_OK) {
		found = &people->owner->people;
		people->owner = NULL;
	}
	people->done(people->user, call, error, found);
}

static void people_drop(struct postern_call *call)
{
	struct people_call *people = (struct people_call *)call;

	if (people->owner != NULL)
		postern_people_free(&people->owner->people);
	free(people->user_id);
	free(people->card_no);
}

/* False when memory is out. */
static bool copy_condition(char **copy, const char *text)
{
	*copy = text == NULL ? NULL : strdup(text);
	return text == NULL || *copy != NULL;
}

int postern_people_find_start(struct postern_device *device, const char *user_id,
	const char *card_no, postern_people_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = people_end, .drop = people_drop};
	int error;
	struct people_call *people =
		call_new(device, sizeof(*people), &class, done != NULL, &error);

	if (people == NULL)
		return error;
	people->done = done;
	people->user = user;
	people->owner = calloc(1, sizeof(*people->owner));
	if (people->owner == NULL || !copy_condition(&people->user_id, user_id) ||
		!copy_condition(&people->card_no, card_no))
		return call_begin(&people->call,
			call_fail(&people->call, POSTERN_E_MEMORY, "out of memory"), NULL);
	return call_begin(&people->call, ask(people), call);
}

static void sync_people(
	void *user, struct postern_call *call, int error, struct postern_people *people)
{
	((struct sync *)user)->result = people;
	sync_done(user, call, error);
}

int postern_people_find(struct postern_device *device, const char *user_id, const char *card_no,
	struct postern_people **people)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync, postern_people_find_start(device, user_id, card_no,
						 sync_people, &sync, NULL));
	if (error == POSTERN_OK)
		*people = sync.result;
	return error;
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
