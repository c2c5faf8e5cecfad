// SPDX-License-Identifier: Apache-2.0
/*
 * Who may use the API, changed through the API. Judged here against what the log-in knows, written
 * by the store thread, and only when that is on disk true for the log-in as well; then the streams
 * of the account are ended and its handles are void, so that nobody goes on under what was changed.
 *
 * One change at a time: two that are right each by itself could take the last admin away together.
 */
#include "serve_private.h"

#include "base/assert.h"
#include "platform/clock.h"

_Static_assert(sizeof(struct message_account_rows) <= OUT_BYTES, "the list fits a place");

static void refuse(struct serve *serve, const struct message_header *request, enum result result,
	struct span text)
{
	struct message_result answer = {
		.header = serve_header(request, MESSAGE_RESULT), .result = (uint32_t)result};

	(void)text_set(&answer.text, text);
	serve_send(serve, &answer);
}

/* There is another one who may do everything. */
static bool is_last_admin(const struct authentication *a, struct span name)
{
	struct account_row rows[ACCOUNTS_MAX];
	uint32_t count = authentication_list(a, rows);

	for (uint32_t i = 0; i < count; i++) {
		if (rows[i].role == ACCOUNT_ADMIN && !text_is(&rows[i].name, name))
			return false;
	}
	return true;
}

static bool equal_nocase(struct span a, struct span b)
{
	bool same = a.len == b.len;

	for (size_t i = 0; i < a.len && same; i++)
		same = (a.data[i] | 0x20) == (b.data[i] | 0x20);
	return same;
}

/* One's own password needs the old one, so that a log-in left open somewhere is not enough. */
static enum result password_judge(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_put *request, uint32_t *ret_wait_s)
{
	struct authentication *a = serve->core->authentication;
	int64_t now_ms = clock_boot_ns() / NS_PER_MS;
	bool own = text_is(&request->name, text_span(&entry->account));
	uint8_t role = ACCOUNT_NOBODY;

	if (!authentication_find(a, text_span(&entry->account), &role))
		return RESULT_BAD_HANDLE;
	if (!own && role != ACCOUNT_ADMIN)
		return RESULT_RIGHT;
	if (!authentication_find(a, text_span(&request->name), NULL))
		return RESULT_NOT_FOUND;
	if (!own && !request->has_old_password)
		return RESULT_OK;
	if (!request->has_old_password)
		return RESULT_OLD_PASSWORD;
	int64_t wait_ms = password_limit_wait_ms(&serve->password_limit, &entry->account, now_ms);

	*ret_wait_s = (uint32_t)((wait_ms + MS_PER_S - 1) / MS_PER_S);
	if (wait_ms > 0)
		return RESULT_THROTTLED;
	return authentication_password_is(
		       a, text_span(&request->name), text_span(&request->old_password))
		       ? RESULT_OK
		       : RESULT_OLD_PASSWORD;
}

static enum result put_judge(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_put *request, uint32_t *ret_wait_s)
{
	struct authentication *a = serve->core->authentication;
	struct account_row rows[ACCOUNTS_MAX];
	bool exists = authentication_find(a, text_span(&request->name), NULL);

	switch ((enum account_change)request->change) {
	case ACCOUNT_CHANGE_ADD:
		if (exists)
			return RESULT_ACCOUNT_EXISTS;
		return authentication_list(a, rows) == ACCOUNTS_MAX ? RESULT_ACCOUNTS_FULL
								    : RESULT_OK;
	case ACCOUNT_CHANGE_PASSWORD:
		return password_judge(serve, entry, request, ret_wait_s);
	case ACCOUNT_CHANGE_ROLE:
		if (!exists)
			return RESULT_NOT_FOUND;
		return request->role != ACCOUNT_ADMIN && is_last_admin(a, text_span(&request->name))
			       ? RESULT_LAST_ADMIN
			       : RESULT_OK;
	case ACCOUNT_CHANGE_COUNT:
		break;
	}
	return RESULT_BAD_VALUE;
}

/* The handle was made for one operation; each makes one kind of change. */
static bool change_fits(const struct handle_entry *entry, uint8_t change)
{
	static const uint8_t operations[ACCOUNT_CHANGE_COUNT] = {
		[ACCOUNT_CHANGE_ADD] = CGI_ACCOUNT_ADD,
		[ACCOUNT_CHANGE_PASSWORD] = CGI_ACCOUNT_PASSWORD,
		[ACCOUNT_CHANGE_ROLE] = CGI_ACCOUNT_ROLE,
	};

	return operations[change] == entry->operation;
}

