/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core's threads share. Each ring has one producer and one consumer, named beside it; the
 * eventfd of the consumer is written after a push. Everything else belongs to one thread, or is
 * atomic, or is set before the threads start.
 */
#pragma once

#include "authentication.h"
#include "base/latest.h"
#include "base/spsc.h"
#include "domain/controller.h"
#include "drivers/board.h"
#include "drivers/lines.h"
#include "drivers/panel_board.h"
#include "drivers/panel_gpio.h"
#include "platform/role.h"
#include "store/store.h"

#include <pthread.h>

#define COMMIT_SLOTS 16384 /* holds UNDURABLE_RECORDS_MAX and what is under way */
#define CHANGE_SLOTS 128
#define REQUEST_SLOTS 64 /* MESSAGE_REQUESTS_MAX, a power of two */
#define AUDIT_SLOTS 16
#define STORE_SILENCE_MS 2000 /* entries wait longer: the store counts as failed */

/* store -> rt */
enum change_kind {
	CHANGE_DURABLE, /* ticket and entries: how far the disk is */
	CHANGE_FAILED,
	CHANGE_RECOVERED,
	CHANGE_PERSON_PUT,
	CHANGE_PERSON_REMOVED,
	CHANGE_SCHEDULE_PUT,
	CHANGE_SPECIAL_GROUP_PUT,
	CHANGE_SPECIAL_SCHEDULE_PUT,
	CHANGE_INDEX, /* a new index takes the place of the old one */
};

struct change {
	enum change_kind kind;
	uint64_t entries; /* CHANGE_DURABLE: commit entries that are on disk, since the start */
	int64_t durable_ns; /* CHANGE_DURABLE: when they were */
	union {
		uint64_t ticket;
		struct credential person;
		uint64_t person_no;
		struct schedule schedule;
		struct special_day_group special_group;
		struct special_schedule special_schedule;
		struct credential_index *index;
	};
};

/* serve -> rt */
enum order_kind { ORDER_COMMAND, ORDER_LINES };

struct order {
	enum order_kind kind;
	uint32_t slot; /* of the open request */
	int socket; /* ORDER_LINES: a fresh link to role sim */
	uint8_t door;
	uint8_t command;
	struct text64 user_id;
	struct text32 type;
	struct text32 account;
};

/* Which value it was: reason of a RESULT_BAD_VALUE of the store. */
enum bad_value { BAD_VALUE_PERIOD = 0, BAD_VALUE_DURESS };

/* rt, store and query -> serve: an open request ends */
struct answer {
	uint32_t slot;
	bool sent; /* query has answered by itself */
	uint8_t result; /* enum result */
	uint8_t reason; /* what the result says it is */
	uint64_t no;
};

/* Who asked for a change, for the audit. */
struct asker {
	struct text32 account;
	uint8_t address[16];
};

struct account_write {
	uint8_t change; /* enum account_change, for MESSAGE_ACCOUNT_PUT */
	struct account account; /* name, and what the change sets */
};

/* serve -> store */
struct write_request {
	enum message_type type;
	uint32_t slot;
	uint32_t fields;
	struct asker asker;
	union {
		struct person person;
		uint64_t person_no;
		struct schedule schedule;
		struct special_day_group special_group;
		struct special_schedule special_schedule;
		struct text128 password; /* MESSAGE_CLAIM */
		struct account_write account;
	};
};

struct peer;
struct rt;

/* serve -> query */
struct query_request {
	struct peer *peer; /* counted; query lets it go */
	uint32_t slot;
	union {
		struct message_header header;
		struct message_person_query person;
		struct message_record_query record;
		struct message_schedule_get schedule;
		struct message_journal_fetch fetch;
		struct message_reader_query reader;
		struct message_audit_query audit;
	};
};

/* How a reader's lines do, for who looks on; by rt at each beat. */
struct reader_state {
	_Atomic uint64_t counter[WIEGAND_FAULTS + 1]; /* struct wiegand_counters, in its order */
	_Atomic bool held[2]; /* a line stands low in silence */
};

