// SPDX-License-Identifier: Apache-2.0
/*
 * Role sim: the world around virtual lines. People act at STATE/sim.sock (docs/sim-protocol.md);
 * what they do becomes levels on the board and time-stamped edges on the link to core.
 *
 * One thread, one ppoll. Everything is bounded and made at the start: SIM_CLIENTS_MAX clients, each
 * with one line of input and one frame or capture that plays. A client is not read while its frame
 * plays, so it can never have more than that. Edges are sent when the last of their burst has come
 * to pass, so that a slow moment of this process never tears a frame apart.
 *
 * The link to core comes from the supervisor and comes anew after each of core's starts; then the
 * levels of all configured inputs are sent first. Without a link levels still change on the board.
 * Levels outlive this process, except exit buttons: nobody presses them at the start.
 */
#include "base/assert.h"
#include "drivers/board.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/log.h"
#include "platform/role.h"
#include "platform/sandbox.h"
#include "sim_command.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SIM_CLIENTS_MAX 16
#define PULSE_NS 50000
#define INTERVAL_NS 2000000
#define REX_NS (300 * NS_PER_MS)
#define BURST_SILENCE_NS (100 * NS_PER_MS) /* ends a frame whatever gap a reader has */
#define READER_PAUSE_NS (10 * NS_PER_MS) /* between the end of a frame and the next */
#define REPLY_MAX 256

enum client_phase {
	CLIENT_FREE = 0,
	CLIENT_TALKING,
	CLIENT_CAPTURING, /* lines of a capture come */
	CLIENT_PLAYING, /* edges run; nothing is read meanwhile */
};

struct client {
	enum client_phase phase;
	int fd;
	uint8_t reader; /* of the frame or capture */
	bool unseen; /* core missed a part of it */
	uint32_t edge_count;
	uint32_t edge_next;
	uint32_t line_no; /* of the capture, from 1 */
	int64_t first_ns; /* of the capture's own clock */
	size_t refusal_len; /* the capture is wrong: refusal says why */
	size_t input_len;
	struct line_event edges[SIM_EDGES_MAX];
	char refusal[REPLY_MAX];
	char input[SIM_LINE_MAX + 1];
};

struct sim {
	const struct role_context *context;
	const struct settings *settings;
	struct board *board;
	int core; /* link, or -1 */
	bool core_greeted; /* its HELLO has come */
	uint32_t lost; /* events that core did not get */
	int64_t rex_until_ns[DOORS_MAX]; /* CLOCK_MONOTONIC; 0: not pressed */
	int64_t reader_free_ns[READERS_MAX]; /* when the next frame may begin */
	struct client client[SIM_CLIENTS_MAX];
	alignas(8) uint8_t received[MESSAGE_MAX];
	struct message_line_events message;
};

/* --- core --- */

static void core_drop(struct sim *sim)
{
	if (sim->core >= 0)
		(void)close(sim->core);
	sim->core = -1;
	sim->core_greeted = false;
}

/* True when core gets them all; what it does not get is counted and told before the next ones. */
static bool events_send(struct sim *sim, const struct line_event *events, uint32_t count)
{
	while (count > 0) {
		uint32_t part = count < MESSAGE_LINE_EVENTS_MAX ? count : MESSAGE_LINE_EVENTS_MAX;

		sim->message.header = (struct message_header){.type = MESSAGE_LINE_EVENTS};
		sim->message.count = part;
		sim->message.lost = sim->lost;
		memcpy(sim->message.event, events, part * sizeof(*events));
		int sent = sim->core < 0 ? -EPIPE
					 : link_send(sim->core, &sim->message,
						   message_size(&sim->message));

		if (sent != 0) {
			if (sent != -EAGAIN)
				core_drop(sim);
			sim->lost += count;
			return false;
		}
		sim->lost = 0;
		events += part;
		count -= part;
	}
	return true;
}

static bool level_send(struct sim *sim, enum line_kind kind, uint8_t at, bool level)
{
	struct line_event event = {
		.at_ns = clock_monotonic_ns(), .kind = (uint8_t)kind, .at = at, .level = level};

	return events_send(sim, &event, 1);
}

