// SPDX-License-Identifier: Apache-2.0
/* One page of access records: rows of AccessControlCardRec as recordFinder find hands them out. */
#include "sdk.h"

#include <limits.h>
#include <stdlib.h>

#define PAGE_ROWS_DEFAULT 1024

struct records_owner {
	struct postern_records records; /* first: what the user holds */
	struct table table;
};

const char *postern_record_field(const struct postern_record *record, const char *name)
{
	return fields_find(record->fields, record->field_count, name);
}

static const char *text_or_empty(const struct row *row, const char *name)
{
	const char *value = fields_find(row->fields, row->field_count, name);

	return value == NULL ? "" : value;
}

static int int_or(const struct row *row, const char *name)
{
	int64_t number = fields_number(row->fields, row->field_count, name);

	return number < INT_MIN || number > INT_MAX ? POSTERN_NOT_GIVEN : (int)number;
}

static void fill_record(struct postern_record *record, const struct row *row)
{
	int64_t rec_no = fields_number(row->fields, row->field_count, "RecNo");

	*record = (struct postern_record){
		.size = sizeof(*record),
		.rec_no = rec_no < 0 ? 0 : (uint64_t)rec_no,
		.create_time = fields_number(row->fields, row->field_count, "CreateTime"),
		.card_no = text_or_empty(row, "CardNo"),
		.card_name = text_or_empty(row, "CardName"),
		.user_id = text_or_empty(row, "UserID"),
		.type = text_or_empty(row, "Type"),
		.reader_id = text_or_empty(row, "ReaderID"),
		.reason = text_or_empty(row, "Reason"),
		.status = int_or(row, "Status"),
		.method = int_or(row, "Method"),
		.door = int_or(row, "Door"),
		.card_type = int_or(row, "CardType"),
		.error_code = int_or(row, "ErrorCode"),
		.field_count = row->field_count,
		.fields = row->fields,
	};
}

static void add_condition(struct target *target, const char *name, int64_t value)
{
	if (value != POSTERN_NOT_GIVEN)
		target_number(target, name, value);
}

const char *records_target(struct postern_device *device, const struct postern_record_query *query,
	struct target *target)
{
	target_begin(target, "recordFinder.cgi", "find");
	target_text(target, "name", "AccessControlCardRec");
	add_condition(target, "StartTime", query->from);
	add_condition(target, "EndTime", query->to);
	target_text(target, "condition.CardNo", query->card_no);
	target_text(target, "condition.UserID", query->user_id);
	add_condition(target, "condition.Door", query->door);
	add_condition(target, "condition.Status", query->status);
	add_condition(target, "condition.Method", query->method);
	if (query->after_rec_no > 0)
		target_number(target, "AfterRecNo", (int64_t)query->after_rec_no);
	target_number(target, "count", query->count == 0 ? PAGE_ROWS_DEFAULT : query->count);
	return target_end(target, device);
}

static int records_from(struct table *table, struct postern_records **records)
{
	struct records_owner *owner = calloc(1, sizeof(*owner));
	struct postern_record *rows = calloc(table->row_count + 1, sizeof(*rows));

	if (owner == NULL || rows == NULL) {
		free(owner);
		free(rows);
		table_drop(table);
		return POSTERN_E_MEMORY;
	}
	owner->table = *table;
	owner->records.record = rows;
	owner->records.count = table->row_count;
	owner->records.total = table->total;
	for (size_t i = 0; i < table->row_count; i++)
		fill_record(&rows[i], &table->rows[i]);
	*records = &owner->records;
	return POSTERN_OK;
}

int records_from_answer(struct postern_call *call, struct answer *answer,
	struct postern_records **records, int64_t *ret_found)
{
	struct table table;
	bool empty = answer->len == 0;
	int error = table_parse(answer, "records", &table);

	if (error == POSTERN_E_PROTOCOL)
		return call_fail(call, error, "%s",
			answer->open_end ? "the answer was cut off" : postern_strerror(error));
	if (error == POSTERN_OK && !empty && table.row_count == 0 &&
		table.found == POSTERN_NOT_GIVEN && table.total == POSTERN_NOT_GIVEN) {
		table_drop(&table);
		return call_fail(call, POSTERN_E_PROTOCOL, "the answer is no page of records");
	}
	if (ret_found != NULL && error == POSTERN_OK)
		*ret_found = table.found;
	if (error == POSTERN_OK)
		error = records_from(&table, records);
	return error == POSTERN_OK ? error : call_fail(call, error, "%s", postern_strerror(error));
}

bool record_query_copy(const struct postern_record_query *query, struct postern_record_query *ret)
{
	const size_t oldest = offsetof(struct postern_record_query, period_s);

	if (query == NULL || query->size < oldest || query->after_rec_no > INT64_MAX)
		return false;
	*ret = (struct postern_record_query)POSTERN_RECORD_QUERY_INIT;
	memcpy(ret, query, query->size < sizeof(*ret) ? query->size : sizeof(*ret));
	return true;
}

struct find_call {
	struct postern_call call;
	struct postern_records *records;
	postern_records_fn *done;
	void *user;
};

static int find_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct find_call *find = (struct find_call *)call;

	return error == POSTERN_OK ? records_from_answer(call, answer, &find->records, NULL)
				   : error;
}

static void find_end(struct postern_call *call, int error)
{
	struct find_call *find = (struct find_call *)call;

	find->done(find->user, call, error, find->records);
}

int postern_records_find_start(struct postern_device *device,
	const struct postern_record_query *query, postern_records_fn *done, void *user,
	struct postern_call **call)
{
	static const struct call_class class = {.end = find_end};
	struct postern_record_query known;
	struct target target;
	int error;

	if (!record_query_copy(query, &known))
		return device_fail(device, POSTERN_E_ARGUMENT, "query: size is not set");
	struct find_call *find = call_new(device, sizeof(*find), &class, done != NULL, &error);

	if (find == NULL)
		return error;
	find->done = done;
	find->user = user;
	return call_begin(&find->call,
		http_start(&find->call, records_target(device, &known, &target), find_answered),
		call);
}

static void sync_records(
	void *user, struct postern_call *call, int error, struct postern_records *records)
{
	((struct sync *)user)->result = records;
	sync_done(user, call, error);
}

int postern_records_find(struct postern_device *device, const struct postern_record_query *query,
	struct postern_records **records)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(&sync,
			postern_records_find_start(device, query, sync_records, &sync, NULL));
	if (error == POSTERN_OK)
		*records = sync.result;
	return error;
}

struct postern_records *postern_records_free(struct postern_records *records)
{
	struct records_owner *owner = (struct records_owner *)records;

	if (owner == NULL)
		return NULL;
	table_drop(&owner->table);
	free(owner->records.record);
	free(owner);
	return NULL;
}
