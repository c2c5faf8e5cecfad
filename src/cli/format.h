/* SPDX-License-Identifier: Apache-2.0 */
/* What the `format` commands share: formats and frames as words of the command line. */
#pragma once

#include "base/bits.h"
#include "cli.h"
#include "domain/card_format.h"

#define FORMAT_TEXT_MAX 8192 /* a printed description, remarks, explanations */

/*
 * A built-in format's name, a description (`bits=26 card=1-24`), or @FILE with one. False after a
 * usage error.
 */
MUST_CHECK bool parse_format(const char *word, struct card_format *ret);

/*
 * 0101..., or hexadecimal with the number of bits: HEX:BITS, the frame as one number, or
 * HEX:BITS:left, the first bit in the highest place, as OSDP carries it. False after a usage error.
 */
MUST_CHECK bool parse_bits(struct span word, struct card_bits *ret);

/* "0101...", "2F764DD" and "BDD93740" of the three forms above, upper case. */
void bits_print(const struct card_bits *bits, struct buf *out);
void bits_print_hex(const struct card_bits *bits, bool left, struct buf *out);

/* "1-8,10": the bits of a field, or of a set. */
void field_print(const struct card_field *field, struct buf *out);
void bit_set_print(const struct bit_set *set, struct buf *out);

/* What was printed into out, as a string; out must have had room for it. */
const char *text_of(struct buf *out);

json_object *json_from_buf(const struct buf *text);

/* An array of the lines of text. */
json_object *json_from_lines(struct span text);

int format_learn(struct postern_device *device, const struct arguments *arguments);

/* --- format learn and its sources of samples --- */

#define TYPED_LINE_MAX 512

/* Takes a sample; where: what to name in errors. False after a usage error. */
MUST_CHECK bool learn_sample_add(
	const struct card_bits *bits, struct span printed, const char *where);
unsigned learn_sample_count(void);

/* Says what is known so far: so that a person sees when it is enough. */
void learn_note_progress(void);

/* A line from standard input without its end; false at the end, and for an empty line. */
MUST_CHECK bool read_typed(const char *question, char line[TYPED_LINE_MAX], struct span *ret);

/* Cards that are shown at --reader, with numbers that are typed. Exit status. */
MUST_CHECK int learn_from_reader(struct postern_device *device, const struct arguments *arguments);
