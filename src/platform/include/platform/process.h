/* SPDX-License-Identifier: Apache-2.0 */
/* What this process uses of the machine, for status and metrics. */
#pragma once

#include "base/compiler.h"

#include <stdint.h>

struct process_use {
	uint64_t resident_bytes; /* 0: not known */
	uint64_t cpu_us; /* of all threads, user and system, since its start */
};

/* A descriptor that process_use_read reads, before the sandbox; -1 where the kernel has none. */
int process_use_open(void);

/* Any thread; fd: from process_use_open. */
void process_use_read(int fd, struct process_use *ret);
