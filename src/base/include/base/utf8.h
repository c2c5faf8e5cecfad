/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in a name or a text parameter (RFC 3629). */
#pragma once

#include "base/span.h"

/*
 * True when s is well-formed UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF) without
 * control characters (U+0000 to U+001F, U+007F to U+009F, U+2028, U+2029).
 * *ret_characters, when not NULL, gets the number of code points.
 */
bool utf8_printable(struct span s, size_t *ret_characters);

/* Bytes of the character at the begin of s; 0 when it is not well-formed. */
size_t utf8_character(struct span s);
