// SPDX-License-Identifier: Apache-2.0
/*
 * The gate in front of every handler: each parameter of the query is matched with the method's row
 * and judged, then what the row requires is looked for. The first fault ends the check with one
 * sentence; what is wrong comes first, what is allowed last.
 *
 * A parameter that is listed may be given once only: of two values a handler would use one, and a
 * person would have meant the other. Sentences hold names and numbers from the query, cut to a
 * bound and already free of control characters (query.c); values of texts stay out of them.
 *
 * Bounds: QUERY_PARAMETERS_MAX parameters, each compared with at most 64 listed ones and with those
 * behind it; a sentence has at most CGI_ERROR_MAX bytes.
 */
#include "protocols/cgi_methods.h"

#include "base/assert.h"
#include "base/number.h"
#include "base/utf8.h"
#include "cgi_match.h"
#include "cgi_values.h"
#include "protocols/keyvalue.h"

#define NAME_SHOWN_MAX 64 /* bytes of a parameter's name in a sentence */
#define VALUE_SHOWN_MAX 32 /* bytes of its value */
#define CODE_BYTES_MAX 64
#define PARAMETERS_MAX 64

/* The place where a sentence is written, and what it is about. */
struct fault {
	struct buf *out;
	struct span name; /* as the caller wrote it */
};

/* Adds at most max bytes of text, whole characters, and says with dots that it was cut. */
static void add_clipped(struct buf *out, struct span text, size_t max)
{
	size_t len = text.len;

	if (len > max) {
		len = max;
		while (len > 0 && ((uint8_t)text.data[len] & 0xc0) == 0x80)
			len--;
	}
	buf_add(out, span_slice(text, 0, len));
	if (len < text.len)
		buf_add_string(out, "...");
}

static bool fault_say(const struct fault *fault, const char *what)
{
	add_clipped(fault->out, fault->name, NAME_SHOWN_MAX);
	buf_add_string(fault->out, what);
	return false;
}

/* "channel is "0"; it must be a whole number from 1 to 64" */
static bool fault_value(
	const struct fault *fault, const struct cgi_parameter *parameter, struct span value)
{
	if (value.len == 0) {
		fault_say(fault, " is empty; it must be ");
	} else {
		fault_say(fault, " is \"");
		add_clipped(fault->out, value, VALUE_SHOWN_MAX);
		buf_add_string(fault->out, "\"; it must be ");
	}
	cgi_parameter_allowed(parameter, fault->out);
	return false;
}

/* "CardName has 33 characters, at most 32 are allowed" */
static bool fault_length(
	const struct fault *fault, size_t len, const char *unit, const char *bound, int64_t allowed)
{
	fault_say(fault, " has ");
	buf_add_u64(fault->out, len);
	buf_add_string(fault->out, unit);
	buf_add_string(fault->out, bound);
	buf_add_i64(fault->out, allowed);
	buf_add_string(fault->out, allowed == 1 ? " is allowed" : " are allowed");
	return false;
}

static bool check_text(
	const struct fault *fault, const struct cgi_parameter *parameter, struct span value)
{
	size_t characters;

	if (!utf8_printable(value, &characters))
		return fault_say(fault, " holds control characters or is not UTF-8");
	size_t len = parameter->kind == CGI_TEXT ? characters : value.len;
	const char *unit = parameter->kind == CGI_TEXT ? " characters" : " bytes";

	if (parameter->only != NULL && !span_equal_nocase(value, span_from_string(parameter->only)))
		return fault_value(fault, parameter, value);
	if (len == 0 && parameter->min > 0)
		return fault_value(fault, parameter, value);
	if (len < (size_t)parameter->min)
		return fault_length(fault, len, unit, ", at least ", parameter->min);
	if (len > (size_t)parameter->max)
		return fault_length(fault, len, unit, ", at most ", parameter->max);
	return true;
}

static bool number_allowed(const struct cgi_parameter *parameter, struct span text)
{
	int64_t number;

	return number_parse_i64(text, INT64_MIN, INT64_MAX, &number) &&
	       ((number >= parameter->min && number <= parameter->max) ||
		       (parameter->also != 0 && number == parameter->also));
}

