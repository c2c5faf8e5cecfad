// SPDX-License-Identifier: Apache-2.0
/*
 * A live subscription: one long answer, fed to the multipart reader as it comes. A stream that says
 * nothing for three heartbeats is dead, whatever TCP thinks (half-open connections are common).
 */
#include "protocols/multipart.h"
#include "sdk.h"

#include <stdlib.h>

#define HEARTBEAT_DEFAULT_S 5
#define SILENT_HEARTBEATS 3
#define REFUSAL_MAX 4096

struct watch {
	struct postern_device *device;
	const struct postern_watch_options *options;
	postern_event_fn *each;
	void *user;
	struct multipart_reader reader;
	char *part_memory;
	bool reading; /* the answer is a stream; else it is collected as a refusal */
	struct buf refusal;
	char refusal_memory[REFUSAL_MAX];
	int error; /* why the transfer was stopped by us */
};

static int take_part(struct watch *watch)
{
	struct span part = buf_span(&watch->reader.part);
	struct span type = span_of(watch->reader.content_type, watch->reader.content_type_len);

	if (span_starts_with_nocase(type, SPAN_LIT("image/")))
		return POSTERN_OK;
	if (span_equal(span_trim(span_slice(part, 0, 9)), SPAN_LIT("Heartbeat"))) {
		if (watch->options->heartbeat != NULL &&
			watch->options->heartbeat(watch->user) != 0)
			return POSTERN_E_STOPPED;
		return POSTERN_OK;
	}
	return events_deliver(part, watch->each, watch->user);
}

static int take_bytes(struct watch *watch, struct span bytes)
{
	for (;;) {
		switch (multipart_reader_take(&watch->reader, &bytes)) {
		case MULTIPART_MORE:
			return POSTERN_OK;
		case MULTIPART_BAD:
			return device_fail(watch->device, POSTERN_E_PROTOCOL,
				"the stream is not multipart, or a part is too large");
		case MULTIPART_PART: {
			int error = take_part(watch);

			if (error != POSTERN_OK)
				return error;
			break;
		}
		}
	}
}

/* At the first byte of a 200: which boundary did the head announce? */
static int begin_stream(struct watch *watch)
{
	char *content_type = NULL;
	struct span boundary;

	curl_easy_getinfo(watch->device->curl, CURLINFO_CONTENT_TYPE, &content_type);
	if (content_type == NULL ||
		!multipart_boundary(span_from_string(content_type), &boundary) ||
		!multipart_reader_init(
			&watch->reader, boundary, watch->part_memory, MULTIPART_PART_MAX))
		return device_fail(watch->device, POSTERN_E_PROTOCOL,
			"the answer is no event stream but %s",
			content_type == NULL ? "untyped" : content_type);
	watch->reading = true;
	return POSTERN_OK;
}

static size_t take_stream(char *data, size_t size, size_t count, void *user)
{
	struct watch *watch = user;
	long status = 0;

	curl_easy_getinfo(watch->device->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		buf_add(&watch->refusal, span_slice(span_of(data, size * count), 0,
						 REFUSAL_MAX - watch->refusal.len));
		return size * count;
	}
	if (!watch->reading)
		watch->error = begin_stream(watch);
	if (watch->error == POSTERN_OK)
		watch->error = take_bytes(watch, span_of(data, size * count));
	return watch->error == POSTERN_OK ? size * count : 0;
}

