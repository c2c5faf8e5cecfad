// SPDX-License-Identifier: Apache-2.0
/* The index against a plain array, its limits, and its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "domain/credential_index.h"

static struct credential_index *index_make(uint32_t persons_max, uint64_t seed)
{
	size_t size = credential_index_size(persons_max);
	void *memory = malloc(size);

	assert_non_null(memory);
	memset(memory, 0xa5, size);
	return credential_index_init(memory, size, persons_max, seed);
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static struct credential credential_random(uint64_t *state, uint64_t no, uint64_t card)
{
	struct credential c = {
		.person_no = no,
		.card_number = card,
		.valid_from_s = (int64_t)random_next(state),
		.valid_to_s = (int64_t)random_next(state),
		.uses_left = (uint32_t)random_next(state) % 4,
		.card_status = (uint8_t)(random_next(state) % 64),
		.card_type = (uint8_t)(random_next(state) % 6),
		.is_valid = random_next(state) % 2,
		.has_card = true,
	};
	static const uint8_t counts[] = {0, 1, 2, 5, 6, 7, 8, 64, 127, 128};

	if (c.uses_left == 3)
		c.uses_left = USES_UNLIMITED;
	c.rule_count = counts[random_next(state) % sizeof(counts)];
	for (unsigned i = 0; i < c.rule_count; i++) {
		c.rule[i].door = (uint8_t)(random_next(state) % 64);
		c.rule[i].schedule = (uint8_t)random_next(state);
	}
	return c;
}

static void assert_same(const struct credential *a, const struct credential *b)
{
	assert_int_equal(a->person_no, b->person_no);
	assert_int_equal(a->has_card, b->has_card);
	assert_int_equal(a->card_number, b->card_number);
	assert_int_equal(a->pin, b->pin);
	assert_int_equal(a->pin_duress, b->pin_duress);
	assert_int_equal(a->pin_alone, b->pin_alone);
	assert_int_equal(a->valid_from_s, b->valid_from_s);
	assert_int_equal(a->valid_to_s, b->valid_to_s);
	assert_int_equal(a->uses_left, b->uses_left);
	assert_int_equal(a->card_status, b->card_status);
	assert_int_equal(a->card_type, b->card_type);
	assert_int_equal(a->is_valid, b->is_valid);
	assert_int_equal(a->rule_count, b->rule_count);
	assert_memory_equal(a->rule, b->rule, a->rule_count * sizeof(a->rule[0]));
}

#define MODEL_PERSONS 300u /* numbers tried; the index holds fewer */
#define MODEL_MAX 200u
#define PINS 1500u

struct model {
	struct credential person[MODEL_PERSONS + 1]; /* by number; person_no 0: absent */
	uint32_t count;
};

static uint64_t model_holder(const struct model *model, uint64_t card)
{
	for (uint64_t no = 1; no <= MODEL_PERSONS; no++) {
		if (model->person[no].person_no != 0 && model->person[no].has_card &&
			model->person[no].card_number == card)
			return no;
	}
	return 0;
}

static uint64_t model_pin_holder(const struct model *model, uint64_t pin)
{
	for (uint64_t no = 1; no <= MODEL_PERSONS && pin != 0; no++) {
		const struct credential *c = &model->person[no];

		if (c->person_no != 0 && c->pin_alone && (c->pin == pin || c->pin_duress == pin))
			return no;
	}
	return 0;
}

/* A third has no PIN, a third one that needs the card too; now and then both PINs are one. */
static void pins_random(struct credential *c, uint64_t *state)
{
	uint64_t kind = random_next(state) % 6;

	c->has_card = random_next(state) % 4 != 0;
	if (!c->has_card)
		c->card_number = 0;
	if (kind >= 2)
		c->pin = random_next(state) % PINS + 1;
	if (kind >= 2 && random_next(state) % 2)
		c->pin_duress = random_next(state) % 8 ? random_next(state) % PINS + 1 : c->pin;
	c->pin_alone = kind % 2;
}

static bool model_is_taken(const struct model *model, const struct credential *c)
{
	uint64_t no = c->person_no;
	uint64_t card = c->has_card ? model_holder(model, c->card_number) : 0;
	uint64_t pin = c->pin_alone ? model_pin_holder(model, c->pin) : 0;
	uint64_t duress = c->pin_alone ? model_pin_holder(model, c->pin_duress) : 0;

	return (card != 0 && card != no) || (pin != 0 && pin != no) ||
	       (duress != 0 && duress != no);
}

static void model_put(struct model *model, struct credential_index *index, uint64_t *state)
{
	uint64_t no = random_next(state) % MODEL_PERSONS + 1;
	struct credential c = credential_random(state, no, random_next(state) % 400);
	enum credential_index_result expected = CREDENTIAL_INDEX_OK;

	pins_random(&c, state);
	if (model_is_taken(model, &c))
		expected = CREDENTIAL_INDEX_TAKEN;
	else if (model->person[no].person_no == 0 && model->count == MODEL_MAX)
		expected = CREDENTIAL_INDEX_FULL;
	assert_int_equal(credential_index_put(index, &c), expected);
	if (expected != CREDENTIAL_INDEX_OK)
		return;
	model->count += model->person[no].person_no == 0;
	model->person[no] = c;
}

