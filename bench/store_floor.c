// SPDX-License-Identifier: Apache-2.0
/*
 * What bench/store.py cannot measure from outside, and the floors beside it. Prints whole numbers.
 *
 *   find PERSONS      ns of a look-up of a random card: mean and p99 hot, mean and p99 cold, of
 *                     credential_find; then the same four of a bare hash table
 *   load STATE        us of reading everybody into an index; us of bare SQLite reading these tables
 *   page STATE N      us (median) of bare SQLite reading N rows of the journal with their persons
 *   count STATE       us of bare SQLite's COUNT(*) over the records
 *   commit STATE N    us (p50, p99) of a record's transaction; of bare SQLite's smallest one; of a
 *                     bare write + fdatasync of 4 KiB
 *   tidy STATE        nothing: makes the blocks of records that were written by SQL
 *
 * Hot: the card was looked up just before. Cold: a large write has swept the caches, and one other
 * card was looked up since, so that the code is there and the data is not. Each look-up is timed by
 * itself; what taking the time costs is in all of them.
 */
#include "base/assert.h"
#include "domain/credential_index.h"
#include "platform/clock.h"
#include "store/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES 20000
#define COLD_BATCH 64 /* look-ups after one sweep */
#define COLD_SAMPLES 3200
#define SWEEP_BYTES (64u << 20)
#define PAGE_BYTES 4096
#define PAUSES_IN_1000 2 /* longest times, left out of means: the thread was taken off */
#define HUGE_BYTES ((size_t)2 << 20)

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t card_of(uint64_t no)
{
	uint64_t state = no;

	return next_random(&state);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t quantile(int64_t *sample, size_t count, size_t per_cent)
{
	qsort(sample, count, sizeof(sample[0]), by_value);
	return sample[count * per_cent / 100];
}

static void print_times(int64_t *sample, size_t count)
{
	int64_t sum = 0;
	int64_t p99 = quantile(sample, count, 99); /* sorts them */
	size_t kept = count - count / 1000 * PAUSES_IN_1000;

	for (size_t i = 0; i < kept; i++)
		sum += sample[i];
	printf("%lld %lld\n", (long long)(sum / (int64_t)kept), (long long)p99);
}

/* --- look-ups --- */

struct bare { /* card numbers and nothing else, open addressing */
	uint64_t *key;
	uint64_t mask;
};

/* As core has it: on huge pages where there are some. */
static void *index_memory(size_t size)
{
	size_t whole = (size + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
	void *memory = aligned_alloc(HUGE_BYTES, whole);

	ASSERT(memory != NULL);
	(void)madvise(memory, whole, MADV_HUGEPAGE);
	return memory;
}

static struct credential_index *index_of(uint32_t persons)
{
	size_t size = credential_index_size(persons);
	struct credential_index *index =
		credential_index_init(index_memory(size), size, persons, UINT64_C(0x1234567));

	for (uint64_t no = 1; no <= persons; no++) {
		struct credential one = {.person_no = no,
			.card_number = card_of(no),
			.has_card = true,
			.is_valid = true,
			.rule_count = 2};

		ASSERT(credential_index_put(index, &one) == CREDENTIAL_INDEX_OK);
	}
	return index;
}

static struct bare bare_of(uint32_t persons)
{
	uint64_t places = 8;

	while (places < 2 * (uint64_t)persons)
		places *= 2;
	struct bare bare = {calloc(places, sizeof(uint64_t)), places - 1};

	ASSERT(bare.key != NULL);
	for (uint64_t no = 1; no <= persons; no++) {
		uint64_t at = card_of(no) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & bare.mask;

		while (bare.key[at] != 0)
			at = (at + 1) & bare.mask;
		bare.key[at] = card_of(no);
	}
	return bare;
}

static bool bare_find(const struct bare *bare, uint64_t card)
{
	uint64_t at = card * UINT64_C(0x9e3779b97f4a7c15) >> 20 & bare->mask;

	while (bare->key[at] != 0 && bare->key[at] != card)
		at = (at + 1) & bare->mask;
	return bare->key[at] == card;
}

static bool look_up(const struct credential_index *index, const struct bare *bare, uint64_t card)
{
	struct credential found;

	return index != NULL ? credential_find(index, card, &found) : bare_find(bare, card);
}

/* Random cards of all; hot: the same ones again and again. */
static void find_time(
	const struct credential_index *index, const struct bare *bare, uint32_t persons, bool cold)
{
	static int64_t sample[SAMPLES];
	static char sweep[SWEEP_BYTES];
	size_t count = cold ? COLD_SAMPLES : SAMPLES;
	uint64_t seed = 5;

	for (size_t i = 0; i < count; i++) {
		uint64_t card = card_of(1 + next_random(&seed) % persons);

		if (cold && i % COLD_BATCH == 0) {
			memset(sweep, (int)i, sizeof(sweep));
			(void)look_up(index, bare, card_of(1 + next_random(&seed) % persons));
		}
		if (!cold)
			(void)look_up(index, bare, card);
		int64_t begin = now_ns();
		bool found = look_up(index, bare, card);

		sample[i] = now_ns() - begin;
		ASSERT(found);
	}
	print_times(sample, count);
}

static void find(uint32_t persons)
{
	struct credential_index *index = index_of(persons);
	struct bare bare = bare_of(persons);

	for (int cold = 0; cold < 2; cold++)
		find_time(index, NULL, persons, cold);
	for (int cold = 0; cold < 2; cold++)
		find_time(NULL, &bare, persons, cold);
	free(bare.key);
	free(index);
}

/* --- the store --- */

static struct store *store_of(const char *state)
{
	const struct store_options options = {
		.records_max = 100000000, .journal_max = 100000000, .persons_max = 10000000};
	struct store *store = NULL;
	char detail[256] = "";
	int fd = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -1 : store_open(fd, &options, &store, detail);

	if (error != 0) {
		fprintf(stderr, "store_floor: %s: %s\n", state, detail);
		exit(1);
	}
	(void)close(fd);
	return store;
}

static sqlite3 *database_of(const char *state)
{
	char path[512];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/postern.db", state);
	if (sqlite3_open(path, &db) != SQLITE_OK) {
		fprintf(stderr, "store_floor: cannot open %s\n", path);
		exit(1);
	}
	return db;
}

/* All rows of a query, with each column looked at. */
static void row_read(sqlite3_stmt *stmt)
{
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		sqlite3_value *value = sqlite3_column_value(stmt, i);

		if (sqlite3_value_type(value) == SQLITE_INTEGER)
			(void)sqlite3_value_int64(value);
		else
			(void)sqlite3_value_blob(value);
	}
}

static int64_t query_us(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t begin = now_ns();
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	ASSERT(rc == SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		row_read(stmt);
	(void)sqlite3_finalize(stmt);
	return (now_ns() - begin) / 1000;
}

static int put(void *user, const struct credential *credential)
{
	return credential_index_put(user, credential) == CREDENTIAL_INDEX_OK ? 0 : -1;
}

static void load(const char *state)
{
	struct store *store = store_of(state);
	struct store_state now;

	store_state(store, &now);
	size_t size = credential_index_size(now.persons > 0 ? now.persons : 1);
	struct credential_index *index =
		credential_index_init(malloc(size), size, now.persons > 0 ? now.persons : 1, 77);
	int64_t begin = now_ns();
	int error = store_credentials(store, put, index);

	ASSERT(error == 0);
	printf("%lld\n", (long long)((now_ns() - begin) / 1000));
	(void)store_close(store);
	sqlite3 *db = database_of(state);

	printf("%lld\n",
		(long long)(query_us(db, "SELECT no, is_valid, valid_from_s, valid_to_s"
					 " FROM person") +
			    query_us(db, "SELECT person_no, card_no, card_status FROM"
					 " credential_card") +
			    query_us(db, "SELECT person_no, door, schedule FROM access_rule")));
	(void)sqlite3_close(db);
	free(index);
}

/* card: of one card's records, or NULL for all. */
static void page(const char *state, int rows, const char *card)
{
	sqlite3 *db = database_of(state);
	int64_t sample[21];
	char sql[512];

	if (card == NULL)
		(void)snprintf(sql, sizeof(sql),
			"SELECT j.*, w.* FROM journal AS j LEFT JOIN record_person AS w"
			" ON w.seq = j.seq WHERE j.rec_no > 0 ORDER BY j.utc_ms, j.rec_no LIMIT %d",
			rows);
	else
		(void)snprintf(sql, sizeof(sql),
			"SELECT j.*, w.* FROM record_person AS w INDEXED BY record_person_card"
			" CROSS JOIN journal AS j ON j.seq = w.seq WHERE w.rec_no > 0"
			" AND w.card_key != '' AND w.card_key = '%lu' ORDER BY w.utc_ms, w.rec_no"
			" LIMIT %d",
			strtoul(card, NULL, 10), rows);
	for (size_t i = 0; i < ARRAY_COUNT(sample); i++)
		sample[i] = query_us(db, sql);
	printf("%lld\n", (long long)quantile(sample, ARRAY_COUNT(sample), 50));
	(void)sqlite3_close(db);
}

static void count(const char *state)
{
	sqlite3 *db = database_of(state);

	printf("%lld\n", (long long)query_us(db, "SELECT count(*) FROM journal WHERE rec_no > 0"));
	(void)sqlite3_close(db);
}

static void print_commits(int64_t *sample, size_t n)
{
	printf("%lld ", (long long)(quantile(sample, n, 50) / 1000));
	printf("%lld\n", (long long)(sample[n * 99 / 100] / 1000));
}

static void commit_store(const char *state, int64_t *sample, size_t n)
{
	struct store *store = store_of(state);
	struct commit_entry entry = {.kind = JOURNAL_ACCESS,
		.has_card = true,
		.card_bits = 34,
		.card_number = 4711,
		.reader = 1,
		.method = METHOD_CARD,
		.reason = REASON_UNKNOWN_CARD};

	entry.at.utc_ms = INT64_C(1900000000000);
	for (size_t i = 0; i < n; i++) {
		int64_t begin = now_ns();
		int error = store_begin(store);

		if (error == 0)
			error = store_append(store, &entry, NULL);
		if (error == 0)
			error = store_commit(store);
		ASSERT(error == 0);
		sample[i] = now_ns() - begin;
		entry.at.utc_ms += 1000;
	}
	(void)store_close(store);
	print_commits(sample, n);
}

static void commit_bare(const char *state, int64_t *sample, size_t n)
{
	char path[512];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/bare.db", state);
	ASSERT(sqlite3_open(path, &db) == SQLITE_OK);
	(void)query_us(db, "PRAGMA journal_mode = WAL");
	(void)query_us(db, "PRAGMA synchronous = FULL");
	(void)query_us(db, "CREATE TABLE row(no INTEGER PRIMARY KEY, what TEXT)");
	for (size_t i = 0; i < n; i++) {
		int64_t begin = now_ns();

		(void)query_us(db, "INSERT INTO row(what) VALUES('x')");
		sample[i] = now_ns() - begin;
	}
	(void)sqlite3_close(db);
	(void)unlink(path);
	print_commits(sample, n);
}

static void commit_write(const char *state, int64_t *sample, size_t n)
{
	static const char bytes[PAGE_BYTES];
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/bare", state);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	for (size_t i = 0; i < n; i++) {
		int64_t begin = now_ns();

		ASSERT(pwrite(fd, bytes, sizeof(bytes), (off_t)(i * sizeof(bytes))) ==
			(ssize_t)sizeof(bytes));
		ASSERT(fdatasync(fd) == 0);
		sample[i] = now_ns() - begin;
	}
	(void)close(fd);
	(void)unlink(path);
	print_commits(sample, n);
}

static void tidy(const char *state)
{
	struct store *store = store_of(state);
	bool more = true;

	while (more) {
		int error = store_tidy(store, &more);

		ASSERT(error == 0);
		store_idle(store);
	}
	(void)store_close(store);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;

	if (strcmp(what, "find") == 0) {
		find((uint32_t)strtoul(argv[2], NULL, 10));
	} else if (strcmp(what, "load") == 0) {
		load(argv[2]);
	} else if (strcmp(what, "page") == 0) {
		page(argv[2], (int)n, argc > 4 ? argv[4] : NULL);
	} else if (strcmp(what, "count") == 0) {
		count(argv[2]);
	} else if (strcmp(what, "tidy") == 0) {
		tidy(argv[2]);
	} else if (strcmp(what, "commit") == 0 && n > 0) {
		int64_t *sample = calloc(n, sizeof(*sample));

		ASSERT(sample != NULL);
		commit_store(argv[2], sample, n);
		commit_bare(argv[2], sample, n);
		commit_write(argv[2], sample, n);
		free(sample);
	} else {
		fprintf(stderr, "usage: store_floor find PERSONS | load|page|count|commit|tidy"
				" STATE [N [CARD]]\n");
		return 2;
	}
	return 0;
}
