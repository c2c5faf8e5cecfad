/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data of OSDP commands, panel to device; rules in osdp_message.h. Commands without a type here
 * have no data (POLL, LSTAT, ISTAT, OSTAT, RSTAT, ABORT), are of the handshake (CHLNG, SCRYPT), or
 * are withdrawn. A decoder takes exactly what the code's length says: else the answer is NAK 02.
 */
#pragma once

#include "base/buf.h"

#define OSDP_OUT_SIZE 4 /* bytes of a record */
#define OSDP_LED_SIZE 14
#define OSDP_VENDOR_SIZE 3

/* ID and CAP. Some panels send no data: as 0. */
struct osdp_ask {
	uint8_t form; /* 0 standard; ID: 1 extended */
};

bool osdp_ask_decode(struct span data, struct osdp_ask *ret);
void osdp_ask_encode(struct buf *out, const struct osdp_ask *ask);

enum osdp_out_code {
	OSDP_OUT_NOP = 0,
	OSDP_OUT_OFF = 1, /* for good; a timer that runs ends */
	OSDP_OUT_ON = 2,
	OSDP_OUT_OFF_AFTER_TIMER = 3, /* for good; a timer that runs goes on */
	OSDP_OUT_ON_AFTER_TIMER = 4,
	OSDP_OUT_ON_FOR_TIMER = 5, /* then as the permanent state says */
	OSDP_OUT_OFF_FOR_TIMER = 6,
};

struct osdp_out {
	uint8_t output; /* from 0 */
	uint8_t code; /* enum osdp_out_code */
	uint16_t timer_100ms;
};

bool osdp_out_next(struct span *rest, struct osdp_out *ret);
void osdp_out_encode(struct buf *out, const struct osdp_out *output);

enum osdp_colour {
	OSDP_COLOUR_OFF = 0,
	OSDP_COLOUR_RED,
	OSDP_COLOUR_GREEN,
	OSDP_COLOUR_AMBER,
	OSDP_COLOUR_BLUE,
	OSDP_COLOUR_MAGENTA, /* from here on since 2.2 */
	OSDP_COLOUR_CYAN,
	OSDP_COLOUR_WHITE,
};

enum osdp_led_temporary {
	OSDP_LED_TEMPORARY_NOP = 0,
	OSDP_LED_TEMPORARY_CANCEL = 1, /* show the permanent state */
	OSDP_LED_TEMPORARY_SET = 2, /* and start the timer, which is never sent as 0 */
};

enum osdp_led_permanent { OSDP_LED_PERMANENT_NOP = 0, OSDP_LED_PERMANENT_SET = 1 };

struct osdp_blink {
	uint8_t code; /* enum osdp_led_temporary or osdp_led_permanent; NOP: the rest says nothing
		       */
	uint8_t on_100ms; /* at least 1 with SET */
	uint8_t off_100ms; /* 0: steady */
	uint8_t on_colour; /* enum osdp_colour */
	uint8_t off_colour;
};

struct osdp_led {
	uint8_t reader; /* from 0, of the device */
	uint8_t led; /* from 0 */
	struct osdp_blink temporary;
	uint16_t timer_100ms; /* of temporary */
	struct osdp_blink permanent;
};

bool osdp_led_next(struct span *rest, struct osdp_led *ret);
void osdp_led_encode(struct buf *out, const struct osdp_led *led);

enum osdp_tone { OSDP_TONE_NONE = 0, OSDP_TONE_OFF = 1, OSDP_TONE_DEFAULT = 2 };

struct osdp_buz {
	uint8_t reader;
	uint8_t tone; /* enum osdp_tone */
	uint8_t on_100ms; /* at least 1, unless off */
	uint8_t off_100ms;
	uint8_t count; /* 0: until told otherwise */
};

bool osdp_buz_decode(struct span data, struct osdp_buz *ret);
void osdp_buz_encode(struct buf *out, const struct osdp_buz *buz);

enum osdp_text_command {
	OSDP_TEXT_PERMANENT = 1,
	OSDP_TEXT_PERMANENT_WRAP = 2,
	OSDP_TEXT_TEMPORARY = 3,
	OSDP_TEXT_TEMPORARY_WRAP = 4,
};

struct osdp_text {
	uint8_t reader;
	uint8_t command; /* enum osdp_text_command */
	uint8_t temporary_s;
	uint8_t row; /* from 1 */
	uint8_t column; /* from 1 */
	struct span text; /* 0 to 255 bytes, ASCII 20 to 7E */
};

bool osdp_text_decode(struct span data, struct osdp_text *ret);
void osdp_text_encode(struct buf *out, const struct osdp_text *text);

/* TDSET: deprecated, read by devices. */
struct osdp_tdset {
	uint16_t year;
	uint8_t month; /* 1 to 12 */
	uint8_t day;
	uint8_t hour;
	uint8_t minute;
	uint8_t second;
};

bool osdp_tdset_decode(struct span data, struct osdp_tdset *ret);
void osdp_tdset_encode(struct buf *out, const struct osdp_tdset *tdset);

/* COMSET, and COM: what the device will really use, sent with the old settings. */
struct osdp_com {
	uint8_t address;
	uint32_t baud;
};

