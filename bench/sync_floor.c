// SPDX-License-Identifier: Apache-2.0
/* The floor of every durable decision: bare write + fdatasync of 4 KiB in a folder, in
 * microseconds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 500

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	static double took_us[ROUNDS];
	static char block[4096];
	int folder = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	int file = openat(folder, "sync_floor.tmp", O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (file < 0)
		return 2;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < ROUNDS; i++) {
		double began = now_us();

		if (write(file, block, sizeof(block)) != (ssize_t)sizeof(block) ||
			fdatasync(file) != 0)
			return 1;
		took_us[i] = now_us() - began;
	}
	unlinkat(folder, "sync_floor.tmp", 0);
	qsort(took_us, ROUNDS, sizeof(took_us[0]), by_value);
	printf("%.0f %.0f\n", took_us[ROUNDS / 2], took_us[ROUNDS * 99 / 100]);
	return 0;
}
