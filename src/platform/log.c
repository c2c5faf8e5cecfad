// SPDX-License-Identifier: Apache-2.0
/*
 * One event is one line and one write(2), so that lines of several processes on one standard error
 * never mix. Control bytes become '?', so that no text from outside can begin a line of its own.
 * A line that is too long is cut and ends with "...". errno is as before. Nothing is allocated.
 */
#include "platform/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024 /* bytes, with prefix and newline */

static char log_name[16] = "postern";
static bool log_to_person; /* a terminal: levels are for journald */

void log_set_name(const char *name)
{
	snprintf(log_name, sizeof(log_name), "%s", name);
	log_to_person = isatty(STDERR_FILENO) == 1;
}

static void PRINTF_LIKE(2, 0) log_write(int level, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];
	int saved_errno = errno;
	int prefix = log_to_person ? snprintf(line, sizeof(line), "%s: ", log_name)
				   : snprintf(line, sizeof(line), "<%d>%s: ", level, log_name);

	errno = saved_errno; /* for %m */
	int text = vsnprintf(line + prefix, sizeof(line) - (size_t)prefix, format, args);
	size_t len = (size_t)prefix + (text > 0 ? (size_t)text : 0);

	if (len > sizeof(line) - 1) {
		len = sizeof(line) - 1;
		memcpy(line + len - 3, "...", 3);
	}
	for (size_t i = (size_t)prefix; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len] = '\n'; /* where vsnprintf put its NUL */
	(void)!write(STDERR_FILENO, line, len + 1);
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(3, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(4, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(6, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	const char *debug = getenv("POSTERN_DEBUG");
	va_list args;

	if (debug == NULL || strcmp(debug, "1") != 0)
		return;
	va_start(args, format);
	log_write(7, format, args);
	va_end(args);
}
