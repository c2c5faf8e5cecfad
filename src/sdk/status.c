// SPDX-License-Identifier: Apache-2.0
/*
 * How a controller does: the plain lines of getControllerStatus become numbers, its four tables
 * rows. Each table cuts a copy of the answer for itself, which the result then owns. The device is
 * not believed: a number that is none is not given, an answer without `good=` is none of ours.
 */
#include "sdk.h"

#include <stdlib.h>
#include <time.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000

enum { TABLE_ROLES, TABLE_DOORS, TABLE_READERS, TABLE_ALARMS, TABLE_COUNT };

struct status_owner {
	struct postern_controller_status status; /* first: what the user holds */
	struct table table[TABLE_COUNT];
	void *rows[TABLE_COUNT];
};

/* --- plain lines --- */

static const struct {
	const char *key;
	size_t at; /* of the int64_t */
} numbers[] = {
	{"uptime", offsetof(struct postern_controller_status, uptime_s)},
	{"store.Waiting", offsetof(struct postern_controller_status, store_waiting)},
	{"sync.Count", offsetof(struct postern_controller_status, sync_count)},
	{"sync.P50US", offsetof(struct postern_controller_status, sync_p50_us)},
	{"sync.P99US", offsetof(struct postern_controller_status, sync_p99_us)},
	{"sync.Late", offsetof(struct postern_controller_status, sync_late)},
	{"records.First", offsetof(struct postern_controller_status, records_first)},
	{"records.Last", offsetof(struct postern_controller_status, records_last)},
	{"records.Kept", offsetof(struct postern_controller_status, records_kept)},
	{"records.Max", offsetof(struct postern_controller_status, records_max)},
	{"records.DaysLeft", offsetof(struct postern_controller_status, records_days_left)},
	{"persons.Count", offsetof(struct postern_controller_status, persons)},
	{"persons.Max", offsetof(struct postern_controller_status, persons_max)},
	{"backup.UTC", offsetof(struct postern_controller_status, backup_utc_s)},
	{"backup.RecNo", offsetof(struct postern_controller_status, backup_rec_no)},
	{"certificate.NotAfter",
		offsetof(struct postern_controller_status, certificate_not_after_s)},
};

static int flag_of(const char *value)
{
	struct span text = span_from_string(value == NULL ? "" : value);

	if (span_equal_nocase(text, SPAN_LIT("true")))
		return 1;
	return span_equal_nocase(text, SPAN_LIT("false")) ? 0 : POSTERN_NOT_GIVEN;
}

static int answer_flag(const struct answer *answer, const char *key)
{
	char value[8];

	answer_value(answer, key, value, sizeof(value));
	return flag_of(value);
}

/* False when this is no such answer. */
static bool head_read(const struct answer *answer, struct postern_controller_status *ret)
{
	int64_t utc_s = POSTERN_NOT_GIVEN;
	int64_t utc_ms = 0;

	ret->size = sizeof(*ret);
	ret->good = answer_flag(answer, "good");
	ret->clock_trusted = answer_flag(answer, "clock.Trusted");
	ret->store_failed = answer_flag(answer, "store.Failed");
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		int64_t number = POSTERN_NOT_GIVEN;

		(void)answer_number(answer, numbers[i].key, &number);
		memcpy((char *)ret + numbers[i].at, &number, sizeof(number));
	}
	if (!answer_number(answer, "clock.UTC", &utc_s) || utc_s > INT64_MAX / MS_PER_S - 1 ||
		!answer_number(answer, "clock.UTCMS", &utc_ms) || utc_ms >= MS_PER_S)
		return false;
	ret->clock_utc_ms = utc_s * MS_PER_S + utc_ms;
	return ret->good != POSTERN_NOT_GIVEN;
}

/* --- tables --- */

static const char *text_of(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	return value == NULL ? "" : value;
}

static int flag_in(const struct row *row, const char *name)
{
	return flag_of(fields_find(row->fields, row->field_count, name));
}

static int low_in(const struct row *row)
{
	const char *value = fields_find(row->fields, row->field_count, "Assurance");

	if (value == NULL)
		return POSTERN_NOT_GIVEN;
	return !span_equal_nocase(span_from_string(value), SPAN_LIT("secure"));
}

/* 0 where it is not there. */
static uint64_t count_in(const struct row *row, const char *name)
{
	int64_t number = fields_number(row->fields, row->field_count, name);

	return number < 0 ? 0 : (uint64_t)number;
}

static void role_read(const struct row *row, void *ret)
{
	*(struct postern_status_role *)ret = (struct postern_status_role){
		.name = text_of(row, "Name"),
		.restarts = count_in(row, "Restarts"),
		.latest_ago_s = fields_number(row->fields, row->field_count, "LatestAgo"),
	};
}

static void door_read(const struct row *row, void *ret)
{
	uint64_t index = count_in(row, "Index");

	*(struct postern_status_door *)ret = (struct postern_status_door){
		.channel = index < INT32_MAX ? (int)index + 1 : 0,
		.id = text_of(row, "ID"),
		.unlocked = flag_in(row, "Unlocked"),
		.open = flag_in(row, "Open"),
		.forced = flag_in(row, "Forced"),
		.held_open = flag_in(row, "HeldOpen"),
		.tamper = flag_in(row, "Tamper"),
		.low_assurance = low_in(row),
	};
}

static void reader_read(const struct row *row, void *ret)
{
	uint64_t number = count_in(row, "Number");

	*(struct postern_status_reader *)ret = (struct postern_status_reader){
		.number = number < INT32_MAX ? (int)number : 0,
		.door = text_of(row, "Door"),
		.frames = count_in(row, "Frames"),
		.faults = count_in(row, "Faults"),
		.held = {flag_in(row, "Held0"), flag_in(row, "Held1")},
		.low_assurance = low_in(row),
		.online = flag_in(row, "Online"),
		.secure = flag_in(row, "Secure"),
	};
}

