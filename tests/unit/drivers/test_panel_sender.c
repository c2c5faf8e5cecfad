// SPDX-License-Identifier: Apache-2.0
/*
 * Wiegand output under a clock that the test holds: what stands on the lines when, judged by our
 * own decoder and by the electrical limits, also when the thread is held up at the worst moment.
 */
#include "panel_frame.h"
#include "panel_sender_private.h"

#include "base/compiler.h"
#include "domain/card_format.h"
#include "platform/clock.h"
#include "protocols/wiegand.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define READ_NS 40 /* what reading the clock takes */
#define SET_NS 600 /* half of what setting a line takes, unless a case says more */
#define EDGES_MAX 40000
#define DECODED_MAX 64

struct edge {
	uint8_t panel;
	uint8_t line;
	bool low;
	int64_t at_ns;
};

struct bench {
	struct settings settings;
	struct panel_sender *sender;
	int64_t now_ns;
	int64_t wake_late_ns; /* every wait ends so late */
	int64_t awake_ns; /* when the last wait ended */
	int64_t awake_longest_ns;
	bool idle; /* waits for a frame */
	bool broken; /* lines cannot be set */
	int64_t set_before_ns; /* from the call to the line's move ... */
	int64_t set_after_ns; /* ... and to the call's end */
	uint32_t sets; /* calls so far */
	uint32_t stall_set; /* the call before which, or in which, the thread is held up */
	int64_t stall_before_ns; /* between the reading of the clock and the line */
	int64_t stall_after_ns;
	uint32_t stall_gap; /* held up when so many sets are behind it, between two pulses */
	int64_t stall_gap_ns;
	uint32_t reads; /* of the clock since the latest set */
	struct edge edges[EDGES_MAX];
	uint32_t edge_count;
	bool low[PANELS_MAX][2];
	struct wiegand_decoder decoder[PANELS_MAX];
	struct card_bits decoded[PANELS_MAX][DECODED_MAX];
	uint32_t decoded_count[PANELS_MAX];
};

static int64_t bench_now(void *user)
{
	struct bench *b = user;

	b->now_ns += READ_NS;
	b->reads++;
	if (b->reads == 2 && b->sets == b->stall_gap)
		b->now_ns += b->stall_gap_ns;
	return b->now_ns;
}

static void bench_wait(void *user, int64_t at_ns)
{
	struct bench *b = user;

	if (b->now_ns - b->awake_ns > b->awake_longest_ns)
		b->awake_longest_ns = b->now_ns - b->awake_ns;
	b->idle = at_ns == INT64_MAX;
	if (!b->idle && at_ns + b->wake_late_ns > b->now_ns)
		b->now_ns = at_ns + b->wake_late_ns;
	b->awake_ns = b->now_ns;
}

static void decoder_took(
	struct bench *b, uint8_t panel, enum wiegand_result result, const struct card_bits *bits)
{
	if (result != WIEGAND_FRAME)
		return;
	assert_in_range(b->decoded_count[panel], 0, DECODED_MAX - 1);
	b->decoded[panel][b->decoded_count[panel]++] = *bits;
}

static bool bench_set(void *user, uint8_t panel, uint8_t line, bool low, int64_t now_ns)
{
	struct bench *b = user;
	struct card_bits bits;

	assert_true(line <= 1);
	assert_true(b->sender == NULL || now_ns <= b->now_ns); /* its start has no clock of ours */
	if (b->broken)
		return false;
	b->now_ns += b->set_before_ns + (b->sets == b->stall_set ? b->stall_before_ns : 0);
	assert_false(low && b->low[panel][1 - line]); /* never both */
	b->low[panel][line] = low;
	assert_true(b->edge_count < EDGES_MAX);
	b->edges[b->edge_count++] = (struct edge){panel, line, low, b->now_ns};
	struct wiegand_edge edge = {.at_ns = b->now_ns, .line = line, .level = low ? 0 : 1};

	/* At its start the sender lets lines rise that are high already. */
	if (b->sender != NULL)
		decoder_took(
			b, panel, wiegand_decoder_edge(&b->decoder[panel], &edge, &bits), &bits);
	b->now_ns += b->set_after_ns + (b->sets == b->stall_set ? b->stall_after_ns : 0);
	b->sets++;
	b->reads = 0;
	return true;
}

