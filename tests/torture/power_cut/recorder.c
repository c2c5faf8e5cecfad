// SPDX-License-Identifier: Apache-2.0
/*
 * Records what a program does to the files of one folder. Loaded in front of the C library
 * (LD_PRELOAD), it stands in for the calls that change files, carries them out by system call, and
 * writes each that touched $POWER_CUT_DIR to $POWER_CUT_LOG (log.h).
 *
 * Files are followed by number, not by name, so that a file that was unlinked and made anew is
 * another file. Syncs are recorded and not carried out: nobody pulls a real plug. The shared memory
 * file of SQLite (-shm) is left out, as it means nothing after a restart. For one thread only.
 */
/* Both names of a call (open, open64) are defined here: none may stand for the other. 64-bit only.
 */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 1024
#define FILES_MAX 4096

enum follow { FOLLOW_NOT = 0, FOLLOW_FILE, FOLLOW_DIR, FOLLOW_ACK };

static int log_fd = -1;
static char folder[PATH_MAX];
static struct {
	enum follow follow;
	uint32_t file;
} fds[FDS_MAX];
static ino_t inode[FILES_MAX]; /* by file number; 0 when it has no name any more */
static uint32_t files;

static void give_up(const char *what)
{
	dprintf(2, "power cut recorder: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static void record(enum power_cut_type type, uint32_t file, const char *name, uint64_t offset,
	const void *data, size_t len)
{
	struct power_cut_op op = {.magic = POWER_CUT_MAGIC,
		.type = (uint16_t)type,
		.name_len = (uint16_t)strlen(name),
		.file = file,
		.data_len = (uint32_t)len,
		.offset = offset};
	char *copy = malloc(len + 1);
	struct iovec parts[3] = {
		{&op, sizeof(op)}, {(void *)(uintptr_t)name, op.name_len}, {copy, len}};

	if (copy == NULL)
		give_up("malloc");
	if (len > 0)
		memcpy(copy, data, len);
	if (syscall(SYS_writev, log_fd, parts, 3) != (long)(sizeof(op) + op.name_len + len))
		give_up("cannot write the log");
	free(copy);
}

/* A file that was there before the program: as made, written and synced. */
static void record_old(int dir_fd, const char *name)
{
	struct stat info;
	int fd = (int)syscall(SYS_openat, dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		if (fd >= 0)
			(void)syscall(SYS_close, fd);
		return;
	}
	char *bytes = malloc((size_t)info.st_size + 1);

	if (bytes == NULL || ++files >= FILES_MAX ||
		syscall(SYS_pread64, fd, bytes, info.st_size, 0) != info.st_size)
		give_up("cannot read what was there before");
	inode[files] = info.st_ino;
	record(POWER_CUT_CREATE, files, name, 0, NULL, 0);
	record(POWER_CUT_WRITE, files, "", 0, bytes, (size_t)info.st_size);
	record(POWER_CUT_SYNC, files, "", 0, NULL, 0);
	free(bytes);
	(void)syscall(SYS_close, fd);
}

static void record_folder(void)
{
	DIR *dir = opendir(folder);

	if (dir == NULL)
		give_up("cannot read the folder");
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] != '.')
			record_old(dirfd(dir), entry->d_name);
	}
	(void)closedir(dir);
	record(POWER_CUT_SYNC_DIR, 0, "", 0, NULL, 0);
	record(POWER_CUT_BEGIN, 0, "", 0, NULL, 0);
}

__attribute__((constructor)) static void start(void)
{
	const char *dir = getenv("POWER_CUT_DIR");
	const char *log = getenv("POWER_CUT_LOG");

	if (dir == NULL || log == NULL || realpath(dir, folder) == NULL)
		return;
	log_fd = (int)syscall(
		SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0)
		give_up("cannot open the log");
	record_folder();
}

/* True when path, seen from dir_fd, names something directly in the folder; *ret_name is its name.
 */
