// SPDX-License-Identifier: Apache-2.0
/* sdk_device: the raw view of readers and of OSDP lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sdk_device.h"
#include "sdk_scene.h"

/* Something happens at the device's virtual doors (docs/sim-protocol.md). */
static void sim(const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[16] = "";

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("SDK_TEST_SIM"));
	assert_int_equal(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(sock, request, strlen(request)), (ssize_t)strlen(request));
	assert_true(read(sock, reply, sizeof(reply)) >= 3);
	assert_int_equal(strncmp(reply, "ok\n", 3), 0);
	(void)close(sock);
}

struct frames {
	unsigned count;
	struct postern_reader_frame frame[3]; /* without their texts and edges */
	char bits[3][130];
	char number[3][24];
	struct postern_edge edge; /* the last of the latest */
};

static int take_frame(void *user, const struct postern_reader_frame *frame)
{
	struct frames *frames = user;

	assert_true(frames->count < 3);
	(void)snprintf(frames->bits[frames->count], 130, "%s", frame->bits);
	(void)snprintf(frames->number[frames->count], 24, "%s", frame->number);
	if (frame->edge_count > 0)
		frames->edge = frame->edges[frame->edge_count - 1];
	assert_null(postern_reader_frame_field(frame, "Password"));
	frames->frame[frames->count++] = *frame;
	return 0;
}

static int stop_frame(void *user, const struct postern_reader_frame *frame)
{
	(void)frame;
	++*(unsigned *)user;
	return 1;
}

/* Asks until so many frames have come: a frame ends by silence. */
static void frames_wait(struct frames *frames, const struct postern_reader_query *query,
	struct postern_reader_state *state, unsigned count)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (int i = 0; i < 500; i++) {
		*frames = (struct frames){.count = 0};
		assert_ok(postern_reader_frames(device, query, take_frame, frames, state));
		if (frames->count >= count)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("%u frames came, not %u", frames->count, count);
}

#define W26 "10111101110110010011011101" /* 123/45678 */

void a_reader_shows_what_it_sends(void **state)
{
	struct postern_reader_query query = POSTERN_READER_QUERY_INIT;
	struct postern_reader_state reader = POSTERN_READER_STATE_INIT;
	static struct frames frames;
	unsigned stopped = 0;

	(void)state;
	query.reader = 2;
	query.edges = 1;
	assert_ok(postern_reader_frames(device, &query, take_frame, &frames, &reader));
	assert_int_equal(frames.count, 0);
	assert_int_equal(reader.frames, 0);
	assert_int_equal(reader.held[0] + reader.held[1], 0);
	assert_true(reader.since_ms > INT64_C(1600000000000));
	sim("bits 2 " W26 "\n");
	sim("bits 2 0111\n");
	frames_wait(&frames, &query, &reader, 2);
	assert_int_equal(frames.count, 2);
	assert_int_equal(frames.frame[0].kind, POSTERN_FRAME_CARD);
	assert_int_equal(frames.frame[0].fit, POSTERN_FIT_YES);
	assert_string_equal(frames.bits[0], W26);
	assert_string_equal(frames.number[0], "8106606");
	assert_int_equal(frames.frame[0].edge_count, 52);
	assert_int_equal(frames.frame[0].pulse[1].count, 17);
	assert_true(frames.frame[0].interval.mean_ns == 2000000);
	assert_true(frames.edge.at_ns == 50050000);
	assert_true(frames.frame[0].no < frames.frame[1].no);
	assert_int_equal(frames.frame[1].kind, POSTERN_FRAME_KEY);
	assert_int_equal(frames.frame[1].bit_count, 4);
	assert_string_equal(frames.bits[1], "");
	assert_int_equal(frames.frame[1].edge_count, 0);
	assert_true(reader.last == frames.frame[1].no && reader.oldest == 1);

	assert_int_equal(postern_reader_frames(device, &query, stop_frame, &stopped, NULL),
		POSTERN_E_STOPPED);
	assert_int_equal(stopped, 1);
	query.after = frames.frame[0].no;
	query.count = 1;
	query.edges = 0;
	frames_wait(&frames, &query, NULL, 1);
	assert_int_equal(frames.frame[0].kind, POSTERN_FRAME_KEY);
	query.reader = 9;
	assert_int_equal(postern_reader_frames(device, &query, take_frame, &frames, NULL),
		POSTERN_E_REFUSED);
	assert_detail("reader");
	query.reader = 129;
	assert_int_equal(postern_reader_frames(device, &query, take_frame, &frames, NULL),
		POSTERN_E_ARGUMENT);
}

static int no_frame(void *user, const struct postern_osdp_frame *frame)
{
	(void)user;
	fail_msg("frame %llu of a line that is not there", (unsigned long long)frame->no);
	return 1;
}

struct osdp_end {
	int error;
	int has_state;
};

static void osdp_done(
	void *user, struct postern_call *call, int error, const struct postern_osdp_state *seen)
{
	(void)call;
	*(struct osdp_end *)user = (struct osdp_end){error, seen != NULL};
}

/* What comes of a line that is there: test_osdp_tools.py. */
void a_line_that_is_not_there_has_no_frames(void **state)
{
	struct postern_osdp_query query = POSTERN_OSDP_QUERY_INIT;
	struct postern_osdp_state seen = POSTERN_OSDP_STATE_INIT;
	struct osdp_end end = {.error = 1};

	(void)state;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_ARGUMENT);
	query.line = "east";
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_REFUSED);
	assert_detail("names no OSDP line");
	query.count = 257;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, NULL), POSTERN_E_ARGUMENT);
	query.count = 0;
	seen.size = 1;
	assert_int_equal(
		postern_osdp_frames(device, &query, no_frame, NULL, &seen), POSTERN_E_ARGUMENT);
	assert_ok(postern_osdp_frames_start(device, &query, no_frame, osdp_done, &end, NULL));
	for (int turns = 0; end.error == 1 && turns < 1000; turns++)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(end.error, POSTERN_E_REFUSED);
	assert_int_equal(end.has_state, 0);
}
