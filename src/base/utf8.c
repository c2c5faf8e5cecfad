// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

/* Reads one code point at *at; false when the bytes there are not well-formed. */
static bool next_code_point(struct span s, size_t *at, uint32_t *ret_code)
{
	uint8_t first = (uint8_t)s.data[*at];
	size_t more = first < 0x80	 ? 0
		      : first >> 5 == 6	 ? 1
		      : first >> 4 == 14 ? 2
		      : first >> 3 == 30 ? 3
					 : 4;
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	if (more == 4 || more >= s.len - *at)
		return false;
	uint32_t code = more == 0 ? first : first & (0x3fu >> more);

	for (size_t i = 1; i <= more; i++) {
		uint8_t byte = (uint8_t)s.data[*at + i];

		if (byte >> 6 != 2)
			return false;
		code = code << 6 | (byte & 0x3f);
	}
	if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	*at += more + 1;
	*ret_code = code;
	return true;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029;
}

size_t utf8_character(struct span s)
{
	size_t at = 0;
	uint32_t code;

	return s.len > 0 && next_code_point(s, &at, &code) ? at : 0;
}

bool utf8_printable(struct span s, size_t *ret_characters)
{
	size_t characters = 0;

	for (size_t at = 0; at < s.len; characters++) {
		uint32_t code;

		if (!next_code_point(s, &at, &code) || is_control(code))
			return false;
	}
	if (ret_characters != NULL)
		*ret_characters = characters;
	return true;
}
