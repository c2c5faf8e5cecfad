// SPDX-License-Identifier: Apache-2.0
/*
 * postern sim ...: acts at the virtual doors of a controller on this machine, over STATE/sim.sock
 * (docs/sim-protocol.md). One request, one reply; `ok` is success, `error SENTENCE` is not.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MAX 4096
#define REPLY_TIMEOUT_S 70 /* a capture may last 60 s */
#define CAPTURE_MAX 65536
#define SETTLE_MS 150

static int connect_sim(const struct arguments *arguments)
{
	const char *state = option_value(arguments, "state");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = REPLY_TIMEOUT_S};

	char folder[PATH_MAX];

	if (state == NULL)
		state = getenv("POSTERN_STATE");
	if (state == NULL && demo_state_folder(folder, sizeof(folder)))
		state = folder;
	if (state == NULL) {
		usage_error("name the controller's state directory: --state DIR or POSTERN_STATE");
		return -1;
	}
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/sim.sock", state);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		usage_error("%s: this path is too long for a socket", state);
		return -1;
	}
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)) != 0) {
		fprintf(stderr,
			"postern: %s: %s; is `posternd --demo` running with this --state?\n",
			address.sun_path, strerror(errno));
		if (sock >= 0)
			close(sock);
		return -1;
	}
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return sock;
}

static bool send_all(int sock, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(sock, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		text += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* One line without its end; false when the other side is gone or silent. */
static bool receive_line(int sock, char *line, size_t capacity)
{
	size_t len = 0;

	while (len + 1 < capacity) {
		ssize_t got = recv(sock, line + len, 1, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (line[len] == '\n') {
			line[len] = 0;
			return true;
		}
		len++;
	}
	return false;
}

static int print_reply(const char *reply)
{
	if (strncmp(reply, "ok", 2) != 0) {
		fprintf(stderr, "postern: %s\n",
			strncmp(reply, "error ", 6) == 0 ? reply + 6 : reply);
		return EXIT_REFUSED;
	}
	const char *words = reply[2] == ' ' ? reply + 3 : "";

	if (output_is_json()) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "reply", json_object_new_string(words));
		print_json(object);
	} else if (words[0] != 0) {
		puts(words);
	}
	return EXIT_DONE;
}

static int exchange(const struct arguments *arguments, const char *request, size_t len)
{
	char reply[REPLY_MAX];
	int sock = connect_sim(arguments);

	if (sock < 0)
		return EXIT_UNREACHABLE;
	bool answered = send_all(sock, request, len) && receive_line(sock, reply, sizeof(reply));

	close(sock);
	if (!answered) {
		fputs("postern: the simulation did not answer\n", stderr);
		return EXIT_UNREACHABLE;
	}
	return print_reply(reply);
}

/* "verb word word": the words as given, which must not hold a line end. */
static int send_words(const struct arguments *arguments, const char *verb, const char *extra)
{
	char request[CAPTURE_MAX];
	int len = snprintf(request, sizeof(request), "%s", verb);

	for (size_t i = 0; i < arguments->positional_count + (extra != NULL); i++) {
		const char *word =
			i < arguments->positional_count ? arguments->positional[i] : extra;

		if (strpbrk(word, "\r\n") != NULL)
			return usage_error("a word holds a line end");
		len += snprintf(request + len, sizeof(request) - (size_t)len, " %s", word);
		if ((size_t)len >= sizeof(request) - 1)
			return usage_error("the request is too long");
	}
	request[len++] = '\n';
	return exchange(arguments, request, (size_t)len);
}

/* The reply comes with the last bit. Silence (100 ms at most) ends a frame, then it is decided:
 * whoever asks next is to see what came of it. */
static int frame_settled(int status)
{
	const struct timespec settle = {.tv_nsec = SETTLE_MS * 1000000L};

	if (status == EXIT_DONE)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &settle, NULL);
	return status;
}

