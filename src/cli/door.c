// SPDX-License-Identifier: Apache-2.0
/* postern door ... and postern schedule ...: remote commands, door states, weekly times. */
#include "cli.h"

#include <stdio.h>

#define CHANNEL_MAX 64

static bool channel_of(const struct arguments *arguments, int *ret)
{
	int64_t channel;

	if (!parse_number("DOOR", arguments->positional[0], 1, CHANNEL_MAX, &channel))
		return false;
	*ret = (int)channel;
	return true;
}

static int door_open(struct postern_device *device, const struct arguments *arguments)
{
	int channel;

	if (!channel_of(arguments, &channel))
		return EXIT_USAGE;
	return report(device, postern_door_open(device, channel, option_value(arguments, "as"),
				      option_value(arguments, "type")));
}

static int door_close(struct postern_device *device, const struct arguments *arguments)
{
	int channel;

	if (!channel_of(arguments, &channel))
		return EXIT_USAGE;
	return report(device, postern_door_close(device, channel, option_value(arguments, "as"),
				      option_value(arguments, "type")));
}

static const char *status_word(enum postern_door_status status)
{
	switch (status) {
	case POSTERN_DOOR_OPEN:
		return "open";
	case POSTERN_DOOR_CLOSED:
		return "closed";
	case POSTERN_DOOR_BREAK:
		return "forced open";
	case POSTERN_DOOR_UNKNOWN:
		break;
	}
	return "unknown";
}

/* low: 1, 0, or POSTERN_NOT_GIVEN. */
static void print_status(int channel, enum postern_door_status status, int low)
{
	if (output_is_json()) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "channel", json_object_new_int(channel));
		json_object_object_add(
			object, "status", json_object_new_string(status_word(status)));
		if (low != POSTERN_NOT_GIVEN)
			json_object_object_add(
				object, "low_assurance", json_object_new_boolean(low));
		print_json(object);
	} else {
		printf("door %d: %s%s\n", channel, status_word(status),
			low == 1 ? ", low assurance" : "");
	}
}

static int door_status(struct postern_device *device, const struct arguments *arguments)
{
	enum postern_door_status status;
	int channel;

	if (!channel_of(arguments, &channel))
		return EXIT_USAGE;
	int low = POSTERN_NOT_GIVEN;
	int error = postern_door_status(device, channel, &status);

	if (error == POSTERN_OK)
		error = postern_door_low_assurance(device, channel, &low);
	if (error == POSTERN_OK)
		print_status(channel, status, low);
	return report(device, error);
}

/* Devices do not say how many doors they have: they refuse the first channel that is none. */
static int door_list(struct postern_device *device, const struct arguments *arguments UNUSED)
{
	enum postern_door_status status;
	int error = POSTERN_OK;
	int low = POSTERN_NOT_GIVEN;
	int channel = 1;

	for (; channel <= CHANNEL_MAX && error == POSTERN_OK; channel++) {
		error = postern_door_status(device, channel, &status);
		if (error == POSTERN_OK)
			error = postern_door_low_assurance(device, channel, &low);
		if (error == POSTERN_OK)
			print_status(channel, status, low);
	}
	bool past_the_last =
		channel > 2 && (error == POSTERN_E_REFUSED || error == POSTERN_E_NOT_FOUND ||
				       error == POSTERN_E_UNSUPPORTED);

	return past_the_last ? EXIT_DONE : report(device, error);
}

static int schedule_set(struct postern_device *device, const struct arguments *arguments)
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	int64_t schedule;

	if (!parse_number("SCHEDULE", arguments->positional[0], 0, 127, &schedule))
		return EXIT_USAGE;
	for (int day = 0; day < 7; day++) {
		if (strcmp(arguments->positional[1], days[day]) == 0)
			return report(device, postern_schedule_set_day(device, (int)schedule, day,
						      arguments->positional[2]));
	}
	return usage_error(
		"DAY: `%s` is not one of sun mon tue wed thu fri sat", arguments->positional[1]);
}

const struct command door_commands[] = {
	{"door", "list", 0, 0, "json", "", "Shows every door's contact.", true, door_list},
	{"door", "open", 1, 1, "as= type= json", "DOOR [--as USERID] [--type TEXT]",
		"Unlocks a door for its unlock time.", true, door_open},
	{"door", "close", 1, 1, "as= type= json", "DOOR [--as USERID] [--type TEXT]",
		"Locks a door at once.", true, door_close},
	{"door", "status", 1, 1, "json", "DOOR", "Shows a door's contact.", true, door_status},
	{"schedule", "set", 3, 3, "json", "SCHEDULE DAY 08:00-12:00,13:00-17:30",
		"Sets one weekday of a schedule; `\"\"` empties it.", true, schedule_set},
	{0},
};
