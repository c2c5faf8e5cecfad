// SPDX-License-Identifier: Apache-2.0
/*
 * The supervisor with real processes: roles are killed, stopped, hang and misbehave (fake_roles.c),
 * and the test looks at the board, whose words carry the time of each move. Every wait is a poll
 * with a limit; bounds have room for a loaded machine where the design's own bound is 10 ms.
 *
 * usage: test_supervisor PROGRAM, the daemon linked with fake roles
 */
#include "base/compiler.h"
#include "drivers/board.h"
#include "platform/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 8000
#define SLACK_NS (100 * NS_PER_MS)
#define TEXT_MAX 65536

static const char *program;

struct fixture {
	char folder[64]; /* STATE lies in it */
	char state[80];
	pid_t pid; /* the supervisor's; 0: ended */
	int err; /* its standard error */
	size_t len;
	size_t seen; /* how much of text was waited for */
	struct board *board;
	char text[TEXT_MAX];
};

/* --- waiting --- */

static bool text_read(struct fixture *f, int timeout_ms)
{
	struct pollfd polled = {.fd = f->err, .events = POLLIN};

	if (poll(&polled, 1, timeout_ms) != 1)
		return false;
	ssize_t got = read(f->err, f->text + f->len, TEXT_MAX - 1 - f->len);

	if (got <= 0)
		return false;
	f->len += (size_t)got;
	f->text[f->len] = '\0';
	return true;
}

/* Waits for words that come after those that were waited for before; points behind them. */
static const char *wait_text(struct fixture *f, const char *words)
{
	int64_t limit_ns = clock_boot_ns() + WAIT_MS * NS_PER_MS;
	const char *at;

	while ((at = strstr(f->text + f->seen, words)) == NULL) {
		if (clock_boot_ns() > limit_ns || !text_read(f, WAIT_MS)) {
			print_message("waited for `%s`; the log:\n%s\n", words, f->text);
			fail();
		}
	}
	f->seen = (size_t)(at - f->text) + strlen(words);
	return f->text + f->seen;
}

/* Two lines of two processes, which come in any order. */
static void wait_both(struct fixture *f, const char *one, const char *other)
{
	size_t from = f->seen;

	wait_text(f, one);
	size_t behind = f->seen;

	f->seen = from;
	wait_text(f, other);
	f->seen = behind > f->seen ? behind : f->seen;
}

/* The number may come in the next read. */
static pid_t wait_start(struct fixture *f, const char *role)
{
	char words[64];

	snprintf(words, sizeof(words), "%s started as process ", role);
	const char *at = wait_text(f, words);
	size_t from = (size_t)(at - f->text);

	while (strchr(f->text + from, '\n') == NULL)
		assert_true(text_read(f, WAIT_MS));
	return (pid_t)strtol(f->text + from, NULL, 10);
}

static void wait_lock(const struct fixture *f, uint8_t door, bool open)
{
	for (int i = 0; i < WAIT_MS && board_lock_is_open(f->board, door) != open; i++)
		(void)poll(NULL, 0, 1);
	assert_int_equal(board_lock_is_open(f->board, door), open);
}

/* A process that is not our child, known by a pidfd, so that its number cannot be another's. */
static int process_watch(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	assert_true(fd >= 0);
	return fd;
}

static void wait_process_end(int watched)
{
	struct pollfd polled = {.fd = watched, .events = POLLIN};

	assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
	close(watched);
}

static int wait_exit(struct fixture *f)
{
	int watched = process_watch(f->pid);
	int status;

	wait_process_end(watched);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	return status;
}

/* --- starting --- */

static _Noreturn void daemon_exec(const struct fixture *f, int err, const char *config)
{
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	if (config != NULL)
		execl(program, program, "--config", config, "--state", f->state, (char *)NULL);
	else
		execl(program, program, "--demo", "--http", "127.0.0.1:0", "--state", f->state,
			(char *)NULL);
	_exit(127);
}

static void daemon_start(struct fixture *f, const char *core, const char *config)
{
	int pipes[2];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(setenv("FAKE_CORE", core, 1), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		daemon_exec(f, pipes[1], config);
	close(pipes[1]);
	if (f->err >= 0)
		close(f->err);
	f->err = pipes[0];
	f->len = f->seen = 0;
	f->text[0] = '\0';
}

static void board_open(struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sim.board", f->state);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	f->board = board_map(fd);
	assert_non_null(f->board);
	close(fd);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/postern-supervisor-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->state, sizeof(f->state), "%s/state", f->folder);
	assert_int_equal(mkdir(f->state, 0700), 0);
	board_open(f);
	f->err = -1;
	unsetenv("FAKE_GATE");
	*state = f;
	return 0;
}