static void model_compare(
	const struct model *model, const struct credential_index *index, uint64_t *state)
{
	uint64_t no = random_next(state) % MODEL_PERSONS + 1;
	uint64_t card = random_next(state) % 400;
	uint64_t pin = random_next(state) % (PINS + 2); /* 0 is no PIN */
	uint64_t holder = model_holder(model, card);
	uint64_t pin_holder = model_pin_holder(model, pin);
	struct credential found;

	assert_int_equal(
		credential_find_person(index, no, &found), model->person[no].person_no != 0);
	if (model->person[no].person_no != 0)
		assert_same(&model->person[no], &found);
	assert_int_equal(credential_find(index, card, &found), holder != 0);
	if (holder != 0)
		assert_same(&model->person[holder], &found);
	assert_int_equal(credential_find_pin(index, pin, &found), pin_holder != 0);
	if (pin_holder != 0)
		assert_same(&model->person[pin_holder], &found);
	assert_int_equal(credential_index_count(index), model->count);
}

static void random_operations_agree_with_a_plain_array(void **state)
{
	struct credential_index *index = index_make(MODEL_MAX, 42);
	static struct model model;
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t no = random_next(&seed) % MODEL_PERSONS + 1;

		switch (random_next(&seed) % 8) {
		case 0:
		case 1:
			credential_index_remove(index, no);
			model.count -= model.person[no].person_no != 0;
			model.person[no].person_no = 0;
			break;
		case 2:
			credential_take_use(index, no);
			if (model.person[no].person_no != 0 && model.person[no].uses_left != 0 &&
				model.person[no].uses_left != USES_UNLIMITED)
				model.person[no].uses_left--;
			break;
		default:
			model_put(&model, index, &seed);
		}
		model_compare(&model, index, &seed);
	}
	free(index);
}

static void a_full_index_takes_changes_but_nobody_new(void **state)
{
	struct credential_index *index = index_make(3, 1);
	uint64_t seed = 5;
	struct credential found;

	(void)state;
	for (uint64_t no = 1; no <= 3; no++) {
		struct credential c = credential_random(&seed, no, no * 10);

		c.rule_count = 128; /* the pool must hold everybody */
		assert_int_equal(credential_index_put(index, &c), CREDENTIAL_INDEX_OK);
	}
	struct credential fourth = credential_random(&seed, 4, 40);

	assert_int_equal(credential_index_put(index, &fourth), CREDENTIAL_INDEX_FULL);
	assert_false(credential_find(index, 40, &found));
	struct credential moved = credential_random(&seed, 2, 99);

	assert_int_equal(credential_index_put(index, &moved), CREDENTIAL_INDEX_OK);
	assert_false(credential_find(index, 20, &found));
	assert_true(credential_find(index, 99, &found));
	assert_same(&moved, &found);
	credential_index_remove(index, 1);
	assert_int_equal(credential_index_put(index, &fourth), CREDENTIAL_INDEX_OK);
	assert_int_equal(credential_index_count(index), 3);
	free(index);
}

static void another_persons_card_is_refused_and_nothing_changes(void **state)
{
	struct credential_index *index = index_make(10, 1);
	uint64_t seed = 5;
	struct credential a = credential_random(&seed, 1, 10);
	struct credential b = credential_random(&seed, 2, 20);
	struct credential thief = credential_random(&seed, 2, 10);
	struct credential found;

	(void)state;
	assert_int_equal(credential_index_put(index, &a), CREDENTIAL_INDEX_OK);
	assert_int_equal(credential_index_put(index, &b), CREDENTIAL_INDEX_OK);
	assert_int_equal(credential_index_put(index, &thief), CREDENTIAL_INDEX_TAKEN);
	assert_true(credential_find(index, 10, &found));
	assert_same(&a, &found);
	assert_true(credential_find_person(index, 2, &found));
	assert_same(&b, &found);
	free(index);
}

static struct credential pin_only(uint64_t no, uint64_t pin, uint64_t pin_duress)
{
	return (struct credential){
		.person_no = no, .pin = pin, .pin_duress = pin_duress, .pin_alone = true};
}

