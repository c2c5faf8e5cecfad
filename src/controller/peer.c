// SPDX-License-Identifier: Apache-2.0
/* A counted socket; see peer.h for who may use it for what. */
#include "peer.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer *peer_new(int socket)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL) {
		(void)close(socket);
		return NULL;
	}
	peer->socket = socket;
	atomic_init(&peer->users, 1);
	return peer;
}

struct peer *peer_take(struct peer *peer)
{
	atomic_fetch_add(&peer->users, 1);
	return peer;
}

void peer_drop(struct peer *peer)
{
	if (peer == NULL || atomic_fetch_sub(&peer->users, 1) != 1)
		return;
	(void)close(peer->socket);
	free(peer);
}

void peer_end(struct peer *peer)
{
	(void)shutdown(peer->socket, SHUT_RDWR);
}
