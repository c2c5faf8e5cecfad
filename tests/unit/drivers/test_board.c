// SPDX-License-Identifier: Apache-2.0
/* The virtual board: levels and counts that survive their writers, and clicks that are real. */
#include "drivers/board.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int board_file(void)
{
	int fd = memfd_create("board", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void an_empty_file_becomes_a_locked_board(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	assert_int_equal(lseek(fd, 0, SEEK_END), sizeof(struct board));
	for (uint8_t door = 0; door < DOORS_MAX; door++) {
		assert_false(board_lock_is_open(board, door));
		assert_int_equal(board_lock_count(board, door), 0);
	}
	munmap(board, sizeof(*board));
	close(fd);
}

static void a_board_of_another_version_begins_anew(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	assert_true(board_set_lock(board, 3, true, 10));
	assert_int_equal(board_renew(fd), 0);
	assert_int_equal(board_lock_count(board, 3), 1);
	board->version = BOARD_VERSION - 1;
	munmap(board, sizeof(*board));
	assert_int_equal(board_renew(fd), 1);
	board = board_map(fd);
	assert_non_null(board);
	assert_int_equal(board_lock_count(board, 3), 0);
	munmap(board, sizeof(*board));
	close(fd);
}

static void a_file_that_is_no_board_is_not_emptied(void **state)
{
	(void)state;
	int fd = board_file();

	assert_int_equal(write(fd, "something else", 14), 14);
	assert_int_equal(board_renew(fd), 0);
	assert_null(board_map(fd));
	assert_int_equal(lseek(fd, 0, SEEK_END), 14);
	assert_int_equal(board_renew(-1), -EBADF);
	close(fd);
}

static void only_real_moves_click(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	assert_false(board_set_lock(board, 3, false, 10));
	assert_int_equal(board->door[3].changed_ns, 0);
	assert_true(board_set_lock(board, 3, true, 20));
	assert_false(board_set_lock(board, 3, true, 30));
	assert_int_equal(board->door[3].changed_ns, 20);
	assert_int_equal(board_lock_count(board, 3), 1);
	assert_true(board_lock_is_open(board, 3));
	assert_true(board_set_lock(board, 3, false, 40));
	assert_int_equal(board_lock_count(board, 3), 1);
	assert_false(board_lock_is_open(board, 3));
	assert_true(board_set_lock(board, 3, true, 50));
	assert_int_equal(board_lock_count(board, 3), 2);
	assert_int_equal(board->door[3].changed_ns, 50);
	assert_false(board_lock_is_open(board, 2));
	assert_false(board_lock_is_open(board, 4));
	munmap(board, sizeof(*board));
	close(fd);
}

static void levels_survive_their_mapping(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	assert_true(board_set_lock(board, 63, true, 1));
	board->door[1].contact = 1;
	munmap(board, sizeof(*board));
	board = board_map(fd);
	assert_non_null(board);
	assert_true(board_lock_is_open(board, 63));
	assert_int_equal(board_lock_count(board, 63), 1);
	assert_int_equal(board->door[1].contact, 1);
	munmap(board, sizeof(*board));
	close(fd);
}

static void another_file_is_refused(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	board->version = BOARD_VERSION + 1;
	errno = 0;
	assert_null(board_map(fd));
	assert_int_equal(errno, EINVAL);
	board->version = BOARD_VERSION;
	board->magic = 1;
	assert_null(board_map(fd));
	munmap(board, sizeof(*board));
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_null(board_map(fd));
	close(fd);
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_null(board_map(pipes[0]));
	close(pipes[0]);
	close(pipes[1]);
}

static struct card_bits frame_of(uint16_t count, uint8_t byte)
{
	struct card_bits bits = {.count = count};

	for (uint16_t i = 0; i < count; i++)
		card_bits_put(&bits, i, (byte >> i % 8 & 1) != 0);
	return bits;
}

static void a_panel_keeps_its_latest_frame_and_counts(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);
	struct card_bits got, first = frame_of(26, 0x35), second = frame_of(CARD_BITS_MAX, 0xff);

	assert_non_null(board);
	assert_int_equal(board_panel_last(board, 3, &got), 0);
	assert_int_equal(got.count, 0);
	board_panel_frame(board, 3, &first);
	assert_int_equal(board_panel_last(board, 3, &got), 1);
	assert_memory_equal(&got, &first, sizeof(got));
	board_panel_frame(board, 3, &second);
	assert_int_equal(board_panel_last(board, 3, &got), 2);
	assert_memory_equal(&got, &second, sizeof(got));
	assert_int_equal(board_panel_last(board, 2, &got), 0);
	assert_int_equal(board_panel_last(board, PANELS_MAX - 1, &got), 0);
	/* What another process wrote is never believed to be longer than there is room for. */
	board->panel[3].frame[0].count = UINT16_MAX;
	assert_int_equal(board_panel_last(board, 3, &got), 2);
	assert_int_equal(got.count, 0);
	munmap(board, sizeof(*board));
	close(fd);
}

static void what_was_left_low_rises_at_rest(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);

	assert_non_null(board);
	board_set_panel(board, 0, 1, true);
	board_set_panel(board, PANELS_MAX - 1, 0, true);
	board_set_panel(board, PANELS_MAX - 1, 1, true);
	board_set_panel(board, PANELS_MAX - 1, 1, false);
	assert_int_equal(board->panel[0].low, 2);
	assert_int_equal(board->panel[PANELS_MAX - 1].low, 1);
	board_panels_rest(board);
	assert_int_equal(board->panel[0].low, 0);
	assert_int_equal(board->panel[PANELS_MAX - 1].low, 0);
	munmap(board, sizeof(*board));
	close(fd);
}

