// SPDX-License-Identifier: Apache-2.0
/*
 * Listening sockets, opened once before any role exists and kept over all their restarts, so that a
 * client that connects during a restart waits instead of being refused. Addresses are numbers only:
 * nothing here asks a name server. STATE/sim.sock is bound through the open folder, because a
 * socket's path has only 107 bytes; the caller holds the lock of STATE, so an old socket is
 * nobody's.
 */
#include "listen.h"

#include "base/number.h"
#include "complain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SIM_SOCKET "sim.sock"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "[::1]:80" or "127.0.0.1:80": the last colon parts host and port. */
static bool address_split(struct span text, struct span *ret_host, uint16_t *ret_port)
{
	size_t colon = text.len;
	uint64_t port;

	while (colon > 0 && text.data[colon - 1] != ':')
		colon--;
	if (colon == 0 || !number_parse_u64(span_slice(text, colon, text.len), UINT16_MAX, &port))
		return false;
	*ret_host = span_slice(text, 0, colon - 1);
	*ret_port = (uint16_t)port;
	return true;
}

static bool address_parse(struct span text, union address *ret, socklen_t *ret_len)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct span name;
	uint16_t port;

	if (!address_split(text, &name, &port))
		return false;
	bool v6 = name.len >= 2 && name.data[0] == '[' && name.data[name.len - 1] == ']';

	if (v6)
		name = span_slice(name, 1, name.len - 2);
	if (name.len == 0 || name.len >= sizeof(host))
		return false;
	memcpy(host, name.data, name.len);
	memset(ret, 0, sizeof(*ret));
	if (v6) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		*ret_len = sizeof(ret->v6);
		return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	*ret_len = sizeof(ret->v4);
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

bool address_is_good(struct span text)
{
	union address address;
	socklen_t len;

	return address_parse(text, &address, &len);
}

bool address_is_loopback(struct span text)
{
	union address address;
	socklen_t len;

	if (!address_parse(text, &address, &len))
		return false;
	if (address.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
	return ntohl(address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool address_print(const union address *address, struct text64 *ret)
{
	char host[INET6_ADDRSTRLEN];
	char text[sizeof(ret->bytes) + 1];
	int len;

	if (address->any.sa_family == AF_INET6) {
		if (inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host)) == NULL)
			return false;
		len = snprintf(text, sizeof(text), "[%s]:%u", host, ntohs(address->v6.sin6_port));
	} else {
		if (inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host)) == NULL)
			return false;
		len = snprintf(text, sizeof(text), "%s:%u", host, ntohs(address->v4.sin_port));
	}
	return len > 0 && text_set(ret, span_of(text, (size_t)len));
}

static const char *bind_advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program uses this port: stop it or choose another port";
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	case EACCES:
		return "ports below 1024 need a privilege: choose a higher one";
	default:
		return strerror(error);
	}
}

int listen_http(struct text64 *text)
{
	union address address;
	socklen_t len;
	int on = 1;

	if (!address_parse(text_span(text), &address, &len)) {
		complain("`%.*s` is no address to listen on; write 127.0.0.1:8080 or [::1]:8080",
			text->len, text->bytes);
		return -1;
	}
	int fd = socket(
		address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		(address.any.sa_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
		bind(fd, &address.any, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
		getsockname(fd, &address.any, &len) != 0 || !address_print(&address, text)) {
		complain("cannot listen on %.*s: %s", text->len, text->bytes, bind_advice(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	return fd;
}

int listen_sim(int state_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t old_mask = umask(0177);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SIM_SOCKET,
		state_fd);
	(void)unlinkat(state_fd, SIM_SOCKET, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(fd, 16) == 0;
	int error = errno;

	(void)umask(old_mask);
	if (good)
		return fd;
	complain("cannot make STATE/" SIM_SOCKET ": %s", strerror(error));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}
