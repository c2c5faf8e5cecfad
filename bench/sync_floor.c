// SPDX-License-Identifier: Apache-2.0
/*
 * The floor of every durable record: bare write + fdatasync of 4 KiB, p50 and p99 in microseconds.
 * The file in FOLDER has its size already, as the database's log has most of the time: a growing
 * one would cost the file system's own journal on top.
 *
 * usage: sync_floor FOLDER
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 500
#define BLOCK 4096

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

/* Microseconds, or a negative number when the disk refused. */
static double write_us(int file, off_t at, bool sync)
{
	static char block[BLOCK];
	double began = now_us();

	memset(block, 'x', sizeof(block));
	if (pwrite(file, block, sizeof(block), at) != (ssize_t)sizeof(block) ||
		(sync && fdatasync(file) != 0))
		return -1;
	return now_us() - began;
}

int main(int argc, char **argv)
{
	static double took_us[ROUNDS];
	int folder = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	int file = openat(folder, "sync_floor.tmp", O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (file < 0)
		return 2;
	for (int i = 0; i < ROUNDS; i++) {
		if (write_us(file, i * BLOCK, i == ROUNDS - 1) < 0)
			return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		took_us[i] = write_us(file, i * BLOCK, true);
		if (took_us[i] < 0)
			return 1;
	}
	unlinkat(folder, "sync_floor.tmp", 0);
	qsort(took_us, ROUNDS, sizeof(took_us[0]), by_value);
	printf("%.0f %.0f\n", took_us[ROUNDS / 2], took_us[ROUNDS * 99 / 100]);
	return 0;
}
