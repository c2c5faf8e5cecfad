// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

void buf_add(struct buf *b, struct span s)
{
	if (b->overflow || s.len > b->capacity - b->len) {
		b->overflow = true;
		return;
	}
	if (s.len > 0)
		memcpy(b->data + b->len, s.data, s.len);
	b->len += s.len;
}

void buf_add_byte(struct buf *b, char c)
{
	buf_add(b, (struct span){&c, 1});
}

void buf_add_string(struct buf *b, const char *string)
{
	buf_add(b, span_from_string(string));
}

void buf_add_padded(struct buf *b, uint64_t value, unsigned digits)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (at > 0 && (value > 0 || sizeof(text) - at < digits));
	buf_add(b, (struct span){text + at, sizeof(text) - at});
}

void buf_add_u64(struct buf *b, uint64_t value)
{
	buf_add_padded(b, value, 1);
}

void buf_add_i64(struct buf *b, int64_t value)
{
	if (value < 0) {
		buf_add_byte(b, '-');
		buf_add_u64(b, -(uint64_t)value);
	} else {
		buf_add_u64(b, (uint64_t)value);
	}
}

void buf_add_hex(struct buf *b, const void *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) {
		buf_add_byte(b, digit[at[i] >> 4]);
		buf_add_byte(b, digit[at[i] & 15]);
	}
}
