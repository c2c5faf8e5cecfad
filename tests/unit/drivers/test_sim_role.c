// SPDX-License-Identifier: Apache-2.0
/*
 * Role sim as a process of its own, sandbox and all: the test is its supervisor, its core and its
 * clients. Every wait is a poll with a limit.
 */
#include "base/compiler.h"
#include "drivers/board.h"
#include "drivers/lines.h"
#include "messages/roles.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/role.h"
#include "platform/sandbox.h"
#include "sim_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 5000

struct fixture {
	char folder[64];
	char path[80];
	int board_fd;
	int listener;
	int control; /* the supervisor's end */
	int client;
	pid_t pid;
	struct board *board;
	struct lines *lines; /* core's side of the link */
	struct settings settings;
};

/* Moves fds out of the way of the fixed numbers first. */
static _Noreturn void role_run(struct fixture *f, int control)
{
	int high[] = {control, f->board_fd, f->listener};
	static const int fixed[] = {ROLE_FD_CONTROL, ROLE_FD_BOARD, ROLE_FD_LISTEN};

	for (size_t i = 0; i < ARRAY_COUNT(high); i++)
		high[i] = fcntl(high[i], F_DUPFD, 100);
	(void)close_range(ROLE_FD_CONTROL, 99, 0);
	for (size_t i = 0; i < ARRAY_COUNT(high); i++)
		(void)dup2(high[i], fixed[i]);
	(void)close_range(ROLE_FD_END, ~0u, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct role_context context = {
		.role = ROLE_SIM, .settings = &f->settings, .control = ROLE_FD_CONTROL};

	_exit(sim_main(&context));
}

static void role_start(struct fixture *f)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		role_run(f, pair[1]);
	close(pair[1]);
	f->control = pair[0];
}

static bool readable(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, WAIT_MS) == 1;
}

static void assert_ready(struct fixture *f)
{
	_Alignas(8) char memory[MESSAGE_MAX];

	assert_true(readable(f->control));
	ssize_t len = link_receive(f->control, memory, NULL);

	assert_true(len > 0);
	assert_int_equal(message_check(memory, (size_t)len, ROLE_SIM, ROLE_SUPERVISOR), MESSAGE_OK);
	const struct message_ready *ready = (const void *)memory;

	assert_int_equal(ready->header.type, MESSAGE_READY);
	assert_true((ready->fences & FENCE_SECCOMP) != 0);
	assert_true((ready->fences & FENCE_NO_NEW_PRIVS) != 0);
}

static void link_give(struct fixture *f)
{
	struct message_link message = {.header = {.type = MESSAGE_LINK}, .peer = ROLE_CORE};
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(link_send_fd(f->control, &message, sizeof(message), pair[1]), 0);
	close(pair[1]);
	lines_simulated_link(f->lines, pair[0]);
}

static int client_open(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void reply_read(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && (len == 0 || line[len - 1] != '\n')) {
		assert_true(readable(fd));
		assert_int_equal(read(fd, line + len, 1), 1);
		len++;
	}
	line[len - 1] = '\0';
}

static void assert_line(int fd, const char *want)
{
	char line[512];

	reply_read(fd, line, sizeof(line));
	assert_string_equal(line, want);
}

static void assert_reply(int fd, const char *request, const char *want)
{
	size_t len = strlen(request);

	assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
	assert_line(fd, want);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/postern-sim-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/sim.sock", f->folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(f->listener, 32), 0);
	f->board_fd = memfd_create("board", MFD_CLOEXEC);
	f->board = board_map(f->board_fd);
	assert_non_null(f->board);
	f->lines = lines_simulated_new(f->board);
	assert_non_null(f->lines);
	for (int i = 0; i < 2; i++) {
		f->settings.door[i].config.configured = true;
		f->settings.reader[i].config.configured = true;
		f->settings.panel[i].configured = true;
		wiegand_limits_default(&f->settings.reader[i].limits);
	}
	role_start(f);
	assert_ready(f);
	f->client = client_open(f);
	*state = f;
	return 0;
}

