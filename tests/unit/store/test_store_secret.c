// SPDX-License-Identifier: Apache-2.0
/* Accounts and PINs: usable with the key, nothing of them readable in any file of STATE. */
#include "fixture.h"

#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct account account_of(const char *name, const char *password)
{
	struct account account = {.role = ACCOUNT_OPERATOR};

	assert_true(text_set(&account.name, span_from_string(name)));
	assert_true(text_set(&account.password, span_from_string(password)));
	return account;
}

static int put(struct fixture *f, const struct account *account)
{
	assert_int_equal(store_begin(f->store), 0);
	int error = store_account_put(f->store, account);

	assert_int_equal(store_commit(f->store), 0);
	return error;
}

struct accounts {
	uint32_t count;
	struct account account[4];
};

static int collect(void *user, const struct account *account)
{
	struct accounts *accounts = user;

	accounts->account[accounts->count++] = *account;
	return accounts->count == 4 ? 77 : 0;
}

static void accounts_come_back_as_given(void **state)
{
	struct fixture *f = *state;
	struct account one = account_of("admin", "correct horse battery staple");
	struct account two = account_of("guard", "");
	struct accounts seen = {0};
	static const char longest[129] =
		"----------------------------------------------------------------"
		"----------------------------------------------------------------";

	assert_int_equal(put(f, &one), 0);
	assert_int_equal(put(f, &two), 0);
	two = account_of("guard", longest); /* by name: replaces */
	two.role = ACCOUNT_ADMIN;
	assert_int_equal(put(f, &two), 0);
	fixture_reopen(f);
	assert_int_equal(store_accounts(f->store, collect, &seen), 0);
	assert_int_equal(seen.count, 2);
	one.no = 1;
	two.no = 2;
	assert_memory_equal(&seen.account[0], &one, sizeof(one));
	assert_memory_equal(&seen.account[1], &two, sizeof(two));
}

static void removed_accounts_are_gone_and_numbers_not_reused(void **state)
{
	struct fixture *f = *state;
	struct account one = account_of("admin", "a");
	struct accounts seen = {0};

	assert_int_equal(put(f, &one), 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_account_remove(f->store, SPAN_LIT("admin")), 0);
	assert_int_equal(store_account_remove(f->store, SPAN_LIT("admin")), STORE_NOT_FOUND);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(store_accounts(f->store, collect, &seen), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(put(f, &one), 0);
	assert_int_equal(store_accounts(f->store, collect, &seen), 0);
	assert_int_equal(seen.account[0].no, 2);
}

static void bad_accounts_are_refused(void **state)
{
	struct fixture *f = *state;
	struct account account = account_of("", "x");

	assert_int_equal(put(f, &account), -EINVAL);
	account = account_of("x", "x");
	account.role = ACCOUNT_ROLE_COUNT;
	assert_int_equal(put(f, &account), -EINVAL);
}

static void callback_stops_the_listing(void **state)
{
	struct fixture *f = *state;
	struct accounts seen = {0};

	for (char c = 'a'; c < 'g'; c++) {
		struct account account = account_of((char[]){c, 0}, "x");

		assert_int_equal(put(f, &account), 0);
	}
	assert_int_equal(store_accounts(f->store, collect, &seen), 77);
	assert_int_equal(seen.count, 4);
}

static void tampered_accounts_are_told(void **state)
{
	static const char *const changes[] = {
		("SET sealed = (SELECT sealed FROM account WHERE name = 'guard'),"
		 " nonce = (SELECT nonce FROM account WHERE name = 'guard')"),
		"SET name = 'root'",
		"SET no = 99",
		"SET nonce = zeroblob(12)",
		"SET nonce = zeroblob(11)",
		"SET sealed = zeroblob(15)",
		"SET sealed = zeroblob(1000)",
		"SET role = 99",
	};
	struct fixture *f = *state;
	struct account one = account_of("admin", "a");
	struct account two = account_of("guard", "b");

	for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
		struct accounts seen = {0};
		char sql[256];

		assert_int_equal(put(f, &one), 0);
		assert_int_equal(put(f, &two), 0);
		assert_int_equal(store_accounts(f->store, collect, &seen), 0);
		assert_int_equal(seen.count, 2);
		fixture_close(f);
		(void)snprintf(
			sql, sizeof(sql), "UPDATE account %s WHERE name = 'admin'", changes[i]);
		fixture_sql(f, sql);
		assert_int_equal(fixture_open(f), 0);
		if (store_accounts(f->store, collect, &seen) != STORE_CORRUPT)
			fail_msg("not told: %s", changes[i]);
		fixture_close(f);
		fixture_sql(f, "DELETE FROM account");
		assert_int_equal(fixture_open(f), 0);
	}
}

