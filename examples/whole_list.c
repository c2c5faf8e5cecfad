// SPDX-License-Identifier: Apache-2.0
/*
 * All that the integration paper lists under "SDK integration", against one device, in its order:
 * enrol a user, subscribe to real-time events, open and close a door from afar, get the offline
 * access records. One item of the list is left out: face templates. The library has no call for
 * them yet, as postern's own controller has no faces.
 *
 *   cc whole_list.c $(pkg-config --cflags --libs postern) -o whole_list
 *   ./whole_list http://192.168.1.108 admin PASSWORD-FILE
 */
#include <postern/postern.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WAIT_S 20

struct live {
	int on; /* the stream is up: a first heartbeat came */
	int events;
	int ended; /* enum postern_error of the subscription; 0 while it goes on */
};

static int complain(const struct postern_device *device, const char *what, int error)
{
	if (error == POSTERN_E_UNSUPPORTED)
		fprintf(stderr, "%s: this device does not do that\n", what);
	else
		fprintf(stderr, "%s: %s: %s\n", what, postern_strerror(error),
			device == NULL ? "" : postern_device_detail(device));
	return error;
}

/* 1: enrolled, with a card and the right to open door 1. Enrolled before is as good. */
static int enrol(struct postern_device *device)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	const int doors[] = {0}; /* door index: channel 1 */

	person.user_id = "102";
	person.card_no = "12345";
	person.name = "ZhangSan";
	person.doors = doors;
	person.door_count = 1;
	int error = postern_person_add(device, &person, NULL);

	if (error == POSTERN_E_USER_EXISTS)
		error = POSTERN_OK;
	if (error == POSTERN_OK)
		printf("enrolled %s\n", person.user_id);
	return error;
}

static int print_event(void *user, const struct postern_event *event)
{
	struct live *live = user;
	const char *user_id = postern_event_field(event, "UserID");

	live->events++;
	printf("event %s %s\n", event->code, user_id == NULL ? "" : user_id);
	return 0;
}

static int heartbeat(void *user)
{
	struct live *live = user;

	live->on = 1;
	return 0;
}

static void ended(void *user, struct postern_call *call, int error)
{
	struct live *live = user;

	(void)call;
	live->ended = error;
}

/* Runs the context's loop until *what is so, the subscription has ended, or it takes too long. */
static int wait_for(struct postern *context, const struct live *live, const int *what)
{
	time_t limit = time(NULL) + WAIT_S;

	while (!*what && live->ended == 0 && time(NULL) < limit)
		postern_wait(context, 1000);
	return *what ? POSTERN_OK : live->ended != 0 ? live->ended : POSTERN_E_TIMEOUT;
}

/* 2: live events while, 3, the door is opened and closed again. */
static int open_watched(struct postern *context, struct postern_device *device)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;
	struct postern_call *call = NULL;
	struct live live = {0, 0, 0};

	options.codes = "AccessControl";
	options.heartbeat_s = 1;
	options.heartbeat = heartbeat;
	int error = postern_events_watch_start(device, &options, print_event, ended, &live, &call);

	if (error != POSTERN_OK)
		return error;
	error = wait_for(context, &live, &live.on);
	if (error == POSTERN_OK)
		error = postern_door_open(device, 1, "102", NULL);
	if (error == POSTERN_OK) {
		printf("opened door 1\n");
		error = wait_for(context, &live, &live.events);
	}
	if (error == POSTERN_OK)
		error = postern_door_close(device, 1, "102", NULL);
	if (error == POSTERN_OK)
		printf("closed door 1\n");
	if (live.ended == 0) {
		postern_call_cancel(call);
		(void)wait_for(context, &live, &live.ended);
	}
	return error;
}

static int print_record(void *user, const struct postern_record *record)
{
	(void)user;
	printf("record %llu %lld %s %s\n", (unsigned long long)record->rec_no,
		(long long)record->create_time, record->user_id,
		record->status == 1 ? "ok" : "refused");
	return 0;
}

/* 4: every record of the last 30 days, once each. */
static int pull(struct postern_device *device)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report report = POSTERN_PULL_REPORT_INIT;

	query.from = (int64_t)time(NULL) - 30 * 86400;
	query.to = (int64_t)time(NULL) + 60; /* the device's clock may be ahead */
	int error = postern_records_pull(device, &query, print_record, NULL, &report);

	if (error == POSTERN_OK)
		printf("%llu records, %s\n", (unsigned long long)report.kept,
			report.complete ? "complete" : "not complete");
	return error;
}

static int run(struct postern *context, struct postern_device *device)
{
	int error = enrol(device);

	if (error != POSTERN_OK)
		return complain(device, "enrol", error);
	error = open_watched(context, device);
	if (error != POSTERN_OK)
		return complain(device, "events, open and close", error);
	error = pull(device);
	return error == POSTERN_OK ? 0 : complain(device, "records", error);
}

int main(int argc, char **argv)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
	struct postern *context = postern_new();
	struct postern_device *device = NULL;
	char password[130] = "";
	FILE *file = argc == 4 ? fopen(argv[3], "r") : NULL;
	int error = POSTERN_E_MEMORY;

	if (file == NULL || fgets(password, sizeof(password), file) == NULL) {
		fprintf(stderr, "usage: whole_list URL USER PASSWORD-FILE\n");
		return 2;
	}
	fclose(file);
	password[strcspn(password, "\r\n")] = 0;
	options.url = argv[1];
	options.user = argv[2];
	options.password = password;
	if (context != NULL)
		error = postern_device_new(context, &options, &device);
	error = error == POSTERN_OK ? run(context, device) : complain(NULL, options.url, error);
	postern_free(context);
	return error == 0 ? 0 : 1;
}
