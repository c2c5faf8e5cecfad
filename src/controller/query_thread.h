/* SPDX-License-Identifier: Apache-2.0 */
/* The reading thread: answers queries in slices through a reader of its own. */
#pragma once

#include "core.h"

/* The thread. Ends when core->stopping is set. */
void *query_run(void *user);
