// SPDX-License-Identifier: Apache-2.0
/*
 * postern account ..., postern audit list: who may use a controller's API, and what was done with
 * it. A new password stands in the first line of a file, as that of the log-in does.
 */
#include "cli.h"
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static bool role_from(const char *word, int *ret)
{
	for (int role = POSTERN_ROLE_VIEWER; role <= POSTERN_ROLE_ADMIN; role++) {
		if (word != NULL && strcmp(word, postern_role_name(role)) == 0) {
			*ret = role;
			return true;
		}
	}
	usage_error("--role is one of viewer, operator, admin");
	return false;
}

static int account_list(struct postern_device *device, const struct arguments *arguments UNUSED)
{
	struct postern_accounts *accounts;
	int error = postern_accounts_list(device, &accounts);

	if (error != POSTERN_OK)
		return report(device, error);
	for (size_t i = 0; i < accounts->count; i++) {
		const struct postern_account *account = &accounts->account[i];
		const char *role = postern_role_name(account->role);
		const struct postern_field fields[] = {
			{"name", account->name}, {"role", role == NULL ? "" : role}};

		if (output_is_json())
			print_json(json_from_fields(fields, ARRAY_COUNT(fields)));
		else
			printf("%-32s %s\n", fields[0].value, fields[1].value);
	}
	postern_accounts_free(accounts);
	return EXIT_DONE;
}

static int account_add(struct postern_device *device, const struct arguments *arguments)
{
	const char *file = option_value(arguments, "new-password-file");
	char password[PASSWORD_MAX + 2];
	int role;

	if (file == NULL)
		return usage_error("usage: postern account add NAME --role ROLE "
				   "--new-password-file FILE");
	if (!role_from(option_value(arguments, "role"), &role) ||
		!password_from_file(file, password))
		return EXIT_USAGE;
	int status = report(
		device, postern_account_add(device, arguments->positional[0], password, role));

	explicit_bzero(password, sizeof(password));
	return status;
}

static int account_passwd(struct postern_device *device, const struct arguments *arguments)
{
	const char *file = option_value(arguments, "new-password-file");
	const char *old_file = option_value(arguments, "old-password-file");
	char password[PASSWORD_MAX + 2] = "";
	char old[PASSWORD_MAX + 2] = "";

	if (file == NULL)
		return usage_error("usage: postern account passwd NAME --new-password-file FILE "
				   "[--old-password-file FILE]");
	if (!password_from_file(file, password) ||
		(old_file != NULL && !password_from_file(old_file, old)))
		return EXIT_USAGE;
	int error = postern_account_set_password(
		device, arguments->positional[0], password, old_file == NULL ? NULL : old);
	/* The device's words are of its parameter, which is an option here. */
	bool wants_old = error == POSTERN_E_RIGHT && old_file == NULL &&
			 strstr(postern_device_detail(device), "pwdOld") != NULL;
	int status = wants_old ? report_detail(error, "one's own password is changed with the old "
						      "one: --old-password-file FILE")
			       : report(device, error);

	explicit_bzero(password, sizeof(password));
	explicit_bzero(old, sizeof(old));
	return status;
}

static int account_role(struct postern_device *device, const struct arguments *arguments)
{
	int role;

	if (!role_from(arguments->positional[1], &role))
		return EXIT_USAGE;
	return report(device, postern_account_set_role(device, arguments->positional[0], role));
}

static int account_remove(struct postern_device *device, const struct arguments *arguments)
{
	return report(device, postern_account_remove(device, arguments->positional[0]));
}

static void audit_print(const struct postern_audit_row *row)
{
	char when[32] = "-";
	time_t utc = (time_t)(row->time_ms / 1000);
	struct tm tm;

	if (output_is_json()) {
		print_json(json_from_fields(row->fields, row->field_count));
		return;
	}
	if (gmtime_r(&utc, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%llu %s%s %s %s by %s from %s", (unsigned long long)row->no, when,
		row->trusted ? "" : "?", row->act, row->target[0] == 0 ? "-" : row->target,
		row->account[0] == 0 ? "-" : row->account,
		row->address[0] == 0 ? "the device itself" : row->address);
	if (strcmp(row->result, "done") != 0)
		printf(" %s", row->result);
	if (row->count > 0)
		printf(" count %llu", (unsigned long long)row->count);
	putchar('\n');
}

static int audit_list(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_audit_query query = POSTERN_AUDIT_QUERY_INIT;
	const char *from = option_value(arguments, "from");
	const char *to = option_value(arguments, "to");
	bool more = true;

	if ((from != NULL && !record_parse_utc("--from", from, &query.from)) ||
		(to != NULL && !record_parse_utc("--to", to, &query.to)))
		return EXIT_USAGE;
	while (more) {
		struct postern_audit *audit;
		int error = postern_audit_find(device, &query, &audit);

		if (error != POSTERN_OK)
			return report(device, error);
		for (size_t i = 0; i < audit->count; i++)
			audit_print(&audit->row[i]);
		more = audit->count > 0 && audit->total > audit->count;
		if (audit->count > 0)
			query.after_no = audit->row[audit->count - 1].no;
		postern_audit_free(audit);
	}
	return EXIT_DONE;
}

const struct command account_commands[] = {
	{"account", "list", 0, 0, "json", "", "Lists who may use the API, with their roles.", true,
		account_list},
	{"account", "add", 1, 1, "role= new-password-file= json",
		"NAME --role viewer|operator|admin --new-password-file FILE",
		"Makes an account; its password is the first line of FILE. Over https, or on the "
		"device itself.",
		true, account_add},
	{"account", "passwd", 1, 1, "new-password-file= old-password-file= json",
		"NAME --new-password-file FILE [--old-password-file FILE]",
		"Gives an account another password: one's own with the old one, that of others as "
		"admin.",
		true, account_passwd},
	{"account", "role", 2, 2, "json", "NAME viewer|operator|admin",
		"Gives an account another role; the last admin keeps its own.", true, account_role},
	{"account", "remove", 1, 1, "json", "NAME", "Removes an account; the last admin stays.",
		true, account_remove},
	{"audit", "list", 0, 0, "from= to= json", "[--from TIME] [--to TIME]",
		"Lists what was done to people, schedules and accounts, by whom and from where. "
		"Times are UTC; one with ? is of a clock that was not trusted.",
		true, audit_list},
	{0},
};
