// SPDX-License-Identifier: Apache-2.0
/*
 * The supervisor: one poll, nothing allocated after its start, no foreign byte parsed but READY and
 * ALIVE, and of PORT_GONE the line's number; a second thread does nothing but wake it when core's
 * real-time thread ends (platform/life.h). It keeps the lock lines beside core (drivers/locks.h: a
 * mapping of the virtual board, or duplicates of core's GPIO line requests), so that a door is
 * never left to a process that died: on core's end, after 1 s without a beat, or when a door stands
 * open beyond its time plus OUTPUT_GRACE_MS it drives every configured door to its fail state (only
 * those that stand otherwise: a relay does not click twice) and starts core again.
 *
 * Order when core fails: SIGKILL, then the fail states at once, then again when the process is
 * reaped, because a killed process may still have been moving a line; only then its page is cleared
 * for the next one.
 *
 * The end: control sockets are closed, roles have STOP_S to end by themselves and are killed then.
 * Deadlines are watched until core is gone.
 */
#include "supervisor_private.h"

#include "platform/clock.h"
#include "platform/life.h"
#include "platform/log.h"
#include "platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#define STOP_S 3
#define PRIORITY 60 /* above core's real-time thread, which it has to outlive */
#define LATE_NS (200 * NS_PER_MS) /* we slept longer than we asked: core may have as well ... */
#define WATCHDOG_RETRY_NS (100 * NS_PER_MS) /* a look whether all answer again */
#define WATCH_STACK (64 * 1024)
#define PARDON_NS (500 * NS_PER_MS) /* ... and gets this long for a beat */

enum { POLL_SIGNAL, POLL_TIMER, POLL_WAKE, POLL_CORE, POLL_GATE, POLL_SIM, POLL_COUNT };

/* --- outputs --- */

static void outputs_fail(struct supervisor *s)
{
	int64_t now_ns = clock_boot_ns();

	for (uint8_t door = 0; door < DOORS_MAX; door++) {
		const struct door_config *config = &s->settings->door[door].config;
		const char *state = config->fail == FAIL_SAFE ? "open" : "locked";

		if (!config->configured)
			continue;
		int moved = locks_set(&s->locks, door, config->fail == FAIL_SAFE, now_ns);

		if (moved > 0)
			log_warning("door %u driven to its fail state: %s", door + 1u, state);
		else if (moved < 0)
			log_error("ALARM: door %u cannot be driven to its fail state (%s): %s",
				door + 1u, state, strerror(-moved));
	}
	locks_rest_others(&s->locks);
}

/* The old beat stays: by it the next core knows that it is not the first. */
static void page_clear(struct supervisor *s)
{
	for (size_t door = 0; door < DOORS_MAX; door++)
		atomic_store(&s->page->unlocked_until_ns[door], 0);
	atomic_store(&s->page->life, 0);
}

static void core_end(struct supervisor *s)
{
	child_kill(&s->child[ROLE_CORE]);
	outputs_fail(s);
	s->core_failed = true;
}

static void core_fail(struct supervisor *s, const char *why, unsigned door)
{
	core_end(s);
	if (door == 0)
		log_error("ALARM: core %s: killed", why);
	else
		log_error("ALARM: core %s %u: killed", why, door);
}

/* Returns when to look again. */
static int64_t core_watch(struct supervisor *s, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	uint8_t door = 0;

	if (s->child[ROLE_CORE].pid == 0 || s->core_failed)
		return INT64_MAX;
	switch (watch_judge(&s->watch, s->settings, s->page, &s->locks, now_ns, &next_ns, &door)) {
	case VERDICT_FINE:
		return next_ns;
	case VERDICT_ENDED:
		core_end(s); /* how it ended is known and told when it is reaped */
		return INT64_MAX;
	case VERDICT_SILENT:
		core_fail(s, "gives no sign of life", 0);
		return INT64_MAX;
	case VERDICT_OVERDUE:
		core_fail(s, "did not lock door", door + 1u);
		return INT64_MAX;
	}
	return INT64_MAX;
}

/* --- roles --- */

