/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASSERT: a programming error ends the process, in every build. It is never used on bytes from
 * outside: those get an error value. The supervisor restarts a role that died of one.
 */
#pragma once

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

/* Prints "ASSERT file:line: expression" to standard error and aborts. */
_Noreturn void assert_failed(const char *expression, const char *file, int line);
