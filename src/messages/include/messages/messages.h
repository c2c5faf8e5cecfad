/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one process may say to another: one table, one struct and one validator a message. Roles of
 * one build only (the build id is checked at HELLO), over SOCK_SEQPACKET, at most MESSAGE_MAX
 * bytes. A struct is sent whole, or cut behind its used rows or bytes (message_size says how much).
 * The receiver treats the sender as hostile: message_check first, then the cast.
 */
#pragma once

#include "base/text.h"
#include "domain/audit.h"
#include "domain/controller.h"
#include "domain/frame_verdict.h"
#include "domain/person.h"
#include "domain/record.h"
#include "domain/schedule.h"
#include "domain/special_day.h"
#include "protocols/cgi_methods.h"
#include "protocols/osdp_bus.h"
#include "protocols/wiegand_trace.h"

#define MESSAGE_MAX 32768 /* bytes */
#define MESSAGE_REQUESTS_MAX 64 /* open requests a peer; more: gate answers 503 */
#define MESSAGE_TARGET_MAX 8192
#define MESSAGE_AUTHORIZATION_MAX 12288
#define MESSAGE_BUILD_ID 20
#define HANDLE_LIFE_S 30

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

/* The other end of a fresh link to peer comes with this message (SCM_RIGHTS); the old link is dead.
 */
struct message_link {
	struct message_header header;
	uint32_t peer; /* enum role */
};

#define MESSAGE_PORT_LINES_MAX 16

/* The port of an OSDP line. */
struct message_port {
	struct message_header header;
	uint32_t line; /* place in settings.osdp_line */
};

/* The role has its sandbox and answers from now on. */
struct message_ready {
	struct message_header header;
	uint32_t fences; /* platform/sandbox.h bits */
};

#define ALIVE_INTERVAL_MS 1000

/* The role goes round its loop. */
struct message_alive {
	struct message_header header;
};

struct message_hello {
	struct message_header header;
	uint32_t role; /* the sender's */
	uint8_t build_id[MESSAGE_BUILD_ID];
};

/* Proof of who asks: 128 random bits that core made for one request, good for HANDLE_LIFE_S. */
struct message_handle {
	uint8_t bytes[16];
};

struct message_with_handle {
	struct message_header header;
	struct message_handle handle;
};

/* One HTTP request's head, as received. Strings are length + bytes in text[], in this order. */
struct message_authenticate {
	struct message_header header;
	uint8_t peer_address[16]; /* IPv6, or IPv4 mapped into it: the source for throttling */
	struct text16 method; /* "GET" */
	uint16_t target_len; /* raw request target, at most MESSAGE_TARGET_MAX */
	uint16_t authorization_len; /* value of Authorization, at most MESSAGE_AUTHORIZATION_MAX; 0:
				       none */
	/*
	 * For a POST the action and name may stand in the body: gate says which row it will ask
	 * for, core holds it to that (CGI_OPERATION_COUNT: take them from the target).
	 */
	uint32_t operation;
	char text[MESSAGE_TARGET_MAX + MESSAGE_AUTHORIZATION_MAX];
};

struct message_authenticated {
	struct message_header header;
	struct message_handle handle;
	uint32_t operation; /* enum cgi_operation the handle is good for */
	uint32_t role; /* enum account_role */
	struct text32 account;
	struct text32 serial; /* of the device, for what it says of itself */
};

enum refusal {
	REFUSAL_CHALLENGE = 0, /* 401 with challenges: no or wrong credentials, or a stale nonce */
	REFUSAL_RIGHT, /* 403: proven, but the role does not allow it */
	REFUSAL_THROTTLED, /* 401 with challenges was answered too often: 429 + Retry-After */
	REFUSAL_UNKNOWN, /* proven; no such CGI, action or table: lookup says which */
	REFUSAL_BAD_REQUEST, /* the target cannot be read */
	REFUSAL_COUNT
};

