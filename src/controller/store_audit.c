// SPDX-License-Identifier: Apache-2.0
/*
 * What the audit says of a write. Persons are told by number: names, cards and PINs stay out of it.
 */
#include "store_private.h"

#include "base/assert.h"
#include "base/buf.h"
#include "platform/clock.h"

#include <errno.h>

struct moment store_moment(const struct store_thread *st)
{
	struct moment now = clock_now(st->core->settings->clock_trust);
	struct store_state state;

	store_state(st->core->store, &state);
	if (!now.trusted && now.utc_ms < state.newest_utc_ms)
		now.utc_ms = state.newest_utc_ms;
	return now;
}

static void target_set(struct audit_entry *entry, const char *what, uint64_t no)
{
	char memory[sizeof(entry->target.bytes)];
	struct buf text = buf_over(memory, sizeof(memory));

	buf_add_string(&text, what);
	buf_add_u64(&text, no);
	bool fits = text_set(&entry->target, buf_span(&text));

	ASSERT(fits && !text.overflow);
}

static void account_set(struct audit_entry *entry, struct span name)
{
	char memory[sizeof(entry->target.bytes)];
	struct buf text = buf_over(memory, sizeof(memory));

	buf_add_string(&text, "account ");
	buf_add(&text, name);
	bool fits = text_set(&entry->target, buf_span(&text));

	ASSERT(fits && !text.overflow);
}

static void account_fill(struct audit_entry *entry, const struct write_request *request)
{
	static const uint8_t acts[ACCOUNT_CHANGE_COUNT] = {
		[ACCOUNT_CHANGE_ADD] = AUDIT_ACCOUNT_ADD,
		[ACCOUNT_CHANGE_PASSWORD] = AUDIT_ACCOUNT_PASSWORD,
		[ACCOUNT_CHANGE_ROLE] = AUDIT_ACCOUNT_ROLE,
	};

	entry->act = request->type == MESSAGE_ACCOUNT_REMOVE ? AUDIT_ACCOUNT_REMOVE
							     : acts[request->account.change];
	account_set(entry, text_span(&request->account.account.name));
}

/* Every message that changes something has its case here. */
static void entry_fill(struct audit_entry *entry, const struct write_state *write)
{
	switch (write->request.type) {
	case MESSAGE_PERSON_INSERT:
		entry->act = AUDIT_PERSON_INSERT;
		target_set(entry, "person ", write->answer.no);
		break;
	case MESSAGE_PERSON_UPDATE:
		entry->act = AUDIT_PERSON_UPDATE;
		target_set(entry, "person ", write->answer.no);
		break;
	case MESSAGE_PERSON_REMOVE:
		entry->act = AUDIT_PERSON_REMOVE;
		target_set(entry, "person ", write->request.person_no);
		break;
	case MESSAGE_PERSON_CLEAR:
		entry->act = AUDIT_PERSON_CLEAR;
		entry->count = write->count;
		(void)text_set(&entry->target, SPAN_LIT("all persons"));
		break;
	case MESSAGE_SCHEDULE_PUT:
		entry->act = AUDIT_SCHEDULE_PUT;
		target_set(entry, "schedule ", write->request.schedule.no);
		break;
	case MESSAGE_SPECIAL_GROUP_PUT:
		entry->act = AUDIT_SPECIAL_GROUP_PUT;
		target_set(entry, "special-day group ", write->request.special_group.no);
		break;
	case MESSAGE_SPECIAL_SCHEDULE_PUT:
		entry->act = AUDIT_SPECIAL_SCHEDULE_PUT;
		target_set(entry, "special-day schedule ", write->request.special_schedule.no);
		break;
	case MESSAGE_CLAIM:
		entry->act = AUDIT_CLAIM;
		account_set(entry, SPAN_LIT("admin"));
		break;
	case MESSAGE_ACCOUNT_PUT:
	case MESSAGE_ACCOUNT_REMOVE:
		account_fill(entry, &write->request);
		break;
	default:
		ASSERT(false); /* a change without a row */
	}
}

int store_write_audit(struct store_thread *st, const struct write_state *write)
{
	struct moment now = store_moment(st);
	struct audit_entry entry = {
		.result = write->nothing ? AUDIT_NOTHING : AUDIT_DONE,
		.trusted = now.trusted,
		.has_address = true,
		.utc_ms = now.utc_ms,
		.account = write->request.asker.account,
	};

	memcpy(entry.address, write->request.asker.address, sizeof(entry.address));
	entry_fill(&entry, write);
	int error = store_audit_append(st->core->store, &entry, NULL);

	return error > 0 ? -EIO : error;
}
