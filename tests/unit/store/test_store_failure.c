// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that fails: every write, sync and truncation of a scenario fails once, in turn, with EIO
 * or ENOSPC; and a disk that is full for a while. What was acknowledged must be there afterwards,
 * and a sync that failed must not be tried again on the same file.
 *
 * SQLite's writes are replaced through its own VFS interface; syncs and close, which the store
 * calls as well, by functions of this program that the loader finds first.
 */
#include "fixture.h"

#include "sql.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STEPS 5

static struct {
	uint32_t left; /* calls until the one that fails; 0: none will */
	int error; /* its errno */
	int failed_fd; /* whose sync failed; -1: none */
	bool fired;
	bool synced_again;
} fault = {.failed_fd = -1};

static bool fault_now(void)
{
	if (fault.left == 0 || --fault.left > 0)
		return false;
	fault.fired = true;
	errno = fault.error;
	return true;
}

/* Nobody pulls the plug here, so nothing needs to reach the disk. */
static int sync_file(int fd)
{
	fault.synced_again |= fd == fault.failed_fd;
	if (!fault_now())
		return 0;
	fault.failed_fd = fd;
	return -1;
}

int fsync(int fd)
{
	return sync_file(fd);
}

int fdatasync(int fd)
{
	return sync_file(fd);
}

int close(int fd)
{
	if (fd == fault.failed_fd)
		fault.failed_fd = -1;
	return (int)syscall(SYS_close, fd);
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return fault_now() ? -1 : pwrite(fd, bytes, len, at);
}

static ssize_t failing_write(int fd, const void *bytes, size_t len)
{
	return fault_now() ? -1 : write(fd, bytes, len);
}

static int failing_ftruncate(int fd, off_t len)
{
	return fault_now() ? -1 : ftruncate(fd, len);
}

static int replace_calls(void **state UNUSED)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	assert_non_null(vfs);
	return vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)failing_pwrite) |
	       vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)failing_pwrite) |
	       vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)failing_write) |
	       vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)failing_ftruncate);
}

/* One transaction: a person comes, the one before goes, a record is kept. */
static int step(struct store *store, int i)
{
	struct person person = fixture_person((char[]){(char)('a' + i), 0}, "", "x");
	struct commit_entry card = fixture_card(0, (uint64_t)i);
	uint64_t no = 0;
	int error = store_begin(store);

	if (error != 0)
		return error;
	error = store_person_insert(store, &person, &no);
	if (error == 0 && i > 0)
		error = store_person_remove(store, (uint64_t)i);
	if (error == 0)
		error = store_append(store, &card, NULL);
	if (error == 0)
		return store_commit(store);
	store_rollback(store);
	return error;
}

/* How many steps were acknowledged before something failed, or -1 when opening did. */
static int run(struct fixture *f, int from)
{
	if (fixture_open(f) != 0)
		return -1; /* nothing is acknowledged yet: SQLite may sync its own journal twice */
	fault.synced_again = false;
	for (int i = from; i < STEPS; i++) {
		if (step(f->store, i) != 0)
			return i;
	}
	return STEPS;
}

/* acked steps are all there; at most one more, whole or not at all. Gives how many are there. */
static int check(struct fixture *f, int acked)
{
	struct store_reader *reader = NULL;
	struct record_filter records = {0};
	struct person_filter people = {0};
	struct store_state now;
	uint64_t count = 0;
	struct person person;
	uint32_t rows = 0;

	store_state(f->store, &now);
	int there = (int)now.last_rec_no;

	if (there != acked && there != acked + 1)
		fail_msg("acknowledged %d, there %d", acked, there);
	assert_int_equal(now.last_seq, there);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_record_count(reader, &records, &count), 0);
	assert_int_equal(count, there);
	assert_int_equal(now.persons, there > 0 ? 1 : 0);
	assert_int_equal(store_persons(reader, &people, 0, 0, &person, 1, &rows), 0);
	assert_int_equal(rows, now.persons);
	if (rows > 0)
		assert_int_equal(person.no, there);
	(void)store_reader_close(reader);
	return there;
}

static void empty(struct fixture *f)
{
	static const char *const names[] = {
		"postern.db", "postern.db-wal", "postern.db-shm", "device.key", "device.key.new"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		(void)unlinkat(f->dir_fd, names[i], 0);
}

static void each_call_fails_once(struct fixture *f, int error)
{
	bool fired = true;
	uint32_t k = 0;

	while (fired) {
		fixture_close(f);
		empty(f);
		fault.left = ++k;
		fault.error = error;
		fault.fired = false;
		fault.failed_fd = -1;
		fault.synced_again = false;
		int acked = run(f, 0);

		fired = fault.fired;
		fault.left = 0;
		fixture_close(f);
		if (acked >= 0 && fault.synced_again)
			fail_msg("call %u: synced again", k);
		if (fixture_open(f) != 0)
			fail_msg("call %u: %s", k, f->detail);
		int there = check(f, acked < 0 ? 0 : acked);

		fixture_close(f);
		assert_int_equal(run(f, there), STEPS); /* and it goes on */
	}
	assert_true(k > 40); /* the scenario does reach the disk */
	print_message("# %u calls failed once each\n", k - 1);
}

static void io_error_of_each_call_loses_nothing(void **state)
{
	each_call_fails_once(*state, EIO);
}

static void no_space_at_each_call_loses_nothing(void **state)
{
	each_call_fails_once(*state, ENOSPC);
}

static void failed_commit_closes_the_store_for_writing(void **state)
{
	struct fixture *f = *state;
	struct commit_entry card = fixture_card(0, 1);
	struct store_state now;

	(void)fixture_append(f, &card);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	fault.left = 2; /* the write of the log works, its sync fails */
	fault.error = EIO;
	int error = store_commit(f->store);

	fault.left = 0;
	assert_int_equal(error, -EIO);
	store_state(f->store, &now);
	assert_int_equal(now.last_seq, 1);
	assert_int_equal(store_begin(f->store), -EIO);
	fixture_reopen(f);
	store_state(f->store, &now);
	assert_true(now.last_seq == 1 || now.last_seq == 2);
	assert_int_equal(fixture_append(f, &card).seq, now.last_seq + 1);
}

static void disk_full_for_a_while_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct rlimit before;
	uint64_t acked = 0;
	struct commit_entry card = fixture_card(0, 1);

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 100000; size < 400000; size += 30000) {
		struct rlimit small = {.rlim_cur = size, .rlim_max = before.rlim_max};
		int error = 0;

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		for (int i = 0; i < 200 && error == 0; i++) {
			error = store_begin(f->store);
			if (error == 0)
				error = store_append(f->store, &card, NULL);
			if (error == 0)
				error = store_commit(f->store);
			acked += error == 0;
		}
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_true(error == -ENOSPC || error == -EIO); /* SQLite: EFBIG is an I/O error */
		fixture_reopen(f);
		struct store_state now;

		store_state(f->store, &now);
		if (now.last_rec_no != acked && now.last_rec_no != acked + 1)
			fail_msg("acknowledged %llu, there %llu", (unsigned long long)acked,
				(unsigned long long)now.last_rec_no);
		acked = now.last_rec_no;
	}
	assert_true(acked > 50);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(io_error_of_each_call_loses_nothing),
		CASE(no_space_at_each_call_loses_nothing),
		CASE(failed_commit_closes_the_store_for_writing),
		CASE(disk_full_for_a_while_loses_nothing),
	};

	return cmocka_run_group_tests_name("store_failure", tests, replace_calls, NULL);
}
