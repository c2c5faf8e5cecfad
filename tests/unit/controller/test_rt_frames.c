// SPDX-License-Identifier: Apache-2.0
/* What the real-time thread lets others see of its readers, edge by edge. */
#include "rt_private.h"

#include "platform/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct core core;
static struct settings settings;
static struct rt rt;
static unsigned inputs; /* to the controller */
static uint8_t last_kind;
static bool low_line[2]; /* levels of reader 2, as the driver reads them */
static unsigned levels_read;

static bool fake_input(struct lines *lines UNUSED, uint8_t kind, uint8_t at)
{
	assert_true(kind == LINE_DATA0 || kind == LINE_DATA1);
	levels_read++;
	return at != 2 || !low_line[kind == LINE_DATA1];
}

static const struct lines_driver fake_driver = {.name = "fake", .input = fake_input};
static struct lines fake_lines = {&fake_driver};

static int setup(void **state UNUSED)
{
	static _Alignas(8) char memory[READER_FRAMES_MAX * (sizeof(struct reader_frame) + 16)];

	memset(&core, 0, sizeof(core));
	memset(&rt, 0, sizeof(rt));
	memset(memory, 0, sizeof(memory));
	memset(low_line, 0, sizeof(low_line));
	inputs = 0;
	levels_read = 0;
	settings_demo(&settings);
	settings.reader[1].format_count = 2;
	assert_true(text_set(&settings.reader[1].format[0], SPAN_LIT("W26")));
	assert_true(text_set(&settings.reader[1].format[1], SPAN_LIT("W26-24")));
	core.settings = &settings;
	core.lines = &fake_lines;
	assert_true(latest_size(READER_FRAMES_MAX, sizeof(struct reader_frame)) <= sizeof(memory));
	latest_init(&core.frames, memory, READER_FRAMES_MAX, sizeof(struct reader_frame));
	rt.core = &core;
	rt_readers_init(&rt.readers, &settings);
	rt.readers.look = rt_frame_put;
	rt.readers.look_user = &rt;
	return 0;
}

static void take(void *user UNUSED, const struct controller_input *input, int64_t due_ns UNUSED)
{
	inputs++;
	last_kind = (uint8_t)input->kind;
	/* The decision comes first: nobody sees the frame before. */
	assert_int_equal(latest_last(&core.frames), inputs - 1);
}

static void edge(uint8_t reader, int64_t at_ns, unsigned line, unsigned level)
{
	struct line_event event = {.at_ns = at_ns,
		.kind = line == 0 ? LINE_DATA0 : LINE_DATA1,
		.at = reader,
		.level = (uint8_t)level};

	rt_readers_edge(&rt.readers, &event, take, NULL);
}

/* Sends bits and lets the silence pass. */
static void frame(uint8_t reader, const char *bits, int64_t at_ns)
{
	for (; *bits != '\0'; bits++, at_ns += 2 * NS_PER_MS) {
		edge(reader, at_ns, *bits == '1', 0);
		edge(reader, at_ns + 50000, *bits == '1', 1);
	}
	rt_readers_time(&rt.readers, at_ns + 100 * NS_PER_MS, take, NULL);
}

#define W26 "10111101110110010011011101"

static void a_frame_is_seen_with_what_each_format_says(void **state UNUSED)
{
	static struct reader_frame seen;
	struct moment now = clock_now(true);

	frame(2, W26, now.boot_ns - 5 * NS_PER_S);
	assert_int_equal(inputs, 1);
	assert_int_equal(last_kind, INPUT_CREDENTIAL);
	assert_int_equal(latest_last(&core.frames), 1);
	assert_true(latest_get(&core.frames, 1, &seen));
	assert_int_equal(seen.no, 1);
	assert_int_equal(seen.reader, 2);
	assert_true(llabs(seen.utc_ms - (now.utc_ms - 5000)) <= 50);
	assert_int_equal(seen.verdict.count, 2);
	assert_int_equal(seen.verdict.reads, 1);
	assert_int_equal(seen.verdict.number, 8106606);
	assert_int_equal(seen.trace.result, WIEGAND_FRAME);
	assert_int_equal(seen.trace.bits.count, 26);
	assert_int_equal(seen.trace.edges_kept, 52);

	frame(2, W26 "0110", now.boot_ns - 4 * NS_PER_S);
	assert_int_equal(last_kind, INPUT_UNREADABLE);
	assert_true(latest_get(&core.frames, 2, &seen));
	assert_int_equal(seen.reader, 2);
	assert_int_equal(seen.verdict.reads, 0);
	assert_int_equal(seen.verdict.format[0].result, CARD_FORMAT_WRONG_LENGTH);
}

