// SPDX-License-Identifier: Apache-2.0
/*
 * The hands of the test. Everything that the world drives is one request, so that several lines can
 * move at once; everything it looks at is another, with a buffer that holds a whole scenario.
 */
#include "wiring.h"

#include "domain/card_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define FRAME_EDGES_MAX (2 * WIEGAND_FRAME_BITS_MAX)
#define SEEN_BUFFER 1024 /* the most that the kernel gives */

static const uint32_t driven[] = {FRONT_CONTACT, FRONT_REX, HALL_REX, ENTRY_DATA0, ENTRY_DATA1,
	ENTRY_TAMPER, EXIT_DATA0, EXIT_DATA1, HALL_DATA0, HALL_DATA1};
static const uint32_t watched[] = {FRONT_LOCK, HALL_LOCK, ENTRY_LED, ENTRY_BEEPER};
#define DRIVEN (sizeof(driven) / sizeof(driven[0]))
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static struct wires hands;
static struct wires eyes;

static uint64_t hand_bit(enum line line)
{
	for (unsigned i = 0; i < DRIVEN; i++) {
		if (driven[i] == line)
			return UINT64_C(1) << i;
	}
	fail_msg("the world does not drive line %d", line);
	return 0;
}

static uint64_t levels_of_rest(void)
{
	uint64_t low = hand_bit(FRONT_CONTACT) | hand_bit(HALL_REX);

	return ((UINT64_C(1) << DRIVEN) - 1) & ~low;
}

/* An earlier user may have left the controller's ends driven: that chip keeps them so. */
static void controller_rest(void)
{
	struct wires all;
	uint32_t offset[WIRES_MAX];

	for (uint32_t i = 0; i < WIRES_MAX; i++)
		offset[i] = i;
	wires_take(&all,
		&(struct wires_ask){.chip = "controller", .flags = GPIO_V2_LINE_FLAG_INPUT}, offset,
		WIRES_MAX);
	wires_release(&all);
}

void wiring_begin(void)
{
	controller_rest();
	wires_take(&hands,
		&(struct wires_ask){.chip = "world",
			.flags = GPIO_V2_LINE_FLAG_OUTPUT,
			.levels = levels_of_rest()},
		driven, DRIVEN);
	/* The pull-down is the resistor that every output of a controller should have. */
	wires_take(&eyes,
		&(struct wires_ask){.chip = "world",
			.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
				 GPIO_V2_LINE_FLAG_EDGE_FALLING | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
			.buffer = SEEN_BUFFER},
		watched, WATCHED);
}

void wiring_end(void)
{
	wires_release(&hands);
	wires_release(&eyes);
}

void wiring_set(enum line line, bool high)
{
	uint64_t bit = hand_bit(line);

	wires_write(&hands, bit, high ? bit : 0);
}

bool wiring_get(enum line line)
{
	uint64_t levels = wires_read(&eyes);

	for (unsigned i = 0; i < WATCHED; i++) {
		if (watched[i] == line)
			return (levels >> i & 1) != 0;
	}
	fail_msg("the world does not look at line %d", line);
	return false;
}

/* --- what the controller does --- */

unsigned wiring_seen(
	struct seen *seen, unsigned max, enum line line, unsigned wanted, int timeout_ms)
{
	int64_t end_ns = world_now_ns() + timeout_ms * NS_PER_MS;
	unsigned count = 0;
	unsigned of_line = 0;

