// SPDX-License-Identifier: Apache-2.0
/* People, their cards and doors, schedules, special days. */
#include "fixture.h"

#include <errno.h>

static int insert(struct fixture *f, const char *user_id, const char *card_no)
{
	struct person person = fixture_person(user_id, card_no, "x");
	uint64_t no = 0;

	assert_int_equal(store_begin(f->store), 0);
	int error = store_person_insert(f->store, &person, &no);

	assert_int_equal(store_commit(f->store), 0);
	return error;
}

static void row_comes_back_as_given(void **state)
{
	struct fixture *f = *state;
	struct person given = fixture_person("u-7", "0012001", "\xe5\xbc\xa0\xe4\xb8\x89");

	given.card_status = CARD_STATUS_FROZEN | CARD_STATUS_PRE_ARREARS;
	given.card_type = CARD_TYPE_MOTHER;
	given.user_type = 5;
	given.is_valid = false;
	given.first_enter = true;
	given.handicap = true;
	given.uses_left = 7;
	given.repeat_enter_timeout = 30;
	given.valid_from_s = -1;
	given.valid_to_s = 4102444800;
	assert_true(text_set(&given.vto_position, SPAN_LIT("01018001")) &&
		    text_set(&given.dynamic_check_code, SPAN_LIT("code")) &&
		    text_set(&given.citizen_id_no, SPAN_LIT("342000000000000000")));
	given.doors[0] = (struct person_door){.door = 3, .has_door = true};
	given.doors[1] = (struct person_door){.schedule = 255, .has_schedule = true};
	given.doors[5] = (struct person_door){
		.door = 65534, .schedule = 9, .has_door = true, .has_schedule = true};
	given.doors[127] = (struct person_door){.door = 1, .has_door = true};
	uint64_t no = fixture_insert(f, &given);
	struct person row = fixture_get_person(f, no);

	assert_int_equal(no, 1);
	given.no = no;
	assert_memory_equal(&row, &given, sizeof(row));
}

static void taken_user_or_card_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(insert(f, "1", "500"), 0);
	assert_int_equal(insert(f, "1", "501"), STORE_USER_EXISTS);
	assert_int_equal(insert(f, "2", "500"), STORE_CARD_EXISTS);
	assert_int_equal(insert(f, "2", "000500"), STORE_CARD_EXISTS); /* the same card */
	assert_int_equal(insert(f, "1", "500"), STORE_USER_EXISTS); /* the user first */
	assert_int_equal(insert(f, "2", "50"), 0);
	assert_int_equal(insert(f, "3", "0"), 0);
	assert_int_equal(insert(f, "4", "000"), STORE_CARD_EXISTS);
	assert_int_equal(insert(f, "4", "0x500"), 0); /* not decimal: compared as text */
	assert_int_equal(insert(f, "5", "0X500"), 0);
	struct store_state now;

	store_state(f->store, &now);
	assert_int_equal(now.persons, 5);
}

static void many_may_be_without_card_or_user(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(insert(f, "1", ""), 0);
	assert_int_equal(insert(f, "2", ""), 0);
	assert_int_equal(insert(f, "", "1"), 0);
	assert_int_equal(insert(f, "", "2"), 0);
}

static void limit_of_persons_holds(void **state)
{
	struct fixture *f = *state;

	f->options.persons_max = 2;
	fixture_reopen(f);
	assert_int_equal(insert(f, "1", "1"), 0);
	assert_int_equal(insert(f, "2", "2"), 0);
	assert_int_equal(insert(f, "3", "3"), STORE_FULL);
	assert_int_equal(insert(f, "2", "3"), STORE_USER_EXISTS);
	fixture_remove(f, 1);
	assert_int_equal(insert(f, "3", "3"), 0);
	fixture_reopen(f);
	assert_int_equal(insert(f, "4", "4"), STORE_FULL);
}

