// SPDX-License-Identifier: Apache-2.0
/*
 * The command line: finds the command in the tables, cuts the words, opens the device, runs it. The
 * tables make the help text too, and through --describe the man page and the shells' completions.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define URL_DEFAULT "http://127.0.0.1:8080"
#define USER_DEFAULT "admin"
#define HELP_COLUMNS 96
#define OPTION_INDENT 24
#define COMMAND_INDENT 8

static const struct command *const tables[] = {user_commands, door_commands, holiday_commands,
	event_commands, record_commands, device_commands, account_commands, reader_commands,
	sim_commands, format_commands, status_commands, osdp_commands};

struct global_options {
	const char *url;
	const char *user;
	const char *password_file;
	const char *ca;
	const char *pin;
	bool help;
	bool describe;
};

/* Options in front of the command. --json is one behind it as well. */
static const struct {
	const char *name;
	const char *value; /* NULL: a switch */
	size_t offset; /* of a const char * in struct global_options, or of a bool */
	const char *text;
} global_rows[] = {
	{"device", "URL", offsetof(struct global_options, url),
		"https://HOST[:PORT] or http://; also POSTERN_DEVICE;\n"
		"default " URL_DEFAULT},
	{"user", "NAME", offsetof(struct global_options, user),
		"also POSTERN_USER; default " USER_DEFAULT},
	{"password-file", "FILE", offsetof(struct global_options, password_file),
		"first line is the password; also POSTERN_PASSWORD_FILE; for the\n"
		"default device, the demo's own file"},
	{"ca", "FILE", offsetof(struct global_options, ca),
		"for https: the device's certificate must lead to a CA of FILE; also\n"
		"POSTERN_CA"},
	{"pin", "sha256//BASE64", offsetof(struct global_options, pin),
		"for https: the device must have this key, as posternd shows it; also\n"
		"POSTERN_PIN; without both: the key it had before, kept in\n"
		"~/.config/postern/known_devices; POSTERN_KNOWN_DEVICES names\n"
		"another file"},
	{"json", NULL, 0, "one JSON object a line"},
	{"help", NULL, offsetof(struct global_options, help), "this text"},
	{"version", NULL, 0, "prints the version"},
	{"describe", NULL, offsetof(struct global_options, describe),
		"prints options and commands for scripts, tabs between columns"},
};

/* Words of text, in lines that begin with indent blanks; the first of them stands already. */
static void print_wrapped(const char *text, size_t indent)
{
	struct span rest = span_from_string(text);
	struct span word;
	size_t column = indent;

	while (rest.len > 0) {
		size_t len = 0;

		while (len < rest.len && rest.data[len] != ' ' && rest.data[len] != '\n')
			len++;
		word = span_slice(rest, 0, len);
		rest = span_slice(rest, len + (len < rest.len), rest.len);
		if (column > indent && column + 1 + word.len > HELP_COLUMNS) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		column += (size_t)printf(
			"%s%.*s", column > indent ? " " : "", (int)word.len, word.data);
	}
	putchar('\n');
}

static void print_command(const struct command *c)
{
	printf("  %s%s%s%s%s\n%*s", c->group, c->verb[0] == 0 ? "" : " ", c->verb,
		c->usage[0] == 0 ? "" : " ", c->usage, COMMAND_INDENT, "");
	print_wrapped(c->text, COMMAND_INDENT);
}

static void print_help(void)
{
	puts("usage: postern [--device URL] [--user NAME] [--password-file FILE] [--json] COMMAND\n"
	     "\n"
	     "Drives a postern controller or a Dahua-compatible device over its CGI.\n");
	for (size_t i = 0; i < ARRAY_COUNT(global_rows); i++) {
		const char *value = global_rows[i].value;
		int len = printf("  --%s%s%s", global_rows[i].name, value == NULL ? "" : " ",
			value == NULL ? "" : value);

		printf("%*s", OPTION_INDENT - len, "");
		print_wrapped(global_rows[i].text, OPTION_INDENT);
	}
	putchar('\n');
	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (const struct command *c = tables[t]; c->group != NULL; c++)
			print_command(c);
	}
	puts("\nExit status: 0 done, 1 refused by the device, 2 wrong usage, 3 cannot reach it,\n"
	     "4 not authenticated.");
}

/* Those of a group, or the one with that verb. False when there is none. */
static bool print_group_help(const char *group, const char *verb)
{
	bool any = false;

	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (const struct command *c = tables[t]; c->group != NULL; c++) {
			if (strcmp(c->group, group) != 0 ||
				(verb != NULL && c->verb[0] != 0 && strcmp(c->verb, verb) != 0))
				continue;
			if (!any)
				puts("usage: postern [OPTIONS] COMMAND; `postern --help` has the "
				     "options\n");
			any = true;
			print_command(c);
		}
	}
	return any;
}

