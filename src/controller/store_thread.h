/* SPDX-License-Identifier: Apache-2.0 */
/* The one writer: groups what waits into one transaction, and brings the store back when it fails.
 */
#pragma once

#include "core.h"

/* The thread. Ends when core->rt_ended is set, after what waited was committed. */
void *store_run(void *user);
