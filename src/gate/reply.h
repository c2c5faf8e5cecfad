/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to one request while it is made: a status and a body that grows up to a limit. Made by
 * one thread, then handed to the HTTP library, which reads it until the request is over.
 */
#pragma once

#include "base/buf.h"
#include "messages/requests.h"

#define REPLY_BODY_MAX (3 * 1024 * 1024) /* 1,024 rows of the usual size */
#define REPLY_TOTAL_MAX (32 * 1024 * 1024) /* of all replies being made and sent */
#define REPLY_SHARE_MAX (REPLY_TOTAL_MAX / 2) /* of those for one account */
#define REPLY_SMALL 4096 /* a body up to this counts for neither: connections bound these */
#define REPLY_FRONT 64 /* room in front of rows for what is known only behind them */

enum reply_type { REPLY_TEXT = 0, REPLY_JSON, REPLY_METRICS };

struct reply {
	unsigned status; /* 0: not decided yet */
	enum reply_type type;
	bool lacking; /* bytes found no room: what is there is not the whole answer */
	uint8_t share; /* whose share it counts for; 0: nobody's */
	bool close; /* the connection ends behind this answer */
	uint32_t retry_after_s; /* 0: no such header */
	uint32_t challenge_count;
	struct text512 challenge[2];
	char *memory;
	size_t capacity;
	size_t start; /* the body is memory[start, start + len) */
	size_t len;
};

void reply_free(struct reply *reply);

/* The body is for this account: it counts for that one's share from now on. Empty so far. */
void reply_set_account(struct reply *reply, const struct text32 *account);

/* Adds bytes to the body. False, and nothing added, when a limit is reached. */
bool reply_add(struct reply *reply, struct span bytes);
bool reply_add_string(struct reply *reply, const char *string);

/* Leaves REPLY_FRONT bytes free in front of a body that is still empty. */
bool reply_leave_front(struct reply *reply);

/* Puts at most REPLY_FRONT bytes in front of the body. */
void reply_add_front(struct reply *reply, struct span bytes);

/* `Error`, the line of the status, and `Detail=` where detail is not empty. Replaces the body. */
void reply_error(struct reply *reply, unsigned status, struct span detail);
void reply_error_string(struct reply *reply, unsigned status, const char *detail);

/* 503: the answer found no room. Replaces the body. */
void reply_lacks(struct reply *reply);

/* 400 with {"code":n,"message":""}. */
void reply_error_code(struct reply *reply, uint32_t code);

void reply_ok(struct reply *reply); /* OK */

/* What core said of a command: OK, or the error that fits. */
void reply_result(struct reply *reply, const struct message_result *result);

/* Why core would not prove who asks. */
void reply_unauthenticated(struct reply *reply, const struct message_unauthenticated *refusal);
