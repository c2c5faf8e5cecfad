// SPDX-License-Identifier: Apache-2.0
/*
 * One turn is one transaction: the entries that wait in rt's ring, then the writes of the API. When
 * it is on disk, in this order: rt hears how far the disk is, rt applies the writes' changes, the
 * askers get their answers, serve tells gate of the new Seq. Entries are taken off the ring only
 * now: until then the ring is their memory.
 *
 * A transaction that failed ends its connection: what an fsync that failed once leaves behind is
 * not known, and asking it again on the same connection may answer "fine" for data that is gone.
 * So the store is closed, readers too, and opened again with growing pauses. Whether the failed
 * transaction is there is seen from the newest Seq: it was written whole or not at all. Writes
 * meanwhile are refused; the index is built anew, because a refused write may have reached the
 * disk.
 */
#include "store_private.h"

#include "base/assert.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_AFTER_MS 200 /* without work: the log may be moved into the database now */
#define TIDY_PAUSE_MS 5 /* between slices of old rows: a commit waits for one at most */
#define TIDY_SHARE 3 /* and so many times as long as the slice took */
#define NICE_STORE -5 /* where that is allowed: a card waits for its record */
#define RETRY_FIRST_MS 20
#define RETRY_MAX_MS 2000

static const struct commit_entry *entry_waiting(const struct spsc *ring, uint32_t at)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t slot = (tail + at) & ring->mask;

	return (const struct commit_entry *)(const void *)(ring->slots + slot * ring->slot_size);
}

static void state_read(struct store_thread *st)
{
	struct store_state state;

	store_state(st->core->store, &state);
	st->last_seq = state.last_seq;
	atomic_store(&st->core->oldest_seq, state.oldest_seq);
	atomic_store(&st->core->last_seq, state.last_seq);
	atomic_store(&st->core->oldest_rec_no, state.oldest_rec_no);
	atomic_store(&st->core->last_rec_no, state.last_rec_no);
	atomic_store(&st->core->persons, state.persons);
}

static void answers_send(struct store_thread *st)
{
	for (uint32_t i = 0; i < st->write_count; i++) {
		bool pushed = spsc_push(&st->core->write_answers, &st->write[i].answer);

		ASSERT(pushed); /* there is a place for every open request */
		explicit_bzero(&st->write[i].request, sizeof(st->write[i].request));
	}
	st->write_count = 0;
	core_wake(st->core->serve_wake);
}

/*
 * The empty index of a clear is made first, a piece at a time between commits: it is as large as
 * the old one, and doors do not wait for its memory. Several clears are one.
 */
static void clears_take(struct store_thread *st)
{
	if (st->empty == NULL)
		return;
	for (uint32_t i = 0; i < st->clear_count; i++)
		st->write[st->write_count++] =
			(struct write_state){.request = {.type = MESSAGE_PERSON_CLEAR,
						     .slot = st->clear[i].slot,
						     .asker = st->clear[i].asker}};
	st->clear_count = 0;
}

/* True when the write is to wait. */
static bool clear_held(struct store_thread *st, const struct write_request *request)
{
	if (request->type != MESSAGE_PERSON_CLEAR)
		return false;
	if (st->empty == NULL && st->making.memory == NULL &&
		core_index_begin(st->core, &st->making) != 0)
		return false; /* refused in its transaction, for want of an index */
	st->clear[st->clear_count++] = (struct clear_request){request->slot, request->asker};
	return true;
}

static void writes_take(struct store_thread *st)
{
	st->write_count = 0;
	clears_take(st);
	while (st->write_count < REQUEST_SLOTS) {
		struct write_state *write = &st->write[st->write_count];

		*write = (struct write_state){0};
		const struct write_request *front = spsc_front(&st->core->writes);

		if (front == NULL)
			return;
		write->request = *front;
		/* A person's password is not to stay behind in the ring. */
		explicit_bzero((void *)(uintptr_t)front, sizeof(*front));
		spsc_drop(&st->core->writes);
		if (clear_held(st, &write->request))
			continue;
		st->write_count++;
	}
}

static void clears_refuse(struct store_thread *st)
{
	for (uint32_t i = 0; i < st->clear_count; i++)
		st->write[st->write_count++] =
			(struct write_state){.request = {.slot = st->clear[i].slot}};
	st->clear_count = 0;
	core_index_drop(&st->making);
	core_index_free(st->core, st->empty);
	st->empty = NULL;
}

static void writes_refuse(struct store_thread *st)
{
	clears_refuse(st);
	for (uint32_t i = 0; i < st->write_count; i++)
		st->write[i].answer = (struct answer){
			.slot = st->write[i].request.slot, .result = RESULT_STORE_FAILED};
	store_writes_drop(st);
	answers_send(st);
	store_keys_answer(st, false);
}

