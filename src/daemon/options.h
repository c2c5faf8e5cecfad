/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of posternd: one table of commands, one of options. */
#pragma once

#include "base/compiler.h"

#include <stdbool.h>

enum command {
	COMMAND_RUN = 0, /* no word: --config or --demo */
	COMMAND_INIT,
	COMMAND_CHECK,
	COMMAND_IO,
	COMMAND_CERTIFICATE,
	COMMAND_BACKUP,
	COMMAND_RESTORE,
	COMMAND_RESET_ADMIN,
	COMMAND_RENUMBER,
	COMMAND_ROLE, /* --role NAME: started by the supervisor */
	COMMAND_DESCRIBE, /* from here on without options */
	COMMAND_DESCRIBE_SETTINGS,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_COUNT
};

struct options {
	enum command command;
	bool demo;
	bool insecure_demo;
	bool renew;
	bool bring_back; /* of COMMAND_RESTORE */
	const char *file; /* of COMMAND_BACKUP and COMMAND_RESTORE: no option names it */
	const char *config;
	const char *state;
	const char *http;
	const char *https;
	const char *rtsp;
	const char *role;
	const char *password_file;
	const char *seconds;
	const char *pulse; /* a door */
	const char *ms;
	const char *renamed; /* of doors: OLD=NEW,... */
	bool yes;
};

/* False, after complaining, when the command line makes no sense: exit status 2. */
MUST_CHECK bool options_parse(int argc, char **argv, struct options *ret);

void options_help(void); /* to standard output */

/*
 * For scripts, to standard output: lines `command WORD` and `option NAME VALUE COMMANDS`, tabs
 * between columns. VALUE is empty for a switch; COMMANDS are words between blanks, `run` without
 * one.
 */
void options_describe(void);
