/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was done to the device itself: one row for every act that changes people, schedules,
 * accounts or keys, with who did it, from where and when. The store writes it in the transaction of
 * the act. No row holds a password, a PIN, a card number or a name: persons are their row's number,
 * so that a person can be erased while what was done stays.
 */
#pragma once

#include "base/civil.h"
#include "base/text.h"

/* Stored by number: this list only grows, at its end. */
#define AUDIT_ACTS(X)                                                                              \
	X(AUDIT_PERSON_INSERT, "person_insert")                                                    \
	X(AUDIT_PERSON_UPDATE, "person_update")                                                    \
	X(AUDIT_PERSON_REMOVE, "person_remove")                                                    \
	X(AUDIT_PERSON_CLEAR, "person_clear")                                                      \
	X(AUDIT_SCHEDULE_PUT, "schedule_put")                                                      \
	X(AUDIT_ACCOUNT_ADD, "account_add")                                                        \
	X(AUDIT_ACCOUNT_PASSWORD, "account_password")                                              \
	X(AUDIT_ACCOUNT_ROLE, "account_role")                                                      \
	X(AUDIT_ACCOUNT_REMOVE, "account_remove")                                                  \
	X(AUDIT_CLAIM, "claim")                                                                    \
	X(AUDIT_INIT, "init") /* the first account, made on the device */                          \
	X(AUDIT_RESET_ADMIN, "reset_admin")                                                        \
	X(AUDIT_RESTORE, "restore")                                                                \
	X(AUDIT_LOGIN_LOCKOUT, "login_lockout") /* count: wrong log-ins so far */                  \
	X(AUDIT_SPECIAL_GROUP_PUT, "special_group_put")                                            \
	X(AUDIT_SPECIAL_SCHEDULE_PUT, "special_schedule_put")                                      \
	X(AUDIT_RENUMBER, "renumber")                                                              \
	X(AUDIT_CERTIFICATE_RENEW, "certificate_renew")                                            \
	X(AUDIT_BACKUP, "backup")                                                                  \
	X(AUDIT_CONFIGURATION, "configuration") /* posternd started with another file */           \
	X(AUDIT_READER_PAIR, "reader_pair") /* count: seconds of the window */                     \
	X(AUDIT_READER_PAIR_CANCEL, "reader_pair_cancel")                                          \
	X(AUDIT_READER_ROTATE, "reader_rotate")                                                    \
	X(AUDIT_READER_UNPAIR, "reader_unpair")                                                    \
	X(AUDIT_READER_KEY, "reader_key") /* a key that was loaded into the reader elsewhere */    \
	X(AUDIT_READER_FILE, "reader_file") /* count: its bytes */

#define AUDIT_ENUM(id, name) id,
enum audit_act { AUDIT_ACTS(AUDIT_ENUM) AUDIT_ACT_COUNT };
#undef AUDIT_ENUM

enum audit_result {
	AUDIT_DONE = 0,
	AUDIT_NOTHING, /* there was nothing to change: a person who is not there was removed */
	AUDIT_REFUSED,
	AUDIT_RESULT_COUNT
};

struct audit_entry {
	uint64_t no; /* dense, from 1, never reused; given by the store */
	uint8_t act; /* enum audit_act */
	uint8_t result; /* enum audit_result */
	bool trusted; /* the clock was, when it happened */
	bool has_address; /* false: on the device itself, by one of posternd's commands */
	uint32_t count;
	int64_t utc_ms;
	struct text32 account; /* who; empty: nobody that the API knows */
	uint8_t address[16]; /* from where: IPv6, or IPv4 mapped into it */
	struct text64 target; /* on what: "person 17", "account anna", "schedule 3" */
};

const char *audit_act_name(enum audit_act act); /* "person_insert" */
const char *audit_result_name(enum audit_result result); /* "done" */

/* True when enums, bools and lengths are in range, for rows from another process or a file. */
bool audit_entry_check(const struct audit_entry *entry);
