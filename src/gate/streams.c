// SPDX-License-Identifier: Apache-2.0
/*
 * How an event reaches a subscriber. Core says COMMITTED; the link thread fetches the new entries
 * once, into the ring; it resumes the connections that are parked; the HTTP thread then asks each
 * stream for bytes and gets exactly one part at a time, so that one part is one write. A stream
 * that has nothing to send, or may not send yet (STREAM_GAP_NS), parks: its connection is
 * suspended.
 *
 * Everything here is under the gate's lock except what is said to be the link thread's. A parked
 * connection does not notice that its client is gone, so the link thread looks at its socket once a
 * second. A client that takes no bytes is ended by the kernel (TCP_USER_TIMEOUT) or by the HTTP
 * library's timeout, whichever sees it.
 *
 * The fetch for the ring is made under the name of any open stream; core refuses it when that
 * stream has ended there, and the next one is tried. A stream that core refuses is closed.
 */
#include "streams.h"

#include "base/assert.h"
#include "platform/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FETCH_LIMIT 256
#define FETCH_DEADLINE_NS (10 * NS_PER_S)
#define HOLD_NS (200 * NS_PER_MS)
#define LOOK_NS NS_PER_S /* how often sockets of parked connections are looked at */

struct stream {
	struct stream *next;
	struct streams *owner;
	struct MHD_Connection *connection; /* NULL before streams_started */
	int fd;
	uint64_t id; /* core's */
	struct stream_wish wish;
	uint64_t cursor;
	int64_t heartbeat_ns; /* 0: none */
	int64_t heartbeat_due_ns;
	int64_t not_before_ns;
	bool parked; /* the connection is suspended */
	bool closed; /* nothing more is sent */
	bool gone; /* closed because the client was gone */
	bool place_pending; /* the cursor is not known before the first page */
	uint32_t fetch_id; /* of the page that core owes, or 0 */
	int64_t fetch_deadline_ns;
	uint32_t page_count;
	uint32_t page_at;
	struct journal_entry *page; /* STREAM_PAGE entries while the stream is behind the ring */
};

struct closing {
	struct closing *next;
	uint64_t id;
};

struct streams {
	struct gate *gate;
	struct stream *first;
	struct closing *closing; /* ended here, to be told to core */
	uint32_t count; /* open and reserved */
	uint64_t newest_seq; /* committed, as far as core has said */
	uint64_t ring_first; /* the ring holds [ring_first, ring_last]; empty when first > last */
	uint64_t ring_last;
	uint32_t fetch_id; /* the ring's own fetch, or 0 */
	uint32_t fetches; /* pages that core owes to streams */
	uint64_t fetch_stream_id;
	bool fetch_found; /* the ring's fetch has brought an entry */
	int64_t hold_ns; /* core is busy: no fetch before this */
	int64_t fetch_deadline_ns;
	int64_t look_ns;
	int64_t tick_ns; /* when the link thread comes by itself */
	char scratch[EVENT_BODY_MAX];
	struct journal_entry ring[STREAM_RING];
};

static struct journal_entry *ring_at(struct streams *streams, uint64_t seq)
{
	return &streams->ring[seq % STREAM_RING];
}

struct streams *streams_new(struct gate *gate)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (streams == NULL)
		return NULL;
	streams->gate = gate;
	streams->ring_first = 1;
	return streams;
}

static void closing_free(struct streams *streams)
{
	while (streams->closing != NULL) {
		struct closing *at = streams->closing;

		streams->closing = at->next;
		free(at);
	}
}

void streams_free(struct streams *streams)
{
	ASSERT(streams->first == NULL);
	closing_free(streams);
	free(streams);
}

bool streams_reserve(struct streams *streams)
{
	struct gate *gate = streams->gate;

	pthread_mutex_lock(&gate->lock);
	bool room = streams->count < gate->settings->streams_max;

	if (room)
		streams->count++;
	pthread_mutex_unlock(&gate->lock);
	return room;
}

void streams_give_back(struct streams *streams)
{
	pthread_mutex_lock(&streams->gate->lock);
	streams->count--;
	pthread_mutex_unlock(&streams->gate->lock);
}