static void alarm_read(const struct row *row, void *ret)
{
	*(struct postern_status_alarm *)ret =
		(struct postern_status_alarm){text_of(row, "Name"), text_of(row, "Text")};
}

static const struct {
	const char *name;
	size_t size; /* of a row as the user sees it */
	void (*read)(const struct row *row, void *ret);
} tables[TABLE_COUNT] = {
	[TABLE_ROLES] = {"roles", sizeof(struct postern_status_role), role_read},
	[TABLE_DOORS] = {"doors", sizeof(struct postern_status_door), door_read},
	[TABLE_READERS] = {"readers", sizeof(struct postern_status_reader), reader_read},
	[TABLE_ALARMS] = {"alarms", sizeof(struct postern_status_alarm), alarm_read},
};

static int table_take(const struct answer *answer, struct status_owner *owner, unsigned at)
{
	struct table *table = &owner->table[at];
	struct answer copy = {.text = malloc(answer->len + 1), .len = answer->len};

	if (copy.text == NULL)
		return POSTERN_E_MEMORY;
	memcpy(copy.text, answer->text, answer->len + 1);
	int error = table_parse(&copy, tables[at].name, table);

	if (error != POSTERN_OK)
		return error;
	owner->rows[at] = calloc(table->row_count + 1, tables[at].size);
	if (owner->rows[at] == NULL)
		return POSTERN_E_MEMORY;
	for (size_t i = 0; i < table->row_count; i++)
		tables[at].read(&table->rows[i], (char *)owner->rows[at] + i * tables[at].size);
	return POSTERN_OK;
}

static void rows_hand_out(struct status_owner *owner)
{
	struct postern_controller_status *status = &owner->status;

	status->role_count = owner->table[TABLE_ROLES].row_count;
	status->roles = owner->rows[TABLE_ROLES];
	status->door_count = owner->table[TABLE_DOORS].row_count;
	status->doors = owner->rows[TABLE_DOORS];
	status->reader_count = owner->table[TABLE_READERS].row_count;
	status->readers = owner->rows[TABLE_READERS];
	status->alarm_count = owner->table[TABLE_ALARMS].row_count;
	status->alarms = owner->rows[TABLE_ALARMS];
}

struct postern_controller_status *controller_status_read(
	const struct answer *answer, int *ret_error)
{
	struct status_owner *owner = calloc(1, sizeof(*owner));

	*ret_error = owner == NULL			 ? POSTERN_E_MEMORY
		     : head_read(answer, &owner->status) ? POSTERN_OK
							 : POSTERN_E_PROTOCOL;
	for (unsigned i = 0; i < TABLE_COUNT && *ret_error == POSTERN_OK; i++)
		*ret_error = table_take(answer, owner, i);
	if (*ret_error != POSTERN_OK) {
		if (owner != NULL)
			(void)postern_controller_status_free(&owner->status);
		return NULL;
	}
	rows_hand_out(owner);
	return &owner->status;
}

struct postern_controller_status *postern_controller_status_free(
	struct postern_controller_status *status)
{
	struct status_owner *owner = (struct status_owner *)status;

	if (owner == NULL)
		return NULL;
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		table_drop(&owner->table[i]);
		free(owner->rows[i]);
	}
	free(owner);
	return NULL;
}

/* --- the call --- */

struct status_call {
	struct postern_call call;
	struct postern_controller_status *status;
	int64_t asked_ms; /* this machine's clock */
	postern_controller_status_fn *done;
	void *user;
};

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* The controller read its clock somewhere between question and answer. */
static int status_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct status_call *call_of = (struct status_call *)call;
	int64_t now_ms = wall_ms();

	if (error != POSTERN_OK)
		return error;
	struct postern_controller_status *status = controller_status_read(answer, &error);

	if (status == NULL)
		return call_fail(call, error, "%s", postern_strerror(error));
	int64_t took_ms = now_ms > call_of->asked_ms ? now_ms - call_of->asked_ms : 0;

	status->clock_within_ms = (took_ms + 1) / 2;
	status->clock_offset_ms = status->clock_utc_ms - (now_ms - took_ms / 2);
	call_of->status = status;
	return POSTERN_OK;
}

static void status_end(struct postern_call *call, int error)
{
	struct status_call *call_of = (struct status_call *)call;
	struct postern_controller_status *status = call_of->status;

	call_of->status = NULL;
	if (error != POSTERN_OK)
		status = postern_controller_status_free(status);
	call_of->done(call_of->user, call, error, status);
}

static void status_drop(struct postern_call *call)
{
	(void)postern_controller_status_free(((struct status_call *)call)->status);
}

int postern_controller_status_start(struct postern_device *device,
	postern_controller_status_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = status_end, .drop = status_drop};
	struct target target;
	int error;
	struct status_call *status =
		call_new(device, sizeof(*status), &class, done != NULL, &error);

	if (status == NULL)
		return error;
	status->asked_ms = wall_ms();
	status->done = done;
	status->user = user;
	target_begin(&target, "accessControl.cgi", "getControllerStatus");
	return call_begin(&status->call,
		http_start(&status->call, target_end(&target, device), status_answered), call);
}

static void sync_status(
	void *user, struct postern_call *call, int error, struct postern_controller_status *status)
{
	((struct sync *)user)->result = status;
	sync_done(user, call, error);
}

int postern_controller_status(
	struct postern_device *device, struct postern_controller_status **status)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_controller_status_start(device, sync_status, &sync, NULL));
	if (error == POSTERN_OK)
		*status = sync.result;
	return error;
}
