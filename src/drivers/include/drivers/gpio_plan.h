/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which line requests the settings need: a pure function of them, so that the supervisor, which
 * opens the requests, and core, which gets their descriptors by number, agree without a word.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "messages/lines.h"
#include "platform/settings.h"

#define GPIO_REQUESTS_MAX 64 /* descriptors that are handed over */
#define GPIO_REQUEST_LINES_MAX 64 /* GPIO_V2_LINES_MAX */

enum gpio_use {
	/*
	 * data0, data1 of one reader, both edges. One request a reader: the kernel numbers and
	 * queues its edges apart, so that noise at one reader costs no edge of another.
	 */
	GPIO_USE_READER = 0,
	GPIO_USE_INPUTS, /* contacts, exit buttons, tampers of a chip: both edges */
	GPIO_USE_LOCKS, /* of a chip */
	GPIO_USE_SIGNALS, /* lights and beepers of a chip */
	GPIO_USE_PANEL, /* data0, data1 towards one panel, in this order */
};

/* What is at the end of a line; inputs as enum line_kind. */
enum gpio_wire {
	GPIO_WIRE_DATA0 = LINE_DATA0,
	GPIO_WIRE_DATA1 = LINE_DATA1,
	GPIO_WIRE_TAMPER = LINE_TAMPER,
	GPIO_WIRE_CONTACT = LINE_CONTACT,
	GPIO_WIRE_REX = LINE_REX,
	GPIO_WIRE_LOCK,
	GPIO_WIRE_LED,
	GPIO_WIRE_BEEPER,
	GPIO_WIRE_PANEL_DATA0,
	GPIO_WIRE_PANEL_DATA1,
	GPIO_WIRE_COUNT
};

struct gpio_plan_line {
	uint32_t offset;
	uint8_t flags; /* enum gpio_flag */
	uint8_t wire; /* enum gpio_wire */
	uint8_t at; /* door index, reader number, or panel number - 1 */
	bool active; /* of an output: its value when it is requested, a lock's fail state */
};

struct gpio_plan_request {
	struct text32 chip; /* as written */
	uint8_t use; /* enum gpio_use */
	uint8_t count;
	struct gpio_plan_line line[GPIO_REQUEST_LINES_MAX];
};

struct gpio_plan {
	uint32_t count;
	struct gpio_plan_request request[GPIO_REQUESTS_MAX];
};

/* 0, or -E2BIG when the settings need more than GPIO_REQUESTS_MAX requests. */
MUST_CHECK int gpio_plan_make(const struct settings *settings, struct gpio_plan *ret);

/* Where a wire is: false when it is not wired. */
bool gpio_plan_find(const struct gpio_plan *plan, enum gpio_wire wire, uint8_t at,
	uint32_t *ret_request, uint32_t *ret_position);

bool gpio_use_is_output(enum gpio_use use);

/* Adds "`lock` of door `front` (gpiochip0:17)". */
void gpio_plan_line_describe(const struct settings *settings,
	const struct gpio_plan_request *request, const struct gpio_plan_line *line,
	struct buf *out);