bool streams_open(struct streams *streams, struct request *request, const struct stream_wish *wish,
	const struct message_stream *message)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return false;
	stream->owner = streams;
	stream->fd = -1;
	stream->id = message->stream_id;
	stream->wish = *wish;
	stream->cursor = wish->has_after_seq ? wish->after_seq : message->last_seq;
	stream->place_pending = wish->has_after_rec_no;
	stream->heartbeat_ns = wish->heartbeat_s * NS_PER_S;
	pthread_mutex_lock(&streams->gate->lock);
	if (streams->newest_seq < message->last_seq)
		streams->newest_seq = message->last_seq;
	if (streams->first == NULL) {
		streams->ring_last = streams->newest_seq;
		streams->ring_first = streams->ring_last + 1;
	}
	stream->next = streams->first;
	streams->first = stream;
	pthread_mutex_unlock(&streams->gate->lock);
	request->stream = stream;
	atomic_fetch_add(&streams->gate->tallies.streams_opened, 1);
	return true;
}

void streams_committed(struct streams *streams, uint64_t last_seq)
{
	pthread_mutex_lock(&streams->gate->lock);
	if (streams->newest_seq < last_seq)
		streams->newest_seq = last_seq;
	pthread_mutex_unlock(&streams->gate->lock);
}

static void stream_resume(struct stream *stream)
{
	if (!stream->parked)
		return;
	stream->parked = false;
	MHD_resume_connection(stream->connection);
}

static void stream_close(struct stream *stream)
{
	stream->closed = true;
	stream_resume(stream);
}

void streams_close_all(struct streams *streams)
{
	pthread_mutex_lock(&streams->gate->lock);
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		at->fetch_id = 0;
		stream_close(at);
	}
	streams->fetch_id = 0;
	streams->fetches = 0;
	closing_free(streams); /* core forgets streams with the link */
	pthread_mutex_unlock(&streams->gate->lock);
}

void streams_end(struct streams *streams, uint64_t id)
{
	pthread_mutex_lock(&streams->gate->lock);
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		if (at->id == id)
			stream_close(at);
	}
	pthread_mutex_unlock(&streams->gate->lock);
}

/* --- what core sends; link thread, under the lock --- */

static void ring_take(struct streams *streams, const struct journal_entry *entry)
{
	if (entry->seq <= streams->ring_last)
		return;
	if (entry->seq != streams->ring_last + 1)
		streams->ring_first = entry->seq; /* what lay between is gone from the journal */
	*ring_at(streams, entry->seq) = *entry;
	streams->ring_last = entry->seq;
	if (streams->ring_last - streams->ring_first >= STREAM_RING)
		streams->ring_first = streams->ring_last - STREAM_RING + 1;
}

/* Core is busy or its store is: ask again a little later. */
static bool fetch_later(struct streams *streams, const void *message)
{
	const struct message_result *result = (const void *)message;

	if (message_type_of(message) != MESSAGE_RESULT ||
		(result->result != RESULT_BUSY && result->result != RESULT_STORE_FAILED))
		return false;
	streams->hold_ns = clock_boot_ns() + HOLD_NS;
	return true;
}

static void ring_rows(struct streams *streams, const struct message_record_rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++)
		ring_take(streams, &rows->row[i]);
	streams->fetch_found |= rows->count > 0;
	if (!rows->last)
		return;
	streams->fetch_id = 0;
	if (streams->newest_seq < rows->total)
		streams->newest_seq = rows->total;
	if (!streams->fetch_found)
		streams->newest_seq = streams->ring_last; /* until core says COMMITTED again */
}

static void ring_answer(struct streams *streams, const void *message)
{
	if (message_type_of(message) == MESSAGE_RECORD_ROWS) {
		ring_rows(streams, (const struct message_record_rows *)message);
		return;
	}
	streams->fetch_id = 0;
	if (fetch_later(streams, message))
		return;
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		if (at->id == streams->fetch_stream_id)
			stream_close(at);
	}
}

