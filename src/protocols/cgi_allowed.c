// SPDX-License-Identifier: Apache-2.0
/* What a value may be, in words: for the sentences of cgi_check.c and for docs/cgi.md. */
#include "protocols/cgi_methods.h"

static void add_range(struct buf *out, const struct cgi_parameter *parameter)
{
	buf_add_i64(out, parameter->min);
	if (parameter->max == CGI_NO_MAX) {
		buf_add_string(out, " or more");
	} else {
		buf_add_string(out, " to ");
		buf_add_i64(out, parameter->max);
	}
	if (parameter->also != 0) {
		buf_add_string(out, ", or ");
		buf_add_i64(out, parameter->also);
	}
}

static void add_number_allowed(struct buf *out, const struct cgi_parameter *parameter)
{
	if (parameter->min == parameter->max && parameter->also == 0) {
		buf_add_i64(out, parameter->min);
		return;
	}
	buf_add_string(out, "a whole number, ");
	add_range(out, parameter);
}

static void add_text_allowed(struct buf *out, const struct cgi_parameter *parameter)
{
	if (parameter->only != NULL) {
		buf_add_string(out, parameter->only);
		return;
	}
	buf_add_string(out, "text of ");
	add_range(out, parameter);
	buf_add_string(out, parameter->kind == CGI_TEXT ? " characters" : " bytes");
}

void cgi_parameter_allowed(const struct cgi_parameter *parameter, struct buf *out)
{
	switch (parameter->kind) {
	case CGI_TEXT:
	case CGI_BYTES:
		add_text_allowed(out, parameter);
		break;
	case CGI_INTEGER:
		add_number_allowed(out, parameter);
		break;
	case CGI_BOOL:
		buf_add_string(out, parameter->max > 0 ? "true or false" : "false");
		break;
	case CGI_TIME:
		buf_add_string(out, "a date as 20151022 093811 or 2015-10-22 09:38:11");
		if (parameter->min == 0)
			buf_add_string(out, ", or empty");
		break;
	case CGI_EPOCH:
		buf_add_string(out, "seconds since 1970 UTC, ");
		add_range(out, parameter);
		break;
	case CGI_CODES:
		buf_add_string(out, "event codes as [A,B], A,B or All, at most 64");
		break;
	case CGI_INDEXED_INTEGER:
		buf_add_string(out, "whole numbers, ");
		add_range(out, parameter);
		buf_add_string(out, ", as ");
		buf_add_string(out, parameter->name);
		buf_add_string(out, "[0]=1 or ");
		buf_add_string(out, parameter->name);
		buf_add_string(out, "=[1,2]");
		break;
	case CGI_PERIOD:
		buf_add_string(out, "a period as 1 08:00:00-18:00:00");
		break;
	}
}
