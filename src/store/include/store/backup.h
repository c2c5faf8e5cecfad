/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole copy of the database in one file, and the way back. Errors as in store/store.h;
 * ret_detail (256 bytes, may be NULL) names what is wrong and what to do.
 *
 * The copy does not hold STATE/device.key: without the key nobody can read its passwords, and
 * nobody can restore it.
 */
#pragma once

#include "base/civil.h"
#include "base/compiler.h"
#include "base/text.h"

#include <stdint.h>

#define STORE_BACKUP_NAME_MAX 90 /* bytes of the file's name, without its folder */

/* What the database that was there before a restore says about rights. */
enum store_before {
	STORE_BEFORE_NONE = 0, /* there was none: who was removed since the backup is back */
	STORE_BEFORE_OTHER, /* of another device: likewise */
	STORE_BEFORE_KEPT, /* what it took away stays away */
	STORE_BEFORE_IGNORED, /* STORE_BRING_BACK */
};

struct store_backup_info {
	struct text32 serial;
	uint64_t last_rec_no; /* of the file */
	uint64_t next_rec_no; /* what the next record gets: after a restore it may be higher */
	/* Of a restore: */
	enum store_before before;
	uint64_t kept_out; /* persons of the backup who were removed since and stay so */
};

/*
 * Copies the database of state_fd, which may be in use, as it is at one instant into name in folder
 * target_fd: complete and on disk before it has that name, replacing a file of that name, mode
 * 0600. Writers are not held up. NAME.tmp in the same folder is used on the way.
 */
MUST_CHECK int store_backup(int state_fd, int target_fd, const char *name,
	struct store_backup_info *ret, char *ret_detail);

enum store_rights {
	STORE_KEEP_REVOKED = 0,
	STORE_BRING_BACK, /* persons and accounts are those of the backup */
};

/*
 * Remembers in STATE that a backup was made, for status: STATE/backup.latest, apart from the
 * database, which another process may be writing. 0 or -errno.
 */
MUST_CHECK int store_backup_mark(int state_fd, int64_t utc_s, uint64_t rec_no);
/* The latest one remembered. -ENOENT: none was; any other -errno: it cannot be told. */
MUST_CHECK int store_backup_latest(int state_fd, int64_t *ret_utc_s, uint64_t *ret_rec_no);

/*
 * Puts the backup in from_fd in the place of the database of state_fd, after having checked it. No
 * number that was given out (Seq, RecNo, person, account) is given out again: each counter keeps
 * the higher value of the two. A sudden end leaves the old database or the new one. -EBUSY: a store
 * has this folder; -ENOKEY, -EKEYREJECTED: device.key of the backup's device is not in state_fd;
 * STORE_CORRUPT: the backup is damaged or none, or the database there now cannot be read.
 *
 * Nobody gets back what was taken from them: a person of the backup who is not in the database that
 * is there now stays away, the others keep the card, PIN, doors and validity they have now, and the
 * accounts are those of now. That database must be of this schema for it (-ESTALE else), and its
 * doors must have the indexes they have in the backup (STORE_DOOR_MISMATCH else). The audit
 * goes on, with a row for the restore; now: when that is.
 */
MUST_CHECK int store_restore(int state_fd, int from_fd, enum store_rights rights,
	const struct moment *now, struct store_backup_info *ret, char *ret_detail);
