// SPDX-License-Identifier: Apache-2.0
/* Answers of the raw view of a reader into frames, and what is no such answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD                                                                                       \
	"since=1786441000000\r\noldestFrame=3\r\nlastFrame=17\r\nreader.Held0=false\r\n"           \
	"reader.Held1=true\r\nreader.Frames=9\r\nreader.ShortFrames=1\r\nreader.LongFrames=2\r\n"  \
	"reader.Glitches=3\r\nreader.LongPulses=4\r\nreader.ClosePulses=5\r\n"                     \
	"reader.Overlaps=6\r\nreader.LostEdges=7\r\nreader.BackwardEdges=8\r\n"
#define LENGTHS(i, name) LENGTH(i, name, "Count") LENGTH(i, name, "MinNs") LENGTHS2(i, name)
#define LENGTHS2(i, name) LENGTH(i, name, "MeanNs") LENGTH(i, name, "MaxNs")
#define LENGTH(i, name, part) "frames[" #i "]." name part "=0\r\n"
#define REST(i) LENGTHS(i, "Pulse0") LENGTHS(i, "Pulse1") LENGTHS(i, "Interval")
#define FRAME(i, kind, fit, more)                                                                  \
	"frames[" #i "].No=1" #i "\r\nframes[" #i "].Reader=2\r\nframes[" #i                       \
	"].UTC=1786441708\r\nframes[" #i "].UTCMS=42\r\nframes[" #i "].Kind=" kind                 \
	"\r\nframes[" #i "].Fit=" fit "\r\n" more                                                  \
	REST(i)
#define CARD                                                                                       \
	FRAME(0, "Card", "Yes",                                                                    \
		"frames[0].Bits=4\r\nframes[0].Data=1001\r\nframes[0].Format=W26\r\n"              \
		"frames[0].Number=8106606\r\nframes[0].Faults=Glitches:1\r\n"                      \
		"frames[0].Verdict[0]=W34: no\r\nframes[0].Held1=true\r\n"                         \
		"frames[0].EdgeList=0L0,0H50000,1L1950000\r\n")
#define KEY FRAME(1, "Key", "NoLength", "frames[1].Bits=4\r\nframes[1].Faults=\r\n")

struct seen {
	unsigned count;
	unsigned stop_at;
};

static void look_card(const struct postern_reader_frame *frame)
{
	assert_int_equal(frame->size, sizeof(*frame));
	assert_int_equal(frame->no, 10);
	assert_int_equal(frame->reader, 2);
	assert_int_equal(frame->utc_ms, 1786441708042);
	assert_int_equal(frame->kind, POSTERN_FRAME_CARD);
	assert_int_equal(frame->fit, POSTERN_FIT_YES);
	assert_int_equal(frame->bit_count, 4);
	assert_string_equal(frame->bits, "1001");
	assert_string_equal(frame->format, "W26");
	assert_string_equal(frame->number, "8106606");
	assert_string_equal(frame->faults, "Glitches:1");
	assert_int_equal(frame->held[0], 0);
	assert_int_equal(frame->held[1], 1);
	assert_string_equal(postern_reader_frame_field(frame, "verdict[0]"), "W34: no");
	assert_null(postern_reader_frame_field(frame, "Nothing"));
	assert_int_equal(frame->edge_count, 3);
	assert_int_equal(frame->edges[2].at_ns, 2000000);
	assert_int_equal(frame->edges[2].line, 1);
	assert_int_equal(frame->edges[1].level, 1);
}

static int take(void *user, const struct postern_reader_frame *frame)
{
	struct seen *seen = user;

	if (seen->count == 0) {
		look_card(frame);
	} else {
		assert_int_equal(frame->kind, POSTERN_FRAME_KEY);
		assert_int_equal(frame->fit, POSTERN_FIT_NO_LENGTH);
		assert_string_equal(frame->bits, "");
		assert_string_equal(frame->number, "");
		assert_int_equal(frame->edge_count, 0);
	}
	return ++seen->count == seen->stop_at;
}

static int deliver(const char *text, struct seen *seen, struct postern_reader_state *state)
{
	struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};

	assert_non_null(answer.text);
	int error = reader_frames_deliver(&answer, take, seen, state);

	answer_drop(&answer);
	return error;
}

static void frames_and_state_are_read(void **state UNUSED)
{
	struct postern_reader_state reader = POSTERN_READER_STATE_INIT;
	struct seen seen = {0};

	assert_int_equal(deliver(HEAD CARD KEY, &seen, &reader), POSTERN_OK);
	assert_int_equal(seen.count, 2);
	assert_int_equal(reader.since_ms, 1786441000000);
	assert_int_equal(reader.oldest, 3);
	assert_int_equal(reader.last, 17);
	assert_int_equal(reader.held[0], 0);
	assert_int_equal(reader.held[1], 1);
	const uint64_t counters[] = {reader.frames, reader.short_frames, reader.long_frames,
		reader.glitches, reader.long_pulses, reader.close_pulses, reader.overlaps,
		reader.lost_edges, reader.backward_edges};

	assert_int_equal(counters[0], 9);
	for (uint64_t i = 1; i < ARRAY_COUNT(counters); i++)
		assert_int_equal(counters[i], i);
	seen = (struct seen){.stop_at = 1};
	assert_int_equal(deliver(HEAD CARD KEY, &seen, NULL), POSTERN_E_STOPPED);
	assert_int_equal(seen.count, 1);
	seen = (struct seen){0};
	assert_int_equal(deliver(HEAD, &seen, NULL), POSTERN_OK);
	assert_int_equal(seen.count, 0);
}

static int take_lengths(void *user, const struct postern_reader_frame *frame)
{
	*(struct postern_reader_frame *)user = *frame;
	return 0;
}

static void lengths_are_read(void **state UNUSED)
{
	/* Of two lines with one name the first counts: these stand before the zeros. */
	static const char text[] = HEAD FRAME(0, "Dropped", "NoLength",
		"frames[0].Bits=4\r\nframes[0].Pulse1Count=1\r\nframes[0].Pulse1MinNs=2\r\n"
		"frames[0].Pulse1MeanNs=3\r\nframes[0].Pulse1MaxNs=4294967295\r\n"
		"frames[0].IntervalMeanNs=7\r\n");
	struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};
	struct postern_reader_frame frame = {0};

	assert_int_equal(reader_frames_deliver(&answer, take_lengths, &frame, NULL), POSTERN_OK);
	answer_drop(&answer);
	assert_int_equal(frame.kind, POSTERN_FRAME_DROPPED);
	assert_int_equal(frame.pulse[0].max_ns, 0);
	assert_int_equal(frame.pulse[1].count, 1);
	assert_int_equal(frame.pulse[1].min_ns, 2);
	assert_int_equal(frame.pulse[1].mean_ns, 3);
	assert_int_equal(frame.pulse[1].max_ns, UINT32_MAX);
	assert_int_equal(frame.interval.mean_ns, 7);
}

