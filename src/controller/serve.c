// SPDX-License-Identifier: Apache-2.0
/*
 * The loop of the serving thread. Descriptors: the control socket (fresh links; its end is the
 * process's end), the link to gate, an eventfd for the other threads' answers.
 *
 * The link never blocks this thread: a message that finds no room waits here, and while one waits
 * no request is read, so what waits is bounded by the open requests. A message that does not pass
 * message_check ends the link: gate then ends, and the supervisor starts another with a fresh link.
 */
#include "serve_private.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "platform/link.h"
#include "platform/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MESSAGES_BITE 32 /* requests a turn */

static void link_drop(struct serve *serve)
{
	if (serve->peer == NULL)
		return;
	(void)epoll_ctl(serve->epoll, EPOLL_CTL_DEL, serve->peer->socket, NULL);
	peer_end(serve->peer);
	peer_drop(serve->peer);
	serve->peer = NULL;
	serve->greeted = false;
	serve->wants_room = false;
	serve->out_count = 0;
	serve->stream_count = 0;
}

/* Requests are read only while nothing waits to be sent. */
static void link_watch(struct serve *serve)
{
	bool wants_room = serve->out_count > 0;
	struct epoll_event event = {.events = wants_room ? EPOLLOUT : EPOLLIN};

	if (serve->peer == NULL || wants_room == serve->wants_room)
		return;
	event.data.fd = serve->peer->socket;
	if (epoll_ctl(serve->epoll, EPOLL_CTL_MOD, serve->peer->socket, &event) != 0)
		link_drop(serve);
	else
		serve->wants_room = wants_room;
}

static void link_begin(struct serve *serve, int socket)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};

	link_drop(serve);
	serve->peer = peer_new(socket);
	serve->link++;
	serve->told_seq = atomic_load(&serve->core->last_seq);
	if (serve->peer == NULL)
		return;
	if (epoll_ctl(serve->epoll, EPOLL_CTL_ADD, socket, &event) != 0 ||
		link_hello(socket, ROLE_CORE) != 0)
		link_drop(serve);
}

void serve_send(struct serve *serve, const void *message)
{
	size_t len = message_size(message);

	if (serve->peer == NULL)
		return;
	if (serve->out_count == 0) {
		int error = link_send(serve->peer->socket, message, len);

		if (error == 0)
			return;
		if (error != -EAGAIN) {
			link_drop(serve);
			return;
		}
	}
	ASSERT(serve->out_count < OUT_SLOTS && len <= OUT_BYTES);
	struct out_message *out = &serve->out[(serve->out_first + serve->out_count) % OUT_SLOTS];

	memcpy(out->bytes, message, len);
	out->len = len;
	serve->out_count++;
}

static void out_flush(struct serve *serve)
{
	while (serve->peer != NULL && serve->out_count > 0) {
		const struct out_message *out = &serve->out[serve->out_first];
		int error = link_send(serve->peer->socket, out->bytes, out->len);

		if (error == -EAGAIN)
			return;
		if (error != 0) {
			link_drop(serve);
			return;
		}
		serve->out_first = (serve->out_first + 1) % OUT_SLOTS;
		serve->out_count--;
	}
}

/* False when no further message is to be read now. */
static bool link_read_one(struct serve *serve)
{
	ssize_t len = link_receive(serve->peer->socket, serve->memory, NULL);

	if (len == -EAGAIN)
		return false;
	if (len <= 0) {
		if (len < 0)
			log_warning("the link to gate failed: %s", strerror((int)-len));
		link_drop(serve);
		return false;
	}
	if (!serve->greeted && link_hello_matches(serve->memory, (size_t)len, ROLE_GATE)) {
		serve->greeted = true;
		return true;
	}
	enum message_error error = message_check(serve->memory, (size_t)len, ROLE_GATE, ROLE_CORE);

	if (!serve->greeted || error != MESSAGE_OK) {
		log_error("gate sent a message that does not hold (%s, %zd bytes); its link is "
			  "closed",
			serve->greeted ? "refused by its check" : "before a matching hello", len);
		link_drop(serve);
		return false;
	}
	serve_request(serve, serve->memory);
	return true;
}

