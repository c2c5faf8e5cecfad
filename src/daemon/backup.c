// SPDX-License-Identifier: Apache-2.0
/*
 * The commands backup and restore: paths become folders and names here, the store does the work.
 * A backup takes no lock: posternd runs on. A restore holds STATE as a running posternd would.
 */
#include "backup.h"

#include "complain.h"
#include "platform/clock.h"
#include "state.h"
#include "store/backup.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DETAIL_SIZE 256

static void error_tell(const char *what, const char *file, int error, const char *detail)
{
	complain("%s %s: %s", what, file, detail[0] != '\0' ? detail : store_error_text(error));
}

/* The folder of path, and in *ret_name the last part of it. -1 after complaining. */
static int folder_of(const char *path, const char **ret_name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int len = slash == NULL
			  ? snprintf(folder, sizeof(folder), ".")
			  : snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);

	*ret_name = slash == NULL ? path : slash + 1;
	if (len < 0 || (size_t)len >= sizeof(folder) || **ret_name == '\0' ||
		strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0 ||
		strlen(*ret_name) > STORE_BACKUP_NAME_MAX) {
		complain("%s: name the file of the backup; its name has at most %d bytes", path,
			STORE_BACKUP_NAME_MAX);
		return -1;
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		complain("cannot open the folder of %s: %s", path, strerror(errno));
	return fd;
}

/* It would be lost with what it is for, and could be given a name that posternd uses. */
static bool folders_differ(int state_fd, int folder_fd, const char *file)
{
	struct stat a;
	struct stat b;

	if (fstat(state_fd, &a) != 0 || fstat(folder_fd, &b) != 0) {
		complain("cannot look at the folder of %s: %s", file, strerror(errno));
		return false;
	}
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return true;
	complain("%s lies in STATE: name a file elsewhere, best on another disk", file);
	return false;
}

static bool copy_into(
	int state_fd, const char *state, int folder_fd, const char *name, const char *file)
{
	struct store_backup_info info;
	char detail[DETAIL_SIZE];
	int error = store_backup(state_fd, folder_fd, name, &info, detail);

	if (error != 0) {
		error_tell("cannot back up into", file, error, detail);
		return false;
	}
	error = store_backup_mark(state_fd, time(NULL), info.last_rec_no);
	if (error != 0)
		complain("the backup is made, but STATE cannot remember that, so `postern status` "
			 "will not tell it: %s",
			store_error_text(error));
	printf("%s: backup of %.*s with its records up to RecNo %" PRIu64 "\n"
	       "keep %s/device.key beside it, best in another place: without that key it cannot be "
	       "restored\n",
		file, (int)info.serial.len, info.serial.bytes, info.last_rec_no, state);
	return true;
}

bool backup_make(const char *state, const char *file)
{
	const char *name;
	int state_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (state_fd < 0) {
		complain("cannot open the folder %s: %s", state, strerror(errno));
		return false;
	}
	int folder_fd = folder_of(file, &name);
	bool good = folder_fd >= 0 && folders_differ(state_fd, folder_fd, file) &&
		    copy_into(state_fd, state, folder_fd, name, file);

	if (folder_fd >= 0)
		(void)close(folder_fd);
	(void)close(state_fd);
	return good;
}

/* A backup is one file; with a log beside it, it is a database in use or a part of one. */
static int backup_open(const char *file)
{
	char log[PATH_MAX];
	struct stat info;
	int len = snprintf(log, sizeof(log), "%s-wal", file);

	if (len < 0 || (size_t)len >= sizeof(log)) {
		complain("%s: the name is too long", file);
		return -1;
	}
	if (stat(log, &info) == 0 && info.st_size > 0) {
		complain("%s has a log beside it (%s), so it is no backup: make one with `posternd "
			 "backup`",
			file, log);
		return -1;
	}
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fd;
	complain("cannot read %s: %s", file, fd < 0 ? strerror(errno) : "it is no file");
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* Whose rights they are now, in words that say what to look at. */
static const char *rights_text(enum store_before before)
{
	switch (before) {
	case STORE_BEFORE_KEPT:
		return "people are those of the backup who were still there, with the cards, PINs, "
		       "doors and validity they had now; accounts are those of now; schedules are "
		       "those of the backup";
	case STORE_BEFORE_IGNORED:
		return "people, PINs and accounts are those of the backup: who was removed since "
		       "is back";
	case STORE_BEFORE_OTHER:
		return "the database that was here is another device's, so nobody knows who was "
		       "removed since the backup: they are back; look through people and accounts "
		       "before posternd starts to open doors";
	case STORE_BEFORE_NONE:
		break;
	}
	return "no database was here, so nobody knows who was removed since the backup: they are "
	       "back; look through people and accounts before posternd starts to open doors";
}

static void restore_tell(const char *state, const struct store_backup_info *info)
{
	printf("%s: database of %.*s with its records up to RecNo %" PRIu64
	       "; the next one gets RecNo %" PRIu64 "\n%s\n",
		state, (int)info->serial.len, info->serial.bytes, info->last_rec_no,
		info->next_rec_no, rights_text(info->before));
	if (info->before == STORE_BEFORE_KEPT)
		printf("%" PRIu64 " of the backup's people were removed since and stay so; "
		       "--bring-back brings people and accounts back as they were\n",
			info->kept_out);
}

bool backup_restore(const char *state, const char *file, bool bring_back)
{
	struct moment now = clock_now(false);
	struct store_backup_info info;
	char detail[DETAIL_SIZE];
	int from_fd = backup_open(file);

	if (from_fd < 0)
		return false;
	int state_fd = state_open(state);
	int error = -EIO;

	if (state_fd >= 0) {
		error = store_restore(state_fd, from_fd,
			bring_back ? STORE_BRING_BACK : STORE_KEEP_REVOKED, &now, &info, detail);
		if (error != 0)
			error_tell("cannot restore", file, error, detail);
		(void)close(state_fd);
	}
	(void)close(from_fd);
	if (error != 0)
		return false;
	restore_tell(state, &info);
	return true;
}
