// SPDX-License-Identifier: Apache-2.0
/*
 * One request of gate: the handle is checked here, before anything else is looked at; then the
 * request goes to the thread that owns its matter, with a place in the table of open requests, and
 * the answer comes back to that place. What needs no other thread is answered at once.
 */
#include "serve_private.h"

#include "base/assert.h"
#include "platform/clock.h"

struct message_header serve_header(const struct message_header *request, enum message_type type)
{
	return (struct message_header){(uint16_t)type, 0, request->request_id};
}

void serve_result(struct serve *serve, const struct message_header *request, enum result result)
{
	struct message_result answer = {
		.header = serve_header(request, MESSAGE_RESULT), .result = (uint32_t)result};

	serve_send(serve, &answer);
}

bool serve_slot(struct serve *serve, const struct message_header *request, uint32_t *ret_slot)
{
	for (uint32_t i = 0; i < REQUEST_SLOTS; i++) {
		if (serve->open[i].used)
			continue;
		serve->open[i] = (struct open_request){true, request->request_id, serve->link};
		*ret_slot = i;
		return true;
	}
	serve_result(serve, request, RESULT_BUSY);
	return false;
}

/* One row of the audit when a source began to have to wait; a full ring has told of others. */
static void lockout_audit(struct serve *serve)
{
	struct throttle *throttle = authentication_throttle(serve->core->authentication);
	struct audit_entry entry = {
		.act = AUDIT_LOGIN_LOCKOUT,
		.result = AUDIT_REFUSED,
		.has_address = true,
		.count = THROTTLE_FREE_TRIES,
	};

	if (!throttle_lockout_take(throttle, clock_boot_ns() / NS_PER_MS, entry.address))
		return;
	if (spsc_push(&serve->core->audits, &entry))
		core_wake(serve->core->store_wake);
}

static void authenticate(struct serve *serve, const struct message_authenticate *request)
{
	struct message_authenticated yes;
	struct message_unauthenticated no;

	if (authentication_judge(
		    serve->core->authentication, request, clock_boot_ns() / NS_PER_MS, &yes, &no))
		serve_send(serve, &yes);
	else
		serve_send(serve, &no);
}

/* Every message with a handle begins like message_with_handle. */
static const struct handle_entry *handle_take(
	struct serve *serve, const void *message, uint8_t door_command)
{
	const struct message_with_handle *request = message;
	const struct handle_entry *entry = handles_take(
		authentication_handles(serve->core->authentication), &request->handle,
		(enum message_type)request->header.type, door_command, clock_boot_ns() / NS_PER_MS);

	if (entry == NULL)
		serve_result(serve, &request->header, RESULT_BAD_HANDLE);
	return entry;
}

static void write_request(struct serve *serve, const struct message_header *header)
{
	struct core *core = serve->core;
	struct write_request write = {.type = (enum message_type)header->type};
	const struct message_person_write *person = (const void *)header;
	const struct message_person_remove *remove = (const void *)header;
	const struct message_schedule_put *schedule = (const void *)header;
	const struct message_special_group_put *group = (const void *)header;
	const struct message_special_schedule_put *special = (const void *)header;

	const struct handle_entry *entry = handle_take(serve, header, 0);

	if (entry == NULL || !serve_slot(serve, header, &write.slot))
		return;
	write.asker.account = entry->account;
	memcpy(write.asker.address, entry->address, sizeof(write.asker.address));
	if (write.type == MESSAGE_PERSON_INSERT || write.type == MESSAGE_PERSON_UPDATE) {
		write.fields = person->fields;
		write.person = person->person;
	} else if (write.type == MESSAGE_PERSON_REMOVE) {
		write.person_no = remove->no;
	} else if (write.type == MESSAGE_SCHEDULE_PUT) {
		write.schedule = schedule->schedule;
	} else if (write.type == MESSAGE_SPECIAL_GROUP_PUT) {
		write.special_group = group->group;
	} else if (write.type == MESSAGE_SPECIAL_SCHEDULE_PUT) {
		write.special_schedule = special->special;
	}
	bool pushed = spsc_push(&core->writes, &write);

	ASSERT(pushed); /* as many places as open requests */
	explicit_bzero(&write, sizeof(write));
	core_wake(core->store_wake);
}

