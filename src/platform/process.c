// SPDX-License-Identifier: Apache-2.0
/*
 * /proc/self/statm is opened before the sandbox closes the file system, and read at offset 0 each
 * time: its second number is the resident pages. Times come from getrusage.
 */
#include "platform/process.h"

#include "base/number.h"
#include "base/span.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

int process_use_open(void)
{
	return open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

static uint64_t microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void process_use_read(int fd, struct process_use *ret)
{
	char memory[128];
	struct rusage usage;
	ssize_t len = fd < 0 ? -1 : pread(fd, memory, sizeof(memory), 0);
	struct span rest = span_of(memory, len < 0 ? 0 : (size_t)len);
	struct span word;
	uint64_t pages = 0;

	*ret = (struct process_use){0};
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		ret->cpu_us = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
	if (span_next(&rest, ' ', &word) && span_next(&rest, ' ', &word) &&
		number_parse_u64(word, UINT32_MAX, &pages))
		ret->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
