// SPDX-License-Identifier: Apache-2.0
/*
 * Role gate: HTTP in, messages to core out. This thread is `link`: it waits for the supervisor, for
 * core, for the HTTP thread's eventfd and for the next due time, whichever comes first, and never
 * for anything else. The role ends when the supervisor's socket does.
 */
#include "gate.h"

#include "base/assert.h"
#include "messages/roles.h"
#include "platform/log.h"
#include "platform/process.h"
#include "platform/sandbox.h"
#include "streams.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILES_OTHER 64 /* descriptors that are no connections */

enum { WAIT_CONTROL = 0, WAIT_WAKE, WAIT_CORE, WAIT_COUNT };

void gate_wake(struct gate *gate)
{
	uint64_t one = 1;

	/* Full means that the reader has not come round yet, and will. */
	ssize_t written = write(gate->wake_fd, &one, sizeof(one));

	(void)written;
}

static void wake_drain(struct gate *gate)
{
	uint64_t count;
	ssize_t taken = read(gate->wake_fd, &count, sizeof(count));

	(void)taken;
}

static int gate_init(struct gate *gate, const struct role_context *context)
{
	struct utsname name;

	*gate = (struct gate){.context = context, .settings = context->settings, .core_fd = -1};
	gate->started_ns = clock_boot_ns();
	gate->use_fd = process_use_open();
	gate->certificate_not_after_s = INT64_MAX;
	gate->outbox_end = &gate->outbox_first;
	gate->submitted_end = &gate->submitted;
	ASSERT(pthread_mutex_init(&gate->lock, NULL) == 0);
	zone_load(&gate->zone);
	if (uname(&name) != 0 || !text_set(&gate->hardware, span_from_string(name.machine)))
		(void)text_set(&gate->hardware, SPAN_LIT("unknown"));
	gate->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (gate->wake_fd < 0)
		return -errno;
	gate->streams = streams_new(gate);
	return gate->streams == NULL ? -ENOMEM : 0;
}

/* False when the supervisor is gone. */
static bool control_readable(struct gate *gate)
{
	for (;;) {
		enum role peer;
		int fd;
		int result = role_next_link(gate->context, &peer, &fd);

		if (result == -EAGAIN)
			return true;
		if (result <= 0)
			return false;
		if (peer == ROLE_CORE)
			core_connect(gate, fd);
		else
			close(fd);
	}
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Everything that time decides. Returns when to come again. */
static int64_t gate_round(struct gate *gate)
{
	int64_t now_ns = clock_boot_ns();
	int64_t due_ns = http_check_deadlines(gate, now_ns);

	if (gate->ready && now_ns >= gate->alive_ns) {
		/* Under the lock: a thread that keeps it for itself shows here. */
		pthread_mutex_lock(&gate->lock);
		pthread_mutex_unlock(&gate->lock);
		role_alive(gate->context);
		gate->alive_ns = now_ns + ALIVE_INTERVAL_MS * NS_PER_MS;
	}
	due_ns = least(due_ns, gate->ready ? gate->alive_ns : INT64_MAX);
	due_ns = least(due_ns, core_check_deadlines(gate, now_ns));
	due_ns = least(due_ns, core_take_submitted(gate, now_ns));
	return least(due_ns, streams_tick(gate->streams, now_ns));
}

static int timeout_ms(int64_t due_ns)
{
	int64_t left_ns = due_ns - clock_boot_ns();

	if (due_ns == INT64_MAX)
		return -1;
	if (left_ns <= 0)
		return 0;
	return left_ns > NS_PER_S ? (int)(NS_PER_S / NS_PER_MS)
				  : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void gate_run(struct gate *gate)
{
	for (;;) {
		int64_t due_ns = gate_round(gate);
		struct pollfd wait[WAIT_COUNT] = {
			[WAIT_CONTROL] = {.fd = gate->context->control, .events = POLLIN},
			[WAIT_WAKE] = {.fd = gate->wake_fd, .events = POLLIN},
			[WAIT_CORE] = {.fd = gate->core_fd,
				.events = (short)(gate->outbox_first != NULL ? POLLIN | POLLOUT
									     : POLLIN)},
		};

		if (poll(wait, WAIT_COUNT, timeout_ms(due_ns)) < 0 && errno != EINTR)
			return;
		if (wait[WAIT_WAKE].revents != 0)
			wake_drain(gate);
		if ((wait[WAIT_CORE].revents & POLLOUT) != 0)
			core_writable(gate);
		if ((wait[WAIT_CORE].revents & ~POLLOUT) != 0)
			core_readable(gate);
		if (wait[WAIT_CONTROL].revents != 0 && !control_readable(gate))
			return;
	}
}

/* Nothing may stay suspended when the HTTP library stops. */
static void gate_stop(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->stopping = true;
	pthread_mutex_unlock(&gate->lock);
	core_drop(gate);
	(void)core_take_submitted(gate, clock_boot_ns());
	streams_close_all(gate->streams);
	http_stop(gate);
	streams_free(gate->streams);
	close(gate->wake_fd);
	pthread_mutex_destroy(&gate->lock);
}

int gate_main(const struct role_context *context)
{
	struct gate gate;
	int result = gate_init(&gate, context);

	if (result != 0) {
		log_error("cannot start: %s", strerror(-result));
		return EXIT_FAILURE;
	}
	if (!role_files_raise(context->settings->connections_max + FILES_OTHER))
		log_warning("fewer files may be open than limits.connections asks for: connections "
			    "beyond that wait; raise the hard limit (LimitNOFILE=, ulimit -Hn)");
	int fences = sandbox_enter(ROLE_GATE, -1);

	if (fences < 0) {
		log_error("cannot enter the sandbox: %s", strerror(-fences));
		return EXIT_FAILURE;
	}
	result = http_start(&gate, ROLE_FD_LISTEN);
	if (result != 0) {
		log_error("cannot serve HTTP: the listening socket cannot be used");
		return EXIT_FAILURE;
	}
	if (gate.settings->https_address.len > 0)
		result = http_start_tls(&gate, ROLE_FD_LISTEN_TLS, ROLE_FD_TLS);
	if (result != 0) {
		log_error("cannot serve HTTPS: the TLS library refuses the key, or its socket "
			  "cannot be used");
		return EXIT_FAILURE;
	}
	gate.fences = (uint32_t)fences;
	gate_run(&gate);
	gate_stop(&gate);
	return EXIT_SUCCESS;
}
