// SPDX-License-Identifier: Apache-2.0
/* Faults planted in streams of edges are named; sound readers have none. */
#include "base/compiler.h"
#include "protocols/wiegand_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define EDGES_MAX 1024
#define FRAME_NS (1000 * MS)

/* Facility 123, cards 45678, 45679, 1; facility 1, card 1. */
static const char *const cards[] = {"10111101110110010011011101", "10111101110110010011011110",
	"00111101100000000000000010", "10000000100000000000000010"};

struct stream {
	struct wiegand_edge edge[EDGES_MAX];
	size_t count;
};

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
	chance_state = chance_state * 1664525u + 1013904223u;
	return (chance_state >> 8) % below;
}

static struct card_bits bits_of(const char *text)
{
	struct card_bits bits = {.count = (uint16_t)strlen(text)};

	for (unsigned i = 0; i < bits.count; i++)
		card_bits_put(&bits, i, text[i] == '1');
	return bits;
}

static void stream_add(struct stream *stream, int64_t at_ns, const char *text, uint32_t pulse_ns,
	uint32_t every_ns)
{
	struct card_bits bits = bits_of(text);

	stream->count += wiegand_edges(&bits, at_ns, pulse_ns, every_ns,
		&stream->edge[stream->count], EDGES_MAX - stream->count);
}

/* Each card once, a second apart. */
static void stream_cards(struct stream *stream, uint32_t pulse_ns, uint32_t every_ns)
{
	stream->count = 0;
	for (size_t i = 0; i < ARRAY_COUNT(cards); i++)
		stream_add(stream, (int64_t)i * FRAME_NS, cards[i], pulse_ns, every_ns);
}

static void edge_remove(struct stream *stream, size_t at)
{
	memmove(&stream->edge[at], &stream->edge[at + 1],
		(stream->count - at - 1) * sizeof(stream->edge[0]));
	stream->count--;
}

static void edge_insert(
	struct stream *stream, size_t at, int64_t at_ns, unsigned line, unsigned level)
{
	memmove(&stream->edge[at + 1], &stream->edge[at],
		(stream->count - at) * sizeof(stream->edge[0]));
	stream->edge[at] = (struct wiegand_edge){at_ns, (uint8_t)line, (uint8_t)level};
	stream->count++;
}

/* --- a reader with format W26 --- */

static bool ones_odd(const struct card_bits *bits, unsigned from, unsigned to)
{
	bool odd = false;

	for (unsigned i = from; i <= to; i++)
		odd ^= card_bits_get(bits, i);
	return odd;
}

static bool w26_fits(const struct card_bits *bits)
{
	return !ones_odd(bits, 0, 12) && ones_odd(bits, 13, 25);
}

static enum wiegand_fit fit_of(const struct wiegand_trace *trace)
{
	struct card_bits turned = trace->bits;

	if (trace->result != WIEGAND_FRAME || trace->bits.count != 26)
		return WIEGAND_FIT_NO_LENGTH;
	for (unsigned i = 0; i < 26; i++)
		card_bits_put(&turned, i, !card_bits_get(&trace->bits, i));
	return w26_fits(&trace->bits) ? WIEGAND_FIT_YES
	       : w26_fits(&turned)    ? WIEGAND_FIT_INVERTED
				      : WIEGAND_FIT_NO_CHECK;
}

static void look(struct wiegand_health *health, struct wiegand_tracer *tracer,
	const struct wiegand_decoder *decoder, enum wiegand_result result)
{
	const struct wiegand_trace *trace = wiegand_tracer_end(tracer, decoder, result);

	if (trace != NULL)
		wiegand_health_frame(health, trace, fit_of(trace));
}

static struct wiegand_health test_of(const struct stream *stream)
{
	struct wiegand_health health;
	struct wiegand_limits limits;
	struct wiegand_decoder decoder;
	struct wiegand_tracer tracer;
	struct card_bits bits;

	wiegand_limits_default(&limits);
	wiegand_decoder_init(&decoder, &limits);
	wiegand_tracer_init(&tracer, &decoder);
	wiegand_health_init(&health);
	for (size_t i = 0; i < stream->count; i++) {
		look(&health, &tracer, &decoder,
			wiegand_decoder_edge(&decoder, &stream->edge[i], &bits));
		wiegand_tracer_edge(&tracer, &stream->edge[i]);
	}
	look(&health, &tracer, &decoder,
		wiegand_decoder_time(&decoder, wiegand_decoder_deadline_ns(&decoder), &bits));
	return health;
}

