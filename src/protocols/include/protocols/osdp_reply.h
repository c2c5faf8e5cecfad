/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data of OSDP replies, device to panel; rules in osdp_message.h. Some replies need no type: ACK
 * and BUSY have no data, ISTATR, OSTATR and RSTATR are one byte an input (enum osdp_input), output
 * (0, 1) and reader (enum osdp_reader_state), COM is osdp_com, MFGREP is osdp_mfg, XRD is osdp_x,
 * PIVDATAR, GENAUTHR, CRAUTHR and EXT_PDID are parts (osdp_part.h). Bytes behind what a reply says
 * it has are left out: readers in the field send them.
 */
#pragma once

#include "base/bits.h"
#include "base/buf.h"
#include "protocols/osdp_command.h"

struct osdp_nak_reply {
	uint8_t code; /* enum osdp_nak */
	struct span detail; /* mostly empty */
};

bool osdp_nak_decode(struct span data, struct osdp_nak_reply *ret);
void osdp_nak_encode(struct buf *out, const struct osdp_nak_reply *nak);

struct osdp_pdid {
	uint8_t vendor[OSDP_VENDOR_SIZE]; /* as sent */
	uint8_t model;
	uint8_t version; /* of the hardware */
	uint32_t serial;
	uint8_t firmware[3]; /* major, minor, build */
};

bool osdp_pdid_decode(struct span data, struct osdp_pdid *ret);
void osdp_pdid_encode(struct buf *out, const struct osdp_pdid *pdid);

enum osdp_function {
	OSDP_FUNCTION_INPUTS = 1,
	OSDP_FUNCTION_OUTPUTS = 2,
	OSDP_FUNCTION_CARD_FORMAT = 3,
	OSDP_FUNCTION_LED = 4,
	OSDP_FUNCTION_AUDIBLE = 5,
	OSDP_FUNCTION_TEXT = 6,
	OSDP_FUNCTION_TIME = 7, /* deprecated */
	OSDP_FUNCTION_CHECK = 8, /* compliance 1: CRC */
	OSDP_FUNCTION_SECURITY = 9, /* compliance bit 0: AES-128; number bit 0: SCBK-D is in use */
	OSDP_FUNCTION_RECEIVE_SIZE = 10, /* LSB, MSB: osdp_pdcap_size */
	OSDP_FUNCTION_MESSAGE_SIZE = 11, /* LSB, MSB: osdp_pdcap_size */
	OSDP_FUNCTION_SMART_CARD = 12, /* compliance bit 0: transparent mode */
	OSDP_FUNCTION_READERS = 13,
	OSDP_FUNCTION_BIOMETRICS = 14,
	OSDP_FUNCTION_SECURE_PIN = 15,
	OSDP_FUNCTION_VERSION = 16, /* 1: IEC 60839-11-5, 2: SIA 2.2 */
	OSDP_FUNCTION_17 = 17, /* means two things: a hint only */
};

struct osdp_pdcap {
	uint8_t function; /* enum osdp_function; others are ignored */
	uint8_t compliance;
	uint8_t number;
};

bool osdp_pdcap_next(struct span *rest, struct osdp_pdcap *ret);
void osdp_pdcap_encode(struct buf *out, const struct osdp_pdcap *pdcap);

static inline uint16_t osdp_pdcap_size(const struct osdp_pdcap *pdcap)
{
	return (uint16_t)(pdcap->compliance | pdcap->number << 8);
}

struct osdp_lstatr {
	bool tamper;
	bool power; /* failure, or the device was just switched on */
};

bool osdp_lstatr_decode(struct span data, struct osdp_lstatr *ret);
void osdp_lstatr_encode(struct buf *out, const struct osdp_lstatr *lstatr);

enum osdp_input {
	OSDP_INPUT_INACTIVE = 0,
	OSDP_INPUT_ACTIVE,
	OSDP_INPUT_SHORT, /* from here on since 2.2.2 */
	OSDP_INPUT_OPEN,
	OSDP_INPUT_FAULT,
	OSDP_INPUT_UNKNOWN,
};

enum osdp_reader_state {
	OSDP_READER_NORMAL = 0,
	OSDP_READER_NOT_CONNECTED,
	OSDP_READER_TAMPER,
};

struct osdp_raw {
	uint8_t reader;
	uint8_t format; /* 0 unspecified, 1 with parity as Wiegand sends it */
	uint16_t bit_count;
	struct span bytes; /* (bit_count + 7) / 8; the first bit is the first byte's highest */
};

