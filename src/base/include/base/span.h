/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A span names bytes that somebody else owns. It never owns, never ends in NUL, and is passed by
 * value. All input from outside travels as spans.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *data; /* may be NULL when len is 0 */
	size_t len; /* bytes */
};

#define SPAN_LIT(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span span_of(const void *data, size_t len)
{
	return (struct span){(const char *)data, len};
}

static inline struct span span_from_string(const char *string)
{
	return (struct span){string, strlen(string)};
}

/* Bytes [from, from + len) of s, cut to what s holds. */
struct span span_slice(struct span s, size_t from, size_t len);

bool span_equal(struct span a, struct span b);

/* As span_equal; A to Z and a to z are the same letters, other bytes compare as they are. */
bool span_equal_nocase(struct span a, struct span b);

bool span_starts_with(struct span s, struct span prefix);
bool span_starts_with_nocase(struct span s, struct span prefix);

/* Index of the first byte equal to c, or s.len when there is none. */
size_t span_find(struct span s, char c);

/* s without leading and trailing blanks and tabs. */
struct span span_trim(struct span s);

/*
 * Cuts the part of *rest before the first separator into *ret_part and moves *rest behind the
 * separator. False when nothing is left. "a,,b" gives "a", "", "b"; "a," gives "a", "".
 */
bool span_next(struct span *rest, char separator, struct span *ret_part);

/* Equal without telling where they differ by the time it takes; lengths are no secret. */
bool bytes_equal_secret(const void *a, const void *b, size_t len);
