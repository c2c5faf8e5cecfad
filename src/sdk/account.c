// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts of a postern controller: userManager's actions. A password stands in the body of a POST,
 * never in a URL; the device takes it there only.
 */
#include "base/buf.h"
#include "protocols/query.h"
#include "sdk.h"

#include <stdlib.h>

#define NAME_BYTES_MAX 32
#define PASSWORD_BYTES_MIN 8
#define PASSWORD_BYTES_MAX 128
#define FORM_MAX (3 * (2 * PASSWORD_BYTES_MAX + NAME_BYTES_MAX) + 128)
#define USERS "userManager.cgi"

static const char *const role_names[] = {
	[POSTERN_ROLE_VIEWER] = "viewer",
	[POSTERN_ROLE_OPERATOR] = "operator",
	[POSTERN_ROLE_ADMIN] = "admin",
};

const char *postern_role_name(int role)
{
	return role >= POSTERN_ROLE_VIEWER && role <= POSTERN_ROLE_ADMIN ? role_names[role] : NULL;
}

static int name_check(struct postern_device *device, const char *name)
{
	if (name != NULL && name[0] != 0 && text_acceptable(name, NAME_BYTES_MAX, NAME_BYTES_MAX))
		return POSTERN_OK;
	return device_fail(device, POSTERN_E_ARGUMENT,
		"an account's name has 1 to 32 letters, digits, '.', '_', '-' or '@'");
}

static int password_check(struct postern_device *device, const char *password)
{
	if (password != NULL && strlen(password) >= PASSWORD_BYTES_MIN &&
		text_acceptable(password, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MAX))
		return POSTERN_OK;
	return device_fail(
		device, POSTERN_E_ARGUMENT, "the password must have 8 to 128 bytes of text");
}

static int role_check(struct postern_device *device, int role)
{
	if (postern_role_name(role) != NULL)
		return POSTERN_OK;
	return device_fail(device, POSTERN_E_ARGUMENT, "a role is one of enum postern_role");
}

static void form_add(struct buf *form, const char *name, const char *value)
{
	if (form->len > 0)
		buf_add_byte(form, '&');
	buf_add_string(form, name);
	buf_add_byte(form, '=');
	query_encode(form, span_from_string(value));
}

/* --- the list --- */

struct accounts_owner {
	struct postern_accounts accounts; /* first: what the user holds */
	struct table table;
};

struct accounts_call {
	struct postern_call call;
	struct postern_accounts *accounts;
	postern_accounts_fn *done;
	void *user;
};

static int role_of(const struct row *row)
{
	const char *group = fields_find(row->fields, row->field_count, "Group");

	for (int role = POSTERN_ROLE_VIEWER; group != NULL && role <= POSTERN_ROLE_ADMIN; role++) {
		if (span_equal_nocase(span_from_string(group), span_from_string(role_names[role])))
			return role;
	}
	return POSTERN_NOT_GIVEN;
}

static int accounts_from(struct answer *answer, struct postern_accounts **ret)
{
	struct accounts_owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return POSTERN_E_MEMORY;
	int error = table_parse(answer, "users", &owner->table);
	size_t count = error == POSTERN_OK ? owner->table.row_count : 0;

	owner->accounts.account = calloc(count + 1, sizeof(*owner->accounts.account));
	if (error == POSTERN_OK && owner->accounts.account == NULL)
		error = POSTERN_E_MEMORY;
	for (size_t i = 0; i < count && error == POSTERN_OK; i++) {
		const struct row *row = &owner->table.rows[i];
		const char *name = fields_find(row->fields, row->field_count, "Name");

		if (name == NULL)
			error = POSTERN_E_PROTOCOL;
		else
			owner->accounts.account[owner->accounts.count++] = (struct postern_account){
				sizeof(struct postern_account), name, role_of(row)};
	}
	if (error != POSTERN_OK)
		(void)postern_accounts_free(&owner->accounts);
	else
		*ret = &owner->accounts;
	return error;
}

static int accounts_answered(struct postern_call *call, int error, struct answer *answer)
{
	struct accounts_call *list = (struct accounts_call *)call;

	if (error != POSTERN_OK)
		return error;
	error = accounts_from(answer, &list->accounts);
	return error == POSTERN_OK ? error : call_fail(call, error, "%s", postern_strerror(error));
}

static void accounts_end(struct postern_call *call, int error)
{
	struct accounts_call *list = (struct accounts_call *)call;

	list->done(list->user, call, error, list->accounts);
}