static void levels_send(struct sim *sim)
{
	struct line_event events[2 * DOORS_MAX + READERS_MAX];
	uint32_t count = 0;
	int64_t now_ns = clock_monotonic_ns();

	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		struct board_door *door = &sim->board->door[i];

		if (!sim->settings->door[i].config.configured)
			continue;
		events[count++] = (struct line_event){
			now_ns, LINE_CONTACT, i, atomic_load(&door->contact) != 0};
		events[count++] =
			(struct line_event){now_ns, LINE_REX, i, atomic_load(&door->rex) != 0};
	}
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		if (sim->settings->reader[i].config.configured)
			events[count++] = (struct line_event){now_ns, LINE_TAMPER, (uint8_t)(i + 1),
				atomic_load(&sim->board->reader[i].tamper) != 0};
	}
	(void)events_send(sim, events, count);
}

static void core_link(struct sim *sim, int fd)
{
	core_drop(sim);
	sim->core = fd;
	sim->lost = 0; /* core reads all levels at its start */
	if (link_hello(fd, ROLE_SIM) != 0)
		core_drop(sim);
	else
		levels_send(sim);
}

/* Core says HELLO and nothing else. */
static void core_read(struct sim *sim)
{
	ssize_t len = link_receive(sim->core, sim->received, NULL);

	if (len == -EAGAIN || len == -EINTR)
		return;
	if (len <= 0 || sim->core_greeted ||
		!link_hello_matches(sim->received, (size_t)len, ROLE_CORE))
		core_drop(sim);
	else
		sim->core_greeted = true;
}

/* --- clients --- */

static void client_close(struct client *client)
{
	(void)close(client->fd);
	client->fd = -1;
	client->phase = CLIENT_FREE;
	client->input_len = 0;
}

static void client_reply(struct client *client, struct span reply)
{
	char text[REPLY_MAX + 1];
	struct buf line = buf_over(text, sizeof(text));

	buf_add(&line, reply);
	buf_add_byte(&line, '\n');
	ASSERT(!line.overflow);
	if (send(client->fd, line.data, line.len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)line.len)
		client_close(client); /* gone, or does not read its replies */
}

static void client_reply_seen(struct client *client, bool seen)
{
	client_reply(client, seen ? SPAN_LIT("ok")
				  : SPAN_LIT("error core is away: the controller did not see it; "
					     "try again"));
}

/* Moves the edges, whose times count from their first, to when the reader is free; begins now. */
static void client_play(struct sim *sim, struct client *client)
{
	uint32_t at = client->reader - 1u;
	int64_t start_ns = clock_monotonic_ns();

	if (start_ns < sim->reader_free_ns[at])
		start_ns = sim->reader_free_ns[at];
	for (uint32_t i = 0; i < client->edge_count; i++)
		client->edges[i].at_ns += start_ns;
	sim->reader_free_ns[at] = client->edges[client->edge_count - 1].at_ns +
				  sim->settings->reader[at].limits.gap_ns + READER_PAUSE_NS;
	client->edge_next = 0;
	client->unseen = false;
	client->phase = CLIENT_PLAYING;
}

static void frame_begin(struct sim *sim, struct client *client, const struct sim_command *command)
{
	struct wiegand_edge edges[2 * CARD_BITS_MAX];
	size_t count =
		wiegand_edges(&command->bits, 0, PULSE_NS, INTERVAL_NS, edges, ARRAY_COUNT(edges));

	client->reader = command->reader;
	client->edge_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		client->edges[i] = (struct line_event){edges[i].at_ns,
			edges[i].line == 0 ? LINE_DATA0 : LINE_DATA1, command->reader,
			edges[i].level};
	client_play(sim, client);
}

static void capture_begin(struct client *client, uint8_t reader)
{
	client->phase = CLIENT_CAPTURING;
	client->reader = reader;
	client->edge_count = 0;
	client->line_no = 0;
	client->first_ns = INT64_MIN;
	client->refusal_len = 0;
}