static void other_answers_are_none(void **state UNUSED)
{
	static const char *const wrong[] = {
		"",
		"OK\r\n",
		CARD,
		"since=1\r\nlastFrame=2\r\n" CARD,
		HEAD "frames[0].No=1\r\n",
		HEAD FRAME(0, "Cart", "Yes", "frames[0].Bits=4\r\n"),
		HEAD FRAME(0, "Card", "Maybe", "frames[0].Bits=4\r\n"),
		HEAD FRAME(0, "Card", "Yes", "frames[0].Bits=129\r\n"),
		HEAD FRAME(0, "Card", "Yes", "frames[0].Bits=4\r\nframes[0].Data=10012\r\n"),
		HEAD FRAME(0, "Card", "Yes", "frames[0].Bits=4\r\nframes[0].Data=10011\r\n"),
		HEAD FRAME(0, "Card", "Yes", "frames[0].Bits=4\r\nframes[0].Data=100x\r\n"),
		HEAD FRAME(0, "Card", "Yes", "frames[0].Bits=4\r\nframes[0].EdgeList=0L0,\r\n"),
		HEAD FRAME(0, "Card", "Yes",
			"frames[0].Bits=4\r\nframes[0].Pulse0MinNs=4294967296\r\n"),
	};

	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		struct seen seen = {0};

		if (deliver(wrong[i], &seen, NULL) != POSTERN_E_PROTOCOL || seen.count != 0)
			fail_msg("taken: %s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_and_state_are_read),
		cmocka_unit_test(lengths_are_read),
		cmocka_unit_test(other_answers_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
