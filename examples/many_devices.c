// SPDX-License-Identifier: Apache-2.0
/*
 * Many devices in one program with a poll loop of its own: asks each what it is, then prints what
 * happens at all of them until Enter is pressed.
 *
 *   cc many_devices.c $(pkg-config --cflags --libs postern) -o many_devices
 *   ./many_devices admin PASSWORD-FILE http://192.168.1.108 http://192.168.1.109 ...
 */
#define _POSIX_C_SOURCE 200809L
#include <postern/postern.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	const char *url;
	struct postern_device *device;
};

static void complain(const struct place *place, struct postern_call *call, int error)
{
	printf("%s: %s: %s\n", place->url, postern_strerror(error), postern_call_detail(call));
}

static int print_event(void *user, const struct postern_event *event)
{
	const struct place *place = user;
	const char *user_id = postern_event_field(event, "UserID");

	printf("%s: %s %s\n", place->url, event->code, user_id == NULL ? "" : user_id);
	return 0;
}

static void watch_ended(void *user, struct postern_call *call, int error)
{
	if (error != POSTERN_E_STOPPED)
		complain(user, call, error);
}

static void info_came(
	void *user, struct postern_call *call, int error, struct postern_device_info *info)
{
	struct place *place = user;
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;

	if (error != POSTERN_OK) {
		complain(place, call, error);
		return;
	}
	printf("%s: %s %s\n", place->url, info->type, info->serial);
	postern_device_info_free(info);
	options.codes = "AccessControl";
	error = postern_events_watch_start(
		place->device, &options, print_event, watch_ended, place, NULL);
	if (error != POSTERN_OK)
		complain(place, call, error);
}

static int start(struct postern *context, struct place *place, char **argv)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
	int error;

	options.url = place->url;
	options.user = argv[1];
	options.password = argv[2];
	error = postern_device_new(context, &options, &place->device);
	return error != POSTERN_OK
		       ? error
		       : postern_device_info_start(place->device, info_came, place, NULL);
}

static void run(struct postern *context)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};

	fds[1].fd = postern_fd(context);
	do {
		fflush(stdout);
		(void)poll(fds, 2, postern_timeout_ms(context));
		postern_dispatch(context);
	} while (fds[0].revents == 0);
}

static int read_password(const char *path, char password[130])
{
	FILE *file = fopen(path, "r");
	int good = file != NULL && fgets(password, 130, file) != NULL;

	if (file != NULL)
		fclose(file);
	password[strcspn(password, "\r\n")] = 0;
	return good;
}

int main(int argc, char **argv)
{
	char password[130] = "";
	struct postern *context = postern_new();
	struct place *places = calloc((size_t)argc, sizeof(*places));

	if (argc < 4 || context == NULL || places == NULL || !read_password(argv[2], password)) {
		fprintf(stderr, "usage: many_devices USER PASSWORD-FILE URL...\n");
		return 2;
	}
	argv[2] = password;
	for (int i = 3; i < argc; i++) {
		places[i].url = argv[i];
		int error = start(context, &places[i], argv);

		if (error != POSTERN_OK)
			printf("%s: %s\n", argv[i], postern_strerror(error));
	}
	run(context);
	postern_free(context);
	free(places);
	return 0;
}