static uint32_t findings_of(const struct wiegand_health *health)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < WIEGAND_FINDING_COUNT; i++)
		found |= wiegand_health_has(health, (enum wiegand_finding)i) ? 1u << i : 0;
	return found;
}

#define ONLY(finding) (1u << (finding))

static void assert_findings(const struct stream *stream, uint32_t wanted)
{
	struct wiegand_health health = test_of(stream);
	uint32_t found = findings_of(&health);

	for (unsigned i = 0; i < WIEGAND_FINDING_COUNT; i++) {
		if ((found >> i & 1) != (wanted >> i & 1))
			fail_msg("%s is %s", wiegand_finding_name((enum wiegand_finding)i),
				found >> i & 1 ? "named" : "not named");
	}
}

/* --- the cases --- */

static void sound_readers_have_no_faults(void **state UNUSED)
{
	static const struct {
		uint32_t pulse_us, every_us;
	} rhythms[] = {{50, 2000}, {100, 1000}, {40, 10000}, {20, 200}, {100, 20000}, {99, 201}};
	struct stream stream;

	for (size_t i = 0; i < ARRAY_COUNT(rhythms); i++) {
		stream_cards(&stream, rhythms[i].pulse_us * 1000, rhythms[i].every_us * 1000);
		assert_findings(&stream, 0);
	}
}

static void stamps_that_are_a_little_late_are_no_fault(void **state UNUSED)
{
	struct stream stream;

	chance_state = 1;
	stream_cards(&stream, 50 * US, 2 * MS);
	for (size_t i = 0; i < stream.count; i++)
		stream.edge[i].at_ns += chance(15 * US);
	assert_findings(&stream, 0);
}

static void nothing_at_all_is_silence(void **state UNUSED)
{
	struct stream stream = {.count = 0};

	assert_findings(&stream, ONLY(WIEGAND_SILENT));
}

static void a_line_that_never_pulses_is_dead(void **state UNUSED)
{
	for (unsigned line = 0; line < 2; line++) {
		struct stream stream;

		stream_cards(&stream, 50 * US, 2 * MS);
		for (size_t i = stream.count; i-- > 0;) {
			if (stream.edge[i].line == line)
				edge_remove(&stream, i);
		}
		assert_findings(&stream, ONLY(line == 0 ? WIEGAND_DEAD_DATA0 : WIEGAND_DEAD_DATA1));
	}
}

static void a_line_that_stays_low_is_named(void **state UNUSED)
{
	for (unsigned line = 0; line < 2; line++) {
		struct stream stream;
		enum wiegand_finding finding = line == 0 ? WIEGAND_HELD_DATA0 : WIEGAND_HELD_DATA1;

		stream_cards(&stream, 50 * US, 2 * MS);
		for (size_t i = stream.count; i-- > 0;) {
			if (stream.edge[i].line == line)
				edge_remove(&stream, i);
		}
		edge_insert(&stream, 0, -FRAME_NS, line, 0);
		assert_findings(&stream, ONLY(finding));
	}
}

static void a_line_that_was_low_from_the_beginning_is_named(void **state UNUSED)
{
	struct stream stream = {.count = 0};
	struct wiegand_health health = test_of(&stream);
	const bool held[2] = {false, true};

	wiegand_health_lines(&health, held);
	assert_int_equal(findings_of(&health), ONLY(WIEGAND_HELD_DATA1));
	const bool risen[2] = {false, false};

	wiegand_health_lines(&health, risen);
	assert_int_equal(findings_of(&health), ONLY(WIEGAND_SILENT));
}

static void swapped_lines_are_named_with_three_frames_and_not_with_two(void **state UNUSED)
{
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	for (size_t i = 0; i < stream.count; i++)
		stream.edge[i].line = 1 - stream.edge[i].line;
	assert_findings(&stream, ONLY(WIEGAND_SWAPPED));
	stream.count = 3 * 52;
	assert_findings(&stream, ONLY(WIEGAND_SWAPPED));
	stream.count = 2 * 52;
	assert_findings(&stream, ONLY(WIEGAND_WRONG_BITS));
	/* One frame of the other sense: it is not the wires. */
	stream_cards(&stream, 50 * US, 2 * MS);
	for (size_t i = 52; i < stream.count; i++)
		stream.edge[i].line = 1 - stream.edge[i].line;
	assert_findings(&stream, ONLY(WIEGAND_WRONG_BITS));
}

