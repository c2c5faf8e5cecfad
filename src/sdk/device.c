// SPDX-License-Identifier: Apache-2.0
/* What a device says about itself, its doors, and its schedules. */
#include "base/number.h"
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>

#define INFO_TEXT_MAX 128
#define CHANNEL_MAX 64
#define USER_ID_BYTES_MAX 64
#define TYPE_CHARACTERS_MAX 32

struct info_row {
	const char *cgi;
	const char *action;
	const char *key;
	size_t at; /* of the const char * in struct postern_device_info */
};

static const struct info_row info_rows[] = {
	{"magicBox.cgi", "getDeviceType", "type", offsetof(struct postern_device_info, type)},
	{"magicBox.cgi", "getSerialNo", "sn", offsetof(struct postern_device_info, serial)},
	{"magicBox.cgi", "getSoftwareVersion", "version",
		offsetof(struct postern_device_info, software)},
	{"magicBox.cgi", "getVendor", "vendor", offsetof(struct postern_device_info, vendor)},
	{"magicBox.cgi", "getMachineName", "name", offsetof(struct postern_device_info, name)},
	{"global.cgi", "getCurrentTime", "result", offsetof(struct postern_device_info, time)},
};

struct info_owner {
	struct postern_device_info info; /* first: what the user holds */
	char text[ARRAY_COUNT(info_rows)][INFO_TEXT_MAX];
};

struct info_call {
	struct postern_call call;
	struct info_owner *owner;
	size_t asked; /* rows */
	postern_device_info_fn *done;
	void *user;
};

static int ask(struct info_call *info);

/* One answer; a device that does not know the question leaves an empty text. */
static int info_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct info_call *info = (struct info_call *)call;

	if (error == POSTERN_OK)
		answer_value(answer, info_rows[info->asked].key, info->owner->text[info->asked],
			INFO_TEXT_MAX);
	else if (error != POSTERN_E_UNSUPPORTED && error != POSTERN_E_REFUSED)
		return error;
	info->asked++;
	return info->asked == ARRAY_COUNT(info_rows) ? POSTERN_OK : ask(info);
}

static int ask(struct info_call *info)
{
	const struct info_row *row = &info_rows[info->asked];
	struct target target;

	target_begin(&target, row->cgi, row->action);
	return http_start(&info->call, target_end(&target, info->call.device), info_answered);
}

static void info_end(struct postern_call *call, int error)
{
	struct info_call *info = (struct info_call *)call;
	struct info_owner *owner = info->owner;

	if (error != POSTERN_OK) {
		info->done(info->user, call, error, NULL);
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(info_rows); i++) {
		const char *text = owner->text[i];

		memcpy((char *)&owner->info + info_rows[i].at, &text, sizeof(text));
	}
	info->owner = NULL;
	info->done(info->user, call, error, &owner->info);
}

static void info_drop(struct postern_call *call)
{
	free(((struct info_call *)call)->owner);
}

int postern_device_info_start(struct postern_device *device, postern_device_info_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = info_end, .drop = info_drop};
	int error;
	struct info_call *info = call_new(device, sizeof(*info), &class, done != NULL, &error);

	if (info == NULL)
		return error;
	info->done = done;
	info->user = user;
	info->owner = calloc(1, sizeof(*info->owner));
	if (info->owner == NULL)
		return call_begin(&info->call,
			call_fail(&info->call, POSTERN_E_MEMORY, "out of memory"), NULL);
	info->owner->info.size = sizeof(info->owner->info);
	return call_begin(&info->call, ask(info), call);
}

static void sync_info(
	void *user, struct postern_call *call, int error, struct postern_device_info *info)
{
	((struct sync *)user)->result = info;
	sync_done(user, call, error);
}

int postern_device_info(struct postern_device *device, struct postern_device_info **info)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync, postern_device_info_start(device, sync_info, &sync, NULL));
	if (error == POSTERN_OK)
		*info = sync.result;
	return error;
}

