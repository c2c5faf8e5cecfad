/* SPDX-License-Identifier: Apache-2.0 */
/* The audit: a query and its rows. */
#pragma once

#include "domain/audit.h"
#include "messages/requests.h"

#define MESSAGE_AUDIT_ROWS_MAX 120

struct message_audit_query {
	struct message_header header;
	struct message_handle handle;
	uint64_t after_no; /* rows with a greater number */
	int64_t from_ms; /* inclusive */
	int64_t to_ms; /* inclusive */
	uint32_t limit; /* 1 to 1024 */
};

/* In as many messages as it needs: the one with last set ends them. */
struct message_audit_rows {
	struct message_header header;
	uint64_t total; /* rows that match, whatever the limit */
	uint32_t count;
	bool last;
	struct audit_entry row[MESSAGE_AUDIT_ROWS_MAX];
};
