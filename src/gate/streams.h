/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event subscribers. All share one ring of the newest journal entries; each has a cursor, the Seq
 * of the last entry it looked at. Who resumes far behind or falls behind the ring is served in
 * pages from core.
 */
#pragma once

#include "events.h"
#include "gate.h"
#include "messages/records.h"

#define STREAM_RING 4096 /* entries; a power of two */
#define STREAM_PAGE MESSAGE_RECORD_ROWS_MAX /* entries a stream reads from core at once */
#define STREAM_FETCHES_MAX                                                                         \
	7 /* pages asked for at once; with the ring's own: 8 requests at core                      \
	   */
#define STREAM_GAP_NS (4 * NS_PER_MS) /* between two parts: they must not share a TCP segment */
#define STREAM_STALL_S 30 /* no byte taken for this long, or for 3 heartbeats: dropped */
#define STREAM_SEND_BUFFER (64 * 1024) /* bytes in the kernel */

struct stream_wish {
	enum event_style style;
	uint32_t codes; /* event_code_bits */
	uint32_t heartbeat_s; /* 0: none */
	bool has_after_seq;
	bool has_after_rec_no; /* counts when both are there */
	uint64_t after_seq;
	uint64_t after_rec_no;
};

struct streams *streams_new(struct gate *gate);
void streams_free(struct streams *streams);

/* Takes a place of limits.streams; false when there is none. streams_ended gives it back, too. */
bool streams_reserve(struct streams *streams);
void streams_give_back(struct streams *streams);

/* A stream at core is open: sets request->stream. False when memory is short. */
bool streams_open(struct streams *streams, struct request *request, const struct stream_wish *wish,
	const struct message_stream *message);

void streams_committed(struct streams *streams, uint64_t last_seq);
void streams_answer(struct streams *streams, const void *message);
void streams_close_all(struct streams *streams);
/* Core has ended this one: its account was changed. */
void streams_end(struct streams *streams, uint64_t id);

/* Fetches what is missing, wakes who has something to send. Returns the next time to call. */
int64_t streams_tick(struct streams *streams, int64_t now_ns);

/* HTTP thread: the connection is about to be answered by its stream; what MHD reads; the end. */
void streams_started(struct stream *stream, struct MHD_Connection *connection, int fd);
unsigned streams_stall_s(const struct stream *stream);
ssize_t streams_read(void *cls, uint64_t position, char *memory, size_t max);
void streams_ended(struct stream *stream, enum stream_end end);
