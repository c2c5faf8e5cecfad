// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct span span_slice(struct span s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	return (struct span){from == 0 ? s.data : s.data + from, len};
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	}
	return true;
}

bool span_starts_with(struct span s, struct span prefix)
{
	return span_equal(span_slice(s, 0, prefix.len), prefix);
}

bool span_starts_with_nocase(struct span s, struct span prefix)
{
	return span_equal_nocase(span_slice(s, 0, prefix.len), prefix);
}

size_t span_find(struct span s, char c)
{
	const char *at = s.len == 0 ? NULL : memchr(s.data, c, s.len);

	return at == NULL ? s.len : (size_t)(at - s.data);
}

struct span span_trim(struct span s)
{
	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

bool span_next(struct span *rest, char separator, struct span *ret_part)
{
	if (rest->data == NULL)
		return false;
	size_t at = span_find(*rest, separator);

	*ret_part = span_slice(*rest, 0, at);
	if (at == rest->len)
		*rest = (struct span){NULL, 0};
	else
		*rest = span_slice(*rest, at + 1, rest->len);
	return true;
}

bool bytes_equal_secret(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *left = a;
	const volatile uint8_t *right = b;
	uint8_t difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= left[i] ^ right[i];
	return difference == 0;
}
