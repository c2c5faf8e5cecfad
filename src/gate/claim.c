// SPDX-License-Identifier: Apache-2.0
/*
 * The one operation without a log-in: its proof is the code in its body. A URL is kept in logs and
 * histories, so what stands in one is refused, whatever it is.
 */
#include "operations.h"

#include "messages/accounts.h"
#include "protocols/cgi_methods.h"

void claim_begin(struct request *request)
{
	struct message_claim message = {.header = {.type = MESSAGE_CLAIM}};
	struct span code = {NULL, 0};
	struct span password = {NULL, 0};

	if (!span_equal(request->method, SPAN_LIT("POST")) || request->target_parameters > 1) {
		request_fail(request, 400,
			"a claim is a POST to global.cgi?action=claim with code and password in "
			"its body; choose another password than one that stood in a URL");
		return;
	}
	(void)cgi_text(request->query, "code", &code);
	(void)cgi_text(request->query, "password", &password);
	(void)text_set(&message.code, code);
	(void)text_set(&message.password, password);
	memcpy(message.peer_address, request->address, sizeof(message.peer_address));
	core_ask(request, &message);
	explicit_bzero(&message, sizeof(message));
}
