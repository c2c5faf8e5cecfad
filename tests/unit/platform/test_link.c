// SPDX-License-Identifier: Apache-2.0
/* Links between roles: messages, descriptors, cut and missing ones; HELLO; a role's first words. */
#include "platform/link.h"

#include "messages/roles.h"
#include "platform/role.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];
static _Alignas(8) char memory[MESSAGE_MAX];

static int pair_open(void **state UNUSED)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int pair_close(void **state UNUSED)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_messages_keep_their_borders(void **state UNUSED)
{
	assert_int_equal(link_receive(pair[1], memory, NULL), -EAGAIN);
	assert_int_equal(link_send(pair[0], "abc", 3), 0);
	assert_int_equal(link_send(pair[0], "de", 2), 0);
	assert_int_equal(link_receive(pair[1], memory, NULL), 3);
	assert_memory_equal(memory, "abc", 3);
	assert_int_equal(link_receive(pair[1], memory, NULL), 2);
	assert_memory_equal(memory, "de", 2);
	assert_int_equal(link_receive(pair[1], memory, NULL), -EAGAIN);
}

static void test_the_largest_message_fits(void **state UNUSED)
{
	static char sent[MESSAGE_MAX];

	memset(sent, 'x', sizeof(sent));
	assert_int_equal(link_send(pair[0], sent, sizeof(sent)), 0);
	assert_int_equal(link_receive(pair[1], memory, NULL), MESSAGE_MAX);
	assert_memory_equal(memory, sent, sizeof(sent));
}

static void test_a_cut_message_is_refused_with_its_descriptor(void **state UNUSED)
{
	static char sent[MESSAGE_MAX + 1];
	unsigned before = open_fds();
	int fd = 77;

	assert_int_equal(send(pair[0], sent, sizeof(sent), 0), sizeof(sent));
	assert_int_equal(link_receive(pair[1], memory, &fd), -EMSGSIZE);
	assert_int_equal(fd, -1);
	assert_int_equal(open_fds(), before);
	assert_int_equal(link_send(pair[0], "a", 1), 0);
	assert_int_equal(link_receive(pair[1], memory, &fd), 1);
}

static void test_a_full_socket_is_said(void **state UNUSED)
{
	int error;
	unsigned sent = 0;

	while ((error = link_send(pair[0], memory, MESSAGE_MAX)) == 0)
		sent++;
	assert_int_equal(error, -EAGAIN);
	assert_true(sent > 0);
}

static void test_a_closed_peer_is_the_end_of_both_ways(void **state UNUSED)
{
	close(pair[1]);
	assert_int_equal(link_send(pair[0], "a", 1), -EPIPE);
	assert_int_equal(link_send_fd(pair[0], "a", 1, STDIN_FILENO), -EPIPE);
	assert_int_equal(link_receive(pair[0], memory, NULL), 0);
	pair[1] = dup(pair[0]);
}

static void test_what_was_sent_before_the_end_arrives(void **state UNUSED)
{
	assert_int_equal(link_send(pair[0], "last", 4), 0);
	close(pair[0]);
	assert_int_equal(link_receive(pair[1], memory, NULL), 4);
	assert_int_equal(link_receive(pair[1], memory, NULL), 0);
	pair[0] = dup(pair[1]);
}

static void test_a_peer_that_dies_with_unread_messages_is_gone(void **state UNUSED)
{
	assert_int_equal(link_send(pair[1], "unread", 6), 0);
	close(pair[0]);
	assert_int_equal(link_receive(pair[1], memory, NULL), 0);
	pair[0] = dup(pair[1]);
}

static void test_a_descriptor_is_passed_and_close_on_exec(void **state UNUSED)
{
	int ends[2];
	int fd;
	char c = 0;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(link_send_fd(pair[0], "fd", 2, ends[1]), 0);
	assert_int_equal(link_receive(pair[1], memory, &fd), 2);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(fd, "z", 1), 1);
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'z');
	close(fd);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(link_send(pair[0], "no", 2), 0);
	assert_int_equal(link_receive(pair[1], memory, &fd), 2);
	assert_int_equal(fd, -1);
}

static void test_an_uninvited_descriptor_is_closed(void **state UNUSED)
{
	unsigned before = open_fds();

	assert_int_equal(link_send_fd(pair[0], "fd", 2, STDIN_FILENO), 0);
	assert_int_equal(link_receive(pair[1], memory, NULL), 2);
	assert_int_equal(open_fds(), before);
}

/* Sends `count` copies of standard input beside one byte. */
static void send_fds(unsigned count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(32 * sizeof(int))] = {0};
	char byte = 'x';
	struct iovec part = {&byte, 1};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned i = 0; i < count; i++) {
		int fd = STDIN_FILENO;

		memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(pair[0], &header, 0), 1);
}

static void test_many_descriptors_leave_one(void **state UNUSED)
{
	unsigned before = open_fds();

	for (unsigned count = 2; count <= 32; count *= 2) {
		int fd;

		send_fds(count);
		assert_int_equal(link_receive(pair[1], memory, &fd), 1);
		assert_true(fd >= 0);
		assert_int_equal(open_fds(), before + 1);
		close(fd);
	}
}

/* The id that readelf would show: the same note, found by name through /proc/self/exe. */
static void test_the_build_id_is_in_this_program(void **state UNUSED)
{
	static char image[64 * 1024 * 1024];
	static const char note[] = "\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU";
	FILE *file = fopen("/proc/self/exe", "rb");
	char wanted[sizeof(note) + MESSAGE_BUILD_ID];

	assert_non_null(file);
	size_t len = fread(image, 1, sizeof(image), file);

	fclose(file);
	memcpy(wanted, note, sizeof(note)); /* with the NUL of "GNU" */
	memcpy(wanted + sizeof(note), build_id(), MESSAGE_BUILD_ID);
	assert_non_null(memmem(image, len, wanted, sizeof(wanted)));
	assert_ptr_equal(build_id(), build_id());
}