static void role_start(struct supervisor *s, enum role role)
{
	struct child *child = &s->child[role];
	int64_t now_ns = clock_boot_ns();
	int error = child_start(child, now_ns);

	if (error != 0) {
		bool alarm;

		child->restart_ns = restart_plan(&child->restart, now_ns, now_ns, &alarm);
		if (child->restart_ns < now_ns + RESTART_DELAY_MIN_MS * NS_PER_MS)
			child->restart_ns = now_ns + RESTART_DELAY_MIN_MS * NS_PER_MS;
		log_error("cannot start %s: %s", role_name(role), strerror(-error));
		return;
	}
	if (role == ROLE_CORE) {
		s->watch = (struct watch){.started_ns = now_ns};
		s->core_failed = false;
		child_link(child, &s->child[ROLE_GATE]);
		child_link(child, &s->child[ROLE_SIM]);
	} else {
		child_link(child, &s->child[ROLE_CORE]);
	}
}

static void role_ended(struct supervisor *s, struct child *child, int status)
{
	int64_t now_ns = clock_boot_ns();
	bool alarm;

	if (child->role == ROLE_CORE) {
		outputs_fail(s);
		page_clear(s);
	}
	child->pid = 0;
	child->ready = false;
	child_control_close(child);
	if (s->stopping)
		return;
	atomic_fetch_add(&s->page->role[child->role].count, 1);
	atomic_store(&s->page->role[child->role].latest_ns, now_ns);
	child->restart_ns = restart_plan(&child->restart, child->started_ns, now_ns, &alarm);
	int64_t wait_ms = (child->restart_ns - now_ns) / NS_PER_MS;

	if (WIFSIGNALED(status))
		log_warning("%s was ended by signal %d (SIG%s); starting it again in %lld ms",
			role_name(child->role), WTERMSIG(status), sigabbrev_np(WTERMSIG(status)),
			(long long)wait_ms);
	else
		log_warning("%s ended with status %d; starting it again in %lld ms",
			role_name(child->role), WEXITSTATUS(status), (long long)wait_ms);
	if (alarm)
		log_error("ALARM: %s ended %d times within %d s", role_name(child->role),
			RESTART_ALARM_COUNT, RESTART_ALARM_S);
}

static void roles_reap(struct supervisor *s)
{
	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		struct child *child = &s->child[role];
		int status;

		if (child->pid > 0 && waitpid(child->pid, &status, WNOHANG) == child->pid)
			role_ended(s, child, status);
	}
}

static bool roles_gone(const struct supervisor *s)
{
	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		if (s->child[role].pid > 0)
			return false;
	}
	return true;
}

static void banner_print(const struct supervisor *s)
{
	size_t len = s->banner == NULL ? 0 : strlen(s->banner);

	for (size_t done = 0; done < len;) {
		ssize_t wrote = write(STDOUT_FILENO, s->banner + done, len - done);

		if (wrote <= 0)
			return;
		done += (size_t)wrote;
	}
}

static void announce(struct supervisor *s)
{
	for (int role = ROLE_CORE; role < ROLE_COUNT && !s->announced; role++) {
		if (s->child[role].wanted && !s->child[role].ready)
			return;
	}
	if (s->announced)
		return;
	s->announced = true;
	(void)sd_notify(0, "READY=1");
	log_info("ready: http://%.*s", s->settings->http_address.len,
		s->settings->http_address.bytes);
	banner_print(s);
}

/* --- the loop --- */

static void stop_begin(struct supervisor *s)
{
	int64_t now_ns = clock_boot_ns();

	if (s->stopping) { /* asked twice: no more patience */
		s->stop_ns = now_ns;
		return;
	}
	s->stopping = true;
	s->stop_ns = now_ns + STOP_S * NS_PER_S;
	s->watch.pardon_ns = INT64_MAX; /* it may be busy with closing its database */
	(void)sd_notify(0, "STOPPING=1");
	log_info("stopping");
	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		s->child[role].restart_ns = INT64_MAX;
		child_control_close(&s->child[role]);
	}
}

static void signals_read(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			roles_reap(s);
		else
			stop_begin(s);
	}
}

static void earlier(int64_t *next_ns, int64_t at_ns)
{
	if (at_ns < *next_ns)
		*next_ns = at_ns;
}

static struct gate_watch gate_look(const struct supervisor *s)
{
	const struct child *gate = &s->child[ROLE_GATE];
	const struct child *core = &s->child[ROLE_CORE];

	return (struct gate_watch){
		.running = gate->pid > 0,
		.ready = gate->ready,
		.core_ready = core->ready,
		.started_ns = gate->started_ns,
		.heard_ns = gate->ready ? gate->heard_ns : core->heard_ns,
		.pardon_ns = s->watch.pardon_ns,
	};
}

