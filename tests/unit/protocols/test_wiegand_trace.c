// SPDX-License-Identifier: Apache-2.0
/* What is told of each frame, good or dropped, and that keys of a PIN are not. */
#include "base/compiler.h"
#include "protocols/wiegand_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define W26 "10111101110110010011011101"

static struct wiegand_decoder decoder;
static struct wiegand_tracer tracer;
static struct card_bits frame;
static struct wiegand_trace last; /* of the frame that ended last */
static unsigned ended;

static void begin(void)
{
	struct wiegand_limits limits;

	wiegand_limits_default(&limits);
	wiegand_decoder_init(&decoder, &limits);
	wiegand_tracer_init(&tracer, &decoder);
	ended = 0;
}

static void look(enum wiegand_result result)
{
	const struct wiegand_trace *trace = wiegand_tracer_end(&tracer, &decoder, result);

	if (trace == NULL)
		return;
	last = *trace;
	ended++;
	assert_null(wiegand_tracer_end(&tracer, &decoder, result));
}

static void edge(int64_t at_ns, unsigned line, unsigned level)
{
	struct wiegand_edge e = {.at_ns = at_ns, .line = (uint8_t)line, .level = (uint8_t)level};

	look(wiegand_decoder_edge(&decoder, &e, &frame));
	wiegand_tracer_edge(&tracer, &e);
}

static void pulse(int64_t at_ns, unsigned line, int64_t len_ns)
{
	edge(at_ns, line, 0);
	edge(at_ns + len_ns, line, 1);
}

static int64_t send(const char *bits, int64_t at_ns, int64_t pulse_ns, int64_t interval_ns)
{
	for (size_t i = 0; bits[i] != '\0'; i++, at_ns += interval_ns)
		pulse(at_ns, bits[i] == '1', pulse_ns);
	return at_ns;
}

static void silence(void)
{
	int64_t deadline_ns = wiegand_decoder_deadline_ns(&decoder);

	assert_int_not_equal(deadline_ns, INT64_MAX);
	look(wiegand_decoder_time(&decoder, deadline_ns, &frame));
}

static void assert_bits(const char *bits)
{
	char got[CARD_BITS_MAX + 1];

	for (unsigned i = 0; i < last.bits.count; i++)
		got[i] = card_bits_get(&last.bits, i) ? '1' : '0';
	got[last.bits.count] = '\0';
	assert_string_equal(got, bits);
}

static void assert_figures(const struct wiegand_figures *figures, uint32_t count, uint32_t min_ns,
	uint32_t mean_ns, uint32_t max_ns)
{
	assert_int_equal(figures->count, count);
	assert_int_equal(figures->min_ns, min_ns);
	assert_int_equal(wiegand_figures_mean_ns(figures), mean_ns);
	assert_int_equal(figures->max_ns, max_ns);
}

static void a_good_frame_tells_bits_lengths_and_edges(void **state UNUSED)
{
	begin();
	pulse(5000, 1, 40 * US);
	pulse(5000 + 2 * MS, 0, 60 * US);
	send(&W26[2], 5000 + 5 * MS, 50 * US, MS);
	assert_int_equal(ended, 0);
	silence();
	assert_int_equal(ended, 1);
	assert_int_equal(last.result, WIEGAND_FRAME);
	assert_false(last.secret);
	assert_bits(W26);
	assert_memory_equal(&last.bits, &frame, sizeof(frame));
	assert_int_equal(last.begin_ns, 5000);
	assert_figures(&last.pulse[0], 9, 50000, 51111, 60000);
	assert_figures(&last.pulse[1], 17, 40000, 49411, 50000);
	assert_figures(&last.interval, 25, 1000000, 1120000, 3000000);
	assert_int_equal(last.moved.frames, 1);
	assert_int_equal(last.edge_count, 52);
	assert_int_equal(last.edges_kept, 52);
	assert_int_equal(last.edge[0].after_ns, 0);
	assert_int_equal(last.edge[1].after_ns, 40000);
	assert_int_equal(last.edge[1].level, 1);
	assert_int_equal(last.edge[2].after_ns, 2 * MS - 40 * US);
	assert_int_equal(last.edge[2].line, 0);
}

