/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock outputs as the supervisor holds them beside core: on the virtual board, or on GPIO chips
 * by duplicates of core's line requests. No allocation, no wait.
 */
#pragma once

#include "drivers/board.h"
#include "drivers/gpio_plan.h"

struct locks {
	struct board *board; /* virtual lines; NULL: gpio */
	uint32_t request_count;
	struct locks_request {
		int fd;
		uint64_t rest; /* lines that are no locks: to be inactive while core is away */
	} request[GPIO_REQUESTS_MAX];
	struct locks_door {
		int fd; /* -1: not wired */
		uint64_t mask;
	} door[DOORS_MAX];
};

void locks_over_board(struct locks *locks, struct board *board);

/* fds: of the plan's requests, open as long as locks is used. */
void locks_over_gpio(struct locks *locks, const struct gpio_plan *plan, const int *fds);

/*
 * Drives a door's lock. 1 when it stood otherwise (or could not be read), 0 when it stood so
 * already, -errno when it could not be driven.
 */
int locks_set(struct locks *locks, uint8_t door, bool unlocked, int64_t now_ns);

/* A lock that cannot be read counts as open: nobody may rely on it. */
bool locks_is_open(const struct locks *locks, uint8_t door);

/* Lights and beepers off, lines to panels at rest: nobody is there to end them. */
void locks_rest_others(struct locks *locks);