static int update(struct fixture *f, const struct person *person, uint32_t fields)
{
	struct person row;

	assert_int_equal(store_begin(f->store), 0);
	int error = store_person_update(f->store, person, fields, &row);

	assert_int_equal(store_commit(f->store), 0);
	if (error == 0) {
		struct person read = fixture_get_person(f, person->no);

		assert_memory_equal(&read, &row, sizeof(row));
	}
	return error;
}

/* A person that differs from the default in every field an update may name. */
static struct person different(uint64_t no)
{
	struct person other = fixture_person("u-new", "999", "New");

	other.no = no;
	other.card_status = CARD_STATUS_LOST;
	other.card_type = CARD_TYPE_VIP;
	other.user_type = 2;
	other.is_valid = false;
	other.handicap = true;
	other.uses_left = 3;
	other.valid_from_s = 100;
	other.valid_to_s = 200;
	assert_true(text_set(&other.vto_position, SPAN_LIT("v")) &&
		    text_set(&other.dynamic_check_code, SPAN_LIT("d")) &&
		    text_set(&other.citizen_id_no, SPAN_LIT("c")) &&
		    text_set(&other.password, SPAN_LIT("1234")) &&
		    text_set(&other.duress_password, SPAN_LIT("4321")));
	other.doors[0] = (struct person_door){
		.door = 9, .schedule = 4, .has_door = true, .has_schedule = true};
	other.doors[2] = (struct person_door){.schedule = 5, .has_schedule = true};
	return other;
}

#define FIELD(bit, member)                                                                         \
	{                                                                                          \
		bit, offsetof(struct person, member), sizeof(((struct person *)0)->member)         \
	}

static const struct {
	uint32_t bit;
	size_t offset;
	size_t size;
} fields[] = {
	FIELD(PERSON_USER_ID, user_id),
	FIELD(PERSON_CARD_NO, card_no),
	FIELD(PERSON_NAME, name),
	FIELD(PERSON_CARD_STATUS, card_status),
	FIELD(PERSON_CARD_TYPE, card_type),
	FIELD(PERSON_USER_TYPE, user_type),
	FIELD(PERSON_IS_VALID, is_valid),
	FIELD(PERSON_HANDICAP, handicap),
	FIELD(PERSON_PASSWORD, has_password), /* all that is seen of it */
	FIELD(PERSON_USES, uses_left),
	FIELD(PERSON_VALID_FROM, valid_from_s),
	FIELD(PERSON_VALID_TO, valid_to_s),
	FIELD(PERSON_VTO_POSITION, vto_position),
	FIELD(PERSON_CITIZEN_ID_NO, citizen_id_no),
	FIELD(PERSON_DYNAMIC_CHECK_CODE, dynamic_check_code),
	FIELD(PERSON_DURESS_PASSWORD, has_duress_password),
};

static void copy_field(struct person *to, const struct person *from, uint32_t bit)
{
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		if (fields[i].bit == bit)
			memcpy((char *)to + fields[i].offset, (const char *)from + fields[i].offset,
				fields[i].size);
	}
	for (size_t i = 0; i < PERSON_DOORS_MAX; i++) {
		struct person_door *a = &to->doors[i];
		const struct person_door *b = &from->doors[i];

		if (bit == PERSON_DOORS)
			*a = (struct person_door){.door = b->door,
				.has_door = b->has_door,
				.schedule = a->schedule,
				.has_schedule = a->has_schedule};
		if (bit == PERSON_SCHEDULES)
			*a = (struct person_door){.door = a->door,
				.has_door = a->has_door,
				.schedule = b->schedule,
				.has_schedule = b->has_schedule};
	}
}

