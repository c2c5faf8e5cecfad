/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forced in front of every file of the pure rooms (domain, protocols): the headers they may use are
 * read first, then the names that would let I/O, clocks or the heap in are poisoned. Words that are
 * nouns here too (a door is open) are left to tools/symbols.py, which looks at what is linked.
 */
#pragma once

#include "base/compiler.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC poison malloc calloc realloc free alloca strdup
#pragma GCC poison time clock_gettime gettimeofday localtime gmtime mktime
#pragma GCC poison openat creat pread pwrite ioctl socket connect sendmsg recvmsg
#pragma GCC poison printf fprintf sprintf snprintf vsnprintf puts fopen getenv system popen errno
#pragma GCC poison rand random srand srandom getrandom atoi atol strtok strcpy strcat
#pragma GCC poison pthread_create fork exit usleep nanosleep signal setjmp
