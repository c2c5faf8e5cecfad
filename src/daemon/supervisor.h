/* SPDX-License-Identifier: Apache-2.0 */
/* The parent of all roles: starts them, watches over core's promises, writes the fail states. */
#pragma once

#include "drivers/gpio_plan.h"
#include "platform/settings.h"
#include "platform/tls.h"

struct supervisor_options {
	const struct settings *settings;
	int state_fd; /* locked folder STATE */
	int http_fd; /* listening */
	int https_fd; /* listening; -1 without https */
	int tls_fd; /* struct tls_keys, sealed; -1 without https */
	struct tls_fingerprints fingerprints; /* of its certificate */
	int sim_fd; /* listening STATE/sim.sock; -1 with GPIO lines */
	int board_fd; /* -1 with GPIO lines */
	const struct gpio_plan *plan; /* NULL with virtual lines */
	const int *line_fds; /* the plan's requests, open */
	const char *banner; /* printed to standard output when all roles are ready; NULL: none */
};

/* Takes the descriptors. Runs until SIGTERM or SIGINT. The exit status. */
int supervisor_run(const struct supervisor_options *options);
