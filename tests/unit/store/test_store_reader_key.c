// SPDX-License-Identifier: Apache-2.0
/* Keys of OSDP readers: pending, in use, gone; sealed, and tied to reader, slot and identity. */
#include "fixture.h"

#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t key_a[READER_KEY_SIZE] = "\x9e\x11\x6c\xf0\x23\x7a\xd5\x48\xb1\x02\xee\x3d\x94"
					      "\x5f\x80\xc7";
static const uint8_t key_b[READER_KEY_SIZE] = "\x40\xd9\xa3\x17\xfc\x62\x0b\x8e\x55\xc8\x31\x96\xea"
					      "\x7d\x04\xb2";
static const struct reader_identity someone = {{0x00, 0x06, 0x8e}, 7, 0x12345678};

struct keys {
	uint32_t count;
	struct reader_key key[8];
	uint32_t stop_at;
};

static int collect(void *user, const struct reader_key *key)
{
	struct keys *keys = user;

	keys->key[keys->count++] = *key;
	return keys->count == keys->stop_at ? 77 : 0;
}

static struct keys all_of(struct fixture *f)
{
	struct keys keys = {0};

	assert_int_equal(store_reader_keys(f->store, collect, &keys), 0);
	return keys;
}

static int pend(struct fixture *f, uint8_t reader, const uint8_t *key)
{
	assert_int_equal(store_begin(f->store), 0);
	int error = store_reader_key_pend(f->store, reader, key);

	assert_int_equal(store_commit(f->store), 0);
	return error;
}

static int promote(struct fixture *f, uint8_t reader)
{
	assert_int_equal(store_begin(f->store), 0);
	int error = store_reader_key_promote(f->store, reader, &someone);

	assert_int_equal(store_commit(f->store), 0);
	return error;
}

static void drop(struct fixture *f, uint8_t reader, bool all)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_reader_key_drop(f->store, reader, all), 0);
	assert_int_equal(store_commit(f->store), 0);
}

static void a_key_is_pending_then_in_use(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(all_of(f).count, 0);
	assert_int_equal(pend(f, READER_KEYS_MAX, key_a), 0);
	fixture_reopen(f);
	struct keys keys = all_of(f);

	assert_int_equal(keys.count, 1);
	assert_int_equal(keys.key[0].reader, READER_KEYS_MAX);
	assert_true(keys.key[0].pending);
	assert_false(keys.key[0].has_identity);
	assert_memory_equal(keys.key[0].key, key_a, READER_KEY_SIZE);
	assert_int_equal(promote(f, READER_KEYS_MAX), 0);
	fixture_reopen(f);
	keys = all_of(f);
	assert_int_equal(keys.count, 1);
	assert_false(keys.key[0].pending);
	assert_true(keys.key[0].has_identity);
	assert_memory_equal(keys.key[0].key, key_a, READER_KEY_SIZE);
	assert_memory_equal(keys.key[0].identity.vendor, someone.vendor, 3);
	assert_int_equal(keys.key[0].identity.model, 7);
	assert_int_equal(keys.key[0].identity.serial, 0x12345678);
}

static void both_are_there_while_a_key_is_changed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pend(f, 3, key_a), 0);
	assert_int_equal(promote(f, 3), 0);
	assert_int_equal(pend(f, 3, key_b), 0);
	fixture_reopen(f);
	struct keys keys = all_of(f);

	assert_int_equal(keys.count, 2);
	assert_false(keys.key[0].pending);
	assert_memory_equal(keys.key[0].key, key_a, READER_KEY_SIZE);
	assert_true(keys.key[1].pending);
	assert_memory_equal(keys.key[1].key, key_b, READER_KEY_SIZE);
	drop(f, 3, false); /* given up: the old one stays */
	assert_int_equal(all_of(f).count, 1);
	assert_memory_equal(all_of(f).key[0].key, key_a, READER_KEY_SIZE);
	assert_int_equal(pend(f, 3, key_b), 0);
	assert_int_equal(promote(f, 3), 0);
	assert_int_equal(all_of(f).count, 1);
	assert_memory_equal(all_of(f).key[0].key, key_b, READER_KEY_SIZE);
	drop(f, 3, true);
	assert_int_equal(all_of(f).count, 0);
	drop(f, 3, true);
}

static void nothing_pending_is_not_promoted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(promote(f, 1), STORE_NOT_FOUND);
	assert_int_equal(pend(f, 1, key_a), 0);
	assert_int_equal(promote(f, 2), STORE_NOT_FOUND);
	assert_int_equal(promote(f, 1), 0);
	assert_int_equal(promote(f, 1), STORE_NOT_FOUND);
	assert_memory_equal(all_of(f).key[0].key, key_a, READER_KEY_SIZE);
}

static void a_rollback_keeps_the_old_key(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pend(f, 1, key_a), 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_reader_key_promote(f->store, 1, &someone), 0);
	store_rollback(f->store);
	assert_true(all_of(f).key[0].pending);
}

