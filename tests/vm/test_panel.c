// SPDX-License-Identifier: Apache-2.0
/*
 * posternd as the reader of two panels of another maker: what arrives on their lines, decoded by
 * our own decoder from the kernel's stamps, and how long its pulses and intervals are while cards
 * are read, records are written and the API is asked on the same processor.
 */
#include "domain/card_format.h"
#include "site.h"
#include "wiring.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANN 305419896
#define STRANGER 4711
#define PANEL_CONFIG "/tests/panel.yaml"
#define CARDS 60 /* of 34 bits: 2,040 pulses at panel 1 */
#define PULSES_MAX 8192
#define FRAMES_MAX 128

/* SIA's limits for a reader (wiegand.md, section 1). */
#define PULSE_MIN_NS (20 * NS_PER_US)
#define PULSE_MAX_NS (100 * NS_PER_US)
#define INTERVAL_MIN_NS (200 * NS_PER_US)
#define INTERVAL_MAX_NS (20 * NS_PER_MS)

/* One panel: its lines in order DATA0, DATA1. */
struct panel {
	struct wires wires;
	struct wiegand_decoder decoder;
	int64_t fell_ns[2];
	int64_t pulse_ns; /* begin of the latest pulse */
	bool low[2];
	unsigned frame_count;
	struct card_bits frame[FRAMES_MAX];
	size_t pulse_count;
	int64_t width_ns[PULSES_MAX];
	size_t interval_count;
	int64_t interval_ns[PULSES_MAX];
};

static struct panel panel[2];

static void panel_begin(struct panel *p, uint32_t data0)
{
	const uint32_t offsets[] = {data0, data0 + 1};
	struct wiegand_limits limits;

	memset(p, 0, sizeof(*p));
	wiegand_limits_default(&limits);
	wiegand_decoder_init(&p->decoder, &limits);
	wires_take(&p->wires,
		&(struct wires_ask){.chip = "world",
			.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
				 GPIO_V2_LINE_FLAG_EDGE_FALLING | GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
			.buffer = 1024},
		offsets, 2);
}

static void frame_take(struct panel *p, enum wiegand_result result, const struct card_bits *bits)
{
	assert_int_not_equal(result, WIEGAND_NOISE);
	if (result != WIEGAND_FRAME)
		return;
	assert_true(p->frame_count < FRAMES_MAX);
	p->frame[p->frame_count++] = *bits;
}

static void edge_take(struct panel *p, const struct gpio_v2_line_event *event)
{
	struct wiegand_edge edge = {.at_ns = (int64_t)event->timestamp_ns,
		.line = event->offset == p->wires.offset[1],
		.level = event->id == GPIO_V2_LINE_EVENT_RISING_EDGE};
	struct card_bits bits;

	assert_false(p->low[1 - edge.line]); /* never both */
	assert_true(p->pulse_count < PULSES_MAX);
	if (edge.level == 0) {
		int64_t interval_ns = edge.at_ns - p->pulse_ns;

		if (p->pulse_ns != 0 && interval_ns < p->decoder.limits.gap_ns)
			p->interval_ns[p->interval_count++] = interval_ns;
		p->pulse_ns = edge.at_ns;
		p->fell_ns[edge.line] = edge.at_ns;
	} else {
		p->width_ns[p->pulse_count++] = edge.at_ns - p->fell_ns[edge.line];
	}
	p->low[edge.line] = edge.level == 0;
	frame_take(p, wiegand_decoder_edge(&p->decoder, &edge, &bits), &bits);
}

/* Takes what a panel got until it was silent for 60 ms. */
static void panel_listen(struct panel *p)
{
	struct gpio_v2_line_event events[64];
	struct card_bits bits;

	for (unsigned got; (got = wires_edges(&p->wires, events, 64, 60)) > 0;) {
		for (unsigned i = 0; i < got; i++) {
			edge_take(p, &events[i]);
		}
	}
	frame_take(p, wiegand_decoder_time(&p->decoder, world_now_ns(), &bits), &bits);
}

static void panels_forget(void)
{
	for (unsigned i = 0; i < 2; i++) {
		panel_listen(&panel[i]);
		panel[i].frame_count = 0;
	}
}

static int set_up(void **state)
{
	(void)state;
	wiring_begin();
	panel_begin(&panel[0], PANEL1_DATA0);
	panel_begin(&panel[1], PANEL2_DATA0);
	site_clear();
	site_start(PANEL_CONFIG);
	site_enrol("ann", "305419896", NULL, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_clear();
	wires_release(&panel[0].wires);
	wires_release(&panel[1].wires);
	wiring_end();
	return 0;
}

static void assert_bits(const struct card_bits *got, const struct card_bits *wanted)
{
	assert_int_equal(got->count, wanted->count);
	assert_memory_equal(got->bytes, wanted->bytes, (wanted->count + 7u) / 8u);
}

/* The lines of a panel rest high, and did so while posternd started. */
static void nothing_is_sent_at_the_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		panel_listen(&panel[i]);
		assert_int_equal(wires_read(&panel[i].wires), 3);
		assert_int_equal(panel[i].frame_count, 0);
	}
}

