// SPDX-License-Identifier: Apache-2.0
/*
 * Typed getters over a query. They read a value the same way as the check did and keep nothing; a
 * value that the check would refuse counts as left out, so that a getter cannot go wrong on a query
 * nobody checked.
 */
#include "protocols/cgi_methods.h"

#include "base/number.h"
#include "cgi_values.h"
#include "protocols/keyvalue.h"

bool cgi_text(const struct query *query, const char *name, struct span *ret)
{
	const struct query_parameter *parameter = query_find(query, name, NULL);

	if (parameter == NULL)
		return false;
	*ret = parameter->value;
	return true;
}

bool cgi_integer(const struct query *query, const char *name, int64_t *ret)
{
	struct span value;

	return cgi_text(query, name, &value) && number_parse_i64(value, INT64_MIN, INT64_MAX, ret);
}

bool cgi_bool(const struct query *query, const char *name, bool *ret)
{
	struct span value;

	return cgi_text(query, name, &value) && keyvalue_parse_bool(value, ret);
}

bool cgi_time(const struct query *query, const char *name, struct civil *ret)
{
	struct span value;

	return cgi_text(query, name, &value) && keyvalue_parse_time(value, ret);
}

bool cgi_list_open(struct span *value)
{
	struct span trimmed = span_trim(*value);

	if (trimmed.len < 2 || trimmed.data[0] != '[' || trimmed.data[trimmed.len - 1] != ']')
		return false;
	*value = span_trim(span_slice(trimmed, 1, trimmed.len - 2));
	return true;
}

static void put(struct cgi_indexed *to, uint32_t at, struct span text)
{
	if (at >= CGI_SUBSCRIPTS || to->present[at] ||
		!number_parse_i64(text, INT64_MIN, INT64_MAX, &to->value[at]))
		return;
	to->present[at] = true;
	to->count++;
}

static void put_list(struct cgi_indexed *to, struct span list)
{
	struct span element;

	if (!cgi_list_open(&list) || list.len == 0)
		return;
	for (uint32_t at = 0; span_next(&list, ',', &element); at++)
		put(to, at, span_trim(element));
}

bool cgi_indexed(const struct query *query, const char *name, struct cgi_indexed *ret)
{
	struct span wanted = span_from_string(name);
	bool given = false;

	for (uint32_t i = 0; i < query->count; i++) {
		const struct query_parameter *parameter = &query->parameter[i];
		struct span base = parameter->name;
		uint32_t at = 0;
		bool too_high;
		bool element =
			query_subscript(parameter->name, CGI_SUBSCRIPTS - 1, &base, &at, &too_high);

		if (!span_equal_nocase(base, wanted))
			continue;
		if (!given)
			*ret = (struct cgi_indexed){.count = 0};
		given = true;
		if (element)
			put(ret, at, parameter->value);
		else
			put_list(ret, parameter->value);
	}
	return given;
}

bool cgi_codes_next(struct span *rest, struct span *ret_code)
{
	struct span list = *rest;

	if (list.data != NULL && cgi_list_open(&list))
		*rest = list;
	if (!span_next(rest, ',', ret_code))
		return false;
	*ret_code = span_trim(*ret_code);
	return true;
}

bool cgi_codes_include(struct span codes, struct span code)
{
	struct span one;

	while (cgi_codes_next(&codes, &one)) {
		if (span_equal_nocase(one, code) || span_equal_nocase(one, SPAN_LIT("All")))
			return true;
	}
	return false;
}
