// SPDX-License-Identifier: Apache-2.0
/*
 * Changes of special days. A day and the head of a group are one request. Where what must go
 * depends on what is there (a group with its days, the segments and weekly schedules of a special
 * schedule), the row is read first and then written: two requests, of which the second changes.
 */
#include "base/number.h"
#include "protocols/keyvalue.h"
#include "special_day.h"

#include <stdio.h>
#include <stdlib.h>

#define PLACES_MAX 64 /* days of a group that can be set */
#define NAME_CHARACTERS 32
#define NAME_BYTES 128
#define DAY_NAME_BYTES 64

static void set(struct target *target, enum special_line line, int no, int at, const char *value)
{
	char name[SPECIAL_NAME_MAX];

	if (value == NULL)
		return;
	special_line_name(name, line, no, at);
	target_text(target, name, value);
}

static const char *flag(int value)
{
	return value == POSTERN_NOT_GIVEN ? NULL : value ? "true" : "false";
}

static int row_check(struct postern_device *device, int no, const char *name, int enabled)
{
	if (no < 0 || no >= SPECIAL_ROWS)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"groups of special days and special schedules are 0 to 127");
	if (name != NULL && !text_acceptable(name, NAME_CHARACTERS, NAME_BYTES))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"Name: at most %d characters of UTF-8 without control characters",
			NAME_CHARACTERS);
	if (enabled < POSTERN_NOT_GIVEN || enabled > 1)
		return device_fail(device, POSTERN_E_ARGUMENT, "enabled is 0 or 1");
	return POSTERN_OK;
}

/* --- a group's head, and a day --- */

int postern_special_day_group_set_start(struct postern_device *device,
	const struct postern_special_day_group *group, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	struct target target;
	bool sized = group->size >= sizeof(*group);
	int error = sized ? row_check(device, group->no, group->name, group->enabled)
			  : device_fail(device, POSTERN_E_ARGUMENT,
				    "size of the group is not set: begin with its _INIT");

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, "configManager.cgi", "setConfig");
	set(&target, SPECIAL_GROUP_NAME, group->no, 0, group->name);
	set(&target, SPECIAL_GROUP_ENABLE, group->no, 0, flag(group->enabled));
	return command_start(device, target_end(&target, device), done, user, call);
}

/* "2026-12-24" and a time of day; false for no date. */
static bool add_date(
	struct target *target, enum special_line line, const struct postern_special_day *day)
{
	const char *date = line == SPECIAL_DAY_START || day->to == NULL ? day->from : day->to;
	const char *time = line == SPECIAL_DAY_START ? "00:00:00" : "23:59:59";
	char value[32];
	struct civil local;
	int len = snprintf(value, sizeof(value), "%s %s", date, time);

	if (len < 0 || (size_t)len >= sizeof(value) || strlen(date) != strlen("2026-12-24") ||
		!keyvalue_parse_time(span_from_string(value), &local))
		return false;
	set(target, line, day->group, day->place, value);
	return true;
}

static int day_check(struct postern_device *device, const struct postern_special_day *day)
{
	if (day->size < sizeof(*day))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"size of the special day is not set: begin with its _INIT");
	if (day->place < 0 || day->place >= PLACES_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a group has places 0 to %d for its days", PLACES_MAX - 1);
	if (day->name != NULL && !text_acceptable(day->name, DAY_NAME_BYTES, DAY_NAME_BYTES))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"SpecialDayName: at most %d bytes of UTF-8 without control characters",
			DAY_NAME_BYTES);
	return row_check(device, day->group, NULL, POSTERN_NOT_GIVEN);
}

int postern_special_day_set_start(struct postern_device *device,
	const struct postern_special_day *day, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	struct target target;
	int error = day_check(device, day);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, "configManager.cgi", "setConfig");
	if (day->from == NULL) {
		set(&target, SPECIAL_DAY_START, day->group, day->place, "");
		return command_start(device, target_end(&target, device), done, user, call);
	}
	if (!add_date(&target, SPECIAL_DAY_START, day) || !add_date(&target, SPECIAL_DAY_END, day))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a special day is a date that exists, as 2026-12-24, from 1970 to 2099");
	set(&target, SPECIAL_DAY_NAME, day->group, day->place, day->name == NULL ? "" : day->name);
	set(&target, SPECIAL_DAY_YEARLY, day->group, day->place, flag(day->yearly != 0));
	return command_start(device, target_end(&target, device), done, user, call);
}

/* --- rows that are read first --- */

