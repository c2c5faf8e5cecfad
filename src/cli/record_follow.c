// SPDX-License-Identifier: Apache-2.0
/*
 * postern records follow, and records pull with a state file: every record once, over broken
 * connections and over restarts of this program. The place is saved behind each record, when its
 * line has left; killed between the two, the program prints that one record again. A line that the
 * last run left half in its output gets an end first, so that it spoils no other.
 */
#include "base/number.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MAX (1 << 20) /* bytes of a state file */
#define PATH_BYTES_MAX 4096

struct following {
	struct postern_device *device;
	const char *state_file; /* NULL: none */
	int64_t left; /* records still to print; -1: no end */
	bool once;
	bool failed; /* to save */
	bool lost;
};

/* True when there is none yet. *ret_state: NULL or to be freed. */
static bool read_state(const char *path, char **ret_state)
{
	FILE *file = fopen(path, "re");
	char *state = NULL;
	size_t len = 0;

	*ret_state = NULL;
	if (file == NULL && errno == ENOENT)
		return true;
	if (file != NULL) {
		state = calloc(1, STATE_MAX);
		len = state == NULL ? 0 : fread(state, 1, STATE_MAX - 1, file);
	}
	bool read = file != NULL && state != NULL && ferror(file) == 0;

	if (file != NULL)
		fclose(file);
	if (!read || len == 0) {
		fprintf(stderr, "postern: --state-file %s: %s\n", path,
			read ? "the file is empty; remove it to begin anew" : strerror(errno));
		free(state);
		return false;
	}
	*ret_state = state;
	return true;
}

/*
 * Two runs on one file would save each other's places. The lock lives as long as the program; -1:
 * it was said why there is none.
 */
