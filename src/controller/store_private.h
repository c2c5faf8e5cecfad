/* SPDX-License-Identifier: Apache-2.0 */
/* The store thread's state, and what its files show each other. */
#pragma once

#include "store_thread.h"

#define KEY_JOBS_MAX 16 /* a transaction */
#define BATCH_ENTRIES_MAX 1024 /* a transaction: keeps the wait of the last one short */

/* A write request of this transaction and what it came to. */
struct write_state {
	struct write_request request;
	struct answer answer;
	bool changes; /* rt is to be told after the commit */
	bool removes; /* person: takes them out of the index */
	struct credential credential;
	struct credential_index *index; /* PERSON_CLEAR: the empty one */
	bool nothing; /* there was nothing to change */
	uint32_t count; /* PERSON_CLEAR: persons */
};

struct clear_request {
	uint32_t slot;
	struct asker asker;
};

struct store_thread {
	struct core *core;
	uint64_t entries; /* taken off the ring, all durable */
	uint64_t ticket; /* highest durable ticket */
	uint64_t changes_sent;
	uint32_t wide; /* at least as many as the index has wide rule lists */
	uint64_t last_seq; /* committed */
	uint32_t entries_in_doubt; /* of the transaction that failed: it may be on disk after all */
	uint64_t ticket_in_doubt;
	bool failed;
	bool untidy; /* rows wait to be taken out, or blocks to be made */
	int64_t tidy_ns; /* the next slice is due */
	int retry_ms;
	uint32_t write_count;
	struct write_state write[REQUEST_SLOTS];
	uint32_t key_count;
	struct key_job key[KEY_JOBS_MAX]; /* of this transaction */
	uint32_t clear_count; /* clears that wait for the empty index to be made */
	struct clear_request clear[REQUEST_SLOTS];
	struct index_making making;
	bool cleared; /* in this transaction */
	struct credential_index *empty; /* made, for the first of them */
};

/* --- store_writes.c: requests inside a transaction, and their effect afterwards --- */

/* Carries out one write. 0, with write->answer filled, or -errno: the transaction is lost. */
MUST_CHECK int store_write(struct store_thread *st, struct write_state *write);

/* Tells rt what the committed writes changed. */
void store_writes_apply(struct store_thread *st);

/* Gives an index that is not handed over back. */
void store_writes_drop(struct store_thread *st);

/* The audit's row of a write that was carried out, in its transaction. */
MUST_CHECK int store_write_audit(struct store_thread *st, const struct write_state *write);

/* Now, as rows are stamped: a clock that is not trusted shows nothing before the newest entry. */
struct moment store_moment(const struct store_thread *st);

/* Sends a change to rt; waits for room. */
void store_change(struct store_thread *st, const struct change *change);
/* Waits until rt has applied all changes. */
void store_changes_wait(struct store_thread *st);

/* Builds an index and the schedules from the store and hands them to rt. 0 or an error of store. */
MUST_CHECK int store_rebuild(struct store_thread *st);

/* --- store_keys.c: keys of OSDP readers --- */

/* Takes the jobs that wait. */
void store_keys_take(struct store_thread *st);
/* Carries them out in the transaction. 0, or -errno: the transaction is lost. */
MUST_CHECK int store_keys_write(struct store_thread *st);
/* Tells the bus thread what became of them. */
void store_keys_answer(struct store_thread *st, bool committed);