static void bench_quiet(void *user, uint8_t panel, int64_t now_ns)
{
	struct bench *b = user;
	struct card_bits bits;

	decoder_took(b, panel, wiegand_decoder_time(&b->decoder[panel], now_ns, &bits), &bits);
	assert_int_equal(wiegand_decoder_deadline_ns(&b->decoder[panel]), INT64_MAX);
}

static struct bench bench;

/* Panels 1 to count. */
static struct bench *bench_new(unsigned count, uint32_t pulse_us, uint32_t interval_us)
{
	struct bench *b = &bench;
	struct panel_output output = {.set = bench_set, .quiet = bench_quiet, .user = b};
	struct panel_clock clock = {.now_ns = bench_now, .wait = bench_wait, .user = b};
	struct wiegand_limits limits;

	memset(b, 0, sizeof(*b));
	b->now_ns = 1000 * NS_PER_S;
	b->awake_ns = b->now_ns;
	b->stall_set = UINT32_MAX;
	b->set_before_ns = SET_NS;
	b->set_after_ns = SET_NS;
	wiegand_limits_default(&limits);
	for (unsigned i = 0; i < count; i++) {
		b->settings.panel[i] = (struct panel_settings){
			.configured = true, .pulse_us = pulse_us, .interval_us = interval_us};
		wiegand_decoder_init(&b->decoder[i], &limits);
	}
	struct panel_sender *sender = panel_sender_new(&b->settings, &output);

	assert_non_null(sender);
	assert_int_equal(b->edge_count, 2 * count);
	for (uint32_t i = 0; i < b->edge_count; i++)
		assert_false(b->edges[i].low);
	b->edge_count = 0;
	b->sets = 0;
	panel_sender_set_clock(sender, &clock);
	b->sender = sender;
	return b;
}

static void bench_free(struct bench *b)
{
	assert_null(panel_sender_free(b->sender));
}

static void run_until_idle(struct bench *b)
{
	b->idle = false;
	while (!b->idle)
		panel_sender_turn(b->sender);
}

static struct card_bits pattern(uint16_t count, uint32_t seed)
{
	struct card_bits bits = {.count = count};

	for (uint16_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		card_bits_put(&bits, i, seed >> 31 != 0);
	}
	return bits;
}

static void assert_bits(const struct card_bits *got, const struct card_bits *wanted)
{
	assert_int_equal(got->count, wanted->count);
	assert_memory_equal(got->bytes, wanted->bytes, sizeof(got->bytes));
}

static struct panel_counters counters(struct bench *b, uint8_t panel)
{
	struct panel_counters ret;

	panel_sender_counters(b->sender, panel, &ret);
	return ret;
}

/* The widths and intervals of one frame of panel 1 that stands alone in the recording. */
static void assert_timing(const struct bench *b, int64_t pulse_ns, int64_t interval_ns)
{
	for (uint32_t i = 0; i + 1 < b->edge_count; i += 2) {
		int64_t width_ns = b->edges[i + 1].at_ns - b->edges[i].at_ns;

		assert_true(b->edges[i].low && !b->edges[i + 1].low);
		assert_int_equal(b->edges[i].line, b->edges[i + 1].line);
		assert_in_range(width_ns, pulse_ns - US, pulse_ns + 3 * US);
		assert_true(width_ns >= 20 * US);
		if (i >= 2)
			assert_in_range(b->edges[i].at_ns - b->edges[i - 2].at_ns,
				interval_ns - 2 * US, interval_ns + 4 * US);
	}
}

