/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request handles: the proof that core made for one authenticated request. A command names one; it
 * must be known, young enough, and made for an operation that the command serves. One handle allows
 * one state change.
 */
#pragma once

#include "domain/record.h"
#include "messages/messages.h"
#include "messages/requests.h"

#define HANDLES_MAX 256

struct handle_entry {
	struct message_handle handle;
	bool live;
	bool changed; /* its one state change is spent */
	uint8_t operation; /* enum cgi_operation */
	uint8_t role; /* enum account_role */
	int64_t made_ms;
	struct text32 account;
	uint8_t address[16]; /* of who asked */
};

struct handles {
	struct handle_entry entry[HANDLES_MAX];
	uint32_t next; /* where the oldest stands */
};

/* Takes the place of the oldest. bytes are from the CSPRNG. */
void handles_add(struct handles *handles, const struct message_handle *handle,
	const struct cgi_method *method, struct span account, const uint8_t address[16],
	int64_t now_ms);

/* Ends every handle of the account. */
void handles_end(struct handles *handles, struct span account);

/*
 * The handle's entry when a message of this type may be served under it, else NULL. A message that
 * changes something spends the handle; door_command is looked at for MESSAGE_DOOR_COMMAND only.
 */
const struct handle_entry *handles_take(struct handles *handles,
	const struct message_handle *handle, enum message_type type, uint8_t door_command,
	int64_t now_ms);
