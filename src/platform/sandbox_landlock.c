// SPDX-License-Identifier: Apache-2.0
/*
 * Which files a process may open, by Landlock. Core: beneath STATE, anything but special files.
 * Supervisor: beneath STATE the same, and elsewhere reading and executing, because the roles it
 * starts inherit its rules and have to load their libraries; with serial ports in the settings also
 * writing beneath /dev, because it opens a port again that was unplugged. Others: nothing.
 * Descriptors that are open already stay as they are. The kernel's ABI is asked first and rights
 * that it does not know are left out: Debian 12's 6.1 knows ABI 2 (no truncate, no TCP). Where the
 * kernel can tell, TCP bind and connect are closed for the roles as well; seccomp refuses both
 * anyhow.
 */
#include "sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* newer than the headers of Debian 12 */
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_FS_IOCTL_DEV (UINT64_C(1) << 15)
#define ACCESS_NET_TCP (UINT64_C(3)) /* bind and connect */

#define ACCESS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define ACCESS_LOOK                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)
#define ACCESS_STATE                                                                               \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                              \
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                   \
		LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                      \
		LANDLOCK_ACCESS_FS_MAKE_DIR | ACCESS_FS_TRUNCATE)

#define ACCESS_PORTS                                                                               \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_IOCTL_DEV)

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* ABI 4 */
};

static uint64_t fs_rights(long abi)
{
	uint64_t rights = ACCESS_ABI_1;

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= ACCESS_FS_TRUNCATE;
	if (abi >= 5)
		rights |= ACCESS_FS_IOCTL_DEV;
	return rights;
}

static int allow_beneath(int ruleset_fd, int dir_fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = dir_fd};

	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		return -errno;
	return 0;
}

static int allow_reading_all(int ruleset_fd)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -errno;
	int error = allow_beneath(ruleset_fd, root, ACCESS_LOOK);

	close(root);
	return error;
}

/* A port that was unplugged has another inode when it is back: only its folder is known. */
static int allow_ports(int ruleset_fd, uint64_t handled)
{
	int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dev < 0)
		return -errno;
	int error = allow_beneath(ruleset_fd, dev, ACCESS_PORTS & handled);

	close(dev);
	return error;
}

static int add_rules(
	int ruleset_fd, enum role role, int writable_dir_fd, bool ports, uint64_t handled)
{
	int error = ports ? allow_ports(ruleset_fd, handled) : 0;

	if (error == 0 && role == ROLE_SUPERVISOR)
		error = allow_reading_all(ruleset_fd);
	if (error == 0 && writable_dir_fd >= 0 && (role == ROLE_CORE || role == ROLE_SUPERVISOR))
		error = allow_beneath(ruleset_fd, writable_dir_fd, ACCESS_STATE & handled);
	return error;
}

int sandbox_landlock(enum role role, int writable_dir_fd, bool ports)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset ruleset = {0};
	size_t size = abi >= 4 ? sizeof(ruleset) : sizeof(ruleset.handled_fs);

	if (abi < 0)
		return -errno;
	ruleset.handled_fs = fs_rights(abi);
	if (role != ROLE_SUPERVISOR)
		ruleset.handled_net = ACCESS_NET_TCP;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);

	if (fd < 0)
		return -errno;
	int error = add_rules(fd, role, writable_dir_fd, ports, ruleset.handled_fs);

	if (error == 0 && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		error = -errno;
	close(fd);
	return error;
}