static void file_remove(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)remove(path);
}

static int tear_down(void **state)
{
	static const char *const files[] = {"admin.password", "device.key", "postern.db",
		"postern.db-shm", "postern.db-wal", "posternd.lock", "sim.board", "sim.sock"};
	struct fixture *f = *state;

	if (f->pid > 0) {
		assert_int_equal(kill(f->pid, SIGTERM), 0);
		int status = wait_exit(f);

		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(f->err);
	munmap(f->board, sizeof(*f->board));
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		file_remove(f->state, files[i]);
	file_remove(f->folder, "posternd.yaml");
	assert_int_equal(rmdir(f->state), 0);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

/* --- core --- */

static void a_killed_core_leaves_no_door_open_and_no_data_line_low(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t core = wait_start(f, "core");

	wait_text(f, "ready: http://127.0.0.1:");
	wait_lock(f, 0, true);
	board_set_panel(f->board, 5, 1, true); /* within a pulse */
	int64_t killed_ns = clock_boot_ns();

	assert_int_equal(kill(core, SIGKILL), 0);
	wait_lock(f, 0, false);
	assert_in_range(f->board->door[0].changed_ns - killed_ns, 0, SLACK_NS);
	assert_int_not_equal(wait_start(f, "core"), core);
	assert_int_equal(f->board->panel[5].low, 0);
	wait_both(f, "core is ready", "core: hello from gate"); /* over a fresh link */
	assert_int_equal(board_lock_count(f->board, 0), 1);
	assert_false(board_lock_is_open(f->board, 0));
}

static void a_stopped_core_is_killed_after_a_second(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t core = wait_start(f, "core");

	wait_lock(f, 0, true);
	int64_t stopped_ns = clock_boot_ns();

	assert_int_equal(kill(core, SIGSTOP), 0);
	wait_lock(f, 0, false);
	/* the latest beat was at most a beat's interval old; a late timer may pardon 500 ms */
	assert_in_range(f->board->door[0].changed_ns - stopped_ns, 800 * NS_PER_MS,
		1500 * NS_PER_MS + SLACK_NS);
	wait_text(f, "ALARM: core gives no sign of life");
	assert_int_not_equal(wait_start(f, "core"), core);
	wait_text(f, "core is ready");
	assert_int_equal(board_lock_count(f->board, 0), 1);
}

static void a_core_that_hangs_is_killed_after_a_second(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "silent", NULL);
	pid_t core = wait_start(f, "core");

	wait_lock(f, 0, true);
	wait_lock(f, 0, false);
	wait_text(f, "ALARM: core gives no sign of life");
	wait_text(f, "core was ended by signal 9 (SIGKILL)");
	assert_int_not_equal(wait_start(f, "core"), core);
	wait_text(f, "core is ready");
}

static void a_door_beyond_its_time_is_locked_and_core_killed(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "overdue", NULL);
	pid_t core = wait_start(f, "core");

	wait_lock(f, 0, true);
	int64_t opened_ns = f->board->door[0].changed_ns;

	wait_lock(f, 0, false);
	/* 300 ms and 50 ms of grace */
	assert_in_range(f->board->door[0].changed_ns - opened_ns, 345 * NS_PER_MS,
		350 * NS_PER_MS + SLACK_NS);
	wait_text(f, "ALARM: core did not lock door 1: killed");
	assert_int_not_equal(wait_start(f, "core"), core);
	wait_text(f, "core is ready");
	assert_int_equal(board_lock_count(f->board, 0), 1);
}

static void a_core_that_never_lives_is_alarmed(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "crash", NULL);
	wait_text(f, "core ended with status 3; starting it again in 0 ms");
	wait_text(f, "core ended with status 3; starting it again in 100 ms");
	wait_text(f, "core ended with status 3; starting it again in 200 ms");
	wait_text(f, "ALARM: core ended 3 times within 10 s");
	wait_text(f, "starting it again in 400 ms");
	assert_null(strstr(f->text, "ready: http://"));
}

