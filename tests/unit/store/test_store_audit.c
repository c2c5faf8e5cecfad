// SPDX-License-Identifier: Apache-2.0
/* The audit and its ring; the alarm of the ring of records; whose rights a restore keeps. */
#include "fixture.h"

#include "internal.h"
#include "scratch.h"
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DAY_MS (S_PER_DAY * MS_PER_S)

static const struct moment now = {.utc_ms = FIXTURE_T0_MS, .trusted = true};

static struct audit_entry row_of(enum audit_act act, const char *account, const char *target)
{
	struct audit_entry row = {.act = (uint8_t)act, .utc_ms = FIXTURE_T0_MS, .trusted = true};

	assert_true(text_set(&row.account, span_from_string(account)));
	assert_true(text_set(&row.target, span_from_string(target)));
	return row;
}

static uint64_t audit(struct fixture *f, const struct audit_entry *row)
{
	uint64_t no = 0;

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_audit_append(f->store, row, &no), 0);
	assert_int_equal(store_commit(f->store), 0);
	return no;
}

static uint32_t read_audit(
	struct fixture *f, const struct audit_filter *filter, struct audit_entry *ret, uint32_t max)
{
	struct store_reader *reader = NULL;
	uint64_t total = 0;
	uint32_t count = 0;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_audits(reader, filter, ret, max, &count), 0);
	assert_int_equal(store_audit_count(reader, filter, &total), 0);
	assert_true(total >= count && (count == max || total == count));
	(void)store_reader_close(reader);
	return count;
}

static const struct audit_filter all = {.from_ms = INT64_MIN, .to_ms = INT64_MAX};

static void a_row_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct audit_entry row = row_of(AUDIT_PERSON_REMOVE, "anna", "person 17");
	struct audit_entry got[3];

	row.has_address = true;
	for (size_t i = 0; i < sizeof(row.address); i++)
		row.address[i] = (uint8_t)(i + 1);
	row.result = AUDIT_NOTHING;
	row.count = 4;
	assert_int_equal(audit(f, &row), 1);
	struct audit_entry local = row_of(AUDIT_RESET_ADMIN, "", "account admin");

	local.trusted = false;
	local.utc_ms = -5;
	assert_int_equal(audit(f, &local), 2);
	fixture_reopen(f);
	assert_int_equal(read_audit(f, &all, got, 3), 2);
	row.no = 1;
	assert_memory_equal(&got[0].account, &row.account, sizeof(row.account));
	assert_memory_equal(&got[0].target, &row.target, sizeof(row.target));
	assert_memory_equal(got[0].address, row.address, sizeof(row.address));
	assert_true(got[0].has_address && got[0].trusted && got[0].utc_ms == FIXTURE_T0_MS);
	assert_true(got[0].act == AUDIT_PERSON_REMOVE && got[0].result == AUDIT_NOTHING);
	assert_int_equal(got[0].count, 4);
	assert_true(!got[1].has_address && !got[1].trusted && got[1].utc_ms == -5);
	assert_int_equal(got[1].account.len, 0);
	assert_int_equal(got[1].act, AUDIT_RESET_ADMIN);
}

static void a_row_goes_with_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct audit_entry row = row_of(AUDIT_PERSON_INSERT, "anna", "person 1");
	struct audit_entry bad = row;
	struct audit_entry got[2];

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_audit_append(f->store, &row, NULL), 0);
	store_rollback(f->store);
	assert_int_equal(read_audit(f, &all, got, 2), 0);
	bad.act = AUDIT_ACT_COUNT;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_audit_append(f->store, &bad, NULL), -EINVAL);
	store_rollback(f->store);
	assert_int_equal(audit(f, &row), 1);
}

