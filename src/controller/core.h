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
#include "messages/audit.h"
#include "messages/doors.h"
#include "messages/persons.h"
#include "messages/readers.h"
#include "messages/records.h"
#include "platform/role.h"
#include "protocols/osdp_bus.h"
#include "store/store.h"

#include <pthread.h>

#define COMMIT_SLOTS 16384 /* holds UNDURABLE_RECORDS_MAX and what is under way */
#define CHANGE_SLOTS 128
#define BUS_EVENT_SLOTS 1024 /* what all readers may give while rt is held up */
#define BUS_FEEDBACK_SLOTS 256
#define BUS_FRAME_SLOTS 64
#define KEY_JOB_SLOTS 256 /* READER_KEYS_MAX, and cancels of open requests; a power of two */
#define BUS_STATUS_SLOTS 4
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
		struct message_osdp_trace trace;
	};
};

/* How a reader's lines do, for who looks on; by rt at each beat. */
struct reader_state {
	_Atomic uint64_t counter[WIEGAND_FAULTS + 1]; /* struct wiegand_counters, in its order */
	_Atomic bool held[2]; /* a line stands low in silence */
};

/* bus -> rt: what an OSDP reader gave or became */
enum bus_event_kind {
	BUS_EVENT_CARD, /* bits */
	BUS_EVENT_KEY, /* key */
	BUS_EVENT_TAMPER, /* on */
	BUS_EVENT_STATE, /* reason: why it is offline; REASON_NONE: it is online */
	BUS_EVENT_ALARM, /* reason: what was tried */
	BUS_EVENT_PAIRED, /* its new key works and is kept */
	BUS_EVENT_MATCH, /* head, on: a finger was compared, and fits */
};

struct bus_event {
	uint8_t kind; /* enum bus_event_kind */
	uint8_t reader; /* number */
	uint8_t key; /* 0 to 9, KEY_STAR, KEY_HASH */
	uint8_t head; /* CARD, MATCH: reader number within the address */
	uint8_t reason; /* enum reason */
	bool on;
	int64_t at_ns;
	struct card_bits bits;
};

/* rt -> bus: a feedback for an OSDP reader */
struct bus_feedback {
	uint8_t reader; /* number */
	uint8_t feedback; /* enum feedback */
};

/* serve -> bus */
/* rt -> bus: bits for a panel that has us as its OSDP reader */
struct bus_frame {
	uint8_t panel; /* number - 1 */
	struct card_bits bits;
};

enum bus_order_kind {
	BUS_ORDER_PORT, /* line, fd: the port is there again */
	BUS_ORDER_PAIR, /* reader, window_s: the reader is in install mode and gets its first key */
	BUS_ORDER_PAIR_CANCEL, /* reader: closes the window */
	BUS_ORDER_ROTATE, /* reader: it gets another key, within its secure channel */
	BUS_ORDER_UNPAIR, /* reader: its keys are forgotten here */
	BUS_ORDER_KEY, /* reader, key: what was loaded into it elsewhere */
	BUS_ORDER_FILE, /* reader: core->reader_file is whole and goes to it */
	BUS_ORDER_FILE_CANCEL, /* reader: it goes no further */
};

/*
 * All but PORT have a place in serve's table of open requests and are answered once: RESULT_OK when
 * the key is on disk and the order is at the line (what comes of it: bus_status, JOURNAL_READER_
 * PAIRED), RESULT_READER with an enum reader_refusal, RESULT_STORE_FAILED. The act is in the audit,
 * in the transaction of the key.
 */
struct bus_order {
	uint8_t kind; /* enum bus_order_kind */
	uint8_t reader; /* number */
	uint8_t line; /* PORT */
	uint16_t window_s; /* PAIR: 1 to 600 */
	uint8_t key[READER_KEY_SIZE]; /* KEY */
	int fd; /* PORT */
	uint32_t slot; /* of the open request */
	struct asker asker;
};