static bool bool_allowed(const struct cgi_parameter *parameter, struct span text)
{
	bool value;

	return keyvalue_parse_bool(text, &value) && (!value || parameter->max > 0);
}

static bool time_allowed(const struct cgi_parameter *parameter, struct span text)
{
	struct civil local;

	return (text.len == 0 && parameter->min == 0) || keyvalue_parse_time(text, &local);
}

static bool period_allowed(struct span text)
{
	struct keyvalue_period period;

	return keyvalue_parse_period(text, &period);
}

static bool code_allowed(struct span code)
{
	for (size_t i = 0; i < code.len; i++) {
		char c = code.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '_' && c != '-' && c != '.')
			return false;
	}
	return code.len > 0 && code.len <= CODE_BYTES_MAX;
}

static bool codes_allowed(struct span list)
{
	struct span code;
	uint32_t count = 0;

	(void)cgi_list_open(&list);
	while (span_next(&list, ',', &code)) {
		if (++count > CGI_CODES_MAX || !code_allowed(span_trim(code)))
			return false;
	}
	return count > 0;
}

/* Name=[1,2]: what Name[0]=1&Name[1]=2 says, and [] for none. */
static bool check_list(
	const struct fault *fault, const struct cgi_parameter *parameter, struct span list)
{
	struct span value = list;
	struct span element;
	uint32_t count = 0;

	if (!cgi_list_open(&list))
		return fault_value(fault, parameter, value);
	while (list.len > 0 && span_next(&list, ',', &element)) {
		if (!number_allowed(parameter, span_trim(element)))
			return fault_value(fault, parameter, span_trim(element));
		count++;
		/* A comma at the end announces one more element than there is. */
		if (list.data != NULL && list.len == 0)
			return fault_value(fault, parameter, list);
	}
	if (count > CGI_SUBSCRIPTS)
		return fault_length(fault, count, " values", ", at most ", CGI_SUBSCRIPTS);
	return true;
}

static bool check_value(const struct fault *fault, const struct cgi_parameter *parameter,
	const struct query_parameter *given)
{
	struct span value = given->value;
	bool good = false;

	switch (parameter->kind) {
	case CGI_TEXT:
	case CGI_BYTES:
		return check_text(fault, parameter, value);
	case CGI_INTEGER:
	case CGI_EPOCH:
		good = number_allowed(parameter, value);
		break;
	case CGI_BOOL:
		good = bool_allowed(parameter, value);
		break;
	case CGI_TIME:
		good = time_allowed(parameter, value);
		break;
	case CGI_CODES:
		good = codes_allowed(value);
		break;
	case CGI_PERIOD:
		good = period_allowed(value);
		break;
	case CGI_INDEXED_INTEGER:
		if (given->name.data[given->name.len - 1] != ']')
			return check_list(fault, parameter, value);
		good = number_allowed(parameter, value);
		break;
	}
	return good || fault_value(fault, parameter, value);
}

static bool name_is_one_of(struct span name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal_nocase(name, span_from_string(names[i])))
			return true;
	}
	return false;
}

static bool is_filter(struct span name)
{
	static const char *const filters[] = {"StartTime", "EndTime", "AfterRecNo"};

	return span_starts_with_nocase(name, SPAN_LIT("condition.")) ||
	       name_is_one_of(name, filters, ARRAY_COUNT(filters));
}

/* "; known here are A, B": only as long as the sentence keeps its bound. */
static void add_known(const struct cgi_method *method, bool filters, struct buf *out)
{
	char memory[CGI_ERROR_MAX];
	size_t left = CGI_ERROR_MAX - (out->len < CGI_ERROR_MAX ? out->len : CGI_ERROR_MAX);
	struct buf list = buf_over(memory, left);
	const char *between = "; known here are ";

	for (uint16_t i = 0; i < method->parameter_count; i++) {
		const char *name = method->parameters[i].name;

		if (filters && !is_filter(span_from_string(name)))
			continue;
		buf_add_string(&list, between);
		buf_add_string(&list, name);
		between = ", ";
	}
	if (!list.overflow)
		buf_add(out, buf_span(&list));
}