static void capture_refuse(struct client *client, const char *sentence)
{
	struct buf refusal = buf_over(client->refusal, sizeof(client->refusal));

	if (client->refusal_len != 0)
		return;
	buf_add_string(&refusal, "error capture line ");
	buf_add_u64(&refusal, client->line_no);
	buf_add_string(&refusal, ": ");
	buf_add_string(&refusal, sentence);
	client->refusal_len = refusal.len;
}

static void capture_end(struct sim *sim, struct client *client)
{
	if (client->edge_count == 0)
		capture_refuse(client, "the capture has no edge");
	client->phase = CLIENT_TALKING;
	if (client->refusal_len != 0)
		client_reply(client, span_of(client->refusal, client->refusal_len));
	else
		client_play(sim, client);
}

static void capture_line(struct sim *sim, struct client *client, struct span line)
{
	char text[REPLY_MAX / 2];
	struct buf error = buf_over(text, sizeof(text) - 1);
	uint32_t count = client->edge_count;
	int64_t previous_ns = count == 0 ? 0 : client->edges[count - 1].at_ns;
	struct line_event edge;

	client->line_no++;
	switch (sim_capture_parse(
		line, client->reader, &client->first_ns, previous_ns, &edge, &error)) {
	case SIM_CAPTURE_BLANK:
		break;
	case SIM_CAPTURE_END:
		capture_end(sim, client);
		break;
	case SIM_CAPTURE_WRONG:
		text[error.len] = '\0';
		capture_refuse(client, text);
		break;
	case SIM_CAPTURE_EDGE:
		if (count == SIM_EDGES_MAX)
			capture_refuse(client, "a capture has at most 4096 edges");
		else
			client->edges[client->edge_count++] = edge;
		break;
	}
}

static bool rex_press(struct sim *sim, uint8_t door)
{
	bool pressed = sim->rex_until_ns[door] != 0;

	sim->rex_until_ns[door] = clock_monotonic_ns() + REX_NS;
	if (pressed)
		return true;
	atomic_store(&sim->board->door[door].rex, 1);
	return level_send(sim, LINE_REX, door, true);
}

static void lock_reply(struct sim *sim, struct client *client, uint8_t door)
{
	char text[REPLY_MAX];
	struct buf reply = buf_over(text, sizeof(text));

	buf_add_string(
		&reply, board_lock_is_open(sim->board, door) ? "ok unlocked " : "ok locked ");
	buf_add_u64(&reply, board_lock_count(sim->board, door));
	client_reply(client, buf_span(&reply));
}

static const char *feedback_name(uint8_t feedback)
{
	switch ((enum feedback)feedback) {
	case FEEDBACK_IDLE:
		return "idle";
	case FEEDBACK_GRANTED:
		return "granted";
	case FEEDBACK_GRANTED_PRE_ARREARS:
		return "granted_pre_arrears";
	case FEEDBACK_DENIED:
		return "denied";
	case FEEDBACK_HELD_WARNING:
		return "held_warning";
	}
	return "unknown"; /* the board is written by another process */
}

static void reader_reply(struct sim *sim, struct client *client, uint8_t reader)
{
	const struct board_reader *at = &sim->board->reader[reader - 1];
	char text[REPLY_MAX];
	struct buf reply = buf_over(text, sizeof(text));

	buf_add_string(&reply, "ok ");
	buf_add_string(&reply, feedback_name(atomic_load(&at->feedback)));
	buf_add_byte(&reply, ' ');
	buf_add_u64(&reply, atomic_load(&at->feedback_count));
	client_reply(client, buf_span(&reply));
}

