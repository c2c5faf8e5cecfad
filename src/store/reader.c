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
#include "block.h"
#include "internal.h"

#include "base/assert.h"
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>

#define VALUES_MAX 16
#define TEXT_MAX_BYTES 4096
#define OFFSET_ROWS_MAX 200 /* rows that a page leaves out one by one */

struct store_reader {
	struct connection connection;
	uint8_t pin_alone_digits; /* of the store's options */
	uint64_t records_max; /* likewise */
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
		reader->records_max = store->options.records_max;
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
	int error = counter_read(&reader->connection, "cleared_no", &cleared_no);

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

static int read_total(
	struct connection *connection, const struct select *select, uint64_t *ret_count)
{
	struct sql_call call = select_begin(connection, select);

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
		return counter_read(&reader->connection, "persons", ret_count);
	int error = counter_read(&reader->connection, "cleared_no", &cleared_no);

	if (error != 0)
		return error;
	select_begin_text(&select, sql_persons_total);
	add_person_filter(&select, filter, cleared_no);
	return read_total(&reader->connection, &select, ret_count);
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
	struct select *select, const struct block_query *query, enum sql_lead_id lead)
{
	const struct record_filter *filter = query->filter;

	select_add_number(select, sql_records_bounds, (int64_t)query->below);
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

/* Inside a read transaction: the ring moves. The filter outlives *ret. */
static int query_of(
	struct store_reader *reader, const struct record_filter *filter, struct block_query *ret)
{
	uint64_t oldest = 0;
	int error = counter_read(&reader->connection, "oldest_rec_no", &oldest);

	*ret = (struct block_query){
		.filter = filter,
		.from_ms = filter->has_from ? ms_of(filter->from_s, 0) : INT64_MIN,
		.to_ms = filter->has_to ? ms_of(filter->to_s, MS_PER_S - 1) : INT64_MAX,
		.below = oldest > 0 ? oldest - 1 : 0,
	};
	if (ret->below < filter->after_rec_no)
		ret->below = filter->after_rec_no;
	if (has_card_no(filter)) {
		ret->key = (struct block_key){BLOCK_CARD, card_no_key(text_span(&filter->card_no))};
		ret->has_other = has_user_id(filter);
		ret->other = text_span(&filter->user_id);
	} else if (has_user_id(filter)) {
		ret->key = (struct block_key){BLOCK_USER, text_span(&filter->user_id)};
	}
	return error;
}

/* Rows from a place on, and before another. */
static void add_stretch(struct select *select, const struct block_query *query,
	const struct place *from, const struct place *to)
{
	const struct record_filter *filter = query->filter;
	enum sql_lead_id lead = lead_of(filter);

	add_key(select, filter, lead);
	select_add_number(select, sql_leads[lead].after, from->utc_ms);
	select_add_number(select, "", (int64_t)from->rec_no - 1);
	select_add_number(select, sql_leads[lead].before, to->utc_ms);
	select_add_number(select, "", (int64_t)to->rec_no);
	add_conditions(select, query, lead);
}

static int count_rows(struct connection *connection, const struct block_query *query,
	const struct place *from, const struct place *to, uint64_t *ret_count)
{
	struct select select;

	select_begin_text(&select, sql_records_total);
	select_add(&select, sql_leads[lead_of(query->filter)].total);
	add_stretch(&select, query, from, to);
	return read_total(connection, &select, ret_count);
}

static int read_entries(
	struct sql_call *call, struct journal_entry *ret_rows, uint32_t max, uint32_t *ret_count)
{
	uint32_t count = 0;

