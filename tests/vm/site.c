// SPDX-License-Identifier: Apache-2.0
/*
 * posternd as a child of the test, and the SDK towards it. The SDK blocks, so a stream of events is
 * read until its heartbeat says that nothing more is there.
 */
#include "site.h"

#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG "/run/posternd.log"
#define PASSWORD "correct horse battery"
#define PASSWORD_FILE "/run/password"
#define WAIT_S 20
#define NEWS_S 10
#define LOG_MAX (1 << 20)

static struct {
	pid_t supervisor;
	uint64_t seen_seq;
	struct postern *context;
	struct postern_device *device;
} site;

static void assert_posted(int error)
{
	if (error != POSTERN_OK)
		fail_msg("%s: %s", postern_strerror(error),
			site.device == NULL ? "" : postern_device_detail(site.device));
}

/* --- the process --- */

pid_t site_spawn(const char *const arguments[])
{
	pid_t pid = fork();

	assert_return_code(pid, errno);
	if (pid > 0)
		return pid;
	int log = open(LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	/* As a service starts it: the test's own priority is not its. */
	struct sched_param ordinary = {0};

	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
	(void)execv("/bin/posternd", (char *const *)(uintptr_t)arguments);
	_exit(127);
}

int site_spawned_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void account_make(void)
{
	FILE *file = fopen(PASSWORD_FILE, "we");

	assert_non_null(file);
	(void)fprintf(file, "%s\n", PASSWORD);
	(void)fclose(file);
	const char *arguments[] = {"posternd", "init", "--state", SITE_STATE,
		"--admin-password-file", PASSWORD_FILE, NULL};

	assert_int_equal(site_spawned_end(site_spawn(arguments)), 0);
	site.seen_seq = 0;
}

static void device_open(void)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;

	if (site.context == NULL)
		site.context = postern_new();
	assert_non_null(site.context);
	options.url = SITE_URL;
	options.user = "admin";
	options.password = PASSWORD;
	assert_posted(postern_device_new(site.context, &options, &site.device));
}

static void wait_answer(void)
{
	int64_t end_ns = world_now_ns() + WAIT_S * NS_PER_S;
	uint64_t count;

	while (postern_people_count(site.device, &count) != POSTERN_OK) {
		if (world_now_ns() > end_ns)
			fail_msg(
				"posternd does not answer: %s", postern_device_detail(site.device));
		world_sleep_ms(20);
	}
}

void site_start(const char *config)
{
	const char *arguments[] = {"posternd", "--config", config, "--state", SITE_STATE, NULL};

	assert_int_equal(site.supervisor, 0);
	if (access(SITE_STATE, F_OK) != 0)
		account_make();
	if (site.device == NULL)
		device_open();
	site.supervisor = site_spawn(arguments);
	wait_answer();
}

void site_lost(void)
{
	(void)site_spawned_end(site.supervisor);
	site.supervisor = 0;
}

int site_stop(void)
{
	assert_return_code(kill(site.supervisor, SIGTERM), errno);
	int status = site_spawned_end(site.supervisor);

	site.supervisor = 0;
	return status;
}

void site_clear(void)
{
	if (site.supervisor != 0)
		(void)site_stop();
	(void)!system("rm -rf " SITE_STATE);
	site.seen_seq = 0;
}

pid_t site_supervisor(void)
{
	return site.supervisor;
}

/* First line of a file of /proc, without its end. */
static bool proc_read(const char *pid, const char *name, char *text, int len)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
	FILE *file = fopen(path, "re");
	bool good = file != NULL && fgets(text, len, file) != NULL;

	if (file != NULL)
		(void)fclose(file);
	if (good)
		text[strcspn(text, "\n")] = '\0';
	return good;
}

pid_t site_role(const char *role)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char wanted[32];
	char name[32];
	pid_t found = 0;

	assert_non_null(processes);
	(void)snprintf(wanted, sizeof(wanted), "postern-%s", role);
	while ((entry = readdir(processes)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && *end == '\0' &&
			proc_read(entry->d_name, "comm", name, sizeof(name)) &&
			strcmp(name, wanted) == 0)
			found = (pid_t)pid;
	}
	(void)closedir(processes);
	return found;
}

pid_t site_wait_role(const char *role, pid_t before)
{
	int64_t end_ns = world_now_ns() + WAIT_S * NS_PER_S;
	pid_t now;

	while ((now = site_role(role)) == 0 || now == before) {
		if (world_now_ns() > end_ns)
			fail_msg("%s was not started again", role);
		world_sleep_ms(5);
	}
	wait_answer();
	return now;
}

/* --- over the SDK --- */

void site_enrol(const char *user_id, const char *card_no, const char *pin, int door_count)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	int doors[8];
	int schedules[8];

	assert_in_range(door_count, 0, 8);
	for (int i = 0; i < door_count; i++) {
		doors[i] = i;
		schedules[i] = 255;
	}
	person.user_id = user_id;
	person.card_no = card_no;
	person.password = pin;
	person.doors = doors;
	person.schedules = schedules;
	person.door_count = (size_t)door_count;
	person.schedule_count = (size_t)door_count;
	assert_posted(postern_person_add(site.device, &person, NULL));
}

