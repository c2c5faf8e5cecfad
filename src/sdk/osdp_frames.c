// SPDX-License-Identifier: Apache-2.0
/*
 * Frames of an OSDP line: rows of accessControl getOsdpFrames. The device is not believed: bytes
 * that are none and numbers out of range are POSTERN_E_PROTOCOL, before that frame is handed out.
 */
#include "base/number.h"
#include "sdk.h"

#define COUNT_MAX 256
#define LINE_MAX_BYTES 32
#define FRAME_BYTES_MAX 1440

static bool frame_read(
	const struct row *row, unsigned char bytes[FRAME_BYTES_MAX], struct postern_osdp_frame *ret)
{
	int64_t no = fields_number(row->fields, row->field_count, "No");
	const char *reply = fields_find(row->fields, row->field_count, "Reply");
	const char *hex = fields_find(row->fields, row->field_count, "Bytes");
	struct span digits = span_from_string(hex == NULL ? "" : hex);

	*ret = (struct postern_osdp_frame){
		.size = sizeof(*ret),
		.no = no < 0 ? 0 : (uint64_t)no,
		.time_us = fields_number(row->fields, row->field_count, "TimeUS"),
		.reply = reply != NULL && strcmp(reply, "true") == 0,
		.bytes = bytes,
		.len = digits.len / 2,
	};
	return no > 0 && ret->time_us >= 0 && ret->len >= 1 && ret->len <= FRAME_BYTES_MAX &&
	       hex_decode(digits, bytes, ret->len);
}

int osdp_frames_deliver(struct answer *answer, postern_osdp_frame_fn *each, void *user,
	struct postern_osdp_state *state)
{
	unsigned char bytes[FRAME_BYTES_MAX];
	int64_t oldest = 0;
	int64_t last = 0;
	struct table table;

	if (!answer_number(answer, "oldestFrame", &oldest) ||
		!answer_number(answer, "lastFrame", &last) || oldest < 0 || last < oldest)
		return POSTERN_E_PROTOCOL;
	int error = table_parse(answer, "frames", &table);

	if (error != POSTERN_OK)
		return error;
	*state = (struct postern_osdp_state){sizeof(*state), (uint64_t)oldest, (uint64_t)last};
	for (size_t i = 0; i < table.row_count && error == POSTERN_OK; i++) {
		struct postern_osdp_frame frame;

		if (!frame_read(&table.rows[i], bytes, &frame))
			error = POSTERN_E_PROTOCOL;
		else if (each(user, &frame) != 0)
			error = POSTERN_E_STOPPED;
	}
	table_drop(&table);
	return error;
}

struct traced_call {
	struct postern_call call;
	postern_osdp_frame_fn *each;
	void *each_user; /* the form that waits has another user */
	postern_osdp_state_fn *done;
	void *user;
	struct postern_osdp_state state;
	bool answered;
};

static int hand_out(void *user, const struct postern_osdp_frame *frame)
{
	struct traced_call *traced = user;

	return traced->each(traced->each_user, frame) != 0 || traced->call.stopped;
}

static int traced_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct traced_call *traced = (struct traced_call *)call;

	if (error != POSTERN_OK)
		return error;
	error = osdp_frames_deliver(answer, hand_out, traced, &traced->state);
	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return call_fail(call, error, "%s", postern_strerror(error));
	traced->answered = true;
	return error;
}

static void traced_end(struct postern_call *call, int error)
{
	struct traced_call *traced = (struct traced_call *)call;

	traced->done(traced->user, call, error, traced->answered ? &traced->state : NULL);
}

static const char *traced_target(struct postern_device *device,
	const struct postern_osdp_query *query, struct target *target)
{
	target_begin(target, "accessControl.cgi", "getOsdpFrames");
	target_text(target, "line", query->line);
	target_number(target, "afterFrame", (int64_t)query->after);
	target_number(target, "count", query->count == 0 ? COUNT_MAX : query->count);
	return target_end(target, device);
}

int postern_osdp_frames_start(struct postern_device *device, const struct postern_osdp_query *query,
	postern_osdp_frame_fn *each, postern_osdp_state_fn *done, void *user,
	struct postern_call **call)
{
	static const struct call_class class = {.end = traced_end};
	struct target target;
	int error;

	if (query == NULL || query->size < sizeof(*query) || each == NULL)
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	if (query->line == NULL || query->line[0] == 0 || strlen(query->line) > LINE_MAX_BYTES ||
		query->count > COUNT_MAX || query->after > INT64_MAX)
		return device_fail(device, POSTERN_E_ARGUMENT,
			"a line has a name of 1 to %d bytes, count is at most %d", LINE_MAX_BYTES,
			COUNT_MAX);
	struct traced_call *traced =
		call_new(device, sizeof(*traced), &class, done != NULL, &error);

	if (traced == NULL)
		return error;
	traced->each = each;
	traced->each_user = user;
	traced->done = done;
	traced->user = user;
	return call_begin(&traced->call,
		http_start(&traced->call, traced_target(device, query, &target), traced_answered),
		call);
}

static void sync_state(
	void *user, struct postern_call *call, int error, const struct postern_osdp_state *state)
{
	sync_result(user, call, error, state, sizeof(*state));
}

int postern_osdp_frames(struct postern_device *device, const struct postern_osdp_query *query,
	postern_osdp_frame_fn *each, void *user, struct postern_osdp_state *state)
{
	struct sync sync;
	struct postern_call *call = NULL;
	int error = sync_begin(&sync, device);

	if (error != POSTERN_OK)
		return error;
	if (each == NULL || (state != NULL && state->size < sizeof(*state)))
		return device_fail(device, POSTERN_E_ARGUMENT, "query or state: size is not set");
	sync.result = state;
	error = postern_osdp_frames_start(device, query, each, sync_state, &sync, &call);
	if (call != NULL)
		((struct traced_call *)call)->each_user = user;
	return sync_wait(&sync, error);
}
