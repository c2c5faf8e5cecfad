/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor and its roles say to each other, and any two roles on a new link. */
#pragma once

#include "messages/messages.h"

/* The other end of a fresh link to peer comes with this message (SCM_RIGHTS); the old link is dead.
 */
struct message_link {
	struct message_header header;
	uint32_t peer; /* enum role */
};

#define MESSAGE_PORT_LINES_MAX 16

/* The port of an OSDP line. */
struct message_port {
	struct message_header header;
	uint32_t line; /* place in settings.osdp_line */
};

/* The role has its sandbox and answers from now on. */
struct message_ready {
	struct message_header header;
	uint32_t fences; /* platform/sandbox.h bits */
};

#define ALIVE_INTERVAL_MS 1000

/* The role goes round its loop. */
struct message_alive {
	struct message_header header;
};

#define MESSAGE_BUILD_ID 20 /* bytes */

struct message_hello {
	struct message_header header;
	uint32_t role; /* the sender's */
	uint8_t build_id[MESSAGE_BUILD_ID];
};
