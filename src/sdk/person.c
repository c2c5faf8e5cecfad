// SPDX-License-Identifier: Apache-2.0
/* People: rows of AccessControlCard as recordUpdater takes them, and how many there are. */
#include "sdk.h"

#include <stdlib.h>

#define USER_ID_BYTES_MAX 64
#define CARD_NO_BYTES_MAX 32
#define NAME_CHARACTERS_MAX 32
#define PASSWORD_BYTES_MAX 64
#define DURESS_BYTES_MAX 12
#define TEXT_BYTES_MAX 32
#define DOORS_MAX 128

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

/* A call whose answer is one number. */
struct number_call {
	struct postern_call call;
	uint64_t number;
	postern_number_fn *done;
	void *user;
};

static void number_end(struct postern_call *call, int error)
{
	struct number_call *number = (struct number_call *)call;

	number->done(number->user, call, error, error == POSTERN_OK ? number->number : 0);
}

static int number_start(struct postern_device *device, const char *target,
	http_answered_fn *answered, postern_number_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = number_end};
	int error;
	struct number_call *number =
		call_new(device, sizeof(*number), &class, done != NULL, &error);

	if (number == NULL)
		return error;
	number->done = done;
	number->user = user;
	return call_begin(&number->call, http_start(&number->call, target, answered), call);
}

static int add_answered(struct postern_call *call, int error, struct answer *answer)
{
	int64_t number;

	if (error != POSTERN_OK)
		return error;
	if (!answer_number(answer, "RecNo", &number))
		return call_fail(call, POSTERN_E_PROTOCOL, "the answer has no RecNo=");
	((struct number_call *)call)->number = (uint64_t)number;
	return POSTERN_OK;
}

int postern_person_add_start(struct postern_device *device, const struct postern_person *person,
	postern_number_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = check_person(device, person);

	if (error != POSTERN_OK)
		return error;
	if (person->user_id == NULL || person->user_id[0] == 0 || person->card_no == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"enrolling needs a UserID and a CardNo (which may be empty)");
	begin_updater(&target, "insert");
	add_person(&target, person, false);
	return number_start(device, target_end(&target, device), add_answered, done, user, call);
}

int postern_person_add(
	struct postern_device *device, const struct postern_person *person, uint64_t *rec_no)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_person_add_start(device, person, sync_number, &sync, NULL));
	if (error == POSTERN_OK && rec_no != NULL)
		*rec_no = sync.number;
	return error;
}

int postern_person_update_start(struct postern_device *device, const struct postern_person *person,
	postern_done_fn *done, void *user, struct postern_call **call)
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
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_person_update(struct postern_device *device, const struct postern_person *person)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_person_update_start(device, person,
							      sync_done, &sync, NULL));
}

int postern_person_remove_start(struct postern_device *device, uint64_t rec_no,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;

	if (rec_no == 0 || rec_no > INT64_MAX)
		return device_fail(
			device, POSTERN_E_ARGUMENT, "a row is named by its RecNo, from 1");
	begin_updater(&target, "remove");
	target_number(&target, "recno", (int64_t)rec_no);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_person_remove(struct postern_device *device, uint64_t rec_no)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_person_remove_start(device, rec_no,
							      sync_done, &sync, NULL));
}

int postern_person_clear_start(struct postern_device *device, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	struct target target;

	begin_updater(&target, "clear");
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_person_clear(struct postern_device *device)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_person_clear_start(
							      device, sync_done, &sync, NULL));
}

static int count_answered(struct postern_call *call, int error, struct answer *answer)
{
	int64_t number;

	if (error != POSTERN_OK)
		return error;
	if (!answer_number(answer, "Size", &number) && !answer_number(answer, "count", &number))
		return call_fail(
			call, POSTERN_E_PROTOCOL, "the answer has neither Size= nor count=");
	((struct number_call *)call)->number = (uint64_t)number;
	return POSTERN_OK;
}

int postern_people_count_start(struct postern_device *device, postern_number_fn *done, void *user,
	struct postern_call **call)
{
	struct target target;

	target_begin(&target, "recordFinder.cgi", "getQuerySize");
	target_text(&target, "name", "AccessControlCard");
	return number_start(device, target_end(&target, device), count_answered, done, user, call);
}

int postern_people_count(struct postern_device *device, uint64_t *count)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_people_count_start(device, sync_number, &sync, NULL));
	if (error == POSTERN_OK)
		*count = sync.number;
	return error;
}
