// SPDX-License-Identifier: Apache-2.0
/*
 * The judgement runs in the order of danger: what could make two readers of the same bytes disagree
 * (control bytes, two lengths, length beside chunks) comes first and closes the connection; then
 * whether the request is meant for us (Host); then who sent it there (another site's page).
 *
 * HTTP/1.0 clients need not send Host, as RFC 9112 has it; browsers, which could be lured here,
 * always do. No text of the request is repeated in an answer.
 */
#include "head.h"

#include "base/compiler.h"
#include "base/number.h"

#include <arpa/inet.h>

static const uint8_t loopback6[16] = {[15] = 1};
static const uint8_t mapped4[12] = {[10] = 0xff, [11] = 0xff};

const char *head_status_line(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request!";
	case 401:
		return "Invalid Authority!";
	case 403:
		return "Authorization Failed!";
	case 404:
		return "Not Found!";
	case 405:
		return "Method Not Allowed!";
	case 413:
		return "Content Too Large!";
	case 414:
		return "URI Too Long!";
	case 415:
		return "Unsupported Media Type!";
	case 421:
		return "Misdirected Request!";
	case 431:
		return "Request Header Fields Too Large!";
	case 501:
		return "Not Implemented!";
	case 503:
		return "Service Unavailable!";
	default:
		return "Internal Error";
	}
}

static void refuse(struct head_verdict *ret, uint16_t status, const char *detail)
{
	ret->status = status;
	ret->detail = detail;
}

/* The framing or the bytes are doubtful: answer and close. */
static void refuse_unsound(struct head_verdict *ret, uint16_t status, const char *detail)
{
	refuse(ret, status, detail);
	ret->close = true;
}

static bool is_token(struct span s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		bool alnum =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!alnum && memchr(marks, c, sizeof(marks) - 1) == NULL)
			return false;
	}
	return s.len > 0;
}

/* Control bytes; a tab is one where tab_allowed is false. */
static bool has_control(struct span s, bool tab_allowed)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if ((c < 0x20 && !(tab_allowed && c == '\t')) || c == 0x7f)
			return true;
	}
	return false;
}

/* The field of that name, or NULL; *ret_count counts them all. */
static const struct head_field *field_find(
	const struct head *head, const char *name, uint32_t *ret_count)
{
	const struct head_field *found = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < head->field_count; i++) {
		if (!span_equal_nocase(head->field[i].name, span_from_string(name)))
			continue;
		if (found == NULL)
			found = &head->field[i];
		count++;
	}
	*ret_count = count;
	return found;
}

/* "host", "host:8080", "[::1]", "[::1]:8080" into the name without brackets and the port. */
static bool authority_split(struct span authority, struct span *ret_name, struct span *ret_port)
{
	struct span name;
	struct span rest = {NULL, 0};

	if (authority.len > 0 && authority.data[0] == '[') {
		size_t end = span_find(authority, ']');

		if (end == authority.len)
			return false;
		name = span_slice(authority, 1, end - 1);
		rest = span_slice(authority, end + 1, authority.len);
	} else {
		size_t colon = span_find(authority, ':');

		name = span_slice(authority, 0, colon);
		rest = span_slice(authority, colon, authority.len);
	}
	uint64_t port;

	if (rest.len > 0 && (rest.data[0] != ':' ||
				    !number_parse_u64(span_slice(rest, 1, rest.len), 65535, &port)))
		return false;
	if (name.len > 1 && name.data[name.len - 1] == '.')
		name.len--;
	*ret_name = name;
	*ret_port = span_slice(rest, 1, rest.len);
	return name.len > 0;
}

static bool address_parse(struct span text, uint8_t ret[16])
{
	char string[INET6_ADDRSTRLEN];

	if (text.len >= sizeof(string))
		return false;
	memcpy(string, text.data, text.len);
	string[text.len] = '\0';
	if (inet_pton(AF_INET6, string, ret) == 1)
		return true;
	memcpy(ret, mapped4, sizeof(mapped4));
	return inet_pton(AF_INET, string, ret + 12) == 1;
}

static bool is_loopback(const uint8_t address[16])
{
	return memcmp(address, loopback6, 16) == 0 ||
	       (memcmp(address, mapped4, sizeof(mapped4)) == 0 && address[12] == 127);
}

