// SPDX-License-Identifier: Apache-2.0
/*
 * A table of HANDLES_MAX entries that is written round and round: the next place always holds the
 * oldest. Which message serves which operation is a table of its own, beside the method table, so
 * that a gate that lies about an operation gains nothing.
 */
#include "handles.h"

#include "base/compiler.h"

static const struct {
	enum message_type type;
	enum cgi_operation operation;
} served[] = {
	{MESSAGE_PERSON_INSERT, CGI_CARD_INSERT},
	{MESSAGE_PERSON_UPDATE, CGI_CARD_UPDATE},
	{MESSAGE_PERSON_REMOVE, CGI_CARD_REMOVE},
	{MESSAGE_PERSON_CLEAR, CGI_CARD_CLEAR},
	{MESSAGE_PERSON_QUERY, CGI_CARD_GET},
	{MESSAGE_PERSON_QUERY, CGI_CARD_FIND},
	{MESSAGE_PERSON_QUERY, CGI_CARD_SEEK},
	{MESSAGE_PERSON_QUERY, CGI_CARD_SIZE},
	{MESSAGE_RECORD_QUERY, CGI_RECORD_FIND},
	{MESSAGE_RECORD_QUERY, CGI_RECORD_SEEK},
	{MESSAGE_RECORD_QUERY, CGI_RECORD_SIZE},
	{MESSAGE_DOOR_COMMAND, CGI_DOOR_OPEN},
	{MESSAGE_DOOR_COMMAND, CGI_DOOR_CLOSE},
	{MESSAGE_DOOR_STATUS, CGI_DOOR_STATUS},
	{MESSAGE_DOOR_STATUS, CGI_EVENT_INDEXES}, /* which alarms stand */
	{MESSAGE_SCHEDULE_GET, CGI_CONFIG_GET},
	{MESSAGE_SCHEDULE_GET, CGI_CONFIG_SET}, /* a partial set starts from what stands */
	{MESSAGE_SCHEDULE_PUT, CGI_CONFIG_SET},
	{MESSAGE_SPECIAL_GROUP_GET, CGI_CONFIG_GET},
	{MESSAGE_SPECIAL_GROUP_GET, CGI_CONFIG_SET},
	{MESSAGE_SPECIAL_GROUP_PUT, CGI_CONFIG_SET},
	{MESSAGE_SPECIAL_SCHEDULE_GET, CGI_CONFIG_GET},
	{MESSAGE_SPECIAL_SCHEDULE_GET, CGI_CONFIG_SET},
	{MESSAGE_SPECIAL_SCHEDULE_PUT, CGI_CONFIG_SET},
	{MESSAGE_STREAM_OPEN, CGI_SNAP_ATTACH},
	{MESSAGE_STREAM_OPEN, CGI_EVENT_ATTACH},
	{MESSAGE_READER_QUERY, CGI_READER_FRAMES},
	{MESSAGE_STATUS_QUERY, CGI_STATUS},
	{MESSAGE_STATUS_QUERY, CGI_METRICS},
	{MESSAGE_ACCOUNT_QUERY, CGI_ACCOUNT_LIST},
	{MESSAGE_ACCOUNT_QUERY, CGI_ACCOUNT_GET},
	{MESSAGE_ACCOUNT_PUT, CGI_ACCOUNT_ADD},
	{MESSAGE_ACCOUNT_PUT, CGI_ACCOUNT_PASSWORD},
	{MESSAGE_ACCOUNT_PUT, CGI_ACCOUNT_ROLE},
	{MESSAGE_ACCOUNT_REMOVE, CGI_ACCOUNT_REMOVE},
	{MESSAGE_AUDIT_QUERY, CGI_AUDIT_FIND},
	{MESSAGE_OSDP_TRACE, CGI_OSDP_FRAMES},
	{MESSAGE_STATUS_QUERY, CGI_READERS},
	{MESSAGE_READER_ORDER, CGI_READER_PAIR},
	{MESSAGE_READER_ORDER, CGI_READER_PAIR_CANCEL},
	{MESSAGE_READER_ORDER, CGI_READER_ROTATE},
	{MESSAGE_READER_ORDER, CGI_READER_UNPAIR},
	{MESSAGE_READER_ORDER, CGI_READER_KEY},
	{MESSAGE_READER_FILE, CGI_READER_FILE_BEGIN},
	{MESSAGE_READER_FILE, CGI_READER_FILE_PART},
	{MESSAGE_READER_FILE, CGI_READER_FILE_GET},
	{MESSAGE_READER_FILE, CGI_READER_FILE_CANCEL},
};