static void random_short_frames_are_a_floating_line(void **state UNUSED)
{
	struct stream stream = {.count = 0};
	char text[8];

	chance_state = 7;
	for (int64_t at_ns = 0; at_ns < 12 * FRAME_NS; at_ns += FRAME_NS) {
		size_t len = 1 + chance(3);

		for (size_t i = 0; i < len; i++)
			text[i] = chance(2) == 0 ? '0' : '1';
		text[len] = '\0';
		stream_add(&stream, at_ns, text, 20 * US + chance(60 * US), 1 * MS);
	}
	/* Twelve of nine bits: their pulses are seen, and that both lines live. */
	stream_add(&stream, 13 * FRAME_NS, "010110100", 50 * US, 2 * MS);
	assert_findings(&stream, ONLY(WIEGAND_FLOATING));
	/* A card now and then does not hide it. */
	stream_add(&stream, 14 * FRAME_NS, cards[0], 50 * US, 2 * MS);
	assert_findings(&stream, ONLY(WIEGAND_FLOATING));
	/* A spike or two beside many cards is not it. */
	stream_cards(&stream, 50 * US, 2 * MS);
	stream_add(&stream, 20 * FRAME_NS, "01", 50 * US, 2 * MS);
	stream_add(&stream, 21 * FRAME_NS, "0", 50 * US, 2 * MS);
	assert_findings(&stream, 0);
}

static void pulses_out_of_limits_are_named(void **state UNUSED)
{
	static const struct {
		uint32_t pulse_us, every_us;
		uint32_t wanted;
	} cases[] = {
		{17, 2000, ONLY(WIEGAND_SHORT_PULSES)},
		{18, 2000, 0},
		{110, 2000, 0},
		{111, 2000, ONLY(WIEGAND_LONG_PULSES)},
		{160, 880, ONLY(WIEGAND_LONG_PULSES)},
		{2000, 5000, ONLY(WIEGAND_LONG_PULSES)}, /* too long for the decoder as well */
		{50, 179, ONLY(WIEGAND_FAST)},
		{50, 120, ONLY(WIEGAND_FAST)}, /* too close for the decoder as well */
		{50, 180, 0},
		{50, 22000, 0},
		{50, 22001, ONLY(WIEGAND_SLOW)},
	};
	struct stream stream;

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		stream_cards(&stream, cases[i].pulse_us * 1000, cases[i].every_us * 1000);
		assert_findings(&stream, cases[i].wanted);
	}
}

static void pulses_and_intervals_that_differ_are_jitter(void **state UNUSED)
{
	struct stream stream;

	for (unsigned what = 0; what < 2; what++) {
		chance_state = what;
		stream_cards(&stream, 50 * US, 2 * MS);
		for (size_t i = 0; i < stream.count; i += 2) {
			int64_t late_ns = chance(what == 0 ? 700 * US : 60 * US);

			/* The whole pulse is late, or its end alone. */
			stream.edge[i].at_ns += what == 0 ? late_ns : 0;
			stream.edge[i + 1].at_ns += late_ns;
		}
		assert_findings(&stream, ONLY(WIEGAND_JITTER));
	}
	/* One frame of four: less than a third. */
	stream_cards(&stream, 50 * US, 2 * MS);
	stream.edge[7].at_ns += 90 * US;
	assert_findings(&stream, 0);
	stream.edge[52 + 7].at_ns += 90 * US;
	assert_findings(&stream, ONLY(WIEGAND_JITTER));
}

static void pulses_on_both_lines_are_crosstalk(void **state UNUSED)
{
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	for (size_t frame = 0; frame < 4; frame++) {
		size_t at = frame * 54 + 10;
		struct wiegand_edge fall = stream.edge[at];

		edge_insert(&stream, at + 1, fall.at_ns + 5 * US, 1 - fall.line, 0);
		edge_insert(&stream, at + 2, fall.at_ns + 40 * US, 1 - fall.line, 1);
	}
	assert_findings(&stream, ONLY(WIEGAND_CROSSTALK));
}