/* The next piece of a clear's index. */
static void empty_go_on(struct store_thread *st)
{
	bool whole = false;

	if (st->making.memory == NULL)
		return;
	if (core_index_go_on(&st->making, &whole) != 0) {
		st->write_count = 0;
		writes_refuse(st);
	} else if (whole) {
		st->empty = core_index_end(st->core, &st->making);
	}
}

/* What waited when the transaction began; a failed one loses them, as the store says so itself. */
static int audits_append(struct store_thread *st)
{
	struct audit_entry entry;
	int error = 0;

	for (int i = 0; i < AUDIT_SLOTS && error == 0 && spsc_pop(&st->core->audits, &entry); i++) {
		struct moment now = store_moment(st);

		entry.utc_ms = now.utc_ms;
		entry.trusted = now.trusted;
		error = store_audit_append(st->core->store, &entry, NULL);
	}
	return error;
}

/* `posternd backup` is another process, which only leaves a mark. */
static int backup_mind(struct store_thread *st)
{
	struct moment now = store_moment(st);

	return store_audit_backup(st->core->store, &now);
}

static int retention_mind(struct store_thread *st)
{
	struct moment now = store_moment(st);
	bool told = false;
	int error = store_retention_mind(st->core->store, &now, &told);

	if (error == 0 && told)
		log_warning("the ring of access records is nearly full or overwrites its oldest: "
			    "pull them, or raise limits.records");
	return error;
}

/* 0, or -errno: nothing of it is known to be on disk. */
static int transaction(struct store_thread *st, uint32_t entries)
{
	struct store *store = st->core->store;
	int error = store_begin(store);

	st->cleared = false;

	for (uint32_t i = 0; error == 0 && i < entries; i++) {
		const struct commit_entry *entry = entry_waiting(&st->core->commits, i);

		error = store_append(store, entry, NULL);
		if (entry->ticket > st->ticket_in_doubt)
			st->ticket_in_doubt = entry->ticket;
	}
	for (uint32_t i = 0; error == 0 && i < st->write_count; i++)
		error = store_write(st, &st->write[i]);
	if (error == 0)
		error = audits_append(st);
	if (error == 0)
		error = backup_mind(st);
	if (error == 0 && entries > 0)
		error = retention_mind(st);
	if (error == 0)
		error = store_keys_write(st);
	if (error == 0) {
		int64_t begin_ns = clock_boot_ns();

		error = store_commit(store);
		if (error == 0)
			core_latency_count(st->core->context->heartbeat, LATENCY_SYNC, begin_ns,
				clock_boot_ns());
	}
	return error > 0 ? -EIO : error;
}

static void entries_durable(struct store_thread *st, uint32_t entries)
{
	struct change change = {.kind = CHANGE_DURABLE, .durable_ns = clock_boot_ns()};

	for (uint32_t i = 0; i < entries; i++) {
		core_latency_count(st->core->context->heartbeat, LATENCY_RECORD,
			entry_waiting(&st->core->commits, 0)->at.boot_ns, change.durable_ns);
		spsc_drop(&st->core->commits);
	}
	st->entries += entries;
	change.entries = st->entries;
	if (st->ticket_in_doubt > st->ticket)
		change.ticket = st->ticket = st->ticket_in_doubt;
	store_change(st, &change);
}

static void fail(struct store_thread *st, int error)
{
	struct change change = {.kind = CHANGE_FAILED};

	if (!st->failed) {
		log_error(
			"the store failed: %s; doors work on, records are kept in memory until it "
			"is back. Look at the disk of the state directory",
			store_error_text(error));
		store_change(st, &change);
	}
	st->failed = true;
	atomic_store(&st->core->store_failed, true);
	writes_refuse(st);
	(void)pthread_mutex_lock(&st->core->reader_lock);
	if (st->core->reader != NULL)
		st->core->reader = store_reader_close(st->core->reader);
	(void)pthread_mutex_unlock(&st->core->reader_lock);
	st->core->store = store_close(st->core->store);
}

/* Commits what waits. False when nothing waited or the store failed. */
static bool commit(struct store_thread *st)
{
	uint32_t entries = spsc_count(&st->core->commits);

	entries = entries < BATCH_ENTRIES_MAX ? entries : BATCH_ENTRIES_MAX;
	writes_take(st);
	store_keys_take(st);
	if (st->failed)
		writes_refuse(st);
	if (entries == 0 && st->write_count == 0 && st->key_count == 0 &&
		spsc_count(&st->core->audits) == 0)
		return false;
	st->entries_in_doubt = entries;
	st->ticket_in_doubt = st->ticket;
	int error = transaction(st, entries);

	if (error != 0) {
		fail(st, error);
		return false;
	}
	state_read(st);
	if (entries > 0)
		entries_durable(st, entries);
	store_writes_apply(st);
	answers_send(st);
	store_keys_answer(st, true);
	return true;
}