static void every_built_in_format_is_sent_and_decoded_back(void **state UNUSED)
{
	static const struct {
		uint32_t pulse_us, interval_us;
	} timings[] = {{50, 2000}, {20, 200}, {100, 200}, {20, 20000}, {100, 20000}, {37, 713}};
	const struct card_format *format;

	for (unsigned f = 0; (format = card_format_at(f)) != NULL; f++) {
		for (size_t t = 0; t < ARRAY_COUNT(timings); t++) {
			uint32_t pulse_us = timings[t].pulse_us;
			uint32_t interval_us = timings[t].interval_us;
			struct bench *b = bench_new(1, pulse_us, interval_us);
			struct card_fields fields = {.card = 0x5a5a5a5a5a5a5a5a};
			unsigned width = card_field_width(&format->card);
			struct card_bits bits;

			if (width < 64)
				fields.card &= (UINT64_C(1) << width) - 1;
			assert_int_equal(
				card_format_encode(format, &fields, &bits), CARD_FORMAT_OK);
			assert_true(panel_sender_push(b->sender, 0, &bits));
			run_until_idle(b);
			assert_int_equal(b->decoded_count[0], 1);
			assert_bits(&b->decoded[0][0], &bits);
			assert_int_equal(b->edge_count, 2 * format->bits);
			assert_timing(b, pulse_us * US, interval_us * US);
			assert_int_equal(counters(b, 0).pulses, format->bits);
			assert_int_equal(counters(b, 0).frames, 1);
			assert_int_equal(counters(b, 0).long_pulses, 0);
			assert_int_equal(counters(b, 0).late_intervals, 0);
			bench_free(b);
		}
	}
}

