// SPDX-License-Identifier: Apache-2.0
/*
 * Queries are read in slices of some messages' rows, each with the reader's lock held for that
 * slice only: the store thread can take the reader away between two of them when it reopens the
 * store.
 * The thread sends its rows itself and waits when the link is full; serve, which must stay quick,
 * never does. Runs below normal priority. One request at a time: requests of one gate are served in
 * turn.
 *
 * Memory: one slice and one message of each shape, allocated at the start.
 */
#include "query_thread.h"

#include "base/assert.h"
#include "base/compiler.h"
#include "peer.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/log.h"
#include "query_status.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define NICE_QUERY 10
#define SLICE_ROWS 60 /* three messages: gate prints them while the next slice is read */
#define SEND_WAIT_MS 1000 /* a look at core->stopping in between */

struct query_thread {
	struct core *core;
	struct query_request request;
	bool ended; /* serve knows that the request is over */
	union { /* a slice, as it was read */
		struct person persons[SLICE_ROWS];
		struct journal_entry records[SLICE_ROWS];
		struct audit_entry audits[SLICE_ROWS];
	} slice;
	union {
		struct message_person_rows persons;
		struct message_record_rows records;
		struct message_schedule schedule;
		struct message_special_group special_group;
		struct message_special_schedule special_schedule;
		struct message_reader_frames frames;
		struct message_status status;
		struct message_audit_rows audits;
		struct message_osdp_frames traced;
		struct message_result result;
	} answer;
};

/* Waits for room on the link. 0, or -errno: the link is over. */
static int send_waiting(struct query_thread *q)
{
	int socket = q->request.peer->socket;
	struct pollfd fd = {.fd = socket, .events = POLLOUT};

	while (!atomic_load(&q->core->stopping)) {
		int error = link_send(socket, &q->answer, message_size(&q->answer));

		if (error != -EAGAIN)
			return error;
		/* Room for a short message is not room for this one: do not spin. */
		if (fd.revents & POLLOUT)
			(void)usleep(1000);
		(void)poll(&fd, 1, SEND_WAIT_MS);
	}
	return -EPIPE;
}

/*
 * The request's place is given back before its last message leaves: gate may ask again as soon as
 * it has that.
 */
static void request_end(struct query_thread *q)
{
	struct answer answer = {.slot = q->request.slot, .sent = true};

	if (q->ended)
		return;
	bool pushed = spsc_push(&q->core->query_answers, &answer);

	ASSERT(pushed); /* there is a place for every open request */
	q->ended = true;
	core_wake(q->core->serve_wake);
}

static struct message_header header_of(const struct query_thread *q, enum message_type type)
{
	return (struct message_header){(uint16_t)type, 0, q->request.header.request_id};
}

static void send_result(struct query_thread *q, enum result result)
{
	request_end(q);
	q->answer.result = (struct message_result){
		.header = header_of(q, MESSAGE_RESULT), .result = (uint32_t)result};
	(void)send_waiting(q);
}

/* A read under the reader's lock; -ENODEV while the store is not open. */
#define WITH_READER(core, ret_error, call)                                                         \
	do {                                                                                       \
		(void)pthread_mutex_lock(&(core)->reader_lock);                                    \
		struct store_reader *reader = (core)->reader;                                      \
		(ret_error) = reader != NULL ? (call) : -ENODEV;                                   \
		(void)pthread_mutex_unlock(&(core)->reader_lock);                                  \
	} while (0)

static uint32_t slice(uint32_t left, uint32_t max)
{
	return left < max ? left : max;
}

/* Sends the rows in hand; ret_last lies in their message. True when there is more to send. */
static bool rows_send(struct query_thread *q, bool last, bool *ret_last)
{
	*ret_last = last;
	if (last)
		request_end(q);
	return send_waiting(q) == 0 && !last;
}

/* What is left of a request, and of the slice that was read for it. */
struct progress {
	uint32_t left; /* rows that may still be asked of the store */
	uint32_t want; /* of the slice */
	uint32_t count; /* rows that it has */
	uint32_t at; /* sent */
};

static bool slice_is_sent(const struct progress *progress)
{
	return progress->at == progress->count;
}

static uint32_t slice_begin(struct progress *progress)
{
	progress->want = slice(progress->left, SLICE_ROWS);
	progress->count = 0;
	progress->at = 0;
	return progress->want;
}

static void slice_is_read(struct progress *progress)
{
	progress->left = progress->count < progress->want ? 0 : progress->left - progress->want;
}