/* Nothing of the journal lies between the cursor and what the ring has. */
static void page_was_empty(struct streams *streams, struct stream *stream)
{
	if (stream->cursor + 1 < streams->ring_first)
		stream->cursor = streams->ring_first - 1;
}

static void page_rows(
	struct streams *streams, struct stream *stream, const struct message_record_rows *rows)
{
	for (uint32_t i = 0; i < rows->count && stream->page_count < STREAM_PAGE; i++)
		stream->page[stream->page_count++] = rows->row[i];
	if (!rows->last)
		return;
	if (stream->place_pending && stream->page_count > 0)
		stream->cursor = stream->page[0].seq - 1;
	else if (stream->place_pending)
		stream->cursor = rows->total;
	stream->place_pending = false;
	if (stream->page_count == 0)
		page_was_empty(streams, stream);
	stream->fetch_id = 0;
	streams->fetches--;
}

/* A record that is not there (any more): rather twice than not at all, from the oldest on. */
static void page_refused(struct streams *streams, struct stream *stream, const void *message)
{
	const struct message_result *result = (const void *)message;

	stream->fetch_id = 0;
	streams->fetches--;
	if (fetch_later(streams, message))
		return;
	if (message_type_of(message) == MESSAGE_RESULT && result->result == RESULT_NOT_FOUND &&
		stream->place_pending) {
		stream->place_pending = false;
		stream->cursor = 0;
		return;
	}
	stream_close(stream);
}

void streams_answer(struct streams *streams, const void *message)
{
	pthread_mutex_lock(&streams->gate->lock);
	if (message_request_id(message) == streams->fetch_id)
		ring_answer(streams, message);
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		if (at->fetch_id != message_request_id(message))
			continue;
		if (message_type_of(message) == MESSAGE_RECORD_ROWS)
			page_rows(streams, at, (const struct message_record_rows *)message);
		else
			page_refused(streams, at, message);
		break;
	}
	pthread_mutex_unlock(&streams->gate->lock);
}

/* --- the link thread's round, under the lock --- */

static bool fetch_send(struct streams *streams, struct message_journal_fetch *fetch)
{
	fetch->header.type = MESSAGE_JOURNAL_FETCH;
	fetch->header.request_id = core_next_id(streams->gate);
	return core_send(streams->gate, fetch);
}

static void ring_fetch(struct streams *streams, int64_t now_ns)
{
	struct stream *at = streams->first;

	if (streams->fetch_id != 0 && now_ns >= streams->fetch_deadline_ns)
		streams->fetch_id = 0; /* the answer is lost: ask again */
	while (at != NULL && at->closed)
		at = at->next;
	if (at == NULL || streams->fetch_id != 0 || streams->ring_last >= streams->newest_seq)
		return;
	struct message_journal_fetch fetch = {
		.stream_id = at->id,
		.after_seq = streams->ring_last,
		.limit = FETCH_LIMIT,
	};

	if (!fetch_send(streams, &fetch))
		return;
	streams->fetch_id = fetch.header.request_id;
	streams->fetch_stream_id = at->id;
	streams->fetch_found = false;
	streams->fetch_deadline_ns = now_ns + FETCH_DEADLINE_NS;
}

static bool stream_is_behind(const struct streams *streams, const struct stream *stream)
{
	return stream->place_pending ||
	       (stream->cursor + 1 < streams->ring_first && stream->cursor < streams->newest_seq);
}

static void page_fetch(struct streams *streams, struct stream *stream, int64_t now_ns)
{
	if (stream->fetch_id != 0 && now_ns >= stream->fetch_deadline_ns) {
		stream->fetch_id = 0;
		streams->fetches--;
	}
	if (stream->closed || stream->fetch_id != 0 || stream->page_at < stream->page_count ||
		!stream_is_behind(streams, stream) || streams->fetches >= STREAM_FETCHES_MAX)
		return;
	if (stream->page == NULL)
		stream->page = malloc(STREAM_PAGE * sizeof(*stream->page));
	if (stream->page == NULL)
		return;
	struct message_journal_fetch fetch = {
		.stream_id = stream->id,
		.after_seq = stream->cursor,
		.after_rec_no = stream->place_pending ? stream->wish.after_rec_no : 0,
		.limit = STREAM_PAGE,
	};

	stream->page_at = 0;
	stream->page_count = 0;
	if (!fetch_send(streams, &fetch))
		return;
	stream->fetch_id = fetch.header.request_id;
	stream->fetch_deadline_ns = now_ns + FETCH_DEADLINE_NS;
	streams->fetches++;
}

