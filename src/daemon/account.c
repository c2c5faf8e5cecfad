// SPDX-License-Identifier: Apache-2.0
/*
 * The first account is made before any role exists, in a child process: neither the database nor a
 * password ever is in the supervisor's memory. The file of a random password is complete on disk
 * before the account is, so that a sudden end leaves no account that nobody can use.
 */
#include "account.h"

#include "base/utf8.h"
#include "complain.h"
#include "crypto/random.h"
#include "database.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RANDOM_PASSWORD_LEN 20 /* of 32 letters and digits: 100 bits */
#define ADMIN_PASSWORD_NEW ADMIN_PASSWORD_FILE ".new"

static int account_seen(void *user, const struct account *account UNUSED)
{
	*(bool *)user = true;
	return 1;
}

/* Letters and digits that nobody mistakes for another: 32, so that 5 bits choose one evenly. */
static void password_random(struct text128 *ret)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t bytes[RANDOM_PASSWORD_LEN];

	_Static_assert(sizeof(letters) - 1 == 32, "5 bits a letter");
	random_bytes(bytes, sizeof(bytes));
	ret->len = RANDOM_PASSWORD_LEN;
	for (size_t i = 0; i < sizeof(bytes); i++)
		ret->bytes[i] = letters[bytes[i] % 32];
	explicit_bzero(bytes, sizeof(bytes));
}

static bool password_keep(int state_fd, const struct text128 *password)
{
	char line[sizeof(password->bytes) + 1];
	size_t len = password->len;

	(void)unlinkat(state_fd, ADMIN_PASSWORD_NEW, 0);
	int fd =
		openat(state_fd, ADMIN_PASSWORD_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	memcpy(line, password->bytes, len);
	line[len++] = '\n';
	bool good = fd >= 0 && write(fd, line, len) == (ssize_t)len && fsync(fd) == 0 &&
		    renameat(state_fd, ADMIN_PASSWORD_NEW, state_fd, ADMIN_PASSWORD_FILE) == 0 &&
		    fsync(state_fd) == 0;

	if (!good)
		complain("cannot write STATE/" ADMIN_PASSWORD_FILE ": %s", strerror(errno));
	explicit_bzero(line, sizeof(line));
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static int admin_put(struct store *store, enum account_wish wish, const struct text128 *password)
{
	struct account admin = {.role = ACCOUNT_ADMIN, .password = *password};

	(void)text_set(&admin.name, SPAN_LIT("admin"));
	int error = store_begin(store);

	if (error == 0)
		error = store_account_put(store, &admin);
	if (error == 0)
		error = database_audit(store,
			wish == ACCOUNT_WISH_RESET ? AUDIT_RESET_ADMIN : AUDIT_INIT,
			SPAN_LIT("account admin"));
	if (error == 0)
		error = store_commit(store);
	else
		store_rollback(store);
	explicit_bzero(&admin, sizeof(admin));
	return error;
}

static enum account_outcome account_make(
	struct store *store, int state_fd, enum account_wish wish, const struct text128 *given)
{
	struct text128 password = {0};
	bool any = false;
	int error = store_accounts(store, account_seen, &any);

	if (any && wish != ACCOUNT_WISH_RESET)
		return ACCOUNT_OUTCOME_PRESENT;
	if (!any && error != 0) {
		complain("cannot read the accounts: %s", store_error_text(error));
		return ACCOUNT_OUTCOME_FAILED;
	}
	if (wish == ACCOUNT_WISH_LOOK)
		return ACCOUNT_OUTCOME_ABSENT;
	if (wish == ACCOUNT_WISH_GIVEN || wish == ACCOUNT_WISH_RESET) {
		password = *given;
	} else {
		password_random(&password);
		if (!password_keep(state_fd, &password))
			return ACCOUNT_OUTCOME_FAILED;
	}
	error = admin_put(store, wish, &password);
	explicit_bzero(&password, sizeof(password));
	if (error == 0)
		return ACCOUNT_OUTCOME_MADE;
	complain("cannot make the account: %s", store_error_text(error));
	return ACCOUNT_OUTCOME_FAILED;
}

static enum account_outcome account_work(int state_fd, const struct settings *settings,
	enum account_wish wish, const struct text128 *password)
{
	struct store *store = database_open(state_fd, settings, DATABASE_DOORS_COMPARED);

	if (store == NULL)
		return ACCOUNT_OUTCOME_FAILED;
	enum account_outcome outcome = account_make(store, state_fd, wish, password);

	store_close(store);
	return outcome;
}

enum account_outcome account_prepare(int state_fd, const struct settings *settings,
	enum account_wish wish, const struct text128 *password)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		enum account_outcome outcome = account_work(state_fd, settings, wish, password);

		(void)fflush(stderr);
		_exit((int)outcome);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			pid = -1;
	}
	if (pid < 0) {
		complain("cannot start the process that opens the database: %s", strerror(errno));
		return ACCOUNT_OUTCOME_FAILED;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) <= ACCOUNT_OUTCOME_ABSENT)
		return (enum account_outcome)WEXITSTATUS(status);
	complain("the process that opens the database ended unexpectedly");
	return ACCOUNT_OUTCOME_FAILED;
}

static bool password_check(const char *path, struct span line, struct text128 *ret)
{
	if (line.len < PASSWORD_MIN || line.len > sizeof(ret->bytes)) {
		complain("the first line of %s is the password: 8 to 128 bytes, not %zu", path,
			line.len);
		return false;
	}
	if (!utf8_printable(line, NULL)) {
		complain("the first line of %s is no readable text (UTF-8 without control "
			 "characters)",
			path);
		return false;
	}
	return text_set(ret, line);
}

bool account_read_password(const char *path, struct text128 *ret)
{
	char memory[512];
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		complain("cannot open %s: %s", path, strerror(errno));
		return false;
	}
	setvbuf(file, NULL, _IONBF, 0);
	size_t len = fread(memory, 1, sizeof(memory), file);
	bool failed = ferror(file) != 0;
	int error = errno;

	(void)fclose(file);
	if (failed) {
		complain("cannot read %s: %s", path, strerror(error));
		return false;
	}
	struct span line =
		span_slice(span_of(memory, len), 0, span_find(span_of(memory, len), '\n'));

	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	bool good = password_check(path, line, ret);

	explicit_bzero(memory, sizeof(memory));
	return good;
}
