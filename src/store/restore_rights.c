// SPDX-License-Identifier: Apache-2.0
/*
 * What a restore takes over from the database that was there, so that no card that was taken from
 * somebody opens a door again. People: of those in the backup only they stay who are still there,
 * with their rows of now: card and its status, uses left, PIN, doors, validity. Accounts and the
 * audit are those of now. What is left of the backup are its records, its schedules and nobody's
 * rights.
 *
 * A person's number is never given out twice, so equal numbers are the same person. Both databases
 * have the tables of this schema, text for text: whole rows may be copied.
 */
#include "internal.h"

#include "base/assert.h"

#include <stdio.h>

#define NAME_MAX_BYTES 64

int rights_attach(struct connection *copy, const char *old_name)
{
	char path[NAME_MAX_BYTES + 32];
	int len = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", copy->dir_fd, old_name);
	sqlite3_stmt *stmt = NULL;

	ASSERT(len > 0 && (size_t)len < sizeof(path));
	(void)sqlite3_limit(copy->db, SQLITE_LIMIT_ATTACHED, 1);
	int rc = sqlite3_prepare_v2(copy->db, sql_rights_attach, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, path, len, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	int error = sql_error(copy->db, rc);

	(void)sqlite3_finalize(stmt);
	return error;
}

void rights_detach(struct connection *copy)
{
	(void)sqlite3_exec(copy->db, sql_rights_detach, NULL, NULL, NULL);
	(void)sqlite3_limit(copy->db, SQLITE_LIMIT_ATTACHED, 0);
}

int rights_merge(struct connection *copy, bool rights, uint64_t *ret_kept_out)
{
	int64_t kept_out = 0;
	int64_t doors = 0;
	int error = rights ? sql_number(copy->db, sql_rights_doors, &doors) : 0;

	if (error == 0 && doors > 0)
		return STORE_DOOR_MISMATCH;
	if (error == 0)
		error = sql_run(copy->db, sql_rights_audit);

	if (error == 0 && rights)
		error = sql_run(copy->db, sql_rights_choose);
	if (error == 0 && rights)
		error = sql_number(copy->db, sql_rights_kept_out, &kept_out);
	if (error == 0 && rights)
		error = sql_run(copy->db, sql_rights_take);
	*ret_kept_out = (uint64_t)kept_out;
	return error;
}