static void test_hello_matches_its_role_and_build(void **state UNUSED)
{
	struct message_hello hello;

	assert_int_equal(link_hello(pair[0], ROLE_GATE), 0);
	ssize_t len = link_receive(pair[1], memory, NULL);

	assert_int_equal(len, sizeof(hello));
	memcpy(&hello, memory, sizeof(hello));
	assert_int_equal(message_check(memory, (size_t)len, ROLE_GATE, ROLE_CORE), MESSAGE_OK);
	assert_true(link_hello_matches(&hello, sizeof(hello), ROLE_GATE));
	assert_false(link_hello_matches(&hello, sizeof(hello), ROLE_SIM));
	assert_false(link_hello_matches(&hello, sizeof(hello) - 1, ROLE_GATE));
	assert_false(link_hello_matches(&hello, 0, ROLE_GATE));
	for (unsigned i = 0; i < MESSAGE_BUILD_ID; i++) {
		hello.build_id[i] ^= 1;
		assert_false(link_hello_matches(&hello, sizeof(hello), ROLE_GATE));
		hello.build_id[i] ^= 1;
	}
	hello.header.type = MESSAGE_READY;
	assert_false(link_hello_matches(&hello, sizeof(hello), ROLE_GATE));
}

static void test_ready_tells_the_fences(void **state UNUSED)
{
	struct role_context context = {.role = ROLE_CORE, .control = pair[0]};
	const struct message_ready *ready = (const void *)memory;

	assert_int_equal(role_ready(&context, 5), 0);
	assert_int_equal(link_receive(pair[1], memory, NULL), sizeof(*ready));
	assert_int_equal(
		message_check(memory, sizeof(*ready), ROLE_CORE, ROLE_SUPERVISOR), MESSAGE_OK);
	assert_int_equal(ready->header.type, MESSAGE_READY);
	assert_int_equal(ready->fences, 5);
}

static void send_link(uint32_t peer, int fd)
{
	struct message_link link = {.header = {.type = MESSAGE_LINK}, .peer = peer};

	if (fd >= 0)
		assert_int_equal(link_send_fd(pair[1], &link, sizeof(link), fd), 0);
	else
		assert_int_equal(link_send(pair[1], &link, sizeof(link)), 0);
}

static void test_a_role_takes_links_from_the_supervisor(void **state UNUSED)
{
	struct role_context context = {.role = ROLE_CORE, .control = pair[0]};
	enum role peer = ROLE_SUPERVISOR;
	int fd = -1;
	unsigned before = open_fds();

	assert_int_equal(role_next_link(&context, &peer, &fd), -EAGAIN);
	send_link(ROLE_GATE, STDIN_FILENO);
	assert_int_equal(role_next_link(&context, &peer, &fd), 1);
	assert_int_equal(peer, ROLE_GATE);
	assert_true(fd > STDERR_FILENO);
	close(fd);
	assert_int_equal(open_fds(), before);
}

static void test_a_role_refuses_what_is_no_link(void **state UNUSED)
{
	struct role_context context = {.role = ROLE_CORE, .control = pair[0]};
	enum role peer = ROLE_SUPERVISOR;
	int fd = -1;
	unsigned before = open_fds();

	send_link(ROLE_GATE, -1);
	assert_int_equal(role_next_link(&context, &peer, &fd), -EPROTO);
	send_link(ROLE_COUNT, STDIN_FILENO);
	assert_int_equal(role_next_link(&context, &peer, &fd), -EPROTO);
	send_link(ROLE_CORE, STDIN_FILENO);
	assert_int_equal(role_next_link(&context, &peer, &fd), -EPROTO);
	assert_int_equal(link_send_fd(pair[1], "x", 1, STDIN_FILENO), 0);
	assert_int_equal(role_next_link(&context, &peer, &fd), -EPROTO);
	assert_int_equal(link_hello(pair[1], ROLE_SUPERVISOR), 0);
	assert_int_equal(role_next_link(&context, &peer, &fd), -EPROTO);
	assert_int_equal(open_fds(), before);
	assert_int_equal(fd, -1);
	shutdown(pair[1], SHUT_WR);
	assert_int_equal(role_next_link(&context, &peer, &fd), 0);
}

#define LINK_TEST(test) cmocka_unit_test_setup_teardown(test, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_messages_keep_their_borders),
		LINK_TEST(test_the_largest_message_fits),
		LINK_TEST(test_a_cut_message_is_refused_with_its_descriptor),
		LINK_TEST(test_a_full_socket_is_said),
		LINK_TEST(test_a_closed_peer_is_the_end_of_both_ways),
		LINK_TEST(test_what_was_sent_before_the_end_arrives),
		LINK_TEST(test_a_peer_that_dies_with_unread_messages_is_gone),
		LINK_TEST(test_a_descriptor_is_passed_and_close_on_exec),
		LINK_TEST(test_an_uninvited_descriptor_is_closed),
		LINK_TEST(test_many_descriptors_leave_one),
		cmocka_unit_test(test_the_build_id_is_in_this_program),
		LINK_TEST(test_hello_matches_its_role_and_build),
		LINK_TEST(test_ready_tells_the_fences),
		LINK_TEST(test_a_role_takes_links_from_the_supervisor),
		LINK_TEST(test_a_role_refuses_what_is_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
