/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request target and the form bodies of the CGI: /cgi-bin/NAME.cgi?key=value&... Works on the
 * raw bytes: '+' is a plus sign in a URL, %00 and control bytes are refused, '[' and ']' come
 * literally or encoded, names compare without case.
 */
#pragma once

#include "base/buf.h"

#define QUERY_PARAMETERS_MAX 512

struct query_parameter {
	struct span name; /* decoded, as sent: Doors[0], condition.CardNo */
	struct span value; /* decoded UTF-8 without control characters */
};

struct query {
	struct span path; /* decoded; "/cgi-bin/recordFinder.cgi" */
	struct span wrong; /* after QUERY_BAD_*: name of the parameter whose value it is, or empty
			    */
	uint32_t count;
	struct query_parameter parameter[QUERY_PARAMETERS_MAX]; /* in order of appearance */
};

enum query_result {
	QUERY_OK = 0,
	QUERY_BAD_ESCAPE, /* % without two hexadecimal digits */
	QUERY_BAD_BYTE, /* control byte, %00, or not UTF-8 after decoding */
	QUERY_TOO_MANY, /* more than QUERY_PARAMETERS_MAX */
	QUERY_NOT_ORIGIN, /* absolute-form, authority-form or no leading '/' */
	QUERY_NO_ROOM, /* decoded text does not fit *storage */
};

const char *query_result_text(enum query_result result); /* for the error body */

/*
 * Parses a raw request target. Decoded text is kept in *storage, which must outlive *ret; room for
 * as many bytes as the target has is always enough. *ret is of use only after QUERY_OK, but for
 * ret->wrong.
 */
enum query_result query_parse_target(struct span target, struct buf *storage, struct query *ret);

/*
 * Adds the pairs of an application/x-www-form-urlencoded body ('+' is a blank there), or of a
 * text/plain body of the same form; a line end behind the last pair is left out. After another
 * result than QUERY_OK *query is as it was, but for query->wrong.
 */
enum query_result query_parse_form(struct span body, struct buf *storage, struct query *query);

/* First parameter of that name (without case), or NULL. *ret_twice, when not NULL: it occurs again.
 */
const struct query_parameter *query_find(
	const struct query *query, const char *name, bool *ret_twice);

/*
 * Splits "Doors[12]" into base "Doors" and subscript 12. False when there is no subscript, it is
 * not decimal without leading zeros, or it is above max (then *ret_too_high is true). Of several
 * subscripts the last one counts.
 */
bool query_subscript(struct span name, uint32_t max, struct span *ret_base, uint32_t *ret_subscript,
	bool *ret_too_high);

/* Percent-encodes everything but unreserved characters and '[' ']' (devices want those literally).
 */
void query_encode(struct buf *out, struct span text);