static void change_begin(struct serve *serve, const struct handle_entry *entry,
	const struct message_header *header, const struct account_write *change)
{
	struct write_request write = {.type = (enum message_type)header->type, .account = *change};

	write.asker.account = entry->account;
	memcpy(write.asker.address, entry->address, sizeof(write.asker.address));
	if (serve_slot(serve, header, &write.slot)) {
		serve->account = (struct account_pending){
			.pending = true,
			.slot = write.slot,
			.type = write.type,
			.change = change->change,
			.role = change->account.role,
			.name = change->account.name,
		};
		if (change->account.password.len > 0)
			authentication_prepare(serve->core->authentication, &change->account);
		bool pushed = spsc_push(&serve->core->writes, &write);

		ASSERT(pushed); /* as many places as open requests */
		core_wake(serve->core->store_wake);
	}
	explicit_bzero(&write, sizeof(write));
}

void serve_account_put(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_put *request)
{
	struct authentication *a = serve->core->authentication;
	struct account_write change = {.change = request->change};
	uint32_t wait_s = 0;

	if (!change_fits(entry, request->change) || serve->account.pending) {
		serve_result(serve, &request->header,
			serve->account.pending ? RESULT_BUSY : RESULT_BAD_HANDLE);
		return;
	}
	if (equal_nocase(text_span(&request->password), text_span(&request->name))) {
		refuse(serve, &request->header, RESULT_BAD_VALUE,
			SPAN_LIT("the password is the account's name: choose another"));
		return;
	}
	enum result result = put_judge(serve, entry, request, &wait_s);

	if (result != RESULT_OK) {
		struct message_result answer = {
			.header = serve_header(&request->header, MESSAGE_RESULT),
			.result = (uint32_t)result,
			.reason = wait_s,
		};

		serve_send(serve, &answer);
		return;
	}
	change.account.name = request->name;
	change.account.role = request->role;
	if (request->change != ACCOUNT_CHANGE_ROLE)
		change.account.password = request->password;
	if (request->change == ACCOUNT_CHANGE_PASSWORD)
		(void)authentication_find(a, text_span(&request->name), &change.account.role);
	change_begin(serve, entry, &request->header, &change);
	explicit_bzero(&change, sizeof(change));
}

void serve_account_remove(struct serve *serve, const struct handle_entry *entry,
	const struct message_account_name *request)
{
	struct authentication *a = serve->core->authentication;
	struct account_write change = {.account = {.name = request->name}};
	uint8_t role;

	if (serve->account.pending)
		serve_result(serve, &request->header, RESULT_BUSY);
	else if (!authentication_find(a, text_span(&request->name), &role))
		serve_result(serve, &request->header, RESULT_NOT_FOUND);
	else if (role == ACCOUNT_ADMIN && is_last_admin(a, text_span(&request->name)))
		serve_result(serve, &request->header, RESULT_LAST_ADMIN);
	else
		change_begin(serve, entry, &request->header, &change);
}

void serve_account_list(struct serve *serve, const struct message_account_name *request)
{
	struct message_account_rows answer = {
		.header = serve_header(&request->header, MESSAGE_ACCOUNT_ROWS)};
	uint8_t role;

	if (request->name.len == 0) {
		answer.count = authentication_list(serve->core->authentication, answer.row);
	} else if (authentication_find(
			   serve->core->authentication, text_span(&request->name), &role)) {
		answer.count = 1;
		answer.row[0] = (struct account_row){request->name, role};
	} else {
		serve_result(serve, &request->header, RESULT_NOT_FOUND);
		return;
	}
	serve_send(serve, &answer);
}

static void change_apply(struct authentication *a, const struct account_pending *done)
{
	if (done->type == MESSAGE_ACCOUNT_REMOVE)
		authentication_remove(a, text_span(&done->name));
	else if (done->change == ACCOUNT_CHANGE_ROLE)
		authentication_set_role(a, text_span(&done->name), (enum account_role)done->role);
	else
		authentication_put(a);
}

void serve_account_ended(struct serve *serve, const struct answer *answer)
{
	struct account_pending *pending = &serve->account;

	if (!pending->pending || pending->slot != answer->slot)
		return;
	pending->pending = false;
	if (answer->result != RESULT_OK)
		return;
	change_apply(serve->core->authentication, pending);
	handles_end(authentication_handles(serve->core->authentication), text_span(&pending->name));
	serve_streams_end(serve, text_span(&pending->name));
}
