/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All commands and replies of OSDP 2.2 in one table: code, name, how much data, what may go in
 * clear. Names, traces and checks of both sides come from it. Codes are of one number space in each
 * direction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum osdp_command {
	OSDP_POLL = 0x60,
	OSDP_ID = 0x61,
	OSDP_CAP = 0x62,
	OSDP_DIAG = 0x63, /* withdrawn */
	OSDP_LSTAT = 0x64,
	OSDP_ISTAT = 0x65,
	OSDP_OSTAT = 0x66,
	OSDP_RSTAT = 0x67,
	OSDP_OUT = 0x68,
	OSDP_LED = 0x69,
	OSDP_BUZ = 0x6A,
	OSDP_TEXT = 0x6B,
	OSDP_RMODE = 0x6C, /* deprecated */
	OSDP_TDSET = 0x6D, /* deprecated */
	OSDP_COMSET = 0x6E,
	OSDP_DATA = 0x6F, /* not used */
	OSDP_BIOREAD = 0x73,
	OSDP_BIOMATCH = 0x74,
	OSDP_KEYSET = 0x75,
	OSDP_CHLNG = 0x76,
	OSDP_SCRYPT = 0x77,
	OSDP_ACURXSIZE = 0x7B,
	OSDP_FILETRANSFER = 0x7C,
	OSDP_MFG = 0x80,
	OSDP_XWR = 0xA1,
	OSDP_ABORT = 0xA2,
	OSDP_PIVDATA = 0xA3,
	OSDP_GENAUTH = 0xA4,
	OSDP_CRAUTH = 0xA5,
	OSDP_KEEPACTIVE = 0xA7,
};

enum osdp_reply {
	OSDP_ACK = 0x40,
	OSDP_NAK = 0x41,
	OSDP_PDID = 0x45,
	OSDP_PDCAP = 0x46,
	OSDP_LSTATR = 0x48,
	OSDP_ISTATR = 0x49,
	OSDP_OSTATR = 0x4A,
	OSDP_RSTATR = 0x4B,
	OSDP_RAW = 0x50,
	OSDP_FMT = 0x51, /* deprecated */
	OSDP_KEYPAD = 0x53,
	OSDP_COM = 0x54,
	OSDP_BIOREADR = 0x57,
	OSDP_BIOMATCHR = 0x58,
	OSDP_EXT_PDID = 0x59,
	OSDP_CCRYPT = 0x76,
	OSDP_RMAC_I = 0x78,
	OSDP_BUSY = 0x79, /* sequence 0, always in clear */
	OSDP_FTSTAT = 0x7A,
	OSDP_PIVDATAR = 0x80,
	OSDP_GENAUTHR = 0x81,
	OSDP_CRAUTHR = 0x82,
	OSDP_MFGSTATR = 0x83, /* deprecated */
	OSDP_MFGERRR = 0x84, /* deprecated */
	OSDP_MFGREP = 0x90,
	OSDP_XRD = 0xB1,
};

/* Why a device refuses: first byte of OSDP_NAK. 0 is never sent. */
enum osdp_nak {
	OSDP_NAK_CHECK = 1,
	OSDP_NAK_LENGTH = 2,
	OSDP_NAK_COMMAND = 3, /* unknown or unsupported */
	OSDP_NAK_SEQUENCE = 4, /* a panel takes it with any sequence number */
	OSDP_NAK_SECURITY_BLOCK = 5, /* unsupported, no such key, or cryptogram wrong */
	OSDP_NAK_SECURE_CHANNEL = 6, /* is required, or there is no session */
	OSDP_NAK_BIO_TYPE = 7,
	OSDP_NAK_BIO_FORMAT = 8,
	OSDP_NAK_RECORD = 9, /* cannot process it */
	OSDP_NAK_GENERIC = 0xFF,
};

enum osdp_clear {
	/* May go in clear, but for the secure channel: what identifies a device and opens sessions.
	 */
	OSDP_CLEAR_ALWAYS = 0,
	/* In clear only with a reader that our own configuration lets do without secure channel. */
	OSDP_CLEAR_UNSECURED,
	OSDP_CLEAR_NEVER,
};

struct osdp_code {
	uint8_t code;
	bool reply;
	const char *name; /* "POLL" */
	uint16_t data_min; /* bytes of decrypted data */
	uint16_t data_max;
	uint8_t data_step; /* length is data_min + n * data_step */
	uint8_t clear; /* enum osdp_clear */
	bool config; /* may go to OSDP_ADDRESS_CONFIG, or come from there */
	bool deprecated; /* read, never sent */
};

/* The whole table: commands by code, then replies by code. */
const struct osdp_code *osdp_code_table(size_t *ret_count);

/* NULL: no such code in this direction. */
const struct osdp_code *osdp_code_find(bool reply, uint8_t code);

/* "POLL", "PDID"; "?" of an unknown code. */
const char *osdp_code_name(bool reply, uint8_t code);

/* Whether so many bytes of (decrypted) data are right for it. */
bool osdp_code_length_fits(const struct osdp_code *code, size_t data_len);

/* What a NAK's code means, for people: "unknown command". "unknown reason" of one not listed. */
const char *osdp_nak_text(uint8_t nak);