static void small_delays_do_not_add_up(void **state UNUSED)
{
	struct bench *b = bench_new(1, 50, 2000);
	struct card_bits bits = pattern(66, 1);

	b->wake_late_ns = 140 * US; /* less than is looked at the clock for */
	assert_true(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_timing(b, 50 * US, 2000 * US);
	assert_in_range(b->edges[130].at_ns - b->edges[0].at_ns, 65 * 2000 * US - 2 * US,
		65 * 2000 * US + 4 * US);
	bench_free(b);
}

/* A small board, whose kernel takes 30 us to set a line and moves it early in that time. */
static void a_slow_kernel_makes_no_longer_pulses(void **state UNUSED)
{
	static const uint32_t pulses_us[] = {20, 35, 50, 90, 100};

	for (size_t i = 0; i < ARRAY_COUNT(pulses_us); i++) {
		int64_t wanted_ns = pulses_us[i] * US;
		struct bench *b = bench_new(1, pulses_us[i], 2000);
		struct card_bits bits = pattern(66, 11);

		b->set_before_ns = 3 * US;
		b->set_after_ns = 27 * US;
		if (wanted_ns < 47 * US) /* the call must end, and 20 us must be sure */
			wanted_ns = 47 * US;
		assert_true(panel_sender_push(b->sender, 0, &bits));
		run_until_idle(b);
		assert_bits(&b->decoded[0][0], &bits);
		for (uint32_t e = 0; e < b->edge_count; e += 2)
			assert_in_range(b->edges[e + 1].at_ns - b->edges[e].at_ns, wanted_ns,
				wanted_ns + 4 * US);
		assert_int_equal(counters(b, 0).long_pulses, 0);
		assert_int_equal(counters(b, 0).late_intervals, 0);
		bench_free(b);
	}
}

static void late_pulses_keep_their_distance(void **state UNUSED)
{
	static const uint32_t intervals_us[] = {200, 500, 2000};

	for (size_t t = 0; t < ARRAY_COUNT(intervals_us); t++) {
		struct bench *b = bench_new(1, 50, intervals_us[t]);
		struct card_bits bits = pattern(34, 2);
		int64_t least_ns = intervals_us[t] == 200 ? 200 * US : intervals_us[t] * US * 3 / 4;

		/* Held up between two pulses for as long as five of them take. */
		b->stall_gap = 22;
		b->stall_gap_ns = 5 * intervals_us[t] * US;
		assert_true(panel_sender_push(b->sender, 0, &bits));
		run_until_idle(b);
		assert_int_equal(b->decoded_count[0], 1);
		assert_bits(&b->decoded[0][0], &bits);
		assert_in_range(counters(b, 0).late_intervals, 1, 2);
		for (uint32_t i = 2; i < b->edge_count; i += 2)
			assert_true(b->edges[i].at_ns - b->edges[i - 2].at_ns >= least_ns);
		bench_free(b);
	}
}

static void every_wake_late_by_a_lot_still_gives_the_right_bits(void **state UNUSED)
{
	struct bench *b = bench_new(1, 20, 400);
	struct card_bits bits = pattern(66, 3);

	b->wake_late_ns = 3 * NS_PER_MS;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_int_equal(b->decoded_count[0], 1);
	assert_bits(&b->decoded[0][0], &bits);
	assert_int_equal(counters(b, 0).late_intervals, 65);
	assert_int_equal(counters(b, 0).cut_frames, 0);
	bench_free(b);
}

/* Held up at every single setting of a line, before it or behind it. */
static void a_stall_never_makes_a_pulse_too_short_nor_another_card(void **state UNUSED)
{
	static const int64_t stalls_ns[] = {30 * US, 300 * US, 2 * NS_PER_MS, 40 * NS_PER_MS};
	struct card_bits bits = pattern(26, 4);

	for (uint32_t set = 0; set < 52; set++) {
		for (size_t s = 0; s < 2 * ARRAY_COUNT(stalls_ns); s++) {
			struct bench *b = bench_new(1, 50, 1000);

			b->stall_set = set;
			if (s % 2 == 0)
				b->stall_before_ns = stalls_ns[s / 2];
			else
				b->stall_after_ns = stalls_ns[s / 2];
			assert_true(panel_sender_push(b->sender, 0, &bits));
			run_until_idle(b);
			for (uint32_t i = 0; i < b->edge_count; i += 2)
				assert_true(b->edges[i + 1].at_ns - b->edges[i].at_ns >= 20 * US);
			assert_true(b->decoded_count[0] >= 1);
			assert_bits(&b->decoded[0][b->decoded_count[0] - 1], &bits);
			assert_in_range(counters(b, 0).cut_frames, 0, 1);
			assert_int_equal(counters(b, 0).frames, 1);
			bench_free(b);
		}
	}
}

static void a_long_pulse_is_counted_and_a_torn_one_ends_the_frame(void **state UNUSED)
{
	struct bench *b = bench_new(1, 100, 1000);
	struct card_bits bits = pattern(26, 5);

	b->stall_set = 11; /* the end of the sixth pulse */
	b->stall_before_ns = 20 * US;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_int_equal(counters(b, 0).long_pulses, 1);
	assert_int_equal(counters(b, 0).cut_frames, 0);
	assert_int_equal(b->decoded_count[0], 1);

	uint32_t edges = b->edge_count;

	b->stall_set = b->sets + 11;
	b->stall_before_ns = 1100 * US;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_int_equal(counters(b, 0).long_pulses, 2);
	assert_int_equal(counters(b, 0).cut_frames, 1);
	assert_int_equal(counters(b, 0).frames, 2);
	/* Six pulses, silence, all of them. */
	assert_int_equal(b->edge_count - edges, 2 * (6 + 26));
	assert_true(b->edges[edges + 12].at_ns - b->edges[edges + 11].at_ns >= 100 * NS_PER_MS);
	assert_int_equal(b->decoded_count[0], 2);
	assert_bits(&b->decoded[0][1], &bits);
	bench_free(b);
}

static void a_frame_is_not_completed_after_a_silence(void **state UNUSED)
{
	struct bench *b = bench_new(1, 50, 20000);
	struct card_bits bits = pattern(34, 6), next = pattern(26, 7);

	b->stall_set = 19; /* after ten pulses */
	b->stall_after_ns = 26 * NS_PER_MS;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	assert_true(panel_sender_push(b->sender, 0, &next));
	run_until_idle(b);
	assert_int_equal(counters(b, 0).cut_frames, 1);
	assert_int_equal(b->decoded_count[0], 3);
	assert_int_equal(b->decoded[0][0].count, 10);
	assert_bits(&b->decoded[0][1], &bits);
	assert_bits(&b->decoded[0][2], &next);
	bench_free(b);
}

static void a_frame_that_is_cut_twice_is_given_up(void **state UNUSED)
{
	struct bench *b = bench_new(1, 50, 1000);
	struct card_bits bits = pattern(26, 8), next = pattern(26, 9);

	b->stall_set = 5;
	b->stall_before_ns = 5 * NS_PER_MS;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	assert_true(panel_sender_push(b->sender, 0, &next));
	while (b->sets < 7)
		panel_sender_turn(b->sender);
	b->stall_set = 9; /* within the second try */
	run_until_idle(b);
	assert_int_equal(counters(b, 0).cut_frames, 2);
	assert_int_equal(counters(b, 0).frames, 1);
	assert_bits(&b->decoded[0][b->decoded_count[0] - 1], &next);
	bench_free(b);
}

static void the_queue_is_bounded_and_in_order(void **state UNUSED)
{
	struct bench *b = bench_new(2, 50, 1000);
	struct card_bits bits;

	for (uint32_t i = 0; i < PANEL_QUEUE_MAX; i++) {
		bits = pattern((uint16_t)(26 + i), i);
		assert_true(panel_sender_push(b->sender, 0, &bits));
	}
	bits = pattern(40, 99);
	assert_false(panel_sender_push(b->sender, 0, &bits));
	assert_false(panel_sender_push(b->sender, 2, &bits)); /* not configured */
	assert_true(panel_sender_push(b->sender, 1, &bits)); /* has its own */
	panel_sender_turn(b->sender); /* the first is on its way: there is room again */
	assert_true(panel_sender_push(b->sender, 0, &bits));
	assert_false(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_int_equal(b->decoded_count[0], PANEL_QUEUE_MAX + 1);
	assert_int_equal(b->decoded_count[1], 1);
	for (uint32_t i = 0; i < PANEL_QUEUE_MAX; i++) {
		struct card_bits wanted = pattern((uint16_t)(26 + i), i);

		assert_bits(&b->decoded[0][i], &wanted);
	}
	assert_bits(&b->decoded[0][PANEL_QUEUE_MAX], &bits);
	assert_bits(&b->decoded[1][0], &bits);
	/* Between two frames of a panel: more than the 100 ms that a decoder may wait. */
	int64_t last_ns = 0;

	for (uint32_t i = 0, pulses = 0; i < b->edge_count; i++) {
		const struct edge *edge = &b->edges[i];

		if (edge->panel != 0 || !edge->low)
			continue;
		if (pulses == 26)
			assert_true(edge->at_ns - last_ns > 100 * NS_PER_MS);
		last_ns = edge->at_ns;
		pulses++;
	}
	bench_free(b);
}

static void panels_send_at_the_same_time_and_do_not_disturb_each_other(void **state UNUSED)
{
	struct bench *b = bench_new(PANELS_MAX, 50, 1000);
	struct card_bits bits[PANELS_MAX];

	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		bits[i] = pattern((uint16_t)(26 + i), 50u + i);
		assert_true(panel_sender_push(b->sender, i, &bits[i]));
	}
	int64_t start_ns = b->now_ns;

	run_until_idle(b);
	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		assert_int_equal(b->decoded_count[i], 1);
		assert_bits(&b->decoded[i][0], &bits[i]);
		assert_int_equal(counters(b, i).long_pulses, 0);
		assert_int_equal(counters(b, i).late_intervals, 0);
	}
	assert_true(b->edges[b->edge_count - 1].at_ns - start_ns < 42 * NS_PER_MS);
	bench_free(b);
}

