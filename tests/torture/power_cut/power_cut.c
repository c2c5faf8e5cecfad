// SPDX-License-Identifier: Apache-2.0
/*
 * power_cut RECORDER WORKLOAD CHANGE_WORKLOAD: records the workload once, cuts its power thousands
 * of times, and opens what is left each time; then each change of change.h likewise. TAP with
 * figures; the first line that is not ok says what was lost. Mutants must be found out, or the test
 * proves nothing: synchronous=NORMAL, and folders that are never synced.
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
	static const char *const names[] = {
		"state", "other", "old-state", "old-other", "work0", "work1"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(path, sizeof(path), names[i]);
		empty_folder(path);
	}
	empty_folder(root); /* the logs */
}

static void new_folder(char *path, size_t size, const char *name)
{
	path_of(path, size, name);
	empty_folder(path);
	if (mkdir(path, 0700) != 0)
		bail_out("cannot make a folder");
}

/* words: the workload's arguments, with it in front and NULL behind. */
static void record_words(
	const char *recorder, const char *dir, const char *log, const char *const *words)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setenv("LD_PRELOAD", recorder, 1);
		(void)setenv("POWER_CUT_DIR", dir, 1);
		(void)setenv("POWER_CUT_LOG", log, 1);
		(void)execv(words[0], (char *const *)(uintptr_t)words);
		_exit(98);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		bail_out("the workload failed; its words are on standard error");
}

static void record(const char *recorder, const char *workload, const char *log, const char *how)
{
	char dir[128];

	new_folder(dir, sizeof(dir), "state");
	record_words(recorder, dir, log, (const char *const[]){workload, dir, how, NULL});
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

static struct replay_figures replay_all(
	const char *log, const struct change *change, uint32_t stride, bool no_folder_sync)
{
	struct replay_options options = {.log_path = log,
		.workers = WORKERS,
		.stride = stride,
		.change = change,
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

static bool fold_of(const struct change *change, const char *dir, uint64_t *ret)
{
	char why[256] = "";
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && change_fold(change, fd, ret, why);

	if (fd >= 0)
		(void)close(fd);
	if (!good)
		printf("# %s: %s\n", change->name, why);
	return good;
}

static void copy_file(int from, int to)
{
	char bytes[65536];
	ssize_t len;

	while ((len = read(from, bytes, sizeof(bytes))) > 0) {
		if (write(to, bytes, (size_t)len) != len)
			bail_out("cannot copy a file");
	}
	if (len < 0)
		bail_out("cannot read a file");
	(void)close(from);
	(void)close(to);
}

/* Makes `to` anew with the files of `from`. */
static void copy_folder(const char *from, char *path, size_t size, const char *to)
{
	DIR *dir = opendir(from);

	new_folder(path, size, to);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir == NULL || fd < 0)
		bail_out("cannot copy a folder");
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		copy_file(openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC),
			openat(fd, entry->d_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	(void)closedir(dir);
	(void)close(fd);
}

/*
 * What it is before and behind, of a run that was not cut; state and other are those of another
 * run, which can begin.
 */
static void fold_whole(struct change *change, char *state, char *other, size_t size)
{
	const char *cut = change_cuts_other(change) ? other : state;
	char old_state[128];
	char old_other[128];

	new_folder(old_state, sizeof(old_state), "old-state");
	new_folder(old_other, sizeof(old_other), "old-other");
	bool good = change_prepare(change, old_state, old_other);

	for (int run = 0; run < 3 && good; run++) { /* none; to its end; the one to be cut */
		copy_folder(old_state, state, size, "state");
		copy_folder(old_other, other, size, "other");
		if (run == 0)
			good = fold_of(change, cut, &change->before);
		if (run == 1)
			good = change_run(change, state, other) &&
			       fold_of(change, cut, &change->behind);
	}
	if (!good)
		bail_out("a change cannot be made that nothing disturbs");
}

static void tell_change(const char *recorder, const char *workload, struct change *change)
{
	char state[128];
	char other[128];
	char log[128];
	char text[64];

	path_of(log, sizeof(log), change->name);
	fold_whole(change, state, other, sizeof(state));
	record_words(recorder, change_cuts_other(change) ? other : state, log,
		(const char *const[]){workload, change->name, state, other, NULL});
	struct replay_figures figures = replay_all(log, change, 1, false);

	(void)snprintf(text, sizeof(text), "%s, %u operations", change->name, figures.operations);
	tell_figures(bad_of(&figures) == 0 && figures.promises == 1 && figures.states >= 20, text,
		&figures);
	if (change->kind != CHANGE_BACKUP && change->kind != CHANGE_RESTORE)
		return;
	figures = replay_all(log, change, 1, true);
	tell_figures(bad_of(&figures) > 0, "the same without folder syncs is found out", &figures);
}

int main(int argc, char **argv)
{
	char log[128];
	char mutant[128];
	char text[128];

	if (argc != 4)
		bail_out("usage: power_cut RECORDER WORKLOAD CHANGE_WORKLOAD");
	make_root();
	(void)atexit(clean_up);
	path_of(log, sizeof(log), "log");
	path_of(mutant, sizeof(mutant), "mutant.log");
	printf("1..12\n");
	record(argv[1], argv[2], log, NULL);
	struct replay_figures figures = replay_all(log, NULL, 1, false);

	(void)snprintf(text, sizeof(text),
		"%u operations recorded, %u promises, %u renames, %u folder syncs",
		figures.operations, figures.promises, figures.renames, figures.folder_syncs);
	tell(figures.promises == SCRIPT_STEPS + 1 && figures.renames >= 1 &&
			figures.folder_syncs >= 2,
		text);
	tell_figures(bad_of(&figures) == 0 && figures.states >= STATES_WANTED, "store", &figures);
	record(argv[1], argv[2], mutant, "normal");
	figures = replay_all(mutant, NULL, 16, false);
	tell_figures(figures.verdicts[SCRIPT_LOST] > 0, "mutant synchronous=NORMAL is found out",
		&figures);
	figures = replay_all(log, NULL, 16, true);
	tell_figures(bad_of(&figures) > 0, "mutant without folder syncs is found out", &figures);
	for (struct change *change = changes; change->name != NULL; change++)
		tell_change(argv[1], argv[3], change);
	return all_good ? 0 : 1;
}
