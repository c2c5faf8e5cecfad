// SPDX-License-Identifier: Apache-2.0
/*
 * The socket to core. Every message that asks something carries an id of its own; answers find
 * their request by it, and one that nobody waits for any more is dropped. A message that is not
 * what the table allows from core ends the link: the supervisor sees the end and makes a new one.
 *
 * When the link ends, every open request is answered 503 and every stream is closed: core's proof
 * of who asked went with it. Clients come back, and streams resume by afterSeq or afterRecNo.
 *
 * Bounds: REQUESTS_MAX open requests, more wait in their turn; the outbox holds at most one message
 * of each and what streams send, which is bounded by their number.
 */
#include "gate.h"

#include "base/assert.h"
#include "messages/audit.h"
#include "messages/persons.h"
#include "messages/readers.h"
#include "platform/link.h"
#include "platform/log.h"
#include "streams.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CORE_AWAY "the controller is restarting; repeat the request in a second"

struct outbox {
	struct outbox *next;
	size_t len;
	_Alignas(8) char bytes[];
};

static void request_unlink(struct request *request)
{
	struct request **at = &request->gate->open;

	while (*at != request) {
		ASSERT(*at != NULL);
		at = &(*at)->next;
	}
	*at = request->next;
	request->next = NULL;
	request->gate->open_count--;
}

void request_finish(struct request *request)
{
	struct gate *gate = request->gate;

	if (request->reply.lacking && request->reply.status < 400)
		reply_lacks(&request->reply);
	request_unlink(request);
	pthread_mutex_lock(&gate->lock);
	request->finished = true;
	pthread_mutex_unlock(&gate->lock);
	MHD_resume_connection(request->connection); /* from here on it is the HTTP thread's */
}

void request_fail(struct request *request, unsigned status, const char *detail)
{
	reply_error_string(&request->reply, status, detail);
	if (status == 503)
		request->reply.retry_after_s = 1;
	request_finish(request);
}

uint32_t core_next_id(struct gate *gate)
{
	if (++gate->next_request_id == 0)
		gate->next_request_id = 1; /* 0 asks nothing */
	return gate->next_request_id;
}

static bool outbox_add(struct gate *gate, const void *message, size_t len)
{
	struct outbox *entry = malloc(sizeof(*entry) + len);

	if (entry == NULL)
		return false;
	entry->next = NULL;
	entry->len = len;
	memcpy(entry->bytes, message, len);
	*gate->outbox_end = entry;
	gate->outbox_end = &entry->next;
	return true;
}

static void outbox_drop_first(struct gate *gate)
{
	struct outbox *entry = gate->outbox_first;

	gate->outbox_first = entry->next;
	if (gate->outbox_first == NULL)
		gate->outbox_end = &gate->outbox_first;
	free(entry);
}

bool core_send(struct gate *gate, void *message)
{
	size_t len = message_size(message);

	if (!gate->core_ready)
		return false;
	if (gate->outbox_first != NULL)
		return outbox_add(gate, message, len);
	int result = link_send(gate->core_fd, message, len);

	if (result == -EAGAIN || result == -ENOBUFS)
		return outbox_add(gate, message, len);
	return result == 0; /* a dead link shows at the next read */
}

void core_writable(struct gate *gate)
{
	while (gate->outbox_first != NULL) {
		struct outbox *entry = gate->outbox_first;

		if (link_send(gate->core_fd, entry->bytes, entry->len) == -EAGAIN)
			return;
		outbox_drop_first(gate);
	}
}

void core_ask(struct request *request, void *message)
{
	struct gate *gate = request->gate;
	struct message_header *header = message;

	header->request_id = core_next_id(gate);
	request->request_id = header->request_id;
	request->deadline_ns = clock_boot_ns() + REQUEST_DEADLINE_NS;
	if (!core_send(gate, message))
		request_fail(request, 503, CORE_AWAY);
}

