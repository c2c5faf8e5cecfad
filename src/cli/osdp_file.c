// SPDX-License-Identifier: Apache-2.0
/* A file for a reader: read, told of while it goes, and its end. By posternd and by a port alike.
 */
#include "osdp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool osdp_file_map(const char *name, size_t size_max, struct span *ret)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat about = {.st_size = 0};
	bool opened = fd >= 0 && fstat(fd, &about) == 0;
	int error = errno;
	void *memory = MAP_FAILED;

	if (opened && about.st_size > 0 && about.st_size <= (off_t)size_max)
		memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		(void)close(fd);
	if (!opened)
		usage_error("cannot read %s: %s", name, strerror(error));
	else if (memory == MAP_FAILED)
		usage_error("%s: a file for a reader has 1 to %zu bytes", name, size_max);
	*ret = span_of(memory, (size_t)about.st_size);
	return memory != MAP_FAILED;
}

void osdp_progress_end(unsigned percent)
{
	if (percent <= 100 && isatty(STDERR_FILENO))
		fputc('\n', stderr);
}

void osdp_progress(unsigned *percent, uint64_t sent, size_t total)
{
	unsigned now = (unsigned)(sent * 100 / total);
	unsigned was = *percent;
	char bar[41];

	if (now == was)
		return;
	*percent = now;
	for (unsigned i = 0; i < sizeof(bar) - 1; i++)
		bar[i] = i < now * (sizeof(bar) - 1) / 100 ? '#' : '.';
	bar[sizeof(bar) - 1] = 0;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r[%s] %3u %%  %" PRIu64 " of %zu bytes ", bar, now, sent, total);
	else if (was > 100 || now / 10 != was / 10)
		fprintf(stderr, "%u %% sent\n", now - now % 10);
}

void osdp_file_result(const char *result, size_t bytes, const char *words)
{
	if (!output_is_json()) {
		puts(words);
		return;
	}
	json_object *object = json_object_new_object();

	json_object_object_add(object, "result", json_object_new_string(result));
	json_object_object_add(object, "bytes", json_object_new_int64((int64_t)bytes));
	json_object_object_add(object, "text", json_object_new_string(words));
	print_json(object);
}
