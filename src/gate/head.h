/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd lets through and we do not: one judgement of a request's head before anything
 * acts on it (threats.md T11, T35). Pure: a list of fields in, a verdict out.
 */
#pragma once

#include "base/span.h"

#define HEAD_FIELDS_MAX 100
#define HEAD_TARGET_MAX 8192 /* bytes of the raw request target */
#define HEAD_BYTES_MAX 20480 /* names and values together; digest repeats the target */
#define HEAD_AUTHORIZATION_MAX 12288
#define HEAD_BODY_MAX 65536

struct head_field {
	struct span name;
	struct span value;
};

struct head {
	struct span method;
	struct span version; /* "HTTP/1.1" */
	struct span target; /* raw, as received */
	bool fields_left_out; /* more than HEAD_FIELDS_MAX came */
	uint32_t field_count;
	struct head_field field[HEAD_FIELDS_MAX];
};

/* Who we are to this connection. Addresses are IPv6, or IPv4 mapped into it. */
struct head_policy {
	const struct span *name; /* host names we answer to */
	uint32_t name_count;
	uint8_t local_address[16];
};

struct head_verdict {
	uint16_t status; /* 0: go on; else the HTTP status of the refusal */
	bool close; /* the end of this request is not certain: nothing may follow on its connection
		     */
	bool cross_site; /* sent by another site's page, or by a browser that hides whose: refused
			  * where it would change something */
	bool has_body; /* a Content-Length above 0, or chunks */
	const char *detail; /* the sentence for the error body; never holds bytes of the request */
	struct span authorization; /* empty when there is none */
	struct span content_type;
};

void head_judge(
	const struct head *head, const struct head_policy *policy, struct head_verdict *ret);

/* The line that follows "Error" in the body of an answer with this status: "Bad Request!". */
const char *head_status_line(unsigned status);