struct postern_device_info *postern_device_info_free(struct postern_device_info *info)
{
	free(info);
	return NULL;
}

static int check_door_words(
	struct postern_device *device, int channel, const char *user_id, const char *type)
{
	if (channel < 1 || channel > CHANNEL_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"channel %d: doors are counted from 1 to %d", channel, CHANNEL_MAX);
	if (user_id != NULL && !text_acceptable(user_id, USER_ID_BYTES_MAX, USER_ID_BYTES_MAX))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"UserID: at most %d bytes of text without control characters",
			USER_ID_BYTES_MAX);
	if (type != NULL && !text_acceptable(type, TYPE_CHARACTERS_MAX, TYPE_CHARACTERS_MAX))
		return device_fail(device, POSTERN_E_ARGUMENT,
			"Type: at most %d bytes of text without control characters",
			TYPE_CHARACTERS_MAX);
	return POSTERN_OK;
}

/* What both forms of a door's commands are made of. */
struct door_words {
	const char *action;
	int channel;
	const char *user_id;
	const char *type;
};

static int door_start(struct postern_device *device, const struct door_words *words,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = check_door_words(device, words->channel, words->user_id, words->type);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, "accessControl.cgi", words->action);
	target_number(&target, "channel", words->channel);
	target_text(&target, "UserID", words->user_id);
	target_text(&target, "Type", words->type == NULL ? "Remote" : words->type);
	return command_start(device, target_end(&target, device), done, user, call);
}

static int door_command(struct postern_device *device, const struct door_words *words)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, door_start(device, words, sync_done, &sync, NULL));
}

int postern_door_open_start(struct postern_device *device, int channel, const char *user_id,
	const char *type, postern_done_fn *done, void *user, struct postern_call **call)
{
	const struct door_words words = {"openDoor", channel, user_id, type};

	return door_start(device, &words, done, user, call);
}

int postern_door_open(
	struct postern_device *device, int channel, const char *user_id, const char *type)
{
	const struct door_words words = {"openDoor", channel, user_id, type};

	return door_command(device, &words);
}

int postern_door_close_start(struct postern_device *device, int channel, const char *user_id,
	const char *type, postern_done_fn *done, void *user, struct postern_call **call)
{
	const struct door_words words = {"closeDoor", channel, user_id, type};

	return door_start(device, &words, done, user, call);
}

int postern_door_close(
	struct postern_device *device, int channel, const char *user_id, const char *type)
{
	const struct door_words words = {"closeDoor", channel, user_id, type};

	return door_command(device, &words);
}

struct status_call {
	struct postern_call call;
	enum postern_door_status status;
	postern_door_status_fn *done;
	void *user;
};

static int status_answered(struct postern_call *call, int error, struct answer *answer)
{
	static const struct {
		const char *word;
		enum postern_door_status status;
	} words[] = {{"Open", POSTERN_DOOR_OPEN}, {"Close", POSTERN_DOOR_CLOSED},
		{"Break", POSTERN_DOOR_BREAK}};
	char value[32];

	if (error != POSTERN_OK)
		return error;
	answer_value(answer, "Info.status", value, sizeof(value));
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (span_equal_nocase(span_from_string(value), span_from_string(words[i].word)))
			((struct status_call *)call)->status = words[i].status;
	}
	return POSTERN_OK;
}

static void status_end(struct postern_call *call, int error)
{
	struct status_call *status = (struct status_call *)call;

	status->done(status->user, call, error, status->status);
}

int postern_door_status_start(struct postern_device *device, int channel,
	postern_door_status_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = status_end};
	struct target target;
	int error = check_door_words(device, channel, NULL, NULL);

	if (error != POSTERN_OK)
		return error;
	struct status_call *status =
		call_new(device, sizeof(*status), &class, done != NULL, &error);

	if (status == NULL)
		return error;
	status->status = POSTERN_DOOR_UNKNOWN;
	status->done = done;
	status->user = user;
	target_begin(&target, "accessControl.cgi", "getDoorStatus");
	target_number(&target, "channel", channel);
	return call_begin(&status->call,
		http_start(&status->call, target_end(&target, device), status_answered), call);
}

