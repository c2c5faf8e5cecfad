// SPDX-License-Identifier: Apache-2.0
/*
 * A good database (the fixtures of the schemas, by turns of the length of input) with bytes
 * changed: four bytes of input are a place (three bytes, little end first) and the new byte; a
 * place behind the end cuts the file there, modulo its length. Opening tells an error in words, or
 * whatever is read afterwards is in range.
 */
#include "scratch.h"
#include "store/store.h"

#include "base/assert.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX_SIZE 262144
#define FIXTURES 4
#define CHANGES_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[SCRATCH_PATH_SIZE];
static int dir_fd = -1;
static const struct {
	const char *database;
	const char *key;
} fixture[FIXTURES] = {
	{STORE_TEST_DATA "/schema-1.db", STORE_TEST_DATA "/schema-1.key"},
	{STORE_TEST_DATA "/schema-2.db", STORE_TEST_DATA "/schema-2.key"},
	{STORE_TEST_DATA "/schema-3.db", STORE_TEST_DATA "/schema-3.key"},
	{STORE_TEST_DATA "/schema-4.db", STORE_TEST_DATA "/schema-4.key"},
};
static uint8_t good[FIXTURES][FILE_MAX_SIZE];
static size_t good_lens[FIXTURES];

static void clean_up(void)
{
	scratch_empty(path, true);
}

static size_t load(const char *name, uint8_t *bytes)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, bytes, FILE_MAX_SIZE) : -1;

	ASSERT(len > 0 && len < FILE_MAX_SIZE);
	(void)close(fd);
	return (size_t)len;
}

static void save(const char *name, const uint8_t *bytes, size_t len)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ASSERT(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	(void)close(fd);
}

static int put_credential(void *user, const struct credential *credential)
{
	*(uint32_t *)user += credential->rule_count;
	return 0;
}

static int see_account(void *user, const struct account *account)
{
	*(uint32_t *)user += account->role;
	return 0;
}

static int see_failures(void *user, const struct pin_failures *row)
{
	ASSERT(row->reader <= READERS_MAX && row->failures <= 254);
	*(uint32_t *)user += row->failures;
	return 0;
}

static void read_all(struct store *store)
{
	static struct person person[4];
	static struct journal_entry entry[16];
	struct store_reader *reader = NULL;
	struct person_filter people = {0};
	struct record_filter records = {0};
	struct record_cursor cursor = {0};
	uint32_t count = 0;
	uint32_t sum = 0;

	(void)!store_credentials(store, put_credential, &sum);
	(void)!store_accounts(store, see_account, &sum);
	(void)!store_pin_failures(store, see_failures, &sum);
	if (store_reader_open(store, &reader) != 0)
		return;
	if (store_persons(reader, &people, 0, 0, person, 4, &count) == 0) {
		for (uint32_t i = 0; i < count; i++)
			ASSERT(person_check(&person[i]));
	}
	if (store_records(reader, &records, &cursor, 0, entry, 16, &count) == 0) {
		for (uint32_t i = 0; i < count; i++)
			ASSERT(journal_entry_check(&entry[i]) && entry[i].rec_no > 0);
	}
	(void)!store_journal(reader, 0, entry, 16, &count);
	(void)store_reader_close(reader);
}

static void write_some(struct store *store)
{
	struct commit_entry entry = {.kind = JOURNAL_ACCESS,
		.person_no = 1,
		.takes_use = true,
		.counts_pin = true,
		.reader = 1,
		.reader_failures = 3};
	struct store_state before;
	struct journal_entry row;

	store_state(store, &before);
	if (store_begin(store) != 0)
		return;
	if (store_append(store, &entry, &row) == 0) {
		ASSERT(row.seq == before.last_seq + 1 && row.rec_no == before.last_rec_no + 1);
		(void)!store_commit(store);
	} else {
		store_rollback(store);
	}
}

static void start(void)
{
	dir_fd = scratch_make(path);
	ASSERT(dir_fd >= 0);
	(void)atexit(clean_up);
	for (size_t i = 0; i < FIXTURES; i++)
		good_lens[i] = load(fixture[i].database, good[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FILE_MAX_SIZE];
	struct store_options options = {.records_max = 100, .journal_max = 100, .persons_max = 100};
	struct store *store = NULL;
	char detail[256];

	if (good_lens[0] == 0)
		start();
	size_t good_len = good_lens[size % FIXTURES];
	size_t len = good_len;

	memcpy(bytes, good[size % FIXTURES], good_len);
	for (size_t i = 0; i + 4 <= size && i < 4 * CHANGES_MAX; i += 4) {
		size_t at = data[i] | (size_t)data[i + 1] << 8 | (size_t)data[i + 2] << 16;

		if (at < good_len)
			bytes[at] = data[i + 3];
		else
			len = at % good_len;
	}
	scratch_empty(path, false);
	save("postern.db", bytes, len);
	save("device.key", bytes, load(fixture[size % FIXTURES].key, bytes));
	int error = store_open(dir_fd, &options, &store, detail);

	ASSERT(error == 0 ? detail[0] == '\0' : detail[0] != '\0');
	if (error == 0) {
		read_all(store);
		write_some(store);
		(void)store_close(store);
	}
	return 0;
}