static bool check_stray(
	const struct fault *fault, const struct cgi_method *method, struct span name)
{
	static const char *const never[] = {"action", "name", "_", "t", "rnd", "random"};
	bool filter = is_filter(name);

	if (method->stray == CGI_STRAY_TOLERATED ||
		(method->stray == CGI_STRAY_FILTERS_REFUSED && !filter))
		return true;
	if (name_is_one_of(name, never, ARRAY_COUNT(never)) ||
		(method->operation == CGI_CARD_INSERT &&
			span_equal_nocase(name, SPAN_LIT("RecNo"))))
		return true;
	fault_say(fault, filter ? " is not a filter of " : " is not a field of ");
	buf_add_string(fault->out, method->table != NULL ? method->table : method->action);
	add_known(method, method->stray == CGI_STRAY_FILTERS_REFUSED, fault->out);
	return false;
}

static bool is_given_again(const struct query *query, uint32_t at)
{
	for (uint32_t i = at + 1; i < query->count; i++) {
		if (span_equal_nocase(query->parameter[i].name, query->parameter[at].name))
			return true;
	}
	return false;
}

/* A list beside subscripts of the same parameter: which of the two holds cannot be told. */
static bool is_list_and_subscripts(
	const struct query *query, const struct cgi_parameter *parameter, uint32_t at)
{
	struct span base = span_from_string(parameter->name);

	if (parameter->kind != CGI_INDEXED_INTEGER || query->parameter[at].name.len != base.len)
		return false;
	for (uint32_t i = 0; i < query->count; i++) {
		struct span name = query->parameter[i].name;

		if (i != at && span_starts_with_nocase(name, base) &&
			(name.len == base.len || name.data[base.len] == '['))
			return true;
	}
	return false;
}

static bool fault_subscript(const struct fault *fault, const struct cgi_parameter *parameter)
{
	fault_say(fault, " has no good subscript; allowed is ");
	buf_add_string(fault->out, parameter->name);
	if (parameter->kind == CGI_INDEXED_INTEGER)
		buf_add_string(fault->out, "[0] to [127]");
	return false;
}

/* Judges one parameter; *given gets the bit of the listed one it stands for. */
static bool check_one(const struct cgi_method *method, const struct query *query, uint32_t at,
	uint64_t *given, struct buf *out)
{
	const struct query_parameter *parameter = &query->parameter[at];
	struct fault fault = {out, parameter->name};
	enum cgi_match match;
	const struct cgi_parameter *listed = cgi_find_listed(method, parameter->name, &match);
	bool leads = span_equal_nocase(parameter->name, SPAN_LIT("action")) ||
		     span_equal_nocase(parameter->name, SPAN_LIT("name"));

	if (match == CGI_MATCH_BAD_SUBSCRIPT)
		return fault_subscript(&fault, listed);
	if ((match == CGI_MATCH_YES || leads) && is_given_again(query, at))
		return fault_say(&fault, " is given twice; give it once");
	if (match == CGI_MATCH_NONE)
		return check_stray(&fault, method, parameter->name);
	if (is_list_and_subscripts(query, listed, at))
		return fault_say(&fault, " is given as a list and with subscripts; use one form");
	*given |= UINT64_C(1) << (listed - method->parameters);
	return check_value(&fault, listed, parameter);
}

bool cgi_method_check(
	const struct cgi_method *method, const struct query *query, struct buf *ret_error)
{
	uint64_t given = 0;

	ASSERT(method->parameter_count <= PARAMETERS_MAX);
	for (uint32_t i = 0; i < query->count; i++) {
		if (!check_one(method, query, i, &given, ret_error))
			return false;
	}
	for (uint16_t i = 0; i < method->parameter_count; i++) {
		const struct cgi_parameter *parameter = &method->parameters[i];
		struct fault fault = {ret_error, span_from_string(parameter->name)};

		if (!parameter->required || given >> i & 1)
			continue;
		fault_say(&fault, " is missing; it must be ");
		cgi_parameter_allowed(parameter, ret_error);
		return false;
	}
	return true;
}
