// SPDX-License-Identifier: Apache-2.0
/*
 * Answers that do not end. A stream that says nothing for three heartbeats is dead, whatever TCP
 * thinks: half-open connections are common.
 */
#include "sdk.h"

#define SILENT_HEARTBEATS 3

int stream_start(struct postern_call *call, const char *target, unsigned heartbeat_s,
	const struct stream_class *stream)
{
	int result = http_start(call, target, NULL);

	call->stream = stream;
	call->silence_ms = SILENT_HEARTBEATS * 1000 * heartbeat_s;
	return result;
}

int stream_judge(struct postern_call *call, CURLcode code, long status)
{
	if (!call->headed && status != 0 && status != 200)
		return http_refusal(call, status, span_of(call->body.text, call->body.len));
	if (call->headed && code == CURLE_OPERATION_TIMEDOUT)
		return call_fail(call, POSTERN_E_CLOSED, "silent for three heartbeats");
	if (code == CURLE_OK ||
		(call->headed && (code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE)))
		return call_fail(call, POSTERN_E_CLOSED, "closed by the device");
	return http_transfer_error(call, (int)code);
}