static unsigned free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static const char *config_write(struct fixture *f, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/posternd.yaml", f->folder);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void a_fail_safe_door_opens_when_core_dies(void **state)
{
	struct fixture *f = *state;
	char text[256];

	snprintf(text, sizeof(text),
		"lines: simulated\nhttp:\n  listen: 127.0.0.1:%u\ndoors:\n"
		"  - index: 0\n    id: a\n    fail: safe\n  - index: 1\n    id: b\n",
		free_port());
	const char *config = config_write(f, text);

	daemon_start(f, "beat", config);
	wait_text(f, "nobody can log in yet");
	wait_text(f, "door 1 driven to its fail state: open"); /* before core takes it over */
	pid_t core = wait_start(f, "core");

	wait_text(f, "ready: http://");
	wait_lock(f, 0, false);
	assert_int_equal(board_lock_count(f->board, 0), 1);
	assert_int_equal(kill(core, SIGKILL), 0);
	wait_text(f, "door 1 driven to its fail state: open");
	assert_int_equal(board_lock_count(f->board, 0), 2);
	wait_text(f, "core is ready");
	wait_lock(f, 0, false);
	assert_int_equal(board_lock_count(f->board, 0), 2);
	assert_int_equal(board_lock_count(f->board, 1), 0);
}

/* --- other roles --- */

static void a_killed_gate_comes_back_and_moves_no_door(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t gate = wait_start(f, "gate");

	wait_text(f, "ready: http://");
	wait_lock(f, 0, true);
	int64_t opened_ns = f->board->door[0].changed_ns;

	assert_int_equal(kill(gate, SIGKILL), 0);
	assert_int_not_equal(wait_start(f, "gate"), gate);
	wait_both(f, "gate is ready", "core: hello from gate");
	assert_true(board_lock_is_open(f->board, 0));
	assert_int_equal(f->board->door[0].changed_ns, opened_ns);
	assert_null(strstr(f->text, "core was ended"));
}

static void a_killed_sim_comes_back_and_levels_stay(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t sim = wait_start(f, "sim");

	wait_text(f, "ready: http://");
	wait_lock(f, 0, true);
	f->board->door[1].contact = 1;
	assert_int_equal(kill(sim, SIGKILL), 0);
	assert_int_not_equal(wait_start(f, "sim"), sim);
	wait_both(f, "sim is ready", "core: hello from sim");
	assert_true(board_lock_is_open(f->board, 0));
	assert_int_equal(board_lock_count(f->board, 0), 1);
	assert_int_equal(f->board->door[1].contact, 1);
}

static void stopped_gate_and_sim_disturb_nobody(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "overdue", NULL);
	pid_t gate = wait_start(f, "gate");
	pid_t sim = wait_start(f, "sim");

	assert_int_equal(kill(gate, SIGSTOP), 0);
	assert_int_equal(kill(sim, SIGSTOP), 0);
	wait_lock(f, 0, true);
	int64_t opened_ns = f->board->door[0].changed_ns;

	wait_lock(f, 0, false);
	assert_true(f->board->door[0].changed_ns - opened_ns <= 350 * NS_PER_MS + SLACK_NS);
	wait_start(f, "core");
	wait_text(f, "core is ready");
	/* tear_down: they are killed after 3 s, and the exit status is 0 */
}

static void a_role_that_talks_rubbish_is_killed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("FAKE_GATE", "rubbish", 1), 0);
	daemon_start(f, "beat", NULL);
	wait_text(f, "gate sent what no role sends: killing it");
	wait_text(f, "gate was ended by signal 9 (SIGKILL)");
	assert_null(strstr(f->text, "core was ended"));
}

static void a_gate_that_says_nothing_more_is_killed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("FAKE_GATE", "mute", 1), 0);
	daemon_start(f, "beat", NULL);
	wait_start(f, "gate");
	wait_text(f, "ALARM: gate gives no sign of life: killed");
	wait_text(f, "gate was ended by signal 9 (SIGKILL)");
	wait_start(f, "gate");
	wait_text(f, "gate is ready");
	assert_null(strstr(f->text, "core was ended"));
}

/* --- the supervisor's own end --- */

