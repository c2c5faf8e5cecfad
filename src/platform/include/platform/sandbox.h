/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fences around a role: no_new_privs, not dumpable, no capabilities, seccomp (opens and sockets
 * answer EACCES, exec and ptrace kill), Landlock. Entered after everything is open and before
 * threads start. The supervisor may enter as well: it keeps fork, exec and reading files, which its
 * roles need until their own fences stand; they inherit its fences.
 */
#pragma once

#include "base/compiler.h"
#include "messages/messages.h"

enum fence {
	FENCE_NO_NEW_PRIVS = 1 << 0,
	FENCE_NOT_DUMPABLE = 1 << 1,
	FENCE_SECCOMP = 1 << 2,
	FENCE_LANDLOCK = 1 << 3,
	FENCE_OWN_USER = 1 << 4, /* runs under a user of its own */
	FENCE_NO_CAPABILITIES = 1 << 5, /* core keeps those for its files, memory and scheduling */
};

/*
 * writable_dir_fd: the one directory below which core may open files (STATE), or -1 for none; for
 * the supervisor the one below which it, and thus its roles, may ever write.
 * Returns the fences that stand, or -errno when a needed one (seccomp, no_new_privs) cannot be had.
 */
MUST_CHECK int sandbox_enter(enum role role, int writable_dir_fd);

/*
 * As sandbox_enter, for a supervisor that is to open serial ports later: it may write to what is
 * below /dev as well.
 */
MUST_CHECK int sandbox_enter_with_ports(int writable_dir_fd);

/* "seccomp landlock no-new-privs", for the start line. memory: 128 bytes. */
const char *sandbox_fences_text(uint32_t fences, char *memory);