static void a_dropped_frame_is_seen_and_decided_nothing(void **state UNUSED)
{
	static struct reader_frame seen;

	edge(2, 0, 1, 0);
	edge(2, 10000, 0, 0); /* both low */
	edge(2, 40000, 0, 1);
	edge(2, 50000, 1, 1);
	frame(2, W26, 2 * NS_PER_MS);
	assert_int_equal(inputs, 0);
	assert_true(latest_get(&core.frames, 1, &seen));
	assert_int_equal(seen.trace.result, WIEGAND_NOISE);
	assert_int_equal(seen.trace.moved.overlaps, 1);
	assert_int_equal(seen.verdict.count, 0);
	/* Two frames whose edges come at once: the first ends by the second's. */
	for (int i = 0; i < 2; i++) {
		int64_t at_ns = (1 + i) * NS_PER_S;

		for (const char *bit = W26; *bit != '\0'; bit++, at_ns += 2 * NS_PER_MS) {
			edge(1, at_ns, *bit == '1', 0);
			edge(1, at_ns + 50000, *bit == '1', 1);
		}
		assert_int_equal(latest_last(&core.frames), 1 + i);
		inputs = (unsigned)latest_last(&core.frames);
	}
}

static void keys_come_without_their_digits(void **state UNUSED)
{
	static const char *const keys[] = {"0001", "1011", "000001", "11100001"};
	static const char zeros[sizeof(((struct card_bits *)NULL)->bytes)];
	static struct reader_frame seen;

	for (unsigned i = 0; i < 4; i++) {
		inputs = i;
		frame(1, keys[i], (1 + i) * NS_PER_S);
		assert_true(latest_get(&core.frames, i + 1, &seen));
		assert_int_equal(seen.trace.bits.count, strlen(keys[i]));
		assert_memory_equal(seen.trace.bits.bytes, zeros, sizeof(zeros));
		assert_int_equal(seen.trace.edges_kept, 0);
		assert_int_equal(seen.trace.edge[1].after_ns, 0);
		assert_int_equal(seen.trace.pulse[0].count + seen.trace.pulse[1].count, 0);
		assert_int_equal(seen.verdict.count, 0);
	}
}

static void only_the_latest_are_remembered(void **state UNUSED)
{
	static struct reader_frame seen;

	for (unsigned i = 0; i < READER_FRAMES_MAX + 3; i++) {
		inputs = i;
		frame(1, W26, (1 + i) * NS_PER_S);
	}
	assert_int_equal(latest_last(&core.frames), READER_FRAMES_MAX + 3);
	assert_false(latest_get(&core.frames, 3, &seen));
	assert_true(latest_get(&core.frames, 4, &seen));
	assert_int_equal(seen.no, 4);
}

static bool held(unsigned line)
{
	return atomic_load(&core.reader_state[1].held[line]);
}

static void counters_are_published_each_beat(void **state UNUSED)
{
	frame(2, W26, NS_PER_S);
	frame(2, "11", 2 * NS_PER_S);
	assert_int_equal(atomic_load(&core.reader_state[1].counter[0]), 0);
	rt_reader_states(&rt);
	assert_int_equal(atomic_load(&core.reader_state[1].counter[0]), 1);
	assert_int_equal(atomic_load(&core.reader_state[1].counter[1]), 1);
	assert_int_equal(atomic_load(&core.reader_state[0].counter[0]), 0);
	assert_false(held(0) || held(1));
}

static void a_line_that_is_low_twice_in_silence_is_held(void **state UNUSED)
{
	/* By its level: it was low before there was any edge. */
	low_line[1] = true;
	rt_reader_states(&rt);
	assert_false(held(1));
	rt_reader_states(&rt);
	assert_true(held(1));
	assert_false(held(0));
	low_line[1] = false;
	rt_reader_states(&rt);
	assert_false(held(1));
	/* By its edge, whatever the driver says; within a frame it may be a pulse. */
	edge(2, NS_PER_S, 0, 0);
	rt_reader_states(&rt);
	rt_reader_states(&rt);
	assert_false(held(0));
	rt_readers_time(&rt.readers, 2 * NS_PER_S, take, NULL);
	rt_reader_states(&rt);
	rt_reader_states(&rt);
	assert_true(held(0));
}

static void few_levels_are_read_a_beat(void **state UNUSED)
{
	/* The demo has four readers, and so many are looked at. */
	rt_reader_states(&rt);
	assert_int_equal(levels_read, 8);
	for (uint32_t i = 0; i < READERS_MAX; i++)
		settings.reader[i].config.configured = true;
	rt_readers_init(&rt.readers, &settings);
	levels_read = 0;
	for (unsigned beat = 0; beat < READERS_MAX / 4; beat++)
		rt_reader_states(&rt);
	assert_int_equal(levels_read, 2 * READERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_frame_is_seen_with_what_each_format_says, setup),
		cmocka_unit_test_setup(a_dropped_frame_is_seen_and_decided_nothing, setup),
		cmocka_unit_test_setup(keys_come_without_their_digits, setup),
		cmocka_unit_test_setup(only_the_latest_are_remembered, setup),
		cmocka_unit_test_setup(counters_are_published_each_beat, setup),
		cmocka_unit_test_setup(a_line_that_is_low_twice_in_silence_is_held, setup),
		cmocka_unit_test_setup(few_levels_are_read_a_beat, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
