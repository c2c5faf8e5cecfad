// SPDX-License-Identifier: Apache-2.0
/*
 * Jobs about keys of OSDP readers, in the transactions of the store thread. The answer goes back
 * when the transaction is on disk, or failed; a job that the store refuses by itself (a weak key,
 * nothing pending) fails without harm to the others.
 */
#include "store_private.h"

#include "base/assert.h"
#include "base/buf.h"

#include <errno.h>

void store_keys_take(struct store_thread *st)
{
	st->key_count = 0;
	while (st->key_count < KEY_JOBS_MAX &&
		spsc_pop(&st->core->key_jobs, &st->key[st->key_count]))
		st->key_count++;
}

static int job_do(struct store_thread *st, const struct key_job *job)
{
	struct store *store = st->core->store;

	switch ((enum key_job_kind)job->kind) {
	case KEY_JOB_PEND:
		return store_reader_key_pend(
			store, job->reader, st->core->reader_keys->pending[job->reader - 1]);
	case KEY_JOB_PROMOTE:
		return store_reader_key_promote(store, job->reader, &job->identity);
	case KEY_JOB_DROP:
		return store_reader_key_drop(store, job->reader, true);
	case KEY_JOB_DROP_PENDING:
		return store_reader_key_drop(store, job->reader, false);
	case KEY_JOB_CANCEL:
	case KEY_JOB_FILE:
	case KEY_JOB_OPEN:
		return 0;
	}
	ASSERT(false);
	return -EINVAL;
}

/* Who had it done, in the transaction of what was done. */
static int job_audit(struct store_thread *st, const struct key_job *job)
{
	struct moment now = store_moment(st);
	struct audit_entry entry = {
		.act = job->act,
		.trusted = now.trusted,
		.has_address = true,
		.count = job->count,
		.utc_ms = now.utc_ms,
		.account = job->asker.account,
	};
	char memory[sizeof(entry.target.bytes)];
	struct buf target = buf_over(memory, sizeof(memory));

	memcpy(entry.address, job->asker.address, sizeof(entry.address));
	buf_add_string(&target, "reader ");
	buf_add_u64(&target, job->reader);
	if (job->kind == KEY_JOB_FILE) {
		buf_add_string(&target, ", ");
		buf_add_u64(&target, job->count);
		buf_add_string(&target, " bytes");
	}
	bool fits = text_set(&entry.target, buf_span(&target));

	ASSERT(fits && !target.overflow);
	int error = store_audit_append(st->core->store, &entry, NULL);

	return error > 0 ? -EIO : error;
}

int store_keys_write(struct store_thread *st)
{
	for (uint32_t i = 0; i < st->key_count; i++) {
		struct key_job *job = &st->key[i];
		int error = job_do(st, job);

		/* Promoted already: a transaction that seemed to fail was written after all. */
		job->done =
			error == 0 || (error == STORE_NOT_FOUND && job->kind == KEY_JOB_PROMOTE);
		if (error < 0 && error != -EINVAL)
			return error;
		error = job->done && job->audited ? job_audit(st, job) : 0;
		if (error != 0)
			return error;
	}
	return 0;
}

void store_keys_answer(struct store_thread *st, bool committed)
{
	for (uint32_t i = 0; i < st->key_count; i++) {
		st->key[i].done = st->key[i].done && committed;
		bool pushed = spsc_push(&st->core->key_results, &st->key[i]);

		ASSERT(pushed); /* a reader has one job under way, a request one cancel */
	}
	if (st->key_count > 0)
		core_wake(st->core->bus_wake);
	st->key_count = 0;
}