bool osdp_com_decode(struct span data, struct osdp_com *ret);
void osdp_com_encode(struct buf *out, const struct osdp_com *com);

struct osdp_bioread {
	uint8_t reader;
	uint8_t type; /* 0 any; which finger, face, iris .. (annex of the standard) */
	uint8_t format; /* 0 any */
	uint8_t quality;
};

bool osdp_bioread_decode(struct span data, struct osdp_bioread *ret);
void osdp_bioread_encode(struct buf *out, const struct osdp_bioread *bioread);

struct osdp_biomatch {
	uint8_t reader;
	uint8_t type;
	uint8_t format;
	uint8_t threshold;
	struct span pattern; /* the template */
};

bool osdp_biomatch_decode(struct span data, struct osdp_biomatch *ret);
void osdp_biomatch_encode(struct buf *out, const struct osdp_biomatch *biomatch);

struct osdp_keyset {
	uint8_t type; /* 1: SCBK, of 16 bytes; others are not for secure channel 1 */
	struct span key; /* 0 to 255 bytes; its owner wipes it */
};

bool osdp_keyset_decode(struct span data, struct osdp_keyset *ret);
void osdp_keyset_encode(struct buf *out, const struct osdp_keyset *keyset);

/* ACURXSIZE: the largest frame the panel takes, bytes. KEEPACTIVE: milliseconds, 0 ends it. */
bool osdp_u16_decode(struct span data, uint16_t *ret);
void osdp_u16_encode(struct buf *out, uint16_t value);

/* MFG and MFGREP. */
struct osdp_mfg {
	uint8_t vendor[OSDP_VENDOR_SIZE]; /* as sent */
	struct span data;
};

bool osdp_mfg_decode(struct span data, struct osdp_mfg *ret);
void osdp_mfg_encode(struct buf *out, const struct osdp_mfg *mfg);

/*
 * XWR and XRD, smart cards in transparent mode. Which codes a reader uses is not agreed on; these
 * are the ones of the reference.
 */
enum osdp_xwr_code {
	OSDP_XWR_MODE_GET = 0x0001, /* mode << 8 | code */
	OSDP_XWR_MODE_SET = 0x0002, /* data: mode, configuration */
	OSDP_XWR_APDU = 0x0101, /* data: reader, APDU */
	OSDP_XWR_TERMINATE = 0x0102, /* data: reader */
	OSDP_XWR_PIN = 0x0103, /* data: reader, .. */
	OSDP_XWR_SCAN = 0x0104, /* data: reader */
};

enum osdp_xrd_code {
	OSDP_XRD_ERROR = 0x0000, /* data: error */
	OSDP_XRD_MODE = 0x0001, /* data: mode, configuration */
	OSDP_XRD_CARD_INFO = 0x0002, /* data: osdp_xrd_card */
	OSDP_XRD_CARD_ERROR = 0x0100, /* data: error */
	OSDP_XRD_CARD_PRESENT = 0x0101, /* data: reader, 0 none 1 present 2 contactless 3 contact */
	OSDP_XRD_CARD_DATA = 0x0102, /* data: reader, status, APDU */
	OSDP_XRD_PIN = 0x0103, /* data: reader, status, tries */
};

struct osdp_x {
	uint16_t code; /* enum osdp_xwr_code or osdp_xrd_code: mode << 8 | code */
	struct span data;
};

bool osdp_x_decode(struct span data, struct osdp_x *ret);
void osdp_x_encode(struct buf *out, const struct osdp_x *x);

struct osdp_xrd_card {
	uint8_t reader;
	uint8_t protocol;
	struct span csn; /* serial number of the card, 0 to 255 bytes */
	struct span data; /* protocol data, 0 to 255 bytes */
};

/* data: of an osdp_x with OSDP_XRD_CARD_INFO. */
bool osdp_xrd_card_decode(struct span data, struct osdp_xrd_card *ret);
void osdp_xrd_card_encode(struct buf *out, const struct osdp_xrd_card *card);

struct osdp_pivdata {
	uint8_t object[3]; /* as sent, MSB first: 5F C1 02 is the CHUID */
	uint8_t element; /* 0: the whole object */
	uint16_t offset;
	bool offset_wide; /* two bytes of offset, as some panels send; 2.2 has one */
};

bool osdp_pivdata_decode(struct span data, struct osdp_pivdata *ret);
/* An offset above 255 is written wide. */
void osdp_pivdata_encode(struct buf *out, const struct osdp_pivdata *pivdata);

/* GENAUTH and CRAUTH, of all parts together (osdp_part.h). */
struct osdp_auth {
	uint8_t algorithm;
	uint8_t key;
	struct span challenge;
};

bool osdp_auth_decode(struct span message, struct osdp_auth *ret);
void osdp_auth_encode(struct buf *out, const struct osdp_auth *auth);

struct osdp_filetransfer {
	uint8_t type; /* enum osdp_file_type */
	uint32_t total; /* bytes of the file */
	uint32_t offset;
	struct span fragment; /* empty: asks how far the device is */
};

#define OSDP_FILETRANSFER_HEAD 11 /* bytes before the fragment */

bool osdp_filetransfer_decode(struct span data, struct osdp_filetransfer *ret);
void osdp_filetransfer_encode(struct buf *out, const struct osdp_filetransfer *filetransfer);
