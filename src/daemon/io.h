/* SPDX-License-Identifier: Apache-2.0 */
/* `posternd io`: the lines as they are, for whoever wires them. */
#pragma once

#include "options.h"
#include "platform/settings.h"

/*
 * Shows levels, edges and frames until a signal, or for options->seconds; with options->pulse it
 * opens that door's lock for options->ms. Locks are left in their fail states. The exit status.
 */
int io_run(const struct options *options, const struct settings *settings);