static void update_changes_the_named_fields_only(void **state)
{
	struct fixture *f = *state;
	struct person wanted = fixture_person("u-old", "111", "Old");

	wanted.no = fixture_insert(f, &wanted);
	struct person other = different(wanted.no);
	struct person seen = other;

	memset(&seen.password, 0, sizeof(seen.password));
	memset(&seen.duress_password, 0, sizeof(seen.duress_password));
	seen.has_password = true;
	seen.has_duress_password = true;
	seen.pin_alone = true;
	for (uint32_t bit = 1; bit < PERSON_FIELDS_ALL; bit <<= 1) {
		struct person before = wanted;

		copy_field(&wanted, &seen, bit);
		wanted.pin_alone = wanted.has_password;
		assert_memory_not_equal(&wanted, &before, sizeof(before));
		assert_int_equal(update(f, &other, bit), 0);
		struct person after = fixture_get_person(f, wanted.no);

		assert_memory_equal(&after, &wanted, sizeof(after));
	}
	assert_memory_equal(&wanted, &seen, sizeof(seen)); /* all fields have had their turn */
	other.password.len = 0;
	assert_int_equal(update(f, &other, PERSON_PASSWORD), 0);
	struct person bare = fixture_get_person(f, wanted.no);

	assert_false(bare.has_password || bare.has_duress_password || bare.pin_alone);
}

static void update_keeps_doors_and_schedules_apart(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "1", "x");

	person.doors[0] = (struct person_door){
		.door = 2, .schedule = 7, .has_door = true, .has_schedule = true};
	person.no = fixture_insert(f, &person);
	struct person change = {.no = person.no, .repeat_enter_timeout = UINT32_MAX};

	change.doors[0] = (struct person_door){
		.door = 8, .schedule = 99, .has_door = true, .has_schedule = true};
	change.doors[1] = (struct person_door){.door = 9, .has_door = true};
	assert_int_equal(update(f, &change, PERSON_DOORS), 0);
	struct person row = fixture_get_person(f, person.no);

	assert_int_equal(row.doors[0].door, 8);
	assert_int_equal(row.doors[0].schedule, 7);
	assert_int_equal(row.doors[1].door, 9);
	assert_false(row.doors[1].has_schedule);
	memset(change.doors, 0, sizeof(change.doors));
	assert_int_equal(update(f, &change, PERSON_SCHEDULES), 0);
	row = fixture_get_person(f, person.no);
	assert_true(row.doors[0].has_door);
	assert_false(row.doors[0].has_schedule);
}

static void update_to_a_taken_user_or_card_is_refused(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "0111", "x");
	struct person other = fixture_person("2", "222", "y");

	person.no = fixture_insert(f, &person);
	other.no = fixture_insert(f, &other);
	assert_int_equal(update(f, &person, PERSON_USER_ID | PERSON_CARD_NO), 0); /* its own */
	person.card_no = other.card_no;
	assert_int_equal(update(f, &person, PERSON_CARD_NO), STORE_CARD_EXISTS);
	person.user_id = other.user_id;
	assert_int_equal(update(f, &person, PERSON_USER_ID), STORE_USER_EXISTS);
	person.no = 77;
	assert_int_equal(update(f, &person, PERSON_NAME), STORE_NOT_FOUND);
	struct person row = fixture_get_person(f, 1);

	assert_text(&row.card_no, "0111");
	assert_text(&row.user_id, "1");
}

static void rows_out_of_range_are_refused(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "1", "x");
	uint64_t no = 0;

	person.card_type = 6;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_insert(f->store, &person, &no), -EINVAL);
	store_rollback(f->store);
}

static void removed_rows_are_gone_with_all_their_parts(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "1", "x");
	bool more = true;

	assert_true(text_set(&person.password, SPAN_LIT("1234")));
	uint64_t no = fixture_insert(f, &person);

	fixture_remove(f, no);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_remove(f->store, no), STORE_NOT_FOUND);
	assert_int_equal(store_commit(f->store), 0);
	(void)fixture_insert(f, &person);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_clear(f->store), 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(store_tidy(f->store, &more), 0);
	assert_false(more);
	fixture_close(f);
	assert_int_equal(fixture_number(f, "SELECT (SELECT count(*) FROM person) +"
					   " (SELECT count(*) FROM credential_card) +"
					   " (SELECT count(*) FROM credential_pin) +"
					   " (SELECT count(*) FROM access_rule)"),
		0);
}

