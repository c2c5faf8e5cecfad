// SPDX-License-Identifier: Apache-2.0
/*
 * Frames of an OSDP line (accessControl getOsdpFrames): admin only, for cards may be in them. Core
 * has overwritten what nobody may see.
 */
#include "operations.h"

#include "messages/readers.h"
#include "protocols/keyvalue.h"

#define ROW_BYTES_MAX (2 * OSDP_TRACED_BYTES + 256)

void osdp_frames_begin(struct request *request)
{
	const struct settings *settings = request->gate->settings;
	struct message_osdp_trace message = {
		.header = {.type = MESSAGE_OSDP_TRACE},
		.handle = request->handle,
		.limit = OSDP_TRACED_MAX,
	};
	const struct query_parameter *line = query_find(request->query, "line", NULL);
	int64_t number = 0;

	while (message.line < settings->osdp_line_count &&
		!text_is(&settings->osdp_line[message.line].id, line->value))
		message.line++;
	if (message.line == settings->osdp_line_count) {
		request_fail(request, 400, "line names no OSDP line of this device");
		return;
	}
	if (cgi_integer(request->query, "afterFrame", &number))
		message.after_no = (uint64_t)number;
	if (cgi_integer(request->query, "count", &number))
		message.limit = (uint32_t)number;
	core_ask(request, &message);
}

static void add_number(struct buf *out, struct span prefix, const char *key, uint64_t value)
{
	char text[24];
	struct buf digits = buf_over(text, sizeof(text));

	buf_add_u64(&digits, value);
	keyvalue_row_text(out, prefix, key, buf_span(&digits));
}

/* request->step counts the rows printed. */
static void row_print(struct request *request, const struct osdp_traced *frame)
{
	char memory[ROW_BYTES_MAX];
	char hex[2 * OSDP_TRACED_BYTES];
	char text[32];
	struct buf row = buf_over(memory, sizeof(memory));
	struct buf bytes = buf_over(hex, sizeof(hex));
	struct buf prefix = buf_over(text, sizeof(text));

	buf_add_string(&prefix, "frames[");
	buf_add_u64(&prefix, request->step++);
	buf_add_string(&prefix, "].");
	buf_add_hex(&bytes, frame->bytes, frame->len);
	add_number(&row, buf_span(&prefix), "No", frame->no);
	add_number(
		&row, buf_span(&prefix), "TimeUS", frame->utc_us < 0 ? 0 : (uint64_t)frame->utc_us);
	keyvalue_row_text(&row, buf_span(&prefix), "Reply",
		frame->reply ? SPAN_LIT("true") : SPAN_LIT("false"));
	keyvalue_row_text(&row, buf_span(&prefix), "Bytes", buf_span(&bytes));
	(void)reply_add(&request->reply, buf_span(&row));
}

void osdp_frames_answer(struct request *request, const void *message)
{
	const struct message_osdp_frames *frames = message;
	char memory[128];
	struct buf head = buf_over(memory, sizeof(memory));

	if (message_type_of(message) != MESSAGE_OSDP_FRAMES) {
		operation_unexpected(request, message);
		return;
	}
	add_number(&head, (struct span){NULL, 0}, "oldestFrame", frames->oldest_no);
	add_number(&head, (struct span){NULL, 0}, "lastFrame", frames->last_no);
	if (request->reply.len == 0)
		(void)reply_add(&request->reply, buf_span(&head));
	for (uint32_t i = 0; i < frames->count; i++)
		row_print(request, &frames->row[i]);
	if (!frames->last)
		return;
	request->reply.status = 200;
	request_finish(request);
}
