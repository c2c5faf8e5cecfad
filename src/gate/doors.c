// SPDX-License-Identifier: Apache-2.0
/* Doors by channel (index + 1): commands, contact, and which alarms stand where. */
#include "operations.h"

#include "events.h"
#include "messages/doors.h"
#include "protocols/cgi_methods.h"

/* The index of a configured door, or false with the request answered. */
static bool door_of(struct request *request, uint8_t *ret_door)
{
	int64_t channel = 0;

	if (cgi_integer(request->query, "channel", &channel) && channel >= 1 &&
		channel <= DOORS_MAX &&
		request->gate->settings->door[channel - 1].config.configured) {
		*ret_door = (uint8_t)(channel - 1);
		return true;
	}
	request_fail(request, 400, "channel names no door of this device; it is the index + 1");
	return false;
}

static void command_begin(struct request *request, enum door_command command)
{
	struct message_door_command message = {
		.header = {.type = MESSAGE_DOOR_COMMAND},
		.handle = request->handle,
		.command = (uint8_t)command,
	};
	struct span user = {NULL, 0};
	struct span type = {NULL, 0};

	if (!door_of(request, &message.door))
		return;
	(void)cgi_text(request->query, "UserID", &user);
	(void)cgi_text(request->query, "Type", &type);
	if (type.len == 0)
		type = SPAN_LIT("Remote");
	if (!text_set(&message.user_id, user) || !text_set(&message.type, type)) {
		request_fail(request, 400, "UserID holds 64 bytes and Type 32");
		return;
	}
	core_ask(request, &message);
}

void door_open_begin(struct request *request)
{
	command_begin(request, DOOR_COMMAND_OPEN);
}

void door_close_begin(struct request *request)
{
	command_begin(request, DOOR_COMMAND_CLOSE);
}

static void status_ask(struct request *request, uint8_t door)
{
	struct message_door_query message = {
		.header = {.type = MESSAGE_DOOR_STATUS},
		.handle = request->handle,
		.door = door,
	};

	core_ask(request, &message);
}

void door_status_begin(struct request *request)
{
	uint8_t door;

	if (!door_of(request, &door))
		return;
	request->total = door; /* for the answer */
	status_ask(request, door);
}

/* request->total: the door's index. */
static void assurance_print(struct request *request)
{
	bool low = settings_door_low(request->gate->settings, (unsigned)request->total);

	(void)reply_add_string(
		&request->reply, low ? "Info.assurance=low\r\n" : "Info.assurance=secure\r\n");
}

void door_status_answer(struct request *request, const void *message)
{
	if (message_type_of(message) != MESSAGE_DOOR_STATE) {
		operation_unexpected(request, message);
		return;
	}
	const struct door_state *state = &((const struct message_door_state *)message)->state;
	bool with_assurance = false;
	const char *status = state->forced ? "Break" : state->open ? "Open" : "Close";

	request->reply.status = 200;
	(void)reply_add_string(&request->reply, "Info.status=");
	(void)reply_add_string(&request->reply, status);
	(void)reply_add_string(&request->reply, "\r\n");
	(void)cgi_bool(request->query, "assurance", &with_assurance);
	if (with_assurance)
		assurance_print(request);
	request_finish(request);
}

/* request->step: the door asked about next; request->total: channels found so far. */
static void indexes_go_on(struct request *request)
{
	const struct settings *settings = request->gate->settings;

	while (request->step < DOORS_MAX && !settings->door[request->step].config.configured)
		request->step++;
	if (request->step < DOORS_MAX) {
		status_ask(request, (uint8_t)request->step);
		return;
	}
	request->reply.status = 200;
	if (request->total == 0)
		(void)reply_add_string(&request->reply, "Error: No Events\r\n");
	request_finish(request);
}

static bool alarm_stands(const struct door_state *state, struct span code)
{
	uint32_t bits = event_code_bits(code);

	return ((bits & (1u << EVENT_BREAK_IN)) != 0 && state->forced) ||
	       ((bits & (1u << EVENT_DOOR_NOT_CLOSED)) != 0 && state->held) ||
	       ((bits & (1u << EVENT_CHASSIS_INTRUDED)) != 0 && state->tamper);
}

void event_indexes_begin(struct request *request)
{
	indexes_go_on(request);
}

void event_indexes_answer(struct request *request, const void *message)
{
	struct span code = {NULL, 0};
	char text[48];
	struct buf line = buf_over(text, sizeof(text));

	if (message_type_of(message) != MESSAGE_DOOR_STATE) {
		operation_unexpected(request, message);
		return;
	}
	(void)cgi_text(request->query, "code", &code);
	if (alarm_stands(&((const struct message_door_state *)message)->state, code)) {
		buf_add_string(&line, "channels[");
		buf_add_u64(&line, request->total++);
		buf_add_string(&line, "]=");
		buf_add_u64(&line, request->step);
		buf_add_string(&line, "\r\n");
		(void)reply_add(&request->reply, buf_span(&line));
	}
	request->step++;
	indexes_go_on(request);
}