static bool stream_has_entries(const struct streams *streams, const struct stream *stream)
{
	if (stream->place_pending || stream->fetch_id != 0)
		return false;
	return stream->page_at < stream->page_count ||
	       (stream->cursor + 1 >= streams->ring_first && stream->cursor < streams->ring_last);
}

/* When the stream next has something to do; 0 for now. */
static int64_t stream_due_ns(const struct streams *streams, const struct stream *stream)
{
	int64_t due_ns = INT64_MAX;

	if (stream->heartbeat_ns > 0)
		due_ns = stream->heartbeat_due_ns;
	if (stream_has_entries(streams, stream) && stream->not_before_ns < due_ns)
		due_ns = stream->not_before_ns;
	return due_ns < stream->not_before_ns ? stream->not_before_ns : due_ns;
}

/*
 * True when the client has closed its end or the connection broke. Bytes that it sent before do not
 * hide that: over TLS there are some, its word of farewell.
 */
static bool client_is_gone(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLRDHUP};

	return poll(&polled, 1, 0) > 0;
}

static void tell_closed(struct streams *streams)
{
	while (streams->closing != NULL) {
		struct closing *at = streams->closing;
		struct message_stream_close message = {
			.header = {.type = MESSAGE_STREAM_CLOSE},
			.stream_id = at->id,
		};

		(void)core_send(streams->gate, &message); /* without link core knows it */
		streams->closing = at->next;
		free(at);
	}
}

int64_t streams_tick(struct streams *streams, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	pthread_mutex_lock(&streams->gate->lock);
	bool look = now_ns >= streams->look_ns;

	if (look)
		streams->look_ns = now_ns + LOOK_NS;
	tell_closed(streams);
	bool fetch = now_ns >= streams->hold_ns;

	if (fetch)
		ring_fetch(streams, now_ns);
	else
		next_ns = streams->hold_ns;
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		if (fetch)
			page_fetch(streams, at, now_ns);
		if (streams->look_ns < next_ns)
			next_ns = streams->look_ns;
		if (!at->parked)
			continue;
		int64_t due_ns = stream_due_ns(streams, at);

		if (look && client_is_gone(at->fd)) {
			at->gone = true;
			stream_close(at);
		} else if (due_ns <= now_ns)
			stream_resume(at);
		else if (due_ns < next_ns)
			next_ns = due_ns;
	}
	streams->tick_ns = next_ns;
	pthread_mutex_unlock(&streams->gate->lock);
	return next_ns;
}

/* --- HTTP thread --- */

unsigned streams_stall_s(const struct stream *stream)
{
	unsigned heartbeats_s = 3 * stream->wish.heartbeat_s;

	return heartbeats_s == 0 || heartbeats_s > STREAM_STALL_S ? STREAM_STALL_S : heartbeats_s;
}

void streams_started(struct stream *stream, struct MHD_Connection *connection, int fd)
{
	int one = 1;
	int bytes = STREAM_SEND_BUFFER;
	unsigned stall_ms = streams_stall_s(stream) * 1000;

	/* Each helps and none is needed: on a socket that is no TCP there is nothing to set. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof(stall_ms));
	pthread_mutex_lock(&stream->owner->gate->lock);
	stream->connection = connection;
	stream->fd = fd;
	stream->heartbeat_due_ns = clock_boot_ns() + stream->heartbeat_ns;
	stream->not_before_ns = clock_boot_ns() + STREAM_GAP_NS; /* behind the head */
	pthread_mutex_unlock(&stream->owner->gate->lock);
}

static bool entry_wanted(const struct stream *stream, const struct journal_entry *entry)
{
	return (stream->wish.codes & (1u << event_code_of(entry->kind))) != 0;
}

/* The next entry that the stream asked for, and the cursor behind it; NULL when there is none now.
 */
