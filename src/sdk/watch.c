// SPDX-License-Identifier: Apache-2.0
/*
 * A live subscription: one long answer, fed to the multipart reader as it comes.
 */
#include "protocols/multipart.h"
#include "sdk.h"

#include <stdlib.h>

#define HEARTBEAT_DEFAULT_S 5

struct watch {
	struct postern_call call;
	postern_event_fn *each;
	int (*heartbeat)(void *user);
	void *each_user; /* of both; the form that waits has another user */
	postern_done_fn *done;
	void *user;
	struct multipart_reader reader;
	char *part_memory;
};

static int hand_out(void *user, const struct postern_event *event)
{
	struct watch *watch = user;

	return watch->each(watch->each_user, event) != 0 || watch->call.stopped;
}

static int take_part(struct watch *watch)
{
	struct span part = buf_span(&watch->reader.part);
	struct span type = span_of(watch->reader.content_type, watch->reader.content_type_len);

	if (span_starts_with_nocase(type, SPAN_LIT("image/")))
		return POSTERN_OK;
	if (span_equal(span_trim(span_slice(part, 0, 9)), SPAN_LIT("Heartbeat"))) {
		if (watch->heartbeat != NULL && watch->heartbeat(watch->each_user) != 0)
			return POSTERN_E_STOPPED;
		return POSTERN_OK;
	}
	return events_deliver(part, hand_out, watch);
}

static int watch_bytes(struct postern_call *call, struct span bytes)
{
	struct watch *watch = (struct watch *)call;

	while (!call->stopped) {
		switch (multipart_reader_take(&watch->reader, &bytes)) {
		case MULTIPART_MORE:
			return CALL_RUNNING;
		case MULTIPART_BAD:
			return call_fail(call, POSTERN_E_PROTOCOL,
				"the stream is not multipart, or a part is too large");
		case MULTIPART_PART: {
			int error = take_part(watch);

			if (error != POSTERN_OK)
				return error;
			break;
		}
		}
	}
	return CALL_RUNNING;
}

/* Which boundary did the head announce? */
static int watch_began(struct postern_call *call, struct span content_type)
{
	struct watch *watch = (struct watch *)call;
	struct span boundary;

	watch->part_memory = malloc(MULTIPART_PART_MAX);
	if (watch->part_memory == NULL)
		return call_fail(call, POSTERN_E_MEMORY, "out of memory");
	if (!multipart_boundary(content_type, &boundary) ||
		!multipart_reader_init(
			&watch->reader, boundary, watch->part_memory, MULTIPART_PART_MAX))
		return call_fail(call, POSTERN_E_PROTOCOL, "the answer is no event stream but %.*s",
			content_type.len == 0 ? 7 : (int)content_type.len,
			content_type.len == 0 ? "untyped" : content_type.data);
	return CALL_RUNNING;
}

static int watch_ended(struct postern_call *call UNUSED, int error)
{
	return error;
}

static void watch_end(struct postern_call *call, int error)
{
	struct watch *watch = (struct watch *)call;

	watch->done(watch->user, call, error);
}

static void watch_drop(struct postern_call *call)
{
	free(((struct watch *)call)->part_memory);
}

static const char *watch_target(
	struct watch *watch, const struct postern_watch_options *options, struct target *target)
{
	const char *codes = options->codes == NULL ? "All" : options->codes;
	char bracketed[1024];
	struct buf buf = buf_over(bracketed, sizeof(bracketed) - 1);

	buf_add_byte(&buf, '[');
	buf_add_string(&buf, codes);
	buf_add_byte(&buf, ']');
	if (buf.overflow || !text_acceptable(codes, 1000, 1000)) {
		device_fail(watch->call.device, POSTERN_E_ARGUMENT,
			"codes: at most 1000 bytes of names");
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
	return target_end(target, watch->call.device);
}

int postern_events_watch_start(struct postern_device *device,
	const struct postern_watch_options *options, postern_event_fn *each, postern_done_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = watch_end, .drop = watch_drop};
	static const struct stream_class stream = {
		.began = watch_began, .bytes = watch_bytes, .ended = watch_ended};
	struct target target;
	int error;

	if (options == NULL || options->size < sizeof(*options) || each == NULL ||
		options->heartbeat_s > 60 || options->after_rec_no > INT64_MAX ||
		options->after_seq > INT64_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"options: size must be set, heartbeat is 1 to 60 seconds");
	struct watch *watch = call_new(device, sizeof(*watch), &class, done != NULL, &error);

	if (watch == NULL)
		return error;
	watch->each = each;
	watch->heartbeat = options->heartbeat;
	watch->each_user = user;
	watch->done = done;
	watch->user = user;
	return call_begin(&watch->call,
		stream_start(&watch->call, watch_target(watch, options, &target),
			options->heartbeat_s == 0 ? HEARTBEAT_DEFAULT_S : options->heartbeat_s,
			&stream),
		call);
}

int postern_events_watch(struct postern_device *device, const struct postern_watch_options *options,
	postern_event_fn *each, void *user)
{
	struct sync sync;
	struct postern_call *call = NULL;
	int error = sync_begin(&sync, device);

	if (error != POSTERN_OK)
		return error;
	error = postern_events_watch_start(device, options, each, sync_done, &sync, &call);
	if (call != NULL)
		((struct watch *)call)->each_user = user;
	return sync_wait(&sync, error);
}