static void ask_proof(struct request *request)
{
	struct message_authenticate message = {.header = {.type = MESSAGE_AUTHENTICATE}};

	memcpy(message.peer_address, request->address, sizeof(message.peer_address));
	(void)text_set(&message.method, request->method);
	message.target_len = (uint16_t)request->target_len;
	message.authorization_len = (uint16_t)request->authorization.len;
	message.operation = request->asked_operation;
	memcpy(message.text, request->target, request->target_len);
	if (request->authorization.len > 0)
		memcpy(message.text + request->target_len, request->authorization.data,
			request->authorization.len);
	core_ask(request, &message);
}

/* What needs no account is judged by what it brings. */
static void begin_unproven(struct request *request)
{
	request->proven = true;
	request->operation = (enum cgi_operation)request->lookup_operation;
	operation_begin(request);
}

/* The next one whose turn it is: there is a place, or it must be refused. */
static struct request *submitted_take(struct gate *gate, int64_t now_ns, const char **ret_refusal)
{
	bool room = gate->open_count < REQUESTS_MAX;

	pthread_mutex_lock(&gate->lock);
	struct request *request = gate->submitted;

	*ret_refusal = NULL;
	if (gate->stopping)
		*ret_refusal = "the device is stopping";
	else if (!room && request != NULL && now_ns >= request->deadline_ns)
		*ret_refusal = "too many requests at once; repeat it a little later";
	if (!room && *ret_refusal == NULL)
		request = NULL;
	if (request != NULL) {
		gate->submitted = request->next;
		if (gate->submitted == NULL)
			gate->submitted_end = &gate->submitted;
	}
	pthread_mutex_unlock(&gate->lock);
	return request;
}

int64_t core_take_submitted(struct gate *gate, int64_t now_ns)
{
	const char *refusal;

	for (struct request *request = submitted_take(gate, now_ns, &refusal); request != NULL;
		request = submitted_take(gate, now_ns, &refusal)) {
		request->next = gate->open;
		gate->open = request;
		gate->open_count++;
		if (refusal != NULL)
			request_fail(request, 503, refusal);
		else if (request->lookup_operation == CGI_CLAIM || request->unproven)
			begin_unproven(request);
		else
			ask_proof(request);
	}
	pthread_mutex_lock(&gate->lock);
	int64_t next_ns = gate->submitted == NULL ? INT64_MAX : gate->submitted->deadline_ns;

	pthread_mutex_unlock(&gate->lock);
	return next_ns;
}

static void take_proof(struct request *request, const struct message_authenticated *proof)
{
	request->proven = true;
	request->handle = proof->handle;
	request->serial = proof->serial;
	reply_set_account(&request->reply, &proof->account);
	request->operation = (enum cgi_operation)proof->operation;
	/*
	 * The cross-site judgement was made for the row we read from the query; core must have read
	 * the same one.
	 */
	if (proof->operation != request->lookup_operation) {
		request_fail(request, 400, "the URL cannot be read without doubt");
		return;
	}
	operation_begin(request);
}

static void proof_answer(struct request *request, const void *message)
{
	struct reply *reply = &request->reply;

	if (message_type_of(message) == MESSAGE_AUTHENTICATED) {
		take_proof(request, (const struct message_authenticated *)message);
		return;
	}
	if (message_type_of(message) == MESSAGE_UNAUTHENTICATED)
		reply_unauthenticated(reply, (const struct message_unauthenticated *)message);
	else if (message_type_of(message) ==
		 MESSAGE_RESULT) /* core has too many requests open, say */
		reply_result(reply, (const struct message_result *)message);
	if (reply->status < 400) /* nothing is good without proof */
		reply_error_string(reply, 500, "");
	request_finish(request);
}

static bool rows_continue(const void *message)
{
	if (message_type_of(message) == MESSAGE_PERSON_ROWS)
		return !((const struct message_person_rows *)message)->last;
	if (message_type_of(message) == MESSAGE_RECORD_ROWS)
		return !((const struct message_record_rows *)message)->last;
	if (message_type_of(message) == MESSAGE_AUDIT_ROWS)
		return !((const struct message_audit_rows *)message)->last;
	if (message_type_of(message) == MESSAGE_OSDP_FRAMES)
		return !((const struct message_osdp_frames *)message)->last;
	if (message_type_of(message) == MESSAGE_READER_FRAMES)
		return !((const struct message_reader_frames *)message)->last;
	return false;
}

