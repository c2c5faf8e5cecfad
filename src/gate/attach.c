// SPDX-License-Identifier: Apache-2.0
/*
 * Subscriptions. This device has no camera: channel 1, the default, is taken as "no matter which",
 * every other one names a camera that does not exist. Events of all doors come in any case.
 *
 * The wish waits in request->state while core opens its side; the place in limits.streams is taken
 * first, and given back when nothing comes of it.
 */
#include "operations.h"

#include "protocols/cgi_methods.h"
#include "streams.h"

#include <stdlib.h>

static uint32_t codes_of(const struct query *query, const char *name)
{
	struct span list = {NULL, 0};
	struct span code;
	uint32_t bits = 0;

	(void)cgi_text(query, name, &list);
	while (cgi_codes_next(&list, &code))
		bits |= event_code_bits(code);
	return bits;
}

static void wish_read(const struct query *query, const char *codes, enum event_style style,
	struct stream_wish *ret)
{
	int64_t number;

	ret->style = style;
	ret->codes = codes_of(query, codes);
	if (cgi_integer(query, "heartbeat", &number))
		ret->heartbeat_s = (uint32_t)number;
	ret->has_after_seq = cgi_integer(query, "afterSeq", &number);
	if (ret->has_after_seq)
		ret->after_seq = (uint64_t)number;
	/* 0 is in front of every record: from the oldest entry on. */
	if (cgi_integer(query, "afterRecNo", &number)) {
		ret->has_after_rec_no = number > 0;
		ret->has_after_seq |= number == 0;
		ret->after_rec_no = (uint64_t)number;
	}
}

static void attach_begin(struct request *request, const char *codes, enum event_style style)
{
	struct message_with_handle message = {
		.header = {.type = MESSAGE_STREAM_OPEN},
		.handle = request->handle,
	};
	int64_t channel = 1;

	(void)cgi_integer(request->query, "channel", &channel);
	if (channel != 1) {
		request_fail(request, 400, "channel names no camera of this device; leave it out");
		return;
	}
	struct stream_wish *wish = calloc(1, sizeof(*wish));

	if (wish == NULL) {
		request_fail(request, 503, "out of memory");
		return;
	}
	wish_read(request->query, codes, style, wish);
	request->state = wish;
	if (!streams_reserve(request->gate->streams)) {
		request_fail(request, 503,
			"as many event streams are open as limits.streams allows; close one");
		return;
	}
	request->stream_place = true;
	core_ask(request, &message);
}

void snap_attach_begin(struct request *request)
{
	attach_begin(request, "Events", EVENT_STYLE_SNAP);
}

void event_attach_begin(struct request *request)
{
	attach_begin(request, "codes", EVENT_STYLE_CODE);
}

static void stream_refuse(struct request *request, const struct message_stream *stream,
	unsigned status, const char *detail)
{
	struct message_stream_close close = {
		.header = {.type = MESSAGE_STREAM_CLOSE},
		.stream_id = stream->stream_id,
	};

	(void)core_send(request->gate, &close);
	request_fail(request, status, detail);
}

void attach_answer(struct request *request, const void *message)
{
	struct streams *streams = request->gate->streams;
	const struct stream_wish *wish = request->state;

	if (message_type_of(message) != MESSAGE_STREAM) {
		operation_unexpected(request, message);
		return;
	}
	const struct message_stream *stream = (const struct message_stream *)message;

	if (wish->has_after_seq && wish->after_seq > stream->last_seq)
		stream_refuse(request, stream, 400,
			"afterSeq is above the newest Seq; is it of another device?");
	else if (!streams_open(streams, request, wish, stream))
		stream_refuse(request, stream, 503, "out of memory");
	else
		request_finish(request);
}
