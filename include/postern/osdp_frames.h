/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of OSDP lines: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_OSDP_FRAMES_H
#define POSTERN_OSDP_FRAMES_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- frames of an OSDP line (postern's own; admin only) --- */

struct postern_osdp_frame {
	size_t size;
	uint64_t no; /* from 1 since the controller's start, over all lines */
	int64_t time_us; /* microseconds since 1970, of its last byte */
	int reply; /* 1: from a reader, 0: from the panel */
	const unsigned char *bytes; /* from 53 to the check; secrets are 0 */
	size_t len; /* 1 to 1440 */
};

struct postern_osdp_query {
	size_t size;
	const char *line; /* the line's id in posternd.yaml */
	uint64_t after; /* only frames with a greater number */
	unsigned count; /* at most so many, the oldest first; 0: all there are, up to 256 */
};
#define POSTERN_OSDP_QUERY_INIT                                                                    \
	{                                                                                          \
		sizeof(struct postern_osdp_query), NULL, 0, 0                                      \
	}

struct postern_osdp_state {
	size_t size;
	uint64_t oldest; /* number of the oldest frame that is remembered, of any line; 0: none */
	uint64_t last;
};
#define POSTERN_OSDP_STATE_INIT                                                                    \
	{                                                                                          \
		sizeof(struct postern_osdp_state), 0, 0                                            \
	}

/* Non-zero stops. The frame lives until the callback returns. */
typedef int postern_osdp_frame_fn(void *user, const struct postern_osdp_frame *frame);

/*
 * One accessControl getOsdpFrames: the latest frames of a line, oldest first. A controller
 * remembers frames for 10 s behind each such call, so the first one finds none. state may be NULL.
 * POSTERN_E_REFUSED when there is no such line, POSTERN_E_RIGHT for other accounts.
 */
POSTERN_API int postern_osdp_frames(struct postern_device *device,
	const struct postern_osdp_query *query, postern_osdp_frame_fn *each, void *user,
	struct postern_osdp_state *state);
/* state: NULL when none came; lives until the callback returns. */
typedef void postern_osdp_state_fn(
	void *user, struct postern_call *call, int error, const struct postern_osdp_state *state);
POSTERN_API int postern_osdp_frames_start(struct postern_device *device,
	const struct postern_osdp_query *query, postern_osdp_frame_fn *each,
	postern_osdp_state_fn *done, void *user, struct postern_call **call);

#ifdef __cplusplus
}
#endif

#endif
