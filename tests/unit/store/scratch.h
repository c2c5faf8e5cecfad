/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test's files, in memory where that can be had. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SCRATCH_PATH_SIZE 64

/* Makes an empty folder and gives its path and an O_PATH descriptor, or -1. */
int scratch_make(char *ret_path);

/* Removes the files in the folder, and the folder as well when it is all. */
void scratch_empty(const char *path, bool folder_too);