static bool in_folder(int dir_fd, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	char link[64];
	char seen[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 1 : (size_t)(slash - path) + 1;

	if (log_fd < 0 || len >= sizeof(parent))
		return false;
	memcpy(parent, slash == NULL ? "." : path, len);
	parent[len] = '\0';
	*ret_name = slash == NULL ? path : slash + 1;
	int fd = (int)syscall(SYS_openat, dir_fd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t got = readlink(link, seen, sizeof(seen) - 1);

	(void)syscall(SYS_close, fd);
	if (got < 0)
		return false;
	seen[got] = '\0';
	return strcmp(seen, folder) == 0;
}

static bool is_folder(int fd)
{
	struct stat a;
	struct stat b;

	return log_fd >= 0 && fstat(fd, &a) == 0 && S_ISDIR(a.st_mode) && stat(folder, &b) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static uint32_t file_of(ino_t ino)
{
	for (uint32_t i = files; i > 0; i--) {
		if (inode[i] == ino)
			return i;
	}
	errno = ENOENT;
	give_up("a file that was not made here");
	return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name);
	size_t end = strlen(suffix);

	return len >= end && strcmp(name + len - end, suffix) == 0;
}

static void opened(int fd, const char *name, bool made, int flags)
{
	struct stat info;

	if (has_suffix(name, "-shm"))
		return;
	if (strcmp(name, POWER_CUT_ACK) == 0) {
		fds[fd].follow = FOLLOW_ACK;
		return;
	}
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return;
	if (made) {
		if (++files >= FILES_MAX)
			give_up("too many files");
		inode[files] = info.st_ino;
		record(POWER_CUT_CREATE, files, name, 0, NULL, 0);
	}
	fds[fd].follow = FOLLOW_FILE;
	fds[fd].file = file_of(info.st_ino);
	if ((flags & O_TRUNC) != 0)
		record(POWER_CUT_TRUNCATE, fds[fd].file, "", 0, NULL, 0);
}

static int do_open(int dir_fd, const char *path, int flags, mode_t mode)
{
	const char *name = NULL;
	bool inside = (flags & O_PATH) == 0 && in_folder(dir_fd, path, &name);
	bool made = inside && (flags & O_CREAT) != 0 &&
		    faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	int fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);

	if (fd < 0 || fd >= FDS_MAX || log_fd < 0)
		return fd;
	fds[fd].follow = FOLLOW_NOT;
	if (is_folder(fd))
		fds[fd].follow = FOLLOW_DIR;
	else if (inside)
		opened(fd, name, made, flags);
	return fd;
}

#define MODE_OF(flags, mode)                                                                       \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;            \
		va_end(args);                                                                      \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int openat(int dir_fd, const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(dir_fd, path, flags, mode);
}

int openat64(int dir_fd, const char *path, int flags, ...) __attribute__((alias("openat")));

int close(int fd)
{
	if (fd >= 0 && fd < FDS_MAX)
		fds[fd].follow = FOLLOW_NOT;
	return (int)syscall(SYS_close, fd);
}

static enum follow follow_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX ? fds[fd].follow : FOLLOW_NOT;
}

static void written(int fd, const void *bytes, ssize_t len, off_t at)
{
	if (len > 0 && follow_of(fd) == FOLLOW_ACK)
		record(POWER_CUT_PROMISE, 0, "", 0, bytes, (size_t)len);
	else if (len > 0 && follow_of(fd) == FOLLOW_FILE)
		record(POWER_CUT_WRITE, fds[fd].file, "", (uint64_t)at, bytes, (size_t)len);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	bool appends = follow_of(fd) == FOLLOW_FILE && (fcntl(fd, F_GETFL) & O_APPEND) != 0;
	off_t at = follow_of(fd) == FOLLOW_FILE ? lseek(fd, 0, appends ? SEEK_END : SEEK_CUR) : 0;
	ssize_t done = syscall(SYS_write, fd, bytes, len);

	written(fd, bytes, done, at);
	return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	ssize_t done = syscall(SYS_pwrite64, fd, bytes, len, at);

	written(fd, bytes, done, at);
	return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) __attribute__((alias("pwrite")));

int ftruncate(int fd, off_t len)
{
	int rc = (int)syscall(SYS_ftruncate, fd, len);

	if (rc == 0 && follow_of(fd) == FOLLOW_FILE)
		record(POWER_CUT_TRUNCATE, fds[fd].file, "", (uint64_t)len, NULL, 0);
	return rc;
}

int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));

int fsync(int fd)
{
	if (follow_of(fd) == FOLLOW_FILE)
		record(POWER_CUT_SYNC, fds[fd].file, "", 0, NULL, 0);
	else if (follow_of(fd) == FOLLOW_DIR)
		record(POWER_CUT_SYNC_DIR, 0, "", 0, NULL, 0);
	return 0;
}

int fdatasync(int fd) __attribute__((alias("fsync")));

int unlinkat(int dir_fd, const char *path, int flags)
{
	const char *name = NULL;
	struct stat info;
	bool inside = in_folder(dir_fd, path, &name) && !has_suffix(name, "-shm") &&
		      fstatat(dir_fd, path, &info, AT_SYMLINK_NOFOLLOW) == 0;
	int rc = (int)syscall(SYS_unlinkat, dir_fd, path, flags);

	if (rc == 0 && inside) {
		inode[file_of(info.st_ino)] = 0;
		record(POWER_CUT_UNLINK, 0, name, 0, NULL, 0);
	}
	return rc;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	const char *old = NULL;
	const char *new = NULL;
	struct stat info;
	bool inside = in_folder(from_fd, from, &old) && in_folder(to_fd, to, &new) &&
		      fstatat(from_fd, from, &info, AT_SYMLINK_NOFOLLOW) == 0;
	int rc = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);

	if (rc == 0 && inside)
		record(POWER_CUT_RENAME, file_of(info.st_ino), new, 0, old, strlen(old));
	return rc;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return renameat2(from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
