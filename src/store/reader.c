// SPDX-License-Identifier: Apache-2.0
/*
 * Reading, one handle a thread, beside the writer and without ever blocking it: each call is one
 * short read transaction of its own connection.
 *
 * A query is put together from fixed pieces of SQL; every value is bound. For records the most
 * selective condition names the index that leads (INDEXED BY, so that no statistics are needed and
 * a page stays a range of one index), the others are looked at row by row. Pages go on behind the
 * last row's (CreateTime in ms, RecNo), so a page costs the same wherever it lies, and many records
 * of one moment are no trouble.
 */
#include "internal.h"

#include "base/assert.h"
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>

#define VALUES_MAX 16
#define TEXT_MAX_BYTES 4096
#define FLOOR_RECORDS_MAX 10000 /* records behind after_rec_no whose earliest time is looked up */

struct store_reader {
	struct connection connection;
	uint8_t pin_alone_digits; /* of the store's options */
};

/* SQL text and the values of its parameters, in the same order. */
struct select {
	struct buf sql;
	size_t count;
	struct {
		bool is_text;
		struct span text;
		int64_t number;
	} value[VALUES_MAX];
	char memory[TEXT_MAX_BYTES];
};

static void select_add(struct select *select, const char *sql)
{
	buf_add_string(&select->sql, sql);
	ASSERT(!select->sql.overflow);
}

static void select_add_number(struct select *select, const char *sql, int64_t number)
{
	select_add(select, sql);
	ASSERT(select->count < VALUES_MAX);
	select->value[select->count].is_text = false;
	select->value[select->count++].number = number;
}

static void select_add_text(struct select *select, const char *sql, struct span text)
{
	select_add(select, sql);
	ASSERT(select->count < VALUES_MAX);
	select->value[select->count].is_text = true;
	select->value[select->count++].text = text;
}

static struct sql_call select_begin(struct connection *connection, const struct select *select)
{
	struct sql_call call = call_begin_text(connection, buf_span(&select->sql));

	for (size_t i = 0; i < select->count; i++) {
		if (select->value[i].is_text)
			call_put_text(&call, select->value[i].text);
		else
			call_put_i64(&call, select->value[i].number);
	}
	return call;
}

int store_reader_open(struct store *store, struct store_reader **ret)
{
	struct store_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	int error = connection_open(
		&reader->connection, store->connection.dir_fd, STORE_FILE, SQLITE_OPEN_READONLY);

	if (error == 0)
		error = sql_run(reader->connection.db, sql_pragmas_reader);
	if (error == 0) {
		reader->pin_alone_digits = store->options.pin_alone_digits;
		*ret = reader;
		return 0;
	}
	(void)store_reader_close(reader);
	return error;
}

struct store_reader *store_reader_close(struct store_reader *reader)
{
	if (reader != NULL)
		connection_close(&reader->connection);
	free(reader);
	return NULL;
}

static int reader_begin(struct store_reader *reader)
{
	reader->connection.error = 0;
	struct sql_call call = call_begin(&reader->connection, SQL_BEGIN_READ);

	return call_do(&call);
}

/* error: of what was read; it goes before that of ending. */
static int reader_end(struct store_reader *reader, int error)
{
	int end = 0;

	if (sqlite3_get_autocommit(reader->connection.db) == 0) {
		struct sql_call call = call_begin(&reader->connection, SQL_ROLLBACK);

		end = call_do(&call);
	}
	return error != 0 ? error : end;
}

static void select_begin_text(struct select *select, const char *sql)
{
	select->sql = buf_over(select->memory, sizeof(select->memory));
	select->count = 0;
	select_add(select, sql);
}

/* Begins reading with a query whose text begins with sql. */
static int query_begin(struct store_reader *reader, struct select *select, const char *sql)
{
	select_begin_text(select, sql);
	return reader_begin(reader);
}

static void add_person_filter(
	struct select *select, const struct person_filter *filter, uint64_t after_no)
{
	select_add_number(select, "", (int64_t)after_no);
	if (filter->has_no)
		select_add_number(select, " AND p.no = ?", (int64_t)filter->no);
	if (filter->has_user_id && filter->user_id.len > 0)
		select_add_text(select, " AND p.user_id = ? AND p.user_id != ''",
			text_span(&filter->user_id));
	if (filter->has_card_no && filter->card_no.len > 0)
		select_add_text(select, " AND c.card_key = ? AND c.card_key != ''",
			card_no_key(text_span(&filter->card_no)));
}