static int reader_open(struct core *core)
{
	(void)pthread_mutex_lock(&core->reader_lock);
	int error = store_reader_open(core->store, &core->reader);

	(void)pthread_mutex_unlock(&core->reader_lock);
	return error;
}

/* The failed transaction may have been written whole: then its entries must not be written again.
 */
static void doubt_end(struct store_thread *st)
{
	uint64_t before = st->last_seq;

	state_read(st);
	if (st->entries_in_doubt > 0 && st->last_seq > before)
		entries_durable(st, st->entries_in_doubt);
	st->entries_in_doubt = 0;
}

static void reopen(struct store_thread *st)
{
	struct core *core = st->core;
	int error = store_open(ROLE_FD_STATE, &core->store_options, &core->store, NULL);

	if (error == 0)
		error = reader_open(core);
	if (error == 0) {
		doubt_end(st);
		error = store_rebuild(st);
	}
	if (error == 0)
		return;
	if (core->store != NULL)
		fail(st, error);
	log_debug("the store does not open: %s", store_error_text(error));
}

static void pause_refusing(struct store_thread *st, int pause_ms)
{
	int64_t now_ns = clock_boot_ns();
	int64_t due_ns = now_ns + pause_ms * NS_PER_MS;

	for (; now_ns < due_ns && !atomic_load(&st->core->rt_ended); now_ns = clock_boot_ns()) {
		core_wait(st->core->store_wake, (int)((due_ns - now_ns) / NS_PER_MS) + 1);
		writes_take(st);
		store_keys_take(st);
		writes_refuse(st);
	}
}

static void recover(struct store_thread *st)
{
	struct change change = {.kind = CHANGE_RECOVERED};

	if (st->core->store == NULL) {
		pause_refusing(st, st->retry_ms);
		st->retry_ms = st->retry_ms < RETRY_MAX_MS / 2 ? 2 * st->retry_ms : RETRY_MAX_MS;
		reopen(st);
	}
	if (st->core->store == NULL)
		return;
	if (!commit(st) && st->core->store == NULL)
		return;
	if (spsc_count(&st->core->commits) >= BATCH_ENTRIES_MAX)
		return;
	st->failed = false;
	atomic_store(&st->core->store_failed, false);
	st->untidy = true;
	st->retry_ms = RETRY_FIRST_MS;
	store_change(st, &change);
	log_info("the store is back");
}

/* False when there was nothing to do. */
static bool commit_all(struct store_thread *st)
{
	bool any = false;

	while (!st->failed && commit(st))
		any = true;
	return any;
}

/* Between commits, and not too often: what no one waits for. */
static void tidy(struct store_thread *st)
{
	int64_t now_ns = clock_boot_ns();

	if (!st->untidy || now_ns < st->tidy_ns)
		return;
	st->entries_in_doubt = 0;
	int error = store_tidy(st->core->store, &st->untidy);

	int64_t end_ns = clock_boot_ns();

	st->tidy_ns = end_ns + TIDY_SHARE * (end_ns - now_ns) + TIDY_PAUSE_MS * NS_PER_MS;
	if (error != 0)
		fail(st, error > 0 ? -EIO : error);
}

static int wait_ms(const struct store_thread *st, bool settled)
{
	if (st->clear_count > 0)
		return 0;
	if (st->untidy)
		return TIDY_PAUSE_MS;
	return settled ? -1 : IDLE_AFTER_MS;
}

void *store_run(void *user)
{
	struct core *core = user;
	bool settled = true;
	struct store_thread *st = calloc(1, sizeof(*st));

	ASSERT(st != NULL);
	st->core = core;
	st->retry_ms = RETRY_FIRST_MS;
	st->untidy = true; /* what the last run left */
	(void)role_nice_try(NICE_STORE);
	state_read(st);
	while (!atomic_load(&core->rt_ended)) {
		if (st->failed) {
			recover(st);
			continue;
		}
		core_wait(core->store_wake, wait_ms(st, settled));
		empty_go_on(st);
		settled = !commit_all(st);
		if (settled && !st->failed)
			store_idle(core->store);
		if (!st->failed)
			tidy(st);
	}
	(void)commit_all(st);
	core->store = store_close(core->store);
	free(st);
	return NULL;
}
