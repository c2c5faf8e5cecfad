// SPDX-License-Identifier: Apache-2.0
/*
 * Messages between roles over SOCK_SEQPACKET: one call moves one message, never blocks and never
 * raises SIGPIPE. Descriptors that come uninvited are closed here, so that a broken peer cannot
 * fill our table. An empty message looks like the end of the link and is treated as such: no role
 * sends one. What a message says is not looked at: that is message_check's work.
 */
#include "platform/link.h"

#include "base/assert.h"
#include "messages/roles.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASSED_FDS_MAX                                                                             \
	8 /* room for what a peer may send beside one message; the kernel drops more */
#define GNU_NAME "GNU"

static int send_message(int socket, const struct msghdr *message, size_t len)
{
	ssize_t sent;

	do {
		sent = sendmsg(socket, message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
	ASSERT((size_t)sent == len); /* SOCK_SEQPACKET sends all or nothing */
	return 0;
}

int link_send(int socket, const void *message, size_t len)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = len};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	ASSERT(len > 0 && len <= MESSAGE_MAX);
	return send_message(socket, &header, len);
}

int link_send_fd(int socket, const void *message, size_t len, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = len};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

	ASSERT(len > 0 && len <= MESSAGE_MAX && fd >= 0);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	return send_message(socket, &header, len);
}

/* Takes the first passed descriptor when it is wanted, and closes all others. */
static int take_fds(struct msghdr *header, bool wanted)
{
	int taken = -1;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(fd));
			if (wanted && taken < 0)
				taken = fd;
			else
				close(fd);
		}
	}
	return taken;
}

ssize_t link_receive(int socket, void *memory, int *ret_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(PASSED_FDS_MAX * sizeof(int))];
	struct iovec part = {.iov_base = memory, .iov_len = MESSAGE_MAX};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	ASSERT((uintptr_t)memory % 8 == 0);
	if (ret_fd != NULL)
		*ret_fd = -1;
	do {
		len = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == ECONNRESET ? 0 : -errno;

	bool cut = (header.msg_flags & MSG_TRUNC) != 0;
	int fd = take_fds(&header, ret_fd != NULL && !cut && len > 0);

	if (cut)
		return -EMSGSIZE;
	if (ret_fd != NULL)
		*ret_fd = fd;
	return len;
}

int link_hello(int socket, enum role self)
{
	struct message_hello hello = {.header = {.type = MESSAGE_HELLO}, .role = self};

	memcpy(hello.build_id, build_id(), sizeof(hello.build_id));
	return link_send(socket, &hello, sizeof(hello));
}

bool link_hello_matches(const void *message, size_t len, enum role peer)
{
	struct message_hello hello;

	if (len != sizeof(hello))
		return false;
	memcpy(&hello, message, sizeof(hello));
	return hello.header.type == MESSAGE_HELLO && hello.header.reserved == 0 &&
	       hello.header.request_id == 0 && hello.role == (uint32_t)peer &&
	       memcmp(hello.build_id, build_id(), sizeof(hello.build_id)) == 0;
}

/* --- build id --- */

static pthread_once_t build_id_once = PTHREAD_ONCE_INIT;
static uint8_t build_id_bytes[MESSAGE_BUILD_ID];
static bool build_id_known;

static size_t note_round(size_t len, size_t align)
{
	return (len + align - 1) & ~(align - 1);
}

/* Walks the notes of one segment; an id of another length than ours is cut or filled with zeros. */
static void notes_search(const char *note, size_t len, size_t align)
{
	ElfW(Nhdr) header;

	while (len >= sizeof(header)) {
		memcpy(&header, note, sizeof(header));
		size_t desc_at = note_round(sizeof(header) + header.n_namesz, align);
		size_t end = note_round(desc_at + header.n_descsz, align);

		if (end > len)
			return;
		if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof(GNU_NAME) &&
			memcmp(note + sizeof(header), GNU_NAME, sizeof(GNU_NAME)) == 0) {
			memcpy(build_id_bytes, note + desc_at,
				header.n_descsz < MESSAGE_BUILD_ID ? header.n_descsz
								   : MESSAGE_BUILD_ID);
			build_id_known = true;
			return;
		}
		note += end;
		len -= end;
	}
}

/* The first object is the program itself, at whatever address it was loaded. */
static int program_search(struct dl_phdr_info *program, size_t size UNUSED, void *data UNUSED)
{
	for (int i = 0; i < program->dlpi_phnum && !build_id_known; i++) {
		const ElfW(Phdr) *segment = &program->dlpi_phdr[i];

		if (segment->p_type == PT_NOTE)
			notes_search((const char *)(program->dlpi_addr + segment->p_vaddr),
				segment->p_memsz, segment->p_align == 8 ? 8 : 4);
	}
	return 1;
}

static void build_id_find(void)
{
	dl_iterate_phdr(program_search, NULL);
	ASSERT(build_id_known); /* linked with --build-id */
}

const uint8_t *build_id(void)
{
	pthread_once(&build_id_once, build_id_find);
	return build_id_bytes;
}
