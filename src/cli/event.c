// SPDX-License-Identifier: Apache-2.0
/* postern events watch: the live stream, one line an event. */
#include "base/number.h"
#include "cli.h"

#include <stdio.h>
#include <time.h>

struct watch_state {
	int64_t left; /* events still to print; -1: no end */
};

/* The word for a method's number; else the number. */
static const char *method_word(const char *value)
{
	int64_t number;
	const char *name = NULL;

	if (number_parse_i64(span_from_string(value), 0, 255, &number))
		name = method_name(number);
	return name != NULL ? name : value;
}

static void print_event(const struct postern_event *event)
{
	static const char *const shown[] = {"Kind", "UserID", "CardNo", "CardName", "Door",
		"Status", "Method", "Type", "Reason"};
	char when[32] = "-";
	time_t utc = (time_t)event->utc;
	struct tm tm;

	if (output_is_json()) {
		print_json(json_from_fields(event->fields, event->field_count));
		return;
	}
	if (event->utc != POSTERN_NOT_GIVEN && gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%s %s %s", when, event->code, event->action);
	if (event->rec_no > 0)
		printf(" RecNo=%llu", (unsigned long long)event->rec_no);
	for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
		const char *value = postern_event_field(event, shown[i]);

		if (value != NULL && strcmp(shown[i], "Method") == 0)
			value = method_word(value);
		if (value != NULL && value[0] != 0)
			printf(" %s=%s", shown[i], value);
	}
	putchar('\n');
	fflush(stdout);
}

static int take_event(void *user, const struct postern_event *event)
{
	struct watch_state *state = user;

	print_event(event);
	if (state->left > 0)
		state->left--;
	return state->left == 0 || ferror(stdout) != 0;
}

static int events_watch(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;
	struct watch_state state = {.left = -1};
	const char *count = option_value(arguments, "count");
	const char *channel = option_value(arguments, "channel");
	const char *heartbeat = option_value(arguments, "heartbeat");
	const char *after = option_value(arguments, "after");
	int64_t number;

	if (count != NULL && !parse_number("--count", count, 1, INT64_MAX, &state.left))
		return EXIT_USAGE;
	if (channel != NULL) {
		if (!parse_number("--channel", channel, 1, 1024, &number))
			return EXIT_USAGE;
		options.channel = (int)number;
	}
	if (heartbeat != NULL) {
		if (!parse_number("--heartbeat", heartbeat, 1, 60, &number))
			return EXIT_USAGE;
		options.heartbeat_s = (unsigned)number;
	}
	if (after != NULL) {
		if (!parse_number("--after", after, 0, INT64_MAX, &number))
			return EXIT_USAGE;
		options.after_rec_no = (uint64_t)number;
	}
	options.codes = option_value(arguments, "codes");
	options.event_manager = option_value(arguments, "event-manager") != NULL;
	int error = postern_events_watch(device, &options, take_event, &state);

	return error == POSTERN_E_STOPPED ? EXIT_DONE : report(device, error);
}

const struct command event_commands[] = {
	{"events", "watch", 0, 0, "count= codes= channel= heartbeat= after= event-manager json",
		"[--count N] [--codes AccessControl,DoorStatus] [--channel N]\n"
		"        [--heartbeat SECONDS] [--after RECNO] [--event-manager]",
		"Prints events as they happen, or N of them.", true, events_watch},
	{0},
};
