// SPDX-License-Identifier: Apache-2.0
/*
 * Which system calls a role may make. Whatever is not in the tables answers EACCES: opening files,
 * making and connecting sockets, new processes, signals to others, executable memory; libraries
 * that try can do without. Killed (SIGSYS, the whole process) is what no program of ours ever does
 * and an intruder wants: exec, ptrace, mounts, modules, other processes' memory, keys, setting the
 * clock. clone3 hides its flags from a filter and answers ENOSYS, so that the C library takes
 * clone.
 *
 * A filter stays over fork and exec: the supervisor's holds for the roles it starts, so that it
 * allows what a role needs until its own stands, and nothing of the network. Threads that exist
 * already get the filter too (TSYNC). stat by path stays possible everywhere (fstat is the same
 * call): it tells that a file exists, not what is in it.
 */
#include "sandbox_parts.h"

#include "base/compiler.h"

#include <errno.h>
#include <linux/gpio.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUPERVISOR (1 << ROLE_SUPERVISOR)
#define CORE (1 << ROLE_CORE)
#define GATE (1 << ROLE_GATE)
#define SIM (1 << ROLE_SIM)
#define EVERY (SUPERVISOR | CORE | GATE | SIM)
#define NONE 0

struct call {
	const char *name;
	unsigned roles; /* may make it */
};