static void a_late_edge_belongs_to_the_next_frame(void **state UNUSED)
{
	begin();
	int64_t next_ns = send(W26, 0, 50 * US, 2 * MS) + 100 * MS;

	send(W26, next_ns, 60 * US, MS);
	assert_int_equal(ended, 1);
	assert_figures(&last.pulse[0], 9, 50000, 50000, 50000);
	assert_int_equal(last.moved.frames, 1);
	silence();
	assert_int_equal(ended, 2);
	assert_figures(&last.pulse[0], 9, 60000, 60000, 60000);
	assert_figures(&last.interval, 25, 1000000, 1000000, 1000000);
	assert_int_equal(last.begin_ns, next_ns);
	assert_int_equal(last.moved.frames, 1);
}

static void a_dropped_frame_tells_why_and_all_that_was_read(void **state UNUSED)
{
	begin();
	int64_t at_ns = send("101111011", 0, 50 * US, 2 * MS);

	edge(at_ns, 1, 0); /* its rise is lost */
	send(&W26[10], at_ns + 2 * MS, 50 * US, 2 * MS);
	silence();
	assert_int_equal(last.result, WIEGAND_NOISE);
	assert_int_equal(last.moved.lost_edges, 1);
	assert_int_equal(last.moved.frames, 0);
	/* The line looks low over the next pulse on the other: those overlap. */
	assert_int_equal(last.moved.overlaps > 0, W26[10] == '0');
	assert_true(last.bits.count >= 24);
	assert_int_equal(last.edge_count, 51);

	send(W26, 1000 * MS, 50 * US, 2 * MS);
	silence();
	assert_int_equal(last.result, WIEGAND_FRAME);
	assert_int_equal(last.moved.lost_edges, 0);
	assert_int_equal(decoder.counters.lost_edges, 1);
	assert_bits(W26);
}

static void faults_before_a_frame_are_told_with_it(void **state UNUSED)
{
	begin();
	wiegand_decoder_lost(&decoder);
	send(W26, 0, 50 * US, 2 * MS);
	silence();
	assert_int_equal(last.result, WIEGAND_NOISE);
	assert_int_equal(last.moved.lost_edges, 1);
	assert_bits(W26);
}

static void glitches_are_counted_and_not_measured(void **state UNUSED)
{
	begin();
	pulse(0, 0, 5 * US);
	pulse(MS, 1, 9999);
	silence();
	assert_int_equal(ended, 1);
	assert_int_equal(last.result, WIEGAND_NOTHING);
	assert_int_equal(last.moved.glitches, 2);
	assert_int_equal(last.bits.count, 0);
	assert_int_equal(last.edge_count, 4);
	assert_int_equal(last.interval.count, 0);

	begin();
	pulse(0, 1, 5 * US);
	send(W26, 200 * US, 50 * US, 2 * MS);
	silence();
	assert_int_equal(last.result, WIEGAND_FRAME);
	assert_int_equal(last.moved.glitches, 1);
	assert_figures(&last.pulse[1], 17, 50000, 50000, 50000);
	assert_figures(&last.interval, 25, 2000000, 2000000, 2000000);
	assert_int_equal(last.edges_kept, 54);
}

static void a_line_that_stays_low_is_held(void **state UNUSED)
{
	begin();
	edge(0, 1, 0);
	silence();
	assert_int_equal(last.result, WIEGAND_NOISE);
	assert_int_equal(last.moved.long_pulses, 1);
	assert_false(last.held[0]);
	assert_true(last.held[1]);
	/* Seen to rise 3 s later: no pulse is made up of it. */
	edge(3000 * MS, 1, 1);
	silence();
	assert_false(last.held[1]);
	assert_int_equal(last.bits.count, 0);
	assert_int_equal(last.edge_count, 1);
}

