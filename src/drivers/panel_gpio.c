// SPDX-License-Identifier: Apache-2.0
/*
 * A panel is one request of two lines, data0 and data1 in this order; an active line is one that is
 * pulled low at the panel, however the level shifter turns it. Setting a line is one ioctl of about
 * a microsecond on a chip of the processor; one behind a slow bus makes pulses longer, which the
 * sender counts.
 */
#include "drivers/panel_gpio.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "drivers/gpio_chip.h"

static bool panel_gpio_set(void *user, uint8_t panel, uint8_t line, bool low, int64_t now_ns UNUSED)
{
	const struct panel_gpio *panels = user;
	uint64_t mask = UINT64_C(1) << line;

	return gpio_values_set(panels->fd[panel], mask, low ? mask : 0) == 0;
}

void panel_gpio_init(struct panel_gpio *panels, const struct settings *settings, const int *fds,
	struct panel_output *ret_output)
{
	struct gpio_plan plan;

	ASSERT(gpio_plan_make(settings, &plan) == 0); /* its requests are open */
	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		uint32_t request;
		uint32_t position;
		bool wired = gpio_plan_find(&plan, GPIO_WIRE_PANEL_DATA0, i, &request, &position);

		panels->fd[i] = wired ? fds[request] : -1;
	}
	*ret_output = (struct panel_output){.set = panel_gpio_set, .user = panels};
}
