// SPDX-License-Identifier: Apache-2.0
/*
 * People and their cards: rows in, rows out. A person's row is always read and written whole, so an
 * update is a read, the named fields, and a write, in the caller's transaction.
 *
 * Expected refusals (a taken user id or card number, a full house, no such row) are found before
 * anything is written, so they leave the transaction as it was.
 *
 * Names of removed people stay in memory for the 1,024 latest: a record decided just before the
 * removal and appended just after it still says who it was.
 */
#include "internal.h"

#include "base/assert.h"

#include <errno.h>

/* Columns: PERSON_COLUMNS of sql_text.c. */
void person_load(
	struct sql_call *call, uint8_t alone_digits, struct person *ret, struct pin_row *ret_pin)
{
	struct pin_row pin;

	*ret = (struct person){.no = (uint64_t)call_get_i64(call, 1, STORE_NUMBER_MAX)};
	call_get_text(call, &ret->user_id);
	call_get_text(call, &ret->name);
	ret->user_type = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->is_valid = call_get_bool(call);
	ret->first_enter = call_get_bool(call);
	ret->handicap = call_get_bool(call);
	ret->repeat_enter_timeout = call_get_u32(call, UINT32_MAX);
	ret->valid_from_s = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->valid_to_s = call_get_i64(call, INT64_MIN, INT64_MAX);
	call_get_text(call, &ret->vto_position);
	call_get_text(call, &ret->dynamic_check_code);
	call_get_text(call, &ret->citizen_id_no);
	call_get_text(call, &ret->card_no);
	ret->card_status = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->card_type = (uint8_t)call_get_u32(call, UINT8_MAX);
	ret->uses_left = call_get_u32(call, UINT32_MAX);
	pin_load(call, &pin);
	ret->has_password = pin.exists;
	ret->has_duress_password = pin.has_duress;
	ret->pin_alone = pin_opens_alone(alone_digits, &pin);
	if (ret_pin != NULL)
		*ret_pin = pin;
}

int person_load_doors(struct connection *connection, struct person *person)
{
	struct sql_call call = call_begin(connection, SQL_RULES_GET);

	call_put_u64(&call, person->no);
	while (call_next(&call)) {
		struct person_door *door =
			&person->doors[call_get_u32(&call, PERSON_DOORS_MAX - 1)];

		door->has_door = !call_get_null(&call);
		if (door->has_door)
			door->door = (uint16_t)call_get_u32(&call, UINT16_MAX);
		door->has_schedule = !call_get_null(&call);
		if (door->has_schedule)
			door->schedule = (uint16_t)call_get_u32(&call, UINT16_MAX);
	}
	int error = call_end(&call);

	if (error == 0 && !person_check(person))
		error = STORE_CORRUPT;
	return error;
}

static int person_get(struct store *store, uint64_t no, struct person *ret, struct pin_row *ret_pin)
{
	if (person_is_cleared(store, no))
		return STORE_NOT_FOUND;
	struct sql_call call = call_begin(&store->connection, SQL_PERSON_GET);

	call_put_u64(&call, no);
	bool found = call_next(&call);

	if (found)
		person_load(&call, store->options.pin_alone_digits, ret, ret_pin);
	int error = call_end(&call);

	if (error == 0 && !found)
		return STORE_NOT_FOUND;
	return error != 0 ? error : person_load_doors(&store->connection, ret);
}

/* 0: nobody. The row of a cleared person who still has it goes now. */
static int taken_by(struct store *store, enum sql_id id, struct span text, uint64_t *ret_no)
{
	struct sql_call call = call_begin(&store->connection, id);

	*ret_no = 0;
	call_put_text(&call, text);
	if (call_next(&call))
		*ret_no = (uint64_t)call_get_i64(&call, 1, STORE_NUMBER_MAX);
	int error = call_end(&call);

	if (error != 0 || *ret_no == 0 || !person_is_cleared(store, *ret_no))
		return error;
	error = person_delete_rows(store, *ret_no);
	*ret_no = 0;
	return error;
}

/* no: the person who may have them already, or 0. */
static int check_taken(struct store *store, const struct person *person, uint64_t no)
{
	uint64_t by = 0;
	int error = taken_by(store, SQL_PERSON_OF_USER, text_span(&person->user_id), &by);

	if (error != 0)
		return error;
	if (by != 0 && by != no)
		return STORE_USER_EXISTS;
	error = taken_by(store, SQL_PERSON_OF_CARD, card_no_key(text_span(&person->card_no)), &by);
	if (error != 0)
		return error;
	return by != 0 && by != no ? STORE_CARD_EXISTS : 0;
}

