// SPDX-License-Identifier: Apache-2.0
/*
 * Role sim: the world around virtual lines. People act at STATE/sim.sock (docs/sim-protocol.md);
 * what they do becomes levels on the board and time-stamped edges on the link to core.
 *
 * One thread, one ppoll. Everything is bounded and made at the start: SIM_CLIENTS_MAX clients, each
 * with one line of input and one frame or capture that plays. A client is not read while its frame
 * plays, so it can never have more than that. Edges are sent when the last of their burst has come
 * to pass, so that a slow moment of this process never tears a frame apart.
 *
 * The link to core comes from the supervisor and comes anew after each of core's starts; then the
 * levels of all configured inputs are sent first. Without a link levels still change on the board.
 * Levels outlive this process, except exit buttons: nobody presses them at the start.
 */
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/sandbox.h"
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void sim_tick(struct sim *sim, int64_t now_ns)
{
	for (uint8_t i = 0; i < DOORS_MAX; i++) {
		if (sim->rex_until_ns[i] == 0 || sim->rex_until_ns[i] > now_ns)
			continue;
		sim->rex_until_ns[i] = 0;
		atomic_store(&sim->board->door[i].rex, 0);
		(void)level_send(sim, LINE_REX, i, false);
	}
	sim_osdp_tick(&sim->osdp, now_ns);
	clients_tick(sim, now_ns);
}

static int64_t sim_deadline_ns(const struct sim *sim)
{
	int64_t deadline_ns = clients_deadline_ns(sim);
	int64_t osdp_ns = sim_osdp_deadline_ns(&sim->osdp);

	deadline_ns = osdp_ns < deadline_ns ? osdp_ns : deadline_ns;
	for (size_t i = 0; i < DOORS_MAX; i++) {
		if (sim->rex_until_ns[i] != 0 && sim->rex_until_ns[i] < deadline_ns)
			deadline_ns = sim->rex_until_ns[i];
	}
	return deadline_ns;
}

enum {
	POLL_CONTROL,
	POLL_LISTEN,
	POLL_CORE,
	POLL_CLIENT,
	POLL_OSDP = POLL_CLIENT + SIM_CLIENTS_MAX,
	POLL_COUNT = POLL_OSDP + OSDP_LINES_MAX
};

static void poll_fill(const struct sim *sim, struct pollfd polled[POLL_COUNT])
{
	polled[POLL_CONTROL] = (struct pollfd){.fd = sim->context->control, .events = POLLIN};
	polled[POLL_LISTEN] = (struct pollfd){.fd = ROLE_FD_LISTEN, .events = POLLIN};
	polled[POLL_CORE] = (struct pollfd){.fd = sim->core, .events = POLLIN};
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		const struct client *client = &sim->client[i];
		bool read = client->phase == CLIENT_TALKING || client->phase == CLIENT_CAPTURING;

		polled[POLL_CLIENT + i] =
			(struct pollfd){.fd = read ? client->fd : -1, .events = POLLIN};
	}
	for (size_t i = 0; i < OSDP_LINES_MAX; i++)
		polled[POLL_OSDP + i] =
			(struct pollfd){.fd = sim->osdp.line[i].fd, .events = POLLIN};
}

/* False when the supervisor is gone. */
static bool control_read(struct sim *sim)
{
	enum role peer;
	int fd;
	int got = role_next_link(sim->context, &peer, &fd);

	if (got == 1 && peer == ROLE_CORE)
		core_link(sim, fd);
	else if (got == 1)
		(void)close(fd);
	return got == 1 || got == -EAGAIN || got == -EINTR;
}

static bool sim_turn(struct sim *sim)
{
	struct pollfd polled[POLL_COUNT];
	int64_t deadline_ns = sim_deadline_ns(sim);
	int64_t wait_ns = deadline_ns - clock_monotonic_ns();
	struct timespec wait = {0};

	if (wait_ns > 0)
		wait = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
	poll_fill(sim, polled);
	if (ppoll(polled, POLL_COUNT, deadline_ns == INT64_MAX ? NULL : &wait, NULL) < 0)
		return errno == EINTR;
	if (polled[POLL_CONTROL].revents != 0 && !control_read(sim))
		return false;
	if (polled[POLL_CORE].revents != 0 && polled[POLL_CORE].fd == sim->core)
		core_read(sim);
	for (size_t i = 0; i < OSDP_LINES_MAX; i++) {
		if (polled[POLL_OSDP + i].revents != 0)
			sim_osdp_read(&sim->osdp.line[i], &sim->osdp, clock_monotonic_ns());
	}
	sim_tick(sim, clock_monotonic_ns());
	for (size_t i = 0; i < SIM_CLIENTS_MAX; i++) {
		if (polled[POLL_CLIENT + i].revents != 0)
			client_read(sim, &sim->client[i]);
	}
	if (polled[POLL_LISTEN].revents != 0)
		client_accept(sim);
	return true;
}

/* The other ends of virtual OSDP lines, where there are some. */
static void osdp_begin(struct sim *sim)
{
	const struct sim_keys *keys = role_sim_keys();
	int fds[OSDP_LINES_MAX];

	for (int i = 0; i < OSDP_LINES_MAX; i++) {
		int fd = ROLE_FD_PORTS + i;

		fds[i] = keys != NULL && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
	}
	sim_osdp_init(&sim->osdp, sim->settings, fds, keys, clock_monotonic_ns());
	for (uint8_t i = 0; i < READERS_MAX; i++) {
		if (sim->osdp.present[i])
			osdp_device_set_tamper(&sim->osdp.device[i],
				atomic_load(&sim->board->reader[i].tamper) != 0);
	}
}

int sim_main(const struct role_context *context)
{
	static struct sim sim;

	sim.context = context;
	sim.settings = context->settings;
	sim.core = -1;
	sim.board = board_map(ROLE_FD_BOARD);
	if (sim.board == NULL) {
		log_error("cannot map STATE/sim.board: %s", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < DOORS_MAX; i++)
		atomic_store(&sim.board->door[i].rex, 0);
	osdp_begin(&sim);
	int fences = sandbox_enter(ROLE_SIM, -1);

	if (fences < 0) {
		log_error("cannot build the sandbox: %s", strerror(-fences));
		return 1;
	}
	if (role_ready(context, (uint32_t)fences) != 0)
		return 1;
	while (sim_turn(&sim))
		;
	return 0;
}