/* A gate that hangs is ended, so that it can start again. Returns when to look again. */
static int64_t gate_judge(struct supervisor *s, int64_t now_ns)
{
	const struct gate_watch gate = gate_look(s);
	int64_t next_ns;

	if (gate_is_heard(&gate, now_ns, &next_ns))
		return next_ns;
	log_error("ALARM: gate gives no sign of life: killed");
	child_kill(&s->child[ROLE_GATE]);
	s->child[ROLE_GATE].ready = false; /* until it is reaped */
	return INT64_MAX;
}

/*
 * systemd hears from us only while core lives and gate answers; a role that is being started again
 * is waited for as long as its start may take. Returns when to look again.
 */
static int64_t watchdog_feed(struct supervisor *s, int64_t now_ns)
{
	const struct gate_watch gate = gate_look(s);

	if (s->watchdog_ns == 0)
		return INT64_MAX;
	if (s->watchdog_next_ns > now_ns)
		return s->watchdog_next_ns;
	if (s->stopping ||
		(s->child[ROLE_CORE].pid > 0 && !s->core_failed && gate_answers(&gate, now_ns))) {
		(void)sd_notify(0, "WATCHDOG=1");
		s->watchdog_next_ns = now_ns + s->watchdog_ns;
	} else {
		s->watchdog_next_ns = now_ns + WATCHDOG_RETRY_NS;
	}
	return s->watchdog_next_ns;
}

/* Does all that is due and returns when the next is. */
static int64_t work_due(struct supervisor *s)
{
	int64_t now_ns = clock_boot_ns();

	(void)core_watch(s, now_ns); /* doors first */
	int64_t next_ns = INT64_MAX;

	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		struct child *child = &s->child[role];

		if (child->pid == 0 && child->restart_ns <= now_ns)
			role_start(s, (enum role)role);
		if (child->pid == 0)
			earlier(&next_ns, child->restart_ns);
	}
	earlier(&next_ns, core_watch(s, clock_boot_ns()));
	if (!s->stopping)
		earlier(&next_ns, ports_work(s, now_ns));
	if (s->stopping) {
		if (s->stop_ns <= now_ns) {
			for (int role = ROLE_CORE; role < ROLE_COUNT; role++)
				child_kill(&s->child[role]);
			s->stop_ns = INT64_MAX;
		}
		earlier(&next_ns, s->stop_ns);
	}
	earlier(&next_ns, gate_judge(s, now_ns));
	earlier(&next_ns, watchdog_feed(s, now_ns));
	return next_ns;
}

static void timer_set(struct supervisor *s, int64_t at_ns)
{
	struct itimerspec when = {0};

	s->planned_ns = at_ns;
	if (at_ns != INT64_MAX)
		when.it_value = (struct timespec){at_ns / NS_PER_S, at_ns % NS_PER_S};
	(void)timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void drain(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
}

static void pardon(struct supervisor *s, int64_t now_ns)
{
	if (s->watch.pardon_ns < now_ns + PARDON_NS)
		s->watch.pardon_ns = now_ns + PARDON_NS;
}

static void turn(struct supervisor *s)
{
	int64_t next_ns = work_due(s); /* starts roles: their sockets are polled below */
	struct pollfd polled[POLL_COUNT] = {
		[POLL_SIGNAL] = {.fd = s->signal_fd, .events = POLLIN},
		[POLL_TIMER] = {.fd = s->timer_fd, .events = POLLIN},
		[POLL_WAKE] = {.fd = s->wake_fd, .events = POLLIN},
		[POLL_CORE] = {.fd = s->child[ROLE_CORE].control, .events = POLLIN},
		[POLL_GATE] = {.fd = s->child[ROLE_GATE].control, .events = POLLIN},
		[POLL_SIM] = {.fd = s->child[ROLE_SIM].control, .events = POLLIN},
	};

	timer_set(s, next_ns);
	if (poll(polled, POLL_COUNT, -1) < 0)
		return;
	int64_t now_ns = clock_boot_ns();

	if (s->planned_ns != INT64_MAX && now_ns - s->planned_ns > LATE_NS)
		pardon(s, now_ns);
	if (polled[POLL_TIMER].revents != 0)
		drain(s->timer_fd);
	if (polled[POLL_WAKE].revents != 0)
		drain(s->wake_fd);
	for (int role = ROLE_CORE; role < ROLE_COUNT; role++) {
		struct child *child = &s->child[role];

		uint32_t line;

		if (polled[POLL_CORE + role - ROLE_CORE].revents != 0 && child->control >= 0 &&
			child_receive(child, now_ns, &line) == CHILD_PORT_GONE)
			port_gone(s, line);
	}
	if (polled[POLL_SIGNAL].revents != 0)
		signals_read(s);
	announce(s);
}

/* --- the second thread --- */

/*
 * Wakes the first one when core's real-time thread has ended. The kernel tells a futex in no other
 * way, and tells the end of the whole process much later.
 */
static void *life_watch(void *user)
{
	const struct supervisor *s = user;
	const uint64_t one = 1;

	for (uint32_t seen = 0;;) {
		seen = life_wait(&s->page->life, seen);
		if (life_has_ended(seen))
			(void)!write(s->wake_fd, &one, sizeof(one));
	}
	return NULL;
}

/* Behind the sandbox, which it then shares. Without priority for it, it runs as everybody does. */
static int life_watch_start(struct supervisor *s)
{
	struct sched_param parameter = {.sched_priority = PRIORITY};
	pthread_attr_t attributes;
	pthread_t thread;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attributes, WATCH_STACK);
	(void)pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	(void)pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	(void)pthread_attr_setschedparam(&attributes, &parameter);
	int error = pthread_create(&thread, &attributes, life_watch, s);

	if (error == EPERM) {
		(void)pthread_attr_setinheritsched(&attributes, PTHREAD_INHERIT_SCHED);
		error = pthread_create(&thread, &attributes, life_watch, s);
	}
	(void)pthread_attr_destroy(&attributes);
	return error;
}

