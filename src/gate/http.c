// SPDX-License-Identifier: Apache-2.0
/*
 * libmicrohttpd's callbacks. It calls in this order: request_new with the raw request target,
 * handle once with the head, handle for each piece of body, handle with nothing left, then
 * request_completed. A refusal that leaves the end of the request in doubt is answered at the head
 * and closes; every other one waits for the body, because unread bytes would reset the connection
 * and take the answer with them.
 *
 * A client has 10 s for its first head, 30 s for each later one and for a body, 120 s to take an
 * answer; then its connection is shut down, whether it trickles bytes or not. The first 10 s hold
 * the TLS handshake as well.
 */
#include "gate.h"

#include "access.h"
#include "base/assert.h"
#include "head.h"
#include "platform/log.h"
#include "platform/tls.h"
#include "protocols/cgi_methods.h"
#include "streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FIRST_HEAD_NS (10 * NS_PER_S)
#define NEXT_HEAD_NS (30 * NS_PER_S)
#define BODY_NS (30 * NS_PER_S)
#define ANSWER_NS (120 * NS_PER_S)
#define LOOK_NS NS_PER_S
#define IDLE_S 30u
#define CONNECTION_MEMORY ((size_t)64 * 1024) /* head, parsed arguments, answer head */
#define QUERY_NAME_SHOWN_MAX 64
/* TLS 1.3 and 1.2, forward secrecy and authenticated encryption only. */
#define TLS_PRIORITIES                                                                             \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"  \
	"+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"
#define BODY_SWALLOW_MAX (1024 * 1024) /* read and dropped before an answer; then the end */

/* --- connections --- */

static void address_copy(const struct sockaddr *from, uint8_t ret[16])
{
	memset(ret, 0, 16);
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *address = (const void *)from;

		memcpy(ret, &address->sin6_addr, 16);
	} else if (from->sa_family == AF_INET) {
		const struct sockaddr_in *address = (const void *)from;

		ret[10] = 0xff;
		ret[11] = 0xff;
		memcpy(ret + 12, &address->sin_addr, 4);
	}
}

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info == NULL ? -1 : info->connect_fd;
}

static struct peer *connection_peer(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static struct peer *peer_new(const struct listener *listener, struct MHD_Connection *connection)
{
	struct gate *gate = listener->gate;
	const union MHD_ConnectionInfo *client =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sockaddr_storage local = {0};
	socklen_t len = sizeof(local);
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL)
		return NULL;
	peer->fd = connection_fd(connection);
	peer->tls = listener->tls;
	if (client != NULL && client->client_addr != NULL)
		address_copy(client->client_addr, peer->address);
	if (getsockname(peer->fd, (struct sockaddr *)&local, &len) == 0)
		address_copy((const struct sockaddr *)&local, peer->local_address);
	peer->deadline_ns = clock_boot_ns() + FIRST_HEAD_NS;
	pthread_mutex_lock(&gate->lock);
	bool first = gate->peers == NULL;

	peer->next = gate->peers;
	if (peer->next != NULL)
		peer->next->previous = peer;
	gate->peers = peer;
	pthread_mutex_unlock(&gate->lock);
	if (first)
		gate_wake(gate); /* else the next look is arranged already */
	return peer;
}

static void peer_end(struct gate *gate, struct peer *peer)
{
	pthread_mutex_lock(&gate->lock);
	if (peer->next != NULL)
		peer->next->previous = peer->previous;
	if (peer->previous != NULL)
		peer->previous->next = peer->next;
	else
		gate->peers = peer->next;
	pthread_mutex_unlock(&gate->lock);
	free(peer);
}

static void peer_due(struct gate *gate, struct MHD_Connection *connection, int64_t in_ns)
{
	struct peer *peer = connection_peer(connection);

	if (peer == NULL)
		return;
	pthread_mutex_lock(&gate->lock);
	peer->deadline_ns = in_ns == INT64_MAX ? INT64_MAX : clock_boot_ns() + in_ns;
	pthread_mutex_unlock(&gate->lock);
}