enum key_job_kind {
	KEY_JOB_PEND, /* core->reader_keys holds it */
	KEY_JOB_PROMOTE, /* identity: the pending key works */
	KEY_JOB_DROP, /* all keys of the reader */
	KEY_JOB_DROP_PENDING,
	KEY_JOB_CANCEL, /* nothing but its row of the audit; slot: whose request it ends */
	KEY_JOB_FILE, /* the same of a file, which goes to the reader when that is on disk */
	KEY_JOB_OPEN, /* the same of a pairing, whose window opens when that is on disk */
};

/* bus -> store, and back when it is on disk or failed; at most one a reader is under way */
struct key_job {
	uint8_t kind; /* enum key_job_kind */
	uint8_t reader; /* number, or READERS_MAX + panel number */
	bool done; /* on the way back: it is on disk */
	bool audited; /* act, count, asker: a row of the audit in the same transaction */
	uint8_t act; /* enum audit_act */
	uint32_t count;
	uint32_t slot; /* CANCEL, FILE */
	struct asker asker;
	struct reader_identity identity;
};

/*
 * The one file for a reader. Up to READER_FILE_RECEIVING it is serve's; from BUS_ORDER_FILE on (the
 * next states) data is read by bus, which stores the end as state when it looks at data no more:
 * from then on it is serve's again.
 */
struct reader_file {
	uint8_t *data; /* size bytes; NULL: none is kept */
	uint32_t size;
	uint32_t received; /* bytes; by serve */
	uint8_t reader; /* number; 0: there was none */
	uint8_t type;
	_Atomic uint8_t state; /* enum reader_file_state */
	_Atomic uint32_t sent; /* by bus */
	_Atomic int16_t status; /* by bus, before the end */
};

/* Keys that are on their way to the disk: bus writes one before its job, store reads it then. */
struct reader_keys {
	uint8_t pending[READER_KEYS_MAX][READER_KEY_SIZE]; /* by number - 1 */
};

/* How far the pairing of a reader is. */
enum bus_pairing {
	BUS_PAIRING_NONE = 0,
	BUS_PAIRING_PEND, /* a job is on its way to the disk: OPEN, or PEND with the new key */
	BUS_PAIRING_WIRE, /* the line is at work: key, or window */
	BUS_PAIRING_PROMOTE, /* it works; that is on its way to the disk */
	BUS_PAIRING_DROP, /* its keys are on their way out */
};

/* What anybody may know of an OSDP reader; put by bus twice a second at least. */
struct bus_status {
	uint8_t line; /* place in settings.osdp_line */
	uint8_t pairing; /* enum bus_pairing */
	uint8_t pair_failed; /* enum osdp_why: how the latest pairing failed; 0: it did not */
	bool port; /* the line's port is there */
	bool has_key;
	int64_t window_until_ns; /* CLOCK_BOOTTIME; 0: no pairing window */
	struct osdp_reader_status reader;
};

struct bus;

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
	struct bus *bus; /* NULL: no OSDP line is configured */
	struct reader_keys *reader_keys; /* with bus; locked memory, not in core dumps */
	struct reader_file reader_file;
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
	struct spsc bus_events; /* bus -> rt: struct bus_event */
	struct spsc bus_feedbacks; /* rt -> bus: struct bus_feedback */
	struct spsc bus_frames; /* rt -> bus: struct bus_frame */
	struct spsc bus_orders; /* serve -> bus: struct bus_order */
	struct spsc bus_answers; /* bus -> serve: struct answer */
	struct spsc key_jobs; /* bus -> store: struct key_job */
	struct spsc key_results; /* store -> bus: struct key_job */

	int rt_wake; /* eventfds */
	int store_wake;
	int serve_wake;
	int query_wake;
	int applied_wake; /* rt has applied changes */
	int bus_wake;

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
	struct latest bus_status[READERS_MAX]; /* of OSDP readers; by number - 1 */
	struct latest osdp_frames; /* bus -> who looks on: struct osdp_traced; with bus */
	_Atomic int64_t osdp_trace_until_ns; /* frames are remembered until then; by query */
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

/* The same for so many bytes. */
void *core_secret_new_of(size_t size);
void core_secret_free_of(void *secret, size_t size);

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