	while (count < max && of_line < wanted) {
		struct gpio_v2_line_event edge[64];
		int64_t left_ns = end_ns - world_now_ns();
		unsigned room = max - count < 64 ? max - count : 64;
		unsigned got = left_ns < 0 ? 0
					   : wires_edges(&eyes, edge, room,
						     (int)(left_ns / NS_PER_MS) + 1);

		if (got == 0)
			break;
		for (unsigned i = 0; i < got; i++) {
			of_line += edge[i].offset == line;
			seen[count++] = (struct seen){(int64_t)edge[i].timestamp_ns,
				(enum line)edge[i].offset,
				edge[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE};
		}
	}
	return count;
}

void wiring_forget(void)
{
	(void)wires_drain(&eyes);
}

int64_t wiring_wait(enum line line, bool high, int timeout_ms)
{
	int64_t end_ns = world_now_ns() + timeout_ms * NS_PER_MS;
	struct seen seen;

	for (int64_t left_ns; (left_ns = end_ns - world_now_ns()) > 0;) {
		if (wiring_seen(&seen, 1, line, 1, (int)(left_ns / NS_PER_MS) + 1) == 0)
			break;
		if (seen.line != line)
			continue;
		assert_int_equal(seen.high, high);
		return seen.at_ns;
	}
	fail_msg("line %d did not go %s within %d ms", line, high ? "high" : "low", timeout_ms);
	return 0;
}

void wiring_quiet(enum line line, int ms)
{
	struct seen seen;
	int64_t end_ns = world_now_ns() + ms * NS_PER_MS;

	for (int64_t left_ns; (left_ns = end_ns - world_now_ns()) > 0;) {
		if (wiring_seen(&seen, 1, line, 1, (int)(left_ns / NS_PER_MS) + 1) == 0)
			return;
		if (seen.line == line)
			fail_msg("line %d went %s", line, seen.high ? "high" : "low");
	}
}

/* --- readers --- */

struct card_bits card_of(const char *format, uint64_t number)
{
	const struct card_format *found = card_format_find(span_from_string(format));
	struct card_fields fields;
	struct card_bits bits;

	assert_non_null(found);
	assert_true(card_format_fields_of_number(found, number, &fields));
	assert_int_equal(card_format_encode(found, &fields, &bits), CARD_FORMAT_OK);
	return bits;
}

/* Edges of a reader's lines in terms of the hands' places. */
static void play(const struct wiegand_edge *edges, size_t count)
{
	(void)wires_play(&hands, edges, count);
}

static uint8_t place_of(enum line data0, unsigned line)
{
	return (uint8_t)__builtin_ctzll(hand_bit((enum line)(data0 + line)));
}

void reader_play(enum line data0, const struct wiegand_edge *edges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct wiegand_edge edge = edges[i];

		edge.line = place_of(data0, edge.line);
		play(&edge, 1);
	}
}

int64_t reader_send(enum line data0, const struct card_bits *bits)
{
	struct wiegand_edge edges[FRAME_EDGES_MAX];
	size_t count = wiegand_edges(bits, world_now_ns() + NS_PER_MS, (uint32_t)PULSE_NS,
		(uint32_t)INTERVAL_NS, edges, FRAME_EDGES_MAX);

	reader_play(data0, edges, count);
	return edges[count - 1].at_ns;
}

int64_t reader_show(enum line data0, const char *format, uint64_t number)
{
	struct card_bits bits = card_of(format, number);

	return reader_send(data0, &bits);
}

static int by_time(const void *a, const void *b)
{
	int64_t left = ((const struct wiegand_edge *)a)->at_ns;
	int64_t right = ((const struct wiegand_edge *)b)->at_ns;

	return (left > right) - (left < right);
}

void readers_send(enum line data0, const struct card_bits *bits, enum line other_data0,
	const struct card_bits *other_bits)
{
	struct wiegand_edge edges[2 * FRAME_EDGES_MAX];
	int64_t start_ns = world_now_ns() + NS_PER_MS;
	size_t first = wiegand_edges(
		bits, start_ns, (uint32_t)PULSE_NS, (uint32_t)INTERVAL_NS, edges, FRAME_EDGES_MAX);
	size_t count =
		first + wiegand_edges(other_bits, start_ns + PULSE_NS / 2, (uint32_t)PULSE_NS,
				(uint32_t)INTERVAL_NS, edges + first, FRAME_EDGES_MAX);

	for (size_t i = 0; i < count; i++)
		edges[i].line = place_of(i < first ? data0 : other_data0, edges[i].line);
	qsort(edges, count, sizeof(edges[0]), by_time);
	play(edges, count);
}
