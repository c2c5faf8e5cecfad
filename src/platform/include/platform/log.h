/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines to standard error, with journald's level prefix ("<3>core: text") unless a terminal
 * reads them. Only the shells log; library code returns errors. One line an event, never a secret,
 * no log file of our own.
 */
#pragma once

#include "base/compiler.h"

/* Names the process in every line: "core". */
void log_set_name(const char *name);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2); /* <3> */
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2); /* <4> */
void log_info(const char *format, ...) PRINTF_LIKE(1, 2); /* <6> */
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2); /* <7>, only with POSTERN_DEBUG=1 */
