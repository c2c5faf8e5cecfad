/* SPDX-License-Identifier: Apache-2.0 */
/* How the controller does, gathered by the query thread. */
#pragma once

#include "core.h"
#include "messages/status.h"

/* Fills everything behind the header. */
void query_status(struct core *core, struct message_status *ret);