#define TURNS 20000

/* Each frame is all of one bit, and as long as its number says. */
static void *framer_run(void *user)
{
	struct board *board = user;

	for (uint32_t i = 1; i <= TURNS; i++) {
		struct card_bits bits =
			frame_of((uint16_t)(i % CARD_BITS_MAX + 1), i % 2 ? 0xff : 0);

		board_panel_frame(board, 7, &bits);
	}
	return NULL;
}

static void a_frame_is_read_whole_while_the_next_is_written(void **state)
{
	(void)state;
	int fd = board_file();
	struct board *board = board_map(fd);
	uint64_t count = 0, seen = 0;
	pthread_t thread;

	assert_non_null(board);
	assert_int_equal(pthread_create(&thread, NULL, framer_run, board), 0);
	while (count < TURNS) {
		struct card_bits got, wanted;
		uint64_t before = count;

		count = board_panel_last(board, 7, &got);
		seen += count != before;
		if (count == 0)
			continue;
		wanted = frame_of((uint16_t)(count % CARD_BITS_MAX + 1), count % 2 ? 0xff : 0);
		assert_memory_equal(&got, &wanted, sizeof(got));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(seen > 0);
	munmap(board, sizeof(*board));
	close(fd);
}

struct mover {
	struct board *board;
	uint64_t openings;
};

static void *mover_run(void *user)
{
	struct mover *mover = user;

	for (int i = 0; i < TURNS; i++) {
		if (board_set_lock(mover->board, 0, true, i))
			mover->openings++;
		(void)board_set_lock(mover->board, 0, false, i);
	}
	return NULL;
}

static void two_movers_count_every_opening_once(void **state)
{
	(void)state;
	int fd = board_file();
	struct mover movers[2] = {{.board = board_map(fd)}, {.board = board_map(fd)}};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		assert_non_null(movers[i].board);
		assert_int_equal(pthread_create(&threads[i], NULL, mover_run, &movers[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(
		board_lock_count(movers[0].board, 0), movers[0].openings + movers[1].openings);
	assert_true(board_lock_count(movers[0].board, 0) >= TURNS);
	assert_false(board_lock_is_open(movers[0].board, 0));
	for (int i = 0; i < 2; i++)
		munmap(movers[i].board, sizeof(struct board));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_of_another_version_begins_anew),
		cmocka_unit_test(a_file_that_is_no_board_is_not_emptied),
		cmocka_unit_test(an_empty_file_becomes_a_locked_board),
		cmocka_unit_test(only_real_moves_click),
		cmocka_unit_test(levels_survive_their_mapping),
		cmocka_unit_test(another_file_is_refused),
		cmocka_unit_test(a_panel_keeps_its_latest_frame_and_counts),
		cmocka_unit_test(what_was_left_low_rises_at_rest),
		cmocka_unit_test(a_frame_is_read_whole_while_the_next_is_written),
		cmocka_unit_test(two_movers_count_every_opening_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
