// SPDX-License-Identifier: Apache-2.0
/*
 * A role's process. Between fork and exec only descriptors, signals and the environment are put in
 * order: everything else of the supervisor ends with exec, so that each role has an address space
 * of its own making. A role gets its descriptors at fixed numbers and no other one.
 *
 * Roles leave the terminal's signals to the supervisor and end when their control socket does. When
 * the supervisor dies, gate and sim are killed; core is continued in case it was stopped, sees the
 * end of its socket, and locks the doors.
 */
#include "child.h"

#include "messages/roles.h"
#include "platform/link.h"
#include "platform/log.h"
#include "platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENVIRONMENT_MAX 64
#define FD_RAISED 96 /* above ROLE_FD_END: dup2 never writes over one that is still needed */
_Static_assert(FD_RAISED >= ROLE_FD_END, "descriptors lie above the numbers of a role's");

#define NICE_GATE 5 /* a flood of HTTP gives way to the doors */

static char *environment[ENVIRONMENT_MAX + 1];

int child_fd_raise(int fd)
{
	if (fd < 0)
		return fd;
	int raised = fcntl(fd, F_DUPFD_CLOEXEC, FD_RAISED);

	(void)close(fd);
	return raised;
}

void child_environment(void)
{
	static const char *const own[] = {
		"NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "CREDENTIALS_DIRECTORY="};
	size_t count = 0;

	for (char **at = environ; *at != NULL && count < ENVIRONMENT_MAX; at++) {
		bool left_out = false;

		for (size_t i = 0; i < ARRAY_COUNT(own); i++)
			left_out = left_out || strncmp(*at, own[i], strlen(own[i])) == 0;
		if (!left_out)
			environment[count++] = *at;
	}
	environment[count] = NULL;
}

static void signals_for_role(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_COUNT(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child_exec(const struct child *child, int control, pid_t parent)
{
	static char program[] = "posternd";
	static char option[] = "--role";
	char name[16] = "";
	char *arguments[] = {program, option, name, NULL};

	memccpy(name, role_name(child->role), '\0', sizeof(name) - 1);
	for (int at = ROLE_FD_CONTROL; at < ROLE_FD_END; at++) {
		int fd = at == ROLE_FD_CONTROL ? control : child->fds.fd[at];

		if (fd < 0)
			(void)close(at);
		else if (dup2(fd, at) < 0)
			_exit(127);
	}
	(void)close_range(ROLE_FD_END, ~0u, 0);
	signals_for_role();
	if (child->role == ROLE_GATE)
		(void)role_nice_try(NICE_GATE);
	(void)prctl(PR_SET_PDEATHSIG, child->role == ROLE_CORE ? SIGCONT : SIGKILL);
	if (getppid() != parent)
		_exit(127);
	(void)execve("/proc/self/exe", arguments, environment);
	_exit(127);
}

int child_start(struct child *child, int64_t now_ns)
{
	int pair[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	int ours = child_fd_raise(pair[0]);
	int theirs = child_fd_raise(pair[1]);
	pid_t pid = ours < 0 || theirs < 0 ? -1 : fork();
	int error = errno;

	if (pid == 0)
		child_exec(child, theirs, parent);
	if (theirs >= 0)
		(void)close(theirs);
	if (pid < 0) {
		if (ours >= 0)
			(void)close(ours);
		return -error;
	}
	child->pid = pid;
	child->control = ours;
	child->ready = false;
	child->started_ns = now_ns;
	child->restart_ns = INT64_MAX;
	log_info("%s started as process %d", role_name(child->role), pid);
	return 0;
}

static void link_end_send(struct child *child, enum role peer, int fd)
{
	struct message_link message = {.header = {.type = MESSAGE_LINK}, .peer = peer};
	int error = child->control < 0
			    ? -EPIPE
			    : link_send_fd(child->control, &message, sizeof(message), fd);

	if (error == 0 || error == -EPIPE) /* it has just ended: its next start brings a link */
		return;
	log_error(
		"%s takes no messages (%s): killing it", role_name(child->role), strerror(-error));
	child_kill(child);
}

void child_link(struct child *one, struct child *other)
{
	int pair[2];

	if (one->pid == 0 || other->pid == 0)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("cannot link %s and %s: %s", role_name(one->role), role_name(other->role),
			strerror(errno));
		child_kill(other); /* its next start tries again */
		return;
	}
	link_end_send(one, other->role, pair[0]);
	link_end_send(other, one->role, pair[1]);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

enum child_said child_receive(struct child *child, int64_t now_ns, uint32_t *ret_line)
{
	static alignas(8) uint8_t memory[MESSAGE_MAX];
	ssize_t len = link_receive(child->control, memory, NULL);
	char text[128];

	if (len == -EAGAIN)
		return CHILD_NOTHING;
	if (len == 0) { /* it is ending: SIGCHLD tells the rest */
		child_control_close(child);
		return CHILD_NOTHING;
	}
	const struct message_header *header = (const struct message_header *)(const void *)memory;
	bool good = len > 0 &&
		    message_check(memory, (size_t)len, child->role, ROLE_SUPERVISOR) == MESSAGE_OK;

	if (good && header->type == MESSAGE_PORT_GONE) {
		*ret_line = ((const struct message_port *)(const void *)memory)->line;
		return CHILD_PORT_GONE;
	}
	if (!good || (header->type != MESSAGE_READY && header->type != MESSAGE_ALIVE)) {
		log_error("%s sent what no role sends: killing it", role_name(child->role));
		child_kill(child);
		return CHILD_NOTHING;
	}
	child->heard_ns = now_ns;
	if (header->type == MESSAGE_ALIVE)
		return CHILD_NOTHING;
	child->ready = true;
	log_info("%s is ready; fences: %s", role_name(child->role),
		sandbox_fences_text(
			((const struct message_ready *)(const void *)memory)->fences, text));
	return CHILD_NOTHING;
}

void child_port_send(struct child *core, uint32_t line, int fd)
{
	struct message_port message = {.header = {.type = MESSAGE_PORT}, .line = line};

	if (core->pid > 0 && core->control >= 0 &&
		link_send_fd(core->control, &message, sizeof(message), fd) == -EAGAIN) {
		log_error("core takes no messages: killing it");
		child_kill(core);
	}
}

void child_kill(struct child *child)
{
	if (child->pid > 0)
		(void)kill(child->pid, SIGKILL);
}

void child_control_close(struct child *child)
{
	if (child->control >= 0)
		(void)close(child->control);
	child->control = -1;
}