static void nothing_is_seen_before_the_commit(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "1", "x");
	struct store_reader *reader = NULL;
	struct person_filter all = {0};
	uint64_t no = 0;
	uint64_t count = 9;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_person_insert(f->store, &person, &no), 0);
	assert_int_equal(store_person_count(reader, &all, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_commit(f->store), 0);
	assert_int_equal(store_person_count(reader, &all, &count), 0);
	assert_int_equal(count, 1);
	(void)store_reader_close(reader);
}

struct found {
	uint32_t count;
	struct credential credential[4];
};

static int put_credential(void *user, const struct credential *credential)
{
	struct found *found = user;

	if (found->count == 4)
		return 42;
	found->credential[found->count++] = *credential;
	return 0;
}

static void credentials_are_those_that_can_match(void **state)
{
	struct fixture *f = *state;
	struct person person = fixture_person("1", "0012001", "x");
	struct found found = {0};

	person.card_status = CARD_STATUS_LOST;
	person.uses_left = 5;
	person.doors[1] = (struct person_door){
		.door = 1, .schedule = 3, .has_door = true, .has_schedule = true};
	person.doors[2] = (struct person_door){.door = 900, .has_door = true};
	(void)fixture_insert(f, &person);
	assert_int_equal(insert(f, "2", ""), 0);
	assert_int_equal(insert(f, "3", "no number"), 0);
	assert_int_equal(store_credentials(f->store, put_credential, &found), 0);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.credential[0].card_number, 12001);
	assert_int_equal(found.credential[0].person_no, 1);
	assert_int_equal(found.credential[0].card_status, CARD_STATUS_LOST);
	assert_int_equal(found.credential[0].uses_left, 5);
	assert_int_equal(found.credential[0].rule_count, 2);
	assert_int_equal(found.credential[0].rule[0].schedule, SCHEDULE_ALWAYS);
	assert_int_equal(found.credential[0].rule[1].door, 1);
	assert_int_equal(found.credential[0].rule[1].schedule, 3);
	for (char c = 'a'; c < 'e'; c++)
		assert_int_equal(insert(f, (char[]){c, 0}, (char[]){(char)(c - 'a' + '4'), 0}), 0);
	found.count = 0;
	assert_int_equal(store_credentials(f->store, put_credential, &found), 42);
	assert_int_equal(insert(f, "z", "9"), 0); /* the store goes on */
}

static struct schedule schedule_read(struct fixture *f, uint8_t no)
{
	struct store_reader *reader = NULL;
	struct schedule schedule;

	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_schedule(reader, no, &schedule), 0);
	(void)store_reader_close(reader);
	return schedule;
}

static void schedule_put(struct fixture *f, const struct schedule *schedule)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_schedule_put(f->store, schedule), 0);
	assert_int_equal(store_commit(f->store), 0);
}

static int count_schedule(void *user, const struct schedule *schedule)
{
	uint32_t *numbers = user;

	*numbers |= UINT32_C(1) << schedule->no;
	return 0;
}

