// SPDX-License-Identifier: Apache-2.0
/*
 * posternd: reads the command line, and for a run makes everything ready that must exist before the
 * first role does, in this order: settings, STATE with its lock, the HTTP socket (a taken port is
 * told before anything is changed), the account, then the virtual board and its socket or the GPIO
 * lines. Then the supervisor takes over.
 */
#include "account.h"
#include "backup.h"
#include "complain.h"
#include "demo.h"
#include "drivers/board.h"
#include "io.h"
#include "lines_open.h"
#include "listen.h"
#include "options.h"
#include "platform/log.h"
#include "renumber.h"
#include "role_entry.h"
#include "state.h"
#include "supervisor.h"
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_MAX (1024 * 1024)

enum status { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* The whole file, or NULL after complaining; freed by the caller. */
static char *file_read(const char *path, size_t *ret_len)
{
	char *memory = malloc(CONFIG_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t len = 0;

	if (file != NULL && memory != NULL) {
		errno = 0;
		len = fread(memory, 1, CONFIG_MAX + 1, file);
	}
	bool good = file != NULL && memory != NULL && ferror(file) == 0 && len <= CONFIG_MAX;

	if (!good)
		complain("cannot read %s: %s", path,
			len > CONFIG_MAX ? "it has more than 1 MiB" : strerror(errno));
	if (file != NULL)
		(void)fclose(file);
	*ret_len = len;
	if (good)
		return memory;
	free(memory);
	return NULL;
}

static bool settings_read(const char *path, struct settings *ret)
{
	struct settings_error error;
	size_t len;
	char *text = file_read(path, &len);

	if (text == NULL)
		return false;
	bool good = settings_parse(ret, path, span_of(text, len), &error);

	free(text);
	if (!good)
		complain("%s", error.text);
	return good;
}

/* An address of the demo: on loopback, or --insecure-demo was said. */
static bool demo_address(
	const struct options *options, const char *name, const char *address, struct text64 *ret)
{
	if (!text_set(ret, span_from_string(address)) || !address_is_good(text_span(ret))) {
		complain("%s: `%s` is no IP address and port; write 127.0.0.1:8080", name, address);
		return false;
	}
	if (options->insecure_demo || address_is_loopback(text_span(ret)))
		return true;
	complain("%s %s: the demo listens on loopback only (127.0.0.1:PORT), because its HTTP is "
		 "not encrypted and its doors are for trying; --insecure-demo allows any address",
		name, address);
	return false;
}

static bool demo_settings(const struct options *options, struct settings *ret)
{
	settings_demo(ret);
	if (options->http != NULL &&
		!demo_address(options, "--http", options->http, &ret->http_address))
		return false;
	if (options->https != NULL &&
		!demo_address(options, "--https", options->https, &ret->https_address))
		return false;
	if (options->insecure_demo) { /* it was said: everybody gets everything */
		ret->http_compat_count = 2;
		ret->http_open_door = true;
		return cidr_parse(SPAN_LIT("0.0.0.0/0"), &ret->http_compat[0]) == CIDR_OK &&
		       cidr_parse(SPAN_LIT("::/0"), &ret->http_compat[1]) == CIDR_OK;
	}
	return true;
}

static bool state_dir_set(const struct options *options, struct settings *settings)
{
	char path[sizeof(settings->state_dir.bytes)];
	char own[sizeof(path)];
	const char *given = options->state;

	if (given == NULL && options->demo) {
		if (!demo_state_path(own, sizeof(own)))
			return false;
		given = own;
	} else if (given == NULL) {
		(void)snprintf(own, sizeof(own), "%.*s", settings->state_dir.len,
			settings->state_dir.bytes);
		given = own;
	}
	return state_path(given, path, sizeof(path)) &&
	       text_set(&settings->state_dir, span_from_string(path));
}

static int state_dir_open(const struct settings *settings)
{
	char path[sizeof(settings->state_dir.bytes) + 1];

	(void)snprintf(
		path, sizeof(path), "%.*s", settings->state_dir.len, settings->state_dir.bytes);
	return state_open(path);
}

static int board_open(int state_fd)
{
	int fd = openat(state_fd, "sim.board", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	int renewed = fd < 0 ? -errno : board_renew(fd);

	if (renewed > 0)
		log_warning("STATE/sim.board is of another version: virtual lines begin anew");
	if (renewed >= 0)
		return fd;
	complain("cannot open STATE/sim.board: %s", strerror(-renewed));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool virtual_lines_open(struct supervisor_options *options)
{
	options->board_fd = board_open(options->state_fd);
	options->sim_fd = listen_sim(options->state_fd);
	return options->board_fd >= 0 && options->sim_fd >= 0;
}

/* From here on the locks are driven to their fail states. */
static bool gpio_lines_open(const struct settings *settings, struct supervisor_options *options)
{
	static struct gpio_plan plan;
	static int fds[GPIO_REQUESTS_MAX];

	options->plan = &plan;
	options->line_fds = fds;
	return lines_plan(settings, &plan) && lines_open(settings, &plan, fds);
}

static void unclaimed_tell(const struct settings *settings)
{
	log_warning("nobody can log in yet: claim this device with the code below, or stop "
		    "posternd, run `posternd init --state %.*s --admin-password-file FILE`, start "
		    "it again",
		settings->state_dir.len, settings->state_dir.bytes);
}

/*
 * A pipe or terminal that nobody reads must not hold up a door: a line that does not fit is lost.
 * The description is opened anew, so that other users of it keep theirs as it is.
 */
static void output_unblock(int fd)
{
	char path[32];
	struct stat info;

	if (fstat(fd, &info) != 0 || !(S_ISFIFO(info.st_mode) || isatty(fd)))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (own < 0)
		return;
	(void)dup2(own, fd);
	(void)close(own);
}

/* Both sockets: a taken port is told before anything is changed. */
static bool sockets_open(struct settings *settings, struct supervisor_options *ret)
{
	ret->http_fd = listen_http(&settings->http_address);
	if (ret->http_fd < 0)
		return false;
	if (settings->https_address.len > 0)
		ret->https_fd = listen_http(&settings->https_address);
	return settings->https_address.len == 0 || ret->https_fd >= 0;
}

static bool keys_open(const struct settings *settings, struct supervisor_options *ret)
{
	if (settings->https_address.len > 0)
		ret->tls_fd =
			tls_prepare(ret->state_fd, settings, TLS_WISH_READY, &ret->fingerprints);
	return settings->https_address.len == 0 || ret->tls_fd >= 0;
}

static int run(const struct options *options)
{
	static struct settings settings;
	static char banner[8192];
	struct supervisor_options supervisor = {
		.settings = &settings, .https_fd = -1, .tls_fd = -1};

	(void)close_range(STDERR_FILENO + 1, ~0u, 0); /* what a careless parent left open */
	if (options->demo ? !demo_settings(options, &settings)
			  : !settings_read(options->config, &settings))
		return STATUS_USAGE;
	if (!state_dir_set(options, &settings))
		return STATUS_FAILED;
	supervisor.state_fd = state_dir_open(&settings);
	if (supervisor.state_fd < 0)
		return STATUS_FAILED;
	if (!sockets_open(&settings, &supervisor))
		return STATUS_FAILED;
	enum account_outcome account = account_prepare(supervisor.state_fd, &settings,
		options->demo ? ACCOUNT_WISH_RANDOM : ACCOUNT_WISH_LOOK, NULL);

	if (account == ACCOUNT_OUTCOME_FAILED || !keys_open(&settings, &supervisor))
		return STATUS_FAILED;
	if (!(settings.simulated_lines ? virtual_lines_open(&supervisor)
				       : gpio_lines_open(&settings, &supervisor)))
		return STATUS_FAILED;
	output_unblock(STDOUT_FILENO);
	output_unblock(STDERR_FILENO);
	if (account == ACCOUNT_OUTCOME_ABSENT)
		unclaimed_tell(&settings);
	if (options->demo)
		supervisor.banner = demo_banner(
			&settings, account, &supervisor.fingerprints, banner, sizeof(banner));
	return supervisor_run(&supervisor);
}

static int init(const struct options *options)
{
	static struct settings settings;
	struct text128 password;

	if (!account_read_password(options->password_file, &password))
		return STATUS_FAILED;
	settings_default(&settings);
	int state_fd = state_open(options->state);

	if (state_fd < 0)
		return STATUS_FAILED;
	enum account_outcome outcome =
		account_prepare(state_fd, &settings, ACCOUNT_WISH_GIVEN, &password);

	explicit_bzero(&password, sizeof(password));
	(void)close(state_fd);
	if (outcome == ACCOUNT_OUTCOME_PRESENT)
		complain("%s has an account already: nothing was changed", options->state);
	if (outcome != ACCOUNT_OUTCOME_MADE)
		return STATUS_FAILED;
	printf("made account `admin` in %s\n", options->state);
	return STATUS_DONE;
}

/* The old password of a demo is not to be believed any longer. */
static bool demo_password_forget(int state_fd)
{
	if (unlinkat(state_fd, ADMIN_PASSWORD_FILE, 0) == 0 || errno == ENOENT)
		return true;
	complain("the password is set, but STATE/" ADMIN_PASSWORD_FILE
		 " with the old one cannot be removed: %s",
		strerror(errno));
	return false;
}

static int reset_admin(const struct options *options)
{
	static struct settings settings;
	struct text128 password;
	struct stat info;
	char path[PATH_MAX];

	if (!account_read_password(options->password_file, &password))
		return STATUS_FAILED;
	(void)snprintf(path, sizeof(path), "%s/postern.db", options->state);
	if (stat(path, &info) != 0) {
		complain("%s: %s; name the folder of a database with --state", path,
			strerror(errno));
		return STATUS_FAILED;
	}
	settings_default(&settings);
	int state_fd = state_open(options->state);

	if (state_fd < 0)
		return STATUS_FAILED;
	enum account_outcome outcome =
		account_prepare(state_fd, &settings, ACCOUNT_WISH_RESET, &password);

	explicit_bzero(&password, sizeof(password));
	bool good = outcome == ACCOUNT_OUTCOME_MADE && demo_password_forget(state_fd);

	(void)close(state_fd);
	if (!good)
		return STATUS_FAILED;
	printf("account `admin` in %s has the password of %s\n", options->state,
		options->password_file);
	return STATUS_DONE;
}

static int check(const struct options *options)
{
	static struct settings settings;
	unsigned doors = 0;
	unsigned readers = 0;
	static struct gpio_plan plan;

	if (!settings_read(options->config, &settings) || !lines_plan(&settings, &plan))
		return STATUS_FAILED;
	for (size_t i = 0; i < DOORS_MAX; i++)
		doors += settings.door[i].config.configured;
	for (size_t i = 0; i < READERS_MAX; i++)
		readers += settings.reader[i].config.configured;
	printf("%s is good: %u %s, %u %s\n", options->config, doors, doors == 1 ? "door" : "doors",
		readers, readers == 1 ? "reader" : "readers");
	(void)fflush(stdout);
	settings_remarks(&settings, STDOUT_FILENO);
	return STATUS_DONE;
}

static int io(const struct options *options)
{
	static struct settings settings;

	if (!settings_read(options->config, &settings))
		return STATUS_USAGE;
	output_unblock(STDOUT_FILENO); /* a terminal that is held up must not hold a lock open */
	return io_run(options, &settings);
}

/* What clients see of the certificate, with a new one first when it is wished. */
static int certificate(const struct options *options)
{
	static struct settings settings;
	struct tls_fingerprints fingerprints;
	char path[sizeof(settings.state_dir.bytes) + sizeof("/" TLS_CERTIFICATE_FILE)];
	char pin[TLS_PIN_TEXT];
	char hex[TLS_HEX_TEXT];

	settings_default(&settings);
	if (options->config != NULL && !settings_read(options->config, &settings))
		return STATUS_FAILED;
	if (!state_dir_set(options, &settings))
		return STATUS_FAILED;
	if (settings.https_certificate.len > 0)
		(void)snprintf(path, sizeof(path), "%.*s", settings.https_certificate.len,
			settings.https_certificate.bytes);
	else
		(void)snprintf(path, sizeof(path), "%.*s/" TLS_CERTIFICATE_FILE,
			settings.state_dir.len, settings.state_dir.bytes);
	if (options->renew && settings.https_certificate.len > 0) {
		complain("%s is the certificate: its maker renews it; restart posternd then", path);
		return STATUS_FAILED;
	}
	if (options->renew) {
		int state_fd = state_dir_open(&settings);

		if (state_fd < 0 ||
			tls_prepare(state_fd, &settings, TLS_WISH_RENEW, &fingerprints) < 0)
			return STATUS_FAILED;
	} else if (settings.https_certificate.len == 0 && access(path, F_OK) < 0 &&
		   errno == ENOENT) {
		complain("cannot read %s: posternd makes it at its first start with `https:` in "
			 "its configuration, and so does --renew",
			path);
		return STATUS_FAILED;
	} else if (!tls_certificate_show(path, &fingerprints)) {
		return STATUS_FAILED;
	}
	printf("certificate %s\npublic key  %s\nSHA-256     %s\n", path,
		tls_pin_text(fingerprints.public_key, pin),
		tls_hex_text(fingerprints.certificate, hex));
	return STATUS_DONE;
}

static int backup_or_restore(const struct options *options)
{
	static struct settings settings;
	char path[sizeof(settings.state_dir.bytes) + 1];

	settings_default(&settings);
	if (options->config != NULL && !settings_read(options->config, &settings))
		return STATUS_FAILED;
	if (!state_dir_set(options, &settings))
		return STATUS_FAILED;
	(void)snprintf(
		path, sizeof(path), "%.*s", settings.state_dir.len, settings.state_dir.bytes);
	bool good = options->command == COMMAND_BACKUP
			    ? backup_make(path, options->file)
			    : backup_restore(path, options->file, options->bring_back);

	return good ? STATUS_DONE : STATUS_FAILED;
}

static int renumber(const struct options *options)
{
	static struct settings settings;
	const struct renumber_wish wish = {options->config, options->renamed, options->yes};

	if (!settings_read(options->config, &settings) || !state_dir_set(options, &settings))
		return STATUS_FAILED;
	return renumber_run(&settings, &wish) ? STATUS_DONE : STATUS_FAILED;
}

int main(int argc, char **argv)
{
	struct options options;

	log_set_name("posternd");
	(void)signal(SIGPIPE, SIG_IGN);
	if (!options_parse(argc, argv, &options))
		return STATUS_USAGE;
	switch (options.command) {
	case COMMAND_RUN:
		return run(&options);
	case COMMAND_INIT:
		return init(&options);
	case COMMAND_CHECK:
		return check(&options);
	case COMMAND_IO:
		return io(&options);
	case COMMAND_CERTIFICATE:
		return certificate(&options);
	case COMMAND_BACKUP:
	case COMMAND_RESTORE:
		return backup_or_restore(&options);
	case COMMAND_RESET_ADMIN:
		return reset_admin(&options);
	case COMMAND_RENUMBER:
		return renumber(&options);
	case COMMAND_ROLE:
		return role_enter(options.role);
	case COMMAND_DESCRIBE:
		options_describe();
		return STATUS_DONE;
	case COMMAND_DESCRIBE_SETTINGS:
		settings_describe(true, STDOUT_FILENO);
		return STATUS_DONE;
	case COMMAND_HELP:
		options_help();
		return STATUS_DONE;
	case COMMAND_VERSION:
		printf("posternd " POSTERN_VERSION "\n");
		return STATUS_DONE;
	case COMMAND_COUNT:
		break;
	}
	return STATUS_USAGE;
}