static void the_ring_keeps_the_newest(void **state)
{
	struct fixture *f = *state;
	struct audit_entry row = row_of(AUDIT_PERSON_INSERT, "anna", "person 1");
	struct audit_entry got[16];
	struct store_state numbers;

	for (int i = 0; i < 12; i++) {
		row.utc_ms = FIXTURE_T0_MS + i * 1000;
		(void)audit(f, &row);
	}
	fixture_close(f);
	f->options.audit_max = 3;
	assert_int_equal(fixture_open(f), 0);
	(void)audit(f, &row); /* a lowered limit catches up, some rows at a time */
	store_state(f->store, &numbers);
	assert_int_equal(numbers.oldest_audit_no, 1 + STORE_PRUNE_MAX);
	(void)audit(f, &row);
	store_state(f->store, &numbers);
	assert_int_equal(numbers.last_audit_no, 14);
	assert_int_equal(numbers.oldest_audit_no, 12);
	assert_int_equal(read_audit(f, &all, got, 16), 3);
	assert_int_equal(got[0].no, 12);
	assert_int_equal(got[2].no, 14);
}

static void rows_are_chosen_by_time_and_number(void **state)
{
	struct fixture *f = *state;
	struct audit_entry row = row_of(AUDIT_SCHEDULE_PUT, "anna", "schedule 3");
	struct audit_entry got[8];

	for (int i = 0; i < 6; i++) {
		row.utc_ms = FIXTURE_T0_MS + i * 1000;
		(void)audit(f, &row);
	}
	struct audit_filter filter = {
		.from_ms = FIXTURE_T0_MS + 1000, .to_ms = FIXTURE_T0_MS + 3000};

	assert_int_equal(read_audit(f, &filter, got, 8), 3);
	assert_int_equal(got[0].no, 2);
	filter.after_no = 2;
	assert_int_equal(read_audit(f, &filter, got, 8), 2);
	assert_int_equal(got[0].no, 3);
	assert_int_equal(read_audit(f, &all, got, 4), 4);
	filter.from_ms = FIXTURE_T0_MS + 5001;
	filter.to_ms = INT64_MAX;
	assert_int_equal(read_audit(f, &filter, got, 8), 0);
}

/* --- acts that leave their row to posternd's start --- */

static void configuration(struct fixture *f, uint64_t hash)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_audit_configuration(f->store, hash, &now), 0);
	assert_int_equal(store_commit(f->store), 0);
}

static void another_file_is_told_once(void **state)
{
	struct fixture *f = *state;
	struct audit_entry got[4];

	configuration(f, 77); /* the first there ever was */
	configuration(f, 77);
	assert_int_equal(read_audit(f, &all, got, 4), 0);
	configuration(f, 78);
	fixture_reopen(f);
	configuration(f, 78);
	assert_int_equal(read_audit(f, &all, got, 4), 1);
	assert_true(got[0].act == AUDIT_CONFIGURATION && got[0].utc_ms == FIXTURE_T0_MS);
	assert_true(text_is(&got[0].target, SPAN_LIT("configuration file")));
	configuration(f, 77);
	assert_int_equal(read_audit(f, &all, got, 4), 2);
}

static void backup_mind(struct fixture *f)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_audit_backup(f->store, &now), 0);
	assert_int_equal(store_commit(f->store), 0);
}

static void a_backup_is_told_once(void **state)
{
	struct fixture *f = *state;
	struct audit_entry got[4];
	int dir_fd = f->store->connection.dir_fd;

	backup_mind(f);
	assert_int_equal(read_audit(f, &all, got, 4), 0);
	assert_int_equal(store_backup_mark(dir_fd, 1786440000, 40), 0);
	backup_mind(f);
	fixture_reopen(f);
	backup_mind(f);
	assert_int_equal(read_audit(f, &all, got, 4), 1);
	assert_true(got[0].act == AUDIT_BACKUP && got[0].utc_ms == INT64_C(1786440000000));
	assert_true(text_is(&got[0].target, SPAN_LIT("backup up to RecNo 40")));
	dir_fd = f->store->connection.dir_fd;
	assert_int_equal(store_backup_mark(dir_fd, 1786440001, UINT64_MAX), 0);
	backup_mind(f);
	assert_int_equal(store_backup_mark(dir_fd, INT64_MAX, 1), 0); /* no time that can be */
	backup_mind(f);
	assert_int_equal(read_audit(f, &all, got, 4), 2);
}

