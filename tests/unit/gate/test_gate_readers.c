// SPDX-License-Identifier: Apache-2.0
/* The raw view of a reader: what is asked of core, and what is printed of its frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES "/cgi-bin/accessControl.cgi?action=getReaderFrames"
#define W26 "10111101110110010011011101"

static char answer[256 * 1024];
static const char *body;

static void adjust(struct settings *settings)
{
	settings_demo(settings);
	settings->reader[1].format_count = 2;
	(void)text_set(&settings->reader[1].format[0], SPAN_LIT("W34"));
	(void)text_set(&settings->reader[1].format[1], SPAN_LIT("W26"));
	settings->reader[2].format_count = 0;
}

static int setup(void **state UNUSED)
{
	rig = rig_start(adjust);
	rig_link(rig);
	return 0;
}

static int get(const char *target)
{
	return rig_get(rig, target, answer, sizeof(answer), &body);
}

static void assert_line(const char *line)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "%s\r\n", line);
	if (strstr(body, text) == NULL)
		fail_msg("no line %s in:\n%s", line, body);
}

static void put_bits(struct card_bits *bits, const char *text)
{
	bits->count = (uint16_t)strlen(text);
	for (unsigned i = 0; i < bits->count; i++)
		card_bits_put(bits, i, text[i] == '1');
}

static struct reader_frame *frame_add(uint8_t reader, const char *bits)
{
	struct message_reader_frames *frames = &rig->model.frames;
	struct reader_frame *frame = &frames->row[frames->count++];

	*frame = (struct reader_frame){
		.no = 40 + frames->count, .reader = reader, .utc_ms = 1786441708042};
	frame->trace.result = WIEGAND_FRAME;
	put_bits(&frame->trace.bits, bits);
	return frame;
}

static void a_card_is_told_whole(void **state UNUSED)
{
	struct message_reader_frames *frames = &rig->model.frames;
	struct reader_frame *card = frame_add(2, W26);

	frames->since_utc_ms = 1786441000000;
	frames->oldest_no = 3;
	frames->last_no = 41;
	frames->counters = (struct wiegand_counters){.frames = 9, .lost_edges = 2};
	frames->held[1] = true;
	card->verdict = (struct frame_verdict){.count = 2,
		.reads = 2,
		.format = {{CARD_FORMAT_WRONG_LENGTH, FRAME_BIT_NONE},
			{CARD_FORMAT_OK, FRAME_BIT_NONE}},
		.number = 8106606};
	card->trace.moved.frames = 1;
	card->trace.edge_count = 3;
	card->trace.edges_kept = 3;
	card->trace.edge[1] = (struct wiegand_trace_edge){50000, 0, 1};
	card->trace.edge[2] = (struct wiegand_trace_edge){1950000, 1, 0};
	card->trace.pulse[0] = (struct wiegand_figures){9, 48000, 53000, 450009};
	card->trace.interval = (struct wiegand_figures){25, 1, 3, 50};
	assert_int_equal(get(FRAMES "&reader=2&afterFrame=17&count=5&edges=true"), 200);
	assert_int_equal(rig->model.reader_query.reader, 2);
	assert_int_equal(rig->model.reader_query.after_no, 17);
	assert_int_equal(rig->model.reader_query.limit, 5);
	static const char *const lines[] = {"since=1786441000000", "oldestFrame=3", "lastFrame=41",
		"reader.Held0=false", "reader.Held1=true", "reader.Frames=9", "reader.LostEdges=2",
		"reader.ShortFrames=0", "frames[0].No=41", "frames[0].Reader=2",
		"frames[0].UTC=1786441708", "frames[0].UTCMS=42", "frames[0].Kind=Card",
		"frames[0].Fit=Yes", "frames[0].Bits=26",
		"frames[0].Data=10111101110110010011011101", "frames[0].Format=W26",
		"frames[0].Number=8106606", "frames[0].Faults=", "frames[0].Held1=false",
		"frames[0].Edges=3", "frames[0].Pulse0Count=9", "frames[0].Pulse0MinNs=48000",
		"frames[0].Pulse0MeanNs=50001", "frames[0].Pulse0MaxNs=53000",
		"frames[0].Pulse1Count=0", "frames[0].IntervalMeanNs=2",
		"frames[0].EdgeList=0L0,0H50000,1L1950000"};

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		assert_line(lines[i]);
	assert_non_null(strstr(body, "frames[0].Verdict[0]=W34: "));
	assert_non_null(strstr(body, "frames[0].Verdict[1]=W26: "));
	assert_null(strstr(body, "frames[1]"));
	assert_int_equal(get(FRAMES "&reader=2"), 200);
	assert_null(strstr(body, "EdgeList"));
	assert_int_equal(rig->model.reader_query.after_no, 0);
	assert_int_equal(rig->model.reader_query.limit, 64);
}

static void frames_of_several_messages_are_one_answer(void **state UNUSED)
{
	for (unsigned i = 0; i < MESSAGE_READER_FRAMES_MAX; i++)
		(void)frame_add(2, W26);
	assert_int_equal(get(FRAMES "&reader=2"), 200);
	assert_line("frames[0].No=41");
	assert_line("frames[19].No=60");
	assert_ptr_equal(strstr(strstr(body, "since=") + 1, "since="), NULL);
}

static void what_is_wrong_is_said_of_each_format(void **state UNUSED)
{
	static const struct {
		struct frame_verdict verdict;
		const char *fit;
	} cases[] = {
		{{.count = 2,
			 .format = {{CARD_FORMAT_WRONG_LENGTH, FRAME_BIT_NONE},
				 {CARD_FORMAT_WRONG_PARITY, 25}}},
			"WrongCheck"},
		{{.count = 2,
			 .turned = true,
			 .format = {{CARD_FORMAT_WRONG_LENGTH, FRAME_BIT_NONE},
				 {CARD_FORMAT_WRONG_PARITY, 0}}},
			"Turned"},
		{{.count = 1, .format = {{CARD_FORMAT_WRONG_LENGTH, FRAME_BIT_NONE}}}, "NoLength"},
		{{.count = 1, .format = {{CARD_FORMAT_WRONG_FACILITY, FRAME_BIT_NONE}}}, "Yes"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		frame_add(2, W26)->verdict = cases[i].verdict;
	assert_int_equal(get(FRAMES "&reader=2"), 200);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "frames[%zu].Fit=%s", i, cases[i].fit);
		assert_line(line);
	}
	assert_line("frames[0].Verdict[1]=W26: a parity bit is wrong, bit 25");
	assert_line("frames[1].Verdict[1]=W26: a parity bit is wrong, bit 0");
	assert_null(strstr(body, ".Number="));
	assert_null(strstr(body, ".Format="));
}

static void dropped_frames_say_why(void **state UNUSED)
{
	struct wiegand_trace *trace = &frame_add(2, W26)->trace;

	trace->result = WIEGAND_NOISE;
	trace->moved = (struct wiegand_counters){.glitches = 1, .lost_edges = 12};
	trace->held[0] = true;
	frame_add(2, "")->trace.result = WIEGAND_NOTHING;
	assert_int_equal(get(FRAMES "&reader=2"), 200);
	assert_line("frames[0].Kind=Dropped");
	assert_line("frames[0].Data=" W26);
	assert_line("frames[0].Faults=Glitches:1,LostEdges:12");
	assert_line("frames[0].Held0=true");
	assert_line("frames[1].Kind=Glitches");
}

static void a_key_is_told_without_its_digit(void **state UNUSED)
{
	struct wiegand_trace *trace = &frame_add(2, "0000")->trace;

	trace->secret = true;
	assert_int_equal(get(FRAMES "&reader=2&edges=true"), 200);
	assert_line("frames[0].Kind=Key");
	assert_line("frames[0].Bits=4");
	assert_null(strstr(body, "Data="));
	assert_null(strstr(body, "EdgeList="));
}

static void a_reader_without_formats_has_the_default(void **state UNUSED)
{
	struct reader_frame *frame = frame_add(3, W26);

	frame->verdict.count = 1;
	frame->verdict.reads = 1;
	assert_int_equal(get(FRAMES "&reader=3"), 200);
	assert_line("frames[0].Format=W34");
}

static void no_reader_no_frames(void **state UNUSED)
{
	static const struct {
		const char *target;
		const char *detail;
	} cases[] = {
		{FRAMES, "reader is missing"},
		{FRAMES "&reader=0", "1 to 128"},
		{FRAMES "&reader=129", "1 to 128"},
		{FRAMES "&reader=128", "names no reader"},
		{FRAMES "&reader=2&count=65", "1 to 64"},
		{FRAMES "&reader=2&afterFrame=-1", "afterFrame"},
		{FRAMES "&reader=2&edges=yes", "edges"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		if (get(cases[i].target) != 400 || strstr(body, cases[i].detail) == NULL)
			fail_msg("%s: %s", cases[i].target, body);
	}
	assert_int_equal(rig_count(rig, MESSAGE_READER_QUERY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATE(a_card_is_told_whole),
		WITH_GATE(frames_of_several_messages_are_one_answer),
		WITH_GATE(what_is_wrong_is_said_of_each_format),
		WITH_GATE(dropped_frames_say_why),
		WITH_GATE(a_key_is_told_without_its_digit),
		WITH_GATE(a_reader_without_formats_has_the_default),
		WITH_GATE(no_reader_no_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
