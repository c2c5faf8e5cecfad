/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSDP frames (IEC 60839-11-5, SIA OSDP 2.2): bytes of a line to frames and back, for both sides.
 *
 *   53 | address, 0x80 on replies | LEN LE | CTRL | [security block] | code | data | [MAC] | check
 *
 * A frame's spans point into the bytes that it was read from, or into its maker's memory.
 */
#pragma once

#include "base/span.h"

#define OSDP_MARK 0xFF /* one before each frame on the line; in no length, check or MAC */
#define OSDP_SOM 0x53
#define OSDP_FRAME_MIN 7 /* bytes, with a checksum; 8 with a CRC */
#define OSDP_FRAME_MAX 1440
#define OSDP_FRAME_SAFE 128 /* every device takes a frame of this length */
#define OSDP_ADDRESS_MAX 0x7E
#define OSDP_ADDRESS_CONFIG 0x7F /* whoever is alone on the line; for ID, CAP and COMSET only */
#define OSDP_MAC_WIRE_SIZE 4 /* bytes of a MAC that are sent */

enum osdp_block_type {
	OSDP_BLOCK_NONE = 0,
	OSDP_SCS_11 = 0x11, /* CHLNG; one byte of data: 0 SCBK-D, 1 SCBK */
	OSDP_SCS_12, /* CCRYPT; the same byte */
	OSDP_SCS_13, /* SCRYPT; the same byte */
	OSDP_SCS_14, /* RMAC_I; 01 accepted, FF refused */
	OSDP_SCS_15, /* command without data, MAC */
	OSDP_SCS_16, /* reply without data, MAC */
	OSDP_SCS_17, /* command with encrypted data, MAC */
	OSDP_SCS_18, /* reply with encrypted data, MAC */
	/* 0x21 to 0x28: a later secure channel. Its frames are cut (16-byte tag with 25 to 28). */
};

struct osdp_frame {
	uint8_t address; /* 0 to 0x7F */
	bool reply;
	uint8_t sequence; /* 0 to 3 */
	bool use_crc; /* else a checksum */
	bool has_security_block;
	uint8_t block_type; /* enum osdp_block_type, or what the line said; 0 without a block */
	struct span block; /* its data, behind length and type: at most 253 bytes */
	uint8_t code; /* enum osdp_command or osdp_reply */
	struct span data; /* as on the line: encrypted with SCS_17 and SCS_18 */
	struct span mac; /* 4 bytes with SCS_15 to SCS_18 (16 with 25 to 28), else empty */
	struct span bytes; /* of a frame that was read: all of it, SOM to check; not built from */
};

enum osdp_frame_result {
	OSDP_FRAME_OK = 0,
	OSDP_FRAME_SHORT, /* a good beginning; more bytes are needed */
	OSDP_FRAME_START, /* the first byte is no SOM */
	OSDP_FRAME_LENGTH, /* LEN is not 7 (8 with a CRC) to 1440 */
	OSDP_FRAME_CONTROL, /* a bit above 3 in CTRL is set */
	OSDP_FRAME_CHECK, /* checksum or CRC wrong */
	OSDP_FRAME_BLOCK, /* the security block, with code and MAC, is not within the frame */
};

/* CRC-16, polynomial 1021, start 1D0F, nothing reflected; the low byte is sent first. */
uint16_t osdp_crc(struct span bytes);

/* Two's complement of the sum: a whole frame adds up to 0. */
uint8_t osdp_checksum(struct span bytes);

/*
 * Reads the frame at the beginning of bytes; what stands behind it is not looked at. With OK *ret
 * is whole and ret->bytes says how long it is. With CHECK and BLOCK address, reply, sequence,
 * use_crc and bytes are set (for a NAK; address and sequence of CHECK may be what is wrong), the
 * rest is empty. With other results *ret is empty.
 */
enum osdp_frame_result osdp_frame_parse(struct span bytes, struct osdp_frame *ret);

/*
 * Writes the frame without a mark byte. Returns its length, or 0 when it is longer than capacity or
 * OSDP_FRAME_MAX; *out is then unchanged. frame->mac is written as it is, empty or not; block and
 * block_type count with has_security_block only. Asserts address, sequence and the block's length.
 */
size_t osdp_frame_build(const struct osdp_frame *frame, uint8_t *out, size_t capacity);

/*
 * The most bytes of data a frame of at most frame_max bytes carries, with a CRC: in clear
 * frame_max - 8; within a secure channel, where data is padded to 16, 111 of 128. 0: none.
 */
size_t osdp_frame_data_max(size_t frame_max, bool secure);

/* --- from a line --- */

struct osdp_receiver {
	uint8_t bytes[OSDP_FRAME_MAX];
	uint16_t begin; /* bytes[begin..end) are not judged yet; the first is a SOM, or none is
			   there */
	uint16_t end;
	uint16_t given; /* length of the frame that the latest call gave out */
	bool silent; /* private: osdp_receiver_silence was called */
	enum osdp_frame_result error; /* of the latest OSDP_RECEIVER_BAD */
	uint64_t skipped; /* bytes outside good frames since the start, marks (FF) not counted */
	uint64_t bad; /* how often OSDP_RECEIVER_BAD was given */
};

enum osdp_receiver_result {
	OSDP_RECEIVER_MORE = 0, /* all input is taken; no frame is complete */
	OSDP_RECEIVER_FRAME, /* *ret_frame, until the next call */
	/*
	 * What began like a frame and is as long as it says is none (receiver->error: CHECK or
	 * BLOCK; *ret_frame as osdp_frame_parse leaves it). Frames inside it are found all the
	 * same.
	 */
	OSDP_RECEIVER_BAD,
};

/* Nothing received; counters 0. */
void osdp_receiver_init(struct osdp_receiver *receiver);

/*
 * Takes bytes from *input and moves it on; call again with what is left until MORE. Anything but a
 * good frame is skipped byte by byte, so that no good frame behind noise is lost.
 */
enum osdp_receiver_result osdp_receiver_take(
	struct osdp_receiver *receiver, struct span *input, struct osdp_frame *ret_frame);

/* A frame has begun: the inter-character time (20 ms; 150 ms over USB) is to be watched. */
bool osdp_receiver_pending(const struct osdp_receiver *receiver);

/*
 * The line was silent for longer than the inter-character time: what has begun is no frame. Call
 * osdp_receiver_take until MORE after it (empty input will do): a good frame that stood inside
 * comes out. To be called before a reply is given up.
 */
void osdp_receiver_silence(struct osdp_receiver *receiver);

/* Forgets what came so far; the counters stay. Before each command of a panel, say. */
void osdp_receiver_reset(struct osdp_receiver *receiver);