static void equal_passwords_look_different(void **state)
{
	struct fixture *f = *state;
	struct account one = account_of("admin", "same");
	struct account two = account_of("guard", "same");

	assert_int_equal(put(f, &one), 0);
	assert_int_equal(put(f, &two), 0);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT sealed) FROM account"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT nonce) FROM account"), 2);
}

/* How often the bytes stand in the files of STATE. */
static int hits(struct fixture *f, const char *canary)
{
	DIR *dir = opendir(f->path);
	int found = 0;
	int files = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		struct stat info;
		int fd = entry->d_name[0] == '.' ? -1 : openat(dirfd(dir), entry->d_name, O_RDONLY);

		if (fd < 0)
			continue;
		assert_int_equal(fstat(fd, &info), 0);
		files++;
		if (info.st_size > 0) {
			void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

			assert_true(map != MAP_FAILED);
			found += memmem(map, (size_t)info.st_size, canary, strlen(canary)) != NULL;
			(void)munmap(map, (size_t)info.st_size);
		}
		(void)close(fd); /* drops SQLite's locks: the store is only closed afterwards */
	}
	(void)closedir(dir);
	assert_true(files >= 2);
	return found;
}

static void no_secret_is_readable_in_any_file(void **state)
{
	struct fixture *f = *state;
	struct account account = account_of("admin", "CANARY-password-1");
	struct person person = fixture_person("CANARY-user-1", "1", "x");
	struct person row;

	assert_int_equal(put(f, &account), 0);
	account = account_of("admin", "CANARY-password-2");
	assert_int_equal(put(f, &account), 0);
	assert_true(text_set(&person.password, SPAN_LIT("CANARY-pin-1")));
	person.no = fixture_insert(f, &person);
	assert_true(text_set(&person.password, SPAN_LIT("CANARY-pin-2")));
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_update(f->store, &person, PERSON_PASSWORD, &row), 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(row.password.len, 0);
	assert_true(row.has_password);
	row = fixture_get_person(f, person.no);
	assert_int_equal(row.password.len, 0);
	assert_int_not_equal(hits(f, "CANARY-user-1"), 0); /* the search finds what is there */
	assert_int_equal(hits(f, "CANARY-p"), 0);
	fixture_close(f);
	assert_int_not_equal(hits(f, "CANARY-user-1"), 0);
	assert_int_equal(hits(f, "CANARY-p"), 0);
}

static void removed_person_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("CANARY-user-1", "987650001", "CANARY-name");

	fixture_remove(f, fixture_insert(f, &person));
	fixture_close(f);
	assert_int_equal(hits(f, "CANARY"), 0);
}

static void pins_are_hashed_under_the_key(void **state)
{
	struct fixture *f = *state;
	uint8_t a[SECRET_HASH_SIZE];
	uint8_t b[SECRET_HASH_SIZE];
	struct secret other = f->store->secret;

	secret_hash_pin(f->store->secret.pin_key, SPAN_LIT("1234"), a);
	secret_hash_pin(f->store->secret.pin_key, SPAN_LIT("1234"), b);
	assert_memory_equal(a, b, sizeof(a));
	secret_hash_pin(f->store->secret.pin_key, SPAN_LIT("1235"), b);
	assert_memory_not_equal(a, b, sizeof(a));
	other.pin_key[31] ^= 1;
	secret_hash_pin(other.pin_key, SPAN_LIT("1234"), b);
	assert_memory_not_equal(a, b, sizeof(a));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(accounts_come_back_as_given),
		CASE(removed_accounts_are_gone_and_numbers_not_reused),
		CASE(bad_accounts_are_refused),
		CASE(callback_stops_the_listing),
		CASE(tampered_accounts_are_told),
		CASE(equal_passwords_look_different),
		CASE(no_secret_is_readable_in_any_file),
		CASE(removed_person_leaves_no_trace),
		CASE(pins_are_hashed_under_the_key),
	};

	return cmocka_run_group_tests_name("store_secret", tests, NULL, NULL);
}