static const char *watch_target(struct watch *watch, struct target *target)
{
	const struct postern_watch_options *options = watch->options;
	const char *codes = options->codes == NULL ? "All" : options->codes;
	char bracketed[1024];
	struct buf buf = buf_over(bracketed, sizeof(bracketed) - 1);

	buf_add_byte(&buf, '[');
	buf_add_string(&buf, codes);
	buf_add_byte(&buf, ']');
	if (buf.overflow || !text_acceptable(codes, 1000, 1000)) {
		device_fail(
			watch->device, POSTERN_E_ARGUMENT, "codes: at most 1000 bytes of names");
		return NULL;
	}
	bracketed[buf.len] = 0;
	if (options->event_manager) {
		target_begin(target, "eventManager.cgi", "attach");
		target_text(target, "codes", bracketed);
	} else {
		target_begin(target, "snapManager.cgi", "attachFileProc");
		target_text(target, "Flags[0]", "Event");
		target_text(target, "Events", bracketed);
	}
	if (options->channel != POSTERN_NOT_GIVEN)
		target_number(target, "channel", options->channel);
	target_number(target, "heartbeat",
		options->heartbeat_s == 0 ? HEARTBEAT_DEFAULT_S : options->heartbeat_s);
	if (options->after_rec_no > 0)
		target_number(target, "afterRecNo", (int64_t)options->after_rec_no);
	if (options->after_seq > 0)
		target_number(target, "afterSeq", (int64_t)options->after_seq);
	return target_end(target, watch->device);
}

static void set_up_transfer(struct watch *watch, const char *url, unsigned heartbeat_s)
{
	CURL *curl = watch->device->curl;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_stream);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, watch);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(SILENT_HEARTBEATS * heartbeat_s));
}

static void restore_transfer(struct postern_device *device)
{
	curl_easy_setopt(device->curl, CURLOPT_LOW_SPEED_LIMIT, 0L);
	curl_easy_setopt(device->curl, CURLOPT_LOW_SPEED_TIME, 0L);
}

static int run(struct watch *watch)
{
	struct postern_device *device = watch->device;
	struct target target;
	char url[URL_MAX + 512];
	const char *text = watch_target(watch, &target);
	struct buf buf = buf_over(url, sizeof(url) - 1);

	if (text == NULL)
		return POSTERN_E_ARGUMENT;
	buf_add_string(&buf, device->base_url);
	buf_add_string(&buf, text);
	url[buf.len] = 0;
	set_up_transfer(watch, url,
		watch->options->heartbeat_s == 0 ? HEARTBEAT_DEFAULT_S
						 : watch->options->heartbeat_s);
	CURLcode code = curl_easy_perform(device->curl);
	long status = 0;

	curl_easy_getinfo(device->curl, CURLINFO_RESPONSE_CODE, &status);
	restore_transfer(device);
	if (watch->error != POSTERN_OK)
		return watch->error;
	if (status != 0 && status != 200)
		return http_refusal(device, status, buf_span(&watch->refusal));
	if (watch->reading && (code == CURLE_OK || code == CURLE_OPERATION_TIMEDOUT ||
				      code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE))
		return device_fail(device, POSTERN_E_CLOSED, "%s",
			code == CURLE_OPERATION_TIMEDOUT ? "silent for three heartbeats"
							 : "closed by the device");
	if (code == CURLE_OK)
		return device_fail(device, POSTERN_E_CLOSED, "closed by the device");
	return http_transfer_error(device, (int)code);
}

int postern_events_watch(struct postern_device *device, const struct postern_watch_options *options,
	postern_event_fn *each, void *user)
{
	if (options == NULL || options->size < sizeof(*options) || each == NULL ||
		options->heartbeat_s > 60 || options->after_rec_no > INT64_MAX ||
		options->after_seq > INT64_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"options: size must be set, heartbeat is 1 to 60 seconds");
	struct watch *watch = calloc(1, sizeof(*watch));
	char *memory = malloc(MULTIPART_PART_MAX);
	int error = POSTERN_E_MEMORY;

	device->detail[0] = 0;
	if (watch != NULL && memory != NULL) {
		watch->device = device;
		watch->options = options;
		watch->each = each;
		watch->user = user;
		watch->part_memory = memory;
		watch->refusal = buf_over(watch->refusal_memory, REFUSAL_MAX);
		error = run(watch);
	}
	free(memory);
	free(watch);
	return error;
}
