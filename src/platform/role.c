// SPDX-License-Identifier: Apache-2.0
/*
 * A role's words with the supervisor, and its claims to memory and processor. Order in core: open
 * everything, role_realtime_prepare, sandbox_enter, role_ready, threads; the real-time thread calls
 * role_realtime_try first of all.
 */
#include "platform/role.h"

#include "messages/roles.h"
#include "platform/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int role_ready(const struct role_context *context, uint32_t fences)
{
	struct message_ready ready = {.header = {.type = MESSAGE_READY}, .fences = fences};

	return link_send(context->control, &ready, sizeof(ready));
}

void role_alive(const struct role_context *context)
{
	struct message_alive alive = {.header = {.type = MESSAGE_ALIVE}};

	/* When it does not fit, others wait to be read that say the same. */
	if (link_send(context->control, &alive, sizeof(alive)) != 0)
		return;
}

_Static_assert(OSDP_LINES_MAX == MESSAGE_PORT_LINES_MAX, "a message names any line");

int role_next_link_or_port(
	const struct role_context *context, enum role *ret_peer, uint8_t *ret_line, int *ret_fd)
{
	_Alignas(8) char memory[MESSAGE_MAX];
	int fd;
	ssize_t len = link_receive(context->control, memory, &fd);

	if (len <= 0)
		return (int)len;

	const struct message_header *header = (const void *)memory;
	const struct message_link *link = (const void *)memory;
	const struct message_port *port = (const void *)memory;
	bool good = fd >= 0 && message_check(memory, (size_t)len, ROLE_SUPERVISOR, context->role) ==
				       MESSAGE_OK;

	if (good && header->type == MESSAGE_PORT) {
		*ret_line = (uint8_t)port->line;
		*ret_fd = fd;
		return 2;
	}
	if (!good || header->type != MESSAGE_LINK || link->peer == (uint32_t)context->role) {
		if (fd >= 0)
			close(fd);
		return -EPROTO;
	}
	*ret_peer = (enum role)link->peer;
	*ret_fd = fd;
	return 1;
}

int role_next_link(const struct role_context *context, enum role *ret_peer, int *ret_fd)
{
	uint8_t line;

	return role_next_link_or_port(context, ret_peer, &line, ret_fd);
}

int role_port_gone(const struct role_context *context, uint8_t line)
{
	struct message_port gone = {.header = {.type = MESSAGE_PORT_GONE}, .line = line};

	return link_send(context->control, &gone, sizeof(gone));
}

const struct sim_keys *role_sim_keys(void)
{
	int seals = fcntl(ROLE_FD_SIM_KEYS, F_GET_SEALS);
	struct stat info;

	if (seals < 0 || (seals & F_SEAL_WRITE) == 0 || fstat(ROLE_FD_SIM_KEYS, &info) != 0 ||
		info.st_size != (off_t)sizeof(struct sim_keys))
		return NULL;
	void *map = mmap(NULL, sizeof(struct sim_keys), PROT_READ, MAP_SHARED, ROLE_FD_SIM_KEYS, 0);

	return map == MAP_FAILED ? NULL : map;
}

/* Raises a limit to value, as far as that is allowed. False when it stays below. */
static bool limit_raise(int resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return false;
	if (limit.rlim_cur >= value)
		return true;
	if (limit.rlim_max < value)
		limit.rlim_max = value;
	limit.rlim_cur = value;
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

bool role_files_raise(uint32_t count)
{
	struct rlimit limit;

	if (limit_raise(RLIMIT_NOFILE, count))
		return true;
	/* Without privileges as far as it goes. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return false;
}

uint32_t role_realtime_prepare(void)
{
	struct rlimit runaway = {
		.rlim_cur = REALTIME_RUNAWAY_MS * 1000,
		.rlim_max = REALTIME_RUNAWAY_MS * 1000,
	};
	uint32_t claims = 0;

	(void)limit_raise(RLIMIT_NICE, (rlim_t)(20 - REALTIME_NICE)); /* its unit: 20 - nice */
	if (setrlimit(RLIMIT_RTTIME, &runaway) == 0 &&
		limit_raise(RLIMIT_RTPRIO, REALTIME_PRIORITY_PULSES))
		claims |= REALTIME_SCHEDULING;
	/*
	 * MCL_FUTURE under a limit would make later allocations fail: memory is locked only where
	 * there is no limit.
	 */
	if (limit_raise(RLIMIT_MEMLOCK, RLIM_INFINITY) && mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
		claims |= REALTIME_MEMORY;
	return claims;
}

static int scheduling_try(int priority)
{
	struct sched_param parameter = {.sched_priority = priority};

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter) == 0)
		return 0;
	int error = -errno;

	(void)role_nice_try(REALTIME_NICE);
	return error;
}

int role_realtime_try(void)
{
	return scheduling_try(REALTIME_PRIORITY);
}

int role_bus_try(void)
{
	return scheduling_try(REALTIME_PRIORITY_BUS);
}

int role_pulses_try(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1); /* real-time threads have none anyway */
	return scheduling_try(REALTIME_PRIORITY_PULSES);
}

int role_nice_try(int nice)
{
	/* Linux keeps a nice value for each thread. */
	return setpriority(PRIO_PROCESS, (id_t)gettid(), nice) == 0 ? 0 : -errno;
}