/*
 * The HTTP library counts connections by address; an IPv6 subscriber has as many addresses as it
 * likes. So those count by their /64 as well, as wrong passwords do.
 */
static bool prefix_has_room(const struct listener *listener, const uint8_t address[16])
{
	struct gate *gate = listener->gate;
	uint32_t room = gate->settings->connections_per_source_max;

	pthread_mutex_lock(&gate->lock);
	for (const struct peer *at = gate->peers; at != NULL && room > 0; at = at->next)
		room -= at->tls == listener->tls && memcmp(at->address, address, 8) == 0;
	pthread_mutex_unlock(&gate->lock);
	return room > 0;
}

static enum MHD_Result accept_judge(
	void *cls, const struct sockaddr *from, socklen_t from_len UNUSED)
{
	static const uint8_t no_prefix[8];
	const struct listener *listener = cls;
	uint8_t address[16];

	address_copy(from, address);
	/* IPv4, mapped or not, and ::1 are no subscriber's network. */
	if (memcmp(address, no_prefix, sizeof(no_prefix)) == 0)
		return MHD_YES;
	return prefix_has_room(listener, address) ? MHD_YES : MHD_NO;
}

static void connection_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	const struct listener *listener = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = peer_new(listener, connection);
	else if (*socket_context != NULL)
		peer_end(listener->gate, *socket_context);
}

