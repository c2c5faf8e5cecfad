// SPDX-License-Identifier: Apache-2.0
/*
 * What a person's row means apart from any door: the number of its card, whether it is valid now,
 * and the range check of a row that another process wrote.
 */
#include "domain/person.h"

#include "base/number.h"
#include "base/utf8.h"
#include "check.h"

#define DOOR_VALUE_MAX 65534
#define USER_TYPE_MAX 5

bool card_no_number(struct span card_no, uint64_t *ret_number)
{
	return number_parse_u64(card_no, UINT64_MAX, ret_number);
}

struct span card_no_key(struct span card_no)
{
	size_t zeros = 0;

	for (size_t i = 0; i < card_no.len; i++) {
		if (card_no.data[i] < '0' || card_no.data[i] > '9')
			return card_no;
	}
	while (zeros + 1 < card_no.len && card_no.data[zeros] == '0')
		zeros++;
	return span_slice(card_no, zeros, card_no.len - zeros);
}

/* Uses are counted for every card that has them, and keep out a guest only (enum card_type). */
bool person_is_valid_at(const struct person *person, int64_t utc_s)
{
	if (person->card_type == CARD_TYPE_GUEST && person->uses_left == 0)
		return false;
	return person->is_valid && utc_s <= person->valid_to_s;
}

bool card_type_check(uint8_t card_type)
{
	return card_type <= CARD_TYPE_DURESS || card_type == CARD_TYPE_MOTHER;
}

static bool name_check(const struct text128 *name)
{
	size_t characters = 0;

	return text_valid(name) && utf8_printable(text_span(name), &characters) &&
	       characters <= NAME_CHARACTERS_MAX;
}

static bool person_texts_check(const struct person *person)
{
	return text_valid(&person->user_id) && text_valid(&person->card_no) &&
	       name_check(&person->name) && text_valid(&person->password) &&
	       text_valid(&person->duress_password) && text_valid(&person->vto_position) &&
	       text_valid(&person->dynamic_check_code) && text_valid(&person->citizen_id_no);
}

static bool person_bools_check(const struct person *person)
{
	return bool_check(&person->is_valid) && bool_check(&person->first_enter) &&
	       bool_check(&person->handicap) && bool_check(&person->has_password) &&
	       bool_check(&person->has_duress_password) && bool_check(&person->pin_alone);
}

bool person_door_check(const struct person_door *door)
{
	return bool_check(&door->has_door) && bool_check(&door->has_schedule) &&
	       door->door <= DOOR_VALUE_MAX && door->schedule <= SCHEDULE_ALWAYS;
}

bool person_check(const struct person *person)
{
	if (!person_texts_check(person) || !person_bools_check(person))
		return false;
	if ((person->card_status & ~CARD_STATUS_ALL) != 0 || !card_type_check(person->card_type) ||
		person->user_type > USER_TYPE_MAX)
		return false;
	for (unsigned i = 0; i < PERSON_DOORS_MAX; i++) {
		if (!person_door_check(&person->doors[i]))
			return false;
	}
	return true;
}