/* How many rows the next message takes; *ret_last: it is the request's last. */
static uint32_t slice_take(struct progress *progress, uint32_t max, bool *ret_last)
{
	uint32_t count = slice(progress->count - progress->at, max);

	progress->at += count;
	*ret_last = progress->left == 0 && slice_is_sent(progress);
	return count;
}

static int persons_read(
	struct query_thread *q, struct progress *progress, uint64_t *after_no, uint32_t *offset)
{
	const struct message_person_query *query = &q->request.person;
	uint32_t want = slice_begin(progress);
	int error = 0;

	if (want > 0)
		WITH_READER(q->core, error,
			store_persons(reader, &query->filter, *after_no, *offset, q->slice.persons,
				want, &progress->count));
	*offset = 0;
	if (progress->count > 0)
		*after_no = q->slice.persons[progress->count - 1].no;
	slice_is_read(progress);
	return error;
}

static int persons_send(struct query_thread *q)
{
	const struct message_person_query *query = &q->request.person;
	struct message_person_rows *rows = &q->answer.persons;
	struct progress progress = {.left = query->limit};
	uint64_t after_no = query->after_no;
	uint32_t offset = query->offset;
	uint64_t total = 0;
	bool more = true;
	int error;

	WITH_READER(q->core, error, store_person_count(reader, &query->filter, &total));
	while (error == 0 && more) {
		if (slice_is_sent(&progress))
			error = persons_read(q, &progress, &after_no, &offset);
		if (error != 0)
			break;
		const struct person *from = &q->slice.persons[progress.at];
		bool last;

		rows->header = header_of(q, MESSAGE_PERSON_ROWS);
		rows->total = total;
		rows->count = slice_take(&progress, MESSAGE_PERSON_ROWS_MAX, &last);
		memcpy(rows->row, from, rows->count * sizeof(rows->row[0]));
		more = rows_send(q, last, &rows->last);
	}
	return error;
}

static int records_read(struct query_thread *q, struct progress *progress,
	struct record_cursor *cursor, uint32_t *offset)
{
	const struct message_record_query *query = &q->request.record;
	uint32_t want = slice_begin(progress);
	int error = 0;

	if (want > 0)
		WITH_READER(q->core, error,
			store_records(reader, &query->filter, cursor, *offset, q->slice.records,
				want, &progress->count));
	*offset = 0;
	slice_is_read(progress);
	return error;
}

static int records_send(struct query_thread *q)
{
	const struct message_record_query *query = &q->request.record;
	struct message_record_rows *rows = &q->answer.records;
	struct progress progress = {.left = query->limit};
	struct record_cursor cursor = {0};
	uint32_t offset = query->offset;
	uint64_t total = 0;
	bool more = true;
	int error;

	WITH_READER(q->core, error, store_record_count(reader, &query->filter, &total));
	while (error == 0 && more) {
		if (slice_is_sent(&progress))
			error = records_read(q, &progress, &cursor, &offset);
		if (error != 0)
			break;
		const struct journal_entry *from = &q->slice.records[progress.at];
		bool last;

		rows->header = header_of(q, MESSAGE_RECORD_ROWS);
		rows->total = total;
		rows->count = slice_take(&progress, MESSAGE_RECORD_ROWS_MAX, &last);
		memcpy(rows->row, from, rows->count * sizeof(rows->row[0]));
		more = rows_send(q, last, &rows->last);
	}
	return error;
}

static int audits_read(
	struct query_thread *q, struct progress *progress, struct audit_filter *filter)
{
	uint32_t want = slice_begin(progress);
	int error = 0;

	if (want > 0)
		WITH_READER(q->core, error,
			store_audits(reader, filter, q->slice.audits, want, &progress->count));
	if (progress->count > 0)
		filter->after_no = q->slice.audits[progress->count - 1].no;
	slice_is_read(progress);
	return error;
}

static int audits_send(struct query_thread *q)
{
	const struct message_audit_query *query = &q->request.audit;
	struct message_audit_rows *rows = &q->answer.audits;
	struct progress progress = {.left = query->limit};
	struct audit_filter filter = {
		.after_no = query->after_no, .from_ms = query->from_ms, .to_ms = query->to_ms};
	uint64_t total = 0;
	bool more = true;
	int error;

	WITH_READER(q->core, error, store_audit_count(reader, &filter, &total));
	while (error == 0 && more) {
		if (slice_is_sent(&progress))
			error = audits_read(q, &progress, &filter);
		if (error != 0)
			break;
		const struct audit_entry *from = &q->slice.audits[progress.at];
		bool last;

		rows->header = header_of(q, MESSAGE_AUDIT_ROWS);
		rows->total = total;
		rows->count = slice_take(&progress, MESSAGE_AUDIT_ROWS_MAX, &last);
		memcpy(rows->row, from, rows->count * sizeof(rows->row[0]));
		more = rows_send(q, last, &rows->last);
	}
	return error;
}

