// SPDX-License-Identifier: Apache-2.0
/* The audit, printed as rows; `found=` and `totalCount=` stand in front, as in every find. */
#include "operations.h"

#include "fields.h"
#include "messages/audit.h"
#include "protocols/cgi_methods.h"

#include <arpa/inet.h>

#define ROWS_MAX 1024
#define ROW_BYTES_MAX 1024

void audit_find_begin(struct request *request)
{
	struct message_audit_query message = {
		.header = {.type = MESSAGE_AUDIT_QUERY},
		.handle = request->handle,
		.from_ms = INT64_MIN,
		.to_ms = INT64_MAX,
		.limit = ROWS_MAX,
	};
	int64_t number;

	if (!reply_leave_front(&request->reply)) {
		request_fail(request, 503, "out of memory");
		return;
	}
	if (cgi_integer(request->query, "StartTime", &number))
		message.from_ms = number * MS_PER_S;
	if (cgi_integer(request->query, "EndTime", &number))
		message.to_ms = number * MS_PER_S + MS_PER_S - 1;
	if (cgi_integer(request->query, "AfterNo", &number))
		message.after_no = (uint64_t)number;
	if (cgi_integer(request->query, "count", &number) && number < ROWS_MAX)
		message.limit = (uint32_t)number;
	core_ask(request, &message);
}

/* An IPv4 address as people write it, whatever it is mapped into. */
static void address_text(const uint8_t address[16], char ret[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		(void)inet_ntop(AF_INET, address + sizeof(mapped), ret, INET6_ADDRSTRLEN);
	else
		(void)inet_ntop(AF_INET6, address, ret, INET6_ADDRSTRLEN);
}

static void row_print(struct buf *out, struct span prefix, const struct audit_entry *entry)
{
	char address[INET6_ADDRSTRLEN] = "";
	struct field_list list;
	int64_t s = entry->utc_ms / MS_PER_S - (entry->utc_ms % MS_PER_S < 0);

	list.count = 0;
	if (entry->has_address)
		address_text(entry->address, address);
	field_text(&list, "Account", text_span(&entry->account));
	field_text(&list, "Act", span_from_string(audit_act_name((enum audit_act)entry->act)));
	field_text(&list, "Address", span_from_string(address));
	field_number(&list, "Count", entry->count);
	field_number(&list, "No", entry->no);
	field_text(&list, "Result",
		span_from_string(audit_result_name((enum audit_result)entry->result)));
	field_text(&list, "Target", text_span(&entry->target));
	field_signed(&list, "Time", s);
	field_number(&list, "TimeMS", (uint64_t)(entry->utc_ms - s * MS_PER_S));
	field_bool(&list, "Trusted", entry->trusted);
	field_print_lines(out, prefix, &list);
}

static void rows_print(struct request *request, const struct message_audit_rows *rows)
{
	for (uint32_t i = 0; i < rows->count && !request->full; i++) {
		char text[24];
		char memory[ROW_BYTES_MAX];
		struct buf prefix = buf_over(text, sizeof(text));
		struct buf row = buf_over(memory, sizeof(memory));

		buf_add_string(&prefix, "records[");
		buf_add_u64(&prefix, request->step);
		buf_add_string(&prefix, "].");
		row_print(&row, buf_span(&prefix), &rows->row[i]);
		row_add(request, &row);
	}
}

void audit_find_answer(struct request *request, const void *message)
{
	const struct message_audit_rows *rows = message;

	if (message_type_of(message) != MESSAGE_AUDIT_ROWS) {
		operation_unexpected(request, message);
		return;
	}
	request->total = rows->total;
	rows_print(request, rows);
	if (rows->last)
		find_end(request);
}
