// SPDX-License-Identifier: Apache-2.0
/*
 * What reads of a line request gave: the first byte says how many lines there are, the rest is cut
 * into reads. Oracle: no edge is of a line that was not requested, edges of one read are in order
 * of the kernel's numbers, and together with the losses they are never more than what was numbered.
 */
#include "gpio_events.h"

#include "base/assert.h"

#include <linux/gpio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct gpio_plan_request *request, const struct gpio_sequence *sequence,
	const struct gpio_edge *edges, uint32_t count, const uint8_t *bytes, size_t len)
{
	uint32_t found = 0;

	ASSERT(count <= len / GPIO_EVENT_SIZE && count <= GPIO_EDGES_MAX);
	ASSERT(sequence->begun || (count == 0 && sequence->lost == 0));
	for (uint32_t i = 0; i < count; i++)
		ASSERT(edges[i].at_ns >= 0 && edges[i].position < request->count);
	for (size_t at = 0; at + GPIO_EVENT_SIZE <= len; at += GPIO_EVENT_SIZE) {
		struct gpio_v2_line_event event;

		memcpy(&event, bytes + at, sizeof(event));
		for (uint32_t i = 0; i < count; i++) {
			const struct gpio_plan_line *line = &request->line[edges[i].position];

			found += line->offset == event.offset &&
				 edges[i].active == (event.id == GPIO_V2_LINE_EVENT_RISING_EDGE);
		}
	}
	ASSERT(found >= count); /* each edge is one of the events */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gpio_plan_request request = {.count = 1};
	struct gpio_sequence sequence = {0};
	struct gpio_edge edges[GPIO_EDGES_MAX];

	if (size < 2)
		return 0;
	request.count = (uint8_t)(1 + data[0] % GPIO_REQUEST_LINES_MAX);
	for (uint32_t i = 0; i < request.count; i++)
		request.line[i].offset = i;
	size_t cut = GPIO_EVENT_SIZE * (1 + data[1] % GPIO_EDGES_MAX);

	for (size_t at = 2; at < size; at += cut) {
		size_t len = size - at < cut ? size - at : cut;

		check(&request, &sequence, edges,
			gpio_events_take(&sequence, &request, data + at, len, edges), data + at,
			len);
	}
	return 0;
}
