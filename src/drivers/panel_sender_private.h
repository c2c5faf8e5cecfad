/* SPDX-License-Identifier: Apache-2.0 */
/* The sender's time, so that a test can be it. */
#pragma once

#include "drivers/panel_sender.h"

struct panel_clock {
	int64_t (*now_ns)(void *user); /* CLOCK_MONOTONIC */
	/* Returns at at_ns (INT64_MAX: never), or earlier when a frame was pushed. */
	void (*wait)(void *user, int64_t at_ns);
	void *user;
};

void panel_sender_set_clock(struct panel_sender *sender, const struct panel_clock *clock);

/* One edge, or one wait. */
void panel_sender_turn(struct panel_sender *sender);

/* No panel is within a frame. */
bool panel_sender_is_quiet(const struct panel_sender *sender);
