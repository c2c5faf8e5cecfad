// SPDX-License-Identifier: Apache-2.0
/* PINs: what opens alone, what is refused, what the index gets, and wrong PINs over restarts. */
#include "fixture.h"

#include "internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A door takes PINs alone, and rules refuse. */
static void rule(struct fixture *f, uint8_t alone_digits, enum pin_rule pin_rule)
{
	f->options.pin_opens_alone = true;
	f->options.pin_rule = (uint8_t)pin_rule;
	f->options.pin_alone_digits = alone_digits;
	fixture_reopen(f);
}

static struct person person_of(const char *user_id, const char *pin, const char *duress)
{
	struct person person = fixture_person(user_id, "", "x");

	assert_true(text_set(&person.password, span_from_string(pin)));
	assert_true(text_set(&person.duress_password, span_from_string(duress)));
	return person;
}

static int insert(struct fixture *f, const char *user_id, const char *pin, const char *duress)
{
	struct person person = person_of(user_id, pin, duress);
	uint64_t no = 0;

	assert_int_equal(store_begin(f->store), 0);
	int error = store_person_insert(f->store, &person, &no);

	assert_int_equal(store_commit(f->store), 0);
	return error;
}

/* NULL: not named. */
static int update(struct fixture *f, uint64_t no, const char *pin, const char *duress)
{
	struct person person = person_of("", pin != NULL ? pin : "", duress != NULL ? duress : "");
	uint32_t fields =
		(pin != NULL ? PERSON_PASSWORD : 0) | (duress != NULL ? PERSON_DURESS_PASSWORD : 0);
	struct person row;

	person.no = no;
	assert_int_equal(store_begin(f->store), 0);
	int error = store_person_update(f->store, &person, fields, &row);

	assert_int_equal(store_commit(f->store), 0);
	if (error == 0) {
		struct person read = fixture_get_person(f, no);

		assert_memory_equal(&read, &row, sizeof(row));
	}
	return error;
}

static bool alone(struct fixture *f, uint64_t no)
{
	return fixture_get_person(f, no).pin_alone;
}

/* Inserts count people whose PINs are first, first + 1, ... */
static void many(struct fixture *f, unsigned first, unsigned count, int digits)
{
	char pin[16];
	char user_id[16];

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(pin, sizeof(pin), "%0*u", digits, first + i);
		(void)snprintf(user_id, sizeof(user_id), "m%u", first + i);
		assert_int_equal(insert(f, user_id, pin, ""), 0);
	}
}

static uint64_t hash(struct fixture *f, const char *digits)
{
	struct pin_key key;

	store_pin_key(f->store, &key);
	return pin_key_hash(&key, span_from_string(digits));
}

static void ten_pins_of_four_digits_open_alone(void **state)
{
	struct fixture *f = *state;
	struct store_state now;

	rule(f, 4, PIN_RULE_REFUSE);
	many(f, 0, 10, 4);
	for (uint64_t no = 1; no <= 10; no++)
		assert_true(alone(f, no));
	assert_int_equal(insert(f, "one too many", "4711", ""), STORE_PIN_RATIO);
	store_state(f->store, &now);
	assert_int_equal(now.persons, 10);
	assert_int_equal(update(f, 3, "0002", NULL), 0); /* its own, again */
	assert_int_equal(update(f, 3, "9999", NULL), 0); /* one for one */
	assert_int_equal(insert(f, "five", "47110", ""), 0); /* another length */
	assert_int_equal(update(f, 11, "4711", NULL), STORE_PIN_RATIO);
	assert_true(alone(f, 11)); /* still by its five digits */
	assert_int_equal(update(f, 3, "", NULL), 0);
	assert_int_equal(update(f, 11, "4711", NULL), 0);
	fixture_remove(f, 5);
	assert_int_equal(insert(f, "again", "4712", ""), 0);
	assert_int_equal(insert(f, "not again", "4713", ""), STORE_PIN_RATIO);
}

