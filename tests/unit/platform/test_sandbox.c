// SPDX-License-Identifier: Apache-2.0
/*
 * Every fence is tripped in a forked child of every role: what must kill kills (SIGSYS), what must
 * be refused answers EACCES, and what a role lives by works.
 */
#include "platform/sandbox.h"

#include "base/assert.h"
#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/log.h"
#include "platform/role.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KILLED (-1)
#define REFUSED EACCES
#define WORKS 0
#define NOT_HERE (-2)

static char state_path[64]; /* STATE */
static char outside_path[64]; /* a file beside it */
static int state_fd = -1;
static int tcp_fd = -1; /* a TCP socket, made before the sandbox */
static int unix_listen_fd = -1;
static int pair[2];
static struct sockaddr_un unix_address;

/* --- what is tried; each returns 0 or an errno, or does not return --- */

static int result(long got)
{
	return got < 0 ? errno : 0;
}

static int try_exec(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};
	char *envp[] = {NULL};

	return result(execve("/bin/true", argv, envp));
}

static int try_execveat(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};

	return result(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}

static int try_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_read_of_a_process(void)
{
	return result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int try_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int try_module(void)
{
	return result(syscall(SYS_init_module, NULL, 0, ""));
}

static int try_kexec(void)
{
	return result(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int try_mount(void)
{
	return result(mount("none", "/", "tmpfs", 0, NULL));
}

static int try_namespace(void)
{
	return result(unshare(CLONE_NEWNS));
}

static int try_io_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 0, NULL));
}

static int try_set_clock(void)
{
	struct timespec zero = {0};

	return result(clock_settime(CLOCK_REALTIME, &zero));
}

static int try_setuid(void)
{
	return result(syscall(SYS_setuid, getuid()));
}