static int lock_state(const char *path)
{
	char name[PATH_BYTES_MAX];
	int len = snprintf(name, sizeof(name), "%s.lock", path);
	int fd = -1;

	errno = ENAMETOOLONG;
	if (len > 0 && (size_t)len < sizeof(name))
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0 && errno == EWOULDBLOCK)
		fprintf(stderr,
			"postern: --state-file %s: another postern is at work on it; each needs a "
			"file of its own\n",
			path);
	else
		fprintf(stderr, "postern: --state-file %s: %s: %s\n", path, name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What a run that was killed or met a full disk may have left at the end of the output. */
static void end_half_line(void)
{
	struct stat info;
	char last = '\n';

	if (fstat(STDOUT_FILENO, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0 ||
		(fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND) == 0)
		return;
	int fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n')
		putchar('\n');
	close(fd);
}

/* A new file under a name of its own, then renamed: never half. */
static bool save_state(const char *path, const char *state)
{
	char temporary[PATH_BYTES_MAX];
	int len = snprintf(temporary, sizeof(temporary), "%s.new", path);

	if (state == NULL || len < 0 || (size_t)len >= sizeof(temporary))
		return false;
	FILE *file = fopen(temporary, "we");

	if (file == NULL)
		return false;
	bool written = fprintf(file, "%s\n", state) > 0;

	return fclose(file) == 0 && written && rename(temporary, path) == 0;
}

static int take_record(void *user, struct postern_call *call, const struct postern_record *record)
{
	struct following *following = user;

	record_print(record);
	/* Printing may have flushed by itself, and what failed then is in no buffer any more. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		return 1;
	if (following->state_file != NULL &&
		!save_state(following->state_file, postern_follow_state(call))) {
		fprintf(stderr, "postern: --state-file %s: cannot be written: %s\n",
			following->state_file, strerror(errno));
		following->failed = true;
		return 1;
	}
	if (following->left > 0)
		following->left--;
	return following->left == 0;
}

static int take_loss(void *user, struct postern_call *call UNUSED, const struct postern_loss *loss)
{
	((struct following *)user)->lost = true;
	switch (loss->kind) {
	case POSTERN_LOST_OVERWRITTEN:
		if (loss->rec_nos.first == 0) {
			fprintf(stderr,
				"postern: lost: the device counted %llu records more than it "
				"handed "
				"out\n",
				(unsigned long long)loss->count);
			break;
		}
		fprintf(stderr,
			"postern: lost: RecNo %llu to %llu: the device has them no more, or with "
			"an "
			"earlier time, its clock set back: `records pull` finds those\n",
			(unsigned long long)loss->rec_nos.first,
			(unsigned long long)loss->rec_nos.last);
		break;
	case POSTERN_LOST_RESET:
		fprintf(stderr,
			"postern: lost: what the device recorded behind RecNo %llu before it was "
			"reset, if anything\n",
			(unsigned long long)loss->rec_nos.first);
		break;
	case POSTERN_LOST_CROWDED:
		fprintf(stderr,
			"postern: lost: second %lld holds more records than a page of 1024\n",
			(long long)loss->from);
		break;
	}
	return 0;
}

static void tell_link(void *user, struct postern_call *call UNUSED, int error, unsigned retry_ms)
{
	const struct following *following = user;

	if (error == POSTERN_OK && !following->once)
		fprintf(stderr, "postern: live\n");
	if (error != POSTERN_OK)
		fprintf(stderr, "postern: %s; again in %u ms (%s)\n", postern_strerror(error),
			retry_ms, postern_device_detail(following->device));
}

static int follow(struct postern_device *device, const struct arguments *arguments,
	struct postern_follow_options *options, struct following *following)
{
	const char *from = option_value(arguments, "from");
	char *state = NULL;
	int lock = -1;

	following->device = device;
	following->once = options->once != 0;
	following->state_file = option_value(arguments, "state-file");
	if (from != NULL && !record_parse_utc("--from", from, &options->from))
		return EXIT_USAGE;
	if (following->state_file != NULL) {
		lock = lock_state(following->state_file);
		if (lock < 0)
			return EXIT_USAGE;
		if (!read_state(following->state_file, &state)) {
			close(lock);
			return EXIT_USAGE;
		}
		end_half_line();
	}
	options->state = state;
	options->record = take_record;
	options->lost = take_loss;
	options->link = tell_link;
	int error = postern_follow(device, options, following);

	free(state);
	if (lock >= 0)
		close(lock);
	if (following->failed)
		return EXIT_REFUSED;
	if (error != POSTERN_OK && error != POSTERN_E_STOPPED)
		return report(device, error);
	return following->lost ? EXIT_REFUSED : EXIT_DONE;
}

int records_follow(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_follow_options options = POSTERN_FOLLOW_OPTIONS_INIT;
	struct following following = {.left = -1};
	const char *count = option_value(arguments, "count");
	const char *heartbeat = option_value(arguments, "heartbeat");
	const char *retry = option_value(arguments, "retry-ms");
	int64_t number;

	if (count != NULL && !parse_number("--count", count, 1, INT64_MAX, &following.left))
		return EXIT_USAGE;
	if (heartbeat != NULL) {
		if (!parse_number("--heartbeat", heartbeat, 1, 60, &number))
			return EXIT_USAGE;
		options.heartbeat_s = (unsigned)number;
	}
	if (retry != NULL) {
		if (!parse_number("--retry-ms", retry, 1, 30000, &number))
			return EXIT_USAGE;
		options.retry_first_ms = (unsigned)number;
	}
	options.event_manager = option_value(arguments, "event-manager") != NULL;
	return follow(device, arguments, &options, &following);
}

int records_resume(struct postern_device *device, const struct arguments *arguments)
{
	static const char *const others[] = {"to", "card", "user-id", "door", "count", "after"};
	struct postern_follow_options options = POSTERN_FOLLOW_OPTIONS_INIT;
	struct following following = {.left = -1};

	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		if (option_value(arguments, others[i]) != NULL)
			return usage_error("--state-file keeps the place in all records: it does "
					   "not go together with --%s",
				others[i]);
	}
	options.once = 1;
	return follow(device, arguments, &options, &following);
}