/* Names come first: behind a router a device is reached by an address it does not have. */
static bool host_is_ours(struct span name, const struct head_policy *policy)
{
	uint8_t address[16];

	for (uint32_t i = 0; i < policy->name_count; i++) {
		if (span_equal_nocase(name, policy->name[i]))
			return true;
	}
	if (span_equal_nocase(name, SPAN_LIT("localhost")))
		return is_loopback(policy->local_address);
	return address_parse(name, address) && memcmp(address, policy->local_address, 16) == 0;
}

static bool judge_host(const struct head *head, const struct head_policy *policy,
	struct span *ret_host, struct head_verdict *ret)
{
	uint32_t count;
	const struct head_field *host = field_find(head, "Host", &count);
	struct span name;
	struct span port;

	*ret_host = (struct span){NULL, 0};
	if (count > 1) {
		refuse_unsound(ret, 400, "more than one Host header; send one");
		return false;
	}
	if (host == NULL) {
		if (span_equal(head->version, SPAN_LIT("HTTP/1.0")))
			return true;
		refuse_unsound(ret, 400, "no Host header; HTTP/1.1 needs one");
		return false;
	}
	if (!authority_split(host->value, &name, &port)) {
		refuse_unsound(ret, 400, "the Host header is no host name with an optional port");
		return false;
	}
	if (!host_is_ours(name, policy)) {
		refuse(ret, 421,
			"the Host header names another device; use this device's address, or add "
			"the name to http.names in posternd.yaml");
		return false;
	}
	*ret_host = host->value;
	return true;
}

static bool judge_length(const struct head *head, struct head_verdict *ret)
{
	uint32_t lengths;
	uint32_t codings;
	const struct head_field *length = field_find(head, "Content-Length", &lengths);
	const struct head_field *coding = field_find(head, "Transfer-Encoding", &codings);
	uint64_t bytes = 0;

	if (lengths > 1)
		refuse_unsound(ret, 400, "more than one Content-Length header; send one");
	else if (lengths + codings > 1)
		refuse_unsound(ret, 400,
			"Content-Length beside Transfer-Encoding, or several of the latter; "
			"send one");
	else if (coding != NULL && !span_equal_nocase(coding->value, SPAN_LIT("chunked")))
		refuse_unsound(ret, 400, "Transfer-Encoding is not `chunked`");
	else if (length != NULL && !number_parse_u64(length->value, UINT64_MAX, &bytes))
		refuse_unsound(ret, 400, "Content-Length is no decimal number");
	else if (bytes > HEAD_BODY_MAX)
		refuse_unsound(ret, 413, "the body is too long; 65536 bytes are taken");
	ret->has_body = bytes > 0 || coding != NULL;
	return ret->status == 0;
}

static bool judge_bytes(const struct head *head, struct head_verdict *ret)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < head->field_count; i++) {
		const struct head_field *field = &head->field[i];

		bytes += field->name.len + field->value.len;
		if (!is_token(field->name)) {
			refuse_unsound(ret, 400, "a header name holds a byte that none may hold");
			return false;
		}
		if (has_control(field->value, true)) {
			refuse_unsound(ret, 400, "a header value holds a control byte");
			return false;
		}
	}
	if (bytes > HEAD_BYTES_MAX || head->fields_left_out) {
		refuse_unsound(
			ret, 431, "the headers are too long; 20480 bytes and 100 lines are taken");
		return false;
	}
	return true;
}

static bool judge_target(const struct head *head, struct head_verdict *ret)
{
	bool known = span_equal(head->method, SPAN_LIT("GET")) ||
		     span_equal(head->method, SPAN_LIT("POST")) ||
		     span_equal(head->method, SPAN_LIT("HEAD"));

	if (head->target.len > HEAD_TARGET_MAX)
		refuse_unsound(ret, 414, "the URL is too long; 8192 bytes are taken");
	else if (has_control(head->target, false))
		refuse_unsound(ret, 400, "the URL holds a control byte; encode it as %XX");
	else if (head->target.len == 0 || head->target.data[0] != '/')
		refuse_unsound(ret, 400, "the request line must name a path that begins with `/`");
	else if (!known)
		refuse_unsound(ret, 405, "only GET, POST and HEAD are answered");
	return ret->status == 0;
}

static bool default_port(struct span port, bool tls)
{
	return port.len == 0 || span_equal(port, tls ? SPAN_LIT("443") : SPAN_LIT("80"));
}

