// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

bool number_parse_u64(struct span s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
			return false;
	}
	if (value > max)
		return false;
	*ret = value;
	return true;
}

bool number_parse_i64(struct span s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = s.len > 0 && s.data[0] == '-';
	uint64_t magnitude;

	if (!number_parse_u64(span_slice(s, negative, s.len), (uint64_t)INT64_MAX, &magnitude))
		return false;
	int64_t value = negative ? -(int64_t)magnitude : (int64_t)magnitude;

	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(struct span s, void *ret_bytes, size_t len)
{
	uint8_t *out = ret_bytes;

	if (s.len != 2 * len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (hex_digit(s.data[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((unsigned)hex_digit(s.data[2 * i]) << 4 |
				   (unsigned)hex_digit(s.data[2 * i + 1]));
	return true;
}