static int read_persons(struct store_reader *reader, const struct select *select,
	struct person *ret_rows, uint32_t max, uint32_t *ret_count)
{
	struct sql_call call = select_begin(&reader->connection, select);
	uint32_t count = 0;
	int error = 0;

	while (error == 0 && count < max && call_next(&call)) {
		person_load(&call, reader->pin_alone_digits, &ret_rows[count], NULL);
		error = call.error;
		if (error == 0)
			error = person_load_doors(&reader->connection, &ret_rows[count++]);
	}
	int end = call_end(&call);

	*ret_count = count;
	return error != 0 ? error : end;
}

/* A counter as this read transaction sees it. */
static int read_counter(struct store_reader *reader, const char *name, uint64_t *ret)
{
	struct sql_call call = call_begin(&reader->connection, SQL_COUNTER_GET);

	*ret = 0;
	call_put_text(&call, span_from_string(name));
	if (call_next(&call))
		*ret = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	return call_end(&call);
}

static bool is_filtered(const struct person_filter *filter)
{
	return filter->has_no || (filter->has_user_id && filter->user_id.len > 0) ||
	       (filter->has_card_no && filter->card_no.len > 0);
}

/* Moves *after_no over blocks that lie whole within the rows to leave out. */
static int skip_blocks(struct store_reader *reader, uint64_t *after_no, uint32_t *offset)
{
	uint64_t first = *after_no / STORE_PERSON_BLOCK + (*after_no > 0 ? 1 : 0);
	struct sql_call call = call_begin(&reader->connection, SQL_PERSON_BLOCKS);
	bool fits = true;

	call_put_u64(&call, first);
	while (fits && call_next(&call)) {
		uint64_t block =
			(uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX / STORE_PERSON_BLOCK);
		uint32_t persons = call_get_u32(&call, STORE_PERSON_BLOCK);

		fits = persons <= *offset;
		if (!fits)
			break;
		*offset -= persons;
		*after_no = (block + 1) * STORE_PERSON_BLOCK - 1;
	}
	return call_end(&call);
}

/* Persons behind after_no within its own block. */
static int count_in_block(struct store_reader *reader, uint64_t after_no, uint32_t *ret_count)
{
	struct sql_call call = call_begin(&reader->connection, SQL_PERSONS_BETWEEN);

	*ret_count = 0;
	call_put_u64(&call, after_no);
	call_put_u64(&call, (after_no / STORE_PERSON_BLOCK + 1) * STORE_PERSON_BLOCK);
	if (call_next(&call))
		*ret_count = call_get_u32(&call, STORE_PERSON_BLOCK);
	return call_end(&call);
}

static int skip_persons(struct store_reader *reader, uint64_t *after_no, uint32_t *offset)
{
	uint32_t rest = 0;
	int error = 0;

	if (*after_no > 0)
		error = count_in_block(reader, *after_no, &rest);
	if (error != 0 || rest > *offset)
		return error;
	if (*after_no > 0)
		*after_no = (*after_no / STORE_PERSON_BLOCK + 1) * STORE_PERSON_BLOCK - 1;
	*offset -= rest;
	return skip_blocks(reader, after_no, offset);
}

static int find_persons(struct store_reader *reader, const struct person_filter *filter,
	uint64_t after_no, uint32_t offset, struct person *ret_rows, uint32_t max,
	uint32_t *ret_count)
{
	struct select select;
	uint64_t cleared_no = 0;
	int error = read_counter(reader, "cleared_no", &cleared_no);

	after_no = after_no < cleared_no ? cleared_no : after_no;
	if (error == 0 && offset > 0 && !is_filtered(filter))
		error = skip_persons(reader, &after_no, &offset);
	if (error != 0)
		return error;
	select_begin_text(&select, sql_persons_rows);
	add_person_filter(&select, filter, after_no);
	select_add_number(&select, " ORDER BY p.no LIMIT ?", max);
	select_add_number(&select, " OFFSET ?", offset);
	return read_persons(reader, &select, ret_rows, max, ret_count);
}

int store_persons(struct store_reader *reader, const struct person_filter *filter,
	uint64_t after_no, uint32_t offset, struct person *ret_rows, uint32_t max,
	uint32_t *ret_count)
{
	int error = reader_begin(reader);

	*ret_count = 0;
	if (error != 0)
		return error;
	return reader_end(
		reader, find_persons(reader, filter, after_no, offset, ret_rows, max, ret_count));
}

