// SPDX-License-Identifier: Apache-2.0
/*
 * Error bodies have the form of the devices: `Error`, a line
 * that belongs to the status, then our own `Detail=` with a sentence.
 *
 * Memory: a body grows by doubling. All bodies together stay below REPLY_TOTAL_MAX, those for one
 * account below half of it, whatever is asked for at once and however slowly it is taken. Small
 * ones always find room. The account of the sums has a lock of its own: bodies are freed by the
 * HTTP threads.
 */
#include "reply.h"

#include "base/assert.h"
#include "domain/reason.h"
#include "head.h"

#include <pthread.h>
#include <stdlib.h>

#define FIRST_CAPACITY 1024
#define CODE_UNKNOWN_TABLE 285278242
#define CODE_USER_EXISTS 286064929
#define CODE_CARD_EXISTS 286064930
#define RETRY_SOON_S 1

#define SHARES_MAX 256 /* the first is nobody's, and everybody's when there are more accounts */

/* Under the lock. */
static struct {
	pthread_mutex_t lock;
	size_t total; /* bytes */
	struct share {
		struct text32 account;
		uint32_t replies;
		size_t bytes;
	} share[SHARES_MAX];
} sums = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What a body of that capacity counts. */
static size_t counted(size_t capacity)
{
	return capacity <= REPLY_SMALL ? 0 : capacity;
}

void reply_set_account(struct reply *reply, const struct text32 *account)
{
	uint8_t at = 0;

	ASSERT(reply->share == 0 && counted(reply->capacity) == 0);
	pthread_mutex_lock(&sums.lock);
	for (unsigned i = 1; i < SHARES_MAX; i++) {
		const struct share *share = &sums.share[i];

		if (share->replies > 0 && text_is(&share->account, text_span(account))) {
			at = (uint8_t)i;
			break;
		}
		if (at == 0 && share->replies == 0)
			at = (uint8_t)i;
	}
	reply->share = at;
	if (at != 0) {
		sums.share[at].account = *account;
		sums.share[at].replies++;
	}
	pthread_mutex_unlock(&sums.lock);
}

void reply_free(struct reply *reply)
{
	struct share *share = &sums.share[reply->share];

	free(reply->memory);
	pthread_mutex_lock(&sums.lock);
	sums.total -= counted(reply->capacity);
	share->bytes -= counted(reply->capacity);
	share->replies -= reply->share != 0;
	pthread_mutex_unlock(&sums.lock);
	reply->memory = NULL;
	reply->capacity = 0;
	reply->share = 0;
	reply->start = 0;
	reply->len = 0;
}

/* False when that much more is too much together, or for the account. */
static bool room_take(const struct reply *reply, size_t more)
{
	struct share *share = &sums.share[reply->share];

	pthread_mutex_lock(&sums.lock);
	bool room = sums.total + more <= REPLY_TOTAL_MAX && share->bytes + more <= REPLY_SHARE_MAX;

	if (room) {
		sums.total += more;
		share->bytes += more;
	}
	pthread_mutex_unlock(&sums.lock);
	return room;
}

static void room_give_back(const struct reply *reply, size_t bytes)
{
	pthread_mutex_lock(&sums.lock);
	sums.total -= bytes;
	sums.share[reply->share].bytes -= bytes;
	pthread_mutex_unlock(&sums.lock);
}

static bool grow(struct reply *reply, size_t needed)
{
	size_t capacity = reply->capacity == 0 ? FIRST_CAPACITY : reply->capacity;

	if (needed > REPLY_BODY_MAX)
		return false;
	while (capacity < needed)
		capacity *= 2;
	if (capacity > REPLY_BODY_MAX)
		capacity = REPLY_BODY_MAX;
	size_t more = counted(capacity) - counted(reply->capacity);

	if (!room_take(reply, more))
		return false;
	char *memory = realloc(reply->memory, capacity);

	if (memory == NULL) {
		room_give_back(reply, more);
		return false;
	}
	reply->memory = memory;
	reply->capacity = capacity;
	return true;
}

bool reply_add(struct reply *reply, struct span bytes)
{
	size_t needed = reply->start + reply->len + bytes.len;

	if (needed > reply->capacity && !grow(reply, needed)) {
		reply->lacking = true;
		return false;
	}
	if (bytes.len > 0)
		memcpy(reply->memory + reply->start + reply->len, bytes.data, bytes.len);
	reply->len += bytes.len;
	return true;
}

bool reply_add_string(struct reply *reply, const char *string)
{
	return reply_add(reply, span_from_string(string));
}

bool reply_leave_front(struct reply *reply)
{
	ASSERT(reply->len == 0);
	if (reply->capacity < REPLY_FRONT && !grow(reply, REPLY_FRONT))
		return false;
	reply->start = REPLY_FRONT;
	return true;
}

void reply_add_front(struct reply *reply, struct span bytes)
{
	ASSERT(bytes.len <= reply->start);
	reply->start -= bytes.len;
	reply->len += bytes.len;
	memcpy(reply->memory + reply->start, bytes.data, bytes.len);
}

/* Errors are short; when even they find no memory the answer goes out with an empty body. */
void reply_error(struct reply *reply, unsigned status, struct span detail)
{
	reply->len = 0;
	reply->start = 0;
	reply->lacking = false;
	reply->status = status;
	reply->type = REPLY_TEXT;
	(void)reply_add_string(reply, "Error\r\n");
	(void)reply_add_string(reply, head_status_line(status));
	(void)reply_add_string(reply, "\r\n");
	if (detail.len == 0)
		return;
	(void)reply_add_string(reply, "Detail=");
	(void)reply_add(reply, detail);
	(void)reply_add_string(reply, "\r\n");
}

