// SPDX-License-Identifier: Apache-2.0
/*
 * The journal: what happened, in order, and apart from it who it was.
 *
 * An append gives the numbers, looks up the names, writes the row and the row of the person, spends
 * a use, and minds the pending outcomes: a grant waits in pending_outcome until an entry that is
 * its outcome names its ticket. Tickets of this run are found in memory, those from before the
 * store was opened in the table.
 *
 * Two rings: records (limits.records) and entries (limits.journal). A record that leaves its ring
 * loses its person at once, and is found no more; its entry stays until the journal's ring passes
 * it as well, so that Seq has no holes. An entry that leaves the journal's ring stays while it is a
 * kept record. An append takes a bounded number of rows out, so that a lowered limit costs no long
 * pause.
 */
#include "internal.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/buf.h"
#include "crypto/random.h"

#define SALT_SIZE 16

static void load_citizen(struct sql_call *call, struct record_person *who)
{
	who->has_citizen_id = !call_get_null(call);
	if (!who->has_citizen_id)
		return; /* no column is read behind these: a page has a thousand rows */
	who->citizen_id_result = call_get_bool(call);
	who->citizen_id_sex = (uint8_t)call_get_u32(call, UINT8_MAX);
	who->citizen_id_ethnicity = (uint16_t)call_get_u32(call, UINT16_MAX);
	call_get_text(call, &who->citizen_id_name);
	call_get_text(call, &who->citizen_id_no);
	call_get_text(call, &who->citizen_id_birth);
	call_get_text(call, &who->citizen_id_address);
	call_get_text(call, &who->citizen_id_authority);
	call_get_text(call, &who->citizen_id_start);
	call_get_text(call, &who->citizen_id_end);
}

static void load_who(struct sql_call *call, struct journal_entry *ret)
{
	struct record_person *who = &ret->who;

	if (call_get_null(call))
		return; /* nobody, or erased */
	(void)call_get_i64(call, 1, STORE_NUMBER_MAX);
	call_get_text(call, &who->user_id);
	call_get_text(call, &who->name);
	call_get_text(call, &who->card_no);
	who->has_card_type = !call_get_null(call);
	if (who->has_card_type)
		who->card_type = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->has_card = !call_get_null(call);
	if (ret->has_card) {
		ret->card_number = call_get_u64(call);
		ret->card_bits = (uint16_t)call_get_u32(call, CARD_BITS_MAX);
	} else {
		(void)call_get_null(call);
	}
	call_get_text(call, &who->url);
	call_get_text(call, &who->record_url);
	who->has_temperature = !call_get_null(call);
	if (who->has_temperature) {
		who->over_temperature = call_get_bool(call);
		who->temperature_unit = (uint8_t)call_get_u32(call, UINT8_MAX);
		who->temperature_milli = (int32_t)call_get_i64(call, INT32_MIN, INT32_MAX);
	} else {
		(void)call_get_null(call);
		(void)call_get_null(call);
	}
	load_citizen(call, who);
}

/* Columns: ENTRY_COLUMNS of sql_text.c. */
void entry_load(struct sql_call *call, struct journal_entry *ret)
{
	*ret = (struct journal_entry){.seq = (uint64_t)call_get_i64(call, 1, STORE_NUMBER_MAX)};
	ret->rec_no = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	ret->ref_rec_no = (uint64_t)call_get_i64(call, 0, STORE_NUMBER_MAX);
	ret->kind = (enum journal_kind)call_get_u32(call, JOURNAL_KIND_COUNT - 1);
	ret->utc_ms = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->boot_ns = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->trusted = call_get_bool(call);
	ret->undurable = call_get_bool(call);
	ret->count = call_get_u32(call, UINT32_MAX);
	ret->door = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->reader = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->side = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->method = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->reason = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->command = (uint8_t)call_get_u32(call, UINT8_MAX);
	call_get_text(call, &ret->command_type);
	call_get_text(call, &ret->account);
	load_who(call, ret);
	if (call->error == 0 && !journal_entry_check(ret))
		call->error = STORE_CORRUPT;
}

