/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body form of the CGI: lines of key=value, CRLF, no quoting. The writer serves the device
 * side; the reader takes CRLF, LF and a missing last line end, a blank after '=', and keys in any
 * case (compare them with span_equal_nocase).
 */
#pragma once

#include "base/buf.h"
#include "base/civil.h"

/*
 * The writer's last fence against forged lines: a control byte in a value is written as '?'. Values
 * were checked when they came in, so that a '?' here means a fault elsewhere.
 */
void keyvalue_text(struct buf *out, const char *key, struct span value);
void keyvalue_u64(struct buf *out, const char *key, uint64_t value);
void keyvalue_i64(struct buf *out, const char *key, int64_t value);
void keyvalue_bool(struct buf *out, const char *key, bool value);

/* "records[12]." in front of the keys above; prefix may be empty. */
void keyvalue_row_text(struct buf *out, struct span prefix, const char *key, struct span value);

struct keyvalue_line {
	struct span key;
	struct span value; /* after the first '=', leading blanks dropped */
};

/*
 * The next line that is not empty. A line without '=', or with nothing in front of it ("OK",
 * "Heartbeat"), has an empty key and is all value.
 */
bool keyvalue_next(struct span *rest, struct keyvalue_line *ret);

/* "records[12].CardNo" into "records", 12, "CardNo"; false when the key has not that form. */
bool keyvalue_row_key(
	struct span key, struct span *ret_table, uint32_t *ret_row, struct span *ret_field);

/*
 * Device local time, both forms: `yyyyMMdd hhmmss` and `yyyy-MM-dd hh:mm:ss` (single digits allowed
 * in the dashed one). False for anything else and for a date that does not exist.
 */
bool keyvalue_parse_time(struct span text, struct civil *ret);
void keyvalue_add_time(struct buf *out, const struct civil *local); /* dashed form */

bool keyvalue_parse_bool(struct span text, bool *ret); /* true, false, 1, 0; without case */

/* One period of a day in AccessTimeSchedule: `1 08:00:00-18:00:00`. */
struct keyvalue_period {
	uint32_t mask; /* 0: the period is off */
	uint32_t from_s; /* seconds since midnight */
	uint32_t to_s; /* from_s to 86400, which is written 24:00:00 */
};

bool keyvalue_parse_period(struct span text, struct keyvalue_period *ret);
void keyvalue_add_period(struct buf *out, const struct keyvalue_period *period);