/* --- the ring of records --- */

/* Appends a record at that time; what the alarm says then: -1 nothing, else its days. */
static int64_t record_at(struct fixture *f, int64_t utc_ms)
{
	struct commit_entry card = fixture_card(0, 77);
	struct moment at = {.utc_ms = utc_ms, .trusted = true};
	struct store_state numbers;
	bool told = false;

	card.at.utc_ms = utc_ms;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &card, NULL), 0);
	assert_int_equal(store_retention_mind(f->store, &at, &told), 0);
	assert_int_equal(store_commit(f->store), 0);
	store_state(f->store, &numbers);
	struct journal_entry last = fixture_get_entry(f, numbers.last_seq);

	assert_int_equal(told, last.kind == JOURNAL_RETENTION);
	return told ? (int64_t)last.count : -1;
}

static void ring_of(struct fixture *f, uint64_t records)
{
	fixture_close(f);
	f->options.records_max = records;
	f->options.journal_max = 10 * records;
	assert_int_equal(fixture_open(f), 0);
}

static void the_ring_is_told_before_anything_goes(void **state)
{
	struct fixture *f = *state;
	int64_t at = FIXTURE_T0_MS;

	ring_of(f, 40);
	for (int i = 1; i <= 35; i++, at += DAY_MS / 2) /* two a day */
		assert_int_equal(record_at(f, at), -1);
	/* The 36th: 4 places are left, 15 records in the latest 7 days. */
	assert_int_equal(record_at(f, at), 1);
	for (int i = 37; i <= 39; i++)
		assert_int_equal(record_at(f, at += DAY_MS / 2), -1);
	fixture_reopen(f); /* a restart tells nothing twice */
	assert_int_equal(record_at(f, at += DAY_MS / 2), 0); /* the next one takes a place */
	assert_int_equal(record_at(f, at += DAY_MS - 1000), -1);
	assert_int_equal(record_at(f, at += 1000), 0);
	assert_int_equal(record_at(f, at + 1), -1);
}

static void days_are_those_of_the_latest_week(void **state)
{
	struct fixture *f = *state;
	struct retention retention;
	int64_t at = FIXTURE_T0_MS;

	ring_of(f, 1000);
	for (int i = 0; i < 100; i++)
		(void)record_at(f, at); /* long ago, at once */
	at += 100 * DAY_MS;
	for (int i = 0; i < 10; i++, at += DAY_MS / 10)
		(void)record_at(f, at);
	assert_int_equal(store_retention(f->store, at, &retention), 0);
	assert_int_equal(retention.level, RETENTION_FINE);
	assert_int_equal(retention.kept, 110);
	assert_int_equal(retention.max, 1000);
	assert_int_equal(retention.days_left, 89); /* 890 places, 10 a day */
	assert_int_equal(store_retention(f->store, FIXTURE_T0_MS + 1, &retention), 0);
	assert_int_equal(retention.days_left, 8); /* 110 within a day, whatever the clock */
	assert_int_equal(store_retention(f->store, at + 30 * DAY_MS, &retention), 0);
	assert_int_equal(retention.days_left, RETENTION_DAYS_MAX); /* nobody came this week */
	struct store_reader *reader = NULL;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_reader_retention(reader, at, &retention), 0);
	assert_int_equal(retention.level, RETENTION_FINE);
	assert_true(retention.kept == 110 && retention.max == 1000 && retention.days_left == 89);
	(void)store_reader_close(reader);
}

