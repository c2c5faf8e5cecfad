// SPDX-License-Identifier: Apache-2.0
/*
 * The Authorization header of HTTP Digest, and whether its uri= names the request.
 *
 * The header comes from anybody: it is walked once, byte by byte, without copies; every span of the
 * result lies inside it. Clients differ in blanks, order and which values they quote, and all of
 * that is taken. What could be read in two ways is refused: a parameter twice, an escape in a value
 * that enters a hash, control bytes, a userhash.
 */
#include "base/number.h"
#include "digest_text.h"
#include "protocols/digest.h"

enum param {
	PARAM_USERNAME,
	PARAM_REALM,
	PARAM_NONCE,
	PARAM_URI,
	PARAM_RESPONSE,
	PARAM_CNONCE,
	PARAM_NC,
	PARAM_OPAQUE,
	PARAM_ALGORITHM,
	PARAM_QOP,
	PARAM_USERHASH,
	PARAM_COUNT,
};

static const char *const param_names[PARAM_COUNT] = {
	[PARAM_USERNAME] = "username",
	[PARAM_REALM] = "realm",
	[PARAM_NONCE] = "nonce",
	[PARAM_URI] = "uri",
	[PARAM_RESPONSE] = "response",
	[PARAM_CNONCE] = "cnonce",
	[PARAM_NC] = "nc",
	[PARAM_OPAQUE] = "opaque",
	[PARAM_ALGORITHM] = "algorithm",
	[PARAM_QOP] = "qop",
	[PARAM_USERHASH] = "userhash",
};

struct params {
	struct span value[PARAM_COUNT];
	bool present[PARAM_COUNT];
};

size_t digest_hash_size(enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_SHA256 ? 32 : 16;
}

struct span digest_algorithm_name(enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_SHA256 ? SPAN_LIT("SHA-256") : SPAN_LIT("MD5");
}

static bool byte_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool byte_is_token(char c)
{
	static const char marks[] = {
		'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'};

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       memchr(marks, c, sizeof(marks)) != NULL;
}

static bool byte_is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void skip_blanks(struct span *rest)
{
	while (rest->len > 0 && byte_is_blank(rest->data[0]))
		*rest = span_slice(*rest, 1, rest->len);
}

static struct span take(struct span *rest, size_t len)
{
	struct span part = span_slice(*rest, 0, len);

	*rest = span_slice(*rest, len, rest->len);
	return part;
}

/* Behind the opening quote. Takes the closing one too; escapes stay in the value. */
static bool take_quoted(struct span *rest, struct span *ret_value)
{
	size_t at = 0;

	while (at < rest->len && rest->data[at] != '"') {
		if (byte_is_control(rest->data[at]))
			return false;
		at += rest->data[at] == '\\' ? 2 : 1;
		if (at <= rest->len && byte_is_control(rest->data[at - 1]))
			return false;
	}
	if (at >= rest->len)
		return false;
	*ret_value = take(rest, at);
	*rest = span_slice(*rest, 1, rest->len);
	return true;
}

static bool take_value(struct span *rest, struct span *ret_value)
{
	size_t at = 0;

	if (rest->len > 0 && rest->data[0] == '"') {
		*rest = span_slice(*rest, 1, rest->len);
		return take_quoted(rest, ret_value);
	}
	while (at < rest->len && rest->data[at] != ',' && !byte_is_blank(rest->data[at])) {
		if (byte_is_control(rest->data[at]) || rest->data[at] == '"' ||
			rest->data[at] == '\\')
			return false;
		at++;
	}
	*ret_value = take(rest, at);
	return at > 0;
}

static bool params_keep(struct params *params, struct span name, struct span value)
{
	for (unsigned i = 0; i < PARAM_COUNT; i++) {
		if (!span_equal_nocase(name, span_from_string(param_names[i])))
			continue;
		if (params->present[i])
			return false;
		if (i != PARAM_USERNAME && i != PARAM_REALM && span_find(value, '\\') < value.len)
			return false;
		params->present[i] = true;
		params->value[i] = value;
	}
	return true;
}

static bool params_take(struct params *params, struct span rest)
{
	for (;;) {
		struct span name;
		struct span value;
		size_t len = 0;

		while (rest.len > 0 && (rest.data[0] == ',' || byte_is_blank(rest.data[0])))
			rest = span_slice(rest, 1, rest.len);
		if (rest.len == 0)
			return true;
		while (len < rest.len && byte_is_token(rest.data[len]))
			len++;
		name = take(&rest, len);
		skip_blanks(&rest);
		if (name.len == 0 || rest.len == 0 || rest.data[0] != '=')
			return false;
		rest = span_slice(rest, 1, rest.len);
		skip_blanks(&rest);
		if (!take_value(&rest, &value) || !params_keep(params, name, value))
			return false;
		skip_blanks(&rest);
		if (rest.len > 0 && rest.data[0] != ',')
			return false;
	}
}

