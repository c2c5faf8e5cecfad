// SPDX-License-Identifier: Apache-2.0
/*
 * Puts the fences around a process, in this order: the answers that need files are fetched (is the
 * clock set by a real-time clock), the user changes, capabilities go, no_new_privs, not dumpable,
 * Landlock, seccomp last because it forbids the steps before. no_new_privs and seccomp must stand;
 * Landlock is missing on old kernels and a user of its own on machines without those users: the
 * returned bits and the role's start line say what stands.
 *
 * Users: as root, a role becomes the user postern-core, postern-gate or postern-sim when there is
 * one; core only when STATE belongs to that user, because it could not write there otherwise. The
 * supervisor stays who it is, it has to start the others.
 *
 * Capabilities: gate and sim lose all. Core keeps what its files, its locked memory and its
 * real-time thread may need. The supervisor keeps its own.
 */
#include "platform/sandbox.h"

#include "base/assert.h"
#include "base/buf.h"
#include "platform/clock.h"
#include "sandbox_parts.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FENCES_TEXT_MAX 128

/* For the leak check of sanitized builds. */
static bool sandbox_stands UNUSED;

#ifdef SANDBOX_SANITIZED
/* The leak check forks and traces, which a fenced process may not. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return sandbox_stands;
}
#endif

static bool state_belongs_to(int dir_fd, uid_t uid)
{
	struct stat info;

	return fstat(dir_fd, &info) == 0 && info.st_uid == uid;
}

/* 1 when the process runs under the role's own user now, 0 when there is none, or -errno. */
static int become_own_user(enum role role, int writable_dir_fd)
{
	char name[32];

	if (role == ROLE_SUPERVISOR || geteuid() != 0)
		return 0;
	snprintf(name, sizeof(name), "postern-%s", role_name(role));
	const struct passwd *user = getpwnam(name);

	if (user == NULL || user->pw_uid == 0)
		return 0;
	if (writable_dir_fd >= 0 && !state_belongs_to(writable_dir_fd, user->pw_uid))
		return 0;
	if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return -errno;
	return 1;
}

/* Nothing is gained: what the process does not have stays absent. */
static int drop_capabilities(enum role role)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};
	uint32_t kept = 0;

	if (role == ROLE_SUPERVISOR)
		return 0;
	if (role == ROLE_CORE)
		kept = UINT32_C(1) << CAP_DAC_OVERRIDE | UINT32_C(1) << CAP_IPC_LOCK |
		       UINT32_C(1) << CAP_SYS_NICE;
	if (syscall(SYS_capget, &header, sets) != 0)
		return -errno;
	sets[0].permitted &= kept;
	sets[0].effective &= kept;
	sets[0].inheritable = 0;
	sets[1] = (struct __user_cap_data_struct){0};
	return syscall(SYS_capset, &header, sets) == 0 ? 0 : -errno;
}

static int enter(enum role role, int writable_dir_fd, bool ports)
{
	uint32_t fences = FENCE_NO_NEW_PRIVS | FENCE_SECCOMP;

	ASSERT(role < ROLE_COUNT);
	(void)clock_is_trusted();
	int own_user = become_own_user(role, writable_dir_fd);

	if (own_user < 0)
		return own_user;
	if (own_user == 1)
		fences |= FENCE_OWN_USER;
	int error = drop_capabilities(role);

	if (error != 0)
		return error;
	if (role != ROLE_SUPERVISOR)
		fences |= FENCE_NO_CAPABILITIES;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		fences |= FENCE_NOT_DUMPABLE;
	if (sandbox_landlock(role, writable_dir_fd, ports) == 0)
		fences |= FENCE_LANDLOCK;
	error = sandbox_seccomp(role);
	if (error != 0)
		return error;
	sandbox_stands = true;
	return (int)fences;
}

int sandbox_enter(enum role role, int writable_dir_fd)
{
	return enter(role, writable_dir_fd, false);
}

int sandbox_enter_with_ports(int writable_dir_fd)
{
	return enter(ROLE_SUPERVISOR, writable_dir_fd, true);
}

const char *sandbox_fences_text(uint32_t fences, char *memory)
{
	static const struct {
		uint32_t fence;
		const char *name;
	} names[] = {
		{FENCE_SECCOMP, "seccomp"},
		{FENCE_LANDLOCK, "landlock"},
		{FENCE_NO_NEW_PRIVS, "no-new-privs"},
		{FENCE_NOT_DUMPABLE, "not-dumpable"},
		{FENCE_NO_CAPABILITIES, "no-capabilities"},
		{FENCE_OWN_USER, "own-user"},
	};
	struct buf out = buf_over(memory, FENCES_TEXT_MAX - 1);

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if ((fences & names[i].fence) == 0)
			continue;
		buf_add_string(&out, out.len > 0 ? " " : "");
		buf_add_string(&out, names[i].name);
	}
	if (out.len == 0)
		buf_add_string(&out, "none");
	ASSERT(!out.overflow);
	memory[out.len] = '\0';
	return memory;
}
