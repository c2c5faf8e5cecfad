/* SPDX-License-Identifier: Apache-2.0 */
/* The serving thread: the control socket, the link to gate, authentication, answers. */
#pragma once

#include "core.h"

/* Runs until the control socket ends; sets core->stopping. The process's main thread. */
MUST_CHECK int serve_run(struct core *core);