static void query_push(struct serve *serve, const struct message_header *header, size_t size)
{
	struct core *core = serve->core;
	struct query_request query = {0};

	if (!serve_slot(serve, header, &query.slot))
		return;
	query.peer = peer_take(serve->peer);
	memcpy(&query.header, header, size);
	bool pushed = spsc_push(&core->queries, &query);

	ASSERT(pushed);
	core_wake(core->query_wake);
}

static void query_request(struct serve *serve, const struct message_header *header, size_t size)
{
	if (handle_take(serve, header, 0) != NULL)
		query_push(serve, header, size);
}

/* Whoever gate lets read metrics without an account has no handle. */
static void status_query(struct serve *serve, const struct message_header *header)
{
	static const struct message_handle none;
	const struct message_with_handle *query = (const void *)header;

	if (serve->core->settings->http_metrics_count > 0 &&
		memcmp(&query->handle, &none, sizeof(none)) == 0)
		query_push(serve, header, sizeof(*query));
	else
		query_request(serve, header, sizeof(*query));
}

static void door_command(struct serve *serve, const struct message_door_command *request)
{
	struct core *core = serve->core;
	const struct handle_entry *entry = handle_take(serve, request, request->command);
	struct order order = {.kind = ORDER_COMMAND};

	if (entry == NULL)
		return;
	if (request->command == DOOR_COMMAND_OPEN &&
		!command_limit_take(&serve->command_limit, &entry->account, request->door,
			clock_boot_ns() / NS_PER_MS)) {
		serve_result(serve, &request->header, RESULT_BUSY);
		return;
	}
	if (!serve_slot(serve, &request->header, &order.slot))
		return;
	order.door = request->door;
	order.command = request->command;
	order.user_id = request->user_id;
	order.type = request->type;
	order.account = entry->account;
	bool pushed = spsc_push(&core->orders, &order);

	ASSERT(pushed);
	core_wake(core->rt_wake);
}

static void door_status(struct serve *serve, const struct message_door_query *request)
{
	if (handle_take(serve, request, 0) == NULL)
		return;
	if (!serve->core->config.door[request->door].configured) {
		serve_result(serve, &request->header, RESULT_NOT_FOUND);
		return;
	}
	struct message_door_state answer = {
		.header = serve_header(&request->header, MESSAGE_DOOR_STATE),
		.state = door_state_unpack(atomic_load_explicit(
			&serve->core->door_state[request->door], memory_order_acquire)),
	};

	serve_send(serve, &answer);
}

/* --- streams --- */

static void stream_open(struct serve *serve, const struct message_with_handle *request)
{
	const struct handle_entry *entry = handle_take(serve, request, 0);

	if (entry == NULL)
		return;
	if (serve->stream_count == serve->core->settings->streams_max) {
		serve_result(serve, &request->header, RESULT_BUSY);
		return;
	}
	struct message_stream answer = {
		.header = serve_header(&request->header, MESSAGE_STREAM),
		.stream_id = serve->stream_next++,
		.last_seq = atomic_load(&serve->core->last_seq),
		.oldest_seq = atomic_load(&serve->core->oldest_seq),
	};

	serve->stream[serve->stream_count++] =
		(struct open_stream){.id = answer.stream_id, .account = entry->account};
	serve_send(serve, &answer);
}

static uint32_t stream_find(const struct serve *serve, uint64_t id)
{
	uint32_t at = 0;

	while (at < serve->stream_count && serve->stream[at].id != id)
		at++;
	return at;
}