static int put_entry(struct store *store, const struct journal_entry *entry)
{
	struct sql_call call = call_begin(&store->connection, SQL_JOURNAL_INSERT);

	call_put_u64(&call, entry->seq);
	call_put_u64(&call, entry->rec_no);
	call_put_u64(&call, entry->ref_rec_no);
	call_put_u64(&call, entry->kind);
	call_put_i64(&call, entry->utc_ms);
	call_put_i64(&call, entry->boot_ns);
	call_put_u64(&call, entry->trusted);
	call_put_u64(&call, entry->undurable);
	call_put_u64(&call, entry->count);
	call_put_u64(&call, entry->door);
	call_put_u64(&call, entry->reader);
	call_put_u64(&call, entry->side);
	call_put_u64(&call, entry->method);
	call_put_u64(&call, entry->reason);
	call_put_u64(&call, journal_entry_status(entry));
	call_put_u64(&call, entry->command);
	call_put_text(&call, text_span(&entry->command_type));
	call_put_text(&call, text_span(&entry->account));
	return call_do(&call);
}

static void put_measurements(struct sql_call *call, const struct record_person *who)
{
	if (who->has_temperature) {
		call_put_u64(call, who->over_temperature);
		call_put_u64(call, who->temperature_unit);
		call_put_i64(call, who->temperature_milli);
	} else {
		for (int i = 0; i < 3; i++)
			call_put_null(call);
	}
	if (who->has_citizen_id) {
		call_put_u64(call, who->citizen_id_result);
		call_put_u64(call, who->citizen_id_sex);
		call_put_u64(call, who->citizen_id_ethnicity);
	} else {
		for (int i = 0; i < 3; i++)
			call_put_null(call);
	}
}

int who_put(struct store *store, const struct journal_entry *entry)
{
	const struct record_person *who = &entry->who;
	uint8_t salt[SALT_SIZE];
	struct sql_call call = call_begin(&store->connection, SQL_WHO_INSERT);

	random_bytes(salt, sizeof(salt));
	call_put_u64(&call, entry->seq);
	call_put_u64(&call, entry->rec_no);
	call_put_i64(&call, entry->utc_ms);
	call_put_blob(&call, salt, sizeof(salt));
	call_put_text(&call, text_span(&who->user_id));
	call_put_text(&call, text_span(&who->name));
	call_put_text(&call, text_span(&who->card_no));
	call_put_text(&call, card_no_key(text_span(&who->card_no)));
	if (who->has_card_type)
		call_put_u64(&call, who->card_type);
	else
		call_put_null(&call);
	if (entry->has_card) {
		call_put_u64(&call, entry->card_number);
		call_put_u64(&call, entry->card_bits);
	} else {
		call_put_null(&call);
		call_put_null(&call);
	}
	call_put_text(&call, text_span(&who->url));
	call_put_text(&call, text_span(&who->record_url));
	put_measurements(&call, who);
	call_put_text(&call, text_span(&who->citizen_id_name));
	call_put_text(&call, text_span(&who->citizen_id_no));
	call_put_text(&call, text_span(&who->citizen_id_birth));
	call_put_text(&call, text_span(&who->citizen_id_address));
	call_put_text(&call, text_span(&who->citizen_id_authority));
	call_put_text(&call, text_span(&who->citizen_id_start));
	call_put_text(&call, text_span(&who->citizen_id_end));
	return call_do(&call);
}

/* The number read counts: the person may have been given another card since the decision. */
static void fill_card_no(struct journal_entry *entry)
{
	char digits[20];
	uint64_t number = 0;
	struct text32 *card_no = &entry->who.card_no;
	struct buf decimal = buf_over(digits, sizeof(digits));

	if (!entry->has_card)
		return;
	if (card_no_number(text_span(card_no), &number) && number == entry->card_number)
		return; /* as enrolled, with its leading zeros */
	buf_add_u64(&decimal, entry->card_number);
	bool fits = text_set(card_no, buf_span(&decimal));

	ASSERT(fits);
}

