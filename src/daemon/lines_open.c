// SPDX-License-Identifier: Apache-2.0
/* Opening GPIO lines, for a run and for `posternd io`. */
#include "lines_open.h"

#include "complain.h"
#include "drivers/gpio_chip.h"

#define WHY_MAX 512

bool lines_plan(const struct settings *settings, struct gpio_plan *ret)
{
	if (gpio_plan_make(settings, ret) == 0)
		return true;
	complain("these doors, readers and panels need more than %d line requests: each reader and "
		 "each panel is one, and so are the inputs, the locks and the lights of each chip; "
		 "use another controller for some of them",
		GPIO_REQUESTS_MAX);
	return false;
}

bool lines_open(
	const struct settings *settings, const struct gpio_plan *plan, int fds[GPIO_REQUESTS_MAX])
{
	char memory[WHY_MAX];
	struct buf why = buf_over(memory, sizeof(memory));

	if (gpio_plan_open(settings, plan, fds, &why) == 0)
		return true;
	complain("%.*s", (int)why.len, why.data);
	return false;
}