static void command_run(struct sim *sim, struct client *client, const struct sim_command *command)
{
	switch (command->verb) {
	case SIM_CARD:
	case SIM_BITS:
		frame_begin(sim, client, command);
		break;
	case SIM_EDGES:
		capture_begin(client, command->reader);
		break;
	case SIM_REX:
		client_reply_seen(client, rex_press(sim, command->door));
		break;
	case SIM_CONTACT:
		if (atomic_exchange(&sim->board->door[command->door].contact, command->level) !=
			command->level)
			(void)level_send(sim, LINE_CONTACT, command->door, command->level);
		client_reply(client, SPAN_LIT("ok"));
		break;
	case SIM_TAMPER:
		if (atomic_exchange(&sim->board->reader[command->reader - 1].tamper,
			    command->level) != command->level)
			(void)level_send(sim, LINE_TAMPER, command->reader, command->level);
		client_reply(client, SPAN_LIT("ok"));
		break;
	case SIM_LOCK:
		lock_reply(sim, client, command->door);
		break;
	case SIM_READER:
		reader_reply(sim, client, command->reader);
		break;
	case SIM_VERB_COUNT:
		ASSERT(command->verb < SIM_VERB_COUNT);
	}
}

static void line_run(struct sim *sim, struct client *client, struct span line)
{
	char text[REPLY_MAX];
	struct buf error = buf_over(text, sizeof(text));
	struct sim_command command;

	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (client->phase == CLIENT_CAPTURING) {
		capture_line(sim, client, line);
		return;
	}
	buf_add_string(&error, "error ");
	if (sim_command_parse(line, sim->settings, &command, &error))
		command_run(sim, client, &command);
	else
		client_reply(client, buf_span(&error));
}

static void input_run(struct sim *sim, struct client *client)
{
	struct span rest = span_of(client->input, client->input_len);

	while (client->phase == CLIENT_TALKING || client->phase == CLIENT_CAPTURING) {
		size_t end = span_find(rest, '\n');

		if (end == rest.len)
			break;
		line_run(sim, client, span_slice(rest, 0, end));
		rest = span_slice(rest, end + 1, rest.len);
	}
	if (client->phase == CLIENT_FREE)
		return;
	memmove(client->input, rest.data, rest.len);
	client->input_len = rest.len;
	if (rest.len == sizeof(client->input) && client->phase != CLIENT_PLAYING) {
		client_reply(client, SPAN_LIT("error a line has at most 65536 bytes"));
		if (client->phase != CLIENT_FREE)
			client_close(client);
	}
}

static void client_read(struct sim *sim, struct client *client)
{
	ssize_t len = recv(client->fd, client->input + client->input_len,
		sizeof(client->input) - client->input_len, MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		client_close(client);
		return;
	}
	client->input_len += (size_t)len;
	input_run(sim, client);
}

static void client_accept(struct sim *sim)
{
	int fd = accept4(ROLE_FD_LISTEN, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		struct client *client = &sim->client[i];

		if (client->phase != CLIENT_FREE)
			continue;
		client->fd = fd;
		client->phase = CLIENT_TALKING;
		client->input_len = 0;
		return;
	}
	static const char full[] = "error 16 connections are open already; close one\n";

	(void)send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

/* --- time --- */

/* Index behind the burst that begins at edge_next. */
static uint32_t burst_end(const struct client *client)
{
	uint32_t end = client->edge_next + 1;

	while (end < client->edge_count &&
		client->edges[end].at_ns - client->edges[end - 1].at_ns <= BURST_SILENCE_NS)
		end++;
	return end;
}

static void client_tick(struct sim *sim, struct client *client, int64_t now_ns)
{
	while (client->edge_next < client->edge_count) {
		uint32_t end = burst_end(client);

		if (client->edges[end - 1].at_ns > now_ns)
			return;
		if (!events_send(sim, client->edges + client->edge_next, end - client->edge_next))
			client->unseen = true;
		client->edge_next = end;
	}
	client->phase = CLIENT_TALKING;
	client_reply_seen(client, !client->unseen);
	if (client->phase == CLIENT_TALKING)
		input_run(sim, client);
}

static void sim_tick(struct sim *sim, int64_t now_ns)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		if (sim->rex_until_ns[i] == 0 || sim->rex_until_ns[i] > now_ns)
			continue;
		sim->rex_until_ns[i] = 0;
		atomic_store(&sim->board->door[i].rex, 0);
		(void)level_send(sim, LINE_REX, i, false);
	}
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		if (sim->client[i].phase == CLIENT_PLAYING)
			client_tick(sim, &sim->client[i], now_ns);
	}
}