int64_t http_check_deadlines(struct gate *gate, int64_t now_ns)
{
	pthread_mutex_lock(&gate->lock);
	bool any = gate->peers != NULL;
	bool look = now_ns >= gate->peers_look_ns;

	if (look)
		gate->peers_look_ns = now_ns + LOOK_NS;
	for (struct peer *at = look ? gate->peers : NULL; at != NULL; at = at->next) {
		if (now_ns < at->deadline_ns)
			continue;
		at->deadline_ns = INT64_MAX;
		(void)shutdown(at->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&gate->lock);
	return any ? gate->peers_look_ns : INT64_MAX;
}

/* --- requests --- */

static void *request_new(void *cls, const char *uri, struct MHD_Connection *connection)
{
	const struct listener *listener = cls;
	struct request *request = calloc(1, sizeof(*request));
	size_t len = strlen(uri);

	if (request == NULL)
		return NULL;
	request->gate = listener->gate;
	request->tls = listener->tls;
	request->connection = connection;
	request->target_len = len;
	request->target_end = uri + len;
	request->lookup_operation = CGI_OPERATION_COUNT;
	request->asked_operation = CGI_OPERATION_COUNT;
	if (len > HEAD_TARGET_MAX)
		return request;
	request->target = malloc(len + 1);
	if (request->target != NULL)
		memcpy(request->target, uri, len + 1);
	return request;
}

/* A person's PIN may stand in them. */
static void texts_free(struct request *request)
{
	if (request->query != NULL)
		explicit_bzero(request->query + 1, request->target_len + request->body_len + 1);
	if (request->target != NULL)
		explicit_bzero(request->target, request->target_len);
	if (request->body != NULL)
		explicit_bzero(request->body, request->body_len);
	free(request->target);
	free(request->body);
	free(request->query);
}

static enum stream_end stream_end_of(enum MHD_RequestTerminationCode code)
{
	if (code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
		return STREAM_END_STALLED;
	return code == MHD_REQUEST_TERMINATED_COMPLETED_OK ||
			       code == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN
		       ? STREAM_END_CLOSED
		       : STREAM_END_CLIENT;
}

static void request_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
	enum MHD_RequestTerminationCode code)
{
	const struct listener *listener = cls;
	struct request *request = *con_cls;

	if (request == NULL)
		return;
	*con_cls = NULL;
	if (request->stream != NULL)
		streams_ended(request->stream, stream_end_of(code));
	else if (request->stream_place)
		streams_give_back(request->gate->streams);
	reply_free(&request->reply);
	texts_free(request);
	free(request->state);
	free(request);
	peer_due(listener->gate, connection, NEXT_HEAD_NS);
}

static enum MHD_Result head_add(void *cls, enum MHD_ValueKind kind UNUSED, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	struct head *head = cls;

	if (head->field_count == HEAD_FIELDS_MAX) {
		head->fields_left_out = true;
		return MHD_NO;
	}
	head->field[head->field_count++] = (struct head_field){
		.name = span_of(key, key_len),
		.value = span_of(value, value == NULL ? 0 : value_len),
	};
	return MHD_YES;
}

/* Nothing but the end of a name: the colon, which became NUL, and blanks. */
static bool gap_is_blank(const char *from, const char *to)
{
	if (to <= from || to - from > HEAD_BYTES_MAX)
		return false;
	for (; from < to; from++) {
		if (*from != '\0' && *from != ' ' && *from != '\t')
			return false;
	}
	return true;
}

/*
 * libmicrohttpd 0.9 hands out pointers into the head as it came, with the bytes of each line end
 * turned into NULs. So the places of two neighbours tell what it passed over without a word: a NUL
 * in target or value, a folded line (which it joins to the name), a line that ends in a bare line
 * feed. Later versions refuse these themselves.
 */
static bool head_is_unbroken(
	const struct request *request, const char *version, const struct head *head)
{
	const char *end = version + strlen(version);

	if (strncmp(MHD_get_version(), "0.9.", 4) != 0)
		return true;
	if (version != request->target_end + 1)
		return false;
	for (uint32_t i = 0; i < head->field_count; i++) {
		const struct head_field *field = &head->field[i];

		if (field->name.data != end + 2 || end[0] != '\0' || end[1] != '\0' ||
			!gap_is_blank(field->name.data + field->name.len, field->value.data))
			return false;
		end = field->value.data + field->value.len;
	}
	return head->field_count == 0 || end[1] == '\0';
}

static bool type_is_form(struct span type)
{
	return type.len == 0 ||
	       span_starts_with_nocase(type, SPAN_LIT("application/x-www-form-urlencoded")) ||
	       span_starts_with_nocase(type, SPAN_LIT("text/plain"));
}

static void request_judge(struct request *request, const struct head_verdict *verdict)
{
	request->cross_site = verdict->cross_site;
	request->authorization = verdict->authorization;
	request->content_type = verdict->content_type;
	if (verdict->status != 0) {
		reply_error_string(&request->reply, verdict->status, verdict->detail);
		request->reply.close = verdict->close;
	} else if (request->target == NULL) {
		reply_error_string(&request->reply, 503, "out of memory");
	} else if (span_equal(request->method, SPAN_LIT("POST"))) {
		request->body_wanted = type_is_form(verdict->content_type);
		if (!request->body_wanted && verdict->has_body)
			reply_error_string(&request->reply, 415,
				"the body must be application/x-www-form-urlencoded");
	}
}

/* Judges the head. True when the answer must not wait for the body. */
static bool request_head(struct request *request, const char *method, const char *version)
{
	struct gate *gate = request->gate;
	struct peer *peer = connection_peer(request->connection);
	struct span name[HTTP_NAMES_MAX];
	struct head_policy policy = {.name = name, .name_count = gate->settings->http_name_count};
	struct head head = {
		.method = span_from_string(method),
		.version = span_from_string(version),
		.target = span_of(request->target, request->target_len),
	};
	struct head_verdict verdict;

	request->head_seen = true;
	request->method = head.method;
	if (peer == NULL) {
		reply_error_string(&request->reply, 503, "out of memory");
		return true;
	}
	memcpy(request->address, peer->address, sizeof(request->address));
	memcpy(policy.local_address, peer->local_address, sizeof(policy.local_address));
	if (!request->tls && !access_plain(gate->settings, request->address)) {
		access_refuse_plain(gate->settings, &request->reply);
		return true;
	}
	for (uint32_t i = 0; i < policy.name_count; i++)
		name[i] = text_span(&gate->settings->http_name[i]);
	if (request->target == NULL) /* longer than is kept: its bytes are not looked at */
		head.target = span_of("", 0);
	(void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, head_add, &head);
	if (request->target == NULL && request->target_len > HEAD_TARGET_MAX) {
		reply_error_string(
			&request->reply, 414, "the URL is too long; 8192 bytes are taken");
		request->reply.close = true;
		return true;
	}
	if (!head_is_unbroken(request, version, &head)) {
		reply_error_string(&request->reply, 400,
			"the head holds a NUL, a folded line or a line without CRLF");
		request->reply.close = true;
		return true;
	}
	for (uint32_t i = 0; i < head.field_count; i++)
		head.field[i].value = span_trim(head.field[i].value);
	head_judge(&head, &policy, &verdict);
	request_judge(request, &verdict);
	peer_due(gate, request->connection, verdict.has_body ? BODY_NS : INT64_MAX);
	return request->reply.status != 0 && (verdict.close || !verdict.has_body);
}

static bool body_take(struct request *request, const char *bytes, size_t len)
{
	request->body_seen += len;
	if (request->body_seen > BODY_SWALLOW_MAX)
		return false;
	if (request->reply.status != 0 || !request->body_wanted)
		return true;
	if (request->body_seen > HEAD_BODY_MAX) {
		reply_error_string(
			&request->reply, 413, "the body is too long; 65536 bytes are taken");
		return true;
	}
	if (request->body == NULL)
		request->body = malloc(HEAD_BODY_MAX);
	if (request->body == NULL) {
		reply_error_string(&request->reply, 503, "out of memory");
		return true;
	}
	memcpy(request->body + request->body_len, bytes, len);
	request->body_len += len;
	return true;
}

static bool query_doubtful(const struct query *query)
{
	bool action_twice = false;
	bool name_twice = false;

	(void)query_find(query, "action", &action_twice);
	(void)query_find(query, "name", &name_twice);
	return action_twice || name_twice;
}

/* The sentence, behind the name of the parameter whose value it is about. */
static void query_refuse(struct request *request, enum query_result result)
{
	struct span name = request->query->wrong;
	char text[192];
	struct buf sentence = buf_over(text, sizeof(text));

	if (name.len > 0 && name.len <= QUERY_NAME_SHOWN_MAX) {
		buf_add(&sentence, name);
		buf_add_string(&sentence, ": ");
	}
	buf_add_string(&sentence, query_result_text(result));
	ASSERT(!sentence.overflow);
	reply_error(&request->reply, 400, buf_span(&sentence));
}

/* Reads target and form into request->query and finds the row. False with the refusal set. */
static bool request_read(struct request *request)
{
	size_t room = request->target_len + request->body_len + 1;
	struct query *query = malloc(sizeof(*query) + room);
	const struct cgi_method *method;

	request->query = query;
	if (query == NULL) {
		reply_error_string(&request->reply, 503, "out of memory");
		return false;
	}
	struct buf storage = buf_over(query + 1, room);
	enum query_result result =
		query_parse_target(span_of(request->target, request->target_len), &storage, query);
	bool in_target = result == QUERY_OK && cgi_method_find_query(query, &method) == CGI_FOUND;

	request->target_parameters = result == QUERY_OK ? query->count : 0;
	if (result == QUERY_OK && request->body_len > 0)
		result = query_parse_form(
			span_of(request->body, request->body_len), &storage, query);
	if (result != QUERY_OK) {
		query_refuse(request, result);
		return false;
	}
	if (query_doubtful(query)) {
		reply_error_string(
			&request->reply, 400, "action or name is given twice; give it once");
		return false;
	}
	if (cgi_method_find_query(query, &method) == CGI_FOUND) {
		request->lookup_operation = method->operation;
		if (!in_target)
			request->asked_operation = method->operation;
	}
	return true;
}

/* GET /metrics: by the client's network alone. */
static bool metrics_allowed(struct request *request)
{
	if (!access_metrics(request->gate->settings, request->address)) {
		reply_error_string(&request->reply, 403,
			"metrics are not given to your address without an account: have its "
			"network added to http.metrics in posternd.yaml, or read "
			"/cgi-bin/accessControl.cgi?action=getMetrics with an account");
		return false;
	}
	if (span_equal(request->method, SPAN_LIT("POST"))) {
		reply_error_string(&request->reply, 405, "metrics are read with GET");
		return false;
	}
	request->lookup_operation = CGI_METRICS;
	request->unproven = true;
	return true;
}

/* What is decided before core is asked. False with the refusal set. */
static bool request_allowed(struct request *request)
{
	struct span path = request->query->path;
	bool changes = span_equal(request->method, SPAN_LIT("POST")) ||
		       (request->lookup_operation != CGI_OPERATION_COUNT &&
			       cgi_method_at((enum cgi_operation)request->lookup_operation)
				       ->changes_state);

	if (span_equal(path, SPAN_LIT("/metrics")))
		return metrics_allowed(request);
	if (!span_starts_with(path, SPAN_LIT("/cgi-bin/"))) {
		reply_error_string(&request->reply, 404, "there is nothing at this path");
		return false;
	}
	if (changes && request->cross_site) {
		reply_error_string(&request->reply, 403,
			"a page of another site sent this, or a browser that does not say which "
			"page did: use https, or a program that does not call itself Mozilla/5.0");
		return false;
	}
	const char *why = access_operation(request);

	if (why != NULL)
		reply_error_string(&request->reply, 403, why);
	return why == NULL;
}

/* Suspends the connection and hands the request to the link thread. False with the refusal set. */
static bool request_submit(struct request *request)
{
	struct gate *gate = request->gate;
	const char *why = NULL;

	pthread_mutex_lock(&gate->lock);
	if (gate->stopping)
		why = "the device is stopping";
	else if (!gate->core_up)
		why = "the controller is restarting; repeat the request in a second";
	if (why == NULL) {
		MHD_suspend_connection(request->connection);
		request->deadline_ns = clock_boot_ns() + REQUEST_WAIT_NS;
		request->next = NULL;
		*gate->submitted_end = request;
		gate->submitted_end = &request->next;
	}
	pthread_mutex_unlock(&gate->lock);
	if (why == NULL) {
		gate_wake(gate);
		return true;
	}
	reply_error_string(&request->reply, 503, why);
	request->reply.retry_after_s = 1;
	return false;
}

/* --- answers --- */

static void header_add(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value);
}

