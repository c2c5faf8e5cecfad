/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate's state, and who may touch what.
 *
 * Two threads, or three. HTTP: libmicrohttpd's own, one for each listening socket (plain, TLS); it
 * runs the callbacks of http.c and streams_read for its own connections, and never blocks. Link:
 * the main thread; it owns the socket to core and everything that is not said to be under the lock.
 * The one lock is held for short copies only, never across a wait.
 *
 * A request changes hands: the HTTP thread reads it and judges its head, suspends its connection
 * and puts it on `submitted`; from then on it is the link thread's, until request_finish gives it
 * back by resuming the connection. It waits there, in its turn, for one of the REQUESTS_MAX places
 * at core. What waits is bounded by the number of connections, each of which has one request.
 */
#pragma once

#include "base/compiler.h"
#include "messages/requests.h"
#include "platform/clock.h"
#include "platform/role.h"
#include "protocols/query.h"
#include "reply.h"

#include <microhttpd.h>
#include <pthread.h>

#define REQUESTS_MAX 56 /* open at core for HTTP; the rest of MESSAGE_REQUESTS_MAX are streams' */
#define HTTP_STATUS_MAX 600
#define REQUEST_WAIT_NS (2 * NS_PER_S) /* for a place among them; then 503 */
#define REQUEST_DEADLINE_NS (10 * NS_PER_S) /* core must answer each message within this */

struct gate;
struct stream;

/* A listening socket and the HTTP library's thread that serves it. */
struct listener {
	struct gate *gate;
	struct MHD_Daemon *daemon; /* NULL: there is no such socket */
	bool tls;
};

struct streams;

/* One TCP connection. Under the lock. */
struct peer {
	struct peer *next;
	struct peer *previous;
	int fd; /* libmicrohttpd's; open while the peer is listed */
	int64_t deadline_ns; /* by when the client must have done its part; INT64_MAX: nothing due
			      */
	uint8_t address[16];
	uint8_t local_address[16];
	bool tls;
};

struct request {
	struct gate *gate;
	struct MHD_Connection *connection;
	struct request *next; /* on gate->submitted, or among the open ones */
	char *target; /* raw, target_len bytes; NULL when it was too long or memory was short */
	size_t target_len;
	const char *target_end; /* where the target ended in the HTTP library's memory */
	struct span method;
	bool head_seen; /* the head was judged */
	bool cross_site;
	bool tls; /* came encrypted */
	bool unproven; /* GET /metrics of a network that needs no account */
	uint32_t target_parameters; /* of the query: the first so many stood in the URL */
	bool body_wanted;
	size_t body_seen; /* bytes that came, kept or not */
	char *body; /* HEAD_BODY_MAX bytes once one comes */
	size_t body_len;
	struct span authorization; /* in the HTTP library's memory, until the request is over */
	struct span content_type;
	uint8_t address[16];
	struct query *query; /* parsed target and form; its texts lie behind it */
	uint32_t lookup_operation; /* what the query says it is; CGI_OPERATION_COUNT: nothing known
				    */
	uint32_t asked_operation; /* for core: where it cannot read it from the target */
	bool finished; /* the reply or the stream is ready; written before the resume */
	struct reply reply;
	struct stream *stream; /* the answer is this stream */
	bool stream_place; /* counts towards limits.streams until the request is over */
	int64_t deadline_ns; /* for a place at core, then for core's answer */
	/* link thread only */
	uint32_t request_id; /* of the message core owes an answer to */
	bool proven; /* AUTHENTICATED has come */
	enum cgi_operation operation;
	struct message_handle handle;
	struct text32 serial; /* of the device, from core */
	uint32_t step; /* how often the operation has asked core, or rows so far: the operation's
			  own */
	uint64_t total;
	bool full; /* the reply takes no more rows */
	void *state; /* the operation's own, from malloc; freed with the request */
};

enum stream_end {
	STREAM_END_CLIENT = 0, /* it left, or the network did */
	STREAM_END_STALLED, /* it took no bytes for too long */
	STREAM_END_CLOSED, /* by us: core said so, or is gone */
	STREAM_END_COUNT
};

/* What the gate counts, for metrics; any thread. */
struct tallies {
	_Atomic uint64_t replies[HTTP_STATUS_MAX]; /* by status */
	_Atomic uint64_t streams_opened;
	_Atomic uint64_t streams_ended[STREAM_END_COUNT];
	_Atomic uint64_t events; /* parts sent to subscribers, heartbeats left out */
};

struct gate {
	const struct role_context *context;
	uint32_t fences; /* that stand, for READY */
	bool ready; /* READY was said: at core's first greeting */
	int64_t alive_ns; /* ALIVE is due */
	const struct settings *settings;
	struct zone zone;
	struct text64 hardware; /* machine name of the kernel */
	struct listener plain;
	struct listener secure;
	int wake_fd; /* eventfd: something was submitted, or a stream wants to be looked at */
	int core_fd; /* -1 without link */
	bool core_ready; /* core's HELLO has come */
	uint32_t next_request_id;
	struct request *open; /* wait for core; link thread */
	uint32_t open_count; /* at most REQUESTS_MAX, and one that is being refused; link thread */
	struct outbox *outbox_first; /* messages the socket had no room for */
	struct outbox **outbox_end;
	int64_t peers_look_ns; /* when their deadlines are looked at again; link thread */
	struct streams *streams;
	struct tallies tallies;
	int use_fd; /* platform/process.h */
	int64_t started_ns; /* CLOCK_BOOTTIME */
	int64_t certificate_not_after_s; /* UTC; INT64_MAX: there is none, or it has no end */
	pthread_mutex_t lock;
	/* under the lock */
	bool stopping;
	bool core_up; /* core_ready, for the HTTP thread */
	struct request *submitted;
	struct request **submitted_end;
	struct peer *peers;
};

/* What every message from core begins with. */
static inline enum message_type message_type_of(const void *message)
{
	return (enum message_type)((const struct message_header *)message)->type;
}

static inline uint32_t message_request_id(const void *message)
{
	return ((const struct message_header *)message)->request_id;
}

/* http.c */
int http_start(struct gate *gate, int listen_fd);
/* The same over TLS; tls_fd: struct tls_keys. */
int http_start_tls(struct gate *gate, int listen_fd, int tls_fd);
void http_stop(struct gate *gate);
/* Closes connections whose client is late. Link thread. Returns the next time to look. */
int64_t http_check_deadlines(struct gate *gate, int64_t now_ns);

/* core.c: the link to core */
void core_connect(struct gate *gate, int fd); /* a fresh link; the old one is dead */
void core_drop(struct gate *gate);
void core_readable(struct gate *gate);
void core_writable(struct gate *gate);
/* Sends now or as soon as there is room. False without link. */
bool core_send(struct gate *gate, void *message);
uint32_t core_next_id(struct gate *gate);
/* Asks core on behalf of a request; the answer goes to its operation. Fails it without link. */
void core_ask(struct request *request, void *message);
/* Asks core for those whose turn it is. Returns the next time to look. */
int64_t core_take_submitted(struct gate *gate, int64_t now_ns);
int64_t core_check_deadlines(struct gate *gate, int64_t now_ns);

/* The reply is complete (or the stream is set): hands the request back to the HTTP thread. */
void request_finish(struct request *request);
void request_fail(struct request *request, unsigned status, const char *detail);

/* operations.c: what the rows of the method table do. Link thread. */
void operation_begin(struct request *request); /* proven: check parameters and start */
void operation_answer(struct request *request, const void *message); /* judged, from core */

void gate_wake(struct gate *gate);