struct message_unauthenticated {
	struct message_header header;
	uint32_t refusal; /* enum refusal */
	uint32_t lookup; /* enum cgi_lookup, for REFUSAL_UNKNOWN */
	uint32_t retry_after_s;
	uint32_t challenge_count; /* 0 to 2 */
	struct text512 challenge[2]; /* values of WWW-Authenticate, in order */
};

enum result {
	RESULT_OK = 0,
	RESULT_BAD_HANDLE, /* unknown, used, older than HANDLE_LIFE_S, or for another operation */
	RESULT_NOT_FOUND, /* no such row, door, schedule */
	RESULT_USER_EXISTS, /* Dahua code 286064929 */
	RESULT_CARD_EXISTS, /* Dahua code 286064930 */
	RESULT_FULL, /* limits.persons reached */
	RESULT_REFUSED, /* a decision: reason says why */
	RESULT_NOT_DURABLE, /* done, but the record is not on disk */
	RESULT_STORE_FAILED, /* a change may be on disk all the same */
	RESULT_BUSY, /* too many open requests */
	RESULT_BAD_VALUE, /* text says which and why; nothing was changed */
	RESULT_PIN_RULE, /* the PIN may not be had: reason 0 taken, 1 short, 2 ratio; text says it
			  */
	RESULT_CLAIMED, /* the device has an account, or is just getting it */
	RESULT_CLAIM_CODE, /* not the code */
	RESULT_THROTTLED, /* too many wrong ones: reason says for how many seconds */
	RESULT_RIGHT, /* the account's role does not allow it */
	RESULT_ACCOUNT_EXISTS,
	RESULT_ACCOUNTS_FULL,
	RESULT_LAST_ADMIN, /* nobody would be left who may do everything */
	RESULT_OLD_PASSWORD, /* it is wrong, or not given for one's own */
	RESULT_READER, /* a reader's key cannot be done that to: reason is an enum reader_refusal */
	RESULT_COUNT
};

struct message_result {
	struct message_header header;
	uint32_t result; /* enum result */
	uint32_t reason; /* enum reason, for RESULT_REFUSED; see also RESULT_PIN_RULE */
	uint64_t no; /* RecNo of an inserted row */
	struct text256 text; /* for RESULT_BAD_VALUE and RESULT_PIN_RULE */
};

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

struct message_door_command {
	struct message_header header;
	struct message_handle handle;
	uint8_t door; /* index */
	uint8_t command; /* enum door_command */
	struct text64 user_id;
	struct text32 type;
};

struct message_door_query {
	struct message_header header;
	struct message_handle handle;
	uint8_t door;
};

struct message_door_state {
	struct message_header header;
	struct door_state state;
};

/* Also of a group of special days and of a special schedule. */
struct message_schedule_get {
	struct message_header header;
	struct message_handle handle;
	uint32_t no; /* 0 to SCHEDULES_MAX - 1 */
};

struct message_schedule_put {
	struct message_header header;
	struct message_handle handle;
	struct schedule schedule;
};

struct message_schedule {
	struct message_header header;
	struct schedule schedule; /* defined is false where nobody set it */
};

struct message_special_group_put {
	struct message_header header;
	struct message_handle handle;
	struct special_day_group group;
};

struct message_special_group {
	struct message_header header;
	struct special_day_group group; /* defined is false where nobody set it */
};

struct message_special_schedule_put {
	struct message_header header;
	struct message_handle handle;
	struct special_schedule special;
};