static void sync_status(
	void *user, struct postern_call *call, int error, enum postern_door_status status)
{
	sync_number(user, call, error, (uint64_t)status);
}

int postern_door_status(
	struct postern_device *device, int channel, enum postern_door_status *status)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync,
			postern_door_status_start(device, channel, sync_status, &sync, NULL));
	if (error == POSTERN_OK)
		*status = (enum postern_door_status)sync.number;
	return error;
}

/* "08:00" into minutes; 24:00 is allowed. */
static bool parse_minutes(struct span text, unsigned *ret)
{
	uint64_t hour;
	uint64_t minute;

	if (text.len != 5 || text.data[2] != ':' ||
		!number_parse_u64(span_slice(text, 0, 2), 24, &hour) ||
		!number_parse_u64(span_slice(text, 3, 2), hour == 24 ? 0 : 59, &minute))
		return false;
	*ret = (unsigned)(hour * 60 + minute);
	return true;
}

bool segment_text(struct span interval, char ret_value[SEGMENT_TEXT_MAX])
{
	unsigned from;
	unsigned to;

	if (interval.len != 11 || interval.data[5] != '-' ||
		!parse_minutes(span_slice(interval, 0, 5), &from) ||
		!parse_minutes(span_slice(interval, 6, 5), &to) || from >= to)
		return false;
	snprintf(ret_value, SEGMENT_TEXT_MAX, "1 %02u:%02u:00-%02u:%02u:00", from / 60, from % 60,
		to / 60, to % 60);
	return true;
}

static bool add_segment(
	struct target *target, int schedule, int day, size_t segment, struct span interval)
{
	char name[64];
	char value[SEGMENT_TEXT_MAX];

	if (!segment_text(interval, value))
		return false;
	snprintf(name, sizeof(name), "AccessTimeSchedule[%d].TimeSchedule[%d][%zu]", schedule, day,
		segment);
	target_text(target, name, value);
	return true;
}

#define SEGMENTS_MAX 4 /* a day on every device */

int postern_schedule_set_day_start(struct postern_device *device, int schedule, int day,
	const char *intervals, postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	struct span rest = span_trim(span_from_string(intervals));
	bool any = rest.len > 0;
	struct span interval;
	size_t segment = 0;

	if (schedule < 0 || schedule > 127 || day < 0 || day > 6)
		return device_fail(
			device, POSTERN_E_ARGUMENT, "schedules are 0 to 127, days 0 (Sunday) to 6");
	char enable[48];

	snprintf(enable, sizeof(enable), "AccessTimeSchedule[%d].Enable", schedule);
	target_begin(&target, "configManager.cgi", "setConfig");
	target_text(&target, enable, "true");
	while (any && span_next(&rest, ',', &interval)) {
		if (segment == SEGMENTS_MAX ||
			!add_segment(&target, schedule, day, segment, span_trim(interval)))
			return device_fail(device, POSTERN_E_ARGUMENT,
				"times of a day are up to %d parts like 08:00-12:00,13:00-17:30",
				SEGMENTS_MAX);
		segment++;
	}
	for (; segment < SEGMENTS_MAX; segment++) {
		char name[64];

		snprintf(name, sizeof(name), "AccessTimeSchedule[%d].TimeSchedule[%d][%zu]",
			schedule, day, segment);
		target_text(&target, name, "0 00:00:00-00:00:00");
	}
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_schedule_set_day(
	struct postern_device *device, int schedule, int day, const char *intervals)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, postern_schedule_set_day_start(device, schedule, day,
						  intervals, sync_done, &sync, NULL));
}
