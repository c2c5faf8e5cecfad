/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed fields of OSDP data: a cursor that reads, and little-endian numbers that are written. */
#pragma once

#include "base/buf.h"

struct fields {
	struct span rest;
	bool good; /* nothing was read past the end so far */
};

static inline struct fields fields_of(struct span data)
{
	return (struct fields){data, true};
}

/* The next len bytes; empty when they are not all there. */
static inline struct span fields_bytes(struct fields *fields, size_t len)
{
	struct span got = {NULL, 0};

	fields->good &= len <= fields->rest.len;
	if (fields->good) {
		got = span_slice(fields->rest, 0, len);
		fields->rest = span_slice(fields->rest, len, fields->rest.len);
	}
	return got;
}

/* A number of so many bytes, the lowest first; 0 when they are not all there. */
static inline uint32_t fields_number(struct fields *fields, size_t len)
{
	struct span bytes = fields_bytes(fields, len);
	uint32_t number = 0;

	for (size_t i = bytes.len; i > 0; i--)
		number = number << 8 | (uint8_t)bytes.data[i - 1];
	return number;
}

static inline uint8_t fields_u8(struct fields *fields)
{
	return (uint8_t)fields_number(fields, 1);
}

static inline uint16_t fields_u16(struct fields *fields)
{
	return (uint16_t)fields_number(fields, 2);
}

static inline void fields_copy(struct fields *fields, uint8_t *ret, size_t len)
{
	struct span bytes = fields_bytes(fields, len);

	if (bytes.len > 0)
		memcpy(ret, bytes.data, len);
}

/* Everything that is left. */
static inline struct span fields_rest(struct fields *fields)
{
	return fields_bytes(fields, fields->rest.len);
}

/* All was there and nothing is left. */
static inline bool fields_end(const struct fields *fields)
{
	return fields->good && fields->rest.len == 0;
}

static inline void add_number(struct buf *out, uint32_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add_byte(out, (char)(number >> 8 * i));
}

/* bytes behind a length of length_len bytes. */
static inline void add_counted(struct buf *out, struct span bytes, size_t length_len)
{
	if (bytes.len >> 8 * length_len != 0)
		out->overflow = true;
	add_number(out, (uint32_t)bytes.len, length_len);
	buf_add(out, bytes);
}
