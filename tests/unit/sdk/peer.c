// SPDX-License-Identifier: Apache-2.0
/* The device of the tests: see peer.h. */
#include "peer.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_ROUNDS 8
#define QUIET_MS 2

void peer_init(struct peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	memset(peer, 0, sizeof(*peer));
	for (size_t i = 0; i < PEER_CONNECTIONS; i++)
		peer->connection[i].fd = -1;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ASSERT(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	ASSERT(listen(peer->fd, PEER_CONNECTIONS) == 0);
	ASSERT(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
	(void)snprintf(
		peer->url, sizeof(peer->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
}

void peer_close(struct peer_connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	connection->asked = false;
	connection->request[0] = 0;
}

void peer_drop(struct peer *peer)
{
	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		if (peer->connection[i].fd >= 0)
			peer_close(&peer->connection[i]);
	}
	close(peer->fd);
}

static bool accept_one(struct peer *peer)
{
	int fd = accept4(peer->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	peer->accepted++;
	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		if (peer->connection[i].fd < 0) {
			peer->connection[i].fd = fd;
			return true;
		}
	}
	close(fd); /* more than the peer holds: the test sees a failed connection */
	return true;
}

static bool read_some(struct peer *peer, struct peer_connection *connection)
{
	size_t len = strlen(connection->request);
	ssize_t got = recv(connection->fd, connection->request + len,
		sizeof(connection->request) - 1 - len, 0);

	if (got == 0)
		peer_close(connection);
	if (got <= 0)
		return got == 0;
	connection->request[len + (size_t)got] = 0;
	if (strstr(connection->request, "\r\n\r\n") != NULL) {
		connection->asked = true;
		peer->requests++;
	}
	return true;
}

static bool peer_step(struct peer *peer)
{
	bool moved = accept_one(peer);

	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		if (peer->connection[i].fd >= 0 && read_some(peer, &peer->connection[i]))
			moved = true;
	}
	return moved;
}

void peer_settle(struct peer *peer, struct postern *context)
{
	for (unsigned quiet = 0; quiet < QUIET_ROUNDS;) {
		struct pollfd fd = {.fd = postern_fd(context), .events = POLLIN};
		bool busy = postern_timeout_ms(context) == 0;

		if (poll(&fd, 1, busy ? 0 : QUIET_MS) > 0)
			busy = true;
		ASSERT(postern_dispatch(context) == POSTERN_OK);
		quiet = peer_step(peer) || busy ? 0 : quiet + 1;
	}
}

struct peer_connection *peer_asked(struct peer *peer, const char *words)
{
	for (size_t i = 0; i < PEER_CONNECTIONS; i++) {
		struct peer_connection *connection = &peer->connection[i];

		if (connection->asked && strstr(connection->request, words) != NULL)
			return connection;
	}
	return NULL;
}

unsigned peer_asked_count(const struct peer *peer)
{
	unsigned count = 0;

	for (size_t i = 0; i < PEER_CONNECTIONS; i++)
		count += peer->connection[i].asked;
	return count;
}

void peer_send(struct peer_connection *connection, const char *text)
{
	size_t len = strlen(text);

	if (send(connection->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len) {
		peer_close(connection);
		return;
	}
	connection->asked = false;
	connection->request[0] = 0;
}

void peer_answer(struct peer_connection *connection, const char *body)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	peer_send(connection, text);
}