static int sim_card(struct postern_device *device UNUSED, const struct arguments *arguments)
{
	return frame_settled(send_words(arguments, "card", option_value(arguments, "format")));
}

static int sim_bits(struct postern_device *device UNUSED, const struct arguments *arguments)
{
	return frame_settled(send_words(arguments, "bits", NULL));
}

static int sim_keys(struct postern_device *device UNUSED, const struct arguments *arguments)
{
	return frame_settled(send_words(arguments, "keys", option_value(arguments, "bits")));
}

static int sim_edges(struct postern_device *device UNUSED, const struct arguments *arguments)
{
	static char request[2 * CAPTURE_MAX];
	const char *name = arguments->positional[1];
	FILE *file = fopen(name, "re");
	int len = snprintf(request, sizeof(request), "edges %.8s\n", arguments->positional[0]);

	if (file == NULL)
		return usage_error("cannot read %s: %s", name, strerror(errno));
	size_t size = fread(request + len, 1, CAPTURE_MAX, file);
	bool whole = feof(file) != 0;

	fclose(file);
	if (!whole)
		return usage_error("%s is longer than %d bytes", name, CAPTURE_MAX);
	len += (int)size;
	if (size > 0 && request[len - 1] != '\n')
		request[len++] = '\n';
	memcpy(request + len, "end\n", 4);
	return frame_settled(exchange(arguments, request, (size_t)len + 4));
}

#define SIM_COMMAND(word)                                                                          \
	static int sim_##word(                                                                     \
		struct postern_device *device UNUSED, const struct arguments *arguments)           \
	{                                                                                          \
		return send_words(arguments, #word, NULL);                                         \
	}
SIM_COMMAND(rex)
SIM_COMMAND(contact)
SIM_COMMAND(tamper)
SIM_COMMAND(lock)
SIM_COMMAND(reader)
SIM_COMMAND(panel)
SIM_COMMAND(install)

const struct command sim_commands[] = {
	{"sim", "card", 2, 2, "state= format= json",
		"READER NUMBER [--format W26|W34|W66] [--state DIR]",
		"Shows a card to a virtual reader.", false, sim_card},
	{"sim", "bits", 2, 2, "state= json", "READER 0101... [--state DIR]", "Sends raw bits.",
		false, sim_bits},
	{"sim", "keys", 2, 2, "state= bits= json", "READER 1234# [--bits 4|6|8] [--state DIR]",
		"Types at a virtual keypad, ten keys a second.", false, sim_keys},
	{"sim", "edges", 2, 2, "state= json", "READER FILE [--state DIR]",
		"Plays a capture: lines of nanoseconds, line, level.", false, sim_edges},
	{"sim", "rex", 1, 1, "state= json", "DOOR [--state DIR]", "Presses the exit button.", false,
		sim_rex},
	{"sim", "contact", 2, 2, "state= json", "DOOR open|closed [--state DIR]", "Moves the door.",
		false, sim_contact},
	{"sim", "tamper", 1, 2, "state= json", "READER [on|off] [--state DIR]",
		"Opens or closes a reader's housing.", false, sim_tamper},
	{"sim", "lock", 1, 1, "state= json", "DOOR [--state DIR]",
		"Prints `locked COUNT` or `unlocked COUNT`: the lock and how often it was opened.",
		false, sim_lock},
	{"sim", "reader", 1, 1, "state= json", "READER [--state DIR]",
		"Prints what the reader showed last, and how often it showed something.", false,
		sim_reader},
	{"sim", "panel", 1, 1, "state= json", "PANEL [--state DIR]",
		"Prints how many frames a panel was sent, and the bits of the last.", false,
		sim_panel},
	{"sim", "install", 1, 2, "state= json", "READER [on|off] [--state DIR]",
		"Opens the install mode of a virtual OSDP reader: it can be paired then.", false,
		sim_install},
	{0},
};
