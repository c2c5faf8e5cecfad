// SPDX-License-Identifier: Apache-2.0
/*
 * What exists before the first role: sealed settings, the heartbeat page, the mapped board,
 * sockets, and for each role the list of descriptors it gets. They live as long as the supervisor,
 * over all restarts of roles.
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

static void child_init(struct child *child, enum role role, const int fds[ROLE_FD_END])
{
	*child = (struct child){.role = role, .wanted = true, .control = -1, .restart_ns = 0};
	memcpy(child->fds.fd, fds, sizeof(child->fds.fd));
}

static bool fds_good(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] < 0)
			return false;
	}
	return true;
}

bool supervisor_open(struct supervisor *s, const struct supervisor_options *options)
{
	int settings = child_fd_raise(settings_open(s->settings));
	int heartbeat = child_fd_raise(heartbeat_open(&s->page));
	int board = child_fd_raise(options->board_fd);
	int http = child_fd_raise(options->http_fd);
	int sim = child_fd_raise(options->sim_fd);
	int state = child_fd_raise(options->state_fd);
	int wake = child_fd_raise(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));

	s->wake_fd = wake;
	s->signal_fd = child_fd_raise(signals_open());
	s->timer_fd = child_fd_raise(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
	const int all[] = {
		settings, heartbeat, board, http, sim, state, wake, s->signal_fd, s->timer_fd};

	s->board = board < 0 ? NULL : board_map(board);
	if (!fds_good(all, ARRAY_COUNT(all)) || s->board == NULL)
		return false;
	child_init(&s->child[ROLE_CORE], ROLE_CORE,
		(const int[ROLE_FD_END]){
			-1, -1, -1, -1, settings, heartbeat, board, -1, state, wake});
	child_init(&s->child[ROLE_GATE], ROLE_GATE,
		(const int[ROLE_FD_END]){-1, -1, -1, -1, settings, -1, -1, http, -1, -1});
	child_init(&s->child[ROLE_SIM], ROLE_SIM,
		(const int[ROLE_FD_END]){-1, -1, -1, -1, settings, -1, board, sim, -1, -1});
	return true;
}