static int64_t sim_deadline_ns(const struct sim *sim)
{
	int64_t deadline_ns = INT64_MAX;

	for (size_t i = 0; i < DOORS_MAX; i++) {
		if (sim->rex_until_ns[i] != 0 && sim->rex_until_ns[i] < deadline_ns)
			deadline_ns = sim->rex_until_ns[i];
	}
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		const struct client *client = &sim->client[i];

		if (client->phase == CLIENT_PLAYING &&
			client->edges[burst_end(client) - 1].at_ns < deadline_ns)
			deadline_ns = client->edges[burst_end(client) - 1].at_ns;
	}
	return deadline_ns;
}

/* --- the loop --- */

enum {
	POLL_CONTROL,
	POLL_LISTEN,
	POLL_CORE,
	POLL_CLIENT,
	POLL_COUNT = POLL_CLIENT + SIM_CLIENTS_MAX
};

static void poll_fill(const struct sim *sim, struct pollfd polled[POLL_COUNT])
{
	polled[POLL_CONTROL] = (struct pollfd){.fd = sim->context->control, .events = POLLIN};
	polled[POLL_LISTEN] = (struct pollfd){.fd = ROLE_FD_LISTEN, .events = POLLIN};
	polled[POLL_CORE] = (struct pollfd){.fd = sim->core, .events = POLLIN};
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		const struct client *client = &sim->client[i];
		bool read = client->phase == CLIENT_TALKING || client->phase == CLIENT_CAPTURING;

		polled[POLL_CLIENT + i] =
			(struct pollfd){.fd = read ? client->fd : -1, .events = POLLIN};
	}
}

/* False when the supervisor is gone. */
static bool control_read(struct sim *sim)
{
	enum role peer;
	int fd;
	int got = role_next_link(sim->context, &peer, &fd);

	if (got == 1 && peer == ROLE_CORE)
		core_link(sim, fd);
	else if (got == 1)
		(void)close(fd);
	return got == 1 || got == -EAGAIN || got == -EINTR;
}

static bool sim_turn(struct sim *sim)
{
	struct pollfd polled[POLL_COUNT];
	int64_t deadline_ns = sim_deadline_ns(sim);
	int64_t wait_ns = deadline_ns - clock_monotonic_ns();
	struct timespec wait = {0};

	if (wait_ns > 0)
		wait = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
	poll_fill(sim, polled);
	if (ppoll(polled, POLL_COUNT, deadline_ns == INT64_MAX ? NULL : &wait, NULL) < 0)
		return errno == EINTR;
	if (polled[POLL_CONTROL].revents != 0 && !control_read(sim))
		return false;
	if (polled[POLL_CORE].revents != 0 && polled[POLL_CORE].fd == sim->core)
		core_read(sim);
	sim_tick(sim, clock_monotonic_ns());
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		if (polled[POLL_CLIENT + i].revents != 0)
			client_read(sim, &sim->client[i]);
	}
	if (polled[POLL_LISTEN].revents != 0)
		client_accept(sim);
	return true;
}

int sim_main(const struct role_context *context)
{
	static struct sim sim;

	sim.context = context;
	sim.settings = context->settings;
	sim.core = -1;
	sim.board = board_map(ROLE_FD_BOARD);
	if (sim.board == NULL) {
		log_error("cannot map STATE/sim.board: %s", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < DOORS_MAX; i++)
		atomic_store(&sim.board->door[i].rex, 0);
	int fences = sandbox_enter(ROLE_SIM, -1);

	if (fences < 0) {
		log_error("cannot build the sandbox: %s", strerror(-fences));
		return 1;
	}
	if (role_ready(context, (uint32_t)fences) != 0)
		return 1;
	while (sim_turn(&sim))
		;
	return 0;
}
