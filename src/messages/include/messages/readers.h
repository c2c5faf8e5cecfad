/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: what they send, their keys, and files for them. Role admin only. */
#pragma once

#include "domain/frame_verdict.h"
#include "messages/requests.h"
#include "protocols/wiegand_trace.h"

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
