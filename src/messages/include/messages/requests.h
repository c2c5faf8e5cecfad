/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of gate: who asks, what the answer is when it is no row, and the proof in between. */
#pragma once

#include "base/text.h"
#include "messages/messages.h"
#include "protocols/cgi_methods.h"

#define MESSAGE_TARGET_MAX 8192
#define MESSAGE_AUTHORIZATION_MAX 12288
#define HANDLE_LIFE_S 30

/* Proof of who asks: 128 random bits that core made for one request, good for HANDLE_LIFE_S. */
struct message_handle {
	uint8_t bytes[16];
};

struct message_with_handle {
	struct message_header header;
	struct message_handle handle;
};

/* One HTTP request's head, as received. Strings are length + bytes in text[], in this order. */
struct message_authenticate {
	struct message_header header;
	uint8_t peer_address[16]; /* IPv6, or IPv4 mapped into it: the source for throttling */
	struct text16 method; /* "GET" */
	uint16_t target_len; /* raw request target, at most MESSAGE_TARGET_MAX */
	uint16_t authorization_len; /* value of Authorization, at most MESSAGE_AUTHORIZATION_MAX; 0:
				       none */
	/*
	 * For a POST the action and name may stand in the body: gate says which row it will ask
	 * for, core holds it to that (CGI_OPERATION_COUNT: take them from the target).
	 */
	uint32_t operation;
	char text[MESSAGE_TARGET_MAX + MESSAGE_AUTHORIZATION_MAX];
};

struct message_authenticated {
	struct message_header header;
	struct message_handle handle;
	uint32_t operation; /* enum cgi_operation the handle is good for */
	uint32_t role; /* enum account_role */
	struct text32 account;
	struct text32 serial; /* of the device, for what it says of itself */
};

enum refusal {
	REFUSAL_CHALLENGE = 0, /* 401 with challenges: no or wrong credentials, or a stale nonce */
	REFUSAL_RIGHT, /* 403: proven, but the role does not allow it */
	REFUSAL_THROTTLED, /* 401 with challenges was answered too often: 429 + Retry-After */
	REFUSAL_UNKNOWN, /* proven; no such CGI, action or table: lookup says which */
	REFUSAL_BAD_REQUEST, /* the target cannot be read */
	REFUSAL_COUNT
};

struct message_unauthenticated {
	struct message_header header;
	uint32_t refusal; /* enum refusal */
	uint32_t lookup; /* enum cgi_lookup, for REFUSAL_UNKNOWN */
	uint32_t retry_after_s;
	uint32_t challenge_count; /* 0 to 2 */
	struct text512 challenge[2]; /* values of WWW-Authenticate, in order */
};

enum result {
	RESULT_OK = 0,
	RESULT_BAD_HANDLE, /* unknown, used, older than HANDLE_LIFE_S, or for another operation */
	RESULT_NOT_FOUND, /* no such row, door, schedule */
	RESULT_USER_EXISTS, /* Dahua code 286064929 */
	RESULT_CARD_EXISTS, /* Dahua code 286064930 */
	RESULT_FULL, /* limits.persons reached */
	RESULT_REFUSED, /* a decision: reason says why */
	RESULT_NOT_DURABLE, /* done, but the record is not on disk */
	RESULT_STORE_FAILED, /* a change may be on disk all the same */
	RESULT_BUSY, /* too many open requests */
	RESULT_BAD_VALUE, /* text says which and why; nothing was changed */
	RESULT_PIN_RULE, /* the PIN may not be had: reason 0 taken, 1 short, 2 ratio; text says it
			  */
	RESULT_CLAIMED, /* the device has an account, or is just getting it */
	RESULT_CLAIM_CODE, /* not the code */
	RESULT_THROTTLED, /* too many wrong ones: reason says for how many seconds */
	RESULT_RIGHT, /* the account's role does not allow it */
	RESULT_ACCOUNT_EXISTS,
	RESULT_ACCOUNTS_FULL,
	RESULT_LAST_ADMIN, /* nobody would be left who may do everything */
	RESULT_OLD_PASSWORD, /* it is wrong, or not given for one's own */
	RESULT_READER, /* a reader's key cannot be done that to: reason is an enum reader_refusal */
	RESULT_COUNT
};

struct message_result {
	struct message_header header;
	uint32_t result; /* enum result */
	uint32_t reason; /* enum reason, for RESULT_REFUSED; see also RESULT_PIN_RULE */
	uint64_t no; /* RecNo of an inserted row */
	struct text256 text; /* for RESULT_BAD_VALUE and RESULT_PIN_RULE */
};