static void more_edges_than_are_kept_are_counted(void **state UNUSED)
{
	begin();
	for (unsigned i = 0; i < 200; i++)
		pulse(i * MS, i % 2, 50 * US);
	silence();
	assert_int_equal(last.result, WIEGAND_NOISE);
	assert_int_equal(last.moved.long_frames, 1);
	assert_int_equal(last.edge_count, 400);
	assert_int_equal(last.edges_kept, WIEGAND_TRACE_EDGES_MAX);
	assert_int_equal(last.bits.count, CARD_BITS_MAX);
	assert_int_equal(last.pulse[0].count, 100);
	assert_int_equal(last.interval.count, 199);
	assert_int_equal(last.interval.max_ns, MS);
}

static void long_and_backward_times_do_no_harm(void **state UNUSED)
{
	begin();
	edge(INT64_MIN, 0, 0);
	edge(INT64_MAX, 0, 1);
	assert_int_equal(ended, 1);
	assert_true(last.held[0]);
	edge(0, 1, 0); /* back, within a frame that has begun */
	edge(-5, 1, 1);
	silence();
	silence();
	assert_int_equal(ended, 2);
	assert_int_equal(last.result, WIEGAND_NOISE);
	assert_int_equal(last.moved.backward_edges, 2);
	assert_int_equal(last.edge_count, 3);
	assert_int_equal(last.bits.count, 0);
	/* A pulse from the first moment to the last is measured as long as can be said. */
	begin();
	edge(INT64_MIN + 1, 0, 0);
	for (int64_t at_ns = INT64_MIN + 1; at_ns < INT64_MIN + 5000 * MS; at_ns += 20 * MS)
		pulse(at_ns, 1, 50 * US);
	edge(INT64_MIN + 5000 * MS, 0, 1);
	silence();
	assert_int_equal(last.pulse[0].max_ns, UINT32_MAX);
}

/* All that is handed out of such a frame, byte for byte, but for when it came. */
static struct wiegand_trace trace_of(const char *bits)
{
	begin();
	send(bits, 77, 50 * US, 2 * MS);
	silence();
	return last;
}

static void keys_of_one_length_look_the_same(void **state UNUSED)
{
	static const struct {
		const char *one;
		const char *other;
		bool same;
	} cases[] = {
		{"0000", "0101", true}, {"1011", "1001", true}, {"000001", "110111", true},
		{"11110000", "01101001", true}, {"101", "010", true}, /* torn */
		{"000000000", "111111111", false}, /* nine bits are no key */
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct wiegand_trace one = trace_of(cases[i].one);
		struct wiegand_trace other = trace_of(cases[i].other);

		assert_int_equal(one.bits.count, strlen(cases[i].one));
		assert_int_equal(one.secret, cases[i].same);
		assert_int_equal(memcmp(&one, &other, sizeof(one)) == 0, cases[i].same);
	}
}

static void a_disturbed_key_is_no_less_secret(void **state UNUSED)
{
	for (unsigned extra = 1; extra <= 5; extra++) {
		begin();
		int64_t at_ns = send("11100001", 0, 50 * US, 2 * MS);

		wiegand_decoder_lost(&decoder);
		for (unsigned i = 0; i < extra; i++, at_ns += 2 * MS)
			pulse(at_ns, 1, 50 * US);
		pulse(at_ns, 0, 3 * US); /* an edge more, and no bit */
		silence();
		assert_int_equal(last.result, WIEGAND_NOISE);
		assert_int_equal(last.bits.count, 8 + extra);
		assert_int_equal(last.secret, extra <= 4);
		assert_int_equal(last.edges_kept == 0, extra <= 4);
		assert_int_equal(last.pulse[0].count + last.pulse[1].count == 0, extra <= 4);
	}
}