static const struct call calls[] = {
	/* bytes through open descriptors */
	{"read", EVERY},
	{"write", EVERY},
	{"readv", EVERY},
	{"writev", EVERY},
	{"close", EVERY},
	{"close_range", SUPERVISOR},
	{"dup", EVERY},
	{"dup2", EVERY},
	{"dup3", EVERY},
	{"fcntl", EVERY},
	{"fcntl64", EVERY},
	{"lseek", EVERY},
	{"_llseek", EVERY},
	{"fstat", EVERY},
	{"fstat64", EVERY},
	{"newfstatat", EVERY},
	{"fstatat64", EVERY},
	{"statx", EVERY},
	{"pipe2", EVERY},
	{"sendfile", GATE | SUPERVISOR},
	{"sendfile64", GATE | SUPERVISOR},
	/* files: core beneath STATE (Landlock), the supervisor before its roles' sandboxes stand */
	{"open", CORE | SUPERVISOR},
	{"openat", CORE | SUPERVISOR},
	{"openat2", CORE | SUPERVISOR},
	{"pread64", CORE | SUPERVISOR | GATE},
	{"pwrite64", CORE | SUPERVISOR},
	{"preadv", CORE | SUPERVISOR},
	{"pwritev", CORE | SUPERVISOR},
	{"fsync", CORE | SUPERVISOR},
	{"fdatasync", CORE | SUPERVISOR},
	{"ftruncate", CORE | SUPERVISOR},
	{"ftruncate64", CORE | SUPERVISOR},
	{"fallocate", CORE | SUPERVISOR},
	{"flock", CORE | SUPERVISOR},
	{"unlink", CORE | SUPERVISOR},
	{"unlinkat", CORE | SUPERVISOR},
	{"rename", CORE | SUPERVISOR},
	{"renameat", CORE | SUPERVISOR},
	{"renameat2", CORE | SUPERVISOR},
	{"mkdir", CORE | SUPERVISOR},
	{"mkdirat", CORE | SUPERVISOR},
	{"rmdir", CORE | SUPERVISOR},
	{"fchmod", CORE | SUPERVISOR},
	{"fchown", CORE | SUPERVISOR},
	{"fchown32", CORE | SUPERVISOR},
	{"stat", CORE | SUPERVISOR},
	{"stat64", CORE | SUPERVISOR},
	{"lstat", CORE | SUPERVISOR},
	{"lstat64", CORE | SUPERVISOR},
	{"access", CORE | SUPERVISOR},
	{"faccessat", CORE | SUPERVISOR},
	{"faccessat2", CORE | SUPERVISOR},
	{"readlink", CORE | SUPERVISOR},
	{"readlinkat", CORE | SUPERVISOR},
	{"getcwd", CORE | SUPERVISOR},
	{"getdents64", CORE | SUPERVISOR},
	{"umask", CORE | SUPERVISOR},
	{"memfd_create", CORE | SUPERVISOR},
	{"statfs", SUPERVISOR},
	{"statfs64", SUPERVISOR},
	{"fstatfs", CORE | SUPERVISOR},
	{"fstatfs64", CORE | SUPERVISOR},
	{"chdir", SUPERVISOR},
	/* sockets that were handed over */
	{"recvmsg", EVERY},
	{"sendmsg", EVERY},
	{"recvfrom", EVERY},
	{"sendto", EVERY},
	{"recv", EVERY},
	{"send", EVERY},
	{"shutdown", EVERY},
	{"getsockopt", EVERY},
	{"setsockopt", EVERY},
	{"getsockname", EVERY},
	{"getpeername", EVERY},
	{"accept", GATE | SIM | SUPERVISOR},
	{"accept4", GATE | SIM | SUPERVISOR},
	{"socketpair", SUPERVISOR},
	/* waiting */
	{"epoll_create", EVERY},
	{"epoll_create1", EVERY},
	{"epoll_ctl", EVERY},
	{"epoll_wait", EVERY},
	{"epoll_pwait", EVERY},
	{"epoll_pwait2", EVERY},
	{"eventfd2", EVERY},
	{"timerfd_create", EVERY},
	{"timerfd_settime", EVERY},
	{"timerfd_settime64", EVERY},
	{"timerfd_gettime", EVERY},
	{"timerfd_gettime64", EVERY},
	{"signalfd4", EVERY},
	{"poll", EVERY},
	{"ppoll", EVERY},
	{"ppoll_time64", EVERY},
	{"select", EVERY},
	{"_newselect", EVERY},
	{"pselect6", EVERY},
	{"pselect6_time64", EVERY},
	{"nanosleep", EVERY},
	{"clock_nanosleep", EVERY},
	{"clock_nanosleep_time64", EVERY},
	{"restart_syscall", EVERY},
	/* memory; mmap and mprotect: rules below */
	{"mmap", SUPERVISOR},
	{"mmap2", SUPERVISOR},
	{"mprotect", SUPERVISOR},
	{"munmap", EVERY},
	{"mremap", EVERY},
	{"brk", EVERY},
	{"madvise", EVERY},
	{"msync", CORE | SUPERVISOR},
	{"mincore", CORE | SUPERVISOR},
	{"mlock", EVERY},
	{"mlock2", EVERY},
	{"munlock", EVERY},
	{"mlockall", CORE | SUPERVISOR},
	{"munlockall", CORE | SUPERVISOR},
	/* threads and processors; clone: rule below */
	{"futex", EVERY},
	{"futex_time64", EVERY},
	{"set_robust_list", EVERY},
	{"get_robust_list", EVERY},
	{"rseq", EVERY},
	{"set_tid_address", EVERY},
	{"set_thread_area", EVERY},
	{"arch_prctl", SUPERVISOR},
	{"gettid", EVERY},
	{"membarrier", EVERY},
	{"getcpu", EVERY},
	{"sched_yield", EVERY},
	{"sched_getaffinity", EVERY},
	{"sched_getscheduler", EVERY},
	{"sched_getparam", EVERY},
	{"sched_get_priority_min", EVERY},
	{"sched_get_priority_max", EVERY},
	{"sched_setscheduler", CORE | SUPERVISOR},
	{"sched_setparam", CORE | SUPERVISOR},
	{"sched_setaffinity", CORE | SUPERVISOR},
	{"setpriority", CORE | SUPERVISOR},
	{"exit", EVERY},
	{"exit_group", EVERY},
	/* processes */
	{"fork", SUPERVISOR},
	{"vfork", SUPERVISOR},
	{"wait4", SUPERVISOR},
	{"waitid", SUPERVISOR},
	{"pidfd_open", SUPERVISOR},
	{"pidfd_send_signal", SUPERVISOR},
	{"setsid", SUPERVISOR},
	{"setpgid", SUPERVISOR},
	{"setrlimit", SUPERVISOR},
	{"prlimit64", SUPERVISOR},
	{"prctl", SUPERVISOR},
#ifdef SANDBOX_SANITIZED
	{"personality", SUPERVISOR}, /* the runtimes look at it when a program starts */
#endif
	{"capget", SUPERVISOR},
	{"seccomp", SUPERVISOR},
	{"landlock_create_ruleset", SUPERVISOR},
	{"landlock_add_rule", SUPERVISOR},
	{"landlock_restrict_self", SUPERVISOR},
	/* signals; kill and tgkill to oneself: rules below */
	{"kill", SUPERVISOR},
	{"tgkill", SUPERVISOR},
	{"rt_sigaction", EVERY},
	{"rt_sigprocmask", EVERY},
	{"rt_sigreturn", EVERY},
	{"rt_sigtimedwait", EVERY},
	{"rt_sigtimedwait_time64", EVERY},
	{"rt_sigpending", EVERY},
	{"rt_sigsuspend", EVERY},
	{"sigreturn", EVERY},
	{"sigaltstack", EVERY},
	{"pause", EVERY},
	/* who and when */
	{"getpid", EVERY},
	{"getppid", EVERY},
	{"getpgrp", EVERY},
	{"getuid", EVERY},
	{"getuid32", EVERY},
	{"geteuid", EVERY},
	{"geteuid32", EVERY},
	{"getgid", EVERY},
	{"getgid32", EVERY},
	{"getegid", EVERY},
	{"getegid32", EVERY},
	{"getrusage", EVERY},
	{"getrlimit", EVERY},
	{"ugetrlimit", EVERY},
	{"uname", EVERY},
	{"sysinfo", EVERY},
	{"times", EVERY},
	{"time", EVERY},
	{"gettimeofday", EVERY},
	{"clock_gettime", EVERY},
	{"clock_gettime64", EVERY},
	{"clock_getres", EVERY},
	{"clock_getres_time64", EVERY},
	{"adjtimex", EVERY}, /* reads: capabilities are gone, so it cannot set */
	{"clock_adjtime", EVERY},
	{"clock_adjtime64", EVERY},
	{"getrandom", EVERY},
};

