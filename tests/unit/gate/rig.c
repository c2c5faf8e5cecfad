// SPDX-License-Identifier: Apache-2.0
/* See rig.h. The child gets its descriptors at the numbers of enum role_fd, as from the supervisor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "messages/roles.h"
#include "platform/link.h"
#include "platform/role.h"
#include "protocols/cgi_methods.h"
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 5000

/* --- core --- */

static void core_reply(struct rig *rig, void *message, uint32_t request_id)
{
	struct message_header *header = message;

	header->request_id = request_id;
	/* The gate may just have ended; the test sees that elsewhere. */
	int result;

	do {
		result = link_send(rig->core, message, message_size(message));
		if (result == -EAGAIN)
			poll(&(struct pollfd){.fd = rig->core, .events = POLLOUT}, 1, WAIT_MS);
	} while (result == -EAGAIN);
}

static void core_authenticate(struct rig *rig, const struct message_authenticate *ask)
{
	static struct query query;
	static char storage[MESSAGE_TARGET_MAX + 16];
	struct span target = span_of(ask->text, ask->target_len);
	struct span proof = span_of(ask->text + ask->target_len, ask->authorization_len);
	struct buf texts = buf_over(storage, sizeof(storage));
	struct message_authenticated yes = {.header = {.type = MESSAGE_AUTHENTICATED}};
	struct message_unauthenticated no = {.header = {.type = MESSAGE_UNAUTHENTICATED},
		.refusal = rig->model.refusal,
		.retry_after_s = rig->model.retry_after_s};
	const struct cgi_method *method;
	bool good = proof.len >= 6 && memcmp(proof.data + proof.len - 6, "\"good\"", 6) == 0;

	if (good && query_parse_target(target, &texts, &query) == QUERY_OK) {
		no.refusal = REFUSAL_UNKNOWN;
		no.lookup = ask->operation != CGI_OPERATION_COUNT
				    ? CGI_FOUND
				    : cgi_method_find_query(&query, &method);
		if (no.lookup == CGI_FOUND) {
			(void)text_set(&yes.serial, SPAN_LIT(RIG_SERIAL));
			yes.operation = ask->operation != CGI_OPERATION_COUNT
						? ask->operation
						: (uint32_t)method->operation;
			if (rig->model.lies_operation)
				yes.operation = CGI_DOOR_OPEN;
			yes.role = ACCOUNT_ADMIN;
			memset(yes.handle.bytes, 0x5a, sizeof(yes.handle.bytes));
			core_reply(rig, &yes, ask->header.request_id);
			return;
		}
	}
	if (no.refusal == REFUSAL_CHALLENGE) {
		no.challenge_count = 2;
		(void)text_set(&no.challenge[0],
			SPAN_LIT("Digest realm=\"Login to " RIG_SERIAL "\", nonce=\"1\""));
		(void)text_set(&no.challenge[1], SPAN_LIT("Digest realm=\"Login to " RIG_SERIAL
							  "\", nonce=\"1\", algorithm=SHA-256"));
	}
	core_reply(rig, &no, ask->header.request_id);
}

static bool person_matches(const struct person *person, const struct person_filter *filter)
{
	return (!filter->has_no || person->no == filter->no) &&
	       (!filter->has_user_id || text_is(&person->user_id, text_span(&filter->user_id))) &&
	       (!filter->has_card_no || text_is(&person->card_no, text_span(&filter->card_no)));
}

static void core_persons(struct rig *rig, const struct message_person_query *ask)
{
	struct message_person_rows rows = {.header = {.type = MESSAGE_PERSON_ROWS}};
	uint32_t limit = ask->limit;
	uint32_t offset = ask->offset;

	for (uint32_t i = 0; i < rig->model.person_count; i++)
		rows.total += person_matches(&rig->model.person[i], &ask->filter);
	for (uint32_t i = 0; i < rig->model.person_count && limit > 0; i++) {
		if (!person_matches(&rig->model.person[i], &ask->filter))
			continue;
		if (offset > 0) {
			offset--;
			continue;
		}
		if (rows.count == MESSAGE_PERSON_ROWS_MAX) {
			core_reply(rig, &rows, ask->header.request_id);
			rows.count = 0;
		}
		rows.row[rows.count++] = rig->model.person[i];
		limit--;
	}
	rows.last = true;
	core_reply(rig, &rows, ask->header.request_id);
}