static void missing_edges_are_a_loose_contact(void **state UNUSED)
{
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	/* A fall and, in another frame, a rise before a pulse on the same line. */
	edge_remove(&stream, 20);
	assert_int_equal(stream.edge[52 + 8].line, stream.edge[52 + 6].line);
	edge_remove(&stream, 52 + 6);
	assert_findings(&stream, ONLY(WIEGAND_TORN));
	/* A rise before pulses on the other line, which then overlap. */
	stream_cards(&stream, 50 * US, 2 * MS);
	assert_int_not_equal(stream.edge[13].line, stream.edge[14].line);
	assert_int_equal(stream.edge[13].level, 1);
	edge_remove(&stream, 13);
	struct wiegand_health health = test_of(&stream);

	assert_int_equal(health.with_lost_edges, 1);
	assert_findings(&stream, ONLY(WIEGAND_TORN));
}

static void pulses_too_short_for_a_reader_are_spikes(void **state UNUSED)
{
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	int64_t at_ns = stream.edge[30].at_ns - 900 * US;

	edge_insert(&stream, 30, at_ns, 0, 0);
	edge_insert(&stream, 31, at_ns + 3 * US, 0, 1);
	assert_findings(&stream, ONLY(WIEGAND_SPIKES));
}

static void whole_frames_that_do_not_fit_are_told_apart(void **state UNUSED)
{
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	stream_add(&stream, 10 * FRAME_NS, "10111101110110010011011100", 50 * US, 2 * MS);
	assert_findings(&stream, ONLY(WIEGAND_WRONG_BITS));
	stream_cards(&stream, 50 * US, 2 * MS);
	stream_add(&stream, 10 * FRAME_NS, "1000100100011010001010110011110001", 50 * US, 2 * MS);
	assert_findings(&stream, ONLY(WIEGAND_UNKNOWN_FORMAT));
}

static void keys_of_a_keypad_are_no_fault(void **state UNUSED)
{
	static const char *const keys[] = {"0001", "1011", "000001", "11100001"};
	struct stream stream;

	stream_cards(&stream, 50 * US, 2 * MS);
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
		stream_add(&stream, (int64_t)(10 + i) * FRAME_NS, keys[i], 50 * US, 2 * MS);
	assert_findings(&stream, 0);
	struct wiegand_health health = test_of(&stream);

	assert_int_equal(health.keys, 4);
	assert_int_equal(health.cards, 4);
}

static void a_drop_that_no_rule_explains_is_told(void **state UNUSED)
{
	struct stream stream;
	struct wiegand_health health;
	struct wiegand_trace trace = {.result = WIEGAND_NOISE, .bits = {.count = 26}};

	stream_cards(&stream, 50 * US, 2 * MS);
	health = test_of(&stream);
	trace.moved.backward_edges = 1;
	wiegand_health_frame(&health, &trace, WIEGAND_FIT_NO_LENGTH);
	assert_int_equal(findings_of(&health), ONLY(WIEGAND_DROPPED));
}

static void every_finding_has_its_words(void **state UNUSED)
{
	for (unsigned i = 0; i < WIEGAND_FINDING_COUNT; i++) {
		enum wiegand_finding finding = (enum wiegand_finding)i;

		assert_true(strlen(wiegand_finding_sentence(finding)) > 15);
		assert_true(strlen(wiegand_finding_advice(finding)) > 15);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(wiegand_finding_name(finding),
				wiegand_finding_name((enum wiegand_finding)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_readers_have_no_faults),
		cmocka_unit_test(stamps_that_are_a_little_late_are_no_fault),
		cmocka_unit_test(nothing_at_all_is_silence),
		cmocka_unit_test(a_line_that_never_pulses_is_dead),
		cmocka_unit_test(a_line_that_stays_low_is_named),
		cmocka_unit_test(a_line_that_was_low_from_the_beginning_is_named),
		cmocka_unit_test(swapped_lines_are_named_with_three_frames_and_not_with_two),
		cmocka_unit_test(random_short_frames_are_a_floating_line),
		cmocka_unit_test(pulses_out_of_limits_are_named),
		cmocka_unit_test(pulses_and_intervals_that_differ_are_jitter),
		cmocka_unit_test(pulses_on_both_lines_are_crosstalk),
		cmocka_unit_test(missing_edges_are_a_loose_contact),
		cmocka_unit_test(pulses_too_short_for_a_reader_are_spikes),
		cmocka_unit_test(whole_frames_that_do_not_fit_are_told_apart),
		cmocka_unit_test(keys_of_a_keypad_are_no_fault),
		cmocka_unit_test(a_drop_that_no_rule_explains_is_told),
		cmocka_unit_test(every_finding_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
