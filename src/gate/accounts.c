// SPDX-License-Identifier: Apache-2.0
/*
 * userManager: accounts of the API, as devices name them; a Group is a role here. A URL is kept in
 * logs and histories, so a password that stands in one is refused, whatever it is.
 */
#include "operations.h"

#include "messages/accounts.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

static void text_of(const struct request *request, const char *name, struct span *ret)
{
	*ret = (struct span){NULL, 0};
	(void)cgi_text(request->query, name, ret);
}

/* False after 400. */
static bool name_read(struct request *request, const char *parameter, struct text32 *ret)
{
	struct span name;

	text_of(request, parameter, &name);
	if (account_name_valid(name) && text_set(ret, name))
		return true;
	request_fail(request, 400,
		"an account's name has 1 to 32 letters, digits, '.', '_', '-' or '@'");
	return false;
}

static bool group_read(struct request *request, uint8_t *ret_role)
{
	struct span group;

	text_of(request, "user.Group", &group);
	for (int role = ACCOUNT_VIEWER; role < ACCOUNT_ROLE_COUNT; role++) {
		if (span_equal_nocase(
			    group, span_from_string(account_role_name((enum account_role)role)))) {
			*ret_role = (uint8_t)role;
			return true;
		}
	}
	request_fail(request, 400, "user.Group is one of admin, operator, viewer");
	return false;
}

/* False after 400: none of these stood in the URL. */
static bool body_only(struct request *request, const char *const names[], size_t count)
{
	bool good = span_equal(request->method, SPAN_LIT("POST"));

	for (uint32_t i = 0; i < request->target_parameters && good; i++) {
		for (size_t n = 0; n < count; n++)
			good = good && !span_equal_nocase(request->query->parameter[i].name,
					       span_from_string(names[n]));
	}
	if (!good)
		request_fail(request, 400,
			"passwords stand in the body of a POST: choose another than one that stood "
			"in a URL");
	return good;
}

static bool password_read(struct request *request, const char *parameter, struct text128 *ret)
{
	struct span password;

	text_of(request, parameter, &password);
	return text_set(ret, password);
}

void account_list_begin(struct request *request)
{
	struct message_account_name message = {
		.header = {.type = MESSAGE_ACCOUNT_QUERY},
		.handle = request->handle,
	};

	if (request->operation == CGI_ACCOUNT_GET && !name_read(request, "name", &message.name))
		return;
	core_ask(request, &message);
}

static void row_print(struct buf *out, struct span prefix, const struct account_row *row)
{
	keyvalue_row_text(out, prefix, "Group",
		span_from_string(account_role_name((enum account_role)row->role)));
	keyvalue_row_text(out, prefix, "Name", text_span(&row->name));
}

static void list_print(struct request *request, const struct message_account_rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		char text[256];
		char digits[24];
		char number[16];
		struct buf line = buf_over(text, sizeof(text));
		struct buf prefix = buf_over(digits, sizeof(digits));
		struct buf id = buf_over(number, sizeof(number));

		buf_add_string(&prefix, "users[");
		buf_add_u64(&prefix, i);
		buf_add_string(&prefix, "].");
		buf_add_u64(&id, i + 1);
		row_print(&line, buf_span(&prefix), &rows->row[i]);
		keyvalue_row_text(&line, buf_span(&prefix), "Id", buf_span(&id));
		(void)reply_add(&request->reply, buf_span(&line));
	}
}

void account_list_answer(struct request *request, const void *message)
{
	const struct message_account_rows *rows = message;
	char text[128];
	struct buf line = buf_over(text, sizeof(text));

	if (message_type_of(message) != MESSAGE_ACCOUNT_ROWS) {
		operation_unexpected(request, message);
		return;
	}
	request->reply.status = 200;
	if (request->operation == CGI_ACCOUNT_LIST) {
		list_print(request, rows);
	} else if (rows->count > 0) {
		row_print(&line, SPAN_LIT("user."), &rows->row[0]);
		(void)reply_add(&request->reply, buf_span(&line));
	}
	request_finish(request);
}

void account_add_begin(struct request *request)
{
	static const char *const secret[] = {"user.Password"};
	struct message_account_put message = {
		.header = {.type = MESSAGE_ACCOUNT_PUT},
		.handle = request->handle,
		.change = ACCOUNT_CHANGE_ADD,
	};

	if (body_only(request, secret, ARRAY_COUNT(secret)) &&
		name_read(request, "user.Name", &message.name) &&
		group_read(request, &message.role)) {
		(void)password_read(request, "user.Password", &message.password);
		core_ask(request, &message);
	}
	explicit_bzero(&message, sizeof(message));
}

void account_password_begin(struct request *request)
{
	static const char *const secrets[] = {"pwd", "pwdOld"};
	struct message_account_put message = {
		.header = {.type = MESSAGE_ACCOUNT_PUT},
		.handle = request->handle,
		.change = ACCOUNT_CHANGE_PASSWORD,
	};

	if (body_only(request, secrets, ARRAY_COUNT(secrets)) &&
		name_read(request, "name", &message.name)) {
		(void)password_read(request, "pwd", &message.password);
		(void)password_read(request, "pwdOld", &message.old_password);
		message.has_old_password = message.old_password.len > 0;
		core_ask(request, &message);
	}
	explicit_bzero(&message, sizeof(message));
}

void account_role_begin(struct request *request)
{
	struct message_account_put message = {
		.header = {.type = MESSAGE_ACCOUNT_PUT},
		.handle = request->handle,
		.change = ACCOUNT_CHANGE_ROLE,
	};

	if (name_read(request, "name", &message.name) && group_read(request, &message.role))
		core_ask(request, &message);
}

void account_remove_begin(struct request *request)
{
	struct message_account_name message = {
		.header = {.type = MESSAGE_ACCOUNT_REMOVE},
		.handle = request->handle,
	};

	if (name_read(request, "name", &message.name))
		core_ask(request, &message);
}