static void core_records(struct rig *rig, const struct message_record_query *ask)
{
	struct message_record_rows rows = {.header = {.type = MESSAGE_RECORD_ROWS}};
	uint32_t limit = ask->limit;

	for (uint64_t seq = 1; seq <= rig->model.last_seq; seq++) {
		const struct journal_entry *entry = &rig->model.journal[seq - 1];

		if (entry->rec_no <= ask->filter.after_rec_no)
			continue;
		rows.total++;
		if (limit == 0)
			continue;
		if (rows.count == MESSAGE_RECORD_ROWS_MAX) {
			core_reply(rig, &rows, ask->header.request_id);
			rows.count = 0;
		}
		rows.row[rows.count++] = *entry;
		limit--;
	}
	rows.last = true;
	core_reply(rig, &rows, ask->header.request_id);
}

static void core_fetch(struct rig *rig, const struct message_journal_fetch *ask)
{
	struct message_record_rows rows = {
		.header = {.type = MESSAGE_RECORD_ROWS}, .total = rig->model.last_seq};
	uint32_t limit = ask->limit;
	uint64_t seq = ask->after_seq + 1;

	if (rig->model.streams_refused) {
		struct message_result result = {
			.header = {.type = MESSAGE_RESULT}, .result = RESULT_BAD_HANDLE};

		core_reply(rig, &result, ask->header.request_id);
		return;
	}
	for (uint64_t at = 1; ask->after_rec_no != 0 && at <= rig->model.last_seq; at++) {
		if (rig->model.journal[at - 1].rec_no == ask->after_rec_no)
			seq = at + 1;
	}
	if (seq < rig->model.oldest_seq)
		seq = rig->model.oldest_seq;
	for (; seq <= rig->model.last_seq && limit > 0; seq++, limit--) {
		if (rows.count == MESSAGE_RECORD_ROWS_MAX) {
			core_reply(rig, &rows, ask->header.request_id);
			rows.count = 0;
		}
		rows.row[rows.count++] = rig->model.journal[seq - 1];
	}
	rows.last = true;
	core_reply(rig, &rows, ask->header.request_id);
}

static void core_special(struct rig *rig, const void *memory, bool group)
{
	const struct message_schedule_get *ask = memory;
	struct message_special_group row = {.header = {.type = MESSAGE_SPECIAL_GROUP}};
	struct message_special_schedule special = {.header = {.type = MESSAGE_SPECIAL_SCHEDULE}};

	row.group = rig->model.special_group[ask->no];
	row.group.no = (uint8_t)ask->no;
	special.special = rig->model.special_schedule[ask->no];
	special.special.no = (uint8_t)ask->no;
	if (group)
		core_reply(rig, &row, ask->header.request_id);
	else
		core_reply(rig, &special, ask->header.request_id);
}

static void core_simple(struct rig *rig, const void *memory, enum message_type type, uint32_t id)
{
	struct rig_core *model = &rig->model;
	struct message_door_state state = {.header = {.type = MESSAGE_DOOR_STATE}};
	struct message_schedule schedule = {.header = {.type = MESSAGE_SCHEDULE}};
	struct message_stream stream = {.header = {.type = MESSAGE_STREAM}};
	struct message_result result = model->result;

	result.header.type = MESSAGE_RESULT;
	if (type == MESSAGE_DOOR_STATUS) {
		state.state = model->door[((const struct message_door_query *)memory)->door];
		core_reply(rig, &state, id);
	} else if (type == MESSAGE_SCHEDULE_GET) {
		uint32_t no = ((const struct message_schedule_get *)memory)->no;

		schedule.schedule = model->schedule[no];
		schedule.schedule.no = (uint8_t)no;
		core_reply(rig, &schedule, id);
	} else if (type == MESSAGE_STREAM_OPEN) {
		stream.stream_id = ++model->next_stream_id;
		stream.last_seq = model->last_seq;
		stream.oldest_seq = model->oldest_seq;
		model->streams_open++;
		core_reply(rig, &stream, id);
	} else if (type == MESSAGE_STREAM_CLOSE) {
		model->streams_open--;
	} else {
		core_reply(rig, &result, id);
	}
}

