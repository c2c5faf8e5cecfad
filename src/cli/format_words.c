// SPDX-License-Identifier: Apache-2.0
/* Formats and frames as words of the command line, and back. */
#include "format.h"

#include "base/assert.h"
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT_FILE_MAX 4096

const char *text_of(struct buf *out)
{
	buf_add_byte(out, '\0');
	ASSERT(!out->overflow);
	out->len--;
	return out->data;
}

json_object *json_from_buf(const struct buf *text)
{
	return json_object_new_string_len(text->data, (int)text->len);
}

json_object *json_from_lines(struct span text)
{
	json_object *array = json_object_new_array();
	struct span line;

	while (span_next(&text, '\n', &line) && line.len > 0)
		json_object_array_add(array, json_object_new_string_len(line.data, (int)line.len));
	return array;
}

/* --- formats --- */

static bool describe(const char *where, struct span text, struct card_format *ret)
{
	char memory[512];
	struct buf why = buf_over(memory, sizeof(memory) - 1);

	if (card_format_parse(ret, text, &why))
		return true;
	usage_error("%s: %s", where, text_of(&why));
	return false;
}

/* The first line that is not empty and no remark. */
static bool describe_from_file(const char *name, struct card_format *ret)
{
	char memory[FORMAT_FILE_MAX];
	FILE *file = fopen(name, "re");

	if (file == NULL) {
		usage_error("cannot read %s: %s", name, strerror(errno));
		return false;
	}
	size_t size = fread(memory, 1, sizeof(memory), file);
	bool whole = feof(file) != 0;
	int error = ferror(file) != 0 ? errno : 0;
	struct span rest = span_of(memory, size);
	struct span line;

	fclose(file);
	if (error != 0) {
		usage_error("cannot read %s: %s", name, strerror(error));
		return false;
	}
	while (whole && span_next(&rest, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		line = span_trim(line);
		if (line.len > 0 && line.data[0] != '#')
			return describe(name, line, ret);
	}
	usage_error(whole ? "%s holds no description, such as: bits=26 card=1-24"
			  : "%s is longer than a description may be",
		name);
	return false;
}

bool parse_format(const char *word, struct card_format *ret)
{
	if (word[0] == '@')
		return describe_from_file(word + 1, ret);
	if (strchr(word, '=') != NULL)
		return describe("this description", span_from_string(word), ret);
	const struct card_format *format = card_format_find(span_from_string(word));

	if (format == NULL) {
		usage_error("there is no built-in format `%s`; `postern format list` names them, "
			    "others are described: 'bits=26 card=1-24', or @FILE with that",
			word);
		return false;
	}
	*ret = *format;
	return true;
}

/* --- frames --- */

static unsigned nibble_of(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(toupper(c) - 'A') + 10;
}

/* Bit `at` of the digits, counted from the left. */
static bool digit_bit(struct span hex, size_t at)
{
	return (nibble_of(hex.data[at / 4]) >> (3 - at % 4) & 1) != 0;
}

static bool refuse_hex(const char *why)
{
	usage_error("the frame's bits: %s; write HEX:BITS, as 2F764DD:26, or as OSDP has it "
		    "BDD93740:26:left",
		why);
	return false;
}

static bool parse_hex(struct span hex, struct span rest, struct card_bits *ret)
{
	struct span words[2] = {{0}};
	uint64_t count = 0;
	bool left = false;

	for (unsigned i = 0; i < 2 && span_next(&rest, ':', &words[i]); i++)
		left = i == 1 && span_equal(words[1], SPAN_LIT("left"));
	if (rest.len > 0 || (words[1].len > 0 && !left))
		return refuse_hex("what follows the number of bits is not `left`");
	if (!number_parse_u64(words[0], CARD_BITS_MAX, &count) || count == 0)
		return refuse_hex("their number is not 1 to 128");
	for (size_t i = 0; i < hex.len; i++) {
		if (!isxdigit((unsigned char)hex.data[i]))
			return refuse_hex("a digit is not hexadecimal");
	}
	if (hex.len * 4 < count)
		return refuse_hex("there are fewer digits than bits");
	size_t spare = hex.len * 4 - count;

	for (size_t i = 0; i < spare; i++) {
		if (digit_bit(hex, left ? count + i : i))
			return refuse_hex(left ? "behind the last bit there are ones"
					       : "the number has more bits");
	}
	ret->count = (uint16_t)count;
	for (unsigned i = 0; i < count; i++)
		card_bits_put(ret, i, digit_bit(hex, left ? i : spare + i));
	return true;
}

bool parse_bits(struct span word, struct card_bits *ret)
{
	size_t colon = span_find(word, ':');

	*ret = (struct card_bits){0};
	if (colon < word.len)
		return parse_hex(
			span_slice(word, 0, colon), span_slice(word, colon + 1, word.len), ret);
	if (word.len == 0 || word.len > CARD_BITS_MAX) {
		usage_error("a frame has 1 to 128 bits, not %zu", word.len);
		return false;
	}
	for (unsigned i = 0; i < word.len; i++) {
		if (word.data[i] != '0' && word.data[i] != '1') {
			usage_error("bits are written as 0 and 1, or hexadecimal with their "
				    "number, as 2F764DD:26");
			return false;
		}
		card_bits_put(ret, i, word.data[i] == '1');
	}
	ret->count = (uint16_t)word.len;
	return true;
}

void bits_print(const struct card_bits *bits, struct buf *out)
{
	for (unsigned i = 0; i < bits->count; i++)
		buf_add_byte(out, card_bits_get(bits, i) ? '1' : '0');
}

void bits_print_hex(const struct card_bits *bits, bool left, struct buf *out)
{
	unsigned digits = left ? (bits->count + 7u) / 8 * 2 : (bits->count + 3u) / 4;
	unsigned front = left ? 0 : digits * 4 - bits->count; /* zeros */

	for (unsigned digit = 0; digit < digits; digit++) {
		unsigned nibble = 0;

		for (unsigned i = 4 * digit; i < 4 * digit + 4; i++)
			nibble = nibble << 1 | (i >= front && i - front < bits->count &&
						       card_bits_get(bits, i - front));
		buf_add_byte(out, "0123456789ABCDEF"[nibble]);
	}
}

/* --- bits of a format --- */

static void range_print(struct buf *out, bool more, unsigned first, unsigned last)
{
	buf_add_string(out, more ? "," : "");
	buf_add_u64(out, first);
	if (last > first) {
		buf_add_byte(out, '-');
		buf_add_u64(out, last);
	}
}

void field_print(const struct card_field *field, struct buf *out)
{
	for (unsigned i = 0; i < field->range_count; i++)
		range_print(out, i > 0, field->range[i].start,
			field->range[i].start + field->range[i].len - 1u);
}

void bit_set_print(const struct bit_set *set, struct buf *out)
{
	bool more = false;

	for (unsigned bit = 0; bit < CARD_BITS_MAX; bit++) {
		unsigned last = bit;

		if (!bit_set_has(set, bit))
			continue;
		while (last + 1 < CARD_BITS_MAX && bit_set_has(set, last + 1))
			last++;
		range_print(out, more, bit, last);
		more = true;
		bit = last;
	}
}