static int journal_send(struct query_thread *q)
{
	const struct message_journal_fetch *fetch = &q->request.fetch;
	struct message_record_rows *rows = &q->answer.records;
	uint64_t after_seq = fetch->after_seq;
	uint32_t left = fetch->limit;
	bool more = true;
	int error = 0;

	if (fetch->after_rec_no != 0)
		WITH_READER(q->core, error,
			store_seq_of_record(reader, fetch->after_rec_no, &after_seq));
	while (error == 0 && more) {
		uint32_t want = slice(left, MESSAGE_RECORD_ROWS_MAX);

		*rows = (struct message_record_rows){
			.header = header_of(q, MESSAGE_RECORD_ROWS),
			.total = atomic_load(&q->core->last_seq),
		};
		WITH_READER(q->core, error,
			store_journal(reader, after_seq, rows->row, want, &rows->count));
		if (error != 0)
			break;
		if (rows->count > 0)
			after_seq = rows->row[rows->count - 1].seq;
		left -= rows->count;
		more = rows_send(q, left == 0 || rows->count < want, &rows->last);
	}
	return error;
}

/* The one message of an answer. */
static int row_send(struct query_thread *q, int error)
{
	if (error == 0) {
		request_end(q);
		(void)send_waiting(q);
	}
	return error;
}

static int schedule_send(struct query_thread *q)
{
	struct message_schedule *answer = &q->answer.schedule;
	uint8_t no = (uint8_t)q->request.schedule.no;
	int error;

	*answer = (struct message_schedule){.header = header_of(q, MESSAGE_SCHEDULE)};
	WITH_READER(q->core, error, store_schedule(reader, no, &answer->schedule));
	return row_send(q, error);
}

static int special_group_send(struct query_thread *q)
{
	struct message_special_group *answer = &q->answer.special_group;
	uint8_t no = (uint8_t)q->request.schedule.no;
	int error;

	*answer = (struct message_special_group){.header = header_of(q, MESSAGE_SPECIAL_GROUP)};
	WITH_READER(q->core, error, store_special_group(reader, no, &answer->group));
	return row_send(q, error);
}

static int special_schedule_send(struct query_thread *q)
{
	struct message_special_schedule *answer = &q->answer.special_schedule;
	uint8_t no = (uint8_t)q->request.schedule.no;
	int error;

	*answer =
		(struct message_special_schedule){.header = header_of(q, MESSAGE_SPECIAL_SCHEDULE)};
	WITH_READER(q->core, error, store_special_schedule(reader, no, &answer->special));
	return row_send(q, error);
}

/* --- frames of a reader: from rt's ring, not from the store --- */

static void frames_head(struct query_thread *q, uint64_t last_no)
{
	const struct core *core = q->core;
	const struct reader_state *state = &core->reader_state[q->request.reader.reader - 1];
	struct message_reader_frames *frames = &q->answer.frames;
	uint64_t counter[WIEGAND_FAULTS + 1];

	*frames = (struct message_reader_frames){
		.header = header_of(q, MESSAGE_READER_FRAMES),
		.since_utc_ms = core->frames_since_utc_ms,
		.oldest_no = last_no > READER_FRAMES_MAX ? last_no - READER_FRAMES_MAX + 1
							 : (last_no > 0 ? 1 : 0),
		.last_no = last_no,
	};
	for (size_t i = 0; i < ARRAY_COUNT(counter); i++)
		counter[i] = atomic_load_explicit(&state->counter[i], memory_order_relaxed);
	memcpy(&frames->counters, counter, sizeof(counter));
	for (unsigned line = 0; line < 2; line++)
		frames->held[line] = atomic_load_explicit(&state->held[line], memory_order_relaxed);
}

/* Fills the message with rows behind *no; what rt has gone over meanwhile is left out. */
static void frames_fill(struct query_thread *q, uint64_t *no, uint32_t want)
{
	struct message_reader_frames *frames = &q->answer.frames;

	while (frames->count < want && *no < frames->last_no) {
		struct reader_frame *row = &frames->row[frames->count];

		if (latest_get(&q->core->frames, ++*no, row) &&
			row->reader == q->request.reader.reader)
			frames->count++;
	}
}

