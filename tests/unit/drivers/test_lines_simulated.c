// SPDX-License-Identifier: Apache-2.0
/* Virtual lines: what a sim, good or hostile, can and cannot do to the real-time thread. */
#include "drivers/board.h"
#include "drivers/lines.h"
#include "drivers/panel_board.h"
#include "panel_sender_private.h"
#include "platform/clock.h"
#include "platform/link.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	int board_fd;
	struct board *board;
	struct lines *lines;
	int sim; /* sim's end of the link */
};

static struct message_line_events message;

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->board_fd = memfd_create("board", MFD_CLOEXEC);
	f->board = board_map(f->board_fd);
	assert_non_null(f->board);
	f->lines = lines_simulated_new(f->board);
	assert_non_null(f->lines);
	f->sim = -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_null(lines_simulated_free(f->lines));
	if (f->sim >= 0)
		close(f->sim);
	munmap(f->board, sizeof(*f->board));
	close(f->board_fd);
	free(f);
	return 0;
}

static void link_make(struct fixture *f, bool greet)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	if (f->sim >= 0)
		close(f->sim);
	f->sim = pair[1];
	if (greet)
		assert_int_equal(link_hello(f->sim, ROLE_SIM), 0);
	lines_simulated_link(f->lines, pair[0]);
	assert_int_equal(f->lines->driver->fd(f->lines), pair[0]);
	_Alignas(8) char memory[MESSAGE_MAX];
	ssize_t len = link_receive(f->sim, memory, NULL);

	assert_true(len > 0);
	assert_true(link_hello_matches(memory, (size_t)len, ROLE_CORE));
}

static void send_events(struct fixture *f, uint32_t count, uint32_t lost, int64_t at_ns)
{
	message.header = (struct message_header){.type = MESSAGE_LINE_EVENTS};
	message.count = count;
	message.lost = lost;
	for (uint32_t i = 0; i < count; i++)
		message.event[i] = (struct line_event){at_ns + i, LINE_DATA0, 1, i % 2};
	assert_int_equal(link_send(f->sim, &message, message_size(&message)), 0);
}

static int take(struct fixture *f, struct line_event *events, uint32_t max, uint32_t *ret_lost)
{
	return f->lines->driver->read(f->lines, events, max, ret_lost);
}

static void without_sim_there_are_no_events(void **state)
{
	struct fixture *f = *state;
	struct line_event event;
	uint32_t lost = 7;

	assert_int_equal(f->lines->driver->fd(f->lines), -1);
	assert_int_equal(take(f, &event, 1, &lost), 0);
	assert_int_equal(lost, 0);
}

static void a_link_begins_with_a_hello_each_way(void **state)
{
	struct fixture *f = *state;
	struct line_event event;
	uint32_t lost;

	link_make(f, true); /* looks at ours */
	assert_int_equal(take(f, &event, 1, &lost), 0);
	assert_int_equal(take(f, &event, 1, &lost), 0); /* the link stands */
	assert_true(f->lines->driver->fd(f->lines) >= 0);
}

static void stamps_become_boottime(void **state)
{
	struct fixture *f = *state;
	struct line_event events[4];
	uint32_t lost;

	link_make(f, true);
	int64_t before_ns = clock_boot_ns() - clock_monotonic_ns();
	int64_t at_ns = clock_monotonic_ns() - NS_PER_S;

	send_events(f, 3, 5, at_ns);
	assert_int_equal(take(f, events, 4, &lost), 3);
	int64_t after_ns = clock_boot_ns() - clock_monotonic_ns();

	assert_int_equal(lost, 5);
	/* The two clocks are read one after the other: the difference may be off by a moment. */
	assert_in_range(events[0].at_ns - at_ns - before_ns + 10 * NS_PER_MS, 0,
		20 * NS_PER_MS + after_ns - before_ns);
	assert_int_equal(events[2].at_ns - events[0].at_ns, 2);
	assert_int_equal(events[1].level, 1);
	assert_int_equal(events[1].at, 1);
	assert_int_equal(take(f, events, 4, &lost), 0);
	assert_int_equal(lost, 0);
}

