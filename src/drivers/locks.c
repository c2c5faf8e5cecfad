// SPDX-License-Identifier: Apache-2.0
/*
 * Locks over two backings. A GPIO output is written even when it reads as it should: setting what
 * stands moves no relay, and a chip that cannot read its outputs back must not keep a door open.
 * The level before tells whether anything moved, for the log.
 */
#include "drivers/locks.h"

#include "base/assert.h"
#include "drivers/gpio_chip.h"

#include <errno.h>

void locks_over_board(struct locks *locks, struct board *board)
{
	*locks = (struct locks){.board = board};
}

void locks_over_gpio(struct locks *locks, const struct gpio_plan *plan, const int *fds)
{
	*locks = (struct locks){.request_count = plan->count};
	for (uint32_t i = 0; i < DOORS_MAX; i++)
		locks->door[i].fd = -1;
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct gpio_plan_request *request = &plan->request[i];

		locks->request[i].fd = fds[i];
		for (uint32_t j = 0; j < request->count; j++) {
			const struct gpio_plan_line *line = &request->line[j];

			if (line->wire == GPIO_WIRE_LOCK)
				locks->door[line->at] =
					(struct locks_door){fds[i], UINT64_C(1) << j};
			else if (gpio_use_is_output((enum gpio_use)request->use))
				locks->request[i].rest |= UINT64_C(1) << j;
		}
	}
}

static int gpio_set(const struct locks_door *door, bool unlocked)
{
	uint64_t bits;
	int known = gpio_values_get(door->fd, door->mask, &bits);
	int error = gpio_values_set(door->fd, door->mask, unlocked ? door->mask : 0);

	if (error != 0)
		return error;
	return known != 0 || (bits != 0) != unlocked ? 1 : 0;
}

int locks_set(struct locks *locks, uint8_t door, bool unlocked, int64_t now_ns)
{
	ASSERT(door < DOORS_MAX);
	if (locks->board != NULL)
		return board_set_lock(locks->board, door, unlocked, now_ns) ? 1 : 0;
	return locks->door[door].fd < 0 ? -ENODEV : gpio_set(&locks->door[door], unlocked);
}

bool locks_is_open(const struct locks *locks, uint8_t door)
{
	uint64_t bits;

	ASSERT(door < DOORS_MAX);
	if (locks->board != NULL)
		return board_lock_is_open(locks->board, door);
	if (locks->door[door].fd < 0)
		return false;
	return gpio_values_get(locks->door[door].fd, locks->door[door].mask, &bits) != 0 ||
	       bits != 0;
}

void locks_rest_others(struct locks *locks)
{
	if (locks->board != NULL)
		board_panels_rest(locks->board);
	for (uint32_t i = 0; i < locks->request_count; i++) {
		/* What cannot be driven now cannot be driven at all: locks come first. */
		if (locks->request[i].rest != 0 &&
			gpio_values_set(locks->request[i].fd, locks->request[i].rest, 0) != 0)
			continue;
	}
}
