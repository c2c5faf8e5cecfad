/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buf collects bytes up to a limit fixed at birth, in memory its user owns. Writing past the
 * limit writes nothing more and sets overflow; the user looks at overflow once, at the end.
 */
#pragma once

#include "base/span.h"

struct buf {
	char *data;
	size_t len; /* bytes written */
	size_t capacity;
	bool overflow; /* something did not fit: the content is not to be used */
};

static inline struct buf buf_over(void *memory, size_t capacity)
{
	return (struct buf){.data = (char *)memory, .capacity = capacity};
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){b->data, b->len};
}

void buf_add(struct buf *b, struct span s);
void buf_add_byte(struct buf *b, char c);
void buf_add_string(struct buf *b, const char *string);
void buf_add_u64(struct buf *b, uint64_t value);
void buf_add_i64(struct buf *b, int64_t value);
/* Decimal with at least digits digits, zeros in front: for dates. */
void buf_add_padded(struct buf *b, uint64_t value, unsigned digits);
void buf_add_hex(struct buf *b, const void *bytes, size_t len); /* lower case */