static void more_room_starts_anew(void **state)
{
	struct fixture *f = *state;
	int64_t at = FIXTURE_T0_MS;

	ring_of(f, 10);
	for (int i = 1; i <= 8; i++)
		assert_int_equal(record_at(f, at), -1);
	assert_int_equal(record_at(f, at), 0);
	assert_int_equal(record_at(f, at), 0);
	ring_of(f, 20);
	for (int i = 11; i <= 17; i++)
		assert_int_equal(record_at(f, at), -1);
	assert_int_equal(record_at(f, at), 0);
}

/* --- restore --- */

static struct person with_password(struct person person, const char *digits)
{
	assert_true(text_set(&person.password, span_from_string(digits)));
	return person;
}

static void change(struct fixture *f, uint64_t no, uint32_t fields, struct person person)
{
	struct person row;

	person.no = no;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_update(f->store, &person, fields, &row), 0);
	assert_int_equal(store_commit(f->store), 0);
}

static void account(struct fixture *f, const char *name, const char *password)
{
	struct account account = {.role = ACCOUNT_ADMIN};

	assert_true(text_set(&account.name, span_from_string(name)));
	assert_true(text_set(&account.password, span_from_string(password)));
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(password[0] != 0
				 ? store_account_put(f->store, &account)
				 : store_account_remove(f->store, text_span(&account.name)),
		0);
	assert_int_equal(store_commit(f->store), 0);
}

static void backup_make(struct fixture *f)
{
	struct store_backup_info info;

	assert_int_equal(store_backup(f->dir_fd, f->dir_fd, "kept", &info, f->detail), 0);
}

static int restore(struct fixture *f, enum store_rights rights, struct store_backup_info *ret)
{
	int from_fd = openat(f->dir_fd, "kept", O_RDONLY | O_CLOEXEC);

	assert_true(from_fd >= 0);
	fixture_close(f);
	int error = store_restore(f->dir_fd, from_fd, rights, &now, ret, f->detail);

	(void)close(from_fd);
	assert_int_equal(fixture_open(f), 0);
	return error;
}

static int by_no(void *user, const struct credential *credential)
{
	((struct credential *)user)[credential->person_no] = *credential;
	return 0;
}

static int by_name(void *user, const struct account *account)
{
	struct text128 *password = user;

	*password = account->password;
	return text_is(&account->name, SPAN_LIT("boss")) ? 0 : -EIO;
}

/* What was taken away after the backup, in every way there is. Person no is the array's index. */
static void people_set_up(struct fixture *f)
{
	struct person person = fixture_person("1", "111", "Same");
	struct commit_entry use;

	(void)fixture_insert(f, &person); /* 1: as it was */
	person = fixture_person("2", "222", "Removed");
	(void)fixture_insert(f, &person);
	person = with_password(fixture_person("3", "333", "Frozen"), "123456");
	(void)fixture_insert(f, &person);
	person = fixture_person("4", "444", "New card");
	(void)fixture_insert(f, &person);
	person = fixture_person("5", "555", "Guest");
	person.card_type = CARD_TYPE_GUEST;
	person.uses_left = 2;
	(void)fixture_insert(f, &person);
	account(f, "admin", "first password");
	(void)audit(f, &(struct audit_entry){.act = AUDIT_INIT});
	backup_make(f);
	fixture_remove(f, 2);
	person = fixture_person("", "", "");
	person.card_status = CARD_STATUS_FROZEN;
	person.doors[0].has_door = false;
	change(f, 3, PERSON_CARD_STATUS | PERSON_DOORS, with_password(person, ""));
	change(f, 3, PERSON_PASSWORD, with_password(person, "654321"));
	person = fixture_person("4", "445", "");
	change(f, 4, PERSON_CARD_NO, person);
	use = fixture_card(5, 555);
	use.takes_use = true;
	(void)fixture_append(f, &use);
	person = fixture_person("6", "666", "Added");
	(void)fixture_insert(f, &person);
	account(f, "boss", "second password");
	account(f, "admin", "");
	(void)audit(f, &(struct audit_entry){.act = AUDIT_PERSON_REMOVE});
}