void handles_add(struct handles *handles, const struct message_handle *handle,
	const struct cgi_method *method, struct span account, const uint8_t address[16],
	int64_t now_ms)
{
	struct handle_entry *entry = &handles->entry[handles->next];

	handles->next = (handles->next + 1) % HANDLES_MAX;
	*entry = (struct handle_entry){
		.handle = *handle,
		.live = true,
		.operation = (uint8_t)method->operation,
		.role = (uint8_t)method->role,
		.made_ms = now_ms,
	};
	(void)text_set(&entry->account, account);
	memcpy(entry->address, address, sizeof(entry->address));
}

void handles_end(struct handles *handles, struct span account)
{
	for (uint32_t i = 0; i < HANDLES_MAX; i++) {
		if (text_is(&handles->entry[i].account, account))
			handles->entry[i].live = false;
	}
}

static struct handle_entry *handle_find(
	struct handles *handles, const struct message_handle *handle, int64_t now_ms)
{
	for (uint32_t i = 0; i < HANDLES_MAX; i++) {
		struct handle_entry *entry = &handles->entry[i];

		if (entry->live && now_ms - entry->made_ms > HANDLE_LIFE_S * MS_PER_S)
			entry->live = false;
		if (entry->live && bytes_equal_secret(&entry->handle, handle, sizeof(*handle)))
			return entry;
	}
	return NULL;
}

static bool operation_serves(enum message_type type, uint8_t operation)
{
	for (size_t i = 0; i < ARRAY_COUNT(served); i++) {
		if (served[i].type == type && served[i].operation == operation)
			return true;
	}
	return false;
}

/* Through the CGI a door can be opened or closed, nothing else. */
static bool operation_is_command(uint8_t operation, uint8_t door_command)
{
	return (operation == CGI_DOOR_OPEN && door_command == DOOR_COMMAND_OPEN) ||
	       (operation == CGI_DOOR_CLOSE && door_command == DOOR_COMMAND_CLOSE);
}

static bool message_changes_state(enum message_type type)
{
	return type == MESSAGE_PERSON_INSERT || type == MESSAGE_PERSON_UPDATE ||
	       type == MESSAGE_PERSON_REMOVE || type == MESSAGE_PERSON_CLEAR ||
	       type == MESSAGE_DOOR_COMMAND || type == MESSAGE_SCHEDULE_PUT ||
	       type == MESSAGE_SPECIAL_GROUP_PUT || type == MESSAGE_SPECIAL_SCHEDULE_PUT ||
	       type == MESSAGE_ACCOUNT_PUT || type == MESSAGE_ACCOUNT_REMOVE ||
	       type == MESSAGE_READER_ORDER || type == MESSAGE_READER_FILE;
}

const struct handle_entry *handles_take(struct handles *handles,
	const struct message_handle *handle, enum message_type type, uint8_t door_command,
	int64_t now_ms)
{
	struct handle_entry *entry = handle_find(handles, handle, now_ms);

	if (entry == NULL || !operation_serves(type, entry->operation))
		return NULL;
	if (type == MESSAGE_DOOR_COMMAND && !operation_is_command(entry->operation, door_command))
		return NULL;
	if (message_changes_state(type)) {
		if (entry->changed)
			return NULL;
		entry->changed = true;
	}
	return entry;
}
