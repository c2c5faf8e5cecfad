// SPDX-License-Identifier: Apache-2.0
/*
 * A claim on its way: judged here, written by the store thread in one transaction, and only when
 * that is on disk made known to the log-in. A core that dies in between leaves the account made or
 * not made, never half.
 */
#include "serve_private.h"

#include "base/assert.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <arpa/inet.h>

static void refuse(struct serve *serve, const struct message_claim *request,
	enum claim_verdict verdict, uint32_t wait_s)
{
	static const uint8_t results[] = {
		[CLAIM_WRONG] = RESULT_CLAIM_CODE,
		[CLAIM_CLOSED] = RESULT_CLAIMED,
		[CLAIM_WORN] = RESULT_BAD_VALUE,
		[CLAIM_WAIT] = RESULT_THROTTLED,
	};
	struct message_result answer = {
		.header = serve_header(&request->header, MESSAGE_RESULT),
		.result = results[verdict],
		.reason = wait_s,
	};

	if (verdict == CLAIM_WORN)
		(void)text_set(&answer.text,
			SPAN_LIT("too many wrong codes came: restart posternd for a new one"));
	serve_send(serve, &answer);
}

static void log_address(const char *what, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(AF_INET6, address, text, sizeof(text));
	log_warning("%s, from %s", what, text);
}

void serve_claim(struct serve *serve, const struct message_claim *request)
{
	struct core *core = serve->core;
	struct claim *claim = authentication_claim(core->authentication);
	struct write_request write = {.type = MESSAGE_CLAIM, .password = request->password};

	memcpy(write.asker.address, request->peer_address, sizeof(write.asker.address));
	uint32_t wait_s;
	enum claim_verdict verdict = claim_judge(claim,
		authentication_throttle(core->authentication), text_span(&request->code),
		request->peer_address, clock_boot_ns() / NS_PER_MS, &wait_s);

	if (verdict != CLAIM_RIGHT) {
		if (verdict == CLAIM_WRONG)
			log_address("a wrong claim code", request->peer_address);
		refuse(serve, request, verdict, wait_s);
	} else if (!serve_slot(serve, &request->header, &write.slot)) {
		claim_end(claim, false);
	} else {
		claim->slot = write.slot;
		claim->password = request->password;
		log_address("claimed with the right code", request->peer_address);
		bool pushed = spsc_push(&core->writes, &write);

		ASSERT(pushed); /* as many places as open requests */
		core_wake(core->store_wake);
	}
	explicit_bzero(&write, sizeof(write));
}

void serve_claim_ended(struct serve *serve, const struct answer *answer)
{
	struct claim *claim = authentication_claim(serve->core->authentication);
	struct account admin = {.role = ACCOUNT_ADMIN};

	if (!claim->open || !claim->pending || claim->slot != answer->slot)
		return;
	if (answer->result == RESULT_OK) {
		(void)text_set(&admin.name, SPAN_LIT("admin"));
		admin.password = claim->password;
		int error = authentication_add(serve->core->authentication, &admin);

		ASSERT(error == 0); /* it is the first */
		explicit_bzero(&admin, sizeof(admin));
	}
	/* RESULT_CLAIMED: the store has an account that was not there at the start. */
	claim_end(claim, answer->result == RESULT_OK || answer->result == RESULT_CLAIMED);
}
