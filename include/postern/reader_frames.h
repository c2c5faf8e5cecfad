/* SPDX-License-Identifier: Apache-2.0 */
/* What readers really send: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_READER_FRAMES_H
#define POSTERN_READER_FRAMES_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- readers: what they really send (postern's own; accounts of role admin only) --- */

enum postern_frame_kind {
	POSTERN_FRAME_CARD = 0, /* whole, and no key */
	POSTERN_FRAME_KEY = 1, /* a key of a keypad: which one is never told */
	POSTERN_FRAME_DROPPED = 2, /* faults say why */
	POSTERN_FRAME_GLITCHES = 3 /* pulses too short for a bit, and nothing else */
};

/* What the reader's card formats say to a frame. */
enum postern_frame_fit {
	POSTERN_FIT_NO_LENGTH = 0, /* none has this length; also for frames that are no card */
	POSTERN_FIT_WRONG_CHECK = 1, /* a format has this length, and a check bit is wrong */
	POSTERN_FIT_TURNED = 2, /* as above; with every 0 a 1 and every 1 a 0 it would fit */
	POSTERN_FIT_YES = 3
};

/* Lengths of time that were measured; all 0 when there was none. */
struct postern_lengths {
	unsigned count;
	uint32_t min_ns;
	uint32_t mean_ns;
	uint32_t max_ns;
};

struct postern_edge {
	int64_t at_ns; /* since the frame's first edge */
	int line; /* 0: DATA0, 1: DATA1 */
	int level; /* 0: went low, 1: went high */
};

struct postern_reader_frame {
	size_t size;
	uint64_t no; /* counts the frames of all readers from 1 since the controller's start */
	int reader;
	int64_t utc_ms; /* of the first edge; since 1970 */
	enum postern_frame_kind kind;
	enum postern_frame_fit fit;
	int bit_count; /* 0 to 128 */
	const char *bits; /* "0101", of a dropped frame as far as they came; "" when not told */
	const char *format; /* the format that reads it, and the number by which the card ... */
	const char *number; /* ... is enrolled; "" when none does */
	const char *faults; /* what was counted with the frame: "LostEdges:1,Overlaps:2", or "" */
	int held[2]; /* DATA0, DATA1: 1 when the line was low at the end */
	struct postern_lengths pulse[2]; /* of DATA0 and DATA1 */
	struct postern_lengths interval; /* from one pulse's begin to the next's */
	size_t edge_count; /* at most 160; 0 unless asked for */
	const struct postern_edge *edges;
	size_t field_count;
	const struct postern_field *fields; /* "Verdict[0]" ...: what each format says */
};

/* The value of a field by name (without case), or NULL. */
POSTERN_API const char *postern_reader_frame_field(
	const struct postern_reader_frame *frame, const char *name);

struct postern_reader_query {
	size_t size;
	int reader; /* number, 1 to 128 */
	uint64_t after; /* only frames with a greater number */
	unsigned count; /* at most so many, the oldest first; 0: all there are, up to 64 */
	int edges; /* 1: with edges */
};
#define POSTERN_READER_QUERY_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_reader_query), 1, 0, 0, 0                                    \
	}

struct postern_reader_state {
	size_t size;
	int64_t since_ms; /* the controller's start; another one counts frames from 1 again */
	uint64_t oldest; /* number of the oldest frame it remembers, of any reader; 0: none */
	uint64_t last;
	int held[2]; /* DATA0, DATA1: 1 when the line stands low in silence */
	uint64_t frames; /* of this reader since the start: good ones, then what was wrong */
	uint64_t short_frames;
	uint64_t long_frames;
	uint64_t glitches;
	uint64_t long_pulses;
	uint64_t close_pulses;
	uint64_t overlaps;
	uint64_t lost_edges;
	uint64_t backward_edges;
};
#define POSTERN_READER_STATE_INIT                                                                  \
	{                                                                                          \
		sizeof(struct postern_reader_state), 0, 0, 0, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0    \
	}

/* Non-zero stops. The frame lives until the callback returns. */
typedef int postern_reader_frame_fn(void *user, const struct postern_reader_frame *frame);

/*
 * One accessControl getReaderFrames: the latest frames of a reader, oldest first. To look on, ask
 * again with after set to the last frame's number. state may be NULL; it is filled before the first
 * frame. POSTERN_E_REFUSED when there is no such reader, POSTERN_E_RIGHT for other accounts.
 */
POSTERN_API int postern_reader_frames(struct postern_device *device,
	const struct postern_reader_query *query, postern_reader_frame_fn *each, void *user,
	struct postern_reader_state *state);
/* state: NULL when none came; lives until the callback returns. */
typedef void postern_reader_state_fn(
	void *user, struct postern_call *call, int error, const struct postern_reader_state *state);
POSTERN_API int postern_reader_frames_start(struct postern_device *device,
	const struct postern_reader_query *query, postern_reader_frame_fn *each,
	postern_reader_state_fn *done, void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
