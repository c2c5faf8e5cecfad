/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/x-mixed-replace event streams, both sides. The writer makes one part as one write: it
 * starts at the boundary, has exactly three lines before the blank line and the payload, and ends
 * with two CRLF pairs. The reader takes any chunking.
 */
#pragma once

#include "base/buf.h"

#define MULTIPART_PART_MAX (512 * 1024) /* what the reader keeps of one part, bytes */

/* "--boundary CRLF Content-Type: type CRLF Content-Length:n CRLF CRLF body CRLF CRLF" */
void multipart_write_part(
	struct buf *out, struct span boundary, const char *content_type, struct span body);

struct multipart_reader {
	struct buf part; /* over memory its user gives; body of the part being read */
	char boundary[72]; /* with the two dashes in front */
	uint8_t boundary_len;
	char line[256]; /* header line in progress */
	uint16_t line_len;
	char content_type[64];
	uint8_t content_type_len;
	size_t body_left; /* with Content-Length */
	uint32_t skipped; /* bytes outside bodies since the part before */
	bool has_length;
	bool part_done; /* the part was given out: the next call begins a new one */
	uint8_t state; /* private */
};

enum multipart_result {
	MULTIPART_MORE = 0, /* all input taken */
	/* A part is complete in reader->part and content_type until the next call. */
	MULTIPART_PART,
	MULTIPART_BAD, /* not such a stream, or a part above the limit: give the connection up */
};

/* boundary: as multipart_boundary finds it, 1 to 70 printable bytes. False if it is not. */
bool multipart_reader_init(
	struct multipart_reader *reader, struct span boundary, void *memory, size_t capacity);

/*
 * Takes bytes from *input and moves it on. A part without Content-Length ends at the next boundary;
 * up to two line ends before that are not part of it. Call again with what is left in *input.
 */
enum multipart_result multipart_reader_take(struct multipart_reader *reader, struct span *input);

/*
 * Finds boundary= in a Content-Type header value of multipart/x-mixed-replace. Quotes and leading
 * dashes are no part of it: some devices announce the dashes of the stream, some do not.
 */
bool multipart_boundary(struct span content_type, struct span *ret_boundary);
