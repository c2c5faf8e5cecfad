// SPDX-License-Identifier: Apache-2.0
/* Frames out of edges: the electrical limits, and that nothing doubtful becomes a frame. */
#include "base/compiler.h"
#include "protocols/wiegand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)

#define W26_123_45678 "10111101110110010011011101"
#define W34_VECTOR "1000100100011010001010110011110001"

static struct wiegand_decoder decoder;
static struct card_bits frame;

static void decoder_begin(void)
{
	struct wiegand_limits limits;

	wiegand_limits_default(&limits);
	wiegand_decoder_init(&decoder, &limits);
	memset(&frame, 0xee, sizeof(frame));
}

static enum wiegand_result edge(int64_t at_ns, unsigned line, unsigned level)
{
	struct wiegand_edge e = {.at_ns = at_ns, .line = (uint8_t)line, .level = (uint8_t)level};

	return wiegand_decoder_edge(&decoder, &e, &frame);
}

/* A pulse within a frame: no frame may end by it. */
static void pulse(int64_t at_ns, unsigned line, int64_t len_ns)
{
	assert_int_equal(edge(at_ns, line, 0), WIEGAND_NOTHING);
	assert_int_equal(edge(at_ns + len_ns, line, 1), WIEGAND_NOTHING);
}

/* Sends bits at the rhythm; the next pulse would begin at the time returned. */
static int64_t send(const char *bits, int64_t at_ns, int64_t pulse_ns, int64_t interval_ns)
{
	for (size_t i = 0; bits[i] != '\0'; i++, at_ns += interval_ns)
		pulse(at_ns, bits[i] == '1', pulse_ns);
	return at_ns;
}

static enum wiegand_result silence(void)
{
	int64_t deadline_ns = wiegand_decoder_deadline_ns(&decoder);

	assert_int_not_equal(deadline_ns, INT64_MAX);
	assert_int_equal(wiegand_decoder_time(&decoder, deadline_ns - 1, &frame), WIEGAND_NOTHING);
	return wiegand_decoder_time(&decoder, deadline_ns, &frame);
}

static void assert_frame(const char *bits)
{
	assert_int_equal(frame.count, strlen(bits));
	for (unsigned i = 0; i < frame.count; i++)
		assert_int_equal(card_bits_get(&frame, i), bits[i] == '1');
	for (unsigned i = frame.count; i < CARD_BITS_MAX; i++)
		assert_false(card_bits_get(&frame, i));
}

static void frames_end_by_silence_with_their_bits(void **state)
{
	(void)state;
	static const struct {
		const char *bits;
		int64_t pulse_ns;
		int64_t interval_ns;
	} cases[] = {
		{W26_123_45678, 50 * US, 2 * MS},
		{W26_123_45678, 100 * US, 1 * MS},
		{W34_VECTOR, 40 * US, 10 * MS},
		{W34_VECTOR, 20 * US, 200 * US},
		{W34_VECTOR, 100 * US, 20 * MS},
		{W34_VECTOR, 10 * US, 150 * US},
		{W34_VECTOR, 1 * MS, 2 * MS},
		{"1010", 50 * US, 2 * MS},
		{"000000001001000110100010101100111100010011010101111001101111011111", 50 * US,
			2 * MS},
	};

	decoder_begin();
	assert_int_equal(wiegand_decoder_deadline_ns(&decoder), INT64_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t start_ns = (int64_t)i * 10000 * MS;

		send(cases[i].bits, start_ns, cases[i].pulse_ns, cases[i].interval_ns);
		assert_int_equal(silence(), WIEGAND_FRAME);
		assert_frame(cases[i].bits);
		assert_int_equal(decoder.counters.frames, i + 1);
		assert_int_equal(wiegand_decoder_deadline_ns(&decoder), INT64_MAX);
	}
}

static void deadline_is_the_gap_after_the_last_edge(void **state)
{
	(void)state;
	decoder_begin();
	send(W26_123_45678, 0, 50 * US, 2 * MS);
	assert_int_equal(wiegand_decoder_deadline_ns(&decoder), 25 * 2 * MS + 50 * US + 25 * MS);
	assert_int_equal(wiegand_decoder_time(&decoder, -5, &frame), WIEGAND_NOTHING);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_int_equal(wiegand_decoder_time(&decoder, INT64_MAX, &frame), WIEGAND_NOTHING);
}

