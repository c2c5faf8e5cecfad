/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one process may say to another: one table, one struct and one validator a message. Roles of
 * one build only (the build id is checked at HELLO), over SOCK_SEQPACKET, at most MESSAGE_MAX
 * bytes. A struct is sent whole, or cut behind its used rows or bytes (message_size says how much).
 * The receiver treats the sender as hostile: message_check first, then the cast.
 *
 * The structs of one subject are in a header of their own beside this.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX 32768 /* bytes */
#define MESSAGE_REQUESTS_MAX 64 /* open requests a peer; more: gate answers 503 */

enum role {
	ROLE_SUPERVISOR = 0, /* the parent */
	ROLE_CORE,
	ROLE_GATE,
	ROLE_SIM,
	ROLE_COUNT
};

const char *role_name(enum role role); /* "core" */

/*      identifier               struct                          from            to */
#define MESSAGES(X)                                                                                \
	/* supervisor and its roles */                                                             \
	X(MESSAGE_LINK, struct message_link, ROLE_SUPERVISOR, ROLE_COUNT) /* with one fd */        \
	X(MESSAGE_READY, struct message_ready, ROLE_COUNT, ROLE_SUPERVISOR)                        \
	/* any two roles on a new link */                                                          \
	X(MESSAGE_HELLO, struct message_hello, ROLE_COUNT, ROLE_COUNT)                             \
	/* requests of gate: each is answered with the same request_id */                          \
	X(MESSAGE_AUTHENTICATE, struct message_authenticate, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_PERSON_INSERT, struct message_person_write, ROLE_GATE, ROLE_CORE)                \
	X(MESSAGE_PERSON_UPDATE, struct message_person_write, ROLE_GATE, ROLE_CORE)                \
	X(MESSAGE_PERSON_REMOVE, struct message_person_remove, ROLE_GATE, ROLE_CORE)               \
	X(MESSAGE_PERSON_CLEAR, struct message_with_handle, ROLE_GATE, ROLE_CORE)                  \
	X(MESSAGE_PERSON_QUERY, struct message_person_query, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_RECORD_QUERY, struct message_record_query, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_DOOR_COMMAND, struct message_door_command, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_DOOR_STATUS, struct message_door_query, ROLE_GATE, ROLE_CORE)                    \
	X(MESSAGE_SCHEDULE_GET, struct message_schedule_get, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_SCHEDULE_PUT, struct message_schedule_put, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_STREAM_OPEN, struct message_with_handle, ROLE_GATE, ROLE_CORE)                   \
	X(MESSAGE_STREAM_CLOSE, struct message_stream_close, ROLE_GATE, ROLE_CORE) /* no answer */ \
	X(MESSAGE_JOURNAL_FETCH, struct message_journal_fetch, ROLE_GATE, ROLE_CORE)               \
	/* answers of core */                                                                      \
	X(MESSAGE_AUTHENTICATED, struct message_authenticated, ROLE_CORE, ROLE_GATE)               \
	X(MESSAGE_UNAUTHENTICATED, struct message_unauthenticated, ROLE_CORE, ROLE_GATE)           \
	X(MESSAGE_RESULT, struct message_result, ROLE_CORE, ROLE_GATE)                             \
	X(MESSAGE_PERSON_ROWS, struct message_person_rows, ROLE_CORE, ROLE_GATE)                   \
	X(MESSAGE_RECORD_ROWS, struct message_record_rows, ROLE_CORE, ROLE_GATE)                   \
	X(MESSAGE_DOOR_STATE, struct message_door_state, ROLE_CORE, ROLE_GATE)                     \
	X(MESSAGE_SCHEDULE, struct message_schedule, ROLE_CORE, ROLE_GATE)                         \
	X(MESSAGE_STREAM, struct message_stream, ROLE_CORE, ROLE_GATE)                             \
	/* told by core without being asked; request_id 0 */                                       \
	X(MESSAGE_COMMITTED, struct message_committed, ROLE_CORE, ROLE_GATE)                       \
	/* virtual lines */                                                                        \
	X(MESSAGE_LINE_EVENTS, struct message_line_events, ROLE_SIM, ROLE_CORE)                    \
	/* the raw view of a reader: a request with handle, and its answer */                      \
	X(MESSAGE_READER_QUERY, struct message_reader_query, ROLE_GATE, ROLE_CORE)                 \
	X(MESSAGE_READER_FRAMES, struct message_reader_frames, ROLE_CORE, ROLE_GATE)               \
	/* the first account: a request without handle, answered by RESULT */                      \
	X(MESSAGE_CLAIM, struct message_claim, ROLE_GATE, ROLE_CORE)                               \
	/* how the controller does: a request with handle, and its answer */                       \
	X(MESSAGE_STATUS_QUERY, struct message_with_handle, ROLE_GATE, ROLE_CORE)                  \
	X(MESSAGE_STATUS, struct message_status, ROLE_CORE, ROLE_GATE)                             \
	/* behind READY, every ALIVE_INTERVAL_MS, of roles that have no heartbeat page */          \
	X(MESSAGE_ALIVE, struct message_alive, ROLE_GATE, ROLE_SUPERVISOR)                         \
	/* special days: requests with handle, and their answers */                                \
	X(MESSAGE_SPECIAL_GROUP_GET, struct message_schedule_get, ROLE_GATE, ROLE_CORE)            \
	X(MESSAGE_SPECIAL_GROUP_PUT, struct message_special_group_put, ROLE_GATE, ROLE_CORE)       \
	X(MESSAGE_SPECIAL_GROUP, struct message_special_group, ROLE_CORE, ROLE_GATE)               \
	X(MESSAGE_SPECIAL_SCHEDULE_GET, struct message_schedule_get, ROLE_GATE, ROLE_CORE)         \
	X(MESSAGE_SPECIAL_SCHEDULE_PUT, struct message_special_schedule_put, ROLE_GATE, ROLE_CORE) \
	X(MESSAGE_SPECIAL_SCHEDULE, struct message_special_schedule, ROLE_CORE, ROLE_GATE)         \
	/* accounts: requests with handle; changes are answered by RESULT */                       \
	X(MESSAGE_ACCOUNT_PUT, struct message_account_put, ROLE_GATE, ROLE_CORE)                   \
	X(MESSAGE_ACCOUNT_REMOVE, struct message_account_name, ROLE_GATE, ROLE_CORE)               \
	X(MESSAGE_ACCOUNT_QUERY, struct message_account_name, ROLE_GATE, ROLE_CORE)                \
	X(MESSAGE_ACCOUNT_ROWS, struct message_account_rows, ROLE_CORE, ROLE_GATE)                 \
	/* core has ended a stream: its account was changed; request_id 0 */                       \
	X(MESSAGE_STREAM_END, struct message_stream_close, ROLE_CORE, ROLE_GATE)                   \
	/* the audit: a request with handle, and its answer */                                     \
	X(MESSAGE_AUDIT_QUERY, struct message_audit_query, ROLE_GATE, ROLE_CORE)                   \
	X(MESSAGE_AUDIT_ROWS, struct message_audit_rows, ROLE_CORE, ROLE_GATE)                     \
	/* serial ports: core says that one is gone, the supervisor brings it back */              \
	X(MESSAGE_PORT_GONE, struct message_port, ROLE_CORE, ROLE_SUPERVISOR)                      \
	X(MESSAGE_PORT, struct message_port, ROLE_SUPERVISOR, ROLE_CORE) /* with one fd */         \
	/* frames of an OSDP line: a request with handle, and its answer */                        \
	X(MESSAGE_OSDP_TRACE, struct message_osdp_trace, ROLE_GATE, ROLE_CORE)                     \
	X(MESSAGE_OSDP_FRAMES, struct message_osdp_frames, ROLE_CORE, ROLE_GATE)                   \
	/* a reader's key: a request with handle, answered by RESULT */                            \
	X(MESSAGE_READER_ORDER, struct message_reader_order, ROLE_GATE, ROLE_CORE)                 \
	/* a file for a reader: a request with handle, answered by RESULT or the state */          \
	X(MESSAGE_READER_FILE, struct message_reader_file, ROLE_GATE, ROLE_CORE)                   \
	X(MESSAGE_READER_FILE_STATE, struct message_reader_file_state, ROLE_CORE, ROLE_GATE)

struct message_header {
	uint16_t type; /* enum message_type */
	uint16_t reserved; /* 0 */
	uint32_t request_id; /* chosen by who asks; 0 where nothing is asked */
};

#define MESSAGE_ENUM(id, type, from, to) id,
enum message_type { MESSAGE_NONE = 0, MESSAGES(MESSAGE_ENUM) MESSAGE_TYPE_COUNT };
#undef MESSAGE_ENUM

enum message_error {
	MESSAGE_OK = 0,
	MESSAGE_BAD_TYPE, /* no such type, or not from this sender to this receiver */
	MESSAGE_BAD_SIZE, /* shorter or longer than what it says it holds */
	MESSAGE_BAD_FIELD, /* a number, length or text out of range */
};

/*
 * Judges bytes that came from role `from` to role `to`. Only after MESSAGE_OK may they be read as
 * the type's struct. bytes is aligned to 8.
 */
enum message_error message_check(const void *bytes, size_t len, enum role from, enum role to);

/* How many bytes of a filled message are sent: rows and text behind the used ones are left out. */
size_t message_size(const void *message);

const char *message_name(enum message_type type); /* "PERSON_INSERT" */
