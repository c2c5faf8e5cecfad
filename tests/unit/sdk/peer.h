/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that says what the test tells it to: a listening socket whose connections the test
 * steps by hand, in the thread of the test.
 */
#pragma once

#include "sdk.h"

#define PEER_CONNECTIONS 64

struct peer_connection {
	int fd; /* -1: free */
	char request[4096]; /* what came; ends in NUL */
	bool asked; /* a whole request is there and waits for an answer */
};

struct peer {
	int fd;
	char url[64];
	unsigned accepted;
	unsigned requests;
	struct peer_connection connection[PEER_CONNECTIONS];
};

void peer_init(struct peer *peer);
void peer_drop(struct peer *peer);

/* Dispatches the context and takes what came to the peer, until both have been quiet for long. */
void peer_settle(struct peer *peer, struct postern *context);

/* The connection that waits for an answer to a request that holds words, or NULL. */
struct peer_connection *peer_asked(struct peer *peer, const char *words);
unsigned peer_asked_count(const struct peer *peer);

/* Sends text as it is; the request counts as answered. Closes when the other side has. */
void peer_send(struct peer_connection *connection, const char *text);
/* A 200 with that body. */
void peer_answer(struct peer_connection *connection, const char *body);
void peer_close(struct peer_connection *connection);