/* The role must end by itself when its supervisor is gone. */
static void assert_role_ends(struct fixture *f)
{
	int status = -1;

	close(f->control);
	for (int i = 0; i < WAIT_MS && waitpid(f->pid, &status, WNOHANG) == 0; i++)
		(void)poll(NULL, 0, 1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	f->pid = 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_role_ends(f);
	lines_simulated_free(f->lines);
	munmap(f->board, sizeof(*f->board));
	close(f->board_fd);
	close(f->listener);
	close(f->client);
	unlink(f->path);
	rmdir(f->folder);
	free(f);
	return 0;
}

/* Reads events until count have come. */
static void events_take(struct fixture *f, struct line_event *events, uint32_t count)
{
	uint32_t have = 0;
	uint32_t lost;

	while (have < count) {
		int got = f->lines->driver->read(f->lines, events + have, count - have, &lost);

		assert_true(got >= 0);
		assert_int_equal(lost, 0);
		have += (uint32_t)got;
		if (got == 0)
			assert_true(readable(f->lines->driver->fd(f->lines)));
	}
}

/* What a link begins with: contact and button of two doors, tamper of two readers. */
static void levels_take(struct fixture *f, struct line_event events[6])
{
	events_take(f, events, 6);
	assert_int_equal(events[0].kind, LINE_CONTACT);
	assert_int_equal(events[1].kind, LINE_REX);
	assert_int_equal(events[2].at, 1);
	assert_int_equal(events[4].kind, LINE_TAMPER);
	assert_int_equal(events[4].at, 1);
	assert_int_equal(events[5].at, 2);
}

static void a_card_arrives_as_its_frame(void **state)
{
	struct fixture *f = *state;
	struct line_event events[68];
	struct wiegand_decoder decoder;
	struct card_bits bits;

	link_give(f);
	levels_take(f, events);
	int64_t begin_ns = clock_boot_ns();

	assert_reply(f->client, "card 2 305419896\n", "ok");
	int64_t end_ns = clock_boot_ns();

	assert_true(end_ns - begin_ns >= 33 * 2 * NS_PER_MS);
	events_take(f, events, 68);
	wiegand_decoder_init(&decoder, &f->settings.reader[1].limits);
	for (int i = 0; i < 68; i++) {
		struct wiegand_edge edge = {
			events[i].at_ns, events[i].kind == LINE_DATA1, events[i].level};

		assert_int_equal(events[i].at, 2);
		assert_in_range(events[i].at_ns, begin_ns, end_ns);
		assert_int_equal(wiegand_decoder_edge(&decoder, &edge, &bits), WIEGAND_NOTHING);
	}
	assert_int_equal(
		wiegand_decoder_time(&decoder, wiegand_decoder_deadline_ns(&decoder), &bits),
		WIEGAND_FRAME);
	assert_int_equal(bits.count, 34);
	assert_memory_equal(bits.bytes, "\x89\x1a\x2b\x3c\x40", 5);
}

static void two_cards_at_one_reader_never_overlap(void **state)
{
	struct fixture *f = *state;
	struct line_event events[6 + 2 * 52];
	int second = client_open(f);

	link_give(f);
	levels_take(f, events);
	assert_int_equal(send(f->client, "card 1 1 W26\n", 13, 0), 13);
	assert_int_equal(send(second, "card 1 2 W26\n", 13, 0), 13);
	assert_line(f->client, "ok");
	assert_line(second, "ok");
	events_take(f, events, 2 * 52);
	for (int i = 1; i < 2 * 52; i++)
		assert_true(events[i].at_ns >= events[i - 1].at_ns);
	assert_true(events[52].at_ns - events[51].at_ns > f->settings.reader[0].limits.gap_ns);
	close(second);
}

/* 1, 2 and # as 4, then as 8 bits: 0001 0010 1011, 0100 1011. */
static void keys_come_one_by_one(void **state)
{
	struct fixture *f = *state;
	struct line_event events[24];
	static const char bits[] = "000100101011";

	link_give(f);
	levels_take(f, events);
	assert_int_equal(send(f->client, "keys 1 12#\n", 11, 0), 11);
	events_take(f, events, 8);
	assert_true(clock_boot_ns() - events[0].at_ns < 100 * NS_PER_MS); /* not with the next */
	events_take(f, events + 8, 16);
	assert_line(f->client, "ok");
	for (int i = 0; i < 12; i++) {
		assert_int_equal(events[2 * i].kind, bits[i] == '1' ? LINE_DATA1 : LINE_DATA0);
		assert_int_equal(events[2 * i].at_ns - events[0].at_ns,
			i / 4 * 100 * NS_PER_MS + i % 4 * 2 * NS_PER_MS);
		assert_int_equal(events[2 * i + 1].at_ns - events[2 * i].at_ns, 50000);
	}
	assert_reply(f->client, "keys 1 # 8\n", "ok");
	events_take(f, events, 16);
	for (int i = 0; i < 8; i++)
		assert_int_equal(
			events[2 * i].kind, "01001011"[i] == '1' ? LINE_DATA1 : LINE_DATA0);
}

static void captures_are_played_in_bursts(void **state)
{
	struct fixture *f = *state;
	struct line_event events[6];

	link_give(f);
	levels_take(f, events);
	assert_reply(f->client,
		"edges 1\n# a remark\n500 1 0\n50500 1 1\n\n200050500,0,0\n200100500,0,1\nend\n",
		"ok");
	events_take(f, events, 4);
	assert_int_equal(events[1].at_ns - events[0].at_ns, 50000);
	assert_int_equal(events[2].at_ns - events[0].at_ns, 200050000);
	assert_int_equal(events[3].at_ns - events[2].at_ns, 50000);
	assert_int_equal(events[0].kind, LINE_DATA1);
	assert_int_equal(events[2].kind, LINE_DATA0);
}

static void a_wrong_capture_is_refused_whole(void **state)
{
	struct fixture *f = *state;
	struct line_event events[6];

	link_give(f);
	levels_take(f, events);
	assert_reply(f->client, "edges 1\n5 1 0\n4 1 1\nnonsense\nend\n",
		"error capture line 2: the time goes back");
	assert_reply(
		f->client, "edges 1\n#\nend\n", "error capture line 2: the capture has no edge");
	assert_reply(f->client, "contact 1 open\n", "ok");
	events_take(f, events, 1); /* nothing of the captures came before */
	assert_int_equal(events[0].kind, LINE_CONTACT);
}

static void levels_go_to_board_and_core(void **state)
{
	struct fixture *f = *state;
	struct line_event events[6];

	assert_reply(f->client, "contact 2 open\n", "ok"); /* without core */
	assert_int_equal(f->board->door[1].contact, 1);
	assert_reply(f->client, "tamper 1\n", "ok");
	link_give(f);
	levels_take(f, events);
	assert_int_equal(events[0].level, 0);
	assert_int_equal(events[2].kind, LINE_CONTACT);
	assert_int_equal(events[2].level, 1);
	assert_int_equal(events[4].level, 1);
	assert_int_equal(events[5].level, 0);
	assert_reply(f->client, "contact 2 open\n", "ok"); /* no move, no edge */
	assert_reply(f->client, "contact 2 closed\n", "ok");
	assert_reply(f->client, "tamper 1 off\n", "ok");
	events_take(f, events, 2);
	assert_int_equal(events[0].kind, LINE_CONTACT);
	assert_int_equal(events[0].at, 1);
	assert_int_equal(events[0].level, 0);
	assert_int_equal(events[1].kind, LINE_TAMPER);
	assert_int_equal(events[1].at, 1);
	assert_int_equal(events[1].level, 0);
}

static void the_exit_button_is_released_after_300_ms(void **state)
{
	struct fixture *f = *state;
	struct line_event events[6];

	link_give(f);
	levels_take(f, events);
	assert_reply(f->client, "rex 1\n", "ok");
	assert_int_equal(f->board->door[0].rex, 1);
	events_take(f, events, 2);
	assert_int_equal(events[0].kind, LINE_REX);
	assert_int_equal(events[0].level, 1);
	assert_int_equal(events[1].level, 0);
	assert_true(events[1].at_ns - events[0].at_ns >= 300 * NS_PER_MS);
	assert_int_equal(f->board->door[0].rex, 0);
}

static void without_core_a_card_is_not_seen(void **state)
{
	struct fixture *f = *state;
	static const char away[] = "error core is away: the controller did not see it; try again";
	struct line_event events[6];

	assert_reply(f->client, "bits 1 1010\n", away);
	link_give(f);
	levels_take(f, events);
	lines_simulated_link(f->lines, -1);
	assert_reply(f->client, "bits 1 1010\n", away);
	link_give(f);
	levels_take(f, events);
	assert_reply(f->client, "bits 1 1010\n", "ok");
	events_take(f, events, 6);
	assert_int_equal(events[0].kind, LINE_DATA1);
}

static void outputs_can_be_asked(void **state)
{
	struct fixture *f = *state;

	assert_reply(f->client, "lock 1\n", "ok locked 0");
	(void)board_set_lock(f->board, 0, true, 1);
	assert_reply(f->client, "lock 1\r\n", "ok unlocked 1");
	(void)board_set_lock(f->board, 0, false, 1);
	assert_reply(f->client, "lock 1\n", "ok locked 1");
	assert_reply(f->client, "lock 2\n", "ok locked 0");
	assert_reply(f->client, "reader 2\n", "ok idle 0");
	f->lines->driver->set_feedback(f->lines, 2, FEEDBACK_DENIED);
	assert_reply(f->client, "reader 2\n", "ok denied 1");
	assert_reply(f->client, "panel 2\n", "ok 0");
	board_panel_frame(f->board, 1, &(struct card_bits){.count = 5, .bytes = {0xb0}});
	assert_reply(f->client, "panel 2\n", "ok 1 10110");
	assert_reply(f->client, "lock 1\nlock 2\n", "ok locked 1");
	assert_line(f->client, "ok locked 0");
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	static char flood[SIM_LINE_MAX + 1];
	int other = client_open(f);
	char byte;

	memset(flood, 'x', sizeof(flood));
	assert_reply(f->client, "lock 1\n", "ok locked 0");
	for (size_t sent = 0; sent < sizeof(flood);) {
		ssize_t len = send(f->client, flood + sent, sizeof(flood) - sent, MSG_NOSIGNAL);

		assert_true(len > 0);
		sent += (size_t)len;
	}
	assert_line(f->client, "error a line has at most 65536 bytes");
	assert_true(readable(f->client));
	assert_true(recv(f->client, &byte, 1, 0) <= 0);
	assert_reply(other, "lock 1\n", "ok locked 0");
	close(other);
}

static void a_line_of_the_greatest_length_is_read(void **state)
{
	struct fixture *f = *state;
	static char line[SIM_LINE_MAX + 2];

	memset(line, ' ', SIM_LINE_MAX);
	memcpy(line, "lock 1", 6);
	line[SIM_LINE_MAX] = '\n';
	assert_reply(f->client, line, "ok locked 0");
}

static void one_client_too_many_is_told_so(void **state)
{
	struct fixture *f = *state;
	int clients[16];

	for (int i = 0; i < 15; i++) {
		clients[i] = client_open(f);
		assert_reply(clients[i], "lock 1\n", "ok locked 0");
	}
	clients[15] = client_open(f);
	assert_line(clients[15], "error 16 connections are open already; close one");
	for (int i = 0; i < 16; i++)
		close(clients[i]);
	assert_reply(f->client, "lock 1\n", "ok locked 0");
}

static void a_button_is_released_when_sim_comes_back(void **state)
{
	struct fixture *f = *state;

	assert_reply(f->client, "contact 1 open\n", "ok");
	assert_int_equal(send(f->client, "rex 1\n", 6, 0), 6);
	for (int i = 0; i < WAIT_MS && f->board->door[0].rex == 0; i++)
		(void)poll(NULL, 0, 1);
	assert_int_equal(kill(f->pid, SIGKILL), 0);
	assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
	close(f->control);
	assert_int_equal(f->board->door[0].rex, 1);
	role_start(f);
	assert_ready(f);
	assert_int_equal(f->board->door[0].rex, 0);
	assert_int_equal(f->board->door[0].contact, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_arrives_as_its_frame),
		TEST(two_cards_at_one_reader_never_overlap),
		TEST(keys_come_one_by_one),
		TEST(captures_are_played_in_bursts),
		TEST(a_wrong_capture_is_refused_whole),
		TEST(levels_go_to_board_and_core),
		TEST(the_exit_button_is_released_after_300_ms),
		TEST(without_core_a_card_is_not_seen),
		TEST(outputs_can_be_asked),
		TEST(a_line_that_is_too_long_ends_the_connection),
		TEST(a_line_of_the_greatest_length_is_read),
		TEST(one_client_too_many_is_told_so),
		TEST(a_button_is_released_when_sim_comes_back),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
