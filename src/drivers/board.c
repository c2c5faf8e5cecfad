// SPDX-License-Identifier: Apache-2.0
/*
 * The virtual board. The file outlives every process, so everything in it is atomic and nothing in
 * it is a pointer. A lock is one word, level and count together: whoever moves it, core or the
 * supervisor that takes over from it, a relay that already stands so does not click, and no opening
 * is counted twice. The magic is written last when a board is made, so that a half-made one is made
 * again.
 *
 * A panel's frame is more than a word: two places take turns, and the count says which one holds.
 * Who reads while two frames come reads again.
 */
#include "drivers/board.h"

#include "base/assert.h"
#include "base/compiler.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_OPEN UINT64_C(1)
#define LOCK_COUNT_ONE UINT64_C(2)

static bool board_begin(struct board *board)
{
	if (atomic_load(&board->magic) == 0) {
		board->version = BOARD_VERSION;
		atomic_store(&board->magic, BOARD_MAGIC);
	}
	return atomic_load(&board->magic) == BOARD_MAGIC && board->version == BOARD_VERSION;
}

/* A file that another version wrote has levels nobody can read: empty, it is made anew. */
int board_renew(int fd)
{
	struct {
		uint32_t magic;
		uint32_t version;
	} head;
	struct stat info;

	if (fstat(fd, &info) != 0)
		return -errno;
	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
		head.magic != BOARD_MAGIC || head.version == BOARD_VERSION)
		return 0;
	return ftruncate(fd, 0) == 0 ? 1 : -errno;
}

struct board *board_map(int fd)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return NULL;
	if (!S_ISREG(info.st_mode) ||
		(info.st_size != 0 && info.st_size != (off_t)sizeof(struct board))) {
		errno = EINVAL;
		return NULL;
	}
	if (info.st_size == 0 && ftruncate(fd, (off_t)sizeof(struct board)) != 0)
		return NULL;
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (board == MAP_FAILED)
		return NULL;
	if (!board_begin(board)) {
		(void)munmap(board, sizeof(*board));
		errno = EINVAL;
		return NULL;
	}
	return board;
}

bool board_set_lock(struct board *board, uint8_t door, bool unlocked, int64_t now_ns)
{
	ASSERT(door < DOORS_MAX);
	_Atomic uint64_t *lock = &board->door[door].lock;
	uint64_t word = atomic_load(lock);
	uint64_t moved;

	do {
		if (((word & LOCK_OPEN) != 0) == unlocked)
			return false;
		moved = unlocked ? (word + LOCK_COUNT_ONE) | LOCK_OPEN : word & ~LOCK_OPEN;
	} while (!atomic_compare_exchange_weak(lock, &word, moved));
	atomic_store(&board->door[door].changed_ns, now_ns);
	return true;
}

bool board_lock_is_open(const struct board *board, uint8_t door)
{
	ASSERT(door < DOORS_MAX);
	return (atomic_load(&board->door[door].lock) & LOCK_OPEN) != 0;
}

uint64_t board_lock_count(const struct board *board, uint8_t door)
{
	ASSERT(door < DOORS_MAX);
	return atomic_load(&board->door[door].lock) / LOCK_COUNT_ONE;
}

void board_set_panel(struct board *board, uint8_t panel, uint8_t line, bool low)
{
	ASSERT(panel < PANELS_MAX && line <= 1);
	uint8_t bit = (uint8_t)(1u << line);

	if (low)
		atomic_fetch_or(&board->panel[panel].low, bit);
	else
		atomic_fetch_and(&board->panel[panel].low, (uint8_t)~bit);
}

void board_panels_rest(struct board *board)
{
	for (size_t i = 0; i < PANELS_MAX; i++)
		atomic_store(&board->panel[i].low, 0);
}

void board_panel_frame(struct board *board, uint8_t panel, const struct card_bits *bits)
{
	ASSERT(panel < PANELS_MAX && bits->count <= CARD_BITS_MAX);
	struct board_panel *at = &board->panel[panel];
	uint64_t count = atomic_load(&at->count) + 1;
	struct board_frame *frame = &at->frame[count % 2];

	for (size_t i = 0; i < ARRAY_COUNT(frame->bits); i++) {
		uint64_t word;

		memcpy(&word, bits->bytes + i * sizeof(word), sizeof(word));
		atomic_store(&frame->bits[i], word);
	}
	atomic_store(&frame->count, bits->count);
	atomic_store(&at->count, count);
}

uint64_t board_panel_last(const struct board *board, uint8_t panel, struct card_bits *ret_bits)
{
	ASSERT(panel < PANELS_MAX);
	const struct board_panel *at = &board->panel[panel];
	uint64_t count;

	do {
		count = atomic_load(&at->count);
		const struct board_frame *frame = &at->frame[count % 2];

		for (size_t i = 0; i < ARRAY_COUNT(frame->bits); i++) {
			uint64_t word = atomic_load(&frame->bits[i]);

			memcpy(ret_bits->bytes + i * sizeof(word), &word, sizeof(word));
		}
		ret_bits->count = atomic_load(&frame->count);
	} while (atomic_load(&at->count) != count);
	/* Another process wrote it. */
	if (ret_bits->count > CARD_BITS_MAX)
		ret_bits->count = 0;
	return count;
}