static void stream_close(struct serve *serve, const struct message_stream_close *request)
{
	uint32_t at = stream_find(serve, request->stream_id);

	if (at < serve->stream_count)
		serve->stream[at] = serve->stream[--serve->stream_count];
}

void serve_streams_end(struct serve *serve, struct span account)
{
	for (uint32_t i = 0; i < serve->stream_count; i++)
		serve->stream[i].ended |= text_is(&serve->stream[i].account, account);
}

void serve_streams_tell(struct serve *serve)
{
	for (uint32_t i = 0; i < serve->stream_count && serve->out_count == 0;) {
		struct message_stream_close end = {
			.header = {.type = MESSAGE_STREAM_END},
			.stream_id = serve->stream[i].id,
		};

		if (!serve->stream[i].ended) {
			i++;
			continue;
		}
		serve->stream[i] = serve->stream[--serve->stream_count];
		serve_send(serve, &end);
	}
}

static void journal_fetch(struct serve *serve, const struct message_journal_fetch *request)
{
	uint32_t at = stream_find(serve, request->stream_id);

	if (at == serve->stream_count || serve->stream[at].ended)
		serve_result(serve, &request->header, RESULT_BAD_HANDLE);
	else
		query_push(serve, &request->header, sizeof(*request));
}

static void reader_order(struct serve *serve, const struct message_reader_order *request)
{
	const struct handle_entry *entry = handle_take(serve, request, 0);

	if (entry != NULL)
		serve_reader_order(serve, entry, request);
}

static void reader_file(struct serve *serve, const struct message_reader_file *request)
{
	const struct handle_entry *entry = handle_take(serve, request, 0);

	if (entry != NULL)
		serve_file(serve, entry, request);
}

/* Messages about accounts; entry is the handle's. */
static void account_request(struct serve *serve, const void *message)
{
	const struct message_header *header = message;
	const struct handle_entry *entry = handle_take(serve, message, 0);

	if (entry == NULL)
		return;
	if (header->type == MESSAGE_ACCOUNT_PUT)
		serve_account_put(serve, entry, message);
	else if (header->type == MESSAGE_ACCOUNT_REMOVE)
		serve_account_remove(serve, entry, message);
	else
		serve_account_list(serve, message);
}

/* Bytes of a request that thread query answers; 0 of any other message. */
static size_t query_size(uint16_t type)
{
	switch (type) {
	case MESSAGE_PERSON_QUERY:
		return sizeof(struct message_person_query);
	case MESSAGE_RECORD_QUERY:
		return sizeof(struct message_record_query);
	case MESSAGE_SCHEDULE_GET:
	case MESSAGE_SPECIAL_GROUP_GET:
	case MESSAGE_SPECIAL_SCHEDULE_GET:
		return sizeof(struct message_schedule_get);
	case MESSAGE_READER_QUERY:
		return sizeof(struct message_reader_query);
	case MESSAGE_OSDP_TRACE:
		return sizeof(struct message_osdp_trace);
	case MESSAGE_AUDIT_QUERY:
		return sizeof(struct message_audit_query);
	default:
		return 0;
	}
}