static void headers_add(struct MHD_Response *response, const struct reply *reply)
{
	char number[16];
	struct buf digits = buf_over(number, sizeof(number) - 1);

	static const char *const types[] = {
		[REPLY_TEXT] = "text/plain;charset=utf-8",
		[REPLY_JSON] = "application/json",
		[REPLY_METRICS] = "text/plain; version=0.0.4; charset=utf-8",
	};

	header_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, types[reply->type]);
	header_add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	header_add(response, "X-Content-Type-Options", "nosniff");
	header_add(response, "Referrer-Policy", "no-referrer");
	if (reply->close)
		header_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (reply->status == 405)
		header_add(response, MHD_HTTP_HEADER_ALLOW, "GET, POST, HEAD");
	if (reply->retry_after_s > 0) {
		buf_add_u64(&digits, reply->retry_after_s);
		number[digits.len] = '\0';
		header_add(response, MHD_HTTP_HEADER_RETRY_AFTER, number);
	}
	for (uint32_t i = 0; i < reply->challenge_count; i++) {
		char challenge[sizeof(reply->challenge[i].bytes) + 1];
		struct span text = text_span(&reply->challenge[i]);

		memcpy(challenge, text.data, text.len);
		challenge[text.len] = '\0';
		header_add(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, challenge);
	}
}

