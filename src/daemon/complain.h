/* SPDX-License-Identifier: Apache-2.0 */
/* A sentence to the person who typed the command: "posternd: ..." on standard error. */
#pragma once

#include "base/compiler.h"

void complain(const char *format, ...) PRINTF_LIKE(1, 2);
