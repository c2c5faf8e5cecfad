/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets that the supervisor opens for its roles. */
#pragma once

#include "base/compiler.h"
#include "base/text.h"

#include <stdbool.h>

/* ADDR:PORT, as below. */
bool address_is_good(struct span address);

/* True for 127.0.0.0/8 and ::1. False also for text that is no address. */
bool address_is_loopback(struct span address);

/*
 * Opens a listening TCP socket on *address ("127.0.0.1:8080", "[::1]:8080"; port 0: any) and puts
 * the address it got into *address. The descriptor, or -1 after complaining.
 */
MUST_CHECK int listen_http(struct text64 *address);

/* Opens STATE/sim.sock, 0600, replacing an old one. The descriptor, or -1 after complaining. */
MUST_CHECK int listen_sim(int state_fd);