static void a_thread_that_spins_sleeps_now_and_then(void **state UNUSED)
{
	struct bench *b = bench_new(PANELS_MAX, 100, 200);

	/* Frames begin one after the other, so that some panel is always about to move a line. */
	for (uint32_t round = 0; round < 200; round++) {
		struct card_bits bits = pattern(66, round);

		(void)panel_sender_push(b->sender, (uint8_t)(round % PANELS_MAX), &bits);
		for (int i = 0; i < 130; i++)
			panel_sender_turn(b->sender);
	}
	assert_true(b->awake_longest_ns > 20 * NS_PER_MS); /* the case is what it says */
	assert_true(b->awake_longest_ns < 60 * NS_PER_MS);
	run_until_idle(b);
	for (uint8_t i = 0; i < PANELS_MAX; i++) {
		assert_true(b->decoded_count[i] > 0);
		assert_int_equal(counters(b, i).frames, b->decoded_count[i]);
		assert_int_equal(counters(b, i).long_pulses, 0);
	}
	bench_free(b);
}

static void lines_that_cannot_be_set_are_counted(void **state UNUSED)
{
	struct bench *b = bench_new(1, 50, 1000);
	struct card_bits bits = pattern(26, 1);

	b->broken = true;
	assert_true(panel_sender_push(b->sender, 0, &bits));
	run_until_idle(b);
	assert_int_equal(counters(b, 0).faults, 52);
	assert_int_equal(b->decoded_count[0], 0);
	bench_free(b);
}

