// SPDX-License-Identifier: Apache-2.0
/*
 * Role sim's clients (docs/sim-protocol.md). Each has one line of input and one frame or capture
 * that plays; while it plays the client is not read, so it can never have more than that. Edges are
 * handed over when the last of their burst has come to pass, so that a slow moment of this process
 * never tears a frame apart. A client that does not read its replies is closed.
 */
#include "base/assert.h"
#include "platform/clock.h"
#include "sim.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define PULSE_NS 50000
#define INTERVAL_NS 2000000
#define REX_NS (300 * NS_PER_MS)
#define BURST_SILENCE_NS (100 * NS_PER_MS) /* ends a frame whatever gap a reader has */
#define KEY_NS (100 * NS_PER_MS) /* begin to begin, as quick fingers do */
#define READER_PAUSE_NS (10 * NS_PER_MS) /* between the end of a frame and the next */

static void client_close(struct client *client)
{
	(void)close(client->fd);
	client->fd = -1;
	client->phase = CLIENT_FREE;
	client->input_len = 0;
}

void client_reply(struct client *client, struct span reply)
{
	char text[SIM_REPLY_MAX + 1];
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
	client->silence_ns = BURST_SILENCE_NS;
	client->unseen = false;
	client->phase = CLIENT_PLAYING;
}

/* Puts a frame that begins at at_ns behind what the client will play. */
static void frame_add(struct client *client, const struct card_bits *bits, int64_t at_ns)
{
	struct wiegand_edge edges[2 * CARD_BITS_MAX];
	size_t count = wiegand_edges(bits, at_ns, PULSE_NS, INTERVAL_NS, edges, ARRAY_COUNT(edges));

	ASSERT(client->edge_count + count <= SIM_EDGES_MAX);
	for (size_t i = 0; i < count; i++)
		client->edges[client->edge_count++] = (struct line_event){edges[i].at_ns,
			edges[i].line == 0 ? LINE_DATA0 : LINE_DATA1, client->reader,
			edges[i].level};
}

static void frame_begin(struct sim *sim, struct client *client, const struct sim_command *command)
{
	client->reader = command->reader;
	client->edge_count = 0;
	frame_add(client, &command->bits, 0);
	client_play(sim, client);
}

/* Each key is handed over by itself, as fingers do it: a reader shows that it took one. */
static void keys_begin(struct sim *sim, struct client *client, const struct sim_command *command)
{
	int64_t gap_ns = sim->settings->reader[command->reader - 1].limits.gap_ns;
	int64_t key_ns = command->key_bits * (int64_t)INTERVAL_NS + gap_ns + READER_PAUSE_NS;

	key_ns = key_ns > KEY_NS ? key_ns : KEY_NS;
	client->reader = command->reader;
	client->edge_count = 0;
	for (uint16_t i = 0; i < command->keys.len; i++) {
		struct card_bits bits;

		sim_key_frame(command->keys.bytes[i], command->key_bits, &bits);
		frame_add(client, &bits, i * key_ns);
	}
	client_play(sim, client);
	client->silence_ns = gap_ns;
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
	char text[SIM_REPLY_MAX / 2];
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
	char text[SIM_REPLY_MAX];
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
	case FEEDBACK_KEY:
		return "key";
	case FEEDBACK_WAITING:
		return "waiting";
	case FEEDBACK_COUNT:
		break;
	}
	return "unknown"; /* the board is written by another process */
}

static void reader_reply(struct sim *sim, struct client *client, uint8_t reader)
{
	const struct board_reader *at = &sim->board->reader[reader - 1];
	char text[SIM_REPLY_MAX];
	struct buf reply = buf_over(text, sizeof(text));

	buf_add_string(&reply, "ok ");
	buf_add_string(&reply, feedback_name(atomic_load(&at->feedback)));
	buf_add_byte(&reply, ' ');
	buf_add_u64(&reply, atomic_load(&at->feedback_count));
	client_reply(client, buf_span(&reply));
}