static int fill_who(
	struct store *store, const struct commit_entry *from, struct journal_entry *entry)
{
	struct who who = {0};
	int error = STORE_NOT_FOUND;

	if (from->person_no != 0)
		error = who_find(store, from->person_no, &who);
	if (error == 0) {
		entry->who.user_id = who.user_id;
		entry->who.name = who.name;
		/* A record's card is the one that was read: with a PIN alone there is none. */
		if (from->has_card || !journal_kind_is_record(from->kind))
			entry->who.card_no = who.card_no;
		entry->who.has_card_type = from->has_card;
		entry->who.card_type = from->has_card ? from->card_type : 0;
	} else if (error != STORE_NOT_FOUND) {
		return error;
	}
	if (from->user_id.len > 0)
		entry->who.user_id = from->user_id;
	fill_card_no(entry);
	return 0;
}

/* 0 when the ticket is not known any more. */
static int find_record(struct store *store, uint64_t ticket, uint64_t *ret_rec_no)
{
	*ret_rec_no = 0;
	if (ticket == 0)
		return 0;
	for (size_t i = 0; i < STORE_TICKETS_MAX; i++) {
		if (store->ticket[i].ticket == ticket) {
			*ret_rec_no = store->ticket[i].rec_no;
			return 0;
		}
	}
	struct sql_call call = call_begin(&store->connection, SQL_PENDING_GET);

	call_put_u64(&call, ticket);
	if (call_next(&call))
		*ret_rec_no = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	return call_end(&call);
}

static int mind_ticket(struct store *store, const struct commit_entry *from, uint64_t rec_no)
{
	uint64_t *highest = &store->now.counter[COUNTER_TICKET];

	if (from->outcome_of != 0 && journal_kind_is_outcome(from->kind)) {
		int error =
			call_do_number(&store->connection, SQL_PENDING_DELETE, from->outcome_of);

		if (error != 0)
			return error;
	}
	if (from->ticket == 0)
		return 0;
	*highest = from->ticket > *highest ? from->ticket : *highest;
	if (rec_no == 0)
		return 0;
	uint32_t at = store->now.tickets++ % STORE_TICKETS_MAX;

	store->ticket[at].ticket = from->ticket;
	store->ticket[at].rec_no = rec_no;
	if (!from->wants_outcome)
		return 0;
	struct sql_call call = call_begin(&store->connection, SQL_PENDING_PUT);

	call_put_u64(&call, from->ticket);
	call_put_u64(&call, rec_no);
	return call_do(&call);
}

static int expire_record(struct store *store, uint64_t rec_no)
{
	uint64_t seq = 0;
	struct sql_call call = call_begin(&store->connection, SQL_JOURNAL_OF_RECORD);

	call_put_u64(&call, rec_no);
	if (call_next(&call))
		seq = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	int error = call_end(&call);

	if (error == 0)
		error = call_do_number(&store->connection, SQL_PENDING_DELETE_RECORD, rec_no);
	if (error == 0 && seq != 0)
		error = call_do_number(&store->connection, SQL_WHO_DELETE, seq);
	if (error == 0 && seq != 0 && seq < store->now.counter[COUNTER_OLDEST_SEQ])
		error = call_do_number(&store->connection, SQL_JOURNAL_DELETE, seq);
	if (error == 0)
		error = block_expire(store, rec_no);
	return error;
}

static int expire_entry(struct store *store, uint64_t seq)
{
	struct sql_call call = call_begin(&store->connection, SQL_JOURNAL_DELETE_OLD);

	call_put_u64(&call, seq);
	call_put_u64(&call, store->now.counter[COUNTER_OLDEST_REC_NO]);
	int error = call_do(&call);

	if (error != 0 || sqlite3_changes(store->connection.db) == 0)
		return error;
	return call_do_number(&store->connection, SQL_WHO_DELETE, seq);
}