static void a_hundred_of_five_and_a_thousand_of_six(void **state)
{
	struct fixture *f = *state;

	f->options.persons_max = 2000;
	rule(f, 4, PIN_RULE_REFUSE);
	assert_int_equal(sql_run(f->store->connection.db, "PRAGMA synchronous = OFF"), 0);
	many(f, 0, 100, 5);
	assert_int_equal(insert(f, "5", "99999", ""), STORE_PIN_RATIO);
	many(f, 100, 1000, 6);
	assert_int_equal(insert(f, "6", "999999", ""), STORE_PIN_RATIO);
	assert_int_equal(insert(f, "7", "9999999", ""), 0);
}

static void duress_pins_count_like_others(void **state)
{
	struct fixture *f = *state;

	rule(f, 4, PIN_RULE_REFUSE);
	many(f, 0, 8, 4);
	assert_int_equal(insert(f, "both", "1000", "1001"), 0); /* the tenth */
	assert_int_equal(insert(f, "more", "1002", ""), STORE_PIN_RATIO);
	assert_int_equal(update(f, 9, NULL, ""), 0);
	assert_int_equal(insert(f, "both2", "1003", "1004"), STORE_PIN_RATIO);
	assert_int_equal(insert(f, "long", "100300", "1004"), 0); /* one of each length */
	assert_int_equal(insert(f, "more", "1002", ""), STORE_PIN_RATIO);
	assert_int_equal(update(f, 9, NULL, "1005"), STORE_PIN_RATIO);
	assert_false(fixture_get_person(f, 9).has_duress_password);
}

static void short_and_taken_pins_are_refused(void **state)
{
	struct fixture *f = *state;

	rule(f, 6, PIN_RULE_REFUSE);
	assert_int_equal(insert(f, "1", "123456", "654321"), 0);
	assert_int_equal(insert(f, "2", "12345", ""), STORE_PIN_SHORT);
	assert_int_equal(insert(f, "2", "123456", ""), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "2", "222222", "12345"), STORE_PIN_SHORT);
	assert_int_equal(insert(f, "2", "222222", "123456"), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "2", "222222", "222222"), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "2", "222222", "333333"), 0);
	assert_int_equal(update(f, 2, "123456", NULL), STORE_PIN_TAKEN);
	assert_int_equal(update(f, 2, "654321", NULL), STORE_PIN_TAKEN);
	assert_int_equal(update(f, 2, "333333", NULL), STORE_PIN_TAKEN); /* its own duress PIN */
	assert_int_equal(update(f, 2, NULL, "222222"), STORE_PIN_TAKEN);
	assert_int_equal(update(f, 2, "333333", "222222"), 0); /* the other way round */
	assert_int_equal(update(f, 1, "", NULL), 0); /* frees both */
	assert_int_equal(update(f, 2, "123456", "654321"), 0);
	struct person row = fixture_get_person(f, 1);

	assert_false(row.has_password || row.has_duress_password || row.pin_alone);
}

static void with_card_keeps_what_may_not_open_alone(void **state)
{
	struct fixture *f = *state;

	rule(f, 6, PIN_RULE_WITH_CARD);
	assert_int_equal(insert(f, "1", "123456", ""), 0);
	assert_int_equal(insert(f, "2", "123456", ""), 0);
	assert_int_equal(insert(f, "3", "1234", ""), 0);
	assert_true(alone(f, 1));
	assert_false(alone(f, 2) || alone(f, 3));
	assert_true(fixture_get_person(f, 3).has_password);
	assert_int_equal(update(f, 3, "333333", NULL), 0);
	assert_true(alone(f, 3));
	assert_int_equal(update(f, 3, NULL, "4444"), 0); /* both, or neither */
	assert_false(alone(f, 3));
	/* A duress PIN is nobody else's, whatever the rule. */
	assert_int_equal(insert(f, "4", "4444", ""), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "4", "5555", "123456"), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "4", "5555", "4444"), STORE_PIN_TAKEN);
	assert_int_equal(insert(f, "4", "5555", "5555"), STORE_PIN_TAKEN);
}

/* No door takes a PIN alone: everything is kept, and what could open alone is known. */
static void without_such_a_door_nothing_is_refused(void **state)
{
	struct fixture *f = *state;

	f->options.pin_alone_digits = 4;
	fixture_reopen(f);
	many(f, 0, 12, 4);
	assert_int_equal(insert(f, "same", "0000", ""), 0);
	assert_true(alone(f, 10));
	assert_false(alone(f, 11) || alone(f, 12) || alone(f, 13));
}

