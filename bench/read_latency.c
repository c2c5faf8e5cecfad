// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the latency histograms of a running posternd: one line a histogram, LATENCY_BUCKETS
 * counts. First line: where each bucket begins, in microseconds.
 *
 * usage: read_latency /proc/PID/fd/N   (the heartbeat page of any of its processes)
 */
#include "platform/heartbeat.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

static void print_counts(const _Atomic uint32_t *count)
{
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		printf("%u ", atomic_load(&count[i]));
	putchar('\n');
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	const struct heartbeat_page *page = mmap(NULL, sizeof(*page), PROT_READ, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED) {
		perror("read_latency");
		return 2;
	}
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
		printf("%u ", latency_bucket_us(i));
	putchar('\n');
	print_counts(page->decision_us);
	print_counts(page->record_us);
	print_counts(page->unlock_us);
	return 0;
}
