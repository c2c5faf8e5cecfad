/* SPDX-License-Identifier: Apache-2.0 */
/* The data lines of panels as outputs of GPIO chips. */
#pragma once

#include "drivers/panel_sender.h"

struct panel_gpio {
	int fd[PANELS_MAX]; /* the request of a panel's two lines; -1: not wired */
};

/*
 * fds: of the requests of gpio_plan_make(settings), in its order, open; not ours to close.
 * *ret_output is for panel_sender_new and points to panels.
 */
void panel_gpio_init(struct panel_gpio *panels, const struct settings *settings, const int *fds,
	struct panel_output *ret_output);
