// SPDX-License-Identifier: Apache-2.0
/* Answers of getOsdpFrames into frames, and what is no such answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk.h"

#include <stdlib.h>

#define HEAD "oldestFrame=3\r\nlastFrame=17\r\n"
#define FRAME(i, no, us, bytes)                                                                    \
	"frames[" #i "].No=" no "\r\nframes[" #i "].TimeUS=" us "\r\nframes[" #i                   \
	"].Reply=true\r\nframes[" #i "].Bytes=" bytes "\r\n"
#define GOOD FRAME(0, "16", "1786441708000042", "538508000540") FRAME(1, "17", "0", "53")

struct seen {
	unsigned count;
	unsigned stop_at;
};

static int take(void *user, const struct postern_osdp_frame *frame)
{
	struct seen *seen = user;

	assert_int_equal(frame->size, sizeof(*frame));
	assert_int_equal(frame->reply, 1);
	assert_int_equal(frame->no, 16 + seen->count);
	if (seen->count == 0) {
		assert_int_equal(frame->time_us, 1786441708000042);
		assert_int_equal(frame->len, 6);
		assert_memory_equal(frame->bytes, "\x53\x85\x08\x00\x05\x40", 6);
	}
	return ++seen->count == seen->stop_at;
}

static int deliver(const char *text, struct seen *seen, struct postern_osdp_state *state)
{
	struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};

	assert_non_null(answer.text);
	int error = osdp_frames_deliver(&answer, take, seen, state);

	answer_drop(&answer);
	return error;
}

static void frames_and_state_are_read(void **state UNUSED)
{
	struct postern_osdp_state line = POSTERN_OSDP_STATE_INIT;
	struct seen seen = {0};

	assert_int_equal(deliver(HEAD GOOD, &seen, &line), POSTERN_OK);
	assert_int_equal(seen.count, 2);
	assert_int_equal(line.oldest, 3);
	assert_int_equal(line.last, 17);
	seen = (struct seen){.stop_at = 1};
	assert_int_equal(deliver(HEAD GOOD, &seen, &line), POSTERN_E_STOPPED);
	assert_int_equal(seen.count, 1);
	seen = (struct seen){0};
	assert_int_equal(deliver("oldestFrame=0\r\nlastFrame=0\r\n", &seen, &line), POSTERN_OK);
	assert_int_equal(seen.count, 0);
}

static void the_device_is_not_believed(void **state UNUSED)
{
	static const char *const wrong[] = {
		"",
		"OK",
		"lastFrame=17\r\n" GOOD,
		"oldestFrame=3\r\n" GOOD,
		"oldestFrame=-1\r\nlastFrame=17\r\n" GOOD,
		"oldestFrame=18\r\nlastFrame=17\r\n" GOOD,
		HEAD FRAME(0, "0", "1", "53"),
		HEAD FRAME(0, "-1", "1", "53"),
		HEAD FRAME(0, "x", "1", "53"),
		HEAD FRAME(0, "16", "-1", "53"),
		HEAD FRAME(0, "16", "1", ""),
		HEAD FRAME(0, "16", "1", "5"),
		HEAD FRAME(0, "16", "1", "535"),
		HEAD FRAME(0, "16", "1", "5g"),
		HEAD "frames[0].No=16\r\nframes[0].TimeUS=1\r\nframes[0].Reply=true\r\n",
	};

	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		struct postern_osdp_state line = POSTERN_OSDP_STATE_INIT;
		struct seen seen = {0};

		if (deliver(wrong[i], &seen, &line) != POSTERN_E_PROTOCOL || seen.count != 0)
			fail_msg("taken: %s", wrong[i]);
	}
}

static int take_length(void *user, const struct postern_osdp_frame *frame)
{
	*(size_t *)user = frame->len;
	return 0;
}

static void no_frame_is_longer_than_a_line_has(void **state UNUSED)
{
	static const char head[] = HEAD "frames[0].No=16\r\nframes[0].TimeUS=1\r\n"
					"frames[0].Bytes=";
	static char text[4000];

	for (size_t len = 1440; len <= 1441; len++) {
		struct postern_osdp_state line = POSTERN_OSDP_STATE_INIT;
		size_t got = 0;

		memset(text, '0', sizeof(text));
		memcpy(text, head, sizeof(head) - 1);
		memcpy(text + sizeof(head) - 1 + 2 * len, "\r\n", 3);
		struct answer answer = {.text = strdup(text), .len = strlen(text), .status = 200};

		assert_int_equal(osdp_frames_deliver(&answer, take_length, &got, &line),
			len == 1440 ? POSTERN_OK : POSTERN_E_PROTOCOL);
		assert_int_equal(got, len == 1440 ? 1440 : 0);
		answer_drop(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_and_state_are_read),
		cmocka_unit_test(the_device_is_not_believed),
		cmocka_unit_test(no_frame_is_longer_than_a_line_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
