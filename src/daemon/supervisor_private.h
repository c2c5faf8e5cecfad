/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's state: made by supervisor_open.c, used by supervisor.c. */
#pragma once

#include "child.h"
#include "supervisor.h"

_Static_assert(HEARTBEAT_ROLES >= ROLE_COUNT, "ends are counted by role");

struct supervisor {
	const struct settings *settings;
	const char *banner;
	struct tls_fingerprints fingerprints;
	struct child child[ROLE_COUNT]; /* by role; [ROLE_SUPERVISOR] is not used */
	struct heartbeat_page *page;
	struct locks locks;
	struct watch watch;
	bool core_failed; /* killed for a broken promise, not reaped yet */
	bool announced; /* READY=1 was sent */
	bool stopping;
	int64_t stop_ns; /* while stopping: when to kill the rest */
	int64_t planned_ns; /* when the timer is to fire */
	int64_t watchdog_ns; /* interval; 0: none */
	int64_t watchdog_next_ns;
	int signal_fd;
	int timer_fd;
	int wake_fd;
};

/*
 * Makes everything that roles are handed and the supervisor's own descriptors, all above the fixed
 * numbers. False with errno.
 */
MUST_CHECK bool supervisor_open(struct supervisor *s, const struct supervisor_options *options);
