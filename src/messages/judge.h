/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judges of the single messages, for the table in messages.c. Each gets bytes of the length
 * that its message says it has, and looks at every field that a receiver could use as a number, a
 * length, an enum or a bool; texts must be within their capacity, their content is the receiver's
 * matter. A cut_ function gives the length of a message whose rows or text are left out behind the
 * last used one; it sees the bytes before those and bounds what they say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROWS_LIMIT_MAX 1024

/* A bool that came as a byte may hold anything: reading it as bool would be undefined. */
static inline bool bool_valid(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, 1);
	return byte <= 1;
}

/* roles.c */
bool judge_link(const void *message);
bool judge_port(const void *message);
bool judge_hello(const void *message);

/* requests.c */
bool judge_authenticate(const void *message);
size_t cut_authenticate(const void *message);
bool judge_authenticated(const void *message);
bool judge_unauthenticated(const void *message);
bool judge_result(const void *message);

/* persons.c */
bool judge_person_write(const void *message);
bool judge_person_remove(const void *message);
bool judge_person_query(const void *message);
size_t cut_person_rows(const void *message);
bool judge_person_rows(const void *message);

/* records.c */
bool judge_record_query(const void *message);
size_t cut_record_rows(const void *message);
bool judge_record_rows(const void *message);
bool judge_stream_close(const void *message);
bool judge_journal_fetch(const void *message);
bool judge_stream(const void *message);

/* doors.c */
bool judge_door_command(const void *message);
bool judge_door_query(const void *message);
bool judge_schedule_get(const void *message);
bool judge_schedule_put(const void *message);
bool judge_schedule(const void *message);
bool judge_special_group_put(const void *message);
bool judge_special_group(const void *message);
bool judge_special_schedule_put(const void *message);
bool judge_special_schedule(const void *message);
bool judge_door_state(const void *message);
struct door_state;
bool door_state_check(const struct door_state *state);

/* readers.c */
bool judge_reader_query(const void *message);
size_t cut_reader_frames(const void *message);
bool judge_reader_frames(const void *message);
bool judge_reader_order(const void *message);
size_t cut_reader_file(const void *message);
bool judge_reader_file(const void *message);
bool judge_reader_file_state(const void *message);
bool judge_osdp_trace(const void *message);
size_t cut_osdp_frames(const void *message);
bool judge_osdp_frames(const void *message);

/* status.c */
size_t cut_status(const void *message);
bool judge_status(const void *message);

/* lines.c */
size_t cut_line_events(const void *message);
bool judge_line_events(const void *message);

/* accounts.c */
bool judge_claim(const void *message);
bool judge_account_put(const void *message);
bool judge_account_name(const void *message);
size_t cut_account_rows(const void *message);
bool judge_account_rows(const void *message);

/* audit.c */
bool judge_audit_query(const void *message);
size_t cut_audit_rows(const void *message);
bool judge_audit_rows(const void *message);