static void a_granted_card_goes_on_as_it_was_read(void **state)
{
	struct card_bits ann = card_of("W34", ANN);
	struct card_bits other = card_of("W66", ANN);

	(void)state;
	panels_forget();
	(void)reader_send(ENTRY_DATA0, &ann);
	(void)wiring_wait(FRONT_LOCK, true, 1000);
	panel_listen(&panel[0]);
	panel_listen(&panel[1]);
	assert_int_equal(panel[0].frame_count, 1);
	assert_bits(&panel[0].frame[0], &ann);
	assert_int_equal(panel[1].frame_count, 1);
	assert_bits(&panel[1].frame[0], &other); /* the same number in the panel's own format */
}

static void a_refused_card_goes_only_where_every_card_goes(void **state)
{
	struct card_bits other = card_of("W66", STRANGER);

	(void)state;
	panels_forget();
	(void)reader_show(ENTRY_DATA0, "W34", STRANGER);
	panel_listen(&panel[1]);
	panel_listen(&panel[0]);
	assert_int_equal(panel[0].frame_count, 0);
	assert_int_equal(panel[1].frame_count, 1);
	assert_bits(&panel[1].frame[0], &other);
}

static void assert_limits(
	const char *name, int64_t *values_ns, size_t count, int64_t min_ns, int64_t max_ns)
{
	world_print_spread(name, values_ns, count); /* sorts */
	assert_true(values_ns[count / 1000] >= min_ns);
	assert_true(world_percentile(values_ns, count, 99.9) <= max_ns);
}

static void pulses_and_intervals_keep_the_limits_under_load(void **state)
{
	struct card_bits ann = card_of("W34", ANN);
	struct card_bits other = card_of("W66", ANN);

	(void)state;
	panels_forget();
	for (unsigned i = 0; i < 2; i++) {
		panel[i].pulse_count = 0;
		panel[i].interval_count = 0;
	}
	for (unsigned i = 0; i < CARDS; i++) {
		(void)reader_send(ENTRY_DATA0, &ann);
		(void)site_records(NULL, NULL); /* meanwhile both panels get their frame */
		panel_listen(&panel[0]);
		panel_listen(&panel[1]);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(panel[i].frame_count, CARDS);
		for (unsigned at = 0; at < CARDS; at++)
			assert_bits(&panel[i].frame[at], i == 0 ? &ann : &other);
		assert_true(panel[i].pulse_count >= 2000);
		assert_int_equal(panel[i].pulse_count, CARDS * (i == 0 ? 34 : 66));
	}
	assert_limits("panel 1, pulses of 50 us", panel[0].width_ns, panel[0].pulse_count,
		PULSE_MIN_NS, PULSE_MAX_NS);
	assert_limits("panel 1, intervals of 2 ms", panel[0].interval_ns, panel[0].interval_count,
		INTERVAL_MIN_NS, INTERVAL_MAX_NS);
	assert_limits("panel 2, pulses of 40 us", panel[1].width_ns, panel[1].pulse_count,
		PULSE_MIN_NS, PULSE_MAX_NS);
	assert_limits("panel 2, intervals of 500 us", panel[1].interval_ns, panel[1].interval_count,
		INTERVAL_MIN_NS, INTERVAL_MAX_NS);
}

/* Core dies while it sends: the line it held low rises, and the torn frame is never completed. */
static void a_killed_core_lets_the_lines_rise(void **state)
{
	struct gpio_v2_line_event events[256];
	struct card_bits ann = card_of("W34", ANN);

	(void)state;
	for (int i = 0; i < 4; i++) {
		pid_t core = site_role("core");

		panels_forget();
		(void)reader_send(ENTRY_DATA0, &ann);
		/* Panel 2 begins as soon as the card is read; its frame takes 33 ms. */
		assert_true(wires_edges(&panel[1].wires, events, 1, 1000) == 1);
		world_sleep_ms(3 + 7 * i);
		(void)kill(core, SIGKILL);
		world_sleep_ms(200);
		assert_int_equal(wires_read(&panel[0].wires), 3);
		assert_int_equal(wires_read(&panel[1].wires), 3);
		(void)site_wait_role("core", core);
		(void)wires_drain(&panel[0].wires);
		(void)wires_drain(&panel[1].wires);
		world_sleep_ms(500);
		assert_int_equal(wires_edges(&panel[0].wires, events, 1, 0), 0);
		assert_int_equal(wires_edges(&panel[1].wires, events, 1, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_sent_at_the_start),
		cmocka_unit_test(a_granted_card_goes_on_as_it_was_read),
		cmocka_unit_test(a_refused_card_goes_only_where_every_card_goes),
		cmocka_unit_test(pulses_and_intervals_keep_the_limits_under_load),
		cmocka_unit_test(a_killed_core_lets_the_lines_rise),
	};

	world_precise();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