struct row_call {
	struct postern_call call;
	postern_done_fn *done;
	void *user;
	bool is_group; /* else a special schedule */
	int no;
	char *name; /* NULL: unchanged, as below */
	int enabled;
	int group;
	bool has_times;
	size_t section_count;
	char section[SPECIAL_SECTIONS][SEGMENT_TEXT_MAX];
	bool has_schedules;
	bool schedule[SPECIAL_ROWS];
};

/* What is there and has to go. */
struct row_seen {
	bool day[SPECIAL_PLACES];
	bool section[SPECIAL_SECTIONS]; /* on */
	bool schedule[SPECIAL_ROWS];
};

static void row_read(struct span text, int wanted, struct row_seen *ret)
{
	struct keyvalue_line line;
	struct keyvalue_period period;
	uint32_t no;
	uint32_t at;

	*ret = (struct row_seen){.day = {false}};
	while (keyvalue_next(&text, &line)) {
		enum special_line kind = special_line_read(line.key, &no, &at);
		struct span value = span_trim(line.value);

		if (kind == SPECIAL_LINE_OTHER || no != (uint32_t)wanted)
			continue;
		if (kind == SPECIAL_DAY_START)
			ret->day[at] = value.len > 0;
		else if (kind == SPECIAL_SECTION)
			ret->section[at] =
				keyvalue_parse_period(value, &period) && period.mask != 0;
		else if (kind == SPECIAL_COVER)
			(void)keyvalue_parse_bool(value, &ret->schedule[at]);
	}
}

static void group_removal(
	const struct row_call *row, const struct row_seen *seen, struct target *target)
{
	set(target, SPECIAL_GROUP_NAME, row->no, 0, "");
	set(target, SPECIAL_GROUP_ENABLE, row->no, 0, "false");
	for (int i = 0; i < SPECIAL_PLACES; i++)
		set(target, SPECIAL_DAY_START, row->no, i, seen->day[i] ? "" : NULL);
}

static void special_change(
	const struct row_call *row, const struct row_seen *seen, struct target *target)
{
	char group[16];

	snprintf(group, sizeof(group), "%d", row->group);
	set(target, SPECIAL_NAME, row->no, 0, row->name);
	set(target, SPECIAL_ENABLE, row->no, 0, flag(row->enabled));
	set(target, SPECIAL_GROUP, row->no, 0, row->group == POSTERN_NOT_GIVEN ? NULL : group);
	for (int i = 0; i < SPECIAL_SECTIONS && row->has_times; i++) {
		if ((size_t)i < row->section_count)
			set(target, SPECIAL_SECTION, row->no, i, row->section[i]);
		else if (seen->section[i])
			set(target, SPECIAL_SECTION, row->no, i, "0 00:00:00-00:00:00");
	}
	for (int i = 0; i < SPECIAL_ROWS && row->has_schedules; i++) {
		if (row->schedule[i] != seen->schedule[i])
			set(target, SPECIAL_COVER, row->no, i, flag(row->schedule[i]));
	}
}

static int row_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct row_call *row = (struct row_call *)call;
	struct target target;
	struct row_seen seen;

	if (error != POSTERN_OK)
		return error;
	row_read(span_of(answer->text == NULL ? "" : answer->text, answer->len), row->no, &seen);
	target_begin(&target, "configManager.cgi", "setConfig");
	if (row->is_group)
		group_removal(row, &seen, &target);
	else
		special_change(row, &seen, &target);
	return http_start(call, target_end(&target, call->device), command_answered);
}

static void row_end(struct postern_call *call, int error)
{
	struct row_call *row = (struct row_call *)call;

	row->done(row->user, call, error);
}

static void row_drop(struct postern_call *call)
{
	free(((struct row_call *)call)->name);
}

static struct row_call *row_new(
	struct postern_device *device, int no, postern_done_fn *done, void *user, int *ret_error)
{
	static const struct call_class class = {.end = row_end, .drop = row_drop};
	struct row_call *row = call_new(device, sizeof(*row), &class, done != NULL, ret_error);

	if (row == NULL)
		return NULL;
	row->no = no;
	row->done = done;
	row->user = user;
	row->enabled = POSTERN_NOT_GIVEN;
	row->group = POSTERN_NOT_GIVEN;
	return row;
}

