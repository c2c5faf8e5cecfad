/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link to gate, shared by serve (which receives, and sends what is small) and query (which sends
 * rows). Counted: the socket is closed when the last of both lets it go; serve ends it by shutting
 * the socket down, which query sees as the end of the link. One message is one send: the two never
 * mix within one.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct peer {
	int socket;
	_Atomic unsigned users;
};

/* Takes the socket. NULL without memory; then the socket is closed. */
struct peer *peer_new(int socket);
struct peer *peer_take(struct peer *peer);
void peer_drop(struct peer *peer); /* NULL is no peer */
void peer_end(struct peer *peer);