static void a_restore_gives_nobody_a_right_back(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct credential of[8] = {0};
	struct text128 password;
	struct audit_entry got[4];
	struct store_state numbers;

	people_set_up(f);
	assert_int_equal(restore(f, STORE_KEEP_REVOKED, &info), 0);
	assert_int_equal(info.before, STORE_BEFORE_KEPT);
	assert_int_equal(info.kept_out, 1);
	assert_int_equal(store_credentials(f->store, by_no, of), 0);
	assert_true(of[1].has_card && of[1].card_number == 111 && of[1].rule_count == 1);
	assert_int_equal(of[2].person_no, 0);
	assert_true(of[3].card_status == CARD_STATUS_FROZEN && of[3].rule_count == 0);
	assert_int_equal(of[4].card_number, 445);
	assert_int_equal(of[5].uses_left, 1);
	assert_int_equal(of[6].person_no, 0); /* not of the backup */
	store_state(f->store, &numbers);
	assert_int_equal(numbers.persons, 4);
	struct person added = fixture_person("7", "777", "");

	assert_int_equal(fixture_insert(f, &added), 7);
	assert_int_equal(store_accounts(f->store, by_name, &password), 0);
	assert_text(&password, "second password");
	assert_int_equal(read_audit(f, &all, got, 4), 3);
	assert_int_equal(got[1].act, AUDIT_PERSON_REMOVE); /* since the backup */
	assert_int_equal(got[2].act, AUDIT_RESTORE);
	assert_int_equal(got[2].no, 3);
	assert_int_equal(got[2].count, 1);
	assert_text(&got[2].target, "backup up to RecNo 0");
}

static void totals_are_right_after_a_restore(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct store_reader *reader = NULL;
	struct person_filter any = {0};
	uint64_t count = 0;

	people_set_up(f);
	assert_int_equal(restore(f, STORE_KEEP_REVOKED, &info), 0);
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_person_count(reader, &any, &count), 0);
	assert_int_equal(count, 4);
	(void)store_reader_close(reader);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT sum(persons) FROM person_block"), 4);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM credential_card"), 4);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM credential_pin"), 1);
	assert_int_equal(fixture_open(f), 0);
}

static void a_clear_stays_cleared(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct credential of[8] = {0};
	struct person person = fixture_person("1", "111", "");

	(void)fixture_insert(f, &person);
	backup_make(f);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0); /* the row is there still */
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(restore(f, STORE_KEEP_REVOKED, &info), 0);
	assert_int_equal(info.kept_out, 1);
	assert_int_equal(store_credentials(f->store, by_no, of), 0);
	assert_int_equal(of[1].person_no, 0);
	assert_int_equal(fixture_insert(f, &person), 2); /* and the card is free */
}

static void who_says_so_gets_them_back(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct credential of[8] = {0};
	struct audit_entry got[4];

	people_set_up(f);
	assert_int_equal(restore(f, STORE_BRING_BACK, &info), 0);
	assert_int_equal(info.before, STORE_BEFORE_IGNORED);
	assert_int_equal(store_credentials(f->store, by_no, of), 0);
	assert_int_equal(of[2].card_number, 222);
	assert_true(of[3].card_status == 0 && of[3].rule_count == 1);
	assert_int_equal(of[4].card_number, 444);
	assert_int_equal(read_audit(f, &all, got, 4), 3);
	assert_text(&got[2].target, "backup up to RecNo 0, --bring-back");
}

static void without_a_database_nothing_is_known(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct credential of[8] = {0};

	people_set_up(f);
	fixture_close(f);
	assert_int_equal(unlinkat(f->dir_fd, "postern.db", 0), 0);
	assert_int_equal(restore(f, STORE_KEEP_REVOKED, &info), 0);
	assert_int_equal(info.before, STORE_BEFORE_NONE);
	assert_int_equal(store_credentials(f->store, by_no, of), 0);
	assert_int_equal(of[2].card_number, 222);
}