static enum MHD_Result answer_queue(
	struct request *request, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_queue_response(request->connection, status, response);

	MHD_destroy_response(response);
	if (status < HTTP_STATUS_MAX)
		atomic_fetch_add(&request->gate->tallies.replies[status], 1);
	return result;
}

static enum MHD_Result answer_reply(struct request *request)
{
	struct reply *reply = &request->reply;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->len, reply->memory + reply->start, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return MHD_NO;
	headers_add(response, reply);
	peer_due(request->gate, request->connection, ANSWER_NS);
	return answer_queue(request, reply->status, response);
}

static enum MHD_Result answer_stream(struct request *request)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, EVENT_PART_MAX, streams_read, request->stream, NULL);

	if (response == NULL)
		return MHD_NO;
	/* Devices stream without chunks, and simple clients take nothing else. */
	(void)MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	header_add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	header_add(response, MHD_HTTP_HEADER_PRAGMA, "no-cache");
	header_add(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		"multipart/x-mixed-replace; boundary=" EVENT_BOUNDARY);
	(void)MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
		streams_stall_s(request->stream));
	peer_due(request->gate, request->connection, INT64_MAX);
	streams_started(request->stream, request->connection, connection_fd(request->connection));
	return answer_queue(request, MHD_HTTP_OK, response);
}

