// SPDX-License-Identifier: Apache-2.0
/*
 * Requests over libcurl: one easy handle a device, kept, so that the connection and the digest
 * nonce serve the next call too. libcurl answers one challenge by itself; a second 401 is final,
 * because devices lock accounts after a few wrong tries. Answers are bounded by ANSWER_MAX.
 */
#include "sdk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int device_fail(struct postern_device *device, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(device->detail, sizeof(device->detail), format, arguments);
	va_end(arguments);
	return error;
}

void answer_drop(struct answer *answer)
{
	free(answer->text);
	*answer = (struct answer){0};
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct answer *answer = user;
	size_t len = size * count;

	if (len > ANSWER_MAX - answer->len)
		return 0;
	char *text = realloc(answer->text, answer->len + len + 1);

	if (text == NULL)
		return 0;
	memcpy(text + answer->len, data, len);
	answer->text = text;
	answer->len += len;
	text[answer->len] = 0;
	return len;
}

int http_transfer_error(struct postern_device *device, int curl)
{
	const char *why = curl_easy_strerror((CURLcode)curl);

	switch (curl) {
	case CURLE_OPERATION_TIMEDOUT:
		return device_fail(device, POSTERN_E_TIMEOUT, "%s: %s", device->base_url, why);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return device_fail(device, POSTERN_E_CONNECT, "%s: %s", device->base_url, why);
	case CURLE_OUT_OF_MEMORY:
		return device_fail(device, POSTERN_E_MEMORY, "%s", why);
	case CURLE_WRITE_ERROR:
		return device_fail(device, POSTERN_E_PROTOCOL, "the answer is longer than %d bytes",
			ANSWER_MAX);
	default:
		return device_fail(device, POSTERN_E_PROTOCOL, "%s: %s", device->base_url, why);
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

int http_refusal(struct postern_device *device, long status, struct span body)
{
	int error = error_of_status(status, body);
	struct span words = refusal_words(body);

	return device_fail(device, error, "%.*s%sHTTP %ld",
		(int)(words.len > 300 ? 300 : words.len), words.data, words.len > 0 ? ", " : "",
		status);
}

/* Some devices say no with a 200. */
static bool is_error_body(const struct answer *answer)
{
	return answer->len >= 5 && memcmp(answer->text, "Error", 5) == 0;
}

int http_get(struct postern_device *device, const char *target, struct answer *ret)
{
	char url[URL_MAX + 512];
	int length = snprintf(url, sizeof(url), "%s%s", device->base_url, target);

	*ret = (struct answer){0};
	device->detail[0] = 0;
	if (length < 0 || (size_t)length >= sizeof(url))
		return device_fail(device, POSTERN_E_ARGUMENT, "the request line is too long");
	curl_easy_setopt(device->curl, CURLOPT_URL, url);
	curl_easy_setopt(device->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(device->curl, CURLOPT_WRITEDATA, ret);
	curl_easy_setopt(device->curl, CURLOPT_TIMEOUT_MS, (long)device->timeout_ms);
	CURLcode code = curl_easy_perform(device->curl);
	int error = POSTERN_OK;

	curl_easy_getinfo(device->curl, CURLINFO_RESPONSE_CODE, &ret->status);
	if (code != CURLE_OK)
		error = http_transfer_error(device, (int)code);
	else if (ret->status < 200 || ret->status > 299 || is_error_body(ret))
		error = http_refusal(device, ret->status, span_of(ret->text, ret->len));
	if (error != POSTERN_OK)
		answer_drop(ret);
	return error;
}

int http_command(struct postern_device *device, const char *target)
{
	struct answer answer;
	int error = http_get(device, target, &answer);

	if (error != POSTERN_OK)
		return error;
	struct span said = span_of(answer.text == NULL ? "" : answer.text, answer.len);

	while (said.len > 0 && (said.data[said.len - 1] == '\n' || said.data[said.len - 1] == '\r'))
		said.len--;
	/* An empty 200 is a success of newer firmware. */
	if (said.len > 0 && !span_equal_nocase(said, SPAN_LIT("OK")))
		error = device_fail(device, POSTERN_E_PROTOCOL, "expected OK, got: %.*s",
			(int)(said.len > 80 ? 80 : said.len), said.data);
	answer_drop(&answer);
	return error;
}
