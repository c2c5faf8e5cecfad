// SPDX-License-Identifier: Apache-2.0
/* The judgement of a request head, as a function over a list of fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "head.h"

#include <string.h>

#define TARGET "/cgi-bin/accessControl.cgi?action=openDoor&channel=1"

/* "Name=value|Name=value" beside the request line. */
struct head_case {
	const char *method;
	const char *version;
	const char *target;
	const char *fields;
	unsigned status;
	bool close;
	bool cross_site;
};

static const uint8_t local4[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168, [15] = 7};
static const uint8_t loopback4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
static const uint8_t local6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static struct head_verdict judge(const struct head_case *c, const uint8_t *local)
{
	static const struct span names[] = {{"door.example", 12}, {"10.9.8.7", 8}};
	struct head head = {
		.method = span_from_string(c->method),
		.version = span_from_string(c->version),
		.target = span_from_string(c->target),
	};
	struct head_policy policy = {.name = names, .name_count = 2};
	struct span rest = span_from_string(c->fields);
	struct span line;
	struct head_verdict verdict;

	memcpy(policy.local_address, local, 16);
	while (span_next(&rest, '|', &line)) {
		size_t at = span_find(line, '=');

		head.field[head.field_count++] = (struct head_field){
			span_slice(line, 0, at), span_slice(line, at + 1, line.len)};
	}
	head_judge(&head, &policy, &verdict);
	return verdict;
}

static void check(const struct head_case *cases, size_t count, const uint8_t *local)
{
	for (size_t i = 0; i < count; i++) {
		struct head_verdict v = judge(&cases[i], local);

		if (v.status != cases[i].status || v.close != cases[i].close ||
			v.cross_site != cases[i].cross_site)
			fail_msg("%s %s %s: %u %d %d, %s", cases[i].method, cases[i].target,
				cases[i].fields, v.status, v.close, v.cross_site,
				v.detail == NULL ? "" : v.detail);
		assert_true((v.status == 0) == (v.detail == NULL));
	}
}

#define GET11(fields, status, close, cross)                                                        \
	{                                                                                          \
		"GET", "HTTP/1.1", TARGET, fields, status, close, cross                            \
	}

static void hosts_are_ours_or_refused(void **state UNUSED)
{
	static const struct head_case cases[] = {
		GET11("Host=192.168.0.7", 0, false, false),
		GET11("Host=192.168.0.7:8080", 0, false, false),
		GET11("Host=192.168.0.7:", 400, true, false),
		GET11("Host=192.168.0.7:65536", 400, true, false),
		GET11("Host=192.168.0.7:80:80", 400, true, false),
		GET11("Host=192.168.0.8", 421, false, false),
		GET11("host=DOOR.example.", 0, false, false),
		GET11("Host=door.example:1", 0, false, false),
		GET11("Host=10.9.8.7", 0, false, false), /* a name that is an address */
		GET11("Host=xdoor.example", 421, false, false),
		GET11("Host=door.example.evil", 421, false, false),
		GET11("Host=localhost", 421, false, false), /* not reached by loopback */
		GET11("Host=", 400, true, false),
		GET11("Host=192.168.0.7|Host=192.168.0.7", 400, true, false),
		GET11("X=1", 400, true, false),
		{"GET", "HTTP/1.0", TARGET, "X=1", 0, false, false},
		{"GET", "HTTP/1.0", TARGET, "Host=evil", 421, false, false},
	};
	static const struct head_case at_loopback[] = {
		GET11("Host=localhost:8080", 0, false, false),
		GET11("Host=127.0.0.1", 0, false, false),
		GET11("Host=127.0.0.2", 421, false, false),
	};
	static const struct head_case at_ipv6[] = {
		GET11("Host=[2001:db8::1]", 0, false, false),
		GET11("Host=[2001:DB8:0::1]:80", 0, false, false),
		GET11("Host=[2001:db8::2]", 421, false, false),
		GET11("Host=[2001:db8::1", 400, true, false),
		GET11("Host=[2001:db8::1]x", 400, true, false),
	};

	check(cases, ARRAY_COUNT(cases), local4);
	check(at_loopback, ARRAY_COUNT(at_loopback), loopback4);
	check(at_ipv6, ARRAY_COUNT(at_ipv6), local6);
}

static void lengths_must_agree(void **state UNUSED)
{
	static const struct head_case cases[] = {
		GET11("Host=10.9.8.7|Content-Length=0", 0, false, false),
		GET11("Host=10.9.8.7|Content-Length=65536", 0, false, false),
		GET11("Host=10.9.8.7|Content-Length=65537", 413, true, false),
		GET11("Host=10.9.8.7|Content-Length=18446744073709551615", 413, true, false),
		GET11("Host=10.9.8.7|Content-Length=18446744073709551616", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=-1", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=+5", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=1e3", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=5, 5", 400, true, false),
		GET11("Host=10.9.8.7|Content-Length=5|content-length=5", 400, true, false),
		GET11("Host=10.9.8.7|Transfer-Encoding=chunked", 0, false, false),
		GET11("Host=10.9.8.7|Transfer-Encoding=gzip, chunked", 400, true, false),
		GET11("Host=10.9.8.7|Transfer-Encoding=identity", 400, true, false),
		GET11("Host=10.9.8.7|Transfer-Encoding=chunked|Content-Length=5", 400, true, false),
		GET11("Host=10.9.8.7|Transfer-Encoding=chunked|Transfer-Encoding=chunked", 400,
			true, false),
	};

	check(cases, ARRAY_COUNT(cases), local4);
}