static void stopping_ends_the_frame_and_drops_the_rest(void **state UNUSED)
{
	struct bench *b = bench_new(2, 50, 2000);
	struct card_bits bits = pattern(26, 1);

	for (int i = 0; i < 3; i++)
		assert_true(panel_sender_push(b->sender, 0, &bits));
	while (b->edge_count < 11) /* within the sixth pulse */
		panel_sender_turn(b->sender);
	assert_true(b->low[0][b->edges[10].line]);
	assert_true(panel_sender_push(b->sender, 1, &bits));
	panel_sender_stop(b->sender);
	panel_sender_run(b->sender);
	assert_int_equal(b->edge_count, 52);
	assert_int_equal(counters(b, 0).frames, 1);
	assert_int_equal(counters(b, 1).pulses, 0);
	bench_free(b);
	/* A frame of 1.3 s is not waited for, but its pulse is ended. */
	b = bench_new(1, 100, 20000);
	bits = pattern(66, 1);
	assert_true(panel_sender_push(b->sender, 0, &bits));
	while (b->edge_count < 11)
		panel_sender_turn(b->sender);
	int64_t stop_ns = b->now_ns;

	panel_sender_stop(b->sender);
	panel_sender_run(b->sender);
	assert_in_range(b->now_ns - stop_ns, 400 * NS_PER_MS, 530 * NS_PER_MS);
	assert_false(b->low[0][0] || b->low[0][1]);
	bench_free(b);
}

/* --- the thread itself, and the real clock --- */

#define THREAD_FRAMES 6

struct real {
	struct settings settings;
	struct panel_sender *sender;
	struct wiegand_decoder decoder[2];
	struct card_bits decoded[2][4 * THREAD_FRAMES];
	uint32_t decoded_count[2];
	bool low[2];
};

static void real_took(
	struct real *r, uint8_t panel, enum wiegand_result result, const struct card_bits *bits)
{
	if (result == WIEGAND_FRAME && r->decoded_count[panel] < ARRAY_COUNT(r->decoded[0]))
		r->decoded[panel][r->decoded_count[panel]++] = *bits;
}

static bool real_set(void *user, uint8_t panel, uint8_t line, bool low, int64_t now_ns)
{
	struct real *r = user;
	struct wiegand_edge edge = {.at_ns = now_ns, .line = line, .level = low ? 0 : 1};
	struct card_bits bits;

	if (!low && !r->low[panel])
		return true; /* of the start */
	r->low[panel] = low;
	real_took(r, panel, wiegand_decoder_edge(&r->decoder[panel], &edge, &bits), &bits);
	return true;
}

