/* SPDX-License-Identifier: Apache-2.0 */
/* One message over a SOCK_SEQPACKET socket, with or without a file descriptor beside it. */
#pragma once

#include "base/compiler.h"
#include "messages/messages.h"

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -EAGAIN when the socket is full, -EPIPE when the other end is gone, or another -errno. */
MUST_CHECK int link_send(int socket, const void *message, size_t len);
MUST_CHECK int link_send_fd(int socket, const void *message, size_t len, int fd);

/*
 * Receives into memory (MESSAGE_MAX bytes, aligned to 8). Length, or 0 when the other end is gone,
 * -EAGAIN when nothing is there, -EMSGSIZE for a cut message. *ret_fd, when not NULL, gets a passed
 * descriptor (close-on-exec) or -1; unexpected ones are closed.
 */
MUST_CHECK ssize_t link_receive(int socket, void *memory, int *ret_fd);

/* Puts HELLO on a fresh link. */
MUST_CHECK int link_hello(int socket, enum role self);

/* True when message is a HELLO of that role and of this build. */
bool link_hello_matches(const void *message, size_t len, enum role peer);

/* The build id of this binary (.note.gnu.build-id), MESSAGE_BUILD_ID bytes. */
const uint8_t *build_id(void);