static void bytes_and_forms_that_are_doubtful_close(void **state UNUSED)
{
	static const struct head_case cases[] = {
		{"GET", "HTTP/1.1", "http://10.9.8.7/x", "Host=10.9.8.7", 400, true, false},
		{"GET", "HTTP/1.1", "*", "Host=10.9.8.7", 400, true, false},
		{"GET", "HTTP/1.1", "", "Host=10.9.8.7", 400, true, false},
		{"GET", "HTTP/1.1", "/a\tb", "Host=10.9.8.7", 400, true, false},
		{"GET", "HTTP/1.1", "/a\x7f", "Host=10.9.8.7", 400, true, false},
		{"GET", "HTTP/1.1", "/a\xc3\xa4", "Host=10.9.8.7", 0, false, false},
		{"PUT", "HTTP/1.1", "/", "Host=10.9.8.7", 405, true, false},
		{"get", "HTTP/1.1", "/", "Host=10.9.8.7", 405, true, false},
		{"HEAD", "HTTP/1.1", "/", "Host=10.9.8.7", 0, false, false},
		GET11("Host=10.9.8.7|X =1", 400, true, false),
		GET11("Host=10.9.8.7|=1", 400, true, false),
		GET11("Host=10.9.8.7|X=a\x01", 400, true, false),
		GET11("Host=10.9.8.7|X=a\tb", 0, false, false),
		GET11("Host=10.9.8.7|Authorization=a|authorization=b", 400, true, false),
	};

	check(cases, ARRAY_COUNT(cases), local4);
}

static void other_sites_are_told_apart(void **state UNUSED)
{
	static const struct head_case cases[] = {
		GET11("Host=10.9.8.7|Sec-Fetch-Site=same-origin|Sec-Fetch-Dest=empty", 0, false,
			false),
		GET11("Host=10.9.8.7|Sec-Fetch-Site=none", 0, false, false),
		GET11("Host=10.9.8.7|User-Agent=Mozilla/5.0 (X11)", 0, false, true),
		GET11("Host=10.9.8.7|Upgrade-Insecure-Requests=1", 0, false, true),
		GET11("Host=10.9.8.7|User-Agent=Mozilla/5.0 (X)|Referer=http://10.9.8.7/", 0, false,
			false),
		GET11("Host=10.9.8.7|User-Agent=Mozilla/5.0 (X)|Sec-Fetch-Site=none", 0, false,
			false),
		GET11("Host=10.9.8.7|User-Agent=curl/7.88.1", 0, false, false),
		GET11("Host=10.9.8.7|User-Agent=Mozilla/4.0 (compatible; door)", 0, false, false),
		GET11("Host=10.9.8.7|sec-fetch-site=cross-site", 0, false, true),
		GET11("Host=10.9.8.7|Sec-Fetch-Site=same-site", 0, false, true),
		GET11("Host=10.9.8.7|Sec-Fetch-Site=same-origin|Sec-Fetch-Dest=image", 0, false,
			true),
		GET11("Host=10.9.8.7|Sec-Fetch-Dest=iframe", 0, false, true),
		GET11("Host=10.9.8.7:8080|Origin=http://10.9.8.7:8080", 0, false, false),
		GET11("Host=10.9.8.7:8080|Origin=http://10.9.8.7", 0, false, true),
		GET11("Host=10.9.8.7|Origin=http://10.9.8.7:80", 0, false, false),
		GET11("Host=10.9.8.7|Origin=https://10.9.8.7:443", 0, false, false),
		GET11("Host=10.9.8.7|Origin=http://10.9.8.7.evil", 0, false, true),
		GET11("Host=10.9.8.7|Origin=null", 0, false, true),
		GET11("Host=10.9.8.7|Origin=", 0, false, true),
		GET11("Host=10.9.8.7|Referer=http://10.9.8.7/a?b#c", 0, false, false),
		GET11("Host=10.9.8.7|Referer=http://10.9.8.7@evil/", 0, false, true),
		GET11("Host=10.9.8.7|Referer=ftp://10.9.8.7/", 0, false, true),
		{"GET", "HTTP/1.0", TARGET, "Origin=http://10.9.8.7", 0, false, true},
	};

	check(cases, ARRAY_COUNT(cases), local4);
}

static void long_heads_are_refused(void **state UNUSED)
{
	static char text[HEAD_BYTES_MAX + 2];
	struct head head = {.method = {"GET", 3}, .version = {"HTTP/1.1", 8}};
	struct span name = {"10.9.8.7", 8};
	struct head_policy policy = {.name = &name, .name_count = 1};
	struct head_verdict verdict;

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	head.field[0] = (struct head_field){{"Host", 4}, name};
	head.field_count = 1;
	head.target = span_of(text, HEAD_TARGET_MAX);
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 0);
	head.target.len++;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 414);
	head.target.len = 1;
	head.field[1] = (struct head_field){{"X", 1}, span_of(text, HEAD_BYTES_MAX - 13)};
	head.field_count = 2;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 0);
	head.field[1].value.len++;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 431);
	head.field_count = 1;
	head.fields_left_out = true;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 431);
	head.fields_left_out = false;
	head.field[1] = (struct head_field){
		{"Authorization", 13}, span_of(text, HEAD_AUTHORIZATION_MAX + 1)};
	head.field_count = 2;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 431);
	head.field[1].value.len--;
	head_judge(&head, &policy, &verdict);
	assert_int_equal(verdict.status, 0);
	assert_int_equal(verdict.authorization.len, HEAD_AUTHORIZATION_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_ours_or_refused),
		cmocka_unit_test(lengths_must_agree),
		cmocka_unit_test(bytes_and_forms_that_are_doubtful_close),
		cmocka_unit_test(other_sites_are_told_apart),
		cmocka_unit_test(long_heads_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
