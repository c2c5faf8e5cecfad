// SPDX-License-Identifier: Apache-2.0
/*
 * Transfers: who may send, and libcurl's handles. A device has one turn: its requests go one after
 * the other, and a stream has the turn until it has begun. Devices that wait stand in one line, and
 * each gets one request at a time, so that none is served twice while another waits.
 *
 * A finished request's handle stays with its device, with connection and digest nonce, for the next
 * one: at most kept_max in a context and not for long. A stream gets a fresh handle; a handle whose
 * transfer failed or whose idle connection was closed is dropped: a device that has restarted knows
 * no old nonce, and its refusal of one looks like a wrong password.
 *
 * libcurl's callbacks only store; steps run when it has returned.
 */
#include "base/assert.h"
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct postern_call *call = user;
	struct answer *body = &call->body;
	size_t len = size * count;

	if (len > ANSWER_MAX - body->len)
		return 0;
	if (call->stream != NULL && !call->headed && body->len + len > REFUSAL_MAX)
		return len;
	char *text = realloc(body->text, body->len + len + 1);

	if (text == NULL)
		return 0;
	memcpy(text + body->len, data, len);
	body->text = text;
	body->len += len;
	text[body->len] = 0;
	if (call->headed)
		link_append(&call->device->context->fed, &call->work);
	return len;
}

/* A stream has begun when the head of its 200 is complete: the first event may be far away. */
static size_t take_head(char *data, size_t size, size_t count, void *user)
{
	struct postern_call *call = user;
	size_t len = size * count;
	long status = 0;

	if (call->stream == NULL || call->headed || len == 0 ||
		(data[0] != '\r' && data[0] != '\n'))
		return len;
	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200) {
		call->headed = true;
		link_append(&call->device->context->fed, &call->work);
	}
	return len;
}

/* What is the same for every transfer of a device. */
static CURL *handle_new(const struct postern_device *device)
{
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* else an end waits for the resolver */
	curl_easy_setopt(
		curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L); /* else each connect searches it all */
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postern/" POSTERN_VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)device->connect_timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
	if (curl_easy_setopt(curl, CURLOPT_USERNAME, device->user) != CURLE_OK ||
		curl_easy_setopt(curl, CURLOPT_PASSWORD, device->password) != CURLE_OK ||
		!tls_prepare(device, curl)) {
		curl_easy_cleanup(curl);
		return NULL;
	}
	return curl;
}

void device_forget_handle(struct postern_device *device)
{
	if (device->curl == NULL)
		return;
	curl_easy_cleanup(device->curl);
	device->curl = NULL;
	link_remove(&device->kept);
	device->context->kept_count--;
}

static void keep_handle(struct postern_device *device, CURL *curl, curl_socket_t idle)
{
	struct postern *context = device->context;

	device_forget_handle(device);
	device->curl = curl;
	device->kept_ms = context->clock_ms();
	device->kept_socket = idle;
	link_append(&context->kept, &device->kept);
	context->kept_count++;
	if (context->kept_count > context->kept_max)
		device_forget_handle(LINK_OWNER(context->kept.next, struct postern_device, kept));
}

static void forget_old_handles(struct postern *context)
{
	while (!link_alone(&context->kept)) {
		struct postern_device *oldest =
			LINK_OWNER(context->kept.next, struct postern_device, kept);

		if (context->clock_ms() - oldest->kept_ms < KEPT_AGE_MS)
			return;
		device_forget_handle(oldest);
	}
}

