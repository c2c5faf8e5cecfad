/* SPDX-License-Identifier: Apache-2.0 */
/* What the `reader` commands share, and what else looks at a reader: frames as they come. */
#pragma once

#include "cli.h"
#include "protocols/wiegand_trace.h"

#include <stdio.h>

/* Non-zero stops. */
typedef int reader_frame_fn(void *user, const struct postern_reader_frame *frame);

struct reader_look {
	int reader; /* number */
	bool edges;
	bool past; /* first those that the controller remembers */
	int64_t seconds; /* 0: without end */
	const char *begun; /* said on standard error once it looks on; NULL: nothing */
	reader_frame_fn *each;
	void *user;
};

/*
 * Looks on until each stops it (POSTERN_E_STOPPED), the seconds are over (POSTERN_OK) or the device
 * is away for too long. *ret_state: how the reader's lines stood at last.
 */
MUST_CHECK int reader_look_on(struct postern_device *device, const struct reader_look *look,
	struct postern_reader_state *ret_state);

/* READER of the command line, or a usage error. */
MUST_CHECK bool parse_reader(const char *what, const char *text, int *ret);

/* One line: when, what it was, its bits, what each format says, pulses and intervals. */
void frame_print(const struct postern_reader_frame *frame);

/* What was counted with the frame; names that are not known are left out. */
void frame_faults(const struct postern_reader_frame *frame, struct wiegand_counters *ret);

/* --- captures (docs/captures.md) --- */

struct capture_file {
	FILE *file; /* NULL: none is written */
	int64_t end_ns; /* of the capture so far */
};

/* False after a usage error. Only its owner may read the file: frames are credentials. */
MUST_CHECK bool capture_begin(struct capture_file *capture, const char *name, int reader);
void capture_frame(struct capture_file *capture, const struct postern_reader_frame *frame);
/* False, after words, when it could not be written. */
MUST_CHECK bool capture_end(struct capture_file *capture, const char *name);