/* roles: who may make it all the same; the others are killed. */
static const struct call killing_calls[] = {
	{"execve", SUPERVISOR},
	{"execveat", SUPERVISOR},
	{"ptrace", NONE},
	{"process_vm_readv", NONE},
	{"process_vm_writev", NONE},
	{"pidfd_getfd", NONE},
	{"kcmp", NONE},
	{"bpf", NONE},
	{"perf_event_open", NONE},
	{"userfaultfd", NONE},
	{"io_uring_setup", NONE},
	{"io_uring_enter", NONE},
	{"io_uring_register", NONE},
	{"kexec_load", NONE},
	{"kexec_file_load", NONE},
	{"init_module", NONE},
	{"finit_module", NONE},
	{"delete_module", NONE},
	{"mount", NONE},
	{"umount", NONE},
	{"umount2", NONE},
	{"move_mount", NONE},
	{"open_tree", NONE},
	{"fsopen", NONE},
	{"fsmount", NONE},
	{"fsconfig", NONE},
	{"fspick", NONE},
	{"mount_setattr", NONE},
	{"pivot_root", NONE},
	{"chroot", NONE},
	{"unshare", NONE},
	{"setns", NONE},
	{"name_to_handle_at", NONE},
	{"open_by_handle_at", NONE},
	{"swapon", NONE},
	{"swapoff", NONE},
	{"reboot", NONE},
	{"acct", NONE},
	{"quotactl", NONE},
	{"iopl", NONE},
	{"ioperm", NONE},
	{"modify_ldt", NONE},
	{"add_key", NONE},
	{"request_key", NONE},
	{"keyctl", NONE},
	{"settimeofday", NONE},
	{"clock_settime", NONE},
	{"clock_settime64", NONE},
	{"stime", NONE},
	{"sethostname", NONE},
	{"setdomainname", NONE},
	{"syslog", NONE},
	{"vhangup", NONE},
	{"setuid", SUPERVISOR},
	{"setuid32", SUPERVISOR},
	{"setgid", SUPERVISOR},
	{"setgid32", SUPERVISOR},
	{"setreuid", NONE},
	{"setregid", NONE},
	{"setresuid", NONE},
	{"setresgid", NONE},
	{"setfsuid", NONE},
	{"setfsgid", NONE},
	{"setgroups", SUPERVISOR},
	{"setgroups32", SUPERVISOR},
	{"capset", SUPERVISOR},
};

/* Allowed when the masked argument has the value. */
struct argument_rule {
	const char *name;
	unsigned roles;
	unsigned at; /* which argument, from 0 */
	uint64_t mask;
	uint64_t value;
};

