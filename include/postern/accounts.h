/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and the audit: the part of libpostern's header that postern/postern.h includes. */
#ifndef POSTERN_ACCOUNTS_H
#define POSTERN_ACCOUNTS_H

#ifndef POSTERN_POSTERN_H
#error "include <postern/postern.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- accounts of a postern controller, and its audit (userManager; admin only but for one's own
 * password) --- */

enum postern_role {
	POSTERN_ROLE_VIEWER = 1, /* reads */
	POSTERN_ROLE_OPERATOR = 2, /* and moves doors */
	POSTERN_ROLE_ADMIN = 3 /* everything */
};

/* "operator"; NULL for another number. */
POSTERN_API const char *postern_role_name(int role);

struct postern_account {
	size_t size;
	const char *name;
	int role; /* enum postern_role; POSTERN_NOT_GIVEN for a word that is none of them */
};

struct postern_accounts {
	size_t count;
	struct postern_account *account;
};

/* The result is freed with postern_accounts_free. */
POSTERN_API int postern_accounts_list(
	struct postern_device *device, struct postern_accounts **accounts);
/* accounts: NULL with an error; else the callback's to free. */
typedef void postern_accounts_fn(
	void *user, struct postern_call *call, int error, struct postern_accounts *accounts);
POSTERN_API int postern_accounts_list_start(struct postern_device *device,
	postern_accounts_fn *done, void *user, struct postern_call **call);
POSTERN_API struct postern_accounts *postern_accounts_free(struct postern_accounts *accounts);

/*
 * name: 1 to 32 letters, digits, '.', '_', '-' or '@'. password: 8 to 128 bytes of text, not the
 * name; it goes in a body, and a controller takes it over https:// or from itself only.
 * POSTERN_E_REFUSED when there is such an account, or 128 of them.
 */
POSTERN_API int postern_account_add(
	struct postern_device *device, const char *name, const char *password, int role);
POSTERN_API int postern_account_add_start(struct postern_device *device, const char *name,
	const char *password, int role, postern_done_fn *done, void *user,
	struct postern_call **call);

/*
 * Another password. The device's own user's needs old_password, that of others NULL and an admin;
 * POSTERN_E_RIGHT when the old one is wrong. The account's event streams end, and a device that was
 * made with the old password has to be made anew.
 */
POSTERN_API int postern_account_set_password(struct postern_device *device, const char *name,
	const char *password, const char *old_password);
POSTERN_API int postern_account_set_password_start(struct postern_device *device, const char *name,
	const char *password, const char *old_password, postern_done_fn *done, void *user,
	struct postern_call **call);

/* Another role, and none at all. The account's event streams end. The last admin is refused. */
POSTERN_API int postern_account_set_role(struct postern_device *device, const char *name, int role);
POSTERN_API int postern_account_set_role_start(struct postern_device *device, const char *name,
	int role, postern_done_fn *done, void *user, struct postern_call **call);
POSTERN_API int postern_account_remove(struct postern_device *device, const char *name);
POSTERN_API int postern_account_remove_start(struct postern_device *device, const char *name,
	postern_done_fn *done, void *user, struct postern_call **call);

/* One administrative act. */
struct postern_audit_row {
	size_t size;
	uint64_t no; /* dense, rising */
	const char *act; /* "person_remove" */
	const char *result; /* "done", "nothing_to_change", "refused" */
	const char *account; /* who; "" on the device itself or before a log-in */
	const char *address; /* from where; "" on the device itself */
	const char *target; /* "person 17" */
	int64_t time_ms; /* UTC, since 1970 */
	int trusted; /* the device's clock was, then */
	uint64_t count;
	size_t field_count;
	const struct postern_field *fields; /* as they came */
};

struct postern_audit {
	size_t count;
	struct postern_audit_row *row;
	uint64_t total; /* rows that match, whatever the query's count */
};

struct postern_audit_query {
	size_t size;
	int64_t from; /* UTC seconds, inclusive; POSTERN_NOT_GIVEN */
	int64_t to;
	uint64_t after_no; /* only rows behind this one: the way from page to page */
	unsigned count; /* rows at most: 1 to 1024; 0: 1024 */
};
#define POSTERN_AUDIT_QUERY_INIT                                                                   \
	{                                                                                          \
		sizeof(struct postern_audit_query), POSTERN_NOT_GIVEN, POSTERN_NOT_GIVEN, 0, 0     \
	}

/* One page, oldest first. The result is freed with postern_audit_free. */
POSTERN_API int postern_audit_find(struct postern_device *device,
	const struct postern_audit_query *query, struct postern_audit **audit);
/* audit: NULL with an error; else the callback's to free. */
typedef void postern_audit_fn(
	void *user, struct postern_call *call, int error, struct postern_audit *audit);
POSTERN_API int postern_audit_find_start(struct postern_device *device,
	const struct postern_audit_query *query, postern_audit_fn *done, void *user,
	struct postern_call **call);
POSTERN_API struct postern_audit *postern_audit_free(struct postern_audit *audit);

#ifdef __cplusplus
}
#endif

#endif