static void late_delivery_does_not_join_frames(void **state)
{
	(void)state;
	decoder_begin();
	/* All edges of two frames come at once: their own times part them. */
	int64_t end_ns = send(W26_123_45678, 0, 50 * US, 2 * MS);
	int64_t last_ns = end_ns - 2 * MS + 50 * US;

	assert_int_equal(edge(last_ns + 25 * MS, 1, 0), WIEGAND_FRAME);
	assert_frame(W26_123_45678);
	assert_int_equal(edge(last_ns + 25 * MS + 50 * US, 1, 1), WIEGAND_NOTHING);
	send("000", last_ns + 27 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame("1000");
	/* Just below the gap: one frame. */
	send("10", 1000 * MS, 50 * US, 25 * MS + 49 * US);
	send("11", 1050 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame("1011");
}

static void length_is_never_what_ends_a_frame(void **state)
{
	(void)state;
	char bits[69];

	for (unsigned count = 1; count <= 68; count++) {
		memset(bits, '1', count);
		bits[count] = '\0';
		decoder_begin();
		send(bits, 0, 50 * US, 2 * MS);
		enum wiegand_result want =
			count >= 4 && count <= 66 ? WIEGAND_FRAME : WIEGAND_NOISE;

		assert_int_equal(silence(), want);
		assert_int_equal(decoder.counters.frames, want == WIEGAND_FRAME);
		assert_int_equal(decoder.counters.short_frames, count < 4);
		assert_int_equal(decoder.counters.long_frames, count > 66);
		if (want == WIEGAND_FRAME)
			assert_frame(bits);
		else
			assert_int_equal(frame.count, 0xeeee); /* untouched */
	}
}

/* A whole frame with one disturbance put behind its bit 9; then a clean one must pass. */
static enum wiegand_result disturbed(int64_t offset_ns, unsigned line, int64_t len_ns)
{
	decoder_begin();
	int64_t at_ns = send("1011110111", 0, 50 * US, 2 * MS);

	pulse(at_ns - 2 * MS + offset_ns, line, len_ns);
	send("0110010011011101", at_ns, 50 * US, 2 * MS);
	enum wiegand_result result = silence();

	if (result == WIEGAND_FRAME)
		assert_frame(W26_123_45678);
	struct wiegand_counters counters = decoder.counters;

	send(W34_VECTOR, 10000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame(W34_VECTOR);
	decoder.counters = counters;
	return result;
}

static void glitch_between_pulses_makes_no_bit(void **state)
{
	(void)state;
	static const int64_t offsets_ns[] = {60 * US, 300 * US, 1 * MS, 1900 * US};

	for (size_t i = 0; i < ARRAY_COUNT(offsets_ns); i++) {
		for (unsigned line = 0; line < 2; line++) {
			assert_int_equal(disturbed(offsets_ns[i], line, 9999), WIEGAND_FRAME);
			assert_int_equal(decoder.counters.glitches, 1);
			assert_int_equal(decoder.counters.frames, 1);
		}
	}
	assert_int_equal(disturbed(300 * US, 0, 0), WIEGAND_FRAME);
	assert_int_equal(decoder.counters.glitches, 1);
}

static void pulse_out_of_limits_spoils_its_frame_only(void **state)
{
	(void)state;
	assert_int_equal(disturbed(149 * US, 1, 20 * US), WIEGAND_NOISE);
	assert_true(decoder.counters.close_pulses > 0);
	assert_int_equal(disturbed(500 * US, 0, 1 * MS + 1), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.long_pulses, 1);
	/* A pulse that is good by itself is a bit: it shows in the count, which formats check. */
	decoder_begin();
	int64_t at_ns = send("1011110111", 0, 50 * US, 2 * MS);

	pulse(at_ns - 1 * MS, 0, 10 * US);
	send("0110010011011101", at_ns, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_int_equal(frame.count, 27);
}

static void torn_pulse_never_loses_its_bit_silently(void **state)
{
	(void)state;
	/* Each bit in turn is too short to count: 25 bits would be left. */
	for (unsigned torn = 0; torn < 26; torn++) {
		decoder_begin();
		for (unsigned i = 0; i < 26; i++)
			pulse(i * 2 * MS, W26_123_45678[i] == '1', i == torn ? 5 * US : 50 * US);
		assert_int_equal(silence(), WIEGAND_NOISE);
		assert_int_equal(decoder.counters.glitches, 1);
		assert_int_equal(decoder.counters.frames, 0);
	}
	/* The first two and the last two: 22 bits at a perfect rhythm would be left. */
	decoder_begin();
	for (unsigned i = 0; i < 26; i++)
		pulse(i * 2 * MS, 1, i < 2 || i > 23 ? 5 * US : 50 * US);
	assert_int_equal(silence(), WIEGAND_NOISE);
}

static void pulse_with_a_spike_in_it_is_one_bit_or_none(void **state)
{
	(void)state;
	/* 5 us, spike, 44 us: the first piece is a glitch next to its pulse. */
	decoder_begin();
	int64_t at_ns = send("10", 0, 50 * US, 2 * MS);

	pulse(at_ns, 1, 5 * US);
	pulse(at_ns + 6 * US, 1, 44 * US);
	send("01", at_ns + 2 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame("10101");
	/* 25 us, spike, 24 us: two pulses, too close. */
	decoder_begin();
	at_ns = send("10", 0, 50 * US, 2 * MS);
	pulse(at_ns, 1, 25 * US);
	pulse(at_ns + 26 * US, 1, 24 * US);
	send("01", at_ns + 2 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.close_pulses, 1);
}

static void glitches_alone_are_nothing(void **state)
{
	(void)state;
	decoder_begin();
	for (unsigned i = 0; i < 5; i++) {
		pulse(i * 100 * MS, i % 2, 2 * US);
		assert_int_equal(silence(), WIEGAND_NOTHING);
	}
	assert_int_equal(decoder.counters.glitches, 5);
	send(W26_123_45678, 1000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame(W26_123_45678);
}

static void both_lines_low_spoil(void **state)
{
	(void)state;
	decoder_begin();
	int64_t at_ns = send("101", 0, 50 * US, 2 * MS);

	assert_int_equal(edge(at_ns, 0, 0), WIEGAND_NOTHING);
	assert_int_equal(edge(at_ns + 40 * US, 1, 0), WIEGAND_NOTHING);
	assert_int_equal(edge(at_ns + 50 * US, 0, 1), WIEGAND_NOTHING);
	assert_int_equal(edge(at_ns + 90 * US, 1, 1), WIEGAND_NOTHING);
	send("1011", at_ns + 2 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.overlaps, 1);
	assert_int_equal(frame.count, 0xeeee);
}

static void every_single_lost_edge_spoils(void **state)
{
	(void)state;
	struct card_bits bits = {.count = 0};
	struct wiegand_edge edges[2 * 26];

	for (const char *bit = W26_123_45678; *bit != '\0'; bit++)
		card_bits_put(&bits, bits.count++, *bit == '1');
	assert_int_equal(wiegand_edges(&bits, 0, 50000, 2000000, edges, ARRAY_COUNT(edges)), 52);
	for (unsigned lost = 0; lost < 52; lost++) {
		decoder_begin();
		for (unsigned i = 0; i < 52; i++) {
			if (i != lost)
				assert_int_equal(wiegand_decoder_edge(&decoder, &edges[i], &frame),
					WIEGAND_NOTHING);
		}
		assert_int_equal(silence(), WIEGAND_NOISE);
		assert_int_equal(decoder.counters.frames, 0);
		assert_true(decoder.counters.lost_edges + decoder.counters.overlaps +
				    decoder.counters.long_pulses >
			    0);
	}
}

static void line_stuck_low_hides_its_bits_and_spoils(void **state)
{
	(void)state;
	decoder_begin();
	assert_int_equal(edge(0, 0, 0), WIEGAND_NOTHING);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.long_pulses, 1);
	for (unsigned i = 0; i < 8; i++)
		pulse(100 * MS + i * 2 * MS, 1, 50 * US);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.overlaps, 8);
	assert_int_equal(edge(1000 * MS, 0, 1), WIEGAND_NOTHING);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.long_pulses, 1);
	send(W26_123_45678, 2000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame(W26_123_45678);
}

static void edges_the_driver_lost_spoil_this_frame_or_the_next(void **state)
{
	(void)state;
	decoder_begin();
	int64_t at_ns = send("10111", 0, 50 * US, 2 * MS);

	wiegand_decoder_lost(&decoder);
	send("00110", at_ns, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.lost_edges, 1);
	send(W26_123_45678, 1000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);

	wiegand_decoder_lost(&decoder);
	assert_int_equal(wiegand_decoder_deadline_ns(&decoder), INT64_MAX);
	send(W26_123_45678, 2000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.lost_edges, 2);
	send(W26_123_45678, 3000 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
}

static void time_going_back_spoils_and_recovers(void **state)
{
	(void)state;
	decoder_begin();
	send("10111", 500 * MS, 50 * US, 2 * MS);
	/* One stray edge from long ago does not part the frame: no silence is believed over it. */
	assert_int_equal(edge(0, 1, 0), WIEGAND_NOTHING);
	assert_int_equal(edge(510 * MS, 1, 1), WIEGAND_NOTHING);
	send("0011001", 512 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.backward_edges, 1);
	/* A clock that starts anew costs one frame. */
	send(W26_123_45678, 0, 50 * US, 2 * MS);
	int64_t now_ns = 60 * MS;

	assert_int_equal(wiegand_decoder_time(&decoder, now_ns, &frame), WIEGAND_NOTHING);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.backward_edges, 2);
	send(W26_123_45678, 400 * MS, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_frame(W26_123_45678);
	/* The step as the last edge: the silence is measured from the next reading of the clock. */
	send("101", 1000 * MS, 50 * US, 2 * MS);
	assert_int_equal(edge(1006 * MS, 0, 0), WIEGAND_NOTHING);
	assert_int_equal(edge(0, 0, 1), WIEGAND_NOTHING);
	assert_int_equal(wiegand_decoder_time(&decoder, 1010 * MS, &frame), WIEGAND_NOTHING);
	assert_int_equal(wiegand_decoder_deadline_ns(&decoder), 1035 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.backward_edges, 3);
	assert_int_equal(decoder.counters.glitches, 0);
}

static void rest_of_a_frame_ended_too_early_is_dropped(void **state)
{
	(void)state;
	decoder_begin();
	int64_t at_ns = send("10111101", 0, 50 * US, 2 * MS);

	assert_int_equal(silence(), WIEGAND_FRAME);
	send("110110010011011101", at_ns, 50 * US, 2 * MS);
	assert_int_equal(silence(), WIEGAND_NOISE);
	assert_int_equal(decoder.counters.backward_edges, 1);
}

static void transmitted_edges_are_read_back(void **state)
{
	(void)state;
	struct card_bits bits = {.count = 66};
	struct wiegand_edge edges[2 * 66];

	memcpy(bits.bytes, "\x00\x91\xa2\xb3\xc4\xd5\xe6\xf7\xc0", 9);
	assert_int_equal(
		wiegand_edges(&bits, 7 * MS, 50000, 2000000, edges, ARRAY_COUNT(edges)), 132);
	assert_int_equal(edges[0].at_ns, 7 * MS);
	assert_int_equal(edges[1].at_ns, 7 * MS + 50 * US);
	assert_int_equal(edges[130].at_ns, 7 * MS + 65 * 2 * MS);
	decoder_begin();
	for (size_t i = 0; i < 132; i++)
		assert_int_equal(
			wiegand_decoder_edge(&decoder, &edges[i], &frame), WIEGAND_NOTHING);
	assert_int_equal(silence(), WIEGAND_FRAME);
	assert_int_equal(frame.count, 66);
	assert_memory_equal(frame.bytes, bits.bytes, sizeof(bits.bytes));
	/* Too little room: whole bits only. */
	assert_int_equal(wiegand_edges(&bits, 0, 50000, 2000000, edges, 7), 6);
	assert_int_equal(wiegand_edges(&bits, 0, 50000, 2000000, edges, 1), 0);
}

static void times_at_the_ends_of_the_range_are_safe(void **state)
{
	(void)state;
	decoder_begin();
	(void)edge(INT64_MIN, 0, 0);
	(void)edge(INT64_MAX, 0, 1);
	assert_int_equal(wiegand_decoder_deadline_ns(&decoder), INT64_MAX);
	(void)wiegand_decoder_time(&decoder, INT64_MAX, &frame);
	(void)edge(INT64_MIN, 1, 1);
	(void)wiegand_decoder_time(&decoder, INT64_MIN, &frame);
	(void)edge(INT64_MAX, 1, 0);
	assert_int_equal(decoder.counters.frames, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_end_by_silence_with_their_bits),
		cmocka_unit_test(deadline_is_the_gap_after_the_last_edge),
		cmocka_unit_test(late_delivery_does_not_join_frames),
		cmocka_unit_test(length_is_never_what_ends_a_frame),
		cmocka_unit_test(glitch_between_pulses_makes_no_bit),
		cmocka_unit_test(pulse_out_of_limits_spoils_its_frame_only),
		cmocka_unit_test(torn_pulse_never_loses_its_bit_silently),
		cmocka_unit_test(pulse_with_a_spike_in_it_is_one_bit_or_none),
		cmocka_unit_test(glitches_alone_are_nothing),
		cmocka_unit_test(both_lines_low_spoil),
		cmocka_unit_test(every_single_lost_edge_spoils),
		cmocka_unit_test(line_stuck_low_hides_its_bits_and_spoils),
		cmocka_unit_test(edges_the_driver_lost_spoil_this_frame_or_the_next),
		cmocka_unit_test(time_going_back_spoils_and_recovers),
		cmocka_unit_test(rest_of_a_frame_ended_too_early_is_dropped),
		cmocka_unit_test(transmitted_edges_are_read_back),
		cmocka_unit_test(times_at_the_ends_of_the_range_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