static void stamps_from_the_future_are_cut_to_now(void **state)
{
	struct fixture *f = *state;
	struct line_event event;
	uint32_t lost;

	link_make(f, true);
	send_events(f, 1, 0, INT64_MAX);
	assert_int_equal(take(f, &event, 1, &lost), 1);
	assert_true(event.at_ns <= clock_boot_ns() + NS_PER_MS);
	assert_true(event.at_ns > clock_boot_ns() - NS_PER_S);
}

static void a_message_is_handed_out_in_parts(void **state)
{
	struct fixture *f = *state;
	struct line_event events[300];
	uint32_t lost;

	link_make(f, true);
	send_events(f, 512, 1, 1000);
	send_events(f, 2, 9, 5000);
	assert_int_equal(take(f, events, 300, &lost), 300);
	assert_int_equal(lost, 1);
	int64_t first_ns = events[0].at_ns;

	assert_int_equal(take(f, events, 300, &lost), 212);
	assert_int_equal(lost, 0);
	assert_int_equal(events[0].at_ns - first_ns, 300);
	assert_int_equal(events[211].at_ns - first_ns, 511);
	assert_int_equal(take(f, events, 300, &lost), 2);
	assert_int_equal(lost, 9);
	assert_int_equal(take(f, events, 300, &lost), 0);
}

static void assert_link_ended(struct fixture *f)
{
	struct line_event event;
	uint32_t lost;
	struct pollfd polled = {.fd = f->sim, .events = POLLIN};

	assert_int_equal(take(f, &event, 1, &lost), -EPIPE);
	assert_int_equal(f->lines->driver->fd(f->lines), -1);
	assert_int_equal(take(f, &event, 1, &lost), 0);
	assert_int_equal(poll(&polled, 1, 0), 1);
	assert_true((polled.revents & POLLHUP) != 0);
}

static void a_dead_sim_ends_the_link_and_a_new_one_works(void **state)
{
	struct fixture *f = *state;
	struct line_event event;
	uint32_t lost;

	link_make(f, true);
	send_events(f, 1, 0, 1000);
	close(f->sim);
	f->sim = -1;
	assert_int_equal(take(f, &event, 1, &lost), 1); /* what came before still counts */
	assert_int_equal(take(f, &event, 1, &lost), -EPIPE);
	assert_int_equal(f->lines->driver->fd(f->lines), -1);
	link_make(f, true);
	send_events(f, 1, 0, 2000);
	assert_int_equal(take(f, &event, 1, &lost), 1);
}

static void a_new_link_forgets_the_old_ones_events(void **state)
{
	struct fixture *f = *state;
	struct line_event events[2];
	uint32_t lost;

	link_make(f, true);
	send_events(f, 2, 0, 1000);
	assert_int_equal(take(f, events, 1, &lost), 1);
	link_make(f, true);
	assert_int_equal(take(f, events, 2, &lost), 0);
}

static void events_before_hello_end_the_link(void **state)
{
	struct fixture *f = *state;

	link_make(f, false);
	send_events(f, 1, 0, 1000);
	assert_link_ended(f);
}

static void another_roles_hello_ends_the_link(void **state)
{
	struct fixture *f = *state;

	link_make(f, false);
	assert_int_equal(link_hello(f->sim, ROLE_GATE), 0);
	assert_link_ended(f);
}

static void a_second_hello_ends_the_link(void **state)
{
	struct fixture *f = *state;

	link_make(f, true);
	assert_int_equal(link_hello(f->sim, ROLE_SIM), 0);
	assert_link_ended(f);
}

static void a_wrong_reader_ends_the_link(void **state)
{
	struct fixture *f = *state;

	link_make(f, true);
	message.header = (struct message_header){.type = MESSAGE_LINE_EVENTS};
	message.count = 1;
	message.lost = 0;
	message.event[0] = (struct line_event){1, LINE_DATA1, READERS_MAX + 1, 0};
	assert_int_equal(link_send(f->sim, &message, message_size(&message)), 0);
	assert_link_ended(f);
}

static void a_count_that_is_not_there_ends_the_link(void **state)
{
	struct fixture *f = *state;

	link_make(f, true);
	message.header = (struct message_header){.type = MESSAGE_LINE_EVENTS};
	message.count = 2;
	message.lost = 0;
	message.event[0] = (struct line_event){1, LINE_DATA1, 1, 0};
	message.event[1] = message.event[0];
	assert_int_equal(link_send(f->sim, &message, message_size(&message) - 1), 0);
	assert_link_ended(f);
}