static int try_inet_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_unix_socket(void)
{
	return result(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int try_packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_socketpair(void)
{
	int ends[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int try_connect(void)
{
	struct sockaddr_in to = loopback();

	return result(connect(tcp_fd, (const struct sockaddr *)&to, sizeof(to)));
}

static int try_unix_connect(void)
{
	return result(
		connect(pair[0], (const struct sockaddr *)&unix_address, sizeof(unix_address)));
}

static int try_bind(void)
{
	struct sockaddr_in to = loopback();

	return result(bind(tcp_fd, (const struct sockaddr *)&to, sizeof(to)));
}

static int try_listen(void)
{
	return result(listen(tcp_fd, 1));
}

static int try_open_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int try_write_outside(void)
{
	return result(open(outside_path, O_WRONLY));
}

static int try_open_proc_self(void)
{
	return result(open("/proc/self/maps", O_RDONLY));
}

static int try_write_beneath_state(void)
{
	int fd = openat(state_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	return pwrite(fd, "x", 1, 0) != 1 || fdatasync(fd) != 0 || ftruncate(fd, 0) != 0 ||
			       close(fd) != 0 || renameat(state_fd, "file", state_fd, "other") != 0
		       ? errno
		       : result(unlinkat(state_fd, "other", 0));
}

static int try_open_state_by_path(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/present", state_path);
	return result(open(path, O_RDWR));
}

static int try_leave_state_by_dots(void)
{
	return result(openat(state_fd, "../../etc/passwd", O_RDONLY));
}

static int try_leave_state_by_symlink(void)
{
	return result(openat(state_fd, "link", O_RDONLY));
}

static int try_symlink(void)
{
	return result(symlinkat("/etc/passwd", state_fd, "new_link"));
}

static int try_device(void)
{
	return result(mknodat(state_fd, "fifo", S_IFIFO | 0600, 0));
}

static int try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child < 0 ? errno : result(waitpid(child, NULL, 0));
}

static int try_signal_parent(void)
{
	return result(kill(getppid(), 0));
}

static int try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0;
}

static int try_make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? EIO : result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int try_accept(void)
{
	return accept4(unix_listen_fd, NULL, NULL, SOCK_NONBLOCK) < 0 && errno == EAGAIN ? 0
											 : errno;
}

static int try_raise_limit(void)
{
	struct rlimit limit = {64, 64};

	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int try_be_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/* --- what every role lives by --- */

static void *thread_main(void *argument)
{
	char *memory = malloc(300 * 1024); /* beyond the mmap threshold, and an arena of its own */

	memset(memory, 1, 300 * 1024);
	free(memory);
	free(malloc(100));
	return argument;
}

static int try_thread(void)
{
	pthread_t thread;
	void *back = NULL;
	int marker;
	int error = pthread_create(&thread, NULL, thread_main, &marker);

	if (error != 0)
		return error;
	pthread_setname_np(thread, "t");
	error = pthread_join(thread, &back);
	return error != 0 ? error : back == &marker ? 0 : EIO;
}

static int try_clock_and_random(void)
{
	uint8_t bytes[8];
	struct moment now = clock_now(false);
	struct timespec nap = {0, 1000};

	random_bytes(bytes, sizeof(bytes));
	clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	return now.boot_ns > 0 && sched_yield() == 0 ? 0 : EIO;
}

static int try_events(void)
{
	struct itimerspec soon = {.it_value.tv_nsec = 1000};
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	int wake = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);

	if (epoll < 0 || timer < 0 || wake < 0 || timerfd_settime(timer, 0, &soon, NULL) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0)
		return errno;
	return epoll_wait(epoll, &event, 1, 1000) == 1 ? 0 : EIO;
}

static int try_link(void)
{
	static _Alignas(8) char memory[MESSAGE_MAX];
	int fd;

	if (link_hello(pair[0], ROLE_CORE) != 0 || link_receive(pair[1], memory, NULL) <= 0)
		return EIO;
	if (link_send_fd(pair[0], "x", 1, pair[0]) != 0)
		return EIO;
	return link_receive(pair[1], memory, &fd) == 1 && fd >= 0 ? 0 : EIO;
}

/* A descriptor that knows no lines: what is allowed comes to it and is refused there. */
static int try_gpio_values(void)
{
	struct gpio_v2_line_values values = {.mask = 1};
	int get = result(ioctl(pair[0], GPIO_V2_LINE_GET_VALUES_IOCTL, &values));
	int set = result(ioctl(pair[0], GPIO_V2_LINE_SET_VALUES_IOCTL, &values));

	return get == set ? get : EIO;
}

static int try_gpio_config(void)
{
	struct gpio_v2_line_config config = {0};

	return result(ioctl(pair[0], GPIO_V2_LINE_SET_CONFIG_IOCTL, &config));
}

static int try_gpio_request(void)
{
	struct gpio_v2_line_request request = {.num_lines = 1};

	return result(ioctl(pair[0], GPIO_V2_GET_LINE_IOCTL, &request));
}

static int try_log_and_stat(void)
{
	struct stat info;

	log_debug("not shown");
	return result(fstat(STDERR_FILENO, &info));
}

static int try_stay_undumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : EIO;
}

/* --- the table --- */

#define HAS_LANDLOCK 1 /* this fence is Landlock's alone: without it the row says nothing */

static const struct {
	const char *name;
	int (*try)(void);
	int wanted[ROLE_COUNT]; /* supervisor, core, gate, sim */
	int needs;
} rows[] = {
	{"execve", try_exec, {WORKS, KILLED, KILLED, KILLED}, 0},
	{"execveat", try_execveat, {WORKS, KILLED, KILLED, KILLED}, 0},
	{"ptrace", try_ptrace, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"process_vm_readv", try_read_of_a_process, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"bpf", try_bpf, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"init_module", try_module, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"kexec_load", try_kexec, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"mount", try_mount, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"unshare", try_namespace, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"io_uring_setup", try_io_uring, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"clock_settime", try_set_clock, {KILLED, KILLED, KILLED, KILLED}, 0},
	{"setuid", try_setuid, {WORKS, KILLED, KILLED, KILLED}, 0},
	{"socket AF_INET", try_inet_socket, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"socket AF_UNIX", try_unix_socket, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"socket AF_PACKET", try_packet_socket, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"socketpair", try_socketpair, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"connect", try_connect, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"connect AF_UNIX", try_unix_connect, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"bind", try_bind, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"listen", try_listen, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"open /etc/passwd, gate and sim", try_open_passwd, {WORKS, NOT_HERE, REFUSED, REFUSED}, 0},
	{"open /etc/passwd, core", try_open_passwd, {NOT_HERE, REFUSED, NOT_HERE, NOT_HERE},
		HAS_LANDLOCK},
	{"open /proc/self/maps", try_open_proc_self, {WORKS, REFUSED, REFUSED, REFUSED},
		HAS_LANDLOCK},
	{"write outside STATE", try_write_outside, {REFUSED, REFUSED, REFUSED, REFUSED},
		HAS_LANDLOCK},
	{"write beneath STATE", try_write_beneath_state, {WORKS, WORKS, REFUSED, REFUSED}, 0},
	{"open STATE by path", try_open_state_by_path, {WORKS, WORKS, REFUSED, REFUSED}, 0},
	{"leave STATE by ..", try_leave_state_by_dots, {WORKS, REFUSED, REFUSED, REFUSED},
		HAS_LANDLOCK},
	{"leave STATE by a link", try_leave_state_by_symlink, {WORKS, REFUSED, REFUSED, REFUSED},
		HAS_LANDLOCK},
	{"symlink beneath STATE", try_symlink, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"mknod beneath STATE", try_device, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"fork", try_fork, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"kill of the parent", try_signal_parent, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"mmap PROT_EXEC", try_executable_memory, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"mprotect PROT_EXEC", try_make_executable, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"accept4", try_accept, {WORKS, REFUSED, WORKS, WORKS}, 0},
	{"setrlimit", try_raise_limit, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"PR_SET_DUMPABLE", try_be_dumpable, {WORKS, REFUSED, REFUSED, REFUSED}, 0},
	{"threads and memory", try_thread, {WORKS, WORKS, WORKS, WORKS}, 0},
	{"clock and random", try_clock_and_random, {WORKS, WORKS, WORKS, WORKS}, 0},
	{"epoll, timerfd, eventfd", try_events, {WORKS, WORKS, WORKS, WORKS}, 0},
	{"messages and descriptors", try_link, {WORKS, WORKS, WORKS, WORKS}, 0},
	{"GPIO values", try_gpio_values, {ENOTTY, ENOTTY, REFUSED, REFUSED}, 0},
	{"GPIO configuration", try_gpio_config, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"GPIO request", try_gpio_request, {REFUSED, REFUSED, REFUSED, REFUSED}, 0},
	{"log and fstat", try_log_and_stat, {WORKS, WORKS, WORKS, WORKS}, 0},
	{"not dumpable", try_stay_undumpable, {WORKS, WORKS, WORKS, WORKS}, 0},
};

static bool landlock_known(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static int writable_fd(enum role role)
{
	return role == ROLE_CORE || role == ROLE_SUPERVISOR ? state_fd : -1;
}

/* Runs one try in a fenced child: 0 or its errno, KILLED, or another signal's number + 1000. */
static int fenced(enum role role, int (*try)(void))
{
	int status;

	fflush(NULL);
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		alarm(20);
		int fences = sandbox_enter(role, writable_fd(role));

		_exit(fences < 0 ? 255 : try());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : 1000 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void check_role(enum role role)
{
	bool landlock = landlock_known();
	unsigned failed = 0;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int wanted = rows[i].wanted[role];

		if (wanted == NOT_HERE)
			continue;
		if (rows[i].needs == HAS_LANDLOCK && !landlock) {
			print_message("not tried: %s: this kernel has no Landlock\n", rows[i].name);
			continue;
		}
		int got = fenced(role, rows[i].try);

		if (got == wanted)
			continue;
		print_error(
			"%s: %s: got %d, wanted %d\n", role_name(role), rows[i].name, got, wanted);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_fences_of_the_supervisor(void **state UNUSED)
{
	check_role(ROLE_SUPERVISOR);
}

static void test_fences_of_core(void **state UNUSED)
{
	check_role(ROLE_CORE);
}

static void test_fences_of_gate(void **state UNUSED)
{
	check_role(ROLE_GATE);
}

static void test_fences_of_sim(void **state UNUSED)
{
	check_role(ROLE_SIM);
}

/* --- dying in a sandbox --- */

static int try_abort(void)
{
	abort();
}

static int try_assert(void)
{
	close(STDERR_FILENO);
	ASSERT(state_path[0] == '\0');
	return 0;
}

static void test_abort_and_assert_still_end_a_role(void **state UNUSED)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		assert_int_equal(fenced(role, try_abort), 1000 + SIGABRT);
		assert_int_equal(fenced(role, try_assert), 1000 + SIGABRT);
	}
}

static int try_exit_with_a_leak(void)
{
	char *volatile lost = malloc(77);

	lost = NULL;
	(void)lost;
	fclose(stdout); /* nothing of the test's output twice */
	exit(0);
}

static void test_an_ordinary_exit_is_clean(void **state UNUSED)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		assert_int_equal(fenced(role, try_exit_with_a_leak), 0);
}

/* --- threads that were there before --- */

static int start_pipe[2];

static void *early_thread(void *argument UNUSED)
{
	char c;

	if (read(start_pipe[0], &c, 1) != 1)
		return (void *)(intptr_t)EIO;
	return (void *)(intptr_t)try_open_passwd();
}

static void test_a_thread_from_before_is_fenced_too(void **state UNUSED)
{
	int status;

	fflush(NULL);
	assert_int_equal(pipe(start_pipe), 0);
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;
		void *got = NULL;

		if (pthread_create(&thread, NULL, early_thread, NULL) != 0 ||
			sandbox_enter(ROLE_GATE, -1) < 0 || write(start_pipe[1], "x", 1) != 1 ||
			pthread_join(thread, &got) != 0)
			_exit(254);
		_exit((int)(intptr_t)got);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EACCES);
	close(start_pipe[0]);
	close(start_pipe[1]);
}

/* --- a role started by a fenced supervisor --- */

static int try_role_beneath(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (sandbox_enter(ROLE_CORE, state_fd) < 0)
			_exit(253);
		_exit(try_write_beneath_state() != 0 ? 252 : try_thread() != 0 ? 251 : try_exec());
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 250;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : WEXITSTATUS(status);
}

static void test_a_fenced_supervisor_can_start_a_role(void **state UNUSED)
{
	assert_int_equal(fenced(ROLE_SUPERVISOR, try_role_beneath), 0);
}

/* --- what stands --- */

static void test_the_returned_fences_stand_in_proc(void **state UNUSED)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		int ends[2];
		int fences = 0;
		char path[64];
		char status[8192];

		assert_int_equal(pipe(ends), 0);
		fflush(NULL);
		pid_t child = fork();

		if (child == 0) {
			fences = sandbox_enter(role, writable_fd(role));
			(void)!write(ends[1], &fences, sizeof(fences));
			for (;;)
				pause();
		}
		assert_int_equal(read(ends[0], &fences, sizeof(fences)), sizeof(fences));
		snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
		int report_fd = open(path, O_RDONLY);
		ssize_t len = read(report_fd, status, sizeof(status) - 1);

		close(report_fd);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(ends[0]);
		close(ends[1]);
		assert_true(len > 0);
		status[len] = '\0';
		assert_non_null(strstr(status, "NoNewPrivs:\t1\n"));
		assert_non_null(strstr(status, "Seccomp:\t2\n"));
		assert_true(fences & FENCE_SECCOMP);
		assert_true(fences & FENCE_NO_NEW_PRIVS);
		assert_true(fences & FENCE_NOT_DUMPABLE);
		assert_int_equal((fences & FENCE_LANDLOCK) != 0, landlock_known());
		if (role == ROLE_GATE || role == ROLE_SIM) {
			assert_true(fences & FENCE_NO_CAPABILITIES);
			assert_non_null(strstr(status, "CapEff:\t0000000000000000\n"));
			assert_non_null(strstr(status, "CapPrm:\t0000000000000000\n"));
		}
	}
}

