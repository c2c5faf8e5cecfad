// SPDX-License-Identifier: Apache-2.0
/*
 * Looking on at a reader: the device is asked every LOOK_MS for the frames behind the last one, on
 * the one connection that the SDK keeps. A controller that was started again counts its frames from
 * 1, and remembers some from before we asked: it says since when it counts. While it restarts it is
 * away for a moment; that is no reason to end.
 */
#include "reader.h"

#include <time.h>

#define LOOK_MS 300
#define AWAY_LOOKS_MAX 30 /* 9 s */
#define READER_MAX 128
#define NO_FRAMES INT64_MAX /* behind every frame: the state alone */

struct looker {
	struct postern_device *device;
	const struct reader_look *look;
	struct postern_reader_query query;
	struct postern_reader_state state;
	unsigned away; /* looks in a row that found nobody */
};

bool parse_reader(const char *what, const char *text, int *ret)
{
	int64_t number;

	if (!parse_number(what, text, 1, READER_MAX, &number))
		return false;
	*ret = (int)number;
	return true;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_until(int64_t until_ms)
{
	const struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (until_ms % 1000) * 1000000};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int take(void *user, const struct postern_reader_frame *frame)
{
	struct looker *looker = user;

	looker->query.after = frame->no;
	return looker->look->each(looker->look->user, frame);
}

/* Where to go on: the numbers are those of one start of the controller. */
static void look_placed(struct looker *looker, int64_t since_ms, uint64_t after)
{
	const struct postern_reader_state *state = &looker->state;

	if (state->since_ms != since_ms) {
		fputs("postern: the controller was started again\n", stderr);
		looker->query.after = 0;
	} else if (after > 0 && state->oldest > after + 1) {
		fprintf(stderr, "postern: up to %llu frames went by unseen\n",
			(unsigned long long)(state->oldest - after - 1));
	}
}

static bool is_away(int error)
{
	return error == POSTERN_E_CONNECT || error == POSTERN_E_TIMEOUT ||
	       error == POSTERN_E_DEVICE;
}

/* POSTERN_OK: go on. */
static int look_once(struct looker *looker)
{
	int64_t since_ms = looker->state.since_ms;
	uint64_t after = looker->query.after;
	int error =
		postern_reader_frames(looker->device, &looker->query, take, looker, &looker->state);

	if (is_away(error) && ++looker->away < AWAY_LOOKS_MAX)
		return POSTERN_OK;
	if (error == POSTERN_OK || error == POSTERN_E_STOPPED) {
		looker->away = 0;
		look_placed(looker, since_ms, after);
	}
	return error;
}

int reader_look_on(struct postern_device *device, const struct reader_look *look,
	struct postern_reader_state *ret_state)
{
	struct looker looker = {.device = device,
		.look = look,
		.query = POSTERN_READER_QUERY_INIT,
		.state = POSTERN_READER_STATE_INIT};
	int64_t next_ms = now_ms();
	int64_t end_ms = look->seconds == 0 ? INT64_MAX : next_ms + look->seconds * 1000;
	int error;

	looker.query.reader = look->reader;
	looker.query.edges = look->edges;
	looker.query.after = NO_FRAMES;
	error = postern_reader_frames(device, &looker.query, take, &looker, &looker.state);
	looker.query.after = look->past ? 0 : looker.state.last;
	if (error == POSTERN_OK && look->begun != NULL)
		fprintf(stderr, "postern: %s\n", look->begun);
	while (error == POSTERN_OK && now_ms() < end_ms) {
		next_ms += LOOK_MS;
		wait_until(next_ms < end_ms ? next_ms : end_ms);
		error = look_once(&looker);
	}
	*ret_state = looker.state;
	return error;
}
