/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File transfer over OSDP as a state machine for each side. The bytes of the file stay with the
 * caller; here is only which ones are next and what an answer means. Time is given in, nanoseconds.
 */
#pragma once

#include "protocols/osdp_command.h"
#include "protocols/osdp_reply.h"

enum osdp_file_type {
	OSDP_FILE_OPAQUE = 1, /* firmware and the like */
	OSDP_FILE_BIO_TEMPLATE = 2,
	OSDP_FILE_DISPLAY = 3,
	/* 0x80 and above: private */
};

/* --- panel --- */

struct osdp_file_send {
	uint8_t type;
	bool exclusive; /* the device wants no other command meanwhile (polls neither) */
	bool finishing; /* all is sent and the device works on it */
	uint32_t total; /* bytes */
	uint32_t offset; /* bytes that the device has taken: the progress */
	uint16_t in_flight; /* bytes of the fragment whose answer is awaited */
	uint16_t fragment_max; /* bytes; follows what the device says */
	int64_t not_before_ns; /* of the next fragment */
};

enum osdp_file_result {
	OSDP_FILE_MORE = 0, /* go on with the next fragment, not before not_before_ns */
	OSDP_FILE_DONE, /* all taken; processed if the device has such a state */
	OSDP_FILE_REBOOTING, /* all taken; the device leaves the line for a while */
	OSDP_FILE_FAILED, /* ftstat->status says why */
};

/*
 * fragment_max: osdp_frame_data_max of what the device takes, less OSDP_FILETRANSFER_HEAD; at
 * least 1. total: at least 1.
 */
void osdp_file_send_init(
	struct osdp_file_send *send, uint8_t type, uint32_t total, uint16_t fragment_max);

/*
 * The next command: *ret_offset and *ret_len (0 while finishing) are the bytes of the file to be
 * put in it. False: not yet. To be called once for each command; a command without an answer is
 * repeated from its kept bytes.
 */
bool osdp_file_send_next(
	struct osdp_file_send *send, int64_t now_ns, uint32_t *ret_offset, uint16_t *ret_len);

/* All bytes are sent: a device that falls silent now may be rebooting; the last is not repeated. */
bool osdp_file_send_is_last(const struct osdp_file_send *send);

/* secure: whether frames are, for what frame_max of the answer leaves of a fragment. */
enum osdp_file_result osdp_file_send_answer(
	struct osdp_file_send *send, const struct osdp_ftstat *ftstat, bool secure, int64_t now_ns);

/* --- device --- */

struct osdp_file_receive {
	uint8_t type; /* 0: none has begun */
	uint32_t total;
	uint32_t offset; /* bytes taken */
	uint32_t total_max; /* larger files are refused */
};

enum osdp_file_step {
	OSDP_FILE_TAKEN = 0, /* store the fragment at its offset; more is to come */
	OSDP_FILE_LAST, /* store it: the file is whole */
	OSDP_FILE_ASKED, /* an empty fragment: how far is it? */
	OSDP_FILE_REFUSED, /* out of order, too large, of no length: begun anew */
};

/* total_max: bytes, at least 1. */
void osdp_file_receive_init(struct osdp_file_receive *receive, uint32_t total_max);

/*
 * A FILETRANSFER. *ret_answer is what to say if the caller has nothing else to say (PROCEED,
 * PROCESSED when whole, ABORT or MALFORMED when refused; interleaving allowed). A fragment with
 * offset 0 begins anew.
 */
enum osdp_file_step osdp_file_receive_take(struct osdp_file_receive *receive,
	const struct osdp_filetransfer *filetransfer, struct osdp_ftstat *ret_answer);
