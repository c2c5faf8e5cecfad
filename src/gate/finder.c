// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of persons and of records, read. Core sends them in messages of a few rows; they are printed
 * as they come. `found=` and `totalCount=` are known last and stand first: room is left for them.
 *
 * An answer that reaches its limit of bytes ends after the last whole row: `found=` says how many
 * there are, and the client goes on from there as it does after 1,024 rows. Where not even one row
 * finds room, it is refused: `found=0` would say that there are none.
 */
#include "operations.h"

#include "fields.h"
#include "messages/persons.h"
#include "messages/records.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

#define ROWS_MAX 1024
#define ROW_BYTES_MAX (16 * 1024) /* a person with 128 doors needs 9 KB */

static void text_condition(
	const struct query *query, const char *name, bool *ret_has, struct span *ret)
{
	*ret = (struct span){NULL, 0};
	*ret_has = cgi_text(query, name, ret) && ret->len > 0;
}

static bool person_conditions(const struct query *query, struct person_filter *ret)
{
	struct span user;
	struct span card;

	text_condition(query, "condition.UserID", &ret->has_user_id, &user);
	text_condition(query, "condition.CardNo", &ret->has_card_no, &card);
	return text_set(&ret->user_id, user) && text_set(&ret->card_no, card);
}

static void record_numbers(const struct query *query, struct record_filter *ret)
{
	int64_t number;

	ret->has_from = cgi_integer(query, "StartTime", &ret->from_s);
	ret->has_to = cgi_integer(query, "EndTime", &ret->to_s);
	ret->has_door = cgi_integer(query, "condition.Door", &number);
	if (ret->has_door)
		ret->door = (uint8_t)number;
	ret->has_status = cgi_integer(query, "condition.Status", &number);
	if (ret->has_status)
		ret->status = (uint8_t)number;
	ret->has_method = cgi_integer(query, "condition.Method", &number);
	if (ret->has_method)
		ret->method = (uint8_t)number;
	if (cgi_integer(query, "AfterRecNo", &number))
		ret->after_rec_no = (uint64_t)number;
}

static bool record_conditions(const struct query *query, struct record_filter *ret)
{
	struct span user;
	struct span card;

	record_numbers(query, ret);
	text_condition(query, "condition.UserID", &ret->has_user_id, &user);
	text_condition(query, "condition.CardNo", &ret->has_card_no, &card);
	return text_set(&ret->user_id, user) && text_set(&ret->card_no, card);
}

static void page_read(const struct query *query, uint32_t *ret_offset, uint32_t *ret_limit)
{
	int64_t number;

	*ret_limit = ROWS_MAX;
	if (cgi_integer(query, "count", &number) && number < ROWS_MAX)
		*ret_limit = (uint32_t)number;
	if (cgi_integer(query, "offset", &number))
		*ret_offset = (uint32_t)number;
}

static void persons_ask(struct request *request, bool rows)
{
	struct message_person_query message = {
		.header = {.type = MESSAGE_PERSON_QUERY},
		.handle = request->handle,
	};

	if (!person_conditions(request->query, &message.filter)) {
		request_fail(request, 400, "a condition is longer than its field");
		return;
	}
	if (rows)
		page_read(request->query, &message.offset, &message.limit);
	core_ask(request, &message);
}

static void records_ask(struct request *request, bool rows)
{
	struct message_record_query message = {
		.header = {.type = MESSAGE_RECORD_QUERY},
		.handle = request->handle,
	};

	if (!record_conditions(request->query, &message.filter)) {
		request_fail(request, 400, "a condition is longer than its field");
		return;
	}
	if (rows)
		page_read(request->query, &message.offset, &message.limit);
	core_ask(request, &message);
}

/* Only find leaves room in front; without memory for that the request is over. */
static bool front_left(struct request *request)
{
	if (reply_leave_front(&request->reply))
		return true;
	request_fail(request, 503, "out of memory");
	return false;
}

void card_find_begin(struct request *request)
{
	if (front_left(request))
		persons_ask(request, true);
}

void record_find_begin(struct request *request)
{
	if (front_left(request))
		records_ask(request, true);
}

void card_size_begin(struct request *request)
{
	persons_ask(request, false);
}

void record_size_begin(struct request *request)
{
	records_ask(request, false);
}

void row_add(struct request *request, const struct buf *row)
{
	if (row->overflow || !reply_add(&request->reply, buf_span(row)))
		request->full = true;
	else
		request->step++;
}

