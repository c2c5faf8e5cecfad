/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader's light and beeper do for a feedback, over time. No I/O, no clock. */
#pragma once

#include "domain/controller.h"

struct signal_pattern;

/* One reader's. All zero: dark and silent. */
struct signals {
	bool led; /* as they are to stand now */
	bool beeper;
	bool held; /* the door's warning goes on behind what is shown meanwhile */
	int64_t waiting_until_ns; /* so does the wait for the second of card and PIN; 0: none */
	const struct signal_pattern *pattern; /* NULL: none runs */
	uint8_t step; /* the one that runs */
	int64_t next_ns; /* when the next one begins */
};

/* Begins a feedback (enum feedback). led and beeper stand as its first step wants them. */
void signals_set(struct signals *signals, uint8_t feedback, int64_t now_ns);

/* Brings led and beeper to where they are to be at now_ns. */
void signals_time(struct signals *signals, int64_t now_ns);

/* When signals_time has work; INT64_MAX: never. */
int64_t signals_deadline_ns(const struct signals *signals);
