// SPDX-License-Identifier: Apache-2.0
/*
 * Serial ports of OSDP lines. They are opened and set up here, before core exists, and stay open
 * over its restarts; no byte of them is read here. Core says when one is gone: then our copy is
 * closed, and it is opened again every RETRY_MS until it is there. What is not there at the start
 * is no reason not to start: doors on other lines open all the same.
 *
 * A virtual line is a pseudo terminal: its port is core's, its other end sim's. The keys of its
 * readers are made here, because both ends start with them.
 */
#include "supervisor_private.h"

#include "crypto/random.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "serial/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RETRY_MS 500

static int port_open(const struct osdp_line_settings *line, uint32_t *ret_features)
{
	char path[sizeof(line->port.bytes) + 1] = "";

	memcpy(path, line->port.bytes, line->port.len);
	return serial_open(path, settings_osdp_baud(line), true, ret_features);
}

static void port_tell(const struct osdp_line_settings *line, uint32_t features)
{
	log_info("OSDP line %.*s: %.*s at %u baud%s%s", line->id.len, line->id.bytes,
		line->port.len, line->port.bytes, settings_osdp_baud(line),
		features & SERIAL_RS485 ? ", RS-485" : "",
		features & SERIAL_LOW_LATENCY ? ", low latency" : "");
}

/* True when the port is open now. */
static bool port_try(struct supervisor *s, unsigned at, int64_t now_ns)
{
	const struct osdp_line_settings *line = &s->settings->osdp_line[at];
	struct port *port = &s->port[at];
	uint32_t features = 0;
	int fd = port_open(line, &features);
	int raised = child_fd_raise(fd);

	if (raised < 0) {
		if (!port->announced)
			log_error("ALARM: OSDP line %.*s: cannot open %.*s: %s", line->id.len,
				line->id.bytes, line->port.len, line->port.bytes,
				fd < 0 ? serial_error_text(fd) : strerror(errno));
		port->announced = true;
		port->retry_ns = now_ns + RETRY_MS * NS_PER_MS;
		return false;
	}
	port->fd = raised;
	port->announced = false;
	port->retry_ns = INT64_MAX;
	s->child[ROLE_CORE].fds.fd[ROLE_FD_PORTS + at] = raised;
	port_tell(line, features);
	return true;
}

static bool virtual_open(struct supervisor *s, unsigned at)
{
	int wire;
	int port;
	int error = serial_pair(&wire, &port);

	if (error != 0) {
		errno = -error;
		return false;
	}
	wire = child_fd_raise(wire);
	port = child_fd_raise(port);
	s->child[ROLE_SIM].fds.fd[ROLE_FD_PORTS + at] = wire;
	s->child[ROLE_CORE].fds.fd[ROLE_FD_PORTS + at] = port;
	return wire >= 0 && port >= 0;
}

static bool keys_open(struct supervisor *s)
{
	struct sim_keys keys;
	int fd = memfd_create("sim-keys", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	random_bytes(&keys, sizeof(keys));
	bool good = fd >= 0 && write(fd, &keys, sizeof(keys)) == (ssize_t)sizeof(keys) &&
		    fcntl(fd, F_ADD_SEALS,
			    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;

	explicit_bzero(&keys, sizeof(keys));
	fd = child_fd_raise(fd);
	s->child[ROLE_CORE].fds.fd[ROLE_FD_SIM_KEYS] = fd;
	s->child[ROLE_SIM].fds.fd[ROLE_FD_SIM_KEYS] = fd;
	return good && fd >= 0;
}

bool ports_open(struct supervisor *s)
{
	bool any_virtual = false;

	for (unsigned i = 0; i < OSDP_LINES_MAX; i++)
		s->port[i] = (struct port){.fd = -1, .retry_ns = INT64_MAX};
	for (unsigned i = 0; i < s->settings->osdp_line_count; i++) {
		if (settings_osdp_simulated(&s->settings->osdp_line[i])) {
			any_virtual = true;
			if (!virtual_open(s, i))
				return false;
			continue;
		}
		s->port[i].wanted = true;
		(void)port_try(s, i, clock_boot_ns());
	}
	return !any_virtual || keys_open(s);
}

bool ports_wanted(const struct supervisor *s)
{
	for (unsigned i = 0; i < OSDP_LINES_MAX; i++) {
		if (s->port[i].wanted)
			return true;
	}
	return false;
}

void port_gone(struct supervisor *s, uint32_t line)
{
	struct port *port = &s->port[line];

	if (!port->wanted || port->fd < 0)
		return;
	const struct osdp_line_settings *of = &s->settings->osdp_line[line];

	log_error("ALARM: OSDP line %.*s: its port %.*s is gone; it is opened again when it is "
		  "there",
		of->id.len, of->id.bytes, of->port.len, of->port.bytes);
	(void)close(port->fd);
	port->fd = -1;
	port->announced = true;
	port->retry_ns = clock_boot_ns() + RETRY_MS * NS_PER_MS;
	s->child[ROLE_CORE].fds.fd[ROLE_FD_PORTS + line] = -1;
}

int64_t ports_work(struct supervisor *s, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	for (unsigned i = 0; i < OSDP_LINES_MAX; i++) {
		struct port *port = &s->port[i];

		if (port->retry_ns <= now_ns && port_try(s, i, now_ns))
			child_port_send(&s->child[ROLE_CORE], i, port->fd);
		if (port->retry_ns < next_ns)
			next_ns = port->retry_ns;
	}
	return next_ns;
}