static void a_pin_that_opens_alone_belongs_to_one_person(void **state)
{
	struct credential_index *index = index_make(10, 3);
	struct credential a = pin_only(1, 100, 101);
	struct credential found;

	(void)state;
	assert_int_equal(credential_index_put(index, &a), CREDENTIAL_INDEX_OK);
	for (uint64_t pin = 100; pin <= 101; pin++) {
		struct credential thief = pin_only(2, pin, 0);

		assert_int_equal(credential_index_put(index, &thief), CREDENTIAL_INDEX_TAKEN);
		thief = pin_only(2, 7, pin);
		assert_int_equal(credential_index_put(index, &thief), CREDENTIAL_INDEX_TAKEN);
		assert_true(credential_find_pin(index, pin, &found));
		assert_same(&a, &found);
		thief.pin_alone = false; /* together with a card it may be like another's */
		assert_int_equal(credential_index_put(index, &thief), CREDENTIAL_INDEX_OK);
		assert_true(credential_find_pin(index, pin, &found));
		assert_int_equal(found.person_no, 1);
		assert_false(credential_find_pin(index, 7, &found));
		credential_index_remove(index, 2);
	}
	free(index);
}

static void a_person_without_card_is_found_by_pin_and_number_only(void **state)
{
	struct credential_index *index = index_make(10, 3);
	struct credential a = pin_only(1, 100, 100);
	struct credential b = pin_only(2, 0, 0);
	struct credential found;

	(void)state;
	a.card_number = 55; /* means nothing without has_card */
	assert_int_equal(credential_index_put(index, &a), CREDENTIAL_INDEX_OK);
	assert_int_equal(credential_index_put(index, &b), CREDENTIAL_INDEX_OK);
	assert_false(credential_find(index, 55, &found));
	assert_false(credential_find(index, 0, &found));
	assert_false(credential_find_pin(index, 0, &found));
	assert_true(credential_find_pin(index, 100, &found));
	assert_int_equal(found.person_no, 1);
	assert_int_equal(found.card_number, 0);
	a = pin_only(1, 0, 102); /* changed: the old PIN is nobody's */
	assert_int_equal(credential_index_put(index, &a), CREDENTIAL_INDEX_OK);
	assert_false(credential_find_pin(index, 100, &found));
	assert_true(credential_find_pin(index, 102, &found));
	credential_index_remove(index, 1);
	assert_false(credential_find_pin(index, 102, &found));
	assert_true(credential_find_person(index, 2, &found));
	free(index);
}

static void wide_rules_are_given_back(void **state)
{
	struct credential_index *index = index_make(4, 9);
	uint64_t seed = 77;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t no = i % 4 + 1;
		struct credential c = credential_random(&seed, no, no);

		c.rule_count = i % 3 == 0 ? 2 : 100;
		assert_int_equal(credential_index_put(index, &c), CREDENTIAL_INDEX_OK);
		if (i % 5 == 0)
			credential_index_remove(index, no);
	}
	free(index);
}

static void memory_is_small_for_a_house_and_bounded_for_a_city(void **state)
{
	(void)state;
	assert_true(credential_index_size(20000) < 8000000);
	assert_true(credential_index_size(1000000) < 130000000);
	assert_int_equal(credential_index_wide(7), 7);
	assert_int_equal(credential_index_wide(CREDENTIAL_LARGE), CREDENTIAL_WIDE_MAX);
	assert_int_equal(credential_index_wide(1000000), CREDENTIAL_WIDE_LARGE);
	assert_true(credential_index_size(1) < 4096);
}

/* Numbers in a row and numbers that differ in high bits only are what card makers give out. */
static void regular_card_numbers_are_all_found_in_a_full_index(void **state)
{
	static const uint64_t strides[] = {1, 65536, UINT64_C(1) << 32, UINT64_C(1) << 50};

	(void)state;
	for (unsigned s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
		struct credential_index *index = index_make(2000, 1234);
		struct credential found;

		for (uint64_t i = 0; i < 2000; i++) {
			struct credential c = {.person_no = i + 1,
				.has_card = true,
				.card_number = i * strides[s],
				.pin_alone = true,
				.pin = 2 * i + 1,
				.pin_duress = 2 * i + 2};

			assert_int_equal(credential_index_put(index, &c), CREDENTIAL_INDEX_OK);
		}
		for (uint64_t i = 0; i < 2000; i++) {
			assert_true(credential_find(index, i * strides[s], &found));
			assert_int_equal(found.person_no, i + 1);
			assert_true(credential_find_pin(index, 2 * i + 1, &found));
			assert_int_equal(found.person_no, i + 1);
			assert_true(credential_find_pin(index, 2 * i + 2, &found));
			assert_int_equal(found.person_no, i + 1);
		}
		assert_false(credential_find(index, 2000 * strides[s], &found));
		free(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_agree_with_a_plain_array),
		cmocka_unit_test(a_full_index_takes_changes_but_nobody_new),
		cmocka_unit_test(another_persons_card_is_refused_and_nothing_changes),
		cmocka_unit_test(a_pin_that_opens_alone_belongs_to_one_person),
		cmocka_unit_test(a_person_without_card_is_found_by_pin_and_number_only),
		cmocka_unit_test(wide_rules_are_given_back),
		cmocka_unit_test(memory_is_small_for_a_house_and_bounded_for_a_city),
		cmocka_unit_test(regular_card_numbers_are_all_found_in_a_full_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