struct message_special_schedule {
	struct message_header header;
	struct special_schedule special; /* defined is false where nobody set it */
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

/* --- the raw view of a reader: frames are credentials, role admin only --- */

#define READER_FRAMES_MAX 64 /* that core remembers, of all readers together */
#define MESSAGE_READER_FRAMES_MAX 20

struct message_reader_query {
	struct message_header header;
	struct message_handle handle;
	uint64_t after_no; /* frames with a greater number */
	uint32_t limit; /* 1 to READER_FRAMES_MAX */
	uint8_t reader; /* number */
};

/* A frame that ended at a reader, good or dropped. */
struct reader_frame {
	uint64_t no; /* from 1 since core's start, over all readers */
	int64_t utc_ms; /* of its first edge */
	uint8_t reader; /* number */
	struct frame_verdict verdict; /* of good frames that are no key; count is 0 else */
	struct wiegand_trace trace;
};

/* Oldest first, in as many messages as it needs: the one with last set ends them. */
struct message_reader_frames {
	struct message_header header;
	int64_t since_utc_ms; /* core's start: another one counts frames from 1 again */
	uint64_t oldest_no; /* of those that are remembered, of any reader; 0: none */
	uint64_t last_no;
	struct wiegand_counters counters; /* of the reader, since core's start */
	bool held[2]; /* the line stands low in silence */
	bool last;
	uint32_t count;
	struct reader_frame row[MESSAGE_READER_FRAMES_MAX];
};

/* --- frames of an OSDP line: cards may be in them, role admin only --- */

#define OSDP_TRACED_MAX 256 /* frames that core remembers, of all lines together */
#define MESSAGE_OSDP_FRAMES_MAX 20
#define OSDP_TRACED_BYTES 1440

/* Core remembers frames for OSDP_TRACE_S behind each such request. */
#define OSDP_TRACE_S 10
struct message_osdp_trace {
	struct message_header header;
	struct message_handle handle;
	uint64_t after_no; /* frames with a greater number */
	uint32_t limit; /* 1 to OSDP_TRACED_MAX */
	uint32_t line; /* place in settings.osdp_line */
};

/* A frame on a line, without its mark; keys, digits and templates are overwritten. */
struct osdp_traced {
	uint64_t no; /* from 1 since core's start, over all lines */
	int64_t utc_us; /* of its last byte */
	uint16_t len; /* 7 to OSDP_TRACED_BYTES */
	uint8_t line; /* place in settings.osdp_line */
	bool reply;
	uint8_t bytes[OSDP_TRACED_BYTES];
};

/* Oldest first, in as many messages as it needs: the one with last set ends them. */
struct message_osdp_frames {
	struct message_header header;
	uint64_t oldest_no; /* of those that are remembered, of any line; 0: none */
	uint64_t last_no;
	uint32_t count;
	bool last;
	struct osdp_traced row[MESSAGE_OSDP_FRAMES_MAX];
};

/* --- keys of OSDP readers: role admin only --- */

#define READER_WINDOW_MAX_S 600 /* of a pairing */
#define READER_ORDER_KEY_SIZE 16 /* bytes */

/* What is to be done to a reader's key. The handle's operation says what. */
struct message_reader_order {
	struct message_header header;
	struct message_handle handle;
	uint8_t reader; /* number */
	uint16_t window_s; /* CGI_READER_PAIR: 1 to READER_WINDOW_MAX_S; else 0 */
	uint8_t key[READER_ORDER_KEY_SIZE]; /* CGI_READER_KEY; else zeros */
};

enum reader_refusal {
	READER_NOT_OSDP = 0,
	READER_IN_CLEAR, /* secure_channel: off */
	READER_PAIRING, /* is being paired or gets another key */
	READER_LINE_PAIRING, /* another one of its line is */
	READER_NOT_SECURE, /* rotation needs a session */
	READER_KEY_WEAK,
	READER_NO_PAIRING, /* to be cancelled */
	READER_HAS_KEY, /* and is online with it: nothing to pair */
	READER_CANCELLED,
	READER_OFFLINE, /* takes no file then */
	READER_NO_FILES, /* is no OSDP reader */
	READER_FILE_BUSY, /* another one is under way */
	READER_FILE_NONE, /* none of this reader, or begun by somebody else */
	READER_FILE_ORDER, /* the offset is not what came so far */
	READER_FILE_LONG, /* more than was said */
	READER_FILE_MEMORY,
	READER_REFUSAL_COUNT
};

const char *reader_refusal_sentence(enum reader_refusal refusal);

/* --- files for OSDP readers: role admin only --- */

#define READER_FILE_MAX (1 << 20) /* bytes */
#define READER_FILE_PART_MAX 16384 /* bytes */

/* The handle's operation says what is asked; CGI_READER_FILE_GET is answered with the state. */
struct message_reader_file {
	struct message_header header;
	struct message_handle handle;
	uint8_t reader; /* number */
	uint8_t type; /* BEGIN: of osdp_FILETRANSFER, 1 to 255; else 0 */
	uint32_t size; /* BEGIN: bytes of the file, 1 to READER_FILE_MAX; else 0 */
	uint32_t offset; /* PART: below READER_FILE_MAX; else 0 */
	uint32_t len; /* PART: 1 to READER_FILE_PART_MAX; else 0 */
	uint8_t bytes[READER_FILE_PART_MAX];
};

enum reader_file_state {
	READER_FILE_IDLE = 0, /* there was none for this reader since core's start */
	READER_FILE_RECEIVING, /* its parts are coming */
	READER_FILE_STARTING, /* all is here, the audit is being written */
	READER_FILE_SENDING,
	READER_FILE_FINISHING, /* all is sent, the reader works on it */
	READER_FILE_DONE,
	READER_FILE_REFUSED, /* by the reader: status says why */
	READER_FILE_BROKEN, /* the reader went offline, or it was cancelled */
	READER_FILE_STATE_COUNT
};

struct message_reader_file_state {
	struct message_header header;
	uint8_t state; /* enum reader_file_state */
	uint8_t type;
	int16_t status; /* DONE, REFUSED: of FTSTAT, or OSDP_BUS_FILE_NAK less the NAK's code */
	uint32_t size; /* bytes */
	uint32_t received; /* bytes, by core */
	uint32_t sent; /* bytes that the reader has taken */
};

/* --- the first account --- */

#define CLAIM_PASSWORD_MIN 8 /* bytes */

struct message_claim {
	struct message_header header;
	uint8_t peer_address[16]; /* IPv6, or IPv4 mapped into it: the source for throttling */
	struct text32 code; /* as it was typed */
	struct text128 password; /* of `admin`: CLAIM_PASSWORD_MIN bytes or more */
};

/* --- how the controller does --- */

#define STATUS_BUCKETS 64 /* LATENCY_BUCKETS of platform/heartbeat.h */
#define STATUS_LATENCIES 4 /* LATENCY_COUNT */

struct status_latency {
	uint32_t bucket[STATUS_BUCKETS];
	uint64_t sum_us;
};

struct status_role {
	uint64_t ends; /* that nobody asked for, since the supervisor's start */
	int64_t latest_ns; /* CLOCK_BOOTTIME; 0: never */
};

struct status_door {
	uint8_t index;
	struct door_state state;
};

/* How far the pairing of an OSDP reader is. */
enum pairing_state {
	PAIRING_NONE = 0,
	PAIRING_SAVING, /* the new key is on its way to the disk */
	PAIRING_OPEN, /* and then on its way to the reader */
	PAIRING_FINISHING, /* it works; or the keys are to be forgotten: on the way to the disk */
	PAIRING_STATE_COUNT
};

struct status_osdp {
	uint8_t pairing; /* enum pairing_state */
	uint8_t pair_failed; /* enum osdp_why: how the latest pairing failed; 0: it did not */
	bool port; /* the line's port is there */
	bool has_key;
	int64_t window_until_ns; /* CLOCK_BOOTTIME; 0: no pairing window */
	struct osdp_reader_status reader;
};

struct status_reader {
	uint8_t number;
	bool is_osdp; /* which of the union */
	bool held[2]; /* the line stands low in silence; never of an OSDP reader */
	union {
		struct wiegand_counters counters; /* since core's start */
		struct status_osdp osdp;
	};
};

/*
 * All of it at about one instant. MESSAGE_STATUS_QUERY with a handle of zeros is answered where the
 * settings let some network read metrics without an account.
 */
struct message_status {
	struct message_header header;
	int64_t utc_ms;
	int64_t boot_ns; /* CLOCK_BOOTTIME, with which the other ones compare */
	int64_t started_ns; /* of the supervisor */
	int64_t core_started_ns;
	bool clock_trusted;
	bool store_failed;
	bool has_backup; /* the two below */
	int64_t backup_utc_s; /* of the latest `posternd backup` */
	uint64_t backup_rec_no; /* the newest record in it */
	bool has_records_days_left; /* false: the store is closed */
	uint32_t records_days_left; /* until the oldest record is overwritten; at most 36500 */
	uint64_t last_rec_no; /* of the newest record, kept or not */
	uint64_t oldest_rec_no; /* kept; last_rec_no + 1: none is */
	uint64_t last_seq;
	uint64_t oldest_seq;
	uint64_t entries_waiting; /* for the disk */
	uint32_t persons;
	int64_t slow_ns; /* CLOCK_BOOTTIME when a record was late the last time; 0: never */
	uint64_t core_resident_bytes;
	uint64_t core_cpu_us;
	struct status_role role[ROLE_COUNT];
	struct status_latency latency[STATUS_LATENCIES]; /* by enum latency */
	uint64_t entries[JOURNAL_KIND_COUNT]; /* since the supervisor's start, by kind */
	uint64_t decisions[REASON_COUNT]; /* cards and PINs, by reason */
	uint32_t door_count;
	uint32_t reader_count;
	struct status_door door[DOORS_MAX]; /* configured ones, by index */
	struct status_reader reader[READERS_MAX]; /* configured ones, by number */
};

/* --- accounts --- */

#define ACCOUNTS_MAX 128
#define ACCOUNT_NAME_MAX 32

/*
 * Letters, digits, '.', '_', '-' and '@', 1 to ACCOUNT_NAME_MAX: what needs no quoting in a log-in
 * and looks like what it is.
 */
bool account_name_valid(struct span name);

enum account_change {
	ACCOUNT_CHANGE_ADD = 0, /* name, role, password */
	ACCOUNT_CHANGE_PASSWORD, /* name, password; old_password for one's own */
	ACCOUNT_CHANGE_ROLE, /* name, role */
	ACCOUNT_CHANGE_COUNT
};

struct message_account_put {
	struct message_header header;
	struct message_handle handle;
	uint8_t change; /* enum account_change */
	uint8_t role; /* enum account_role */
	bool has_old_password;
	struct text32 name;
	struct text128 password; /* CLAIM_PASSWORD_MIN bytes or more; empty for _ROLE */
	struct text128 old_password;
};

struct message_account_name {
	struct message_header header;
	struct message_handle handle;
	struct text32 name; /* ACCOUNT_QUERY: empty for all */
};

struct account_row {
	struct text32 name;
	uint8_t role; /* enum account_role */
};

struct message_account_rows {
	struct message_header header;
	uint32_t count;
	struct account_row row[ACCOUNTS_MAX];
};

/* --- the audit --- */

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

enum line_kind {
	LINE_DATA0 = 0, /* of a reader; level 0 is the pulse */
	LINE_DATA1,
	LINE_TAMPER, /* of a reader; level 1 is tampered */
	LINE_CONTACT, /* of a door; level 1 is open */
	LINE_REX, /* of a door; level 1 is pressed */
	LINE_KIND_COUNT
};

struct line_event {
	int64_t at_ns; /* CLOCK_MONOTONIC, as the kernel's GPIO stamps edges */
	uint8_t kind; /* enum line_kind */
	uint8_t at; /* reader number, or door index */
	uint8_t level;
};

#define MESSAGE_LINE_EVENTS_MAX 512

struct message_line_events {
	struct message_header header;
	uint32_t count;
	uint32_t lost; /* events the sender had to drop before these */
	struct line_event event[MESSAGE_LINE_EVENTS_MAX];
};

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
