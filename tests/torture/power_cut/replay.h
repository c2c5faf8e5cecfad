/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the folders that a power cut may leave, out of a recorder's log, and has each judged. */
#pragma once

#include "change.h"
#include "script.h"

struct replay_options {
	const char *log_path;
	const char *work_path; /* an empty folder to put crash states into */
	uint32_t worker; /* this one checks the states of its share: worker of workers */
	uint32_t workers;
	uint32_t stride; /* every how many operations the power is cut */
	const struct change *change; /* what was recorded; NULL: the script */
	bool no_folder_sync; /* mutant: as if folders were never synced */
};

struct replay_figures {
	uint32_t operations;
	uint32_t promises;
	uint32_t renames;
	uint32_t folder_syncs;
	uint32_t states; /* different ones that were judged */
	uint32_t verdicts[SCRIPT_VERDICT_COUNT];
	char first[320]; /* about the first bad one */
};

/* 0, or -1 when the log or the folder cannot be used. */
int replay_run(const struct replay_options *options, struct replay_figures *ret);