static void edges_as_text_are_read_back(void **state UNUSED)
{
	char memory[WIEGAND_EDGES_TEXT_MAX];
	struct buf text = buf_over(memory, sizeof(memory));
	struct wiegand_trace_edge edges[WIEGAND_TRACE_EDGES_MAX];
	uint32_t count;

	(void)trace_of("101111011");
	wiegand_trace_print_edges(&last, &text);
	assert_false(text.overflow);
	assert_true(span_starts_with(buf_span(&text), SPAN_LIT("1L0,1H50000,0L1950000,0H50000,")));
	assert_true(
		wiegand_trace_parse_edges(buf_span(&text), edges, WIEGAND_TRACE_EDGES_MAX, &count));
	assert_int_equal(count, 18);
	assert_memory_equal(edges, last.edge, count * sizeof(edges[0]));
	assert_false(wiegand_trace_parse_edges(buf_span(&text), edges, 17, &count));
	assert_true(wiegand_trace_parse_edges(SPAN_LIT(""), edges, 1, &count));
	assert_int_equal(count, 0);

	/* The longest text there is fits what is said to be enough. */
	last.edges_kept = WIEGAND_TRACE_EDGES_MAX;
	for (unsigned i = 0; i < WIEGAND_TRACE_EDGES_MAX; i++)
		last.edge[i] = (struct wiegand_trace_edge){UINT32_MAX, 1, 1};
	text.len = 0;
	wiegand_trace_print_edges(&last, &text);
	assert_false(text.overflow);
	assert_true(
		wiegand_trace_parse_edges(buf_span(&text), edges, WIEGAND_TRACE_EDGES_MAX, &count));
	assert_int_equal(edges[159].after_ns, UINT32_MAX);
}

static void other_texts_are_no_edges(void **state UNUSED)
{
	static const char *const wrong[] = {"0", "0L", "2L0", "0l0", "0L0,", ",0L0", "0L0;1H5",
		"0L-1", "0L4294967296", "0L 1", "0L0,,1H5"};
	struct wiegand_trace_edge edges[8];
	uint32_t count;

	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_false(
			wiegand_trace_parse_edges(span_from_string(wrong[i]), edges, 8, &count));
}

static void every_counter_but_the_good_is_a_fault(void **state UNUSED)
{
	struct wiegand_counters counters = {0};

	assert_int_equal(sizeof(counters), (WIEGAND_FAULTS + 1) * sizeof(uint64_t));
	for (unsigned i = 0; i < WIEGAND_FAULTS; i++)
		*wiegand_fault_counter(&counters, i) = i + 1;
	assert_int_equal(counters.frames, 0);
	assert_int_equal(counters.short_frames, 1);
	assert_int_equal(counters.overlaps, 6);
	assert_int_equal(counters.backward_edges, 8);
	assert_int_equal(wiegand_fault_count(&counters, 6), 7);
	assert_string_equal(wiegand_fault_name(6), "LostEdges");
	assert_string_equal(wiegand_fault_sentence(6), "an edge was lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_frame_tells_bits_lengths_and_edges),
		cmocka_unit_test(a_late_edge_belongs_to_the_next_frame),
		cmocka_unit_test(a_dropped_frame_tells_why_and_all_that_was_read),
		cmocka_unit_test(faults_before_a_frame_are_told_with_it),
		cmocka_unit_test(glitches_are_counted_and_not_measured),
		cmocka_unit_test(a_line_that_stays_low_is_held),
		cmocka_unit_test(more_edges_than_are_kept_are_counted),
		cmocka_unit_test(long_and_backward_times_do_no_harm),
		cmocka_unit_test(keys_of_one_length_look_the_same),
		cmocka_unit_test(a_disturbed_key_is_no_less_secret),
		cmocka_unit_test(edges_as_text_are_read_back),
		cmocka_unit_test(other_texts_are_no_edges),
		cmocka_unit_test(every_counter_but_the_good_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
