// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts and the audit through libpostern, against a real device that has nobody but admin.
 * test_sdk.py starts the device and names it in the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "sdk_scene.h"

static struct postern_audit *audit_behind(uint64_t after_no, unsigned count)
{
	struct postern_audit_query query = POSTERN_AUDIT_QUERY_INIT;
	struct postern_audit *audit = NULL;

	query.after_no = after_no;
	query.count = count;
	assert_ok(postern_audit_find(device, &query, &audit));
	return audit;
}

static void accounts_are_made_and_changed(void **state)
{
	struct postern_accounts *accounts;
	struct postern_audit *audit = audit_behind(0, 0);
	uint64_t before = audit->row[audit->count - 1].no;

	(void)state;
	assert_int_equal(audit->total, audit->count);
	assert_null(postern_audit_free(audit));
	assert_string_equal(postern_role_name(POSTERN_ROLE_OPERATOR), "operator");
	assert_null(postern_role_name(0));
	assert_null(postern_role_name(4));
	assert_ok(postern_account_add(device, "anna", "battery & staple", POSTERN_ROLE_OPERATOR));
	assert_int_equal(postern_account_add(device, "anna", "battery staple", POSTERN_ROLE_VIEWER),
		POSTERN_E_REFUSED);
	assert_detail("there is an account of this name");
	assert_int_equal(postern_account_add(device, "eve", "short", POSTERN_ROLE_VIEWER),
		POSTERN_E_ARGUMENT);
	assert_int_equal(
		postern_account_add(device, "eve", "battery staple", 7), POSTERN_E_ARGUMENT);
	assert_int_equal(postern_account_remove(device, ""), POSTERN_E_ARGUMENT);
	assert_ok(postern_account_set_role(device, "anna", POSTERN_ROLE_VIEWER));
	assert_ok(postern_account_set_password(device, "anna", "second battery", NULL));
	assert_int_equal(postern_account_set_password(device, "admin", "second battery", "not it"),
		POSTERN_E_RIGHT);
	assert_ok(postern_accounts_list(device, &accounts));
	assert_int_equal(accounts->count, 2);
	assert_string_equal(accounts->account[1].name, "anna");
	assert_int_equal(accounts->account[1].role, POSTERN_ROLE_VIEWER);
	assert_null(postern_accounts_free(accounts));
	assert_ok(postern_account_remove(device, "anna"));
	assert_int_equal(postern_account_remove(device, "admin"), POSTERN_E_REFUSED);
	assert_detail("last admin");
	audit = audit_behind(before, 3);
	assert_int_equal(audit->count, 3);
	assert_int_equal(audit->total, 4);
	assert_string_equal(audit->row[0].act, "account_add");
	assert_string_equal(audit->row[0].target, "account anna");
	assert_string_equal(audit->row[0].account, "admin");
	assert_string_equal(audit->row[0].address, "127.0.0.1");
	assert_string_equal(audit->row[0].result, "done");
	assert_int_equal(audit->row[2].no, before + 3);
	assert_true(audit->row[0].trusted);
	assert_true(audit->row[0].time_ms / 1000 > time(NULL) - 60);
	assert_null(postern_audit_free(audit));
}

static void accounts_ended(
	void *user, struct postern_call *call, int error, struct postern_accounts *accounts)
{
	(void)call;
	assert_int_equal(error, POSTERN_OK);
	*(size_t *)user = accounts->count;
	postern_accounts_free(accounts);
}

static void audit_ended(
	void *user, struct postern_call *call, int error, struct postern_audit *audit)
{
	(void)call;
	assert_int_equal(error, POSTERN_OK);
	*(size_t *)user = audit->count;
	postern_audit_free(audit);
}

static void change_ended(void *user, struct postern_call *call, int error)
{
	(void)call;
	assert_int_equal(error, POSTERN_OK);
	++*(unsigned *)user;
}

static void accounts_change_without_waiting(void **state)
{
	struct postern_audit_query query = POSTERN_AUDIT_QUERY_INIT;
	unsigned done = 0;
	size_t accounts = 0;
	size_t rows = 0;

	(void)state;
	assert_ok(postern_account_add_start(
		device, "otto", "battery staple", POSTERN_ROLE_VIEWER, change_ended, &done, NULL));
	assert_ok(postern_account_set_password_start(
		device, "otto", "second battery", NULL, change_ended, &done, NULL));
	assert_ok(postern_account_set_role_start(
		device, "otto", POSTERN_ROLE_ADMIN, change_ended, &done, NULL));
	assert_ok(postern_accounts_list_start(device, accounts_ended, &accounts, NULL));
	assert_ok(postern_account_remove_start(device, "otto", change_ended, &done, NULL));
	query.count = 2;
	assert_ok(postern_audit_find_start(device, &query, audit_ended, &rows, NULL));
	while (rows == 0)
		assert_ok(postern_wait(context, 1000));
	assert_int_equal(done, 4);
	assert_int_equal(accounts, 2);
	assert_int_equal(rows, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_are_made_and_changed),
		cmocka_unit_test(accounts_change_without_waiting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
