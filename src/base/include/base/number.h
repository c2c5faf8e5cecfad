/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text, strictly: decimal digits only, no sign but where said, no blanks, no wrap. */
#pragma once

#include "base/span.h"

/* False, and *ret unchanged, unless s is one or more digits with a value up to max. */
bool number_parse_u64(struct span s, uint64_t max, uint64_t *ret);

/* As above with an optional leading '-'; min <= value <= max. */
bool number_parse_i64(struct span s, int64_t min, int64_t max, int64_t *ret);

/* 2 * len hexadecimal digits of either case into len bytes. */
bool hex_decode(struct span s, void *ret_bytes, size_t len);
