// SPDX-License-Identifier: Apache-2.0
/*
 * Which listed parameter a name in a query stands for. Names compare without case; a range in a
 * pattern of the table, "[0..127]", takes one decimal subscript without leading zeros, so that one
 * place has one spelling and "given twice" can be seen by comparing names.
 */
#include "cgi_match.h"

#include "base/assert.h"
#include "base/number.h"

/* Takes "[0..127]" off the pattern and "[12]" off the name. */
static bool match_subscript(
	struct span *pattern, struct span *name, uint32_t *ret, bool *ret_too_high)
{
	size_t pattern_end = span_find(*pattern, ']');
	size_t name_end = span_find(*name, ']');
	struct span digits = span_slice(*name, 1, name_end - 1);
	uint64_t max;
	uint64_t subscript;

	/* 4: behind "[0.." stands the highest subscript. */
	ASSERT(pattern_end < pattern->len &&
		number_parse_u64(span_slice(*pattern, 4, pattern_end - 4), UINT32_MAX, &max));
	if (name->len == 0 || name->data[0] != '[' || name_end == name->len)
		return false;
	if (!number_parse_u64(digits, UINT64_MAX, &subscript) ||
		(digits.len > 1 && digits.data[0] == '0'))
		return false;
	*ret_too_high = subscript > max;
	*ret = (uint32_t)subscript;
	*pattern = span_slice(*pattern, pattern_end + 1, pattern->len);
	*name = span_slice(*name, name_end + 1, name->len);
	return !*ret_too_high;
}

bool cgi_name_matches(const char *pattern, struct span name,
	uint32_t subscripts[CGI_PATTERN_SUBSCRIPTS], bool *ret_too_high)
{
	struct span rest = span_from_string(pattern);
	bool too_high = false;
	size_t count = 0;

	if (ret_too_high != NULL)
		*ret_too_high = false;
	while (rest.len > 0) {
		struct span plain = span_slice(rest, 0, span_find(rest, '['));
		bool is_range =
			span_starts_with(span_slice(rest, plain.len, rest.len), SPAN_LIT("[0.."));

		if (!is_range && plain.len < rest.len) /* a bracket that stands for itself */
			plain = rest;
		if (!span_starts_with_nocase(name, plain))
			return false;
		rest = span_slice(rest, plain.len, rest.len);
		name = span_slice(name, plain.len, name.len);
		if (rest.len == 0)
			break;
		ASSERT(count < CGI_PATTERN_SUBSCRIPTS);
		if (!match_subscript(&rest, &name, &subscripts[count++], &too_high)) {
			if (ret_too_high != NULL)
				*ret_too_high = too_high;
			return false;
		}
	}
	return name.len == 0;
}

static enum cgi_match parameter_match(const struct cgi_parameter *parameter, struct span name)
{
	struct span base = span_from_string(parameter->name);
	uint32_t subscripts[CGI_PATTERN_SUBSCRIPTS];
	bool too_high;

	if (parameter->kind != CGI_INDEXED_INTEGER) {
		if (cgi_name_matches(parameter->name, name, subscripts, &too_high))
			return CGI_MATCH_YES;
		return too_high ? CGI_MATCH_BAD_SUBSCRIPT : CGI_MATCH_NONE;
	}
	if (!span_starts_with_nocase(name, base))
		return CGI_MATCH_NONE;
	if (name.len == base.len)
		return CGI_MATCH_YES;
	if (name.data[base.len] != '[')
		return CGI_MATCH_NONE;
	struct span found;
	bool good = query_subscript(name, CGI_SUBSCRIPTS - 1, &found, subscripts, &too_high);

	return good && found.len == base.len ? CGI_MATCH_YES : CGI_MATCH_BAD_SUBSCRIPT;
}

const struct cgi_parameter *cgi_find_listed(
	const struct cgi_method *method, struct span name, enum cgi_match *ret_match)
{
	const struct cgi_parameter *bad = NULL;

	for (uint16_t i = 0; i < method->parameter_count; i++) {
		const struct cgi_parameter *parameter = &method->parameters[i];

		switch (parameter_match(parameter, name)) {
		case CGI_MATCH_YES:
			*ret_match = CGI_MATCH_YES;
			return parameter;
		case CGI_MATCH_BAD_SUBSCRIPT:
			bad = bad == NULL ? parameter : bad;
			break;
		case CGI_MATCH_NONE:
			break;
		}
	}
	*ret_match = bad == NULL ? CGI_MATCH_NONE : CGI_MATCH_BAD_SUBSCRIPT;
	return bad;
}