static void link_read(struct serve *serve)
{
	for (int i = 0; i < MESSAGES_BITE && serve->peer != NULL && serve->out_count == 0; i++) {
		if (!link_read_one(serve))
			break;
	}
	/* Requests may hold secrets of the people enrolled. */
	explicit_bzero(serve->memory, sizeof(struct message_person_write));
	_Static_assert(sizeof(struct message_person_write) >= sizeof(struct message_account_put) &&
			       sizeof(struct message_person_write) >= sizeof(struct message_claim),
		"all that may hold a secret is wiped");
}

static void committed_tell(struct serve *serve)
{
	struct message_committed message = {.header = {.type = MESSAGE_COMMITTED}};
	uint64_t last_seq = atomic_load(&serve->core->last_seq);

	if (!serve->greeted || serve->out_count > 0 || last_seq == serve->told_seq)
		return;
	message.last_seq = last_seq;
	serve->told_seq = last_seq;
	serve_send(serve, &message);
}

static void lines_link(struct serve *serve, int socket)
{
	struct order order = {.kind = ORDER_LINES, .socket = socket};

	if (!serve->core->settings->simulated_lines || !spsc_push(&serve->core->orders, &order))
		(void)close(socket);
	core_wake(serve->core->rt_wake);
}

/* The port of an OSDP line is there again. */
static void port_back(struct serve *serve, uint8_t line, int fd)
{
	struct bus_order order = {.kind = BUS_ORDER_PORT, .line = line, .fd = fd};

	if (serve->core->bus == NULL || !spsc_push(&serve->core->bus_orders, &order))
		(void)close(fd);
	core_wake(serve->core->bus_wake);
}

/* False when the supervisor is gone. */
static bool control_read(struct serve *serve)
{
	enum role peer;
	uint8_t line;
	int socket;

	for (;;) {
		int got = role_next_link_or_port(serve->core->context, &peer, &line, &socket);

		if (got == -EAGAIN)
			return true;
		if (got == -EPROTO) {
			log_error("the supervisor sent no link on the control socket; ignored");
			continue;
		}
		if (got <= 0)
			return false;
		if (got == 2)
			port_back(serve, line, socket);
		else if (peer == ROLE_GATE)
			link_begin(serve, socket);
		else if (peer == ROLE_SIM)
			lines_link(serve, socket);
		else
			(void)close(socket);
	}
}

/* False when the loop is to end. */
static bool turn(struct serve *serve)
{
	struct epoll_event events[4];
	int count =
		epoll_wait(serve->epoll, events, ARRAY_COUNT(events), serve_file_timeout_ms(serve));
	bool goes_on = true;

	core_wake_clear(serve->core->serve_wake);
	serve_answers(serve);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == serve->core->context->control)
			goes_on = control_read(serve);
		else if (serve->peer == NULL || events[i].data.fd != serve->peer->socket)
			continue;
		else if (serve->out_count > 0)
			out_flush(serve);
		else
			link_read(serve);
	}
	serve_file_turn(serve);
	out_flush(serve);
	serve_streams_tell(serve);
	committed_tell(serve);
	link_watch(serve);
	return goes_on;
}

static struct serve *serve_new(struct core *core)
{
	struct serve *serve = calloc(1, sizeof(*serve));
	const int fds[] = {core->context->control, core->serve_wake};

	if (serve == NULL)
		return NULL;
	serve->core = core;
	serve->epoll = epoll_create1(EPOLL_CLOEXEC);
	serve->stream = calloc((size_t)core->settings->streams_max + 1, sizeof(*serve->stream));
	random_bytes(&serve->stream_next, sizeof(serve->stream_next));
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};

		if (serve->stream == NULL ||
			epoll_ctl(serve->epoll, EPOLL_CTL_ADD, fds[i], &event) != 0) {
			free(serve->stream);
			free(serve);
			return NULL;
		}
	}
	return serve;
}

int serve_run(struct core *core)
{
	struct serve *serve = serve_new(core);

	if (serve == NULL)
		return -ENOMEM;
	while (turn(serve))
		continue;
	link_drop(serve);
	(void)close(serve->epoll);
	free(serve->stream);
	free(serve);
	return 0;
}