static void real_quiet(void *user, uint8_t panel, int64_t now_ns)
{
	struct real *r = user;
	struct card_bits bits;

	real_took(r, panel, wiegand_decoder_time(&r->decoder[panel], now_ns, &bits), &bits);
}

static void *real_run(void *user)
{
	struct real *r = user;

	panel_sender_run(r->sender);
	return NULL;
}

static uint64_t settled(const struct real *r, uint8_t panel)
{
	struct panel_counters c;

	panel_sender_counters(r->sender, panel, &c);
	return c.frames + c.cut_frames / 2;
}

/* On a busy machine frames may be cut; what comes out whole is what was given, in its order. */
static void the_thread_sends_what_another_gives_it(void **state UNUSED)
{
	static struct real r;
	struct panel_output output = {.set = real_set, .quiet = real_quiet, .user = &r};
	struct wiegand_limits limits;
	pthread_t thread;
	int64_t limit_ns = clock_monotonic_ns() + 30 * NS_PER_S;

	wiegand_limits_default(&limits);
	for (int i = 0; i < 2; i++) {
		r.settings.panel[i] = (struct panel_settings){
			.configured = true, .pulse_us = 50, .interval_us = 1000};
		wiegand_decoder_init(&r.decoder[i], &limits);
	}
	r.sender = panel_sender_new(&r.settings, &output);
	assert_non_null(r.sender);
	assert_int_equal(pthread_create(&thread, NULL, real_run, &r), 0);
	for (uint32_t i = 0; i < THREAD_FRAMES; i++) {
		for (uint8_t panel = 0; panel < 2; panel++) {
			struct card_bits bits = pattern(26, 2 * i + panel);

			assert_true(panel_sender_push(r.sender, panel, &bits));
		}
	}
	while (settled(&r, 0) < THREAD_FRAMES || settled(&r, 1) < THREAD_FRAMES) {
		assert_true(clock_monotonic_ns() < limit_ns);
		(void)sched_yield();
	}
	panel_sender_stop(r.sender);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (uint8_t panel = 0; panel < 2; panel++) {
		struct panel_counters c;
		uint32_t next = 0;

		panel_sender_counters(r.sender, panel, &c);
		assert_false(r.low[panel]);
		assert_true(c.frames >= 1);
		assert_true(c.cut_frames > 0 || r.decoded_count[panel] >= THREAD_FRAMES - 1);
		for (uint32_t i = 0; i < r.decoded_count[panel]; i++) {
			struct card_bits *got = &r.decoded[panel][i];
			struct card_bits wanted;

			if (got->count != 26 && c.cut_frames > 0)
				continue;
			do {
				assert_true(next < THREAD_FRAMES);
				wanted = pattern(26, 2 * next++ + panel);
			} while (memcmp(got, &wanted, sizeof(wanted)) != 0);
		}
	}
	assert_null(panel_sender_free(r.sender));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_format_is_sent_and_decoded_back),
		cmocka_unit_test(small_delays_do_not_add_up),
		cmocka_unit_test(a_slow_kernel_makes_no_longer_pulses),
		cmocka_unit_test(late_pulses_keep_their_distance),
		cmocka_unit_test(every_wake_late_by_a_lot_still_gives_the_right_bits),
		cmocka_unit_test(a_stall_never_makes_a_pulse_too_short_nor_another_card),
		cmocka_unit_test(a_long_pulse_is_counted_and_a_torn_one_ends_the_frame),
		cmocka_unit_test(a_frame_is_not_completed_after_a_silence),
		cmocka_unit_test(a_frame_that_is_cut_twice_is_given_up),
		cmocka_unit_test(the_queue_is_bounded_and_in_order),
		cmocka_unit_test(panels_send_at_the_same_time_and_do_not_disturb_each_other),
		cmocka_unit_test(a_thread_that_spins_sleeps_now_and_then),
		cmocka_unit_test(lines_that_cannot_be_set_are_counted),
		cmocka_unit_test(stopping_ends_the_frame_and_drops_the_rest),
		cmocka_unit_test(the_thread_sends_what_another_gives_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