static void panel_reply(struct sim *sim, struct client *client, uint8_t panel)
{
	char text[SIM_REPLY_MAX];
	struct buf reply = buf_over(text, sizeof(text));
	struct card_bits bits;

	buf_add_string(&reply, "ok ");
	buf_add_u64(&reply, board_panel_last(sim->board, panel, &bits));
	for (unsigned i = 0; i < bits.count; i++) {
		buf_add_string(&reply, i == 0 ? " " : "");
		buf_add_byte(&reply, card_bits_get(&bits, i) ? '1' : '0');
	}
	client_reply(client, buf_span(&reply));
}

static void tamper_set(struct sim *sim, uint8_t reader, bool level)
{
	struct osdp_device *device = sim_osdp_device(&sim->osdp, reader);

	if (atomic_exchange(&sim->board->reader[reader - 1].tamper, level) == level)
		return;
	if (device != NULL)
		osdp_device_set_tamper(device, level);
	else
		(void)level_send(sim, LINE_TAMPER, reader, level);
}

/* The verbs of readers that are on an OSDP line. True: it was one. */
static bool osdp_run(struct sim *sim, struct client *client, const struct sim_command *command)
{
	if (command->reader == 0 || sim_osdp_device(&sim->osdp, command->reader) == NULL)
		return false;
	switch (command->verb) {
	case SIM_CARD:
	case SIM_BITS:
		reader_card(sim, client, command);
		return true;
	case SIM_KEYS:
		reader_keys(sim, client, command);
		return true;
	case SIM_READER:
		reader_shown(sim, client, command->reader);
		return true;
	case SIM_INSTALL:
		reader_install(sim, client, command);
		return true;
	default:
		return false;
	}
}

static void command_run(struct sim *sim, struct client *client, const struct sim_command *command)
{
	if (osdp_run(sim, client, command))
		return;
	switch (command->verb) {
	case SIM_CARD:
	case SIM_BITS:
		frame_begin(sim, client, command);
		break;
	case SIM_KEYS:
		keys_begin(sim, client, command);
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
		tamper_set(sim, command->reader, command->level);
		client_reply(client, SPAN_LIT("ok"));
		break;
	case SIM_LOCK:
		lock_reply(sim, client, command->door);
		break;
	case SIM_READER:
		reader_reply(sim, client, command->reader);
		break;
	case SIM_PANEL:
		panel_reply(sim, client, command->panel);
		break;
	case SIM_INSTALL: /* its line is not a virtual one */
		client_reply(client, SPAN_LIT("error this reader is no virtual one"));
		break;
	case SIM_VERB_COUNT:
		ASSERT(command->verb < SIM_VERB_COUNT);
	}
}

static void line_run(struct sim *sim, struct client *client, struct span line)
{
	char text[SIM_REPLY_MAX];
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
	if (rest.len == sizeof(client->input) &&
		(client->phase == CLIENT_TALKING || client->phase == CLIENT_CAPTURING)) {
		client_reply(client, SPAN_LIT("error a line has at most 65536 bytes"));
		if (client->phase != CLIENT_FREE)
			client_close(client);
	}
}

void client_read(struct sim *sim, struct client *client)
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

void client_accept(struct sim *sim)
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

/* Index behind the burst that begins at edge_next. */
static uint32_t burst_end(const struct client *client)
{
	uint32_t end = client->edge_next + 1;

	while (end < client->edge_count &&
		client->edges[end].at_ns - client->edges[end - 1].at_ns <= client->silence_ns)
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

void clients_tick(struct sim *sim, int64_t now_ns)
{
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		struct client *client = &sim->client[i];

		if (client->phase == CLIENT_PLAYING)
			client_tick(sim, client, now_ns);
		else if (client->phase == CLIENT_POLLED && reader_polled(sim, client))
			input_run(sim, client);
	}
}

int64_t clients_deadline_ns(const struct sim *sim)
{
	int64_t deadline_ns = INT64_MAX;

	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		const struct client *client = &sim->client[i];

		if (client->phase == CLIENT_PLAYING &&
			client->edges[burst_end(client) - 1].at_ns < deadline_ns)
			deadline_ns = client->edges[burst_end(client) - 1].at_ns;
	}
	return deadline_ns;
}
