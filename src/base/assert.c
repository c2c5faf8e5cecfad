// SPDX-License-Identifier: Apache-2.0
/* Says what was false and ends the process: no buffer, no allocation, safe in any thread. */
#include "base/assert.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A lost word of a last message is no reason to do anything else. */
static void say(const char *text, size_t len)
{
	(void)!write(STDERR_FILENO, text, len);
}

_Noreturn void assert_failed(const char *expression, const char *file, int line)
{
	char digits[12];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + line % 10);
		line /= 10;
	} while (line > 0 && at > 0);
	say("<2>ASSERT ", 10);
	say(file, strlen(file));
	say(":", 1);
	say(digits + at, sizeof(digits) - at);
	say(": ", 2);
	say(expression, strlen(expression));
	say("\n", 1);
	abort();
}