static void person_rows(struct request *request, const struct message_person_rows *rows)
{
	char text[24];
	char memory[ROW_BYTES_MAX];
	int64_t now_s = clock_now(true).utc_ms / MS_PER_S;

	request->total = rows->total;
	for (uint32_t i = 0; i < rows->count && !request->full; i++) {
		struct buf prefix = buf_over(text, sizeof(text));
		struct buf row = buf_over(memory, sizeof(memory));

		buf_add_string(&prefix, "records[");
		buf_add_u64(&prefix, request->step);
		buf_add_string(&prefix, "].");
		card_print_lines(
			&row, buf_span(&prefix), &rows->row[i], &request->gate->zone, now_s);
		row_add(request, &row);
	}
}

static void record_rows(struct request *request, const struct message_record_rows *rows)
{
	char text[24];
	char memory[ROW_BYTES_MAX];

	request->total = rows->total;
	for (uint32_t i = 0; i < rows->count && !request->full; i++) {
		struct buf prefix = buf_over(text, sizeof(text));
		struct buf row = buf_over(memory, sizeof(memory));
		struct field_list list;

		buf_add_string(&prefix, "records[");
		buf_add_u64(&prefix, request->step);
		buf_add_string(&prefix, "].");
		record_fields(&rows->row[i], &list);
		field_print_lines(&row, buf_span(&prefix), &list);
		row_add(request, &row);
	}
}

void find_end(struct request *request)
{
	char text[REPLY_FRONT];
	struct buf front = buf_over(text, sizeof(text));

	request->reply.lacking = request->full && request->step == 0;
	buf_add_string(&front, "found=");
	buf_add_u64(&front, request->step);
	buf_add_string(&front, "\r\ntotalCount=");
	buf_add_u64(&front, request->total);
	buf_add_string(&front, "\r\n");
	reply_add_front(&request->reply, buf_span(&front));
	request->reply.status = 200;
	request_finish(request);
}

void find_answer(struct request *request, const void *message)
{
	bool last;

	if (message_type_of(message) == MESSAGE_PERSON_ROWS) {
		const struct message_person_rows *rows = (const void *)message;

		person_rows(request, rows);
		last = rows->last;
	} else if (message_type_of(message) == MESSAGE_RECORD_ROWS) {
		const struct message_record_rows *rows = (const void *)message;

		record_rows(request, rows);
		last = rows->last;
	} else {
		operation_unexpected(request, message);
		return;
	}
	if (last)
		find_end(request);
}

void size_answer(struct request *request, const void *message)
{
	char text[80];
	struct buf lines = buf_over(text, sizeof(text));
	uint64_t total;

	if (message_type_of(message) == MESSAGE_PERSON_ROWS) {
		total = ((const struct message_person_rows *)message)->total;
	} else if (message_type_of(message) == MESSAGE_RECORD_ROWS) {
		total = ((const struct message_record_rows *)message)->total;
	} else {
		operation_unexpected(request, message);
		return;
	}
	keyvalue_u64(&lines, "Size", total);
	keyvalue_u64(&lines, "count", total);
	request->reply.status = 200;
	(void)reply_add(&request->reply, buf_span(&lines));
	request_finish(request);
}

void card_get_begin(struct request *request)
{
	struct message_person_query message = {
		.header = {.type = MESSAGE_PERSON_QUERY},
		.handle = request->handle,
		.filter = {.has_no = true},
		.limit = 1,
	};
	int64_t no = 0;

	(void)cgi_integer(request->query, "recno", &no);
	message.filter.no = (uint64_t)no;
	core_ask(request, &message);
}

void card_get_answer(struct request *request, const void *message)
{
	const struct message_person_rows *rows = (const void *)message;
	char memory[ROW_BYTES_MAX];
	struct buf row = buf_over(memory, sizeof(memory));

	if (message_type_of(message) != MESSAGE_PERSON_ROWS) {
		operation_unexpected(request, message);
		return;
	}
	if (rows->count == 0) {
		request_fail(request, 400, "recno names no row");
		return;
	}
	card_print_lines(&row, (struct span){NULL, 0}, &rows->row[0], &request->gate->zone,
		clock_now(true).utc_ms / MS_PER_S);
	request->reply.status = 200;
	(void)reply_add(&request->reply, buf_span(&row));
	request_finish(request);
}
