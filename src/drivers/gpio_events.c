// SPDX-License-Identifier: Apache-2.0
/*
 * Edges from the kernel's events. The kernel numbers the edges of a request in its interrupt
 * handler (seqno) and queues them from a thread for each line, so that two lines' edges may stand
 * in the queue the wrong way round: they are put in order of their numbers. A missing number is a
 * lost edge: either the queue was full and its oldest one fell out, or a line moved twice before
 * the thread looked at its level, and both moves became one event. What is made of a loss is for
 * the user of the edges; a frame with one is not whole.
 *
 * What number comes first is known only while nothing has moved since the request was made. Behind
 * that, a first read that is full may be the rest of what overflowed, and counts as a loss. One
 * that is not cannot: a queue that overflowed holds far more than a read takes, and a read more
 * than a frame, so that no first card is refused for having come all at once.
 *
 * A number that comes after it was missed is dropped: its loss was told. When numbers begin anew
 * although time goes on, they are followed, with a loss.
 */
#include "gpio_events.h"

#include "base/assert.h"

#include <linux/gpio.h>
#include <string.h>

#define SEQNO_FIRST 1

_Static_assert(sizeof(struct gpio_v2_line_event) == GPIO_EVENT_SIZE, "the kernel's own size");

static bool before(const struct gpio_v2_line_event *one, const struct gpio_v2_line_event *other)
{
	return (int32_t)(one->seqno - other->seqno) < 0;
}

/* They come nearly in order. */
static void sort(struct gpio_v2_line_event *events, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct gpio_v2_line_event moved = events[i];
		uint32_t at = i;

		for (; at > 0 && before(&moved, &events[at - 1]); at--)
			events[at] = events[at - 1];
		events[at] = moved;
	}
}

static bool position_of(const struct gpio_plan_request *request, uint32_t offset, uint8_t *ret)
{
	for (uint8_t i = 0; i < request->count; i++) {
		if (request->line[i].offset == offset) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int64_t stamp(const struct gpio_v2_line_event *event)
{
	return event->timestamp_ns > INT64_MAX ? INT64_MAX : (int64_t)event->timestamp_ns;
}

static void lost_add(struct gpio_sequence *sequence, uint32_t count)
{
	if (__builtin_add_overflow(sequence->lost, count, &sequence->lost))
		sequence->lost = UINT32_MAX;
}

/* False for an event that is no news. */
static bool follow(struct gpio_sequence *sequence, const struct gpio_v2_line_event *event)
{
	int32_t ahead = (int32_t)(event->seqno - sequence->seqno);

	if (!sequence->begun)
		ahead = 1;
	if (ahead <= 0 && stamp(event) <= sequence->at_ns)
		return false;
	if (ahead > 1)
		lost_add(sequence, (uint32_t)ahead - 1);
	else if (ahead <= 0)
		lost_add(sequence, 1);
	sequence->begun = true;
	sequence->seqno = event->seqno;
	sequence->at_ns = stamp(event);
	return true;
}

static bool edge_of(const struct gpio_plan_request *request, const struct gpio_v2_line_event *event,
	struct gpio_edge *ret)
{
	*ret = (struct gpio_edge){
		.at_ns = stamp(event),
		.active = event->id == GPIO_V2_LINE_EVENT_RISING_EDGE,
	};
	return (ret->active || event->id == GPIO_V2_LINE_EVENT_FALLING_EDGE) &&
	       position_of(request, event->offset, &ret->position);
}

uint32_t gpio_events_take(struct gpio_sequence *sequence, const struct gpio_plan_request *request,
	const void *bytes, size_t len, struct gpio_edge ret[GPIO_EDGES_MAX])
{
	struct gpio_v2_line_event events[GPIO_EDGES_MAX];
	size_t whole = len / GPIO_EVENT_SIZE;
	uint32_t count = whole < GPIO_EDGES_MAX ? (uint32_t)whole : GPIO_EDGES_MAX;
	uint32_t taken = 0;

	memcpy(events, bytes, count * GPIO_EVENT_SIZE);
	sort(events, count);
	if (!sequence->begun && count == GPIO_EDGES_MAX && events[0].seqno != SEQNO_FIRST)
		lost_add(sequence, 1);
	for (uint32_t i = 0; i < count; i++) {
		if (!follow(sequence, &events[i]))
			continue;
		if (!edge_of(request, &events[i], &ret[taken])) {
			lost_add(sequence, 1);
			continue;
		}
		ret[taken++].lost = sequence->lost;
		sequence->lost = 0;
	}
	if (whole > count)
		lost_add(sequence, 1);
	return taken;
}