static void passwords_that_no_keypad_types_are_kept(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = {
		"123", "1234567890123", "12345a", "pass word", "1234 5"};
	char user_id[8];

	rule(f, 4, PIN_RULE_REFUSE);
	for (size_t i = 0; i < 2 * ARRAY_COUNT(texts); i++) {
		(void)snprintf(user_id, sizeof(user_id), "%zu", i);
		assert_int_equal(insert(f, user_id, texts[i / 2], ""), 0);
		assert_true(fixture_get_person(f, i + 1).has_password);
		assert_false(alone(f, i + 1));
	}
	assert_int_equal(insert(f, "longest", "123456789012", ""), 0);
	assert_true(alone(f, 11));
}

static void duress_pin_is_digits_and_goes_with_a_pin(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(insert(f, "1", "", "1234"), STORE_BAD_DURESS);
	assert_int_equal(insert(f, "1", "4321", "123"), STORE_BAD_DURESS);
	assert_int_equal(insert(f, "1", "4321", "1234567890123"), STORE_BAD_DURESS);
	assert_int_equal(insert(f, "1", "4321", "12x4"), STORE_BAD_DURESS);
	assert_int_equal(insert(f, "1", "", ""), 0);
	assert_int_equal(update(f, 1, NULL, "1234"), STORE_BAD_DURESS);
	assert_int_equal(update(f, 1, "4321", "1234"), 0);
	assert_true(fixture_get_person(f, 1).has_duress_password);
	assert_int_equal(update(f, 1, "", "1234"), STORE_BAD_DURESS);
	assert_int_equal(update(f, 1, NULL, ""), 0);
	assert_false(fixture_get_person(f, 1).has_duress_password);
}

/* Stricter settings count for rows that were written before. */
static void raised_length_counts_at_once(void **state)
{
	struct fixture *f = *state;

	rule(f, 4, PIN_RULE_REFUSE);
	assert_int_equal(insert(f, "1", "1234", ""), 0);
	assert_int_equal(insert(f, "2", "222222", "2222"), 0);
	assert_int_equal(insert(f, "3", "333333", ""), 0);
	rule(f, 6, PIN_RULE_REFUSE);
	assert_false(alone(f, 1) || alone(f, 2));
	assert_true(alone(f, 3));
	assert_int_equal(update(f, 2, NULL, ""), 0); /* taking away is never refused */
	assert_true(alone(f, 2));
	rule(f, 4, PIN_RULE_REFUSE);
	assert_true(alone(f, 1));
}

static int put(void *user, const struct credential *credential)
{
	struct credential *of = user;

	of[credential->person_no] = *credential;
	return 0;
}

static void index_gets_pins_and_those_who_have_no_card(void **state)
{
	struct fixture *f = *state;
	struct credential of[8] = {0};
	struct credential one;
	struct person carded = fixture_person("card", "77", "x");

	rule(f, 6, PIN_RULE_WITH_CARD);
	assert_true(text_set(&carded.password, SPAN_LIT("123456")));
	assert_true(text_set(&carded.duress_password, SPAN_LIT("654321")));
	(void)fixture_insert(f, &carded);
	assert_int_equal(insert(f, "pin", "222222", ""), 0);
	assert_int_equal(insert(f, "short", "3333", ""), 0);
	assert_int_equal(insert(f, "nothing", "", ""), 0);
	assert_int_equal(store_credentials(f->store, put, of), 0);
	assert_true(of[1].has_card && of[1].pin_alone);
	assert_int_equal(of[1].card_number, 77);
	assert_true(of[1].pin == hash(f, "123456"));
	assert_true(of[1].pin_duress == hash(f, "654321"));
	assert_true(of[1].pin != of[1].pin_duress && of[1].pin != 0);
	assert_false(of[2].has_card);
	assert_int_equal(of[2].card_number, 0);
	assert_true(of[2].pin_alone && of[2].pin == hash(f, "222222") && of[2].pin_duress == 0);
	assert_int_equal(of[2].rule_count, 1);
	assert_true(of[2].is_valid);
	assert_int_equal(of[3].person_no, 0); /* nothing to present by itself */
	assert_int_equal(of[4].person_no, 0);
	for (uint64_t no = 1; no <= 2; no++) {
		assert_int_equal(store_credential(f->store, no, &one), 0);
		assert_memory_equal(&one, &of[no], sizeof(one));
	}
	assert_int_equal(store_credential(f->store, 3, &one), STORE_NOT_FOUND);
	assert_int_equal(store_credential(f->store, 9, &one), STORE_NOT_FOUND);
}

