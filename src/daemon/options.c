// SPDX-License-Identifier: Apache-2.0
/*
 * Command line. A row says which commands an option belongs to, so that an option that would be
 * without effect is refused instead of being ignored.
 */
#include "options.h"

#include "complain.h"
#include "platform/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN (1u << COMMAND_RUN)
#define INIT (1u << COMMAND_INIT)
#define CHECK (1u << COMMAND_CHECK)
#define IO (1u << COMMAND_IO)
#define CERTIFICATE (1u << COMMAND_CERTIFICATE)
#define BACKUP (1u << COMMAND_BACKUP)
#define RESTORE (1u << COMMAND_RESTORE)
#define RESET_ADMIN (1u << COMMAND_RESET_ADMIN)
#define RENUMBER (1u << COMMAND_RENUMBER)
#define ROLE (1u << COMMAND_ROLE)

static const struct {
	const char *name;
	unsigned commands;
	size_t offset; /* of a const char * in struct options, or of a bool */
	bool flag; /* takes no value */
} rows[] = {
	{"--config", RUN | CHECK | IO | CERTIFICATE | BACKUP | RESTORE | RENUMBER,
		offsetof(struct options, config), false},
	{"--state", RUN | INIT | CERTIFICATE | BACKUP | RESTORE | RESET_ADMIN | RENUMBER,
		offsetof(struct options, state), false},
	{"--http", RUN, offsetof(struct options, http), false},
	{"--https", RUN, offsetof(struct options, https), false},
	{"--rtsp", RUN, offsetof(struct options, rtsp), false},
	{"--demo", RUN, offsetof(struct options, demo), true},
	{"--insecure-demo", RUN, offsetof(struct options, insecure_demo), true},
	{"--admin-password-file", INIT | RESET_ADMIN, offsetof(struct options, password_file),
		false},
	{"--renew", CERTIFICATE, offsetof(struct options, renew), true},
	{"--seconds", IO, offsetof(struct options, seconds), false},
	{"--pulse", IO, offsetof(struct options, pulse), false},
	{"--ms", IO, offsetof(struct options, ms), false},
	{"--renamed", RENUMBER, offsetof(struct options, renamed), false},
	{"--yes", RENUMBER, offsetof(struct options, yes), true},
	{"--bring-back", RESTORE, offsetof(struct options, bring_back), true},
	{"--role", ROLE, offsetof(struct options, role), false},
};

static const struct {
	const char *word;
	enum command command;
} commands[] = {
	{"init", COMMAND_INIT},
	{"check", COMMAND_CHECK},
	{"io", COMMAND_IO},
	{"certificate", COMMAND_CERTIFICATE},
	{"backup", COMMAND_BACKUP},
	{"restore", COMMAND_RESTORE},
	{"reset-admin", COMMAND_RESET_ADMIN},
	{"renumber", COMMAND_RENUMBER},
	{"--role", COMMAND_ROLE},
	{"--describe", COMMAND_DESCRIBE},
	{"--describe-settings", COMMAND_DESCRIBE_SETTINGS},
	{"--help", COMMAND_HELP},
	{"-h", COMMAND_HELP},
	{"--version", COMMAND_VERSION},
};

static bool command_parse(const char *word, enum command *ret)
{
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(word, commands[i].word) == 0) {
			*ret = commands[i].command;
			return true;
		}
	}
	return false;
}

/* Takes argv[*at], and its value when it has one. */
static bool option_take(int argc, char **argv, int *at, struct options *ret)
{
	const char *word = argv[*at];
	size_t name_len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char *field = (char *)ret + rows[i].offset;

		if (strlen(rows[i].name) != name_len || strncmp(word, rows[i].name, name_len) != 0)
			continue;
		if ((rows[i].commands & 1u << ret->command) == 0) {
			complain("%s does not go with this command; see posternd --help",
				rows[i].name);
			return false;
		}
		if (rows[i].flag) {
			*(bool *)(void *)field = true;
			return word[name_len] == '\0';
		}
		const char *value = word[name_len] == '=' ? word + name_len + 1 : NULL;

		if (value == NULL && *at + 1 < argc)
			value = argv[++*at];
		if (value == NULL || *value == '\0') {
			complain("%s needs a value; see posternd --help", rows[i].name);
			return false;
		}
		memcpy(field, &value, sizeof(value));
		return true;
	}
	if ((1u << ret->command & (BACKUP | RESTORE)) != 0 && word[0] != '-' && ret->file == NULL) {
		ret->file = word;
		return true;
	}
	complain("unknown word `%s`; the commands are --config FILE, --demo, init, check, io, "
		 "certificate, backup, restore, reset-admin, renumber, --version and --help",
		word);
	return false;
}