struct core {
	const struct role_context *context;
	const struct settings *settings;
	struct controller_config config;
	struct store_options store_options;
	struct board *board;
	struct lines *lines;
	struct panel_board panel_board; /* with virtual lines */
	struct panel_gpio panel_gpio; /* with lines of GPIO chips */
	struct panel_sender *panels; /* NULL: none is configured */
	struct rt *rt;
	struct controller *controller; /* rt's after the start */
	struct store *store; /* the store thread's after the start */
	struct authentication *authentication; /* serve's */
	struct pin_key *pin_key; /* rt's after the start; locked memory, not in core dumps */
	uint32_t index_persons; /* capacity of an index */
	uint32_t realtime_claims; /* enum realtime_claim bits */

	struct spsc commits; /* rt -> store: struct commit_entry */
	struct spsc changes; /* store -> rt: struct change */
	struct spsc orders; /* serve -> rt: struct order */
	struct spsc command_answers; /* rt -> serve: struct answer */
	struct spsc writes; /* serve -> store: struct write_request */
	struct spsc write_answers; /* store -> serve: struct answer */
	struct spsc audits; /* serve -> store: struct audit_entry of what is no request */
	struct spsc queries; /* serve -> query: struct query_request */
	struct spsc query_answers; /* query -> serve: struct answer */

	int rt_wake; /* eventfds */
	int store_wake;
	int serve_wake;
	int query_wake;
	int applied_wake; /* rt has applied changes */

	_Atomic uint64_t changes_applied; /* by rt, since start */
	_Atomic(struct credential_index *) index_retired; /* what CHANGE_INDEX replaced */
	_Atomic uint64_t last_seq; /* committed; by the store thread */
	_Atomic uint64_t oldest_seq;
	_Atomic uint64_t last_rec_no;
	_Atomic uint64_t oldest_rec_no;
	_Atomic uint32_t persons;
	_Atomic bool store_failed; /* by the store thread */
	_Atomic uint64_t door_state[DOORS_MAX]; /* packed; by rt after each step */
	struct reader_state reader_state[READERS_MAX]; /* by number - 1 */
	struct latest frames; /* rt -> who looks on: struct reader_frame */
	int64_t frames_since_utc_ms; /* set before the threads */
	_Atomic bool stopping; /* rt, serve and query are to end */
	_Atomic bool rt_ended; /* the store thread is to end: no entry comes any more */

	/* The query thread's reader; the store thread replaces it when it reopens the store. */
	pthread_mutex_t reader_lock;
	struct store_reader *reader;
	int use_fd; /* platform/process.h */
	int64_t started_ns; /* CLOCK_BOOTTIME of core's start */
	int64_t said_ns; /* the latest word on how far a migration is */
};

/* Allocates the rings and eventfds. 0 or -errno. */
MUST_CHECK int core_rings_new(struct core *core);

/* Memory of one page for a secret: locked, left out of core dumps. NULL with errno. */
void *core_secret_new(void);
void core_secret_free(void *secret); /* wipes it; NULL is none */

void core_wake(int eventfd);
void core_wake_clear(int eventfd);

/* Waits up to timeout_ms (-1: for ever) for the eventfd, and clears it. */
void core_wait(int eventfd, int timeout_ms);

/* Counts now_ns - since_ns in a histogram of the heartbeat page. */
void core_latency_count(
	struct heartbeat_page *page, enum latency latency, int64_t since_ns, int64_t now_ns);

/* An index that is being made in pieces, so that its maker can do other work in between. */
struct index_making {
	void *memory; /* NULL: none is */
	size_t size;
	size_t ready;
};

MUST_CHECK int core_index_begin(const struct core *core, struct index_making *ret);
/* 0 or -errno; *ret_whole: core_index_end is next. */
MUST_CHECK int core_index_go_on(struct index_making *making, bool *ret_whole);
void core_index_drop(struct index_making *making); /* gives it back; nothing when there is none */
struct credential_index *core_index_end(const struct core *core, struct index_making *making);

/* An index of index_persons capacity, locked in; NULL with errno. */
struct credential_index *core_index_new(const struct core *core);
void core_index_free(const struct core *core, struct credential_index *index);

uint64_t door_state_pack(const struct door_state *state);
struct door_state door_state_unpack(uint64_t packed);