/* A column of --describe: its lines become one. */
static void print_column(const char *text, char end)
{
	bool blank = false;

	for (const char *c = text; *c != 0; c++) {
		bool space = *c == ' ' || *c == '\n';

		if (!(space && blank))
			putchar(space ? ' ' : *c);
		blank = space;
	}
	putchar(end);
}

/*
 * option NAME VALUE TEXT; command GROUP VERB OPTIONS USAGE TEXT. A column that is empty stays; in
 * OPTIONS, those with = take a value.
 */
static void print_description(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(global_rows); i++) {
		printf("option\t%s\t%s\t", global_rows[i].name,
			global_rows[i].value == NULL ? "" : global_rows[i].value);
		print_column(global_rows[i].text, '\n');
	}
	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (const struct command *c = tables[t]; c->group != NULL; c++) {
			printf("command\t%s\t%s\t%s\t", c->group, c->verb, c->options);
			print_column(c->usage, '\t');
			print_column(c->text, '\n');
		}
	}
}

static const struct command *find_command(const char *group, const char *verb, bool *ret_group)
{
	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (const struct command *c = tables[t]; c->group != NULL; c++) {
			if (strcmp(c->group, group) != 0)
				continue;
			*ret_group = true;
			if (c->verb[0] == 0 || (verb != NULL && strcmp(c->verb, verb) == 0))
				return c;
		}
	}
	return NULL;
}

static int unknown_command(const char *group, const char *verb, bool group_known)
{
	if (!group_known)
		return usage_error("there is no command `%s`; `postern --help` lists them", group);
	fprintf(stderr, "postern: `%s` needs one of:", group);
	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (const struct command *c = tables[t]; c->group != NULL; c++) {
			if (strcmp(c->group, group) == 0)
				fprintf(stderr, " %s", c->verb);
		}
	}
	fprintf(stderr, verb == NULL ? "\n" : "; not `%s`\n", verb);
	return EXIT_USAGE;
}

