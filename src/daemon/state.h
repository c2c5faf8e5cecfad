/* SPDX-License-Identifier: Apache-2.0 */
/* The folder STATE: one posternd at a time. */
#pragma once

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes path absolute into ret (size bytes). False after complaining. */
MUST_CHECK bool state_path(const char *path, char *ret, size_t size);

/*
 * Opens STATE, made with mode 0700 when it is not there (its parent must be), and locks it until
 * this process ends. The descriptor, or -1 after complaining.
 */
MUST_CHECK int state_open(const char *path);

/* Makes every missing folder of path, 0700. False after complaining. */
MUST_CHECK bool state_make_parents(const char *path);