static int prune(struct store *store)
{
	uint64_t *counter = store->now.counter;
	int error = 0;

	for (int i = 0; i < STORE_PRUNE_MAX && error == 0; i++) {
		if (counter[COUNTER_REC_NO] + 1 - counter[COUNTER_OLDEST_REC_NO] <=
			store->options.records_max)
			break;
		error = expire_record(store, counter[COUNTER_OLDEST_REC_NO]++);
	}
	for (int i = 0; i < STORE_PRUNE_MAX && error == 0; i++) {
		if (counter[COUNTER_SEQ] + 1 - counter[COUNTER_OLDEST_SEQ] <=
			store->options.journal_max)
			break;
		error = expire_entry(store, counter[COUNTER_OLDEST_SEQ]++);
	}
	return error;
}

static struct journal_entry entry_of(const struct commit_entry *from)
{
	return (struct journal_entry){
		.kind = from->kind,
		.utc_ms = from->at.utc_ms,
		.boot_ns = from->at.boot_ns,
		.trusted = from->at.trusted,
		.undurable = from->undurable,
		.count = from->count,
		.card_number = from->has_card ? from->card_number : 0,
		.card_bits = from->has_card ? from->card_bits : 0,
		.door = from->door,
		.reader = from->reader,
		.side = from->side,
		.method = from->method,
		.reason = from->reason,
		.command = from->command,
		.has_card = from->has_card,
		.command_type = from->command_type,
		.account = from->account,
	};
}

static bool has_who(const struct journal_entry *row)
{
	return row->has_card || row->who.user_id.len > 0 || row->who.name.len > 0;
}

int store_append(struct store *store, const struct commit_entry *entry, struct journal_entry *ret)
{
	struct journal_entry row = entry_of(entry);

	ASSERT(store->in_transaction);
	ASSERT(!entry->wants_outcome || entry->ticket != 0);
	row.seq = ++store->now.counter[COUNTER_SEQ];
	if (journal_kind_is_record(entry->kind))
		row.rec_no = ++store->now.counter[COUNTER_REC_NO];
	int error = find_record(store, entry->outcome_of, &row.ref_rec_no);

	if (error == 0)
		error = fill_who(store, entry, &row);
	if (error == 0)
		error = put_entry(store, &row);
	if (error == 0 && has_who(&row))
		error = who_put(store, &row);
	if (error == 0)
		error = block_append(store, &row, has_who(&row));
	if (error == 0)
		error = mind_ticket(store, entry, row.rec_no);
	if (error == 0 && entry->takes_use && entry->person_no != 0)
		error = call_do_number(&store->connection, SQL_CARD_TAKE_USE, entry->person_no);
	if (error == 0 && entry->counts_pin)
		error = pin_failures_put(store, entry);
	if (error == 0)
		error = prune(store);
	store->now.newest_utc_ms = row.utc_ms;
	if (error == 0 && ret != NULL)
		*ret = row;
	return error;
}

static int next_pending(struct store *store, uint64_t *ret_ticket, uint8_t *ret_door)
{
	struct sql_call call = call_begin(&store->connection, SQL_PENDING_FIRST);

	*ret_ticket = 0;
	if (call_next(&call)) {
		*ret_ticket = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
		*ret_door = (uint8_t)call_get_u32(&call, UINT8_MAX);
	}
	return call_end(&call);
}

int store_close_outcomes(struct store *store, const struct moment *now, uint32_t *ret_count)
{
	uint32_t count = 0;

	for (;;) {
		struct commit_entry entry = {.kind = JOURNAL_OUTCOME_UNKNOWN, .at = *now};
		int error = next_pending(store, &entry.outcome_of, &entry.door);

		if (error == 0 && entry.outcome_of == 0) {
			*ret_count = count;
			return 0;
		}
		if (error == 0)
			error = store_append(store, &entry, NULL);
		if (error != 0)
			return error;
		count++;
	}
}
