/* SPDX-License-Identifier: Apache-2.0 */
/* The file of known devices: a line `HOST:PORT sha256//BASE64` each; other lines are left alone. */
#pragma once

#include "base/compiler.h"

#include <stdbool.h>

#define PIN_TEXT 53 /* "sha256//" and 44 characters, and NUL */

/* "sha256//" and the 44 characters of 32 bytes. */
bool pin_valid(const char *pin);

/* 0 with the pin of host, -ENOENT when it has none, or -errno when the file cannot be read. */
MUST_CHECK int known_find(const char *file, const char *host, char ret[PIN_TEXT]);

/*
 * Adds the pin of host; pin NULL: takes it away. The file is replaced as a whole, one writer at a
 * time. 0, -EEXIST when host has another pin meanwhile, or -errno: then it is as before.
 */
MUST_CHECK int known_put(const char *file, const char *host, const char *pin);
