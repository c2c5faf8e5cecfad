/* SPDX-License-Identifier: Apache-2.0 */
/* The commands backup and restore. */
#pragma once

#include "base/compiler.h"

#include <stdbool.h>

/* Copies the database of folder state into file, and says what it holds. False after complaining.
 */
MUST_CHECK bool backup_make(const char *state, const char *file);

/* Puts file in the place of the database of folder state. False after complaining. */
/* bring_back: people and accounts become those of the backup, removed or not. */
MUST_CHECK bool backup_restore(const char *state, const char *file, bool bring_back);