static int row_begin(struct row_call *row, struct postern_call **call)
{
	struct target target;
	char name[40];

	snprintf(name, sizeof(name), "%s[%d]",
		row->is_group ? "SpecialDayGroup" : "SpecialDaysSchedule", row->no);
	target_begin(&target, "configManager.cgi", "getConfig");
	target_text(&target, "name", name);
	return call_begin(&row->call,
		http_start(&row->call, target_end(&target, row->call.device), row_answered), call);
}

int postern_special_day_group_remove_start(struct postern_device *device, int group,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	int error = row_check(device, group, NULL, POSTERN_NOT_GIVEN);
	struct row_call *row =
		error == POSTERN_OK ? row_new(device, group, done, user, &error) : NULL;

	if (row == NULL)
		return error;
	row->is_group = true;
	return row_begin(row, call);
}

int postern_special_schedule_remove_start(struct postern_device *device, int no,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	int error = row_check(device, no, NULL, POSTERN_NOT_GIVEN);
	struct row_call *row = error == POSTERN_OK ? row_new(device, no, done, user, &error) : NULL;

	if (row == NULL)
		return error;
	row->name = strdup("");
	row->enabled = 0;
	row->group = 0;
	row->has_times = true;
	row->has_schedules = true;
	if (row->name == NULL)
		return call_begin(
			&row->call, call_fail(&row->call, POSTERN_E_MEMORY, "out of memory"), NULL);
	return row_begin(row, call);
}

static bool take_times(struct row_call *row, const char *times)
{
	struct span rest = span_trim(span_from_string(times));
	bool any = rest.len > 0;
	struct span interval;

	row->has_times = true;
	while (any && span_next(&rest, ',', &interval)) {
		if (row->section_count == SPECIAL_SECTIONS ||
			!segment_text(span_trim(interval), row->section[row->section_count]))
			return false;
		row->section_count++;
	}
	return true;
}

static bool take_schedules(struct row_call *row, const int *schedules, size_t count)
{
	row->has_schedules = true;
	for (size_t i = 0; i < count; i++) {
		if (schedules[i] < 0 || schedules[i] >= SPECIAL_ROWS)
			return false;
		row->schedule[schedules[i]] = true;
	}
	return true;
}

static int special_take(struct row_call *row, const struct postern_special_schedule *special)
{
	row->enabled = special->enabled;
	row->group = special->group;
	if (special->name != NULL)
		row->name = strdup(special->name);
	if (special->name != NULL && row->name == NULL)
		return call_fail(&row->call, POSTERN_E_MEMORY, "out of memory");
	if (special->times != NULL && !take_times(row, special->times))
		return call_fail(&row->call, POSTERN_E_ARGUMENT,
			"times of a day are up to %d parts like 08:00-12:00,13:00-17:30",
			SPECIAL_SECTIONS);
	if (special->schedules != NULL &&
		!take_schedules(row, special->schedules, special->schedule_count))
		return call_fail(&row->call, POSTERN_E_ARGUMENT, "schedules are 0 to 127");
	return POSTERN_OK;
}

int postern_special_schedule_set_start(struct postern_device *device,
	const struct postern_special_schedule *special, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	int error;

	if (special->size < sizeof(*special))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"size of the special schedule is not set: begin with its _INIT");
	error = row_check(device, special->no, special->name, special->enabled);
	if (error == POSTERN_OK && special->group != POSTERN_NOT_GIVEN)
		error = row_check(device, special->group, NULL, POSTERN_NOT_GIVEN);
	struct row_call *row =
		error == POSTERN_OK ? row_new(device, special->no, done, user, &error) : NULL;

	if (row == NULL)
		return error;
	error = special_take(row, special);
	return error == POSTERN_OK ? row_begin(row, call) : call_begin(&row->call, error, NULL);
}

/* --- the same, waiting --- */

int postern_special_day_group_set(
	struct postern_device *device, const struct postern_special_day_group *group)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_special_day_group_set_start(device,
							      group, sync_done, &sync, NULL));
}

int postern_special_day_set(struct postern_device *device, const struct postern_special_day *day)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_special_day_set_start(
							      device, day, sync_done, &sync, NULL));
}

int postern_special_day_group_remove(struct postern_device *device, int group)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_special_day_group_remove_start(device,
							      group, sync_done, &sync, NULL));
}

int postern_special_schedule_set(
	struct postern_device *device, const struct postern_special_schedule *special)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_special_schedule_set_start(device,
							      special, sync_done, &sync, NULL));
}

int postern_special_schedule_remove(struct postern_device *device, int no)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_special_schedule_remove_start(
							      device, no, sync_done, &sync, NULL));
}
