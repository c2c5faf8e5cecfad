/* SPDX-License-Identifier: Apache-2.0 */
/* GPIO lines for a process of posternd, with what is wrong said on standard error. */
#pragma once

#include "drivers/gpio_plan.h"

/* The settings' line requests; none with virtual lines. False after complaining. */
MUST_CHECK bool lines_plan(const struct settings *settings, struct gpio_plan *ret);

/* Opens them all: locks are driven to their fail states. False after complaining. */
MUST_CHECK bool lines_open(
	const struct settings *settings, const struct gpio_plan *plan, int fds[GPIO_REQUESTS_MAX]);