static void key_outlives_the_connection(void **state)
{
	struct fixture *f = *state;
	struct credential one;
	struct pin_key key;
	struct person carded = fixture_person("card", "77", "x");

	assert_true(text_set(&carded.password, SPAN_LIT("0042")));
	(void)fixture_insert(f, &carded);
	store_pin_key(f->store, &key);
	fixture_reopen(f);
	assert_int_equal(store_credential(f->store, 1, &one), 0);
	assert_true(one.pin == pin_key_hash(&key, SPAN_LIT("0042")));
	assert_true(one.pin != pin_key_hash(&key, SPAN_LIT("42")));
	key.bytes[31] ^= 1;
	assert_true(one.pin != pin_key_hash(&key, SPAN_LIT("0042")));
}

/* --- wrong PINs --- */

static struct commit_entry wrong(uint8_t reader, uint8_t of_reader, uint64_t person, uint8_t of)
{
	return (struct commit_entry){.kind = JOURNAL_ACCESS,
		.at = {.utc_ms = FIXTURE_T0_MS, .trusted = true},
		.reader = reader,
		.person_no = person,
		.method = METHOD_PASSWORD,
		.reason = REASON_WRONG_PIN,
		.counts_pin = true,
		.reader_failures = of_reader,
		.person_failures = of};
}

struct failures {
	uint32_t count;
	struct pin_failures row[8];
};

static int take(void *user, const struct pin_failures *row)
{
	struct failures *all = user;

	if (all->count == ARRAY_COUNT(all->row))
		return 42;
	all->row[all->count++] = *row;
	return 0;
}

static struct failures failures_of(struct fixture *f)
{
	struct failures all = {0};

	assert_int_equal(store_pin_failures(f->store, take, &all), 0);
	return all;
}

static void assert_failures(
	const struct pin_failures *row, uint8_t reader, uint64_t person_no, uint8_t failures)
{
	assert_int_equal(row->reader, reader);
	assert_int_equal(row->person_no, person_no);
	assert_int_equal(row->failures, failures);
}

static void wrong_pins_are_kept_and_forgiven(void **state)
{
	struct fixture *f = *state;
	struct commit_entry entry = wrong(128, 3, 0, 9);

	assert_int_equal(insert(f, "1", "123456", ""), 0);
	(void)fixture_append(f, &entry);
	entry = wrong(1, 4, 1, 254);
	(void)fixture_append(f, &entry);
	fixture_reopen(f);
	struct failures all = failures_of(f);

	assert_int_equal(all.count, 3);
	assert_failures(&all.row[0], READER_NONE, 1, 254);
	assert_failures(&all.row[1], 1, 0, 4);
	assert_failures(&all.row[2], 128, 0, 3);
	entry = wrong(1, 0, 1, 0);
	(void)fixture_append(f, &entry);
	entry.counts_pin = false;
	entry.reader = 128;
	(void)fixture_append(f, &entry);
	all = failures_of(f);
	assert_int_equal(all.count, 1);
	assert_failures(&all.row[0], 128, 0, 3);
}

static void wrong_pins_go_with_their_person(void **state)
{
	struct fixture *f = *state;
	struct commit_entry first = wrong(1, 1, 1, 1);
	struct commit_entry second = wrong(1, 2, 2, 2);

	assert_int_equal(insert(f, "1", "123456", ""), 0);
	assert_int_equal(insert(f, "2", "222222", ""), 0);
	(void)fixture_append(f, &first);
	(void)fixture_append(f, &second);
	fixture_remove(f, 1);
	(void)fixture_append(f, &first); /* decided before, written after */
	struct failures all = failures_of(f);

	assert_int_equal(all.count, 2);
	assert_failures(&all.row[0], READER_NONE, 2, 2);
	assert_failures(&all.row[1], 1, 0, 1);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	all = failures_of(f);
	assert_int_equal(all.count, 1); /* readers go on counting */
}