static void text_take(char *ret, size_t size, const struct postern_event *event, const char *name)
{
	const char *value = postern_event_field(event, name);

	(void)snprintf(ret, size, "%s", value == NULL ? "" : value);
}

static int64_t number_of(const struct postern_event *event, const char *name)
{
	const char *value = postern_event_field(event, name);

	return value == NULL ? 0 : strtoll(value, NULL, 10);
}

static struct site_events news;

struct reading {
	const char *kind; /* NULL: until end_ns */
	unsigned wanted;
	int64_t end_ns;
};

static int event_take(void *user, const struct postern_event *event)
{
	(void)user;
	assert_true(news.count < SITE_EVENTS_MAX);
	/* The journal is dense: nothing is missed, nothing comes twice. */
	assert_int_equal(event->seq, site.seen_seq + 1);
	site.seen_seq = event->seq;
	struct site_event *at = &news.event[news.count++];

	*at = (struct site_event){.seq = event->seq,
		.rec_no = event->rec_no,
		.door = number_of(event, "Door"),
		.reader = number_of(event, "ReaderID"),
		.method = number_of(event, "Method"),
		.status = number_of(event, "Status"),
		.count = number_of(event, "Count")};
	text_take(at->kind, sizeof(at->kind), event, "Kind");
	text_take(at->reason, sizeof(at->reason), event, "Reason");
	text_take(at->card_no, sizeof(at->card_no), event, "CardNo");
	text_take(at->user_id, sizeof(at->user_id), event, "UserID");
	text_take(at->type, sizeof(at->type), event, "Type");
	return 0;
}

static bool reading_has(const struct reading *reading)
{
	return reading->kind != NULL && site_count(&news, reading->kind) >= reading->wanted;
}

static int reading_is_over(void *user)
{
	const struct reading *reading = user;

	return reading_has(reading) || world_now_ns() >= reading->end_ns;
}

/* The stream begins with what is there; its first heartbeat comes a second later. */
static void news_read(struct reading *reading)
{
	struct postern_watch_options options = POSTERN_WATCH_OPTIONS_INIT;

	if (site.seen_seq == 0) {
		/* The journal begins with `started`; afterSeq 0 would mean: from now on. */
		site.seen_seq = 1;
	}
	options.heartbeat_s = 1;
	options.heartbeat = reading_is_over;
	options.after_seq = site.seen_seq;
	int error = postern_events_watch(site.device, &options, event_take, reading);

	if (error != POSTERN_E_STOPPED)
		assert_posted(error);
}

void site_forget(void)
{
	struct reading reading = {.end_ns = 0};

	news.count = 0;
	news_read(&reading);
	news.count = 0;
}

const struct site_events *site_news_after(int64_t ms)
{
	struct reading reading = {.end_ns = 0};

	world_sleep_ms(ms);
	news_read(&reading);
	return &news;
}

const struct site_events *site_await(const char *kind, unsigned wanted)
{
	struct reading reading = {kind, wanted, world_now_ns() + NEWS_S * NS_PER_S};

	if (!reading_has(&reading))
		news_read(&reading);
	if (!reading_has(&reading)) {
		for (unsigned i = 0; i < news.count; i++)
			print_message("# %s %s\n", news.event[i].kind, news.event[i].reason);
		fail_msg("%u of %u entries %s", site_count(&news, kind), wanted, kind);
	}
	return &news;
}

unsigned site_count(const struct site_events *events, const char *kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < events->count; i++)
		count += strcmp(events->event[i].kind, kind) == 0;
	return count;
}

const struct site_event *site_only(const struct site_events *events, const char *kind)
{
	const struct site_event *found = NULL;

	assert_int_equal(site_count(events, kind), 1);
	for (unsigned i = 0; i < events->count; i++) {
		if (strcmp(events->event[i].kind, kind) == 0)
			found = &events->event[i];
	}
	return found;
}

static int record_take(void *user, const struct postern_record *record)
{
	struct site_event *last = user;

	*last = (struct site_event){.rec_no = record->rec_no,
		.door = record->door,
		.method = record->method,
		.status = record->status,
		.reader = strtoll(record->reader_id, NULL, 10)};
	(void)snprintf(last->card_no, sizeof(last->card_no), "%s", record->card_no);
	(void)snprintf(last->user_id, sizeof(last->user_id), "%s", record->user_id);
	(void)snprintf(last->reason, sizeof(last->reason), "%s", record->reason);
	(void)snprintf(last->type, sizeof(last->type), "%s", record->type);
	return 0;
}

uint64_t site_records(const char *card_no, struct site_event *ret_last)
{
	struct postern_record_query query = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report report = POSTERN_PULL_REPORT_INIT;
	struct site_event last = {0};

	query.card_no = card_no;
	assert_posted(postern_records_pull(site.device, &query, record_take, &last, &report));
	assert_int_equal(report.complete, 1);
	if (ret_last != NULL)
		*ret_last = last;
	return report.kept;
}

bool site_log_has(const char *words)
{
	static char text[LOG_MAX];
	FILE *file = fopen(LOG, "re");

	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);

	(void)fclose(file);
	text[len] = '\0';
	return strstr(text, words) != NULL;
}

void site_log_clear(void)
{
	assert_return_code(truncate(LOG, 0), errno);
}