static void core_frames(struct rig *rig, uint32_t id)
{
	struct message_reader_frames frames = rig->model.frames;

	frames.header.type = MESSAGE_READER_FRAMES;
	frames.last = frames.count < 2;
	frames.count -= frames.last ? 0 : 1;
	core_reply(rig, &frames, id);
	if (frames.last)
		return;
	frames.row[0] = rig->model.frames.row[frames.count];
	frames.count = 1;
	frames.last = true;
	core_reply(rig, &frames, id);
}

static void core_serve(struct rig *rig, const void *memory)
{
	const struct message_header *header = memory;
	struct rig_core *model = &rig->model;
	enum message_type type = (enum message_type)header->type;

	model->count[type]++;
	if (model->silent)
		return;
	if (type == MESSAGE_AUTHENTICATE) {
		memcpy(&model->authenticate, memory, message_size(memory));
		core_authenticate(rig, memory);
		return;
	}
	if (type == MESSAGE_PERSON_QUERY) {
		model->person_query = *(const struct message_person_query *)memory;
		core_persons(rig, memory);
		return;
	}
	if (type == MESSAGE_RECORD_QUERY) {
		model->record_query = *(const struct message_record_query *)memory;
		core_records(rig, memory);
		return;
	}
	if (type == MESSAGE_SPECIAL_GROUP_GET || type == MESSAGE_SPECIAL_SCHEDULE_GET) {
		core_special(rig, memory, type == MESSAGE_SPECIAL_GROUP_GET);
		return;
	}
	if (type == MESSAGE_JOURNAL_FETCH) {
		core_fetch(rig, memory);
		return;
	}
	if (type == MESSAGE_READER_QUERY) {
		model->reader_query = *(const struct message_reader_query *)memory;
		core_frames(rig, header->request_id);
		return;
	}
	if (type == MESSAGE_STATUS_QUERY) {
		struct message_status status = model->status;

		status.header.type = MESSAGE_STATUS;
		core_reply(rig, &status, header->request_id);
		return;
	}
	if (type == MESSAGE_PERSON_INSERT || type == MESSAGE_PERSON_UPDATE)
		model->person_write = *(const struct message_person_write *)memory;
	if (type == MESSAGE_DOOR_COMMAND)
		model->door_command = *(const struct message_door_command *)memory;
	if (type == MESSAGE_SCHEDULE_PUT)
		model->schedule_put = *(const struct message_schedule_put *)memory;
	if (type == MESSAGE_SPECIAL_GROUP_PUT)
		model->special_group_put = *(const struct message_special_group_put *)memory;
	if (type == MESSAGE_SPECIAL_SCHEDULE_PUT)
		model->special_schedule_put = *(const struct message_special_schedule_put *)memory;
	core_simple(rig, memory, type, header->request_id);
}

static void *core_run(void *cls)
{
	struct rig *rig = cls;
	static _Alignas(8) char memory[MESSAGE_MAX];

	for (;;) {
		struct pollfd wait[] = {{.fd = rig->core, .events = POLLIN},
			{.fd = rig->stop_fd, .events = POLLIN}};

		(void)poll(wait, 2, -1);
		if (wait[1].revents != 0)
			return NULL;
		ssize_t len = link_receive(rig->core, memory, NULL);

		if (len == 0)
			return NULL;
		if (len < 0)
			continue;
		pthread_mutex_lock(&rig->lock);
		if (message_check(memory, (size_t)len, ROLE_GATE, ROLE_CORE) == MESSAGE_OK)
			core_serve(rig, memory);
		else
			fprintf(stderr, "rig: the gate sent a message that cannot be\n");
		pthread_mutex_unlock(&rig->lock);
	}
}

/* --- supervisor --- */

static int listen_any(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_return_code(bind(fd, (struct sockaddr *)&address, len), errno);
	assert_return_code(listen(fd, 128), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)&address, &len), errno);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static _Noreturn void child_run(const struct rig *rig, int control, int listen_fd)
{
	struct role_context context = {
		.role = ROLE_GATE, .settings = &rig->settings, .control = ROLE_FD_CONTROL};
	int high_control = fcntl(control, F_DUPFD, 100);
	int high_listen = fcntl(listen_fd, F_DUPFD, 100);

	dup2(high_control, ROLE_FD_CONTROL);
	dup2(high_listen, ROLE_FD_LISTEN);
	for (int fd = 3; fd < 200; fd++) {
		if (fd != ROLE_FD_CONTROL && fd != ROLE_FD_LISTEN)
			close(fd);
	}
	_exit(gate_main(&context));
}

