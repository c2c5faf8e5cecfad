/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures: what a reader's two lines did, as lines of text (docs/captures.md). One parser and one
 * writer for everybody who plays, records or learns from them.
 */
#pragma once

#include "base/buf.h"
#include "base/text.h"
#include "protocols/wiegand.h"

enum capture_line_kind {
	CAPTURE_BLANK = 0, /* an empty line, or a remark for people */
	CAPTURE_EDGE,
	CAPTURE_NUMBER, /* `# number 123/45678`: printed on the card whose frame follows */
	CAPTURE_READER, /* `# reader 1`: where it was taken, from here on */
	CAPTURE_FORMAT, /* `# format W34`: what the frames are said to be, from here on */
	CAPTURE_WRONG, /* the sentence says why */
};

struct capture_line {
	enum capture_line_kind kind;
	struct wiegand_edge edge; /* of CAPTURE_EDGE; its time as written, 0 or later */
	struct span value; /* of a remark with meaning, within the line; not judged, may be empty */
};

/* Reads a line without its LF; a CR at its end is left out. *why grows with CAPTURE_WRONG only. */
enum capture_line_kind capture_line_parse(
	struct span line, struct capture_line *ret, struct buf *why);

/* A line with its LF. */
void capture_write_edge(struct buf *out, const struct wiegand_edge *edge);

/* kind: a remark with meaning; value: without line ends and outer blanks. A line with its LF. */
void capture_write_remark(struct buf *out, enum capture_line_kind kind, struct span value);

/* --- whole captures --- */

struct capture_frame {
	struct card_bits bits; /* of CAPTURE_FRAME: 4 to 66 */
	uint32_t line_no; /* of the first edge, from 1; of the remark when no frame came */
	struct text64 number; /* as written; empty: none stood before the frame */
	struct text16 reader;
	struct text32 format;
};

struct capture_reader {
	struct wiegand_decoder decoder;
	struct capture_frame now; /* the frame in progress */
	struct capture_frame next; /* what the remarks say of the next one */
	int64_t last_ns; /* of the edge before; INT64_MIN: none */
	uint32_t line_no;
};

enum capture_result {
	CAPTURE_NOTHING = 0,
	CAPTURE_FRAME, /* *ret_frame */
	CAPTURE_SPOILED, /* a frame ended and was dropped: *ret_frame without bits */
	CAPTURE_NO_FRAME, /* a number without a frame behind it: *ret_frame without bits */
	CAPTURE_REFUSED, /* the line is wrong; the sentence says why */
};

/* limits: those of wiegand_limits_default when NULL. */
void capture_reader_init(struct capture_reader *reader, const struct wiegand_limits *limits);

/* Takes one line. A frame comes out with the first edge behind the silence that ends it. */
enum capture_result capture_reader_line(struct capture_reader *reader, struct span line,
	struct capture_frame *ret_frame, struct buf *why);

/* The capture is over: to be called until it gives CAPTURE_NOTHING (twice at most before). */
enum capture_result capture_reader_end(
	struct capture_reader *reader, struct capture_frame *ret_frame);