static const struct journal_entry *stream_next(struct streams *streams, struct stream *stream)
{
	while (stream_has_entries(streams, stream)) {
		const struct journal_entry *entry;

		if (stream->page_at < stream->page_count)
			entry = &stream->page[stream->page_at++];
		else
			entry = ring_at(streams, stream->cursor + 1);
		if (entry->seq <= stream->cursor)
			continue;
		stream->cursor = entry->seq;
		if (entry_wanted(stream, entry))
			return entry;
	}
	return NULL;
}

static void page_release(struct streams *streams, struct stream *stream)
{
	if (stream->page == NULL || stream->fetch_id != 0 || stream->page_at < stream->page_count ||
		stream_is_behind(streams, stream))
		return;
	free(stream->page);
	stream->page = NULL;
	stream->page_at = 0;
	stream->page_count = 0;
}

/* The link thread is woken for what it has not arranged: a round of it looks at every stream. */
static void stream_park(struct stream *stream)
{
	struct streams *streams = stream->owner;

	stream->parked = true;
	MHD_suspend_connection(stream->connection);
	bool page_wanted = stream->fetch_id == 0 && stream_is_behind(streams, stream);

	if (page_wanted || stream_due_ns(streams, stream) < streams->tick_ns)
		gate_wake(streams->gate);
}

static bool heartbeat_take(struct stream *stream, int64_t now_ns)
{
	if (stream->heartbeat_ns == 0 || now_ns < stream->heartbeat_due_ns)
		return false;
	stream->heartbeat_due_ns += stream->heartbeat_ns;
	if (stream->heartbeat_due_ns <= now_ns)
		stream->heartbeat_due_ns = now_ns + stream->heartbeat_ns;
	return true;
}

/* One part, or nothing and parked. */
static size_t stream_part(struct stream *stream, struct buf *out)
{
	struct streams *streams = stream->owner;
	int64_t now_ns = clock_boot_ns();

	if (now_ns >= stream->not_before_ns) {
		const struct journal_entry *entry = stream_next(streams, stream);

		if (entry != NULL) {
			event_part(out, stream->wish.style, entry, streams->scratch);
			atomic_fetch_add(&streams->gate->tallies.events, 1);
		} else if (heartbeat_take(stream, now_ns)) {
			event_heartbeat_part(out);
		}
		page_release(streams, stream);
	}
	if (out->len == 0) {
		stream_park(stream);
		return 0;
	}
	ASSERT(!out->overflow); /* EVENT_PART_MAX holds the longest entry */
	stream->not_before_ns = now_ns + STREAM_GAP_NS;
	return out->len;
}

ssize_t streams_read(void *cls, uint64_t position UNUSED, char *memory, size_t max)
{
	struct stream *stream = cls;
	struct buf out = buf_over(memory, max);
	ssize_t result = MHD_CONTENT_READER_END_OF_STREAM;

	pthread_mutex_lock(&stream->owner->gate->lock);
	if (!stream->closed)
		result = (ssize_t)stream_part(stream, &out);
	pthread_mutex_unlock(&stream->owner->gate->lock);
	return result;
}

void streams_ended(struct stream *stream, enum stream_end end)
{
	struct streams *streams = stream->owner;
	struct tallies *tallies = &streams->gate->tallies;
	struct stream **at = &streams->first;
	struct closing *closing = calloc(1, sizeof(*closing));

	pthread_mutex_lock(&streams->gate->lock);
	while (*at != stream) {
		ASSERT(*at != NULL);
		at = &(*at)->next;
	}
	*at = stream->next;
	atomic_fetch_add(&tallies->streams_ended[stream->gone ? STREAM_END_CLIENT : end], 1);
	streams->count--;
	if (stream->fetch_id != 0)
		streams->fetches--;
	if (closing != NULL) { /* without memory core keeps a stream that nobody reads */
		closing->id = stream->id;
		closing->next = streams->closing;
		streams->closing = closing;
	}
	pthread_mutex_unlock(&streams->gate->lock);
	free(stream->page);
	free(stream);
	gate_wake(streams->gate);
}
