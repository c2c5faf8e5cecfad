// SPDX-License-Identifier: Apache-2.0
/*
 * The audit: a ring of its own (limits.audit), so that no flood of card reads can push it out. A
 * row is written in the transaction of the act it tells of: both are on disk, or neither.
 */
#include "internal.h"

#include "base/assert.h"
#include "store/backup.h"

#include <errno.h>
#include <stdio.h>

/* Columns: SQL_AUDIT_AFTER of sql_text.c. */
void audit_load(struct sql_call *call, struct audit_entry *ret)
{
	*ret = (struct audit_entry){.no = (uint64_t)call_get_i64(call, 1, STORE_NUMBER_MAX)};
	ret->act = (uint8_t)call_get_u32(call, AUDIT_ACT_COUNT - 1);
	ret->result = (uint8_t)call_get_u32(call, AUDIT_RESULT_COUNT - 1);
	ret->utc_ms = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->trusted = call_get_bool(call);
	ret->count = call_get_u32(call, UINT32_MAX);
	call_get_text(call, &ret->account);
	struct span address = call_get_blob(call);

	ret->has_address = address.len == sizeof(ret->address);
	if (ret->has_address)
		memcpy(ret->address, address.data, address.len);
	else if (address.len != 0 && call->error == 0)
		call->error = STORE_CORRUPT;
	call_get_text(call, &ret->target);
}

int audit_put_row(struct connection *connection, const struct audit_entry *entry, uint64_t no)
{
	struct sql_call call = call_begin(connection, SQL_AUDIT_PUT);

	call_put_u64(&call, no);
	call_put_u64(&call, entry->act);
	call_put_u64(&call, entry->result);
	call_put_i64(&call, entry->utc_ms);
	call_put_u64(&call, entry->trusted);
	call_put_u64(&call, entry->count);
	call_put_text(&call, text_span(&entry->account));
	call_put_blob(&call, entry->address, entry->has_address ? sizeof(entry->address) : 0);
	call_put_text(&call, text_span(&entry->target));
	return call_do(&call);
}

static int prune(struct store *store)
{
	uint64_t *oldest = &store->now.counter[COUNTER_OLDEST_AUDIT_NO];
	uint64_t next = store->now.counter[COUNTER_AUDIT_NO] + 1;

	if (next - *oldest <= store->options.audit_max)
		return 0;
	uint64_t more = next - *oldest - store->options.audit_max;

	*oldest += more < STORE_PRUNE_MAX ? more : STORE_PRUNE_MAX;
	return call_do_number(&store->connection, SQL_AUDIT_DELETE_BELOW, *oldest);
}

int store_audit_append(struct store *store, const struct audit_entry *entry, uint64_t *ret_no)
{
	ASSERT(store->in_transaction);
	if (!audit_entry_check(entry))
		return -EINVAL;
	uint64_t no = ++store->now.counter[COUNTER_AUDIT_NO];
	int error = audit_put_row(&store->connection, entry, no);

	if (error == 0)
		error = prune(store);
	if (error == 0 && ret_no != NULL)
		*ret_no = no;
	return error;
}

/* The time is the mark's, which `posternd backup` took from the same clock. */
static int backup_append(struct store *store, int64_t utc_s, uint64_t rec_no, bool trusted)
{
	struct audit_entry entry = {
		.act = AUDIT_BACKUP, .utc_ms = utc_s * MS_PER_S, .trusted = trusted};
	char target[sizeof(entry.target.bytes)];
	int len = snprintf(
		target, sizeof(target), "backup up to RecNo %llu", (unsigned long long)rec_no);
	bool fits = text_set(&entry.target, span_of(target, (size_t)len));

	ASSERT(fits);
	return store_audit_append(store, &entry, NULL);
}

int store_audit_backup(struct store *store, const struct moment *now)
{
	uint64_t *told = &store->now.counter[COUNTER_BACKUP_S];
	int64_t utc_s = 0;
	uint64_t rec_no = 0;

	ASSERT(store->in_transaction);
	if (store_backup_latest(store->connection.dir_fd, &utc_s, &rec_no) != 0 ||
		(uint64_t)utc_s == *told || utc_s > INT64_MAX / MS_PER_S)
		return 0;
	*told = (uint64_t)utc_s;
	return backup_append(store, utc_s, rec_no, now->trusted);
}

int store_audit_configuration(struct store *store, uint64_t file_hash, const struct moment *now)
{
	uint64_t *told = &store->now.counter[COUNTER_CONFIGURATION];
	struct audit_entry entry = {
		.act = AUDIT_CONFIGURATION, .utc_ms = now->utc_ms, .trusted = now->trusted};
	bool changed = *told != 0 && *told != file_hash;

	ASSERT(store->in_transaction && file_hash < STORE_NUMBER_MAX);
	*told = file_hash;
	if (!changed)
		return 0;
	bool fits = text_set(&entry.target, SPAN_LIT("configuration file"));

	ASSERT(fits);
	return store_audit_append(store, &entry, NULL);
}