/* --- the start --- */

static void watchdog_begin(struct supervisor *s)
{
	uint64_t interval_us = 0;

	if (sd_watchdog_enabled(0, &interval_us) > 0)
		s->watchdog_ns = (int64_t)(interval_us / 2) * 1000;
}

static void priority_raise(void)
{
	struct sched_param parameter = {.sched_priority = PRIORITY};

	/* Without the privilege it runs as everybody does. */
	(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
	(void)mlockall(MCL_CURRENT);
}

static void standard_input_close(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && fd != STDIN_FILENO) {
		(void)dup2(fd, STDIN_FILENO);
		(void)close(fd);
	}
}

static void https_tell(const struct supervisor *s)
{
	char pin[TLS_PIN_TEXT];
	char hex[TLS_HEX_TEXT];

	if (s->settings->https_address.len > 0)
		log_info("https on %.*s; public key %s; certificate SHA-256 %s",
			s->settings->https_address.len, s->settings->https_address.bytes,
			tls_pin_text(s->fingerprints.public_key, pin),
			tls_hex_text(s->fingerprints.certificate, hex));
}

int supervisor_run(const struct supervisor_options *options)
{
	static struct supervisor supervisor;
	struct supervisor *s = &supervisor;
	char text[128];

	log_set_name("supervisor");
	s->settings = options->settings;
	s->banner = options->banner;
	s->fingerprints = options->fingerprints;
	standard_input_close();
	child_environment();
	if (!supervisor_open(s, options)) {
		log_error("cannot prepare the start of the roles: %s", strerror(errno));
		return 1;
	}
	atomic_store(&s->page->started_ns, clock_boot_ns());
	watchdog_begin(s);
	outputs_fail(s); /* what a sudden end left open */
	priority_raise();
	int state_fd = s->child[ROLE_CORE].fds.fd[ROLE_FD_STATE];
	int fences = ports_wanted(s) ? sandbox_enter_with_ports(state_fd)
				     : sandbox_enter(ROLE_SUPERVISOR, state_fd);

	if (fences < 0) {
		log_error("cannot build the sandbox: %s", strerror(-fences));
		return 1;
	}
	int error = life_watch_start(s);

	if (error != 0) {
		log_error("cannot start a thread: %s", strerror(error));
		return 1;
	}
	log_info("version " POSTERN_VERSION " listening on http://%.*s; fences: %s",
		s->settings->http_address.len, s->settings->http_address.bytes,
		sandbox_fences_text((uint32_t)fences, text));
	https_tell(s);
	while (!s->stopping || !roles_gone(s))
		turn(s);
	outputs_fail(s);
	if (s->settings->simulated_lines)
		(void)unlinkat(s->child[ROLE_CORE].fds.fd[ROLE_FD_STATE], "sim.sock", 0);
	log_info("stopped");
	return 0;
}