/* True when url ("http://host:port/...") has the authority by which this request reached us. */
static bool same_origin(struct span url, struct span host)
{
	struct span http = SPAN_LIT("http://");
	struct span https = SPAN_LIT("https://");
	bool tls = span_starts_with_nocase(url, https);

	if (!tls && !span_starts_with_nocase(url, http))
		return false;
	struct span authority = span_slice(url, tls ? https.len : http.len, url.len);

	for (size_t i = 0; i < authority.len; i++) {
		if (memchr("/?#", authority.data[i], 3) != NULL) {
			authority.len = i;
			break;
		}
	}
	struct span name[2];
	struct span port[2];

	if (!authority_split(authority, &name[0], &port[0]) ||
		!authority_split(host, &name[1], &port[1]))
		return false;
	return span_equal_nocase(name[0], name[1]) &&
	       (span_equal(port[0], port[1]) ||
		       (default_port(port[0], tls) && default_port(port[1], tls)));
}

static bool field_is_cross_site(const struct head_field *field, struct span host)
{
	struct span value = span_trim(field->value);

	if (span_equal_nocase(field->name, SPAN_LIT("Sec-Fetch-Site")))
		return !span_equal_nocase(value, SPAN_LIT("same-origin")) &&
		       !span_equal_nocase(value, SPAN_LIT("none"));
	if (span_equal_nocase(field->name, SPAN_LIT("Sec-Fetch-Dest")))
		return !span_equal_nocase(value, SPAN_LIT("document")) &&
		       !span_equal_nocase(value, SPAN_LIT("empty"));
	if (span_equal_nocase(field->name, SPAN_LIT("Origin")) ||
		span_equal_nocase(field->name, SPAN_LIT("Referer")))
		return !same_origin(value, host);
	return false;
}

/*
 * Browsers say where a request comes from, unless the page forbids it (no Referer) and the address
 * is plain HTTP of another machine (no Sec-Fetch headers there). What such a page sends looks like
 * a program's but for these two, which no page can change. Programs that call themselves
 * Mozilla/4.0 are older than these headers, and are programs.
 */
static bool field_is_browsers(const struct head_field *field)
{
	if (span_equal_nocase(field->name, SPAN_LIT("User-Agent")))
		return span_starts_with_nocase(span_trim(field->value), SPAN_LIT("Mozilla/5.0 ("));
	return span_equal_nocase(field->name, SPAN_LIT("Upgrade-Insecure-Requests"));
}

static bool field_says_whence(const struct head_field *field)
{
	return span_equal_nocase(field->name, SPAN_LIT("Sec-Fetch-Site")) ||
	       span_equal_nocase(field->name, SPAN_LIT("Origin")) ||
	       span_equal_nocase(field->name, SPAN_LIT("Referer"));
}

static bool is_cross_site(const struct head *head, struct span host)
{
	bool browser = false;
	bool said = false;

	for (uint32_t i = 0; i < head->field_count; i++) {
		if (field_is_cross_site(&head->field[i], host))
			return true;
		browser |= field_is_browsers(&head->field[i]);
		said |= field_says_whence(&head->field[i]);
	}
	return browser && !said;
}

static bool judge_authorization(const struct head *head, struct head_verdict *ret)
{
	uint32_t count;
	const struct head_field *field = field_find(head, "Authorization", &count);

	if (count > 1) {
		refuse_unsound(ret, 400, "more than one Authorization header; send one");
		return false;
	}
	if (field != NULL && field->value.len > HEAD_AUTHORIZATION_MAX) {
		refuse_unsound(ret, 431, "the Authorization header is above 12288 bytes");
		return false;
	}
	if (field != NULL)
		ret->authorization = field->value;
	return true;
}

void head_judge(const struct head *head, const struct head_policy *policy, struct head_verdict *ret)
{
	struct span host;
	uint32_t count;

	*ret = (struct head_verdict){0};
	if (!judge_bytes(head, ret) || !judge_target(head, ret) || !judge_length(head, ret) ||
		!judge_host(head, policy, &host, ret) || !judge_authorization(head, ret))
		return;
	const struct head_field *type = field_find(head, "Content-Type", &count);

	if (type != NULL)
		ret->content_type = type->value;
	ret->cross_site = is_cross_site(head, host);
}