static int put_person(struct store *store, enum sql_id id, const struct person *person)
{
	struct sql_call call = call_begin(&store->connection, id);

	call_put_text(&call, text_span(&person->user_id));
	call_put_text(&call, text_span(&person->name));
	call_put_u64(&call, person->user_type);
	call_put_u64(&call, person->is_valid);
	call_put_u64(&call, person->first_enter);
	call_put_u64(&call, person->handicap);
	call_put_u64(&call, person->repeat_enter_timeout);
	call_put_i64(&call, person->valid_from_s);
	call_put_i64(&call, person->valid_to_s);
	call_put_text(&call, text_span(&person->vto_position));
	call_put_text(&call, text_span(&person->dynamic_check_code));
	call_put_text(&call, text_span(&person->citizen_id_no));
	call_put_u64(&call, person->no);
	return call_do(&call);
}

static int put_card(struct store *store, const struct person *person)
{
	struct sql_call call = call_begin(&store->connection, SQL_CARD_PUT);

	call_put_u64(&call, person->no);
	call_put_text(&call, text_span(&person->card_no));
	call_put_text(&call, card_no_key(text_span(&person->card_no)));
	call_put_u64(&call, person->card_status);
	call_put_u64(&call, person->card_type);
	call_put_u64(&call, person->uses_left);
	return call_do(&call);
}

static int put_rules(struct store *store, const struct person *person)
{
	int error = call_do_number(&store->connection, SQL_RULES_DELETE, person->no);

	for (uint32_t i = 0; i < PERSON_DOORS_MAX && error == 0; i++) {
		const struct person_door *door = &person->doors[i];

		if (!door->has_door && !door->has_schedule)
			continue;
		struct sql_call call = call_begin(&store->connection, SQL_RULE_PUT);

		call_put_u64(&call, person->no);
		call_put_u64(&call, i);
		if (door->has_door)
			call_put_u64(&call, door->door);
		else
			call_put_null(&call);
		if (door->has_schedule)
			call_put_u64(&call, door->schedule);
		else
			call_put_null(&call);
		error = call_do(&call);
	}
	return error;
}

int store_person_insert(struct store *store, const struct person *person, uint64_t *ret_no)
{
	ASSERT(store->in_transaction);
	if (!person_check(person))
		return -EINVAL;
	struct pin_row pin = {0};
	int error = check_taken(store, person, 0);

	if (error == 0)
		error = pin_judge(store, person, PERSON_FIELDS_ALL, 0, &pin);
	if (error != 0)
		return error;
	if (store->now.counter[COUNTER_PERSONS] >= store->options.persons_max)
		return STORE_FULL;
	struct person row = *person;

	row.no = ++store->now.counter[COUNTER_PERSON_NO];
	error = put_person(store, SQL_PERSON_INSERT, &row);
	if (error == 0)
		error = put_card(store, &row);
	if (error == 0)
		error = pin_put(store, row.no, &pin);
	if (error == 0)
		error = put_rules(store, &row);
	explicit_bzero(&row.password, sizeof(row.password));
	explicit_bzero(&row.duress_password, sizeof(row.duress_password));
	if (error == 0)
		error = person_count_in(store, row.no);
	if (error == 0)
		*ret_no = row.no;
	return error;
}

static void merge_doors(struct person *row, const struct person *person, uint32_t fields)
{
	for (uint32_t i = 0; i < PERSON_DOORS_MAX; i++) {
		if (fields & PERSON_DOORS) {
			row->doors[i].has_door = person->doors[i].has_door;
			row->doors[i].door = person->doors[i].door;
		}
		if (fields & PERSON_SCHEDULES) {
			row->doors[i].has_schedule = person->doors[i].has_schedule;
			row->doors[i].schedule = person->doors[i].schedule;
		}
	}
}

/* Fields in struct person that are plain values: bit, member. */
#define PLAIN_FIELDS(X)                                                                            \
	X(PERSON_USER_ID, user_id)                                                                 \
	X(PERSON_CARD_NO, card_no)                                                                 \
	X(PERSON_NAME, name)                                                                       \
	X(PERSON_CARD_STATUS, card_status)                                                         \
	X(PERSON_CARD_TYPE, card_type)                                                             \
	X(PERSON_USER_TYPE, user_type)                                                             \
	X(PERSON_IS_VALID, is_valid)                                                               \
	X(PERSON_HANDICAP, handicap)                                                               \
	X(PERSON_USES, uses_left)                                                                  \
	X(PERSON_VALID_FROM, valid_from_s)                                                         \
	X(PERSON_VALID_TO, valid_to_s)                                                             \
	X(PERSON_VTO_POSITION, vto_position)                                                       \
	X(PERSON_CITIZEN_ID_NO, citizen_id_no)                                                     \
	X(PERSON_DYNAMIC_CHECK_CODE, dynamic_check_code)

