// SPDX-License-Identifier: Apache-2.0
/* Request heads against the real server: what is refused before core hears of it, and who is let
 * in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char answer[65536];

#define OPEN_DOOR "/cgi-bin/accessControl.cgi?action=openDoor&channel=1"
#define STATUS "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1"
#define BYTES(literal) literal, sizeof(literal) - 1

struct raw_case {
	const char *what;
	const char *bytes;
	size_t len;
	int status;
	const char *text; /* in the answer */
};

static const struct raw_case unsound[] = {
	{"two lengths",
		BYTES("POST " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
		400, "Error\r\nBad Request!\r\nDetail="},
	{"length and chunks",
		BYTES("POST " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		400, "Bad Request!"},
	{"two hosts",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Host: 127.0.0.1\r\n\r\n"),
		400, "more than one Host"},
	{"no host", BYTES("GET " OPEN_DOOR " HTTP/1.1\r\n" RIG_GOOD "\r\n"), 400, "no Host header"},
	{"a blank before the colon of Host",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost : 127.0.0.1\r\n" RIG_GOOD "\r\n"), 400,
		""},
	{"absolute form",
		BYTES("GET http://127.0.0.1" OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "\r\n"),
		400, "must name a path"},
	{"a control byte in the target",
		BYTES("GET " OPEN_DOOR "\x01 HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n"), 400,
		"control byte"},
	{"an encoded NUL in the target",
		BYTES("GET " OPEN_DOOR "&x=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		400, "Bad Request!"},
	{"half an escape",
		BYTES("GET " OPEN_DOOR "&x=%4 HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		400, "Bad Request!"},
	{"a control byte in a header",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "X: a\x01z\r\n\r\n"),
		400, "control byte"},
	{"a NUL in a header",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "X: a\0z\r\n\r\n"),
		400, "holds a NUL"},
	{"a NUL in a header that is not the last",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\0x\r\n" RIG_GOOD "\r\n"), 400,
		"holds a NUL"},
	{"a NUL in the target",
		BYTES("GET " OPEN_DOOR "\0&x HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n"), 400,
		"holds a NUL"},
	{"a folded line",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHo: 127.0.0.1\r\n st\r\n" RIG_GOOD "\r\n"),
		400, ""},
	{"a folded line beside a Host",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n"
		      "\tb\r\n" RIG_GOOD "\r\n"),
		400, "a folded line"},
	{"a bare line feed",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\nX: 1\r\n" RIG_GOOD "\r\n"),
		400, "without CRLF"},
	{"a length that is signed",
		BYTES("POST " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Content-Length: +5\r\n\r\nabcde"),
		400, ""},
	{"a length above the limit",
		BYTES("POST " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Content-Length: 65537\r\n\r\n"),
		413, "Content Too Large!"},
	{"a foreign host",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: evil.example\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		421, "Misdirected Request!"},
	{"another method",
		BYTES("DELETE " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n"), 405,
		"Allow: GET, POST, HEAD"},
	{"two proofs",
		BYTES("GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD RIG_GOOD "\r\n"),
		400, "more than one Authorization"},
	{"a path outside", BYTES("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"),
		404, "Error\r\nNot Found!\r\n"},
	{"an action given twice",
		BYTES("GET " STATUS "&action=openDoor HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		400, "given twice"},
};

static void unsound_requests_are_refused_and_core_hears_of_none(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_COUNT(unsound); i++) {
		(void)rig_exchange(rig, unsound[i].bytes, unsound[i].len, answer, sizeof(answer));
		if (rig_status(answer) != unsound[i].status ||
			strstr(answer, unsound[i].text) == NULL)
			fail_msg("%s: %s", unsound[i].what, answer);
		assert_null(strstr(answer, "evil"));
	}
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), 0);
}

/* "GET target?x=aaa...", or a header of that many bytes where target ends in ": ". */
static int long_request(const char *before, size_t count, const char *behind)
{
	size_t front = strlen(before);
	size_t end = strlen(behind);
	char *request = malloc(front + count + end);

	assert_non_null(request);
	memcpy(request, before, front);
	memset(request + front, 'a', count);
	memcpy(request + front + count, behind, end);
	(void)rig_exchange(rig, request, front + count + end, answer, sizeof(answer));
	free(request);
	return rig_status(answer);
}

static void long_heads_are_refused_without_effort(void **state UNUSED)
{
	static const char target[] = "GET " OPEN_DOOR "&x=";
	static const char header[] = "GET " STATUS " HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
	static const char rest[] = " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	int status = long_request(target, 1024 * 1024, rest);

	/* The library answers before it has read all: a reset may overtake the answer. */
	assert_true(status == 414 || answer[0] == '\0');
	assert_int_equal(long_request(target, 9000, rest), 414); /* fits the library, not us */
	assert_non_null(strstr(answer, "Error\r\nURI Too Long!\r\n"));
	assert_int_equal(long_request(header, 21000, "\r\n\r\n"), 431);
	assert_non_null(strstr(answer, "Error\r\nRequest Header Fields Too Large!\r\n"));
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), 0);
}

static void a_request_without_proof_gets_both_challenges_in_order(void **state UNUSED)
{
	(void)rig_exchange(rig,
		BYTES("GET " OPEN_DOOR
		      " HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 401);
	const char *first = strstr(answer,
		"WWW-Authenticate: Digest realm=\"Login to " RIG_SERIAL "\", nonce=\"1\"\r\n");
	const char *second = strstr(answer, "nonce=\"1\", algorithm=SHA-256\r\n");

	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
	assert_non_null(strstr(answer, "\r\n\r\nError\r\nInvalid Authority!\r\n"));
	assert_int_equal(rig_count(rig, MESSAGE_DOOR_COMMAND), 0);
	/* Core saw the request as it was. */
	const struct message_authenticate *ask = &rig->model.authenticate;

	assert_true(text_is(&ask->method, SPAN_LIT("GET")));
	assert_true(span_equal(span_of(ask->text, ask->target_len), SPAN_LIT(OPEN_DOOR)));
	assert_int_equal(ask->authorization_len, 0);
	assert_int_equal(ask->operation, CGI_OPERATION_COUNT);
	assert_memory_equal(ask->peer_address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
}

static void other_refusals_have_their_status(void **state UNUSED)
{
	static const char request[] =
		"GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

	rig->model.refusal = REFUSAL_RIGHT;
	(void)rig_exchange(rig, BYTES(request), answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 403);
	assert_non_null(strstr(answer, "\r\n\r\nError\r\nAuthorization Failed!\r\n"));

	rig->model.refusal = REFUSAL_THROTTLED;
	rig->model.retry_after_s = 7;
	(void)rig_exchange(rig, BYTES(request), answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 429);
	assert_non_null(strstr(answer, "Retry-After: 7\r\n"));
	assert_non_null(
		strstr(answer, "Error\r\nUser Locked! Please try again after 7 seconds.\r\n"));
	rig->model.refusal = REFUSAL_CHALLENGE;
}

static void what_does_not_exist_is_told_after_the_proof(void **state UNUSED)
{
	const char *body;

	assert_int_equal(
		rig_get(rig, "/cgi-bin/zzz.cgi?action=x", answer, sizeof(answer), &body), 400);
	assert_memory_equal(body, "Error\r\nBad Request!\r\n", 21);
	assert_int_equal(rig_get(rig, "/cgi-bin/accessControl.cgi?action=getRecordList", answer,
				 sizeof(answer), &body),
		501);
	assert_memory_equal(body, "Error\r\nNot Implemented!\r\n", 25);
	assert_int_equal(rig_get(rig, "/cgi-bin/recordFinder.cgi?action=find&name=AccessFace",
				 answer, sizeof(answer), &body),
		400);
	assert_string_equal(body, "{\"code\":285278242,\"message\":\"\"}");
	assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
}

static void pages_of_other_sites_change_nothing(void **state UNUSED)
{
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
		{"Sec-Fetch-Site: cross-site\r\n", 403},
		{"Sec-Fetch-Site: same-site\r\n", 403},
		{"Sec-Fetch-Dest: image\r\n", 403},
		{"Origin: https://evil\r\n", 403},
		{"Origin: null\r\n", 403},
		{"Referer: http://evil/127.0.0.1/\r\n", 403},
		{"Origin: http://127.0.0.1\r\n", 200},
		{"Referer: http://127.0.0.1/page?x\r\n", 200},
		{"Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n", 200},
		{"", 200},
	};
	char request[1024];
	uint32_t opened = 0;

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		snprintf(request, sizeof(request),
			"GET " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
			"%sConnection: close\r\n\r\n",
			cases[i].headers);
		(void)rig_exchange(rig, request, strlen(request), answer, sizeof(answer));
		if (rig_status(answer) != cases[i].status)
			fail_msg("%s gave %s", cases[i].headers, answer);
		opened += cases[i].status == 200;
	}
	assert_int_equal(rig_count(rig, MESSAGE_DOOR_COMMAND), opened);
	/* Reading is not changing. */
	(void)rig_exchange(rig,
		BYTES("GET " STATUS " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Origin: https://evil\r\nConnection: close\r\n\r\n"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 200);
}

static void a_form_body_is_read_and_core_is_told_the_row(void **state UNUSED)
{
	static const char request[] =
		"POST /cgi-bin/accessControl.cgi HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 46\r\n"
		"Connection: close\r\n\r\naction=openDoor&channel=2&UserID=a+b&Type=Test";

	(void)rig_exchange(rig, BYTES(request), answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 200);
	assert_int_equal(rig->model.authenticate.operation, CGI_DOOR_OPEN);
	assert_int_equal(rig->model.door_command.door, 1);
	assert_true(text_is(&rig->model.door_command.user_id, SPAN_LIT("a b")));
	assert_true(text_is(&rig->model.door_command.type, SPAN_LIT("Test")));
}

static void bodies_that_are_no_form_are_refused(void **state UNUSED)
{
	(void)rig_exchange(rig,
		BYTES("POST " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Content-Type: application/json\r\nContent-Length: 2\r\n"
		      "Connection: close\r\n\r\n{}"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 415);
	assert_int_equal(rig_count(rig, MESSAGE_AUTHENTICATE), 0);
}

static void head_requests_read_but_never_change(void **state UNUSED)
{
	(void)rig_exchange(rig,
		BYTES("HEAD " OPEN_DOOR " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 405);
	assert_int_equal(rig_count(rig, MESSAGE_DOOR_COMMAND), 0);
	(void)rig_exchange(rig,
		BYTES("HEAD " STATUS " HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 200);
	assert_non_null(strstr(answer, "Content-Length: 19\r\n"));
}

static void simple_clients_of_http_1_0_are_answered(void **state UNUSED)
{
	(void)rig_exchange(
		rig, BYTES("GET " STATUS " HTTP/1.0\r\n" RIG_GOOD "\r\n"), answer, sizeof(answer));
	assert_non_null(strstr(answer, "200 OK"));
	assert_non_null(strstr(answer, "Info.status=Close\r\n"));
}

static void name_policy(struct settings *settings)
{
	settings->http_name_count = 1;
	(void)text_set(&settings->http_name[0], SPAN_LIT("door.example"));
}

static int setup(void **state UNUSED)
{
	rig = rig_start(name_policy);
	rig_link(rig);
	return 0;
}

static void our_names_are_answered_in_any_case(void **state UNUSED)
{
	(void)rig_exchange(rig,
		BYTES("GET " STATUS " HTTP/1.1\r\nHost: Door.Example:80\r\n" RIG_GOOD
		      "Connection: close\r\n\r\n"),
		answer, sizeof(answer));
	assert_int_equal(rig_status(answer), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATE(unsound_requests_are_refused_and_core_hears_of_none),
		WITH_GATE(long_heads_are_refused_without_effort),
		WITH_GATE(a_request_without_proof_gets_both_challenges_in_order),
		WITH_GATE(other_refusals_have_their_status),
		WITH_GATE(what_does_not_exist_is_told_after_the_proof),
		WITH_GATE(pages_of_other_sites_change_nothing),
		WITH_GATE(a_form_body_is_read_and_core_is_told_the_row),
		WITH_GATE(bodies_that_are_no_form_are_refused),
		WITH_GATE(head_requests_read_but_never_change),
		WITH_GATE(simple_clients_of_http_1_0_are_answered),
		WITH_GATE(our_names_are_answered_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