static int read_total(struct store_reader *reader, const struct select *select, uint64_t *ret_count)
{
	struct sql_call call = select_begin(&reader->connection, select);

	*ret_count = 0;
	if (call_next(&call))
		*ret_count = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	return call_end(&call);
}

static int count_persons(
	struct store_reader *reader, const struct person_filter *filter, uint64_t *ret_count)
{
	struct select select;
	uint64_t cleared_no = 0;

	if (!is_filtered(filter))
		return read_counter(reader, "persons", ret_count);
	int error = read_counter(reader, "cleared_no", &cleared_no);

	if (error != 0)
		return error;
	select_begin_text(&select, sql_persons_total);
	add_person_filter(&select, filter, cleared_no);
	return read_total(reader, &select, ret_count);
}

int store_person_count(
	struct store_reader *reader, const struct person_filter *filter, uint64_t *ret_count)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	return reader_end(reader, count_persons(reader, filter, ret_count));
}

static bool has_card_no(const struct record_filter *filter)
{
	return filter->has_card_no && filter->card_no.len > 0;
}

static bool has_user_id(const struct record_filter *filter)
{
	return filter->has_user_id && filter->user_id.len > 0;
}

static enum sql_lead_id lead_of(const struct record_filter *filter)
{
	if (has_card_no(filter))
		return SQL_LEAD_CARD;
	if (has_user_id(filter))
		return SQL_LEAD_USER;
	if (filter->has_method && filter->method != METHOD_CARD)
		return SQL_LEAD_METHOD;
	if (filter->has_status && filter->status == 0)
		return SQL_LEAD_FAILED;
	return filter->has_door ? SQL_LEAD_DOOR : SQL_LEAD_TIME;
}

static void add_key(
	struct select *select, const struct record_filter *filter, enum sql_lead_id lead)
{
	const char *key = sql_leads[lead].key;

	switch (lead) {
	case SQL_LEAD_CARD:
		select_add_text(select, key, card_no_key(text_span(&filter->card_no)));
		break;
	case SQL_LEAD_USER:
		select_add_text(select, key, text_span(&filter->user_id));
		break;
	case SQL_LEAD_METHOD:
		select_add_number(select, key, filter->method);
		break;
	case SQL_LEAD_DOOR:
		select_add_number(select, key, filter->door);
		break;
	case SQL_LEAD_TIME:
	case SQL_LEAD_FAILED:
		select_add(select, key);
		break;
	case SQL_LEAD_COUNT:
		ASSERT(false);
	}
}

/* Conditions that do not lead; one that does is harmless here. */
static void add_conditions(
	struct select *select, const struct record_filter *filter, enum sql_lead_id lead)
{
	select_add_number(select, sql_records_bounds, (int64_t)filter->after_rec_no);
	if (has_user_id(filter) && lead == SQL_LEAD_CARD)
		select_add_text(select, " AND w.user_id = ?", text_span(&filter->user_id));
	if (filter->has_method && lead != SQL_LEAD_METHOD)
		select_add_number(select, " AND j.method = ?", filter->method);
	if (filter->has_status && lead != SQL_LEAD_FAILED)
		select_add_number(select, " AND j.status = ?", filter->status);
	if (filter->has_door && lead != SQL_LEAD_DOOR)
		select_add_number(select, " AND j.door = ?", filter->door);
}

/* Seconds to milliseconds; times beyond all clocks stay beyond. */
static int64_t ms_of(int64_t s, int64_t more_ms)
{
	if (s > INT64_MAX / MS_PER_S - 1)
		return INT64_MAX;
	if (s < INT64_MIN / MS_PER_S + 1)
		return INT64_MIN;
	return s * MS_PER_S + more_ms;
}

/* The first key that may match, less one: rows are behind it. */
static struct record_cursor start_of(const struct record_filter *filter)
{
	return (struct record_cursor){
		.utc_ms = filter->has_from ? ms_of(filter->from_s, 0) : INT64_MIN};
}

static bool cursor_before(const struct record_cursor *a, const struct record_cursor *b)
{
	return a->utc_ms != b->utc_ms ? a->utc_ms < b->utc_ms : a->rec_no < b->rec_no;
}

/*
 * Someone who asks for what is new (after_rec_no near the end) must not cost a walk over all that
 * is old: the earliest time among the few new records is where the walk begins.
 */
static int raise_start(struct store_reader *reader, const struct record_filter *filter,
	struct record_cursor *start)
{
	struct sql_call call = call_begin(&reader->connection, SQL_RECORDS_AFTER_FLOOR);

