/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a role process begins: the supervisor re-executes the binary as `posternd --role NAME` with
 * its descriptors at fixed numbers, so that every process has its own address-space layout.
 */
#pragma once

#include "base/compiler.h"
#include "messages/messages.h"
#include "platform/heartbeat.h"
#include "platform/settings.h"

#define ROLE_LINES_MAX 64 /* line requests */

enum role_fd {
	ROLE_FD_CONTROL = 3, /* SOCK_SEQPACKET to the supervisor; its end is the role's end */
	ROLE_FD_SETTINGS = 4, /* sealed memory file: struct settings */
	ROLE_FD_HEARTBEAT = 5, /* shared memory: struct heartbeat_page (core only) */
	ROLE_FD_BOARD = 6, /* shared memory: struct board (core and sim, virtual lines) */
	ROLE_FD_LISTEN = 7, /* listening socket: HTTP for gate, STATE/sim.sock for sim */
	ROLE_FD_STATE = 8, /* directory STATE, O_PATH (core only) */
	ROLE_FD_WAKE = 9, /* eventfd: core tells the supervisor that a deadline changed */
	ROLE_FD_LISTEN_TLS = 10, /* listening socket of https (gate only, with https) */
	ROLE_FD_TLS = 11, /* sealed memory: struct tls_keys (gate only, with https) */
	ROLE_FD_LINES = 12, /* the first of the GPIO line requests (core only, `lines: gpio`) */
	/*
	 * The ports of OSDP lines, in the order of the settings: for core the port, where it is
	 * there; for sim the other end of a virtual one.
	 */
	ROLE_FD_PORTS = ROLE_FD_LINES + ROLE_LINES_MAX,
	ROLE_FD_SIM_KEYS = ROLE_FD_PORTS + OSDP_LINES_MAX, /* sealed: struct sim_keys (core, sim) */
	ROLE_FD_END
};

/* SCBKs of virtual OSDP readers (`port: simulated`): made at each start of posternd, for both ends.
 */
struct sim_keys {
	uint8_t key[READERS_MAX][16]; /* by number - 1 */
};

struct role_context {
	enum role role;
	const struct settings *settings; /* mapped read-only */
	struct heartbeat_page *heartbeat; /* core */
	int control; /* ROLE_FD_CONTROL */
};

/* Each role's entry; returns its exit status. */
int core_main(const struct role_context *context);
int gate_main(const struct role_context *context);
int sim_main(const struct role_context *context);

/* Tells the supervisor that the role stands, and which fences with it. */
MUST_CHECK int role_ready(const struct role_context *context, uint32_t fences);

/* Tells the supervisor that the role goes on; a word that does not fit is left out. */
void role_alive(const struct role_context *context);

/*
 * Takes one message from the control socket: *ret_peer and *ret_fd of a fresh link. 1 for a link, 0
 * when the supervisor is gone (then the role ends), -EAGAIN, or another -errno.
 */
MUST_CHECK int role_next_link(const struct role_context *context, enum role *ret_peer, int *ret_fd);

/* As role_next_link, for core: links, and ports that are there again (then 2, and *ret_line). */
MUST_CHECK int role_next_link_or_port(
	const struct role_context *context, enum role *ret_peer, uint8_t *ret_line, int *ret_fd);

/* Tells the supervisor that the port of a line is gone. 0 or -errno: to be tried again. */
MUST_CHECK int role_port_gone(const struct role_context *context, uint8_t line);

/* The keys at ROLE_FD_SIM_KEYS, read-only, or NULL where there are none. */
const struct sim_keys *role_sim_keys(void);

/*
 * Below the kernel's interrupt threads (50): one of them reads a line's level after its edge, and
 * when it comes too late two edges become one.
 */
#define REALTIME_PRIORITY 45
#define REALTIME_PRIORITY_BUS 40 /* below it: a line that is late costs no lock anything */
#define REALTIME_PRIORITY_PULSES 48 /* ... and these as well, though a pulse must end in time */
#define REALTIME_NICE -10 /* where SCHED_FIFO is refused, and this is not */
#define REALTIME_RUNAWAY_MS                                                                        \
	500 /* a real-time thread that runs this long without waiting is killed */

enum realtime_claim {
	REALTIME_SCHEDULING = 1 << 0, /* role_realtime_try may work */
	REALTIME_MEMORY = 1 << 1, /* all memory of the process is locked, now and later */
};

/*
 * Once, before the sandbox: RLIMIT_RTTIME, RLIMIT_RTPRIO, RLIMIT_NICE, mlockall. Returns the claims
 * that were granted; a process without privileges gets none or some, and works without.
 */
uint32_t role_realtime_prepare(void);

/*
 * Once, before the sandbox: so many descriptors may be open at once. False when fewer are allowed;
 * then as many as are.
 */
bool role_files_raise(uint32_t count);

/* In the real-time thread: SCHED_FIFO. 0, or -EPERM where it is not allowed: then REALTIME_NICE. */
MUST_CHECK int role_realtime_try(void);

/* In the thread that talks to OSDP readers: SCHED_FIFO below the real-time thread. As above. */
MUST_CHECK int role_bus_try(void);

/*
 * In the thread that makes pulses on lines: SCHED_FIFO above the real-time thread, which it holds
 * up for a pulse's length at most; timers without slack. 0, or -EPERM as above.
 */
MUST_CHECK int role_pulses_try(void);

/* Sets the calling thread's nice value. 0, or -errno where a lower one is not allowed. */
int role_nice_try(int nice);
