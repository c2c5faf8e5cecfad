/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's state: made by supervisor_open.c, used by supervisor.c. */
#pragma once

#include "child.h"
#include "supervisor.h"

_Static_assert(HEARTBEAT_ROLES >= ROLE_COUNT, "ends are counted by role");

/* The port of an OSDP line that is no virtual one. */
struct port {
	bool wanted; /* a line of the settings has it */
	bool announced; /* that it is not there was said */
	int fd; /* core's copy beside; -1: not there */
	int64_t retry_ns; /* when to open it; INT64_MAX: it is open */
};

struct supervisor {
	const struct settings *settings;
	const char *banner;
	struct tls_fingerprints fingerprints;
	struct child child[ROLE_COUNT]; /* by role; [ROLE_SUPERVISOR] is not used */
	struct heartbeat_page *page;
	struct locks locks;
	struct port port[OSDP_LINES_MAX]; /* in the settings' order */
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

/* --- supervisor_ports.c --- */

/*
 * Before the roles: opens the ports of all OSDP lines, makes virtual ones and the keys of their
 * readers. A port that is not there is told and tried again. False with errno.
 */
MUST_CHECK bool ports_open(struct supervisor *s);

/* True when a line has a real port. */
bool ports_wanted(const struct supervisor *s);

/* Core says that the port of a line is gone. */
void port_gone(struct supervisor *s, uint32_t line);

/* Opens what is due and hands it to core. Returns when the next is due. */
int64_t ports_work(struct supervisor *s, int64_t now_ns);