	while (count < max && call_next(call)) {
		entry_load(call, &ret_rows[count]);
		if (call->error == 0)
			count++;
	}
	*ret_count = count;
	return call_end(call);
}

/*
 * Where a page begins, and how many of the wanted rows behind that place it leaves out. What lies
 * before it is skipped by blocks: rows left out, and those that the ring or after_rec_no drop.
 */
static int page_begin(struct store_reader *reader, const struct block_query *query,
	const struct record_cursor *cursor, uint32_t *offset, bool *ret_found, struct place *ret)
{
	struct block_total total = {.skip = *offset};

	*ret_found = true;
	*ret = (struct place){query->from_ms, 0};
	if (cursor->started) {
		*ret = (struct place){cursor->utc_ms, cursor->rec_no + 1};
		return 0;
	}
	if (*offset < OFFSET_ROWS_MAX && query->below == 0)
		return 0;
	int error = block_count(&reader->connection, query, count_rows, &total);

	*ret_found = total.stopped;
	if (error == 0 && total.stopped) {
		*ret = total.place;
		*offset -= (uint32_t)total.count;
	}
	return error;
}

static int read_page(struct store_reader *reader, const struct block_query *query,
	const struct place *from, uint32_t offset, struct journal_entry *ret_rows, uint32_t max,
	uint32_t *ret_count)
{
	const struct sql_lead *lead = &sql_leads[lead_of(query->filter)];
	struct place to = {INT64_MAX, STORE_NUMBER_MAX};
	struct select select;

	if (query->to_ms < INT64_MAX)
		to = (struct place){query->to_ms + 1, 0};
	select_begin_text(&select, sql_records_columns);
	select_add(&select, lead->rows);
	add_stretch(&select, query, from, &to);
	select_add(&select, lead->order);
	select_add_number(&select, " LIMIT ?", max);
	select_add_number(&select, " OFFSET ?", offset);
	struct sql_call call = select_begin(&reader->connection, &select);

	return read_entries(&call, ret_rows, max, ret_count);
}

static int find_records(struct store_reader *reader, const struct record_filter *filter,
	const struct record_cursor *cursor, uint32_t offset, struct journal_entry *ret_rows,
	uint32_t max, uint32_t *ret_count)
{
	struct block_query query;
	struct place from;
	bool found = false;
	int error = query_of(reader, filter, &query);

	if (error == 0)
		error = page_begin(reader, &query, cursor, &offset, &found, &from);
	if (error != 0 || !found)
		return error;
	return read_page(reader, &query, &from, offset, ret_rows, max, ret_count);
}

int store_records(struct store_reader *reader, const struct record_filter *filter,
	struct record_cursor *cursor, uint32_t offset, struct journal_entry *ret_rows, uint32_t max,
	uint32_t *ret_count)
{
	int error = reader_begin(reader);

	*ret_count = 0;
	if (error != 0)
		return error;
	error = find_records(reader, filter, cursor, offset, ret_rows, max, ret_count);
	error = reader_end(reader, error);
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
	struct block_query query;
	struct block_total total = {.skip = UINT64_MAX};
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	error = query_of(reader, filter, &query);
	if (error == 0)
		error = block_count(&reader->connection, &query, count_rows, &total);
	*ret_count = total.count;
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
	return reader_end(reader, read_entries(&call, ret_rows, max, ret_count));
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

int store_special_group(struct store_reader *reader, uint8_t no, struct special_day_group *ret)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	return reader_end(reader, special_group_get(&reader->connection, no, ret));
}

int store_special_schedule(struct store_reader *reader, uint8_t no, struct special_schedule *ret)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	return reader_end(reader, special_schedule_get(&reader->connection, no, ret));
}

int store_audits(struct store_reader *reader, const struct audit_filter *filter,
	struct audit_entry *ret_rows, uint32_t max, uint32_t *ret_count)
{
	int error = reader_begin(reader);

	*ret_count = 0;
	if (error != 0)
		return error;
	struct sql_call call = call_begin(&reader->connection, SQL_AUDIT_AFTER);

	call_put_u64(&call, filter->after_no);
	call_put_i64(&call, filter->from_ms);
	call_put_i64(&call, filter->to_ms);
	call_put_u64(&call, max);
	while (*ret_count < max && call_next(&call))
		audit_load(&call, &ret_rows[(*ret_count)++]);
	return reader_end(reader, call_end(&call));
}

int store_audit_count(
	struct store_reader *reader, const struct audit_filter *filter, uint64_t *ret_count)
{
	int error = reader_begin(reader);

	*ret_count = 0;
	if (error != 0)
		return error;
	struct sql_call call = call_begin(&reader->connection, SQL_AUDIT_COUNT);

	call_put_u64(&call, filter->after_no);
	call_put_i64(&call, filter->from_ms);
	call_put_i64(&call, filter->to_ms);
	if (call_next(&call))
		*ret_count = (uint64_t)call_get_i64(&call, 0, STORE_NUMBER_MAX);
	return reader_end(reader, call_end(&call));
}

int store_reader_retention(struct store_reader *reader, int64_t now_utc_ms, struct retention *ret)
{
	int error = reader_begin(reader);

	if (error != 0)
		return error;
	return reader_end(
		reader, retention_read(&reader->connection, reader->records_max, now_utc_ms, ret));
}
