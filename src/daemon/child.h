/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of roles: how one is made, linked to its peers, and ended. */
#pragma once

#include "platform/role.h"
#include "watch.h"

#include <sys/types.h>

/* What a role gets at the fixed numbers; -1: it does not get one. */
struct child_fds {
	int fd[ROLE_FD_END]; /* by enum role_fd; CONTROL is made for each start */
};

struct child {
	enum role role;
	bool wanted; /* started with this configuration */
	bool ready; /* said so since its start */
	pid_t pid; /* 0: not running */
	int control; /* our end, or -1 */
	int64_t started_ns;
	int64_t heard_ns; /* its latest word */
	int64_t restart_ns; /* when to start it; INT64_MAX: no plan */
	struct restart restart;
	struct child_fds fds;
};

/*
 * Numbers of all descriptors that are handed over, so that none lies where a role expects another.
 * Returns fd's duplicate above them, and closes fd; -1 stays -1.
 */
MUST_CHECK int child_fd_raise(int fd);

/* Before the first start: the environment of roles, without what is meant for the supervisor. */
void child_environment(void);

/* Forks and executes `posternd --role NAME`. 0 or -errno; nothing is allocated. */
MUST_CHECK int child_start(struct child *child, int64_t now_ns);

/* Gives both ends of a fresh link. Kills a role that does not take messages any more. */
void child_link(struct child *one, struct child *other);

enum child_said {
	CHILD_NOTHING = 0, /* or READY, ALIVE, or nonsense: then it was killed */
	CHILD_PORT_GONE, /* *ret_line */
};

/* Takes one waiting message. */
enum child_said child_receive(struct child *child, int64_t now_ns, uint32_t *ret_line);

/* Hands a port to core, which may be gone or full: then its next start brings it. */
void child_port_send(struct child *core, uint32_t line, int fd);

void child_kill(struct child *child);
void child_control_close(struct child *child);
