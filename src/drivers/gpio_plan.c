// SPDX-License-Identifier: Apache-2.0
/*
 * The plan of line requests. Readers come first, by number, each with a request of its own; then
 * what a chip's lines are for decides, in the order of the settings: inputs, locks, lights and
 * beepers share a request as long as it has room; panels come last, each with its own. Nothing here
 * depends on the machine.
 */
#include "drivers/gpio_plan.h"

#include "base/assert.h"

#include <errno.h>

static const struct {
	const char *name;
	const char *owner;
} wires[GPIO_WIRE_COUNT] = {
	[GPIO_WIRE_DATA0] = {"data0", "reader "},
	[GPIO_WIRE_DATA1] = {"data1", "reader "},
	[GPIO_WIRE_TAMPER] = {"tamper", "reader "},
	[GPIO_WIRE_CONTACT] = {"contact_line", "door "},
	[GPIO_WIRE_REX] = {"rex_line", "door "},
	[GPIO_WIRE_LOCK] = {"lock", "door "},
	[GPIO_WIRE_LED] = {"led", "reader "},
	[GPIO_WIRE_BEEPER] = {"beeper", "reader "},
	[GPIO_WIRE_PANEL_DATA0] = {"data0", "panel "},
	[GPIO_WIRE_PANEL_DATA1] = {"data1", "panel "},
};

/* The plan while it is made; too much is remembered, so that its maker looks once. */
struct draft {
	struct gpio_plan *plan;
	bool overflow;
};

static struct gpio_plan_request *request_new(
	struct draft *draft, enum gpio_use use, const struct gpio_line *line)
{
	struct gpio_plan *plan = draft->plan;

	if (plan->count == GPIO_REQUESTS_MAX) {
		draft->overflow = true;
		return NULL;
	}
	struct gpio_plan_request *request = &plan->request[plan->count++];

	*request = (struct gpio_plan_request){.chip = line->chip, .use = (uint8_t)use};
	return request;
}

static void line_add(struct gpio_plan_request *request, const struct gpio_line *line,
	enum gpio_wire wire, uint8_t at, bool active)
{
	if (request == NULL || line->chip.len == 0)
		return;
	request->line[request->count++] = (struct gpio_plan_line){
		.offset = line->offset,
		.flags = line->flags,
		.wire = (uint8_t)wire,
		.at = at,
		.active = active,
	};
}

static void shared_add(struct draft *draft, enum gpio_use use, const struct gpio_line *line,
	enum gpio_wire wire, uint8_t at, bool active)
{
	struct gpio_plan_request *found = NULL;

	if (line->chip.len == 0)
		return;
	for (uint32_t i = 0; i < draft->plan->count; i++) {
		struct gpio_plan_request *request = &draft->plan->request[i];

		if (request->use == use && request->count < GPIO_REQUEST_LINES_MAX &&
			text_is(&request->chip, text_span(&line->chip)))
			found = request;
	}
	if (found == NULL)
		found = request_new(draft, use, line);
	line_add(found, line, wire, at, active);
}

static void pair_add(struct draft *draft, enum gpio_use use, const struct gpio_line *data0,
	const struct gpio_line *data1, enum gpio_wire wire, uint8_t at)
{
	if (data0->chip.len == 0 || data1->chip.len == 0)
		return;
	struct gpio_plan_request *request = request_new(draft, use, data0);

	line_add(request, data0, wire, at, false);
	line_add(request, data1, wire + 1, at, false);
}

static void inputs_add(struct draft *draft, const struct settings *settings)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		const struct door_lines *lines = &settings->door[i].lines;

		shared_add(draft, GPIO_USE_INPUTS, &lines->contact, GPIO_WIRE_CONTACT, i, false);
		shared_add(draft, GPIO_USE_INPUTS, &lines->rex, GPIO_WIRE_REX, i, false);
	}
	for (uint8_t i = 0; i < READERS_MAX; i++)
		shared_add(draft, GPIO_USE_INPUTS, &settings->reader[i].lines.tamper,
			GPIO_WIRE_TAMPER, (uint8_t)(i + 1), false);
}

static void outputs_add(struct draft *draft, const struct settings *settings)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		const struct door_settings *door = &settings->door[i];

		shared_add(draft, GPIO_USE_LOCKS, &door->lines.lock, GPIO_WIRE_LOCK, i,
			door->config.fail == FAIL_SAFE);
	}
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		const struct reader_lines *lines = &settings->reader[i].lines;
		uint8_t number = (uint8_t)(i + 1);

		shared_add(draft, GPIO_USE_SIGNALS, &lines->led, GPIO_WIRE_LED, number, false);
		shared_add(
			draft, GPIO_USE_SIGNALS, &lines->beeper, GPIO_WIRE_BEEPER, number, false);
	}
}

int gpio_plan_make(const struct settings *settings, struct gpio_plan *ret)
{
	struct draft draft = {.plan = ret};

	ret->count = 0;
	for (uint8_t i = 0; i < READERS_MAX; i++)
		pair_add(&draft, GPIO_USE_READER, &settings->reader[i].lines.data0,
			&settings->reader[i].lines.data1, GPIO_WIRE_DATA0, (uint8_t)(i + 1));
	inputs_add(&draft, settings);
	outputs_add(&draft, settings);
	for (uint8_t i = 0; i < PANELS_MAX; i++)
		pair_add(&draft, GPIO_USE_PANEL, &settings->panel[i].data0,
			&settings->panel[i].data1, GPIO_WIRE_PANEL_DATA0, i);
	return draft.overflow ? -E2BIG : 0;
}

bool gpio_plan_find(const struct gpio_plan *plan, enum gpio_wire wire, uint8_t at,
	uint32_t *ret_request, uint32_t *ret_position)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		for (uint32_t j = 0; j < plan->request[i].count; j++) {
			const struct gpio_plan_line *line = &plan->request[i].line[j];

			if (line->wire != wire || line->at != at)
				continue;
			*ret_request = i;
			*ret_position = j;
			return true;
		}
	}
	return false;
}

bool gpio_use_is_output(enum gpio_use use)
{
	return use == GPIO_USE_LOCKS || use == GPIO_USE_SIGNALS || use == GPIO_USE_PANEL;
}

void gpio_plan_line_describe(const struct settings *settings,
	const struct gpio_plan_request *request, const struct gpio_plan_line *line, struct buf *out)
{
	ASSERT(line->wire < GPIO_WIRE_COUNT);
	buf_add_byte(out, '`');
	buf_add_string(out, wires[line->wire].name);
	buf_add_string(out, "` of ");
	buf_add_string(out, wires[line->wire].owner);
	if (wires[line->wire].owner[0] == 'd') {
		buf_add_byte(out, '`');
		buf_add(out, text_span(&settings->door[line->at].id));
		buf_add_byte(out, '`');
	} else {
		buf_add_u64(out, line->wire < GPIO_WIRE_PANEL_DATA0 ? line->at : line->at + 1u);
	}
	buf_add_string(out, " (");
	buf_add(out, text_span(&request->chip));
	buf_add_byte(out, ':');
	buf_add_u64(out, line->offset);
	buf_add_byte(out, ')');
}
