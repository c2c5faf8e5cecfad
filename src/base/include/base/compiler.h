/* SPDX-License-Identifier: Apache-2.0 */
/* The GNU extensions the project uses, under one name each. */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(__printf__, format_at, args_at)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define UNUSED __attribute__((unused))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