void serve_request(struct serve *serve, const void *message)
{
	const struct message_header *header = message;
	size_t size = query_size(header->type);

	if (size > 0)
		query_request(serve, header, size);
	switch (header->type) {
	case MESSAGE_AUTHENTICATE:
		authenticate(serve, message);
		break;
	case MESSAGE_PERSON_INSERT:
	case MESSAGE_PERSON_UPDATE:
	case MESSAGE_PERSON_REMOVE:
	case MESSAGE_PERSON_CLEAR:
	case MESSAGE_SCHEDULE_PUT:
	case MESSAGE_SPECIAL_GROUP_PUT:
	case MESSAGE_SPECIAL_SCHEDULE_PUT:
		write_request(serve, header);
		break;
	case MESSAGE_CLAIM:
		serve_claim(serve, message);
		break;
	case MESSAGE_STATUS_QUERY:
		status_query(serve, header);
		break;
	case MESSAGE_DOOR_COMMAND:
		door_command(serve, message);
		break;
	case MESSAGE_DOOR_STATUS:
		door_status(serve, message);
		break;
	case MESSAGE_STREAM_OPEN:
		stream_open(serve, message);
		break;
	case MESSAGE_STREAM_CLOSE:
		stream_close(serve, message);
		break;
	case MESSAGE_JOURNAL_FETCH:
		journal_fetch(serve, message);
		break;
	case MESSAGE_ACCOUNT_PUT:
	case MESSAGE_ACCOUNT_REMOVE:
	case MESSAGE_ACCOUNT_QUERY:
		account_request(serve, message);
		break;
	case MESSAGE_READER_ORDER:
		reader_order(serve, message);
		break;
	case MESSAGE_READER_FILE:
		reader_file(serve, message);
		break;
	default:
		/* A query, or a second HELLO: harmless, and nothing to answer. */
		break;
	}
	lockout_audit(serve);
}

/* Why the store would not have a PIN: reason of RESULT_PIN_RULE. */
static void pin_rule_text(const struct serve *serve, uint8_t reason, struct buf *out)
{
	switch (reason) {
	case 0:
		buf_add_string(out,
			"Password or DuressPassword: this PIN is taken (a duress PIN differs from "
			"its person's own one as well); choose another");
		return;
	case 1:
		buf_add_string(out, "Password or DuressPassword: a PIN that opens a door alone has "
				    "at least ");
		buf_add_u64(out, serve->core->settings->pin_alone_digits);
		buf_add_string(out, " digits here (pin: alone_digits); choose a longer one");
		return;
	default:
		buf_add_string(out,
			"Password or DuressPassword: fewer than 1000 possible PINs of this length "
			"would stay for each one given out; choose a longer one");
	}
}

/* What message_result.text says beside result and reason. */
static void answer_text(const struct serve *serve, const struct answer *answer, struct text256 *ret)
{
	char memory[sizeof(ret->bytes)];
	struct buf text = buf_over(memory, sizeof(memory));

	if (answer->result == RESULT_PIN_RULE)
		pin_rule_text(serve, answer->reason, &text);
	else if (answer->result == RESULT_READER)
		buf_add_string(&text, reader_refusal_sentence((enum reader_refusal)answer->reason));
	else if (answer->result == RESULT_BAD_VALUE && answer->reason == BAD_VALUE_DURESS)
		buf_add_string(&text, "DuressPassword is 4 to 12 digits and goes with a Password");
	else if (answer->result == RESULT_BAD_VALUE)
		buf_add_string(&text, "ValidDateEnd lies before ValidDateStart");
	bool fits = text_set(ret, buf_span(&text));

	ASSERT(fits && !text.overflow);
}

void serve_answer(struct serve *serve, const struct answer *answer)
{
	struct open_request *request = &serve->open[answer->slot];
	struct message_result result = {
		.header = {MESSAGE_RESULT, 0, request->request_id},
		.result = answer->result,
		.reason = answer->reason,
		.no = answer->no,
	};

	answer_text(serve, answer, &result.text);
	request->used = false;
	if (!answer->sent && request->link == serve->link && serve->peer != NULL)
		serve_send(serve, &result);
}

void serve_answers(struct serve *serve)
{
	struct core *core = serve->core;
	struct spsc *const rings[] = {&core->command_answers, &core->write_answers,
		&core->query_answers, &core->bus_answers};
	struct answer answer;

	for (size_t i = 0; i < ARRAY_COUNT(rings); i++) {
		while (spsc_pop(rings[i], &answer)) {
			serve_claim_ended(serve, &answer);
			serve_account_ended(serve, &answer);
			serve_answer(serve, &answer);
		}
	}
}
