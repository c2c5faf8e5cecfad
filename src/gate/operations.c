// SPDX-License-Identifier: Apache-2.0
/*
 * The table of what each row of the method table does, and what all of them share: the check of the
 * parameters in front, and the errors of core behind.
 */
#include "operations.h"

#include "base/assert.h"
#include "protocols/cgi_methods.h"

struct operation {
	operation_begin_fn *begin;
	operation_answer_fn *answer; /* NULL: core is never asked */
};

static const struct operation operations[CGI_OPERATION_COUNT] = {
	[CGI_CARD_INSERT] = {card_insert_begin, card_insert_answer},
	[CGI_CARD_UPDATE] = {card_update_begin, operation_command_answer},
	[CGI_CARD_GET] = {card_get_begin, card_get_answer},
	[CGI_CARD_REMOVE] = {card_remove_begin, card_remove_answer},
	[CGI_CARD_CLEAR] = {card_clear_begin, operation_command_answer},
	[CGI_CARD_FIND] = {card_find_begin, find_answer},
	[CGI_CARD_SEEK] = {card_find_begin, find_answer},
	[CGI_CARD_SIZE] = {card_size_begin, size_answer},
	[CGI_RECORD_FIND] = {record_find_begin, find_answer},
	[CGI_RECORD_SEEK] = {record_find_begin, find_answer},
	[CGI_RECORD_SIZE] = {record_size_begin, size_answer},
	[CGI_DOOR_OPEN] = {door_open_begin, operation_command_answer},
	[CGI_DOOR_CLOSE] = {door_close_begin, operation_command_answer},
	[CGI_DOOR_STATUS] = {door_status_begin, door_status_answer},
	[CGI_SNAP_ATTACH] = {snap_attach_begin, attach_answer},
	[CGI_EVENT_ATTACH] = {event_attach_begin, attach_answer},
	[CGI_EVENT_INDEXES] = {event_indexes_begin, event_indexes_answer},
	[CGI_EVENT_CAPS] = {device_begin, NULL},
	[CGI_DEVICE_TYPE] = {device_begin, NULL},
	[CGI_SERIAL_NO] = {device_begin, NULL},
	[CGI_SOFTWARE_VERSION] = {device_begin, NULL},
	[CGI_HARDWARE_VERSION] = {device_begin, NULL},
	[CGI_MACHINE_NAME] = {device_begin, NULL},
	[CGI_VENDOR] = {device_begin, NULL},
	[CGI_DEVICE_CLASS] = {device_begin, NULL},
	[CGI_SYSTEM_INFO] = {device_begin, NULL},
	[CGI_PRODUCT_DEFINITION] = {device_begin, NULL},
	[CGI_TIME_GET] = {device_begin, NULL},
	[CGI_TIME_SET] = {device_begin, NULL},
	[CGI_CONFIG_GET] = {config_get_begin, config_get_answer},
	[CGI_CONFIG_SET] = {config_set_begin, config_set_answer},
	[CGI_READER_FRAMES] = {reader_frames_begin, reader_frames_answer},
	[CGI_CLAIM] = {claim_begin, operation_command_answer},
	[CGI_STATUS] = {status_begin, status_answer},
	[CGI_METRICS] = {status_begin, metrics_answer},
	[CGI_ACCOUNT_LIST] = {account_list_begin, account_list_answer},
	[CGI_ACCOUNT_GET] = {account_list_begin, account_list_answer},
	[CGI_ACCOUNT_ADD] = {account_add_begin, operation_command_answer},
	[CGI_ACCOUNT_PASSWORD] = {account_password_begin, operation_command_answer},
	[CGI_ACCOUNT_ROLE] = {account_role_begin, operation_command_answer},
	[CGI_ACCOUNT_REMOVE] = {account_remove_begin, operation_command_answer},
	[CGI_AUDIT_FIND] = {audit_find_begin, audit_find_answer},
	[CGI_OSDP_FRAMES] = {osdp_frames_begin, osdp_frames_answer},
	[CGI_READERS] = {readers_begin, readers_answer},
	[CGI_READER_PAIR] = {reader_order_begin, operation_command_answer},
	[CGI_READER_PAIR_CANCEL] = {reader_order_begin, operation_command_answer},
	[CGI_READER_ROTATE] = {reader_order_begin, operation_command_answer},
	[CGI_READER_UNPAIR] = {reader_order_begin, operation_command_answer},
	[CGI_READER_KEY] = {reader_order_begin, operation_command_answer},
	[CGI_READER_FILE_BEGIN] = {reader_file_begin, operation_command_answer},
	[CGI_READER_FILE_PART] = {reader_file_begin, operation_command_answer},
	[CGI_READER_FILE_GET] = {reader_file_begin, reader_file_answer},
	[CGI_READER_FILE_CANCEL] = {reader_file_begin, operation_command_answer},
};

bool operation_in_body(const struct request *request, const char *name)
{
	bool good = span_equal(request->method, SPAN_LIT("POST"));

	for (uint32_t i = 0; i < request->target_parameters && good; i++)
		good = !span_equal_nocase(
			request->query->parameter[i].name, span_from_string(name));
	return good;
}

static bool is_stream(enum cgi_operation operation)
{
	return operation == CGI_SNAP_ATTACH || operation == CGI_EVENT_ATTACH;
}

void operation_begin(struct request *request)
{
	const struct cgi_method *method = cgi_method_at(request->operation);
	char sentence[CGI_ERROR_MAX];
	struct buf error = buf_over(sentence, sizeof(sentence));

	if (span_equal(request->method, SPAN_LIT("HEAD")) &&
		(method->changes_state || is_stream(request->operation))) {
		request_fail(request, 405, "HEAD changes nothing and streams nothing; use GET");
		return;
	}
	if (!cgi_method_check(method, request->query, &error)) {
		reply_error(&request->reply, 400, buf_span(&error));
		request_finish(request);
		return;
	}
	operations[request->operation].begin(request);
}

void operation_answer(struct request *request, const void *message)
{
	operation_answer_fn *answer = operations[request->operation].answer;

	ASSERT(answer != NULL); /* who asks has an answer function */
	answer(request, message);
}

void operation_unexpected(struct request *request, const void *message)
{
	if (message_type_of(message) == MESSAGE_RESULT)
		reply_result(&request->reply, (const struct message_result *)message);
	if (request->reply.status < 400)
		reply_error_string(&request->reply, 500, "the controller gave no usable answer");
	request_finish(request);
}

void operation_command_answer(struct request *request, const void *message)
{
	if (message_type_of(message) != MESSAGE_RESULT) {
		operation_unexpected(request, message);
		return;
	}
	reply_result(&request->reply, (const struct message_result *)message);
	request_finish(request);
}