static bool run_check(const struct options *options)
{
	if (options->demo == (options->config != NULL)) {
		complain("say either --config FILE or --demo; see posternd --help");
		return false;
	}
	if (!options->demo &&
		(options->http != NULL || options->https != NULL || options->insecure_demo)) {
		complain("--http, --https and --insecure-demo go with --demo; a configuration "
			 "file says where to listen itself (http: listen:, https: listen:)");
		return false;
	}
	if (options->rtsp != NULL) {
		complain("--rtsp: video is not in this version");
		return false;
	}
	return true;
}

static bool options_check(const struct options *options)
{
	switch (options->command) {
	case COMMAND_RUN:
		return run_check(options);
	case COMMAND_INIT:
		if (options->state != NULL && options->password_file != NULL)
			return true;
		complain("usage: posternd init --state DIR --admin-password-file FILE");
		return false;
	case COMMAND_CHECK:
		if (options->config != NULL)
			return true;
		complain("usage: posternd check --config FILE");
		return false;
	case COMMAND_IO:
		if (options->config != NULL && (options->ms == NULL || options->pulse != NULL))
			return true;
		complain("usage: posternd io --config FILE [--seconds N] [--pulse DOOR [--ms N]]");
		return false;
	case COMMAND_CERTIFICATE:
		if (options->config != NULL || options->state != NULL)
			return true;
		complain("usage: posternd certificate [--config FILE] [--state DIR] [--renew]");
		return false;
	case COMMAND_BACKUP:
	case COMMAND_RESTORE:
		if (options->file != NULL && (options->config != NULL || options->state != NULL))
			return true;
		complain("usage: posternd %s FILE [--config FILE] [--state DIR]%s: the file of the "
			 "backup, and whose database",
			options->command == COMMAND_BACKUP ? "backup" : "restore",
			options->command == COMMAND_BACKUP ? "" : " [--bring-back]");
		return false;
	case COMMAND_RESET_ADMIN:
		if (options->state != NULL && options->password_file != NULL)
			return true;
		complain("usage: posternd reset-admin --state DIR --admin-password-file FILE");
		return false;
	case COMMAND_RENUMBER:
		if (options->config != NULL)
			return true;
		complain("usage: posternd renumber --config FILE [--state DIR] "
			 "[--renamed OLD=NEW,...] [--yes]");
		return false;
	case COMMAND_ROLE:
	case COMMAND_DESCRIBE:
	case COMMAND_DESCRIBE_SETTINGS:
	case COMMAND_HELP:
	case COMMAND_VERSION:
	case COMMAND_COUNT:
		break;
	}
	return true;
}

bool options_parse(int argc, char **argv, struct options *ret)
{
	int at = 1;

	*ret = (struct options){.command = COMMAND_RUN};
	if (argc > 1 && command_parse(argv[1], &ret->command) && ret->command != COMMAND_ROLE)
		at = 2;
	if (ret->command >= COMMAND_DESCRIBE)
		return true;
	for (; at < argc; at++) {
		if (!option_take(argc, argv, &at, ret))
			return false;
	}
	return options_check(ret);
}

