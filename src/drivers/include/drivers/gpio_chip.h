/* SPDX-License-Identifier: Apache-2.0 */
/* GPIO chips of the kernel: character device uAPI v2. */
#pragma once

#include "drivers/gpio_plan.h"

/*
 * Opens every request of the plan, in its order: consumer "posternd", non-blocking, outputs driven
 * to their values of the plan from the first moment. 0, or -errno with a sentence in why (512 bytes
 * are enough) that names chip, line and what to do; then nothing stays open. -EBUSY: somebody holds
 * a line.
 */
MUST_CHECK int gpio_plan_open(const struct settings *settings, const struct gpio_plan *plan,
	int fds[GPIO_REQUESTS_MAX], struct buf *why);
void gpio_plan_close(const struct gpio_plan *plan, int fds[GPIO_REQUESTS_MAX]);

/*
 * Values of a request's lines; bit n is line n of the plan's request, 1: active. 0 or -errno. They
 * wait for no event; lines behind a slow bus (I2C, SPI, USB) take its time.
 */
MUST_CHECK int gpio_values_get(int fd, uint64_t mask, uint64_t *ret_bits);
MUST_CHECK int gpio_values_set(int fd, uint64_t mask, uint64_t bits);
