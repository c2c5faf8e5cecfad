// SPDX-License-Identifier: Apache-2.0
/*
 * Files for OSDP readers: core puts the parts together and knows how far they are; here is what
 * stands in a request and in an answer.
 */
#include "base/number.h"
#include "messages/readers.h"
#include "operations.h"
#include "protocols/cgi_methods.h"
#include "protocols/osdp_bus.h"
#include "protocols/osdp_code.h"
#include "protocols/osdp_trace.h"

#define ANSWER_BYTES 512

/* False after 400. */
static bool part_read(struct request *request, struct message_reader_file *message)
{
	struct span text = {NULL, 0};
	int64_t offset = 0;

	(void)cgi_integer(request->query, "offset", &offset);
	(void)cgi_text(request->query, "data", &text);
	message->offset = (uint32_t)offset;
	message->len = (uint32_t)(text.len / 2);
	if (!operation_in_body(request, "data"))
		request_fail(request, 400, "data stands in the body of a POST");
	else if (text.len % 2 != 0 || message->len > READER_FILE_PART_MAX ||
		 !hex_decode(text, message->bytes, message->len))
		request_fail(request, 400,
			"data is hexadecimal digits, two for each of 1 to 16384 bytes");
	else
		return true;
	return false;
}

void reader_file_begin(struct request *request)
{
	struct message_reader_file message = {
		.header = {.type = MESSAGE_READER_FILE},
		.handle = request->handle,
	};
	int64_t number = 0;
	int64_t type = 1;
	int64_t size = 0;

	(void)cgi_integer(request->query, "reader", &number);
	message.reader = (uint8_t)number;
	if (request->operation == CGI_READER_FILE_BEGIN) {
		(void)cgi_integer(request->query, "type", &type);
		(void)cgi_integer(request->query, "size", &size);
		message.type = (uint8_t)type;
		message.size = (uint32_t)size;
	}
	if (!request->gate->settings->reader[message.reader - 1].config.configured)
		request_fail(request, 400, "reader names no reader of this device");
	else if (request->operation != CGI_READER_FILE_PART || part_read(request, &message))
		core_ask(request, &message);
}

static void add_number(struct buf *out, const char *key, int64_t value)
{
	buf_add_string(out, key);
	if (value < 0)
		buf_add_byte(out, '-');
	buf_add_u64(out, (uint64_t)(value < 0 ? -value : value));
	buf_add_string(out, "\r\n");
}

static void status_add(struct buf *out, const struct message_reader_file_state *file)
{
	bool nak = file->status <= OSDP_BUS_FILE_NAK;

	add_number(out, "Info.Status=", file->status);
	buf_add_string(out, "Info.Text=");
	buf_add_string(out, nak ? osdp_nak_text((uint8_t)(OSDP_BUS_FILE_NAK - file->status))
				: osdp_ftstat_text(file->status));
	buf_add_string(out, "\r\n");
}

void reader_file_answer(struct request *request, const void *message)
{
	static const char *const names[READER_FILE_STATE_COUNT] = {
		[READER_FILE_IDLE] = "None",
		[READER_FILE_RECEIVING] = "Receiving",
		[READER_FILE_STARTING] = "Starting",
		[READER_FILE_SENDING] = "Sending",
		[READER_FILE_FINISHING] = "Finishing",
		[READER_FILE_DONE] = "Done",
		[READER_FILE_REFUSED] = "Refused",
		[READER_FILE_BROKEN] = "Broken",
	};
	const struct message_reader_file_state *file = message;
	char memory[ANSWER_BYTES];
	struct buf out = buf_over(memory, sizeof(memory));

	if (message_type_of(message) != MESSAGE_READER_FILE_STATE) {
		operation_unexpected(request, message);
		return;
	}
	buf_add_string(&out, "Info.State=");
	buf_add_string(&out, names[file->state]);
	buf_add_string(&out, "\r\n");
	add_number(&out, "Info.Type=", file->type);
	add_number(&out, "Info.Size=", file->size);
	add_number(&out, "Info.Received=", file->received);
	add_number(&out, "Info.Sent=", file->sent);
	if (file->state == READER_FILE_DONE || file->state == READER_FILE_REFUSED)
		status_add(&out, file);
	(void)reply_add(&request->reply, buf_span(&out));
	request->reply.status = 200;
	request_finish(request);
}
