/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text is a short string kept inside its struct: length and bytes, no NUL, a declared capacity.
 * Texts go into messages, rows and records as they are. Bytes behind len are zero, so that equal
 * texts are equal memory and nothing old leaks.
 */
#pragma once

#include "base/span.h"

#define TEXT_DECLARE(capacity)                                                                     \
	struct text##capacity {                                                                    \
		uint16_t len;                                                                      \
		char bytes[capacity];                                                              \
	}

TEXT_DECLARE(16);
TEXT_DECLARE(32);
TEXT_DECLARE(64);
TEXT_DECLARE(128);
TEXT_DECLARE(256);
TEXT_DECLARE(512);

/* Sets *text (a pointer to any textN) to s. False, and *text unchanged, when s does not fit. */
#define text_set(text, s) text_set_bytes(&(text)->len, (text)->bytes, sizeof((text)->bytes), (s))

/* The bytes of *text as a span; valid while *text lives. */
#define text_span(text) ((struct span){(text)->bytes, (text)->len})

#define text_is(text, s) span_equal(text_span(text), (s))

/* True when len is within the capacity: for texts that came from another process. */
#define text_valid(text) ((text)->len <= sizeof((text)->bytes))

bool text_set_bytes(uint16_t *len, char *bytes, size_t capacity, struct span s);