void reply_error_string(struct reply *reply, unsigned status, const char *detail)
{
	reply_error(reply, status, span_from_string(detail));
}

void reply_error_code(struct reply *reply, uint32_t code)
{
	char text[48];
	struct buf body = buf_over(text, sizeof(text));

	buf_add_string(&body, "{\"code\":");
	buf_add_u64(&body, code);
	buf_add_string(&body, ",\"message\":\"\"}");
	reply->len = 0;
	reply->start = 0;
	reply->status = 400;
	reply->type = REPLY_JSON;
	(void)reply_add(reply, buf_span(&body));
}

void reply_ok(struct reply *reply)
{
	reply->status = 200;
	(void)reply_add_string(reply, "OK\r\n");
	reply->lacking = false; /* it is done, said or not */
}

void reply_lacks(struct reply *reply)
{
	reply_error_string(reply, 503,
		"as many answers are on their way as there is memory for: take those of your "
		"account, or repeat the request a little later");
	reply->retry_after_s = RETRY_SOON_S;
}

static void reply_busy(struct reply *reply, const char *detail)
{
	reply_error_string(reply, 503, detail);
	reply->retry_after_s = RETRY_SOON_S;
}

static void reply_throttled(struct reply *reply, uint32_t after_s)
{
	char text[96];
	struct buf line = buf_over(text, sizeof(text));

	reply->status = 429;
	reply->retry_after_s = after_s > 0 ? after_s : RETRY_SOON_S;
	buf_add_string(&line, "Error\r\nUser Locked! Please try again after ");
	buf_add_u64(&line, reply->retry_after_s);
	buf_add_string(&line, " seconds.\r\n");
	(void)reply_add(reply, buf_span(&line));
}

/* Sentences for what needs nothing else; those of other results are NULL. */
static const struct {
	uint16_t status;
	const char *text;
} sentences[RESULT_COUNT] = {
	[RESULT_NOT_FOUND] = {400, "there is no such row, door, schedule or account"},
	[RESULT_FULL] = {400,
		"the device holds as many persons as it may; remove some, or raise limits.persons "
		"in posternd.yaml"},
	[RESULT_NOT_DURABLE] = {500,
		"it was done, but its record is not on disk yet; look at the storage"},
	[RESULT_STORE_FAILED] = {500,
		"the storage failed: look at the disk; what was to be changed may be changed all "
		"the same"},
	[RESULT_CLAIMED] = {403,
		"this device is claimed, or is just being claimed by somebody else: log in as "
		"`admin`"},
	[RESULT_CLAIM_CODE] = {403,
		"this is not the claim code: it stands in posternd's log and is new at each start"},
	[RESULT_RIGHT] = {403, "your account may change its own password only"},
	[RESULT_ACCOUNT_EXISTS] = {400, "there is an account of this name"},
	[RESULT_ACCOUNTS_FULL] = {400, "there are 128 accounts, which is all: remove one"},
	[RESULT_LAST_ADMIN] = {400,
		"this is the last admin: make another one first, or nobody could change anything"},
	[RESULT_OLD_PASSWORD] = {403,
		"pwdOld is not the password until now; one's own is changed with it only"},
};

void reply_result(struct reply *reply, const struct message_result *result)
{
	switch ((enum result)result->result) {
	case RESULT_OK:
		reply_ok(reply);
		return;
	case RESULT_BAD_HANDLE:
		reply_busy(reply, "the request was not served in time; repeat it");
		return;
	case RESULT_BUSY:
		reply_busy(reply, "too many requests at once; repeat it a little later");
		return;
	case RESULT_USER_EXISTS:
		reply_error_code(reply, CODE_USER_EXISTS);
		return;
	case RESULT_CARD_EXISTS:
		reply_error_code(reply, CODE_CARD_EXISTS);
		return;
	case RESULT_REFUSED:
		reply_error_string(reply, 400, reason_sentence((enum reason)result->reason));
		return;
	case RESULT_BAD_VALUE:
	case RESULT_PIN_RULE:
	case RESULT_READER:
		reply_error(reply, 400, text_span(&result->text));
		return;
	case RESULT_THROTTLED:
		reply_throttled(reply, result->reason);
		return;
	default:
		break;
	}
	if (result->result < RESULT_COUNT && sentences[result->result].text != NULL)
		reply_error_string(
			reply, sentences[result->result].status, sentences[result->result].text);
	else
		reply_error_string(reply, 500, "");
}

static void reply_unknown(struct reply *reply, enum cgi_lookup lookup)
{
	switch (lookup) {
	case CGI_UNKNOWN_ACTION:
		reply_error_string(reply, 501, "this CGI has no such action");
		return;
	case CGI_UNKNOWN_TABLE:
		reply_error_code(reply, CODE_UNKNOWN_TABLE);
		return;
	case CGI_FOUND:
	case CGI_UNKNOWN_PATH:
		break;
	}
	reply_error_string(reply, 400, "there is no such CGI");
}

void reply_unauthenticated(struct reply *reply, const struct message_unauthenticated *refusal)
{
	switch ((enum refusal)refusal->refusal) {
	case REFUSAL_CHALLENGE:
		reply_error_string(reply, 401, "");
		reply->challenge_count = refusal->challenge_count;
		memcpy(reply->challenge, refusal->challenge, sizeof(reply->challenge));
		return;
	case REFUSAL_RIGHT:
		reply_error_string(reply, 403, "");
		return;
	case REFUSAL_THROTTLED:
		reply_throttled(reply, refusal->retry_after_s);
		return;
	case REFUSAL_UNKNOWN:
		reply_unknown(reply, (enum cgi_lookup)refusal->lookup);
		return;
	case REFUSAL_BAD_REQUEST:
	case REFUSAL_COUNT:
		break;
	}
	reply_error_string(reply, 400, "the URL cannot be read");
}