	call_put_u64(&call, filter->after_rec_no);
	call_put_u64(&call, FLOOR_RECORDS_MAX);
	if (call_next(&call)) {
		int64_t count = call_get_i64(&call, 0, FLOOR_RECORDS_MAX);
		struct record_cursor floor = {.utc_ms = call_get_i64(&call, INT64_MIN, INT64_MAX)};

		if (count > 0 && count < FLOOR_RECORDS_MAX && cursor_before(start, &floor))
			*start = floor;
	}
	return call_end(&call);
}

static int add_record_filter(struct store_reader *reader, const struct record_filter *filter,
	const struct record_cursor *cursor, struct select *select)
{
	enum sql_lead_id lead = lead_of(filter);
	struct record_cursor start = start_of(filter);
	int error = 0;

	if (cursor->started && cursor_before(&start, cursor))
		start = *cursor;
	else if (filter->after_rec_no > 0)
		error = raise_start(reader, filter, &start);
	add_key(select, filter, lead);
	select_add_number(select, sql_leads[lead].after, start.utc_ms);
	select_add_number(select, "", (int64_t)start.rec_no);
	select_add_number(select, sql_leads[lead].until,
		filter->has_to ? ms_of(filter->to_s, MS_PER_S - 1) : INT64_MAX);
	add_conditions(select, filter, lead);
	return error;
}

static int read_entries(struct store_reader *reader, struct sql_call *call,
	struct journal_entry *ret_rows, uint32_t max, uint32_t *ret_count)
{
	uint32_t count = 0;

	while (count < max && call_next(call)) {
		entry_load(call, &ret_rows[count]);
		if (call->error == 0)
			count++;
	}
	*ret_count = count;
	return reader_end(reader, call_end(call));
}

int store_records(struct store_reader *reader, const struct record_filter *filter,
	struct record_cursor *cursor, uint32_t offset, struct journal_entry *ret_rows, uint32_t max,
	uint32_t *ret_count)
{
	struct select select;
	int error = query_begin(reader, &select, sql_records_columns);

	*ret_count = 0;
	if (error != 0)
		return error;
	select_add(&select, sql_leads[lead_of(filter)].rows);
	error = add_record_filter(reader, filter, cursor, &select);
	if (error != 0)
		return reader_end(reader, error);
	select_add(&select, sql_leads[lead_of(filter)].order);
	select_add_number(&select, " LIMIT ?", max);
	select_add_number(&select, " OFFSET ?", offset);
	struct sql_call call = select_begin(&reader->connection, &select);

	error = read_entries(reader, &call, ret_rows, max, ret_count);
	if (error == 0 && *ret_count > 0) {
		const struct journal_entry *last = &ret_rows[*ret_count - 1];

		*cursor = (struct record_cursor){
			.utc_ms = last->utc_ms, .rec_no = last->rec_no, .started = true};
	}
	return error;
}

int store_record_count(
	struct store_reader *reader, const struct record_filter *filter, uint64_t *ret_count)
{
	struct select select;
	struct record_cursor none = {0};
	int error = query_begin(reader, &select, sql_records_total);

	if (error != 0)
		return error;
	select_add(&select, sql_leads[lead_of(filter)].total);
	error = add_record_filter(reader, filter, &none, &select);
	if (error == 0)
		error = read_total(reader, &select, ret_count);
	return reader_end(reader, error);
}

int store_journal(struct store_reader *reader, uint64_t after_seq, struct journal_entry *ret_rows,
	uint32_t max, uint32_t *ret_count)
{
	int error = reader_begin(reader);

	*ret_count = 0;
	if (error != 0)
		return error;
	struct sql_call call = call_begin(&reader->connection, SQL_JOURNAL_AFTER);

	call_put_u64(&call, after_seq);
	call_put_u64(&call, max);
	return read_entries(reader, &call, ret_rows, max, ret_count);
}

int store_seq_of_record(struct store_reader *reader, uint64_t rec_no, uint64_t *ret_seq)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	struct sql_call call = call_begin(&reader->connection, SQL_SEQ_OF_RECORD);

	*ret_seq = 0;
	call_put_u64(&call, rec_no);
	if (call_next(&call))
		*ret_seq = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	return reader_end(reader, call_end(&call));
}

int store_schedule(struct store_reader *reader, uint8_t no, struct schedule *ret)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	return reader_end(reader, schedule_get(&reader->connection, no, ret));
}
