/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `postern` share. */
#pragma once

#include "base/compiler.h"
#include "base/span.h"
#include "postern/postern.h"

#include <json-c/json.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* by the device */
	EXIT_USAGE = 2, /* wrong words on the command line */
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_AUTHENTICATED = 4,
};

#define POSITIONALS_MAX 16
#define OPTIONS_MAX 32

/* A command line after the command's name, cut into words. Strings belong to argv. */
struct arguments {
	const char *positional[POSITIONALS_MAX];
	size_t positional_count;
	struct {
		const char *name; /* without dashes */
		const char *value; /* NULL for a switch */
	} option[OPTIONS_MAX];
	size_t option_count;
};

/* The value of --name, or NULL. A switch that was given has the value "". */
const char *option_value(const struct arguments *arguments, const char *name);

struct command {
	const char *group; /* "user" */
	const char *verb; /* "add"; "": the group is the command */
	size_t positionals_min;
	size_t positionals_max;
	const char *options; /* "name= card= json": with = where a value follows */
	const char *usage; /* behind "postern user add" */
	const char *text; /* one sentence */
	bool needs_device; /* talks to --device */
	int (*run)(struct postern_device *device, const struct arguments *arguments);
	const char *device_option; /* with this option it talks to --device too; NULL: none */
	const char *local_option; /* with this option it does not; NULL: none */
};

/* Each file's commands end with a row whose group is NULL. */
extern const struct command user_commands[];
extern const struct command door_commands[];
extern const struct command holiday_commands[];
extern const struct command event_commands[];
extern const struct command record_commands[];
extern const struct command device_commands[];
extern const struct command reader_commands[];
extern const struct command sim_commands[];
extern const struct command format_commands[];
extern const struct command status_commands[];
extern const struct command account_commands[]; /* and of the audit */
extern const struct command osdp_commands[];

bool output_is_json(void);
void output_set_json(bool json);

/* Prints an SDK error to standard error and gives the exit status it means. 0 stays 0. */
int report(struct postern_device *device, int error);

/* The same for an error whose detail is at hand. */
int report_detail(int error, const char *detail);

/*
 * One more connection to the device that the running command talks to, with the same account and
 * keys, for several requests at once: a device's own go one after the other. NULL when it cannot be
 * made. It is freed behind the command.
 */
struct postern_device *device_again(void);
/* The context of the running command's devices. */
struct postern *command_context(void);

/* Prints "postern: ..." to standard error; returns EXIT_USAGE. */
int usage_error(const char *format, ...) PRINTF_LIKE(1, 2);

#define PASSWORD_MAX 128

/* The first line of a file; wiped by the caller. False after a usage error. */
MUST_CHECK bool password_from_file(const char *file_name, char password[PASSWORD_MAX + 2]);

/* Prints one JSON object as one line and frees it. */
void print_json(json_object *object);
json_object *json_from_fields(const struct postern_field *fields, size_t count);

/* How a door was asked for, by the number of its record: "card+pin". NULL for a number not known.
 */
const char *method_name(int64_t method);

/* Where `posternd --demo` keeps its state without --state; false when there is no home folder. */
MUST_CHECK bool demo_state_folder(char *memory, size_t size);

/*
 * Where keys of devices are kept: POSTERN_KNOWN_DEVICES, or known_devices in the user's folder of
 * configuration, which is made. False when there is none.
 */
MUST_CHECK bool known_devices_file(char *memory, size_t size);

/* A whole number within the range, or a usage error naming what. */
MUST_CHECK bool parse_number(
	const char *what, const char *text, int64_t min, int64_t max, int64_t *ret);

/* "1,2,3" into at most max numbers within the range. */
MUST_CHECK bool parse_numbers(const char *what, const char *text, int min, int max,
	int *ret_numbers, size_t numbers_max, size_t *ret_count);