static void the_end_of_the_supervisor_ends_all(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	int core = process_watch(wait_start(f, "core"));
	pid_t gate_pid = wait_start(f, "gate");
	int gate = process_watch(gate_pid);
	int sim = process_watch(wait_start(f, "sim"));

	wait_text(f, "ready: http://");
	wait_lock(f, 0, true);
	assert_int_equal(kill(gate_pid, SIGSTOP), 0); /* even one that is stopped */
	assert_int_equal(kill(f->pid, SIGKILL), 0);
	assert_true(WIFSIGNALED(wait_exit(f)));
	wait_process_end(core);
	wait_process_end(gate);
	wait_process_end(sim);
	assert_false(board_lock_is_open(f->board, 0)); /* core's last deed */
}

static void a_stopped_core_ends_with_its_supervisor(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t pid = wait_start(f, "core");
	int core = process_watch(pid);

	wait_text(f, "ready: http://");
	wait_lock(f, 0, true);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(kill(f->pid, SIGKILL), 0);
	assert_true(WIFSIGNALED(wait_exit(f)));
	wait_process_end(core);
	assert_false(board_lock_is_open(f->board, 0));
	/* and the next supervisor gets the lock of STATE and the HTTP port of its own */
	daemon_start(f, "beat", NULL);
	wait_text(f, "ready: http://");
}

static void a_stop_locks_the_doors(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	int core = process_watch(wait_start(f, "core"));

	wait_lock(f, 0, true);
	assert_int_equal(kill(f->pid, SIGINT), 0);
	int status = wait_exit(f);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	wait_process_end(core);
	assert_false(board_lock_is_open(f->board, 0));
	assert_int_equal(board_lock_count(f->board, 0), 1);
}

static void a_stop_does_not_wait_for_a_stopped_core(void **state)
{
	struct fixture *f = *state;

	daemon_start(f, "hold", NULL);
	pid_t core = wait_start(f, "core");

	wait_lock(f, 0, true);
	assert_int_equal(kill(core, SIGSTOP), 0);
	int64_t asked_ns = clock_boot_ns();

	assert_int_equal(kill(f->pid, SIGTERM), 0);
	int status = wait_exit(f);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(clock_boot_ns() - asked_ns < 4 * NS_PER_S);
	assert_false(board_lock_is_open(f->board, 0));
}

/* --- the start --- */

static void a_door_left_open_is_locked_at_the_start(void **state)
{
	struct fixture *f = *state;

	assert_true(board_set_lock(f->board, 0, true, 1));
	daemon_start(f, "beat", NULL);
	wait_text(f, "door 1 driven to its fail state: locked");
	wait_text(f, "ready: http://");
	assert_false(board_lock_is_open(f->board, 0));
	assert_int_equal(board_lock_count(f->board, 0), 1);
	assert_null(strstr(f->text, "door 2 driven"));
}

static void two_daemons_cannot_share_a_state(void **state)
{
	struct fixture *f = *state;
	struct fixture second = {.err = -1};

	memcpy(second.state, f->state, sizeof(second.state));
	daemon_start(f, "beat", NULL);
	wait_text(f, "ready: http://");
	daemon_start(&second, "beat", NULL);
	wait_text(&second, "another posternd uses /tmp/postern-supervisor-");
	int status = wait_exit(&second);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	close(second.err);
}

static void a_state_that_others_may_write_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->state, 0777), 0);
	daemon_start(f, "beat", NULL);
	wait_text(f, "other users may write to ");
	int status = wait_exit(f);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(chmod(f->state, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_core_leaves_no_door_open_and_no_data_line_low),
		TEST(a_stopped_core_is_killed_after_a_second),
		TEST(a_core_that_hangs_is_killed_after_a_second),
		TEST(a_door_beyond_its_time_is_locked_and_core_killed),
		TEST(a_core_that_never_lives_is_alarmed),
		TEST(a_fail_safe_door_opens_when_core_dies),
		TEST(a_killed_gate_comes_back_and_moves_no_door),
		TEST(a_killed_sim_comes_back_and_levels_stay),
		TEST(stopped_gate_and_sim_disturb_nobody),
		TEST(a_role_that_talks_rubbish_is_killed),
		TEST(a_gate_that_says_nothing_more_is_killed),
		TEST(the_end_of_the_supervisor_ends_all),
		TEST(a_stopped_core_ends_with_its_supervisor),
		TEST(a_stop_locks_the_doors),
		TEST(a_stop_does_not_wait_for_a_stopped_core),
		TEST(a_door_left_open_is_locked_at_the_start),
		TEST(two_daemons_cannot_share_a_state),
		TEST(a_state_that_others_may_write_is_refused),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	(void)umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
