/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Card formats as data: which bits are the card number, the facility code, checks and constants. A
 * frame's length, checks, constants and facility filter choose among a reader's formats. Built-in
 * formats and those of a configuration file are the same struct.
 */
#pragma once

#include "base/bits.h"
#include "base/buf.h"
#include "base/text.h"

#define CARD_FORMAT_BITS_MIN 24
#define CARD_FORMAT_BITS_MAX 128 /* over OSDP; two data lines carry at most 66 bits a frame */
#define CARD_FORMAT_PARITY_MAX 4
#define CARD_FORMAT_XOR_MAX 2
#define CARD_FORMAT_RANGES_MAX 4
#define CARD_FORMAT_FACILITIES_MAX 8

struct bit_range {
	uint8_t start; /* bit 0 is the first received */
	uint8_t len;
};

struct card_field {
	uint8_t range_count; /* 0: the format has no such field; split fields have several */
	struct bit_range range[CARD_FORMAT_RANGES_MAX]; /* together one number, in this order */
};

/* A set of bits, numbered as in struct card_bits. */
struct bit_set {
	uint8_t bytes[CARD_BITS_MAX / 8];
};

static inline bool bit_set_has(const struct bit_set *set, unsigned bit)
{
	return (set->bytes[bit / 8] >> (7 - bit % 8)) & 1;
}

static inline void bit_set_add(struct bit_set *set, unsigned bit)
{
	set->bytes[bit / 8] = (uint8_t)(set->bytes[bit / 8] | 0x80 >> (bit % 8));
}

struct card_parity {
	uint8_t bit; /* where the parity bit stands */
	bool odd;
	struct bit_set cover; /* never bit itself */
};

/* Bits at to at + width - 1 are the XOR of the groups of width bits that fill over. */
struct card_xor {
	uint8_t at;
	uint8_t width; /* 1 to 8; divides over.len */
	struct bit_range over;
};

struct card_format {
	struct text32 name; /* stable: written in configuration files */
	uint8_t bits;
	struct card_field card; /* required; at most 64 bits */
	struct card_field facility;
	struct card_field issue;
	struct card_field oem;
	/*
	 * How the bits of the card field make its number. As received they are most significant
	 * first; bits_reversed reads them least significant first; bytes_reversed then turns the
	 * order of the number's bytes (its width must be a multiple of 8).
	 */
	bool bits_reversed;
	bool bytes_reversed;
	uint8_t parity_count; /* encoding writes them in this order; a later may cover an earlier */
	struct card_parity parity[CARD_FORMAT_PARITY_MAX];
	uint8_t xor_count; /* written before the parity bits */
	struct card_xor xor_check[CARD_FORMAT_XOR_MAX];
	struct bit_set constant; /* bits that always have the value below */
	struct bit_set constant_value; /* 0 outside constant */
	struct bit_set ignored; /* bits that mean nothing; 0 when encoded */
	uint8_t facility_count; /* 0: every facility code is taken */
	uint32_t facility_only[CARD_FORMAT_FACILITIES_MAX];
	uint8_t priority; /* 0 to 255: among a reader's formats that fit, the highest reads */
};

struct card_fields {
	uint64_t card;
	uint64_t facility; /* these are 0 when the format has none */
	uint64_t issue;
	uint64_t oem;
};

enum card_format_result {
	CARD_FORMAT_OK = 0,
	CARD_FORMAT_WRONG_LENGTH,
	CARD_FORMAT_WRONG_PARITY,
	CARD_FORMAT_WRONG_XOR,
	CARD_FORMAT_WRONG_CONSTANT,
	CARD_FORMAT_WRONG_FACILITY, /* read well, but of a site that the filter does not take */
	CARD_FORMAT_OUT_OF_RANGE, /* encoding: a value has more bits than its field, or no field */
	CARD_FORMAT_RESULT_COUNT
};

/* "a parity bit is wrong" */
const char *card_format_result_sentence(enum card_format_result result);

/*
 * "W26" = H10301 (facility 8, card 16), "W34" = W34-32 (the default: one number), "W66", "H10306",
 * "W34-BQT", ... Upper and lower case are the same. NULL when there is none of that name.
 */
const struct card_format *card_format_find(struct span name);

/* Built-in formats in a fixed order; NULL behind the last. */
const struct card_format *card_format_at(unsigned index);

/* Another name of a built-in format: "H10301" is W26's first. NULL behind its last. */
const char *card_format_alias(const struct card_format *format, unsigned index);

/*
 * Reads a frame. The first check that fails names the result, in the order of the enum. *ret_fields
 * is written with CARD_FORMAT_OK and CARD_FORMAT_WRONG_FACILITY only.
 */
enum card_format_result card_format_decode(const struct card_format *format,
	const struct card_bits *bits, struct card_fields *ret_fields);

/* Makes a frame; the facility filter is not asked. *ret_bits is written with CARD_FORMAT_OK only.
 */
enum card_format_result card_format_encode(const struct card_format *format,
	const struct card_fields *fields, struct card_bits *ret_bits);

/*
 * The number by which a card is enrolled: facility << (bits of card) | card, or the card alone when
 * the format has no facility code. It is what the same bits give when read as one field, so that
 * H10301 123/45678 and W26-24 8106606 are the same card.
 */
uint64_t card_format_number(const struct card_format *format, const struct card_fields *fields);

/* The fields that card_format_number makes number of. False when it has too many bits for them. */
bool card_format_fields_of_number(
	const struct card_format *format, uint64_t number, struct card_fields *ret_fields);

/* Bits of a field, over all its ranges: 0 to CARD_BITS_MAX. */
unsigned card_field_width(const struct card_field *field);

/* The bits in which one wrong bit alone is always noticed: by a parity bit, a XOR or a constant. */
void card_format_noticed(const struct card_format *format, struct bit_set *ret_bits);

/* --- descriptions: text a person writes, in the configuration file and on the command line --- */

/*
 * Sets one attribute of a format that is being described and was all zero at first; the keys and
 * forms are written down in docs/card-formats.md ("card", "9-24,30-40"). `standard_parity` comes
 * after `bits`. False with a sentence in *why, which repeats at most 48 bytes of the text,
 * printable.
 */
bool card_format_set(
	struct card_format *format, struct span key, struct span value, struct buf *why);

/*
 * A whole description in one line: `bits=47 card=9-24,30-40 parity="0 even 1-23"`, the keys in any
 * order. The name may be left out ("described"). False with a sentence in *why; checked by
 * card_format_check too.
 */
bool card_format_parse(struct card_format *format, struct span text, struct buf *why);

/*
 * Whether a format may be used, for struct values from anywhere; else a sentence in *why. All other
 * functions here take formats for which this is true.
 */
bool card_format_check(const struct card_format *format, struct buf *why);

/*
 * What a good description leaves open, a sentence a line: bits that are in no field, check or
 * constant; wrong bits of fields that nothing notices; no facility filter in a format without
 * checks; fields that are not in the enrolled number. Nothing is added when nothing is to be said.
 */
void card_format_remarks(const struct card_format *format, struct buf *out);

/* Prints the description: one line (card_format_parse reads it back), or an item of `formats:`. */
void card_format_print_line(const struct card_format *format, struct buf *out);
void card_format_print_yaml(const struct card_format *format, struct buf *out);
