// SPDX-License-Identifier: Apache-2.0
/*
 * What exists before the first role: sealed settings, the heartbeat page, the mapped board or the
 * GPIO line requests, sockets, and for each role the list of descriptors it gets. They live as long
 * as the supervisor, over all restarts of roles.
 */
#include "supervisor_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int signals_open(void)
{
	sigset_t signals;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return -1;
	return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int settings_open(const struct settings *settings)
{
	int fd = memfd_create("settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, settings, sizeof(*settings)) != (ssize_t)sizeof(*settings) ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
			0)
		return -1;
	return fd;
}

static int heartbeat_open(struct heartbeat_page **ret)
{
	int fd = memfd_create("heartbeat", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)sizeof(**ret)) != 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return -1;
	*ret = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return *ret == MAP_FAILED ? -1 : fd;
}

static void child_init(struct child *child, enum role role)
{
	*child = (struct child){.role = role, .wanted = true, .control = -1, .restart_ns = 0};
	for (size_t i = 0; i < ARRAY_COUNT(child->fds.fd); i++)
		child->fds.fd[i] = -1;
}

static bool fds_good(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] < 0)
			return false;
	}
	return true;
}

/* The board and its sim, or the requests of GPIO lines for core alone. */
static bool lines_take(struct supervisor *s, const struct supervisor_options *options)
{
	int lines[ROLE_LINES_MAX];
	struct board *board = NULL;

	_Static_assert(GPIO_REQUESTS_MAX <= ROLE_LINES_MAX, "each has a number");
	if (options->plan == NULL) {
		int *core = &s->child[ROLE_CORE].fds.fd[ROLE_FD_BOARD];

		*core = child_fd_raise(options->board_fd);
		board = *core < 0 ? NULL : board_map(*core);
		s->child[ROLE_SIM].fds.fd[ROLE_FD_BOARD] = *core;
		s->child[ROLE_SIM].fds.fd[ROLE_FD_LISTEN] = child_fd_raise(options->sim_fd);
		locks_over_board(&s->locks, board);
		return board != NULL && s->child[ROLE_SIM].fds.fd[ROLE_FD_LISTEN] >= 0;
	}
	for (uint32_t i = 0; i < options->plan->count; i++) {
		lines[i] = child_fd_raise(options->line_fds[i]);
		s->child[ROLE_CORE].fds.fd[ROLE_FD_LINES + i] = lines[i];
	}
	s->child[ROLE_SIM].wanted = false;
	s->child[ROLE_SIM].restart_ns = INT64_MAX;
	locks_over_gpio(&s->locks, options->plan, lines);
	return fds_good(lines, options->plan->count);
}

static bool tls_take(struct supervisor *s, const struct supervisor_options *options)
{
	int *fds = s->child[ROLE_GATE].fds.fd;

	if (s->settings->https_address.len == 0)
		return true;
	fds[ROLE_FD_LISTEN_TLS] = child_fd_raise(options->https_fd);
	fds[ROLE_FD_TLS] = child_fd_raise(options->tls_fd);
	return fds[ROLE_FD_LISTEN_TLS] >= 0 && fds[ROLE_FD_TLS] >= 0;
}

bool supervisor_open(struct supervisor *s, const struct supervisor_options *options)
{
	int settings = child_fd_raise(settings_open(s->settings));
	int heartbeat = child_fd_raise(heartbeat_open(&s->page));
	int http = child_fd_raise(options->http_fd);
	int state = child_fd_raise(options->state_fd);
	int wake = child_fd_raise(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));

	s->wake_fd = wake;
	s->signal_fd = child_fd_raise(signals_open());
	s->timer_fd = child_fd_raise(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
	const int all[] = {settings, heartbeat, http, state, wake, s->signal_fd, s->timer_fd};

	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		child_init(&s->child[role], (enum role)role);
		s->child[role].fds.fd[ROLE_FD_SETTINGS] = settings;
	}
	s->child[ROLE_CORE].fds.fd[ROLE_FD_HEARTBEAT] = heartbeat;
	s->child[ROLE_CORE].fds.fd[ROLE_FD_STATE] = state;
	s->child[ROLE_CORE].fds.fd[ROLE_FD_WAKE] = wake;
	s->child[ROLE_GATE].fds.fd[ROLE_FD_LISTEN] = http;
	return fds_good(all, ARRAY_COUNT(all)) && tls_take(s, options) && lines_take(s, options) &&
	       ports_open(s);
}
