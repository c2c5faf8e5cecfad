/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that owns the ports of all OSDP lines. */
#pragma once

#include "core.h"

/*
 * Before the sandbox, with the store open: memory, keys and what the ports hold. restarted: core
 * ran before in this posternd. *ret is NULL when no line is configured. 0 or -errno.
 */
MUST_CHECK int bus_new(struct core *core, bool restarted, struct bus **ret);

void *bus_run(void *user); /* the thread of struct bus: until core->stopping */

/* Wipes all keys. The thread has ended, or never ran. */
struct bus *bus_free(struct bus *bus);

/* By any thread: the latest of an OSDP reader. False when there is none. */
bool bus_status_get(const struct core *core, uint8_t reader, struct bus_status *ret);
