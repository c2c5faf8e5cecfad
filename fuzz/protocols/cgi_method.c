// SPDX-License-Identifier: Apache-2.0
/*
 * A request target on its way to a handler: parse, find the row, check. A refusal has a sentence of
 * bounded, printable text and an acceptance has none; of what passes, every parameter of the row is
 * read by its getter and lies in the row's range.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "protocols/cgi_methods.h"

static struct query query;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool in_range(const struct cgi_parameter *parameter, int64_t value)
{
	return (value >= parameter->min && value <= parameter->max) || value == parameter->also;
}

static void check_value(const struct cgi_parameter *parameter, struct span text)
{
	static struct cgi_indexed indexed;
	int64_t integer;
	size_t characters;
	struct civil local;
	struct span code;
	bool yes;

	require(utf8_printable(text, &characters));
	if (parameter->kind == CGI_TEXT || parameter->kind == CGI_BYTES)
		require(in_range(
			parameter, (int64_t)(parameter->kind == CGI_TEXT ? characters : text.len)));
	if (parameter->kind == CGI_INTEGER || parameter->kind == CGI_EPOCH)
		require(cgi_integer(&query, parameter->name, &integer) &&
			in_range(parameter, integer));
	if (parameter->kind == CGI_BOOL)
		require(cgi_bool(&query, parameter->name, &yes) && in_range(parameter, yes));
	if (parameter->kind == CGI_TIME)
		require(cgi_time(&query, parameter->name, &local) ? civil_valid(&local)
								  : text.len == 0);
	if (parameter->kind == CGI_INDEXED_INTEGER)
		require(cgi_indexed(&query, parameter->name, &indexed));
	while (parameter->kind == CGI_CODES && cgi_codes_next(&text, &code))
		require(code.len > 0 && code.len <= 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[64 * 1024];
	char sentence[CGI_ERROR_MAX];
	struct buf storage = buf_over(memory, sizeof(memory));
	struct buf error = buf_over(sentence, sizeof(sentence));
	const struct cgi_method *method;

	if (query_parse_target(span_of(data, size), &storage, &query) != QUERY_OK)
		return 0;
	enum cgi_lookup lookup = cgi_method_find_query(&query, &method);

	require((lookup == CGI_FOUND) == (method != NULL));
	if (method == NULL)
		return 0;
	bool good = cgi_method_check(method, &query, &error);

	require(good == (error.len == 0) && !error.overflow);
	require(utf8_printable(buf_span(&error), NULL));
	for (uint16_t i = 0; good && i < method->parameter_count; i++) {
		struct span text = {NULL, 0};
		bool given = cgi_text(&query, method->parameters[i].name, &text);

		require(given || !method->parameters[i].required);
		if (given)
			check_value(&method->parameters[i], text);
	}
	return 0;
}