static void test_fences_have_words(void **state UNUSED)
{
	char memory[128];

	assert_string_equal(sandbox_fences_text(0, memory), "none");
	assert_string_equal(
		sandbox_fences_text(FENCE_SECCOMP | FENCE_LANDLOCK | FENCE_NO_NEW_PRIVS, memory),
		"seccomp landlock no-new-privs");
	assert_string_equal(sandbox_fences_text(UINT32_MAX, memory),
		"seccomp landlock no-new-privs not-dumpable no-capabilities own-user");
}

/* --- real time --- */

static int try_realtime(void)
{
	int error = role_realtime_try();
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	if (error == 0)
		return policy == SCHED_FIFO ? 0 : EIO;
	return error == -EPERM && policy == SCHED_OTHER ? 0 : EIO;
}

static void test_core_may_ask_for_real_time_and_gate_may_not(void **state UNUSED)
{
	assert_int_equal(fenced(ROLE_CORE, try_realtime), 0);
	assert_int_equal(fenced(ROLE_GATE, try_realtime), EIO); /* EACCES, and stays SCHED_OTHER */
}

static int setup(void **state UNUSED)
{
	char present[96];
	char link[96];

	snprintf(state_path, sizeof(state_path), "/tmp/postern-sandbox-XXXXXX");
	snprintf(outside_path, sizeof(outside_path), "/tmp/postern-outside-XXXXXX");
	if (mkdtemp(state_path) == NULL)
		return -1;
	close(mkstemp(outside_path));
	state_fd = open(state_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(present, sizeof(present), "%s/present", state_path);
	close(open(present, O_CREAT | O_WRONLY, 0600));
	snprintf(link, sizeof(link), "%s/link", state_path);
	if (symlink("/etc/passwd", link) != 0)
		return -1;
	tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unix_listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unix_address.sun_family = AF_UNIX;
	snprintf(unix_address.sun_path, sizeof(unix_address.sun_path), "%s/sock", state_path);
	if (bind(unix_listen_fd, (const struct sockaddr *)&unix_address, sizeof(unix_address)) !=
			0 ||
		listen(unix_listen_fd, 1) != 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state UNUSED)
{
	static const char *const names[] = {"present", "link", "sock", "file", "other"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		char path[96];

		snprintf(path, sizeof(path), "%s/%s", state_path, names[i]);
		unlink(path);
	}
	unlink(outside_path);
	return rmdir(state_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fences_of_the_supervisor),
		cmocka_unit_test(test_fences_of_core),
		cmocka_unit_test(test_fences_of_gate),
		cmocka_unit_test(test_fences_of_sim),
		cmocka_unit_test(test_abort_and_assert_still_end_a_role),
		cmocka_unit_test(test_an_ordinary_exit_is_clean),
		cmocka_unit_test(test_a_thread_from_before_is_fenced_too),
		cmocka_unit_test(test_a_fenced_supervisor_can_start_a_role),
		cmocka_unit_test(test_the_returned_fences_stand_in_proc),
		cmocka_unit_test(test_fences_have_words),
		cmocka_unit_test(test_core_may_ask_for_real_time_and_gate_may_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
