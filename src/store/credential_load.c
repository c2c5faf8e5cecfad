// SPDX-License-Identifier: Apache-2.0
/*
 * Everybody's credential for the index, as fast as the tables can be read: four tables side by side
 * in the order of person numbers, each once from its beginning to its end, and only the columns
 * that a decision needs. A start waits for this with a million persons, and so does a store that
 * comes back.
 *
 * What is read is judged as everything from the file is. Rows of nobody (of cards, PINs or rules
 * whose person is not there) give STORE_CORRUPT, and so does an order that is not ascending: a
 * damaged table does not lose a person in silence.
 */
#include "internal.h"

#include "base/assert.h"

struct cursor {
	struct sql_call call;
	uint64_t no; /* of the row in hand; UINT64_MAX: no more */
};

struct load {
	struct cursor person;
	struct cursor card;
	struct cursor pin;
	struct cursor rule;
};

static int cursor_next(struct cursor *cursor)
{
	uint64_t before = cursor->no;

	if (!call_next(&cursor->call)) {
		cursor->no = UINT64_MAX;
		return cursor->call.error;
	}
	cursor->no = (uint64_t)call_get_i64(&cursor->call, 1, STORE_NUMBER_MAX);
	if (cursor->call.error == 0 && cursor->no < before)
		cursor->call.error = STORE_CORRUPT;
	return cursor->call.error;
}

static int cursor_open(struct store *store, enum sql_id id, struct cursor *ret)
{
	*ret = (struct cursor){.call = call_begin(&store->connection, id)};
	call_put_u64(&ret->call, store->now.counter[COUNTER_CLEARED_NO]);
	return cursor_next(ret);
}

static int load_open(struct store *store, struct load *load)
{
	int error = cursor_open(store, SQL_LOAD_PERSONS, &load->person);
	int errors[] = {cursor_open(store, SQL_LOAD_CARDS, &load->card),
		cursor_open(store, SQL_LOAD_PINS, &load->pin),
		cursor_open(store, SQL_LOAD_RULES, &load->rule)};

	for (size_t i = 0; i < ARRAY_COUNT(errors); i++)
		error = error != 0 ? error : errors[i];
	return error;
}

static int load_close(struct load *load)
{
	struct cursor *const all[] = {&load->person, &load->card, &load->pin, &load->rule};
	int error = 0;

	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		int end = call_end(&all[i]->call);

		error = error != 0 ? error : end;
	}
	return error;
}

static int take_person(struct load *load, struct credential *ret)
{
	struct sql_call *call = &load->person.call;

	*ret = (struct credential){.person_no = load->person.no};
	ret->is_valid = call_get_bool(call);
	ret->valid_from_s = call_get_i64(call, INT64_MIN, INT64_MAX);
	ret->valid_to_s = call_get_i64(call, INT64_MIN, INT64_MAX);
	return call->error != 0 ? call->error : cursor_next(&load->person);
}

/* Everybody has one. */
static int take_card(struct load *load, struct credential *credential)
{
	struct sql_call *call = &load->card.call;
	struct text32 card_no;

	if (load->card.no != credential->person_no)
		return STORE_CORRUPT;
	call_get_text(call, &card_no);
	credential->card_status = (uint8_t)call_get_u32(call, CARD_STATUS_ALL);
	credential->card_type = (uint8_t)call_get_u32(call, UINT8_MAX);
	credential->uses_left = call_get_u32(call, UINT32_MAX);
	credential->has_card = card_no_number(text_span(&card_no), &credential->card_number);
	if (!credential->has_card)
		credential->card_number = 0;
	if (call->error == 0 && !card_type_check(credential->card_type))
		call->error = STORE_CORRUPT;
	return call->error != 0 ? call->error : cursor_next(&load->card);
}

static int take_pin(struct store *store, struct load *load, struct credential *credential,
	bool *ret_presentable)
{
	struct pin_row pin = {0};
	int error = 0;

	if (load->pin.no < credential->person_no)
		return STORE_CORRUPT;
	if (load->pin.no == credential->person_no) {
		pin_load(&load->pin.call, &pin);
		error = load->pin.call.error != 0 ? load->pin.call.error : cursor_next(&load->pin);
	}
	*ret_presentable = pin_credential(store, &pin, credential);
	return error;
}

static int take_rules(struct load *load, struct credential *credential)
{
	struct sql_call *call = &load->rule.call;
	int error = 0;

	if (load->rule.no < credential->person_no)
		return STORE_CORRUPT;
	while (error == 0 && load->rule.no == credential->person_no) {
		struct person_door door = {.has_door = !call_get_null(call)};

		door.door = door.has_door ? (uint16_t)call_get_u32(call, UINT16_MAX) : 0;
		door.has_schedule = !call_get_null(call);
		door.schedule = door.has_schedule ? (uint16_t)call_get_u32(call, UINT16_MAX) : 0;
		if (call->error == 0 &&
			(!person_door_check(&door) || credential->rule_count == PERSON_DOORS_MAX))
			call->error = STORE_CORRUPT;
		if (call->error == 0)
			credential_add_door(credential, &door);
		error = call->error != 0 ? call->error : cursor_next(&load->rule);
	}
	return error;
}

int store_credentials(
	struct store *store, int (*put)(void *user, const struct credential *), void *user)
{
	struct load load;
	int error = load_open(store, &load);

	while (error == 0 && load.person.no != UINT64_MAX) {
		struct credential credential;
		bool presentable = false;

		error = take_person(&load, &credential);
		if (error == 0)
			error = take_card(&load, &credential);
		if (error == 0)
			error = take_pin(store, &load, &credential, &presentable);
		if (error == 0)
			error = take_rules(&load, &credential);
		if (error == 0 && presentable)
			error = put(user, &credential);
	}
	bool whole = load.card.no == UINT64_MAX && load.pin.no == UINT64_MAX &&
		     load.rule.no == UINT64_MAX;
	int end = load_close(&load);

	if (error == 0)
		error = end;
	return error == 0 && !whole ? STORE_CORRUPT : error;
}