static void usage_print(void)
{
	(void)fputs("posternd " POSTERN_VERSION ": the access controller of postern\n"
		    "\n"
		    "usage:\n"
		    "  posternd --config FILE [--state DIR]\n"
		    "  posternd --demo [--http ADDR:PORT] [--https ADDR:PORT] [--state DIR]\n"
		    "           [--insecure-demo]\n"
		    "  posternd init --state DIR --admin-password-file FILE\n"
		    "  posternd check --config FILE\n"
		    "  posternd io --config FILE [--seconds N] [--pulse DOOR [--ms N]]\n"
		    "  posternd certificate [--config FILE] [--state DIR] [--renew]\n"
		    "  posternd backup FILE [--config FILE] [--state DIR]\n"
		    "  posternd restore FILE [--config FILE] [--state DIR] [--bring-back]\n"
		    "  posternd reset-admin --state DIR --admin-password-file FILE\n"
		    "  posternd renumber --config FILE [--state DIR]\n"
		    "           [--renamed OLD=NEW,...] [--yes]\n"
		    "  posternd --version | --help | --describe | --describe-settings\n"
		    "\n",
		stdout);
}

void options_help(void)
{
	usage_print();
	(void)fputs("  --config FILE   the configuration, below\n"
		    "  --state DIR     folder of the database and its keys; goes before `state` of "
		    "FILE\n"
		    "  --demo          two virtual doors: readers 1 and 2 enter them, 3 and 4 "
		    "leave them,\n"
		    "                  5 and 6 enter them over OSDP; they open by card or PIN, by "
		    "both\n"
		    "                  while schedule 100 is on; STATE is "
		    "$XDG_STATE_HOME/postern-demo\n"
		    "                  or ~/.local/state/postern-demo\n"
		    "  --http          where the demo serves HTTP; default 127.0.0.1:8080; port 0: "
		    "any free\n"
		    "  --https         where the demo serves HTTPS as well, with a self-made "
		    "certificate\n"
		    "  --insecure-demo lets the demo listen on an address that others can reach: "
		    "plain HTTP\n"
		    "  init            makes the first account, `admin`, of a new STATE; its "
		    "password is the\n"
		    "                  first line of FILE, 8 to 128 bytes\n"
		    "  certificate     shows what clients see of the certificate of https; "
		    "--renew makes new\n"
		    "                  self-made ones, which every client has to accept anew\n"
		    "  backup          copies the database into FILE, while posternd runs or not; "
		    "keep\n"
		    "                  STATE/device.key beside it: FILE is of no use without\n"
		    "  restore         puts the backup FILE in the place of the database, while "
		    "posternd\n"
		    "                  does not run; no number is given out again; who was removed "
		    "or\n"
		    "                  blocked since stays so, and accounts are those of now, "
		    "unless\n"
		    "                  --bring-back is said\n"
		    "  reset-admin     gives the account `admin` of STATE a new password and all "
		    "rights, while\n"
		    "                  posternd does not run; nothing else changes\n"
		    "  renumber        gives the doors of the database the indexes they have in "
		    "FILE, with\n"
		    "                  their rights and records, while posternd does not run; "
		    "shows what\n"
		    "                  would change and asks first; --renamed: doors with "
		    "another id now\n"
		    "  check           reads FILE and says what is wrong in it; ports, lines and\n"
		    "                  files that it names are not looked at\n"
		    "  io              shows what comes in at the GPIO lines of FILE while "
		    "posternd does\n"
		    "                  not run, until Ctrl-C or for N seconds; --pulse opens one "
		    "lock, by\n"
		    "                  the door's id or channel, for N ms (20 to 10000, default "
		    "1000)\n"
		    "  --describe      prints commands and options for scripts; "
		    "--describe-settings the\n"
		    "                  settings below, as posternd.yaml(5) has them\n"
		    "\n"
		    "exit status: 0 done, 1 failed, 2 wrong usage\n"
		    "\n"
		    "configuration file:\n"
		    "\n",
		stdout);
	(void)fflush(stdout);
	settings_describe(false, STDOUT_FILENO);
}

void options_describe(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (commands[i].command != COMMAND_ROLE)
			printf("command\t%s\n", commands[i].word);
	}
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].commands == ROLE)
			continue;
		printf("option\t%s\t%s\t", rows[i].name, rows[i].flag ? "" : "value");
		for (size_t c = 0; c < ARRAY_COUNT(commands); c++) {
			if ((rows[i].commands & 1u << commands[c].command) != 0)
				printf(" %s", commands[c].word);
		}
		printf("%s\n", (rows[i].commands & RUN) != 0 ? " run" : "");
	}
}