static void known_keys_are_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t key[READER_KEY_SIZE];

	for (uint8_t i = 0; i < READER_KEY_SIZE; i++)
		key[i] = (uint8_t)(0x30 + i); /* SCBK-D */
	assert_int_equal(pend(f, 1, key), -EINVAL);
	memset(key, 0, sizeof(key));
	assert_int_equal(pend(f, 1, key), -EINVAL);
	memset(key, 0xff, sizeof(key));
	assert_int_equal(pend(f, 1, key), -EINVAL);
	assert_int_equal(all_of(f).count, 0);
}

static void a_callback_stops_the_listing(void **state)
{
	struct fixture *f = *state;
	struct keys keys = {.stop_at = 2};

	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(pend(f, i, key_a), 0);
	assert_int_equal(store_reader_keys(f->store, collect, &keys), 77);
	assert_int_equal(keys.count, 2);
	assert_int_equal(keys.key[1].reader, 2);
}

static void rows_that_were_changed_do_not_open(void **state)
{
	static const char *const changes[] = {
		"UPDATE reader_key SET reader = 6", /* another reader's */
		"UPDATE reader_key SET slot = 1 WHERE reader = 5", /* another slot */
		"UPDATE reader_key SET identity = x'00068e0778563413'", /* another serial */
		"UPDATE reader_key SET identity = x''", /* no longer pinned */
		"UPDATE reader_key SET identity = x'00'",
		"UPDATE reader_key SET sealed = substr(sealed, 1, 31)",
		"UPDATE reader_key SET nonce = zeroblob(12)",
		"UPDATE reader_key SET reader = 200",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
		struct keys keys = {0};

		drop(f, 5, true);
		assert_int_equal(pend(f, 5, key_a), 0);
		assert_int_equal(promote(f, 5), 0);
		fixture_close(f);
		fixture_sql(f, changes[i]);
		assert_int_equal(fixture_open(f), 0);
		if (store_reader_keys(f->store, collect, &keys) != STORE_CORRUPT)
			fail_msg("taken: %s", changes[i]);
		assert_int_equal(keys.count, 0);
		fixture_close(f);
		fixture_sql(f, "DELETE FROM reader_key");
		assert_int_equal(fixture_open(f), 0);
	}
}

/* One bad row is one reader to be paired again, not all. */
static void a_row_that_does_not_open_takes_no_other_with_it(void **state)
{
	struct fixture *f = *state;
	struct keys keys = {0};

	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(pend(f, i, key_a), 0);
	fixture_close(f);
	fixture_sql(f, "UPDATE reader_key SET sealed = zeroblob(32) WHERE reader = 1");
	fixture_sql(f, "UPDATE reader_key SET reader = 999 WHERE reader = 3");
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(store_reader_keys(f->store, collect, &keys), STORE_CORRUPT);
	assert_int_equal(keys.count, 2);
	assert_int_equal(keys.key[0].reader, 2);
	assert_int_equal(keys.key[1].reader, 4);
	assert_memory_equal(keys.key[1].key, key_a, READER_KEY_SIZE);
}

static bool file_has(int dir_fd, const char *name, const uint8_t *bytes, size_t len)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat info;
	bool found = false;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	if (S_ISREG(info.st_mode) && info.st_size > 0) {
		void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		assert_true(map != MAP_FAILED);
		found = memmem(map, (size_t)info.st_size, bytes, len) != NULL;
		munmap(map, (size_t)info.st_size);
	}
	close(fd);
	return found;
}

static void no_key_is_readable_in_any_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pend(f, 1, key_a), 0);
	assert_int_equal(promote(f, 1), 0);
	assert_int_equal(pend(f, 1, key_b), 0);
	int fd = openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	unsigned files = 0;

	assert_non_null(dir);
	for (struct dirent *at = readdir(dir); at != NULL; at = readdir(dir)) {
		if (at->d_name[0] == '.')
			continue;
		files++;
		for (size_t part = 0; part <= READER_KEY_SIZE - 8; part += 8) {
			assert_false(file_has(f->dir_fd, at->d_name, key_a + part, 8));
			assert_false(file_has(f->dir_fd, at->d_name, key_b + part, 8));
		}
	}
	closedir(dir);
	assert_true(files >= 2);
}

int main(void)
{
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_key_is_pending_then_in_use),
		WITH_STORE(both_are_there_while_a_key_is_changed),
		WITH_STORE(nothing_pending_is_not_promoted),
		WITH_STORE(a_rollback_keeps_the_old_key),
		WITH_STORE(known_keys_are_refused),
		WITH_STORE(a_callback_stops_the_listing),
		WITH_STORE(rows_that_were_changed_do_not_open),
		WITH_STORE(a_row_that_does_not_open_takes_no_other_with_it),
		WITH_STORE(no_key_is_readable_in_any_file),
	};

	return cmocka_run_group_tests_name("store_reader_key", tests, NULL, NULL);
}