bool osdp_raw_decode(struct span data, struct osdp_raw *ret);
/* bytes must be (bit_count + 7) / 8 long (else overflow); bits behind the last are written as 0. */
void osdp_raw_encode(struct buf *out, const struct osdp_raw *raw);
/* False: no bit, or more than CARD_BITS_MAX. */
bool osdp_raw_bits(const struct osdp_raw *raw, struct card_bits *ret);

/* FMT: deprecated, read by panels. */
struct osdp_fmt {
	uint8_t reader;
	uint8_t direction; /* makers disagree about the values */
	struct span characters; /* 0 to 255 */
};

bool osdp_fmt_decode(struct span data, struct osdp_fmt *ret);
void osdp_fmt_encode(struct buf *out, const struct osdp_fmt *fmt);

#define OSDP_KEY_ENTER 0x0D /* '#' */
#define OSDP_KEY_CLEAR 0x7F /* '*' */

struct osdp_keypad {
	uint8_t reader;
	struct span keys; /* '0' to '9', OSDP_KEY_*, 'A' to 'D' for F1 to F4; 0 to 255 */
};

bool osdp_keypad_decode(struct span data, struct osdp_keypad *ret);
void osdp_keypad_encode(struct buf *out, const struct osdp_keypad *keypad);

enum osdp_bio_status { OSDP_BIO_OK = 0, OSDP_BIO_TIMEOUT = 1, OSDP_BIO_UNKNOWN = 0xFF };

struct osdp_bioreadr {
	uint8_t reader;
	uint8_t status; /* enum osdp_bio_status */
	uint8_t type;
	uint8_t quality;
	struct span data; /* the template; readers that leave out its length are understood */
};

bool osdp_bioreadr_decode(struct span data, struct osdp_bioreadr *ret);
void osdp_bioreadr_encode(struct buf *out, const struct osdp_bioreadr *bioreadr);

struct osdp_biomatchr {
	uint8_t reader;
	uint8_t status; /* enum osdp_bio_status */
	uint8_t score;
};

bool osdp_biomatchr_decode(struct span data, struct osdp_biomatchr *ret);
void osdp_biomatchr_encode(struct buf *out, const struct osdp_biomatchr *biomatchr);

/* One field of EXT_PDID, of all parts together. */
enum osdp_identity_tag {
	OSDP_IDENTITY_MAKER = 0,
	OSDP_IDENTITY_PRODUCT,
	OSDP_IDENTITY_SERIAL,
	OSDP_IDENTITY_FIRMWARE, /* may come more than once */
	OSDP_IDENTITY_HARDWARE,
	OSDP_IDENTITY_URL,
	OSDP_IDENTITY_CONFIGURATION,
};

struct osdp_identity {
	uint8_t tag; /* enum osdp_identity_tag */
	struct span value; /* UTF-8, not checked */
};

bool osdp_identity_next(struct span *rest, struct osdp_identity *ret);
void osdp_identity_encode(struct buf *out, const struct osdp_identity *identity);

#define OSDP_FTSTAT_INTERLEAVE 0x01 /* other commands may go between fragments */
#define OSDP_FTSTAT_LEAVE_SECURE 0x02 /* asks to go on in clear: never done */
#define OSDP_FTSTAT_POLL 0x04 /* a poll will find an answer */

enum osdp_ftstat_status {
	OSDP_FTSTAT_ABORT = -1,
	OSDP_FTSTAT_UNRECOGNISED = -2,
	OSDP_FTSTAT_MALFORMED = -3,
	OSDP_FTSTAT_PROCEED = 0,
	OSDP_FTSTAT_PROCESSED = 1,
	OSDP_FTSTAT_REBOOTING = 2,
	OSDP_FTSTAT_FINISHING = 3, /* ask again with an empty fragment */
};

struct osdp_ftstat {
	uint8_t flags; /* OSDP_FTSTAT_INTERLEAVE .. */
	uint16_t delay_ms; /* before the next FILETRANSFER */
	int16_t status; /* enum osdp_ftstat_status; any negative one is a failure */
	uint16_t frame_max; /* longest frame from now on, bytes; 0: as before */
};

bool osdp_ftstat_decode(struct span data, struct osdp_ftstat *ret);
void osdp_ftstat_encode(struct buf *out, const struct osdp_ftstat *ftstat);