static void another_devices_database_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;
	struct credential of[8] = {0};

	people_set_up(f);
	fixture_close(f);
	fixture_sql(f, "UPDATE device SET serial = 'PST000000000001'");
	assert_int_equal(restore(f, STORE_KEEP_REVOKED, &info), 0);
	assert_int_equal(info.before, STORE_BEFORE_OTHER);
	assert_int_equal(store_credentials(f->store, by_no, of), 0);
	assert_int_equal(of[2].card_number, 222);
}

static void an_older_schema_is_to_be_brought_up_first(void **state)
{
	struct fixture *f = *state;
	struct store_backup_info info;

	people_set_up(f);
	fixture_close(f);
	fixture_sql(f, "PRAGMA user_version = 3");
	int from_fd = openat(f->dir_fd, "kept", O_RDONLY | O_CLOEXEC);

	assert_int_equal(
		store_restore(f->dir_fd, from_fd, STORE_KEEP_REVOKED, &now, &info, f->detail),
		-ESTALE);
	assert_non_null(strstr(f->detail, "start posternd once"));
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM person"), 5); /* as it was */
	(void)close(from_fd);
	fixture_sql(f, "PRAGMA user_version = 4");
	assert_int_equal(fixture_open(f), 0);
}

/* Rights for door 1 must not become rights for another door. */
static void other_indexes_of_doors_are_refused(void **state)
{
	static const char *const changes[] = {
		"UPDATE door SET id = CASE id WHEN 'front' THEN 'back' ELSE 'front' END",
		"UPDATE door SET idx = 7 WHERE id = 'back'",
		"UPDATE door SET id = 'x' WHERE idx = 1"};
	struct fixture *f = *state;
	struct store_backup_info info;

	people_set_up(f);
	fixture_close(f);
	for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
		int from_fd = openat(f->dir_fd, "kept", O_RDONLY | O_CLOEXEC);

		fixture_sql(f, changes[i]);
		assert_int_equal(store_restore(f->dir_fd, from_fd, STORE_KEEP_REVOKED, &now, &info,
					 f->detail),
			STORE_DOOR_MISMATCH);
		assert_non_null(strstr(f->detail, "renumber"));
		assert_int_equal(fixture_number(f, "SELECT count(*) FROM person"), 5);
		fixture_sql(f, "DELETE FROM door");
		fixture_sql(f, "INSERT INTO door VALUES(0, 'front'), (1, 'back'), (9, 'new')");
		(void)close(from_fd);
	}
	int from_fd = openat(f->dir_fd, "kept", O_RDONLY | O_CLOEXEC);

	assert_int_equal(
		store_restore(f->dir_fd, from_fd, STORE_KEEP_REVOKED, &now, &info, f->detail),
		0); /* a door that came since is no trouble */
	(void)close(from_fd);
	assert_int_equal(fixture_open(f), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(another_file_is_told_once),
		TEST(a_backup_is_told_once),
		TEST(a_row_comes_back_as_it_was),
		TEST(a_row_goes_with_its_transaction),
		TEST(the_ring_keeps_the_newest),
		TEST(rows_are_chosen_by_time_and_number),
		TEST(the_ring_is_told_before_anything_goes),
		TEST(days_are_those_of_the_latest_week),
		TEST(more_room_starts_anew),
		TEST(a_restore_gives_nobody_a_right_back),
		TEST(totals_are_right_after_a_restore),
		TEST(a_clear_stays_cleared),
		TEST(who_says_so_gets_them_back),
		TEST(without_a_database_nothing_is_known),
		TEST(another_devices_database_says_nothing),
		TEST(an_older_schema_is_to_be_brought_up_first),
		TEST(other_indexes_of_doors_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
