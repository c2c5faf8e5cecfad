/* SPDX-License-Identifier: Apache-2.0 */
/* Access records, the journal behind them, and the streams that follow it. */
#pragma once

#include "domain/record.h"
#include "messages/requests.h"

struct record_filter {
	bool has_from, has_to, has_card_no, has_user_id, has_door, has_status, has_method;
	uint8_t door;
	uint8_t status; /* 0 or 1 */
	uint8_t method;
	int64_t from_s; /* CreateTime, UTC seconds, inclusive */
	int64_t to_s; /* inclusive */
	struct text32 card_no;
	struct text64 user_id;
	uint64_t after_rec_no; /* 0: from the oldest */
};

struct message_record_query {
	struct message_header header;
	struct message_handle handle;
	struct record_filter filter;
	uint32_t offset;
	uint32_t limit; /* 0 (count only) to 1024 */
};

#define MESSAGE_RECORD_ROWS_MAX 20

struct message_record_rows {
	struct message_header header;
	uint64_t total;
	uint32_t count;
	bool last;
	struct journal_entry row[MESSAGE_RECORD_ROWS_MAX];
};

/* A stream lets gate fetch the journal while it is open; it ends with the link or STREAM_CLOSE. */
struct message_stream {
	struct message_header header;
	uint64_t stream_id;
	uint64_t last_seq; /* newest entry now */
	uint64_t oldest_seq; /* oldest entry kept */
};

struct message_stream_close {
	struct message_header header;
	uint64_t stream_id;
};

/* Answered by RECORD_ROWS in Seq order; total is the newest Seq. */
struct message_journal_fetch {
	struct message_header header;
	uint64_t stream_id;
	uint64_t after_seq;
	uint64_t after_rec_no; /* when not 0: after the entry of this record instead */
	uint32_t limit; /* 1 to 1024 */
};

struct message_committed {
	struct message_header header;
	uint64_t last_seq;
};