static void schedules_come_back_as_given(void **state)
{
	struct fixture *f = *state;
	struct schedule always;
	struct schedule work = {.no = 7, .defined = true, .enabled = true};
	struct schedule row = schedule_read(f, 0);
	uint32_t numbers = 0;

	schedule_set_always(&always, 0);
	assert_memory_equal(&row, &always, sizeof(row));
	assert_false(schedule_read(f, 7).defined);
	assert_true(text_set(&work.name, SPAN_LIT("work")));
	for (uint16_t i = 0; i < SCHEDULE_INTERVALS_MAX; i++)
		work.day[1].interval[work.day[1].count++] = (struct schedule_interval){
			.from_minute = (uint16_t)(100 * i), .to_minute = (uint16_t)(100 * i + 50)};
	work.day[6].count = 1;
	work.day[6].interval[0] = (struct schedule_interval){.from_minute = 0, .to_minute = 1440};
	schedule_put(f, &work);
	fixture_reopen(f);
	row = schedule_read(f, 7);
	assert_memory_equal(&row, &work, sizeof(row));
	assert_int_equal(store_schedules(f->store, count_schedule, &numbers), 0);
	assert_int_equal(numbers, 1 << 7 | 1 << 0);
	work.defined = false;
	schedule_put(f, &work);
	assert_false(schedule_read(f, 7).defined);
	work.day[6].interval[0].to_minute = 1441;
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_schedule_put(f->store, &work), -EINVAL);
	store_rollback(f->store);
}

static struct special_day_group group_read(struct fixture *f, uint8_t no)
{
	struct store_reader *reader = NULL;
	struct special_day_group group;

	memset(&group, 0xa5, sizeof(group));
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_special_group(reader, no, &group), 0);
	(void)store_reader_close(reader);
	return group;
}

static int group_put(struct fixture *f, const struct special_day_group *group)
{
	assert_int_equal(store_begin(f->store), 0);
	int error = store_special_group_put(f->store, group);

	if (error != 0)
		store_rollback(f->store);
	else
		assert_int_equal(store_commit(f->store), 0);
	return error;
}

static int count_group(void *user, const struct special_day_group *group)
{
	*(uint64_t *)user += group->no * UINT64_C(1000) + group->day[63].from.day;
	return 0;
}

static void groups_of_special_days_come_back_as_given(void **state)
{
	struct fixture *f = *state;
	struct special_day_group given = {.no = 127, .defined = true, .enabled = true};
	struct special_day_group row = group_read(f, 127);
	struct special_day_group none = {.no = 127};
	uint64_t sum = 0;

	assert_memory_equal(&row, &none, sizeof(row));
	assert_true(text_set(&given.name, SPAN_LIT("Ferien")));
	given.day[0] = (struct special_day){{2026, 12, 24}, {2027, 1, 6}, true, {0}};
	assert_true(text_set(&given.day[0].name, SPAN_LIT("Weihnachten")));
	given.day[63] = (struct special_day){{2028, 2, 29}, {2028, 2, 29}, false, {0}};
	assert_int_equal(group_put(f, &given), 0);
	fixture_reopen(f);
	row = group_read(f, 127);
	assert_memory_equal(&row, &given, sizeof(row));
	given.day[0] = (struct special_day){.from = {0}}; /* a day less; the others stay */
	given.enabled = false;
	assert_int_equal(group_put(f, &given), 0);
	row = group_read(f, 127);
	assert_memory_equal(&row, &given, sizeof(row));
	given.no = 3;
	assert_int_equal(group_put(f, &given), 0);
	assert_int_equal(store_special_groups(f->store, count_group, &sum), 0);
	assert_int_equal(sum, 127000 + 29 + 3000 + 29);
	given.defined = false;
	assert_int_equal(group_put(f, &given), 0);
	assert_false(group_read(f, 3).defined);
	given.day[1] = (struct special_day){{2027, 2, 29}, {2027, 3, 1}, false, {0}};
	given.defined = true;
	assert_int_equal(group_put(f, &given), -EINVAL);
	assert_false(group_read(f, 3).defined);
}

static struct special_schedule special_read(struct fixture *f, uint8_t no)
{
	struct store_reader *reader = NULL;
	struct special_schedule special;

	memset(&special, 0xa5, sizeof(special));
	assert_int_equal(store_reader_open(f->store, &reader), 0);
	assert_int_equal(store_special_schedule(reader, no, &special), 0);
	(void)store_reader_close(reader);
	return special;
}

static int special_put(struct fixture *f, const struct special_schedule *special)
{
	assert_int_equal(store_begin(f->store), 0);
	int error = store_special_schedule_put(f->store, special);

	if (error != 0)
		store_rollback(f->store);
	else
		assert_int_equal(store_commit(f->store), 0);
	return error;
}