static void merge(struct person *row, const struct person *person, uint32_t fields)
{
#define PLAIN_FIELD(bit, member)                                                                   \
	if (fields & (bit))                                                                        \
		row->member = person->member;
	PLAIN_FIELDS(PLAIN_FIELD)
#undef PLAIN_FIELD
	merge_doors(row, person, fields);
}

int store_person_update(
	struct store *store, const struct person *person, uint32_t fields, struct person *ret)
{
	struct person row;
	struct pin_row pin;

	ASSERT(store->in_transaction);
	if (!person_check(person))
		return -EINVAL;
	int error = person_get(store, person->no, &row, &pin);

	if (error != 0)
		return error;
	merge(&row, person, fields);
	if (row.valid_from_s > row.valid_to_s)
		return STORE_BAD_PERIOD;
	error = check_taken(store, &row, row.no);
	if (error == 0)
		error = pin_judge(store, person, fields, row.no, &pin);
	if (error != 0)
		return error;
	error = put_person(store, SQL_PERSON_UPDATE, &row);
	if (error == 0)
		error = put_card(store, &row);
	if (error == 0 && fields & (PERSON_DOORS | PERSON_SCHEDULES))
		error = put_rules(store, &row);
	if (error == 0 && fields & (PERSON_PASSWORD | PERSON_DURESS_PASSWORD))
		error = pin_put(store, row.no, &pin);
	row.has_password = pin.exists;
	row.has_duress_password = pin.has_duress;
	row.pin_alone = pin_opens_alone(store->options.pin_alone_digits, &pin);
	if (error == 0)
		*ret = row;
	return error;
}

/* Columns: WHO_COLUMNS of sql_text.c. */
static void who_load(struct sql_call *call, struct who *ret)
{
	ret->person_no = (uint64_t)call_get_i64(call, 1, STORE_NUMBER_MAX);
	call_get_text(call, &ret->user_id);
	call_get_text(call, &ret->name);
	call_get_text(call, &ret->card_no);
}

static struct who *gone_next(struct store *store)
{
	return &store->gone[store->gone_count++ % STORE_GONE_MAX];
}

int who_find(struct store *store, uint64_t person_no, struct who *ret)
{
	struct sql_call call = call_begin(&store->connection, SQL_PERSON_WHO);

	call_put_u64(&call, person_no);
	bool found = call_next(&call);

	if (found)
		who_load(&call, ret);
	int error = call_end(&call);

	if (error != 0 || found)
		return error;
	for (size_t i = 0; i < STORE_GONE_MAX; i++) {
		if (store->gone[i].person_no == person_no) {
			*ret = store->gone[i];
			return 0;
		}
	}
	return STORE_NOT_FOUND;
}

int person_delete_rows(struct store *store, uint64_t no)
{
	static const enum sql_id of_person[] = {SQL_RULES_DELETE, SQL_PIN_DELETE,
		SQL_FAILURES_DELETE_PERSON, SQL_CARD_DELETE, SQL_PERSON_DELETE};
	int error = 0;

	for (size_t i = 0; i < ARRAY_COUNT(of_person) && error == 0; i++)
		error = call_do_number(&store->connection, of_person[i], no);
	return error;
}

int store_person_remove(struct store *store, uint64_t no)
{
	struct person row;

	ASSERT(store->in_transaction);
	int error = person_get(store, no, &row, NULL);

	if (error == 0)
		error = person_delete_rows(store, no);
	if (error == 0)
		error = person_count_out(store, no);
	if (error != 0)
		return error;
	*gone_next(store) = (struct who){
		.person_no = no, .user_id = row.user_id, .name = row.name, .card_no = row.card_no};
	return 0;
}

static int remember_newest(struct store *store)
{
	struct sql_call call = call_begin(&store->connection, SQL_PERSONS_NEWEST);

	call_put_u64(&call, store->now.counter[COUNTER_CLEARED_NO]);
	call_put_u64(&call, STORE_GONE_MAX);
	while (call_next(&call))
		who_load(&call, gone_next(store));
	return call_end(&call);
}

int store_person_clear(struct store *store)
{
	ASSERT(store->in_transaction);
	int error = remember_newest(store);

	return error != 0 ? error : person_clear_all(store);
}

/* False when they have nothing that could be presented by itself. */
static bool credential_make(const struct store *store, const struct person *person,
	const struct pin_row *pin, struct credential *ret)
{
	return credential_from_person(person, ret) && pin_credential(store, pin, ret);
}

int store_credential(struct store *store, uint64_t no, struct credential *ret)
{
	struct person person;
	struct pin_row pin;
	int error = person_get(store, no, &person, &pin);

	if (error == 0 && !credential_make(store, &person, &pin, ret))
		error = STORE_NOT_FOUND;
	return error;
}
