/* SPDX-License-Identifier: Apache-2.0 */
/* The first account of a database. */
#pragma once

#include "base/compiler.h"
#include "base/text.h"
#include "platform/settings.h"
#include "store/store.h"

#define ADMIN_PASSWORD_FILE "admin.password" /* in STATE, made by --demo */
#define PASSWORD_MIN 8 /* bytes */

enum account_outcome {
	ACCOUNT_OUTCOME_FAILED = 0, /* the reason was complained about */
	ACCOUNT_OUTCOME_PRESENT, /* there is an account; nothing was changed */
	ACCOUNT_OUTCOME_MADE,
	ACCOUNT_OUTCOME_ABSENT, /* there is none, and none was wanted */
};

enum account_wish {
	ACCOUNT_WISH_LOOK = 0, /* only tell */
	ACCOUNT_WISH_RANDOM, /* make `admin` with a random password, kept in STATE/admin.password */
	ACCOUNT_WISH_GIVEN, /* make `admin` with this password */
	ACCOUNT_WISH_RESET, /* the same, whatever accounts there are */
};

/*
 * Opens the database of STATE (made when it is not there) in a process of its own, looks for an
 * account, and makes the first when it is wished. password: for
 * ACCOUNT_WISH_GIVEN and ACCOUNT_WISH_RESET.
 */
MUST_CHECK enum account_outcome account_prepare(int state_fd, const struct settings *settings,
	enum account_wish wish, const struct text128 *password);

/* Reads the first line of a file. False after complaining. */
MUST_CHECK bool account_read_password(const char *path, struct text128 *ret);
