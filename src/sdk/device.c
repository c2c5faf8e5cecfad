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

/* One answer; a device that does not know the question leaves an empty text. */
static int ask(struct postern_device *device, const struct info_row *row, char *text)
{
	struct target target;
	struct answer answer;

	target_begin(&target, row->cgi, row->action);
	int error = http_get(device, target_end(&target, device), &answer);

	if (error == POSTERN_E_UNSUPPORTED || error == POSTERN_E_REFUSED)
		return POSTERN_OK;
	if (error != POSTERN_OK)
		return error;
	answer_value(&answer, row->key, text, INFO_TEXT_MAX);
	answer_drop(&answer);
	return POSTERN_OK;
}

int postern_device_info(struct postern_device *device, struct postern_device_info **info)
{
	struct info_owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return device_fail(device, POSTERN_E_MEMORY, "out of memory");
	owner->info.size = sizeof(owner->info);
	for (size_t i = 0; i < ARRAY_COUNT(info_rows); i++) {
		const char *text = owner->text[i];
		int error = ask(device, &info_rows[i], owner->text[i]);

		if (error != POSTERN_OK) {
			free(owner);
			return error;
		}
		memcpy((char *)&owner->info + info_rows[i].at, &text, sizeof(text));
	}
	*info = &owner->info;
	return POSTERN_OK;
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

static int door_command(struct postern_device *device, const char *action, int channel,
	const char *user_id, const char *type)
{
	struct target target;
	int error = check_door_words(device, channel, user_id, type);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, "accessControl.cgi", action);
	target_number(&target, "channel", channel);
	target_text(&target, "UserID", user_id);
	target_text(&target, "Type", type == NULL ? "Remote" : type);
	const char *text = target_end(&target, device);

	return text == NULL ? POSTERN_E_ARGUMENT : http_command(device, text);
}

int postern_door_open(
	struct postern_device *device, int channel, const char *user_id, const char *type)
{
	return door_command(device, "openDoor", channel, user_id, type);
}

int postern_door_close(
	struct postern_device *device, int channel, const char *user_id, const char *type)
{
	return door_command(device, "closeDoor", channel, user_id, type);
}

int postern_door_status(
	struct postern_device *device, int channel, enum postern_door_status *status)
{
	static const struct {
		const char *word;
		enum postern_door_status status;
	} words[] = {{"Open", POSTERN_DOOR_OPEN}, {"Close", POSTERN_DOOR_CLOSED},
		{"Break", POSTERN_DOOR_BREAK}};
	struct target target;
	struct answer answer;
	char value[32];
	int error = check_door_words(device, channel, NULL, NULL);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, "accessControl.cgi", "getDoorStatus");
	target_number(&target, "channel", channel);
	error = http_get(device, target_end(&target, device), &answer);
	if (error != POSTERN_OK)
		return error;
	answer_value(&answer, "Info.status", value, sizeof(value));
	answer_drop(&answer);
	*status = POSTERN_DOOR_UNKNOWN;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (span_equal_nocase(span_from_string(value), span_from_string(words[i].word)))
			*status = words[i].status;
	}
	return POSTERN_OK;
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

/* One "08:00-12:00" as the device's `1 08:00:00-12:00:00`. */
static bool add_segment(
	struct target *target, int schedule, int day, size_t segment, struct span interval)
{
	unsigned from;
	unsigned to;
	char name[64];
	char value[32];

	if (interval.len != 11 || interval.data[5] != '-' ||
		!parse_minutes(span_slice(interval, 0, 5), &from) ||
		!parse_minutes(span_slice(interval, 6, 5), &to) || from >= to)
		return false;
	snprintf(name, sizeof(name), "AccessTimeSchedule[%d].TimeSchedule[%d][%zu]", schedule, day,
		segment);
	snprintf(value, sizeof(value), "1 %02u:%02u:00-%02u:%02u:00", from / 60, from % 60, to / 60,
		to % 60);
	target_text(target, name, value);
	return true;
}

#define SEGMENTS_MAX 4 /* a day on every device */

int postern_schedule_set_day(
	struct postern_device *device, int schedule, int day, const char *intervals)
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
	const char *text = target_end(&target, device);

	return text == NULL ? POSTERN_E_ARGUMENT : http_command(device, text);
}