static void wrong_pins_of_a_rolled_back_entry_are_not_kept(void **state)
{
	struct fixture *f = *state;
	struct commit_entry entry = wrong(1, 5, 0, 0);

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, &entry, NULL), 0);
	store_rollback(f->store);
	assert_int_equal(failures_of(f).count, 0);
}

static void committed_wrong_pins_survive_a_kill(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	fixture_close(f);
	pid_t pid = fork();

	if (pid == 0) {
		struct commit_entry entry = wrong(7, 5, 0, 0);

		if (fixture_open(f) == 0 && store_begin(f->store) == 0 &&
			store_append(f->store, &entry, NULL) == 0 && store_commit(f->store) == 0) {
			entry.reader_failures = 6;
			if (store_begin(f->store) == 0 && /* on its way, and lost */
				store_append(f->store, &entry, NULL) == 0)
				(void)kill(getpid(), SIGKILL);
		}
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(fixture_open(f), 0);
	struct failures all = failures_of(f);

	assert_int_equal(all.count, 1);
	assert_failures(&all.row[0], 7, 0, 5);
}

static void counts_out_of_range_are_told(void **state)
{
	struct fixture *f = *state;
	struct failures all = {0};

	static const char *const rows[] = {
		"1, 0, 255", "1, 0, 0", "129, 0, 1", "0, 0, 1", "1, 7, 1", "1, -1, 1"};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char sql[128];

		fixture_close(f);
		(void)snprintf(sql, sizeof(sql),
			"DELETE FROM pin_failures;"
			"INSERT INTO pin_failures(reader, person_no, failures) VALUES(%s)",
			rows[i]);
		fixture_sql(f, sql);
		assert_int_equal(fixture_open(f), 0);
		assert_int_equal(store_pin_failures(f->store, take, &all), STORE_CORRUPT);
	}
	assert_int_equal(all.count, 0);
}

static void record_of_a_pin_alone_has_no_card(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "77", "Ann");
	struct commit_entry entry = fixture_card(fixture_insert(f, &person), 77);

	struct journal_entry row = fixture_append(f, &entry);

	assert_text(&row.who.card_no, "77");
	entry.has_card = false;
	entry.method = METHOD_PASSWORD;
	row = fixture_append(f, &entry);
	assert_text(&row.who.card_no, "");
	assert_text(&row.who.user_id, "1");
	assert_text(&row.who.name, "Ann");
	assert_false(row.who.has_card_type);
	row = fixture_get_entry(f, row.seq);
	assert_int_equal(row.method, METHOD_PASSWORD);
	assert_false(row.has_card);
}

/* The file of the database and its log hold hashes only. */
static void digits_are_in_no_file(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"postern.db", "postern.db-wal"};
	static char bytes[1 << 20];

	assert_int_equal(insert(f, "1", "580317246", "946120735"), 0);
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
		FILE *file = fopen(path, "re");

		assert_non_null(file);
		size_t len = fread(bytes, 1, sizeof(bytes), file);

		(void)fclose(file);
		assert_true(len > 0 && len < sizeof(bytes));
		assert_null(memmem(bytes, len, "580317246", 9));
		assert_null(memmem(bytes, len, "946120735", 9));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ten_pins_of_four_digits_open_alone),
		CASE(a_hundred_of_five_and_a_thousand_of_six),
		CASE(duress_pins_count_like_others),
		CASE(short_and_taken_pins_are_refused),
		CASE(with_card_keeps_what_may_not_open_alone),
		CASE(without_such_a_door_nothing_is_refused),
		CASE(passwords_that_no_keypad_types_are_kept),
		CASE(duress_pin_is_digits_and_goes_with_a_pin),
		CASE(raised_length_counts_at_once),
		CASE(index_gets_pins_and_those_who_have_no_card),
		CASE(key_outlives_the_connection),
		CASE(wrong_pins_are_kept_and_forgiven),
		CASE(wrong_pins_go_with_their_person),
		CASE(wrong_pins_of_a_rolled_back_entry_are_not_kept),
		CASE(committed_wrong_pins_survive_a_kill),
		CASE(counts_out_of_range_are_told),
		CASE(record_of_a_pin_alone_has_no_card),
		CASE(digits_are_in_no_file),
	};

	return cmocka_run_group_tests_name("store_pin", tests, NULL, NULL);
}