int postern_accounts_list_start(struct postern_device *device, postern_accounts_fn *done,
	void *user, struct postern_call **call)
{
	static const struct call_class class = {.end = accounts_end};
	struct target target;
	int error;
	struct accounts_call *list = call_new(device, sizeof(*list), &class, done != NULL, &error);

	if (list == NULL)
		return error;
	list->done = done;
	list->user = user;
	target_begin(&target, USERS, "getUserInfoAll");
	return call_begin(&list->call,
		http_start(&list->call, target_end(&target, device), accounts_answered), call);
}

static void sync_accounts(
	void *user, struct postern_call *call, int error, struct postern_accounts *accounts)
{
	((struct sync *)user)->result = accounts;
	sync_done(user, call, error);
}

int postern_accounts_list(struct postern_device *device, struct postern_accounts **accounts)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	if (error == POSTERN_OK)
		error = sync_wait(
			&sync, postern_accounts_list_start(device, sync_accounts, &sync, NULL));
	if (error == POSTERN_OK)
		*accounts = sync.result;
	return error;
}

struct postern_accounts *postern_accounts_free(struct postern_accounts *accounts)
{
	struct accounts_owner *owner = (struct accounts_owner *)accounts;

	if (owner == NULL)
		return NULL;
	table_drop(&owner->table);
	free(owner->accounts.account);
	free(owner);
	return NULL;
}

/* --- changes --- */

/* Takes the form over, which is NULL without memory. */
static int change_start(struct postern_device *device, const char *target, struct buf *form,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	if (form->data == NULL)
		return device_fail(device, POSTERN_E_MEMORY, "out of memory");
	buf_add_byte(form, '\0');
	return command_start_post(device, target, form->data, done, user, call);
}

static struct buf form_begin(void)
{
	return buf_over(calloc(1, FORM_MAX), FORM_MAX);
}

int postern_account_add_start(struct postern_device *device, const char *name, const char *password,
	int role, postern_done_fn *done, void *user, struct postern_call **call)
{
	int error = name_check(device, name);

	if (error == POSTERN_OK)
		error = password_check(device, password);
	if (error == POSTERN_OK)
		error = role_check(device, role);
	if (error != POSTERN_OK)
		return error;
	struct buf form = form_begin();

	if (form.data != NULL) {
		form_add(&form, "user.Name", name);
		form_add(&form, "user.Password", password);
		form_add(&form, "user.Group", role_names[role]);
	}
	return change_start(device, "/cgi-bin/" USERS "?action=addUser", &form, done, user, call);
}

int postern_account_set_password_start(struct postern_device *device, const char *name,
	const char *password, const char *old_password, postern_done_fn *done, void *user,
	struct postern_call **call)
{
	int error = name_check(device, name);

	if (error == POSTERN_OK)
		error = password_check(device, password);
	if (error == POSTERN_OK && old_password != NULL &&
		!text_acceptable(old_password, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MAX))
		error = device_fail(device, POSTERN_E_ARGUMENT,
			"the old password has more than 128 bytes, or is no text");
	if (error != POSTERN_OK)
		return error;
	struct buf form = form_begin();

	if (form.data != NULL) {
		form_add(&form, "name", name);
		form_add(&form, "pwd", password);
		if (old_password != NULL)
			form_add(&form, "pwdOld", old_password);
	}
	return change_start(
		device, "/cgi-bin/" USERS "?action=modifyPassword", &form, done, user, call);
}

int postern_account_set_role_start(struct postern_device *device, const char *name, int role,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = name_check(device, name);

	if (error == POSTERN_OK)
		error = role_check(device, role);
	if (error != POSTERN_OK)
		return error;
	target_begin(&target, USERS, "modifyUser");
	target_text(&target, "name", name);
	target_text(&target, "user.Group", role_names[role]);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_account_remove_start(struct postern_device *device, const char *name,
	postern_done_fn *done, void *user, struct postern_call **call)
{
	struct target target;
	int error = name_check(device, name);

	if (error != POSTERN_OK)
		return error;
	target_begin(&target, USERS, "deleteUser");
	target_text(&target, "name", name);
	return command_start(device, target_end(&target, device), done, user, call);
}

int postern_account_add(
	struct postern_device *device, const char *name, const char *password, int role)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, postern_account_add_start(device, name, password, role,
						  sync_done, &sync, NULL));
}

int postern_account_set_password(struct postern_device *device, const char *name,
	const char *password, const char *old_password)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK
		       ? error
		       : sync_wait(&sync, postern_account_set_password_start(device, name, password,
						  old_password, sync_done, &sync, NULL));
}

int postern_account_set_role(struct postern_device *device, const char *name, int role)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_account_set_role_start(device, name,
							      role, sync_done, &sync, NULL));
}

int postern_account_remove(struct postern_device *device, const char *name)
{
	struct sync sync;
	int error = sync_begin(&sync, device);

	return error != POSTERN_OK ? error
				   : sync_wait(&sync, postern_account_remove_start(device, name,
							      sync_done, &sync, NULL));
}