static int count_special(void *user, const struct special_schedule *special)
{
	*(uint64_t *)user += special->no * UINT64_C(1000) + special->day.interval[1].to_minute;
	return 0;
}

static void special_schedules_come_back_as_given(void **state)
{
	struct fixture *f = *state;
	struct special_schedule given = {.no = 127, .defined = true, .enabled = true, .group = 126};
	struct special_schedule row = special_read(f, 127);
	struct special_schedule none = {.no = 127};
	uint64_t sum = 0;

	assert_memory_equal(&row, &none, sizeof(row));
	assert_true(text_set(&given.name, SPAN_LIT("half a day")));
	given.day = (struct schedule_day){.count = 2, .interval = {{480, 720}, {780, 1440}}};
	special_schedule_cover(&given, 0, true);
	special_schedule_cover(&given, 127, true);
	assert_int_equal(special_put(f, &given), 0);
	fixture_reopen(f);
	row = special_read(f, 127);
	assert_memory_equal(&row, &given, sizeof(row));
	special_schedule_cover(&given, 0, false);
	given.day.count = 0;
	given.day.interval[0] = given.day.interval[1] = (struct schedule_interval){0, 0};
	assert_int_equal(special_put(f, &given), 0);
	row = special_read(f, 127);
	assert_memory_equal(&row, &given, sizeof(row));
	assert_int_equal(store_special_schedules(f->store, count_special, &sum), 0);
	assert_int_equal(sum, 127000);
	given.defined = false;
	assert_int_equal(special_put(f, &given), 0);
	assert_false(special_read(f, 127).defined);
	given.group = 128;
	assert_int_equal(special_put(f, &given), -EINVAL);
}

static int no_group(void *user, const struct special_day_group *group)
{
	(void)group;
	*(int *)user += 1;
	return 0;
}

static int no_special(void *user, const struct special_schedule *special)
{
	(void)special;
	*(int *)user += 1;
	return 0;
}

static void special_days_that_cannot_be_are_found(void **state)
{
	struct fixture *f = *state;
	int seen = 0;

	fixture_close(f);
	fixture_sql(f, "INSERT INTO special_day_group(no, enabled, name) VALUES(0, 1, 'x')");
	fixture_sql(f, "INSERT INTO special_day(no, place, name, from_date, to_date, yearly)"
		       " VALUES(0, 0, '', 20270229, 20270301, 0)");
	fixture_sql(f, "INSERT INTO special_schedule(no, enabled, name, group_no)"
		       " VALUES(0, 1, 'x', 0)");
	fixture_sql(f, "INSERT INTO special_interval(no, from_minute, to_minute)"
		       " VALUES(0, 60, 60)");
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(store_special_groups(f->store, no_group, &seen), STORE_CORRUPT);
	assert_int_equal(store_special_schedules(f->store, no_special, &seen), STORE_CORRUPT);
	assert_int_equal(seen, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(row_comes_back_as_given),
		CASE(taken_user_or_card_is_refused),
		CASE(many_may_be_without_card_or_user),
		CASE(limit_of_persons_holds),
		CASE(update_changes_the_named_fields_only),
		CASE(update_keeps_doors_and_schedules_apart),
		CASE(update_to_a_taken_user_or_card_is_refused),
		CASE(rows_out_of_range_are_refused),
		CASE(removed_rows_are_gone_with_all_their_parts),
		CASE(nothing_is_seen_before_the_commit),
		CASE(credentials_are_those_that_can_match),
		CASE(schedules_come_back_as_given),
		CASE(groups_of_special_days_come_back_as_given),
		CASE(special_schedules_come_back_as_given),
		CASE(special_days_that_cannot_be_are_found),
	};

	return cmocka_run_group_tests_name("store_person", tests, NULL, NULL);
}