static int frames_send(struct query_thread *q)
{
	const struct message_reader_query *query = &q->request.reader;
	uint64_t last_no = latest_last(&q->core->frames);
	uint64_t no = query->after_no;
	uint32_t left = query->limit;
	bool more = true;

	if (!q->core->config.reader[query->reader - 1].configured)
		return STORE_NOT_FOUND;
	if (last_no > READER_FRAMES_MAX && no < last_no - READER_FRAMES_MAX)
		no = last_no - READER_FRAMES_MAX;
	while (more) {
		uint32_t want = slice(left, MESSAGE_READER_FRAMES_MAX);

		frames_head(q, last_no);
		frames_fill(q, &no, want);
		left -= q->answer.frames.count;
		more = rows_send(
			q, left == 0 || q->answer.frames.count < want, &q->answer.frames.last);
	}
	return 0;
}

/* --- frames of an OSDP line: from the bus thread's ring --- */

static void traced_fill(struct query_thread *q, uint64_t *no, uint32_t want)
{
	struct message_osdp_frames *traced = &q->answer.traced;

	while (traced->count < want && *no < traced->last_no) {
		struct osdp_traced *row = &traced->row[traced->count];

		if (latest_get(&q->core->osdp_frames, ++*no, row) &&
			row->line == q->request.trace.line)
			traced->count++;
	}
}

static int traced_send(struct query_thread *q)
{
	const struct message_osdp_trace *query = &q->request.trace;
	struct message_osdp_frames *traced = &q->answer.traced;
	struct core *core = q->core;
	uint64_t no = query->after_no;
	uint32_t left = query->limit;
	bool more = true;

	if (core->bus == NULL || query->line >= core->settings->osdp_line_count)
		return STORE_NOT_FOUND;
	uint64_t last_no = latest_last(&core->osdp_frames);
	uint64_t oldest_no =
		last_no > OSDP_TRACED_MAX ? last_no - OSDP_TRACED_MAX + 1 : (last_no > 0 ? 1 : 0);

	atomic_store(&core->osdp_trace_until_ns, clock_boot_ns() + OSDP_TRACE_S * NS_PER_S);
	if (no + 1 < oldest_no)
		no = oldest_no - 1;
	while (more) {
		uint32_t want = slice(left, MESSAGE_OSDP_FRAMES_MAX);

		*traced = (struct message_osdp_frames){
			.header = header_of(q, MESSAGE_OSDP_FRAMES),
			.oldest_no = oldest_no,
			.last_no = last_no,
		};
		traced_fill(q, &no, want);
		left -= traced->count;
		more = rows_send(q, left == 0 || traced->count < want, &traced->last);
	}
	return 0;
}

static void query_serve(struct query_thread *q)
{
	int error = 0;

	q->ended = false;
	switch (q->request.header.type) {
	case MESSAGE_PERSON_QUERY:
		error = persons_send(q);
		break;
	case MESSAGE_RECORD_QUERY:
		error = records_send(q);
		break;
	case MESSAGE_JOURNAL_FETCH:
		error = journal_send(q);
		break;
	case MESSAGE_SCHEDULE_GET:
		error = schedule_send(q);
		break;
	case MESSAGE_SPECIAL_GROUP_GET:
		error = special_group_send(q);
		break;
	case MESSAGE_SPECIAL_SCHEDULE_GET:
		error = special_schedule_send(q);
		break;
	case MESSAGE_READER_QUERY:
		error = frames_send(q);
		break;
	case MESSAGE_OSDP_TRACE:
		error = traced_send(q);
		break;
	case MESSAGE_STATUS_QUERY:
		q->answer.status = (struct message_status){.header = header_of(q, MESSAGE_STATUS)};
		query_status(q->core, &q->answer.status);
		request_end(q);
		(void)send_waiting(q);
		break;
	case MESSAGE_AUDIT_QUERY:
		error = audits_send(q);
		break;
	default:
		ASSERT(false); /* serve sends queries only */
	}
	if (error != 0)
		send_result(q, error == STORE_NOT_FOUND ? RESULT_NOT_FOUND : RESULT_STORE_FAILED);
	request_end(q);
	peer_drop(q->request.peer);
}

void *query_run(void *user)
{
	struct core *core = user;
	struct query_thread *q = calloc(1, sizeof(*q));

	ASSERT(q != NULL);
	q->core = core;
	(void)role_nice_try(NICE_QUERY);
	while (!atomic_load(&core->stopping)) {
		if (spsc_pop(&core->queries, &q->request))
			query_serve(q);
		else
			core_wait(core->query_wake, -1);
	}
	while (spsc_pop(&core->queries, &q->request))
		peer_drop(q->request.peer);
	free(q);
	return NULL;
}