/* Nothing is to be read from a connection that is idle and lives. */
static bool is_alive(curl_socket_t socket)
{
	char byte;

	return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* The device's own handle when there is one and it may be used, or a fresh one. */
static CURL *handle_for(struct postern_call *call)
{
	struct postern_device *device = call->device;

	if (device->curl != NULL && device->kept_socket != CURL_SOCKET_BAD &&
		!is_alive(device->kept_socket))
		device_forget_handle(device);
	CURL *curl = device->curl;

	if (call->stream != NULL || call->form != NULL || curl == NULL)
		return handle_new(device);
	device->curl = NULL;
	link_remove(&device->kept);
	device->context->kept_count--;
	return curl;
}

/* So many idle connections may stay besides those in use. */
static void count_attached(struct postern *context, int change)
{
	context->attached += (unsigned)change;
	curl_multi_setopt(context->multi, CURLMOPT_MAXCONNECTS,
		(long)context->kept_max + (long)context->attached);
}

static void line_up(struct postern_device *device)
{
	if (device->turn == NULL && !link_alone(&device->waiting) && link_alone(&device->ready))
		link_append(&device->context->ready, &device->ready);
}

static void give_turn_back(struct postern_call *call)
{
	struct postern_device *device = call->device;

	if (device->turn != call)
		return;
	device->turn = NULL;
	device->context->running--;
	line_up(device);
}

int transfer_queue(struct postern_call *call)
{
	ASSERT(call->state == CALL_BETWEEN && call->url != NULL);
	call->state = CALL_WAITING;
	link_append(&call->device->waiting, &call->work);
	line_up(call->device);
	return CALL_RUNNING;
}

/* Takes the handle out of libcurl's hands; keeps it for the device's next request or drops it. */
static void detach(struct postern_call *call, bool keep)
{
	struct postern *context = call->device->context;
	curl_socket_t idle = CURL_SOCKET_BAD;

	if (call->curl == NULL)
		return;
	if (keep)
		curl_easy_getinfo(call->curl, CURLINFO_ACTIVESOCKET, &idle);
	curl_multi_remove_handle(context->multi, call->curl);
	count_attached(context, -1);
	if (keep)
		keep_handle(call->device, call->curl, idle);
	else
		curl_easy_cleanup(call->curl);
	call->curl = NULL;
}

void transfer_stop(struct postern_call *call)
{
	struct postern_device *device = call->device;

	timer_stop(&device->context->timers, &call->timer);
	link_remove(&call->work);
	if (link_alone(&device->waiting))
		link_remove(&device->ready);
	detach(call, false);
	give_turn_back(call);
	free(call->url);
	call->url = NULL;
	form_drop(&call->form);
	answer_drop(&call->body);
	call->headed = false;
	call->state = CALL_BETWEEN;
}

/* Those that wait would try the same password again, and devices lock accounts. */
static void refuse_waiting(struct postern_device *device, int error)
{
	while (!link_alone(&device->waiting)) {
		struct postern_call *call =
			LINK_OWNER(device->waiting.next, struct postern_call, work);

		call_end_later(call, call_fail(call, error,
					     "not sent: the device refused the log-in before it"));
	}
}

/* Neither a length nor chunks say where the body ends. */
static bool has_open_end(CURL *curl)
{
	curl_off_t length = -1;
	struct curl_header *coding;

	curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length < 0 && curl_easy_header(curl, "Transfer-Encoding", 0, CURLH_HEADER, -1,
				     &coding) != CURLHE_OK;
}

static void finish(struct postern_call *call, CURLcode code)
{
	struct postern_device *device = call->device;
	const struct stream_class *stream = call->stream;
	long status = 0;

	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		tls_learn(device, call->curl, status);
	if (call->body.text != NULL)
		text_tame(call->body.text, call->body.len);
	int error =
		stream == NULL ? http_judge(call, code, status) : stream_judge(call, code, status);
	struct answer answer = call->body;

	call->body = (struct answer){0};
	answer.status = status;
	answer.open_end = has_open_end(call->curl);
	detach(call, stream == NULL && call->form == NULL && code == CURLE_OK && status != 401);
	transfer_stop(call);
	if (error == POSTERN_E_AUTH || error == POSTERN_E_LOCKED)
		refuse_waiting(device, error);
	if (error != POSTERN_OK)
		answer_drop(&answer);
	call_enter(call);
	int result =
		stream == NULL ? call->answered(call, error, &answer) : stream->ended(call, error);

	answer_drop(&answer);
	call_left(call, result);
}

static void answer_is_late(struct timer *timer)
{
	finish(LINK_OWNER(timer, struct postern_call, timer), CURLE_OPERATION_TIMEDOUT);
}

static void stream_is_silent(struct timer *timer)
{
	struct postern_call *call = LINK_OWNER(timer, struct postern_call, timer);
	struct postern *context = call->device->context;
	int64_t dead_ms = call->heard_ms + call->silence_ms;

	if (context->clock_ms() < dead_ms)
		(void)timer_arm(&context->timers, timer, dead_ms);
	else
		finish(call, CURLE_OPERATION_TIMEDOUT);
}

/*
 * With the log-in libcurl first asks for a challenge, with an empty body; so the body goes once,
 * proven. Without it the body goes at once.
 */
static bool put_form(struct postern_call *call)
{
	if (call->form == NULL)
		return true;
	if (call->form_logs_in)
		return curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->form) == CURLE_OK;
	curl_easy_setopt(call->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
	return curl_easy_setopt(call->curl, CURLOPT_USERNAME, NULL) == CURLE_OK &&
	       curl_easy_setopt(call->curl, CURLOPT_PASSWORD, NULL) == CURLE_OK &&
	       curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->form) == CURLE_OK;
}