static void outputs_and_inputs_are_the_boards(void **state)
{
	struct fixture *f = *state;
	const struct lines_driver *driver = f->lines->driver;

	driver->set_lock(f->lines, 2, true);
	driver->set_lock(f->lines, 2, true);
	assert_true(board_lock_is_open(f->board, 2));
	assert_int_equal(board_lock_count(f->board, 2), 1);
	assert_true(driver->lock_is_open(f->lines, 2));
	assert_false(driver->lock_is_open(f->lines, 1));
	driver->set_feedback(f->lines, 128, FEEDBACK_DENIED);
	driver->set_feedback(f->lines, 128, FEEDBACK_GRANTED);
	assert_int_equal(f->board->reader[127].feedback, FEEDBACK_GRANTED);
	assert_int_equal(f->board->reader[127].feedback_count, 2);
	f->board->door[5].contact = 1;
	f->board->door[6].rex = 1;
	f->board->reader[0].tamper = 1;
	assert_true(driver->input(f->lines, LINE_CONTACT, 5));
	assert_false(driver->input(f->lines, LINE_CONTACT, 6));
	assert_true(driver->input(f->lines, LINE_REX, 6));
	assert_true(driver->input(f->lines, LINE_TAMPER, 1));
	assert_false(driver->input(f->lines, LINE_TAMPER, 2));
	assert_true(driver->input(f->lines, LINE_DATA0, 1));
}

static int64_t test_now(void *user)
{
	return *(int64_t *)user += 100;
}

static void test_wait(void *user, int64_t at_ns)
{
	if (at_ns != INT64_MAX)
		*(int64_t *)user = at_ns;
}

/* What is sent comes back through our own decoder, and only then it is on the board. */
static void a_frame_for_a_panel_comes_out_at_its_end(void **state)
{
	struct fixture *f = *state;
	static struct settings settings;
	static struct panel_board panels;
	struct panel_output output;
	struct card_bits bits = {.count = 26, .bytes = {0xbd, 0xd9, 0x37, 0x40}}, got;
	int64_t now_ns = NS_PER_S;
	struct panel_clock clock = {.now_ns = test_now, .wait = test_wait, .user = &now_ns};

	assert_false(f->lines->driver->send(f->lines, 4, &bits)); /* nobody sends */
	settings.panel[4] =
		(struct panel_settings){.configured = true, .pulse_us = 50, .interval_us = 2000};
	f->board->panel[4].low = 3; /* left by a core that was killed */
	panel_board_init(&panels, f->board, &output);
	assert_int_equal(f->board->panel[4].low, 0);
	struct panel_sender *sender = panel_sender_new(&settings, &output);

	assert_non_null(sender);
	panel_sender_set_clock(sender, &clock);
	f->lines->panels = sender;
	assert_false(f->lines->driver->send(f->lines, 3, &bits));
	assert_true(f->lines->driver->send(f->lines, 4, &bits));
	for (bool low = false; !low; low = f->board->panel[4].low != 0)
		panel_sender_turn(sender);
	assert_int_equal(f->board->panel[4].low, 2); /* the first bit is a 1 */
	for (int i = 0; i < 1000 && board_panel_last(f->board, 4, &got) == 0; i++)
		panel_sender_turn(sender);
	assert_int_equal(board_panel_last(f->board, 4, &got), 1);
	assert_memory_equal(&got, &bits, sizeof(got));
	assert_int_equal(f->board->panel[4].low, 0);
	assert_null(panel_sender_free(sender));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_sim_there_are_no_events),
		TEST(a_link_begins_with_a_hello_each_way),
		TEST(stamps_become_boottime),
		TEST(stamps_from_the_future_are_cut_to_now),
		TEST(a_message_is_handed_out_in_parts),
		TEST(a_dead_sim_ends_the_link_and_a_new_one_works),
		TEST(a_new_link_forgets_the_old_ones_events),
		TEST(events_before_hello_end_the_link),
		TEST(another_roles_hello_ends_the_link),
		TEST(a_second_hello_ends_the_link),
		TEST(a_wrong_reader_ends_the_link),
		TEST(a_count_that_is_not_there_ends_the_link),
		TEST(outputs_and_inputs_are_the_boards),
		TEST(a_frame_for_a_panel_comes_out_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
