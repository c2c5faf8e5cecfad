// SPDX-License-Identifier: Apache-2.0
/* See scratch.h. */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int scratch_make(char *ret_path)
{
	const char *places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i] == NULL || strlen(places[i]) > 32)
			continue;
		(void)snprintf(ret_path, SCRATCH_PATH_SIZE, "%s/postern-store-XXXXXX", places[i]);
		if (mkdtemp(ret_path) != NULL)
			return open(ret_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

void scratch_empty(const char *path, bool folder_too)
{
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
	if (folder_too)
		(void)rmdir(path);
}