#define ROLES (CORE | GATE | SIM)
#define THREAD (CLONE_THREAD | CLONE_VM)
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
		CLONE_NEWCGROUP)

static const struct argument_rule argument_rules[] = {
	{"clone", ROLES, 0, THREAD | NAMESPACES, THREAD},
	{"clone", SUPERVISOR, 0, NAMESPACES, 0},
	{"mmap", ROLES, 2, PROT_EXEC, 0},
	{"mmap2", ROLES, 2, PROT_EXEC, 0},
	{"mprotect", ROLES, 2, PROT_EXEC, 0},
	{"socket", SUPERVISOR, 0, UINT32_MAX, AF_UNIX}, /* sd_notify */
	{"ioctl", EVERY, 1, UINT32_MAX, FIONBIO},
	{"ioctl", EVERY, 1, UINT32_MAX, FIONREAD},
	{"ioctl", EVERY, 1, UINT32_MAX, TCGETS},
	{"prctl", ROLES, 0, UINT32_MAX, PR_SET_NAME},
	{"prctl", ROLES, 0, UINT32_MAX, PR_GET_NAME},
	{"prctl", ROLES, 0, UINT32_MAX, PR_GET_DUMPABLE},
	{"prctl", CORE, 0, UINT32_MAX, PR_SET_TIMERSLACK},
	{"prlimit64", ROLES, 2, UINT64_MAX, 0}, /* reading */
	/* lines of GPIO chips: levels, but no new request, and no other setting of one */
	{"ioctl", CORE | SUPERVISOR, 1, UINT32_MAX, GPIO_V2_LINE_GET_VALUES_IOCTL},
	{"ioctl", CORE | SUPERVISOR, 1, UINT32_MAX, GPIO_V2_LINE_SET_VALUES_IOCTL},
	/* serial ports: opened and set up by the supervisor alone */
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TCSETS},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TCFLSH},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TIOCEXCL},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TIOCGRS485},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TIOCSRS485},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TIOCGSERIAL},
	{"ioctl", SUPERVISOR, 1, UINT32_MAX, TIOCSSERIAL},
};

static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name,
	const struct scmp_arg_cmp *comparison)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0; /* newer than the library: the default answer holds */
	return seccomp_rule_add_array(filter, action, number, comparison != NULL, comparison);
}

static int add_calls(scmp_filter_ctx filter, unsigned role)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_COUNT(calls) && error == 0; i++) {
		if (calls[i].roles & role)
			error = add_rule(filter, SCMP_ACT_ALLOW, calls[i].name, NULL);
	}
	for (size_t i = 0; i < ARRAY_COUNT(killing_calls) && error == 0; i++)
		error = add_rule(filter,
			killing_calls[i].roles & role ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS,
			killing_calls[i].name, NULL);
	if (error == 0)
		error = add_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL);
	return error;
}

/* Signals to oneself: abort() and raise() need them. */
static int add_own_signals(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp own = SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid());
	int error = add_rule(filter, SCMP_ACT_ALLOW, "kill", &own);

	return error != 0 ? error : add_rule(filter, SCMP_ACT_ALLOW, "tgkill", &own);
}

static int add_argument_rules(scmp_filter_ctx filter, unsigned role)
{
	int error = role == SUPERVISOR ? 0 : add_own_signals(filter);

	for (size_t i = 0; i < ARRAY_COUNT(argument_rules) && error == 0; i++) {
		const struct argument_rule *rule = &argument_rules[i];
		struct scmp_arg_cmp comparison = {
			.arg = rule->at,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = rule->mask,
			.datum_b = rule->value,
		};

		if (rule->roles & role)
			error = add_rule(filter, SCMP_ACT_ALLOW, rule->name, &comparison);
	}
	return error;
}

static int set_attributes(scmp_filter_ctx filter)
{
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (error == 0) /* another architecture's calls have other numbers */
		error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0) /* a search tree, not a list of 200 comparisons */
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return error;
}

int sandbox_seccomp(enum role role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));

	if (filter == NULL)
		return -ENOMEM;
	int error = set_attributes(filter);

	if (error == 0)
		error = add_calls(filter, 1u << role);
	if (error == 0)
		error = add_argument_rules(filter, 1u << role);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}
