// SPDX-License-Identifier: Apache-2.0
/*
 * Requests and what their answers mean. libcurl answers one digest challenge by itself; a second
 * 401 is final, because devices lock accounts after a few wrong tries.
 */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>

void answer_drop(struct answer *answer)
{
	free(answer->text);
	*answer = (struct answer){0};
}

/* The C1 controls are U+0080 to U+009F: C2 and a byte below A0. */
static size_t control_len(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];
	unsigned char after = left > 1 ? (unsigned char)text[1] : '\n';

	if (c == '\t' || c == '\n' || (c == '\r' && after == '\n'))
		return 0;
	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && after >= 0x80 && after < 0xa0 ? 2 : 0;
}

void text_tame(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t bad = control_len(text + i, len - i);

		if (bad == 0)
			continue;
		memset(text + i, '?', bad);
		i += bad - 1;
	}
}

void text_tame_line(char *text)
{
	for (char *at = text; *at != '\0'; at++)
		*at = *at == '\n' || *at == '\r' ? '?' : *at;
	text_tame(text, strlen(text));
}

void form_drop(char **form)
{
	if (*form != NULL)
		explicit_bzero(*form, strlen(*form));
	free(*form);
	*form = NULL;
}

/* What the system said is plainer than libcurl's own words, where there is anything. */
static const char *connect_words(CURL *handle, int curl)
{
	long error = 0;

	if (curl == CURLE_SSL_CONNECT_ERROR)
		return "no TLS connection came about; does it serve https at this port?";
	if (curl == CURLE_COULDNT_CONNECT && handle != NULL &&
		curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &error) == CURLE_OK && error != 0)
		return strerror((int)error);
	return curl_easy_strerror((CURLcode)curl);
}

int http_transfer_error(struct postern_call *call, int curl)
{
	const char *base_url = call->device->base_url;
	const char *why = connect_words(call->curl, curl);

	switch (curl) {
	case CURLE_OPERATION_TIMEDOUT:
		return call_fail(call, POSTERN_E_TIMEOUT, "%s: %s", base_url, why);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return call_fail(call, POSTERN_E_CONNECT, "%s: %s", base_url, why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return tls_refused(call, (CURLcode)curl);
	case CURLE_OUT_OF_MEMORY:
		return call_fail(call, POSTERN_E_MEMORY, "%s", why);
	case CURLE_WRITE_ERROR:
		return call_fail(
			call, POSTERN_E_PROTOCOL, "the answer is longer than %d bytes", ANSWER_MAX);
	default:
		return call_fail(call, POSTERN_E_PROTOCOL, "%s: %s", base_url, why);
	}
}

/* The first line of a body that says more than "Error" and "Bad Request!". */
static struct span refusal_words(struct span body)
{
	struct span rest = body;
	struct span line;
	struct span words = {"", 0};

	while (span_next(&rest, '\n', &line)) {
		while (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || span_equal(line, SPAN_LIT("Error")))
			continue;
		words = line;
		if (span_starts_with(line, SPAN_LIT("Detail=")))
			return span_slice(line, sizeof("Detail=") - 1, line.len);
	}
	return words;
}

static bool body_holds(struct span body, const char *words)
{
	return body.data != NULL && memmem(body.data, body.len, words, strlen(words)) != NULL;
}

static int error_of_status(long status, struct span body)
{
	if (body_holds(body, "286064929"))
		return POSTERN_E_USER_EXISTS;
	if (body_holds(body, "286064930"))
		return POSTERN_E_CARD_EXISTS;
	if (status == 429 || ((status == 403 || status == 401) && body_holds(body, "Locked")))
		return POSTERN_E_LOCKED;
	if (status == 403 || (status == 401 && body_holds(body, "Authorization Failed")))
		return POSTERN_E_RIGHT;
	if (status == 401)
		return POSTERN_E_AUTH;
	if (status == 404 || status == 501)
		return POSTERN_E_UNSUPPORTED;
	return status >= 500 ? POSTERN_E_DEVICE : POSTERN_E_REFUSED;
}

int http_refusal(struct postern_call *call, long status, struct span body)
{
	int error = error_of_status(status, body);
	struct span words = refusal_words(body);

	/* Their number in JSON says nothing that the error does not. */
	if (error == POSTERN_E_USER_EXISTS || error == POSTERN_E_CARD_EXISTS)
		return call_fail(call, error, "%s", "");
	return call_fail(call, error, "%.*s%sHTTP %ld", (int)(words.len > 300 ? 300 : words.len),
		words.data, words.len > 0 ? ", " : "", status);
}

/* Some devices say no with a 200. */
static bool is_error_body(const struct answer *answer)
{
	return answer->len >= 5 && memcmp(answer->text, "Error", 5) == 0;
}

int http_judge(struct postern_call *call, CURLcode code, long status)
{
	if (code != CURLE_OK)
		return http_transfer_error(call, (int)code);
	if (status < 200 || status > 299 || is_error_body(&call->body))
		return http_refusal(call, status, span_of(call->body.text, call->body.len));
	return POSTERN_OK;
}

int http_start(struct postern_call *call, const char *target, http_answered_fn *answered)
{
	if (target == NULL)
		return call_fail(
			call, POSTERN_E_ARGUMENT, "%s", postern_device_detail(call->device));
	call->answered = answered;
	call->stream = NULL;
	if (asprintf(&call->url, "%s%s", call->device->base_url, target) < 0) {
		call->url = NULL;
		return call_fail(call, POSTERN_E_MEMORY, "out of memory");
	}
	return transfer_queue(call);
}

/* --- commands --- */

struct command_call {
	struct postern_call call;
	postern_done_fn *done;
	void *user;
};

static void command_end(struct postern_call *call, int error)
{
	struct command_call *command = (struct command_call *)call;

	command->done(command->user, call, error);
}

int command_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct span said = span_of(answer->text == NULL ? "" : answer->text, answer->len);

	if (error != POSTERN_OK)
		return error;
	while (said.len > 0 && (said.data[said.len - 1] == '\n' || said.data[said.len - 1] == '\r'))
		said.len--;
	/* An empty 200 is a success of newer firmware. */
	if (said.len > 0 && !span_equal_nocase(said, SPAN_LIT("OK")))
		return call_fail(call, POSTERN_E_PROTOCOL, "expected OK, got: %.*s",
			(int)(said.len > 80 ? 80 : said.len), said.data);
	return POSTERN_OK;
}

static int command_begin(struct postern_device *device, const char *target, char *form,
	bool logs_in, postern_done_fn *done, void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = command_end};
	int error;
	struct command_call *command =
		call_new(device, sizeof(*command), &class, done != NULL, &error);

	if (command == NULL) {
		form_drop(&form);
		return error;
	}
	command->done = done;
	command->user = user;
	command->call.form = form;
	command->call.form_logs_in = logs_in;
	return call_begin(
		&command->call, http_start(&command->call, target, command_answered), call);
}

int command_start(struct postern_device *device, const char *target, postern_done_fn *done,
	void *user, struct postern_call **call)
{
	return command_begin(device, target, NULL, true, done, user, call);
}

int command_start_form(struct postern_device *device, const char *target, char *form,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	return command_begin(device, target, form, false, done, user, call);
}

int command_start_post(struct postern_device *device, const char *target, char *form,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	return command_begin(device, target, form, true, done, user, call);
}