static bool params_algorithm(const struct params *params, enum digest_algorithm *ret_algorithm)
{
	*ret_algorithm = DIGEST_MD5;
	if (!params->present[PARAM_ALGORITHM])
		return true;
	for (unsigned i = 0; i < DIGEST_ALGORITHM_COUNT; i++) {
		*ret_algorithm = (enum digest_algorithm)i;
		if (span_equal_nocase(
			    params->value[PARAM_ALGORITHM], digest_algorithm_name(*ret_algorithm)))
			return true;
	}
	return false;
}

static bool params_complete(const struct params *params, const struct digest_response *response)
{
	uint8_t scratch[DIGEST_HASH_MAX];

	for (unsigned i = PARAM_USERNAME; i <= PARAM_RESPONSE; i++) {
		if (!params->present[i])
			return false;
	}
	if (params->present[PARAM_QOP] &&
		(!span_equal_nocase(params->value[PARAM_QOP], SPAN_LIT("auth")) ||
			!params->present[PARAM_NC] || !params->present[PARAM_CNONCE]))
		return false;
	if (params->present[PARAM_NC] && !hex_decode(response->nc, scratch, 4))
		return false;
	if (params->present[PARAM_USERHASH] &&
		!span_equal_nocase(params->value[PARAM_USERHASH], SPAN_LIT("false")))
		return false;
	return hex_decode(response->response, scratch, digest_hash_size(response->algorithm));
}

enum digest_parse digest_response_parse(struct span header, struct digest_response *ret)
{
	static const struct span scheme = {"Digest", 6};
	struct params params = {0};

	memset(ret, 0, sizeof(*ret));
	header = span_trim(header);
	if (!span_starts_with_nocase(header, scheme) ||
		(header.len > scheme.len && !byte_is_blank(header.data[scheme.len])))
		return DIGEST_PARSE_OTHER_SCHEME;
	if (header.len > DIGEST_HEADER_MAX ||
		!params_take(&params, span_slice(header, scheme.len, header.len)) ||
		!params_algorithm(&params, &ret->algorithm))
		return DIGEST_PARSE_BAD;
	ret->username = params.value[PARAM_USERNAME];
	ret->realm = params.value[PARAM_REALM];
	ret->nonce = params.value[PARAM_NONCE];
	ret->uri = params.value[PARAM_URI];
	ret->response = params.value[PARAM_RESPONSE];
	ret->cnonce = params.value[PARAM_CNONCE];
	ret->nc = params.value[PARAM_NC];
	ret->opaque = params.value[PARAM_OPAQUE];
	ret->has_qop = params.present[PARAM_QOP];
	return params_complete(&params, ret) ? DIGEST_PARSE_OK : DIGEST_PARSE_BAD;
}

void digest_unquote(struct buf *out, struct span quoted)
{
	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.data[i] == '\\' && i + 1 < quoted.len)
			i++;
		buf_add_byte(out, quoted.data[i]);
	}
}

/* One byte of a target after percent-decoding. */
struct target_byte {
	uint8_t value;
	bool escaped;
};

static bool target_next(struct span *rest, struct target_byte *ret)
{
	if (rest->data[0] != '%') {
		*ret = (struct target_byte){.value = (uint8_t)rest->data[0]};
		*rest = span_slice(*rest, 1, rest->len);
		return true;
	}
	ret->escaped = true;
	if (!hex_decode(span_slice(*rest, 1, 2), &ret->value, 1))
		return false;
	*rest = span_slice(*rest, 3, rest->len);
	return true;
}

enum target_place { PLACE_PATH, PLACE_NAME, PLACE_VALUE };

/* A byte that means something else when it is escaped. */
static bool byte_divides(uint8_t byte, enum target_place place)
{
	switch (place) {
	case PLACE_PATH:
		return byte == '?' || byte == '/' || byte == '#';
	case PLACE_NAME:
		return byte == '&' || byte == '=' || byte == '#';
	case PLACE_VALUE:
		return byte == '&' || byte == '#';
	}
	return true;
}

static enum target_place place_behind(enum target_place place, struct target_byte byte)
{
	if (byte.escaped)
		return place;
	if (place == PLACE_PATH)
		return byte.value == '?' ? PLACE_NAME : PLACE_PATH;
	if (byte.value == '&')
		return PLACE_NAME;
	return byte.value == '=' ? PLACE_VALUE : place;
}

bool digest_uri_matches(struct span header_uri, struct span request_target)
{
	enum target_place place = PLACE_PATH;

	if (header_uri.len == 0 || header_uri.data[0] != '/' || request_target.len == 0 ||
		request_target.data[0] != '/')
		return false;
	if (span_equal(header_uri, request_target))
		return true; /* whatever it is, it was signed as it came */
	while (header_uri.len > 0 && request_target.len > 0) {
		struct target_byte signed_byte;
		struct target_byte sent_byte;

		if (!target_next(&header_uri, &signed_byte) ||
			!target_next(&request_target, &sent_byte) ||
			signed_byte.value != sent_byte.value)
			return false;
		if (signed_byte.escaped != sent_byte.escaped &&
			byte_divides(sent_byte.value, place))
			return false;
		place = place_behind(place, sent_byte);
	}
	return header_uri.len == 0 && request_target.len == 0;
}
