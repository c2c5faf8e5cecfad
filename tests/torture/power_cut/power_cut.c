// SPDX-License-Identifier: Apache-2.0
/*
 * power_cut RECORDER WORKLOAD: records the workload once, cuts its power thousands of times, and
 * opens what is left each time. TAP with figures; the first line that is not ok says what was lost.
 * Two mutants must be found out, or the test proves nothing: synchronous=NORMAL, and folders that
 * are never synced.
 */
#include "replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 2
#define STATES_WANTED 5000

static char root[64]; /* the temporary folder of this run */
static int cases;
static bool all_good = true;

static void tell(bool good, const char *text)
{
	all_good = all_good && good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++cases, text);
	(void)fflush(stdout);
}

static void bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void path_of(char *path, size_t size, const char *name)
{
	if (snprintf(path, size, "%s/%s", root, name) >= (int)size)
		bail_out("a path is too long");
}

static void empty_folder(const char *path)
{
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
	(void)rmdir(path);
}

/* Crash states are written thousands of times: in memory where that can be had. */
static void make_root(void)
{
	const char *places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};

	for (size_t i = 0; i < 3; i++) {
		if (places[i] == NULL || strlen(places[i]) > 32)
			continue;
		(void)snprintf(root, sizeof(root), "%s/postern-power-cut-XXXXXX", places[i]);
		if (mkdtemp(root) != NULL)
			return;
	}
	bail_out("no temporary folder");
}

static void clean_up(void)
{
	static const char *const names[] = {"state", "work0", "work1"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(path, sizeof(path), names[i]);
		empty_folder(path);
	}
	empty_folder(root); /* the logs */
}

static void record(const char *recorder, const char *workload, const char *log, const char *how)
{
	char dir[128];
	int status = 0;

	path_of(dir, sizeof(dir), "state");
	empty_folder(dir);
	if (mkdir(dir, 0700) != 0)
		bail_out("cannot make the folder to record");
	pid_t pid = fork();

	if (pid == 0) {
		(void)setenv("LD_PRELOAD", recorder, 1);
		(void)setenv("POWER_CUT_DIR", dir, 1);
		(void)setenv("POWER_CUT_LOG", log, 1);
		(void)execl(workload, workload, dir, how, (char *)NULL);
		_exit(98);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		bail_out("the workload failed; its words are on standard error");
}

static pid_t start_worker(struct replay_options options, uint32_t worker, int *ret_fd)
{
	int ends[2];
	char work[128];
	struct replay_figures figures;

	(void)snprintf(work, sizeof(work), "%s/work%u", root, worker);
	(void)mkdir(work, 0700);
	if (pipe(ends) != 0)
		bail_out("no pipe");
	(void)fflush(stdout);
	pid_t pid = fork();

	if (pid != 0) {
		(void)close(ends[1]);
		*ret_fd = ends[0];
		return pid;
	}
	(void)close(ends[0]);
	options.worker = worker;
	options.work_path = work;
	if (replay_run(&options, &figures) != 0)
		_exit(97);
	if (write(ends[1], &figures, sizeof(figures)) != (ssize_t)sizeof(figures))
		_exit(96);
	_exit(0);
}

static struct replay_figures replay_all(const char *log, uint32_t stride, bool no_folder_sync)
{
	struct replay_options options = {.log_path = log,
		.workers = WORKERS,
		.stride = stride,
		.no_folder_sync = no_folder_sync};
	struct replay_figures sum = {0};
	pid_t pid[WORKERS];
	int fd[WORKERS];

	for (uint32_t i = 0; i < WORKERS; i++)
		pid[i] = start_worker(options, i, &fd[i]);
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct replay_figures part;
		int status = 0;

		if (read(fd[i], &part, sizeof(part)) != (ssize_t)sizeof(part) ||
			waitpid(pid[i], &status, 0) != pid[i] || status != 0)
			bail_out("a replay died: a crash state crashed the store");
		(void)close(fd[i]);
		for (size_t v = 0; v < SCRIPT_VERDICT_COUNT; v++)
			part.verdicts[v] += sum.verdicts[v];
		part.states += sum.states;
		if (sum.first[0] != '\0')
			memcpy(part.first, sum.first, sizeof(part.first));
		sum = part;
	}
	return sum;
}

static uint32_t bad_of(const struct replay_figures *figures)
{
	return figures->states - figures->verdicts[SCRIPT_GOOD];
}

static void tell_figures(bool good, const char *what, const struct replay_figures *figures)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		"%s: %u crash states, %u lost, %u doubled, %u corrupt, %u numbers reused", what,
		figures->states, figures->verdicts[SCRIPT_LOST], figures->verdicts[SCRIPT_DOUBLED],
		figures->verdicts[SCRIPT_CORRUPT], figures->verdicts[SCRIPT_REUSED]);
	tell(good, text);
	if (figures->first[0] != '\0')
		printf("# %s\n", figures->first);
}

int main(int argc, char **argv)
{
	char log[128];
	char mutant[128];
	char text[128];

	if (argc != 3)
		bail_out("usage: power_cut RECORDER WORKLOAD");
	make_root();
	(void)atexit(clean_up);
	path_of(log, sizeof(log), "log");
	path_of(mutant, sizeof(mutant), "mutant.log");
	printf("1..4\n");
	record(argv[1], argv[2], log, NULL);
	struct replay_figures figures = replay_all(log, 1, false);

	(void)snprintf(text, sizeof(text),
		"%u operations recorded, %u promises, %u renames, %u folder syncs",
		figures.operations, figures.promises, figures.renames, figures.folder_syncs);
	tell(figures.promises == SCRIPT_STEPS + 1 && figures.renames >= 1 &&
			figures.folder_syncs >= 2,
		text);
	tell_figures(bad_of(&figures) == 0 && figures.states >= STATES_WANTED, "store", &figures);
	record(argv[1], argv[2], mutant, "normal");
	figures = replay_all(mutant, 16, false);
	tell_figures(figures.verdicts[SCRIPT_LOST] > 0, "mutant synchronous=NORMAL is found out",
		&figures);
	figures = replay_all(log, 16, true);
	tell_figures(bad_of(&figures) > 0, "mutant without folder syncs is found out", &figures);
	return all_good ? 0 : 1;
}
