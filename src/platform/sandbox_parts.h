/* SPDX-License-Identifier: Apache-2.0 */
/* The two kernel filters behind sandbox_enter. */
#pragma once

#include "base/compiler.h"
#include "messages/messages.h"

#include <stdbool.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED
#endif

/* Puts the role's system call filter on every thread. 0 or -errno. */
MUST_CHECK int sandbox_seccomp(enum role role);

/*
 * Puts the role's file rules on this thread and its later ones; writable_dir_fd or -1 as in
 * sandbox_enter, ports as in sandbox_enter_with_ports. 0, or -errno: -ENOSYS or -EOPNOTSUPP on a
 * kernel without Landlock.
 */
MUST_CHECK int sandbox_landlock(enum role role, int writable_dir_fd, bool ports);
