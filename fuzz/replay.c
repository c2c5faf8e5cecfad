// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target over every file of a corpus folder, one TAP line a file. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int skip_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat info;

	if (file == NULL || fstat(fileno(file), &info) != 0) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	size_t size = (size_t)info.st_size;
	uint8_t *data = malloc(size + 1); /* never NULL; the byte behind is poisoned by no one */

	if (data == NULL || fread(data, 1, size, file) != size) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	fclose(file);
	uint8_t *exact = realloc(data, size == 0 ? 1 : size); /* so that ASan sees an overread */

	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 2 ? scandir(argv[1], &entries, skip_dots, alphasort) : -1;

	if (count <= 0) {
		printf("Bail out! no corpus: %s\n", argc == 2 ? argv[1] : "usage: replay FOLDER");
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		replay(path);
		printf("ok %d - %s\n", i + 1, entries[i]->d_name);
		fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