/* It was opened for a request that has been given up. */
static void stream_unwanted(struct gate *gate, const struct message_stream *stream)
{
	struct message_stream_close close = {
		.header = {.type = MESSAGE_STREAM_CLOSE},
		.stream_id = stream->stream_id,
	};

	(void)core_send(gate, &close);
}

static void message_dispatch(struct gate *gate, const void *message)
{
	if (message_type_of(message) == MESSAGE_COMMITTED) {
		streams_committed(
			gate->streams, ((const struct message_committed *)message)->last_seq);
		return;
	}
	if (message_type_of(message) == MESSAGE_STREAM_END) {
		streams_end(
			gate->streams, ((const struct message_stream_close *)message)->stream_id);
		return;
	}
	if (message_request_id(message) == 0)
		return;
	for (struct request *at = gate->open; at != NULL; at = at->next) {
		if (at->request_id != message_request_id(message))
			continue;
		at->deadline_ns = clock_boot_ns() + REQUEST_DEADLINE_NS;
		if (!rows_continue(message))
			at->request_id = 0;
		if (at->proven)
			operation_answer(at, message);
		else
			proof_answer(at, message);
		return;
	}
	if (message_type_of(message) == MESSAGE_STREAM)
		stream_unwanted(gate, (const struct message_stream *)message);
	else
		streams_answer(gate->streams, message);
}

/* False when the link must go. */
static bool message_take(struct gate *gate, const void *message, size_t len)
{
	if (!gate->core_ready) {
		if (!link_hello_matches(message, len, ROLE_CORE)) {
			log_error("core is of another build: it gets no request");
			return false;
		}
		gate->core_ready = true;
		pthread_mutex_lock(&gate->lock);
		gate->core_up = true;
		pthread_mutex_unlock(&gate->lock);
		/* Said late: who waits for it may send requests at once. A lost word ends the role.
		 */
		if (!gate->ready)
			gate->ready = role_ready(gate->context, gate->fences) == 0;
		return true;
	}
	enum message_error error = message_check(message, len, ROLE_CORE, ROLE_GATE);

	if (error != MESSAGE_OK ||
		((const struct message_header *)message)->type == MESSAGE_HELLO) {
		log_error("core sent a message that cannot be (fault %d): the link is given up",
			(int)error);
		return false;
	}
	message_dispatch(gate, message);
	return true;
}

void core_readable(struct gate *gate)
{
	_Alignas(8) char memory[MESSAGE_MAX];

	while (gate->core_fd >= 0) {
		ssize_t len = link_receive(gate->core_fd, memory, NULL);

		if (len == -EAGAIN)
			return;
		if (len <= 0 || !message_take(gate, memory, (size_t)len))
			core_drop(gate);
	}
}

void core_connect(struct gate *gate, int fd)
{
	core_drop(gate);
	gate->core_fd = fd;
	if (link_hello(fd, ROLE_GATE) != 0)
		core_drop(gate);
}

void core_drop(struct gate *gate)
{
	if (gate->core_fd < 0)
		return;
	close(gate->core_fd);
	gate->core_fd = -1;
	gate->core_ready = false;
	pthread_mutex_lock(&gate->lock);
	gate->core_up = false;
	pthread_mutex_unlock(&gate->lock);
	while (gate->outbox_first != NULL)
		outbox_drop_first(gate);
	streams_close_all(gate->streams);
	while (gate->open != NULL)
		request_fail(gate->open, 503, CORE_AWAY);
}

int64_t core_check_deadlines(struct gate *gate, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	struct request *request = gate->open;

	while (request != NULL) {
		struct request *after = request->next;

		if (now_ns >= request->deadline_ns)
			request_fail(request, 503, "the controller did not answer in time");
		else if (request->deadline_ns < next_ns)
			next_ns = request->deadline_ns;
		request = after;
	}
	return next_ns;
}