struct rig *rig_start(void (*adjust)(struct settings *settings))
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int pair[2];

	assert_non_null(rig);
	settings_default(&rig->settings);
	settings_demo(&rig->settings);
	if (adjust != NULL)
		adjust(&rig->settings);
	rig->core = -1;
	rig->model.oldest_seq = 1;
	assert_int_equal(pthread_mutex_init(&rig->lock, NULL), 0);
	int listen_fd = listen_any(&rig->port);

	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), errno);
	rig->pid = fork();
	assert_true(rig->pid >= 0);
	if (rig->pid == 0)
		child_run(rig, pair[1], listen_fd);
	close(pair[1]);
	close(listen_fd);
	rig->control = pair[0];
	return rig;
}

/* READY comes once, when core was greeted for the first time. */
static void ready_take(struct rig *rig, char *memory)
{
	struct pollfd wait = {.fd = rig->control, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
	ssize_t len = link_receive(rig->control, memory, NULL);

	assert_int_equal(len, sizeof(struct message_ready));
	rig->fences = ((const struct message_ready *)(void *)memory)->fences;
	rig->ready = true;
}

/* A stream nobody asked for is given back: then the gate has taken the HELLO in front of it. */
static void link_settle(struct rig *rig, char *memory)
{
	struct message_stream stream = {
		.header = {.type = MESSAGE_STREAM, .request_id = UINT32_MAX},
		.stream_id = UINT32_MAX};
	struct pollfd wait = {.fd = rig->core, .events = POLLIN};

	assert_int_equal(link_send(rig->core, &stream, message_size(&stream)), 0);
	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
	assert_int_equal(
		link_receive(rig->core, memory, NULL), sizeof(struct message_stream_close));
}

void rig_link(struct rig *rig)
{
	struct message_link link = {.header = {.type = MESSAGE_LINK}, .peer = ROLE_CORE};
	_Alignas(8) static char memory[MESSAGE_MAX];
	int pair[2];

	rig_unlink(rig);
	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), errno);
	assert_int_equal(link_send_fd(rig->control, &link, sizeof(link), pair[1]), 0);
	close(pair[1]);
	rig->core = pair[0];
	struct pollfd wait = {.fd = rig->core, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
	ssize_t len = link_receive(rig->core, memory, NULL);

	assert_true(len > 0 && link_hello_matches(memory, (size_t)len, ROLE_GATE));
	assert_int_equal(link_hello(rig->core, ROLE_CORE), 0);
	if (!rig->ready)
		ready_take(rig, memory);
	link_settle(rig, memory);
	rig->model.streams_open = 0;
	rig->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(rig->stop_fd >= 0);
	assert_int_equal(pthread_create(&rig->thread, NULL, core_run, rig), 0);
	rig->thread_runs = true;
}

void rig_unlink(struct rig *rig)
{
	uint64_t one = 1;

	if (rig->thread_runs) {
		assert_int_equal(write(rig->stop_fd, &one, sizeof(one)), sizeof(one));
		pthread_join(rig->thread, NULL);
		rig->thread_runs = false;
		close(rig->stop_fd);
	}
	if (rig->core >= 0)
		close(rig->core);
	rig->core = -1;
}

