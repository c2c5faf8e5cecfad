/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that replace or make a whole database: each is before or behind it, never between. A fold
 * is a number made of all that a database says; a change has one for before and one for behind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum change_kind {
	CHANGE_CLAIM, /* the first start of an empty folder, and its first account */
	CHANGE_BACKUP, /* over the backup of an earlier day */
	CHANGE_RESTORE,
	CHANGE_MIGRATE,
};

struct change {
	const char *name;
	enum change_kind kind;
	int version; /* CHANGE_MIGRATE: the schema that it starts with */
	uint64_t before; /* folds, of a change that was not cut */
	uint64_t behind;
};

/* Fills two empty folders. power is cut in one of them: STATE, or for a backup the other one. */
bool change_prepare(const struct change *change, const char *state, const char *other);
bool change_cuts_other(const struct change *change);

/* Carries the change out, in folders that were prepared. */
bool change_run(const struct change *change, const char *state, const char *other);

/*
 * Opens what is in the folder in which power is cut, and folds it. False when it is not whole; why:
 * 256 bytes.
 */
bool change_fold(const struct change *change, int dir_fd, uint64_t *ret, char *why);

/* By name; the list ends with a row whose name is NULL. */
extern struct change changes[];
struct change *change_find(const char *name);