static bool request_is_finished(struct request *request)
{
	pthread_mutex_lock(&request->gate->lock);
	bool finished = request->finished;

	pthread_mutex_unlock(&request->gate->lock);
	return finished;
}

static enum MHD_Result handle(void *cls UNUSED, struct MHD_Connection *connection UNUSED,
	const char *url UNUSED, const char *method, const char *version, const char *upload_data,
	size_t *upload_data_size, void **con_cls)
{
	struct request *request = *con_cls;

	if (request == NULL)
		return MHD_NO; /* out of memory at the request line */
	if (!request->head_seen)
		return request_head(request, method, version) ? answer_reply(request) : MHD_YES;
	if (*upload_data_size > 0) {
		bool go_on = body_take(request, upload_data, *upload_data_size);

		*upload_data_size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (request_is_finished(request))
		return request->stream != NULL ? answer_stream(request) : answer_reply(request);
	if (request->reply.status != 0)
		return answer_reply(request);
	peer_due(request->gate, request->connection, INT64_MAX);
	if (request_read(request) && request_allowed(request) && request_submit(request))
		return MHD_YES;
	return answer_reply(request);
}

static void http_log(void *cls, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

static void http_log(void *cls UNUSED, const char *format, va_list arguments)
{
	char line[256];

	/* Clients cause most of these lines; they are for whoever debugs. */
	(void)vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\r\n")] = '\0';
	log_debug("http: %s", line);
}

/* options: more of them, ended by MHD_OPTION_END. */
static int listener_start(struct gate *gate, struct listener *listener, unsigned flags,
	int listen_fd, struct MHD_OptionItem *options)
{
	const struct settings *settings = gate->settings;

	listener->gate = gate;
	listener->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
						    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
						    flags,
		0, accept_judge, listener, handle, listener, MHD_OPTION_EXTERNAL_LOGGER, http_log,
		NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)settings->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)settings->connections_per_source_max, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_URI_LOG_CALLBACK, request_new, listener, MHD_OPTION_NOTIFY_COMPLETED,
		request_completed, listener, MHD_OPTION_NOTIFY_CONNECTION, connection_notify,
		listener,
		/* 1 would only add a check of Host, answered with a page of the library's own. */
		MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	return listener->daemon == NULL ? -EIO : 0;
}

int http_start(struct gate *gate, int listen_fd)
{
	struct MHD_OptionItem none = {MHD_OPTION_END, 0, NULL};

	return listener_start(gate, &gate->plain, 0, listen_fd, &none);
}

int http_start_tls(struct gate *gate, int listen_fd, int tls_fd)
{
	const struct tls_keys *keys = tls_keys_map(tls_fd);

	if (keys == NULL)
		return -EPROTO;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)keys->key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)keys->certificate},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};

	gate->secure.tls = true;
	gate->certificate_not_after_s = keys->fingerprints.not_after_s;
	int result = listener_start(gate, &gate->secure, MHD_USE_TLS, listen_fd, options);

	tls_keys_unmap(keys); /* the TLS library has copies */
	return result;
}

void http_stop(struct gate *gate)
{
	struct listener *const listeners[] = {&gate->plain, &gate->secure};

	for (size_t i = 0; i < ARRAY_COUNT(listeners); i++) {
		if (listeners[i]->daemon != NULL)
			MHD_stop_daemon(listeners[i]->daemon);
		listeners[i]->daemon = NULL;
	}
}