void rig_free(struct rig *rig)
{
	int status = -1;

	close(rig->control); /* the supervisor is gone: the role ends */
	for (int i = 0; i < WAIT_MS && waitpid(rig->pid, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 1);
	rig_unlink(rig);
	pthread_mutex_destroy(&rig->lock);
	free(rig);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- what tests use --- */

void rig_commit(struct rig *rig, const struct journal_entry *entry, uint32_t count)
{
	struct message_committed told = {.header = {.type = MESSAGE_COMMITTED}};

	pthread_mutex_lock(&rig->lock);
	for (uint32_t i = 0; i < count; i++) {
		struct journal_entry *to = &rig->model.journal[rig->model.last_seq++];

		assert_true(rig->model.last_seq <= RIG_JOURNAL_MAX);
		*to = entry[i];
		to->seq = rig->model.last_seq;
		if (journal_kind_is_record(to->kind))
			to->rec_no = 100 + to->seq;
	}
	told.last_seq = rig->model.last_seq;
	if (rig->core >= 0)
		core_reply(rig, &told, 0);
	pthread_mutex_unlock(&rig->lock);
}

struct journal_entry rig_access(const char *user, const char *card)
{
	struct journal_entry entry = {
		.kind = JOURNAL_ACCESS,
		.utc_ms = INT64_C(1786431765000),
		.trusted = true,
		.reader = 1,
		.method = METHOD_CARD,
		.reason = REASON_GRANTED,
	};

	(void)text_set(&entry.who.user_id, span_from_string(user));
	(void)text_set(&entry.who.card_no, span_from_string(card));
	(void)text_set(&entry.who.name, SPAN_LIT("Ivanova A"));
	return entry;
}

uint32_t rig_count(struct rig *rig, enum message_type type)
{
	pthread_mutex_lock(&rig->lock);
	uint32_t count = rig->model.count[type];

	pthread_mutex_unlock(&rig->lock);
	return count;
}

void rig_wait_count(struct rig *rig, enum message_type type, uint32_t count)
{
	for (int i = 0; i < WAIT_MS && rig_count(rig, type) < count; i++)
		poll(NULL, 0, 1);
	assert_true(rig_count(rig, type) >= count);
}

int rig_connect(struct rig *rig, int receive_buffer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons(rig->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (receive_buffer > 0)
		(void)setsockopt(
			fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	return fd;
}

/* What the test has written to the model, the core thread sees from here on, and the reverse. */
static void rig_sync(struct rig *rig)
{
	pthread_mutex_lock(&rig->lock);
	pthread_mutex_unlock(&rig->lock);
}

/* A refusal may close before all is taken: then the rest is not wanted. */
void rig_send(struct rig *rig, int fd, const char *bytes, size_t len)
{
	rig_sync(rig);
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		len -= (size_t)sent;
	}
}

ssize_t rig_receive(int fd, char *memory, size_t max, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	if (poll(&wait, 1, timeout_ms) <= 0)
		return -1;
	ssize_t len = recv(fd, memory, max, 0);

	return len < 0 ? 0 : len; /* reset is an end as well */
}

size_t rig_exchange(struct rig *rig, const char *bytes, size_t len, char *answer, size_t max)
{
	int fd = rig_connect(rig, 0);
	size_t have = 0;

	rig_send(rig, fd, bytes, len);
	for (;;) {
		ssize_t got = rig_receive(fd, answer + have, max - 1 - have, WAIT_MS);

		if (got <= 0 || have + (size_t)got == max - 1)
			break;
		have += (size_t)got;
	}
	close(fd);
	rig_sync(rig);
	answer[have] = '\0';
	return have;
}

int rig_status(const char *answer)
{
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0)
		return 0;
	return (int)strtol(answer + 9, NULL, 10);
}

int rig_get(struct rig *rig, const char *target, char *answer, size_t max, const char **ret_body)
{
	static char request[16384];
	int len = snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "Connection: close\r\n\r\n",
		target);

	assert_true(len > 0 && (size_t)len < sizeof(request));
	(void)rig_exchange(rig, request, (size_t)len, answer, max);
	const char *body = strstr(answer, "\r\n\r\n");

	*ret_body = body == NULL ? "" : body + 4;
	return rig_status(answer);
}

int rig_stream(struct rig *rig, const char *target)
{
	char text[2048];
	int fd = rig_connect(rig, 0);
	int len = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" RIG_GOOD "\r\n", target);

	rig_send(rig, fd, text, (size_t)len);
	/* Byte by byte: the first part may be behind it already. */
	size_t have = 0;

	do {
		assert_true(have < sizeof(text) - 1);
		assert_int_equal(rig_receive(fd, text + have, 1, WAIT_MS), 1);
		text[++have] = '\0';
	} while (have < 4 || memcmp(text + have - 4, "\r\n\r\n", 4) != 0);
	assert_int_equal(rig_status(text), 200);
	rig_sync(rig);
	return fd;
}
