// SPDX-License-Identifier: Apache-2.0
/*
 * The writing side of an event stream, and the boundary of a Content-Type.
 *
 * A part is exactly what the most used clients count on: it begins with the boundary (no line end
 * in front), has three lines, a blank line, a body exactly as long as announced, and two line ends.
 * The user sends it as one write and never two parts in one.
 */
#include "multipart_text.h"

void multipart_write_part(
	struct buf *out, struct span boundary, const char *content_type, struct span body)
{
	buf_add_string(out, "--");
	buf_add(out, boundary);
	buf_add_string(out, "\r\nContent-Type: ");
	buf_add_string(out, content_type);
	buf_add_string(out, "\r\nContent-Length:");
	buf_add_u64(out, body.len);
	buf_add_string(out, "\r\n\r\n");
	buf_add(out, body);
	buf_add_string(out, "\r\n\r\n");
}

bool multipart_boundary_valid(struct span boundary)
{
	if (boundary.len == 0 || boundary.len > MULTIPART_BOUNDARY_MAX || boundary.data[0] == '-')
		return false;
	for (size_t i = 0; i < boundary.len; i++) {
		if (boundary.data[i] <= ' ' || boundary.data[i] > '~' || boundary.data[i] == '"')
			return false;
	}
	return true;
}

/* Cuts one parameter, up to a ';' outside of quotes. */
static struct span take_parameter(struct span *rest)
{
	bool quoted = false;
	size_t at = 0;

	while (at < rest->len && (quoted || rest->data[at] != ';')) {
		if (rest->data[at] == '"')
			quoted = !quoted;
		at++;
	}
	struct span part = span_slice(*rest, 0, at);

	*rest = span_slice(*rest, at + 1, rest->len);
	return span_trim(part);
}

static struct span boundary_strip(struct span value)
{
	if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
		value = span_slice(value, 1, value.len - 2);
	while (value.len > 0 && value.data[0] == '-')
		value = span_slice(value, 1, value.len);
	return value;
}

bool multipart_boundary(struct span content_type, struct span *ret_boundary)
{
	if (!span_equal_nocase(
		    take_parameter(&content_type), SPAN_LIT("multipart/x-mixed-replace")))
		return false;
	while (content_type.len > 0) {
		struct span parameter = take_parameter(&content_type);
		size_t equals = span_find(parameter, '=');
		struct span name = span_trim(span_slice(parameter, 0, equals));
		struct span value = span_trim(span_slice(parameter, equals + 1, parameter.len));

		if (!span_equal_nocase(name, SPAN_LIT("boundary")))
			continue;
		value = boundary_strip(value);
		if (!multipart_boundary_valid(value))
			return false;
		*ret_boundary = value;
		return true;
	}
	return false;
}