/* Hands the request to libcurl. False when memory is out. */
static bool begin(struct postern_call *call)
{
	struct postern *context = call->device->context;
	int64_t now_ms = context->clock_ms();
	unsigned limit_ms = call->stream == NULL ? call->device->timeout_ms : call->silence_ms;

	call->curl = handle_for(call);
	if (call->curl == NULL)
		return false;
	count_attached(context, 1);
	call->heard_ms = now_ms;
	call->timer.fired = call->stream == NULL ? answer_is_late : stream_is_silent;
	call->state = CALL_SENT;
	tls_begin(call->device, call->curl);
	curl_easy_setopt(call->curl, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->curl, CURLOPT_HEADERDATA, call);
	if (curl_easy_setopt(call->curl, CURLOPT_URL, call->url) != CURLE_OK || !put_form(call) ||
		!timer_arm(&context->timers, &call->timer, now_ms + limit_ms) ||
		curl_multi_add_handle(context->multi, call->curl) != CURLM_OK)
		return false;
	free(call->url);
	call->url = NULL;
	return true;
}

bool transfers_can_begin(const struct postern *context)
{
	return !link_alone(&context->ready) && context->running < context->running_max;
}

void transfers_begin(struct postern *context)
{
	forget_old_handles(context);
	while (transfers_can_begin(context)) {
		struct postern_device *device =
			LINK_OWNER(context->ready.next, struct postern_device, ready);
		struct postern_call *call =
			LINK_OWNER(device->waiting.next, struct postern_call, work);

		link_remove(&device->ready);
		link_remove(&call->work);
		device->turn = call;
		context->running++;
		if (!begin(call))
			call_end_later(call, call_fail(call, POSTERN_E_MEMORY, "out of memory"));
	}
}

/* What a stream has brought since it was looked at last. */
static void feed(struct postern_call *call)
{
	struct answer body = call->body;
	char *type = NULL;
	int result = CALL_RUNNING;

	link_remove(&call->work);
	call->body = (struct answer){0};
	call->heard_ms = call->device->context->clock_ms();
	call_enter(call);
	if (call->state == CALL_SENT) {
		call->state = CALL_STREAMING;
		give_turn_back(call);
		curl_easy_getinfo(call->curl, CURLINFO_CONTENT_TYPE, &type);
		tls_learn(call->device, call->curl, 200);
		result = call->stream->began(call, span_from_string(type == NULL ? "" : type));
	}
	if (result == CALL_RUNNING && !call->stopped && body.len > 0)
		result = call->stream->bytes(call, span_of(body.text, body.len));
	answer_drop(&body);
	call_left(call, result);
}

static void feed_streams(struct postern *context)
{
	while (!link_alone(&context->fed))
		feed(LINK_OWNER(context->fed.next, struct postern_call, work));
}

void transfers_take(struct postern *context)
{
	CURLMsg *message;
	int left;

	feed_streams(context);
	while ((message = curl_multi_info_read(context->multi, &left)) != NULL) {
		char *call = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		finish((struct postern_call *)(void *)call, code);
	}
}