/* Does the command take --name, and does a value follow? */
static bool option_known(const struct command *command, const char *name, bool *ret_value)
{
	struct span rest = span_from_string(command->options);
	struct span word;

	while (rest.len > 0 && span_next(&rest, ' ', &word)) {
		bool value = word.len > 0 && word.data[word.len - 1] == '=';

		if (span_equal(span_slice(word, 0, word.len - value), span_from_string(name))) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* Names those that it takes, as they are typed. */
static int unknown_option(const struct command *command, const char *name)
{
	struct span rest = span_from_string(command->options);
	struct span word;

	fprintf(stderr, "postern: `%s%s%s` does not take --%s; it takes:", command->group,
		command->verb[0] == 0 ? "" : " ", command->verb, name);
	if (rest.len == 0)
		fputs(" no options", stderr);
	while (rest.len > 0 && span_next(&rest, ' ', &word)) {
		bool value = word.len > 0 && word.data[word.len - 1] == '=';

		fprintf(stderr, " --%.*s", (int)(word.len - value), word.data);
	}
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static int take_option(
	const struct command *command, int argc, char **argv, int *at, struct arguments *arguments)
{
	const char *name = argv[*at] + 2;
	bool wants_value;

	if (!option_known(command, name, &wants_value))
		return unknown_option(command, name);
	if (option_value(arguments, name) != NULL)
		return usage_error("--%s stands twice", name);
	if (wants_value && *at + 1 >= argc)
		return usage_error("--%s needs a value", name);
	if (arguments->option_count == OPTIONS_MAX)
		return usage_error("too many options");
	arguments->option[arguments->option_count].name = name;
	arguments->option[arguments->option_count++].value = wants_value ? argv[++*at] : "";
	return EXIT_DONE;
}

/* Where the verb stands behind the group: options may come before it (`sim --state DIR card ...`).
 */
static int find_verb(int argc, char **argv, int group)
{
	int at = group + 1;

	while (at < argc && strncmp(argv[at], "--", 2) == 0)
		at += strcmp(argv[at], "--json") == 0 ? 1 : 2;
	return at;
}

/* Cuts the words of argv from first on, but for the verb; -1: there is none. */
static int cut_words(const struct command *command, int argc, char **argv, int first, int verb,
	struct arguments *arguments)
{
	for (int at = first; at < argc; at++) {
		if (at == verb)
			continue;
		if (strncmp(argv[at], "--", 2) == 0 && argv[at][2] != 0) {
			int status = take_option(command, argc, argv, &at, arguments);

			if (status != EXIT_DONE)
				return status;
			continue;
		}
		if (arguments->positional_count == command->positionals_max)
			return usage_error("too many words, from `%s` on; usage: postern %s%s%s %s",
				argv[at], command->group, command->verb[0] == 0 ? "" : " ",
				command->verb, command->usage);
		arguments->positional[arguments->positional_count++] = argv[at];
	}
	if (arguments->positional_count < command->positionals_min)
		return usage_error(
			"usage: postern %s %s %s", command->group, command->verb, command->usage);
	return EXIT_DONE;
}

/* Takes argv[*at]. False after a usage error. */
static bool global_option(int argc, char **argv, int *at, struct global_options *options)
{
	const char *name = argv[*at] + 2;
	size_t i = 0;

	while (i < ARRAY_COUNT(global_rows) && strcmp(global_rows[i].name, name) != 0)
		i++;
	if (i == ARRAY_COUNT(global_rows)) {
		usage_error("there is no option --%s before the command; `postern --help` lists "
			    "those there are",
			name);
		return false;
	}
	char *field = (char *)options + global_rows[i].offset;

	if (strcmp(name, "json") == 0) {
		output_set_json(true);
	} else if (strcmp(name, "version") == 0) {
		printf("postern %s\n", postern_version());
		exit(EXIT_DONE);
	} else if (global_rows[i].value == NULL) {
		*(bool *)(void *)field = true;
	} else if (*at + 1 >= argc) {
		usage_error("--%s needs a value", name);
		return false;
	} else {
		const char *value = argv[++*at];

		/* A script's variable that is not set must not end at another device. */
		if (value[0] == 0) {
			usage_error("--%s is empty: give a value, or leave the option out", name);
			return false;
		}
		memcpy(field, &value, sizeof(value));
	}
	return true;
}

/* Options in front of the command. Returns how many words they take, or -1. */
static int global_words(int argc, char **argv, struct global_options *options)
{
	int at = 1;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		if (!global_option(argc, argv, &at, options))
			return -1;
	}
	return at;
}

static const char *or_environment(const char *given, const char *name, const char *otherwise)
{
	const char *value = given != NULL ? given : getenv(name);

	return value == NULL || value[0] == 0 ? otherwise : value;
}

bool password_from_file(const char *file_name, char password[PASSWORD_MAX + 2])
{
	FILE *file = fopen(file_name, "re");

	if (file == NULL) {
		usage_error("cannot read %s: %s", file_name, strerror(errno));
		return false;
	}
	setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays behind */
	bool read = fgets(password, PASSWORD_MAX + 2, file) != NULL;

	fclose(file);
	password[strcspn(read ? password : "", "\r\n")] = 0;
	if (read && password[0] != 0)
		return true;
	usage_error("%s holds no password in its first line", file_name);
	return false;
}

static bool read_password(const char *file_name, char password[PASSWORD_MAX + 2])
{
	if (file_name != NULL)
		return password_from_file(file_name, password);
	usage_error("name the password's file: --password-file FILE or POSTERN_PASSWORD_FILE");
	return false;
}

/* Given, from the environment, or for the default device what `posternd --demo` wrote down. */
static const char *password_file_name(
	const struct global_options *options, char *memory, size_t size)
{
	const char *named = or_environment(options->password_file, "POSTERN_PASSWORD_FILE", NULL);
	char folder[PATH_MAX];

	if (named != NULL || or_environment(options->url, "POSTERN_DEVICE", NULL) != NULL ||
		!demo_state_folder(folder, sizeof(folder)))
		return named;
	int len = snprintf(memory, size, "%s/admin.password", folder);

	return len > 0 && (size_t)len < size && access(memory, R_OK) == 0 ? memory : NULL;
}

/* What the device shows for the first time, somebody has to compare once. */
static void tell_identity(
	const struct postern_device *device, const char *url, const char *file, bool trusted)
{
	const char *fingerprint;

	switch (postern_device_identity(device, &fingerprint)) {
	case POSTERN_IDENTITY_FIRST_USE:
		fprintf(stderr,
			"postern: %s %s %s, kept in %s; compare it with what `posternd "
			"certificate` or posternd's log says\n",
			url,
			trusted ? "is believed from now on by the key"
				: "was never used before: its key is",
			fingerprint, file);
		return;
	case POSTERN_IDENTITY_NOT_KEPT:
		fprintf(stderr,
			"postern: %s has the key %s, which could not be kept in %s: the next "
			"command will take any\n",
			url, fingerprint, file);
		return;
	case POSTERN_IDENTITY_NONE:
	case POSTERN_IDENTITY_CHECKED:
		return;
	}
}

static int refuse_device(const struct postern_device_options *options, int error)
{
	if (error == POSTERN_E_IDENTITY) {
		fprintf(stderr,
			"postern: %s cannot be read, or has no sha256//... in the line of this "
			"device: mend or remove that line\n",
			options->known_devices);
		return EXIT_NOT_AUTHENTICATED;
	}
	if (error != POSTERN_E_ARGUMENT)
		return report(NULL, error);
	if (options->pin != NULL || options->ca_file != NULL)
		return usage_error("%s with --ca or --pin: write https://HOST[:PORT], and a pin as "
				   "posternd shows it, sha256//BASE64",
			options->url);
	return usage_error("%s is no device address; write https://HOST[:PORT] or "
			   "http://HOST[:PORT]",
		options->url);
}

/* While a command runs on a device: what that was made of. */
static struct postern *running_context;
static const struct postern_device_options *running_options;

struct postern *command_context(void)
{
	return running_context;
}

struct postern_device *device_again(void)
{
	struct postern_device *device;

	return postern_device_new(running_context, running_options, &device) == POSTERN_OK ? device
											   : NULL;
}

static int run_command(const struct command *command, const struct arguments *arguments,
	struct postern *context, const struct postern_device_options *options,
	struct postern_device *device)
{
	running_context = context;
	running_options = options;
	int status = command->run(device, arguments);

	running_context = NULL;
	running_options = NULL;
	return status;
}

static int run_on_device(const struct command *command, const struct arguments *arguments,
	const struct global_options *options)
{
	char password[PASSWORD_MAX + 2];
	struct postern_device_options device_options = POSTERN_DEVICE_OPTIONS_INIT;
	struct postern_device *device = NULL;
	char path[PATH_MAX];
	char known[PATH_MAX];

	if (!read_password(password_file_name(options, path, sizeof(path)), password))
		return EXIT_USAGE;
	struct postern *context = postern_new();

	device_options.url = or_environment(options->url, "POSTERN_DEVICE", URL_DEFAULT);
	device_options.user = or_environment(options->user, "POSTERN_USER", USER_DEFAULT);
	device_options.password = password;
	device_options.ca_file = or_environment(options->ca, "POSTERN_CA", NULL);
	device_options.pin = or_environment(options->pin, "POSTERN_PIN", NULL);
	if (strncasecmp(device_options.url, "https:", 6) == 0 &&
		known_devices_file(known, sizeof(known)))
		device_options.known_devices = known;
	int error = context == NULL ? POSTERN_E_MEMORY
				    : postern_device_new(context, &device_options, &device);

	int status = error != POSTERN_OK
			     ? refuse_device(&device_options, error)
			     : run_command(command, arguments, context, &device_options, device);

	explicit_bzero(password, sizeof(password));
	if (device != NULL)
		tell_identity(device, device_options.url, device_options.known_devices,
			strcmp(command->verb, "trust") == 0);
	postern_free(context);
	return status;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
	struct global_options options = {0};
	struct arguments arguments = {.positional_count = 0};
	bool group_known = false;
	int at = global_words(argc, argv, &options);

	if (at < 0)
		return EXIT_USAGE;
	if (options.help || (at < argc && is_help(argv[at]))) {
		if (at + 1 >= argc || !print_group_help(argv[at + 1], NULL))
			print_help();
		return EXIT_DONE;
	}
	if (options.describe) {
		print_description();
		return EXIT_DONE;
	}
	if (at >= argc)
		return usage_error("no command; `postern --help` lists them");
	if (at < argc - 1 && strcmp(argv[argc - 1], "--help") == 0 &&
		print_group_help(argv[at], at < argc - 2 ? argv[at + 1] : NULL))
		return EXIT_DONE;
	int verb_at = find_verb(argc, argv, at);
	const char *verb = verb_at < argc ? argv[verb_at] : NULL;
	const struct command *command = find_command(argv[at], verb, &group_known);

	if (command == NULL)
		return unknown_command(argv[at], verb, group_known);
	if (command->verb[0] == 0)
		verb_at = -1;
	int status = cut_words(command, argc, argv, at + 1, verb_at, &arguments);

	if (status != EXIT_DONE)
		return status;
	if (option_value(&arguments, "json") != NULL)
		output_set_json(true);
	if (option_value(&arguments, "password-file") != NULL)
		options.password_file = option_value(&arguments, "password-file");

	bool local = command->local_option != NULL &&
		     option_value(&arguments, command->local_option) != NULL;
	bool device = (command->needs_device && !local) ||
		      (command->device_option != NULL &&
			      option_value(&arguments, command->device_option) != NULL);

	status = device ? run_on_device(command, &arguments, &options)
			: command->run(NULL, &arguments);
	if (fflush(stdout) != 0 || ferror(stdout))
		return usage_error("cannot write the output: %s", strerror(errno));
	return status;
}
