// SPDX-License-Identifier: Apache-2.0
/*
 * STATE is one folder that belongs to one posternd, from before its first look at it to its end:
 * the supervisor holds STATE/posternd.lock. The store locks the folder itself while it is open;
 * after a supervisor's sudden death its core holds that lock for the moment it needs to lock the
 * doors and to close the database, and a start waits that long and no longer.
 */
#include "state.h"

#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "posternd.lock"
#define LOCK_TRIES 40
#define LOCK_PAUSE_MS 50

bool state_path(const char *path, char *ret, size_t size)
{
	char here[PATH_MAX];
	int len;

	if (path[0] == '/') {
		len = snprintf(ret, size, "%s", path);
	} else if (getcwd(here, sizeof(here)) != NULL) {
		len = snprintf(ret, size, "%s/%s", here, path);
	} else {
		complain("cannot tell the current folder (%s): name STATE by its full path",
			strerror(errno));
		return false;
	}
	if (len <= 1 || (size_t)len >= size) {
		complain("the path of STATE must have 2 to %zu bytes: %s", size - 1, path);
		return false;
	}
	while (len > 1 && ret[len - 1] == '/')
		ret[--len] = '\0';
	return true;
}

bool state_make_parents(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		int len = snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);

		if (len < 0 || (size_t)len >= sizeof(part) ||
			(mkdir(part, 0700) != 0 && errno != EEXIST)) {
			complain("cannot make the folder %s: %s", part, strerror(errno));
			return false;
		}
	}
	return true;
}

/* Others could put files there that core would trust. */
static bool state_is_private(int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info) != 0) {
		complain("cannot look at %s: %s", path, strerror(errno));
		return false;
	}
	if ((info.st_mode & 0022) != 0) {
		complain("other users may write to %s: run `chmod go-w %s`", path, path);
		return false;
	}
	return true;
}

static bool lock_wait(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	}
	errno = EWOULDBLOCK;
	return false;
}

/* The lock ends with the process: the descriptor stays open and is no role's. */
static bool state_lock(int state_fd, const char *path)
{
	int fd = openat(state_fd, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && lock_wait(fd) && lock_wait(state_fd) && flock(state_fd, LOCK_UN) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		complain("another posternd uses %s: stop it first, or name another folder with "
			 "--state",
			path);
	else
		complain("cannot lock %s/" LOCK_FILE ": %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return false;
}

int state_open(const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		complain("cannot make the folder %s: %s", path, strerror(errno));
		return -1;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		complain("cannot open the folder %s: %s", path, strerror(errno));
		return -1;
	}
	if (!state_is_private(fd, path) || !state_lock(fd, path)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}
