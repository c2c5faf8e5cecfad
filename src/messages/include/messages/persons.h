/* SPDX-License-Identifier: Apache-2.0 */
/* People: a change, a query and its rows. */
#pragma once

#include "domain/person.h"
#include "messages/requests.h"

/* Which fields of person an update changes; an insert sets all. */
enum person_field {
	PERSON_USER_ID = 1 << 0,
	PERSON_CARD_NO = 1 << 1,
	PERSON_NAME = 1 << 2,
	PERSON_CARD_STATUS = 1 << 3,
	PERSON_CARD_TYPE = 1 << 4,
	PERSON_USER_TYPE = 1 << 5,
	PERSON_IS_VALID = 1 << 6,
	PERSON_HANDICAP = 1 << 7,
	PERSON_PASSWORD = 1 << 8,
	PERSON_USES = 1 << 9,
	PERSON_VALID_FROM = 1 << 10,
	PERSON_VALID_TO = 1 << 11,
	PERSON_VTO_POSITION = 1 << 12,
	PERSON_CITIZEN_ID_NO = 1 << 13,
	PERSON_DOORS = 1 << 14, /* replaces all of Doors[] */
	PERSON_SCHEDULES = 1 << 15, /* replaces all of TimeSections[] */
	PERSON_DYNAMIC_CHECK_CODE = 1 << 16,
	PERSON_DURESS_PASSWORD = 1 << 17,
	PERSON_FIELDS_ALL = (1 << 18) - 1,
};

struct message_person_write {
	struct message_header header;
	struct message_handle handle;
	uint32_t fields; /* enum person_field bits; PERSON_FIELDS_ALL for an insert */
	struct person person; /* person.no: the row to update; 0 for an insert */
};

struct message_person_remove {
	struct message_header header;
	struct message_handle handle;
	uint64_t no;
};

/* Conditions are all to hold; empty or absent ones do not count. */
struct person_filter {
	bool has_no;
	bool has_user_id;
	bool has_card_no; /* compared by card_no_key */
	uint64_t no;
	struct text64 user_id;
	struct text32 card_no;
};

struct message_person_query {
	struct message_header header;
	struct message_handle handle;
	struct person_filter filter;
	uint64_t after_no; /* rows with a greater no */
	uint32_t offset; /* rows to leave out first */
	uint32_t limit; /* 0 (count only) to 1024 */
};

#define MESSAGE_PERSON_ROWS_MAX 20

/* Answers come in several messages; the one with last set ends them. */
struct message_person_rows {
	struct message_header header;
	uint64_t total; /* rows that match, whatever offset and limit */
	uint32_t count; /* rows in this message */
	bool last;
	struct person row[MESSAGE_PERSON_ROWS_MAX];
};
